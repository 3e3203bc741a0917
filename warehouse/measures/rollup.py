"""Adding up: the monthly counts of all providers over periods and places.

Belongs here: the SQL generated from the catalogue that turns ``monthly_count.*`` into one row per measure. Does not
belong here: counting rows (``counting``), which organisation lies where (``warehouse.organisations``), spines
and states (``mart/service_measure.sql``), rates and comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import duckdb

from warehouse.described import Described, described_in
from warehouse.measures.catalogue import ALL_PATHWAYS, QUANTILES, Breakdown, Measure
from warehouse.measures.counting import PLACED_KEYS, sums
from warehouse.measures.moved import can_be_compared, choose, counted_as, note_places
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

_AREAS = ("England", "region", "ICB", "sub-ICB")
_GROUP_LEVELS = (*_AREAS, "provider")
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
    Where both stand from an earlier build, only the counts that have moved are added up again, for the
    organisations and periods in which they count (``moved``). Needs ``core``, the monthly counts,
    ``ref.provider_place``, ``ref.commissioner_place``, ``ref.period`` and ``ref.period_month``.
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
    again = _choose(con, catalogue)
    con.execute(
        "CREATE TABLE work.measure_count (org INTEGER, period INTEGER, pathway VARCHAR, measure VARCHAR, "
        "numerator BIGINT, denominator BIGINT, quantile DECIMAL(15, 1), people UBIGINT, others UBIGINT, "
        "origin UBIGINT)"
    )
    # Areas follow from the commissioner alone. So counts are added up by commissioner once, and not for each area.
    con.execute(
        "CREATE TABLE work.area_place AS SELECT DISTINCT commissioner, org FROM work.counted_place "
        f"WHERE level IN {_AREAS}"
    )
    con.execute(
        "CREATE TABLE work.own_place AS SELECT DISTINCT provider, org FROM work.counted_place "
        "WHERE level = 'provider'"
    )
    run_tasks(con, [*_counts_of_measures(catalogue, again), *_counts_of_groups(catalogue, again)])
    figures = again.figures(read_sql(last))
    run_tasks(con, [Task("people", (), keep_people), Task(last, (), lambda other: other.execute(figures))])
    of_measures, of_breakdowns = _group_branches(catalogue)
    con.execute(f"CREATE VIEW IF NOT EXISTS {_BREAKDOWNS} AS {_group_view(catalogue, of_measures)}")
    con.execute(f"CREATE VIEW IF NOT EXISTS {GROUP_FIGURE} AS {_group_view(catalogue, of_breakdowns)}")
    note_places(con)


@dataclass(frozen=True)
class _Again:
    """Which sums are made again: those of ``work.touched``, of these ``counts``; all where it is ``None``."""

    counts: frozenset[str] | None = None

    def has(self, counts: str) -> bool:
        """Whether any sum of these counts is made again."""
        return self.counts is None or counts in self.counts

    def of(self, counts: str, org: str = "org", period: str = "period") -> str:
        """SQL: whether the sum of these counts is made again; ``org`` and ``period`` are SQL for their numbers."""
        return "true" if self.counts is None else f"({org}, {period}) IN {_touched(counts)}"

    def somewhere(self, counts: str) -> str:
        """SQL: whether a sum of these counts is made again for the organisation ``org``."""
        return "true" if self.counts is None else f"org IN (SELECT org FROM {_touched(counts)})"

    def figures(self, model: str) -> str:
        """The model of ``mart.service_measure``, of the figures that are made again."""
        if self.counts is None:
            return model
        every = "INNER JOIN work.reported AS r ON r.level = s.level AND r.organisation = s.organisation\n"
        assert every in model
        return model.replace(
            every,
            f"{every}    INNER JOIN work.count_of AS i ON i.measure = s.measure AND i.breakdown IS NULL\n"
            "    INNER JOIN work.touched_sum AS t\n"
            "        ON t.counts = i.counts AND t.org = s.org AND t.period = r.period\n",
        )


def _touched(counts: str) -> str:
    return f"(SELECT org, period FROM work.touched_sum WHERE counts = '{counts}')"


def _counts_of_measures(catalogue: Sequence[Measure], again: _Again) -> list[Task]:
    quantiles = [measure for measure in catalogue if not measure.is_additive and again.has(measure.id)]
    return [
        Task("quantiles", (), lambda con: _add_quantiles(con, quantiles, again)),
        *(
            Task(each.name, (), partial(_add_totals, each=each, again=again))
            for each in passes(catalogue)
            if again.has(each.name)
        ),
    ]


def _counts_of_groups(catalogue: Sequence[Measure], again: _Again) -> list[Task]:
    return [
        Task(table.name, (), partial(_add_groups, each=each, table=table, again=again))
        for each in passes(catalogue)
        for table in each.group_tables
        if again.has(table.name)
    ]


def _choose(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> _Again:
    """Number the organisations of which something is added up (``work.organisation``), and take what is made again
    out of what is kept.

    Everything is made anew unless the last build knew the same periods and the same groups.
    """
    totals = {
        f"monthly_count.{table.name}_total": each.columns(table.measures)
        for each in passes(catalogue)
        for table in each.group_tables
    }
    wanted, again = "SELECT DISTINCT level, organisation FROM work.organisation_pathway", _Again()
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
        choose(con, catalogue)
        again = _take_out(con, catalogue)
        wanted = "SELECT DISTINCT level, organisation FROM work.touched"
    con.execute(
        "CREATE TABLE work.organisation AS SELECT CAST(row_number() OVER (ORDER BY level, organisation) "
        f"AS INTEGER) AS org, level, organisation FROM ({wanted})"
    )
    if again.counts is not None:
        con.execute(
            "CREATE TABLE work.touched_sum AS SELECT counts, org, period FROM work.touched "
            "INNER JOIN work.organisation USING (level, organisation)"
        )
    con.execute(
        "CREATE TABLE work.counted_place AS SELECT p.provider, p.commissioner, p.site, p.level, o.org "
        "FROM work.place AS p INNER JOIN work.organisation AS o USING (level, organisation)"
    )
    return again


def _take_out(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> _Again:
    """Take the rows of ``work.touched`` and ``work.gone`` out of what is kept."""
    con.execute("CREATE TABLE work.count_of (counts VARCHAR, measure VARCHAR, breakdown VARCHAR)")
    counts, measures, breakdowns = zip(*counted_as(catalogue), strict=True)
    con.execute("INSERT INTO work.count_of SELECT unnest(?), unnest(?), unnest(?)", [counts, measures, breakdowns])
    con.execute(
        "CREATE TABLE work.taken_out AS SELECT counts, level, organisation, period_type, period_start "
        "FROM work.touched INNER JOIN (SELECT DISTINCT period, period_type, period_start FROM work.period_month) "
        "USING (period)"
    )
    again = {name for (name,) in con.execute("SELECT DISTINCT counts FROM work.touched").fetchall()}
    keys = "level, organisation, period_type, period_start"
    groups = [table.name for each in passes(catalogue) for table in each.group_tables]
    kept = ["mart.service_measure", "monthly_count.people", *(f"monthly_count.{name}_total" for name in groups)]
    if con.execute("SELECT count(*) FROM work.gone").fetchone() != (0,):
        for table in kept:
            con.execute(f"DELETE FROM {table} WHERE (level, organisation) IN (FROM work.gone)")
    # One IN a statement: with OR between them, deleting from 0.4 M rows took 61 s.
    figures = (
        f"(SELECT {keys}, measure FROM work.taken_out INNER JOIN work.count_of USING (counts) WHERE breakdown "
    )
    con.execute(f"DELETE FROM mart.service_measure WHERE ({keys}, measure) IN {figures} IS NULL)")
    con.execute(
        f"DELETE FROM monthly_count.people WHERE breakdown IS NULL AND ({keys}, measure) IN {figures} IS NULL)"
    )
    figures = figures.replace("measure FROM", "measure, breakdown FROM")
    con.execute(
        "DELETE FROM monthly_count.people WHERE breakdown IS NOT NULL "
        f"AND ({keys}, measure, breakdown) IN {figures} IS NOT NULL)"
    )
    for name in groups:
        if name in again:
            con.execute(
                f"DELETE FROM monthly_count.{name}_total WHERE ({keys}) IN "
                f"(SELECT {keys} FROM work.taken_out WHERE counts = '{name}')"
            )
    return _Again(frozenset(again))


def _is_kept(con: duckdb.DuckDBPyConnection, totals: Sequence[str]) -> bool:
    """Whether an earlier build's sums have the same periods and groups, and the changes are known."""
    known = {
        (schema, name)
        for schema, name in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }
    needed = {("monthly_count", "people"), ("mart", "service_measure")}
    if (
        not can_be_compared(known)
        or not needed | {("monthly_count", name.removeprefix("monthly_count.")) for name in totals} <= known
    ):
        return False
    pairs = {
        "SELECT DISTINCT period_type, period_start FROM work.period_month": "SELECT DISTINCT period_type, "
        "period_start FROM monthly_count.reported"
    }
    if con.execute("SELECT bool_or(is_for_groups) FROM work.period_month").fetchone() == (True,):
        pairs |= {
            # By longer periods every organisation has every group.
            _parts(name.removesuffix("_total")): f"SELECT DISTINCT breakdown, breakdown_group FROM {name} "
            "WHERE level = 'England' AND period_type <> 'month'"
            for name in totals
        }
    return not any(
        con.execute(f"(({now}) EXCEPT ({then})) UNION ALL (({then}) EXCEPT ({now})) LIMIT 1").fetchall()
        for now, then in pairs.items()
    )


