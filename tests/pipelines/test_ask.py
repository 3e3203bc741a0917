"""The analysts' door: a query reads the release and nothing else, and keeps within limits that it cannot change."""

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from pipelines import ask as door
from pipelines.ask import ENV_MEMORY, ENV_ROWS, ENV_SECONDS, ENV_TEMP, ENV_THREADS, ask, ask_within_limits
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.zones import Zones, zones
from schemas.errors import NotAsked

CANARY = "CANARY-9990000018"


@pytest.fixture
def published(home: Path) -> Zones:
    """A small file in the place of the published one."""
    found = zones()
    with duckdb.connect(str(found.warehouse)) as made:
        made.execute("CREATE SCHEMA core; CREATE TABLE core.pathway AS SELECT i AS id, 'RW5' AS provider "
                     "FROM range(1000) AS t (i)")  # fmt: skip
    return found


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the data root with a canary in files of every kind. ``before`` is what lies in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("x.csv", "x.txt", "x.json"):
        (folder / name).write_text(f'{{"a": "{CANARY}"}}\n' if name.endswith("json") else f"a\n{CANARY}\n")
    made = duckdb.connect()
    made.execute(f"COPY (SELECT '{CANARY}' AS a) TO '{folder}/x.parquet'")
    made.execute(f"ATTACH '{folder}/x.duckdb' AS x; CREATE TABLE x.a AS SELECT '{CANARY}' AS a; DETACH x")
    made.close()
    return folder


