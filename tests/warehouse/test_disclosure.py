"""What is public: a random error for every figure, people and not rows, and nothing that a service could type."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.campaign import examples
from tests.fixtures.comparison import COUNTS, COVERAGE
from tests.fixtures.warehouse import SECRET
from tests.references.disclosure import Cell, Protector, quantile, sketch
from warehouse.comparison.statistics import create_macros
from warehouse.disclosure.leaks import leaks
from warehouse.disclosure.public import build_public
from warehouse.disclosure.suppression import SUPPRESSION, Suppression
from warehouse.measures.people import create_people

YEAR = "financial year"
START = date(2025, 4, 1)

Con = duckdb.DuckDBPyConnection
# (level, organisation, group or None) → figure, or None for one without a count
Cells = Mapping[tuple[str, str, str | None], Cell | None]
HERE = ("provider", "RXX", None)


def people(count: int, start: int = 0) -> tuple[str, ...]:
    return tuple(f"person {number}" for number in range(start, start + count))


def counted(count: int, start: int = 0, **more: Any) -> Cell:
    return Cell("count", people(count, start), **more)


def share(count: int, of: int, **more: Any) -> Cell:
    return Cell("share", people(count), people(of - count, count), **more)


def world(
    measures: Mapping[str, Cells], period: str = YEAR, state: str = "value", breakdown: str = "gender"
) -> Con:
    """Marts with the columns of the warehouse: by measure its figures for one period, and who is behind them."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS work; CREATE SCHEMA mart; CREATE SCHEMA ref; CREATE SCHEMA published")
    con.execute(COVERAGE)
    con.execute("CREATE SCHEMA monthly_count")
    create_people(con)
    create_macros(con)
    con.execute(
        COUNTS
        + """
        CREATE TABLE mart.measure (position INTEGER, measure VARCHAR, title VARCHAR, meaning VARCHAR, kind VARCHAR,
            grain VARCHAR, over_time VARCHAR, over_places VARCHAR, unit VARCHAR, direction VARCHAR,
            standard DECIMAL(5, 4), published_id VARCHAR, caveats VARCHAR, source VARCHAR, since VARCHAR,
            pathways VARCHAR, confidence VARCHAR, lowest INTEGER, is_experimental BOOLEAN DEFAULT false);
        CREATE TABLE mart.official_measure (official_id VARCHAR, official_name VARCHAR, answer VARCHAR,
            measure VARCHAR, figure VARCHAR, breakdown VARCHAR, groups VARCHAR, note VARCHAR);
        CREATE TABLE mart.breakdown (breakdown VARCHAR);
        INSERT INTO mart.breakdown VALUES ('gender'), ('programme'), ('age');
        CREATE TABLE mart.breakdown_group (breakdown VARCHAR, position INTEGER, breakdown_group VARCHAR,
            group_name VARCHAR, note VARCHAR);
        INSERT INTO mart.breakdown_group VALUES ('gender', 1, 'a', 'A', ''), ('gender', 2, 'b', 'B', '');
        CREATE TABLE ref.code (code_list VARCHAR, code VARCHAR, meaning VARCHAR);
        CREATE TABLE ref.language (language VARCHAR, name VARCHAR);
        CREATE TABLE ref.instrument (instrument VARCHAR, name VARCHAR, domain VARCHAR);
        CREATE TABLE ref.survey_question (question VARCHAR, title VARCHAR);
        CREATE TABLE ref.pathway (pathway VARCHAR, pathway_name VARCHAR, measure_set VARCHAR, severity_measure VARCHAR);
        CREATE TABLE ref.pathway_complaint (complaint_prefix VARCHAR, pathway VARCHAR);
        CREATE TABLE ref.therapy (therapy_type VARCHAR, intensity VARCHAR, pathways VARCHAR);
        CREATE TABLE ref.therapy_standard (pathway VARCHAR, therapy_type VARCHAR, minimum_sessions INTEGER,
            source VARCHAR, confidence VARCHAR, note VARCHAR);
        CREATE SCHEMA core;
        CREATE TABLE core.submission (provider VARCHAR, month DATE);
        CREATE TABLE ref.succession (organisation VARCHAR, successor VARCHAR, effective_on DATE);
        CREATE TABLE ref.provider_place (provider VARCHAR, current_provider VARCHAR);
        CREATE TABLE ref.process_change (provider VARCHAR, month DATE, pathway VARCHAR, measure VARCHAR, reason VARCHAR);
        CREATE TABLE ref.organisation (organisation VARCHAR, name VARCHAR, kind VARCHAR, icb VARCHAR, region VARCHAR);
        CREATE TABLE published.provider (provider VARCHAR, provider_name VARCHAR, icb_code VARCHAR, icb_name VARCHAR,
            region_code VARCHAR, region_name VARCHAR);
        CREATE TABLE published.service_count (provider VARCHAR, provider_name VARCHAR, period_type VARCHAR,
            period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, state VARCHAR);
        """
    )
    for measure, cells in measures.items():
        first = next(cell for cell in (*cells.values(), counted(0)) if cell)
        con.execute(
            "INSERT INTO mart.measure (measure, title, kind, grain, over_time) VALUES ($1, $1, $2, $3, 'flow')",
            [measure, first.kind, first.grain],
        )
        for (level, organisation, group), cell in cells.items():
            start = ["submitted", level, organisation, period, START, "all"]
            numerator = denominator = middle = marks = others = None
            if cell:
                numerator = round(sum(cell.values)) if cell.kind == "mean" else len(cell.counted)
                denominator = {"count": None, "rate": cell.days}.get(cell.kind, len(cell.everybody))
                if cell.kind in ("median", "p90"):
                    numerator, middle = None, quantile(cell) if cell.values else None
                marks, others = sketch(cell.counted), sketch(cell.others)
            which: list[str | None] = [] if group is None else [breakdown, group]
            counts = [numerator, denominator, *([middle] if group is None else []), 12, state]
            table = "service_measure" if group is None else "breakdown_measure"
            row = [*start, *(which if group is not None else []), measure, *counts]
            con.execute(f"INSERT INTO mart.{table} VALUES ({', '.join('?' * len(row))})", row)
            if cell and cell.everybody:
                key = [
                    *start[1:],
                    *(which if group is not None else [None, None]),
                    measure,
                    marks,
                    others,
                    cell.origin,
                ]
                con.execute(f"INSERT INTO monthly_count.people VALUES ({', '.join('?' * len(key))})", key)
    return con


