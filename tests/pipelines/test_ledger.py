"""The ledger: receipts before work, nothing rewritten, and the current submission a pure function of what is in it."""

import os
import pwd
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines.acting import acting_as
from pipelines.board import NOT_RECEIVED, overview
from pipelines.code_version import rows_version, rules_version
from pipelines.expecting import expected
from pipelines.ledger import (
    SENT_AGAIN,
    STEPS,
    Ledger,
    NotEmpty,
    Outcome,
    Receipt,
    State,
    StepRefused,
    open_ledger,
    sent,
    today_in_england,
)
from schemas.month import ProviderMonth
from tests.fixtures.ledger import KeptLedger

APRIL, MAY, JUNE = date(2025, 4, 1), date(2025, 5, 1), date(2025, 6, 1)
HERE = ProviderMonth("RW5", APRIL)


@pytest.fixture
def ledger(kept: KeptLedger) -> Ledger:
    return kept.open()


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Ledger:
    """For what cannot depend on the database."""
    return open_ledger(tmp_path / "ledger.sqlite")


def submit(ledger: Ledger, content: str, state: State, of: ProviderMonth = HERE) -> str:
    receipt = ledger.receive(content * 64, 1, of)
    ledger.record(receipt.submission_id, state, of, {})
    return receipt.submission_id


def counting(ledger: Ledger) -> list[str]:
    return [outcome.receipt.submission_id for outcome in ledger.current_submissions()]


def test_the_events_of_one_provider_can_be_asked_for(ledger: Ledger) -> None:
    mine, other = submit(ledger, "a", State.ACCEPTED), submit(ledger, "b", State.HELD, ProviderMonth("RXX", APRIL))
    found = {
        provider: [(event.receipt.submission_id, event.state) for event in ledger.events(provider)]
        for provider in ("RW5", "RXX", "RYY")
    }
    assert found == {
        "RW5": [(mine, State.RECEIVED), (mine, State.ACCEPTED)],
        "RXX": [(other, State.RECEIVED), (other, State.HELD)],
        "RYY": [],
    }


def test_a_receipt_is_given_as_it_is_kept(ledger: Ledger) -> None:
    given = [
        ledger.receive("a" * 64, 10, HERE),
        ledger.receive("b" * 64, 0, None),
        ledger.attempted("x-1", HERE, "2025-05-01T00:00:00+00:00", {"error": "OSError"}),
    ]
    assert [ledger.outcome(each.submission_id).receipt for each in given] == [
        replace(each, is_new=False) for each in given
    ]
    assert [(each.seq, each.size, each.is_attempt, each.is_new) for each in given] == [
        (1, 10, False, True), (2, 0, False, True), (3, 0, True, True),
    ]  # fmt: skip
    assert ledger.receive("b" * 64, 0, None) == replace(given[1], is_new=False)


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
    """Its id is the beginning of the hash of its content, and a number from the second time on."""
    first = submit(ledger, "a", State.ACCEPTED)
    submit(ledger, "b", State.ACCEPTED)
    back = submit(ledger, "a", State.ACCEPTED)
    assert (first, back) == ("a" * 16, "a" * 16 + "-2")
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
def test_nothing_in_it_can_be_changed(kept: KeptLedger, table: str, change: str) -> None:
    submit(kept.open(), "a", State.ACCEPTED)
    with pytest.raises(Exception, match="append-only"):
        kept.run(change.format(table))


def test_what_may_follow_each_state() -> None:
    verdicts = {
        State.FILE_REJECTED, State.ACCEPTED_WITH_REJECTIONS, State.ACCEPTED_WITH_WARNINGS, State.ACCEPTED, State.HELD,
    }  # fmt: skip
    checked_again = verdicts | {State.FAILED}
    assert {
        None: {State.RECEIVED},
        State.RECEIVED: checked_again,
        State.FILE_REJECTED: checked_again,
        State.FAILED: checked_again | {State.WITHDRAWN},
        **dict.fromkeys(verdicts - {State.FILE_REJECTED}, checked_again | {State.WITHDRAWN}),
        State.WITHDRAWN: checked_again | {State.WITHDRAWN},
    } == STEPS


def test_an_attempt_is_noted_once_as_sent_again(sqlite_ledger: Ledger) -> None:
    attempt = sqlite_ledger.attempted("x-1", HERE, "2025-05-01T00:00:00+00:00", {"error": "OSError"})
    assert not sqlite_ledger.outcome(attempt.submission_id).was_sent_again
    submit(sqlite_ledger, "a", State.ACCEPTED)
    submit(sqlite_ledger, "b", State.ACCEPTED)
    of_attempt = [each for each in sqlite_ledger.events() if each.receipt.submission_id == "x-1"]
    assert [each.state for each in of_attempt] == [State.RECEIVED, State.FAILED, State.FAILED]
    assert of_attempt[-1].detail == {"error": "OSError", SENT_AGAIN: "a" * 16}


