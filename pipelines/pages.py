"""Where the pages of a release are written: the public ones with the release, a service's own beside its reports.

Belongs here: folders, and what is there already. Does not belong here: what pages say (``reports.pages``).
"""

from dataclasses import dataclass
from pathlib import Path

from pipelines import durable, past
from pipelines.ask import release_name
from pipelines.ledger import open_ledger
from pipelines.overseeing import oversee, write_board
from pipelines.zones import Zones, shown
from reports.pages import addresses
from reports.pages.release import INSIDE, PUBLIC, opened
from reports.pages.writing import Written, write_inside, write_public
from schemas.errors import NotAsked
from warehouse.disclosure.parts import PAGES
from warehouse.release_folder import add

FOLDER = PAGES.rstrip("/")


@dataclass(frozen=True)
class PagesWritten:
    """What ``parity pages`` did: the release, its public pages and whether they are new, files for those inside."""

    release: str
    public: str = ""
    is_new: bool = False
    public_pages: int = 0
    inside_files: int = 0

    @property
    def first(self) -> str:
        """The page to open first; empty where no public page was asked for."""
        return self.public and str(Path(self.public) / _first(Path(self.public)))


def with_release(folder: Path) -> Written:
    """Write the public pages of a release that is under way in ``folder``."""
    with opened(folder, PUBLIC) as release:
        return write_public(release, folder / FOLDER)


def write(zones: Zones, release: str | None, public: bool, inside: bool) -> PagesWritten:
    """Write pages of a release, the current one if none is named.

    Public pages are part of a release and never change: they are written where it has none. Those inside are
    written anew. Raises NotAsked if there is no such release, writing.TooLarge for a page of over 400 KB.
    """
    name = release_name(zones, release)
    folder, pages, is_new, files = zones.releases / name, 0, False, 0
    if public:
        is_new = add(folder, FOLDER, with_release)
        pages = sum(1 for _ in (folder / FOLDER).rglob("*.html"))
    if inside:
        files = write_for_those_inside(zones, name)
    return PagesWritten(name, shown(folder / FOLDER) if public else "", is_new, pages, files)


def write_for_those_inside(zones: Zones, release: str) -> int:
    """Write each service's page and digest beside its reports, and the centre's pages; how many files."""
    ledger = open_ledger(zones.ledger)
    asked = past.asked_by_provider(ledger.current_submissions())
    with opened(zones.releases / release, INSIDE, asked) as found:
        written = write_inside(found, lambda provider: zones.site_reports / provider, zones.centre)
    write_board(oversee(zones, ledger), zones)
    durable.sync_all(zones.centre)
    return written.pages + 1


def first_page(zones: Zones, release: str | None = None) -> Path:
    """The page to open first. Raises NotAsked where the release has no pages."""
    folder = zones.releases / release_name(zones, release) / FOLDER
    if not (folder / _first(folder)).is_file():
        raise NotAsked(f"The release {folder.parent.name} has no pages yet. Run parity pages.")
    return folder / _first(folder)


def _first(folder: Path) -> str:
    return addresses.INDEX if (folder / addresses.INDEX).is_file() else addresses.ABOUT
