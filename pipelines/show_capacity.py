"""Demand and capacity of a service on the command line.

Belongs here: its tables and sentences. Does not belong here: reckoning (``pipelines.capacity``).
"""

from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from pipelines.capacity import Capacity
from pipelines.show import line, wide
from reports.pages.capacity import LATER, TOO_EARLY
from warehouse.capacity.assumptions import Assumption
from warehouse.capacity.changing import SET
from warehouse.capacity.coming import BACKLOG
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import named
from warehouse.capacity.simulation import ALL, limits

_TITLES = {quantity.name: quantity.title for quantity in QUANTITIES}


def capacity(found: Capacity) -> None:
    """What was reckoned, then what it rests on."""
    line(f"{found.name} ({found.provider}), as at the end of {found.month:%B %Y}")
    steps = list(dict.fromkeys(row["step"] for row in found.results))
    # With one step, all is that step.
    shown = steps[:1] if len(steps) == 2 else steps
    for step in shown:
        line("")
        line("All steps together" if step == ALL else step[:1].upper() + step[1:])
        wide(_results(found, step))
    for sentence in dict.fromkeys(
        row["why_not"] for row in found.results if row["why_not"] and row["step"] in shown
    ):
        line(sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith((".", ")")) else "."))
    line("")
    line(_later(found))
    line("")
    line("What this rests on. Change a value with --set NAME=VALUE, or --set 'STEP:NAME=VALUE'.")
    wide(_assumptions(found))


def _later(found: Capacity) -> str:
    """What will be still to give some months ahead, with the assumptions of the release."""
    rows = [row for row in found.forecast if row["quantity"] == BACKLOG]
    if not rows:
        return TOO_EARLY
    last = max(rows, key=lambda row: row["month"])
    limits = {"low": f"{last['lower_95']:,}", "high": f"{last['upper_95']:,}"}
    return LATER.format(month=f"{last['month']:%B %Y}", **limits) + (
        " That is with the values of the release." if found.is_changed else ""
    )


def _results(found: Capacity, step: str) -> Table:
    before = {(row["step"], row["quantity"]): row for row in found.before}
    columns = ["", "Value", "Likely between (95 %)", "Unit", *(["Before"] if found.is_changed else [])]
    table = _table(columns)
    for row in found.results:
        if row["step"] != step:
            continue
        was = [_value(before[step, row["quantity"]])] if found.is_changed else []
        table.add_row(_TITLES[row["quantity"]], _value(row), _between(row), row["unit"], *was)
    return table


def _value(row: dict[str, Any]) -> str:
    if row["value"] is not None:
        return _number(row["value"])
    return "never" if str(row["why_not"]).startswith("never") else "–"


def _between(row: dict[str, Any]) -> str:
    low, high = row["lower_95"], row["upper_95"]
    if row["never_share"] is None or (low is None and _value(row) != "never"):
        return ""
    if low is None:
        return "never" if row["never_share"] == 1 else "never in nearly all cases"
    return f"{_number(low)} and {'never' if high is None else _number(high)}"


def _assumptions(found: Capacity) -> Table:
    table = _table(["Step", "Name", "Value", "Likely between (95 %)", "Unit", "Source", "From", "What it is"])
    for a in found.assumptions:
        value = "–" if a.value is None else _number(a.value)
        is_set = a.source == SET
        cells = (a.step, a.name, value, _likely(found.provider, a), named()[a.name].unit, a.source,
                 f"{a.n:,}" if a.n else "", named()[a.name].title)  # fmt: skip
        table.add_row(*(f"[bold]{escape(c)}[/bold]" if is_set else escape(c) for c in cells))
    return table


def _likely(provider: str, a: Assumption) -> str:
    if a.value is None or a.spread == "none":
        return ""
    low, high = limits(a, provider)
    return f"{_number(low)} and {_number(high)}"


def _number(value: float) -> str:
    """Three figures where they matter: "1,395", "16.0", "0.103"."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3g}" if size else "0"


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        is_number = column in ("Value", "Before", "From")
        table.add_column(escape(column), justify="right" if is_number else "left", no_wrap=True)
    return table
