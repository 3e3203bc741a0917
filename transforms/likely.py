"""What refused values probably mean, for an estimate of what their correction is worth. Never for a load.

Belongs here: reading the rows of a table with such values replaced. Does not belong here: which form a value has
and what it should be (``transforms.causes.forms``), spellings that are read as what they mean in every submission.
"""

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from schemas.field import Field
from transforms.causes.forms import Period, forms_of, year_last_form
from transforms.receive.table import Received

_DAY_FIRST, _MONTH_FIRST = "CAUSE-DATES-DAY-FIRST", "CAUSE-DATES-MONTH-FIRST"


def month_first(causes: Collection[tuple[str, tuple[str, str]]]) -> frozenset[tuple[str, str]]:
    """The columns (table id, element) whose dates are found to have the month first, of (cause, column)."""
    return frozenset(column for cause, column in causes if cause == _MONTH_FIRST)


def read_likely(received: Received, period: Period, month_first: Collection[tuple[str, str]]) -> Received:
    """The rows with every value of a wrong form as it should be, where that can be told. Others stay as they are.

    Dates with the year last have the day first, except in the columns ``month_first``.
    """
    if received.rows is None:
        return received
    table, otherwise = received.table, received.otherwise
    likely = [
        _likely(field, period, _MONTH_FIRST if (table.id, field.name) in month_first else _DAY_FIRST)
        for field in table.fields
    ]
    again = None if otherwise is None else lambda: read_likely(otherwise(), period, month_first)
    return replace(received, rows=received.rows.with_columns(likely), otherwise=again)


def _likely(field: Field, period: Period, dates: str) -> pl.Expr:
    forms = [*forms_of(field, period), *([year_last_form(field, dates)] if field.is_date else [])]
    meant = [pl.when(form.is_hit).then(form.should_be) for form in forms]
    return pl.coalesce(*meant, pl.col(field.name)).alias(field.name)
