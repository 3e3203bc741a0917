"""The plans of all services on one page: each keeps its row, what is missing is said, and only what adds up is added."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pytest

from reports.pages import all_plans
from reports.pages.release import INSIDE, Release
from reports.templating import MOST_BYTES
from tests.fixtures.payment import payment_draft
from warehouse.capacity.assumptions import NO_STAFF, NOBODY_TRAINED

SEPTEMBER, MARCH = date(2026, 9, 1), date(2027, 3, 1)
# Value, lower and upper limit, why not; by quantity, unlike in the ones named.
KNOWN: dict[str, tuple[Any, ...]] = {
    "demand": (300, 280, 320, None), "rate": (250, 240, 260, None), "balance": (-50, -70, -30, None),
    "load": (1.2, 1.1, 1.3, None), "backlog": (2_000, 1_900, 2_100, None), "months_to_clear": (None, 40, None, "never: …"),
    "extra_sessions_6": (50, 20, 80, None), "extra_sessions_18": (0, 0, 12, None),
}  # fmt: skip
TABLES = """
CREATE SCHEMA ref; CREATE SCHEMA mart; CREATE SCHEMA meta;
CREATE TABLE meta.build (release_id VARCHAR);
INSERT INTO meta.build VALUES ('2026-03-abc');
CREATE TABLE ref.provider_place (current_provider VARCHAR, current_name VARCHAR);
CREATE TABLE ref.tariff (tariff VARCHAR, valid_from DATE, part VARCHAR, set_by VARCHAR);
CREATE TABLE mart.capacity (provider VARCHAR, step VARCHAR, quantity VARCHAR, value DECIMAL(18, 4),
    lower_95 DECIMAL(18, 4), upper_95 DECIMAL(18, 4), why_not VARCHAR, never_share DECIMAL(5, 4), services BIGINT);
CREATE TABLE mart.capacity_forecast (provider VARCHAR, month DATE, quantity VARCHAR, lower_95 BIGINT, upper_95 BIGINT);
CREATE TABLE mart.trajectory_target (level VARCHAR, organisation VARCHAR, series VARCHAR, due DATE, target BIGINT,
    reached BIGINT, median BIGINT, lower_95 BIGINT, upper_95 BIGINT, state VARCHAR);
CREATE TABLE mart.trajectory (level VARCHAR, organisation VARCHAR, series VARCHAR, month DATE, actual BIGINT,
    median BIGINT, lower_80 BIGINT, upper_80 BIGINT, lower_95 BIGINT, upper_95 BIGINT, state VARCHAR);
CREATE TABLE mart.payment (tariff VARCHAR, valid_from DATE, provider VARCHAR, period_type VARCHAR, period_start DATE,
    months_so_far INTEGER, amount_pence BIGINT);
