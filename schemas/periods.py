"""Periods of figures and contracts: how many months each has, and in which calendar months it may begin.

Belongs here: the names of periods and their lengths. Does not belong here: arithmetic with months
(``schemas.month``), which periods a release has (``ref.period`` in the warehouse).
"""

from collections.abc import Mapping

MONTH, QUARTER, ROLLING_YEAR, FINANCIAL_YEAR = "month", "quarter", "rolling 12 months", "financial year"
_ANY = tuple(range(1, 13))
PERIODS: Mapping[str, tuple[int, tuple[int, ...]]] = {
    MONTH: (1, _ANY), QUARTER: (3, (1, 4, 7, 10)), ROLLING_YEAR: (12, _ANY), FINANCIAL_YEAR: (12, (4,)),
}  # fmt: skip
"""Period type → how many months it has, and the calendar months in which one may begin."""
