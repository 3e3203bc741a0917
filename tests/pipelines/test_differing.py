"""`parity diff` and `parity releases` on real releases: what changed, by whose file and which rules, in 80 columns."""

import json
from pathlib import Path

import pytest

from pipelines import publish
from pipelines.ask import ask
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import RIGHT, submission
from warehouse.disclosure.parts import CHANGES, inside_files

MORE = RIGHT["IDS101Referral"] + "R4,P1,QE1,2025-04-09,B1,,,,\nR5,P1,QE1,2025-04-31,B1,,,,\n"


def test_two_releases_are_compared_by_name_version_and_place(
    tmp_path: Path, home: Path, few_measures: None, capfd: pytest.CaptureFixture[str]
) -> None:
    found = loaded_and_published(tmp_path)
    ledger = open_ledger(found.ledger)
    assert _run(["diff"]) == USAGE  # there is no release before it
    load(submission(tmp_path, IDS101Referral=MORE), found, ledger, spine_key())
    load(submission(tmp_path / "second", "RV5"), found, ledger, spine_key())
    publish.build_core(found, ledger)
    publish.build_marts(found)
    publish.publish(found, ledger)
    capfd.readouterr()

    assert _run(["releases", "--json"]) == CLEAN
    first, second = json.loads(capfd.readouterr().out)
    assert [(each["position"], each["version"], each["is_current"]) for each in (first, second)] == [
        (1, "1.0.0", False), (2, "1.0.1", True),
    ]  # fmt: skip
    assert second["predecessor"] == first["release"] and second["published_at"]

    assert _run(["diff", "--json"]) == CLEAN
    said = json.loads(capfd.readouterr().out)
    assert (said["before"], said["after"]) == (first["release"], second["release"])
    by_provider = {each["provider"]: each for each in said["submissions"]}
    assert {name: each["cause"] for name, each in by_provider.items()} == {
        "RV5": "late data",
        "RW5": "resubmission",
    }
    # The file that counts now has one more row that the rules reject.
    assert [rule for rule in by_provider["RW5"]["rules"] if rule["before"] == 0 and rule["after"] == 1]
    # The release says the same of itself, and has each rule with what it found: as the ledger's verdicts.
    kept = json.loads((found.releases / second["release"] / CHANGES).read_text(encoding="utf-8"))["submissions"]
    assert {each["provider"]: each["rules"] for each in kept} == {
        name: each["rules"] for name, each in by_provider.items()
    }
    assert by_provider["RV5"]["rules"] == []
    verdicts = {one.receipt.submission_id: one.detail for one in ledger.current_submissions()}
    counted = ask("SELECT submission_id, rule, findings FROM meta.rule_finding", found)[1]
    assert {(id_, rule): n for id_, rule, n in counted} == {
        (id_, rule): n for id_, detail in verdicts.items() for rule, n in detail["rules"].items()
    }
    # Nothing else rejects here, and no record is rejected twice.
    rejected = sum(table["rejected"] for detail in verdicts.values() for table in detail["counts"].values())
    assert ask("SELECT sum(records_rejected) FROM meta.rule", found)[1] == [(rejected,)] and rejected > 0
    (referrals,) = [each for each in said["england"] if each["measure"] == "REFERRALS"]
    assert (referrals["before"]["numerator"], referrals["after"]["numerator"]) == (3, 7)
    assert {part["cause"]: part["numerator"] for part in referrals["parts"]} == {"late data": 3, "resubmission": 1}

    for arguments in ([first["release"], second["release"]], ["1.0.0", "1.0.1"], ["1", "2"], ["1"]):
        assert _run(["diff", *arguments, "--json"]) == CLEAN
        assert json.loads(capfd.readouterr().out) == said
    assert _run(["diff", "1", "7"]) == USAGE
    assert "There is no release '7'. Published:" in capfd.readouterr().err

    assert _run(["diff"]) == CLEAN
    shown = capfd.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "  RW5    April 2025      resubmission: " in shown and "+3: late data (RV5)" in shown
    assert _run(["diff", "--provider", "RW5", "--measure", "REFERRALS"]) == CLEAN
    shown = capfd.readouterr().out
    assert "April 2025                 3 → 4" in shown and "resubmission" in shown
    assert _run(["releases"]) == CLEAN
    assert "only figures changed" in (shown := capfd.readouterr().out) and max(map(len, shown.splitlines())) <= 80

    # Going back: the same difference the other way round, and the line of releases stays as it is.
    assert _run(["diff", "2", "1", "--json"]) == CLEAN
    back = json.loads(capfd.readouterr().out)
    assert {each["provider"]: each["cause"] for each in back["submissions"]} == {
        "RV5": "withdrawal",
        "RW5": "resubmission",
    }
    # Of an emptied release only public figures are left.
    for file in inside_files(found.releases / first["release"]):
        file.unlink()
    assert _run(["diff", "--json"]) == CLEAN
    left = json.loads(capfd.readouterr().out)
    assert left["is_public"] and "submissions" not in left and left["england"] == []
    assert _run(["diff"]) == CLEAN
    assert "only the public figures are left" in capfd.readouterr().out
