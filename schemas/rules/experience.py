"""Rules of patients' experience that compare one value with another.

Belongs here: SMI608. Does not belong here: experience questions sent as scores (``score``).
"""

from collections.abc import Iterable

from schemas.instruments import Question, questions
from schemas.rule import Dimension, Effect, Owner, Rule
from schemas.rules.recurring import after_period, before_period, repeated

_NO_ANSWER = "99"
_CHOICE = tuple(asked for asked in questions() if "Y" in asked.answers)
_SCALE = tuple(asked for asked in questions() if "Y" not in asked.answers)
_TREATMENT, _SATISFACTION = "747901000000107", "747891000000106"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _not_an_answer(asked: tuple[Question, ...]) -> str:
    """The predicate of an answer that its question does not allow. «Not answered» is always allowed."""
    parts = []
    for answers in dict.fromkeys(each.answers for each in asked):
        codes = _listed(each.code for each in asked if each.answers == answers)
        parts.append(
            f"(QuestionCode IN ({codes}) AND Answer NOT IN ({_listed(dict.fromkeys((*answers, _NO_ANSWER)))}))"
        )
    return " OR ".join(parts)


RULES: tuple[Rule, ...] = (
    Rule(
        "SMI608-102",
        "SMI608",
        Effect.REJECT_RECORD,
        ("QuestionCode",),
        f"QuestionCode NOT IN ({_listed(asked.code for asked in questions())})",
        "{QuestionCode} is not a question of the experience questionnaires.",
        "Enter the code or short name of the question (experience_question in the code lists). Store it as text.",
        "The question cannot be identified, so the answer cannot be used.",
        Dimension.CONFORMANCE,
        bad=({"QuestionCode": "747861000000000"},),
        good=({"QuestionCode": _CHOICE[0].code}, {"QuestionCode": _TREATMENT, "Answer": "4"}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "SMI608-103",
        "SMI608",
        Effect.WARNING,
        ("Answer", "QuestionCode"),
        _not_an_answer(_CHOICE),
        "The answer {Answer} is not allowed for this question, which takes Y, N, NA or 99.",
        "Enter Y, N or NA. Enter 99 if the patient did not answer.",
        "The answer is left out of the shares of patients who had a choice.",
        Dimension.CONFORMANCE,
        bad=({"QuestionCode": _CHOICE[0].code, "Answer": "3"},),
        good=({"QuestionCode": _CHOICE[0].code, "Answer": "NA"}, {"QuestionCode": _TREATMENT, "Answer": "3"}),
        owner=Owner.SUPPLIER,
    ),
    Rule(
        "SMI608-104",
        "SMI608",
        Effect.WARNING,
        ("Answer", "QuestionCode"),
        _not_an_answer(_SCALE),
        "The answer {Answer} is not allowed for this question, which takes 0 to 4 or 99.",
        "Enter 0 (never, or not at all) to 4 (all of the time, or completely). Enter 99 if the patient did not "
        "answer.",
        "The answer is left out of every figure of experience and satisfaction.",
        Dimension.CONFORMANCE,
        bad=({"QuestionCode": _TREATMENT, "Answer": "Y"}, {"QuestionCode": _SATISFACTION, "Answer": "NA"}),
        good=({"QuestionCode": _TREATMENT, "Answer": "NA"}, {"QuestionCode": _SATISFACTION, "Answer": "4"}),
        owner=Owner.SUPPLIER,
    ),
    before_period(
        "SMI608-105",
        "AnswerDate",
        "The answer",
        "An answer counts once, in the month in which it was given.",
        also={"IDS101_ReferralRequestReceivedDate": "2026-01-05"},
    ),
    after_period("SMI608-106", "AnswerDate", "The answer", "An answer cannot be given in the future."),
    Rule(
        "SMI608-107",
        "SMI608",
        Effect.WARNING,
        ("AnswerDate",),
        "AnswerDate < IDS101_ReferralRequestReceivedDate",
        "The question was answered on {AnswerDate}, before the referral was received "
        "({IDS101_ReferralRequestReceivedDate}).",
        "Correct the date that is wrong, or the ServiceRequestId of the answer.",
        "The answer describes another service or earlier care.",
        bad=({"AnswerDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-15"},),
        good=({"AnswerDate": "2026-04-14", "IDS101_ReferralRequestReceivedDate": "2026-04-14"},),
        owner=Owner.CLINICIAN,
    ),
    repeated(
        "SMI608-108",
        ("ServiceRequestId", "QuestionCode", "AnswerDate"),
        "an answer to this question on this date",
        "The answer submitted last counts. It may not be the correct one.",
        {"QuestionCode": _CHOICE[1].code},
        Effect.WARNING,
        "Send the correct answer once.",
    ),
)
