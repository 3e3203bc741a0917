"""What is public: the NHS rule, rates from protected counts, and an attacker who subtracts."""

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.campaign import examples
from tests.fixtures.comparison import COUNTS
from warehouse.comparison.statistics import create_macros
from warehouse.disclosure.leaks import leaks
from warehouse.disclosure.public import build_public
from warehouse.disclosure.suppression import SUPPRESSION, Suppression

YEAR = "financial year"
START = date(2025, 4, 1)
Con = duckdb.DuckDBPyConnection
# What a review may ask for. A rate is asked of no denominator under 30.
RULES = [Suppression(smallest, base, 30) for smallest in (5, 7, 10) for base in (5, 10)]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"under {rule.smallest}, to {rule.base}")
# (level, organisation, group or None) → (numerator, or the value of a median or 90th centile, denominator)
Figures = Mapping[tuple[str, str, str | None], tuple[float | None, int | None]]


def world(
    measures: Mapping[str, tuple[str, Figures]],
    period: str = YEAR,
    state: str = "value",
    over_time: str = "flow",
) -> Con:
    """Marts with the columns of the warehouse: by measure its kind and its figures for one period."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS work; CREATE SCHEMA mart; CREATE SCHEMA ref; CREATE SCHEMA published")
    create_macros(con)
    con.execute(
        COUNTS
        + """
        CREATE TABLE mart.measure (position INTEGER, measure VARCHAR, title VARCHAR, meaning VARCHAR, kind VARCHAR,
            over_time VARCHAR, over_places VARCHAR, unit VARCHAR, direction VARCHAR, standard DECIMAL(5, 4),
            published_id VARCHAR, caveats VARCHAR, source VARCHAR, since VARCHAR);
        CREATE TABLE ref.period (period_type VARCHAR, period_start DATE, last_month DATE, months INTEGER);
        INSERT INTO ref.period VALUES ('month', '2026-03-01', '2026-03-01', 1),
            ('quarter', '2026-01-01', '2026-03-01', 3), ('financial year', '2025-04-01', '2026-03-01', 12),
            ('rolling 12 months', '2025-04-01', '2026-03-01', 12);
        CREATE TABLE ref.organisation (organisation VARCHAR, name VARCHAR, kind VARCHAR);
        CREATE TABLE ref.commissioner_place (commissioner VARCHAR, sub_icb VARCHAR, icb VARCHAR, region VARCHAR);
        CREATE TABLE published.service_count (provider VARCHAR, provider_name VARCHAR, period_type VARCHAR,
            period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, state VARCHAR);
        """
    )
    service, groups = [], []
    for measure, (kind, figures) in measures.items():
        con.execute(
            "INSERT INTO mart.measure (measure, title, kind, over_time) VALUES ($1, $1, $2, $3)",
            [measure, kind, over_time],
        )
        for (level, organisation, group), (numerator, denominator) in figures.items():
            start = ["submitted", level, organisation, period, START, "all"]
            end = [12, state]
            if group is None:
                counts, quantile = [measure, numerator, denominator], None
                if kind in ("median", "p90"):
                    counts[1], quantile = None, numerator
                service.append([*start, *counts, quantile, *end])
            else:
                groups.append([*start, "gender", group, measure, numerator, denominator, *end])
    for table, rows in (("service_measure", service), ("breakdown_measure", groups)):
        if rows:
            columns = ", ".join(f"unnest(${place})" for place in range(1, len(rows[0]) + 1))
            con.execute(f"INSERT INTO mart.{table} SELECT {columns}", [list(c) for c in zip(*rows, strict=True)])
    return con


def published(con: Con, columns: str, table: str = "service_measure", where: str = "true") -> list[Any]:
    return con.execute(f"SELECT {columns} FROM public.{table} WHERE {where} ORDER BY ALL").fetchall()


def one(kind: str, numerator: float | None, denominator: int | None, state: str = "value") -> tuple[Any, ...]:
    con = world({"M": (kind, {("provider", "RXX", None): (numerator, denominator)})}, state=state)
    build_public(con)
    assert leaks(con) == []
    (row,) = published(con, "numerator, denominator, rate, average, state")
    return row


def protect(count: int | None, rule: Suppression = SUPPRESSION) -> int | None:
    """The rule, plainly: the multiple of the base that is nearest, the higher of two, and none under the threshold."""
    if count is None or count < rule.smallest:
        return None
    multiples = range(0, count + rule.base + 1, rule.base)
    return min((m for m in multiples if m >= rule.smallest), key=lambda m: (abs(m - count), -m))


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, None), (4, None), (5, 5), (7, 5), (8, 10), (254, 255), (None, None)],  # facts.md §6, vector 20
)
def test_a_count_under_5_is_hidden_and_any_other_is_to_the_nearest_5(count: int | None, shown: int | None) -> None:
    assert protect(count) == shown
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS work")
    assert one("count", count, None)[0] == shown


def test_a_count_shown_is_at_most_2_off() -> None:
    counts = [*range(2000), 2**40, 2**40 + 3]
    con = world({str(count): ("count", {("England", "ENG", None): (count, None)}) for count in counts})
    build_public(con)
    for measure, shown in published(con, "measure, numerator"):
        count = int(measure)
        assert (shown is None) == (count < 5)
        assert shown is None or (shown % 5 == 0 and abs(shown - count) <= 2)


@each_rule
def test_every_rule_shows_the_nearest_multiple_that_is_not_under_the_threshold(rule: Suppression) -> None:
    counts = range(150)
    con = world({str(count): ("count", {("England", "ENG", None): (count, None)}) for count in counts})
    build_public(con, rule)
    assert leaks(con, rule) == []
    shown = {int(measure): figure for measure, figure in published(con, "measure, numerator")}
    assert shown == {count: protect(count, rule) for count in counts}
    for figure in {figure for figure in shown.values() if figure}:
        least, most = con.execute(f"SELECT {rule.least(str(figure))}, {rule.most(str(figure))}").fetchall()[0]
        assert [count for count in counts if shown[count] == figure] == [n for n in counts if least <= n <= most]


def test_a_draft_made_by_another_rule_is_no_safe_one() -> None:
    con = world({"M": ("count", {("England", "ENG", None): (38, None), ("provider", "RXX", None): (6, None)})})
    build_public(con, Suppression(5, 5, 30))
    assert leaks(con, Suppression(5, 5, 30)) == []
    assert leaks(con, Suppression(10, 5, 30)) and leaks(con, Suppression(5, 10, 30))


@pytest.mark.parametrize(("smallest", "base", "rate_from"), [(2, 5, 30), (5, 0, 30), (12, 10, 19)])
def test_a_rule_that_does_not_protect_is_refused(smallest: int, base: int, rate_from: int) -> None:
    with pytest.raises(ValueError, match="smallest is 3 or more"):
        Suppression(smallest, base, rate_from)


@pytest.mark.parametrize(
    ("kind", "numerator", "denominator", "state", "row"),
    [
        ("share", 23, 41, "value", (25, 40, 25 / 40, None, "value")),
        ("share", 4, 40, "value", (None, 40, None, None, "suppressed")),  # vector 20: no % of a 4
        ("share", 0, 40, "value", (None, 40, None, None, "suppressed")),  # a true zero is no different
        ("share", 3, 4, "value", (None, None, None, None, "suppressed")),
        ("share", 0, 0, "no denominator", (None, None, None, None, "suppressed")),
        ("share", 8, 9, "value", (10, 10, None, None, "no rate")),  # the counts stand, a rate of them says nothing
        ("share", 20, 27, "value", (20, 25, None, None, "no rate")),
        ("share", 20, 28, "value", (20, 30, 20 / 30, None, "value")),
        ("share", 98, 102, "value", (100, 100, 1.0, None, "value")),  # 100 % of protected counts: 98 of 102 is one
        ("count", 0, None, "value", (None, None, None, None, "suppressed")),
        ("count", None, None, "not submitted", (None, None, None, None, "not submitted")),
        ("share", None, None, "not applicable", (None, None, None, None, "not applicable")),
        ("mean", 100, 4, "value", (None, None, None, None, "suppressed")),
        ("mean", 100, 6, "value", (None, 5, None, 17, "value")),
        ("mean", 100, 12, "value", (None, 10, None, 8, "value")),
        ("mean", 100, 13, "value", (None, 15, None, pytest.approx(7.7), "value")),
        ("median", 34, 4, "value", (None, None, None, None, "suppressed")),
        ("median", 34, 5, "value", (None, 5, None, 34, "value")),
        ("median", 34.5, 40, "value", (None, 40, None, 35, "value")),  # a half would say that the count is even
        ("p90", 12.4, 40, "value", (None, 40, None, 12, "value")),
        ("p90", None, 0, "no denominator", (None, None, None, None, "suppressed")),
    ],
)  # fmt: skip
def test_what_one_row_shows(
    kind: str, numerator: float | None, denominator: int | None, state: str, row: tuple[Any, ...]
) -> None:
    shown = one(kind, numerator, denominator, state)
    assert (*shown[:3], None if shown[3] is None else float(shown[3]), shown[4]) == row


@each_rule
def test_a_mean_fits_every_exact_count_behind_its_protected_count(rule: Suppression) -> None:
    """Whatever the mean, each n that rounds to the count shown has a whole sum with that mean: nothing is learnt."""
    pairs = [(total, n) for n in range(rule.smallest, 60) for total in range(3 * n)]
    figures = {f"M{total} {n}": ("mean", {("provider", "RXX", None): (total, n)}) for total, n in pairs}
    con = world(figures)
    build_public(con, rule)
    shown = {(count, float(mean)) for count, mean in published(con, "denominator, average")}
    assert {mean % 1 != 0 for _, mean in shown} == {True, False}
    for count, mean in shown:
        half = 0.5 if count < rule.decimal_shown else 0.05
        for n in (n for n in range(rule.smallest, 69) if protect(n, rule) == count):
            first = int((mean - half) * n)
            assert any(abs(total / n - mean) <= half + 1e-9 for total in range(first, first + n + 2)), (
                count,
                mean,
                n,
            )


@each_rule
def test_the_complement_of_a_share_is_never_known_to_within_one(rule: Suppression) -> None:
    """Finished less recovered: for every pair of counts that looks the same, the complement may be three values or more."""
    complements: dict[tuple[int | None, int | None], set[int]] = defaultdict(set)
    for d in range(60):
        for n in range(d + 1):
            complements[protect(n, rule), protect(d, rule)].add(d - n)
    inside = {key: left for key, left in complements.items() if key[1] is None or key[1] <= 50}
    assert min(max(left) - min(left) for left in inside.values()) >= 2


def test_england_is_protected_like_any_other_and_every_rate_is_its_rows() -> None:
    figures: Figures = {
        ("England", "ENG", None): (137, 253), ("provider", "RXX", None): (98, 161), ("provider", "RYY", None): (39, 92),
    }  # fmt: skip
    con = world({"RECOVERY": ("share", figures)})
    con.execute("INSERT INTO ref.organisation VALUES ('RXX', 'Alpha Trust', 'provider')")
    build_public(con)
    assert leaks(con) == []
    assert published(con, "numerator, denominator, rate", "national") == [(135, 255, 135 / 255)]
    assert published(con, "provider_name, numerator, denominator, rate, national_rate, funnel_position",
                     "service_comparison") == [
        ("Alpha Trust", 100, 160, 100 / 160, 135 / 255, "above 95"), ("RYY", 40, 90, 40 / 90, 135 / 255, "within"),
    ]  # fmt: skip


def test_figures_published_by_nhs_england_pass_through_the_same_rule() -> None:
    con = world({"RECOVERY": ("share", {("England", "ENG", None): (50, 100)})})
    con.execute(
        """INSERT INTO published.service_count VALUES
        ('ENG', 'England', 'financial year', '2023-04-01', 'all', 'RECOVERY', 313877, 626122, 'value'),
        ('RXX', 'Alpha', 'financial year', '2023-04-01', 'all', 'RECOVERY', NULL, NULL, 'suppressed')"""
    )
    build_public(con)
    assert leaks(con) == []
    assert published(con, "numerator, denominator", "national", "source = 'published'") == [(313875, 626120)]
    assert published(con, "numerator, state, rate", "service_comparison", "source = 'published'") == [
        (None, "suppressed", None)
    ]


def test_every_breakdown_adds_up_to_the_total_for_itself() -> None:
    # 40 and 3 of 43, twice: taken together the parts would be 86 of 43, and everything would have to go.
    con = world({"REFERRALS": ("count", {
        ("England", "ENG", None): (43, None), ("England", "ENG", "a"): (40, None), ("England", "ENG", "b"): (3, None),
    })})  # fmt: skip
    con.execute(
        "INSERT INTO mart.breakdown_measure SELECT * REPLACE ('age' AS breakdown) FROM mart.breakdown_measure"
    )
    build_public(con)
    found = published(con, "breakdown, breakdown_group, numerator", "breakdown_measure")
    assert found == [("age", "a", 40), ("age", "b", None), ("gender", "a", 40), ("gender", "b", None)]
    assert published(con, "numerator") == [(45,)]


def test_that_one_person_was_seen_somewhere_is_not_shown_by_a_row() -> None:
    con = world({"REFERRALS": ("count", {
        ("provider", "RXX", None): (0, None), ("sub-ICB", "02M", None): (2, None), ("sub-ICB", "00Q", None): (9, None),
        ("provider in sub-ICB", "RXX|02M", None): (1, None), ("site", "RXX01", None): (9, None),
    })})  # fmt: skip
    build_public(con)
    assert published(con, "level, organisation, numerator") == [("provider", "RXX", None), ("sub-ICB", "00Q", 10)]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE public.service_measure SET numerator = 23", "service_measure.numerator: 3 counts are exact"),
        ("UPDATE public.service_measure SET numerator = 0", "service_measure.numerator: 3 counts are exact"),
        ("UPDATE public.service_measure SET rate = 23 / 41 WHERE organisation = 'RXX'", "service_measure.rate: 1 rates"),
        ("UPDATE public.service_measure SET rate = 1 WHERE denominator IS NULL", "service_measure.rate: 1 rates"),
        ("UPDATE public.service_measure SET numerator = 5 WHERE organisation = 'RYY'",
         "service_measure: 1 rows show what the rule does not give"),
        ("UPDATE public.service_measure SET average = 3", "service_measure: 1 rows show what"),
        ("UPDATE public.service_measure SET denominator = 40, average = 3.5 WHERE organisation = 'ENG'; "
         "UPDATE mart.measure SET kind = 'median'; UPDATE mart.service_measure SET denominator = 41 "
         "WHERE organisation = 'ENG'", "service_measure: 1 rows show what"),
        ("UPDATE public.service_comparison SET national_rate = 0.5", "national_rate: 2 rates"),
        ("ALTER TABLE public.national ADD COLUMN exact BIGINT", "national.exact may contain a figure"),
        ("ALTER TABLE public.measure ADD COLUMN numbers STRUCT(a BIGINT)", "measure.numbers may contain a figure"),
        ("CREATE VIEW public.more AS FROM mart.service_measure", "public.more is a view"),
        ("CREATE TABLE public.more AS FROM mart.service_measure", "public.more is not one of the public tables"),
        ("DROP SCHEMA public CASCADE", "no public tables"),
    ],
)  # fmt: skip
def test_what_is_not_protected_is_found(sql: str, problem: str) -> None:
    con = world({"M": ("share", {("provider", "RXX", None): (23, 41), ("provider", "RYY", None): (3, 4),
                                 ("England", "ENG", None): (26, 45)})})  # fmt: skip
    build_public(con)
    assert leaks(con) == []
    con.execute(sql)
    assert any(problem in found for found in leaks(con)), leaks(con)


ALL_YEAR = (YEAR, START, "all")


@pytest.mark.parametrize(
    ("parts", "total"),
    [
        ([("provider", "RXX", *ALL_YEAR), ("provider", "RYY", *ALL_YEAR)], ("England", "ENG", *ALL_YEAR)),
        ([("sub-ICB", "02M", *ALL_YEAR), ("sub-ICB", "00Q", *ALL_YEAR)], ("ICB", "QE1", *ALL_YEAR)),
        ([("ICB", "QE1", *ALL_YEAR), ("ICB", "QOP", *ALL_YEAR)], ("region", "Y62", *ALL_YEAR)),
        ([("provider in sub-ICB", "RXX|02M", *ALL_YEAR), ("provider in sub-ICB", "RXX|00Q", *ALL_YEAR)],
         ("provider", "RXX", *ALL_YEAR)),
        ([("provider in sub-ICB", "RXX|02M", *ALL_YEAR), ("provider in sub-ICB", "RYY|02M", *ALL_YEAR)],
         ("sub-ICB", "02M", *ALL_YEAR)),
        ([("provider", "RXX", "month", date(2025, 11, 1), "all"), ("provider", "RXX", "month", date(2025, 12, 1), "all")],
         ("provider", "RXX", "quarter", date(2025, 10, 1), "all")),
        ([("provider", "RXX", "quarter", date(2025, 7, 1), "all"), ("provider", "RXX", "quarter", date(2026, 1, 1), "all")],
         ("provider", "RXX", YEAR, START, "all")),
        ([("provider", "RXX", "quarter", date(2025, 7, 1), "all"), ("provider", "RXX", "quarter", date(2026, 4, 1), "all")],
         ("provider", "RXX", "rolling 12 months", date(2025, 7, 1), "all")),
        ([("provider", "RXX", YEAR, START, "01"), ("provider", "RXX", YEAR, START, "02")],
         ("provider", "RXX", *ALL_YEAR)),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("kind", "figure"), [("count", "numerator"), ("share", "denominator")])
def test_a_total_that_would_give_two_hidden_parts_away_is_hidden(
    parts: list[tuple[str, str, str, date, str]], total: tuple[str, str, str, date, str], kind: str, figure: str
) -> None:
    con = world({"M": (kind, {}), "OTHER": ("count", {})})
    con.execute("INSERT INTO ref.commissioner_place VALUES ('a', '02M', 'QE1', 'Y62'), ('b', '00Q', 'QE1', 'Y62'), "
                "('c', '00R', 'QOP', 'Y62')")  # fmt: skip
    for hidden, of_all, gives_away in ((4, 8, True), (3, 6, False)):
        con.execute("DELETE FROM mart.service_measure")
        for place, count in [(total, of_all), *((part, hidden) for part in parts)]:
            con.execute(
                """INSERT INTO mart.service_measure SELECT 'submitted', $1, $2, $3, $4, $5, unnest(['M', 'OTHER']),
                unnest([$6, 90]), unnest([$7, NULL]), NULL, 3, 'value'""",
                [*place, count if kind == "count" else 0, count if kind == "share" else None],
            )
        build_public(con)
        shown = {tuple(row[:5]): row[5] for row in published(
            con, f"level, organisation, period_type, period_start, pathway, {figure}", where="measure = 'M'"
        )}  # fmt: skip
        assert all(shown[part] is None for part in parts)
        assert shown[total] == (None if gives_away else protect(of_all))  # 10 is 4 and 4; 5 is 5 to 7


MARCH = [("month", date(2026, 3, 1)), ("quarter", date(2026, 1, 1)), (YEAR, START), ("rolling 12 months", START)]


@pytest.mark.parametrize("over_time", ["flow", "stock"])
def test_a_stock_of_a_quarter_is_no_sum_of_its_months(over_time: str) -> None:
    """3 in October, 45 in November, December and the quarter: a sum would be far above its total."""
    con = world({"M": ("count", {})}, over_time=over_time)
    months = [(date(2025, 10, 1), 3), (date(2025, 11, 1), 45), (date(2025, 12, 1), 45)]
    for period, start, count in [("quarter", date(2025, 10, 1), 45), *(("month", *each) for each in months)]:
        con.execute(
            "INSERT INTO mart.service_measure "
            "VALUES ('submitted', 'provider', 'RXX', ?, ?, 'all', 'M', ?, NULL, NULL, 1, 'value')",
            [period, start, count],
        )
    build_public(con)
    assert leaks(con) == []
    shown = published(con, "period_type, period_start, numerator")
    kept = None if over_time == "flow" else 45
    assert shown[:3] == [
        ("month", months[0][0], None),
        ("month", months[1][0], kept),
        ("month", months[2][0], kept),
    ]


@pytest.mark.parametrize("kind", ["count", "share", "median"])
def test_a_stock_taken_back_in_one_period_is_taken_back_in_all_that_end_with_the_same_month(kind: str) -> None:
    """4 and 4 of 8 by gender over the year: the year's 10 gives them away, and so do March's and the quarter's."""
    eight, four = ((8, None), (4, None)) if kind == "count" else ((0, 8), (0, 4))
    figures: dict[tuple[str, str, str | None], tuple[float | None, int | None]] = {("England", "ENG", None): eight}
    if kind != "median":
        figures |= {("England", "ENG", "1"): four, ("England", "ENG", "2"): four}
    con = world({"M": (kind, figures)}, over_time="stock")
    if kind == "median":  # it has no groups: two services give each other away instead
        for provider in ("RXX", "RYY"):
            con.execute(
                f"INSERT INTO mart.service_measure SELECT * REPLACE ('provider' AS level, '{provider}' AS organisation, "
                "4 AS denominator) FROM mart.service_measure WHERE level = 'England'"
            )
    for period, start in MARCH:
        if period != YEAR:
            con.execute(
                f"INSERT INTO mart.service_measure SELECT * REPLACE ('{period}' AS period_type, "
                f"CAST('{start}' AS DATE) AS period_start) FROM mart.service_measure "
                f"WHERE period_type = '{YEAR}' AND level = 'England'"
            )
    build_public(con)
    assert leaks(con) == []
    shown = published(con, "period_type, numerator, denominator, average, state", where="level = 'England'")
    assert shown == sorted((period, None, None, None, "suppressed") for period, _ in MARCH)


