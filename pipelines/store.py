"""The pseudonymised store: one folder per submission, one Parquet file per table, complete or not at all.

Belongs here: writing pseudonymised rows, removing those rejected in the end, counting what is written, and moving
it into place. Does not belong here: which rows those are (``transforms``), when they count (``pipelines.load``).

Rows are written while they are checked. They wait in a hidden folder of the store until the verdict is final. No
reader looks there. Rows that count are never replaced by those of another key or version: the new ones lie beside
them until the ledger names them (``rows_of``).
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import durable
from pipelines.inbox import discard
from pipelines.locks import alone, is_left
from pipelines.row_sums import changing, write_sums
from pipelines.zones import PRIVATE, Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from schemas.field import Field
from schemas.month import ProviderMonth
from schemas.staged import staged_schema
from schemas.table import Table
from schemas.token import TYPE
from transforms.pseudonymise import Origin, TokenKey, local_token, of_text, token
from transforms.strike import CHAIN, PATIENT, Identifiers
from transforms.submission import SubmissionChecked

_INCOMING = ".incoming-"
# What a person's rows are followed by, as it is declared.
_LOCAL: Mapping[str, Field] = {
    name: table.by_name[name] for table in TABLES.values() for name in CHAIN if name in table.by_name
}


class NotConserved(ForThePerson):
    """Rows in do not equal accepted plus rejected: nothing of the submission may count. Carries only counts."""


@contextmanager
def workspace(parent: Path, settle: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A folder of one's own in ``parent``, deleted at the end unless it was moved.

    Deletes what killed processes left there: a process that works in such a folder holds its lock (``alone``).
    ``settle`` is told of each of these folders before that.
    """
    folder = parent / f"{_INCOMING}{secrets.token_hex(8)}"
    with ExitStack() as held:
        with alone(parent):
            for other in parent.glob(f"{_INCOMING}*"):
                if is_left(other):
                    if settle is not None:
                        settle(other)
                    discard(other)
            folder.mkdir(mode=PRIVATE)
            held.enter_context(alone(folder))
        held.callback(discard, folder)
        yield folder


@contextmanager
def draft(submission_id: str, zones: Zones) -> Iterator[Path]:
    """A folder for the rows of a submission, deleted at the end unless it was moved."""
    folder = zones.pseudonymised / f".{submission_id}.{secrets.token_hex(4)}"
    folder.mkdir(mode=PRIVATE)
    try:
        yield folder
    finally:
        discard(folder)


def drop_drafts(submission_id: str, zones: Zones) -> None:
    """Delete what is left of drafts of a submission: by a killed process, or where a disk refused to delete.

    Call it only while ``alone``.
    """
    for leftover in zones.pseudonymised.glob(f".{submission_id}.*"):
        discard(leftover)


