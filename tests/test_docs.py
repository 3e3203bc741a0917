"""The documentation: its questions can be asked, its links lead somewhere, its commands exist."""

import re
from pathlib import Path

import pytest

from pipelines.ask import ask
from pipelines.cli import CLEAN, _run
from pipelines.zones import PROJECT
from reports.published.small_counts import with_rule
from tests.fixtures.release import loaded_and_published
from warehouse.disclosure.suppression import Suppression

PAGES = sorted(path for path in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
COMMANDS = (
    "check",
    "explain",
    "dataset",
    "load",
    "publish",
    "status",
    "query",
    "tsql",
    "published",
    "reference",
    "synth",
    "demo",
)


def test_every_question_of_the_analysts_page_can_be_asked(tmp_path: Path, home: Path) -> None:
    found = loaded_and_published(tmp_path)
    questions = re.findall(r"```sql\n(.*?)```", (PROJECT / "docs" / "for-analysts.md").read_text(), re.DOTALL)
    assert len(questions) >= 5
    for question in questions:
        columns, _ = ask(question, found)
        assert columns


def test_the_analysts_page_says_the_rule_for_small_counts() -> None:
    page = (PROJECT / "docs" / "for-analysts.md").read_text()
    assert with_rule(page) == page, "run `make docs`"
    assert "A figure of fewer than 12 people is suppressed" in with_rule(page, Suppression(12, 0.5, 50, 12, 100))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_has_its_own_number_and_is_listed() -> None:
    folder = PROJECT / "docs" / "decisions"
    pages = sorted(folder.glob("[0-9]*.md"))
    titles = [re.match(r"# (\d{4}) (.+)", page.read_text()) for page in pages]
    listed = [
        f"| [{title[1]}]({page.name}) | {title[2]} |" for page, title in zip(pages, titles, strict=True) if title
    ]
    assert len(listed) == len(pages) == len({page.name[:4] for page in pages})
    assert [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("| [")] == listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_named_exists(page: Path) -> None:
    named = set(
        re.findall(
            r"`?parity ([a-z]+)", " ".join(re.findall(r"`[^`]*parity [^`]*`|^parity .*$", page.read_text(), re.M))
        )
    )
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run([command, "--help"]) == CLEAN
    assert f"parity {command}" in capfd.readouterr().out
