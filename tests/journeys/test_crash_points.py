"""A step that is broken off at any point, and run again, ends as one that was left alone.

A point is a call that changes or reads a file below the data root (``tests.crash``). At each one the machine stops, stops with
a write half done, somebody presses Ctrl-C, the disk is full, or the disk is broken. What the step left must be whole at
once, before anything mends it: no half release, no submission that counts without its rows, no identifier outside its
zone or in what is printed.

A name is a kind of point: the call and the kind of file, such as a write to a file of rows. A sample runs here. A
campaign takes every name with every fault where it is passed first; where it is passed last, and once between, the
machine stops, and the disk is broken. What it found is kept in ``build/crashes``: one that was broken off itself goes on
while the code is the same.
"""

import hashlib
import json
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from pipelines.ledger import LedgerBroken, open_ledger
from pipelines.publish import noted_in_releases
from pipelines.zones import PROJECT, Zones, zones
from tests.campaign import is_whole
from tests.crash import COMPILER, Fault, Machine, Noted, machine, named
from tests.fixtures.submission import RIGHT, submission
from tests.journeys.test_interrupted_load import TWICE, UNEVEN, left_in

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc) is installed")
IDENTIFYING = (b"9990000018", b"9990000026", b"9990000034", b"9990000042", b"LA1 4YW", b"1980-06-15", b"1991-02-28")
AGAIN = RIGHT["IDS101Referral"] + "R4,P1,QE1,2025-04-09,B1,,,,\n"
# The kills at points drawn at random, and how many named points a sample takes of a scenario.
SAID_WHEN_FULL = ("OSError", "OperationalError", "ComputeError")
KILLS, SAMPLED = (200, 0) if is_whole() else (3, 3)


class Scenario(NamedTuple):
    """A data root that was brought somewhere by steps, and the step that is broken off there."""

    before: tuple[tuple[str, dict[str, str | None]], ...]
    step: str
    changed: dict[str, str | None]


