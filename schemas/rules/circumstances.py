"""Rules of the patient's circumstances that compare one value with another.

Belongs here: IDS003, IDS004, IDS007, IDS011 and IDS012. Does not belong here: who the patient is (``patient``).

No other record depends on these records. So they are rejected where the national rules reject them: nothing else
is lost. In an employment record, a fault that concerns employment support does not reject the employment status.
"""

from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import NOT_YET, after_period, ends_before_start, repeated, undated_twice

_RECORDED_LATER = "The value is dated after the month, so it does not describe the month."
_WHICH_HOLDS = "Two values are recorded for one day. It is unclear which applies."
_NOT_APPLICABLE = {"SelfEmployInd": "8", "SickAbsenceInd": "8"}
_NOT_EMPLOYED = "EmployStatus NOT IN ('01', 'ZZ', 'XX')"

_ACCOMMODATION: tuple[Rule, ...] = (
    repeated(
        "IDS003-102",
        ("LocalPatientId", "AccommodationTypeDate"),
        "this patient's accommodation recorded on this date",
        _WHICH_HOLDS,
        {"AccommodationTypeDate": "2026-04-21"},
        fix="Keep the record that applies, or correct the date of the other.",
    ),
    undated_twice("IDS003-103", "AccommodationTypeDate", "accommodation record", _WHICH_HOLDS),
    after_period("IDS003-104", "AccommodationTypeDate", "The date of recording", _RECORDED_LATER),
    after_period("IDS003-105", "AccommodationTypeStartDate", "The start", _RECORDED_LATER),
    after_period(
        "IDS003-106",
        "AccommodationTypeEndDate",
        "The end",
        "The patient would count as without accommodation while this one still lasts.",
        fix=NOT_YET,
    ),
    ends_before_start(
        "IDS003-107",
        "AccommodationTypeStartDate",
        "AccommodationTypeEndDate",
        "accommodation",
        "Settled accommodation is an outcome. This period cannot be used for it.",
    ),
)