def written(rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """The query that writes ``rows`` to ``path``."""
    # Level 1: tokens are random, and a higher level costs a quarter more time for 6 % more bytes.
    return rows.sink_parquet(path, compression="zstd", compression_level=1, lazy=True)


def complete(folder: Path, checked: SubmissionChecked) -> None:
    """Keep in ``folder`` exactly the accepted rows, with the sums of their files. They were written while they were
    checked.

    Raises NotConserved if a table's rows do not add up, or its columns are not those declared.
    """
    accepted, paths = {}, {}
    for table_id, counts in checked.counts().items():
        path = folder / f"{table_id}.parquet"
        if counts["accepted"]:
            accepted[table_id], paths[table_id] = counts["accepted"], path
        else:
            path.unlink(missing_ok=True)
    heights = _heights(paths)
    for table_id, path in paths.items():
        # No accepted row is missing from the file, so an equal number means the same rows.
        if heights[table_id] != accepted[table_id]:
            stays = ~pl.col("row_number").is_in(checked.tables[table_id].rejected.implode())
            beside = path.with_suffix(".beside")
            written(pl.scan_parquet(path).filter(stays), beside).collect(engine="streaming")
            beside.replace(path)
            heights |= _heights({table_id: path})
        if (height := heights[table_id]) != accepted[table_id]:
            raise NotConserved(f"{table_id}: {accepted[table_id]} rows accepted, {height} written")
        if pl.read_parquet_schema(path) != pl.Schema(staged_schema(TABLES[table_id])):
            raise NotConserved(f"{table_id}: the columns written are not those declared")
    write_sums(folder)


def waiting(submission_id: str, zones: Zones) -> Path:
    """Where the accepted rows of a checked submission wait until the ledger records the acceptance."""
    return zones.pseudonymised / f".{submission_id}"


def rows_of(submission_id: str, detail: Mapping[str, Any], zones: Zones) -> Path:
    """Where the rows lie that the ledger's ``detail`` of an acceptance means."""
    # Up to 0.3 neither the version was known nor were rows of two keys kept apart.
    by = f".{detail['key']}.{detail['made_with']}" if detail.get("made_with") else ""
    return zones.pseudonymised / f"{submission_id}{by}"


def put(folder: Path, place: Path) -> None:
    """Move ``folder``, whose files are on the disk, to ``place``, replacing what is there."""
    old = place.with_name(f".{place.name.lstrip('.')}.{secrets.token_hex(4)}")
    if place.exists():
        place.rename(old)
    durable.move(folder, place)
    discard(old)


def all_rows_of(submission_id: str, zones: Zones) -> list[Path]:
    """Every folder with rows of a submission, of any key and version."""
    return [*zones.pseudonymised.glob(submission_id), *zones.pseudonymised.glob(f"{submission_id}.*")]


def drop_rows(submission_id: str, zones: Zones, *, but: Path | None = None) -> None:
    """Delete the rows of a submission, except those in ``but``. None of them may count any more."""
    for rows in all_rows_of(submission_id, zones):
        if rows != but:
            discard(rows)


def strike_rows(place: Path, people: Identifiers, of: ProviderMonth, key: TokenKey) -> int:
    """Take the rows of people out of pseudonymised files, in new files. ``of`` is whose rows they are.

    Returns how many. The tokens are made of what the people are called, and then followed from table to table.
    """
    own = {name: _tokens(people.own[name], partial(_own_token, name, Origin("", of), key)) for name in CHAIN}
    persons = _tokens(people.numbers, lambda text: token(text, key, "nhs")) | own[PATIENT]
    struck = 0
    for table in TABLES.values():
        path = place / f"{table.id}.parquet"
        link = next((name for name in CHAIN if name in table.by_name), None)
        if link is None or not path.exists():
            continue
        rows = pl.read_parquet(path)
        known = _with_bytes(rows, table, key.version)
        theirs = pl.col(link).is_in(own[link])
        if "person_id" in rows.columns:
            theirs |= pl.col("person_id").is_in(persons)
        found = known.filter(theirs)
        if found.is_empty():
            continue
        for name in {link, *table.key} & set(CHAIN):
            own[name] |= set(found[name].drop_nulls())
        beside = path.with_suffix(".beside")
        stays = known.select(~theirs.fill_null(False)).to_series()
        written(rows.filter(stays).lazy(), beside).collect(engine="streaming")
        with changing(path):
            durable.move(beside, path)
        struck += found.height
    return struck


def _with_bytes(rows: pl.DataFrame, table: Table, version: str) -> pl.DataFrame:
    """Rows with their tokens as bytes, to find whose they are. Those made up to 0.13 have texts."""
    texts = [name for name, of in staged_schema(table).items() if of == TYPE and rows.schema.get(name) == pl.String]
    return rows.with_columns(of_text(pl.col(name), version).alias(name) for name in texts)


def _own_token(name: str, origin: Origin, key: TokenKey, text: pl.Expr) -> pl.Expr:
    return local_token(text, _LOCAL[name], origin, key)


def _tokens(values: set[str], made: Callable[[pl.Expr], pl.Expr]) -> set[bytes]:
    frame = pl.DataFrame({"value": sorted(values)}, schema={"value": pl.String})
    return set(frame.select(made(pl.col("value")).alias("token"))["token"])


def _heights(paths: Mapping[str, Path]) -> dict[str, int]:
    """Numbers of rows of Parquet files, from their footers, all at once: to begin a query takes a millisecond."""
    counts = pl.collect_all([pl.scan_parquet(path, glob=False).select(pl.len()) for path in paths.values()])
    return {name: int(count.item()) for name, count in zip(paths, counts, strict=True)}
