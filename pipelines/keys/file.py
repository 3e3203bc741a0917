"""Roots of keys in files of this user, one file each.

Belongs here: the files, making them whole, and refusing those that others could read or replace. Does not belong
here: what the roots are for (``keys``), what makes a secret unfit (``keys.store``).

Version 1 has the name of the store itself, as every key file before versions. Version 2 has ``.2`` after it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.durable import move
from pipelines.keys.store import BYTES, NAME, KeyUnusable, expanded, read_private, refuse_place, secret_of
from pipelines.locks import alone
from warehouse.storage import sync

_WHAT = "The pseudonym key"


@dataclass(frozen=True)
class KeyFile:
    """The store whose first version is the file ``path``."""

    path: Path

    def where(self) -> str:
        """The path."""
        return str(self.path)

    def names(self) -> frozenset[str]:
        """Names of the roots that have a file."""
        refuse_place(self.path, _WHAT)
        prefix = f"{self.path.name}."
        with _explained(self.path.parent):
            beside = list(self.path.parent.iterdir()) if self.path.parent.is_dir() else []
            first = {"1"} if os.path.lexists(self.path) else set()
        found = {each.name.removeprefix(prefix) for each in beside if each.name.startswith(prefix)}
        return frozenset({name for name in found if NAME.fullmatch(name) and name != "1"} | first)

    def expand(self, name: str, info: bytes) -> bytes:
        """HKDF-Expand of the root in the file. Raises KeyUnusable if the file cannot be trusted."""
        return expanded(secret_of(read_private(self._file(name), _WHAT)), info)

    def add(self, name: str, secret: bytes | None = None) -> None:
        """Write a new root, complete or not at all, with mode 0400.

        Raises KeyUnusable if there is one of that name, or the folder cannot be written to.
        """
        path = self._file(name)
        refuse_place(path, _WHAT)
        with _explained(path.parent):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with alone(path.parent):  # two first runs make one key
                for leftover in path.parent.glob(f".{path.name}.*.new"):
                    leftover.unlink()
                if os.path.lexists(path):
                    raise KeyUnusable(f"There is a key already: {path}. It was left as it is.")
                beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as file:
                    file.write((secret or secrets.token_bytes(BYTES)).hex())
                    file.flush()
                    os.fsync(file.fileno())
                move(beside, path)  # a key that made tokens must not be lost with the power

    def remove(self, name: str) -> None:
        """Delete the file of a root. What a disk keeps of deleted files is beyond Parity."""
        with _explained(self.path.parent), alone(self.path.parent):
            self._file(name).unlink()
            sync(self.path.parent)

    def _file(self, name: str) -> Path:
        return self.path if name == "1" else self.path.with_name(f"{self.path.name}.{name}")


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say of an error of the file system where it was and what to do."""
    try:
        yield
    except OSError as error:
        raise KeyUnusable(
            f"The pseudonym key cannot be kept in {folder} ({error.strerror}). The folder must be your own and "
            "writable, or name another path."
        ) from None
