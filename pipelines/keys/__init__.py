"""Which keys there are, one for each purpose, and their versions.

Belongs here: the purposes, the version in use, making, rotating and retiring. Does not belong here: where the roots
lie (``keys.file``, ``keys.token``), using a key (``transforms.pseudonymise``).

A salted hash of an NHS number is broken in minutes if the salt is known (909 million numbers, 321 s on one core).
A keyed hash is broken only with the key. So a key is never passed through Dagster or an environment variable: only
where it is.

The pseudonyms' root has versions. Every token begins with the version that made it, and the newest makes new ones.
Two roots outlast rotations of the pseudonyms: that of the random errors in published figures, and that by which
erased people are recognised. While only version 1 exists both are derived from it. The first rotation stores them.
"""

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path

from pipelines.keys.file import KeyFile
from pipelines.keys.store import KeyStore, KeyUnusable, expanded
from pipelines.zones import Zones, data_root, shown
from schemas.errors import NotAsked
from schemas.token import VERSIONS
from transforms.pseudonymise import TokenKey

ENV_URI, ENV_FILE = "PARITY_KEY", "PARITY_KEY_FILE"
FIGURES, ERASURES = "figures", "erasures"
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def key_store() -> KeyStore:
    """The store that ``PARITY_KEY`` names (``pkcs11:…``), else the file ``PARITY_KEY_FILE``, else
    ``parity/pseudonym.key`` in the user's configuration folder. Raises KeyUnusable if the name has a wrong form.
    """
    uri, named = os.environ.get(ENV_URI), os.environ.get(ENV_FILE)
    if uri and named:
        raise KeyUnusable(f"Both {ENV_URI} and {ENV_FILE} name a key. Unset one of them.")
    if uri:
        from pipelines.keys.token import KeyToken

        return KeyToken.named(uri)
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    path = Path(named) if named else Path(base) / "parity" / "pseudonym.key"
    return KeyFile(path.expanduser().absolute())


def spine_key(version: int | None = None) -> TokenKey:
    """The key of the pseudonyms that link records in the warehouse; the newest version if none is given.

    Where nothing has been pseudonymised yet a key file is made: the first use needs no step before. Raises
    KeyUnusable if the key is missing or cannot be trusted.
    """
    store = key_store()
    made = _pseudonyms(store, "spine", "s", version or _newest(store))
    return replace(made, marks=_lasting(store, FIGURES, "marks", "m").secret)


def extract_key(recipient: str) -> TokenKey:
    """The key of the second-level pseudonyms in an extract for ``recipient``, under the newest version.

    Raises NotAsked if the name is not one word of small letters, digits and hyphens.
    """
    if not _RECIPIENT.fullmatch(recipient):
        raise NotAsked(
            "The name of a recipient has 1 to 40 small letters, digits and hyphens, such as university-of-x."
        )
    store = key_store()
    return _pseudonyms(store, f"extract:{recipient}", "e", _newest(store))


def disclosure_key() -> TokenKey:
    """The key of the random errors in published figures. It stays when the pseudonyms' key is rotated.

    Two releases of the same figures under two keys tell more of the exact ones than either. Raises KeyUnusable as
    ``spine_key`` does.
    """
    return _lasting(key_store(), FIGURES, "disclosure", "d")


def tombstone_key() -> TokenKey:
    """The key by which an erased person's NHS number is recognised when it comes again. It stays for ever.

    The numbers themselves are not kept, so the tokens of them cannot be made anew under another key.
    """
    return _lasting(key_store(), ERASURES, "tombstone", "t")


def fingerprint(key: TokenKey) -> str:
    """A key's version and eight hex digits that identify it, and its key of marks, without revealing either.

    Pseudonyms of different keys never link.
    """
    digest = hashlib.sha256(b"parity fingerprint" + (key.secret + key.marks).encode()).hexdigest()
    return f"{key.version}-{digest[:8]}"


def versions(store: KeyStore) -> list[int]:
    """The versions of the pseudonyms' root that are there, the newest last."""
    return sorted(int(name) for name in store.names() if name.isdigit())


def rotate(store: KeyStore, *, figures: bool = False) -> int:
    """Make the next version of the pseudonyms' root, and return its number. Earlier ones stay.

    ``figures``: change the key of the random errors in published figures too. Raises KeyUnusable if there is no
    key, or no version is left.
    """
    there = versions(store)
    if not there:
        raise KeyUnusable(f"There is no key to rotate in {store.where()}. Make one with `parity keys new`.")
    following = there[-1] + 1
    if following > VERSIONS:
        raise KeyUnusable(f"Version {VERSIONS} of the key is the last that a pseudonym can name.")
    for name in (FIGURES, ERASURES):
        if not _stored(store, name):
            store.add(f"{name}.1", _derived_root(store, name))
    if figures:
        store.add(f"{FIGURES}.{_stored(store, FIGURES) + 1}")
    store.add(str(following))
    return following


def retire(store: KeyStore, version: int) -> None:
    """Destroy an earlier version of the pseudonyms' root. Raises NotAsked if it is the newest or not there."""
    there = versions(store)
    if version not in there:
        known = ", ".join(map(str, there)) or "none"
        raise NotAsked(f"There is no version {version} of the key. There are: {known}.")
    if version == there[-1]:
        raise NotAsked(f"Version {version} is in use. Run `parity keys rotate` first.")
    store.remove(str(version))


def _newest(store: KeyStore) -> int:
    """The newest version. Makes the first one in a file store without any root, unless there are rows already: then
    their key must have been lost.
    """
    names = store.names()
    if not names and isinstance(store, KeyFile):
        if any(Zones(data_root()).pseudonymised.glob("[!.]*")):
            raise KeyUnusable(
                f"The pseudonym key is missing: {store.where()}. Rows in {shown(data_root())} have its tokens. "
                "Restore it from your copy. If it is lost for good: parity keys new, then process everything again."
            )
        try:
            store.add("1")
        except KeyUnusable:
            if not store.names():  # else another process has just made it
                raise
        names = store.names()
    there = [int(name) for name in names if name.isdigit()]
    if not there:
        raise KeyUnusable(
            f"There is no key in {store.where()}. Restore it, or make a first one with `parity keys new`."
        )
    return max(there)


def _pseudonyms(store: KeyStore, purpose: str, letter: str, version: int) -> TokenKey:
    info = f"parity\x1f{purpose}\x1fv{version}".encode()
    return TokenKey(f"{letter}{version}", store.expand(str(version), info).hex())


def _lasting(store: KeyStore, name: str, purpose: str, letter: str) -> TokenKey:
    _newest(store)
    version, info = _stored(store, name), f"parity\x1f{purpose}\x1fv1".encode()
    if version:
        return TokenKey(f"{letter}{version}", store.expand(f"{name}.{version}", info).hex())
    return TokenKey(f"{letter}1", expanded(_derived_root(store, name), info).hex())


def _stored(store: KeyStore, name: str) -> int:
    """The newest version of a root that outlasts rotations; 0 if none is stored."""
    found = [each.removeprefix(f"{name}.") for each in store.names() if each.startswith(f"{name}.")]
    return max(map(int, found), default=0)


def _derived_root(store: KeyStore, name: str) -> bytes:
    """The root ``name`` while it is not stored. Raises KeyUnusable if version 1, which it comes from, is gone."""
    if "1" not in store.names():
        raise KeyUnusable(
            f"The root «{name}» is missing in {store.where()}, and version 1, from which it could be made again, "
            "was retired. Restore it from your copy."
        )
    return store.expand("1", f"parity\x1f{name}\x1froot".encode())
