"""Retention: what was kept long enough goes, what counts stays, and the ledger says so."""

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import custody, show
from pipelines.batch import reprocess_all
from pipelines.cli import _run
from pipelines.custody.prune import prune
from pipelines.custody.retention import DEFAULTS, FILE, Kind, retention
from pipelines.kept import ReceivedChanged
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.ledger.rebuild import rebuild
from pipelines.load import Loaded, load, reprocess
from pipelines.publish import NotPublishable, build_core, current_submissions
from pipelines.zones import Zones, zones
from schemas.errors import CatalogueError
from tests.fixtures.submission import submission

NOW = datetime.now(UTC)
LATE = NOW + timedelta(days=3650)
TWICE = "ServiceRequestId,LocalPatientId\nR1,P1\nR1,P1\n"


@pytest.fixture
def found(home: Path) -> Zones:
    return zones()


def loaded(found: Zones, path: Path) -> Loaded:
    return load(path, found, open_ledger(found.ledger), spine_key())


def removed(found: Zones, now: datetime = LATE, **more: bool) -> dict[str, int]:
    return prune(found, open_ledger(found.ledger), now, **more)


def test_nothing_is_due_on_the_day_it_arrives(found: Zones, tmp_path: Path) -> None:
    loaded(found, submission(found.inbox))
    assert removed(found, NOW) == {}
    assert not (found.home / "pruned.jsonl").exists()


def test_what_does_not_count_goes_and_what_counts_stays(found: Zones, tmp_path: Path) -> None:
    first = loaded(found, submission(found.inbox))
    second = loaded(found, submission(tmp_path, IDS002GP=None))
    rejected = loaded(found, submission(tmp_path, month="2025-05", IDS000Header=None))
    expected = {"inbox": 1, "received_superseded": 2, "rows_superseded": 1, "site_reports": 3}
    before = sorted(found.home.rglob("*"))
    assert removed(found, is_dry=True) == expected
    assert sorted(found.home.rglob("*")) == before
    assert removed(found) == expected
    assert removed(found) == {}
    ledger = open_ledger(found.ledger)
    assert [path.name.split(".")[0] for path in found.pseudonymised.iterdir()] == [second.receipt.submission_id]
    for gone in (first, rejected):
        outcome = ledger.outcome(gone.receipt.submission_id)
        assert outcome.state is gone.verdict.state and "received_superseded" in outcome.detail["pruned"]
        kept = {path.name for path in (found.received / gone.receipt.submission_id).iterdir()}
        assert {"source.json", "checked.json", "receipt.json"} <= kept
        assert not any(name.startswith("IDS") or name == "findings.parquet" for name in kept)
    assert "pruned" in ledger.outcome(first.receipt.submission_id).detail
    (current,) = current_submissions(found, ledger)
    assert current.submission_id == second.receipt.submission_id and current.folder.is_dir()
    said = [json.loads(line) for line in (found.home / "pruned.jsonl").read_text().splitlines()]
    assert [line["removed"] for line in said] == [expected]


def test_a_file_that_was_removed_can_be_sent_again(found: Zones, tmp_path: Path) -> None:
    first = loaded(found, submission(tmp_path))
    loaded(found, submission(tmp_path, IDS002GP=None))
    removed(found)
    with pytest.raises(ReceivedChanged):
        reprocess(first.receipt, found, open_ledger(found.ledger), spine_key())
    again = loaded(found, submission(tmp_path))
    assert not again.is_repeat and again.verdict.state is State.ACCEPTED
    (current,) = current_submissions(found, open_ledger(found.ledger))
    assert current.submission_id == again.receipt.submission_id


