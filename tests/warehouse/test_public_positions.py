"""Public positions: made of the figures shown alone, and only where every count they may stand for has the same.

Belongs here: work.public_figure, the funnel of the figures shown and public.service_comparison. Does not belong here:
which counts are shown (test_disclosure), the funnel itself (test_comparison).
"""

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.campaign import seeds
from tests.fixtures.comparison import COVERAGE
from warehouse.comparison.statistics import create_macros
from warehouse.disclosure.public import _make_funnel
from warehouse.disclosure.suppression import SUPPRESSION
from warehouse.models import read_sql
from warehouse.staging import insert_rows

APRIL = date(2025, 4, 1)
Shown = tuple[str, int | None, int | None]  # provider, numerator and denominator as shown
TOO_CLOSE = "too close to a limit to publish"


def compared(
    shown: Sequence[Shown], pathway: str = "05", incomplete: Sequence[str] = (), published: Sequence[Any] = ()
) -> duckdb.DuckDBPyConnection:
    """The public comparison of these figures of one share; England is their sum."""
    con = duckdb.connect()
    con.execute(
        """
        ATTACH ':memory:' AS work; CREATE SCHEMA mart; CREATE SCHEMA public; CREATE SCHEMA published;
        CREATE TABLE public.measure (measure VARCHAR, kind VARCHAR, over_time VARCHAR);
        INSERT INTO public.measure VALUES ('RECOVERY', 'share', 'flow'), ('REFERRALS', 'count', 'flow');
        CREATE TABLE mart.measure AS SELECT *, 'pathway' AS grain FROM public.measure;
        CREATE TABLE public.service_measure (source VARCHAR, level VARCHAR, organisation VARCHAR, period_type VARCHAR,
            period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, value DOUBLE,
            months_submitted BIGINT, state VARCHAR);
        CREATE TABLE published.service_count (provider VARCHAR, provider_name VARCHAR, period_type VARCHAR,
            period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, denominator BIGINT, state VARCHAR);
        """
    )
    con.execute(COVERAGE)
    create_macros(con)
    con.execute(SUPPRESSION.macros())
    counted = [(x, n) for _, x, n in shown if x is not None and n is not None]
    england = ("England", "ENG", sum(x for x, _ in counted), sum(n for _, n in counted))
    rows = [england, *(("provider", *each) for each in shown)]
    insert_rows(
        con,
        "public.service_measure",
        [
            ("submitted", level, who, "quarter", APRIL, pathway, "RECOVERY", x, n,
             x / n if x is not None and n is not None and n >= SUPPRESSION.rate_from else None, 3,
             "suppressed" if x is None or n is None else "value" if n >= SUPPRESSION.rate_from else "no rate")
            for level, who, x, n in rows
        ],
    )  # fmt: skip
    insert_rows(
        con,
        "mart.submission_coverage",
        [
            (level, who, "quarter", APRIL, "flow", 3, 3, 3, 3, who not in incomplete) for level, who, *_ in rows
        ],
    )  # fmt: skip
    insert_rows(con, "published.service_count", published)
    con.execute("CREATE TABLE public.organisation AS SELECT level, organisation, organisation AS name "
                "FROM public.service_measure")  # fmt: skip
    con.execute(read_sql("public.national"))
    _make_funnel(con)
    con.execute(read_sql("public.service_comparison"))
    return con


def told(con: duckdb.DuckDBPyConnection, columns: str, where: str = "true") -> list[Any]:
    return con.execute(f"SELECT {columns} FROM public.service_comparison WHERE {where} ORDER BY ALL").fetchall()


def band(z: float) -> str:
    """A position in words."""
    if abs(z) <= 1.959963984540054:
        return "within"
    return f"{'above' if z > 0 else 'below'} {'99.8' if abs(z) > 3.090232306167813 else '95'}"


def positions(x: int, n: int, p: float, tau: float, margin: int) -> set[str]:
    """The positions of all counts that the ones shown may stand for, one by one."""
    reach = range(-margin, margin + 1)
    return {
        band(((x + a) / (n + b) - p) / np.sqrt(p * (1 - p) / (n + b) + tau**2)) for a, b in product(reach, reach)
    }


@pytest.mark.parametrize("seed", seeds(4))
def test_a_position_is_given_where_all_counts_that_are_likely_have_it(seed: int) -> None:
    chance = np.random.default_rng(seed)
    shown: list[Shown] = []
    for i in range(12 + 6 * seed):
        n = int(chance.choice([60, 100, 300, 1500]))
        shown.append((f"R{i:02}", min(n, max(5, int(chance.normal(n / 2, n * 0.06 + 4)))), n))
    con = compared(shown)
    ((margin,),) = con.execute("SELECT DISTINCT margin FROM work.public_figure").fetchall()
    p = sum(x or 0 for _, x, _ in shown) / sum(n or 0 for *_, n in shown)
    # tau once more, in plain NumPy, from the figures shown.
    s = np.array([np.sqrt(p * (1 - p) / (n or 1)) for *_, n in shown])
    z = np.array([(x or 0) / (n or 1) - p for _, x, n in shown]) / s
    k, w = len(z), 1 / s**2
    phi = (np.clip(z, np.quantile(z, 0.1), np.quantile(z, 0.9)) ** 2).sum() / k
    tau = np.sqrt(max(0.0, (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum())))
    rows = told(con, "provider, numerator, denominator, tau, services, funnel_position_adjusted, funnel_position, "
                     "why_no_position")  # fmt: skip
    assert len(rows) == k
    for _, x, n, said_tau, services, adjusted, plain, why in rows:
        assert services == k and said_tau == pytest.approx(tau, abs=1e-6)
        for said, spread in ((adjusted, tau), (plain, 0.0)):
            possible = positions(x, n, p, spread, margin)
            assert said == (possible.pop() if len(possible) == 1 else None)
        assert why == (TOO_CLOSE if adjusted is None or plain is None else None)


