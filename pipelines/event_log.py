"""What happens, one line of JSON each, for a system that collects logs.

Belongs here: which events there are, which fields each has and what a field may look like, and writing them. Does
not belong here: the record of what happened (``pipelines.ledger``), what people are told (``pipelines.telling``),
numbers (``pipelines.metrics``).

A log leaves the machine. So each field has a form, and what does not have it is written as «?»: no value of a
record, no name of a file and no text of an exception gets in, if a caller gives one. The lines go through the
logger «parity» of the standard library, so a program that runs Parity can add handlers of its own.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TextIO

from pipelines.ledger import State
from schemas.errors import NotAsked

ENV_LOG, STDERR = "PARITY_LOG", "stderr"
# The worker process of submissions has no standard error of its own: it is given the number of this one.
ENV_DESCRIPTOR = "_PARITY_LOG_DESCRIPTOR"
_HIDDEN = "?"
_LOGGER = logging.getLogger("parity")
_LOGGER.propagate = False
_LOGGER.setLevel(logging.INFO)
_ID = r"[0-9a-f]{16}(-[0-9]{1,6})?"
_PROVIDER, _MONTH = r"[A-Z0-9]{3,6}", r"20[0-9]{2}-(0[1-9]|1[0-2])"
_COMMAND = r"parity [a-z]{1,20}(-[a-z]{1,20})?"
_CAUSES = (
    rf"(held|rejected|failed)/{_PROVIDER}/{_MONTH}", rf"window/{_MONTH}", rf"unplaced/{_ID}", r"strays/inbox",
    r"release/(lags|withdrawn)", r"left out/release", r"draft/stopped", r"run/[a-zA-Z_]{1,40}",
    r"(doctor|look)/[a-zA-Z. ]{1,24}", r"channel/(files|e-mail|webhook)",
)  # fmt: skip

FORMS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(form)
    for name, form in {
        "submission": _ID,
        "provider": _PROVIDER,
        "month": _MONTH,
        "state": "|".join(State),
        "by": rf"{_COMMAND}|dagster [a-zA-Z_]{{1,40}}|python",
        "command": rf"parity|{_COMMAND}",
        # The class of an exception, by the convention of names: no word of a record has two capitals.
        "error": r"[A-Z][a-z0-9]+([A-Z][A-Za-z0-9]*)+|OSError|IOError|[A-Z][a-z]+Error",
        "release": r"20[0-9]{2}-[0-9]{2}-[0-9a-f]{8}|published-[0-9a-f]{8}",
        "cause": "|".join(_CAUSES),
        "status": r"new|changed|still|over",
        "channel": r"files|e-mail|webhook",
    }.items()
}
"""What the text of each field must look like."""
NUMBERS = ("exit_status", "seconds", "is_new", "submissions", "left_out", "things", "bytes")
"""Fields that are numbers, or true or false."""
EVENTS: Mapping[str, tuple[str, ...]] = {
    "command ended": ("command", "exit_status", "seconds", "error"),
    "submission": ("submission", "provider", "month", "state", "by", "error"),
    "release": ("release", "is_new", "submissions", "left_out", "by"),
    "removed": ("things", "bytes", "by"),
    "told": ("cause", "status"),
    "channel failed": ("channel",),
}
"""Each event with its fields. A field that has no value is left out of the line."""
_FAILURES = ("channel failed",)


def happened(event: str, **fields: object) -> None:
    """Write a line, if ``PARITY_LOG`` says where to. Nothing is raised: a log that fails stops no work.

    Raises KeyError for an event or a field that is not declared: a mistake of ours.
    """
    wrong = fields.keys() - set(EVENTS[event])
    if wrong:
        raise KeyError(f"{event} has no {sorted(wrong)}")
    if not _where():
        return
    try:
        _handle()
    except NotAsked:
        return
    shown = {name: _shown(name, value) for name, value in fields.items() if value not in (None, "")}
    failed = event in _FAILURES or "error" in shown or shown.get("state") == "failed"
    _LOGGER.log(logging.ERROR if failed else logging.INFO, event, extra={"fields": shown})


@contextmanager
def ending(command: str) -> Iterator[dict[str, object]]:
    """Log that a command ended, with what is put into the dictionary that is given."""
    begun = datetime.now(UTC)
    told: dict[str, object] = {}
    try:
        yield told
    finally:
        seconds = round((datetime.now(UTC) - begun).total_seconds(), 3)
        happened("command ended", command=command, seconds=seconds, **told)


def check() -> None:
    """Raise NotAsked if the file that ``PARITY_LOG`` names cannot be written."""
    if _where():
        _handle()


def descriptor() -> int | None:
    """A descriptor of this process's standard error for a process that it starts, if lines go there."""
    if _where() != STDERR or os.name != "posix":
        return None
    given = os.environ.get(ENV_DESCRIPTOR, "")
    return os.dup(int(given) if given.isdecimal() else 2)


def _shown(name: str, value: object) -> str | int | float:
    if name in NUMBERS:
        return value if isinstance(value, (int, float)) else _HIDDEN
    return str(value) if FORMS[name].fullmatch(str(value)) else _HIDDEN


def _where() -> str:
    """Where the lines go, as the setting of now says; empty if nobody asked for them."""
    return os.environ.get(ENV_LOG, "").strip()


def _handle() -> None:
    """Let the logger write there. Raises NotAsked."""
    # Where a library sets up its own logging, Python switches off every logger that it does not name.
    _LOGGER.disabled = False
    where = _where()
    own = next((each for each in _LOGGER.handlers if isinstance(each, (_File, _Stream))), None)
    if own is not None and own.where == where:
        return
    if own is not None:
        _LOGGER.removeHandler(own)
        own.close()
    try:
        made: _File | _Stream = _Stream(where) if where == STDERR else _File(where)
    except OSError as error:
        raise NotAsked(f"{ENV_LOG} must be {STDERR} or a file that can be written ({error.strerror}).") from None
    made.setFormatter(_Line())
    _LOGGER.addHandler(made)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The line of an event."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        own = {"at": at, "level": record.levelname.lower(), "event": record.msg, "process": record.process}
        return json.dumps(own | getattr(record, "fields", {}))


class _File(WatchedFileHandler):
    """A file that only this account may read. One that was moved away, as logrotate does, is begun anew."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(Path(where), encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", opener=_closed_to_others)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Write nothing: the disk may be full, and standard error is for people."""


class _Stream(logging.StreamHandler[TextIO]):
    """Standard error, of the process that asked."""

    def __init__(self, where: str) -> None:
        self.where = where
        given = os.environ.get(ENV_DESCRIPTOR, "")
        stream = os.fdopen(os.dup(int(given)), "w", encoding="utf-8") if given.isdecimal() else sys.stderr
        super().__init__(stream)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Write nothing: nobody listens any more."""


def _closed_to_others(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
