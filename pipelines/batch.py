"""Many submissions in sequence. A failed one does not stop the others.

Belongs here: the list of a batch (kept in a file, so that no site's file name reaches Dagster's database),
processing it, and adding up the outcomes. Does not belong here: the steps of one submission (``pipelines.load``),
Dagster events (``pipelines.assets``).
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pipelines import apart, custody
from pipelines.arrivals import entries
from pipelines.disk import trouble
from pipelines.inbox import named_in
from pipelines.kept import kept_verdict
from pipelines.keys.store import KeyUnusable
from pipelines.ledger import Ledger, Outcome, Receipt, State
from pipelines.load import Loaded
from pipelines.worker import StepFailed
from pipelines.zones import Zones
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth
from transforms.pseudonymise import TokenKey


class NothingReceived(ForThePerson):
    """Neither the inbox nor what was received has anything for a provider and month."""


@dataclass(frozen=True)
class Failed:
    """A submission whose load failed. ``error`` is the class of the exception: its text may quote a value.
    ``disk`` says in words what is wrong with the disk, if that was the cause. ``of`` is the provider and month that
    it was said to be.
    """

    submission_id: str | None
    error: str
    disk: str | None = None
    of: ProviderMonth | None = None


Result = Loaded | Failed
"""What became of one submission of a batch."""

on_result: ContextVar[Callable[[Result], None] | None] = ContextVar("on_result", default=None)
"""Told what became of every submission of a batch that runs in this process."""


@dataclass
class BatchTotals:
    """The totals of a batch: submissions per state, and per table the rows in, accepted and rejected, and the
    findings that reject (``rejections``) or warn (``warnings``).
    """

    states: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    failed: int = 0
    disk: set[str] = field(default_factory=set)
    tables: dict[str, Counter[str]] = field(default_factory=dict)

    def as_counts(self) -> dict[str, Any]:
        """Submissions per state, how many were already loaded, how many failed. ``disk`` is what was wrong with the
        disk, in words; only if something was.
        """
        counts = {"states": dict(self.states), "repeats": self.repeats, "failed": self.failed}
        return counts | ({"disk": sorted(self.disk)} if self.disk else {})

    def add(self, result: Result) -> None:
        """Add one result."""
        if isinstance(result, Failed):
            self.failed += 1
            self.disk.update([result.disk] if result.disk else [])
            return
        verdict = result.verdict
        self.states[result.state.value] += 1
        self.repeats += result.is_repeat
        for table_id, counts in verdict.counts.items():
            self.tables.setdefault(table_id, Counter()).update(counts)
        for table_id, found in verdict.found.items():
            self.tables.setdefault(table_id, Counter()).update(found)


def write_batch(paths: Sequence[Path], zones: Zones) -> str:
    """Store the list of paths under a random name, and return the name.

    In the identifiable zone: the name of a site's file may hold anything.
    """
    name = secrets.token_hex(8)
    text = json.dumps([str(path.resolve()) for path in paths])
    _batch(name, zones).write_text(text, encoding="utf-8")
    return name


def read_batch(name: str, zones: Zones) -> list[Path]:
    """The paths of a batch. One that is gone left the inbox in an earlier run of this batch, with its outcome."""
    paths = map(Path, json.loads(_batch(name, zones).read_text(encoding="utf-8")))
    return [path for path in paths if path.exists()]


def drop_batch(name: str, zones: Zones) -> None:
    """Delete a batch that is done."""
    _batch(name, zones).unlink(missing_ok=True)


def _batch(name: str, zones: Zones) -> Path:
    return zones.received / f".batch-{name}.json"


def load_all(paths: Sequence[Path], zones: Zones, ledger: Ledger, key: TokenKey) -> Iterator[Result]:
    """Load every submission. One that fails becomes a Failed, and the next one follows."""
    return _each(paths, lambda path: apart.load(path, zones, ledger, key), lambda path: (None, named_in(path)))


def take_all(
    wanted: Sequence[ProviderMonth | None], zones: Zones, ledger: Ledger, key: TokenKey
) -> Iterator[Result]:
    """Load what the inbox has for these, and check again what was received where it has nothing, or nothing new.

    One for which nothing was ever received becomes a Failed (``NothingReceived``).
    """
    arrived = {named_in(path): path for path in entries(zones)}
    received: dict[ProviderMonth | None, list[Receipt]] = {}
    for receipt, of in _kept(ledger, wanted):
        received.setdefault(of, []).append(receipt)
    for of in wanted:
        loaded = list(load_all([arrived[of]], zones, ledger, key)) if of in arrived else []
        if any(isinstance(result, Failed) or not result.is_repeat for result in loaded):
            yield from loaded
        elif of in received:
            yield from _reprocessed(received[of], zones, ledger, key)
        else:
            yield Failed(None, NothingReceived.__name__, of=of)


def loaded_before(wanted: Collection[ProviderMonth | None], zones: Zones, ledger: Ledger) -> Iterator[Loaded]:
    """What became of the last submission of these that was loaded, without doing anything."""
    last = {of: outcome for outcome, of in _received(ledger) if outcome.state.is_concluded}
    for of in wanted:
        if of in last:
            receipt, state = last[of].receipt, last[of].state
            yield Loaded(receipt, kept_verdict(receipt, zones), is_repeat=True, state=state)


def reprocess_all(
    zones: Zones, ledger: Ledger, key: TokenKey, wanted: Collection[ProviderMonth | None] | None = None
) -> Iterator[Result]:
    """Check and pseudonymise received submissions whose files are kept, under the current rules and key: those of
    the provider-months ``wanted``, else all.

    Raises custody.Encrypted, before any work, if files are encrypted and no identity was given.
    """
    return _reprocessed(to_reprocess(zones, ledger, wanted), zones, ledger, key)


def to_reprocess(
    zones: Zones, ledger: Ledger, wanted: Collection[ProviderMonth | None] | None = None
) -> list[Receipt]:
    """The receipts of all submissions whose files are kept, or of those of the provider-months ``wanted``.

    Raises custody.Encrypted if files are encrypted and no identity was given.
    """
    received = [receipt for receipt, _ in _kept(ledger, wanted)]
    custody.require_identity(zones.received / receipt.submission_id for receipt in received)
    return received


def whose(ledger: Ledger) -> list[ProviderMonth | None]:
    """The provider-months of all received submissions whose files are kept."""
    return [of for _, of in _kept(ledger, None)]


def _kept(
    ledger: Ledger, wanted: Collection[ProviderMonth | None] | None
) -> list[tuple[Receipt, ProviderMonth | None]]:
    """Received submissions whose files are kept, with what they are of."""
    return [(outcome.receipt, of) for outcome, of in _received(ledger) if wanted is None or of in wanted]


def _received(ledger: Ledger) -> list[tuple[Outcome, ProviderMonth | None]]:
    """The latest outcome of submissions whose files are kept, with what they are of: as their name says, else
    their header.
    """
    kept = filter(custody.has_files, ledger.outcomes())
    return [(outcome, outcome.receipt.named or outcome.provider_month) for outcome in kept]


def _reprocessed(receipts: Sequence[Receipt], zones: Zones, ledger: Ledger, key: TokenKey) -> Iterator[Result]:
    return _each(
        receipts,
        lambda receipt: apart.reprocess(receipt, zones, ledger, key),
        lambda receipt: (receipt.submission_id, receipt.named),
    )


_Item = TypeVar("_Item")


def _each(
    items: Sequence[_Item],
    step: Callable[[_Item], Loaded],
    name: Callable[[_Item], tuple[str | None, ProviderMonth | None]],
) -> Iterator[Result]:
    for item in items:
        try:
            yield step(item)
        except KeyUnusable:
            raise  # without a key no submission can be loaded: the operator must act, not the sites
        except Exception as error:  # one faulty submission never stops the others; the ledger says «failed»
            yield failed(error, *name(item))


def failed(error: Exception, submission_id: str | None, of: ProviderMonth | None) -> Failed:
    """What is told of a submission whose load raised an error."""
    kind, found = (
        (error.kind, error.trouble) if isinstance(error, StepFailed) else (type(error).__name__, trouble(error))
    )
    return Failed(submission_id, kind, found.said() if found else None, of)


def ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """The same items in the same order. Each is made in a thread while the one before is processed.

    Dagster takes 15 ms to write an event, mostly waiting for the disk. Meanwhile the next submission is loaded. An
    exception from making an item is raised here.
    """
    context = copy_context()

    def one() -> list[_Item]:
        return list(islice(items, 1))

    with ThreadPoolExecutor(max_workers=1) as thread:
        following = thread.submit(context.run, one)
        while item := following.result():
            following = thread.submit(context.run, one)
            yield item[0]


def worst_state(states: Iterable[str]) -> State | None:
    """The worst of several outcomes; ``None`` if there are none."""
    present = set(states)
    order = (
        State.FILE_REJECTED,
        State.HELD,
        State.ACCEPTED_WITH_REJECTIONS,
        State.ACCEPTED_WITH_WARNINGS,
        State.ACCEPTED,
    )
    return next((state for state in order if state.value in present), None)
