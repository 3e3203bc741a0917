"""From figures and a tariff to amounts: a pure function, in whole pence.

Belongs here: what each line of a tariff comes to. Does not belong here: finding the figures (``figures``), tables
(``mart``).

How amounts are made:

1. The full price of a line of activity is its count times its price. The full price of all is V.
2. The outcome part on offer is P = V × outcome_share, rounded to whole pence. V − P is paid for activity.
3. P is shared out among the lines of activity by full price, and among the measures by weight. Both times the
   shares add up to P exactly: each ends where the rounded sum up to and with it ends.
4. Of what a measure offers the part achieved is paid, rounded: (rate − floor) / (cap − floor), not below 0 and not
   above 1.
5. A last line brings the outcome part up to its floor or down to its cap, where the terms have one.

Halves of a penny are rounded up. Rates are exact fractions, so no amount depends on floating point.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from warehouse.payment.tariff import FULL, NOTHING, Priced, Tariff, Weighed

ACTIVITY, OUTCOME, LIMIT = "activity", "outcome", "limit"
LIMIT_LINE = "Floor and cap of the outcome part"
# States of a figure (mart.service_measure) and of an amount.
VALUE, TOO_FEW, NOT_SUBMITTED, NOT_APPLICABLE = "value", "too few", "not submitted", "not applicable"


@dataclass(frozen=True)
class Figure:
    """The counts behind a line. ``numerator`` of activity: how many. ``denominator`` is None for activity.

    ``state`` is ``value``, ``not submitted`` (both counts are None) or ``not applicable`` (both are None).
    """

    numerator: int | None
    denominator: int | None
    state: str = VALUE

    @property
    def rate(self) -> Fraction | None:
        """The exact share; None for activity and where nobody is counted."""
        return (
            Fraction(self.numerator, self.denominator) if self.numerator is not None and self.denominator else None
        )


@dataclass(frozen=True)
class Amount:
    """What one line comes to. ``full_pence`` is its full price, or what is on offer for the measure.

    ``achieved`` is the exact part of ``full_pence`` that a measure has achieved; None for other lines and where
    nothing was submitted. ``amount_pence`` is what is paid, None where nothing was submitted. Only the line of part
    ``limit`` may be negative.
    """

    part: str
    line: str
    figure: Figure
    full_pence: int | None
    achieved: Fraction | None
    amount_pence: int | None
    state: str


def amounts(figures: Mapping[str, Figure], tariff: Tariff) -> list[Amount]:
    """One amount per line of the tariff, in its order, and a last one for the limits of the outcome part.

    ``figures`` has a figure for each line by its name; KeyError where one is missing. If any figure is not
    submitted, nothing was, and no line has an amount. The amounts of a service add up to what it is paid.
    """
    if any(figures[each.line].state == NOT_SUBMITTED for each in tariff.lines):
        return [_nothing(part, line, figures) for part, line in _lines(tariff)]
    full = [(figures[each.line].numerator or 0) * each.price_pence for each in tariff.priced]
    pool = rounded(sum(full) * Fraction(tariff.outcome_share))
    withheld = _shared_out(pool, full)
    activity = [
        _of_activity(each, figures[each.line], price, less)
        for each, price, less in zip(tariff.priced, full, withheld, strict=True)
    ]
    offered = _shared_out(pool, [each.weight for each in tariff.weighed])
    outcome = _outcomes(tariff.weighed, figures, offered)
    paid = sum(each.amount_pence or 0 for each in outcome)
    least, most = (rounded(pool * Fraction(share)) for share in (tariff.least_paid, tariff.most_paid))
    limit = min(max(paid, least), most) - paid if outcome else 0
    return [*activity, *outcome, Amount(LIMIT, LIMIT_LINE, Figure(None, None), None, None, limit, VALUE)]


def achieved(figure: Figure, line: Weighed) -> Fraction | None:
    """The part of a measure that is paid, from 0 to 1; None with too few people to say."""
    rate, floor, cap = figure.rate, Fraction(line.floor), Fraction(line.cap)
    if rate is None or figure.denominator is None or figure.denominator < line.fewest:
        return None
    if rate >= cap:
        return Fraction(1)
    return (rate - floor) / (cap - floor) if rate > floor else Fraction(0)


def _outcomes(weighed: Sequence[Weighed], figures: Mapping[str, Figure], offered: Sequence[int]) -> list[Amount]:
    """The measures with enough people first: what the tariff pays for the others may follow from them."""
    parts = [achieved(figures[each.line], each) for each in weighed]
    measured = [(rounded(full * part), full) for full, part in zip(offered, parts, strict=True) if part is not None]
    paid, of = sum(paid for paid, _ in measured), sum(full for _, full in measured)
    others = Fraction(paid, of) if of else Fraction(1)
    found = []
    for each, full, part in zip(weighed, offered, parts, strict=True):
        figure = figures[each.line]
        state = VALUE if part is not None else NOT_APPLICABLE if figure.state == NOT_APPLICABLE else TOO_FEW
        if part is None:
            part = {FULL: Fraction(1), NOTHING: Fraction(0)}.get(each.if_fewer, others)
        found.append(Amount(OUTCOME, each.line, figure, full, part, rounded(full * part), state))
    return found


def _of_activity(line: Priced, figure: Figure, full: int, withheld: int) -> Amount:
    return Amount(ACTIVITY, line.line, figure, full, None, full - withheld, figure.state)


def _lines(tariff: Tariff) -> list[tuple[str, str]]:
    return [
        *((ACTIVITY, each.line) for each in tariff.priced),
        *((OUTCOME, each.line) for each in tariff.weighed),
        (LIMIT, LIMIT_LINE),
    ]


def _nothing(part: str, line: str, figures: Mapping[str, Figure]) -> Amount:
    figure = figures.get(line, Figure(None, None, NOT_SUBMITTED))
    return Amount(part, line, figure, None, None, None, NOT_SUBMITTED)


def _shared_out(whole: int, shares: Iterable[int | Decimal]) -> list[int]:
    """``whole`` in parts as the shares are, in whole pence that add up to it; 0 each where all shares are 0."""
    exact = [Fraction(share) for share in shares]
    of, so_far, ended, parts = sum(exact), Fraction(0), 0, []
    for share in exact:
        so_far += share
        end = rounded(whole * so_far / of) if of else 0
        parts.append(end - ended)
        ended = end
    return parts


def rounded(exact: Fraction) -> int:
    """The nearest whole number, halves up."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
