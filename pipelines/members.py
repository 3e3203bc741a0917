"""The files of a submission, opened one after another: from a folder or a zip, up to the limits of the door.

Belongs here: opening files without following a link, refusing what is too many, too large or swells, before it is
read. Does not belong here: which file is which table (``pipelines.inbox``), the limits (``schemas.limits``).
"""

import errno
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from pipelines import names
from schemas import limits
from schemas.gate import GATE
from schemas.shapes import file_shown
from transforms.archive import BROKEN, Sparing, swells
from transforms.disk_fault import pass_on
from transforms.findings import file_finding, note

# No links. A FIFO in the folder must not block the gate. A site's own machine may support neither.
_OPEN = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _OPEN |= getattr(os, _flag, 0)
# How other files begin, and what marks a zip that is a file of Office.
_BEGINNINGS = {
    b"Standard Jet DB": "an Access database",
    b"Standard ACE DB": "an Access database",
    b"\xd0\xcf\x11\xe0": "a file of Office with a password or of before 2007",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "packed by gzip",
    b"%PDF": "a PDF",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
}
_PACKAGES = {
    "xl/workbook.xml": "an Excel workbook",
    "xl/workbook.bin": "an Excel workbook",
    "word/document.xml": "a Word document",
}
# The fixed part of what stands before a member's bytes.
_LOCAL_HEADER = 30

# The list of files ends with a record of 22 bytes, which a comment of at most 64 KB follows.
_END_OF_ZIP = (64 << 10) + 22

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
        except BROKEN as error:
            pass_on(error)
            self._findings.append(file_finding(GATE["GATE-ZIP"], self._table_id, "a member is damaged"))
            return b""
        self._left -= len(chunk)
        if self._left < 0:
            self._findings.append(file_finding(GATE["GATE-LIMIT-BYTES"], self._table_id, "a file that grows"))
            return b""
        return chunk


def members(path: Path, findings: list[pl.DataFrame], beside: Beside, files: ExitStack) -> Iterator[Member]:
    """The files of the submission at ``path``, in order of name for a folder. What is refused adds a finding, and
    its name and size to ``beside``. What file managers and Office made is left out with a note. ``files`` keeps a
    zip open while its members are read.
    """
    ignored: list[str] = []
    if not path.is_file():
        yield from _folder_members(path, findings, beside, ignored)
    elif names.is_read(names.split(path.name)[1]):
        yield from _single(path, findings)
    else:
        yield from _zip_members(path, findings, beside, ignored, files)
    if ignored:
        findings.append(note(GATE["GATE-IGNORED"], None, _some(sorted(set(ignored)))))


def _some(said: list[str]) -> str:
    return said[0] if len(said) == 1 else f"{said[0]} and {len(said) - 1} more"


def _is_left_out(name: str, ignored: list[str]) -> bool:
    """Whether a path in a folder or zip is left out. What Windows, macOS or Office made is added to ``ignored``."""
    if (made := names.debris(name)) is not None:
        ignored.append(made)
    return made is not None or names.is_hidden(name)


def too_large(size: int) -> str | None:
    """A file's size in words, if it is larger than is read."""
    return f"a file of {_gigabytes(size)}" if size > limits.FILE_BYTES else None


def bytes_at(path: Path) -> int:
    """The bytes of the files at ``path``, as they lie there: of a file, or of a folder and its folders."""
    if not path.is_dir():
        return _size(path)
    return sum(_size(entry) for pattern in ("*", "*/*") for entry in path.glob(pattern) if not entry.is_dir())


def _single(path: Path, findings: list[pl.DataFrame]) -> Iterator[Member]:
    """A file that is a submission by itself: a workbook, a database, or one table."""
    try:
        opened = os.open(path, _OPEN & ~getattr(os, "O_NOFOLLOW", 0))  # the person may name a link
    except OSError as error:
        pass_on(error)
        findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(path.name)))
        return
    size = os.fstat(opened).st_size
    yield Member(path.name, os.fdopen(opened, "rb"), size, path)


def _folder_members(
    path: Path, findings: list[pl.DataFrame], beside: Beside, ignored: list[str]
) -> Iterator[Member]:
    entries = sorted(entry for entry in path.iterdir() if not _is_left_out(entry.name, ignored))
    entries = _without_reports(entries, findings)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        entries = sorted(entry for entry in entries[0].iterdir() if not _is_left_out(entry.name, ignored))
    sizes = [_size(entry) for entry in entries]
    refusals = [each for each in (_too_many(len(entries)), _too_much(sum(sizes))) if each is not None]
    if refusals:
        findings += refusals
        beside += [[entry.name, str(size)] for entry, size in zip(entries, sizes, strict=True)]
        return
    for entry in entries:
        try:
            opened = _open_without_link(entry)
        except OSError as error:
            pass_on(error)
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            os.close(opened)
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        yield Member(entry.name, os.fdopen(opened, "rb"), found.st_size, entry)


def _without_reports(entries: list[Path], findings: list[pl.DataFrame]) -> list[Path]:
    """The entries of a folder without reports that a check wrote into it."""
    reports = [entry for entry in entries if entry.is_dir() and (entry / "report.json").is_file()]
    if reports:
        findings.append(note(GATE["GATE-NOT-READ"], None, "The report of an earlier check in the folder"))
    return [entry for entry in entries if entry not in reports]


def _open_without_link(entry: Path) -> int:
    """The file, opened. Raises OSError for a link, also where the system cannot refuse one itself."""
    if not hasattr(os, "O_NOFOLLOW") and entry.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return os.open(entry, _OPEN)


