"""Charts: what each draws and says, that every number can be read back, and that nothing touches anything.

One page with every chart of ``tests/fixtures/charts.py`` is opened at three widths in a real browser.
"""

import math
import re
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.charts import (
    SHARE,
    Aim,
    Caterpillar,
    ControlChart,
    ControlPoint,
    Distribution,
    Fan,
    FanPoint,
    Figure,
    Funnel,
    Part,
    PersonTime,
    PersonYears,
    Position,
    Scores,
    Service,
    Source,
    Stage,
    Stream,
    Value,
    Waits,
    Week,
    caterpillar,
    control_chart,
    distribution,
    fan,
    funnel,
    person_years,
    position,
    stream,
    waits,
)  # fmt: skip
from reports.charts.drawing import Drawing, Number, spread, width_of, wrapped
from reports.charts.plane import labelled
from reports.charts.scale import NO_BREAK, ticks
from tests.fixtures import charts as cases
from tests.fixtures.browser import Browser

CHARTS = cases.every_chart()
KINDS = sorted({name.partition(":")[0] for name in CHARTS})
PARTS = ("measure", "org", "period", "pathway", "group", "table", "level", "period-type", "breakdown")
# Gridlines, shading behind a row, the white edge of marks, hatching: nobody has to see them to read the chart.
DECORATION = {"#d8dde0", "#c9dcee", "#eaf1f8", "#fff", "none"}


class Reader(HTMLParser):
    """Reads a chart back: elements with their attributes, texts, and numbers with where each stands."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.numbers: set[tuple[float, str, tuple[str, ...]]] = set()
        self.texts: list[tuple[dict[str, str], str]] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.elements.append((tag, own))
        self._open.append((tag, own))
        value = own.get("data-value", own.get("value"))
        if value is not None and "data-column" in own:
            self.numbers.add(
                (float(value), own["data-column"], tuple(self._nearest(f"data-{part}") for part in PARTS))
            )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "text":
            self.texts.append((self._open[-1][1], data))

    def _nearest(self, name: str) -> str:
        return next((attributes[name] for _, attributes in reversed(self._open) if name in attributes), "")


def read(figure: Figure) -> Reader:
    return Reader(figure.svg)


def values(figure: Figure, column: str) -> list[float]:
    """Numbers of a column, each place in the release once."""
    return sorted(value for value, name, _ in read(figure).numbers if name == column)


def notes(figure: Figure) -> str:
    return " ".join(note.words for note in figure.notes).replace(NO_BREAK, " ")


def words(figure: Figure) -> list[str]:
    return [text.replace(NO_BREAK, " ") for _, text in read(figure).texts]


# All charts


@pytest.mark.parametrize("name", CHARTS)
def test_every_number_drawn_stands_in_the_table_with_its_source(name: str) -> None:
    figure = CHARTS[name]
    assert (figure.table is None) == name.startswith("matrix")  # a matrix is a table already
    if figure.table is not None:
        assert read(figure).numbers <= Reader(figure.table.html(figure.source)).numbers


def test_the_charts_of_the_cases_draw_numbers_with_a_source() -> None:
    """So that the test above cannot be empty: 2,000 and more numbers, of every kind of chart."""
    by_kind = {kind: sum(len(read(f).numbers) for n, f in CHARTS.items() if n.startswith(kind)) for kind in KINDS}
    assert min(by_kind.values()) >= 10
    assert sum(by_kind.values()) > 2_000


@pytest.mark.parametrize("name", [name for name in CHARTS if not name.startswith("matrix")])
def test_a_drawing_is_an_image_with_a_title_and_words(name: str) -> None:
    drawings = [own for tag, own in read(CHARTS[name]).elements if tag == "svg" and own.get("role") == "img"]
    assert len(drawings) == len(CHARTS[name].panels)
    for own in drawings:
        first, second = own["aria-labelledby"].split()
        title = re.search(rf'<title id="{first}">([^<]+)</title>', CHARTS[name].svg)
        told = re.search(rf'<desc id="{second}">([^<]+)</desc>', CHARTS[name].svg)
        assert title and told and len(told[1]) > 10


def test_ids_are_unique_on_a_page_of_many_charts() -> None:
    ids = [own["id"] for _, own in Reader("".join(f.svg for f in CHARTS.values())).elements if "id" in own]
    assert len(ids) == len(set(ids)) > 100


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_is_smaller_than_12_pixels_and_no_number_is_broken(name: str) -> None:
    html = CHARTS[name].html
    assert not re.search(r'[">\s(](nan|-?inf)\b', html)
    assert min((int(size) for size in re.findall(r'font-size="(\d+)"', html)), default=12) >= 12
    assert " style=" not in html and "<script" not in html  # the policy of the pages would stop them


def contrast(colour: str) -> float:
    """Against white, as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def test_texts_have_a_contrast_of_4_5_and_marks_of_3() -> None:
    reader = Reader("".join(figure.html for figure in CHARTS.values()))
    texts = {own["fill"] for tag, own in reader.elements if tag == "text" and "fill" in own}
    marks = {
        own[paint]
        for tag, own in reader.elements
        if tag in ("circle", "line", "rect", "path", "polyline")
        for paint in ("fill", "stroke")
        if own.get(paint, "").startswith("#")
    } - DECORATION
    assert min(map(contrast, texts)) >= 4.5
    assert min(map(contrast, marks)) >= 3
    assert len(marks) >= 6


