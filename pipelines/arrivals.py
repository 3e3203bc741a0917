"""The inbox: what waits there, when it has come to rest, and where it goes when it has been taken.

Belongs here: which entries of the inbox are submissions, how they lie there, and moving them. Does not belong
here: when a load is requested (``pipelines.inbox_tick``), what is in a submission (``pipelines.inbox``).

An entry leaves the inbox when its outcome is in the ledger: for ``received/`` there, or for ``refused/`` if its
file was rejected. A load that broke off leaves it where it is, and the next one takes it again. Both folders lie
in the inbox, since a folder can be moved at once only within one disk. The same name there later is a new arrival.
"""

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.inbox import NotASubmission, find_submissions, may_be_submission
from pipelines.ledger import State
from pipelines.names import is_ignored
from pipelines.zones import PRIVATE, Zones
from reports.site.wording import counted
from schemas.gate import A_SUBMISSION

RECEIVED, REFUSED = "received", "refused"
WHY = "why.txt"
_STRAY = "stray-"
# Names that programs give a file while they copy it. They rename it when it is complete.
_ARRIVING = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
_WHY = (
    f"A submission is {A_SUBMISSION}. What lies beside this file is none of these, so it does not say which "
    "service sent it. It was not loaded. Give it such a name, or put its tables into a folder or a zip, and send "
    "that.\n"
)


@dataclass(frozen=True)
class Seen:
    """An entry of the inbox as it lies there.

    ``content`` changes when a file is written, ``all`` with the mode or place of a file too. ``at`` is when that
    last happened (nanoseconds, by the clock of the disk). ``is_empty``: a folder without a file.
    """

    content: str
    all: str
    at: int
    is_empty: bool


@dataclass(frozen=True)
class Waiting:
    """What lies in the inbox: how many submissions wait, files that are no submission, and how many of these were
    put into ``refused/``.
    """

    submissions: int
    strays: int
    refused_strays: int


def entries(zones: Zones) -> list[Path]:
    """What waits in the inbox as a submission, in order of name: each folder and zip, and each workbook or database
    that is called after its provider and month.
    """
    return [path for path in _waiting(zones) if _may_be_submission(path)]


def strays(zones: Zones) -> list[Path]:
    """What lies in the inbox and can be no submission: other files, and links."""
    return [path for path in _waiting(zones) if not _may_be_submission(path)]


def waiting(zones: Zones) -> Waiting:
    """How many of each lie in the inbox."""
    return Waiting(len(entries(zones)), len(strays(zones)), sum(map(is_stray, put_away_in(zones, REFUSED))))


def submissions(path: Path, zones: Zones) -> list[Path]:
    """The submissions at ``path``. In the inbox each of ``entries`` is one, whatever else lies there.

    Raises NotASubmission where there is none.
    """
    if path.resolve() != zones.inbox:
        return find_submissions(path)
    if not (found := entries(zones)):
        beside = len(strays(zones))
        what = f"has no submission, and {counted(beside, 'other file')}" if beside else "is empty"
        raise NotASubmission(f"The inbox {what}. A submission is {A_SUBMISSION}.")
    return found


def seen(path: Path) -> Seen | None:
    """The entry as it lies there; ``None`` if it is gone, or cannot be looked into."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
        files = sorted(path.iterdir()) if is_folder else [path]
        states = [(os.fsencode(each.name).hex(), each.lstat()) for each in files]
        at = max(path.lstat().st_ctime_ns, *(state.st_ctime_ns for _, state in states), 0)
    except OSError:
        return None
    # A copying program sets the time of the content to that of the source. The time of the change is the disk's.
    content = [[name, state.st_size, state.st_mtime_ns, state.st_ino] for name, state in states]
    return Seen(_hash(content), _hash([content, at]), at, not files)


def is_arriving(name: str) -> bool:
    """Whether a program gave a file this name while it copies it."""
    return name.lower().endswith(_ARRIVING)


def name_of(path: Path) -> str:
    """A name for an entry that shows nothing of its own: that may hold anything."""
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]


@dataclass
class Taken:
    """An entry that is being loaded. ``outcome`` is its submission and state, once both are known."""

    outcome: tuple[str, State] | None = None


@contextmanager
def taking(path: Path, zones: Zones) -> Iterator[Taken]:
    """Move the entry at ``path`` out of the inbox at the end, if it has an outcome and lies directly in the inbox.

    It stays if its files changed meanwhile: then it is a new arrival. It also stays where the account may not move
    it. Nothing is raised for either, as the submission was received.
    """
    before = seen(path) if path.parent.resolve() == zones.inbox else None
    taken = Taken()
    yield taken
    if before is None or taken.outcome is None or not _is_same(seen(path), before):
        return
    submission_id, state = taken.outcome
    where = REFUSED if state is State.FILE_REJECTED else RECEIVED
    try:
        place = _put(path, _fresh(zones.inbox / where, submission_id))
    except OSError:
        return
    # A site that wrote in that very moment believes that it sent what now lies in ``received``.
    if not _is_same(seen(place), before) and not path.exists():
        place.rename(path)


def refuse_stray(path: Path, zones: Zones) -> bool:
    """Move what is no submission to ``refused/``, with a word why. Returns whether that was possible."""
    try:
        place = _fresh(zones.inbox / REFUSED, f"{_STRAY}{secrets.token_hex(4)}")
        (place / WHY).write_text(_WHY, encoding="utf-8")
        _put(path, place)
    except OSError:
        return False
    return True


def put_away_in(zones: Zones, where: str) -> list[Path]:
    """The folders in ``received`` or ``refused`` of the inbox, each with an entry that was moved there."""
    folder = zones.inbox / where
    return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []


def submission_of(place: Path) -> str:
    """The id of the submission in one of ``put_away_in``; one that is no submission's if it is none."""
    return place.name.partition(".")[0]


def is_stray(place: Path) -> bool:
    """Whether one of ``put_away_in`` is no submission, so that nothing was received of it."""
    return place.name.startswith(_STRAY)


def _is_same(now: Seen | None, before: Seen) -> bool:
    return now is not None and now.content == before.content


def _hash(what: object) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def _waiting(zones: Zones) -> list[Path]:
    return [
        path
        for path in sorted(zones.inbox.iterdir())
        if not is_ignored(path.name) and not is_arriving(path.name) and path.name not in (RECEIVED, REFUSED)
    ]


def _may_be_submission(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # gone meanwhile
        return False
    return stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and may_be_submission(path.name))


def _fresh(folder: Path, name: str) -> Path:
    """A new folder in ``folder`` for one entry: the same submission may have come before. An empty one was left by
    a process that was killed, and is made anew.
    """
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    number = 1
    while True:
        place = folder / (name if number == 1 else f"{name}.{number}")
        with suppress(OSError):  # not there, or not empty
            place.rmdir()
        try:
            place.mkdir(mode=PRIVATE)
        except FileExistsError:
            number += 1
        else:
            return place


def _put(path: Path, place: Path) -> Path:
    """Move an entry into a folder of its own; the folder goes again if that is not possible."""
    try:
        return path.rename(place / path.name)
    except OSError:
        (place / WHY).unlink(missing_ok=True)
        with suppress(OSError):  # not empty: another process put an entry there
            place.rmdir()
        raise
