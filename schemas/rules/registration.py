"""Rules of the GP practice registration that compare one value with another.

Belongs here: IDS002. Does not belong here: whether a patient has a registration at all (``patient``).
"""

from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import NOT_YET, after_period, ends_before_start, repeated

RULES: tuple[Rule, ...] = (
    repeated(
        "IDS002-102",
        ("LocalPatientId", "GMPCodeReg", "StartDateGMPRegistration"),
        "this patient, practice and start date",
        "It is unclear which registration applies.",
        {"StartDateGMPRegistration": "2019-01-07"},
        apart={"EndDateGMPRegistration": "2026-04-20"},
    ),
    Rule(
        "IDS002-103",
        "IDS002",
        Effect.REJECT_GROUP,
        ("EndDateGMPRegistration",),
        "EndDateGMPRegistration_text IS NULL AND SUM(CASE WHEN EndDateGMPRegistration_text IS NULL THEN 1 ELSE 0 "
        "END)"
        " OVER (PARTITION BY LocalPatientId) > 1",
        "The patient has more than one registration without an end date.",
        "Enter the end date of the earlier registration.",
        "A patient has one practice at a time. It is unclear which practice is responsible.",
        level=Level.GROUP,
        group_by=("LocalPatientId",),
        bad=({}, {"GMPCodeReg": "P81009", "StartDateGMPRegistration": "2026-04-10"}),
        good=({"EndDateGMPRegistration": "2026-04-09"}, {"StartDateGMPRegistration": "2026-04-10"}),
        owner=Owner.INFORMATICS,
    ),
    ends_before_start(
        "IDS002-104",
        "StartDateGMPRegistration",
        "EndDateGMPRegistration",
        "registration",
        "It is unclear when the patient was with the practice.",
    ),
    after_period(
        "IDS002-105",
        "StartDateGMPRegistration",
        "The start of the registration",
        "The patient was with another practice in this month.",
    ),
    after_period(
        "IDS002-106",
        "EndDateGMPRegistration",
        "The end of the registration",
        "The patient would have no practice while the registration still lasts.",
        fix=NOT_YET,
    ),
    Rule(
        "IDS002-107",
        "IDS002",
        Effect.REJECT_RECORD,
        ("StartDateGMPRegistration",),
        "StartDateGMPRegistration < IDS001_PersonBirthDate",
        "The registration starts on {StartDateGMPRegistration}, before the patient was born.",
        "Correct the start date, or correct the date of birth.",
        "One of the two values belongs to another person.",
        bad=({"StartDateGMPRegistration": "1998-03-13", "IDS001_PersonBirthDate": "1998-03-14"},),
        good=({"StartDateGMPRegistration": "1998-03-14", "IDS001_PersonBirthDate": "1998-03-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS002-108",
        "IDS002",
        Effect.WARNING,
        ("GMPCodeReg", "StartDateGMPRegistration", "EndDateGMPRegistration"),
        "GMPCodeReg IN ('V81997', 'V81998', 'V81999')"
        " AND (StartDateGMPRegistration_text IS NOT NULL OR EndDateGMPRegistration_text IS NOT NULL)",
        "The practice is blank or not known, but the registration has dates.",
        "Enter the practice, or leave the dates blank.",
        "The patient is left out of figures by practice. If the dates are known, the practice can be found.",
        Dimension.CONFORMANCE,
        bad=({"GMPCodeReg": "V81999"},),
        good=({"GMPCodeReg": "V81999", "StartDateGMPRegistration": None}, {"GMPCodeReg": "P81001"}),
        owner=Owner.INFORMATICS,
    ),
)
