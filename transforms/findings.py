"""The findings frame: one row per record and broken rule.

Belongs here: its columns, and making a frame of them. Does not belong here: deciding what is wrong.
"""

from functools import cache, lru_cache

import polars as pl

from schemas.rule import Effect, Rule

FINDINGS: dict[str, pl.DataType] = {
    "table": pl.Categorical(),
    "row_number": pl.Int64(),
    "rule_id": pl.Categorical(),
    "effect": pl.Categorical(),
    "field": pl.Categorical(),
    "found": pl.String(),
    "cause_table": pl.Categorical(),
    "cause_row": pl.Int64(),
    "explained_by": pl.Categorical(),
}
"""table id · row as submitted, header row = 1, null for the file as a whole · rule · what it costs ·
field · value as submitted, null where the field identifies a person · the record whose rejection
rejects this one by cascade, null for a finding of its own · the cause that explains it (``schemas.causes``), null
for one that stands for itself. Categorical, not text: 2 M findings take 130 MB instead of 300."""

IS_NOTE = pl.col("effect") == Effect.NOTE.value
"""Whether a finding says what was read as what, and nothing is wrong."""
IS_OWN = pl.col("cause_row").is_null() & pl.col("row_number").is_not_null()
"""Whether a finding is about a record for what is in it: not about a file, and not by cascade."""
REJECTIONS = [effect.value for effect in Effect if effect.is_rejection]
# No valid value is longer than this. The first characters show what it is.
SHOWN_CHARACTERS = 60


@cache
def no_findings() -> pl.DataFrame:
    """An empty findings frame, always the same one: frames do not change, and making one costs 0.5 ms."""
    return pl.DataFrame(schema=FINDINGS)


def printable(text: str) -> str:
    """Text or a name from a file, cut to 60 printable characters, because it may contain anything."""
    return "".join(c if c.isprintable() else "·" for c in text)[:SHOWN_CHARACTERS]


def file_finding(
    rule: Rule, table: str | None, found: str | list[str] | None = None, rows: list[int] | None = None
) -> pl.DataFrame:
    """Findings of one rule of the gate: about a file (no row), or about the rows given."""
    texts: list[str | None] = list(found) if isinstance(found, list) else [found]
    named = pl.DataFrame(
        {
            "row_number": rows or [None],
            "found": [None if text is None else printable(text) for text in texts],
        },
        schema={"row_number": pl.Int64, "found": pl.String},
    )
    return findings_of(rule, table, None, named)


def note(rule: Rule, table: str | None, found: str, field: str | None = None) -> pl.DataFrame:
    """One note of the gate: ``found`` says in words what was read as what, how often, with one example.

    Parity makes ``found``, and no part of it may identify anybody: of a value that is no code, number or date of
    care it has the shape. ``table`` and ``field`` where the note is about one alone.
    """
    said = pl.DataFrame(
        {"row_number": [None], "found": [found]}, schema={"row_number": pl.Int64, "found": pl.String}
    )
    return findings_of(rule, table, field, said)


def findings_of(rule: Rule, table: str | None, field: str | None, rows: pl.DataFrame) -> pl.DataFrame:
    """Findings of ``rule`` about ``rows`` (row_number, found, and, for records rejected by cascade, cause_*)."""
    return rows.select(_columns(rule.id, rule.effect, table, field, frozenset(rows.columns)))


# Made once per process: making eight takes 2 ms, and the rules that are broken are mostly the same.
@lru_cache(maxsize=2048)
def _columns(
    rule_id: str, effect: Effect, table: str | None, field: str | None, there: frozenset[str]
) -> tuple[pl.Expr, ...]:
    """Every column of the findings frame, of rows that have the columns ``there``."""
    said = {"table": table, "rule_id": rule_id, "effect": effect.value, "field": field}
    return tuple(
        (pl.col(name) if name in there and name not in said else pl.lit(said.get(name), dtype=pl.String()))
        .cast(dtype)
        .alias(name)
        for name, dtype in FINDINGS.items()
    )
