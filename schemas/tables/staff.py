"""The staff: who gives therapy, their qualifications, and their training and supervision in each therapy.

Belongs here: IDS902, SMI901 and SMI902. Does not belong here: what a member of staff did
(``schemas.tables.contact``).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import CARE_PERS_LOCAL_ID, DATE, THERAPY_TYPE
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

# Parity SMI addition, no dataset has it (R: recalled, no specification to quote). IDS902 lists curricula of Talking
# Therapies. None is of a therapy for severe mental illness, and nothing says who is supervised.
STAFF_THERAPY = Table(
    "SMI902",
    "SMI902StaffTherapy",
    "Training and Supervision in a Therapy",
    "one row per member of staff and therapy, as it is in the month",
    (
        CARE_PERS_LOCAL_ID,
        THERAPY_TYPE,
        Field(
            "TherapyTrainingDate",
            DATE,
            "R",
            "Date on which the training in this therapy was completed; blank while in training.",
            identity=Identity.DATE,
            title="THERAPY TRAINING COMPLETION DATE",
        ),
        Field(
            "SupervisionStartDate",
            DATE,
            "R",
            "First day of the supervision in this therapy; blank without supervision.",
            identity=Identity.DATE,
            title="THERAPY SUPERVISION START DATE",
        ),
        Field(
            "SupervisionEndDate",
            DATE,
            "R",
            "Last day of the supervision in this therapy; blank while it continues.",
            identity=Identity.DATE,
            title="THERAPY SUPERVISION END DATE",
        ),
    ),
    key=(),
    refers_to=(STAFF_LINK,),
)

TABLES: tuple[Table, ...] = (STAFF, STAFF_THERAPY, QUALIFICATION)
