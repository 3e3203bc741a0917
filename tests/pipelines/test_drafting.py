"""The draft has one owner: the one who waits is told who, since when and what to do, and a dead one keeps nobody."""

import fcntl
import os
import shutil
from contextvars import Context
from pathlib import Path
from threading import Timer

import dagster as dg
import duckdb
import pytest

from pipelines.drafting import LOCK, DraftTaken, Owner, drafting, said
from pipelines.resources import Draft
from pipelines.run import QUIET
from pipelines.zones import Zones, zones
from tests.fixtures.held import held_by_another
from warehouse import build


def test_who_comes_second_is_told_who_holds_it_since_when_and_what_to_do() -> None:
    owner = Owner("parity publish", 4711, "host", "2026-11-21T06:00:00+00:00")
    assert said(owner).startswith(
        "Another publication is running: parity publish, process 4711 on host, since 06:00 UTC on 21 November 2026. "
    )
    assert said(owner).endswith("and the next publication begins anew.")
    assert said(None) == "Another publication has just begun. Wait until it has finished."


def test_the_second_is_refused_or_waits_and_a_killed_owner_keeps_nobody_waiting(home: Path) -> None:
    found = zones()
    told: list[Owner | None] = []
    with held_by_another(found) as other:
        with pytest.raises(DraftTaken, match=f"parity publish, process {other.pid} on "), drafting(found):
            pass

        def kill_it(owner: Owner | None) -> None:
            told.append(owner)
            other.kill()

        with drafting(found, kill_it), drafting(found):  # what a command starts may ask for it again
            assert {each.process for each in told if each} == {other.pid}
            with pytest.raises(DraftTaken, match=f"process {os.getpid()} on "):
                Context().run(hold, found)  # a thread of the same process is another owner
    hold(found)
    assert (found.builds / LOCK).read_text() == ""


def hold(found: Zones) -> None:
    with drafting(found):
        pass


def test_a_deleted_builds_folder_does_no_harm_to_who_holds_the_draft(home: Path) -> None:
    found = zones()
    with drafting(found):
        shutil.rmtree(found.builds)
        zones()
    hold(found)
    assert (found.builds / LOCK).read_text() == ""


def test_the_lock_is_that_of_the_file_that_others_see(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`builds/` is deleted between opening the file and locking it: the lock would be of a file nobody else sees."""
    found, flock, swept = zones(), fcntl.flock, list[int]()

    def swept_away(opened: int, how: int) -> None:
        if not swept:
            swept.append(opened)
            shutil.rmtree(found.builds)
            zones()
        flock(opened, how)

    monkeypatch.setattr(fcntl, "flock", swept_away)
    with drafting(found):
        assert swept
        with pytest.raises(DraftTaken, match=f"process {os.getpid()} on "):
            Context().run(hold, found)


def test_a_run_of_dagster_waits_and_says_for_whom(home: Path, dagster_instance: dg.DagsterInstance) -> None:
    found = zones()

    @dg.op
    def publishes(draft: Draft) -> None:
        with pytest.raises(DraftTaken, match=r" \(run [0-9a-f]{8}\), process"):
            Context().run(hold, draft.zones())

    @dg.job(resource_defs={"draft": Draft(home=str(home))}, executor_def=dg.in_process_executor)
    def publication() -> None:
        publishes()

    with held_by_another(found) as other:
        Timer(0.5, other.kill).start()
        result = publication.execute_in_process(instance=dagster_instance, run_config=QUIET)
    logged = [entry.user_message for entry in dagster_instance.all_logs(result.run_id)]
    assert sum(f"parity publish, process {other.pid}" in line for line in logged) == 1
    hold(found)


def test_a_draft_that_another_program_has_open_is_left_as_it_is(home: Path) -> None:
    found = zones()
    build.build_core(found.draft, [], built_with="this", measures=[])
    before = found.draft.stat().st_ino
    said = "in another program, process [0-9]+. Close it there"
    with held_by_another(found, opening=found.draft), pytest.raises(build.DraftOpen, match=said):
        build.build_core(found.draft, [], built_with="this", measures=[])
    assert found.draft.stat().st_ino == before
    found.draft.write_text("no database")
    build.build_core(found.draft, [], built_with="this", measures=[])  # a broken one is built anew
    with duckdb.connect(str(found.draft), read_only=True) as con:
        assert con.execute("SELECT built_with FROM meta.build").fetchall() == [("this",)]
