"""Rules of the referral that compare one value with another: when it came and how it ended.

Belongs here: the dates of IDS101 and the reason for its end. Does not belong here: pathway, source and who was
referred (``pathway``), the offer of therapy (``offer``), other records below a referral (``course``).

Rejecting a referral also rejects its contacts and scores. So a referral is rejected only if its dates are
impossible, as in the national rules. Everything else is a warning.
"""

from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import after_period, repeated_key

_NO_OFFER: dict[str, str | None] = {"OfferOfTherapyDate": None, "OfferAccepted": None}
_TAKEN_ON = "('46', '47', '48', '49', '96')"

_DATES: tuple[Rule, ...] = (
    repeated_key(
        "IDS101-102",
        "referral",
        "It is unclear which referral a contact belongs to, so none of these records counts.",
        apart={"Pathway": "02", "PrimReasonReferralMH": "03"},
    ),
    after_period(
        "IDS101-103",
        "ReferralRequestReceivedDate",
        "The date the referral was received",
        "A future referral would be counted as received.",
        also=_NO_OFFER,
    ),
    Rule(
        "IDS101-104",
        "IDS101",
        Effect.REJECT_RECORD,
        ("ReferralRequestReceivedDate",),
        "ReferralRequestReceivedDate < IDS001_PersonBirthDate",
        "The referral was received on {ReferralRequestReceivedDate}, before the patient was born.",
        "Correct the date of the referral, or correct the patient's date of birth.",
        "One of the two values belongs to another person. Age at referral would be negative.",
        bad=({"IDS001_PersonBirthDate": "2026-04-03", "OnsetDate": None},),
        good=({"IDS001_PersonBirthDate": "1998-03-14"}, {"IDS001_PersonBirthDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-105",
        "IDS101",
        Effect.WARNING,
        ("ReferralRequestReceivedDate",),
        "ReferralRequestReceivedDate + INTERVAL '10 years' < IDS000_ReportingPeriodStartDate",
        "The referral was received on {ReferralRequestReceivedDate}, more than ten years before this month.",
        "Check the year. If the patient left long ago, enter the discharge.",
        "One wait of ten years changes the mean wait of a whole service.",
        bad=({"ReferralRequestReceivedDate": "2016-03-31", "OnsetDate": None},),
        good=({"ReferralRequestReceivedDate": "2016-04-01", "OnsetDate": None},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-106",
        "IDS101",
        Effect.REJECT_RECORD,
        ("ServDischDate", "ReferralRequestReceivedDate"),
        "ServDischDate < ReferralRequestReceivedDate",
        "The discharge date {ServDischDate} is before the referral was received ({ReferralRequestReceivedDate}).",
        "Correct the date that is wrong. If the referral is still open, leave the discharge date blank.",
        "No contact fits between the two dates, so the course would count as ended without treatment.",
        bad=(_NO_OFFER | {"ServDischDate": "2026-04-01", "EndCode": "50"},),
        good=(_NO_OFFER | {"ServDischDate": "2026-04-02", "EndCode": "50"}, {"ServDischDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-107",
        "IDS101",
        Effect.REJECT_RECORD,
        ("ServDischDate",),
        "ServDischDate < IDS000_ReportingPeriodStartDate",
        "The discharge date {ServDischDate} is before the start of the reporting period "
        "({IDS000_ReportingPeriodStartDate}).",
        "Remove referrals that ended in earlier months. If the discharge was not reported, submit the month of "
        "the discharge again.",
        "A referral counts in the months in which it is open. This one would count as discharged twice.",
        bad=(
            {"ReferralRequestReceivedDate": "2026-01-05", "ServDischDate": "2026-03-31", "EndCode": "50"}
            | _NO_OFFER,
        ),
        good=(
            {"ReferralRequestReceivedDate": "2026-01-05", "ServDischDate": "2026-04-01", "EndCode": "50"}
            | _NO_OFFER,
        ),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS101-108",
        "IDS101",
        Effect.REJECT_RECORD,
        ("ServDischDate",),
        "ServDischDate > IDS000_DateTimeDatSetCreate",
        "The discharge date {ServDischDate} is after the date of the extract ({IDS000_DateTimeDatSetCreate}).",
        "Correct the date. Enter a planned discharge only after it has happened.",
        "The patient is not yet discharged, so the course would count as finished too early.",
        bad=({"ServDischDate": "2026-05-07", "EndCode": "46"},),
        good=({"ServDischDate": "2026-04-30", "EndCode": "46"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-109",
        "IDS101",
        Effect.WARNING,  # MHS10130 allows 24 hours
        ("ServDischDate",),
        "ServDischDate > IDS000_ReportingPeriodEndDate + INTERVAL '1 day'"
        " AND ServDischDate <= IDS000_DateTimeDatSetCreate",
        "The discharge date {ServDischDate} is after the end of the reporting period "
        "({IDS000_ReportingPeriodEndDate}).",
        "Leave the date blank this month. Send the discharge in the submission of its own month.",
        "The course counts as finished in the month of the discharge, which is not reported yet.",
        bad=({"ServDischDate": "2026-05-02", "EndCode": "46"},),
        good=({"ServDischDate": "2026-05-01", "EndCode": "46"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-110",
        "IDS101",
        Effect.SEVERE_WARNING,
        ("EndCode", "ServDischDate"),
        "EndCode IS NOT NULL AND ServDischDate_text IS NULL",
        "There is a reason for discharge ({EndCode}) but no discharge date.",
        "Enter the discharge date. If the referral is still open, remove the reason.",
        "Without the date the referral stays open. The finished course and its outcome do not count.",
        Dimension.COMPLETENESS,
        bad=({"EndCode": "46"},),
        good=({"EndCode": "46", "ServDischDate": "2026-04-30"}, {"EndCode": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-111",
        "IDS101",
        Effect.WARNING,
        ("ServDischDate", "EndCode"),
        "ServDischDate IS NOT NULL AND EndCode IS NULL",
        "There is a discharge date ({ServDischDate}) but no reason for discharge.",
        "Enter the reason for discharge (EndCode).",
        "Completed treatment, drop-out and «not suitable» cannot be told apart.",
        Dimension.COMPLETENESS,
        bad=({"ServDischDate": "2026-04-30", "EndCode": None},),
        good=({"ServDischDate": "2026-04-30", "EndCode": "46"}, {}),
        owner=Owner.CLINICIAN,
    ),
)

_END: tuple[Rule, ...] = (
    Rule(
        "IDS101-112",
        "IDS101",
        Effect.WARNING,
        ("EndCode", "ReferralRequestReceivedDate", "ServDischDate"),
        f"EndCode IN {_TAKEN_ON} AND ServDischDate IS NOT NULL"
        " AND ReferralRequestReceivedDate >= IDS000_ReportingPeriodStartDate AND IDS201_records = 0",
        "The reason for discharge ({EndCode}) says that the patient was treated, but there is no contact.",
        "Add the contacts, or use a reason for patients who were not treated (10 to 17, 50, 95).",
        "A finished course needs two treatment contacts. This one counts as ended without any contact.",
        level=Level.GROUP,
        bad=({"EndCode": "46", "ServDischDate": "2026-04-30", "IDS201_records": "0"},),
        good=(
            {"EndCode": "46", "ServDischDate": "2026-04-30", "IDS201_records": "3"},
            _NO_OFFER | {"EndCode": "50", "ServDischDate": "2026-04-30", "IDS201_records": "0"},
            # received in an earlier month: its contacts are in the submission of that month
            {
                "EndCode": "46",
                "ReferralRequestReceivedDate": "2026-01-05",
                "ServDischDate": "2026-04-30",
                "IDS201_records": "0",
            },
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-113",
        "IDS101",
        Effect.WARNING,
        ("EndCode", "OfferAccepted"),
        "EndCode IN ('14', '50') AND OfferAccepted = 'Y'",
        "The reason for discharge ({EndCode}) says not assessed or treatment declined, but the patient accepted "
        "the offer.",
        "Correct EndCode or OfferAccepted.",
        "The patient counts both as having declined and as having accepted.",
        bad=({"EndCode": "14", "ServDischDate": "2026-04-30", "OfferAccepted": "Y"},),
        good=({"EndCode": "14", "ServDischDate": "2026-04-30", "OfferAccepted": "N"}, {"OfferAccepted": "Y"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-114",
        "IDS101",
        Effect.WARNING,
        ("EndCode",),
        # Earlier versions have no element for the date of death.
        "EndCode IN ('17', '49') AND IDS001_found AND IDS001_PersDeathDate IS NULL AND IDS000_DatSetVer = '1.0'",
        "The reason for discharge ({EndCode}) says that the patient died, but the date of death is blank.",
        "Enter PersDeathDate in IDS001MPI, or correct the reason.",
        "If the code is wrong, a living patient counts as dead.",
        Dimension.COMPLETENESS,
        bad=({"EndCode": "49", "ServDischDate": "2026-04-20", "IDS001_PersDeathDate": None},),
        good=(
            {"EndCode": "49", "ServDischDate": "2026-04-20", "IDS001_PersDeathDate": "2026-04-18"},
            {
                "EndCode": "49",
                "ServDischDate": "2026-04-20",
                "IDS001_PersDeathDate": None,
                "IDS000_DatSetVer": "2.1",
            },
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-115",
        "IDS101",
        Effect.WARNING,
        ("EndCode", "ServDischDate"),
        "IDS001_PersDeathDate <= ServDischDate AND EndCode NOT IN ('17', '49')",
        "The patient died on or before the discharge date, but the reason for discharge is {EndCode}.",
        "Use 49 (died during treatment) or 17 (died before treatment), or correct the date of death.",
        "The death counts as a completed course or as a drop-out.",
        bad=({"EndCode": "47", "ServDischDate": "2026-04-20", "IDS001_PersDeathDate": "2026-04-18"},),
        good=({"EndCode": "49", "ServDischDate": "2026-04-20", "IDS001_PersDeathDate": "2026-04-18"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-116",
        "IDS101",
        Effect.WARNING,
        ("ServDischDate",),
        "IDS001_PersDeathDate IS NOT NULL AND ServDischDate_text IS NULL",
        "The patient has died, but the referral is still open.",
        "Enter the discharge date and the reason (17 or 49), or correct the date of death.",
        "The patient counts as waiting or in treatment every month until the referral is closed.",
        bad=({"IDS001_PersDeathDate": "2026-04-18"},),
        good=(
            {"IDS001_PersDeathDate": "2026-04-18", "ServDischDate": "2026-04-20", "EndCode": "49"},
            {"IDS001_PersDeathDate": None},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS101-117",
        "IDS101",
        Effect.SEVERE_WARNING,
        ("ReferralRequestReceivedDate",),
        "ReferralRequestReceivedDate > IDS001_PersDeathDate",
        "The referral was received on {ReferralRequestReceivedDate}, after the patient's death.",
        "Correct the date that is wrong, or the LocalPatientId of the referral.",
        "The referral and its outcome may belong to another patient.",
        bad=({"IDS001_PersDeathDate": "2026-04-01", "ServDischDate": "2026-04-20", "EndCode": "49"},),
        good=({"IDS001_PersDeathDate": "2026-04-02", "ServDischDate": "2026-04-20", "EndCode": "49"},),
        owner=Owner.CLINICIAN,
    ),
)

RULES: tuple[Rule, ...] = (*_DATES, *_END)
