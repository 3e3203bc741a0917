"""Files that are too much of something: rows, columns, bytes, files, and archives that swell.

Belongs here: what the limits of the door refuse (``schemas.limits``), just within them and beyond. Does not belong
here: archives with other tricks (``corpus.zips``).
"""

import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from schemas import limits
from tests.corpus import Case
from tests.fixtures.example import example
from tests.fixtures.footer import footer, parquet_of

REFERRALS, CONTACTS, HEADER, NOTES = "IDS101Referral", "IDS201CareContact", "IDS000Header", "notes.txt"
Act = Callable[[Path], object]


def size_cases() -> Iterator[Case]:
    """A case per limit: as much as is read, and more."""
    for name, act in _ACTS:
        yield Case(f"size {name}", lambda root, act=act: _acted(root, act))


def _acted(root: Path, act: Act) -> Path:
    folder = example(root)
    found = act(folder)
    return found if isinstance(found, Path) else folder


def _as_text(content: Callable[[bytes], bytes], table: str = REFERRALS) -> Act:
    def act(folder: Path) -> None:
        file = folder / f"{table}.csv"
        file.write_bytes(content(file.read_bytes().replace(b"\r\n", b"\n")))

    return act


def _sparse(size: int, name: str = f"{CONTACTS}.csv") -> Act:
    """A file that says it is large and takes no room."""

    def act(folder: Path) -> None:
        with (folder / name).open("ab") as file:
            file.truncate(size)

    return act


def _footer_only(content: Callable[[], bytes], size: int = 0) -> Act:
    """``content`` makes the footer: that of 250,000 row groups takes a second, and every worker imports this."""

    def act(folder: Path) -> None:
        (folder / f"{CONTACTS}.csv").unlink()
        parquet_of(folder, content(), size).rename(folder / f"{CONTACTS}.parquet")

    return act


def copies(count: int, longest: int = 4) -> Act:
    """One contact again and again, in Parquet: some bytes for all of them."""

    def act(folder: Path) -> None:
        rows = pl.read_csv(folder / f"{CONTACTS}.csv", infer_schema=False)
        (folder / f"{CONTACTS}.csv").unlink()
        first = rows.row(0, named=True) | {"CareContactId": "C" * longest}
        indices = pa.array([0] * count, type=pa.int32())
        columns = {
            name: pa.DictionaryArray.from_arrays(indices, pa.array([value or ""])) for name, value in first.items()
        }
        pq.write_table(pa.table(columns), folder / f"{CONTACTS}.parquet", compression="zstd", store_schema=False)

    return act


def _many_files(count: int) -> Act:
    return lambda folder: [(folder / f"{number}.csv").write_bytes(b"a\n") for number in range(count)]


def _zip_of(members: Callable[[zipfile.ZipFile, Path], object]) -> Act:
    def act(folder: Path) -> Path:
        path = folder.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
            members(archive, folder)
        return path

    return act


def _swelling(times: int, size: int) -> Act:
    """A member of one byte again and again, ``times`` members of ``size`` bytes."""
    return _zip_of(lambda archive, _: [archive.writestr(f"{n}.csv", b"0" * size) for n in range(times)])


def _long_list(folder: Path) -> Path:
    """A zip whose list of files has a hundred thousand entries of no bytes."""
    path = folder.with_suffix(".zip")
    entry = (
        b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    )
    entries = entry * 100_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65_535, 65_535, len(entries), 0, 0)
    path.write_bytes(entries + end)
    return path


def _row(length: int) -> Callable[[bytes], bytes]:
    """The first record with a value so long that its row has ``length`` bytes."""

    def changed(text: bytes) -> bytes:
        names, first, *rest = text.splitlines(keepends=True)
        return b"".join([names, b"R" * (length - len(first) + 1) + first, *rest])

    return changed


def _columns(count: int) -> Callable[[bytes], bytes]:
    def changed(text: bytes) -> bytes:
        more = count - text.split(b"\n")[0].count(b",") - 1
        names, *rows = text.splitlines()
        added = b"".join(b",c%d" % number for number in range(more))
        return b"\n".join([names + added, *(row + b"," * more for row in rows)]) + b"\n"

    return changed


