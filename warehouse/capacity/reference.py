"""Reference values of capacity, in schema ``ref``: waiting standards, NICE's sessions, the list of assumptions.

Belongs here: reading ``*.csv`` of this package, and loading them. Does not belong here: what a service's own
records say (``assumptions``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import duckdb

from schemas.catalogue_file import Problem, Row, malformed, read_rows, wrong_columns, wrong_length
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES
from warehouse.staging import insert_rows

# Its one step (core.step_of_care); every other is of Talking Therapies.
SMI_THERAPY = "SMI therapy"
# Spans in which a figure is reckoned, in submitted months.
MONTHS_OF_REFERRALS, MONTHS_OF_WORK, MONTHS_OF_STAFF = 12, 6, 3


@dataclass(frozen=True)
class Named:
    """An assumption as a service can name it: its unit, the values it may have, its convention where it has one.

    ``scope`` is programme (Talking Therapies, or severe mental illness) or step (of care).
    """

    name: str
    title: str
    unit: str
    scope: str
    smallest: float
    largest: float
    convention: float | None
    source: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Standard:
    """A waiting standard: ``share`` of people start within ``weeks``."""

    weeks: int
    share: float


def programme(step: str) -> str:
    """The set of pathways (``ref.pathway.measure_set``) that a step of care belongs to."""
    return SEVERE_MENTAL_ILLNESS if step == SMI_THERAPY else TALKING_THERAPIES


@cache
def named() -> Mapping[str, Named]:
    """Every assumption by its name, in the order in which they are shown."""
    return {
        row["name"]: Named(
            row["name"], row["title"], row["unit"], row["scope"], float(row["smallest"]), float(row["largest"]),
            float(row["convention"]) if row["convention"] else None, row["source"], row["confidence"], row["note"],
        )
        for row in _rows("assumption")
    }  # fmt: skip


def standards(measure_set: str, day: date) -> tuple[Standard, ...]:
    """The waiting standards of a set of pathways on a day, the shortest first; none where there is no standard."""
    return tuple(
        Standard(int(row["weeks"]), float(row["share"]))
        for row in _rows("waiting_standard")
        if row["measure_set"] == measure_set and row["weeks"] and _is_valid(row, day)
    )


def why_no_standard(measure_set: str, day: date) -> str:
    """Why a set of pathways has no waiting standard on a day, with the source; empty where it has one."""
    found = [row for row in _rows("waiting_standard") if row["measure_set"] == measure_set and _is_valid(row, day)]
    return " ".join(f"{row['note']} ({row['source']})" for row in found if not row["weeks"])


def nice_sessions(pathway: str, step: str, day: date) -> tuple[float, float, float, str] | None:
    """Sessions that NICE recommends for a pathway and step on a day, with the range and the source; or ``None``."""
    found = [
        row for row in _rows("expected_sessions")
        if row["pathway"] == pathway and row["step"] == step and row["valid_from"] <= day.isoformat()
    ]  # fmt: skip
    if not found:
        return None
    row = max(found, key=lambda each: each["valid_from"])
    return float(row["sessions"]), float(row["lowest"]), float(row["highest"]), row["source"]


def _is_valid(row: Row, day: date) -> bool:
    return row["valid_from"] <= day.isoformat() and (not row["valid_to"] or day.isoformat() <= row["valid_to"])


_FILES = {
    "waiting_standard": (
        "position", "measure_set", "weeks", "share", "valid_from", "valid_to", "source", "confidence", "note",
    ),
    "expected_sessions": (
        "pathway", "step", "sessions", "lowest", "highest", "valid_from", "source", "confidence", "note",
    ),
    "assumption": (
        "position", "name", "title", "unit", "scope", "smallest", "largest", "convention", "source", "confidence",
        "note",
    ),
}  # fmt: skip
# Columns that a row may leave blank.
_OPTIONAL = frozenset({"valid_to", "note", "weeks", "share", "convention"})
_A_NUMBER = (r"\d+(\.\d+)?", "a number")
_A_DAY = (r"\d{4}-\d{2}-\d{2}", "a day as 2025-04-01")
_FORMS = {
    **dict.fromkeys(("smallest", "largest", "convention", "sessions", "lowest", "highest"), _A_NUMBER),
    **dict.fromkeys(("position", "weeks"), (r"[1-9]\d*", "a whole number from 1")),
    **dict.fromkeys(("valid_from", "valid_to"), _A_DAY),
    "share": (r"0?\.\d+", "a share between 0 and 1"),
    "scope": ("programme|step", "programme or step"),
    "confidence": ("F|R", "F (found in the source) or R (recalled)"),
}


def _wrong_cells(row: Row, columns: Sequence[str]) -> Iterator[str]:
    """What is wrong with the cells of a row that has one for each column."""
    filled = {column: row[column] for column in columns if row[column]}
    # What records say needs no source: each service's rows have it.
    is_observed = "convention" in columns and "convention" not in filled
    optional = _OPTIONAL | {"source", "confidence"} if is_observed else _OPTIONAL
    yield from (f"{column} is blank" for column in columns if column not in optional and column not in filled)
    forms = {column: form for column, form in _FORMS.items() if column in filled}
    yield from (problem for _, problem in malformed(filled, forms))


@cache
def _rows(name: str) -> tuple[Row, ...]:
    """The rows of a file. Raises CatalogueError with every problem of it."""

    def problems(header: Sequence[str], rows: Sequence[Row]) -> Iterator[Problem]:
        yield from wrong_columns(header, _FILES[name])
        for number, row in enumerate(rows, start=2):
            if wrong := list(wrong_length(number, row, _FILES[name])):
                yield from wrong
            else:
                yield from ((number, problem) for problem in _wrong_cells(row, _FILES[name]))

    return tuple(
        read_rows(files("warehouse") / "capacity" / f"{name}.csv", f"warehouse/capacity/{name}.csv", problems)
    )


def load_capacity(con: duckdb.DuckDBPyConnection) -> None:
    """Create and fill ``ref.waiting_standard``, ``ref.expected_sessions`` and ``ref.capacity_assumption``."""
    con.execute(_TABLES)
    for table, file in (
        ("ref.waiting_standard", "waiting_standard"), ("ref.expected_sessions", "expected_sessions"),
        ("ref.capacity_assumption", "assumption"),
    ):  # fmt: skip
        insert_rows(con, table, [tuple(row[column] or None for column in _FILES[file]) for row in _rows(file)])


_TABLES = """
CREATE TABLE ref.waiting_standard (
    position INTEGER, measure_set VARCHAR, weeks INTEGER, share DECIMAL(5, 4), valid_from DATE, valid_to DATE,
    source VARCHAR, confidence VARCHAR, note VARCHAR);
