"""Figures of longer periods and larger places once more, slowly and in plain Python: an oracle for adding up.

Belongs here: what a quarter, a year and England are, given what each provider counted in each month. Does not belong
here: what is counted in a month (``measures``), anything that looks at the warehouse or its SQL.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import quantiles

Slot = tuple[str, date]  # provider, month
# Of one row: whether it counts (a share), or its value (a mean, median or 90th centile). One list per slot.
Rows = Mapping[Slot, Sequence[int]]


@dataclass(frozen=True)
class Figure:
    """One figure as the mart says it."""

    state: str
    numerator: int | None = None
    denominator: int | None = None
    quantile: Decimal | None = None


def figure(
    kind: str,
    over_time: str,
    rows: Rows,
    months: Sequence[date],
    behind: Collection[str],
    submitted: Collection[Slot],
) -> Figure:
    """The figure of the providers ``behind`` an organisation over ``months``, which are in order.

    A flow is of everything in all the months that were submitted. A stock is of the last month alone; a provider that
    did not submit it is not in it, whatever it had in earlier ones.
    """
    counted = months[-1:] if over_time == "stock" else months
    sent = [(provider, month) for provider in behind for month in counted if (provider, month) in submitted]
    if not sent:
        return Figure("not submitted")
    values = sorted(value for slot in sent for value in rows.get(slot, ()))
    if kind == "count":
        return Figure("value", sum(values))
    if kind in ("share", "mean"):
        return Figure("value" if values else "no denominator", sum(values), len(values))
    if not values:
        return Figure("no denominator", None, 0)
    return Figure("value", None, len(values), quantile(values, {"median": 5, "p90": 9}[kind]))


def quantile(values: Sequence[int], tenths: int) -> Decimal:
    """The value that far along the sorted values, between two neighbours in proportion (inclusive, type 7)."""
    if len(values) == 1:
        return Decimal(values[0])
    return Decimal(str(round(quantiles(values, n=10, method="inclusive")[tenths - 1], 6)))
