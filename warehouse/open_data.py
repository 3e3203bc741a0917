"""Open data: the public figures as files in the layout of NHS England's monthly statistics of Talking Therapies.

Belongs here: that layout, which figure has which id and name in it, writing the files. Does not belong here: the
figures (schema ``public``), which official measure is which of ours (``warehouse.measures.official``), the check of
what was written (``warehouse.disclosure.screener``).

What reads NHS England's files reads these: the same columns in the same order, ids and names of measures, ``all``
for places, ``*`` for what is suppressed and ``NULL`` for what does not apply. What they do not define has Parity's
own id. One file has one period and one pathway, because the layout has no column for a pathway.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from schemas.month import last_day, months_after
from schemas.periods import FINANCIAL_YEAR, MONTH
from schemas.sql import quoted
from warehouse.disclosure.suppression import ABSENT
from warehouse.measures.catalogue import ALL_PATHWAYS, QUANTILES, RATES
from warehouse.measures.official import SAME
from warehouse.staging import insert_rows

MEASURES_FILE = "measures.csv"
LAYOUT = (
    "REPORTING_PERIOD_START", "REPORTING_PERIOD_END", "GROUP_TYPE", "ORG_CODE1", "ORG_NAME1", "ORG_CODE2",
    "ORG_NAME2", "MEASURE_ID", "MEASURE_NAME", "MEASURE_VALUE_SUPPRESSED",
)  # fmt: skip
# Level of the public tables → GROUP_TYPE, in the order of the files.
GROUP_TYPES = {
    "England": "England", "region": "CommissioningRegion", "ICB": "ICB", "sub-ICB": "SubICB",
    "provider": "Provider", "provider in sub-ICB": "SubICB-Provider",
}  # fmt: skip
SUPPRESSED, NOT_APPLICABLE = "*", "NULL"
# How a place is written that could not be found: NHS England's readers leave it out by this code.
UNKNOWN = "InvalidCode"
# What NHS England does not define has no rows where it does not apply, nor by place and provider together: they
# would double the files.
_OURS = "Parity"
_ALL_PLACES, _ALL_PROVIDERS = ("all", "all SubICBs"), ("all", "all Providers")
# A month has its file, and a year: figures by group are only published over a year.
_PERIODS = (MONTH, FINANCIAL_YEAR)
_STATISTICS = {
    "count": "Count",
    "share": "Percentage",
    "mean": "Mean",
    **{kind: kind.title() for kind in QUANTILES},
}


# SQL of what the files' measures are. Needs ``open_measure`` (``list_measures``).
MEASURES = (
    "SELECT measure_id AS MEASURE_ID, measure_name AS MEASURE_NAME, defined_by AS DEFINED_BY, "
    "o.measure AS PARITY_MEASURE, figure AS FIGURE, breakdown AS BREAKDOWN, "
    "array_to_string(groups, '; ') AS GROUPS, title AS TITLE, meaning AS MEANING, caveats AS CAVEATS "
    "FROM open_measure AS o INNER JOIN public.measure AS m ON m.measure = o.measure ORDER BY place"
)


@dataclass(frozen=True, order=True)
class Period:
    """The period and pathway of one file."""

    period_type: str
    start: date
    pathway: str

    @property
    def end(self) -> date:
        """The last day."""
        return last_day(months_after(self.start, 0 if self.period_type == MONTH else 11))

    @property
    def file(self) -> str:
        """The file's name, formed as NHS England forms it: ``parity_month_mar_2025_activity_performance.csv``."""
        year = f"year_{self.start.year}_{(self.start.year + 1) % 100:02}"
        when = f"month_{self.start:%b_%Y}".lower() if self.period_type == MONTH else year
        pathway = "" if self.pathway == ALL_PATHWAYS else f"_pathway_{self.pathway}"
        return f"parity_{when}_activity_performance{pathway}.csv"


def periods(con: duckdb.DuckDBPyConnection) -> list[Period]:
    """Every period and pathway of ``public.service_measure`` that has a file."""
    found = con.execute(
        "SELECT DISTINCT period_type, period_start, pathway FROM public.service_measure "
        f"WHERE source = 'submitted' AND period_type IN {_PERIODS} AND state NOT IN {ABSENT} ORDER BY ALL"
    ).fetchall()
    return [Period(*row) for row in found]


