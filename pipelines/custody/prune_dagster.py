"""Which of Dagster's runs and ticks are old, and forgetting them.

Belongs here: what Dagster would lose with a run. Does not belong here: how long anything is kept
(``pipelines.custody.retention``).

With a run Dagster deletes the events of what it loaded or made. A month would then stand there as never loaded, and
a table as never made. So the runs that hold the latest such event stay, whatever their age, and only the log of
their steps goes: half of what a small submission takes.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import dagster as dg
from dagster._core.storage.event_log import (
    SqlEventLogStorage,
    SqlEventLogStorageTable,
    SqliteEventLogStorage,
)
from sqlalchemy import ColumnElement, delete, or_, select

from pipelines.load_runs import is_load

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_AT_ONCE = 500
_LOG = SqlEventLogStorageTable
# What was planned, and how a step went. What was made, what failed, and how the run began and ended stays.
_BESIDE = [
    kind.value
    for kind in (
        dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.ENGINE_EVENT,
        dg.DagsterEventType.LOGS_CAPTURED, dg.DagsterEventType.RESOURCE_INIT_STARTED,
        dg.DagsterEventType.RESOURCE_INIT_SUCCESS, dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_OUTPUT,
        dg.DagsterEventType.HANDLED_OUTPUT,
    )
]  # fmt: skip


def runs_before(when: datetime, dagster: dg.DagsterInstance) -> Iterator[Callable[[], None]]:
    """For each run that was asked for before ``when``, has finished and holds nothing: what forgets it."""
    records = dagster.get_run_records(dg.RunsFilter(statuses=_FINISHED, created_before=when))
    holding = _holding_the_latest(dagster) if records else set()
    for record in records:
        if (run_id := record.dagster_run.run_id) not in holding:
            yield partial(dagster.delete_run, run_id)


def load_logs_before(when: datetime, dagster: dg.DagsterInstance) -> Iterator[Callable[[], None]]:
    """As ``logs_before``, for loads that succeeded: the ledger has the outcome of each of their submissions."""
    return _logs_before(when, dagster, _is_done_load)


def logs_before(when: datetime, dagster: dg.DagsterInstance) -> Iterator[Callable[[], None]]:
    """For each run before ``when`` that has finished and has log entries beyond what it made: what forgets them.

    Not of loads that succeeded: see ``load_logs_before``.
    """
    return _logs_before(when, dagster, lambda run: not _is_done_load(run))


def _is_done_load(run: dg.DagsterRun) -> bool:
    return run.status is dg.DagsterRunStatus.SUCCESS and is_load(run.tags)


def _logs_before(
    when: datetime, dagster: dg.DagsterInstance, is_wanted: Callable[[dg.DagsterRun], bool]
) -> Iterator[Callable[[], None]]:
    """Results of checks stay: Dagster has them a second time, in a table of their own."""
    storage = dagster.event_log_storage
    if not isinstance(storage, SqlEventLogStorage) or isinstance(storage, SqliteEventLogStorage):
        return  # with a file for each run they take no room that would be used again
    with storage.index_connection() as connection:
        having = {row[0] for row in connection.execute(select(_LOG.c.run_id).distinct().where(_is_beside()))}
    for record in dagster.get_run_records(dg.RunsFilter(statuses=_FINISHED, created_before=when)):
        if (run_id := record.dagster_run.run_id) in having and is_wanted(record.dagster_run):
            yield partial(_forget_log, storage, run_id)


def _forget_log(storage: SqlEventLogStorage, run_id: str) -> None:
    with storage.index_connection() as connection:
        connection.execute(delete(_LOG).where(_LOG.c.run_id == run_id, _is_beside()))


def _is_beside() -> ColumnElement[bool]:
    return or_(_LOG.c.dagster_event_type.is_(None), _LOG.c.dagster_event_type.in_(_BESIDE))


def ticks_before(when: datetime, dagster: dg.DagsterInstance) -> Iterator[Callable[[], None]]:
    """For each sensor and schedule that has ticks before ``when``: what forgets them."""
    for state in dagster.all_instigator_state():
        of = (state.instigator_origin_id, state.selector_id)
        if dagster.get_ticks(*of, before=when.timestamp(), limit=1):
            yield partial(dagster.purge_ticks, *of, before=when.timestamp())


def _holding_the_latest(dagster: dg.DagsterInstance) -> set[str]:
    """The runs that hold the latest materialisation of an asset, or of one of its partitions."""
    keys = dagster.get_asset_keys()
    events = dagster.get_latest_materialization_events(keys).values()
    found = {event.run_id for event in events if event is not None}
    for key in keys:
        of_partition = dagster.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
        latest = list(of_partition.values())
        for start in range(0, len(latest), _AT_ONCE):
            ids = latest[start : start + _AT_ONCE]
            asked = dg.AssetRecordsFilter(asset_key=key, storage_ids=ids)
            found |= {record.run_id for record in dagster.fetch_materializations(asked, limit=len(ids)).records}
    return found
