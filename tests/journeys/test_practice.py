"""Extracts as real systems and people write them (``../shared/practice``): nothing of them is lost or leaks unsaid.

For each case: ``check`` and ``load`` agree, no value that identifies is printed or leaves its zone, and the outcome is
what a good product would come to.
"""

import csv
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
import polars.selectors as cs
import pytest

from demonstration.writing import write_submissions
from pipelines.cli import _run
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import load
from pipelines.zones import Zones, zones
from tests.campaign import one_of_each

PRACTICE = Path(__file__).parents[3] / "shared" / "practice"
pytestmark = pytest.mark.skipif(
    not (PRACTICE / "write_cases.py").is_file(), reason="the practice cases are not here"
)

OK, WARNED, RECORDS, FILE = (
    State.ACCEPTED, State.ACCEPTED_WITH_WARNINGS, State.ACCEPTED_WITH_REJECTIONS, State.FILE_REJECTED,
)  # fmt: skip


class Right(NamedTuple):
    """Outcomes that are right, and how many rules may be named at most: one cause is one finding."""

    states: tuple[State, ...]
    rules: int = 2


NOTED, REFUSED = Right((OK, WARNED)), Right((FILE,), 1)
RIGHT = {
    "dates_uk": REFUSED, "dates_with_time": NOTED, "dates_dd_mon_yyyy": Right((OK, WARNED, RECORDS, FILE), 1),
    "leading_zeros_lost": Right((RECORDS, FILE), 1), "nhs_number_spaced": NOTED,
    "nhs_number_scientific": Right((RECORDS, FILE), 1), "rows_of_commas": NOTED, "blank_trailing_columns": NOTED,
    "semicolons": Right((OK, WARNED, FILE), 1), "tabs": Right((OK, WARNED, FILE), 1), "bom": Right((OK,), 0),
    "cp1252": REFUSED, "name_month_suffix": NOTED, "name_with_space": NOTED, "name_copy_1": NOTED, "name_txt": NOTED,
    "zip_one_folder": Right((OK,), 0), "zip_backslashes": NOTED, "zip_with_thumbs": NOTED,
    "folder_with_readme": Right((WARNED,), 1), "missing_null": NOTED, "missing_na": NOTED, "missing_dash": NOTED,
    "trailing_spaces": Right((OK,), 0), "zero_width_space": NOTED, "snomed_rounded": Right((RECORDS,), 2),
    "columns_snake_case": NOTED, "columns_reordered": Right((OK,), 0), "names_twice": Right((OK, WARNED, FILE), 1),
    "title_row": Right((FILE,), 1), "no_row_of_names": Right((FILE,), 1),
    "ssms_footer": Right((OK, WARNED, FILE), 2), "excel_text_formula": NOTED, "pandas_floats": NOTED,
    "no_contacts_no_scores": Right((WARNED,), 1), "only_names_of_contacts": Right((WARNED,), 1),
    "one_referral_in_ten": Right((OK, WARNED), 1), "quotes_swallow_patients": REFUSED,
    "quotes_swallow_employment": REFUSED, "headings_swapped_nhs_status": Right((RECORDS, FILE), 1),
    "headings_swapped_postcode_gender": Right((RECORDS, FILE), 1), "identifier_in_code_column": Right((WARNED,), 1),
    "xlsx": NOTED,
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases, made from one small clean submission."""
    folder = tmp_path_factory.mktemp("practice")
    write_submissions(folder / "clean", providers=1, months=1, start=date(2025, 4, 1), seed=1, size=1.0)
    (base,) = [path for path in (folder / "clean").iterdir() if path.is_dir()]
    made = [sys.executable, str(PRACTICE / "write_cases.py"), str(base), str(folder / "cases")]
    subprocess.run(made, check=True, capture_output=True)
    (folder / "base").symlink_to(base)
    return folder


def identifying(cases: Path) -> set[str]:
    """NHS numbers, days of birth and postcodes of everybody in the submission, also spaced and as dd/mm/yyyy."""
    with (cases / "base" / "IDS001MPI.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    numbers = {number for each in people if (number := each["NHSNumber"])}
    spaced = {f"{number[:3]} {number[3:6]} {number[6:]}" for number in numbers}
    days = {each["PersonBirthDate"] for each in people}
    # A postcode that stands in a message of ours as an example tells nothing.
    return numbers | spaced | days | {each["Postcode"] for each in people} - {"", "LA1 4YW"}


def outside(found: Zones) -> str:
    """All text outside the identifiable zone."""
    parts = []
    for zone in (found.pseudonymised, found.builds, found.dagster):
        for path in sorted(each for each in zone.rglob("*") if each.is_file()):
            parts.append(
                pl.read_parquet(path).with_columns(cs.binary().bin.encode("hex")).write_csv()
                if path.suffix == ".parquet"
                else path.read_bytes().decode("utf-8", "replace")
            )
    return "\n".join([*parts, found.ledger.read_bytes().decode("utf-8", "replace")])


def test_every_case_is_asked_for(cases: Path) -> None:
    with (PRACTICE / "expected.tsv").open(encoding="utf-8", newline="") as file:
        assert {row["case"] for row in csv.DictReader(file, delimiter="\t")} == set(RIGHT)


@pytest.mark.parametrize("name", one_of_each("extracts from practice", RIGHT, RIGHT.__getitem__))
def test_an_extract_from_practice(
    cases: Path, tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    found = zones(home)
    (path,) = (cases / "cases" / name).iterdir()
    _run(["check", str(path), "--json"])
    printed, errors = capfd.readouterr()
    (said,) = json.loads(printed)
    state, rules = State(said["outcome"]), len({rule["rule_id"] for rule in said["rules"]})
    assert load(path, found, open_ledger(found.ledger), spine_key()).verdict.state == state
    shown = identifying(cases)
    assert {value for value in shown if value in printed + errors} == set()
    text = outside(found)
    assert {value for value in shown if value in text} == set()
    assert state in RIGHT[name].states and rules <= RIGHT[name].rules, (state, rules)


@pytest.mark.parametrize("name", ["no_contacts_no_scores", "only_names_of_contacts", "one_referral_in_ten"])
def test_a_thin_extract_does_not_displace_a_full_one(cases: Path, home: Path, name: str) -> None:
    found, (thin,) = zones(home), (cases / "cases" / name).iterdir()
    ledger = open_ledger(found.ledger)
    full = load((cases / "base").resolve(), found, ledger, spine_key())
    held = load(thin, found, ledger, spine_key())
    assert held.state is State.HELD
    asked = {row["id"] for row in held.verdict.questions}
    assert asked & {"PAST-IDS101", "PAST-IDS201"}, asked
    assert [o.receipt.submission_id for o in ledger.current_submissions()] == [full.receipt.submission_id]
