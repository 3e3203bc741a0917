"""The tables of a release as files that explain themselves: Parquet, CSV and their descriptions.

Belongs here: which tables leave as files, what a Parquet file says of itself, and the descriptions of all files for
programs: a Frictionless data package and CSV on the Web (CSVW). Does not belong here: open data in NHS England's
layout (``open_data``), what a column means (``columns``).

A Parquet file found alone says what its rows are, what each column means and in which unit, its licence and its
release. Arrow reads that from the fields of its schema (``ARROW:schema``, as pyarrow writes it), DuckDB from the
keys of the file. DuckDB writes the rows: pyarrow makes the schema only.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from schemas.sql import quoted
from warehouse.columns import contract
from warehouse.disclosure.parts import INSIDE, INSIDE_PACKAGE, PACKAGE
from warehouse.disclosure.public import TABLES as PUBLIC
from warehouse.disclosure.screened_tables import ARROW_SCHEMA
from warehouse.sharing import share
from warehouse.storage import sha256_of

# As Parquet and CSV.
_FIGURES = ("mart.measure", "mart.national", "mart.service_comparison", "mart.service_measure", "meta.columns")
EXPORTED = (*_FIGURES, *(f"public.{table}" for table in PUBLIC))
# As Parquet only, below ``inside/``: records, codes, groups and lineage. As text they are ten times larger.
_BREAKDOWNS, _LINEAGE = "mart.breakdown_measure", "meta.lineage"
_RECORDS = ("core", "ref")

CSVW_ENDING = "-metadata.json"
OPEN_LICENCE = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
NO_LICENCE = {
    "name": "not-for-publication",
    "title": "Not for publication: exact figures and pseudonymised records, for analysts inside",
}
# DuckDB's type → Frictionless and CSVW.
_TYPES = {
    "VARCHAR": ("string", "string"), "DATE": ("date", "date"), "TIMESTAMP": ("datetime", "dateTime"),
    "BOOLEAN": ("boolean", "boolean"), "DOUBLE": ("number", "double"), "DECIMAL": ("number", "decimal"),
    "INTEGER": ("integer", "integer"), "BIGINT": ("integer", "integer"), "HUGEINT": ("integer", "integer"),
    "UBIGINT": ("integer", "integer"), "UUID": ("string", "string"),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of an exported table: DuckDB's type, its meaning, its unit, and whether it may be empty."""

    name: str
    type: str
    unit: str
    description: str
    is_key: bool
    may_be_null: bool

    @property
    def base_type(self) -> str:
        """The type without its width: DECIMAL(14,2) is DECIMAL."""
        return self.type.partition("(")[0]

    @property
    def said(self) -> dict[str, str]:
        """What a Parquet file says of the column."""
        key = {"key": "part of the key"} if self.is_key else {}
        return {"description": self.description, **({"unit": self.unit} if self.unit else {}), **key}


