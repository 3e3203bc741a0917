"""Therapy for severe mental illness: what was given, in which dose, how it ended, what else was used, what changed."""

import random
from dataclasses import replace
from datetime import date, timedelta
from math import exp, factorial
from pathlib import Path
from statistics import stdev

import duckdb
import pytest

from schemas.instruments import instruments
from tests.campaign import seeds
from tests.fixtures.warehouse import (
    APRIL,
    FEW,
    PHQ9,
    REQOL10,
    Case,
    Row,
    ask,
    build,
    each_alone,
    one,
    tables_of,
    write_submission,
)
from tests.references.pathways import Watched, person_time
from warehouse.build import StagedSubmission
from warehouse.comparison.effect import create_effect_macros
from warehouse.measures.catalogue import catalogue

CBTP, FAMILY, DBT, REFUSED = "718026005", "985451000000105", "405780009", ":408730004=443390004"
SELF_HARM, CRISIS, SPELL = "05", "02", "01"


def month(year: int, number: int) -> date:
    return date(year, number, 1)


def referral(**values: object) -> Row:
    return {
        "ServiceRequestId": "r", "LocalPatientId": "p", "ReferralRequestReceivedDate": APRIL, "Pathway": "01",
    } | values  # fmt: skip


def contacts(number: int, attendance: str = "5") -> list[Row]:
    return [
        {
            "CareContactId": f"c{i}",
            "ServiceRequestId": "r",
            "CareContDate": APRIL + timedelta(days=i),
            "AppType": "02",
            "AttendOrDNACode": attendance,
        }
        for i in range(1, number + 1)
    ]


def activities(procedure: str, first: int, last: int, prefix: str = "a") -> list[Row]:
    return [
        {"CareActId": f"{prefix}{i}", "CareContactId": f"c{i}", "CodeProcAndProcStatus": procedure}
        for i in range(first, last + 1)
    ]


COURSE = "therapy_type, sessions, planned_sessions, minimum_sessions, is_recommended, is_minimum_reached, is_plan_reached"


def test_sessions_of_a_therapy_are_contacts_not_activities(tmp_path: Path) -> None:
    tables = {
        "IDS101": [referral()],
        "IDS201": contacts(17),
        # Two activities in every contact; the last was refused.
        "IDS202": activities(CBTP, 1, 16) + activities(CBTP, 1, 16, "b") + activities(CBTP + REFUSED, 17, 17),
    }
    assert one(tmp_path, tables, COURSE, "core.therapy_course") == [("CBP", 16, None, 16, True, True, None)]


def test_dose_is_judged_against_nice_and_against_the_plan(tmp_path: Path) -> None:
    """Pathway, therapy and sessions given; then the therapy's course, of which the third is what was planned."""
    expected = [
        ("01", CBTP, 15, ("CBP", 15, 16, 16, True, False, False)),  # one short of NICE's dose
        ("01", FAMILY, 10, ("FIP", 10, 12, 10, True, True, False)),  # NICE's dose, not the plan
        ("03", DBT, 3, ("DBT", 3, None, None, True, None, None)),  # recommended without a number
        ("02", DBT, 3, ("DBT", 3, 3, None, False, None, True)),  # not for this pathway
        ("01", CBTP, 0, ("CBP", 0, 16, 16, True, False, False)),  # planned, never begun
    ]
    cases: list[dict[str, str | list[Row]]] = [
        {
            "IDS101": [referral(Pathway=pathway)],
            "IDS201": contacts(given),
            "IDS202": activities(procedure, 1, given),
            "SMI203": [{"ServiceRequestId": "r", "TherapyType": course[0], "PlannedSessions": course[2]}]
            if course[2]
            else [],
        }
        for pathway, procedure, given, course in expected
    ]
    found = each_alone(tmp_path, cases, COURSE, "core.therapy_course")
    assert found == [[course] for *_, course in expected]


def test_a_missed_contact_is_no_session_and_without_therapy_nothing_is_said_of_it(tmp_path: Path) -> None:
    tables = {"IDS101": [referral()], "IDS201": contacts(3, "3"), "IDS202": activities(CBTP, 1, 3)}
    columns = "therapies, has_recommended_therapy, is_dose_reached, is_plan_reached"
    assert one(tmp_path, tables, columns, "core.pathway_care") == [(0, None, None, None)]


def test_several_therapies_of_one_pathway(tmp_path: Path) -> None:
    tables = {
        "IDS101": [referral()],
        "IDS201": contacts(14),
        "IDS202": activities(FAMILY, 1, 10) + activities(CBTP, 11, 12) + activities("1098051000000103", 13, 14),
        "SMI203": [
            {"ServiceRequestId": "r", "TherapyType": "FIP", "PlannedSessions": 10},
            {"ServiceRequestId": "r", "TherapyType": "CBP", "PlannedSessions": 2},
        ],
    }
    # Employment support is no therapy. The dose of one of them is reached; of all, the plan is.
    columns = "therapies, has_recommended_therapy, is_dose_reached, planned_sessions, is_plan_reached"
    assert one(tmp_path, tables, columns, "core.pathway_care") == [(2, True, True, 12, True)]


def test_how_a_pathway_ended(tmp_path: Path) -> None:
    endings = {
        ("47", True): "dropped out", ("43", True): "dropped out", ("48", True): "ended by the service",
        ("46", True): "completed", ("16", True): "dropped out of assessment", ("49", True): "died",
        ("96", True): "not known", (None, True): "not known", (None, False): "open",
    }  # fmt: skip
    cases: list[dict[str, str | list[Row]]] = [
        {"IDS101": [referral(EndCode=code, ServDischDate=date(2025, 4, 30) if discharged else None)]}
        for code, discharged in endings
    ]
    found = each_alone(tmp_path, cases, "ending", "core.pathway_care")
    assert dict(zip(endings, found, strict=True)) == {case: [(ending,)] for case, ending in endings.items()}


