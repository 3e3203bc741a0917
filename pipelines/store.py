"""The pseudonymised store: one folder per submission, one Parquet file per table, complete or not at all.

Belongs here: writing pseudonymised rows, removing those rejected in the end, counting what is written, and moving
it into place. Does not belong here: which rows those are (``transforms``), when they count (``pipelines.load``).

Rows are written while they are checked. They wait in a hidden folder of the store until the verdict is final. No
reader looks there.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from pipelines.inbox import discard
from pipelines.zones import PRIVATE, Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from schemas.staged import staged_schema
from transforms.submission import SubmissionChecked


class NotConserved(ForThePerson):
    """Rows in do not equal accepted plus rejected: nothing of the submission may count. Carries only counts."""


@contextmanager
def draft(submission_id: str, zones: Zones) -> Iterator[Path]:
    """A folder for the rows of a submission, deleted at the end unless it was moved."""
    folder = zones.pseudonymised / f".{submission_id}-{secrets.token_hex(4)}"
    folder.mkdir(mode=PRIVATE)
    try:
        yield folder
    finally:
        discard(folder)


def written(rows: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    """The query that writes ``rows`` to ``path``."""
    # Level 1: tokens are random, and a higher level costs a quarter more time for 6 % more bytes.
    return rows.sink_parquet(path, compression="zstd", compression_level=1, lazy=True)


def complete(folder: Path, checked: SubmissionChecked) -> None:
    """Keep in ``folder`` exactly the accepted rows. They were written while they were checked.

    Raises NotConserved if a table's rows do not add up, or its columns are not those declared.
    """
    for table_id, counts in checked.counts().items():
        path, accepted = folder / f"{table_id}.parquet", counts["accepted"]
        if not accepted:
            path.unlink(missing_ok=True)
            continue
        # No accepted row is missing from the file, so an equal number means the same rows.
        if (height := _height(path)) != accepted:
            stays = ~pl.col("row_number").is_in(checked.tables[table_id].rejected.implode())
            beside = path.with_suffix(".beside")
            written(pl.scan_parquet(path).filter(stays), beside).collect(engine="streaming")
            beside.replace(path)
            height = _height(path)
        if height != accepted:
            raise NotConserved(f"{table_id}: {accepted} rows accepted, {height} written")
        if pl.read_parquet_schema(path) != pl.Schema(staged_schema(TABLES[table_id])):
            raise NotConserved(f"{table_id}: the columns written are not those declared")


def waiting(submission_id: str, zones: Zones) -> Path:
    """Where the accepted rows of a checked submission wait until the ledger records the acceptance."""
    return zones.pseudonymised / f".{submission_id}"


def put(folder: Path, place: Path) -> None:
    """Move ``folder`` to ``place``, replacing what is there."""
    if place.exists():
        place.rename(old := place.with_name(f".old-{secrets.token_hex(4)}"))
        discard(old)
    folder.rename(place)


def _height(path: Path) -> int:
    """Number of rows of a Parquet file, from its footer."""
    height: int = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
    return height
