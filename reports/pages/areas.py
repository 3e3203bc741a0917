"""The figures of England, its regions and ICBs: read once for all their pages.

Belongs here: what a page of a place reads of the place itself. Does not belong here: its services (``matrices``).
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from markupsafe import Markup

from reports.charts import Caterpillar, caterpillar
from reports.charts import Service as Drawn
from reports.pages import cells, equity, quality
from reports.pages.figures import Figure, Group, Service
from reports.pages.numbers import Source, data, of_small
from reports.pages.questions import QUESTIONS
from reports.pages.release import Measure, Organisation, Release, values_in
from reports.pages.sentences import filled
from reports.site.wording import sentence
from schemas.pathway import Pathway

ENGLAND = "England"
# What could not be placed: no place of its own.
UNKNOWN = "unknown"
# The places that one chart sets side by side: those directly inside another.
_PARTS = {ENGLAND: "region", "region": "ICB"}

_FIGURES = """
SELECT s.level, s.organisation AS provider, s.pathway, s.measure, s.numerator, s.denominator, s.value, s.state,
    s.months_submitted, n.numerator AS national_numerator, n.denominator AS national_denominator,
    n.value AS national_value, n.state AS national_state
FROM public.service_measure AS s
LEFT JOIN public.national AS n
    ON n.source = s.source AND n.period_type = s.period_type AND n.period_start = s.period_start
    AND n.pathway = s.pathway AND n.measure = s.measure
WHERE s.source = 'submitted' AND s.level IN ('England', 'region', 'ICB') AND s.period_type = ?
    AND s.period_start = ? AND s.measure IN ({measures})
ORDER BY s.level, s.organisation, s.pathway, s.measure
"""
_GROUPS = """
SELECT level, organisation AS provider, measure, breakdown, breakdown_group, numerator, denominator, value, state
FROM public.breakdown_measure
WHERE source = 'submitted' AND level IN ('England', 'region', 'ICB') AND pathway = 'all' AND period_type = ?
    AND period_start = ? AND measure IN ({measures}) AND breakdown IN ({breakdowns})
