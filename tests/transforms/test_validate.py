"""Which records a rule about records that belong together is asked of."""

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.validate import _shared

ROWS = st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), st.booleans()), max_size=9)


@given(ROWS)
@example([(1, True), (1, True), (1, True), (2, True), (None, True)])
def test_the_records_asked_are_those_that_share_a_key_with_another_in_a_group_that_is_asked(
    rows: list[tuple[int | None, bool]],
) -> None:
    """A record without a key belongs to nobody."""
    keys = [key for key, _ in rows]
    of_interest = {key for key, is_asked in rows if is_asked}
    expected = [
        number
        for number, key in enumerate(keys, start=2)
        if key is not None and keys.count(key) > 1 and key in of_interest
    ]
    numbers = pl.Series(range(2, len(rows) + 2), dtype=pl.Int64)
    asked = pl.Series([is_asked for _, is_asked in rows], dtype=pl.Boolean)
    assert _shared(numbers, pl.Series(keys, dtype=pl.UInt64), asked).to_list() == expected
