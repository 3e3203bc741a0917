"""Dagster's home: the centre's settings stay, and one setting puts runs, events and ledger on a PostgreSQL server."""

import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from pipelines import dagster_home, dagster_storage
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED, USAGE
from pipelines.dagster_home import SETTINGS, SettingsLack, differs, opened
from pipelines.database import ENV_DATABASE, Server, Unreachable
from pipelines.ledger import ENV_LEDGER, open_ledger
from pipelines.zones import zones
from schemas.errors import NotAsked
from tests.fixtures.postgresql import own_database
from tests.fixtures.submission import submission

OURS = Path(dagster_home.__file__).with_name(SETTINGS).read_text("utf-8")
# What Parity 0.1 to 0.8 wrote, byte for byte.
EARLIER = """\
# Dagster's instance. `parity` and `make dev` copy this file into the data root's dagster folder.
telemetry:
  enabled: false
nux:
  enabled: false
# Printed text and tracebacks can hold values out of the identifiable zone: they are not captured.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  pools:
    # One writer at the warehouse: a DuckDB file that is being written locks everybody else out.
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 4
"""
SECRET = "correct-horse"
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("dagster_postgres") is None, reason="parity[postgresql] is not installed"
)


@pytest.fixture(autouse=True)
def dagster_home_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", os.environ.get("DAGSTER_HOME", "/nowhere"))


@pytest.mark.parametrize("before", [None, "", EARLIER, OURS], ids=["none", "empty", "earlier", "the same"])
def test_settings_that_nobody_changed_are_those_of_this_version(tmp_path: Path, before: str | None) -> None:
    if before is not None:
        (tmp_path / SETTINGS).write_text(before, encoding="utf-8")
    with opened(tmp_path) as dagster:
        assert dagster.get_runs_count() == 0
        # Known before the first run: else all that wait when Dagster first looks are started at once.
        assert [(pool.name, pool.limit) for pool in dagster.event_log_storage.get_pool_limits()] == [
            ("warehouse", 1)
        ]
    assert (tmp_path / SETTINGS).read_text("utf-8") == OURS
    assert differs(tmp_path) == []


def test_a_run_has_no_file_of_its_own_unless_the_home_began_so(tmp_path: Path) -> None:
    """A file for each run takes 490 KB, and 4,800 of them cannot be backed up while Dagster runs."""

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def short() -> None:
        nothing()

    for home, files in ((tmp_path / "new", 0), (tmp_path / "old", 1)):
        (home / "history" / "runs").mkdir(parents=True)
        if files:
            (home / "history" / "runs" / "0000-0000.db").touch()
        with opened(home) as dagster:
            before = {path.name for path in home.rglob("*.db")}
            ran = short.execute_in_process(instance=dagster)
            assert len(dagster.all_logs(ran.run_id)) > 5
            assert len({path.name for path in home.rglob("*.db")} - before) == files
            dagster.delete_run(ran.run_id)
            assert dagster.all_logs(ran.run_id) == []


def test_settings_of_the_centre_stay_and_what_they_lack_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path).dispose()
    own = OURS.replace("max_concurrent_runs: 4", "max_concurrent_runs: 2").replace("nux:\n  enabled: false\n", "")
    assert own.count("\n") == OURS.count("\n") - 2
    (tmp_path / SETTINGS).write_text(own, encoding="utf-8")
    for version in (OURS, f"{OURS}# of a later version\n"):
        monkeypatch.setattr(dagster_home, "_text", lambda version=version: version)
        with opened(tmp_path) as dagster:
            assert dagster.get_concurrency_config().run_queue_config.max_concurrent_runs == 2  # type: ignore[union-attr]
        assert (tmp_path / SETTINGS).read_text("utf-8") == own
        assert (tmp_path / "dagster.yaml.written").read_text("utf-8") == version
    file = tmp_path / SETTINGS
    assert differs(tmp_path) == [
        f"{file} has no nux.enabled; Parity's says False.",
        f"{file} says 2 for concurrency.runs.max_concurrent_runs; Parity's says 4.",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("  class: NoOpComputeLogManager", "  class: LocalComputeLogManager", "compute_logs.class: NoOpCompute"),
        ("telemetry:\n  enabled: false\n", "", "telemetry.enabled: False"),
        ("    default_limit: 1", "    default_limit: 4", "concurrency.pools.default_limit: 1"),
        ("    granularity: run", "    granularity: op", "concurrency.pools.granularity: run"),
        ("telemetry:", "telemetry: [", "is not YAML"),
    ],
)
def test_settings_that_would_leak_or_let_two_writers_meet_are_refused(
    tmp_path: Path, ours: str, theirs: str, said: str
) -> None:
    assert ours in OURS
    own = OURS.replace(ours, theirs)
    (tmp_path / SETTINGS).write_text(own, encoding="utf-8")
    with pytest.raises(SettingsLack, match=said):
        opened(tmp_path)
    assert (tmp_path / SETTINGS).read_text("utf-8") == own
    assert not list(tmp_path.rglob("*.db"))