def _size(entry: Path) -> int:
    try:
        return entry.lstat().st_size
    except OSError:  # gone meanwhile: opening it says so
        return 0


def _zip_members(
    path: Path, findings: list[pl.DataFrame], beside: Beside, ignored: list[str], files: ExitStack
) -> Iterator[Member]:
    said: set[str] = set()

    def refuse(why: str) -> None:
        if why not in said:
            findings.append(note(GATE["GATE-ZIP"], None, why))
        said.add(why)

    try:
        opened = os.open(path, _OPEN & ~getattr(os, "O_NOFOLLOW", 0))  # the person may name a link
    except OSError as error:
        pass_on(error)
        return refuse("it cannot be opened")
    file = files.enter_context(os.fdopen(opened, "rb"))
    if (too_much := _too_much(os.fstat(opened).st_size)) is not None:
        findings.append(too_much)
        return None
    try:
        archive = files.enter_context(zipfile.ZipFile(Sparing(file)))
    except BROKEN as error:
        pass_on(error)
        findings.append(_no_zip(path))
        return None
    listed = archive.infolist()
    package = next((kind for info in listed if (kind := _PACKAGES.get(info.filename))), None)
    if package is not None:
        return refuse(f"by its content it is {package}, not a zip of tables")
    inside = _inside(listed, findings, ignored)
    if (refusal := _why_not_unpacked(inside)) is not None:
        findings.append(refusal)
        beside += [[info.filename, f"{info.file_size} {info.CRC}"] for info in inside]
        return None
    for info in inside:
        try:
            yield Member(info.filename.split("/")[-1], archive.open(info), info.file_size, None)
        except BROKEN as error:
            pass_on(error)
            refuse("a member is damaged or packed in an unknown way")
    return None


def _inside(
    listed: list[zipfile.ZipInfo], findings: list[pl.DataFrame], ignored: list[str]
) -> list[zipfile.ZipInfo]:
    """The files in a zip. Old tools of Windows write a backslash where a folder ends."""
    of_windows = [info for info in listed if "\\" in info.filename]
    for info in of_windows:
        info.filename = info.filename.replace("\\", "/")
    if of_windows:
        findings.append(note(GATE["GATE-READ-FORM"], None, "a zip whose folders are named as Windows names them"))
    return [i for i in listed if not i.filename.endswith("/") and not _is_left_out(i.filename, ignored)]


def _why_not_unpacked(inside: list[zipfile.ZipInfo]) -> pl.DataFrame | None:
    """The finding why a zip is not unpacked, by what it says of its members; ``None`` where it may be."""
    unpacked = sum(m.file_size for m in inside)
    if (why := _too_many(len(inside))) is not None:
        return why
    if (said := _odd(inside)) is not None:
        return file_finding(GATE["GATE-ZIP"], None, said)
    if (said := too_large(max((m.file_size for m in inside), default=0))) is not None:
        return file_finding(GATE["GATE-LIMIT-BYTES"], None, said)
    if (ratio := swells(inside)) is not None:
        return file_finding(GATE["GATE-LIMIT-RATIO"], None, f"{ratio:,}")
    return _too_much(unpacked)


def _no_zip(path: Path) -> pl.DataFrame:
    """The finding about a file that is no zip: that it ends in the middle, or what it is by its first bytes."""
    with path.open("rb") as file:
        start = file.read(20)
        file.seek(max(file.seek(0, 2) - _END_OF_ZIP, 0))
        if start.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in file.read():
            return note(GATE["GATE-CUT"], None, "the zip has no list of its files, which stands at its end")
    return note(GATE["GATE-ZIP"], None, _what_it_is(start))


def _what_it_is(start: bytes) -> str:
    """What a file is that is no zip, in words, by its first bytes."""
    for begins, kind in _BEGINNINGS.items():
        if begins in start:
            return f"by its content it is {kind}, not a zip"
    return "it is no format that is read, or its list of files is damaged or too long"


def _odd(inside: list[zipfile.ZipInfo]) -> str | None:
    """What no ordinary program packs, in words; ``None`` if there is nothing of it."""
    paths = [info.filename for info in inside]
    if len(set(paths)) != len(paths):
        return "it has two files of the same name"
    if not all(paths):
        return "it has a file without a name"
    if any(info.flag_bits & 1 for info in inside):
        return "it is encrypted"
    if any(stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG) for info in inside):
        return "it has a link or a device in it"
    if not _lie_in_one_folder(paths):
        return "it has folders in it"
    by_place = sorted(inside, key=lambda info: info.header_offset)
    for info, following in pairwise(by_place):
        # Python finds this out itself from 3.11.8 on (CVE-2024-0450).
        if info.header_offset + _LOCAL_HEADER + info.compress_size > following.header_offset:
            return "two of its files share the same bytes"
    return None


def _lie_in_one_folder(paths: list[str]) -> bool:
    """Whether all lie at the top of a zip, or all in one folder there."""
    folders = {path.rpartition("/")[0] for path in paths}
    return len(folders) <= 1 and not any("/" in folder for folder in folders) and not any(".." in p for p in paths)


def _too_many(count: int) -> pl.DataFrame | None:
    return file_finding(GATE["GATE-LIMIT-FILES"], None, f"{count:,}") if count > limits.FILES else None


def _too_much(size: int) -> pl.DataFrame | None:
    if size <= limits.TOTAL_BYTES:
        return None
    return file_finding(GATE["GATE-LIMIT-BYTES"], None, f"{_gigabytes(size)} in all")


def _gigabytes(size: int) -> str:
    return f"{size / (1 << 30):,.1f} GB"
