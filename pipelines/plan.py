"""What today's rules, measures and key would change, before anything is changed.

Belongs here: processing everything again in a folder that is thrown away, and holding the outcome against what
counts now. Does not belong here: processing (``pipelines.load``), building (``warehouse.build``), comparing figures
(``pipelines.differing``), showing it (``pipelines.show_plan``).

The same steps run as in `parity reprocess` and `parity publish` after it, on copies. So the plan is right in every
cell, for any change of the code. It takes as long as they do. What is copied lies in the identifiable zone, one
submission at a time.
"""

import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines import load, store
from pipelines.batch import to_reprocess
from pipelines.differing import ERASED, Listed, figures_of, is_erasure, listed, made_earlier
from pipelines.keys.store import KeyUnusable
from pipelines.ledger import Ledger, Outcome, Receipt, State, concluded, current, today_in_england
from pipelines.ledger.sql import SqlLedger
from pipelines.ledger.sqlite import SqliteDatabase
from pipelines.locks import alone
from pipelines.publish import MEMORY_LIMIT, NotPublishable, build_core
from pipelines.zones import PRIVATE, Zones
from schemas.month import month_text
from transforms.pseudonymise import TokenKey
from warehouse import build
from warehouse.disclosure.parts import DATABASE
from warehouse.history.comparing import BEFORE, compare, lacking, side_by_side


@dataclass(frozen=True)
class Changed:
    """A submission that would be judged otherwise.

    States are in the words of the board. ``records`` are the rows accepted. ``rules`` are those that find more or
    less: rule, before, after. After an erasure neither is said, since a difference of one would show that person.
    ``counts`` says whether it is the one that counts for its month, before and after.
    """

    provider: str | None
    month: str | None
    submission_id: str
    state_before: str
    state_after: str
    records_before: int | None
    records_after: int | None
    counts_before: bool
    counts_after: bool
    rules: list[dict[str, Any]]


@dataclass(frozen=True)
class Provider:
    """Rows of a provider that count, before and after. ``lost`` and ``won`` are summed over its months."""

    provider: str
    records_before: int
    records_after: int
    lost: int
    won: int


@dataclass(frozen=True)
class Plan:
    """What would change. ``failed`` are submissions that could not be processed: (id, class of the error).

    ``figures`` is as ``parity diff`` has it, or None with ``why_not``: the reason why no figures can be compared.
    ``measures_new`` and ``measures_gone`` are in one catalogue alone.
    """

    submissions: int
    changed: list[Changed]
    providers: list[Provider]
    failed: list[tuple[str, str]]
    release: str | None
    figures: dict[str, Any] | None = None
    why_not: str = ""
    measures_new: list[str] = field(default_factory=list)
    measures_gone: list[str] = field(default_factory=list)


def plan(
    zones: Zones,
    ledger: Ledger,
    key: TokenKey,
    *,
    measure: str | None = None,
    place: str | None = None,
    step: Callable[[], None] = lambda: None,
) -> Plan:
    """Process all that is kept again, under today's rules, measures and key, and say what would be otherwise.

    Nothing that is kept is changed. ``measure`` and ``place`` restrict the figures as in ``parity diff``. ``step``
    is called after each submission. Raises custody.Encrypted if files are encrypted and no identity was given.
    """
    receipts = to_reprocess(zones, ledger)
    before = ledger.events()
    with store.workspace(zones.received) as folder:
        trial = _trial(folder, zones)
        trial_ledger = SqlLedger(SqliteDatabase(trial.ledger), trial.ledger)
        trial_ledger.restore(_last_known(before))
        failed = []
        for receipt in receipts:
            if error := _processed(receipt, zones, trial, trial_ledger, key):
                failed.append((receipt.submission_id, error))
            step()
        after = trial_ledger.events()
        _bring_rows(zones, trial, trial_ledger)
        changed, providers = _verdicts(before, after)
        release = next((each for each in listed(zones) if each.is_current), None)
        found = Plan(len(receipts), changed, providers, failed, release.release if release else None)
        return _with_figures(found, release, zones, trial, trial_ledger, measure, place)


def _trial(folder: Path, zones: Zones) -> Zones:
    """A data root below ``folder`` with the reference data and tombstones of ``zones``, and nothing else."""
    trial = Zones(folder / "trial")
    trial.home.mkdir(mode=PRIVATE)
    for each in trial.folders:
        each.mkdir(mode=PRIVATE)
    shutil.copytree(zones.reference, trial.reference, dirs_exist_ok=True)
    if zones.erased.exists():
        shutil.copy2(zones.erased, trial.erased)
    return trial


def _last_known(events: Collection[Outcome]) -> list[Outcome]:
    """The last final outcome of every receipt, or the last one of any kind, in order of receipt."""
    last = {event.receipt.seq: event for event in events}
    last |= {event.receipt.seq: event for event in concluded(events)}
    return [last[seq] for seq in sorted(last)]


