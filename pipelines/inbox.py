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
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path, PurePath
from typing import Any

import polars as pl

from pipelines import answers_file, names
from pipelines.members import Beside, Capped, Member, members, too_large
from pipelines.names import Known
from pipelines.table_files import Box, Part, TableFile, Taken, boxed, names_in, take, take_part
from schemas import limits
from schemas.dataset import TABLES
from schemas.errors import NotAsked
from schemas.gate import A_SUBMISSION, GATE
from schemas.month import ProviderMonth
from schemas.rule import Effect
from schemas.shapes import file_shown
from schemas.table import Table
from transforms.convert.converter import Note
from transforms.findings import file_finding, note, printable
from transforms.plausible.answers import Answer
from transforms.receive import format_of
from transforms.survey import Survey, survey
from warehouse.storage import sha256_of

DATABASES = (".mdb", ".accdb")


class NotASubmission(NotAsked):
    """The path is not a submission. The message says why, and what a submission is."""


@dataclass(frozen=True)
class Source:
    """The files of a submission. ``named`` is the provider and month in its name, if there are any. ``answers``
    came in a file beside the tables (``pipelines.answers_file``).
    """

    named: ProviderMonth | None
    files: dict[str, TableFile]
    findings: list[pl.DataFrame] = field(default_factory=list)
    content_sha256: str = ""
    answers: tuple[Answer, ...] = ()

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
    """The submissions at ``path``: itself, or the folders, zips, workbooks and databases in it, in order of name.

    If one of them looks like a submission, all others next to it are treated as submissions too. One that is
    not is then rejected with a message, and not ignored.

    Raises NotASubmission for a path that does not exist or is empty.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NotASubmission(f"There is no file or folder {shown_name(path)}.")
    entries = sorted(entry for entry in path.iterdir() if not names.is_ignored(entry.name))
    if any(_is_table(entry.name) for entry in entries if not entry.is_dir()):
        return [path]
    inner = [e for e in entries if not e.is_symlink() and (e.is_dir() or may_be_submission(e.name))]
    if any(_looks_like_submission(entry) for entry in inner):
        return inner
    if not entries:
        raise NotASubmission(f"The folder {shown_name(path)} is empty. A submission is {A_SUBMISSION}.")
    return [path]


def may_be_submission(name: str) -> bool:
    """Whether a file of this name can be a submission of its own: a zip that is not called after a table, or a
    workbook or database that is called after its provider and month.
    """
    stem, ending = names.split(name)
    return (ending == ".zip" and names.table_of(stem) is None) or (
        names.holds_tables(ending) and named_in(Path(name)) is not None
    )


def named_in(path: PurePath) -> ProviderMonth | None:
    """Provider and month from a name such as ``RW5_2025-04`` or ``RW5_2025-04.zip``; ``None`` otherwise."""
    stem, ending = names.split(path.name)
    return ProviderMonth.parse(stem if ending == ".zip" or names.holds_tables(ending) else path.name)


def shown_name(path: PurePath) -> str:
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
    with ExitStack() as opened, ThreadPoolExecutor(2) as readers:
        arriving = _Arriving(workspace, keep or not _is_text(path), is_hashed, readers, opened)
        for member in members(path, arriving.findings, arriving.beside, opened):
            arriving.add(member)
        files = arriving.files()
    findings = arriving.findings
    if not files and not any(not is_light(frame) for frame in findings):
        findings.append(file_finding(GATE["GATE-EMPTY"], None))
    answers = tuple(arriving.answers)
    sha256 = _content_hash(path, files, findings, arriving.beside, answers)
    return Source(named_in(path), files, findings, sha256, answers)


class _Arriving:
    """The files of a submission while they are opened, two at a time: hashing, unpacking and copying leave the
    interpreter to the other.
    """

    def __init__(
        self, workspace: Path, keep: bool, is_hashed: bool, readers: ThreadPoolExecutor, opened: ExitStack
    ) -> None:
        self.findings: list[pl.DataFrame] = []
        self.beside: Beside = []
        self.answers: list[Answer] = []
        self._workspace, self._keep, self._is_hashed = workspace, keep, is_hashed
        self._readers, self._opened = readers, opened
        self._under_way: dict[str, Future[Taken]] = {}
        self._called: dict[str, list[str]] = {}
        self._respelled: list[str] = []
        self._archives: list[str] = []

    def add(self, member: Member) -> None:
        """Take one file: a table, several tables, or none."""
        stem, ending = names.split(member.name)
        known = names.table_of(stem) if names.is_read(ending) else None
        if (size := too_large(member.size)) is not None:
            member.opened.close()
            self.beside.append([member.name, str(member.size)])
            self.findings.append(note(GATE["GATE-LIMIT-BYTES"], known.table.id if known else None, size))
        elif names.is_answers(member.name):
            self._add_answers(member)
        elif names.is_report(member.name):
            self._add_other(member)
        elif names.holds_tables(ending):
            self._add_box(member, known)
        elif known is None:
            self._add_other(member)
        elif self._is_first(known.table, called := _called(member.name, known)):
            is_as_declared = names.says_its_format(ending) and len(member.name) == len(stem + ending)
            self._note_name(known, called, not is_as_declared)
            self._under_way[known.table.id] = self._readers.submit(
                take, member, known.table, self._workspace, keep=self._keep, is_hashed=self._is_hashed
            )
        else:
            self.beside.append(_read_beside(member, self._is_hashed))

    def files(self) -> dict[str, TableFile]:
        """The file of each table, when all are there."""
        taken = {table_id: future.result() for table_id, future in self._under_way.items()}
        for table_id, each in taken.items():
            self.findings += each.findings
            if each.file is None:
                self.beside.append([table_id, "refused"])
        for table_id, called in self._called.items():
            if len(called) > 1:
                self.findings.append(note(GATE["GATE-TABLE-TWICE"], table_id, " and ".join(called)))
        if self._archives:
            inside = f"an archive in it is not unpacked: {_example(self._archives, 'archive')}"
            self.findings.append(note(GATE["GATE-ZIP"], None, inside))
        if self._respelled:
            self.findings.append(note(GATE["GATE-READ-NAME"], None, _example(self._respelled, "name")))
        self.findings += _notes({table_id: each.notes for table_id, each in taken.items()})
        return {table_id: each.file for table_id, each in taken.items() if each.file is not None}

    def _is_first(self, table: Table, called: str) -> bool:
        self._called.setdefault(table.id, []).append(called)
        return len(self._called[table.id]) == 1

    def _note_name(self, known: Known, called: str, has_other_ending: bool) -> None:
        if not known.is_exact or has_other_ending:
            self._respelled.append(f"{called} was read as {known.table.name}")

    def _add_answers(self, member: Member) -> None:
        """Take the answers that can be used. Why others cannot is said by their rows, without their text."""
        with member.opened:
            content = Capped(member.opened, self.findings, None).read(answers_file.LARGEST + 1)
        answers, unused = answers_file.read(content)
        self.answers += answers
        for why in unused:
            self.findings.append(note(GATE["GATE-NOT-READ"], None, f"{names.ANSWERS}, {why.rstrip('.')},"))
        if unused:
            self.beside.append([names.ANSWERS, hashlib.sha256(content).hexdigest()])

    def _add_other(self, member: Member) -> None:
        self.beside.append(_read_beside(member, self._is_hashed))
        if names.is_document(member.name) or names.is_report(member.name):
            shown = member.name if names.is_report(member.name) else names.document_shown(member.name)
            self.findings.append(note(GATE["GATE-NOT-READ"], None, shown))
        elif names.is_archive(member.name):
            self._archives.append(file_shown(member.name))
        else:
            self.findings.append(file_finding(GATE["GATE-TABLE-UNKNOWN"], None, file_shown(member.name)))

    def _add_box(self, member: Member, known: Known | None) -> None:
        box = self._opened.enter_context(
            boxed(member, self._workspace, self.findings, keep=self._keep, is_hashed=self._is_hashed)
        )
        self.beside.append([member.name, box.sha256])
        found = names_in(box)
        if isinstance(found, pl.DataFrame):
            of_table = pl.lit(known.table.id if known else None, dtype=found.schema["table"])
            self.findings.append(found.with_columns(of_table.alias("table")))
            return
        tables = {name: of for name in found if (of := names.table_of(name)) is not None}
        if not tables and known is not None and len(found) == 1:
            tables = {found[0]: Known(known.table, is_exact=True)}
        for name, of in tables.items():
            called = f"{_called(name, of)} of {file_shown(member.name)}"
            if self._is_first(of.table, called):
                self._note_name(of, called, has_other_ending=False)
                self._under_way[of.table.id] = self._readers.submit(
                    take_part, box, Part(of.table, name), self._workspace, is_hashed=self._is_hashed
                )
        self._note_others([name for name in found if name not in tables], box, bool(tables), member.name)

    def _note_others(self, others: list[str], box: Box, has_tables: bool, called: str) -> None:
        """What else a file of several tables has. A database is full of lists; a sheet may be a table misnamed."""
        if not has_tables:
            self.findings.append(note(GATE["GATE-TABLE-UNKNOWN"], None, f"No name in {file_shown(called)}"))
            return
        unknown = [name for name in others if not (box.ending in DATABASES or names.is_document_sheet(name))]
        for name in unknown:
            self.findings.append(file_finding(GATE["GATE-TABLE-UNKNOWN"], None, f"Sheet {file_shown(name)}"))
        unread = [f"{file_shown(name)} of {file_shown(called)}" for name in others if name not in unknown]
        if unread:
            self.findings.append(note(GATE["GATE-NOT-READ"], None, _example(unread, "other")))


def _called(name: str, known: Known) -> str:
    """How a file or sheet is called where it is shown."""
    return printable(name) if known.is_understood else file_shown(name)


def _example(said: list[str], what: str) -> str:
    """The first of several, and how many more there are."""
    more = len(said) - 1
    return said[0] if not more else f"{said[0]}, and {more} more {what}{'s' if more > 1 else ''} in this way"


def _notes(by_table: dict[str, list[Note]]) -> Iterator[pl.DataFrame]:
    """One finding for each kind of note, however many tables it is about."""
    tables: dict[Note, list[str]] = {}
    for table_id, notes in by_table.items():
        for each in notes:
            tables.setdefault(each, []).append(table_id)
    for each, of in tables.items():
        if GATE[each.rule].effect is not Effect.NOTE or len(of) == 1:
            yield from (note(GATE[each.rule], table_id, each.found) for table_id in of)
        else:
            yield note(GATE[each.rule], None, f"{each.found}, in {len(of)} tables")


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
    answers = {"answers": [asdict(each) for each in source.answers]} if source.answers else {}
    return {"claim": named, "content_sha256": source.content_sha256, "files": files} | answers


def from_record(record: dict[str, Any], folder: Path, findings: list[pl.DataFrame]) -> Source:
    """The submission kept in ``folder``, from ``as_record`` and the earlier findings."""
    files = {
        table_id: TableFile(
            table_id, folder / f["name"], Survey(**f["seen"]) if f["seen"] else None, f["sha256"], f["size"]
        )
        for table_id, f in record["files"].items()
    }
    named = ProviderMonth(record["claim"][0], date.fromisoformat(record["claim"][1])) if record["claim"] else None
    answers = tuple(Answer(**each) for each in record.get("answers", ()))
    return Source(named, files, findings, record["content_sha256"], answers)


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
    return any(_is_table(inner.name) for inner in entry.iterdir())


def _is_table(file_name: str) -> bool:
    """Whether a file is called after a table, with an ending that is read."""
    stem, ending = names.split(file_name)
    return names.is_read(ending) and names.table_of(stem) is not None


def _read_beside(member: Member, is_hashed: bool) -> list[str]:
    """The name of a file that is no table, and the hash of its bytes."""
    with member.opened:
        found = survey(Capped(member.opened, [], None), is_hashed=True) if is_hashed else None
    return [member.name, found.sha256 if found else ""]


def _content_hash(
    path: Path,
    files: dict[str, TableFile],
    findings: list[pl.DataFrame],
    beside: Beside,
    answers: Sequence[Answer] = (),
) -> str:
    """Hash of all content that a verdict depends on. The same tables hash the same, in a folder or
    a zip, under any name.

    The format of each table, what was found, and every file beside the tables with its name and bytes belong to it.
    So a submission without its ``notes.txt`` is another one, and two whose tables are all misnamed are two.
    """
    if not files and path.is_file() and path.stat().st_size <= limits.TOTAL_BYTES:
        return sha256_of(path)
    lines = [_line(files[table_id]) for table_id in TABLES if table_id in files]
    lines += [f"answer {json.dumps(asdict(each))}\n" for each in answers]
    if heavy := [frame for frame in findings if not is_light(frame)]:
        found = pl.concat(heavy).select("rule_id", "table", "found").rows()
        lines += sorted(f"{json.dumps(row)}\n" for row in (*found, *beside))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _line(file: TableFile) -> str:
    if file.arrived:
        return f"{file.table_id} as CSV of {file.arrived}\n"
    ending = format_of(file.path).ending
    return f"{file.table_id}{'' if ending == '.csv' else ending} {file.sha256}\n"


def is_light(findings: pl.DataFrame) -> bool:
    """Whether findings are notes alone: how files are called and what lies beside them is no content."""
    return bool((findings["effect"] == Effect.NOTE.value).all())


def discard(folder: Path) -> None:
    """Remove a workspace and all in it."""
    shutil.rmtree(folder, ignore_errors=True)
