"""The rule for published figures, in one place: a random error for each, and what is shown.

Belongs here: the random error and its key, the smallest number of people, the smallest denominator of a rate and of
an average, the macros of schema ``public`` and the sentences that explain them. Does not belong here: who is behind
a figure (``warehouse.measures.people``).

The random error is keyed: a function of a secret, of the people behind the figure and of its count. The same
people give the same error in every table, level, period and release. Nobody without the secret can compute it, and
it has no bound, so that no count can be excluded by arithmetic (cell key method; decision 0022).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from schemas.sql import quoted
from schemas.staged import MARKS
from warehouse.comparison.statistics import DAYS_OF_A_YEAR
from warehouse.measures.catalogue import QUANTILES, RATES

# From this number of marks on a sketch says only that they are many: their origin is added to the key.
_MANY = 60
# People who bear this many marks, if as many as expected.
_MANY_PEOPLE = round(MARKS * math.log(MARKS / (MARKS - _MANY)))
# Rows of one person in a crowd: someone seen twice a month for a year.
_ROWS_OF_ONE = 24
# Grains of which a person has one row, or one for each referral.
_ROWS_ARE_PEOPLE = "('pathway', 'caseload')"
_VARIABLE = "disclosure_secret"
# State of a figure that an earlier release did not show (public.revision).
NOT_LISTED = "not listed"
# States of rows without a count.
ABSENT = "('not submitted', 'not applicable')"


@dataclass(frozen=True)
class Suppression:
    """Figures of fewer than ``smallest`` people are suppressed, all others have a random error.

    The error is a whole number: k or -k with a probability that falls by the factor ``alpha`` for each step of k.
    There is no rate of a denominator under ``rate_from`` as shown and no mean of fewer than ``mean_from`` people.
    Means have a decimal from ``decimal_from`` on. Raises ValueError where a rule does not protect.
    """

    smallest: int
    alpha: float
    rate_from: int
    mean_from: int
    decimal_from: int

    def __post_init__(self) -> None:
        if self.smallest < 3 or not 0.3 <= self.alpha <= 0.9 or self.mean_from < self.smallest:
            raise ValueError(f"{self}: smallest is 3 or more, alpha 0.3 to 0.9, and mean_from not under smallest")

    @property
    def spread(self) -> float:
        """The standard deviation of the error: √(2α) / (1 − α)."""
        return math.sqrt(2 * self.alpha) / (1 - self.alpha)

    @property
    def mean_error(self) -> float:
        """The mean size of the error: 2α / (1 − α²)."""
        return 2 * self.alpha / (1 - self.alpha**2)

    def within(self, share: float) -> int:
        """The size that at least this share of errors does not exceed. P(|e| ≤ k) is 1 − 2α^(k+1) / (1 + α)."""
        return next(k for k in range(100) if 1 - 2 * self.alpha ** (k + 1) / (1 + self.alpha) >= share)

    def quantile_from(self, kind: str) -> int:
        """The number of people from which on a median or 90th centile is shown: ``smallest`` beyond it."""
        along = QUANTILES[kind]
        return -(-10 * self.smallest // min(along, 10 - along))

    def worded(self, text: str) -> str:
        """``text`` with the numbers for ``{smallest}``, ``{rate_from}``, ``{mean_from}`` and ``{decimal_from}``."""
        for name in ("smallest", "rate_from", "mean_from", "decimal_from"):
            text = text.replace(f"{{{name}}}", str(getattr(self, name)))
        return text

    def rate_error(self, denominator: int) -> int:
        """By how many points a rate of a half is off at this denominator: two standard deviations, rounded."""
        return round(100 * 2 * self.spread * math.sqrt(1.25) / denominator)

    def sentences(self) -> Iterator[str]:
        """The rule in words, for the analysts' page."""
        errors = ", ".join(f"at {shown} by {self.rate_error(shown)}" for shown in (100, 250))
        yield (
            f"Every count has a small random error: {self.mean_error:.1f} on average, no more than "
            f"{self.within(0.95)} in 95 of 100 counts and than {self.within(0.99)} in 99 of 100. This applies to "
            "England too. A count of rows that are not people, such as contacts, has an error as many times larger "
            "as a person has rows."
        )
        yield (
            "The same people have the same error in every table, level, period and release. Parts need not add up "
            "exactly to their total."
        )
        yield (
            f"A figure of fewer than {self.smallest} people is suppressed (NULL, `suppressed`), and so is a count "
            f"that is under {self.smallest} with its error. This includes a true 0. A share of rows that are not "
            f"people is suppressed too if fewer than {self.smallest} people are in its denominator and not in its "
            "numerator."
        )
        yield (
            "The `value` of a share is calculated from the two counts shown. It is 1 at most, and 1 does not mean "
            f"that nobody is left out. With a denominator of fewer than {self.rate_from} people there is none (`no "
            f"rate`). At {self.rate_from} it may be off by {self.rate_error(self.rate_from)} points, {errors}. "
            "Intervals and positions use the counts shown too."
        )
        yield (
            f"A position is given where all counts within {self.within(0.95)} of those shown have the same. Else "
            "`why_no_position` is «too close to a limit to publish». Measures of rows that are not people have no "
            "position."
        )
        yield (
            f"There is a `value` for a mean of {self.mean_from} people or more, a median of "
            f"{self.quantile_from('median')} or more, or a 90th centile of {self.quantile_from('p90')} or more; "
            "with fewer NULL (`no rate`). It is a whole number. A mean has one decimal if the denominator shown "
            f"is {self.decimal_from} or more. A mean has a random error as large as the part of one or two people "
            f"in it. Sums are not published. A rate per person-year needs events of {self.smallest} people. Its "
            "events have an error as many times larger as a person has events."
        )
        yield (
            "`state` also shows figures that were not submitted or do not apply. An organisation's pathway is left "
            "out if none of its figures is shown. A provider's `all` is always there."
        )

    def use(self, con: duckdb.DuckDBPyConnection, secret: str) -> None:
        """Let this connection compute errors with this secret; no table, view or macro has it."""
        con.execute(f"SET VARIABLE {_VARIABLE} = {quoted(secret)}")

    def macros(self) -> str:
        """SQL that creates the macros of schema ``public``.

        ``n`` is an exact count, ``people`` the sketch of the people behind it, ``origin`` where it is from. ``key``
        is ``key_of`` these, and ``error`` what is drawn with it: a model makes both once for a figure, in a step of
        its own. Without the secret every error, and so every figure, is NULL.
        """
        origin = f"CASE WHEN bit_count(people) >= {_MANY} THEN origin END"
        drawn = f"getvariable('{_VARIABLE}') || concat_ws('|', '', people, n, {origin})"
        quantile_from = " ".join(f"WHEN '{kind}' THEN {self.quantile_from(kind)}" for kind in QUANTILES)
        return f"""
-- NULL where there are too few people for any figure: a hash takes longer than all else that is done with a figure.
CREATE OR REPLACE MACRO public.key_of(n, people, origin) AS
    CASE WHEN bit_count(people) >= {self.smallest} THEN sha256({drawn}) END;
-- A number above 0, up to 1, from eight hexadecimal digits of a key.
CREATE OR REPLACE MACRO public.uniform(key, place) AS
    (CAST('0x' || substr(key, 8 * place + 1, 8) AS BIGINT) + 1) / 4294967296;
-- The difference of two geometric numbers: k with probability (1 - alpha) / (1 + alpha) * alpha^|k|.
CREATE OR REPLACE MACRO public.geometric(u) AS CAST(floor(ln(u) / ln({self.alpha})) AS BIGINT);
CREATE OR REPLACE MACRO public.draw(key) AS
    public.geometric(public.uniform(key, 0)) - public.geometric(public.uniform(key, 1));
-- The same law without steps: of means.
CREATE OR REPLACE MACRO public.smooth_draw(key) AS
    (ln(public.uniform(key, 2)) - ln(public.uniform(key, 3))) / ln({self.alpha});
-- About how many people bear these marks: {_MANY_PEOPLE} or more where nearly all marks are there.
CREATE OR REPLACE MACRO public.crowd(people) AS
    {MARKS} * ln({MARKS} / ({MARKS} - least(bit_count(people), {_MANY})));
-- Rows of one person. Among many people it is one, or no more than is usual.
CREATE OR REPLACE MACRO public.rows_of_one(n, people, grain) AS CAST(greatest(1, round(CASE
    WHEN bit_count(people) BETWEEN 1 AND {_MANY - 1} THEN n / public.crowd(people)
    WHEN grain IN {_ROWS_ARE_PEOPLE} THEN 1
    ELSE least(n / public.crowd(people), {_ROWS_OF_ONE})
END)) AS BIGINT);
CREATE OR REPLACE MACRO public.protect(n, people, error, grain) AS CASE
    WHEN n > 0 THEN greatest(0, n + error * public.rows_of_one(n, people, grain))
    ELSE n
END;
-- A protected count, if there are enough people behind it, and enough with the error of one row each.
CREATE OR REPLACE MACRO public.shown(n, people, error, grain) AS CASE
    WHEN bit_count(people) + least(0, error) >= {self.smallest}
        AND public.protect(n, people, error, grain) >= {self.smallest}
    THEN public.protect(n, people, error, grain)
END;
-- How many a share that counts everybody leaves out as shown: drawn as if it were one person, so that nobody looks
-- like a few. The measure is in the key: else all shares that count everybody would show the same.
CREATE OR REPLACE MACRO public.left_out(key) AS greatest(0, 1
    + public.geometric(public.uniform(key, 0)) - public.geometric(public.uniform(key, 1))
    + public.geometric(public.uniform(key, 2)) - public.geometric(public.uniform(key, 3)));
CREATE OR REPLACE MACRO public.of_everybody(denominator, key) AS
    CASE WHEN denominator - public.left_out(key) >= {self.smallest} THEN denominator - public.left_out(key) END;
-- A share of people is at most 1. Of rows that are not people a few people may have many: fewer than
-- {self.smallest} who are not counted would show by their rows.
CREATE OR REPLACE MACRO public.numerator(kind, grain, shown, denominator, others, key, measure) AS
CASE
    WHEN kind = 'count' THEN shown
    WHEN kind <> 'share' OR shown IS NULL OR denominator IS NULL THEN NULL
    WHEN grain NOT IN {_ROWS_ARE_PEOPLE} THEN
        CASE WHEN bit_count(others) >= {self.smallest} AND denominator - shown >= {self.smallest} THEN shown END
    WHEN others IS NULL
    THEN public.of_everybody(denominator, sha256(key || '|' || measure))
    ELSE least(shown, denominator)
END;
-- How far 95 of 100 counts of people are from the one shown, at most. Rows that are not people have no margin.
CREATE OR REPLACE MACRO public.margin(grain) AS
    CASE WHEN grain IN {_ROWS_ARE_PEOPLE} THEN {self.within(0.95)} END;
CREATE OR REPLACE MACRO public.rate(numerator, denominator) AS
    CASE WHEN denominator >= {self.rate_from} THEN numerator / denominator END;
-- The error of rows that are not people is larger, and so is the denominator that a rate needs.
CREATE OR REPLACE MACRO public.rate_of_rows(numerator, denominator, rows_of_one) AS
    CASE WHEN denominator >= {self.rate_from} * rows_of_one THEN numerator / denominator END;
-- ``shown`` is the protected denominator of the mean or quantile, ``people`` and ``key`` are those behind it;
-- ``counted`` are those with an event of a rate, and ``error`` is that of their number.
CREATE OR REPLACE MACRO public.average(kind, figure, quantile, n, shown, people, key, counted, error, grain) AS
CAST(CASE
    -- ``least`` leaves out a NULL: without this a suppressed denominator would be no bar.
    WHEN shown IS NULL AND kind NOT IN {RATES} THEN NULL
    WHEN kind = 'mean' AND least(shown, round(public.crowd(people))) >= {self.mean_from} THEN round(
        figure / n * greatest(
            0, 1 + public.smooth_draw(key) * public.rows_of_one(n, people, grain) / n),
        CASE WHEN shown >= {self.decimal_from} THEN 1 ELSE 0 END)
    -- Of a rate the person-days are not shown: windows of equal length would give the number of people.
    -- Events are a count of rows. Without an error of its own a rare one is read off: 0.1 of 20 people in 180 days.
    WHEN kind IN {RATES} AND round(public.crowd(people)) >= {self.mean_from} THEN round(
        {DAYS_OF_A_YEAR} * public.shown(figure, counted, error, 'event') / n
            * greatest(0, 1 + public.smooth_draw(key) / public.crowd(people)), 1)
    WHEN least(shown, round(public.crowd(people))) >= CASE kind {quantile_from} END THEN round(quantile)
END AS DECIMAL(15, 1));
CREATE OR REPLACE MACRO public.state(kind, numerator, denominator, exact_state) AS CASE
    WHEN exact_state IN {ABSENT} THEN exact_state
    WHEN kind IN ('count', 'share') AND numerator IS NULL THEN 'suppressed'
    WHEN kind <> 'count' AND denominator IS NULL THEN 'suppressed'
    WHEN kind = 'share' AND denominator < {self.rate_from} THEN 'no rate'
    ELSE 'value'
END;
-- ``figure`` is the rate of a share, the average of other kinds.
CREATE OR REPLACE MACRO public.state_with_figure(kind, numerator, denominator, figure, exact_state) AS CASE
    WHEN kind IN {RATES} AND exact_state NOT IN {ABSENT}
    THEN CASE WHEN figure IS NULL THEN 'suppressed' ELSE 'value' END
    WHEN figure IS NULL AND denominator IS NOT NULL AND (numerator IS NOT NULL OR kind <> 'share') THEN 'no rate'
    ELSE public.state(kind, numerator, denominator, exact_state)
END;
"""


# Under 5 is NHS England's count_suppression. With alpha 1/2 the error is 0 in a third of all counts and 1.3 on
# average; rounding to the nearest 5 costs 1.2. At a denominator of 50 a rate may be off by 9 points.
SUPPRESSION = Suppression(smallest=5, alpha=0.5, rate_from=50, mean_from=10, decimal_from=100)
