"""Charts of a service page beside its figures: events around therapy, scores at both ends.

Belongs here: which of them a page shows, and in which words. Does not belong here: rates and scores
(``warehouse``), drawing (``reports.charts``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.charts import (
    Distribution,
    PersonTime,
    PersonYears,
    Scale,
    Scores,
    Source,
    Value,
    distribution,
    person_years,
)
from reports.pages.figures import Service
from reports.pages.numbers import missing
from reports.pages.release import Period
from schemas.instruments import instruments
from schemas.pathway import Pathway

_EVENTS = (
    ("ADMISSION", "Admissions to hospital", "admissions"),
    ("CRISIS", "Crisis contacts", "crisis contacts"),
    ("EMERGENCY", "Visits to an emergency department", "visits"),
)
_SPANS = (
    ("BEFORE", "In the 180 days before therapy"),
    ("DURING", "During therapy"),
    ("AFTER", "In the 180 days after therapy"),
)
MEASURES = tuple(f"{event}_RATE_{span}" for event, *_ in _EVENTS for span, _ in _SPANS)
# A rate is of days.
_DAYS_OF_A_YEAR = 365.25
_OTHER_REASONS = (
    "People come when they are unwell. So fewer events after therapy may have other reasons too. "
    "Before and after are of the same people, and during therapy of all."
)
_SAME_PEOPLE = "Scores of the same people: those who finished and have two. Only you see this."


@dataclass(frozen=True)
class Further:
    """A chart with its heading and a sentence to read it by."""

    title: str
    words: str
    chart: Markup


def before_and_after(service: Service, condition: Pathway, year: Period, table: str) -> list[Further]:
    """A chart for every kind of event with a rate in two spans at least: one alone compares with nothing.

    ``table`` is the one that the rates are from.
    """
    charts: list[Further] = []
    for event, title, noun in _EVENTS:
        rates = [_rate(service, condition, f"{event}_RATE_{span}") for span, _ in _SPANS]
        if sum(rate.value is not None for rate in rates) < 2:
            continue
        spans = [
            PersonTime(label, rate, None if rate.denominator is None else rate.denominator / _DAYS_OF_A_YEAR)
            for (_, label), rate in zip(_SPANS, rates, strict=True)
        ]
        source = Source(
            org=service.provider, period=str(year.start), pathway=condition.code, table=table, period_type=year.kind
        )
        heading = f"{title} before, during and after therapy"
        scale = Scale(unit=f"{noun} per person-year", decimals=1)
        chart = PersonYears(f"{heading}: {condition.name.lower()}", noun, spans, scale, source)
        drawn = person_years(chart, f"{event.lower()}-{condition.code}")
        charts.append(Further(heading, _OTHER_REASONS if not charts else "", Markup(drawn.html)))  # noqa: S704
    return charts


def _rate(service: Service, condition: Pathway, measure: str) -> Value:
    figure = service.figure(condition.code, measure)
    if figure is None or figure.value is None:
        return Value(None, why_missing=missing(figure.state if figure else "not applicable"))
    return Value(
        figure.value, figure.lower_95, figure.upper_95, figure.numerator, figure.denominator,
        source=Source(measure=measure),
    )  # fmt: skip


def own_scores(service: Service, condition: Pathway, year: Period) -> list[Further]:
    """First and last scores of the same people on the main measure of a condition; none where nobody has both."""
    name = condition.severity_measure
    own = [each for each in service.scores if (each.pathway, each.instrument) == (condition.code, name)]
    if not own:
        return []
    instrument = next(each for each in instruments() if each.instrument == name)
    occasions: Sequence[tuple[str, str]] = (("first", "First score"), ("last", "Last score"))
    scores = [
        Scores(
            label, sum(each.people for each in own if each.kind == kind),
            [(each.score, each.people) for each in own if each.kind == kind], source=Source(breakdown=kind),
        )
        for kind, label in occasions
    ]  # fmt: skip
    source = Source(
        name, service.provider, str(year.start), condition.code, table="core.outcome", period_type=year.kind
    )
    heading = f"{instrument.name} at the start and at the end"
    title = f"{heading}: {condition.name.lower()}"
    chart = Distribution(title, scores, instrument.low, instrument.high, instrument.recovery_cut_off, source)
    drawn = distribution(chart, f"scores-{condition.code}")
    return [Further(heading, _SAME_PEOPLE, Markup(drawn.html))]  # noqa: S704  escapes its texts itself
