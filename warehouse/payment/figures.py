"""The figures behind the lines of a tariff, from the marts alone.

Belongs here: numerators and denominators by service and period of the contract, and how much of the period was
submitted. Does not belong here: counting (``warehouse.measures``), what is paid for them (``amounts``).

A period is the sum of its months as far as the data reach, so a year that has begun is there to date. The counts
are those of ``mart.service_measure`` and ``mart.breakdown_measure``, of the pathway that the tariff is for. Merged
providers count in their successor there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import duckdb

from schemas.periods import FINANCIAL_YEAR, MONTH, PERIODS, QUARTER
from schemas.sql import quoted
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.payment.amounts import NOT_APPLICABLE, NOT_SUBMITTED, VALUE, Figure
from warehouse.payment.tariff import Counted, Priced, Tariff, Weighed

# First day of the contract's period, of the first day of a month.
_BEGINS = {
    MONTH: "period_start",
    QUARTER: "CAST(date_trunc('quarter', period_start) AS DATE)",
    FINANCIAL_YEAR: "CAST(date_trunc('year', period_start - INTERVAL 3 MONTH) + INTERVAL 3 MONTH AS DATE)",
}

Key = tuple[str, date]
# Numerator and denominator of a group, and of a measure with whether it applies; None where nothing was submitted.
_Pair = tuple[int | None, int | None]
_Whole = tuple[int | None, int | None, str]
_NOBODY_ANYWHERE: _Whole = (None, None, NOT_APPLICABLE)


@dataclass(frozen=True)
class Reported:
    """What a service reported of one period of the contract.

    ``months`` are those of the whole period, ``months_so_far`` those that the data reach, ``months_submitted``
    those with a submission, ``months_complete`` those in which no submission is missing, of a predecessor either.
    """

    figures: Mapping[str, Figure]
    months: int
    months_so_far: int
    months_submitted: int
    months_complete: int

    @property
    def is_complete(self) -> bool:
        """Whether the period is over and nothing of it is missing."""
        return self.months_complete == self.months


class Figures:
    """The figures of services for the lines of tariffs.

    ``con`` has schema ``mart`` of a draft or a release. What tariffs of one pathway and period ask for is
    read once, since a file may have hundreds of tariffs.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tariffs: Iterable[Tariff]) -> None:
        """Of these tariffs; ``of`` and ``pays`` take no other."""
        counted: dict[tuple[str, str], set[Counted]] = {}
        for tariff in tariffs:
            counted.setdefault((tariff.pathway, tariff.period), set()).update(each.counted for each in tariff.lines)
        self._counts = {key: _Counts(con, *key, counted[key]) for key in counted}

    def pays(self, tariff: Tariff, provider: str) -> bool:
        """Whether the tariff is for the service. Of one that has other pathways only it is not."""
        return tariff.is_for(provider) and provider not in self._of(tariff).of_other_pathways

    def of(self, tariff: Tariff, only: Key | None = None) -> dict[Key, Reported]:
        """The figures of every service that it pays, by provider and first day of the period, in their order.

        A service with nobody at all stays, with 0. Periods are those in which this version holds. ``only`` asks for
        those of one service and period.
        """
        submitted = self._of(tariff).submitted
        keys = submitted if only is None else [key for key in (only,) if key in submitted]
        return {
            key: self._reported(tariff, key)
            for key in keys
            if tariff.holds_in(key[1]) and self.pays(tariff, key[0])
        }

    def _reported(self, tariff: Tariff, key: Key) -> Reported:
        counts = self._of(tariff)
        so_far, submitted, complete = counts.submitted[key]
        if submitted:
            figures = {each.line: _figure(each, counts, key) for each in tariff.lines}
        else:
            figures = {each.line: Figure(None, None, NOT_SUBMITTED) for each in tariff.lines}
        return Reported(figures, PERIODS[tariff.period][0], so_far, submitted, complete)

    def _of(self, tariff: Tariff) -> "_Counts":
        return self._counts[tariff.pathway, tariff.period]


