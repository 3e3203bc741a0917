"""The cascade: a rejected record takes with it what belongs to it, and says which record that was."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.load import check_path
from schemas.dataset import TABLES
from tests.campaign import examples
from tests.fixtures.example import example
from transforms.findings import REJECTIONS
from transforms.submission import SubmissionChecked

# Each table of the chain, its key and the key of what it belongs to.
CHAIN = (
    ("IDS001", "LocalPatientId", None, None),
    ("IDS101", "ServiceRequestId", "LocalPatientId", "IDS001"),
    ("IDS201", "CareContactId", "ServiceRequestId", "IDS101"),
    ("IDS202", "CareActId", "CareContactId", "IDS201"),
    ("IDS607", None, "CareActId", "IDS202"),
)


def cascaded(checked: SubmissionChecked) -> set[tuple[str, int, str, int]]:
    found = checked.findings.filter(pl.col("cause_row").is_not_null())
    return set(found.select("table", "row_number", "cause_table", "cause_row").rows())


def rejected_by_themselves(checked: SubmissionChecked) -> dict[str, set[int]]:
    own = checked.findings.filter(
        pl.col("effect").is_in(REJECTIONS) & pl.col("cause_row").is_null() & pl.col("row_number").is_not_null()
    )
    return {table: set(own.filter(pl.col("table") == table)["row_number"]) for table in TABLES}


def test_a_patient_takes_referral_contact_activity_and_score_along(tmp_path: Path) -> None:
    checked = check_path(example(tmp_path, ("IDS001", 0, {"PersonBirthDate": "not known"})))
    found = checked.findings.filter(pl.col("cause_row").is_not_null())
    assert {"IDS101", "IDS201", "IDS202"} <= set(found["table"])
    assert set(found["cause_table"]) == {"IDS001"}
    assert set(found["cause_row"]) == {2}
    assert found["found"].null_count() == found.height
    # The element that names the parent is where the finding points.
    named = {
        table: field
        for table, field in found.select("table", "field").rows()
        if table in ("IDS101", "IDS201", "IDS202")
    }
    assert named == {"IDS101": "LocalPatientId", "IDS201": "ServiceRequestId", "IDS202": "CareContactId"}
    others = checked.findings.filter(pl.col("cause_row").is_null())
    assert others["rule_id"].to_list() == ["IDS001-PersonBirthDate-FORMAT"]


def test_a_row_that_breaks_a_rule_itself_is_not_rejected_by_cascade(tmp_path: Path) -> None:
    wrong = example(tmp_path, ("IDS101", 0, {"OrgIDComm": "?"}), ("IDS001", 0, {"PersonBirthDate": "not known"}))
    checked = check_path(wrong)
    of_referral = checked.findings.filter((pl.col("table") == "IDS101") & (pl.col("row_number") == 2))
    assert of_referral["rule_id"].to_list() == ["IDS101-OrgIDComm-FORMAT"]
    # Its contacts wait for the referral, not for the patient: the nearest fault is the one to correct.
    of_contacts = checked.findings.filter((pl.col("table") == "IDS201") & pl.col("cause_row").is_not_null())
    assert set(of_contacts["cause_table"]) == {"IDS101"}


def test_a_record_without_a_parent_is_an_orphan_and_not_rejected_by_cascade(tmp_path: Path) -> None:
    checked = check_path(example(tmp_path, ("IDS101", 0, {"LocalPatientId": "NOBODY"})))
    of_referral = checked.findings.filter((pl.col("table") == "IDS101") & (pl.col("row_number") == 2))
    assert of_referral["cause_row"].null_count() == of_referral.height
    assert set(of_referral["effect"]) & set(REJECTIONS)


def test_a_warning_takes_nothing_along(tmp_path: Path) -> None:
    checked = check_path(example(tmp_path, ("IDS001", 0, {"EthnicCategory": "Q"})))
    assert "IDS001-EthnicCategory-FORMAT" in checked.findings["rule_id"]
    assert cascaded(checked) == set()


@pytest.mark.parametrize("table_id", [table for table, *_ in CHAIN])
def test_rows_in_are_accepted_plus_rejected(tmp_path: Path, table_id: str) -> None:
    # A row without any value is no record.
    changes = {field.name: None for field in TABLES[table_id].fields[1:]}
    counted = check_path(example(tmp_path, (table_id, 0, changes))).counts()
    assert counted[table_id]["rejected"] >= 1
    for counts in counted.values():
        assert counts["rows_in"] == counts["accepted"] + counts["rejected"]


KEYS = st.sampled_from(["A", "B", "C", "D", None])


@st.composite
def chains(draw: st.DrawFn) -> dict[str, list[dict[str, str | None]]]:
    """Rows of the chain that belong together, or not, at random: keys twice, keys of nobody, blanks, faults."""
    rows: dict[str, list[dict[str, str | None]]] = {}
    for table_id, key, parent_key, _ in CHAIN:
        some = draw(st.lists(st.tuples(KEYS, KEYS, st.booleans()), min_size=1, max_size=6))
        rows[table_id] = [
            {name: value for name, value in ((key, own), (parent_key, above)) if name}
            | ({"IDS001": {"PersonBirthDate": "?"}, "IDS101": {"OrgIDComm": "?"}}.get(table_id, {}) if bad else {})
            for own, above, bad in some
        ]
    return rows


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=chains())
def test_the_cascade_agrees_with_a_slow_reading_of_the_files(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, list[dict[str, str | None]]]
) -> None:
    """Reference: record by record in plain Python, from the rows that break a rule themselves."""
    checked = check_path(example(tmp_path_factory.mktemp("chain"), only=rows))
    own = rejected_by_themselves(checked)
    expected: set[tuple[str, int, str, int]] = set()
    lost: dict[str, dict[int, tuple[str, int]]] = {}
    for table_id, _, parent_key, parent in CHAIN:
        lost[table_id] = {row: (table_id, row) for row in own[table_id]}
        if parent is None or parent_key is None:
            continue
        places: dict[str, int] = {}
        for number, record in enumerate(rows[parent], start=2):
            named = record.get(parent_key)
            if named is not None:
                places.setdefault(named, number)
        for number, record in enumerate(rows[table_id], start=2):
            place = places.get(record[parent_key] or "")
            if number not in own[table_id] and place in lost[parent]:
                cause = lost[parent][place]
                lost[table_id][number] = cause
                expected.add((table_id, number, *cause))
    assert cascaded(checked) == expected
    for table_id, losses in lost.items():
        assert checked.tables[table_id].rejected.to_list() == sorted(losses)
