"""What a release has unchanged from the release before is one file with two names."""

import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.sharing import share

NAME = "public.national"


def parquet(path: Path, release: str, values: list[int], meaning: str = "people") -> None:
    field = pa.field("n", pa.int64(), metadata={"description": meaning})
    schema = pa.schema([field], metadata={"release": release, "title": NAME})
    pq.write_table(pa.table([values], schema=schema), path)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The release of April: a table as Parquet and CSV, codes, and a database."""
    folder = tmp_path / "2025-04-aaaaaaaa"
    (folder / "inside").mkdir(parents=True)
    parquet(folder / f"{NAME}.parquet", folder.name, [1, 2])
    (folder / f"{NAME}.csv").write_text("n\n1\n2\n")
    parquet(folder / "inside" / "ref.code.parquet", folder.name, [5])
    (folder / "parity.duckdb").write_text("one database")
    return folder


@pytest.fixture
def folder(before: Path) -> Path:
    """The release of May, written with the same content: its Parquet files name May."""
    folder = before.with_name("2025-05-bbbbbbbb")
    shutil.copytree(before, folder)
    parquet(folder / f"{NAME}.parquet", folder.name, [1, 2])
    parquet(folder / "inside" / "ref.code.parquet", folder.name, [5])
    return folder


def shared(folder: Path, before: Path) -> set[str]:
    share(folder, before)
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name for name, path in names.items() if (before / name).exists() and path.samefile(before / name)}


def test_the_same_content_is_one_file_and_a_database_never_is(folder: Path, before: Path) -> None:
    assert shared(folder, before) == {f"{NAME}.parquet", f"{NAME}.csv", "inside/ref.code.parquet"}
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in before.iterdir())
    assert shared(folder, before) == {f"{NAME}.parquet", f"{NAME}.csv", "inside/ref.code.parquet"}


def test_a_shared_table_names_the_first_release_that_had_its_rows(folder: Path, before: Path) -> None:
    share(folder, before)
    assert pq.read_schema(folder / f"{NAME}.parquet").metadata[b"release"] == before.name.encode()


def test_one_that_goes_takes_nothing_from_the_other(folder: Path, before: Path) -> None:
    share(folder, before)
    shutil.rmtree(before)
    assert (folder / f"{NAME}.csv").read_text() == "n\n1\n2\n"
    with duckdb.connect() as con:
        assert con.execute(f"FROM '{folder / NAME}.parquet'").fetchall() == [(1,), (2,)]


@pytest.mark.parametrize(
    ("values", "meaning"), [([1, 3], "people"), ([2, 1], "people"), ([1, 2, 2], "people"), ([1, 2], "courses")]
)
def test_other_rows_another_order_or_other_words_are_another_file(
    folder: Path, before: Path, values: list[int], meaning: str
) -> None:
    parquet(folder / f"{NAME}.parquet", folder.name, values, meaning)
    (folder / f"{NAME}.csv").write_text("n\n1\n3\n")
    assert shared(folder, before) == {"inside/ref.code.parquet"}
    assert pq.read_table(folder / f"{NAME}.parquet")["n"].to_pylist() == values


@pytest.mark.parametrize("damaged", [b"", b"PAR1", b"PAR1" + bytes(40)])
def test_a_file_that_was_damaged_in_the_release_before_is_not_taken_over(
    folder: Path, before: Path, damaged: bytes
) -> None:
    (before / f"{NAME}.parquet").write_bytes(damaged)
    (before / f"{NAME}.csv").write_bytes(damaged)
    assert shared(folder, before) == {"inside/ref.code.parquet"}


def test_rows_that_were_damaged_in_the_release_before_are_not_taken_over(folder: Path, before: Path) -> None:
    table = before / f"{NAME}.parquet"
    content = bytearray(table.read_bytes())
    content[len(b"PAR1") + 20] ^= 1
    table.write_bytes(content)
    assert shared(folder, before) == {f"{NAME}.csv", "inside/ref.code.parquet"}


def test_a_release_on_another_file_system_keeps_its_copy(folder: Path, before: Path, small_disk: Path) -> None:
    moved = Path(shutil.copytree(before, small_disk / before.name))
    assert shared(folder, moved) == set()
    assert (folder / f"{NAME}.csv").read_text() == "n\n1\n2\n"
    assert not list(folder.rglob(".*"))


def test_a_first_release_and_one_whose_predecessor_was_removed_share_nothing(folder: Path, before: Path) -> None:
    share(folder, None)
    assert shared(folder, before.with_name("2025-03-00000000")) == set()
