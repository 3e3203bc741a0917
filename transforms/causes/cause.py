"""What a cause is: its rule, and the values that it reached.

Belongs here: the two types, and how many values make a cause. Does not belong here: finding one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from schemas.rule import Rule

FEWEST = 3
"""Fewer values of one column are mistyped, not written by a program."""
SHARE = 25
"""At least one value in 25 of a column has the form: so 5 % of a column are found."""
SHARE_OF = {"CAUSE-IDENTIFIER": 1_000_000}
"""An identifier is none by chance: its check digit is right, or it has the form of a postcode."""


@dataclass(frozen=True)
class Affected:
    """The values of one column that a cause reached.

    ``rows`` are their row numbers, sorted (Int64). ``filled`` counts the values of the column that are not blank.
    ``found`` and ``should_be`` are one of these values and what it should be, where both may be shown.
    """

    table: str
    field: str
    rows: pl.Series
    filled: int
    found: str | None = None
    should_be: str | None = None


@dataclass(frozen=True)
class Cause:
    """One cause in one submission. ``rule`` has the effect of the heaviest finding that it explains.

    ``found`` is said in its message. ``columns`` are in the order of the dataset.
    """

    rule: Rule
    found: str
    columns: tuple[Affected, ...]


def is_founded(hits: Sequence[tuple[int, int]], share: int = SHARE) -> bool:
    """Whether values of one form come from one cause, from (values of that form, values) of every column.

    Either one column has enough of them, or three columns have nothing else: a file of one patient has few values.
    """
    whole = sum(hit == filled > 0 for hit, filled in hits)
    return whole >= FEWEST or any(hit >= FEWEST and hit * share >= filled for hit, filled in hits)
