"""Services by questions, one matrix for each condition: for England, a region, an ICB, a condition.

Belongs here: reading the figures of all services that a matrix shows, and drawing one for some of them. Does not
belong here: the questions (``questions``), the symbols (``reports.charts.matrix``).
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from reports.charts import Matrix, MatrixCell, MatrixRow, Value, matrix
from reports.charts import Source as Drawn
from reports.pages import cells
from reports.pages.numbers import Source, data, missing, of_small, value_said
from reports.pages.questions import QUESTIONS, Asked, Question
from reports.pages.release import Organisation, Release, values_in
from reports.pages.sentences import filled
from reports.site.wording import sentence
from schemas.pathway import Pathway, pathways

_FIGURES = """
SELECT s.organisation AS provider, s.pathway, s.measure, s.numerator, s.denominator, s.value, s.state,
    c.funnel_position_adjusted AS position
FROM public.service_measure AS s
LEFT JOIN public.service_comparison AS c
    ON c.source = s.source AND c.provider = s.organisation AND c.period_type = s.period_type
    AND c.period_start = s.period_start AND c.pathway = s.pathway AND c.measure = s.measure
WHERE s.source = 'submitted' AND s.level = 'provider' AND s.period_type = ? AND s.period_start = ?
    AND s.pathway <> 'all' AND s.state NOT IN ('not applicable', 'not submitted') AND s.measure IN ({measures})
ORDER BY s.pathway, s.organisation, s.measure
"""
_TREATS = ("REFERRALS", "ACCESS")

NONE = "Services have so far sent records of other conditions only. So there are no figures yet."
ONE = "Only one service in the country treats this. We show its figures."
TWO = "Only two services in the country treat this. We show both and compare neither."
FEW = "Only {services} services in the country treat this. We show all and compare none."
MANY = "{services} services treat this. A symbol says where a figure is, for a service of its size."
BY_CHANCE = "Of 20 figures that are compared, about one is outside the limits by chance alone."


class Matrices:
    """The matrix of each condition, of all services or some."""

    def __init__(self, release: Release) -> None:
        """Of a release."""
        self._release = release

    def columns(self, condition: Pathway) -> list[tuple[Question, Asked]]:
        """The questions asked for a condition, each with its most telling measure."""
        found = []
        for question in QUESTIONS:
            asked = question.known(condition.measure_set, self._release.measures)
            if asked:
                found.append((question, asked[0]))
        return found

    def providers(self, condition: Pathway) -> list[str]:
        """The services that treat a condition: with 5 people or more who were referred or started."""
        return sorted(
            {
                provider for (provider, measure), row in self._of(condition).items()
                if measure in _TREATS and row["numerator"] is not None
            }
        )  # fmt: skip

    def said(self, condition: Pathway) -> list[str]:
        """How many services treat a condition in the country, and what that allows to say."""
        services = len(self.providers(condition))
        if services < 3:
            return [(NONE, ONE, TWO)[services]]
        year = self._release.period
        at = Source("national", "services_treating", "ENG", _TREATS[0], year.kind, year.start, condition.code)
        if not self._placed(condition):
            return [filled(FEW, services=data(of_small(services), services, at))]
        return [filled(MANY, services=data(f"{services:,}", services, at)), BY_CHANCE]

    def drawn(self, condition: Pathway, only: Collection[str] | None = None) -> Markup:
        """The matrix of the services of a condition (``only`` some of them); empty where there is none."""
        providers = [each for each in self.providers(condition) if only is None or each in only]
        columns = self.columns(condition)
        if not providers or not self._placed(condition):
            return Markup("")
        rows = [self._row(condition, provider, columns) for provider in providers]
        year = self._release.period
        around = Source("service_measure", "value", "", "", year.kind, year.start, condition.code).drawn
        figure = matrix(
            Matrix(
                f"{condition.name}: services by question", [question.short for question, _ in columns], rows, around
            ),
            f"matrix-{condition.code}",
        )  # fmt: skip
        return Markup(figure.html)  # noqa: S704  escapes its texts itself

    def figures(
        self, condition: Pathway, only: Collection[str] | None = None
    ) -> list[tuple[Organisation, list[Markup]]]:
        """The same as figures, by region and name, where there are too few services for symbols; else empty."""
        if self._placed(condition):
            return []
        at = [
            self._release.at("provider", each) for each in self.providers(condition) if only is None or each in only
        ]  # fmt: skip
        ordered = sorted(
            at, key=lambda each: (self._release.name_of("region", each.region or ""), each.name, each.code)
        )
        names = [asked.measure for _, asked in self.columns(condition)]
        return [(each, [self._figure(condition, each.code, name) for name in names]) for each in ordered]

    def _figure(self, condition: Pathway, provider: str, name: str) -> Markup:
        measure, row = self._release.measures[name], self._of(condition).get((provider, name))
        if row is None or row["value"] is None:
            return Markup(missing(row["state"] if row else "not applicable"))  # noqa: S704  our own text
        year = self._release.period
        source = Source("service_measure", "value", provider, name, year.kind, year.start, condition.code)
        value = cells.number(row["value"]) or 0.0
        return data(value_said(measure.kind, measure.unit, value, row["denominator"]), value, source)

    def _placed(self, condition: Pathway) -> int:
        """How many figures of a condition have a position."""
        return sum(row["position"] is not None for row in self._of(condition).values())

    def _row(self, condition: Pathway, provider: str, columns: Sequence[tuple[Question, Asked]]) -> MatrixRow:
        at = self._release.at("provider", provider)
        return MatrixRow(
            at.name, [self._cell(condition, provider, asked.measure) for _, asked in columns],
            self._release.name_of("region", at.region) if at.region else "", source=Drawn(org=provider),
        )  # fmt: skip

    def _cell(self, condition: Pathway, provider: str, name: str) -> MatrixCell:
        measure, row = self._release.measures[name], self._of(condition).get((provider, name))
        source = Drawn(measure=name)
        if row is None:
            return MatrixCell(
                Value(None, why_missing=missing("not applicable"), source=source), scale=cells.scale(measure)
            )
        low, high = cells.ends(measure, row)
        value = Value(
            cells.number(row["value"]), low, high, None, row["denominator"],
            missing(row["state"], row["value"]), source,
        )  # fmt: skip
        return MatrixCell(value, row["position"], measure.direction, cells.scale(measure))

    def _of(self, condition: Pathway) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """The figures of a condition, by service and measure."""
        return self._rows.get(condition.code, {})

    @cached_property
    def _rows(self) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
        measures = {asked.measure for each in pathways() for _, asked in self.columns(each)} | set(_TREATS)
        sql = _FIGURES.format(measures=values_in(sorted(measures)))
        rows = self._release.rows(sql, self._release.period.kind, self._release.period.start)
        return {
            pathway: {(row["provider"], row["measure"]): row for row in own}
            for pathway, own in groupby(rows, key=itemgetter("pathway"))
        }


def questions_said(columns: Sequence[tuple[Question, Asked]]) -> list[tuple[str, str, str]]:
    """The columns of a matrix: the short name, what it shows, the id of its measure."""
    return [(question.short, sentence(asked.label), asked.measure) for question, asked in columns]
