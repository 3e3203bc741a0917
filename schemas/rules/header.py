"""Rules of the header that compare one value with another.

Belongs here: when the extract was made and by whom it is sent. Does not belong here: period and provider against
the name of the submission (``schemas.gate``).
"""

from schemas.rule import Dimension, Effect, Level, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "IDS000-101",
        "IDS000",
        Effect.REJECT_FILE,
        ("DateTimeDatSetCreate", "ReportingPeriodEndDate"),
        "DateTimeDatSetCreate < ReportingPeriodEndDate",  # MHS00037
        "The extract was made on {DateTimeDatSetCreate}, before the reporting period ended on "
        "{ReportingPeriodEndDate}.",
        "Make the extract again after the end of the month, or correct DateTimeDatSetCreate.",
        "The rest of the month would be missing from every figure, and nobody would see it.",
        level=Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-04-29T23:59:59"},),
        good=({"DateTimeDatSetCreate": "2026-05-01T00:10:00"},),
    ),
    Rule(
        "IDS000-102",
        "IDS000",
        Effect.REJECT_FILE,
        ("DateTimeDatSetCreate",),
        # A day of grace: clocks differ, and the time has no time zone. MHS00027.
        "DateTimeDatSetCreate > received_at + INTERVAL '1 day'",
        "The extract says it was made on {DateTimeDatSetCreate}, after it was received.",
        "Correct DateTimeDatSetCreate, or the clock of the system that writes it.",
        "With a wrong clock nobody can say which of two extracts is the newer one.",
        level=Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-05-22T09:00:00", "received_at": "2026-05-20T10:00:00"},),
        good=({"DateTimeDatSetCreate": "2026-05-21T09:00:00", "received_at": "2026-05-20T10:00:00"},),
    ),
    Rule(
        "IDS000-103",
        "IDS000",
        Effect.REJECT_FILE,
        ("ReportingPeriodStartDate",),
        "ReportingPeriodStartDate > received_at",
        "The reporting period begins on {ReportingPeriodStartDate}, which had not come when this was received.",
        "Correct the reporting period in the header.",
        "Nothing can have happened yet, so whatever is in the file belongs to another month.",
        level=Level.HEADER,
        bad=({"ReportingPeriodStartDate": "2026-06-01", "received_at": "2026-05-20T10:00:00"},),
        good=({"ReportingPeriodStartDate": "2026-05-01", "received_at": "2026-05-20T10:00:00"},),
    ),
    Rule(
        "IDS000-104",
        "IDS000",
        Effect.WARNING,
        ("DateTimeDatSetCreate", "ReportingPeriodEndDate"),
        "DateTimeDatSetCreate >= ReportingPeriodEndDate"
        " AND DateTimeDatSetCreate < ReportingPeriodEndDate + INTERVAL '1 day'",
        "The extract was made on {DateTimeDatSetCreate}, during the last day of the month.",
        "Make the extract again on a later day, if contacts of the last day may be missing.",
        "Contacts and discharges of the last day that were not written up yet are missing from the month.",
        Dimension.COMPLETENESS,
        Level.HEADER,
        bad=({"DateTimeDatSetCreate": "2026-04-30T17:00:00"},),
        good=({"DateTimeDatSetCreate": "2026-05-01T00:00:00"},),
    ),
    Rule(
        "IDS000-105",
        "IDS000",
        Effect.WARNING,  # as MHS00033: another organisation may send for the provider
        ("OrgIDSubmit", "OrgIDProv"),
        "OrgIDSubmit <> OrgIDProv",
        "The submission is sent by {OrgIDSubmit} for the provider {OrgIDProv}.",
        "Nothing to do if this organisation sends for the provider; otherwise correct OrgIDSubmit.",
        "A file of another provider that was sent by mistake would show here first.",
        Dimension.CONFORMANCE,
        Level.HEADER,
        bad=({"OrgIDSubmit": "RXL"},),
        good=({"OrgIDSubmit": "RW5"},),
    ),
)
