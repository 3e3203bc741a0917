"""What tests of the pipelines may ask for: a ledger in every database that can keep one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.ledger import KeptLedger
from tests.fixtures.postgresql import binaries, own_schema, server


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
