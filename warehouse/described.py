"""Descriptions of tables, written next to the code that makes them, and how to read them.

Belongs here: the form of a description. Does not belong here: collecting the descriptions and writing them into
the file (``columns``).

A description is a block of lines, in a comment at the end of a model or in the constant ``COLUMNS`` of a Python
module (decision 0017)::

    Columns of core.staff: One row per member of staff.
      staff_id, key: Pseudonym of the member of staff.
      weekly_hours [hours]: Contracted hours, where the provider
          says them.

``key`` marks the columns that identify a row, ``key or NULL`` one that may be empty. The brackets have the unit. A
line indented further continues the line before it.
"""

import re
from dataclasses import dataclass

_TABLE = re.compile(r"Columns of (?P<schema>\w+)\.(?P<table>\w+): (?P<text>.+)")
_COLUMN = re.compile(r"  (?P<column>\w+)(?: \[(?P<unit>[^]]+)\])?(?P<key>, key(?: or NULL)?)?: (?P<text>.+)")
_MORE = re.compile(r" {4,}(?P<text>\S.*)")


@dataclass(frozen=True)
class Described:
    """A table or a column; an empty ``column`` describes the table. ``is_key``: part of the grain.

    ``may_be_null`` is said of keys only: of the others nothing is declared.
    """

    schema: str
    table: str
    column: str
    is_key: bool
    unit: str
    description: str
    may_be_null: bool = False


def described_in(text: str) -> list[Described]:
    """Every table and column that the blocks of ``text`` describe; ``text`` is SQL or a ``COLUMNS`` constant.

    Raises ValueError at a line of a block that is none of its lines.
    """
    found: list[list[str]] = []
    schema = table = ""
    for line in (each.removeprefix("-- ") for each in text.splitlines()):
        if match := _TABLE.fullmatch(line):
            schema, table = match["schema"], match["table"]
            found.append([schema, table, "", "", "", match["text"]])
        elif not line.strip() or not table:
            table = ""
        elif match := _COLUMN.fullmatch(line):
            found.append([schema, table, match["column"], match["key"] or "", match["unit"] or "", match["text"]])
        elif match := _MORE.fullmatch(line):
            found[-1][-1] += f" {match['text']}"
        else:
            raise ValueError(f"the description of {schema}.{table} has a line that is no column: {line.strip()}")
    return [
        Described(s, t, column, bool(key), unit, said, key.endswith("NULL"))
        for s, t, column, key, unit, said in found
    ]
