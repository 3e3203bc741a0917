"""The handbook of the centre, walked: every block is run as it stands on the page, in the situation of its section."""

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.ask import ask
from pipelines.backup import backup
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, HELD, WARNINGS
from pipelines.ledger import open_ledger
from pipelines.load import receive
from pipelines.zones import Zones, zones
from tests import campaign
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import EMPTY, submission

PAGE = Path(__file__).parents[2] / "docs" / "handbook.md"
SECTIONS = {
    part.partition("\n")[0]: re.findall(r"```\n(.*?)```", part, re.DOTALL)
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
}


class Walk:
    """One installation, and running blocks of the page on it. ``walked`` are those that were run."""

    def __init__(self, tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.tmp, self.capfd = tmp, capfd
        self.folders = {name: tmp / name.lower() for name in ("SENT", "LATER", "BACKUP")}
        self.walked = list[str]()

    def run(self, block: str, *statuses: int) -> list[str]:
        """What each command of a block says. Every one must end as given, CLEAN if nothing is."""
        said = []
        self.walked.append(block)
        for line in block.splitlines():
            words = [str(self.folders.get(word, word)) for word in shlex.split(line)[1:]]
            self.capfd.readouterr()
            status = _run(words)
            out, error = self.capfd.readouterr()
            assert status in (statuses or (CLEAN,)), f"{line}: {status} {error}"
            said.append(out)
        return said


def first_day(walk: Walk) -> None:
    submission(walk.folders["SENT"])
    submission(walk.folders["SENT"], "RV5")
    (block,) = SECTIONS["First day"]
    assert walk.run(block)[-1] == "Nothing is wrong.\n"


def month(walk: Walk) -> None:
    published(walk)
    submission(walk.folders["LATER"], "RV5")
    everyday, decisions = SECTIONS["A month"]
    said = walk.run(everyday)
    assert "RV5" in said[4] and "late data" in said[4]
    submission(walk.folders["SENT"], month="2025-05", **EMPTY)
    walk.run("parity load SENT", HELD)
    confirmed, withdrawn = walk.run(decisions)
    assert "RW5" in confirmed and "RW5" in withdrawn


def power_cut(walk: Walk) -> None:
    found = published(walk)
    receive(submission(walk.tmp / "more", "RV5"), found, open_ledger(found.ledger))
    look, mend = SECTIONS["Power cut"]
    assert "parity reprocess" in walk.run(look, CLEAN, WARNINGS)[0]
    walk.run(mend)
    assert months(found) == ["RV5", "RW5"] and walk.run("parity doctor") == ["Nothing is wrong.\n"]


def disk_full(walk: Walk) -> None:
    submission(walk.folders["SENT"])
    assert walk.run(SECTIONS["Disk full"][0])[-1] == "Nothing is wrong.\n"


def lost_key(walk: Walk) -> None:
    published(walk)
    Path(os.environ["PARITY_KEY_FILE"]).unlink()
    assert "key" in walk.run("parity doctor", WARNINGS)[0]
    assert walk.run(SECTIONS["Lost key"][0])[-1] == "Nothing is wrong.\n"


def lost_ledger(walk: Walk) -> None:
    found = published(walk)
    for file in found.home.glob("ledger.*"):
        file.unlink()
    assert walk.run(SECTIONS["Lost ledger"][0])[-1] == "Nothing is wrong.\n"
    assert months(found) == ["RW5"]


def wrong_file(walk: Walk) -> None:
    found = published(walk)
    walk.run(f"parity load {submission(walk.tmp / 'other', 'RV5')}")
    out, back = SECTIONS["Wrong file published"]
    assert "withdrawal" in walk.run(out)[-1] and months(found) == ["RV5"]
    rows = "R4,P1,QE1,2025-04-09,B1,,,,\n"
    right = submission(walk.folders["LATER"])
    with (right / "IDS101Referral.csv").open("a", encoding="utf-8") as file:
        file.write(rows)
    walk.run(back)
    assert months(found) == ["RV5", "RW5"]


def lost_machine(walk: Walk) -> None:
    found = published(walk)
    backup(found, walk.folders["BACKUP"])
    shutil.rmtree(found.home)
    os.environ["PARITY_HOME"] = str(walk.folders["BACKUP"])
    submission(walk.folders["LATER"], "RV5")
    assert walk.run(SECTIONS["Lost machine"][0])[0] == "Nothing is wrong.\n"


def new_version(walk: Walk) -> None:
    published(walk)
    walk.run(f"parity load {submission(walk.tmp / 'other', 'RV5')}")
    said = walk.run(SECTIONS["A new version"][0])
    assert "Every verdict stays." in said[1] and "late data" in said[4]


def published(walk: Walk) -> Zones:
    return loaded_and_published(walk.tmp)


def months(found: Zones) -> list[str]:
    return [provider for (provider,) in ask("SELECT provider FROM core.submission ORDER BY provider", found)[1]]


WALKS: dict[str, Callable[[Walk], None]] = {
    "Lost ledger": lost_ledger, "Disk full": disk_full, "First day": first_day, "A month": month, "Power cut": power_cut, "Lost key": lost_key,
    "Wrong file published": wrong_file, "Lost machine": lost_machine,
    "A new version": new_version,
}  # fmt: skip
CHOSEN = dict(campaign.one_of_each("days of the handbook", WALKS.items(), lambda item: "a day"))


def test_every_section_is_walked() -> None:
    assert set(SECTIONS) == set(WALKS)


@pytest.mark.parametrize("section", CHOSEN)
def test_the_blocks_of_a_section_do_what_it_says(
    section: str,
    tmp_path: Path,
    home: Path,
    few_measures: None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PARITY_HOME", str(home))
    zones()
    walk = Walk(tmp_path, capfd)
    CHOSEN[section](walk)
    assert [block for block in walk.walked if block in SECTIONS[section]] == SECTIONS[section], (
        "each block, in order"
    )
