"""`parity payment`: what a tariff comes to for a service, or in words why that cannot be said."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from tests.fixtures.payment import LINES, payment_draft
from tests.fixtures.tariff import TERMS, tariff_text


@pytest.fixture
def published(home: Path) -> Path:
    """A data root whose current release is the draft of payment."""
    home.mkdir()
    shutil.copyfile(payment_draft(), home / "warehouse.duckdb")
    return home


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = CLEAN) -> str:
    assert _run(["payment", *arguments]) == status
    captured = capsys.readouterr()
    return captured.out if status == CLEAN else captured.err


def test_every_amount_is_shown_with_its_figures(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "rbb", "--period", "2025-04")
    assert (
        "RBB, tariff trial, financial year from 1 April 2025\nSet by a test. Source: made up for a test.\n" in out
    )
    assert "Of the full price of activity 50 % is paid by outcome." in out
    lines = [" ".join(each.split()) for each in out.splitlines()]
    assert "Assessment 13 £100.00 each £1,300.00 £650.00" in lines
    assert "Recovery 5 of 13 = 38.5 % 30 % to 50 % £390.00 £165.00" in lines
    assert "Ethnic minorities 2 of 13 = 15.4 % 5 % to 60 % £260.00 £49.09" in lines
    assert "Together £864.09" in lines
    assert "The period is not over: 4 of its 12 months are in the data." in lines
    assert "A submission of a service that was taken over is missing." in lines  # of the quarter


def test_few_people_and_months_without_a_submission_are_said(
    published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(capsys, "RYY", "--period", "2025-04")
    assert "Recovery: its denominator is 3, and the tariff asks for 5, so the tariff says «as the others»." in out
    assert (
        "Ethnic minorities: its denominator is 3, and the tariff asks for 5, so the tariff says «not paid»." in out
    )
    out = said(capsys, "RXX")
    assert "RXX has submitted nothing for this period, so there is no amount." in out  # July, by quarter
    assert "3 of 4 months are submitted. Nothing is paid for the others yet." in out


def test_a_program_gets_whole_pence_and_every_row(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    by_quarter, by_year = json.loads(said(capsys, "RBB", "--period", "2025-04", "--json"))
    assert (by_year["tariff"], by_year["total_pence"], len(by_year["lines"])) == ("trial", 86_409, 8)
    assert sum(line["amount_pence"] for line in by_year["lines"]) == 86_409
    assert by_quarter["period_type"] == "quarter"
    silent = json.loads(said(capsys, "RXX", "--json"))[0]
    assert silent["total_pence"] is None and silent["lines"][0]["numerator"] is None


def test_a_tariff_of_ones_own_is_tried_and_nothing_is_stored(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(tariff_text([{**each, "tariff": "mine"} for each in LINES]), encoding="utf-8")
    assert [each["tariff"] for each in json.loads(said(capsys, "RBB", "--tariff", str(own), "--json"))] == ["mine"]
    own.write_text(
        tariff_text([{**each, "weight": "0.7"} if each["part"] == "outcome" else each for each in LINES])
    )
    assert "the weights add up to 1.4 and must add up to 1" in said(
        capsys, "RBB", "--tariff", str(own), status=USAGE
    )
    assert (published / "warehouse.duckdb").read_bytes() == payment_draft().read_bytes()
    assert not list((published / "reference").glob("*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["RQQ"], "There is no service RQQ in the release. Services: RAA, RBB, RSS, RXX, RYY."),
        (["RAA"], "RAA was taken over and counts in RBB: parity payment RBB"),
        (["RBB", "--period", "2025-13"], "--period '2025-13' is not a month as YYYY-MM"),
        (["RBB", "--period", "2024-04"], "No tariff holds in the period of 2024-04 for which there are figures."),
        (["RBB", "--tariff", "absent.csv"], "There is no file called absent.csv."),
        (["RBB", "--release", "2025-04-00000000"], "There is no release of that name."),
    ],
)
def test_what_cannot_be_answered_is_said(
    published: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (published / "releases").mkdir()
    assert message in said(capsys, *arguments, status=USAGE)


def test_a_tariff_for_others_and_an_empty_data_root_are_said(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    assert "Nothing is published yet" in said(capsys, "RBB", status=USAGE)
    shutil.copyfile(payment_draft(), home / "warehouse.duckdb")
    own = tmp_path / "own.csv"
    own.write_text(tariff_text([{**each, "providers": "RXX"} if each is TERMS else each for each in LINES]))
    assert "No tariff is for RBB. Those that there are (trial) name other providers or another pathway." in said(
        capsys, "RBB", "--tariff", str(own), status=USAGE
    )


def test_tariffs_of_an_earlier_version_are_said_with_what_they_lack(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    shutil.copyfile(payment_draft(), home / "warehouse.duckdb")
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute("ALTER TABLE ref.tariff DROP COLUMN pathway")
    assert "The tariffs of the release lack pathway: an earlier version" in said(capsys, "RBB", status=USAGE)
    assert "RBB, tariff example" in said(capsys, "RBB", "--tariff", "example", "--period", "2025-04")
