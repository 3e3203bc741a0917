"""Parts of a build in files of their own: made by any process or machine, then put together by one.

Belongs here: what a part is, the file of reference data that all parts read, and putting parts into the draft. Does
not belong here: building one (``build``), where it is built (``pipelines.spread``).

A part has the tables of a batch of providers. It names nothing that its maker would have to ask for, so the same
function builds it in this process, in another one, and on another machine that has the same folders.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.sql import quoted
from warehouse.measures.catalogue import Measure
from warehouse.merging import Successors
from warehouse.parallel import Task, run_tasks
from warehouse.staging import StagedSubmission

# Bytes of staged Parquet in a part. A part has one thread, so that whole row groups for many cores, the reason for
# larger batches elsewhere, are none here. With fewer bytes the counting of measures, which is planned once a part,
# takes a larger share.
PART_BYTES = 100_000_000
_REFERENCE = "reference.duckdb"


@dataclass(frozen=True)
class Part:
    """Some providers that are built into ``file``, which must not be there.

    ``reference`` is a file with schema ``ref``. DuckDB has ``memory_limit`` and one thread.
    """

    file: Path
    reference: Path
    current: tuple[StagedSubmission, ...]
    successors: Successors
    measures: tuple[Measure, ...]
    memory_limit: str | None

    @property
    def providers(self) -> tuple[str, ...]:
        """Whose part it is."""
        return tuple(sorted({submission.provider for submission in self.current}))


Spread = Callable[[Callable[[Part], None], Sequence[Part]], Iterator[Part]]
"""Does a function for every part, wherever that may be, and gives each part when its file is there, in their order.
It raises what a person should read when one fails.
"""


@contextmanager
def folder_of_parts(draft: Path) -> Iterator[Path]:
    """An empty folder for parts beside a draft, deleted at the end. What a killed build left there goes first."""
    folder = draft.with_name(draft.name + ".parts")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_reference(con: duckdb.DuckDBPyConnection, folder: Path) -> Path:
    """Copy schema ``ref`` of the draft that ``con`` writes to a file in ``folder``: one process alone can open a
    draft that is being written.
    """
    file = folder / _REFERENCE
    con.execute(f"ATTACH {quoted(str(file))} AS reference; CREATE SCHEMA reference.ref")
    for name in tables_in(con, "ref"):
        con.execute(f"CREATE TABLE reference.{name} AS FROM {name}")
    con.execute("DETACH reference")
    return file


def put_together(con: duckdb.DuckDBPyConnection, parts: Iterator[Part]) -> None:
    """Append every part to the draft that ``con`` writes, and delete its file."""
    for part in parts:
        con.execute(f"ATTACH {quoted(str(part.file))} AS part (READ_ONLY)")
        there = {*tables_in(con, "core"), *tables_in(con, "monthly_count")}
        run_tasks(
            con,
            [
                Task(name, (), _appending(name, is_there=name in there))
                for schema in ("core", "monthly_count")
                for name in tables_in(con, schema, "part")
            ],
        )
        con.execute("DETACH part")
        part.file.unlink()


def _appending(name: str, *, is_there: bool) -> Callable[[duckdb.DuckDBPyConnection], object]:
    statement = f"INSERT INTO {name} FROM part.{name}" if is_there else f"CREATE TABLE {name} AS FROM part.{name}"
    return lambda con: con.execute(statement)


def tables_in(con: duckdb.DuckDBPyConnection, schema: str, database: str | None = None) -> list[str]:
    """The tables of a schema as ``schema.table``, in order of name. ``database``: of another than the open one."""
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = coalesce(?, current_database()) AND schema_name = ? ORDER BY table_name",
        [database, schema],
    ).fetchall()
    return [f"{schema}.{name}" for (name,) in found]
