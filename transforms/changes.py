"""What changed between two submissions, record by record: rows added, changed and gone, and findings followed.

Belongs here: which record of one submission is the same as one of the other, and comparing both. Does not belong
here: which two are compared (``pipelines``), how it is said (``reports.site``), rules found more or less often
(``reports.site.history``).

A record is recognised by its key, or by what a rule says may be there once. If neither tells two records apart,
they are recognised by the record above them, in their order. Keys are compared as hashes within the process. No key
is in what is said: a record is named by its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from schemas.dataset import TABLES
from schemas.links import HEADER
from schemas.ruleset import WRITTEN
from schemas.table import Table
from transforms.findings import FINDINGS, IS_NOTE, IS_OWN

NEW, PERSISTING, CORRECTED, GONE = "new", "persisting", "corrected", "record gone"
STATUSES: dict[str, pl.DataType] = {
    "table": FINDINGS["table"], "row_number": pl.Int64(), "rule_id": FINDINGS["rule_id"], "since": pl.String()
}  # fmt: skip
"""A finding of the later submission about a record, and whether the record had it before: new or persisting."""
RESOLVED: dict[str, pl.DataType] = {**STATUSES, "field": FINDINGS["field"], "row_now": pl.Int64()}
"""A finding of the earlier submission that the later one has not, by its row then: corrected, with its row now, or
gone with its record."""
# What may be corrected of a record cannot be what it is recognised by.
_CORRECTED = frozenset({"PersScore"})

Rows = Mapping[str, tuple[pl.LazyFrame, tuple[str, ...]]]
"""Per table id its rows (row_number and columns) and the columns to compare."""


@dataclass(frozen=True)
class RowsChanged:
    """How the rows of one table changed: before = same + changed + gone, now = same + changed + added."""

    before: int
    now: int
    same: int
    changed: int

    @property
    def added(self) -> int:
        """Rows of the later submission that the earlier one has not."""
        return self.now - self.same - self.changed

    @property
    def gone(self) -> int:
        """Rows of the earlier submission that the later one has not."""
        return self.before - self.same - self.changed


@dataclass(frozen=True)
class Changes:
    """What changed since an earlier submission.

    ``since`` names that submission in words. ``tables`` per table id; a table that could not be read in one of the
    two is left out. ``statuses`` and ``resolved`` are about findings; ``None`` where only rows were compared.
    """

    since: str
    tables: Mapping[str, RowsChanged]
    statuses: pl.DataFrame | None = None
    resolved: pl.DataFrame | None = None

    def counts(self) -> dict[str, int]:
        """Findings by what became of them; empty where only rows were compared."""
        if self.statuses is None or self.resolved is None:
            return {}
        now, then = self.statuses["since"], self.resolved["since"]
        both = (now, NEW), (now, PERSISTING), (then, CORRECTED), (then, GONE)
        return {status: int((of == status).sum()) for of, status in both}


def compared(
    since: str,
    earlier: Rows,
    later: Rows,
    findings_then: pl.DataFrame | None = None,
    findings_now: pl.DataFrame | None = None,
) -> Changes:
    """What changed from one submission to the next. With the findings of both also what became of each."""
    tables, pairs = {}, [pl.DataFrame(schema={"table": FINDINGS["table"], "then": pl.Int64(), "now": pl.Int64()})]
    for table in TABLES.values():
        if table.id == HEADER or (table.id not in earlier and table.id not in later):
            continue
        then, now = (_recognised(table, of.get(table.id)) for of in (earlier, later))
        same, changed = _paired(then, now)
        tables[table.id] = RowsChanged(then.height, now.height, same.height, changed.height)
        if findings_then is not None:
            both = pl.concat([same, changed])
            pairs.append(both.select(pl.lit(table.id).cast(FINDINGS["table"]).alias("table"), "then", "now"))
    if findings_then is None or findings_now is None:
        return Changes(since, tables)
    then, now = (_of_records(findings, tables) for findings in (findings_then, findings_now))
    return Changes(since, tables, *_followed(then, now, pl.concat(pairs)))


@cache
def recognised_by(table: Table) -> tuple[str, ...]:
    """The fields by which a record of the table is the same one in two submissions."""
    if table.key:
        return table.key
    once = (rule.group_by for rule in WRITTEN if rule.table == table.id and rule.fails.startswith("COUNT(*) OVER"))
    above = (table.parent[0],) if table.parent else ()
    return tuple(name for name in next(once, above) if name not in _CORRECTED)


def _recognised(table: Table, rows: tuple[pl.LazyFrame, tuple[str, ...]] | None) -> pl.DataFrame:
    """row_number, key and content of every row: two numbers that equal records share."""
    if rows is None:
        return pl.DataFrame(schema={"row_number": pl.Int64(), "key": pl.UInt64(), "content": pl.UInt64()})
    frame, columns = rows
    by = [name for name in recognised_by(table) if name in columns]
    content = pl.struct(sorted(columns)).hash()
    is_named = pl.any_horizontal(pl.col(name).is_not_null() for name in by) if by else pl.lit(False)
    key = pl.when(is_named).then(pl.struct(by).hash() if by else content).otherwise(content)
    return frame.select(
        pl.col("row_number").cast(pl.Int64), key.alias("key"), content.alias("content")
    ).collect(engine="streaming")  # fmt: skip


def _paired(then: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Row numbers (then, now) of records that are the same, and of those that changed.

    Of equal records each is paired once. What is left of a key is paired in the order of the rows.
    """
    same = _matched(then, now, ["key", "content"])
    left_then = then.join(same, left_on="row_number", right_on="then", how="anti")
    left_now = now.join(same, left_on="row_number", right_on="now", how="anti")
    return same, _matched(left_then, left_now, ["key"])


