"""Rules of the care contact that compare one value with another: its date and whether the patient attended.

Belongs here: date, attendance and duration of IDS201. Does not belong here: how and where the contact took place
(``meeting``), what was done (``activity``).

Rejecting a contact also rejects its activities and scores. So a contact is rejected only where the national rules
reject it, and where it cannot belong to the referral it names.
"""

from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import after_period, before_period, repeated, repeated_key

_ATTENDED = "AttendOrDNACode IN ('5', '6')"
_NOT_ATTENDED = "AttendOrDNACode IN ('2', '3', '4', '7')"
_LONG_MINUTES = 480  # a working day

RULES: tuple[Rule, ...] = (
    repeated_key(
        "IDS201-102",
        "care contact",
        "It is unclear which contact an activity or a score belongs to. Each would count as a session.",
        {"CareContTime": "15:00:00"},
    ),
    before_period(
        "IDS201-103",
        "CareContDate",
        "The contact",
        "A contact counts once, in its own month. In this submission it would change the figures of another month.",
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS201-104",
        "CareContDate",
        "The contact",
        "A future contact would count as a session, although it may not take place.",
    ),
    Rule(
        "IDS201-105",
        "IDS201",
        Effect.REJECT_RECORD,
        ("CareContDate",),
        "CareContDate < IDS101_ReferralRequestReceivedDate",
        "The contact on {CareContDate} is before the referral was received ({IDS101_ReferralRequestReceivedDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the contact.",
        "The contact probably belongs to another referral. Here the wait to the first treatment would be negative.",
        bad=({"CareContDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        good=({"CareContDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-106",
        "IDS201",
        # Not rejected: usually the discharge date is wrong, and rejecting would lose the scores taken in the
        # contact.
        Effect.SEVERE_WARNING,
        ("CareContDate",),
        "CareContDate > IDS101_ServDischDate",
        "The contact on {CareContDate} is after the discharge ({IDS101_ServDischDate}).",
        "Correct the date that is wrong. If the patient came back after the discharge, send a new referral.",
        "The contact does not count as treatment, and its scores are left out of outcomes.",
        bad=({"CareContDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-13"},),
        good=({"CareContDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-14"}, {"IDS101_ServDischDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-107",
        "IDS201",
        Effect.SEVERE_WARNING,
        ("AttendOrDNACode", "CareContDate"),
        "AttendOrDNACode = '0' AND CareContDate + INTERVAL '1 day' <= IDS000_DateTimeDatSetCreate",
        "AttendOrDNACode {AttendOrDNACode} says that the contact is in the future. Its date {CareContDate} had "
        "passed when the extract was made.",
        "Record whether the patient attended. Then make the extract again.",
        "If the patient attended, a session is missing. The course may then not count as finished.",
        Dimension.COMPLETENESS,
        bad=({"AttendOrDNACode": "0"},),
        good=(
            {"AttendOrDNACode": "5"},
            {"AttendOrDNACode": "0", "IDS000_DateTimeDatSetCreate": "2026-04-14T08:00:00"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-108",
        "IDS201",
        Effect.WARNING,
        ("ClinContDurOfCareCont", "AttendOrDNACode"),
        f"{_ATTENDED} AND (ClinContDurOfCareCont = 0 OR ClinContDurOfCareCont_text IS NULL)",
        "The patient attended, but the duration of the contact is blank.",
        "Enter the minutes of clinical time.",
        "The contact counts as a session of zero minutes.",
        Dimension.COMPLETENESS,
        bad=({"ClinContDurOfCareCont": "0"}, {"ClinContDurOfCareCont": None}),
        good=({"ClinContDurOfCareCont": "50"}, {"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-109",
        "IDS201",
        Effect.WARNING,
        ("ClinContDurOfCareCont", "AttendOrDNACode"),
        f"{_NOT_ATTENDED} AND ClinContDurOfCareCont > 0",
        "AttendOrDNACode {AttendOrDNACode} says that the patient was not seen, but the contact lasted "
        "{ClinContDurOfCareCont} minutes.",
        "Correct AttendOrDNACode, or enter 0 minutes.",
        "If the patient was seen, a session is missing. If not, clinical time is counted that was not given.",
        bad=({"AttendOrDNACode": "3", "ClinContDurOfCareCont": "50"},),
        good=({"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}, {"AttendOrDNACode": "5"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-110",
        "IDS201",
        Effect.WARNING,
        ("ClinContDurOfCareCont",),
        f"ClinContDurOfCareCont > {_LONG_MINUTES}",
        f"The contact lasted {{ClinContDurOfCareCont}} minutes, longer than a working day ({_LONG_MINUTES}).",
        "Check the minutes. The value may be in seconds, or two values may be joined together.",
        "One such contact counts for as much clinical time as ten sessions.",
        bad=({"ClinContDurOfCareCont": "481"},),
        good=({"ClinContDurOfCareCont": "480"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-111",
        "IDS201",
        Effect.WARNING,
        ("Cancellation", "AttendOrDNACode"),
        "Cancellation = 'Y' AND AttendOrDNACode NOT IN ('2', '4')",
        "The indicator says that the slot was cancelled and used again, but AttendOrDNACode is {AttendOrDNACode}.",
        "Correct AttendOrDNACode (2 cancelled by the patient, 4 by the provider), or correct the indicator.",
        "An attended appointment counts as cancelled, or a cancelled one as attended.",
        bad=({"Cancellation": "Y", "AttendOrDNACode": "5"},),
        good=({"Cancellation": "Y", "AttendOrDNACode": "2", "ClinContDurOfCareCont": "0"}, {"Cancellation": "N"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-112",
        "IDS201",
        Effect.SEVERE_WARNING,
        ("PlannedCareContIndicator", "AttendOrDNACode"),
        f"PlannedCareContIndicator = 'N' AND {_NOT_ATTENDED}",
        "The contact was not planned, but AttendOrDNACode {AttendOrDNACode} says that the patient was not seen.",
        "Correct the value that is wrong. A patient without an appointment cannot miss it.",
        "An unplanned contact counts as attended, so this one counts as a session.",
        bad=({"PlannedCareContIndicator": "N", "AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"},),
        good=({"PlannedCareContIndicator": "N"}, {"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS201-113",
        "IDS201",
        Effect.WARNING,
        ("PlannedCareContIndicator",),
        "PlannedCareContIndicator IS NULL",
        "It is blank whether the contact was planned.",
        "Enter Y for a planned appointment, N for an unplanned contact.",
        "If AttendOrDNACode is blank, this value decides whether the contact counts as attended.",
        Dimension.COMPLETENESS,
        bad=({"PlannedCareContIndicator": None},),
        good=({"PlannedCareContIndicator": "Y"},),
        owner=Owner.CLINICIAN,
    ),
    repeated(
        "IDS201-114",
        ("ServiceRequestId", "CareContDate", "CareContTime"),
        "a contact of this referral at this date and time",
        "One session would count as two, and two sessions make a finished course.",
        {"CareContTime": "11:00:00"},
        Effect.WARNING,
        "Remove one of the two records. If there were two contacts, correct the time of one.",
        {"CareContactId": "C900"},
    ),
    Rule(
        "IDS201-115",
        "IDS201",
        Effect.WARNING,
        ("AppType", "CareContDate"),
        "AppType = '06' AND CareContDate < MAX(CASE WHEN AppType IN ('02', '03', '05')"
        f" AND {_ATTENDED} THEN CareContDate END) OVER (PARTITION BY ServiceRequestId)",
        "The contact on {CareContDate} is a follow-up after the end of treatment, but a later contact is a "
        "treatment contact.",
        "Use 02 (treatment) or 04 (review) for this contact, or correct the later contact.",
        "A follow-up does not count as treatment, and its scores are left out of recovery.",
        level=Level.GROUP,
        group_by=("ServiceRequestId",),
        when="AppType = '06'",
        bad=({"AppType": "06"}, {"CareContactId": "C900", "AppType": "02", "CareContDate": "2026-04-21"}),
        good=(
            {"AppType": "06", "CareContDate": "2026-04-28"},
            {"CareContactId": "C900", "AppType": "02", "CareContDate": "2026-04-14"},
            {
                "CareContactId": "C901",
                "AppType": "02",
                "CareContDate": "2026-04-29",
                "AttendOrDNACode": "3",
                "ClinContDurOfCareCont": "0",
            },
        ),
        owner=Owner.CLINICIAN,
    ),
)