INSERT INTO ref.tariff VALUES ('local', '2025-04-01', 'terms', 'the ICB');
"""


def put(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        con.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def service(con: duckdb.DuckDBPyConnection, code: str, name: str, **changed: tuple[Any, ...]) -> None:
    put(con, "ref.provider_place", [(code, name)])
    figures = KNOWN | changed
    put(con, "mart.capacity", [(code, "all", each, *figures[each], 0, 1) for each in KNOWN])


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """Alpha has everything; Beta no staff records; Gamma trainees alone; Delta nobody in treatment."""
    con = duckdb.connect()
    con.execute(TABLES)
    service(con, "RAA", "Alpha")
    without = dict.fromkeys(("rate", "balance", "load", "months_to_clear"), (None, None, None, NO_STAFF))
    no_standard = {f"extra_sessions_{weeks}": (None, None, None, "no standard: none is named") for weeks in (6, 18)}
    service(con, "RBB", "Beta", **without, **no_standard)
    service(con, "RCC", "Gamma", **dict.fromkeys(without, (None, None, None, NOBODY_TRAINED)))
    put(con, "ref.provider_place", [("RDD", "Delta")])
    put(con, "mart.capacity", [("ENG", "all", "demand", 900, 850, 950, None, 0, 3), ("ENG", "all", "rate", 250, 240, 260, None, 0, 1),
                               ("ENG", "all", "backlog", 6_000, 5_800, 6_200, None, 0, 3)])  # fmt: skip
    put(
        con,
        "mart.capacity_forecast",
        [("RAA", date(2026, month, 1), "backlog", 100 * month, 300 * month) for month in (8, 9)],
    )
    put(con, "mart.trajectory_target", [
        ("provider", "RAA", "access", date(2025, 3, 1), 90, 80, None, None, None, "past"),
        ("provider", "RAA", "access", MARCH, 2_000, 0, 1_785, 1_309, 1_999, "forecast"),
        ("provider", "RAA", "access", date(2028, 3, 1), 9_999, 0, 1_785, 1_309, 1_999, "forecast"),
        ("provider", "RAA", "trained staff", date(2026, 1, 1), 30, 28, None, None, None, "past"),
        ("provider", "RBB", "access", MARCH, 100, None, None, None, None, "too few months"),
        ("provider", "RCC", "access", MARCH, 100, 0, 120, 101, 130, "forecast"),
        ("provider", "RCC", "trained staff", MARCH, 10, 0, 10, 8, 12, "forecast"),
    ])  # fmt: skip
    put(con, "mart.payment", [
        ("local", date(2025, 4, 1), who, "financial year", date(start, 4, 1), 12, pence)
        for who, start, pence in (("RAA", 2024, 999), ("RAA", 2025, 10_000), ("RAA", 2025, 50), ("RBB", 2025, None))
    ])  # fmt: skip
    return con


def text_of(con: duckdb.DuckDBPyConnection) -> str:
    (page,) = all_plans.pages(Release(con, INSIDE))
    assert page.address == "plans.html" and page.provider == ""
    return page.text


def cells(html: str) -> dict[str, dict[str, str]]:
    """The table: head → cell, by the name of the row."""
    found = {}
    table = html.partition("<tbody")[2].partition("</tbody>")[0]
    for row in table.split('<tr role="row">')[1:]:
        name = re.sub("<[^>]+>", "", row.partition("</th>")[0])
        found[name] = dict(re.findall(r'data-label="([^"]+)"><span>([^<]*)</span>', row))
    return found


def test_every_service_has_a_row_with_its_figures_or_why_there_is_none(con: duckdb.DuckDBPyConnection) -> None:
    found = cells(text_of(con))
    assert list(found) == ["England", "Alpha RAA", "Beta RBB", "Gamma RCC", "Delta RDD"]
    assert found["Alpha RAA"] == {
        "Asked for a month": "300", "Given a month": "250", "Given less asked for": "−50 (−70 to −30)",
        "Still to give": "2,000", "Likely still to give at the end of September 2026": "900 to 2,700",
        "Months to clear": "40 at least", "More a month for 6 weeks": "50", "More a month for 18 weeks": "0",
        "People who start treatment": "1,785 (1,309 to 1,999) of 2,000 by Mar 2027: missed",
        "Trained staff": "28 of 30, Jan 2026", "Paid": "£100.50 (local)",
    }  # fmt: skip
    beta, gamma, delta = found["Beta RBB"], found["Gamma RCC"], found["Delta RDD"]
    assert (beta["Given a month"], gamma["Given a month"]) == ("no staff records", "staff in training only")
    assert beta["More a month for 6 weeks"] == "no standard" and beta["Paid"] == "nothing submitted (local)"
    assert beta["Likely still to give at the end of September 2026"] == "too few months"
    assert beta["People who start treatment"] == "100 by Mar 2027: too few months"
    assert (gamma["People who start treatment"], gamma["Trained staff"]) == (
        "120 (101 to 130) of 100 by Mar 2027: reached", "10 (8 to 12) of 10 by Mar 2027: open",
    )  # fmt: skip
    assert delta["Asked for a month"] == "nobody in treatment" and delta["Trained staff"] == "no target"
    assert not any(delta[head] for head in ("Given a month", "Still to give", "Months to clear", "Paid"))
    assert all(row.keys() == beta.keys() for row in found.values())


def test_england_has_only_what_adds_up(con: duckdb.DuckDBPyConnection) -> None:
    england = {head: cell for head, cell in cells(text_of(con))["England"].items() if cell}
    assert england == {"Asked for a month": "900", "Given a month": "250", "Still to give": "6,000"}


def test_the_sentences_say_whose_sums_they_are_and_who_is_missing(con: duckdb.DuckDBPyConnection) -> None:
    said = re.sub("<[^>]+>", "", text_of(con))
    for expected in (
        "Together 900 sessions a month are asked for, 250 are given, and 6,000 are still to give.",
        "A sum is that of the services that have the figure: 3 and 1 of 4.",
        "1 of them gives fewer sessions than are asked for, beyond chance.",
        "What could be given is unknown, since sessions name no trained staff: Beta and Gamma.", "Nobody is in treatment, as far as records say: Delta.",
        "Tariff local, set by the ICB, April 2025 to March 2026: £100.50 to 1 of 2 services. The others submitted",
    ):  # fmt: skip
        assert expected in said, expected


def test_a_service_links_to_its_own_plans_where_it_has_any(con: duckdb.DuckDBPyConnection) -> None:
    html = text_of(con)
    assert 'href="../site_reports/RAA/plans.html"' in html and 'href="../site_reports/RBB/plans.html"' in html
    assert "site_reports/RDD" not in html and 'href="board.html"' in html


def test_a_chart_has_who_is_asked_for_more_than_is_given(con: duckdb.DuckDBPyConnection) -> None:
    html = text_of(con)
    assert "Alpha (RAA)" in html and 'data-table="capacity"' in html and 'data-org="RAA"' in html


def test_230_services_with_long_names_are_small_enough(con: duckdb.DuckDBPyConnection) -> None:
    # As many as NHS Digital had in 2014, each with a name as long as the longest.
    con.execute("DELETE FROM mart.capacity; DELETE FROM ref.provider_place")
    con.execute(
        "INSERT INTO ref.provider_place SELECT format('R{:04}', n), "
        "'Midlands Partnership University NHS Foundation Trust ' || n FROM range(230) AS t (n)"
    )
    for name in KNOWN:
        con.execute(
            "INSERT INTO mart.capacity SELECT current_provider, 'all', ?, ?, ?, ?, ?, 0, 1 FROM ref.provider_place",
            [name, *KNOWN[name]],
        )
    con.execute(
        "INSERT INTO mart.trajectory_target SELECT 'provider', current_provider, series, DATE '2027-03-01', 2000, 0, "
        "1785, 1309, 1999, 'forecast' FROM ref.provider_place, (VALUES ('access'), ('trained staff')) AS s (series)"
    )
    con.execute(
        "INSERT INTO mart.payment SELECT 'local', DATE '2025-04-01', current_provider, 'financial year', "
        "DATE '2025-04-01', 12, 123456789 FROM ref.provider_place"
    )
    html = text_of(con)
    assert len(cells(html)) == 230 and len(html.encode()) < MOST_BYTES
    assert "<svg" not in html  # a chart names 40 services at most


def test_of_a_real_draft_a_service_with_nobody_and_one_taken_over_are_said() -> None:
    """RXX submitted and treated nobody; RAA was merged into RBB and has no row."""
    with duckdb.connect(str(payment_draft()), read_only=True) as con:
        rows = cells(text_of(con))
    codes = {name.split()[-1] for name in rows}
    assert {"RBB", "RXX", "RYY", "RSS"} <= codes and "RAA" not in codes
    (nobody,) = (row for name, row in rows.items() if name.endswith("RXX"))
    assert nobody["Asked for a month"] == "nobody in treatment"


def test_a_release_of_an_earlier_version_has_no_such_page(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DROP TABLE mart.trajectory_target")
    assert list(all_plans.pages(Release(con, INSIDE))) == []
