"""Retention: what was kept long enough goes, what counts stays, and the ledger says so."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)

from pipelines import arrivals, custody, dagster_home, show
from pipelines.batch import reprocess_all
from pipelines.cli import _run
from pipelines.custody.prune import prune
from pipelines.custody.retention import DEFAULTS, FILE, Kind, retention
from pipelines.definitions import build_defs
from pipelines.drafting import LOCK, DraftTaken
from pipelines.event_store import give_back
from pipelines.kept import ReceivedChanged
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.ledger.rebuild import rebuild
from pipelines.load import Loaded, load, reprocess
from pipelines.load_runs import range_tags
from pipelines.publish import NotPublishable, build_core, current_submissions
from pipelines.resources import Draft
from pipelines.run import QUIET
from pipelines.telling import look
from pipelines.telling.channels import messages_in
from pipelines.zones import Zones
from schemas.errors import CatalogueError
from tests.fixtures.submission import submission, write

NOW = datetime.now(UTC)
LATE = NOW + timedelta(days=3650)
TWICE = "ServiceRequestId,LocalPatientId\nR1,P1\nR1,P1\n"


def loaded(found: Zones, path: Path) -> Loaded:
    return load(path, found, open_ledger(found.ledger), spine_key())


def removed(found: Zones, now: datetime = LATE, **more: Any) -> dict[str, int]:
    return prune(found, open_ledger(found.ledger), now, **more).things


def test_nothing_is_due_on_the_day_it_arrives(found: Zones, tmp_path: Path) -> None:
    loaded(found, submission(found.inbox))
    assert removed(found, NOW) == {}
    assert not (found.home / "pruned.jsonl").exists()


def test_what_does_not_count_goes_and_what_counts_stays(found: Zones, tmp_path: Path) -> None:
    first = loaded(found, submission(found.inbox))
    second = loaded(found, submission(tmp_path, IDS002GP=None))
    rejected = loaded(found, submission(found.inbox, month="2025-05", IDS000Header=None))
    arrivals.refuse_stray(write(found.inbox) / "IDS002GP.csv", found)
    for stray in arrivals.strays(found):
        stray.unlink()
    expected = {"inbox": 1, "inbox_refused": 2, "received_superseded": 2, "rows_superseded": 1, "site_reports": 3}
    before = sorted(found.home.rglob("*"))
    assert removed(found, is_dry=True) == expected
    assert sorted(found.home.rglob("*")) == before
    assert removed(found) == expected
    assert removed(found) == {}
    assert [len(list(folder.iterdir())) for folder in found.inbox.iterdir()] == [0, 0]
    ledger = open_ledger(found.ledger)
    assert [path.name.split(".")[0] for path in found.pseudonymised.iterdir()] == [second.receipt.submission_id]
    for gone in (first, rejected):
        outcome = ledger.outcome(gone.receipt.submission_id)
        assert outcome.state is gone.verdict.state and "received_superseded" in outcome.detail["pruned"]
        kept = {path.name for path in (found.received / gone.receipt.submission_id).iterdir()}
        assert {"source.json", "checked.json", "receipt.json"} <= kept
        assert not any(name.startswith("IDS") or name == "findings.parquet" for name in kept)
    assert "pruned" in ledger.outcome(first.receipt.submission_id).detail
    (current,) = current_submissions(found, ledger)
    assert current.submission_id == second.receipt.submission_id and current.folder.is_dir()
    said = [json.loads(line) for line in (found.home / "pruned.jsonl").read_text().splitlines()]
    assert [line["removed"] for line in said] == [expected]


def test_a_file_that_was_removed_can_be_sent_again(found: Zones, tmp_path: Path) -> None:
    first = loaded(found, submission(tmp_path))
    loaded(found, submission(tmp_path, IDS002GP=None))
    removed(found)
    with pytest.raises(ReceivedChanged):
        reprocess(first.receipt, found, open_ledger(found.ledger), spine_key())
    again = loaded(found, submission(tmp_path))
    assert not again.is_repeat and again.verdict.state is State.ACCEPTED
    (current,) = current_submissions(found, open_ledger(found.ledger))
    assert current.submission_id == again.receipt.submission_id


def test_the_centre_may_say_that_current_files_go_too(
    found: Zones, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rows count as before. Without its files it is left out when everything is processed again."""
    first = loaded(found, submission(tmp_path))
    (found.home / FILE).write_text(
        "what,days,valid_from,why\nreceived_current,30,2026-01-01,Agreed with the sites\n"
    )
    show.pruned(prune(found, open_ledger(found.ledger), LATE), is_dry=False)
    assert "They can be processed again only if the site sends them again." in capsys.readouterr().out
    ledger = open_ledger(found.ledger)
    assert custody.is_pruned(ledger.outcome(first.receipt.submission_id).detail)
    (current,) = current_submissions(found, ledger)
    assert current.folder.is_dir()
    assert list(reprocess_all(found, ledger, spine_key())) == []
    assert _run(["prune"]) == 0
    assert capsys.readouterr().out == "Nothing is due.\n"
    for rows in found.pseudonymised.iterdir():
        rows.rename(tmp_path / rows.name)
    with pytest.raises(NotPublishable, match="Rows were removed of 1 submission that must count"):
        build_core(found, ledger)


