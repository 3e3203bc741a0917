"""Access databases (.mdb, .accdb), such as the national intermediate database: one table of it per table.

Belongs here: asking mdbtools, where it is installed, for the tables of a database. Does not belong here: reading
the file format, for which no Python library is kept well enough.

mdbtools is a program in C that reads a file somebody sent. It runs as a process of its own, with limits of memory
and processor time, and without its output being shown. The rows it writes are counted against the number that the
database itself says.

It says the same of damage and of a disk that does not answer. So after damage the file is read here, where the
operating system says which it is, and mdbtools is asked once more.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from schemas import limits
from transforms.convert.converter import Converter, NotConverted, Note
from transforms.survey import survey

T = TypeVar("T")

_CHUNK = 1 << 20
_SECONDS = 600
_FORMS = ("--date-format=%Y-%m-%d", "--datetime-format=%Y-%m-%dT%H:%M:%S", "--bin=strip")
# Access has one type for days, times and moments.
_DAY = re.compile(rb'(?<=[,\n])"?([0-9]{4}-[0-9]{2}-[0-9]{2})T00:00:00"?(?=[,\r\n])')
_TIME = re.compile(rb'(?<=[,\n])"?1899-12-30T([0-9]{2}:[0-9]{2}:[0-9]{2})"?(?=[,\r\n])')


class _Damaged(NotConverted):
    """What mdbtools answers of a file that it cannot read, or not all of it."""

    def __init__(self, found: str = "it is damaged, it has a password, or it is another format") -> None:
        super().__init__("GATE-DATABASE", found)


def tables(path: Path) -> list[str]:
    """The names of the tables of a database. Raises NotConverted, and OSError where the disk does not answer."""
    if path.stat().st_size > limits.DATABASE_BYTES:
        raise NotConverted("GATE-LIMIT-BYTES", f"a database of more than {limits.DATABASE_BYTES >> 30} GB")
    return _sure(path, partial(_tables, path))


def write(path: Path, name: str | None, out: Path) -> list[Note]:
    """Write one table as CSV. Raises NotConverted, also where a row of it cannot be read, and OSError where the
    disk does not answer.
    """
    assert name is not None, "a database has several tables"
    out.touch(exist_ok=False)
    _sure(path, partial(_write, path, name, out))
    return []


def _sure(path: Path, ask: Callable[[], T]) -> T:
    """What ``ask`` finds. Where it finds damage, the file is read and it is asked once more."""
    try:
        return ask()
    except _Damaged:
        with path.open("rb") as opened:
            while opened.read(_CHUNK):
                pass
        return ask()


def _tables(path: Path) -> list[str]:
    names = _asked("mdb-tables", "--single-column", "--type=table", "--", str(path)).decode("utf-8", "replace")
    if not (found := [name for name in names.splitlines() if name.strip()]):
        raise _Damaged
    return found


def _write(path: Path, name: str, out: Path) -> None:
    size, rest = 0, b""
    with _running("mdb-export", *_FORMS, "--", str(path), name) as process, out.open("wb") as written:
        assert process.stdout is not None
        while chunk := process.stdout.read(_CHUNK):
            size += len(chunk)
            if size > limits.FILE_BYTES:
                raise NotConverted("GATE-LIMIT-BYTES", "a table that grows")
            whole, end, rest = (rest + chunk).rpartition(b"\n")
            written.write(_as_declared(whole + end))
        written.write(_as_declared(rest))
        _succeeded(process)
    with out.open("rb") as opened:
        found = survey(opened, is_hashed=False).records - 1
    said = _asked("mdb-count", "--", str(path), name).strip()
    if said != str(found).encode():
        raise _Damaged(f"{found:,} rows of a table can be read, and it says that it has others")


def _as_declared(lines: bytes) -> bytes:
    """Days and times as the dataset writes them. A moment stays what it is."""
    return _TIME.sub(rb"\1", _DAY.sub(rb"\1", lines))


def _asked(program: str, *arguments: str) -> bytes:
    """What a program of mdbtools answers, at most as much as the list of files of a zip."""
    with _running(program, *arguments) as process:
        assert process.stdout is not None
        answer = process.stdout.read(limits.DIRECTORY_BYTES)
        _succeeded(process)
    return answer


def _succeeded(process: subprocess.Popen[bytes]) -> None:
    """Raise _Damaged if the program could not read the file."""
    if process.wait() != 0:
        raise _Damaged


@contextmanager
def _running(program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of mdbtools at work, ended at the latest with the block."""
    if (found := shutil.which(program)) is None:
        raise NotConverted("GATE-DATABASE", "mdbtools, which reads such a file, is not installed here")
    known = {name: value for name in ("PATH", "LD_LIBRARY_PATH") if (value := os.environ.get(name))}
    process = subprocess.Popen(
        [found, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=known | {"LC_ALL": "C.UTF-8"},
    )
    with process:
        try:
            _limit(process.pid)
            yield process
        finally:
            process.kill()


def _limit(process: int) -> None:
    """Limits of memory, processor time and files for a process that has begun."""
    with suppress(ImportError, AttributeError, OSError):  # a site's own machine may not have them
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (limits.DATABASE_BYTES, limits.DATABASE_BYTES))
        resource.prlimit(process, resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))


CONVERTER = Converter((".mdb", ".accdb"), "an Access database", tables, write)
