"""What changed between two submissions, record by record: rows added, changed and gone, and findings followed.

Belongs here: which record of one submission is the same as one of the other, and comparing both. Does not belong
here: which two are compared (``pipelines``), how it is said (``reports.site``), rules found more or less often
(``reports.site.history``).

A record is recognised by its key, or by what a rule says may be there once. If neither tells two records apart,
they are recognised by the record above them, in their order. Keys are compared as hashes within the process. No key
is in what is said: a record is named by its row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

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

# Rows that are compared together: a query takes a millisecond to begin, and a table has some ten.
_TOGETHER = 200_000


class TableRows(NamedTuple):
    """The rows of a table (row_number and columns), the columns to compare, and about how many rows there are: that
    decides only which tables are compared together.
    """

    rows: pl.LazyFrame
    columns: tuple[str, ...]
    height: int


Rows = Mapping[str, TableRows]
"""The rows of a submission, per table id."""
_NUMBER = pl.UInt8()
_NUMBER_OF = {table_id: number for number, table_id in enumerate(TABLES)}
_RECOGNISED = {"table": _NUMBER, "row_number": pl.Int64(), "key": pl.UInt64(), "content": pl.UInt64()}


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
    tables: dict[str, RowsChanged] = {}
    pairs = [pl.DataFrame(schema={"table": _NUMBER, "then": pl.Int64(), "now": pl.Int64()})]
    ids = [table_id for table_id in TABLES if table_id != HEADER and (table_id in earlier or table_id in later)]
    for some in _together(ids, earlier, later):
        then, now = _recognised(some, earlier), _recognised(some, later)
        same, changed = _paired(then, now)
        rows = [dict(of["table"].value_counts().iter_rows()) for of in (then, now, same, changed)]
        for table_id in some:
            tables[table_id] = RowsChanged(*(of.get(_NUMBER_OF[table_id], 0) for of in rows))
        if findings_then is not None:
            pairs += [same, changed]
    if findings_then is None or findings_now is None:
        return Changes(since, tables)
    then, now = (_of_records(findings, tables) for findings in (findings_then, findings_now))
    named = pl.col("table").replace_strict(range(len(TABLES)), list(TABLES), return_dtype=pl.String())
    paired = pl.concat(pairs).with_columns(named.cast(FINDINGS["table"]))
    return Changes(since, tables, *_followed(then, now, paired))


def _together(ids: Sequence[str], earlier: Rows, later: Rows) -> Iterator[list[str]]:
    """The tables in lists that have few rows together; one with many rows is alone."""
    some, height = list[str](), 0
    for table_id in ids:
        rows = sum(of[table_id].height for of in (earlier, later) if table_id in of)
        if some and height + rows > _TOGETHER:
            yield some
            some, height = [], 0
        some.append(table_id)
        height += rows
    if some:
        yield some


@cache
def recognised_by(table: Table) -> tuple[str, ...]:
    """The fields by which a record of the table is the same one in two submissions."""
    if table.key:
        return table.key
    once = (rule.group_by for rule in WRITTEN if rule.table == table.id and rule.fails.startswith("COUNT(*) OVER"))
    above = (table.parent[0],) if table.parent else ()
    return tuple(name for name in next(once, above) if name not in _CORRECTED)


def _recognised(ids: Sequence[str], of: Rows) -> pl.DataFrame:
    """Of every row of these tables: table (its place in the dataset), row_number, key and content. Key and content
    are two numbers that equal records of a table share.
    """
    queries = [_query(TABLES[table_id], of[table_id]) for table_id in ids if table_id in of]
    return pl.concat([pl.DataFrame(schema=_RECOGNISED), *pl.collect_all(queries, engine="streaming")])


def _query(table: Table, of: TableRows) -> pl.LazyFrame:
    return of.rows.select(_recognising(table.id, of.columns))


# Made once per process, as the expressions of ``transforms.cast`` are.
@cache
def _recognising(table_id: str, columns: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    by = [name for name in recognised_by(TABLES[table_id]) if name in columns]
    content = pl.struct(sorted(columns)).hash()
    is_named = pl.any_horizontal(pl.col(name).is_not_null() for name in by) if by else pl.lit(False)
    key = pl.when(is_named).then(pl.struct(by).hash() if by else content).otherwise(content)
    return (
        pl.lit(_NUMBER_OF[table_id], dtype=_NUMBER).alias("table"),
        pl.col("row_number").cast(pl.Int64),
        key.alias("key"),
        content.alias("content"),
    )


def _paired(then: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Table and row numbers (then, now) of records that are the same, and of those that changed.

    Of equal records each is paired once. What is left of a key is paired in the order of the rows.
    """
    same = _matched(then, now, ["table", "key", "content"])
    left_then = then.join(same, left_on=["table", "row_number"], right_on=["table", "then"], how="anti")
    left_now = now.join(same, left_on=["table", "row_number"], right_on=["table", "now"], how="anti")
    return same, _matched(left_then, left_now, ["table", "key"])


def _matched(then: pl.DataFrame, now: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    first, second = (
        of.sort("row_number").select(
            *on, pl.int_range(pl.len()).over(on).alias("place"), pl.col("row_number").alias(name)
        )
        for of, name in ((then, "then"), (now, "now"))
    )
    return first.join(second, on=[*on, "place"], how="inner").select("table", "then", "now")


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