def test_waits_to_assessment_and_from_there_to_therapy(tmp_path: Path) -> None:
    """Days of assessment and treatment; then the waits."""
    waits: dict[tuple[str | None, str | None], tuple[int | None, int | None]] = {
        ("2025-04-11", "2025-04-21"): (10, 10),
        ("2025-04-11", None): (10, None),
        (None, "2025-04-21"): (None, None),
        ("2025-04-21", "2025-04-11"): (20, None),  # assessed after treatment began: no wait between the two
    }
    cases: list[dict[str, str | list[Row]]] = [
        {
            "IDS101": [referral()],
            "IDS201": [
                {
                    "CareContactId": kind,
                    "ServiceRequestId": "r",
                    "CareContDate": day,
                    "AppType": kind,
                    "AttendOrDNACode": "5",
                }
                for kind, day in (("01", assessed), ("02", treated))
                if day
            ],
        }
        for assessed, treated in waits
    ]
    columns = "wait_to_assessment_days, wait_assessment_to_treatment_days"
    found = each_alone(tmp_path, cases, columns, "core.pathway_care")
    assert dict(zip(waits, found, strict=True)) == {days: [wait] for days, wait in waits.items()}


def test_other_problems_at_the_start(tmp_path: Path) -> None:
    cases = [
        Case("both", [(PHQ9, "10", "3"), ("445455005", "7", "7"), ("IESR", "40", "40")], pathway="01"),
        Case("pcl first", [("491581000000104", "20", "20"), ("IESR", "40", "40")], pathway="02"),
        Case("nothing", [], pathway="03"),
        Case("the problem itself", [(PHQ9, "20", "3")], pathway="05"),
    ]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], marts=False)
    found = ask(
        draft,
        """SELECT service_request_id, has_depression_first, has_anxiety_first, has_trauma_first
           FROM core.pathway_care ORDER BY service_request_id""",
    )
    assert found == [
        ("both", True, False, True),
        ("nothing", None, None, None),
        ("pcl first", None, None, False),
        ("the problem itself", None, None, None),
    ]


# ---- service use before, during and after therapy ------------------------------------------------------------

FIRST, LAST = date(2025, 6, 10), date(2025, 8, 20)


def service_use_tables(uses: list[Row], discharged: date | None = date(2026, 3, 20)) -> dict[str, list[Row]]:
    return {
        "IDS001": [{"LocalPatientId": "p"}],
        "IDS101": [referral(ReferralRequestReceivedDate=date(2025, 5, 5), ServDischDate=discharged)],
        "IDS201": [
            {"CareContactId": f"c{i}", "ServiceRequestId": "r", "CareContDate": day, "AppType": "02",
             "AttendOrDNACode": "5"}
            for i, day in enumerate((FIRST, LAST))
        ],
        "SMI501": [
            {"ServiceUseId": f"u{i}", "LocalPatientId": "p", "ServiceUseCount": None} | use
            for i, use in enumerate(uses)
        ],
    }  # fmt: skip


def use(kind: str, start: str, end: str | None = None, count: int | None = None) -> Row:
    return {
        "ServiceUseType": kind, "ServiceUseStartDate": start, "ServiceUseEndDate": end, "ServiceUseCount": count,
    }  # fmt: skip


def built(tmp: Path, uses: list[Row], months: list[date], discharged: date | None = date(2026, 3, 20)) -> Path:
    """The pathway in every month given; its service use in the last of them."""
    return build(tmp, sent(tmp, "RXX", uses, months, discharged), marts=False)


def sent(
    tmp: Path, provider: str, uses: list[Row], months: list[date], discharged: date | None = date(2026, 3, 20)
) -> list[StagedSubmission]:
    """The submissions of a provider with that pathway."""
    tables = service_use_tables(uses, discharged)
    early = {name: rows for name, rows in tables.items() if name != "SMI501"}
    return [write_submission(tmp, provider, each, early if each != months[-1] else tables) for each in months]


