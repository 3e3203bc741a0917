"""The figures of services for their pages: read once for all services, handed out service by service.

Belongs here: what a service page reads, in SQL, for either edition. Does not belong here: what figures mean
(``signals``), how they are said (``sentences``, ``numbers``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from reports.pages.beside import Beside
from reports.pages.release import PUBLIC, Release, values_in

# What is not of one pathway: the release counts groups of people over all pathways of a service.
ALL = "all"

_PUBLIC_FIGURES = """
SELECT s.organisation AS provider, s.pathway, s.measure, s.numerator, s.denominator, s.value, s.state,
    s.months_submitted, c.lower_95, c.upper_95, c.funnel_position_adjusted AS position, c.services,
    c.why_no_position AS why_not, NULL AS p_against_rest,
    n.numerator AS national_numerator, n.denominator AS national_denominator, n.value AS national_value,
    n.state AS national_state
FROM public.service_measure AS s
LEFT JOIN public.service_comparison AS c
    ON c.source = s.source AND c.provider = s.organisation AND c.period_type = s.period_type
    AND c.period_start = s.period_start AND c.pathway = s.pathway AND c.measure = s.measure
LEFT JOIN public.national AS n
    ON n.source = s.source AND n.period_type = s.period_type AND n.period_start = s.period_start
    AND n.pathway = s.pathway AND n.measure = s.measure
WHERE s.source = 'submitted' AND s.level = 'provider' AND s.period_type = ? AND s.period_start = ?
    AND s.measure IN ({measures})
ORDER BY s.organisation, s.pathway, s.measure
"""
_INSIDE_FIGURES = """
SELECT s.provider, s.pathway, s.measure, s.numerator, s.denominator, s.value, s.state, s.months_submitted,
    s.lower_95, s.upper_95, s.funnel_position_adjusted AS position, s.services, s.why_not, s.p_against_rest,
    n.numerator AS national_numerator, n.denominator AS national_denominator, n.value AS national_value,
    n.state AS national_state
FROM mart.service_comparison AS s
LEFT JOIN public.national AS n
    ON n.source = s.source AND n.period_type = s.period_type AND n.period_start = s.period_start
    AND n.pathway = s.pathway AND n.measure = s.measure
WHERE s.source = 'submitted' AND s.period_type = ? AND s.period_start = ? AND s.measure IN ({measures})
ORDER BY s.provider, s.pathway, s.measure
"""
_HISTORY = """
SELECT provider, pathway, measure, period_start, segment, rebased_because, points, value, why_not_charted, mean,
    limits, lower_limit, upper_limit, point_type, signal, variation
FROM {schema}.control_chart
WHERE source = 'submitted' AND period_type = 'month' AND provider <> 'ENG' AND pathway <> 'all'
    AND measure IN ({measures}) AND period_start BETWEEN ? AND ?
ORDER BY provider, pathway, measure, period_start
"""
_GROUPS = """
SELECT organisation AS provider, measure, breakdown, breakdown_group, numerator, denominator,
    {value} AS value, state
FROM {schema}.breakdown_measure
WHERE source = 'submitted' AND level = 'provider' AND pathway = 'all' AND period_type = ? AND period_start = ?
    AND measure IN ({measures}) AND breakdown IN ({breakdowns})
ORDER BY organisation, measure, breakdown, breakdown_group
"""
# Of the same people at both ends: closed in the year after two attended contacts or more, with two scores.
_SCORES = """
SELECT o.provider, o.pathway, o.instrument, o.kind, CAST(o.score AS DOUBLE) AS score, count(*) AS people
FROM (
    SELECT provider, service_request_id, pathway, instrument, unnest(['first', 'last']) AS kind,
        unnest([first_score, last_score]) AS score
    FROM core.outcome
    WHERE is_paired
) AS o
INNER JOIN core.pathway AS p ON p.provider = o.provider AND p.service_request_id = o.service_request_id
INNER JOIN core.submission AS s
    ON s.provider = p.provider AND s.month = CAST(date_trunc('month', p.discharged_on) AS DATE)
