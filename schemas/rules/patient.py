"""Rules of the patient that compare one value with another.

Belongs here: IDS001. Does not belong here: where the patient is registered (``registration``), what may change
during care (``circumstances``).

Rejecting a patient also rejects every referral, contact and score of the patient. So a patient is rejected only if
the identity is unclear or the dates are impossible. Everything else is a warning.
"""

from schemas.nhs_number import CHECK_WEIGHTS, PLACEHOLDERS
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import repeated_key

_NEVER_ISSUED = "|".join(PLACEHOLDERS)
_WEIGHTED = " + ".join(
    f"{weight} * TRY_CAST(SUBSTR(NHSNumber, {place}, 1) AS INTEGER)"
    for place, weight in enumerate(CHECK_WEIGHTS, 1)
)
_CHECK = "TRY_CAST(SUBSTR(NHSNumber, 10, 1) AS INTEGER)"
# The check digit is 11 - sum % 11, where 11 is written as 0 and 10 means that the number is invalid. So the
# weighted sum plus the check digit is a multiple of 11. With a remainder of 1 no check digit gives one.
_FAILS_CHECK = f"NHSNumber ~ '^[0-9]{{10}}$' AND ({_WEIGHTED} + {_CHECK}) % 11 <> 0"

RULES: tuple[Rule, ...] = (
    repeated_key(
        "IDS001-101",
        "patient",
        "It is unclear which patient a referral belongs to, so none of these records counts.",
        {"NHSNumber": "9990000018"},
    ),
    Rule(
        "IDS001-102",
        "IDS001",
        Effect.REJECT_GROUP,
        ("NHSNumber",),
        # Ten digits: 9.99E+09 is what a spreadsheet left of many numbers, and nobody shares it.
        "NHSNumber ~ '^[0-9]{10}$' AND "
        "MIN(LocalPatientId) OVER (PARTITION BY NHSNumber) <> MAX(LocalPatientId) OVER (PARTITION BY NHSNumber)",
        "Patients with different LocalPatientId have the same NHS number.",
        "Correct the wrong NHS number. If they are one person, send one record and one LocalPatientId.",
        "In every count of people, two people would count as one or one person as two.",
        level=Level.GROUP,
        group_by=("NHSNumber",),
        bad=({}, {"LocalPatientId": "P900"}),
        good=({}, {"LocalPatientId": "P900", "NHSNumber": "9990000018"}),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS001-103",
        "IDS001",
        Effect.REJECT_RECORD,  # MHS00165 rejects a wrong form; the check digit is part of the form
        ("NHSNumber",),
        _FAILS_CHECK,
        "The check digit of the NHS number (modulus 11) is wrong, so at least one digit is wrong.",
        "Look up the number in the Spine. If it is not known, leave it blank and use NHSNumberStatus 07.",
        "The patient's care would be linked to the wrong person, or to no person.",
        Dimension.CONFORMANCE,
        bad=({"NHSNumber": "9991000012"}, {"NHSNumber": "9990000000"}),
        good=({"NHSNumber": "9991000011"}, {"NHSNumber": "9990000018"}),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS001-104",
        "IDS001",
        Effect.REJECT_RECORD,
        ("NHSNumber",),
        f"NHSNumber ~ '^({_NEVER_ISSUED})$'",
        "The NHS number is a placeholder: it was never issued to a person.",
        "Enter the patient's own number. If it is not known, leave it blank and use NHSNumberStatus 07.",
        "All patients with this number would count as one person, here and at every other provider.",
        bad=({"NHSNumber": "1111111111"}, {"NHSNumber": "9876543210"}),
        good=({"NHSNumber": "9991000011"},),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-105",
        "IDS001",
        Effect.WARNING,
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumberStatus = '07' AND NHSNumber IS NOT NULL",
        "NHSNumberStatus {NHSNumberStatus} says that the number is not present, but a number is recorded.",
        "Enter the status of the number (01 if it was verified), or remove the number.",
        "The patient counts as not traced in the data quality figures.",
        bad=({"NHSNumberStatus": "07"},),
        good=({"NHSNumberStatus": "01"}, {"NHSNumberStatus": "07", "NHSNumber": None}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-106",
        "IDS001",
        Effect.WARNING,
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumber IS NULL AND NHSNumberStatus IN ('01', '02')",
        "NHSNumberStatus {NHSNumberStatus} says that the number is present, but it is blank.",
        "Add the number, or use status 07 (not present).",
        "The number is probably missing from the extract. The patient cannot be linked to care at other providers.",
        bad=({"NHSNumber": None, "NHSNumberStatus": "01"},),
        good=({"NHSNumber": None, "NHSNumberStatus": "07"},),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-107",
        "IDS001",
        Effect.WARNING,
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumber IS NULL AND (NHSNumberStatus IS NULL OR NHSNumberStatus NOT IN ('01', '02', '07'))",
        "The NHS number is blank, and NHSNumberStatus is not 07 (not present, trace not required).",
        "Trace the number and add it, or use status 07.",
        "It is unclear whether a number is still being traced or does not exist.",
        Dimension.COMPLETENESS,
        bad=({"NHSNumber": None, "NHSNumberStatus": "03"}, {"NHSNumber": None, "NHSNumberStatus": None}),
        good=({"NHSNumber": None, "NHSNumberStatus": "07"}, {"NHSNumberStatus": "03"}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-108",
        "IDS001",
        Effect.REJECT_RECORD,
        ("PersonBirthDate",),
        "PersonBirthDate > IDS000_ReportingPeriodEndDate",
        "The date of birth is after the reporting period, which ended on {IDS000_ReportingPeriodEndDate}.",
        "Correct the date of birth.",
        "Patients are compared by age. This patient would have no age.",
        bad=({"PersonBirthDate": "2026-05-01"},),
        good=({"PersonBirthDate": "1998-03-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-109",
        "IDS001",
        Effect.REJECT_RECORD,
        ("PersonBirthDate",),
        "PersonBirthDate + INTERVAL '131 years' <= IDS000_ReportingPeriodEndDate",
        "According to the date of birth the patient is over 130 years old.",
        "Correct the date of birth.",
        "A placeholder date puts the patient into the oldest age group.",
        # A date before 1900 does not have the form of a date, so until 2030 the format rule rejects it first.
        bad=({"PersonBirthDate": "1900-01-31", "IDS000_ReportingPeriodEndDate": "2031-01-31"},),
        good=({"PersonBirthDate": "1930-01-01"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-110",
        "IDS001",
        Effect.WARNING,
        ("PersonBirthDate",),
        "PersonBirthDate + INTERVAL '106 years' <= IDS000_ReportingPeriodEndDate"
        " AND PersonBirthDate + INTERVAL '131 years' > IDS000_ReportingPeriodEndDate",
        "According to the date of birth the patient is over 105 years old.",
        "Check the date of birth. 1 January 1900 and 1 January 1901 are often placeholders.",
        "The patient counts in the oldest age group, which is small: a few patients change its figures.",
        bad=({"PersonBirthDate": "1900-01-01"},),
        good=({"PersonBirthDate": "1930-01-01"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-111",
        "IDS001",
        Effect.REJECT_RECORD,
        ("PersDeathDate", "PersonBirthDate"),
        "PersDeathDate < PersonBirthDate",
        "The date of death is before the date of birth.",
        "Correct the date that is wrong.",
        "Neither date is reliable, so age and outcome are not reliable either.",
        bad=({"PersDeathDate": "2026-04-18", "PersonBirthDate": "2026-04-19"},),
        good=({"PersDeathDate": "2026-04-18"}, {"PersDeathDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-112",
        "IDS001",
        Effect.REJECT_RECORD,
        ("PersDeathDate",),
        "PersDeathDate > IDS000_ReportingPeriodEndDate",
        "The date of death is after the reporting period, which ended on {IDS000_ReportingPeriodEndDate}.",
        "Correct the date. If it is right, leave it blank this month.",
        "A patient who was alive in the month would count as dead.",
        bad=({"PersDeathDate": "2026-05-01"},),
        good=({"PersDeathDate": "2026-04-30"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-113",
        "IDS001",
        # MHS00141 rejects. Here the discharge is often recorded some weeks after the death. Rejecting would lose
        # the discharge and leave the referral open for ever.
        Effect.SEVERE_WARNING,
        ("PersDeathDate",),
        "PersDeathDate < IDS000_ReportingPeriodStartDate",
        "The patient died before the reporting period began on {IDS000_ReportingPeriodStartDate}.",
        "Check the date. If it is right, discharge the referral with a reason for death (17 or 49).",
        "While the referral is open, the patient counts as waiting or in treatment.",
        bad=({"PersDeathDate": "2026-03-31"},),
        good=({"PersDeathDate": "2026-04-01"},),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS001-114",
        "IDS001",
        Effect.SEVERE_WARNING,
        ("OrgIDLocalPatientId",),
        "OrgIDLocalPatientId <> IDS000_OrgIDProv",
        "OrgIDLocalPatientId {OrgIDLocalPatientId} is not the code of the provider ({IDS000_OrgIDProv}).",
        "Enter the provider's own code, and use the provider's own patient identifier.",
        "The same identifier may belong to a different patient at the other organisation.",
        Dimension.CONFORMANCE,
        bad=({"OrgIDLocalPatientId": "RXL"},),
        good=({"OrgIDLocalPatientId": "RW5"},),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-115",
        "IDS001",
        Effect.SEVERE_WARNING,
        ("Postcode",),
        "NOT (Postcode ~ '^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? *[0-9][A-Za-z]{2}$')",
        "The postcode does not have the form of a UK postcode.",
        "Enter a postcode such as LA1 4YW. Use ZZ99 3VZ for no fixed abode, ZZ99 3WZ for not known.",
        "The patient is left out of every figure by area and deprivation.",
        Dimension.CONFORMANCE,
        bad=({"Postcode": "LANCASTE"}, {"Postcode": "LA1"}),
        good=({"Postcode": "LA1  4YW"}, {"Postcode": "ec1a1bb"}, {"Postcode": "ZZ99 3WZ"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS001-116",
        "IDS001",
        # MHS00146 rejects. Such a patient has no records below, so rejecting would exclude nothing else.
        Effect.SEVERE_WARNING,
        ("LocalPatientId",),
        "IDS101_records = 0",
        "This patient has no referral in this submission.",
        "Add the patient's referral, or leave the patient out this month.",
        "The patient is excluded from every measure. If the referral is missing by mistake, its contacts are "
        "lost too.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        bad=({"IDS101_records": "0"},),
        good=({"IDS101_records": "1"},),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-117",
        "IDS001",
        # MHS00145 rejects. The practice decides no measure of ours, and rejecting would lose the patient's
        # outcomes.
        Effect.WARNING,
        ("LocalPatientId",),
        "IDS002_records = 0",
        "This patient has no GP registration in this submission.",
        "Add the registration. Use V81997 for no practice, V81999 for not known.",
        "The patient is left out of figures by GP practice and by commissioner.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        bad=({"IDS002_records": "0"},),
        good=({"IDS002_records": "2"},),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS001-118",
        "IDS001",
        Effect.WARNING,
        ("Gender", "GenderIDCode", "GenderSameAtBirth"),
        "GenderSameAtBirth = 'Y' AND Gender IN ('1', '2') AND GenderIDCode IN ('1', '2') AND Gender <> "
        "GenderIDCode",
        "Gender is {Gender} and GenderIDCode is {GenderIDCode}, but the record says that gender is the same as "
        "at birth.",
        "Check the three values against the patient's record. From version 2.1 Gender may be blank.",
        "GenderIDCode counts. Figures that use Gender differ from figures that use GenderIDCode.",
        bad=({"Gender": "1", "GenderIDCode": "2", "GenderSameAtBirth": "Y"},),
        good=({"Gender": "1", "GenderIDCode": "2", "GenderSameAtBirth": "N"}, {"Gender": None}),
        owner=Owner.CLINICIAN,
    ),
)
