"""Clinical guidance, in schema ``ref``: recommended therapies, doses and steps, survey answers.

Belongs here: loading ``clinical/*.csv`` and the questions of ``schemas`` for the models that use them. Does not
belong here: those models (``core/therapy_course.sql``, ``core/pathway_care.sql``, ``core/experience.sql``).
"""

import csv
from importlib.resources import files

import duckdb

from schemas.errors import CatalogueError
from schemas.instruments import questions
from schemas.pathway import pathways
from warehouse.staging import insert_rows

_TABLES = """
CREATE TABLE ref.therapy_standard (
    pathway VARCHAR, therapy_type VARCHAR, minimum_sessions INTEGER, source VARCHAR, confidence VARCHAR,
    note VARCHAR);
CREATE TABLE ref.recommended_step (
    problem_descriptor VARCHAR, low_intensity BOOLEAN, high_intensity BOOLEAN, source VARCHAR, confidence VARCHAR,
    note VARCHAR);
CREATE TABLE ref.survey_question (
    position INTEGER, question VARCHAR, title VARCHAR, questionnaire VARCHAR, answers VARCHAR, source VARCHAR,
    confidence VARCHAR);
CREATE TABLE ref.survey_answer (
    question VARCHAR, answer VARCHAR, is_positive BOOLEAN, is_negative BOOLEAN, is_highest BOOLEAN,
    is_lowest BOOLEAN);
"""
COLUMNS = """
Columns of ref.therapy_standard: One row per pathway and therapy that NICE recommends for it, with the fewest
    sessions where it names them.
  pathway, key: Pathway code.
  therapy_type, key: Type of therapy (ref.code therapy_type).
  minimum_sessions [sessions]: Fewest sessions; NULL where the guideline names none.
  source: Guideline.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: Remarks.

Columns of ref.recommended_step: One row per problem for which NICE recommends therapy of low or high intensity.
  problem_descriptor, key: Group of the presenting complaint (mart.breakdown_group).
  low_intensity: Whether it recommends therapy of low intensity.
  high_intensity: Whether it recommends therapy of high intensity.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: Remarks.

Columns of ref.survey_question: One row per question about care.
  position: Place in the list.
  question, key: SNOMED CT code, or short name where there is none.
  title: The question, with its scale.
  questionnaire: assessment, treatment, evaluation, or reason for stopping.
  answers: Answers the question allows.
  source: Where it was found.
  confidence: F: found in the source; R: recalled or worded here, to be confirmed.

Columns of ref.survey_answer: One row per question about care and answer that counts.
  question, key: Code of the question.
  answer, key: Answer.
  is_positive: Whether it is positive.
  is_negative: Whether it is negative.
  is_highest: Whether it is the top of the scale.
  is_lowest: Whether it is the bottom of the scale.
"""
# On a scale from 0 to 4, the two values at each end, as the McPin evaluation groups its five answers.
_POSITIVE, _NEGATIVE, _HIGHEST, _LOWEST = ("3", "4", "Y"), ("0", "1", "N"), ("4", "Y"), ("0", "N")


def load_clinical(con: duckdb.DuckDBPyConnection) -> None:
    """Create and fill ``ref.therapy_standard``, ``ref.recommended_step`` and the survey tables.

    Raises CatalogueError when a therapy is recommended for a pathway that is none.
    """
    con.execute(_TABLES)
    standards, known = _read("therapy_standard"), {found.code for found in pathways()}
    if strange := [(n, r["pathway"]) for n, r in enumerate(standards, start=2) if r["pathway"] not in known]:
        problems = [(number, f"pathway {code!r} is not in the table of pathways") for number, code in strange]
        raise CatalogueError("warehouse/clinical/therapy_standard.csv", problems)
    insert_rows(
        con,
        "ref.therapy_standard",
        [
            (r["pathway"], r["therapy_type"], int(r["minimum_sessions"]) if r["minimum_sessions"] else None,
             r["source"], r["confidence"], r["note"] or None)
            for r in standards
        ],
    )  # fmt: skip
    insert_rows(
        con,
        "ref.recommended_step",
        [
            (r["problem_descriptor"], r["low_intensity"] == "Y", r["high_intensity"] == "Y", r["source"],
             r["confidence"], r["note"] or None)
            for r in _read("recommended_step")
        ],
    )  # fmt: skip
    insert_rows(
        con,
        "ref.survey_question",
        [
            (
                position,
                each.code,
                each.name,
                each.questionnaire,
                " ".join(each.answers),
                each.source,
                each.confidence,
            )
            for position, each in enumerate(questions(), start=1)
        ],
    )
    insert_rows(
        con,
        "ref.survey_answer",
        [
            # A reason for stopping is not positive or negative: it is named or not.
            (each.code, answer, answer in _POSITIVE and not each.is_reason,
             answer in _NEGATIVE and not each.is_reason, answer in _HIGHEST, answer in _LOWEST)
            for each in questions()
            for answer in each.answers
            if answer not in ("NA", "99")
        ],
    )  # fmt: skip


def _read(name: str) -> list[dict[str, str]]:
    with (files("warehouse") / "clinical" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
