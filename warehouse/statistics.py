"""The statistics a comparison needs, once in Python and once as macros that travel inside the file.

Belongs here: intervals of a share. Does not belong here: which figures are compared (``warehouse/marts``).
"""

from math import sqrt

import duckdb

# Normal quantiles of two-sided 95 % and 99.8 % intervals (97.5 % and 99.9 %).
Z_95 = 1.959963984540054
Z_998 = 3.090232306167813

# Wilson 1927: (2x + z² ∓ z√(z² + 4x(1 − x/n))) / (2(n + z²)). Clipped, because at x = 0 and x = n rounding
# leaves −1e-17 and 1 + 2e-16. NULL when a count is missing, n is 0, or x is outside 0 … n.
_WILSON = """
CREATE MACRO mart.wilson_{name}(x, n, z := 1.959963984540054) AS
CASE WHEN n > 0 AND x >= 0 AND x <= n THEN
    greatest(0.0::DOUBLE, least(1.0::DOUBLE,
        (2.0::DOUBLE * x + z::DOUBLE * z::DOUBLE {sign} z::DOUBLE
            * sqrt(z::DOUBLE * z::DOUBLE + 4.0::DOUBLE * x * (1.0::DOUBLE - x::DOUBLE / n::DOUBLE)))
        / (2.0::DOUBLE * (n + z::DOUBLE * z::DOUBLE))))
END
"""


def wilson(x: int, n: int, z: float = Z_95) -> tuple[float, float] | None:
    """Lower and upper Wilson limit of the share ``x`` of ``n``; ``None`` when there is no share.

    Formula as in the OHID technical guidance on proportions (Wilson 1927).
    """
    if not 0 <= x <= n or n == 0:
        return None
    spread = z * sqrt(z * z + 4 * x * (1 - x / n))
    scale = 2 * (n + z * z)
    return max(0.0, (2 * x + z * z - spread) / scale), min(1.0, (2 * x + z * z + spread) / scale)


def create_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Store ``mart.wilson_low(x, n, z)`` and ``mart.wilson_high(x, n, z)`` in the file, 95 % by default."""
    con.execute(_WILSON.format(name="low", sign="-"))
    con.execute(_WILSON.format(name="high", sign="+"))
    for name, end in (("low", "Lower"), ("high", "Upper")):
        con.execute(
            f"COMMENT ON MACRO mart.wilson_{name} IS "
            f"'{end} Wilson limit of the share x of n; z is 1.959963984540054 for 95 %, "
            "3.090232306167813 for 99.8 %'"
        )