@needs_library
def test_settings_with_no_storage_on_a_server_are_refused_when_one_is_asked_for(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = yaml.safe_load(OURS)
    del settings["storage"]
    (tmp_path / SETTINGS).write_text(yaml.safe_dump(settings), encoding="utf-8")
    opened(tmp_path).dispose()  # files: nobody asked for a server
    monkeypatch.setenv(ENV_DATABASE, url := own_database(postgresql))
    with pytest.raises(SettingsLack, match="lacks: storage"):
        opened(tmp_path)
    own = {"postgres": {"postgres_url": url.replace("postgresql:", "postgresql+psycopg2:")}}
    (tmp_path / SETTINGS).write_text(yaml.safe_dump(settings | {"storage": own}), encoding="utf-8")
    with opened(tmp_path) as dagster:
        assert dagster.get_runs_count() == 0


@needs_library
def test_one_setting_puts_ledger_and_dagster_on_a_server(
    tmp_path: Path, home: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENV_DATABASE, url := own_database(postgresql))
    assert _run(["load", str(submission(tmp_path / "in"))]) == CLEAN
    with psycopg.connect(url) as connection:
        rows = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            for table in ("receipt", "event", "dagster.runs")
        ]
    assert rows == [(1,), (2,), (1,)]
    assert not (home / "ledger.sqlite").exists()
    assert not list((home / "dagster").rglob("*.db"))
    assert url not in (home / "dagster" / SETTINGS).read_text("utf-8")
    # The ledger alone may be elsewhere.
    monkeypatch.setenv(ENV_LEDGER, own_database(postgresql))
    assert open_ledger(zones().ledger).outcomes() == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("?options=-cx%3D1", "-cx=1 "), ("?options=-cx%3D1&options=-cy%3D2", "-cx=1 -cy=2 ")],
)
def test_options_of_the_url_stay_beside_the_schema(given: str, kept: str) -> None:
    url = dagster_storage._of_schema(f"postgresql://parity@server/db{given}")
    assert make_url(url).query == {"options": f"{kept}-csearch_path=dagster"}


@needs_library
def test_the_ui_keeps_its_connections_to_the_server(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With psycopg 3, which SQLAlchemy 2.1 takes by itself, the first question failed: «the connection is closed»."""
    monkeypatch.setenv(ENV_DATABASE, own_database(postgresql))
    with opened(tmp_path) as dagster:
        dagster.optimize_for_webserver(statement_timeout=15000, pool_recycle=3600, max_overflow=20)
        assert dagster.get_runs_count() == 0
        assert dagster.event_log_storage.get_maximum_record_id() is None
        assert dagster.all_instigator_state() == []
        assert [(pool.name, pool.limit) for pool in dagster.event_log_storage.get_pool_limits()] == [
            ("warehouse", 1)
        ]


@needs_library
def test_several_machines_at_once_make_the_tables_once(postgresql: str) -> None:
    server = Server(own_database(postgresql), ENV_DATABASE)
    with ThreadPoolExecutor(3) as at_once:
        made = list(at_once.map(dagster_storage.on_server, [server] * 3))
    assert [each.run_storage.get_runs_count() for each in made] == [0, 0, 0]
    with psycopg.connect(server.url) as connection:
        heads = connection.execute("SELECT count(*) FROM dagster.alembic_version").fetchone()
    assert heads == (1,)


@needs_library
def test_the_password_comes_from_the_password_file_and_is_shown_nowhere(
    tmp_path: Path, home: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{SECRET}'")
    monkeypatch.setenv(ENV_DATABASE, own_database(postgresql, user="guarded"))
    passwords = tmp_path / "pgpass"
    passwords.touch(mode=0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    for password, status in ((f"not-{SECRET}", CRASHED), (SECRET, CLEAN)):
        passwords.write_text(f"*:*:*:guarded:{password}\n")
        assert _run(["status"]) == status
        out, err = capfd.readouterr()
        assert SECRET not in out + err
        assert ("does not answer, or refuses this user (PARITY_DATABASE)" in " ".join(err.split())) is bool(status)
    with opened(zones().dagster) as dagster:
        assert dagster.get_runs_count() == 0
        assert SECRET not in f"{dagster.get_ref()}"
    assert not [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_url_that_cannot_be_used_is_said_without_its_password(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for url in (f"postgresql://parity:{SECRET}@server/parity", f"mysql://parity:{SECRET}@server/parity"):
        monkeypatch.setenv(ENV_DATABASE, url)
        with pytest.raises(NotAsked, match=ENV_DATABASE) as refused:
            opened(tmp_path)
        assert _run(["status"]) == USAGE
        out, err = capfd.readouterr()
        assert SECRET not in f"{refused.value}{out}{err}"


@needs_library
def test_a_server_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_DATABASE, f"postgresql://parity@/parity?host={tmp_path}")
    with pytest.raises(Unreachable, match="does not answer, or refuses this user") as unreachable:
        opened(tmp_path)
    assert str(tmp_path) not in str(unreachable.value)
