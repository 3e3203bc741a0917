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
# A day of birth may have no separators: 19540312, 12031954, 120354, 12MAR1954. Nine digits of an NHS number give
# the tenth.
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
# A postcode without a blank, a word, digits alone, and a day. Of 572 organisations that NHS England publishes, 13
# have a code of letters alone that is longer than three: all are sites of NHS trusts, which begin with R. None has
# six digits alone, and no coding frame of the Organisation Data Service gives them: a school is EE and six digits.
ODS_UNLIKE = (
    r"^([A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}|[A-QS-Z][A-Z]{3,}|R[A-Z]{5,}|[0-9]{6,}"
    rf"|[0-9]{{1,2}}({_MONTHS})([0-9]{{2}}){{1,2}})$"
)
# The two digits before the last one say that it is a concept (SNOMED CT: partition 00, or 10 after a namespace of
# seven digits, so with 11 digits or more). None begins with 0, as telephone numbers do. Ten digits begin with 1: so
# far no concept of that length is above 1999999999, and NHS numbers of England begin with 4 to 7, or with 9 for
# tests.
_SNOMED = "(([1-9][0-9]{2,5}|1[0-9]{6})00|[1-9][0-9]{7,14}(00|10))[0-9]"
SNOMED = f"^{_SNOMED}$"
# Eight digits that are a day of birth can have the form of a concept: 12032004, 19541005. They are 464 of the
# 90,000 numbers that a concept of eight digits can have. No code that the dataset names is one.
_DAY = "([12][0-9]|3[01])(0[1-9]|1[0-2])200[0-9]|(19|20)[0-9]{2}100[1-9]"
SNOMED_UNLIKE = f"^({_DAY})$"
SNOMED_SAYS = "a SNOMED CT concept code of 6 to 18 digits with a right check digit, kept as text"
PROCEDURE = f"^{_SNOMED}( *: *{_SNOMED} *= *{_SNOMED}( *, *{_SNOMED} *= *{_SNOMED})*)?$"
PROCEDURE_SAYS = (
    "a SNOMED CT code with a right check digit, or one with its status after a colon, such as "
    "718026005:408730004=385658003"
)
ICD_10 = "^[A-Z][0-9]{2}([.]?[0-9X][0-9A-Z]{0,2})?$"
# ICD-10, SNOMED CT, or five characters of a Read code. Four at least: «min an4» in the dictionary.
CLINICAL = f"^([A-Z][0-9]{{2}}[.]?[0-9X][0-9A-Z]{{0,2}}|{_SNOMED}|[A-Z0-9][A-Za-z0-9.]{{4}})$"
CLINICAL_SAYS = (
    "an ICD-10 code such as F400, a SNOMED CT code with a right check digit, or a Read code of 5 characters"
)
# A postcode without a blank (F29XD is ICD-10 with its dagger), a day of birth, and a word: a Read code of letters
# begins with X.
CLINICAL_UNLIKE = f"^([A-Z]{{1,2}}[0-9][A-Z0-9]?[0-9]([A-WYZ][A-Z]|X[BCE-Z])|[A-WYZ][A-Za-z]{{4}}|{_DAY})$"
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
    identity=Identity.KEEP,
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
    identity=Identity.KEEP,
    # The letters of answers, and NA for a score that is missing. The form is a warning: the record says that a
    # measure was due.
    pattern=r"^(-?[0-9]{1,4}|[0-9]{5}|-?[0-9]{1,2}[.][0-9]{1,2}|[0-9]{3}[.][0-9]|[A-Z]{1,2})$",
    pattern_says="a number of at most 5 characters with at most two decimals, or Y, N or NA",
    warn_if_wrong=True,
    title="PERSON SCORE",
)
THERAPY_TYPE = Field(
    "TherapyType",
    "an3",
    "M",
    "Therapy that is planned, or that the member of staff is trained or supervised in (this dataset's own short "
    "list).",
    codes="therapy_type",
    identity=Identity.KEEP,
    title="THERAPY TYPE",
)
FINDING_SCHEME = Field(
    "FindSchemeInUse",
    "an2",
    "M",
    "Classification from which the code in this record is taken.",
    codes="finding_scheme",
    identity=Identity.KEEP,
    title="FINDING SCHEME IN USE",
)
COMMISSIONER = Field(
    "OrgIDComm",
    "min an3 max an5",
    "M",
    "Organisation that pays for the care (ODS code). VPP00 means private or overseas visitor.",
    identity=Identity.KEEP,
    pattern=ODS_TO_5,
    pattern_says=ODS_TO_5_SAYS,
    unlike=ODS_UNLIKE,
    title="ORGANISATION IDENTIFIER (CODE OF COMMISSIONER)",
)
INTERNET_PROGRAMME = Field(
    "IntEnabledTherProg",
    "max an20",
    "M",
    "Name of the internet-enabled therapy programme, as the provider writes it.",
    identity=Identity.LOCAL,  # any text: see decision 0032
    title="INTERNET ENABLED THERAPY PROGRAMME",
)
