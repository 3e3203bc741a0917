"""Every attempt to load a submission has a receipt, also one that could not be copied or was killed meanwhile."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import load as steps
from pipelines.board import NOT_COPIED, overview
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.deciding import withdraw
from pipelines.keys import spine_key
from pipelines.ledger import Outcome, State, StepRefused, open_ledger, today_in_england
from pipelines.ledger.rebuild import rebuild
from pipelines.zones import PROJECT, zones
from schemas.month import ProviderMonth
from tests.fixtures.submission import submission

OF = ProviderMonth("RW5", date(2025, 4, 1))


def load(path: Path) -> Any:
    found = zones()
    return steps.load(path, found, open_ledger(found.ledger), spine_key())


def outcomes() -> list[Outcome]:
    return open_ledger(zones().ledger).outcomes()


def broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the next copying end with an error, when some of it is there."""

    def ends(path: Path, incoming: Path, **_: object) -> None:
        (incoming / "IDS001.csv").write_text(path.name)
        raise error

    monkeypatch.setattr(steps, "open_source", ends)


def test_a_submission_that_cannot_be_copied_has_a_receipt_and_nothing_is_kept(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        broken(patched, OSError(5, "9990000018"))
        with pytest.raises(OSError, match="9990000018"):
            load(submission(tmp_path))
    (outcome,) = outcomes()
    assert (outcome.state, outcome.provider_month, outcome.receipt.is_attempt) == (State.FAILED, OF, True)
    assert outcome.detail == {"error": "OSError", "disk": "EIO"}
    assert [path.name for path in zones().received.iterdir()] == []
    assert _run(["status"]) == CLEAN
    assert f"RW5 Apr 2025: failed: {NOT_COPIED}" in " ".join(capfd.readouterr().out.split())


def test_when_it_is_sent_again_the_attempt_says_as_what_and_is_shown_no_more(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = submission(tmp_path)
    for _ in range(2):
        with monkeypatch.context() as patched:
            broken(patched, OSError(28, "full"))
            with pytest.raises(OSError, match="full"):
                load(path)
    first = load(path)
    assert (first.state, first.is_repeat) == (State.ACCEPTED, False)
    *attempts, outcome = outcomes()
    assert [one.detail["sent_again"] for one in attempts] == [outcome.receipt.submission_id] * 2
    with monkeypatch.context() as patched:
        broken(patched, OSError(28, "full"))
        with pytest.raises(OSError, match="full"):
            load(path)
    ledger = open_ledger(zones().ledger)
    (cell,) = [each.month for each in overview(ledger.events(), today_in_england(), (), {})]
    assert (cell.state, cell.counts) == ("failed", outcome.receipt.submission_id)
    # The attempt in between makes no new submission of the same bytes.
    again = load(path)
    assert (again.receipt.submission_id, again.is_repeat) == (first.receipt.submission_id, True)
    (cell,) = [each.month for each in overview(ledger.events(), today_in_england(), (), {})]
    assert (cell.state, cell.submissions, cell.waits) == ("accepted", 1, "")
    assert ledger.verify({}, in_full=True).entries == 2 + 3 * 3


def test_one_without_a_provider_and_month_in_its_name_is_shown_too(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = submission(tmp_path).rename(tmp_path / "April of Jane Doe")
    with monkeypatch.context() as patched:
        broken(patched, MemoryError())
        with pytest.raises(MemoryError):
            load(path)
    assert _run(["status"]) == CLEAN
    shown = " ".join(capfd.readouterr().out.split())
    assert f"failed: {NOT_COPIED}" in shown and "Jane" not in shown
    assert b"Jane" not in zones().ledger.read_bytes()


KILLS = """
import os, signal, sys
from pathlib import Path
from pipelines import load as steps
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.zones import zones
place, path = sys.argv[1:]
if place == "copying":
    steps.open_source = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
elif place == "copied":
    steps.tombstones.hold = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
else:
    steps.attempts.Attempt.is_received = lambda _: os.kill(os.getpid(), signal.SIGKILL)
found = zones()
steps.load(Path(path), found, open_ledger(found.ledger), spine_key())
"""


@pytest.mark.parametrize(("place", "attempts"), [("copying", 1), ("copied", 1), ("received", 0)])
def test_one_that_was_killed_has_a_receipt_when_the_next_command_runs(
    tmp_path: Path, home: Path, place: str, attempts: int
) -> None:
    path = submission(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    killed = subprocess.run([sys.executable, "-c", KILLS, place, str(path)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert sum(one.receipt.is_attempt for one in outcomes()) == 0
    assert _run(["status"]) == CLEAN
    found = [one for one in outcomes() if one.receipt.is_attempt]
    assert [(one.state, one.provider_month, one.detail) for one in found] == (
        [(State.FAILED, OF, {"error": "Killed"})] * attempts
    )
    assert _run(["status"]) == CLEAN  # told once
    assert load(path).state is State.ACCEPTED
    assert [one.was_sent_again for one in outcomes()] == [True] * attempts + [False]
    assert [path.name[0] for path in zones().received.iterdir()] == [outcomes()[-1].receipt.submission_id[0]]


def test_an_attempt_that_the_ledger_could_not_take_has_its_receipt_later(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the ledger has no room either."""
    path, found = submission(tmp_path), zones()
    ledger = open_ledger(found.ledger)
    with monkeypatch.context() as patched:
        broken(patched, OSError(28, "full"))
        patched.setattr(ledger, "attempted", lambda *_: 1 / 0)
        with pytest.raises(OSError, match="full"):
            steps.receive(path, found, ledger)
    (left,) = found.received.iterdir()
    assert [each.name for each in left.iterdir()] == [".attempt.json"]
    load(path)
    assert [(one.receipt.is_attempt, one.was_sent_again) for one in outcomes()] == [(True, True), (False, False)]


def test_an_attempt_never_counts_and_is_not_processed_decided_or_rebuilt(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    accepted = load(submission(tmp_path / "other", "RV5"))
    with monkeypatch.context() as patched:
        broken(patched, OSError(5, "broken"))
        with pytest.raises(OSError, match="broken"):
            load(submission(tmp_path))
    found, ledger = zones(), open_ledger(zones().ledger)
    attempt = outcomes()[-1].receipt.submission_id
    for state in (State.ACCEPTED, State.FILE_REJECTED, State.WITHDRAWN, State.RECEIVED):
        with pytest.raises(StepRefused):
            ledger.record(attempt, state, OF, {})
    with pytest.raises(Exception, match="Nothing of RW5_2025-04 can be withdrawn"):
        withdraw(OF, "asked by the site", found, ledger)
    assert [one.receipt.submission_id for one in ledger.current_submissions()] == [accepted.receipt.submission_id]
    capfd.readouterr()
    assert _run(["reprocess", "--json"]) == CLEAN
    assert json.loads(capfd.readouterr().out)["submissions"] == 1
    assert _run(["prune"]) == CLEAN
    for file in found.home.glob("ledger.*"):
        file.unlink()
    rebuilt = rebuild(found, open_ledger(found.ledger))
    assert (rebuilt.submissions, rebuilt.current) == (1, 1)
    assert any("failed attempts" in note for note in rebuilt.notes)
