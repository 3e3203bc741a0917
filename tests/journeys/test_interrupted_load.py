"""A load run twice at once, under another key or on changed files ends as one that was left alone.

Broken off at any point: ``test_crash_points``.
"""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import publish
from pipelines.kept import ReceivedChanged
from pipelines.keys import key_store, rotate, spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, load, reprocess
from pipelines.zones import Zones, zones
from tests.fixtures.submission import RIGHT, submission

TWICE = RIGHT["IDS101Referral"] + RIGHT["IDS101Referral"].splitlines()[1] + "\n"
# A row with a value too many is read record by record, through a copy with identifiers.
UNEVEN = RIGHT["IDS001MPI"] + "P4,RW5,QE1,9990000042,01,1980-06-15,LA1 4YW,2,A,,en,,more\n"


def left_in(found: Zones) -> dict[str, Any]:
    """Everything a load leaves, without times: rows, verdicts, events, reports, names of kept files. Without
    attempts that failed, too.
    """
    return {
        "rows": {
            str(path.relative_to(found.home)): pl.read_parquet(path).to_dict(as_series=False)
            for path in sorted(found.pseudonymised.rglob("*.parquet"))
        },
        "folders": sorted(path.name for path in found.pseudonymised.iterdir()),
        "verdicts": [json.loads(path.read_text()) for path in sorted(found.received.glob("*/checked.json"))],
        "reports": [
            _without_day(json.loads(path.read_text())) for path in sorted(found.site_reports.rglob("report.json"))
        ],
        "report files": sorted(str(path.relative_to(found.home)) for path in found.site_reports.rglob("*")),
        "received": sorted(str(path.relative_to(found.home)) for path in found.received.rglob("*")),
        "builds": sorted(path.name for path in found.builds.iterdir() if "-version-" not in path.name),
        "events": events_in(found),
    }


def _without_day(report: dict[str, Any]) -> dict[str, Any]:
    """A report without the day from which its submission counts: a campaign goes on after midnight."""
    counts = report["standing"].get("counts_from") is not None
    return report | {"standing": report["standing"] | {"counts_from": counts}}


def events_in(found: Zones) -> list[tuple[Any, ...]]:
    """What the ledger says, without failures. A load may fail when its outcome is recorded and only the note of the last
    event cannot be written: then the same outcome is recorded once more, and is one here.
    """
    with sqlite3.connect(found.ledger) as ledger:
        events = ledger.execute(
            "SELECT submission_id, state, provider, month, detail FROM event"
            " WHERE submission_id NOT LIKE 'attempt-%' ORDER BY seq"
        ).fetchall()
    said: list[tuple[Any, ...]] = []
    for before, event in pairwise([("", ""), *events]):
        if event[1] != "failed" and not (before[:2] == (event[0], "failed") and event in said[-1:]):
            said.append(event)
    return said


