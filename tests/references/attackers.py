"""Attackers of published figures: what somebody can work out who reads everything that was ever published.

Belongs here: made-up people over months and releases, all figures published of them, how they add up, and the
attackers. Does not belong here: the rule (``tests.references.disclosure``) and what is asked of it
(``tests/warehouse/test_disclosure_attack.py``).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Any

import numpy as np

Key = tuple[Any, ...]
# Periods that add up to a longer one.
_LONGER = {("month", "quarter"), ("quarter", "year"), ("month", "rolling")}
PROVIDERS = {"RXA": "QA", "RXB": "QA", "RXC": "QB", "RXD": "QB"}
# Finished courses, and within each the next: paired, improved, recovered.
MEASURES = ("finished", "paired", "improved", "recovered")


@dataclass(frozen=True)
class Person:
    """One referral of one person: where, when, which groups, and how far the course came (0 to 3)."""

    id: str
    provider: str
    month: int
    pathway: str
    groups: tuple[tuple[str, str], ...]
    reached: int


@dataclass
class Published:
    """Every figure of every release: cells of the same people are one cell, since they have the same error.

    ``people`` is what is behind a cell, ``parts`` says which cells add up to which (whole, then its parts).
    ``grown`` are cells that are not published: what a later release has more than an earlier one.
    """

    people: list[frozenset[str]] = field(default_factory=list)
    number: dict[frozenset[str], int] = field(default_factory=dict)
    parts: set[tuple[int, ...]] = field(default_factory=set)
    is_shown: list[bool] = field(default_factory=list)
    others: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    grown: set[int] = field(default_factory=set)

    def cell(self, people: frozenset[str], is_published: bool) -> int:
        """The number of the cell with these people."""
        if people not in self.number:
            self.number[people] = len(self.people)
            self.people.append(people)
            self.is_shown.append(False)
        found = self.number[people]
        self.is_shown[found] |= is_published
        return found

    def exact(self) -> np.ndarray:
        """The true counts."""
        return np.array([len(people) for people in self.people], dtype=float)


def population(draw: Random, months: int, monthly: float) -> list[Person]:
    """About ``monthly`` people a month over all providers, small and large ones, with two breakdowns."""
    found = []
    weights = [1, 2, 4, 8]
    for month in range(months):
        for provider, weight in zip(PROVIDERS, weights, strict=True):
            for _ in range(round(draw.gauss(monthly * weight / 15, 1))):
                found.append(person(draw, provider, month, len(found)))
    return found


def person(draw: Random, provider: str, month: int, number: int) -> Person:
    """One more person there and then."""
    groups = (
        ("age", draw.choice("aabc")),
        ("gender", draw.choice("mf")),
        ("ethnicity", draw.choice("wwwwxy")),
    )
    return Person(f"p{number}", provider, month, draw.choice("112"), groups, draw.choice([0, 1, 2, 2, 3, 3, 3]))


def publish(releases: list[list[Person]]) -> Published:
    """All figures of all releases: places × periods × pathways × nested measures, and groups by year."""
    out = Published()
    before: dict[Key, int] = {}
    for release in releases:
        now = dict(_release(out, release))
        _more(out, before, now)
        before = {**before, **now}
    return out


def _release(out: Published, people: list[Person]) -> Iterator[tuple[Key, int]]:
    """Publish one release: the key and number of each cell."""
    months = 1 + max(each.month for each in people)
    spans = {("month", m): range(m, m + 1) for m in range(months)}
    spans |= {("quarter", q): range(3 * q, 3 * q + 3) for q in range(months // 3)}
    spans |= {("year", y): range(12 * y, 12 * y + 12) for y in range(months // 12)}
    spans |= {("rolling", months - 12): range(months - 12, months)} if months > 12 else {}
    whose: dict[Key, set[str]] = defaultdict(set)
    for each in people:
        places = (("England", "ENG"), ("ICB", PROVIDERS[each.provider]), ("provider", each.provider))
        spanned = [span for span, within in spans.items() if each.month in within]
        for place, span, measure in product(places, spanned, range(each.reached + 1)):
            whose[place, span, "all", None, measure].add(each.id)
            whose[place, span, each.pathway, None, measure].add(each.id)
            if span[0] in ("year", "rolling"):
                for group in each.groups:
                    whose[place, span, "all", group, measure].add(each.id)
    cells = {key: out.cell(frozenset(ids), True) for key, ids in whose.items()}
    yield from cells.items()
    parts: dict[tuple[str, Key], list[int]] = defaultdict(list)
    for key, number in cells.items():
        for whole in _wholes(key, spans):
            parts[whole].append(number)
    out.parts |= {(cells[whole], *sorted(found)) for (_, whole), found in parts.items() if len(found) > 1}
    for (place, span, pathway, group, measure), number in cells.items():
        inner = cells.get((place, span, pathway, group, measure + 1))
        rest = out.people[number] - (out.people[inner] if inner is not None else frozenset())
        if measure < 3 and inner is not None and rest:
            left = out.cell(rest, False)
            out.parts.add((number, *sorted((inner, left))))
            out.others[inner].append(left)


def _wholes(key: Key, spans: dict[tuple[str, int], range]) -> Iterator[tuple[str, Key]]:
    """The figures that a figure is a part of, each with the division it belongs to."""
    place, span, pathway, group, measure = key
    level, code = place
    if level == "provider":
        yield "providers", (("ICB", PROVIDERS[code]), span, pathway, group, measure)
    if level == "ICB":
        yield "ICBs", (("England", "ENG"), span, pathway, group, measure)
    for other, within in spans.items():
        longer = (span[0], other[0]) in _LONGER
        if longer and spans[span][0] in within and spans[span][-1] in within:
            yield span[0], (place, other, pathway, group, measure)
    if pathway != "all":
        yield "pathways", (place, span, "all", group, measure)
    if group is not None:
        yield group[0], (place, span, pathway, None, measure)


def _more(out: Published, before: dict[Key, int], now: dict[Key, int]) -> None:
    """What a cell has more than in the release before: the attacker knows that people are added, not removed."""
    for key, number in now.items():
        old = before.get(key)
        if old is not None and old != number and key[1][0] != "rolling":
            added = out.cell(out.people[number] - out.people[old], False)
            out.grown.add(added)
            out.parts.add((number, *sorted((old, added))))


def narrowed(
    out: Published, least: np.ndarray, most: np.ndarray, rounds: int = 60
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of every cell after going through all sums until nothing changes: a sound attack.

    A whole is at least the least of its parts and at most their most; a part is what the whole leaves beside the
    others. Stops early where the bounds contradict each other: then something was assumed that is false.
    """
    least, most = least.copy(), most.copy()
    sums = [(whole, np.array(parts)) for whole, *parts in out.parts]
    for _ in range(rounds):
        seen = least.sum(), np.where(np.isinf(most), 1e9, most).sum()
        for whole, parts in sums:
            low, high = least[parts].sum(), most[parts].sum()
            least[whole], most[whole] = max(least[whole], low), min(most[whole], high)
            most[parts] = np.minimum(most[parts], most[whole] - (low - least[parts]))
            if np.isfinite(high):
                least[parts] = np.maximum(least[parts], least[whole] - (high - most[parts]))
        if (least > most).any() or (least.sum(), np.where(np.isinf(most), 1e9, most).sum()) == seen:
            break
    return least, most


