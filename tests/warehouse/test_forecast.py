"""A forecast of monthly counts: what it must hold, against a slow one and against what is known of a process."""

from datetime import date
from math import sqrt

import numpy as np
import pytest

from schemas.calendar.seasons import NONE, exposure, seasons
from schemas.calendar.working_days import bank_holidays, easter_sunday, working_days
from schemas.month import months_after, months_between
from tests.references import forecast as slow
from warehouse.forecasting import forecast as fast
from warehouse.forecasting.forecast import FEWEST_MONTHS, Forecast, Likely, enough, forecast

START = date(2025, 4, 1)
ACCESS = [139, 70, 53, 64, 57, 51, None, 52, 59, 51, 48, 59]
PAIRS = [(float(noise), float(drift)) for noise, drift in fast._PAIRS]


def series(counts: list[int | None], start: date = START) -> dict[date, int | None]:
    return {months_after(start, place): count for place, count in enumerate(counts)}


def made(counts: list[int | None], ahead: int = 12, season: str = NONE, key: str = "a service") -> Forecast:
    found = forecast(series(counts), ahead, season=season, key=key)
    assert found is not None
    return found


def test_the_months_after_the_last_are_forecast_in_whole_numbers_with_limits_in_order() -> None:
    found = made(ACCESS, 3)
    assert found.months == (date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1))
    for month in found.months:
        likely = found.month(month)
        limits = (likely.lower_95, likely.lower_80, likely.median, likely.upper_80, likely.upper_95)
        assert list(limits) == sorted(limits)
        assert all(type(limit) is int for limit in limits)
        assert likely.lower_95 >= 0


def test_a_sum_is_narrower_than_its_months_added_and_wider_than_if_they_were_independent() -> None:
    found = made(ACCESS)
    months = [found.month(month) for month in found.months]
    total = found.total(found.months[0], found.months[-1])
    assert sum(m.lower_80 for m in months) < total.lower_80 < total.upper_80 < sum(m.upper_80 for m in months)
    alone = sqrt(sum((m.upper_80 - m.lower_80) ** 2 for m in months))
    assert total.upper_80 - total.lower_80 > alone


def test_the_same_counts_and_key_give_the_same_paths_and_another_key_others() -> None:
    first, again, other = made(ACCESS), made(ACCESS), made(ACCESS, key="another")
    assert first.paths.tobytes() == again.paths.tobytes()
    assert first.paths.tobytes() != other.paths.tobytes()
    backwards = forecast(dict(reversed(series(ACCESS).items())), 12, season=NONE, key="a service")
    assert backwards is not None
    assert backwards.paths.tobytes() == first.paths.tobytes()


def test_limits_are_pinned() -> None:
    """A change of numpy or of the method that moves a published interval is seen."""
    found = made(ACCESS, season="access")
    assert found.month(date(2026, 12, 1)) == PINNED_MONTH
    assert found.total(date(2026, 4, 1), date(2027, 3, 1)) == PINNED_YEAR


PINNED_MONTH = Likely(median=51, lower_80=27, upper_80=85, lower_95=17, upper_95=105)
PINNED_YEAR = Likely(median=728, lower_80=509, upper_80=945, lower_95=386, upper_95=1116)


@pytest.mark.parametrize("known", [0, 1, FEWEST_MONTHS - 1])
def test_with_too_few_known_months_there_is_no_forecast(known: int) -> None:
    counts: list[int | None] = [*[20] * known, *[None] * (12 - known)]
    assert not enough(series(counts))
    assert forecast(series(counts), 12, season=NONE, key="k") is None
    assert forecast({}, 12, season=NONE, key="k") is None


def test_known_months_must_be_recent_ones() -> None:
    old = series([20] * 24 + [None] * 7)
    assert not enough(old)  # 5 of the last 12
    assert enough(series([20] * 24 + [None] * 6))


def test_a_month_that_is_not_known_is_no_zero() -> None:
    with_gap, with_zero = [60] * 5 + [None] + [60] * 6, [60] * 5 + [0] + [60] * 6
    assert made(with_gap, 1).month(date(2026, 4, 1)).median == pytest.approx(60, abs=3)
    zero = made(with_zero, 1).month(date(2026, 4, 1))
    gap = made(with_gap, 1).month(date(2026, 4, 1))
    assert zero.upper_95 - zero.lower_95 > 1.5 * (gap.upper_95 - gap.lower_95)


def test_months_left_out_are_months_not_known() -> None:
    counts = series(ACCESS)
    absent = {month: count for month, count in counts.items() if count is not None}
    one, other = forecast(counts, 12, season=NONE, key="k"), forecast(absent, 12, season=NONE, key="k")
    assert one is not None
    assert other is not None
    assert one.paths.tobytes() == other.paths.tobytes()


def test_nobody_in_every_month_is_forecast_as_hardly_anybody() -> None:
    found = made([0] * 12)
    assert found.month(date(2026, 4, 1)).median == 0
    assert found.total(date(2026, 4, 1), date(2027, 3, 1)).upper_95 <= 10


