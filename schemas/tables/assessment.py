"""Assessments of the patient: diagnoses, scores, experience and care clusters.

Belongs here: IDS601 to IDS607, IDS803 and SMI608. Does not belong here: what a score means
(``schemas.instruments``).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import (
    ACTIVITY,
    ASSESSMENT_TOOL,
    CARE_ACT_ID,
    CLINICAL,
    CLINICAL_SAYS,
    CLINICAL_UNLIKE,
    DATE,
    FINDING_SCHEME,
    LOCAL_PATIENT_ID,
    PATIENT,
    PERSON_SCORE,
    REFERRAL,
    SERVICE_REQUEST_ID,
    TIME,
)

# Four characters or more (F400, 83482000), stored without a dot. F40.0 has five characters and passes.
CLINICAL_CODE = "min an4 max an18"

PREVIOUS_DIAGNOSIS = Table(
    "IDS601",
    "IDS601MedHistPrevDiag",
    "Medical History (Previous Diagnosis)",
    "one row per patient and previous diagnosis",
    (
        LOCAL_PATIENT_ID,
        Field(
            "DiagSchemeInUse",
            "an2",
            "M",
            "Classification from which the diagnosis code is taken.",
            codes="diagnosis_scheme",
            identity=Identity.KEEP,
            title="DIAGNOSIS SCHEME IN USE",
        ),
        Field(
            "PrevDiag",
            CLINICAL_CODE,
            "M",
            "A diagnosis that the patient received before this referral.",
            identity=Identity.KEEP,
            pattern=CLINICAL,
            pattern_says=CLINICAL_SAYS,
            unlike=CLINICAL_UNLIKE,
            title="PREVIOUS DIAGNOSIS (CODED CLINICAL ENTRY)",
        ),
        Field(
            "DiagDate",
            DATE,
            "R",
            "Date of that diagnosis.",
            identity=Identity.DATE,
            title="DIAGNOSIS DATE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

LONG_TERM_CONDITION = Table(
    "IDS602",
    "IDS602LongTermCondition",
    "Long Term Physical Health Condition",
    "one row per referral and long-term condition",
    (
        SERVICE_REQUEST_ID,
        FINDING_SCHEME,
        Field(
            "LongTermCondition",
            CLINICAL_CODE,
            "M",
            "A long-term physical health condition of the patient, in the scheme named.",
            identity=Identity.KEEP,
            pattern=CLINICAL,
            pattern_says=CLINICAL_SAYS,
            unlike=CLINICAL_UNLIKE,
            title="LONG TERM PHYSICAL HEALTH CONDITION (CODED CLINICAL ENTRY)",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

PRESENTING_COMPLAINT = Table(
    "IDS603",
    "IDS603PresentingComplaints",
    "Presenting Complaints",
    "one row per referral and presenting complaint",
    (
        SERVICE_REQUEST_ID,
        FINDING_SCHEME,
        Field(
            "PresComp",
            CLINICAL_CODE,
            "M",
            "The patient's problem: ICD-10 without a dot (F400) or SNOMED CT. It decides which anxiety measure "
            "counts.",
            identity=Identity.KEEP,
            pattern=CLINICAL,
            pattern_says=CLINICAL_SAYS,
            unlike=CLINICAL_UNLIKE,
            title="PRESENTING COMPLAINT (CODED CLINICAL ENTRY)",
        ),
        Field(
            "PresCompCodSig",
            "an1",
            "R",
            "Whether this is the primary or a secondary problem.",
            codes="coding_significance",
            identity=Identity.KEEP,
            title="PRESENTING COMPLAINT CODING SIGNIFICANCE",
        ),
        Field(
            "PresCompDate",
            DATE,
            "R",
            "Date the problem was recorded.",
            identity=Identity.DATE,
            title="PRESENTING COMPLAINT RECORDED DATE",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

SCORE_OF_REFERRAL = Table(
    "IDS606",
    "IDS606CodedScoreAssessmentRefer",
    "Coded Scored Assessment (Referral)",
    "one row per score completed outside a contact",
    (
        SERVICE_REQUEST_ID,
        ASSESSMENT_TOOL,
        PERSON_SCORE,
        Field(
            "AssToolCompDate",
            DATE,
            "M",
            "Date the measure was completed.",
            identity=Identity.DATE,
            title="ASSESSMENT TOOL COMPLETION DATE",
        ),
        Field(
            "AssToolCompTime",
            TIME,
            "R",
            "Time the measure was completed.",
            identity=Identity.DATE,
            title="ASSESSMENT TOOL COMPLETION TIME",
        ),
        Field(
            "Timepoint",
            "an2",
            "R",
            "When the measure was taken: baseline, every session, periodically, at the end, or at follow-up.",
            codes="timepoint",
            identity=Identity.KEEP,
            title="TIMEPOINT",
        ),
        Field(
            "MissingReason",
            "an2",
            "O",
            "Why a measure that was due has no score.",
            codes="missing_reason",
            identity=Identity.KEEP,
            title="MISSING SCORE REASON",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

SCORE_OF_ACTIVITY = Table(
    "IDS607",
    "IDS607CodedScoreAssessmentAct",
    "Coded Scored Assessment (Care Activity)",
    "one row per score completed in a care activity, dated by its contact",
    (CARE_ACT_ID, ASSESSMENT_TOOL, PERSON_SCORE),
    key=(),
    parent=ACTIVITY,
)

CARE_CLUSTER = Table(
    "IDS803",
    "IDS803CareCluster",
    "Care Clusters",
    "one row per patient and period in a care cluster",
    (
        LOCAL_PATIENT_ID,
        Field(
            "AMHCareClustCodeFin",
            "an2",
            "M",
            "Adult mental health care cluster assigned.",
            codes="care_cluster",
            identity=Identity.KEEP,
            title="ADULT MENTAL HEALTH CARE CLUSTER CODE (FINAL)",
        ),
        Field(
            "StartDateCareClust",
            DATE,
            "M",
            "First day in the cluster.",
            identity=Identity.DATE,
            title="START DATE (CARE CLUSTER ASSIGNMENT PERIOD)",
        ),
        Field(
            "StartTimeCareClust",
            TIME,
            "R",
            "Time the cluster was assigned.",
            identity=Identity.DATE,
            title="START TIME (CARE CLUSTER ASSIGNMENT PERIOD)",
        ),
        Field(
            "EndDateCareClust",
            DATE,
            "R",
            "Last day in the cluster; blank while it lasts.",
            identity=Identity.DATE,
            title="END DATE (CARE CLUSTER ASSIGNMENT PERIOD)",
        ),
        Field(
            "EndTimeCareClust",
            TIME,
            "R",
            "Time the cluster assignment ended.",
            identity=Identity.DATE,
            title="END TIME (CARE CLUSTER ASSIGNMENT PERIOD)",
        ),
    ),
    key=(),
    parent=PATIENT,
)

EXPERIENCE = Table(
    "SMI608",
    "SMI608Experience",
    "Patient Experience Answer",
    "one row per answer to an experience question",
    (
        SERVICE_REQUEST_ID,
        Field(
            "QuestionCode",
            "min an6 max an20",
            "M",
            "Question of a patient experience questionnaire: its SNOMED CT code, or its short name if it has none.",
            identity=Identity.KEEP,
            pattern=r"^([0-9]{6,18}|[A-Z][A-Z0-9_]{5,19})$",
            pattern_says="a SNOMED CT code of 6 to 18 digits, kept as text, or the short name of a question "
            "without one, such as MCPIN_HELPED",
            title="QUESTION CODE (SNOMED CT)",
        ),
        Field(
            "Answer",
            "max an2",
            "M",
            "Answer given: 0 to 4, Y, N, NA, or 99 for no answer.",
            codes="experience_answer",
            identity=Identity.KEEP,
            title="ANSWER",
        ),
        Field(
            "AnswerDate",
            DATE,
            "M",
            "Date the question was answered.",
            identity=Identity.DATE,
            title="ANSWER DATE",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

TABLES: tuple[Table, ...] = (
    PREVIOUS_DIAGNOSIS,
    LONG_TERM_CONDITION,
    PRESENTING_COMPLAINT,
    SCORE_OF_REFERRAL,
    SCORE_OF_ACTIVITY,
    CARE_CLUSTER,
    EXPERIENCE,
)