WHOLE = [month(2025 + (3 + i) // 12, (3 + i) % 12 + 1) for i in range(12)]  # April 2025 to March 2026
PEOPLE = (
    "admissions_before, bed_days_before, bed_days_during, bed_days_after, crisis_contacts_before, self_harm_during"
)


def test_counts_of_the_three_windows(tmp_path: Path) -> None:
    uses = [
        use(SPELL, "2024-12-01", "2024-12-15"),  # from the first day of the window, 12 December, on: 4 days
        use(SPELL, "2025-06-08", "2025-06-11"),  # 8 to 11 June: two days before, two during, admitted before
        use(SPELL, "2025-08-19", None),  # still in hospital: to the end of March
        use(CRISIS, "2025-06-09"),  # the day before therapy
        use(CRISIS, "2025-06-10"),  # its first day
        use(CRISIS, "2024-12-11"),  # the day before the window
        use(SELF_HARM, "2025-07-01", count=3),
    ]
    draft = built(tmp_path, uses, WHOLE)
    found = ask(
        draft, f"SELECT {PEOPLE}, is_before_observed, is_during_observed, is_after_observed FROM core.pathway_care"
    )
    assert found == [(1, 4 + 2, 2 + 2, 180, 1, 3, True, True, True)]
    assert ask(draft, "SELECT window_name, from_on, to_on FROM core.service_use_window ORDER BY from_on") == [
        ("before", date(2024, 12, 12), date(2025, 6, 9)),
        ("during", FIRST, LAST),
        ("after", date(2025, 8, 21), date(2026, 2, 16)),
    ]


def test_overlapping_spells_are_one_stay(tmp_path: Path) -> None:
    uses = [
        use(SPELL, "2025-03-01", "2025-03-10"),
        use(SPELL, "2025-03-02", "2025-03-04"),  # inside the first
        use(SPELL, "2025-03-10", "2025-03-12"),  # a transfer: same day
        use(SPELL, "2025-03-13", "2025-03-13"),  # the next day is another admission, of one day
    ]
    found = ask(built(tmp_path, uses, WHOLE), "SELECT admissions_before, bed_days_before FROM core.pathway_care")
    assert found == [(2, 13)]


def test_a_window_without_data_is_unknown_and_not_zero(tmp_path: Path) -> None:
    months: dict[str, tuple[list[date], date | None]] = {
        "GAP": ([each for each in WHOLE if each != month(2025, 7)], date(2026, 3, 20)),
        "LATE": (WHOLE[2:], date(2026, 3, 20)),
        "OPEN": (WHOLE, None),
        "SHORT": (WHOLE[:6], date(2026, 3, 20)),
    }
    won = [
        submission
        for provider, (those, discharged) in months.items()
        for submission in sent(tmp_path, provider, [use(CRISIS, "2025-06-01")], those, discharged)
    ]
    columns = "provider, is_before_observed, is_during_observed, is_after_observed, crisis_contacts_before"
    found = ask(build(tmp_path, won, marts=False), f"SELECT {columns} FROM core.pathway_care ORDER BY ALL")
    assert found == [
        ("GAP", False, False, False, None),  # the run before it sent no service use
        ("LATE", False, False, False, None),  # referred before the data begin
        ("OPEN", True, False, False, 1),  # therapy goes on
        ("SHORT", True, True, False, 1),  # 180 days after are not over
    ]


def test_a_service_that_never_sends_service_use_is_not_a_service_without_service_use(tmp_path: Path) -> None:
    draft = built(tmp_path, [], WHOLE)
    assert ask(draft, "SELECT is_before_observed, bed_days_before FROM core.pathway_care") == [(False, None)]


def test_after_is_observed_only_while_the_person_is_reported(tmp_path: Path) -> None:
    tables = service_use_tables([use(CRISIS, "2025-06-01")], discharged=date(2025, 8, 31))
    nobody = {"IDS001": [{"LocalPatientId": "another"}]}
    won = [write_submission(tmp_path, "RXX", each, tables if each < month(2025, 9) else nobody) for each in WHOLE]
    found = ask(
        build(tmp_path, won, marts=False), "SELECT is_during_observed, is_after_observed FROM core.pathway_care"
    )
    assert found == [(True, False)]


def test_bed_days_and_admissions_agree_with_counting_days_one_by_one(tmp_path: Path) -> None:
    won, expected = [], {}
    for seed in seeds(4):
        dice = random.Random(seed)
        uses, lain = [], set()
        for _ in range(dice.randrange(1, 8)):
            start = date(2024, 11, 1) + timedelta(days=dice.randrange(480))
            end = None if dice.random() < 0.1 else start + timedelta(days=dice.randrange(40))
            uses.append(use(SPELL, str(start), None if end is None else str(end)))
            until = end or date(2026, 3, 31)
            lain |= {start + timedelta(days=i) for i in range((until - start).days + 1)}
        won += sent(tmp_path, f"R{seed:03}", uses, WHOLE)
        expected |= {(f"R{seed:03}", name): counts for name, counts in counted_by_day(uses, lain).items()}
    draft = build(tmp_path, won, marts=False)
    found = ask(draft, "SELECT provider, window_name, admissions, bed_days FROM core.service_use_window")
    assert {(provider, name): tuple(counts) for provider, name, *counts in found} == expected


def counted_by_day(uses: list[Row], lain: set[date]) -> dict[str, tuple[int, int]]:
    """Admissions and bed days of each window."""
    windows = {
        "before": (FIRST - timedelta(days=180), FIRST - timedelta(days=1)),
        "during": (FIRST, LAST),
        "after": (LAST + timedelta(days=1), LAST + timedelta(days=180)),
    }
    starts = {day for day in lain if day - timedelta(days=1) not in lain}
    # Two stays may touch: a day after a day is another admission, unless a spell bridges them.
    spells = [(date.fromisoformat(str(u["ServiceUseStartDate"])), u["ServiceUseEndDate"]) for u in uses]
    for day, _ in spells:
        if not any(a < day <= (date.fromisoformat(str(b)) if b else date(2026, 3, 31)) for a, b in spells):
            starts.add(day)
    return {
        name: (sum(low <= day <= high for day in starts), sum(low <= day <= high for day in lain))
        for name, (low, high) in windows.items()
    }


# ---- staff -------------------------------------------------------------------------------------------------


def test_staff_are_trained_when_a_qualification_is_awarded(tmp_path: Path) -> None:
    header = "CarePersLocalId | QualAttainLevelIAPT | QualAwardedDate | QualPlannedCompletionDate\n"
    staff = "CarePersLocalId | StaffGroup | Band\n a | 03 | 07 \n d | 02 |"
    months = [
        write_submission(tmp_path, "RXX", APRIL, {"SMI901": staff, "IDS902": header + "a | 11 | | 2025-05-31 \n b | 10 | 2020-01-01 |"}),
        write_submission(tmp_path, "RXX", month(2025, 5), {"IDS902": header + "a | 11 | 2025-05-20 | \n a | 17 | | 2026-01-01"}),
    ]  # fmt: skip
    found = ask(
        build(tmp_path, months, marts=False),
        "SELECT staff_id, staff_group, qualifications, trainings, qualified_on FROM core.staff ORDER BY staff_id",
    )
    assert found == [
        ("a", "03", 1, 1, date(2025, 5, 20)),  # awarded since: not in training for it any more
        ("b", None, 1, 0, date(2020, 1, 1)),  # not in the staff table
        ("d", "02", 0, 0, None),
    ]


def with_staff(tables: dict[str, list[Row]], *staff: tuple[str, date | None, date | None, date | None]) -> None:
    """Add a row of SMI902 for CBT for psychosis: member of staff, trained on, supervised from and to."""
    tables["SMI902"] = [
        {"CarePersLocalId": who, "TherapyType": "CBP", "TherapyTrainingDate": trained,
         "SupervisionStartDate": start, "SupervisionEndDate": end} for who, trained, start, end in staff
    ]  # fmt: skip


# The session is on 5 April.
def test_a_session_is_judged_by_training_and_supervision_on_its_day(tmp_path: Path) -> None:
    """Day of training, supervised from and to; then whether trained and supervised on the day."""
    judged: dict[tuple[date | None, date | None, date | None], tuple[bool, bool]] = {
        (date(2025, 4, 5), date(2025, 4, 5), date(2025, 4, 5)): (True, True),  # all on the day itself
        (date(2025, 4, 6), date(2025, 4, 6), None): (False, False),  # from the day after
        (date(2020, 1, 1), date(2020, 1, 1), date(2025, 4, 4)): (True, False),  # supervised until the day before
        (None, date(2025, 1, 1), None): (False, True),  # in training, under supervision
        (date(2020, 1, 1), None, None): (True, False),  # no supervision
        (date(2020, 1, 1), None, date(2025, 4, 30)): (True, False),  # an end without a start
        (None, None, None): (False, False),
    }
    cases: list[dict[str, str | list[Row]]] = []
    for days in judged:
        tables: dict[str, list[Row]] = {
            "IDS101": [referral()],
            "IDS201": contacts(4),
            "IDS202": [row | {"CarePersLocalId": "s"} for row in activities(CBTP, 4, 4)],
        }
        with_staff(tables, ("s", *days))
        cases.append({**tables})
    columns = "is_staff_therapy_known, is_staff_trained, is_staff_supervised"
    found = each_alone(tmp_path, cases, columns, "core.activity")
    assert dict(zip(judged, found, strict=True)) == {days: [(True, *told)] for days, told in judged.items()}


def test_training_in_another_therapy_or_of_another_month_is_none(tmp_path: Path) -> None:
    """A month says who was trained and supervised then. What it does not say is not known."""
    both = (date(2020, 1, 1), date(2020, 1, 1), None)
    tables: dict[str, list[Row]] = {
        "IDS001": [{"LocalPatientId": "p"}],
        "IDS101": [referral()],
        "IDS201": contacts(4),
        "IDS202": [
            *(row | {"CarePersLocalId": "of another therapy"} for row in activities(CBTP, 1, 1)),
            *(row | {"CarePersLocalId": "of May"} for row in activities(CBTP, 2, 2)),
            *activities(CBTP, 3, 3),  # by nobody who is named
            *(row | {"CarePersLocalId": "twice"} for row in activities(CBTP, 4, 4)),
        ],
    }
    with_staff(tables, ("of another therapy", *both), ("twice", None, None, None), ("twice", *both))
    tables["SMI902"][0]["TherapyType"] = "DBT"
    may: dict[str, list[Row]] = {}
    with_staff(may, ("of May", *both))
    won = [
        write_submission(tmp_path, "RXX", APRIL, tables),
        write_submission(tmp_path, "RXX", month(2025, 5), may),
    ]
    draft = build(tmp_path, won, marts=False)
    found = ask(
        draft,
        """SELECT staff_id, is_staff_therapy_known, is_staff_trained, is_staff_supervised FROM core.activity
           ORDER BY contact_on""",
    )
    assert found == [
        ("of another therapy", True, False, False),
        ("of May", False, False, False),
        (None, False, False, False),
        ("twice", True, True, True),
    ]
    assert ask(draft, "SELECT sum(submitted_records), count(*) FROM core.staff_therapy") == [(4, 3)]


# ---- change by instrument ----------------------------------------------------------------------------------

GBO = "1638531000000102"


def test_paired_outcomes_of_community_services(tmp_path: Path) -> None:
    """Instrument, first and last score; then the change."""
    expected = [
        (GBO, "4", "7", "improved"), (GBO, "4", "6", "no change"), (GBO, "7", "4", "deteriorated"),
        (REQOL10, "24", "29", "improved"), (REQOL10, "24", "28", "no change"), (REQOL10, "24", None, "unpaired"),
        ("1037721000000104", "4", "5", "improved"), ("1037721000000104", "4", "8", "unpaired"),
    ]  # fmt: skip
    cases = [{**tables_of([Case("a", [(tool, first, last)], pathway="01")])} for tool, first, last, _ in expected]
    found = each_alone(tmp_path, cases, "reliable_change", "core.outcome")
    assert [(*case[:3], *row) for case, (row,) in zip(expected, found, strict=True)] == expected


@pytest.mark.parametrize("seed", seeds(1))
def test_who_measures_more_looks_neither_better_nor_worse(tmp_path: Path, seed: int) -> None:
    """RBB has the people of RAA and asks them all of DIALOG as well: items that only fluctuate, threshold one point.

    Every figure but those of the added items is equal. With «deteriorated on any measure» 30 % of RAA and nearly
    everybody of RBB would have deteriorated.
    """
    chance = random.Random(seed)
    items = [each.snomed for each in instruments() if each.instrument.startswith("DIALOG_")]
    cases = [
        Case(str(n), [(REQOL10, str(chance.randrange(41)), str(chance.randrange(41)) if chance.random() < 0.9 else None),
                      (PHQ9, str(chance.randrange(28)), str(chance.randrange(28)))], pathway="01")
        for n in range(40)
    ]  # fmt: skip
    more = [
        replace(case, scores=[*case.scores, *((item, str(chance.randint(3, 5)), str(chance.randint(3, 5))) for item in items)])
        for case in cases
    ]  # fmt: skip
    won = [
        write_submission(tmp_path, provider, APRIL, tables_of(own))
        for provider, own in (("RAA", cases), ("RBB", more))
    ]
    wanted = [
        m.id for m in catalogue()
        if m.id.startswith(("SMI_IMPROVEMENT", "SMI_DETERIORATION", "REQOL_", "REFERRED_SMI"))
    ]  # fmt: skip
    draft = build(tmp_path, won, measures=[*wanted, *FEW])
    figure = """SELECT measure, pathway, numerator, denominator FROM mart.service_measure
                WHERE level = 'provider' AND organisation = ? AND period_type = 'month' ORDER BY ALL"""
    outcome = """SELECT service_request_id, instrument, reliable_change FROM core.outcome
                 WHERE provider = ? AND instrument NOT LIKE 'DIALOG_%' ORDER BY ALL"""
    for query in (figure, outcome):
        assert ask(draft, query, ["RBB"]) == ask(draft, query, ["RAA"])
    found = dict(ask(draft, "SELECT DISTINCT measure, numerator FROM mart.national WHERE measure LIKE 'SMI_%N'"))
    assert 0 < found["SMI_DETERIORATION"] < 40  # both kinds are there
    worse = "SELECT count(DISTINCT service_request_id) FROM core.outcome WHERE reliable_change = 'deteriorated' AND provider = ?"
    assert ask(draft, worse, ["RBB"]) > ask(draft, worse, ["RAA"])


def test_improvement_is_that_of_the_main_measure_of_the_pathway(tmp_path: Path) -> None:
    """Scores; then the change, and how many improved, deteriorated and were judged. A service for each."""
    expected: list[tuple[list[tuple[str, str | None, str | None]], str, tuple[int, int, int]]] = [
        ([(REQOL10, "20", "25"), ("1037721000000104", "5", "4")], "improved", (1, 0, 1)),  # one item of DIALOG fell
        ([(REQOL10, "25", "20"), ("WEMWBS", "30", "50")], "deteriorated", (0, 1, 1)),
        ([(REQOL10, "20", "21")], "no change", (0, 0, 1)),
        (
            [(REQOL10, "20", None), (PHQ9, "20", "5")],
            "unpaired",
            (0, 0, 0),
        ),  # another measure does not stand in for it
        ([(PHQ9, "20", "5")], "unpaired", (0, 0, 0)),
        ([], "unpaired", (0, 0, 0)),
    ]
    won = [
        write_submission(tmp_path, f"R{number:02}", APRIL, tables_of([Case("r", scores, pathway="01")]))
        for number, (scores, _, _) in enumerate(expected)
    ]
    draft = build(tmp_path, won, measures=["SMI_IMPROVEMENT", "SMI_DETERIORATION", *FEW])
    main = ask(draft, "SELECT main_change FROM core.pathway ORDER BY provider")
    found = [
        (scores, change, figures(draft, "SMI_IMPROVEMENT", "SMI_DETERIORATION", of=each.provider))
        for (scores, _, _), (change,), each in zip(expected, main, won, strict=True)
    ]
    assert found == [
        (scores, change, {"SMI_IMPROVEMENT": (better, judged), "SMI_DETERIORATION": (worse, judged)})
        for scores, change, (better, worse, judged) in expected
    ]


def test_effect_sizes_are_in_standard_deviations_of_england(tmp_path: Path) -> None:
    scores = {"RXX": [(10, 15), (20, 30), (25, 20)], "RYY": [(12, 20)]}
    won = [
        write_submission(
            tmp_path, provider, APRIL,
            tables_of(Case(str(i), [(REQOL10, str(a), str(b))], pathway="01") for i, (a, b) in enumerate(pairs)),
        )
        for provider, pairs in scores.items()
    ]  # fmt: skip
    found = ask(
        build(tmp_path, won, measures=FEW),
        """SELECT organisation, pairs, mean_first, mean_last, effect_size, improved, unchanged, deteriorated
           FROM mart.instrument_change
           WHERE period_type = 'all months' AND pathway = 'all' ORDER BY organisation""",
    )
    spread = stdev([10, 20, 25, 12])
    assert [row[:4] + row[5:] for row in found] == [
        ("ENG", 4, 16.75, 21.25, 3, 0, 1),
        ("RXX", 3, pytest.approx(55 / 3), pytest.approx(65 / 3), 2, 0, 1),
        ("RYY", 1, 12.0, 20.0, 1, 0, 0),
    ]
    assert [row[4] for row in found] == [pytest.approx(gain / spread) for gain in (4.5, 10 / 3, 8)]


def test_a_fall_on_a_scale_where_lower_is_better_is_a_gain(tmp_path: Path) -> None:
    cases = [Case("a", [(PHQ9, "20", "10")], pathway="02"), Case("b", [(PHQ9, "10", "8")], pathway="02")]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], measures=FEW)
    found = ask(
        draft,
        """SELECT DISTINCT mean_gain, effect_size FROM mart.instrument_change
           WHERE organisation = 'ENG' AND period_type = 'all months'""",
    )
    assert found == [(6.0, pytest.approx(6 / stdev([20, 10])))]


