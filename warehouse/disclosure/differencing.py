"""The search for suppressed figures that others reveal by subtraction.

Belongs here: which rows of the public tables add up to which, what such a sum reveals of a suppressed part, and
hiding further figures until no sum reveals one. Does not belong here: the rule for one figure (``suppression``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import duckdb

from warehouse.disclosure.suppression import ABSENT, Suppression


@dataclass(frozen=True)
class Sum:
    """Rows of a public table that add up to another row: which rows, and how the key of their total differs.

    ``total`` is the table of the total, if it is another one. ``each`` divides one total in several ways: the
    groups of every breakdown add up to it separately.
    """

    table: str
    where: str
    differs: Mapping[str, str] = field(default_factory=dict)
    total: str = ""
    each: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, str]:
        """Key columns of the total, each with the expression over a part that gives it."""
        keys = ["source", "level", "organisation", "period_type", "period_start", "pathway", "measure"]
        if (self.total or self.table) == "breakdown_measure":
            keys += ["breakdown", "breakdown_group"]
        return {key: self.differs.get(key, key) for key in keys}


def sums() -> Iterator[Sum]:
    """Every sum of the public tables that a reader can undo with one subtraction."""
    levels = ("region", "ICB", "sub-ICB", "provider")
    for table, parts in (
        ("service_measure", (*levels, "provider in sub-ICB")),
        ("breakdown_measure", levels),
    ):
        for level in parts:
            yield Sum(table, f"level = '{level}'", {"level": "'England'", "organisation": "'ENG'"})
        for level, upper in (("sub-ICB", "ICB"), ("ICB", "region")):
            yield Sum(table, f"level = '{level}'", {"level": f"'{upper}'", "organisation": "upper_organisation"})
        for period, longer, start in (
            ("month", "quarter", "CAST(date_trunc('quarter', period_start) AS DATE)"),
            ("quarter", "financial year",
             "CAST(date_trunc('year', period_start - INTERVAL 3 MONTH) + INTERVAL 3 MONTH AS DATE)"),
            ("quarter", "rolling 12 months", "CAST(period_start - to_months(unnest([0, 3, 6, 9])) AS DATE)"),
        ):  # fmt: skip
            # Months of a stock do not add up to a year: see _withhold_alike.
            flows = "(SELECT measure FROM public.measure WHERE over_time = 'flow')"
            where = f"period_type = '{period}' AND measure IN {flows}"
            yield Sum(table, where, {"period_type": f"'{longer}'", "period_start": start})
        yield Sum(table, "pathway <> 'all'", {"pathway": "'all'"})
    for level, place in (("provider", 1), ("sub-ICB", 2)):
        owner = {"level": f"'{level}'", "organisation": f"split_part(organisation, '|', {place})"}
        yield Sum("service_measure", "level = 'provider in sub-ICB'", owner)
    yield Sum("breakdown_measure", "true", {}, "service_measure", ("breakdown",))


def withhold(con: duckdb.DuckDBPyConnection, suppression: Suppression) -> None:
    """Hide figures until no sum reveals a suppressed part to within one.

    A sum reveals a part if its total is as high, or as low, as the parts allow: two suppressed parts of a total of
    10 (8 to 12) are 4 and 4, if counts under 5 are suppressed. Then the smallest part shown is hidden too. Of
    equal parts all are hidden, because a choice would reveal something. The total is hidden only if no part is
    shown. A hidden figure is 0 until the end: unlike a suppressed one it may have any value. No sum crosses
    measures, so a round looks only at those that the round before changed.
    """
    con.execute("CREATE OR REPLACE TABLE work.unsettled AS SELECT measure FROM public.measure")
    while con.execute("SELECT count(*) FROM work.unsettled").fetchone() != (0,):
        con.execute("CREATE OR REPLACE TABLE work.changed (measure VARCHAR)")
        for each in sums():
            if not _find_given_away(con, each, suppression):
                continue
            con.execute("INSERT INTO work.changed SELECT DISTINCT measure FROM work.given_away")
            for figure in ("numerator", "denominator"):
                con.execute(
                    f"UPDATE public.{each.table} SET {figure} = 0 WHERE rowid IN ("
                    f"SELECT p.id FROM ({_parts(each)}) AS p INNER JOIN work.given_away AS g USING "
                    f"({', '.join([*each.keys, *each.each])}) WHERE g.{figure}_away "
                    f"AND p.{figure} = g.{figure}_smallest)"
                )
                con.execute(
                    f"UPDATE public.{each.total or each.table} SET {figure} = 0 WHERE rowid IN ("
                    f"SELECT total_id FROM work.given_away WHERE {figure}_away AND {figure}_smallest IS NULL)"
                )
        _withhold_alike(con)
        con.execute("CREATE OR REPLACE TABLE work.unsettled AS SELECT DISTINCT measure FROM work.changed")
    for table in ("service_measure", "breakdown_measure"):
        con.execute(
            f"UPDATE public.{table} SET numerator = nullif(numerator, 0), denominator = nullif(denominator, 0), "
            f"rate = NULL, average = CASE WHEN denominator > 0 THEN average END, state = 'suppressed' "
            "WHERE numerator = 0 OR denominator = 0"
        )


def _withhold_alike(con: duckdb.DuckDBPyConnection) -> None:
    """Hide a stock in every period that ends with the same month: it is the same figure.

    Adds the measures of what it hides to ``work.changed``.
    """
    for table in ("service_measure", "breakdown_measure"):
        alike = ", ".join(key for key in Sum(table, "").keys if not key.startswith("period_"))
        stocks = (
            f"SELECT t.rowid AS id, numerator, denominator, measure AS changed, ({alike}, last_month) AS alike "
            f"FROM public.{table} AS t INNER JOIN ref.period USING (period_type, period_start) "
            "WHERE measure IN (SELECT measure FROM public.measure WHERE over_time = 'stock') "
            "AND measure IN (SELECT measure FROM work.unsettled)"
        )
        for figure in ("numerator", "denominator"):
            con.execute(
                f"CREATE OR REPLACE TABLE work.alike AS WITH stock AS ({stocks}) SELECT id, changed FROM stock "
                f"WHERE {figure} > 0 AND alike IN (SELECT alike FROM stock WHERE {figure} = 0)"
            )
            con.execute(f"UPDATE public.{table} SET {figure} = 0 WHERE rowid IN (SELECT id FROM work.alike)")
            con.execute("INSERT INTO work.changed SELECT DISTINCT changed FROM work.alike")


def _parts(each: Sum) -> str:
    keys = ", ".join([*(f"{expression} AS {key}" for key, expression in each.keys.items()), *each.each])
    upper = ""
    if "upper_organisation" in each.differs.values():
        upper = "INNER JOIN work.lies_in USING (level, organisation) "
    return (
        f"SELECT {keys}, numerator, denominator, t.rowid AS id FROM public.{each.table} AS t {upper}"
        f"WHERE ({each.where}) AND state NOT IN {ABSENT} AND measure IN (SELECT measure FROM work.unsettled)"
    )


def _find_given_away(con: duckdb.DuckDBPyConnection, each: Sum, suppression: Suppression) -> int:
    """Write ``work.given_away``: the totals of one sum that pin a suppressed part down; returns how many.

    A suppressed part is at most ``smallest`` - 1, and at most what the largest total leaves beside the least of the
    others; it is at least what the smallest total leaves beside the most of the others, unless one of them may be
    anything. A total above the most that its parts allow is no sum of them (someone is in no part) and says
    nothing.
    """
    keys = ", ".join(each.keys)
    parted = ", ".join([*each.keys, *each.each])
    hidden = suppression.smallest - 1
    counted, found = [], []
    for figure in ("numerator", "denominator"):
        counted.append(
            f"count(*) - count({figure}) AS {figure}_hidden, "
            f"coalesce(bool_or({figure} = 0), false) AS {figure}_open, "
            f"{hidden} * {figure}_hidden "
            f"+ coalesce(sum({suppression.most(figure)}) FILTER (WHERE {figure} > 0), 0) AS {figure}_most, "
            f"coalesce(sum({suppression.least(figure)}), 0) AS {figure}_least, "
            f"min({figure}) FILTER (WHERE {figure} > 0) AS {figure}_smallest"
        )
        least, most = suppression.least(f"t.{figure}"), suppression.most(f"t.{figure}")
        found.append(
            f"{figure}_smallest, coalesce({figure}_hidden > 0 AND t.{figure} > 0 AND "
            f"least({hidden}, {most} - {figure}_least) - CASE WHEN {figure}_open OR {least} > {figure}_most THEN 0 "
            f"ELSE greatest(0, {least} - {figure}_most + {hidden}) END <= 1, false) AS {figure}_away"
        )
    row = con.execute(
        f"CREATE OR REPLACE TABLE work.given_away AS WITH part AS ({_parts(each)}), "
        f"added AS (SELECT {parted}, {', '.join(counted)} FROM part GROUP BY {parted} "
        "HAVING numerator_hidden > 0 OR denominator_hidden > 0) "
        f"SELECT {', '.join([*each.keys, *(f'added.{name}' for name in each.each)])}, "
        f"t.rowid AS total_id, {', '.join(found)} "
        f"FROM added INNER JOIN public.{each.total or each.table} AS t USING ({keys}) "
        "WHERE numerator_away OR denominator_away"
    ).fetchone()
    return int(row[0]) if row else 0
