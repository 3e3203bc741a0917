"""What is compared of data quality: ``mart.quality_item``, generated from the elements that are counted.

Belongs here: the aspects of an element, over which months its records add up, and the macros of the Data Quality
Maturity Index (DQMI). Does not belong here: counting (``field_quality``), periods and comparison
(``warehouse/mart``).

DQMI: NHS England's "Data Quality Maturity Index (DQMI) methodology" with its worked example of 47.2. The thresholds
of defaults are not in it: ours is 0, so every default lowers the score.
"""

from collections.abc import Iterator
from functools import cache

import duckdb

from schemas.field import Mandation
from warehouse.field_quality import Element, elements
from warehouse.staging import insert_rows

# Records of these tables are dated in the month they are sent for, by a rule that rejects earlier ones (a test
# compares this list with the rules), or belong to such a record. Records of the others are sent again every month.
OF_ONE_MONTH = frozenset({"IDS105", "IDS201", "IDS202", "IDS205", "IDS606", "IDS607", "SMI608"})
# A referral that ended in an earlier month is rejected: what only ended ones have is sent once.
_OF_THE_END = ("IDS101.ServDischDate", "IDS101.EndCode")
_SUBMISSION = "submission"
_SUBMISSIONS = (
    ("complete", "Months submitted", "Of the months expected, those submitted."),
    (
        "in time",
        "Submitted in time",
        "Of the months submitted, those whose submission came before its window closed.",
    ),
)
COLUMNS = """
Columns of mart.quality_item: One row per item of data quality: of what element it is the completeness, validity,
    knownness or heaping, and of which records.
  position: Place in the dataset.
  measure, key: Id of the item, as in mart.quality_count and in service_comparison under source data quality.
  table_id: Table of the dataset, or submission for submissions as a whole.
  element: Element of the table.
  aspect: complete (has a value), known (has a value other than not known or not stated), valid (of the values), not
      at midnight, not on the hour (of the times), not first of month (of the dates), in time (submissions).
  over_time: flow: records of one month only, so that a year is all its months together; stock: records that are
      sent again every month, so that a year is its last month.
  title: Name of the element in the NHS Data Dictionary.
  meaning: What is counted of whom, in words.
  mandation: M mandatory, R required, O optional, P pilot.
  code_list: Code list of the element (ref.code); NULL when there is none.
  expected_of: Condition of the records that should have a value; NULL: all records.
  by_chance [share]: For heaping, the share if all minutes of the day or days of the year were equally likely.
"""
# Three macros, so that the published example can be computed as published.
_MACROS = (
    (
        "item_score(records, valid, defaults, threshold)",
        "(valid - greatest(0, defaults - threshold * records)) / nullif(records, 0)",
        "DQMI score of a data item: records valid and complete (defaults among them) minus defaults in excess of "
        "the threshold, of all records; a share",
    ),
    (
        "dqmi(scores, coverages, items)",
        "100 * (scores / items) * (coverages / items)",
        "Data Quality Maturity Index: mean score of items times mean coverage of their datasets, from both sums",
    ),
)


def create_items(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``mart.quality_item`` and the macros ``mart.item_score`` and ``mart.dqmi``."""
    con.execute(
        "CREATE TABLE mart.quality_item (position INTEGER, measure VARCHAR, table_id VARCHAR, element VARCHAR, "
        "aspect VARCHAR, over_time VARCHAR, title VARCHAR, meaning VARCHAR, mandation VARCHAR, code_list VARCHAR, "
        "expected_of VARCHAR, by_chance DECIMAL(7, 6))"
    )
    insert_rows(con, "mart.quality_item", items())
    for signature, expression, meaning in _MACROS:
        con.execute(f"CREATE MACRO mart.{signature} AS {expression}")
        con.execute(f"COMMENT ON MACRO mart.{signature.partition('(')[0]} IS '{meaning}'")


@cache
def items() -> tuple[tuple[int | str | None, ...], ...]:
    """What is compared, as rows of ``mart.quality_item``: of submissions as a whole, then of each element."""
    found = [
        *(
            (_SUBMISSION, "month", aspect, "flow", title, says, None, None, None, None)
            for aspect, title, says in _SUBMISSIONS
        ),
        *(item for element in elements() for item in _items(element)),
    ]
    return tuple((n, ".".join(map(str, row[:3])).replace(" ", "_"), *row) for n, row in enumerate(found, start=1))


def _items(element: Element) -> Iterator[tuple[str | None, ...]]:
    """Aspects compared. A mandatory element is never blank: records without it were rejected."""
    is_expected = element.expected_of is not None
    condition = None if element.expected_of == "true" else element.expected_of
    whom = f"the records with {condition}" if condition else "all records"
    is_time, is_date = element.kind == "time", element.kind == "date"
    over_time = "flow" if element.table.id in OF_ONE_MONTH or element.id in _OF_THE_END else "stock"
    for aspect, applies, of, who, says, chance in (
        ("complete", is_expected and element.mandation == Mandation.REQUIRED, condition, whom,
         "those with a value.", None),
        ("known", is_expected and element.not_known is not None, condition, whom,
         "those whose value says something.", None),
        ("valid", element.valid is not None, None, "the values",
         "those in the list of the month, or within bounds.", None),
        ("not at midnight", is_time, None, "the values",
         "those that are not 00:00:00, which often stands for none.", "0.999306"),
        ("not on the hour", is_time, None, "the values",
         "those that are not a full hour, as rounded times are.", "0.983333"),
        ("not first of month", is_date, None, "the values",
         "those that are not the first of a month, as dates known to the month only are.", "0.967146"),
    ):  # fmt: skip
        if applies:
            yield (
                element.table.id, element.name, aspect, over_time, element.title,
                f"Of {who}, {says} {element.meaning}", element.mandation, element.code_list, of, chance,
            )  # fmt: skip
