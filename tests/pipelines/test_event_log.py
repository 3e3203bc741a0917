"""The log: one line of JSON for each thing that happens, and no value of a record in any of them."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import apart, event_log
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE, app
from pipelines.custody.prune import prune
from pipelines.event_log import EVENTS, FORMS, NUMBERS, happened
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.zones import Zones
from tests.fixtures.submission import submission

# What a record, a file or an exception may hold.
VALUES = (
    "9998887775", "999 888 7775", "ZE99 9ZZ", "1931-02-17", "Ada Quennell", "quennell", "QUENNELL", "/srv/a/Ada.csv",
    "could not convert 'Ada' to Date", "P1\nR1", "accepted Ada",
)  # fmt: skip
RIGHT: dict[str, Any] = {
    "submission": "0123456789abcdef-2", "provider": "RW5", "month": "2025-04", "state": "file rejected",
    "by": "dagster load_submissions", "command": "parity load", "error": "StepFailed", "release": "2026-03-9e6b30fb",
    "cause": "held/RW5/2025-04", "status": "new", "channel": "e-mail",
}  # fmt: skip


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which this test's events go."""
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv(event_log.ENV_LOG, str(path))
    return path


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_every_field_of_every_event_has_a_form() -> None:
    named = {field for fields in EVENTS.values() for field in fields}
    assert named == FORMS.keys() | set(NUMBERS) and RIGHT.keys() == FORMS.keys()


def test_every_command_has_the_form_of_one() -> None:
    names = [name for name in app if not name.startswith("-")]
    assert {"load", "explain-away"} <= set(names)
    assert all(FORMS[field].fullmatch(f"parity {name}") for field in ("by", "command") for name in names)


def test_what_has_not_the_form_of_its_field_is_not_written(log: Path) -> None:
    for event, fields in EVENTS.items():
        for value in VALUES:
            happened(event, **dict.fromkeys(fields, value))
    assert log.stat().st_mode & 0o077 == 0
    shown = {str(value) for line in lines(log) for name, value in line.items() if name in FORMS or name in NUMBERS}
    assert shown == {"?"}
    assert not any(value in log.read_text() for value in VALUES)


def test_what_has_its_form_is_written_and_nothing_where_nobody_asked(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for event, fields in EVENTS.items():
        happened(event, **{name: RIGHT.get(name, 3) for name in fields})
    assert [line["event"] for line in lines(log)] == list(EVENTS)
    assert {name: v for line in lines(log) for name, v in line.items() if name in FORMS} == RIGHT
    assert {line["level"] for line in lines(log) if "error" in line} == {"error"}
    monkeypatch.setenv(event_log.ENV_LOG, " ")
    happened("told", cause="strays/inbox", status="new")
    assert len(lines(log)) == len(EVENTS)


def test_a_field_that_is_not_declared_is_a_mistake_of_ours(log: Path) -> None:
    with pytest.raises(KeyError, match="told has no"):
        happened("told", text="Ada Quennell")
    with pytest.raises(KeyError):
        happened("seen")
    assert lines(log) == []


def test_a_library_that_sets_up_its_own_logging_does_not_end_the_log(log: Path) -> None:
    happened("told", cause="strays/inbox", status="new")
    # As ``logging.config`` leaves it for every logger that a configuration does not name; import-linter does that.
    logging.getLogger("parity").disabled = True
    happened("told", cause="strays/inbox", status="over")
    assert [line["status"] for line in lines(log)] == ["new", "over"]


def test_a_load_in_its_own_process_is_logged_and_nothing_of_its_records(
    found: Zones, tmp_path: Path, log: Path
) -> None:
    bad = "Surname,NHSNumber\nQuennell,9998887775\n"
    for path in (submission(tmp_path), submission(tmp_path, "RV5", IDS101Referral=bad)):
        apart.load(path, found, open_ledger(found.ledger), spine_key())
    prune(found, open_ledger(found.ledger), datetime.now(UTC) + timedelta(days=3650))
    seen = [(line["event"], line.get("provider"), line.get("state")) for line in lines(log)]
    assert seen == [
        ("submission", "RW5", "received"), ("submission", "RW5", "accepted"),
        ("submission", "RV5", "received"), ("submission", "RV5", "file rejected"),
        # What was removed is noted in the ledger too: reports of both, and the files of the one that is rejected.
        ("submission", "RW5", "accepted"), ("submission", "RV5", "file rejected"), ("removed", None, None),
    ]  # fmt: skip
    assert "uennell" not in log.read_text() and "9998887775" not in log.read_text()


def test_lines_reach_standard_error_from_the_worker_process_too(
    found: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(event_log.ENV_LOG, event_log.STDERR)
    apart.worker.end()  # it was started by another test, which had no log
    apart.load(submission(tmp_path), found, open_ledger(found.ledger), spine_key())
    apart.worker.end()
    states = [json.loads(line)["state"] for line in capfd.readouterr().err.splitlines()]
    assert states == ["received", "accepted"]


def test_commands_are_logged_with_their_end_and_an_unusable_place_is_said(
    found: Zones, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["status"]) == CLEAN
    assert _run(["query", "--nonsense", "Ada Quennell"]) == USAGE
    ended = [(line["command"], line["exit_status"], line.get("error")) for line in lines(log)]
    assert ended == [("parity status", CLEAN, None), ("parity query", USAGE, "UnknownOptionError")]
    assert "Quennell" not in log.read_text()
    monkeypatch.setenv(event_log.ENV_LOG, str(log.parent / "none" / "events.jsonl"))
    capsys.readouterr()
    assert _run(["status"]) == USAGE
    assert "PARITY_LOG must be stderr or a file that can be written" in capsys.readouterr().err
    happened("told", cause="strays/inbox", status="new")  # nothing is raised
