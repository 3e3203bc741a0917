"""Many submissions in sequence. A failed one does not stop the others.

Belongs here: the list of a batch (kept in a file, so that no site's file name reaches Dagster's database),
processing it, and adding up the outcomes. Does not belong here: the steps of one submission (``pipelines.load``),
Dagster events (``pipelines.assets``).
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pipelines import apart, custody
from pipelines.disk import trouble
from pipelines.keys.store import KeyUnusable
from pipelines.ledger import Ledger, Receipt, State
from pipelines.load import Loaded
from pipelines.worker import StepFailed
from pipelines.zones import Zones
from transforms.pseudonymise import TokenKey

on_progress: ContextVar[Callable[[int, int], None] | None] = ContextVar("on_progress", default=None)
"""Told (done, of) after every submission of a batch that runs in this process."""


@dataclass(frozen=True)
class Failed:
    """A submission whose load failed. ``error`` is the class of the exception: its text may quote a value.
    ``disk`` says in words what is wrong with the disk, if that was the cause.
    """

    submission_id: str | None
    error: str
    disk: str | None = None


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

    def add(self, result: Loaded | Failed) -> None:
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
    """The paths of a batch."""
    return [Path(path) for path in json.loads(_batch(name, zones).read_text(encoding="utf-8"))]


def drop_batch(name: str, zones: Zones) -> None:
    """Delete a batch that is done."""
    _batch(name, zones).unlink(missing_ok=True)


def _batch(name: str, zones: Zones) -> Path:
    return zones.received / f".batch-{name}.json"


def load_all(paths: Sequence[Path], zones: Zones, ledger: Ledger, key: TokenKey) -> Iterator[Loaded | Failed]:
    """Load every submission. One that fails becomes a Failed, and the next one follows."""
    yield from _each(paths, lambda path: apart.load(path, zones, ledger, key), lambda path: None)


def reprocess_all(zones: Zones, ledger: Ledger, key: TokenKey) -> Iterator[Loaded | Failed]:
    """Check and pseudonymise every received submission whose files are kept, under the current rules and key.

    Raises custody.Encrypted, before any work, if files are encrypted and no identity was given.
    """
    yield from _each(
        to_reprocess(zones, ledger),
        lambda receipt: apart.reprocess(receipt, zones, ledger, key),
        lambda receipt: receipt.submission_id,
    )


def to_reprocess(zones: Zones, ledger: Ledger) -> list[Receipt]:
    """The receipts of all submissions whose files are kept.

    Raises custody.Encrypted if files are encrypted and no identity was given.
    """
    received = [outcome.receipt for outcome in ledger.outcomes() if custody.has_files(outcome)]
    custody.require_identity(zones.received / receipt.submission_id for receipt in received)
    return received


_Item = TypeVar("_Item")


def _each(
    items: Sequence[_Item], step: Callable[[_Item], Loaded], name: Callable[[_Item], str | None]
) -> Iterator[Loaded | Failed]:
    tell = on_progress.get()
    for done, item in enumerate(items, start=1):
        try:
            yield step(item)
        except KeyUnusable:
            raise  # without a key no submission can be loaded: the operator must act, not the sites
        except Exception as error:  # one faulty submission never stops the others; the ledger says «failed»
            kind, found = (
                (error.kind, error.trouble)
                if isinstance(error, StepFailed)
                else (type(error).__name__, trouble(error))
            )
            yield Failed(name(item), kind, found.said() if found else None)
        if tell is not None:
            tell(done, len(items))


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
