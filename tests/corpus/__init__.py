"""The corpus: deliberately broken submissions, one fault each, with what is expected of them.

Belongs here: making the broken submissions (``by_rule``, ``malformed``) and the table of what they must come to
(``expected.csv``: one line per case). Does not belong here: checking them (``tests/journeys/test_corpus.py``), timing them
(``benchmarks/corpus.py``).
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from transforms.submission import SubmissionChecked

EXPECTED = Path(__file__).with_name("expected.csv")
COLUMNS = ("case", "outcome", "findings", "rows_in", "accepted", "rejected")


@dataclass(frozen=True)
class Case:
    """One broken submission. ``write`` makes it in an empty folder and returns its path."""

    name: str
    write: Callable[[Path], Path]


def came_to(name: str, checked: SubmissionChecked, state: str) -> dict[str, str]:
    """The line of ``expected.csv`` that a case came to: outcome, findings per rule and table, rows."""
    counts = checked.counts().values()
    per_rule = checked.findings.group_by("rule_id", "table").len().rows()
    found = sorted(
        f"{rule}×{count}" if not table or str(rule).startswith(str(table)) else f"{rule}@{table}×{count}"
        for rule, table, count in per_rule
    )
    rows = {kind: str(sum(count[kind] for count in counts)) for kind in ("rows_in", "accepted", "rejected")}
    return {"case": name, "outcome": state, "findings": " ".join(found), **rows}


def expected() -> dict[str, dict[str, str]]:
    """The lines of ``expected.csv`` by case."""
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def cases() -> Iterator[Case]:
    """Every case: one or more per rule, and everything that can be wrong with files."""
    from tests.corpus.by_rule import rule_cases

    yield from rule_cases()
    yield from hostile_cases()


def hostile_cases() -> Iterator[Case]:
    """Every case that is not a rule's own example: bytes, names, sizes, archives, formats, hostile values."""
    from tests.corpus.malformed import malformed_cases
    from tests.corpus.names import name_cases
    from tests.corpus.parquets import parquet_cases
    from tests.corpus.sizes import size_cases
    from tests.corpus.values import value_cases
    from tests.corpus.zips import zip_cases

    yield from malformed_cases()
    yield from size_cases()
    yield from name_cases()
    yield from zip_cases()
    yield from parquet_cases()
    yield from value_cases()
