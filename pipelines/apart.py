"""Reading one submission in a process of its own, so that only it can die.

Belongs here: the steps of a submission as commands and batches call them, run in another process, and what becomes
of a submission that this process does not survive. Does not belong here: the process and its limits
(``pipelines.worker``), the steps (``pipelines.load``).

A submission that cannot be read within the limits is rejected, with a report that says so, and the next one
follows. If it was accepted before, it still counts.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, Self

from pipelines import arrivals, custody
from pipelines import load as steps
from pipelines.acting import acting_as
from pipelines.keys import spine_key
from pipelines.ledger import Ledger, Outcome, Receipt, current, open_ledger, today_in_england
from pipelines.ledger.carried import CarriedLedger
from pipelines.load import Loaded
from pipelines.members import bytes_at
from pipelines.past import Counted, Past, extracts_in, profiles_below, with_answers
from pipelines.verdict import Verdict, state_of
from pipelines.worker import Died, StepFailed, for_submissions
from pipelines.zones import Zones, zones
from reports.site.report import as_json, write_report
from transforms.pseudonymise import TokenKey
from transforms.submission import SubmissionChecked

worker = for_submissions


def check(
    path: Path,
    report: Path | None,
    past: Past | None = None,
    *,
    is_split: bool = False,
    against: Path | None = None,
    as_written: bool = False,
) -> dict[str, Any]:
    """The verdict on the submission at ``path``, the same as that of a load, as ``report.json`` has it. If
    ``report`` is a folder, the report is written there; with ``is_split`` with a workbook for each owner of rules.
    With a ``past`` it has the questions that follow from it. ``against`` is an earlier extract to compare with.
    ``as_written``: nothing is read as what it means.
    """
    try:
        found: dict[str, Any] = worker.run(
            _check, path, report, past, is_split, against, as_written,
            size=bytes_at(path) + (bytes_at(against) if against is not None else 0),
        )  # fmt: skip
    except Died as died:
        found = _reported(steps.unread(str(died)), report, is_split)
    return found


def past_in(folder: Path) -> Past:
    """The past of a service in a folder: profiles that lie in or below it, and earlier extracts, which are read.

    An extract takes precedence over a profile of the same month. One that is rejected is left out.
    """
    found: dict[date, Counted] = {one.of.month: (one, ()) for one in profiles_below(folder)}
    for path in extracts_in(folder):
        with suppress(Died):
            counted: Counted | None = worker.run(_profiled, path, size=bytes_at(path))
            if counted is not None:
                found[counted[0].of.month] = counted
    return with_answers(found)


def load(path: Path, of: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """As ``pipelines.load.load``. An error in the other process is raised as StepFailed, by its class alone."""
    with arrivals.taking(path, of) as taken:
        loaded = load_received(receive(path, of, ledger), of, ledger, key)
        taken.outcome = loaded.receipt.submission_id, loaded.state
    return loaded


def load_received(receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """As ``pipelines.load.load_received``. An error in the other process is raised as StepFailed."""
    loaded: Loaded = _survived(_load_received, receipt, of, ledger, key)
    return loaded


def load_carried(receipt: Receipt, of: Zones, ledger: CarriedLedger) -> Loaded:
    """As ``load_received``, with what ``ledger`` carries, and the key that the other process reads for itself."""
    try:
        loaded, recorded = worker.run(_load_carried, _Asking.now(of), receipt, ledger, size=receipt.size or None)
    except Died as died:
        return _died(died, receipt, of, ledger, ledger.events(ledger.provider))
    for event in recorded:
        ledger.record(event.receipt.submission_id, event.state, event.provider_month, event.detail)
    found: Loaded = loaded
    return found


def receive(path: Path, of: Zones, ledger: Ledger) -> Receipt:
    """As ``pipelines.load.receive``. An error in the other process is raised as StepFailed."""
    try:
        receipt: Receipt = worker.run(_receive, _Asking.now(of), path, size=bytes_at(path))
    except Died as died:
        receipt = steps.receive_unread(path, str(died), of, ledger)
    return receipt


def check_received(receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Verdict:
    """As ``pipelines.load.check``. An error in the other process is raised as StepFailed."""
    return _verdict(_survived(_check_received, receipt, of, ledger, key))


def pseudonymise(receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Verdict:
    """As ``pipelines.load.pseudonymise``. An error in the other process is raised as StepFailed."""
    return _verdict(_survived(_pseudonymise, receipt, of, ledger, key))


def reprocess(receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """As ``pipelines.load.reprocess``. An error in the other process is raised as StepFailed, by its class."""
    loaded: Loaded = _survived(_reprocess, receipt, of, ledger, key)
    return loaded


def _verdict(found: Verdict | Loaded) -> Verdict:
    return found.verdict if isinstance(found, Loaded) else found


def _survived(step: Any, receipt: Receipt, of: Zones, ledger: Ledger, key: TokenKey) -> Any:
    """What ``step`` gives; if its process died, the Loaded of a submission that could not be read."""
    try:
        return worker.run(step, _Asking.now(of), receipt, key, size=receipt.size or None)
    except Died as died:
        return _died(died, receipt, of, ledger, ledger.events())


def _died(died: Died, receipt: Receipt, of: Zones, ledger: Ledger, events: Sequence[Outcome]) -> Loaded:
    """A submission whose process died is rejected, unless it counts by ``events``: then it has failed."""
    counting = {outcome.receipt.submission_id for outcome in current(events, today_in_england())}
    if receipt.submission_id in counting:
        steps.leave_failed(receipt, of, ledger, type(died).__name__)
        raise StepFailed(type(died).__name__) from None
    return steps.reject_unread(receipt, str(died), of, ledger)


class _Asking(NamedTuple):
    """What the other process must know of the one that asks: data root, command, and the custodian's identity."""

    home: Path
    command: str
    identity: Path | None

    @classmethod
    def now(cls, of: Zones) -> Self:
        return cls(of.home, acting_as.get(), custody.identity_given())

    def zones(self) -> Zones:
        """The zones, and from here on everything is done on behalf of the one who asks."""
        acting_as.set(self.command)
        return zones(self.home)


