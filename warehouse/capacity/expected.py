"""Sessions to expect in a course: by pathway, problem and step, from a service's own courses, England's, or NICE's.

Belongs here: one table of lengths of courses, what a service may expect of a course, what is still to come of those
under way. Does not belong here: the curve itself (``lengths``), monthly counts (``assumptions``).

The courses of few people say little, so the mean of a service is drawn to England's (``lengths.drawn_to``). Where a
problem has fewer than ten courses that ended in all of England, it is that of all problems of the pathway, and
where these are fewer too, what NICE recommends. Where NICE names no number it is England's few.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from math import sqrt

from warehouse.capacity.assumptions import Assumption
from warehouse.capacity.lengths import Curve, Length, Mean, curve, drawn_to, spread_between
from warehouse.capacity.reference import nice_sessions

# Courses that ended: fewer say too little of a mean, and of its error.
FEWEST = 10
# NICE's range, as the reach of two standard errors to each side.
_ERRORS_IN_A_RANGE = 4
ENGLAND, NICE, OWN, DRAWN = "England", "NICE", "observed", "observed, drawn to England"
FEW, UNKNOWN = "England, fewer than 10 courses", "not known"


@dataclass(frozen=True)
class Courses:
    """Courses of one kind at a service: sessions so far, how they ended, where the person went; ``begun`` lately.

    A course that began in a service's first month may have begun before: it has more sessions than are known, and
    is not ``is_whole``.
    """

    provider: str
    pathway: str
    problem: str
    step: str
    is_first: bool
    sessions: int
    ended_by: str
    next_step: str
    courses: int
    begun: int
    is_whole: bool = True

    @property
    def is_under_way(self) -> bool:
        """Whether they still run."""
        return self.ended_by == "goes on"

    @property
    def length(self) -> Length:
        """As a point of a curve."""
        return self.sessions, not self.is_under_way, self.courses


@dataclass(frozen=True)
class Kind:
    """What a service may expect of a course of a pathway, problem and step; ``expected`` is ``None`` if not known.

    ``begun`` courses in the last 12 months, ``ended`` of all; ``weight`` is that of the service's own mean.
    """

    provider: str
    step: str
    pathway: str
    problem: str
    begun: int
    ended: int
    own: float | None
    england: float | None
    expected: float | None
    error: float
    weight: float
    source: str


class Lengths:
    """All courses of England, looked at by kind and service."""

    def __init__(self, courses: Iterable[Courses], day: date) -> None:
        """``day`` decides which guideline was valid."""
        self._all = sorted(
            courses, key=lambda c: (c.provider, c.step, c.pathway, c.problem, c.sessions, c.ended_by)
        )
        self._own = {who: list(own) for who, own in groupby(self._all, key=lambda c: c.provider)}
        self._day = day
        self._curves: dict[tuple[str, ...], Curve] = {}
        self._between: dict[tuple[str, ...], float] = {}

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], list[Courses]]:
        """Courses by (provider or '', step, pathway or '', problem or '')."""
        found: dict[tuple[str, ...], list[Courses]] = {}
        for each in self._all:
            for who in (each.provider, ""):
                for what in ((each.pathway, each.problem), (each.pathway, ""), ("", "")):
                    found.setdefault((who, each.step, *what), []).append(each)
        return found

    @cached_property
    def _moves(self) -> dict[str, Counter[str]]:
        """Courses of England that ended, by their step and the step that followed."""
        found: dict[str, Counter[str]] = {}
        for each in self._all:
            if not each.is_under_way:
                found.setdefault(each.step, Counter())[each.next_step] += each.courses
        return found

    def steps(self, provider: str) -> list[str]:
        """The steps in which a service began a course in the last 12 months, or has one under way."""
        return sorted({each.step for each in self._own.get(provider, ()) if each.begun or each.is_under_way})

    def kinds(self, provider: str, step: str) -> list[Kind]:
        """What a service may expect, by pathway and problem of the courses it began in the last 12 months.

        Of those under way where it began none.
        """
        own = self._by_key.get((provider, step, "", ""), [])
        names = sorted({(each.pathway, each.problem) for each in own if each.begun or each.is_under_way})
        found = [self._kind(provider, step, pathway, problem) for pathway, problem in names]
        return [each for each in found if each.begun] or found

    def _kind(self, provider: str, step: str, pathway: str, problem: str) -> Kind:
        begun = sum(each.begun for each in self._by_key[provider, step, pathway, problem])
        own = self._mean(provider, step, pathway, problem)
        england, source = self._england(step, pathway, problem)
        shown = own.value if own.ended else None
        if england is None:
            return Kind(provider, step, pathway, problem, begun, own.ended, shown, None, None, 0.0, 0.0, UNKNOWN)
        between = self._spread(step, pathway, problem)
        expected, weight = (england, 0.0) if own.ended < FEWEST else drawn_to(own, england, between)
        said = source if weight == 0 else OWN if weight >= 0.95 else DRAWN
        return Kind(
            provider, step, pathway, problem, begun, own.ended, shown,
            england.value if source == ENGLAND else None, expected.value, expected.error, weight, said,
        )  # fmt: skip

    def _england(self, step: str, pathway: str, problem: str) -> tuple[Mean | None, str]:
        for of in (problem, ""):
            mean = self._mean("", step, pathway, of)
            if mean.ended >= FEWEST:
                return mean, ENGLAND
        nice = nice_sessions(pathway, step, self._day)
        if nice is not None:
            sessions, lowest, highest, _ = nice
            return Mean(sessions, (highest - lowest) / _ERRORS_IN_A_RANGE, 0), NICE
        few = self._mean("", step, pathway, "")
        # Of so few the error is not known either: half the mean is more than any of ten courses or more.
        return (Mean(few.value, few.value / 2, few.ended), FEW) if few.ended else (None, UNKNOWN)

    def _spread(self, step: str, pathway: str, problem: str) -> float:
        key = (step, pathway, problem)
        if key not in self._between:
            providers = sorted({each.provider for each in self._by_key["", step, pathway, problem]})
            means = [self._mean(provider, step, pathway, problem) for provider in providers]
            self._between[key] = spread_between([mean for mean in means if mean.ended >= FEWEST])
        return self._between[key]

    def _curve(self, *key: str) -> Curve:
        if key not in self._curves:
            self._curves[key] = curve(each.length for each in self._by_key.get(key, ()) if each.is_whole)
        return self._curves[key]

    def _mean(self, *key: str) -> Mean:
        of = self._curve(*key)
        return Mean(*of.left(0), of.ended)

    def assumptions(self, provider: str, step: str) -> list[Assumption]:
        """Sessions of a course, courses for each start, and what is still to come of courses under way."""
        own = self._by_key.get((provider, step, "", ""), [])
        running = [each for each in own if each.is_under_way]
        under_way = sum(each.courses for each in running)
        return [
            self._expected(provider, step),
            self._for_each_start(provider, step, own),
            Assumption(step, "courses_under_way", float(under_way), OWN, under_way),
            self._left(provider, step, running, under_way),
            self._to_come(provider, step),
        ]

    def _expected(self, provider: str, step: str) -> Assumption:
        kinds = self.kinds(provider, step)
        known = [each for each in kinds if each.expected is not None]
        # Where none began, every kind under way counts alike.
        weights = [each.begun or 1 for each in known]
        if not weights:
            return Assumption(step, "sessions_per_course", None, UNKNOWN)
        value = sum(w * (each.expected or 0.0) for w, each in zip(weights, known, strict=True)) / sum(weights)
        error = sqrt(sum((w * each.error) ** 2 for w, each in zip(weights, known, strict=True))) / sum(weights)
        sources = sorted({each.source for each in known})
        said = sources[0] if len(sources) == 1 else " and ".join(sources)
        return Assumption(
            step, "sessions_per_course", value, said, sum(each.ended for each in kinds), "mean", error
        )

    def _for_each_start(self, provider: str, step: str, own: Sequence[Courses]) -> Assumption:
        programmes = {each.pathway for each in own}
        everything = self._own.get(provider, ())
        starts = sum(each.begun for each in everything if each.is_first and each.pathway in programmes)
        begun = sum(each.begun for each in own)
        if not starts:
            return Assumption(step, "courses_per_start", None, UNKNOWN)
        value = begun / starts
        error = sqrt(max(value * (1 - value), 0.0) / starts)
        return Assumption(step, "courses_per_start", value, OWN, starts, "mean", error)

    def _left(self, provider: str, step: str, running: Sequence[Courses], under_way: int) -> Assumption:
        if not under_way:
            return Assumption(step, "sessions_left", 0.0, OWN)
        whose, source = self._curve_of_step(provider, step)
        if whose is None:
            return Assumption(step, "sessions_left", None, UNKNOWN)
        left = [(each.courses, *whose.left(each.sessions)) for each in running]
        value = sum(n * mean for n, mean, _ in left) / under_way
        # Means of one curve err together.
        error = sum(n * error for n, _, error in left) / under_way
        return Assumption(step, "sessions_left", value, source, whose.ended, "mean", error)

    def _curve_of_step(self, provider: str, step: str) -> tuple[Curve | None, str]:
        """The curve that says what is left of a course: the service's own, or England's where that is of few."""
        own = self._curve(provider, step, "", "")
        whose, source = (own, OWN) if own.ended >= FEWEST else (self._curve("", step, "", ""), ENGLAND)
        return (whose, source) if whose.ended >= FEWEST else (None, UNKNOWN)

    def left_on_average(self, provider: str, step: str, under_way: Mapping[int, int]) -> float | None:
        """Sessions still to come in a course under way, from numbers of courses by sessions so far.

        0 where none is under way, None where it is not known.
        """
        courses = sum(under_way.values())
        if not courses:
            return 0.0
        whose, _ = self._curve_of_step(provider, step)
        if whose is None:
            return None
        return sum(n * whose.left(had)[0] for had, n in sorted(under_way.items())) / courses

    def moving_to(self, step: str, under_way: Mapping[str, int]) -> float:
        """How many of the courses under way in other steps will be followed by one in ``step``."""
        coming = 0.0
        for other, running in sorted(under_way.items()):
            if other != step and running:
                moves = self._moves.get(other, Counter())
                coming += running * moves[step] / max(moves.total(), 1)
        return coming

    def _to_come(self, provider: str, step: str) -> Assumption:
        under_way = {
            other: sum(each.courses for each in self._by_key[provider, other, "", ""] if each.is_under_way)
            for other in self.steps(provider)
        }
        return Assumption(
            step, "courses_to_come", self.moving_to(step, under_way), f"observed, moves as in {ENGLAND}"
        )
