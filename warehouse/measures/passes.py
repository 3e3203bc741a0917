"""Passes: the measures that are counted over the same rows, and the columns in which their counts stand.

Belongs here: which measures and breakdowns a pass has, the names of its tables and columns, which rows a measure is
about. Does not belong here: counting (``counting``) and adding up (``rollup``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby

from warehouse.measures.catalogue import RATES, Breakdown, Measure, breakdowns

# Counts of a table with groups, unless one set of measures has more: each table takes some 20 ms to plan.
_COLUMNS = 40


@dataclass(frozen=True)
class GroupTable:
    """A table of counts by group: ``alike`` are breakdowns of the same measures, with these measures."""

    name: str
    alike: tuple[tuple[list[Breakdown], list[Measure]], ...]
    measures: tuple[Measure, ...]

    @cached_property
    def breakdowns(self) -> list[Breakdown]:
        """All breakdowns of the table."""
        return [breakdown for asked, _ in self.alike for breakdown in asked]


@dataclass(frozen=True)
class Pass:
    """Measures counted over the same rows and placed by the same date."""

    grain: str
    date_column: str
    measures: tuple[Measure, ...]

    @property
    def name(self) -> str:
        """The stem of the pass's tables: ``pathway_discharged``."""
        return f"{self.grain}_{self.date_column.removesuffix('_on')}"

    @cached_property
    def additive(self) -> list[Measure]:
        """The measures whose counts add up."""
        return [measure for measure in self.measures if measure.is_additive]

    @property
    def is_stock(self) -> bool:
        """Whether the rows are there once for every month end; the catalogue refuses a grain that is both."""
        return self.measures[0].is_stock

    @cached_property
    def grouped(self) -> list[Measure]:
        """The measures that have a breakdown."""
        return [measure for measure in self.additive if measure.breakdowns]

    @cached_property
    def breakdowns(self) -> list[Breakdown]:
        """The breakdowns that some measure of the pass asks for."""
        asked = {each for measure in self.grouped for each in measure.breakdowns}
        return [each for each in breakdowns() if each.id in asked]

    @cached_property
    def own(self) -> list[Breakdown]:
        """The breakdowns of the rows themselves."""
        return [each for each in self.breakdowns if each.grain != "pathway"]

    @cached_property
    def inherited(self) -> list[Breakdown]:
        """The breakdowns of the referrals that the rows belong to."""
        return [each for each in self.breakdowns if each.grain == "pathway"]

    @cached_property
    def tables(self) -> list[str]:
        """The names of the tables with its counts."""
        return [self.name, *(table.name for table in self.group_tables)]

    @cached_property
    def denominators(self) -> dict[str, str]:
        """Measure → the column that counts its denominator. Shares with the same one have the first's.

        101 denominators of referrals that ended are 40 different ones.
        """
        first: dict[str, str] = {}
        return {
            measure.id: first.setdefault(condition(measure), f"{measure.id}_d")
            if measure.kind == "share"
            else f"{measure.id}_d"
            for measure in self.additive
            if measure.kind != "count"
        }

    def columns(self, measures: Sequence[Measure]) -> list[str]:
        """Names of the count columns of these measures: ``<id>_n`` of each, and every denominator once."""
        of = dict.fromkeys(self.denominators[m.id] for m in measures if m.id in self.denominators)
        return [*(f"{measure.id}_n" for measure in measures), *of]

    def alike(self) -> list[tuple[list[Breakdown], list[Measure]]]:
        """Breakdowns of the same measures, together with these measures; those of rows and of referrals
        separately.
        """
        found: dict[tuple[str, ...], list[Breakdown]] = {}
        for each in self.breakdowns:
            ids = tuple(m.id for m in self.grouped if each.id in m.breakdowns)
            found.setdefault((each.grain, *ids), []).append(each)
        return [(asked, [m for m in self.grouped if m.id in ids]) for ids, asked in found.items()]

    @cached_property
    def group_tables(self) -> list[GroupTable]:
        """The tables with the counts of groups: ``<pass>_group``, and ``<pass>_2_group`` and so on for the rest.

        A breakdown has few of a pass's measures: of referrals that ended, seven of eight counts in one table would
        be NULL, and writing and adding up a NULL costs what a number does. Tables cost too, so breakdowns stand
        together as long as a table has no more than ``_COLUMNS`` counts.
        """
        found: list[list[tuple[list[Breakdown], list[Measure]]]] = []
        for one in sorted(self.alike(), key=lambda pair: len(pair[1])):
            if not found or len(self.columns(self._of([*found[-1], one]))) > _COLUMNS:
                found.append([])
            found[-1].append(one)
        return [
            GroupTable(f"{self.name}_group" if n == 1 else f"{self.name}_{n}_group", tuple(alike), self._of(alike))
            for n, alike in enumerate(found, start=1)
        ]

    def _of(self, alike: Sequence[tuple[list[Breakdown], list[Measure]]]) -> tuple[Measure, ...]:
        ids = {measure.id for _, measures in alike for measure in measures}
        return tuple(measure for measure in self.grouped if measure.id in ids)


def passes(catalogue: Sequence[Measure]) -> list[Pass]:
    """The catalogue divided into passes, ordered by grain and date column."""
    return list(_passes(tuple(catalogue)))


@cache
def _passes(catalogue: tuple[Measure, ...]) -> tuple[Pass, ...]:
    """Kept, with what they have worked out: a build asks a dozen times."""
    ordered = sorted(catalogue, key=lambda measure: (measure.grain, measure.date_column))
    return tuple(
        Pass(grain, date_column, tuple(group))
        for (grain, date_column), group in groupby(ordered, key=lambda m: (m.grain, m.date_column))
    )


def condition(measure: Measure) -> str:
    """SQL over a row of the grain: whether it is one of those that the measure is about; empty where all are."""
    conditions = [f"({measure.denominator})"] if measure.denominator else []
    if measure.kind in RATES:
        conditions = [f"({measure.denominator}) IS NOT NULL", f"({measure.numerator}) IS NOT NULL"]
    if measure.pathways:
        conditions.insert(0, f"r.pathway IN ({', '.join(repr(code) for code in measure.pathways)})")
    return " AND ".join(conditions)
