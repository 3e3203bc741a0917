"""The contract: what rows of a table must satisfy to be accepted, as pandera schemas.

Belongs here: deriving the schemas from a table's declaration and its rules. Does not belong here: which rules those
are (``schemas.terms``), messages about rows (``transforms.validate``).

There are two schemas. ``contract_of`` is for typed rows and evaluates every term itself. ``accepted`` is for rows
on their way to the store: their terms were evaluated in the same pass, as the column ``HOLDS``. A property
test shows that both, and the findings, refuse the same rows.

Validate a DataFrame, not a LazyFrame: on a LazyFrame pandera checks only names and types, and accepts bad values
without notice. Every check belongs to a column: a check on the whole frame would put whole rows into its message.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.links import HEADER, related_dtype
from schemas.month import last_day, month_of
from schemas.rule import Rule
from schemas.ruleset import rules_for
from schemas.staged import PROVENANCE, staged_schema
from schemas.table import Table
from schemas.terms import HOLDS, holds, terms
from schemas.versions import Version, as_checked


def contract_of(table_id: str, version: Version, month: date) -> pa.DataFrameSchema:
    """The contract of a table in one version of the dataset and one month (any day of it).

    Use it to validate your own typed rows (``transforms.cast.with_typed`` makes them). It does not check what
    depends on other tables, such as whether a referral exists.
    """
    start, end = month_of(month), last_day(month)
    header = {"DatSetVer": version.value, "ReportingPeriodStartDate": start, "ReportingPeriodEndDate": end}
    return contract(as_checked(table_id, version), rules_for(table_id, version, start, end), header)


def contract(table: Table, rules: Sequence[Rule], header: Mapping[str, Any]) -> pa.DataFrameSchema:
    """Schema of ``row_number`` and, per field, ``x_text`` (as submitted) and ``x`` (typed).

    There is one check per rejecting rule, named by the rule's id, on the rule's first field. The contract leaves
    out warnings, and rules that look at another table than the header. ``header`` has the typed values of the
    header.
    """
    checks: dict[str, list[pa.Check]] = {}
    for rule in terms(rules, header):
        checks.setdefault(rule.fields[0], []).append(_check(rule.id, holds(rule), header))
    return _schema(table, checks)


def accepted(table: Table) -> pa.DataFrameSchema:
    """Schema of accepted rows as the store keeps them (``schemas.staged.staged_schema``), and ``HOLDS``.

    It refuses a missing column, another type or order, and a column that is not declared: that could identify.
    """
    columns = {
        name: pa.Column(dtype, nullable=name not in PROVENANCE) for name, dtype in staged_schema(table).items()
    }
    columns[HOLDS] = pa.Column(pl.Boolean, checks=pa.Check.equal_to(True))
    return pa.DataFrameSchema(columns, name=table.name, strict=True, ordered=True)


def _schema(table: Table, checks: Mapping[str, list[pa.Check]]) -> pa.DataFrameSchema:
    columns: dict[str, pa.Column] = {"row_number": pa.Column(pl.Int64, checks=checks.get("row_number", []))}
    for field in table.fields:
        columns[f"{field.name}_text"] = pa.Column(pl.String, nullable=True)
    for field in table.fields:
        columns[field.name] = pa.Column(field.dtype, nullable=True, checks=checks.get(field.name, []))
    return pa.DataFrameSchema(columns, name=table.name, strict=True, ordered=True)


def _check(name: str, holds: pl.Expr, header: Mapping[str, Any]) -> pa.Check:
    beside = [
        pl.lit(value, dtype=related_dtype(HEADER, field)).alias(f"{HEADER}_{field}")
        for field, value in header.items()
    ]
    # native Polars over the whole row, ignoring nothing: a blank is a failure where the rule says so
    return pa.Check(
        lambda data: data.lazyframe.with_columns(beside).select(holds), name=name, error=name, ignore_na=False
    )
