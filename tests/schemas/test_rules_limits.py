"""Written rules at their limits: the last value that passes, the first that fails, and each part of an «or» alone.

The examples beside a rule show it to a reader; these values are those that a wrong sign, a «less than» for «at most» or
a lost part would judge differently (``python -m tests.mutants rules``).
"""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import pytest

from schemas.rule import Example
from tests.campaign import examples
from tests.fixtures.rule import ASKED, broken

OPEN: Mapping[str, str | None] = {"EndCode": "46", "ServDischDate": "2026-04-30", "IDS201_records": "0"}
AT_WORK = {"EmployStatus": "02", "WeekHoursWorked": "98"}
BENEFITS = ("JSAInd", "ESAInd", "UCInd", "PIPInd", "OtherBenefitInd")
NO_BENEFIT = {"BenefitRecInd": "N"} | dict.fromkeys(BENEFITS, "N")
GROUP = {"CareContPatientTherMode": "3"}
PAUSE = {"PauseStartDate": "2026-04-06", "PauseEndDate": "2026-04-10", "IDS101_ServDischDate": "2026-04-06"}
DIALOG = "1037651000000100"


@pytest.mark.parametrize(
    ("rule_id", "record", "fails"),
    [
        ("IDS000-101", {"DateTimeDatSetCreate": "2026-04-30T00:00:00"}, False),
        ("IDS000-102", {"DateTimeDatSetCreate": "2026-05-21T10:00:00", "received_at": "2026-05-20T10:00:00"}, False),
        ("IDS000-102", {"DateTimeDatSetCreate": "2026-05-21T10:00:01", "received_at": "2026-05-20T10:00:00"}, True),
        ("IDS000-103", {"ReportingPeriodStartDate": "2026-05-20", "received_at": "2026-05-20T00:00:00"}, False),
        ("IDS000-104", {"DateTimeDatSetCreate": "2026-04-30T00:00:00"}, True),
        ("IDS001-103", {"NHSNumber": "9998887771"}, False),  # a digit other than 0 in every place
        ("IDS001-103", {"NHSNumber": "9998887774"}, True),
        ("IDS001-108", {"PersonBirthDate": "2026-04-30"}, False),
        ("IDS001-110", {"PersonBirthDate": "1920-04-30"}, True),
        ("IDS001-110", {"PersonBirthDate": "1920-05-01"}, False),
        ("IDS001-110", {"PersonBirthDate": "1901-05-01", "IDS000_ReportingPeriodEndDate": "2032-04-30"}, True),
        ("IDS001-110", {"PersonBirthDate": "1901-04-30", "IDS000_ReportingPeriodEndDate": "2032-04-30"}, False),  # another rule's: nobody was ever so old
        ("IDS001-111", {"PersDeathDate": "2026-04-19", "PersonBirthDate": "2026-04-19"}, False),
        ("IDS004-105", AT_WORK | {"SelfEmployInd": "Y", "SickAbsenceInd": "8"}, True),
        ("IDS004-105", AT_WORK | {"SelfEmployInd": "8", "SickAbsenceInd": "N"}, True),
        ("IDS004-109", NO_BENEFIT, False),
        *(("IDS004-109", NO_BENEFIT | {one: "Y"}, True) for one in BENEFITS),
        ("IDS101-104", {"IDS001_PersonBirthDate": "2026-04-02"}, False),
        ("IDS101-108", OPEN | {"ServDischDate": "2026-05-06", "IDS000_DateTimeDatSetCreate": "2026-05-06T00:00:00"}, False),
        ("IDS101-109", OPEN | {"ServDischDate": "2026-05-06", "IDS000_DateTimeDatSetCreate": "2026-05-06T00:00:00"}, True),
        ("IDS101-112", OPEN | {"ReferralRequestReceivedDate": "2026-04-01"}, True),
        ("IDS101-115", {"EndCode": "47", "ServDischDate": "2026-04-18", "IDS001_PersDeathDate": "2026-04-18"}, True),
        ("IDS101-115", {"EndCode": "47", "ServDischDate": "2026-04-17", "IDS001_PersDeathDate": "2026-04-18"}, False),
        ("IDS101-128", {"IDS001_PersonBirthDate": "2026-04-02"}, True),
        ("IDS101-129", {"IDS001_PersonBirthDate": "2010-04-02"}, True),
        ("IDS101-129", {"IDS001_PersonBirthDate": "2010-04-03"}, False),
        ("IDS108-106", PAUSE, False),
        ("IDS108-107", PAUSE, True),
        ("IDS108-107", PAUSE | {"IDS101_ServDischDate": "2026-04-10"}, False),
        ("IDS201-107", {"AttendOrDNACode": "0", "CareContDate": "2026-04-14",
                        "IDS000_DateTimeDatSetCreate": "2026-04-15T00:00:00"}, True),
        ("IDS201-107", {"AttendOrDNACode": "0", "CareContDate": "2026-04-14",
                        "IDS000_DateTimeDatSetCreate": "2026-04-14T23:59:59"}, False),
        ("IDS201-116", {"CareContPatientTherMode": "1", "NumGroupTherParticipants": "1", "NumGroupTherFacilitators": "1"}, False),
        ("IDS201-116", {"CareContPatientTherMode": "1", "NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "1"}, True),
        ("IDS201-116", {"CareContPatientTherMode": "1", "NumGroupTherParticipants": "1", "NumGroupTherFacilitators": "2"}, True),
        ("IDS201-117", GROUP | {"NumGroupTherParticipants": "8", "NumGroupTherFacilitators": None}, True),
        ("IDS201-117", GROUP | {"NumGroupTherParticipants": None, "NumGroupTherFacilitators": "2"}, True),
        ("IDS201-118", GROUP | {"NumGroupTherParticipants": "50"}, False),
        ("IDS201-118", GROUP | {"NumGroupTherParticipants": "51"}, True),
        ("IDS201-119", GROUP | {"NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "2"}, False),
        ("IDS601-104", {"DiagDate": "1998-03-14", "IDS001_PersonBirthDate": "1998-03-14"}, False),
        *((rule, {"CodedAssToolType": DIALOG, "PersScore": score}, fails)
          for rule in ("IDS606-104", "IDS607-104") for score, fails in (("8", False), ("9", True), ("7", False))),
        ("SMI203-106", {"PlanStartDate": "2026-04-02", "IDS101_ReferralRequestReceivedDate": "2026-04-02",
                        "IDS101_ServDischDate": "2026-04-02"}, False),
        ("SMI501-108", {"ServiceUseType": "03", "ServiceUseCount": "1"}, True),
        ("SMI501-108", {"ServiceUseType": "03", "ServiceUseCount": "2"}, False),
        ("SMI501-108", {"ServiceUseType": "03", "ServiceUseStartDate": "2026-03-01", "ServiceUseEndDate": "2026-03-01"}, False),
        ("SMI501-109", {"ServiceUseStartDate": "2021-04-30", "ServiceUseEndDate": None}, False),
        ("SMI501-109", {"ServiceUseStartDate": "2026-03-01", "ServiceUseEndDate": None}, False),
        ("SMI501-110", {"ServiceUseStartDate": "1998-03-14", "IDS001_PersonBirthDate": "1998-03-14"}, False),
    ],
)  # fmt: skip
def test_a_value_at_the_limit(rule_id: str, record: Example, fails: bool) -> None:
    assert broken(ASKED[rule_id], [record]) == ([0] if fails else [])


FOLLOW_UP, TREATED = {"AppType": "06"}, {"AppType": "02", "AttendOrDNACode": "5"}


@pytest.mark.parametrize(
    ("rule_id", "records", "failing"),
    [
        ("IDS201-115", [FOLLOW_UP | {"CareContDate": "2026-04-21"}, TREATED | {"CareContDate": "2026-04-21"}], []),
        ("IDS201-115", [FOLLOW_UP | {"CareContDate": "2026-04-14"}, TREATED | {"CareContDate": "2026-04-07"},
                        TREATED | {"CareContDate": "2026-04-28"}], [0]),
        ("IDS201-115", [FOLLOW_UP | {"CareContDate": "2026-04-28"}, TREATED | {"CareContDate": "2026-04-14"},
                        TREATED | {"CareContDate": "2026-04-21"}], []),
        ("IDS202-104", [{"ClinContactDurOfCareAct": "60", "IDS201_ClinContDurOfCareCont": "60"},
                        {"ClinContactDurOfCareAct": "10", "IDS201_ClinContDurOfCareCont": "60"}], [0, 1]),
        ("IDS202-104", [{"ClinContactDurOfCareAct": "70", "IDS201_ClinContDurOfCareCont": "60"},
                        {"ClinContactDurOfCareAct": "10", "IDS201_ClinContDurOfCareCont": "60"}], []),
    ],
)  # fmt: skip
def test_records_that_belong_together_at_the_limit(
    rule_id: str, records: list[Example], failing: list[int]
) -> None:
    assert broken(ASKED[rule_id], records) == failing


# Which diagnosis and which reason for referral belong to which pathway; 05 is everything else.
REASONS = {"01": {"01", "02"}, "02": {"03"}, "03": {"14"}, "04": {"12"}}
DIAGNOSES = {"01": {"F200", "F29X"}, "02": {"F301", "F310"}, "03": {"F600", "F613"}, "04": {"F500"}}
THERAPIES = {
    "CBP": "01", "FIP": "01", "FPB": "01 02", "GCB": "02", "CBB": "02", "FIB": "02", "IPR": "02", "CBD": "03",
    "MBT": "03", "SCH": "03", "TFP": "03", "CBE": "04", "GCE": "04", "MAN": "04", "SSC": "04", "EFP": "04",
}  # fmt: skip


@pytest.mark.parametrize("pathway", ["01", "02", "03", "04", "05"])
@pytest.mark.parametrize(
    ("rule_id", "element", "own", "other"),
    [("IDS101-124", "PrimReasonReferralMH", REASONS, "11"), ("IDS603-109", "PresComp", DIAGNOSES, "F411")],
)
def test_a_reason_and_a_diagnosis_belong_to_a_pathway(
    rule_id: str, element: str, own: Mapping[str, set[str]], other: str, pathway: str
) -> None:
    values = sorted({other}.union(*own.values()))
    name = "Pathway" if rule_id.startswith("IDS101") else "IDS101_Pathway"
    fail = [value not in own[pathway] if pathway in own else value != other for value in values]
    found = broken(ASKED[rule_id], [{name: pathway, element: value} for value in values])
    assert found == [place for place, fails in enumerate(fail) if fails]


@pytest.mark.parametrize("therapy", THERAPIES)
def test_a_therapy_belongs_to_pathways(therapy: str) -> None:
    pathways = ["01", "02", "03", "04"]
    found = broken(ASKED["SMI203-107"], [{"TherapyType": therapy, "IDS101_Pathway": each} for each in pathways])
    assert [pathways[place] for place in found] == [
        each for each in pathways if each not in THERAPIES[therapy].split()
    ]


@pytest.mark.parametrize(
    ("rule_id", "start", "end", "same", "may_touch"),
    [
        ("IDS108-108", "PauseStartDate", "PauseEndDate", {}, False),
        ("IDS205-108", "StartDateIntEnabledTherLog", "EndDateIntEnabledTherLog", {}, True),
        ("IDS803-105", "StartDateCareClust", "EndDateCareClust", {}, True),
        ("SMI501-106", "ServiceUseStartDate", "ServiceUseEndDate", {"ServiceUseType": "01"}, True),
    ],
)
def test_periods_that_overlap_are_those_of_a_plain_reading(
    rule_id: str, start: str, end: str, same: Mapping[str, str], may_touch: bool
) -> None:
    """Each period is compared with the one before and the one after; one without an end goes on for ever.

    Some end before they start: that has a rule of its own, and two that start alike are still two.
    """
    draw = random.Random(rule_id)
    for _ in range(examples(60)):
        periods = []
        for _ in range(draw.randint(2, 4)):
            first = date(2026, 4, 1) + timedelta(days=draw.randrange(6))
            last = None if draw.random() < 0.25 else first + timedelta(days=draw.randrange(-1, 4))
            periods.append((first, last))
        if len(set(periods)) < len(periods):
            continue  # which of two equal ones comes first is not said
        records = [same | {start: str(first), end: None if last is None else str(last)} for first, last in periods]
        # In the order of start, then of end; one without an end comes last.
        order = sorted(range(len(periods)), key=lambda n: (periods[n][0], str(periods[n][1] or "9")))
        failing = set()
        for one, other in pairwise(order):
            (first, last), (following, _) = periods[one], periods[other]
            if first == following or last is None or following < last or (following == last and not may_touch):
                failing |= {one, other}
        assert broken(ASKED[rule_id], records) == sorted(failing), records
