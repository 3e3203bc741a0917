"""The gate for one table: from a submitted file to rows of text with row numbers, or to the reason for a
rejection.

Belongs here: one module per file format, each with a ``FORMAT``. To add a format, add its module. They offer rows
lazily, all text, trimmed, blank as null, and are the only modules of this room that open a file. Does not belong
here: which files make a submission (``pipelines.inbox``).
"""

from functools import cache
from pathlib import Path

from schemas.modules import declared
from transforms.receive.table import Format


@cache
def formats() -> dict[str, Format]:
    """The file formats that are read, by the ending of the name, such as ``.csv``."""
    return {ending: each for each in declared(__name__, "FORMAT") for ending in (each.ending, *each.also)}


def format_of(path: Path) -> Format:
    """The format of a file by the ending of its name. Raises KeyError for a format that is not read."""
    return formats()[path.suffix.lower()]
