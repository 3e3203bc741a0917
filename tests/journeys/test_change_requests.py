"""Change requests that are one row of one file: a pathway, an instrument, a threshold that changes on a date.

Each is made in a copy of the tables and walked from the check of a submission to the published marts.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.load import check_path
from tests.campaign import is_whole
from tests.fixtures.changed_tree import INSTRUMENTS, PATHWAYS, changed_tree, python_on, rows_of, run_on
from tests.fixtures.example import Change, example
from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import (
    APRIL,
    FEW,
    GAD7,
    PHQ9,
    REQOL10,
    Case,
    ask,
    build,
    one_of_each,
    tables_of,
    write_submission,
)
from warehouse.measures.catalogue import catalogue

PERINATAL = {
    "code": "06", "meaning": "Perinatal mental health", "valid_from": "", "valid_to": "", "source": "a test",
    "confidence": "F", "measure_set": "severe_mental_illness", "is_default": "", "icd10": "F53 O993",
    "primary_reasons": "13", "severity_measure": "REQOL10", "therapies": "",
}  # fmt: skip
# The Edinburgh Postnatal Depression Scale; its code and cut-offs are made up here.
EPDS = {
    "instrument": "EPDS", "name": "A scale of ten items", "valid_from": "", "valid_to": "", "snomed": "999000001",
    "also": "", "items": "10", "low": "0", "high": "30", "decimals": "0", "direction": "lower", "caseness": "13",
    "caseness_test": ">=", "recovery_cut_off": "10", "reliable_change": "4", "severity_bands": "", "role": "prom",
    "domain": "symptoms", "complaint_prefix": "", "every_session": "", "periodic": "severe_mental_illness",
    "recalled": "", "source": "a test", "confidence": "F", "note": "",
}  # fmt: skip


def rules_broken(folder: Path, *changes: Change) -> list[str]:
    """The rules that the example with these changes breaks."""
    return sorted({str(rule) for rule in check_path(example(folder, *changes)).findings["rule_id"]})


# ---- a pathway --------------------------------------------------------------------------------------------


def perinatal(tmp: str) -> dict[str, Any]:
    """What becomes of referrals to the new pathway, beside others to psychosis that are alike in all else."""
    folder = Path(tmp)
    named = {"Pathway": "06", "PrimReasonReferralMH": "13"}
    diagnosed = ("IDS603", 0, {"PresComp": "F530"})
    scores = [(REQOL10, "10", "22"), (PHQ9, "20", "5"), (GAD7, "15", "3")]
    alike = [Case(f"{code}-{n}", scores, 3, pathway=code) for code in ("01", "06") for n in range(30)]
    seen = [Case(f"{code}-open", scores, 2, is_discharged=False, pathway=code) for code in ("01", "06")]
    unnamed = [Case("complaint", complaint="O99.3"), Case("reason"), Case("neither")]
    tables = tables_of([*alike, *seen, *unnamed])
    tables["IDS603"] += [
        {"ServiceRequestId": name, "PresComp": "F29X", "PresCompCodSig": "1"}
        for name in [case.name for case in alike]
    ]
    for row in tables["IDS101"]:
        row["PrimReasonReferralMH"] = "13" if row["ServiceRequestId"] == "reason" else None
    finished = [case.name for case in alike]
    tables["SMI608"] = [
        {"ServiceRequestId": name, "QuestionCode": "STOPPED_OTHER", "Answer": "Y", "AnswerDate": "2025-04-28"}
        for name in finished
    ]
    tables["SMI203"] = [
        {"ServiceRequestId": name, "TherapyType": "CBT", "PlanStartDate": "2025-04-08"} for name in finished
    ]
    tables["SMI501"] = [
        {
            "ServiceUseId": name,
            "LocalPatientId": f"p-{name}",
            "ServiceUseType": "02",
            "ServiceUseStartDate": "2025-04-20",
        }
        for name in finished
    ]
    quarter = [write_submission(folder, "RXX", date(2025, month, 1), tables) for month in (4, 5, 6)]
    stream = {measure.id for measure in catalogue() if measure.id.startswith("REFERRED_")}
    measures = {*one_of_each(dates=is_whole()), *stream, "SMI_IMPROVEMENT", "RECOVERY"}
    draft = build(folder, quarter, whole=True, measures=measures)
    with_pathways = ask(
        draft,
        "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_columns() WHERE column_name = 'pathway' "
        "AND schema_name IN ('core', 'mart', 'public') ORDER BY ALL",
    )
    counted = "SELECT count(*) FILTER (pathway = '01'), count(*) FILTER (pathway = '06') FROM"
    return {
        "right": rules_broken(folder / "a", ("IDS101", 0, named), diagnosed),
        "reason of another": rules_broken(folder / "b", ("IDS101", 0, {"Pathway": "06"}), diagnosed),
        "diagnosis of another": rules_broken(folder / "c", ("IDS101", 0, named)),
        "unnamed": ask(
            draft,
            "SELECT service_request_id, pathway, pathway_source FROM core.pathway "
            "WHERE service_request_id IN (SELECT CAST(unnest(?) AS UUID)) ORDER BY ALL",
            [[text_of(each) for each in ("complaint", "reason", "neither")]],
        ),
        "rows": {name: ask(draft, f"{counted} {name}")[0] for (name,) in with_pathways},
        "case mix": ask(
            draft, "SELECT DISTINCT pathway, severity_band, diagnosis FROM monthly_count.case_mix ORDER BY ALL"
        ),
        "improved": ask(
            draft,
            "SELECT pathway, numerator, denominator FROM mart.national WHERE measure = 'SMI_IMPROVEMENT' "
            "AND period_type = 'quarter' ORDER BY ALL",
        ),
        "recovery": ask(
            draft,
            "SELECT DISTINCT pathway FROM mart.national WHERE measure = 'RECOVERY' AND state <> 'not applicable' "
            "AND pathway <> 'all'",
        ),
    }


@pytest.fixture(scope="module")
def added_pathway(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What becomes of referrals to a pathway that is one more row of the table."""
    tmp_path = tmp_path_factory.mktemp("pathway")
    tree = changed_tree(tmp_path, {PATHWAYS: [*rows_of(PATHWAYS), PERINATAL]})
    return dict(run_on(tree, perinatal, tmp_path))


