"""What changed since an earlier submission: rows added, changed and gone, and what became of each finding."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.load import check_path
from schemas.dataset import TABLES
from tests.campaign import examples
from tests.fixtures.example import example
from transforms.changes import Changes, RowsChanged, TableRows, compared, recognised_by

Told = list[tuple[str | None, str]]
"""Records of a small table: a key and a value."""

CONTACTS = TABLES["IDS201"]


def rows(*records: tuple[str | None, str]) -> pl.LazyFrame:
    key, value = "CareContactId", "AppType"
    return pl.LazyFrame(
        {"row_number": range(2, 2 + len(records)), key: [k for k, _ in records], value: [v for _, v in records]},
        schema={"row_number": pl.Int64, key: pl.String, value: pl.String},
    )


def told(records: Told, height: int) -> TableRows:
    return TableRows(rows(*records), ("CareContactId", "AppType"), height)


def since(then: Told, now: Told) -> tuple[int, int, int]:
    """Rows added, changed and gone."""
    found = compared("then", {"IDS201": told(then, len(then))}, {"IDS201": told(now, len(now))})
    of = found.tables["IDS201"]
    return of.added, of.changed, of.gone


@pytest.mark.parametrize("height", [2, 1_000_000])  # looked at together, and each table alone
def test_equal_records_of_two_tables_are_two(height: int) -> None:
    found = compared(
        "then",
        {"IDS201": told([("a", "1"), ("b", "1")], height), "IDS202": told([("b", "1")], height)},
        {"IDS201": told([("a", "2")], height), "IDS202": told([("a", "1"), ("b", "1")], height)},
    )
    assert dict(found.tables) == {"IDS201": RowsChanged(2, 1, 0, 1), "IDS202": RowsChanged(1, 2, 1, 0)}


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")], (0, 0, 0)),  # another order is no change
        ([("a", "1")], [("a", "2")], (0, 1, 0)),
        ([("a", "1")], [("b", "1")], (1, 0, 1)),  # another key is another record
        ([("a", "1")], [("a", "1"), ("a", "1")], (1, 0, 0)),  # sent twice
        ([("a", "1"), ("a", "2")], [("a", "2"), ("a", "3")], (0, 1, 0)),  # the equal ones are found first
        ([(None, "1"), (None, "2")], [(None, "2"), (None, "3")], (1, 0, 1)),  # without a key by all that they say
        ([], [("a", "1")], (1, 0, 0)),
        ([("a", "1")], [], (0, 0, 1)),
    ],
)  # fmt: skip
def test_a_row_is_added_changed_gone_or_the_same(then: Told, now: Told, expected: tuple[int, int, int]) -> None:
    assert since(then, now) == expected


SOME = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2"])), max_size=6)


@settings(max_examples=examples(25))
@given(then=SOME, now=SOME)
def test_counts_agree_with_a_slow_reading(then: Told, now: Told) -> None:
    """Reference: equal records are struck off together, then records of one key, one by one."""
    left_then, left_now = Counter(then), Counter(now)
    same = left_then & left_now
    left_then, left_now = left_then - same, left_now - same
    of_keys: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for counter, left in zip(of_keys, (left_then, left_now), strict=True):
        for (key, _), number in left.items():
            if key is not None:
                counter[key] += number
    changed = (of_keys[0] & of_keys[1]).total()
    expected = (len(now) - same.total() - changed, changed, len(then) - same.total() - changed)
    assert since(then, now) == expected


def test_a_record_without_a_key_is_recognised_by_what_may_be_there_once() -> None:
    assert recognised_by(CONTACTS) == ("CareContactId",)
    assert recognised_by(TABLES["IDS606"]) == ("ServiceRequestId", "CodedAssToolType", "AssToolCompDate")
    assert recognised_by(TABLES["IDS003"]) == ("LocalPatientId", "AccommodationTypeDate")
    assert recognised_by(TABLES["IDS803"]) == ("LocalPatientId",)  # no rule says what may be there once
    assert all(recognised_by(table) for table in TABLES.values() if table.id != "IDS000")


@pytest.fixture
def found(tmp_path: Path) -> Changes:
    """A month sent again: two faults corrected, one still there, one new, one gone with its record."""
    bad_date, bad_time = {"CareContDate": "?"}, {"CareContTime": "?"}
    then = example(
        tmp_path / "then",
        ("IDS101", 0, {"OnsetDate": "?"}), ("IDS101", 1, {"OrgIDComm": "?"}), ("IDS201", 3, bad_date),
        ("IDS201", 99, {"CareContactId": "GONE"} | bad_time),
    )  # fmt: skip
    now = example(tmp_path / "now", ("IDS101", 1, {"OrgIDComm": "?"}), ("IDS201", 4, bad_time))
    (changes,) = check_path(now, then).changes
    return changes


def test_each_finding_is_new_still_there_corrected_or_gone_with_its_record(found: Changes) -> None:
    assert found.statuses is not None and found.resolved is not None
    rejecting = found.statuses.filter(pl.col("rule_id").cast(pl.String).str.ends_with("-FORMAT"))
    assert rejecting.rows() == [
        ("IDS101", 3, "IDS101-OrgIDComm-FORMAT", "persisting"), ("IDS201", 6, "IDS201-CareContTime-FORMAT", "new"),
    ]  # fmt: skip
    assert found.resolved.filter(pl.col("rule_id").cast(pl.String).str.ends_with("-FORMAT")).rows() == [
        ("IDS101", 2, "IDS101-OnsetDate-FORMAT", "corrected", "OnsetDate", 2),
        ("IDS201", 5, "IDS201-CareContDate-FORMAT", "corrected", "CareContDate", 5),
        ("IDS201", 14, "IDS201-CareContTime-FORMAT", "record gone", "CareContTime", None),
    ]  # fmt: skip


def test_rows_of_every_table_are_compared(found: Changes) -> None:
    contacts, referrals, patients = (found.tables[table] for table in ("IDS201", "IDS101", "IDS001"))
    assert (contacts.added, contacts.changed, contacts.gone) == (0, 2, 1)
    assert (referrals.added, referrals.changed, referrals.gone) == (0, 1, 0)
    assert (patients.added, patients.changed, patients.gone, patients.same) == (0, 0, 0, patients.now)


def test_a_table_that_could_not_be_read_is_not_compared(tmp_path: Path) -> None:
    then, now = example(tmp_path / "then"), example(tmp_path / "now")
    (then / "IDS201CareContact.csv").write_bytes(b"\xff\xfe\xff")
    (changes,) = check_path(now, then).changes
    assert "IDS201" not in changes.tables and "IDS101" in changes.tables


def test_no_change_is_said_where_nothing_is_asked(tmp_path: Path) -> None:
    assert check_path(example(tmp_path)).changes == ()
