"""Rules of scores that compare one value with another.

Belongs here: IDS606 and IDS607. Does not belong here: what a score means (``schemas.instruments``), the experience
questionnaire's own table (``experience``).

A score that is out of range, like one that is no number, warns and is left out of outcomes; only a measure nobody
knows rejects (MHS60607, MHS60613).
"""

from schemas.instruments import instruments
from schemas.rule import Dimension, Effect, Level, Rule
from schemas.rules.recurring import after_period, before_period

# The form in which the warehouse reads a score.
_NUMBER = "PersScore ~ '^-?[0-9]{1,5}([.][0-9]{1,2})?$'"
_DIALOG = ", ".join(
    f"'{code}'" for known in instruments() if known.instrument.startswith("DIALOG_") for code in known.codes
)
_DIALOG_8 = f"CodedAssToolType IN ({_DIALOG}) AND PersScore = '8'"
_DIALOG_ITEM, _PHQ_9, _REQOL_10 = "1037651000000100", "720433000", "1091071000000100"
_LEFT_OUT = "The score is kept but left out of every outcome"
_SAME_TIME = (
    "(MIN(AssToolCompTime) OVER ({0}) IS NULL OR MIN(AssToolCompTime) OVER ({0}) = MAX(AssToolCompTime) OVER ({0}))"
)


def _of_tool(table: str) -> tuple[Rule, ...]:
    """The rules on measure and value that both tables of scores have."""
    has_reason = table == "IDS606"
    return (
        Rule(
            f"{table}-102",
            table,
            Effect.REJECT_RECORD,  # MHS60613, MHS60710
            ("CodedAssToolType",),
            "NOT TOOL_found",
            "{CodedAssToolType} is not in the reference set of assessment tools.",
            "Enter the code of the score (assessment_tool in the code lists), kept as text: spreadsheets turn the "
            "last digits of long codes into zeros.",
            "Nobody can say what was measured.",
            Dimension.CONFORMANCE,
            bad=({"CodedAssToolType": "718431003", "TOOL_found": "false"},),
            good=({"CodedAssToolType": _PHQ_9, "PersScore": "12", "TOOL_found": "true"},),
        ),
        Rule(
            f"{table}-103",
            table,
            Effect.WARNING,
            ("PersScore", "CodedAssToolType"),
            f"TOOL_low IS NOT NULL AND TOOL_high IS NOT NULL AND NOT ({_NUMBER})"
            + (" AND MissingReason IS NULL" if has_reason else ""),
            "PersScore {PersScore} is not a number with at most two decimals, but this measure is scored from "
            "{TOOL_low} to {TOOL_high}.",
            "Enter the score; if there is none, enter NA and say why in MissingReason."
            if has_reason
            else "Enter the score; if there is none, leave the record out.",
            f"{_LEFT_OUT}; without a last score the course is not paired.",
            Dimension.CONFORMANCE,
            bad=({"PersScore": "NA"}, {"PersScore": "12,5"}),
            good=({"PersScore": "12"}, {"CodedAssToolType": _PHQ_9, "PersScore": "9"}),
        ),
        Rule(
            f"{table}-104",
            table,
            Effect.WARNING,  # MHS60607
            ("PersScore", "CodedAssToolType"),
            f"{_NUMBER} AND (TRY_CAST(PersScore AS DOUBLE) < TOOL_low OR TRY_CAST(PersScore AS DOUBLE) > TOOL_high)"
            f" AND NOT ({_DIALOG_8})",
            "PersScore {PersScore} is outside the range of this measure ({TOOL_low} to {TOOL_high}).",
            "Correct the score, or the code of the measure: a total may have been sent as an item, or the other "
            "way round.",
            f"{_LEFT_OUT}; if it is the first or last score, another takes its place or the course is not paired.",
            bad=(
                {"CodedAssToolType": _PHQ_9, "PersScore": "28"},
                {"CodedAssToolType": _REQOL_10, "PersScore": "41"},
            ),
            good=(
                {"CodedAssToolType": _PHQ_9, "PersScore": "27"},
                {"CodedAssToolType": _PHQ_9, "PersScore": "0"},
            ),
        ),
        Rule(
            f"{table}-105",
            table,
            Effect.WARNING,
            ("PersScore", "CodedAssToolType"),
            _DIALOG_8,
            "A DIALOG item is rated {PersScore}; ratings go from 1 to 7, and 8 stands for no answer.",
            "Leave the record out, or enter NA and say why in MissingReason."
            if has_reason
            else "Leave the record out.",
            f"{_LEFT_OUT}; taken for a rating it would be the best there is.",
            bad=({"CodedAssToolType": _DIALOG_ITEM, "PersScore": "8"},),
            good=(
                {"CodedAssToolType": _DIALOG_ITEM, "PersScore": "7"},
                {"CodedAssToolType": _PHQ_9, "PersScore": "8"},
            ),
        ),
    )


_DAY = "PARTITION BY ServiceRequestId, CodedAssToolType, AssToolCompDate"
_SCORE = f"{_DAY}, PersScore"

