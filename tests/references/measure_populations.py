"""Random little populations of several providers and months, as staged rows: input of the oracle and the warehouse.

Belongs here: chance, and the edges it should reach. Does not belong here: what anything means (``measure_reference``).
"""

import random
from collections.abc import Callable
from datetime import date, timedelta

from tests.fixtures.warehouse import GAD7, PHQ9, Row

MONTHS = (date(2025, 4, 1), date(2025, 5, 1), date(2025, 6, 1))
PROVIDERS = ("RXX", "RYY", "RZZ")
CBT, GUIDED_BOOK, SUPPORT = "304891004", "748051000000105", "1098051000000103"
COUNSELLING = "286711000000107"
REFUSED = ":408730004=443390004"

Submissions = dict[tuple[str, date], dict[str, list[Row]]]


def random_submissions(chance: random.Random, referrals: int = 25) -> Submissions:
    """Several providers, some months left out; referrals come back every month until they end."""
    slots = [(p, m) for p in PROVIDERS for m in MONTHS if chance.random() < 0.85] or [("RXX", MONTHS[0])]
    found: Submissions = {slot: {} for slot in slots}

    for provider in PROVIDERS:

        def put(month: date, table: str, row: Row, provider: str = provider) -> None:
            if (provider, month) in found:
                found[provider, month].setdefault(table, []).append(row)

        for number in range(referrals):
            name, person = f"r{number}", f"p{chance.randrange(referrals * 2 // 3)}"
            start = MONTHS[0] + timedelta(days=chance.randrange(85))
            end = start + timedelta(days=chance.randrange(60)) if chance.random() < 0.7 else None
            pathway = chance.choice(["05", "05", "05", "01"])
            mine = [m for m in MONTHS if start.replace(day=1) <= m <= (end.replace(day=1) if end else MONTHS[-1])]
            for month in mine:
                everyone = found.get((provider, month), {}).get("IDS001", [])
                if person not in {row["LocalPatientId"] for row in everyone}:
                    put(month, "IDS001", _person(random.Random(f"{provider}{person}"), person))
                put(month, "IDS101", _referral(chance, start, end, month) | {
                    "ServiceRequestId": name, "LocalPatientId": person, "Pathway": pathway,
                })  # fmt: skip
                _circumstances(chance, put, name, person, start, month)
                if chance.random() < 0.35:
                    _logs(chance, put, name, month)
            if chance.random() < 0.7:
                complaint = chance.choice(["F401", "F400", "F412"])
                put(mine[0], "IDS603", {"ServiceRequestId": name, "PresComp": complaint, "PresCompCodSig": "1"})
            _happenings(chance, put, name, start, end)
            if chance.random() < 0.5:
                _stepped(chance, put, name, start)
    return found


def _person(chance: random.Random, person: str) -> Row:
    return {
        "LocalPatientId": person, "EthnicCategory": chance.choice(["A", "L", "M", "Z", "99", None]),
        "LanguageCodePreferred": chance.choice(["en", "fr", None]), "Gender": chance.choice("129X"),
    }  # fmt: skip


def _referral(chance: random.Random, start: date, end: date | None, month: date) -> Row:
    return {
        "ReferralRequestReceivedDate": start,
        "ServDischDate": end if end and end.replace(day=1) == month else None,
        "SourceOfReferralIAPT": chance.choice(["A1", "B1", None]),
        "OrgIDComm": chance.choice(["01A", "02B"]),
        "age_at_referral": chance.choice([17, 18, 25, 26, 64, 65, None]),
        "EndCode": chance.choice(["46", "95", "77", None]) if end else None,
    }


def _circumstances(
    chance: random.Random, put: Callable[[date, str, Row], None], name: str, person: str, start: date, month: date
) -> None:
    """Conditions and employment records of a referral in one month."""
    if chance.random() < 0.3:
        condition = chance.choice(["E11.9", "J45"])
        put(month, "IDS602", {"ServiceRequestId": name, "FindSchemeInUse": "01", "LongTermCondition": condition})
    if chance.random() < 0.8:
        recorded = chance.choice([start, month + timedelta(days=chance.randrange(28)), None])
        put(month, "IDS004", {
            "LocalPatientId": person, "EmployStatus": chance.choice(["01", "02", "03", "08", "ZZ"]),
            "EmployStatusRecDate": recorded, "SickAbsenceInd": chance.choice(["Y", "N", None]),
            "SSPInd": chance.choice(["Y", "N", "U"]),
        })  # fmt: skip


