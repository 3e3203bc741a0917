"""Questions about numbers, from the load to the board, and answers from a file or the centre to the page."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from demonstration.writing import write_submissions
from pipelines.answers_file import answer, read, write
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, load
from pipelines.names import ANSWERS
from pipelines.reasons import kept
from pipelines.zones import Zones, zones
from schemas.errors import NotAsked
from transforms.plausible.questions import is_question
from transforms.pseudonymise import TokenKey

EMPTY = ("IDS201CareContact", "IDS202CareActivity", "IDS607CodedScoreAssessmentAct")
ASKED = "PAST-IDS201"


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months of a service, the last two with three tables that are empty."""
    folder = tmp_path_factory.mktemp("extracts")
    write_submissions(folder, providers=1, months=3, start=date(2025, 4, 1), seed=1, size=1.0)
    for path in sorted(each for each in folder.iterdir() if each.is_dir())[1:]:
        for name in EMPTY:
            names, *_ = (path / f"{name}.csv").read_text(encoding="utf-8").splitlines()
            (path / f"{name}.csv").write_text(names + "\n", encoding="utf-8")
    return folder


def months_of(extracts: Path) -> list[Path]:
    return sorted(each for each in extracts.iterdir() if each.is_dir())


class Centre(NamedTuple):
    """A data root, its key, and what was loaded into it."""

    zones: Zones
    key: TokenKey
    loaded: list[Loaded]

    def load(self, path: Path) -> Loaded:
        return load(path, self.zones, open_ledger(self.zones.ledger), self.key)


def report_of(done: Loaded, found: Zones) -> Path:
    (folder,) = found.site_reports.glob(f"*/*/{done.receipt.submission_id}")
    return folder


def questions_of(done: Loaded, found: Zones) -> list[dict[str, Any]]:
    """As the report has them, which are those of the ledger."""
    said = json.loads((report_of(done, found) / "report.json").read_text(encoding="utf-8"))["questions"]
    kept_ = open_ledger(found.ledger).outcome(done.receipt.submission_id).detail.get("questions", [])
    assert [{k: v for k, v in each.items() if k != "asks"} for each in said] == kept_
    return list(said)


@pytest.fixture(scope="module")
def centre(extracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A data root in which the first two months were loaded."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARITY_HOME", str(tmp_path_factory.mktemp("centre")))
        patched.setenv("PARITY_KEY_FILE", str(tmp_path_factory.mktemp("key") / "key"))
        found = Centre(zones(), spine_key(), [])
        found.loaded.extend(found.load(path) for path in months_of(extracts)[:2])
        yield found


def test_a_load_asks_about_what_is_unlike_the_months_before_and_holds_as_before(
    centre: Centre,
) -> None:
    found, (first, second) = centre.zones, centre.loaded
    assert questions_of(first, found) == []
    (asked,) = questions_of(second, found)
    assert (asked["id"], asked["now"], asked["answer"], asked["also"]) == (ASKED, 0, None, list(EMPTY[1:]))
    assert second.state is State.HELD
    assert (report_of(first, found) / "profile.json").is_file()
    assert "IDS201CareContact has 0 rows." in (report_of(second, found) / "report.html").read_text(encoding="utf-8")


