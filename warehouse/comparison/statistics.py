"""The statistics of a comparison, as Python functions and as macros in the file.

Belongs here: intervals of shares, counts and ratios, funnel limits, the exact test against the rest, quantiles.
Does not belong here: which figures are compared (``warehouse/mart``), the case-mix model (``comparison.case_mix``).
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from math import erfc, exp, lgamma, log, sqrt

import duckdb

# Normal quantiles of two-sided 95 % and 99.8 % intervals (97.5 % and 99.9 %).
Z_95 = 1.959963984540054
Z_998 = 3.090232306167813
# Below these a count, and the events of a rate, have exact limits. OHID's rule for counts is 10. From 100 on Byar's
# limits of a rate differ from the exact ones by less than 1 in 10,000 at 95 %, and 3 at 99.8 %.
EXACT_COUNT, EXACT_RATE = 10, 100
DAYS_OF_A_YEAR = 365.25
_LEVELS = (("95", Z_95), ("998", Z_998))

Limits = tuple[float, float]


def wilson(x: int, n: int, z: float = Z_95) -> Limits | None:
    """Lower and upper Wilson limit of the share ``x`` of ``n``; ``None`` when there is no share.

    Formula as in the OHID technical guidance on proportions (Wilson 1927).
    """
    if not 0 <= x <= n or n == 0:
        return None
    spread = z * sqrt(z * z + 4 * x * (1 - x / n))
    scale = 2 * (n + z * z)
    return max(0.0, (2 * x + z * z - spread) / scale), min(1.0, (2 * x + z * z + spread) / scale)


def exact_poisson(observed: float, z: float = Z_95) -> Limits:
    """Exact (chi-square) Poisson limits of a count.

    Those of an expected number, divided by it, are the funnel of a standardised ratio (observed / expected).
    Half a chi-square quantile with 2a degrees of freedom is the gamma quantile of shape a (Garwood 1936).
    """
    tail = erfc(z / sqrt(2)) / 2
    low = _where(lambda x: _gamma_share(observed, x) >= tail, observed) if observed > 0 else 0.0
    return low, _where(lambda x: _gamma_share(observed + 1, x) >= 1 - tail, observed + 1)


def byar(observed: float, z: float = Z_95) -> Limits:
    """Byar's approximate Poisson limits of a count (OHID technical guidance); the lower one of 0 is 0.

    Cut off at 0: at O = 1 and 99.8 % the bracket is negative.
    """
    low = max(0.0, 1 - 1 / (9 * observed) - z / (3 * sqrt(observed))) if observed > 0 else 0.0
    more = observed + 1
    return observed * low**3, more * (1 - 1 / (9 * more) + z / (3 * sqrt(more))) ** 3


def poisson_limits(observed: float, z: float = Z_95) -> Limits:
    """Limits of a count as OHID gives them: exact below 10, Byar's from there on."""
    return exact_poisson(observed, z) if observed < EXACT_COUNT else byar(observed, z)


def quantile(counted: Mapping[int, int], p: float) -> float:
    """The quantile of values with their counts, one at least: type 7 of Hyndman and Fan (decision 0021)."""
    values = sorted(counted)
    passed = list(accumulate(counted[value] for value in values))
    place = (passed[-1] - 1) * p
    below = int(place)
    low, high = (values[bisect_right(passed, at)] for at in (below, min(below + 1, passed[-1] - 1)))
    return low * (1 - place + below) + high * (place - below)


def _gamma_share(shape: float, x: float) -> float:
    """Share of the gamma distribution up to ``x`` (regularised lower incomplete gamma), by its power series."""
    term = total = exp(shape * log(x) - x - lgamma(shape + 1)) if x > 0 else 0.0
    step = 1
    while term > total * 1e-17:
        term *= x / (shape + step)
        total += term
        step += 1
    return total


def _where(reached: Callable[[float], bool], start: float) -> float:
    """The smallest positive number for which ``reached`` is true, to the last digit, by bisection."""
    low, high = 0.0, start
    while not reached(high):
        high *= 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


