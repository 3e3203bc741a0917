"""Mutants of the written rules: one operator of a predicate turned, and the tests of that rule asked in this process.

Belongs here: which tests ask a rule by its values. A rule is a text in SQL, which tools that turn Python leave as it is;
and a mutant needs no process of its own, since nothing but the rule changes: 551 of them take a minute, not a day.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest

from schemas.rule import Rule
from tests.fixtures.rule import ASKED, WRITTEN
from tests.mutants.turned import Mutant, sql_mutants
from tests.schemas import test_rules_limits as limits
from tests.schemas import test_rules_written as written

Test = tuple[Callable[..., None], dict[str, Any]]


def rule_mutants() -> Iterator[tuple[Rule, Mutant]]:
    """Every written rule with each of its mutants."""
    for rule in WRITTEN.values():
        for mutant in sql_mutants(rule.fails):
            yield rule, mutant


def survives(rule: Rule, mutant: Mutant) -> bool:
    """Whether every test that asks the rule passes with the mutant in its place."""
    with _in_place(turned := replace(rule, fails=mutant.source)):
        return all(_passes(test, values) for test, values in _tests(turned))


@contextmanager
def _in_place(rule: Rule) -> Iterator[None]:
    before, ASKED[rule.id] = ASKED[rule.id], rule
    try:
        yield
    finally:
        ASKED[rule.id] = before


def _tests(rule: Rule) -> Iterator[Test]:
    """The tests that ask the rule, each with its values; a test of every rule is asked about this one."""
    for module in (written, limits):
        for name, test in vars(module).items():
            if name.startswith("test_") and rule.id in _text(test):
                for values in _values(test):
                    named = getattr(values.get("rule"), "id", values.get("rule_id", rule.id))
                    if named == rule.id:
                        yield test, values | ({"rule": rule} if "rule" in values else {})


@cache
def _text(test: Callable[..., None]) -> str:
    """Everything in which a test could name a rule: its parameters and the constants of its code."""
    return repr([*(mark.args for mark in getattr(test, "pytestmark", ())), test.__code__.co_consts])


def _values(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The values with which pytest would call a test that is parametrised."""
    sets = []
    for mark in getattr(test, "pytestmark", ()):
        names = (
            [each.strip() for each in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
        )
        sets.append([dict(zip(names, v if len(names) > 1 else (v,), strict=True)) for v in mark.args[1]])
    for chosen in product(*sets):
        yield {name: value for part in chosen for name, value in part.items()}


def _passes(test: Callable[..., None], values: dict[str, Any]) -> bool:
    try:
        test(**values)
    except (Exception, pytest.fail.Exception):  # a predicate that an engine refuses is noticed too
        return False
    return True
