"""Where findings are, in the words of a spreadsheet: rows "4-6, 9" and cells "F214-F219, F302".

Belongs here: ranges of rows and cells. Does not belong here: what is wrong there, letters of a column
(``schemas.letters``).
"""

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.letters import letters_of_column

RANGES_SHOWN = 30


def row_ranges(rows: pl.Series, at_most: int = RANGES_SHOWN) -> str:
    """Sorted row numbers as ranges: "4-6, 9"; «and n more rows» once ``at_most`` ranges are shown."""
    if not len(rows):
        return ""
    first, last = _ranges(rows)
    return _listed(_between("", first, last, at_most), _left(first, last, at_most), "row")


def cell_ranges(rows: pl.Series, letters: Sequence[str], at_most: int = RANGES_SHOWN) -> str:
    """The cells of ``rows`` in the columns ``letters``: "F214-F219, F302"; empty where no column is named."""
    if not letters or not len(rows):
        return ""
    first, last = _ranges(rows)
    each = max(at_most // len(letters), 1)
    shown = [place for letter in letters for place in _between(letter, first, last, each)]
    return _listed(shown, _left(first, last, each) * len(letters), "cell")


def letters_of(fields: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The columns of those ``fields`` that the file has."""
    return [letters_of_column(columns[name]) for name in fields if name in columns]


def _ranges(rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    """First and last row of every run of consecutive rows."""
    is_apart = rows[1:] - rows[:-1] != 1
    return rows[:1].append(rows[1:].filter(is_apart)), rows[:-1].filter(is_apart).append(rows[-1:])


def _between(letter: str, first: pl.Series, last: pl.Series, at_most: int) -> list[str]:
    pairs = zip(first.head(at_most), last.head(at_most), strict=True)
    return [f"{letter}{low}" if low == high else f"{letter}{low}-{letter}{high}" for low, high in pairs]


def _left(first: pl.Series, last: pl.Series, at_most: int) -> int:
    return int((last[at_most:] - first[at_most:] + 1).sum())


def _listed(shown: list[str], left: int, what: str) -> str:
    return ", ".join(shown) + (f" and {left:,} more {what}{'s' if left != 1 else ''}" if left else "")
