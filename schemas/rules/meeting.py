"""Rules of the care contact that compare one value with another: how, where and with whom people met.

Belongs here: group and couple therapy, mechanism, place, language and interpreter of IDS201. Does not belong here:
date and attendance (``contact``).
"""

from schemas.rule import Dimension, Effect, Rule

_ATTENDED = "AttendOrDNACode IN ('5', '6')"
_MANY = 50  # above it it is a lecture, or a slip of the pen

RULES: tuple[Rule, ...] = (
    Rule(
        "IDS201-116",
        "IDS201",
        Effect.WARNING,
        ("CareContPatientTherMode", "NumGroupTherParticipants", "NumGroupTherFacilitators"),
        "CareContPatientTherMode <> '3' AND (NumGroupTherParticipants > 1 OR NumGroupTherFacilitators > 1)",
        "The therapy mode is {CareContPatientTherMode} (not a group), but {NumGroupTherParticipants} participants "
        "and {NumGroupTherFacilitators} facilitators are counted.",
        "Use therapy mode 3 for a group, or leave both counts blank.",
        "Group and individual therapy are compared with each other; this contact is on the wrong side.",
        bad=({"CareContPatientTherMode": "1", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
        good=(
            {"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},
            {"CareContPatientTherMode": "1", "NumGroupTherParticipants": None, "NumGroupTherFacilitators": None},
        ),
    ),
    Rule(
        "IDS201-117",
        "IDS201",
        Effect.WARNING,
        ("CareContPatientTherMode", "NumGroupTherParticipants", "NumGroupTherFacilitators"),
        f"CareContPatientTherMode = '3' AND {_ATTENDED}"
        " AND (NumGroupTherParticipants_text IS NULL OR NumGroupTherFacilitators_text IS NULL)",
        "The therapy was for a group, but the number of participants or of facilitators is blank.",
        "Enter both.",
        "Staff time per patient cannot be worked out; the contact counts with all its minutes.",
        Dimension.COMPLETENESS,
        bad=({"CareContPatientTherMode": "3"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
    ),
    Rule(
        "IDS201-118",
        "IDS201",
        Effect.WARNING,
        ("NumGroupTherParticipants", "CareContPatientTherMode"),
        f"CareContPatientTherMode = '3' AND (NumGroupTherParticipants < 2 OR NumGroupTherParticipants > {_MANY})",
        "The therapy was for a group, but {NumGroupTherParticipants} participants are counted.",
        f"Check the number: 2 to {_MANY} are expected; use therapy mode 1 for one patient.",
        "Staff time per patient is the minutes divided by this number.",
        bad=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "1", "NumGroupTherFacilitators": "1"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "1"},),
    ),
    Rule(
        "IDS201-119",
        "IDS201",
        Effect.WARNING,
        ("NumGroupTherFacilitators", "NumGroupTherParticipants"),
        "NumGroupTherFacilitators > NumGroupTherParticipants",
        "There are more facilitators ({NumGroupTherFacilitators}) than participants ({NumGroupTherParticipants}).",
        "Check whether the two numbers stand in each other's place.",
        "Staff time per patient would be longer than the contact.",
        bad=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "2", "NumGroupTherFacilitators": "8"},),
        good=({"CareContPatientTherMode": "3", "NumGroupTherParticipants": "8", "NumGroupTherFacilitators": "2"},),
    ),
    Rule(
        "IDS201-120",
        "IDS201",
        Effect.WARNING,
        ("IntEnabledTherProg", "ConsMechanism"),
        "IntEnabledTherProg IS NOT NULL AND ConsMechanism = '01'",
        "The contact was face to face ({ConsMechanism}), but it names an internet programme "
        "({IntEnabledTherProg}).",
        "Correct ConsMechanism, or leave the programme out of this contact.",
        "The share of therapy given over the internet is measured on contacts that name a programme.",
        bad=({"IntEnabledTherProg": "OnlineCBT", "ConsMechanism": "01"},),
        good=({"IntEnabledTherProg": "OnlineCBT", "ConsMechanism": "05"}, {"IntEnabledTherProg": None}),
    ),
    Rule(
        "IDS201-121",
        "IDS201",
        Effect.WARNING,
        ("InterpreterPresentInd", "LanguageCodeTreat"),
        "InterpreterPresentInd IN ('1', '2', '3') AND LOWER(LanguageCodeTreat) = 'en'",
        "An interpreter was there ({InterpreterPresentInd}), but the language of the contact is "
        "{LanguageCodeTreat}.",
        "Enter the language that was interpreted; q1 to q5 for sign languages.",
        "Access for people who do not speak English is measured by this language.",
        bad=({"InterpreterPresentInd": "1", "LanguageCodeTreat": "en"},),
        good=({"InterpreterPresentInd": "1", "LanguageCodeTreat": "ur"}, {"InterpreterPresentInd": "4"}),
    ),
    Rule(
        "IDS201-122",
        "IDS201",
        Effect.WARNING,
        ("ActLocTypeCode", "ConsMechanism", "ConsMediumUsed"),
        f"COALESCE(ConsMechanism, ConsMediumUsed) = '01' AND ActLocTypeCode IS NULL AND {_ATTENDED}",
        "The contact was face to face, but its place is blank.",
        "Enter ActLocTypeCode, such as A01 for the patient's home or B01 for a health centre.",
        "Care at home, in clinics and in hospital cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"ActLocTypeCode": None},),
        good=({"ActLocTypeCode": None, "ConsMechanism": "11"}, {"ActLocTypeCode": "A01"}),
    ),
)
