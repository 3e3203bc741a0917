"""Dates that are text, and text that is a date.

Belongs here: what SQL Server reads as a date, and the styles of CONVERT. Does not belong here: arithmetic
with dates.
"""

from sqlglot import exp

from warehouse.tsql.scope import CannotCarryOver

# Text that SQL Server reads as a date under British and American English alike. DuckDB alone reads only the first.
_READ = (
    "%Y-%m-%d", "%Y%m%d", "%B %Y", "%b %Y", "%d%B %Y", "%d%b %Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y",
    "%B %d, %Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
)  # fmt: skip
TSQL_DATE = "tsql_date"
# A text that is no date is an error, as in SQL Server, and never an empty date.
DATE_MACRO = (
    f"CREATE OR REPLACE TEMP MACRO {TSQL_DATE}(value) AS CAST(strptime(trim(CAST(value AS VARCHAR)), "
    f"[{', '.join(repr(form) for form in _READ)}]) AS DATE);"
)
# CONVERT(VARCHAR, date, style): the styles that write a day, and those that write a day and a time.
_STYLES = {
    101: "%m/%d/%Y", 102: "%Y.%m.%d", 103: "%d/%m/%Y", 104: "%d.%m.%Y", 105: "%d-%m-%Y", 106: "%d %b %Y",
    107: "%b %d, %Y", 110: "%m-%d-%Y", 111: "%Y/%m/%d", 112: "%Y%m%d", 23: "%Y-%m-%d", 120: "%Y-%m-%d %H:%M:%S",
    20: "%Y-%m-%d %H:%M:%S", 121: "%Y-%m-%d %H:%M:%S.%g", 21: "%Y-%m-%d %H:%M:%S.%g", 126: "%Y-%m-%dT%H:%M:%S.%g",
}  # fmt: skip
# How a style reads text, where that is another day than under the styles above.
_READ_AS = {style: form for style, form in _STYLES.items() if style < 120 and style != 23}


def read_date(value: exp.Expr) -> exp.Expr:
    """Text as a date, whichever of the known ways it is written in."""
    return exp.func(TSQL_DATE, value)


def written_date(value: exp.Expr, style: int, length: int | None) -> exp.Expr:
    """A date as text in a style of CONVERT, cut to the length of its type. Raises CannotCarryOver."""
    if style not in _STYLES:
        raise CannotCarryOver(f"CONVERT with style {style}")
    text: exp.Expr = exp.func("strftime", exp.cast(value, "timestamp"), exp.Literal.string(_STYLES[style]))
    return exp.func("left", text, exp.Literal.number(length)) if length else text


def read_in_style(value: exp.Expr, style: int) -> exp.Expr:
    """Text as a date in a style of CONVERT. Raises CannotCarryOver."""
    if style not in _STYLES:
        raise CannotCarryOver(f"CONVERT with style {style}")
    if style not in _READ_AS:
        return read_date(value)
    return exp.cast(exp.func("strptime", value, exp.Literal.string(_READ_AS[style])), "date")
