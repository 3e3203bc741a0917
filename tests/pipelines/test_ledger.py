"""The ledger: receipts before work, nothing rewritten, and the current submission a pure function of what is in it."""

import itertools
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.board import NOT_RECEIVED, board
from pipelines.ledger import Ledger, State, open_ledger
from schemas.month import ProviderMonth
from tests.campaign import examples

APRIL, MAY, JUNE = date(2025, 4, 1), date(2025, 5, 1), date(2025, 6, 1)
HERE = ProviderMonth("RW5", APRIL)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "ledger.sqlite")


def submit(ledger: Ledger, content: str, state: State, of: ProviderMonth = HERE) -> str:
    receipt = ledger.receive(content * 64, 1, of)
    ledger.record(receipt.submission_id, state, of, {})
    return receipt.submission_id


def counting(ledger: Ledger) -> list[str]:
    return [outcome.receipt.submission_id for outcome in ledger.current_submissions()]


def test_a_receipt_is_written_before_any_work(ledger: Ledger) -> None:
    receipt = ledger.receive("a" * 64, 10, None)
    assert receipt.is_new
    assert ledger.outcome(receipt.submission_id).state is State.RECEIVED
    assert counting(ledger) == []


def test_the_same_bytes_again_are_the_same_receipt(ledger: Ledger) -> None:
    first = submit(ledger, "a", State.ACCEPTED)
    again = ledger.receive("a" * 64, 1, HERE)
    assert (again.submission_id, again.is_new) == (first, False)
    assert len(ledger.outcomes()) == 1


@pytest.mark.parametrize(
    ("state", "first", "second", "is_new"),
    [
        (State.FILE_REJECTED, ProviderMonth("RW6", APRIL), HERE, True),
        (State.FILE_REJECTED, ProviderMonth("RW5", MAY), HERE, True),
        (State.FILE_REJECTED, ProviderMonth("RW6", APRIL), None, True),
        (State.FILE_REJECTED, HERE, HERE, False),
        (State.FILE_REJECTED, None, None, False),
        (State.ACCEPTED, HERE, ProviderMonth("RW6", APRIL), True),
        (State.ACCEPTED, HERE, HERE, False),
        (State.ACCEPTED, HERE, None, False),
        (State.ACCEPTED, None, HERE, False),
    ],
)
def test_the_same_bytes_under_a_name_that_may_change_the_verdict_are_a_new_submission(
    ledger: Ledger, state: State, first: ProviderMonth | None, second: ProviderMonth | None, is_new: bool
) -> None:
    earlier = ledger.receive("a" * 64, 1, first)
    ledger.record(earlier.submission_id, state, HERE, {})
    assert ledger.receive("a" * 64, 1, second).is_new is is_new


def test_going_back_to_an_earlier_file_is_a_submission_of_its_own(ledger: Ledger) -> None:
    first = submit(ledger, "a", State.ACCEPTED)
    submit(ledger, "b", State.ACCEPTED)
    back = submit(ledger, "a", State.ACCEPTED)
    assert back != first
    assert counting(ledger) == [back]


def test_a_rejected_resubmission_never_displaces_a_good_file(ledger: Ledger) -> None:
    good = submit(ledger, "a", State.ACCEPTED_WITH_WARNINGS)
    submit(ledger, "b", State.FILE_REJECTED)
    assert counting(ledger) == [good]


def test_the_last_accepted_submission_is_current_per_provider_and_month(ledger: Ledger) -> None:
    submit(ledger, "a", State.ACCEPTED)
    later = submit(ledger, "b", State.ACCEPTED_WITH_REJECTIONS)
    elsewhere = submit(ledger, "c", State.ACCEPTED, ProviderMonth("RV5", APRIL))
    next_month = submit(ledger, "d", State.ACCEPTED, ProviderMonth("RW5", MAY))
    assert counting(ledger) == [elsewhere, later, next_month]


def test_a_submission_found_wrong_on_reprocessing_counts_no_longer(ledger: Ledger) -> None:
    first = submit(ledger, "a", State.ACCEPTED)
    second = submit(ledger, "b", State.ACCEPTED)
    ledger.record(second, State.FILE_REJECTED, HERE, {})
    assert counting(ledger) == [first]


def test_a_submission_that_breaks_off_on_reprocessing_counts_as_it_stood(ledger: Ledger) -> None:
    first = submit(ledger, "a", State.ACCEPTED)
    ledger.record(first, State.FAILED, None, {})
    assert counting(ledger) == [first]
    assert ledger.outcome(first).state is State.FAILED


@pytest.mark.parametrize("table", ["receipt", "event"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET submission_id = 'x'"])
def test_nothing_in_it_can_be_changed(ledger: Ledger, tmp_path: Path, table: str, change: str) -> None:
    submit(ledger, "a", State.ACCEPTED)
    with (
        sqlite3.connect(tmp_path / "ledger.sqlite") as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(change.format(table))


results = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(list(State))), max_size=6)


@settings(max_examples=examples(25))
@given(results)
def test_the_order_of_processing_cannot_matter(
    tmp_path_factory: pytest.TempPathFactory, submissions: list[tuple[str, State]]
) -> None:
    """Received in one order, checked in any: the same submission counts."""
    unique = list(dict(submissions).items())
    current = set()
    for number, order in enumerate(itertools.islice(itertools.permutations(unique), 4)):
        ledger = open_ledger(tmp_path_factory.mktemp("ledger") / f"{number}.sqlite")
        ids = {content: ledger.receive(content * 64, 1, HERE).submission_id for content, _ in unique}
        for content, state in order:
            ledger.record(ids[content], state, HERE, {})
        current.add(tuple(counting(ledger)))
    accepted = [content for content, state in unique if state.is_accepted]
    assert current == {((accepted[-1] * 16,) if accepted else ())}


def test_the_board_has_a_cell_for_every_provider_and_month_between(ledger: Ledger) -> None:
    good = submit(ledger, "a", State.ACCEPTED)
    submit(ledger, "b", State.FILE_REJECTED)
    submit(ledger, "c", State.ACCEPTED, ProviderMonth("RV5", JUNE))
    cells = board(ledger.outcomes(), ledger.current_submissions())
    assert [(c.provider_month.provider, c.provider_month.month, c.state) for c in cells] == [
        ("RV5", APRIL, NOT_RECEIVED), ("RV5", MAY, NOT_RECEIVED), ("RV5", JUNE, "accepted"),
        ("RW5", APRIL, "file rejected"), ("RW5", MAY, NOT_RECEIVED), ("RW5", JUNE, NOT_RECEIVED),
    ]  # fmt: skip
    assert cells[3].counts == good


def test_an_empty_ledger_has_an_empty_board() -> None:
    assert board([], []) == []