def test_a_rebuilt_ledger_knows_what_was_removed(found: Zones, tmp_path: Path) -> None:
    """Files and rows of a superseded submission, and files of one that counts. Sent again, nothing is missing."""
    loaded(found, submission(found.inbox))
    loaded(found, submission(tmp_path, IDS002GP=None))
    loaded(found, submission(tmp_path, month="2025-05", IDS000Header=None))
    (found.home / FILE).write_text("what,days,valid_from,why\nreceived_current,30,2026-01-01,Agreed\n")
    removed(found)
    before = open_ledger(found.ledger).outcomes()
    assert [custody.is_pruned(outcome.detail) for outcome in before] == [True, True, True]
    for file in found.home.glob("ledger.*"):
        file.unlink()
    ledger = open_ledger(found.ledger)
    rebuild(found, ledger)
    assert ledger.outcomes() == before
    assert list(reprocess_all(found, ledger, spine_key())) == []
    again = loaded(found, submission(tmp_path))
    assert not again.is_repeat and again.verdict.state is State.ACCEPTED
    assert custody.pruned_in(found.received / again.receipt.submission_id) == []


def test_of_earlier_releases_the_public_figures_stay(found: Zones) -> None:
    for name in ("2025-04-00000000", "2025-05-11111111"):
        (found.releases / name).mkdir()
        for file in ("parity.duckdb", "parity-public.duckdb", "public.national.csv", "mart.national.csv"):
            (found.releases / name / file).write_text("x")
            os.utime(found.releases / name / file, (0, 0))
    os.link(found.releases / "2025-05-11111111" / "parity.duckdb", found.warehouse)
    assert removed(found) == {"releases": 1}
    left = {path.name for path in (found.releases / "2025-04-00000000").iterdir()}
    assert left == {"parity-public.duckdb", "public.national.csv"}
    assert len(list((found.releases / "2025-05-11111111").iterdir())) == 4


