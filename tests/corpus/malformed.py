"""Everything that can be wrong with files, lines and bytes, in the example submission.

Belongs here: the malformed inputs, written byte by byte. Does not belong here: wrong values (``corpus.by_rule``).
Sources: what readers of CSV are known to do with each of them (docs/decisions/0002).
"""

import io
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from tests.corpus import Case
from tests.fixtures.example import example

REFERRALS, PATIENTS, HEADER = "IDS101Referral.csv", "IDS001MPI.csv", "IDS000Header.csv"
CONTACTS, DISABILITIES = "IDS201CareContact.csv", "IDS007DisabilityType.csv"


def malformed_cases() -> Iterator[Case]:
    """A case per thing that can be wrong."""
    for name, file, change in _BYTES:
        yield Case(f"bytes {name}", lambda root, file=file, change=change: _changed(root, file, change))
    for name, act in _FOLDERS:
        yield Case(f"folder {name}", lambda root, act=act: _acted(root, act))
    for name, pack in _ZIPS:
        yield Case(f"zip {name}", lambda root, pack=pack: _packed(root, pack))
    for name, header in _HEADERS:
        yield Case(f"header {name}", lambda root, header=header: example(root, ("IDS000", 0, header)))
    for name, path, file in _PARQUET:
        yield Case(f"parquet {name}", lambda root, path=path, file=file: _parquet(root, path, file))


def _lines(text: bytes) -> list[bytes]:
    return text.splitlines(keepends=True)