def services(counts: Sequence[int]) -> dict[tuple[str, str, str | None], tuple[int | None, int | None]]:
    found: dict[tuple[str, str, str | None], tuple[int | None, int | None]] = {
        ("provider", f"R{place}", None): (count, None) for place, count in enumerate(counts)
    }
    return found | {("England", "ENG", None): (sum(counts), None)}


def test_two_services_of_9_are_not_given_away_by_england_where_10_is_the_threshold() -> None:
    rule = Suppression(10, 5, 30)
    con = world({"M": ("count", services([9, 9]))})
    build_public(con, rule)
    assert leaks(con, rule) == []
    assert published(con, "organisation, numerator") == [("ENG", None), ("R0", None), ("R1", None)]  # not 20


@pytest.mark.parametrize(
    ("rule", "n", "multiple"), [(SUPPRESSION, 4, 1), *((rule, n, 5 - n) for rule in RULES for n in (2, 3))]
)
def test_no_small_count_is_given_away_by_england_and_the_other_services(
    rule: Suppression, n: int, multiple: int
) -> None:
    """Every table there is, published; the attacker knows our code and keeps each table that looks the same."""
    shown_as = protect(multiple * rule.smallest, rule)
    assert shown_as
    highest = shown_as + rule.above  # else the counts left out would narrow those that look the same
    tables = list(itertools.product(range(highest + 1), repeat=n))
    con = world({str(table): ("count", services(table)) for table in tables})
    build_public(con, rule)
    seen: dict[str, dict[str, int | None]] = defaultdict(dict)
    for measure, organisation, shown in published(con, "measure, organisation, numerator"):
        seen[measure][organisation] = shown
    alike: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    for table in tables:
        alike[*(seen[str(table)][o] for o in ("ENG", *(f"R{place}" for place in range(n))))].append(table)
    attacked = 0
    for found in alike.values():
        for place in range(n):
            values = {table[place] for table in found}
            if any(1 <= value < rule.smallest for value in values):
                attacked += 1
                assert max(values) - min(values) >= 2, found
    assert attacked > 10