def test_the_command_shows_first_and_removes_when_told(
    found: Zones, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded(found, submission(found.inbox))
    (place,) = arrivals.put_away_in(found, arrivals.RECEIVED)
    os.utime(place, (0, 0))
    assert _run(["prune"]) == 0
    said = capsys.readouterr().out
    assert "1        0.0 MB  submissions in received/ of the inbox" in said
    assert "1 thing, 0.0 MB can be removed: parity prune --yes" in said
    assert place.exists() and not (found.home / "pruned.jsonl").exists()
    assert _run(["prune", "--yes", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["things"] == {"inbox": 1} and done["bytes"]["inbox"] > 500 and done["is_removed"]
    assert not place.exists()


def release(found: Zones, name: str, days: int) -> Path:
    """A release made so many days ago."""
    folder = found.releases / name
    folder.mkdir()
    for file in ("parity.duckdb", "public.national.csv"):
        (folder / file).write_text("x" * 100)
        os.utime(folder / file, (at := (NOW - timedelta(days=days)).timestamp(), at))
    return folder


def test_of_the_releases_of_a_month_the_last_stays_longer(found: Zones) -> None:
    of = {
        name: release(found, name, days)
        for name, days in {
            "2025-04-a": 60, "2025-04-b": 50, "2025-04-c": 40, "2025-05-d": 36, "2025-05-e": 34, "2025-05-f": 30,
        }.items()
    }  # fmt: skip
    os.link(of["2025-05-f"] / "parity.duckdb", found.warehouse)
    assert prune(found, open_ledger(found.ledger), NOW, is_dry=True).bytes == {"releases_of_the_month": 300}
    assert removed(found, NOW) == {"releases_of_the_month": 3}
    left = [name for name, folder in of.items() if (folder / "parity.duckdb").exists()]
    assert left == ["2025-04-c", "2025-05-e", "2025-05-f"]
    assert all((folder / "public.national.csv").exists() for folder in of.values())
    assert removed(found) == {"releases": 1, "releases_of_the_month": 1}
    assert found.warehouse.exists() and (of["2025-05-f"] / "parity.duckdb").exists()


def test_a_file_that_a_later_release_shares_stays_there_and_makes_it_no_older(found: Zones) -> None:
    old, new = release(found, "2025-04-a", 500), release(found, "2025-05-b", 10)
    for folder in (old, new):
        (folder / "inside").mkdir()
    codes = old / "inside" / "ref.code.parquet"
    codes.write_text("the same in both")
    os.utime(codes, (at := (old / "parity.duckdb").stat().st_mtime, at))
    os.link(codes, new / "inside" / codes.name)
    assert prune(found, open_ledger(found.ledger), NOW, is_dry=True).bytes == {"releases": 100}
    assert removed(found, NOW) == {"releases": 1}
    assert not codes.exists() and (new / "inside" / codes.name).read_text() == "the same in both"
    assert (new / "parity.duckdb").exists()


def test_what_a_killed_publication_left_goes_after_a_day(found: Zones) -> None:
    left = found.releases / ".partial-2025-04-a"
    left.mkdir()
    (left / "parity.duckdb").write_text("x")
    assert removed(found, NOW) == {}
    assert removed(found, NOW + timedelta(days=2)) == {"builds": 1}
    assert not left.exists()


def test_nothing_is_removed_while_somebody_publishes(found: Zones, tmp_path: Path) -> None:
    import fcntl

    loaded(found, submission(tmp_path))
    with (found.builds / LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DraftTaken):
            removed(found)
        assert removed(found, is_dry=True) == {"site_reports": 1}
    assert removed(found) == {"site_reports": 1}


@pytest.fixture
def dagster(found: Zones, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere")  # put back after the test
    with dagster_home.instance(found) as instance:
        yield instance


def test_of_dagster_what_last_loaded_a_month_or_made_a_table_stays(
    found: Zones, dagster: dg.DagsterInstance
) -> None:
    """With a run Dagster deletes its events: the month would stand there as never loaded."""
    months = dg.StaticPartitionsDefinition(["April", "May"])

    @dg.asset(partitions_def=months, check_specs=[dg.AssetCheckSpec("holds", asset="loaded_month")])
    def loaded_month() -> Iterator[object]:
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="holds")])

    @dg.asset
    def table() -> None: ...

    april = [dg.materialize([loaded_month], partition_key="April", instance=dagster).run_id for _ in range(2)]
    may = dg.materialize([loaded_month], partition_key="May", instance=dagster).run_id
    made = [dg.materialize([table], instance=dagster).run_id for _ in range(2)]
    (found.received / ".batch-0123.json").write_text("[]")

    def kept() -> set[str]:
        return {run.run_id for run in dagster.get_runs()}

    assert prune(found, open_ledger(found.ledger), NOW, dagster=dagster).things == {}
    assert prune(found, open_ledger(found.ledger), LATE, dagster=dagster).things == {
        "dagster_runs": 3,
        "dagster_load_logs": 3,
        "dagster_logs": 2,
    }
    assert kept() == {april[1], may, made[1]}
    assert set(dagster.get_materialized_partitions(dg.AssetKey("loaded_month"))) == {"April", "May"}
    assert dagster.get_latest_materialization_event(dg.AssetKey("table")) is not None
    checked = dg.AssetCheckKey(dg.AssetKey("loaded_month"), "holds")
    (last,) = dagster.event_log_storage.get_asset_check_execution_history(checked, limit=1)
    assert last.event is not None and last.run_id == may
    assert {entry.dagster_event_type.value for entry in dagster.all_logs(may) if entry.dagster_event_type} == {
        "PIPELINE_START", "ASSET_MATERIALIZATION", "STEP_SUCCESS", "PIPELINE_SUCCESS",
    }  # fmt: skip
    assert not list(found.received.glob(".batch-*"))
    assert prune(found, open_ledger(found.ledger), LATE, dagster=dagster).things == {}


def test_the_log_of_a_load_that_succeeded_goes_after_a_day_and_any_other_after_a_month(
    found: Zones, dagster: dg.DagsterInstance
) -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["good", "bad"]))
    def submitted(context: dg.AssetExecutionContext) -> None:
        if context.partition_key == "bad":
            raise ValueError

    @dg.asset
    def table() -> None: ...

    def run(asset: dg.AssetsDefinition, partition: str | None = None) -> str:
        of = {"partition_key": partition, "instance": dagster, "raise_on_error": False}
        return dg.materialize([asset], **of).run_id

    loaded, broken, published = run(submitted, "good"), run(submitted, "bad"), run(table)

    def steps(run_id: str) -> bool:
        return any(entry.dagster_event_type is dg.DagsterEventType.STEP_START for entry in dagster.all_logs(run_id))

    def pruned(days: int) -> dict[str, int]:
        return prune(found, open_ledger(found.ledger), NOW + timedelta(days=days), dagster=dagster).things

    assert pruned(0) == {}
    assert pruned(2) == {"dagster_load_logs": 1}
    assert [steps(run_id) for run_id in (loaded, broken, published)] == [False, True, True]
    assert dagster.get_materialized_partitions(dg.AssetKey("submitted")) == {"good"}
    assert pruned(31) == {"dagster_logs": 2}
    assert [steps(run_id) for run_id in (broken, published)] == [False, False]


