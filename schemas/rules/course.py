"""Rules of records below a referral that are not contacts.

Belongs here: onward referrals (IDS105), pauses in the waiting time (IDS108), session plans (SMI203). Does not
belong here: contacts (``contact``).
"""

from schemas.pathway import pathways
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import after_period, before_period, ends_before_start, overlap, repeated

_LONG_AGO = {"IDS101_ReferralRequestReceivedDate": "2025-01-06"}
_STEPS = "('05', '06')"  # a step up or down stays within the provider
# Therapy types that are meant for one or two pathways only.
_MADE_FOR = {
    therapy: ", ".join(f"'{found.code}'" for found in pathways() if therapy in found.therapies)
    for therapy in dict.fromkeys(therapy for found in pathways() for therapy in found.therapies)
}
_OF_ANOTHER_PATHWAY = " OR ".join(
    f"(TherapyType = '{therapy}' AND IDS101_Pathway NOT IN ({codes}))" for therapy, codes in _MADE_FOR.items()
)

_ONWARD: tuple[Rule, ...] = (
    before_period(
        "IDS105-102",
        "OnwardReferDate",
        "The onward referral",
        "The onward referral counts in the month in which it was made.",
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS105-103",
        "OnwardReferDate",
        "The onward referral",
        "A future onward referral would be counted as made.",
    ),
    Rule(
        "IDS105-104",
        "IDS105",
        Effect.REJECT_RECORD,
        ("OnwardReferDate",),
        "OnwardReferDate < IDS101_ReferralRequestReceivedDate",
        "The onward referral ({OnwardReferDate}) is before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the record.",
        "It probably belongs to another referral, which then lacks this step.",
        bad=({"OnwardReferDate": "2026-04-02", "IDS101_ReferralRequestReceivedDate": "2026-04-03"},),
        good=({"OnwardReferDate": "2026-04-03", "IDS101_ReferralRequestReceivedDate": "2026-04-03"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS105-105",
        "IDS105",
        Effect.WARNING,
        ("OnwardReferDate",),
        "OnwardReferDate > IDS101_ServDischDate",
        "The onward referral ({OnwardReferDate}) is after the discharge ({IDS101_ServDischDate}).",
        "Correct the date that is wrong.",
        "The onward referral is left out of the figures for discharged patients.",
        bad=({"OnwardReferDate": "2026-04-22", "IDS101_ServDischDate": "2026-04-21"},),
        good=({"OnwardReferDate": "2026-04-22", "IDS101_ServDischDate": "2026-04-22"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS105-106",
        "IDS105",
        Effect.WARNING,
        ("OrgIDReceiving", "OnwardReferReason"),
        f"OrgIDReceiving = IDS000_OrgIDProv AND (OnwardReferReason IS NULL OR OnwardReferReason NOT IN {_STEPS})",
        "The patient was referred on to {OrgIDReceiving}, which is this provider.",
        "Enter the organisation that received the patient. For a step up or down within the provider use reason "
        "05 or 06.",
        "A patient who stays with the provider counts as referred elsewhere.",
        bad=({"OrgIDReceiving": "RW5", "OnwardReferReason": "01"},),
        good=({"OrgIDReceiving": "RW5", "OnwardReferReason": "05"}, {"OrgIDReceiving": "RXL"}),
        owner=Owner.CLINICIAN,
    ),
    repeated(
        "IDS105-107",
        ("ServiceRequestId", "OnwardReferDate", "OrgIDReceiving"),
        "this referral, date and receiving organisation",
        "The patient counts as referred on twice.",
        {"OrgIDReceiving": "RTX"},
        Effect.WARNING,
    ),
)

_PAUSE: tuple[Rule, ...] = (
    repeated(
        "IDS108-102",
        ("ServiceRequestId", "PauseID"),
        "this referral and PauseID",
        "It is unclear which pause applies.",
        {"PauseID": "9"},
        fix="Give each pause of a referral its own PauseID, and send each pause once.",
        apart={"PauseStartDate": "2026-04-20", "PauseEndDate": "2026-04-21"},
    ),
    ends_before_start(
        "IDS108-103",
        "PauseStartDate",
        "PauseEndDate",
        "pause",
        "The pause would make the wait longer instead of shorter.",
    ),
    Rule(
        "IDS108-104",
        "IDS108",
        Effect.REJECT_RECORD,
        ("PauseStartDate",),
        "PauseStartDate < IDS101_ReferralRequestReceivedDate",
        "The pause starts on {PauseStartDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the record.",
        "Days before the start of the wait would be subtracted from it.",
        bad=({"IDS101_ReferralRequestReceivedDate": "2026-04-07"},),
        good=({"IDS101_ReferralRequestReceivedDate": "2026-04-06"},),
        owner=Owner.CLINICIAN,
    ),
    after_period(
        "IDS108-105",
        "PauseStartDate",
        "The start of the pause",
        "A future pause would be subtracted from the wait.",
        also={"PauseEndDate": None},
    ),
    Rule(
        "IDS108-106",
        "IDS108",
        Effect.REJECT_RECORD,
        ("PauseStartDate",),
        "PauseStartDate > IDS101_ServDischDate",
        "The pause starts on {PauseStartDate}, after the discharge ({IDS101_ServDischDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the record.",
        "The wait has ended at discharge, so it cannot be paused.",
        bad=({"IDS101_ServDischDate": "2026-04-05"},),
        good=({"IDS101_ServDischDate": "2026-04-10"}, {"IDS101_ServDischDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS108-107",
        "IDS108",
        Effect.WARNING,
        ("PauseEndDate",),
        "PauseEndDate > IDS101_ServDischDate AND PauseStartDate <= IDS101_ServDischDate",
        "The pause ends on {PauseEndDate}, after the discharge ({IDS101_ServDischDate}).",
        "End the pause on the discharge date at the latest.",
        "More days are subtracted than the patient waited.",
        bad=({"IDS101_ServDischDate": "2026-04-08"},),
        good=({"IDS101_ServDischDate": "2026-04-10"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS108-108",
        "IDS108",
        # Not rejected: without its pauses a referral would show the full wait.
        Effect.SEVERE_WARNING,
        ("PauseStartDate", "PauseEndDate"),
        overlap(("ServiceRequestId",), "PauseStartDate", "PauseEndDate", same_day=True),
        "The pause from {PauseStartDate} to {PauseEndDate} overlaps another pause of the same referral. A blank "
        "end means that the pause still lasts.",
        "Enter the end of the earlier pause, or combine the two pauses.",
        "Days in both pauses are subtracted twice, so the wait looks shorter than it was.",
        level=Level.GROUP,
        group_by=("ServiceRequestId",),
        bad=({}, {"PauseID": "2", "PauseStartDate": "2026-04-10", "PauseEndDate": "2026-04-15"}),
        good=({}, {"PauseID": "2", "PauseStartDate": "2026-04-11", "PauseEndDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS108-109",
        "IDS108",
        Effect.WARNING,
        ("PauseReason", "PauseEndDate"),
        "PauseEndDate IS NOT NULL AND PauseReason IS NULL",
        "The pause ended on {PauseEndDate}, but it has no reason.",
        "Enter the reason (01 holiday, 02 other health needs, 03 other).",
        "Without a reason the pause cannot be justified when waits are compared.",
        Dimension.COMPLETENESS,
        bad=({"PauseReason": None},),
        good=({"PauseReason": "02"}, {"PauseReason": None, "PauseEndDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS108-110",
        "IDS108",
        Effect.WARNING,
        ("PauseStartDate", "PauseEndDate"),
        "PauseEndDate_text IS NULL AND PauseStartDate + INTERVAL '1 year' < IDS000_ReportingPeriodEndDate",
        "The pause began on {PauseStartDate} and has lasted more than a year.",
        "Enter the end of the pause, or discharge the patient.",
        "While the pause lasts, the patient is left out of every waiting figure.",
        bad=({"PauseStartDate": "2025-04-29", "PauseEndDate": None} | _LONG_AGO,),
        good=(
            {"PauseStartDate": "2025-04-30", "PauseEndDate": None} | _LONG_AGO,
            {"PauseStartDate": "2025-04-29"} | _LONG_AGO,
        ),
        owner=Owner.CLINICIAN,
    ),
)


def _dose(rule_id: str, codes: str, therapy: str, sessions: int, why: str) -> Rule:
    first = codes.strip("('").split("'")[0]
    return Rule(
        rule_id,
        "SMI203",
        Effect.WARNING,
        ("TherapyType", "PlannedSessions"),
        f"TherapyType IN {codes} AND PlannedSessions < {sessions}",
        f"{{PlannedSessions}} sessions of {therapy} are planned. NICE expects at least {sessions}.",
        "If this is the plan, no change is needed. Otherwise correct the number.",
        why,
        bad=({"TherapyType": first, "PlannedSessions": str(sessions - 1)},),
        good=(
            {"TherapyType": first, "PlannedSessions": str(sessions)},
            {"TherapyType": "GSB", "PlannedSessions": "6"},
        ),
        owner=Owner.CLINICIAN,
    )


_PLAN: tuple[Rule, ...] = (
    repeated(
        "SMI203-102",
        ("ServiceRequestId", "TherapyType"),
        "this referral and therapy",
        "The plan with the latest start counts. It may not be the plan in use.",
        {"TherapyType": "FIP", "PlannedSessions": "10"},
        Effect.WARNING,
        "Send the plan in use, and remove the earlier one.",
    ),
    _dose(
        "SMI203-103",
        "('CBP')",
        "cognitive behavioural therapy for psychosis",
        16,
        "A plan with fewer sessions than NICE expects (CG178) shows as a dose below the recommended one.",
    ),
    _dose(
        "SMI203-104",
        "('FIP', 'FPB')",
        "family intervention",
        10,
        "A plan with fewer sessions than NICE expects (CG178) shows as a dose below the recommended one.",
    ),
    Rule(
        "SMI203-105",
        "SMI203",
        Effect.WARNING,
        ("PlannedSessions",),
        "PlannedSessions_text IS NULL",
        "The plan has no number of sessions.",
        "Enter PlannedSessions.",
        "The dose given cannot be compared with the dose planned. The referral is left out of that comparison.",
        Dimension.COMPLETENESS,
        bad=({"PlannedSessions": None},),
        good=({"PlannedSessions": "16"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI203-106",
        "SMI203",
        Effect.WARNING,
        ("PlanStartDate",),
        "PlanStartDate < IDS101_ReferralRequestReceivedDate OR PlanStartDate > IDS101_ServDischDate",
        "The plan starts on {PlanStartDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}) or after the discharge.",
        "Correct the date, or the ServiceRequestId of the plan.",
        "The planned sessions belong to another course than the sessions given.",
        bad=(
            {"PlanStartDate": "2026-04-01", "IDS101_ReferralRequestReceivedDate": "2026-04-02"},
            {"PlanStartDate": "2026-04-28", "IDS101_ServDischDate": "2026-04-27"},
        ),
        good=({"PlanStartDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-02"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "SMI203-107",
        "SMI203",
        Effect.WARNING,
        ("TherapyType",),
        _OF_ANOTHER_PATHWAY,
        "The planned therapy ({TherapyType}) is meant for another pathway than that of the referral "
        "({IDS101_Pathway}).",
        "Check the therapy and the pathway of the referral.",
        "Either the course counts in the wrong pathway, or the therapy given never matches the plan.",
        bad=({"TherapyType": "CBP", "IDS101_Pathway": "04"},),
        good=(
            {"TherapyType": "CBP", "IDS101_Pathway": "01"},
            {"TherapyType": "FPB", "IDS101_Pathway": "02"},
            {"TherapyType": "DBT", "IDS101_Pathway": "04"},
        ),
        owner=Owner.CLINICIAN,
    ),
)

RULES: tuple[Rule, ...] = (*_ONWARD, *_PAUSE, *_PLAN)
