"""Who may write the draft: one command or run at a time, by one lock, for the command line and Dagster alike.

Belongs here: the lock of ``builds/draft.duckdb`` and its owner's name. Does not belong here: what is written
(``pipelines.publish``).

The kernel frees the lock when its owner ends, however it ends: a killed publication keeps nobody waiting. Dagster's
pool «warehouse» is only its queue: it keeps waiting runs from taking the place of loads.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pipelines.acting import acting_as
from pipelines.locks import locked_file
from pipelines.zones import Zones
from schemas.errors import ForThePerson

LOCK = "draft.lock"
_EVERY = 0.5
_owned: ContextVar[frozenset[Path]] = ContextVar("_owned", default=frozenset())


class Owner(NamedTuple):
    """Who holds the draft: the command or run, its process and machine, and since when (UTC)."""

    who: str
    process: int
    machine: str
    since: str

    def said(self) -> str:
        """Who holds it, since when, and what to do."""
        begun = datetime.fromisoformat(self.since)
        return (
            f"Another publication is running: {self.who}, process {self.process} on {self.machine}, since "
            f"{begun:%H:%M} UTC on {begun.day} {begun:%B %Y}. Wait until it has finished. If it hangs, end that "
            "process: the published release stays, and the next publication begins anew."
        )


class DraftTaken(ForThePerson):
    """Another command or run writes the draft. The message says who, since when, and what to do."""


def refuse(owner: Owner | None) -> None:
    """Raise DraftTaken."""
    raise DraftTaken(said(owner))


def said(owner: Owner | None) -> str:
    """Who holds the draft, since when, and what to do; of an owner that has not written its name yet, less."""
    return owner.said() if owner else "Another publication has just begun. Wait until it has finished."


@contextmanager
def drafting(
    zones: Zones, waiting: Callable[[Owner | None], None] = refuse, *, run: str | None = None
) -> Iterator[None]:
    """Hold the draft. While somebody else does, ``waiting`` is called twice a second with its owner.

    It may raise to end the wait; without it, that is done at once (``DraftTaken``). ``run`` is the id of a run of
    Dagster. A command that holds the draft may run a job that asks for it again.
    """
    place = zones.builds / LOCK
    if place in _owned.get():
        yield
        return
    lock = _locked(place, waiting)
    try:
        who = acting_as.get() + (f" (run {run[:8]})" if run else "")
        owner = Owner(who, os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat(timespec="seconds"))
        with suppress(OSError):  # a full disk: the draft is held, by somebody without a name
            _write(lock, json.dumps(owner._asdict()))
        token = _owned.set(_owned.get() | {place})
        try:
            yield
        finally:
            _owned.reset(token)
            _write(lock, "")
    finally:
        os.close(lock)


def _locked(place: Path, waiting: Callable[[Owner | None], None]) -> int:
    while True:
        try:
            return locked_file(place, is_waiting=False)
        except BlockingIOError:
            waiting(_owner(place))
            time.sleep(_EVERY)


def _write(lock: int, text: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def _owner(place: Path) -> Owner | None:
    try:
        return Owner(**json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
