"""A released file is readable by every DuckDB that is promised: the oldest, 1.3.0, and the newest released one."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.small_release import small_release

OLDEST = Path(sys.prefix) / "oldest-client"
NEWEST = Path(sys.executable).with_name("duckdb")


@pytest.fixture(params=["parity.duckdb", "parity-public.duckdb"])
def release(request: pytest.FixtureRequest) -> Path:
    return small_release().folder / str(request.param)


def questions(release: Path) -> list[str]:
    """One statement for each table, view and macro of the file."""
    with duckdb.connect(str(release), read_only=True) as con:
        relations = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal UNION "
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        macros = con.execute(
            "SELECT schema_name, function_name, parameters FROM duckdb_functions() "
            "WHERE function_type = 'macro' AND NOT internal ORDER BY ALL"
        ).fetchall()
    asked = [f'SELECT count(*) FROM (FROM {schema}."{name}" LIMIT 1)' for schema, name in relations]
    # Questions to start from: of the file itself, so that nobody meets one that fails.
    with duckdb.connect(str(release), read_only=True) as con:
        asked += [sql for (sql,) in con.execute("SELECT sql FROM meta.example ORDER BY position").fetchall()]
    # By position: binding is what differs between versions. A quantile's share is the one that may not be NULL.
    return asked + [
        f"SELECT {schema}.{name}({', '.join('0.5' if each == 'q' else 'NULL' for each in parameters)})"
        for schema, name, parameters in macros
    ]


def test_the_oldest_promised_client_answers_every_table_view_and_macro(release: Path) -> None:
    if not OLDEST.exists():
        pytest.skip("DuckDB 1.3.0 is not installed beside the environment (make installs it)")
    program = (
        "import duckdb, json, sys\n"
        "assert duckdb.__version__ == '1.3.0', duckdb.__version__\n"
        "con = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for question in json.load(sys.stdin):\n"
        "    try:\n"
        "        con.execute(question).fetchall()\n"
        "    except duckdb.Error as error:\n"
        "        print(question, str(error).splitlines()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(release)], input=json.dumps(questions(release)),
        env={"PYTHONPATH": str(OLDEST)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == ""


def test_the_newest_released_client_answers_every_table_view_and_macro(release: Path) -> None:
    if not NEWEST.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    done = subprocess.run(
        [str(NEWEST), "-readonly", "-csv", "-noheader", str(release), "; ".join(questions(release))],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