# Each is refused. {file} is a file with a canary in it, without its ending; {out} a path where nothing may come to be.
REFUSED = """
SELECT * FROM read_csv('{file}.csv')
SELECT * FROM read_csv_auto('{file}.csv')
SELECT * FROM read_csv(['{file}.csv'])
SELECT * FROM read_csv('{file}.csv', auto_detect = false, columns = {{'a': 'VARCHAR'}})
SELECT * FROM sniff_csv('{file}.csv')
SELECT * FROM read_text('{file}.txt')
SELECT * FROM read_text('{dir}/*')
SELECT * FROM read_blob('{file}.txt')
SELECT * FROM read_json('{file}.json')
SELECT * FROM read_json_auto('{file}.json')
SELECT * FROM read_json_objects('{file}.json')
SELECT * FROM read_ndjson('{file}.json')
SELECT * FROM read_ndjson_objects('{file}.json')
SELECT * FROM read_parquet('{file}.parquet')
SELECT * FROM parquet_scan('{file}.parquet')
SELECT * FROM parquet_metadata('{file}.parquet')
SELECT * FROM parquet_schema('{file}.parquet')
SELECT * FROM parquet_file_metadata('{file}.parquet')
SELECT * FROM parquet_kv_metadata('{file}.parquet')
SELECT * FROM parquet_bloom_probe('{file}.parquet', 'a', '1')
FROM '{file}.csv'
FROM '{file}.parquet'
FROM '{file}.json'
FROM '{file}.duckdb'
FROM '/etc/passwd'
FROM 'file://{file}.csv'
FROM '/proc/self/environ'
FROM '~/.bashrc'
SELECT * FROM read_text('/proc/self/environ')
SELECT * FROM read_csv('/dev/stdin')
SELECT * FROM glob('/*')
SELECT * FROM glob('{dir}/*')
DESCRIBE '{file}.csv'
SUMMARIZE '{file}.csv'
SUMMARIZE FROM '{file}.parquet'
EXPLAIN ANALYZE SELECT * FROM read_text('{file}.txt')
SELECT (SELECT content FROM read_text('{file}.txt'))
WITH a AS (SELECT * FROM read_text('{file}.txt')) SELECT * FROM a
SELECT * FROM core.pathway JOIN read_text('{file}.txt') ON true
FROM query('SELECT * FROM read_text(''{file}.txt'')')
FROM query_table('{file}.csv')
SELECT * FROM core.pathway; SELECT * FROM read_text('{file}.txt')
PREPARE p AS SELECT * FROM read_text('{file}.txt'); EXECUTE p
CREATE TEMP TABLE t AS FROM read_text('{file}.txt')
CREATE TEMP VIEW t AS FROM read_text('{file}.txt'); FROM t
CREATE TEMP MACRO m(f) AS TABLE SELECT * FROM read_text(f); FROM m('{file}.txt')
SELECT * FROM read_duckdb('{file}.duckdb', table_name = 'a')
SELECT * FROM sqlite_scan('{file}.duckdb', 'a')
SELECT * FROM postgres_scan('host=127.0.0.1', 'public', 'a')
SELECT * FROM mysql_scan('host=127.0.0.1', 'a', 'a')
SELECT * FROM iceberg_scan('{dir}')
SELECT * FROM delta_scan('{dir}')
SELECT * FROM st_read('{file}.json')
SELECT * FROM read_xlsx('{file}.csv')
SELECT * FROM read_csv('https://127.0.0.1:{port}/x.csv')
SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')
SELECT * FROM read_parquet('s3://bucket/x.parquet')
SELECT * FROM read_parquet('hf://datasets/x/x.parquet')
FROM 'http://127.0.0.1:{port}/x.parquet'
ATTACH '{file}.duckdb' AS other
ATTACH '{file}.duckdb' AS other (READ_ONLY)
ATTACH '{file}.duckdb' AS other (TYPE sqlite)
ATTACH 'host=127.0.0.1' AS other (TYPE postgres)
ATTACH 'http://127.0.0.1:{port}/x.duckdb' AS other
ATTACH '{out}.duckdb' AS other
ATTACH IF NOT EXISTS '{ledger}' AS other (TYPE sqlite)
USE other
COPY core.pathway TO '{out}'
COPY core.pathway TO '{out}' (FORMAT parquet)
COPY core.pathway TO '{out}' (FORMAT json)
COPY (SELECT 1) TO '/dev/stdout'
COPY (SELECT 1) TO 'http://127.0.0.1:{port}/x.csv'
COPY core.pathway FROM '{file}.csv'
COPY FROM DATABASE warehouse TO memory
EXPORT DATABASE '{out}'
EXPORT DATABASE '{out}' (FORMAT parquet)
IMPORT DATABASE '{dir}'
CREATE TABLE core.mine AS SELECT 1
CREATE VIEW core.mine AS SELECT 1
CREATE SCHEMA mine
CREATE SEQUENCE core.mine
CREATE TYPE core.mine AS ENUM ('a')
CREATE MACRO core.mine() AS 1
CREATE INDEX mine ON core.pathway (id)
CREATE OR REPLACE TABLE core.pathway AS SELECT 1
CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')
INSERT INTO core.pathway VALUES (1, 'a')
UPDATE core.pathway SET id = 0
DELETE FROM core.pathway
TRUNCATE core.pathway
DROP TABLE core.pathway
ALTER TABLE core.pathway ADD COLUMN a INTEGER
COMMENT ON TABLE core.pathway IS 'mine'
MERGE INTO core.pathway AS p USING (SELECT 1 AS id) AS s ON p.id = s.id WHEN MATCHED THEN DELETE
INSTALL httpfs
FORCE INSTALL httpfs
INSTALL httpfs FROM community
INSTALL '{file}.csv'
LOAD httpfs
LOAD '{file}.csv'
UPDATE EXTENSIONS
CALL start_ui()
SET enable_external_access = true
SET allowed_paths = ['{file}.csv']
SET allowed_directories = ['{dir}']
SET lock_configuration = false
SET GLOBAL memory_limit = '100GB'
SET memory_limit = '100GB'
SET max_memory = '100GB'
SET threads = 64
SET temp_directory = '{dir}'
SET max_temp_directory_size = '100GB'
SET home_directory = '{dir}'
SET extension_directory = '{dir}'
SET secret_directory = '{dir}'
SET custom_extension_repository = 'http://127.0.0.1:{port}'
SET allow_unsigned_extensions = true
SET autoload_known_extensions = true
SET log_query_path = '{out}'
SET profiling_output = '{out}'
SET enable_profiling = 'json'
SET python_enable_replacements = true
RESET memory_limit
RESET enable_external_access
PRAGMA enable_external_access = true
PRAGMA memory_limit = '100GB'
PRAGMA threads = 64
PRAGMA enable_profiling = 'json'
PRAGMA profiling_output = '{out}'
PRAGMA temp_directory = '{dir}'
CALL enable_logging()
CALL enable_logging(storage = 'file', storage_config = {{'path': '{out}'}})
SELECT * FROM canary
SELECT * FROM sql
SELECT * FROM rows
SELECT getenv('PARITY_HOME')
SELECT write_file('{out}', 'x')
SELECT system('id')
""".strip().splitlines()

# Each is answered, or does nothing that lasts: no file is read or written, and nothing is there afterwards.
HARMLESS = """
SELECT count(*) FROM core.pathway
CREATE TEMP TABLE t AS SELECT 1
SET VARIABLE v = 1
SET search_path = 'core'
SELECT getvariable('v')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_memory()
SELECT * FROM pragma_database_list()
SELECT * FROM duckdb_logs()
PRAGMA database_list
PRAGMA version
BEGIN
ATTACH ':memory:' AS other
CHECKPOINT
FORCE CHECKPOINT
VACUUM
EXPLAIN SELECT * FROM core.pathway
SHOW ALL TABLES
SELECT * FROM information_schema.tables
""".strip().splitlines()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port of this machine that notices whether anybody asks it for a file."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        port.settimeout(0)
        yield port


def filled(statement: str, found: Zones, outside: Path, port: int) -> str:
    return statement.format(file=outside / "x", dir=outside, out=outside / "out", ledger=found.ledger, port=port)


