"""Removing what has been kept for long enough.

Belongs here: which files are due, and removing them. Does not belong here: for how long
(``pipelines.custody.retention``), Dagster's runs and ticks (``pipelines.custody.prune_dagster``), erasing a person
(``pipelines.custody.erase``).

The rows that count are never due, nor is the current release. What is removed of a submission is written to the
ledger. A folder in ``received`` keeps its receipt and verdict: they have counts, and a lost ledger is made again of
them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import arrivals, custody, durable, event_log, store
from pipelines.acting import acting_as
from pipelines.custody.retention import Kind, retention
from pipelines.drafting import drafting
from pipelines.inbox import discard
from pipelines.ledger import Ledger, Outcome, State, current
from pipelines.telling.channels import messages_in
from pipelines.zones import Zones
from warehouse.disclosure.parts import DATABASE, inside_files
from warehouse.storage import size_of

if TYPE_CHECKING:  # what has no runs should not wait for Dagster
    from dagster import DagsterInstance

LOG = "pruned.jsonl"
# A publication that writes for longer than this was killed.
_LEFT_AFTER = timedelta(days=1)
OF_DAGSTER = {kind for kind in Kind if kind.startswith("dagster_")}
_MONTH = len("2026-04")  # with which the name of a release begins
IsDue = Callable[[Kind, datetime], bool]


@dataclass(frozen=True)
class Due:
    """One thing that is due, and its bytes. It may belong to a ``submission``. ``remove`` removes it."""

    kind: Kind
    remove: Callable[[], object]
    size: int = 0
    submission: Outcome | None = None


@dataclass
class Pruned:
    """How many things of each kind are due or were removed, and their bytes. Those of Dagster's are unknown: they
    are rows of a database. A file that another release has too gives none back.
    """

    things: dict[str, int]
    bytes: dict[str, int]


def prune(
    zones: Zones, ledger: Ledger, now: datetime, *, is_dry: bool = False, dagster: "DagsterInstance | None" = None
) -> Pruned:
    """Remove what is due ``now`` (UTC), and return what it was. ``is_dry``: only say it.

    ``dagster`` is the instance whose run calls this; without it the data root's is opened. Raises CatalogueError if
    the centre's settings cannot be read, and drafting.DraftTaken while somebody publishes.
    """
    with nullcontext() if is_dry else drafting(zones), ExitStack() as opened:
        runs = dagster or _opened(zones, opened)
        found = list(_due(zones, ledger, now, runs))
        things: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        of: dict[str, tuple[Outcome, list[str]]] = {}
        for due in found:
            things[due.kind] += 1
            sizes[due.kind] += due.size
            if is_dry:
                continue
            due.remove()
            if due.submission is not None:
                of.setdefault(due.submission.receipt.submission_id, (due.submission, []))[1].append(due.kind.value)
        if runs is not None and not is_dry and not OF_DAGSTER.isdisjoint(things):
            _give_back(runs)
    for id_, (outcome, kinds) in of.items():
        pruned = custody.note_pruned(zones.received / id_, outcome.detail.get("pruned", ()), kinds)
        ledger.record(id_, outcome.state, outcome.provider_month, {**outcome.detail, "pruned": pruned})
    done = Pruned(dict(sorted(things.items())), dict(sorted(sizes.items())))
    if things and not is_dry:
        line = {"at": now.isoformat(timespec="seconds"), "removed": done.things, "bytes": done.bytes}
        durable.append(zones.home / LOG, json.dumps(line))
        event_log.happened("removed", things=sum(things.values()), bytes=sum(sizes.values()), by=acting_as.get())
    return done


def _opened(zones: Zones, until: ExitStack) -> "DagsterInstance | None":
    """The data root's instance of Dagster; ``None`` where none was ever used."""
    if not any(zones.dagster.iterdir()):
        return None
    from pipelines.dagster_home import instance

    return until.enter_context(instance(zones))


def _give_back(dagster: "DagsterInstance") -> None:
    from pipelines.event_store import give_back

    give_back(dagster)


def _due(zones: Zones, ledger: Ledger, now: datetime, dagster: "DagsterInstance | None") -> Iterator[Due]:
    days = retention(zones, now.date())

    def is_due(kind: Kind, at: datetime) -> bool:
        kept = days[kind]
        return kept is not None and at < now - timedelta(days=kept)

    outcomes = {each.receipt.submission_id: each for each in ledger.outcomes() if each.state.is_concluded}
    counting = _counting(ledger, now.date())
    for outcome in outcomes.values():
        yield from _of_submission(outcome, outcome.receipt.submission_id in counting, zones, is_due)
    yield from _of_inbox(zones, outcomes, is_due)
    yield from _of_builds(zones, now, is_due)
    yield from _of_releases(zones, is_due)
    for message in messages_in(zones):
        if is_due(Kind.MESSAGES, _changed(message)):
            yield Due(Kind.MESSAGES, message.unlink, size_of(message))
    if dagster is not None:
        yield from _of_dagster(zones, now, days, dagster)


