"""Kinds of rule that many tables share.

Belongs here: building a rule of a shared kind, with its predicate, texts and examples. Does not belong here: which
tables have it, and rules of one table only.
"""

from schemas.dataset import TABLES
from schemas.rule import Dimension, Effect, Example, Level, Owner, Rule

NOT_YET = "Correct the date. If it is right, leave it blank until the day has passed."
PERIOD_ENDS, AFTER_PERIOD, BEFORE_PERIOD = "2026-04-30", "2026-05-01", "2026-03-31"


def repeated_key(rule_id: str, what: str, why: str, apart: Example | None = None) -> Rule:
    """More than one record has the same key: rejects all of them.

    ``apart`` holds the other values that differ in the second example record, so that only the key is repeated.
    """
    table = TABLES[rule_id[:6]]
    (key,) = table.key
    return Rule(
        rule_id,
        table.id,
        Effect.REJECT_GROUP,
        (key,),
        f"COUNT(*) OVER (PARTITION BY {key}) > 1",
        f"More than one {what} has this {key}.",
        f"Send each {what} once. If they are different, give each its own {key}.",
        why,
        Dimension.PLAUSIBILITY,
        Level.GROUP,
        (key,),
        bad=({}, apart or {}),
        good=({}, dict(apart or {}) | {key: "X9"}),
        owner=Owner.SUPPLIER,
    )


def repeated(
    rule_id: str,
    group_by: tuple[str, ...],
    what: str,
    why: str,
    other: Example,
    effect: Effect = Effect.REJECT_GROUP,
    fix: str = "Send the record once.",
    apart: Example | None = None,
) -> Rule:
    """More than one record has the same values in ``group_by``.

    ``other`` is the second record of the example that passes. ``apart`` holds values that differ in both examples.
    """
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        group_by,
        f"COUNT(*) OVER (PARTITION BY {', '.join(group_by)}) > 1",
        f"There is more than one record of {what}.",
        fix,
        why,
        Dimension.PLAUSIBILITY,
        Level.GROUP,
        group_by,
        bad=({}, apart or {}),
        good=({}, dict(apart or {}) | dict(other)),
        owner=Owner.INFORMATICS,
    )


def undated_twice(rule_id: str, field: str, what: str, why: str) -> Rule:
    """More than one record of a patient lacks the date that tells them apart."""
    return Rule(
        rule_id,
        rule_id[:6],
        Effect.REJECT_GROUP,
        (field,),
        f"{field}_text IS NULL AND SUM(CASE WHEN {field}_text IS NULL THEN 1 ELSE 0 END)"
        " OVER (PARTITION BY LocalPatientId) > 1",
        f"The patient has more than one {what} without {field}.",
        "Enter the date of each record.",
        why,
        Dimension.PLAUSIBILITY,
        Level.GROUP,
        ("LocalPatientId",),
        bad=({field: None}, {field: None}),
        good=({field: None}, {}),
        owner=Owner.CLINICIAN,
    )


def after_period(
    rule_id: str,
    field: str,
    what: str,
    why: str,
    effect: Effect = Effect.REJECT_RECORD,
    fix: str = "Correct the date. If it is right, send the record in the submission of that month.",
    also: Example | None = None,
) -> Rule:
    """A date after the reporting period. ``also`` holds further values of the examples."""
    rest = dict(also or {})
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field,),
        f"{field} > IDS000_ReportingPeriodEndDate",
        f"{what} ({{{field}}}) is after the end of the reporting period ({{IDS000_ReportingPeriodEndDate}}).",
        fix,
        why,
        bad=(rest | {field: AFTER_PERIOD},),
        good=(rest | {field: PERIOD_ENDS},),
        owner=Owner.INFORMATICS,
    )


def before_period(
    rule_id: str,
    field: str,
    what: str,
    why: str,
    effect: Effect = Effect.REJECT_RECORD,
    also: Example | None = None,
) -> Rule:
    """A date before the reporting period. ``also`` holds further values of the examples."""
    rest = dict(also or {})
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field,),
        f"{field} < IDS000_ReportingPeriodStartDate",
        f"{what} ({{{field}}}) is before the start of the reporting period ({{IDS000_ReportingPeriodStartDate}}).",
        "Correct the date. If it is right, submit that month again with this record in it.",
        why,
        bad=(rest | {field: BEFORE_PERIOD},),
        good=(rest | {field: "2026-04-01"},),
        owner=Owner.INFORMATICS,
    )


def ends_before_start(
    rule_id: str, start: str, end: str, what: str, why: str, effect: Effect = Effect.REJECT_RECORD
) -> Rule:
    """A period that ends before it starts."""
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (end, start),
        f"{end} < {start}",
        f"The {what} ends on {{{end}}}, before it starts on {{{start}}}.",
        "Correct the date that is wrong.",
        why,
        bad=({start: "2026-04-10", end: "2026-04-09"},),
        good=({start: "2026-04-10", end: "2026-04-10"},),
        owner=Owner.CLINICIAN,
    )


def overlap(group_by: tuple[str, ...], start: str, end: str, *, same_day: bool) -> str:
    """The predicate of a period that overlaps the one before or after it. A blank end means that the period is
    open.

    ``same_day``: whether two periods overlap if one ends on the day on which the next starts. Two periods that
    start on one day always overlap. So the result does not depend on the order in which an engine puts equal
    records.
    """
    window = f"OVER (PARTITION BY {', '.join(group_by)} ORDER BY {start}, {end}_text)"
    until = "<=" if same_day else "<"
    return (
        f"{start} IS NOT NULL AND ("
        f"LEAD({start}) {window} = {start} OR LAG({start}) {window} = {start}"
        f" OR LEAD({start}) {window} {until} {end}"
        f" OR ({end}_text IS NULL AND LEAD({start}) {window} IS NOT NULL)"
        f" OR (LAG({start}) {window} IS NOT NULL"
        f" AND ({start} {until} LAG({end}) {window} OR LAG({end}_text) {window} IS NULL)))"
    )


def unknown_staff(rule_id: str, what: str) -> Rule:
    """A member of staff who is not in the staff table. Only version 1.0 has that table."""
    return Rule(
        rule_id,
        rule_id[:6],
        Effect.WARNING,
        ("CarePersLocalId",),
        "NOT SMI901_found AND IDS000_DatSetVer = '1.0'",
        f"The member of staff of this {what} is not in the staff table (SMI901).",
        "Add the member of staff to SMI901, or correct CarePersLocalId.",
        f"The {what} is left out of every comparison by professional group and qualification.",
        Dimension.CONFORMANCE,
        bad=({"CarePersLocalId": "S99", "SMI901_found": "false"},),
        good=({}, {"CarePersLocalId": "S99", "SMI901_found": "false", "IDS000_DatSetVer": "2.1"}),
        owner=Owner.INFORMATICS,
    )
