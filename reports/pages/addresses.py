"""Where each page is, relative to the folder of all pages.

Belongs here: the address of every kind of page, and links between them. Does not belong here: writing pages.
"""

import re
from posixpath import relpath

INDEX, ABOUT, BOARD = "index.html", "about.html", "board.html"
# The page of a service for itself, beside the reports on its submissions.
OWN = "service.html"
_PLAIN = re.compile(r"[^A-Za-z0-9-]")


def service(code: str) -> str:
    """The page of a provider."""
    return f"service/{file_name(code)}.html"


def place(code: str) -> str:
    """The page of England, a region, an ICB or a sub-ICB."""
    return f"place/{file_name(code)}.html"


def measure(name: str) -> str:
    """The page of a measure."""
    return f"measure/{file_name(name)}.html"


def condition(name: str) -> str:
    """The page of a condition, by its name in words."""
    return f"condition/{file_name(name.lower().replace(' ', '-'))}.html"


def dictionary(name: str) -> str:
    """A page of the dictionary of the warehouse."""
    return f"dictionary/{file_name(name)}.html"


def file_name(code: str) -> str:
    """A code as a file is called: what is no letter, digit or hyphen by its number, "_7C" for "|"."""
    return _PLAIN.sub(lambda found: f"_{ord(found[0]):02X}", code)


def link(source: str, target: str) -> str:
    """The address of a page as page ``source`` writes it: from service/RW5.html to index.html "../index.html"."""
    return relpath(target, source.rpartition("/")[0] or ".")
