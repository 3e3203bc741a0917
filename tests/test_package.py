"""The package: what is installed has every file of the rooms, the licences, and nothing else, and works anywhere."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from pipelines.zones import PROJECT
from tests.campaign import is_whole
from tests.fixtures.serving import RUNS, free_port, graphql, serving
from tests.fixtures.submission import submission

NOT_SHIPPED = {"tests", "benchmarks"}


def rooms() -> list[Path]:
    return sorted(path.parent for path in PROJECT.glob("*/__init__.py") if path.parent.name not in NOT_SHIPPED)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tree with what is installed; nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    cached = shutil.ignore_patterns("__pycache__")
    for room in [*rooms(), *(PROJECT / name for name in NOT_SHIPPED)]:
        shutil.copytree(room, tree / room.name, ignore=cached)
    for path in PROJECT.iterdir():
        if path.is_file():
            shutil.copy(path, tree)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
    ]
    built = subprocess.run([*command, folder, tree], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_has_every_file_of_every_room_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for room in rooms() for path in room.rglob("*") if path.is_file())
    assert shipped == {str(path.relative_to(PROJECT)) for path in files if "__pycache__" not in path.parts}
    endings = {Path(name).suffix for name in shipped}
    assert endings >= {".py", ".sql", ".csv", ".html", ".css", ".md"}  # else the comparison compares little


def test_the_wheel_says_its_licences_and_carries_them(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = message_from_bytes(archive.read(name))
        carried = {path.name for path in map(Path, archive.namelist()) if path.parent.name == "licenses"}
    assert said["License-Expression"] == "MIT AND OGL-UK-3.0"
    assert carried == set(said.get_all("License-File", [])) == {"LICENSE", "NOTICE.md"}
    assert not any("License" in each for each in said.get_all("Classifier", []))  # the expression replaced them


def test_every_folder_of_the_tree_is_a_room_or_known_not_to_be() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert sorted(project["tool"]["mypy"]["packages"]) == [room.name for room in rooms()]
    assert sorted(project["tool"]["importlinter"]["root_packages"]) == [room.name for room in rooms()]


def test_what_is_not_ours_is_attributed() -> None:
    notice = (PROJECT / "NOTICE.md").read_text(encoding="utf-8")
    assert "Contains public sector information licensed under the\n[Open Government Licence v3.0]" in notice
    named = (cell for line in notice.splitlines() if line.startswith("| ") for cell in line.split("`")[1::2])
    paths = [name for name in named if "/" in name]
    assert len(paths) >= 10
    assert [name for name in paths if not list(PROJECT.glob(name))] == []


class Installed(NamedTuple):
    """An environment's Python, what a command there has for its own environment, and a folder far from the tree."""

    python: Path
    env: dict[str, str]
    away: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command ``parity``."""
        command = [str(self.python.with_name("parity")), *arguments]
        return subprocess.run(command, cwd=self.away, env=self.env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def parity(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package installed into an environment that has the wheel and what it needs, and nothing of the tree."""
    place = tmp_path_factory.mktemp("installed")
    away = place / "away"
    away.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "env")], check=True)
    python = place / "env" / "bin" / "python"
    # The libraries of the tests, without what makes the tree importable there.
    (packages,) = (place / "env" / "lib").glob("python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    into = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*into, str(wheel)], check=True)
    env = {name: os.environ[name] for name in ("PATH", "LANG", "POLARS_MAX_THREADS") if name in os.environ}
    env |= {"PARITY_HOME": str(away / "root"), "PARITY_KEY_FILE": str(place / "key" / "pseudonym.key")}
    where = subprocess.run(
        [str(python), "-c", "import pipelines; print(pipelines.__file__)"],
        cwd=away, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(packages), where
    return Installed(python, env, away)


def test_an_installed_package_loads_far_from_the_tree(parity: Installed, tmp_path: Path) -> None:
    """What a load needs lies in the package: rules, code lists, Dagster's settings. The rest: the campaign."""
    loaded = parity.run("load", str(submission(tmp_path)))
    assert (loaded.returncode, loaded.stderr) == (0, ""), loaded
    assert "1 submission: 1 accepted" in loaded.stdout


@pytest.mark.skipif(not is_whole(), reason="two minutes: make campaign")
def test_an_installed_package_goes_the_whole_way(parity: Installed, tmp_path: Path) -> None:
    folder = str(submission(tmp_path, month="2025-05"))
    for arguments in (
        ["check", folder],
        ["load", folder],
        ["publish"],
        ["status"],
        ["query", "SELECT count(*) AS n FROM mart.national"],
        ["demo", "--providers", "2", "--months", "2"],
        ["publish"],
        ["pages"],
        ["releases"],
        ["keys", "verify"],
        ["ledger", "verify"],
        ["dataset", "dataset"],
        ["prune"],
        ["extract", "--for", "somebody", "--out", "extract.duckdb"],
    ):
        done = parity.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done)
    port = free_port()
    serve = [str(parity.python.with_name("parity")), "serve", "--listen", f"127.0.0.1:{port}"]
    with serving([(serve, parity.env)], port, parity.away) as (stack,):
        assert "publish_warehouse" in [each["jobName"] for each in graphql(port, RUNS)["runsOrError"]["results"]]
    assert stack.returncode == 0  # told to end, it ended its three processes and itself
