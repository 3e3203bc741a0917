"""Rules of diagnoses, conditions and clusters that compare one value with another.

Belongs here: IDS601, IDS602, IDS603 and IDS803, and what a code of each scheme looks like. Does not belong here:
scores (``score``).
"""

from schemas.pathway import default_pathway, pathways
from schemas.rule import Dimension, Effect, Level, Rule
from schemas.rules.recurring import NOT_YET, after_period, ends_before_start, overlap, repeated

ICD_10 = "^[A-Z][0-9]{2}([.]?[0-9X][0-9A-Z]{0,2})?$"
ICD_10_SAYS = "a capital letter, two digits and a digit or X, such as F400 or F29X"
SNOMED_CT = "^[0-9]{6,18}$"
SNOMED_CT_SAYS = "6 to 18 digits, such as 83482000"

# Pathways that stand for blocks of ICD-10. The default pathway takes in much else (F412, Z630, K58), so there only
# what stands for another pathway is out of place.
_SPECIFIC = [found for found in pathways() if found.icd10 and not found.is_default]
_OUT_OF_PLACE = " OR ".join(
    [f"(IDS101_Pathway = '{found.code}' AND NOT (PresComp ~ '^{found.icd10_pattern}.*$'))" for found in _SPECIFIC]
    + [
        f"(IDS101_Pathway = '{default_pathway().code}' AND PresComp ~ '^{found.icd10_pattern}.*$')"
        for found in _SPECIFIC
    ]
)


def code_shape(rule_id: str, scheme: str, number: str, field: str, effect: Effect, why: str) -> Rule:
    """A code that has not the form of the scheme it is said to be of: ICD-10 or SNOMED CT (MHS60112, MHS60912)."""
    is_icd = number in ("01", "02")
    pattern, says = (ICD_10, ICD_10_SAYS) if is_icd else (SNOMED_CT, SNOMED_CT_SAYS)
    name, wrong = ("ICD-10", "83482000") if is_icd else ("SNOMED CT", "F200")
    right = "83482000" if not is_icd else "E119" if field == "LongTermCondition" else "F200"
    return Rule(
        rule_id,
        rule_id[:6],
        effect,
        (field, scheme),
        f"{scheme} = '{number}' AND NOT ({field} ~ '{pattern}')",
        f"{field} {{{field}}} is no {name} code, but {scheme} {{{scheme}}} says it is one.",
        f"Enter a code of {name} ({says}), or correct {scheme}.",
        why,
        Dimension.CONFORMANCE,
        bad=({scheme: number, field: wrong},),
        good=({scheme: number, field: right},),
    )


_PREVIOUS: tuple[Rule, ...] = (
    repeated(
        "IDS601-102",
        ("LocalPatientId", "PrevDiag", "DiagDate"),
        "this patient, diagnosis and date",
        "A diagnosis sent twice would be counted twice.",  # MHS60111
        {"PrevDiag": "F419"},
    ),
    after_period(
        "IDS601-103", "DiagDate", "The diagnosis", "A previous diagnosis was made before this month ended."
    ),
    Rule(
        "IDS601-104",
        "IDS601",
        Effect.WARNING,
        ("DiagDate",),
        "DiagDate < IDS001_PersonBirthDate",
        "The diagnosis was made on {DiagDate}, before the patient was born.",
        "Correct the date, or the patient's date of birth.",
        "One of the two is another person's.",
        bad=({"DiagDate": "1998-03-13", "IDS001_PersonBirthDate": "1998-03-14"},),
        good=({"DiagDate": "2019-05-14"}, {"DiagDate": None}),
    ),
    code_shape(
        "IDS601-105",
        "DiagSchemeInUse",
        "02",
        "PrevDiag",
        Effect.REJECT_RECORD,
        "Nobody can say which diagnosis it is.",
    ),
    code_shape(
        "IDS601-106",
        "DiagSchemeInUse",
        "06",
        "PrevDiag",
        Effect.REJECT_RECORD,
        "Nobody can say which diagnosis it is.",
    ),
)

