"""`parity doctor`: every cause is made, found, mended as it says, and gone.

Each on a real data root with one submission that counts and a release.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, WARNINGS
from pipelines.dagster_home import instance
from pipelines.doctor import examine
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load, receive
from pipelines.zones import Zones
from tests import campaign
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission


class Case(NamedTuple):
    """What is done to an installation, the part that doctor then names, and what else is done to mend it."""

    looked_at: str
    breaks: Callable[[Zones, Path], object]
    also: Callable[[Zones, Path], object] = lambda found, tmp: None
    by: str = "by hand"


def only(found: Zones) -> Path:
    """The folder of the one submission that was received."""
    (folder,) = found.received_folders()
    return folder


def one_table(folder: Path) -> Path:
    return sorted(folder.glob("IDS101*"))[0]


def rows(found: Zones) -> Path:
    (folder,) = (each for each in found.pseudonymised.iterdir() if each.name[0] != ".")
    return folder


def lose_ledger(found: Zones, tmp: Path) -> None:
    for file in found.home.glob("ledger.*"):
        file.unlink()


def damage_ledger(found: Zones, tmp: Path) -> None:
    content = bytearray(found.ledger.read_bytes())
    place = content.rfind(b"accepted")
    content[place : place + 8] = b"rejected"
    for file in found.home.glob("ledger.sqlite-*"):
        file.unlink()
    found.ledger.write_bytes(bytes(content))


def restore_older_ledger(found: Zones, tmp: Path) -> None:
    """A backup of the ledger takes its place after another submission came."""
    earlier = {file: file.read_bytes() for file in found.home.glob("ledger.*")}
    load(submission(tmp / "second", "RV5"), found, open_ledger(found.ledger), spine_key())
    lose_ledger(found, tmp)
    for file, content in earlier.items():
        file.write_bytes(content)


def damage_warehouse(found: Zones, tmp: Path) -> None:
    found.warehouse.unlink()
    found.warehouse.write_bytes(b"no database")
    found.warehouse.chmod(0o600)


def lose_key(found: Zones, tmp: Path) -> None:
    Path(os.environ["PARITY_KEY_FILE"]).rename(tmp / "copy")


def restore_key(found: Zones, tmp: Path) -> None:
    (tmp / "copy").rename(os.environ["PARITY_KEY_FILE"])


def rotate(found: Zones, tmp: Path) -> None:
    assert _run(["keys", "rotate"]) in (CLEAN, WARNINGS)


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def receive_only(found: Zones, tmp: Path) -> None:
    """A process is killed between the receipt and the check."""
    receive(submission(tmp / "second", "RV5"), found, open_ledger(found.ledger))


def expect_nonsense(found: Zones, tmp: Path) -> None:
    (found.home / "expected.csv").write_text("provider,first_month,last_month,why\nrw5?,2025-13,,\n")


def put_away(found: Zones, tmp: Path, days: int = 10) -> None:
    """Something left the inbox so many days ago."""
    place = found.inbox / "received" / "0123456789abcdef"
    place.mkdir(parents=True, mode=0o700)
    os.utime(place, (time.time() - days * 86_400,) * 2)


def switch_on(found: Zones, tmp: Path) -> None:
    """The sensor is switched on, as in the UI."""
    command = [sys.executable, "-m", "dagster", "sensor", "start", "inbox_sensor", "-m", "pipelines.definitions"]
    with instance(found):
        pass
    subprocess.run(command, env={**os.environ, "DAGSTER_HOME": str(found.dagster)}, check=True, capture_output=True)


def switch_off(found: Zones, tmp: Path) -> None:
    with instance(found) as opened:
        for state in opened.all_instigator_state():
            opened.delete_instigator_state(state.instigator_origin_id, state.selector_id)


# The first that is mended in each way runs in a sample: by hand, or by which command.
CASES = {
    "stray in the inbox": Case("inbox", lambda found, tmp: (found.inbox / "IDS101Referral.csv").write_text("x"),
        lambda found, tmp: (found.inbox / "IDS101Referral.csv").unlink()),
    "expected.csv wrong": Case("expected.csv", expect_nonsense,
        lambda found, tmp: (found.home / "expected.csv").unlink()),
    "sensor without a daemon": Case("Dagster", switch_on, switch_off),
    "ledger edited": Case("ledger", damage_ledger, lose_ledger, "rebuild"),
    "ledger lost": Case("ledger", lose_ledger, by="rebuild"),
    "ledger older than what was received": Case("ledger", restore_older_ledger, lose_ledger, "rebuild"),
    "kept for too long": Case("retention", put_away, by="prune"),
    "rows lost": Case("pseudonymised rows", lambda found, tmp: shutil.rmtree(rows(found)), by="a run"),
    "rows changed": Case("pseudonymised rows", lambda found, tmp: change(one_table(rows(found))), by="a run"),
    "key rotated": Case("key", rotate, by="a run"),
    "received file changed": Case("received files", lambda found, tmp: change(one_table(only(found))), by="a run"),
    "killed between receipt and check": Case("submissions", receive_only, by="a run"),
    "warehouse lost": Case("warehouse", lambda found, tmp: found.warehouse.unlink(), by="a run"),
    "warehouse damaged": Case("warehouse", damage_warehouse, lambda found, tmp: found.warehouse.unlink(),
        by="a run"),
}  # fmt: skip
CHOSEN = dict(campaign.one_of_each("what doctor finds", CASES.items(), lambda item: item[1].by))


@pytest.mark.parametrize("case", CHOSEN.values(), ids=CHOSEN)
def test_what_is_wrong_is_named_and_mended_as_it_says(
    tmp_path: Path, home: Path, few_measures: None, case: Case, capfd: pytest.CaptureFixture[str]
) -> None:
    found = loaded_and_published(tmp_path)
    assert examine() == []
    case.breaks(found, tmp_path)
    (said,) = examine()
    assert said.looked_at == case.looked_at
    case.also(found, tmp_path)
    if said.command and said.looked_at != "Dagster":  # a daemon runs until it is stopped
        words = said.command.split()[1:]
        sent = [str(tmp_path / "RW5_2025-04") if word == "PATH" else word for word in words]
        assert _run(sent) == CLEAN, said.command
    assert examine() == []


def test_a_full_disk_and_a_wrong_clock_are_said_and_what_goes_next_night_is_not(
    tmp_path: Path, home: Path, few_measures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded_and_published(tmp_path)
    put_away(found, tmp_path, days=8)
    usage = shutil.disk_usage(home)
    monkeypatch.setattr("pipelines.doctor.shutil.disk_usage", lambda path: usage._replace(free=999_999_999))
    (said,) = examine()
    assert said.looked_at == "disk" and "1.0 GB are free" in said.what
    monkeypatch.setattr("pipelines.doctor.shutil.disk_usage", lambda path: usage._replace(free=1_000_000_000))
    assert examine() == []
    received = open_ledger(found.ledger).outcomes()[0].receipt.at.replace(tzinfo=UTC)
    for early, expected in ((timedelta(minutes=11), ["clock"]), (timedelta(minutes=9), [])):
        monkeypatch.setattr("pipelines.doctor.now", lambda early=early: received - early)
        assert [each.looked_at for each in examine()] == expected


def test_what_another_version_checked_is_said_by_doctor_publish_and_status_until_it_is_checked_again(
    tmp_path: Path,
    home: Path,
    few_measures: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As after an upgrade. Here the setting is changed that is part of the version of the rules."""
    loaded_and_published(tmp_path)

    def said(*command: str) -> str:
        capfd.readouterr()
        assert _run([*command]) in (CLEAN, WARNINGS)
        return " ".join(capfd.readouterr().out.split())

    advice = "To check by the rules of today: parity reprocess, then parity publish."
    assert (examine(), advice in said("publish"), advice in said("status")) == ([], False, False)
    monkeypatch.setenv("PARITY_SPELLINGS", "refuse")
    (finding,) = examine()
    assert (finding.looked_at, finding.command) == ("rules", "parity reprocess")
    assert finding.what == "Another version of Parity checked 1 of the submissions that count."
    told = said("publish")
    assert "Nothing has changed. Already published: release 2025-04-" in told and advice in told
    assert advice in said("status")
    assert _run(["reprocess"]) == CLEAN
    assert (examine(), advice in said("status")) == ([], False)


def test_nothing_there_and_a_place_that_is_none(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert [each.looked_at for each in examine()] == ["data root"]
    assert not home.exists()  # looking makes nothing
    assert _run(["doctor"]) == WARNINGS
    assert "Set PARITY_HOME" in capfd.readouterr().out
    home.mkdir(mode=0o700)
    (home / "received").symlink_to(tmp_path)
    (said,) = examine()
    assert said.looked_at == "data root" and "a link leads elsewhere" in said.what


def test_a_lost_key_stops_and_its_copy_mends(
    tmp_path: Path, home: Path, few_measures: None, capfd: pytest.CaptureFixture[str]
) -> None:
    found = loaded_and_published(tmp_path)
    lose_key(found, tmp_path)
    (said,) = examine()
    assert (said.looked_at, said.command) == ("key", "parity keys new")
    restore_key(found, tmp_path)
    assert examine() == []
    if not campaign.is_whole():
        return
    lose_key(found, tmp_path)  # and if there is no copy: every step that it says
    for command in (["keys", "new"], ["reprocess"], ["publish"]):
        assert _run(command) == CLEAN
    assert examine() == []
