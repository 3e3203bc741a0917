"""A run whose process was killed is known as dead, whatever its age, and one whose process lives is left alone.

One kill of one run. Kills of the whole stack: ``tests/journeys/test_power_cut.py``.
"""

import json
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread

import dagster as dg
import pytest
from dagster import DagsterRunStatus
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import WorkerStatus
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient

from pipelines import running
from pipelines.dagster_home import instance
from pipelines.drafting import DraftTaken, drafting
from pipelines.launcher import Launcher
from pipelines.resources import Parity
from pipelines.run import QUIET
from pipelines.zones import PROJECT, Zones, zones
from tests.campaign import is_whole
from tests.fixtures.waiting import wait_for

# A run in a process of its own that has begun and does not end by itself.
RUNS = """
import sys, time
from pathlib import Path
import dagster as dg
from pipelines.dagster_home import instance
from pipelines.resources import Draft
from pipelines.zones import Zones

@dg.op
def begins(context, draft: Draft):
    print(context.run_id, flush=True)
    time.sleep(600)

@dg.job(resource_defs={"draft": Draft(home=sys.argv[1])}, executor_def=dg.in_process_executor)
def publication():
    begins()

with instance(Zones(Path(sys.argv[1]))) as dagster:
    publication.execute_in_process(instance=dagster)
"""


@dg.op
def asks_of_itself(context: dg.OpExecutionContext, parity: Parity) -> None:
    assert running.is_at_work(context.instance, context.run_id)


