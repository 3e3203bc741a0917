"""From a path to the tables of a submission.

Belongs here: finding submissions below a path, telling which file is which table, and giving every table file an
opaque name before it is read. Does not belong here: opening files (``pipelines.members``), the content of the
tables (``transforms.receive``), the ledger.

The name of a file never becomes a path or SQL: it is compared with the declared names and then dropped. For a file
named ``*.csv`` DuckDB read the files of every site.
"""

import hashlib
import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.members import Beside, Capped, Member, is_ignored, members, too_large
from schemas import limits
from schemas.dataset import TABLES, find_table
from schemas.errors import NotAsked
from schemas.gate import GATE
from schemas.month import ProviderMonth
from schemas.shapes import file_shown
from transforms.findings import file_finding
from transforms.receive import format_of, formats
from transforms.survey import Survey, survey
from warehouse.storage import sha256_of


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
    def refused(self) -> set[str]:
        """Tables whose files were refused before they were read."""
        return {str(id_) for found in self.findings for id_ in found["table"].drop_nulls()} - set(self.files)

    @property
    def paths(self) -> dict[str, Path]:
        """Where the file of each table lies, by table id."""
        return {id_: file.path for id_, file in self.files.items()}

    @property
    def names(self) -> list[str]:
        """The names of the table files."""
        return [path.name for path in self.paths.values()]

    @property
    def size(self) -> int:
        """Bytes of all table files."""
        return sum(file.size for file in self.files.values())


def find_submissions(path: Path) -> list[Path]:
    """The submissions at ``path``: itself, or the folders and zips directly in it, in order of name.

    If one folder or zip looks like a submission, all others next to it are treated as submissions too. One that is
    not is then rejected with a message, and not ignored.

    Raises NotASubmission for a path that does not exist or is empty.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotASubmission(f"There is no file or folder {shown_name(path)}.")
    entries = sorted(entry for entry in path.iterdir() if not is_ignored(entry.name))
    if any(_table_name(entry.name) for entry in entries if not entry.is_dir()):
        return [path]
    inner = [e for e in entries if not e.is_symlink() and (e.is_dir() or e.suffix.lower() == ".zip")]
    if any(_looks_like_submission(entry) for entry in inner):
        return inner
    if not entries:
        raise NotASubmission(
            f"The folder {shown_name(path)} is empty. A submission is a folder or zip of CSV or Parquet files, "
            "one per table."
        )
    return [path]


def named_in(path: Path) -> ProviderMonth | None:
    """Provider and month from a name such as ``RW5_2025-04`` or ``RW5_2025-04.zip``; ``None`` otherwise."""
    return ProviderMonth.parse(path.name[:-4] if path.name.lower().endswith(".zip") else path.name)


def shown_name(path: Path) -> str:
    """The name of a submission as it may be shown: as a shape, unless it is a provider and month or our own inbox.

    People type paths from all over a disk, and a name may hold anything.
    """
    return path.name if named_in(path) or path.name == "inbox" else file_shown(path.name)


def open_source(path: Path, workspace: Path, *, keep: bool, is_hashed: bool = True) -> Source:
    """Open the submission at ``path``. Every table file is surveyed once.

    ``keep``: copy the files into ``workspace`` under declared names (a load). Otherwise a folder is read in place,
    and only a zip, or a folder with a non-text path, is unpacked there (a check). Without a content hash this
    takes a third less time. Problems become findings.
    """
    findings: list[pl.DataFrame] = []
    beside: Beside = []
    under_way: dict[str, Future[tuple[TableFile, list[pl.DataFrame]]]] = {}
    keep = keep or not _is_text(path)
    # Two at a time: hashing, unpacking and copying leave the interpreter to the other.
    with ExitStack() as opened, ThreadPoolExecutor(2) as readers:
        for member in members(path, findings, beside, opened):
            table_name = _table_name(member.name)
            table = find_table(table_name) if table_name else None
            if (size := too_large(member.size)) is not None:
                member.opened.close()
                beside.append([member.name, str(member.size)])
                findings.append(file_finding(GATE["GATE-LIMIT-BYTES"], table.id if table else None, size))
            elif table is None or table.id in under_way:
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


def unread_source(path: Path, finding: pl.DataFrame) -> Source:
    """A submission of which no file is read, with the finding why. Names and sizes of files tell it apart."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    listed = json.dumps([[file.name if path.is_dir() else "", file.lstat().st_size] for file in files])
    return Source(named_in(path), {}, [finding], hashlib.sha256(f"unread {listed}".encode()).hexdigest())


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
    member: Member, table_id: str, workspace: Path, keep: bool, is_hashed: bool
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
                seen = survey(Capped(member.opened, findings, table_id), copy, is_hashed=is_hashed)
    is_text = format_of(place).is_text
    return TableFile(table_id, place, seen if is_text else None, seen.sha256, seen.size), findings


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


def _looks_like_submission(entry: Path) -> bool:
    if entry.is_file() or named_in(entry) is not None:
        return True
    return any(_table_name(inner.name) for inner in entry.iterdir())


def _read_beside(member: Member, is_hashed: bool) -> list[str]:
    """The name of a file that is no table, and the hash of its bytes."""
    with member.opened:
        found = survey(Capped(member.opened, [], None), is_hashed=True) if is_hashed else None
    return [member.name, found.sha256 if found else ""]


def _content_hash(path: Path, files: dict[str, TableFile], findings: list[pl.DataFrame], beside: Beside) -> str:
    """Hash of all content that a verdict depends on. The same tables hash the same, in a folder or
    a zip, under any name.

    The format of each table, what was found, and every file beside the tables with its name and bytes belong to it.
    So a submission without its ``notes.txt`` is another one, and two whose tables are all misnamed are two.
    """
    if not files and path.is_file() and path.stat().st_size <= limits.TOTAL_BYTES:
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
