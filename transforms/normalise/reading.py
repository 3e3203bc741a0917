"""Reading one column: from values as submitted to what they mean.

Belongs here: trying the spellings of an element on its values. Does not belong here: which spellings there are
(``schemas.spellings``), which cells are looked at (``transforms.normalise.cells``).

Every value is tried once, however many cells have it. What comes out is what the element declares, or the value as
it was submitted.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import polars as pl

from schemas.field import Field
from schemas.spellings import (
    MARKS,
    TYPOGRAPHIC,
    Spelling,
    Written,
    blank_words,
    in_capitals,
    replaced_by,
    spellings,
)
from transforms.cast import typed


class Meant(NamedTuple):
    """What values mean: ``values`` as submitted, ``means`` (null is blank), and by which spellings, as one mask for
    each that was met.
    """

    values: pl.Series
    means: pl.Series
    by: Mapping[Spelling, pl.Series]


def read(values: pl.Series, field: Field, codes: tuple[str, ...] = ()) -> Meant:
    """What each of ``values`` (String, no null) of an element means; itself where it is declared or not plain.

    ``codes`` are the codes that the element takes, if it has a list. A code stays as it is. Of any other value that
    has the form declared only what is never part of a value is left out, and a word that stands for none is blank.
    """
    was = is_declared(values, field, codes)
    trying = _Trying(values, field, codes)
    trying.everywhere(MARKS, ~was if field.codes else None)
    trying.everywhere(MARKS, ~was if field.codes else None)  # one inside another: '="01"
    once = trying.now
    is_settled = without_marks(once) == once
    trying.everywhere(TYPOGRAPHIC, ~was)
    for written in met_in(trying.undone, spellings(field)):
        trying.where_it_fits(written.spelling, trying.now.str.replace(written.pattern, written.means))
    if (form := in_capitals(field)) is not None:
        capitals = trying.now.str.to_uppercase()
        trying.where_it_fits(Spelling.CAPITALS, capitals, capitals.str.contains(form))
    is_word = trying.now.is_in(list(blank_words(field, codes)))
    if field.codes:
        is_word &= ~was
    trying.by[Spelling.BLANK] = is_word
    is_blank = is_word | (trying.now == "")
    is_read = is_settled & (is_blank | ((trying.now != values) & is_declared(trying.now, field, codes)))
    means = pl.select(pl.when(is_read & is_blank).then(None).when(is_read).then(trying.now).otherwise(values))
    met = {kind: mask & is_read for kind, mask in trying.by.items()}
    return Meant(values, means.to_series(), {kind: mask for kind, mask in met.items() if mask.any()})


def is_declared(values: pl.Series, field: Field, codes: tuple[str, ...]) -> pl.Series:
    """Whether each value is one of the element's codes, or has its form and can be cast."""
    return _asked(values, _declared(field, codes))


def is_as_declared(values: pl.Series, field: Field, codes: tuple[str, ...]) -> pl.Series:
    """Whether each value stays as it is whatever spellings there are. Asking costs less than trying them all."""
    return _asked(values, _stays(field, codes))


def without_marks(values: pl.Series) -> pl.Series:
    """``values`` (String) without what programs put around a value."""
    return _asked(values, _plain())


_TEXT = pl.col("text")
# Values of a column that Python looks at for the spellings that may be met.
_FEW = 200


def _asked(values: pl.Series, of_text: pl.Expr) -> pl.Series:
    """One query for all that is asked: each takes longer to begin than to look at the few values of a column."""
    return values.rename("text").to_frame().select(of_text.alias("asked")).to_series()


# Made once per process, as the expressions of ``transforms.cast`` are.
@cache
def _declared(field: Field, codes: tuple[str, ...]) -> pl.Expr:
    if field.codes:
        return _TEXT.is_in(list(codes))
    has_form = _TEXT.str.contains(field.lexical) & typed(field, _TEXT).is_not_null()
    return has_form & ~_TEXT.str.contains(field.unlike) if field.unlike else has_form


@cache
def _stays(field: Field, codes: tuple[str, ...]) -> pl.Expr:
    was = _declared(field, codes)
    return was if field.codes else was & (_plain() == _TEXT) & ~_TEXT.is_in(list(blank_words(field, codes)))


@cache
def _plain() -> pl.Expr:
    text = _TEXT
    for written in MARKS:
        text = text.str.replace_all(written.pattern, written.means)
    return text.str.strip_chars()


def plain_text(text: str) -> str:
    """One text without what programs put around a value, as ``read`` leaves it out; the text itself where that does
    not settle it.
    """
    if text.isalnum() and text.isascii():
        return text
    found = _without(_without(text))
    return found if _without(found) == found else text


def _without(text: str) -> str:
    for written in MARKS:
        text = re.sub(written.pattern, replaced_by(written.means), text)
    return text.strip()


def met_in(values: pl.Series, spellings: Sequence[Written]) -> list[Written]:
    """Those ``spellings`` of which some value may be one. Python asks few values much faster: a date has 87
    spellings, a query takes 0.1 ms to begin, and wrong values of a column are mostly one or two.
    """
    if len(values) > _FEW:
        return list(spellings)
    texts = values.to_list()
    return [each for each in spellings if any(map(_pattern(each.pattern).search, texts))]


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # What Polars finds Python finds too. At the end of a text its $ allows a line break as well.
    return re.compile(pattern)


class _Trying:
    """Values under way: what they are ``now``, and which spelling changed which (``by``)."""

    def __init__(self, values: pl.Series, field: Field, codes: tuple[str, ...]) -> None:
        self.now, self.by = values, dict[Spelling, pl.Series]()
        self._field, self._codes = field, codes
        self._is_done = is_declared(values, field, codes)

    @property
    def undone(self) -> pl.Series:
        """The values that the element does not declare so far."""
        return self.now.filter(~self._is_done)

    def everywhere(self, spellings: Sequence[Written], where: pl.Series | None = None) -> None:
        """Leave out marks, or put plain signs for others: in all values, or in those of the mask ``where``."""
        for written in spellings:
            if not met_in(self.now, [written]):
                continue
            self._take(written.spelling, self.now.str.replace_all(written.pattern, written.means), where)
        stripped = self.now.str.strip_chars()
        self.now = stripped if where is None else self.now.zip_with(~where, stripped)
        self._is_done |= is_declared(self.now, self._field, self._codes)

    def where_it_fits(self, spelling: Spelling, read: pl.Series, also: pl.Series | None = None) -> None:
        """Take the values of ``read`` that the element declares, where the value so far is not declared."""
        is_tried = (read != self.now) & ~self._is_done
        if also is not None:
            is_tried &= also
        places = is_tried.arg_true()
        if not len(places):
            return
        fits = places.filter(is_declared(read[places], self._field, self._codes))
        mask = pl.zeros(len(read), dtype=pl.Boolean, eager=True).scatter(fits, True)
        self._take(spelling, read, mask)
        self._is_done |= mask

    def _take(self, spelling: Spelling, read: pl.Series, where: pl.Series | None) -> None:
        changed = read != self.now
        if where is not None:
            changed &= where
        if changed.any():
            self.by[spelling] = self.by[spelling] | changed if spelling in self.by else changed
            self.now = self.now.zip_with(~changed, read)
