"""Attacks on everything that is published together: levels, periods, pathways, groups, nested measures, releases."""

import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from tests.campaign import is_whole
from tests.references import attackers
from tests.references.attackers import Published, bounds, guessed, narrowed, publish, recovered
from tests.references.disclosure import Cell, Protector
from warehouse.disclosure.suppression import SUPPRESSION

# Successive releases, each with a month more, and with one person more in an old month from the third on.
RELEASES = 24 if is_whole() else 4
MONTHS = 12


def releases(seed: int) -> list[list[attackers.Person]]:
    draw = Random(seed)
    everybody = attackers.population(draw, MONTHS + RELEASES, monthly=45)
    late: list[attackers.Person] = []
    found = []
    for number in range(RELEASES):
        if number >= 2:
            old = attackers.person(
                draw, draw.choice(list(attackers.PROVIDERS)), draw.randrange(MONTHS), 10**6 + number
            )
            late.append(replace(old, id=f"late {number}"))
        found.append([each for each in everybody if each.month < MONTHS + number] + late)
    return found


def protected(out: Published, secret: str = "of an attack") -> list[float]:
    """Every figure by the rule; a count that is part of a share is also hidden for those not counted."""
    protector = Protector(secret)
    shown = {}
    for number, people in enumerate(out.people):
        rows = tuple(sorted(people))
        count = protector.count(rows, Cell("count", rows)) if out.is_shown[number] else None
        few = any(len(out.people[left]) < SUPPRESSION.smallest for left in out.others[number])
        shown[number] = math.nan if count is None or few else float(count)
    return [shown[number] for number in range(len(out.people))]


def rounded(out: Published) -> list[float]:
    """The rule of decision 0014 without its search: under 5 hidden, others to the nearest 5."""
    counts = [len(people) if seen else 0 for people, seen in zip(out.people, out.is_shown, strict=True)]
    return [math.nan if count < 5 else float((count + 2) // 5 * 5) for count in counts]


@pytest.fixture(scope="module")
def out() -> Published:
    return publish(releases(1))


def test_arithmetic_alone_learns_no_small_count(out: Published) -> None:
    """The attacker who assumes nothing false: a figure shown has 5 people or more, and no error has a bound.

    So no cell has an upper bound, whatever is added up: the world with three people more in any place is possible.
    """
    figures = protected(out)
    least, most = narrowed(out, *bounds(out, figures, lambda _: 5, lambda _: math.inf, math.inf))
    assert np.isinf(most).all()
    assert (least <= out.exact()).all()
    assert recovered(out, least, most, 1)[0] == 0


def test_the_same_arithmetic_breaks_rounding(out: Published) -> None:
    """The attack has teeth: of figures rounded to 5 it learns small counts, all of them rightly."""
    figures = rounded(out)
    least, most = narrowed(out, *bounds(out, figures, lambda y: max(5, y - 2), lambda y: y + 2, 4))
    for within in (0, 1):
        known, right, small = recovered(out, least, most, within)
        assert known == right > 0 and small > 100


def test_who_believes_in_a_bound_of_the_error_learns_next_to_nothing_and_is_also_wrong(out: Published) -> None:
    """99 of 100 errors are within the bound. Of thousands of figures some are not: then what follows is false."""
    bound = SUPPRESSION.within(0.99)
    figures = protected(out)
    start = bounds(out, figures, lambda y: max(5, y - bound), lambda y: y + bound, 8 + bound)
    assert (np.abs(np.array(figures) - out.exact()) > bound).any()
    known, _, small = recovered(out, *narrowed(out, *start), 1)
    assert known < 0.05 * small


def test_the_best_guess_of_a_small_count_is_not_much_better_than_any(out: Published) -> None:
    figures = protected(out)
    exact = out.exact()
    hidden = np.isnan(np.array(figures)) & np.array(out.is_shown) & (exact >= 1) & (exact <= 4)
    guess = np.clip(np.round(guessed(out, figures, SUPPRESSION.spread)), 1, 4)
    right = int((guess == exact)[hidden].sum())
    anyhow = attackers.best_constant(out, lambda number: bool(hidden[number]))
    assert hidden.sum() > 100
    assert right < 0.6 * hidden.sum()
    assert anyhow > 0.2 * hidden.sum()


def test_one_person_more_in_an_old_month_is_in_no_difference_of_figures(out: Published) -> None:
    """What a later release has more has no upper bound either."""
    grown = sorted(out.grown)
    exact = out.exact()[grown]
    assert ((exact >= 1) & (exact <= 4)).all() and len(grown) == RELEASES - 2
    _, most = narrowed(out, *bounds(out, protected(out), lambda _: 5, lambda _: math.inf, math.inf))
    assert np.isinf(most[grown]).all()
