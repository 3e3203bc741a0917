"""Many mutants asked by one process that has imported everything once: a fork for each, not a start.

Belongs here: putting a mutant in place of code that is already imported, which tests pass through a line, the order in
which they are asked, and the limits of each. Does not belong here: which files and which tests (``__main__``), what is
turned (``turned``).

A mutant inside a function replaces the code of that function, wherever the function was imported to. What was run while
the tests were collected may be kept in a constant or a cache, so a mutant there, and one outside functions, is imported
instead: it gets a process that has none of our modules yet.

A submission is read by the process that asks, not by one of its own, so that the mutant is met.
"""

import contextlib
import gc
import hashlib
import json
import mmap
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from tests.mutants.turned import Mutant

ROOT = Path(__file__).parents[2]
_OPTIMIZED = 0x1  # CO_OPTIMIZED: a function's code, not that of a module or a class
# A test that takes longer than this many times its time, and so many seconds more, does not end.
TIMES, SECONDS = 20, 20.0
MEMORY_MB = 4096
# So many cases of one test function are asked before another function has its turn.
CASES = 12
BROKEN = "not in place:"
# What needs a server, and cases of the corpus that single tests ask more cheaply.
LEFT_OUT = "not postgresql and not broken_submission and not load_of_a_hostile"


class Lines:
    """Which lines of some files have run, also in forked processes: a byte per line in memory that they share."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = list(paths)
        self.first: dict[str, int] = {}
        size, texts = 0, []
        for path in self.paths:
            self.first[str(ROOT / path)] = size
            texts.append((ROOT / path).read_text(encoding="utf-8"))
            size += len(texts[-1].splitlines()) + 2
        self.digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
        self._seen = mmap.mmap(-1, max(size, 1))

    def start(self) -> None:
        """Note lines from here on."""
        threading.settrace(self._call)
        sys.settrace(self._call)

    def stop(self) -> None:
        """Note no more."""
        threading.settrace(None)  # type: ignore[arg-type]
        sys.settrace(None)

    def _call(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        first = self.first.get(frame.f_code.co_filename)
        if first is None:
            return None
        seen = self._seen

        def line(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
            seen[first + frame.f_lineno] = 1
            return line

        return line(frame, event, None)

    def taken(self) -> set[tuple[str, int]]:
        """The file and number of every line that has run since this was asked last."""
        found = set()
        for path, first in self.first.items():
            last = min((other for other in self.first.values() if other > first), default=len(self._seen))
            name = str(Path(path).relative_to(ROOT))
            found |= {(name, at - first) for at in range(first, last) if self._seen[at]}
        self._seen[:] = bytes(len(self._seen))
        return found


def changed_function(original: str, mutant: str) -> str | None:
    """The qualified name of the one function whose code a mutant changes; None when it is not in a function."""
    before, after = (dict(_codes(compile(text, "", "exec"))) for text in (original, mutant))
    names = {name for name, code in after.items() if _told(before.get(name)) != _told(code)}
    outermost = {name.partition(".<locals>")[0] for name in names}
    (only,) = outermost if len(outermost) == 1 else (None,)
    if only is None or "<" in only or not after[only].co_flags & _OPTIMIZED:
        return None
    return only


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Code by qualified name; several of one name, such as lambdas, are numbered."""
    seen: Counter[str] = Counter()

    def walk(outer: CodeType) -> Iterator[tuple[str, CodeType]]:
        name = outer.co_qualname
        seen[name] += 1
        yield name + (f"<{seen[name]}>" if seen[name] > 1 else ""), outer
        for inner in outer.co_consts:
            if isinstance(inner, CodeType):
                yield from walk(inner)

    return walk(code)


def _told(code: CodeType | None) -> object:
    """What a code does, apart from the codes in it."""
    if code is None:
        return None
    constants = [(type(each), each) for each in code.co_consts if not isinstance(each, CodeType)]
    return code.co_code, repr(constants), code.co_names, code.co_varnames, code.co_freevars


class NotInPlace(Exception):
    """The function of a mutant was not found: nothing can be said of it."""


Functions = dict[tuple[str, str], list[FunctionType]]


