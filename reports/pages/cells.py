"""Figures in cells and sentences, of any organisation: people, per cent, interval, or why there is none.

Belongs here: one row of a public table as a person reads it. Does not belong here: the words of a number
(``numbers``), the blocks of a service page (``blocks``).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from reports.charts import SHARE, Scale, Value
from reports.pages.numbers import Source, data, missing, value_said
from reports.pages.release import Measure
from warehouse.comparison.statistics import Z_95, wilson

Row = Mapping[str, Any]
# What the rows of a measure's grain are, in the plural.
NOUNS = {
    "pathway": "referrals", "caseload": "people", "contact": "appointments", "activity": "sessions",
    "outcome": "pairs of scores", "therapy": "courses of therapy", "internet_log": "internet sessions",
    "answer": "answers",
}  # fmt: skip


def number(value: object) -> float | None:
    """A value of the release as a float; None stays."""
    return None if value is None else float(value)  # type: ignore[arg-type]


def scale(measure: Measure) -> Scale:
    """The scale on which a measure is drawn."""
    if measure.kind == "share":
        return SHARE
    whole = measure.kind == "count" or measure.unit == "days"
    return Scale(unit="" if measure.kind == "count" else measure.unit, decimals=0 if whole else 1)


def figure(measure: Measure, row: Row | None, source: Source, noun: str = "") -> Markup:
    """A figure in words: "38 of 61 people, 62 %; likely between 50 and 73 %"; or why there is none.

    ``source`` is that of the row, whatever its column. ``noun`` is what the denominator counts.
    """
    if row is None:
        return Markup(missing("not applicable"))  # noqa: S704  our own text
    if row["denominator" if measure.kind == "share" else "value"] is None:
        return Markup(missing(row["state"]))  # noqa: S704  our own text
    if measure.kind == "share":
        return share(row, interval(row), source, noun or NOUNS[measure.grain])
    value = float(row["value"])
    said = value_said(measure.kind, measure.unit, value, row["denominator"])
    return data(said, value, replace(source, column="value"))


def share(
    row: Row,
    limits: tuple[float, float] | None,
    source: Source,
    noun: str = "",
    likely: str = "; likely between {} and {}",
) -> Markup:
    """A share in words, of a row with a denominator. ``limits`` are those of its interval, said as ``likely``.

    ``source`` and ``noun`` as in ``figure``.
    """

    def shown(column: str, value: float | None, text: str) -> Markup:
        return data(text, value, replace(source, column=column))

    counted, people = row["numerator"], row["denominator"]
    of = shown("denominator", people, f"{people:,}")
    if noun:
        of = Markup("{} {}").format(of, noun)
    if counted is None:
        few = "fewer than 5" if row["state"] == "suppressed" else missing(row["state"])
        return Markup("{} of {}").format(few, of)
    said = Markup("{} of {}").format(shown("numerator", counted, f"{counted:,}"), of)
    value = number(row["value"])
    if value is None:
        return said
    said = Markup("{}, {}").format(said, shown("value", value, SHARE.said(value, people)))
    if limits is None:
        return said
    low, _, high = SHARE.between(*limits, people).partition(" to ")
    return said + Markup(likely).format(shown("lower_95", limits[0], low), shown("upper_95", limits[1], high))  # noqa: S704


def interval(row: Row) -> tuple[float, float] | None:
    """The 95 % Wilson limits of a share, from the counts shown."""
    if row["value"] is None or row["numerator"] is None or row["denominator"] is None:
        return None
    return wilson(row["numerator"], row["denominator"], Z_95)


def ends(measure: Measure, row: Row) -> tuple[float, float] | tuple[None, None]:
    """Both ends of the interval of a figure for a chart; None twice where it has none: only shares have one."""
    return (interval(row) if measure.kind == "share" else None) or (None, None)


def drawn(measure: Measure, row: Row | None, source: Source) -> Value:
    """A figure for a chart."""
    if row is None:
        return Value(None, why_missing=missing("not applicable"))
    low, high = ends(measure, row)
    return Value(
        number(row["value"]), low, high, row["numerator"] if measure.kind == "share" else None,
        row["denominator"], missing(row["state"], row["value"]), source.drawn,
    )  # fmt: skip
