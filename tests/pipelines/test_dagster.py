"""Dagster: what runs, what blocks, what it is told, and that it is told no value."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import apart, batch, site_report, store
from pipelines import load as way
from pipelines.batch import NothingReceived, ahead
from pipelines.checks import CHECKED, CONSERVATION, FILE, PSEUDONYMISED, RECORDS
from pipelines.definitions import defs
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load_runs import load_runs
from pipelines.partitions import SUBMISSION
from pipelines.run import QUIET, failure_of
from pipelines.store import NotConserved
from pipelines.zones import zones
from tests.fixtures.dagster_runs import execute, judged, made, run_batch, states, take
from tests.fixtures.submission import RIGHT, submission

BAD_ROW = "PATIENT-SECRET,RW5,QE1,9990000042,01,not a date,LA1 4YW,1,A,,en,\n"


def test_the_definitions_load_and_every_asset_says_whose_and_what_it_is() -> None:
    assert not list(dg.Definitions.validate_loadable(defs) or [])
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    assert {"received", "checked", "pseudonymised", "core/pathway", "mart/service_measure", "release"} <= set(specs)
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners or spec.group_name == "inputs", name
        assert spec.group_name in ("inputs", "submissions", "warehouse"), name
        assert spec.kinds or spec.group_name == "inputs", name


def test_every_check_has_the_partitions_of_its_asset_and_one_blocks() -> None:
    graph = defs.resolve_asset_graph()
    specs = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    assert {name for name, spec in specs.items() if spec.blocking} == {CONSERVATION}
    assert {spec.partitions_def for spec in specs.values()} == {SUBMISSION}


def test_a_failure_after_the_release_does_not_say_that_nothing_is_published(
    instance: dg.DagsterInstance,
) -> None:
    @dg.op
    def release() -> int:
        return 1

    @dg.op
    def pages(_before: int = 0) -> None:
        raise NothingReceived("Nothing to show.")

    @dg.job
    def after() -> None:
        pages(release())

    @dg.job
    def before() -> None:
        pages()

    said = {
        job.name: str(failure_of(job.execute_in_process(run_config=QUIET, instance=instance, raise_on_error=False)))
        for job in (after, before)
    }
    assert said["after"].startswith("The run failed at pages: Nothing to show. The release is published")
    assert said["after"].endswith("parity pages")
    assert said["before"] == "The run failed at pages: Nothing to show. Nothing published has changed."


def test_what_writes_the_warehouse_takes_turns() -> None:
    graph = defs.resolve_asset_graph()
    warehouse = [key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "warehouse"]
    assert warehouse
    assert {pool for key in warehouse for pool in graph.get(key).pools} == {"warehouse"}


def test_one_bad_site_never_stops_the_others(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rejected file, a rejected record and a load that breaks off, in the middle of a batch."""
    found = zones()
    paths = [
        submission(tmp_path, "RV5", IDS101Referral="Surname\nx\n"),
        submission(tmp_path, "RW5", IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW),
        submission(tmp_path, "RXT"),
        submission(tmp_path, "RRP"),
    ]
    (found.site_reports / "RXT").write_text("a file where a folder must be: the report cannot be written")
    result = run_batch(instance, found, paths)
    assert not result.success
    assert states(found) == {
        "RV5": State.FILE_REJECTED, "RW5": State.ACCEPTED_WITH_REJECTIONS, "RXT": State.FAILED, "RRP": State.ACCEPTED,
    }  # fmt: skip
    assert {
        w.provider_month.provider for w in open_ledger(found.ledger).current_submissions() if w.provider_month
    } == {
        "RW5",
        "RRP",
    }
    checked = ["RV5_2025-04", "RW5_2025-04", "RRP_2025-04"]
    assert made(result) == {"received": checked, "checked": checked, "pseudonymised": checked[1:]}
    # What broke off is taken up by the next load of the same bytes, and only that is reported.
    (found.site_reports / "RXT").unlink()
    again = run_batch(instance, found, paths)
    assert again.success
    assert states(found)["RXT"] is State.ACCEPTED
    assert made(again)["pseudonymised"] == ["RXT_2025-04"]


