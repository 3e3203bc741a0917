"""What a tariff comes to, penny by penny: slow, and without division.

Independent of ``warehouse/payment/amounts.py``: every penny is given away on its own, by comparing whole numbers.
"""

from collections.abc import Mapping

from warehouse.payment.amounts import Figure
from warehouse.payment.tariff import Tariff

UNIT = 10_000  # shares have four decimals


def paid_by_hand(figures: Mapping[str, Figure], tariff: Tariff) -> dict[str, int]:
    """Pence by line, and by ``limit`` what the floor and cap of the outcome part change. All figures are submitted."""
    full = {each.line: (figures[each.line].numerator or 0) * each.price_pence for each in tariff.priced}
    whole = sum(full.values())
    pool = _part(whole, _units(tariff.outcome_share), UNIT)
    paid = {line: full[line] - withheld for line, withheld in _given_away(pool, full).items()}
    offered = _given_away(pool, {each.line: _units(each.weight) for each in tariff.weighed})
    outcome: dict[str, int] = {}
    left = []
    for each in tariff.weighed:
        found = figures[each.line]
        if found.denominator is None or found.denominator < each.fewest:
            left.append(each)
            continue
        people, of = found.numerator or 0, found.denominator
        floor, cap = _units(each.floor), _units(each.cap)
        if people * UNIT >= cap * of:
            outcome[each.line] = offered[each.line]
        elif people * UNIT <= floor * of:
            outcome[each.line] = 0
        else:
            outcome[each.line] = _part(offered[each.line], people * UNIT - floor * of, (cap - floor) * of)
    earned, possible = sum(outcome.values()), sum(offered[line] for line in outcome)
    for each in left:
        of = offered[each.line]
        by_others = _part(of, earned, possible) if possible else of
        outcome[each.line] = {"paid in full": of, "not paid": 0, "as the others": by_others}[each.if_fewer]
    total = sum(outcome.values())
    least, most = (_part(pool, _units(share), UNIT) for share in (tariff.least_paid, tariff.most_paid))
    limit = 0 if not outcome else least - total if total < least else most - total if total > most else 0
    return paid | outcome | {"limit": limit}


def _units(share: object) -> int:
    whole, _, rest = f"{share:.4f}".partition(".")
    return int(whole) * UNIT + int(rest)


def _part(pence: int, of: int, among: int) -> int:
    """How many pennies have their middle in the part ``of / among`` of all of them."""
    return sum(1 for penny in range(pence) if (2 * penny + 1) * among <= 2 * pence * of)


def _given_away(pence: int, shares: Mapping[str, int]) -> dict[str, int]:
    """Each penny goes to the one in whose stretch of the line its middle lies."""
    whole, ends, end = sum(shares.values()), [], 0
    for name, share in shares.items():
        end += share
        ends.append((name, end))
    found = dict.fromkeys(shares, 0)
    for penny in range(pence):
        found[next(name for name, end in ends if (2 * penny + 1) * whole <= 2 * pence * end)] += 1
    return found
