"""Removing every day what has been kept for long enough, by Dagster.

Belongs here: the job and its schedule. Does not belong here: what is due (``pipelines.custody.prune``), for how
long things are kept (``pipelines.custody.retention``).
"""

from datetime import UTC, datetime

import dagster as dg

from pipelines.custody.prune import prune
from pipelines.resources import Draft


@dg.op(description="Remove what has been kept for long enough. What counts and the current release stay.")
def remove_what_is_due(context: dg.OpExecutionContext, draft: Draft) -> None:
    """Remove it, and log how many things of each kind. The draft is this run's: nobody publishes meanwhile."""
    done = prune(draft.zones(), draft.ledger(), datetime.now(UTC), dagster=context.instance)
    context.log.info(f"Removed: {done.things}. Bytes: {done.bytes}.")


@dg.job(executor_def=dg.in_process_executor, description="Remove what has been kept for long enough.")
def prune_everything() -> None:
    """Remove it."""
    remove_what_is_due()


daily_pruning = dg.ScheduleDefinition(
    name="daily_pruning",
    job=prune_everything,
    # At night: loads and publications come by day, and this one holds the draft while it removes releases.
    cron_schedule="30 3 * * *",
    execution_timezone="Europe/London",
    description="Removes every night what has been kept for long enough (retention.csv).",
)
