"""The reference set of assessment tools: the codes that a submitted score may have, and the range of each.

Belongs here: every code of the instrument catalogue, and ``schemas/codes/assessment_tool.csv``, the scores that
are accepted and stored but used by no measure. Does not belong here: what a score means (``schemas.instruments``),
the rules about codes and scores (``schemas.rules.score``).

A measure without a SNOMED CT code in any public source is submitted under the catalogue's short name (``BRQ``).
When its code is confirmed, enter the code in ``instruments.csv`` and the short name under ``also``. The short name
stays accepted as the same measure.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from schemas.errors import CatalogueError
from schemas.instruments import Instrument, instruments

FILE = "schemas/codes/assessment_tool.csv"
OWN = "this dataset's own, until a SNOMED CT code is confirmed"


@dataclass(frozen=True)
class Tool:
    """One code of the set. ``low``, ``high`` and ``decimals`` are None if answers are not comparable numbers."""

    code: str
    name: str
    low: float | None
    high: float | None
    decimals: int | None
    source: str
    confidence: str


@cache
def tools() -> tuple[Tool, ...]:
    """Every tool: first the codes of the instruments, then those of the file, each in file order."""
    return read_tools(files("schemas") / "codes" / "assessment_tool.csv", instruments())


def read_tools(file: Traversable, catalogue: Sequence[Instrument]) -> tuple[Tool, ...]:
    """The codes of the ``catalogue`` and of a file with the columns of ``assessment_tool.csv``.

    Raises CatalogueError if a code occurs twice, in the file or in both places.
    """
    with file.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    problems: list[tuple[int, str]] = []
    owner = {code: f"instrument {found.instrument}" for found in catalogue for code in found.codes}
    for number, row in enumerate(rows, start=2):
        if row["code"] in owner:
            problems.append((number, f"code {row['code']} already belongs to {owner[row['code']]}"))
        owner.setdefault(row["code"], f"row {number}")
    if problems:
        raise CatalogueError(FILE, problems)
    return (*(tool for found in catalogue for tool in _of_instrument(found)), *(_tool(row) for row in rows))


def _of_instrument(found: Instrument) -> Iterator[Tool]:
    for code in found.accepted:
        source, confidence = (found.source, "F") if code.isdigit() else (OWN, "R")
        yield Tool(code, found.name, found.low, found.high, found.decimals, source, confidence)


def _tool(row: dict[str, str]) -> Tool:
    low, high = (float(row[name]) if row[name] else None for name in ("low", "high"))
    decimals = int(row["decimals"]) if row["decimals"] else None
    return Tool(row["code"], row["meaning"], low, high, decimals, row["source"], row["confidence"])
