"""Locks of folders and files, which the kernel frees when their process ends, however it ends.

Belongs here: taking a lock, and asking whether somebody has it. Does not belong here: what a lock is for.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# ``fcntl`` is imported where it is used, since a site's own machine may not have it, and a check needs none.


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread works on ``folder``, and keep others waiting.

    A killed process keeps nobody waiting. Not to be nested for one folder.
    """
    import fcntl

    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def is_left(folder: Path) -> bool:
    """Whether nobody works on ``folder`` (``alone``) any more. One that is gone was not left."""
    return is_locked(folder) is False


def is_locked(place: Path) -> bool | None:
    """Whether somebody holds the lock of a folder or file; ``None`` if it is not there."""
    import fcntl

    try:
        opened = os.open(place, os.O_RDONLY)
    except FileNotFoundError:  # its process may just have ended, and taken it along
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def locked_file(place: Path, *, is_shared: bool = False, is_waiting: bool = True) -> int:
    """The file, made if it is not there, opened for reading and writing with its lock, until it is closed.

    It is the file that others see: one that is deleted between opening and locking is opened anew. ``is_shared``
    keeps out only those who want it for themselves. Raises BlockingIOError if somebody has it, unless
    ``is_waiting``.
    """
    import fcntl

    how = (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if is_waiting else fcntl.LOCK_NB)
    while True:
        opened, is_seen = os.open(place, os.O_RDWR | os.O_CREAT, 0o600), False
        try:
            fcntl.flock(opened, how)
            with suppress(FileNotFoundError):
                is_seen = os.path.samestat(os.fstat(opened), place.stat())
        finally:
            if not is_seen:
                os.close(opened)
        if is_seen:
            return opened