def _matched(then: pl.DataFrame, now: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    first, second = (
        of.sort("row_number").select(
            *on, pl.int_range(pl.len()).over(on).alias("place"), pl.col("row_number").alias(name)
        )
        for of, name in ((then, "then"), (now, "now"))
    )
    return first.join(second, on=[*on, "place"], how="inner").select("then", "now")


def _of_records(findings: pl.DataFrame, tables: Mapping[str, RowsChanged]) -> pl.DataFrame:
    """The findings of records themselves, each rule once per record: table, row_number, rule_id, field."""
    return (
        findings.filter(~IS_NOTE, IS_OWN, pl.col("table").cast(pl.String).is_in(list(tables)))
        .select("table", "row_number", "rule_id", "field")
        .unique(maintain_order=True)
    )


def _followed(then: pl.DataFrame, now: pl.DataFrame, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``STATUSES`` of the findings now, and ``RESOLVED`` of those then."""
    of_then = then.rename({"row_number": "then"}).join(pairs, on=["table", "then"], how="left")
    had = of_then.filter(pl.col("now").is_not_null()).select(
        "table", pl.col("now").alias("row_number"), "rule_id", pl.lit(True).alias("had")
    )
    on = ["table", "row_number", "rule_id"]
    statuses = now.join(had.unique(), on=on, how="left", maintain_order="left").select(
        "table", "row_number", "rule_id",
        pl.when(pl.col("had").fill_null(False)).then(pl.lit(PERSISTING)).otherwise(pl.lit(NEW)).alias("since"),
    )  # fmt: skip
    has = now.select("table", pl.col("row_number").alias("now"), "rule_id").unique()
    resolved = of_then.join(has, on=["table", "now", "rule_id"], how="anti", maintain_order="left").select(
        "table",
        pl.col("then").alias("row_number"),
        "rule_id",
        pl.when(pl.col("now").is_null()).then(pl.lit(GONE)).otherwise(pl.lit(CORRECTED)).alias("since"),
        "field",
        pl.col("now").alias("row_now"),
    )
    return statuses, resolved