def recovered(out: Published, least: np.ndarray, most: np.ndarray, within: int) -> tuple[int, int, int]:
    """Of all counts of 1 to 4 that are not shown: how many are known to ``within``, rightly, and of how many."""
    exact = out.exact()
    small = (exact >= 1) & (exact <= 4)
    known = small & (least <= most) & (most - least <= within)
    right = known & (least <= exact) & (exact <= most)
    return int(known.sum()), int(right.sum()), int(small.sum())


def guessed(out: Published, figures: list[float], spread: float) -> np.ndarray:
    """The best linear guess of every cell from all figures together, with the law of the errors known.

    ``figures`` has NaN where nothing is shown. Every person could be anywhere: atoms (people in exactly the same
    cells) have a common prior mean and variance; a suppressed figure is one of about 2, give or take 2.
    """
    atoms: dict[tuple[int, ...], int] = {}
    member: dict[str, list[int]] = defaultdict(list)
    for number, people in enumerate(out.people):
        for who in people:
            member[who].append(number)
    sizes: list[int] = []
    for cells in member.values():
        key = tuple(cells)
        if key not in atoms:
            atoms[key] = len(sizes)
            sizes.append(0)
        sizes[atoms[key]] += 1
    inside = np.zeros((len(out.people), len(sizes)))
    for cells, atom in atoms.items():
        inside[list(cells), atom] = 1
    seen = np.array(out.is_shown)
    shown = np.array(figures)
    observed = np.where(np.isnan(shown), 2.0, shown)[seen]
    noise = np.where(np.isnan(shown), 4.0, spread**2)[seen]
    prior = float(np.mean(sizes))
    seeing = inside[seen]
    gain = np.linalg.solve(seeing @ seeing.T * prior + np.diag(noise), observed - seeing.sum(axis=1) * prior)
    return np.asarray(inside.sum(axis=1) * prior + inside @ (seeing.T @ gain) * prior)


def best_constant(out: Published, seen: Callable[[int], bool]) -> int:
    """How often the most frequent small count is right: the guess that needs no attack."""
    counts = [len(people) for number, people in enumerate(out.people) if seen(number) and 1 <= len(people) <= 4]
    return max((counts.count(value) for value in range(1, 5)), default=0)


def bounds(
    out: Published,
    figures: list[float],
    low: Callable[[float], float],
    high: Callable[[float], float],
    hidden: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds that an attacker takes from each figure by itself; ``hidden`` is the most of a suppressed one."""
    least, most = np.zeros(len(figures)), np.full(len(figures), math.inf)
    for number, figure in enumerate(figures):
        if out.is_shown[number] and not math.isnan(figure):
            least[number], most[number] = low(figure), high(figure)
        elif out.is_shown[number]:
            most[number] = hidden
    return least, most
