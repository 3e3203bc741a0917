"""How the pages of a release were made: what it holds, what protects people in it, how to read a figure.

Belongs here: the page that every other page links to. Does not belong here: the release as a table of files
(``warehouse.release``).
"""

from collections.abc import Iterator

from reports.pages import addresses
from reports.pages.page import Page, rendered
from reports.pages.release import Release


def pages(release: Release) -> Iterator[Page]:
    """One page: the release, its months, its services."""
    if release.is_empty:
        return
    services = [(release.name_of("provider", code), code) for code in release.codes("provider")]
    yield rendered("about.html", addresses.ABOUT, release, {"services": services, "smallest": 5})
