"""How often a stable service is asked by chance, and how many planted faults are found, by size of service.

Belongs here: running the years and counting. Does not belong here: the process and the faults
(``tests.fixtures.service_years``), limits and questions (``transforms.plausible``).

``python -m tests.plausible_years YEARS`` prints both tables of docs/figures.md; ``YEARS`` for each size. ``make test``
runs a sample.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from multiprocessing import Pool
from statistics import fmean, pstdev

from tests.fixtures.service_years import FAULTS, HISTORY, refreshed, service_year
from transforms.plausible.questions import questions

SIZES = (10, 20, 60, 200, 600)
"""Referrals a month."""
# A fault is planted in one of so many years: thirteen more files are compared there.
_PLANTED_IN = 10


@dataclass
class Years:
    """Years of services of one size: questions of each, and per fault in how many years it was found."""

    asked: list[int] = field(default_factory=list)
    planted: int = 0
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FAULTS, 0))

    @property
    def a_year(self) -> float:
        """Questions that a stable service gets in a year, by chance."""
        return fmean(self.asked)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of ``a_year``; if there was no question at all, from 0 to 3 in all years (Hanley)."""
        if not any(self.asked):
            return 0.0, 3 / len(self.asked)
        half = 1.96 * pstdev(self.asked) / sqrt(len(self.asked))
        return max(0.0, self.a_year - half), self.a_year + half


def asked_in(seed: int, size: float) -> int:
    """The questions about the twelve files of a stable year. Each month is sent twice, and the second file asked
    about: it is compared with the months before and with the first.
    """
    months = list(service_year(seed, size))
    return sum(
        len(questions(refreshed(months[at], 100 * seed + at), months[:at], months[at]))
        for at in range(HISTORY, len(months))
    )


def found_in(seed: int, size: float) -> set[str]:
    """The planted faults that raise a question which the month without them does not raise."""
    months = list(service_year(seed, size, 1 + seed % 12))
    *before, now = months
    known = {each.id for each in questions(now, before)}
    return {
        name for name, fault in FAULTS.items() if {q.id for q in questions(fault(now, before[-1]), before)} - known
    }


def _one(what: tuple[int, float, bool]) -> tuple[int, set[str] | None]:
    seed, size, is_planted = what
    return asked_in(seed, size), found_in(seed, size) if is_planted else None


def years(seeds: Iterable[int], size: float, processes: int = 1, planted_in: int = _PLANTED_IN) -> Years:
    """Years of services of one size, one for each seed; faults are planted in every ``planted_in``-th."""
    tasks = [(seed, size, seed % planted_in == 0) for seed in seeds]
    if processes == 1:
        done = list(map(_one, tasks))
    else:
        with Pool(processes) as pool:
            done = pool.map(_one, tasks, chunksize=10)
    result = Years([asked for asked, _ in done])
    for _, found in done:
        if found is not None:
            result.planted += 1
            for name in found:
                result.found[name] += 1
    return result


def main(arguments: Sequence[str]) -> None:
    """Print both tables, as Markdown."""
    each = int(arguments[0]) if arguments else 200
    done = {}
    for size in SIZES:
        done[size] = years(range(each), size, processes=2)
        low, high = done[size].interval
        print(f"| {size} | {each:,} | {done[size].a_year:.3f} | {low:.3f} to {high:.3f} |", flush=True)  # noqa: T201  it prints a table
    for name in FAULTS:
        shares = " | ".join(f"{100 * of.found[name] / of.planted:.0f} %" for of in done.values())
        print(f"| {name} | {shares} |")  # noqa: T201  as above


if __name__ == "__main__":
    main(sys.argv[1:])
