"""Months, and the pair of provider and month."""

from datetime import date

import pytest

from schemas.month import ProviderMonth, last_day, month_of, month_text, months_after, months_between, parse_month

APRIL = date(2025, 4, 1)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2025, 4, 17), date(2025, 4, 30)),
        (date(2024, 2, 29), date(2024, 2, 29)),  # a leap year
        (date(2025, 2, 1), date(2025, 2, 28)),
        (date(2025, 12, 31), date(2025, 12, 31)),
    ],
)
def test_a_month_ends_on_its_last_day(day: date, last: date) -> None:
    assert last_day(day) == last
    assert month_of(day) == date(day.year, day.month, 1)


@pytest.mark.parametrize(
    ("month", "count", "after"),
    [
        (APRIL, 0, APRIL),
        (date(2025, 11, 30), 2, date(2026, 1, 1)),
        (date(2025, 12, 1), 1, date(2026, 1, 1)),
        (date(2025, 1, 1), -1, date(2024, 12, 1)),
        (APRIL, 24, date(2027, 4, 1)),
        (date(2024, 2, 29), 12, date(2025, 2, 1)),
    ],
)
def test_months_are_counted_over_the_turn_of_a_year(month: date, count: int, after: date) -> None:
    assert months_after(month, count) == after


def test_both_ends_are_among_the_months_between() -> None:
    assert months_between(date(2025, 11, 1), date(2026, 2, 1)) == [
        date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1),
    ]  # fmt: skip
    assert months_between(APRIL, APRIL) == [APRIL]
    assert months_between(APRIL, date(2025, 3, 1)) == []


def test_a_month_as_text_is_read_back() -> None:
    assert month_text(APRIL) == "2025-04"
    assert parse_month("2025-04") == APRIL


@pytest.mark.parametrize("text", ["", "2025", "2025-13", "2025-4", "2025-04-01", "202504", "April 2025"])
def test_no_other_text_is_a_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        parse_month(text)


def test_provider_and_month_are_one_value_with_one_name() -> None:
    one = ProviderMonth("RW5", APRIL)
    assert str(one) == "RW5_2025-04"
    assert one.as_typed == "RW5 2025-04"
    assert ProviderMonth.parse(str(one)) == one
    assert {one: 1}[ProviderMonth("RW5", APRIL)] == 1
    assert sorted(
        [ProviderMonth("RW5", APRIL), ProviderMonth("RV5", date(2025, 5, 1)), ProviderMonth("RV5", APRIL)]
    )[:2] == [ProviderMonth("RV5", APRIL), ProviderMonth("RV5", date(2025, 5, 1))]


def test_a_month_is_given_by_its_first_day() -> None:
    with pytest.raises(ValueError, match="first day"):
        ProviderMonth("RW5", date(2025, 4, 2))