CREATE TABLE ref.expected_sessions (
    pathway VARCHAR, step VARCHAR, sessions INTEGER, lowest INTEGER, highest INTEGER, valid_from DATE,
    source VARCHAR, confidence VARCHAR, note VARCHAR);
CREATE TABLE ref.capacity_assumption (
    position INTEGER, name VARCHAR, title VARCHAR, unit VARCHAR, scope VARCHAR, smallest DECIMAL(12, 4),
    largest DECIMAL(12, 4), convention DECIMAL(12, 4), source VARCHAR, confidence VARCHAR, note VARCHAR);
"""
COLUMNS = """
Columns of ref.waiting_standard: One row per set of pathways and national standard for waits, dated.
  position, key: Place in the list.
  measure_set: talking_therapies or severe_mental_illness.
  weeks [weeks]: Weeks from referral to first treatment; NULL where there is no standard.
  share [share]: Share of people who should start within these weeks; NULL where there is no standard.
  valid_from [date]: First day.
  valid_to [date]: Last day; NULL while it is valid.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: Remarks; why there is no standard.

Columns of ref.expected_sessions: One row per pathway and step of care for which NICE names a number of sessions.
  pathway, key: Pathway code.
  step, key: Step of care (core.step_of_care).
  sessions [sessions]: Sessions to expect.
  lowest [sessions]: Fewest that it names.
  highest [sessions]: Most that it names.
  valid_from [date], key: First day.
  source: Guideline.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: Remarks.

Columns of ref.capacity_assumption: One row per assumption of demand and capacity that a service can change.
  position: Place in the list.
  name, key: Name, as --set takes it.
  title: What it is.
  unit: Unit of its values.
  scope: programme (Talking Therapies or severe mental illness) or step (of care).
  smallest: Smallest value that is accepted.
  largest: Largest value that is accepted.
  convention: Value where no record can say it; NULL where records say it.
  source: Where the convention is from.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: How the records say it, or remarks.
"""