Grid = dict[tuple[str, str | None], int]


def grid(rows: int, groups: int, draw: Callable[[], int]) -> Grid:
    """Services × groups with all their margins, by organisation and group (None: all groups)."""
    cells: Grid = {(f"R{r}", f"G{g}"): draw() for r in range(rows) for g in range(groups)}
    for g in range(groups):
        cells["ENG", f"G{g}"] = sum(cells[f"R{r}", f"G{g}"] for r in range(rows))
    for organisation in ("ENG", *(f"R{r}" for r in range(rows))):
        cells[organisation, None] = sum(cells[organisation, f"G{g}"] for g in range(groups))
    return cells


def subtract(
    shown: Mapping[tuple[str, str | None], tuple[int, int]],
) -> dict[tuple[str, str | None], tuple[int, int]]:
    """Narrow what is known of every cell by every sum of the grid, until nothing narrows any more."""
    known = dict(shown)
    organisations = {organisation for organisation, _ in known}
    groups = {group for _, group in known}
    equations = [((o, None), [(o, g) for g in groups if g]) for o in organisations]
    equations += [(("ENG", g), [(o, g) for o in organisations if o != "ENG"]) for g in groups]
    before = None
    while before != known:
        before = dict(known)
        for total, parts in equations:
            low, high = (sum(known[part][side] for part in parts) for side in (0, 1))
            known[total] = max(known[total][0], low), min(known[total][1], high)
            for part in parts:
                others_low, others_high = (sum(known[p][side] for p in parts if p != part) for side in (0, 1))
                known[part] = (
                    max(known[part][0], known[total][0] - others_high),
                    min(known[part][1], known[total][1] - others_low),
                )
    return known