# What the other process does.


def _check(
    path: Path, report: Path | None, past: Past | None, is_split: bool, against: Path | None, as_written: bool
) -> dict[str, Any]:
    is_profiled = past is not None or report is not None
    checked = steps.check_path(path, against, is_profiled=is_profiled, as_written=as_written)
    return _reported(checked, report, is_split, past.about(checked) if past else [])


def _profiled(path: Path) -> Counted | None:
    checked = steps.check_path(path, is_profiled=True)
    return None if checked.profile is None or checked.is_file_rejected else (checked.profile, checked.answers)


def _reported(
    checked: SubmissionChecked, report: Path | None, is_split: bool, questions: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    state = state_of(checked).value
    if report is None:
        return as_json(checked, state, questions=questions)
    return write_report(report, checked, state, is_split=is_split, questions=questions)


def _receive(asking: _Asking, path: Path) -> Receipt:
    of = asking.zones()
    return steps.receive(path, of, open_ledger(of.ledger))


def _load_received(asking: _Asking, receipt: Receipt, key: TokenKey) -> Loaded:
    of = asking.zones()
    return steps.load_received(receipt, of, open_ledger(of.ledger), key)


def _load_carried(asking: _Asking, receipt: Receipt, ledger: CarriedLedger) -> tuple[Loaded, Sequence[Outcome]]:
    before = len(ledger.recorded)
    loaded = steps.load_received(receipt, asking.zones(), ledger, spine_key())
    return loaded, ledger.recorded[before:]


def _reprocess(asking: _Asking, receipt: Receipt, key: TokenKey) -> Loaded:
    of = asking.zones()
    with custody.opening_with(asking.identity):
        return steps.reprocess(receipt, of, open_ledger(of.ledger), key)


def _check_received(asking: _Asking, receipt: Receipt, key: TokenKey) -> Verdict:
    of = asking.zones()
    with custody.opening_with(asking.identity):
        return steps.check(receipt, of, open_ledger(of.ledger), key)


def _pseudonymise(asking: _Asking, receipt: Receipt, key: TokenKey) -> Verdict:
    of = asking.zones()
    with custody.opening_with(asking.identity):
        return steps.pseudonymise(receipt, of, open_ledger(of.ledger), key)