def test_the_same_detail_is_written_as_the_same_text(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    name = sqlite_ledger.receive("a" * 64, 1, HERE).submission_id
    sqlite_ledger.record(name, State.FAILED, None, {"error": "OSError", "at": "b"})
    sqlite_ledger.record(name, State.FAILED, None, {"at": "b", "error": "OSError"})
    texts = KeptLedger(tmp_path / "ledger.sqlite", None).run("SELECT detail FROM event WHERE state = 'failed'")
    assert texts == [('{"at": "b", "error": "OSError"}',)] * 2


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_states_go_forward(sqlite_ledger: Ledger, before: State, after: State) -> None:
    """Received once, then checked as often as rules and keys change; every check may fail. Only what was accepted or
    held can be withdrawn.
    """
    name = sqlite_ledger.receive("a" * 64, 1, HERE).submission_id
    if before is State.WITHDRAWN:
        sqlite_ledger.record(name, State.ACCEPTED, HERE, {})
    if before is not State.RECEIVED:
        sqlite_ledger.record(name, before, HERE, {})
    is_refused = after is State.RECEIVED or (
        after is State.WITHDRAWN and before in (State.RECEIVED, State.FILE_REJECTED)
    )
    assert is_refused is (after not in STEPS[before])
    if is_refused:
        with pytest.raises(StepRefused, match=f"{name} is «{before}», and «{after}» cannot follow"):
            sqlite_ledger.record(name, after, HERE, {})
    else:
        sqlite_ledger.record(name, after, HERE, {})
    assert sqlite_ledger.outcome(name).state is (before if is_refused else after)


def test_a_state_without_a_receipt_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StepRefused, match="has no receipt"):
        ledger.record("a" * 16, State.ACCEPTED, HERE, {})
    with pytest.raises(KeyError):
        ledger.outcome("a" * 16)


def test_every_event_says_who_acted_and_with_what(kept: KeptLedger) -> None:
    acting_as.set("parity load")
    submit(kept.open(), "a", State.ACCEPTED)
    kept.open().record("a" * 16, State.ACCEPTED, HERE, {"key": "0f1e2d3c"})
    said = kept.run(
        "SELECT state, actor, command, code_version, rules_version, key_version FROM event ORDER BY seq"
    )
    user, code = pwd.getpwuid(os.geteuid()).pw_name, f"{version('parity')} {rows_version()}"
    assert said == [
        ("received", user, "parity load", code, rules_version(), None),
        ("accepted", user, "parity load", code, rules_version(), None),
        ("accepted", user, "parity load", code, rules_version(), "0f1e2d3c"),
    ]


def test_the_board_has_a_cell_for_every_month_from_the_first_that_a_provider_sent(ledger: Ledger) -> None:
    good = submit(ledger, "a", State.ACCEPTED)
    submit(ledger, "b", State.FILE_REJECTED)
    submit(ledger, "c", State.ACCEPTED, ProviderMonth("RV5", JUNE))
    on = date(2025, 7, 1)
    rows = overview(ledger.events(), today_in_england(), expected(ledger.sent(), on, (), {}), {})
    cells = [each.month for each in rows]
    assert [(c.provider_month.provider, c.provider_month.month, c.state) for c in cells] == [
        ("RV5", JUNE, "accepted"),
        ("RW5", APRIL, "file rejected"), ("RW5", MAY, NOT_RECEIVED), ("RW5", JUNE, NOT_RECEIVED),
    ]  # fmt: skip
    assert cells[1].counts == good


def test_what_was_sent_is_read_without_its_events_as_from_them(ledger: Ledger) -> None:
    """By the name, by the header where it says otherwise, by neither; what could not be copied is none."""
    assert ledger.sent() == set()
    for number, (named, then) in enumerate((
        ("RW5_2025-04", None), ("RW5_2025-05", ProviderMonth("RV5", date(2025, 6, 1))), (None, None),
        (None, ProviderMonth("RXX", date(2025, 4, 1))), ("RW5_2025-04", ProviderMonth("RW5", date(2025, 4, 1))),
    )):  # fmt: skip
        receipt = ledger.receive(f"{number:064x}"[::-1], 1, ProviderMonth.parse(named) if named else None)
        if then:
            ledger.record(receipt.submission_id, State.FILE_REJECTED, then, {})
        if number == 1:
            ledger.record(receipt.submission_id, State.FAILED, None, {})
    ledger.attempted("f" * 16, ProviderMonth.parse("RYY_2025-04"), "2026-01-05T12:00:00+00:00", {})
    assert ledger.sent() == sent(ledger.events())
    assert {str(of) for of in ledger.sent()} == {"RW5_2025-04", "RW5_2025-05", "RXX_2025-04"}


def test_an_empty_ledger_has_an_empty_board() -> None:
    assert overview([], today_in_england(), expected([], today_in_england(), (), {}), {}) == []


def test_a_ledger_is_filled_with_receipts_of_before_once(ledger: Ledger) -> None:
    """They keep numbers, times and claims; the next receipt follows the last one."""
    before = [
        Outcome(Receipt(3, "a" * 16, "a" * 64, "2025-05-02T09:30:00+00:00", False, HERE, 12), State.ACCEPTED, HERE, {"key": "k"}),
        Outcome(Receipt(7, "b" * 16, "b" * 64, "2025-05-03T09:30:00+00:00", False, None, 0), State.RECEIVED, None, {}),
    ]  # fmt: skip
    ledger.restore(before)
    assert ledger.outcomes() == before
    assert ledger.receive("c" * 64, 1, None).seq == 8
    assert not ledger.receive("a" * 64, 12, HERE).is_new
    with pytest.raises(NotEmpty):
        ledger.restore(before)
    assert ledger.verify({}, in_full=True).entries == 4
