"""Texts for people are in plain English: no word that we avoid, no sentence that is too long.

Reads what sites, analysts and maintainers read: rule texts, documents, templates, messages, docstrings, comments.
"""

import re
import subprocess
from pathlib import Path

import pytest

from reports.dataset.rule_pages import in_force
from tests.references import plain_english

ROOT = Path(__file__).resolve().parents[1]
# The list itself, the page that says which words to avoid, the history, and what other documents say.
SPARED = (
    "tests/references/plain_english.py",
    "tests/test_plain_english.py",
    "GLOSSARY.md",
    "CHANGELOG.md",
    "LICENSE",
)
OTHERS = ("tests/corpus/", "docs/dataset/example/", "schemas/codes/", "tests/data/")
READ = (".py", ".sql", ".md", ".html", ".csv", ".toml", ".yaml", ".css")
# Made from declarations, or the template of a page that is read itself.
GENERATED = ("docs/dataset/", "reports/")
WORDS_OF_A_RULE, WORDS_OF_A_PAGE = 25, 30


def files() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [
        name
        for name in listed.splitlines()
        if name.endswith(READ) and name not in SPARED and not name.startswith(OTHERS) and (ROOT / name).is_file()
    ]


def pages() -> list[str]:
    return [name for name in files() if name.endswith(".md") and not name.startswith(GENERATED)]


def test_no_text_has_a_word_that_we_avoid() -> None:
    found = [
        f"{name}:{line}: «{phrase}»: {better}"
        for name in files()
        for line, phrase, better in plain_english.avoided((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert found == []


def test_rule_texts_have_short_sentences() -> None:
    long = [
        f"{rule.id}: {sentence}"
        for rule in in_force().values()
        for text in (rule.message, rule.fix, rule.why)
        for sentence in plain_english.sentences(re.sub(r"\{\w+\}", "1", text))
        if plain_english.words(sentence) > WORDS_OF_A_RULE
    ]
    assert long == []


@pytest.mark.parametrize("name", pages())
def test_pages_have_short_sentences(name: str) -> None:
    long = [
        f"{name}:{line}: {sentence}"
        for line, text in plain_english.paragraphs((ROOT / name).read_text(encoding="utf-8"))
        for sentence in plain_english.sentences(text)
        if plain_english.words(sentence) > WORDS_OF_A_PAGE
    ]
    assert long == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rejected for want of a date.", [(1, "for want of", "without")]),
        ("# One.\n# It is for want\n# of a date.", [(2, "for want of", "without")]),
        ("A button forms. Besides", [(1, "besides", "also")]),
        ("It forwards the latest unsought tablet.", []),
        ("", []),
    ],
)
def test_a_word_that_we_avoid_is_found_whole_and_over_the_end_of_a_line(text: str, found: list[object]) -> None:
    assert list(plain_english.avoided(text)) == found


def test_sentences_of_a_page_are_found_without_code_and_tables() -> None:
    page = "# Title\n\nOne [link](a.md) here. Two.\n\n- Three\n  goes on.\n- Four.\n\n| a | b |\n\n```\ncode. Code.\n```\n"
    assert list(plain_english.paragraphs(page)) == [(3, "One link here. Two."), (5, "Three goes on."), (7, "Four.")]
    assert plain_english.sentences("One link here. Two: Three; four.") == ["One link here.", "Two:", "Three; four."]
    assert [plain_english.words(text) for text in ("", "a 12 of 3 % x", "It is – so.")] == [0, 3, 3]
