"""The page of a condition: what is offered, the dose that NICE recommends, its services, what is known.

Belongs here: what stands on the page. Does not belong here: which therapies there are
(``public.condition_therapy``), the matrix of services (``matrices``), the page of England (``place``).
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from reports.pages import addresses, quality
from reports.pages.areas import ENGLAND, Areas
from reports.pages.blocks import Telling, Told
from reports.pages.matrices import Matrices, questions_said
from reports.pages.page import Page, rendered
from reports.pages.questions import QUESTIONS, Question
from reports.pages.release import Release
from schemas.pathway import Pathway, pathways

_THERAPIES = """
SELECT pathway, therapy_type, therapy, intensity, recommended_by, minimum_sessions, confidence, note
FROM public.condition_therapy
ORDER BY pathway, recommended_by IS NULL, minimum_sessions IS NULL, therapy
"""
_CONDITIONS = "SELECT pathway, main_measure_name, diagnoses FROM public.condition ORDER BY pathway"


def pages(release: Release) -> Iterator[Page]:
    """A page for each condition that the dataset knows, with figures or without."""
    if not release.has("public", "condition"):
        return
    areas, matrices = Areas(release), Matrices(release)
    therapies = {code: list(rows) for code, rows in groupby(release.rows(_THERAPIES), key=itemgetter("pathway"))}
    known = {row["pathway"]: row for row in release.rows(_CONDITIONS)}
    for condition in pathways():
        if condition.code in known:
            values = _values(release, condition, areas, matrices)
            values |= {"about": known[condition.code], "therapies": therapies.get(condition.code, [])}
            yield rendered("condition.html", addresses.condition(condition.name), release, values)


def _values(release: Release, condition: Pathway, areas: Areas, matrices: Matrices) -> dict[str, Any]:
    found: dict[str, Any] = {
        "condition": condition, "answers": [], "quality": [], "unasked": [], "services": [], "said": [],
        "matrix": "", "figures": [], "columns": [],
    }  # fmt: skip
    if release.is_empty:
        return found
    england = areas.of(release.at(ENGLAND, "ENG"))
    providers = matrices.providers(condition)
    found |= {
        "said": matrices.said(condition), "matrix": matrices.drawn(condition),
        "figures": matrices.figures(condition),
        "columns": questions_said(matrices.columns(condition)),
        "services": [release.at("provider", each) for each in providers],
    }  # fmt: skip
    if england is not None and england.size(condition.code):
        telling = Telling(release, england)
        found |= {
            "answers": list(_answers(release, condition, telling)),
            "quality": quality.items(telling, condition),
            "unasked": [each for each in QUESTIONS if not each.asked(condition.measure_set)],
        }
    return found


def _answers(release: Release, condition: Pathway, telling: Telling) -> Iterator[tuple[Question, Sequence[Told]]]:
    """England's figures for each question."""
    for question in QUESTIONS:
        asked = question.known(condition.measure_set, release.measures)
        if asked:
            yield question, [telling.told(each, condition) for each in asked]
