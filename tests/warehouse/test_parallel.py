"""Tasks of a build: after those they need, several at a time, and all ended when one fails."""

from collections.abc import Iterator
from graphlib import CycleError
from threading import Barrier

import duckdb
import pytest

from warehouse.build import dropping
from warehouse.order import reads
from warehouse.parallel import Connection, Task, run_tasks

# Some hours of one core.
ENDLESS = "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range * b.range = 7"


@pytest.fixture
def con() -> Iterator[Connection]:
    with duckdb.connect(config={"threads": 2}) as con:
        yield con


def noting(done: list[str], name: str, *needs: str) -> Task:
    return Task(name, needs, lambda _: done.append(name))


def test_a_task_starts_when_all_that_it_needs_is_done_and_what_is_no_task_is_there_already(con: Connection) -> None:
    tasks = [
        Task("c", ("a", "b"), lambda c: c.execute("CREATE TABLE c AS SELECT a.x + b.x AS x FROM a, b")),
        Task("a", ("ref.month",), lambda c: c.execute("CREATE TABLE a AS SELECT 1 AS x")),
        Task("b", ("a",), lambda c: c.execute("CREATE TABLE b AS SELECT x + 1 AS x FROM a")),
    ]
    run_tasks(con, tasks)
    assert con.execute("FROM c").fetchall() == [(3,)]
    run_tasks(con, [])


def test_of_tasks_that_can_start_the_one_with_the_longest_chain_behind_it_is_first() -> None:
    done: list[str] = []
    chain = [
        noting(done, "z"),
        noting(done, "y", "z"),
        noting(done, "x", "y"),
        noting(done, "a"),
        noting(done, "b"),
    ]
    with duckdb.connect(config={"threads": 1}) as con:
        run_tasks(con, chain)
    assert done == ["z", "y", "a", "b", "x"]


def test_a_task_that_is_first_starts_before_others_that_can() -> None:
    done: list[str] = []
    tasks = [
        noting(done, "a"),
        noting(done, "b", "a"),
        Task("z", ("a",), lambda _: done.append("z"), is_first=True),
    ]
    with duckdb.connect(config={"threads": 1}) as con:
        run_tasks(con, [*tasks, noting(done, "c", "b")])
    assert done == ["a", "z", "b", "c"]


def test_a_table_of_a_batch_is_dropped_after_all_that_read_it_and_who_reads_a_view_reads_its_tables() -> None:
    done: list[str] = []
    reads_both = noting(done, "monthly_count.activity_contact", "core.activity", "core.contact")
    tasks = [
        noting(done, "core.contact"),
        noting(done, "core.activity", "core.contact"),
        noting(done, "work.judged_score", "core.activity"),
        noting(done, "core.score", "work.judged_score"),  # a view
        noting(done, "append core.score", "core.score"),
        reads_both,
    ]
    assert {task.name: task.needs for task in dropping(tasks)} == {
        "drop core.contact": {"core.contact", "core.activity", reads_both.name},
        "drop core.activity": {"core.activity", "work.judged_score", reads_both.name},
        "drop work.judged_score": {"work.judged_score", "core.score", "append core.score"},
    }


def test_two_tasks_run_at_the_same_time(con: Connection) -> None:
    both, places = Barrier(2, timeout=60), list[int]()  # broken unless the other task is there too
    run_tasks(con, [Task(name, (), lambda _: places.append(both.wait())) for name in "ab"])
    assert sorted(places) == [0, 1]


def test_an_error_interrupts_what_runs_and_starts_nothing_more(con: Connection) -> None:
    started, later = Barrier(2, timeout=60), list[str]()

    def endless(other: Connection) -> None:
        started.wait()
        other.execute("CREATE TABLE never AS " + ENDLESS)

    def fails(other: Connection) -> None:
        started.wait()
        other.execute("CREATE TABLE made AS SELECT 1")
        other.execute("SELECT error('no such thing')")

    tasks = [Task("a", (), endless), Task("b", (), fails), noting(later, "c", "b"), noting(later, "d")]
    with pytest.raises(duckdb.InvalidInputException, match="no such thing"):
        run_tasks(con, tasks)
    assert later == []
    assert con.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("made",)]


def test_every_connection_is_prepared(con: Connection) -> None:
    found: list[object] = []
    ask = [
        Task(str(n), (), lambda c: found.extend(c.execute("SELECT getvariable('files')").fetchall()))
        for n in range(4)
    ]
    run_tasks(con, ask, prepare=lambda c: c.execute("SET VARIABLE files = 'there'"))
    assert found == [("there",)] * 4


def test_tasks_of_one_name_and_tasks_that_need_each_other_are_refused(con: Connection) -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="one name"):
        run_tasks(con, [noting(done, "a"), noting(done, "a")])
    with pytest.raises(CycleError):
        run_tasks(con, [noting(done, "a", "b"), noting(done, "b", "a")])
    assert done == []


def test_a_model_needs_the_model_that_makes_a_macro_it_calls() -> None:
    assert "core.outcome" in reads("monthly_count.therapy_outcome")  # is_case and others
    assert "work.recovery" in reads("monthly_count.therapy_outcome")  # change_of_both
    assert "core.outcome" not in reads("core.outcome")