@pytest.mark.parametrize("width", [360, 820])
def test_a_file_stands_alone(width: int) -> None:
    for name in ("funnel: 10", "small multiples: 4"):
        file = CHARTS[name].file(width, 2)
        reader = Reader(file)
        assert reader.elements[0][1]["width"] == str(width)
        assert reader.numbers == read(CHARTS[name]).numbers
        assert "100%" not in {own.get("width") for tag, own in reader.elements if tag == "svg" and "role" in own}


# In a browser

MEASURE = """
(width => {
  const told = [];
  const box = element => element.getBoundingClientRect();
  const page = document.documentElement;
  if (page.scrollWidth > width) told.push(`${width}: page is ${page.scrollWidth} wide`);
  let number = 0;
  for (const drawing of document.querySelectorAll('figure svg[aria-labelledby]')) {
    const name = `${width} ${drawing.getAttribute('aria-labelledby').split(' ')[0]}`;
    const room = box(drawing);
    const texts = [...drawing.querySelectorAll('text')].map(text => [text, box(text)]);
    number += texts.length;
    texts.forEach(([one, a], i) => {
      if (a.left < room.left - 0.5 || a.right > room.right + 0.5 || a.top < room.top - 0.5 || a.bottom > room.bottom + 0.5)
        told.push(`${name}: «${one.textContent}» is outside`);
      for (const [other, b] of texts.slice(i + 1)) {
        const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        // The box of a line is taller than its letters: 1.15 against 0.93 of the size at most.
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) - 3;
        if (over > 0.5 && down > 0.5) told.push(`${name}: «${one.textContent}» touches «${other.textContent}»`);
      }
    });
    for (const mark of drawing.querySelectorAll('[data-value]')) {
      const m = box(mark);
      if (m.width + m.height > 0 && (m.left < room.left - 1 || m.right > room.right + 1 || m.top < room.top - 1 || m.bottom > room.bottom + 1))
        told.push(`${name}: ${mark.getAttribute('data-column')} ${mark.getAttribute('data-value')} is outside`);
    }
  }
  return [number, told];
})
"""


def looked_at(html: str, chromium: Browser, workspace: Path) -> tuple[list[int], list[str]]:
    """How many texts a browser measured at each width, and what touches, or is outside its drawing."""
    page = workspace / "charts.html"
    page.write_text(html, encoding="utf-8")
    numbers, found = [], []
    for width in (320, 360, 1280):
        chromium.open(page, width)
        number, told = chromium.run(f"{MEASURE}({width})")
        numbers.append(number)
        found += told
    return numbers, found


