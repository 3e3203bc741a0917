"""Crashes at named points: what a load or a publication leaves when the machine stops, or the disk is full or broken.

Belongs here: what stands between a process and the disk (``break.c``), the process that runs a step with it
(``__main__``), and asking for a step (``run``). Does not belong here: what must hold afterwards
(``tests/journeys/test_crash_points.py``).

A point is one call that changes or reads a file below the data root, of any thread or child process and of native code too:
the 14th write to ``ledger.sqlite-wal``. ``run`` breaks a step at a point by its number; without one it names them.
"""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipelines.zones import PROJECT

COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
_PATH_MAX = 4096
# What differs between runs, submissions and tables: random parts of names, hashes, and the tables and pages of a release.
_UNSTEADY = re.compile(
    r"(?<=\.work-)\w+|(?<=\.workbook-)\w+|(?<=/)tmp\w{8}$|(?<![0-9a-z])[0-9a-f]{8,}(?![0-9a-z])|IDS\d+|SMI\d+"
)
_TABLES = re.compile(r"(core|mart|meta|public|ref)\.\w+\.((?:csv-metadata\.json|csv|parquet)(?:\.shared)?)$")
_PAGES = re.compile(r"(?<=/pages/)(\w+)/(\.?)[^/]+\.html")


class Fault(IntEnum):
    """What happens at the point, as ``break.c`` numbers it."""

    KILLED = 1
    """The process group is killed."""
    TORN = 2
    """Half of what was to be written is written; then it is killed."""
    INTERRUPTED = 3
    """Somebody presses Ctrl-C."""
    FULL = 4
    """No room: from here on every call that takes room fails with ENOSPC."""
    BROKEN = 5
    """This call fails with EIO."""
    UNANSWERED = 6
    """A change by name is made and is said to have failed, as over a network whose answer is lost."""


@dataclass(frozen=True)
class Ran:
    """How a step ended: the signal or the class of the exception, none when it succeeded; and its points."""

    ended: str | None
    points: tuple[str, ...]
    printed: str


@cache
def _library() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="parity-break-")
    assert COMPILER
    source = Path(__file__).with_name("break.c")
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-O1", "-o", f"{folder.name}/break.so", str(source), "-ldl"], check=True
    )
    return folder


class Machine:
    """A process that has imported everything and forks one child per step: 0.1 s instead of 2."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash"],
            cwd=PROJECT,
            env=os.environ | {"LD_PRELOAD": f"{_library().name}/break.so", "POLARS_MAX_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, step: str, home: Path, *arguments: Path, at: int = 0, fault: Fault = Fault.KILLED, named: bool = False
    ) -> Ran:
        """Run a step on the data root ``home``, with ``fault`` at the point ``at``, counted from 1; 0: never.

        ``named`` asks for the names of all points.
        """
        with TemporaryDirectory(prefix="parity-plan-") as folder:
            plan, log, printed = (Path(folder) / name for name in ("plan", "log", "printed"))
            below, into = (str(path).encode() for path in (home.resolve(), log if named else ""))
            plan.write_bytes(struct.pack(f"4l{_PATH_MAX}s{_PATH_MAX}s", at, 0, fault, 0, below, into))
            asked = {
                "step": step, "arguments": [str(each) for each in arguments], "plan": str(plan),
                "printed": str(printed),
                "environment": {"PARITY_HOME": str(home), "PARITY_KEY_FILE": os.environ["PARITY_KEY_FILE"]},
            }  # fmt: skip
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
            lines = log.read_text().splitlines() if named else []
            return Ran(
                answer["ended"],
                tuple(map(_kind, lines)),
                printed.read_text(errors="replace"),
            )

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


def _kind(line: str) -> str:
    """The name of a point: the call and the kind of file."""
    return _PAGES.sub(r"\1/\2*.html", _TABLES.sub(r"*.\2", _UNSTEADY.sub("*", line)))


@contextmanager
def machine() -> Iterator[Machine]:
    """A machine for some tests."""
    started = Machine()
    try:
        yield started
    finally:
        started.stop()


def named(points: tuple[str, ...]) -> dict[str, list[int]]:
    """The numbers of the points of each name, in order."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(points, start=1):
        found.setdefault(name, []).append(number)
    return found


class Noted:
    """What a long campaign has found so far, in a file of ``folder`` that belongs to the code of today."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{_code()[:12]}.jsonl"
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._found: dict[str, list[str]] = dict(json.loads(line) for line in lines)

    def get(self, cell: str) -> list[str] | None:
        """What was wrong in this cell; None when it was not asked."""
        return self._found.get(cell)

    def add(self, cell: str, found: list[str]) -> None:
        """Note what was wrong in a cell."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([cell, found]) + "\n")


def _code() -> str:
    """A digest of all that a step runs."""
    digest = hashlib.sha256()
    for room in ("schemas", "transforms", "warehouse", "reports", "pipelines", "tests/crash"):
        for path in sorted((PROJECT / room).rglob("*")):
            if path.suffix in (".py", ".sql", ".csv", ".c", ".html", ".css"):
                digest.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
