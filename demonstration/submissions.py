"""The submissions of a service: its whole history, cut into one set of tables per month.

Belongs here: what is simulated for a service, in which parts, and the header of each month. Does not belong
here: how a part runs (``pathways``, ``outcomes``) and what the tables say (``records``, ``care``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from demonstration import appointments, care, outcomes, records
from demonstration.calibration import COHORT_MONTHS, RUN_IN_MONTHS
from demonstration.draws import Integers
from demonstration.employment import work
from demonstration.monthly import Calendar, MonthlyTable, monthly
from demonstration.pathways import Cohort, History, history
from demonstration.people import People, people
from demonstration.service_use import service_use
from demonstration.sites import HISTORY_STREAM, Service
from demonstration.staff import staff, team
from schemas.dataset import TABLES
from schemas.versions import Version, tables_of


@dataclass(frozen=True)
class Part:
    """One cohort of referrals of a service, as it appears in the monthly submissions.

    ``tables`` are all tables of the service's dataset version but the header, by table id. A month's submission
    is the rows of every part, one part after the other. ``history`` and ``people`` are what lies behind.
    """

    tables: dict[str, MonthlyTable]
    history: History
    people: People


def parts(service: Service, start: date, months: int, seed: int) -> Iterator[Part]:
    """Everything a service submits for ``months`` months from ``start``, a first of month.

    The first part holds the referrals received from six months before to twelve months after ``start``, each
    further one those of twelve months more. A part is drawn whole whatever ``months`` is: a month more changes
    nothing in the earlier ones. Raises ValueError if ``start`` is not the first of a month or ``months`` < 1.
    """
    calendar = _calendar(start, months)
    known = 0
    for number in range((months - 1) // COHORT_MONTHS + 1):
        begin = calendar.first + (number * COHORT_MONTHS if number else -RUN_IN_MONTHS)
        end = calendar.first + (number + 1) * COHORT_MONTHS
        part = _part(service, calendar, Cohort(begin, end - begin), seed, number, known)
        known += part.history.persons
        yield part


# A benchmark's single month: everything goes four times as fast, so that most contacts of a referral fall into
# the month and NHS numbers from the 999 range go round (909,090 of them).
PACE = 4.0
CONTACTS_PER_REFERRAL = 3.89  # measured: contacts in the month for each referral a month at that pace
CONTACTS_OF_A_PART = 100_000
PERSONS_AT_MOST = 800_000


def dense_parts(service: Service, month: date, contacts: int, seed: int) -> Iterator[Part]:
    """One month of a service so busy that it has about ``contacts`` contacts, in parts of bounded size.

    Above two million contacts a person has several referrals, because NHS numbers of the 999 range run out.
    """
    calendar = _calendar(month, 1)
    count = -(-contacts // CONTACTS_OF_A_PART)
    referrals = contacts / count / CONTACTS_PER_REFERRAL
    each = int(-(-2.1 * referrals * count // PERSONS_AT_MOST))
    busy = replace(service, referrals_per_month=referrals, wait=1.0)
    known = 0
    for number in range(count):
        cohort = Cohort(calendar.first - 1, 2)
        part = _part(busy, calendar, cohort, seed, number, known, pace=PACE, referrals_each=each)
        known += part.history.persons
        yield part


def header(service: Service, start: date, month: int) -> pl.DataFrame:
    """IDS000 of one month, made on the ninth day after it."""
    calendar = Calendar(start, month + 1)
    first, after = calendar.first_day(month), calendar.first_day(month + 1)
    return pl.DataFrame(
        {
            "DatSetVer": [service.version],
            "OrgIDProv": [service.code],
            "OrgIDSubmit": [service.code],
            "PrimSystemInUse": ["Parity demonstration"],
            "ReportingPeriodStartDate": [first],
            "ReportingPeriodEndDate": [after - timedelta(days=1)],
            "DateTimeDatSetCreate": [f"{after + timedelta(days=8)}T09:30:00"],
        }
    )


def _calendar(start: date, months: int) -> Calendar:
    if start.day != 1:
        raise ValueError(f"a demonstration starts on the first of a month, not on {start}")
    if months < 1:
        raise ValueError(f"a demonstration has at least one month, not {months}")
    return Calendar(start, months)


def _part(
    service: Service,
    calendar: Calendar,
    cohort: Cohort,
    seed: int,
    number: int,
    known: int,
    *,
    pace: float = 1.0,
    referrals_each: int = 1,
) -> Part:
    rng = np.random.Generator(np.random.PCG64([seed, service.index, HISTORY_STREAM, number]))
    happened = history(service, cohort, rng, pace=pace, referrals_each=referrals_each)
    anchor = int(np.datetime64(calendar.start, "D").astype(np.int64))
    who = people(service.index, known, happened.person_pathway, seed, anchor)
    rows = _rows(service, calendar, happened, who, seed, number, rng)
    asked = tables_of(Version(service.version))
    filled = {table: monthly(TABLES[table], service.version, calendar.months, month, columns)
              for table, month, columns in rows if table in asked}  # fmt: skip
    none: Integers = np.zeros(0, dtype=np.int64)
    tables = {
        table.id: filled[table.id]
        if table.id in filled
        else monthly(table, service.version, calendar.months, none, {})
        for table in asked.values()
        if table.id != "IDS000"
    }
    return Part(tables, happened, who)


def _rows(
    service: Service,
    calendar: Calendar,
    happened: History,
    who: People,
    seed: int,
    number: int,
    rng: np.random.Generator,
) -> Iterator[records.Rows]:
    ids = records.identifiers(happened, number)
    open_ = records.Open.of(happened, calendar)
    members = team(service, calendar, seed)
    # Draws of its own: what is added to work changes nothing of the therapy.
    beside = np.random.Generator(np.random.PCG64([seed, service.index, HISTORY_STREAM, number, 1]))
    jobs = work(service, happened, beside)
    yield from records.patients(service, happened, who, open_, ids, seed, calendar, jobs, rng)
    yield from care.referrals(service, happened, calendar, open_, ids, rng)
    yield from care.around_referrals(service, happened, calendar, open_, ids, rng)
    yield from appointments.appointments(service, happened, calendar, ids, members, jobs, rng)
    in_contact, on_referral = outcomes.talking_scores(happened, who, service, rng)
    if set(service.pathways) != {"05"}:
        more_in_contact, more_on_referral = outcomes.battery_scores(happened, rng)
        in_contact, on_referral = in_contact + more_in_contact, on_referral + more_on_referral
    answers = outcomes.experience(happened, service.is_smi, rng)
    if service.is_smi:
        yield care.experience_answers(answers, calendar, open_, ids)
        yield care.services_used(service_use(happened, rng), happened, calendar, open_, ids)
    else:  # the IAPT Data Set carries experience answers as scores of a contact
        in_contact = in_contact + outcomes.in_contacts(answers, happened)
    more_in_contact, more_on_referral = outcomes.work_scores(happened, jobs.is_employed, beside)
    in_contact, on_referral = in_contact + more_in_contact, on_referral + more_on_referral
    yield care.scores_in_contacts(in_contact, happened, calendar, ids)
    yield care.scores_of_referrals(on_referral, calendar, open_, ids, service.is_smi)
    if number == 0:  # the staff are those of the service, not of a cohort
        yield from staff(members, calendar)