def test_a_check_asks_the_same_from_extracts_and_from_reports(
    extracts: Path, centre: Centre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, second = centre.zones, centre.loaded[1]
    first, now, _ = months_of(extracts)
    (tmp_path / "extracts").mkdir()
    shutil.copytree(first, tmp_path / "extracts" / first.name)
    provider = first.name[:3]
    said = {}
    for history in (tmp_path / "extracts", found.site_reports / provider / "2025-04"):
        assert _run(["check", str(now), "--history", str(history), "--json"]) == CLEAN
        said[history.name] = json.loads(capsys.readouterr().out)[0]["questions"]
    assert said["extracts"] == said["2025-04"] == questions_of(second, found)
    assert _run(["check", str(now), "--history", str(tmp_path / "nowhere")]) == USAGE


def test_an_answer_at_the_centre_reaches_report_board_and_the_next_month(
    extracts: Path, centre: Centre, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, second = centre.zones, centre.loaded[1]
    monkeypatch.setenv("PARITY_HOME", str(found.home))
    provider, why = months_of(extracts)[0].name[:3], "the new system has no contacts yet"
    options = ["--why", why, "--who", "data manager", "--until", "2025-09"]
    assert _run(["explain-away", provider, "2025-05", "PAST-IDS202", *options]) == USAGE
    assert f"Asked is: {ASKED}." in capsys.readouterr().err
    assert _run(["explain-away", provider, "2025-05", ASKED, *options]) == CLEAN
    (asked,) = questions_of(second, found)
    assert asked["answer"] == {"why": why, "who": "data manager", "until": "2025-09", "month": "2025-05"}
    assert why in (report_of(second, found) / "report.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert _run(["status", "--json"]) == CLEAN
    (row,) = [each for each in json.loads(capsys.readouterr().out)["board"] if each["month"] == "2025-05"]
    assert why in row["questions"][0]["answer"]
    third = centre.load(months_of(extracts)[2])
    (again,) = [each for each in questions_of(third, found) if each["id"] == ASKED]
    assert again["answer"] == asked["answer"], "it is not asked a second time"


def test_an_answer_that_comes_with_the_extract_is_read_by_check_and_load(
    extracts: Path,
    centre: Centre,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARITY_HOME", str(centre.zones.home))
    _, second, _ = months_of(extracts)
    shutil.copytree(second, tmp_path / second.name)
    options = ["--why", "the system moved", "--who", "data manager", "--until", "2025-07"]
    assert _run(["explain-away", str(tmp_path / second.name), ASKED, *options]) == CLEAN
    with (tmp_path / second.name / ANSWERS).open("a", encoding="utf-8") as file:
        file.write("PAST-IDS201,2025-07,data manager,seen by 999 000 0018\r\n")
    capsys.readouterr()
    profile = report_of(centre.loaded[0], centre.zones)
    _run(["check", str(tmp_path / second.name), "--history", str(profile), "--json"])
    printed = capsys.readouterr().out
    (said,) = json.loads(printed)
    (asked,) = [each for each in said["questions"] if each["id"] == ASKED]
    assert asked["answer"] == {
        "why": "the system moved", "who": "data manager", "until": "2025-07", "month": "2025-05",
    }  # fmt: skip
    assert "explanations.csv, row 3: why has something like an NHS number" in printed
    assert "999 000 0018" not in printed
    again = centre.load(tmp_path / second.name)
    assert not again.is_repeat
    (asked,) = [each for each in questions_of(again, centre.zones) if each["id"] == ASKED]
    assert asked["answer"]["why"] == "the system moved"
    kept_ = centre.zones.received / again.receipt.submission_id
    assert not any("999 000 0018" in each.read_text(encoding="utf-8") for each in kept_.rglob("*.json"))


# The text of an answer, and the file that has it.


@pytest.mark.parametrize(
    "text",
    ["", "ok", "x" * 201, "=1+1", "ask 999 000 0018 about it", "moved to LA1 4YW", "a.b@nhs.net asked", "see P123456",
     "a\tb\x07c", "moved 999.000.0018", "999/000/0018", "999–000–0018", "9990 000 018", "99 90 00 00 18",
     "９９９ ０００ ００１８", "٩٩٩٠٠٠٠٠١٨ left", "999 - 000 - 0018", "999_000_0018", "LS1-4AB closed", "LS1‑4AB",
     "born 12/03/1954", "born 12 March 1954", "born 12th-Mar-1954", "born 1954-03-12"],
)  # fmt: skip
def test_text_that_may_identify_somebody_is_not_kept(text: str) -> None:
    with pytest.raises(NotAsked) as refused:
        kept(text, "--why", "a new team")
    assert len(text) < 5 or text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        *("A new team began in May 2025", "video contacts, see mail of 12 June", "Wards 3 to 7"),
        *("Team 2 of 3 from 01/05/2025 to 30/06/2025", "1,200 to 3,450 contacts since 2012-01-01"),
    ],
)
def test_plain_text_is_kept(text: str) -> None:
    assert kept(f" {text}. ", "--why", "a new team") == text


def test_a_file_of_answers_is_read_as_it_was_written(tmp_path: Path) -> None:
    one = answer(ASKED, "a new team", "data manager", "2026-03")
    two = answer("PAST-IDS201-ConsMechanism", "«Attend Anywhere», neu", "manager", "2025-12")
    assert write(tmp_path, one) == write(tmp_path, two) == tmp_path / ANSWERS
    assert read((tmp_path / ANSWERS).read_bytes()) == ((one, two), [])
    corrected = answer(ASKED, "two new teams", "data manager", "2026-03")
    write(tmp_path, corrected)
    assert read((tmp_path / ANSWERS).read_bytes()) == ((two, corrected), [])


def test_rows_that_cannot_be_used_are_said_by_number_without_their_text() -> None:
    content = (
        b"question,until,who,why\n"
        b"PAST-IDS201,2026-03,manager,a new team\n"
        b"PAST-IDS201,2026-03,manager,about 9990000018\n"
        b"PAST-IDS999,2026-03,manager,a new team\n"
        b"PAST-IDS201,March,manager,a new team\n"
        b"PAST-IDS201,2026-03\n"
        b",,,\n"
    )
    answers, unused = read(content)
    assert [each.why for each in answers] == ["a new team"]
    assert [each.split(":")[0] for each in unused] == ["row 3", "row 4", "row 5", "row 6"]
    assert "9990000018" not in "".join(unused)
    assert read(b"a,b\n1,2\n") == ((), ["the columns must be question, until, who, why"])
    assert read(b"\xff\xfe\x00") == ((), ["the file is no CSV file in UTF-8"])


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("PAST-ALL", True), ("PAST-SAME", True), ("PAST-IDS201", True), ("PAST-IDS201-AppType", True),
     ("PAST-IDS201-CareContDate-DAY", True), ("PAST-IDS202-CarePersLocalId-PERSON", True), ("PAST-IDS201-Nothing", False),
     ("PAST-IDS999", False), ("PAST", False), ("", False), ("PAST-IDS201-AppType-HOUR", False)],
)  # fmt: skip
def test_a_question_has_an_id_of_a_table_and_its_field(name: str, is_one: bool) -> None:
    assert is_question(name) is is_one
