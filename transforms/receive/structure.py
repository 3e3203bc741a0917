"""What stands around the records of a table: rows above the names, the names again, a footer, empty rows.

Belongs here: telling these apart, in words of rows and columns alone, and never by a value that is shown. Does not
belong here: reading bytes (``transforms.receive.csv_file``), what a name means (``transforms.receive.table``).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from schemas.table import Table

# Why there is no row of names.
NOTHING, NO_NAMES = "the file is empty", "no value of the first rows is a name of an element"
NUMBERING = ("", "Unnamed: 0", "__index_level_0__")
"""How R and pandas call the column in which they number the rows."""
# Rows that are looked at for the row of names.
FIRST_ROWS = 20
# What SSMS and sqlcmd write below a result, and when they wrote it.
_FOOTER = re.compile(
    r"^(\([0-9,]+ rows? affected\)|[0-9,]+ rows? selected\.?|\([0-9,]+ rows?\)|Completion time: [0-9T:.+ -]+)$",
    re.IGNORECASE,
)


# What sqlcmd writes between the names and the rows, value by value.
_LINE = re.compile(r"^-+$")
# A row with a sum that a person or a report puts below a table: a word, and a number or two.
_TOTAL = re.compile(r"^(grand |sub)?totals?:?$|^(row |record )?count:?$", re.IGNORECASE)
_NUMBER = re.compile(r"^-?[0-9][0-9,]*([.][0-9]+)?$")
_OF_A_TOTAL = 3


class Names(NamedTuple):
    """The row of names: its number, its values, how many rows with the same names follow it at once, and how many
    lines of dashes then.

    ``is_title``: it is not the first row with values.
    """

    row: int
    values: list[str]
    again: int
    is_title: bool
    lines: int = 0

    @property
    def rows_again(self) -> list[int]:
        """The numbers of the rows that repeat the names at once."""
        return list(range(self.row + 1, self.row + self.again + 1))

    @property
    def before(self) -> int:
        """How many rows stand before the first record, that of names included."""
        return self.row + self.again + self.lines


def names_among(rows: Sequence[tuple[int, Sequence[str]]], table: Table) -> Names | None:
    """The row of names among the first rows of a file (row number, values); ``None`` if there is none.

    It is the first one of which two values or more name elements of the table; of the first row, or of a table of
    one column, one is enough.
    """
    with_values = [(number, [value.strip() for value in values]) for number, values in rows if any(values)]
    for at, (number, values) in enumerate(with_values):
        known = counts_names(values, table)
        if known > 1 or (known == 1 and (at == 0 or len(values) == 1)):
            again = 0
            for _, following in with_values[at + 1 :]:
                if following != values:
                    break
                again += 1
            below = with_values[at + 1 + again : at + 2 + again]
            lines = int(bool(below) and all(map(_LINE.match, below[0][1])))
            return Names(number, values, again, at > 0, lines)
    return None


def is_footer(values: Sequence[str]) -> bool:
    """Whether a row is one that a program writes below a result."""
    filled = [value.strip() for value in values if value.strip()]
    if len(filled) == 1:
        return _FOOTER.match(filled[0]) is not None
    first, *rest = filled or [""]
    return bool(_TOTAL.match(first)) and len(filled) <= _OF_A_TOTAL and all(map(_NUMBER.match, rest))


def is_of_names(values: Sequence[str]) -> bool:
    """Whether a row could be one of names, although none of them is known: every value is a word."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(_WORD.match(value) for value in filled)


# A name is a word or more in letters. Codes, numbers, dates and local identifiers have digits or are short.
_WORD = re.compile(r"^[A-Za-z][A-Za-z _-]{3,}$|^[A-Za-z]+_[A-Za-z_]+$")


def counts_names(values: Sequence[str], table: Table) -> int:
    """How many of the values name elements of the table."""
    return sum(table.named(value) is not None for value in values)


def rows_said(numbers: Sequence[int]) -> str:
    """Rows in words: how many, and where the first and the last are."""
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    return f"{len(numbers):,} rows, from row {numbers[0]} to row {numbers[-1]}"


def columns_said(indexes: Sequence[int]) -> str:
    """Columns, counted from 0, in words: how many, and where the first and the last are, counted from 1."""
    if len(indexes) == 1:
        return f"column {indexes[0] + 1}"
    return f"{len(indexes)} columns, from column {indexes[0] + 1} to column {indexes[-1] + 1}"
