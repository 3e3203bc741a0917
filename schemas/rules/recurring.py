"""Claims that recur: one claim, made of many tables.

Belongs here: building a rule of a recurring kind, with its predicate, words and examples. Does not belong here:
which tables have it, and claims made of one table only.
"""

from schemas.dataset import TABLES
from schemas.rule import Dimension, Effect, Example, Level, Rule

NOT_YET = "Correct the date; if it is right, leave it blank until it has come."
PERIOD_ENDS, AFTER_PERIOD, BEFORE_PERIOD = "2026-04-30", "2026-05-01", "2026-03-31"


def repeated_key(rule_id: str, what: str, why: str, apart: Example | None = None) -> Rule:
    """More than one record with the key of its table: rejects all of them (MHS00144, MHS10103, MHS20143).

    ``apart`` is what else differs in the second record of the examples, so that nothing but the key is repeated.
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
        f"Send each {what} once; if they are different ones, give each a {key} of its own.",
        why,
        Dimension.PLAUSIBILITY,
        Level.GROUP,
        (key,),
        bad=({}, apart or {}),
        good=({}, dict(apart or {}) | {key: "X9"}),
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
    """More than one record with the same values in ``group_by``.

    Of the examples, ``other`` is a second record that does not repeat them; ``apart`` is what else differs in both.
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
    )


def undated_twice(rule_id: str, field: str, what: str, why: str) -> Rule:
    """More than one record of a patient without the date that tells them apart (MHS00316, MHS00414)."""
    return Rule(
        rule_id,
        rule_id[:6],
        Effect.REJECT_GROUP,
        (field,),
        f"{field}_text IS NULL AND SUM(CASE WHEN {field}_text IS NULL THEN 1 ELSE 0 END)"
        " OVER (PARTITION BY LocalPatientId) > 1",
        f"The patient has more than one {what} without {field}.",
        "Give the date of each record.",
        why,
        Dimension.PLAUSIBILITY,
        Level.GROUP,
        ("LocalPatientId",),
        bad=({field: None}, {field: None}),
        good=({field: None}, {}),
    )


def after_period(
    rule_id: str,
    field: str,
    what: str,
    why: str,
    effect: Effect = Effect.REJECT_RECORD,
    fix: str = "Correct the date; if it is right, send the record with the month in which the date falls.",
    also: Example | None = None,
) -> Rule:
    """A date after the reporting period. ``also`` completes the examples."""
    rest = dict(also or {})
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field,),
        f"{field} > IDS000_ReportingPeriodEndDate",
        f"{what} ({{{field}}}) is after the reporting period, which ended on {{IDS000_ReportingPeriodEndDate}}.",
        fix,
        why,
        bad=(rest | {field: AFTER_PERIOD},),
        good=(rest | {field: PERIOD_ENDS},),
    )


def before_period(
    rule_id: str,
    field: str,
    what: str,
    why: str,
    effect: Effect = Effect.REJECT_RECORD,
    also: Example | None = None,
) -> Rule:
    """A date before the reporting period. ``also`` completes the examples."""
    rest = dict(also or {})
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field,),
        f"{field} < IDS000_ReportingPeriodStartDate",
        f"{what} ({{{field}}}) is before the reporting period, which began on {{IDS000_ReportingPeriodStartDate}}.",
        "Correct the date; if it is right, send that month again with the record in it.",
        why,
        bad=(rest | {field: BEFORE_PERIOD},),
        good=(rest | {field: "2026-04-01"},),
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
        "Correct whichever date is wrong.",
        why,
        bad=({start: "2026-04-10", end: "2026-04-09"},),
        good=({start: "2026-04-10", end: "2026-04-10"},),
    )


def overlap(group_by: tuple[str, ...], start: str, end: str, *, same_day: bool) -> str:
    """The predicate of a period that overlaps the one before or after it; a blank end is an open one.

    ``same_day``: whether it is an overlap that one ends on the day on which the next starts. Two that start on one
    day overlap, however long they are: so it does not matter in which order an engine puts records that are alike.
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
    """A member of staff who is not in the staff table; versions before 1.0 have no such table."""
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
    )
