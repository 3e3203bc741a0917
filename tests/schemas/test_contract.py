"""The contract and the findings refuse the same rows: pandera against the findings pass."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pandera.errors
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import accepted, contract, contract_of
from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.month import ProviderMonth
from schemas.rule import Rule
from schemas.ruleset import rules_for
from schemas.staged import staged_schema
from schemas.table import Table
from schemas.terms import HOLDS, holds_all, terms
from schemas.versions import Version, as_checked, tables_of
from tests.campaign import examples
from transforms.cast import with_typed
from transforms.findings import REJECTIONS
from transforms.leaving import ContractBroken, Held, held_to_contract
from transforms.pseudonymise import BESIDE, Origin, TokenKey, pseudonymised
from transforms.related import Related
from transforms.validate import check_rows, rejected_rows
from transforms.withheld import withholding

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
HEADER = {"DatSetVer": "1.0", "ReportingPeriodStartDate": APRIL[0], "ReportingPeriodEndDate": APRIL[1]}
ORIGIN, KEY = Origin("s1", ProviderMonth("RW5", APRIL[0])), TokenKey("v1", "00" * 32)
VALUES = st.sampled_from(
    [None, "1", "01", "5", "A1", "XX", "2026-04-01", "2026-02-30", "2026-4-1", "2026-05-02", "12", "-1", "9999",
     "99999", "é", "9990000018", "9990000019", "2026-04-01T10:00:00", "10:00:00", "25:00:00", "720433000", "2026-04",
     "1.0", "x" * 60, "٣"]
)  # fmt: skip


def rows_of(table: Table, records: list[dict[str, str | None]]) -> pl.LazyFrame:
    names = [field.name for field in table.fields]
    rows = pl.LazyFrame(records, schema=dict.fromkeys(names, pl.String)).with_row_index("row_number", offset=2)
    return rows.with_columns(pl.col("row_number").cast(pl.Int64))


def broken(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> set[tuple[str, int]]:
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as refused:
        cases = refused.failure_cases
        assert cases["index"].null_count() == 0, "a structural failure, not a row's"
        return {(rule, frame["row_number"][int(i)]) for rule, i in cases.select("check", "index").rows()}
    return set()


def satisfying_not(frame: pl.DataFrame, rules: Sequence[Rule]) -> list[int]:
    """The row numbers that do not satisfy the terms of rules, asked as rows pass."""
    header = (pl.lit(value).alias(f"IDS000_{name}") for name, value in HEADER.items())
    return frame.with_columns(header).filter(~holds_all(rules))["row_number"].to_list()


def as_written(frame: pl.DataFrame, table: Table, rules: Sequence[Rule]) -> pl.DataFrame:
    """The rows as the store keeps them, all of them, and whether each satisfies the terms."""
    header = (pl.lit(value).alias(f"IDS000_{name}") for name, value in HEADER.items())
    beside = (
        pl.lit(None, dtype=TABLES[other].by_name[name].dtype).alias(f"{other}_{name}")
        for other, name in BESIDE.get(table.id, ())
    )
    rows = frame.lazy().with_columns(*header, *beside).with_columns(holds_all(rules).alias(HOLDS))
    return withholding(pseudonymised(rows, table, ORIGIN, KEY, also=[HOLDS]), table, also=[HOLDS]).collect()


@pytest.mark.parametrize(
    "table_id", ["IDS000", "IDS001", "IDS101", "IDS108", "IDS201", "IDS606", "SMI203", "SMI608"]
)
@settings(max_examples=examples(15))
@given(data=st.data())
def test_contract_and_findings_refuse_the_same_rows(table_id: str, data: st.DataObject) -> None:
    """Random records, most of them wrong, and the example's: no row that one refuses is let through by the other."""
    table = as_checked(table_id, Version.SMI_1_0)
    some = {f.name: VALUES | st.sampled_from([r[f.name] for r in example_records(table)]) for f in table.fields}
    records = data.draw(st.lists(st.fixed_dictionaries(some), min_size=1, max_size=6))
    rules = rules_for(table_id, Version.SMI_1_0, *APRIL)
    rows = rows_of(table, records)
    findings, kept, *_ = check_rows(rows, table, terms(rules), Related(HEADER))
    assert kept.height == len(records)
    rejecting = findings.filter(pl.col("effect").is_in(REJECTIONS))
    frame = with_typed(rows, table).collect()
    assert set(rejecting.select("rule_id", "row_number").rows()) == broken(contract(table, rules, HEADER), frame)
    alone = {rule.id for rule in rules if not rule.group_by}
    refused = set(rejecting.filter(pl.col("rule_id").is_in(alone))["row_number"])
    assert set(satisfying_not(frame, rules)) == refused
    assert {row for _, row in broken(accepted(table), as_written(frame, table, rules))} == refused
    assert rejected_rows(findings).to_list() == sorted(set(rejecting["row_number"]))


