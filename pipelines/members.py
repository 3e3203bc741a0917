"""The files of a submission, opened one after another: from a folder or a zip, up to the limits of the door.

Belongs here: opening files without following a link, refusing what is too many, too large or swells, before it is
read. Does not belong here: which file is which table (``pipelines.inbox``), the limits (``schemas.limits``).
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import polars as pl

from schemas import limits
from schemas.gate import GATE
from schemas.shapes import file_shown
from transforms.findings import file_finding

# No links. A FIFO in the folder must not block the gate. A site's own machine may support neither.
_OPEN = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _OPEN |= getattr(os, _flag, 0)
# What a damaged or hostile archive makes zipfile and zlib raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)
# The fixed part of what stands before a member's bytes.
_LOCAL_HEADER = 30

Beside = list[list[str]]
"""Name and size or hash of what belongs to an arrival without being a table."""


class Member(NamedTuple):
    """One file of a submission: its name as given, its bytes, its size, and its path if it is a file on disk."""

    name: str
    opened: IO[bytes]
    size: int
    lies_at: Path | None


class Capped:
    """A reader that stops at the limit of bytes of a file, and at damage. ``table_id`` is named in the finding."""

    def __init__(self, source: IO[bytes], findings: list[pl.DataFrame], table_id: str | None) -> None:
        self._source, self._findings, self._table_id, self._left = source, findings, table_id, limits.FILE_BYTES

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes. Empty at the end, at damage and at the limit; damage and limit add a finding."""
        try:
            chunk = self._source.read(min(size, self._left + 1))
        except _BROKEN:
            self._findings.append(file_finding(GATE["GATE-ZIP"], self._table_id, "a member is damaged"))
            return b""
        self._left -= len(chunk)
        if self._left < 0:
            self._findings.append(file_finding(GATE["GATE-LIMIT-BYTES"], self._table_id, "a file that grows"))
            return b""
        return chunk


def members(path: Path, findings: list[pl.DataFrame], beside: Beside, files: ExitStack) -> Iterator[Member]:
    """The files of the submission at ``path``, in order of name for a folder. What is refused adds a finding, and
    its name and size to ``beside``. ``files`` keeps a zip open while its members are read.
    """
    return (
        _zip_members(path, findings, beside, files) if path.is_file() else _folder_members(path, findings, beside)
    )


def _is_beside(name: str) -> bool:
    """Whether an entry of a zip is a folder, or a file that file managers create."""
    return name.endswith("/") or is_ignored(name)


def is_ignored(name: str) -> bool:
    """Files that file managers create."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in name.split("/"))


def too_large(size: int) -> str | None:
    """A file's size in words, if it is larger than is read."""
    return f"a file of {_gigabytes(size)}" if size > limits.FILE_BYTES else None


def _folder_members(path: Path, findings: list[pl.DataFrame], beside: Beside) -> Iterator[Member]:
    entries = sorted(entry for entry in path.iterdir() if not is_ignored(entry.name))
    sizes = [_size(entry) for entry in entries]
    refusals = [each for each in (_too_many(len(entries)), _too_much(sum(sizes))) if each is not None]
    if refusals:
        findings += refusals
        beside += [[entry.name, str(size)] for entry, size in zip(entries, sizes, strict=True)]
        return
    for entry in entries:
        try:
            opened = os.open(entry, _OPEN)
        except OSError:
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            os.close(opened)
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        yield Member(entry.name, os.fdopen(opened, "rb"), found.st_size, entry)


def _size(entry: Path) -> int:
    try:
        return entry.lstat().st_size
    except OSError:  # gone meanwhile: opening it says so
        return 0