def published(con: Con, columns: str, table: str = "service_measure", where: str = "true") -> list[Any]:
    return con.execute(f"SELECT {columns} FROM public.{table} WHERE {where} ORDER BY ALL").fetchall()


def one(cell: Cell | None, state: str = "value", secret: str = SECRET) -> tuple[Any, ...]:
    (row,) = each_of([cell], state, secret)
    return row


def each_of(cells: Sequence[Cell | None], state: str = "value", secret: str = SECRET) -> list[tuple[Any, ...]]:
    """What is shown of each of these figures: numerator, denominator, value and state."""
    con = world({f"M{number:03}": {HERE: cell} for number, cell in enumerate(cells)}, state=state)
    build_public(con, secret)
    assert leaks(con, secret) == []
    rows = published(con, "measure, numerator, denominator, value, state")
    assert len(rows) == len(cells)
    return [tuple(row) for _, *row in rows]


def random_cell(draw: random.Random) -> Cell:
    """A figure of any kind and grain, of few people or many, who have one row or many."""
    kind = draw.choice(["count", "share", "share", "mean", "median", "p90", "rate"])
    size = draw.choice([0, 1, 4, 5, 6, 9, 12, 30, 60, 150, 400])
    crowd = people(draw.randint(1, max(1, size)), draw.randrange(10**6))
    rows = tuple(draw.choices(crowd, k=size)) if draw.random() < 0.4 else people(size, draw.randrange(10**6))
    has_others = kind in ("share", "rate")
    others = people(draw.choice([0, 3, 5, 8, 100]), draw.randrange(10**6)) if has_others else ()
    values = tuple(draw.randrange(200) for _ in rows) if kind in ("mean", "median", "p90") else ()
    return Cell(kind, rows, others, values, draw.choice(["pathway", "contact"]), draw.randrange(2**64),
                180 * (len(set(rows)) + len(others)) if kind == "rate" else 0)  # fmt: skip


