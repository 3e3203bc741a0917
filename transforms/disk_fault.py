"""A fault of the disk, told apart from damage of a file.

Belongs here: which errors say nothing of the file that was read, and what the operating system said in them. Does
not belong here: what is said of the disk (``pipelines.disk``), what is damage (where each format is read).

Damage is of the file, and its site must send another. A disk or a network drive that does not answer says nothing
of the file: another time it can be read, and the submission must not be refused for it.
"""

import errno
import re
from collections.abc import Iterator

# What is said of an entry itself: it is gone, a link, a folder, closed to this account.
_OF_AN_ENTRY = ("ENOENT", "EACCES", "EPERM", "ELOOP", "ENXIO", "ENODEV", "ENOTDIR", "EISDIR", "ENAMETOOLONG")
# A damaged file sends its reader to a place before its beginning.
_OF_THE_FILE = {errno.EINVAL, *(getattr(errno, name, errno.EINVAL) for name in _OF_AN_ENTRY)}
# How libraries in Rust end what the operating system said: they keep no ``errno``.
_OF_RUST = re.compile(r"\(os error ([0-9]+)\)")


def pass_on(error: BaseException) -> None:
    """Raise again what is of the disk or the machine: ``error``, or one that led to it. After this call it is of
    the file. A file that cannot be read is no zip for ``zipfile``, which says so in another error.
    """
    for each in chain(error):
        if isinstance(each, OSError) and each.errno is not None and each.errno not in _OF_THE_FILE:
            raise each
        if any(number != errno.EINVAL for number in of_system(str(each))):
            raise each


def of_system(text: str) -> list[int]:
    """The numbers in errno.h that a library in Rust quotes in ``text``."""
    return [int(number) for number in _OF_RUST.findall(text)]


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that led to it, each once."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        seen.add(id(each))
        yield each
        before = (getattr(each, name, None) for name in ("orig", "__cause__", "__context__"))
        waiting += [one for one in before if isinstance(one, BaseException) and id(one) not in seen]
