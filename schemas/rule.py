"""What a rule is: a value that names what is wrong, and the four kinds that a field implies.

Belongs here: the rule itself, its effects, and the rules generated from a declaration (blank, format,
allowed value, range). Does not belong here: running rules over rows (``transforms.validate``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import polars as pl

from schemas.codes import valid_codes
from schemas.field import Field, Mandation
from schemas.table import Table


class Effect(StrEnum):
    """What a broken rule costs, heaviest first."""

    REJECT_FILE = "file rejected"
    REJECT_GROUP = "group rejected"
    REJECT_RECORD = "record rejected"
    SEVERE_WARNING = "severe warning"
    WARNING = "warning"

    @property
    def is_rejection(self) -> bool:
        """Whether the record does not survive it."""
        return self in (Effect.REJECT_FILE, Effect.REJECT_GROUP, Effect.REJECT_RECORD)


class Kind(StrEnum):
    """The four generated kinds; of 1,134 published MHSDS v6.0 rules all but the cross-field ones."""

    BLANK = "BLANK"
    FORMAT = "FORMAT"
    CODE = "CODE"
    RANGE = "RANGE"


@dataclass(frozen=True)
class Rule:
    """One rule.

    ``fails`` is a predicate in portable SQL, true for a *bad* row, over ``x`` (typed) and ``x_text``
    (as submitted, trimmed, blank as NULL) for every field; NULL means «does not apply». ``message`` and
    ``fix`` are for the person who corrects the file; ``{Field}`` stands for the value found and is
    masked where the field identifies. Ids are never reused.
    """

    id: str
    table: str
    effect: Effect
    fields: tuple[str, ...]
    fails: str
    message: str
    fix: str


def _quoted(text: str) -> str:
    """A SQL string literal; only declared code lists and patterns pass through here, never file values."""
    return "'" + text.replace("'", "''") + "'"


def generated_rules(table: Table, start: date, end: date) -> Iterator[Rule]:
    """The blank, format, allowed-value and range rules of every field, for a reporting period.

    Codes outside their dates in the period are not accepted. A blank or wrong value in a mandatory field
    rejects the record; so does a wrong format anywhere, as in the national rules (MHSDS v6.0: 437 format
    rules reject). A code that is not in the list warns where the field is not mandatory.
    """
    for field in table.fields:
        yield from _rules_of(table, field, start, end)


def _rules_of(table: Table, field: Field, start: date, end: date) -> Iterator[Rule]:
    mandatory = field.mandation == Mandation.MANDATORY
    rejects_wrong = mandatory and not field.warn_if_wrong
    text, stem = f"{field.name}_text", f"{table.id}-{field.name}"

    def rule(kind: Kind, effect: Effect, fails: str, message: str, fix: str) -> Rule:
        return Rule(f"{stem}-{kind}", table.id, effect, (field.name,), fails, message, fix)

    if mandatory or field.warn_if_blank:
        yield rule(
            Kind.BLANK,
            Effect.REJECT_RECORD if mandatory else Effect.SEVERE_WARNING,
            f"{text} IS NULL",
            f"{field.name} is blank.",
            f"Enter {field.expected}." if not field.codes else "Enter one of the codes listed.",
        )
    if field.codes:
        codes = valid_codes(field.codes, start, end)
        yield rule(
            Kind.CODE,
            Effect.REJECT_RECORD if rejects_wrong else Effect.WARNING,
            f"{text} NOT IN ({', '.join(_quoted(code) for code in codes)})",
            f"{field.name} {{{field.name}}} is not a code of this list in this period.",
            f"Use one of {', '.join(codes[:12])}{' …' if len(codes) > 12 else '.'}",
        )
    else:
        fails = f"NOT ({text} ~ {_quoted(field.lexical)})"
        if field.dtype == pl.Date or field.dtype == pl.Datetime or field.dtype == pl.Int32:
            # 2026-02-30 has the right shape and is no date: the cast says so.
            fails = f"{text} IS NOT NULL AND ({fails} OR {field.name} IS NULL)"
        yield rule(
            Kind.FORMAT,
            Effect.WARNING if field.warn_if_wrong else Effect.REJECT_RECORD,
            fails,
            f"{field.name} {{{field.name}}} is not {field.expected}.",
            f"Enter {field.expected}.",
        )
    if field.low is not None or field.high is not None:
        bounds = [f"{field.name} < {field.low}"] if field.low is not None else []
        bounds += [f"{field.name} > {field.high}"] if field.high is not None else []
        low, high = ("…" if bound is None else bound for bound in (field.low, field.high))
        span = f"{low} to {high}"
        yield rule(
            Kind.RANGE,
            Effect.REJECT_RECORD if mandatory else Effect.WARNING,
            " OR ".join(bounds),
            f"{field.name} {{{field.name}}} is outside {span}.",
            f"Check the value; {span} is accepted.",
        )
