"""The records: what each table says of a history, month by month.

Belongs here: the columns of every table, filled from history, people, scores and events. Does not belong here:
what happened (``pathways``, ``outcomes``, ``service_use``) and which months see it (``monthly``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from demonstration import frequencies as f
from demonstration.calibration import PATHWAYS
from demonstration.draws import (
    NO_DAY,
    Integers,
    by_group,
    choose,
    constant,
    dates,
    numbered,
)
from demonstration.employment import Work, employment_rows
from demonstration.monthly import Calendar, Placed, recurring
from demonstration.pathways import DEATH_CODES, END_CODES, History
from demonstration.people import People
from demonstration.sites import Service

Rows = tuple[str, Integers, dict[str, pl.Series]]  # table id, month of each row, columns


@dataclass(frozen=True)
class Ids:
    """Local identifiers, one per entry of a history."""

    patient: pl.Series
    referral: pl.Series
    contact: pl.Series
    activity: pl.Series
    part: int

    def numbered(self, prefix: str, count: int) -> pl.Series:
        """Identifiers of another kind, as distinct from those of other parts as these."""
        return numbered(prefix, _first_number(self.part), count)


def _first_number(part: int) -> int:
    return 10_000_000 * (part + 1)


def identifiers(history: History, part: int) -> Ids:
    """Identifiers that do not repeat between the ``part``-s (cohorts) of one service."""
    first = _first_number(part)
    contacts = len(history.contacts.day)
    return Ids(
        patient=numbered("P", first, history.persons),
        referral=numbered("R", first, len(history.referrals.received)),
        contact=numbered("C", first, contacts),
        activity=numbered("A", first, contacts),
        part=part,
    )


@dataclass(frozen=True)
class Open:
    """When each referral is in the submissions: months received and discharged, and its rows in every month."""

    first: Integers
    last: Integers
    rows: Placed

    @classmethod
    def of(cls, history: History, calendar: Calendar) -> "Open":
        """The months from receipt to discharge."""
        first = calendar.month_of(history.referrals.received)
        last = calendar.month_of(history.referrals.discharged)
        return cls(first, last, recurring(first, last, calendar.months))


def patients(
    service: Service,
    history: History,
    people: People,
    open_: Open,
    ids: Ids,
    seed: int,
    calendar: Calendar,
    work: Work,
    rng: np.random.Generator,
) -> Iterator[Rows]:
    """IDS001 to IDS012, IDS601 and IDS803: one per person (and item) in every month with an open referral."""
    person_of = history.referrals.person
    size, smi = history.persons, service.is_smi
    # A person with two referrals in one month is one row: the first of each month and person stays.
    key = open_.rows.month * (size + 1) + person_of[open_.rows.record]
    _, at = np.unique(key, return_index=True)
    rows = open_.rows.where(at)
    who, month = person_of[rows.record], rows.month
    patient = ids.patient.gather(who)
    first_seen = _first_referral(history)

    columns = people.columns(seed, service.postcode_district, service.commissioner)
    index = {name: values.gather(who) for name, values in columns.items()}
    index |= {"LocalPatientId": patient, "OrgIDLocalPatientId": constant(service.code, len(who))}
    if smi:
        index["PersDeathDate"] = dates(_deaths(history, open_, rows))
    yield "IDS001", month, index

    practice = pl.Series([f"{letter}{n:05d}" for letter in "ABCDEFGHJKLMNP" for n in range(81001, 81021)])
    known = rng.random(size) > 0.012
    chosen = pl.Series(np.where(known, (rng.random(size) * len(practice)).astype(np.int64), len(practice)))
    since = first_seen - 200 - (rng.random(size) * 5000).astype(np.int64)
    yield (
        "IDS002",
        month,
        {
            "LocalPatientId": patient,
            "GMPCodeReg": pl.concat([practice, pl.Series(["V81999"])]).gather(chosen).gather(who),
            "StartDateGMPRegistration": dates(np.where(known, np.maximum(since, people.birth), NO_DAY)[who]),
            "OrgIDGPPrac": constant(service.commissioner, len(who)),
        },
    )
    housed = Placed(who, month)
    recorded = dates(first_seen[who])
    yield (
        "IDS003",
        month,
        {
            "LocalPatientId": patient,
            "AccommodationType": choose(rng, f.ACCOMMODATION, size).gather(who),
            "SettledAccommodationInd": choose(rng, f.SETTLED, size).gather(who),
            "AccommodationTypeDate": recorded,
        },
    )
    yield "IDS004", *employment_rows(work, housed, patient, calendar)
    yield from _some(
        "IDS007", 0.30 if smi else 0.14, housed, patient, {"DisabCode": choose(rng, f.DISABILITY, size)}, rng
    )
    yield from _some(
        "IDS011",
        0.55,
        housed,
        patient,
        {
            "SocPerCircumstance": choose(rng, f.CIRCUMSTANCE, size),
            "SocPerCircumstanceRecDate": dates(first_seen),
        },
        rng,
    )
    yield from _some(
        "IDS012",
        0.02,
        housed,
        patient,
        {"OvsVisChCat": choose(rng, f.OVERSEAS, size), "OvsVisChCatAppDate": dates(first_seen)},
        rng,
    )
    diagnosed = np.maximum(first_seen - 100 - (rng.random(size) * 2500).astype(np.int64), people.birth + 5000)
    yield from _some(
        "IDS601",
        0.5 if smi else 0.15,
        housed,
        patient,
        {
            "DiagSchemeInUse": constant("02", size),
            "PrevDiag": choose(rng, f.PREVIOUS_DIAGNOSIS, size),
            "DiagDate": dates(np.minimum(diagnosed, first_seen)),
        },
        rng,
    )
    yield from _some(
        "IDS803",
        0.6 if smi else 0.02,
        housed,
        patient,
        {
            "AMHCareClustCodeFin": by_group(
                [f.CLUSTER[code] for code in PATHWAYS], people.pathway, rng.random(size)
            ),
            "StartDateCareClust": dates(first_seen),
        },
        rng,
    )


def _first_referral(history: History) -> Integers:
    day = np.full(history.persons, np.iinfo(np.int64).max)
    np.minimum.at(day, history.referrals.person, history.referrals.received)
    return day


def _deaths(history: History, open_: Open, rows: Placed) -> Integers:
    """Day of death of each row's person, from the month in which the referral ends with it."""
    dead = np.isin(history.referrals.end_code, [END_CODES.index(code) for code in DEATH_CODES])
    shown = dead[rows.record] & (open_.last[rows.record] == rows.month)
    return np.where(shown, history.referrals.discharged[rows.record], NO_DAY)


def _some(
    table: str,
    share: float,
    rows: Placed,
    patient: pl.Series,
    columns: dict[str, pl.Series],
    rng: np.random.Generator,
) -> Iterator[Rows]:
    """The rows of those persons who have such a record at all."""
    has = rng.random(len(next(iter(columns.values())))) < share
    at = np.flatnonzero(has[rows.record])
    who = rows.record[at]
    yield (
        table,
        rows.month[at],
        {"LocalPatientId": patient.gather(at)} | {name: values.gather(who) for name, values in columns.items()},
    )
