"""The people behind a count: a sketch of 64 marks, which adds up over months, places and pathways as counts do.

Belongs here: the mark of a person, the sketches of every count of a pass, and the table ``monthly_count.people``
that keeps them for disclosure control. Does not belong here: counting rows (``counting``), adding counts up
(``rollup``), and what is shown of a count (``warehouse.disclosure``).

A row is no person: one person has many contacts and answers, and may have several referrals. Every person bears
one of 64 marks, which the gate draws with a key that outlasts a rotation of pseudonyms. The sketch of a count has
the marks of everybody in it. Sketches are joined by OR, so a person who is in both parts is in the whole once.
There are never more marks than people: 5 people bear 5 marks in 85 of 100 cases, 20 people bear 17 on average.
From 60 marks on (about 180 people) a sketch says only that they are many.
"""

from collections.abc import Sequence

import duckdb

from schemas.staged import MARKS
from warehouse.measures.catalogue import ALL_PATHWAYS, RATES, Measure
from warehouse.measures.passes import GroupTable, Pass

# Groups are published over a year and for all pathways together (warehouse/public/breakdown_measure.sql).
_PUBLIC_GROUPS = "is_for_groups AND period_type IN ('financial year', 'rolling 12 months')"
_KEYS = (
    "level", "organisation", "period_type", "period_start", "pathway", "breakdown", "breakdown_group", "measure",
)  # fmt: skip

COLUMNS = """
Columns of monthly_count.people: One row per figure that is not 0: the people behind it, as sketches of 64 marks.
    For disclosure control; no release has it.
  level, key: Level of the organisation.
  organisation, key: Code of the organisation.
  period_type, key: Kind of period.
  period_start [date], key: First day of the period.
  pathway, key: Pathway code, or 'all'.
  breakdown, key or NULL: Breakdown (mart.breakdown); NULL for the figure of everybody.
  breakdown_group, key or NULL: Group of the breakdown; NULL for the figure of everybody.
  measure, key: Id of the measure (mart.measure).
  people: Marks of the people counted; of a mean, median or p90 of those with a value; of a rate of those with an
      event.
  others: Of a share or rate, marks of the people of the denominator who have a row that is not counted.
  origin: The smallest keyed number of a provider, commissioner, month and pathway behind the figure.
"""


def mark(kept: str, person: str) -> str:
    """SQL: the mark of a person, one bit of 64.

    ``kept`` is SQL for the number of the mark that the gate gave. Where it gave none, the pseudonym decides, for
    which ``person`` is SQL.
    """
    drawn = f"CAST('0x' || substr(sha256({person}), 1, 16) AS UBIGINT) % {MARKS}"
    return f"CAST(1 AS UBIGINT) << coalesce(CAST({kept} AS UBIGINT), {drawn})"


def sketch_columns(measures: Sequence[Measure]) -> list[str]:
    """Names of the sketches of these measures: ``<id>_p``, and ``<id>_o`` for the others of a share or rate."""
    return [name for m in measures for name in ((f"{m.id}_p", f"{m.id}_o") if _has_others(m) else (f"{m.id}_p",))]


def _has_others(measure: Measure) -> bool:
    """Whether rows of the denominator may not be counted, or have no event."""
    return measure.kind == "share" or measure.kind in RATES


def sketches(each: Pass, measures: Sequence[Measure], *, only_weighted: bool = False) -> list[str]:
    """SQL: the sketch columns of these measures over judged rows, each of which has the ``mark`` of its person.

    ``only_weighted``: those alone that do not follow from counts (``sketches_of_counts``).
    """
    found: list[str] = []
    for measure in measures:
        n, d, v = f'"{measure.id}_n"', f'"{each.denominators.get(measure.id)}"', f'"{measure.id}_v"'
        if measure.kind in RATES:
            found += [f'bit_or(CASE WHEN {v} {test} THEN mark END) AS "{measure.id}_{end}"'
                      for test, end in (("> 0", "p"), ("<= 0", "o"))]  # fmt: skip
            continue
        counted = n if measure.kind in ("count", "share") else v
        if not only_weighted or _is_weighted(measure):
            found.append(f'bit_or(CASE WHEN {counted} IS NOT NULL THEN mark END) AS "{measure.id}_p"')
        if measure.kind == "share" and not only_weighted:
            found.append(f'bit_or(CASE WHEN {d} AND {n} IS NULL THEN mark END) AS "{measure.id}_o"')
    return found


def sketches_of_counts(each: Pass, measures: Sequence[Measure]) -> list[str]:
    """SQL: the sketch columns of these measures over the counts of one person's rows, with the ``mark``."""
    found: list[str] = []
    for measure in measures:
        n, d = f'"{measure.id}_n"', f'"{each.denominators.get(measure.id)}"'
        counted = n if measure.kind in ("count", "share") else d
        people = f'"{measure.id}_p"' if _is_weighted(measure) else f"CASE WHEN {counted} > 0 THEN mark END"
        found.append(f'bit_or({people}) AS "{measure.id}_p"')
        if measure.kind == "share":
            found.append(f'bit_or(CASE WHEN {d} > {n} THEN mark END) AS "{measure.id}_o"')
        elif measure.kind in RATES:
            found += joined([f"{measure.id}_o"])
    return found


