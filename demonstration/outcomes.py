"""The scores: answers before, during, at the end of and after therapy.

Belongs here: PHQ-9 and GAD-7 of Talking Therapies, the batteries of the SMI pathways, the experience questions.
Does not belong here: caseness, recovery, change (``warehouse``). This module knows no cut-off.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from demonstration import calibration as c
from demonstration import frequencies as f
from demonstration.draws import Flags, Integers, Numbers, choose, scores
from demonstration.pathways import FOLLOW_UP, TREATMENT, History
from demonstration.people import People
from demonstration.sites import Service
from schemas.instruments import Instrument, instruments

TALKING = c.PATHWAYS.index("05")
TIMEPOINTS = ("01", "02", "03", "04", "05")
BASELINE, EVERY_SESSION, PERIODIC, END, AFTERWARDS = range(5)


@dataclass(frozen=True)
class ActivityScores:
    """Scores of one tool taken in contacts: ``contact`` indexes the contacts of a history."""

    snomed: str
    contact: Integers
    score: pl.Series


@dataclass(frozen=True)
class ReferralScores:
    """Scores or answers of one tool given to a referral on a day; ``timepoint`` indexes ``TIMEPOINTS`` or is -1."""

    snomed: str
    referral: Integers
    day: Integers
    timepoint: Integers
    score: pl.Series


def talking_scores(
    history: History, people: People, service: Service, rng: np.random.Generator
) -> tuple[list[ActivityScores], list[ReferralScores]]:
    """PHQ-9 and GAD-7 of every session of depression and anxiety referrals, the first perhaps taken online."""
    referrals, contacts = history.referrals, history.contacts
    starts, ends = _phq_gad(history, people, service, rng)
    size = len(referrals.received)
    fate = rng.random(size)
    unscored, unpaired = fate < c.UNSCORED, fate < c.UNSCORED + c.UNPAIRED
    online = rng.random(size) < c.SCORED_ONLINE

    last = (referrals.assessments + referrals.sessions - 1)[contacts.referral]
    is_first, is_last = contacts.occasion == 0, (contacts.occasion == last) & (contacts.occasion > 0)
    scored = contacts.attended & (contacts.occasion >= 0) & ~unscored[contacts.referral]
    scored &= is_first | ~unpaired[contacts.referral]
    scored &= is_first | is_last | (rng.random(len(contacts.day)) < c.SCORED_SESSION)
    afterwards = contacts.attended & (contacts.purpose == FOLLOW_UP) & (rng.random(len(contacts.day)) < 0.6)
    taken = np.flatnonzero((scored | afterwards) & (referrals.pathway == TALKING)[contacts.referral])

    of_referral = contacts.referral[taken]
    progress = np.where(afterwards[taken], 1.0, contacts.occasion[taken] / np.maximum(last[taken], 1))
    is_between = ~(is_first | is_last)[taken]
    elsewhere = is_first[taken] & online[of_referral]
    in_contact, on_referral = [], []
    for tool, start, end in zip(("PHQ9", "GAD7"), starts, ends, strict=True):
        instrument = _instrument(tool)
        noise = np.where(is_between, 1.8, 0.0) * rng.standard_normal(len(taken))
        value = start[of_referral] + (end - start)[of_referral] * progress**0.8 + noise
        score = _text(value, instrument)
        assert instrument.snomed is not None  # both are found codes
        in_contact.append(ActivityScores(instrument.snomed, taken[~elsewhere], score.filter(~elsewhere)))
        before = of_referral[elsewhere]
        day = np.maximum(referrals.received[before], referrals.first_contact[before] - 2)
        none = np.full(len(before), -1)
        on_referral.append(ReferralScores(instrument.snomed, before, day, none, score.filter(elsewhere)))
    return in_contact, on_referral


def _phq_gad(
    history: History, people: People, service: Service, rng: np.random.Generator
) -> tuple[tuple[Integers, Integers], tuple[Integers, Integers]]:
    """First and last PHQ-9 and GAD-7 of every referral: those who respond and those who do not, mixed."""
    referrals = history.referrals
    z = rng.standard_normal((4, len(referrals.received)))
    r = c.START_CORRELATION
    anxious = r * z[0] + np.sqrt(1 - r * r) * z[1]
    phq, gad = scores(z[0], 0, 27, *c.PHQ_START), scores(anxious, 0, 21, *c.GAD_START)
    decades = (referrals.received - people.birth[referrals.person]) / 3652.5 - 4.0
    ethnicity = np.array([c.RESPONDS_ETHNICITY.get(code, 0.0) for code in f.ETHNICITY])
    log_odds = (
        c.RESPONDS
        + service.response
        + c.RESPONDS_BY_SEVERITY * (z[0] + anxious) / np.sqrt(2 + 2 * r)
        + c.RESPONDS_BY_DECADE * decades
        + ethnicity[people.ethnicity[referrals.person]]
    )
    responds = rng.random(len(phq)) < 1 / (1 + np.exp(-log_odds))
    k = c.CHANGE_CORRELATION
    noises = (z[2], k * z[2] + np.sqrt(1 - k * k) * z[3])
    ends = []
    for which, (start, noise) in enumerate(zip((phq, gad), noises, strict=True)):
        responded = c.RESPONDER_KEEPS[which] * start + c.RESPONDER_SD[which] * noise
        other = start + c.OTHERS_CHANGE[which] + c.OTHERS_SD[which] * noise
        end = np.rint(np.where(responds, responded, other)).astype(np.int64)
        ends.append(np.clip(end, 0, (27, 21)[which]))
    return (phq, gad), (ends[0], ends[1])


def battery_scores(history: History, rng: np.random.Generator) -> tuple[list[ActivityScores], list[ReferralScores]]:
    """The SMI batteries: in full at the start, every three months, at the end and afterwards; one every session."""
    in_contact: list[ActivityScores] = []
    on_referral: list[ReferralScores] = []
    referrals, contacts = history.referrals, history.contacts
    points = list(_timepoints(history, rng))
    for pathway, battery in c.BATTERIES.items():
        mine = referrals.pathway == c.PATHWAYS.index(pathway)
        if not mine.any():
            continue
        common = rng.standard_normal(len(mine))
        for change in battery:
            instrument = _instrument(change.instrument)
            start, gain = _course_of(change, instrument, common, referrals.is_complete, rng)
            if instrument.snomed is None:
                continue
            for timepoint, contact, progress in points:
                chosen = mine[contacts.referral[contact]] & (
                    rng.random(len(contact)) < c.COMPLETED[TIMEPOINTS[timepoint]]
                )
                taken, share = contact[chosen], progress[chosen]
                of_referral = contacts.referral[taken]
                value = start[of_referral] + gain[of_referral] * share
                value += np.where(share > 0, 0.2 * change.sd, 0.0) * rng.standard_normal(len(taken))
                when = np.full(len(taken), timepoint)
                score = _text(value, instrument)
                on_referral.append(ReferralScores(instrument.snomed, of_referral, contacts.day[taken], when, score))
            if c.SESSIONAL[pathway] == change.instrument:
                session = contacts.attended & (contacts.purpose == TREATMENT) & mine[contacts.referral]
                taken = np.flatnonzero(session & (rng.random(len(session)) < 0.9))
                of_referral = contacts.referral[taken]
                share = contacts.session[taken] / np.maximum(referrals.sessions[of_referral] - 1, 1)
                value = start[of_referral] + gain[of_referral] * share
                value += 0.25 * change.sd * rng.standard_normal(len(taken))
                in_contact.append(ActivityScores(instrument.snomed, taken, _text(value, instrument)))
    return in_contact, on_referral


def _course_of(
    change: c.Change, instrument: Instrument, common: Numbers, complete: Flags, rng: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Score at the start and change to the end, in points, of every referral."""
    scale = 10 if instrument.decimals else 1
    z = 0.75 * common + np.sqrt(1 - 0.75**2) * rng.standard_normal(len(common))
    low, high = round(instrument.low * scale), round(instrument.high * scale)
    start = scores(z, low, high, change.mean * scale, change.sd * scale) / scale
    better = 1.0 if instrument.direction == "higher" else -1.0
    # Those who leave early change by two thirds of it (PD: 22.9 to 31.2 per cent against 28.4 to 42.1).
    effect = change.effect * np.where(complete, 1.0, 0.67)
    gain = better * change.sd * (effect + 0.75 * rng.standard_normal(len(common)))
    return start, gain


