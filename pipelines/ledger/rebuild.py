"""A lost ledger, made again from what ``received/`` keeps.

Belongs here: reading the kept folders back into receipts and outcomes, and what cannot be known any more. Does not
belong here: the ledger itself, keeping the folders (``pipelines.kept``).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines import custody, durable, holding, store
from pipelines.custody.retention import Kind
from pipelines.kept import RECEIPT, SOURCE, kept_source, kept_verdict, receipt_text
from pipelines.ledger import Ledger, Outcome, Receipt, State
from pipelines.zones import Zones
from reports.site.wording import counted

_NEVER_KNOWN = (
    "Who acted and when, earlier outcomes and failed attempts are known no more.",
    "A submission whose folder in received/ is gone is not in the ledger.",
)


@dataclass(frozen=True)
class Rebuilt:
    """What was found in ``received/``: submissions, how many count, and what could not be known, in words."""

    submissions: int
    current: int
    notes: tuple[str, ...]


def rebuild(zones: Zones, ledger: Ledger) -> Rebuilt:
    """Fill an empty ledger from ``received/``. Raises NotEmpty if there is a receipt in it.

    Every folder there keeps what the receipt said and the verdict. A submission without a usable verdict, or whose
    pseudonymised rows are not there, is received and no more: it has to be loaded or processed again.
    """
    folders = zones.received_folders()
    found = {folder: _outcome(folder, zones) for folder in folders}
    found = {folder: outcome for folder, outcome in found.items() if outcome.receipt.content_sha256}
    dated = [folder for folder in found if not (folder / RECEIPT).exists()]
    in_order = sorted(found, key=lambda folder: _place(found[folder].receipt, is_certain=not dated))
    if dated:  # by their times alone: numbered anew, since they have no number
        for seq, folder in enumerate(in_order, start=1):
            found[folder] = replace(found[folder], receipt=replace(found[folder].receipt, seq=seq))
    ledger.restore(holding.replayed((found[folder] for folder in in_order), _decisions(in_order)))
    if dated:
        for folder in in_order:
            durable.write(folder / RECEIPT, receipt_text(found[folder].receipt))
    unchecked = sum(outcome.state is State.RECEIVED for outcome in found.values())
    return Rebuilt(
        len(found),
        len(ledger.current_submissions()),
        tuple(_notes(len(folders) - len(found), len(dated), unchecked)),
    )


def _decisions(folders: Sequence[Path]) -> dict[str, dict[str, str]]:
    """What persons decided about the submissions kept in ``folders``, by submission id."""
    kept = (folder / holding.DECIDED for folder in folders)
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in kept if path.exists()}


def _notes(unreadable: int, dated: int, unchecked: int) -> list[str]:
    notes = [
        f"{counted(unreadable, 'folder')} in received/ left out, as it could not be read: load the files again."
        if unreadable
        else "",
        f"{counted(dated, 'submission')} kept by a release up to 0.5: the time of receipt is that of the files."
        if dated
        else "",
        f"{counted(unchecked, 'submission')} without an outcome or its rows: load again, or run parity reprocess."
        if unchecked
        else "",
    ]
    return [*filter(None, notes), *_NEVER_KNOWN]


def _place(receipt: Receipt, *, is_certain: bool) -> tuple[str, int]:
    return ("" if is_certain else receipt.received_at, receipt.seq)


def _outcome(folder: Path, zones: Zones) -> Outcome:
    """The last outcome of the submission kept in ``folder``. Its content hash is empty if nothing can be read."""
    try:
        source = kept_source(folder)
        receipt = _receipt(folder, source.content_sha256)
    except (OSError, ValueError, KeyError, TypeError):
        return Outcome(Receipt(0, folder.name, "", ""), State.RECEIVED, None, {})
    receipt = replace(receipt, named=source.named, size=source.size)
    try:
        verdict = kept_verdict(receipt, zones)
    except (OSError, ValueError, KeyError):
        return Outcome(receipt, State.RECEIVED, source.named, {})
    pruned = custody.pruned_in(folder)
    detail = verdict.detail() | ({"pruned": pruned} if pruned else {})
    needs_rows = verdict.state.is_accepted and Kind.ROWS_SUPERSEDED not in pruned
    if needs_rows and not store.rows_of(receipt.submission_id, detail, zones).is_dir():
        return Outcome(receipt, State.RECEIVED, source.named, {})
    return Outcome(receipt, verdict.state, verdict.header.provider_month or source.named, detail)


def _receipt(folder: Path, content_sha256: str) -> Receipt:
    try:
        said = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        return Receipt(said["seq"], folder.name, content_sha256, said["received_at"])
    except FileNotFoundError:
        written = datetime.fromtimestamp((folder / SOURCE).stat().st_mtime, UTC)
        return Receipt(0, folder.name, content_sha256, written.isoformat(timespec="seconds"))
