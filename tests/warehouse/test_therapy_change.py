"""Change by therapy and problem: on submitted data as a plain reading says, and as NHS England publishes it."""

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.campaign import is_whole, seeds
from tests.fixtures.warehouse import APRIL, FEW, ask, build, write_submission
from tests.references.therapy_change import (
    BOOK,
    CBT,
    GAD7,
    PHQ9,
    REQOL10,
    Referral,
    changes,
    outcomes,
    simulate,
    tables,
)
from tests.warehouse.test_published import PROVIDERS, REAL, annual, of
from warehouse.build import build_core
from warehouse.published import create_published, load_published, normalise_published

needs_proms = pytest.mark.skipif(
    not (REAL / "proms_annual.parquet").is_file(), reason="NHS England's published outcome measures are not here"
)
COLUMNS = (
    "level, organisation, problem, therapy_type, instrument, courses, pairs, mean_first, sd_first, mean_last, "
    "sd_last, national_sd_first, effect_size"
)


def built(root: Path, by_provider: dict[str, list[Referral]]) -> Path:
    won = [write_submission(root, provider, APRIL, tables(mine)) for provider, mine in by_provider.items()]
    return build(root, won, measures=FEW)


@pytest.mark.parametrize("seed", seeds(1))
def test_every_figure_is_that_of_a_plain_reading(seed: int) -> None:
    chance = random.Random(seed)
    by_provider = {"RXX": simulate(chance, 60), "RYY": simulate(chance, 12)}
    draft = built(Path(tempfile.mkdtemp()), by_provider)
    rows = ask(
        draft,
        f"SELECT {COLUMNS} FROM mart.therapy_change WHERE period_type = 'all months' "
        "AND level IN ('England', 'sub-ICB', 'provider')",
    )
    expected = changes(by_provider)
    assert {row[:5] for row in rows} == set(expected)
    assert len({key[3:] for key in expected}) == 6
    for row in rows:
        assert list(row[5:]) == pytest.approx(list(astuple(expected[row[:5]])), abs=1e-9), row[:5]
    counted = ask(
        draft,
        "SELECT level, organisation, problem, therapy_type, courses, not_at_caseness, recovered, reliably_recovered, "
        "improved, unchanged, deteriorated FROM mart.therapy_outcome WHERE period_type = 'all months' "
        "AND level IN ('England', 'sub-ICB', 'provider')",
    )
    of_courses = outcomes(by_provider)
    assert {row[:4]: row[4:] for row in counted} == {key: astuple(told) for key, told in of_courses.items()}
    assert sum(astuple(of_courses["England", "ENG", "all", "CBT"])[1:]) > 5


def outcomes_of(
    root: Path, *courses: Sequence[tuple[date, str, int]], pathway: str | None = None
) -> list[list[Any]]:
    """What is said of each of these courses of CBT, from session 1 on the 2nd to session 2 on the 9th, given its scores.

    Each is the only one of a service of its own.
    """
    won = []
    for number, scores in enumerate(courses):
        rows = tables([Referral("r", "01A", "F32", True, ((day(2), CBT), (day(9), CBT)), tuple(scores))])
        rows["IDS101"][0]["Pathway"] = pathway
        won.append(write_submission(root, f"R{number:02}", APRIL, rows))
    draft = build(root, won, measures=FEW)
    said = (
        "SELECT courses, not_at_caseness, recovery, reliable_recovery, reliable_improvement, reliable_deterioration "
        "FROM mart.therapy_outcome WHERE level = 'provider' AND organisation = ? AND problem = 'all' "
        "AND period_type = 'all months'"
    )
    return [ask(draft, said, [each.provider]) for each in won]


