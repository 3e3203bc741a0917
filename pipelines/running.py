"""Which runs of Dagster are at work, told by a lock of the kernel, and ending those whose process is gone.

Belongs here: the lock that the process of a run holds until it ends, and asking for it. Does not belong here: what
a run does (``pipelines.jobs``), who may write the draft (``pipelines.drafting``).

Dagster's own launcher never asks whether the process of a started run lives. After a power cut such a run stayed
«started»: it held the pool, and five of them stopped the daemon. Age says nothing, since a publication may take
hours. The kernel frees a lock when its process ends, however it ends. So there is no heartbeat and nothing to tune.

A run that Dagster is starting has no lock yet: its process, a child of the code server, imports our code first. It
waits in vain where nobody listens any more at the place where that code server was. So it does where the daemon was
killed before it asked the code server. Therefore the daemon holds a lock of its own as long as it lives.
"""

import json
import os
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from pipelines import durable
from pipelines.locks import alone, is_locked, locked_file
from pipelines.zones import PRIVATE
from schemas.errors import ForThePerson

# Between Dagster's note that a run has started and its lock lie an event and the imports of resources: 0.1 s here.
_UNTIL_LOCKED = 60
_ENDED = (
    "The process of this run is gone: it was killed, or the machine stopped. What it published stays, and what it "
    "had begun is begun again."
)
_FOLDER = "running"
# Tag of a run: the name of the folder in which its process holds its lock.
_TAG = "parity/running_in"
_NAME = ".name"
# The lock of the daemon, which alone asks the code server for the process of a run. Not there where none of ours
# has run, as on Kubernetes.
_LAUNCHER = ".launcher"
# A listener on this machine or its network accepts a connection at once.
_SECONDS_TO_CONNECT = 5.0
# A code server that imports, or that has no processor for a while, answers later.
_SECONDS_TO_ANSWER = 20
_held: dict[str, int] = {}


class RunEnded(ForThePerson):
    """Dagster ended the run before its work began. Nothing was done."""


def hold(instance: dg.DagsterInstance, run_id: str) -> None:
    """Say that this process works on the run, until the process ends or works on another run.

    It is not taken back when the run ends: Dagster writes that a moment later, and would find a dead run between.
    Raises RunEnded if Dagster has ended the run.
    """
    if run_id in _held:
        return
    for earlier in list(_held):
        os.close(_held.pop(earlier))
    here = folder(instance)
    here.mkdir(mode=PRIVATE, exist_ok=True)
    with alone(here):
        if not (here / _NAME).exists():
            durable.write(here / _NAME, secrets.token_hex(8))
    for other in here.iterdir():
        if other.name[0] != "." and not is_locked(other):
            other.unlink(missing_ok=True)
    _held[run_id] = locked_file(here / run_id, is_shared=True)  # another run may just have swept it away
    instance.add_run_tags(run_id, {_TAG: (here / _NAME).read_text(encoding="utf-8")})
    hold_on(instance, run_id)


def hold_on(instance: dg.DagsterInstance, run_id: str) -> None:
    """Raise RunEnded if Dagster has ended the run, or is about to."""
    run = instance.get_run_by_id(run_id)
    if run is not None and (run.is_finished or run.status is DagsterRunStatus.CANCELING):
        raise RunEnded("Dagster has ended this run before its work began. Nothing was done.")


def is_at_work(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a process works on a started run.

    True of a run whose lock lies in a folder that cannot be seen from here, as on another machine: only there is it
    known.
    """
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        return False
    if (named := record.dagster_run.tags.get(_TAG)) is None:
        return record.start_time is not None and time.time() - record.start_time < _UNTIL_LOCKED
    name = folder(instance) / _NAME
    is_seen = name.exists() and name.read_text(encoding="utf-8") == named
    return bool(is_locked(folder(instance) / run_id)) if is_seen else True


def launch_from_here(home: Path) -> None:
    """Say that this process, or the program that it becomes, is the one that launches runs, until it ends.

    ``home`` is Dagster's. Call it after ``end_dead_runs``, which asks whether an earlier one still lives.
    """
    here = home / _FOLDER
    here.mkdir(mode=PRIVATE, exist_ok=True)
    os.set_inheritable(locked_file(here / _LAUNCHER, is_shared=True), True)


def waits_in_vain(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether nobody works on a run that is starting: nobody launches it any more, and no code server has it.

    False where that cannot be known from here, as in another container. A process that comes nevertheless ends
    before its first step.
    """
    is_left = is_locked(folder(instance) / _LAUNCHER) is False and isinstance(
        instance.run_coordinator, QueuedRunCoordinator
    )
    if (named := run.tags.get(GRPC_INFO_TAG)) is None:  # Dagster writes it just before it asks the code server
        return is_left
    place = json.loads(named)
    with closing(socket.socket(socket.AF_UNIX if "socket" in place else socket.AF_INET)) as asking:
        asking.settimeout(_SECONDS_TO_CONNECT)
        try:
            asking.connect(place["socket"] if "socket" in place else (place["host"], place["port"]))
        except ConnectionRefusedError:
            return True
        except FileNotFoundError:  # a code server that is told to end takes its socket along
            return is_left
        except OSError:
            return False
    return is_left and not _has_process(place, run.run_id)


def _has_process(place: Mapping[str, Any], run_id: str) -> bool:
    """Whether the code server at a place has a process for the run, also one that still imports. True if it does
    not say.
    """
    from dagster._grpc.client import DagsterGrpcClient

    asked = CanCancelExecutionRequest(run_id=run_id)
    with suppress(DagsterUserCodeUnreachableError):
        said = DagsterGrpcClient(**place).can_cancel_execution(asked, timeout=_SECONDS_TO_ANSWER)
        return deserialize_value(said, CanCancelExecutionResult).can_cancel
    return True


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End the runs whose process is gone, or that wait for one in vain; returns their ids.

    Each process of Parity's that opens Dagster does so first. Of runs that have started the daemon does the same
    every 30 s. Those that are starting it would end after 3 minutes.
    """
    if not instance.run_launcher.supports_check_run_worker_health:
        return []
    started = dg.RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])
    dead = [run for run in instance.get_runs(started) if not is_at_work(instance, run.run_id)]
    starting = dg.RunsFilter(statuses=[DagsterRunStatus.STARTING])
    dead += [run for run in instance.get_runs(starting) if waits_in_vain(instance, run)]
    for run in dead:
        if run.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, _ENDED)
        else:
            instance.report_run_failed(run, _ENDED)
    return [run.run_id for run in dead]


def folder(instance: dg.DagsterInstance) -> Path:
    """Where the runs of an instance that are at work are locked."""
    return Path(instance.root_directory) / _FOLDER
