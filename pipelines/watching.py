"""A drop folder of a site: what appears or changes in it is checked once it lies still, with its report beside it.

Belongs here: what in the folder is a submission, when it lies still, which of them were checked as they lie there,
and putting the report in its place. Does not belong here: the check itself (``pipelines.apart``), the inbox of the
centre, which takes what it loads away (``pipelines.inbox_tick``).

The folder is looked at again and again (polling): network drives tell nobody of a change. A look reads names, sizes
and times of files, and no content. A copying program may give a file its full size at once. So two looks in a row
must find the same, every file must open, and a check counts only if nothing has changed when it is done.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import apart
from pipelines.arrivals import is_arriving
from pipelines.inbox import discard, find_submissions
from pipelines.names import is_ignored

REPORT = "_report"
"""What the name of a report's folder ends in, after the name of its submission."""
_CHECKED = "checked.json"
# A submission has at most 64 files, in one folder of its own at most. Somebody may name a whole disk.
_DEEP, _MOST = 2, 1000
_COPIES = 9


class Look(NamedTuple):
    """What one look found: submissions to check now, how many still change, and whether the folder was there."""

    ready: list[Path]
    arriving: int
    is_reached: bool = True


class Done(NamedTuple):
    """One check: the verdict as ``report.json`` has it, the folder of the report, and files of an earlier report
    that are open elsewhere, each with the name of the file that stands in for it.
    """

    verdict: dict[str, Any]
    report: Path
    in_use: dict[str, str]


@dataclass
class Watch:
    """A drop folder from one look to the next. Reports go to ``reports``; ``None``: beside each submission."""

    folder: Path
    reports: Path | None = None
    _before: dict[Path, str] = field(default_factory=dict)
    _settled: dict[Path, str] = field(default_factory=dict)

    def look(self) -> Look:
        """Look once. What lies as it lay at the look before, opens, and was not checked as it lies is ready."""
        try:
            now = {path: lay for path in submissions(self.folder) if (lay := lay_of(path)) is not None}
        except OSError:
            self._before = {}
            return Look([], 0, is_reached=False)
        before, self._before = self._before, now
        asked = [path for path, lay in now.items() if self._settled_as(path) != lay]
        ready = [path for path in asked if before.get(path) == now[path] and _opens(path)]
        return Look(ready, len(asked) - len(ready))

    def check(self, path: Path) -> Done | None:
        """Check what a look found ready, and leave its report. ``None`` if it changed meanwhile: a later look finds
        it again.

        Raises ForThePerson if it cannot be checked and OSError if the report cannot be written. It is not tried
        again until it changes.
        """
        lay = self._settled[path] = self._before[path]
        place = self.place(path)
        draft = place.with_name(f".{place.name}")
        discard(draft)  # of a process that was killed
        try:
            draft.mkdir(parents=True)
            with suppress(FileNotFoundError, NotADirectoryError):  # the new report is compared with the one before
                shutil.copyfile(place / "report.json", draft / "report.json")
            verdict = apart.check(path, draft)
            if lay_of(path) != lay:
                del self._settled[path]
                return None
            return Done(verdict, place, _put(draft, place, lay))
        finally:
            try:
                discard(draft)
            except KeyboardInterrupt:  # pressed just here
                discard(draft)
                raise

    def place(self, path: Path) -> Path:
        """The folder of the report on a submission."""
        return (self.reports or path.absolute().parent) / f"{path.absolute().name}{REPORT}"

    def _settled_as(self, path: Path) -> str | None:
        """How a submission lay when it was checked, now or by an earlier process of this version of Parity."""
        if path not in self._settled:
            kept = _kept(self.place(path))
            if kept.get("parity") == version("parity"):
                self._settled[path] = str(kept.get("lay"))
        return self._settled.get(path)


def submissions(folder: Path) -> list[Path]:
    """The submissions in a drop folder, in order of name: each folder and zip, or the folder itself if the tables
    lie in it. Reports, and files that are still copied by their names, are none.

    Raises OSError if the folder cannot be looked into.
    """
    entries = [entry for entry in sorted(folder.iterdir()) if not _is_beside(entry)]
    if not entries:
        return []
    found = find_submissions(folder)
    if found != [folder]:
        return [path for path in found if path in entries]
    return [] if all(entry.is_dir() for entry in entries) else [folder]


def lay_of(path: Path) -> str | None:
    """How a submission lies there: changes with the name, size or time of any of its files. ``None`` if it is gone,
    has no file, or cannot be looked into.

    Other numbers of a file, such as its inode, change on network drives although the file does not.
    """
    try:
        files = [
            [os.fsencode(file.relative_to(path)).hex(), state.st_size, state.st_mtime_ns]
            for file, state in islice(_files(path, _DEEP), _MOST)
        ]
    except OSError:
        return None
    return hashlib.sha256(json.dumps(files).encode()).hexdigest() if files else None


def _is_beside(entry: Path) -> bool:
    return is_ignored(entry.name) or is_arriving(entry.name) or entry.name.endswith(REPORT)


def _files(path: Path, deep: int) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a submission with what the disk says of them, in order of name, ``deep`` folders down."""
    state = path.lstat()
    if not stat.S_ISDIR(state.st_mode):
        yield path, state
    elif deep:
        for inner in sorted(path.iterdir()):
            if not is_ignored(inner.name):
                yield from _files(inner, deep - 1)


def _opens(path: Path) -> bool:
    """Whether every file can be opened: on Windows one that is being written often cannot. A name of a program that
    is copying says so too.
    """
    for file, state in islice(_files(path, _DEEP), _MOST):
        if is_arriving(file.name):
            return False
        if stat.S_ISREG(state.st_mode):
            try:
                file.open("rb").close()
            except OSError:
                return False
    return True


def _kept(place: Path) -> dict[str, Any]:
    """What an earlier check left beside its report; nothing if it left none that can be read."""
    try:
        found = json.loads((place / _CHECKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _put(draft: Path, place: Path, lay: str) -> dict[str, str]:
    """Put the files of a new report into the place of the one before, ``report.json`` last. Gives those that could
    not be replaced, because another program has them open, with the names of their stand-ins.
    """
    place.mkdir(exist_ok=True)
    names = sorted((file.name for file in draft.iterdir()), key=lambda name: (name == "report.json", name))
    in_use = {name: stand_in for name in names if (stand_in := _replaced(draft / name, place)) != name}
    left = {*names, *in_use.values()}
    for name in _kept(place).get("files", ()):
        if name not in left:  # of the report before: there is no workbook when nothing is wrong any more
            with suppress(OSError):
                (place / Path(name).name).unlink()
    checked = {"lay": lay, "parity": version("parity"), "files": sorted(left)}
    (place / _CHECKED).write_text(json.dumps(checked), encoding="utf-8")
    return in_use


def _replaced(file: Path, place: Path) -> str:
    """Move a file to its place under its own name, or under the next that is free: Excel locks what it shows."""
    for number in range(1, _COPIES + 1):
        name = file.name if number == 1 else f"{file.stem} ({number}){file.suffix}"
        try:
            file.replace(place / name)
        except PermissionError:
            continue
        return name
    raise PermissionError
