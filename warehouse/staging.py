"""The current submissions' Parquet as SQL names: ``staged.IDS101`` and so on.

Belongs here: one view per table of the dataset over exactly the current submissions' files, and how many rows each
submission brought. Does not belong here: what the rows mean (``warehouse/core``).

Every view has two columns of its own: ``submitted_by``, the provider that sent the row, and ``recency``: a number
that grows with the month and, within it, with the row. No two records of a provider in one table share it, so that
the latest is found by a maximum and a join:
``staged.<table>_latest`` has it for every record of a table that declares a key.

Views, not copies: the models read each file once or twice and only the columns they need, so copying
everything first would cost more than it saves. Paths reach DuckDB as bound values, never as SQL text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from schemas import token
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth
from schemas.staged import staged_schema
from schemas.windows import closes

_SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Binary: token.SQL_TYPE,
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP",
    pl.Boolean: "BOOLEAN",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
}


# Rows of a file are numbered below this, days since 1900 up to 10^5: together they fit a BIGINT.
ROWS = 10_000_000_000
_RECENCY = f"CAST(date_diff('day', DATE '1900-01-01', month) AS BIGINT) * {ROWS} + row_number"

# A patient's row is that of a person, who may have several local ids in several months.
_ACROSS_MONTHS = {"IDS001": ("person_id",)}


class StagingError(ForThePerson):
    """The current submissions cannot be staged; the message says which and why."""


@dataclass(frozen=True)
class StagedSubmission:
    """One current submission: its ledger entry and the folder of its pseudonymised Parquet.

    ``received_on`` is the day in England on which this submission was received, if known.
    """

    submission_id: str
    provider_month: ProviderMonth
    folder: Path
    received_on: date | None = None
    made_with: str = ""

    @property
    def provider(self) -> str:
        """Whose submission it is."""
        return self.provider_month.provider

    @property
    def month(self) -> date:
        """First day of the month reported."""
        return self.provider_month.month


def check_current(current: Sequence[StagedSubmission]) -> None:
    """Refuse current submissions that are not one per provider and month, or whose folder is missing.

    Raises StagingError.
    """
    seen: dict[ProviderMonth, str] = {}
    for submission in current:
        if submission.provider_month in seen:
            raise StagingError(
                f"{submission.provider_month} has two current submissions: "
                f"{seen[submission.provider_month]} and {submission.submission_id}"
            )
        if not submission.folder.is_dir():
            raise StagingError(f"{submission.submission_id}: its pseudonymised files are missing")
        seen[submission.provider_month] = submission.submission_id


def stage(con: duckdb.DuckDBPyConnection, current: Sequence[StagedSubmission]) -> None:
    """Create ``staged.<table id>`` for every table, ``staged.current_submission`` and ``staged.row_count``.

    Of a table that declares a key, ``staged.<table id>_latest`` says which row of a record is the latest.

    ``con`` must have a catalog attached as ``staged``. A table nobody sent gets its typed columns and no
    rows. Raises StagingError when a file holds rows of another submission than its folder says.
    """
    con.execute(
        "CREATE TABLE staged.current_submission "
        "(submission_id VARCHAR, provider VARCHAR, month DATE, received_on DATE, deadline DATE, made_with VARCHAR)"
    )
    con.execute("CREATE TABLE staged.file (table_id VARCHAR, path VARCHAR)")
    con.execute(
        "CREATE TABLE staged.row_count "
        "(submission_id VARCHAR, provider VARCHAR, month DATE, table_id VARCHAR, records BIGINT)"
    )
    ordered = sorted(current, key=lambda submission: submission.provider_month)
    insert_rows(
        con,
        "staged.current_submission",
        [
            [w.submission_id, w.provider, w.month, w.received_on, closes(w.month).closes, w.made_with or None]
            for w in ordered
        ],
    )
    names = {
        submission.folder: sorted(path.name for path in submission.folder.glob("*.parquet"))
        for submission in ordered
    }
    files = [
        [table_id, str(submission.folder / f"{table_id}.parquet")]
        for table_id in TABLES
        for submission in ordered
        if f"{table_id}.parquet" in names[submission.folder]
    ]
    _refuse_texts(con, ordered, names)
    insert_rows(con, "staged.file", files)
    name_files(con)
    present = {table_id for table_id, _ in files}
    for table_id, table in TABLES.items():
        _stage_table(con, table_id, staged_schema(table), is_present=table_id in present)
        if table.key:
            _stage_latest(con, table_id, table.key)
    _check_provenance(con)


def name_files(con: duckdb.DuckDBPyConnection) -> None:
    """Tell this connection the files of every table: the views of ``staged`` ask its variables for them."""
    for (table_id,) in con.execute("SELECT DISTINCT table_id FROM staged.file ORDER BY table_id").fetchall():
        con.execute(
            f"SET VARIABLE {table_id}_files = (SELECT list(path) FROM staged.file WHERE table_id = '{table_id}')"
        )


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert ``rows`` into ``table`` as bound values, all columns in order.

    One list per column, not executemany: 24,000 file names took 9 s row by row and 0.03 s as lists.
    """
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)


