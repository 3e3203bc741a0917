"""Scores and what they say: which count, first and last, caseness, recovery, reliable change."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.campaign import seeds
from tests.fixtures.warehouse import (
    APRIL,
    DIALOG,
    GAD7,
    PHQ9,
    REQOL10,
    WEMWBS,
    Case,
    Row,
    ask,
    build,
    one,
    rows_of,
    tables_of,
    write_submission,
)
from tests.references.pathways import flags, random_tables

# facts §6, vectors 1 to 15. Blank scores were not taken; own is the complaint's own anxiety measure.
VECTORS = """
    case | complaint | phq1 | phq2 | gad1 | gad2 | own      | own1 | own2 | contacts | discharged
    1    |           | 15   | 5    | 14   | 3    |          |      |      | 6        | Y
    2    |           | 10   | 9    | 8    | 7    |          |      |      | 2        | Y
    3    |           | 9    | 2    | 7    | 7    |          |      |      | 4        | Y
    4    |           | 20   | 14   | 10   | 10   |          |      |      | 8        | Y
    5    |           | 20   | 15   | 10   | 10   |          |      |      | 8        | Y
    6    |           | 12   | 6    | 9    | 13   |          |      |      | 5        | Y
    7    |           | 5    | 11   | 4    | 4    |          |      |      | 3        | Y
    8    |           | 9    | 9    | 8    | 7    |          |      |      | 2        | Y
    9    |           | 15   | 5    | 14   | 3    |          |      |      | 1        | Y
    10   |           | 15   | 5    | 14   | 3    |          |      |      | 6        | N
    11   |           | 15   |      | 14   |      |          |      |      | 3        | Y
    12   |           |      |      |      |      |          |      |      | 2        | Y
    13   | F401      | 8    | 8    | 15   | 15   | SPIN     | 30   | 18   | 5        | Y
    14   | F401      | 8    | 8    | 10   | 5    |          |      |      | 5        | Y
    15   | F400      | 5    | 5    |      |      | MI_ALONE | 2.4  | 1.6  | 4        | Y
"""
EXPECTED = """
    case | finished | case_ | not case | recovery | improved | deteriorated | no change | reliable recovery
    1    | 1        | 1     | 0        | 1        | 1        | 0            | 0         | 1
    2    | 1        | 1     | 0        | 1        | 0        | 0            | 1         | 0
    3    | 1        | 0     | 1        | 0        | 1        | 0            | 0         | 0
    4    | 1        | 1     | 0        | 0        | 1        | 0            | 0         | 0
    5    | 1        | 1     | 0        | 0        | 0        | 0            | 1         | 0
    6    | 1        | 1     | 0        | 0        | 0        | 0            | 1         | 0
    7    | 1        | 0     | 1        | 0        | 0        | 1            | 0         | 0
    8    | 1        | 1     | 0        | 1        | 0        | 0            | 1         | 0
    9    | 0        |       |          |          |          |              |           |
    10   | 0        |       |          |          |          |              |           |
    11   | 1        | 1     | 0        | 0        | 0        | 0            | 0         | 0
    12   | 1        | 0     | 0        | 0        | 0        | 0            | 0         | 0
    13   | 1        | 1     | 0        | 1        | 1        | 0            | 0         | 1
    14   | 1        | 1     | 0        | 1        | 1        | 0            | 0         | 1
    15   | 1        | 1     | 0        | 1        | 1        | 0            | 0         | 1
