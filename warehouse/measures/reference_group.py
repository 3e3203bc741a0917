"""The group that the others of a breakdown are compared with: one for all measures, places and periods.

Belongs here: ``mart.reference_group``, made from what ``breakdowns.csv`` states and the monthly counts. Does not
belong here: the ratios (``warehouse/mart/rate_ratio.sql``), the counts (``counting``).
"""

from collections.abc import Sequence

import duckdb

from warehouse.measures.catalogue import LARGEST, Breakdown, Measure, breakdowns
from warehouse.measures.passes import Pass, passes
from warehouse.staging import insert_rows

# Groups of people of whom the answer is missing are no group to compare others with.
NO_ANSWER = ("not known", "not stated", "not recorded", "invalid")
COLUMNS = """
Columns of mart.reference_group: One row per breakdown into groups of people: the group that the others are compared
    with, the same for all measures, organisations and periods.
  breakdown, key: Breakdown (mart.breakdown).
  reference_group: Group (mart.breakdown_group); NULL where no group has anybody.
  why: stated: in the catalogue; largest: it has the largest denominator of any share, in all months together.
  denominator: That denominator; NULL where the group is stated.
"""


def create_reference_groups(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write ``mart.reference_group`` from the monthly counts of all months.

    The largest group is the one with the largest denominator of any share of the breakdown's own grain; of two
    equal ones the first code. Groups without an answer are none.
    """
    con.execute(
        "CREATE TABLE mart.reference_group (breakdown VARCHAR, reference_group VARCHAR, why VARCHAR, "
        "denominator BIGINT)"
    )
    largest = [each for each in breakdowns() if each.reference == LARGEST]
    sizes = [size for each in passes(catalogue) for size in _sizes(each, largest)]
    found: dict[str, tuple[str, int]] = {}
    if sizes:
        missing = ", ".join(f"'{code}'" for code in NO_ANSWER)
        rows = con.execute(
            "SELECT breakdown, breakdown_group, max(denominator) AS size "
            f"FROM ({' UNION ALL '.join(sizes)}) WHERE denominator > 0 AND breakdown_group NOT IN ({missing}) "
            "GROUP BY breakdown, breakdown_group ORDER BY size, breakdown_group DESC"
        ).fetchall()
        found = {breakdown: (group, size) for breakdown, group, size in rows}
    insert_rows(
        con,
        "mart.reference_group",
        [_row(each, found.get(each.id)) for each in breakdowns() if each.parts_people],
    )


def _row(each: Breakdown, largest: tuple[str, int] | None) -> tuple[str, str | None, str, int | None]:
    if each.reference != LARGEST:
        return each.id, each.reference, "stated", None
    group, size = largest or (None, None)
    return each.id, group, LARGEST, size


def _sizes(each: Pass, wanted: Sequence[Breakdown]) -> list[str]:
    """A query per denominator of shares: that of every group of the breakdowns of the pass's own grain."""
    own = {breakdown.id for breakdown in wanted if breakdown.grain == each.grain}
    found: list[str] = []
    for table in each.group_tables:
        asked: dict[str, set[str]] = {}
        for breakdowns_of, measures in table.alike:
            for measure in measures:
                if measure.kind == "share":
                    names = own.intersection(breakdown.id for breakdown in breakdowns_of)
                    asked.setdefault(each.denominators[measure.id], set()).update(names)
        found += [
            f'SELECT breakdown, breakdown_group, sum("{column}") AS denominator FROM monthly_count.{table.name} '
            f"WHERE breakdown IN ({', '.join(map(repr, sorted(names)))}) GROUP BY breakdown, breakdown_group"
            for column, names in asked.items()
            if names
        ]
    return found
