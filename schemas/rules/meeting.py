"""Rules of the care contact that compare one value with another: how, where and with whom it took place.

Belongs here: group and couple therapy, mechanism, place, language and interpreter of IDS201. Does not belong here:
date and attendance (``contact``).
"""

from schemas.rule import Dimension, Effect, Owner, Rule

_ATTENDED = "AttendOrDNACode IN ('5', '6')"
_MANY = 50  # above this it is a lecture or a typing error

RULES: tuple[Rule, ...] = (
    Rule(
        "IDS201-116",
        "IDS201",
        Effect.WARNING,
        ("CareContPatientTherMode", "NumGroupTherParticipants", "NumGroupTherFacilitators"),
        "CareContPatientTherMode <> '3' AND (NumGroupTherParticipants > 1 OR NumGroupTherFacilitators > 1)",
        "The therapy mode is {CareContPatientTherMode} (not a group), but there are {NumGroupTherParticipants} "
        "participants and {NumGroupTherFacilitators} facilitators.",
        "Use therapy mode 3 for a group, or leave both counts blank.",
        "Group and individual therapy are compared with each other. This contact counts on the wrong side.",
        bad=({"CareContPatientTherMode": "1", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
        good=(
            {"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},
            {"CareContPatientTherMode": "1", "NumGroupTherParticipants": None, "NumGroupTherFacilitators": None},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-117",
        "IDS201",
        Effect.WARNING,
        ("CareContPatientTherMode", "NumGroupTherParticipants", "NumGroupTherFacilitators"),
        f"CareContPatientTherMode = '3' AND {_ATTENDED}"
        " AND (NumGroupTherParticipants_text IS NULL OR NumGroupTherFacilitators_text IS NULL)",
        "The contact was group therapy, but the number of participants or facilitators is blank.",
        "Enter both numbers.",
        "Staff time per patient cannot be calculated. The contact counts with all its minutes.",
        Dimension.COMPLETENESS,
        bad=({"CareContPatientTherMode": "3"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-118",
        "IDS201",
        Effect.WARNING,
        ("NumGroupTherParticipants", "CareContPatientTherMode"),
        f"CareContPatientTherMode = '3' AND (NumGroupTherParticipants < 2 OR NumGroupTherParticipants > {_MANY})",
        "The contact was group therapy, but the number of participants is {NumGroupTherParticipants}.",
        f"Check the number: 2 to {_MANY} participants are expected. Use therapy mode 1 for one patient.",
        "Staff time per patient is the number of minutes divided by this number.",
        bad=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "1", "NumGroupTherFacilitators": "1"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "1"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-119",
        "IDS201",
        Effect.WARNING,
        ("NumGroupTherFacilitators", "NumGroupTherParticipants"),
        "NumGroupTherFacilitators > NumGroupTherParticipants",
        "There are more facilitators ({NumGroupTherFacilitators}) than participants ({NumGroupTherParticipants}).",
        "Check whether the two numbers were swapped.",
        "Staff time per patient would be longer than the contact.",
        bad=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "8"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-120",
        "IDS201",
        Effect.WARNING,
        ("IntEnabledTherProg", "ConsMechanism"),
        "IntEnabledTherProg IS NOT NULL AND ConsMechanism = '01'",
        "The contact was face to face ({ConsMechanism}), but it names an internet-enabled therapy programme.",
        "Correct ConsMechanism, or remove the programme from this contact.",
        "The contact counts as internet-enabled therapy because it names a programme.",
        bad=({"IntEnabledTherProg": "OnlineCBT", "ConsMechanism": "01"},),
        good=({"IntEnabledTherProg": "OnlineCBT", "ConsMechanism": "05"}, {"IntEnabledTherProg": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-121",
        "IDS201",
        Effect.WARNING,
        ("InterpreterPresentInd", "LanguageCodeTreat"),
        "InterpreterPresentInd IN ('1', '2', '3') AND LOWER(LanguageCodeTreat) = 'en'",
        "An interpreter was present ({InterpreterPresentInd}), but the language of the contact is "
        "{LanguageCodeTreat}.",
        "Enter the language that was interpreted. Use q1 to q5 for sign languages.",
        "This language is used to measure access for people who do not speak English.",
        bad=({"InterpreterPresentInd": "1", "LanguageCodeTreat": "en"},),
        good=({"InterpreterPresentInd": "1", "LanguageCodeTreat": "ur"}, {"InterpreterPresentInd": "4"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-122",
        "IDS201",
        Effect.WARNING,
        ("ActLocTypeCode", "ConsMechanism", "ConsMediumUsed"),
        f"COALESCE(ConsMechanism, ConsMediumUsed) = '01' AND ActLocTypeCode IS NULL AND {_ATTENDED}",
        "The contact was face to face, but its location is blank.",
        "Enter ActLocTypeCode, such as A01 for the patient's home or B01 for a health centre.",
        "Care at home, in clinics and in hospital cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"ActLocTypeCode": None},),
        good=({"ActLocTypeCode": None, "ConsMechanism": "11"}, {"ActLocTypeCode": "A01"}),
        owner=Owner.CLINICIAN,
    ),
)
