"""The records of care: referrals, plans, findings, scores, and other services used.

Belongs here: the columns of IDS101 to IDS108, IDS602 to IDS607 and the SMI tables below a referral. Does not
belong here: the records of the person (``records``) and of appointments (``appointments``).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from demonstration import calibration as c
from demonstration import frequencies as f
from demonstration.draws import NO_DAY, Integers, by_group, choose, constant, dates, gather
from demonstration.monthly import Calendar, Placed, once, recurring
from demonstration.outcomes import TIMEPOINTS, ActivityScores, ReferralScores
from demonstration.pathways import END_CODES, History
from demonstration.records import Ids, Open, Rows
from demonstration.service_use import KINDS, Events
from demonstration.sites import Service

# The provider that a service refers on to: another provider than itself.
_ELSEWHERE = ("RV5", "RW5")
TIMES = tuple(f"{hour:02d}:{minute:02d}:00" for hour in range(9, 17) for minute in (5, 20, 40))
MAX_PAUSES = 20_000  # of one cohort: the identifier of a pause has five characters at most


def referrals(
    service: Service, history: History, calendar: Calendar, open_: Open, ids: Ids, rng: np.random.Generator
) -> Iterator[Rows]:
    """IDS101: every referral in each month from receipt to discharge; it ends in the last of them, not before."""
    r, rows = history.referrals, open_.rows
    size, who, month = len(r.received), rows.record, rows.month
    source = choose(rng, f.SOURCE_SMI if service.is_smi else f.SOURCE, size)
    onset = dates(r.received - 30 - rng.exponential(420, size).astype(np.int64)).dt.strftime("%Y-%m")
    told = gather(["0", None], (rng.random(size) < 0.12).astype(np.int64)).is_not_null()
    previous = choose(rng, f.PREVIOUS, size)
    closes = open_.last[who] == month
    columns = {
        "ServiceRequestId": ids.referral.gather(who),
        "LocalPatientId": ids.patient.gather(r.person[who]),
        "OrgIDComm": constant(service.commissioner, len(who)),
        "ReferralRequestReceivedDate": dates(r.received[who]),
        "SourceOfReferralIAPT": source.gather(who),
        "OnsetDate": onset.set(~told, None).gather(who),
        "PrevDiagCondInd": previous.gather(who),
        "EndCode": gather(END_CODES, np.where(closes, r.end_code[who], -1)),
        "ServDischDate": dates(np.where(closes, r.discharged[who], NO_DAY)),
    }
    if service.is_smi:
        columns |= _smi_elements(history, calendar, rows, rng)
    yield "IDS101", month, columns


def _smi_elements(
    history: History, calendar: Calendar, rows: Placed, rng: np.random.Generator
) -> dict[str, pl.Series]:
    """Pathway, reason and team; the offer of therapy from the month of the assessment, its answer when known."""
    r, who, month = history.referrals, rows.record, rows.month
    uniform = rng.random((2, len(r.received)))
    assessed = _month_or_never(r.first_contact, calendar)[who] <= month
    answered = _month_or_never(np.where(r.sessions > 0, r.first_treatment, r.discharged), calendar)[who] <= month
    accepted = np.where(r.sessions[who] > 0, 1, 0)
    return {
        "Pathway": gather(c.PATHWAYS, r.pathway[who]),
        "PrimReasonReferralMH": by_group([f.REASON[p] for p in c.PATHWAYS], r.pathway, uniform[0]).gather(who),
        "ServTeamTypeRefToMH": by_group([f.TEAM[p] for p in c.PATHWAYS], r.pathway, uniform[1]).gather(who),
        "OfferOfTherapyDate": dates(np.where(assessed, r.first_contact[who], NO_DAY)),
        "OfferAccepted": gather(["N", "Y", "W"], np.where(assessed, np.where(answered, accepted, 2), -1)),
    }


def _month_or_never(days: Integers, calendar: Calendar) -> Integers:
    """The month of each day; a month beyond all data if there is no day."""
    return np.where(days == NO_DAY, 1_000_000, calendar.month_of(np.where(days == NO_DAY, 0, days)))


def around_referrals(
    service: Service, history: History, calendar: Calendar, open_: Open, ids: Ids, rng: np.random.Generator
) -> Iterator[Rows]:
    """IDS105, IDS108, SMI203, IDS602 and IDS603."""
    r, size = history.referrals, len(history.referrals.received)
    elsewhere = np.isin(r.end_code, [END_CODES.index(code) for code in ("11", "13")])
    onward = rng.random(size) < np.where(elsewhere, 0.7, 0.02)
    reason = choose(rng, f.ONWARD, size)
    sent = once(np.where(onward, open_.last, -1), calendar.months)
    yield (
        "IDS105",
        sent.month,
        {
            "ServiceRequestId": ids.referral.gather(sent.record),
            "OnwardReferDate": dates(r.discharged[sent.record]),
            "OnwardReferReason": reason.gather(sent.record),
            "OrgIDReceiving": constant(_ELSEWHERE[service.code == _ELSEWHERE[0]], len(sent.record)),
        },
    )
    yield _pauses(history, calendar, open_, ids, rng)
    if service.is_smi:
        yield _session_plan(history, calendar, open_, ids, rng)
    chronic = rng.random(size) < f.LONG_TERM_CONDITION_SHARE
    condition = choose(rng, f.LONG_TERM_CONDITION, size)
    known = _month_or_never(r.first_contact, calendar)
    ill = recurring(np.where(chronic, known, 1_000_000), open_.last, calendar.months)
    yield (
        "IDS602",
        ill.month,
        {
            "ServiceRequestId": ids.referral.gather(ill.record),
            "FindSchemeInUse": constant("01", len(ill.record)),
            "LongTermCondition": condition.gather(ill.record),
        },
    )
    yield _complaints(history, calendar, open_, ids, rng)


def _pauses(history: History, calendar: Calendar, open_: Open, ids: Ids, rng: np.random.Generator) -> Rows:
    """Waits that were paused because the patient was not available."""
    r = history.referrals
    wait = np.where(r.first_contact == NO_DAY, 0, r.first_contact - r.received)
    paused = np.flatnonzero((wait > 21) & (rng.random(len(wait)) < 0.05))[:MAX_PAUSES]
    start = r.received[paused] + 3
    end = start + 5 + (rng.random(len(paused)) * (wait[paused] - 14)).astype(np.int64)
    number = pl.Series(10_000 + np.arange(len(paused)) + MAX_PAUSES * (ids.part % 4)).cast(pl.String)
    reason = choose(rng, f.PAUSE, len(paused))
    rows = recurring(calendar.month_of(start), open_.last[paused], calendar.months)
    ended = calendar.month_of(end)[rows.record] <= rows.month
    return (
        "IDS108",
        rows.month,
        {
            "PauseID": number.gather(rows.record),
            "ServiceRequestId": ids.referral.gather(paused[rows.record]),
            "PauseStartDate": dates(start[rows.record]),
            "PauseEndDate": dates(np.where(ended, end[rows.record], NO_DAY)),
            "PauseReason": reason.gather(rows.record),
        },
    )


def _session_plan(history: History, calendar: Calendar, open_: Open, ids: Ids, rng: np.random.Generator) -> Rows:
    """Therapy and number of sessions planned, from the first treatment session on."""
    r = history.referrals
    span = np.array([c.PLANNED.get(code, (8, 16)) for code in c.PATHWAYS])[r.pathway]
    family = (r.pathway == c.PATHWAYS.index("01")) & (r.therapy == 1)
    span = np.where(family[:, None], np.array(c.FAMILY_PLANNED), span)
    planned = span[:, 0] + (rng.random(len(family)) * (span[:, 1] - span[:, 0] + 1)).astype(np.int64)
    short = [kind for code in c.PATHWAYS for _, kind, _ in f.THERAPY[code]]
    rows = recurring(_month_or_never(r.first_treatment, calendar), open_.last, calendar.months)
    who = rows.record
    return (
        "SMI203",
        rows.month,
        {
            "ServiceRequestId": ids.referral.gather(who),
            "TherapyType": gather(short, therapy_index(r.pathway, r.therapy)[who]),
            "PlannedSessions": pl.Series(planned[who]),
            "PlanStartDate": dates(r.first_treatment[who]),
        },
    )


def therapy_index(pathway: Integers, therapy: Integers) -> Integers:
    """Place in the list of all therapies, pathway by pathway, of each pathway's own therapy number."""
    sizes = [len(f.THERAPY[code]) for code in c.PATHWAYS]
    index: Integers = (np.cumsum(sizes) - sizes).astype(np.int64)[pathway] + therapy
    return index


