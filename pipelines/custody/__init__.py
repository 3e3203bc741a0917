"""Custody of received files: kept encrypted to a recipient, and opened with the recipient's identity only.

Belongs here: who can open received files, closing and opening those of one submission, and whether they are still
those that were closed. Does not belong here: when that happens (``pipelines.load``), removing files
(``pipelines.custody.prune``, ``pipelines.custody.erase``).

Files are encrypted as they arrive (age, X25519). Their plain text lies beside them, in ``.open``, only while the
submission is loaded. The process that loads has no identity: when it has finished, only the custodian can open
them.
"""

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyrage import DecryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, x25519

from pipelines import durable
from pipelines.inbox import discard
from pipelines.keys.store import read_private
from pipelines.ledger import Outcome
from pipelines.zones import PRIVATE, Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from warehouse.storage import sha256_of, sync

ENV_RECIPIENT, ENV_IDENTITY = "PARITY_RECIPIENT", "PARITY_IDENTITY_FILE"
OPEN = ".open"
_CLOSED, _ENDING, _PRUNED = "encrypted.json", ".age", "pruned.json"
_identity: ContextVar[Path | None] = ContextVar("identity", default=None)


class RecipientUnusable(ForThePerson):
    """What ``PARITY_RECIPIENT`` says is no recipient. Nothing was received."""


class Encrypted(ForThePerson):
    """Received files are encrypted, and there is no identity that opens them."""


@contextmanager
def opening_with(identity: Path | None) -> Iterator[None]:
    """Open received files with the identity in this file, until the end of the context. It is not kept."""
    token = _identity.set(identity)
    try:
        yield
    finally:
        _identity.reset(token)


def identity_given() -> Path | None:
    """The file of the identity with which files are opened now, if ``opening_with`` named one."""
    return _identity.get()


def recipients() -> list[str]:
    """The recipients to whom received files are encrypted; none if they are kept in clear.

    ``PARITY_RECIPIENT`` is a recipient (``age1…``), several with blanks between them, or the path of a file with
    one per line. Raises RecipientUnusable.
    """
    said = (os.environ.get(ENV_RECIPIENT) or "").strip()
    if not said:
        return []
    if not said.startswith("age1"):
        try:
            said = Path(said).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise RecipientUnusable(
                f"{ENV_RECIPIENT} is neither a recipient (age1…) nor a file that can be read. Nothing was done."
            ) from None
    lines = (line.split("#", 1)[0] for line in said.splitlines())
    found = tuple(word for line in lines for word in line.split())
    if not found:
        raise RecipientUnusable(f"The file that {ENV_RECIPIENT} names has no recipient (age1…). Nothing was done.")
    _parsed(found)
    return list(found)


@cache
def _parsed(said: tuple[str, ...]) -> Sequence[x25519.Recipient]:
    try:
        return [x25519.Recipient.from_str(each) for each in said]
    except RecipientError:
        raise RecipientUnusable(
            f"{ENV_RECIPIENT} has a recipient that is damaged. It begins with age1 and has 62 characters, as "
            "`age-keygen` prints it. Nothing was done."
        ) from None


def close(folder: Path, names: Iterable[str], to: Sequence[str]) -> None:
    """Encrypt the files ``names`` in ``folder`` to the recipients ``to``. The plain text goes to ``.open`` there.

    What was closed before is replaced. Without recipients nothing is done.
    """
    if not to:
        return
    plain = folder / OPEN
    plain.mkdir(mode=PRIVATE, exist_ok=True)
    closed = {}
    for name in names:
        source = plain / name if (plain / name).exists() else folder / name
        beside = folder / f".{name}{_ENDING}"
        with source.open("rb") as read, beside.open("wb") as write:
            encrypt_io(read, write, _parsed(tuple(to)))
        closed[name] = {"sha256": sha256_of(beside), "size": beside.stat().st_size}
        sync(beside)  # its plain text is deleted soon after
        beside.replace(folder / f"{name}{_ENDING}")
        source.replace(plain / name)
    durable.write(folder / _CLOSED, json.dumps({"recipients": list(to), "files": closed}, indent=1))


def is_closed(folder: Path) -> bool:
    """Whether the files of a submission are kept encrypted."""
    return (folder / _CLOSED).exists()


def closed_to(folder: Path) -> list[str]:
    """The recipients of the files in ``folder``; none if they are kept in clear."""
    return list(_record(folder)["recipients"]) if is_closed(folder) else []


def is_intact(folder: Path) -> bool:
    """Whether the encrypted files are still those that were closed; true where none are."""
    if not is_closed(folder):
        return True
    try:
        files: Mapping[str, Mapping[str, str]] = _record(folder)["files"]
        return all(sha256_of(folder / f"{name}{_ENDING}") == said["sha256"] for name, said in files.items())
    except (OSError, ValueError, KeyError):
        return False


def table_files(folder: Path) -> list[Path]:
    """The files of a submission that have records, in clear or encrypted, with what was found in them."""
    return [
        path
        for path in sorted(folder.glob("[!.]*"))
        if path.suffix == _ENDING or path.stem in TABLES or path.name == "findings.parquet"
    ]


def delete(folder: Path) -> None:
    """Remove the files of a submission that have records, and the note that they are encrypted."""
    for file in table_files(folder):
        file.unlink()
    (folder / _CLOSED).unlink(missing_ok=True)


