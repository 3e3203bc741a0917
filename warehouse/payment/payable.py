"""Which figures can be paid for: measures of the catalogue and groups of their breakdowns.

Belongs here: reading measure, breakdown and groups of a line, and whether every group has one price. Does not
belong here: the other columns (``tariff_file``), the figures themselves (``figures``).
"""

from collections.abc import Mapping, Sequence
from functools import cache

from schemas.instruments import questions
from warehouse.measures.catalogue import Measure, catalogue, groups
from warehouse.payment.fields import Refusal, one_of, pieces
from warehouse.payment.tariff import Counted, Priced

_COUNTS = ("count", "share")
_QUESTION = "question"


def counted_of(row: Mapping[str, str], *, is_priced: bool) -> Counted:
    """What a line counts. A line of activity counts the numerator, a line of outcome needs a share."""
    measure = _catalogue()[one_of(row["measure"], "measure", _catalogue())]
    if measure.experimental_until > row["valid_from"][:7]:
        raise Refusal(f"{measure.id} is tried out until {measure.experimental_until}: nobody is paid by it before")
    named, among = pieces(row["groups"]), pieces(row["of_groups"])
    _check_kind(measure, bool(row["breakdown"] or named), is_priced)
    if not row["breakdown"]:
        if named or among:
            raise Refusal("groups are given, but no breakdown that they belong to")
        return Counted(measure.id)
    breakdown = _breakdown(measure, row["breakdown"])
    if not named:
        raise Refusal(f"groups is empty; accepted are groups of {breakdown}: {'; '.join(_groups(breakdown))}")
    for group in (*named, *among):
        if group not in _groups(breakdown):
            raise Refusal(
                f"{group[:40]!r} is no group of {breakdown}; accepted are {'; '.join(_groups(breakdown))}"
            )
    if among and measure.kind == "share":
        raise Refusal(f"of_groups must be empty: {measure.id} is a share and has its own denominator")
    if among and not set(named) <= set(among):
        raise Refusal("of_groups must contain the groups, since the share is of them")
    return Counted(measure.id, breakdown, named, among)


def priced_twice(priced: Sequence[Priced]) -> list[str]:
    """Measures with two prices for one person: of two breakdowns, or of a whole and its groups, or of one group."""
    problems = []
    for measure, lines in _by_measure(priced).items():
        divisions = sorted({each.counted.breakdown for each in lines})
        if len(divisions) > 1:
            said = " and ".join(division or "no breakdown" for division in divisions)
            problems.append(f"{measure} is priced by {said}: everybody would be paid for twice. Keep one of them")
            continue
        named = [group for each in lines for group in each.counted.groups or ("",)]
        problems += [
            f"{measure} has two prices" + (f" for {divisions[0]} {group!r}" if group else "")
            for group in sorted({group for group in named if named.count(group) > 1})
        ]
    return problems


def unpriced(priced: Sequence[Priced]) -> list[str]:
    """Groups of a breakdown without a price. A group that is not paid for has a price of 0."""
    problems = []
    for measure, lines in _by_measure(priced).items():
        for breakdown in sorted({each.counted.breakdown for each in lines} - {""}):
            named = {group for each in lines for group in each.counted.groups}
            if absent := [group for group in _groups(breakdown) if group not in named]:
                named_so = f"{breakdown} {'; '.join(absent)}"
                problems.append(
                    f"{measure} has no price for {named_so}. Every group needs one: 0 where nothing is paid"
                )
    return problems


@cache
def _catalogue() -> dict[str, Measure]:
    return {each.id: each for each in catalogue()}


@cache
def _groups(breakdown: str) -> tuple[str, ...]:
    """The groups that are known before any record is: those declared, and the questions about care."""
    if breakdown == _QUESTION:
        return tuple(each.code for each in questions())
    return tuple(code for name, _, code, _, _ in groups() if name == breakdown)


def _breakdown(measure: Measure, name: str) -> str:
    if not measure.breakdowns:
        raise Refusal(f"{measure.id} has no breakdown; leave breakdown and groups empty")
    fixed = [each for each in measure.breakdowns if _groups(each)]
    return one_of(name, f"breakdown of {measure.id} with fixed groups", fixed)


def _check_kind(measure: Measure, is_parted: bool, is_priced: bool) -> None:
    if measure.is_stock:
        raise Refusal(f"{measure.id} is what there is at a month end; name what happened in the period")
    if measure.kind not in _COUNTS:
        raise Refusal(f"{measure.id} is a {measure.kind}; only counts and shares can be paid for")
    if is_priced:
        return
    if measure.kind == "count" and not is_parted:
        raise Refusal(f"{measure.id} is a count and has no share; name a share, or the groups whose share it is")
    if measure.direction == "lower":
        raise Refusal(f"{measure.id} is better when lower, and more is paid for a higher share; name a measure of "
                      "which more is better")  # fmt: skip


def _by_measure(priced: Sequence[Priced]) -> dict[str, list[Priced]]:
    found: dict[str, list[Priced]] = {}
    for each in priced:
        found.setdefault(each.counted.measure, []).append(each)
    return found
