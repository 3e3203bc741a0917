"""The dictionary of the warehouse: every table, column and question is in it, in both editions."""

import re
from pathlib import Path

import pytest

from reports.pages import dictionary
from reports.pages.entities import Entity, drawn, links
from reports.pages.page import Page
from reports.pages.release import INSIDE, PUBLIC, opened
from tests.fixtures.small_release import small_release
from tests.fixtures.warehouse import ask
from warehouse.examples import EXAMPLES

EDITIONS = {PUBLIC: "parity-public.duckdb", INSIDE: "parity.duckdb"}


@pytest.fixture(scope="module", params=EDITIONS)
def edition(request: pytest.FixtureRequest) -> tuple[Path, dict[str, Page]]:
    folder = small_release().folder
    with opened(folder, request.param) as release:
        return folder / EDITIONS[request.param], {page.address: page for page in dictionary.pages(release)}


def test_every_table_has_a_page_with_the_meaning_of_each_column(edition: tuple[Path, dict[str, Page]]) -> None:
    file, pages = edition
    columns = ask(file, "SELECT schema_name || '-' || table_name, column_name, description FROM meta.columns")
    assert {name for name, _, _ in columns} >= {"v1-public_figure", "meta-columns"}
    for table, column, description in columns:
        text = pages[f"dictionary/{table.replace('_', '_5F')}.html"].text
        assert f"<code>{column}</code>" in text and description[:20].replace("'", "&#39;") in text


def test_every_link_of_the_dictionary_leads_to_a_page(edition: tuple[Path, dict[str, Page]]) -> None:
    _, pages = edition
    for page in pages.values():
        for target in re.findall(r'href="([^"#]+)"', page.text):
            assert target.startswith("../") or f"dictionary/{target}" in pages, (page.address, target)


def test_the_index_has_every_question_that_its_file_can_answer(edition: tuple[Path, dict[str, Page]]) -> None:
    file, pages = edition
    index = pages["dictionary/index.html"].text
    for example in EXAMPLES:
        assert (example.question.replace("'", "&#39;") in index) == (
            example.is_public or file.name == EDITIONS[INSIDE]
        )


def test_the_lineage_of_measures_is_for_those_inside(edition: tuple[Path, dict[str, Page]]) -> None:
    file, pages = edition
    assert ("dictionary/lineage.html" in pages) == (file.name == EDITIONS[INSIDE])
    if "dictionary/lineage.html" in pages:
        text = pages["dictionary/lineage.html"].text
        assert "RECOVERY" in text and "IDS606: AssToolCompDate" in text


PERSON = Entity("person", frozenset({"provider", "person_id"}), frozenset({"provider", "person_id"}))
REFERRAL = Entity("referral", frozenset({"provider", "id"}), frozenset({"provider", "id", "person_id"}))
CARE = Entity("care", frozenset({"provider", "id"}), frozenset({"provider", "id"}))
CONTACT = Entity(
    "contact", frozenset({"provider", "contact"}), frozenset({"provider", "contact", "id", "person_id"})
)


def test_records_belong_to_what_their_keys_say_and_to_nothing_beyond() -> None:
    entities = {each.name: each for each in (PERSON, REFERRAL, CARE, CONTACT)}
    assert links(entities) == {"person": [], "referral": ["person"], "care": ["referral"], "contact": ["referral"]}
    svg = str(drawn(entities))
    assert "contact belongs to referral" in svg and svg.count("<rect") == 4 and svg.count("<path") == 3
    assert "<rect" not in str(drawn({}))
