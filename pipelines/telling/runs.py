"""Causes that Dagster shows: runs that failed, months left out of a publication, and a draft that nobody published.

Belongs here: which of them people are told of. Does not belong here: ending dead runs (``pipelines.running``), a
daemon that is gone: a sensor cannot see that (``pipelines.doctor``).
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import dagster as dg
from dagster import DagsterEventType, DagsterRunStatus, RunRecord

from pipelines.arrivals import waiting
from pipelines.assets.warehouse import LEFT_OUT
from pipelines.failures import error_of, is_of_submissions
from pipelines.jobs import load_submissions, publish_warehouse, reprocess_everything
from pipelines.ledger import Ledger
from pipelines.publish import NotPublishable, is_current
from pipelines.telling.cause import Cause, Found
from pipelines.zones import Zones

# A killed run is tried again within half a minute (run_retries in dagster.yaml).
_UNTIL_RETRIED = 300
# A draft of a stopped publication may be somebody's work of the day.
_DRAFT_RESTS = 24 * 3600
_LOOKED_AT = 200
_OTHER = "__ASSET_JOB"
_FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def runs(zones: Zones, ledger: Ledger, instance: dg.DagsterInstance) -> Found:
    """The jobs whose last run failed, except where only submissions failed: the ledger has these."""
    causes, unsure = [], []
    failed = instance.get_run_records(dg.RunsFilter(statuses=[DagsterRunStatus.FAILURE]), limit=_LOOKED_AT)
    for job in sorted({record.dagster_run.job_name for record in failed}):
        last = _last(instance, job)
        if last is None or last.dagster_run.status is not DagsterRunStatus.FAILURE:
            continue
        if _is_tried_again(instance, last):
            unsure.append(_name(job))
            continue
        steps = _failed_steps(instance, last.dagster_run.run_id)
        if steps is not None and not _is_mended(job, steps, last, zones, ledger):
            causes.append(_of_run(job, steps, last))
    return Found(causes, unsure)


def left_out(instance: dg.DagsterInstance) -> Iterator[Cause]:
    """Months that the last publication was without, since their received files are damaged."""
    event = instance.get_latest_materialization_event(dg.AssetKey("release"))
    made = event.asset_materialization if event else None
    named = made.metadata.get(LEFT_OUT) if made else None
    months = str(named.value) if named else "none"
    if months != "none":
        yield Cause(
            "left out/release",
            "The release is without months whose received files are damaged",
            f"They count as not submitted: {months}. Their rows cannot be made under the key of today. Restore "
            "their folders in received/ from a backup and process them again, or load their files again. Then "
            "publish.",
            ["parity reprocess", "parity publish"],
            "A publication had all months.",
            months,
        )


def draft(zones: Zones, instance: dg.DagsterInstance) -> Iterator[Cause]:
    """A draft that a publication left behind when it was stopped, and which nobody published since."""
    last = _last(instance, publish_warehouse.name)
    if last is None or last.dagster_run.status is not DagsterRunStatus.CANCELED or not zones.draft.exists():
        return
    is_running = bool(_newer_unfinished(instance, last))
    if not is_running and time.time() - zones.draft.stat().st_mtime > _DRAFT_RESTS:
        yield Cause(
            "draft/stopped",
            "A publication was stopped, and its draft is not published",
            "The published release stays as it was. A new publication begins with the draft that is there.",
            ["parity publish"],
            "There was another publication.",
        )


def _of_run(job: str, steps: Mapping[str, str], last: RunRecord) -> Cause:
    where = "; ".join(f"{step}: {kind}" for step, kind in sorted(steps.items())) or "before its first step"
    means, do = _MEANS.get(job, ("What it was to do is not done.", ["parity status"]))
    if "pages" in steps:
        means, do = "The release is published. Pages of services and of the centre are missing.", ["parity pages"]
    return Cause(
        _name(job),
        f"The last run of {_called(job)} failed",
        f"It failed at {_at(last.end_time)} ({where}). {means} The command says what is wrong. Run "
        f"{last.dagster_run.run_id[:8]} in the UI shows each step.",
        do,
        "A later run succeeded, or nothing is left for it to do.",
        where,
    )


_MEANS = {
    publish_warehouse.name: (
        "Nothing new is published; the release before it stays.", ["parity publish"]
    ),
    load_submissions.name: (
        "What was loaded before it stays, and the sensor tries again what lies in the inbox.", ["parity load"]
    ),
    reprocess_everything.name: (
        "What was received is not all processed under the rules and key of today.", ["parity reprocess"]
    ),
}  # fmt: skip


def _is_mended(job: str, steps: Mapping[str, str], last: RunRecord, zones: Zones, ledger: Ledger) -> bool:
    """Whether nothing is left to do, without a later run of that job."""
    if job == load_submissions.name:
        return not waiting(zones).submissions
    if job != publish_warehouse.name:
        return False
    if "pages" in steps:
        written = [each.stat().st_mtime for each in zones.centre.rglob("*.html") if each.name != "board.html"]
        return max(written, default=0.0) > (last.end_time or 0.0)
    try:
        return is_current(zones, ledger)
    except NotPublishable:
        return False


def _last(instance: dg.DagsterInstance, job: str) -> RunRecord | None:
    """The last run of a job that has ended."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_FINISHED), limit=1)
    return records[0] if records else None


def _newer_unfinished(instance: dg.DagsterInstance, last: RunRecord) -> list[RunRecord]:
    newest = instance.get_run_records(dg.RunsFilter(job_name=last.dagster_run.job_name), limit=5)
    return [each for each in newest if not each.dagster_run.is_finished]


def _is_tried_again(instance: dg.DagsterInstance, last: RunRecord) -> bool:
    """Whether the same job runs or waits, or will in a moment."""
    ended = last.end_time or last.update_timestamp.timestamp()
    will = last.dagster_run.tags.get("dagster/will_retry") == "true" and time.time() - ended < _UNTIL_RETRIED
    return will or bool(_newer_unfinished(instance, last))


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> dict[str, str] | None:
    """The steps that failed, each with the class of its error; ``None`` if only submissions failed."""
    found = {}
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is None:
            continue
        if is_of_submissions(event):
            return None
        error = error_of(event)
        found[str(event.step_key)] = (error.cls_name if error else None) or "unknown"
    return found


def _name(job: str) -> str:
    return f"run/{job}"


def _called(job: str) -> str:
    return "assets chosen in the UI" if job == _OTHER else job


def _at(moment: float | None) -> str:
    return f"{datetime.fromtimestamp(moment or 0, UTC):%H:%M UTC on %d %B %Y}"
