"""NHS England's published annual figures: read for the pages of measures and places, and drawn over the years.

Belongs here: the published rows of schema ``public`` by measure and place, what all pages of them share. Does not
belong here: the page of a service in them (``published``), importing what is published (``warehouse.published``).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from markupsafe import Markup

from reports.charts import (
    Caterpillar,
    ControlChart,
    Funnel,
    Service,
    Value,
    caterpillar,
    control_chart,
    funnel,
)
from reports.pages import cells
from reports.pages.numbers import Source
from reports.pages.over_time import point
from reports.pages.peers import funnel_said
from reports.pages.release import Measure, Organisation, Release

PUBLISHED, YEAR = "published", "financial year"
# What the pages of places show of their published services.
_SHOWN_IN_PLACES = "RELIABLE_RECOVERY"

HISTORY = """
SELECT c.provider, c.measure, c.period_start, c.segment, c.rebased_because, c.points, c.value, c.why_not_charted,
    c.mean, c.limits, c.lower_limit, c.upper_limit, c.point_type, c.signal, c.variation, s.assurance
FROM public.control_chart AS c
INNER JOIN public.control_chart_summary AS s
    ON s.source = c.source AND s.provider = c.provider AND s.pathway = c.pathway AND s.measure = c.measure
WHERE c.source = 'published' AND {where}
ORDER BY c.provider, c.measure, c.period_start
"""
COMPARED = """
SELECT provider, measure, pathway, period_start, numerator, denominator, value, state, lower_95, upper_95,
    national_numerator, national_denominator, national_value, funnel_position_adjusted AS position, services, tau,
    why_no_position
FROM public.service_comparison
WHERE source = 'published' AND {where}
ORDER BY provider, measure, period_start
"""


def year_words(start: date) -> str:
    """A financial year: "2023-24"."""
    return f"{start.year}-{(start.year + 1) % 100:02}"


def source(measure: str, org: str, start: date, table: str) -> Source:
    """Where a published number stands."""
    return Source(table, "value", org, measure, YEAR, start, "all", source=PUBLISHED)


class Earlier:
    """The published figures of a release, for the pages of measures and places."""

    def __init__(self, release: Release) -> None:
        """Of a release; one without published figures has none."""
        self._release = release

    @cached_property
    def years(self) -> list[date]:
        """The financial years, in order."""
        sql = "SELECT DISTINCT period_start FROM public.national WHERE source = 'published' ORDER BY 1"
        return [row["period_start"] for row in self._release.rows(sql)]

    @cached_property
    def latest(self) -> list[dict[str, Any]]:
        """The services of the latest year, by provider and measure."""
        if not self.years:
            return []
        return list(self._release.rows(COMPARED.format(where="period_start = ?"), self.years[-1]))

    @cached_property
    def current(self) -> frozenset[str]:
        """The providers that the latest year has."""
        return frozenset(row["provider"] for row in self.latest)

    @cached_property
    def _england(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._release.rows(HISTORY.format(where="c.provider = 'ENG'")):
            found[row["measure"]].append(row)
        return found

    def of_measure(self, measure: Measure) -> dict[str, Any] | None:
        """England over the years, and the services of the latest one; None where nothing is published."""
        rows = self._england.get(measure.id)
        if not rows:
            return None
        own = [row for row in self.latest if row["measure"] == measure.id]
        shown = [row for row in own if row["value"] is not None]
        found: dict[str, Any] = {
            "first": year_words(self.years[0]), "last": year_words(self.years[-1]),
            "over_time": over_years(measure, "England", "ENG", rows, self.years, "years"),
            "services": len(shown), "said": [], "chart": "",
        }  # fmt: skip
        tau = next((row["tau"] for row in shown if row["tau"] is not None), None)
        if tau is not None:
            found["chart"] = self._funnel(measure, shown, float(tau))
            positions = Counter(row["position"] for row in shown)
            found["said"] = funnel_said(positions, source(measure.id, "ENG", self.years[-1], "national"))
        return found

    def of_place(self, place: Organisation, providers: Collection[str]) -> Markup:
        """The services of a region or ICB in the latest year; empty for England or with fewer than two."""
        measure = self._release.measures.get(_SHOWN_IN_PLACES)
        own = [
            row for row in self.latest
            if row["measure"] == _SHOWN_IN_PLACES and row["provider"] in providers and row["value"] is not None
        ]  # fmt: skip
        if measure is None or place.level == "England" or len(own) < 2:
            return Markup("")
        drawn, england, start = self._services(measure, own), centre(measure, own[0]), self.years[-1]
        figure = caterpillar(
            Caterpillar(f"{measure.title}, {year_words(start)}", drawn, england, standard=measure.standard,
                        source=source(measure.id, "", start, "service_comparison").drawn),
            "published-services",
        )  # fmt: skip
        return Markup(figure.html)  # noqa: S704  escapes its texts itself

    def _services(self, measure: Measure, rows: Sequence[Mapping[str, Any]]) -> list[Service]:
        def at(row: Mapping[str, Any]) -> Source:
            return source(measure.id, row["provider"], row["period_start"], "service_comparison")

        return [
            Service(
                self._release.name_of("provider", row["provider"]),
                cells.drawn(measure, row, at(row)),
                row["position"],
            )
            for row in rows
        ]

    def _funnel(self, measure: Measure, shown: Sequence[Mapping[str, Any]], tau: float) -> Markup:
        start, england, drawn = self.years[-1], centre(measure, shown[0]), self._services(measure, shown)
        figure = funnel(
            Funnel(f"{measure.title}, NHS England's figures for {year_words(start)}", drawn, england, tau,
                   standard=measure.standard, denominator_is="finished courses",
                   source=source(measure.id, "", start, "service_comparison").drawn),
            "published-peers",
        )  # fmt: skip
        return Markup(figure.html)  # noqa: S704  escapes its texts itself


def centre(measure: Measure, row: Mapping[str, Any]) -> Value:
    """England's figure beside that of a service: of a row of ``COMPARED``, for a chart."""
    england = {name: row[f"national_{name}"] for name in ("numerator", "denominator", "value")}
    return cells.drawn(
        measure, england | {"state": "value"}, source(measure.id, "ENG", row["period_start"], "national")
    )


def over_years(
    measure: Measure, name: str, org: str, rows: Sequence[Mapping[str, Any]], years: Sequence[date], figure_id: str
) -> Markup:
    """Published figures over the years as a control chart; empty with fewer than two."""
    if sum(row["value"] is not None for row in rows) < 2:
        return Markup("")
    by_year = {row["period_start"]: row for row in rows}
    around = source(measure.id, org, rows[0]["period_start"], "control_chart").drawn
    points = [point(year_words(each), str(each), by_year.get(each)) for each in years]
    drawn = control_chart(
        ControlChart(f"{measure.title}, year by year", name, points, measure.standard, rows[0]["assurance"],
                     cells.scale(measure), around),
        figure_id,
    )  # fmt: skip
    return Markup(drawn.html)  # noqa: S704  escapes its texts itself
