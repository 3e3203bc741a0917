"""One browser for all tests of pages and charts."""

from collections.abc import Iterator

import pytest

from tests.fixtures.browser import CHROMIUM, Browser, browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running Chromium; without one on this machine the test is skipped."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with browser(tmp_path_factory.mktemp("browser")) as running:
        yield running