def stands_for(shown: int | None, exact: int, rule: Suppression) -> tuple[int, int]:
    """What the attacker knows at first: he is even told which hidden figure is small and which was taken back."""
    if shown is None:
        return (0, rule.smallest - 1) if exact < rule.smallest else (0, 10**9)
    counts = [n for n in range(max(0, shown - rule.base), shown + rule.base) if protect(n, rule) == shown]
    return counts[0], counts[-1]


def given_away(
    grids: Iterable[Grid], shown: Callable[[int, tuple[str, str | None]], int | None], rule: Suppression
) -> tuple[int, int]:
    """How many small counts, 0 left out, the attacker knows exactly, and how many to within one."""
    exactly = nearly = 0
    for number, cells in enumerate(grids):
        known = subtract({cell: stands_for(shown(number, cell), exact, rule) for cell, exact in cells.items()})
        for cell, exact in cells.items():
            low, high = known[cell]
            assert low <= exact <= high
            exactly += 1 <= exact < rule.smallest and low == high
            nearly += 1 <= exact < rule.smallest and high - low <= 1
    return exactly, nearly


@each_rule
@pytest.mark.parametrize(("rows", "groups", "mean"), [(6, 3, 3), (6, 3, 15), (12, 5, 4)])
def test_no_small_count_is_given_away_by_services_and_groups_together(
    rows: int, groups: int, mean: int, rule: Suppression
) -> None:
    dice = random.Random(rows * mean)
    grids = [
        grid(rows, groups, lambda: int(dice.expovariate(5 / rule.smallest / mean))) for _ in range(examples(400))
    ]
    con = world(
        {
            str(number): (
                "count",
                {
                    ("England" if organisation == "ENG" else "provider", organisation, group): (count, None)
                    for (organisation, group), count in cells.items()
                },
            )
            for number, cells in enumerate(grids)
        }
    )
    build_public(con, rule)
    assert leaks(con, rule) == []
    seen = {
        (int(measure), organisation, group): numerator
        for measure, organisation, group, numerator in [
            *published(con, "measure, organisation, NULL, numerator"),
            *published(con, "measure, organisation, breakdown_group, numerator", "breakdown_measure"),
        ]
    }
    found = given_away(grids, lambda number, cell: seen[number, *cell], rule)
    rounded = {(n, *cell): protect(exact, rule) for n, cells in enumerate(grids) for cell, exact in cells.items()}
    taken_back = [key for key, shown in rounded.items() if shown != seen[key]]
    assert all(seen[key] is None for key in taken_back)
    assert taken_back or rule != SUPPRESSION  # to the nearest 10 a sum tells hardly anything
    assert found == (0, 0)
    assert len(taken_back) < 0.02 * len(rounded)  # the price: under 2 % of all figures


def test_rounding_alone_gives_small_counts_away() -> None:
    dice = random.Random(1)
    grids = [grid(6, 3, lambda: dice.randint(0, 7)) for _ in range(400)]
    exactly, _ = given_away(grids, lambda number, cell: protect(grids[number][cell]), SUPPRESSION)
    assert exactly > 0
