"""A step that is broken off at any point, and run again, ends as one that was left alone.

A point is a call that changes or reads a file below the data root (``tests.crash``). At each one the machine stops,
stops with a write half done, somebody presses Ctrl-C, the disk is full or broken, or an answer of a network drive is lost.
What the step left must be whole at once, before anything mends it: no half release, no submission that counts without
its rows, no identifier outside its zone or in what is printed (``tests.fixtures.whole``).

A name is a kind of point: the call and the kind of file, such as a write to a file of rows. A sample runs here. A
campaign takes every name with every fault where it is passed first; where it is passed last, and once between, the
machine stops, and the disk is broken. It takes one kind of break of all steps before the next (``PARTS``), so that what
it has found says something at any time. That is kept in ``build/crashes``: one that was broken off itself goes on while
the code is the same.
"""

import gzip
import hashlib
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest

from pipelines.zones import PROJECT, Zones, zones
from tests.campaign import is_whole
from tests.crash import COMPILER, Fault, Machine, Noted, machine, named
from tests.fixtures.extracts import open_document
from tests.fixtures.submission import RIGHT, submission
from tests.fixtures.whole import problems, release, shows
from tests.journeys.test_interrupted_load import TWICE, UNEVEN, left_in

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc) is installed")
FILES = Path(__file__).parents[1] / "fixtures" / "files"
AGAIN = RIGHT["IDS101Referral"] + "R4,P1,QE1,2025-04-09,B1,,,,\n"
SAID_WHEN_FULL = ("OSError", "OperationalError", "ComputeError")
# At points drawn at random.
KILLS = 200 if is_whole() else 2


class Scenario(NamedTuple):
    """A data root that was brought somewhere by steps, and the step that is broken off there."""

    before: tuple[tuple[str, dict[str, str | None]], ...]
    step: str
    changed: dict[str, str | None]


class Part(NamedTuple):
    """A part of the breaks of a step: one fault where each name is passed first, or last and once between."""

    fault: Fault
    is_later: bool


# A call that only reads can only fail. Over a network the answer to a change by name can be lost.
BY_NAME = ("mkdir ", "rmdir ", "unlink ", "link ", "rename ", "chmod ")
CHANGES = ("open ", "write ", "fsync ", "truncate ", *BY_NAME)
MET_BY = {Fault.BROKEN: ("read ", *CHANGES), Fault.TORN: ("write ",), Fault.UNANSWERED: BY_NAME}
FIRST, LATER = False, True
PARTS = {
    "the machine stops": Part(Fault.KILLED, FIRST),
    "the disk is full": Part(Fault.FULL, FIRST),
    "the disk is broken": Part(Fault.BROKEN, FIRST),
    "a write is half done": Part(Fault.TORN, FIRST),
    "somebody interrupts": Part(Fault.INTERRUPTED, FIRST),
    "the machine stops later": Part(Fault.KILLED, LATER),
    "the disk is broken later": Part(Fault.BROKEN, LATER),
    "an answer is lost": Part(Fault.UNANSWERED, FIRST),
}
LOAD, LOAD_INBOX, PUBLISH = "load", "load the inbox", "publish"
# What runs in a process of its own, one after the other. Each stage begins on a copy of what those before it left.
STAGES = {LOAD: ("load",), LOAD_INBOX: ("load the inbox",), PUBLISH: ("build core", "build marts", "publish")}
SCENARIOS = {
    "a first load": Scenario((), LOAD, {}),
    "a load with faults": Scenario((), LOAD, {"IDS101Referral": TWICE, "IDS001MPI": UNEVEN}),
    "a rejected load": Scenario((), LOAD, {"IDS000Header": None}),
    "a load from the inbox": Scenario((), LOAD_INBOX, {}),
    "a load again": Scenario(((LOAD, {}),), LOAD, {}),
    "a corrected load": Scenario(((LOAD, {}),), LOAD, {"IDS101Referral": AGAIN}),
    "a publication": Scenario(((LOAD, {}),), PUBLISH, {}),
    "the next publication": Scenario(
        ((LOAD, {}), (PUBLISH, {}), (LOAD, {"IDS101Referral": AGAIN})), PUBLISH, {}
    ),
}  # fmt: skip


