"""The page on NHS England's published figures: that our definitions give them, and how services compare.

Belongs here: ``docs/published-services.md`` and its two pictures, made from the published statistics by the
same models as our own figures. Does not belong here: those models (``warehouse``). ``make published`` makes it
anew: ``python -m reports.published.services FOLDER``, FOLDER holding the Parquet files that
``warehouse.published`` reads.
"""

import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from reports.charts import (
    ControlChart,
    ControlPoint,
    Funnel,
    Service,
    SmallMultiples,
    Source,
    Value,
    funnel,
    small_multiples,
)
from warehouse.build import build_core, build_marts
from warehouse.published import load_published, normalise_published

DOCS = Path(__file__).parents[2] / "docs"
MEASURES = {
    "RECOVERY": "Recovery",
    "RELIABLE_RECOVERY": "Reliable recovery",
    "RELIABLE_IMPROVEMENT": "Reliable improvement",
}
RATES = {**MEASURES, "RELIABLE_DETERIORATION": "Reliable deterioration"}
POSITIONS = ("below 99.8", "below 95", "within", "above 95", "above 99.8")
TYPES = ("outside", "trend", "2 of 3", "shift", "common cause")
_IS = "source = 'published' AND period_type = 'financial year' AND pathway = 'all'"


def published_services(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The page and its pictures by file name, from a draft whose marts hold published figures."""
    return {
        "published-services.md": _page(con),
        "published-funnel.svg": _funnel(con),
        "published-control-charts.svg": _panel(con),
    }


def build_draft(folder: Path, scratch: Path) -> Path:
    """A draft below ``scratch`` that holds nothing but the published figures in ``folder``."""
    normalise_published(folder, scratch / "tidy", with_proms=False)
    draft = scratch / "draft.duckdb"
    build_core(draft, [])
    load_published(draft, scratch / "tidy", with_proms=False)
    build_marts(draft)
    return draft


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: list[object] | None = None
) -> list[tuple[Any, ...]]:
    return con.execute(sql, parameters or []).fetchall()


def _latest(con: duckdb.DuckDBPyConnection) -> Any:
    return _rows(con, f"SELECT max(period_start) FROM mart.provider_figure WHERE {_IS}")[0][0]


def _year(start: Any) -> str:
    return f"{start.year}-{(start.year + 1) % 100:02}"


def _table(header: list[str], rows: list[list[str]], left: int = 1) -> str:
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *rows))


def _identities(con: duckdb.DuckDBPyConnection) -> str:
    found = _rows(
        con,
        "SELECT measure, period_start, value, published_rate FROM mart.provider_figure "
        f"WHERE {_IS} AND provider = 'ENG' AND measure IN (SELECT unnest(?)) ORDER BY period_start",
        [list(RATES)],
    )
    cells = {(measure, start): (100 * value, 100 * float(said)) for measure, start, value, said in found}
    starts = sorted({start for _, start in cells})
    agree = sum(abs(ours - said) <= 0.05 + 1e-9 for ours, said in cells.values())
    table = _table(
        ["year", *RATES.values()],
        [
            [_year(start), *("{:.2f} ({:.1f})".format(*cells[measure, start]) for measure in RATES)]
            for start in starts
        ],
    )
    return f"{agree} of {len(cells)} rates of England agree to the published decimal.\n\n{table}"


def _by_position(con: duckdb.DuckDBPyConnection, group: str, where: str, names: Mapping[Any, str]) -> str:
    found = _rows(
        con,
        f"""SELECT {group} AS grouped, services, phi, tau,
                {", ".join(f"count(*) FILTER (WHERE funnel_position_adjusted = '{p}')" for p in POSITIONS)},
                count(*) FILTER (WHERE funnel_position <> 'within'),
                count(*) FILTER (WHERE funnel_position LIKE '%99.8'),
                count(*) FILTER (WHERE state = 'value' AND funnel_position IS NULL),
                count(*) FILTER (WHERE state <> 'value')
            FROM mart.service_comparison WHERE {_IS} AND {where} GROUP BY ALL ORDER BY grouped""",
    )
    header = ["", "k", "phi", "tau", *POSITIONS, "chance alone: beyond 95", "beyond 99.8", "too small", "no figure"]
    order = list(names)
    return _table(
        header,
        [
            [names[key], str(k), f"{phi:.1f}", f"{100 * tau:.1f}", *map(str, counts)]
            for key, k, phi, tau, *counts in sorted(found, key=lambda row: order.index(row[0]))
        ],
    )


def _control(con: duckdb.DuckDBPyConnection) -> str:
    found = _rows(
        con,
        f"""SELECT measure, round(100 * max(standard)) || ' %', count(*), count(upper_limit),
                {", ".join(f"count(upper_limit) FILTER (WHERE point_type = '{t}')" for t in TYPES)},
                count(upper_limit) FILTER (WHERE variation = 'improvement'),
                count(upper_limit) FILTER (WHERE variation = 'concern'),
                count(*) FILTER (WHERE assurance = 'passes'), count(*) FILTER (WHERE assurance = 'inconsistent'),
                count(*) FILTER (WHERE assurance = 'fails')
            FROM mart.control_chart_summary
            WHERE source = 'published' AND provider <> 'ENG' AND measure IN (SELECT unnest(?)) GROUP BY measure""",
        [list(MEASURES)],
    )
    header = ["", "standard", "services", "with limits", *TYPES, "improvement", "concern", "passes", "inconsistent"]
    header.append("fails")
    order = list(MEASURES)
    return _table(
        header,
        [[MEASURES[row[0]], *map(str, row[1:])] for row in sorted(found, key=lambda row: order.index(row[0]))],
    )


def _page(con: duckdb.DuckDBPyConnection) -> str:
    latest = _latest(con)
    starts = [
        row[0] for row in _rows(con, f"SELECT DISTINCT period_start FROM mart.funnel WHERE {_IS} ORDER BY ALL")
    ]
    ((worst, within_1, compared),) = _rows(
        con,
        "SELECT max(abs(value - published_rate)), count(*) FILTER (WHERE abs(value - published_rate) <= 0.01), "
        f"count(*) FROM mart.service_comparison WHERE {_IS} AND measure = 'RECOVERY' AND state = 'value'",
    )
    ((services, outside, inside),) = _rows(
        con,
        """SELECT count(funnel_position), count(*) FILTER (WHERE funnel_position LIKE '%99.8'),
               count(*) FILTER (WHERE funnel_position LIKE '%99.8' AND funnel_position_adjusted NOT LIKE '%99.8')
           FROM mart.service_comparison """
        f"WHERE {_IS} AND measure = 'RECOVERY' AND period_start = ?",
        [latest],
    )
    quoted = ", ".join(f"'{measure}'" for measure in MEASURES)
    template = (files("reports.published") / "templates" / "published-services.md").read_text(encoding="utf-8")
    return template.format(
        first=_year(starts[0]),
        latest=_year(latest),
        years=len(starts),
        compared=compared,
        within_1=100 * within_1 / compared,
        worst=100 * float(worst),
        services=services,
        outside=outside,
        inside=inside,
        identities=_identities(con),
        by_measure=_by_position(con, "measure", f"period_start = '{latest}' AND measure IN ({quoted})", MEASURES),
        by_year=_by_position(con, "period_start", "measure = 'RECOVERY'", {each: _year(each) for each in starts}),
        control=_control(con),
    )


def _funnel(con: duckdb.DuckDBPyConnection) -> str:
    latest = _latest(con)
    found = _rows(
        con,
        f"""SELECT provider_name, value, numerator, denominator, funnel_position_adjusted, provider, peer_value,
                tau, peer_numerator, peer_denominator
            FROM mart.service_comparison
            WHERE {_IS} AND measure = 'RECOVERY' AND period_start = ? AND funnel_position_adjusted IS NOT NULL
            ORDER BY provider""",
        [latest],
    )
    services = [
        Service(name, Value(value, None, None, numerator, denominator, source=Source(org=code)), position)
        for name, value, numerator, denominator, position, code, *_ in found
    ]
    *_, centre, tau, numerator, denominator = found[0]
    chart = Funnel(
        f"Recovery, {len(found)} services, {_year(latest)}",
        services,
        Value(centre, None, None, numerator, denominator, column="peer_value"),
        tau,
        denominator_is="finished courses that can recover",
        source=Source(measure="RECOVERY", period=latest.isoformat(), pathway="all"),
    )
    return funnel(chart, "recovery-funnel").file(820)


def _panel(con: duckdb.DuckDBPyConnection) -> str:
    found = _rows(
        con,
        """SELECT c.provider, n.provider_name, c.period_start, c.value, c.mean, c.lower_limit, c.upper_limit,
               c.limits, c.variation, c.signal, c.segment
           FROM mart.control_chart AS c
           INNER JOIN (
               SELECT provider, min(provider_name) AS provider_name, sum(denominator) AS size
               FROM mart.provider_figure
               WHERE source = 'published' AND measure = 'RECOVERY'
               GROUP BY provider HAVING count(value) >= 7 ORDER BY size DESC, provider LIMIT 12
           ) AS n ON n.provider = c.provider
           WHERE c.source = 'published' AND c.measure = 'RECOVERY' AND c.position IS NOT NULL
           ORDER BY n.size DESC, c.provider, c.period_start""",
    )
    charts = []
    for code in dict.fromkeys(row[0] for row in found):
        own = [row for row in found if row[0] == code]
        points = [_point(row) for row in own]
        source = Source(measure="RECOVERY", org=code, pathway="all")
        charts.append(ControlChart(f"Recovery, {own[0][1]}", _short(own[0][1]), points, source=source))
    title = "Recovery over the years: England and the 11 services with most courses"
    return small_multiples(SmallMultiples(title, charts), "recovery-years").file(960, columns=3)


def _point(row: tuple[Any, ...]) -> ControlPoint:
    _, _, start, value, mean, lower, upper, limits, variation, signal, segment = row
    low, high = (None, None) if lower is None else (float(lower), float(upper))
    source = Source(period=start.isoformat())
    label = _year(start)
    return ControlPoint(
        label, float(value), float(mean), low, high, limits, variation, signal, segment, source=source
    )


def _short(name: str) -> str:
    words = name.title().replace("Nhs", "NHS").replace(" And ", " and ").replace(" Of ", " of ")
    words = words.removesuffix(" NHS Foundation Trust").removesuffix(" NHS Trust")
    return words if len(words) <= 30 else words[:29] + "…"


def main() -> None:
    """Write the page and its pictures into ``docs``."""
    with tempfile.TemporaryDirectory() as scratch:
        draft = build_draft(Path(sys.argv[1]), Path(scratch))
        with duckdb.connect(str(draft), read_only=True) as con:
            for name, content in published_services(con).items():
                (DOCS / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
