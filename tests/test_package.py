"""The package: what is installed has every file of the rooms, the licences, and nothing else."""

import shutil
import subprocess
import sys
import tomllib
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from pipelines.zones import PROJECT

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
