"""Related values, joined to each record: those of the parent record, the header and the assessment tool.

Belongs here: the columns that a predicate uses from other tables (``schemas.links``). Does not belong here:
predicates (``schemas``), what is wrong (``transforms.validate``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import polars as pl

from schemas.links import FOUND, HEADER, RECEIVED_AT, TOOL, TOOL_FIELD, looks_up, related_dtype
from schemas.table import Table
from schemas.tools import tools

KEY, ROW, HASH = "key", "row", "hash"
ADDED = (pl.col("^(IDS|SMI)[0-9]+_.*$"), pl.col(f"^{TOOL}_.*$"), pl.col(RECEIVED_AT))
"""The columns that ``with_related`` adds."""
# Half the size of the row numbers of findings: one is kept for every row of a submission.
ROW_TYPE = pl.UInt32()


@dataclass(frozen=True)
class Related:
    """What is known when a table is checked.

    ``header`` has the typed values of the header. ``known`` has one frame per table that records may name:
    ``key``, ``row`` (the record's row number) and the fields that predicates use. It has one row per key. Values
    are null if the key occurs more than once. If no two keys share a hash, ``hash`` has it. The frame is empty if
    the table was not submitted, and ``None`` if the table cannot be read.
    """

    header: Mapping[str, Any] = field(default_factory=dict)
    received_at: datetime | None = None
    known: dict[str, pl.DataFrame | None] = field(default_factory=dict)


def as_known(kept: pl.DataFrame, key: str, names: Iterable[str]) -> pl.DataFrame:
    """The frame of ``Related.known`` for a table, from its rows (row_number, ``key`` and ``names``)."""
    named = kept.filter(pl.col(key).is_not_null()).select(
        pl.col(key).alias(KEY), pl.col("row_number").cast(ROW_TYPE).alias(ROW), *(pl.col(name) for name in names)
    )
    named = named.with_columns(pl.col(KEY).hash().alias(HASH))
    # Equal keys have equal hashes; marking costs ten times as much.
    if named[HASH].n_unique() == named.height:
        return named
    repeated = named[KEY].is_duplicated()
    # The key is ambiguous: we keep that a record exists and drop its values.
    blanked = (pl.when(~repeated).then(pl.col(name)).alias(name) for name in names)
    single = named.with_columns(*blanked).sort(ROW).unique(KEY, keep="first", maintain_order=True)
    return single if single[HASH].n_unique() == single.height else single.drop(HASH)


def with_refused(known: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """``known`` with records of which nothing but a key is known, and of that it may be another value of its row.

    ``keys`` has row_number and ``value``. Such a record has no values. A key that is there stays with its record.
    """
    more = (
        keys.select(pl.col("value").alias(KEY), pl.col("row_number").cast(ROW_TYPE).alias(ROW))
        .join(known.select(KEY), on=KEY, how="anti")
        .sort(ROW)
        .unique(KEY, keep="first", maintain_order=True)
    )
    if HASH in known.columns:
        more = more.with_columns(pl.col(KEY).hash().alias(HASH))
    together = pl.concat([known, more], how="diagonal")
    return together.drop(HASH, strict=False) if _has_equal_hashes(together) else together


def _has_equal_hashes(known: pl.DataFrame) -> bool:
    return HASH in known.columns and known[HASH].n_unique() < known.height


def with_related(
    rows: pl.LazyFrame, table: Table, names: Iterable[tuple[str, str]], related: Related, *, places: bool
) -> pl.LazyFrame:
    """``rows`` with ``<table>_<field>`` for every (table, field) of ``names``.

    Keys are text, so that rows need not be typed. A join writes every column anew: of rows that are typed, which
    have each field twice, it takes nearly twice as long (0.61 s instead of 0.37 s for 777,000 care activities).

    ``places`` also adds ``<table>_row`` for every known table that these records name: the row number of the named
    record.
    """
    wanted: dict[str, list[str]] = {}
    for other, name in names:
        wanted.setdefault(other, []).append(name)
    for other, (here, _) in looks_up(table).items():
        if other in related.known and (places or other in wanted):
            rows = _with_record(rows, other, here, wanted.pop(other, []), related.known[other])
    if TOOL in wanted:
        rows = rows.join(
            _tools(), left_on=TOOL_FIELD, right_on=KEY, how="left", maintain_order="left"
        ).with_columns(_is_found(TOOL_FIELD, f"{TOOL}_{FOUND}"))
        del wanted[TOOL]
    header = [_of_header(name, related.header.get(name)) for name in wanted.pop(HEADER, [])]
    unknown = [
        pl.lit(None, dtype=related_dtype(other, name)).alias(f"{other}_{name}")
        for other, others in wanted.items()
        for name in others
    ]
    return rows.with_columns(*header, *unknown, _arrived(related.received_at))


# Made once per submission and not once per table: making one takes 0.3 ms.
@lru_cache(maxsize=64)
def _of_header(name: str, value: Any) -> pl.Expr:
    return pl.lit(value, dtype=related_dtype(HEADER, name)).alias(f"{HEADER}_{name}")


@lru_cache(maxsize=4)
def _arrived(at: datetime | None) -> pl.Expr:
    return pl.lit(at, dtype=pl.Datetime("us")).alias(RECEIVED_AT)


def _with_record(
    rows: pl.LazyFrame, other: str, here: str, names: list[str], known: pl.DataFrame | None
) -> pl.LazyFrame:
    if known is None:
        return rows.with_columns(
            pl.lit(None, dtype=ROW_TYPE).alias(f"{other}_{ROW}"),
            *(pl.lit(None, dtype=related_dtype(other, name)).alias(f"{other}_{name}") for name in names),
        )
    values = [name for name in names if name != FOUND]
    brought = {name: f"{other}_{name}" for name in (ROW, *values)}
    beside = known.lazy().select(
        pl.col(f"^({KEY}|{HASH})$"), *(pl.col(name).alias(column) for name, column in brought.items())
    )
    # In order: Polars then hashes the related values and not the table itself (at 10 M contacts 3.2 GB, not 5.8).
    if HASH in known.columns:
        joined = _joined_by_hash(rows, beside, here, brought.values())
    else:
        joined = rows.join(beside, left_on=here, right_on=KEY, how="left", maintain_order="left")
    if FOUND not in names:
        return joined
    is_there = pl.col(f"{other}_{ROW}").is_not_null()
    return joined.with_columns(pl.when(pl.col(here).is_not_null()).then(is_there).alias(f"{other}_{FOUND}"))


def _joined_by_hash(rows: pl.LazyFrame, beside: pl.LazyFrame, here: str, columns: Iterable[str]) -> pl.LazyFrame:
    """``columns`` of the row of ``beside`` whose key is ``here``, by a number: two thirds of the time of text.

    Exact: keys have different hashes, so that one with the hash of ``here`` is either ``here`` or no key is.
    """
    joined = rows.with_columns(pl.col(here).hash().alias(HASH)).join(
        beside, on=HASH, how="left", maintain_order="left"
    )
    is_same = pl.col(KEY) == pl.col(here)
    return joined.with_columns(pl.when(is_same).then(pl.col(name)).alias(name) for name in columns).drop(HASH, KEY)


def _is_found(here: str, found: str) -> pl.Expr:
    return pl.when(pl.col(here).is_not_null()).then(pl.col(found).fill_null(False)).alias(found)


@cache
def _tools() -> pl.LazyFrame:
    known = tools()
    return pl.LazyFrame(
        {
            KEY: [tool.code for tool in known],
            f"{TOOL}_low": [tool.low for tool in known],
            f"{TOOL}_high": [tool.high for tool in known],
            f"{TOOL}_{FOUND}": [True] * len(known),
        },
        schema={
            KEY: pl.String,
            f"{TOOL}_low": pl.Float64,
            f"{TOOL}_high": pl.Float64,
            f"{TOOL}_{FOUND}": pl.Boolean,
        },
    )
