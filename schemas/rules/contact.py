"""Rules of the care contact that compare one value with another: when it was, and whether anybody came.

Belongs here: date, attendance and duration of IDS201. Does not belong here: how and where people met (``meeting``),
what was done (``activity``).

A rejected contact takes its activities and scores along. So it is rejected only where the national rules do, and
where it cannot belong to the referral it names.
"""

from schemas.rule import Dimension, Effect, Level, Rule
from schemas.rules.recurring import after_period, before_period, repeated, repeated_key

_ATTENDED = "AttendOrDNACode IN ('5', '6')"
_NOT_ATTENDED = "AttendOrDNACode IN ('2', '3', '4', '7')"
_LONG_MINUTES = 480  # a working day

RULES: tuple[Rule, ...] = (
    repeated_key(
        "IDS201-102",
        "care contact",
        "Nobody can say which of them an activity or a score belongs to, and each would count as a session.",
        {"CareContTime": "15:00:00"},
    ),
    before_period(
        "IDS201-103",
        "CareContDate",
        "The contact",
        "A contact counts once, in its own month; sent with another it would change that month unseen.",
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS201-104",
        "CareContDate",
        "The contact",
        "A contact that is still to come would count as a session, whatever becomes of it.",
    ),
    Rule(
        "IDS201-105",
        "IDS201",
        Effect.REJECT_RECORD,
        ("CareContDate",),
        "CareContDate < IDS101_ReferralRequestReceivedDate",
        "The contact on {CareContDate} is before the referral was received ({IDS101_ReferralRequestReceivedDate}).",
        "Correct whichever date is wrong, or the referral that the contact names.",
        "It belongs to another referral; here the wait to the first treatment would be negative.",
        bad=({"CareContDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        good=({"CareContDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-14"},),
    ),
    Rule(
        "IDS201-106",
        "IDS201",
        # Not rejected: as a rule the discharge is wrong, and the scores taken in the contact would be lost with it.
        Effect.SEVERE_WARNING,
        ("CareContDate",),
        "CareContDate > IDS101_ServDischDate",
        "The contact on {CareContDate} is after the discharge ({IDS101_ServDischDate}).",
        "Correct whichever date is wrong; after a discharge a new referral is needed.",
        "It counts as no treatment, and the scores taken in it are left out of outcomes.",
        bad=({"CareContDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-13"},),
        good=({"CareContDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-14"}, {"IDS101_ServDischDate": None}),
    ),
    Rule(
        "IDS201-107",
        "IDS201",
        Effect.SEVERE_WARNING,
        ("AttendOrDNACode", "CareContDate"),
        "AttendOrDNACode = '0' AND CareContDate + INTERVAL '1 day' <= IDS000_DateTimeDatSetCreate",
        "AttendOrDNACode {AttendOrDNACode} says that the contact is in the future, but its date {CareContDate} had "
        "passed when the extract was made.",
        "Record whether the patient attended, and make the extract again.",
        "If the patient came, a session is missing from the course, and with it perhaps the course from those "
        "finished.",
        Dimension.COMPLETENESS,
        bad=({"AttendOrDNACode": "0"},),
        good=(
            {"AttendOrDNACode": "5"},
            {"AttendOrDNACode": "0", "IDS000_DateTimeDatSetCreate": "2026-04-14T08:00:00"},
        ),
    ),
    Rule(
        "IDS201-108",
        "IDS201",
        Effect.WARNING,
        ("ClinContDurOfCareCont", "AttendOrDNACode"),
        f"{_ATTENDED} AND (ClinContDurOfCareCont = 0 OR ClinContDurOfCareCont_text IS NULL)",
        "The patient attended, but the contact has no duration.",
        "Enter the minutes of clinical time.",
        "The contact counts as a session that took no time.",
        Dimension.COMPLETENESS,
        bad=({"ClinContDurOfCareCont": "0"}, {"ClinContDurOfCareCont": None}),
        good=({"ClinContDurOfCareCont": "50"}, {"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}),
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
        "If the patient was seen, the session is missing; if not, clinical time is counted that was not given.",
        bad=({"AttendOrDNACode": "3", "ClinContDurOfCareCont": "50"},),
        good=({"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}, {"AttendOrDNACode": "5"}),
    ),
    Rule(
        "IDS201-110",
        "IDS201",
        Effect.WARNING,
        ("ClinContDurOfCareCont",),
        f"ClinContDurOfCareCont > {_LONG_MINUTES}",
        f"The contact lasted {{ClinContDurOfCareCont}} minutes, longer than a working day ({_LONG_MINUTES}).",
        "Check the minutes; a count of seconds or two times run together look like this.",
        "One such contact outweighs ten sessions in clinical time.",
        bad=({"ClinContDurOfCareCont": "481"},),
        good=({"ClinContDurOfCareCont": "480"},),
    ),
    Rule(
        "IDS201-111",
        "IDS201",
        Effect.WARNING,
        ("Cancellation", "AttendOrDNACode"),
        "Cancellation = 'Y' AND AttendOrDNACode NOT IN ('2', '4')",
        "The slot is said to have been cancelled and used again, but AttendOrDNACode is {AttendOrDNACode}.",
        "Correct AttendOrDNACode (2 cancelled by the patient, 4 by the provider), or the indicator.",
        "An appointment that was kept counts as cancelled, or the other way round.",
        bad=({"Cancellation": "Y", "AttendOrDNACode": "5"},),
        good=({"Cancellation": "Y", "AttendOrDNACode": "2", "ClinContDurOfCareCont": "0"}, {"Cancellation": "N"}),
    ),
    Rule(
        "IDS201-112",
        "IDS201",
        Effect.SEVERE_WARNING,
        ("PlannedCareContIndicator", "AttendOrDNACode"),
        f"PlannedCareContIndicator = 'N' AND {_NOT_ATTENDED}",
        "The contact was not planned, but AttendOrDNACode {AttendOrDNACode} says that the patient was not seen.",
        "Correct whichever is wrong: who has no appointment cannot miss it.",
        "A contact that was not planned counts as attended, so this one counts as a session.",
        bad=({"PlannedCareContIndicator": "N", "AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"},),
        good=({"PlannedCareContIndicator": "N"}, {"AttendOrDNACode": "3", "ClinContDurOfCareCont": "0"}),
    ),
    Rule(
        "IDS201-113",
        "IDS201",
        Effect.WARNING,
        ("PlannedCareContIndicator",),
        "PlannedCareContIndicator IS NULL",
        "Whether the contact was planned is blank.",
        "Enter Y for an appointment, N for a contact without one.",
        "Without AttendOrDNACode it decides whether the contact counts as attended.",
        Dimension.COMPLETENESS,
        bad=({"PlannedCareContIndicator": None},),
        good=({"PlannedCareContIndicator": "Y"},),
    ),
    repeated(
        "IDS201-114",
        ("ServiceRequestId", "CareContDate", "CareContTime"),
        "a contact of this referral at this date and time",
        "One session entered twice counts as two, and two are a finished course.",
        {"CareContTime": "11:00:00"},
        Effect.WARNING,
        "Keep one of them; if there were two, correct the time of one.",
        {"CareContactId": "C900"},
    ),
    Rule(
        "IDS201-115",
        "IDS201",
        Effect.WARNING,
        ("AppType", "CareContDate"),
        "AppType = '06' AND CareContDate < MAX(CASE WHEN AppType IN ('02', '03', '05')"
        f" AND {_ATTENDED} THEN CareContDate END) OVER (PARTITION BY ServiceRequestId)",
        "The contact on {CareContDate} is a follow-up after the end of treatment, but treatment went on later.",
        "Use 02 (treatment) or 04 (review) for this contact, or correct the later one.",
        "Follow-ups count as no treatment, and scores taken in them are left out of recovery.",
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
    ),
)
