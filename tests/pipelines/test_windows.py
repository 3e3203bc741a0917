"""A site's computer has Windows: what a check needs is there, and what is odd there does no harm.

The commands run in a Python that has what one on Windows has (``tests/fixtures/windows.py``).
"""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path, PureWindowsPath

import pytest

from pipelines.commands.app import as_meant
from pipelines.inbox import named_in, shown_name
from pipelines.members import members
from schemas.month import ProviderMonth
from schemas.shapes import file_shown
from tests.fixtures.submission import RIGHT, submission, write, zipped
from tests.fixtures.windows import environment

# One process for all commands: to start one, and the one that reads files, takes most of a second.
_RUN = """
import json, sys
from pipelines.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["parity", *arguments]
    try:
        main()
    except SystemExit as ended:
        print(f"\\n>>> {ended.code}", flush=True)
"""


def windows(folder: Path, *commands: list[str]) -> list[tuple[int, str]]:
    """Exit status and output of each command there, as bytes of its console read with its 256 characters."""
    command = [sys.executable, "-c", _RUN, json.dumps(commands)]
    ran = subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode("cp1252")
    parts = ran.stdout.decode("cp1252").split("\n>>> ")
    statuses = [int(part.split()[0]) for part in parts[1:]]
    said = [parts[0], *(part.partition("\n")[2] for part in parts[1:])]
    return list(zip(statuses, said, strict=False))


def dos(text: str) -> str:
    """The text with the line ends of Windows."""
    return text.replace("\n", "\r\n")


def test_a_site_on_windows_checks_what_its_programs_write(tmp_path: Path) -> None:
    place = tmp_path / "My Extracts – April (Łukasz)"
    right = submission(place, **{name: dos(text) for name, text in RIGHT.items()})
    # A short row and a row of commas: read record by record, from a file that Windows does not delete while it is open.
    rows = RIGHT["IDS101Referral"] + "R4,P3\n,,,,,,,,\n"
    ragged = write(place / "ragged", RIGHT | {"IDS101Referral": dos(rows)})
    deep = submission(place.joinpath(*["a folder with a long name " * 4] * 3))
    assert len(str(deep)) > 260
    latin = write(place / "Łódź é")
    (latin / "IDS001MPI.csv").write_bytes((RIGHT["IDS001MPI"] + "P4,RW5,QE1,,07,,,,,,é,\n").encode("cp1252"))
    report = str(place / "My reports")
    checked, as_json, watched, explained = windows(
        tmp_path,
        ["check", *(str(path) for path in (right, zipped(right), ragged, deep)), "--report", report + '"'],
        ["check", str(latin), "--json"],
        ["watch", str(place), "--once", "--every", "1"],
        ["explain", "IDS001-NHSNumber-BLANK"],
    )
    assert checked[0] == 4, checked
    outcomes = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["outcome"]
        for path in Path(report).glob("*/report.json")
    }
    again = dict.fromkeys(("RW5_2025-04", "RW5_2025-04 (2)", "RW5_2025-04 (3)"), "accepted")  # a report for each
    assert outcomes == again | {"ragged": "accepted with rejections"}
    assert as_json[0] == 5
    (said,) = json.loads(as_json[1])  # whatever the console has for letters
    assert said["outcome"] == "file rejected"
    assert watched[0] == 5
    assert {path.name for path in place.glob("*_report")} >= {"RW5_2025-04_report", "RW5_2025-04.zip_report"}
    assert explained[0] == 0
    assert not list(tmp_path.rglob("*.regular.csv"))


def test_a_link_is_refused_where_the_system_cannot_refuse_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, findings = submission(tmp_path), []
    file = folder / "IDS002GP.csv"
    file.rename(tmp_path / "elsewhere.csv")
    file.symlink_to(tmp_path / "elsewhere.csv")
    monkeypatch.delattr(os, "O_NOFOLLOW")
    with ExitStack() as files:
        for member in members(folder, findings, [], files):
            member.opened.close()
    assert [found["rule_id"][0] for found in findings] == ["GATE-FILE"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('My Extracts"', "My Extracts"),
        ("My Extracts", "My Extracts"),
        ('two"parts"', 'two"parts'),
        ('is so"', 'is so"'),
    ],
)
def test_the_last_quotation_mark_of_a_folder_is_none_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    """``parity check "C:\\My Extracts\\"`` hands over the quotation mark: a backslash before it makes it one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'is so"').mkdir()
    assert as_meant(Path(typed)) == Path(meant)


@pytest.mark.parametrize(
    ("path", "named", "shown"),
    [
        (r"C:\Extracts\RW5_2025-04", ProviderMonth.parse("RW5_2025-04"), "RW5_2025-04"),
        (r"\\server\share\out\RW5_2025-04.ZIP", ProviderMonth.parse("RW5_2025-04"), "RW5_2025-04.ZIP"),
        ("D:RW5_2025-04", ProviderMonth.parse("RW5_2025-04"), "RW5_2025-04"),
        (r"C:\Users\Jane Doe\Desktop\9990000018", None, "9999999999 (shape of 10 characters)"),
    ],
)
def test_paths_of_windows_say_whose_month_it_is_and_no_more(
    path: str, named: ProviderMonth | None, shown: str
) -> None:
    there = PureWindowsPath(path)
    assert named_in(there) == named
    assert shown_name(there) == shown
    assert "Jane" not in file_shown(there.name)
