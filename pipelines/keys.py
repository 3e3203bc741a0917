"""The pseudonym key: where it is stored, and one derived key per purpose.

Belongs here: creating, protecting and deriving keys. Does not belong here: using them
(``transforms.pseudonymise``).

A salted hash of an NHS number is broken in minutes if the salt is known (909 million numbers, 321 s on one core).
A keyed hash is broken only with the key. So the key is never inside the repository and is readable only by its
owner. It is never passed through Dagster or an environment variable: only its path is.
"""

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from pipelines.zones import PROJECT
from schemas.errors import ForThePerson
from transforms.pseudonymise import TokenKey

ENV_KEY = "PARITY_KEY_FILE"
VERSION = "s1"
DISCLOSURE_VERSION = "d1"
_BYTES = 32


class KeyUnusable(ForThePerson):
    """The key cannot be trusted or read; the message says what to do."""


def key_file() -> Path:
    """``PARITY_KEY_FILE``, else ``parity/pseudonym.key`` in the user's configuration folder."""
    named = os.environ.get(ENV_KEY)
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return (Path(base) / "parity" / "pseudonym.key").expanduser().absolute()


def spine_key(path: Path | None = None) -> TokenKey:
    """The key that links records in the warehouse, created on first use.

    Raises KeyUnusable if the file is a link, belongs to another user, is readable by others, is too short, or is
    inside the repository.
    """
    root = _root_secret(path or key_file())
    derived = hmac.digest(root, f"parity\x1fspine\x1f{VERSION}".encode(), "sha256")
    return TokenKey(VERSION, derived.hex())


def disclosure_key(path: Path | None = None) -> TokenKey:
    """The key of the random errors in published figures, from the same file; another key means other errors.

    Two releases of the same figures under two keys tell more of the exact ones than either. Raises KeyUnusable as
    ``spine_key`` does.
    """
    root = _root_secret(path or key_file())
    derived = hmac.digest(root, f"parity\x1fdisclosure\x1f{DISCLOSURE_VERSION}".encode(), "sha256")
    return TokenKey(DISCLOSURE_VERSION, derived.hex())


def fingerprint(key: TokenKey) -> str:
    """Eight hex digits that identify a key without revealing it. Pseudonyms of different keys never link."""
    return hashlib.sha256(b"parity fingerprint" + key.secret.encode()).hexdigest()[:8]


def _root_secret(path: Path) -> bytes:
    if path.resolve().is_relative_to(PROJECT):
        raise KeyUnusable(f"The pseudonym key must not be inside the repository. Set {ENV_KEY} to a path outside.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.path.lexists(path):
        _make(path)
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyUnusable(f"The pseudonym key cannot be opened ({error.strerror}).") from None
    with os.fdopen(opened) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise KeyUnusable(
                "The pseudonym key must be an ordinary file of your own that other users cannot read (mode 0400)."
            )
        text = file.read().strip()
    if len(text) < 2 * _BYTES:
        raise KeyUnusable(f"The pseudonym key is too short. It needs {2 * _BYTES} hexadecimal digits.")
    return text.encode()


def _make(path: Path) -> None:
    """A new key, complete or not at all: written to a second file, then linked, so that two first runs share
    one key.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
        file.write(secrets.token_hex(_BYTES))
    try:
        os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()
