"""Findings by rule and table: how many, where, the values found, and the rows rejected by cascade.

Belongs here: the arithmetic over the findings frame, which may have millions of rows. Does not belong here:
wording (``reports.site.report``).

A root is a record that breaks a rejecting rule itself. A row rejected by cascade does not make a group of its own.
It is counted where it comes back: ``transforms.repair`` tries what each correction brings. Findings that a cause
explains make groups apart. Mending the cause is the correction that brings their rows back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from schemas.causes import CAUSES
from schemas.rule import Effect, Level, Rule
from transforms import repair
from transforms.findings import FINDINGS, IS_NOTE, IS_OWN, REJECTIONS
from transforms.submission import SubmissionChecked

VALUES_SHOWN = 5
# What a finding about a file found is a name or a count, each worth seeing: columns missing, files not known.
NAMES_SHOWN = 30
_KEYS = ("rule_id", "table", "explained_by")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Group:
    """The findings of one rule in one table (id; empty for the submission as a whole), with one explanation.

    ``explained_by`` is the id of the cause that explains them, empty where they stand for themselves.
    ``rows`` are the rows that break it, each once, sorted; empty for a finding about the file. ``values`` are the
    commonest values found, with their counts, of ``distinct`` ones. ``also_rejected_by_others`` counts those of
    ``rows`` that another rule rejects too.

    ``records_to_correct``: so many of them must change; of records that share a value all but one.
    ``returns_alone``: rows that count again when this rule alone is satisfied; ``cascade_rows`` are those of them
    that break no rejecting rule themselves. ``returns_so_far``: rows that count again when this group and all
    groups before it are corrected.
    """

    rule: Rule
    table: str
    explained_by: str
    rows: pl.Series
    findings: int
    values: list[tuple[str, int]]
    distinct: int
    also_rejected_by_others: int
    records_to_correct: int
    cascade_rows: int = 0
    returns_alone: int = 0
    returns_so_far: int = 0

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


class Explains(NamedTuple):
    """What a cause stands for: rules (per table), findings, records with a finding of their own, and rows rejected
    only because of these.
    """

    rules: int
    findings: int
    records: int
    cascade_rows: int


@dataclass(frozen=True)
class Note:
    """What a rule of the gate read as what: ``found`` has (table id, empty for several; words), each once."""

    rule: Rule
    found: list[tuple[str, str]]


@dataclass(frozen=True)
class Summary:
    """All that is counted of a submission's findings.

    ``groups``: what stands for itself: causes first, then what rejects the file, then the header, then by effect,
    those that bring back most first. ``explained``: what a cause explains. ``explains``: by cause. ``cascade``: per
    table, in order of the findings. ``records``: by effect, how many records have findings of their own. ``roots``:
    how many records break a rejecting rule that no cause explains. ``notes``: what was read as what, and is in no
    other number. ``to_correct``: the smallest set of records once causes are mended (``transforms.repair``).
    """

    groups: list[Group]
    explained: list[Group]
    explains: dict[str, Explains]
    cascade: list[CascadeRows]
    records: dict[str, int]
    roots: int
    notes: list[Note]
    to_correct: pl.DataFrame


def summarise(checked: SubmissionChecked) -> Summary:
    """Count a submission's findings."""
    left, links = repair.without_causes(checked.findings, checked.links)
    to_correct = repair.to_correct(left, links)
    if checked.findings.is_empty():
        return Summary([], [], {}, [], {}, 0, [], to_correct)
    findings = checked.findings.lazy().filter(~IS_NOTE)
    own = findings.filter(pl.col("cause_row").is_null())
    of_records = own.filter(pl.col("row_number").is_not_null())
    # The keys of millions of rows stay numbers until here.
    broken, values, also, causes, records, roots, explained = pl.collect_all(
        [
            own.group_by(_KEYS).agg(
                pl.len().alias("findings"), pl.col("row_number").drop_nulls().unique().sort().alias("rows")
            ),
            _values(own),
            _rejected_by_others(of_records),
            _causes(findings),
            of_records.select("effect", "table", "row_number").unique().group_by("effect").len(),
            _rejected(of_records)
            .filter(pl.col("explained_by").is_null())
            .select("table", "row_number")
            .unique()
            .select(pl.len()),
            _explained(findings),
        ]
    )
    groups = list(_groups(checked, broken, values, also, links))
    return Summary(
        _in_order([group for group in groups if not group.explained_by], checked),
        sorted((group for group in groups if group.explained_by), key=_place),
        _explains(explained, groups),
        _per_table(causes),
        dict(records.cast({"effect": pl.String}).iter_rows()),
        int(roots.item()),
        _notes(checked),
        to_correct,
    )


def _notes(checked: SubmissionChecked) -> list[Note]:
    """The notes by rule, in the order of the findings."""
    found = checked.findings.filter(IS_NOTE).select(pl.col("rule_id", "table").cast(pl.String), "found")
    by_rule: dict[str, dict[tuple[str, str], None]] = {}
    for rule_id, table, said in found.iter_rows():
        by_rule.setdefault(rule_id, {})[table or "", said or ""] = None
    return [Note(checked.rules[rule_id], list(said)) for rule_id, said in by_rule.items()]


