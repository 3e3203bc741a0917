"""What every test may ask for: a data root and a key of its own, and Dagster's one shared instance."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("POLARS_MAX_THREADS", "2")
# No timed tests: a busy machine is no defect.
settings.register_profile("parity", deadline=None)
settings.load_profile("parity")


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


@pytest.fixture(scope="session")
def dagster_instance() -> Iterator[object]:
    """One ephemeral Dagster instance for the whole session: each costs 100 ms."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
