"""Running Dagster's jobs in this process, for the command line.

Belongs here: starting a job and reading back its totals. Does not belong here: what it does. The one
module that the command line imports in order to load and publish; it brings Dagster with it.
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines import custody
from pipelines.batch import on_progress, to_reprocess, write_batch
from pipelines.dagster_home import instance
from pipelines.definitions import defs
from pipelines.disk import Trouble, named_in_text
from pipelines.ledger import open_ledger
from pipelines.publish import NotPublishable, Release, current_release, is_current
from pipelines.resources import Parity
from pipelines.zones import Zones
from schemas.errors import ForThePerson

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(ForThePerson):
    """A Dagster run failed. The message names the step and the class of the error, never its text."""


def load_paths(paths: Sequence[Path], zones: Zones, step: Callable[[], None] | None = None) -> dict[str, Any]:
    """Load submissions in one run. Returns submissions, states (state: submissions), repeats, failed."""
    token = on_progress.set(lambda done, of: step() if step else None)
    try:
        config = {"ops": {"load_batch": {"config": {"batch": write_batch(paths, zones)}}}}
        result = _run("load_submissions", config, zones)
    finally:
        on_progress.reset(token)
    return {"submissions": len(paths), **_totals(result, "load_batch")}


def reprocess_received(
    zones: Zones, identity: Path | None = None, step: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Check and pseudonymise every received submission again, in one run. Returns what ``load_paths`` returns.

    ``identity`` is the file that opens encrypted ones. Raises custody.Encrypted if it is needed and missing.
    """
    token = on_progress.set(lambda done, of: step() if step else None)
    try:
        with custody.opening_with(identity):
            received = to_reprocess(zones, open_ledger(zones.ledger))  # refused here, in words, before a run
            result = _run("reprocess_everything", {}, zones)
    finally:
        on_progress.reset(token)
    return {"submissions": len(received), **_totals(result, "reprocess_received")}


def publish_release(zones: Zones) -> Release:
    """Build and publish. Returns the release that is current afterwards. If nothing changed, nothing is built."""
    if is_current(zones, open_ledger(zones.ledger)):
        return current_release(zones, is_new=False)
    with _alone(zones):
        result = _run("publish_warehouse", {}, zones)
    if not result.success:
        raise _failure(result)
    return current_release(zones)


@contextmanager
def _alone(zones: Zones) -> Iterator[None]:
    """One publication at a time from the command line. In Dagster the pool «warehouse» does the same."""
    with (zones.builds / "publication.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPublishable("Another publication is running. Wait until it has finished.") from None
        yield


def _run(job: str, config: dict[str, Any], zones: Zones) -> dg.ExecuteInProcessResult:
    with instance(zones) as dagster:
        return defs.resolve_job_def(job).execute_in_process(
            run_config=_QUIET | config,
            instance=dagster,
            resources={"parity": Parity(home=str(zones.home))},
            raise_on_error=False,
        )


def _totals(result: dg.ExecuteInProcessResult, node: str) -> dict[str, Any]:
    totals: dict[str, Any] = result.output_for_node(node) if result.success else _broken_off(result)
    return totals


def _broken_off(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The totals of a run that failed because submissions failed. Raises for any other failure."""
    for event in result.get_step_failure_events():
        failure = event.step_failure_data.user_failure_data
        if failure is not None and "totals" in failure.metadata:
            totals: dict[str, Any] = failure.metadata["totals"].value  # type: ignore[assignment]  # a JSON value is Any
            return totals
    raise _failure(result)


def _failure(result: dg.ExecuteInProcessResult) -> RunFailed:
    parts, wrong = [], []
    for event in result.get_step_failure_events():
        error = event.step_failure_data.error
        cause = error.cause if error and error.cause else error
        # Our own messages are safe to show. Of any other error only the class is shown.
        is_ours = cause is not None and any(cause.cls_name == kind.__name__ for kind in _kinds(ForThePerson))
        said = (cause.message.split(": ", 1)[-1].strip() if is_ours else cause.cls_name) if cause else "unknown"
        parts.append(f"{event.step_key}: {(said or 'unknown').removesuffix('.')}")
        if cause is not None and not is_ours and (name := named_in_text(cause.message)):
            wrong.append(f" {Trouble(name).said()}")
    failed = f"The run failed at {'; '.join(parts)}. Nothing published has changed."
    return RunFailed("".join([failed, *dict.fromkeys(wrong)]))


def _kinds(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(inner for child in kind.__subclasses__() for inner in _kinds(child))]