def test_one_pair_has_no_spread_and_no_effect_size(tmp_path: Path) -> None:
    won = write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", [(REQOL10, "10", "20")], pathway="01")]))
    found = ask(
        build(tmp_path, [won], measures=FEW),
        "SELECT DISTINCT pairs, national_sd_first, effect_size FROM mart.instrument_change",
    )
    assert found == [(1, None, None)]


@pytest.mark.parametrize(
    ("n", "total", "squares", "expected"),
    [(3, 6, 14, stdev([1, 2, 3])), (2, 2, 2, 0.0), (1, 10, 100, None), (0, 0, 0, None), (None, None, None, None)],
)
def test_the_standard_deviation_follows_from_sums(
    n: int | None, total: int | None, squares: int | None, expected: float | None
) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA mart")
        create_effect_macros(con)
        found = con.execute("SELECT mart.standard_deviation(?::BIGINT, ?, ?)", [n, total, squares]).fetchall()
    assert found == [(expected if expected is None else pytest.approx(expected),)]


def test_scores_by_occasion_say_who_is_still_there(tmp_path: Path) -> None:
    day = date(2025, 4, 15)
    cases = [
        Case("stays", [(REQOL10, "10", "20")], pathway="01",
             extra_scores=[{"CodedAssToolType": REQOL10, "PersScore": "16", "AssToolCompDate": day}]),
        Case("leaves", [(REQOL10, "30", "32")], pathway="01"),
        Case("goes on", [(REQOL10, "1", "2")], pathway="01", is_discharged=False),
        Case("once", [(REQOL10, "3", None)], pathway="01"),
    ]  # fmt: skip
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], measures=FEW)
    found = ask(
        draft,
        """SELECT occasion, scores, mean_score, mean_first_of_these FROM mart.score_by_occasion
           WHERE organisation = 'RXX' AND pathway = '01' ORDER BY occasion""",
    )
    assert found == [(1, 2, 20.0, 20.0), (2, 2, 24.0, 20.0), (3, 1, 20.0, 10.0)]


