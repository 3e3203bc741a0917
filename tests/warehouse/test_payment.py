"""mart.payment: every amount follows from figures that are published with it, for every service and period."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fixtures.payment import JULY, MINORITIES, payment_draft
from tests.fixtures.tariff import ASSESSMENT, COURSES, RECOVERY, TERMS, trial
from tests.fixtures.warehouse import APRIL, ask
from warehouse.payment.figures import Figures
from warehouse.payment.tables import TariffOutdated, build_payment

# What the amounts are, from the figures and the tariff alone. Shares have four decimals, so all numbers are whole.
RECKONED = """
WITH unit AS (SELECT * REPLACE (
        CAST(weight * 10000 AS HUGEINT) AS weight, CAST(floor * 10000 AS HUGEINT) AS floor,
        CAST(cap * 10000 AS HUGEINT) AS cap) FROM mart.payment),
whole AS (
    SELECT provider, tariff, valid_from, period_start, sum(numerator * price_pence) AS v,
        (2 * v * any_value(weight) FILTER (WHERE part = 'limit') + 10000) // 20000 AS p
    FROM unit GROUP BY ALL),
ended AS (
    SELECT u.*, w.v, w.p, CASE part WHEN 'activity' THEN numerator * price_pence ELSE weight END AS share,
        sum(share) OVER (PARTITION BY u.provider, u.tariff, u.valid_from, u.period_start, part ORDER BY position) AS upto,
        CASE part WHEN 'activity' THEN w.v ELSE 10000 END AS of
    FROM unit AS u INNER JOIN whole AS w USING (provider, tariff, valid_from, period_start)),
shared AS (
    SELECT *, CASE WHEN of = 0 THEN 0 ELSE (2 * p * upto + of) // (2 * of) - (2 * p * (upto - share) + of) // (2 * of) END AS pool
    FROM ended),
judged AS (
    SELECT *, CASE
        WHEN part = 'activity' THEN numerator * price_pence - pool
        WHEN denominator < fewest AND if_fewer = 'not paid' THEN 0
        WHEN numerator * 10000 >= cap * denominator THEN pool
        WHEN numerator * 10000 <= floor * denominator THEN 0
        ELSE (2 * pool * (numerator * 10000 - floor * denominator) + (cap - floor) * denominator)
            // (2 * (cap - floor) * denominator) END AS reckoned
    FROM shared WHERE part <> 'limit')
SELECT provider, period_start, line, amount_pence, reckoned FROM judged
WHERE state IN ('value', 'not submitted') OR if_fewer = 'not paid' ORDER BY ALL
"""
# The figures of every line, from the marts that have them: those of its months added up.
FIGURES = """
WITH month AS (
    SELECT p.*, m.month FROM mart.payment AS p
    INNER JOIN ref.month AS m ON m.month >= p.period_start AND m.month < p.period_start + to_months(p.months)
    WHERE p.measure IS NOT NULL),
counted AS (
    SELECT m.provider, m.tariff, m.period_start, m.position, s.numerator AS n, s.denominator AS d
    FROM month AS m INNER JOIN mart.service_measure AS s ON s.level = 'provider' AND s.organisation = m.provider
        AND s.measure = m.measure AND s.period_type = 'month' AND s.period_start = m.month AND s.pathway = m.pathway
    WHERE m.breakdown IS NULL
    UNION ALL
    SELECT m.provider, m.tariff, m.period_start, m.position,
        CASE WHEN list_contains(string_split(m.groups, '; '), b.breakdown_group) THEN b.numerator END,
        CASE WHEN list_contains(string_split(m.of_groups, '; '), b.breakdown_group) THEN b.numerator END
    FROM month AS m INNER JOIN mart.breakdown_measure AS b ON b.level = 'provider' AND b.organisation = m.provider
        AND b.measure = m.measure AND b.breakdown = m.breakdown AND b.period_type = 'month'
        AND b.period_start = m.month AND b.pathway = m.pathway
    WHERE m.breakdown IS NOT NULL)
SELECT p.provider, p.tariff, p.line, p.period_start, p.state, p.numerator, coalesce(sum(c.n), 0), p.denominator,
    CASE any_value(p.part) WHEN 'outcome' THEN coalesce(sum(c.d), 0) END
