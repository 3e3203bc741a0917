"""Questions about a service's numbers stand beside the figures that they touch."""

from reports.pages.asked_about import ALL, beside
from reports.pages.questions import QUESTIONS
from schemas.dataset import TABLES

OF_CONTACTS = {"table": "IDS201CareContact", "month": "May 2025", "asks": "…", "answer": ""}


def test_a_question_stands_beside_each_figure_that_its_table_touches() -> None:
    assert beside([OF_CONTACTS]) == {"waited": [OF_CONTACTS], "offered": [OF_CONTACTS], "stopped": [OF_CONTACTS]}


def test_one_about_all_records_stands_beside_every_figure() -> None:
    of_all = OF_CONTACTS | {"table": ALL}
    assert set(beside([of_all])) == {question.id for question in QUESTIONS if question.id != "same"}


def test_one_about_any_other_table_stands_with_the_quality_of_the_data() -> None:
    assert set(beside([OF_CONTACTS | {"table": "IDS004EmpStatus"}])) == {"quality"}
    known = {question.id for question in QUESTIONS} | {"quality"}
    assert all(set(beside([OF_CONTACTS | {"table": table.name}])) <= known for table in TABLES.values())


def test_nothing_asked_is_nothing_said() -> None:
    assert beside([]) == {}
