"""What renames a release and what builds its draft anew: code and data that a figure depends on, nothing else."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.code_version import (
    FIGURES,
    figures_version,
    meaning,
    memory_of_this_root,
    release_version,
    rows_version,
    rules_version,
)
from pipelines.zones import PROJECT, zones
from warehouse.models import model_names

PACKAGES = ("schemas", "transforms", "warehouse", "demonstration", "reports", "pipelines")
Version = Callable[[Path], str]
_copies = 0


def tree(root: Path, edit: Callable[[Path], object] = lambda root: None) -> Path:
    """A copy of our code with one edit; a new folder each time, since versions are kept by folder."""
    global _copies
    _copies += 1
    copy = root / str(_copies)
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    edit(copy)
    return copy


def replaced(file: str, old: str, new: str) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new, 1))

    return edit


def added(file: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / file).write_text((root / file).read_text() + text)


NOTHING = {
    "a comment in a model": added("warehouse/core/provider.sql", "\n-- A thought.\n"),
    "a comment within a model": replaced("warehouse/core/score.sql", "FROM", "-- A thought.\nFROM"),
    "a comment in code": added("warehouse/build.py", "\n# A thought.\n"),
    "a docstring": replaced("warehouse/staging.py", '"""', '"""A thought. '),
    "a comment in the demonstration": added("demonstration/frequencies.py", "\n# A thought.\n"),
    "a number of the demonstration": added("demonstration/frequencies.py", "\nTHOUGHT = 1\n"),
    "a page": added("reports/site/page.py", "\nTHOUGHT = 1\n"),
    "a command": added("pipelines/cli.py", "\nTHOUGHT = 1\n"),
    "the example submission": added("schemas/example/IDS002GP.csv", "x\n"),
    "a national name of a rule": added("schemas/national_rules.csv", "IDS101-104,MHS99999\n"),
    "line ends of a list": lambda root: (root / "schemas/codes/gender.csv").write_bytes(
        (root / "schemas/codes/gender.csv").read_bytes().replace(b"\n", b"\r\n")
    ),
}
FIGURE = {
    "a model": added("warehouse/core/provider.sql", "\nLIMIT 1"),
    "a text in a model": replaced("warehouse/public/national.sql", "'England'", "'england'"),
    "a measure": added("warehouse/measures/5_experience.csv", "X,x,x,pathway,discharged_on,count,true,,,,,,\n"),
    "an instrument": lambda root: (root / "schemas/instruments.csv").write_text(
        "".join((root / "schemas/instruments.csv").read_text().splitlines(keepends=True)[:-1])
    ),
    "the threshold of small counts": replaced(
        "warehouse/disclosure/suppression.py", "Suppression(smallest=5", "Suppression(smallest=7"
    ),
    "a new module": lambda root: (root / "warehouse/more.py").write_text("X = 1"),
    "a table of the dataset": replaced(
        "schemas/tables/service_use.py", 'key=("ServiceUseId",)', "key=()"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree(tmp_path_factory.mktemp("before"))


@pytest.mark.parametrize("what", NOTHING)
def test_what_no_figure_depends_on_keeps_name_and_draft(what: str, before: Path, tmp_path: Path) -> None:
    after = tree(tmp_path, NOTHING[what])
    for version in (rows_version, figures_version, release_version):
        assert version(after) == version(before), version


@pytest.mark.parametrize("what", ["a page", "a docstring", "an instrument", "a model"])
def test_a_version_kept_for_the_next_process_is_that_of_its_texts(what: str, before: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    after = tree(tmp_path, {**NOTHING, **FIGURE}[what])
    again = tree(tmp_path)
    for root in (before, after, again):
        assert rows_version(root, memory) == rows_version(root)
        assert release_version(root, memory) == release_version(root)
        figures, rows = sorted(memory.iterdir())  # of these texts; earlier ones are gone
        assert figures.read_text() == figures_version(root)
        assert rows.read_text().split() == [rows_version(root), rules_version(root)]
    rows.write_text("kept rules")
    figures.write_text("those")
    last = tree(tmp_path)
    assert (rows_version(last, memory), figures_version(last, memory)) == ("kept", "those")


def test_the_memory_is_that_of_the_data_root_if_there_is_one(home: Path) -> None:
    assert memory_of_this_root() is None
    assert not home.exists()  # to ask makes nothing
    assert zones().builds == memory_of_this_root()


@pytest.mark.parametrize("what", FIGURE)
def test_a_change_that_a_figure_depends_on_renames_and_rebuilds(what: str, before: Path, tmp_path: Path) -> None:
    after = tree(tmp_path, FIGURE[what])
    for version in (figures_version, release_version):
        assert version(after) != version(before), version


def test_a_rule_decides_rows_and_not_what_is_made_of_rows_that_stand(before: Path, tmp_path: Path) -> None:
    for file in ("schemas/rules/score.py", "transforms/cast.py"):
        after = tree(tmp_path, added(file, "\nTHOUGHT = 1\n"))
        assert rows_version(after) != rows_version(before)
        assert figures_version(after) == figures_version(before)
    assert rows_version(tree(tmp_path, FIGURE["a model"])) == rows_version(before)


@pytest.mark.parametrize(
    "edit",
    [
        replaced("warehouse/core/submission.sql", "Rows accepted.", "Rows that were accepted."),
        replaced("warehouse/columns.py", "Place in the table, from 1.", "Place in the table, the first is 1."),
    ],
    ids=["of a model", "of a module"],
)  # fmt: skip
def test_a_description_renames_the_release_and_keeps_the_draft(
    edit: Callable[[Path], object], before: Path, tmp_path: Path
) -> None:
    after = tree(tmp_path, edit)
    assert figures_version(after) == figures_version(before)
    assert release_version(after) != release_version(before)


def test_every_module_that_the_warehouse_imports_counts() -> None:
    code = "import sys, warehouse.build, warehouse.release; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    ours = [name for name in done.stdout.split() if name.split(".")[0] in PACKAGES]
    counted = {name for package in FIGURES for name, _ in package.files(PROJECT)}
    missing = {name for name in ours if not {f"{path}.py" for path in _paths(name)} & counted}
    assert len(ours) > 40 and missing == set()
    assert len([name for name in counted if name.endswith(".sql")]) == len(model_names())


def _paths(module: str) -> tuple[str, str]:
    path = module.replace(".", "/")
    return path, f"{path}/__init__"


@pytest.mark.parametrize(
    ("suffix", "one", "other", "is_same"),
    [
        (".sql", "SELECT 1 -- one\nFROM t", "SELECT  1 FROM t", True),
        (".sql", "SELECT '--1'", "SELECT '--2'", False),
        (".sql", "SELECT 'a  b'", "SELECT 'a b'", False),
        (".sql", "SELECT /* it's */ 1", "SELECT 1", True),
        (".sql", "SELECT 1", "SELECT 2", False),
        (".py", '"""One."""\nx = 1', "x = (1)  # one", True),
        (".py", "x = 'one'", "x = 'two'", False),
        (".csv", "a,b\n1,2\n", 'a,"b"\r\n1,2\r\n', True),
        (".csv", "a,b\n1,2\n", "a,b\n1,3\n", False),
    ],
)
def test_a_text_is_known_by_its_meaning(suffix: str, one: str, other: str, is_same: bool) -> None:
    assert (meaning(one, suffix) == meaning(other, suffix)) is is_same
