"""What a rule is: a value that names what is wrong, what it costs and how to put it right.

Belongs here: the rule itself and the words it is made of. Does not belong here: the rules
(``schemas.generated``, ``schemas.rules``, ``schemas.gate``), running them over rows (``transforms.validate``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


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


class Level(StrEnum):
    """How much a rule looks at: a file, the header, records that belong together, one record."""

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
"""Values as submitted that stand in place of those of the table's example record; ``None`` is blank."""

_RELATED = re.compile(r"\b((?:IDS|SMI)[0-9]{3}|TOOL)_([A-Za-z]+)\b")


@dataclass(frozen=True)
class Rule:
    """One rule.

    ``fails`` is a predicate in portable SQL, true for a *bad* row, over ``x`` (typed) and ``x_text``
    (as submitted, trimmed, blank as NULL) for every field; NULL means «does not apply». It may also name related
    values (``schemas.links``): ``IDS101_ServDischDate`` of the record this one belongs to,
    ``IDS101_found``, the header's ``IDS000_ReportingPeriodEndDate``, ``TOOL_low``, ``received_at``, and, where
    other tables name this one, how many of their records do: ``IDS101_records``.

    ``group_by`` names the fields by which records belong together: the predicate has windows over exactly these, is
    asked only of records that share all of them (none blank) with another record, and every record it is true for
    fails. Where it can only be true of a record that satisfies ``when``, a plain condition, groups without such a
    record are not looked at: most referrals have several contacts, few have a follow-up.

    ``message`` and ``fix`` are for the person who corrects the file, ``why`` says what it costs the site's figures;
    ``{Field}`` stands for the value found and is masked where the field identifies. ``bad`` and ``good`` are
    examples, each one record or several that belong together: of ``bad`` at least one fails, of ``good`` none. Ids
    are never reused.
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
    bad: tuple[Example, ...] = ()
    good: tuple[Example, ...] = ()

    @cached_property
    def related(self) -> tuple[tuple[str, str], ...]:
        """(table id, field) of every value of another table that the predicate names."""
        return tuple(sorted(set(_RELATED.findall(self.fails))))
