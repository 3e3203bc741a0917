"""A process of our own that does one task after another within limits, and may die of one.

Belongs here: starting and ending the process, giving it tasks, watching its memory and time. Does not belong here:
the tasks (``pipelines.apart``).

Tasks and answers are pickled functions and values between two processes of the same user and code. No exception is:
its text, or what it refers to, may quote a record. Only its class is told, and what is wrong with the disk.
"""

import atexit
import gc
import math
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

from pipelines import event_log
from pipelines.disk import Trouble, trouble
from pipelines.settings import whole_number
from schemas import limits
from schemas.errors import ForThePerson

ENV_MEMORY, ENV_SECONDS = "PARITY_SUBMISSION_MEMORY_MB", "PARITY_SUBMISSION_SECONDS"
# The largest honest submission that was measured took 4.8 GB to load and about 3 minutes on two cores.
MEMORY_MB, SECONDS = 8192, 1800
# The less there is to read, the fewer of these seconds a task has: one that stands still keeps the next one waiting
# for five minutes, not for thirty. It has a sixth of them, and all from 300 MB on. With 1800 that is 300 s, and 5 s
# more for each MB. A MB of CSV took 0.07 s to load.
_LEAST, _ALL_FROM = 1 / 6, 300_000_000
# Memory is looked at so often. In that time a process can take some 200 MB more.
_EVERY = 0.05
# A process that holds more than this when its task is done is replaced: memory is not given back reliably.
_RETIRED_MB = 1024
# And one that holds half of what a task may take when its task begins: what earlier submissions left in it must not
# reject this one. Half of the usual limit is never reached here; a centre may set a limit that is small.
_SHARE_LEFT_BEFORE = 2
_LENGTH = 8
_TRIES = 3
# Of this process: folders that nobody would delete if the one who asks were killed.
_own_folders: set[Path] = set()


class Died(Exception):
    """The process ended within a task. The message says why, in words that stand after a colon."""


class StepFailed(ForThePerson):
    """A task raised an error. ``kind`` is its class; its text stays in that process. ``trouble`` is what is wrong
    with the disk, if that was the cause.
    """

    def __init__(self, kind: str, trouble: Trouble | None = None) -> None:
        super().__init__(
            trouble.said()
            if trouble
            else f"The submission could not be processed: {kind}. To see where, set PARITY_DEBUG=1. Do not share "
            "that output: it may show records."
        )
        self.kind, self.trouble = kind, trouble


class _Answer(NamedTuple):
    value: Any
    error: str | None
    trouble: tuple[str, str] | None = None


def limits_of_a_submission() -> tuple[int, int]:
    """Memory in MB and seconds that one submission may take, if it is large."""
    return whole_number(ENV_MEMORY, MEMORY_MB), whole_number(ENV_SECONDS, SECONDS)


def seconds_for(size: int | None, seconds: int) -> int:
    """How many of ``seconds`` a task has that reads ``size`` bytes; all where that is not known."""
    share = 1.0 if size is None else min(_LEAST + (1 - _LEAST) * size / _ALL_FROM, 1.0)
    return math.ceil(seconds * share)


