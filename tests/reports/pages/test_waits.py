"""The block on who waits: every column of a service's own table adds up, and the public one says that it does not."""

import re
from collections.abc import Sequence
from datetime import date

import duckdb
import pytest

from reports.pages.release import INSIDE, PUBLIC, Release
from reports.pages.waits import Block, Flows
from schemas.pathway import pathways
from tests.warehouse.test_flow import COLUMNS
from warehouse.comparison.waiting import _DDL

MARCH, FEBRUARY, YEAR = date(2026, 3, 1), date(2026, 2, 1), date(2025, 4, 1)
CONDITION = next(each for each in pathways() if each.is_default)
Counts = dict[str, int | None]
# By step; of those waiting all steps together.
FLOW: dict[str, Counts] = {
    "all": {
        "waiting_at_start": 30, "referred": 12, "waiting_late_in": 2, "waiting_started": 9, "waiting_left": 4,
        "waiting_lost_out": 1, "waiting_at_end": 30, "treatment_at_start": 50, "treatment_started": 9,
        "treatment_ended": 8, "stepped_in": 2, "stepped_out": 2, "treatment_at_end": 51,
    },
    "low intensity": {
        "treatment_at_start": 20, "treatment_started": 6, "treatment_ended": 3, "stepped_out": 2, "treatment_at_end": 21,
    },
    "high intensity": {
        "treatment_at_start": 30, "treatment_started": 3, "stepped_in": 2, "treatment_ended": 5, "treatment_at_end": 30,
    },
    "not known yet": {"waiting_at_start": 30, "referred": 12, "waiting_started": 9, "waiting_at_end": 30},
}  # fmt: skip


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """A release with the tables that the block reads, of one service RXX."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA public; CREATE SCHEMA mart")
    con.execute(
        "CREATE TABLE public.service_measure (source VARCHAR, level VARCHAR, organisation VARCHAR, "
        "period_type VARCHAR, period_start DATE, pathway VARCHAR, measure VARCHAR, numerator BIGINT, state VARCHAR)"
    )
    con.execute("INSERT INTO public.service_measure VALUES ('submitted', 'England', 'ENG', 'rolling 12 months', ?, "
                "'all', 'REFERRALS', 1, 'value')", [YEAR])  # fmt: skip
    counts = ", ".join(f"{name} BIGINT" for name in COLUMNS)
    con.execute(
        "CREATE TABLE mart.flow (level VARCHAR, organisation VARCHAR, period_type VARCHAR, period_start DATE, "
        f"pathway VARCHAR, step VARCHAR, {counts})"
    )
    con.execute(_DDL)
    return con


def listed(con: duckdb.DuckDBPyConnection, month: date, **counts: int | None) -> None:
    """Public counts of the month; None is suppressed."""
    for measure, n in counts.items():
        con.execute(
            "INSERT INTO public.service_measure VALUES ('submitted', 'provider', 'RXX', 'month', ?, 'all', ?, ?, ?)",
            [month, measure, n, "suppressed" if n is None else "value"],
        )


def flows(con: duckdb.DuckDBPyConnection, by_step: dict[str, Counts], none: int | None = 0) -> None:
    for step, counts in by_step.items():
        values = [counts.get(name, none) for name in COLUMNS]
        con.execute(
            f"INSERT INTO mart.flow VALUES ('provider', 'RXX', 'month', ?, 'all', ?, {', '.join('?' * len(values))})",
            [MARCH, step, *values],
        )


def block(con: duckdb.DuckDBPyConnection, edition: str) -> Block:
    return Flows(Release(con, edition)).block("provider", "RXX", [CONDITION])


def text(cell: object) -> str:
    return re.sub("<[^>]*>", "", str(cell))


def table(found: Block) -> dict[str, list[str]]:
    assert found.table is not None
    return {words: [text(cell) for cell in cells] for words, cells in found.table.lines}


def test_each_column_of_a_services_own_table_adds_up(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, MARCH, REFERRALS=12)
    flows(con, FLOW)
    found = block(con, INSIDE)
    assert found.table is not None and not found.is_public
    assert found.table.head == ["Waiting", "Low intensity", "High intensity"]
    lines = [cells for _, cells in table(found).items()]
    for column in zip(*lines, strict=True):
        *counts, end = [int(each.replace("−", "-") or 0) for each in column]
        assert sum(counts) == end
    # A line that is 0 everywhere is left out, and one of a single person is not.
    assert table(found)["Became known late"] == ["+2", "0", "0"]
    assert table(found)["No longer in the records, without a discharge"] == ["−1", "0", "0"]
    assert "Month not submitted" not in table(found)
    # Each number says which of the release it is.
    cells: Sequence[object] = found.table.lines[0][1]
    assert 'data-table="flow"' in str(cells[0]) and 'data-column="waiting_at_start"' in str(cells[0])


def test_a_month_that_was_not_submitted_has_no_table(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, MARCH, REFERRALS=12)
    flows(con, FLOW | {"all": {}}, none=None)
    assert block(con, INSIDE).table is None


def test_the_public_table_has_the_measures_of_the_list(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, FEBRUARY, AWAITING_TREATMENT=31)
    listed(con, MARCH, REFERRALS=12, ACCESS=None, ENDED_UNTREATED=0, AWAITING_TREATMENT=28)
    flows(con, FLOW)
    found = block(con, PUBLIC)
    assert found.is_public and found.waited == []
    assert table(found) == {
        "Waiting at the start of the month": ["31"], "Referred": ["12"],
        "Started treatment": ["fewer than 5 people"], "Left before treatment": ["0"],
        "Waiting at the end of the month": ["28"],
    }  # fmt: skip


def test_the_first_month_of_a_release_has_no_start(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, MARCH, REFERRALS=12, ACCESS=9, ENDED_UNTREATED=6, AWAITING_TREATMENT=28)
    assert next(iter(table(block(con, PUBLIC)))) == "Referred"


def waited(
    con: duckdb.DuckDBPyConnection, treated: float | None, everybody: int | None, begun: float | None
) -> str:
    listed(con, MARCH, REFERRALS=12)
    keys = ["submitted", "provider", "RXX", "rolling 12 months", YEAR, CONDITION.code, "all"]
    con.execute(
        "INSERT INTO mart.waiting (source, level, organisation, period_type, period_start, pathway, step, "
        "treated_median_days, km_median_days, ci_started_42, ci_left_42, still_waiting, still_waiting_over_126) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 7, 2)",
        [*keys, treated, everybody, begun, None if begun is None else 0.2],
    )
    con.execute(
        "INSERT INTO mart.waiting_curve VALUES (?, ?, ?, ?, ?, ?, ?, 0, 9, 0, NULL, NULL, 0, 0, 0, NULL, NULL)",
        keys,
    )
    (found,) = block(con, INSIDE).waited
    assert "<svg" in found.chart
    return " ".join(text(sentence) for sentence in found.said)


def test_what_is_said_of_waits(con: duckdb.DuckDBPyConnection) -> None:
    said = waited(con, 16.0, 34, 0.53)
    assert "Of 100 people referred, 53 began treatment within 6 weeks and 20 left before it." in said
    assert "Half of those who began had waited 2 weeks or less. That looks short" in said
    assert "half would have begun within 5 weeks if nobody left" in said
    assert said.endswith("At the end of March 2026 7 still waited, 2 of them for more than 18 weeks.")


@pytest.mark.parametrize("everybody", [None, 17])
def test_a_median_that_does_not_look_short_stands_alone(
    con: duckdb.DuckDBPyConnection, everybody: int | None
) -> None:
    assert "looks short" not in waited(con, 16.0, everybody, 0.53)


def test_what_is_not_known_is_not_said(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        waited(con, None, None, None)
        == "At the end of March 2026 7 still waited, 2 of them for more than 18 weeks."
    )


def test_conditions_after_the_second_have_sentences_alone(con: duckdb.DuckDBPyConnection) -> None:
    """A page has 400 KB at most, and a service may treat five conditions."""
    waited(con, 16.0, 34, 0.53)
    conditions = [each for each in pathways() if not each.is_default][:2]
    for table_name in ("waiting", "waiting_curve"):
        for each in conditions:
            con.execute(
                f"INSERT INTO mart.{table_name} SELECT * REPLACE ('{each.code}' AS pathway) FROM mart.{table_name} "
                f"WHERE pathway = '{CONDITION.code}'"
            )
    found = Flows(Release(con, INSIDE)).block("provider", "RXX", [CONDITION, *conditions]).waited
    assert [bool(each.chart) for each in found] == [True, True, False]
    assert all(each.said for each in found)


def test_a_release_of_few_months_has_the_list_of_its_newest_month_and_waits_of_a_quarter(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Of five months the pages are about the quarter: there are no curves of it, and the newest month lies after."""
    con.execute("UPDATE public.service_measure SET period_type = 'quarter', period_start = '2025-10-01'")
    listed(con, MARCH, REFERRALS=12, ACCESS=9, ENDED_UNTREATED=6, AWAITING_TREATMENT=28)
    flows(con, FLOW)
    con.execute(
        "INSERT INTO mart.waiting (source, level, organisation, period_type, period_start, pathway, step, "
        "still_waiting, still_waiting_over_126) VALUES ('submitted', 'provider', 'RXX', 'quarter', '2025-10-01', ?, "
        "'all', 7, 2)",
        [CONDITION.code],
    )
    for edition in (PUBLIC, INSIDE):
        found = block(con, edition)
        assert found.table is not None and found.table.month == "March 2026"
    assert found.too_early == "How waits end is drawn as soon as the records have 12 months."
    (said,) = found.waited
    assert not said.chart
    assert [text(each) for each in said.said] == [
        "At the end of March 2026 7 still waited, 2 of them for more than 18 weeks."
    ]


def test_a_release_of_one_or_two_months_says_why_it_has_no_waits(con: duckdb.DuckDBPyConnection) -> None:
    listed(con, MARCH, REFERRALS=12, ACCESS=9, ENDED_UNTREATED=6, AWAITING_TREATMENT=28)
    flows(con, FLOW)
    assert block(con, INSIDE).too_early == ""
    con.execute("DELETE FROM public.service_measure WHERE period_type <> 'month'")
    found = block(con, INSIDE)
    assert found.table is not None and found.waited == []
    assert found.too_early == "How long people wait is said as soon as the records have a whole quarter."
    assert block(con, PUBLIC).too_early == ""  # nothing of waits is public
