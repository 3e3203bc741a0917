"""Files of a release: they explain themselves, hold the rows of the release, and say nothing that may not leave."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.fixtures.small_release import NAME as RELEASE
from tests.fixtures.small_release import small_release
from tests.fixtures.warehouse import ask
from warehouse.columns import contract
from warehouse.disclosure.identifiers import identifiers
from warehouse.disclosure.parts import INSIDE, public_files, unknown_files
from warehouse.disclosure.screener import screen
from warehouse.export import EXPORTED

VALIDATORS = Path(sys.prefix) / "validators"


@pytest.fixture(scope="module")
def folder() -> Path:
    return small_release().folder


def parquets(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


def test_all_of_core_the_codes_groups_and_lineage_are_there_for_those_inside(folder: Path) -> None:
    tables = ask(
        folder / "parity.duckdb",
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('core', 'ref')",
    )
    inside = {path.name.removesuffix(".parquet") for path in (folder / INSIDE).glob("*.parquet")}
    assert inside == {name for (name,) in tables} | {"mart.breakdown_measure", "meta.lineage"}
    assert {path.name.removesuffix(".parquet") for path in folder.glob("*.parquet")} == set(EXPORTED)
    assert unknown_files(folder) == []
    assert not [path for path in public_files(folder) if INSIDE.rstrip("/") in path.parts]


def test_a_parquet_file_found_alone_says_what_it_is(folder: Path) -> None:
    said = {(f"{line.schema}.{line.table}", line.column): line for line in contract()}
    for path in parquets(folder):
        name = path.name.removesuffix(".parquet")
        schema = pq.read_schema(path)
        of_file = {key.decode(): value.decode() for key, value in schema.metadata.items()}
        assert of_file["description"] == said[name, ""].description
        assert of_file["release"] == RELEASE
        assert ("Open Government Licence" in of_file["licence"]) == name.startswith("public.")
        for field in schema:
            about = {key.decode(): value.decode() for key, value in field.metadata.items()}
            line = said[name, field.name]
            assert about["description"] == line.description, (name, field.name)
            assert about.get("unit", "") == line.unit
            assert ("key" in about) == line.is_key
        keys = dict(
            duckdb.execute("SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
        )  # and without Arrow
        assert keys.keys() >= {"title", "description", "licence", "release", "source", "columns"}
        assert list(json.loads(keys["columns"])) == schema.names


def test_a_parquet_file_has_the_rows_of_its_table_for_every_reader(folder: Path) -> None:
    with duckdb.connect(str(folder / "parity.duckdb"), read_only=True) as con:
        for path in parquets(folder):
            name = path.name.removesuffix(".parquet")
            where = " WHERE state <> 'not applicable'" if name == "mart.breakdown_measure" else ""
            table, file = f"(FROM {name}{where})", f"read_parquet('{path}')"
            (rows, read, differing) = con.execute(
                f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM {file}), "
                f"(SELECT count(*) FROM (FROM {table} EXCEPT ALL FROM {file}))"
            ).fetchone() or (0, 0, 0)
            assert (read, differing) == (rows, 0), name
            assert pq.read_metadata(path).num_rows == pl.read_parquet(path).height == rows, name


def test_the_descriptions_name_every_file_of_theirs_with_its_columns(folder: Path) -> None:
    named = set()
    for package in ("datapackage.json", "datapackage-inside.json"):
        described = json.loads((folder / package).read_text(encoding="utf-8"))
        is_public = package == "datapackage.json"
        assert described["licenses"][0]["name"] == ("OGL-UK-3.0" if is_public else "not-for-publication")
        for resource in described["resources"]:
            path = folder / resource["path"]
            named.add(path)
            assert path.stat().st_size == resource["bytes"]
            assert (path in public_files(folder)) == is_public
            names = [field["name"] for field in resource["schema"]["fields"]]
            assert all(field["description"] for field in resource["schema"]["fields"])
            if path.suffix == ".csv":
                with path.open(encoding="utf-8", newline="") as file:
                    assert next(csv.reader(file)) == names
            else:
                assert pq.read_schema(path).names == names
    tables = {path for path in folder.rglob("*") if path.suffix in (".csv", ".parquet")}
    assert named == {path for path in tables if "open_data" not in path.parts}
    for path in folder.glob("*.csv"):
        about = json.loads(Path(f"{path}-metadata.json").read_text(encoding="utf-8"))
        assert about["url"] == path.name


FRICTIONLESS = """
import json, sys, frictionless
for name in ("datapackage.json", "datapackage-inside.json"):
    about = json.load(open(name))
    for problem in frictionless.Package.metadata_validate(about):
        print(name, problem.message)
    about["resources"] = [each for each in about["resources"] if each["format"] == "csv"]
    report = frictionless.Package.from_descriptor(about, basepath=".").validate()
    for found in report.flatten(["name", "rowNumber", "fieldName", "type"]):
        print(*found)
    print(len(report.tasks), "tables")
