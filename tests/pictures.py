"""``make pictures``: the pictures of pages in ``docs/``, taken anew from the newest release of a demonstration.

Belongs here: which pages, which part of them, how wide. Does not belong here: the pages (``reports.pages``), the
browser (``tests.fixtures.browser``). ``python -m tests.pictures ROOT`` takes a data root.
"""

import sys
import tempfile
from pathlib import Path

from pipelines.ask import release_name
from pipelines.zones import PROJECT, Zones
from reports.pages.release import PUBLIC, opened
from reports.pages.writing import write_public
from tests.fixtures.browser import browser

# Larger pictures make the first visit to the repository slow.
MOST_BYTES = 150_000
WIDTH, HEIGHT = 1120, 900
# Picture in docs → public page, and the element at its top.
PICTURES = {
    "page-index.png": ("index.html", ""),
    "page-england.png": ("place/ENG.html", ""),
    "page-service.png": ("service/RRE.html", "#waited"),
    "page-measure.png": ("measure/RECOVERY.html", "#published"),
    "page-condition.png": ("condition/psychosis.html", "#services"),
    "page-published.png": ("published/RW5.html", ""),
}


def main(root: Path) -> None:
    """Write the public pages and take every picture. Raises ValueError for one that is too large."""
    found = Zones(root.resolve())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch, browser(Path(scratch)) as chromium:
        with opened(found.releases / release_name(found), PUBLIC) as release:
            write_public(release, Path(scratch) / "pages")
        for picture, (address, selector) in PICTURES.items():
            taken = chromium.picture(Path(scratch) / "pages" / address, WIDTH, HEIGHT, selector)
            if len(taken) > MOST_BYTES:
                raise ValueError(f"{picture} has {len(taken):,} bytes, {MOST_BYTES:,} are the most")
            (PROJECT / "docs" / picture).write_bytes(taken)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