def test_a_pathway_is_one_row_for_the_check(added_pathway: dict[str, Any]) -> None:
    clean = added_pathway["right"]
    assert set(added_pathway["reason of another"]) - set(clean) == {"IDS101-124"}
    assert set(added_pathway["diagnosis of another"]) - set(clean) == {"IDS603-109"}


def test_a_pathway_is_one_row_for_referrals_that_name_none(added_pathway: dict[str, Any]) -> None:
    assert added_pathway["unnamed"] == [
        ["complaint", "06", "diagnosis"],
        ["neither", "05", "default"],
        ["reason", "06", "primary reason"],
    ]


def test_a_pathway_is_one_row_for_every_table_that_has_pathways(added_pathway: dict[str, Any]) -> None:
    rows = added_pathway["rows"]
    # Public breakdowns are of all pathways together.
    assert rows.pop("public.breakdown_measure") == [0, 0]
    # Nobody lives anywhere: no reference file says so.
    assert rows.pop("mart.access_rate") == [0, 0]
    # Nobody has agreed a tariff, and a curve of waits is of twelve months.
    assert [rows.pop(f"mart.{table}") for table in ("payment", "waiting_curve")] == [[0, 0], [0, 0]]
    # Nothing is recommended for the new one, and no earlier release has other figures.
    assert [rows.pop(f"public.{table}") for table in ("condition_therapy", "revision")] == [[4, 0], [0, 0]]
    assert len(rows) == 32
    assert {name for name, (_, found) in rows.items() if not found} == set()
    # People who differ in nothing else have as many rows in every mart, whichever of the two pathways they are on. Some
    # measures are of psychosis alone, and by month there are only groups in which somebody was.
    assert {name for name, (alike, found) in rows.items() if not name.startswith("core.") and alike != found} <= {
        "mart.control_chart",
        "mart.control_chart_summary",
        "mart.breakdown_measure",
        "mart.rate_ratio",
    }


def test_a_pathway_is_one_row_for_its_measures_and_case_mix(added_pathway: dict[str, Any]) -> None:
    assert ["06", 30, 30] in added_pathway["improved"]
    assert added_pathway["recovery"] == [["05"]]  # measures of Talking Therapies do not apply
    assert ["06", "ReQoL-10 10-19", "06"] in added_pathway["case mix"]


# ---- an instrument ----------------------------------------------------------------------------------------


def epds(tmp: str) -> dict[str, Any]:
    """What becomes of scores of the new instrument."""
    folder = Path(tmp)
    of_code = {"CodedAssToolType": "999000001", "PersScore": "20"}
    changes = [Case("recovered", [("999000001", "20", "9")], pathway="01"),
               Case("improved", [("999000001", "20", "11")], pathway="01"),
               Case("under its short name", [("EPDS", "20", "20")], pathway="01"),
               Case("out of range", [("999000001", "31", "9")], pathway="01")]  # fmt: skip
    won = [write_submission(folder, "RXX", APRIL, tables_of(changes))]
    draft = build(folder, won, whole=True, measures=["OUTCOME_RECOVERED", *FEW])
    return {
        "right": rules_broken(folder / "a", ("IDS606", 0, of_code)),
        "out of range": rules_broken(folder / "b", ("IDS606", 0, of_code | {"PersScore": "31"})),
        "outcomes": ask(
            draft,
            "SELECT service_request_id, instrument, reliable_change, is_in_recovery_last, is_in_battery "
            "FROM core.outcome ORDER BY ALL",
        ),
        "domain": ask(
            draft,
            "SELECT DISTINCT breakdown, breakdown_group FROM monthly_count.outcome_discharged_group "
            "WHERE breakdown IN ('instrument', 'domain') ORDER BY ALL",
        ),
        "recovered": ask(
            draft,
            "SELECT numerator, denominator FROM mart.national WHERE measure = 'OUTCOME_RECOVERED' "
            "AND period_type = 'month' AND pathway = '01'",
        ),
    }


