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

    limits = (
        dict(zip(("lower_95", "upper_95"), interval(row) or (), strict=False)) if measure.kind == "share" else {}
    )

    def shown(column: str, text: str) -> Markup:
        value = limits[column] if column in limits else row[column]
        return data(text, number(value) if column == "value" else value, replace(source, column=column))

    if measure.kind == "share":
        return _share(row, shown, noun or NOUNS[measure.grain])
    if row["value"] is None:
        return Markup(missing(row["state"]))  # noqa: S704  our own text
    said = value_said(measure.kind, measure.unit, float(row["value"]), row["denominator"])
    return shown("value", said)


def _share(row: Row, shown: Any, noun: str) -> Markup:
    if row["denominator"] is None:
        return Markup(missing(row["state"]))  # noqa: S704  our own text
    of = Markup("{} {}").format(shown("denominator", f"{row['denominator']:,}"), noun)
    if row["numerator"] is None:
        return Markup("fewer than 5 of {}").format(of)
    counted = Markup("{} of {}").format(shown("numerator", f"{row['numerator']:,}"), of)
    if row["value"] is None:
        return counted
    rate = shown("value", SHARE.said(float(row["value"]), row["denominator"]))
    limits = interval(row)
    if limits is None:
        return Markup("{}, {}").format(counted, rate)
    low, _, high = SHARE.between(limits[0], limits[1], row["denominator"], "and").partition(" and ")
    return Markup("{}, {}; likely between {} and {}").format(
        counted, rate, shown("lower_95", low), shown("upper_95", high)
    )


def interval(row: Row) -> tuple[float, float] | None:
    """The 95 % Wilson limits of a share, from the counts shown."""
    if row["value"] is None or row["numerator"] is None or row["denominator"] is None:
        return None
    return wilson(row["numerator"], row["denominator"], Z_95)


def drawn(measure: Measure, row: Row | None, source: Source) -> Value:
    """A figure for a chart."""
    if row is None:
        return Value(None, why_missing=missing("not applicable"))
    low, high = (interval(row) if measure.kind == "share" else None) or (None, None)
    return Value(
        number(row["value"]), low, high, row["numerator"] if measure.kind == "share" else None,
        row["denominator"], missing(row["state"], row["value"]), source.drawn,
    )  # fmt: skip