def test_a_check_speaks_of_its_own_submission_and_a_later_run_does_not_overwrite_it(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    paths = [
        submission(tmp_path, "RV5", IDS101Referral="Surname\nx\n"),
        submission(tmp_path, "RW5", IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW),
        submission(tmp_path, "RXT"),
    ]
    said = judged(run_batch(instance, found, paths))
    rejected, some_rejected, right = "RV5_2025-04", "RW5_2025-04", "RXT_2025-04"
    assert said == {
        FILE: {rejected: False, some_rejected: True, right: True},
        RECORDS: {rejected: False, some_rejected: False, right: True},
        CONSERVATION: {some_rejected: True, right: True},
    }
    run_batch(instance, found, [submission(tmp_path, "RRP")])
    kept = instance.event_log_storage.get_asset_check_partition_info([dg.AssetCheckKey(CHECKED, FILE)])
    assert {info.partition_key for info in kept} == {rejected, some_rejected, right, "RRP_2025-04"}
    by_partition = {i.partition_key: i.latest_execution_status.value for i in kept}
    assert by_partition[rejected] == "FAILED"
    # Dagster shows a partition as checked only if the result is that of its last materialisation.
    every = [dg.AssetCheckKey(CHECKED, name) for name in (FILE, RECORDS)]
    every.append(dg.AssetCheckKey(PSEUDONYMISED, CONSERVATION))
    infos = instance.event_log_storage.get_asset_check_partition_info(every)
    assert [f"{info.check_key.name} {info.partition_key}" for info in infos if not info.is_current] == []
    corrected = submission(tmp_path / "again", "RV5")
    run_batch(instance, found, [corrected])
    again = instance.event_log_storage.get_asset_check_partition_info(every, partition_keys=[rejected])
    assert {(info.latest_execution_status.value, info.is_current) for info in again} == {("SUCCEEDED", True)}


def test_what_is_found_is_counted_per_table(tmp_path: Path, home: Path, instance: dg.DagsterInstance) -> None:
    result = run_batch(instance, zones(), [submission(tmp_path, IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW)])
    (records,) = [each for each in result.get_asset_check_evaluations() if each.check_name == RECORDS]
    assert records.severity is dg.AssetCheckSeverity.WARN
    assert records.metadata["findings"].value == {"IDS001MPI": {"rejections": 1, "warnings": 2}}
    assert records.metadata["rows_in"].value == 11


def test_rows_that_do_not_add_up_stop_their_submission_and_no_other(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    real = store.complete

    def lossy(folder: Path, checked: Any) -> None:
        if checked.header.provider == "RW5":
            (folder / "IDS101.parquet").unlink()
            raise NotConserved("IDS101: 3 rows accepted, 0 written")
        real(folder, checked)

    monkeypatch.setattr(store, "complete", lossy)  # the one fault that no file can have
    monkeypatch.setattr(apart, "load", way.load)  # in this process, where it was planted
    result = run_batch(instance, found, [submission(tmp_path, "RV5"), submission(tmp_path, "RW5")])
    assert not result.success
    assert judged(result)[CONSERVATION] == {"RV5_2025-04": True, "RW5_2025-04": False}
    assert made(result)["pseudonymised"] == ["RV5_2025-04"]
    assert [str(o.provider_month) for o in open_ledger(found.ledger).current_submissions()] == ["RV5_2025-04"]


def test_no_value_of_a_record_reaches_dagster(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    planted = ["PATIENT-SECRET", "9990000042", "9990000018", "LA1 4YW", "not a date"]
    good = submission(tmp_path, IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW)
    results = [run_batch(instance, found, [good])]

    def leak(*_: Any, **__: Any) -> None:
        raise ValueError("row is PATIENT-SECRET, 9990000042")

    monkeypatch.setattr(site_report, "write_report", leak)  # the one fault that cannot be planted in a file
    monkeypatch.setattr(apart, "load", way.load)  # in this process, where it was planted
    results.append(run_batch(instance, found, [submission(tmp_path, "RRP")]))
    monkeypatch.setattr(batch, "load_all", leak)  # outside of what is caught per submission
    results.append(take(instance, found, submission(found.inbox, "RAT").name))
    assert [r.success for r in results] == [True, False, False]
    text = "".join(str(entry) for r in results for entry in instance.all_logs(r.run_id)) + json.dumps(
        [dict(run.tags) | run.run_config for run in instance.get_runs()], default=str
    )
    assert [value for value in planted if value in text] == []
    assert "ValueError" in text


def test_dagster_is_told_of_a_loaded_submission_that_it_does_not_know(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    """A run was killed between a load and its events, or dagster/ was deleted: the same bytes again tell it."""
    found, path = zones(), submission(tmp_path)
    run_batch(instance, found, [path])
    assert made(run_batch(instance, found, [path])) == {}
    with dg.DagsterInstance.ephemeral() as new:
        assert made(run_batch(new, found, [path]))["pseudonymised"] == ["RW5_2025-04"]


def test_a_try_that_was_killed_after_a_load_is_made_up_for_by_the_next_one(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    """The submission has left the inbox, so the second try cannot load it. It tells Dagster what became of it."""
    found = zones()
    (run,) = load_runs([submission(found.inbox, name) for name in ("RV5", "RW5")], found, instance)
    way.load(run.paths[0], found, open_ledger(found.ledger), spine_key())  # and there the process was killed
    assert not run.paths[0].exists()
    assert made(execute(instance, found, run.tags, run.run_config))["pseudonymised"] == [
        "RW5_2025-04",
        "RV5_2025-04",
    ]


def test_loading_ahead_keeps_order_and_lets_errors_through() -> None:
    def numbers() -> Iterator[int]:
        yield from range(5)
        raise NothingReceived("the end")

    made = ahead(numbers())
    assert [next(made) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(NothingReceived):
        next(made)
    assert list(ahead(iter([]))) == []