_CONDITION: tuple[Rule, ...] = (
    repeated(
        "IDS602-102",
        ("ServiceRequestId", "LongTermCondition"),
        "this referral and condition",
        "A condition sent twice would be counted twice.",
        {"LongTermCondition": "E119"},
        Effect.WARNING,
    ),
    code_shape(
        "IDS602-103",
        "FindSchemeInUse",
        "01",
        "LongTermCondition",
        Effect.REJECT_RECORD,
        "Nobody can say which condition it is; outcomes of people with long-term conditions are compared.",
    ),
    code_shape(
        "IDS602-104",
        "FindSchemeInUse",
        "04",
        "LongTermCondition",
        Effect.REJECT_RECORD,
        "Nobody can say which condition it is; outcomes of people with long-term conditions are compared.",
    ),
    Rule(
        "IDS602-105",
        "IDS602",
        Effect.WARNING,
        ("LongTermCondition",),
        "FindSchemeInUse = '01' AND LongTermCondition ~ '^F[1-9].*$'",  # F00 to F09, dementia, are physical too
        "The long-term physical condition {LongTermCondition} is a mental health diagnosis.",
        "Send it as a presenting complaint (IDS603), and only physical conditions here.",
        "The patient counts among people with a long-term physical condition.",
        bad=({"LongTermCondition": "F321"},),
        good=({"LongTermCondition": "E119"}, {"LongTermCondition": "F03X"}),
    ),
)

_COMPLAINT: tuple[Rule, ...] = (
    repeated(
        "IDS603-102",
        ("ServiceRequestId", "PresComp", "PresCompDate"),
        "this referral, complaint and date",
        "Whether it is the primary or a secondary problem nobody can say.",  # MHS60902
        {"PresComp": "F411"},
        apart={"PresCompCodSig": "2"},
    ),
    Rule(
        "IDS603-103",
        "IDS603",
        # Not rejected: the primary problem changes as people are assessed, and without any the anxiety measure that
        # belongs to it would not count.
        Effect.SEVERE_WARNING,
        ("PresCompCodSig", "PresComp"),
        "PresCompCodSig = '1'"
        " AND SUM(CASE WHEN PresCompCodSig = '1' THEN 1 ELSE 0 END) OVER (PARTITION BY ServiceRequestId) > 1",
        "The referral has more than one primary presenting complaint; {PresComp} is one of them.",
        "Mark one complaint as primary (1) and the others as secondary (2).",
        "The one recorded last decides the anxiety measure by which recovery is judged, and the pathway if it is "
        "blank.",
        level=Level.GROUP,
        group_by=("ServiceRequestId",),
        bad=({}, {"PresComp": "F209"}),
        good=({}, {"PresComp": "F411", "PresCompCodSig": "2"}),
    ),
    Rule(
        "IDS603-104",
        "IDS603",
        Effect.WARNING,
        ("PresCompCodSig", "PresComp"),
        "SUM(CASE WHEN PresCompCodSig = '1' THEN 1 ELSE 0 END) OVER (PARTITION BY ServiceRequestId) = 0",
        "The referral has several presenting complaints and none of them is primary; {PresComp} is one of them.",
        "Mark the primary one (1).",
        "The one recorded last counts as the primary one, which may not be what the patient came for.",
        Dimension.COMPLETENESS,
        Level.GROUP,
        ("ServiceRequestId",),
        bad=({"PresCompCodSig": "2"}, {"PresComp": "F411", "PresCompCodSig": None}),
        good=({}, {"PresComp": "F411", "PresCompCodSig": "2"}),
    ),
    after_period(
        "IDS603-105",
        "PresCompDate",
        "The date of recording",
        "The complaint recorded last counts; this one would stand before all others.",
        Effect.WARNING,  # MHS60917
    ),
    code_shape(
        "IDS603-106",
        "FindSchemeInUse",
        "01",
        "PresComp",
        Effect.REJECT_RECORD,
        "Nobody can say which problem it is, and so by which anxiety measure recovery is judged.",
    ),
    code_shape(
        "IDS603-107",
        "FindSchemeInUse",
        "04",
        "PresComp",
        Effect.REJECT_RECORD,
        "Nobody can say which problem it is, and so by which anxiety measure recovery is judged.",
    ),
    Rule(
        "IDS603-108",
        "IDS603",
        Effect.WARNING,
        ("PresComp",),
        "FindSchemeInUse = '01' AND PresComp ~ '^[A-Z][0-9]{2}[.].*$'",
        "The ICD-10 code {PresComp} is written with a dot.",
        "Leave the dot out: F400, not F40.0.",
        "National systems look codes up without the dot and find this one nowhere; here it is read without it.",
        Dimension.CONFORMANCE,
        bad=({"PresComp": "F20.0"},),
        good=({"PresComp": "F200"}, {"FindSchemeInUse": "04", "PresComp": "83482000"}),
    ),
    Rule(
        "IDS603-109",
        "IDS603",
        Effect.WARNING,
        ("PresComp",),
        f"PresCompCodSig = '1' AND FindSchemeInUse = '01' AND PresComp ~ '{ICD_10}' AND ({_OUT_OF_PLACE})",
        "The primary complaint {PresComp} does not go with the pathway of the referral ({IDS101_Pathway}).",
        "Correct whichever is wrong. Diagnoses that go with one pathway: "
        + ", ".join(f"{found.icd10_says} with {found.code} {found.name.lower()}" for found in _SPECIFIC)
        + ".",
        "Outcomes are compared within a pathway; the patient may stand in the wrong one.",
        bad=({"PresComp": "F411", "IDS101_Pathway": "01"}, {"PresComp": "F200", "IDS101_Pathway": "05"}),
        good=(
            {"PresComp": "F200", "IDS101_Pathway": "01"},
            {"PresComp": "F412", "IDS101_Pathway": "05"},
            {"PresComp": "F411", "PresCompCodSig": "2", "IDS101_Pathway": "01"},
            {"PresComp": "F411", "IDS101_Pathway": None},
        ),
    ),
)