def test_what_dagster_forgets_makes_its_file_smaller_and_a_load_that_writes_keeps_it_as_it_is(
    found: Zones, dagster: dg.DagsterInstance
) -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition([f"{number:03}" for number in range(100)]))
    def submitted() -> None: ...

    tags = range_tags(["000", "099"])
    assert dg.materialize([submitted], instance=dagster, tags=tags).success
    file = found.dagster / "history" / "event_log.db"

    def size() -> int:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.stat().st_size

    before = size()
    with closing(sqlite3.connect(file, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        assert not give_back(dagster, seconds=0)
    assert removed(found, NOW + timedelta(days=2), dagster=dagster) == {"dagster_load_logs": 1}
    assert size() < 0.8 * before
    assert len(dagster.get_materialized_partitions(dg.AssetKey("submitted"))) == 100


def test_ticks_are_forgotten_and_the_state_of_the_sensor_stays(found: Zones, dagster: dg.DagsterInstance) -> None:
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("pipelines.definitions"), "__repository__")
    sensor = InstigatorState(
        RemoteInstigatorOrigin(place, "inbox_sensor"),
        InstigatorType.SENSOR, InstigatorStatus.RUNNING, SensorInstigatorData(cursor="{}"),
    )  # fmt: skip
    of = (sensor.instigator_origin_id, sensor.selector_id)
    dagster.add_instigator_state(sensor)
    for days in (40, 31, 29, 0):
        at = (NOW - timedelta(days=days)).timestamp()
        dagster.create_tick(
            TickData(of[0], "inbox_sensor", InstigatorType.SENSOR, TickStatus.SKIPPED, at, selector_id=of[1])
        )
    assert prune(found, open_ledger(found.ledger), NOW, dagster=dagster).things == {"dagster_ticks": 1}
    assert len(dagster.get_ticks(*of)) == 2
    assert len(dagster.all_instigator_state()) == 1
    assert prune(found, open_ledger(found.ledger), NOW, dagster=dagster).things == {}


def test_dagster_prunes_every_night(found: Zones, dagster: dg.DagsterInstance) -> None:
    loaded(found, submission(found.inbox))
    (place,) = arrivals.put_away_in(found, arrivals.RECEIVED)
    os.utime(place, (0, 0))
    resources = {"draft": Draft(home=str(found.home))}
    job = build_defs(resources).resolve_job_def("prune_everything")
    result = job.execute_in_process(run_config=QUIET, instance=dagster)
    assert result.success and not place.exists()
    (line,) = (found.home / "pruned.jsonl").read_text().splitlines()
    assert json.loads(line)["removed"] == {"inbox": 1}


def test_messages_to_people_go_and_what_is_not_over_is_not_told_anew(
    found: Zones, no_runs: dg.DagsterInstance
) -> None:
    (found.home / "expected.csv").write_text("nonsense\n")
    assert len(look.tell(found, no_runs).messages) == 1
    days = DEFAULTS[Kind.MESSAGES]
    assert days is not None
    assert removed(found, NOW + timedelta(days=days) - timedelta(minutes=1)) == {}
    assert len(messages_in(found)) == 1
    assert removed(found) == {"messages": 1}
    assert messages_in(found) == [] and look.tell(found, no_runs).messages == []


def test_settings_are_those_of_the_day(found: Zones) -> None:
    assert retention(found, date(2026, 1, 1)) == DEFAULTS
    assert set(DEFAULTS) == set(Kind)
    (found.home / FILE).write_text(
        "what,days,valid_from,why\ninbox,never,2026-06-01,Later\ninbox,3,2026-01-01,Less room\n"
    )
    assert [retention(found, date(2026, month, 1))[Kind.INBOX] for month in (1, 5, 6)] == [3, 3, None]
    assert retention(found, date(2025, 12, 31)) == DEFAULTS


@pytest.mark.parametrize(
    ("row", "problem"),
    [("outbox,3,2026-01-01,x", "must be one of inbox"), ("inbox,0,2026-01-01,x", "a number of days"),
     ("inbox,3,2026-02-30,x", "is no day"), ("inbox,3,2026-01-01,", "a reason"), ("inbox,3", "must have 4 cells")],
)  # fmt: skip
def test_a_setting_that_cannot_be_read_removes_nothing(found: Zones, row: str, problem: str) -> None:
    (found.home / FILE).write_text(f"what,days,valid_from,why\n{row}\n")
    with pytest.raises(CatalogueError, match=problem):
        removed(found)