"""
CSVW = """
import sys, csvw
rows = 0
for name in sys.argv[1:]:
    if not csvw.CSVW(name, validate=True).is_valid:
        print(name)
    rows += sum(1 for _ in csvw.CSVW(name).tables[0].iterdicts(strict=False))
print(rows, "rows")
"""


def validated(program: str, folder: Path) -> list[str]:
    """What a validator prints; the number of tables or rows it read comes last."""
    python = VALIDATORS / "bin" / "python"
    if not python.exists():
        pytest.skip("frictionless and csvw are not installed beside the environment (make installs them)")
    files = [f"{name}.csv-metadata.json" for name in EXPORTED]
    ran = subprocess.run(
        [str(python), "-W", "always", "-c", program, *files], cwd=folder, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def spoilt(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the release, with a text where a day must be."""
    copied = tmp_path_factory.mktemp("spoilt") / "release"
    shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("inside", "pages", "open_data", "*.duckdb"))
    path = copied / "public.national.csv"
    path.chmod(0o644)
    path.write_text(path.read_text(encoding="utf-8").replace("2025-04-01", "April", 1), encoding="utf-8")
    return copied


def test_frictionless_finds_nothing_wrong(folder: Path, spoilt: Path) -> None:
    public = sum(name.startswith("public.") for name in EXPORTED)
    counts = [f"{public} tables", f"{len(EXPORTED) - public} tables"]
    assert validated(FRICTIONLESS, folder) == counts
    found = validated(FRICTIONLESS, spoilt)
    assert "None 2 period_start type-error" in found
    assert [line for line in found if line.endswith("tables")] == counts


def test_csvw_finds_nothing_wrong(folder: Path, spoilt: Path) -> None:
    rows = json.loads((folder / "manifest.json").read_text())["rows"]
    with duckdb.connect(str(folder / "parity.duckdb"), read_only=True) as con:
        views = con.execute("SELECT count(*) FROM mart.service_comparison").fetchone()
    assert views is not None
    total = sum(rows.get(name, 0) for name in EXPORTED) + views[0]
    assert validated(CSVW, folder) == [f"{total} rows"]
    assert validated(CSVW, spoilt)[0] == "public.national.csv-metadata.json"


def test_what_a_file_says_of_itself_is_screened(folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "release"
    shutil.copytree(folder, copied)
    path = copied / "public.organisation.parquet"
    table = pq.read_table(path)
    field = table.schema.field(0).with_metadata({"description": "999 000 0018"})
    path.chmod(0o644)
    pq.write_table(table.cast(table.schema.set(0, field)), path)
    with duckdb.connect(str(folder / "parity.duckdb"), read_only=True) as con:
        assert [problem for problem in screen(folder, con) if "organisation.parquet" in problem] == []
        assert any(
            "organisation.parquet: its description has an NHS number" in each for each in screen(copied, con)
        )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RELEASE, []),
        ("parity-2025-04-7aaaaaaa", []),
        ("published-12345678", []),
        ("sha256:" + "01234567890a" * 5 + "0000", []),
        ("2025-04-17", ["a day"]),
        ("on 2025-04-17 a letter", ["a day"]),
        ("2025-04-17aaaaaa 2025-04-17", ["a day"]),
    ],
)
def test_a_release_and_a_hash_are_no_identifier(text: str, found: list[str]) -> None:
    assert list(identifiers(text)) == found
