"""The cells of a table that are spelled otherwise than declared: found cheaply, read, put in place.

Belongs here: which columns and rows are looked at, and the rows of a table with what their values mean. Does not
belong here: reading a value (``transforms.normalise.reading``), the notes (``transforms.normalise.notes``).

Only what a rule of an element's declaration found is looked at, and, in elements that take any text, what is a word
for blank or has something around it. So a table whose values are all as declared costs one look at the latter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

import polars as pl

from schemas.codes import valid_codes
from schemas.field import Field
from schemas.generated import Kind
from schemas.rule import Rule
from schemas.spellings import ODD_CHARACTER, Spelling, hidden_words, is_open
from schemas.table import Table
from transforms.cast import SUBMITTED
from transforms.normalise.reading import is_as_declared, read, without_marks

HIDDEN = "hidden spelling"
"""A column that says of a row that a value may be spelled otherwise although it has the form of its element."""


class Around(NamedTuple):
    """What a file has that may stand around its values. Known of a text file; of others all may be there."""

    quotes: bool = True
    apostrophes: bool = True
    beyond_ascii: bool = True


ANYTHING_AROUND = Around()


@dataclass(frozen=True)
class Looking:
    """How cells are looked at: in which period codes are valid, and what the file has around its values."""

    period: tuple[date, date]
    around: Around = ANYTHING_AROUND


class Read(NamedTuple):
    """One spelling in one column: the word if it stands for blank, in how many cells, and the commonest of these
    with what it means.
    """

    spelling: Spelling
    table: Table
    field: Field
    word: str
    cells: int
    submitted: str
    means: str | None


@dataclass(frozen=True)
class Normalised:
    """The rows of a table (``Received.rows``) with what their values mean, ``<field>_submitted`` for each field of
    ``fields`` with the values as submitted, and what was read.
    """

    rows: pl.LazyFrame
    fields: tuple[str, ...] = ()
    read: list[Read] = field(default_factory=list)


@cache
def hidden(table: Table, around: Around) -> pl.Expr | None:
    """Whether a row (``cast.with_typed``) has a value that no rule finds, and that is a word for blank or has
    something around it. ``None`` if no element of the table can have one.
    """
    found = []
    for each in table.fields:
        text = pl.col(f"{each.name}_text")
        if words := hidden_words(each):
            found.append(text.is_in(list(words)))
        if not is_open(each):
            continue
        if around.quotes:
            found += [text.str.starts_with('"'), text.str.starts_with("=")]
        if around.apostrophes:
            found.append(text.str.starts_with("'"))
        if around.beyond_ascii:
            found.append(text.str.contains(ODD_CHARACTER))
    return pl.any_horizontal(found).fill_null(value=False).alias(HIDDEN) if found else None


def normalised(
    rows: pl.LazyFrame, table: Table, looked_at: Iterable[str], numbers: pl.Series | None, looking: Looking
) -> Normalised | None:
    """``rows`` with what the values of the fields ``looked_at`` mean; ``None`` if all stay as they were submitted.

    ``numbers`` are the rows that may have other spellings, or ``None`` for all.
    """
    some = rows if numbers is None else rows.join(_numbers(numbers), on="row_number", how="semi")
    fields = [table.by_name[name] for name in table.by_name if name in set(looked_at)]
    counted = pl.collect_all(
        [some.select(pl.col(each.name).drop_nulls()).group_by(each.name).len() for each in fields],
        engine="streaming",
    )
    changed: dict[str, pl.Expr] = {}
    found: list[Read] = []
    for each, values in zip(fields, counted, strict=True):
        codes = _codes(each, looking.period)
        values = values.filter(~is_as_declared(values[each.name], each, codes))
        if values.is_empty():
            continue
        values = values.sort("len", each.name, descending=[True, False])
        meant = read(values[each.name], each, codes)
        is_other = meant.means.is_null() | (meant.means != meant.values)
        if not is_other.any():
            continue
        old, new = meant.values.filter(is_other), meant.means.filter(is_other)
        changed[each.name] = pl.col(each.name).replace(old, new)
        for spelling, mask in meant.by.items():
            found += _of(spelling, table, each, values.filter(mask), meant.means.filter(mask))
    if not changed:
        return None
    kept = [pl.col(name).alias(f"{name}{SUBMITTED}") for name in changed]
    return Normalised(
        rows.with_columns(*kept, *(value.alias(name) for name, value in changed.items())), tuple(changed), found
    )


def suspects(rules: Sequence[Rule], found: Iterable[str], table: Table, *, is_hidden: bool) -> set[str]:
    """The fields whose values are looked at: those of which a rule of their declaration (``found``: ids of rules)
    found a value, and with ``is_hidden`` those that may have one that no rule finds.
    """
    broken = set(found)
    declared = {
        rule.fields[0]
        for rule in rules
        if rule.id in broken and rule.is_declared and not rule.id.endswith(f"-{Kind.RANGE}")
    }
    return declared | (hiding_fields(table) if is_hidden else set())


@cache
def hiding_fields(table: Table) -> frozenset[str]:
    """The fields that ``hidden`` asks about: of their values some are spelled otherwise and break no rule."""
    return frozenset(each.name for each in table.fields if hidden_words(each) or is_open(each))


def _numbers(numbers: pl.Series) -> pl.LazyFrame:
    return numbers.cast(pl.Int64).rename("row_number").to_frame().lazy()


def _codes(declared: Field, period: tuple[date, date]) -> tuple[str, ...]:
    return valid_codes(declared.codes, *period) if declared.codes else ()


def _of(spelling: Spelling, table: Table, declared: Field, values: pl.DataFrame, means: pl.Series) -> list[Read]:
    """What was read of one spelling: of a word for blank each word apart, of any other all together."""
    text, cells = values[declared.name], values["len"]
    if spelling is Spelling.BLANK:
        return [
            Read(spelling, table, declared, word, number, word, None)
            for word, number in zip(without_marks(text), cells, strict=True)
        ]
    return [Read(spelling, table, declared, "", int(cells.sum()), text[0], means[0])]
