"""Rules of what hangs on a referral before and beside its contacts.

Belongs here: onward referrals (IDS105), pauses in the waiting time (IDS108), session plans (SMI203). Does not
belong here: contacts (``contact``).
"""

from schemas.pathway import pathways
from schemas.rule import Dimension, Effect, Level, Rule
from schemas.rules.recurring import after_period, before_period, ends_before_start, overlap, repeated

_LONG_AGO = {"IDS101_ReferralRequestReceivedDate": "2025-01-06"}
_STEPS = "('05', '06')"  # stepping up or down stays within the provider
# Therapies of the short list that are made for one pathway, or two.
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
        "It was counted in the month in which it was made.",  # MHS10521
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS105-103",
        "OnwardReferDate",
        "The onward referral",
        "An onward referral that is still to come would be counted as made.",  # MHS10522
    ),
    Rule(
        "IDS105-104",
        "IDS105",
        Effect.REJECT_RECORD,
        ("OnwardReferDate",),
        "OnwardReferDate < IDS101_ReferralRequestReceivedDate",
        "The onward referral ({OnwardReferDate}) is before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct whichever date is wrong, or the referral named.",
        "It belongs to another referral, whose steps would be missing.",
        bad=({"OnwardReferDate": "2026-04-02", "IDS101_ReferralRequestReceivedDate": "2026-04-03"},),
        good=({"OnwardReferDate": "2026-04-03", "IDS101_ReferralRequestReceivedDate": "2026-04-03"},),
    ),
    Rule(
        "IDS105-105",
        "IDS105",
        Effect.WARNING,
        ("OnwardReferDate",),
        "OnwardReferDate > IDS101_ServDischDate",
        "The onward referral ({OnwardReferDate}) is after the discharge ({IDS101_ServDischDate}).",
        "Correct whichever date is wrong.",
        "The onward referral is left out of the figures for discharged patients.",
        bad=({"OnwardReferDate": "2026-04-22", "IDS101_ServDischDate": "2026-04-21"},),
        good=({"OnwardReferDate": "2026-04-22", "IDS101_ServDischDate": "2026-04-22"},),
    ),
    Rule(
        "IDS105-106",
        "IDS105",
        Effect.WARNING,
        ("OrgIDReceiving", "OnwardReferReason"),
        f"OrgIDReceiving = IDS000_OrgIDProv AND (OnwardReferReason IS NULL OR OnwardReferReason NOT IN {_STEPS})",
        "The patient was referred on to {OrgIDReceiving}, which is this provider.",
        "Enter the organisation the patient went to; for a step up or down within the provider use reason 05 or "
        "06.",
        "A patient who stays counts as referred elsewhere.",
        bad=({"OrgIDReceiving": "RW5", "OnwardReferReason": "01"},),
        good=({"OrgIDReceiving": "RW5", "OnwardReferReason": "05"}, {"OrgIDReceiving": "RXL"}),
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
        "Which of the two pauses holds nobody can say.",
        {"PauseID": "9"},
        fix="Give each pause of a referral a PauseID of its own, and send it once.",
        apart={"PauseStartDate": "2026-04-20", "PauseEndDate": "2026-04-21"},
    ),
    ends_before_start(
        "IDS108-103",
        "PauseStartDate",
        "PauseEndDate",
        "pause",
        "The wait would grow by the pause instead of shrinking.",
    ),
    Rule(
        "IDS108-104",
        "IDS108",
        Effect.REJECT_RECORD,
        ("PauseStartDate",),
        "PauseStartDate < IDS101_ReferralRequestReceivedDate",
        "The pause starts on {PauseStartDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct whichever date is wrong, or the referral named.",
        "Days before the wait began would be taken off it.",
        bad=({"IDS101_ReferralRequestReceivedDate": "2026-04-07"},),
        good=({"IDS101_ReferralRequestReceivedDate": "2026-04-06"},),
    ),
    after_period(
        "IDS108-105",
        "PauseStartDate",
        "The start of the pause",
        "A pause that is still to come would be taken off the wait already.",
        also={"PauseEndDate": None},
    ),
    Rule(
        "IDS108-106",
        "IDS108",
        Effect.REJECT_RECORD,
        ("PauseStartDate",),
        "PauseStartDate > IDS101_ServDischDate",
        "The pause starts on {PauseStartDate}, after the discharge ({IDS101_ServDischDate}).",
        "Correct whichever date is wrong, or the referral named.",
        "Nobody waits after the discharge, so there is nothing to pause.",
        bad=({"IDS101_ServDischDate": "2026-04-05"},),
        good=({"IDS101_ServDischDate": "2026-04-10"}, {"IDS101_ServDischDate": None}),
    ),
    Rule(
        "IDS108-107",
        "IDS108",
        Effect.WARNING,
        ("PauseEndDate",),
        "PauseEndDate > IDS101_ServDischDate AND PauseStartDate <= IDS101_ServDischDate",
        "The pause ends on {PauseEndDate}, after the discharge ({IDS101_ServDischDate}).",
        "End the pause with the discharge at the latest.",
        "More days are taken off the wait than the patient waited.",
        bad=({"IDS101_ServDischDate": "2026-04-08"},),
        good=({"IDS101_ServDischDate": "2026-04-10"},),
    ),
    Rule(
        "IDS108-108",
        "IDS108",
        # Not rejected: without its pauses a referral would show the longest wait of all.
        Effect.SEVERE_WARNING,
        ("PauseStartDate", "PauseEndDate"),
        overlap(("ServiceRequestId",), "PauseStartDate", "PauseEndDate", same_day=True),
        "The pause from {PauseStartDate} to {PauseEndDate} overlaps another pause of the same referral; one "
        "without an end lasts on.",
        "Give the earlier pause its end, or make one pause of the two.",
        "The days in both are taken off the wait twice, which makes it look shorter than it was.",
        level=Level.GROUP,
        group_by=("ServiceRequestId",),
        bad=({}, {"PauseID": "2", "PauseStartDate": "2026-04-10", "PauseEndDate": "2026-04-15"}),
        good=({}, {"PauseID": "2", "PauseStartDate": "2026-04-11", "PauseEndDate": None}),
    ),
    Rule(
        "IDS108-109",
        "IDS108",
        Effect.WARNING,
        ("PauseReason", "PauseEndDate"),
        "PauseEndDate IS NOT NULL AND PauseReason IS NULL",
        "The pause ended on {PauseEndDate}, but it has no reason.",
        "Enter the reason (01 holiday, 02 other health needs, 03 other).",
        "A pause nobody can explain cannot be defended when waits are compared.",
        Dimension.COMPLETENESS,
        bad=({"PauseReason": None},),
        good=({"PauseReason": "02"}, {"PauseReason": None, "PauseEndDate": None}),
    ),
    Rule(
        "IDS108-110",
        "IDS108",
        Effect.WARNING,
        ("PauseStartDate", "PauseEndDate"),
        "PauseEndDate_text IS NULL AND PauseStartDate + INTERVAL '1 year' < IDS000_ReportingPeriodEndDate",
        "The pause began on {PauseStartDate} and has lasted for more than a year.",
        "Enter the end of the pause, or discharge the patient.",
        "As long as the pause lasts the patient is in no figure of waiting.",
        bad=({"PauseStartDate": "2025-04-29", "PauseEndDate": None} | _LONG_AGO,),
        good=(
            {"PauseStartDate": "2025-04-30", "PauseEndDate": None} | _LONG_AGO,
            {"PauseStartDate": "2025-04-29"} | _LONG_AGO,
        ),
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
        f"{{PlannedSessions}} sessions of {therapy} are planned; NICE expects at least {sessions}.",
        "Nothing to do if this is what was planned; otherwise correct the number.",
        why,
        bad=({"TherapyType": first, "PlannedSessions": str(sessions - 1)},),
        good=(
            {"TherapyType": first, "PlannedSessions": str(sessions)},
            {"TherapyType": "GSB", "PlannedSessions": "6"},
        ),
    )


