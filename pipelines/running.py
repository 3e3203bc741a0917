"""Which runs of Dagster are at work, told by a lock of the kernel, and ending those whose process is gone.

Belongs here: the lock that the process of a run holds until it ends, and asking for it. Does not belong here: what
a run does (``pipelines.jobs``), who may write the draft (``pipelines.drafting``).

Dagster's own launcher never asks whether the process of a started run lives. After a power cut such a run stayed
«started»: it held the pool, and five of them stopped the daemon. Age says nothing, since a publication may take
hours. The kernel frees a lock when its process ends, however it ends. So there is no heartbeat and nothing to tune.
"""

import os
import secrets
import time
from pathlib import Path

import dagster as dg
from dagster import DagsterRunStatus

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
# Tag of a run: the name of the folder in which its process holds its lock.
_TAG = "parity/running_in"
_NAME = ".name"
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


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End the runs that are «started» or «canceling» and whose process is gone; returns their ids.

    The daemon does the same every 30 s. A data root without a daemon has only this.
    """
    if not instance.run_launcher.supports_check_run_worker_health:
        return []
    unfinished = dg.RunsFilter(statuses=[DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])
    dead = [run for run in instance.get_runs(unfinished) if not is_at_work(instance, run.run_id)]
    for run in dead:
        if run.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, _ENDED)
        else:
            instance.report_run_failed(run, _ENDED)
    return [run.run_id for run in dead]


def folder(instance: dg.DagsterInstance) -> Path:
    """Where the runs of an instance that are at work are locked."""
    return Path(instance.root_directory) / "running"
