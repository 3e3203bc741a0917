"""Values of related records: the record that a key names, whether found by hash or by text."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dataset import TABLES
from schemas.links import TOOL_FIELD, looks_up
from transforms.cast import typed, with_typed
from transforms.related import HASH, Related, as_known, with_related

KEYS = st.lists(st.sampled_from([None, "R1", "R2", "R3", "r1", "R1 "]), max_size=6)
NAMES = {("IDS101", "ReferralRequestReceivedDate"), ("IDS101", "found")}


def contacts(keys: Sequence[str | None]) -> pl.LazyFrame:
    fields = {field.name: pl.lit(None, dtype=pl.String) for field in TABLES["IDS201"].fields}
    rows = pl.LazyFrame({"ServiceRequestId": keys}, schema={"ServiceRequestId": pl.String})
    text = rows.with_row_index("row_number", offset=2).with_columns(
        **{name: value for name, value in fields.items() if name != "ServiceRequestId"}
    )
    return with_typed(text, TABLES["IDS201"])


def known(keys: Sequence[str | None]) -> pl.DataFrame:
    days = [date(2025, 4, day) for day in range(1, len(keys) + 1)]
    kept = pl.DataFrame(
        {"row_number": range(2, len(keys) + 2), "ServiceRequestId": keys, "ReferralRequestReceivedDate": days},
        schema={"row_number": pl.UInt32, "ServiceRequestId": pl.String, "ReferralRequestReceivedDate": pl.Date},
    )
    return as_known(kept, "ServiceRequestId", ["ReferralRequestReceivedDate"])


def beside(keys: Sequence[str | None], referrals: pl.DataFrame) -> list[tuple[object, ...]]:
    related = Related(known={"IDS101": referrals})
    found = with_related(contacts(keys), TABLES["IDS201"], NAMES, related, places=True).collect(engine="streaming")
    return found.select("IDS101_row", "IDS101_ReferralRequestReceivedDate", "IDS101_found").rows()


def test_a_key_names_its_record_another_none_and_a_blank_is_not_asked() -> None:
    assert beside(["R2", "R9", None], known(["R1", "R2"])) == [
        (3, date(2025, 4, 2), True),
        (None, None, False),
        (None, None, None),
    ]


def test_rows_need_not_be_typed_because_every_key_is_text_as_it_is_submitted() -> None:
    keys = [table.by_name[here] for table in TABLES.values() for here, _ in looks_up(table).values()]
    keys += [table.by_name[TOOL_FIELD] for table in TABLES.values() if TOOL_FIELD in table.by_name]
    text = pl.Series(
        "text", ["R1", "1", "1035441000000108", "2025-04-01", None]
    )  # the third has a wrong check digit
    for key in keys:
        assert text.to_frame().select(typed(key, pl.col("text"))).to_series().equals(text), key.name


def test_of_a_key_that_occurs_twice_only_that_there_is_a_record_is_known() -> None:
    assert beside(["R1"], known(["R1", "R1", "R2"])) == [(2, None, True)]


@given(KEYS, KEYS)
def test_by_hash_and_by_text_the_same_record_is_found(here: list[str | None], there: list[str | None]) -> None:
    referrals = known(there)
    assert HASH in referrals.columns
    assert beside(here, referrals) == beside(here, referrals.drop(HASH))


@pytest.mark.parametrize(
    ("names", "places", "columns"),
    [
        (set(), False, set()),
        (set(), True, {"IDS101_row"}),
        (NAMES, False, {"IDS101_ReferralRequestReceivedDate", "IDS101_found", "IDS101_row"}),
        ({("IDS001", "PersonBirthDate")}, False, {"IDS001_PersonBirthDate"}),
    ],
    ids=["nothing", "which record", "values", "of a table that these records do not name"],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_a_record_is_looked_for_where_its_values_or_its_place_are_asked_for(
    names: set[tuple[str, str]], places: bool, columns: set[str], is_known: bool
) -> None:
    """Of a table of which nothing is known yet every value is blank, and no place is given."""
    related = Related(known={"IDS101": known(["R1"])} if is_known else {})
    found = with_related(contacts(["R1"]), TABLES["IDS201"], names, related, places=places).collect()
    expected = columns if is_known else columns - {"IDS101_row"}
    assert {name for name in found.columns if name.startswith("IDS") and "_" in name} == expected
    if not is_known:
        assert found.select(sorted(expected)).null_count().row(0) == (1,) * len(expected)


def test_a_measure_of_the_catalogue_is_found_another_not_and_a_blank_is_not_asked() -> None:
    """PHQ-9 has scores from 0 to 27."""
    scores = TABLES["IDS607"]
    text = {name: pl.lit(None, dtype=pl.String) for name in scores.by_name if name != "CodedAssToolType"}
    codes = pl.LazyFrame({"row_number": [2, 3, 4], "CodedAssToolType": ["720433000", "1", None]})
    names = [("TOOL", "low"), ("TOOL", "high"), ("TOOL", "found")]
    found = with_related(with_typed(codes.with_columns(**text), scores), scores, names, Related(), places=True)
    assert found.select("TOOL_low", "TOOL_high", "TOOL_found").collect().rows() == [
        (0, 27, True), (None, None, False), (None, None, None),
    ]  # fmt: skip
