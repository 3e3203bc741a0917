"""Loading many submissions on several machines: received here, loaded there, recorded here.

Belongs here: which submissions make a task, what a machine does with it, and writing its outcomes into the ledger.
Does not belong here: the steps of a submission (``pipelines.load``), the machines (``pipelines.spread``).

A task has all new submissions of one provider, in the order of their receipts: each is compared with those before
it. It carries what the ledger has of the provider, and brings back what is to be recorded. So one process writes
the ledger, whatever database keeps it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipelines import apart, arrivals
from pipelines.acting import acting_as
from pipelines.arrivals import Taken
from pipelines.batch import Failed, Result, failed
from pipelines.inbox import named_in
from pipelines.keys import fingerprint, key_store, spine_key, versions
from pipelines.keys.store import KeyUnusable
from pipelines.ledger import Ledger, Outcome, Receipt, State
from pipelines.ledger.carried import CarriedLedger, NotCarried
from pipelines.load import Loaded
from pipelines.spread import AnotherVersion, Done, Run
from pipelines.worker import StepFailed
from pipelines.zones import Zones, zones
from transforms.pseudonymise import TokenKey

# What no other submission can escape, so that all stop: the operator must act, not the sites.
_STOPS = {kind.__name__: kind for kind in (KeyUnusable, AnotherVersion)}


class Task(NamedTuple):
    """All new submissions of a provider, their ``latest`` outcomes, and what the ledger has of the provider.

    ``key`` is the fingerprint of the key to use, never the key.
    """

    home: Path
    command: str
    key: str
    provider: str
    receipts: tuple[Receipt, ...]
    events: tuple[Outcome, ...]
    latest: tuple[Outcome, ...]


class Step(NamedTuple):
    """What became of one submission of a task, and what is to be recorded. Without a result it was not loaded: its
    header names another provider than its name.
    """

    result: Result | None
    recorded: tuple[Outcome, ...] = ()


@dataclass
class _Arrived:
    """A submission that was received. Closing ``end`` takes it out of the inbox, if ``taken`` has an outcome."""

    receipt: Receipt
    taken: Taken
    end: ExitStack


def load_there(task: Task) -> list[Step]:
    """Load the submissions of a task on this machine, under the key that it has itself.

    Raises KeyUnusable if it has none, or another one.
    """
    store = key_store()
    if not versions(store) or fingerprint(spine_key()) != task.key:
        raise KeyUnusable(
            "A machine of the cluster has another pseudonym key than the one that gives the command, or none. Give "
            "it the same key by its own PARITY_KEY_FILE or PARITY_KEY."
        )
    acting_as.set(task.command)
    of, ledger = zones(task.home), CarriedLedger(task.provider, task.events, task.latest)
    return [_step(receipt, of, ledger) for receipt in task.receipts]


def _step(receipt: Receipt, of: Zones, ledger: CarriedLedger) -> Step:
    before = len(ledger.recorded)
    try:
        result: Result | None = apart.load_carried(receipt, of, ledger)
    except StepFailed as error:
        if error.kind == NotCarried.__name__:
            return Step(None)
        if len(ledger.recorded) == before:
            detail = {"error": error.kind} | ({"disk": error.trouble.name} if error.trouble else {})
            ledger.record(receipt.submission_id, State.FAILED, None, detail)
        result = failed(error, receipt.submission_id, receipt.named)
    return Step(result, tuple(ledger.recorded[before:]))


def load_all_on(run: Run, paths: Sequence[Path], of: Zones, ledger: Ledger, key: TokenKey) -> Iterator[Result]:
    """As ``batch.load_all``, with the work after the receipt done by ``run``. Results come by provider.

    Raises KeyUnusable and spread.AnotherVersion if a machine cannot load at all.
    """
    arrived: dict[str, list[_Arrived]] = {}
    own: list[_Arrived] = []
    for path in paths:
        end = ExitStack()
        taken = end.enter_context(arrivals.taking(path, of))
        try:
            receipt = apart.receive(path, of, ledger)
        except Exception as error:
            yield failed(error, None, named_in(path))
            continue
        one = _Arrived(receipt, taken, end)
        (arrived.setdefault(receipt.named.provider, []) if receipt.named else own).append(one)
    tasks = [
        Task(
            of.home, acting_as.get(), fingerprint(key), provider,
            tuple(each.receipt for each in together), tuple(ledger.events(provider)),
            tuple(ledger.outcome(each.receipt.submission_id) for each in together),
        )
        for provider, together in arrived.items()
    ]  # fmt: skip
    with closing(run(load_there, tasks)) as results:  # type: ignore[type-var]  # all of ours are generators
        for task, done in zip(tasks, results, strict=True):
            if done.error in _STOPS:
                raise _STOPS[done.error](done.why)
            for one, step in zip(arrived[task.provider], _steps(task, done), strict=True):
                for event in step.recorded:
                    ledger.record(event.receipt.submission_id, event.state, event.provider_month, event.detail)
                if step.result is None:
                    own.append(one)
                    continue
                yield _ended(one, step.result)
    for one in sorted(own, key=lambda each: each.receipt.seq):
        yield _ended(one, _here(one.receipt, of, ledger, key))


def _steps(task: Task, done: Done) -> Sequence[Step]:
    """The steps of a task; if it did not come back, all of it failed."""
    if not done.error:
        steps: Sequence[Step] = done.value
        return steps
    return [_lost(receipt, done.error) for receipt in task.receipts]


def _lost(receipt: Receipt, error: str) -> Step:
    event = Outcome(receipt, State.FAILED, None, {"error": error})
    return Step(Failed(receipt.submission_id, error, None, receipt.named), (event,))


def _here(receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Result:
    try:
        return apart.load_received(receipt, of, ledger, key)
    except KeyUnusable:
        raise
    except Exception as error:
        return failed(error, receipt.submission_id, receipt.named)


def _ended(one: _Arrived, result: Result) -> Result:
    if isinstance(result, Loaded):
        one.taken.outcome = result.receipt.submission_id, result.state
        one.end.close()
    return result
