"""Rules of the national datasets that look for the same fault as one of ours.

Belongs here: reading the list (``national_rules.csv``). Does not belong here: the rules themselves. The list
decides nothing: no row and no figure depends on it. With it a person can look up a finding in national guidance.

``confidence`` is F where the national rule checks the same element for the same thing (blank, format, national
code), and R where it was read and judged to look for the same fault. The codes of the IAPT Data Set (``IDS…``) are
in no public source that we could read, so none is listed.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FOUND, READ = "F", "R"


@dataclass(frozen=True)
class NationalRule:
    """One rule of a national dataset, as ``version`` of its list (``source``) has it."""

    id: str
    dataset: str
    version: str
    source: str
    confidence: str

    @property
    def said(self) -> str:
        """The rule with where it is from: "MHS10128 (MHSDS 6.0)"."""
        judged = ", judged to be the same" if self.confidence == READ else ""
        return f"{self.id} ({self.dataset} {self.version}{judged})"


@cache
def national_rules() -> Mapping[str, tuple[NationalRule, ...]]:
    """The national rules by id of ours; a rule without one is not in it.

    Raises ValueError for an unknown confidence.
    """
    found: dict[str, tuple[NationalRule, ...]] = {}
    with (files("schemas") / "national_rules.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["confidence"] not in (FOUND, READ):
                raise ValueError(f"national_rules.csv: {row['rule']} has the confidence {row['confidence']!r}")
            each = NationalRule(
                row["national_rule"], row["dataset"], row["version"], row["source"], row["confidence"]
            )
            found[row["rule"]] = (*found.get(row["rule"], ()), each)
    return found


def said_of(rule_id: str) -> str:
    """All national rules of one of ours in a line; empty if there is none."""
    return ", ".join(each.said for each in national_rules().get(rule_id, ()))