class Worker:
    """The process, started when it is needed and again when it has died. One task at a time; threads take turns.

    ``limits`` gives memory in MB and seconds of a task. The process imports ``ready`` before its first task.
    """

    def __init__(
        self, limits: Callable[[], tuple[int, int]] = limits_of_a_submission, ready: str = "pipelines.load"
    ) -> None:
        self._limits, self._ready = limits, ready
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        atexit.register(self.end)
        self.peak_mb = 0
        """The most memory that was seen during the last task."""

    def start(self) -> None:
        """Start the process, if it does not run."""
        with self._lock:
            self._start()

    def run(self, function: Callable[..., Any], *arguments: Any, size: int | None = None) -> Any:
        """``function(*arguments)`` in the process, with the environment of now. The time that it may take follows
        from ``size``, the bytes that it reads, where these are known (``seconds_for``).

        Raises Died if the process ended or reached a limit, and StepFailed if the function raised an error.
        """
        memory_mb, all_seconds = self._limits()
        seconds = seconds_for(size, all_seconds)
        settings = {name: value for name, value in os.environ.items() if name.startswith("PARITY_")}
        with self._lock:
            if self._process is not None and _memory_mb(self._process.pid) > memory_mb // _SHARE_LEFT_BEFORE:
                self.end()
            process = self._start()
            assert process.stdin is not None
            try:
                _send(process.stdin, pickle.dumps((function, arguments, settings, seconds)))
                answer = self._answer(process, memory_mb, seconds)
            except BrokenPipeError:
                answer = None
            except BaseException:
                self.end()
                raise
            if answer is None:
                raise Died(self._cause())
            if self.peak_mb > _RETIRED_MB:
                self.end()
        if answer.error is not None:
            raise StepFailed(answer.error, Trouble(*answer.trouble) if answer.trouble else None)
        return answer.value

    def _answer(self, process: subprocess.Popen[bytes], memory_mb: int, seconds: int) -> _Answer | None:
        """The answer; ``None`` if the process ended. Raises Died at a limit, after ending the process."""
        until, self.peak_mb, before = time.monotonic() + seconds, 0, _processor_seconds(process.pid)
        content: bytes | None = b""
        while content == b"":
            with suppress(queue.Empty):
                content = self._answers.get(timeout=_EVERY)
            self.peak_mb = max(self.peak_mb, _memory_mb(process.pid))
            if self.peak_mb > memory_mb:
                raise Died(f"it took more than {memory_mb:,} MB of memory")
            if content == b"" and time.monotonic() > until:
                worked = _processor_seconds(process.pid) - before
                raise Died(f"it took more than {seconds:,} seconds (of processor time {worked:,.0f})")
        return _Answer(*pickle.loads(content)) if content is not None else None  # noqa: S301  our own process

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._answers = queue.SimpleQueue()
            own = {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
            lines = event_log.descriptor()
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", f"import pipelines.worker as own; own.serve({self._ready!r})"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=None if os.environ.get("PARITY_DEBUG") else subprocess.DEVNULL,
                    env=os.environ | own | ({event_log.ENV_DESCRIPTOR: str(lines)} if lines is not None else {}),
                    pass_fds=() if lines is None else (lines,),
                )
            finally:
                if lines is not None:
                    os.close(lines)
            assert self._process.stdout is not None
            threading.Thread(target=_listen, args=(self._process.stdout, self._answers), daemon=True).start()
        return self._process

    def _cause(self) -> str:
        """Why the process ended by itself, in words."""
        process = self._process
        code = process.wait() if process is not None else 0
        self.end()
        return f"its process ended (signal {-code})" if code < 0 else f"its process ended (status {code})"

    def end(self) -> None:
        """End the process, if it runs. It is started again for the next task."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                with suppress(OSError):  # what was not sent is lost with the process
                    self._process.stdin.close()
            self._process = None


# One process for all submissions, one after another: to start one takes longer than to check a small submission. A
# command starts it before its own imports, which take as long.
for_submissions = Worker()


def serve(ready: str) -> None:
    """Do tasks from standard input and answer on standard output, until the input ends. Then the process ends too,
    in the middle of a task. The module ``ready`` is imported while the one who asks is still busy.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks hears it, and ends this process
    _limit_itself()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints is taken for an answer
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(sys.stdin.buffer, tasks), daemon=True).start()
    import_module(ready)
    gc.freeze()  # what was imported stays, and is not looked at again: that took 2 % of a small load
    while True:
        function, arguments, settings, seconds = pickle.loads(tasks.get())  # noqa: S301  our own process
        for name in [name for name in os.environ if name.startswith("PARITY_")]:
            del os.environ[name]
        os.environ.update(settings)
        _limit_processor_time(seconds)
        try:
            answer = _Answer(function(*arguments), None)
        except BaseException as error:  # a panic in Polars is no Exception
            found = trouble(error)
            answer = _Answer(None, type(error).__name__, (found.name, found.zone) if found else None)
            if os.environ.get("PARITY_DEBUG"):
                traceback.print_exception(error)
        _send(answers, pickle.dumps(tuple(answer)))


def _limit_itself() -> None:
    """No core files, which would have records in them, and no file larger than a submission may be."""
    os.umask(0o077)
    with suppress(ImportError):  # a site's own machine may not have it
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.TOTAL_BYTES, limits.TOTAL_BYTES))


def _limit_processor_time(seconds: int) -> None:
    """As much as all cores have in ``seconds``, should nobody watch any more."""
    with suppress(ImportError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + seconds * (os.cpu_count() or 1) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(_LENGTH, "little") + content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """The next message; ``None`` at the end."""
    length = pipe.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    size = int.from_bytes(length, "little")
    content = pipe.read(size)
    return content if len(content) == size else None


def _listen(pipe: IO[bytes], answers: "queue.SimpleQueue[bytes | None]") -> None:
    with pipe:
        while (content := _receive(pipe)) is not None:
            answers.put(content)
    answers.put(None)


def _hear(pipe: IO[bytes], tasks: "queue.SimpleQueue[bytes]") -> None:
    while (content := _receive(pipe)) is not None:
        tasks.put(content)
    # The one who asks is gone: so is this process, whatever it is doing. It may be writing at this moment.
    for _ in range(_TRIES):
        for folder in tuple(_own_folders):
            shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def deleted_if_orphaned(folder: Path) -> None:
    """Let this process delete ``folder`` if the one who asks ends before it does, killed or not."""
    _own_folders.add(folder)


def _processor_seconds(process: int) -> float:
    """What a process took of all processors so far: nothing while it stands still. 0 where no system says so."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    in_programs, in_system = after_name[11:13]
    return (int(in_programs) + int(in_system)) / os.sysconf("SC_CLK_TCK")


def _memory_mb(process: int) -> int:
    """Memory of its own that a process has, swapped or not; 0 where the system does not say so.

    Pages of files that it reads do not count: the system takes them back when it needs them.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return (
        sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:", "VmSwap:"))) >> 10
    )
