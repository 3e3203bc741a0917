"""What changed since an earlier submission, as a site sees it: after a load, and at its own machine."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, RECORDS_REJECTED, USAGE
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.since import changes
from pipelines.zones import Zones
from tests.fixtures.submission import RIGHT, submission, zipped

Captured = pytest.CaptureFixture[str]
REFERRALS = RIGHT["IDS101Referral"]
ONE_LESS_ONE_MORE = REFERRALS.replace("R3,P3", "R4,P3").replace("R2,P2,QE1,2025-04-03", "R2,P2,QE1,2025-04-13")


def loaded(root: Path, found: Zones, month: str, **changed: str | None) -> list[dict[str, Any]]:
    """What the report of a load says of earlier submissions."""
    id_ = load(submission(root, month=month, **changed), found, open_ledger(found.ledger), spine_key()).receipt
    (report,) = found.site_reports.glob(f"RW5/*/{id_.submission_id}/report.json")
    said: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["changes"]
    return said


def test_a_load_says_what_changed_since_the_file_it_replaces_and_the_last_month(
    tmp_path: Path, found: Zones
) -> None:
    assert loaded(tmp_path / "first", found, "2025-04") == []
    (month,) = loaded(tmp_path / "second", found, "2025-05")
    assert month["since"] == "the last accepted month, 2025-04"
    assert month["tables"]["IDS001MPI"] == {"before": 3, "now": 3, "added": 0, "changed": 0, "gone": 0}
    (replaced,) = loaded(tmp_path / "third", found, "2025-04", IDS101Referral=ONE_LESS_ONE_MORE)
    assert replaced["since"] == "the submission that it replaces"
    assert replaced["tables"]["IDS101Referral"] == {"before": 3, "now": 3, "added": 1, "changed": 1, "gone": 1}
    assert replaced["tables"]["IDS002GP"] == {"before": 3, "now": 3, "added": 0, "changed": 0, "gone": 0}
    assert replaced["findings"] == {}, "the centre keeps no key of a rejected record"
    both = loaded(tmp_path / "fourth", found, "2025-05", IDS002GP=None)
    assert [each["since"] for each in both] == [replaced["since"], month["since"]]
    assert both[0]["tables"]["IDS002GP"] == {"before": 3, "now": 0, "added": 0, "changed": 0, "gone": 3}


def test_rows_of_another_key_and_after_an_erasure_are_not_compared(tmp_path: Path, found: Zones) -> None:
    ledger = open_ledger(found.ledger)
    load(submission(tmp_path / "first"), found, ledger, spine_key())
    last = load(submission(tmp_path / "then", IDS101Referral=ONE_LESS_ONE_MORE), found, ledger, spine_key())
    (rows,) = (folder for folder in found.pseudonymised.iterdir() if last.receipt.submission_id in folder.name)
    events = ledger.events("RW5")
    assert len(changes(rows, last.verdict, last.receipt, found, events)) == 1
    for other in (replace(last.verdict, erased={"rows": 2}), replace(last.verdict, key="another")):
        assert changes(rows, other, last.receipt, found, events) == ()


def test_a_check_against_an_earlier_extract_follows_every_record(tmp_path: Path, capsys: Captured) -> None:
    wrong = REFERRALS.replace("2025-04-02", "02/04/2025") + "R5,P1,QE1,05/04/2025,B1,,,,\n"
    then = zipped(submission(tmp_path / "then", IDS101Referral=wrong))
    now = submission(tmp_path / "now", IDS101Referral=REFERRALS.replace("2025-04-04", "04/04/2025"))
    out = tmp_path / "out"
    assert _run(["check", str(now), "--against", str(then), "--report", str(out)]) == RECORDS_REJECTED
    said = " ".join(capsys.readouterr().out.split())
    assert "0 rows added, 2 changed, 1 gone." in said
    assert "Findings: 1 new, 0 still there, 1 corrected, 1 gone with the record." in said
    page = (out / "RW5_2025-04" / "report.html").read_text(encoding="utf-8")
    assert "What has changed since RW5_2025-04" in page
    from openpyxl import load_workbook

    sheet = load_workbook(out / "RW5_2025-04" / "findings.xlsx")["Resolved"]
    resolved = [row[:5] for row in sheet.iter_rows(min_row=2, values_only=True)]
    rule = "IDS101-ReferralRequestReceivedDate-FORMAT"
    assert resolved == [
        ("IDS101Referral", 2, 2, "Corrected", rule), ("IDS101Referral", 5, None, "Record gone", rule)
    ]  # fmt: skip
    for file in (out / "RW5_2025-04").iterdir():
        text = file.read_bytes()
        assert b"P1" not in text or file.suffix == ".xlsx"
        assert b"9990000018" not in text and b"R5" not in text


def test_an_extract_is_compared_with_the_one_of_its_name(tmp_path: Path, capsys: Captured) -> None:
    earlier = tmp_path / "earlier"
    submission(earlier), submission(earlier, month="2025-05")
    now = submission(tmp_path / "now", month="2025-05")
    assert _run(["check", str(now), "--against", str(earlier), "--json"]) == CLEAN
    (verdict,) = json.loads(capsys.readouterr().out)
    assert verdict["changes"][0]["since"] == "RW5_2025-05, the earlier extract"
    other = submission(tmp_path / "other", "RXX", "2025-05")
    assert _run(["check", str(other), "--against", str(earlier)]) == USAGE
    assert "none has the name of the one that is checked" in capsys.readouterr().err


def test_submissions_of_one_name_have_a_report_each(tmp_path: Path) -> None:
    wrong = submission(tmp_path / "wrong", IDS101Referral=REFERRALS.replace("2025-04-04", "04/04/2025"))
    right, out = zipped(submission(tmp_path / "right", IDS101Referral=REFERRALS)), tmp_path / "out"
    _run(["check", str(wrong), str(right), "--report", str(out)])
    assert sorted(path.name for path in out.iterdir()) == ["RW5_2025-04", "RW5_2025-04 (2)"]
    outcomes = [json.loads((path / "report.json").read_text())["outcome"] for path in sorted(out.iterdir())]
    assert outcomes[0] == "accepted with rejections" != outcomes[1]


def test_workbooks_by_owner_need_a_folder(tmp_path: Path, capsys: Captured) -> None:
    now = submission(tmp_path, IDS101Referral=REFERRALS.replace("2025-04-04", "04/04/2025"))
    assert _run(["check", str(now), "--split-by", "owner"]) == USAGE
    assert "--report FOLDER" in capsys.readouterr().err
    assert _run(["check", str(now), "--split-by", "owner", "--report", str(tmp_path / "out")]) == RECORDS_REJECTED
    assert [path.name for path in (tmp_path / "out" / "RW5_2025-04").glob("findings-*")] == [
        "findings-supplier.xlsx"
    ]
