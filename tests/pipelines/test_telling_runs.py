"""What people are told of Dagster's runs: which are news, which are not yet, and when nothing is left to do.

Belongs here: causes that need a run or its events. Does not belong here: causes of files and months
(``test_telling``).
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from pipelines import running
from pipelines.assets.warehouse import LEFT_OUT
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.dagster_home import instance
from pipelines.definitions import defs
from pipelines.jobs import publish_warehouse
from pipelines.run import QUIET
from pipelines.telling import look, runs
from pipelines.telling.memory import NEW, OVER
from pipelines.zones import Zones
from tests.fixtures.release import loaded_and_published
from tests.fixtures.telling import newest, said

JOB = publish_warehouse.name
FAILED = f"run/{JOB}"


@dg.job(name=JOB)
def publication() -> None:
    """A publication to Dagster's eyes, by name: the real one takes a second of processor time to make a run of."""


@pytest.fixture
def own(found: Zones) -> Iterator[dg.DagsterInstance]:
    with instance(found) as opened:
        assert look.tell(found, opened).messages == [], "quiet when nothing is wrong"
        yield opened


def run_of(own: dg.DagsterInstance, status: DagsterRunStatus) -> dg.DagsterRun:
    """A run of a publication that got so far, without a process: as after a kill."""
    run = own.create_run_for_job(publication, status=DagsterRunStatus.STARTING)
    if status is not DagsterRunStatus.STARTING:
        own.report_dagster_event(dg.DagsterEvent("PIPELINE_START", JOB, message="It begins."), run_id=run.run_id)
    if status is DagsterRunStatus.CANCELED:
        own.report_run_canceled(run)
    if status is DagsterRunStatus.SUCCESS:
        own.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", JOB), run_id=run.run_id)
    return run


def test_a_killed_run_is_no_news_until_it_should_have_been_tried_again(
    found: Zones, own: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(own, DagsterRunStatus.STARTED)
    monkeypatch.setattr(running, "_UNTIL_LOCKED", 0)
    assert running.end_dead_runs(own) == [run.run_id]
    assert look.tell(found, own).messages == [], "the daemon tries it again in a moment"
    monkeypatch.setattr(runs, "_UNTIL_RETRIED", 0)
    (message,) = look.tell(found, own).messages
    assert (message.status, message.cause, list(message.do)) == (NEW, FAILED, ["parity publish"])
    assert "before its first step" in message.text
    again = run_of(own, DagsterRunStatus.STARTED)
    assert look.tell(found, own).messages == [], "it runs again: nobody knows yet"
    own.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", JOB), run_id=again.run_id)
    assert said(look.tell(found, own).messages) == [(OVER, FAILED)]


def test_pages_that_were_not_written_are_told_until_they_are(
    found: Zones, few_measures: None, tmp_path: Path
) -> None:
    loaded_and_published(tmp_path)
    with instance(found) as own:
        board = found.centre / "board.html"  # it is written last
        board.unlink(missing_ok=True)
        board.mkdir()
        failed = defs.resolve_job_def(JOB).execute_in_process(
            run_config=QUIET,
            instance=own,
            asset_selection=[dg.AssetKey("pages")],
            raise_on_error=False,
        )
        assert not failed.success
        (message,) = look.tell(found, own).messages
        assert (message.status, message.cause, list(message.do)) == (NEW, FAILED, ["parity pages"])
        assert "The release is published" in message.text and str(tmp_path) not in newest(found).read_text()
        assert look.tell(found, own).messages == []
        board.rmdir()
        assert _run(["pages"]) == CLEAN
        assert said(look.tell(found, own).messages) == [(OVER, FAILED)]


def test_months_that_a_publication_was_without_are_told_until_one_has_them(
    found: Zones, own: dg.DagsterInstance
) -> None:
    for left_out, told in (
        ("none", []),
        ("RXX 2025-04", [(NEW, "left out/release")]),
        ("RXX 2025-04", []),
        ("RXX 2025-04, RXY 2025-04", [("changed", "left out/release")]),
        ("none", [(OVER, "left out/release")]),
    ):
        own.report_runless_asset_event(dg.AssetMaterialization("release", metadata={LEFT_OUT: left_out}))
        messages = look.tell(found, own).messages
        assert said(messages) == told
        if messages and left_out != "none":
            assert left_out in messages[0].text and "parity publish" in messages[0].do


def test_a_stopped_draft_is_told_after_a_day_and_not_while_another_publication_runs(
    found: Zones, own: dg.DagsterInstance
) -> None:
    run_of(own, DagsterRunStatus.CANCELED)
    assert look.tell(found, own).messages == [], "there is no draft"
    found.draft.write_bytes(b"half")
    assert look.tell(found, own).messages == [], "it may be somebody's work of the day"
    os.utime(found.draft, (time.time() - 25 * 3600,) * 2)
    assert said(look.tell(found, own).messages) == [(NEW, "draft/stopped")]
    another = run_of(own, DagsterRunStatus.STARTED)
    assert said(look.tell(found, own).messages) == [(OVER, "draft/stopped")]
    own.report_run_canceled(another)
    assert said(look.tell(found, own).messages) == [(NEW, "draft/stopped")]
    run_of(own, DagsterRunStatus.SUCCESS)
    assert said(look.tell(found, own).messages) == [(OVER, "draft/stopped")]
