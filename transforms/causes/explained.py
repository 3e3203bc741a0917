"""Which findings a cause explains: those that look at a value which the cause reached.

Belongs here: the column ``explained_by`` of the findings, and the finding about each cause. Does not belong here:
finding causes (``transforms.causes.found``).

A rule looks at values of its record and of the records that this one names. If a cause reached one of them, the
finding may be gone once the cause is mended, and it cannot be told before. A row rejected by cascade is explained
if everything that rejects its root is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from schemas.dataset import TABLES
from schemas.links import FOUND, HEADER, RECORDS, looks_up, named_by
from schemas.rule import Effect, Rule
from transforms.causes.cause import Affected, Cause
from transforms.findings import FINDINGS, IS_NOTE, IS_OWN, REJECTIONS, findings_of
from transforms.related import ROW
from transforms.validate import elements_in

_HEADER_UNUSABLE, _NOTHING_ACCEPTED = "GATE-HEADER-UNUSABLE", "GATE-NOTHING-ACCEPTED"
# What the gate says of a header that another cause says more of.
_OF_HEADER = {"CAUSE-MONTH": "GATE-MONTH", "CAUSE-PROVIDER": "GATE-PROVIDER"}
# What the gate says of rows of which a cause says more.
_OF_ROWS = {"CAUSE-ROWS-SHORT": "GATE-FIELDS"}
_BY = "explained_by"


def with_causes(
    findings: pl.DataFrame, causes: Sequence[Cause], rules: Mapping[str, Rule], kept: Mapping[str, pl.DataFrame]
) -> tuple[pl.DataFrame, tuple[Cause, ...]]:
    """``findings`` with those about causes first and ``explained_by``, and the causes that explain any.

    ``kept`` has row_number and ``<parent>_row`` per table. Of several causes the first explains a finding. A cause
    that explains nothing is none, unless it rejects the file by itself.
    """
    reached = _explained_rows(findings, causes, rules, kept)
    marked = (
        findings.drop(_BY)
        .with_row_index("place")
        .join(reached, on=["table", "rule_id", "row_number"], how="left", maintain_order="left")
        .with_columns(pl.when(pl.col("cause_row").is_null()).then(pl.col(_BY)))
    )
    marked = _of_files(_of_cascades(marked), findings)
    for cause in {each.rule.id for each in causes} & set(_OF_HEADER):
        by = pl.lit(cause, dtype=FINDINGS[_BY])
        marked = marked.with_columns(
            pl.when(pl.col("rule_id") == _OF_HEADER[cause]).then(by).otherwise(_BY).alias(_BY)
        )
    heaviest = _heaviest(marked)
    standing = [
        replace(cause, rule=replace(cause.rule, effect=_effect(cause.rule, heaviest.get(cause.rule.id))))
        for cause in causes
        if cause.rule.id in heaviest or cause.rule.effect is Effect.REJECT_FILE
    ]
    said = [
        findings_of(each.rule, None, None, pl.DataFrame({"row_number": [None], "found": [each.found]}))
        for each in standing
    ]
    result = marked.select(pl.col(name).cast(dtype) for name, dtype in FINDINGS.items())
    return pl.concat([*said, result]), tuple(standing)


def _effect(rule: Rule, heaviest: Effect | None) -> Effect:
    order = list(Effect)
    own = [rule.effect] if rule.effect is Effect.REJECT_FILE else []
    return min([*own, *([heaviest] if heaviest else [])], key=order.index)


def _heaviest(marked: pl.DataFrame) -> dict[str, Effect]:
    """Per cause the heaviest effect that it explains."""
    pairs = marked.filter(pl.col(_BY).is_not_null()).select(pl.col(_BY, "effect").cast(pl.String)).unique()
    order = list(Effect)
    found: dict[str, Effect] = {}
    for cause, effect in pairs.iter_rows():
        found[cause] = min(found.get(cause, order[-1]), Effect(effect), key=order.index)
    return found


def _explained_rows(
    findings: pl.DataFrame, causes: Sequence[Cause], rules: Mapping[str, Rule], kept: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """table, rule_id, row_number and the cause, of every finding about a record that a cause explains."""
    broken = findings.filter(pl.col("row_number").is_not_null()).select("table", "rule_id").unique()
    frames = []
    for cause in causes:
        values = _Reached(cause.columns, kept)
        for table_id, rule_id in broken.cast(pl.String).sort("table", "rule_id").iter_rows():
            is_of_rows = _OF_ROWS.get(cause.rule.id) == rule_id
            rows = values.rows_in(table_id) if is_of_rows else values.rows_of(rules[rule_id], table_id)
            if rows is not None and len(rows):
                frames.append(
                    pl.DataFrame({"row_number": rows.cast(pl.Int64)}).select(
                        pl.lit(table_id, dtype=FINDINGS["table"]).alias("table"),
                        pl.lit(rule_id, dtype=FINDINGS["rule_id"]).alias("rule_id"),
                        "row_number",
                        pl.lit(cause.rule.id, dtype=FINDINGS[_BY]).alias(_BY),
                    )
                )
    empty = pl.DataFrame(schema={name: FINDINGS[name] for name in ("table", "rule_id", "row_number", _BY)})
    return pl.concat([empty, *frames]).unique(["table", "rule_id", "row_number"], keep="first", maintain_order=True)


class _Reached:
    """The values that one cause reached, asked by rule."""

    def __init__(self, columns: Iterable[Affected], kept: Mapping[str, pl.DataFrame]) -> None:
        self._rows = {(each.table, each.field): each.rows for each in columns}
        self._kept = kept

    def rows_in(self, table_id: str) -> pl.Series | None:
        """The rows of a table with a value that was reached, each once; ``None`` if none."""
        found = [rows for (table, _), rows in self._rows.items() if table == table_id]
        return pl.concat(found).unique() if found else None

    def rows_of(self, rule: Rule, table_id: str) -> pl.Series | None:
        """The rows of a table in which ``rule`` looks at a value that was reached, each once; ``None`` if none."""
        found = [self._rows[table_id, name] for name in _own(rule, table_id) if (table_id, name) in self._rows]
        for other, name in rule.related:
            if self._is_of_all(table_id, other, name):
                return self._kept[table_id]["row_number"] if table_id in self._kept else None
            if (rows := self._rows.get((other, name))) is not None:
                found.append(self._naming(table_id, other, rows))
        return pl.concat([each.cast(pl.Int64) for each in found]).unique() if found else None

    def _is_of_all(self, table_id: str, other: str, name: str) -> bool:
        """Whether a value was reached on which every record depends: of the header, or the key of a link."""
        if other == HEADER:
            return (HEADER, name) in self._rows
        if name == RECORDS:
            return (other, named_by(table_id)[other][0]) in self._rows
        if name == FOUND and other in TABLES:
            return (other, looks_up(TABLES[table_id])[other][1]) in self._rows
        return False

    def _naming(self, table_id: str, other: str, rows: pl.Series) -> pl.Series:
        """The rows that name one of ``rows`` of another table."""
        kept, place = self._kept.get(table_id), f"{other}_{ROW}"
        if kept is None or place not in kept.columns:
            return rows.clear()
        return kept.filter(pl.col(place).is_in(rows.cast(kept.schema[place]).implode()))["row_number"]


def _own(rule: Rule, table_id: str) -> tuple[str, ...]:
    """The elements of its own record that a rule looks at."""
    words = {*rule.fields, *rule.group_by, *elements_in(rule.fails + " " + rule.when)}
    return tuple(name for name in TABLES[table_id].by_name if name in words)


def _of_cascades(marked: pl.DataFrame) -> pl.DataFrame:
    """``marked`` with rows explained that were rejected by cascade with a root that is explained."""
    roots = (
        marked.filter(IS_OWN & pl.col("effect").is_in(REJECTIONS))
        .group_by(cause_table="table", cause_row="row_number")
        .agg(pl.col(_BY).is_not_null().all().alias("is_all"), pl.col(_BY).sort_by("place").first().alias("by root"))
        .filter("is_all")
    )
    joined = marked.join(roots, on=["cause_table", "cause_row"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(_BY, "by root").alias(_BY)).drop("is_all", "by root")


def _of_files(marked: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """``marked`` with the refusals explained that follow from records which a cause alone rejects."""
    rejected = marked.filter(pl.col("row_number").is_not_null() & pl.col("effect").is_in(REJECTIONS))
    of_header = rejected.filter(pl.col("table") == HEADER)
    of_others = rejected.filter(pl.col("table") != HEADER)
    about_header = findings.filter(pl.col("row_number").is_null() & (pl.col("table") == HEADER) & ~IS_NOTE)
    alone = {_HEADER_UNUSABLE} & set(about_header["rule_id"]) and set(about_header["rule_id"]) == {_HEADER_UNUSABLE}
    for rule_id, of, may in ((_HEADER_UNUSABLE, of_header, alone), (_NOTHING_ACCEPTED, of_others, True)):
        if may and of.height and of[_BY].null_count() == 0:
            commonest = of.group_by(_BY).len().sort("len", _BY, descending=[True, False])[_BY][0]
            by = pl.lit(str(commonest), dtype=FINDINGS[_BY])
            marked = marked.with_columns(pl.when(pl.col("rule_id") == rule_id).then(by).otherwise(_BY).alias(_BY))
    return marked
