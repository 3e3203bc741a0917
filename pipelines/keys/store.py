"""What keeps the roots of all keys: the interface that a file and a token both satisfy.

Belongs here: the interface, deriving from a root, and what makes a secret unfit. Does not belong here: where a root
lies (``keys.file``, ``keys.token``), which keys there are and what each is for (``keys``).
"""

import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from pipelines.zones import PROJECT, data_root
from schemas.errors import ForThePerson

BYTES = 32
NAME = re.compile(r"[1-9][0-9]{0,3}|(figures|erasures)\.[1-9][0-9]{0,3}")
"""Names of roots: a version of the pseudonyms' root, or a version of one that outlasts them (``keys``)."""
_DISTINCT = 16


class KeyUnusable(ForThePerson):
    """The key cannot be trusted or read; the message says what to do."""


class KeyStore(Protocol):
    """Named roots of 32 random bytes. They are used where they are and never shown."""

    def where(self) -> str:
        """The store in words, for messages."""

    def names(self) -> frozenset[str]:
        """Names of the roots that are there. Raises KeyUnusable if the store cannot be trusted."""

    def expand(self, name: str, info: bytes) -> bytes:
        """32 bytes of HKDF-Expand-SHA-256 (RFC 5869) of a root and ``info``. Raises KeyUnusable."""

    def add(self, name: str, secret: bytes | None = None) -> None:
        """Keep a new root: ``secret``, else random bytes. Raises KeyUnusable if there is one of that name."""

    def remove(self, name: str) -> None:
        """Destroy a root."""


def expanded(root: bytes, info: bytes) -> bytes:
    """32 bytes of HKDF-Expand-SHA-256 (RFC 5869) of ``root`` and ``info``.

    The roots are uniformly random, so the step «extract» may be left out (RFC 5869, 3.3). Without it a token that
    has only HMAC makes the same keys: one block is HMAC(root, info ‖ 01).
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    return HKDFExpand(algorithm=SHA256(), length=BYTES, info=info).derive(root)


def secret_of(text: bytes) -> bytes:
    """The secret that a key file has as hexadecimal digits.

    Raises KeyUnusable if it is no such text, is too short, or was not drawn at random. Of 32 random bytes 16 differ
    but once in 10¹⁵ times, and so do the differences of neighbours: that finds zeros, patterns and sequences.
    """
    if len(text) < 2 * BYTES:
        raise KeyUnusable(f"The pseudonym key is too short. It needs {2 * BYTES} hexadecimal digits.")
    try:
        secret = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raise KeyUnusable(
            f"The file of the pseudonym key is no key: it needs {2 * BYTES} hexadecimal digits. Restore it from "
            "your copy."
        ) from None
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    if min(len(set(secret)), len(steps)) < _DISTINCT:
        raise KeyUnusable("The pseudonym key was not drawn at random. Make one with `parity keys new`.")
    return secret


def read_private(path: Path, what: str) -> bytes:
    """The text of a secret file, without blanks around it. ``what`` names it in messages.

    Raises KeyUnusable unless it is an ordinary file of this user, under one name, that nobody else can read, in a
    folder that nobody else can write to, outside the repository and the data root.
    """
    refuse_place(path, what)
    try:  # not blocking: a pipe would wait for a writer
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        reason = "it is a link" if path.is_symlink() else error.strerror
        raise KeyUnusable(f"{what} cannot be opened ({reason}): {path}.") from None
    try:
        refuse_file(os.fstat(opened), f"{what} {path}")
        return os.read(opened, 4096).strip()
    finally:
        os.close(opened)


def refuse_file(status: os.stat_result, what: str) -> None:
    """Raise KeyUnusable unless the file is one of this user's own, under one name, closed to others."""
    import stat

    if not stat.S_ISREG(status.st_mode):
        raise KeyUnusable(f"{what} is not an ordinary file. It must be a file of your own with mode 0400.")
    if status.st_uid != os.getuid():
        raise KeyUnusable(f"{what} belongs to another user. It must be a file of your own with mode 0400.")
    if status.st_mode & 0o077:
        raise KeyUnusable(
            f"{what} is open to other users. Close it to them (mode 0400). If it was, rotate the key."
        )
    if status.st_nlink != 1:
        raise KeyUnusable(f"{what} has a second name (hard link). Remove the other one.")


def refuse_place(path: Path, what: str) -> None:
    """Raise KeyUnusable if ``path`` is inside the repository or the data root, or in a folder of others."""
    folder = path.parent.resolve()
    if folder.is_relative_to(PROJECT):
        raise KeyUnusable(f"{what} must not be inside the repository. Name a path outside.")
    if folder.is_relative_to(data_root()):
        raise KeyUnusable(
            f"{what} must not be inside the data root: who copies the data would copy it too. Name a path outside."
        )
    if not folder.exists():
        return
    status = folder.stat()
    if status.st_uid not in (0, os.getuid()):
        raise KeyUnusable(f"{what} lies in the folder of another user. Name a path in a folder of your own.")
    if status.st_mode & 0o022 and not status.st_mode & 0o1000:
        raise KeyUnusable(f"{what} lies in a folder that others can write to. Close it to them (mode 0700).")
