"""What CONTRIBUTING promises of a change: so many places, and nothing else. Each is made in a copy and then walked.

The copy is a tree of its own, run by a Python of its own: what is found must be found by what lies there.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.keys import spine_key
from pipelines.load import load
from pipelines.publish import build_core, build_marts, publish
from pipelines.zones import PROJECT, zones
from tests.fixtures.list_ledger import ListLedger
from tests.fixtures.submission import submission

ROOMS = ("schemas", "transforms", "demonstration", "warehouse", "reports", "pipelines")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the rooms, to be changed. What Python compiled comes along: it is used only where its file is as old
    and as long as before.
    """
    copy = tmp_path / "tree"
    for room in ROOMS:
        shutil.copytree(PROJECT / room, copy / room)
    return copy


def run(tree: Path, code: str, *arguments: object) -> str:
    """What ``code`` prints when the copy runs it; its files are the only ones it can find."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=tree, env=os.environ | {"PYTHONPATH": str(tree), "PARITY_HOME": str(tree.parent / "var")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


LOAD = """
import sys
from pathlib import Path
from pipelines.keys import spine_key
from pipelines.ledger import Ledger, open_ledger
from pipelines.load import load
from pipelines.zones import zones
found = zones()
loaded = load(Path(sys.argv[1]), found, open_ledger(found.ledger), spine_key())
verdict = loaded.verdict
print(verdict.state, sorted(verdict.rules))
print(sorted(path.stem for path in found.pseudonymised.glob(f"{loaded.receipt.submission_id}*/*")))
print({table: counts["accepted"] for table, counts in verdict.counts.items()})
"""

CARER = '''
"""Carers: who looks after the patient. Belongs here: SMI701. Does not belong here: staff (``schemas.tables.staff``)."""

from schemas.field import Field, Identity
from schemas.table import Table
from schemas.tables.shared import LOCAL_PATIENT_ID, PATIENT

CARER = Table(
    "SMI701", "SMI701Carer", "Carer", "one row per carer of a patient",
    (
        LOCAL_PATIENT_ID,
        Field("CarerId", "max an20", "M", "The provider's identifier of the carer.", identity=Identity.LOCAL, title="CARER"),
        Field("CarerOffered", "an1", "R", "Whether family therapy was offered.", codes="yes_no", identity=Identity.KEEP, title="CARER OFFERED"),
    ),
    key=("CarerId",),
    parent=PATIENT,
)
TABLES = (CARER,)
'''


def test_a_table_is_one_module_and_its_example(tree: Path, tmp_path: Path, own_key: Path) -> None:
    (tree / "schemas" / "tables" / "carer.py").write_text(CARER, encoding="utf-8")
    example = "LocalPatientId,CarerId,CarerOffered\nP1,K1,Y\nP2,K2,\n"
    (tree / "schemas" / "example" / "SMI701Carer.csv").write_text(example, encoding="utf-8")
    # Checked, with rules of its own: an unknown code, a patient that is not there.
    sent = submission(tmp_path, SMI701Carer=f"{example}P3,K3,X\nP9,K4,N\n")
    said = run(tree, LOAD, sent)
    verdict, written, accepted = said.splitlines()
    assert verdict == "accepted with rejections ['SMI701-101', 'SMI701-CarerOffered-CODE']"
    assert "'SMI701'" in written and "'SMI701': 3" in accepted
    # Documented, with a template and a line in the data dictionary.
    code = "import sys; from reports.dataset.documents import documents\nfor n, b in documents().items(): print(n, b'SMI701Carer' in b)"
    documents = dict(line.rsplit(" ", 1) for line in run(tree, code).splitlines())
    assert documents["data-dictionary.md"] == "True"
    assert any("templates" in name and "SMI701Carer" in name for name in documents)


def test_a_page_is_one_module_and_its_template(tree: Path, tmp_path: Path) -> None:
    (tree / "reports" / "site" / "letter.py").write_text(
        '"""A letter."""\nfrom reports.site.page import template\n\n'
        "def write(folder, checked, verdict):\n"
        '    text = template("letter.txt").render(verdict=verdict)\n'
        '    (folder / "letter.txt").write_text(text, encoding="utf-8")\n',
        encoding="utf-8",
    )
    (tree / "reports" / "site" / "templates" / "letter.txt").write_text(
        "Dear {{ verdict.provider }}: {{ verdict.outcome }}.", encoding="utf-8"
    )
    code = "import sys; from pipelines.cli import main; sys.argv[0] = 'parity'; main()"
    run(tree, code, "check", submission(tmp_path), "--report", tmp_path / "out")
    (letter,) = (tmp_path / "out").rglob("letter.txt")
    assert letter.read_text(encoding="utf-8").startswith("Dear RW5: accepted")
    assert {path.name for path in letter.parent.iterdir()} == {
        "letter.txt", "report.html", "report.json", "findings.csv", "profile.json",
    }  # fmt: skip


NDJSON = '''
"""JSON lines at the gate."""
import polars as pl
from transforms.receive.table import ROW, Format, Received, as_declared, match_columns, places_of

def receive(path, table, seen, version, workspace):
    scan = pl.scan_ndjson(path)
    names = list(scan.collect_schema())
    mapping, findings, is_fatal = match_columns(names, table, version)
    rows_in = scan.select(pl.len()).collect().item()
    if is_fatal:
        return Received(table, None, rows_in, findings)
    text = scan.select(pl.nth(i).cast(pl.String).alias(str(i)) for i in range(len(names))).with_row_index(ROW, offset=2)
    return Received(table, as_declared(text, table, mapping, True), rows_in, findings, columns=places_of(mapping))

FORMAT = Format(".ndjson", False, receive)
'''


def test_a_file_format_is_one_module(tree: Path, tmp_path: Path, own_key: Path) -> None:
    (tree / "transforms" / "receive" / "ndjson_file.py").write_text(NDJSON, encoding="utf-8")
    as_csv = submission(tmp_path, month="2025-04")
    as_lines = tmp_path / "lines" / as_csv.name
    as_lines.mkdir(parents=True)
    for path in as_csv.iterdir():
        pl.read_csv(path, infer_schema=False).write_ndjson(as_lines / f"{path.stem}.ndjson")
    said = run(tree, LOAD, as_lines)
    assert said.startswith("accepted")
    assert said == run(tree, LOAD, as_csv)


def test_a_measure_with_a_breakdown_is_one_row(tree: Path, own_key: Path) -> None:
    path = tree / "warehouse" / "measures" / "1_talking_therapies.csv"
    with path.open(encoding="utf-8") as file:
        columns = csv.DictReader(file).fieldnames
    row = {
        "id": "REFERRED_BY_THE_TEST", "title": "Referrals", "meaning": "Referrals that the test counts.",
        "grain": "pathway", "date_column": "received_on", "kind": "count", "over_time": "flow",
        "numerator": "true", "unit": "referrals", "direction": "none", "breakdowns": "gender", "source": "this test", "confidence": "F",
    }  # fmt: skip
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, columns or (), restval="", lineterminator="\n").writerow(row)
    shutil.copytree(PROJECT / "tests", tree / "tests")
    code = """
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from tests.fixtures.warehouse import APRIL, Case, ask, build, tables_of, write_submission
root = Path(mkdtemp())
cases = [Case("a", [], pathway="05"), Case("b", [], pathway="05")]
# Breakdowns are for whole years.
months = [date(2025 + (n - 1) // 12, (n - 1) % 12 + 1, 1) for n in range(5, 16)]
current = [write_submission(root, "RXX", APRIL, tables_of(cases)), *(write_submission(root, "RXX", m, {}) for m in months)]
draft = build(root, current, measures=["REFERRED_BY_THE_TEST"])
where = "measure = 'REFERRED_BY_THE_TEST' AND organisation = 'ENG' AND period_type = 'month' AND pathway = 'all'"
print(ask(draft, f"SELECT sum(numerator)::INTEGER FROM mart.service_measure WHERE {where}"))
print(ask(draft, "SELECT DISTINCT measure, breakdown, breakdown_group FROM mart.breakdown_measure"))
print(ask(draft, "SELECT title FROM mart.measure WHERE grain <> 'record'"))
"""
    total, groups, titles = run(tree, code).splitlines()
    assert total == "[(2,)]"
    assert "('REFERRED_BY_THE_TEST', 'gender'," in groups
    assert titles == "[('Referrals',)]"


def test_the_ledgers_database_is_one_module(tmp_path: Path, home: Path, few_measures: None) -> None:
    naming = {path.name for path in (PROJECT / "pipelines").rglob("*.py") if "import sqlite3" in path.read_text()}
    assert naming == {"sqlite.py", "event_store.py"}  # the latter is of Dagster's events
    found, ledger = zones(), ListLedger()
    for _ in range(2):
        loaded = load(submission(tmp_path), found, ledger, spine_key())
    assert loaded.is_repeat and loaded.verdict.state.is_accepted
    build_core(found, ledger)
    build_marts(found)
    release = publish(found, ledger)
    assert not found.ledger.exists()
    with duckdb.connect(str(found.warehouse), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM core.pathway").fetchall() == [(3,)], release