OFTEN_ASKED = (Fault.KILLED, Fault.BROKEN)
LOAD, PUBLISH = "load", "publish"
SCENARIOS = {
    "a first load": Scenario((), LOAD, {}),
    "a load with faults": Scenario((), LOAD, {"IDS101Referral": TWICE, "IDS001MPI": UNEVEN}),
    "a rejected load": Scenario((), LOAD, {"IDS000Header": None}),
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

    def step(self, home: Path, step: str, changed: dict[str, str | None], **options: Any) -> Any:
        """Run a step on a root; of a load, of the submission with these changes."""
        digest = hashlib.sha256(repr(sorted(changed.items())).encode()).hexdigest()[:8]
        paths = [submission(self.folder / f"in {digest}", **changed)] if step == LOAD else []
        return self.machine.run(step, home, *paths, **options)

    def ready(self, name: str, place: str) -> Path:
        """A root on which the step of a scenario can be run."""
        kept, home = self.folder / f"ready {name}", self.folder / place
        if not kept.exists():
            kept.mkdir(mode=0o700)
            for step, changed in SCENARIOS[name].before:
                assert self.step(kept, step, changed).ended is None
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(kept, home)
        return home

    def undisturbed(self, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What a step leaves when nothing happens, and the points that it passes."""
        if name not in self.ends:
            home = self.ready(name, f"alone {name}")
            ran = self.step(home, *SCENARIOS[name][1:], named=True)
            assert ran.ended is None, ran.printed
            self.ends[name] = left(zones(home)), ran.points
        return self.ends[name]

    def broken_off(self, name: str, at: int, fault: Fault) -> tuple[str | None, list[str]]:
        """Break a step off at a point, look at what it left, run it again, compare.

        How it ended, and what is wrong: nothing should be.
        """
        expected, points = self.undisturbed(name)
        home = self.ready(name, "broken")
        ran = self.step(home, *SCENARIOS[name][1:], at=at, fault=fault)
        wrong = [f"printed {value!r}" for value in shows(ran.printed.encode())]
        if fault in (Fault.KILLED, Fault.TORN) and ran.ended != "SIGKILL":
            wrong.append(f"was not killed but ended with {ran.ended}")
        wrong += problems(home)
        again = self.step(home, *SCENARIOS[name][1:])
        if again.ended:
            wrong.append(f"cannot be run again: {again.printed}")
        else:
            ends = left(zones(home))
            wrong += [f"{part} differ" for part, right in expected.items() if ends[part] != right]
            wrong += problems(home)
        told = f"{name}, {fault.name} at {at} of {len(points)}, {points[at - 1]}"
        return ran.ended, [f"{told}: {each}" for each in wrong]

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
    return left_in(found) | {"releases": {path.name: release(path) for path in sorted(found.releases.iterdir())}}


def release(folder: Path) -> dict[str, Any]:
    """What a release says, and the bytes of its files.

    Those of DuckDB may differ in bytes, and those that compare releases say when each was published.
    """
    said = json.loads((folder / "manifest.json").read_text())
    differ = (".duckdb", "changes.json")
    files = {name: told["sha256"] for name, told in said["files"].items() if not name.endswith(differ)}
    return {name: said[name] for name in ("release_id", "inputs_hash", "submissions", "rows")} | {"files": files}


def problems(home: Path) -> list[str]:
    """What is not whole in a root at this moment."""
    found = zones(home)
    said = []
    for folder in found.releases.iterdir():
        if not folder.name.startswith("."):
            files = json.loads((folder / "manifest.json").read_text())["files"]
            said += [
                f"{folder.name}: {name} is not what was released"
                for name, told in files.items()
                if hashlib.sha256((folder / name).read_bytes()).hexdigest() != told["sha256"]
            ]
    if found.warehouse.exists():
        with duckdb.connect(str(found.warehouse), read_only=True) as con:
            ((name,),) = con.execute("SELECT release_id FROM meta.build").fetchall()
        said += [] if (found.releases / name).is_dir() else [f"{name}: is current and has no folder"]
    if found.ledger.exists() and (ledger := open_ledger(found.ledger)).outcomes():
        try:
            ledger.verify(noted_in_releases(found))
        except LedgerBroken as error:
            said.append(str(error))
        for outcome in ledger.current_submissions():
            rows = list(found.pseudonymised.glob(f"{outcome.receipt.submission_id}*/*.parquet"))
            said += [] if rows else [f"{outcome.receipt.submission_id}: counts and has no rows"]
        said += [
            f"{outcome.receipt.submission_id}: has a receipt and no files"
            for outcome in ledger.outcomes()
            if outcome.state.is_concluded and not (found.received / outcome.receipt.submission_id).is_dir()
        ]
    outside = (found.pseudonymised, found.builds, found.releases, found.dagster)
    for path in (*(each for zone in outside for each in zone.rglob("*")), *home.glob("ledger*")):
        if path.is_file():
            said += [f"{path.name}: shows {value!r}" for value in shows(path.read_bytes())]
    return said


def shows(content: bytes) -> list[bytes]:
    said = content.replace(b"a postcode such as LA1 4YW", b"")  # an example in the text of a rule, in meta.rule
    return [value for value in IDENTIFYING if value in said]


def cells(name: str, world: World) -> list[tuple[int, Fault]]:
    """Points and faults of a scenario: every name with every fault at its first point; some at its last one and at one
    drawn between them too. All names with one fault come before the next fault.

    A call that only reads can only fail.
    """
    found, draw = [], random.Random(name)
    places = named(world.undisturbed(name)[1])
    between = {point: draw.choice(places_of) for point, places_of in places.items()}
    for fault in sorted(Fault, key=lambda fault: fault not in OFTEN_ASKED):
        for point, numbers in places.items():
            can_be = fault is Fault.BROKEN or not point.startswith("read ")
            if can_be and (fault is not Fault.TORN or point.startswith("write ")):
                often = {numbers[-1], between[point]} if fault in OFTEN_ASKED else set()
                found += [(at, fault) for at in sorted({numbers[0]} | often)]
    return found


def sample(name: str, all_cells: list[tuple[int, Fault]], count: int) -> list[tuple[int, Fault]]:
    """So many of the cells, the same in every run, with each fault in turn."""
    if not count:
        return all_cells
    draw, faults = random.Random(name), list(Fault)
    by_fault = {fault: [cell for cell in all_cells if cell[1] is fault] for fault in faults}
    return [draw.choice(by_fault[faults[place % len(faults)]] or all_cells) for place in range(count)]


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.step == LOAD])
def test_a_load_broken_off_at_a_named_point(world: World, name: str) -> None:
    everything = cells(name, world)
    assert len({at for at, _ in everything}) >= 30
    assert world.wrong(name, sample(name, everything, SAMPLED)) == []


@pytest.mark.parametrize("name", ["a publication", *(["the next publication"] if is_whole() else [])])
def test_a_publication_broken_off_at_a_named_point(world: World, name: str) -> None:
    everything = cells(name, world)
    assert len({at for at, _ in everything}) >= 30
    assert world.wrong(name, sample(name, everything, SAMPLED and 1)) == []


def test_a_step_killed_at_a_point_drawn_at_random(world: World) -> None:
    draw = random.Random(12)
    # A publication takes ten times as long as a load, so it is drawn less often.
    drawn = draw.choices(
        list(SCENARIOS), [1 if each.step == PUBLISH else 4 for each in SCENARIOS.values()], k=KILLS
    )
    wrong = []
    for name in drawn if is_whole() else [each for each in drawn if SCENARIOS[each].step == LOAD]:
        wrong += world.wrong(name, [(draw.randint(1, len(world.undisturbed(name)[1])), Fault.KILLED)])
    assert wrong == []


def test_a_full_disk_is_said_and_not_hidden(world: World) -> None:
    """The control: what the machine does reaches Python and native code alike, and a step does not go on regardless."""
    _, points = world.undisturbed("a first load")
    for point in ("write /received/.incoming-*/*.csv", "write /pseudonymised/.*.*/*.parquet"):
        (at,) = [number for number, name in enumerate(points, start=1) if name == point][:1]
        ended, wrong = world.broken_off("a first load", at, Fault.FULL)
        assert (ended in SAID_WHEN_FULL, wrong) == (True, []), point


def test_a_disk_that_is_really_full_loses_nothing(world: World, small_disk: Path) -> None:
    """It grows until the load fits on it; on the way nothing is half there."""
    home, ended = small_disk / "root", []
    for size in (64, 128, 192, 16_384):
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(small_disk)], check=True)
        ended.append(world.step(home, LOAD, {}).ended)
        assert problems(home) == [] if ended[-1] is None else ended[-1] in SAID_WHEN_FULL
    assert ended[0] is not None and ended[-1] is None, ended
    assert left(zones(home)) == world.undisturbed("a first load")[0]
