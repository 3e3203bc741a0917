"""Writing the pseudonymised rows of a table while they are checked, in one pass. So the rows written are the rows
checked.

Belongs here: which query writes a table's rows, and which related values it needs. Does not belong here: what
replaces an identifier (``transforms.pseudonymise``), rules (``transforms.validate``), files (``pipelines.store``).

A row that breaks a rule itself is not written. Nor is a row whose parent is already known to be rejected. Rows
rejected later, by rules that compare or count records, are removed by the room that owns the files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from schemas.links import looks_up
from schemas.table import Table
from transforms.pseudonymise import BESIDE, Origin, TokenKey, local_token, pseudonymised

TOKEN, LOST = "token", "lost"
"""Columns, for those that name a record: the token of its key, and whether it is rejected."""


@dataclass(frozen=True)
class Staging:
    """Where the rows of a submission are written, and under which key. ``sink`` makes, from a table id and a
    frame, the query that writes the rows. It is run once, with the rules.
    """

    submission_id: str
    key: TokenKey
    sink: Callable[[str, pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True)
class Leaving:
    """How the rows of one table leave.

    ``lost`` is the column that says that the parent is rejected; ``None`` where none is. ``token`` makes the token
    of the key, of a table that others name. ``beside`` are the (table, field) needed beside a row.
    ``write`` makes of typed rows with all these the query that writes them.
    """

    lost: str | None
    token: pl.Expr | None
    beside: frozenset[tuple[str, str]]
    write: Callable[[pl.LazyFrame], pl.LazyFrame]


def leaving(
    table: Table,
    named_key: str | None,
    known: Mapping[str, pl.DataFrame | None],
    origin: Origin,
    staging: Staging,
) -> Leaving:
    """How rows of ``table`` leave. ``named_key`` is the field by which other tables name
    its records, ``known`` what is known of the tables before it (``related.Related.known``).

    An identifier is hashed in its own record. Records that name it get the token by the same join
    that finds it. Two thirds of the nine million identifiers in a submission of a million contacts name a record.
    """
    of_records = {
        here: other
        for other, (here, there) in looks_up(table).items()
        if here == there and _has(known.get(other), TOKEN)
    }
    parent = table.parent[1] if table.parent else ""
    lost = {(parent, LOST)} if _has(known.get(parent), LOST) else set()
    tokens = {here: f"{other}_{TOKEN}" for here, other in of_records.items()}
    made = None
    if named_key is not None:
        tokens[named_key] = TOKEN
        made = local_token(pl.col(named_key), table.by_name[named_key], origin, staging.key).alias(TOKEN)

    def write(rows: pl.LazyFrame) -> pl.LazyFrame:
        return staging.sink(table.id, pseudonymised(rows, table, origin, staging.key, tokens))

    beside = frozenset({*BESIDE.get(table.id, ()), *((other, TOKEN) for other in of_records.values()), *lost})
    return Leaving(f"{parent}_{LOST}" if lost else None, made, beside, write)


def _has(known: pl.DataFrame | None, column: str) -> bool:
    return known is not None and column in known.columns
