"""Every figure of the oracle, for random little populations: the catalogue counts exactly the same.

The oracle (``measure_reference``) reads staged rows in plain Python; the warehouse counts in SQL generated from the
catalogue. Providers are compared month by month, England as their sum.
"""

import random
import tempfile
from datetime import date
from itertools import product
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.references.measures as oracle
from tests.campaign import examples, is_whole, seeds
from tests.fixtures.warehouse import ask, build, write_submission
from tests.references.measure_populations import MONTHS, Submissions, random_submissions
from tests.references.periods import Figure, figure
from warehouse.measures.catalogue import catalogue
from warehouse.measures.passes import passes

# In a sample those that the oracle knows: 350 take three times as long to plan.
KNOWN = {*oracle.ALL, *oracle.values({})}
COUNTED = [measure for measure in catalogue() if is_whole() or measure.id in KNOWN]

Counts = dict[tuple[str, str, date], tuple[int, int | None]]


def built(submissions: Submissions, *, marts: bool) -> Path:
    root = Path(tempfile.mkdtemp())
    won = [write_submission(root, provider, month, tables) for (provider, month), tables in submissions.items()]
    return build(root, won, marts=marts, measures=[measure.id for measure in COUNTED])


def counted(draft: Path) -> Counts:
    """The monthly counts of every additive measure, added up over commissioners, sites and pathways."""
    found: Counts = {}
    with duckdb.connect(str(draft), read_only=True) as con:
        for each in passes(COUNTED):
            names = each.columns(each.additive)
            sums = ", ".join(f'sum("{name}")' for name in names)
            rows = con.execute(
                f"SELECT provider, month, {sums} FROM monthly_count.{each.name} GROUP BY provider, month"
            )
            for provider, month, *counts in rows.fetchall():
                value = dict(zip(names, counts, strict=True))
                for measure in each.additive:
                    found[provider, measure.id, month] = (
                        value[f"{measure.id}_n"],
                        value.get(each.denominators.get(measure.id, "")),
                    )
    return found


# Building takes a second or two; the population is large enough that a few reach every branch.
@settings(max_examples=examples(2) if is_whole() else 1)
@given(st.integers(min_value=0, max_value=2**32))
def test_the_monthly_counts_of_the_warehouse_are_those_of_the_oracle(seed: int) -> None:
    submissions = random_submissions(random.Random(seed))
    found = counted(built(submissions, marts=False))
    kinds = {measure.id: measure.kind for measure in catalogue()}
    for key, expected in oracle.measured(submissions).items():
        assert kinds[key[1]] == ("count" if expected[1] is None else kinds[key[1]])
        assert found.get(key, (0, None if expected[1] is None else 0)) == expected, key


def test_the_random_populations_reach_every_measure() -> None:
    reached: set[str] = set()
    for seed in range(8):
        counts = oracle.measured(random_submissions(random.Random(seed)))
        reached |= {measure for (_, measure, _), (numerator, _) in counts.items() if numerator}
    assert reached == set(oracle.ALL)
    assert len(oracle.ALL) >= 50


@pytest.fixture(scope="module", params=seeds(1))
def population(request: pytest.FixtureRequest) -> tuple[Submissions, Path]:
    """The submissions of a seed and their draft with marts, which takes longest."""
    submissions = random_submissions(random.Random(request.param))
    return submissions, built(submissions, marts=True)


def test_providers_and_england_in_the_mart_are_those_of_the_oracle(population: tuple[Submissions, Path]) -> None:
    submissions, draft = population
    rows = ask(
        draft,
        """SELECT level, organisation, measure, period_start, numerator, denominator FROM mart.service_measure
           WHERE level IN ('provider', 'England') AND period_type = 'month' AND pathway = 'all'
           AND state IN ('value', 'no denominator')""",
    )
    found = {(level, organisation, measure, month): counts for level, organisation, measure, month, *counts in rows}
    expected = oracle.measured(submissions)
    england: dict[tuple[str, date], list[int | None]] = {}
    for (provider, measure, month), (numerator, denominator) in expected.items():
        if ("provider", provider, measure, month) in found:
            assert found["provider", provider, measure, month] == [numerator, denominator], (
                provider,
                measure,
                month,
            )
        else:  # does not apply: the provider has no pathway of the measure at all
            assert (numerator, denominator) in ((0, 0), (0, None)), (provider, measure, month)
        total = england.setdefault((measure, month), [0, None if denominator is None else 0])
        total[0] = (total[0] or 0) + numerator
        if denominator is not None:
            total[1] = (total[1] or 0) + denominator
    for (measure, month), total in england.items():
        assert found["England", "ENG", measure, month] == total, (measure, month)


def test_medians_and_stocks_of_the_quarter_are_those_of_the_oracle(population: tuple[Submissions, Path]) -> None:
    submissions, draft = population
    rows = ask(
        draft,
        """SELECT organisation, period_start, period_type, measure, state, numerator, denominator, quantile
           FROM mart.service_measure WHERE level IN ('provider', 'England') AND pathway = 'all'
           AND period_type IN ('month', 'quarter')""",
    )
    found = {tuple(row[:4]): Figure(*row[4:]) for row in rows}
    providers = sorted({provider for provider, _ in submissions})
    places = {"ENG": providers, **{provider: [provider] for provider in providers}}
    months = sorted({month for _, month in submissions})
    spans = {("month", month): [month] for month in months}
    if months == list(MONTHS):
        spans["quarter", MONTHS[0]] = months
    by_id = {measure.id: measure for measure in catalogue()}
    for name, values in oracle.values(submissions).items():
        for ((kind, start), span), (place, behind) in product(spans.items(), places.items()):
            measure = by_id[name]
            expected = figure(measure.kind, measure.over_time, values, span, behind, set(submissions))
            assert found[place, start, kind, name] == expected, (place, kind, start, name)
    counts = oracle.measured(submissions)
    for name, ((kind, start), span) in product(oracle.CASELOAD, spans.items()):
        sent = [counts[each, name, span[-1]] for each in providers if (each, span[-1]) in submissions]
        said = found["ENG", start, kind, name]
        assert (said.numerator, said.denominator) == (
            sum(n for n, _ in sent),
            None if by_id[name].kind == "count" else sum(d or 0 for _, d in sent),
        ), (kind, start, name)


def test_the_groups_of_every_breakdown_add_up_to_its_measures(population: tuple[Submissions, Path]) -> None:
    _, draft = population
    compared = 0
    with duckdb.connect(str(draft), read_only=True) as con:
        of_tables = [(each, table) for each in passes(COUNTED) for table in each.group_tables]
        for each, table in of_tables:
            for breakdown in table.breakdowns:
                names = each.columns([measure for measure in each.grouped if breakdown.id in measure.breakdowns])
                sums = (
                    "SELECT " + ", ".join(f'coalesce(sum("{name}"), 0)' for name in names) + " FROM monthly_count."
                )
                parted = con.execute(f"{sums}{table.name} WHERE breakdown = ?", [breakdown.id]).fetchone()
                whole = con.execute(f"{sums}{each.name}").fetchone()
                assert parted == whole, (each.name, breakdown.id)
                compared += sum(whole or ()) > 0
    assert compared > 50
