"""Long campaigns: ``make test`` runs a sample of each, ``make campaign`` the whole.

Belongs here: how much of a campaign runs. Does not belong here: the tests, each of which says its sample where it
stands, and mutants (``tests/mutants``).

A campaign asks the same question of many cases: drawn examples, seeds, broken submissions. The sample takes every
kind of case once; the whole takes all cases, and ``TIMES`` as many drawn examples and seeds.
"""

import os
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")

TIMES = 20
# Set by the option ``--campaign`` before any test module is imported; xdist's workers inherit it.
VARIABLE = "PARITY_CAMPAIGN"
# Campaign → cases that run here, cases there are.
ran: dict[str, tuple[int, int]] = {}

# No timed tests: a busy machine is no defect.
settings.register_profile("sample", deadline=None, max_examples=100)
settings.register_profile("campaign", deadline=None, max_examples=100 * TIMES)


def is_whole() -> bool:
    """Whether campaigns run whole."""
    return os.environ.get(VARIABLE) == "1"


def examples(few: int) -> int:
    """The number of drawn examples of a test: ``few`` in a sample."""
    return few * TIMES if is_whole() else few


def seeds(few: int) -> range:
    """The seeds of a test that draws for itself: the first ``few`` in a sample."""
    return range(examples(few))


def one_of_each(name: str, cases: Iterable[T], kind: Callable[[T], Hashable]) -> list[T]:
    """The first case of every kind; all cases in a campaign. What runs is printed under ``name``."""
    everything = list(cases)
    first: dict[Hashable, T] = {}
    for case in everything:
        first.setdefault(kind(case), case)
    chosen = everything if is_whole() else list(first.values())
    ran[name] = (len(chosen), len(everything))
    return chosen


def some_of(name: str, cases: Iterable[T], few: int) -> list[T]:
    """The first ``few`` cases, where all are of one kind; all in a campaign. What runs is printed under ``name``."""
    everything = list(cases)
    chosen = everything if is_whole() else everything[:few]
    ran[name] = (len(chosen), len(everything))
    return chosen


def summary(counts: dict[str, tuple[int, int]]) -> str:
    """One line on what was sampled."""
    parts = [f"{name} {some:,} of {every:,}" for name, (some, every) in sorted(counts.items())]
    if is_whole():
        return f"Campaign, whole: {', '.join([*parts, f'{TIMES} × the drawn examples and seeds of a sample'])}."
    return f"Sampled: {', '.join([*parts, f'drawn examples and seeds 1 of {TIMES}'])}. Whole: make campaign."
