"""Roots of keys in a PKCS#11 token: a hardware security module, a smart card, or SoftHSM.

Belongs here: the token named by a URI (RFC 7512), its PIN, and HMAC with a key object. Does not belong here: what
the roots are for (``keys``), files (``keys.file``).

The roots are made in the token and cannot be read from it. Only the keys of single purposes come out: each is one
HMAC of a root (``keys.store.expanded``). The PIN comes from a file of this user or from a program. It is never part
of a command or of the environment, which other processes and Dagster's database could show.
"""

import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from pipelines.keys.store import BYTES, NAME, KeyUnusable, read_private

_SCHEME = "pkcs11:"
_FORM = "pkcs11:token=NAME;object=NAME?module-path=/path/of/module.so&pin-source=/path/of/pin"
_KNOWN = {"token", "object", "module-path", "pin-source"}
# One login at a time: the standard has one login state for all sessions of a process.
_ALONE = threading.Lock()


@dataclass(frozen=True)
class KeyToken:
    """The token ``token``, whose key objects are named ``<object>-<name of the root>``."""

    token: str
    object: str
    module: str
    pin_source: str

    @classmethod
    def named(cls, uri: str) -> Self:
        """The token that a URI names. Raises KeyUnusable if it has another form, or the PIN in it."""
        attributes = _attributes(uri)
        if "pin-value" in attributes:
            raise KeyUnusable("PARITY_KEY has the PIN itself, where others can see it. Use pin-source instead.")
        missing = {"token", "module-path", "pin-source"} - {name for name, value in attributes.items() if value}
        if not uri.startswith(_SCHEME) or missing or set(attributes) - _KNOWN:
            raise KeyUnusable(f"PARITY_KEY does not have the form {_FORM}.")
        return cls(
            attributes["token"],
            attributes.get("object") or "parity",
            attributes["module-path"],
            attributes["pin-source"],
        )

    def where(self) -> str:
        """The names of token and object."""
        return f"token {self.token}, object {self.object}"

    def names(self) -> frozenset[str]:
        """Names of the roots that the token has."""
        from pkcs11 import Attribute, ObjectClass

        prefix = f"{self.object}-"
        with self._session() as session:
            labels = [
                key[Attribute.LABEL] for key in session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
            ]
        ours = (label.removeprefix(prefix) for label in labels if label.startswith(prefix))
        return frozenset(name for name in ours if NAME.fullmatch(name))

    def expand(self, name: str, info: bytes) -> bytes:
        """HKDF-Expand of the root, computed in the token. Raises KeyUnusable if the root can be read from it."""
        from pkcs11 import Attribute, Mechanism

        with self._session() as session:
            key = self._key(session, name)
            if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
                raise KeyUnusable(f"The key {self._label(name)} can be read from its token. Make one that cannot.")
            made: bytes = key.sign(info + b"\x01", mechanism=Mechanism.SHA256_HMAC)
        return made

    def add(self, name: str, secret: bytes | None = None) -> None:
        """Make a root in the token, or keep ``secret`` there. Raises KeyUnusable if there is one of that name."""
        from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass

        if name in self.names():
            raise KeyUnusable(f"There is a key already: {self._label(name)}. It was left as it is.")
        closed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True}
        with self._session(rw=True) as session:
            if secret is None:
                session.generate_key(
                    KeyType.GENERIC_SECRET,
                    8 * BYTES,
                    label=self._label(name),
                    store=True,
                    capabilities=MechanismFlag.SIGN,
                    template=closed,
                )
                return
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.SECRET_KEY,
                    Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                    Attribute.LABEL: self._label(name),
                    Attribute.TOKEN: True,
                    Attribute.SIGN: True,
                    Attribute.VALUE: secret,
                    **closed,
                }
            )

    def remove(self, name: str) -> None:
        """Destroy the key object of a root."""
        with self._session(rw=True) as session:
            self._key(session, name).destroy()

    def _label(self, name: str) -> str:
        return f"{self.object}-{name}"

    def _key(self, session: Any, name: str) -> Any:
        from pkcs11 import MultipleObjectsReturned, NoSuchKey, ObjectClass

        try:
            return session.get_key(object_class=ObjectClass.SECRET_KEY, label=self._label(name))
        except NoSuchKey:
            raise KeyUnusable(f"The key {self._label(name)} is not in token {self.token}. Restore it.") from None
        except MultipleObjectsReturned:
            raise KeyUnusable(
                f"Token {self.token} has several keys named {self._label(name)}. Remove all but the right one."
            ) from None

    @contextmanager
    def _session(self, rw: bool = False) -> Iterator[Any]:
        """A session with the PIN given. Errors of the token become KeyUnusable, by their class only."""
        try:
            import pkcs11
        except ImportError:
            raise KeyUnusable("Keys in a token need the extra: pip install 'parity[pkcs11]'.") from None
        with _ALONE:
            try:
                token = pkcs11.lib(self.module).get_token(token_label=self.token)
                with token.open(rw=rw, user_pin=self._pin()) as session:
                    yield session
            except pkcs11.NoSuchToken:
                raise KeyUnusable(f"The module {self.module} has no token named {self.token}.") from None
            except (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinInvalid, pkcs11.PinLenRange):
                raise KeyUnusable(
                    f"Token {self.token} refuses the PIN. Correct it before the token locks itself."
                ) from None
            except (pkcs11.PKCS11Error, RuntimeError) as error:
                raise KeyUnusable(f"Token {self.token} cannot be used ({type(error).__name__}).") from None

    def _pin(self) -> str:
        """The PIN from its file, or as the program after ``|`` prints it."""
        if not self.pin_source.startswith("|"):
            return read_private(Path(self.pin_source.removeprefix("file:")), "The file of the PIN").decode()
        try:
            done = subprocess.run(shlex.split(self.pin_source[1:]), stdout=subprocess.PIPE, timeout=120, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise KeyUnusable(f"The program for the PIN did not answer ({type(error).__name__}).") from None
        return done.stdout.decode().strip()


def _attributes(uri: str) -> dict[str, str]:
    path, _, query = uri.removeprefix(_SCHEME).partition("?")
    pairs = (each.partition("=") for each in (*path.split(";"), *query.split("&")) if each)
    return {name: unquote(value) for name, _, value in pairs}
