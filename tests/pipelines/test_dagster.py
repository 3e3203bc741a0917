"""Dagster: what runs, what blocks, what it is told, and that it is told no value."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipelines import apart, site_report
from pipelines import load as way
from pipelines.assets.submissions import NoSubmission
from pipelines.automation import inbox_sensor
from pipelines.batch import ahead, write_batch
from pipelines.checks import CHECK_SPECS, CONSERVATION
from pipelines.definitions import build_defs, defs
from pipelines.ledger import State, open_ledger
from pipelines.partitions import PROVIDERS, partition_key
from pipelines.resources import Parity
from pipelines.worker import ENV_MEMORY
from pipelines.zones import Zones, zones
from schemas.dataset import TABLES
from schemas.month import ProviderMonth
from tests.fixtures.submission import RIGHT, submission

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
BAD_ROW = "PATIENT-SECRET,RW5,QE1,9990000042,01,not a date,LA1 4YW,1,A,,en,\n"


def run_batch(
    instance: dg.DagsterInstance, found: Zones, paths: list[Path], job: str = "load_submissions"
) -> dg.ExecuteInProcessResult:
    config = {"ops": {"load_batch": {"config": {"batch": write_batch(paths, found)}}}}
    return defs.resolve_job_def(job).execute_in_process(
        run_config=QUIET | (config if job == "load_submissions" else {}),
        instance=instance,
        resources={"parity": Parity(home=str(found.home))},
        raise_on_error=False,
    )


def states(found: Zones) -> dict[str, State]:
    return {o.provider_month.provider: o.state for o in open_ledger(found.ledger).outcomes() if o.provider_month}


def test_the_definitions_load_and_every_asset_says_whose_and_what_it_is() -> None:
    assert not list(dg.Definitions.validate_loadable(defs) or [])
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    assert {"received", "checked", "pseudonymised", "core/pathway", "mart/service_measure", "release"} <= set(specs)
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.group_name in ("submissions", "warehouse"), name
        assert spec.kinds, name


def test_there_is_one_check_per_table_and_severity_and_one_that_blocks() -> None:
    assert len(CHECK_SPECS) == 2 * len(TABLES)
    graph = defs.resolve_asset_graph()
    blocking = [key.name for key in graph.asset_check_keys if graph.get_check_spec(key).blocking]
    assert blocking == [CONSERVATION]


def test_what_writes_the_warehouse_takes_turns() -> None:
    graph = defs.resolve_asset_graph()
    warehouse = [key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "warehouse"]
    assert warehouse
    assert {pool for key in warehouse for pool in graph.get(key).pools} == {"warehouse"}


def test_one_bad_site_never_stops_the_others(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
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
    result = run_batch(dagster_instance, found, paths)
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
    keys = {m.partition for m in result.get_asset_materialization_events() for m in [m.materialization]}
    assert keys == {f"2025-04-01|{p}" for p in ("RV5", "RW5", "RRP")}
    assert set(dagster_instance.get_dynamic_partitions(str(PROVIDERS.name))) >= {"RV5", "RW5", "RRP"}
    # What broke off is taken up by the next load of the same bytes.
    (found.site_reports / "RXT").unlink()
    assert run_batch(dagster_instance, found, paths).success
    assert states(found)["RXT"] is State.ACCEPTED


def test_checks_say_which_table_has_findings(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance
) -> None:
    found = zones()
    result = run_batch(dagster_instance, found, [submission(tmp_path, IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW)])
    evaluations = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert len(evaluations) == 2 * len(TABLES) + 1
    assert [name for name, passed in evaluations.items() if not passed] == [
        "IDS001MPI_rejections",
        "IDS001MPI_warnings",
    ]


def test_no_value_of_a_record_reaches_dagster(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    planted = ["PATIENT-SECRET", "9990000042", "9990000018", "LA1 4YW", "not a date"]
    good = submission(tmp_path, IDS001MPI=RIGHT["IDS001MPI"] + BAD_ROW)
    results = [run_batch(dagster_instance, found, [good])]

    def leak(*_: Any, **__: Any) -> None:
        raise ValueError("row is PATIENT-SECRET, 9990000042")

    monkeypatch.setattr(site_report, "write_report", leak)  # the one fault that cannot be planted in a file
    monkeypatch.setattr(apart, "load", way.load)  # in this process, where it was planted
    monkeypatch.setattr(apart, "check_received", way.check)
    results.append(run_batch(dagster_instance, found, [submission(tmp_path, "RRP")]))
    dagster_instance.add_dynamic_partitions(str(PROVIDERS.name), ["RAT"])
    single = build_defs({"parity": Parity(home=str(found.home))})
    results.append(
        single.resolve_job_def("take_submission").execute_in_process(
            run_config=QUIET,
            instance=dagster_instance,
            raise_on_error=False,
            partition_key=_inbox(found, submission(tmp_path, "RAT")),
        )
    )
    assert [r.success for r in results] == [True, False, False]
    text = "".join(str(entry) for r in results for entry in dagster_instance.all_logs(r.run_id)) + json.dumps(
        [dict(run.tags) | run.run_config for run in dagster_instance.get_runs()], default=str
    )
    assert [value for value in planted if value in text] == []
    assert "ValueError" in text


def _inbox(found: Zones, path: Path) -> str:
    path.rename(found.inbox / path.name)
    named = ProviderMonth.parse(path.name)
    assert named
    return str(partition_key(named))


def test_one_submission_can_be_taken_by_its_partition(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance
) -> None:
    found = zones()
    dagster_instance.add_dynamic_partitions(str(PROVIDERS.name), ["RH5"])
    key = _inbox(found, submission(tmp_path, "RH5"))
    job = build_defs({"parity": Parity(home=str(found.home))}).resolve_job_def("take_submission")
    result = job.execute_in_process(run_config=QUIET, instance=dagster_instance, partition_key=key)
    assert result.success
    assert states(found) == {"RH5": State.ACCEPTED}


def test_one_that_the_process_does_not_survive_is_rejected_and_the_run_goes_on(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that takes one partition reads it in another process, as a batch does."""
    found = zones()
    monkeypatch.setenv(ENV_MEMORY, "1")
    dagster_instance.add_dynamic_partitions(str(PROVIDERS.name), ["RH5"])
    key = _inbox(found, submission(tmp_path, "RH5"))
    job = build_defs({"parity": Parity(home=str(found.home))}).resolve_job_def("take_submission")
    result = job.execute_in_process(run_config=QUIET, instance=dagster_instance, partition_key=key)
    assert result.success
    outcome = open_ledger(found.ledger).outcomes()[-1]  # the process may have written the receipt before it ended
    assert (outcome.state, outcome.detail["rules"]) == (State.FILE_REJECTED, {"GATE-LIMIT-PROCESS": 1})


