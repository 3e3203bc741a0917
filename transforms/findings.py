"""The findings frame: one row per record and broken rule, tidy.

Belongs here: its columns, and making a frame of them. Does not belong here: deciding what is wrong.
"""

import polars as pl

from schemas.rule import Effect, Rule

FINDINGS: dict[str, pl.DataType] = {
    "table": pl.String(),
    "row_number": pl.Int64(),
    "rule_id": pl.String(),
    "effect": pl.String(),
    "field": pl.String(),
    "found": pl.String(),
}
"""table id · row as submitted, header row = 1, null for the file as a whole · rule · what it costs ·
field · value as submitted, null where the field identifies a person."""

REJECTIONS = [effect.value for effect in Effect if effect.is_rejection]


def no_findings() -> pl.DataFrame:
    """An empty findings frame."""
    return pl.DataFrame(schema=FINDINGS)


def printable(text: str) -> str:
    """Text or a name from outside, cut to 60 printable characters: it may be anything."""
    return "".join(c if c.isprintable() else "·" for c in text)[:60]


def file_finding(
    rule: Rule, table: str | None, found: str | list[str] | None = None, rows: list[int] | None = None
) -> pl.DataFrame:
    """Findings of one rule of the gate: about a file (no row), or about the rows given."""
    texts: list[str | None] = list(found) if isinstance(found, list) else [found]
    return pl.DataFrame(
        {
            "table": [table] * len(texts),
            "row_number": rows or [None],
            "rule_id": [rule.id] * len(texts),
            "effect": [rule.effect.value] * len(texts),
            "field": [None] * len(texts),
            "found": [None if text is None else printable(text) for text in texts],
        },
        schema=FINDINGS,
    )
