"""Pages of England, places, measures, conditions, published services, and the index: from one small release.

Belongs here: that every page is there and leads on, what it says of two services and of many, and the search. Does not
belong here: charts (test_charts), sentences of a service (test_sentences), what leaves the house (test_screener).
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from reports.pages import addresses, measure, writing
from reports.pages.beside import Beside
from reports.pages.numbers import Source
from reports.pages.page import Page
from reports.pages.peers import funnel_said
from reports.pages.release import PUBLIC, opened
from schemas.pathway import pathways
from tests.fixtures.browser import Browser
from tests.fixtures.public_release import made_release, release_copied
from tests.references.pages import bare_numbers, public
from warehouse.disclosure.followed import follows
from warehouse.disclosure.screened_pages import read_page, screen_pages
from warehouse.release import DATABASE, PUBLIC_DATABASE

Pages = dict[str, str]
ENGLAND = Source("national", "value", "ENG", "RECOVERY", "month", date(2025, 4, 1), "01")
CONDITION = next(each for each in pathways() if each.is_default)


def plain(html: str) -> str:
    """What a reader sees of it."""
    return re.sub("<[^>]*>", "", html)


def written(folder: Path) -> Pages:
    """Every public page by its address."""
    with opened(folder, PUBLIC) as release:
        found: list[Page] = [page for kind in writing.PUBLIC_KINDS for page in kind(release)]
    pages = {page.address: page.text for page in found}
    assert len(pages) == len(found)  # no page is written over another
    return pages


@pytest.fixture(scope="module")
def pages() -> Pages:
    return written(made_release())


def with_rows(tmp: Path, *statements: str) -> Path:
    """A copy of the release in which these statements have changed schema ``public``."""
    folder = release_copied(tmp)
    for name in (DATABASE, PUBLIC_DATABASE):
        with duckdb.connect(str(folder / name)) as con:
            for statement in statements:
                con.execute(statement)
    return folder


def services(count: int, positions: Sequence[str], tau: str = "0.03") -> list[str]:
    """Statements: ``count`` services with a recovery of 40 of 100, and more, at these positions in turn."""
    rows = (
        f"(SELECT 'R' || lpad(CAST(i AS VARCHAR), 2, '0') AS code, i FROM range({count}) AS r(i)) AS new "
        "CROSS JOIN (SELECT DISTINCT period_type, period_start, pathway, measure FROM public.national "
        "WHERE source = 'submitted' AND measure = 'RECOVERY' AND pathway <> 'all' AND value IS NOT NULL) AS kept"
    )
    listed = ", ".join(f"'{each}'" for each in positions)
    return [
        "DELETE FROM public.service_measure WHERE level = 'provider' AND measure = 'RECOVERY'",
        f"INSERT INTO public.service_measure BY NAME SELECT 'submitted' AS source, 'provider' AS level, "
        "code AS organisation, period_type, period_start, pathway, measure, 40 + i AS numerator, 100 AS denominator, "
        f"(40 + i) / 100 AS value, 12 AS months_submitted, 'value' AS state FROM {rows}",
        "DELETE FROM public.service_comparison",
        "INSERT INTO public.service_comparison BY NAME SELECT 'submitted' AS source, code AS provider, period_type, "
        "period_start, pathway, measure, 40 + i AS numerator, 100 AS denominator, (40 + i) / 100 AS value, "
        f"nullif([{listed}][1 + i % {len(positions)}], '') AS funnel_position_adjusted, {count} AS services, "
        f"{tau} AS tau, CASE WHEN {count} < 10 THEN 'fewer than 10 services with a rate' END AS why_no_position "
        f"FROM {rows}",
    ]


def published(*years: int) -> list[str]:
    """Statements: one service in NHS England's figures of these years, and England."""
    found = [
        "INSERT INTO public.organisation BY NAME SELECT 'provider' AS level, 'R9X' AS organisation, 'Old Town' AS name, "
        "'Q1' AS icb, 'Y1' AS region, false AS is_submitted",
        "INSERT INTO public.organisation BY NAME SELECT 'region' AS level, 'Y1' AS organisation, 'West' AS name, "
        "false AS is_submitted UNION ALL BY NAME SELECT 'ICB' AS level, 'Q1' AS organisation, 'NHS West' AS name, "
        "'Y1' AS region, false AS is_submitted",
    ]
    for year in years:
        key = (
            f"'published' AS source, 'financial year' AS period_type, DATE '{year}-04-01' AS period_start, "
            "'all' AS pathway, 'RECOVERY' AS measure"
        )
        found += [
            f"INSERT INTO public.national BY NAME SELECT {key}, 500 AS numerator, 1000 AS denominator, 0.5 AS value, "
            "'value' AS state",
            f"INSERT INTO public.service_comparison BY NAME SELECT {key}, 'R9X' AS provider, 60 AS numerator, "
            "100 AS denominator, 0.6 AS value, 'value' AS state, 500 AS national_numerator, "
            "1000 AS national_denominator, 0.5 AS national_value, 'above 95' AS funnel_position_adjusted, "
            "30 AS services, 0.03 AS tau",
            *(
                f"INSERT INTO public.control_chart BY NAME SELECT {key}, '{who}' AS provider, 1 AS segment, "
                f"{len(years)} AS points, {value} AS value, 'too few points' AS limits, 'too few points' AS point_type, "
                "'too few points' AS variation"
                for who, value in (("ENG", 0.5), ("R9X", 0.6))
            ),
        ]
    summary = (
        "SELECT DISTINCT source, provider, pathway, measure FROM public.control_chart WHERE source = 'published'"
    )
    return [*found, f"INSERT INTO public.control_chart_summary BY NAME {summary}"]


