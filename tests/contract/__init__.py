"""The contract with analysts (schema ``v1``): writing it anew, and what was released.

Belongs here: ``python -m tests.contract`` writes ``warehouse/v1/contract.csv`` from the views of a warehouse without
submissions; the contracts as they were released, ``<version>.csv``. Does not belong here: comparing them
(``warehouse.promised``).
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from warehouse.promised import LAYOUT, Promise

HERE = Path(__file__).parent


def released() -> list[tuple[str, Path]]:
    """Every released version with its file, the earliest first."""
    found = [(path.stem, path) for path in HERE.glob("*.csv")]
    return sorted(found, key=lambda each: number(each[0]))


def number(version: str) -> tuple[int, ...]:
    """A version in the order of versions: 1.10 comes after 1.9."""
    return tuple(int(part) for part in version.split("."))


def following(version: str) -> str:
    """The next minor version."""
    major, minor = number(version)
    return f"{major}.{minor + 1}"


def dated(offered: Iterable[Promise], before: Iterable[Promise], version: str) -> list[Promise]:
    """What the views offer, with ``since`` as before; what is new is promised since ``version``."""
    since = {each.where: each.since for each in before}
    return [replace(each, since=since.get(each.where, version)) for each in offered]


def written(promises: Iterable[Promise]) -> str:
    """The text of a contract file."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(LAYOUT)
    for each in promises:
        row = (getattr(each, name) for name in LAYOUT)
        table.writerow([str(value).lower() if isinstance(value, bool) else value for value in row])
    return text.getvalue()
