"""The terms of the contract: the rules that accepted rows must satisfy, as one Polars expression.

Belongs here: choosing those rules and compiling them. Does not belong here: the contract as a pandera schema
(``schemas.contract``), messages about rows (``transforms.validate``). A property test shows that all three refuse
the same rows.

This module does not use pandera, which takes longer to import than checking one month's extract.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache

import polars as pl

from schemas.links import HEADER
from schemas.rule import Rule

HEADER_FIELDS = ("DatSetVer", "ReportingPeriodStartDate", "ReportingPeriodEndDate")
"""What of the header a table is held to."""
HOLDS = "holds"
"""Column of rows that are checked: whether the row satisfies every term (``holds_all``)."""


def terms(rules: Sequence[Rule], header: Collection[str] = HEADER_FIELDS) -> list[Rule]:
    """The rejecting rules of ``rules`` that look only at the table itself and the header fields in ``header``."""
    return [
        rule
        for rule in rules
        if rule.effect.is_rejection
        and all(other == HEADER and name in header for other, name in rule.related)
        and "received_at" not in rule.fails
    ]


def predicate(rule: Rule) -> pl.Expr:
    """Whether a row breaks ``rule``, null where it does not apply. Columns as the rule names them."""
    return _parsed(rule.fails)


@cache
def _parsed(sql: str) -> pl.Expr:
    """Once per process: 460 rules are asked of every submission, however small."""
    return pl.sql_expr(sql)


def holds(rule: Rule, fails: Callable[[Rule], pl.Expr] = predicate) -> pl.Expr:
    """Whether a row satisfies ``rule``; never null. ``fails`` gives what its predicate came to, if known."""
    # blanks are not equal: records without a key do not share one
    complete = [pl.col(name).is_not_null() for name in rule.group_by]
    return ~pl.all_horizontal(fails(rule).fill_null(False), *complete)


def holds_all(rules: Sequence[Rule], fails: Callable[[Rule], pl.Expr] = predicate) -> pl.Expr:
    """Whether a row satisfies every term among ``rules``; never null.

    Terms about groups of records are left out, so that rows can be checked one by one.
    """
    alone = [holds(rule, fails) for rule in terms(rules) if not rule.group_by]
    return pl.all_horizontal(alone) if alone else pl.lit(True)
