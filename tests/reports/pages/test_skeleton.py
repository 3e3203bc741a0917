"""What every page of a release rests on: addresses, numbers in words, questions, and what may be read."""

from datetime import date
from html.parser import HTMLParser

import pytest

from reports.charts.scale import NO_BREAK
from reports.pages import addresses, numbers
from reports.pages.questions import QUESTIONS
from reports.pages.sentences import listed, trust
from schemas.pathway import MEASURE_SETS
from warehouse.measures.catalogue import catalogue


@pytest.mark.parametrize(
    ("source", "target", "written"),
    [
        ("index.html", "about.html", "about.html"),
        ("service/RW5.html", "index.html", "../index.html"),
        ("service/RW5.html", addresses.service("RV5"), "RV5.html"),
        ("index.html", addresses.condition("Depression and anxiety"), "condition/depression-and-anxiety.html"),
        ("place/ENG.html", addresses.measure("IDS001.Gender.valid"), "../measure/IDS001_2EGender_2Evalid.html"),
        ("index.html", addresses.place("RAT|ZS5"), "place/RAT_7CZS5.html"),
        ("index.html", addresses.dictionary("mart.stream"), "dictionary/mart_2Estream.html"),
    ],
)
def test_a_page_links_to_another_from_where_it_is(source: str, target: str, written: str) -> None:
    assert addresses.link(source, target) == written


def test_no_code_of_an_organisation_leads_out_of_the_folder() -> None:
    assert addresses.service("../../x") == "service/_2E_2E_2F_2E_2E_2Fx.html"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (numbers.value_said("share", "share", 0.6226, 999).replace(NO_BREAK, " "), "62 %"),
        (numbers.value_said("share", "share", 0.6226, 1000).replace(NO_BREAK, " "), "62.3 %"),
        (numbers.value_said("count", "pathways", 1200), "1,200"),
        (numbers.value_said("median", "days", 42.0), "6 weeks"),
        (numbers.value_said("mean", "contacts", 6.8), "6.8"),
        (numbers.value_said("mean", "minutes", 51.0), "51 minutes"),
        (numbers.of_small(2), "two"),
        (numbers.of_small(12), "12"),
        (numbers.days(1), "1 day"),
        (numbers.days(13.4), "13 days"),
        (numbers.days(42.0), "6 weeks"),
        (numbers.missing("suppressed"), "fewer than 5 people"),
        (numbers.missing("not submitted"), "not submitted"),
        (numbers.missing("no rate", 0.5), ""),
        (numbers.missing("value", 0), ""),
    ],
)
def test_numbers_are_said_as_people_say_them(said: str, expected: str) -> None:
    assert said == expected


class _Data(HTMLParser):
    found: dict[str, str | None]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = {"tag": tag, **dict(attrs)}


@pytest.mark.parametrize(("value", "raw"), [(0.6, "0.6"), (0, "0"), (None, "")])
def test_a_number_carries_its_source_and_nothing_else_can_get_in(value: float | None, raw: str) -> None:
    source = numbers.Source("service_measure", "value", "RW5", 'A"<b>', "month", date(2025, 4, 1))
    parser = _Data()
    parser.feed(numbers.data("<60 %>", value, source))
    assert parser.found == {
        "tag": "data", "value": raw, "data-table": "service_measure", "data-column": "value", "data-org": "RW5",
        "data-measure": 'A"<b>', "data-period-type": "month", "data-period": "2025-04-01", "data-pathway": "all",
    }  # fmt: skip


@pytest.mark.parametrize("measure_set", MEASURE_SETS)
def test_a_question_is_answered_by_measures_that_exist_or_says_why_not(measure_set: str) -> None:
    known = {measure.id for measure in catalogue()}
    for question in QUESTIONS:
        asked = question.asked(measure_set)
        assert {each.measure for each in asked} <= known
        assert asked or question.why_not_asked


def test_things_in_a_row_and_how_much_is_known() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")] == [
        "", "a", "a and b", "a, b or c",
    ]  # fmt: skip
    assert trust(True, 12, 12) == "Based on all 12 months."
    assert trust(True, 1, 1, is_one=True) == "Based on one month."
    assert (
        trust(False, 11, 12, 96) == "Based on 11 of 12 months. 96 of 100 finished courses have scores at both ends."
    )
