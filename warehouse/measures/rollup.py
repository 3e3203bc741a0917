"""Adding up: the monthly counts of all providers over periods and places.

Belongs here: the SQL generated from the catalogue that turns ``monthly_count.*`` into one row per measure. Does not
belong here: counting rows (``counting``), which organisation lies where (``warehouse.organisations``), spines
and states (``mart/service_measure.sql``), rates and comparison.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial

import duckdb

from warehouse.described import Described, described_in
from warehouse.measures.catalogue import ALL_PATHWAYS, QUANTILES, Breakdown, Measure
from warehouse.measures.counting import PLACED_KEYS, sums
from warehouse.measures.passes import GroupTable, Pass, passes
from warehouse.measures.people import (
    as_lists,
    create_origins,
    create_people,
    joined,
    keep_people,
    keep_people_of_groups,
    sketch_columns,
    with_origin,
)
from warehouse.models import read_sql
from warehouse.order import in_order
from warehouse.parallel import Task, run_tasks

_GROUP_LEVELS = ("England", "region", "ICB", "sub-ICB", "provider")
# By month a sub-ICB's groups are nearly all empty, and they are a third of all rows: they stand by quarter and up.
_NO_MONTHS = "sub-ICB"
_BREAKDOWNS = "mart.breakdown_measure"
# The rows of mart.breakdown_measure for what reads all of them. It has a branch for each set of breakdowns, 58, and
# not one for each measure of a table, 237: those take twice as long to plan. A draft has it, a release does not.
GROUP_FIGURE = "monthly_count.group_figure"
# Where no measure has a breakdown, both views are there without a row.
_NO_GROUPS = (
    "SELECT source, level, organisation, period_type, period_start, pathway, CAST(NULL AS VARCHAR) AS breakdown, "
    "CAST(NULL AS VARCHAR) AS breakdown_group, measure, numerator, denominator, months_submitted, state "
    "FROM mart.service_measure WHERE false"
)

COLUMNS = """
Columns of mart.breakdown_measure: One row per organisation, period, pathway, group of a breakdown and measure.
    Groups of a breakdown add up to the row of mart.service_measure. By month an organisation has the groups that it
    had in any month; a sub-ICB has none by month.
  source, key: submitted: our own count.
  level, key: England, region, ICB, sub-ICB or provider.
  organisation, key: Code of the organisation (ref.organisation); ENG is England; 'unknown' what cannot be placed; a
      merged provider counts in its successor; provider|sub-ICB where both.
  period_type, key: month, quarter, financial year, or rolling 12 months (the latest only).
  period_start [date], key: First day of the period.
  pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the measure applies to.
  breakdown, key: Breakdown (mart.breakdown).
  breakdown_group, key: Group (mart.breakdown_group).
  measure, key: Id of the measure (mart.measure).
  numerator: Count of a count or share; sum of a mean.
  denominator: Rows the value is of: of a share those that could count, of a mean, median or p90 those with a value;
      NULL for a count and where there is no value.
  months_submitted [months]: Months of the period for which a provider of the organisation submitted.
  state: value; no denominator (0 people); not submitted; not applicable; these are always distinct. A stock is
      not submitted where the last month of the period was not.

Columns of monthly_count.place: One row per provider, commissioner and site that occur together, and level: the
    organisation whose figures their monthly counts count in.
  provider, key: ODS code of the provider, as submitted.
  commissioner, key: ODS code of the commissioner of the referral; 'unknown' when none was given.
  site, key: Site of the first treatment contact; 'unknown' when none was given.
  level, key: Level of the organisation.
  organisation: Code of the organisation.