@pytest.mark.parametrize("version", Version)
def test_every_table_of_every_version_has_a_contract_that_others_can_import(version: Version) -> None:
    for table_id in tables_of(version):
        table = as_checked(table_id, version)
        empty = with_typed(rows_of(table, []), table).collect()
        assert contract_of(table_id, version, APRIL[0]).validate(empty).is_empty()


@pytest.mark.parametrize("table_id", TABLES)
def test_the_example_submission_satisfies_the_contract(table_id: str) -> None:
    table = as_checked(table_id, Version.SMI_1_0)
    frame = with_typed(rows_of(table, list(example_records(table))), table).collect()
    assert frame.height
    assert broken(contract_of(table_id, Version.SMI_1_0, APRIL[0]), frame) == set()


def test_a_date_of_birth_may_be_blank_in_version_2_0_and_not_since_2_1() -> None:
    record = dict(example_records(TABLES["IDS001"])[0]) | {"PersonBirthDate": None}
    for version, refused in ((Version.IAPT_2_0, set()), (Version.IAPT_2_1, {("IDS001-PersonBirthDate-BLANK", 2)})):
        table = as_checked("IDS001", version)
        frame = with_typed(rows_of(table, [record]), table).collect()
        assert broken(contract_of("IDS001", version, APRIL[0]), frame) == refused


def test_the_contract_refuses_a_frame_of_other_columns() -> None:
    with pytest.raises(pandera.errors.SchemaErrors):
        contract(TABLES["IDS007"], [], HEADER).validate(pl.DataFrame({"row_number": [2]}), lazy=True)


def written(table_id: str) -> pl.DataFrame:
    """The example's rows as the store keeps them, each of which satisfies the terms."""
    table = as_checked(table_id, Version.SMI_1_0)
    frame = with_typed(rows_of(table, list(example_records(table))), table).collect()
    return as_written(frame, table, rules_for(table_id, Version.SMI_1_0, *APRIL))


WRONG: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "a row that does not satisfy the terms": lambda rows: rows.with_columns(pl.lit(False).alias(HOLDS)),
    "a row of which that is not known": lambda rows: rows.with_columns(pl.lit(None, pl.Boolean).alias(HOLDS)),
    "nothing is known of the terms": lambda rows: rows.drop(HOLDS),
    "a row of nobody": lambda rows: rows.with_columns(pl.lit(None, pl.String).alias("submission_id")),
    "a missing column": lambda rows: rows.drop("EndCode"),
    "a wrong type": lambda rows: rows.with_columns(pl.col("ServDischDate").cast(pl.String)),
    "a column more": lambda rows: rows.with_columns(pl.lit("9990000018").alias("NHSNumber")),
    "another order": lambda rows: rows.select(*rows.columns[:-2], HOLDS, rows.columns[-2]),
}


def leave(rows: pl.LazyFrame, held: Held, path: Path) -> None:
    rows.sink_parquet(path, engine="streaming")
    held.hold()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("right_before", [False, True])
def test_rows_are_not_written_that_break_the_contract(wrong: str, right_before: bool, tmp_path: Path) -> None:
    """With one batch that is right before it, as in the second half of a table, and without."""
    right, held = written("IDS101"), Held()
    if right_before:
        assert held_to_contract(right.lazy(), "IDS101", held).collect().equals(right.drop(HOLDS))
        held.hold()
    rows = held_to_contract(WRONG[wrong](right).lazy(), "IDS101", held)
    with pytest.raises(ContractBroken) as refused:
        leave(rows, held, tmp_path / "IDS101.parquet")
    assert str(refused.value) == "IDS101: rows were accepted that the contract refuses"
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)  # pandera's error quotes rows


@pytest.mark.parametrize("table_id", TABLES)
def test_rows_are_written_that_satisfy_the_contract(table_id: str) -> None:
    held = Held()
    rows = held_to_contract(written(table_id).lazy(), table_id, held).collect(engine="streaming")
    held.hold()
    assert rows.height
    assert rows.schema == pl.Schema(staged_schema(TABLES[table_id]))