def _processed(receipt: Receipt, zones: Zones, trial: Zones, trial_ledger: Ledger, key: TokenKey) -> str | None:
    """Process a copy of one received submission. Returns the class of the error if it fails: its text may quote."""
    folder = trial.received / receipt.submission_id
    try:
        with alone(zones.received / receipt.submission_id):
            shutil.copytree(zones.received / receipt.submission_id, folder)
        load.reprocess(receipt, trial, trial_ledger, key)
    except KeyUnusable:
        raise
    except Exception as error:  # one faulty submission never stops the others, as in a batch
        return type(error).__name__
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def _bring_rows(zones: Zones, trial: Zones, trial_ledger: Ledger) -> None:
    """Copy the rows of submissions that count and were not processed: their files are gone, or it failed."""
    for outcome in trial_ledger.current_submissions():
        rows = store.rows_of(outcome.receipt.submission_id, outcome.detail, trial)
        kept = store.rows_of(outcome.receipt.submission_id, outcome.detail, zones)
        if not rows.is_dir() and kept.is_dir():
            shutil.copytree(kept, rows)


def _verdicts(before: Collection[Outcome], after: Collection[Outcome]) -> tuple[list[Changed], list[Provider]]:
    """The submissions that would be judged otherwise, and every provider whose rows that count change."""
    on = today_in_england()
    then, now = ({each.receipt.submission_id: each for each in _last_known(events)} for events in (before, after))
    counted, counting = ({each.receipt.submission_id for each in current(events, on)} for events in (before, after))
    changed = [
        _changed(then[id_], now[id_], id_ in counted, id_ in counting)
        for id_ in sorted(now, key=lambda id_: (str(now[id_].provider_month), id_))
        if _differs(then[id_], now[id_]) or (id_ in counted) != (id_ in counting)
    ]
    months: dict[tuple[str, str], list[int]] = {}
    for side, events in enumerate((before, after)):
        for each in current(events, on):
            assert each.provider_month is not None, "what counts has a provider and month"
            of = (each.provider_month.provider, month_text(each.provider_month.month))
            months.setdefault(of, [0, 0])[side] = _accepted(each)
    return changed, list(_by_provider(months))


def _by_provider(months: dict[tuple[str, str], list[int]]) -> Iterator[Provider]:
    for provider in sorted({provider for provider, _ in months}):
        pairs = [pair for (name, _), pair in months.items() if name == provider]
        lost = sum(max(0, then - now) for then, now in pairs)
        won = sum(max(0, now - then) for then, now in pairs)
        if lost or won:
            yield Provider(provider, sum(then for then, _ in pairs), sum(now for _, now in pairs), lost, won)


def _differs(then: Outcome, now: Outcome) -> bool:
    parts = ("counts", "rules")
    return then.state is not now.state or any(then.detail.get(part) != now.detail.get(part) for part in parts)


def _changed(then: Outcome, now: Outcome, counted: bool, counts: bool) -> Changed:
    of = now.provider_month or now.receipt.named
    is_said = then.detail.get("erased") == now.detail.get("erased")
    found, finds = (each.detail.get("rules", {}) for each in (then, now))
    return Changed(
        of.provider if of else None,
        month_text(of.month) if of else None,
        now.receipt.submission_id,
        then.state.value,
        now.state.value,
        _accepted(then) if is_said else None,
        _accepted(now) if is_said else None,
        counted,
        counts,
        [
            {"rule": rule, "before": found.get(rule, 0), "after": finds.get(rule, 0)}
            for rule in sorted({*found, *finds})
            if is_said and found.get(rule, 0) != finds.get(rule, 0)
        ],
    )


def _accepted(outcome: Outcome) -> int:
    """Rows accepted; none of a file that is rejected as a whole."""
    if outcome.state in (State.FILE_REJECTED, State.RECEIVED, State.FAILED):
        return 0
    return sum(counts["accepted"] for counts in outcome.detail.get("counts", {}).values())


def _with_figures(
    found: Plan,
    release: Listed | None,
    zones: Zones,
    trial: Zones,
    trial_ledger: Ledger,
    measure: str | None,
    place: str | None,
) -> Plan:
    """The plan with what moves from the current release to one made of the trial, or why that is not said."""
    if release is None:
        return replace(found, why_not="Nothing is published yet, so no figure can move.")
    if not release.has_exact:
        return replace(found, why_not=f"Of release {release.release} only the public figures are left.")
    try:
        build_core(trial, trial_ledger)
    except NotPublishable as error:
        return replace(found, why_not=f"Nothing could be published afterwards. {error}")
    build.build_marts(trial.draft, memory_limit=MEMORY_LIMIT)
    with side_by_side(zones.releases / release.release / DATABASE, trial.draft) as (con, after):
        if missing := lacking(con, BEFORE):
            return replace(found, why_not=made_earlier(release, missing[0]))
        if is_erasure(con, after):
            return replace(found, why_not=ERASED)
        compare(con, after)
        had, has = (
            {name for (name,) in con.execute(f"SELECT measure FROM {catalog}.mart.measure").fetchall()}
            for catalog in (BEFORE, after)
        )
        return replace(
            found,
            figures=figures_of(con, measure, place),
            measures_new=sorted(has - had),
            measures_gone=sorted(had - has),
        )
