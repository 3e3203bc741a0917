"""Rules of diagnoses, conditions and clusters that compare one value with another.

Belongs here: IDS601, IDS602, IDS603 and IDS803, and what a code of each scheme looks like. Does not belong here:
scores (``score``).
"""

from schemas.pathway import default_pathway, pathways
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import NOT_YET, after_period, ends_before_start, overlap, repeated
from schemas.tables.shared import ICD_10, SNOMED

ICD_10_SAYS = "a capital letter, two digits and a digit or X, such as F400 or F29X"
SNOMED_CT_SAYS = "6 to 18 digits, such as 83482000"

# Pathways with ICD-10 blocks of their own. The default pathway includes many other codes (F412, Z630, K58). So for
# the default pathway only a code of another pathway is a mismatch.
_SPECIFIC = [found for found in pathways() if found.icd10 and not found.is_default]
_OUT_OF_PLACE = " OR ".join(
    [f"(IDS101_Pathway = '{found.code}' AND NOT (PresComp ~ '^{found.icd10_pattern}.*$'))" for found in _SPECIFIC]
    + [
        f"(IDS101_Pathway = '{default_pathway().code}' AND PresComp ~ '^{found.icd10_pattern}.*$')"
        for found in _SPECIFIC
    ]
)


def code_shape(rule_id: str, scheme: str, number: str, field: str, effect: Effect, why: str) -> Rule:
    """A code without the form of its scheme, ICD-10 or SNOMED CT."""
    is_icd = number in ("01", "02")
    pattern, says = (ICD_10, ICD_10_SAYS) if is_icd else (SNOMED, SNOMED_CT_SAYS)
    name, wrong = ("ICD-10", "83482000") if is_icd else ("SNOMED CT", "F200")
    right = "83482000" if not is_icd else "E119" if field == "LongTermCondition" else "F200"
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field, scheme),
        f"{scheme} = '{number}' AND NOT ({field} ~ '{pattern}')",
        f"{field} {{{field}}} is not a {name} code, but {scheme} {{{scheme}}} says that it is.",
        f"Enter a {name} code ({says}), or correct {scheme}.",
        why,
        Dimension.CONFORMANCE,
        bad=({scheme: number, field: wrong},),
        good=({scheme: number, field: right},),
        owner=Owner.SUPPLIER,
    )


_PREVIOUS: tuple[Rule, ...] = (
    repeated(
        "IDS601-102",
        ("LocalPatientId", "PrevDiag", "DiagDate"),
        "this patient, diagnosis and date",
        "The diagnosis would be counted twice.",
        {"PrevDiag": "F419"},
    ),
    after_period(
        "IDS601-103",
        "DiagDate",
        "The diagnosis",
        "A previous diagnosis must have been made by the end of the month.",
    ),
    Rule(
        "IDS601-104",
        "IDS601",
        Effect.WARNING,
        ("DiagDate",),
        "DiagDate < IDS001_PersonBirthDate",
        "The diagnosis was made on {DiagDate}, before the patient was born.",
        "Correct the date, or the patient's date of birth.",
        "One of the two values belongs to another person.",
        bad=({"DiagDate": "1998-03-13", "IDS001_PersonBirthDate": "1998-03-14"},),
        good=({"DiagDate": "2019-05-14"}, {"DiagDate": None}),
        owner=Owner.CLINICIAN,
    ),
    code_shape(
        "IDS601-105",
        "DiagSchemeInUse",
        "02",
        "PrevDiag",
        Effect.REJECT_RECORD,
        "The diagnosis cannot be identified.",
    ),
    code_shape(
        "IDS601-106",
        "DiagSchemeInUse",
        "06",
        "PrevDiag",
        Effect.REJECT_RECORD,
        "The diagnosis cannot be identified.",
    ),
)

