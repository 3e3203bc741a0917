"""A lost ledger is made again from the received files, and what cannot be known is said."""

import json
import os
import shutil
from pathlib import Path

import pytest

from pipelines import publish
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED, USAGE
from pipelines.keys import spine_key
from pipelines.ledger import LedgerBroken, NotEmpty, Outcome, State, open_ledger
from pipelines.ledger.rebuild import rebuild
from pipelines.load import load, receive
from pipelines.zones import Zones, zones
from tests.fixtures.submission import RIGHT, submission

TWICE = RIGHT["IDS101Referral"] + RIGHT["IDS101Referral"].splitlines()[1] + "\n"


def lose_ledger(found: Zones) -> None:
    for file in found.home.glob("ledger*"):
        file.unlink()


def loaded(tmp_path: Path) -> tuple[list[Outcome], Zones]:
    """A corrected month, one sent back, a rejected one, one without a claim, and one received and no more."""
    found = zones()
    ledger, key = open_ledger(found.ledger), spine_key()
    first = submission(tmp_path / "a")
    for path in (
        first,
        submission(tmp_path / "b", IDS101Referral=TWICE),
        first,
        submission(tmp_path / "c", provider="RX1", IDS000Header=None),
        submission(tmp_path / "d", month="2025-05").rename(tmp_path / "final"),
    ):
        load(path, found, ledger, key)
    receive(submission(tmp_path / "e", provider="RV5"), found, ledger)
    return ledger.outcomes(), found


def test_receipts_outcomes_and_what_counts_are_as_before(tmp_path: Path, home: Path) -> None:
    before, found = loaded(tmp_path)
    staged = publish.current_submissions(found, open_ledger(found.ledger))
    name = publish.planned_release(found, staged)
    lose_ledger(found)
    ledger = open_ledger(found.ledger)
    rebuilt = rebuild(found, ledger)
    assert ledger.outcomes() == before and len(before) == 6
    assert publish.current_submissions(found, ledger) == staged
    assert publish.planned_release(found, staged) == name
    assert (rebuilt.submissions, rebuilt.current) == (6, 2)
    assert rebuilt.notes[0].startswith("1 submission without an outcome or its rows")
    with pytest.raises(NotEmpty, match="has receipts in it, so it cannot be rebuilt"):
        rebuild(found, ledger)
    assert ledger.verify({}, in_full=True).entries == 11
    assert load(tmp_path / "c" / "RX1_2025-04", found, ledger, spine_key()).is_repeat
    receipt = load(submission(tmp_path / "f", provider="RW6"), found, ledger, spine_key()).receipt
    assert receipt.seq == before[-1].receipt.seq + 1


def test_what_is_missing_in_a_folder_is_said(tmp_path: Path, home: Path) -> None:
    before, found = loaded(tmp_path)
    first, second, back, rejected, unnamed, waiting = (found.received / o.receipt.submission_id for o in before)
    (first / "receipt.json").unlink()  # as a release up to 0.5 kept it; its file is from later than all others
    os.utime(first / "source.json", (4e9, 4e9))
    (second / "checked.json").write_text("{")
    (rejected / "source.json").unlink()
    shutil.rmtree(unnamed)
    for rows in found.pseudonymised.glob(f"{back.name}.*"):
        shutil.rmtree(rows)
    lose_ledger(found)
    rebuilt = rebuild(found, ledger := open_ledger(found.ledger))
    states = {o.receipt.submission_id: o.state for o in ledger.outcomes()}
    assert states == {
        first.name: State.ACCEPTED, second.name: State.RECEIVED, back.name: State.RECEIVED, waiting.name: State.RECEIVED,
    }  # fmt: skip
    said = " ".join(rebuilt.notes)
    assert "1 folder in received/ left out" in said
    assert "1 submission kept by a release up to 0.5: the time of receipt is that of the files" in said
    assert "3 submissions without an outcome or its rows" in said
    assert "earlier outcomes and failed attempts are known no more" in said
    numbers = {o.receipt.submission_id: o.receipt.seq for o in ledger.outcomes()}
    kept = {f.parent.name: json.loads(f.read_text())["seq"] for f in found.received.glob("*/receipt.json")}
    assert {name: kept[name] for name in numbers} == numbers
    assert numbers == {second.name: 1, back.name: 2, waiting.name: 3, first.name: 4}


def test_the_commands_verify_and_rebuild(tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, found = loaded(tmp_path)
    assert _run(["ledger", "verify"]) == CLEAN
    assert "The ledger holds. It has 11 events" in capfd.readouterr().out
    assert _run(["ledger", "rebuild"]) == USAGE
    found.ledger.write_bytes(found.ledger.read_bytes()[:100])
    for beside in found.home.glob("ledger.sqlite-*"):
        beside.unlink()
    assert _run(["ledger", "verify"]) == CRASHED
    assert "ledger.sqlite is damaged, or is no ledger" in capfd.readouterr().err
    lose_ledger(found)
    assert _run(["ledger", "rebuild"]) == CLEAN
    assert "Found in received/: 6 submissions. Of these count: 2." in capfd.readouterr().out
    assert _run(["ledger", "verify", "--json"]) == CLEAN
    assert json.loads(capfd.readouterr().out)["entries"] == 11


def test_a_build_refuses_a_ledger_that_was_changed_and_a_release_notes_it(tmp_path: Path, home: Path) -> None:
    found = zones()
    ledger = open_ledger(found.ledger)
    load(submission(tmp_path), found, ledger, spine_key())
    folder = found.releases / "2025-04-1a2b3c4d"
    folder.mkdir()
    head = {"ledger": ledger.verify({}).ledger, "entries": 2, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps({"release_id": folder.name, "ledger": head}))
    with pytest.raises(LedgerBroken, match="event 2 is not the one that release 2025-04-1a2b3c4d notes"):
        publish.build_core(found, ledger)
