"""Extracts of our own beside those of ``../shared/practice``: what is said of each, and that nothing of it is lost.

For each case ``check`` and ``load`` agree, the first finding says what is wrong, no value that identifies is printed
or leaves its zone, and what counts has every value of the clean extract.
"""

import json
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from demonstration.writing import write_submissions
from pipelines.cli import _run
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, load
from pipelines.zones import Zones, zones
from tests.campaign import some_of
from tests.corpus.practice import CASES, Case
from tests.fixtures.extracts import CONTACTS, PATIENTS, Extract, read, write
from tests.journeys.test_practice import outside

_SAMPLE = 12


class Clean(NamedTuple):
    """The clean extract, the rows that count of it by table, and what identifies people in it."""

    tables: Extract
    rows: dict[str, pl.DataFrame]
    identifying: frozenset[str]
    key: Path


def loaded(path: Path, found: Zones) -> tuple[Loaded, dict[str, pl.DataFrame]]:
    """The outcome of a load, and the rows that count by table, without the place that each had in its file."""
    outcome = load(path, found, open_ledger(found.ledger), spine_key())
    rows = {}
    for file in found.pseudonymised.rglob("*.parquet"):
        of_table = pl.read_parquet(file)
        rows[file.stem] = of_table.drop(n for n in of_table.columns if n in ("row_number", "submission_id"))
    return outcome, rows


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    folder = tmp_path_factory.mktemp("own")
    write_submissions(folder / "clean", providers=1, months=1, start=date(2025, 4, 1), seed=1, size=1.0)
    (base,) = [path for path in (folder / "clean").iterdir() if path.is_dir()]
    tables = read(base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARITY_KEY_FILE", str(folder / "pseudonym.key"))
        _, rows = loaded(base, zones(folder / "var"))
    names, *people = tables[PATIENTS]
    shown = {row[names.index(name)] for row in people for name in ("NHSNumber", "PersonBirthDate", "Postcode")}
    # A postcode that stands in a message of ours as an example tells nothing.
    return Clean(tables, rows, frozenset(shown - {"", "LA1 4YW"}), folder / "pseudonym.key")


def test_no_case_is_there_twice_and_there_are_enough() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", some_of("extracts of our own", CASES, _SAMPLE), ids=lambda case: case.name)
def test_an_extract_of_our_own(
    clean: Clean, tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    case: Case,
) -> None:  # fmt: skip
    monkeypatch.setenv("PARITY_KEY_FILE", str(clean.key))
    path = case.make(clean.tables, tmp_path / "extract")
    _run(["check", str(path), "--json"])
    printed, errors = capfd.readouterr()
    (said,) = json.loads(printed)
    outcome, rows = loaded(path, zones(home))
    assert (State(said["outcome"]), outcome.verdict.state) == (case.state, case.state)
    rules = [rule["rule_id"] for rule in said["rules"]]
    assert [*rules, *sorted({note["rule_id"] for note in said["notes"]})] == list(case.rules)
    assert not case.says or case.says in said["rules"][0]["message"]
    told = printed + errors + outside(zones(home))
    assert {value for value in clean.identifying if value in told} == set()
    if case.lost is None:
        assert rows == {}
        return
    assert sum(map(len, clean.rows.values())) - sum(map(len, rows.values())) == case.lost
    if not case.lost:
        other = [table for table in clean.rows if not clean.rows[table].equals(rows[table])]
        assert sorted(other) == list(case.differs)


def test_an_export_that_stopped_after_a_table_does_not_displace_a_full_one(
    clean: Clean, home: Path, tmp_path: Path
) -> None:
    """The file alone does not say which tables should follow. Beside the full one it is asked about."""
    found = zones(home)
    ledger = open_ledger(found.ledger)
    full = load(write(clean.tables, tmp_path / "full" / "RW5_2025-04"), found, ledger, spine_key())
    cut = {table: rows for table, rows in clean.tables.items() if table.startswith("IDS") and table <= CONTACTS}
    held = load(write(cut, tmp_path / "cut" / "RW5_2025-04"), found, ledger, spine_key())
    assert held.state is State.HELD
    assert [each.receipt.submission_id for each in ledger.current_submissions()] == [full.receipt.submission_id]
