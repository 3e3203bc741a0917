"""The search for the causes of a submission's findings, most certain first.

Belongs here: the order in which causes are looked for. Does not belong here: how one is found (beside this module).
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from schemas.rule import Rule
from schemas.versions import Version
from transforms.causes.cause import Cause
from transforms.causes.forms import Period
from transforms.causes.found import causes_of_form, columns_with_findings
from transforms.causes.headings import causes_of_headings
from transforms.causes.keys import causes_of_keys
from transforms.causes.rows import causes_of_rows
from transforms.causes.whole import causes_of_columns, causes_of_header
from transforms.receive.table import Received


def search(
    read: Mapping[str, Received],
    findings: pl.DataFrame,
    rules: Mapping[str, Rule],
    version: Version,
    period: Period,
    header: tuple[date | None, str | None],
    kept: Mapping[str, pl.DataFrame],
) -> list[Cause]:
    """The causes of ``findings``, in the order in which they explain. ``read`` has the tables by id, ``header`` the
    first day of the period and the provider that it says. ``kept`` says of the rows of a table which records they
    name (``transforms.validate.Found``).
    """
    of_rows = causes_of_rows(read)
    columns = columns_with_findings(read, findings, rules, version)
    if not any(looked.is_worth_it for looked in columns.values()):
        return of_rows
    places = {table_id: received.columns for table_id, received in read.items()}
    causes = causes_of_headings(columns, places, period)
    under_another = {(each.table, each.field) for cause in causes for each in cause.columns}
    rest = {column: looked for column, looked in columns.items() if column not in under_another}
    causes += causes_of_form(rest, period)
    reached = {(each.table, each.field) for cause in causes for each in cause.columns}
    rest = {column: looked for column, looked in columns.items() if column not in reached}
    causes += causes_of_keys(read, rest, kept)
    causes += causes_of_columns(rest, period)
    return [*of_rows, *causes, *causes_of_header(read, findings, *header)]
