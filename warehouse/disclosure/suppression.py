"""The rule for small counts, in one place.

Belongs here: the smallest count that is shown, the base of rounding, the smallest denominator of a rate, and what
follows from them: the macros of schema ``public``, the exact counts that a shown figure can have, the sentences
that explain the rule. Does not belong here: subtraction (``differencing``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.measures.catalogue import QUANTILES

# A mean with one decimal fits every count of 10 or more: its possible values lie 1/n apart.
_DECIMAL = 10


@dataclass(frozen=True)
class Suppression:
    """Counts under ``smallest`` are suppressed, others given to the nearest multiple of ``base``.

    Of two multiples as near the higher one is given, and none below ``first``. There is no rate under a denominator
    of ``rate_from`` as shown. Raises ValueError where a suppressed count would be known to within one, and where a
    rate could be asked of a suppressed count.
    """

    smallest: int
    base: int
    rate_from: int

    def __post_init__(self) -> None:
        if self.smallest < 3 or self.base < 1 or self.rate_from < self.first:
            raise ValueError(f"{self}: smallest is 3 or more, base 1 or more, and rate_from is a figure shown")

    @property
    def first(self) -> int:
        """The smallest figure that is shown."""
        return -(-self.smallest // self.base) * self.base

    @property
    def below(self) -> int:
        """By how much a count may be smaller than the figure shown; ``first`` includes ``smallest`` and more."""
        return self.base // 2

    @property
    def above(self) -> int:
        """By how much a count may be larger than the figure shown."""
        return self.base - 1 - self.below

    @property
    def decimal_from(self) -> int:
        """The exact count from which a mean has one decimal.

        Below it, one decimal would tell apart some of the exact counts that the shown one can have. A whole number
        does not.
        """
        if self.smallest >= _DECIMAL:
            return self.smallest
        edge = -(-(_DECIMAL + self.below) // self.base) * self.base - self.below
        return max(edge, self.first + self.base - self.below)

    @property
    def decimal_shown(self) -> int:
        """The figure shown for ``decimal_from``."""
        return max((self.decimal_from + self.below) // self.base * self.base, self.first)

    def protected(self, count: str) -> str:
        """SQL: the figure shown for an exact count; NULL for a suppressed one."""
        nearest = f"({count} + {self.below}) // {self.base} * {self.base}"
        return f"CASE WHEN {count} >= {self.smallest} THEN greatest({nearest}, {self.first}) END"

    def least(self, figure: str) -> str:
        """SQL: the smallest count that a shown figure can have; 0 for a figure that is 0 or NULL."""
        return (
            f"CASE WHEN {figure} > {self.first} THEN {figure} - {self.below} "
            f"WHEN {figure} > 0 THEN {self.smallest} ELSE 0 END"
        )

    def most(self, figure: str) -> str:
        """SQL: the largest count that a shown figure can have."""
        return f"({figure} + {self.above})"

    def is_wrong(self, figure: str) -> str:
        """SQL: whether the rule never gives this figure."""
        return f"{figure} < {self.first} OR {figure} % {self.base} <> 0"

    def worded(self, text: str) -> str:
        """``text`` with the numbers for ``{smallest}``, ``{base}``, ``{rate_from}`` and ``{decimal_shown}``."""
        for name in ("smallest", "base", "rate_from", "decimal_shown"):
            text = text.replace(f"{{{name}}}", str(getattr(self, name)))
        return text

    def rate_error(self, denominator: int) -> int:
        """By how many points a rate may be off at a denominator as shown, rounded."""
        pairs = [
            (count, of, shown)
            for of in self._stands_for(denominator)
            for shown in range(self.first, denominator + 1, self.base)
            for count in self._stands_for(shown)
            if count <= of
        ]
        return round(100 * max(abs(count / of - shown / denominator) for count, of, shown in pairs))

    def _stands_for(self, shown: int) -> range:
        return range(self.smallest if shown == self.first else shown - self.below, shown + self.above + 1)

    def sentences(self) -> Iterator[str]:
        """The rule in words, for the analysts' page."""
        yield (
            f"A count under {self.smallest} is suppressed (NULL, `suppressed`), including a true 0. Other counts "
            f"are rounded to the nearest {self.base}. This applies to England too."
        )
        first = -(-self.rate_from // self.base) * self.base
        errors = ", ".join(f"at {shown} by {self.rate_error(shown)}" for shown in (100, 250))
        yield (
            f"A rate is calculated from the two counts shown. With a denominator under {self.rate_from} there is "
            f"none (`no rate`). At {first} the rate may be off by {self.rate_error(first)} points, {errors}. "
            "Intervals and `funnel_position` also use the counts shown."
        )
        yield (
            f"`average` is a mean, median or 90th centile of at least {self.smallest} values. It is a whole "
            f"number, but a mean has one decimal if the denominator shown is {self.decimal_shown} or more. "
            "Sums are not published."
        )
        yield (
            "A figure that would reveal a suppressed one by subtraction is suppressed too. So `suppressed` does "
            f"not always mean under {self.smallest}, and parts may not add up to their total."
        )
        yield (
            "`state` also shows figures that were not submitted or do not apply. An organisation's pathway is left "
            f"out if none of its figures reaches {self.smallest}. A provider's `all` is always there."
        )

    def macros(self) -> str:
        """SQL that creates the macros of schema ``public``: the rule for each kind of measure."""
        return f"""
CREATE OR REPLACE MACRO public.protect(n) AS {self.protected("n")};
CREATE OR REPLACE MACRO public.rate(numerator, denominator) AS
    CASE WHEN denominator >= {self.rate_from} THEN numerator / denominator END;
CREATE OR REPLACE MACRO public.numerator(kind, n) AS
    CASE WHEN kind IN ('count', 'share') THEN public.protect(n) END;
CREATE OR REPLACE MACRO public.denominator(kind, n) AS CASE WHEN kind <> 'count' THEN public.protect(n) END;
CREATE OR REPLACE MACRO public.average(kind, figure, quantile, n) AS CAST(CASE
    WHEN kind = 'mean' AND n >= {self.decimal_from} THEN round(figure / n, 1)
    WHEN kind = 'mean' AND n >= {self.smallest} THEN round(figure / n)
    WHEN kind IN {WHOLE_KINDS} AND n >= {self.smallest} THEN round(quantile)
END AS DECIMAL(15, 1));
CREATE OR REPLACE MACRO public.state(kind, numerator, denominator, exact_state) AS CASE
    WHEN exact_state IN {ABSENT} THEN exact_state
    WHEN kind IN ('count', 'share') AND numerator IS NULL THEN 'suppressed'
    WHEN kind <> 'count' AND denominator IS NULL THEN 'suppressed'
    WHEN kind = 'share' AND denominator < {self.rate_from} THEN 'no rate'
    ELSE 'value'
END;
"""


# States of rows without a count.
ABSENT = "('not submitted', 'not applicable')"
# Kinds that are shown as whole numbers only: a half, or a tenth, says something about the exact count.
WHOLE_KINDS = str(tuple(QUANTILES))
# NHS England's count_suppression: under 5 is '*', any other to the nearest 5 (mental-health monthly statistics).
# A rate of protected counts is off by up to 13 points at 30 and by up to 4 at 100; below 30 it says too little.
SUPPRESSION = Suppression(smallest=5, base=5, rate_from=30)
