"""Code lists: the values a coded field may take, with valid dates and source.

Belongs here: reading ``schemas/codes/*.csv`` (columns code, meaning, valid_from, valid_to, source, confidence) and
finding the codes that are valid in a period. Does not belong here: which field uses which list.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Code:
    """One code, with its period of validity (both ends inclusive; ``None`` is open) and its source.

    ``confidence`` is F (found in the source named) or R (recalled, to be confirmed).
    """

    code: str
    meaning: str
    valid_from: date | None
    valid_to: date | None
    source: str
    confidence: str

    def holds_in(self, start: date, end: date) -> bool:
        """Whether the code is valid on any day from ``start`` to ``end``."""
        return (self.valid_from is None or self.valid_from <= end) and (
            self.valid_to is None or self.valid_to >= start
        )


@cache
def code_list(name: str) -> tuple[Code, ...]:
    """All codes of the list ``name``, retired ones included, in file order.

    Raises FileNotFoundError when there is no such list.
    """
    with (files("schemas") / "codes" / f"{name}.csv").open(encoding="utf-8") as file:
        return tuple(
            Code(
                row["code"],
                row["meaning"],
                date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                row["source"],
                row["confidence"],
            )
            for row in csv.DictReader(file)
        )


def valid_codes(name: str, start: date, end: date) -> tuple[str, ...]:
    """The codes of ``name`` that are valid on any day of the period, in file order."""
    return tuple(code.code for code in code_list(name) if code.holds_in(start, end))
