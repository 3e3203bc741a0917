"""`parity backup`: a copy, made while the data root is used, that takes its place."""

import json
import os
import shutil
from pathlib import Path
from threading import Event, Thread

import pytest

from pipelines.ask import ask, release_name
from pipelines.backup import MARK, backup
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.custody.retention import FILE
from pipelines.doctor import examine
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load, reprocess
from pipelines.run import publish_release
from pipelines.zones import Zones, zones
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission


def test_the_copy_takes_the_place_of_a_lost_data_root(
    tmp_path: Path,
    home: Path,
    few_measures: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = loaded_and_published(tmp_path)
    (found.home / FILE).write_text("what,days,valid_from,why\ninbox,5,2025-01-01,A test\n")
    before, people = release_name(found), ask("SELECT count(*) FROM core.person", found)[1]
    assert _run(["backup", str(tmp_path / "copy"), "--json"]) == CLEAN
    said = json.loads(capfd.readouterr().out)
    assert (said["release"], said["has_ledger"], said["kept"]) == (before, True, 0) and said["copied"] > 10

    shutil.rmtree(found.home)
    monkeypatch.setenv("PARITY_HOME", str(tmp_path / "copy"))
    copy = zones()
    assert examine() == []
    assert (copy.home / FILE).exists()
    assert ask("SELECT count(*) FROM core.person", copy)[1] == people
    assert publish_release(copy)["release"] == before  # nothing has changed, and nothing is built
    assert load(submission(tmp_path / "next", "RV5"), copy, open_ledger(copy.ledger), spine_key()).state.is_accepted


def test_a_copy_is_brought_up_to_date_and_keeps_nothing_that_is_gone(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    ledger = open_ledger(found.ledger)
    load(submission(tmp_path), found, ledger, spine_key())
    copy = Zones(tmp_path / "copy")
    first = backup(found, copy.home)
    again = backup(found, copy.home)
    assert (again.copied, again.kept, again.removed) == (0, first.copied, 0)
    load(submission(tmp_path, "RV5"), found, ledger, spine_key())
    shutil.rmtree(found.site_reports / "RW5")
    third = backup(found, copy.home)
    assert third.copied > 5 and third.removed > 2 and third.kept == first.copied - third.removed
    assert not (copy.site_reports / "RW5").exists()
    assert [one.receipt for one in open_ledger(copy.ledger).outcomes()] == [
        one.receipt for one in ledger.outcomes()
    ]


def test_a_file_that_two_releases_share_is_copied_once_and_shared_there(tmp_path: Path, home: Path) -> None:
    found, copy = zones(home), Zones(tmp_path / "copy")
    for release in ("2025-04-a", "2025-05-b", "2025-06-c"):
        (found.releases / release).mkdir()
    first = found.releases / "2025-04-a" / "public.national.csv"
    first.write_text("n\n1\n")
    os.link(first, found.releases / "2025-05-b" / first.name)
    done = backup(found, copy.home)
    assert (done.copied, done.bytes) == (2, first.stat().st_size)
    os.link(first, found.releases / "2025-06-c" / first.name)
    assert backup(found, copy.home).copied == 1
    copies = sorted(copy.releases.glob("*/public.national.csv"))
    assert [path.stat().st_nlink for path in copies] == [3, 3, 3]
    first.unlink()
    assert backup(found, copy.home).removed == 1
    left = sorted(copy.releases.glob("*/public.national.csv"))
    assert [(path.parent.name, path.read_text()) for path in left] == [
        ("2025-05-b", "n\n1\n"),
        ("2025-06-c", "n\n1\n"),
    ]


def test_a_copy_made_while_everything_is_processed_again_is_whole(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones(home)
    ledger, key = open_ledger(found.ledger), spine_key()
    receipts = [
        load(submission(tmp_path / name, name), found, ledger, key).receipt for name in ("RW5", "RV5", "RX4")
    ]
    stop, number = Event(), iter(range(10_000))
    # Another version of the rules each time, so that each time rows are made anew and the earlier ones removed.
    monkeypatch.setattr("pipelines.load.rows_version", lambda memory: f"{next(number):012x}")

    def work() -> None:
        while not stop.is_set():
            for receipt in receipts:
                reprocess(receipt, found, ledger, key)

    busy = Thread(target=work)
    busy.start()
    try:
        for _ in range(5):
            backup(found, tmp_path / "copy")
            monkeypatch.setenv("PARITY_HOME", str(tmp_path / "copy"))
            # The versions are none of this code: doctor says so of the rules.
            assert [each for each in examine() if each.looked_at not in ("disk", "rules")] == []
    finally:
        stop.set()
        busy.join()


@pytest.mark.parametrize("place", ["var/copy", ".", "full"])
def test_a_folder_that_cannot_be_a_backup_is_refused(
    tmp_path: Path, home: Path, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("not ours")
    assert _run(["backup", str(tmp_path / place)]) == USAGE
    assert (tmp_path / "full" / "letter.txt").exists() and not list(found.home.rglob(MARK))