"""


def described_figures() -> list[Described]:
    """What ``GROUP_FIGURE`` and its columns mean: what they mean in mart.breakdown_measure."""
    schema, table = GROUP_FIGURE.split(".")
    return [
        replace(line, schema=schema, table=table, is_key=False)
        for line in described_in(COLUMNS)
        if line.table == "breakdown_measure"
    ]


@cache
def rolled_up() -> tuple[str, ...]:
    """The models that ``roll_up`` runs, in order: the steps of ``mart.service_measure``, which comes last."""
    return tuple(in_order(["mart.service_measure"]))


def roll_up(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Add the monthly counts up: ``mart.service_measure`` and, for groups, ``monthly_count.<pass>_group_total``.

    Groups stay wide, one column per count; the view ``mart.breakdown_measure`` reads them as one row per measure.
    Where both stand from an earlier build, only the organisations behind which a provider of
    ``meta.changed_provider`` stands, or stood then, are added up again; England always is. Needs ``core``, the
    monthly counts, ``ref.provider_place``, ``ref.commissioner_place``, ``ref.period`` and ``ref.period_month``.
    """
    keys = " UNION ".join(
        f"SELECT DISTINCT provider, commissioner, site, pathway FROM monthly_count.{each.name}"
        for each in passes(catalogue)
    )
    con.execute(f"CREATE TABLE work.count_key AS {keys}")
    create_origins(con)
    # Of the rolling years only the latest is parted into groups: the others would be 11 more sets of groups a year.
    con.execute(
        "CREATE TABLE work.period_month AS SELECT CAST(dense_rank() OVER (ORDER BY period_type, period_start) AS "
        "INTEGER) AS period, period_type, period_start, month, "
        "month = last_month AS is_last, "
        "period_type <> 'rolling 12 months' OR period_start = max(period_start) OVER (PARTITION BY period_type) "
        "AS is_for_groups FROM ref.period_month INNER JOIN ref.period USING (period_type, period_start)"
    )
    *steps, last = rolled_up()
    for step in steps:
        con.execute(read_sql(step))
    _choose_organisations(con, catalogue)
    con.execute(
        "CREATE TABLE work.measure_count (org INTEGER, period INTEGER, pathway VARCHAR, measure VARCHAR, "
        "numerator BIGINT, denominator BIGINT, quantile DECIMAL(15, 1), people UBIGINT, others UBIGINT, "
        "origin UBIGINT)"
    )
    con.execute(
        "CREATE TABLE work.group_place AS SELECT DISTINCT provider, commissioner, org "
        f"FROM work.counted_place WHERE level IN {_GROUP_LEVELS}"
    )
    run_tasks(con, [*_counts_of_measures(catalogue), *_counts_of_groups(catalogue)])
    run_tasks(con, [Task("people", (), keep_people), Task(last, (), lambda other: other.execute(read_sql(last)))])
    of_measures, of_breakdowns = _group_branches(catalogue)
    con.execute(f"CREATE VIEW IF NOT EXISTS {_BREAKDOWNS} AS {_group_view(catalogue, of_measures)}")
    con.execute(f"CREATE VIEW IF NOT EXISTS {GROUP_FIGURE} AS {_group_view(catalogue, of_breakdowns)}")
    con.execute("BEGIN; CREATE OR REPLACE TABLE monthly_count.place AS FROM work.place")
    con.execute("DROP TABLE IF EXISTS meta.changed_provider; COMMIT")


def _counts_of_measures(catalogue: Sequence[Measure]) -> list[Task]:
    quantiles = [measure for measure in catalogue if not measure.is_additive]
    return [
        Task("quantiles", (), lambda con: _add_quantiles(con, quantiles)),
        *(Task(each.name, (), partial(_add_totals, each=each)) for each in passes(catalogue)),
    ]


def _counts_of_groups(catalogue: Sequence[Measure]) -> list[Task]:
    return [
        Task(table.name, (), partial(_add_groups, each=each, table=table))
        for each in passes(catalogue)
        for table in each.group_tables
    ]


