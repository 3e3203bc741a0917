"""How much of a year's work falls into a month: its working days, and the season of a working day.

Belongs here: the factors of ``season.csv``. Does not belong here: the calendar (``working_days``).

Counts of a month follow its working days one for one: in England's monthly figures from 2021 to 2026 the exponent
is between 0.9 and 1.1. What is left is the season, fitted beside a smooth curve of four degrees: of referrals a
working day in December has 0.86 of the average, one in January 1.08.
"""

import csv
from datetime import date
from functools import cache
from importlib.resources import files

from schemas.calendar.working_days import working_days
from schemas.errors import CatalogueError

_FILE = "season.csv"
# A month with so many working days has an exposure of 1.
_USUAL_DAYS = 21
NONE = "none"
"""For what has no season: its exposure is 1 in every month."""


def exposure(month: date, season: str) -> float:
    """How many usual months of work a month has, by its working days and season.

    Raises ValueError for a season that there is none of.
    """
    if season == NONE:
        return 1.0
    if season not in seasons():
        raise ValueError(f"there is no season {season!r}; there are {', '.join((*seasons(), NONE))}")
    return working_days(month) / _USUAL_DAYS * seasons()[season][month.month - 1]


@cache
def seasons() -> dict[str, tuple[float, ...]]:
    """Factors of the twelve months by season, January first. Raises CatalogueError where months are missing."""
    found: dict[str, dict[int, float]] = {}
    with (files("schemas.calendar") / _FILE).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["season"], {})[int(row["month"])] = float(row["factor"])
    twelve = list(range(1, 13))
    if short := [name for name, factors in found.items() if sorted(factors) != twelve]:
        problems = [(1, f"{name} needs twelve months") for name in short]
        raise CatalogueError(f"schemas/calendar/{_FILE}", problems)
    return {name: tuple(factors[month] for month in twelve) for name, factors in found.items()}