def test_every_figure_is_what_the_rule_gives_for_the_people_behind_it() -> None:
    draw = random.Random(1)
    cells = {f"M{number}": random_cell(draw) for number in range(examples(400))}
    con = world({measure: {HERE: cell} for measure, cell in cells.items()})
    build_public(con, SECRET)
    assert leaks(con, SECRET) == []
    protector = Protector(SECRET)
    shown = 0
    figures = published(con, "measure, numerator, denominator, value, state")
    for measure, numerator, denominator, value, state in figures:
        cell, expected = cells[measure], protector.shown(cells[measure], measure)
        assert (numerator, denominator) == expected[:2], cell
        assert (value is None) == (expected[2] is None), cell
        assert value is None or value == pytest.approx(
            expected[2], abs=1e-9 if cell.kind in ("count", "share") else 0.11
        )
        hidden = {"count": numerator, "share": numerator, "rate": value}.get(cell.kind, denominator) is None
        assert state == ("suppressed" if hidden else "no rate" if value is None else "value")
        shown += not hidden
    assert shown > len(cells) / 3


def test_the_error_follows_its_law() -> None:
    """P(k) = (1 - α) / (1 + α) α^|k|: as the rule says, 0 in a third of cases and 1.33 on average."""
    many = 20_000
    con = duckdb.connect()
    con.execute("CREATE SCHEMA public")
    con.execute(SUPPRESSION.macros())
    SUPPRESSION.use(con, SECRET)
    errors = Counter(
        dict(
            con.execute(
                "SELECT public.draw(public.key_of(range, CAST(31 AS UBIGINT), 0)) AS error, count(*) "
                f"FROM range({many}) GROUP BY error"
            ).fetchall()
        )
    )
    for error in range(-4, 5):
        expected = many / 3 * 0.5 ** abs(error)
        assert abs(errors[error] - expected) < 4 * expected**0.5
    assert sum(abs(error) * n for error, n in errors.items()) / many == pytest.approx(
        SUPPRESSION.mean_error, rel=0.03
    )
    assert max(errors) > SUPPRESSION.within(0.99) and min(errors) < -SUPPRESSION.within(0.99)  # it has no bound
    smooth = con.execute(
        f"SELECT avg(abs(public.smooth_draw(public.key_of(range, CAST(31 AS UBIGINT), 0)))) FROM range({many})"
    )
    assert smooth.fetchall()[0][0] == pytest.approx(1.4427, rel=0.03)  # 1 / ln 2


def test_the_same_people_have_the_same_error_wherever_they_are_counted() -> None:
    everyone, few = counted(40), counted(39)
    con = world({
        "A": {("England", "ENG", None): everyone, ("provider", "RXX", None): everyone, ("provider", "RYY", None): few,
              ("England", "ENG", "a"): everyone, ("England", "ENG", "b"): few},
        "B": {("ICB", "QQQ", None): Cell("share", people(20), people(20, 20))},
    })  # fmt: skip
    build_public(con, SECRET)
    shown = Protector(SECRET).shown(everyone, "M")[0]
    less = Protector(SECRET).shown(few, "M")[0]
    assert published(con, "level, organisation, numerator", where="measure = 'A'") == [
        ("England", "ENG", shown), ("provider", "RXX", shown), ("provider", "RYY", less),
    ]  # fmt: skip
    assert published(con, "breakdown_group, numerator", "breakdown_measure") == [("a", shown), ("b", less)]
    assert published(con, "denominator", where="measure = 'B'") == [(shown,)]


