"""The steps of one submission without Dagster: received, checked, pseudonymised.

Belongs here: the three steps as plain functions, used by the Dagster assets, the command line and the tests. Does
not belong here: when they run (``pipelines.assets``), what a rule says (``schemas``).

Each step leaves a complete result on disk or none, so that an interrupted load can continue. One process at a time
works on a submission; the next one deletes what a killed one left.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import polars as pl

from pipelines import arrivals, attempts, custody, disk, durable, holding, past, since, store
from pipelines.code_version import rows_version
from pipelines.custody import tombstones
from pipelines.inbox import Source, as_record, discard, open_source, shown_name, unread_source
from pipelines.kept import (
    FINDINGS,
    GATE_FINDINGS,
    RECEIPT,
    SOURCE,
    VERDICT,
    hold_to_receipt,
    keep,
    kept_source,
    kept_verdict,
    receipt_text,
)
from pipelines.keys import fingerprint
from pipelines.ledger import Ledger, Receipt, State
from pipelines.locks import alone
from pipelines.settings import is_as_written
from pipelines.site_report import leave_report
from pipelines.verdict import Verdict
from pipelines.worker import deleted_if_orphaned
from pipelines.zones import PRIVATE, Zones
from schemas.gate import GATE
from schemas.links import RECEIVED_AT
from schemas.ruleset import WRITTEN
from schemas.table import Table
from schemas.versions import Version
from transforms.findings import file_finding
from transforms.leaving import Staging
from transforms.pseudonymise import TokenKey
from transforms.receive import format_of
from transforms.receive.table import Received
from transforms.submission import Header, SubmissionChecked, check_submission, since_then
from warehouse.storage import sync

_WORK = ".work-"
# Rules that ask for the time of arrival: a file that breaks one may not break it when it comes again.
_ASKING_THE_TIME = frozenset(rule.id for rule in WRITTEN if RECEIVED_AT in rule.fails)


@dataclass(frozen=True)
class Loaded:
    """The outcome of one submission. ``is_repeat``: the same bytes were already loaded, and nothing was done.

    ``state`` is that of the ledger. It differs from the verdict's where a submission is held or was withdrawn.
    """

    receipt: Receipt
    verdict: Verdict
    is_repeat: bool
    state: State


def check_path(
    path: Path, against: Path | None = None, *, is_profiled: bool = False, as_written: bool = False
) -> SubmissionChecked:
    """Check the submission at ``path`` without submitting it. The verdict is the same as that of a load.
    ``is_profiled``: also count it (``transforms.plausible.profile``).

    With ``against``, an earlier extract, it also says what changed since then, record by record. ``as_written``:
    whatever the setting, nothing that is spelled otherwise than declared is read as what it means. The lazy frames
    of the rows read files of a temporary workspace. After the return only findings and counts can be used.
    """
    with own_workspace() as workspace:
        deleted_if_orphaned(workspace)
        return check_path_into(path, workspace, against=against, is_profiled=is_profiled, as_written=as_written)


def check_path_into(
    path: Path,
    workspace: Path,
    staging: Staging | None = None,
    against: Path | None = None,
    *,
    is_profiled: bool = False,
    as_written: bool = False,
) -> SubmissionChecked:
    """As ``check_path``, with the files of its own in ``workspace``; with ``staging``, rows are written."""
    now = datetime.now(UTC).replace(tzinfo=None)
    source = open_source(path, workspace, keep=False, is_hashed=False)
    checked = _check(source, workspace, now, staging, is_profiled=is_profiled, as_written=as_written)
    opened = [checked]
    if against is not None:
        beside = workspace / "earlier"
        beside.mkdir(mode=PRIVATE)
        earlier_source = open_source(against, beside, keep=False, is_hashed=False)
        earlier = _check(earlier_source, beside, now, is_profiled=False, as_written=as_written)
        opened.append(earlier)
        checked = since_then(earlier, checked, f"{shown_name(against)}, the earlier extract")
    for received in (got for each in opened for got in each.received.values()):
        if received.kept is not None:
            received.kept.close()  # Windows deletes no file that is open
    return checked


@contextmanager
def own_workspace() -> Iterator[Path]:
    """A folder for a check, in a folder of this user below the machine's temporary one.

    A site's machine has no zones. What is unpacked has identifiers in it. It is deleted at the end, by the other
    process if this one is killed, and by the next check if both are.
    """
    parent = Path(gettempdir()) / f"parity-check-{os.getuid()}" if hasattr(os, "getuid") else None
    if parent is not None:
        with suppress(FileExistsError):
            parent.mkdir(mode=PRIVATE)
        found = parent.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
            with store.workspace(parent) as folder:
                yield folder
            return
    with TemporaryDirectory() as folder_name:  # no locks on this machine, or the name is taken by somebody else
        yield Path(folder_name)


def receive(path: Path, zones: Zones, ledger: Ledger) -> Receipt:
    """Copy the submission at ``path`` into the received zone and write its receipt.

    The folder is moved into place only after the receipt is written. An attempt to copy that fails has a receipt
    too (``pipelines.attempts``).
    """
    custody.recipients()  # before anything is received: what it says may be no recipient
    with attempts.attempt(path, zones, ledger) as one:
        return _receive(open_source(path, one.folder, keep=True), one, zones, ledger)


def receive_unread(path: Path, why: str, zones: Zones, ledger: Ledger) -> Receipt:
    """The receipt of a submission whose files could not be copied within the limits (``why``): none is kept."""
    with attempts.attempt(path, zones, ledger, is_last=True) as one:
        return _receive(unread_source(path, _beyond(why)), one, zones, ledger)


def _receive(arrived: Source, one: attempts.Attempt, zones: Zones, ledger: Ledger) -> Receipt:
    incoming, to, stones = one.folder, custody.recipients(), tombstones.read(zones)
    source = tombstones.at_the_door(arrived, incoming, stones)
    (incoming / SOURCE).write_text(json.dumps(as_record(source)), encoding="utf-8")
    if source.findings:
        pl.concat(source.findings).write_parquet(incoming / GATE_FINDINGS)
    custody.close(incoming, source.names, to)
    durable.sync_all(incoming)
    with alone(zones.received):
        tombstones.hold(stones, zones)
        receipt = ledger.receive(source.content_sha256, arrived.size, source.named, _ASKING_THE_TIME)
        one.is_received()
        durable.write(incoming / RECEIPT, receipt_text(receipt))
        keep(incoming, zones.received / receipt.submission_id)
    return receipt


def check(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Verdict:
    """Check a received submission in one pass over its rows, and record a rejection.

    Leaves findings, the site's report and the verdict. If the submission is accepted, it also leaves the rows
    without identifiers, waiting (see ``pseudonymise``). Raises NotConserved if a table's rows do not add up, and
    ContractBroken if the contract rejects a row without a finding, and ReceivedChanged if the files are no longer
    those received. Then there is no verdict and there are no rows.
    """
    with _alone(receipt, zones):
        hold_to_receipt(receipt, zones)
        return _check_received(receipt, zones, ledger, key)


def _check_received(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Verdict:
    submission_id = receipt.submission_id
    folder, place = zones.received / submission_id, store.waiting(submission_id, zones)
    source = kept_source(folder)
    for leftover in folder.glob(f"{_WORK}*"):
        discard(leftover)
    with TemporaryDirectory(dir=folder, prefix=_WORK) as workspace, store.draft(submission_id, zones) as draft:
        staging = Staging(submission_id, key, lambda id_, rows: store.written(rows, draft / f"{id_}.parquet"))
        checked = _check(source, Path(workspace), receipt.at, staging)
        of = checked.header.provider_month
        events = ledger.events(of.provider) if of else ()
        asked = past.at_centre(of, receipt, events, zones).about(checked) if of else []
        struck = tombstones.struck_in(folder)
        verdict = Verdict.of(checked, fingerprint(key), rows_version(memory=zones.builds), struck, asked)
        if verdict.state.is_accepted:
            store.complete(draft, checked)
            durable.sync_all(draft)
            checked = replace(checked, changes=since.changes(draft, verdict, receipt, zones, events))
        discard(place)  # before the verdict: rows never wait under the verdict of another check
        _leave(checked, verdict, source, receipt, zones, ledger)
        if verdict.state.is_accepted:
            store.put(draft, place)
    if not verdict.state.is_accepted:
        ledger.record(submission_id, verdict.state, verdict.header.provider_month or source.named, verdict.detail())
        store.drop_rows(submission_id, zones)
    return verdict


def _leave(
    checked: SubmissionChecked, verdict: Verdict, source: Source, receipt: Receipt, zones: Zones, ledger: Ledger
) -> None:
    """Leave findings, the site's report and, when they are there, the verdict."""
    folder = zones.received / receipt.submission_id
    checked.findings.write_parquet(folder / FINDINGS)
    sync(folder / FINDINGS)
    leave_report(checked, verdict, source, receipt, zones, ledger)
    durable.write(folder / VERDICT, verdict.to_json())


