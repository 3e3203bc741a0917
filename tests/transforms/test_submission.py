"""One submission as a whole: the header, the outcome, and that check and load never disagree."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.code_version import rows_version
from pipelines.keys import fingerprint, spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import check_path, load
from pipelines.verdict import Verdict, state_of
from pipelines.zones import zones
from schemas.dataset import TABLES
from tests.fixtures.submission import HEADER, RIGHT, submission, write, zipped
from transforms.cast import typed
from transforms.leaving import ContractBroken
from transforms.validate import NO_ROWS

REFERRAL_NAMES = RIGHT["IDS101Referral"].splitlines()[0]


def found(path: Path) -> list[tuple[str, str | None, int | None]]:
    findings = check_path(path).findings
    return findings.select("rule_id", "table", "row_number").rows()


def header(line: str) -> str:
    return f"{HEADER}\n{line}\n"


def test_a_text_of_the_right_form_that_is_no_day_or_moment_is_no_value() -> None:
    texts = pl.DataFrame({
        "ReportingPeriodStartDate": ["2025-02-28", "2025-02-30", "1 May"],
        "DateTimeDatSetCreate": ["2025-02-28T09:30:00", "2025-02-30T09:30:00", "2025-05-01 09:30"],
    })  # fmt: skip
    found = texts.select(typed(TABLES["IDS000"].by_name[name], pl.col(name)) for name in texts.columns)
    assert found.rows() == [(date(2025, 2, 28), datetime(2025, 2, 28, 9, 30)), (None, None), (None, None)]  # noqa: DTZ001


def test_a_right_submission_has_no_findings(tmp_path: Path) -> None:
    checked = check_path(submission(tmp_path))
    assert checked.findings.is_empty()
    assert state_of(checked) is State.ACCEPTED
    assert checked.counts()["IDS101"] == {"rows_in": 3, "accepted": 3, "rejected": 0}


def test_a_zip_gets_the_verdict_of_its_folder(tmp_path: Path) -> None:
    changed = {"IDS101Referral": RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\n"}
    folder = submission(tmp_path, **changed)
    assert check_path(zipped(folder)).findings.equals(check_path(folder).findings)


def test_a_wrong_record_is_rejected_alone_and_named_by_row_field_and_value(tmp_path: Path) -> None:
    rows = RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\n,P1,QE1,2025-04-09,B1,,,,\n"
    checked = check_path(submission(tmp_path, IDS101Referral=rows))
    assert checked.findings.drop("effect", "cause_table", "cause_row", "explained_by").rows() == [
        (
            "IDS101",
            5,
            "IDS101-ReferralRequestReceivedDate-FORMAT",
            "ReferralRequestReceivedDate",
            "02/04/2025",
        ),
        ("IDS101", 6, "IDS101-ServiceRequestId-BLANK", "ServiceRequestId", None),
    ]
    assert checked.counts()["IDS101"] == {"rows_in": 5, "accepted": 3, "rejected": 2}
    assert state_of(checked) is State.ACCEPTED_WITH_REJECTIONS


def test_a_value_that_identifies_is_never_shown(tmp_path: Path) -> None:
    rows = RIGHT["IDS001MPI"].replace("9990000018", "99900000189")
    findings = check_path(submission(tmp_path, IDS001MPI=rows)).findings
    assert findings.select("rule_id", "found").rows() == [
        ("IDS001-NHSNumber-FORMAT", None), ("IDS002-CASCADE", None), ("IDS101-CASCADE", None),
    ]  # fmt: skip


def test_a_warning_rejects_nothing(tmp_path: Path) -> None:
    rows = RIGHT["IDS101Referral"].replace(",B1,", ",J1,")  # J1 was retired in 2020
    checked = check_path(submission(tmp_path, IDS101Referral=rows))
    assert [r for r, _, _ in found(submission(tmp_path, IDS101Referral=rows))] == ["IDS101-SourceOfReferralMH-CODE"]
    assert state_of(checked) is State.ACCEPTED_WITH_WARNINGS
    assert checked.counts()["IDS101"]["rejected"] == 0


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"IDS000Header": None}, "GATE-TABLE-MISSING"),
        ({"IDS001MPI": None}, "GATE-TABLE-MISSING"),
        ({"IDS000Header": HEADER + "\n"}, "GATE-HEADER-ROWS"),
        ({"IDS000Header": RIGHT["IDS000Header"] + RIGHT["IDS000Header"].splitlines()[1] + "\n"}, "GATE-HEADER-ROWS"),
        ({"IDS000Header": header("9.9,RW5,RW5,T,2025-04-01,2025-04-30,2025-05-06T09:30:00")}, "IDS000-DatSetVer-CODE"),
        ({"IDS000Header": header("2.0,RV5,RV5,T,2025-04-01,2025-04-30,2025-05-06T09:30:00")}, "GATE-PROVIDER"),
        ({"IDS000Header": header("2.0,RW5,RW5,T,2025-05-01,2025-05-31,2025-06-06T09:30:00")}, "GATE-MONTH"),
        ({"IDS000Header": header("2.0,RW5,RW5,T,2025-04-01,2025-04-29,2025-05-06T09:30:00")}, "GATE-PERIOD"),
        ({"IDS000Header": header("2.0,../..,RW5,T,2025-04-01,2025-04-30,2025-05-06T09:30:00")}, "IDS000-OrgIDProv-FORMAT"),
        ({"IDS000Header": header("2.0,RW5,RW5,T,April,May,2025-05-06T09:30:00")}, "GATE-HEADER-UNUSABLE"),
        ({"surnames": "x"}, "GATE-TABLE-UNKNOWN"),
        ({"IDS007DisabilityType": "Surname,Forename\n"}, "GATE-COLUMN-UNKNOWN"),
        ({"IDS101Referral": f"{REFERRAL_NAMES}\n,,,,,,,,\n", "IDS001MPI": RIGHT["IDS001MPI"].splitlines()[0] + "\n"},
         "GATE-NOTHING-ACCEPTED"),
    ],
)  # fmt: skip
def test_what_rejects_the_whole_file(tmp_path: Path, changed: dict[str, str | None], rule: str) -> None:
    checked = check_path(submission(tmp_path, **changed))
    assert rule in checked.findings["rule_id"]
    assert state_of(checked) is State.FILE_REJECTED
    assert sum(table["accepted"] for table in checked.counts().values()) == 0


def test_what_cannot_be_opened_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "RW5_2025-04.zip"
    path.write_bytes(b"not a zip")
    assert found(path) == [("GATE-ZIP", None, None)]
    (tmp_path / "RV5_2025-04").mkdir()
    assert found(tmp_path / "RV5_2025-04") == [("GATE-EMPTY", None, None)]


def test_the_rest_is_still_reported_when_the_header_is_missing(tmp_path: Path) -> None:
    rows = RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\n"
    rules = [rule for rule, _, _ in found(submission(tmp_path, IDS000Header=None, IDS101Referral=rows))]
    assert rules == ["GATE-TABLE-MISSING", "IDS101-ReferralRequestReceivedDate-FORMAT"]


def test_a_name_that_claims_nothing_binds_the_header_to_nothing(tmp_path: Path) -> None:
    assert found(write(tmp_path / "April extract")) == []


def test_a_talking_therapies_extract_is_a_valid_submission_as_it_is(tmp_path: Path) -> None:
    """Version 2.1 without any table or column of ours."""
    changed = {
        "IDS000Header": RIGHT["IDS000Header"].replace("\n2.0", "\n2.1"),
        "IDS001MPI": RIGHT["IDS001MPI"].replace("EduEstabTypeIAPT\n", "EduEstabTypeIAPT,GenderIDCode,GenderSameAtBirth,EthnicCategory2021\n")
        .replace("en,\n", "en,,4,Y,\n"),
        "IDS101Referral": RIGHT["IDS101Referral"].replace("ServDischDate\n", "ServDischDate,SourceOfReferralIAPT\n").replace(",,,,\n", ",,,,,\n"),
    }  # fmt: skip
    assert found(submission(tmp_path, **changed)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"IDS101Referral": RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\nR5\n"},
        {"IDS101Referral": RIGHT["IDS101Referral"] + '"R4,P1,QE1\n'},
        {"IDS000Header": None},
    ],
    ids=["right", "rows rejected", "unclosed quote", "no header"],
)
def test_check_and_load_give_one_verdict(tmp_path: Path, home: Path, changed: dict[str, str | None]) -> None:
    folder = submission(tmp_path, **changed)
    checked = check_path(folder)
    found_zones = zones()
    loaded = load(folder, found_zones, open_ledger(found_zones.ledger), spine_key())
    assert loaded.verdict == Verdict.of(checked, fingerprint(spine_key()), rows_version())
    assert loaded.verdict.counts == checked.counts()
    assert load(folder, found_zones, open_ledger(found_zones.ledger), spine_key()) == replace(
        loaded, receipt=replace(loaded.receipt, is_new=False), is_repeat=True
    )
    kept = pl.read_parquet(found_zones.received / loaded.receipt.submission_id / "findings.parquet")
    assert kept.equals(checked.findings)


def test_a_submission_rejected_for_another_file_or_its_name_is_accepted_once_that_is_corrected(
    tmp_path: Path, home: Path
) -> None:
    def loaded(path: Path) -> bool:
        return load(path, zones(), open_ledger(zones().ledger), spine_key()).verdict.state.is_accepted

    folder = submission(tmp_path).rename(tmp_path / "RW6_2025-04")
    notes = folder / "notes.txt"
    notes.write_text("sent by post")
    assert not loaded(folder)
    notes.unlink()
    assert not loaded(folder)
    assert loaded(folder.rename(tmp_path / "RW5_2025-04"))


def test_the_report_says_it_in_words_and_shows_no_formula_and_no_identity(tmp_path: Path, home: Path) -> None:
    rows = RIGHT["IDS101Referral"] + "R4,P1,QE1,=1+1,B1,,,,\nR5,PATIENT-FIVE-HAS-A-LONG-ID,QE1,<b>x</b>,B1,,,,\n"
    found_zones = zones()
    load(submission(tmp_path, IDS101Referral=rows), found_zones, open_ledger(found_zones.ledger), spine_key())
    (folder,) = found_zones.site_reports.glob("RW5/2025-04/*")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Accepted with rejections." in page
    assert "&lt;a&gt;a&lt;/a&gt; (shape of 8 characters)" in page
    assert "<b>x" not in page and "<a>a" not in page
    assert "http:" not in page and "https:" not in page
    everything = page + (folder / "report.json").read_text() + (folder / "findings.csv").read_text()
    assert "PATIENT-FIVE" not in everything
    assert "'=9+9 (shape of 4 characters)" in (folder / "findings.csv").read_text()
    verdict = json.loads((folder / "report.json").read_text())
    assert verdict["tables"]["IDS101Referral"] == {"rows_in": 5, "accepted": 3, "rejected": 2}
    assert {rule["rule_id"]: rule["rows"] for rule in verdict["rules"]} == {
        "IDS101-ReferralRequestReceivedDate-FORMAT": "5-6",
        "IDS101-LocalPatientId-FORMAT": "6",
        "IDS101-101": "6",  # and no patient is called so
    }


@pytest.mark.parametrize(
    ("ours", "fault"),
    [
        ("transforms.submission.rejected_rows", lambda findings: NO_ROWS),
        ("transforms.validate.holds_all", lambda rules, fails: pl.col("row_number") != 3),
    ],
    ids=["findings forget a row", "the contract refuses a row that has no finding"],
)
def test_rows_that_the_contract_refuses_are_never_written(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, ours: str, fault: Callable[..., object]
) -> None:
    """A fault of ours, planted: the contract stands between it and the store."""
    rows = RIGHT["IDS101Referral"] + "R4,P1,QE1,02/04/2025,B1,,,,\n"
    folder, found_zones = submission(tmp_path, IDS101Referral=rows), zones()
    ledger = open_ledger(found_zones.ledger)
    monkeypatch.setattr(ours, fault)
    with pytest.raises(ContractBroken, match=r"^IDS[0-9]+: rows were accepted that the contract refuses$"):
        load(folder, found_zones, ledger, spine_key())
    assert [outcome.state for outcome in ledger.outcomes()] == [State.FAILED]
    assert list(found_zones.pseudonymised.iterdir()) == []
    monkeypatch.undo()
    assert load(folder, found_zones, ledger, spine_key()).verdict.state is State.ACCEPTED_WITH_REJECTIONS


def test_another_separator_in_every_table_is_read_and_said_once(tmp_path: Path) -> None:
    semicolons = {name: text.replace(",", ";") for name, text in RIGHT.items()}

    def said(name: str, **files: str) -> list[tuple[object, ...]]:
        checked = check_path(submission(tmp_path / name, **files))
        assert state_of(checked) is State.ACCEPTED
        return checked.findings.select("rule_id", "table", "found").rows()

    assert said("all", **semicolons) == [("GATE-READ-FORM", None, "values between semicolons, in 4 tables")]
    one = {"IDS002GP": semicolons["IDS002GP"]}
    assert said("one", **one) == [("GATE-READ-FORM", "IDS002", "values between semicolons")]
