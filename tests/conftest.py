"""What every test may ask for: a data root and a key of its own, and Dagster's one shared instance.

And the option ``--campaign``, which runs every long campaign whole (``tests/campaign.py``).
"""

import importlib
import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests import campaign
from tests.fixtures import shared

if TYPE_CHECKING:
    from tests.fixtures.added_rule import Put

os.environ.setdefault("POLARS_MAX_THREADS", "2")
# Processes that tests start keep what Python compiled: compiling our modules takes 0.3 s of each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
_NUMBERS = itertools.count()
_RAN = pytest.StashKey[dict[str, tuple[int, int]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", action="store_true", help="run every long campaign whole, not a sample of it")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("campaign"):
        os.environ[campaign.VARIABLE] = "1"
    # Until a test has its own data root (``folders_of_the_run``) there is none, also while modules are imported.
    os.environ["PARITY_HOME"] = os.devnull
    settings.load_profile("campaign" if campaign.is_whole() else "sample")
    config.stash[_RAN] = campaign.ran


# The files that take longest, the longest first, so that no worker ends with one of them alone: from 100 s of a busy
# core to 15. The others follow as they come.
LONGEST = (
    "journeys/test_corpus", "pipelines/test_cli", "warehouse/test_release", "warehouse/test_incremental",
    "journeys/test_pseudonyms_of_a_release", "journeys/test_erase", "warehouse/test_smi_measures",
    "warehouse/test_field_quality", "warehouse/test_marts", "journeys/test_identifiers_stay",
    "journeys/test_crash_points", "journeys/test_catalogues_are_read", "pipelines/test_preview",
    "journeys/test_change_requests", "journeys/test_change_modules", "warehouse/test_therapy_change",
    "warehouse/test_compat", "warehouse/test_merged_courses", "pipelines/test_plan",
    "journeys/test_check_and_load_agree", "warehouse/test_published", "warehouse/test_defects",
    "demonstration/test_synthesise", "warehouse/test_periods", "warehouse/test_measure_property",
    "pipelines/test_custody", "pipelines/test_differing", "journeys/test_first_loads", "pipelines/test_spread",
    "warehouse/test_core", "schemas/test_rules_written", "warehouse/test_disclosure", "journeys/test_own_practice",
    "journeys/test_write_order", "pipelines/test_apart", "pipelines/test_objects", "pipelines/test_loads",
    "warehouse/test_data_quality_index", "warehouse/test_comparison", "warehouse/test_organisations",
)  # fmt: skip


def pytest_collectstart(collector: pytest.Collector) -> None:
    _import_own_share(collector.config)


@cache
def _import_own_share(config: pytest.Config) -> None:
    """Of all files, each worker imports its own share first; it finds the others' compiled when it comes to them.

    Every worker collects every file, and from a fresh clone each compiled all of them at the same time: 29 processor
    seconds for each, and 18 where they are compiled.
    """
    here = Path(__file__).parent
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if count == 1 or [Path(each).resolve() for each in config.args] != [here]:
        return
    own = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    for path in sorted(here.rglob("test_*.py"))[own::count]:
        with suppress(Exception, pytest.skip.Exception):  # it is said when the file is collected
            importlib.import_module(".".join(path.relative_to(here.parent).with_suffix("").parts))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest come first."""
    place = {f"tests/{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the process that prints what it ran."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["campaign"] = dict(campaign.ran)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    config.stash[_RAN].update(getattr(node, "workeroutput", {}).get("campaign", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(campaign.summary(config.stash[_RAN]))


@pytest.fixture(scope="session", autouse=True)
def folders_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Name an empty data root, and the folder of this run that every worker sees (``tests/fixtures/shared.py``).

    A test without a data root of its own meets neither that of who runs the tests nor what `make run` made.
    """
    own = tmp_path_factory.getbasetemp()
    os.environ["PARITY_HOME"] = str(own / "var")
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    place.mkdir(mode=0o700, exist_ok=True)
    os.environ[shared.FOLDER] = str(place)


@pytest.fixture(scope="session")
def keys_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all tests' keys."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(autouse=True)
def own_key(keys_of_the_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file of this test's own: no test reads or makes the user's.

    Numbered here: pytest reads all names of its folder for every new one, which took 7 processor seconds for 3,000.
    """
    path = keys_of_the_run / str(next(_NUMBERS)) / "pseudonym.key"
    path.parent.mkdir(mode=0o700)
    monkeypatch.setenv("PARITY_KEY_FILE", str(path))
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data root, set as PARITY_HOME."""
    root = tmp_path / "var"
    monkeypatch.setenv("PARITY_HOME", str(root))
    return root


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a file system of its own in memory."""
    place = tmp_path / "disk"
    place.mkdir(mode=0o700)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(place)], check=False
    ).returncode:
        pytest.skip("only root may mount a file system, and not in every container")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def few_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of two measures, for tests of how a release is made: the 300 take 7 s for three people."""
    from tests.fixtures.warehouse import FEW, some

    monkeypatch.setattr("warehouse.build.catalogue", lambda: some(*FEW))


@pytest.fixture
def put_rule() -> Iterator["Put"]:
    """Puts a rule in force (``tests/fixtures/added_rule.py``)."""
    from tests.fixtures.added_rule import putting

    with pytest.MonkeyPatch.context() as own:
        yield from putting(own)


@pytest.fixture(scope="session")
def dagster_instance() -> Iterator[object]:
    """One ephemeral Dagster instance for the whole session: each costs 100 ms."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
