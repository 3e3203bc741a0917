"""The patient: identity and GP registration.

Belongs here: IDS001 and IDS002. Does not belong here: what may change during care, such as housing and work
(``schemas.tables.circumstances``, which is exported with this subject).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import (
    DATE,
    LANGUAGE,
    LANGUAGE_SAYS,
    LOCAL_PATIENT_ID,
    ODS_TO_5,
    ODS_TO_5_SAYS,
    ODS_TO_6,
    ODS_TO_6_SAYS,
    ODS_UNLIKE,
    PATIENT,
)

MPI = Table(
    "IDS001",
    "IDS001MPI",
    "Master Patient Index",
    "one row per patient",
    (
        LOCAL_PATIENT_ID,
        Field(
            "OrgIDLocalPatientId",
            "min an3 max an6",
            "M",
            "Organisation that issued the local patient identifier (ODS code).",
            pattern=ODS_TO_6,
            pattern_says=ODS_TO_6_SAYS,
            unlike=ODS_UNLIKE,
            title="ORGANISATION IDENTIFIER (LOCAL PATIENT IDENTIFIER)",
        ),
        Field(
            "OrgIDResidenceResp",
            "min an3 max an5",
            "R",
            "Commissioner responsible for the area in which the patient lives (ODS code).",
            pattern=ODS_TO_5,
            pattern_says=ODS_TO_5_SAYS,
            unlike=ODS_UNLIKE,
            title="ORGANISATION IDENTIFIER (RESIDENCE RESPONSIBILITY)",
        ),
        Field(
            "NHSNumber",
            "n10",
            "R",
            "NHS number: ten digits. The last one is a modulus-11 check digit.",
            identity=Identity.PERSON,
            warn_if_blank=True,
            title="NHS NUMBER",
        ),
        Field(
            "NHSNumberStatus",
            "an2",
            "R",
            "Whether the NHS number was traced and verified.",
            codes="nhs_number_status",
            title="NHS NUMBER STATUS INDICATOR CODE",
        ),
        Field(
            "PersonBirthDate",
            DATE,
            "M",  # R until v2.0; M since v2.1 (April 2022 activity)
            "Date of birth.",
            identity=Identity.BIRTH_DATE,
            title="PERSON BIRTH DATE",
        ),
        Field(
            "Postcode",
            "max an8",
            "R",
            "Postcode of the patient's usual address.",
            identity=Identity.POSTCODE,
            warn_if_blank=True,
            title="POSTCODE OF USUAL ADDRESS",
        ),
        Field(
            "Gender",
            "an1",
            "R",
            "Gender as stated by the patient (version 2.0; see GenderIDCode for later versions).",
            codes="gender",
            title="PERSON STATED GENDER CODE",
        ),
        Field(
            "GenderIDCode",
            "an1",
            "R",
            "Gender identity as stated by the patient. If valid, it is used instead of Gender.",
            codes="gender_identity",
            aliases=("GenderIdentity",),
            title="GENDER IDENTITY CODE",
        ),
        Field(
            "GenderSameAtBirth",
            "an1",
            "R",
            "Whether the patient's gender identity is the same as the gender registered at birth.",
            codes="gender_same_at_birth",
            title="GENDER IDENTITY SAME AT BIRTH INDICATOR",
        ),
        Field(
            "EthnicCategory",
            "max an2",
            "R",
            "Ethnic category. The first character is the national code, a second one is local detail.",
            # No code list: the second character is local. 16 + 1 national codes; there is no I, O or Q.
            pattern=r"^([A-HJ-NPRSZ][A-Z0-9]?|99)$",
            pattern_says="a national ethnic category (A to H, J to N, P, R, S or Z, then at most one "
            "local character), or 99",
            warn_if_wrong=True,  # MHSDS v6.0 warns; rejecting would lose the patient
            title="ETHNIC CATEGORY",
        ),
        Field(
            "EthnicCategory2021",
            "max an2",
            "P",
            "Ethnic category by the 2021 census classification (pilot).",
            pattern=r"^[A-Z0-9]{1,2}$",
            pattern_says="a code of one or two capital letters or digits",
            title="ETHNIC CATEGORY 2021",
        ),
        Field(
            "ExBAFIndicator",
            "an2",
            "R",
            "Whether the patient served in the British Armed Forces or is a dependant of someone who did.",
            codes="ex_armed_forces",
            title="EX-BRITISH ARMED FORCES INDICATOR",
        ),
        Field(
            "LanguageCodePreferred",
            "an2",
            "R",
            "Language the patient prefers: ISO 639-1 code, or q1 to q5.",
            pattern=LANGUAGE,
            pattern_says=LANGUAGE_SAYS,
            title="LANGUAGE CODE (PREFERRED)",
        ),
        Field(
            "EduEstabTypeIAPT",
            "an1",
            "R",
            "Type of school, college or university the patient attends.",
            codes="educational_establishment",
            title="EDUCATIONAL ESTABLISHMENT TYPE (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        Field(
            "PersDeathDate",
            DATE,
            "R",
            "Date of death, if the patient has died.",
            identity=Identity.DROP,
            title="PERSON DEATH DATE",
        ),
    ),
    key=(LOCAL_PATIENT_ID.name,),
    is_required=True,
)

GP = Table(
    "IDS002",
    "IDS002GP",
    "GP Practice Registration",
    "one row per patient and practice registration",
    (
        LOCAL_PATIENT_ID,
        Field(
            "GMPCodeReg",
            "an6",
            "M",
            "General practice at which the patient is registered. V81997 means none, V81998 not applicable, "
            "V81999 not known.",
            identity=Identity.DROP,
            pattern=r"^[A-Z0-9]{6}$",
            pattern_says="a practice code of 6 capital letters and digits, such as A81001 or V81999",
            aliases=("GMPReg", "GMPCodeRegistration"),
            title="GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)",
        ),
        Field(
            "StartDateGMPRegistration",
            DATE,
            "R",
            "First day of the registration at the practice.",
            aliases=("StartDateGMP",),
            title="START DATE (GMP PATIENT REGISTRATION)",
        ),
        Field(
            "EndDateGMPRegistration",
            DATE,
            "R",
            "Last day of the registration; blank while it lasts.",
            aliases=("EndDateGMP",),
            title="END DATE (GMP PATIENT REGISTRATION)",
        ),
        Field(
            "OrgIDGPPrac",
            "min an3 max an5",
            "R",
            "Commissioner responsible for the practice (ODS code).",
            pattern=ODS_TO_5,
            pattern_says=ODS_TO_5_SAYS,
            unlike=ODS_UNLIKE,
            aliases=("OrgIDGPPracResp",),
            title="ORGANISATION IDENTIFIER (GP PRACTICE RESPONSIBILITY)",
        ),
    ),
    key=(),
    parent=PATIENT,
)

TABLES: tuple[Table, ...] = (MPI, GP)
