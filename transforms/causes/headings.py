"""Values under the wrong heading: two headings that changed places, and columns that moved by one.

Belongs here: which columns of a table have each other's values. Does not belong here: values of another form
(``transforms.causes.forms``).

Asked only of columns in which nearly every value is wrong. A heading is wrong if nearly every value of its column
would be right in another such column, and those of that one in its own, or in its neighbour all along.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

import polars as pl

from schemas.causes import CAUSES
from schemas.codes import valid_codes
from schemas.field import Field, Identity
from schemas.shapes import POSTCODE
from transforms.cast import typed
from transforms.causes.cause import FEWEST, Affected, Cause
from transforms.causes.forms import Period
from transforms.causes.found import Column, Columns, Looked
from transforms.pseudonymise import nhs_number

_NEARLY_ALL = 0.9
Fits = Mapping[tuple[str, str], float]
"""(column, element) to the share of the column's values that the element would take."""


def causes_of_headings(columns: Columns, places: Mapping[str, Mapping[str, int]], period: Period) -> list[Cause]:
    """Headings that changed places and columns that moved, over all tables.

    ``places`` has the position of each column in its file, by table and element.
    """
    swapped: list[tuple[str, str, str]] = []
    shifted: list[tuple[str, list[tuple[str, str]]]] = []
    for table_id, of_table in _wrong_columns(columns).items():
        fits = _fits(of_table, period)
        pairs = list(_swapped(of_table, fits))
        moved = _shifted(of_table, fits, places[table_id])
        if len(moved) > 2:
            shifted.append((table_id, moved))
        else:
            swapped += [(table_id, one, other) for one, other in pairs]
    return [*_swap(swapped, columns), *_shift(shifted, columns)]


def _wrong_columns(columns: Columns) -> dict[str, dict[str, Looked]]:
    """By table the columns with a finding in most rows, if there are two or more."""
    found: dict[str, dict[str, Looked]] = {}
    for (table_id, name), looked in columns.items():
        if looked.broken >= FEWEST and looked.broken * 2 >= looked.of:
            found.setdefault(table_id, {})[name] = looked
    return {table_id: of_table for table_id, of_table in found.items() if len(of_table) > 1}


def takes(field: Field, text: pl.Expr, period: Period) -> pl.Expr:
    """Whether an element would take ``text`` (String), and hardly a value of another element; never null."""
    if field.codes:
        right = text.is_in(valid_codes(field.codes, *period))
    elif field.identity is Identity.PERSON:
        right = nhs_number(text).is_not_null()
    elif field.identity is Identity.POSTCODE:
        right = text.str.contains(POSTCODE)
    elif field.dtype == pl.String:
        right = text.str.contains(field.lexical)
        right = right & ~text.str.contains(field.unlike) if field.unlike else right
    else:
        right = typed(field, text).is_not_null()
    return right.fill_null(False)


def _fits(of_table: Mapping[str, Looked], period: Period) -> dict[tuple[str, str], float]:
    looked = list(of_table.values())
    shares = [
        (takes(other.field, pl.col(name), period).sum() / pl.col(name).count()).alias(f"{name} {other.field.name}")
        for name in of_table
        for other in looked
    ]
    row = looked[0].rows.select(shares).collect(engine="streaming").row(0, named=True)
    found = {}
    for key, share in row.items():
        name, _, other = key.partition(" ")
        found[name, other] = share or 0.0
    return found


def _swapped(of_table: Mapping[str, Looked], fits: Fits) -> Iterator[tuple[str, str]]:
    taken: set[str] = set()
    for one, other in combinations(of_table, 2):
        is_mutual = min(fits[one, other], fits[other, one]) >= _NEARLY_ALL
        is_wrong = max(fits[one, one], fits[other, other]) <= 1 - _NEARLY_ALL
        if is_mutual and is_wrong and not {one, other} & taken:
            taken |= {one, other}
            yield one, other


def _shifted(of_table: Mapping[str, Looked], fits: Fits, places: Mapping[str, int]) -> list[tuple[str, str]]:
    """(column, element whose values it has) of the longest run of neighbours that moved the same way."""
    order = sorted(of_table, key=lambda name: places[name])
    runs = []
    for step in (1, -1):
        run = [
            (name, there)
            for name in order
            for there in of_table
            if places[there] == places[name] + step
            and fits[name, there] >= _NEARLY_ALL
            and fits[name, name] <= 1 - _NEARLY_ALL
        ]
        runs.append(run)
    return max(runs, key=len)


def _swap(swapped: list[tuple[str, str, str]], columns: Columns) -> list[Cause]:
    if not swapped:
        return []
    said = ", ".join(f"{one} and {other} ({table_id})" for table_id, one, other in swapped)
    names = [(table_id, name) for table_id, *pair in swapped for name in pair]
    return [Cause(CAUSES["CAUSE-HEADINGS-SWAPPED"], said, _affected(names, columns))]


def _shift(shifted: list[tuple[str, list[tuple[str, str]]]], columns: Columns) -> list[Cause]:
    if not shifted:
        return []
    said = ", ".join(
        f"{moved[0][0]} has the values of {moved[0][1]}, and {len(moved) - 1} more columns moved too ({table_id})"
        for table_id, moved in shifted
    )
    # In such a table no value stands where its heading says, so no finding about it means what it says.
    tables = {table_id for table_id, _ in shifted}
    names = [column for column in columns if column[0] in tables]
    return [Cause(CAUSES["CAUSE-COLUMNS-SHIFTED"], said, _affected(names, columns))]


def _affected(names: list[Column], columns: Columns) -> tuple[Affected, ...]:
    """The columns whole: every value that is not blank."""
    found = []
    for table_id, name in names:
        filled = columns[table_id, name].rows.filter(pl.col(name).is_not_null()).select("row_number")
        rows = filled.collect(engine="streaming")["row_number"].sort()
        found.append(Affected(table_id, name, rows, len(rows)))
    return tuple(found)
