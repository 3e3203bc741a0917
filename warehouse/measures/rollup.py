"""Adding up: the cells of all providers over periods and places.

Belongs here: the SQL generated from the catalogue that turns ``cell.*`` into one row per measure. Does not
belong here: counting rows (``counting``), which organisation lies where (``warehouse.places``), spines and
states (``marts/service_measure.sql``), rates and comparison.
"""

from collections.abc import Sequence

import duckdb

from warehouse.measures.catalogue import ALL_PATHWAYS, PATHWAYS, QUANTILES, Measure, breakdowns, groups
from warehouse.measures.counting import Pass, count_columns, passes, sums
from warehouse.models import read_sql
from warehouse.staging import insert_rows

# Groups by month would mostly be counts under 5, and 12 times as many: they are counted by quarter and longer.
_GROUP_PERIODS = "SELECT period_type, period_start, month FROM work.period_month WHERE is_for_groups"
_GROUP_LEVELS = ("England", "region", "ICB", "sub-ICB", "provider")
_KEYS = "level, organisation, period_type, period_start"


def create_measures(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write the catalogue into ``mart.measure``, ``mart.breakdown`` and ``mart.breakdown_group``."""
    con.execute(
        "CREATE TABLE mart.measure (position INTEGER, measure VARCHAR, title VARCHAR, meaning VARCHAR, "
        "grain VARCHAR, date_column VARCHAR, kind VARCHAR, numerator VARCHAR, denominator VARCHAR, unit VARCHAR, "
        "direction VARCHAR, standard DECIMAL(5, 4), pathways VARCHAR, breakdowns VARCHAR, published_id VARCHAR, "
        "caveats VARCHAR, source VARCHAR, confidence VARCHAR, since VARCHAR)"
    )
    insert_rows(
        con,
        "mart.measure",
        [
            (
                position, m.id, m.title, m.meaning, m.grain, m.date_column, m.kind, m.numerator,
                m.denominator or None, m.unit, m.direction, m.standard, " ".join(m.pathways or PATHWAYS),
                " ".join(m.breakdowns), m.published_id or None, m.caveats or None, m.source, m.confidence, m.since,
            )
            for position, m in enumerate(catalogue, start=1)
        ],
    )  # fmt: skip
    con.execute(
        "CREATE TABLE mart.breakdown (breakdown VARCHAR, title VARCHAR, grain VARCHAR, group_column VARCHAR, "
        "meaning VARCHAR, source VARCHAR, confidence VARCHAR)"
    )
    insert_rows(
        con,
        "mart.breakdown",
        [(b.id, b.title, b.grain, b.column, b.meaning, b.source, b.confidence) for b in breakdowns()],
    )
    con.execute(
        "CREATE TABLE mart.breakdown_group (breakdown VARCHAR, position INTEGER, breakdown_group VARCHAR, "
        "group_name VARCHAR, note VARCHAR)"
    )
    insert_rows(con, "mart.breakdown_group", groups())
    con.execute("CREATE TABLE work.measure_pathway (measure VARCHAR, pathway VARCHAR)")
    everywhere = [(m.id, ALL_PATHWAYS) for m in catalogue if not m.pathways]
    applicable = [(m.id, code) for m in catalogue for code in PATHWAYS if m.applies_to(code)]
    insert_rows(con, "work.measure_pathway", everywhere + applicable)


def roll_up(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Add the cells up into ``work.measure_count`` (one row per measure, place, period and pathway).

    Groups stay wide, one column per count, in ``cell.<pass>_group_total``; the view ``mart.breakdown_measure``
    reads them as one row per measure. Needs ``ref.provider_place``, ``ref.commissioner_place`` and
    ``ref.period_month``; leaves ``work.place``, ``work.organisation_pathway`` and ``work.reported`` for the models.
    """
    keys = " UNION ".join(
        f"SELECT DISTINCT provider, commissioner, site, pathway FROM cell.{each.name}" for each in passes(catalogue)
    )
    con.execute(f"CREATE TABLE work.cell_key AS {keys}")
    # Of the rolling years only the latest is parted into groups: the others would be 11 more sets of groups a year.
    con.execute(
        "CREATE TABLE work.period_month AS SELECT period_type, period_start, month, period_type <> 'month' AND "
        "(period_type <> 'rolling 12 months' OR period_start = max(period_start) OVER (PARTITION BY period_type)) "
        "AS is_for_groups FROM ref.period_month"
    )
    for model in ("place", "organisation_pathway", "reported"):
        con.execute(read_sql("marts", model))
    con.execute(
        "CREATE TABLE work.measure_count (level VARCHAR, organisation VARCHAR, period_type VARCHAR, "
        "period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT)"
    )
    views = []
    for each in passes(catalogue):
        if con.execute(f"SELECT count(*) FROM cell.{each.name}").fetchone() != (0,):
            _add_totals(con, each)
        if each.grouped:
            _add_groups(con, each)
            views += [_group_branch(each, measure) for measure in each.grouped]
    _add_quantiles(con, [measure for measure in catalogue if not measure.is_additive])
    con.execute(f"CREATE VIEW mart.breakdown_measure AS {' UNION ALL '.join(views)}")


def _add_totals(con: duckdb.DuckDBPyConnection, each: Pass) -> None:
    names = count_columns(each.additive)
    con.execute(
        f"CREATE OR REPLACE TABLE work.total AS WITH by_period AS ("
        f"SELECT provider, commissioner, site, period_type, period_start, pathway, {sums(names)} "
        f"FROM cell.{each.name} INNER JOIN work.period_month USING (month) "
        "GROUP BY provider, commissioner, site, period_type, period_start, pathway) "
        f"SELECT {_KEYS}, coalesce(pathway, '{ALL_PATHWAYS}') AS pathway, {sums(names)} "
        "FROM by_period INNER JOIN work.place USING (provider, commissioner, site) "
        f"GROUP BY GROUPING SETS (({_KEYS}, pathway), ({_KEYS}))"
    )
    tall = (
        f"SELECT {_KEYS}, pathway, '{measure.id}', \"{measure.id}_n\", "
        + ("CAST(NULL AS BIGINT)" if measure.kind == "count" else f'"{measure.id}_d"')
        + " FROM work.total"
        for measure in each.additive
    )
    con.execute(f"INSERT INTO work.measure_count {' UNION ALL '.join(tall)}")


def _add_groups(con: duckdb.DuckDBPyConnection, each: Pass) -> None:
    names = count_columns(each.grouped)
    columns = ", ".join(f'"{name}"' for name in names)
    levels = ", ".join(f"'{level}'" for level in _GROUP_LEVELS)
    con.execute(
        f"CREATE OR REPLACE TABLE cell.{each.name}_group_total AS WITH by_period AS ("
        "SELECT provider, commissioner, period_type, period_start, pathway, breakdown, breakdown_group, "
        f"{sums(names)} FROM cell.{each.name}_group INNER JOIN ({_GROUP_PERIODS}) USING (month) "
        "GROUP BY provider, commissioner, period_type, period_start, pathway, breakdown, breakdown_group), "
        "place AS (SELECT DISTINCT provider, commissioner, level, organisation FROM work.place "
        f"WHERE level IN ({levels})), "
        f"counted AS (SELECT {_KEYS}, coalesce(pathway, '{ALL_PATHWAYS}') AS pathway, breakdown, breakdown_group, "
        f"{sums(names)} FROM by_period INNER JOIN place USING (provider, commissioner) "
        f"GROUP BY GROUPING SETS (({_KEYS}, breakdown, breakdown_group, pathway), "
        f"({_KEYS}, breakdown, breakdown_group))), "
        "part AS (SELECT breakdown, breakdown_group FROM mart.breakdown_group "
        f"WHERE breakdown IN (SELECT breakdown FROM cell.{each.name}_group) "
        f"UNION SELECT breakdown, breakdown_group FROM cell.{each.name}_group) "
        "SELECT r.level, r.organisation, r.period_type, r.period_start, o.pathway, p.breakdown, p.breakdown_group, "
        f"r.months_submitted, {columns} FROM work.reported AS r "
        f"INNER JOIN (SELECT DISTINCT period_type, period_start FROM ({_GROUP_PERIODS})) "
        "USING (period_type, period_start) "
        "INNER JOIN work.organisation_pathway AS o ON o.level = r.level AND o.organisation = r.organisation "
        "CROSS JOIN part AS p LEFT JOIN counted AS c "
        "ON c.level = r.level AND c.organisation = r.organisation AND c.period_type = r.period_type "
        "AND c.period_start = r.period_start AND c.pathway = o.pathway AND c.breakdown = p.breakdown "
        f"AND c.breakdown_group = p.breakdown_group WHERE r.level IN ({levels})"
    )


def _group_branch(each: Pass, measure: Measure) -> str:
    """One measure's rows of the view; a filter on the measure leaves the other branches unread."""
    asked = ", ".join(f"'{name}'" for name in measure.breakdowns)
    there = "months_submitted > 0"
    if measure.pathways:
        there += f" AND pathway IN ('{ALL_PATHWAYS}', {', '.join(repr(code) for code in measure.pathways)})"
    numerator = f'CASE WHEN {there} THEN coalesce("{measure.id}_n", 0) END'
    denominator, empty = "CAST(NULL AS BIGINT)", ""
    if measure.kind != "count":
        denominator = f'CASE WHEN {there} THEN coalesce("{measure.id}_d", 0) END'
        empty = f"WHEN coalesce(\"{measure.id}_d\", 0) = 0 THEN 'no denominator' "
    return (
        "SELECT 'submitted' AS source, level, organisation, period_type, period_start, pathway, breakdown, "
        f"breakdown_group, '{measure.id}' AS measure, {numerator} AS numerator, {denominator} AS denominator, "
        "months_submitted, CASE WHEN months_submitted = 0 THEN 'not submitted' "
        f"WHEN NOT ({there}) THEN 'not applicable' {empty}ELSE 'value' END AS state "
        f"FROM cell.{each.name}_group_total WHERE breakdown IN ({asked})"
    )


def _add_quantiles(con: duckdb.DuckDBPyConnection, measures: Sequence[Measure]) -> None:
    """The value that the asked share of rows does not exceed: of two middle ones the lower."""
    if not measures:
        return
    keys = f"{_KEYS}, pathway, measure"
    percent = " ".join(f"WHEN '{measure.id}' THEN {QUANTILES[measure.kind]}" for measure in measures)
    con.execute(
        f"INSERT INTO work.measure_count WITH by_period AS ("
        "SELECT provider, commissioner, site, period_type, period_start, pathway, measure, value, "
        "sum(records) AS records FROM cell.value INNER JOIN work.period_month USING (month) "
        "GROUP BY provider, commissioner, site, period_type, period_start, pathway, measure, value), "
        f"placed AS (SELECT {_KEYS}, coalesce(pathway, '{ALL_PATHWAYS}') AS pathway, measure, value, "
        "sum(records) AS records FROM by_period INNER JOIN work.place USING (provider, commissioner, site) "
        f"GROUP BY GROUPING SETS (({_KEYS}, measure, value, pathway), ({_KEYS}, measure, value))), "
        f"running AS (SELECT {keys}, value, sum(records) OVER (PARTITION BY {keys} ORDER BY value) AS upto, "
        f"sum(records) OVER (PARTITION BY {keys}) AS total FROM placed) "
        f"SELECT {keys}, min(value) FILTER (WHERE upto * 100 >= total * CASE measure {percent} END), max(total) "
        f"FROM running GROUP BY {keys}"
    )
