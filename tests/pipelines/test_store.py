"""The pseudonymised store: exactly the accepted rows, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from demonstration.writing import write_submissions
from pipelines.keys import fingerprint, key_store, rotate, spine_key
from pipelines.ledger import Receipt, State, open_ledger
from pipelines.load import check, check_path, load, pseudonymise, receive
from pipelines.store import NotConserved, complete, draft, rows_of, waiting, workspace
from pipelines.verdict import Verdict
from pipelines.zones import Zones, zones
from schemas.dataset import TABLES
from tests.fixtures.submission import RIGHT, submission
from transforms.findings import REJECTIONS

# One referral twice, so that both fall and all that belongs to them, when the other tables have been read.
TWICE = RIGHT["IDS101Referral"] + RIGHT["IDS101Referral"].splitlines()[1] + "\n"


def rows_in(found: Zones, verdict: Verdict, receipt: Receipt) -> Path:
    return rows_of(receipt.submission_id, verdict.detail(), found)


def staged_rows(folder: Path) -> dict[str, list[int]]:
    return {path.stem: pl.read_parquet(path)["row_number"].to_list() for path in sorted(folder.glob("*.parquet"))}


def test_the_rows_written_are_all_but_the_rejected_in_order(tmp_path: Path, home: Path) -> None:
    """Faults of every kind, planted: rejected by themselves, with a parent, by rules that compare or count."""
    write_submissions(
        tmp_path / "in", providers=2, months=1, start=date(2025, 4, 1), seed=5, faults=0.05, size=0.05
    )
    found = zones()
    for path in sorted(entry for entry in (tmp_path / "in").iterdir() if entry.is_dir()):
        loaded = load(path, found, open_ledger(found.ledger), spine_key())
        assert loaded.verdict.state is State.ACCEPTED_WITH_REJECTIONS
        received = found.received / loaded.receipt.submission_id
        findings = pl.read_parquet(received / "findings.parquet")
        rejecting = findings.filter(pl.col("effect").is_in(REJECTIONS) & pl.col("row_number").is_not_null())
        expected = {}
        for table_id, counts in loaded.verdict.counts.items():
            rejected = set(rejecting.filter(pl.col("table") == table_id)["row_number"])
            if kept := [row for row in range(2, counts["rows_in"] + 2) if row not in rejected]:
                expected[table_id] = kept
        assert staged_rows(rows_in(found, loaded.verdict, loaded.receipt)) == dict(sorted(expected.items()))


def test_rows_rejected_by_cascade_at_the_end_are_removed(tmp_path: Path, home: Path) -> None:
    found = zones()
    loaded = load(submission(tmp_path, IDS101Referral=TWICE), found, open_ledger(found.ledger), spine_key())
    rows = staged_rows(rows_in(found, loaded.verdict, loaded.receipt))
    assert loaded.verdict.counts["IDS101"] == {"rows_in": 4, "accepted": 2, "rejected": 2}
    assert rows["IDS101"] == [3, 4]


@pytest.mark.parametrize("broken", ["a row is missing", "a column is missing"])
def test_what_does_not_add_up_is_refused(tmp_path: Path, home: Path, broken: str) -> None:
    """A file that lost something on its way, as a fault of ours or a full disk would leave it."""
    found, folder = zones(), submission(tmp_path)
    loaded = load(folder, found, open_ledger(found.ledger), spine_key())
    place = rows_in(found, loaded.verdict, loaded.receipt)
    checked = check_path(folder)
    complete(place, checked)
    rows = pl.read_parquet(place / "IDS101.parquet")
    (rows.head(-1) if broken == "a row is missing" else rows.drop("EndCode")).write_parquet(
        place / "IDS101.parquet"
    )
    with pytest.raises(NotConserved, match=r"^IDS101: ") as refused:
        complete(place, checked)
    assert "R1" not in str(refused.value)


def test_a_draft_that_was_not_moved_is_gone(home: Path) -> None:
    found = zones()
    with draft("abc", found) as folder:
        assert folder.is_dir()
    assert list(found.pseudonymised.iterdir()) == []


def stepped(tmp_path: Path, found: Zones, **changed: str | None) -> tuple[Verdict, Path]:
    """A submission received and checked, as Dagster does it, and where its rows wait."""
    ledger = open_ledger(found.ledger)
    receipt = receive(submission(tmp_path, **changed), found, ledger)
    return check(receipt, found, ledger, spine_key()), waiting(receipt.submission_id, found)


def test_workspaces_that_come_and_go_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    def come_and_go(_: int) -> None:
        for _ in range(300):
            with workspace(tmp_path) as folder:
                (folder / "a file").touch()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert list(tmp_path.iterdir()) == []


def test_checked_rows_wait_and_count_only_when_they_are_let_in(tmp_path: Path, home: Path) -> None:
    found = zones()
    verdict, place = stepped(tmp_path, found)
    rows, ledger = staged_rows(place), open_ledger(found.ledger)
    (outcome,) = ledger.outcomes()
    assert (outcome.state, ledger.current_submissions()) == (State.RECEIVED, [])
    assert pseudonymise(outcome.receipt, found, ledger, spine_key()) == verdict
    assert not place.exists()
    assert staged_rows(rows_in(found, verdict, outcome.receipt)) == rows
    assert [current.detail["key"] for current in ledger.current_submissions()] == [fingerprint(spine_key())]


def test_rows_let_in_already_are_made_again_under_the_key_of_today(tmp_path: Path, home: Path) -> None:
    found = zones()
    stepped(tmp_path, found)
    ledger = open_ledger(found.ledger)
    (outcome,) = ledger.outcomes()
    before = pseudonymise(outcome.receipt, found, ledger, spine_key())
    rotate(key_store())
    after = pseudonymise(outcome.receipt, found, ledger, spine_key())
    assert before.key != after.key == fingerprint(spine_key())
    assert [current.detail["key"] for current in ledger.current_submissions()] == [after.key]


def test_of_a_rejected_file_no_rows_wait(tmp_path: Path, home: Path) -> None:
    found = zones()
    verdict, place = stepped(tmp_path, found, IDS000Header=None)
    assert verdict.state is State.FILE_REJECTED
    assert verdict.key == ""
    assert not place.exists()
    assert list(found.pseudonymised.iterdir()) == []


def test_a_verdict_is_read_as_it_was_written(tmp_path: Path) -> None:
    for changed in ({}, {"IDS101Referral": TWICE}, {"IDS000Header": None}):
        verdict = Verdict.of(check_path(submission(tmp_path / str(len(changed)), **changed)), "f00d")
        assert Verdict.from_json(verdict.to_json()) == verdict
    assert set(verdict.counts) <= set(TABLES)