_PLAN: tuple[Rule, ...] = (
    repeated(
        "SMI203-102",
        ("ServiceRequestId", "TherapyType"),
        "this referral and therapy",
        "The plan with the latest start counts, which may not be the one that holds.",
        {"TherapyType": "FIP", "PlannedSessions": "10"},
        Effect.WARNING,
        "Send the plan that holds; the earlier one is not needed any more.",
    ),
    _dose(
        "SMI203-103",
        "('CBP')",
        "cognitive behavioural therapy for psychosis",
        16,
        "Fewer sessions than NICE expects (CG178) show as a dose below the recommended one.",
    ),
    _dose(
        "SMI203-104",
        "('FIP', 'FPB')",
        "family intervention",
        10,
        "Fewer sessions than NICE expects (CG178) show as a dose below the recommended one.",
    ),
    Rule(
        "SMI203-105",
        "SMI203",
        Effect.WARNING,
        ("PlannedSessions",),
        "PlannedSessions_text IS NULL",
        "The plan has no number of sessions.",
        "Enter PlannedSessions.",
        "The dose given cannot be compared with the dose planned, so the referral is left out.",
        Dimension.COMPLETENESS,
        bad=({"PlannedSessions": None},),
        good=({"PlannedSessions": "16"},),
    ),
    Rule(
        "SMI203-106",
        "SMI203",
        Effect.WARNING,
        ("PlanStartDate",),
        "PlanStartDate < IDS101_ReferralRequestReceivedDate OR PlanStartDate > IDS101_ServDischDate",
        "The plan starts on {PlanStartDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}) or after the discharge.",
        "Correct the date, or the referral named.",
        "The sessions planned belong to another course than the sessions given.",
        bad=(
            {"PlanStartDate": "2026-04-01", "IDS101_ReferralRequestReceivedDate": "2026-04-02"},
            {"PlanStartDate": "2026-04-28", "IDS101_ServDischDate": "2026-04-27"},
        ),
        good=({"PlanStartDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-02"},),
    ),
    Rule(
        "SMI203-107",
        "SMI203",
        Effect.WARNING,
        ("TherapyType",),
        _OF_ANOTHER_PATHWAY,
        "The therapy planned ({TherapyType}) is made for another pathway than this one ({IDS101_Pathway}).",
        "Check the therapy, and the pathway of the referral.",
        "Either the course is compared with the wrong pathway, or the therapy given never matches the plan.",
        bad=({"TherapyType": "CBP", "IDS101_Pathway": "04"},),
        good=(
            {"TherapyType": "CBP", "IDS101_Pathway": "01"},
            {"TherapyType": "FPB", "IDS101_Pathway": "02"},
            {"TherapyType": "DBT", "IDS101_Pathway": "04"},
        ),
    ),
)

RULES: tuple[Rule, ...] = (*_ONWARD, *_PAUSE, *_PLAN)