def plain(folder: Path) -> Path:
    """Where the plain text of the files lies, while it does."""
    return folder / OPEN if is_closed(folder) else folder


def is_open(folder: Path) -> bool:
    """Whether the plain text of the files lies there to be read."""
    return not is_closed(folder) or (folder / OPEN).is_dir()


def lend(incoming: Path, folder: Path, names: Iterable[str]) -> None:
    """Let the closed files of ``folder`` be read once more: their plain text came in again, to ``incoming``."""
    beside = folder / f"{OPEN}-{secrets.token_hex(4)}"
    beside.mkdir(mode=PRIVATE)
    for name in names:
        (plain(incoming) / name).replace(beside / name)
    discard(folder / OPEN)
    beside.rename(folder / OPEN)


def replace(incoming: Path, folder: Path, names: Sequence[str]) -> None:
    """Keep in ``folder`` what came in, in place of the files ``names`` there, encrypted or not."""
    forget(folder)
    for name in (_CLOSED, _PRUNED, *names, *(f"{name}{_ENDING}" for name in names)):
        (folder / name).unlink(missing_ok=True)
    for each in incoming.iterdir():
        each.replace(folder / each.name)


def open_files(folder: Path) -> None:
    """Decrypt the closed files of ``folder`` into ``.open``, unless their plain text lies there.

    Raises Encrypted if no identity was given, or it does not open them.
    """
    if is_open(folder):
        return
    identities = _identities()
    beside = folder / f"{OPEN}-{secrets.token_hex(4)}"
    beside.mkdir(mode=PRIVATE)
    try:
        for name in _record(folder)["files"]:
            with (folder / f"{name}{_ENDING}").open("rb") as read, (beside / name).open("wb") as write:
                decrypt_io(read, write, identities)
        beside.rename(folder / OPEN)
    except DecryptError:
        raise Encrypted(
            f"The files of submission {folder.name} are encrypted to another recipient, or they are damaged. Give "
            "the identity of the recipient to whom they were encrypted."
        ) from None
    finally:
        discard(beside)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """The plain text of closed files, for as long as the context lasts. Call it only while ``locks.alone``."""
    open_files(folder)
    try:
        yield
    finally:
        forget(folder)


def rewritten(folder: Path, before: Iterable[str]) -> None:
    """Close the files that lie open in ``folder``, to those who could open them before.

    ``before`` were their names. Files kept in clear are left as they are.
    """
    if not is_closed(folder):
        return
    to, names = closed_to(folder), sorted(path.name for path in (folder / OPEN).iterdir())
    for gone in set(before) - set(names):
        (folder / f"{gone}{_ENDING}").unlink(missing_ok=True)
    close(folder, names, to)


def forget(folder: Path) -> None:
    """Remove the plain text of closed files. Files kept in clear stay."""
    if is_closed(folder):
        for leftover in folder.glob(f"{OPEN}*"):
            discard(leftover)


def note_pruned(folder: Path, before: Iterable[str], kinds: Iterable[str]) -> list[str]:
    """Note what was removed of a submission, now or ``before``, beside what is left of it, and return it.

    A lost ledger knows it from there. A submission without a folder has nothing of which a ledger could be made.
    """
    pruned = sorted({*before, *kinds})
    if folder.is_dir():
        durable.write(folder / _PRUNED, json.dumps(pruned))
    return pruned


def pruned_in(folder: Path) -> list[str]:
    """What was removed of the submission kept in ``folder``, as its note says; empty if there is none."""
    try:
        found: list[str] = json.loads((folder / _PRUNED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return found


def is_pruned(detail: Mapping[str, Any]) -> bool:
    """Whether the ledger says of a submission that its files were removed (``pipelines.custody.prune``)."""
    return any(what.startswith("received") for what in detail.get("pruned", ()))


def has_files(outcome: Outcome) -> bool:
    """Whether files of a submission are kept, so that it can be processed again."""
    return not outcome.receipt.is_attempt and not is_pruned(outcome.detail)


def require_identity(folders: Iterable[Path]) -> None:
    """Raise Encrypted, before any work, if files are closed and no identity was given."""
    if any(not is_open(folder) for folder in folders):
        _identities()


@dataclass(frozen=True)
class Kept:
    """How many received submissions are kept how. ``left_open``: encrypted, with plain text from a load that was
    interrupted.
    """

    encrypted: int
    in_clear: int
    left_open: int


def kept(zones: Zones) -> Kept:
    """How the received submissions are kept."""
    folders = zones.received_folders()
    closed = [folder for folder in folders if is_closed(folder)]
    return Kept(len(closed), len(folders) - len(closed), sum(map(is_open, closed)))


def _record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / _CLOSED).read_text(encoding="utf-8"))
    return record


def _identities() -> list[x25519.Identity]:
    named = _identity.get() or os.environ.get(ENV_IDENTITY)
    if not named:
        raise Encrypted(
            "Received files are encrypted, and Parity cannot open them. The custodian can: "
            "parity reprocess --identity FILE."
        )
    text = read_private(Path(named).expanduser().absolute(), "The identity").decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except IdentityError:
        found = []
    if not found:
        raise Encrypted(
            "The identity file has no identity of age (AGE-SECRET-KEY-1…), or a damaged one. One that is protected "
            "by a passphrase must be opened first."
        )
    return found
