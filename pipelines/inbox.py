"""From a path to the tables of a submission.

Belongs here: finding submissions below a path, opening folders and zips safely, and giving every table file an
opaque name before it is read. Does not belong here: the content of the tables (``transforms.receive``), the
ledger.

The name of a file never becomes a path or SQL: it is compared with the declared names and then dropped. For a file
named ``*.csv`` DuckDB read the files of every site. A zip may claim one kilobyte and unpack to a thousand times
that.
"""

import hashlib
import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple

import polars as pl

from schemas.dataset import TABLES, find_table
from schemas.errors import NotAsked
from schemas.gate import GATE
from schemas.month import ProviderMonth
from schemas.shapes import file_shown
from transforms.findings import file_finding
from transforms.receive import format_of, formats
from transforms.survey import Survey, survey
from warehouse.storage import sha256_of

# No links. A FIFO in the folder must not block the gate. A site's own machine may support neither.
_OPEN = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
    _OPEN |= getattr(os, _flag, 0)
_MEMBERS_MAX = 64
_UNPACKED_MAX = 32 << 30
# Our real extracts compress 12 to 30 times; a deflate bomb reaches 1,028 times.
_RATIO_MAX = 200
_RATIO_FROM = 64 << 20


class NotASubmission(NotAsked):
    """The path is not a submission. The message says why, and what a submission is."""


@dataclass(frozen=True)
class TableFile:
    """One table file under an opaque path, with its survey (``None`` where the format is no text)."""

    table_id: str
    path: Path
    seen: Survey | None
    sha256: str
    size: int


@dataclass(frozen=True)
class Source:
    """The files of a submission. ``named`` is the provider and month in its name, if there are any."""

    named: ProviderMonth | None
    files: dict[str, TableFile]
    findings: list[pl.DataFrame] = field(default_factory=list)
    content_sha256: str = ""

    @property
    def size(self) -> int:
        """Bytes of all table files."""
        return sum(file.size for file in self.files.values())


class _Member(NamedTuple):
    """One file of a submission: its name as given, its bytes, and its path if it is a file on disk."""

    name: str
    opened: IO[bytes]
    lies_at: Path | None


def find_submissions(path: Path) -> list[Path]:
    """The submissions at ``path``: itself, or the folders and zips directly in it, in order of name.

    If one folder or zip looks like a submission, all others next to it are treated as submissions too. One that is
    not is then rejected with a message, and not ignored.

    Raises NotASubmission for a path that does not exist or is empty.
    """
    if not path.exists():
        raise NotASubmission(f"There is no file or folder called {path}.")
    if path.is_file():
        return [path]
    entries = sorted(entry for entry in path.iterdir() if not _is_ignored(entry.name))
    if any(_table_name(entry.name) for entry in entries if not entry.is_dir()):
        return [path]
    inner = [e for e in entries if not e.is_symlink() and (e.is_dir() or e.suffix.lower() == ".zip")]
    if any(_looks_like_submission(entry) for entry in inner):
        return inner
    if not entries:
        raise NotASubmission(
            f"The folder {path} is empty. A submission is a folder or zip of CSV or Parquet files, one per table."
        )
    return [path]


def named_in(path: Path) -> ProviderMonth | None:
    """Provider and month from a name such as ``RW5_2025-04`` or ``RW5_2025-04.zip``; ``None`` otherwise."""
    return ProviderMonth.parse(path.name[:-4] if path.name.lower().endswith(".zip") else path.name)