def test_recovery_and_reliable_change_of_one_course_of_therapy(tmp_path: Path) -> None:
    expected: dict[tuple[tuple[int, str, int], ...], tuple[object, ...]] = {
        # Recovered by one point each: no reliable change.
        ((2, PHQ9, 10), (9, PHQ9, 9), (2, GAD7, 8), (9, GAD7, 7)): (1, 0, 1.0, 0.0, 0.0, 0.0),
        ((2, PHQ9, 16), (9, PHQ9, 9), (2, GAD7, 8), (9, GAD7, 7)): (1, 0, 1.0, 1.0, 1.0, 0.0),
        # Below both at the first session of the therapy: out of the denominator of recovery, in that of improvement.
        ((2, PHQ9, 9), (9, PHQ9, 3), (2, GAD7, 7), (9, GAD7, 7)): (1, 1, None, None, 1.0, 0.0),
        # Better on one and worse on the other is no reliable change; one measure alone is not paired.
        ((2, PHQ9, 16), (9, PHQ9, 9), (2, GAD7, 8), (9, GAD7, 12)): (1, 0, 0.0, 0.0, 0.0, 0.0),
        ((2, PHQ9, 16), (9, PHQ9, 2)): (1, 0, 0.0, 0.0, 0.0, 0.0),
        (): (1, 0, 0.0, 0.0, 0.0, 0.0),  # not measured: in every denominator, as published
        # A score after the last session is none of the therapy.
        ((2, PHQ9, 16), (9, PHQ9, 15), (2, GAD7, 8), (9, GAD7, 8), (10, PHQ9, 1)): (1, 0, 0.0, 0.0, 0.0, 0.0),
    }
    courses = [[(day(n), tool, score) for n, tool, score in scores] for scores in expected]
    found = outcomes_of(tmp_path, *courses)
    assert dict(zip(expected, found, strict=True)) == {scores: [said] for scores, said in expected.items()}


def test_recovery_is_of_talking_therapies_alone(tmp_path: Path) -> None:
    assert outcomes_of(tmp_path, [(day(2), PHQ9, 16), (day(9), PHQ9, 2)], pathway="01") == [[]]


def day(number: int) -> date:
    return date(2025, 4, number)


def test_scores_are_those_of_the_therapy_and_not_of_the_whole_course(tmp_path: Path) -> None:
    # Guided self-help first, therapy afterwards: PHQ-9 fell from 20 to 12 in the one and from 12 to 6 in the other.
    referral = Referral(
        "r", "01A", "F32", True, ((day(2), BOOK), (day(4), BOOK), (day(10), CBT), (day(20), CBT)),
        ((day(2), PHQ9, 20), (day(4), PHQ9, 12), (day(10), PHQ9, 12), (day(20), PHQ9, 6), (day(21), PHQ9, 1)),
    )  # fmt: skip
    once = Referral(
        "s", "01A", "F32", True, ((day(2), BOOK), (day(4), CBT)), ((day(2), PHQ9, 20), (day(4), PHQ9, 1))
    )
    draft = built(tmp_path, {"RXX": [referral, once]})
    assert ask(
        draft,
        "SELECT therapy_type, courses, pairs, mean_first, mean_last, effect_size FROM mart.therapy_change "
        "WHERE level = 'England' AND problem = 'depression' AND period_type = 'all months' ORDER BY ALL",
    ) == [("CBT", 1, 1, 12.0, 6.0, None), ("GSB", 1, 1, 20.0, 12.0, None)]


def test_higher_is_better_on_some_instruments(tmp_path: Path) -> None:
    people = [
        Referral(f"r{first}", "01A", "F411", True, ((day(2), CBT), (day(9), CBT)),
                 ((day(2), REQOL10, first), (day(9), REQOL10, last), (day(2), GAD7, first), (day(9), GAD7, last)))
        for first, last in ((10, 16), (14, 16))
    ]  # fmt: skip
    found = ask(
        built(tmp_path, {"RXX": people}),
        "SELECT instrument, round(effect_size, 6) FROM mart.therapy_change WHERE level = 'provider' "
        "AND problem = 'all' AND period_type = 'all months' ORDER BY ALL",
    )
    assert found == [("GAD7", -1.414214), ("REQOL10", 1.414214)]  # 4 points over an SD of 2.828427


def test_who_did_not_finish_or_was_not_submitted_has_no_row(tmp_path: Path) -> None:
    sessions = ((day(2), CBT), (day(9), CBT))
    scores = ((day(2), PHQ9, 20), (day(9), PHQ9, 10))
    draft = built(tmp_path, {"RXX": [Referral("r", "01A", None, False, sessions, scores)], "RYY": []})
    assert ask(draft, "FROM mart.therapy_change") == []


