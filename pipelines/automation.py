"""When things run: a sensor on the inbox, a schedule for the monthly publication.

Belongs here: what starts a run, and its run key. Does not belong here: what a run does (``pipelines.jobs``), which
entries of the inbox are to be loaded (``pipelines.inbox_tick``).
"""

from collections.abc import Iterator
from functools import cache

import dagster as dg

from pipelines.inbox_tick import Ended, Look, look, remembered
from pipelines.jobs import load_submissions, publish_warehouse
from pipelines.ledger import today_in_england
from pipelines.load_runs import load_runs
from pipelines.publishing import why_publish
from pipelines.resources import Parity
from pipelines.zones import Zones

_RUN_KEY = "dagster/run_key"


@dg.sensor(
    job=load_submissions,
    minimum_interval_seconds=60,
    description="Loads each submission that has come to rest in the inbox. What is loaded leaves the inbox.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, parity: Parity) -> dg.SensorResult:
    """Request runs for the submissions whose files have not changed since the last tick.

    The cursor remembers what waits and nothing else, so it does not grow with what was loaded. Every tick keeps a
    copy of it.
    """
    zones = parity.zones()
    found = look(zones, remembered(context.cursor), _ended(context.instance))
    requests = list(_requests(found, zones, context.instance))
    return dg.SensorResult(
        run_requests=requests, cursor=found.memory(), skip_reason=None if requests else f"{found.said()}."
    )


@dg.schedule(
    name="monthly_publication",
    job=publish_warehouse,
    cron_schedule="0 6 * * *",
    execution_timezone="Europe/London",
    description="Publishes the morning after a window has closed, or somebody confirmed or withdrew a submission.",
)
def publication(parity: Parity) -> dg.RunRequest | dg.SkipReason:
    """Ask each morning whether there is something to publish: windows close on days that no cron line has."""
    why = why_publish(parity.zones(), parity.ledger(), today_in_england())
    return dg.RunRequest() if why else dg.SkipReason("No window has closed since the release, and nobody decided.")


def _requests(found: Look, zones: Zones, instance: dg.DagsterInstance) -> Iterator[dg.RunRequest]:
    if not found.ready:  # most ticks: the ledger need not be read
        return
    for run in load_runs(found.ready, zones, instance):
        for path in run.paths:
            found.requested(path, run.batch)
        yield run.request()


def _ended(instance: dg.DagsterInstance) -> Ended:
    @cache
    def ended(key: str) -> float | None:
        records = instance.get_run_records(dg.RunsFilter(tags={_RUN_KEY: key}), limit=1)
        if not records:
            return 0.0
        return (records[0].end_time or 0.0) if records[0].dagster_run.is_finished else None

    return ended
