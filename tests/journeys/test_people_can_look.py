"""People can look: every kind of page in a real browser, every number read back, and a newcomer's first ten minutes.

This needs a year of several services. A campaign builds the demonstration as ``make run`` does (2 to 6 minutes), or
takes the data root that PARITY_BUILT_ROOT names, and opens the largest page of each kind. ``make test`` only asks
whether the browser would have told.
"""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.ask import release_name
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.zones import PROJECT, Zones, zones
from reports.pages.addresses import OWN
from reports.pages.release import INSIDE, PUBLIC, opened
from reports.pages.writing import write_inside, write_public
from reports.templating import MOST_BYTES
from tests.campaign import is_whole
from tests.fixtures.browser import A4, CHROMIUM, axe, browser
from tests.references.pages import Public, bare_numbers, public
from warehouse.disclosure.screened_pages import read_page, screen_pages

# Places of the pages that a release has, below the folder that ``pages`` gives.
PUBLIC_PAGES, SERVICE_PAGES, CENTRE_PAGES = "public", "site_reports", "centre"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zones]:
    """A data root with a release."""
    folder = tmp_path_factory.mktemp("look")
    with pytest.MonkeyPatch.context() as env:
        env.setenv("PARITY_HOME", os.environ.get("PARITY_BUILT_ROOT", str(folder / "var")))
        env.setenv("PARITY_KEY_FILE", str(folder / "pseudonym.key"))
        if "PARITY_BUILT_ROOT" not in os.environ:
            if not is_whole():
                pytest.skip("a built demonstration is needed: make campaign, or name one in PARITY_BUILT_ROOT")
            assert _run(["demo"]) == CLEAN
        yield zones()


@pytest.fixture(scope="module")
def release(root: Zones) -> Path:
    """The folder of its newest release."""
    return root.releases / release_name(root)