def functions_of(paths: Iterable[str]) -> Functions:
    """All functions of these files by file and qualified name, wherever they were imported to."""
    files = {str(ROOT / path) for path in paths}
    found: Functions = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in files:
            found.setdefault((each.__code__.co_filename, each.__code__.co_qualname), []).append(each)
    gc.collect()
    gc.freeze()  # a fork then copies none of what is there
    return found


def replace_code(functions: Functions, path: str, name: str, source: str) -> None:
    """Give the function of this name the code of the mutant. Raises NotInPlace."""
    file = str(ROOT / path)
    if (file, name) not in functions:
        raise NotInPlace(f"{path} {name}")
    new = dict(_codes(compile(source, file, "exec")))[name]
    for function in functions[file, name]:
        function.__code__ = new


class _Asking:
    """Takes the place of pytest's loop: hands the collected tests to a function."""

    def __init__(self, then: Callable[[pytest.Session], None]) -> None:
        self._then, self.was_asked = then, False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.was_asked = True
        self._then(session)
        return True


def collected(tests: Sequence[str], then: Callable[[pytest.Session], None]) -> bool:
    """Collect tests in this process and go on with ``then``. Whether they could be collected. None asks a server."""
    asking = _Asking(then)
    pytest.main(["-q", "-n", "0", "-k", LEFT_OUT, *tests], plugins=[asking])
    return asking.was_asked


def read_in_this_process() -> None:
    """From here on a submission is read by who asks."""
    from pipelines.worker import Worker

    Worker.run = lambda self, function, *arguments: function(*arguments)  # type: ignore[method-assign]


def passes(item: pytest.Item, after: pytest.Item | None) -> bool:
    """Whether a test passes. ``after``: the one asked next, which may share its fixtures."""
    from _pytest.runner import runtestprotocol

    return not any(report.failed for report in runtestprotocol(item, nextitem=after, log=False))


class Child:
    """A forked process in a group of its own that says a line at a time."""

    def __init__(self, does: Callable[[Callable[[str], None]], None]) -> None:
        reading, writing = os.pipe()
        self._folder = tempfile.mkdtemp(prefix="parity-mutant-")
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            os.setpgid(0, 0)
            silence = os.open(os.devnull, os.O_RDWR)
            for each in (0, 1, 2):
                os.dup2(silence, each)
            os.environ["TMPDIR"] = tempfile.tempdir = self._folder
            try:
                does(lambda text: (os.write(writing, f"{text}\n".encode()), None)[1])
                os.write(writing, b"done\n")
            except NotInPlace as error:
                os.write(writing, f"{BROKEN} {error}\n".encode())
            except BaseException:  # of a test, or of a mutant that cannot be imported
                os.write(writing, b"failed\n")
            os._exit(0)
        os.close(writing)
        self._reading, self._rest = reading, b""

    def said(self, seconds: float) -> str | None:
        """The next line; empty at the end; None when it takes too long or too much memory."""
        until = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._reading], [], [], 0.2)
            if not ready:
                if time.monotonic() > until or _memory_mb(self.pid) > MEMORY_MB:
                    return None
                continue
            more = os.read(self._reading, 1 << 16)
            if not more:
                return ""
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def end(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._reading)
        shutil.rmtree(self._folder, ignore_errors=True)


def _memory_mb(process: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) >> 10
    return 0


