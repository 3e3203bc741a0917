"""Findings one by one, as lines for a spreadsheet: with the cell to look at, and nothing that a spreadsheet runs.

Belongs here: what a line has, and ``findings.csv``. Does not belong here: the workbook (``reports.site.workbook``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from reports.site.ranges import letters_of
from reports.site.wording import STATUS, masked, message
from schemas.dataset import TABLES
from schemas.rule import Rule
from transforms.submission import SubmissionChecked

# A spreadsheet runs a cell that begins with one of these (OWASP ASVS 1.2.10), or with its full-width form.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(findings: pl.LazyFrame, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> pl.LazyFrame:
    """``findings`` with ``cell`` ("F214"; several for a rule about several fields) and ``status``.

    A row rejected by cascade has neither: there is nothing to correct in it.
    """
    rules = verdict["rules"]
    table_of = {"": None} | {table.name: table.id for table in TABLES.values()}
    letters = [_letters(table_of[rule["table"]], rule["field"].split(", "), checked) for rule in rules]
    columns = {
        f"letter {place}": [found[place] if place < len(found) else None for found in letters]
        for place in range(max((len(found) for found in letters), default=0))
    }
    beside = pl.DataFrame(
        {
            "rule_id": [rule["rule_id"] for rule in rules],
            "table": [table_of[rule["table"]] for rule in rules],
            "status": [rule["status"] for rule in rules],
            **columns,
        },
        schema={"rule_id": pl.Categorical, "table": pl.Categorical, "status": pl.String}
        | dict.fromkeys(columns, pl.String),
    )
    cells = [pl.col(name) + pl.col("row_number").cast(pl.String) for name in columns]
    cell = pl.concat_str(cells, separator=", ", ignore_nulls=True) if cells else pl.lit("")
    return (
        findings.join(beside.lazy(), on=["rule_id", "table"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(cell != "").then(cell).alias("cell"))
        .drop(columns)
    )


def worded(findings: pl.DataFrame, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> pl.DataFrame:
    """Lines for a person: effect, table, row, cell, rule, field, found, message, fix, because of, status."""
    rules = checked.rules
    ids = findings["rule_id"].unique().cast(pl.String).to_list()
    words = pl.DataFrame(
        {
            "rule_id": ids,
            "message": [message(rules[rule_id]) for rule_id in ids],
            "fix": [rules[rule_id].fix for rule_id in ids],
            "no value": [_no_value(rules[rule_id]) for rule_id in ids],
        },
        schema={"rule_id": pl.Categorical, "message": pl.String, "fix": pl.String, "no value": pl.String},
    )
    table_name = {table.id: table.name for table in TABLES.values()}
    with_words = lines(findings.lazy(), checked, verdict).join(
        words.lazy(), on="rule_id", how="left", maintain_order="left"
    )
    table, cause = (
        pl.col(column).cast(pl.String).replace_strict(table_name, return_dtype=pl.String)
        for column in ("table", "cause_table")
    )
    # Non-printing characters are not allowed in a workbook, and hide what is next to them.
    found = pl.col("found").str.replace_all(r"\p{C}", "·")
    return with_words.select(
        pl.col("effect").cast(pl.String),
        table.fill_null("The submission"),
        "row_number",
        "cell",
        pl.col("rule_id").cast(pl.String),
        pl.col("field").cast(pl.String),
        pl.coalesce(found, pl.when(cause.is_null()).then("no value")),
        # What the gate found is a name or a count, without which its message says little; it names no field.
        pl.when(pl.col("field").is_null() & found.is_not_null())
        .then(pl.col("message").str.replace("«…»", found, literal=True))
        .otherwise("message"),
        "fix",
        pl.format("{} row {}", cause, "cause_row").alias("because of"),
        pl.col("status").replace_strict(STATUS, default=None, return_dtype=pl.String),
    ).collect()


def write(folder: Path, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> None:
    """Write ``findings.csv``: every finding, one per line, in the findings' order."""
    found = pl.col("found")
    is_run = found.str.slice(0, 1).is_in(_FORMULA_STARTS)
    neutralised = pl.when(is_run).then("'" + found).otherwise(found).alias("found")
    lines(checked.findings.lazy(), checked, verdict).with_columns(neutralised).sink_csv(folder / "findings.csv")


def _no_value(rule: Rule) -> str:
    """What stands where a finding about a field has no value to show."""
    if not rule.fields:
        return ""
    return "(not shown)" if masked(rule) else "(blank)"


def _letters(table_id: str | None, fields: list[str], checked: SubmissionChecked) -> list[str]:
    received = checked.received.get(table_id or "")
    return letters_of(fields, received.columns) if received else []
