"""The staff: who gives therapy, and their qualifications.

Belongs here: IDS902 and SMI901. Does not belong here: what a member of staff did (``schemas.tables.contact``).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import CARE_PERS_LOCAL_ID, DATE
from schemas.tables.shared import STAFF as STAFF_LINK

QUALIFICATION = Table(
    "IDS902",
    "IDS902CarePersQual",
    "Care Personnel Qualification",
    "one row per member of staff and qualification",
    (
        CARE_PERS_LOCAL_ID,
        Field(
            "QualAttainLevelIAPT",
            "an2",
            "M",
            "Training curriculum, completed or in progress.",
            codes="qualification",
            identity=Identity.KEEP,
            aliases=("QualAttain",),
            title="QUALIFICATION ATTAINMENT LEVEL (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        Field(
            "QualAwardedDate",
            DATE,
            "R",
            "Date the qualification was awarded; blank while in training.",
            identity=Identity.DATE,
            title="EMPLOYEE QUALIFICATION AWARDED DATE",
        ),
        Field(
            "QualPlannedCompletionDate",
            DATE,
            "R",
            "Date the training is planned to end; blank once awarded.",
            identity=Identity.DATE,
            title="EMPLOYEE QUALIFICATION PLANNED COMPLETION DATE",
        ),
    ),
    key=(),
    refers_to=(STAFF_LINK,),
)

# Named but not a parent: an IAPT v2.1 extract with IDS902 has no staff table to refer to.
STAFF = Table(
    "SMI901",
    "SMI901Staff",
    "Staff",
    "one row per member of staff",
    (
        CARE_PERS_LOCAL_ID,
        Field(
            "StaffGroup",
            "max an3",
            "R",
            "Professional group of the member of staff.",
            codes="staff_group",
            identity=Identity.KEEP,
            title="CARE PROFESSIONAL STAFF GROUP (MENTAL HEALTH)",
        ),
        Field(
            "Band",
            "an2",
            "O",
            "Agenda for Change pay band.",
            codes="pay_band",
            identity=Identity.KEEP,
            title="AGENDA FOR CHANGE BAND",
        ),
    ),
    key=(CARE_PERS_LOCAL_ID.name,),
)

TABLES: tuple[Table, ...] = (STAFF, QUALIFICATION)
