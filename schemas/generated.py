"""The rules that a field's declaration implies: blank, format, allowed value, range.

Belongs here: the four kinds, generated, each with an example of its own. Does not belong here: rules that compare
one value with another (``schemas.rules``).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import polars as pl

from schemas.codes import valid_codes
from schemas.example import example_value
from schemas.field import Field, Identity, Mandation
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.snomed import is_checked
from schemas.sql import quoted
from schemas.table import Table


class Kind(StrEnum):
    """The four generated kinds. They cover all 1,134 published MHSDS v6.0 rules except those across fields."""

    BLANK = "BLANK"
    FORMAT = "FORMAT"
    CODE = "CODE"
    RANGE = "RANGE"


_DIMENSION = {
    Kind.BLANK: Dimension.COMPLETENESS,
    Kind.FORMAT: Dimension.CONFORMANCE,
    Kind.CODE: Dimension.CONFORMANCE,
    Kind.RANGE: Dimension.PLAUSIBILITY,
}
# Tried in turn: the first value without the required form is the example that fails.
_MALFORMED = ("01/04/2025", "?", "x" * 60)
_NO_CODE = "~"
# The header, and who works here: data managers enter these when they put an extract together.
_OF_INFORMATICS = frozenset({"IDS000", "IDS902", "SMI901", "SMI902"})
# By far the most common cause: extracts pass through a spreadsheet, and 02 becomes 2.
_LEADING_ZERO = " A spreadsheet drops a leading zero unless the column is text."


def generated_rules(table: Table, start: date, end: date) -> Iterator[Rule]:
    """The blank, format, allowed-value and range rules of every field, for a reporting period.

    A code counts only within its dates. A blank or wrong value in a mandatory field rejects the record. So does a
    wrong format in any field, as in the national rules (MHSDS v6.0: 437 format rules reject). In a field that is
    not mandatory, a code outside the list is a warning.
    """
    for field in table.fields:
        yield from _rules_of(table, field, start, end)


def _rules_of(table: Table, field: Field, start: date, end: date) -> Iterator[Rule]:
    codes = valid_codes(field.codes, start, end) if field.codes else ()
    level = Level.HEADER if table.id == "IDS000" else Level.RECORD
    right = {field.name: example_value(table, field, start, end)}
    broken = [
        _blank(field, codes),
        _wrong_code(field, codes) if field.codes else _wrong_form(field),
        _out_of_range(field),
    ]
    for each in broken:
        if each is None:
            continue
        yield Rule(
            f"{table.id}-{field.name}-{each.kind}", table.id, each.effect, (field.name,), each.fails, each.message,
            each.fix, _why(each.kind, field, each.effect), _DIMENSION[each.kind], level,
            is_declared=each.kind is not Kind.BLANK, bad=({field.name: each.wrong},), good=(right,),
            owner=_owner(each.kind, table, field),
        )  # fmt: skip


class _Broken(NamedTuple):
    """One way in which a field can be wrong; ``wrong`` is a value that is."""

    kind: Kind
    effect: Effect
    fails: str
    message: str
    fix: str
    wrong: str | None


def _blank(field: Field, codes: Sequence[str]) -> _Broken | None:
    mandatory = field.mandation == Mandation.MANDATORY
    if not (mandatory or field.warn_if_blank):
        return None
    one = f"one of {_some(codes)}" if field.codes else f"{'a value of ' if field.lengths else ''}{field.expected}."
    effect = Effect.REJECT_RECORD if mandatory else Effect.SEVERE_WARNING
    fails, fix = f"{field.name}_text IS NULL", f"Enter {one}"
    if field.blank_with:
        other, code = field.blank_with
        fails += f" AND ({other} IS NULL OR {other} <> {quoted(code)})"
        fix += f" If it is not known, leave it blank and use {other} {code}."
    return _Broken(Kind.BLANK, effect, fails, f"{field.name} is blank.", fix, None)


def _wrong_code(field: Field, codes: Sequence[str]) -> _Broken:
    rejects = field.mandation == Mandation.MANDATORY and not field.warn_if_wrong
    zeros = _LEADING_ZERO if any(code.startswith("0") for code in codes) else ""
    return _Broken(
        Kind.CODE,
        Effect.REJECT_RECORD if rejects else Effect.WARNING,
        f"{field.name}_text NOT IN ({', '.join(quoted(code) for code in codes)})",
        f"{field.name} {{{field.name}}} is not a valid code for this period.",
        f"Use one of {_some(codes)}{zeros}",
        _NO_CODE,
    )


def _wrong_form(field: Field) -> _Broken:
    return _Broken(
        Kind.FORMAT,
        Effect.WARNING if field.warn_if_wrong else Effect.REJECT_RECORD,
        _malformed(field),
        f"{field.name} {{{field.name}}} is not in the right form.",  # which one, the correction says
        f"Enter {field.expected}.",
        next(text for text in _MALFORMED if not field.has_form(text)),
    )


def _out_of_range(field: Field) -> _Broken | None:
    outside = _outside(field)
    if outside is None:
        return None
    bounds = [f"{field.name} < {field.low}"] if field.low is not None else []
    bounds += [f"{field.name} > {field.high}"] if field.high is not None else []
    low, high = ("…" if bound is None else bound for bound in (field.low, field.high))
    return _Broken(
        Kind.RANGE,
        Effect.REJECT_RECORD if field.mandation == Mandation.MANDATORY else Effect.WARNING,
        " OR ".join(bounds),
        f"{field.name} {{{field.name}}} is outside {low} to {high}.",
        f"Check the value; {low} to {high} is accepted.",
        outside,
    )


def _malformed(field: Field) -> str:
    """Predicate of a value without the required form. Counting characters takes a tenth of the time of a
    pattern.
    """
    text = f"{field.name}_text"
    if field.dtype != pl.String:
        # The cast checks the form first (transforms.cast), then the value: 2026-02-30 is not a date.
        return f"{text} IS NOT NULL AND {field.name} IS NULL"
    if field.lengths is None:
        unlike = f" OR {text} ~ {quoted(field.unlike)}" if field.unlike else ""
        # Portable SQL has no loop: reading makes a code with a wrong check digit null (transforms.cast).
        unchecked = f" OR ({text} IS NOT NULL AND {field.name} IS NULL)" if is_checked(field) else ""
        return f"NOT ({text} ~ {quoted(field.lexical)}){unlike}{unchecked}"
    low, high = field.lengths
    if low == high:
        return f"LENGTH({text}) <> {high}"
    return f"LENGTH({text}) > {high}" + (f" OR LENGTH({text}) < {low}" if low > 1 else "")


def _some(codes: Sequence[str]) -> str:
    """The first codes of a list, for a sentence. The code lists of the documentation have all of them."""
    return f"{', '.join(codes[:12])}{' …' if len(codes) > 12 else '.'}"


def _outside(field: Field) -> str | None:
    """A readable number outside the bounds. ``None`` if there are no bounds or the format alone enforces them."""
    beyond = [field.high + 1] if field.high is not None else []
    beyond += [field.low - 1] if field.low is not None else []
    return next((str(number) for number in beyond if re.match(field.lexical, str(number))), None)


def _owner(kind: Kind, table: Table, field: Field) -> Owner:
    """Who can mend it, from its kind: how a value is written and coded is the program's doing, what is recorded is
    the people's.
    """
    if table.id in _OF_INFORMATICS:
        return Owner.INFORMATICS
    if kind in (Kind.FORMAT, Kind.CODE):
        return Owner.SUPPLIER
    # Nobody types the number of a record: without it the extract has lost something.
    is_made = field.name in table.key or field.identity is Identity.LOCAL or field.name.startswith("Org")
    return Owner.SUPPLIER if kind is Kind.BLANK and is_made else Owner.CLINICIAN


def _why(kind: Kind, field: Field, effect: Effect) -> str:
    if kind is Kind.BLANK and effect.is_rejection:
        return f"{field.meaning} Without it the record cannot be used (mandation M)."
    if kind is Kind.BLANK:
        return f"{field.meaning} Measures that need it leave the record out."
    if kind is Kind.FORMAT and effect.is_rejection:
        return f"{field.meaning} A value that cannot be read would be counted wrongly."
    if kind is Kind.RANGE:
        return f"{field.meaning} Such a value is almost always a typing error and distorts averages."
    if effect.is_rejection:
        return f"{field.meaning} With an unknown code the record cannot be assigned to a group."
    return f"{field.meaning} The value counts as not known in every breakdown."
