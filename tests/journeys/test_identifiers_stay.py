"""What identifies a person never leaves the identifiable zone, wherever it was typed.

An NHS number, a postcode, a date and a name are put into every element of every table, and whole columns stand under
the wrong heading. Everything outside the zone is then searched: rows, warehouse, release, reports, logs, output. A
control finds each of them inside.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.cli import _run
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import load
from pipelines.run import load_paths, publish_release
from pipelines.zones import Zones, zones
from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.field import Field, Identity
from schemas.staged import INVALID, staged_schema
from schemas.table import Table
from tests.campaign import is_whole
from tests.fixtures.example import example, write_records

# Nobody's: numbers of the 999 range, a postcode that does not exist, a day on which no other value falls.
CANARIES = (
    "9998887775", "999 888 7775", "ZE99 9ZZ", "ZE999ZZ", "M11AE", "1931-02-17", "17/02/1931", "Ada Quennell", "QUENNELL",
    "QUENN",
)  # fmt: skip
FOUND = re.compile("|".join(map(re.escape, CANARIES)))
# Whose row is whose, so that a record with a canary belongs to a person without one.
CHAIN = {
    "LocalPatientId": "P", "ServiceRequestId": "R", "CareContactId": "C", "CareActId": "A", "ServiceUseId": "U",
    "PauseID": "Z",
}  # fmt: skip


def nhs_number(place: int) -> str | None:
    """The NHS number of the 999 range with these six digits; none has the check digit 10."""
    stem = f"999{place:06d}"
    check = 11 - sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), stem, strict=True)) % 11
    return None if check == 10 else f"{stem}{check % 11}"


def may_hold(field: Field, canary: str) -> bool:
    """A date is what a date element declares, and a token is what an identifier leaves as."""
    return not ("-02-" in canary and field.dtype in (pl.Date(), pl.Datetime("us")))


def planted() -> Iterator[tuple[str, str, str]]:
    """Every table, element and canary that is put into it; the header has a test of its own."""
    for table in TABLES.values():
        for field in table.fields:
            for canary in CANARIES:
                if table.id != "IDS000" and may_hold(field, canary):
                    yield table.id, field.name, canary


def everywhere(root: Path) -> Path:
    """A submission with a person for every canary in every element: one record of that person holds it."""
    wanted = list(planted())
    folder = example(root)
    numbers = (number for place in range(10**6) if (number := nhs_number(place)))
    own = {table_id: [] for table_id in TABLES if table_id != "IDS000"}
    for place, (table_id, name, canary) in enumerate(wanted):
        base = {key: f"{letter}{place}" for key, letter in CHAIN.items()} | {"NHSNumber": next(numbers)}
        if table_id == "SMI901":
            base["CarePersLocalId"] = f"S{place}"
        for other in ("IDS001", "IDS101", "IDS201", "IDS202"):
            own[other].append(record(TABLES[other], base | ({name: canary} if other == table_id else {})))
        if table_id not in ("IDS001", "IDS101", "IDS201", "IDS202"):
            own[table_id].append(record(TABLES[table_id], base | {name: canary}))
    for table_id, records in own.items():
        write_records(folder, table_id, records, list(TABLES[table_id].by_name))
    return folder


def record(table: Table, values: dict[str, str]) -> dict[str, str | None]:
    """A copy of the example's first record, or the least that a table needs, with other values."""
    start = dict((example_records(table) or ({},))[0])
    return start | {name: value for name, value in values.items() if name in table.by_name}


def swapped(root: Path, table_id: str, one: str, other: str) -> Path:
    """The example with two headings of a table exchanged."""
    folder = example(root)
    file = folder / f"{TABLES[table_id].name}.csv"
    names, _, rows = file.read_text().partition("\n")
    heads = names.strip().split(",")
    heads = [{one: other, other: one}.get(head, head) for head in heads]
    file.write_text(",".join(heads) + "\n" + rows)
    return folder


def texts(found: Zones) -> Iterator[tuple[str, str]]:
    """Every file outside ``inbox`` and ``received``, and the names of all: as text, unpacked and decoded."""
    for path in sorted(found.home.rglob("*")):
        if path.is_relative_to(found.inbox) or path.is_relative_to(found.received):
            continue
        yield "the name of a file", path.name
        if not path.is_file():
            continue
        name = str(path.relative_to(found.home))
        if path.suffix == ".duckdb":
            yield from ((f"{name} {column}", text) for column, text in of_database(path))
        elif path.suffix == ".parquet":
            yield name, pl.read_parquet(path).write_csv()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{name} {inner}", read(archive.read(inner))) for inner in archive.namelist())
        else:
            yield name, read(path.read_bytes())


def of_database(path: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as con:
        columns = con.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() INNER JOIN duckdb_tables() "
            "USING (database_name, schema_name, table_name) WHERE data_type = 'VARCHAR'"
        ).fetchall()
        for schema, table, column in columns:
            suspects = con.execute(
                f'SELECT DISTINCT "{column}" FROM {schema}."{table}" WHERE regexp_matches("{column}", ?)',
                [FOUND.pattern],
            ).fetchall()
            yield from ((f"{schema}.{table}.{column}", text) for (text,) in suspects)