class Known:
    """What is known of the tests of some files: seconds and lines of each, and how often each has noticed a mutant."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.at_collection: set[tuple[str, int]] = set()
        self.failing: list[str] = []
        self.noticed: Counter[str] = Counter()

    def is_inside(self, path: str, mutant: Mutant, function: str | None) -> bool:
        """Whether it is in a function, on lines that no collection has run."""
        return function is not None and not any((path, at) in self.at_collection for at in mutant.statement)

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return {
            "seconds": self.seconds, "lines": {name: sorted(seen) for name, seen in self.lines.items()},
            "at_collection": sorted(self.at_collection), "failing": self.failing, "noticed": self.noticed,
        }  # fmt: skip

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> "Known":
        """As another process knew it."""
        known = cls()
        known.seconds, known.failing, known.noticed = said["seconds"], said["failing"], Counter(said["noticed"])
        known.lines = {name: {(path, at) for path, at in seen} for name, seen in said["lines"].items()}
        known.at_collection = {(path, at) for path, at in said["at_collection"]}
        return known

    def through(self, path: str, lines: range | None) -> list[str]:
        """The tests that pass through one of these lines, or any of the file: who notices most first, then those that
        pass through little else, a few cases of each test function at a time, and the fastest.

        What Polars calls from a thread of its own is not seen. So of lines that no test seems to pass through, the
        tests of the file are asked. A test that only reads what a file declares passes through no line, so all such
        tests are asked too where any line of the file will do.
        """
        found = [
            name for name, seen in self.lines.items()
            if any(each == path and (lines is None or at in lines) for each, at in seen) or (lines is None and not seen)
        ]  # fmt: skip
        if not found and lines is not None:
            return self.through(path, None)
        place: Counter[str] = Counter()
        keys = {}
        for name in sorted(found, key=lambda name: self.seconds[name]):
            function = name.partition("[")[0]
            seen = self.lines[name]
            elsewhere = sum(each != path for each, _ in seen) / len(seen) if seen else 1.0
            turn = place[function] // CASES
            keys[name] = (-min(self.noticed[name], 3), turn, round(elsewhere, 1), self.seconds[name])
            place[function] += 1
        return sorted(found, key=lambda name: keys[name])


def learn(session: pytest.Session, lines: Lines, known: Known) -> Iterator[str]:
    """Run every collected test that is not known yet, in a fork for each file, and note its lines and seconds.

    Gives the name of each file when it is known.
    """
    told = {*known.seconds, *known.failing}
    by_file: dict[str, list[pytest.Item]] = {}
    for item in session.items:
        if item.nodeid not in told:
            by_file.setdefault(item.nodeid.partition("::")[0], []).append(item)
    for file, items in by_file.items():
        _learn(items, lines, known)
        yield file


def _learn(items: list[pytest.Item], lines: Lines, known: Known) -> None:
    def does(say: Callable[[str], None]) -> None:
        read_in_this_process()
        lines.start()
        for item, after in zip(items, [*items[1:], None], strict=True):
            lines.taken()
            begun = time.monotonic()
            is_well = passes(item, after)
            say(json.dumps([item.nodeid, is_well, time.monotonic() - begun, sorted(lines.taken())]))

    child, told = Child(does), 0
    while told < len(items):
        line = child.said(300)
        if line is None or not line.startswith("["):
            break
        name, is_well, seconds, seen = json.loads(line)
        told += 1
        if is_well:
            known.seconds[name] = seconds
            known.lines[name] = {(path, at) for path, at in seen}
        else:
            known.failing.append(name)
    child.end()
    if told < len(items):  # the test that did not end is left out, the others go on
        known.failing.append(items[told].nodeid)
        if items[told + 1 :]:
            _learn(items[told + 1 :], lines, known)


def ask(does: Callable[[Callable[[str], None]], None], known: Known) -> tuple[bool, str]:
    """Whether a test fails or does not end in a fork that ``does`` this, and which."""
    child, asked, patience = Child(does), "the import", 120.0
    try:
        while line := child.said(patience):
            if line == "done":
                return False, ""
            if line == "failed":
                return True, asked
            if line.startswith(BROKEN):
                raise NotInPlace(line)
            asked = line
            patience = SECONDS + TIMES * known.seconds.get(asked, 1.0)
        return True, f"{asked} did not end" if line is None else f"{asked} ended the process"
    finally:
        child.end()


def run(items: Sequence[pytest.Item], names: Sequence[str], say: Callable[[str], None]) -> None:
    """Run these tests, all without names, until one fails, and say each before it runs."""
    read_in_this_process()
    by_name = {item.nodeid: item for item in items}
    wanted = [by_name[name] for name in names if name in by_name] if names else list(items)
    if not wanted:
        say("failed")
    for item, after in zip(wanted, [*wanted[1:], None], strict=True):
        say(item.nodeid)
        if not passes(item, after):
            say("failed")
            return


def within(names: list[str], known: Known, budget: float) -> list[str]:
    """Those of these tests that take so many seconds together, the first first, and the first in any case."""
    chosen, spent = [], 0.0
    for name in names:
        if not chosen or spent + known.seconds[name] <= budget:
            chosen.append(name)
            spent += known.seconds[name]
    return chosen
