"""Names, paths and links that lead elsewhere, or say more than they should.

Belongs here: what a folder may hold besides its tables, and what its files and itself may be called. Does not belong
here: names inside a zip (``corpus.zips``), what is in the files.
"""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.corpus import Case
from tests.fixtures.example import example

REFERRALS, GP = "IDS101Referral.csv", "IDS002GP.csv"

# Names of a file beside the tables.
_BESIDE = (
    "notes", "README.md", "IDS101 Referral.csv", "IDS101Referral (1).csv", "Copy of IDS101Referral.csv",
    "IDS101Referral.csv.csv", "IDS101Referral.csv.bak", "IDS101Referral.txt", "IDS101Referral.xlsx", "IDS101Referral",
    "IDS101Referral.csv~", "IDS101Referral.CSV", "ids101.csv", "ids101referral.parquet", "IDS999.csv", "Thumbs.db", "~$x.xlsx",
    ".hidden.csv", ".DS_Store", "9990000018.csv", "Jane Doe 1980-06-15 LA1 4YW.csv", "-rf.csv", "CON.csv", "a\nb.csv",
    "a\tb.csv", "a\x1b[31mb.csv", "a\u202eb.csv", "a\u0301.csv", "\U0001f642.csv", "%s%n.csv", "{0}.csv", "$(id).csv", "`id`.csv",
    "'; DROP TABLE x; --.csv", "<script>.csv", "=1+1.csv", "?.csv", "[!a].csv", "**", "org=RV5", "x" * 255, "IDS101Referral.csv:x",
    "..csv", "...", "C:IDS101.csv",
)  # fmt: skip
# Names of the submission itself: the header is of RW5 and April 2026.
_OF_IT = (
    "rw5_2026-04", "RW5_2026-04_final", "RW5_2026-4", "RW5_2026-13", "RW5_2026-00", "RW5-2026-04", "RV5_2026-04",
    "RW5_2026-05", "RW5_0000-01", "9990000018", "Jane Doe", "*", "[R]W5_2026-04", "x" * 200, "RW５_2026-04", "=1+1",
)  # fmt: skip


def name_cases() -> Iterator[Case]:
    """A case per name and per link."""
    for name in _BESIDE:
        yield Case(
            f"name {name.encode('unicode_escape').decode()[:40]}", lambda root, name=name: _beside(root, name)
        )
    for name in _OF_IT:
        yield Case(
            f"submission called {name.encode('unicode_escape').decode()[:30]}",
            lambda root, name=name: example(root).rename(root / name),
        )
    for name, act in _LINKS:
        yield Case(f"link {name}", lambda root, act=act: _acted(root, act))


def _beside(root: Path, name: str) -> Path:
    folder = example(root)
    (folder / name).write_bytes(b"LocalPatientId\nJane Doe 9990000018\n")
    return folder


def _acted(root: Path, act: Callable[[Path], object]) -> Path:
    folder = example(root)
    act(folder)
    return folder


def _instead(target: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / GP).unlink()
        (folder / GP).symlink_to(target)

    return act


def _outside(folder: Path) -> None:
    (folder / GP).rename(folder.parent / "outside.csv")
    (folder / GP).symlink_to("../outside.csv")


def _hard(folder: Path) -> None:
    (folder / GP).rename(folder.parent / "outside.csv")
    os.link(folder.parent / "outside.csv", folder / GP)


def _socket(folder: Path) -> None:
    (folder / GP).unlink()
    here = Path.cwd()
    os.chdir(folder)  # a path of a socket may have 108 characters
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(GP)
    finally:
        os.chdir(here)


def _linked_folder(folder: Path) -> None:
    (folder.parent / "more").mkdir()
    (folder / "more").symlink_to(folder.parent / "more")


_LINKS: tuple[tuple[str, Callable[[Path], object]], ...] = (
    ("to a file outside", _outside),
    ("to a table beside it", _instead(REFERRALS)),
    ("to itself", _instead(GP)),
    ("to nothing", _instead("nothing.csv")),
    ("to a folder", _instead(".")),
    ("to the password file", _instead("/etc/passwd")),
    ("to endless zeros", _instead("/dev/zero")),
    ("to the memory of the process", _instead("/proc/self/environ")),
    ("that is hard, to a file outside", _hard),
    ("of a folder in it", _linked_folder),
    ("and a socket for a file", _socket),
    ("and a pipe beside the tables", lambda folder: os.mkfifo(folder / "notes.csv")),
    ("and an empty folder beside the tables", lambda folder: (folder / "empty").mkdir()),
    ("and a submission in the submission", lambda folder: example(folder)),
)
