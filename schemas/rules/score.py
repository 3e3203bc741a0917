"""Rules of scores that compare one value with another.

Belongs here: IDS606 and IDS607. Does not belong here: what a score means (``schemas.instruments``), the experience
questionnaire's own table (``experience``).

A score that is out of range, or is not a number, is a warning and is left out of outcomes. Only an unknown measure
is rejected (MHS60607, MHS60613).
"""

from schemas.instruments import instruments
from schemas.rule import Dimension, Effect, Level, Owner, Rule
from schemas.rules.recurring import after_period, before_period
from schemas.tables.shared import PERSON_SCORE

# The form of a score that the warehouse reads.
_NUMBER = "PersScore ~ '^-?[0-9]{1,5}([.][0-9]{1,2})?$'"
_DIALOG = ", ".join(
    f"'{code}'" for known in instruments() if known.instrument.startswith("DIALOG_") for code in known.codes
)
_DIALOG_8 = f"CodedAssToolType IN ({_DIALOG}) AND PersScore = '8'"
_DIALOG_ITEM, _PHQ_9, _REQOL_10 = "1037651000000100", "720433000", "1091071000000100"
_FORM = PERSON_SCORE.lexical
_LEFT_OUT = "The score is kept but left out of every outcome"
_SAME_TIME = (
    "(MIN(AssToolCompTime) OVER ({0}) IS NULL OR MIN(AssToolCompTime) OVER ({0}) = MAX(AssToolCompTime) OVER ({0}))"
)


def _of_tool(table: str) -> tuple[Rule, ...]:
    """The rules on measure and value that both score tables share."""
    has_reason = table == "IDS606"
    return (
        Rule(
            f"{table}-102",
            table,
            Effect.REJECT_RECORD,
            ("CodedAssToolType",),
            "NOT TOOL_found",
            "{CodedAssToolType} is not in the reference set of assessment tools.",
            "Enter the code of the score (assessment_tool in the code lists). Store it as text: spreadsheets "
            "change the last digits of long codes to zero.",
            "The measure cannot be identified, so the score cannot be used.",
            Dimension.CONFORMANCE,
            bad=({"CodedAssToolType": "718431003", "TOOL_found": "false"},),
            good=({"CodedAssToolType": _PHQ_9, "PersScore": "12", "TOOL_found": "true"},),
            owner=Owner.SUPPLIER,
        ),
        Rule(
            f"{table}-103",
            table,
            Effect.WARNING,
            ("PersScore", "CodedAssToolType"),
            f"TOOL_low IS NOT NULL AND TOOL_high IS NOT NULL AND NOT ({_NUMBER}) AND PersScore ~ '{_FORM}'"
            + (" AND MissingReason IS NULL" if has_reason else ""),
            "PersScore {PersScore} is not a number with at most two decimals. This measure is scored from "
            "{TOOL_low} to {TOOL_high}.",
            "Enter the score. If there is none, enter NA and give the reason in MissingReason."
            if has_reason
            else "Enter the score. If there is none, remove the record.",
            f"{_LEFT_OUT}. Without a last score the course is not paired.",
            Dimension.CONFORMANCE,
            bad=({"PersScore": "NA"},),
            good=({"PersScore": "12"}, {"CodedAssToolType": _PHQ_9, "PersScore": "9"}),
            owner=Owner.SUPPLIER,
        ),
        Rule(
            f"{table}-104",
            table,
            Effect.WARNING,
            ("PersScore", "CodedAssToolType"),
            f"{_NUMBER} AND (TRY_CAST(PersScore AS DOUBLE) < TOOL_low OR TRY_CAST(PersScore AS DOUBLE) > TOOL_high)"
            f" AND NOT ({_DIALOG_8})",
            "PersScore {PersScore} is outside the range of this measure ({TOOL_low} to {TOOL_high}).",
            "Correct the score or the code of the measure. A total may have been sent as an item, or an item as "
            "a total.",
            f"{_LEFT_OUT}. If it is the first or last score, another score takes its place or the course is not "
            "paired.",
            bad=(
                {"CodedAssToolType": _PHQ_9, "PersScore": "28"},
                {"CodedAssToolType": _REQOL_10, "PersScore": "41"},
            ),
            good=(
                {"CodedAssToolType": _PHQ_9, "PersScore": "27"},
                {"CodedAssToolType": _PHQ_9, "PersScore": "0"},
            ),
            owner=Owner.CLINICIAN,
        ),
        Rule(
            f"{table}-105",
            table,
            Effect.WARNING,
            ("PersScore", "CodedAssToolType"),
            _DIALOG_8,
            "A DIALOG item is rated {PersScore}. Ratings go from 1 to 7, and 8 means no answer.",
            "Remove the record, or enter NA and give the reason in MissingReason."
            if has_reason
            else "Remove the record.",
            f"{_LEFT_OUT}. Read as a rating, 8 would be the best possible one.",
            bad=({"CodedAssToolType": _DIALOG_ITEM, "PersScore": "8"},),
            good=(
                {"CodedAssToolType": _DIALOG_ITEM, "PersScore": "7"},
                {"CodedAssToolType": _PHQ_9, "PersScore": "8"},
            ),
            owner=Owner.CLINICIAN,
        ),
    )


_DAY = "PARTITION BY ServiceRequestId, CodedAssToolType, AssToolCompDate"
_SCORE = f"{_DAY}, PersScore"