def test_every_instrument_has_one_domain_and_every_standard_a_source(tmp_path: Path) -> None:
    draft = build(tmp_path, [], marts=False)
    assert ask(draft, "SELECT count(*), count(domain) FROM ref.instrument") == [
        (len(instruments()), len(instruments()))
    ]
    doses = ask(
        draft,
        """SELECT therapy_type, minimum_sessions FROM ref.therapy_standard
           WHERE pathway = '01' AND minimum_sessions IS NOT NULL ORDER BY therapy_type""",
    )
    assert doses == [("CBP", 16), ("FIP", 10), ("FPB", 10)]
    stray = """SELECT * FROM ref.therapy_standard AS s
               WHERE source = '' OR confidence NOT IN ('F', 'R') OR therapy_type NOT IN (SELECT therapy_type FROM ref.therapy)"""
    assert ask(draft, stray) == []


# ---- the measures ------------------------------------------------------------------------------------------


def figures(
    draft: Path, *names: str, pathway: str = "all", month_of: date = APRIL, of: str = "ENG"
) -> dict[str, tuple[object, object]]:
    rows = ask(
        draft,
        """SELECT measure, numerator, denominator FROM mart.service_measure
           WHERE level = ? AND organisation = ? AND period_type = 'month' AND period_start = ? AND pathway = ?
           AND measure IN (SELECT unnest(?))""",
        ["England" if of == "ENG" else "provider", of, month_of, pathway, list(names)],
    )
    return {name: (numerator, denominator) for name, numerator, denominator in rows}