def links(address: str, html: str) -> Iterator[str]:
    for target in re.findall(r'<a [^>]*href="([^"#]+)', html):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(address), target))


def test_every_link_leads_to_a_page_and_every_page_can_be_reached(tmp_path: Path) -> None:
    pages = written(with_rows(tmp_path, *published(2022, 2023)))
    assert {target for address, html in pages.items() for target in links(address, html)} <= set(pages)
    seen, waiting = set(), [addresses.INDEX]
    while waiting:
        address = waiting.pop()
        if address not in seen:
            seen.add(address)
            waiting += links(address, pages[address])
    assert seen == set(pages)


def test_each_measure_condition_and_place_has_a_page(pages: Pages) -> None:
    kinds = Counter(address.partition("/")[0] for address in pages)
    with opened(made_release(), PUBLIC) as release:
        assert {addresses.measure(each) for each in release.measures} <= set(pages)
    assert kinds["condition"] == len(pathways()) and addresses.place("ENG") in pages
    assert kinds["published"] == 0  # none was imported


def test_the_index_lists_what_a_person_may_look_for(pages: Pages) -> None:
    index = pages[addresses.INDEX]
    for target in (addresses.place("ENG"), addresses.service("RXX"), addresses.condition(CONDITION.name),
                   addresses.measure("RECOVERY")):  # fmt: skip
        assert f'href="{target}"' in index
    # The official ids are words to search for.
    assert re.search(r'data-words="RECOVERY [^"]*M191', index)


@pytest.mark.parametrize(
    ("typed", "found"), [("m191", {"Recovery"}), ("RECOVERY rxx", set()), ("england", {"England"})]
)
def test_the_search_shows_the_lines_with_every_word(
    pages: Pages, tmp_path: Path, chromium: Browser, typed: str, found: set[str]
) -> None:
    page = tmp_path / "index.html"
    page.write_text(pages[addresses.INDEX], encoding="utf-8")
    chromium.open(page, 1280)
    chromium.run(f"document.getElementById('find').value = '{typed}'")
    chromium.run("document.getElementById('find').dispatchEvent(new Event('input'))")
    dom = chromium.run("document.documentElement.outerHTML")
    shown = {
        re.sub("<[^>]*>", "", line[1]).partition(":")[0].strip()
        for line in re.finditer(r'<li data-words="[^"]*">(.*?)</li>', dom)
    }
    assert shown == found
    assert f'aria-live="polite">{len(found)} page{"" if len(found) == 1 else "s"}<' in dom


def test_without_its_script_the_index_is_plain_lists(pages: Pages) -> None:
    html = pages[addresses.INDEX]
    assert 'id="search" role="search" hidden' in html and "<li hidden" not in html


@pytest.mark.parametrize(
    ("count", "says"),
    [
        (0, "Each service has too few people with {condition} to show a figure."),
        (1, "Only one service in the country has enough people with {condition}. We show its figure."),
        (
            2,
            "Only two services in the country have enough people with {condition}. We show both and compare neither.",
        ),
        (9, "Only nine services in the country have enough people with {condition}. We show all and compare none."),
        (12, "12 of 12 services are where services of their size mostly are."),
    ],
)
def test_a_measure_page_compares_where_there_are_services_enough(tmp_path: Path, count: int, says: str) -> None:
    position = "within" if count >= 10 else ""
    folder = with_rows(tmp_path, *services(count, [position], "0.03" if count >= 10 else "NULL"))
    html = written(folder)[addresses.measure("RECOVERY")]
    assert says.format(condition=CONDITION.name.lower()) in plain(html)
    assert ("funnel" in html or "99.8 % limit" in html) == (count >= 10)
    assert ("Half of the 12 services are between" in plain(html)) == (count >= 10)