def test_of_another_key_rows_and_release_are_others_and_of_one_key(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed between new rows and the ledger leaves those that count."""
    found, ledger = zones(), open_ledger(zones().ledger)
    loaded = [load(submission(tmp_path, provider=of), found, ledger, spine_key()) for of in ("RW5", "RX1")]
    before, name = (
        ledger.current_submissions(), publish.planned_release(found, publish.current_submissions(found, ledger))
    )  # fmt: skip
    rows = left_in(found)["rows"]
    rotate(key_store())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(ledger), "record", full)
        with pytest.raises(OSError, match="No space"):
            reprocess(loaded[0].receipt, found, ledger, spine_key())
    assert ledger.current_submissions() == before
    assert {path: left_in(found)["rows"][path] for path in rows} == rows
    for each in loaded:
        reprocess(each.receipt, found, ledger, spine_key())
    after = publish.current_submissions(found, ledger)
    assert publish.planned_release(found, after) != name
    assert not set(left_in(found)["rows"]) & set(rows)
    assert sorted(path.name for path in found.pseudonymised.iterdir()) == sorted(one.folder.name for one in after)


def test_providers_of_another_key_are_built_again(tmp_path: Path, home: Path) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    loaded = load(submission(tmp_path), found, ledger, spine_key())

    def people() -> set[str]:
        publish.build_core(found, ledger)
        with duckdb.connect(str(found.draft), read_only=True) as con:
            return {person for (person,) in con.execute("SELECT person_id FROM core.person").fetchall()}

    before = people()
    rotate(key_store())
    reprocess(loaded.receipt, found, ledger, spine_key())
    assert len(before) == 3 and not before & people()


def test_the_same_files_loaded_twice_at_once_are_one_load_and_a_repeat(tmp_path: Path, home: Path) -> None:
    found, ledger, key = zones(), open_ledger(zones().ledger), spine_key()
    path = submission(tmp_path, IDS101Referral=TWICE)
    with ThreadPoolExecutor(4) as threads:
        loaded: list[Loaded] = list(threads.map(lambda _: load(path, found, ledger, key), range(4)))
    assert sorted(each.is_repeat for each in loaded) == [False, True, True, True]
    assert len({json.dumps(each.verdict.detail()) for each in loaded}) == 1
    assert [event[1] for event in left_in(found)["events"]] == ["received", "accepted with rejections"]
    assert [path.name.startswith(".") for path in found.received.iterdir()] == [False]
    (current,) = publish.current_submissions(found, ledger)
    assert [pl.read_parquet(current.folder / "IDS101.parquet").height] == [2]


def test_two_files_of_one_month_at_once_both_arrive_and_the_later_counts(tmp_path: Path, home: Path) -> None:
    found, ledger, key = zones(), open_ledger(zones().ledger), spine_key()
    paths = [submission(tmp_path / "a"), submission(tmp_path / "b", IDS101Referral=TWICE)]
    with ThreadPoolExecutor(2) as threads:
        loaded = list(threads.map(lambda path: load(path, found, ledger, key), paths))
    later = max(loaded, key=lambda each: each.receipt.seq)
    (current,) = publish.current_submissions(found, ledger)
    assert current.submission_id == later.receipt.submission_id


@pytest.mark.parametrize("damage", ["shorter", "changed", "gone"])
def test_a_kept_file_that_was_changed_is_noticed_and_healed_by_loading_again(
    tmp_path: Path, home: Path, damage: str
) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    path = submission(tmp_path)
    loaded = load(path, found, ledger, spine_key())
    before = left_in(found)
    kept = found.received / loaded.receipt.submission_id / "IDS101.csv"
    text = kept.read_text()
    kept.unlink()
    if damage != "gone":
        kept.write_text(text.replace("2025-04-02", "2025-04-12") if damage == "changed" else text[: len(text) // 2])
    with pytest.raises(ReceivedChanged):
        reprocess(loaded.receipt, found, ledger, spine_key())
    assert ledger.outcome(loaded.receipt.submission_id).state is State.FAILED
    assert left_in(found)["rows"] == before["rows"]
    assert len(publish.current_submissions(found, ledger)) == 1
    assert not load(path, found, ledger, spine_key()).is_repeat
    assert kept.read_text() == text
    assert left_in(found)["rows"] == before["rows"]
    assert load(path, found, ledger, spine_key()).is_repeat


def test_a_rejected_submission_under_a_corrected_name_is_a_new_one(tmp_path: Path, home: Path) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    path = submission(tmp_path)
    wrong = path.rename(tmp_path / "RW5_2025-05")
    assert load(wrong, found, ledger, spine_key()).verdict.state is State.FILE_REJECTED
    assert load(wrong, found, ledger, spine_key()).is_repeat
    corrected = load(wrong.rename(path), found, ledger, spine_key())
    assert (corrected.is_repeat, corrected.verdict.state) == (False, State.ACCEPTED)
    assert load(path.rename(tmp_path / "final"), found, ledger, spine_key()).is_repeat
    assert len(publish.current_submissions(found, ledger)) == 1


def test_rows_of_a_submission_rejected_when_it_is_processed_again_are_deleted(tmp_path: Path, home: Path) -> None:
    """Its header is no longer usable: only a version of the rules could do this; here it is the kept name."""
    found, ledger = zones(), open_ledger(zones().ledger)
    loaded = load(submission(tmp_path), found, ledger, spine_key())
    record = found.received / loaded.receipt.submission_id / "source.json"
    record.write_text(record.read_text().replace('"2025-04-01"', '"2025-05-01"'))
    assert reprocess(loaded.receipt, found, ledger, spine_key()).verdict.state is State.FILE_REJECTED
    assert publish.current_submissions(found, ledger) == []
    assert list(found.pseudonymised.iterdir()) == []