WHERE p.is_discharged AND p.attended_contacts >= 2 AND s.month BETWEEN ? AND ?
GROUP BY ALL
ORDER BY ALL
"""
# mart.breakdown_measure has counts alone.
_VALUE = "CASE WHEN denominator > 0 THEN numerator / denominator WHEN denominator IS NULL THEN numerator END"


@dataclass(frozen=True)
class Figure:
    """A figure of a service for one condition, with the national one and where it stands.

    ``position`` is below or above 99.8 or 95, or within; else ``why_not`` says why there is none.
    ``p_against_rest`` (inside alone) compares with all other services together where there are fewer than 10.
    """

    provider: str
    pathway: str
    measure: str
    numerator: int | None
    denominator: int | None
    value: float | None
    state: str
    months_submitted: int | None
    lower_95: float | None
    upper_95: float | None
    position: str | None
    services: int | None
    why_not: str | None
    p_against_rest: float | None
    national_numerator: int | None
    national_denominator: int | None
    national_value: float | None
    national_state: str | None


@dataclass(frozen=True)
class Point:
    """A month of a control chart: a row of ``control_chart``."""

    period_start: date
    segment: int | None
    rebased_because: str | None
    points: int | None
    value: float | None
    why_not_charted: str | None
    mean: float | None
    limits: str
    lower_limit: float | None
    upper_limit: float | None
    point_type: str
    signal: int | None
    variation: str


@dataclass(frozen=True)
class Group:
    """A figure of a group of a service's people, all conditions together."""

    measure: str
    breakdown: str
    group: str
    numerator: int | None
    denominator: int | None
    value: float | None
    state: str


@dataclass(frozen=True)
class Score:
    """How many of a service's people had a score on an instrument: ``kind`` is first or last."""

    pathway: str
    instrument: str
    kind: str
    score: float
    people: int


@dataclass
class Service:
    """All that a page says of one service."""

    provider: str
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    history: dict[tuple[str, str], list[Point]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    def figure(self, pathway: str, measure: str) -> Figure | None:
        """The figure of a measure for a condition; None where the release has no row."""
        return self.figures.get((pathway, measure))

    @property
    def pathways(self) -> list[str]:
        """The conditions it treats, the one with most referrals first."""
        found = {pathway for pathway, _ in self.figures if pathway != ALL}
        return sorted((each for each in found if self.size(each)), key=lambda each: (-self.size(each), each))

    def size(self, pathway: str) -> int:
        """Referrals of a condition, or people who started; 0 where fewer than 5 or none."""
        own = (self.figure(pathway, measure) for measure in ("REFERRALS", "ACCESS"))
        return max((figure.numerator or 0 for figure in own if figure), default=0)


def services(
    release: Release, measures: Sequence[str], charted: Sequence[str], by_group: Mapping[str, Sequence[str]]
) -> Iterator[Service]:
    """Every service of the release's year, by code, with its figures.

    ``measures`` are read for the year, ``charted`` month by month, ``by_group`` maps a measure to breakdowns.
    Scores are for the service alone: the public edition has none.
    """
    year = (release.period.kind, release.period.start)
    is_public = release.edition == PUBLIC
    figures = (_PUBLIC_FIGURES if is_public else _INSIDE_FIGURES).format(measures=values_in(measures))
    schema = "public" if is_public else "mart"
    rows = release.rows(figures, *year)
    history = (
        release.rows(
            _HISTORY.format(schema=schema, measures=values_in(charted)),
            release.charted_months[0],
            release.charted_months[-1],
        )
        if release.has(*history_table(release))
        else iter(())
    )
    breakdowns = sorted({each for of in by_group.values() for each in of})
    value = "value" if is_public else _VALUE
    groups = release.rows(
        _GROUPS.format(
            schema=schema, value=value, measures=values_in(sorted(by_group)), breakdowns=values_in(breakdowns)
        ),
        *year,
    )
    scores = iter(()) if is_public else release.rows(_SCORES, release.months[0], release.months[-1])
    beside = Beside(history, "provider"), Beside(groups, "provider"), Beside(scores, "provider")
    for provider, own in groupby(rows, key=itemgetter("provider")):
        service = Service(provider)
        for row in own:
            service.figures[row["pathway"], row["measure"]] = Figure(**_plain(row))
        for row in beside[0].of(provider):
            key = row.pop("pathway"), row.pop("measure")
            del row["provider"]
            service.history.setdefault(key, []).append(Point(**_plain(row)))
        for row in beside[1].of(provider):
            if row["breakdown"] in by_group[row["measure"]]:
                del row["provider"]
                service.groups.append(Group(group=row.pop("breakdown_group"), **_plain(row)))
        for row in beside[2].of(provider):
            del row["provider"]
            service.scores.append(Score(**row))
        yield service


def history_table(release: Release) -> tuple[str, str]:
    """Where the figures of an edition are month by month; releases of versions before 0.7 lack the public one."""
    return ("public" if release.edition == PUBLIC else "mart", "control_chart")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Decimals as floats."""
    return {name: float(value) if hasattr(value, "as_tuple") else value for name, value in row.items()}
