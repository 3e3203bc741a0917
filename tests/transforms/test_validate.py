"""Which records a rule about records that belong together is asked of."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.rule import Effect, Rule
from transforms.validate import _is_asked, _shared

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


REFERRAL, CONTACT = ("ServiceRequestId",), ("CareContactId",)


def about(group: tuple[str, ...], when: str) -> Rule:
    return Rule("x", "IDS201", Effect.WARNING, (), "", "", "", group_by=group, when=when)


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ([about(REFERRAL, "AppType = '06'")], [True, False, False]),
        ([about(REFERRAL, "AppType = '06'"), about(REFERRAL, "AppType = '02'")], [True, True, False]),
        ([about(REFERRAL, "AppType = '06'"), about(REFERRAL, "")], [True, True, True]),
        ([about(REFERRAL, "AppType = '06'"), about(CONTACT, "")], [True, False, False]),
        ([about(REFERRAL, ""), about(CONTACT, "AppType = '06'")], [True, True, True]),
    ],
    ids=["one rule says when", "two say when", "one does not say", "another group's rule does not", "only another's says"],
)  # fmt: skip
def test_a_record_makes_its_group_asked_if_a_rule_of_the_group_says_so_or_does_not_say_when(
    rules: list[Rule], asked: list[bool]
) -> None:
    """A blank makes no condition true."""
    records = pl.DataFrame({"AppType": ["06", "02", None]})
    assert records.with_columns(_is_asked(REFERRAL, rules).alias("is_asked"))["is_asked"].to_list() == asked