_ACTS: tuple[tuple[str, Act], ...] = (
    ("a row just as long as is read", _as_text(_row(limits.ROW_BYTES))),
    ("a row one byte longer than is read", _as_text(_row(limits.ROW_BYTES + 1))),
    ("a row without an end", _as_text(lambda text: text + b"x" * 5_000_000)),
    ("a row of names without an end", _as_text(lambda text: b"x" * 5_000_000)),
    ("a long row in the header", _as_text(_row(limits.ROW_BYTES + 1), HEADER)),
    ("a long value in the last row", _as_text(lambda text: text + b"x" * 131_073 + b"\n")),
    ("a long value in quotation marks", _as_text(lambda text: text + b'"' + b"x" * 131_073 + b'"\n')),
    ("a long value over many lines", _as_text(lambda text: text + b'"' + b"xxxxxxxxx\n" * 20_000 + b'"\n')),
    ("commas without an end", _as_text(lambda text: text + b"," * 5_000_000)),
    ("quotation marks without an end", _as_text(lambda text: text + b'"' * 3_000_000)),
    ("quotation marks on lines of their own", _as_text(lambda text: text + b'"\n' * 500_000)),
    ("as many columns as are looked at", _as_text(_columns(limits.COLUMNS))),
    ("one column more than is looked at", _as_text(_columns(limits.COLUMNS + 1))),
    ("10,000 columns", _as_text(_columns(10_000))),
    ("100,000 columns", _as_text(_columns(100_000))),
    ("a million columns", _as_text(lambda text: b"," * 1_000_000 + b"\n")),
    ("30 million blank lines", _as_text(lambda text: text + b"\n" * 30_000_000)),
    ("a million blank lines", _as_text(lambda text: text + b"\n" * 1_000_000)),
    ("200,000 lines with a comma", _as_text(lambda text: text + b",\n" * 200_000)),
    ("lines of commas as in a spreadsheet", _as_text(lambda text: text + (b"," * 14 + b"\n") * 5_000)),
    ("returns alone without an end", _as_text(lambda text: text.replace(b"\n", b"\r") + b"\r" * 1_000_000)),
    ("a table larger than is read", _sparse(limits.FILE_BYTES + 1)),
    ("a required table larger than is read", _sparse(limits.FILE_BYTES + 1, f"{REFERRALS}.csv")),
    ("the header larger than is read", _sparse(limits.FILE_BYTES + 1, f"{HEADER}.csv")),
    ("another file larger than is read", _sparse(limits.FILE_BYTES + 1, NOTES)),
    ("tables that are together larger than is read", lambda folder: [
        _sparse(limits.FILE_BYTES, name)(folder) for name in (f"{CONTACTS}.csv", f"{REFERRALS}.csv", NOTES)]),
    ("a file of zeros", _sparse(20_000_000)),
    ("as many files as are read", _many_files(limits.FILES - 25)),
    ("200 files", _many_files(200)),
    ("Parquet that says 26 million rows", _footer_only(partial(footer, limits.ROWS + 1, 2))),
    ("Parquet that says 9 quintillion rows", _footer_only(partial(footer, 2**63 - 1, 2, [2**63 - 1]))),
    ("Parquet that says 100,000 columns", _footer_only(partial(footer, 5, 100_000))),
    ("Parquet that says one large row group", _footer_only(partial(footer, 3_000_000, 2, [3_000_000]), 4_000_000)),
    ("Parquet of 250,000 row groups", _footer_only(partial(footer, 250_000, 2, [1] * 250_000))),
    ("Parquet of empty row groups", _footer_only(partial(footer, 5, 2, [5] + [0] * 10_000))),
    ("Parquet of 12 million copies", _footer_only(partial(footer, 12_000_000, 2), 543_000)),
    ("Parquet of 1,200,000 copies of a record", copies(1_200_000)),
    ("Parquet of 20,000 copies of a record", copies(20_000)),
    ("Parquet with a value too long", copies(1, limits.ROW_BYTES + 1)),
    ("Parquet with a value as long as is read", copies(1, limits.ROW_BYTES)),
    ("Parquet with copies of a long value", copies(10_000, 1_000_000)),
    ("a zip that swells 1,000 times", _swelling(1, 100_000_000)),
    ("a zip that swells in many members", _swelling(30, 3_000_000)),
    ("a zip that swells a little", _swelling(1, 1_000_000)),
    ("a zip of 200 files", _zip_of(lambda archive, _: [archive.writestr(f"{n}.csv", b"a\n") for n in range(200)])),
    ("a zip with a list of 100,000 files", _long_list),
)  # fmt: skip