def _in_order(groups: list[Group], checked: SubmissionChecked) -> list[Group]:
    """The groups in the order in which to correct them, with what each correction brings back."""
    alone = _returned(groups, checked)
    counted = [replace(each, cascade_rows=further) for each, (_, further, _) in zip(groups, alone, strict=True)]
    in_order = sorted(counted, key=_place)
    last = _returned(in_order, checked)
    return [
        replace(each, returns_alone=by_itself, returns_so_far=so_far)
        for each, (by_itself, _, so_far) in zip(in_order, last, strict=True)
    ]


def _place(group: Group) -> tuple[bool, int, bool, int, str, str]:
    """Causes come first, then what rejects the file, then the header: while it cannot be used, nothing counts."""
    effects = list(Effect)
    is_of_header = group.rule.level is Level.HEADER and group.rule.effect.is_rejection
    weight = effects.index(group.rule.effect)
    return (
        group.rule.id not in CAUSES,
        min(weight, 1) if is_of_header else weight,
        not is_of_header,
        -group.records - group.cascade_rows,
        group.rule.id,
        group.table,
    )


def _returned(groups: list[Group], checked: SubmissionChecked) -> list[tuple[int, int, int]]:
    """Of each group: rows that return when it alone is corrected, those without a fault, and rows so far."""
    if not any(group.rule.effect.is_rejection for group in groups):
        return [(0, 0, 0)] * len(groups)
    # A cause is corrected in every table that it reached at once.
    reached = [None, *checked.tables]
    places = [
        (group.rule.id, table, position)
        for position, group in enumerate(groups)
        for table in (reached if group.rule.id in CAUSES else [group.table or None])
    ]
    schema = {"rule_id": FINDINGS["rule_id"], "table": FINDINGS["table"], "position": pl.Int64()}
    order = pl.DataFrame(places, schema=schema, orient="row")
    rows_in = {name: table.rows_in for name, table in checked.tables.items()}
    found = repair.returned(checked.findings, checked.links, order, rows_in)
    is_rejecting = [group.rule.effect.is_rejection for group in groups]
    rows = found.select("alone", "further", "so_far").rows()
    return [row if rejects else (0, 0, 0) for row, rejects in zip(rows, is_rejecting, strict=True)]


def _explained(findings: pl.LazyFrame) -> pl.LazyFrame:
    """Per cause: findings, records with a finding of their own, and rows rejected only because of these."""
    record = pl.struct("table", "row_number")
    return (
        findings.filter(pl.col("explained_by").is_not_null())
        .group_by("explained_by")
        .agg(
            pl.len().alias("findings"),
            record.filter(IS_OWN).n_unique().alias("records"),
            record.filter(pl.col("cause_row").is_not_null()).n_unique().alias("cascade_rows"),
        )
    )


def _explains(explained: pl.DataFrame, groups: Sequence[Group]) -> dict[str, Explains]:
    return {
        str(cause): Explains(sum(group.explained_by == cause for group in groups), *counts)
        for cause, *counts in explained.cast({"explained_by": pl.String}).iter_rows()
    }


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


def _causes(findings: pl.LazyFrame) -> pl.LazyFrame:
    """The rows rejected by cascade, by their table and their root's."""
    cascade = findings.filter(pl.col("cause_row").is_not_null())
    return cascade.group_by("table", "cause_table", maintain_order=True).agg(
        pl.col("row_number").unique().sort().alias("rows")
    )


def _groups(
    checked: SubmissionChecked,
    broken: pl.DataFrame,
    values: pl.DataFrame,
    also: pl.DataFrame,
    links: repair.Links,
) -> Iterable[Group]:
    """Every group, without what its correction brings back. ``links`` are those that are left once causes are
    mended.
    """
    rules = checked.rules
    values_of = dict(zip(_names(values), values["values"].to_list(), strict=True))
    staying = links.groups.group_by("rule_id", "table").agg(pl.col("group").n_unique(), explained_by=pl.lit(None))
    distinct_of, also_of, staying_of = (
        dict(zip(_names(frame), frame[column], strict=True))
        for frame, column in ((values, "distinct"), (also, "also"), (staying, "group"))
    )
    for index, key in enumerate(_names(broken)):
        rule, rows = rules[key[0]], broken["rows"][index]
        most = VALUES_SHOWN if rule.fields else NAMES_SHOWN
        yield Group(
            rule,
            key[1],
            key[2],
            rows,
            broken["findings"][index],
            [(value["found"], value["len"]) for value in values_of.get(key, ())[:most]],
            distinct_of.get(key, 0),
            also_of.get(key, 0),
            len(rows) - staying_of.get(key, 0),
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
    """(rule id, table id, cause) of every row."""
    return frame.select(pl.col(_KEYS).cast(pl.String).fill_null("")).rows()
