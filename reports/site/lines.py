"""Findings one by one, as lines for a spreadsheet: with the cell to look at, and nothing that a spreadsheet runs.

Belongs here: what a line has, and ``findings.csv``. Does not belong here: the workbook (``reports.site.workbook``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from reports.site.ranges import letters_of
from reports.site.wording import STATUS, clean, masked, message
from schemas.dataset import TABLES
from schemas.rule import Rule
from transforms.submission import SubmissionChecked

# A spreadsheet runs a cell that begins with one of these (OWASP ASVS 1.2.10), or with its full-width form.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(findings: pl.LazyFrame, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> pl.LazyFrame:
    """``findings`` with ``cell`` ("F214"; several for a rule about several fields), ``status`` and ``owner``.

    A row rejected by cascade has none of them: there is nothing to correct in it.
    """
    # A rule stands twice where a cause explains only a part of its findings.
    every = {(rule["rule_id"], rule["table"]): rule for rule in (*verdict["rules"], *verdict["explained"])}
    rules = list(every.values())
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
            "owner": [rule["owner"] for rule in rules],
            **columns,
        },
        schema={"rule_id": pl.Categorical, "table": pl.Categorical, "status": pl.String, "owner": pl.String}
        | dict.fromkeys(columns, pl.String),
    )
    cells = [pl.col(name) + pl.col("row_number").cast(pl.String) for name in columns]
    cell = pl.concat_str(cells, separator=", ", ignore_nulls=True) if cells else pl.lit("")
    per_record = [each.statuses for each in checked.changes if each.statuses is not None]
    since = pl.coalesce("since", "status") if per_record else pl.col("status")
    if per_record:  # a record has its own: a rule that is still there may be new for this one
        findings = findings.join(
            per_record[0].lazy(), on=["table", "row_number", "rule_id"], how="left", maintain_order="left"
        )
    return (
        findings.join(beside.lazy(), on=["rule_id", "table"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(cell != "").then(cell).alias("cell"), since.alias("status"))
        .drop(*columns, *(["since"] if per_record else []))
    )


def worded(findings: pl.DataFrame, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> pl.DataFrame:
    """Lines for a person: effect, table, row, cell, rule, field, found, message, fix, because of, status, owner."""
    # One message for every value that a rule found: a line says its own.
    pairs = findings.select(pl.col("rule_id").cast(pl.String), "found").unique(maintain_order=True).rows()
    of = [checked.rules[rule_id] for rule_id, _ in pairs]
    words = pl.DataFrame(
        {
            "rule_id": [rule_id for rule_id, _ in pairs],
            "found": [found for _, found in pairs],
            "message": [_said(rule, found) for rule, (_, found) in zip(of, pairs, strict=True)],
            "fix": [rule.fix for rule in of],
            "no value": [_no_value(rule) for rule in of],
        },
        schema={"rule_id": pl.Categorical} | dict.fromkeys(("found", "message", "fix", "no value"), pl.String()),
    )
    table_name = {table.id: table.name for table in TABLES.values()}
    with_words = lines(findings.lazy(), checked, verdict).join(
        words.lazy(), on=["rule_id", "found"], how="left", nulls_equal=True, maintain_order="left"
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
        "message",
        "fix",
        pl.coalesce(pl.col("explained_by").cast(pl.String), pl.format("{} row {}", cause, "cause_row")).alias(
            "because of"
        ),
        pl.col("status").replace_strict(STATUS, default=None, return_dtype=pl.String),
        "owner",
    ).collect()


def write(folder: Path, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> None:
    """Write ``findings.csv``: every finding, one per line, in the findings' order."""
    found = pl.col("found")
    is_run = found.str.slice(0, 1).is_in(_FORMULA_STARTS)
    neutralised = pl.when(is_run).then("'" + found).otherwise(found).alias("found")
    lines(checked.findings.lazy(), checked, verdict).with_columns(neutralised).sink_csv(folder / "findings.csv")


def _said(rule: Rule, found: str | None) -> str:
    """The rule's message with the value of one line, fit for a workbook."""
    return message(rule) if found is None else message(rule, [clean(found)], 1)


def _no_value(rule: Rule) -> str:
    """What stands where a finding about a field has no value to show."""
    if not rule.fields:
        return ""
    return "(not shown)" if masked(rule) else "(blank)"


def _letters(table_id: str | None, fields: list[str], checked: SubmissionChecked) -> list[str]:
    received = checked.received.get(table_id or "")
    return letters_of(fields, received.columns) if received else []
