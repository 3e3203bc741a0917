"""Rules of the Mental Health Services Data Set (MHSDS v6.0) that look for the same fault as one of ours.

Belongs here: reading the list (``national_rules.csv``). Does not belong
here: the rules themselves. The list decides nothing: no row and no figure depends on it.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def national_rules() -> Mapping[str, tuple[str, ...]]:
    """The ids of national rules by id of ours. A rule without one is not in it."""
    found: dict[str, tuple[str, ...]] = {}
    with (files("schemas") / "national_rules.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["rule"]] = (*found.get(row["rule"], ()), row["national_rule"])
    return found
