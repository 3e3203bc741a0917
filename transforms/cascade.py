"""The cascade: a record cannot count without the record it belongs to.

Belongs here: which rows are rejected only because of another row, and which row that is. Does not belong here: the
rules that reject a row itself (``transforms.validate``).

The cause of a row rejected by cascade is the nearest record above it that broke a rule itself. Once that record is
corrected, everything below it counts again, unless it has faults of its own or a record further up has
(``transforms.repair``).
"""

from collections.abc import Mapping

import polars as pl

from schemas.dataset import TABLES
from schemas.ruleset import cascade_rule
from transforms.findings import findings_of, no_findings
from transforms.related import ROW, ROW_TYPE
from transforms.repair import ABOVE, above_of

_LOST: dict[str, pl.DataType] = {"row_number": ROW_TYPE, "cause_table": pl.Categorical(), "cause_row": ROW_TYPE}


def rejected_by_cascade(
    kept: Mapping[str, pl.DataFrame], rejected: Mapping[str, pl.Series]
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Per table id the findings about rows rejected by cascade; and which broken records have a broken one above
    them (``transforms.repair.ABOVE``).

    ``kept`` has row_number and ``<parent>_row`` for each table (see ``validate.check_rows``). ``rejected`` has the
    rows that break a rule themselves.
    """
    lost: dict[str, pl.DataFrame] = {}
    found: dict[str, pl.DataFrame] = {}
    broken_above = [pl.DataFrame(schema=ABOVE)]
    for table in TABLES.values():
        if table.id not in kept:
            continue
        parent = table.parent[1] if table.parent else ""
        above = lost.get(parent)
        has_lost = above is not None and not above.is_empty()
        if not has_lost and not len(rejected[table.id]):
            continue  # as nearly every table of a submission with few faults
        own = rejected[table.id].cast(ROW_TYPE).rename("row_number").to_frame()
        lost[table.id] = own.with_columns(
            pl.lit(table.id, dtype=pl.Categorical).alias("cause_table"), pl.col("row_number").alias("cause_row")
        ).cast(pl.Schema(_LOST))
        if above is None or not has_lost:
            continue
        place = f"{parent}_{ROW}"
        links = kept[table.id].select("row_number", place)
        broken_above.append(above_of(table.id, own, links, above, place))
        with_it = (
            links.join(above.rename({"row_number": place}), on=place, how="inner")
            .join(own, on="row_number", how="anti")
            .select(*_LOST)
            .sort("row_number")
        )
        lost[table.id] = pl.concat([lost[table.id], with_it])
        assert table.parent is not None
        rows = with_it.with_columns(pl.lit(None, dtype=pl.String).alias("found"))
        found[table.id] = findings_of(cascade_rule(table), table.id, table.parent[0], rows)
    return {table_id: found.get(table_id, no_findings()) for table_id in kept}, pl.concat(broken_above)
