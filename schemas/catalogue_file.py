"""Reading a table that people edit, in which one row declares one thing (pathways, instruments).

Belongs here: reading the file, and the checks that every such table has: its columns, its cells, their form. Does
not belong here: checks of one table only (``schemas.pathway``, ``schemas.instrument_checks``).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable

from schemas.errors import CatalogueError

Row = Mapping[str, str]
Problem = tuple[int, str]
"""Row number as in a spreadsheet (row 1 has the column names), and what is wrong, in words."""


def read_rows(
    file: Traversable, name: str, problems: Callable[[Sequence[str], Sequence[Row]], Iterable[Problem]]
) -> list[dict[str, str]]:
    """The rows of a CSV file. Raises CatalogueError with all ``problems`` of its column names and rows.

    ``name`` is how messages call the file.
    """
    with file.open(encoding="utf-8") as opened:
        reader = csv.DictReader(opened)
        header, rows = reader.fieldnames or (), list(reader)
    if found := list(problems(header, rows)):
        raise CatalogueError(name, found)
    return rows


def wrong_columns(header: Sequence[str], columns: Sequence[str]) -> Iterator[Problem]:
    """The problem of a file whose column names are not ``columns``, in this order."""
    if tuple(header) != tuple(columns):
        yield 1, f"the columns must be {', '.join(columns)}"


def wrong_length(number: int, row: Row, columns: Sequence[str]) -> Iterator[Problem]:
    """The problem of a row with more or fewer cells than ``columns``."""
    if len(row) != len(columns) or None in row.values():
        yield number, f"the row must have {len(columns)} cells"


def malformed(row: Row, forms: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Columns whose cell does not have its form, and the problem. ``forms``: pattern and its words by column."""
    for column, (pattern, says) in forms.items():
        if not re.fullmatch(pattern, row[column]):
            yield column, f"{column} {row[column]!r} must be {says}"
