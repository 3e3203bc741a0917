"""What every converter offers, and how it says that a file cannot be converted.

Belongs here: the common shape of converters. Does not belong here: a format (one module each, next to this one).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from schemas.gate import GATE
from schemas.rule import Rule


class NotConverted(Exception):
    """A file cannot be converted. ``rule`` is the gate's rule that says so, ``found`` completes its message."""

    def __init__(self, rule: str, found: str) -> None:
        super().__init__(found)
        self.rule: Rule = GATE[rule]
        self.found = found


class Note(NamedTuple):
    """Something that was found and does not stop it: a rule of the gate, and what completes its message."""

    rule: str
    found: str


@dataclass(frozen=True)
class Converter:
    """A format that is written as CSV.

    ``endings`` of file names. ``kind`` in words, such as «an Excel workbook». ``names`` gives the names of the
    tables in a file, in the file's order; a file that is one table has none (``None``). ``write`` writes one of
    them, or the file itself (``None``), to a new file as UTF-8 CSV, and returns what it noticed. Both raise
    NotConverted, and never anything else for the content of a file. ``free`` lets go of what is kept of a file
    between its tables.
    """

    endings: tuple[str, ...]
    kind: str
    names: Callable[[Path], list[str]] | None
    write: Callable[[Path, str | None, Path], list[Note]]
    free: Callable[[], None] = lambda: None

    @property
    def holds_tables(self) -> bool:
        """Whether a file has several tables in it."""
        return self.names is not None
