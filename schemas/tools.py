"""The reference set of assessment tools: which codes a submitted score may carry, and what range each has.

Belongs here: reading ``schemas/codes/assessment_tool.csv``. Does not belong here: what a score means
(``schemas.instruments``), refusing codes and warning of scores (``schemas.rules.score``).

A measure without a SNOMED CT code in any public source is submitted under the catalogue's short name (``BRQ``), so
that it can be submitted at all. Once its code is confirmed: enter it in ``instruments.csv``, add a row for it to
the set, and leave the row of the short name: that stays accepted, as the same measure (``Instrument.codes``).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from schemas.instruments import Instrument, by_code


@dataclass(frozen=True)
class Tool:
    """One code of the set. ``low``, ``high`` and ``decimals`` are None where answers are no numbers to compare."""

    code: str
    name: str
    low: float | None
    high: float | None
    decimals: int | None
    source: str
    confidence: str


@cache
def tools() -> tuple[Tool, ...]:
    """Every tool, in file order."""
    return read_tools(files("schemas") / "codes" / "assessment_tool.csv", by_code())


def read_tools(file: Traversable, catalogue: Mapping[str, Instrument]) -> tuple[Tool, ...]:
    """The tools of a file with the columns of ``assessment_tool.csv``.

    The range of a score in the ``catalogue`` (instruments by code) is said there, and blank in the file. Raises
    ValueError where a code stands twice, or a range is said in both places: one would come to differ.
    """
    with file.open(encoding="utf-8") as opened:
        found = tuple(_tool(row, catalogue.get(row["code"])) for row in csv.DictReader(opened))
    if len({tool.code for tool in found}) != len(found):
        raise ValueError("assessment_tool.csv: a code stands twice")
    return found


def _tool(row: dict[str, str], known: Instrument | None) -> Tool:
    own = (row["low"], row["high"], row["decimals"])
    if known is not None and any(own):
        raise ValueError(f"assessment_tool.csv: the range of {row['code']} stands in instruments.csv")
    if known is not None:
        low: float | None = known.low
        high: float | None = known.high
        decimals: int | None = known.decimals
    else:
        low, high = (float(text) if text else None for text in own[:2])
        decimals = int(own[2]) if own[2] else None
    return Tool(row["code"], row["meaning"], low, high, decimals, row["source"], row["confidence"])