def _choose_organisations(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Number the organisations to be added up (``work.organisation``) and take their rows out of what is kept.

    Everything is made anew unless the last build knew the same periods and the same groups.
    """
    totals = {
        f"monthly_count.{table.name}_total": each.columns(table.measures)
        for each in passes(catalogue)
        for table in each.group_tables
    }
    wanted = "SELECT DISTINCT level, organisation FROM work.organisation_pathway"
    if not _is_kept(con, list(totals)):
        con.execute(
            f"DROP VIEW IF EXISTS {_BREAKDOWNS}; DROP VIEW IF EXISTS {GROUP_FIGURE}; "
            "DROP TABLE IF EXISTS mart.service_measure"
        )
        con.execute(
            "CREATE TABLE mart.service_measure (source VARCHAR, level VARCHAR, organisation VARCHAR, "
            "period_type VARCHAR, period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, "
            "denominator BIGINT, quantile DECIMAL(15, 1), months_submitted BIGINT, state VARCHAR)"
        )
        create_people(con)
        for name, columns in totals.items():
            counts = ", ".join(f'"{column}" BIGINT' for column in columns)
            con.execute(
                f"CREATE OR REPLACE TABLE {name} (level VARCHAR, organisation VARCHAR, period_type VARCHAR, "
                "period_start DATE, pathway VARCHAR, breakdown VARCHAR, breakdown_group VARCHAR, "
                f"months_submitted BIGINT, has_last_month BOOLEAN, {counts})"
            )
    else:
        behind = (
            "(SELECT provider, level, organisation FROM monthly_count.place UNION "
            "SELECT provider, level, organisation FROM work.place UNION "
            "SELECT provider, 'provider', current_provider FROM ref.provider_place)"
        )
        con.execute(
            "CREATE TABLE work.changed AS SELECT 'England' AS level, 'ENG' AS organisation UNION "
            f"SELECT level, organisation FROM {behind} WHERE provider IN (FROM meta.changed_provider) UNION "
            f"(SELECT level, organisation FROM mart.service_measure EXCEPT {wanted})"
        )
        for name in ("mart.service_measure", "monthly_count.people", *totals):
            con.execute(f"DELETE FROM {name} WHERE (level, organisation) IN (FROM work.changed)")
        wanted += " INTERSECT FROM work.changed"
    con.execute(
        "CREATE TABLE work.organisation AS SELECT CAST(row_number() OVER (ORDER BY level, organisation) "
        f"AS INTEGER) AS org, level, organisation FROM ({wanted})"
    )
    con.execute(
        "CREATE TABLE work.counted_place AS SELECT p.provider, p.commissioner, p.site, p.level, o.org "
        "FROM work.place AS p INNER JOIN work.organisation AS o USING (level, organisation)"
    )


def _is_kept(con: duckdb.DuckDBPyConnection, totals: Sequence[str]) -> bool:
    """Whether an earlier build's sums have the same periods and groups, and the changes are known."""
    known = {
        (schema, name)
        for schema, name in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }
    needed = {
        ("monthly_count", "place"),
        ("monthly_count", "people"),
        ("meta", "changed_provider"),
        ("mart", "service_measure"),
    }
    if not needed | {("monthly_count", name.removeprefix("monthly_count.")) for name in totals} <= known:
        return False
    pairs = {
        "SELECT DISTINCT period_type, period_start FROM work.period_month": "SELECT DISTINCT period_type, "
        "period_start FROM mart.service_measure WHERE level = 'England'"
    }
    if con.execute("SELECT bool_or(is_for_groups) FROM work.period_month").fetchone() == (True,):
        pairs |= {
            _parts(name.removesuffix("_total")): f"SELECT DISTINCT breakdown, breakdown_group FROM {name}"
            for name in totals
        }
    return not any(
        con.execute(f"(({now}) EXCEPT ({then})) UNION ALL (({then}) EXCEPT ({now})) LIMIT 1").fetchall()
        for now, then in pairs.items()
    )


def _add_totals(con: duckdb.DuckDBPyConnection, each: Pass) -> None:
    if con.execute(f"SELECT count(*) FROM monthly_count.{each.name}").fetchone() == (0,):
        return
    total, names = f"work.total_{each.name}", each.columns(each.additive)
    added = ", ".join([sums(names), *joined(sketch_columns(each.additive)), "min(origin) AS origin"])
    con.execute(
        f"CREATE TABLE {total} AS WITH by_month AS ("
        f"SELECT org, month, pathway, {added} FROM {with_origin(f'monthly_count.{each.name}')} "
        "INNER JOIN work.counted_place USING (provider, commissioner, site) GROUP BY org, month, pathway) "
        f"SELECT org, period, coalesce(pathway, '{ALL_PATHWAYS}') AS pathway, {added} "
        f"FROM by_month INNER JOIN work.period_month USING (month) WHERE {_month_counts(each)} "
        "GROUP BY GROUPING SETS ((org, period, pathway), (org, period))"
    )
    # Three lists side by side: a branch per measure would read the table 137 times, and take 44 ms to plan, not 10.
    ids = ", ".join(f"'{measure.id}'" for measure in each.additive)
    numerators = ", ".join(f'"{measure.id}_n"' for measure in each.additive)
    denominators = ", ".join(
        f'"{each.denominators[measure.id]}"' if measure.kind != "count" else "CAST(NULL AS BIGINT)"
        for measure in each.additive
    )
    con.execute(
        "INSERT INTO work.measure_count "
        "(org, period, pathway, origin, measure, numerator, denominator, people, others) "
        f"SELECT org, period, pathway, origin, unnest([{ids}]), unnest([{numerators}]), unnest([{denominators}]), "
        f"{as_lists(each.additive)} FROM {total}"
    )
    con.execute(f"DROP TABLE {total}")


def _month_counts(each: Pass) -> str:
    """Which months of a period count: of a stock only the last, because one person may be there at several ends."""
    return "is_last" if each.is_stock else "true"


def _parts(groups_of: str) -> str:
    """The groups of a pass: those declared, and those found if none are declared."""
    return (
        "SELECT breakdown, breakdown_group FROM mart.breakdown_group "
        f"WHERE breakdown IN (SELECT breakdown FROM {groups_of}) "
        f"UNION SELECT breakdown, breakdown_group FROM {groups_of}"
    )


def _add_groups(con: duckdb.DuckDBPyConnection, each: Pass, table: GroupTable) -> None:
    """Add up the groups of a table for every organisation and period.

    Organisations are added up first, by month: longer periods follow from their months.
    """
    counts, parts = f"monthly_count.{table.name}", f"work.part_{table.name}"
    con.execute(
        f"CREATE TABLE {parts} AS SELECT CAST(row_number() OVER () AS INTEGER) AS part, * FROM ({_parts(counts)})"
    )
    names = each.columns(table.measures)
    columns = ", ".join(f'"{name}"' for name in names)
    con.execute(
        f"INSERT INTO {counts}_total ({', '.join(PLACED_KEYS)}, {columns}) WITH "
        f"by_month AS MATERIALIZED (SELECT org, month, part, pathway, {sums(names)} FROM {counts} "
        f"INNER JOIN {parts} USING (breakdown, breakdown_group) "
        "INNER JOIN work.group_place USING (provider, commissioner) GROUP BY org, month, part, pathway), "
        f"by_pathway AS MATERIALIZED (SELECT org, period, part, pathway, {columns} FROM by_month "
        "INNER JOIN work.period_month USING (month) WHERE period_type = 'month' "
        f"UNION ALL SELECT org, period, part, pathway, {sums(names)} FROM by_month "
        "INNER JOIN work.period_month USING (month) "
        f"WHERE period_type <> 'month' AND is_for_groups AND {_month_counts(each)} "
        "GROUP BY org, period, part, pathway), "
        f"counted AS MATERIALIZED (FROM by_pathway UNION ALL "
        f"SELECT org, period, part, '{ALL_PATHWAYS}', {sums(names)} FROM by_pathway GROUP BY org, period, part) "
        "SELECT r.level, r.organisation, r.period_type, r.period_start, o.pathway, p.breakdown, p.breakdown_group, "
        f"r.months_submitted, r.has_last_month, {columns} FROM work.reported AS r "
        "INNER JOIN work.organisation AS n ON n.level = r.level AND n.organisation = r.organisation "
        "INNER JOIN work.organisation_pathway AS o ON o.level = r.level AND o.organisation = r.organisation "
        f"CROSS JOIN {parts} AS p LEFT JOIN counted AS c "
        "ON c.org = n.org AND c.period = r.period AND c.part = p.part AND c.pathway = o.pathway "
        f"WHERE r.level IN {_GROUP_LEVELS} "
        "AND r.period IN (SELECT period FROM work.period_month WHERE is_for_groups) "
        f"AND (r.period_type <> 'month' OR (r.level <> '{_NO_MONTHS}' "
        "AND (n.org, p.part, o.pathway) IN (SELECT org, part, pathway FROM counted)))"
    )
    keep_people_of_groups(con, table, parts, _month_counts(each))


def _group_branches(catalogue: Sequence[Measure]) -> tuple[list[str], list[str]]:
    """The rows of ``_group_view`` in two ways: a query for each measure of a table, and one for each set of
    breakdowns.

    Of the first, a filter on the measure leaves the others unread. The second reads a table once for each set.
    """
    numbers = _rule_numbers(catalogue)
    of_measures, of_breakdowns = [], []
    for each in passes(catalogue):
        for table in each.group_tables:
            cells = {m.id: _group_cell(each, m, numbers[_rule(m)]) for m in table.measures}
            for measure in table.measures:
                asked = [one for one in table.breakdowns if one.id in measure.breakdowns]
                of_measures.append(_group_rows(table, asked, cells[measure.id]))
            for asked, measures in table.alike:
                columns = zip(*(cells[measure.id] for measure in measures), strict=True)
                lists = [f"unnest([{', '.join(column)}])" for column in columns]
                of_breakdowns.append(_group_rows(table, asked, lists))
    return of_measures, of_breakdowns


def _group_cell(each: Pass, measure: Measure, rule: int) -> tuple[str, str, str, str]:
    """SQL of a measure, its two counts and its rule, over a row of a table of groups."""
    denominator = f'"{each.denominators[measure.id]}"' if measure.kind != "count" else "CAST(NULL AS BIGINT)"
    return f"'{measure.id}'", f'"{measure.id}_n"', denominator, str(rule)


def _group_rows(table: GroupTable, asked: Sequence[Breakdown], cell: Sequence[str]) -> str:
    """Rows of a table of groups, of the breakdowns ``asked``; ``cell`` is as ``_group_cell`` gives it."""
    measure, counted, of, rule = cell
    return (
        f"SELECT {', '.join(PLACED_KEYS)}, {measure} AS measure, {counted} AS counted, {of} AS counted_of, "
        f"{rule} AS rule FROM monthly_count.{table.name}_total "
        f"WHERE breakdown IN ({', '.join(repr(one.id) for one in asked)})"
    )


Rule = tuple[bool, bool, tuple[str, ...]]
"""What decides the state of a measure's groups: a stock or not, with a denominator or not, and its pathways."""


def _rule(measure: Measure) -> Rule:
    return measure.is_stock, measure.kind != "count", tuple(measure.pathways)


def _rule_numbers(catalogue: Sequence[Measure]) -> dict[Rule, int]:
    return {rule: number for number, rule in enumerate(sorted({_rule(measure) for measure in catalogue}))}


def _group_view(catalogue: Sequence[Measure], branches: Sequence[str]) -> str:
    """Figure and state of the rows of ``branches``.

    The state is judged once, around all branches: within each of them, DuckDB took 0.3 s to bind a view of 303
    measures and 1 s to plan a question of all its rows.
    """
    if not branches:
        return _NO_GROUPS
    numbers = _rule_numbers(catalogue)
    stocks = [str(number) for (is_stock, _, _), number in numbers.items() if is_stock]
    with_denominator = [str(number) for (_, is_of, _), number in numbers.items() if is_of]
    applicable = " ".join(
        f"WHEN rule = {number} THEN pathway IN ('{ALL_PATHWAYS}', {', '.join(map(repr, pathways))})"
        for (_, _, pathways), number in numbers.items()
        if pathways
    )
    return (
        "SELECT 'submitted' AS source, level, organisation, period_type, period_start, pathway, breakdown, "
        "breakdown_group, measure, CASE WHEN is_submitted AND is_applicable THEN coalesce(counted, 0) END AS "
        "numerator, CASE WHEN is_submitted AND is_applicable AND is_of THEN coalesce(counted_of, 0) END AS "
        "denominator, months_submitted, CASE WHEN NOT is_submitted THEN 'not submitted' "
        "WHEN NOT is_applicable THEN 'not applicable' "
        "WHEN is_of AND coalesce(counted_of, 0) = 0 THEN 'no denominator' ELSE 'value' END AS state FROM ("
        f"SELECT *, {_is_one_of(stocks)} AS is_stock, {_is_one_of(with_denominator)} AS is_of, "
        "CASE WHEN is_stock THEN has_last_month ELSE months_submitted > 0 END AS is_submitted, "
        f"{f'CASE {applicable} ELSE true END' if applicable else 'true'} AS is_applicable "
        f"FROM ({' UNION ALL '.join(branches)}))"
    )


def _is_one_of(rules: Sequence[str]) -> str:
    return f"rule IN ({', '.join(rules)})" if rules else "false"


def _add_quantiles(con: duckdb.DuckDBPyConnection, measures: Sequence[Measure]) -> None:
    """Medians and 90th centiles from the histogram of values: the continuous ones (type 7 of Hyndman and Fan 1996).

    Of n sorted values, the first being number 0, the quantile stands at (n - 1) times its share: between two values
    as far along as the fraction says. Shares are tenths and values whole, so the result is exact to one decimal.
    """
    if not measures:
        return
    values = ", ".join(
        f"({number}, '{measure.id}', {QUANTILES[measure.kind]}, {'true' if measure.is_stock else 'false'})"
        for number, measure in enumerate(measures)
    )
    # Pathways and measures as numbers: grouping and sorting by two texts took twice as long.
    con.execute(
        "CREATE TABLE work.value_pathway AS SELECT CAST(row_number() OVER () AS INTEGER) AS way, pathway "
        "FROM (SELECT DISTINCT pathway FROM monthly_count.value)"
    )
    con.execute(
        f"CREATE TABLE work.value_measure AS FROM (VALUES {values}) AS m(number, measure, tenths, is_stock)"
    )
    keys, records = "org, period, way, number", "CAST(sum(records) AS BIGINT) AS records"
    people = "bit_or(people) AS people, min(origin) AS origin"
    in_period = "INNER JOIN work.period_month USING (month) WHERE is_last OR NOT is_stock"
    con.execute(
        "INSERT INTO work.measure_count (org, period, pathway, measure, denominator, quantile, people, origin) "
        f"WITH by_month AS MATERIALIZED (SELECT org, month, way, number, is_stock, value, {records}, {people} "
        f"FROM {with_origin('monthly_count.value')} "
        "INNER JOIN work.value_pathway USING (pathway) INNER JOIN work.value_measure USING (measure) "
        "INNER JOIN work.counted_place USING (provider, commissioner, site) GROUP BY ALL), "
        f"by_way AS MATERIALIZED (SELECT {keys}, value, {records} FROM by_month {in_period} "
        f"GROUP BY {keys}, value), "
        # Number 0 is all pathways.
        f"placed AS (FROM by_way UNION ALL SELECT org, period, 0, number, value, {records} FROM by_way "
        "GROUP BY org, period, number, value), "
        "running AS (SELECT org, period, way, number, value, "
        f"CAST(sum(records) OVER (PARTITION BY {keys} ORDER BY value) AS BIGINT) AS upto, "
        f"CAST(sum(records) OVER (PARTITION BY {keys}) AS BIGINT) AS total, "
        "(total - 1) * tenths AS place FROM placed INNER JOIN work.value_measure USING (number)), "
        f"beside AS (SELECT {keys}, max(total) AS total, CAST(max(place % 10) AS DECIMAL(1, 0)) AS along, "
        "min(value) FILTER (WHERE upto > place // 10) AS below, "
        "min(value) FILTER (WHERE upto > place // 10 + 1) AS above "
        f"FROM running GROUP BY {keys}), "
        f"behind AS (SELECT org, period, coalesce(way, 0) AS way, number, {people} "
        f"FROM (SELECT org, month, way, number, is_stock, {people} FROM by_month GROUP BY ALL) {in_period} "
        "GROUP BY GROUPING SETS ((org, period, number, way), (org, period, number))) "
        # The largest value has none above it; it is then met exactly.
        f"SELECT org, period, coalesce(pathway, '{ALL_PATHWAYS}'), measure, total, "
        "below + coalesce(above - below, 0) * along * 0.1, people, origin "
        f"FROM beside INNER JOIN behind USING ({keys}) INNER JOIN work.value_measure USING (number) "
        "LEFT JOIN work.value_pathway USING (way)"
    )