@pytest.fixture(scope="module")
def pages(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages of the release, by who may read them."""
    folder = tmp_path_factory.mktemp("pages")
    with opened(release, PUBLIC) as public:
        write_public(public, folder / PUBLIC_PAGES)
    with opened(release, INSIDE) as inside:
        write_inside(inside, lambda provider: folder / SERVICE_PAGES / provider, folder / CENTRE_PAGES)
    return folder


def one_of_each_kind(pages: Path) -> list[Path]:
    """The largest page of each kind: of each folder of addresses, and each page that has none.

    The dictionary has three: its index, the lineage of measures, a table.
    """
    kinds: dict[str, Path] = {}
    for page in sorted(pages.rglob("*.html"), key=lambda each: -each.stat().st_size):
        who, *way = page.relative_to(pages).parts
        of_service = way[1:] if who == SERVICE_PAGES else way
        own = page.stem if page.stem in ("index", "lineage") else ""
        kinds.setdefault(f"{who}/{of_service[0]} {own}", page)
    return list(kinds.values())


def test_every_kind_of_page_is_fit_to_be_seen(pages: Path, tmp_path: Path) -> None:
    """Nothing breaks WCAG 2.2 AA, nothing is loaded, no script complains, it fits a phone, and prints on A4."""
    if CHROMIUM is None or axe() is None:
        pytest.skip("no chromium, or no axe-core, on this machine")
    chosen = one_of_each_kind(pages)
    opened_kinds = {"/".join(page.relative_to(pages).parts[:-1]) for page in chosen}
    everybody = ("condition", "dictionary", "measure", "place", "service")  # and published ones, where there are
    assert {"public", "centre/dictionary", *(f"public/{kind}" for kind in everybody)} <= opened_kinds
    with browser(tmp_path) as chromium:
        for page in chosen:
            looked, name = chromium.look(page), str(page.relative_to(pages))
            assert (name, looked.violations) == (name, [])
            assert (name, looked.requests, looked.complaints) == (name, [], [])
            assert (name, looked.wider) == (name, {360: 0, 794: 0, 1280: 0})
            assert (name, set(looked.printed)) == (name, {A4})


def test_the_browser_would_have_told(tmp_path: Path) -> None:
    """A page with everything that is forbidden: each is found."""
    if CHROMIUM is None or axe() is None:
        pytest.skip("no chromium, or no axe-core, on this machine")
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!doctype html><html><head><title>x</title><style>@page { size: letter }</style></head><body><main><h1>x</h1>"
        "<img src='https://example.invalid/a.png'><p style='width: 900px; color: #ddd'>text</p></main>"
        "<script>console.error('no'); missing();</script></body></html>"
    )
    with browser(tmp_path) as chromium:
        looked = chromium.look(bad)
    assert {each.partition(":")[0] for each in looked.violations} >= {
        "html-has-lang",
        "image-alt",
        "color-contrast",
    }
    assert "https://example.invalid/a.png" in looked.requests
    assert any("no" in each for each in looked.complaints) and len(looked.complaints) >= 2
    assert looked.wider[360] > 500 and looked.wider[1280] == 0
    assert set(looked.printed) == {(612, 792)}


def test_no_page_is_larger_than_a_phone_takes(pages: Path) -> None:
    assert {page.name for page in pages.rglob("*.html") if page.stat().st_size > MOST_BYTES} == set()


def test_every_number_of_every_public_page_is_in_the_public_schema(pages: Path, release: Path) -> None:
    found = sorted((pages / PUBLIC_PAGES).rglob("*.html"))
    with duckdb.connect(str(release / "parity.duckdb"), read_only=True) as con:
        named = [(str(page.relative_to(pages)), page) for page in found]
        assert list(screen_pages(named, con)) == []
        said = public(con)
    assert {"service", "place", "measure", "condition", "dictionary"} <= {p.parent.name for p in found}
    for name, page in named:
        assert (name, list(bare_numbers(page.read_text(encoding="utf-8"), said))) == (name, [])


def test_a_number_without_its_place_would_have_been_told() -> None:
    """A figure written into a text is told, also where an element says it with its place, or another one than its
    place has, or beside an axis; months, thresholds, and what a chart says again are not.
    """
    html = (
        '<p>In May 2025 <data value="0.62" data-column="value">62 %</data> of 61 people got better, 62 % in all; '
        "fewer than 5 waited over 18 weeks. That was 17 more.</p>"
        '<p>It is at least 30 months. <data value="0.62" data-column="value">26 %</data> of '
        '<data value="3" data-column="services">two</data></p>'
        '<figure class="chart"><text data-column="axis">500</text><text data-column="axis">1,237</text>'
        '<text data-value="0.5" data-column="mean">50 %</text><p>Line: mean, 50 %, and 41 %.</p></figure>'
        '<details><summary>A (<span data-column="list">237</span>)</summary><ul><li>1829 Building</li></ul></details>'
    )
    told = [number for number, _ in bare_numbers(html, Public(["1829 Building"]))]
    assert told == ["26 %", "two", "61", "62 %", "17", "30", "237", "41 %", "1,237"]


def test_a_services_page_says_what_a_query_says(
    pages: Path, root: Zones, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page of a service, in both editions, against ``parity query``: each number that has its place."""
    service = max((pages / PUBLIC_PAGES / "service").glob("*.html"), key=lambda page: page.stat().st_size)
    own = pages / SERVICE_PAGES / service.stem / OWN
    of = {"service_measure": "organisation", "service_comparison": "provider", "provider_figure": "provider"}
    for page, schema in ((service, "public"), (own, "mart")):
        wanted, asked = set(), set()
        for number in read_page(page.read_text(encoding="utf-8")).numbers:
            table = number.of.get("table", "service_measure").removeprefix(f"{schema}.")
            column = number.of.get("column", "")
            if table in of and column in ("numerator", "denominator") and number.of["org"] == service.stem:
                keys = (number.of[key] for key in ("measure", "period-type", "period"))
                wanted.add((table, column, *keys, number.of.get("pathway", "all"), number.raw.removesuffix(".0")))
                asked.add(
                    f"SELECT '{table}' AS t, '{column}' AS c, measure, period_type, CAST(period_start AS VARCHAR) AS p, "
                    f"pathway, {column} AS n FROM {schema}.{table} WHERE {of[table]} = '{service.stem}'"
                )
        assert len(wanted) > 10, page.name
        assert _run(["query", " UNION ALL ".join(sorted(asked)), "--format", "csv"]) == CLEAN
        assert wanted <= {tuple(row.values()) for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}


def test_a_newcomer_gets_from_the_readme_to_an_answer_of_their_own(
    root: Zones, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """README → ``make run`` → the first page → a question that is answered with ``parity query``."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert "make run" in readme.split("```")[1]
    make = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^run:.*\n\t\$\(BIN\)/parity demo", make, re.MULTILINE)
    assert re.search(r"^look:", make, re.MULTILINE) and "make look" in readme
    first = pages / PUBLIC_PAGES / "index.html"
    text = " ".join(read_page(first.read_text(encoding="utf-8")).texts)
    assert "England" in text
    for link in re.findall(r'href="([^"#:]+)', first.read_text(encoding="utf-8")):
        assert (first.parent / link).is_file(), link
    (question,) = re.findall(r'parity query "([^"]+)"', readme)[:1]
    capsys.readouterr()
    assert _run(["query", question, "--format", "csv"]) == CLEAN
    assert len(list(csv.DictReader(io.StringIO(capsys.readouterr().out)))) > 1
    own = "SELECT value FROM public.national WHERE measure = 'RECOVERY' ORDER BY period_start DESC LIMIT 1"
    assert _run(["query", own]) == CLEAN
