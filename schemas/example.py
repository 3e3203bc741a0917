"""The example submission: a correct month of a service, and the source of every rule's example.

Belongs here: reading ``schemas/example/*.csv``, one file per table, in the newest version of the dataset. All
people in it are fictitious, with NHS numbers of the never-issued 999 range. Does not belong here: realistic
populations (``demonstration``).
"""

import csv
from datetime import date
from functools import cache
from importlib.resources import files

from schemas.codes import valid_codes
from schemas.field import Field
from schemas.table import Table


@cache
def example_records(table: Table) -> tuple[dict[str, str | None], ...]:
    """The example's records of a table, as submitted: every declared field by name, blank as ``None``.

    The rules' examples start from the first record. Empty if the example has no such file.
    """
    path = files("schemas") / "example" / f"{table.name}.csv"
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple({field.name: row.get(field.name) or None for field in table.fields} for row in rows)


def example_value(table: Table, field: Field, start: date, end: date) -> str | None:
    """A value that the field accepts in a period: the example's first value, else the first valid code of its
    list.
    """
    codes = valid_codes(field.codes, start, end) if field.codes else ()
    in_example = (record[field.name] for record in example_records(table))
    accepted = (value for value in in_example if value and (not codes or value in codes))
    return next(accepted, codes[0] if codes else None)
