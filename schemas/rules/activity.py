"""Rules of the care activity that compare one value with another.

Belongs here: IDS202. Does not belong here: the contact it is part of (``contact``, ``meeting``), therapy over the
internet (``internet``), the scores taken in it (``score``).
"""

import csv
from importlib.resources import files

from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.diagnosis import code_shape
from schemas.rules.recurring import repeated_key, unknown_staff
from schemas.tables.shared import PROCEDURE

_REFUSED = "443390004"
_IS_REFUSED = f"CodeProcAndProcStatus ~ '^[0-9]+ *:.*{_REFUSED}.*$'"


def _therapies() -> list[dict[str, str]]:
    with (files("schemas") / "codes" / "therapy_snomed.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


_KNOWN = "|".join(row["snomed"] for row in _therapies())
_IN_GROUPS = "|".join(row["snomed"] for row in _therapies() if row["label"].startswith("Group "))

_TIME: tuple[Rule, ...] = (
    repeated_key(
        "IDS202-102",
        "care activity",
        "It is unclear which activity a score belongs to. Each would count as therapy given.",
        {"CareContactId": "C003"},
    ),
    Rule(
        "IDS202-103",
        "IDS202",
        Effect.WARNING,
        ("ClinContactDurOfCareAct",),
        "ClinContactDurOfCareAct > IDS201_ClinContDurOfCareCont",
        "The activity lasted {ClinContactDurOfCareAct} minutes, longer than its contact "
        "({IDS201_ClinContDurOfCareCont} minutes).",
        "Correct the value that is wrong.",
        "Time per therapy comes from activities and time per contact from contacts. The two do not agree.",
        bad=({"ClinContactDurOfCareAct": "61", "IDS201_ClinContDurOfCareCont": "60"},),
        good=({"ClinContactDurOfCareAct": "60", "IDS201_ClinContDurOfCareCont": "60"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS202-104",
        "IDS202",
        Effect.WARNING,
        ("ClinContactDurOfCareAct",),
        # An activity that is longer than the contact on its own has a finding of its own.
        "SUM(ClinContactDurOfCareAct) OVER (PARTITION BY CareContactId) > IDS201_ClinContDurOfCareCont"
        " AND MAX(ClinContactDurOfCareAct) OVER (PARTITION BY CareContactId) <= IDS201_ClinContDurOfCareCont",
        "The activities of this contact add up to more than the contact ({IDS201_ClinContDurOfCareCont} "
        "minutes). This activity lasts {ClinContactDurOfCareAct}.",
        "Divide the minutes of the contact between its activities, or correct the duration of the contact.",
        "Minutes are counted twice, so the therapy looks longer than it was.",
        level=Level.GROUP,
        group_by=("CareContactId",),
        bad=(
            {"ClinContactDurOfCareAct": "40", "IDS201_ClinContDurOfCareCont": "60"},
            {"CareActId": "A900", "ClinContactDurOfCareAct": "30", "IDS201_ClinContDurOfCareCont": "60"},
        ),
        good=(
            {"ClinContactDurOfCareAct": "40", "IDS201_ClinContDurOfCareCont": "60"},
            {"CareActId": "A900", "ClinContactDurOfCareAct": "20", "IDS201_ClinContDurOfCareCont": "60"},
        ),
        owner=Owner.CLINICIAN,
    ),
)

_THERAPY: tuple[Rule, ...] = (
    Rule(
        "IDS202-106",
        "IDS202",
        Effect.WARNING,
        ("CodeProcAndProcStatus",),
        f"CodeProcAndProcStatus ~ '{PROCEDURE}' AND NOT (CodeProcAndProcStatus ~ '^({_KNOWN})( *:.+)?$')"
        " AND IDS201_AppType IN ('02', '03', '05') AND IDS201_AttendOrDNACode IN ('5', '6')",
        "{CodeProcAndProcStatus}, recorded at a treatment contact, is not on the list of therapies.",
        "Use the code of the therapy given (therapy_snomed in the code lists).",
        "The contact counts as treatment, but its therapy and intensity are unknown.",
        Dimension.CONFORMANCE,
        bad=({"CodeProcAndProcStatus": "11429006", "IDS201_AppType": "02"},),
        good=(
            {"CodeProcAndProcStatus": "718026005", "IDS201_AppType": "02"},
            {"CodeProcAndProcStatus": "718026005 : 408730004=385658003", "IDS201_AppType": "02"},
            {"CodeProcAndProcStatus": "11429006", "IDS201_AppType": "01"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS202-107",
        "IDS202",
        Effect.WARNING,
        ("CodeProcAndProcStatus",),
        f"{_IS_REFUSED} AND IDS201_AttendOrDNACode IN ('5', '6')",
        "The therapy is recorded as refused ({CodeProcAndProcStatus}), but the patient attended "
        "({IDS201_AttendOrDNACode}).",
        "If the patient attended and refused the therapy, no change is needed. Otherwise remove the status.",
        "The contact counts as treatment, but its therapy does not count.",
        bad=({"CodeProcAndProcStatus": f"718026005:408730004={_REFUSED}"},),
        good=(
            {"CodeProcAndProcStatus": "718026005"},
            {"CodeProcAndProcStatus": f"718026005:408730004={_REFUSED}", "IDS201_AttendOrDNACode": "3"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS202-108",
        "IDS202",
        Effect.WARNING,
        ("CodeProcAndProcStatus",),
        f"CodeProcAndProcStatus IS NOT NULL AND NOT ({_IS_REFUSED})"
        " AND IDS201_AttendOrDNACode IN ('2', '3', '4', '7')",
        "The therapy {CodeProcAndProcStatus} is recorded at a contact that the patient did not attend "
        "({IDS201_AttendOrDNACode}).",
        "Correct AttendOrDNACode of the contact, or remove the activity.",
        "If the patient was seen, a session is missing from the course of treatment.",
        bad=({"IDS201_AttendOrDNACode": "3"},),
        good=({"IDS201_AttendOrDNACode": "5"}, {"CodeProcAndProcStatus": None, "IDS201_AttendOrDNACode": "3"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS202-109",
        "IDS202",
        Effect.WARNING,
        ("CodeProcAndProcStatus",),
        f"CodeProcAndProcStatus ~ '^({_IN_GROUPS})( *:.+)?$' AND IDS201_CareContPatientTherMode <> '3'",
        "{CodeProcAndProcStatus} is a group therapy, but the therapy mode of the contact is "
        "{IDS201_CareContPatientTherMode}.",
        "Use therapy mode 3 for the contact, or use the code of the individual therapy.",
        "Group and individual therapy are compared with each other. This activity counts on the wrong side.",
        bad=({"CodeProcAndProcStatus": "149591000000108", "IDS201_CareContPatientTherMode": "1"},),
        good=({"CodeProcAndProcStatus": "149591000000108", "IDS201_CareContPatientTherMode": "3"},),
        owner=Owner.CLINICIAN,
    ),
    unknown_staff("IDS202-110", "activity"),
)

_FINDING: tuple[Rule, ...] = (
    Rule(
        "IDS202-111",
        "IDS202",
        Effect.WARNING,
        ("FindSchemeInUse", "CodeFind"),
        "(FindSchemeInUse IS NULL AND CodeFind IS NOT NULL) OR (FindSchemeInUse IS NOT NULL AND CodeFind IS NULL)",
        "One of finding ({CodeFind}) and finding scheme ({FindSchemeInUse}) is blank.",
        "Enter both values, or leave both blank.",
        "A code has no meaning without its scheme.",
        Dimension.COMPLETENESS,
        bad=({"CodeFind": "F603"}, {"FindSchemeInUse": "01"}),
        good=({"CodeFind": "F603", "FindSchemeInUse": "01"}, {"CodeFind": None, "FindSchemeInUse": None}),
        owner=Owner.SUPPLIER,
    ),
    code_shape(
        "IDS202-112", "FindSchemeInUse", "01", "CodeFind", Effect.WARNING, "The finding cannot be identified."
    ),
    code_shape(
        "IDS202-113", "FindSchemeInUse", "04", "CodeFind", Effect.WARNING, "The finding cannot be identified."
    ),
    Rule(
        "IDS202-114",
        "IDS202",
        Effect.WARNING,
        ("CodeObs", "ObsValue"),
        "(CodeObs IS NULL AND ObsValue IS NOT NULL) OR (CodeObs IS NOT NULL AND ObsValue IS NULL)",
        "One of observation ({CodeObs}) and value ({ObsValue}) is blank.",
        "Enter both values, or leave both blank.",
        "An observation and its value can only be used together.",
        Dimension.COMPLETENESS,
        bad=({"CodeObs": "27113001"}, {"ObsValue": "82.5", "UnitMeasure": "kg"}),
        good=({"CodeObs": "27113001", "ObsValue": "82.5", "UnitMeasure": "kg"}, {}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS202-115",
        "IDS202",
        Effect.WARNING,
        ("UnitMeasure", "ObsValue"),
        "ObsValue IS NOT NULL AND UnitMeasure IS NULL",
        "The value {ObsValue} has no unit.",
        "Enter the unit, such as kg or mm[Hg]. Enter 1 for a number without a unit.",
        "Without the unit, kilograms cannot be told from pounds.",
        Dimension.COMPLETENESS,
        bad=({"CodeObs": "27113001", "ObsValue": "82.5"},),
        good=({"CodeObs": "27113001", "ObsValue": "82.5", "UnitMeasure": "kg"}, {}),
        owner=Owner.SUPPLIER,
    ),
)

RULES: tuple[Rule, ...] = (*_TIME, *_THERAPY, *_FINDING)