def test_an_instrument_is_one_row(tmp_path: Path) -> None:
    found = run_on(changed_tree(tmp_path, {INSTRUMENTS: [*rows_of(INSTRUMENTS), EPDS]}), epds, tmp_path)
    assert (found["right"], found["out of range"]) == ([], ["IDS606-104"])
    assert found["outcomes"] == [
        ["improved", "EPDS", "improved", False, True],
        ["out of range", "EPDS", "unpaired", None, True],
        ["recovered", "EPDS", "improved", True, True],
        ["under its short name", "EPDS", "no change", False, True],
    ]
    assert found["domain"] == [["domain", "symptoms"], ["instrument", "EPDS"]]
    assert found["recovered"] == [[1, 3]]


# ---- a threshold that changes on a date -------------------------------------------------------------------


def dated(tmp: str) -> list[Any]:
    """Outcomes of GAD-7 courses with first scores on 8 April and last ones on 28 April 2025."""
    folder = Path(tmp)
    cases = [
        Case("9 to 9", [(GAD7, "9", "9")]), Case("15 to 10", [(GAD7, "15", "10")]),
        Case("15 to 9", [(GAD7, "15", "9")]), Case("9 once", [(GAD7, "9", None)]),
        Case("later", extra_scores=[
            {"CodedAssToolType": GAD7, "PersScore": score, "AssToolCompDate": day}
            for score, day in (("9", "2025-04-20"), ("4", "2025-04-28"))
        ]),
    ]  # fmt: skip
    draft = build(folder, [write_submission(folder, "RXX", APRIL, tables_of(cases))], marts=False)
    return ask(
        draft,
        "SELECT service_request_id, is_case_first, is_case_last, is_in_recovery_last, reliable_change "
        "FROM core.outcome ORDER BY ALL",
    )


def test_a_threshold_that_changes_on_a_date_is_one_row(tmp_path: Path) -> None:
    """Of GAD-7 from 20 April on: caseness 10, not 8, and a reliable change of 6, not 4."""
    rows = rows_of(INSTRUMENTS)
    gad7 = next(row for row in rows if row["instrument"] == "GAD7")
    later = {"valid_from": "2025-04-20", "caseness": "10", "recovery_cut_off": "10", "reliable_change": "6"}
    before = [
        ("15 to 10", True, True, False, "improved"),
        ("15 to 9", True, True, False, "improved"),
        ("9 once", True, None, None, "unpaired"),
        ("9 to 9", True, True, False, "no change"),
        ("later", True, False, True, "improved"),
    ]
    after = [
        ("15 to 10", True, True, False, "no change"),  # 5 points are too few on the day of the last score
        ("15 to 9", True, False, True, "improved"),
        ("9 once", True, None, None, "unpaired"),  # a case on 8 April, when 8 was the cut-off
        ("9 to 9", True, False, True, "no change"),
        ("later", False, False, True, "no change"),  # none on 20 April
    ]
    assert dated(str(tmp_path / "before")) == before
    changed = run_on(changed_tree(tmp_path, {INSTRUMENTS: [*rows, gad7 | later]}), dated, tmp_path / "after")
    assert [tuple(row) for row in changed] == after


# ---- a catalogue that cannot be used ----------------------------------------------------------------------


def test_what_is_wrong_with_the_catalogue_is_said_to_who_checks_a_submission(tmp_path: Path) -> None:
    wrong = [*rows_of(INSTRUMENTS), EPDS | {"domain": "", "caseness": "31", "periodic": "06"}]
    tree = changed_tree(tmp_path, {INSTRUMENTS: wrong})
    ran = python_on(tree, "-m", "pipelines", "check", str(example(tmp_path / "a")))
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    row = len(wrong) + 1
    for text in ("domain ''", "caseness 31 is outside the range", "periodic: '06' is neither"):
        assert any(f"row {row}: EPDS: {text}" in line for line in ran.stderr.splitlines()), ran.stderr


def build_nothing(tmp: str) -> None:
    """A warehouse without submissions: what it must read is read."""
    build(Path(tmp), [], marts=False)


def test_a_therapy_is_recommended_for_a_pathway_that_there_is(tmp_path: Path) -> None:
    """Eating disorder is taken out of the table of pathways; the therapies for it stay."""
    kept = [row for row in rows_of(PATHWAYS) if row["code"] != "04"]
    measured = [row for row in rows_of(INSTRUMENTS) if row["periodic"] != "04"]
    tree = changed_tree(tmp_path, {PATHWAYS: kept, INSTRUMENTS: measured})
    ran = python_on(tree, "-c", f"from {__name__} import build_nothing; build_nothing({str(tmp_path)!r})")
    rows = [number for number, row in enumerate(rows_of("warehouse/clinical/therapy_standard.csv"), start=2)
            if row["pathway"] == "04"]  # fmt: skip
    assert "CatalogueError: warehouse/clinical/therapy_standard.csv cannot be used" in ran.stderr
    for number in rows:
        assert f"row {number}: pathway '04' is not in the table of pathways" in ran.stderr
