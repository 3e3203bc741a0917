"""Answers to questions about a submission: what somebody said, and whether it still holds.

Belongs here: what an answer covers. Does not belong here: what is asked (``transforms.plausible.questions``), the
file and the ledger in which answers are kept (``pipelines``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from schemas.month import month_text
from transforms.plausible.profile import Profile
from transforms.plausible.questions import Question

_MOST_ANSWERED_AGAIN = 3.0


@dataclass(frozen=True)
class Answer:
    """What somebody said to a question: once, for the months until ``until`` (as ``2025-09``).

    ``records`` and ``more`` are those of the question when it was answered. ``month`` is the month it was asked of.
    """

    question: str
    why: str
    who: str
    until: str
    month: str
    records: int
    more: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Answer | None":
        """The answer in the row of a question (``answered``); ``None`` where it has none."""
        said = row.get("answer")
        return cls(row["id"], **said, records=row["records"], more=row["more"]) if said else None

    def as_row(self) -> dict[str, str]:
        """The answer as it stands in the row of a question."""
        return {"why": self.why, "who": self.who, "until": self.until, "month": self.month}

    def covers(self, question: Mapping[str, Any], month: str) -> bool:
        """Whether it answers a question, as a row, about a month (as ``2025-09``).

        It does not when the count has grown by more than chance: three standard deviations of a count.
        """
        is_same = (question["id"], question["more"]) == (self.question, self.more)
        most = self.records + _MOST_ANSWERED_AGAIN * sqrt(self.records)
        return is_same and self.month <= month <= self.until and question["records"] <= most


def answered(asked: Sequence[Question], of: Profile, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Each question as a row, with ``answer``: ``Answer.as_row`` of the last one given that covers it, or None."""
    rows, month = [each.as_row() for each in asked], month_text(of.of.month)
    return [
        row | {"answer": next((each.as_row() for each in reversed(answers) if each.covers(row, month)), None)}
        for row in rows
    ]
