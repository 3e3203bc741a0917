"""From which submitted elements each measure is made: ``meta.lineage``.

Belongs here: which columns a measure reads, and the elements at the end of their lineage. Does not belong here:
the lineage of models (``warehouse.lineage``).

Nothing is written by hand: the columns are those that the measure's own SQL names, and the rest is in the models.
What replaced an element leads to it: a person's token to the NHS number, an age to the date of birth. Who submitted
a row, for which month and in which line is no element of the row, and is left out.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import duckdb
import sqlglot
from sqlglot import exp

from schemas.dataset import TABLES
from schemas.field import Identity
from schemas.staged import DERIVED, MADE_OF
from schemas.tables.header import HEADER
from warehouse.lineage import ROWS, Columns, Lineage
from warehouse.lineage_file import GRAIN, lineage_of_grains
from warehouse.measures.catalogue import Measure
from warehouse.quality_items import items
from warehouse.staging import insert_rows

COLUMNS = """
Columns of meta.lineage: One row per measure, part of it, column that the part reads, and submitted element that the
    column is made of: generated from the SQL of measures and models.
  measure, key: Measure, or item of data quality (mart.measure).
  part, key: rows (which rows there are), date (the month a row counts in), pathway (the pathway it counts in),
      numerator, denominator, or weight.
  column_name, key: Column of the counted row that the part reads; * for the rows themselves; of data quality the
      element.
  table_id, key: Table of the dataset.
  element, key: Element of the table.
  is_link: Whether the element only connects records of one person or referral: an identifier.
"""
_PATHWAY = "pathway"
# Of which submitted month and provider a submission is: elements of its header.
_OF_A_SUBMISSION = ("OrgIDProv", "ReportingPeriodStartDate")
_LINKS = (Identity.LOCAL, Identity.PERSON)
# Parts of a measure that a value decides; which rows there are follows from keys.
_COUNTED = ("date", "numerator", "denominator")

Row = tuple[str, str, str, str, str, bool]


def create_lineage(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write ``meta.lineage`` of the measures and of the items of data quality."""
    con.execute(
        "CREATE OR REPLACE TABLE meta.lineage (measure VARCHAR, part VARCHAR, column_name VARCHAR, "
        "table_id VARCHAR, element VARCHAR, is_link BOOLEAN)"
    )
    rows = {row for measure in catalogue for row in _of_measure(measure)} | set(_of_items())
    insert_rows(con, "meta.lineage", sorted(rows))


def measures_of(element: tuple[str, str], catalogue: Sequence[Measure]) -> set[str]:
    """The measures whose counts or dates are made of an element (table id, name): without it a row is left out."""
    return {
        measure
        for each in catalogue
        for measure, part, _, table_id, name, is_link in _of_measure(each)
        if (table_id, name) == element and not is_link and part in _COUNTED
    }


@cache
def _lineage() -> Lineage:
    return lineage_of_grains()


@cache
def _of_measure(measure: Measure) -> tuple[Row, ...]:
    parts = {
        "rows": ROWS, "date": measure.date_column, "pathway": _PATHWAY, "numerator": measure.numerator,
        "denominator": measure.denominator, "weight": measure.weight,
    }  # fmt: skip
    return tuple(
        (measure.id, part, column, *element)
        for part, sql in parts.items()
        for column in ([ROWS] if sql == ROWS else _columns_in(sql))
        for element in _elements(_lineage().origins(f"{GRAIN}{measure.grain}", column))
    )


@cache
def _of_items() -> tuple[Row, ...]:
    """Items of data quality are of one element; submissions as a whole of the header."""
    found: list[Row] = []
    for _, measure, table_id, element, _, _, _, _, _, _, expected_of, _ in items():
        if table_id not in TABLES:
            found += [
                (str(measure), "rows", ROWS, HEADER.id, name, False)
                for name in _OF_A_SUBMISSION
                if name in HEADER.by_name
            ]
            continue
        read = {"numerator": [str(element)], "denominator": _columns_in(str(expected_of or ""))}
        for part, columns in read.items():
            for column in columns:
                origins = frozenset({(f"staged.{table_id}".lower(), column.lower())})
                found += [(str(measure), part, column, *each) for each in _elements(origins)]
    return tuple(found)


@cache
def _columns_in(sql: str) -> tuple[str, ...]:
    """The columns that an expression names, in the order of their names."""
    if not sql:
        return ()
    return tuple(sorted({each.name for each in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Column)}))


def _elements(origins: Columns) -> Iterator[tuple[str, str, bool]]:
    """Table, element and whether it is a link, of columns of ``staged``; what is no element is left out."""
    for table, column in sorted(origins):
        yield from _known().get((table.removeprefix("staged.").removesuffix("_latest"), column), ())


@cache
def _known() -> dict[tuple[str, str], tuple[tuple[str, str, bool], ...]]:
    """The elements behind every column of ``staged``, by table and column in small letters."""
    by_identity: dict[Identity, list[tuple[str, str, bool]]] = {}
    found: dict[tuple[str, str], tuple[tuple[str, str, bool], ...]] = {}
    for table in TABLES.values():
        for field in table.fields:
            element = (table.id, field.name, field.identity in _LINKS)
            found[table.id.lower(), field.name.lower()] = (element,)
            by_identity.setdefault(field.identity, []).append(element)
    for table_id, columns in DERIVED.items():
        for column in columns:
            made_of = MADE_OF[column]
            of = by_identity[made_of] if isinstance(made_of, Identity) else found[table_id.lower(), made_of.lower()]
            found[table_id.lower(), column.lower()] = tuple(of)
    return found
