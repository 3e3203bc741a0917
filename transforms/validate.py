"""Findings: every rule over every row of a table, in one pass.

Belongs here: turning rules into one query, and its outcome into the findings frame. Does not belong here:
which rules there are (``schemas``), how a finding is shown (``reports``).

A row is read once; only rows that break a rule are materialised, so memory follows the number of bad
rows, not the size of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from schemas.rule import Rule
from schemas.table import Table
from transforms.cast import with_typed
from transforms.findings import FINDINGS, REJECTIONS, no_findings

_FLAG = "rule "
NO_ROWS = pl.Series("row_number", [], dtype=pl.Int64)


@dataclass(frozen=True)
class Checked:
    """One table's rows against its rules. ``rejected`` holds the row numbers that do not survive, sorted."""

    findings: pl.DataFrame
    rows_in: int
    rejected: pl.Series

    @property
    def accepted(self) -> int:
        """Rows that survive. rows_in = accepted + rejected, always."""
        return self.rows_in - len(self.rejected)


def check_rows(rows: pl.LazyFrame, table: Table, rules: Sequence[Rule]) -> tuple[pl.DataFrame, int]:
    """The findings of ``rules`` over ``rows`` (see ``receive.Received.rows``), and how many rows were read.

    A predicate that is true is a finding; false or null is none. Findings are ordered by row, then in the
    rules' order.
    """
    needed = {name for rule in rules for name in rule.fields}
    flags = [pl.sql_expr(rule.fails).fill_null(False).alias(_FLAG + rule.id) for rule in rules]
    flagged = with_typed(rows, table, needed).with_columns(flags)
    names = [_FLAG + rule.id for rule in rules]
    shown = [f"{name}_text" for name in sorted(needed) if not table.by_name[name].is_identifying]
    bad, count = pl.collect_all(
        [
            flagged.filter(pl.any_horizontal(names)).select("row_number", *shown, *names),
            flagged.select(pl.len()),
        ],
        engine="streaming",
    )
    frames = [_findings_of(rule, table, bad) for rule in rules if bad.height and bad[_FLAG + rule.id].any()]
    findings = pl.concat(frames) if frames else no_findings()
    return findings.sort("row_number", maintain_order=True), int(count.item())


def _findings_of(rule: Rule, table: Table, bad: pl.DataFrame) -> pl.DataFrame:
    """One row per row of ``bad`` that breaks ``rule``; the value is left out where the field identifies."""
    name = rule.fields[0]
    is_shown = len(rule.fields) == 1 and not table.by_name[name].is_identifying
    return bad.lazy().filter(pl.col(_FLAG + rule.id)).select(
        pl.lit(table.id).alias("table"),
        "row_number",
        pl.lit(rule.id).alias("rule_id"),
        pl.lit(rule.effect.value).alias("effect"),
        pl.lit(name if len(rule.fields) == 1 else ", ".join(rule.fields)).alias("field"),
        (pl.col(f"{name}_text") if is_shown else pl.lit(None, dtype=pl.String)).alias("found"),
    ).collect().cast(pl.Schema(FINDINGS))  # fmt: skip


def rejected_rows(findings: pl.DataFrame) -> dict[str, pl.Series]:
    """Per table id the row numbers that a rejecting finding names, sorted, each once; no entry for none."""
    rejecting = findings.filter(pl.col("effect").is_in(REJECTIONS) & pl.col("row_number").is_not_null())
    parts = rejecting.partition_by("table", as_dict=True)
    return {str(table_id): part["row_number"].unique().sort() for (table_id,), part in parts.items()}
