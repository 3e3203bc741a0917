"""Who waits and who is in treatment, once more, person by person and in plain Python; and random services for it.

Belongs here: the lines of the flow, read again from staged rows. Does not belong here: courses that cross a merger
(``tests.references.pathways``), anything that looks at core, its SQL or the steps of ``tests.references.steps``.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from schemas.month import last_day, month_of, months_after, months_between
from tests.fixtures.warehouse import Row
from tests.references.steps import Spell, spells

LOW, HIGH, PSYCHOSIS = "748051000000105", "304891004", "718026005"
MONTHS = tuple(months_between(date(2025, 4, 1), date(2025, 9, 1)))

Service = dict[date, dict[str, list[Row]]]
# Pathway, step, whether it is the wait.
Place = tuple[str, str, bool]


def random_service(chance: random.Random, people: int = 12) -> Service:
    """The months that one service submits: some are missing; referrals become known late, or are lost."""
    sent = [month for month in MONTHS if chance.random() < 0.85] or [MONTHS[-1]]
    months: Service = {month: {"IDS001": [], "IDS101": [], "IDS201": [], "IDS202": []} for month in sent}
    for number in range(people):
        _refer(chance, f"r{number}", months)
    return months


def _refer(chance: random.Random, name: str, months: Service) -> None:
    received = date(2025, 2, 10) + timedelta(days=chance.randrange(220))
    discharged = received + timedelta(days=chance.randrange(1, 150)) if chance.random() < 0.7 else None
    pathway = chance.choice(["05", "05", "05", "01", "03"])
    known = [month for month in months if last_day(month) >= received and (not discharged or month <= discharged)]
    if known and chance.random() < 0.3:
        known = known[chance.randrange(len(known)) :]  # late
    if known and chance.random() < 0.2:
        known = known[: chance.randrange(1, len(known) + 1)]  # lost
    days = sorted(received + timedelta(days=chance.randrange(90)) for _ in range(chance.choice([0, 0, 2, 5, 8])))
    for month in known:
        # A month that is sent knows of no discharge after it.
        end = discharged if discharged and discharged <= last_day(month) else None
        tables = months[month]
        tables["IDS001"].append({"LocalPatientId": name})
        tables["IDS101"].append(
            {
                "ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": received,
                "ServDischDate": end, "Pathway": pathway,
            }
        )  # fmt: skip
        for at, day in enumerate(days):
            # What happened before the first month sent is sometimes sent with it.
            since = received if month == min(known) and at % 2 else month
            if since <= day <= (end or last_day(month)) and day <= last_day(month):
                contact = f"{name}-{at}"
                kind, attended = chance.choice(["02", "02", "03", "01"]), chance.choice(["5", "5", "6", "3"])
                tables["IDS201"].append(
                    {
                        "CareContactId": contact, "ServiceRequestId": name, "CareContDate": day, "AppType": kind,
                        "AttendOrDNACode": attended,
                    }
                )  # fmt: skip
                code = chance.choice([LOW, LOW, HIGH, HIGH, PSYCHOSIS, None])
                if code:
                    tables["IDS202"].append(
                        {"CareActId": contact, "CareContactId": contact, "CodeProcAndProcStatus": code}
                    )


def lines(service: Service, until: date = MONTHS[-1]) -> Counter[tuple[date, str, str, str]]:
    """Month, pathway, step and line of ``mart.flow`` → referrals, of all months from the first submitted on."""
    found: Counter[tuple[date, str, str, str]] = Counter()
    for known, own in _referrals(service):
        pathway = str(known[max(known)]["Pathway"])
        for month in months_between(min(service), until):
            for step, line in _in_month(own, known, service, month):
                found[month, pathway, step, line] += 1
    return found


def _referrals(service: Service) -> Iterator[tuple[dict[date, Row], list[Spell]]]:
    """Every referral: its row in each month that has it, and its spells by what was sent last."""
    rows: dict[str, dict[date, Row]] = {}
    for month, tables in service.items():
        for row in tables["IDS101"]:
            rows.setdefault(row["ServiceRequestId"], {})[month] = row
    contacts = [row for tables in service.values() for row in tables["IDS201"]]
    codes = {
        row["CareContactId"]: row["CodeProcAndProcStatus"]
        for tables in service.values()
        for row in tables["IDS202"]
    }
    for name, known in rows.items():
        last = known[max(known)]
        treated = [
            row
            for row in contacts
            if row["ServiceRequestId"] == name
            and row["AppType"] in ("02", "03", "05")
            and row["AttendOrDNACode"] in ("5", "6")
        ]
        days = [row["CareContDate"] for row in treated]
        coded = [(row["CareContDate"], codes.get(row["CareContactId"])) for row in treated]
        sessions = [] if last["Pathway"] != "05" else [(day, code != LOW) for day, code in coded if code]
        own = spells(last["ReferralRequestReceivedDate"], days, sessions, last["ServDischDate"])
        if last["Pathway"] != "05":
            own = [("SMI therapy", *rest) for _, *rest in own]
        yield known, own


def _in_month(
    own: list[Spell], known: Mapping[date, Row], service: Mapping[date, object], month: date
) -> Iterator[tuple[str, str]]:
    """Step and line of what a referral did in a month, and of where it was at its two ends."""
    before = months_after(month, -1)
    was, is_ = _where(own, known, service, before), _where(own, known, service, month)
    if was and was[0] == "submitted":
        yield was[1], f"{was[2]}_at_start"
        if month not in service:
            yield was[1], f"{was[2]}_gap_out"
    if month not in service:
        return
    if is_ and is_[0] == "submitted":
        yield is_[1], f"{is_[2]}_at_end"
    hidden_before = was if was and was[0] != "submitted" else None
    hidden = is_ if is_ and is_[0] != "submitted" else None
    if hidden_before != hidden:
        if hidden_before:
            yield hidden_before[1], f"{hidden_before[2]}_{hidden_before[0]}_in"
        if hidden:
            yield hidden[1], f"{hidden[2]}_{hidden[0]}_out"
    yield from _events(own, month)


def _events(own: list[Spell], month: date) -> Iterator[tuple[str, str]]:
    if month_of(own[0][1]) == month:
        yield own[0][0], "referred"
    for step, _, to_on, how in own:
        if to_on is not None and month_of(to_on) == month:
            ends = {"left": "waiting_left", "started": "waiting_started", "ended": "treatment_ended"}
            yield step, ends.get(str(how), "step_known_out" if how == "step known" else "stepped_out")
    for (_, _, to_on, how), (step, *_) in pairwise(own):
        if to_on is not None and month_of(to_on) == month:
            begins = {"started": "treatment_started", "step known": "step_known_in"}
            yield step, begins.get(str(how), "stepped_in")


def _where(
    own: list[Spell], known: Mapping[date, Row], service: Mapping[date, object], month: date
) -> tuple[str, str, str] | None:
    """At a month end: whether it was submitted, or why not, its step, and waiting or treatment. None: not open."""
    end = last_day(month)
    for number, (step, from_on, to_on, _) in enumerate(own):
        if from_on <= end and (to_on is None or to_on > end):
            cause = (
                "gap" if month not in service
                else "late" if month < min(known)
                else "lost" if month > max(known)
                else "submitted"
            )  # fmt: skip
            return cause, step, "waiting" if number == 0 else "treatment"
    return None
