"""What identifies a person never leaves the identifiable zone, wherever it was typed.

An NHS number, a postcode, a date and a name are put into every element of every table, and whole columns stand under
the wrong heading. Everything outside the zone is then searched: rows, warehouse, release, reports, logs, output. They
are searched for plain, as UTF-16, in hexadecimal, in base64 and as a binary number, and so is the key. A control finds
each of them inside.
"""

import base64
import contextlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import polars as pl
import polars.selectors as cs
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
from tests.fixtures.sought import found_in
from tests.fixtures.warehouse import one_of_each, some

# Nobody's: numbers of the 999 range, a postcode that does not exist, a day on which no other value falls.
CANARIES = (
    "9998887775", "999 888 7775", "ZE99 9ZZ", "ZE999ZZ", "M11AE", "1931-02-17", "17/02/1931", "Ada Quennell", "QUENNELL",
    "QUENN",
)  # fmt: skip
FOUND = re.compile("|".join(map(re.escape, CANARIES)))


def forms(content: bytes) -> set[bytes]:
    """How a value may stand in a file: as it is, in UTF-16, in hexadecimal, in base64, as a binary number.

    In base64 it depends on how many bytes stand before it; its first and last characters are shared with its
    neighbours and are left out.
    """
    plain = {content}
    with contextlib.suppress(UnicodeDecodeError):
        plain |= {content.decode().encode(wide) for wide in ("utf-16-le", "utf-16-be")}
    coded = {inner for each in plain for inner in (each.hex().encode(), each.hex().upper().encode())}
    for before in range(3):
        for each in plain:
            text = base64.b64encode(b"\0" * before + each)
            coded.add(text.rstrip(b"=")[4 if before else 0 : -1])
    # A file of Parquet describes itself in base64, where three or four characters stand by chance.
    coded = {each for each in coded if len(each) >= 5}
    if content.isdigit() and len(content) == 10:
        coded |= {int(content).to_bytes(8, order) for order in ("little", "big")}
    return plain | coded


SOUGHT = {form: canary for canary in CANARIES for form in forms(canary.encode())}
# What a query of a database looks for: its texts and numbers are compressed in the file.
IN_TEXT = "|".join(sorted({re.escape(form.decode()) for form in SOUGHT if form.isascii() and form.isalnum()} | {
    re.escape(canary) for canary in CANARIES
}))  # fmt: skip
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
            for canary in canaries_of(table, field):
                if table.id != "IDS000":
                    yield table.id, field.name, canary


def canaries_of(table: Table, field: Field) -> list[str]:
    """The canaries that are put into an element: in a sample three, and all elements of a table together get each."""
    canaries = [each for each in CANARIES if may_hold(field, each)]
    first = 3 * table.fields.index(field)
    return canaries if is_whole() else [canaries[(first + step) % len(canaries)] for step in range(3)]


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


def contents(found: Zones) -> Iterator[tuple[str, bytes]]:
    """Every file outside ``inbox`` and ``received``, and the names of all: as it is, unpacked and decoded."""
    for path in sorted(found.home.rglob("*")):
        if path.is_relative_to(found.inbox) or path.is_relative_to(found.received):
            continue
        yield "the name of a file", path.name.encode()
        if path.is_file():
            yield from opened(path, str(path.relative_to(found.home)))


