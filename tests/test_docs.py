"""The documentation: its questions can be asked, its links lead somewhere, its commands exist."""

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.ask import ask
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.zones import PROJECT
from reports.published.small_counts import with_rule
from tests.fixtures.release import loaded_and_published
from tests.fixtures.warehouse import build, write_submission
from tests.references.measure_populations import random_submissions
from warehouse.disclosure.suppression import Suppression
from warehouse.measures.catalogue import catalogue

PAGES = sorted(path for path in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")])
COMMANDS = (
    "check",
    "preview",
    "releases",
    "pages",
    "look",
    "serve",
    "mails",
    "diff",
    "payment",
    "plan",
    "metrics",
    "backup",
    "doctor",
    "tell",
    "explain",
    "explain-away",
    "dataset",
    "load",
    "reprocess",
    "prune",
    "erase",
    "keys",
    "ledger",
    "extract",
    "publish",
    "status",
    "confirm",
    "withdraw",
    "query",
    "tsql",
    "published",
    "reference",
    "synth",
    "demo",
    "incentives",
    "capacity",
    "watch",
    "conformance",
)
GROUPS = ("keys ", "ledger ")  # commands with commands of their own


def test_every_question_of_the_analysts_page_can_be_asked(tmp_path: Path, home: Path, few_measures: None) -> None:
    found = loaded_and_published(tmp_path)
    questions = re.findall(r"```sql\n(.*?)```", (PROJECT / "docs" / "for-analysts.md").read_text(), re.DOTALL)
    assert len(questions) >= 5
    for question in questions:
        columns, _ = ask(question, found)
        assert columns


_TOOLS = (PROJECT / "docs" / "for-analysts.md").read_text().partition("## Your own tools")[2].partition("\n## ")[0]
RECIPES = re.findall(r"```(sh|python|r)\n(.*?)```", _TOOLS, re.DOTALL)


def test_every_recipe_of_the_analysts_page_runs(tmp_path: Path, home: Path, few_measures: None) -> None:
    """As a person runs it: in a folder with the data root ``var``, with the tools of this environment."""
    assert loaded_and_published(tmp_path).home == tmp_path / "var"
    tools = Path(sys.executable).parent
    commands = {"sh": ["sh", "-ec"], "python": [sys.executable, "-c"], "r": ["Rscript", "-e"]}
    assert {language for language, _ in RECIPES} == set(commands)
    for language, recipe in RECIPES:
        tool = "duckdb" if language == "sh" else commands[language][0]
        if not (tools / tool).exists() and shutil.which(tool) is None:
            continue
        path = f"{tools}:{os.environ['PATH']}"
        ran = subprocess.run(
            [*commands[language], recipe], cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path)},
            capture_output=True, text=True,
        )  # fmt: skip
        assert (ran.returncode, ran.stderr) == (0, ""), recipe
        assert ran.stdout or ">" in recipe


def test_the_question_by_group_loses_no_group(tmp_path: Path) -> None:
    """Some breakdowns declare no groups: theirs are what was submitted, and are not in ``mart.breakdown_group``."""
    page = (PROJECT / "docs" / "for-analysts.md").read_text()
    questions = [
        each for each in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "mart.breakdown_group" in each
    ]
    (question,) = [each.replace("rolling 12 months", "quarter") for each in questions]
    shares = [measure for measure in catalogue() if measure.kind in ("share", "mean") and measure.breakdowns]
    asked = {breakdown: measure.id for measure in shares for breakdown in measure.breakdowns}
    submissions = random_submissions(random.Random(2)).items()
    won = [write_submission(tmp_path, provider, month, tables) for (provider, month), tables in submissions]
    with duckdb.connect(str(build(tmp_path, won, measures=sorted(set(asked.values()))))) as con:
        undeclared = 0
        for breakdown, measure in asked.items():
            here = (
                f"FROM mart.breakdown_measure WHERE level = 'England' AND pathway = 'all' AND measure = '{measure}' "
                f"AND breakdown = '{breakdown}' AND period_type = 'quarter' AND denominator > 0"
            )
            found = con.execute(question.replace("RECOVERY", measure).replace("deprivation_decile", breakdown))
            groups = found.fetchall()
            assert [len(groups), sum(row[1] for row in groups)] == list(
                con.execute(f"SELECT count(*), coalesce(sum(numerator), 0) {here}").fetchone() or ()
            ), breakdown
            declared = con.execute("SELECT count(*) FROM mart.breakdown_group WHERE breakdown = ?", [breakdown])
            undeclared += len(groups) > 0 and declared.fetchone() == (0,)
        assert undeclared >= 3


def test_the_analysts_page_says_the_rule_for_small_counts() -> None:
    page = (PROJECT / "docs" / "for-analysts.md").read_text()
    assert with_rule(page) == page, "run `make docs`"
    assert "A figure of fewer than 12 people is suppressed" in with_rule(page, Suppression(12, 0.5, 50, 12, 100))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)  # patterns are no links
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
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


def test_every_option_named_is_one_of_its_command(capfd: pytest.CaptureFixture[str]) -> None:
    """Of ``parity prune --yes``, the help of ``prune`` has ``--yes``."""
    named: dict[str, set[str]] = {}
    for page in PAGES:
        for typed in re.findall(r"`parity ([^`]*)`|^parity (.*)$", page.read_text(), re.M):
            command, *options = re.split(r"\s(?=--[a-z])", "".join(typed))
            words = command.split()[: 2 if command.startswith(GROUPS) else 1]
            named.setdefault(" ".join(words), set()).update(re.match(r"--[a-z-]+", each)[0] for each in options)
    assert sum(map(len, named.values())) >= 20
    wrong = []
    for command, options in named.items():
        assert _run([*command.split(), "--help"]) == CLEAN
        said = re.findall(r"--[a-z-]+", capfd.readouterr().out)
        wrong += [f"parity {command} {option}" for option in options - set(said)]
    assert wrong == []


def test_every_test_named_exists() -> None:
    """In operations.md each row names the test that walks it."""
    named = {name for page in PAGES for name in re.findall(r"\btests/[\w/]+\.py\b", page.read_text())}
    assert len(named) >= 50
    assert sorted(name for name in named if not (PROJECT / name).exists()) == []


def test_the_number_of_operations_is_the_one_that_is_said() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| (?!operation).+\|$", text.split("\n## Years")[0], re.M)
    walked = [row for row in rows if "not walked" not in row]
    assert f"Of {len(rows)} operations {len(walked)} were walked" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run([command, "--help"]) == CLEAN
    assert f"parity {command}" in capfd.readouterr().out
