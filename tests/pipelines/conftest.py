"""What tests of the pipelines may ask for: a data root, a ledger in every database that can keep one, Dagster."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.zones import Zones, zones
from tests.fixtures.ledger import KeptLedger
from tests.fixtures.postgresql import binaries, own_schema, server

if TYPE_CHECKING:
    import dagster as dg


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server that runs as long as the tests."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_ledger(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], KeptLedger]:
    """Makes an empty ledger at every call. The last one made is the one that ``PARITY_LEDGER`` names."""
    url = request.getfixturevalue("postgresql") if request.param == "postgresql" else None

    def make() -> KeptLedger:
        folder = tmp_path / f"ledger-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        own = own_schema(url) if url else None
        if own:
            monkeypatch.setenv("PARITY_LEDGER", own)
        return KeptLedger(folder / "ledger.sqlite", own)

    return make


@pytest.fixture
def kept(new_ledger: Callable[[], KeptLedger]) -> KeptLedger:
    """An empty ledger, in SQLite and in PostgreSQL."""
    return new_ledger()


@pytest.fixture
def found(home: Path) -> Zones:
    """An empty data root, made."""
    return zones()


@pytest.fixture
def instance() -> Iterator["dg.DagsterInstance"]:
    """An instance of the test's own: the order of its partitions decides which runs there are."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as own:
        yield own


@pytest.fixture(scope="module")
def no_runs() -> Iterator["dg.DagsterInstance"]:
    """An instance of Dagster in which nothing ever ran, for tests that run nothing in it: each costs 100 ms."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as own:
        yield own