def read(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def leaks(found: Zones) -> dict[str, set[str]]:
    """Where outside the zone which canary was found."""
    hits: dict[str, set[str]] = {}
    for where, text in texts(found):
        if seen := set(FOUND.findall(text)):
            hits[where] = seen
    return hits


def kept_inside(found: Zones) -> set[str]:
    """The canaries found in the zone: the control."""
    return {
        canary
        for path in found.received.rglob("*.csv")
        for canary in FOUND.findall(path.read_text(encoding="utf-8"))
    }


def test_no_identifier_leaves_wherever_it_was_typed(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    folder = everywhere(tmp_path)
    assert load_paths([folder], found)["states"] == {"accepted with rejections": 1}
    (rows,) = [each for each in found.pseudonymised.iterdir() if not each.name.startswith(".")]
    withheld = {
        (path.stem, name)
        for path in rows.glob("*.parquet")
        for names in pl.read_parquet(path)[INVALID].drop_nulls()
        for name in names.split()
    }
    free = {
        (t.id, f.name) for t in TABLES.values() if t.id != "IDS000" for f in t.fields if lets_the_record_pass(t, f)
    }
    assert withheld == free  # nothing of a row that was rejected is written
    assert leaks(found) == {}
    assert kept_inside(found) == set(CANARIES)
    publish_release(found)
    assert leaks(found) == {}
    assert _run(["check", str(folder), "--report", str(home / "site_reports" / "own")]) == 4
    assert leaks(found) == {}
    assert FOUND.findall("".join(capfd.readouterr())) == []


def lets_the_record_pass(table: Table, field: Field) -> bool:
    """Whether a wrong value is a warning: of an element that is kept, and has codes, bounds or a form that warns."""
    may_be_wrong = field.codes or field.warn_if_wrong
    is_rejected = field.mandation == "M" and not field.warn_if_wrong
    return (
        field.identity is Identity.KEEP
        and bool(may_be_wrong)
        and not is_rejected
        and field.name in staged_schema(table)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("Postcode", "Gender"), ("NHSNumber", "NHSNumberStatus"), ("PersonBirthDate", "ExBAFIndicator")],
)
def test_columns_under_the_wrong_heading_do_not_leave(
    tmp_path: Path, home: Path, one: str, other: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    said = "LA1 4YW"  # the example in the rule's own words
    values = {text for each in example_records(TABLES["IDS001"]) if (text := each[one]) and text != said}
    folder = swapped(tmp_path, "IDS001", one, other)
    load(folder, found, open_ledger(found.ledger), spine_key())
    _run(["check", str(folder)])
    everything = [*(text for _, text in texts(found)), "".join(capfd.readouterr())]
    assert {value for value in values for text in everything if value in text} == set()
    inside = "".join(path.read_text() for path in found.received.rglob("*.csv"))
    assert {value for value in values if value in inside} == values


@pytest.mark.parametrize("field", TABLES["IDS000"].fields, ids=lambda field: field.name)
def test_an_identifier_in_the_header_does_not_leave(tmp_path: Path, home: Path, field: Field) -> None:
    found = zones(home)
    canaries = [each for each in CANARIES if may_hold(field, each)]
    place = TABLES["IDS000"].fields.index(field)
    # In a sample each element gets three of them, and all elements together get each.
    for canary in canaries if is_whole() else {canaries[(3 * place + step) % len(canaries)] for step in range(3)}:
        folder = example(tmp_path / canary.replace("/", "-"), ("IDS000", 0, {field.name: canary}))
        loaded = load(folder, found, open_ledger(found.ledger), spine_key())
        assert loaded.verdict.state is State.FILE_REJECTED or field.identity is Identity.DROP
    assert leaks(found) == {}


def test_names_of_files_and_columns_are_not_repeated(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    folder = tmp_path / "Ada Quennell 9998887775"
    example(tmp_path).rename(folder)
    (folder / "9998887775 ZE99 9ZZ.txt").write_text("QUENNELL")
    patients = folder / "IDS001MPI.csv"
    patients.write_text(re.sub("^.*\n", "P1,RW5,QE1,9998887775,01,1931-02-17,ZE99 9ZZ,2\n", patients.read_text()))
    assert load(folder, found, open_ledger(found.ledger), spine_key()).verdict.state is State.FILE_REJECTED
    assert _run(["check", str(folder)]) == 5
    assert leaks(found) == {}
    printed = "".join(capfd.readouterr())
    assert FOUND.findall(printed) == []
    assert "Column 4 (9999999999, 10 characters)" in printed
    assert "9999999999 AA99 9AA.txt (23 characters)" in printed


def test_the_search_finds_what_is_there(tmp_path: Path, home: Path) -> None:
    """The control of the control: in text, Parquet, a workbook and a database."""
    found = zones(home)
    (found.builds / "a.log").write_text("x 9998887775 y")
    pl.DataFrame({"a": ["QUENNELL"]}).write_parquet(found.pseudonymised / "b.parquet")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", "<v>ZE99 9ZZ</v>")
    (found.site_reports / "c.xlsx").write_bytes(packed.getvalue())
    with duckdb.connect(str(found.releases / "d.duckdb")) as con:
        con.execute("CREATE TABLE t AS SELECT 'M11AE' AS a")
    assert {canary for seen in leaks(found).values() for canary in seen} == {
        "9998887775",
        "QUENNELL",
        "ZE99 9ZZ",
        "M11AE",
    }