def test_measures_of_engagement_and_ending(tmp_path: Path) -> None:
    cases = [
        Case("five", contacts=5, pathway="01"), Case("four", contacts=4, pathway="02"),
        Case("none", contacts=0, pathway="01"), Case("open", contacts=9, pathway="01", is_discharged=False),
        Case("talking therapies", contacts=1, pathway="05"),
    ]  # fmt: skip
    tables = tables_of(cases)
    ends = {"five": "46", "four": "47", "talking therapies": "47"}
    for row in tables["IDS101"]:
        row["EndCode"] = ends.get(row["ServiceRequestId"])
    wanted = {
        "ENGAGED_5": (1, 2),
        "SMI_TREATED": (2, 3),
        "SMI_DROPPED_OUT": (1, 2),
        "SMI_SESSIONS_MEAN": (9, 2),
        "SMI_ACCESS": (3, None),
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], measures=[*wanted, *FEW])
    assert figures(draft, *wanted) == wanted
    assert figures(draft, "ENGAGED_5", pathway="02") == {"ENGAGED_5": (0, 1)}
    assert figures(draft, "ENGAGED_5", pathway="05") == {"ENGAGED_5": (None, None)}  # not applicable


def test_measures_of_therapies_and_who_gave_them(tmp_path: Path) -> None:
    staff = [row | {"CarePersLocalId": "trained"} for row in activities(CBTP, 1, 10)]
    staff += [row | {"CarePersLocalId": "learning"} for row in activities(CBTP, 11, 16)]
    staff += [row | {"CarePersLocalId": "stranger"} for row in activities(CBTP, 17, 17)]
    tables: dict[str, list[Row]] = {
        "IDS001": [{"LocalPatientId": "p"}],
        "IDS101": [referral(ServDischDate=date(2025, 4, 30))],
        "IDS201": contacts(17),
        "IDS202": staff,
        "SMI203": [
            {"ServiceRequestId": "r", "TherapyType": "CBP", "PlannedSessions": 20},
            {"ServiceRequestId": "r", "TherapyType": "FIP", "PlannedSessions": 10},
        ],
        "IDS902": [
            {"CarePersLocalId": "trained", "QualAttainLevelIAPT": "11", "QualAwardedDate": date(2025, 4, 4)},
            {"CarePersLocalId": "learning", "QualAttainLevelIAPT": "11"},
        ],
    }
    wanted = {
        "SMI_NICE_THERAPY": (1, 1),
        "SMI_DOSE_REACHED": (1, 1),
        "SMI_DOSE_PLANNED": (1, 1),
        "SMI_PLAN_REACHED": (0, 1),
        "THERAPIES_BEGUN": (1, None),
        "THERAPIES_ENDED": (1, None),
        "THERAPY_SESSIONS_MEAN": (17, 1),
        "THERAPY_MINIMUM_PLANNED": (2, 2),
        "THERAPY_NOT_BEGUN": (1, 2),
        "THERAPY_BY_TRAINED_STAFF": (8, 16),  # from the day of the award; the stranger is not in the staff table
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], measures=[*wanted, *FEW])
    assert figures(draft, *wanted) == wanted


def test_measures_of_staff_trained_and_supervised_in_the_therapy(tmp_path: Path) -> None:
    """Sessions 1 to 4 by someone trained and supervised, 5 by a trainee, 6 by nobody known; a course of each kind."""

    def course(name: str, *staff: str | None) -> dict[str, list[Row]]:
        own = {"ServiceRequestId": name}
        of_contact = [{"CareContactId": f"{name}{n}"} for n in range(1, len(staff) + 1)]
        sessions = [row | own | key for row, key in zip(contacts(len(staff)), of_contact, strict=True)]
        given = [
            row | key | {"CareActId": f"{name}{n}", "CarePersLocalId": who}
            for n, (row, key, who) in enumerate(
                zip(activities(CBTP, 1, len(staff)), of_contact, staff, strict=True)
            )
        ]
        return {
            "IDS001": [{"LocalPatientId": name}],
            "IDS101": [referral(ServDischDate=date(2025, 4, 30), LocalPatientId=name) | own],
            "IDS201": sessions,
            "IDS202": given,
        }

    courses = (course("p", *["both"] * 4, None), course("q", "both", "trainee"), course("r", "stranger"))
    tables = {table: [row for each in courses for row in each[table]] for table in courses[0]}
    since = date(2020, 1, 1)
    with_staff(tables, ("both", since, since, None), ("trainee", None, since, None))
    wanted = {
        "THERAPY_STAFF_KNOWN": (6, 8),
        "THERAPY_BY_STAFF_TRAINED_IN_IT": (5, 6),
        "THERAPY_BY_STAFF_SUPERVISED_IN_IT": (6, 6),
        "THERAPY_BY_STAFF_TRAINED_AND_SUPERVISED": (5, 6),
        "COURSE_BY_STAFF_TRAINED_AND_SUPERVISED": (1, 2),  # of r nothing is known
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], measures=[*wanted, *FEW])
    assert figures(draft, *wanted) == wanted
    by_therapy = """SELECT breakdown, breakdown_group, numerator, denominator FROM mart.breakdown_measure
        WHERE measure IN ('THERAPY_BY_STAFF_TRAINED_AND_SUPERVISED', 'COURSE_BY_STAFF_TRAINED_AND_SUPERVISED')
        AND level = 'England' AND period_type = 'month' AND pathway = 'all' AND denominator > 0 ORDER BY ALL"""
    assert ask(draft, by_therapy) == [("activity_therapy", "CBP", 5, 6), ("therapy", "CBP", 1, 2)]