def unread(why: str) -> SubmissionChecked:
    """The outcome of a submission that could not be read within the limits: rejected, whatever is in it."""
    return SubmissionChecked(Header(), {}, _beyond(why), {})


def _beyond(why: str) -> pl.DataFrame:
    return file_finding(GATE["GATE-LIMIT-PROCESS"], None, why)


def reject_unread(receipt: Receipt, why: str, zones: Zones, ledger: Ledger) -> Loaded:
    """Record that a received submission could not be read within the limits (``why``), and leave its report.

    No code is named as that which judged it: when the same files come again, they are read again.
    """
    with _at_work(receipt, zones, ledger) as folder:
        source, checked = kept_source(folder), unread(why)
        verdict = Verdict.of(checked)
        discard(store.waiting(receipt.submission_id, zones))
        _leave(checked, verdict, source, receipt, zones, ledger)
        ledger.record(receipt.submission_id, verdict.state, source.named, verdict.detail())
    return Loaded(receipt, verdict, is_repeat=False, state=verdict.state)


def leave_failed(receipt: Receipt, zones: Zones, ledger: Ledger, error: str) -> None:
    """Record that the process which worked on a submission ended by ``error``. What counts of it, counts on."""
    with _at_work(receipt, zones, ledger):
        ledger.record(receipt.submission_id, State.FAILED, None, {"error": error})


