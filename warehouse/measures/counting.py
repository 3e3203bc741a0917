"""Counting: every measure of the catalogue over the rows of a batch, into monthly counts that add up.

Belongs here: the SQL generated from the catalogue and the tables ``monthly_count.*`` it fills. Does not belong
here: what the rows say (``warehouse/core``) and adding monthly counts up over periods and places (``rollup``).

Measures of one grain and one date column are counted together in one pass. A row counts in the month of its date
when its provider has a current submission for that month, so England is the sum of its providers. A pass has two
kinds of tables: ``monthly_count.<pass>`` by provider, commissioner, site, month and pathway, and
``monthly_count.<pass>_group`` by breakdown and group instead of site. Quantiles do not add up, so their values are
kept as a histogram in ``monthly_count.value``. Rows of months without a submission are in no figure: ``uncounted``
lists how many they are.
"""

from collections.abc import Sequence
from functools import cache, partial

import duckdb

from schemas.sql import quoted
from warehouse.described import Described
from warehouse.measures.catalogue import GRAINS, RATES, STOCK_GRAINS, Breakdown, Measure, breakdowns, groups
from warehouse.measures.passes import Pass, condition, passes
from warehouse.measures.people import mark, sketch_columns, sketches, sketches_of_counts
from warehouse.measures.uncounted import TABLE as UNCOUNTED
from warehouse.measures.uncounted import uncounted
from warehouse.order import named_in
from warehouse.parallel import Task

TOTAL_KEYS = ("provider", "commissioner", "site", "month", "pathway")
GROUP_KEYS = ("provider", "commissioner", "month", "pathway", "breakdown", "breakdown_group")
PLACED_KEYS = (
    "level", "organisation", "period_type", "period_start", "pathway", "breakdown", "breakdown_group",
    "months_submitted", "has_last_month",
)  # fmt: skip
_KEY_MEANING = {
    "provider": "ODS code of the provider, as submitted.",
    "commissioner": "ODS code of the commissioner of the referral; 'unknown' when none was given.",
    "site": "Site of the first treatment contact; 'unknown' when none was given.",
    "month": "First day of the month.",
    "pathway": "Pathway code (ref.pathway).",
    "breakdown": "Breakdown (mart.breakdown).",
    "breakdown_group": "Group of the breakdown (mart.breakdown_group).",
    "level": "Level of the organisation.",
    "organisation": "Code of the organisation.",
    "period_type": "Kind of period.",
    "period_start": "First day of the period.",
    "months_submitted": "Months of the period for which a provider of the organisation submitted.",
    "has_last_month": "Whether a provider of the organisation submitted the last month of the period.",
    "measure": "Measure (mart.measure).",
    "value": "The value.",
    "records": "Rows with this value.",
    "people": "Marks of the people with this value (warehouse/measures/people.py).",
}
NOT_KNOWN = "not known"
# Where a row counts whose commissioner or site is not known.
UNKNOWN = "unknown"
# Grains of which a referral has at most one row a month. Of others, rows are added up by referral and month before
# they are joined to the groups of referrals. Of these that would make as many rows again.
_ONCE_A_MONTH = ("pathway", *STOCK_GRAINS)