def _timepoints(history: History, rng: np.random.Generator) -> Iterator[tuple[int, Integers, Numbers]]:
    """Each timepoint: its index, the contacts at which a battery is due, and how far therapy has come (0 to 1)."""
    referrals, contacts = history.referrals, history.contacts
    of_referral = contacts.referral
    first = np.flatnonzero(contacts.attended & (contacts.occasion == 0))
    yield BASELINE, first, np.zeros(len(first))
    session = np.flatnonzero(contacts.attended & (contacts.purpose == TREATMENT))
    last = referrals.sessions[of_referral[session]] - 1
    progress = contacts.session[session] / np.maximum(last, 1)
    quarter = (contacts.day[session] - referrals.first_treatment[of_referral[session]]) // c.PERIODIC_DAYS
    begins = np.append(False, (np.diff(quarter) > 0) & (np.diff(of_referral[session]) == 0))[: len(session)]
    periodic = begins & (contacts.session[session] < last)
    yield PERIODIC, session[periodic], progress[periodic]
    # Of those who leave early two in five can be asked at their last session.
    asked = referrals.is_complete | (rng.random(len(referrals.received)) < 0.4)
    final = (contacts.session[session] == last) & (last > 0) & asked[of_referral[session]]
    yield END, session[final], np.ones(int(final.sum()))
    after = np.flatnonzero(contacts.attended & (contacts.purpose == FOLLOW_UP))
    final_after = np.append(np.diff(of_referral[after]) > 0, True)[: len(after)]
    yield AFTERWARDS, after[final_after], np.full(int(final_after.sum()), 0.9)


