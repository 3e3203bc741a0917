"""The command line: exit status, what goes to which stream, and what bad input gets."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines.ask import ask, release_file
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED, FILE_REJECTED, RECORDS_REJECTED, USAGE, WARNINGS
from pipelines.keys import spine_key
from pipelines.ledger import Outcome, State, open_ledger
from pipelines.load import load
from pipelines.zones import PROJECT, zones
from tests.fixtures.held import held_by_another
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import RIGHT, submission, zipped

BAD_DATE = RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\n"
OLD_CODE = RIGHT["IDS101Referral"].replace(",B1,", ",J1,")

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("changed", "options", "status"),
    [
        ({}, [], CLEAN),
        ({}, ["--strict"], CLEAN),
        ({"IDS101Referral": OLD_CODE}, [], CLEAN),
        ({"IDS101Referral": OLD_CODE}, ["--strict"], WARNINGS),
        ({"IDS101Referral": BAD_DATE}, [], RECORDS_REJECTED),
        ({"IDS000Header": None}, [], FILE_REJECTED),
        ({"IDS101Referral": ""}, [], FILE_REJECTED),
        ({"holiday photos": "x"}, [], FILE_REJECTED),
    ],
)
def test_the_exit_status_gives_the_outcome(
    tmp_path: Path, home: Path, changed: dict[str, str | None], options: list[str], status: int
) -> None:
    assert _run(["check", str(submission(tmp_path, **changed)), *options]) == status


def test_the_worst_of_several_submissions_decides(tmp_path: Path, home: Path) -> None:
    submission(tmp_path), submission(tmp_path, "RV5", IDS101Referral=BAD_DATE)
    assert _run(["check", str(tmp_path)]) == RECORDS_REJECTED
    submission(tmp_path, "RXT", IDS000Header=None)
    assert _run(["check", str(tmp_path)]) == FILE_REJECTED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "Name at least one submission"),
        (["check", "{root}/missing"], "There is no file or folder"),
        (["check", "{root}/empty"], "is empty"),
        (["load", "{root}/missing"], "There is no file or folder"),
        (["load"], "is empty"),
        (["query", "SELECT 1"], "Nothing is published yet"),
        (["query", "SELECT 1", "--release", "../../etc"], "no release of that name"),
        (["synth", "--out", "{root}/x", "--start", "April"], "not a month"),
        (["synth", "--out", "{root}/x", "--faults", "2"], "between 0 and 1"),
        (["published", "{root}/missing"], "{root}/missing"),
        (["chekc", "{root}"], "chekc"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_one_sentence_and_status_2(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert _run([argument.format(root=tmp_path) for argument in arguments]) == USAGE
    out, err = capfd.readouterr()
    assert said.format(root=tmp_path).replace("\n", "") in (out + err).replace("\n", "")
    assert "Traceback" not in out + err


def test_a_data_root_that_cannot_be_used_is_named(home: Path, capfd: Captured) -> None:
    home.write_text("a file")
    assert _run(["status"]) == USAGE
    assert f"{home} cannot be used as a folder" in capfd.readouterr().err


def test_the_version_is_that_of_the_package(capfd: Captured) -> None:
    assert _run(["--version"]) == CLEAN
    assert capfd.readouterr().out.strip() == version("parity")


def test_publishing_nothing_is_refused_in_words(tmp_path: Path, home: Path, capfd: Captured) -> None:
    assert _run(["publish"]) == CRASHED
    assert "No submission has been accepted yet" in capfd.readouterr().err.replace("\n", " ")


def test_two_publications_do_not_meet(tmp_path: Path, home: Path, capfd: Captured) -> None:
    found = zones()
    load(submission(tmp_path), found, open_ledger(found.ledger), spine_key())
    with held_by_another(found):
        assert _run(["publish"]) == CRASHED
    said = " ".join(capfd.readouterr().err.split())
    assert "Another publication is running: parity publish, process" in said
    assert "Wait until it has finished." in said


def test_json_is_all_there_is_on_standard_output(tmp_path: Path, home: Path, capfd: Captured) -> None:
    _run(["check", str(zipped(submission(tmp_path, IDS101Referral=BAD_DATE))), "--json"])
    (verdict,) = json.loads(capfd.readouterr().out)
    assert verdict["outcome"] == "accepted with rejections"
    assert verdict["submission"] == "RW5_2025-04.zip"
    expected = {
        "rule_id": "IDS101-ReferralRequestReceivedDate-FORMAT", "effect": "record rejected",
        "table": "IDS101Referral", "field": "ReferralRequestReceivedDate", "records": 1,
        "rows": "5", "cells": "D5", "values": ["02/04/2025"],
    }  # fmt: skip
    assert {name: verdict["rules"][0][name] for name in expected} == expected


def test_a_name_that_is_no_text_breaks_nothing(tmp_path: Path, home: Path, capfd: Captured) -> None:
    folder = submission(tmp_path).rename(os.fsdecode(os.fsencode(tmp_path) + b"/April\xff\x1b[31m"))
    assert _run(["check", str(folder)]) == CLEAN
    assert _run(["check", str(folder), "--json"]) == CLEAN
    out = capfd.readouterr().out
    assert "Aaaaa??[99a (shape of 11 characters)" in out
    assert "\x1b" not in out


def test_the_sites_report_lies_where_it_was_asked_for(tmp_path: Path, home: Path) -> None:
    _run(["check", str(submission(tmp_path / "in")), "--report", str(tmp_path / "out")])
    assert sorted(p.name for p in (tmp_path / "out" / "RW5_2025-04").iterdir()) == [
        "findings.csv", "profile.json", "report.html", "report.json",
    ]  # fmt: skip


def test_an_error_of_ours_shows_no_value(
    tmp_path: Path, home: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARITY_DEBUG", raising=False)
    folder = submission(tmp_path)
    home.mkdir()
    (home / "ledger.sqlite").write_text("a text where the ledger must be: PATIENT-SECRET")
    assert _run(["load", str(folder)]) == CRASHED
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    assert "PATIENT-SECRET" not in out + err


def test_the_board_and_a_question_in_three_formats(
    tmp_path: Path, home: Path, few_measures: None, capfd: Captured
) -> None:
    loaded_and_published(tmp_path)
    assert _run(["status", "--json"]) == CLEAN
    first = json.loads(capfd.readouterr().out)["board"][0]
    assert {name: first[name] for name in ("provider", "month", "state", "submissions", "latest", "counts", "waits", "word")} == {
        "provider": "RW5", "month": "2025-04", "state": "accepted", "submissions": 1,
        "latest": (sub := open_ledger(zones().ledger).current_submissions()[0].receipt.submission_id), "counts": sub,
            "waits": "", "word": "accepted",
    }  # fmt: skip
    sql = "SELECT provider, count(*) AS n, NULL AS nothing, '' AS blank FROM core.pathway GROUP BY provider"
    assert _run(["query", sql, "--format", "csv"]) == CLEAN
    assert capfd.readouterr().out == 'provider,n,nothing,blank\nRW5,3,,""\n'.replace('""', "")
    assert _run(["query", sql, "--format", "json"]) == CLEAN
    assert json.loads(capfd.readouterr().out) == [{"provider": "RW5", "n": 3, "nothing": None, "blank": ""}]
    assert _run(["query", sql]) == CLEAN
    assert "NULL" in capfd.readouterr().out


def test_a_submission_that_breaks_off_is_said_and_the_command_ends_with_1(
    tmp_path: Path, home: Path, capfd: Captured
) -> None:
    submission(tmp_path / "in"), submission(tmp_path / "in", "RV5", IDS000Header=None)
    (zones().site_reports / "RW5").write_text("a file where a folder must be: the report cannot be written")
    assert _run(["load", str(tmp_path / "in"), "--json"]) == CRASHED
    totals = json.loads(capfd.readouterr().out)
    assert totals == {"submissions": 2, "states": {"file rejected": 1}, "repeats": 0, "failed": 1}
    (home / "site_reports" / "RW5").unlink()
    assert _run(["load", str(tmp_path / "in")]) == FILE_REJECTED


def test_an_earlier_release_can_still_be_asked(tmp_path: Path, home: Path, few_measures: None) -> None:
    found = loaded_and_published(tmp_path)
    first = release_file(found, None).resolve()
    (name,) = [p.name for p in found.releases.iterdir() if not p.name.startswith(".")]
    loaded_and_published(tmp_path, IDS101Referral=RIGHT["IDS101Referral"] + "R4,P1,QE1,2025-04-09,B1,,,,\n")
    count = "SELECT count(*) FROM core.pathway"
    assert ask(count, found)[1] == [(4,)]
    assert ask(count, found, name)[1] == [(3,)]
    assert first.exists()


def test_a_rejected_resubmission_changes_nothing_that_counts(
    tmp_path: Path, home: Path, few_measures: None
) -> None:
    found = loaded_and_published(tmp_path)
    before = found.warehouse.read_bytes()
    again = load(submission(tmp_path, IDS000Header=None), found, open_ledger(found.ledger), spine_key())
    assert again.verdict.state is State.FILE_REJECTED
    assert len(open_ledger(found.ledger).current_submissions()) == 1
    assert found.warehouse.read_bytes() == before


def parity(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *arguments], cwd=PROJECT, env=os.environ.copy(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def accepted() -> list[Outcome]:
    return [outcome for outcome in open_ledger(zones().ledger).outcomes() if outcome.state.is_accepted]


def test_every_step_through_dagster_interrupted_half_way_and_continued(
    tmp_path: Path, home: Path, few_measures: None, capfd: Captured
) -> None:
    for provider in ("RW5", "RV5"):
        for month in ("2025-04", "2025-05", "2025-06"):
            submission(tmp_path / "in", provider, month)
    running = parity("load", str(tmp_path / "in"))
    received = home / "received"
    # A process that ends without having loaded two says why below: how long it takes is no matter.
    while len(list(received.glob("*/checked.json"))) < 2 and running.poll() is None:
        time.sleep(0.01)
    while not accepted() and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    _, err = running.communicate()
    done = accepted()
    assert 0 < len(done) < 6, err
    again = parity("load", str(tmp_path / "in"), "--json")
    out, err = again.communicate()
    assert (again.returncode, json.loads(out)["states"]) == (CLEAN, {"accepted": 6}), err
    assert json.loads(out)["repeats"] >= len(done)
    capfd.readouterr()
    assert _run(["publish", "--json"]) == CLEAN
    release = json.loads(capfd.readouterr().out)
    assert ask("SELECT count(*) FROM core.submission", zones())[1] == [(6,)]
    # the same again publishes nothing new, also from another process
    published = parity("publish", "--json")
    out, err = published.communicate()
    assert published.returncode == CLEAN, err
    assert json.loads(out) == release | {"is_new": False}
