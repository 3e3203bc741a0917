"""A drop folder: what lies still is checked once, with its report beside it, and nothing bad in it ends the watching."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import watching
from pipelines.apart import check as check_apart
from pipelines.cli import _run
from pipelines.watching import Watch, lay_of, submissions
from tests.fixtures.submission import RIGHT, submission, write, zipped

WRONG = {"IDS001MPI": RIGHT["IDS001MPI"].replace("1980-06-15", "15/06/1980")}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "Drop folder"
    folder.mkdir()
    return folder


def ready(watch: Watch) -> list[str]:
    return [path.name for path in watch.look().ready]


def outcome(path: Path) -> str:
    return str(json.loads((path / "report.json").read_text(encoding="utf-8"))["outcome"])


def test_a_submission_is_ready_when_two_looks_find_the_same_and_is_checked_once(drop: Path) -> None:
    watch, folder = Watch(drop), submission(drop)
    assert watch.look() == ([], 1, True)
    assert ready(watch) == ["RW5_2025-04"]
    done = watch.check(folder)
    assert done is not None and done.report == drop / "RW5_2025-04_report"
    assert outcome(done.report) == "accepted"
    assert watch.look() == ([], 0, True)
    assert Watch(drop).look() == ([], 0, True)  # nor by the next process
    assert not [each.name for each in drop.iterdir() if each.name.startswith(".")]


def test_what_changes_is_checked_again_and_compared_with_the_report_before(drop: Path) -> None:
    watch, folder = Watch(drop), submission(drop, **WRONG)
    assert (watch.look().ready, ready(watch)) == ([], ["RW5_2025-04"])
    assert watch.check(folder) is not None
    before = {each.name for each in (drop / "RW5_2025-04_report").iterdir()}
    assert "findings.xlsx" in before
    write(folder)
    assert watch.look() == ([], 1, True)
    assert ready(watch) == ["RW5_2025-04"]
    done = watch.check(folder)
    assert done is not None and done.verdict["outcome"] == "accepted"
    assert [rule["rule_id"] for rule in done.verdict["resolved"]] == ["IDS001-PersonBirthDate-FORMAT"]
    assert {each.name for each in done.report.iterdir()} == before - {"findings.xlsx"}


def test_what_is_still_being_copied_is_left_alone(drop: Path) -> None:
    watch, folder = Watch(drop), submission(drop)
    watch.look()
    (folder / "IDS201CareContact.csv").write_text("CareContactId", encoding="utf-8")
    assert watch.look() == ([], 1, True)
    (folder / "IDS201CareContact.csv").rename(folder / "IDS201CareContact.csv.part")
    assert (watch.look(), watch.look()) == (([], 1, True), ([], 1, True))  # its name says so
    (folder / "IDS201CareContact.csv.part").unlink()
    (drop / "RXT_2025-04.zip.part").write_bytes(b"half")
    watch.look()
    assert ready(watch) == ["RW5_2025-04"]


def test_a_file_that_another_program_writes_cannot_be_opened_on_windows(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(drop)
    submission(drop)
    watch.look()

    def refused(self: Path, *_: object, **__: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refused)
        assert watch.look() == ([], 1, True)
    assert ready(watch) == ["RW5_2025-04"]


def test_a_verdict_on_files_that_changed_meanwhile_is_not_left(drop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, folder = Watch(drop), submission(drop, **WRONG)
    watch.look()
    assert ready(watch) == ["RW5_2025-04"]

    def while_it_is_read(path: Path, report: Path | None) -> dict[str, object]:
        found = check_apart(path, report)
        write(folder)
        return found

    monkeypatch.setattr(watching.apart, "check", while_it_is_read)
    assert watch.check(folder) is None
    assert [each.name for each in drop.iterdir()] == ["RW5_2025-04"]
    assert watch.look() == ([], 1, True)
    assert ready(watch) == ["RW5_2025-04"]


def test_bad_files_get_a_report_and_the_others_are_checked_all_the_same(
    drop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (drop / "Jane Doe.zip").write_bytes(b"PK no zip")
    (drop / "nothing in it").mkdir()
    write(drop / "RXT_2025-04", {"IDS000Header": "\0" * 50, "IDS001MPI": '"'})
    zipped(submission(drop))
    assert _run(["watch", str(drop), "--once", "--every", "1"]) == 5
    reports = {each.name for each in drop.iterdir() if each.name.endswith("_report")}
    assert reports == {"Jane Doe.zip_report", "RXT_2025-04_report", "RW5_2025-04_report", "RW5_2025-04.zip_report"}
    assert outcome(drop / "RW5_2025-04.zip_report") == "accepted"
    assert outcome(drop / "Jane Doe.zip_report") == "file rejected"
    printed = capsys.readouterr().out
    assert "Jane" not in printed
    assert "RW5_2025-04.zip (RW5 2025-04): accepted" in printed


def test_a_file_of_the_report_that_is_open_in_excel_gets_a_stand_in(
    drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows does not let a file be replaced that Excel shows."""
    watch, folder = Watch(drop), submission(drop, **WRONG)
    watch.look(), watch.look()
    assert watch.check(folder) is not None
    (folder / "IDS001MPI.csv").write_text(WRONG["IDS001MPI"] + "\n", encoding="utf-8")
    watch.look(), watch.look()
    replace = Path.replace

    def locked(self: Path, target: Path) -> Path:
        if target.name == "findings.xlsx":
            raise PermissionError
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", locked)
        done = watch.check(folder)
    assert done is not None and done.in_use == {"findings.xlsx": "findings (2).xlsx"}
    assert (done.report / "findings (2).xlsx").is_file()
    write(folder)
    watch.look(), watch.look()
    done = watch.check(folder)
    assert done is not None and not list(done.report.glob("*.xlsx"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read(drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    submission(drop)
    drop.chmod(0o500)
    assert _run(["watch", str(drop), "--once", "--every", "1"]) == 0
    assert "--report" in capsys.readouterr().out
    assert _run(["watch", str(drop), "--once", "--every", "1", "--report", str(tmp_path / "out")]) == 0
    drop.chmod(0o700)
    assert outcome(tmp_path / "out" / "RW5_2025-04_report") == "accepted"


def test_a_report_that_cannot_be_written_is_told_and_not_tried_for_ever(
    drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submission(drop)
    (tmp_path / "out").write_text("a file, where the folder should be", encoding="utf-8")
    assert _run(["watch", str(drop), "--once", "--every", "1", "--report", str(tmp_path / "out")]) == 0
    assert "the report cannot be written" in capsys.readouterr().out


def test_tables_that_lie_in_the_folder_itself_are_one_submission(drop: Path) -> None:
    write(drop)
    assert submissions(drop) == [drop]
    watch = Watch(drop)
    watch.look(), watch.look()
    done = watch.check(drop)
    assert done is not None and done.report == drop.with_name("Drop folder_report")


def test_a_folder_without_a_submission_and_one_that_is_gone(drop: Path) -> None:
    assert submissions(drop) == []
    (drop / "RW5_2025-04_report").mkdir()
    (drop / "desktop folder").mkdir()
    assert submissions(drop) == []
    watch = Watch(drop)
    submission(drop)
    watch.look()
    shutil.move(drop, drop.with_name("away"))
    assert watch.look() == ([], 0, False)
    shutil.move(drop.with_name("away"), drop)
    assert watch.look() == ([], 1, True)


@pytest.mark.parametrize("change", ["content", "name", "time", "inner"])
def test_how_a_submission_lies(drop: Path, change: str) -> None:
    folder = submission(drop)
    file = folder / "IDS001MPI.csv"
    before = lay_of(folder)
    assert before == lay_of(folder) != lay_of(zipped(folder))
    if change == "content":
        file.write_text("x", encoding="utf-8")
    elif change == "name":
        file.rename(folder / "IDS001.csv")
    elif change == "time":
        os.utime(file, ns=(0, 0))
    else:
        (folder / "inner").mkdir()
        assert lay_of(folder) == before  # a folder without a file
        (folder / "inner" / "IDS201.csv").write_text("x", encoding="utf-8")
    assert lay_of(folder) != before
    assert (lay_of(drop / "gone"), lay_of(drop.parent / "nothing")) == (None, None)


@pytest.fixture
def ctrl_c_counts() -> Iterator[None]:
    """Ctrl-C interrupts, also where a shell began the tests in the background: that ignores it, and a test would wait."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_counts")
def test_ctrl_c_ends_it_with_a_word_and_leaves_whole_reports(
    drop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submission(drop)
    report = drop / "RW5_2025-04_report" / "report.json"

    def stop() -> None:
        while not report.is_file():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    presses = threading.Thread(target=stop)
    presses.start()
    assert _run(["watch", str(drop), "--every", "1"]) == 0
    presses.join()
    said = capsys.readouterr().out.splitlines()
    assert (said[0][:9], said[-1][:8]) == ("Watching.", "Stopped.")
    assert outcome(report.parent) == "accepted"
    assert not [each.name for each in drop.iterdir() if each.name.startswith(".")]


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--every", "0"]])
def test_what_cannot_be_watched_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(["watch", *arguments]) == 2
    assert "parity: " in capsys.readouterr().err