def test_a_run_is_at_work_as_long_as_its_process(
    home: Path, dagster_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.job(resource_defs={"parity": Parity(home=str(home))}, executor_def=dg.in_process_executor)
    def job() -> None:
        asks_of_itself()

    first = job.execute_in_process(instance=dagster_instance, run_config=QUIET).run_id
    assert running.is_at_work(dagster_instance, first)  # until this process takes up another one
    second = job.execute_in_process(instance=dagster_instance, run_config=QUIET).run_id
    assert sorted(each.name for each in running.folder(dagster_instance).iterdir()) == [".name", second]
    assert [running.is_at_work(dagster_instance, each) for each in (first, second)] == [False, True]
    assert not running.is_at_work(dagster_instance, "never begun")
    # It has just started and has no lock yet: for a minute nobody takes it for dead.
    job_without = dg.JobDefinition(graph_def=dg.GraphDefinition("two"), executor_def=dg.in_process_executor)
    third = job_without.execute_in_process(instance=dagster_instance).run_id
    assert running.is_at_work(dagster_instance, third)
    monkeypatch.setattr(running, "_UNTIL_LOCKED", 0)
    assert not running.is_at_work(dagster_instance, third)
    # Only a machine that sees the folder can know.
    monkeypatch.setattr(running, "folder", lambda _: home / "another")
    assert running.is_at_work(dagster_instance, first)
    monkeypatch.undo()
    with pytest.raises(running.RunEnded):
        running.hold(dagster_instance, first)


def test_a_killed_run_is_ended_whatever_its_age_and_a_living_one_is_not(home: Path) -> None:
    found = zones()
    program = [sys.executable, "-c", RUNS, str(home)]
    with (
        instance(found) as dagster,
        subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as publishing,
    ):
        assert publishing.stdout is not None and isinstance(dagster.run_launcher, Launcher)
        run_id = publishing.stdout.readline().decode().strip()

        def status() -> DagsterRunStatus:
            run = dagster.get_run_by_id(run_id)
            assert run is not None
            return run.status

        def health() -> WorkerStatus:
            run = dagster.get_run_by_id(run_id)
            assert run is not None
            return dagster.run_launcher.check_run_worker_health(run).status

        assert (running.end_dead_runs(dagster), health()) == ([], WorkerStatus.RUNNING)
        with pytest.raises(
            DraftTaken, match=rf"dagster publication \(run {run_id[:8]}\), process {publishing.pid}"
        ):
            hold(found)
        publishing.kill()
        publishing.wait()
        hold(found)
        assert (status(), health()) == (DagsterRunStatus.STARTED, WorkerStatus.NOT_FOUND)
        instance(found).dispose()  # as every command and the start of the UI do
        assert (status(), running.end_dead_runs(dagster)) == (DagsterRunStatus.FAILURE, [])


# A code server that listens, says where, and starts no process.
LISTENS = """
import socket, sys, time
place = sys.argv[1]
listening = socket.socket(socket.AF_INET if place == "127.0.0.1" else socket.AF_UNIX)
listening.bind((place, 0) if place == "127.0.0.1" else place)
listening.listen()
print(listening.getsockname()[1] if place == "127.0.0.1" else place, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("place", ["127.0.0.1", "socket"])
def test_a_run_whose_code_server_was_killed_while_it_started_is_ended(
    home: Path, tmp_path: Path, place: str
) -> None:
    """Dagster gives such a run three minutes, and the next publication would wait for it."""
    where = place if place == "127.0.0.1" else str(tmp_path / "code")
    program = [sys.executable, "-c", LISTENS, where]
    with ExitStack() as until, instance(zones()) as dagster:
        code_server = until.enter_context(subprocess.Popen(program, stdout=subprocess.PIPE))
        until.callback(code_server.kill)
        assert code_server.stdout is not None
        said = code_server.stdout.readline().decode().strip()
        at = {"host": where, "port": int(said)} if place == "127.0.0.1" else {"host": "localhost", "socket": said}
        tags = {"named": {GRPC_INFO_TAG: json.dumps(at)}, "not named": {}}
        runs = {
            which: dagster.create_run_for_job(WAITING, status=DagsterRunStatus.STARTING, tags=of).run_id
            for which, of in tags.items()
        }
        assert running.end_dead_runs(dagster) == []
        code_server.kill()
        code_server.wait()
        instance(zones()).dispose()  # as every command and each process of the stack does
        now = {which: dagster.get_run_by_id(run_id) for which, run_id in runs.items()}
        assert {which: run.status for which, run in now.items() if run is not None} == {
            "named": DagsterRunStatus.FAILURE, "not named": DagsterRunStatus.STARTING,
        }  # fmt: skip


# A daemon, as far as others see of it.
LAUNCHES = """
import sys, time
from pathlib import Path
from pipelines.running import launch_from_here

launch_from_here(Path(sys.argv[1]))
print("launches", flush=True)
time.sleep(600)
"""
# What a code server loads. The process of a run does not get beyond its imports while `slow` lies beside it.
CODE = """
import time
from pathlib import Path
import dagster as dg

while Path(__file__).with_name("slow").exists():
    time.sleep(0.1)

@dg.job(executor_def=dg.in_process_executor)
def waiting():
    pass

defs = dg.Definitions(jobs=[waiting])
"""
WAITING = dg.JobDefinition(graph_def=dg.GraphDefinition("waiting"), executor_def=dg.in_process_executor)


def daemon(until: ExitStack, found: Zones) -> subprocess.Popen[bytes]:
    """A process that launches runs, killed at the end."""
    program = [sys.executable, "-c", LAUNCHES, str(found.dagster)]
    started = until.enter_context(subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE))
    until.callback(started.kill)
    assert started.stdout is not None and started.stdout.readline() == b"launches\n"
    return started


def test_a_run_whose_daemon_was_killed_before_it_asked_for_a_process_is_ended_at_once(home: Path) -> None:
    """It has no place yet at which a code server could be asked."""
    found = zones()
    with ExitStack() as until, instance(found) as dagster:
        run_id = dagster.create_run_for_job(WAITING, status=DagsterRunStatus.STARTING).run_id
        assert running.end_dead_runs(dagster) == []  # no daemon of this folder is known, as in another container
        launching = daemon(until, found)
        assert running.end_dead_runs(dagster) == []
        launching.kill()
        launching.wait()
        instance(found).dispose()  # as the next daemon does before it launches anything
        run = dagster.get_run_by_id(run_id)
        assert run is not None and run.status is DagsterRunStatus.FAILURE


@pytest.mark.skipif(not is_whole(), reason="a code server of Dagster's, 10 s: in the campaign")
def test_a_run_whose_daemon_was_killed_is_ended_unless_the_code_server_has_a_process_for_it(
    home: Path, tmp_path: Path
) -> None:
    found, place = zones(), {"host": "localhost", "socket": str(tmp_path / "code")}
    (tmp_path / "waits.py").write_text(CODE)
    listens = [sys.executable, "-m", "dagster", "api", "grpc", "-f", "waits.py", "--socket", place["socket"]]
    asked = DagsterGrpcClient(socket=place["socket"])
    of = RemoteRepositoryOrigin(
        GrpcServerCodeLocationOrigin(host="localhost", port=None, socket=place["socket"], location_name="code"),
        "__repository__",
    )
    with ExitStack() as until, instance(found) as dagster:
        code_server = until.enter_context(subprocess.Popen(listens, cwd=tmp_path))
        until.callback(code_server.kill)
        wait_for(lambda: answers(asked))
        never, starts = (
            dagster.create_run_for_job(
                WAITING, status=DagsterRunStatus.STARTING, tags={GRPC_INFO_TAG: json.dumps(place)},
                remote_job_origin=RemoteJobOrigin(of, "waiting"),
            )
            for _ in range(2)
        )  # fmt: skip
        launching = daemon(until, found)
        (tmp_path / "slow").touch()
        launched = Thread(target=Launcher.launch_run_from_grpc_client, args=(dagster, starts, asked))
        launched.start()
        wait_for(lambda: running._has_process(place, starts.run_id))
        assert running.end_dead_runs(dagster) == []
        launching.kill()
        launching.wait()
        assert running.end_dead_runs(dagster) == [never.run_id]
        (tmp_path / "slow").unlink()
        launched.join()
        wait_for(lambda: has_succeeded(dagster, starts.run_id))


def answers(asked: DagsterGrpcClient) -> bool:
    with suppress(DagsterUserCodeUnreachableError):
        asked.ping("")
        return True
    return False


def has_succeeded(dagster: dg.DagsterInstance, run_id: str) -> bool:
    run = dagster.get_run_by_id(run_id)
    return run is not None and run.status is DagsterRunStatus.SUCCESS


def hold(found: Zones) -> None:
    with drafting(found):
        pass
