"""Core models carried over to Spark SQL give DuckDB's rows, so that a team on Spark can read and run them.

Parity itself does not run them there (decision 0079). Without PySpark or Java this skips.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from demonstration.writing import write_submissions
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.publish import current_submissions
from pipelines.zones import PROJECT, zones
from tests.campaign import is_whole
from tests.fixtures.spark_cluster import PYSPARK, missing
from tests.fixtures.warehouse import APRIL
from warehouse.build import core_models
from warehouse.field_quality import summarise_fields
from warehouse.lookups import load_reference
from warehouse.merging import join_courses
from warehouse.models import read_sql
from warehouse.staging import stage

pytestmark = [
    pytest.mark.skipif(not is_whole(), reason="two minutes: make campaign"),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]
# Numbers that mean nothing beyond their batch: Spark gives other ones.
_ARBITRARY = {"score_number"}


def models() -> list[str]:
    return [name for name in core_models() if name.partition(".")[0] in ("core", "work")]


def made_by_duckdb(folder: Path, home: Path) -> duckdb.DuckDBPyConnection:
    """Every table and step of core, of six services of three months; written for Spark to ``FOLDER/in``."""
    found = zones(home)
    write_submissions(folder / "sent", providers=6, months=3, start=APRIL, seed=1, size=0.5)
    ledger = open_ledger(found.ledger)
    for path in sorted(path for path in (folder / "sent").iterdir() if path.is_dir()):
        load(path, found, ledger, spine_key())
    current = current_submissions(found, ledger)
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS work; ATTACH ':memory:' AS staged")
    con.execute("CREATE SCHEMA core; CREATE SCHEMA ref; CREATE SCHEMA meta; CREATE SCHEMA monthly_count")
    load_reference(con, current, {}, None)
    con.execute(read_sql("ref.deprivation_area"))
    stage(con, current)
    join_courses(con, {})
    summarise_fields(con)
    for name in core_models():
        if name in models():
            con.execute(read_sql(name))
    (folder / "in").mkdir()
    for schema, table in con.execute(
        "SELECT CASE WHEN schema_name = 'main' THEN database_name ELSE schema_name END, name FROM ("
        "SELECT database_name, schema_name, table_name AS name FROM duckdb_tables() UNION ALL "
        "SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal) "
        "WHERE schema_name IN ('core', 'ref') OR database_name IN ('work', 'staged') ORDER BY ALL"
    ).fetchall():
        columns = con.execute(f'DESCRIBE {schema}."{table}"').fetchall()
        chosen = ", ".join(f'CAST("{column}" AS {for_spark(kind)}) AS "{column}"' for column, kind, *_ in columns)
        con.execute(f"COPY (SELECT {chosen} FROM {schema}.\"{table}\") TO '{folder}/in/{schema}.{table}.parquet'")
    return con


def for_spark(kind: str) -> str:
    """A type that Spark reads from Parquet as the same values."""
    if kind.startswith(("ENUM", "UUID", "TIME")) and not kind.startswith("TIMESTAMP"):
        return "VARCHAR"
    return {"HUGEINT": "DECIMAL(38, 0)", "UBIGINT": "DECIMAL(20, 0)"}.get(kind, kind)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("models")
    con = made_by_duckdb(folder, folder / "var")
    (folder / "models.json").write_text(json.dumps(models()))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fixtures.models_on_spark", str(folder)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PYSPARK))),
            "SPARK_LOCAL_IP": "127.0.0.1",
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return con, folder, json.loads(ended.stdout.splitlines()[-1])


def test_spark_runs_every_model(both: tuple[duckdb.DuckDBPyConnection, Path, dict[str, str]]) -> None:
    assert both[2] == {}
    assert len(models()) >= 60


@pytest.mark.parametrize("name", models())
def test_a_model_on_spark_gives_the_rows_of_duckdb(
    name: str, both: tuple[duckdb.DuckDBPyConnection, Path, dict[str, str]]
) -> None:
    con, folder, _ = both
    columns = [
        (column, kind)
        for column, kind, *_ in con.execute(f"DESCRIBE {name}").fetchall()
        if column not in _ARBITRARY
    ]
    wanted = ", ".join(f'CAST("{column}" AS {for_spark(kind)}) AS "{column}"' for column, kind in columns)
    here = f"SELECT {wanted} FROM {name}"
    there = f"SELECT {wanted} FROM '{folder}/out/{name}/*.parquet'"
    counted = "SELECT count(*) FROM ({} EXCEPT ALL {})"
    assert con.execute(f"SELECT (SELECT count(*) FROM ({here})) - (SELECT count(*) FROM ({there}))").fetchall() == [
        (0,)
    ]
    assert con.execute(counted.format(here, there)).fetchall() == [(0,)]
    assert con.execute(counted.format(there, here)).fetchall() == [(0,)]
