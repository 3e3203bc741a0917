"""The contract and the findings refuse the same rows: pandera against the one-pass query."""

from datetime import date

import pandera.errors
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import contract
from schemas.dataset import TABLES
from schemas.table import Table
from transforms.cast import with_typed
from transforms.findings import REJECTIONS
from transforms.submission import rules_for
from transforms.validate import NO_ROWS, check_rows, rejected_rows

APRIL = (date(2025, 4, 1), date(2025, 4, 30))
VALUES = st.sampled_from(
    [None, "1", "01", "5", "A1", "XX", "2025-04-01", "2025-02-30", "2025-4-1", "12", "-1", "9999", "99999", "é",
     "9990000018", "2025-04-01T10:00:00", "10:00:00", "25:00:00", "720433000", "2025-04", "1.0", "x" * 60, "٣"]
)  # fmt: skip


def broken_by_contract(rows: pl.LazyFrame, table: Table) -> set[tuple[str, int]]:
    frame = with_typed(rows, table).collect()
    try:
        contract(table, rules_for(table.id, *APRIL)).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as refused:
        cases = refused.failure_cases
        assert cases["index"].null_count() == 0, "a structural failure, not a row's"
        return {(rule, frame["row_number"][int(i)]) for rule, i in cases.select("check", "index").rows()}
    return set()


@pytest.mark.parametrize("table_id", ["IDS000", "IDS001", "IDS101", "IDS201", "IDS606", "SMI203"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_contract_and_findings_refuse_the_same_rows(table_id: str, data: st.DataObject) -> None:
    table = TABLES[table_id]
    names = [field.name for field in table.fields]
    records = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)), min_size=1, max_size=6))
    rows = pl.LazyFrame(records, schema=dict.fromkeys(names, pl.String)).with_row_index("row_number", offset=2)
    rows = rows.with_columns(pl.col("row_number").cast(pl.Int64))
    findings, read = check_rows(rows, table, rules_for(table_id, *APRIL))
    assert read == len(records)
    rejecting = findings.filter(pl.col("effect").is_in(REJECTIONS))
    assert set(rejecting.select("rule_id", "row_number").rows()) == broken_by_contract(rows, table)
    rejected = rejected_rows(findings).get(table_id, NO_ROWS)
    assert rejected.to_list() == sorted(set(rejecting["row_number"]))


def test_the_contract_refuses_a_frame_of_other_columns() -> None:
    table = TABLES["IDS007"]
    with pytest.raises(pandera.errors.SchemaErrors):
        contract(table, []).validate(pl.DataFrame({"row_number": [2]}), lazy=True)
