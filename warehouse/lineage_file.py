"""The lineage of measures, kept in a file: ``lineage.csv``.

Belongs here: writing the file (``python -m warehouse.lineage_file``), and reading it where it was written from the
SQL of now. Does not belong here: reading SQL (``lineage``), what a measure reads (``measures.origins``).

Reading the SQL of 61 queries takes 2 s of processor time, which was most of a small publication. The file follows
from the code alone. It has a hash of what it was written from: after a change of that the SQL is read instead.
"""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from schemas.dataset import TABLES
from schemas.staged import staged_schema
from warehouse import lineage, merging, staging
from warehouse.lineage import ROWS, Column, Columns, Lineage, lineage_of, looked_up
from warehouse.measures.catalogue import GRAINS
from warehouse.models import model_names, read_sql

FILE = "lineage.csv"
GRAIN = "grain."
"""What the queries of grains are called in the lineage."""
# The first line below the names: the hash.
_WRITTEN_FROM = "written from"
_COMMENT = re.compile(r"--[^\n]*")


def lineage_of_grains() -> Lineage:
    """The lineage of the rows of every grain, and of all models they need."""
    kept = _kept()
    return Lineage(kept) if kept is not None else _read()


def _read() -> Lineage:
    return lineage_of({f"{GRAIN}{grain}": query for grain, query in GRAINS.items()})


def _kept() -> Mapping[Column, Columns] | None:
    """What the file says; ``None`` if it was written from something else than what is there now."""
    with (files("warehouse") / FILE).open(encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        if next(rows, None) != [_WRITTEN_FROM, "", _fingerprint()]:
            return None
        return {(table, column): _columns(made_of) for table, column, made_of in rows}


def _columns(made_of: str) -> Columns:
    found = set[Column]()
    for each in made_of.split():
        table, _, columns = each.rpartition(".")
        found.update((table, column) for column in columns.split("/"))
    return frozenset(found)


def written() -> str:
    """The file as the models of now have it: per column what it is made of directly, and of which rows."""
    made_of, text = _read().edges(), io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("table", "column", "made_of"))
    out.writerow((_WRITTEN_FROM, "", _fingerprint()))
    for (table, column), origins in sorted(made_of.items()):
        rows = made_of.get((table, ROWS), frozenset())
        if column != ROWS and rows <= origins:  # said once: the rows lead to the same
            origins = origins - rows | ({(table, ROWS)} if rows else set())
        by_table: dict[str, list[str]] = {}
        for of, name in sorted(origins):
            by_table.setdefault(of, []).append(name)
        out.writerow((table, column, " ".join(f"{of}.{'/'.join(names)}" for of, names in by_table.items())))
    return text.getvalue()


def _fingerprint() -> str:
    """Hash of what lineage follows from: models, grains, the columns where it begins, and what reads them."""
    said = {
        "models": {name: " ".join(_COMMENT.sub("", read_sql(name)).split()) for name in model_names()},
        "grains": GRAINS,
        "staged": {table.id: list(staged_schema(table)) for table in TABLES.values()},
        "looked up": looked_up(),
        "code": [Path(str(module.__file__)).read_text("utf-8") for module in (lineage, merging, staging)],
        "sqlglot": version("sqlglot"),
    }
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


if __name__ == "__main__":
    Path(__file__).with_name(FILE).write_text(written(), encoding="utf-8")
