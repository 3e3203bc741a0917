"""Rules of the header that compare one value with another.

Belongs here: when the extract was made and by whom it is sent. Does not belong here: period and provider against
the name of the submission (``schemas.gate``).
"""

from schemas.rule import Dimension, Effect, Level, Owner, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "IDS000-101",
        "IDS000",
        Effect.REJECT_FILE,
        ("DateTimeDatSetCreate", "ReportingPeriodEndDate"),
        "DateTimeDatSetCreate < ReportingPeriodEndDate",
        "The extract was made on {DateTimeDatSetCreate}, before the reporting period ended on "
        "{ReportingPeriodEndDate}.",
        "Make the extract again after the end of the month, or correct DateTimeDatSetCreate.",
        "The rest of the month would be missing from every figure without notice.",
        level=Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-04-29T23:59:59"},),
        good=({"DateTimeDatSetCreate": "2026-05-01T00:10:00"},),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS000-102",
        "IDS000",
        Effect.REJECT_FILE,
        ("DateTimeDatSetCreate",),
        # One day is allowed: clocks differ, and the time has no time zone. MHS00027.
        "DateTimeDatSetCreate > received_at + INTERVAL '1 day'",
        "According to DateTimeDatSetCreate the extract was made on {DateTimeDatSetCreate}, after it was received.",
        "Correct DateTimeDatSetCreate, or the clock of the system that writes it.",
        "With a wrong time it is unclear which of two extracts is newer.",
        level=Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-05-22T09:00:00", "received_at": "2026-05-20T10:00:00"},),
        good=({"DateTimeDatSetCreate": "2026-05-21T09:00:00", "received_at": "2026-05-20T10:00:00"},),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS000-103",
        "IDS000",
        Effect.REJECT_FILE,
        ("ReportingPeriodStartDate",),
        "ReportingPeriodStartDate > received_at",
        "The reporting period begins on {ReportingPeriodStartDate}, after the submission was received.",
        "Correct the reporting period in the header.",
        "The month has not started, so the records must belong to another month.",
        level=Level.HEADER,
        bad=({"ReportingPeriodStartDate": "2026-06-01", "received_at": "2026-05-20T10:00:00"},),
        good=({"ReportingPeriodStartDate": "2026-05-01", "received_at": "2026-05-20T10:00:00"},),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS000-104",
        "IDS000",
        Effect.WARNING,
        ("DateTimeDatSetCreate", "ReportingPeriodEndDate"),
        "DateTimeDatSetCreate >= ReportingPeriodEndDate"
        " AND DateTimeDatSetCreate < ReportingPeriodEndDate + INTERVAL '1 day'",
        "The extract was made on {DateTimeDatSetCreate}, during the last day of the month.",
        "If contacts of the last day may be missing, make the extract again on a later day.",
        "Contacts and discharges of the last day that were not yet recorded are missing.",
        Dimension.COMPLETENESS,
        Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-04-30T17:00:00"},),
        good=({"DateTimeDatSetCreate": "2026-05-01T00:00:00"},),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS000-105",
        "IDS000",
        Effect.WARNING,  # as MHS00033: another organisation may send for the provider
        ("OrgIDSubmit", "OrgIDProv"),
        "OrgIDSubmit <> OrgIDProv",
        "{OrgIDSubmit} sends the submission for the provider {OrgIDProv}.",
        "If this organisation sends for the provider, no change is needed. Otherwise correct OrgIDSubmit.",
        "The file may belong to another provider and may have been sent by mistake.",
        Dimension.CONFORMANCE,
        Level.HEADER,
        bad=({"OrgIDSubmit": "RXL"},),
        good=({"OrgIDSubmit": "RW5"},),
        owner=Owner.INFORMATICS,
    ),
)
