"""NHS England's own measures and variables, and where each of them is found here.

Belongs here: ``official.csv``, one row for each of the 481 measures and groups of variables of the monthly
statistics of NHS Talking Therapies, and its checks. Does not belong here: how measures are defined (``catalogue``),
the page that shows the table (``reports.published.official_measures``).
"""

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

SAME, DIFFERS, LEFT_OUT, NOT_COMPUTED = ANSWERS = ("same", "differs", "left out", "not computed")
# Which number of a measure it is: names of columns of the marts.
FIGURES = ("numerator", "denominator", "value")


@dataclass(frozen=True)
class Official:
    """One official measure, or one group of an official variable, and what there is of it here.

    ``answer``: ``same`` has the official construction; ``differs`` is the nearest figure, and ``note`` says how;
    ``left out`` could be counted and is not, and ``note`` says why; ``not computed`` needs an element that the
    dataset does not have, which ``note`` names. ``figure`` of ``measure`` is meant, in the ``groups`` of
    ``breakdown`` where one is named. A variable has a breakdown and no measure.
    """

    official_id: str
    official_name: str
    answer: str
    measure: str
    figure: str
    breakdown: str
    groups: tuple[str, ...]
    note: str

    def __post_init__(self) -> None:
        """Refuse a row that says nothing, or two things."""
        is_found = self.answer in (SAME, DIFFERS)
        problems = [
            what
            for what, is_wrong in (
                (f"answer {self.answer!r}", self.answer not in ANSWERS),
                ("nothing named", is_found and not (self.measure or self.breakdown)),
                ("something named", not is_found and bool(self.measure or self.breakdown or self.groups)),
                (f"figure {self.figure!r}", self.figure not in (FIGURES if self.measure else ("",))),
                ("groups and breakdown", bool(self.groups) and not self.breakdown),
                ("no note", self.answer != SAME and not self.note),
            )
            if is_wrong
        ]
        if problems:
            raise ValueError(f"official measure {self.official_id}: {'; '.join(problems)}")


@cache
def official() -> tuple[Official, ...]:
    """Every official measure in the order of the source. Raises ValueError when a row is wrong or there twice."""
    with (files("warehouse.measures") / "official.csv").open(encoding="utf-8") as file:
        found = tuple(
            Official(**{name: value for name, value in row.items() if name != "groups"}, groups=_groups(row))
            for row in csv.DictReader(file)
        )
    keys = [(each.official_id, each.official_name) for each in found]
    if len(set(keys)) < len(keys):
        raise ValueError("official.csv: a measure is there twice")
    return found


@cache
def published_ids() -> dict[str, str]:
    """Measure → the official ids that it gives by their own construction, separated by blanks."""
    ids: dict[str, list[str]] = {}
    for each in official():
        if each.answer == SAME and each.measure:
            ids.setdefault(each.measure, []).append(each.official_id)
    return {measure: " ".join(found) for measure, found in ids.items()}


def rows() -> list[tuple[str | None, ...]]:
    """The rows of ``mart.official_measure``."""
    return [
        tuple(
            ("; ".join(each.groups) if field.name == "groups" else getattr(each, field.name)) or None
            for field in fields(Official)
        )
        for each in official()
    ]


def _groups(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row["groups"].split("; ")) if row["groups"] else ()