def published_values(value: dict[str, float]) -> Iterator[tuple[object, ...]]:
    """Rows of one organisation in ``published.proms_annual``: ``mean start`` and so on of PHQ-9."""
    for name, number in value.items():
        statistic, _, time = name.partition(" ")
        yield (
            "2023-24", date(2023, 4, 1), date(2024, 3, 31), "England", "All", "All", "PROMs", "Depression", "CBT",
            "phq", statistic, time or None, number, "value",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # 5.2 / 5.6 = 0.93; rounding allows 5.1 / 5.65 - 0.05 to 5.3 / 5.55 + 0.05.
        ({"mean start": 15.8, "mean end": 10.6, "sd start": 5.6, "effect_size": 0.9}, (0.9, 0.929, 0.853, 1.005)),
        ({"mean start": 8.0, "mean end": 8.0, "sd start": 0.5, "effect_size": 0.0}, (0.0, 0.0, -0.272, 0.272)),
        ({"mean start": 8.0, "mean end": 10.0, "sd start": 0.0}, (None, None, None, None)),
        ({"mean start": 8.0, "sd start": 4.0}, (None, None, None, None)),
        ({"effect_size": 1.2}, (1.2, None, None, None)),
    ],
)
def test_what_rounding_leaves_open_of_a_published_effect_size(
    values: dict[str, float], expected: tuple[float | None, ...]
) -> None:
    con = duckdb.connect()
    create_published(con)
    con.executemany(
        f"INSERT INTO published.proms_annual VALUES ({', '.join('?' * 14)})", list(published_values(values))
    )
    found = con.execute(
        "SELECT effect_size, effect_from_means, effect_lowest, effect_highest FROM published.therapy_change"
    ).fetchall()
    assert [None if x is None else round(float(x), 3) for x in found[0]] == list(expected)


@pytest.fixture(scope="module")
def proms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published outcome measures of 2023-24, without the other statistics; in a campaign from 2019-20 on."""
    tmp = tmp_path_factory.mktemp("proms")
    source = tmp / "source"
    source.mkdir()
    annual(of("All", "1", "2", "0", "50")).write_parquet(source / "measures_annual.parquet")
    PROVIDERS.write_parquet(source / "providers.parquet")
    years = pl.col("start_date") >= (date(2019, 4, 1) if is_whole() else date(2023, 4, 1))
    pl.scan_parquet(REAL / "proms_annual.parquet").filter(years).sink_parquet(source / "proms_annual.parquet")
    normalise_published(source, tmp / "tidy")
    build_core(tmp / "d.duckdb", [], measures=())
    load_published(tmp / "d.duckdb", tmp / "tidy")
    return tmp / "d.duckdb"


@needs_proms
def test_every_published_effect_size_is_the_gain_over_the_spread_of_england(proms: Path) -> None:
    ((every, reproduced, to_the_decimal),) = ask(
        proms,
        "SELECT count(*), count(*) FILTER (effect_size BETWEEN effect_lowest - 1e-9 AND effect_highest + 1e-9), "
        "count(*) FILTER (round(effect_from_means, 1) = effect_size) FROM published.therapy_change "
        "WHERE effect_size IS NOT NULL",
    )
    assert every == reproduced == (165_805 if is_whole() else 33_601)
    assert to_the_decimal / every > 0.94  # the others differ by what the rounded means leave open
    # The service's own spread, or that of last scores, is not the unit.
    wrong = "(mean_first - mean_last {}) / nullif({}, 0)"
    for unit in ("sd_first", "sd_last"):
        low, high = wrong.format("- 0.1", f"({unit} + 0.05)"), wrong.format("+ 0.1", f"({unit} - 0.05)")
        ((missed,),) = ask(
            proms,
            f"SELECT count(*) FILTER (NOT effect_size BETWEEN {low} - 0.06 AND {high} + 0.06) "
            "FROM published.therapy_change WHERE effect_size > 0.1 AND mean_first - mean_last > 0.1",
        )
        assert missed > 1000, unit


@needs_proms
def test_every_published_percentage_of_england_follows_from_its_counts(proms: Path) -> None:
    # Recovery is of courses of therapy minus those not at caseness, the other outcomes of courses of therapy.
    rows = ask(
        proms,
        """WITH england AS (
               SELECT financial_year, variable_a, variable_b, measure_name AS outcome,
                   max(value) FILTER (statistic = 'count') AS n, max(value) FILTER (statistic = 'percentage') AS percent
               FROM published.proms_annual WHERE org_type = 'England' GROUP BY ALL)
           SELECT count(*), count(*) FILTER (WHERE abs(100 * o.n / (c.n
               - CASE WHEN o.outcome IN ('ther_recovery', 'ther_rel_recovery') THEN x.n ELSE 0 END)
               - o.percent) <= 0.05 + 1e-9)
           FROM england AS o
           INNER JOIN england AS c ON c.outcome = 'courses_of_therapy' AND c.financial_year = o.financial_year
               AND c.variable_a = o.variable_a AND c.variable_b = o.variable_b
           INNER JOIN england AS x ON x.outcome = 'not_caseness' AND x.financial_year = o.financial_year
               AND x.variable_a = o.variable_a AND x.variable_b = o.variable_b
           WHERE o.percent IS NOT NULL""",
    )
    assert rows == [(4381, 4381) if is_whole() else (1037, 1037)]