def _logs(chance: random.Random, put: Callable[[date, str, Row], None], name: str, month: date) -> None:
    """Internet logs of a referral in one month."""
    begun = month + timedelta(days=7 * chance.randrange(4))
    for _ in range(chance.choice([1, 1, 2])):  # a log of the same period replaces the one before
        put(month, "IDS205", {
            "ServiceRequestId": name, "IntEnabledTherProg": chance.choice(["SilverCloud", "iCT"]),
            "StartDateIntEnabledTherLog": begun, "EndDateIntEnabledTherLog": begun + timedelta(days=6),
            "DurationIntEnabledTher": chance.choice([0, 0, 15]),
        })  # fmt: skip


def _stepped(chance: random.Random, put: Callable[[date, str, Row], None], name: str, start: date) -> None:
    """An assessment on the first day, then some sessions of one intensity and some of the other, a few on one day."""
    plan = [None, *chance.choice([[GUIDED_BOOK, CBT], [CBT, GUIDED_BOOK]])]
    sessions = [each for each in plan for _ in range(1 if each is None else chance.randrange(4))]
    day = start
    for number, therapy in enumerate(sessions):
        put(day.replace(day=1), "IDS201", {
            "CareContactId": f"{name}-s{number}", "ServiceRequestId": name, "CareContDate": day,
            "AppType": "02" if therapy else "01", "AttendOrDNACode": "5", "PlannedCareContIndicator": "Y",
            "ConsMechanism": None, "IAPTLTCServiceInd": "N", "LanguageCodeTreat": None, "IntEnabledTherProg": None,
        })  # fmt: skip
        put(day.replace(day=1), "IDS202", {
            "CareActId": f"{name}-s{number}-a", "CareContactId": f"{name}-s{number}", "CodeProcAndProcStatus": therapy,
        })  # fmt: skip
        day += timedelta(days=chance.choice([0, 3, 7, 40]))


def _happenings(
    chance: random.Random, put: Callable[[date, str, Row], None], name: str, start: date, end: date | None
) -> None:
    """Contacts, their activities and scores of a referral, up to a little after its end."""
    for number in range(chance.randrange(7)):
        day = min(start + timedelta(days=chance.randrange(-2, 55)), (end or MONTHS[-1]) + timedelta(days=3))
        contact = {
            "CareContactId": f"{name}-c{number}", "ServiceRequestId": name, "CareContDate": day,
            "AppType": chance.choice(["01", "02", "02", "02", "03", "05", "06"]),
            "AttendOrDNACode": chance.choice(["5", "5", "5", "6", "3", "2", "4", "7", None]),
            "PlannedCareContIndicator": chance.choice(["Y", "N", None]),
            "ConsMechanism": chance.choice(["01", "02", "11", None]), "IAPTLTCServiceInd": chance.choice("YN"),
            "LanguageCodeTreat": chance.choice(["en", "fr", None]),
            "IntEnabledTherProg": chance.choice([None, None, "SilverCloud"]),
        }  # fmt: skip
        month = day.replace(day=1)
        put(month, "IDS201", contact)
        if chance.random() < 0.2:  # submitted again, changed
            following = (month + timedelta(days=31)).replace(day=1)
            put(following, "IDS201", contact | {"AttendOrDNACode": "5", "AppType": "02"})
        for act in range(chance.randrange(3)):
            put(month, "IDS202", {
                "CareActId": f"{name}-c{number}-a{act}", "CareContactId": f"{name}-c{number}",
                "CodeProcAndProcStatus": chance.choice([
                    CBT, CBT, GUIDED_BOOK, GUIDED_BOOK, SUPPORT, COUNSELLING, CBT + REFUSED, "999999999", None,
                ]),
            })  # fmt: skip
        if chance.random() < 0.7:
            for tool in (PHQ9, GAD7, "SPIN"):
                put(month, "IDS606", {
                    "ServiceRequestId": name, "CodedAssToolType": tool, "AssToolCompDate": day,
                    "PersScore": chance.choice(["x", "28"]) if chance.random() < 0.1 else str(chance.randrange(22)),
                })  # fmt: skip