def _refuse_texts(
    con: duckdb.DuckDBPyConnection, current: Sequence[StagedSubmission], names: Mapping[Path, Sequence[str]]
) -> None:
    """Raise StagingError if a submission has its tokens as texts, as it had up to 0.13.

    DuckDB would read the texts of one file as the bytes of another, and quote a token in its error. The files of a
    submission are made together, so one of each is asked: 144 footers take 0.03 s, and all 3,738 take 0.85.
    """
    with_tokens = {
        f"{table_id}.parquet": [name for name, dtype in staged_schema(table).items() if dtype == token.TYPE]
        for table_id, table in TABLES.items()
    }
    asked = [
        str(submission.folder / name)
        for submission in current
        if (name := next((each for each in names[submission.folder] if with_tokens.get(each)), None))
    ]
    of_tokens = sorted({name for columns in with_tokens.values() for name in columns})
    found = (
        con.execute(
            "SELECT min(parse_filename(file_name, true)) FROM parquet_schema(?) "
            "WHERE name IN (SELECT unnest(?)) AND converted_type = 'UTF8'",
            [asked, of_tokens],
        ).fetchone()
        if asked
        else None
    )
    if found is not None and found[0] is not None:
        raise _of_an_earlier_version(found[0])


def _of_an_earlier_version(table_id: str) -> StagingError:
    return StagingError(
        f"{table_id}: its rows were made by an earlier version of Parity and may hold values that must not "
        "leave. Run parity reprocess. It makes all rows again."
    )


def _stage_table(
    con: duckdb.DuckDBPyConnection, table_id: str, schema: dict[str, pl.DataType], *, is_present: bool
) -> None:
    if is_present:
        columns = ", ".join(f'CAST("{name}" AS {_sql_type(dtype)}) AS "{name}"' for name, dtype in schema.items())
        view = f"CREATE VIEW staged.{table_id} AS SELECT {columns}, provider AS submitted_by, {_RECENCY} AS recency"
        try:
            con.execute(f"{view} FROM read_parquet(getvariable('{table_id}_files'))")
        except duckdb.BinderException:
            raise _of_an_earlier_version(table_id) from None
        con.execute(
            f"INSERT INTO staged.row_count SELECT submission_id, provider, month, '{table_id}', count(*) "
            f"FROM staged.{table_id} GROUP BY submission_id, provider, month"
        )
    else:
        columns = ", ".join(f'CAST(NULL AS {_sql_type(dtype)}) AS "{name}"' for name, dtype in schema.items())
        con.execute(
            f"CREATE VIEW staged.{table_id} AS SELECT {columns}, CAST(NULL AS VARCHAR) AS submitted_by, "
            "CAST(NULL AS BIGINT) AS recency WHERE false"
        )


def _stage_latest(con: duckdb.DuckDBPyConnection, table_id: str, key: Sequence[str]) -> None:
    """``staged.<table>_latest``: by declared key, the latest ``recency``, the first month and how many rows."""
    columns = ", ".join(f'"{name}"' for name in ("provider", *_ACROSS_MONTHS.get(table_id, key)))
    con.execute(
        f"CREATE VIEW staged.{table_id}_latest AS SELECT {columns}, max(recency) AS recency, "
        f"min(month) AS first_month, count(*) AS submitted_records FROM staged.{table_id} GROUP BY {columns}"
    )


def _sql_type(dtype: pl.DataType) -> str:
    return _SQL_TYPES[type(dtype)]


def _check_provenance(con: duckdb.DuckDBPyConnection) -> None:
    strangers = con.execute(
        """
        SELECT c.table_id, c.submission_id
        FROM staged.row_count AS c
        LEFT JOIN staged.current_submission AS w
            ON w.submission_id = c.submission_id AND w.provider = c.provider AND w.month = c.month
        WHERE w.submission_id IS NULL
        ORDER BY ALL
        """
    ).fetchall()
    if strangers:
        listed = ", ".join(f"{table_id} of {submission}" for table_id, submission in strangers[:5])
        raise StagingError(f"{len(strangers)} staged file(s) do not belong to a current submission: {listed}")
