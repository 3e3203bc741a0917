"""The past of a service: the profiles of its earlier submissions, and what was answered about them.

Belongs here: where profiles and answers come from, at the centre and at a site, and the questions that follow. Does
not belong here: what is compared (``transforms.plausible``), which submissions are held (``pipelines.holding``).

At the centre the profiles of earlier submissions lie beside their reports, written when they were loaded. At a site
they come from a folder: of earlier extracts, of earlier reports, or of the profiles that the centre gave back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.holding import counting_before
from pipelines.inbox import NotASubmission, find_submissions, named_in
from pipelines.ledger import Outcome, Receipt
from pipelines.zones import Zones
from reports.site.asked import answer_said, said
from schemas.month import ProviderMonth, month_text
from transforms.plausible.answers import Answer, answered
from transforms.plausible.profile import FILE, Profile
from transforms.plausible.questions import MOST_MONTHS, Question, questions
from transforms.submission import SubmissionChecked

# A profile of a large service has 60 KB.
_LARGEST = 2 << 20

Counted = tuple[Profile, tuple[Answer, ...]]
"""The profile of an extract, and the answers that came with it."""


@dataclass(frozen=True)
class Past:
    """Profiles of one service by month, and the answers given so far, in the order of giving."""

    months: Mapping[date, Profile]
    answers: tuple[Answer, ...] = ()

    def asked(self, now: Profile) -> list[Question]:
        """The questions about a submission beside this past."""
        mine = {month: each for month, each in self.months.items() if each.of.provider == now.of.provider}
        before = [mine[month] for month in sorted(mine) if month < now.of.month]
        return questions(now, before, mine.get(now.of.month))

    def about(self, checked: SubmissionChecked) -> list[dict[str, Any]]:
        """The questions about a submission as rows, each with its answer if it has one; none if it is rejected.

        Answers that came with the submission are to its own questions.
        """
        now = checked.profile
        if now is None or checked.is_file_rejected:
            return []
        found = self.asked(now)
        return answered(found, now, [*self.answers, *_given(checked.answers, found, now)])


def _given(answers: Sequence[Answer], asked: Sequence[Question], now: Profile) -> list[Answer]:
    """Answers of a file, completed by the questions that they are about."""
    by_id = {each.id: each for each in asked}
    return [
        replace(
            each,
            month=month_text(now.of.month),
            records=by_id[each.question].records,
            more=by_id[each.question].more,
        )
        for each in answers
        if each.question in by_id
    ]


def at_centre(of: ProviderMonth, receipt: Receipt, events: Sequence[Outcome], zones: Zones) -> Past:
    """The past of a provider as it was when a submission was received: what counted then.

    No earlier file is read again. A submission whose report is gone is left out.
    """
    counting = counting_before(of, receipt, events)
    near = sorted(month for month in counting if month <= of.month)[-MOST_MONTHS - 1 :]
    found = {month: read(_folder(counting[month], zones) / FILE) for month in near}
    return Past({month: each for month, each in found.items() if each is not None}, answers_in(events))


def profiles_below(folder: Path) -> list[Profile]:
    """The profiles that lie in a folder or below it, as reports have them, in order of their paths."""
    found = (read(path) for path in sorted(folder.rglob(FILE)))
    return [each for each in found if each is not None]


def extracts_in(folder: Path) -> list[Path]:
    """The earlier extracts in a folder, in order of name: what has a provider and month in its name."""
    try:
        return [path for path in find_submissions(folder) if named_in(path) is not None]
    except NotASubmission:  # a folder that is empty
        return []


def with_answers(found: Mapping[date, Counted]) -> Past:
    """The past, with the answers of each month to the questions that this month raised beside those before it."""
    past = Past({})
    for month in sorted(found):
        profile, given = found[month]
        answers = past.answers
        if given:
            answers += tuple(_given(given, past.asked(profile), profile))
        past = Past({**past.months, month: profile}, answers)
    return past


def answers_in(events: Sequence[Outcome]) -> tuple[Answer, ...]:
    """Every answer that the ledger has of a provider, in the order of giving."""
    rows = [row for event in events for row in event.detail.get("questions", ())]
    return tuple(dict.fromkeys(answer for row in rows if (answer := Answer.from_row(row)) is not None))


def asked_by_provider(counting: Sequence[Outcome]) -> dict[str, list[dict[str, str]]]:
    """Of the submissions that count, the questions of each provider in words, with the answers, by month."""
    found: dict[str, list[dict[str, str]]] = {}
    for outcome in counting:
        of = outcome.provider_month
        for row in outcome.detail.get("questions", ()) if of else ():
            assert of is not None, "asked above"
            words = {"month": f"{of.month:%B %Y}", "asks": said(row), "answer": answer_said(row)}
            found.setdefault(of.provider, []).append({"table": row["table"], **words})
    return found


def read(path: Path) -> Profile | None:
    """The profile in a file; ``None`` where there is none, or where it is no profile."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return Profile.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def _folder(outcome: Outcome, zones: Zones) -> Path:
    of = outcome.provider_month
    assert of is not None, "what counts has a provider and month"
    return zones.site_reports / of.provider / month_text(of.month) / outcome.receipt.submission_id
