"""Any process of the stack is killed at any moment, and the next scheduled publication is right without a hand.

Web server, daemon, code server, run worker, submission worker, a command, or all of them at once: during a load, a
publication and a backfill of everything. What was killed is only started again, as systemd does. The campaign has
20 kills in one data root; one kill of one run: ``tests/pipelines/test_running.py``; every point at which a step can be
broken off: ``test_crash_points``.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from pipelines import arrivals, publish, run
from pipelines.dagster_home import instance
from pipelines.ledger import open_ledger
from pipelines.partitions import SUBMISSION
from pipelines.zones import PROJECT, Zones, zones
from tests.campaign import is_whole
from tests.fixtures.stack import Stack
from tests.fixtures.submission import submission
from tests.fixtures.waiting import wait_for
from tests.fixtures.whole import problems, release
from tests.pipelines.test_running import RUNS

pytestmark = pytest.mark.skipif(not is_whole(), reason="takes 20 minutes: make campaign")
MONTHS = ("2025-04", "2025-05", "2025-06")
PROVIDERS = ("RW5", "RX1", "RV5", "RXT", "RH5")
# What is begun, and what is killed then. A load is what the sensor begins; «publish» is launched in the UI.
KILLS = (
    ("parity load", "submission worker"), ("publish", "run worker"), ("load", "daemon"),
    ("parity publish", "command"), ("backfill", "run worker"), ("load", "everything"),
    ("publish", "code"), ("parity load", "command"), ("parity publish", "everything"),
    ("backfill", "submission worker"), ("publish", "daemon"), ("load", "run worker"),
    ("publish", "webserver"), ("backfill", "everything"), ("parity publish", "run worker"),
    ("load", "code"), ("publish", "everything"), ("parity load", "daemon"),
    ("parity publish", "command"), ("publish", "run worker"),
)  # fmt: skip


def test_twenty_kills_and_the_next_scheduled_publication_is_right(tmp_path: Path, home: Path) -> None:
    draw, months = random.Random(20), [(p, m) for m in MONTHS for p in PROVIDERS]
    undisturbed = as_if_nothing_happened(tmp_path, months)
    found = zones(home)
    killed: Counter[str] = Counter()
    with instance(found) as dagster, Stack(tmp_path / "stack", home) as stack:
        stack.start()
        wait_for(lambda: stack.switch_on("inbox_sensor", "publication_every_minute") is None)
        for number, (act, wanted) in enumerate(KILLS, start=1):
            for provider, month in months[:1]:
                submission(found.inbox, provider, month)
            del months[:1]
            begin(act, stack, dagster)
            was = kill(wanted, stack, draw)
            killed[f"{was} during {act}"] += 1
            sys.stdout.write(f"{number}: {was} killed during {act}\n")
            if was == "everything":  # nobody is at work any more
                assert problems(home) == []
            stack.start()
        assert killed.total() == len(KILLS)
        wait_for(
            lambda: not arrivals.entries(found) and not unfinished(dagster, but="publish_warehouse"), seconds=1800
        )
        since = time.time()
        wait_for(lambda: published_by_schedule(dagster, since), 600)
        stack.kill_all()
        assert problems(home) == []
        assert publish.is_current(found, open_ledger(found.ledger))
    assert what_it_says(found) == undisturbed


def as_if_nothing_happened(folder: Path, months: list[tuple[str, str]]) -> dict[str, Any]:
    """What the same submissions come to in a root in which no process is killed."""
    alone = zones(folder / "alone")
    paths = [submission(folder / "in", provider, month) for provider, month in months]
    assert run.load_paths(paths, alone)["failed"] == 0
    run.publish_release(alone)
    return what_it_says(alone)


def what_it_says(found: Zones) -> dict[str, Any]:
    """What counts, and the current release with the bytes of its files, without what it says of earlier releases."""
    counting = open_ledger(found.ledger).current_submissions()
    said = release(found.releases / publish.current_release(found, open_ledger(found.ledger))["release"])
    earlier = ("revision", "pages/", "datapackage", "meta.release", "meta.submission_change")
    said["files"] = {name: sha for name, sha in said["files"].items() if not any(part in name for part in earlier)}
    said["rows"] = {
        table: rows for table, rows in said["rows"].items() if not any(part in table for part in earlier)
    }
    return said | {"counting": [(str(o.provider_month), o.receipt.submission_id, o.state.value) for o in counting]}


def begin(act: str, stack: Stack, dagster: dg.DagsterInstance) -> None:
    """Begin something. What cannot be begun, since something is just starting again, is left."""
    with suppress(OSError, AssertionError, TypeError):
        if act.startswith("parity "):
            stack.command(act.removeprefix("parity "))
        elif act == "publish":
            stack.launch("publish_warehouse")
        elif act == "backfill":
            stack.backfill(("checked", "pseudonymised"), dagster.get_dynamic_partitions(str(SUBMISSION.name)))


def kill(wanted: str, stack: Stack, draw: random.Random) -> str:
    """Kill a process of a kind within the next minute, or any if there is none of this kind. Returns which."""
    if wanted == "everything":
        time.sleep(draw.uniform(0, 15))
        stack.kill_all()
        return wanted
    is_brief = wanted in ("command", "submission worker", "run worker")
    time.sleep(0 if is_brief else draw.uniform(0, 15))
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if of_this_kind := [pid for pid, kind in stack.processes().items() if kind == wanted]:
            time.sleep(draw.uniform(0, 6 if wanted != "submission worker" else 1))
            with suppress(AssertionError):  # it has ended by itself meanwhile
                stack.kill(draw.choice(of_this_kind))
                return wanted
        time.sleep(0.05)
    pid, kind = draw.choice(sorted(stack.processes().items()))
    stack.kill(pid)
    return kind


def unfinished(dagster: dg.DagsterInstance, but: str = "") -> list[dg.DagsterRun]:
    states = [
        DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED
    ]  # fmt: skip
    return [each for each in dagster.get_runs(dg.RunsFilter(statuses=states)) if each.job_name != but]


def has_succeeded(dagster: dg.DagsterInstance, run_id: str) -> bool:
    run = dagster.get_run_by_id(run_id)
    return run is not None and run.status is DagsterRunStatus.SUCCESS


def published_by_schedule(dagster: dg.DagsterInstance, since: float) -> bool:
    """Whether a run of the schedule that began since then has published."""
    records = dagster.get_run_records(
        dg.RunsFilter(
            statuses=[DagsterRunStatus.SUCCESS], tags={"dagster/schedule_name": "publication_every_minute"}
        )
    )
    return any((each.start_time or 0) > since for each in records)


def test_all_three_processes_may_start_at_once_on_an_empty_root(tmp_path: Path, home: Path) -> None:
    """Also with loads beside them: Dagster's databases are made once."""
    found = zones(home)
    paths = [submission(tmp_path / "in", provider) for provider in PROVIDERS[:3]]
    with Stack(tmp_path / "stack", home) as stack:
        loads = [stack.command("load", str(path)) for path in paths]
        stack.start()
        assert [load.wait() for load in loads] == [0, 0, 0]
        run_id = wait_for(lambda: stack.launch("publish_warehouse"))
        with instance(found) as dagster:
            wait_for(lambda: has_succeeded(dagster, run_id))
    assert publish.is_current(found, open_ledger(found.ledger))


def test_five_dead_runs_do_not_stop_the_daemon(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    run.load_paths([submission(tmp_path / "in", "RW5")], found)
    with instance(found) as dagster, Stack(tmp_path / "stack", home) as stack:
        program = [sys.executable, "-c", RUNS, str(home)]
        running = [subprocess.Popen(program, cwd=PROJECT, stderr=subprocess.DEVNULL) for _ in range(5)]
        wait_for(lambda: len(unfinished(dagster)) == 5)
        for each in running:
            each.kill()
            each.wait()
        assert len(unfinished(dagster)) == 5
        stack.start()
        run_id = wait_for(lambda: stack.launch("publish_warehouse"))
        wait_for(lambda: has_succeeded(dagster, run_id))
        assert unfinished(dagster) == []
