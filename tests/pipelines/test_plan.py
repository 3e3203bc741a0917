"""`parity plan` says before anything is changed what a new rule does: the same as the reprocess that follows.

A rule is added to those in force. It rejects one referral of three.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pipelines import publish, store
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load, reprocess
from pipelines.plan import plan
from pipelines.show_plan import plan as shown_by
from pipelines.zones import Zones, zones
from tests.fixtures.added_rule import NEW, Put
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission


def published(found: Zones) -> None:
    ledger = open_ledger(found.ledger)
    publish.build_core(found, ledger)
    publish.build_marts(found)
    publish.publish(found, ledger)


def contents(found: Zones) -> dict[str, bytes]:
    """Every file of a data root but the lock of its own SQLite file, by its path."""
    return {
        str(path.relative_to(found.home)): path.read_bytes()
        for path in sorted(found.home.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def planned(capfd: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capfd.readouterr()
    assert _run(["plan", "--json", *arguments]) == CLEAN
    return json.loads(capfd.readouterr().out)


def test_a_new_rule_is_planned_as_it_then_comes(
    tmp_path: Path, home: Path, few_measures: None, put_rule: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    found = loaded_and_published(tmp_path)
    put_rule(NEW)
    before = contents(found)

    would_be = plan(found, open_ledger(found.ledger), spine_key())
    said = json.loads(json.dumps(asdict(would_be), default=str))
    assert contents(found) == before  # nothing that is kept was changed, and nothing was left
    (changed,) = said["changed"]
    assert {name: changed[name] for name in changed if name != "submission_id"} == {
        "provider": "RW5", "month": "2025-04",
        "state_before": "accepted", "state_after": "accepted with rejections",
        "records_before": 10, "records_after": 9, "counts_before": True, "counts_after": True,
        "rules": [{"rule": "IDS101-999", "before": 0, "after": 1}],
    }  # fmt: skip
    assert said["providers"] == [{"provider": "RW5", "records_before": 10, "records_after": 9, "lost": 1, "won": 0}]
    assert said["failed"] == [] and said["measures_new"] == said["measures_gone"] == []

    shown_by(would_be)
    shown = capfd.readouterr().out
    assert "RW5    2025-04  accepted → accepted with rejections: 10 → 9 rows" in shown
    assert "IDS101-999: 0 findings, now 1" in shown and "England, all pathways: " in shown
    assert max(map(len, shown.splitlines())) <= 80

    ledger = open_ledger(found.ledger)
    for outcome in ledger.outcomes():
        reprocess(outcome.receipt, found, ledger, spine_key())
    published(found)
    capfd.readouterr()
    assert _run(["diff", "--json"]) == CLEAN
    came = json.loads(capfd.readouterr().out)
    assert came["england"] == said["figures"]["england"] != []
    assert came["providers"] == said["figures"]["providers"]


def test_without_a_change_nothing_is_planned(
    tmp_path: Path, home: Path, few_measures: None, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded_and_published(tmp_path)
    said = planned(capfd, "--provider", "RW5")
    assert (said["submissions"], said["changed"], said["providers"]) == (1, [], [])
    assert said["figures"] == {"organisation": "RW5", "figures": []} and said["why_not"] == ""


def test_before_anything_is_published_verdicts_alone_are_planned(
    tmp_path: Path, home: Path, put_rule: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    load(submission(tmp_path), found, open_ledger(found.ledger), spine_key())
    put_rule(NEW)
    said = planned(capfd)
    assert [each["rules"][0]["rule"] for each in said["changed"]] == ["IDS101-999"]
    assert said["figures"] is None and "Nothing is published yet" in said["why_not"]


def test_what_cannot_be_processed_counts_on_and_is_named(
    tmp_path: Path, home: Path, few_measures: None, put_rule: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its kept files were changed: reprocess will refuse it, and so does the plan."""
    found = loaded_and_published(tmp_path)
    put_rule(NEW)
    (damaged,) = (outcome.receipt.submission_id for outcome in open_ledger(found.ledger).outcomes())
    (table,) = (found.received / damaged).glob("IDS101*")
    table.write_text(table.read_text(encoding="utf-8").replace("R1", "R9"), encoding="utf-8")
    capfd.readouterr()
    assert _run(["plan", "--json"]) == 1
    said = json.loads(capfd.readouterr().out)
    assert said["failed"] == [[damaged, "ReceivedChanged"]] and said["changed"] == []
    assert said["figures"] == {"england": [], "providers": []}  # its rows of before count on


def test_a_killed_plan_leaves_nothing_that_the_next_one_does_not_remove(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    load(submission(tmp_path), found, open_ledger(found.ledger), spine_key())
    left = found.received / ".incoming-0123456789abcdef"
    (left / "trial" / "received").mkdir(parents=True, mode=0o700)
    planned(capfd)
    assert not left.exists() and store.all_rows_of("nothing", found) == []
