"""What a tariff invites, on the command line: a table that fits a plain terminal.

Belongs here: the table of ways, those that pay most first. Does not belong here: numbers
(``pipelines.incentives``), the words (``reports.published.incentives``).
"""

import sys

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.show import line
from reports.published.incentives import SUMMARY, Incentives, ordered, summary
from reports.site.wording import counted

# What is no terminal is as wide as this: a file, another program.
_WIDTH = 140
# Width of each column beside the others, and a shorter head where the page has room for a long one.
_RATIOS = (5, 4, 2, 4, 2, 6, 4)
_SHORTER = {
    "for each service": "each",
    "gain for an hour of care": "gain for an hour",
    "of 100 people, fewer contacts for": "fewer, of 100",
}


def incentives(found: Incentives) -> None:
    """One row for each way, with what it comes to."""
    services = counted(found.services, "service")
    line(
        f"Under the tariff «{found.tariff}», {services} of the demonstration, "
        f"{found.first_day:%B %Y} to {found.last_day:%B %Y}:"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), expand=True)
    for name, ratio in zip(SUMMARY, _RATIOS, strict=True):
        table.add_column(_SHORTER.get(name, name), overflow="fold", ratio=ratio)
    for gain in ordered(found):
        table.add_row(*(escape(cell.replace(" %", "\u00a0%")) for cell in summary(gain)))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH).print(table)
    line("All people are made up. What each way does and a guard against it: docs/incentives.md, or --page FILE.")