@pytest.mark.parametrize("seed", seeds(3))
def test_a_position_that_is_given_is_that_of_the_exact_counts(seed: int) -> None:
    """The error of a count is the difference of two geometric numbers; one figure in a hundred may be further off."""
    chance = np.random.default_rng(seed)
    n = chance.integers(80, 3000, 80)
    x = chance.binomial(n, np.clip(chance.normal(0.5, 0.04, 80), 0, 1))
    shown_n, shown_x = (
        counts + chance.geometric(1 - SUPPRESSION.alpha, 80) - chance.geometric(1 - SUPPRESSION.alpha, 80)
        for counts in (n, x)
    )
    names = [f"R{i:02}" for i in range(80)]
    con = compared([(who, int(a), int(b)) for who, a, b in zip(names, shown_x, shown_n, strict=True)])
    p = x.sum() / n.sum()
    exact = {who: band((a / b - p) / np.sqrt(p * (1 - p) / b)) for who, a, b in zip(names, x, n, strict=True)}
    rows = told(con, "provider, funnel_position", "funnel_position IS NOT NULL")
    assert len(rows) > 40
    assert sum(position != exact[who] for who, position in rows) <= 1


def test_a_figure_near_a_limit_has_no_position_and_says_so() -> None:
    # Around one half of 1,000, 95 % limits of chance are 469 and 531: 531 may stand for 529, 549 may not.
    con = compared([*[(f"R{i:02}", 500, 1000) for i in range(30)], ("NEAR", 531, 1000), ("FAR", 560, 1000)])
    assert told(con, "provider, funnel_position_adjusted, funnel_position, why_no_position",
                "provider IN ('NEAR', 'FAR', 'R00')") == [
        ("FAR", "above 99.8", "above 99.8", None), ("NEAR", None, None, TOO_CLOSE), ("R00", "within", "within", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("services", "pathway", "incomplete", "why"),
    [
        (9, "05", [], "fewer than 10 services with a rate"),
        (10, "05", ["R00"], "fewer than 10 services with a rate"),
        (10, "all", [], "all pathways together: each is compared on its own"),
        (10, "05", [], None),
    ],
)
def test_public_positions_obey_the_rules_of_the_mart(
    services: int, pathway: str, incomplete: list[str], why: str | None
) -> None:
    con = compared([(f"R{i:02}", 200, 400) for i in range(services)], pathway, incomplete)
    rows = told(con, "DISTINCT funnel_position_adjusted, funnel_position, tau IS NULL, why_no_position",
                "provider <> 'R00'")  # fmt: skip
    position = None if why else "within"
    assert rows == [(position, position, why is not None, why)]


def test_an_incomplete_period_and_a_figure_without_a_rate_have_none() -> None:
    con = compared([*[(f"R{i:02}", 200, 400) for i in range(12)], ("SMALL", 6, 12), ("FEW", None, 20)],
                   incomplete=["R00"])  # fmt: skip
    rows = told(con, "provider, services, funnel_position, why_no_position", "provider IN ('R00', 'SMALL', 'FEW')")
    assert rows == [
        ("FEW", 11, None, "no rate"), ("R00", 11, None, "a month of the period was not submitted"),
        ("SMALL", 11, None, "no rate"),
    ]  # fmt: skip


def test_published_figures_have_the_positions_that_the_mart_gives_them() -> None:
    # They are known already, so nothing is too close: 535 of 1,000 is above 95 % whatever its neighbours are.
    year = ("financial year", date(2023, 4, 1), "all", "RECOVERY")
    rows: list[Any] = [(f"R{i:02}", "Name", *year, 500, 1000, "value") for i in range(30)]
    rows += [("X", "Name", *year, 535, 1000, "value"), ("S", "Name", *year, None, 40, "suppressed"),
             ("ENG", "England", *year, 15535, 31000, "value")]  # fmt: skip
    con = compared([("R00", 200, 400)], published=rows)
    assert told(con, "provider, funnel_position, why_no_position, months",
                "source = 'published' AND provider IN ('R00', 'X', 'S')") == [
        ("R00", "within", None, 12), ("S", None, "no rate", 12), ("X", "above 95", None, 12),
    ]  # fmt: skip
