"""Findings by rule and table: how many, where, the values found, and the rows rejected by cascade.

Belongs here: the arithmetic over the findings frame, which may have millions of rows. Does not belong here:
wording (``reports.site.report``).

A root is a record that breaks a rejecting rule itself. A row rejected only because of it (by cascade) is counted
at the root and does not make a group of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from schemas.rule import Effect, Rule
from transforms.findings import REJECTIONS
from transforms.submission import SubmissionChecked

VALUES_SHOWN = 5
# What a finding about a file found is a name or a count, each worth seeing: columns missing, files not known.
NAMES_SHOWN = 30
_KEYS = ("rule_id", "table")

Key = tuple[str, str]


@dataclass(frozen=True)
class Group:
    """The findings of one rule in one table (id; empty for the submission as a whole).

    ``rows`` are the rows that break it, each once, sorted; empty for a finding about the file. ``values`` are the
    commonest values found, with their counts, of ``distinct`` ones. ``cascade_rows`` counts the rows rejected only
    because of these; ``also_rejected_by_others`` those of ``rows`` that another rule rejects too.
    """

    rule: Rule
    table: str
    rows: pl.Series
    findings: int
    values: list[tuple[str, int]]
    distinct: int
    cascade_rows: int
    also_rejected_by_others: int

    @property
    def records(self) -> int:
        """How many records it is about; a finding about the file counts as one."""
        return len(self.rows) or 1


@dataclass(frozen=True)
class CascadeRows:
    """The rows of a table rejected by cascade: ``because_of`` counts them by the root's table id."""

    table: str
    rows: pl.Series
    because_of: dict[str, int]


@dataclass(frozen=True)
class Summary:
    """All that is counted of a submission's findings.

    ``groups``: most serious effect first, then those that reject most records. ``cascade``: per table, in order
    of the findings. ``records``: by effect, how many records have findings of their own. ``roots``: how many
    records break a rejecting rule.
    """

    groups: list[Group]
    cascade: list[CascadeRows]
    records: dict[str, int]
    roots: int


def summarise(checked: SubmissionChecked) -> Summary:
    """Count a submission's findings."""
    if checked.findings.is_empty():
        return Summary([], [], {}, 0)
    findings = checked.findings.lazy()
    own = findings.filter(pl.col("cause_row").is_null())
    of_records = own.filter(pl.col("row_number").is_not_null())
    # The keys of millions of rows stay numbers until here.
    broken, values, also, cascaded, causes, records, roots = pl.collect_all(
        [
            own.group_by(_KEYS).agg(
                pl.len().alias("findings"), pl.col("row_number").drop_nulls().unique().sort().alias("rows")
            ),
            _values(own),
            _rejected_by_others(of_records),
            _cascade_counts(findings, of_records),
            _causes(findings),
            of_records.select("effect", "table", "row_number").unique().group_by("effect").len(),
            _rejected(of_records).select("table", "row_number").unique().select(pl.len()),
        ]
    )
    groups = _groups(checked.rules, broken, values, also, cascaded)
    order = {effect: index for index, effect in enumerate(Effect)}
    return Summary(
        sorted(groups, key=lambda g: (order[g.rule.effect], -g.records - g.cascade_rows, g.rule.id, g.table)),
        _per_table(causes),
        dict(records.cast({"effect": pl.String}).iter_rows()),
        int(roots.item()),
    )


def _rejected(of_records: pl.LazyFrame) -> pl.LazyFrame:
    return of_records.filter(pl.col("effect").is_in(REJECTIONS))


def _values(own: pl.LazyFrame) -> pl.LazyFrame:
    """The commonest values per group, equally common ones in the order of the alphabet."""
    commonest = pl.struct("found", "len").top_k_by(["len", "found"], NAMES_SHOWN, reverse=[False, True])
    return (
        own.filter(pl.col("found").is_not_null())
        .group_by(*_KEYS, "found")
        .len()
        .group_by(_KEYS)
        .agg(commonest.alias("values"), pl.len().alias("distinct"))
    )


def _rejected_by_others(of_records: pl.LazyFrame) -> pl.LazyFrame:
    """Per group how many of its rows another rule rejects too."""
    broken = _rejected(of_records).select(*_KEYS, "row_number").unique()
    return (
        broken.with_columns((pl.len().over("table", "row_number") > 1).alias("also"))
        .group_by(_KEYS)
        .agg(pl.col("also").sum())
    )


def _cascade_counts(findings: pl.LazyFrame, of_records: pl.LazyFrame) -> pl.LazyFrame:
    """Per group how many rows its rows reject by cascade. A warning rejects none."""
    cascade = findings.filter(pl.col("cause_row").is_not_null())
    with_root = cascade.group_by(table="cause_table", row_number="cause_row").len()
    return (
        _rejected(of_records)
        .select(*_KEYS, "row_number")
        .unique()
        .join(with_root, on=["table", "row_number"])
        .group_by(_KEYS)
        .agg(pl.col("len").sum().alias("cascade_rows"))
    )


def _causes(findings: pl.LazyFrame) -> pl.LazyFrame:
    """The rows rejected by cascade, by their table and their root's."""
    cascade = findings.filter(pl.col("cause_row").is_not_null())
    return cascade.group_by("table", "cause_table", maintain_order=True).agg(
        pl.col("row_number").unique().sort().alias("rows")
    )


def _groups(
    rules: dict[str, Rule], broken: pl.DataFrame, values: pl.DataFrame, also: pl.DataFrame, cascaded: pl.DataFrame
) -> Iterable[Group]:
    values_of = dict(zip(_names(values), values["values"].to_list(), strict=True))
    distinct_of, also_of, cascaded_of = (
        dict(zip(_names(frame), frame[column], strict=True))
        for frame, column in ((values, "distinct"), (also, "also"), (cascaded, "cascade_rows"))
    )
    for index, key in enumerate(_names(broken)):
        rule = rules[key[0]]
        most = VALUES_SHOWN if rule.fields else NAMES_SHOWN
        yield Group(
            rule,
            key[1],
            broken["rows"][index],
            broken["findings"][index],
            [(value["found"], value["len"]) for value in values_of.get(key, ())[:most]],
            distinct_of.get(key, 0),
            cascaded_of.get(key, 0),
            also_of.get(key, 0),
        )


def _per_table(causes: pl.DataFrame) -> list[CascadeRows]:
    cascaded: dict[str, CascadeRows] = {}
    for index, (table, cause) in enumerate(causes.select(pl.col("table", "cause_table").cast(pl.String)).rows()):
        rows = causes["rows"][index]
        so_far = cascaded.get(table, CascadeRows(table, rows.clear(), {}))
        because_of = so_far.because_of | {cause: len(rows)}
        cascaded[table] = CascadeRows(table, pl.concat([so_far.rows, rows]).sort(), because_of)
    return list(cascaded.values())


def _names(frame: pl.DataFrame) -> list[Key]:
    """(rule id, table id) of every row."""
    return frame.select(pl.col(_KEYS).cast(pl.String).fill_null("")).rows()