class World:
    """The roots of the scenarios, each made once and copied for every crash, and how each ends undisturbed."""

    def __init__(self, folder: Path, started: Machine) -> None:
        self.folder, self.machine, self.noted = folder, started, Noted(PROJECT / "build" / "crashes")
        self.ends: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {}
        self.begins: dict[str, list[int]] = {}

    def paths(self, step: str, changed: dict[str, str | None]) -> list[Path]:
        """What a step is given: a load, the submission with these changes."""
        digest = hashlib.sha256(repr(sorted(changed.items())).encode()).hexdigest()[:8]
        return [submission(self.folder / f"in {digest}", **changed)] if step == LOAD else []

    def step(
        self, home: Path, step: str, changed: dict[str, str | None], begin: int = 0, **options: Any
    ) -> tuple[str | None, str]:
        """Run a step on a root, from a stage on. ``options`` are for the first of the stages.

        How that stage ended that was the last to run, and what all printed.
        """
        printed = ""
        for stage in STAGES[step][begin:]:
            ran = self.machine.run(stage, home, *self.paths(step, changed), **options)
            printed, options = printed + ran.printed, {}
            if ran.ended:
                return ran.ended, printed
        return None, printed

    def ready(self, name: str, place: str, stage: int = 0) -> Path:
        """A root on which the step of a scenario can be run, from a stage on."""
        kept, home = self.folder / f"ready {name} {stage}", self.folder / place
        if not kept.exists():
            assert not stage, "undisturbed makes it"
            kept.mkdir(mode=0o700)
            for step, changed in SCENARIOS[name].before:
                assert self.step(kept, step, changed)[0] is None
            if SCENARIOS[name].step == LOAD_INBOX:
                submission(zones(kept).inbox, **SCENARIOS[name].changed)
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(kept, home)
        return home

    def undisturbed(self, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a step leaves when nothing happens, and the points that it passes, of all its stages."""
        if name not in self.ends:
            home, (_, step, changed) = self.ready(name, f"alone {name}"), SCENARIOS[name]
            points: tuple[str, ...] = ()
            self.begins[name] = []
            for number, stage in enumerate(STAGES[step]):
                if number:
                    shutil.copytree(home, self.folder / f"ready {name} {number}")
                self.begins[name].append(len(points))
                ran = self.machine.run(stage, home, *self.paths(step, changed), named=True)
                assert ran.ended is None, ran.printed
                points += ran.points
            self.ends[name] = left(zones(home)), points
        return self.ends[name]

    def broken_off(self, name: str, at: int, fault: Fault) -> tuple[str | None, list[str]]:
        """Break a step off at a point, look at what it left, run it again, compare.

        How it ended, and what is wrong: nothing should be.
        """
        expected, points = self.undisturbed(name)
        stage = max(number for number, begin in enumerate(self.begins[name]) if begin < at)
        home, step = self.ready(name, "broken", stage), SCENARIOS[name][1:]
        ended, printed = self.step(home, *step, begin=stage, at=at - self.begins[name][stage], fault=fault)
        wrong = [f"printed {value!r}" for value in shows(printed.encode())]
        if fault in (Fault.KILLED, Fault.TORN) and ended != "SIGKILL":
            wrong.append(f"was not killed but ended with {ended}")
        wrong += problems(home)
        ended_again, printed = self.step(home, *step)
        if ended_again:
            wrong.append(f"cannot be run again: {printed}")
        else:
            ends = left(zones(home))
            wrong += [f"{part} differ" for part, right in expected.items() if ends[part] != right]
            wrong += problems(home)
        told = f"{name}, {fault.name} at {at} of {len(points)}, {points[at - 1]}"
        return ended, [f"{told}: {each}" for each in wrong]

    def wrong(self, name: str, broken: list[tuple[int, Fault]]) -> list[str]:
        """What is wrong after each of these breaks. Those that a campaign has made before are not made again."""
        told = []
        points = self.undisturbed(name)[1]
        for at, fault in broken:
            # The number of a point may differ between two runs, by a page of a database; its name and place do not.
            cell = f"{name}, {fault.name} at {points[at - 1]}, {points[:at].count(points[at - 1])}"
            found = self.noted.get(cell) if is_whole() else None
            if found is None:
                found = self.broken_off(name, at, fault)[1]
                if is_whole():
                    self.noted.add(cell, found)
            told += found
        return told


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("crashes")
    with pytest.MonkeyPatch.context() as environment, machine() as started:
        (folder / "key").mkdir(mode=0o700)
        environment.setenv("PARITY_KEY_FILE", str(folder / "key" / "pseudonym.key"))
        yield World(folder, started)


@pytest.fixture(autouse=True)
def key_of_the_world(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_KEY_FILE", str(world.folder / "key" / "pseudonym.key"))


def left(found: Zones) -> dict[str, Any]:
    """Everything that a load and a publication leave, without times."""
    return left_in(found) | {
        "releases": {path.name: release(path) for path in sorted(found.releases.iterdir())},
        "inbox": sorted(str(path.relative_to(found.inbox)) for path in found.inbox.rglob("*")),
    }


def cells(name: str, world: World, part: Part) -> list[tuple[int, Fault]]:
    """Points of a scenario at which a part breaks it off."""
    found, draw = [], random.Random(name)
    for point, numbers in named(world.undisturbed(name)[1]).items():
        first, last, between = numbers[0], numbers[-1], draw.choice(numbers)
        if point.startswith(MET_BY.get(part.fault, CHANGES)):
            found += sorted({last, between} - {first}) if part.is_later else [first]
    return [(at, part.fault) for at in found]


def sample(name: str, parts: list[list[tuple[int, Fault]]]) -> list[tuple[int, Fault]]:
    """Some of the breaks, the same in every run: two of a load. A publication takes seven times as long: campaign.

    A load takes the parts that follow those of the load before it, so that all loads together take every part.
    """
    draw = random.Random(name)
    begin = 2 * list(SCENARIOS).index(name)
    return [draw.choice(parts[(begin + place) % len(parts)]) for place in range(2)]


# A campaign has a test for every part, which goes through all steps before the next; a sample one for every step.
@pytest.mark.parametrize("name", [name for name, each in SCENARIOS.items() if is_whole() or each.step != PUBLISH])
@pytest.mark.parametrize(
    "parts", [[part] for part in PARTS] if is_whole() else [[*PARTS]], ids="; ".join if is_whole() else ["some"]
)
def test_a_step_broken_off_at_a_named_point(world: World, name: str, parts: list[str]) -> None:
    assert len(named(world.undisturbed(name)[1])) >= 30
    asked = [cells(name, world, PARTS[part]) for part in parts]
    assert world.wrong(name, asked[0] if is_whole() else sample(name, asked)) == []


def test_a_step_killed_at_a_point_drawn_at_random(world: World) -> None:
    draw = random.Random(12)
    # A publication takes seven times as long as a load, so it is drawn less often.
    drawn = draw.choices(
        list(SCENARIOS), [1 if each.step == PUBLISH else 4 for each in SCENARIOS.values()], k=KILLS
    )
    wrong = []
    for name in drawn if is_whole() else [each for each in drawn if SCENARIOS[each].step != PUBLISH]:
        wrong += world.wrong(name, [(draw.randint(1, len(world.undisturbed(name)[1])), Fault.KILLED)])
    assert wrong == []


def test_a_full_disk_and_a_lost_answer_are_said_and_not_hidden(world: World) -> None:
    """The control: what the machine does reaches Python and native code alike, and a step does not go on regardless."""
    _, points = world.undisturbed("a first load")
    for point, fault in (
        ("write /received/.incoming-*/*.csv", Fault.FULL),
        ("write /pseudonymised/.*.*/*.parquet", Fault.FULL),
        ("rename /received/*", Fault.UNANSWERED),
    ):
        ended, wrong = world.broken_off("a first load", named(points)[point][0], fault)
        assert (ended in SAID_WHEN_FULL, wrong) == (True, []), point


def test_a_folder_that_a_disk_refused_to_delete_goes_when_the_files_come_again(world: World) -> None:
    """The rows of a submission wait in a hidden folder. Of one that is rejected nothing else would ever come back to it."""
    _, points = world.undisturbed("a rejected load")
    (at,) = [number for number, point in enumerate(points, start=1) if point == "rmdir /pseudonymised/.*.*"]
    home = world.ready("a rejected load", "refused")
    assert world.step(home, LOAD, SCENARIOS["a rejected load"].changed, at=at, fault=Fault.BROKEN)[0] is None
    assert len(list(zones(home).pseudonymised.iterdir())) == 1
    assert world.step(home, LOAD, SCENARIOS["a rejected load"].changed)[0] is None
    assert left(zones(home)) == world.undisturbed("a rejected load")[0]


def test_a_disk_that_is_really_full_loses_nothing(world: World, small_disk: Path) -> None:
    """It grows until the load fits on it; on the way nothing is half there."""
    home, ended = small_disk / "root", []
    for size in (64, 128, 192, 16_384):
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(small_disk)], check=True)
        ended.append(world.step(home, LOAD, {})[0])
        assert problems(home) == [] if ended[-1] is None else ended[-1] in SAID_WHEN_FULL
    assert ended[0] is not None and ended[-1] is None, ended
    assert left(zones(home)) == world.undisturbed("a first load")[0]


def of_kind(kind: str, folder: Path) -> Path:
    """A submission of which one file, or all of it, is of another kind."""
    found = submission(folder, IDS007DisabilityType="LocalPatientId,DisabCode\nP1,01\n")
    table = found / "IDS007DisabilityType.csv"
    if kind == "zip":
        return Path(shutil.make_archive(str(folder / found.name), "zip", found))
    if kind == "csv.gz":
        with gzip.open(f"{table}.gz", "wb") as packed:
            packed.write(table.read_bytes())
    elif kind == "ods":
        open_document(found / "IDS007.ods", {"IDS007": [["LocalPatientId", "DisabCode"], ["P1", "01"]]})
    elif kind == "xlsx":
        pl.DataFrame({"LocalPatientId": ["P1"], "DisabCode": ["01"]}).write_excel(found / "IDS007.xlsx", "IDS007")
    elif kind != "csv":
        (found / f"IDS007.{kind}").write_bytes((FILES / f"below_and_beside.{kind}").read_bytes())
    if kind != "csv":
        table.unlink()
    return found


@pytest.mark.parametrize("kind", ["csv", "zip", "csv.gz", "xlsx", "xls", "xlsb", "ods"])
def test_a_file_that_the_disk_cannot_read_is_not_said_to_be_damaged(
    tmp_path: Path, world: World, kind: str
) -> None:
    """Damage is of the file and is told to the site. A broken read says nothing of it: another time it may be read."""
    path = of_kind(kind, tmp_path)
    whole = world.machine.run("check", tmp_path, path, named=True)
    assert (whole.ended, "damaged" in whole.printed) == (None, False)
    reads = [at for at, point in enumerate(whole.points, start=1) if point.startswith("read ")]
    assert len(reads) >= 2
    for at in reads if is_whole() else {reads[0], reads[len(reads) // 2], reads[-1]}:
        broken = world.machine.run("check", tmp_path, path, at=at, fault=Fault.BROKEN)
        assert broken.ended or broken.printed == whole.printed, (whole.points[at - 1], broken)


def test_a_parquet_file_that_the_disk_cannot_read_is_not_said_to_be_damaged(tmp_path: Path, world: World) -> None:
    """Damage is of the file and is told to the site. A broken read says nothing of it: another time it may be read."""
    home, file = tmp_path, tmp_path / "IDS007.parquet"
    pl.DataFrame({"LocalPatientId": ["P1"], "DisabCode": ["01"]}).write_parquet(file)
    whole = world.machine.run("read Parquet", home, file, named=True)
    assert (whole.ended, whole.printed) == (None, "[] True")
    assert set(whole.points) == {"read /*.parquet"}
    for at in range(1, len(whole.points) + 1):
        broken = world.machine.run("read Parquet", home, file, at=at, fault=Fault.BROKEN)
        assert (at, broken.ended, "GATE" in broken.printed) == (at, "OSError", False)
    content = file.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    file.write_bytes(content[:4] + b"x" * (len(content) - length - 12) + content[-8 - length :])
    damaged = world.machine.run("read Parquet", home, file)
    assert (damaged.ended, damaged.printed) == (None, "['GATE-PARQUET'] False")