@dataclass(frozen=True)
class Table:
    """A table that is exported: its name, what a row is, its columns, the types that Arrow gives them, and the
    licence.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    schema: pa.Schema

    @property
    def is_public(self) -> bool:
        """Whether everybody may see it."""
        return self.name.startswith("public.")

    @property
    def licence(self) -> Mapping[str, str]:
        """Under which terms it may be used."""
        return OPEN_LICENCE if self.is_public else NO_LICENCE

    @property
    def key(self) -> list[str]:
        """The columns that tell two rows apart; empty where one of them may be empty."""
        keys = [column for column in self.columns if column.is_key]
        return [] if any(column.may_be_null for column in keys) else [column.name for column in keys]

    @property
    def place(self) -> str:
        """Its files without their ending, below the folder of the release."""
        return self.name if self.name in EXPORTED else f"{INSIDE}{self.name}"


def write_tables(con: duckdb.DuckDBPyConnection, folder: Path, release_id: str, before: Path | None = None) -> None:
    """Write the tables of the opened release below ``folder``, each in a total order, and describe them.

    What the release in ``before`` has too is shared with it (``sharing``), before its hash is said anywhere. The
    same rows give the same bytes. ``con`` must use one thread: row groups must not depend on who was faster.
    """
    tables = _tables(con)
    (folder / INSIDE).mkdir(exist_ok=True)
    for table in tables:
        _write_table(con, table, folder, release_id)
    share(folder, before)
    for name, chosen in (
        (PACKAGE, [table for table in tables if table.is_public]),
        (INSIDE_PACKAGE, [table for table in tables if not table.is_public]),
    ):
        _write_json(folder / name, _package(chosen, folder, release_id))
    for table in tables:
        if table.name in EXPORTED:
            _write_json(folder / f"{table.place}.csv{CSVW_ENDING}", _csvw(table))


def _tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    names = con.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database() "
        "AND schema_name IN (SELECT unnest(?)) ORDER BY ALL",
        [list(_RECORDS)],
    ).fetchall()
    wanted = (*EXPORTED, *(name for (name,) in names), _BREAKDOWNS, _LINEAGE)
    said = {(line.schema, line.table, line.column): line for line in contract()}
    found = []
    for name in wanted:
        schema, _, table = name.partition(".")
        empty = con.sql(f'SELECT * FROM {schema}."{table}" LIMIT 0')
        lines = [said[schema, table, column] for column in empty.columns]
        found.append(
            Table(
                name,
                said[schema, table, ""].description,
                tuple(
                    Column(line.column, str(type_), line.unit, line.description, line.is_key, line.may_be_null)
                    for line, type_ in zip(lines, empty.types, strict=True)
                ),
                empty.to_arrow_table().schema,
            )
        )
    return found


def _write_table(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, release_id: str) -> None:
    parquet = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{_keys(table, release_id)}}}"
    if table.name not in EXPORTED:
        rows = _by_group(con) if table.name == _BREAKDOWNS else f"(SELECT * FROM {table.name} ORDER BY ALL)"
        _copy(con, rows, folder / f"{table.place}.parquet", parquet)
        return
    # Sorted once for both: sorting takes longer than writing.
    con.execute(f"CREATE OR REPLACE TEMP TABLE exported AS SELECT * FROM {table.name} ORDER BY ALL")
    _copy(con, "exported", folder / f"{table.place}.parquet", parquet)
    _copy(con, "exported", folder / f"{table.place}.csv", "FORMAT csv, HEADER")
    con.execute("DROP TABLE exported")


def _by_group(con: duckdb.DuckDBPyConnection) -> str:
    """The figures by group in a total order: measure by measure, by their keys within one. Those that do not apply
    are left out: a sixth of 7 million rows, without a number.

    The tables behind the view are sorted, and it is made of them again. Sorting its rows took 10 of 14 s.
    """
    ((view,),) = con.execute(
        "SELECT sql FROM duckdb_views() WHERE schema_name || '.' || view_name = ?", [_BREAKDOWNS]
    ).fetchall()
    query = view.partition(" AS ")[2].rstrip("; \n")
    for (name,) in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'monthly_count' ORDER BY table_name"
    ).fetchall():
        con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM monthly_count."{name}" ORDER BY ALL')
        query = query.replace(f"FROM monthly_count.{name} ", f"FROM temp.main.{name} ")
    return f"(SELECT * FROM ({query}) WHERE state <> 'not applicable')"


def _copy(con: duckdb.DuckDBPyConnection, rows: str, path: Path, options: str) -> None:
    con.execute(f"COPY {rows} TO {quoted(str(path))} ({options})")


def _keys(table: Table, release_id: str) -> str:
    """What a Parquet file says of itself, as DuckDB's KV_METADATA."""
    said = {
        "title": table.name,
        "description": table.description,
        "licence": table.licence["title"],
        "licence_url": table.licence.get("path", ""),
        "release": release_id,
        "source": "Parity, a national outcomes dataset for psychological therapies",
    }
    fields = [field.with_metadata(column.said) for field, column in zip(table.schema, table.columns, strict=True)]
    schema = pa.schema(fields, metadata=said).serialize().to_pybytes()
    columns = json.dumps({column.name: column.said for column in table.columns}, ensure_ascii=False)
    written = said | {"columns": columns, ARROW_SCHEMA: base64.b64encode(schema).decode("ascii")}
    return ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in written.items())


def _package(tables: Sequence[Table], folder: Path, release_id: str) -> dict[str, Any]:
    """A Frictionless data package of these tables (specs.frictionlessdata.io)."""
    is_public = all(table.is_public for table in tables)
    return {
        "name": f"parity-{release_id}" + ("" if is_public else "-inside"),
        "title": "Outcomes of psychological therapies" + ("" if is_public else ", exact figures and records"),
        "description": "Protected figures: every count has a small random error, and small ones are suppressed."
        if is_public
        else "Exact figures and pseudonymised records of the release. Not for publication.",
        "version": release_id,
        "licenses": [OPEN_LICENCE if is_public else NO_LICENCE],
        "resources": [
            _resource(table, folder, ending)
            for table in tables
            for ending in (("csv", "parquet") if table.name in EXPORTED else ("parquet",))
        ],
    }


def _resource(table: Table, folder: Path, ending: str) -> dict[str, Any]:
    path = folder / f"{table.place}.{ending}"
    media = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
    fields = [
        {
            "name": column.name,
            "type": _TYPES[column.base_type][0] if column.base_type in _TYPES else "any",
            "description": column.description,
            **({"unit": column.unit} if column.unit else {}),
            **({"constraints": {"required": True}} if column.name in table.key else {}),
        }
        for column in table.columns
    ]
    return {
        "name": f"{table.name}-{ending}".lower(),
        "path": f"{table.place}.{ending}",
        "description": table.description,
        "format": ending,
        "mediatype": media[ending],
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of(path)}",
        "licenses": [table.licence],
        "schema": {
            "fields": fields,
            "missingValues": [""],
            **({"primaryKey": table.key} if table.key else {}),
        },
    }


def _csvw(table: Table) -> dict[str, Any]:
    """The description of a CSV file in CSV on the Web (w3.org/TR/tabular-metadata)."""
    licence = {"dc:license": {"@id": table.licence["path"]}} if table.is_public else {}
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"{table.place}.csv",
        "dc:title": table.name,
        "dc:description": table.description,
        "dc:rights": table.licence["title"],
        **licence,
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "dc:description": column.description + (f" [{column.unit}]" if column.unit else ""),
                    "datatype": _TYPES[column.base_type][1] if column.base_type in _TYPES else "string",
                    "null": "",
                    "required": column.name in table.key,
                }
                for column in table.columns
            ],
            **({"primaryKey": table.key} if table.key else {}),
        },
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
