"""The spread of scores: the standard deviation used for effect sizes, as a macro in the file.

Belongs here: the formula. Does not belong here: whose scores (``mart/instrument_change.sql``).
"""

import duckdb

# From sums that are exact in any order of rows; squares are below 1e14, so doubles keep 2 digits to spare.
# Divides by n - 1 (Bessel), as published effect sizes do.
_STANDARD_DEVIATION = """
CREATE MACRO mart.standard_deviation(n, total, squares) AS
CASE WHEN n > 1 THEN
    sqrt(greatest(0.0::DOUBLE, (squares::DOUBLE - total::DOUBLE * total::DOUBLE / n) / (n - 1)))
END
"""


def create_effect_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Store ``mart.standard_deviation(n, total, squares)`` in the file; schema ``mart`` must exist."""
    con.execute(_STANDARD_DEVIATION)
    con.execute(
        "COMMENT ON MACRO mart.standard_deviation IS "
        "'Sample standard deviation of n values from their sum and their sum of squares'"
    )
