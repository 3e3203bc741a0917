"""Sixty measures once more, slowly and in plain Python, from the staged rows: an oracle for the catalogue.

Belongs here: reading the definitions of the measures again, one pathway at a time. Does not belong here: anything that
looks at core, its SQL or the catalogue's predicates; random populations (``measure_populations``); the flags of a
pathway, which come from ``warehouse_reference``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from tests.fixtures.warehouse import GAD7, PHQ9, Row
from tests.references.intensity import Session, Stages, stages
from tests.references.measure_populations import CBT, COUNSELLING, GUIDED_BOOK, MONTHS, SUPPORT, Submissions
from tests.references.pathways import SCALES, Referral, flags

THERAPY = {
    CBT: ("CBT", "high"), COUNSELLING: ("CFD", "high"), GUIDED_BOOK: ("GSB", "low"), SUPPORT: ("EMS", "other"),
}  # fmt: skip

Counts = dict[tuple[str, str, date], tuple[int, int | None]]


@dataclass
class Known:
    """One pathway as the oracle sees it: the latest record of everything, and what follows from it."""

    provider: str
    row: Row
    person: Row
    months: list[date]
    submitted: set[date]
    contacts: list[Row] = field(default_factory=list)
    activities: list[tuple[Row, Row]] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    conditions: set[str] = field(default_factory=set)
    work: list[Row] = field(default_factory=list)
    flags: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Decimal | None] = field(default_factory=dict)

    @property
    def received(self) -> date:
        return self.row["ReferralRequestReceivedDate"]

    @property
    def discharged(self) -> date | None:
        return self.row["ServDischDate"]

    @property
    def finished(self) -> bool:
        return bool(self.flags["is_completed_course"])

    def seen(self, kinds: set[str]) -> list[date]:
        """Days of attended or unplanned contacts of these types within the episode, sorted."""
        return sorted(
            c["CareContDate"]
            for c in self.contacts
            if c["AppType"] in kinds and held(c) and self.in_episode(c["CareContDate"])
        )

    def in_episode(self, day: date) -> bool:
        return self.received <= day <= (self.discharged or date.max)

    @property
    def treatments(self) -> list[date]:
        return self.seen({"02", "03", "05"})

    @property
    def assessed(self) -> date | None:
        return min(self.seen({"01", "03"}), default=None)

    @property
    def support(self) -> set[str]:
        """Contacts with employment support that was not refused: of the episode, or follow-up after it."""
        return {
            c["CareContactId"]
            for c, a in self.activities
            if a["CodeProcAndProcStatus"] == SUPPORT and held(c) and c["CareContDate"] >= self.received
            and (self.in_episode(c["CareContDate"]) or c["AppType"] == "06")
        }  # fmt: skip

    @property
    def given(self) -> set[tuple[str, date, str, str]]:
        """Contact, day, therapy and its intensity: once for each therapy given in a treatment contact."""
        return {
            (c["CareContactId"], c["CareContDate"], *THERAPY[a["CodeProcAndProcStatus"]])
            for c, a in self.activities
            if a["CodeProcAndProcStatus"] in THERAPY and is_treatment(self, c)
        }

    @property
    def stages(self) -> Stages | None:
        """Counselling for depression makes no stage; a log is of high intensity, on its first day."""
        sessions = {(i, day, level == "high") for i, day, name, level in self.given if name in ("CBT", "GSB")}
        found: list[Session] = [(day, is_high) for _, day, is_high in sessions]
        return stages(found + [(log["StartDateIntEnabledTherLog"], True) for log in self.logs])

    def sessions(self, intensity: str) -> int:
        """Sessions of low or high intensity; logs are sessions of high intensity."""
        return sum(level == intensity for *_, level in self.given) + (len(self.logs) if intensity == "high" else 0)


def is_treatment(p: Known, contact: Row) -> bool:
    """Whether it is a treatment contact (M347)."""
    return held(contact) and contact["AppType"] in {"02", "03", "05"} and p.in_episode(contact["CareContDate"])


def held(contact: Row) -> bool:
    return contact["AttendOrDNACode"] in {"5", "6"} or contact["PlannedCareContIndicator"] == "N"


def attended(contact: Row) -> bool:
    return contact["AttendOrDNACode"] in {"5", "6"}


def latest(rows: Iterable[tuple[date, Row]], *key: str) -> dict[tuple[Any, ...], Row]:
    """The row of the latest month for every key; rows come month by month in file order."""
    found: dict[tuple[Any, ...], Row] = {}
    for _, row in sorted(rows, key=lambda pair: pair[0]):
        found[tuple(row[name] for name in key)] = row
    return found


def pathways(submissions: Submissions) -> list[Known]:
    """Every pathway of the current submissions, judged."""
    return [
        p for provider in sorted({each for each, _ in submissions}) for p in _of_provider(provider, submissions)
    ]


def _of_provider(provider: str, submissions: Submissions) -> Iterable[Known]:
    months = sorted(month for other, month in submissions if other == provider)

    def rows(table: str) -> list[tuple[date, Row]]:
        return [(month, row) for month in months for row in submissions[provider, month].get(table, [])]

    people = latest(rows("IDS001"), "LocalPatientId")
    known: dict[str, Known] = {}
    for (name,), row in latest(rows("IDS101"), "ServiceRequestId").items():
        carried = [month for month, other in rows("IDS101") if other["ServiceRequestId"] == name]
        known[name] = Known(provider, row, people[row["LocalPatientId"],], carried, set(months))
    contacts = latest(rows("IDS201"), "CareContactId")
    for contact in contacts.values():
        known_or_nobody(known, contact).contacts.append(contact)
    for activity in latest(rows("IDS202"), "CareActId").values():
        if contact := contacts.get((activity["CareContactId"],)):
            known_or_nobody(known, contact).activities.append((contact, activity))
    period = ("ServiceRequestId", "IntEnabledTherProg", "StartDateIntEnabledTherLog", "EndDateIntEnabledTherLog")
    for log in latest(rows("IDS205"), *period).values():
        known_or_nobody(known, log).logs.append(log)
    for _, row in rows("IDS602"):
        known_or_nobody(known, row).conditions.add(row["LongTermCondition"])
    records = list(latest(rows("IDS004"), "LocalPatientId", "EmployStatusRecDate").values())
    complaints = latest(rows("IDS603"), "ServiceRequestId")
    for name, path in known.items():
        mine = [r for r in records if r["LocalPatientId"] == path.row["LocalPatientId"]]
        dated = [r for r in mine if r["EmployStatusRecDate"] and path.in_episode(r["EmployStatusRecDate"])]
        path.work = sorted(dated, key=lambda r: r["EmployStatusRecDate"])
        scored = [row for _, row in rows("IDS606") if row["ServiceRequestId"] == name]
        _judge(path, scored, complaints.get((name,), {}).get("PresComp"))
    return known.values()


def known_or_nobody(known: dict[str, Known], row: Row) -> Known:
    """The pathway a row belongs to; what belongs to none goes where nobody looks."""
    return known.get(row["ServiceRequestId"]) or Known("", {}, {}, [], set())


def _judge(path: Known, scored: list[Row], complaint: str | None) -> None:
    scores = tuple((r["CodedAssToolType"], r["PersScore"], r["AssToolCompDate"]) for r in scored)
    seen = tuple(
        (c["CareContDate"], c["AppType"], c["AttendOrDNACode"], c["PlannedCareContIndicator"])
        for c in path.contacts
    )
    path.flags = flags(Referral(path.received, path.discharged, complaint, seen, scores))
    path.first = {tool: _first(scores, tool, path) for tool in ("PHQ9", "GAD7")}


def _first(scores: Iterable[tuple[str, str, date]], tool: str, path: Known) -> Decimal | None:
    """First valid score of the episode that is no follow-up; whole numbers only here."""
    code = {"PHQ9": PHQ9, "GAD7": GAD7}[tool]
    follow_up = {c["CareContDate"] for c in path.contacts if attended(c) and c["AppType"] == "06"} - {
        c["CareContDate"] for c in path.contacts if attended(c) and c["AppType"] != "06"
    }
    by_day = {
        day: Decimal(text)
        for code_, text, day in scores
        if code_ == code and path.in_episode(day) and day not in follow_up and text.isdigit()
        and SCALES[tool].low <= Decimal(text) <= SCALES[tool].high
    }  # fmt: skip
    return by_day[min(by_day)] if by_day else None


Judge = Callable[[Known], Any]
F: Judge = attrgetter("finished")


def wait(p: Known) -> int:
    return (p.treatments[0] - p.received).days


def between(p: Known) -> int:
    return (p.treatments[1] - p.treatments[0]).days


def of(name: str) -> Judge:
    return lambda p: bool(p.flags[name])


def internet(p: Known) -> bool:
    programme = any(
        c.get("IntEnabledTherProg") and c["AppType"] in {"02", "03", "05"} and held(c)
        and p.in_episode(c["CareContDate"]) for c in p.contacts
    )  # fmt: skip
    return bool(p.logs) or programme


def integrated(p: Known) -> bool:
    return any(attended(c) and c["IAPTLTCServiceInd"] == "Y" for c in p.contacts)


def status(record: Row) -> str | None:
    if record["EmployStatus"] == "01":
        return "off sick" if record["SickAbsenceInd"] == "Y" else "in work"
    return "not employed" if record["EmployStatus"] in {"02", "03", "08"} else None


def moved(p: Known, column: str | None = None) -> tuple[Any, Any]:
    """First and last record; nothing at the end unless two days were recorded."""
    read = (lambda r: r[column]) if column else status
    if not p.work:
        return None, None
    return read(p.work[0]), read(p.work[-1]) if len(p.work) > 1 else None


def repeated(p: Known, everyone: list[Known]) -> bool:
    return any(
        e is not p and e.provider == p.provider and e.row["LocalPatientId"] == p.row["LocalPatientId"]
        and e.finished and e.received != p.received and 0 <= (p.received - (e.discharged or date.max)).days <= 365
        for e in everyone
    )  # fmt: skip


TALKING = ("RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT", "RELIABLE_DETERIORATION", "NO_RELIABLE_CHANGE",
           "AT_CASENESS", "NOT_AT_CASENESS", "MEAN_PHQ9_FIRST", "NO_PHQ9", "REFERRED_RECOVERABLE",
           "REFERRED_PAIRED", "REFERRED_PAIRED_AT_CASENESS", "REFERRED_RECOVERED", "REFERRED_RELIABLY_RECOVERED",
           "REFERRED_RELIABLY_IMPROVED")  # fmt: skip
received: Judge = attrgetter("received")
discharged: Judge = attrgetter("discharged")
assessed: Judge = attrgetter("assessed")


def recoverable(p: Known) -> bool:
    return bool(p.finished and not p.flags["is_not_at_caseness"])


def paired(p: Known) -> bool:
    """Whether a finished course has a change, of whatever kind."""
    changes = ("is_reliably_improved", "is_reliably_deteriorated", "has_no_reliable_change")
    return any(p.flags[name] for name in changes)


def first(p: Known) -> date | None:
    return next(iter(p.treatments), None)


def second(p: Known) -> date | None:
    return next(iter(p.treatments[1:]), None)


def always(_: Known) -> bool:
    return True


def to_assessment(p: Known) -> int:
    assert p.assessed is not None  # counted on that day
    return (p.assessed - p.received).days


def staged(is_high: bool) -> Judge:
    """Finished courses whose first stage is of this intensity, assessed no later than treated."""
    return lambda p: bool(
        p.finished and p.stages and p.stages.is_high is is_high and p.assessed and p.assessed <= p.treatments[0]
    )


def stepped(is_high: bool) -> Judge:
    return lambda p: staged(is_high)(p) and p.stages and p.stages.next_day is not None


def to_stage(p: Known) -> int:
    assert p.stages and p.assessed
    return (p.stages.first_day - p.assessed).days


def to_next_stage(p: Known) -> int:
    assert p.stages and p.stages.next_day
    return (p.stages.next_day - p.stages.last_day).days


# Measure → date, numerator, denominator (None: a count). A numerator that is a number is added up (a mean).
PATHWAY: dict[str, tuple[Judge, Judge, Judge | None]] = {
    "REFERRALS": (received, always, None),
    "SELF_REFERRALS": (received, lambda p: p.row["SourceOfReferralIAPT"] == "B1", always),
    "REFERRALS_NO_ETHNICITY": (received, lambda p: p.person["EthnicCategory"] in {None, "Z", "99"}, always),
    "REFERRED_OPEN": (received, lambda p: p.discharged is None, always),
    "REFERRED_OPEN_NOT_ASSESSED": (
        received, lambda p: p.discharged is None and p.assessed is None and not p.treatments, always,
    ),
    "REFERRED_OPEN_NOT_STARTED": (received, lambda p: p.discharged is None and not p.treatments, always),
    "REFERRED_ASSESSED": (received, lambda p: p.assessed is not None or p.treatments, always),
    "REFERRED_STARTED": (received, lambda p: p.treatments, always),
    "REFERRED_FINISHED": (received, F, always),
    "REFERRED_RECOVERABLE": (received, recoverable, always),
    "REFERRED_PAIRED": (received, paired, always),
    "REFERRED_PAIRED_AT_CASENESS": (received, lambda p: paired(p) and p.flags["is_at_caseness"], always),
    "REFERRED_RECOVERED": (received, of("is_recovered"), always),
    "REFERRED_RELIABLY_RECOVERED": (received, of("is_reliably_recovered"), always),
    "REFERRED_RELIABLY_IMPROVED": (received, of("is_reliably_improved"), always),
    "FIRST_ASSESSMENT": (assessed, always, None),
    "ASSESSED_28": (assessed, lambda p: to_assessment(p) <= 28, always),
    "MEAN_WAIT_ASSESSMENT": (assessed, to_assessment, always),
    "ACCESS": (first, always, None),
    "TREATED_28": (first, lambda p: wait(p) <= 28, always),
    "TREATED_29_56": (first, lambda p: 29 <= wait(p) <= 56, always),
    "MEAN_WAIT_TREATMENT": (first, wait, always),
    "SECOND_TREATMENT": (second, always, None),
    "SECOND_TREATMENT_28": (second, lambda p: between(p) <= 28, always),
    "SECOND_TREATMENT_OVER_28": (second, lambda p: between(p) > 28, always),
    "MEAN_WAIT_SECOND": (second, between, always),
    "ENDED": (discharged, always, None),
    "ENDED_NOT_ASSESSED": (discharged, lambda p: p.assessed is None, always),
    "ENDED_NOT_SEEN": (discharged, lambda p: not p.contacts, always),
    "ENDED_SEEN_UNTREATED": (discharged, lambda p: p.contacts and not p.treatments, always),
    "ENDED_UNTREATED": (discharged, lambda p: not p.treatments, always),
    "ENDED_TREATED_ONCE": (discharged, lambda p: len(p.treatments) == 1, always),
    "FINISHED_OF_TREATED": (discharged, F, lambda p: bool(p.treatments)),
    "FINISHED": (discharged, F, None),
    "WAIT_42": (discharged, lambda p: wait(p) <= 42, F),
    "MEAN_SESSIONS": (discharged, lambda p: len(p.treatments), F),
    "MEAN_ASSESSMENT_TO_HIGH": (discharged, to_stage, staged(True)),
    "HIGH_INTENSITY_28": (discharged, lambda p: to_stage(p) <= 28, staged(True)),
    "HIGH_INTENSITY_90": (discharged, lambda p: to_stage(p) <= 90, staged(True)),
    "MEAN_ASSESSMENT_TO_LOW": (discharged, to_stage, staged(False)),
    "LOW_INTENSITY_28": (discharged, lambda p: to_stage(p) <= 28, staged(False)),
    "LOW_INTENSITY_90": (discharged, lambda p: to_stage(p) <= 90, staged(False)),
    "MEAN_STEP_UP_WAIT": (discharged, to_next_stage, stepped(False)),
    "STEP_UP_28": (discharged, lambda p: to_next_stage(p) <= 28, stepped(False)),
    "MEAN_STEP_DOWN_WAIT": (discharged, to_next_stage, stepped(True)),
    "MEAN_HIGH_INTENSITY_SESSIONS": (
        discharged, lambda p: p.sessions("high"), lambda p: p.finished and p.sessions("high") > 0,
    ),
    "MEAN_LOW_INTENSITY_SESSIONS": (
        discharged, lambda p: p.sessions("low"), lambda p: p.finished and p.sessions("low") > 0,
    ),
    "MEAN_PHQ9_FIRST": (discharged, lambda p: p.first["PHQ9"], F),
    "NO_PHQ9": (discharged, lambda p: p.first["PHQ9"] is None, F),
    "AT_CASENESS": (discharged, of("is_at_caseness"), F),
    "NOT_AT_CASENESS": (discharged, of("is_not_at_caseness"), F),
    "RECOVERY": (discharged, of("is_recovered"), recoverable),
    "RELIABLE_RECOVERY": (discharged, of("is_reliably_recovered"), recoverable),
    "RELIABLE_IMPROVEMENT": (discharged, of("is_reliably_improved"), F),
    "RELIABLE_DETERIORATION": (discharged, of("is_reliably_deteriorated"), F),
    "NO_RELIABLE_CHANGE": (discharged, of("has_no_reliable_change"), F),
    "LTC_FINISHED": (discharged, lambda p: bool(p.conditions), F),
    "LTC_INTEGRATED": (discharged, integrated, F),
    "IET_FINISHED": (discharged, internet, F),
    "MEAN_IET_LOGS": (discharged, lambda p: len(p.logs), lambda p: p.finished and bool(p.logs)),
    "IET_TIME_RECORDED": (
        discharged, lambda p: sum(r["DurationIntEnabledTher"] for r in p.logs) > 0, lambda p: p.finished and bool(p.logs),
    ),
    "ES_RECEIVED": (
        discharged, lambda p: any(c["CareContactId"] in p.support and p.in_episode(c["CareContDate"]) for c in p.contacts), F,
    ),
    "EMPLOYMENT_RECORDED": (discharged, lambda p: any(r["EmployStatus"] != "ZZ" for r in p.work), F),
    "EMPLOYMENT_RECORDED_TWICE": (discharged, lambda p: sum(r["EmployStatus"] != "ZZ" for r in p.work) > 1, F),
    "INTO_WORK": (
        discharged, lambda p: moved(p)[1] == "in work",
        lambda p: p.finished and moved(p)[0] == "not employed" and moved(p)[1] is not None,
    ),
    "OFF_SICK_PAY": (discharged, lambda p: p.finished and moved(p, "SSPInd") == ("Y", "N"), None),
}  # fmt: skip
CONTACT: dict[str, tuple[Callable[[Known, Row], Any], Callable[[Known, Row], Any] | None]] = {
    "APPOINTMENTS": (lambda p, c: True, None),
    "CONTACTS_HELD": (lambda p, c: held(c), None),
    "TREATMENT_CONTACTS": (is_treatment, None),
    "ATTENDED": (lambda p, c: attended(c), lambda p, c: c["AttendOrDNACode"] in set("3567")),
    "DNA": (lambda p, c: c["AttendOrDNACode"] == "3", lambda p, c: c["AttendOrDNACode"] in set("3567")),
    "CANCELLED_BY_PATIENT": (lambda p, c: c["AttendOrDNACode"] == "2", lambda p, c: c["AttendOrDNACode"] in set("234567")),
    "FACE_TO_FACE": (lambda p, c: c["ConsMechanism"] == "01", lambda p, c: attended(c) and c["ConsMechanism"]),
    "INTEGRATED_CONTACTS": (
        lambda p, c: c["IAPTLTCServiceInd"] == "Y",
        lambda p, c: held(c) and c["AppType"] != "06" and p.in_episode(c["CareContDate"]),
    ),
    "NOT_PREFERRED_LANGUAGE": (
        lambda p, c: c["LanguageCodeTreat"] != p.person["LanguageCodePreferred"],
        lambda p, c: is_treatment(p, c) and c["LanguageCodeTreat"]
        and p.person["LanguageCodePreferred"],
    ),
}  # fmt: skip
# Of an open pathway at a month end: days since referral, days since last treatment (None: none), whether assessed,
# contacts attended.
Open = tuple[int, int | None, bool, int]
CASELOAD: dict[str, tuple[Callable[[Open], Any], Callable[[Open], Any] | None]] = {
    "OPEN": (lambda o: True, None),
    "OPEN_TREATED": (lambda o: o[1] is not None, None),
    "OPEN_INACTIVE_60": (lambda o: (o[1] or 0) <= 60, lambda o: o[1] is not None),
    "AWAITING_ASSESSMENT": (lambda o: not o[2], None),
    "AWAITING_TREATMENT": (lambda o: o[1] is None, None),
    "AWAITING_TREATMENT_42": (lambda o: o[0] <= 42, lambda o: o[1] is None),
    "CMH_CASELOAD": (lambda o: o[3] >= 1, None),
    "CMH_SEEN_TWICE": (lambda o: o[3] >= 2, lambda o: True),
    "CMH_AWAITING_SECOND": (lambda o: o[3] < 2, None),
}
# Measure → date, value and denominator of medians; MEDIAN_AWAITING_TREATMENT is of those open at a month end.
VALUES: dict[str, tuple[Judge, Judge, Judge]] = {
    "MEDIAN_WAIT_ASSESSMENT": (assessed, to_assessment, always),
    "MEDIAN_WAIT_TREATMENT": (first, wait, always),
    "MEDIAN_WAIT_SECOND": (second, between, always),
    "MEDIAN_FINISHED_WAIT": (discharged, wait, F),
    "MEDIAN_SESSIONS": (discharged, lambda p: len(p.treatments), F),
}
AWAITING = ("CMH_AWAITING_SECOND_MEDIAN", "CMH_AWAITING_SECOND_P90")
OTHER = (
    "REPEAT_REFERRALS", "IET_LOGS", "IET_LOG_TIME", "THERAPY_SESSIONS", "HIGH_INTENSITY_SESSIONS", "MEAN_THERAPY_SESSIONS",
    "MEAN_DAYS_BETWEEN_TREATMENTS",
)  # fmt: skip
ALL = (*PATHWAY, *CONTACT, *CASELOAD, *OTHER)


class Counting:
    """Counts by provider, measure and month; only months the provider submitted, as everywhere."""

    def __init__(self, submissions: Submissions) -> None:
        self.slots = set(submissions)
        self.found: Counts = {}

    def start(self, measure: str, is_count: bool) -> None:
        """Nobody is 0, and a month that was submitted has a figure."""
        for provider, month in self.slots:
            self.found[provider, measure, month] = (0, None if is_count else 0)

    def add(self, p: Known, measure: str, day: date | None, numerator: Any, weight: int = 1) -> None:
        """Add one row of the denominator: a truth counts one, a number its value, None is no row of a mean.

        A row with a weight is so many of the denominator.
        """
        if day is None or numerator is None or (p.provider, day.replace(day=1)) not in self.slots:
            return
        key = p.provider, measure, day.replace(day=1)
        so_far = self.found[key]
        number = int(numerator) if isinstance(numerator, (bool, int, Decimal)) else int(bool(numerator))
        self.found[key] = (so_far[0] + number, None if so_far[1] is None else so_far[1] + weight)


def measured(submissions: Submissions) -> Counts:
    """Numerator and denominator of every measure of ALL, by provider, measure and submitted month."""
    everyone = pathways(submissions)
    counts = Counting(submissions)
    for table in (PATHWAY, CONTACT, CASELOAD):
        for name, (*_, whole) in table.items():
            counts.start(name, whole is None)
    for name in OTHER:
        counts.start(name, name in ("IET_LOGS", "THERAPY_SESSIONS"))
    for p in everyone:
        _add_pathway(counts, p)
        counts.add(p, "REPEAT_REFERRALS", p.received, repeated(p, everyone))
        if p.finished:
            days = (p.treatments[-1] - p.treatments[0]).days
            counts.add(p, "MEAN_DAYS_BETWEEN_TREATMENTS", p.discharged, days, len(p.treatments) - 1)
        _add_contacts(counts, p)
        _add_logs_and_sessions(counts, p)
    return counts.found


def values(submissions: Submissions) -> dict[str, dict[tuple[str, date], list[int]]]:
    """The values that a median is of, by measure, provider and submitted month."""
    found: dict[str, dict[tuple[str, date], list[int]]] = {
        name: {slot: [] for slot in submissions} for name in (*VALUES, "MEDIAN_AWAITING_TREATMENT", *AWAITING)
    }

    def add(name: str, p: Known, day: date | None, value: int) -> None:
        if day and (p.provider, day.replace(day=1)) in submissions:
            found[name][p.provider, day.replace(day=1)].append(value)

    for p in pathways(submissions):
        for name, (when, value, denominator) in VALUES.items():
            if when(p) and denominator(p):
                add(name, p, when(p), value(p))
        for day, (days, treated, _, seen) in month_ends(p):
            if treated is None:
                add("MEDIAN_AWAITING_TREATMENT", p, day, days)
            for name in AWAITING:
                if seen < 2 and p.row["Pathway"] == "01":
                    add(name, p, day, days)
    return found


def _add_pathway(counts: Counting, p: Known) -> None:
    for name, (when, numerator, denominator) in PATHWAY.items():
        applies = when(p) is not None and (name not in TALKING or p.row["Pathway"] == "05")
        if applies and (denominator is None or denominator(p)):
            counts.add(p, name, when(p), numerator(p))
    for day, state in month_ends(p):
        for name, (part, whole) in CASELOAD.items():
            if name.startswith("CMH_") and p.row["Pathway"] != "01":
                continue
            if whole is None or whole(state):
                counts.add(p, name, day, bool(part(state)))


def _add_contacts(counts: Counting, p: Known) -> None:
    for c in p.contacts:
        for name, (part, whole) in CONTACT.items():
            if whole is None or whole(p, c):
                counts.add(p, name, c["CareContDate"], bool(part(p, c)))


def _add_logs_and_sessions(counts: Counting, p: Known) -> None:
    for log in p.logs:
        counts.add(p, "IET_LOGS", log["EndDateIntEnabledTherLog"], True)
        counts.add(p, "IET_LOG_TIME", log["EndDateIntEnabledTherLog"], log["DurationIntEnabledTher"] > 0)
    for therapy in sorted({name for _, _, name, _ in p.given}):
        if p.finished:
            sessions = sum(name == therapy for _, _, name, _ in p.given)
            counts.add(p, "MEAN_THERAPY_SESSIONS", p.discharged, sessions)
    for _, day, _, intensity in p.given:
        counts.add(p, "THERAPY_SESSIONS", day, True)
        if intensity in ("low", "high"):
            counts.add(p, "HIGH_INTENSITY_SESSIONS", day, intensity == "high")


def month_ends(p: Known) -> Iterable[tuple[date, Open]]:
    """Every month end at which the pathway is open and still submitted, with what was known by then."""
    for month in MONTHS:
        end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if month not in p.submitted or not min(p.months) <= month <= max(p.months) or end < p.received:
            continue
        if p.discharged and p.discharged <= end:
            continue
        treated = [day for day in p.treatments if day <= end]
        yield end, (
            (end - p.received).days, (end - treated[-1]).days if treated else None,
            p.assessed is not None and p.assessed <= end,
            sum(attended(c) and c["CareContDate"] <= end for c in p.contacts),
        )  # fmt: skip
