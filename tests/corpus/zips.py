"""Zips with tricks: paths that lead out, entries that share bytes, lists that lie.

Belongs here: the archive as a format. Does not belong here: archives that are too much (``corpus.sizes``).
"""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.corpus import Case
from tests.fixtures.example import example

REFERRALS = "IDS101Referral.csv"
Add = Callable[[zipfile.ZipFile, Path], object]
Change = Callable[[bytes], bytes]


def zip_cases() -> Iterator[Case]:
    """A case per trick."""
    for name in _PATHS:
        yield Case(
            f"zip with a file called {name.encode('unicode_escape').decode()[:30]}",
            lambda root, name=name: _packed(root, lambda archive, _: archive.writestr(name, b"a\n1\n")),
        )
    for name, add in _ADDED:
        yield Case(f"zip {name}", lambda root, add=add: _packed(root, add))
    for name, change in _BYTES:
        yield Case(f"zip {name}", lambda root, change=change: _changed(root, change))


def _packed(root: Path, add: Add, method: int = zipfile.ZIP_DEFLATED, inner: str = "") -> Path:
    folder = example(root / "plain")
    path = root / "RW5_2026-04.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, inner + file.name)
        add(archive, folder)
    return path


def _changed(root: Path, change: Change) -> Path:
    path = _packed(root, lambda archive, _: None)
    path.write_bytes(change(path.read_bytes()))
    return path


# Paths of a member beside the tables.
_PATHS = (
    "/IDS006.csv", "../IDS006.csv", "../../../../tmp/IDS006.csv", "..\\IDS006.csv", "C:\\IDS006.csv", "C:/IDS006.csv", "./IDS006.csv",
    "a/b/c/IDS006.csv", "a/IDS006.csv", "//server/share/IDS006.csv", "IDS101.csv", "ids101referral.CSV", "x/IDS101Referral.csv",
    "a/" * 100 + "x.csv", "x" * 250 + ".csv", "a\nb.csv", "\u202evsc.x", "9990000018.csv", "Thumbs.db", "desktop.ini", ".DS_Store",
    "__MACOSX/._IDS101Referral.csv", "IDS006.csv/", "IDS006.csv/.",
)  # fmt: skip


def _entry(attributes: int, name: str = "IDS012.csv", content: bytes = b"/etc/passwd") -> Add:
    def add(archive: zipfile.ZipFile, _: Path) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = attributes << 16
        archive.writestr(info, content)

    return add


def _inside(content: Callable[[Path], bytes], name: str) -> Add:
    return lambda archive, folder: archive.writestr(name, content(folder))


def _zipped(folder: Path) -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        for file in sorted(folder.iterdir()):
            nested.write(file, file.name)
    return inner.getvalue()


def _same_bytes(archive: zipfile.ZipFile, _: Path) -> None:
    archive.filelist[1].header_offset = archive.filelist[0].header_offset


def _method(number: int) -> Add:
    def add(archive: zipfile.ZipFile, _: Path) -> None:
        archive.filelist[3].compress_type = number

    return add


def _zip64(archive: zipfile.ZipFile, _: Path) -> None:
    with archive.open(zipfile.ZipInfo("notes.csv"), "w", force_zip64=True) as file:
        file.write(b"a\n")


_ADDED: tuple[tuple[str, Add], ...] = (
    ("with a link as an entry", _entry(0o120777)),
    ("with a device as an entry", _entry(0o020666)),
    ("with a pipe as an entry", _entry(0o010666)),
    ("with a folder as an entry", _entry(0o040777)),
    ("with an ordinary entry", _entry(0o100600, "notes.csv", b"a\n")),
    ("whose entries share their bytes", _same_bytes),
    ("packed by a method nobody knows", _method(99)),
    ("packed by a method that is not its own", _method(zipfile.ZIP_BZIP2)),
    ("with a zip for a table", _inside(_zipped, "IDS012.csv")),
    ("with a zip named Parquet", _inside(_zipped, "IDS012.parquet")),
    ("with an entry in the long form", _zip64),
    ("with a long comment", lambda archive, _: setattr(archive, "comment", b"9990000018" * 6_000)),
    ("with a comment that is the end of a zip", lambda archive, _: setattr(archive, "comment", b"PK\x05\x06" + b"\0" * 18)),
    ("with an entry of no bytes", lambda archive, _: archive.writestr("IDS012.csv", b"")),
    ("with an entry without a name", lambda archive, _: archive.writestr("x", b"") or setattr(archive.filelist[-1], "filename", "")),
)  # fmt: skip


def _tar(_: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("IDS101Referral.csv"), io.BytesIO())
    return made.getvalue()


def _at_end(place: int, form: str, value: int) -> Change:
    """One number in the last 22 bytes, the end of the list of files, replaced."""

    def change(content: bytes) -> bytes:
        end = bytearray(content)
        struct.pack_into(form, end, len(end) - 22 + place, value)
        return bytes(end)

    return change


def _first_entry(place: int, form: str, value: int) -> Change:
    """One number in the first entry of the list of files replaced."""

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        struct.pack_into(form, changed, content.index(b"PK\x01\x02") + place, value)
        return bytes(changed)

    return change


_BYTES: tuple[tuple[str, Change], ...] = (
    ("of no bytes", lambda _: b""),
    ("of zeros", lambda content: b"\0" * len(content)),
    ("that is a tar", _tar),
    ("that is a text", lambda _: b"please find attached\n"),
    ("that is a workbook's name", lambda content: content[: len(content) // 2]),
    ("without its list of files", lambda content: content[: content.index(b"PK\x01\x02")]),
    ("with bytes before it", lambda content: b"#!/bin/sh\nexit\n" + content),
    ("with bytes after it", lambda content: content + b"\0" * 100),
    ("with a damaged byte", lambda content: content[:200] + bytes([content[200] ^ 0xFF]) + content[201:]),
    ("whose list says it is longer", _at_end(12, "<I", 1 << 30)),
    ("whose list says it is empty", _at_end(12, "<I", 0)),
    ("whose list lies beyond its end", _at_end(16, "<I", 1 << 31)),
    ("that says it has more disks", _at_end(4, "<H", 7)),
    ("that says it has 65,535 entries", _at_end(8, "<H", 65_535)),
    ("whose first entry says another checksum", _first_entry(16, "<I", 1)),
    ("whose first entry says it is smaller", _first_entry(24, "<I", 5)),
    ("whose first entry says it is larger", _first_entry(24, "<I", 1 << 30)),
    ("whose first entry says 4 GB", _first_entry(24, "<I", 0xFFFFFFFF)),
    ("whose first entry lies elsewhere", _first_entry(42, "<I", 1 << 20)),
    ("whose first entry is encrypted", _first_entry(8, "<H", 1)),
    ("whose first entry is encrypted strongly", _first_entry(8, "<H", 0x41)),
    ("of a later version", _first_entry(6, "<H", 99)),
)
