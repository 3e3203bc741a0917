"""The contract: what rows of a table must satisfy to be accepted, as a pandera schema.

Belongs here: deriving the schema from a table's declaration and its rules. Does not belong here: saying
what is wrong with a row (``transforms.validate``): that is what people read. A property test holds that
both refuse the same rows.

Validate a DataFrame, not a LazyFrame: on a LazyFrame pandera checks names and types and passes bad values
in silence. Every check hangs on a column: a check on the whole frame would put whole rows into its message.
"""

from collections.abc import Sequence

import pandera.polars as pa
import polars as pl

from schemas.rule import Rule
from schemas.table import Table


def contract(table: Table, rules: Sequence[Rule]) -> pa.DataFrameSchema:
    """Schema of ``row_number`` and, per field, ``x_text`` (as submitted) and ``x`` (typed).

    A check per rejecting rule, named by the rule's id and hung on its first field. Rules that only warn are
    no part of the contract.
    """
    checks: dict[str, list[pa.Check]] = {}
    for rule in rules:
        if rule.effect.is_rejection:
            checks.setdefault(rule.fields[0], []).append(_check(rule))
    columns: dict[str, pa.Column] = {"row_number": pa.Column(pl.Int64)}
    for field in table.fields:
        columns[f"{field.name}_text"] = pa.Column(pl.String, nullable=True)
    for field in table.fields:
        columns[field.name] = pa.Column(field.dtype, nullable=True, checks=checks.get(field.name, []))
    return pa.DataFrameSchema(columns, name=table.name, strict=True, ordered=True)


def _check(rule: Rule) -> pa.Check:
    holds = ~pl.sql_expr(rule.fails).fill_null(False)
    # native Polars over the whole row, ignoring nothing: a blank is a failure where the rule says so
    return pa.Check(lambda data: data.lazyframe.select(holds), name=rule.id, error=rule.id, ignore_na=False)