_CONDITION: tuple[Rule, ...] = (
    repeated(
        "IDS602-102",
        ("ServiceRequestId", "LongTermCondition"),
        "this referral and condition",
        "The condition would be counted twice.",
        {"LongTermCondition": "E119"},
        Effect.WARNING,
    ),
    code_shape(
        "IDS602-103",
        "FindSchemeInUse",
        "01",
        "LongTermCondition",
        Effect.REJECT_RECORD,
        "The condition cannot be identified. Outcomes of people with long-term conditions are compared.",
    ),
    code_shape(
        "IDS602-104",
        "FindSchemeInUse",
        "04",
        "LongTermCondition",
        Effect.REJECT_RECORD,
        "The condition cannot be identified. Outcomes of people with long-term conditions are compared.",
    ),
    Rule(
        "IDS602-105",
        "IDS602",
        Effect.WARNING,
        ("LongTermCondition",),
        "FindSchemeInUse = '01' AND LongTermCondition ~ '^F[1-9].*$'",  # F00 to F09 (dementia) are physical too
        "The long-term physical condition {LongTermCondition} is a mental health diagnosis.",
        "Send it as a presenting complaint (IDS603). Send only physical conditions in this table.",
        "The patient counts as having a long-term physical condition.",
        bad=({"LongTermCondition": "F321"},),
        good=({"LongTermCondition": "E119"}, {"LongTermCondition": "F03X"}),
        owner=Owner.CLINICIAN,
    ),
)