def _has_arial() -> bool:
    """Whether text in Arial is as wide here as where people have it. DejaVu, which stands in, is a sixth wider."""
    asked = subprocess.run(["fc-match", "--format=%{family}", "Arial"], capture_output=True, text=True, check=False)
    return any(name in asked.stdout for name in ("Arial", "Arimo", "Liberation Sans"))


def touching() -> str:
    """A drawing with all that must not be."""
    drawing = Drawing("wrong", height=40)
    for x, words in ((0.1, "one here"), (0.12, "two there"), (0.95, "far beyond")):
        drawing.text(x, 20, words)
    drawing.mark(1.2, 20, "circle", "#000000", number=Number(1, "value"))
    return f"<figure>{drawing.svg('t', 'a drawing')}</figure></body>"


def test_no_label_touches_another_and_nothing_is_outside_at_320_360_and_1280_pixels(
    tmp_path: Path, chromium: Browser
) -> None:
    if not _has_arial():
        pytest.skip("no font as wide as Arial here (Debian: fonts-liberation)")
    numbers, found = looked_at(cases.gallery(CHARTS).replace("</body>", touching()), chromium, tmp_path)
    assert [each for each in found if "wrong-title" not in each] == []
    assert len(set(numbers)) == 1 and numbers[0] > 450
    # What is wrong on purpose is seen: the browser did look.
    for words in ("«one here» touches «two there»", "«far beyond» is outside", "value 1 is outside"):
        assert f"320 wrong-title: {words}" in found


# Whatever the figures are

finite = st.floats(0, 1)
counts = st.one_of(st.none(), st.integers(0, 10**7))
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
positions = st.sampled_from([None, *cases.POSITIONS])


@st.composite
def shares(draw: st.DrawFn) -> Value:
    value = draw(st.one_of(st.none(), finite))
    if value is None:
        return Value(None, why_missing=draw(names))
    lower, upper = draw(st.one_of(st.just((None, None)), st.tuples(st.floats(0, value), st.floats(value, 1))))
    return Value(value, lower, upper, draw(counts), draw(counts), source=Source(org=draw(names)))


@st.composite
def control_points(draw: st.DrawFn) -> ControlPoint:
    value = draw(st.one_of(st.none(), finite))
    limits = draw(st.sampled_from(["standing", "trial", "too few points", "not meaningful", "not charted"]))
    low, mean, high = sorted(draw(st.tuples(finite, finite, finite)))
    has_limits = limits in ("standing", "trial")
    return ControlPoint(
        draw(st.sampled_from(cases.MONTHS)), value, None if limits == "not charted" else mean,
        low if has_limits else None, high if has_limits else None, limits,
        draw(st.sampled_from(["improvement", "concern", "neither", "common cause"])), draw(st.sampled_from([-1, 0, 1])),
        draw(st.integers(1, 3)), draw(st.sampled_from(["", "a merger"])), draw(names), draw(counts),
    )  # fmt: skip


services = st.lists(
    st.builds(Service, names, shares(), positions, st.sampled_from(["", "North", "South"]), st.booleans()),
    max_size=12,
)
standards = st.one_of(st.none(), finite)


@st.composite
def fan_points(draw: st.DrawFn) -> FanPoint:
    label = draw(st.sampled_from(cases.MONTHS))
    kind = draw(st.sampled_from(["came", "forecast", "neither"]))
    if kind == "came":
        return FanPoint(label, draw(st.integers(0, 10**7)))
    if kind == "neither":
        return FanPoint(label, why_missing=draw(names))
    low, less, median, more, high = sorted(draw(st.lists(st.integers(0, 10**7), min_size=5, max_size=5)))
    return FanPoint(label, None, median, less, more, low, high)


@st.composite
def fan_charts(draw: st.DrawFn) -> Fan:
    points = draw(st.lists(fan_points(), min_size=1, max_size=24))
    place = draw(st.integers(0, len(points) - 1))
    aim = draw(st.one_of(st.none(), st.just(Aim("the target", draw(st.integers(0, 10**7)), "target", place))))
    return Fan(draw(names), points, aim)


