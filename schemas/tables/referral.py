"""The referral: how a patient enters the service, waits, and leaves it.

Belongs here: IDS101, IDS105, IDS108 and the session plan of a referral (SMI203). Does not belong here: contacts
and scores (``schemas.tables.contact``, ``schemas.tables.assessment``).
"""

from schemas.field import Field, Identity
from schemas.pathway import pathways
from schemas.table import Table
from schemas.tables.shared import (
    COMMISSIONER,
    DATE,
    LOCAL_PATIENT_ID,
    ODS_TO_5,
    ODS_TO_5_SAYS,
    ODS_UNLIKE,
    PATIENT,
    REFERRAL,
    SERVICE_REQUEST_ID,
    TIME,
)

SERVICE_OR_TEAM_REFERRAL = Table(
    "IDS101",
    "IDS101Referral",
    "Service or Team Referral",
    "one row per referral",
    (
        SERVICE_REQUEST_ID,
        LOCAL_PATIENT_ID,
        COMMISSIONER,
        Field(
            "ReferralRequestReceivedDate",
            DATE,
            "M",
            "Date the service received the referral. Waiting times start on this date.",
            title="REFERRAL REQUEST RECEIVED DATE",
        ),
        Field(
            "SourceOfReferralMH",
            "an2",
            "R",
            "Who referred the patient (version 2.0).",
            codes="source_of_referral",
            title="SOURCE OF REFERRAL FOR MENTAL HEALTH",
        ),
        Field(
            "SourceOfReferralIAPT",
            "an2",
            "R",
            "Who referred the patient (version 2.1 and later).",
            codes="source_of_referral",
            title="SOURCE OF REFERRAL (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        Field(
            "OnsetDate",
            "an7 YYYY-MM",
            "R",
            "Year and month in which the symptoms began.",
            aliases=("YearMonthOnset",),
            title="YEAR AND MONTH OF SYMPTOMS ONSET (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        Field(
            "PrevDiagCondInd",
            "an1",
            "R",
            "Whether this is a recurrence of a condition diagnosed before.",
            codes="yes_no_unknown",
            title="PREVIOUS DIAGNOSED CONDITION INDICATOR",
        ),
        Field(
            "EndCode",
            "an2",
            "R",
            "Why the referral was closed. The code also says whether a course of treatment had begun.",
            codes="end_code",
            title="DISCHARGE FROM IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES SERVICE REASON",
        ),
        Field(
            "ServDischDate",
            DATE,
            "R",
            "Date the patient was discharged from the service; blank while the referral is open.",
            title="SERVICE DISCHARGE DATE",
        ),
        Field(
            "Pathway",
            "an2",
            # R, not M: an IAPT v2.1 extract does not have it and must stay valid. A blank value is derived.
            "R",
            f"Care pathway of the referral, one of: {'; '.join(found.name.lower() for found in pathways())}.",
            codes="pathway",
            title="PATHWAY",
        ),
        Field(
            "PrimReasonReferralMH",
            "an2",
            "R",
            "Main reason for the referral, from the list for mental health services.",
            codes="primary_reason_for_referral",
            title="PRIMARY REASON FOR REFERRAL (MENTAL HEALTH)",
        ),
        Field(
            "ServTeamTypeRefToMH",
            "an3",
            "R",
            "Type of service or team the patient was referred to.",
            codes="service_team_type",
            title="SERVICE OR TEAM TYPE REFERRED TO (MENTAL HEALTH)",
        ),
        Field(
            "OfferOfTherapyDate",
            DATE,
            "R",
            "Date psychological therapy was offered.",
            title="OFFER OF THERAPY DATE",
        ),
        Field(
            "OfferAccepted",
            "an1",
            "R",
            "Whether the patient accepted the offer of therapy, or has not decided yet.",
            codes="offer_accepted",
            title="OFFER OF THERAPY ACCEPTED INDICATOR",
        ),
    ),
    key=(SERVICE_REQUEST_ID.name,),
    parent=PATIENT,
    is_required=True,
)

ONWARD_REFERRAL = Table(
    "IDS105",
    "IDS105OnwardReferral",
    "Onward Referral",
    "one row per onward referral",
    (
        SERVICE_REQUEST_ID,
        Field(
            "OnwardReferDate",
            DATE,
            "M",
            "Date the patient was referred on.",
            title="ONWARD REFERRAL DATE",
        ),
        Field(
            "OnwardReferTime",
            TIME,
            "R",
            "Time the patient was referred on.",
            title="ONWARD REFERRAL TIME",
        ),
        Field(
            "OnwardReferReason",
            "an2",
            "R",
            "Why the patient was referred on. It includes stepping up and stepping down.",
            codes="onward_referral_reason",
            title="ONWARD REFERRAL REASON",
        ),
        Field(
            "OrgIDReceiving",
            "min an3 max an5",
            "R",
            "Organisation the patient was referred on to (ODS code).",
            pattern=ODS_TO_5,
            pattern_says=ODS_TO_5_SAYS,
            unlike=ODS_UNLIKE,
            aliases=("OrgIDReceive",),
            title="ORGANISATION IDENTIFIER (RECEIVING)",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

PAUSE = Table(
    "IDS108",
    "IDS108WaitingTimePauses",
    "Waiting Time Pauses",
    "one row per pause in the waiting time of a referral",
    (
        Field(
            "PauseID",
            "max an5",
            "M",
            "The provider's own identifier of the pause.",
            identity=Identity.LOCAL,
            aliases=("SuspensionID",),
            title="IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES ACTIVITY SUSPENSION IDENTIFIER",
        ),
        SERVICE_REQUEST_ID,
        Field(
            "PauseStartDate",
            DATE,
            "M",
            "First day on which the patient was not available.",
            title="ACTIVITY SUSPENSION START DATE",
        ),
        Field(
            "PauseEndDate",
            DATE,
            "R",
            "Last day on which the patient was not available; blank while it lasts.",
            title="ACTIVITY SUSPENSION END DATE",
        ),
        Field(
            "PauseReason",
            "an2",
            "R",
            "Why the patient was not available.",
            codes="pause_reason",
            title="IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES ACTIVITY SUSPENSION REASON",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

SESSION_PLAN = Table(
    "SMI203",
    "SMI203SessionPlan",
    "Session Plan",
    "one row per referral and therapy planned",
    (
        SERVICE_REQUEST_ID,
        Field(
            "TherapyType",
            "an3",
            "M",
            "Therapy planned (this dataset's own short list).",
            codes="therapy_type",
            title="THERAPY TYPE",
        ),
        Field(
            "PlannedSessions",
            "max n3",
            "R",
            "Number of sessions planned. NICE expects at least 16 of CBT for psychosis, 10 of family intervention.",
            low=1,
            high=200,
            title="PLANNED SESSIONS",
        ),
        Field(
            "PlanStartDate",
            DATE,
            "R",
            "Date from which the plan applies.",
            title="PLAN START DATE",
        ),
    ),
    key=(),
    parent=REFERRAL,
)

TABLES: tuple[Table, ...] = (SERVICE_OR_TEAM_REFERRAL, ONWARD_REFERRAL, PAUSE, SESSION_PLAN)