def _complaints(history: History, calendar: Calendar, open_: Open, ids: Ids, rng: np.random.Generator) -> Rows:
    """The problem found at the first contact, and a second one for some, from that month on."""
    r, size = history.referrals, len(history.referrals.received)
    uniform = rng.random(size)
    primary = by_group([f.COMPLAINT[code] for code in c.PATHWAYS], r.pathway, uniform)
    secondary = by_group([{"F329": 0.6, "F411": 0.4}] * len(c.PATHWAYS), r.pathway, rng.random(size))
    is_another = (primary.is_not_null() & (primary != secondary)).to_numpy()
    has_second = is_another & (rng.random(size) < 0.12)
    known = _month_or_never(r.first_contact, calendar)
    complaint = pl.concat([primary, secondary])
    first = np.append(
        np.where(primary.is_not_null().to_numpy(), known, 1_000_000), np.where(has_second, known, 1_000_000)
    )
    rows = recurring(first, np.tile(open_.last, 2), calendar.months)
    who, is_second = rows.record % size, rows.record >= size
    code = complaint.gather(rows.record)
    return (
        "IDS603",
        rows.month,
        {
            "ServiceRequestId": ids.referral.gather(who),
            # ICD-10 codes begin with a letter, SNOMED CT codes with a digit.
            "FindSchemeInUse": gather(["04", "01"], code.str.contains("^[A-Z]").to_numpy().astype(np.int64)),
            "PresComp": code,
            "PresCompCodSig": gather(["1", "2"], is_second.astype(np.int64)),
            "PresCompDate": dates(r.first_contact[who]),
        },
    )


