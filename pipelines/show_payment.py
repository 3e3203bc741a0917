"""What a tariff comes to, on the command line.

Belongs here: one table per tariff and what to know of it. Does not belong here: amounts (``warehouse.payment``).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from pipelines.show import line, wide
from reports.site.wording import day, per_cent

if TYPE_CHECKING:  # it brings DuckDB with it
    from pipelines.payment import Paid


def payment(found: Sequence["Paid"]) -> None:
    """A table for each tariff, with the figures behind every amount."""
    for paid in found:
        tariff = paid.tariff
        line(f"{paid.provider}, tariff {tariff.name}, {tariff.period} from {day(str(paid.period_start))}")
        line(f"Set by {tariff.set_by}. Source: {tariff.source}.")
        if tariff.outcome_share:
            line(f"Of the full price of activity {per_cent(tariff.outcome_share)} is paid by outcome.")
        if paid.total_pence is not None:
            wide(_table(paid))
        for note in paid.notes:
            line(note)
        line("")


def _pounds(pence: int | None) -> str:
    """An amount as it is read: £1,234.50."""
    if pence is None:
        return ""
    return f"{'-' if pence < 0 else ''}£{abs(pence) // 100:,}.{abs(pence) % 100:02}"


def _table(paid: "Paid") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("What is paid for")
    for name in ("Figure", "Agreed", "In full", "Paid"):
        table.add_column(name, justify="right")
    for row in paid.rows:
        if row["part"] != "limit" or row["amount_pence"]:
            agreed, most = _agreed(row), _pounds(row["full_pence"])
            table.add_row(escape(row["line"]), _figure(row), agreed, most, _pounds(row["amount_pence"]))
    table.add_row("[bold]Together[/bold]", "", "", "", f"[bold]{_pounds(paid.total_pence)}[/bold]")
    return table


def _figure(row: dict[str, Any]) -> str:
    if row["numerator"] is None:
        return ""
    if row["denominator"] is None:
        return f"{row['numerator']:,}"
    share = f" = {100 * row['numerator'] / row['denominator']:.1f} %" if row["denominator"] else ""
    return f"{row['numerator']:,} of {row['denominator']:,}{share}"


def _agreed(row: dict[str, Any]) -> str:
    if row["part"] == "activity":
        return f"{_pounds(row['price_pence'])} each"
    if row["part"] == "outcome":
        return f"{per_cent(row['floor'])} to {per_cent(row['cap'])}"
    return f"{per_cent(row['floor'])} to {per_cent(row['cap'])} of the outcome part"
