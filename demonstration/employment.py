"""Work: employment at the start and at the end of treatment, and employment support with its appointments.

Belongs here: IDS004 and the appointments of employment advisers. Does not belong here: the therapy (``pathways``),
and how presenteeism is scored (``outcomes``).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from demonstration import calibration as c
from demonstration import frequencies as f
from demonstration.draws import NO_DAY, Flags, Integers, dates, gather, pick
from demonstration.monthly import Calendar, Placed, joined
from demonstration.pathways import History
from demonstration.sites import Service
from demonstration.working_time import appointment_days


@dataclass(frozen=True)
class Work:
    """Work and support. ``first`` and ``last`` have the elements of IDS004, one value per person.

    Days are per person: of both records, of the referral to employment support and the discharge from it;
    ``NO_DAY`` where there is none. ``referral``, ``day`` and ``attended`` are the appointments of support.
    """

    first: dict[str, pl.Series]
    last: dict[str, pl.Series]
    recorded: Integers
    ended: Integers
    referred: Integers
    discharged: Integers
    is_employed: Flags
    referral: Integers
    day: Integers
    attended: Flags


def work(service: Service, history: History, rng: np.random.Generator) -> Work:
    """The work of every person of a history, as of their first referral."""
    r, size = history.referrals, history.persons
    own = np.full(size, len(r.received))
    np.minimum.at(own, r.person, np.arange(len(r.received)))
    weights = f.EMPLOYMENT_SMI if service.is_smi else f.EMPLOYMENT
    employed, seeking, ill = (list(weights).index(code) for code in ("01", "02", "04"))
    status = pick(rng, list(weights.values()), size)
    sick = (status == employed) & (rng.random(size) < c.OFF_SICK)
    paid = sick & (rng.random(size) < 0.7)

    treated = r.sessions[own] >= 2
    ended = np.where(treated & (r.last_treatment[own] > r.received[own]), r.last_treatment[own], NO_DAY)
    u = rng.random(size)
    found = np.isin(status, (seeking, ill)) & (u < c.INTO_WORK)
    left = (status == employed) & (u < c.OUT_OF_WORK)
    status_after = np.where(found, employed, np.where(left, seeking, status))
    sick_after = sick & ~left & (rng.random(size) < c.STAYS_OFF_SICK)
    suits = (status == seeking) | sick
    first = _elements(weights, status, sick, paid, suits, rng)
    last = _elements(weights, status_after, sick_after, paid & sick_after, suits, rng)

    starts = suits & treated & (rng.random(size) < c.SUPPORTED)
    referred = np.where(starts, r.first_contact[own] + (rng.random(size) * 14).astype(np.int64), NO_DAY)
    referral, day = _appointments(history, own, referred, rng)
    attended = rng.random(len(day)) >= c.SUPPORT_MISSED
    over = np.full(size, NO_DAY)
    np.maximum.at(over, r.person[referral], day)
    discharged = np.where((over != NO_DAY) & (rng.random(size) < 0.7), over, NO_DAY)
    return Work(
        first, last, r.received[own], ended, referred, discharged, status == employed, referral, day, attended
    )


def _appointments(
    history: History, own: Integers, referred: Integers, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Referral and day of the appointments of employment support: from some days after the referral to it on."""
    r = history.referrals
    number = np.where(referred == NO_DAY, 0, rng.geometric(1 / c.SUPPORT_CONTACTS, len(own)))
    person = np.repeat(np.arange(len(own)), number)
    nth = np.arange(len(person)) - np.repeat(np.cumsum(number) - number, number)
    wait = np.rint(rng.exponential(c.SUPPORT_WAIT, len(own))).astype(np.int64)
    day = appointment_days(referred[person], 3 + wait[person] + 14 * nth)
    inside = day <= r.discharged[own[person]]
    return own[person[inside]], day[inside]


def _elements(
    weights: f.Weights, status: Integers, sick: Flags, paid: Flags, suits: Flags, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """Employment status with hours, sickness and benefits that fit it."""
    size = len(status)
    employed, seeking, ill = (status == list(weights).index(code) for code in ("01", "02", "04"))
    hours = pick(rng, list(f.HOURS.values()), size)
    credit = (ill | seeking) & (rng.random(size) < 0.6) | (rng.random(size) < 0.08)
    allowance = ill & (rng.random(size) < 0.35)
    independence = ill & (rng.random(size) < 0.45)
    jobseeker = seeking & ~credit & (rng.random(size) < 0.3)
    other = rng.random(size) < 0.03
    applies = ["N", "Y", "8"]
    return {
        "EmployStatus": gather(list(weights), status),
        "WeekHoursWorked": gather([*f.HOURS, "98"], np.where(employed, hours, len(f.HOURS))),
        "SelfEmployInd": gather(applies, np.where(employed, (rng.random(size) < 0.13).astype(np.int64), 2)),
        "SickAbsenceInd": gather(applies, np.where(employed, sick.astype(np.int64), 2)),
        "SSPInd": _yes(paid),
        "BenefitRecInd": _yes(credit | allowance | independence | jobseeker | other),
        "JSAInd": _yes(jobseeker),
        "ESAInd": _yes(allowance),
        "UCInd": _yes(credit),
        "PIPInd": _yes(independence),
        "OtherBenefitInd": _yes(other),
        "EmpSupportInd": _yes(suits),
    }


def _yes(flags: Flags) -> pl.Series:
    return gather(["N", "Y"], flags.astype(np.int64))


def employment_rows(
    found: Work, rows: Placed, patient: pl.Series, calendar: Calendar
) -> tuple[Integers, dict[str, pl.Series]]:
    """IDS004: the first record in every month with an open referral, the second from its month on."""
    first = _of_months(found, rows, patient, calendar, found.first, found.recorded)
    at = np.flatnonzero(_is_past(found.ended, rows, calendar))
    last = _of_months(found, rows.where(at), patient.gather(at), calendar, found.last, found.ended)
    return joined((rows.month, first), (rows.month[at], last))


def _of_months(
    found: Work, rows: Placed, patient: pl.Series, calendar: Calendar, elements: dict[str, pl.Series], day: Integers
) -> dict[str, pl.Series]:
    who = rows.record
    return {
        "LocalPatientId": patient,
        "EmployStatusRecDate": dates(day[who]),
        "EmpSupportReferral": _once_past(found.referred, rows, calendar),
        "EmpSupportDischargeDate": _once_past(found.discharged, rows, calendar),
    } | {name: values.gather(who) for name, values in elements.items()}


def _once_past(day: Integers, rows: Placed, calendar: Calendar) -> pl.Series:
    """The day of each row's person, from its month on."""
    return dates(np.where(_is_past(day, rows, calendar), day[rows.record], NO_DAY))


def _is_past(day: Integers, rows: Placed, calendar: Calendar) -> Flags:
    of_row = day[rows.record]
    month = calendar.month_of(np.where(of_row == NO_DAY, 0, of_row))
    past: Flags = (of_row != NO_DAY) & (month <= rows.month)
    return past