def open_source(path: Path, workspace: Path, *, keep: bool, is_hashed: bool = True) -> Source:
    """Open the submission at ``path``. Every table file is surveyed once.

    ``keep``: copy the files into ``workspace`` under declared names (a load). Otherwise a folder is read in place,
    and only a zip, or a folder with a non-text path, is unpacked there (a check). Without a content hash this
    takes a third less time. Problems become findings.
    """
    findings: list[pl.DataFrame] = []
    beside: list[list[str]] = []
    under_way: dict[str, Future[tuple[TableFile, list[pl.DataFrame]]]] = {}
    keep = keep or not _is_text(path)
    members = _zip_members(path, findings) if path.is_file() else _folder_members(path, findings)
    # Two at a time: hashing, unpacking and copying leave the interpreter to the other.
    with ThreadPoolExecutor(2) as readers:
        for member in members:
            table_name = _table_name(member.name)
            table = find_table(table_name) if table_name else None
            if table is None or table.id in under_way:
                beside.append(_read_beside(member, is_hashed))
                rule = GATE["GATE-TABLE-TWICE"] if table else GATE["GATE-TABLE-UNKNOWN"]
                findings.append(file_finding(rule, *((table.id,) if table else (None, file_shown(member.name)))))
            else:
                under_way[table.id] = readers.submit(_take, member, table.id, workspace, keep, is_hashed)
    files = {table_id: taken.result()[0] for table_id, taken in under_way.items()}
    findings += [finding for taken in under_way.values() for finding in taken.result()[1]]
    if not files and not findings:
        findings.append(file_finding(GATE["GATE-EMPTY"], None))
    return Source(named_in(path), files, findings, _content_hash(path, files, findings, beside))


def as_record(source: Source) -> dict[str, Any]:
    """What is needed to read a kept submission again without a new survey, for JSON."""
    files = {
        table_id: {"name": f.path.name, "sha256": f.sha256, "size": f.size, "seen": f.seen and asdict(f.seen)}
        for table_id, f in source.files.items()
    }
    named = [source.named.provider, source.named.month.isoformat()] if source.named else None
    return {"claim": named, "content_sha256": source.content_sha256, "files": files}


def from_record(record: dict[str, Any], folder: Path, findings: list[pl.DataFrame]) -> Source:
    """The submission kept in ``folder``, from ``as_record`` and the earlier findings."""
    files = {
        table_id: TableFile(
            table_id, folder / f["name"], Survey(**f["seen"]) if f["seen"] else None, f["sha256"], f["size"]
        )
        for table_id, f in record["files"].items()
    }
    named = ProviderMonth(record["claim"][0], date.fromisoformat(record["claim"][1])) if record["claim"] else None
    return Source(named, files, findings, record["content_sha256"])


def _take(
    member: _Member, table_id: str, workspace: Path, keep: bool, is_hashed: bool
) -> tuple[TableFile, list[pl.DataFrame]]:
    """The table file of a member, and what was found on the way."""
    findings: list[pl.DataFrame] = []
    place = workspace / f"{table_id}{Path(member.name).suffix.lower()}"
    with member.opened:
        if member.lies_at is not None and not keep:
            place = member.lies_at
            seen = survey(member.opened, is_hashed=is_hashed)
        else:
            with place.open("xb") as copy:
                seen = survey(_Capped(member.opened, findings, table_id), copy, is_hashed=is_hashed)
    is_text = format_of(place).is_text
    return TableFile(table_id, place, seen if is_text else None, seen.sha256, seen.size), findings


