"""The patient's circumstances, which may change during care.

Belongs here: housing, work, disability, social circumstances and charging category. Does not belong here: who the
patient is (``schemas.tables.patient``).
"""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import DATE, LOCAL_PATIENT_ID, PATIENT, SNOMED, SNOMED_SAYS, SNOMED_UNLIKE


def _benefit(name: str, benefit: str, title: str) -> Field:
    """Declare an indicator of a benefit. Seven indicators share one wording and one code list."""
    return Field(
        name,
        "an1",
        "R",
        f"Whether the patient receives {benefit}.",
        codes="yes_no_unknown",
        identity=Identity.KEEP,
        title=title,
    )


ACCOMMODATION = Table(
    "IDS003",
    "IDS003AccommStatus",
    "Accommodation Status",
    "one row per patient and accommodation status",
    (
        LOCAL_PATIENT_ID,
        Field(
            "AccommodationType",
            "an2",
            "M",
            "Type of accommodation the patient lives in.",
            codes="accommodation_type",
            identity=Identity.KEEP,
            warn_if_wrong=True,  # as in MHSDS v6.0
            title="ACCOMMODATION TYPE",
        ),
        Field(
            "SettledAccommodationInd",
            "an1",
            "R",
            "Whether the patient's main residence is settled accommodation.",
            codes="settled_accommodation",
            identity=Identity.KEEP,
            title="SETTLED ACCOMMODATION INDICATOR",
        ),
        Field(
            "AccommodationTypeDate",
            DATE,
            "R",
            "Date the accommodation type was recorded.",
            identity=Identity.DATE,
            title="ACCOMMODATION TYPE RECORDED DATE",
        ),
        Field(
            "AccommodationTypeStartDate",
            DATE,
            "R",
            "First day in this accommodation.",
            identity=Identity.DATE,
            title="ACCOMMODATION TYPE START DATE",
        ),
        Field(
            "AccommodationTypeEndDate",
            DATE,
            "R",
            "Last day in this accommodation; blank while it lasts.",
            identity=Identity.DATE,
            title="ACCOMMODATION TYPE END DATE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

EMPLOYMENT = Table(
    "IDS004",
    "IDS004EmpStatus",
    "Employment Status",
    "one row per patient and employment status",
    (
        LOCAL_PATIENT_ID,
        Field(
            "EmployStatus",
            "an2",
            "M",
            "Whether the patient works, looks for work, studies, is retired and so on.",
            codes="employment_status",
            identity=Identity.KEEP,
            warn_if_wrong=True,  # as in MHSDS v6.0
            title="EMPLOYMENT STATUS",
        ),
        Field(
            "EmployStatusRecDate",
            DATE,
            "R",
            "Date the employment status was recorded.",
            identity=Identity.DATE,
            title="EMPLOYMENT STATUS RECORDED DATE",
        ),
        Field(
            "WeekHoursWorked",
            "an2",
            "R",
            "Band of hours the patient works in a week.",
            codes="weekly_hours_worked",
            identity=Identity.KEEP,
            title="WEEKLY HOURS WORKED",
        ),
        Field(
            "SelfEmployInd",
            "an1",
            "R",
            "Whether an employed patient is self-employed.",
            codes="yes_no_if_employed",
            identity=Identity.KEEP,
            title="SELF EMPLOYED INDICATOR",
        ),
        Field(
            "SickAbsenceInd",
            "an1",
            "R",
            "Whether an employed patient is currently on sick leave.",
            codes="yes_no_if_employed",
            identity=Identity.KEEP,
            title="SICKNESS ABSENCE INDICATOR",
        ),
        _benefit("SSPInd", "Statutory Sick Pay", "STATUTORY SICK PAY RECEIPT INDICATOR"),
        _benefit(
            "BenefitRecInd",
            "any benefit",
            "BENEFIT RECEIPT INDICATOR (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        _benefit("JSAInd", "Jobseeker's Allowance", "JOBSEEKERS ALLOWANCE RECEIPT INDICATOR"),
        _benefit(
            "ESAInd",
            "Employment and Support Allowance",
            "EMPLOYMENT AND SUPPORT ALLOWANCE RECEIPT INDICATOR",
        ),
        _benefit("UCInd", "Universal Credit", "UNIVERSAL CREDIT RECEIPT INDICATOR"),
        _benefit(
            "PIPInd",
            "Personal Independence Payment",
            "PERSONAL INDEPENDENCE PAYMENT RECEIPT INDICATOR",
        ),
        _benefit(
            "OtherBenefitInd",
            "a benefit not named in this table",
            "OTHER BENEFITS RECEIPT INDICATOR (IMPROVING ACCESS TO PSYCHOLOGICAL THERAPIES)",
        ),
        Field(
            "EmpSupportInd",
            "max an2",
            "R",
            "Whether the patient is suitable for referral to employment support.",
            codes="employment_support",
            identity=Identity.KEEP,
            title="EMPLOYMENT SUPPORT SUITABILITY INDICATOR",
        ),
        Field(
            "EmpSupportReferral",
            DATE,
            "R",
            "Date the patient was referred to employment support.",
            identity=Identity.DATE,
            title="EMPLOYMENT SUPPORT REFERRAL DATE",
        ),
        Field(
            "EmpSupportDischargeDate",
            DATE,
            "R",
            "Date the patient was discharged from employment support.",
            identity=Identity.DATE,
            title="EMPLOYMENT SUPPORT DISCHARGE DATE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

DISABILITY = Table(
    "IDS007",
    "IDS007DisabilityType",
    "Disability Type",
    "one row per patient and disability",
    (
        LOCAL_PATIENT_ID,
        Field(
            "DisabCode",
            "an2",
            "M",
            "A disability of the patient, or the statement that there is none.",
            codes="disability",
            identity=Identity.KEEP,
            warn_if_wrong=True,  # as in MHSDS v6.0
            title="DISABILITY CODE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

SOCIAL = Table(
    "IDS011",
    "IDS011SocPerCircumstances",
    "Social and Personal Circumstances",
    "one row per patient and circumstance",
    (
        LOCAL_PATIENT_ID,
        Field(
            "SocPerCircumstance",
            "min an6 max an18",
            "M",
            "A social or personal circumstance of the patient (SNOMED CT), such as religion or orientation.",
            identity=Identity.KEEP,
            pattern=SNOMED,
            pattern_says=SNOMED_SAYS,
            unlike=SNOMED_UNLIKE,
            title="SOCIAL AND PERSONAL CIRCUMSTANCE (SNOMED CT)",
        ),
        Field(
            "SocPerCircumstanceRecDate",
            DATE,
            "R",
            "Date the circumstance was recorded.",
            identity=Identity.DATE,
            title="SOCIAL AND PERSONAL CIRCUMSTANCE RECORDED DATE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

OVERSEAS = Table(
    "IDS012",
    "IDS012OverseasVisitorChargCat",
    "Overseas Visitor Charging Category",
    "one row per patient and charging category",
    (
        LOCAL_PATIENT_ID,
        Field(
            "OvsVisChCat",
            "an1",
            "M",
            "Whether the patient pays for care as a visitor from abroad.",
            codes="overseas_visitor_charging",
            identity=Identity.KEEP,
            title="OVERSEAS VISITOR CHARGING CATEGORY",
        ),
        Field(
            "OvsVisChCatAppDate",
            DATE,
            "R",
            "Date from which the charging category applies.",
            identity=Identity.DATE,
            title="OVERSEAS VISITOR CHARGING CATEGORY APPLICABLE DATE",
        ),
    ),
    key=(),
    parent=PATIENT,
)

TABLES: tuple[Table, ...] = (ACCOMMODATION, EMPLOYMENT, DISABILITY, SOCIAL, OVERSEAS)
