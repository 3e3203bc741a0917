"""Words and cells that several charts share: a figure with its interval, why it is missing, its cells in a table.

Belongs here: wording of what a chart draws. Does not belong here: sentences about what it means (the pages).
"""

from reports.charts.data import Value
from reports.charts.figure import Cell, Row
from reports.charts.scale import NO_BREAK, Scale

# Positions of a service in a funnel, in words; their marks: ``drawing.mark_of``.
_POSITION = {
    "below 99.8": "far below (99.8 %)",
    "below 95": "below (95 %)",
    "within": "within the limits",
    "above 95": "above (95 %)",
    "above 99.8": "far above (99.8 %)",
}


def figure_said(scale: Scale, value: Value) -> str:
    """A value with its interval in words, or why there is none."""
    if value.value is None:
        return value.why_missing
    said = scale.said(value.value, value.denominator)
    if value.lower is None or value.upper is None:
        return said
    return f"{said}, likely between {scale.between(value.lower, value.upper, value.denominator, 'and')}"


def value_cells(scale: Scale, value: Value) -> list[Cell]:
    """Cells of a figure: value, lower, upper, numerator, denominator."""
    if value.value is None:
        return [Cell(value.why_missing), *(Cell("") for _ in range(4))]
    return [
        number_cell(scale, value.value, value.column, value.denominator),
        number_cell(scale, value.lower, "lower_95", value.denominator),
        number_cell(scale, value.upper, "upper_95", value.denominator),
        count_cell(value.numerator, "numerator"),
        count_cell(value.denominator, "denominator"),
    ]


VALUE_HEAD = ("figure", "likely from", "to", "people counted", "of people")


def number_cell(scale: Scale, value: float | None, column: str, people: int | None = None) -> Cell:
    """A cell of a value on ``scale``; empty without one."""
    return Cell("") if value is None else Cell(scale.said(value, people), value, column)


def count_cell(people: int | None, column: str, why_missing: str = "") -> Cell:
    """A cell of a count; without one, why."""
    return Cell(why_missing) if people is None else Cell(f"{people:,}", people, column)


def position_said(position: str | None) -> str:
    """A position in words; without one a service is not compared."""
    return "not compared" if position is None else _POSITION[position]


def one_or_many(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,}{NO_BREAK}{one if number == 1 else many}"


def standard_row(scale: Scale, standard: float, cells: int, before: int = 0) -> Row:
    """A row for the standard, in a table with so many ``cells`` a row, ``before`` of them before the figure."""
    empty = [Cell("")] * cells
    return Row("Standard", [*empty[:before], number_cell(scale, standard, "standard"), *empty[before + 1 :]])
