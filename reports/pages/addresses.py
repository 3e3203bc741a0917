"""Where each page is, relative to the folder of all pages.

Belongs here: the address of every kind of page, and links between them. Does not belong here: writing pages.
"""

import re
from posixpath import relpath

INDEX, ABOUT, BOARD = "index.html", "about.html", "board.html"
# The pages, the digest and the figures of a service for itself, beside the reports on its submissions. The centre's
# folder has ``PLANS`` of all services.
OWN, PLANS, DIGEST, FIGURES = "service.html", "plans.html", "digest.txt", "figures.csv"
_PLAIN = re.compile(r"[^A-Za-z0-9-]")


def service(code: str) -> str:
    """The page of a provider."""
    return f"service/{file_name(code)}.html"


def published(code: str) -> str:
    """The page of a provider in NHS England's published statistics."""
    return f"published/{file_name(code)}.html"


def place(code: str) -> str:
    """The page of England, a region, an ICB or a sub-ICB."""
    return f"place/{file_name(code)}.html"


def measure(name: str, condition: str = "") -> str:
    """The page of a measure; of a large one the page of its services for one condition, by its name in words."""
    return f"measure/{file_name(name)}{f'--{_slug(condition)}' if condition else ''}.html"


def condition(name: str) -> str:
    """The page of a condition, by its name in words."""
    return f"condition/{_slug(name)}.html"


def dictionary(name: str) -> str:
    """A page of the dictionary of the warehouse."""
    return f"dictionary/{file_name(name)}.html"


def _slug(words: str) -> str:
    return file_name(words.lower().replace(" ", "-"))


def file_name(code: str) -> str:
    """A code as a file is called: what is no letter, digit or hyphen by its number, "_7C" for "|"."""
    return _PLAIN.sub(lambda found: f"_{ord(found[0]):02X}", code)


def link(source: str, target: str) -> str:
    """The address of a page as page ``source`` writes it: from service/RW5.html to index.html "../index.html"."""
    return relpath(target, source.rpartition("/")[0] or ".")
