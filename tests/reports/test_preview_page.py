"""The page and the tables of a preview: what is said in which order, and that anybody can open and read them."""

import csv
import re
from html import unescape
from pathlib import Path

import pytest

from reports.preview import page, tables, told
from reports.preview.costings import costings
from tests.fixtures.browser import WCAG, Browser, axe
from tests.fixtures.preview import APRIL, previewed, with_figures


def words(html: str) -> str:
    """What the page says, without marks and without links to its own parts."""
    body = re.sub(r"<nav.*?</nav>", "", html.partition("<body>")[2], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_page_says_the_outcome_the_costs_what_is_not_known_and_the_figures_in_this_order() -> None:
    said = words(page.page(with_figures()))
    order = [
        "Preview of RW5", "Nothing has been submitted.", "What the findings cost you",
        "EndCode «99» is not a valid code for this period.", "12 records in IDS101Referral do not count.",
        "30 rows of all tables would come back if this alone were corrected.", "People referred 40 52",
        "People who recovered 12 of 30 (40 %) 20 of 40 (50 %)", "PersScore is outside 0 to 27.",
        "1 record in IDS607CodedScoreAssessmentAct counts without this value.",
        "2 less serious findings are not worked out here.", "What this preview cannot know", "Your figures",
        "People referred 40 35 35 (1 month)",
    ]  # fmt: skip
    places = [said.find(text) for text in order]
    assert -1 not in places and places == sorted(places), list(zip(order, places, strict=True))


def test_england_stands_beside_the_same_condition_alone_and_counts_beside_nothing() -> None:
    every, *conditions = told.sections(with_figures())
    lines = {
        (section.name, line.measure): line
        for section in (every, *conditions)
        for _, of in section.blocks
        for line in of
    }
    assert told.beside(with_figures()) == ("April 2025", "March 2025", "Earlier months", "England, March 2025")
    recovery = next(line for (name, measure), line in lines.items() if name and measure == "RECOVERY")
    said = (recovery.now, recovery.before, recovery.national)
    assert said == ("12 of 30 (40\N{NO-BREAK SPACE}%)", "10 of 40 (25\N{NO-BREAK SPACE}%)", "50\N{NO-BREAK SPACE}%")
    assert lines["", "RECOVERY"].national == ""
    assert {line.national for (_, measure), line in lines.items() if measure == "REFERRALS"} == {""}
    assert lines["", "SMI_DROPPED_OUT"].now == "nobody to count"


def test_no_two_figures_are_called_the_same() -> None:
    assert len(set(told.labels().values())) == len(told.labels())
    assert told.labels()["MEAN_SESSIONS"] == "Average number of sessions (people who finished)"
    assert told.labels()["SMI_SESSIONS_MEAN"] == "Average number of sessions (people treated)"


def test_a_figure_that_reads_the_same_is_no_change() -> None:
    found = with_figures()
    rejection, warning = costings(found)
    assert [each.label for each in rejection.changes] == ["People referred", "People who recovered"]
    assert [(each.now, each.then) for each in warning.changes] == [("12 of 30 (40\N{NO-BREAK SPACE}%)", "")]


def test_the_tables_have_every_figure_and_every_change(tmp_path: Path) -> None:
    assert page.write(with_figures(), tmp_path) == ["preview.html", "preview.csv", "costs.csv"]
    with (tmp_path / "preview.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {(row["pathway"], row["measure"]): row for row in csv.DictReader(file)}
    assert len(rows) == with_figures().figures.height
    recovery = rows["05", "RECOVERY"]
    names = ("month", "numerator", "denominator", "value_month_before", "earlier_months", "national_month")
    assert [recovery[name] for name in names] == ["2025-04", "12", "30", "0.25", "1", "2025-03"]
    assert (float(recovery["value"]), float(recovery["national_value"])) == (0.4, 0.498)
    with (tmp_path / "costs.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4
    assert tables.as_json(with_figures())["cannot_know"] == list(told.cannot_know(with_figures()))


def test_a_preview_without_figures_says_so_and_has_no_tables(tmp_path: Path) -> None:
    assert page.write(previewed(of=None), tmp_path) == ["preview.html"]
    said = words((tmp_path / "preview.html").read_text(encoding="utf-8"))
    assert "There are no figures: the rows of this extract cannot be read." in said
    assert "Your figures" not in said


def test_the_page_loads_nothing_runs_nothing_and_shows_values_as_text() -> None:
    html = page.page(with_figures("<script>alert(1)</script> is not a code."))
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html
    assert "http:" not in html and "https:" not in html and "//" not in html.partition("<body>")[2]
    ids = set(re.findall(r' id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= ids
    assert set(re.findall(r'href="([^#"]+)"', html)) == {"preview.csv", "costs.csv"}
    assert APRIL.strftime("%B %Y") in words(html)


@pytest.mark.skipif(axe() is None, reason="axe-core is not installed")
def test_anybody_can_read_the_page_on_a_phone_and_on_a_screen(tmp_path: Path, chromium: Browser) -> None:
    place = tmp_path / "preview.html"
    html = page.page(with_figures("x" * 60 + " is not a code."))
    place.write_text(
        "".join(line for line in html.splitlines(keepends=True) if "Content-Security-Policy" not in line),
        encoding="utf-8",
    )
    for width in (390, 1280):
        chromium.open(place, width)
        assert chromium.wider() == 0
    passes, found = chromium.violations(list(WCAG))
    assert passes > 10 and found == []