def watched_tables(people: dict[str, tuple[Watched, int]]) -> dict[str, list[Row]]:
    """People (by referral) with crisis contacts on the days of their events, and so many sessions of CBT for
    psychosis from first to last day. All are referred in April 2025 and discharged on 20 March 2026.
    """
    tables: dict[str, list[Row]] = {key: [] for key in ("IDS001", "IDS101", "IDS201", "IDS202", "SMI501")}
    for name, (person, sessions) in people.items():
        tables["IDS001"].append({"LocalPatientId": name})
        tables["IDS101"].append(
            referral(ServiceRequestId=name, LocalPatientId=name, ServDischDate=date(2026, 3, 20))
        )
        step = (person.last - person.first).days
        for i in range(sessions):
            day = person.first + timedelta(days=round(step * i / max(sessions - 1, 1)))
            tables["IDS201"].append(
                {"CareContactId": f"{name}{i}", "ServiceRequestId": name, "CareContDate": day, "AppType": "02",
                 "AttendOrDNACode": "5"}
            )  # fmt: skip
            tables["IDS202"].append(
                {"CareActId": f"{name}{i}", "CareContactId": f"{name}{i}", "CodeProcAndProcStatus": CBTP}
            )
        tables["SMI501"] += [
            use(CRISIS, str(day)) | {"ServiceUseId": f"{name}{i}", "LocalPatientId": name}
            for i, day in enumerate(person.events)
        ]
    return tables


def at_most(count: int, expected: float) -> float:
    """Poisson probability of so many events or fewer."""
    return sum(exp(-expected) * expected**i / factorial(i) for i in range(count + 1))


def every(first: date, last: date, days: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range(0, (last - first).days + 1, days))


def test_who_reaches_the_dose_is_longer_in_therapy_and_not_worse_for_it(tmp_path: Path) -> None:
    """With NICE's dose a crisis contact every 40 days of therapy, without it every 20: fewer, although there are more.

    Before therapy both have one every 10 days.
    """
    long, short = (date(2025, 5, 1), date(2025, 8, 28)), (date(2025, 5, 1), date(2025, 5, 30))
    people = {}
    for n in range(4):
        for name, (first, last), apart, sessions in (("dose", long, 40, 16), ("none", short, 20, 4)):
            before = every(first - timedelta(days=180), first - timedelta(days=1), 10)
            people[f"{name}{n}"] = (Watched(first, last, before + every(first, last, apart)), sessions)
    wanted = ["CRISIS_RATE_BEFORE", "CRISIS_RATE_DURING", "CRISIS_RATE_AFTER"]
    won = [write_submission(tmp_path, "RXX", each, watched_tables(people)) for each in WHOLE]
    draft = build(tmp_path, won, measures=[*wanted, *FEW])
    by_dose = {
        (measure, group): (numerator, denominator)
        for measure, group, numerator, denominator in ask(
            draft,
            """SELECT measure, breakdown_group, numerator, denominator FROM mart.breakdown_measure WHERE level = 'England'
               AND period_type = 'quarter' AND pathway = '01' AND breakdown = 'nice_dose' AND denominator > 0""",
        )
    }  # fmt: skip
    groups = {"reached": "dose", "not reached": "none"}
    assert by_dose == {
        (f"CRISIS_RATE_{window.upper()}", group): person_time(
            [person for key, (person, _) in people.items() if key.startswith(name)], window
        )
        for group, name in groups.items()
        for window in ("before", "during", "after")
    }
    per_180 = {
        group: 180 * by_dose["CRISIS_RATE_DURING", group][0] / by_dose["CRISIS_RATE_DURING", group][1]
        for group in groups
    }
    assert by_dose["CRISIS_RATE_DURING", "reached"][0] > by_dose["CRISIS_RATE_DURING", "not reached"][0]
    assert per_180 == {"reached": 4.5, "not reached": 12.0}
    value, low, high, events, days = ask(
        draft,
        """SELECT value, lower_95, upper_95, numerator, denominator FROM mart.national
           WHERE measure = 'CRISIS_RATE_DURING' AND period_type = 'quarter' AND pathway = '01' AND state = 'value'""",
    )[0]  # fmt: skip
    assert (events, days) == (4 * 3 + 4 * 2, 4 * 120 + 4 * 30)
    assert value == pytest.approx(365.25 * 20 / 600)
    # Exact limits by their meaning: 20 events or more, and 20 or fewer, then have a probability of 2.5 %.
    assert 1 - at_most(19, low * 600 / 365.25) == pytest.approx(0.025)
    assert at_most(20, high * 600 / 365.25) == pytest.approx(0.025)
    beside = ask(draft, "SELECT DISTINCT lower_95, upper_95, why_not FROM mart.service_comparison WHERE measure = 'CRISIS_RATE_DURING' AND state = 'value'")  # fmt: skip
    assert beside == [(low, high, "a rate of events: few people may have most of them")]