"""


def vector_case(row: Row) -> Case:
    scores = [(PHQ9, row["phq1"], row["phq2"]), (GAD7, row["gad1"], row["gad2"])]
    if row["own"]:
        scores.append((row["own"], row["own1"], row["own2"]))
    return Case(row["case"], scores, int(row["contacts"]), row["discharged"] == "Y", row["complaint"])


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[object, ...]]:
    tmp = tmp_path_factory.mktemp("vectors")
    won = write_submission(tmp, "RXX", APRIL, tables_of(vector_case(row) for row in rows_of(VECTORS)))
    found = ask(
        build(tmp, [won], marts=False),
        """SELECT service_request_id, is_completed_course, is_at_caseness, is_not_at_caseness, is_recovered,
           is_reliably_improved, is_reliably_deteriorated, has_no_reliable_change, is_reliably_recovered
           FROM core.pathway""",
    )
    return {row[0]: row[1:] for row in found}


@pytest.mark.parametrize("expected", rows_of(EXPECTED), ids=lambda row: f"vector {row['case']}")
def test_worked_vectors_of_the_flags(vectors: dict[str, tuple[object, ...]], expected: Row) -> None:
    name, *wanted = expected.values()
    assert vectors[name] == tuple(None if cell is None else cell == "1" for cell in wanted)


def test_vectors_16_to_19_change_on_other_measures(tmp_path: Path) -> None:
    day = date(2025, 4, 15)
    cases = [
        Case("16", [(REQOL10, "20", "25")], 3, False, pathway="01"),
        Case("17", [(REQOL10, "23", "26")], 2, pathway="01"),
        # 8 is no rating: the next valid score becomes the baseline.
        Case("18", [(DIALOG, "8", "5")], 2, pathway="01",
             extra_scores=[{"CodedAssToolType": DIALOG, "PersScore": "4", "AssToolCompDate": day}]),
        Case("19a", [(WEMWBS, "40", "49")], 2, pathway="03"),
        Case("19b", [(WEMWBS, "40", "48")], 2, pathway="03"),
    ]  # fmt: skip
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], marts=False)
    found = ask(
        draft,
        """SELECT service_request_id, CAST(first_score AS INTEGER), CAST(gain AS INTEGER), reliable_change,
           is_case_first, is_case_last FROM core.outcome ORDER BY service_request_id""",
    )
    assert found == [
        ("16", 20, 5, "improved", True, False),  # reliable recovery: below 25, then 25, and 5 better
        ("17", 23, 3, "no change", True, False),
        ("18", 4, 1, "improved", None, None),
        ("19a", 40, 9, "improved", None, None),
        ("19b", 40, 8, "no change", None, None),
    ]


def of_courses(tmp_path: Path, cases: Sequence[Case], columns: str, table: str) -> list[tuple[object, ...]]:
    """What is said of each of these courses, in their order, without its name. One build for all: it takes longest."""
    won = write_submission(tmp_path, "RXX", APRIL, tables_of(cases))
    found = ask(build(tmp_path, [won], marts=False), f"SELECT service_request_id, {columns} FROM {table}")
    said = {name: tuple(values) for name, *values in found}
    assert len(said) == len(found) == len(cases)
    return [said[case.name] for case in cases]


def test_a_score_on_the_cut_off(tmp_path: Path) -> None:
    expected = [
        (PHQ9, "10", True), (PHQ9, "9", False), (GAD7, "8", True), (GAD7, "7", False), ("MI_ALONE", "2.3", False),
        ("MI_ALONE", "2.31", True), (REQOL10, "25", False), (REQOL10, "24", True),
    ]  # fmt: skip
    cases = [Case(f"{tool} {score}", [(tool, score, score)]) for tool, score, _ in expected]
    found = of_courses(tmp_path, cases, "is_case_first, is_case_last", "core.outcome")
    assert [(*case[:2], *said) for case, said in zip(expected, found, strict=True)] == [
        (tool, score, is_case, is_case) for tool, score, is_case in expected
    ]


def test_recovery_is_judged_by_the_recovery_cut_off(tmp_path: Path) -> None:
    """Instrument, first and last score, whether the last is a case, and whether it is in recovery."""
    expected = [
        # A case of HoNOS begins at 11, recovery below 5: 9 is neither a case nor recovery.
        ("HONOS_TOTAL", "20", "11", True, False), ("HONOS_TOTAL", "20", "9", False, False),
        ("HONOS_TOTAL", "20", "5", False, False), ("HONOS_TOTAL", "20", "4", False, True),
        ("HONOS_TOTAL", "20", None, None, None),  # unpaired
        # Mostly both are one number.
        (PHQ9, "20", "10", True, False), (PHQ9, "20", "9", False, True),
        (REQOL10, "20", "24", True, False), (REQOL10, "20", "25", False, True),
        ("MI_ALONE", "4", "2.31", True, False), ("MI_ALONE", "4", "2.3", False, True),
        (WEMWBS, "20", "60", None, None),  # no cut-off
    ]  # fmt: skip
    cases = [Case(f"{tool} {last}", [(tool, first, last)], pathway="01") for tool, first, last, *_ in expected]
    found = of_courses(tmp_path, cases, "is_case_last, is_in_recovery_last", "core.outcome")
    assert [(*case[:3], *said) for case, said in zip(expected, found, strict=True)] == expected


@pytest.mark.parametrize(("last", "recovered"), [("9", 0), ("4", 1)])
def test_a_course_recovers_on_an_instrument_beyond_its_recovery_cut_off(
    tmp_path: Path, last: str, recovered: int
) -> None:
    cases = [Case("a", [("HONOS_TOTAL", "20", last)], pathway="01")]
    won = write_submission(tmp_path, "RXX", APRIL, tables_of(cases))
    draft = build(tmp_path, [won], measures=["OUTCOME_RECOVERED"])
    found = "SELECT DISTINCT numerator, denominator FROM mart.national WHERE state = 'value'"
    assert ask(draft, found) == [(recovered, 1)]


def test_one_reliably_better_and_one_reliably_worse_is_no_reliable_change_either_way(tmp_path: Path) -> None:
    cases = [
        Case("down up", [(PHQ9, "20", "14"), (GAD7, "10", "14")]),
        Case("up down", [(PHQ9, "14", "20"), (GAD7, "14", "10")]),
    ]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], marts=False)
    assert ask(draft, "SELECT DISTINCT reliable_change FROM core.pathway") == [("no change",)]


def scores(text: str) -> dict[str, str | list[Row]]:
    header = "ServiceRequestId | CodedAssToolType | PersScore | AssToolCompDate | AssToolCompTime | Timepoint\n"
    return {"IDS606": header + text}


def test_a_score_is_valid_when_it_is_a_number_of_its_scale(tmp_path: Path) -> None:
    expected = {
        "0": True, "27": True, "9.0": True, "28": False, "-1": False, "9.5": False, "1e1": False, "": False, "nine": False,
        "12.755": False, " 9": False,
    }  # fmt: skip
    cases = [
        Case(value or "none", extra_scores=[
            {"CodedAssToolType": PHQ9, "PersScore": value or None, "AssToolCompDate": APRIL}
        ])
        for value in expected
    ]  # fmt: skip
    found = of_courses(tmp_path, cases, "is_valid", "core.score")
    assert dict(zip(expected, found, strict=True)) == {value: (is_valid,) for value, is_valid in expected.items()}


def test_a_code_outside_the_catalogue_is_kept_and_does_not_count(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        scores("r | 999999999 | 5 | 2025-04-09 | | "),
        "instrument, is_valid, is_counted",
        "core.score",
    )
    assert found == [(None, False, False)]


def test_a_corrected_score_of_the_same_day_is_no_second_occasion(tmp_path: Path) -> None:
    tables = scores(f"""
        r | {PHQ9} | 20 | 2025-04-09 | 09:00:00 |
        r | {PHQ9} | 11 | 2025-04-09 | 09:30:00 |
        r | {GAD7} | 9  | 2025-04-09 |          |
        r | {GAD7} | 8  | 2025-04-09 |          |
    """)
    found = one(tmp_path, tables, "instrument, first_score, last_score, scores, reliable_change", "core.outcome")
    assert found == [("GAD7", 8, None, 1, "unpaired"), ("PHQ9", 11, None, 1, "unpaired")]


def test_scores_before_referral_after_discharge_or_at_follow_up_do_not_count(tmp_path: Path) -> None:
    tables: dict[str, str | list[Row]] = {
        **scores(f"""
            r | {PHQ9} | 1 | 2025-04-04 | | 01
            r | {PHQ9} | 2 | 2025-04-05 | | 01
            r | {PHQ9} | 3 | 2025-04-10 | | 05
            r | {PHQ9} | 4 | 2025-04-12 | |
            r | {PHQ9} | 8 | 2025-04-11 | | 02
            r | {PHQ9} | 5 | 2025-04-14 | |
            r | {PHQ9} | 6 | 2025-04-20 | | 04
            r | {PHQ9} | 7 | 2025-04-21 | | 04
        """),
        "IDS101": """
            ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | ServDischDate
            r                | p              | 2025-04-05                  | 2025-04-20
        """,
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode
            x             | r                | 2025-04-11   | 06      | 5
            a             | r                | 2025-04-12   | 06      | 5
            b             | r                | 2025-04-14   | 06      | 5
            c             | r                | 2025-04-14   | 02      | 5
        """,
    }
    found = one(tmp_path, tables, "CAST(score AS INTEGER)", "core.score WHERE is_counted")
    # 4 falls on a day with nothing but a follow-up contact; so does 8, but its timepoint says otherwise.
    assert found == [(2,), (5,), (6,), (8,)]


