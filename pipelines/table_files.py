"""From a file that arrived to the files of its tables, under opaque names, each surveyed.

Belongs here: copying, converting and surveying one file. Does not belong here: which files make a submission
(``pipelines.inbox``), the formats (``transforms.convert``, ``transforms.receive``).

What is converted is kept as CSV, and the file itself is not kept. The hash of what arrived tells whether it comes
again.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from pipelines import names
from pipelines.members import Capped, Member
from schemas.gate import GATE
from schemas.table import Table
from transforms.convert import converters, text
from transforms.convert.converter import NotConverted, Note
from transforms.findings import note
from transforms.receive import format_of, formats
from transforms.survey import Survey, survey

_CHUNK = 1 << 20


@dataclass(frozen=True)
class TableFile:
    """One table file under an opaque path, with its survey (``None`` where the format is no text).

    ``arrived`` says in which format and with which bytes (SHA-256) it came, where it was converted; else empty.
    """

    table_id: str
    path: Path
    seen: Survey | None
    sha256: str
    size: int
    arrived: str = ""


@dataclass
class Taken:
    """What became of one file: its table, what refuses it or a part of it, what was noticed on the way."""

    file: TableFile | None = None
    findings: list[pl.DataFrame] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


class Part(NamedTuple):
    """A table in a file of several: a sheet, or a table of a database."""

    table: Table
    name: str


class Box(NamedTuple):
    """A file with several tables: where it lies, its format and hash (SHA-256, empty in a check)."""

    at: Path
    ending: str
    sha256: str


def take(member: Member, table: Table, workspace: Path, *, keep: bool, is_hashed: bool) -> Taken:
    """The table file of a member that is one table.

    ``keep``: it lies in ``workspace`` afterwards, under a declared name. Otherwise a file on disk is read in place,
    if it need not be converted.
    """
    taken, ending = Taken(), names.split(member.name)[1]
    converter = converters().get(ending)
    at = member.lies_at if not keep else None
    with member.opened:
        if at is not None:
            first = survey(member.opened, is_hashed=is_hashed)
        else:
            at = workspace / f"{table.id}{ending if converter else formats()[ending].ending}"
            with at.open("xb") as copy:
                first = survey(Capped(member.opened, taken.findings, table.id), copy, is_hashed=is_hashed)
    kept, seen = at, first
    if converter is not None:
        written = _converted(taken, table, at, workspace, lambda out: converter.write(at, None, out))
        if written is None:
            return taken
        kept = written
        seen = _surveyed(kept, is_hashed)
    if taken.findings:  # damage or a limit, met while it was read: what there is of it is not the table
        _discard(kept, workspace)
        return taken
    if format_of(kept).is_text:
        kept, seen = _as_csv(taken, table, kept, seen, workspace, is_hashed)
    if any((frame["rule_id"] == "GATE-CUT").any() for frame in taken.findings):
        _discard(kept, workspace)
        return taken
    said = f"{ending} {first.sha256}" if seen.sha256 != first.sha256 else ""
    taken.file = TableFile(table.id, kept, seen if format_of(kept).is_text else None, seen.sha256, seen.size, said)
    return taken


def take_part(box: Box, part: Part, workspace: Path, *, is_hashed: bool) -> Taken:
    """The table file of one table in a file of several."""
    taken, converter = Taken(), converters()[box.ending]
    kept = _converted(taken, part.table, None, workspace, lambda out: converter.write(box.at, part.name, out))
    if kept is not None:
        seen = _surveyed(kept, is_hashed)
        said = f"{box.ending} {box.sha256}" if is_hashed else ""
        taken.file = TableFile(part.table.id, kept, seen, seen.sha256, seen.size, said)
    return taken


def _discard(kept: Path, workspace: Path) -> None:
    """Delete a file that is not used, if it is our own copy."""
    if kept.parent == workspace:
        kept.unlink(missing_ok=True)


@contextmanager
def boxed(
    member: Member, workspace: Path, findings: list[pl.DataFrame], *, keep: bool, is_hashed: bool
) -> Iterator[Box]:
    """A member with several tables, on disk. A copy of it goes at the end: it is not kept."""
    ending, sha256 = names.split(member.name)[1], ""
    copy = workspace / f".arrived-{hashlib.sha256(member.name.encode('utf-8', 'replace')).hexdigest()[:8]}{ending}"
    at = None if keep else member.lies_at
    try:
        with member.opened:
            if at is None or is_hashed:
                with copy.open("xb") as written:
                    sha256 = _copied(Capped(member.opened, findings, None), written)
        yield Box(at or copy, ending, sha256)
    finally:
        converters()[ending].free()
        copy.unlink(missing_ok=True)


def _copied(source: Capped, to: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        to.write(chunk)
    return digest.hexdigest()


def _as_csv(
    taken: Taken, table: Table, at: Path, seen: Survey, workspace: Path, is_hashed: bool
) -> tuple[Path, Survey]:
    """A text file and its survey, as UTF-8 CSV where it is text of another kind. One that is refused for its
    encoding stays as it is: its survey says why.
    """
    out = workspace / f"{table.id}.other"
    try:
        notes = text.as_csv(at, table, seen, out)
    except NotConverted as refused:
        out.unlink(missing_ok=True)
        if refused.rule is GATE["GATE-BYTES"]:
            return at, replace(seen, bad_bytes=refused.found)
        taken.findings.append(note(refused.rule, table.id, refused.found))
        return at, seen
    if notes is None:
        return at, seen
    taken.notes += notes
    kept = _in_place_of(at, out, table, workspace)
    return kept, _surveyed(kept, is_hashed)


def _converted(
    taken: Taken, table: Table, at: Path | None, workspace: Path, write: Callable[[Path], list[Note]]
) -> Path | None:
    """The CSV that ``write`` made; ``None`` if it refused, and then there is a finding."""
    out = workspace / f"{table.id}.other"
    try:
        taken.notes += write(out)
    except NotConverted as refused:
        out.unlink(missing_ok=True)
        if at is not None and at.parent == workspace:
            at.unlink()
        taken.findings.append(note(refused.rule, table.id, refused.found))
        return None
    return _in_place_of(at, out, table, workspace)


def _in_place_of(at: Path | None, out: Path, table: Table, workspace: Path) -> Path:
    """The file ``out`` under the name of its table. What it was made of goes, if it lies in our own folder."""
    if at is not None and at.parent == workspace:
        at.unlink()
    return out.rename(workspace / f"{table.id}.csv")


def _surveyed(path: Path, is_hashed: bool) -> Survey:
    with path.open("rb") as opened:
        return survey(opened, is_hashed=is_hashed)


def names_in(box: Box) -> list[str] | pl.DataFrame:
    """The names of the tables in a file of several, or the finding why it cannot be read."""
    list_names = converters()[box.ending].names
    assert list_names is not None, "a file of several tables has names"
    try:
        return list_names(box.at)
    except NotConverted as refused:
        return note(refused.rule, None, refused.found)
