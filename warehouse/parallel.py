"""Parts of a build at the same time, each after those it needs.

Belongs here: which task may start, the connections tasks run on, what happens when one fails. Does not belong here:
what the tasks are (``build``, ``order``, ``measures``).

DuckDB gives each core a row group of 122,880 rows, so a statement over fewer rows keeps one core busy, and so do
planning and most of appending. One statement after the other kept 1.2 of 2 cores busy.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from graphlib import TopologicalSorter

import duckdb

Connection = duckdb.DuckDBPyConnection

# All tasks share one memory limit: with more of them at a time they would spill.
_MOST = 4


@dataclass(frozen=True)
class Task:
    """``do`` runs on a connection of its own. It starts when every task of ``needs`` is done; names in ``needs``
    that are no task are there already. With ``is_first`` it starts before others that can.
    """

    name: str
    needs: Collection[str]
    do: Callable[[Connection], object]
    is_first: bool = False


def run_tasks(
    con: Connection, tasks: Sequence[Task], prepare: Callable[[Connection], object] | None = None
) -> None:
    """Do all tasks on cursors of ``con``, as many at a time as DuckDB has threads, and no more than four.

    A cursor sees committed tables, views and macros of all attached databases, but neither variables nor anything
    temporary of ``con``: ``prepare`` makes those. Of the tasks that can start, that with the longest chain of tasks
    behind it comes first. When one fails, no other starts, those at work are interrupted and waited for, and its
    error is raised. Raises ValueError when two tasks have one name, and graphlib.CycleError when tasks need each
    other.
    """
    named = {task.name: task for task in tasks}
    if len(named) < len(tasks):
        raise ValueError("two tasks have one name")
    needs = {task.name: [name for name in task.needs if name in named] for task in tasks}
    behind = _behind(needs)
    place = {name: (not task.is_first, -behind[name], name) for name, task in named.items()}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    (threads,) = con.execute("SELECT current_setting('threads')").fetchone() or (1,)
    running: dict[Future[object], tuple[str, Connection]] = {}
    ready: list[str] = []
    with ExitStack() as opened:
        idle = [opened.enter_context(con.cursor()) for _ in range(max(1, min(threads, _MOST, len(tasks))))]
        if prepare is not None:
            for each in idle:
                prepare(each)
        pool = opened.enter_context(ThreadPoolExecutor(len(idle)))
        try:
            while sorter.is_active():
                ready = sorted((*ready, *sorter.get_ready()), key=place.__getitem__)
                while ready and idle:
                    name, each = ready.pop(0), idle.pop()
                    running[pool.submit(named[name].do, each)] = name, each
                for done in sorted(wait(running, return_when=FIRST_COMPLETED).done, key=lambda d: running[d][0]):
                    name, each = running.pop(done)
                    done.result()
                    idle.append(each)
                    sorter.done(name)
        except BaseException:
            _end({task: each for task, (_, each) in running.items()})
            raise


def _end(running: dict[Future[object], Connection]) -> None:
    """Interrupt what runs, again and again: an interrupt between two statements of a task is lost."""
    while running:
        for each in running.values():
            each.interrupt()
        for done in wait(running, timeout=0.1).done:
            del running[done]


def _behind(needs: dict[str, list[str]]) -> dict[str, int]:
    """How many tasks the longest chain has that starts behind each task."""
    behind = dict.fromkeys(needs, 0)
    for name in reversed(list(TopologicalSorter(needs).static_order())):
        for needed in needs[name]:
            behind[needed] = max(behind[needed], behind[name] + 1)
    return behind