def _add_totals(con: duckdb.DuckDBPyConnection, each: Pass, again: _Again) -> None:
    if not each.additive or con.execute(f"SELECT count(*) FROM monthly_count.{each.name}").fetchone() == (0,):
        return
    total, names = f"work.total_{each.name}", each.columns(each.additive)
    added = ", ".join([sums(names), *joined(sketch_columns(each.additive)), "min(origin) AS origin"])
    con.execute(
        f"CREATE TABLE {total} AS WITH by_month AS ("
        f"SELECT org, month, pathway, {added} FROM {with_origin(f'monthly_count.{each.name}')} "
        "INNER JOIN work.counted_place USING (provider, commissioner, site) GROUP BY org, month, pathway) "
        f"SELECT org, period, coalesce(pathway, '{ALL_PATHWAYS}') AS pathway, {added} "
        f"FROM by_month INNER JOIN work.period_month USING (month) WHERE {_month_counts(each)} "
        f"AND {again.of(each.name)} GROUP BY GROUPING SETS ((org, period, pathway), (org, period))"
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


def _add_groups(con: duckdb.DuckDBPyConnection, each: Pass, table: GroupTable, again: _Again) -> None:
    """Add up the groups of a table for every organisation and period.

    Organisations are added up first, by month: longer periods follow from their months.
    """
    counts = f"monthly_count.{table.name}"
    parts, by_month = f"work.part_{table.name}", f"work.month_{table.name}"
    con.execute(
        f"CREATE TABLE {parts} AS SELECT CAST(row_number() OVER () AS INTEGER) AS part, * FROM ({_parts(counts)})"
    )
    names = each.columns(table.measures)
    columns = ", ".join(f'"{name}"' for name in names)
    added, keys = sums(names), "month, part, pathway"
    with_part = f"{counts} INNER JOIN {parts} USING (breakdown, breakdown_group)"
    con.execute(
        f"CREATE TABLE {by_month} AS WITH by_area AS (SELECT commissioner, {keys}, {added} FROM {with_part} "
        f"GROUP BY commissioner, {keys}) "
        f"SELECT org, {keys}, {added} FROM by_area INNER JOIN work.area_place USING (commissioner) "
        f"WHERE {again.somewhere(table.name)} GROUP BY org, {keys} "
        f"UNION ALL SELECT org, {keys}, {added} FROM {with_part} INNER JOIN work.own_place USING (provider) "
        f"WHERE {again.somewhere(table.name)} GROUP BY org, {keys}"
    )
    is_made = again.of(table.name, "n.org", "r.period")
    if again.counts is not None:
        _take_out_groups(con, table, by_month)
        is_made += f" OR (r.period_type = 'month' AND (n.org, p.part, o.pathway) IN {_groups_that_came(table)})"
    con.execute(
        f"INSERT INTO {counts}_total ({', '.join(PLACED_KEYS)}, {columns}) WITH "
        f"by_pathway AS MATERIALIZED (SELECT org, period, part, pathway, {columns} FROM {by_month} "
        f"INNER JOIN work.period_month USING (month) WHERE period_type = 'month' AND {again.of(table.name)} "
        f"UNION ALL SELECT org, period, part, pathway, {added} FROM {by_month} "
        "INNER JOIN work.period_month USING (month) "
        f"WHERE period_type <> 'month' AND is_for_groups AND {_month_counts(each)} AND {again.of(table.name)} "
        "GROUP BY org, period, part, pathway), "
        f"counted AS MATERIALIZED (FROM by_pathway UNION ALL "
        f"SELECT org, period, part, '{ALL_PATHWAYS}', {added} FROM by_pathway GROUP BY org, period, part) "
        "SELECT r.level, r.organisation, r.period_type, r.period_start, o.pathway, p.breakdown, p.breakdown_group, "
        f"r.months_submitted, r.has_last_month, {columns} FROM work.reported AS r "
        "INNER JOIN work.organisation AS n ON n.level = r.level AND n.organisation = r.organisation "
        "INNER JOIN work.organisation_pathway AS o ON o.level = r.level AND o.organisation = r.organisation "
        f"CROSS JOIN {parts} AS p LEFT JOIN counted AS c "
        "ON c.org = n.org AND c.period = r.period AND c.part = p.part AND c.pathway = o.pathway "
        f"WHERE r.level IN {_GROUP_LEVELS} AND ({is_made}) "
        "AND r.period IN (SELECT period FROM work.period_month WHERE is_for_groups) "
        f"AND (r.period_type <> 'month' OR (r.level <> '{_NO_MONTHS}' "
        f"AND (n.org, p.part, o.pathway) IN ({_groups_in(by_month)})))"
    )
    keep_people_of_groups(con, table, parts, _month_counts(each), again.of(table.name))
    con.execute(f"DROP TABLE {by_month}")


def _groups_in(by_month: str) -> str:
    """SQL: the groups that an organisation has in any month, by pathway and for all together."""
    pairs = f"SELECT DISTINCT org, part, pathway FROM {by_month}"
    return f"{pairs} UNION ALL SELECT DISTINCT org, part, '{ALL_PATHWAYS}' FROM {by_month}"


def _groups_that_came(table: GroupTable) -> str:
    return f"(SELECT org, part, pathway FROM work.other_{table.name} WHERE is_new)"


def _take_out_groups(con: duckdb.DuckDBPyConnection, table: GroupTable, by_month: str) -> None:
    """Note which organisations have a group in no month any more, or for the first time (``work.other_<table>``);
    take the rows of the first out of the months that are not made again.

    By month an organisation has the groups that it has in any month: one such month says which it had.
    """
    parts, other = f"work.part_{table.name}", f"work.other_{table.name}"
    con.execute(
        f"CREATE TABLE {other} AS WITH stays AS ("
        "SELECT org, level, organisation, min(period_start) AS period_start FROM work.organisation "
        "CROSS JOIN (SELECT period, period_start FROM work.period_month "
        f"WHERE period_type = 'month') WHERE org IN (SELECT org FROM {_touched(table.name)}) "
        f"AND (org, period) NOT IN {_touched(table.name)} AND level <> '{_NO_MONTHS}' GROUP BY ALL), "
        f"had AS (SELECT s.org, p.part, t.pathway FROM monthly_count.{table.name}_total AS t "
        "INNER JOIN stays AS s USING (level, organisation, period_start) "
        f"INNER JOIN {parts} AS p USING (breakdown, breakdown_group) WHERE t.period_type = 'month'), "
        f"has AS (FROM ({_groups_in(by_month)}) WHERE org IN (SELECT org FROM stays)) "
        "SELECT *, true AS is_new FROM (FROM has EXCEPT FROM had) "
        "UNION ALL SELECT *, false FROM (FROM had EXCEPT FROM has)"
    )
    if con.execute(f"SELECT count(*) FROM {other} WHERE NOT is_new").fetchone() != (0,):
        con.execute(
            f"DELETE FROM monthly_count.{table.name}_total WHERE period_type = 'month' "
            "AND (level, organisation, breakdown, breakdown_group, pathway) IN ("
            f"SELECT level, organisation, breakdown, breakdown_group, pathway FROM {other} "
            f"INNER JOIN work.organisation USING (org) INNER JOIN {parts} USING (part) WHERE NOT is_new)"
        )


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


def _add_quantiles(con: duckdb.DuckDBPyConnection, measures: Sequence[Measure], again: _Again) -> None:
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
    is_made = "true"
    if again.counts is not None:
        con.execute(
            "CREATE TABLE work.touched_value AS SELECT number, org, period FROM work.touched_sum "
            "INNER JOIN work.value_measure ON counts = measure"
        )
        is_made = "(number, org, period) IN (FROM work.touched_value)"
    keys, records = "org, period, way, number", "CAST(sum(records) AS BIGINT) AS records"
    valued = "month, way, number, is_stock, value"
    people = "bit_or(people) AS people, min(origin) AS origin"
    in_period = f"INNER JOIN work.period_month USING (month) WHERE (is_last OR NOT is_stock) AND {is_made}"
    con.execute(
        "INSERT INTO work.measure_count (org, period, pathway, measure, denominator, quantile, people, origin) "
        f"WITH counted AS (FROM {with_origin('monthly_count.value')} "
        "INNER JOIN work.value_pathway USING (pathway) INNER JOIN work.value_measure USING (measure)), "
        f"by_area AS (SELECT commissioner, {valued}, {records}, {people} FROM counted "
        f"GROUP BY commissioner, {valued}), "
        f"by_month AS MATERIALIZED (SELECT org, {valued}, {records}, {people} FROM by_area "
        f"INNER JOIN work.area_place USING (commissioner) GROUP BY org, {valued} UNION ALL "
        f"SELECT org, {valued}, {records}, {people} FROM counted INNER JOIN (FROM work.counted_place "
        f"WHERE level NOT IN {_AREAS}) USING (provider, commissioner, site) GROUP BY org, {valued}), "
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