stages = st.lists(
    st.builds(Stage, names, counts, st.just("column"),
              st.lists(st.builds(Part, names, counts, st.sampled_from(["open", "left", "not known"]), st.just("part")), max_size=3)),
    max_size=6,
)  # fmt: skip
scores = st.lists(
    st.builds(Scores, names, st.integers(0, 99), st.lists(st.tuples(st.integers(0, 27).map(float), counts), max_size=28, unique_by=lambda each: each[0])),
    min_size=1, max_size=3,
)  # fmt: skip
weeks = st.lists(
    st.builds(Week, st.integers(0, 60).map(lambda n: 7 * n), st.integers(0, 10**6), finite, st.one_of(st.none(), finite), st.one_of(st.none(), finite), finite, st.one_of(st.none(), finite)),
    min_size=1, max_size=20, unique_by=lambda each: each.day,
).map(lambda each: sorted(each, key=lambda week: week.day))  # fmt: skip
FIGURES = st.one_of(
    st.builds(lambda d: waits(d, "x"), st.builds(Waits, names, weeks)),
    st.builds(lambda d: position(d, "x"), st.builds(Position, names, names, shares(), st.one_of(st.none(), shares()), names, standards)),
    st.builds(lambda d: control_chart(d, "x"), st.builds(ControlChart, names, names, st.lists(control_points(), min_size=1, max_size=20), standards)),
    st.builds(lambda d: funnel(d, "x"), st.builds(Funnel, names, services, shares(), st.one_of(st.none(), st.floats(0, 0.5)), names, standards)),
    st.builds(lambda d: caterpillar(d, "x"), st.builds(Caterpillar, names, services, st.one_of(st.none(), shares()), names, st.booleans(), standards)),
    st.builds(lambda d: fan(d, "x"), fan_charts()),
    st.builds(lambda d: stream(d, "x"), st.builds(Stream, names, stages)),
    st.builds(lambda d: distribution(d, "x"), st.builds(Distribution, names, scores, st.just(0.0), st.just(27.0), st.one_of(st.none(), st.integers(0, 27)))),
    st.builds(lambda d: person_years(d, "x"), st.builds(PersonYears, names, names, st.lists(st.builds(PersonTime, names, shares(), st.floats(0, 1e6)), max_size=3), st.just(cases.RATES))),
)  # fmt: skip


def outside(figure: Figure) -> list[tuple[str, str, str]]:
    """Places of elements that are not within 0 and 100 % across, or 0 and the height down."""
    found = []
    for panel in figure.panels:
        for tag, own in Reader(panel.svg).elements:
            for name in ("x", "x1", "x2", "cx", "width"):
                share = own.get(name, "0%")
                if share.endswith("%") and not -0.01 <= float(share[:-1]) <= 100.01:
                    found.append((tag, name, share))
            for name in ("y", "y1", "y2", "cy", "height"):
                if not -0.01 <= float(own.get(name, "0")) <= panel.height + 0.5:
                    found.append((tag, name, own[name]))
    return found


@given(FIGURES)
def test_any_figures_are_drawn_inside_finite_and_can_be_read_back(figure: Figure) -> None:
    assert outside(figure) == []
    assert read(figure).numbers <= Reader(figure.table.html(figure.source)).numbers
    assert not re.search(r'="[^"]*\b(nan|inf)\b', re.sub(r'data-[a-z-]+="[^"]*"', "", figure.svg))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(1, 50))
def test_labels_moved_apart_are_apart_within_bounds_and_in_order(places: list[float], gap: float) -> None:
    moved = spread(places, gap, 0, 1_000)
    in_order = sorted(zip(places, moved, strict=True))
    assert all(0 <= place <= 1_000 + 1e-6 for place in moved)
    assert all(b[1] - a[1] >= gap - 1e-6 for a, b in pairwise(sorted(in_order, key=lambda each: each[1])))
    assert all(a[1] <= b[1] or a[0] == b[0] for a, b in pairwise(in_order))


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_round_numbers_within_the_axis(low: float, length: float, about: int) -> None:
    found = ticks(low, low + length, about)
    assert all(low - length * 1e-6 <= tick <= low + length * (1 + 1e-6) for tick in found)
    assert len(found) <= about * 2 + 2