def test_one_person_more_draws_another_error_and_so_does_another_secret() -> None:
    """Beside an exact count one person more would show; two errors differ by more than one person does."""
    jumps: Counter[int] = Counter()
    for size in range(20, 60):
        before, after = (Protector(SECRET).shown(counted(size + more), "M")[0] for more in (0, 1))
        assert before is not None and after is not None
        jumps[after - before] += 1
    assert len(jumps) > 5 and jumps[1] < 20
    errors = {Protector(secret).error(people(40)) for secret in ("a", "b", "c", "d", "e", "f")}
    assert len(errors) > 1


def test_many_people_from_elsewhere_have_another_error() -> None:
    """From 60 marks on all crowds look alike: without their origin one secret table would lead from count to figure."""
    shown = {Protector(SECRET).shown(counted(1000, origin=origin), "M")[0] for origin in range(20)}
    assert len(shown) > 3


def test_without_the_secret_nothing_is_shown() -> None:
    con = world({"M": {HERE: counted(50)}})
    con.execute("CREATE SCHEMA public")
    con.execute(SUPPRESSION.macros())
    people, error = "CAST(1023 AS UBIGINT)", "public.draw(public.key_of(50, CAST(1023 AS UBIGINT), 0))"
    assert con.execute(f"SELECT public.shown(50, {people}, {error}, 'pathway')").fetchall() == [(None,)]
    SUPPRESSION.use(con, SECRET)
    assert con.execute(f"SELECT public.shown(50, {people}, {error}, 'pathway')").fetchall() != [(None,)]


@pytest.mark.parametrize(
    ("cell", "state", "expected"),
    [
        (counted(0), "value", (None, None, None, "suppressed")),  # a true 0 looks like any small count
        (counted(4), "value", (None, None, None, "suppressed")),
        (share(0, 0), "no denominator", (None, None, None, "suppressed")),
        (None, "not submitted", (None, None, None, "not submitted")),
        (None, "not applicable", (None, None, None, "not applicable")),
    ],
)
def test_what_one_row_without_a_figure_shows(cell: Cell | None, state: str, expected: tuple[Any, ...]) -> None:
    assert one(cell, state) == expected


@pytest.mark.parametrize("secret", ["a", "b", "c", "d", "e", "f", "g", "h"])
def test_fewer_than_5_people_are_never_shown_however_many_rows_they_have(secret: str) -> None:
    rows = people(4) * 30
    cells = [
        Cell("count", rows, grain="contact"),
        Cell("share", rows, people(50, 9), grain="contact"),
        Cell("share", people(50, 9), rows, grain="contact"),
        *(Cell(kind, rows, (), tuple([7.0] * 120), "contact") for kind in ("mean", "median", "p90")),
    ]
    shown = each_of(cells, secret=secret)
    assert [numerator for numerator, *_ in shown] == [None] * 6
    assert shown[3:] == [(None, None, None, "suppressed")] * 3


