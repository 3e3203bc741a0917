"""From text to typed values: the one step between the submitted text and the rules.

Belongs here: the cast of each kind of field. A value that cannot be cast becomes null. The format rule of its
field compares text and value and reports it. Does not belong here: rules.
"""

from collections.abc import Sequence
from functools import cache

import polars as pl

from schemas.field import Field
from schemas.snomed import checks_out, is_checked
from schemas.table import Table

SUBMITTED = "_submitted"
"""End of the name of a column that has an element's values as submitted, beside those that were normalised."""


def typed(field: Field, text: pl.Expr) -> pl.Expr:
    """``text`` (String, trimmed, blank as null) as the field's type; null if it does not have the right form.

    The form is checked before the cast, because engines accept different spellings ('2026/01/02', ' 3', '1e2'). A
    SNOMED CT code with a wrong check digit is as little a code as 2026-02-30 is a date.
    """
    if field.dtype == pl.Date:
        return pl.when(text.str.contains(field.lexical)).then(text).str.to_date("%Y-%m-%d", strict=False)
    if field.dtype == pl.Datetime:
        return (
            pl.when(text.str.contains(field.lexical))
            .then(text)
            .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
        )
    if field.dtype == pl.Int32:
        return pl.when(text.str.contains(field.lexical)).then(text).cast(pl.Int32, strict=False)
    if is_checked(field):
        return pl.when(text.map_batches(_checks_out, return_dtype=pl.Boolean(), is_elementwise=True)).then(text)
    return text


def _checks_out(values: pl.Series) -> pl.Series:
    """Whether the check digits of SNOMED CT codes are right. A table has few codes, so each is looked at once."""
    wrong = [text for text in values.unique() if text is not None and not checks_out(text)]
    return ~values.is_in(wrong) if wrong else values.is_not_null()


def with_typed(
    rows: pl.LazyFrame, table: Table, names: set[str] | None = None, also: Sequence[pl.Expr] = ()
) -> pl.LazyFrame:
    """``row_number``, and for each field (or those in ``names``) ``x_text`` and ``x`` typed; then ``also``.

    ``x_text`` is as submitted, or what that means where it was normalised; then ``x_submitted`` is kept.
    """
    fields = [field for field in table.fields if names is None or field.name in names]
    return rows.select(
        "row_number",
        *(_as_submitted(field) for field in fields),
        *(_typed(field) for field in fields),
        pl.col(f"^.*{SUBMITTED}$"),
        *also,
    )


# Made once per process: a small submission is held up by making expressions longer than by its rows.
@cache
def _as_submitted(field: Field) -> pl.Expr:
    return pl.col(field.name).alias(f"{field.name}_text")


@cache
def _typed(field: Field) -> pl.Expr:
    return typed(field, pl.col(field.name)).alias(field.name)