def scores_in_contacts(found: list[ActivityScores], history: History, calendar: Calendar, ids: Ids) -> Rows:
    """IDS607, in order of contact; the date is that of the contact."""
    contact = np.concatenate([np.zeros(0, dtype=np.int64), *(part.contact for part in found)])
    tool = np.repeat(np.arange(len(found)), [len(part.contact) for part in found])
    rows = once(calendar.month_of(history.contacts.day[contact]), calendar.months)
    rows = rows.where(np.lexsort((tool[rows.record], contact[rows.record], rows.month)))
    score = pl.concat([pl.Series([], dtype=pl.String), *(part.score for part in found)])
    return (
        "IDS607",
        rows.month,
        {
            "CareActId": ids.activity.gather(contact[rows.record]),
            "CodedAssToolType": gather([part.snomed for part in found], tool[rows.record]),
            "PersScore": score.gather(rows.record),
        },
    )


def scores_of_referrals(
    found: list[ReferralScores], calendar: Calendar, open_: Open, ids: Ids, is_smi: bool
) -> Rows:
    """IDS606, in order of referral, in the month of completion."""
    referral, day, tool, score, rows = _answers(found, calendar, open_)
    timepoint = np.concatenate([np.zeros(0, dtype=np.int64), *(part.timepoint for part in found)])
    columns = {
        "ServiceRequestId": ids.referral.gather(referral[rows.record]),
        "CodedAssToolType": gather([part.snomed for part in found], tool[rows.record]),
        "PersScore": score.gather(rows.record),
        "AssToolCompDate": dates(day[rows.record]),
        "AssToolCompTime": gather(TIMES, referral[rows.record] % len(TIMES)),
    }
    if is_smi:
        columns["Timepoint"] = gather(TIMEPOINTS, timepoint[rows.record])
    return "IDS606", rows.month, columns


def experience_answers(found: list[ReferralScores], calendar: Calendar, open_: Open, ids: Ids) -> Rows:
    """SMI608, in order of referral, in the month of the answer."""
    referral, day, question, answer, rows = _answers(found, calendar, open_)
    return (
        "SMI608",
        rows.month,
        {
            "ServiceRequestId": ids.referral.gather(referral[rows.record]),
            "QuestionCode": gather([part.snomed for part in found], question[rows.record]),
            "Answer": answer.gather(rows.record),
            "AnswerDate": dates(day[rows.record]),
        },
    )


def _answers(
    found: list[ReferralScores], calendar: Calendar, open_: Open
) -> tuple[Integers, Integers, Integers, pl.Series, Placed]:
    """Referral, day, tool and score of all parts in one, and the months they are submitted in."""
    none = np.zeros(0, dtype=np.int64)
    referral = np.concatenate([none, *(part.referral for part in found)])
    day = np.concatenate([none, *(part.day for part in found)])
    tool = np.repeat(np.arange(len(found)), [len(part.referral) for part in found])
    score = pl.concat([pl.Series([], dtype=pl.String), *(part.score for part in found)])
    month = calendar.month_of(day)
    rows = once(np.where(month <= open_.last[referral], month, -1), calendar.months)
    rows = rows.where(np.lexsort((tool[rows.record], day[rows.record], referral[rows.record], rows.month)))
    return referral, day, tool, score, rows


def services_used(events: Events, history: History, calendar: Calendar, open_: Open, ids: Ids) -> Rows:
    """SMI501: events in their month (those before the referral in its first), spells in every month they last.

    The last day of a spell stands only in and after the month in which it falls.
    """
    first = np.maximum(calendar.month_of(events.start), open_.first[events.referral])
    is_spell = events.end != NO_DAY
    ends = np.where(is_spell, calendar.month_of(np.where(is_spell, events.end, 0)), first)
    last = np.minimum(np.maximum(ends, first), open_.last[events.referral])
    rows = recurring(first, last, calendar.months)
    what = rows.record
    ended = is_spell[what] & (ends[what] <= rows.month)
    return (
        "SMI501",
        rows.month,
        {
            "ServiceUseId": ids.numbered("U", len(events.start)).gather(what),
            "LocalPatientId": ids.patient.gather(history.referrals.person[events.referral[what]]),
            "ServiceUseType": gather(KINDS, events.kind[what]),
            "ServiceUseStartDate": dates(events.start[what]),
            "ServiceUseEndDate": dates(np.where(ended, events.end[what], NO_DAY)),
            "ServiceUseCount": gather(["1", None], is_spell[what].astype(np.int64)),
        },
    )
