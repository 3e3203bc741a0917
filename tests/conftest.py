"""What every test may ask for: a data root and a key of its own, and Dagster's one shared instance.

And the option ``--campaign``, which runs every long campaign whole (``tests/campaign.py``).
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import campaign

os.environ.setdefault("POLARS_MAX_THREADS", "2")
_RAN = pytest.StashKey[dict[str, tuple[int, int]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", action="store_true", help="run every long campaign whole, not a sample of it")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("campaign"):
        os.environ[campaign.VARIABLE] = "1"
    settings.load_profile("campaign" if campaign.is_whole() else "sample")
    config.stash[_RAN] = campaign.ran


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


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file of this test's own: no test reads or makes the user's."""
    path = tmp_path_factory.mktemp("key") / "pseudonym.key"
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


@pytest.fixture(scope="session")
def dagster_instance() -> Iterator[object]:
    """One ephemeral Dagster instance for the whole session: each costs 100 ms."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
