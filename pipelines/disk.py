"""What is wrong with the disk, told from an error and said in words.

Belongs here: telling a full, broken or read-only disk from the errors of Python, SQLite and native libraries.
Does not belong here: what becomes of the submission (``pipelines.load``).

The text of an error may quote a record or the name of a site's file. It is searched, and never shown.
"""

import errno
import os
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.zones import Zones, data_root, shown
from transforms.disk_fault import chain, of_system

# What is said of {folder}, by the name of the error in errno.h.
_SAID = {
    "ENOSPC": "The disk is full: there is no room left in {folder}. Make room, then run the same command again.",
    "EDQUOT": "The quota of this account is used up: it may not write more to {folder}. Make room or ask for a "
    "larger quota, then run the same command again.",
    "EIO": "The disk has a fault: something in {folder} could not be read or written. Have the disk checked, then "
    "run the same command again.",
    "EROFS": "{folder} is on a disk that can only be read. Make it writable, then run the same command again.",
}
_NAMES = {getattr(errno, name): name for name in _SAID}
# Primary result codes of SQLite (sqlite.org/rescode.html): FULL, IOERR, READONLY.
_SQLITE = {13: "ENOSPC", 10: "EIO", 8: "EROFS"}
_UNCLEAR = (10, 14)  # IOERR and CANTOPEN are also what SQLite says of a full disk
_IN_WORDS = {os.strerror(number): name for number, name in _NAMES.items()} | {"disk is full": "ENOSPC"}


class Trouble(NamedTuple):
    """The name of the error in errno.h, and the folder of the data root (empty: the root, or not known)."""

    name: str
    zone: str = ""

    def said(self) -> str:
        """What is wrong, where, and what to do."""
        return _SAID[self.name].format(folder=shown(data_root() / self.zone))


def trouble(error: BaseException) -> Trouble | None:
    """What is wrong with the disk, by an error or one that led to it; ``None`` if it is something else."""
    for each in chain(error):
        name = _by_number(each) or named_in_text(str(each))
        if name is not None:
            return Trouble(name, _zone(each))
    return None


def detail(error: BaseException) -> dict[str, str]:
    """What the ledger keeps of an error: its class, and the name of what is wrong with the disk."""
    found = trouble(error)
    return {"error": type(error).__name__} | ({"disk": found.name} if found else {})


def named_in_text(text: str) -> str | None:
    """The name of the error of the disk that a native library quotes in ``text``."""
    numbers = (_NAMES.get(number) for number in of_system(text))
    words = (name for said, name in _IN_WORDS.items() if said in text)
    return next(filter(None, (*numbers, *words)), None)


def _by_number(error: BaseException) -> str | None:
    if isinstance(error, OSError):
        return _NAMES.get(error.errno or 0)
    code: Any = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return None
    if code & 0xFF in _UNCLEAR and _is_full():
        return "ENOSPC"
    return _SQLITE.get(code & 0xFF)


def _is_full() -> bool:
    try:
        return os.statvfs(data_root()).f_bavail == 0
    except OSError:
        return False


def _zone(error: BaseException) -> str:
    """The folder of the data root in which the error happened. No other part of a path is ours to show."""
    name: Any = getattr(error, "filename", None)
    root = data_root()
    try:
        first = Path(name).absolute().relative_to(root).parts[0]
    except (TypeError, ValueError, IndexError):
        return ""
    return first if root / first in Zones(root).folders else ""
