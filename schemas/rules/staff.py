"""Rules of staff that compare one value with another.

Belongs here: SMI901 and IDS902. Does not belong here: staff named by an activity (``activity``, ``internet``).
"""

from schemas.rule import Dimension, Effect, Rule
from schemas.rules.recurring import after_period, repeated, repeated_key, unknown_staff

RULES: tuple[Rule, ...] = (
    repeated_key(  # MHS90113
        "SMI901-101",
        "member of staff",
        "It is unclear who gave a therapy, so it is left out of comparisons by professional group.",
    ),
    unknown_staff("IDS902-101", "qualification"),
    repeated(
        "IDS902-102",
        ("CarePersLocalId", "QualAttainLevelIAPT"),
        "this member of staff and qualification",
        "The qualification would be counted twice.",
        {"QualAttainLevelIAPT": "17"},
        Effect.WARNING,
    ),
    Rule(
        "IDS902-103",
        "IDS902",
        Effect.WARNING,
        ("QualAwardedDate", "QualPlannedCompletionDate"),
        "QualAwardedDate IS NOT NULL AND QualPlannedCompletionDate IS NOT NULL",
        "The qualification was awarded on {QualAwardedDate}, but its completion is still planned for "
        "{QualPlannedCompletionDate}.",
        "Keep the date that applies. Remove the planned date once the qualification is awarded.",
        "A qualified therapist may count as a trainee.",
        bad=({"QualPlannedCompletionDate": "2026-09-30"},),
        good=({}, {"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-09-30"}),
    ),
    Rule(
        "IDS902-104",
        "IDS902",
        Effect.WARNING,
        ("QualAwardedDate", "QualPlannedCompletionDate"),
        "QualAwardedDate_text IS NULL AND QualPlannedCompletionDate_text IS NULL",
        "The qualification has no award date and no planned completion date.",
        "Enter QualAwardedDate, or for a trainee QualPlannedCompletionDate.",
        "Qualified therapists and trainees cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"QualAwardedDate": None},),
        good=({}, {"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-09-30"}),
    ),
    after_period(
        "IDS902-105",
        "QualAwardedDate",
        "The award of the qualification",
        "A trainee would count as qualified.",
        Effect.WARNING,
    ),
    Rule(
        "IDS902-106",
        "IDS902",
        Effect.WARNING,
        ("QualPlannedCompletionDate",),
        "QualPlannedCompletionDate < IDS000_ReportingPeriodStartDate AND QualAwardedDate_text IS NULL",
        "The planned completion date {QualPlannedCompletionDate} has passed.",
        "Enter the award date, or a new planned completion date.",
        "A qualified therapist may count as a trainee.",
        Dimension.COMPLETENESS,
        bad=({"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-03-31"},),
        good=({"QualAwardedDate": None, "QualPlannedCompletionDate": "2026-04-01"}, {}),
    ),
)