def create_monthly_counts(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Create the empty tables of every pass in schema ``monthly_count``, and those of all passes."""
    for each in passes(catalogue):
        _create(con, each, each.name, TOTAL_KEYS, each.additive)
        for table in each.group_tables:
            _create(con, each, table.name, GROUP_KEYS, table.measures)
    con.execute(
        "CREATE TABLE monthly_count.value (provider VARCHAR, commissioner VARCHAR, site VARCHAR, month DATE, "
        "pathway VARCHAR, measure VARCHAR, value BIGINT, records BIGINT, people UBIGINT)"
    )
    con.execute(f"CREATE TABLE {UNCOUNTED}")


def sums(names: Sequence[str]) -> str:
    """The SQL that adds up these columns: whole numbers stay whole numbers."""
    return ", ".join(f'CAST(sum("{name}") AS BIGINT) AS "{name}"' for name in names)


def counting_tasks(catalogue: Sequence[Measure]) -> list[Task]:
    """Counting every measure over ``core`` of the batch into the tables of ``monthly_count``: a task for each pass,
    named as its table of totals is.
    """
    if not catalogue:
        return []
    placed = {"core.pathway", "core.pathway_group", "work.referral"}
    tasks = [
        Task("work.referral_place", placed, _place_referrals),
        Task("work.referral_group", grain_tables("pathway"), _group_referrals),
    ]
    for each in passes(catalogue):
        needs = {"work.referral_place", "work.referral_group", "core.reported_month", *grain_tables(each.grain)}
        tasks.append(Task(f"monthly_count.{each.name}", needs, partial(_count, each=each)))
    return tasks


@cache
def grain_tables(grain: str) -> frozenset[str]:
    """The tables whose rows measures of this grain count, with those of their groups."""
    return named_in(GRAINS[grain])


def _place_referrals(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.place_key`` and ``work.referral_place``.

    Rows are grouped by one number for provider, commissioner, site and pathway of their referral. Breakdowns use a
    number without the site. One number hashes faster than four texts.
    """
    con.execute(
        "CREATE OR REPLACE TABLE work.place_key AS SELECT CAST(row_number() OVER () AS INTEGER) AS place, "
        "CAST(dense_rank() OVER (ORDER BY provider, commissioner, pathway) AS INTEGER) AS area, * FROM ("
        f"SELECT DISTINCT p.provider, coalesce(p.commissioner, '{UNKNOWN}') AS commissioner, "
        f"coalesce(g.site, '{UNKNOWN}') AS site, p.pathway "
        "FROM core.pathway AS p INNER JOIN core.pathway_group AS g USING (referral_number))"
    )
    # Who has no pseudonym is a person for each referral.
    person = mark(
        "r.person_mark", "coalesce(CAST(p.person_id AS VARCHAR), concat_ws('|', p.provider, p.service_request_id))"
    )
    con.execute(
        "CREATE OR REPLACE TABLE work.referral_place AS "
        f"SELECT p.referral_number, k.place, k.area, {person} AS mark "
        "FROM core.pathway AS p INNER JOIN core.pathway_group AS g USING (referral_number) "
        "INNER JOIN work.referral AS r USING (referral_number) "
        "INNER JOIN work.place_key AS k ON k.provider = p.provider AND k.pathway = p.pathway "
        f"AND k.commissioner = coalesce(p.commissioner, '{UNKNOWN}') AND k.site = coalesce(g.site, '{UNKNOWN}')"
    )


def _count(con: duckdb.DuckDBPyConnection, each: Pass) -> None:
    """Count the measures of one pass."""
    judged, by_referral = _judged(each), _by_referral(each)
    con.execute(f"CREATE TABLE {judged} AS {_judge(each)}")
    if con.execute(f"SELECT count(*) FROM {judged}").fetchone() != (0,):
        counted = f"SELECT place, month, {_counts(each, each.additive)} FROM {judged} GROUP BY ALL"
        _insert(con, each, each.name, TOTAL_KEYS, each.additive, _placed(TOTAL_KEYS, counted))
        if each.grain not in _ONCE_A_MONTH and each.inherited:
            con.execute(f"CREATE TABLE {by_referral} AS {_count_by_referral(each)}")
        for table in each.group_tables:
            for asked, measures in table.alike:
                _insert(con, each, table.name, GROUP_KEYS, measures, _by_groups(each, asked, measures))
        for measure in each.measures:
            if not measure.is_additive:
                values = (
                    f"SELECT place, month, '{measure.id}' AS measure, \"{measure.id}_v\", count(*), "
                    f'bit_or(mark) AS people FROM {judged} WHERE "{measure.id}_v" IS NOT NULL GROUP BY ALL'
                )
                con.execute(f"INSERT INTO monthly_count.value {_placed(TOTAL_KEYS, values)}")
    con.execute(f"INSERT INTO monthly_count.uncounted {uncounted(each)}")
    con.execute(f"DROP TABLE {judged}; DROP TABLE IF EXISTS {by_referral}")


def _group_referrals(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.referral_group``: one row per referral, a column per breakdown of referrals with its group.

    Groups are one ENUM type, a number each: as texts they took four times as long to write, once a pass.
    """
    found = {each.id: f'{_group(each)} AS "{each.id}"' for each in breakdowns() if each.grain == "pathway"}
    columns = [f'"{name}"' for name in found]
    con.execute(
        f"CREATE TEMP VIEW referral_group_text AS SELECT r.referral_number, {', '.join(found.values())} "
        f"FROM ({GRAINS['pathway']}) AS r"
    )
    # One list a row: a grouping set for each column took 0.3 s to plan, and no less for many rows.
    con.execute(
        f"CREATE TYPE group_of_referral AS ENUM (SELECT DISTINCT unnest([{', '.join(columns)}]) AS code "
        "FROM referral_group_text ORDER BY code)"
    )
    typed = ", ".join(f"CAST({column} AS group_of_referral) AS {column}" for column in columns)
    con.execute(f"CREATE TABLE work.referral_group AS SELECT referral_number, {typed} FROM referral_group_text")


def described(catalogue: Sequence[Measure]) -> list[Described]:
    """What the tables of schema ``monthly_count`` and their keys mean, for the analyst's contract.

    The count columns are named after their measure: ``<id>_n`` and ``<id>_d``, numerator and denominator. Measures
    with the same denominator have one column for it, named after the first.
    """
    lines: list[Described] = []
    people = "Sketches of the people behind them: <measure>_p and <measure>_o (people counted, others)."
    for each in passes(catalogue):
        what = f"Counts of {each.grain} rows by {each.date_column}, <measure>_n and <measure>_d"
        lines += _described(each.name, f"{what}: they add up. {people}", TOTAL_KEYS)
        for table in each.group_tables:
            lines += _described(table.name, f"{what}, by group: they add up. {people}", GROUP_KEYS)
            text = f"{what}, by group, all levels, longer periods: behind mart.breakdown_measure."
            lines += _described(f"{table.name}_total", text, PLACED_KEYS)
    text = "How often each value of a median or percentile measure occurs."
    return lines + _described("value", text, (*TOTAL_KEYS, "measure", "value", "records", "people"))


def _described(table: str, text: str, keys: Sequence[str]) -> list[Described]:
    return [
        Described("monthly_count", table, "", False, "", text),
        *(Described("monthly_count", table, key, True, "", _KEY_MEANING[key]) for key in keys),
    ]


def _create(
    con: duckdb.DuckDBPyConnection, each: Pass, table: str, keys: Sequence[str], measures: Sequence[Measure]
) -> None:
    columns = [f"{key} {'DATE' if key == 'month' else 'VARCHAR'}" for key in keys]
    columns += [f'"{name}" BIGINT' for name in each.columns(measures)]
    columns += [f'"{name}" UBIGINT' for name in sketch_columns(measures)]
    con.execute(f"CREATE TABLE monthly_count.{table} ({', '.join(columns)})")


def _judge(each: Pass) -> str:
    """The rows of the pass: their keys, their groups, and per measure a flag or a value.

    Denominators are judged before the rest, each once. Where a referral may have several rows a month, it is joined
    to its groups once they are counted.
    """
    shares = {each.denominators[m.id]: condition(m) for m in each.additive if m.kind == "share"}
    of = [f'CASE WHEN {rows} THEN true END AS "{name}"' for name, rows in shares.items()]
    placed = (
        f"SELECT {', '.join(['r.*', 'l.place', 'l.area', 'l.mark', 's.month AS counted_in', *of])} "
        f"FROM ({GRAINS[each.grain]}) AS r "
        "INNER JOIN (SELECT provider, month FROM core.reported_month) AS s ON s.provider = r.provider "
        f"AND s.month = CAST(date_trunc('month', r.{each.date_column}) AS DATE) "
        "INNER JOIN work.referral_place AS l ON l.referral_number = r.referral_number"
    )
    columns = ["r.referral_number", "r.place", "r.area", "r.mark", "r.counted_in AS month"]
    columns += [f'{_group(breakdown)} AS "{breakdown.id}"' for breakdown in each.own]
    columns += [f'r."{name}"' for name in shares]
    columns += [flag for measure in each.measures for flag in _flags(each, measure)]
    judged = f"SELECT {', '.join(columns)} FROM ({placed}) AS r"
    return _with_groups(each, judged) if each.grain in _ONCE_A_MONTH else judged


def _judged(each: Pass) -> str:
    return f"work.judged_{each.name}"


def _by_referral(each: Pass) -> str:
    return f"work.by_referral_{each.name}"


def _count_by_referral(each: Pass) -> str:
    """Counts of each referral and month."""
    return _with_groups(
        each,
        f"SELECT referral_number, area, month, any_value(mark) AS mark, "
        f"{', '.join(_numbers(each, each.grouped) + sketches(each, each.grouped, only_weighted=True))} "
        f"FROM {_judged(each)} GROUP BY referral_number, area, month",
    )


def _with_groups(each: Pass, rows: str) -> str:
    """The rows with the groups their referral is in."""
    names = "".join(f', q."{breakdown.id}"' for breakdown in each.inherited)
    return (
        f"SELECT c.*{names} FROM ({rows}) AS c "
        "INNER JOIN work.referral_group AS q ON q.referral_number = c.referral_number"
    )


def _group(breakdown: Breakdown) -> str:
    """The code of a row's group: what no group declares is not known, where groups are declared at all.

    Those of a pathway are made by ``core.pathway_group`` out of declared groups only.
    """
    declared = [code for name, _, code, _, _ in groups() if name == breakdown.id]
    if breakdown.grain == "pathway" or not declared:
        return f"coalesce(r.{breakdown.column}, '{NOT_KNOWN}')"
    codes = ", ".join(quoted(code) for code in declared)
    return f"CASE WHEN r.{breakdown.column} IN ({codes}) THEN r.{breakdown.column} ELSE '{NOT_KNOWN}' END"


def _flags(each: Pass, measure: Measure) -> list[str]:
    """A column for the numerator, true or NULL, or for the value where the measure has one.

    Counting what is not NULL takes a third of counting with a filter.
    """
    rows = f'"{each.denominators[measure.id]}"' if measure.kind == "share" else condition(measure)
    if measure.kind not in ("count", "share"):
        weight = _weight(measure)
        weights = [f'CASE WHEN {rows} THEN {weight} END AS "{measure.id}_w"'] if weight else []
        return [f'CASE WHEN {rows} THEN {measure.numerator} END AS "{measure.id}_v"', *weights]
    counted = f"{rows} AND ({measure.numerator})" if rows else f"({measure.numerator})"
    return [f'CASE WHEN {counted} THEN true END AS "{measure.id}_n"']


def _weight(measure: Measure) -> str:
    """What a row stands for: person-days of a rate, things of a weighted mean; empty where rows are counted."""
    return measure.denominator if measure.kind in RATES else measure.weight


def _by_groups(each: Pass, asked: Sequence[Breakdown], measures: Sequence[Measure]) -> str:
    """Counts of measures that ask for the same breakdowns: one statement, one grouping set per breakdown."""
    is_counted = each.grain not in _ONCE_A_MONTH and asked[0] not in each.own
    added = ", ".join([sums(each.columns(measures)), *sketches_of_counts(each, measures)])
    rows, counts = (_by_referral(each), added) if is_counted else (_judged(each), _counts(each, measures))
    sets = ", ".join(f'(area, month, "{each.id}")' for each in asked)
    which = " ".join(f"WHEN grouping(\"{each.id}\") = 0 THEN '{each.id}'" for each in asked)
    group = ", ".join(f'"{each.id}"' for each in asked)  # a row of one set has NULL in the columns of the others
    counted = (
        f"SELECT area, month, CASE {which} END AS breakdown, "
        f"CAST(coalesce({group}) AS VARCHAR) AS breakdown_group, {counts} "
        f"FROM {rows} GROUP BY GROUPING SETS ({sets})"
    )
    return (
        f"SELECT {', '.join(GROUP_KEYS)}, c.* EXCLUDE (area, month, breakdown, breakdown_group) "
        f"FROM ({counted}) AS c "
        "INNER JOIN (SELECT DISTINCT area, provider, commissioner, pathway FROM work.place_key) USING (area)"
    )


def _placed(keys: Sequence[str], counted: str) -> str:
    """Counts by place with the keys of the place."""
    return (
        f"SELECT {', '.join(keys)}, c.* EXCLUDE (place, month) FROM ({counted}) AS c "
        "INNER JOIN work.place_key USING (place)"
    )


def _insert(
    con: duckdb.DuckDBPyConnection,
    each: Pass,
    table: str,
    keys: Sequence[str],
    measures: Sequence[Measure],
    select: str,
) -> None:
    columns = [*each.columns(measures), *sketch_columns(measures)]
    names = ", ".join([*keys, *(f'"{name}"' for name in columns)])
    con.execute(f"INSERT INTO monthly_count.{table} ({names}) {select}")


def _counts(each: Pass, measures: Sequence[Measure]) -> str:
    """The count columns of these measures and their sketches, in the order of ``_insert``."""
    return ", ".join(_numbers(each, measures) + sketches(each, measures))


def _numbers(each: Pass, measures: Sequence[Measure]) -> list[str]:
    """The count columns of these measures: nothing but whole numbers is added up."""
    counts = {name: f'count("{name}")' for name in each.columns(measures)}
    for measure in measures:
        if measure.kind == "mean" or measure.kind in RATES:
            rows = f'coalesce(sum("{measure.id}_w"), 0)' if _weight(measure) else f'count("{measure.id}_v")'
            counts |= {f"{measure.id}_n": f'coalesce(sum("{measure.id}_v"), 0)', f"{measure.id}_d": rows}
    return [f'{count} AS "{name}"' for name, count in counts.items()]
