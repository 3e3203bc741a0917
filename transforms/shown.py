"""What is shown of a submitted value: the value, or its shape.

Belongs here: which values of which element may be shown. Does not belong here: shapes (``schemas.shapes``),
sentences (``reports.site``).

What was typed into an element may be anything. A value is shown if it is a code of the dataset, a name of one or
one slip away from it, a short number or a form that its element declares. So a person sees what to correct.
Anything else is shown as a shape with its length. If it looks like an identifier, that is said too: it is what a
person must look for.
"""

from functools import cache

import polars as pl

from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.field import Field
from schemas.nearest import has_list, nearest
from schemas.shapes import DATE, NHS_NUMBER, POSTCODE, REPLACED, SHAPE_CHARACTERS
from schemas.tables.shared import ICD_10, ODS_UNLIKE, PROCEDURE
from schemas.tools import tools
from transforms.pseudonymise import nhs_number

# One or two characters, a number of at most four digits, a time.
_SHORT = r"^(.{1,2}|-?[0-9]{1,4}([.,][0-9]{1,3})?|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)$"
# The dataset began in April 2012, and a service for adults sees nobody born since.
_YEAR = "20(1[2-9]|[2-9][0-9])"
_RECENT = (
    rf"^({_YEAR}[-/.][0-9]{{1,2}}([-/.][0-9]{{1,2}})?"
    rf"|[0-9]{{1,2}}[-/. ]([0-9]{{1,2}}|[A-Za-z]{{3,9}})[-/. ]{_YEAR})"
    r"([T ][0-9:.]{1,12})?$"
)
_ODS = r"^([A-Z0-9]{3}|[A-Z0-9]{4,9})$"


def shown(text: pl.Expr, field: Field | None) -> pl.Expr:
    """``text`` (String) of an element, as it may be shown; null stays null. Without a ``field`` it is a figure of
    the dataset's own and is shown.
    """
    if field is None:
        return text
    return pl.when(_may_be_shown(text, field)).then(text).when(text.is_not_null()).then(_described(text))


def _may_be_shown(text: pl.Expr, field: Field) -> pl.Expr:
    is_safe = text.str.contains(_SHORT) | text.is_in(_codes()) | text.str.contains(f"{PROCEDURE}|{ICD_10}")
    if field.is_date:
        is_safe |= text.str.contains(_RECENT)
    if field.unlike == ODS_UNLIKE:
        is_safe |= text.str.contains(_ODS) & ~text.str.contains(ODS_UNLIKE)
    if has_list(field):
        is_safe |= text.map_batches(
            lambda values: _is_near(values, field), return_dtype=pl.Boolean(), is_elementwise=True
        )
    return is_safe & ~text.str.contains(POSTCODE)


def _is_near(values: pl.Series, field: Field) -> pl.Series:
    """Whether a code of the element's list was probably meant. Each different value is looked at once."""
    near = [text for text in values.unique().drop_nulls() if nearest(text, field) is not None]
    return values.is_in(near)


def _described(text: pl.Expr) -> pl.Expr:
    """The shape of a value, its length, and which identifier it looks like."""
    length = pl.format(" (shape of {} characters", text.str.len_chars())
    return pl.concat_str(shape(text), length, _looks_like(text), pl.lit(")"))


def shape(text: pl.Expr) -> pl.Expr:
    """The shape of a value (String): its letters, digits and other characters by their kind; null stays null."""
    found = text.str.slice(0, SHAPE_CHARACTERS)
    for pattern, stands_for in REPLACED:
        found = found.str.replace_all(pattern, stands_for)
    more = pl.when(text.str.len_chars() > SHAPE_CHARACTERS).then(pl.lit("…")).otherwise(pl.lit(""))
    return pl.concat_str(found, more)


def _looks_like(text: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.contains(NHS_NUMBER) & nhs_number(text).is_not_null())
        .then(pl.lit(", looks like an NHS number"))
        .when(text.str.contains(POSTCODE))
        .then(pl.lit(", looks like a postcode"))
        .when(text.str.contains(DATE))
        .then(pl.lit(", looks like a date"))
        .otherwise(pl.lit(""))
    )


@cache
def _codes() -> list[str]:
    """Every code of the dataset, in any list."""
    lists = {field.codes for table in TABLES.values() for field in table.fields if field.codes}
    return [*(code.code for name in sorted(lists) for code in code_list(name)), *(tool.code for tool in tools())]