def experience(history: History, is_smi: bool, rng: np.random.Generator) -> list[ReferralScores]:
    """Answers to the experience questions: of choice and satisfaction at assessment, of treatment at the end."""
    referrals = history.referrals
    size = len(referrals.received)
    answers = rng.random(size) < c.EXPERIENCE_ANSWERED[is_smi]
    seen = np.flatnonzero(answers & (referrals.assessments + referrals.sessions > 0))
    treated = np.flatnonzero(answers & (referrals.sessions > 1))
    asked = [(question, seen, referrals.first_contact, f.CHOICE_ANSWER) for question in f.CHOICE_QUESTIONS]
    asked.append((f.SATISFACTION_QUESTION, seen, referrals.first_contact, f.SATISFACTION_ANSWER))
    asked += [(q, treated, referrals.last_treatment, f.TREATMENT_ANSWER) for q in f.TREATMENT_QUESTIONS]
    if is_smi:
        asked += [(q, seen, referrals.first_contact, weights) for q, weights in f.SMI_ASKED_EARLY.items()]
        asked += [(q, treated, referrals.last_treatment, f.SATISFACTION_ANSWER) for q in f.SMI_ASKED_LATE]
    return [
        ReferralScores(question, who, day[who], np.full(len(who), -1), choose(rng, weights, len(who)))
        for question, who, day, weights in asked
    ]


def in_contacts(found: list[ReferralScores], history: History) -> list[ActivityScores]:
    """The same answers as given in the contact kept on their day: so the IAPT Data Set sends experience answers."""
    contacts = history.contacts
    kept = np.flatnonzero(contacts.attended)
    day_of = np.iinfo(np.int32).max
    keys = contacts.referral[kept] * day_of + contacts.day[kept]  # in order: by referral, then by day
    return [
        ActivityScores(part.snomed, kept[np.searchsorted(keys, part.referral * day_of + part.day)], part.score)
        for part in found
    ]


def work_scores(
    history: History, is_employed: Flags, rng: np.random.Generator
) -> tuple[list[ActivityScores], list[ReferralScores]]:
    """WSAS in the first and last contact of talking therapies, presenteeism of people in work at start and end."""
    r, contacts = history.referrals, history.contacts
    talking = (r.pathway == TALKING) & (r.sessions > 1)
    scored = talking & (rng.random(len(talking)) < c.WSAS_SCORED)
    last = (r.assessments + r.sessions - 1)[contacts.referral]
    kept = contacts.attended & scored[contacts.referral]
    early = np.flatnonzero(kept & (contacts.occasion == 0))
    late = np.flatnonzero(kept & (contacts.occasion == last) & (last > 0))
    found, totals = [], np.zeros((2, len(talking)), dtype=np.int64)
    for name in f.WSAS_ITEMS:
        start = scores(rng.standard_normal(len(talking)), 0, 8, *c.WSAS_START)
        better = c.WSAS_BETTER[0] + c.WSAS_BETTER[1] * rng.standard_normal(len(talking))
        end = np.clip(np.rint(start - better), 0, 8).astype(np.int64)
        totals += (start, end)
        found.append(_in_contacts(name, early, late, contacts.referral, start, end))
    found.append(_in_contacts("WSAS", early, late, contacts.referral, totals[0], totals[1]))
    asked = np.flatnonzero(talking & is_employed[r.person] & (rng.random(len(talking)) < c.PRESENTEEISM_ASKED))
    answers = [
        ReferralScores(question, asked, day[asked], np.full(len(asked), -1), choose(rng, weights, len(asked)))
        for question, weights in f.PRESENTEEISM.items()
        for day in (r.first_contact, r.last_treatment)
    ]
    return found, answers


def _in_contacts(
    name: str, early: Integers, late: Integers, of: Integers, start: Integers, end: Integers
) -> ActivityScores:
    snomed = _instrument(name).snomed
    assert snomed is not None  # the codes of all WSAS scores are found
    value = np.concatenate([start[of[early]], end[of[late]]])
    return ActivityScores(snomed, np.concatenate([early, late]), pl.Series(value).cast(pl.String))


def _instrument(name: str) -> Instrument:
    return next(found for found in instruments() if found.instrument == name)


def _text(value: Numbers, instrument: Instrument) -> pl.Series:
    """Scores as submitted: within the instrument's range, whole or with one decimal."""
    bounded = np.clip(value, instrument.low, instrument.high)
    if instrument.decimals:
        return pl.Series(np.round(bounded, 1)).cast(pl.String)
    return pl.Series(np.rint(bounded).astype(np.int64)).cast(pl.String)
