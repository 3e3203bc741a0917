"""Rules of the staff that compare one value with another.

Belongs here: SMI901 and IDS902. Does not belong here: staff named by an activity (``activity``, ``internet``).
"""

from schemas.rule import Dimension, Effect, Rule
from schemas.rules.recurring import after_period, repeated, repeated_key, unknown_staff

RULES: tuple[Rule, ...] = (
    repeated_key(  # MHS90113
        "SMI901-101",
        "member of staff",
        "Nobody can say which of them gave a therapy, so it is in no comparison by professional group.",
    ),
    unknown_staff("IDS902-101", "qualification"),
    repeated(
        "IDS902-102",
        ("CarePersLocalId", "QualAttainLevelIAPT"),
        "this member of staff and qualification",
        "The qualification would count twice where staff are counted by it.",
        {"QualAttainLevelIAPT": "17"},
        Effect.WARNING,
    ),
    Rule(
        "IDS902-103",
        "IDS902",
        Effect.WARNING,
        ("QualAwardedDate", "QualPlannedCompletionDate"),
        "QualAwardedDate IS NOT NULL AND QualPlannedCompletionDate IS NOT NULL",
        "The qualification was awarded on {QualAwardedDate}, but its completion is still planned "
        "({QualPlannedCompletionDate}).",
        "Keep the one that holds: the planned date goes when the qualification is awarded.",
        "A qualified therapist may count as one in training.",
        bad=({"QualPlannedCompletionDate": "2026-09-30"},),
        good=({}, {"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-09-30"}),
    ),
    Rule(
        "IDS902-104",
        "IDS902",
        Effect.WARNING,
        ("QualAwardedDate", "QualPlannedCompletionDate"),
        "QualAwardedDate_text IS NULL AND QualPlannedCompletionDate_text IS NULL",
        "The qualification has neither a date of award nor a date by which it is planned.",
        "Enter QualAwardedDate, or QualPlannedCompletionDate for someone in training.",
        "Qualified therapists and those in training cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"QualAwardedDate": None},),
        good=({}, {"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-09-30"}),
    ),
    after_period(
        "IDS902-105",
        "QualAwardedDate",
        "The award of the qualification",
        "Someone in training would count as qualified.",
        Effect.WARNING,
    ),
    Rule(
        "IDS902-106",
        "IDS902",
        Effect.WARNING,
        ("QualPlannedCompletionDate",),
        "QualPlannedCompletionDate < IDS000_ReportingPeriodStartDate AND QualAwardedDate_text IS NULL",
        "The training was planned to end on {QualPlannedCompletionDate}, which has passed.",
        "Enter the date of award, or the new date by which completion is planned.",
        "A qualified therapist may count as one in training.",
        Dimension.COMPLETENESS,
        bad=({"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-03-31"},),
        good=({"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-04-01"}, {}),
    ),
)