# Wilson 1927: (2x + z² ∓ z√(z² + 4x(1 − x/n))) / (2(n + z²)). Clipped, because at x = 0 and x = n rounding
# leaves −1e-17 and 1 + 2e-16. NULL when a count is missing, n is 0, or x is outside 0 … n.
_WILSON = """CASE WHEN n > 0 AND x >= 0 AND x <= n THEN
    greatest(0.0::DOUBLE, least(1.0::DOUBLE,
        (2.0::DOUBLE * x + z::DOUBLE * z::DOUBLE {sign} z::DOUBLE
            * sqrt(z::DOUBLE * z::DOUBLE + 4.0::DOUBLE * x * (1.0::DOUBLE - x::DOUBLE / n::DOUBLE)))
        / (2.0::DOUBLE * (n + z::DOUBLE * z::DOUBLE))))
END"""
# Exact below 10: twenty numbers per side, computed here, since DuckDB has no gamma quantile. Byar's from 10 on.
_COUNT = """CASE WHEN o < 0 THEN NULL
    WHEN o < {exact_below} AND abs(z - {z_95}) < 0.001 THEN list_extract({exact_95}::DOUBLE[], o + 1)
    WHEN o < {exact_below} AND abs(z - {z_998}) < 0.001 THEN list_extract({exact_998}::DOUBLE[], o + 1)
    ELSE (o + {one}) * pow(greatest(0.0::DOUBLE,
        1.0::DOUBLE - 1.0::DOUBLE / (9.0::DOUBLE * (o + {one})) {sign} z::DOUBLE / (3.0::DOUBLE * sqrt(o + {one}))
    ), 3)
END"""
_FUNNEL = """CASE WHEN n > 0 AND p IS NOT NULL THEN
    greatest(0.0::DOUBLE, least(1.0::DOUBLE, p {sign} z::DOUBLE * sqrt(p * (1 - p) / n + tau * tau)))
END"""
_RATIO = """CASE WHEN x > 0 AND y > 0 AND x <= n AND y <= m THEN
    (x::DOUBLE / n) / (y::DOUBLE / m)
        * exp({sign} z::DOUBLE * sqrt(greatest(0.0::DOUBLE,
            1.0::DOUBLE / x - 1.0::DOUBLE / n + 1.0::DOUBLE / y - 1.0::DOUBLE / m)))
END"""
# Two binomial shares are alike when a table with their margins is hypergeometric. The tail beyond x on its own
# side, doubled; terms beyond 5,000 from x are below 1e-300.
_REST = """CASE WHEN n > 0 AND m > 0 AND x BETWEEN 0 AND n AND y BETWEEN 0 AND m THEN
    least(1.0::DOUBLE, 2.0::DOUBLE * list_sum(list_transform(
        CASE WHEN x::HUGEINT * m >= y::HUGEINT * n THEN range(x, least(n, x + y, x + 5000) + 1)
            ELSE range(greatest(0, x + y - m, x - 5000), x + 1) END,
        lambda i: exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1)
            + lgamma(m + 1) - lgamma(x + y - i + 1) - lgamma(m - x - y + i + 1)
            - lgamma(n + m + 1) + lgamma(x + y + 1) + lgamma(n + m - x - y + 1)))))
END"""


