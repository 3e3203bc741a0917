"""What a release of few months is about: its period, the newest month, the months of its charts, and what it says.

Belongs here: periods of releases of 1 to 13 months, the sentences that say there are too few. Does not belong here: the pages themselves (test_places).
"""

from datetime import date

import duckdb
import pytest

from reports.pages import sentences
from reports.pages.digest import digest
from reports.pages.figures import Figure, Service
from reports.pages.opening import opening
from reports.pages.release import PUBLIC, Release
from reports.pages.service import _values
from schemas.errors import NotAsked
from schemas.month import months_after
from schemas.pathway import pathways
from warehouse.disclosure.followed import follows
from warehouse.organisations.places import load_periods

APRIL = date(2025, 4, 1)


def release(con: duckdb.DuckDBPyConnection, months: int, first: date = APRIL) -> Release:
    """A release with a figure of every period that this many months have."""
    con.execute("CREATE SCHEMA public; CREATE SCHEMA ref; CREATE TABLE ref.month (month DATE)")
    for number in range(months):
        con.execute("INSERT INTO ref.month VALUES (?)", [months_after(first, number)])
    load_periods(con)
    con.execute(
        "CREATE TABLE public.service_measure AS SELECT 'submitted' AS source, period_type, period_start FROM ref.period "
        "UNION ALL SELECT 'published', 'month', DATE '2030-01-01'"
    )
    con.execute("CREATE TABLE public.organisation (level VARCHAR, organisation VARCHAR, name VARCHAR)")
    return Release(con, PUBLIC)


# Months of the release from April 2025 → kind and words of the period, its newest month, the months of its charts.
RELEASES = [
    (1, "month", "April 2025", "2025-04-01", 1),
    (2, "month", "May 2025", "2025-05-01", 2),
    (3, "quarter", "April 2025 to June 2025", "2025-06-01", 3),
    (4, "quarter", "April 2025 to June 2025", "2025-07-01", 4),
    (5, "quarter", "April 2025 to June 2025", "2025-08-01", 5),
    (7, "quarter", "July 2025 to September 2025", "2025-10-01", 7),
    (11, "quarter", "October 2025 to December 2025", "2026-02-01", 11),
    (12, "rolling 12 months", "April 2025 to March 2026", "2026-03-01", 12),
    (13, "rolling 12 months", "May 2025 to April 2026", "2026-04-01", 12),
]


@pytest.mark.parametrize(("months", "kind", "words", "newest", "charted"), RELEASES)
def test_a_period_has_its_own_months_and_may_end_before_the_newest_one(
    months: int, kind: str, words: str, newest: str, charted: int
) -> None:
    with duckdb.connect() as con:
        found = release(con, months)
        assert (found.period.kind, found.period.words) == (kind, words)
        assert str(found.newest_month) == newest
        assert (str(found.charted_months[-1]), len(found.charted_months)) == (newest, charted)
        # What pages say of it is what the screener works out anew.
        screened = con.execute(
            f"SELECT DISTINCT {follows('service_measure', 'months')} FROM public.service_measure AS t "
            "WHERE t.source = 'submitted' AND t.period_type = ? AND t.period_start = ?",
            [kind, found.period.start],
        ).fetchall()
        assert screened == [(len(found.months),)]


def test_three_months_that_are_no_quarter_have_the_newest_month() -> None:
    with duckdb.connect() as con:
        found = release(con, 3, date(2025, 5, 1))
        assert (found.period.kind, found.period.words) == ("month", "July 2025")


def test_without_submissions_there_is_no_period() -> None:
    with duckdb.connect() as con:
        found = release(con, 0)
        assert found.is_empty
        with pytest.raises(NotAsked, match="nothing to show"):
            _ = found.period
        with pytest.raises(NotAsked, match="nothing to show"):
            _ = found.newest_month


@pytest.mark.parametrize(
    ("months", "first", "mailed"),
    [
        (3, sentences.TOO_EARLY, sentences.TOO_EARLY),
        (5, sentences.TOO_EARLY, sentences.TOO_EARLY),
        (6, sentences.UNFOLLOWED, sentences.DIGEST_UNFOLLOWED),
        (12, sentences.UNFOLLOWED, sentences.DIGEST_UNFOLLOWED),
    ],
)
def test_without_limits_too_few_months_are_not_said_to_be_too_few_people(
    months: int, first: str, mailed: str
) -> None:
    with duckdb.connect() as con:
        found = release(con, months)
        assert opening([], pathways()[0], {}, len(found.charted_months))[0] == first
        assert mailed in digest(found, "Alpha", [])
    assert opening([], pathways()[0], {}, 0)[0] == sentences.NO_MONTHS


@pytest.mark.parametrize(
    ("submitted", "said"),
    [
        (0, "The records of May 2025 are missing. So there are no figures."),
        (None, "The records of May 2025 are missing. So there are no figures."),
        (1, sentences.HARDLY_ANYBODY),
    ],
)
def test_a_service_that_did_not_submit_the_period_is_not_one_that_hardly_anybody_came_to(
    submitted: int | None, said: str
) -> None:
    figure = Figure("RXX", "all", "REFERRALS", None, None, None, "not submitted", submitted, *[None] * 10)
    with duckdb.connect() as con:
        assert _values(release(con, 2), Service("RXX", {("all", "REFERRALS"): figure}))["opening"] == [said]
