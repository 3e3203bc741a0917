"""Writing the pages of a release: every kind in turn, one page at a time.

Belongs here: which kinds there are, how a template becomes a page, the folder. Does not belong here: what a page
says (a module per kind).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reports.pages import (
    about,
    addresses,
    all_plans,
    condition,
    dictionary,
    index,
    measure,
    own_file,
    place,
    published,
    service,
)
from reports.pages.page import Page
from reports.pages.release import Release
from reports.templating import MOST_BYTES
from schemas.errors import ForThePerson

Kind = Callable[[Release], Iterator[Page]]

# For everybody: from the schema ``public`` alone.
PUBLIC_KINDS: tuple[Kind, ...] = (
    index.pages, about.pages, place.pages, condition.pages, service.pages, published.pages, measure.pages,
    dictionary.pages,
)  # fmt: skip
# For one service (``Page.provider``) or the centre.
INSIDE_KINDS: tuple[Kind, ...] = (service.inside_pages, own_file.files, all_plans.pages, dictionary.pages)


class TooLarge(ForThePerson):
    """A page is larger than a phone or a mail takes."""


@dataclass(frozen=True)
class Written:
    """What was written: pages, and bytes in all."""

    pages: int
    size: int


def write_public(release: Release, folder: Path) -> Written:
    """Write the public pages of a release into ``folder``. Raises TooLarge for a page over 400 KB."""
    folder.mkdir(parents=True, exist_ok=True)
    return _write((kind(release) for kind in PUBLIC_KINDS), lambda _: folder)


def write_inside(release: Release, of_service: Callable[[str], Path], of_centre: Path) -> Written:
    """Write the pages for those inside: a service's into ``of_service(provider)``, all others into ``of_centre``.

    Raises TooLarge for a page over 400 KB.
    """
    return _write(
        (kind(release) for kind in INSIDE_KINDS),
        lambda page: of_service(page.provider) if page.provider else of_centre,
    )


def _write(kinds: Iterator[Iterator[Page]], where: Callable[[Page], Path]) -> Written:
    pages = size = 0
    for kind in kinds:
        for page in kind:
            content = page.text.encode()
            if len(content) > MOST_BYTES and page.address != addresses.FIGURES:
                raise TooLarge(f"The page {page.address} has {len(content):,} bytes, {MOST_BYTES:,} are the most.")
            target = where(page) / page.address
            target.parent.mkdir(parents=True, exist_ok=True)
            waiting = target.with_name(f".{target.name}.next")
            waiting.write_bytes(content)
            waiting.replace(target)
            pages, size = pages + 1, size + len(content)
    return Written(pages, size)
