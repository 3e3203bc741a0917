"""What a service's own page says of what is paid for, and that the public page says nothing of it."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from reports.pages.payment import Paid, Payments, pounds
from reports.pages.plans import Plans
from reports.pages.release import INSIDE, PUBLIC, Release
from tests.fixtures.payment import payment_draft


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(payment_draft()), read_only=True) as con:
        yield con


def text(html: object) -> str:
    return re.sub("<[^>]+>", "", str(html))


def of(con: duckdb.DuckDBPyConnection, provider: str, tariff: str = "trial") -> Paid:
    (found,) = [each for each in Payments(Release(con, INSIDE)).of(provider) if each.tariff == tariff]
    return found


def test_every_amount_stands_beside_its_figures(con: duckdb.DuckDBPyConnection) -> None:
    found = of(con, "RBB")
    assert [text(each) for each in found.sentences] == [
        "Tariff trial, set by a test. The amounts are for April 2025 to July 2025.",
        "Of the full price of what was done, 50 % depends on the measures below. The rest is paid in any case.",
        "Up to the first agreed share a measure pays nothing, from the second on all of it, between them in proportion.",
        "Together it is £864.09.",
    ]
    lines = {each.name: [text(part) for part in (each.figure, each.agreed, each.full, each.paid)]
             for each in (*found.activity, *found.outcome)}  # fmt: skip
    assert lines["Assessment"] == ["13", "£100.00 each", "£1,300.00", "£650.00"]
    assert lines["Recovery"] == ["5 of 13: 38.5 %", "from 30 % to 50 %", "£390.00", "£165.00"]
    assert lines["Ethnic minorities"] == ["2 of 13: 15.4 %", "from 5 % to 60 %", "£260.00", "£49.09"]
    assert [text(each) for each in found.notes] == ["The period is not over: 4 of its 12 months are in the data."]


def test_a_number_says_where_in_the_release_it_is(con: duckdb.DuckDBPyConnection) -> None:
    recovery = of(con, "RBB").outcome[0]
    assert str(recovery.paid).startswith('<data value="16500" data-table="payment" data-column="amount_pence" ')
    assert 'data-org="RBB"' in recovery.paid and 'data-group="Recovery" data-source="trial"' in recovery.paid
    assert 'data-column="denominator"' in recovery.figure


def test_too_few_people_and_months_without_a_submission_are_said(con: duckdb.DuckDBPyConnection) -> None:
    assert [text(each) for each in of(con, "RYY").notes][1:] == [
        "Recovery: too few people to say. The tariff says what then holds: as the others.",
        "Ethnic minorities: too few people to say. The tariff says what then holds: not paid.",
    ]
    assert "3 of 4 months are submitted. Nothing is paid for the others yet." in map(text, of(con, "RXX").notes)
    silent = of(con, "RXX", "by quarter")
    assert text(silent.sentences[-1]) == "No month of this period is in yet, so the amounts are open."
    assert (silent.activity, silent.outcome, silent.notes) == ([], [], [])


def test_the_public_edition_and_a_release_without_payment_say_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert Payments(Release(con, PUBLIC)).of("RBB") == []
    with duckdb.connect() as empty:
        assert Payments(Release(empty, INSIDE)).of("RBB") == []
    assert Payments(Release(con, INSIDE)).of("RAA") == []


def test_plans_are_a_page_for_the_service_alone_with_the_blocks_that_there_are(
    con: duckdb.DuckDBPyConnection,
) -> None:
    plans = Plans(Release(con, INSIDE))
    assert plans.page("RAA", "Nothing agreed") is None
    page = plans.page("RBB", "Bee")
    assert page is not None
    assert (page.address, page.provider) == ("plans.html", "RBB")
    assert 'id="payment"' in page.text and 'href="#payment"' in page.text and 'href="service.html"' in page.text
    assert 'href="#capacity"' not in page.text


def test_pounds_and_pence() -> None:
    assert [pounds(pence) for pence in (0, 5, 100, 123_456_789, -250)] == [
        "£0.00", "£0.05", "£1.00", "£1,234,567.89", "−£2.50"
    ]  # fmt: skip
