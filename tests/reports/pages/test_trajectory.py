"""Where a service is going: what its own page says of a target, in every state, and that the public page says none."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.pages.release import INSIDE, PUBLIC, Release
from reports.pages.trajectory import Trajectories, told
from schemas.month import months_after

MARCH = date(2027, 3, 1)
ROW: dict[str, Any] = {
    "due": MARCH, "target": 2_000, "reached": 0, "median": 1_785, "lower_95": 1_309, "upper_95": 2_123,
    "monthly_so_far": 154, "monthly_needed": 167, "state": "forecast",
}  # fmt: skip


def said(series: str = "access", **changed: Any) -> str:
    sentences = " ".join(told("RAA", series, ROW | changed))
    return re.sub("<[^>]+>", "", sentences)


def test_what_the_present_rate_gives_stands_beside_the_target_and_what_each_month_needs() -> None:
    assert said() == (
        "At the present rate the number of people who start treatment is 1,785 in the year to March 2027, likely between "
        "1,309 and 2,123. "
        "The target is 2,000. The target lies within what chance explains, so it is open whether the present rate "
        "reaches it. Each month to come needs 167. In the last months the mean was 154."
    )


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (1_308, "The present rate reaches it."),
        (1_309, "it is open"),
        (2_123, "it is open"),
        (2_124, "falls short of it"),
    ],
)
def test_only_a_target_beyond_the_range_is_reached_or_missed(target: int, verdict: str) -> None:
    assert verdict in said(target=target)


def test_staff_are_counted_at_the_end_of_a_month_and_need_nothing_monthly() -> None:
    found = said("trained staff", target=30, median=26, lower_95=23, upper_95=29, monthly_needed=None)
    assert found == (
        "At the present rate the number of trained staff is 26 at the end of March 2027, likely between 23 and 29. "
        "The target is 30. The present rate falls short of it."
    )


NOTHING = {"median": None, "lower_95": None, "upper_95": None, "monthly_needed": None}


@pytest.mark.parametrize(
    ("series", "state", "expected"),
    [
        ("access", "too few months", "Too few months are in to say"),
        ("access", "too far ahead", "The target is 2,000, for March 2027. More than two years ahead"),
        ("access", "a month is missing", "A month of that year is missing"),
        ("trainees", "a month is missing", "for March 2027. That month was not submitted"),
        ("access", "past", "In the year to March 2027 it was 1,900. The target was 2,000."),
        ("trainees", "past", "In March 2027 it was 1,900. The target was 2,000."),
    ],
)
def test_every_other_state_is_said_without_a_forecast(series: str, state: str, expected: str) -> None:
    found = said(series, state=state, reached=1_900, **NOTHING)
    assert expected in found
    assert "present rate" not in found or state == "too few months"
    assert "None" not in found


def test_every_number_says_where_it_is_from() -> None:
    found = " ".join(told("RAA", "access", ROW))
    assert (
        '<data value="1785" data-table="trajectory_target" data-column="median" data-org="RAA" data-measure="access" '
        'data-period-type="month" data-period="2027-03-01"'
    ) in found
    assert found.count("<data ") == 6


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mart")
    limits = "median BIGINT, lower_80 BIGINT, upper_80 BIGINT, lower_95 BIGINT, upper_95 BIGINT"
    con.execute(
        "CREATE TABLE mart.trajectory (level VARCHAR, organisation VARCHAR, series VARCHAR, month DATE, "
        f"actual BIGINT, {limits}, state VARCHAR)"
    )
    con.execute(
        "CREATE TABLE mart.trajectory_target (level VARCHAR, organisation VARCHAR, series VARCHAR, due DATE, "
        f"target BIGINT, reached BIGINT, {limits}, monthly_so_far BIGINT, monthly_needed BIGINT, state VARCHAR)"
    )
    for place, state in enumerate(("unsettled", "actual", "incomplete", "not submitted")):
        came = None if state == "not submitted" else 344 - place
        row = ["provider", "RAA", "access", months_after(date(2025, 4, 1), place), came, *[None] * 5, state]
        con.execute("INSERT INTO mart.trajectory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    row = ["provider", "RAA", "access", date(2025, 8, 1), None, 150, 130, 170, 110, 190, "forecast"]
    con.execute("INSERT INTO mart.trajectory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    return con


def test_a_page_draws_what_came_and_says_why_a_month_has_no_number(connection: duckdb.DuckDBPyConnection) -> None:
    (found,) = Trajectories(Release(connection, INSIDE)).of("RAA")
    assert found.title == "People who start treatment"
    assert re.sub("<[^>]+>", "", found.sentences[0]) == (
        "At the present rate it is 150 in August 2025, likely between 110 and 190. It has no target."
    )
    drawn = re.findall(r'data-value="(\d+)" data-column="actual"', found.chart)
    assert set(drawn) == {"343"}  # the settled, whole month alone
    for why in ("the first months of a service count others too", "a provider did not submit", "not submitted"):
        assert why in found.chart


def test_a_series_without_a_target_is_said_and_not_drawn_access_apart(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("INSERT INTO mart.trajectory SELECT * REPLACE ('trainees' AS series) FROM mart.trajectory")
    access, trainees = Trajectories(Release(connection, INSIDE)).of("RAA")
    assert "<svg" in access.chart
    assert trainees.chart == ""
    assert len(trainees.sentences) == 2
    connection.execute(
        "INSERT INTO mart.trajectory_target VALUES ('provider', 'RAA', 'trainees', DATE '2025-08-01', 5, 3, 4, 3, 5, 2, "
        "6, NULL, NULL, 'forecast')"
    )
    _, aimed = Trajectories(Release(connection, INSIDE)).of("RAA")
    assert "the target for August 2025" in aimed.chart


def test_a_service_without_rows_has_no_block_and_services_come_in_order(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    trajectories = Trajectories(Release(connection, INSIDE))
    assert trajectories.of("R0A") == []
    assert len(trajectories.of("RAA")) == 1
    assert trajectories.of("RZZ") == []


def test_the_public_edition_and_an_earlier_release_say_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert Trajectories(Release(connection, PUBLIC)).of("RAA") == []
    with duckdb.connect(str(tmp_path / "earlier.duckdb")) as earlier:
        assert Trajectories(Release(earlier, INSIDE)).of("RAA") == []