ORDER BY level, organisation, measure, breakdown, breakdown_group
"""
_MONTHS = """
SELECT organisation AS provider, max(months_submitted) AS months
FROM public.service_measure
WHERE source = 'submitted' AND level = 'provider' AND pathway = 'all' AND period_type = ? AND period_start = ?
GROUP BY organisation
ORDER BY organisation
"""
_ANY = """
SELECT min(measure) AS measure
FROM public.service_measure
WHERE source = 'submitted' AND level = 'England' AND pathway = 'all' AND period_type = ? AND period_start = ?
"""

TRUST = "{services} services should have sent {expected} monthly records. {submitted} are in."
TRUST_ONE = "One service should have sent {expected} monthly records. {submitted} are in."


class Areas:
    """The figures of every place, as a service has them, and of the places inside it."""

    def __init__(self, release: Release) -> None:
        """Of a release."""
        self._release = release

    def of(self, place: Organisation) -> Service | None:
        """The figures of a place; None where it has none of submissions."""
        return self._places.get((place.level, place.code))

    @cached_property
    def _places(self) -> dict[tuple[str, str], Service]:
        release = self._release
        if release.is_empty:
            return {}
        year = (release.period.kind, release.period.start)
        compared = [asked.measure for asked in equity.COMPARED.values()]
        asked = [each.measure for q in QUESTIONS for each in (*q.talking_therapies, *q.severe_mental_illness)]
        measures = sorted({*compared, *asked, *quality.MEASURES, equity.CAME})
        found: dict[tuple[str, str], Service] = {}
        for row in release.rows(_FIGURES.format(measures=values_in(measures)), *year):
            place = found.setdefault((row["level"], row["provider"]), Service(row["provider"]))
            place.figures[row["pathway"], row["measure"]] = _figure(release.measures[row["measure"]], row)
        groups = _GROUPS.format(
            measures=values_in(sorted({equity.CAME, *compared})), breakdowns=values_in(list(equity.BREAKDOWNS))
        )
        for row in release.rows(groups, *year):
            if (of := found.get((row["level"], row["provider"]))) is not None:
                of.groups.append(
                    Group(row["measure"], row["breakdown"], row["breakdown_group"], row["numerator"],
                          row["denominator"], cells.number(row["value"]), row["state"])
                )  # fmt: skip
        return found

    @cached_property
    def _counted(self) -> str:
        """A measure that every place and service has: the first of them."""
        row = next(self._release.rows(_ANY, self._release.period.kind, self._release.period.start))
        return str(row["measure"])

    @cached_property
    def _months(self) -> dict[str, int]:
        rows = self._release.rows(_MONTHS, self._release.period.kind, self._release.period.start)
        return {row["provider"]: row["months"] or 0 for row in rows}

    def trust(self, place: Organisation, providers: Collection[str]) -> Markup:
        """How many of the monthly records of the services of a place are in."""
        own = [months for provider, months in self._months.items() if provider in providers]
        expected = len(own) * len(self._release.months)
        text = TRUST_ONE if len(own) == 1 else TRUST

        def said(column: str, number: int, words: str = "") -> Markup:
            return data(words or f"{number:,}", number, self._of(place, column))

        return filled(
            text, services=said("services", len(own), of_small(len(own)).capitalize()),
            expected=said("records_expected", expected), submitted=said("records_in", sum(own)),
        )  # fmt: skip

    def _of(self, place: Organisation, column: str) -> Source:
        """Where a number of records is from: the row of a measure, all conditions together; any has them."""
        year = self._release.period
        return Source(
            "service_measure", column, place.code, self._counted, year.kind, year.start, level=place.level
        )  # fmt: skip

    def late(self, providers: Collection[str]) -> list[tuple[Organisation, int, Markup]]:
        """The services that lack months, with how many: as a number, and as it is said."""
        whole = len(self._release.months)
        late = [
            (self._release.at("provider", provider), whole - months)
            for provider, months in self._months.items()
            if provider in providers and months < whole
        ]
        return [
            (each, months, data(f"{months}", months, self._of(each, "months_missing"))) for each, months in late
        ]

    def charts(self, place: Organisation, conditions: Sequence[Pathway]) -> list[tuple[Pathway, str, Markup]]:
        """For each condition, the places inside this one side by side in waits: condition, question, chart."""
        level = _PARTS.get(place.level)
        parts = [
            each for each in self._release.organisations
            if each.level == level and each.is_submitted and each.code != UNKNOWN
            and (place.level == ENGLAND or each.region == place.code)
        ]  # fmt: skip
        found = []
        for condition in conditions:
            drawn = self._chart(place, parts, condition)
            if drawn is not None:
                found.append((condition, *drawn))
        return found

    def _chart(
        self, place: Organisation, parts: Sequence[Organisation], condition: Pathway
    ) -> tuple[str, Markup] | None:
        question = next(each for each in QUESTIONS if each.id == "waited")
        known = question.known(condition.measure_set, self._release.measures)
        asked = next((each for each in known if self._release.measures[each.measure].kind == "share"), None)
        if asked is None:
            return None
        measure = self._release.measures[asked.measure]
        rows = [(part, self._row(part, condition, asked.measure)) for part in parts]
        shown = [(part, row) for part, row in rows if row is not None and row["value"] is not None]
        whole = self._row(place, condition, asked.measure)
        if len(shown) < 2 or whole is None:
            return None
        figure = caterpillar(
            Caterpillar(
                f"{condition.name}: {asked.label}",
                [Drawn(part.name, cells.drawn(measure, row, self._source(part, row))) for part, row in shown],
                cells.drawn(measure, whole, self._source(place, whole)), place.name, standard=measure.standard,
                source=self._source(place, whole).drawn,
            ),
            f"places-{condition.code}",
        )  # fmt: skip
        return sentence(asked.label), Markup(figure.html)  # noqa: S704  escapes its texts itself

    def _row(self, place: Organisation, condition: Pathway, measure: str) -> Mapping[str, Any] | None:
        own = self.of(place)
        figure = own.figure(condition.code, measure) if own else None
        return None if figure is None else vars(figure)

    def _source(self, place: Organisation, row: Mapping[str, Any]) -> Source:
        year = self._release.period
        return Source("service_measure", "value", place.code, row["measure"], year.kind, year.start, row["pathway"])


def _figure(measure: Measure, row: Mapping[str, Any]) -> Figure:
    low, high = cells.ends(measure, row)
    return Figure(
        row["provider"], row["pathway"], row["measure"], row["numerator"], row["denominator"],
        cells.number(row["value"]), row["state"], row["months_submitted"], low, high, None, None, None, None,
        row["national_numerator"], row["national_denominator"], cells.number(row["national_value"]),
        row["national_state"],
    )  # fmt: skip