_CLUSTER: tuple[Rule, ...] = (
    ends_before_start(
        "IDS803-102",
        "StartDateCareClust",
        "EndDateCareClust",
        "cluster",
        "The patient was in the cluster on no day.",
    ),
    after_period(
        "IDS803-103",
        "StartDateCareClust",
        "The start of the cluster",
        "A cluster that begins later is not known of this month.",
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
        "The cluster from {StartDateCareClust} to {EndDateCareClust} overlaps another cluster of the same patient; "
        "one without an end lasts on.",
        "End the earlier cluster on the day on which the later one starts.",
        "A patient is in one cluster at a time; in which one nobody can say.",
        level=Level.GROUP,
        group_by=("LocalPatientId",),
        bad=({}, {"AMHCareClustCodeFin": "11", "StartDateCareClust": "2026-04-20"}),
        good=(
            {"EndDateCareClust": "2026-04-20"},
            {"AMHCareClustCodeFin": "11", "StartDateCareClust": "2026-04-20"},
        ),
    ),
    Rule(
        "IDS803-106",
        "IDS803",
        Effect.WARNING,
        ("EndTimeCareClust", "EndDateCareClust"),
        "EndTimeCareClust IS NOT NULL AND EndDateCareClust_text IS NULL",
        "There is a time at which the cluster ended ({EndTimeCareClust}) but no date.",
        "Enter EndDateCareClust, or remove the time.",
        "Without the date the patient stays in the cluster.",
        Dimension.COMPLETENESS,
        bad=({"EndTimeCareClust": "15:30:00", "EndDateCareClust": None},),
        good=({"EndTimeCareClust": "15:30:00", "EndDateCareClust": "2026-04-20"},),
    ),
    Rule(
        "IDS803-107",
        "IDS803",
        Effect.WARNING,
        ("AMHCareClustCodeFin",),
        "AMHCareClustCodeFin = '09'",
        "Care cluster {AMHCareClustCodeFin} is under review and not to be used.",
        "Use the cluster that was assigned, or 00 if none could be.",
        "The patient is in no figure by cluster.",
        Dimension.CONFORMANCE,
        bad=({"AMHCareClustCodeFin": "09"},),
        good=({"AMHCareClustCodeFin": "08"},),
    ),
)

RULES: tuple[Rule, ...] = (*_PREVIOUS, *_CONDITION, *_COMPLAINT, *_CLUSTER)
