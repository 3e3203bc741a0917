"""From text to typed values: the one step between the submitted text and the rules.

Belongs here: the cast of each kind of field. A value that cannot be cast becomes null. The format rule of its
field compares text and value and reports it. Does not belong here: rules.
"""

import polars as pl

from schemas.field import Field
from schemas.table import Table


def typed(field: Field, text: pl.Expr) -> pl.Expr:
    """``text`` (String, trimmed, blank as null) as the field's type; null if it does not have the right form.

    The form is checked before the cast, because engines accept different spellings ('2026/01/02', ' 3', '1e2').
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
    return text


def with_typed(rows: pl.LazyFrame, table: Table, names: set[str] | None = None) -> pl.LazyFrame:
    """``row_number``, and for each field (or those in ``names``) ``x_text`` as submitted and ``x`` typed."""
    fields = [field for field in table.fields if names is None or field.name in names]
    return rows.select(
        "row_number",
        *(pl.col(field.name).alias(f"{field.name}_text") for field in fields),
        *(typed(field, pl.col(field.name)).alias(field.name) for field in fields),
    )