def _zip_members(path: Path, findings: list[pl.DataFrame], beside: Beside, files: ExitStack) -> Iterator[Member]:
    said: set[str] = set()

    def refuse(why: str) -> None:
        if why not in said:
            findings.append(file_finding(GATE["GATE-ZIP"], None, why))
        said.add(why)

    try:
        opened = os.open(path, _OPEN & ~getattr(os, "O_NOFOLLOW", 0))  # the person may name a link
    except OSError:
        return refuse("it cannot be opened")
    file = files.enter_context(os.fdopen(opened, "rb"))
    if (too_much := _too_much(os.fstat(opened).st_size)) is not None:
        findings.append(too_much)
        return None
    try:
        archive = files.enter_context(zipfile.ZipFile(_Sparing(file)))
    except _BROKEN:
        return refuse("it is not a zip, or its list of files is damaged or too long")
    inside = [info for info in archive.infolist() if not _is_beside(info.filename)]
    if (refusal := _why_not_unpacked(inside)) is not None:
        findings.append(refusal)
        beside += [[info.filename, f"{info.file_size} {info.CRC}"] for info in inside]
        return None
    for info in inside:
        try:
            yield Member(info.filename.split("/")[-1], archive.open(info), info.file_size, None)
        except _BROKEN:
            refuse("a member is damaged or packed in an unknown way")
    return None


class _Sparing:
    """A file that is never read in larger pieces than the list of files in a zip may have.

    ``zipfile`` reads that list as one, however long the zip says it is, and makes an object of each entry.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > limits.DIRECTORY_BYTES:
            raise zipfile.BadZipFile("too long")
        return self._file.read(limits.DIRECTORY_BYTES if size < 0 else size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _why_not_unpacked(inside: list[zipfile.ZipInfo]) -> pl.DataFrame | None:
    """The finding why a zip is not unpacked, by what it says of its members; ``None`` where it may be."""
    unpacked, packed = sum(m.file_size for m in inside), sum(m.compress_size for m in inside)
    if (why := _too_many(len(inside))) is not None:
        return why
    if (said := _odd(inside)) is not None:
        return file_finding(GATE["GATE-ZIP"], None, said)
    if (said := too_large(max((m.file_size for m in inside), default=0))) is not None:
        return file_finding(GATE["GATE-LIMIT-BYTES"], None, said)
    if unpacked > limits.RATIO_FROM and unpacked > limits.RATIO * max(packed, 1):
        return file_finding(GATE["GATE-LIMIT-RATIO"], None, f"{unpacked // max(packed, 1):,}")
    return _too_much(unpacked)


def _odd(inside: list[zipfile.ZipInfo]) -> str | None:
    """What no ordinary program packs, in words; ``None`` if there is nothing of it."""
    names = [info.filename for info in inside]
    if len(set(names)) != len(names):
        return "it has two files of the same name"
    if not all(names):
        return "it has a file without a name"
    if any(info.flag_bits & 1 for info in inside):
        return "it is encrypted"
    if any(stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG) for info in inside):
        return "it has a link or a device in it"
    if not _lie_in_one_folder(names):
        return "it has folders in it"
    by_place = sorted(inside, key=lambda info: info.header_offset)
    for info, following in pairwise(by_place):
        # Python finds this out itself from 3.11.8 on (CVE-2024-0450).
        if info.header_offset + _LOCAL_HEADER + info.compress_size > following.header_offset:
            return "two of its files share the same bytes"
    return None


def _lie_in_one_folder(names: list[str]) -> bool:
    """Whether all lie at the top of a zip, or all in one folder there."""
    folders = {name.rpartition("/")[0] for name in names}
    return len(folders) <= 1 and not any("/" in folder for folder in folders) and not any(".." in n for n in names)


def _too_many(count: int) -> pl.DataFrame | None:
    return file_finding(GATE["GATE-LIMIT-FILES"], None, f"{count:,}") if count > limits.FILES else None


def _too_much(size: int) -> pl.DataFrame | None:
    if size <= limits.TOTAL_BYTES:
        return None
    return file_finding(GATE["GATE-LIMIT-BYTES"], None, f"{_gigabytes(size)} in all")


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):,.1f} GB"
