"""Windows: until when a month can be submitted, and from when a late file counts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.windows import closes, counts_from, rules


@pytest.mark.parametrize(
    ("month", "received_on", "counts"),
    [
        # In its window, to the last day.
        (date(2026, 4, 1), date(2026, 4, 20), date(2026, 4, 20)),
        (date(2026, 4, 1), date(2026, 5, 31), date(2026, 5, 31)),
        # A day later it is a resubmission in the window of May, which closes at the end of June.
        (date(2026, 4, 1), date(2026, 6, 1), date(2026, 7, 1)),
        (date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1)),
        (date(2026, 4, 1), date(2026, 7, 1), date(2026, 8, 1)),
        # The last window of the financial year is that of March.
        (date(2026, 4, 1), date(2027, 4, 30), date(2027, 5, 1)),
        (date(2026, 4, 1), date(2027, 5, 1), None),
        (date(2027, 2, 1), date(2027, 4, 1), date(2027, 5, 1)),
        # March has no later window of its year.
        (date(2027, 3, 1), date(2027, 4, 30), date(2027, 4, 30)),
        (date(2027, 3, 1), date(2027, 5, 1), None),
        # Two windows until September 2023: the refresh counts, and closes two months later.
        (date(2023, 9, 1), date(2023, 11, 30), date(2023, 11, 30)),
        (date(2023, 8, 1), date(2023, 11, 1), date(2023, 12, 1)),
        # Before April 2020 no month could be submitted again.
        (date(2019, 6, 1), date(2019, 8, 31), date(2019, 8, 31)),
        (date(2019, 6, 1), date(2019, 9, 1), None),
    ],
)
def test_from_when_a_file_counts(month: date, received_on: date, counts: date | None) -> None:
    assert counts_from(month, received_on) == counts


@given(st.dates(date(2012, 4, 1), date(2030, 1, 1)), st.integers(0, 800), st.integers(0, 60))
def test_a_later_file_never_counts_earlier(day: date, after: int, later: int) -> None:
    month, first = day.replace(day=1), day + timedelta(days=after)
    counts, then = counts_from(month, first), counts_from(month, first + timedelta(days=later))
    assert counts is None or counts >= first
    assert (counts == first) == (first <= closes(month).closes)
    assert then is None or (counts is not None and counts <= then)


def test_every_month_has_a_window_with_its_source_and_confidence() -> None:
    assert [rule.window for rule in rules()] == ["primary", "refresh", "performance", "resubmission"]
    for rule in rules():
        assert rule.source and rule.confidence in ("F", "R")
    assert [sum(rule.is_of(month) for rule in rules() if rule.months_after) for month in (
        date(2012, 4, 1), date(2023, 9, 1), date(2023, 10, 1), date(2030, 1, 1))] == [2, 2, 1, 1]  # fmt: skip