def test_a_count_below_zero_and_an_unknown_season_are_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        forecast(series([5] * 11 + [-1]), 1, season=NONE, key="k")
    with pytest.raises(ValueError, match="no season 'spring'"):
        forecast(series([5] * 12), 1, season="spring", key="k")


def test_the_level_follows_a_lasting_change_and_not_a_single_month() -> None:
    step = made([40] * 12 + [80] * 12, 1).month(date(2027, 4, 1)).median
    blip = made([40] * 23 + [80], 1).month(date(2027, 4, 1)).median
    assert 70 <= step <= 85
    assert 38 <= blip <= 60


def test_the_season_moves_the_median_and_not_the_level() -> None:
    """A service that has exactly the season of England is forecast with the season of England."""
    counts: list[int | None] = [
        round(500 * exposure(m, "referrals")) for m in months_between(START, date(2026, 3, 1))
    ]
    found = made(counts, season="referrals")
    for month in found.months:
        assert found.month(month).median == pytest.approx(500 * exposure(month, "referrals"), rel=0.03)
    december, january = found.month(date(2026, 12, 1)), found.month(date(2027, 1, 1))
    assert december.median < 0.85 * january.median


def test_weights_and_levels_are_those_of_one_normal_density_over_all_months() -> None:
    counts: list[int | None] = [None, 12, 9, None, 14, 22, 8, 11, 10, 17, None, 9, 13]
    exposures = [0.9, 1.0, 1.1, 1.0, 0.8, 1.0, 1.05, 0.95, 1.0, 0.7, 1.0, 1.1, 1.0]
    level = fast._Level(counts, exposures)
    expected = slow.weights_and_levels(counts, exposures, PAIRS)
    np.testing.assert_allclose(level._share, [weight for weight, *_ in expected], atol=1e-8)
    np.testing.assert_allclose(level._at, [at for _, at, _ in expected], rtol=1e-9)
    np.testing.assert_allclose(level._variance, [variance for *_, variance in expected], rtol=1e-9)


def test_limits_are_those_of_futures_drawn_one_by_one() -> None:
    counts: list[int | None] = [14, 9, None, 14, 22, 8, 11, 10, 17]
    coming = [1.0, 0.9, 1.1]
    rows = slow.futures(counts, [1.0] * len(counts), coming, PAIRS, 20_000, seed=1)
    paths = fast._Level(counts, [1.0] * len(counts)).simulated(coming, np.random.default_rng(1))
    for column in (0, 2, None):
        own = paths.sum(axis=1) if column is None else paths[:, column]
        one_by_one = np.array([sum(row) if column is None else row[column] for row in rows])
        fast_likely, slow_likely = Likely.of(own), Likely.of(one_by_one)
        for limit in ("median", "lower_80", "upper_80", "lower_95", "upper_95"):
            # 2,000 paths: a limit at 2.5 % is known to about half a per cent of the paths.
            apart = 1 + 0.06 * (slow_likely.upper_95 - slow_likely.lower_95)
            assert getattr(fast_likely, limit) == pytest.approx(getattr(slow_likely, limit), abs=apart)


def test_a_limit_is_a_value_that_occurs_at_its_rank() -> None:
    values = np.arange(1, 1001)
    assert Likely.of(values) == Likely(500, 100, 900, 25, 975)
    assert Likely.of(np.array([7])) == Likely(7, 7, 7, 7, 7)


def test_bank_holidays_are_those_of_gov_uk() -> None:
    """gov.uk/bank-holidays, England and Wales, as published."""
    assert sorted(bank_holidays(2022)) == [
        date(2022, 1, 3), date(2022, 4, 15), date(2022, 4, 18), date(2022, 5, 2), date(2022, 6, 2),
        date(2022, 6, 3), date(2022, 8, 29), date(2022, 9, 19), date(2022, 12, 26), date(2022, 12, 27),
    ]  # fmt: skip
    assert sorted(bank_holidays(2026)) == [
        date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 5, 25),
        date(2026, 8, 31), date(2026, 12, 25), date(2026, 12, 28),
    ]  # fmt: skip
    assert date(2020, 5, 8) in bank_holidays(2020)
    assert date(2020, 5, 4) not in bank_holidays(2020)
    assert [easter_sunday(year) for year in (2024, 2025, 2026, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip


def test_working_days_leave_out_weekends_and_bank_holidays() -> None:
    assert working_days(date(2025, 12, 1)) == 21
    assert working_days(date(2026, 4, 1)) == 20
    assert working_days(date(2027, 2, 1)) == 20
    assert sum(working_days(month) for month in months_between(date(2026, 1, 1), date(2026, 12, 1))) == 253


def test_seasons_average_to_one_and_december_is_low() -> None:
    assert set(seasons()) == {"referrals", "access", "finished", "contacts"}
    for factors in seasons().values():
        assert sum(factors) / 12 == pytest.approx(1, abs=0.001)
        assert min(factors) == factors[11]
    assert exposure(date(2026, 12, 1), NONE) == 1