def test_a_query_reads_the_release_and_nothing_else(
    published: Zones, outside: Path, listening: socket.socket
) -> None:
    canary = CANARY  # noqa: F841  what a replacement scan of Python's variables would find
    before, files = published.warehouse.read_bytes(), sorted(outside.iterdir())
    port = listening.getsockname()[1]
    answered, said = [], []
    for statement in REFUSED:
        try:
            answered.append((statement, ask(filled(statement, published, outside, port), published)))
        except NotAsked as refusal:
            said.append(str(refusal))
    assert answered == []
    assert CANARY not in "".join(said)
    for statement in HARMLESS:
        with suppress(NotAsked):
            assert CANARY not in str(ask(filled(statement, published, outside, port), published)), statement
    with pytest.raises(BlockingIOError):
        listening.accept()
    assert sorted(outside.iterdir()) == files
    assert published.warehouse.read_bytes() == before
    assert [path.name for path in published.home.glob("warehouse.duckdb*")] == ["warehouse.duckdb"]
    assert len(REFUSED) + len(HARMLESS) >= 150


def test_without_the_lock_the_probes_find_what_they_look_for(published: Zones, outside: Path) -> None:
    """A control: opened read-only and no more, the same statements read and write what they should not."""
    got = []
    for statement in REFUSED[:31]:
        with duckdb.connect(published.warehouse, read_only=True) as con:
            try:
                got.append(CANARY in str(con.execute(filled(statement, published, outside, 1)).fetchall()))
            except duckdb.Error:
                got.append(False)
    assert sum(got) >= 15


ENDLESS = "WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT max(n) FROM a"
# Neither is interrupted, nor does the memory limit of DuckDB see it: 1 GB and 12 s.
HEAVY = "SELECT length(repeat('x', 1000000000))"
ROWS = "FROM range(100000000)"
SPILLING = "SELECT i, random() AS r FROM range(30000000) AS t (i) ORDER BY r"


@pytest.mark.parametrize("sql", [ENDLESS, "SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b"])
def test_a_query_without_an_end_is_stopped(published: Zones, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    monkeypatch.setenv(ENV_SECONDS, "1")
    with pytest.raises(NotAsked, match="The query was stopped: it took more than 1 seconds"):
        ask(sql, published)


@pytest.mark.parametrize(
    ("sql", "settings"),
    [
        ("SELECT list(i) FROM range(100000000) AS t (i)", {ENV_MEMORY: "100"}),
        (SPILLING, {ENV_MEMORY: "100", ENV_TEMP: "20"}),
    ],
)
def test_memory_and_disk_of_a_query_are_limited(
    published: Zones, monkeypatch: pytest.MonkeyPatch, sql: str, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NotAsked, match="100 MB of memory"):
        ask(sql, published)


def test_a_query_that_cannot_be_interrupted_ends_with_its_process(
    published: Zones, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where nobody else asks at the same time
    monkeypatch.setenv(ENV_MEMORY, "100")
    monkeypatch.setattr(door, "_BESIDE_MB", 200)
    with pytest.raises(NotAsked, match="100 MB of memory"):
        ask_within_limits(HEAVY, published)
    assert ask_within_limits("SELECT 1 AS one", published) == (["one"], [(1,)])
    assert not list(tmp_path.glob("parity-query-*"))


@pytest.mark.parametrize("asked", [ask, ask_within_limits])
def test_rows_up_to_the_limit_are_answered_and_more_are_not(
    published: Zones, monkeypatch: pytest.MonkeyPatch, asked: object
) -> None:
    monkeypatch.setenv(ENV_ROWS, "10001")
    assert len(asked("FROM range(10001)", published)[1]) == 10_001  # type: ignore[operator]
    for sql in ("FROM range(10002)", ROWS):
        with pytest.raises(NotAsked, match="more than 10,001 rows"):
            asked(sql, published)  # type: ignore[operator]
    assert asked("FROM range(0)", published) == (["range"], [])  # type: ignore[operator]


def test_a_command_answers_and_refuses_in_one_sentence(published: Zones, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["query", "SELECT DISTINCT provider FROM core.pathway", "--format", "csv"]) == CLEAN
    assert capfd.readouterr().out == "provider\nRW5\n"
    assert _run(["query", "SELECT x FROM core.pathway"]) == USAGE
    assert re.search("rejected the statement: Binder Error", capfd.readouterr().err)
    assert _run(["query", "FROM range(10001)"]) == USAGE
    assert "more than 10,000 rows" in capfd.readouterr().err
    assert _run(["query", "FROM range(10001)", "--format", "csv"]) == CLEAN


@pytest.mark.parametrize("name", [ENV_SECONDS, ENV_MEMORY, ENV_TEMP, ENV_THREADS, ENV_ROWS])
def test_a_setting_that_is_no_number_is_a_sentence(
    published: Zones, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "much")
    with pytest.raises(NotAsked, match=f"{name} must be a whole number"):
        ask_within_limits("SELECT 1", published)


def test_a_query_has_the_threads_that_the_centre_gives(published: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_THREADS, "3")
    assert ask("SELECT current_setting('threads')", published)[1] == [(3,)]
