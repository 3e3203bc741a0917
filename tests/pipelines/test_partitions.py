"""Partitions of submissions: which there are, which runs take them, and what a backfill of some makes."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.checks import FILE, RECORDS
from pipelines.ledger import State, open_ledger
from pipelines.load_runs import load_runs, neighbours
from pipelines.partitions import UNNAMED, register, registered
from pipelines.worker import ENV_MEMORY
from pipelines.zones import zones
from schemas.month import ProviderMonth
from tests.fixtures.dagster_runs import execute, judged, made, run_batch, states, take
from tests.fixtures.submission import submission


def test_a_backfill_of_one_takes_it_from_the_inbox_and_later_checks_it_again(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found, key = zones(), "RH5_2025-04"
    submission(found.inbox, "RH5")
    everything = {"received": [key], "checked": [key], "pseudonymised": [key]}
    assert made(take(instance, found, key)) == everything
    assert states(found) == {"RH5": State.ACCEPTED}
    assert made(take(instance, found, key)) == everything  # it has left the inbox, and is checked again
    submission(found.inbox, "RH5")
    assert made(take(instance, found, key)) == everything  # the same bytes: nothing new, and it is checked again
    assert len(open_ledger(found.ledger).outcomes()) == 1


def test_a_backfill_of_one_that_is_rejected_does_not_say_that_it_is_pseudonymised(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found, key = zones(), "RH5_2025-04"
    submission(found.inbox, "RH5", IDS101Referral="Surname\nx\n")
    result = take(instance, found, key)
    assert made(result) == {"received": [key], "checked": [key]}
    assert judged(result) == {FILE: {key: False}, RECORDS: {key: False}}


def test_a_backfill_of_one_that_nobody_sent_fails_and_the_others_are_taken(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    for provider in ("RH5", "RV5"):
        submission(found.inbox, provider)
    keys = ["RH5_2025-04", "RRP_2025-04", "RV5_2025-04"]
    result = take(instance, found, *keys)
    assert not result.success
    assert made(result)["pseudonymised"] == [keys[0], keys[2]]
    (failure,) = result.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data is not None
    assert "RRP_2025-04" in str(failure.step_failure_data.user_failure_data.description)


def test_one_that_the_process_does_not_survive_is_rejected_and_the_run_goes_on(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that takes one partition reads it in another process, as a batch does."""
    found = zones()
    monkeypatch.setenv(ENV_MEMORY, "1")
    assert take(instance, found, submission(found.inbox, "RH5").name).success
    outcome = open_ledger(found.ledger).outcomes()[-1]  # the process may have written the receipt before it ended
    assert (outcome.state, outcome.detail["rules"]) == (State.FILE_REJECTED, {"GATE-LIMIT-PROCESS": 1})


def test_reprocessing_gives_what_loading_gave(tmp_path: Path, home: Path, instance: dg.DagsterInstance) -> None:
    found = zones()
    run_batch(instance, found, [submission(tmp_path), submission(tmp_path, "RV5")])
    before = {p.relative_to(found.home): p.read_bytes() for p in found.pseudonymised.rglob("*.parquet")}
    assert before
    again = take(instance, found, "RV5_2025-04", "RW5_2025-04", job="reprocess_everything")
    assert again.success
    assert set(made(again)["pseudonymised"]) == {"RW5_2025-04", "RV5_2025-04"}
    assert {p.relative_to(found.home): p.read_bytes() for p in found.pseudonymised.rglob("*.parquet")} == before


def test_there_are_partitions_for_what_came_and_for_what_is_missing_beside_it(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    first = [submission(tmp_path, provider, "2025-04") for provider in ("RV5", "RW5")]
    (run,) = load_runs(first, found, instance)
    assert registered(instance) == [path.name for path in first]
    execute(instance, found, run.tags, run.run_config)
    # Who has not sent May is missing when June begins to come.
    for month in ("2025-05", "2025-06"):
        (run,) = load_runs([submission(tmp_path, "RW5", month)], found, instance)
        assert registered(instance)[-1] == f"RW5_{month}"
        execute(instance, found, run.tags, run.run_config)
    assert registered(instance) == [*(path.name for path in first), "RW5_2025-05", "RW5_2025-06"]
    load_runs([], found, instance)
    assert registered(instance)[-1] == "RV5_2025-05"
    # A list of the centre names one that never sent anything; one that cannot be read stops nothing.
    (found.home / "expected.csv").write_text("provider,first_month,last_month,why\nRXT,2025-05,,new\n", "utf-8")
    load_runs([], found, instance)
    assert registered(instance)[5:] == ["RXT_2025-05"]
    (found.home / "expected.csv").write_text("nonsense\n", "utf-8")
    load_runs([], found, instance)
    assert len(registered(instance)) == 6


def test_what_arrives_together_is_one_run_in_whatever_order_its_month_is_sent(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    names = ("RXA", "RXB", "RXC", "RXD", "RXE", "RXF")
    every = [submission(tmp_path, name, "2025-04") for name in names]
    (run,) = load_runs(every, found, instance)
    execute(instance, found, run.tags, run.run_config)
    for together in (("RXE", "RXB"), ("RXF", "RXA", "RXD")):
        runs = load_runs([submission(tmp_path, name, "2025-05") for name in together], found, instance)
        assert [{path.name[:3] for path in run.paths} for run in runs] == [set(together)]
        execute(instance, found, runs[0].tags, runs[0].run_config)


def test_a_run_takes_neighbours_and_keeps_two_files_of_a_month_in_their_order(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    of = {name: ProviderMonth.parse(f"{name}_2025-04") for name in ("RH5", "RRP", "RV5", "RW5")}
    register(of.values(), instance)
    assert registered(instance) == [f"{name}_2025-04" for name in of]
    later, earlier = submission(tmp_path / "b", "RW5"), submission(tmp_path / "a", "RW5")
    runs = load_runs([later, submission(tmp_path, "RH5"), earlier, submission(tmp_path, "RV5")], found, instance)
    assert [[path.name for path in run.paths] for run in runs] == [
        ["RW5_2025-04", "RW5_2025-04", "RV5_2025-04"],
        ["RH5_2025-04"],
    ]
    assert runs[0].paths[:2] == (later, earlier)
    assert [run.keys for run in runs] == [("RV5_2025-04", "RW5_2025-04"), ("RH5_2025-04",)]


def test_no_run_takes_more_partitions_than_it_may() -> None:
    there = [f"{number}" for number in range(7)]
    assert neighbours({"1", "2", "3", "4", "6"}, there, most=3) == [["1", "2", "3"], ["4"], ["6"]]
    assert neighbours(set(), there) == []


def test_one_without_a_name_is_of_the_month_in_its_header_and_one_without_either_is_unnamed(
    tmp_path: Path, home: Path, instance: dg.DagsterInstance
) -> None:
    found = zones()
    good, bad = (submission(tmp_path / name) for name in ("one", "other"))
    named, empty = good.rename(tmp_path / "April"), bad.rename(tmp_path / "nothing")
    (empty / "IDS000Header.csv").write_text("x\n", "utf-8")
    result = run_batch(instance, found, [named, empty])
    assert made(result) == {
        "received": ["RW5_2025-04", UNNAMED], "checked": ["RW5_2025-04", UNNAMED], "pseudonymised": ["RW5_2025-04"],
    }  # fmt: skip
    assert judged(result)[FILE] == {"RW5_2025-04": True, UNNAMED: False}
    assert registered(instance) == [UNNAMED, "RW5_2025-04"]