@cache
def _macros() -> tuple[tuple[str, str, str], ...]:
    """Signature, expression and meaning of every macro. The exact limits in them take a quarter of a second."""
    # Both limits of a count come together, and those of counts below 10 are among those below 100.
    exact = {k: [exact_poisson(o, z) for o in range(max(EXACT_COUNT, EXACT_RATE))] for k, z in _LEVELS}
    at = "z is mart.z_95() for 95 %, mart.z_998() for 99.8 %"
    tau = "tau: spread between services, 0 for chance alone"
    found: list[tuple[str, str, str]] = []
    for side, (name, end, sign, one) in enumerate((("low", "Lower", "-", "0"), ("high", "Upper", "+", "1"))):
        count, events = (
            _COUNT.format(
                sign=sign, one=one, z_95=Z_95, z_998=Z_998, exact_below=below,
                **{f"exact_{k}": [limits[side] for limits in exact[k][:below]] for k, _ in _LEVELS},
            )
            for below in (EXACT_COUNT, EXACT_RATE)
        )  # fmt: skip
        found += [
            (
                f"wilson_{name}(x, n, z)",
                _WILSON.format(sign=sign),
                f"{end} Wilson limit of the share x of n; {at}",
            ),
            (f"count_{name}(o, z)", count, f"{end} limit of a count: exact below 10, then Byar; {at}"),
            (
                f"rate_{name}(o, days, z)",
                f"CASE WHEN days > 0 THEN ({events}) * {DAYS_OF_A_YEAR}::DOUBLE / days END",
                f"{end} limit of o events in so many days, per year: Poisson, exact below 100, then Byar; {at}",
            ),
            (
                f"interval_{name}(kind, n, d, z)",
                f"CASE kind WHEN 'share' THEN mart.wilson_{name}(n, d, z) "
                f"WHEN 'count' THEN mart.count_{name}(n, z) WHEN 'rate' THEN mart.rate_{name}(n, d, z) END",
                f"{end} limit of a figure of numerator n and denominator d by its kind; NULL for other kinds; {at}",
            ),
            (
                f"funnel_{name}(p, n, z, tau)",
                _FUNNEL.format(sign=sign),
                f"{end} funnel limit for a share of n where the share of all is p, cut off at 0 and 1; {at}; {tau}",
            ),
            (
                f"ratio_{name}(x, n, y, m, z)",
                _RATIO.format(sign=sign),
                f"{end} limit of the ratio of the shares x of n and y of m (Katz, on the log scale); {at}",
            ),
        ]
    return (
        ("z_95()", str(Z_95), "Normal quantile of a two-sided 95 % interval"),
        ("z_998()", str(Z_998), "Normal quantile of a two-sided 99.8 % interval"),
        *found,
        (
            "per_year(n, days)",
            f"CASE WHEN days > 0 THEN n * {DAYS_OF_A_YEAR}::DOUBLE / days END",
            "Events or days n in so many person-days, per person-year of 365.25 days",
        ),
        (
            "value_of(kind, n, d, quantile)",
            "CASE WHEN kind IN ('share', 'mean') THEN n / nullif(d, 0) "
            "WHEN kind IN ('rate', 'day_rate') THEN mart.per_year(n, d) "
            "WHEN kind IN ('median', 'p90') THEN quantile ELSE n END",
            "Value of a figure of numerator n and denominator d by its kind; a quantile has no numerator",
        ),
        (
            "p_against_rest(x, n, y, m)",
            _REST,
            "Exact two-sided p (doubled hypergeometric tail) that x of n and y of m are the same share",
        ),
        (
            "funnel_z(rate, p, n, tau)",
            "CASE WHEN p * (1 - p) > 0 THEN (rate - p) / sqrt(p * (1 - p) / n + tau * tau) "
            "WHEN rate = p THEN 0 END",
            f"Standard errors between the share rate of n and the share of all, p; {tau}",
        ),
        (
            "funnel_position(z)",
            f"CASE WHEN z > {Z_998} THEN 'above 99.8' WHEN z > {Z_95} THEN 'above 95' WHEN z < -{Z_998} "
            f"THEN 'below 99.8' WHEN z < -{Z_95} THEN 'below 95' WHEN z IS NOT NULL THEN 'within' END",
            "Where a share so many standard errors from the centre lies in its funnel; on a limit is within",
        ),
        ("quantile_7(x, q)", "quantile_cont(x, q)", "Quantile with linear interpolation (R type 7)"),
    )


def create_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Store the macros in schema ``mart`` of the file, each with its meaning.

    No parameter has a default: DuckDB 1.3, the oldest client, refuses one that is given by position.
    """
    for signature, expression, meaning in _macros():
        con.execute(f"CREATE MACRO mart.{signature} AS {expression}")
        con.execute(f"COMMENT ON MACRO mart.{signature.partition('(')[0]} IS '{meaning}'")