def pseudonymise(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Verdict:
    """Move the rows of a checked and accepted submission into the store, and record its acceptance.

    Rows that an earlier call moved are made again, under the current rules and key.
    """
    with _alone(receipt, zones) as folder:
        verdict = kept_verdict(receipt, zones)
        if verdict.state.is_accepted and not store.waiting(receipt.submission_id, zones).exists():
            hold_to_receipt(receipt, zones)
            verdict = _check_received(receipt, zones, ledger, key)
        _let_in(verdict, receipt, zones, ledger)
        custody.forget(folder)
        return verdict


def load(path: Path, zones: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """Receive, check and pseudonymise the submission at ``path``. The same bytes again change nothing, unless
    another version of the code checked them, or their rows have another key: then they are checked again.

    An error is recorded as «failed» and raised again. An entry of the inbox leaves it (``pipelines.arrivals``).
    """
    with arrivals.taking(path, zones) as taken:
        loaded = load_received(receive(path, zones, ledger), zones, ledger, key)
        taken.outcome = loaded.receipt.submission_id, loaded.state
    return loaded


def load_received(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """The part of ``load`` after the receipt."""
    with _at_work(receipt, zones, ledger):
        # Asked now: another process may have loaded the same bytes meanwhile.
        outcome = ledger.outcome(receipt.submission_id)
        now = (rows_version(memory=zones.builds), fingerprint(key) if outcome.state.has_rows else None, None)
        if outcome.state.is_concluded and tuple(map(outcome.detail.get, ("made_with", "key", "pruned"))) == now:
            return Loaded(receipt, kept_verdict(receipt, zones), is_repeat=True, state=outcome.state)
        return _load_received(receipt, zones, ledger, key)


def reprocess(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    """Check and pseudonymise a received submission, again if necessary, under the current rules and key."""
    with _at_work(receipt, zones, ledger) as folder:
        hold_to_receipt(receipt, zones)
        loaded = _load_received(receipt, zones, ledger, key)
        if not custody.is_closed(folder):  # received before there was a recipient
            custody.close(folder, kept_source(folder).names, custody.recipients())
        return loaded


def _load_received(receipt: Receipt, zones: Zones, ledger: Ledger, key: TokenKey) -> Loaded:
    verdict = _check_received(receipt, zones, ledger, key)
    return Loaded(receipt, verdict, is_repeat=False, state=_let_in(verdict, receipt, zones, ledger))


@contextmanager
def _alone(receipt: Receipt, zones: Zones) -> Iterator[Path]:
    """The folder of a received submission, for this process alone. What is left of its drafts goes first: the same
    files again may need no draft of their own.
    """
    folder = zones.received / receipt.submission_id
    with alone(folder):
        store.drop_drafts(receipt.submission_id, zones)
        yield folder


@contextmanager
def _at_work(receipt: Receipt, zones: Zones, ledger: Ledger) -> Iterator[Path]:
    """``_alone``; at the end encrypted files are closed again. An error is recorded as «failed»."""
    try:
        with _alone(receipt, zones) as folder:
            try:
                yield folder
            finally:
                custody.forget(folder)
    except BaseException as error:
        # Only the class: the text of an exception may carry a value out of the identifiable zone.
        ledger.record(receipt.submission_id, State.FAILED, None, disk.detail(error))
        raise


def _let_in(verdict: Verdict, receipt: Receipt, zones: Zones, ledger: Ledger) -> State:
    """Move the waiting rows of an accepted submission into place, and record that it counts or is held."""
    state = verdict.state
    if state.is_accepted:
        of = verdict.header.provider_month
        assert of is not None, "an accepted submission has a provider and month"
        rows = store.rows_of(receipt.submission_id, verdict.detail(), zones)
        store.put(store.waiting(receipt.submission_id, zones), rows)
        with alone(zones.site_reports / of.provider):  # two files of a provider are compared with each other
            state = holding.record(verdict, receipt, ledger)
        store.drop_rows(receipt.submission_id, zones, but=rows)
    return state


def _check(
    source: Source,
    workspace: Path,
    received_at: datetime,
    staging: Staging | None = None,
    is_profiled: bool = True,
    *,
    as_written: bool = False,
) -> SubmissionChecked:
    def opener(table: Table, version: Version | None) -> Received | None:
        received = _receive_table(source, table, version, workspace)
        read_as = staging.read_as if staging else None
        return received if received is None or read_as is None else read_as(received)

    checked = check_submission(
        opener, source.named, source.findings, received_at, staging, is_profiled=is_profiled,
        is_as_written=as_written or is_as_written(),
    )  # fmt: skip
    return replace(checked, answers=source.answers)


def _receive_table(source: Source, table: Table, version: Version | None, workspace: Path) -> Received | None:
    file = source.files.get(table.id)
    if file is None:
        return Received(table, None, 0) if table.id in source.refused else None
    return format_of(file.path).receive(file.path, table, file.seen, version, workspace)