FROM mart.payment AS p LEFT JOIN counted AS c USING (provider, tariff, period_start, position)
WHERE p.measure IS NOT NULL AND p.state NOT IN ('not submitted', 'not applicable')
GROUP BY ALL ORDER BY ALL
"""


@pytest.fixture(scope="module")
def draft() -> Path:
    return payment_draft()


def paid(draft: Path, provider: str, tariff: str = "trial", start: date = APRIL) -> dict[str, tuple[Any, ...]]:
    """Numerator, denominator, amount and state by line."""
    rows = ask(
        draft,
        "SELECT line, numerator, denominator, amount_pence, state FROM mart.payment "
        "WHERE provider = ? AND tariff = ? AND period_start = ? ORDER BY position",
        [provider, tariff, start],
    )
    return {line: tuple(rest) for line, *rest in rows}


def test_every_amount_follows_from_the_figures_published_with_it(draft: Path) -> None:
    rows = ask(draft, RECKONED)
    assert len(rows) >= 40 and {amount for *_, amount, _ in rows} > {0, None}
    assert [row for row in rows if row[3] != row[4]] == []


def test_every_figure_is_that_of_the_marts(draft: Path) -> None:
    rows = ask(draft, FIGURES)
    assert len(rows) >= 50 and {row[4] for row in rows} == {"value", "too few"}
    assert [row for row in rows if (row[5], row[7]) != (row[6], row[8])] == []


def test_a_merged_provider_counts_in_its_successor(draft: Path) -> None:
    assert paid(draft, "RAA") == {}
    found = paid(draft, "RBB")
    # 13 assessments for £100 and 13 courses without a coded therapy for nothing: £1,300, half of it by outcome.
    # Recovery of 5 of 13 is 5/13 − 3/10 of 2/10. Of 13 treated two are of an ethnic minority.
    assert found["Assessment"] == (13, None, 65_000, "value")
    assert found["Recovery"] == (5, 13, 16_500, "value")
    assert found["Ethnic minorities"] == (2, 13, 4_909, "value")
    assert found["Course: none"] == (13, None, 0, "value")


def test_a_service_with_nobody_keeps_its_row_with_0(draft: Path) -> None:
    found = paid(draft, "RXX")
    assert found.pop("Floor and cap of the outcome part") == (None, None, 0, "value")
    assert {(counted, amount) for counted, _, amount, _ in found.values()} == {(0, 0)} and len(found) == 7


def test_a_tariff_of_a_pathway_leaves_out_a_service_of_others_and_keeps_one_with_nobody(draft: Path) -> None:
    assert paid(draft, "RSS")["Assessment"][0] == 0  # the tariff for all pathways has it
    assert paid(draft, "RSS", "by quarter") == {}
    nobody = paid(draft, "RXX", "by quarter")
    assert nobody["Recovery"][:3] == (0, 0, 0) and nobody["Assessment"] == (0, None, 0, "value")


def test_with_few_people_the_tariff_says_what_is_paid(draft: Path) -> None:
    found = paid(draft, "RYY")
    # £300, half of it by outcome; one measure is too small and has no other to go by, the other is not paid.
    assert found["Recovery"] == (3, 3, 9_000, "too few")
    assert found["Ethnic minorities"] == (0, 3, 0, "too few")


def test_a_period_without_a_submission_has_no_amounts(draft: Path) -> None:
    assert {tuple(found) for found in paid(draft, "RXX", "by quarter", JULY).values()} == {
        (None, None, None, "not submitted")
    }
    assert paid(draft, "RYY", "by quarter", JULY)["Assessment"] == (0, None, 0, "value")


def test_what_is_missing_of_a_period_is_said(draft: Path) -> None:
    rows = ask(
        draft,
        "SELECT DISTINCT provider, tariff, period_start, months, months_so_far, months_submitted, is_complete "
        "FROM mart.payment ORDER BY ALL",
    )
    assert rows == [
        ("RBB", "by quarter", APRIL, 3, 3, 3, False),  # RAA's May is there, RBB's is not
        ("RBB", "by quarter", JULY, 3, 1, 1, False),
        ("RBB", "trial", APRIL, 12, 4, 4, False),
        ("RSS", "trial", APRIL, 12, 4, 4, False),
        ("RXX", "by quarter", APRIL, 3, 3, 3, True),
        ("RXX", "by quarter", JULY, 3, 1, 0, False),
        ("RXX", "trial", APRIL, 12, 4, 3, False),
        ("RYY", "by quarter", APRIL, 3, 3, 3, True),
        ("RYY", "by quarter", JULY, 3, 1, 1, False),
        ("RYY", "trial", APRIL, 12, 4, 4, False),
    ]


def test_tariffs_read_together_get_the_figures_that_each_gets_alone(draft: Path, tmp_path: Path) -> None:
    other = [{**line, "tariff": "other"} for line in (TERMS, *COURSES, {**MINORITIES, "weight": "1"})]
    tariffs = trial(tmp_path, TERMS, ASSESSMENT, {**RECOVERY, "weight": "1"}, *other)
    with duckdb.connect(str(draft), read_only=True) as con:
        together = Figures(con, tariffs)
        for tariff in tariffs:
            found = Figures(con, [tariff]).of(tariff)
            assert together.of(tariff) == found and len(found) == 4
            assert together.of(tariff, only=("RBB", APRIL)) == {("RBB", APRIL): found["RBB", APRIL]}


def test_without_a_tariff_nothing_is_paid_and_one_that_no_longer_fits_is_refused(draft: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"CREATE SCHEMA mart; CREATE SCHEMA ref; ATTACH '{draft}' AS d (READ_ONLY)")
        con.execute("CREATE TABLE ref.tariff AS FROM d.ref.tariff LIMIT 0")
        build_payment(con)
        assert con.execute("SELECT count(*) FROM mart.payment").fetchall() == [(0,)]
        con.execute("DROP TABLE mart.payment; INSERT INTO ref.tariff FROM d.ref.tariff ORDER BY rowid")
        con.execute("UPDATE ref.tariff SET measure = 'GONE' WHERE measure = 'RECOVERY'")
        with pytest.raises(TariffOutdated, match=r"(?s)'GONE' is no measure.*import the reference data again"):
            build_payment(con)