def test_the_error_of_rows_hides_a_person_and_not_a_row() -> None:
    """20 people with 10 contacts each: the error is as many times larger as a person has contacts, by their marks."""
    protector, seen = Protector(SECRET), set()
    for start in range(0, 800, 20):
        rows = people(20, start) * 10
        shown = protector.count(rows, Cell("count", rows, grain="contact"))
        error = protector.error(rows)
        if shown is not None and error:
            seen.add((shown - 200) // error)
    assert seen and min(seen) >= 7 and max(seen) <= 14


def test_a_rate_is_that_of_the_counts_beside_it_and_numerators_are_within() -> None:
    draw = random.Random(2)
    sizes = [(draw.randint(0, of), of) for of in (draw.randint(5, 200) for _ in range(300))]
    con = world({f"M{number}": {HERE: share(n, of)} for number, (n, of) in enumerate(sizes)})
    build_public(con, SECRET)
    rows = published(con, "numerator, denominator, value, state")
    assert {state for *_, state in rows} == {"value", "no rate", "suppressed"}
    for numerator, denominator, rate, state in rows:
        if numerator is not None:
            assert 5 <= numerator <= denominator
            assert rate == (numerator / denominator if denominator >= SUPPRESSION.rate_from else None)
            assert state == ("value" if rate is not None else "no rate")
        else:
            assert rate is None and state == "suppressed"


@pytest.mark.parametrize(("kind", "fewest"), [("mean", 10), ("median", 10), ("p90", 50)])
def test_an_average_needs_enough_people(kind: str, fewest: int) -> None:
    shown = {}
    for size in (5, fewest // 2, fewest - 5, 2 * fewest):
        found = each_of([Cell(kind, people(size, 1000 * start), (), tuple([21.5] * size)) for start in range(8)])
        shown[size] = {value is not None for _, of, value, _ in found if of is not None}
        assert all(state == "no rate" for _, of, value, state in found if of is not None and value is None)
    assert shown[2 * fewest] == {True} and True not in shown[5]


@pytest.mark.parametrize("kind", ["mean", "median", "p90"])
def test_an_average_of_a_suppressed_denominator_is_not_shown(kind: str) -> None:
    """Sixty people whose number happens to be suppressed: their average is not shown either."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA public; " + SUPPRESSION.macros())
        SUPPRESSION.use(con, SECRET)
        key = "public.key_of(60, -1::BIGINT, 'RXX')"
        average = (
            f"SELECT public.average('{kind}', 600, 10, 60, $1::BIGINT, -1::BIGINT, {key}, NULL, NULL, 'pathway')"
        )
        assert con.execute(average, [None]).fetchone() == (None,)
        assert con.execute(average, [60]).fetchone() != (None,)


def test_a_mean_of_many_has_a_decimal_and_a_median_never() -> None:
    of_means = [Cell("mean", people(300, s), (), tuple([21.4] * 150 + [20.0] * 150)) for s in range(0, 6000, 600)]
    means = [mean for _, _, mean, _ in each_of(of_means)]
    assert any(mean % 1 for mean in means) and all(abs(float(mean) - 20.7) < 2 for mean in means)
    of_medians = [Cell("median", people(300, s), (), tuple([21.5] * 300)) for s in (0, 600)]
    assert [median for _, _, median, _ in each_of(of_medians)] == [22, 22]


def test_figures_published_by_nhs_england_are_shown_as_published() -> None:
    con = world({"RECOVERY": {("England", "ENG", None): share(50, 100)}})
    con.execute(
        """INSERT INTO published.service_count VALUES
        ('ENG', 'England', 'financial year', '2023-04-01', 'all', 'RECOVERY', 313877, 626122, 'value'),
        ('RYY', 'Beta', 'financial year', '2023-04-01', 'all', 'RECOVERY', 55, 105, 'value'),
        ('RXX', 'Alpha', 'financial year', '2023-04-01', 'all', 'RECOVERY', NULL, NULL, 'suppressed')"""
    )
    build_public(con, SECRET)
    assert leaks(con, SECRET) == []
    assert published(con, "numerator, denominator", "national", "source = 'published'") == [(313877, 626122)]
    assert published(con, "numerator, state, value", "service_comparison", "source = 'published'") == [
        (55, "value", 55 / 105), (None, "suppressed", None),
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["Jane Q Public", "9990000018", "01/02/1980", "None of your business"])
def test_what_a_service_can_type_is_no_name_of_a_group(typed: str) -> None:
    cells: Cells = {
        ("England", "ENG", None): counted(60),
        ("England", "ENG", typed): counted(20),
        ("England", "ENG", "OnlineCBT"): counted(20, 20),
        ("England", "ENG", "not known"): counted(20, 40),
    }
    con = world({"REFERRALS": cells}, breakdown="programme")
    build_public(con, SECRET)
    assert leaks(con, SECRET) == []
    protector = Protector(SECRET)
    assert published(con, "breakdown_group, numerator", "breakdown_measure") == [
        ("not known", protector.shown(counted(20, 40), "M")[0]), ("other", protector.shown(counted(40), "M")[0]),
    ]  # fmt: skip
    for table in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'public'").fetchall():
        assert typed not in str(con.execute(f"FROM public.{table[0]}").fetchall())


def test_that_one_person_was_seen_somewhere_is_not_shown_by_a_row() -> None:
    con = world({"REFERRALS": {
        ("provider", "RXX", None): counted(0), ("sub-ICB", "02M", None): counted(2),
        ("sub-ICB", "00Q", None): counted(30), ("provider in sub-ICB", "RXX|02M", None): counted(1),
        ("site", "RXX01", None): counted(90),
    }})  # fmt: skip
    build_public(con, SECRET)
    shown = Protector(SECRET).shown(counted(30), "M")[0]
    assert published(con, "level, organisation, numerator") == [
        ("provider", "RXX", None),
        ("sub-ICB", "00Q", shown),
    ]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE public.service_measure SET numerator = 23", "service_measure: 2 rows show what the rule does not"),
        ("UPDATE public.service_measure SET numerator = 0", "service_measure: 2 rows show what the rule does not"),
        ("UPDATE public.service_measure SET value = 0.123 WHERE organisation = 'RXX'", "service_measure: 1 rows"),
        ("UPDATE public.service_measure SET value = 3", "service_measure: 2 rows show what"),
        ("UPDATE public.breakdown_measure SET numerator = numerator + 1", "breakdown_measure: 1 rows show what"),
        ("UPDATE public.breakdown_measure SET breakdown_group = 'Jane'", "breakdown_measure: 1 rows show what"),
        ("INSERT INTO public.breakdown_group VALUES ('gender', 'Jane', 'Jane')", "breakdown_group: 1 rows show what"),
        ("UPDATE public.national SET numerator = 71", "public.national: 1 rows have other figures"),
        ("UPDATE public.service_comparison SET denominator = 71", "service_comparison: 1 rows have other figures"),
        ("UPDATE public.service_comparison SET national_value = 0.51", "service_comparison: 1 rows have other figures"),
        ("ALTER TABLE public.national ADD COLUMN exact BIGINT", "national.exact may contain a figure"),
        ("CREATE TABLE public.helper AS SELECT 1 AS value", "public.helper is not one of the public tables"),
        ("CREATE VIEW public.peek AS FROM mart.service_measure", "public.peek is a view"),
        ("DROP TABLE public.national", "no public tables"),
    ],
)  # fmt: skip
def test_what_is_not_protected_is_found(sql: str, problem: str) -> None:
    con = world({"RECOVERY": {
        ("England", "ENG", None): share(70, 150), ("provider", "RXX", None): share(60, 140),
        ("England", "ENG", "a"): share(60, 141),
    }})  # fmt: skip
    build_public(con, SECRET)
    assert leaks(con, SECRET) == []
    con.execute(sql)
    assert any(problem in found for found in leaks(con, SECRET)), leaks(con, SECRET)


def test_a_draft_made_with_another_secret_or_rule_is_no_safe_one() -> None:
    con = world({f"M{n}": {("England", "ENG", None): counted(n)} for n in range(30, 60)})
    build_public(con, SECRET)
    assert leaks(con, SECRET) == []
    assert leaks(con, "another") != []
    other = Suppression(7, 0.7, 50, 10, 100)
    build_public(con, SECRET, other)
    assert leaks(con, SECRET, other) == []
    con.execute(SUPPRESSION.macros())
    assert leaks(con, SECRET) != []


@pytest.mark.parametrize(
    ("smallest", "alpha", "mean_from"), [(2, 0.5, 10), (5, 0.0, 10), (5, 0.95, 10), (5, 0.5, 4)]
)
def test_a_rule_that_does_not_protect_is_refused(smallest: int, alpha: float, mean_from: int) -> None:
    with pytest.raises(ValueError, match="smallest is 3 or more"):
        Suppression(smallest, alpha, 50, mean_from, 100)


def test_what_the_rule_says_of_its_error() -> None:
    assert SUPPRESSION.mean_error == pytest.approx(4 / 3)
    assert SUPPRESSION.spread == pytest.approx(2)
    assert (SUPPRESSION.within(0.95), SUPPRESSION.within(0.99)) == (4, 7)
