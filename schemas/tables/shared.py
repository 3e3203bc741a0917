"""What several subjects share: the identifiers that join tables, organisations, formats and patterns.

Belongs here: a field that several tables have, and the link (field here, table id, field there) by which a table
names its parent. Does not belong here: a field of one table only.
"""

from schemas.field import Field, Identity

DATE = "an10 CCYY-MM-DD"
TIME = "an8 HH:MM:SS"

# Anchored, ASCII classes only: Polars (Rust regex) reads \d as any Unicode digit, DuckDB (RE2) as 0-9.
ODS_TO_5 = r"^[A-Z0-9]{3,5}$"
ODS_TO_6 = r"^[A-Z0-9]{3,6}$"
ODS_TO_5_SAYS = "an ODS organisation code of 3 to 5 capital letters and digits"
ODS_TO_6_SAYS = "an ODS organisation code of 3 to 6 capital letters and digits"
SNOMED = r"^[0-9]{6,18}$"
SNOMED_SAYS = "a SNOMED CT code of 6 to 18 digits, kept as text"
LANGUAGE = r"^[A-Za-z][A-Za-z1-5]$"
LANGUAGE_SAYS = "a two-letter ISO 639-1 language code such as en, or q1 to q5"


def _identifier(name: str, meaning: str, title: str) -> Field:
    return Field(name, "max an20", "M", meaning, identity=Identity.LOCAL, title=title)


LOCAL_PATIENT_ID = _identifier(
    "LocalPatientId",
    "The provider's own identifier of the patient. It has a meaning only at that provider.",
    "LOCAL PATIENT IDENTIFIER (EXTENDED)",
)
SERVICE_REQUEST_ID = _identifier(
    "ServiceRequestId",
    "The provider's own identifier of the referral.",
    "SERVICE REQUEST IDENTIFIER",
)
CARE_CONTACT_ID = _identifier(
    "CareContactId",
    "The provider's own identifier of the care contact.",
    "CARE CONTACT IDENTIFIER",
)
CARE_ACT_ID = _identifier(
    "CareActId",
    "The provider's own identifier of the care activity.",
    "CARE ACTIVITY IDENTIFIER",
)
CARE_PERS_LOCAL_ID = _identifier(
    "CarePersLocalId",
    "The provider's own identifier of the member of staff.",
    "CARE PERSONNEL LOCAL IDENTIFIER",
)

PATIENT = (LOCAL_PATIENT_ID.name, "IDS001", LOCAL_PATIENT_ID.name)
REFERRAL = (SERVICE_REQUEST_ID.name, "IDS101", SERVICE_REQUEST_ID.name)
CONTACT = (CARE_CONTACT_ID.name, "IDS201", CARE_CONTACT_ID.name)
STAFF = (CARE_PERS_LOCAL_ID.name, "SMI901", CARE_PERS_LOCAL_ID.name)
ACTIVITY = (CARE_ACT_ID.name, "IDS202", CARE_ACT_ID.name)

# A SNOMED CT code, or the catalogue's short name if no code is known. Otherwise a primary outcome such as the BRQ
# could not be submitted. schemas.tools lists them.
ASSESSMENT_TOOL = Field(
    "CodedAssToolType",
    "min an3 max an20",
    "M",
    "The measure or question scored: the SNOMED CT code of the score, or the short name of a measure without a "
    "code.",
    pattern=r"^([0-9]{6,18}|[A-Z][A-Z0-9_]{2,19})$",
    pattern_says="a SNOMED CT code of 6 to 18 digits, kept as text, or the short name of a measure without one, "
    "such as BRQ",
    title="CODED ASSESSMENT TOOL TYPE (SNOMED CT)",
)
# Text, not a number: experience questions are answered Y, N or NA, and the mobility inventory has decimals.
PERSON_SCORE = Field(
    "PersScore",
    "max an5",
    "M",
    "The score or answer as submitted. It is text because experience questions are answered Y, N or NA.",
    title="PERSON SCORE",
)
FINDING_SCHEME = Field(
    "FindSchemeInUse",
    "an2",
    "M",
    "Classification from which the code in this record is taken.",
    codes="finding_scheme",
    title="FINDING SCHEME IN USE",
)
COMMISSIONER = Field(
    "OrgIDComm",
    "min an3 max an5",
    "M",
    "Organisation that pays for the care (ODS code). VPP00 means private or overseas visitor.",
    pattern=ODS_TO_5,
    pattern_says=ODS_TO_5_SAYS,
    title="ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)",
)
INTERNET_PROGRAMME = Field(
    "IntEnabledTherProg",
    "max an20",
    "M",
    "Name of the internet-enabled therapy programme, as the provider writes it.",
    title="INTERNET ENABLED THERAPY PROGRAMME",
)
