"""Rules of the patient that compare one value with another.

Belongs here: IDS001. Does not belong here: where the patient is registered (``registration``), what may change
during care (``circumstances``).

A rejected patient takes every referral, contact and score along. So a patient is rejected only where nobody can say
who it is, or where the dates cannot be a person's; anything else warns.
"""

from schemas.rule import Dimension, Effect, Level, Rule
from schemas.rules.recurring import repeated_key

# Each passes the modulus-11 check and is nobody's: typed to get past a mandatory field.
_NEVER_ISSUED = "|".join([*(digit * 10 for digit in "0123456789"), "0123456789", "9876543210"])
_WEIGHTED = " + ".join(
    f"{11 - place} * TRY_CAST(SUBSTR(NHSNumber, {place}, 1) AS INTEGER)" for place in range(1, 10)
)
_CHECK = "TRY_CAST(SUBSTR(NHSNumber, 10, 1) AS INTEGER)"
# 11 - sum % 11, where 11 stands for 0 and 10 for no number at all: weighted sum and check digit together are a
# multiple of 11, which no check digit makes of a remainder of 1.
_FAILS_CHECK = f"NHSNumber ~ '^[0-9]{{10}}$' AND ({_WEIGHTED} + {_CHECK}) % 11 <> 0"

RULES: tuple[Rule, ...] = (
    repeated_key(
        "IDS001-101",
        "patient",
        "Nobody can say which of the patients a referral belongs to, so none of them counts.",
        {"NHSNumber": "9990000018"},
    ),
    Rule(
        "IDS001-102",
        "IDS001",
        Effect.REJECT_GROUP,
        ("NHSNumber",),
        "MIN(LocalPatientId) OVER (PARTITION BY NHSNumber) <> MAX(LocalPatientId) OVER (PARTITION BY NHSNumber)",
        "Patients with different LocalPatientId have the same NHS number.",
        "Correct the NHS number of one of them; if they are one person, send one record and one LocalPatientId.",
        "Two people would count as one, or one as two, in everything that is counted by person.",
        level=Level.GROUP,
        group_by=("NHSNumber",),
        bad=({}, {"LocalPatientId": "P900"}),
        good=({}, {"LocalPatientId": "P900", "NHSNumber": "9990000018"}),
    ),
    Rule(
        "IDS001-103",
        "IDS001",
        Effect.REJECT_RECORD,  # MHS00165 rejects a number that has not its form; the check digit is part of it
        ("NHSNumber",),
        _FAILS_CHECK,
        "The last digit of the NHS number does not fit the other nine (modulus 11): a digit is wrong.",
        "Correct the number from the Spine; if it is not known, leave it blank with NHSNumberStatus 07.",
        "A number that is nobody's, or another person's, joins this patient's care to the wrong history.",
        Dimension.CONFORMANCE,
        bad=({"NHSNumber": "9991000012"}, {"NHSNumber": "9990000000"}),
        good=({"NHSNumber": "9991000011"}, {"NHSNumber": "9990000018"}),
    ),
    Rule(
        "IDS001-104",
        "IDS001",
        Effect.REJECT_RECORD,
        ("NHSNumber",),
        f"NHSNumber ~ '^({_NEVER_ISSUED})$'",
        "The NHS number stands in for one that is not known: it was never issued to anyone.",
        "Enter the patient's own number; if it is not known, leave it blank with NHSNumberStatus 07.",
        "Everyone with this number would become one person, here and at every other provider.",
        bad=({"NHSNumber": "1111111111"}, {"NHSNumber": "9876543210"}),
        good=({"NHSNumber": "9991000011"},),
    ),
    Rule(
        "IDS001-105",
        "IDS001",
        Effect.WARNING,  # MHS00117
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumberStatus = '07' AND NHSNumber IS NOT NULL",
        "NHSNumberStatus {NHSNumberStatus} says that the number is not present, but there is one.",
        "Give the status of the number (01 if it was verified), or remove the number.",
        "The patient counts as not traced in the data quality figures.",
        bad=({"NHSNumberStatus": "07"},),
        good=({"NHSNumberStatus": "01"}, {"NHSNumberStatus": "07", "NHSNumber": None}),
    ),
    Rule(
        "IDS001-106",
        "IDS001",
        Effect.WARNING,
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumber IS NULL AND NHSNumberStatus IN ('01', '02')",
        "NHSNumberStatus {NHSNumberStatus} says that the number is present, but it is blank.",
        "Add the number, or use status 07 (not present).",
        "The number was lost on the way into the extract: this patient cannot be joined to care elsewhere.",
        bad=({"NHSNumber": None, "NHSNumberStatus": "01"},),
        good=({"NHSNumber": None, "NHSNumberStatus": "07"},),
    ),
    Rule(
        "IDS001-107",
        "IDS001",
        Effect.WARNING,  # MHS00118, MHS00119
        ("NHSNumberStatus", "NHSNumber"),
        "NHSNumber IS NULL AND (NHSNumberStatus IS NULL OR NHSNumberStatus NOT IN ('01', '02', '07'))",
        "The NHS number is blank, and NHSNumberStatus is not 07 (not present, trace not required).",
        "Trace the number and add it, or use status 07.",
        "Nobody can tell a number that is still to come from one that does not exist.",
        Dimension.COMPLETENESS,
        bad=({"NHSNumber": None, "NHSNumberStatus": "03"}, {"NHSNumber": None, "NHSNumberStatus": None}),
        good=({"NHSNumber": None, "NHSNumberStatus": "07"}, {"NHSNumberStatus": "03"}),
    ),
    Rule(
        "IDS001-108",
        "IDS001",
        Effect.REJECT_RECORD,  # MHS00168
        ("PersonBirthDate",),
        "PersonBirthDate > IDS000_ReportingPeriodEndDate",
        "The date of birth is after the reporting period, which ended on {IDS000_ReportingPeriodEndDate}.",
        "Correct the date of birth.",
        "Age decides with whom a patient is compared; this patient would have none.",
        bad=({"PersonBirthDate": "2026-05-01"},),
        good=({"PersonBirthDate": "1998-03-14"},),
    ),
    Rule(
        "IDS001-109",
        "IDS001",
        Effect.REJECT_RECORD,  # MHS00171
        ("PersonBirthDate",),
        "PersonBirthDate + INTERVAL '131 years' <= IDS000_ReportingPeriodEndDate",
        "By the date of birth the patient would be over 130 years old.",
        "Correct the date of birth.",
        "A date that stands in for one that is not known puts the patient into the oldest age group.",
        # Before 1900 a date of birth has not the form of a date: until 2030 that rule speaks first.
        bad=({"PersonBirthDate": "1900-01-31", "IDS000_ReportingPeriodEndDate": "2031-01-31"},),
        good=({"PersonBirthDate": "1930-01-01"},),
    ),
    Rule(
        "IDS001-110",
        "IDS001",
        Effect.WARNING,
        ("PersonBirthDate",),
        "PersonBirthDate + INTERVAL '106 years' <= IDS000_ReportingPeriodEndDate"
        " AND PersonBirthDate + INTERVAL '131 years' > IDS000_ReportingPeriodEndDate",
        "By the date of birth the patient would be over 105 years old.",
        "Check the date of birth; 1 January 1900 and 1901 often stand in for one that is not known.",
        "The patient counts in the oldest age group, where a few make a large share.",
        bad=({"PersonBirthDate": "1900-01-01"},),
        good=({"PersonBirthDate": "1930-01-01"},),
    ),
    Rule(
        "IDS001-111",
        "IDS001",
        Effect.REJECT_RECORD,
        ("PersDeathDate", "PersonBirthDate"),
        "PersDeathDate < PersonBirthDate",
        "The date of death is before the date of birth.",
        "Correct whichever date is wrong.",
        "Neither date can be relied on, so age and outcome cannot either.",
        bad=({"PersDeathDate": "2026-04-18", "PersonBirthDate": "2026-04-19"},),
        good=({"PersDeathDate": "2026-04-18"}, {"PersDeathDate": None}),
    ),
    Rule(
        "IDS001-112",
        "IDS001",
        Effect.REJECT_RECORD,  # MHS00142
        ("PersDeathDate",),
        "PersDeathDate > IDS000_ReportingPeriodEndDate",
        "The date of death is after the reporting period, which ended on {IDS000_ReportingPeriodEndDate}.",
        "Correct the date, or leave it blank this month.",
        "A patient who was alive in the month would be counted as dead.",
        bad=({"PersDeathDate": "2026-05-01"},),
        good=({"PersDeathDate": "2026-04-30"},),
    ),
    Rule(
        "IDS001-113",
        "IDS001",
        # MHS00141 rejects. Here the discharge is often recorded some weeks after the death: rejecting would lose it
        # and leave the referral open for ever.
        Effect.SEVERE_WARNING,
        ("PersDeathDate",),
        "PersDeathDate < IDS000_ReportingPeriodStartDate",
        "The patient died before the reporting period began on {IDS000_ReportingPeriodStartDate}.",
        "Check the date; if it is right, discharge the referral with the reason for a death (17 or 49).",
        "As long as the referral is open the patient counts as waiting or in treatment.",
        bad=({"PersDeathDate": "2026-03-31"},),
        good=({"PersDeathDate": "2026-04-01"},),
    ),
    Rule(
        "IDS001-114",
        "IDS001",
        Effect.SEVERE_WARNING,  # MHS00153
        ("OrgIDLocalPatientId",),
        "OrgIDLocalPatientId <> IDS000_OrgIDProv",
        "OrgIDLocalPatientId {OrgIDLocalPatientId} is not the provider {IDS000_OrgIDProv}.",
        "Enter the provider's own code; the identifier of the patient must be the provider's too.",
        "An identifier of another organisation may mean another patient there.",
        Dimension.CONFORMANCE,
        bad=({"OrgIDLocalPatientId": "RXL"},),
        good=({"OrgIDLocalPatientId": "RW5"},),
    ),
    Rule(
        "IDS001-115",
        "IDS001",
        Effect.SEVERE_WARNING,  # MHS00125
        ("Postcode",),
        "NOT (Postcode ~ '^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? *[0-9][A-Za-z]{2}$')",
        "The postcode has not the form of a UK postcode.",
        "Correct it, such as LA1 4YW; for no fixed abode use ZZ99 3VZ, for not known ZZ99 3WZ.",
        "The patient falls out of every figure by area and deprivation.",
        Dimension.CONFORMANCE,
        bad=({"Postcode": "LANCASTE"}, {"Postcode": "LA1"}),
        good=({"Postcode": "LA1  4YW"}, {"Postcode": "ec1a1bb"}, {"Postcode": "ZZ99 3WZ"}),
    ),
    Rule(
        "IDS001-116",
        "IDS001",
        # MHS00146 rejects; there is nothing below such a patient that a rejection could keep out.
        Effect.SEVERE_WARNING,
        ("LocalPatientId",),
        "IDS101_records = 0",
        "This patient has no referral in this submission.",
        "Add the patient's referral, or leave the patient out this month.",
        "The patient counts in nothing; if the referral is missing by mistake, it and all its contacts are lost.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        bad=({"IDS101_records": "0"},),
        good=({"IDS101_records": "1"},),
    ),
    Rule(
        "IDS001-117",
        "IDS001",
        # MHS00145 rejects; the practice decides no measure of ours, and rejecting would cost the patient's
        # outcomes.
        Effect.WARNING,
        ("LocalPatientId",),
        "IDS002_records = 0",
        "This patient has no GP registration in this submission.",
        "Add the registration; use V81997 for none, V81999 for not known.",
        "The patient is missing where care is compared by practice or by commissioner.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        bad=({"IDS002_records": "0"},),
        good=({"IDS002_records": "2"},),
    ),
    Rule(
        "IDS001-118",
        "IDS001",
        Effect.WARNING,
        ("Gender", "GenderIDCode", "GenderSameAtBirth"),
        "GenderSameAtBirth = 'Y' AND Gender IN ('1', '2') AND GenderIDCode IN ('1', '2') AND Gender <> "
        "GenderIDCode",
        "Gender is {Gender} and GenderIDCode {GenderIDCode}, although the gender is said to be the same as at "
        "birth.",
        "Check the three with the patient's record; Gender may be left blank from version 2.1 on.",
        "GenderIDCode counts; the two give different figures wherever both are used.",
        bad=({"Gender": "1", "GenderIDCode": "2", "GenderSameAtBirth": "Y"},),
        good=({"Gender": "1", "GenderIDCode": "2", "GenderSameAtBirth": "N"}, {"Gender": None}),
    ),
)