def test_reprocessing_gives_what_loading_gave(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance
) -> None:
    found = zones()
    run_batch(dagster_instance, found, [submission(tmp_path), submission(tmp_path, "RV5")])
    before = {p.relative_to(found.home): p.read_bytes() for p in found.pseudonymised.rglob("*.parquet")}
    assert before
    again = run_batch(dagster_instance, found, [], "reprocess_everything")
    assert again.success
    assert {m.partition for m in again.get_asset_materialization_events()} == {"2025-04-01|RW5", "2025-04-01|RV5"}
    assert {p.relative_to(found.home): p.read_bytes() for p in found.pseudonymised.rglob("*.parquet")} == before


def tick(instance: dg.DagsterInstance, found: Zones, cursor: str | None) -> Any:
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    return inbox_sensor(context, parity=Parity(home=str(found.home)))


def test_the_sensor_takes_each_content_once_when_it_has_come_to_rest(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance
) -> None:
    found = zones()
    assert tick(dagster_instance, found, None).run_requests == []
    path = submission(found.inbox)
    first = tick(dagster_instance, found, None)
    assert first.run_requests == []  # it may still be arriving
    second = tick(dagster_instance, found, first.cursor)
    (request,) = second.run_requests
    assert request.tags == {"provider": "RW5", "month": "2025-04"}
    assert tick(dagster_instance, found, second.cursor).run_requests == []
    # changed while it lay there: asked for again, under another key
    (path / "IDS101Referral.csv").write_text(RIGHT["IDS101Referral"].replace("R3", "R4"))
    third = tick(dagster_instance, found, second.cursor)
    fourth = tick(dagster_instance, found, third.cursor)
    assert [r.run_key != request.run_key for r in fourth.run_requests] == [True]
    assert "RW5" not in fourth.cursor


def test_a_site_may_go_back_to_an_earlier_file_through_the_inbox(
    tmp_path: Path, home: Path, dagster_instance: dg.DagsterInstance
) -> None:
    found = zones()
    submission(found.inbox)
    rested = tick(dagster_instance, found, tick(dagster_instance, found, None).cursor)
    run_batch(dagster_instance, found, [found.inbox / "RW5_2025-04"])
    again = tick(dagster_instance, found, tick(dagster_instance, found, None).cursor)
    assert again.run_requests[0].run_key == rested.run_requests[0].run_key + "-2"


def test_loading_ahead_keeps_order_and_lets_errors_through() -> None:
    def numbers() -> Iterator[int]:
        yield from range(5)
        raise NoSubmission("the end")

    made = ahead(numbers())
    assert [next(made) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(NoSubmission):
        next(made)
    assert list(ahead(iter([]))) == []
