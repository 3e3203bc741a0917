"""What is kept of a submission in ``received/``: its files, its receipt and the verdict.

Belongs here: the names of these files, moving what came in to where it is kept, and whether it is still what was
received. Does not belong here: encrypting it (``pipelines.custody``), checking it (``pipelines.load``).
"""

import json
from pathlib import Path

import polars as pl

from pipelines import custody, durable
from pipelines.inbox import Source, from_record
from pipelines.ledger import Receipt
from pipelines.locks import alone
from pipelines.verdict import Verdict
from pipelines.zones import Zones
from schemas.errors import ForThePerson
from warehouse.storage import sha256_of, sync

SOURCE, GATE_FINDINGS, FINDINGS, VERDICT = "source.json", "gate.parquet", "findings.parquet", "checked.json"
RECEIPT = "receipt.json"


class ReceivedChanged(ForThePerson):
    """The kept files of a submission are no longer those received. Carries only its id."""


def keep(incoming: Path, folder: Path) -> None:
    """Move what came in to where it is kept. Files kept already are replaced only if they are no longer those
    received, or if they lie in clear and are now to be encrypted.
    """
    if not folder.exists():
        durable.move(incoming, folder)
        return
    with alone(folder):
        is_kept = custody.is_closed(folder) or not custody.is_closed(incoming)
        names = kept_source(incoming).names
        if not (is_kept and is_as_received(folder)):
            custody.replace(incoming, folder, names)
        else:
            if custody.is_closed(folder):
                custody.lend(incoming, folder, names)
            if not (folder / RECEIPT).exists():  # kept by a release up to 0.5
                (incoming / RECEIPT).replace(folder / RECEIPT)
        sync(folder)


def hold_to_receipt(receipt: Receipt, zones: Zones) -> None:
    """Raise ReceivedChanged if the kept files of a submission are no longer those received. Encrypted ones are
    opened for it (``custody.open_files``).
    """
    folder = zones.received / receipt.submission_id
    if custody.is_intact(folder):
        custody.open_files(folder)
    if not is_as_received(folder):
        raise ReceivedChanged(
            f"The kept files of submission {receipt.submission_id} are no longer those received. Load the "
            "submission again."
        )


def is_as_received(folder: Path) -> bool:
    """Whether the kept files are those received; of encrypted ones that are not open, whether they are whole."""
    try:
        if custody.is_closed(folder) and not custody.is_open(folder):
            return custody.is_intact(folder)
        files = kept_source(folder).files.values()
        return custody.is_intact(folder) and all(sha256_of(file.path) == file.sha256 for file in files)
    except (OSError, ValueError):
        return False


def kept_source(folder: Path) -> Source:
    """The submission that ``receive`` kept in ``folder``, with the surveys and findings of that time."""
    record = json.loads((folder / SOURCE).read_text(encoding="utf-8"))
    gate = folder / GATE_FINDINGS
    return from_record(record, custody.plain(folder), [pl.read_parquet(gate)] if gate.exists() else [])


def kept_verdict(receipt: Receipt, zones: Zones) -> Verdict:
    """The verdict that ``check`` left."""
    return Verdict.from_json((zones.received / receipt.submission_id / VERDICT).read_text(encoding="utf-8"))


def receipt_text(receipt: Receipt) -> str:
    """What is kept of a receipt beside the files: a lost ledger is made of it (``pipelines.ledger.rebuild``)."""
    return json.dumps({"seq": receipt.seq, "received_at": receipt.received_at})