def _nth(number: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change one line of the file; 0 is the row of names."""

    def changed(text: bytes) -> bytes:
        lines = _lines(text)
        lines[number] = change(lines[number])
        return b"".join(lines)

    return changed


def _end(line: bytes) -> bytes:
    return line.rstrip(b"\r\n")


_BYTES: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("nothing in the file", REFERRALS, lambda _: b""),
    ("only a byte order mark", REFERRALS, lambda _: b"\xef\xbb\xbf"),
    ("only white space", REFERRALS, lambda _: b"  \n \n"),
    ("names and no records", REFERRALS, lambda text: _lines(text)[0]),
    ("a byte order mark", REFERRALS, lambda text: b"\xef\xbb\xbf" + text),
    ("UTF-16", REFERRALS, lambda text: text.decode().encode("utf-16")),
    ("UTF-16 without a mark", REFERRALS, lambda text: text.decode().encode("utf-16-le")),
    ("Latin-1", REFERRALS, _nth(1, lambda line: _end(line) + b"\xe9\n")),
    ("Windows-1252 quotation marks", REFERRALS, _nth(1, lambda line: b"\x93" + line)),
    ("a byte of UTF-8 cut off at the end", REFERRALS, lambda text: text.rstrip() + "é".encode()[:1]),
    ("NUL inside a value", PATIENTS, _nth(1, lambda line: line[:3] + b"\x00" + line[3:])),
    ("a control character inside a value", PATIENTS, _nth(1, lambda line: line[:3] + b"\x07" + line[3:])),
    ("Windows line ends", REFERRALS, lambda text: text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    ("old Mac line ends", REFERRALS, lambda text: text.replace(b"\r\n", b"\n").replace(b"\n", b"\r")),
    ("mixed line ends", REFERRALS, _nth(1, lambda line: _end(line) + b"\r\n")),
    ("no line end at the end", REFERRALS, lambda text: text.rstrip(b"\r\n")),
    ("blank lines between records", REFERRALS, _nth(1, lambda line: b"\n" + line + b"\n")),
    ("a short row", REFERRALS, _nth(1, lambda line: line[: line.index(b",")] + b"\n")),
    ("a long row", REFERRALS, _nth(1, lambda line: _end(line) + b",x\n")),
    ("a short and a long row that add up", REFERRALS,
     lambda text: _nth(2, lambda line: _end(line) + b",x\n")(_nth(1, lambda line: _end(line).rsplit(b",", 1)[0] + b"\n")(text))),
    ("cut off in the middle of a row", CONTACTS, lambda text: text[: len(text) - 40]),
    ("an unclosed quotation mark", CONTACTS, _nth(2, lambda line: b'"' + line)),
    ("an unclosed quotation mark in the last row", CONTACTS, _nth(-1, lambda line: b'"' + line)),
    ("an unclosed quotation mark in the row of names", CONTACTS, _nth(0, lambda line: b'"' + line)),
    ("text after a closing quotation mark", REFERRALS, _nth(1, lambda line: b'"R"x' + line)),
    ("a quotation mark inside plain text", REFERRALS, _nth(1, lambda line: b'R"' + line)),
    ("a comma in quotation marks", REFERRALS, _nth(1, lambda line: b'"R,1"' + line[line.index(b",") :])),
    ("a line end in quotation marks", REFERRALS, _nth(1, lambda line: b'"R\n1"' + line[line.index(b",") :])),
    ("every value in quotation marks", DISABILITIES,
     lambda text: b"\n".join(b",".join(b'"' + v + b'"' for v in line.split(b",")) for line in text.split()) + b"\n"),
    ("semicolons for commas", REFERRALS, lambda text: text.replace(b",", b";")),
    ("tabs for commas", REFERRALS, lambda text: text.replace(b",", b"\t")),
    ("two headers", HEADER, lambda text: text + _lines(text)[1]),
    ("no header record", HEADER, lambda text: _lines(text)[0]),
    ("a title above the names", REFERRALS, lambda text: b"Referrals of April\n" + text),
    ("no row of names", REFERRALS, lambda text: b"".join(_lines(text)[1:])),
    ("the row of names twice", REFERRALS, lambda text: _lines(text)[0] + text),
    ("a column twice", REFERRALS, _nth(0, lambda line: line.replace(b"OnsetDate", b"EndCode"))),
    ("a column nobody knows", REFERRALS, _nth(0, lambda line: line.replace(b"OnsetDate", b"Surname"))),
    ("a column without a name", REFERRALS, _nth(0, lambda line: line.replace(b"OnsetDate", b""))),
    ("a name that is a pattern", REFERRALS, _nth(0, lambda line: line.replace(b"OnsetDate", b"^.*$"))),
    ("column names in small letters", REFERRALS, _nth(0, lambda line: line.lower())),
    ("values padded with spaces", DISABILITIES, lambda text: text.replace(b"\n", b"   \n").replace(b",", b" , ")),
    ("a page that asks to log in", REFERRALS, lambda _: b"<html><body>Please log in</body></html>\n"),
    ("a value of 20 million characters", REFERRALS, _nth(1, lambda line: b"R" * 20_000_000 + line)),
    ("a formula for a value", REFERRALS, _nth(1, lambda line: line.replace(b",", b",=1+1,", 1).replace(b",", b"\x00", 1)
     .replace(b",", b"", 1).replace(b"\x00", b","))),
    ("a date as Excel writes it", CONTACTS, lambda text: text.replace(b"2026-04-", b"04/04/26 ", 1)),
    ("an NHS number as Excel writes it", PATIENTS, _nth(1, lambda line: re.sub(rb"999[0-9]{7}", b"9.99E+09", line))),
    ("digits of another script", CONTACTS, lambda text: text.replace(b"2026-04-", "٢٠٢٦-04-".encode(), 1)),
)  # fmt: skip


def _changed(root: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    folder = example(root)
    file = folder / name
    file.write_bytes(change(file.read_bytes().replace(b"\r\n", b"\n")))
    return folder


def _without(*names: str) -> Callable[[Path], None]:
    return lambda folder: [(folder / name).unlink() for name in names] and None


def _with(name: str, text: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(text) and None


def _link(folder: Path) -> None:
    (folder / REFERRALS).rename(folder.parent / "elsewhere.csv")
    (folder / REFERRALS).symlink_to(folder.parent / "elsewhere.csv")


def _pipe(folder: Path) -> None:
    (folder / REFERRALS).unlink()
    os.mkfifo(folder / REFERRALS)


def _folder_for_a_file(folder: Path) -> None:
    (folder / REFERRALS).unlink()
    (folder / REFERRALS).mkdir()


def _empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def _only_bad_patients(folder: Path) -> None:
    for file in folder.iterdir():
        if file.name not in (HEADER, PATIENTS, REFERRALS):
            file.unlink()
    for name in (PATIENTS, REFERRALS):
        names, first, *_ = (folder / name).read_text(encoding="utf-8").splitlines()
        (folder / name).write_text(f"{names}\n{',' * first.count(',')}\n", encoding="utf-8")


def _copied(new: str) -> Callable[[Path], None]:
    return lambda folder: (folder / new).write_bytes((folder / REFERRALS).read_bytes()) and None


_FOLDERS: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("without a file", _empty),
    ("without the header", _without(HEADER)),
    ("without patients", _without(PATIENTS)),
    ("without referrals", _without(REFERRALS)),
    ("without contacts, but with activities", _without(CONTACTS)),
    ("with a table nobody knows", _with("IDS999Other.csv", b"a,b\n1,2\n")),
    ("with a letter of somebody's", _with("to do.docx", b"PK\x03\x04")),
    ("with a table twice", _copied("IDS101.csv")),
    ("with a name that is a pattern", _copied("*.csv")),
    ("with a name that is a glob of another site", _copied("[S]ITE.csv")),
    ("with a compressed file", _copied("IDS101Referral.csv.gz")),
    ("without a record that can stand", _only_bad_patients),
    ("with a link for a file", _link),
    ("with a pipe for a file", _pipe),
    ("with a folder for a file", _folder_for_a_file),
)


def _acted(root: Path, act: Callable[[Path], None]) -> Path:
    folder = example(root)
    act(folder)
    return folder


def _add_all(archive: zipfile.ZipFile, folder: Path, inner: str = "") -> None:
    for file in sorted(folder.iterdir()):
        archive.write(file, inner + file.name)


def _in_a_folder(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder, "april/")


def _above(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder, "../")


def _twice(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder)
    with warnings.catch_warnings(action="ignore"):  # zipfile itself says that the name is there already
        archive.write(folder / REFERRALS, REFERRALS)


def _as_link(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder)
    link = zipfile.ZipInfo("IDS105OnwardReferral.csv.lnk")
    link.external_attr = 0o120777 << 16
    archive.writestr(link, "/etc/passwd")


def _bomb(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder)
    archive.writestr("IDS999.csv", b"0" * 300_000_000)


def _inside(archive: zipfile.ZipFile, folder: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        _add_all(nested, folder)
    archive.writestr("RW5_2026-04.zip", inner.getvalue())


def _secret(archive: zipfile.ZipFile, folder: Path) -> None:
    _add_all(archive, folder)
    for info in archive.filelist:
        info.flag_bits |= 1


_ZIPS: tuple[tuple[str, Callable[[zipfile.ZipFile, Path], None] | None], ...] = (
    ("plain", _add_all),
    ("with its files in a folder", _in_a_folder),
    ("with paths that lead out of it", _above),
    ("with a table twice", _twice),
    ("with a link", _as_link),
    ("that swells", _bomb),
    ("in a zip", _inside),
    ("that needs a password", _secret),
    ("without files", lambda archive, folder: None),
    ("cut off", None),
)


def _packed(root: Path, pack: Callable[[zipfile.ZipFile, Path], None] | None) -> Path:
    folder = example(root / "plain")
    path = root / "RW5_2026-04.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        (pack or _add_all)(archive, folder)
    if pack is None:
        path.write_bytes(path.read_bytes()[:-200])
    return path


_HEADERS: tuple[tuple[str, dict[str, str | None]], ...] = (
    ("of another provider", {"OrgIDProv": "RV5"}),
    ("of another month", {"ReportingPeriodStartDate": "2026-03-01", "ReportingPeriodEndDate": "2026-03-31"}),
    ("of half a month", {"ReportingPeriodEndDate": "2026-04-15"}),
    ("of two months", {"ReportingPeriodEndDate": "2026-05-31"}),
    ("of a version nobody knows", {"DatSetVer": "9.9"}),
    ("of an earlier version", {"DatSetVer": "2.1"}),
    ("without a period", {"ReportingPeriodStartDate": None, "ReportingPeriodEndDate": None}),
    ("with a path for a provider", {"OrgIDProv": "../.."}),
)


def _parquet(root: Path, change: Callable[[pl.DataFrame], pl.DataFrame] | bytes, name: str) -> Path:
    folder = example(root)
    rows = pl.read_csv(folder / name, infer_schema=False)
    (folder / name).unlink()
    path = folder / name.replace(".csv", ".parquet")
    if isinstance(change, bytes):
        path.write_bytes(change)
    else:
        change(rows).write_parquet(path)
    return folder


_PARQUET: tuple[tuple[str, Callable[[pl.DataFrame], pl.DataFrame] | bytes, str], ...] = (
    ("as text", lambda rows: rows, CONTACTS),
    ("with dates and numbers", lambda rows: rows.with_columns(
        pl.col("CareContDate").str.to_date("%Y-%m-%d"), pl.col("ClinContDurOfCareCont").cast(pl.Int64)), CONTACTS),
    ("with a column nobody knows", lambda rows: rows.with_columns(pl.lit("x").alias("Surname")), CONTACTS),
    ("that is none", b"PAR1 and no more", CONTACTS),
    ("that is CSV", b"CareContactId,ServiceRequestId\nC1,R1\n", CONTACTS),
)  # fmt: skip
