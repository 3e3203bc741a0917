"""Charts beside the figures of a service: events around therapy, scores at both ends of the service's own people."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from reports.pages import figures
from reports.pages.figures import Figure, Score, Service
from reports.pages.further import before_and_after, own_scores
from reports.pages.release import Period
from schemas.pathway import pathways

YEAR = Period("rolling 12 months", date(2025, 4, 1), date(2026, 3, 1))
PSYCHOSIS = next(each for each in pathways() if each.code == "01")
RATE = Figure(
    "RV5",
    "01",
    "ADMISSION_RATE_BEFORE",
    4,
    1_461,
    1.0,
    "value",
    12,
    0.27,
    2.56,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
    None,
)


def service(*rates: Figure, scores: tuple[Score, ...] = ()) -> Service:
    return Service("RV5", {(each.pathway, each.measure): each for each in rates}, scores=list(scores))


def rate(span: str, **changed: object) -> Figure:
    return replace(RATE, measure=f"ADMISSION_RATE_{span}", **changed)  # type: ignore[arg-type]


def test_two_rates_are_compared_and_one_alone_is_not() -> None:
    after = rate("AFTER", numerator=0, value=0.0, lower_95=0.0, upper_95=0.9)
    (found,) = before_and_after(service(rate("BEFORE"), after), PSYCHOSIS, YEAR, "service_measure")
    assert found.title == "Admissions to hospital before, during and after therapy"
    assert found.words.startswith("People come when they are unwell.")
    assert "4 admissions in 4.0 person-years" in found.chart
    for part in ('data-measure="ADMISSION_RATE_AFTER"', 'data-table="service_measure"', 'data-org="RV5"'):
        assert part in found.chart
    assert before_and_after(service(rate("BEFORE")), PSYCHOSIS, YEAR, "t") == []
    assert before_and_after(service(), PSYCHOSIS, YEAR, "t") == []


@pytest.mark.parametrize(
    ("state", "said"), [("suppressed", "fewer than 5 people"), ("no denominator", "nobody to count")]
)
def test_a_span_without_a_rate_says_why(state: str, said: str) -> None:
    missing = rate("DURING", numerator=None, denominator=None, value=None, state=state)
    (found,) = before_and_after(service(rate("BEFORE"), missing, rate("AFTER")), PSYCHOSIS, YEAR, "t")
    assert f">{said}</text>" in found.chart


def test_own_scores_are_of_the_main_measure_and_the_condition_alone() -> None:
    first, last = Score("01", "REQOL10", "first", 12.0, 3), Score("01", "REQOL10", "last", 27.0, 3)
    others = Score("01", "PHQ9", "first", 1.0, 9), Score("02", "REQOL10", "first", 2.0, 9)
    (found,) = own_scores(service(scores=(first, last, *others)), PSYCHOSIS, YEAR)
    assert "Cut-off 25" in found.chart and "First score: 3" in found.chart.replace("\N{NO-BREAK SPACE}", " ")
    assert 'data-group="12"' in found.chart and 'data-group="2"' not in found.chart
    assert own_scores(service(scores=others), PSYCHOSIS, YEAR) == []


def test_scores_are_of_people_closed_in_the_year_after_two_contacts_with_two_scores() -> None:
    """One row is right, each other one fails in one point: unpaired, still open, one contact, not submitted, too early."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA core")
    con.execute(
        "CREATE TABLE core.outcome (provider TEXT, service_request_id TEXT, pathway TEXT, instrument TEXT, "
        "first_score DECIMAL(9, 2), last_score DECIMAL(9, 2), is_paired BOOLEAN)"
    )
    con.execute(
        "CREATE TABLE core.pathway (provider TEXT, service_request_id TEXT, is_discharged BOOLEAN, discharged_on DATE, attended_contacts BIGINT)"
    )
    con.execute(
        "CREATE TABLE core.submission AS SELECT 'RV5' AS provider, DATE '2025-05-01' AS month UNION ALL SELECT 'RV5', DATE '2025-01-01'"
    )
    for name, paired, closed, day, contacts in (
        ("right", True, True, "2025-05-09", 2),
        ("unpaired", None, True, "2025-05-09", 2),
        ("open", True, False, None, 2),
        ("once", True, True, "2025-05-09", 1),
        ("not submitted", True, True, "2025-06-09", 2),
        ("early", True, True, "2025-01-09", 2),
    ):
        con.execute("INSERT INTO core.outcome VALUES ('RV5', ?, '01', 'REQOL10', 12, 27, ?)", [name, paired])
        con.execute("INSERT INTO core.pathway VALUES ('RV5', ?, ?, ?, ?)", [name, closed, day, contacts])
    found = con.execute(figures._SCORES, [YEAR.start, YEAR.last_month]).fetchall()
    assert found == [("RV5", "01", "REQOL10", "first", 12.0, 1), ("RV5", "01", "REQOL10", "last", 27.0, 1)]