def test_a_funnel_says_how_many_are_outside_and_how_many_would_be_by_chance() -> None:
    said = [plain(each) for each in funnel_said({"within": 30, "above 95": 3, "below 99.8": 2, None: 1}, ENGLAND)]
    assert (
        said[0].startswith("30 of 36 services")
        and "Outside the outer lines: 2. Only outside the inner lines: 3." in said[0]
    )
    assert "By chance alone, about 2 would" in said[0]
    assert len(said) == 3 and said[2].startswith("One more")
    assert len(funnel_said({"within": 12}, ENGLAND)) == 1


def test_a_measure_says_whether_the_official_one_is_the_same(pages: Pages) -> None:
    html = pages[addresses.measure("RECOVERY")]
    assert re.search(r"M191</th>.*?Same", html) and "at least" in html  # the standard
    assert "NHS England's monthly statistics have no measure like it." not in html


def test_a_condition_says_the_dose_and_how_many_services_treat_it(pages: Pages) -> None:
    """Two providers have enough people; the third has 3 and stays unseen."""
    own = pages[addresses.condition(CONDITION.name)]
    assert "Only two services in the country treat this. We show both and compare neither." in own
    psychosis = pages[addresses.condition("Psychosis")]
    assert "16 or more" in plain(psychosis) and "NICE CG178" in psychosis
    assert "There are no figures for England yet." in psychosis


def test_england_asks_its_three_questions(pages: Pages) -> None:
    html = pages[addresses.place("ENG")]
    for words in ("Who needs help?", "Where is care unequal?", "Can I trust the figure?"):
        assert f"<h2>{words}</h2>" in html
    assert "Three services should have sent 3 monthly records. 3 are in." in plain(html)


def test_a_published_service_has_the_blocks_of_a_service_page(tmp_path: Path) -> None:
    pages = written(with_rows(tmp_path, *published(2021, 2022, 2023)))
    html = pages[addresses.published("R9X")]
    assert "2021-22 to 2023-24: 3 years." in html and "Did they get better?" in html
    assert html.count("Somewhat higher") >= 3  # in each of three years
    assert f'href="../{addresses.place("Y1")}"' in html
    west = pages[addresses.place("Y1")]
    assert "Old Town" in west and "sent no records to Parity yet" in west
    assert "2021-22 to 2023-24" in pages[addresses.measure("RECOVERY")]


def test_the_numbers_are_those_of_the_public_schema(tmp_path: Path) -> None:
    folder = with_rows(tmp_path, *published(2021, 2022, 2023), *services(12, ["within", "above 95"]))
    files = []
    with duckdb.connect(str(folder / DATABASE), read_only=True) as con:
        said = public(con, "month")
        for address, html in written(folder).items():
            assert (address, list(bare_numbers(html, said))) == (address, [])
            if address.startswith(("measure/RECOVERY", "place/", "condition/", "index", "published/")):
                files.append((address, tmp_path / address.replace("/", "-")))
                files[-1][1].write_text(html, encoding="utf-8")
        assert list(screen_pages(files, con)) == []
        # What follows from other numbers is worked out anew: another number is refused.
        followed = {
            (number.of["table"], number.of["column"]): number
            for _, file in files for number in read_page(file.read_text(encoding="utf-8")).numbers
            if follows(number.of.get("table", ""), number.of.get("column", ""))
        }  # fmt: skip
        assert {"services", "services_within", "middle", "records_in", "upper_95"} <= {of for _, of in followed}
        for number in followed.values():
            of = " ".join(f'data-{name}="{value}"' for name, value in number.of.items())
            files[0][1].write_text(f'<data value="{float(number.raw) + 1}" {of}>1</data>', encoding="utf-8")
            assert list(screen_pages(files[:1], con)) != [], number


def test_a_page_that_would_be_too_large_gives_services_pages_of_their_own() -> None:
    class Section:
        def __init__(self, code: str, size: int) -> None:
            self.condition = next(each for each in pathways() if each.code == code)
            self.peers = type("P", (), {"chart": "x" * size})()

    sections = [Section("01", 90_000), Section("02", 80_000), Section("05", 170_000)]
    assert measure.apart(sections, 320_000) == []  # type: ignore[arg-type]
    assert [each.condition.code for each in measure.apart(sections, 340_000)] == ["05"]  # type: ignore[arg-type]
    assert len(measure.apart(sections, 2_000_000)) == 3  # type: ignore[arg-type]


def test_rows_are_handed_out_page_by_page_in_either_order() -> None:
    rows = [{"k": key, "n": n} for key, n in (("b", 1), ("b", 2), ("a", 3), ("c", 4))]
    beside = Beside(iter(rows), "k", {"b": 0, "x": 1, "a": 2, "c": 3})
    assert [[row["n"] for row in beside.of(key)] for key in ("b", "x", "c")] == [[1, 2], [], [4]]
    assert list(Beside(iter([]), "k").of("a")) == []