def test_a_score_of_an_activity_has_the_date_of_its_contact(tmp_path: Path) -> None:
    tables: dict[str, str | list[Row]] = {
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode
            a             | r                | 2025-04-12   | 02      | 5
            f             | r                | 2025-04-20   | 06      | 5
        """,
        "IDS202": "CareActId | CareContactId\n x | a \n y | f",
        "IDS607": f"CareActId | CodedAssToolType | PersScore\nx | {PHQ9} | 12 \n y | {PHQ9} | 3 \n z | {PHQ9} | 9",
    }
    found = one(tmp_path, tables, "care_activity_id, service_request_id, scored_on, is_counted", "core.score")
    assert found == [
        ("x", "r", date(2025, 4, 12), True),
        ("y", "r", date(2025, 4, 20), False),  # follow-up
        ("z", None, None, False),  # no such activity: kept, never counted
    ]


def test_the_models_agree_with_a_slow_reading_of_the_definitions(tmp_path: Path) -> None:
    """Of a service for every seed, all of one build."""
    of_each = {f"R{seed:03}": random_tables(seed) for seed in seeds(6)}
    won = [write_submission(tmp_path, provider, APRIL, tables) for provider, (tables, _) in of_each.items()]
    expected = {
        (provider, name): flags(referral)
        for provider, (_, known) in of_each.items()
        for name, referral in known.items()
    }
    columns = list(next(iter(expected.values())))
    draft = build(tmp_path, won, marts=False)
    found = ask(draft, f"SELECT provider, service_request_id, {', '.join(columns)} FROM core.pathway")
    assert {row[:2]: dict(zip(columns, row[2:], strict=True)) for row in found} == expected


def test_a_measure_counts_as_paired_when_it_is_of_the_pathways_battery_and_paired(tmp_path: Path) -> None:
    expected: list[tuple[str, list[tuple[str, str | None, str | None]], int]] = [
        ("01", [(REQOL10, "20", "25"), (WEMWBS, "40", "49")], 2),
        ("01", [(REQOL10, "20", None)], 0),  # of its battery and not paired
        ("01", [(GAD7, "14", "10")], 0),  # paired and not of its battery
        ("01", [(REQOL10, "20", None), (GAD7, "14", "10")], 0),
        ("05", [(GAD7, "14", "10")], 1),  # the same measure is of another pathway's battery
        ("01", [], 0),
    ]
    cases = [Case(f"{number}", scores, pathway=code) for number, (code, scores, _) in enumerate(expected)]
    found = of_courses(tmp_path, cases, "paired_measures", "core.pathway")
    assert [(*case[:2], *said) for case, said in zip(expected, found, strict=True)] == expected