def _of_submission(outcome: Outcome, is_counting: bool, zones: Zones, is_due: IsDue) -> Iterator[Due]:
    """The files, rows and reports of a submission that has an outcome."""
    id_, at = outcome.receipt.submission_id, outcome.receipt.at.replace(tzinfo=UTC)
    kind = Kind.RECEIVED_CURRENT if is_counting else Kind.RECEIVED_SUPERSEDED
    if is_due(kind, at) and (files := custody.table_files(zones.received / id_)):
        yield Due(kind, _each_unlinked(files), sum(map(size_of, files)), outcome)
    if not is_counting and is_due(Kind.ROWS_SUPERSEDED, at) and (rows := store.all_rows_of(id_, zones)):
        yield Due(Kind.ROWS_SUPERSEDED, _rows_dropped(id_, zones), sum(map(size_of, rows)), outcome)
    for report in zones.site_reports.glob(f"*/*/{id_}") if is_due(Kind.SITE_REPORTS, at) else ():
        yield Due(Kind.SITE_REPORTS, _discarded(report), size_of(report), outcome)


def _counting(ledger: Ledger, today: date) -> set[str]:
    """Submissions that count today or later: a late one waits for its window, a held one for a person."""
    events = ledger.events()
    waiting = {each.receipt.submission_id for each in ledger.outcomes() if each.state is State.HELD}
    return waiting | {each.receipt.submission_id for on in (today, date.max) for each in current(events, on)}


def _of_inbox(zones: Zones, outcomes: Mapping[str, Outcome], is_due: IsDue) -> Iterator[Due]:
    """What left the inbox long enough ago. The folder of an entry was last changed when it was moved there."""
    for kind, where in ((Kind.INBOX, arrivals.RECEIVED), (Kind.INBOX_REFUSED, arrivals.REFUSED)):
        for place in arrivals.put_away_in(zones, where):
            if is_due(kind, _changed(place)):
                yield Due(kind, _discarded(place), size_of(place), outcomes.get(arrivals.submission_of(place)))


def _of_builds(zones: Zones, now: datetime, is_due: IsDue) -> Iterator[Due]:
    """The draft of the last build, and what a killed publication left of a release."""
    if zones.draft.exists() and is_due(Kind.BUILDS, _changed(zones.draft)):
        yield Due(Kind.BUILDS, zones.draft.unlink, size_of(zones.draft))
    for left in zones.releases.glob(".partial-*"):
        if _changed(left) < now - _LEFT_AFTER:
            yield Due(Kind.BUILDS, _discarded(left), size_of(left))


def _of_releases(zones: Zones, is_due: IsDue) -> Iterator[Due]:
    """The exact figures of releases that are not current. Those go first that another of their month followed."""
    whole = {each: files for each in zones.release_folders if (files := inside_files(each))}
    # A file that two releases share is as old as the earlier one.
    made = {release: max(map(_changed, files)) for release, files in whole.items()}
    for release, files in whole.items():
        database = release / DATABASE
        if zones.warehouse.exists() and database.exists() and zones.warehouse.samefile(database):
            continue
        month = release.name[:_MONTH]
        is_followed = any(other.name[:_MONTH] == month and made[other] > made[release] for other in made)
        kind = Kind.RELEASES_OF_THE_MONTH if is_followed else Kind.RELEASES
        if is_due(kind, made[release]) or is_due(Kind.RELEASES, made[release]):
            yield Due(
                kind, _each_unlinked(files), sum(size_of(file) for file in files if file.stat().st_nlink == 1)
            )


def _of_dagster(
    zones: Zones, now: datetime, days: Mapping[Kind, int | None], dagster: "DagsterInstance"
) -> Iterator[Due]:
    """Runs, lists of submissions that no run took up, and ticks."""
    from pipelines.custody.prune_dagster import load_logs_before, logs_before, runs_before, ticks_before

    if (kept := days[Kind.DAGSTER_RUNS]) is not None:
        until = now - timedelta(days=kept)
        yield from (Due(Kind.DAGSTER_RUNS, forget) for forget in runs_before(until, dagster))
        left = (batch for batch in zones.received.glob(".batch-*.json") if _changed(batch) < until)
        yield from (Due(Kind.DAGSTER_RUNS, batch.unlink, size_of(batch)) for batch in left)
    for kind, old_logs in ((Kind.DAGSTER_LOAD_LOGS, load_logs_before), (Kind.DAGSTER_LOGS, logs_before)):
        if (kept := days[kind]) is not None:
            logs = old_logs(now - timedelta(days=kept), dagster)
            yield from (Due(kind, forget) for forget in logs)
    if (kept := days[Kind.DAGSTER_TICKS]) is not None:
        old = ticks_before(now - timedelta(days=kept), dagster)
        yield from (Due(Kind.DAGSTER_TICKS, forget) for forget in old)


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