@pytest.mark.parametrize("seed", seeds(1))
def test_events_per_person_time_agree_with_counting_days_one_by_one(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    people = {}
    for n in range(15):
        first = date(2025, 4, 20) + timedelta(days=chance.randrange(40))
        last = first + timedelta(days=chance.choice([0, 1, 30, 90, 200]))
        events = tuple(first + timedelta(days=chance.randrange(-200, 300)) for _ in range(chance.randrange(8)))
        people[f"p{n}"] = (Watched(first, last, tuple(day for day in events if day < date(2026, 4, 1))), 2)
    won = [write_submission(tmp_path, "RXX", each, watched_tables(people)) for each in WHOLE]
    draft = build(tmp_path, won, measures=["CRISIS_RATE_BEFORE", "CRISIS_RATE_DURING", "CRISIS_RATE_AFTER", *FEW])
    pair = [person for person, _ in people.values() if person.last + timedelta(days=180) <= date(2026, 3, 31)]
    assert figures(
        draft, "CRISIS_RATE_BEFORE", "CRISIS_RATE_DURING", "CRISIS_RATE_AFTER", month_of=month(2026, 3)
    ) == {
        "CRISIS_RATE_BEFORE": person_time(pair, "before"),  # the same people before and after
        "CRISIS_RATE_DURING": person_time([person for person, _ in people.values()], "during"),
        "CRISIS_RATE_AFTER": person_time(pair, "after"),
    }


def test_a_window_that_is_not_complete_says_so_and_counts_in_no_measure(tmp_path: Path) -> None:
    person = Watched(date(2025, 5, 1), date(2025, 12, 10), (date(2025, 6, 1), date(2026, 1, 5)))
    won = [write_submission(tmp_path, "RXX", each, watched_tables({"r": (person, 3)})) for each in WHOLE]
    wanted = {
        "SERVICE_USE_REPORTED": (1, 1),
        "SERVICE_USE_AFTER_COMPLETE": (0, 1),
        "CRISIS_RATE_BEFORE": (0, 0),
        "CRISIS_RATE_DURING": (1, 224),
        "CRISIS_RATE_AFTER": (0, 0),
    }
    draft = build(tmp_path, won, measures=[*wanted, *FEW])
    windows = ask(
        draft,
        "SELECT window_name, days, is_complete, crisis_contacts FROM core.service_use_window ORDER BY from_on",
    )
    assert windows == [("before", 180, True, 0), ("during", 224, True, 1), ("after", 111, False, 1)]
    assert ask(draft, "SELECT days_after, crisis_contacts_after FROM core.pathway_care") == [(None, None)]
    assert figures(draft, *wanted, month_of=month(2026, 3)) == wanted
    state = "SELECT DISTINCT state, value FROM mart.national WHERE measure = 'CRISIS_RATE_AFTER' AND period_start = '2026-03-01' AND pathway = 'all'"
    assert ask(draft, state) == [("no denominator", None)]


def test_measures_of_service_use_leave_out_who_is_not_observed(tmp_path: Path) -> None:
    uses = [
        use(SPELL, "2025-06-01", "2025-06-05"),
        use(SELF_HARM, "2025-07-01"),
        use(CRISIS, "2025-09-01", count=2),
    ]
    tables = service_use_tables(uses)
    # A second person, treated and discharged alike, is not reported to the end of the window after therapy.
    tables["IDS001"].append({"LocalPatientId": "q"})
    tables["IDS101"].append(tables["IDS101"][0] | {"ServiceRequestId": "s", "LocalPatientId": "q"})
    tables["IDS201"] += [
        row | {"CareContactId": f"s{row['CareContactId']}", "ServiceRequestId": "s"} for row in tables["IDS201"]
    ]
    late = {name: [row for row in rows if "q" not in row.values()] for name, rows in tables.items()}
    won = [write_submission(tmp_path, "RXX", each, tables if each < month(2025, 12) else late) for each in WHOLE]
    wanted = {
        "ADMISSION_ANY_BEFORE": (1, 1),  # the same people before and after
        "BED_DAYS_RATE_BEFORE": (5, 180),
        "SELF_HARM_RATE_DURING": (1, 2 * 72),
        "CRISIS_RATE_AFTER": (2, 180),
        "CRISIS_ANY_AFTER": (1, 1),
        "BED_DAYS_CHANGE_MEAN": (-5, 1),
    }
    draft = build(tmp_path, won, measures=[*wanted, *FEW])
    assert figures(draft, *wanted, month_of=month(2026, 3)) == wanted


def test_measures_by_instrument_are_those_of_the_mart_of_change(tmp_path: Path) -> None:
    cases = [
        Case("a", [(REQOL10, "10", "20"), (GBO, "4", "6")], pathway="01"),
        Case("b", [(REQOL10, "20", "10"), (PHQ9, "20", "5")], pathway="02"),
        Case("once", [(REQOL10, "20", None)], pathway="02"),
        Case("one contact", [(REQOL10, "10", "20")], contacts=1, pathway="01"),
    ]
    won = [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))]
    for number in range(5, 16):  # a whole year, so that there are periods
        won.append(write_submission(tmp_path, "RXX", month(2025 + (number - 1) // 12, (number - 1) % 12 + 1), {}))
    of_outcomes = [measure.id for measure in catalogue() if measure.grain == "outcome"]
    draft = build(tmp_path, won[:12], measures=of_outcomes)
    rows = ask(
        draft,
        """SELECT breakdown_group, measure, numerator, denominator FROM mart.breakdown_measure
           WHERE level = 'England' AND period_type = 'financial year' AND pathway = 'all' AND breakdown = 'instrument'
           AND numerator IS NOT NULL""",
    )
    counted = {(group, measure): (numerator, denominator) for group, measure, numerator, denominator in rows}
    changes = ask(
        draft,
        """SELECT instrument, pairs, improved, deteriorated, gain_total FROM mart.instrument_change
           WHERE level = 'England' AND period_type = 'financial year' AND pathway = 'all'""",
    )
    assert {name for name, *_ in changes} == {"REQOL10", "GBO_1", "PHQ9"}
    for name, pairs, improved, deteriorated, gain in changes:
        assert counted[name, "OUTCOME_IMPROVED"] == (improved, pairs)
        assert counted[name, "OUTCOME_DETERIORATED"] == (deteriorated, pairs)
        assert counted[name, "OUTCOME_GAIN_MEAN"] == (100 * gain, pairs)
    assert counted["REQOL10", "OUTCOME_PAIRED"] == (2, 3)
    assert counted["REQOL10", "OUTCOME_RECOVERED"] == (0, 2)  # 20 is still below 25
    domains = ask(
        draft,
        """SELECT breakdown_group, numerator, denominator FROM mart.breakdown_measure
           WHERE level = 'England' AND period_type = 'financial year' AND pathway = 'all' AND breakdown = 'domain'
           AND measure = 'OUTCOME_IMPROVED' AND denominator > 0 ORDER BY ALL""",
    )
    assert domains == [("goals", 0, 1), ("quality of life", 1, 2), ("symptoms", 1, 1)]