def write_open_data(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write a file for each month, financial year and pathway into ``folder``, and ``measures.csv`` beside them.

    ``con`` reads a release: schema ``public`` and ``mart.official_measure``. The same rows give the same bytes.
    """
    folder.mkdir()
    list_measures(con)
    con.execute(f"COPY ({MEASURES}) TO $path (FORMAT csv, HEADER)", {"path": str(folder / MEASURES_FILE)})
    for period in periods(con):
        con.execute(f"COPY ({rows_of(period)}) TO $path (FORMAT csv, HEADER)", {"path": str(folder / period.file)})
    con.execute("DROP TABLE open_measure")


def rows_of(period: Period) -> str:
    """SQL of the rows of one file, in their order. Needs the table ``open_measure`` (``list_measures``).

    A place that submitted nothing for the period has no row, as in NHS England's files.
    """
    columns = ", ".join(f"{column} AS {name}" for column, name in zip(_COLUMNS, LAYOUT, strict=True))
    parts = [_of_everybody(period)]
    if period.period_type == FINANCIAL_YEAR and period.pathway == ALL_PATHWAYS:
        parts.append(_of_groups(period))
    return (
        (
            f"SELECT {columns} FROM ({' UNION ALL '.join(parts)}) AS f "
            "INNER JOIN (SELECT *, row_number() OVER (ORDER BY place) AS rank FROM open_measure) AS o "
            f"USING (measure_id) INNER JOIN (SELECT unnest({list(GROUP_TYPES)}) AS level, "
            f"unnest({list(GROUP_TYPES.values())}) AS group_type, "
            f"unnest(range({len(GROUP_TYPES)})) AS level_rank) AS l USING (level) "
            "LEFT JOIN public.organisation AS a ON a.organisation = f.place "
            "AND a.level = CASE WHEN f.level = 'provider in sub-ICB' THEN 'sub-ICB' ELSE f.level END "
            "LEFT JOIN public.organisation AS b ON b.level = 'provider' AND b.organisation = f.provider "
            "ORDER BY level_rank, ORG_CODE1, ORG_CODE2, rank"
        )
        .replace("{start}", f"DATE '{period.start}'")
        .replace("{end}", f"DATE '{period.end}'")
    )


def _code(column: str, other: tuple[str, str]) -> tuple[str, str]:
    """SQL of the code and the name of a place or provider; ``other`` where the row is of all of them."""
    name = "a.name" if column == "f.place" else "b.name"
    return (
        f"CASE WHEN {column} IS NULL THEN '{other[0]}' WHEN {column} = 'unknown' THEN '{UNKNOWN}' "
        f"ELSE {column} END",
        f"CASE WHEN {column} IS NULL THEN '{other[1]}' WHEN {column} = 'unknown' THEN '{UNKNOWN}' "
        f"ELSE coalesce({name}, {column}) END",
    )


_NUMBER = (
    "CASE WHEN shown = round(shown) THEN CAST(CAST(shown AS BIGINT) AS VARCHAR) ELSE CAST(shown AS VARCHAR) END"
)
_COLUMNS = (
    "strftime({start}, '%Y-%m-%d')", "strftime({end}, '%Y-%m-%d')",
    "group_type", *_code("f.place", _ALL_PLACES), *_code("f.provider", _ALL_PROVIDERS), "measure_id",
    "measure_name",
    f"CASE WHEN f.state = 'not applicable' THEN '{NOT_APPLICABLE}' WHEN shown IS NULL THEN '{SUPPRESSED}' "
    f"ELSE {_NUMBER} END",
)  # fmt: skip
# Place and provider of a row of the public tables: England has neither.
_WHERE = (
    "s.level, CASE WHEN s.level IN ('England', 'provider') THEN NULL WHEN s.level = 'provider in sub-ICB' "
    "THEN split_part(s.organisation, '|', 2) ELSE s.organisation END AS place, "
    "CASE WHEN s.level IN ('provider', 'provider in sub-ICB') "
    "THEN split_part(s.organisation, '|', 1) END AS provider"
)


def _figure(numerator: str, denominator: str, value: str) -> str:
    """SQL of the figure that a row of ``open_measure`` asks for: a percentage, not a share."""
    return (
        f"CAST(CASE figure WHEN 'numerator' THEN {numerator} WHEN 'denominator' THEN {denominator} "
        f"ELSE CASE kind WHEN 'share' THEN round(100 * {value}, 1) ELSE {value} END END AS DECIMAL(18, 1))"
    )


def _of_everybody(period: Period) -> str:
    shown = _figure("s.numerator", "s.denominator", "s.value")
    return (
        f"SELECT measure_id, {_WHERE}, s.state, {shown} AS shown FROM public.service_measure AS s "
        f"INNER JOIN open_measure AS m ON m.measure = s.measure AND m.breakdown IS NULL "
        f"WHERE {_in(period)} AND s.state <> 'not submitted' AND (m.defined_by <> '{_OURS}' "
        "OR s.state <> 'not applicable' AND s.level <> 'provider in sub-ICB')"
    )


def _of_groups(period: Period) -> str:
    """Figures of a group, or of several together: suppressed unless all of them are shown."""
    value = "CASE WHEN len(any_value(groups)) = 1 THEN any_value(b.value) "
    value += "ELSE public.rate(sum(b.numerator), sum(b.denominator)) END"
    shown = _figure("sum(b.numerator)", "sum(b.denominator)", value)
    shown = shown.replace("CASE figure", "CASE any_value(figure)").replace("CASE kind", "CASE any_value(kind)")
    whole = "count(b.{0}) = len(any_value(groups))"
    is_whole = (
        f"CASE any_value(figure) WHEN 'numerator' THEN {whole.format('numerator')} WHEN 'denominator' "
        f"THEN {whole.format('denominator')} WHEN 'value' THEN len(any_value(groups)) = 1 "
        f"OR {whole.format('numerator')} AND {whole.format('denominator')} END"
    )
    return (
        f"SELECT measure_id, {_WHERE}, s.state, CASE WHEN {is_whole} THEN {shown} END AS shown "
        "FROM public.service_measure AS s "
        "INNER JOIN open_measure AS m ON m.measure = s.measure AND m.breakdown IS NOT NULL "
        "LEFT JOIN public.breakdown_measure AS b ON b.source = s.source AND b.level = s.level "
        "AND b.organisation = s.organisation AND b.period_type = s.period_type AND b.period_start = s.period_start "
        "AND b.pathway = s.pathway AND b.measure = s.measure AND b.breakdown = m.breakdown "
        "AND list_contains(m.groups, b.breakdown_group) "
        f"WHERE {_in(period)} AND s.state <> 'not submitted' AND s.level <> 'provider in sub-ICB' "
        "GROUP BY measure_id, s.level, s.organisation, s.state"
    )


def _in(period: Period) -> str:
    return (
        f"s.source = 'submitted' AND s.period_type = {quoted(period.period_type)} "
        f"AND s.period_start = DATE '{period.start}' AND s.pathway = {quoted(period.pathway)}"
    )


def list_measures(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``open_measure``: what has a row in the files, in their order.

    NHS England's measures that are here by the official construction have its ids and names. Of what it does not
    define, a share has three rows: the percentage, and with _N and _D the two counts it is of.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE open_measure AS SELECT o.official_id AS measure_id, "
        "o.official_name AS measure_name, 'NHS England' AS defined_by, o.measure, m.kind, o.figure, o.breakdown, "
        "string_split(o.groups, '; ') AS groups, '1 ' || o.official_id AS place "
        "FROM mart.official_measure AS o INNER JOIN public.measure AS m ON m.measure = o.measure "
        f"WHERE o.answer = '{SAME}' AND (o.breakdown IS NULL OR o.groups IS NOT NULL)"
    )
    # All at once: 900 statements took a second and a half in each release.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE own_measure AS SELECT * EXCLUDE (breakdown, groups) FROM open_measure LIMIT 0"
    )
    insert_rows(con, "own_measure", list(_own(con)))
    con.execute(
        "INSERT INTO open_measure BY NAME SELECT o.* FROM own_measure AS o ANTI JOIN "
        "(SELECT measure, figure FROM open_measure WHERE breakdown IS NULL) AS theirs USING (measure, figure)"
    )
    con.execute("DROP TABLE own_measure")


def _own(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, str, str, str, str]]:
    """Id, name, who defined it, measure, kind, figure and place of every figure, as Parity names it."""
    for position, measure, kind in con.execute(
        "SELECT position, measure, kind FROM public.measure ORDER BY position"
    ).fetchall():
        main = "numerator" if kind == "count" else "value"
        statistic = "Rate" if kind in RATES else _STATISTICS[kind]
        place = f"2 {position:05}"
        yield measure, f"{statistic}_{measure}", _OURS, measure, kind, main, place
        if kind == "share":
            yield f"{measure}_N", f"Count_{measure}", _OURS, measure, kind, "numerator", f"{place} N"
        if kind != "count" and kind not in RATES:
            yield f"{measure}_D", f"Count_{measure}_Of", _OURS, measure, kind, "denominator", f"{place} D"
