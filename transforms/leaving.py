"""Writing the pseudonymised rows of a table while they are checked, in one pass. So the rows written are the rows
checked.

Belongs here: which query writes a table's rows, which related values it needs, and asking the contract. Does not
belong here: what replaces an identifier (``transforms.pseudonymise``), rules (``transforms.validate``), what the
contract says (``schemas.contract``), files (``pipelines.store``).

A row that breaks a rule itself is not written. Nor is a row whose parent is already known to be rejected. Rows
rejected later, by rules that compare or count records, are removed by the room that owns the files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from schemas.links import looks_up
from schemas.staged import PROVENANCE, staged_schema
from schemas.table import Table
from schemas.terms import HOLDS
from transforms.pseudonymise import BESIDE, Origin, TokenKey, local_token, pseudonymised
from transforms.receive.table import Received
from transforms.withheld import withholding

TOKEN, LOST = "token", "lost"
"""Columns, for those that name a record: the token of its key, and whether it is rejected."""


class ContractBroken(ForThePerson):
    """The contract rejects an accepted row: findings and contract disagree. Carries only the table."""

    def __init__(self, table_id: str) -> None:
        """Without the rows: they are records of people."""
        super().__init__(f"{table_id}: rows were accepted that the contract refuses")


@dataclass
class Held:
    """What of a submission is held to the contract: of every batch of rows that passed one row, which satisfies the
    contract if and only if all of them do.

    Pandera takes 2 ms to look at the values of a frame, however few they are. So it is asked once per submission
    (``hold``), and not of 40 batches. The columns of each batch it is asked of when the batch passes.
    """

    batches: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def add(self, table_id: str, batch: pl.DataFrame) -> None:
        """Keep what decides about ``batch``: of a column that may not be blank a value, or null if one is; and
        whether each row holds.
        """
        if batch.height:
            columns = [batch[name] for name in PROVENANCE]
            told = [None if column.null_count() else column[0] for column in columns]
            self.batches.append((table_id, (*told, batch[HOLDS].all(ignore_nulls=False))))

    def hold(self) -> None:
        """Raise ContractBroken if a row that passed does not satisfy the contract."""
        tables = dict.fromkeys(table_id for table_id, _ in self.batches)
        if tables and not self._satisfy(*tables):
            raise ContractBroken(next(table_id for table_id in tables if not self._satisfy(table_id)))

    def _satisfy(self, *tables: str) -> bool:
        """Whether the batches of these tables do. What is asked of values is the same of every table."""
        told = [values for table_id, values in self.batches if table_id in tables]
        types = {name: staged_schema(TABLES[tables[0]])[name] for name in PROVENANCE} | {HOLDS: pl.Boolean()}
        _, values, _ = _contract(tables[0])
        return _is_satisfied(values, pl.DataFrame(told, schema=types, orient="row"))


@dataclass(frozen=True)
class Staging:
    """Where the rows of a submission are written, and under which key. ``sink`` makes, from a table id and a
    frame, the query that writes the rows. It is run once, with the rules.

    With ``read_as``, which changes the rows of each table as they are read, rows that rules reject are written too,
    and the contract is not asked. What their elements do not allow is blank in them. No load does that: it is for
    what a site previews of its own records (``transforms.likely``).
    """

    submission_id: str
    key: TokenKey
    sink: Callable[[str, pl.LazyFrame], pl.LazyFrame]
    read_as: Callable[[Received], Received] | None = None
    held: Held = field(default_factory=Held)

    @property
    def is_whole(self) -> bool:
        """Whether all rows are written, also those that rules reject."""
        return self.read_as is not None


@dataclass(frozen=True)
class Leaving:
    """How the rows of one table leave.

    ``lost`` is the column that says that the parent is rejected; ``None`` where none is. ``token`` makes the token
    of the key, of a table that others name. ``beside`` are the (table, field) needed beside a row.
    ``write`` makes of typed rows with all these, and of the columns that say per field that its value is not
    allowed (``transforms.withheld``), the query that writes them. ``is_whole`` is that of ``Staging``.
    """

    lost: str | None
    token: pl.Expr | None
    beside: frozenset[tuple[str, str]]
    write: Callable[[pl.LazyFrame, Mapping[str, Sequence[str]]], pl.LazyFrame]
    is_whole: bool = False


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

    def write(rows: pl.LazyFrame, flags: Mapping[str, Sequence[str]]) -> pl.LazyFrame:
        also = [HOLDS, *(name for names in flags.values() for name in names)]
        staged = pseudonymised(rows, table, origin, staging.key, tokens, also=also)
        withheld = withholding(staged, table, flags, [HOLDS])
        held = withheld.drop(HOLDS) if staging.is_whole else held_to_contract(withheld, table.id, staging.held)
        return staging.sink(table.id, held)

    beside = frozenset({*BESIDE.get(table.id, ()), *((other, TOKEN) for other in of_records.values()), *lost})
    return Leaving(f"{parent}_{LOST}" if lost else None, made, beside, write, staging.is_whole)


def held_to_contract(rows: pl.LazyFrame, table_id: str, held: Held) -> pl.LazyFrame:
    """``rows`` (``staged_schema`` and ``HOLDS``) without ``HOLDS``. Every batch is told to ``held`` as it passes.

    The query raises ContractBroken if a batch has other columns or types than the contract says.
    """

    def passing(batch: pl.DataFrame) -> pl.DataFrame:
        if not _has_columns(batch, table_id):
            raise ContractBroken(table_id)  # not while the error of pandera is handled: that quotes rows
        held.add(table_id, batch)
        return batch.drop(HOLDS)

    # Every column must reach the contract.
    return rows.map_batches(
        passing,
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
        schema=staged_schema(TABLES[table_id]),
        streamable=True,
    )


def _has_columns(batch: pl.DataFrame, table_id: str) -> bool:
    """Whether a batch has the columns of the contract. Batches with equal columns and types are asked about once:
    it takes 4 ms for 20 columns.
    """
    whole, _, shapes = _contract(table_id)
    shape = tuple(batch.schema.items())
    if shape in shapes:
        return True
    # Of a lazy frame pandera looks at names, order and types, and at no values.
    is_right = _is_satisfied(whole, batch.clear().lazy())
    if is_right:
        shapes.add(shape)
    return is_right


def _is_satisfied(contract: Any, rows: pl.DataFrame | pl.LazyFrame) -> bool:
    from pandera.errors import SchemaError

    try:
        contract.validate(rows)
    except SchemaError:
        return False
    return True


@cache
def _contract(table_id: str) -> tuple[Any, Any, set[tuple[tuple[str, pl.DataType], ...]]]:
    """The contract of a table, the part of it that looks at values, and the shapes of batches seen so far."""
    from schemas.contract import accepted  # imports pandera (0.1 to 0.3 s), which a check alone does not need

    whole = accepted(TABLES[table_id])
    return whole, whole.select_columns([*PROVENANCE, HOLDS]), set()


def _has(known: pl.DataFrame | None, column: str) -> bool:
    return known is not None and column in known.columns
