"""Removing what has been kept for long enough.

Belongs here: which files are due, and removing them. Does not belong here: for how long
(``pipelines.custody.retention``), erasing a person (``pipelines.custody.erase``).

The rows that count are never due, nor is the current release. What is removed of a submission is written to the
ledger. A folder in ``received`` keeps its receipt and verdict: they have counts, and a lost ledger is made again of
them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipelines import attempts, custody, durable, store
from pipelines.custody.retention import Kind, retention
from pipelines.inbox import discard, find_submissions, open_source
from pipelines.ledger import Ledger, Outcome, State, current
from pipelines.zones import Zones
from warehouse.disclosure.parts import inside_files

LOG = "pruned.jsonl"


@dataclass(frozen=True)
class Due:
    """One thing that is due. It may belong to a ``submission``. ``remove`` removes it."""

    kind: Kind
    submission: Outcome | None
    remove: Callable[[], object]


def prune(zones: Zones, ledger: Ledger, now: datetime, *, is_dry: bool = False) -> dict[str, int]:
    """Remove what is due ``now`` (UTC), and return how many of each kind. ``is_dry``: only count.

    Raises CatalogueError if the centre's settings cannot be read.
    """
    removed: Counter[str] = Counter()
    of: dict[str, tuple[Outcome, list[str]]] = {}
    for due in list(_due(zones, ledger, now)):
        removed[due.kind] += 1
        if is_dry:
            continue
        due.remove()
        if due.submission is not None:
            of.setdefault(due.submission.receipt.submission_id, (due.submission, []))[1].append(due.kind.value)
    for id_, (outcome, kinds) in of.items():
        pruned = custody.note_pruned(zones.received / id_, outcome.detail.get("pruned", ()), kinds)
        ledger.record(id_, outcome.state, outcome.provider_month, {**outcome.detail, "pruned": pruned})
    if removed and not is_dry:
        line = {"at": now.isoformat(timespec="seconds"), "removed": dict(sorted(removed.items()))}
        durable.append(zones.home / LOG, json.dumps(line))
    return dict(sorted(removed.items()))


def _due(zones: Zones, ledger: Ledger, now: datetime) -> Iterator[Due]:
    days = retention(zones, now.date())

    def is_due(kind: Kind, at: datetime) -> bool:
        kept = days[kind]
        return kept is not None and at < now - timedelta(days=kept)

    outcomes = [each for each in ledger.outcomes() if each.state.is_concluded]
    counting = _counting(ledger, now.date())
    for outcome in outcomes:
        id_, at = outcome.receipt.submission_id, outcome.receipt.at.replace(tzinfo=UTC)
        kind = Kind.RECEIVED_CURRENT if id_ in counting else Kind.RECEIVED_SUPERSEDED
        if is_due(kind, at) and (files := custody.table_files(zones.received / id_)):
            yield Due(kind, outcome, _each_unlinked(files))
        if id_ not in counting and is_due(Kind.ROWS_SUPERSEDED, at) and store.all_rows_of(id_, zones):
            yield Due(Kind.ROWS_SUPERSEDED, outcome, _rows_dropped(id_, zones))
        for report in zones.site_reports.glob(f"*/*/{id_}") if is_due(Kind.SITE_REPORTS, at) else ():
            yield Due(Kind.SITE_REPORTS, outcome, _discarded(report))
    yield from _due_inbox(zones, ledger, {each.receipt.content_sha256: each for each in outcomes}, is_due)
    if zones.draft.exists() and is_due(Kind.BUILDS, _changed(zones.draft)):
        yield Due(Kind.BUILDS, None, zones.draft.unlink)
    for release in zones.releases.glob("[!.]*"):
        database = release / "parity.duckdb"
        is_current = zones.warehouse.exists() and database.exists() and zones.warehouse.samefile(database)
        going = inside_files(release)
        if going and not is_current and is_due(Kind.RELEASES, _changed(going[0])):
            yield Due(Kind.RELEASES, None, _each_unlinked(going))
    yield from _due_runs(zones, now, days[Kind.DAGSTER_RUNS])


def _counting(ledger: Ledger, today: date) -> set[str]:
    """Submissions that count today or later: a late one waits for its window, a held one for a person."""
    events = ledger.events()
    waiting = {each.receipt.submission_id for each in ledger.outcomes() if each.state is State.HELD}
    return waiting | {each.receipt.submission_id for on in (today, date.max) for each in current(events, on)}


def _due_inbox(
    zones: Zones, ledger: Ledger, received: dict[str, Outcome], is_due: Callable[[Kind, datetime], bool]
) -> Iterator[Due]:
    """Submissions in the inbox that lie there long enough and whose content has an outcome."""
    entries = find_submissions(zones.inbox) if any(zones.inbox.iterdir()) else []
    for path in entries:
        if path == zones.inbox or not is_due(Kind.INBOX, _changed(path)):
            continue
        with attempts.workspace(zones, ledger) as folder:
            content = open_source(path, folder, keep=False).content_sha256
        if content in received:
            yield Due(Kind.INBOX, received[content], _discarded(path))


def _due_runs(zones: Zones, now: datetime, kept: int | None) -> Iterator[Due]:
    """Finished runs that Dagster remembers."""
    if kept is None or not any(zones.dagster.iterdir()):
        return
    import dagster as dg

    from pipelines.dagster_home import instance

    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    until = dg.RunsFilter(statuses=finished, created_before=now - timedelta(days=kept))
    with instance(zones) as found:
        for record in found.get_run_records(until):
            yield Due(Kind.DAGSTER_RUNS, None, _run_forgotten(record.dagster_run.run_id, zones))


def _run_forgotten(run_id: str, zones: Zones) -> Callable[[], None]:
    from pipelines.dagster_home import instance

    def remove() -> None:
        with instance(zones) as found:
            found.delete_run(run_id)

    return remove


def _rows_dropped(submission_id: str, zones: Zones) -> Callable[[], None]:
    return lambda: store.drop_rows(submission_id, zones)


def _discarded(path: Path) -> Callable[[], None]:
    return lambda: discard(path) if path.is_dir() else path.unlink()


def _each_unlinked(files: list[Path]) -> Callable[[], None]:
    def remove() -> None:
        for file in files:
            file.unlink(missing_ok=True)

    return remove


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