_OF_REFERRAL: tuple[Rule, ...] = (
    before_period(
        "IDS606-106",
        "AssToolCompDate",
        "The date of the score",
        "A score counts in the month in which it was taken, once.",  # MHS60618
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period(
        "IDS606-107",
        "AssToolCompDate",
        "The date of the score",
        "A score that is still to come would be the last one of the course.",  # MHS60616
    ),
    Rule(
        "IDS606-108",
        "IDS606",
        Effect.SEVERE_WARNING,
        ("AssToolCompDate",),
        "AssToolCompDate < IDS101_ReferralRequestReceivedDate",
        "The score was taken on {AssToolCompDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct whichever date is wrong, or the referral named.",
        f"{_LEFT_OUT} of this referral: it says nothing about the care that followed.",
        bad=({"AssToolCompDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        good=({"AssToolCompDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-14"},),
    ),
    Rule(
        "IDS606-109",
        "IDS606",
        Effect.WARNING,
        ("AssToolCompDate", "Timepoint"),
        "AssToolCompDate > IDS101_ServDischDate AND (Timepoint IS NULL OR Timepoint <> '05')",
        "The score was taken on {AssToolCompDate}, after the discharge ({IDS101_ServDischDate}), and is no "
        "follow-up.",
        "Correct whichever date is wrong, or use Timepoint 05 (follow-up).",
        f"{_LEFT_OUT}; the last score before it ends the course.",
        bad=({"AssToolCompDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-13"},),
        good=(
            {"AssToolCompDate": "2026-04-14", "IDS101_ServDischDate": "2026-04-14"},
            {"Timepoint": "05", "IDS101_ServDischDate": "2026-04-13"},
        ),
    ),
    Rule(
        "IDS606-110",
        "IDS606",
        Effect.WARNING,  # the national rules reject such doubles of IDS607 only, and of a day one score counts
        ("CodedAssToolType", "AssToolCompDate", "PersScore"),
        f"COUNT(*) OVER ({_SCORE}) > 1 AND {_SAME_TIME.format(_SCORE)}",
        "The score {PersScore} of this measure on {AssToolCompDate} is there more than once.",
        "Send each score once.",
        "It counts once; if one of them is of another day, that day has no score.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType", "AssToolCompDate", "PersScore"),
        bad=({"Timepoint": "02"}, {"Timepoint": "02"}),
        good=({"Timepoint": "02"}, {"Timepoint": "02", "AssToolCompTime": "15:00:00"}),
    ),
    Rule(
        "IDS606-111",
        "IDS606",
        Effect.WARNING,
        ("CodedAssToolType", "AssToolCompDate", "PersScore"),
        f"MIN(PersScore) OVER ({_DAY}) <> MAX(PersScore) OVER ({_DAY}) AND {_SAME_TIME.format(_DAY)}",
        "There is more than one score of this measure on {AssToolCompDate}; {PersScore} is one of them.",
        "Send the one that holds, or give the time of each.",
        "Of one day only the score recorded last counts, which may be the one that was corrected.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType", "AssToolCompDate"),
        bad=({}, {"PersScore": "21", "Timepoint": "02"}),
        good=({}, {"PersScore": "21", "Timepoint": "02", "AssToolCompTime": "15:00:00"}),
    ),
    Rule(
        "IDS606-112",
        "IDS606",
        Effect.WARNING,
        ("MissingReason", "PersScore"),
        f"MissingReason IS NOT NULL AND {_NUMBER}",
        "There is a reason why the score is missing ({MissingReason}), but there is a score ({PersScore}).",
        "Remove the reason, or enter NA as the score.",
        "The measure counts both as taken and as missed.",
        bad=({"MissingReason": "01"},),
        good=({"MissingReason": "01", "PersScore": "NA"}, {"MissingReason": None}),
    ),
    Rule(
        "IDS606-113",
        "IDS606",
        Effect.WARNING,
        ("Timepoint", "CodedAssToolType"),
        "Timepoint = '01' AND SUM(CASE WHEN Timepoint = '01' THEN 1 ELSE 0 END)"
        " OVER (PARTITION BY ServiceRequestId, CodedAssToolType) > 1",
        "The referral has more than one baseline score (Timepoint {Timepoint}) of this measure.",
        "Mark the first as baseline, later ones as 02 (every session) or 03 (periodic).",
        "Change is measured from the first score; the share of patients with a baseline looks higher than it is.",
        level=Level.GROUP,
        group_by=("ServiceRequestId", "CodedAssToolType"),
        bad=({}, {"AssToolCompDate": "2026-04-28"}),
        good=({}, {"AssToolCompDate": "2026-04-28", "Timepoint": "02"}),
    ),
)

_OF_ACTIVITY: tuple[Rule, ...] = (
    Rule(
        "IDS607-106",
        "IDS607",
        Effect.REJECT_GROUP,  # MHS60709
        ("CodedAssToolType", "PersScore"),
        "COUNT(*) OVER (PARTITION BY CareActId, CodedAssToolType, PersScore) > 1",
        "The activity has the score {PersScore} of this measure more than once.",
        "Send each score once.",
        "Nobody can say whether one of them belongs to another activity.",
        level=Level.GROUP,
        group_by=("CareActId", "CodedAssToolType", "PersScore"),
        bad=({}, {}),
        good=({}, {"CodedAssToolType": _PHQ_9}),
    ),
    Rule(
        "IDS607-107",
        "IDS607",
        Effect.WARNING,
        ("CodedAssToolType", "PersScore"),
        "MIN(PersScore) OVER (PARTITION BY CareActId, CodedAssToolType)"
        " <> MAX(PersScore) OVER (PARTITION BY CareActId, CodedAssToolType)",
        "The activity has more than one score of this measure; {PersScore} is one of them.",
        "Send the one that holds.",
        "Of one day only the score recorded last counts, which may be the one that was corrected.",
        level=Level.GROUP,
        group_by=("CareActId", "CodedAssToolType"),
        bad=({}, {"PersScore": "20"}),
        good=({}, {"CodedAssToolType": _PHQ_9}),
    ),
)

RULES: tuple[Rule, ...] = (*_of_tool("IDS606"), *_OF_REFERRAL, *_of_tool("IDS607"), *_OF_ACTIVITY)