def test_the_centre_may_say_that_current_files_go_too(
    found: Zones, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rows count as before. Without its files it is left out when everything is processed again."""
    first = loaded(found, submission(tmp_path))
    (found.home / FILE).write_text(
        "what,days,valid_from,why\nreceived_current,30,2026-01-01,Agreed with the sites\n"
    )
    show.pruned(removed(found), is_dry=False)
    assert "They can be processed again only if the site sends them again." in capsys.readouterr().out
    ledger = open_ledger(found.ledger)
    assert custody.is_pruned(ledger.outcome(first.receipt.submission_id).detail)
    (current,) = current_submissions(found, ledger)
    assert current.folder.is_dir()
    assert list(reprocess_all(found, ledger, spine_key())) == []
    assert _run(["prune", "--dry-run"]) == 0
    assert capsys.readouterr().out == "Nothing is due.\n"
    for rows in found.pseudonymised.iterdir():
        rows.rename(tmp_path / rows.name)
    with pytest.raises(NotPublishable, match="The rows of 1 submissions that count now were removed"):
        build_core(found, ledger)


def test_a_rebuilt_ledger_knows_what_was_removed(found: Zones, tmp_path: Path) -> None:
    """Files and rows of a superseded submission, and files of one that counts. Sent again, nothing is missing."""
    loaded(found, submission(found.inbox))
    loaded(found, submission(tmp_path, IDS002GP=None))
    loaded(found, submission(tmp_path, month="2025-05", IDS000Header=None))
    (found.home / FILE).write_text("what,days,valid_from,why\nreceived_current,30,2026-01-01,Agreed\n")
    removed(found)
    before = open_ledger(found.ledger).outcomes()
    assert [custody.is_pruned(outcome.detail) for outcome in before] == [True, True, True]
    for file in found.home.glob("ledger.*"):
        file.unlink()
    ledger = open_ledger(found.ledger)
    rebuild(found, ledger)
    assert ledger.outcomes() == before
    assert list(reprocess_all(found, ledger, spine_key())) == []
    again = loaded(found, submission(tmp_path))
    assert not again.is_repeat and again.verdict.state is State.ACCEPTED
    assert custody.pruned_in(found.received / again.receipt.submission_id) == []


def test_of_earlier_releases_the_public_figures_stay(found: Zones) -> None:
    for name in ("2025-04-00000000", "2025-05-11111111"):
        (found.releases / name).mkdir()
        for file in ("parity.duckdb", "parity-public.duckdb", "public.national.csv", "mart.national.csv"):
            (found.releases / name / file).write_text("x")
            os.utime(found.releases / name / file, (0, 0))
    os.link(found.releases / "2025-05-11111111" / "parity.duckdb", found.warehouse)
    assert removed(found) == {"releases": 1}
    left = {path.name for path in (found.releases / "2025-04-00000000").iterdir()}
    assert left == {"parity-public.duckdb", "public.national.csv"}
    assert len(list((found.releases / "2025-05-11111111").iterdir())) == 4


def test_settings_are_those_of_the_day(found: Zones) -> None:
    assert retention(found, date(2026, 1, 1)) == DEFAULTS
    assert set(DEFAULTS) == set(Kind)
    (found.home / FILE).write_text(
        "what,days,valid_from,why\ninbox,never,2026-06-01,Later\ninbox,3,2026-01-01,Less room\n"
    )
    assert [retention(found, date(2026, month, 1))[Kind.INBOX] for month in (1, 5, 6)] == [3, 3, None]
    assert retention(found, date(2025, 12, 31)) == DEFAULTS


@pytest.mark.parametrize(
    ("row", "problem"),
    [("outbox,3,2026-01-01,x", "must be one of inbox"), ("inbox,0,2026-01-01,x", "a number of days"),
     ("inbox,3,2026-02-30,x", "is no day"), ("inbox,3,2026-01-01,", "a reason"), ("inbox,3", "must have 4 cells")],
)  # fmt: skip
def test_a_setting_that_cannot_be_read_removes_nothing(found: Zones, row: str, problem: str) -> None:
    (found.home / FILE).write_text(f"what,days,valid_from,why\n{row}\n")
    with pytest.raises(CatalogueError, match=problem):
        removed(found)