_OF_REFERRAL: tuple[Rule, ...] = (
    before_period(
        "IDS606-106",
        "AssToolCompDate",
        "The date of the score",
        "A score counts once, in the month in which it was taken.",
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS606-107",
        "AssToolCompDate",
        "The date of the score",
        "A score with a future date would be the last one of the course.",
    ),
    Rule(
        "IDS606-108",
        "IDS606",
        Effect.SEVERE_WARNING,
        ("AssToolCompDate",),
        "AssToolCompDate < IDS101_ReferralRequestReceivedDate",
        "The score was taken on {AssToolCompDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the score.",
        f"{_LEFT_OUT} of this referral. It was taken before the care began.",
        bad=({"AssToolCompDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        good=({"AssToolCompDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-14"},),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS606-109",
        "IDS606",
        Effect.WARNING,
        ("AssToolCompDate", "Timepoint"),
        "AssToolCompDate > IDS101_ServDischDate AND (Timepoint IS NULL OR Timepoint <> '05')",
        "The score was taken on {AssToolCompDate}, after the discharge ({IDS101_ServDischDate}), and is not "
        "marked as follow-up.",
        "Correct the date that is wrong, or use Timepoint 05 (follow-up).",
        f"{_LEFT_OUT}. The last score before the discharge counts instead.",
        bad=({"AssToolCompDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-13"},),
        good=(
            {"AssToolCompDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-14"},
            {"Timepoint": "05", "IDS101_ServDischDate": "2026-04-13"},
        ),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS606-110",
        "IDS606",
        Effect.WARNING,  # the national rules reject such duplicates in IDS607 only, and one score of a day counts
        ("CodedAssToolType", "AssToolCompDate", "PersScore"),
        f"COUNT(*) OVER ({_SCORE}) > 1 AND {_SAME_TIME.format(_SCORE)}",
        "The score {PersScore} of this measure on {AssToolCompDate} is recorded more than once.",
        "Send each score once.",
        "The score counts once. If one of the records has a wrong date, the right day has no score.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType", "AssToolCompDate", "PersScore"),
        bad=({"Timepoint": "02"}, {"Timepoint": "02"}),
        good=({"Timepoint": "02"}, {"Timepoint": "02", "AssToolCompTime": "15:00:00"}),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS606-111",
        "IDS606",
        Effect.WARNING,
        ("CodedAssToolType", "AssToolCompDate", "PersScore"),
        f"MIN(PersScore) OVER ({_DAY}) <> MAX(PersScore) OVER ({_DAY}) AND {_SAME_TIME.format(_DAY)}",
        "There are different scores of this measure on {AssToolCompDate}. {PersScore} is one of them.",
        "Send the correct score. If both are correct, enter the time of each.",
        "Only the last recorded score of a day counts. It may not be the correct one.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType", "AssToolCompDate"),
        bad=({}, {"PersScore": "21", "Timepoint": "02"}),
        good=({}, {"PersScore": "21", "Timepoint": "02", "AssToolCompTime": "15:00:00"}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS606-112",
        "IDS606",
        Effect.WARNING,
        ("MissingReason", "PersScore"),
        f"MissingReason IS NOT NULL AND {_NUMBER}",
        "MissingReason is {MissingReason}, but there is a score ({PersScore}).",
        "Remove MissingReason, or enter NA as the score.",
        "The measure counts both as completed and as missing.",
        bad=({"MissingReason": "01"},),
        good=({"MissingReason": "01", "PersScore": "NA"}, {"MissingReason": None}),
        owner=Owner.CLINICIAN,
    ),
    Rule(
        "IDS606-113",
        "IDS606",
        Effect.WARNING,
        ("Timepoint", "CodedAssToolType"),
        "Timepoint = '01' AND SUM(CASE WHEN Timepoint = '01' THEN 1 ELSE 0 END)"
        " OVER (PARTITION BY ServiceRequestId, CodedAssToolType) > 1",
        "The referral has more than one baseline score (Timepoint {Timepoint}) of this measure.",
        "Mark the first score as baseline (01). Mark later ones as 02 (every session) or 03 (periodic).",
        "Change is measured from the first score. The share of patients with a baseline looks too high.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType"),
        bad=({}, {"AssToolCompDate": "2026-04-28"}),
        good=({}, {"AssToolCompDate": "2026-04-28", "Timepoint": "02"}),
        owner=Owner.CLINICIAN,
    ),
)

_OF_ACTIVITY: tuple[Rule, ...] = (
    Rule(
        "IDS607-106",
        "IDS607",
        Effect.REJECT_GROUP,
        ("CodedAssToolType", "PersScore"),
        "COUNT(*) OVER (PARTITION BY CareActId, CodedAssToolType, PersScore) > 1",
        "The activity has the score {PersScore} of this measure more than once.",
        "Send each score once.",
        "It is unclear whether one of them belongs to another activity.",
        level=Level.GROUP,
        group_by=("CareActId", "CodedAssToolType", "PersScore"),
        bad=({}, {}),
        good=({}, {"CodedAssToolType": _PHQ_9}),
        owner=Owner.INFORMATICS,
    ),
    Rule(
        "IDS607-107",
        "IDS607",
        Effect.WARNING,
        ("CodedAssToolType", "PersScore"),
        "MIN(PersScore) OVER (PARTITION BY CareActId, CodedAssToolType)"
        " <> MAX(PersScore) OVER (PARTITION BY CareActId, CodedAssToolType)",
        "The activity has different scores of this measure. {PersScore} is one of them.",
        "Send the correct score.",
        "Only the last recorded score of a day counts. It may not be the correct one.",
        level=Level.GROUP,
        group_by=("CareActId", "CodedAssToolType"),
        bad=({}, {"PersScore": "20"}),
        good=({}, {"CodedAssToolType": _PHQ_9}),
        owner=Owner.CLINICIAN,
    ),
)

RULES: tuple[Rule, ...] = (*_of_tool("IDS606"), *_OF_REFERRAL, *_of_tool("IDS607"), *_OF_ACTIVITY)
