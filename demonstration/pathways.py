"""The history of a service: referrals and all their appointments, from the first to the last day.

Belongs here: when patients come, wait, attend, miss and leave. Does not belong here: scores (``outcomes``), other
services used (``service_use``), what a monthly submission shows (``submissions``).

Everything is drawn to its end and divided into months afterwards, so a month reveals nothing of later ones.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from demonstration import frequencies as f
from demonstration.calibration import COURSES, FAMILY_SHARE, PATHWAYS, REREFERRED, SEASON
from demonstration.draws import NO_DAY, Flags, Integers, Numbers, pick, weekday
from demonstration.sites import Service
from demonstration.working_time import appointment_days

ASSESSMENT, TREATMENT, FOLLOW_UP, NOT_KEPT = range(4)  # what an appointment is for

# Course parameters as arrays, so that referrals of all pathways are drawn together.
_COURSE = {name.name: np.array([getattr(course, name.name) for course in COURSES]) for name in fields(COURSES[0])}


@dataclass(frozen=True)
class Cohort:
    """Referrals received from the first day of month ``first`` (months since 1970) for ``months`` months."""

    first: int
    months: int


@dataclass(frozen=True)
class Referrals:
    """One entry per referral, by day received. Days count from 1970-01-01; ``NO_DAY`` where there is none.

    ``assessments``, ``sessions`` and ``follow_ups`` are numbers of contacts kept. ``therapy`` indexes the
    pathway's therapies; the session numbered ``stepped_at`` and later ones are of ``stepped_to``.
    """

    received: Integers
    pathway: Integers
    person: Integers
    assessments: Integers
    sessions: Integers
    follow_ups: Integers
    is_complete: Flags
    therapy: Integers
    stepped_to: Integers
    stepped_at: Integers
    first_contact: Integers
    first_treatment: Integers
    last_treatment: Integers
    discharged: Integers
    end_code: Integers


@dataclass(frozen=True)
class Contacts:
    """One entry per appointment, grouped by referral and in order of time.

    ``purpose`` is ASSESSMENT, TREATMENT, FOLLOW_UP or NOT_KEPT (a last appointment missed). ``session``
    numbers the treatment sessions kept from 0; ``occasion`` numbers all contacts kept up to the last session.
    """

    referral: Integers
    day: Integers
    purpose: Integers
    attended: Flags
    session: Integers
    occasion: Integers


@dataclass(frozen=True)
class History:
    """What happened at one service to the referrals of one cohort. ``persons`` counts its people."""

    referrals: Referrals
    contacts: Contacts
    persons: int
    person_pathway: Integers = field(repr=False)


DEATH_CODES = ("49",)
END_CODES = tuple(dict.fromkeys([*f.END_NOT_SEEN, *f.END_NOT_TREATED, *f.END_EARLY, *f.END_COMPLETE]))


def history(
    service: Service, cohort: Cohort, rng: np.random.Generator, *, pace: float = 1.0, referrals_each: int = 1
) -> History:
    """All referrals of ``cohort`` at ``service`` and their appointments, to the end.

    ``pace`` above 1 shortens waits and intervals, ``referrals_each`` above 1 gives each person so many
    referrals: both only serve to fill one month of a benchmark.
    """
    received = _received(service, cohort, rng)
    size = len(received)
    codes = list(service.pathways)
    numbers = np.array([PATHWAYS.index(code) for code in codes])
    pathway = numbers[pick(rng, [service.pathways[code] for code in codes], size)]
    course = {name: values[pathway] for name, values in _COURSE.items()}

    fate = rng.random(size)
    not_seen = fate < course["not_seen"]
    treated = fate >= course["not_seen"] + course["not_treated"]
    early = treated & (rng.random(size) < course["early"])
    complete = treated & ~early
    short = 1 + (rng.random(size) * course["early_most"]).astype(np.int64)
    chance = course["more_shape"] / (course["more_shape"] + course["more_mean"])
    full = course["least"] + rng.negative_binomial(course["more_shape"], chance)
    sessions = np.where(complete, full, np.where(early, short, 0)).astype(np.int64)
    assessed = (treated & (rng.random(size) < course["assessed_first"])) | (~treated & ~not_seen)
    assessments = assessed.astype(np.int64)
    follow_ups = np.where(complete & (rng.random(size) < course["followed_up"]), course["follow_ups"], 0)
    trailing = rng.random(size) < np.where(complete, 0.06, np.where(early, 0.5, 0.45))

    contacts = _appointments(service, course, received, assessments, sessions, follow_ups, trailing, rng, pace)
    kept = contacts.attended
    first_contact = _first(contacts, kept, size)
    treatment = kept & (contacts.purpose == TREATMENT)
    first_treatment, last_treatment = _first(contacts, treatment, size), _last(contacts, treatment, size)
    discharged = _discharged(received, contacts, rng, pace)
    end_code = _end_codes(not_seen, treated, early, rng)
    is_alive = ~np.isin(end_code, [END_CODES.index(code) for code in DEATH_CODES])
    if referrals_each == 1:
        person = _persons(received, discharged, is_alive, rng)
    else:
        person = np.arange(size) // referrals_each
    persons = int(person.max(initial=-1)) + 1
    # The pathway of a person, which sets age and gender, is that of the person's first referral.
    first_of_person = np.full(persons, size)
    np.minimum.at(first_of_person, person, np.arange(size))
    therapy, stepped_to, stepped_at = _therapies(pathway, sessions, rng)
    referrals = Referrals(
        received=received,
        pathway=pathway,
        person=person,
        assessments=assessments,
        sessions=sessions,
        follow_ups=follow_ups,
        is_complete=complete,
        therapy=therapy,
        stepped_to=stepped_to,
        stepped_at=stepped_at,
        first_contact=first_contact,
        first_treatment=first_treatment,
        last_treatment=last_treatment,
        discharged=discharged,
        end_code=end_code,
    )
    return History(referrals, contacts, persons, pathway[first_of_person])


def _received(service: Service, cohort: Cohort, rng: np.random.Generator) -> Integers:
    months = np.arange(cohort.first, cohort.first + cohort.months)
    counts = rng.poisson(service.referrals_per_month * np.array(SEASON)[months % 12])
    starts = np.append(months, cohort.first + cohort.months).astype("datetime64[M]").astype("datetime64[D]")
    first_day = np.repeat(starts[:-1].astype(np.int64), counts)
    length = np.repeat(np.diff(starts.astype(np.int64)), counts)
    days: Integers = np.sort(weekday(first_day + (rng.random(len(first_day)) * length).astype(np.int64)))
    return days


def _appointments(
    service: Service,
    course: dict[str, Numbers],
    received: Integers,
    assessments: Integers,
    sessions: Integers,
    follow_ups: Integers,
    trailing: Flags,
    rng: np.random.Generator,
    pace: float,
) -> Contacts:
    """Every contact kept, the appointments missed before it, and those missed at the end."""
    counts = assessments + sessions + follow_ups + trailing
    referral = np.repeat(np.arange(len(received)), counts)
    place = np.arange(len(referral)) - np.repeat(np.cumsum(counts) - counts, counts)
    before, through = assessments[referral], (assessments + sessions)[referral]
    kept = through + follow_ups[referral]
    purpose = np.where(place < before, ASSESSMENT, np.where(place < through, TREATMENT, FOLLOW_UP))
    purpose = np.where(place >= kept, NOT_KEPT, purpose)

    missed = rng.geometric(1 - course["missed"][referral]) - 1
    missed = np.where(purpose == NOT_KEPT, 1 + (rng.random(len(referral)) < 0.3), missed)
    rows = missed + (purpose != NOT_KEPT)
    unit = np.repeat(np.arange(len(referral)), rows)
    nth = np.arange(len(unit)) - np.repeat(np.cumsum(rows) - rows, rows)
    attended = (purpose[unit] != NOT_KEPT) & (nth == rows[unit] - 1)

    spacing = np.where(rng.random(len(received)) < course["fortnightly"], 14, 7)[referral]
    normal = rng.standard_normal(len(referral))
    gap = spacing + np.where(normal > 1.5, 7.0, 0.0)
    session = place - before
    second = (purpose == TREATMENT) & (session == 1) | (place == 1) & (before == 1) & (purpose == TREATMENT)
    gap = np.where(
        second, course["second_median"][referral] * np.exp(course["second_sigma"][referral] * normal), gap
    )
    gap = np.where(purpose == FOLLOW_UP, course["follow_up_gap"][referral] * (1 + 0.15 * normal), gap)
    wait = service.wait * course["wait_median"][referral] * np.exp(course["wait_sigma"][referral] * normal)
    gap = np.where(place == 0, wait, gap)
    # An appointment missed is booked again a week or two later.
    step = np.where(nth == 0, gap[unit], 7 + np.floor(rng.random(len(unit)) * 2) * 7)
    # Four days at least: a working day is at most 1.54 days of own time, so two sessions are never of one day.
    step = np.maximum(np.rint(step / pace), 4 if pace == 1 else 1).astype(np.int64)
    of_referral = referral[unit]
    elapsed = np.cumsum(step)
    per_referral = np.bincount(of_referral, minlength=len(received))
    start = np.cumsum(per_referral) - per_referral
    offset = np.where(per_referral > 0, np.append(0, elapsed)[start], 0)
    day = appointment_days(received[of_referral], elapsed - offset[of_referral])
    return Contacts(
        referral=of_referral,
        day=day,
        purpose=purpose[unit],
        attended=attended,
        session=np.where(purpose == TREATMENT, session, -1)[unit],
        occasion=np.where(place < through, place, -1)[unit],
    )


def _first(contacts: Contacts, which: Flags, size: int) -> Integers:
    days = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(days, contacts.referral[which], contacts.day[which])
    return np.where(days == np.iinfo(np.int64).max, NO_DAY, days)


def _last(contacts: Contacts, which: Flags, size: int) -> Integers:
    days = np.full(size, NO_DAY)
    np.maximum.at(days, contacts.referral[which], contacts.day[which])
    return days


def _discharged(received: Integers, contacts: Contacts, rng: np.random.Generator, pace: float) -> Integers:
    """Up to four weeks after the last appointment; two weeks and more after a referral without one."""
    last = _last(contacts, np.ones(len(contacts.day), dtype=np.bool_), len(received))
    lag = np.where(last == NO_DAY, 14 + rng.exponential(25, len(received)), rng.random(len(received)) * 28)
    return weekday(np.where(last == NO_DAY, received, last) + np.rint(lag / pace).astype(np.int64))


def _persons(received: Integers, discharged: Integers, is_alive: Flags, rng: np.random.Generator) -> Integers:
    """Who each referral is of: a new person, or one discharged from an earlier referral at least two weeks ago."""
    size = len(received)
    again = np.flatnonzero(rng.random(size) < REREFERRED)
    earlier = (rng.random(len(again)) * again).astype(np.int64)
    fits = is_alive[earlier] & (received[again] > discharged[earlier] + 14) & ~np.isin(earlier, again)
    again, earlier = again[fits], earlier[fits]
    _, once = np.unique(earlier, return_index=True)
    again, earlier = again[once], earlier[once]
    is_new = np.ones(size, dtype=np.bool_)
    is_new[again] = False
    person = np.cumsum(is_new) - 1
    person[again] = person[earlier]
    return person


def _end_codes(not_seen: Flags, treated: Flags, early: Flags, rng: np.random.Generator) -> Integers:
    size = len(treated)
    chosen = np.zeros(size, dtype=np.int64)
    for which, weights in (
        (not_seen, f.END_NOT_SEEN),
        (~not_seen & ~treated, f.END_NOT_TREATED),
        (early, f.END_EARLY),
        (treated & ~early, f.END_COMPLETE),
    ):
        codes = np.array([END_CODES.index(code) for code in weights])
        drawn = codes[pick(rng, list(weights.values()), size)]
        chosen = np.where(which, drawn, chosen)
    return chosen


def _therapies(
    pathway: Integers, sessions: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """The therapy of each referral, the one stepped up or down to, and the session from which that is given."""
    size = len(pathway)
    uniform = rng.random(size)
    therapy = np.zeros(size, dtype=np.int64)
    for number, code in enumerate(PATHWAYS):
        weights = [weight for _, _, weight in f.THERAPY[code]]
        if code == "01":
            weights = [1 - FAMILY_SHARE, FAMILY_SHARE]
        edges = np.cumsum(weights) / np.sum(weights)
        therapy = np.where(pathway == number, np.searchsorted(edges, uniform, side="right"), therapy)
    talking = pathway == PATHWAYS.index("05")
    steps = talking & (therapy < f.LOW_INTENSITY) & (sessions >= 4) & (rng.random(size) < f.STEPPED_UP)
    high = [weight for _, _, weight in f.THERAPY["05"]][f.LOW_INTENSITY :]
    stepped_to = np.where(steps, f.LOW_INTENSITY + pick(rng, high, size), therapy)
    # The digits after those that chose the therapy choose who steps down: no further draw, so all others stay.
    down = talking & (therapy >= f.LOW_INTENSITY) & (sessions >= 4) & (uniform * 9_973 % 1 < f.STEPPED_DOWN)
    stepped_to = np.where(down, (uniform * 7_919 % 1 * f.LOW_INTENSITY).astype(np.int64), stepped_to)
    return therapy, stepped_to, np.where(steps | down, sessions // 2, sessions)
