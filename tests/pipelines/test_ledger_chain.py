"""The ledger's rows hold each other: whatever is changed behind its back is noticed, and where."""

import os
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.ledger import Head, Ledger, LedgerBroken, State, open_ledger
from pipelines.ledger.chain import note, noted_in
from pipelines.ledger.sqlite import SqliteDatabase
from pipelines.ledger.tables import VERSION, LedgerTooNew
from schemas.month import ProviderMonth
from tests.campaign import examples
from tests.fixtures.ledger import KeptLedger

APRIL = date(2025, 4, 1)
HERE = ProviderMonth("RW5", APRIL)
THREE = (("a", State.ACCEPTED), ("b", State.FILE_REJECTED), ("c", State.ACCEPTED_WITH_WARNINGS))


def filled(kept: KeptLedger) -> Ledger:
    """Three receipts: events 1 to 6."""
    ledger = kept.open()
    for content, state in THREE:
        ledger.record(ledger.receive(content * 64, 1, HERE).submission_id, state, HERE, {"rules": {"A-1": 2}})
    return ledger


def changed(kept: KeptLedger, table: str, *statements: str) -> None:
    """Change a table as somebody would who leaves no trace: without its triggers, which are put back."""
    triggers = kept.triggers(table)
    kept.unprotect(table)
    kept.run(*statements)
    kept.protect(table, triggers)


def test_a_ledger_that_nobody_changed_holds(kept: KeptLedger) -> None:
    ledger = kept.open()
    assert ledger.verify({}, in_full=True).entries == 0
    filled(kept)
    head = ledger.verify({}, in_full=True)
    assert head.entries == 6
    ledger.record("a" * 16, State.FAILED, None, {})
    assert kept.open().verify({"a release": head}).entries == 7


def test_an_empty_ledger_whose_maker_was_killed_before_noting_it_holds(kept: KeptLedger) -> None:
    """Once there is an event, a missing note is one that somebody took away."""
    kept.open()
    kept.path.with_suffix(".head").unlink()
    assert kept.open().verify({}, in_full=True).entries == 0
    filled(kept)
    kept.path.with_suffix(".head").unlink()
    with pytest.raises(LedgerBroken, match=r"ledger\.head, which notes the last event .* is missing"):
        kept.open().verify({})


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("event", "UPDATE event SET state = 'file rejected' WHERE seq = 2", "event 2 was changed"),
        ("event", "UPDATE event SET actor = 'somebody' WHERE seq = 5", "event 5 was changed"),
        ("event", "UPDATE event SET key_version = NULL, detail = '{}' WHERE seq = 4", "event 4 was changed"),
        ("event", "UPDATE event SET sha256 = previous WHERE seq = 3", "event 3 was changed"),
        ("event", "UPDATE event SET previous = sha256 WHERE seq = 3", "event 3 does not follow"),
        ("event", "DELETE FROM event WHERE seq = 4", "event 4 is missing"),
        ("event", "DELETE FROM event WHERE seq >= 5", "receipt 3 has no event"),
        ("event", "UPDATE event SET submission_id = 'aaaaaaaaaaaaaaaa' WHERE seq = 4", "event 4 was changed"),
        ("receipt", "UPDATE receipt SET received_at = '2025-05-01T00:00:00+00:00' WHERE seq = 2", "receipt 2 was"),
        ("receipt", "UPDATE receipt SET claim_provider = 'RX1' WHERE seq = 3", "receipt 3 was changed"),
    ],
)  # fmt: skip
def test_the_first_row_that_does_not_hold_is_named(kept: KeptLedger, table: str, change: str, said: str) -> None:
    ledger = filled(kept)
    changed(kept, table, change)
    with pytest.raises(LedgerBroken, match=said):
        ledger.verify({})


def test_a_row_put_in_past_the_ledger_is_noticed(kept: KeptLedger) -> None:
    """No trigger keeps somebody from adding a row: it does not follow the row before it."""
    ledger = filled(kept)
    kept.run(
        "INSERT INTO event SELECT 7, 'bbbbbbbbbbbbbbbb', 'accepted', provider, month, detail, at, actor, command,"
        " code_version, rules_version, key_version, sha256, sha256 FROM event WHERE seq = 6"
    )
    with pytest.raises(LedgerBroken, match="event 7 was changed"):
        ledger.verify({})