class _Capped:
    """A reader that stops at the limit for unpacked bytes, even if the zip entry claims less."""

    def __init__(self, source: IO[bytes], findings: list[pl.DataFrame], table_id: str) -> None:
        self._source, self._findings, self._table_id, self._left = source, findings, table_id, _UNPACKED_MAX

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes. Empty at the end, at damage and at the limit; damage and limit add a finding."""
        try:
            chunk = self._source.read(min(size, self._left))
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError):
            self._findings.append(file_finding(GATE["GATE-ZIP"], self._table_id, "a member is damaged"))
            return b""
        self._left -= len(chunk)
        if self._left <= 0:
            self._findings.append(file_finding(GATE["GATE-ZIP"], self._table_id, "a member is too large"))
            return b""
        return chunk


def _folder_members(path: Path, findings: list[pl.DataFrame]) -> Iterator[_Member]:
    for entry in sorted(path.iterdir()):
        if _is_ignored(entry.name):
            continue
        try:
            opened = os.open(entry, _OPEN)
        except OSError:
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            findings.append(file_finding(GATE["GATE-FILE"], None, file_shown(entry.name)))
            continue
        yield _Member(entry.name, os.fdopen(opened, "rb"), entry)


def _zip_members(path: Path, findings: list[pl.DataFrame]) -> Iterator[_Member]:
    def refuse(why: str) -> None:
        findings.append(file_finding(GATE["GATE-ZIP"], None, why))

    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError):
        refuse("it is not a zip")
        return
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir() and not _is_ignored(info.filename)]
        if why := _why_not_unpacked(members):
            refuse(why)
            return
        for info in members:
            try:
                yield _Member(info.filename.split("/")[-1], archive.open(info), None)
            except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError):
                refuse("a member is damaged or packed in an unknown way")


def _why_not_unpacked(members: list[zipfile.ZipInfo]) -> str | None:
    """Why a zip is not unpacked, in words, by what it says of its members; ``None`` where it may be."""
    names = [info.filename for info in members]
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if len(members) > _MEMBERS_MAX:
        return f"it has {len(members)} files; at most {_MEMBERS_MAX} are read"
    if len(set(names)) != len(names):
        return "it has two files of the same name"
    if any(info.flag_bits & 1 for info in members):
        return "it is encrypted"
    if not _lie_in_one_folder(names):
        return "it has folders in it"
    if unpacked > _UNPACKED_MAX or (unpacked > _RATIO_FROM and unpacked > _RATIO_MAX * max(packed, 1)):
        return "it unpacks to more than is read"
    return None


def _lie_in_one_folder(names: list[str]) -> bool:
    """Whether all lie at the top of a zip, or all in one folder there."""
    folders = {name.rpartition("/")[0] for name in names}
    return len(folders) <= 1 and not any("/" in folder for folder in folders) and not any(".." in n for n in names)


def _table_name(file_name: str) -> str | None:
    """The table name in a file name, if its ending is one we read."""
    stem, dot, suffix = file_name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in formats() and find_table(stem) else None


def _is_text(path: Path) -> bool:
    """Whether the path can be given to Polars, which knows UTF-8 paths only."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_ignored(name: str) -> bool:
    """Files that file managers create."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in name.split("/"))


def _looks_like_submission(entry: Path) -> bool:
    if entry.is_file() or named_in(entry) is not None:
        return True
    return any(_table_name(inner.name) for inner in entry.iterdir())


def _read_beside(member: _Member, is_hashed: bool) -> list[str]:
    """The name of a file that is no table, and the hash of its bytes."""
    with member.opened:
        found = survey(_Capped(member.opened, [], ""), is_hashed=True) if is_hashed else None
    return [member.name, found.sha256 if found else ""]


def _content_hash(
    path: Path, files: dict[str, TableFile], findings: list[pl.DataFrame], beside: list[list[str]]
) -> str:
    """Hash of all content that a verdict depends on. The same tables hash the same, in a folder or
    a zip, under any name.

    The format of each table, what was found, and every file beside the tables with its name and bytes belong to it.
    So a submission without its ``notes.txt`` is another one, and two whose tables are all misnamed are two.
    """
    if not files and path.is_file():
        return sha256_of(path)
    lines = [_line(files[table_id]) for table_id in TABLES if table_id in files]
    if findings:
        found = pl.concat(findings).select("rule_id", "table", "found").rows()
        lines += sorted(f"{json.dumps(row)}\n" for row in (*found, *beside))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _line(file: TableFile) -> str:
    ending = file.path.suffix.lower()
    return f"{file.table_id}{'' if ending == '.csv' else ending} {file.sha256}\n"


def discard(folder: Path) -> None:
    """Remove a workspace and all in it."""
    shutil.rmtree(folder, ignore_errors=True)
