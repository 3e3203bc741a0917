"""Rules of the internet-enabled therapy log that compare one value with another.

Belongs here: IDS205. Does not belong here: contacts that name a programme (``meeting``).
"""

from schemas.rule import Effect, Level, Owner, Rule
from schemas.rules.recurring import after_period, before_period, ends_before_start, overlap, unknown_staff

_START, _END, _MINUTES = "StartDateIntEnabledTherLog", "EndDateIntEnabledTherLog", "DurationIntEnabledTher"

RULES: tuple[Rule, ...] = (
    ends_before_start("IDS205-102", _START, _END, "log", "Its minutes cannot be assigned to a time."),
    before_period(
        "IDS205-103",
        _END,
        "The end of the log",
        "The minutes of a log count in the month in which the log ended.",
        also={_START: "2026-03-20", "IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period("IDS205-104", _END, "The end of the log", "Future time would be counted as given."),
    Rule(
        "IDS205-105",
        "IDS205",
        Effect.REJECT_RECORD,
        (_START,),
        f"{_START} < IDS101_ReferralRequestReceivedDate",
        f"The log starts on {{{_START}}}, before the referral was received "
        f"({{IDS101_ReferralRequestReceivedDate}}).",
        "Correct the date that is wrong, or the ServiceRequestId of the log.",
        "The time belongs to another referral.",
        bad=({_START: "2026-04-15", "IDS101_ReferralRequestReceivedDate": "2026-04-16"},),
        good=({_START: "2026-04-15", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS205-106",
        "IDS205",
        Effect.SEVERE_WARNING,
        (_START,),
        f"{_START} > IDS101_ServDischDate",
        f"The log starts on {{{_START}}}, after the discharge ({{IDS101_ServDischDate}}).",
        "Correct the date that is wrong. If the patient came back after the discharge, send a new referral.",
        "Time after the discharge does not belong to this course of treatment.",
        bad=({_START: "2026-04-15", "IDS101_ServDischDate": "2026-04-14"},),
        good=({_START: "2026-04-15", "IDS101_ServDischDate": "2026-04-15"}, {"IDS101_ServDischDate": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS205-107",
        "IDS205",
        Effect.WARNING,
        (_MINUTES,),
        f"{_MINUTES} = 0",
        "The log has no minutes of clinical time.",
        "Enter the minutes. If no clinician spent time on it, remove the record.",
        "The patient counts as having internet-enabled therapy with zero minutes.",
        bad=({_MINUTES: "0"},),
        good=({_MINUTES: "20"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS205-108",
        "IDS205",
        Effect.WARNING,
        (_START, _END),
        overlap(("ServiceRequestId", "IntEnabledTherProg"), _START, _END, same_day=False),
        f"The log from {{{_START}}} to {{{_END}}} overlaps another log of the same referral and programme.",
        "End one log before the next begins, or combine the two logs.",
        "The same minutes may be counted twice.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "IntEnabledTherProg"),
        bad=({}, {_START: "2026-04-20", _END: "2026-04-29"}),
        good=({}, {_START: "2026-04-27", _END: "2026-04-29"}),
        owner=Owner.CLINICIAN,
    ),
    unknown_staff("IDS205-109", "log"),
)
