"""Services beside each other in one measure: a chart without ranks, and what may be said of it.

Belongs here: the funnel where there are services enough, else their intervals by region and name, and the sentence.
Does not belong here: positions (``public.service_comparison``), the page around it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import quantiles
from typing import Any

from markupsafe import Markup

from reports.charts import Caterpillar, Funnel, Service, caterpillar, funnel
from reports.pages import cells
from reports.pages.numbers import Source, data, of_small, value_said
from reports.pages.release import Measure, Release
from reports.pages.sentences import filled
from schemas.pathway import Pathway

# From so many services on the middle half of them is said.
_SPREAD_FROM = 10

NONE = "Each service has too few people with {condition} to show a figure."
ONE = "Only one service in the country has enough people with {condition}. We show its figure."
TWO = "Only two services in the country have enough people with {condition}. We show both and compare neither."
FEW = "Only {services} services in the country have enough people with {condition}. We show all and compare none."
UNTESTED = "Services stand by region and name. How much of a gap between them is chance is still unknown."
ROWS = "One person may give many of these. So services are shown by region and name, and none is compared."
MONTHS = "Months are missing. So services are shown by region and name, and none is compared."
FUNNEL = (
    "{within} of {services} services are where services of their size mostly are. "
    "Outside the outer lines: {outer}. Only outside the inner lines: {inner}. "
    "By chance alone, {expected} would be outside the inner lines."
)
OUTSIDE = "A service outside the lines is a reason to ask. Who is referred and how care is recorded matter, too."
OPEN = "{open} more: so close to a line that the small random error leaves open on which side."
HIDDEN = "{hidden} more have fewer than 5 people, or too few for a figure."


@dataclass(frozen=True)
class Peers:
    """The chart of services with a figure, how many they are, what may be said of them, and their middle half."""

    services: Markup
    said: Sequence[str]
    chart: Markup
    spread: Markup


def peers(
    release: Release, measure: Measure, condition: Pathway, national: Mapping[str, Any], rows: Sequence[Any]
) -> Peers:
    """The services of one condition; ``rows`` have their figures and positions, ``national`` is England's."""
    shown = [row for row in rows if row["value"] is not None]
    hidden = len(rows) - len(shown)
    tau = next((row["tau"] for row in shown if row["tau"] is not None), None)
    placed = [row for row in shown if row["position"] is not None]
    is_funnel = measure.kind == "share" and tau is not None and bool(placed)
    spread = None if tau is None else float(tau)
    england = _source(release, measure, condition.code, "ENG", "national")
    said = _said(measure, condition, shown, is_funnel, england)
    if hidden and shown:
        text = of_small(hidden).capitalize()
        said.append(filled(HIDDEN, hidden=data(text, hidden, replace(england, column="services_hidden"))))
    name = f"peers-{condition.code}"
    title = f"{measure.title}: {condition.name}"
    has_centre = measure.kind != "count" and national["value"] is not None
    drawn = [_service(release, measure, row) for row in shown]
    chart = Markup("")
    if drawn:
        source = _source(release, measure, condition.code, "")
        centre = cells.drawn(measure, national, england)
        if is_funnel:
            figure = funnel(
                Funnel(title, drawn, centre, spread, standard=measure.standard,
                       denominator_is=cells.NOUNS[measure.grain], source=source.drawn),
                name,
            )  # fmt: skip
        else:
            figure = caterpillar(
                Caterpillar(title, drawn, centre if has_centre else None,
                            by_region=True, standard=measure.standard, scale=cells.scale(measure),
                            source=source.drawn),
                name,
            )  # fmt: skip
        chart = Markup(figure.html)  # noqa: S704  escapes its texts itself
    return Peers(_services(shown, england), said, chart, _spread(measure, shown, england))


def _services(shown: Sequence[Any], england: Source) -> Markup:
    return data(f"{len(shown):,}", len(shown), replace(england, column="services"))


def _said(
    measure: Measure, condition: Pathway, shown: Sequence[Any], is_funnel: bool, england: Source
) -> list[str]:
    name, services = condition.name.lower(), len(shown)
    if services < 3:
        return [(NONE, ONE, TWO)[services].format(condition=name)]
    if is_funnel:
        return funnel_said(Counter(row["position"] for row in shown), england)
    why = {row["why_no_position"] for row in shown}
    if services < _SPREAD_FROM or any(each and each.startswith("fewer than 10") for each in why):
        said = data(of_small(services), services, replace(england, column="services"))
        return [filled(FEW, services=said, condition=name)]
    if measure.kind != "share":
        return [UNTESTED]
    return [ROWS if "the measure does not count people" in why else MONTHS]


def funnel_said(positions: Mapping[str | None, int], england: Source) -> list[str]:
    """The sentences of a funnel: how many services are at each position; None is one that is left open.

    ``england`` is the place of the national figure that the services are around.
    """

    def said_of(column: str, number: float, text: str = "") -> Markup:
        return data(text or f"{number:,}", number, replace(england, column=f"services{column}"))

    services = sum(positions.values())
    open_, within = positions.get(None, 0), positions.get("within", 0)
    outer = sum(count for position, count in positions.items() if position and position.endswith("99.8"))
    placed = services - open_
    said: list[str] = [
        filled(
            FUNNEL, within=said_of("_within", within), services=said_of("", services),
            outer=said_of("_outside_outer", outer), inner=said_of("_outside_inner", placed - within - outer),
            expected=filled("about {expected}", expected=said_of("_by_chance", placed / 20, f"{placed / 20:.0f}"))
            if placed >= 30 else "one or two",
        )
    ]  # fmt: skip
    if outer:
        said.append(OUTSIDE)
    if open_:
        said.append(filled(OPEN, open=said_of("_open", open_, of_small(open_).capitalize())))
    return said


def _spread(measure: Measure, shown: Sequence[Any], england: Source) -> Markup:
    """The middle half of services: how far apart they are, without naming one."""
    if len(shown) < _SPREAD_FROM or measure.kind == "count":
        return Markup("")
    values = quantiles([float(row["value"]) for row in shown], n=4, method="inclusive")
    low, middle, high = (
        data(value_said(measure.kind, measure.unit, each), each, replace(england, column=column))
        for each, column in zip(values, ("lower_quarter", "middle", "upper_quarter"), strict=True)
    )
    return filled(
        "Half of the {services} services are between {low} and {high}. The middle one has {middle}.",
        services=_services(shown, england), low=low, high=high, middle=middle,
    )  # fmt: skip


def _service(release: Release, measure: Measure, row: Mapping[str, Any]) -> Service:
    at = release.at("provider", row["provider"])
    source = _source(release, measure, row["pathway"], row["provider"], "service_measure")
    return Service(
        at.name, cells.drawn(measure, row, source), row["position"],
        release.name_of("region", at.region) if at.region else "",
    )  # fmt: skip


def _source(release: Release, measure: Measure, pathway: str, org: str, table: str = "service_measure") -> Source:
    year = release.period
    return Source(table, "value", org, measure.id, year.kind, year.start, pathway)
