"""Running Dagster's jobs in this process, for the command line.

Belongs here: starting a job and reading back its totals. Does not belong here: what it does. The one
module that the command line imports in order to load and publish; it brings Dagster with it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines import custody
from pipelines.batch import BatchTotals, Result, on_result, to_reprocess, whose
from pipelines.dagster_home import instance
from pipelines.definitions import defs
from pipelines.disk import Trouble, named_in_text
from pipelines.drafting import Owner, drafting, refuse
from pipelines.event_store import kept_open
from pipelines.failures import error_of, is_of_submissions
from pipelines.ledger import open_ledger
from pipelines.load_runs import JOB, load_runs, neighbours, range_tags
from pipelines.partitions import partition_key, provider_month, register
from pipelines.publish import Release, current_release, is_current
from pipelines.resources import Draft, Parity
from pipelines.zones import Zones
from schemas.errors import ForThePerson, NotAsked
from schemas.month import ProviderMonth

_UNCHANGED = "Nothing published has changed."
_RELEASED = "The release is published, and what comes after it is not written. Once that is mended: parity pages"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The run configuration with which Dagster prints nothing."""


class RunFailed(ForThePerson):
    """A Dagster run failed. The message names the step and the class of the error, never its text."""


def load_paths(paths: Sequence[Path], zones: Zones, step: Callable[[], None] | None = None) -> dict[str, Any]:
    """Load submissions, in as few runs as their partitions allow (``pipelines.load_runs``).

    Returns submissions, states (state: submissions), repeats, failed.
    """
    with instance(zones) as dagster, kept_open(dagster), _counted(step) as totals:
        for run in load_runs(paths, zones, dagster):
            _hold_to_success(_run(JOB, run.run_config, zones, dagster, run.tags))
    return {"submissions": len(paths), **totals.as_counts()}


def reprocess_received(
    zones: Zones,
    identity: Path | None = None,
    step: Callable[[], None] | None = None,
    only: Collection[ProviderMonth] | None = None,
) -> dict[str, Any]:
    """Check and pseudonymise received submissions again, in few runs: those of the provider-months ``only``, else
    all. Returns what ``load_paths`` returns.

    ``identity`` is the file that opens encrypted ones. Raises custody.Encrypted if it is needed and missing, and
    NotAsked if nothing is kept of what was asked for.
    """
    with custody.opening_with(identity):
        ledger = open_ledger(zones.ledger)
        received = to_reprocess(zones, ledger, only)  # refused here, in words, before a run
        if only and not received:
            raise NotAsked(f"Nothing is kept of {', '.join(each.as_typed for each in only)}. Load it again.")
        wanted = {partition_key(of) for of in (whose(ledger) if only is None else only)}
        with instance(zones) as dagster, kept_open(dagster), _counted(step) as totals:
            for keys in neighbours(wanted, register(map(provider_month, wanted), dagster)):
                _hold_to_success(_run("reprocess_everything", {}, zones, dagster, range_tags(keys)))
    return {"submissions": len(received), **totals.as_counts()}


@contextmanager
def _counted(step: Callable[[], None] | None) -> Iterator[BatchTotals]:
    """The totals of all runs inside. ``step`` is called after every submission."""
    totals = BatchTotals()

    def count(result: Result) -> None:
        totals.add(result)
        if step is not None:
            step()

    token = on_result.set(count)
    try:
        yield totals
    finally:
        on_result.reset(token)


def publish_release(zones: Zones, waiting: Callable[[Owner | None], None] = refuse) -> Release:
    """Build and publish. Returns the release that is current afterwards. If nothing changed, nothing is built.

    ``waiting``: see ``pipelines.drafting.drafting``.
    """
    ledger = open_ledger(zones.ledger)
    if is_current(zones, ledger):
        return current_release(zones, ledger, is_new=False)
    with drafting(zones, waiting):
        if is_current(zones, ledger):  # another publication may have made it meanwhile
            return current_release(zones, ledger, is_new=False)
        with instance(zones) as dagster:
            result = _run("publish_warehouse", {}, zones, dagster)
    if not result.success:
        raise failure_of(result)
    return current_release(zones, ledger)


def _run(
    job: str, config: dict[str, Any], zones: Zones, dagster: dg.DagsterInstance, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(job).execute_in_process(
        run_config=QUIET | config,
        instance=dagster,
        resources={"parity": Parity(home=str(zones.home)), "draft": Draft(home=str(zones.home))},
        raise_on_error=False,
        tags=tags,
    )


def _hold_to_success(result: dg.ExecuteInProcessResult) -> None:
    """Raise RunFailed, unless the run succeeded or failed only because submissions failed: they are counted."""
    if not result.success and not any(map(is_of_submissions, result.get_step_failure_events())):
        raise failure_of(result)


def failure_of(result: dg.ExecuteInProcessResult) -> RunFailed:
    """What to say of a run that failed: where, why, and whether a release was published before it did."""
    parts, wrong = [], []
    for event in result.get_step_failure_events():
        cause = error_of(event)
        # Our own messages are safe to show. Of any other error only the class is shown.
        is_ours = cause is not None and any(cause.cls_name == kind.__name__ for kind in _kinds(ForThePerson))
        said = (cause.message.split(": ", 1)[-1].strip() if is_ours else cause.cls_name) if cause else "unknown"
        parts.append(f"{event.step_key}: {(said or 'unknown').removesuffix('.')}")
        if cause is not None and not is_ours and (name := named_in_text(cause.message)):
            wrong.append(f" {Trouble(name).said()}")
    released = any(event.step_key == "release" for event in result.get_step_success_events())
    failed = f"The run failed at {'; '.join(parts)}. {_RELEASED if released else _UNCHANGED}"
    return RunFailed("".join([failed, *dict.fromkeys(wrong)]))


def _kinds(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(inner for child in kind.__subclasses__() for inner in _kinds(child))]
