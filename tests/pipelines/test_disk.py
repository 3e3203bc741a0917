"""A full, broken or read-only disk is said in words, with the folder and without any value."""

import errno
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines import show
from pipelines.batch import BatchTotals, Failed, load_all
from pipelines.cli import _explain, _run
from pipelines.commands.app import CLEAN, CRASHED
from pipelines.disk import Trouble, trouble
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.worker import StepFailed, Worker
from pipelines.zones import zones
from tests.fixtures.submission import submission
from tests.fixtures.tasks import raise_of_the_system


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(ready="tests.fixtures.tasks")
    yield made
    made.end()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "The disk is full: there is no room left in "),
        (errno.EDQUOT, "The quota of this account is used up"),
        (errno.EIO, "The disk has a fault"),
        (errno.EROFS, "is on a disk that can only be read"),
    ],
)
def test_what_is_wrong_with_the_disk_leaves_the_other_process_in_words(
    worker: Worker, home: Path, number: int, said: str
) -> None:
    file = zones().received / "Jane Doe" / "9990000042.csv"
    with pytest.raises(StepFailed) as failed:
        worker.run(raise_of_the_system, number, str(file))
    assert said in str(failed.value) and str(home / "received") in str(failed.value)
    assert not any(value in str(failed.value) for value in ("PATIENT", "Jane", "9990000042"))


def test_any_other_error_of_the_system_is_told_by_its_class(worker: Worker, home: Path) -> None:
    with pytest.raises(StepFailed, match="could not be processed: PermissionError"):
        worker.run(raise_of_the_system, errno.EACCES, "x")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (pl.exceptions.ComputeError("No space left on device (os error 28)"), "ENOSPC"),
        (pl.exceptions.ComputeError("cannot write (os error 5)"), "EIO"),
        (RuntimeError("IO Error: could not write: No space left on device"), "ENOSPC"),
        (sqlite3.OperationalError("database or disk is full"), "ENOSPC"),
        (pl.exceptions.ComputeError("could not parse 28"), None),
        (ValueError(""), None),
        (OSError("no number"), None),
    ],
)
def test_native_libraries_say_it_in_their_own_words(home: Path, error: Exception, name: str | None) -> None:
    found = trouble(error)
    assert (found.name if found else None) == name


def test_an_error_that_followed_from_a_full_disk_is_one(home: Path) -> None:
    error = KeyError("x")
    error.__context__ = OSError(errno.ENOSPC, "x", str(home / "somebody's file.csv"))
    error.__context__.__context__ = error  # a circle ends
    found = trouble(error)
    assert found == Trouble("ENOSPC", "")  # no name but that of a folder of ours
    assert found.said().startswith(f"The disk is full: there is no room left in {home}.")
    assert _explain(error) == CRASHED


def filled(filler: Path) -> None:
    """Write until the disk is full."""
    with filler.open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            pass


def test_a_load_on_a_disk_that_is_really_full_says_so(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,size=16384k", str(small_disk)], check=True)
    home = small_disk / "root"
    monkeypatch.setenv("PARITY_HOME", str(home))
    found = zones()
    ledger, paths = open_ledger(found.ledger), [submission(tmp_path / "in")]
    assert _run(["load", str(submission(tmp_path / "in", "RV5"))]) == CLEAN
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filled(filler)
    (failed,) = load_all(paths, found, ledger, spine_key())
    assert isinstance(failed, Failed)
    assert failed.disk is not None and f"The disk is full: there is no room left in {home}" in failed.disk
    totals = BatchTotals()
    totals.add(failed)
    capfd.readouterr()
    show.load_totals({"submissions": 1, **totals.as_counts()}, found)
    assert failed.disk in capfd.readouterr().out
    assert _run(["load", str(paths[0])]) == CRASHED
    out, err = capfd.readouterr()
    assert "The disk is full" in out + err
    filler.unlink()
    assert _run(["load", str(paths[0])]) == CLEAN
    states = {one.receipt.is_attempt: (one.state, one.was_sent_again) for one in ledger.outcomes()}
    assert states[False] == (State.ACCEPTED, False) and states.get(True, (State.FAILED, True)) == (
        State.FAILED,
        True,
    )
    shutil.rmtree(home)