def opened(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and what is compressed in it."""
    content = path.read_bytes()
    yield name, content
    if path.suffix == ".duckdb":
        yield from ((f"{name} {table}", row.encode()) for table, row in of_database(path))
    elif path.suffix == ".parquet":
        yield name, pl.read_parquet(path).with_columns(cs.binary().bin.encode("hex")).write_csv().encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from ((f"{name} {inner}", archive.read(inner)) for inner in archive.namelist())


def of_database(path: Path) -> Iterator[tuple[str, str]]:
    """Rows of any table that have something suspicious in a column of any type."""
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for schema, table in tables:
            suspects = con.execute(
                f'SELECT t::VARCHAR FROM {schema}."{table}" AS t WHERE regexp_matches(t::VARCHAR, ?)', [IN_TEXT]
            ).fetchall()
            yield from ((f"{schema}.{table}", row) for (row,) in suspects)


def read(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def leaks(found: Zones, sought: Mapping[bytes, str] = SOUGHT) -> dict[str, set[str]]:
    """Where outside the zone which canary was found."""
    hits: dict[str, set[str]] = {}
    for where, content in found_in(contents(found), sought):
        hits.setdefault(where, set()).update(canary for form, canary in sought.items() if form in content)
    return hits


def keys_of(folder: Path) -> dict[bytes, str]:
    """The secrets in the files of this test's keys, in every form."""
    secrets = {
        secret
        for path in folder.rglob("*")
        if path.is_file()
        for text in (path.read_bytes().strip(), *re.findall(rb"[0-9a-fA-F]{64}", path.read_bytes()))
        for secret in (text, *([bytes.fromhex(text.decode())] if re.fullmatch(rb"[0-9a-fA-F]{64}", text) else []))
        if len(secret) >= 32
    }
    assert secrets
    return {form: "the key" for secret in secrets for form in forms(secret)}


def kept_inside(found: Zones) -> set[str]:
    """The canaries found in the zone: the control."""
    return {
        canary
        for path in found.received.rglob("*.csv")
        for canary in FOUND.findall(path.read_text(encoding="utf-8"))
    }


def test_neither_an_identifier_nor_the_key_leaves_wherever_it_was_typed(
    tmp_path: Path, home: Path, own_key: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones(home)
    monkeypatch.setenv("PARITY_LOG", str(home / "events.jsonl"))
    # A measure of every grain and kind has every breakdown: all 350 take twice as long and show no other value.
    monkeypatch.setattr("warehouse.build.catalogue", lambda: some(*one_of_each(dates=is_whole())))
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
    assert "accepted with rejections" in (home / "events.jsonl").read_text()
    assert _run(["check", str(folder), "--report", str(home / "site_reports" / "own")]) == 4
    keys = keys_of(own_key.parent)
    assert leaks(found, SOUGHT | keys) == {}
    printed = "".join(capfd.readouterr()).encode()
    assert {name for form, name in (SOUGHT | keys).items() if form in printed} == set()


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
    everything = [*(read(content) for _, content in contents(found)), "".join(capfd.readouterr())]
    assert {value for value in values for text in everything if value in text} == set()
    inside = "".join(path.read_text() for path in found.received.rglob("*.csv"))
    assert {value for value in values if value in inside} == values


@pytest.mark.parametrize("field", TABLES["IDS000"].fields, ids=lambda field: field.name)
def test_an_identifier_in_the_header_does_not_leave(tmp_path: Path, home: Path, field: Field) -> None:
    found = zones(home)
    for canary in canaries_of(TABLES["IDS000"], field):
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
    patients.write_text(patients.read_text().replace("NHSNumber,", "9998887775,", 1))
    assert load(folder, found, open_ledger(found.ledger), spine_key()).verdict.state is State.FILE_REJECTED
    assert _run(["check", str(folder)]) == 5
    assert leaks(found) == {}
    printed = "".join(capfd.readouterr())
    assert FOUND.findall(printed) == []
    assert "Column 4 (9999999999, 10 characters)" in printed
    assert "9999999999 AA99 9AA.txt (shape of 23 characters)" in printed


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
    (found.builds / "1931-02-17.csv").write_text("")
    assert {canary for seen in leaks(found).values() for canary in seen} == {
        "9998887775",
        "QUENNELL",
        "QUENN",
        "ZE99 9ZZ",
        "M11AE",
        "1931-02-17",
    }


NUMBER = "9998887775"


@pytest.mark.parametrize(
    "content",
    [
        NUMBER.encode(), NUMBER.encode("utf-16"), NUMBER.encode("utf-16-be"), NUMBER.encode().hex().encode(),
        NUMBER.encode().hex().upper().encode(), *(base64.b64encode(b"x" * n + NUMBER.encode() + b"yz") for n in range(4)),
        base64.b64encode(NUMBER.encode("utf-16-le")), int(NUMBER).to_bytes(8, "little"), int(NUMBER).to_bytes(8, "big"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(home: Path, content: bytes) -> None:
    found = zones(home)
    (found.builds / "a.bin").write_bytes(b"\xff\x00" + content + b"\xff")
    assert leaks(found) == {"builds/a.bin": {NUMBER}}


def test_a_number_is_found_in_a_column_of_numbers(home: Path) -> None:
    found = zones(home)
    pl.DataFrame({"a": [1, int(NUMBER)]}).write_parquet(found.pseudonymised / "b.parquet")
    with duckdb.connect(str(found.builds / "d.duckdb")) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS one, unnest([1, 9998887775])::BIGINT AS a")
    assert {"pseudonymised/b.parquet", "builds/d.duckdb main.t"} <= set(leaks(found))


def test_the_key_is_found_where_it_should_not_be(home: Path, own_key: Path) -> None:
    spine_key()
    found = zones(home)
    assert leaks(found, keys_of(own_key.parent)) == {}
    (found.builds / "a.log").write_bytes(b"the key is " + own_key.read_bytes())
    assert set(leaks(found, keys_of(own_key.parent))) == {"builds/a.log"}
