"""Whatever arrives, in whatever order: a load comes to what a check of the same files says."""

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import load as loading
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, check_path, load
from pipelines.verdict import state_of
from pipelines.zones import Zones, zones
from tests.campaign import examples
from tests.fixtures.submission import HEADER, RIGHT, submission, write, zipped

TODAY = datetime.now(UTC)


def loaded(path: Path, found: Zones) -> Loaded:
    """The outcome of a load, which must be that of a check."""
    outcome = load(path, found, open_ledger(found.ledger), spine_key())
    assert outcome.verdict.state == state_of(check_path(path)), path.name
    return outcome


def beside(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def renamed(folder: Path, old: str, new: str) -> Path:
    (folder / old).rename(folder / new)
    return folder


def all_misnamed(folder: Path) -> Path:
    for file in sorted(folder.iterdir()):
        file.rename(file.with_name(f"x{file.name}"))
    return folder


# A right submission, and what makes it a rejected one. Each is sent wrong, then right, then wrong again.
MADE_WRONG: dict[str, Callable[[Path], Path]] = {
    "the name of another provider": lambda folder: folder.rename(folder.with_name("RXX_2025-04")),
    "the name of another month": lambda folder: folder.rename(folder.with_name("RW5_2025-05")),
    "a stray file": lambda folder: beside(folder, "notes.txt", "hello"),
    "a table twice": lambda folder: beside(folder, "IDS101Referral.CSV", RIGHT["IDS101Referral"]),
    "a table of another ending": lambda folder: renamed(folder, "IDS002GP.csv", "IDS002GP.parquet"),
    "a misnamed table": lambda folder: renamed(folder, "IDS001MPI.csv", "IDS001 patients.csv"),
    "only misnamed tables": all_misnamed,
    "a link": lambda folder: (folder / "IDS004EmpStatus.csv").symlink_to(folder / "IDS002GP.csv") or folder,
    "no header": lambda folder: (folder / "IDS000Header.csv").unlink() or folder,
}


@pytest.mark.parametrize("what", MADE_WRONG)
def test_a_submission_is_accepted_once_only_that_is_corrected(tmp_path: Path, home: Path, what: str) -> None:
    found = zones(home)
    wrong, right = MADE_WRONG[what](submission(tmp_path / "wrong")), submission(tmp_path / "right")
    first = loaded(wrong, found)
    assert (first.verdict.state, first.is_repeat) == (State.FILE_REJECTED, False)
    corrected = loaded(right, found)
    assert (corrected.verdict.state, corrected.is_repeat) == (State.ACCEPTED, False)
    assert loaded(right, found).is_repeat
    assert loaded(wrong, found).verdict.state is State.FILE_REJECTED
    assert loaded(right, found).verdict.state is State.ACCEPTED


def test_two_sites_whose_tables_are_all_misnamed_have_two_receipts(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    one, other = (all_misnamed(submission(tmp_path, code).rename(tmp_path / code)) for code in ("RW5", "RXX"))
    assert loaded(one, found).receipt.submission_id != loaded(other, found).receipt.submission_id
    assert loaded(one, found).is_repeat
    assert len(open_ledger(found.ledger).outcomes()) == 2


def test_what_was_too_early_is_judged_anew_when_it_comes_again(tmp_path: Path, home: Path) -> None:
    """The rule looks at the time of arrival: at a later one the same bytes may be right."""
    found = zones(home)
    created = f"{TODAY + timedelta(days=3):%Y-%m-%dT%H:%M:%S}"
    early = submission(tmp_path, IDS000Header=f"{HEADER}\n2.0,RW5,RW5,T,2025-04-01,2025-04-30,{created}\n")
    first = loaded(early, found)
    assert first.verdict.state is State.FILE_REJECTED
    again = loaded(early, found)
    assert not again.is_repeat and again.receipt.submission_id != first.receipt.submission_id


def test_what_other_code_judged_is_judged_anew(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = zones(home)
    path = submission(tmp_path)
    first = loaded(path, found)
    assert loaded(path, found).is_repeat
    monkeypatch.setattr(loading, "rows_version", lambda memory: "0123456789ab")
    again = loaded(path, found)
    assert (again.is_repeat, again.receipt.submission_id) == (False, first.receipt.submission_id)
    assert loaded(path, found).is_repeat


def test_check_and_load_agree_in_any_order(tmp_path: Path, home: Path) -> None:
    """Right and wrong forms of two months, folders and zips, each sent again and again in an order drawn."""
    found = zones(home)
    forms = [
        make(submission(tmp_path / f"{place} {month}", month=month))
        for place, make in enumerate([lambda folder: folder, zipped, *MADE_WRONG.values()])
        for month in ("2025-04", "2025-05")
    ]
    draw = random.Random(1)
    for _ in range(examples(30)):
        loaded(draw.choice(forms), found)


def test_a_killed_check_leaves_nothing_once_the_next_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it unpacked lies in a folder that only this user can open."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = zipped(submission(tmp_path / "in"))
    with loading.own_workspace() as workspace:
        assert (workspace.parent.stat().st_mode & 0o777, workspace.stat().st_mode & 0o777) == (0o700, 0o700)
        left = workspace.with_name(".incoming-killed")
        shutil.copytree(workspace, left)
        write(left)
        check_path(path)
        assert workspace.exists() and not left.exists()
    assert list(workspace.parent.iterdir()) == []