# Position


def test_a_position_says_the_figure_the_national_one_and_the_standard() -> None:
    figure = CHARTS["position: usual"]
    assert words(figure) == ["0 %", "50 %", "100 %", "Standard 50 %", "Services like it 55.3 %", "62 %"]
    assert "This service: 62 %, likely between 50 and 73 %." in figure.svg.replace(NO_BREAK, " ")
    assert values(figure, "value") == [38 / 61]
    assert values(figure, "lower_95") + values(figure, "upper_95") == list(cases.wilson(38, 61) or ())
    assert values(figure, "national_value") == [0.553] and values(figure, "standard") == [0.5]


def test_a_position_without_a_figure_says_why_and_still_shows_the_others() -> None:
    figure = CHARTS["position: none"]
    assert "Fewer than 5 people" in words(figure) and "Standard 75 %" in words(figure)
    assert values(figure, "value") == [] and values(figure, "national_value") == [0.553]


def test_a_position_of_days_begins_at_0_and_says_the_unit() -> None:
    assert words(CHARTS["position: days"]) == ["0", "10", "20", "30", "40", "50", "England 31 days", "43 days"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    for scale in (SHARE, cases.DAYS):
        with pytest.raises(ValueError, match="not finite"):
            position(Position("t", "n", Value(value), scale=scale), "x")


# Control charts


def shapes(figure: Figure) -> list[str]:
    """Shape and colour of every point, from left to right."""
    points = [own for _, own in read(figure).elements if own.get("data-column") == "value"]
    paths = re.findall(r'data-column="value">(?:</circle>|<path d="([^"]+)"[^>]* fill="([^"]+)")', figure.svg)
    assert len(points) == len(paths)
    return [
        "chance" if not path else {"#005eb8": "blue", "#c25100": "orange"}.get(fill, "ink") for path, fill in paths
    ]


def test_special_points_have_a_shape_and_a_colour_of_their_own() -> None:
    found = shapes(CHARTS["control chart: usual"])
    assert found == ["chance"] * 8 + ["orange"] + ["chance"] * 4 + ["blue"] * 6
    assert "ink" in shapes(CHARTS["control chart: counts"])
    drawn = CHARTS["control chart: usual"].svg
    assert len(set(re.findall(r'<path d="([^"]+)" transform="scale\(6\)"', drawn))) == 2


def test_a_month_without_a_figure_is_a_gap_and_said_with_its_reason() -> None:
    figure = CHARTS["control chart: gaps"]
    assert "No figure for Apr 2024 to May 2024, Nov 2024: not submitted." in notes(figure)
    assert figure.svg.count("url(#control-gaps-hatch)") == 2
    joins = [
        own
        for tag, own in read(figure).elements
        if tag == "line" and own.get("stroke-width") == "1.5" and "data-value" not in own
    ]
    assert len(joins) == 2 + 4 + 1  # 3 months, 5 months, 2 months: none over a gap


def test_mean_and_limits_are_steps_where_the_chart_starts_anew() -> None:
    figure = CHARTS["control chart: rebased"]
    lines = [
        (own["data-column"], float(own["data-value"]))
        for tag, own in read(figure).elements
        if tag == "line" and "data-value" in own
    ]
    limits = [
        ("upper_limit", 0.62),
        ("mean", 0.53),
        ("lower_limit", 0.44),
        ("upper_limit", 0.764),
        ("mean", 0.714),
        ("lower_limit", 0.664),
    ]
    assert [(column, round(value, 3)) for column, value in lines] == limits
    assert "The limits start anew in Jan 2025: a new record system." in notes(figure)


def test_early_limits_are_called_so_and_too_few_months_have_none() -> None:
    assert "Early limits: they are of 8 points, and 12 are needed." in notes(CHARTS["control chart: rebased"])
    assert "Early limits" not in notes(CHARTS["control chart: usual"])
    assert values(CHARTS["control chart: few"], "upper_limit") == []
    assert "Too few months for limits: at least 6 are needed" in notes(CHARTS["control chart: one"])
    assert "No limits: nearly all months are the same" in notes(CHARTS["control chart: zero"])


@pytest.mark.parametrize(
    ("name", "said", "icons"),
    [
        ("usual", "July 2025: 67 %. Improvement: higher than chance explains. May meet or miss the standard of 50 % by chance.", 2),
        ("gaps", "Jan 2025: 52 %. No more than chance explains. Meets the standard of 40 % each time as things are.", 2),
        ("three years", "Dec 2026: 56 %. No more than chance explains. Misses the standard of 60 % each time as things are.", 2),
        ("few", "May 2024: not submitted. No point for the latest month.", 0),
        ("counts", "July 2024: 851. No more than chance explains.", 1),
    ],
)  # fmt: skip
def test_icons_stand_beside_their_words(name: str, said: str, icons: int) -> None:
    figure = CHARTS[f"control chart: {name}"]
    assert notes(figure).startswith(said)
    assert sum(bool(note.icon) for note in figure.notes) == icons


@pytest.mark.parametrize("variation", ["improvement", "concern", "neither"])
@pytest.mark.parametrize("signal", [1, -1])
def test_a_signal_says_its_side_in_words_and_in_the_icon(variation: str, signal: int) -> None:
    point = ControlPoint("May", 0.5, 0.4, 0.3, 0.5, "standing", variation, signal, 1)
    first = control_chart(ControlChart("t", "n", [point]), "x").notes[0]
    side = "igher" if signal > 0 else "ower"
    assert f"{side} than chance explains." in first.words
    assert (variation.capitalize() in first.words) == (variation != "neither")
    assert f">{'H' if signal > 0 else 'L'}</text>" in first.icon


def test_small_multiples_have_scales_of_one_length() -> None:
    figure = CHARTS["small multiples: 4"]
    assert len(figure.panels) == 4 and f"<p>{cases.LONG}" in figure.svg.replace("&amp;", "&")
    assert "All charts have scales of the same length." in notes(figure)


def test_a_chart_without_periods_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one period"):
        control_chart(ControlChart("t", "n", []), "x")


# Funnel and caterpillar


def test_this_service_is_drawn_last_with_its_name_and_no_other_is_named() -> None:
    figure = CHARTS["funnel: 200"]
    orgs = re.findall(r'data-org="(R\d+)"', figure.svg)
    assert orgs[-1] == "R120" and len(orgs) == 193
    assert " ".join(words(figure)[-3:]).startswith(cases.LONG)
    assert "Partnership" not in figure.svg and "Partnership number 7 " in figure.table.html(Source())
    assert "Without a figure and not drawn: 7 services." in notes(figure)


def test_a_funnel_of_few_services_has_no_limits_and_says_so() -> None:
    few, many = CHARTS["funnel: 2"], CHARTS["funnel: 10"]
    assert "polyline" not in few.svg and "No limits: 2 services are too few to draw them." in notes(few)
    assert many.svg.count("<polyline") == 8  # 95 and 99.8 %, with and without the spread, both sides


def test_the_limits_of_a_funnel_are_those_of_the_mart() -> None:
    """Rightmost point of the upper adjusted 95 % limit: 0.5 + 1.96 sqrt(0.25 / n + 0.05^2)."""
    services = [Service("a", Value(0.4, denominator=100)), Service("b", Value(0.7, denominator=10_000))]
    drawn = funnel(Funnel("t", services, Value(0.5), 0.05), "x").svg
    curves = [
        points.split(" ") for points in re.findall(r'<polyline points="([^"]+)" [^>]*stroke-dasharray="6 3"', drawn)
    ]
    ends = sorted(float(curve[-1].split(",")[1]) for curve in curves)
    (centre,) = {float(y) for y in re.findall(r'y1="([\d.]+)"[^>]*data-column="value"', drawn)}
    (top,) = set(re.findall(r'<svg y="([\d.]+)"', drawn))
    reach = [z * math.sqrt(0.25 / 12_000 + 0.05**2) for z in (3.0902, 1.96, -1.96, -3.0902)]
    per_point = (centre - float(top) - ends[0]) / reach[0]
    assert [round((centre - float(top) - end) / per_point, 3) for end in ends] == [round(r, 3) for r in reach]


def test_a_triangle_points_to_its_side_and_is_filled_beyond_the_outer_limit() -> None:
    found = {}
    for place in ("within", "below 95", "above 95", "below 99.8", "above 99.8", None):
        drawn = funnel(Funnel("t", [Service("s", cases.share(3, 9), place)], Value(0.5), 0.1), "x").svg
        found[place] = re.search(
            r'<(circle|path d="[^"]+")[^>]*fill="([^"]+)"[^>]*?(?:data-column="value"|/></svg></g>)', drawn
        )
    shapes = {place: (each[1], each[2] != "#fff") for place, each in found.items() if each}
    assert shapes["above 95"][0] == shapes["above 99.8"][0] != shapes["below 95"][0] == shapes["below 99.8"][0]
    assert [shapes[p][1] for p in ("above 95", "above 99.8", "below 95", "below 99.8")] == [
        False,
        True,
        False,
        True,
    ]
    assert shapes["within"] == ("circle", True) and shapes[None] == ("circle", False)


def test_a_caterpillar_is_sorted_by_name_or_region_and_never_by_value() -> None:
    named = [
        Service(name, cases.share(x, 100), region=region)
        for name, x, region in (("C", 90, "x"), ("A", 50, "y"), ("B", 10, "x"))
    ]
    for by_region, order in ((False, ["A", "B", "C"]), (True, ["x", "B", "C", "y", "A"])):
        figure = caterpillar(Caterpillar("t", named, by_region=by_region), "x")
        assert [word for word in words(figure) if word in "ABCxy"] == order
        assert [row.head for row in figure.table.rows] == [word for word in order if word in "ABC"]


def test_with_many_services_a_caterpillar_names_this_one_alone() -> None:
    figure = CHARTS["caterpillar: 200"]
    assert "Partnership number" not in figure.svg and "All names are in the table." in notes(figure)
    assert len(values(figure, "lower_95")) == 193


# The others


def test_a_distribution_shows_both_occasions_and_the_cut_off() -> None:
    figure = CHARTS["distribution: both"]
    assert [w for w in words(figure) if not w.isdigit()] == [
        "First score: 190 people",
        "Last score: 181 people",
        "Cut-off 10",
    ]
    assert values(figure, "p50") == [11.0, 15.0] and values(figure, "cut_off") == [10]
    assert figure.svg.count("url(#distribution-both-hatch)") == 5 and "too small to show" in notes(figure)


def test_person_years_say_events_and_time() -> None:
    said = words(CHARTS["person-years: usual"])
    assert said[:3] == ["0.42", "180 days before therapy", "38 admissions in 90 person-years"]
    assert values(CHARTS["person-years: usual"], "value") == [0.06, 0.21, 0.42]
    assert words(CHARTS["person-years: nothing"])[0] == "fewer than 5 people"


def widths(figure: Figure, column: str) -> float:
    (own,) = [own for _, own in read(figure).elements if own.get("data-column") == column and "width" in own]
    return float(own["width"].rstrip("%"))


def test_the_parts_of_a_stage_are_as_long_as_their_people_and_the_unknown_is_hatched() -> None:
    figure = CHARTS["stream: usual"]
    assert widths(figure, "left_before_assessment") == 13 and widths(figure, "open_not_assessed") == 4
    (bar,) = [
        own for tag, own in read(figure).elements if tag == "rect" and own.get("data-column") == "not_measured"
    ]
    assert bar["fill"] == "url(#stream-usual-hatch)"
    assert "Not scored twice, so not known: 60" in words(figure)


def test_people_that_no_part_explains_are_drawn_as_not_known() -> None:
    figure = CHARTS["stream: few"]
    rest = [
        own
        for tag, own in read(figure).elements
        if tag == "rect" and own["fill"] == "url(#stream-few-hatch)" and own["width"].endswith("%")
    ]
    assert [round(float(own["width"].rstrip("%")), 1) for own in rest] == [26.7, 73.3]
    assert {(value, source[0]) for value, _, source in read(figure).numbers} == {(30, "REFERRED"), (22, "ASSESSED")}
    assert "fewer than 5" in words(figure)


def test_a_matrix_has_a_symbol_and_its_words_in_every_cell() -> None:
    figure = CHARTS["matrix: 10"]
    cells = re.findall(
        r'<td[^>]*><svg role="img"><title>([^<]+)</title><use href="#matrix-10-([\w-]+)"/></svg></td>', figure.svg
    )
    assert len(cells) == 80
    assert {symbol for _, symbol in cells} >= {
        "within",
        "alone",
        "none",
        "better-95",
        "worse-998",
        "above-95",
        "below-998",
    }
    for said, symbol in cells:
        assert (symbol == "none") == (said == "fewer than 5 people")
        assert (symbol == "within") == said.endswith("within the limits")
    assert figure.svg in figure.html and figure.html.count("<table") == 1
    assert re.findall(r'scope="rowgroup" colspan="9">([^<]+)<', figure.svg) == ["Region 0", "Region 1", "Region 2"]


# Words and places


@pytest.mark.parametrize(
    ("value", "people", "said"),
    [
        (0.0, 40, "0 %"), (1.0, 40, "100 %"), (0.623, 61, "62 %"), (0.623, None, "62 %"), (0.6234, 1_000, "62.3 %"),
        (0.001, 900, "under 1 %"), (0.999, 900, "over 99 %"), (0.0001, 9_999, "under 0.1 %"), (0.9999, 9_999, "over 99.9 %"),
    ],
)  # fmt: skip
def test_a_share_is_whole_per_cents_and_neither_none_nor_all_unless_it_is(
    value: float, people: int | None, said: str
) -> None:
    assert SHARE.said(value, people).replace(NO_BREAK, " ") == said


def test_a_range_says_its_unit_once() -> None:
    assert SHARE.between(0.5, 0.73).replace(NO_BREAK, " ") == "50 to 73 %"
    assert SHARE.between(0.5, 0.73, word="and").replace(NO_BREAK, " ") == "50 and 73 %"
    assert SHARE.between(0.001, 0.02).replace(NO_BREAK, " ") == "under 1 % to 2 %"
    assert cases.DAYS.between(3, 12).replace(NO_BREAK, " ") == "3 to 12 days"


def test_lines_are_no_wider_than_their_room_and_keep_every_letter() -> None:
    for words in (cases.LONG, "x" * 80, "", "a b"):
        lines = wrapped(words, 13, 100)
        assert all(width_of(line, 13) <= 100 for line in lines)
        assert "".join(lines).replace("-", "").replace(" ", "") == words.replace("-", "").replace(" ", "")


def test_labels_under_an_axis_never_touch_and_the_first_and_last_are_there() -> None:
    for number in range(1, 40):
        for widest in (20.0, 55.0, 300.0):
            places = labelled(number, 150, widest)
            assert places[-1] == number - 1
            gaps = [150 * (b - a) / max(1, number - 1) for a, b in pairwise(places)]
            assert all(gap >= widest - 1e-9 for gap in gaps)
            assert places[0] == 0 or widest > 150


# How long people wait


def test_waits_are_marked_at_the_standards_and_at_the_end() -> None:
    usual = CHARTS["waits: usual"]
    assert len(values(usual, "ci_started")) == len(values(usual, "km_started")) == 3
    assert notes(usual).endswith("The upright lines are 6 and 18 weeks.")
    # Only what is drawn is named.
    assert "upright" not in notes(CHARTS["waits: few"])
    told = read(usual).elements
    assert sum(tag == "polyline" for tag, _ in told) == 5  # three curves, and the limits of one
    # Of a step nobody would have begun if nobody left: it is no part of the table's numbers, nor drawn.
    of_step = CHARTS["waits: of a step"]
    assert values(of_step, "km_started") == []
    assert "if nobody left" not in notes(of_step)


def test_a_chart_of_waits_needs_a_week() -> None:
    with pytest.raises(ValueError, match="a week at least"):
        waits(Waits("nothing", []), "x")
