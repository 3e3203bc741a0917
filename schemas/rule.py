"""What a rule is: a value with the message, the cost and the correction.

Belongs here: the rule itself and the types it is made of. Does not belong here: the rules (``schemas.generated``,
``schemas.rules``, ``schemas.gate``), running them over rows (``transforms.validate``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property


class Effect(StrEnum):
    """The effect of a broken rule, most serious first."""

    REJECT_FILE = "file rejected"
    REJECT_GROUP = "group rejected"
    REJECT_RECORD = "record rejected"
    SEVERE_WARNING = "severe warning"
    WARNING = "warning"
    EXPERIMENTAL = "experimental"
    NOTE = "note"

    @property
    def is_rejection(self) -> bool:
        """Whether the record is rejected."""
        return self in (Effect.REJECT_FILE, Effect.REJECT_GROUP, Effect.REJECT_RECORD)

    @property
    def is_applied(self) -> bool:
        """Whether anything comes of it. A rule that is tried out is reported alone; a note says what was read as
        what, and costs nothing.
        """
        return self not in (Effect.EXPERIMENTAL, Effect.NOTE)


class Owner(StrEnum):
    """Who can mend what a rule finds. One person who prepares an extract hands each the part that is theirs.

    SUPPLIER: the maker of the clinical system and of its extract, where the program writes a value, a code or a
    record wrongly. CLINICIAN: those who record care, where the record itself is wrong or incomplete. INFORMATICS:
    the service's data managers, who put the extract together and look after staff and organisations. CENTRE: those
    who receive it, where one of their limits is reached.
    """

    SUPPLIER = "supplier"
    CLINICIAN = "clinician"
    INFORMATICS = "informatics"
    CENTRE = "centre"


class Level(StrEnum):
    """How much a rule looks at: a file, the header, a group of records, one record."""

    FILE = "file"
    HEADER = "header"
    GROUP = "group"
    RECORD = "record"


class Dimension(StrEnum):
    """Kind of data quality (Kahn et al. 2016, harmonised terminology, eGEMs 4(1):1244)."""

    CONFORMANCE = "conformance"
    COMPLETENESS = "completeness"
    PLAUSIBILITY = "plausibility"


Example = Mapping[str, str | None]
"Values as submitted that replace those of the table's example record; ``None`` is blank."

_RELATED = re.compile(r"\b((?:IDS|SMI)[0-9]{3}|TOOL)_([A-Za-z]+)\b")


@dataclass(frozen=True)
class Rule:
    """One rule.

    ``fails`` is a predicate in portable SQL. It is true for a *bad* row, and NULL if the rule does not apply. For
    every field it can use ``x`` (typed) and ``x_text`` (as submitted, trimmed, blank as NULL). It can also use
    related values (``schemas.links``): ``IDS101_ServDischDate`` of the parent record, ``IDS101_found``, the
    header's ``IDS000_ReportingPeriodEndDate``, ``TOOL_low``, ``received_at``, and ``IDS101_records``, the number
    of records of another table that name this one.

    ``group_by`` names the fields whose equal values make a group of records. The windows of the predicate use
    exactly these fields. The predicate is run only on records that share all of them (none blank) with another
    record. Every record for which it is true fails. ``when`` is a plain condition that saves time: groups without
    a record that satisfies it are skipped. Most referrals have several contacts, few have a follow-up.

    ``is_declared``: the predicate is true for a value that its element's own declaration does not allow. Such a
    value never leaves the identifiable zone (``transforms.withheld``).

    ``applies_from`` is the first day of the month from which the rule is applied. Submissions of earlier months
    have it as EXPERIMENTAL: what it finds is reported, and nothing comes of it. So sites can correct their system
    in time, and the verdict on a month does not depend on the day of its check. ``None``: it always applies.

    ``message`` and ``fix`` are for the person who corrects the file. ``why`` says what the fault costs the site's
    figures. ``{Field}`` is replaced by the value found, and masked if the field identifies a person. ``bad`` and
    ``good`` are examples, each of one record or of several that belong together. At least one record of ``bad``
    fails, none of ``good``. Ids are never reused. ``owner`` has no default: who can mend it is thought of with the
    rule.
    """

    id: str
    table: str
    effect: Effect
    fields: tuple[str, ...]
    fails: str
    message: str
    fix: str
    why: str = ""
    dimension: Dimension = Dimension.PLAUSIBILITY
    level: Level = Level.RECORD
    group_by: tuple[str, ...] = ()
    when: str = ""
    is_declared: bool = False
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()
    applies_from: date | None = None
    owner: Owner = field(kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a rule that would begin within a month."""
        if self.applies_from is not None and self.applies_from.day != 1:
            raise ValueError(f"rule {self.id}: applies_from {self.applies_from} is not the first day of a month")

    def in_month(self, start: date) -> "Rule":
        """The rule as it stands for a reporting period that begins on ``start``."""
        if self.applies_from is None or start >= self.applies_from:
            return self
        becomes = f"From {self.applies_from:%B %Y} on: {self.effect.value}."
        return replace(self, effect=Effect.EXPERIMENTAL, message=f"{self.message} {becomes}")

    @cached_property
    def related(self) -> tuple[tuple[str, str], ...]:
        """(table id, field) of every value of another table that the predicate uses."""
        return tuple(sorted(set(_RELATED.findall(self.fails))))