def test_the_note_is_of_the_last_event_of_the_newest_ledger_and_always_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written in place: a shorter note must leave nothing of a longer one behind. The disk is waited for when there was
    none.
    """
    path, kept, waited = tmp_path / "ledger.head", Head("one", 2, "b"), []
    monkeypatch.setattr(os, "fsync", waited.append)
    assert noted_in(path) is None
    for head, is_kept in (
        (kept, True), (Head("one", 1, "a"), False), (Head("one", 2, "put in its place"), False),
        (Head("one", 10**9, "c"), True), (Head("two", 0, "d"), True),
    ):  # fmt: skip
        note(path, head)
        kept = head if is_kept else kept
        assert noted_in(path) == kept
        assert (path.stat().st_size, oct(path.stat().st_mode)[-3:], len(waited)) == (256, "600", 2)  # file, folder


def test_missing_rows_at_the_end_are_noticed_by_what_was_noted_outside(kept: KeptLedger) -> None:
    ledger = filled(kept)
    noted = ledger.verify({})
    changed(kept, "event", "DELETE FROM event WHERE seq = 6")
    with pytest.raises(LedgerBroken, match=r"ends at event 5, but ledger\.head notes event 6"):
        ledger.verify({})
    kept.path.with_suffix(".head").unlink()
    with pytest.raises(LedgerBroken, match=r"ledger\.head, which notes the last event .* is missing"):
        ledger.verify({})
    ledger.record("a" * 16, State.FAILED, None, {})  # notes the last event again: another event 6
    with pytest.raises(LedgerBroken, match="event 6 is not the one that release 2025-04-1a2b3c4d notes"):
        ledger.verify({"release 2025-04-1a2b3c4d": noted})


def test_another_ledger_in_its_place_is_noticed(kept: KeptLedger, new_ledger: Callable[[], KeptLedger]) -> None:
    noted = filled(kept).verify({})
    other = filled(new_ledger())
    with pytest.raises(LedgerBroken, match="not the one that release 2025-04-1a2b3c4d notes"):
        other.verify({"release 2025-04-1a2b3c4d": noted})


def test_a_dropped_trigger_is_noticed(kept: KeptLedger) -> None:
    ledger = filled(kept)
    kept.unprotect("event")
    with pytest.raises(LedgerBroken, match="Table event of the ledger is no longer protected"):
        ledger.verify({})


def test_any_flipped_byte_changes_nothing_that_is_read_or_is_noticed(tmp_path: Path) -> None:
    """A byte of unused space may change. A file that SQLite cannot read is said to be damaged."""
    kept = KeptLedger(tmp_path / "ledger.sqlite", None)
    right = [replace(event) for event in filled(kept).events()]
    kept.run("PRAGMA wal_checkpoint(TRUNCATE)")
    content, draw, noticed = kept.path.read_bytes(), random.Random(5), 0
    used = [place for place, byte in enumerate(content) if byte]  # most of a small file is empty
    for place in draw.sample(used, examples(150)):
        for beside in tmp_path.glob("ledger.sqlite-*"):
            beside.unlink()
        kept.path.write_bytes(
            content[:place] + bytes([content[place] ^ 1 << draw.randrange(8)]) + content[place + 1 :]
        )
        try:
            ledger = kept.open()
            ledger.verify({}, in_full=True)
        except (LedgerBroken, LedgerTooNew):
            noticed += 1
            continue
        assert ledger.events() == right, place
    assert noticed > examples(150) * 0.8


def test_a_ledger_that_was_rebuilt_leaves_the_heads_of_the_one_before_aside(kept: KeptLedger) -> None:
    ledger = kept.open()
    ledger.restore([])
    noted = Head("the one before", 9, "0" * 64)
    assert ledger.verify({"release 2025-04-1a2b3c4d": noted}).entries == 0


# --- versions of the ledger --------------------------------------------------------------------------------------


def old(path: Path) -> None:
    """The ledger of release 0.5.0."""
    with sqlite3.connect(path) as connection:
        connection.executescript((Path(__file__).parents[1] / "fixtures" / "ledger_0_5_0.sql").read_text())
    connection.close()


def test_the_ledger_of_an_earlier_release_keeps_receipts_outcomes_and_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old(path)
    with sqlite3.connect(path) as connection:
        before = connection.execute(
            "SELECT e.seq, r.seq, e.submission_id, state, provider, month, detail, received_at, content_sha256,"
            " claim_provider, claim_month, bytes FROM event AS e JOIN receipt AS r USING (submission_id) ORDER BY e.seq"
        ).fetchall()
    connection.close()
    ledger = open_ledger(path)
    with sqlite3.connect(path) as connection:
        after = connection.execute(
            "SELECT e.seq, r.seq, e.submission_id, state, provider, month, detail, received_at, content_sha256,"
            " claim_provider, claim_month, bytes FROM event AS e JOIN receipt AS r USING (submission_id) ORDER BY e.seq"
        ).fetchall()
    connection.close()
    assert after == before and len(after) == 17
    counting = [(o.receipt.submission_id, o.state.value, o.detail["key"]) for o in ledger.current_submissions()]
    assert counting == [
        ("aaaaaaaaaaaaaaaa", "accepted", "0f1e2d3c"),
        ("eeeeeeeeeeeeeeee", "accepted with rejections", "0f1e2d3c"),
        ("bbbbbbbbbbbbbbbb-2", "accepted with warnings", "99887766"),
    ]
    assert [o.state.value for o in ledger.outcomes()] == [
        "accepted", "accepted with warnings", "file rejected", "file rejected", "accepted with rejections",
        "failed", "accepted with warnings", "received",
    ]  # fmt: skip
    assert ledger.verify({}, in_full=True).entries == 17
    assert ledger.receive("a" * 64, 100, ProviderMonth("RW5", APRIL)).submission_id != "a" * 16  # d came since
    ledger.record("9" * 16, State.ACCEPTED, None, {})
    assert open_ledger(path).verify({}, in_full=True).entries == 19


def test_an_earlier_ledger_is_not_carried_over_before_its_last_event_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a process in between, or the next one after a kill, would miss the note of a ledger with events."""
    path = tmp_path / "ledger.sqlite"
    old(path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.ledger.sql.note", killed)
        with pytest.raises(KeyboardInterrupt):
            open_ledger(path)
    assert open_ledger(path).verify({}, in_full=True).entries == 17


def test_processes_that_open_an_earlier_ledger_at_once_carry_it_over_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old(path)
    with ThreadPoolExecutor(8) as threads:
        heads = list(threads.map(lambda _: open_ledger(path).verify({}), range(16)))
    assert {head.entries for head in heads} == {17} and len(set(heads)) == 1


def test_a_ledger_of_a_later_release_is_refused_in_words(kept: KeptLedger) -> None:
    kept.open()
    kept.run(f"UPDATE ledger SET version = {VERSION + 1}")
    with pytest.raises(LedgerTooNew, match=r"made by a later release of Parity.*Nothing was changed\..*Install"):
        kept.open()


@pytest.mark.parametrize("version", ["'two'", "NULL", "0", "1"])
def test_a_ledger_that_does_not_say_its_version_is_damaged(tmp_path: Path, version: str) -> None:
    kept = KeptLedger(tmp_path / "ledger.sqlite", None)
    kept.open()
    assert kept.run("SELECT version FROM ledger") == [(2,)]
    kept.run("CREATE TABLE other AS SELECT * FROM ledger", "DROP TABLE ledger", "ALTER TABLE other RENAME TO ledger",
             f"UPDATE ledger SET version = {version}")  # fmt: skip
    with pytest.raises(LedgerBroken, match="does not say its version: it is damaged"):
        kept.open()


def test_only_when_it_is_asked_in_full_the_database_looks_through_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes longer than the chain, and the chain finds every changed row."""
    ledger = filled(KeptLedger(tmp_path / "ledger.sqlite", None))
    monkeypatch.setattr(SqliteDatabase, "check_files", lambda self, execute: False)
    assert ledger.verify({}).entries
    with pytest.raises(LedgerBroken, match="finds the file of the ledger damaged"):
        ledger.verify({}, in_full=True)


def test_what_the_ledger_refuses_and_a_machine_that_fails_are_no_damage(tmp_path: Path) -> None:
    """SQLite tells more of an error in its upper bits."""
    filled(KeptLedger(tmp_path / "ledger.sqlite", None))
    database = SqliteDatabase(tmp_path / "ledger.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"), database.writing() as execute:
        execute("UPDATE event SET state = 'accepted'")
    with pytest.raises(sqlite3.OperationalError, match="unable to open"), SqliteDatabase(tmp_path).reading():
        pass
    (tmp_path / "other.sqlite").write_bytes(b"no database" * 1000)
    with (
        pytest.raises(LedgerBroken, match=r"other\.sqlite is damaged, or is no ledger"),
        SqliteDatabase(tmp_path / "other.sqlite").reading(),
    ):
        pass