_EMPLOYMENT: tuple[Rule, ...] = (
    repeated(
        "IDS004-102",
        ("LocalPatientId", "EmployStatusRecDate"),
        "this patient's employment status recorded on this date",
        _WHICH_HOLDS,
        {"EmployStatusRecDate": "2026-04-28"},
        fix="Keep the record that applies, or correct the date of the other.",
    ),
    undated_twice("IDS004-103", "EmployStatusRecDate", "employment status", _WHICH_HOLDS),
    after_period("IDS004-104", "EmployStatusRecDate", "The date of recording", _RECORDED_LATER),
    Rule(
        "IDS004-105",
        "IDS004",
        Effect.WARNING,
        ("EmployStatus", "SelfEmployInd", "SickAbsenceInd"),
        f"{_NOT_EMPLOYED} AND (SelfEmployInd IN ('Y', 'N') OR SickAbsenceInd IN ('Y', 'N'))",
        "EmployStatus is {EmployStatus} (not employed), but SelfEmployInd is {SelfEmployInd} and SickAbsenceInd "
        "is {SickAbsenceInd}.",
        "Use 8 (not applicable) for both, or correct EmployStatus.",
        "Sick leave and return to work are counted for employed people only.",
        bad=({"EmployStatus": "02", "WeekHoursWorked": "98"},),
        good=({"EmployStatus": "02", "WeekHoursWorked": "98"} | _NOT_APPLICABLE, {"EmployStatus": "01"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS004-106",
        "IDS004",
        Effect.WARNING,
        ("EmployStatus", "WeekHoursWorked"),
        f"{_NOT_EMPLOYED} AND WeekHoursWorked IN ('01', '02', '03', '04')",
        "EmployStatus is {EmployStatus} (not employed), but WeekHoursWorked is {WeekHoursWorked}.",
        "Use 98 (not applicable), or correct EmployStatus.",
        "The patient counts as out of work, although working hours are recorded.",
        bad=({"EmployStatus": "04", "WeekHoursWorked": "02"} | _NOT_APPLICABLE,),
        good=({"EmployStatus": "04", "WeekHoursWorked": "98"} | _NOT_APPLICABLE, {"WeekHoursWorked": "02"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS004-107",
        "IDS004",
        Effect.WARNING,
        ("EmployStatus", "WeekHoursWorked"),
        "EmployStatus = '01' AND (WeekHoursWorked IS NULL OR WeekHoursWorked = '98')",
        "The patient is employed, but WeekHoursWorked is blank or 98 (not applicable).",
        "Enter the band of hours. Use 97 if the patient would not say, 99 if it is not known.",
        "Full-time and part-time work cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"WeekHoursWorked": None}, {"WeekHoursWorked": "98"}),
        good=({"WeekHoursWorked": "99"}, {"EmployStatus": "08", "WeekHoursWorked": None} | _NOT_APPLICABLE),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS004-108",
        "IDS004",
        Effect.WARNING,
        ("SSPInd", "EmployStatus", "SickAbsenceInd"),
        f"SSPInd = 'Y' AND ({_NOT_EMPLOYED} OR SickAbsenceInd = 'N')",
        "The patient receives Statutory Sick Pay, but EmployStatus is {EmployStatus} and SickAbsenceInd is "
        "{SickAbsenceInd}.",
        "Correct the value that is wrong. An employer pays Statutory Sick Pay to an employee who is off sick.",
        "Moving off sick pay is a national measure (M237). This patient counts wrongly in it.",
        bad=({"SSPInd": "Y", "SickAbsenceInd": "N"},),
        good=({"SSPInd": "Y", "SickAbsenceInd": "Y"}, {"SSPInd": "Y", "SickAbsenceInd": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS004-109",
        "IDS004",
        Effect.WARNING,
        ("BenefitRecInd", "JSAInd", "ESAInd", "UCInd", "PIPInd", "OtherBenefitInd"),
        "BenefitRecInd = 'N'"
        " AND (JSAInd = 'Y' OR ESAInd = 'Y' OR UCInd = 'Y' OR PIPInd = 'Y' OR OtherBenefitInd = 'Y')",
        "BenefitRecInd says that the patient receives no benefit, but at least one benefit is marked Y.",
        "Correct BenefitRecInd, or correct the benefit.",
        "The patient counts as receiving a benefit in one figure and as not receiving one in another.",
        bad=({"BenefitRecInd": "N", "UCInd": "Y"},),
        good=({"BenefitRecInd": "Y", "UCInd": "Y"}, {"BenefitRecInd": None, "UCInd": "Y"}),
        owner=Owner.CLINICIAN,
    ),
    after_period(
        "IDS004-110",
        "EmpSupportReferral",
        "The referral to employment support",
        "A future referral would be counted as made.",
        Effect.WARNING,
        NOT_YET,
    ),
    ends_before_start(
        "IDS004-111",
        "EmpSupportReferral",
        "EmpSupportDischargeDate",
        "employment support",
        "Time in employment support would be negative.",
        Effect.WARNING,
    ),
)

_OTHER: tuple[Rule, ...] = (
    repeated(
        "IDS007-102",
        ("LocalPatientId", "DisabCode"),
        "this patient and disability",
        "The disability would be counted twice.",
        {"LocalPatientId": "P900"},
    ),
    Rule(
        "IDS007-103",
        "IDS007",
        Effect.WARNING,
        ("DisabCode",),
        "DisabCode IN ('NN', 'ZZ')"
        " AND MIN(DisabCode) OVER (PARTITION BY LocalPatientId) <> MAX(DisabCode) OVER (PARTITION BY "
        "LocalPatientId)",
        "DisabCode {DisabCode} (no disability, or not stated) is recorded together with another code of the same "
        "patient.",
        "Keep the disabilities and remove NN or ZZ, or keep NN or ZZ and remove the disabilities.",
        "The patient counts both as with and as without a disability.",
        level=Level.GROUP,
        group_by=("LocalPatientId",),
        bad=({"DisabCode": "NN"}, {"DisabCode": "05"}),
        good=({"DisabCode": "04"}, {"DisabCode": "05"}),
        owner=Owner.CLINICIAN,
    ),
    repeated(
        "IDS011-102",
        ("LocalPatientId", "SocPerCircumstance", "SocPerCircumstanceRecDate"),
        "this patient, circumstance and date",
        "The circumstance would be counted twice.",
        {"SocPerCircumstance": "38628009"},
    ),
    after_period("IDS011-103", "SocPerCircumstanceRecDate", "The date of recording", _RECORDED_LATER),
    repeated(
        "IDS012-102",
        ("LocalPatientId", "OvsVisChCatAppDate"),
        "this patient's charging category from this date",
        _WHICH_HOLDS,  # MHS01202 allows two categories on a date; only one can apply
        {"OvsVisChCatAppDate": "2026-04-20"},
        fix="Send the category that applies, or correct the date of the other.",
    ),
    after_period("IDS012-103", "OvsVisChCatAppDate", "The date of the category", _RECORDED_LATER),
)

RULES: tuple[Rule, ...] = (*_ACCOMMODATION, *_EMPLOYMENT, *_OTHER)
