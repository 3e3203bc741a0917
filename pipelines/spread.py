"""Where independent tasks run: in processes of this machine, or on the machines of a cluster.

Belongs here: doing a function for each of many tasks in order, what is told of one that failed, and which place is
in use. Does not belong here: the tasks (``warehouse.parts``, ``pipelines.loads``), Spark (``pipelines.spark``).

A task is a function of ours and its arguments: paths, provider codes, receipts. It never has a key: who does a task
reads the key where it runs. No exception travels back, only its class, or the sentence of one written for a person.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.code_version import release_version, rows_version
from pipelines.disk import trouble
from pipelines.settings import whole_number
from pipelines.worker import Died, StepFailed, Worker
from schemas.errors import ForThePerson, NotAsked
from warehouse.parts import Part, Spread

ENV_WORKERS, ENV_MEMORY = "PARITY_WORKERS", "PARITY_PART_MEMORY_MB"
# Of one worker. Two and the process that puts parts together stay below 3 GB.
MEMORY_MB = 1024
SPARK = "spark://"
# What a process of a pool may take: its memory is DuckDB's limit and what Python has, its time that of its part.
_NO_LIMIT = 1 << 20, 1 << 20
_MOST_NAMED = 5

cluster: ContextVar[str] = ContextVar("cluster", default="")
"""The address of the cluster that the command names (``spark://host:port``); empty for this machine."""
processes: ContextVar[int] = ContextVar("processes", default=0)
"""In how many processes of this machine submissions are loaded; 0: as ``PARITY_WORKERS`` says."""


class TaskFailed(ForThePerson):
    """A task failed. The message says of which providers, and why, without a value."""


class AnotherVersion(ForThePerson):
    """A machine of the cluster has another version of Parity than the command."""


class Done(NamedTuple):
    """What became of a task: its value, or the class of the error and why in words."""

    value: Any = None
    error: str = ""
    why: str = ""


Run = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Done]]
"""Does a function for each task and gives what became of them, in the order of the tasks."""


def work_on(address: str) -> None:
    """Let a cluster do the work of this command; an empty address is this machine.

    Raises NotAsked for another form than ``spark://host:port``.
    """
    cluster.set(_checked(address) if address else "")


def _checked(address: str) -> str:
    host, _, port = address.removeprefix(SPARK).rpartition(":")
    if not (address.startswith(SPARK) and host and port.isascii() and port.isdecimal()):
        raise NotAsked("--on takes the address of a Spark cluster: spark://host:port, such as spark://centre:7077.")
    return address


def chosen() -> Run | None:
    """Where tasks run: on the cluster of the command, in ``PARITY_WORKERS`` processes, or here (``None``)."""
    if address := cluster.get():
        return on_cluster(address)
    workers = whole_number(ENV_WORKERS, 1)
    return in_processes(workers) if workers > 1 else None


def for_loads(providers: int) -> Run | None:
    """Where submissions of so many providers are loaded. Those of one are loaded one after another, so they gain
    nothing: ``None`` is here, as in ``chosen``.
    """
    if address := cluster.get():
        return on_cluster(address)
    workers = processes.get() or whole_number(ENV_WORKERS, 1)
    return in_processes(workers) if min(workers, providers) > 1 else None


def on_cluster(address: str) -> Run:
    """Tasks run on a Spark cluster. Raises NotAsked if PySpark is not installed."""
    from pipelines.spark import on_spark

    return on_spark(address)


def in_processes(workers: int) -> Run:
    """Tasks run in so many processes of this machine. One that dies has failed its task, and is started again."""

    def run(do: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        own = [Worker(lambda: _NO_LIMIT, do.__module__) for _ in range(min(workers, len(tasks)))]
        idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for each in own:
            idle.put(each)
        is_over = threading.Event()

        def one(task: Any) -> Done:
            worker = idle.get()
            try:
                return Done(error="Over") if is_over.is_set() else _in_process(worker, do, task)
            finally:
                idle.put(worker)

        pool = ThreadPoolExecutor(max(1, len(own)))
        try:
            yield from pool.map(one, tasks)
        finally:
            is_over.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for each in own:
                each.end()
            pool.shutdown()

    return run


def _in_process(worker: Worker, do: Callable[[Any], Any], task: Any) -> Done:
    try:
        done: Done = worker.run(partial(attempted, do), task)
    except (Died, StepFailed) as failed:
        return Done(error=type(failed).__name__, why=str(failed))
    return done


def attempted(do: Callable[[Any], Any], task: Any, wanted: str | None = None) -> Done:
    """What becomes of a task, where it runs. ``wanted`` is the version of the code (``code``) that asks for it."""
    try:
        if wanted is not None and wanted != code():
            raise AnotherVersion(
                "A machine of the cluster has another version of Parity, or another PARITY_SPELLINGS, than the one "
                "that gives the command. Install the same version on all."
            )
        return Done(do(task))
    except ForThePerson as error:
        return Done(error=type(error).__name__, why=str(error))
    except Exception as error:  # its text may quote a record
        found = trouble(error)
        return Done(error=type(error).__name__, why=found.said() if found else "")


def code(memory: Path | None = None) -> str:
    """The version of all code and of the settings by which rows are made. ``memory``: see ``rows_version``."""
    return f"{release_version(memory=memory)} {rows_version(memory=memory)}"


def spread_by(run: Run) -> Spread:
    """Building of parts by ``run``. The first that fails ends it: raises TaskFailed, which names its providers."""

    def spread(do: Callable[[Part], None], parts: Sequence[Part]) -> Iterator[Part]:
        with closing(run(do, parts)) as results:  # type: ignore[type-var]  # all of ours are generators
            for part, done in zip(parts, results, strict=True):
                if done.error:
                    raise TaskFailed(f"Core could not be built for {named(part.providers)}: {said(done)}")
                yield part

    return spread


def named(providers: Sequence[str]) -> str:
    """Providers in words, the first few by their codes."""
    more = len(providers) - _MOST_NAMED
    listed = ", ".join(providers[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"provider {listed}" if len(providers) == 1 else f"providers {listed}"


def said(done: Done) -> str:
    """Why a task failed, in words."""
    return done.why or f"its process stopped with an error ({done.error})."


def part_memory() -> str:
    """Memory of DuckDB where a part is built, as DuckDB writes it."""
    return f"{whole_number(ENV_MEMORY, MEMORY_MB)}MB"