class _Counts:
    """What the marts have of one pathway and period of the contract, each read when it is first asked for."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, pathway: str, period: str, counted: Iterable[Counted]
    ) -> None:
        self._con, self._pathway, self._begins = con, pathway, _BEGINS[period]
        self._measures = sorted({each.measure for each in counted})
        self._parted = {(each.measure, each.breakdown) for each in counted if each.breakdown}

    @cached_property
    def whole(self) -> dict[tuple[str, date, str], _Whole]:
        """Sums of the submitted months, and whether the measure applies, by provider, period and measure."""
        rows = self._con.execute(
            f"SELECT organisation, {self._begins} AS begins, measure, CAST(sum(numerator) AS BIGINT), "
            "CAST(sum(denominator) AS BIGINT), "
            f"CASE WHEN bool_and(state = '{NOT_APPLICABLE}') THEN '{NOT_APPLICABLE}' ELSE '{VALUE}' END "
            f"FROM mart.service_measure WHERE source = 'submitted' AND {self._of_providers} "
            "AND measure IN (SELECT unnest(?)) GROUP BY organisation, begins, measure",
            [self._measures],
        ).fetchall()
        return {(provider, begins, measure): tuple(rest) for provider, begins, measure, *rest in rows}

    @cached_property
    def nobody(self) -> dict[str, _Whole]:
        """0 for each measure that somebody has: a service with nobody of the pathway has no row of it."""
        return {measure: (0, 0, VALUE) for (_, _, measure), (*_, state) in self.whole.items() if state == VALUE}

    @cached_property
    def by_group(self) -> dict[tuple[str, date, str, str], dict[str, _Pair]]:
        """Sums of the months by group, by provider, period, measure and breakdown."""
        found: dict[tuple[str, date, str, str], dict[str, _Pair]] = {}
        if not self._parted:
            return found
        # One question, with the names in its text: planning the view takes a second, and a bound name
        # prunes nothing.
        names = zip(*self._parted, strict=True)
        measures, breakdowns = (", ".join(map(quoted, sorted(set(each)))) for each in names)
        for provider, begins, measure, breakdown, group, *pair in self._con.execute(
            f"SELECT organisation, {self._begins} AS begins, measure, breakdown, breakdown_group, "
            "CAST(sum(numerator) AS BIGINT), CAST(sum(denominator) AS BIGINT) FROM mart.breakdown_measure "
            f"WHERE {self._of_providers} AND measure IN ({measures}) AND breakdown IN ({breakdowns}) "
            "GROUP BY organisation, begins, measure, breakdown, breakdown_group"
        ).fetchall():
            if (measure, breakdown) in self._parted:
                found.setdefault((provider, begins, measure, breakdown), {})[group] = (pair[0], pair[1])
        return found

    @cached_property
    def of_other_pathways(self) -> set[str]:
        """The services that have somebody of other pathways, and never anybody of this one."""
        if self._pathway == ALL_PATHWAYS:
            return set()
        found = self._con.execute(
            "SELECT organisation FROM mart.service_measure WHERE source = 'submitted' AND level = 'provider' "
            "AND period_type = 'month' AND pathway <> ? GROUP BY organisation "
            "HAVING NOT bool_or(pathway = ?)", [ALL_PATHWAYS, self._pathway],
        ).fetchall()  # fmt: skip
        return {provider for (provider,) in found}

    @cached_property
    def submitted(self) -> dict[Key, tuple[int, int, int]]:
        """By provider and period: months so far, submitted, and complete."""
        rows = self._con.execute(
            f"SELECT organisation, {self._begins} AS begins, count(*), count_if(months_submitted > 0), "
            "count_if(is_complete) FROM mart.submission_coverage "
            "WHERE level = 'provider' AND period_type = 'month' AND over_time = 'flow' "
            "GROUP BY organisation, begins ORDER BY organisation, begins"
        ).fetchall()
        return {(provider, begins): tuple(months) for provider, begins, *months in rows}

    @property
    def _of_providers(self) -> str:
        return f"level = 'provider' AND period_type = 'month' AND pathway = {quoted(self._pathway)}"


def _figure(line: Priced | Weighed, counts: _Counts, key: Key) -> Figure:
    counted = line.counted
    numerator, denominator, state = counts.whole.get(
        (*key, counted.measure), counts.nobody.get(counted.measure, _NOBODY_ANYWHERE)
    )
    if state == NOT_APPLICABLE:
        return Figure(None, None, NOT_APPLICABLE)
    if counted.breakdown:
        groups = counts.by_group.get((*key, counted.measure, counted.breakdown), {})
        numerator = _sum(groups[name][0] for name in counted.groups if name in groups)
        if denominator is not None:
            denominator = _sum(groups[name][1] for name in counted.groups if name in groups)
        else:
            denominator = _sum(groups[name][0] for name in counted.of_groups or groups if name in groups)
    return Figure(numerator, None if isinstance(line, Priced) else denominator)


def _sum(counts: Iterable[int | None]) -> int:
    return sum(count or 0 for count in counts)