_COMPLAINT: tuple[Rule, ...] = (
    repeated(
        "IDS603-102",
        ("ServiceRequestId", "PresComp", "PresCompDate"),
        "this referral, complaint and date",
        "It is unclear whether it is the primary or a secondary problem.",
        {"PresComp": "F411"},
        apart={"PresCompCodSig": "2"},
    ),
    Rule(
        "IDS603-103",
        "IDS603",
        # Not rejected: the primary problem changes during assessment. Without a primary problem its anxiety
        # measure would not count.
        Effect.SEVERE_WARNING,
        ("PresCompCodSig", "PresComp"),
        "PresCompCodSig = '1'"
        " AND SUM(CASE WHEN PresCompCodSig = '1' THEN 1 ELSE 0 END) OVER (PARTITION BY ServiceRequestId) > 1",
        "The referral has more than one primary presenting complaint. {PresComp} is one of them.",
        "Mark one complaint as primary (1) and the others as secondary (2).",
        "The one recorded last decides which anxiety measure recovery uses. If the pathway is blank, it also "
        "decides the pathway.",
        level=Level.GROUP,
        group_by=("ServiceRequestId",),
        bad=({}, {"PresComp": "F209"}),
        good=({}, {"PresComp": "F411", "PresCompCodSig": "2"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS603-104",
        "IDS603",
        Effect.WARNING,
        ("PresCompCodSig", "PresComp"),
        "COUNT(*) OVER (PARTITION BY ServiceRequestId) > 1 "
        "AND SUM(CASE WHEN PresCompCodSig = '1' THEN 1 ELSE 0 END) OVER (PARTITION BY ServiceRequestId) = 0",
        "The referral has several presenting complaints, but none is marked as primary. {PresComp} is one of them.",
        "Mark the primary complaint (1).",
        "The one recorded last counts as primary. It may not be the patient's main problem.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        ("ServiceRequestId",),
        bad=({"PresCompCodSig": "2"}, {"PresComp": "F411", "PresCompCodSig": None}),
        good=({}, {"PresComp": "F411", "PresCompCodSig": "2"}),
        owner=Owner.CLINICIAN,
    ),
    after_period(
        "IDS603-105",
        "PresCompDate",
        "The date of recording",
        "The complaint recorded last counts. A future date would put this one last.",
        Effect.WARNING,
    ),
    code_shape(
        "IDS603-106",
        "FindSchemeInUse",
        "01",
        "PresComp",
        Effect.REJECT_RECORD,
        "The problem cannot be identified, so it is unclear which anxiety measure recovery uses.",
    ),
    code_shape(
        "IDS603-107",
        "FindSchemeInUse",
        "04",
        "PresComp",
        Effect.REJECT_RECORD,
        "The problem cannot be identified, so it is unclear which anxiety measure recovery uses.",
    ),
    Rule(
        "IDS603-108",
        "IDS603",
        Effect.WARNING,
        ("PresComp",),
        "FindSchemeInUse = '01' AND PresComp ~ '^[A-Z][0-9]{2}[.].*$'",
        "The ICD-10 code {PresComp} is written with a dot.",
        "Remove the dot: enter F400, not F40.0.",
        "Parity reads the code without the dot. National systems do not find a code with a dot.",
        Dimension.CONFORMANCE,
        bad=({"PresComp": "F20.0"},),
        good=({"PresComp": "F200"}, {"FindSchemeInUse": "04", "PresComp": "83482000"}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "IDS603-109",
        "IDS603",
        Effect.WARNING,
        ("PresComp",),
        f"PresCompCodSig = '1' AND FindSchemeInUse = '01' AND PresComp ~ '{ICD_10}' AND ({_OUT_OF_PLACE})",
        "The primary complaint {PresComp} does not match the pathway of the referral ({IDS101_Pathway}).",
        "Correct the value that is wrong. Diagnoses of one pathway only: "
        + ", ".join(f"{found.icd10_says} for {found.code} {found.name.lower()}" for found in _SPECIFIC)
        + ".",
        "Outcomes are compared within a pathway. The patient may count in the wrong one.",
        bad=({"PresComp": "F411", "IDS101_Pathway": "01"}, {"PresComp": "F200", "IDS101_Pathway": "05"}),
        good=(
            {"PresComp": "F200", "IDS101_Pathway": "01"},
            {"PresComp": "F412", "IDS101_Pathway": "05"},
            {"PresComp": "F411", "PresCompCodSig": "2", "IDS101_Pathway": "01"},
            {"PresComp": "F411", "IDS101_Pathway": None},
        ),
        owner=Owner.CLINICIAN,
    ),
)

_CLUSTER: tuple[Rule, ...] = (
    ends_before_start(
        "IDS803-102",
        "StartDateCareClust",
        "EndDateCareClust",
        "cluster",
        "The patient would be in the cluster on no day.",
    ),
    after_period(
        "IDS803-103",
        "StartDateCareClust",
        "The start of the cluster",
        "The cluster begins after the month, so it does not describe the month.",
        also={"EndDateCareClust": None},
    ),
    after_period(
        "IDS803-104",
        "EndDateCareClust",
        "The end of the cluster",
        "The patient would be in no cluster while this one still lasts.",
        fix=NOT_YET,
    ),
    Rule(
        "IDS803-105",
        "IDS803",
        Effect.WARNING,
        ("StartDateCareClust", "EndDateCareClust"),
        overlap(("LocalPatientId",), "StartDateCareClust", "EndDateCareClust", same_day=False),
        "The cluster from {StartDateCareClust} to {EndDateCareClust} overlaps another cluster of the same "
        "patient. A blank end means that the cluster still lasts.",
        "End the earlier cluster on the day the later one starts.",
        "A patient is in one cluster at a time. It is unclear which cluster applies.",
        level=Level.GROUP,
        group_by=("LocalPatientId",),
        bad=({}, {"AMHCareClustCodeFin": "11", "StartDateCareClust": "2026-04-20"}),
        good=(
            {"EndDateCareClust": "2026-04-20"},
            {"AMHCareClustCodeFin": "11", "StartDateCareClust": "2026-04-20"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS803-106",
        "IDS803",
        Effect.WARNING,
        ("EndTimeCareClust", "EndDateCareClust"),
        "EndTimeCareClust IS NOT NULL AND EndDateCareClust_text IS NULL",
        "The cluster has an end time ({EndTimeCareClust}) but no end date.",
        "Enter EndDateCareClust, or remove EndTimeCareClust.",
        "Without an end date the patient stays in the cluster.",
        Dimension.COMPLETENESS,
        bad=({"EndTimeCareClust": "15:30:00", "EndDateCareClust": None},),
        good=({"EndTimeCareClust": "15:30:00", "EndDateCareClust": "2026-04-20"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS803-107",
        "IDS803",
        Effect.WARNING,
        ("AMHCareClustCodeFin",),
        "AMHCareClustCodeFin = '09'",
        "Care cluster {AMHCareClustCodeFin} is under review and must not be used.",
        "Enter the assigned cluster, or 00 if no cluster could be assigned.",
        "The patient is left out of every figure by cluster.",
        Dimension.CONFORMANCE,
        bad=({"AMHCareClustCodeFin": "09"},),
        good=({"AMHCareClustCodeFin": "08"},),
        owner=Owner.CLINICIAN,
    ),
)

RULES: tuple[Rule, ...] = (*_PREVIOUS, *_CONDITION, *_COMPLAINT, *_CLUSTER)