def _is_weighted(measure: Measure) -> bool:
    """Whether the counts do not say whose they are: a denominator that adds weights may be 0 with a value, and the
    numerator of a rate is of those with an event.
    """
    return bool(measure.weight) or measure.kind in RATES


def joined(names: Sequence[str]) -> list[str]:
    """SQL: these sketch columns, joined."""
    return [f'bit_or("{name}") AS "{name}"' for name in names]


def create_origins(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``work.origin``: the number of every provider, commissioner, month and pathway that counts can be from.

    A number is made once, not for each row of counts: a hash takes ten times as long as a join. Needs
    ``work.count_key``, and ``ref.month``, which has every month that counts.
    """
    text = "concat_ws('|', provider, commissioner, month, pathway)"
    con.execute(
        f"CREATE TABLE work.origin AS SELECT *, CAST('0x' || substr(sha256({text}), 1, 16) AS UBIGINT) AS origin "
        "FROM (SELECT DISTINCT provider, commissioner, pathway FROM work.count_key) "
        "CROSS JOIN (SELECT month FROM ref.month)"
    )


def with_origin(counts: str) -> str:
    """SQL: the rows of a table of monthly counts with the number of where and when they are from."""
    return f"(FROM {counts} INNER JOIN work.origin USING (provider, commissioner, month, pathway))"


def as_lists(measures: Sequence[Measure]) -> str:
    """SQL: the sketches of these measures, one measure a row: ``people`` and ``others``."""
    people = ", ".join(f'"{measure.id}_p"' for measure in measures)
    others = ", ".join(
        f'"{measure.id}_o"' if _has_others(measure) else "CAST(NULL AS UBIGINT)" for measure in measures
    )
    return f"unnest([{people}]) AS people, unnest([{others}]) AS others"


def create_people(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``monthly_count.people`` without rows."""
    columns = ", ".join(f"{key} {'DATE' if key == 'period_start' else 'VARCHAR'}" for key in _KEYS)
    con.execute(
        f"CREATE OR REPLACE TABLE monthly_count.people ({columns}, people UBIGINT, others UBIGINT, origin UBIGINT)"
    )


def keep_people(con: duckdb.DuckDBPyConnection) -> None:
    """Keep the sketches of ``work.measure_count`` in ``monthly_count.people``. Sites are not published."""
    con.execute(
        "INSERT INTO monthly_count.people "
        "SELECT o.level, o.organisation, p.period_type, p.period_start, c.pathway, NULL, NULL, c.measure, "
        "c.people, c.others, c.origin FROM work.measure_count AS c "
        "INNER JOIN work.organisation AS o USING (org) "
        "INNER JOIN (SELECT DISTINCT period, period_type, period_start FROM work.period_month) AS p USING (period) "
        "WHERE o.level <> 'site' AND (c.people IS NOT NULL OR c.others IS NOT NULL)"
    )


def keep_people_of_groups(
    con: duckdb.DuckDBPyConnection, table: GroupTable, parts: str, month_counts: str, is_made: str
) -> None:
    """Join the sketches of the groups of a table over the periods for which groups are published; keep them.

    ``parts`` is the table of its numbered groups, ``month_counts`` says which months of a period count, ``is_made``
    of which organisation and period they are made. Needs ``work.area_place``, ``work.own_place``,
    ``work.organisation`` and ``work.period_month``.
    """
    names = ", ".join(["min(origin) AS origin", *joined(sketch_columns(table.measures))])
    ids = ", ".join(f"'{measure.id}'" for measure in table.measures)
    lists = f"unnest([{ids}]) AS measure, {as_lists(table.measures)}"
    counts = f"{with_origin(f'monthly_count.{table.name}')} INNER JOIN {parts} USING (breakdown, breakdown_group)"
    in_period = (
        f"INNER JOIN work.period_month USING (month) WHERE {_PUBLIC_GROUPS} AND {month_counts} AND {is_made}"
    )
    con.execute(
        "INSERT INTO monthly_count.people WITH "
        f"by_area AS (SELECT commissioner, month, part, {names} FROM {counts} GROUP BY commissioner, month, part), "
        f"by_org AS (SELECT org, period, part, {names} FROM by_area "
        f"INNER JOIN work.area_place USING (commissioner) {in_period} GROUP BY org, period, part UNION ALL "
        f"SELECT org, period, part, {names} FROM {counts} INNER JOIN work.own_place USING (provider) {in_period} "
        "GROUP BY org, period, part), "
        f"long AS (SELECT org, period, part, origin, {lists} FROM by_org) "
        f"SELECT o.level, o.organisation, p.period_type, p.period_start, '{ALL_PATHWAYS}', t.breakdown, "
        "t.breakdown_group, l.measure, l.people, l.others, l.origin FROM long AS l "
        f"INNER JOIN work.organisation AS o USING (org) INNER JOIN {parts} AS t USING (part) "
        "INNER JOIN (SELECT DISTINCT period, period_type, period_start FROM work.period_month) AS p USING (period) "
        "WHERE l.people IS NOT NULL OR l.others IS NOT NULL"
    )
