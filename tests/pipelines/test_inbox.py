"""Finding and opening submissions: what a path may be, and what a hostile one cannot do."""

import hashlib
import json
import os
import threading
import zipfile
from datetime import date
from pathlib import Path

import pytest

from pipelines.inbox import (
    NotASubmission,
    Source,
    as_record,
    find_submissions,
    from_record,
    named_in,
    open_source,
    shown_name,
    unread_source,
)
from pipelines.members import _why_not_unpacked
from schemas import limits
from schemas.gate import GATE
from schemas.month import ProviderMonth
from tests.campaign import examples
from tests.fixtures.submission import RIGHT, submission, write, zipped
from transforms.findings import file_finding


def opened(path: Path, tmp_path: Path, keep: bool = False) -> Source:
    workspace = tmp_path / "workspace"
    workspace.mkdir(exist_ok=True)
    return open_source(path, workspace, keep=keep)


def rules(source: Source) -> list[str]:
    return [rule for frame in source.findings for rule in frame["rule_id"]]


def test_a_folder_of_submissions_is_found_in_name_order(tmp_path: Path) -> None:
    submission(tmp_path, "RW5"), submission(tmp_path, "RV5"), zipped(submission(tmp_path, "RXT"))
    (tmp_path / "answer_key.csv").write_text("not a submission")
    assert [p.name for p in find_submissions(tmp_path)] == [
        "RV5_2025-04", "RW5_2025-04", "RXT_2025-04", "RXT_2025-04.zip",
    ]  # fmt: skip


def test_a_folder_next_to_submissions_is_not_ignored(tmp_path: Path) -> None:
    submission(tmp_path, "RW5")
    (tmp_path / "April").mkdir()
    (tmp_path / "April" / "referrals.csv").write_text("x")
    assert [p.name for p in find_submissions(tmp_path)] == ["April", "RW5_2025-04"]
    assert rules(opened(tmp_path / "April", tmp_path)) == ["GATE-TABLE-UNKNOWN"]


def test_a_submission_itself_is_found(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    assert find_submissions(folder) == [folder]
    assert find_submissions(zipped(folder)) == [tmp_path / "RW5_2025-04.zip"]


def test_a_folder_with_tables_is_one_submission_with_any_folders_in_it(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    submission(folder, month="2025-05")
    assert find_submissions(folder) == [folder]


def test_a_path_that_leads_nowhere_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotASubmission, match="no file or folder"):
        find_submissions(tmp_path / "missing")
    with pytest.raises(NotASubmission, match="is empty"):
        find_submissions(tmp_path)
    (tmp_path / ".DS_Store").write_text("x")  # debris of a file manager
    with pytest.raises(NotASubmission, match="is empty"):
        find_submissions(tmp_path)


@pytest.mark.parametrize("name", ["RW5_2025-04/", "April/IDS101Referral.csv", "extract.zip"])
def test_a_folder_or_zip_looks_like_a_submission_by_its_name_or_its_tables(tmp_path: Path, name: str) -> None:
    """Then what lies next to it is one too."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("x")
    (tmp_path / "notes").mkdir()
    assert [path.name for path in find_submissions(tmp_path)] == sorted([name.partition("/")[0], "notes"])


def test_a_folder_that_only_has_other_files_or_is_called_like_a_table_is_no_submission_to_be_found(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("x")
    assert find_submissions(tmp_path) == [tmp_path]
    submission(tmp_path, "RW5")
    (tmp_path / "IDS101Referral.csv").mkdir()
    assert [path.name for path in find_submissions(tmp_path)] == ["IDS101Referral.csv", "RW5_2025-04", "notes"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("RW5_2025-04", "RW5_2025-04"), ("RW5_2025-04.zip", "RW5_2025-04.zip"), ("inbox", "inbox"),
        ("Ann Lee 9990000018", "Aaa Aaa 9999999999 (shape of 18 characters)"), ("inbox2", "aaaaa9 (shape of 6 characters)"),
    ],
)  # fmt: skip
def test_a_name_is_shown_as_a_shape_unless_it_says_provider_and_month_or_is_our_inbox(
    name: str, shown: str
) -> None:
    assert shown_name(Path("somewhere") / name) == shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RW5_2025-04", ProviderMonth("RW5", date(2025, 4, 1))),
        ("rw5_2025-04.zip", ProviderMonth("RW5", date(2025, 4, 1))),
        ("RW5_2025-13", None),
        ("April extract", None),
        ("../RW5_2025-04x", None),
    ],
)
def test_a_name_may_say_provider_and_month(name: str, expected: object) -> None:
    assert named_in(Path(name)) == expected


def test_the_same_tables_are_the_same_content_in_a_folder_or_a_zip_under_any_name(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    archive = zipped(folder, inner="RW5_2025-04/")
    renamed = archive.rename(tmp_path / "final FINAL.zip")
    assert opened(renamed, tmp_path).content_sha256 == opened(folder, tmp_path).content_sha256
    other = submission(tmp_path / "other", IDS101Referral=RIGHT["IDS101Referral"].replace("R3", "R4"))
    assert opened(other, tmp_path).content_sha256 != opened(folder, tmp_path).content_sha256


def test_what_lies_beside_the_tables_and_what_is_in_it_makes_another_content(tmp_path: Path) -> None:
    contents = [
        opened(submission(tmp_path / str(number), **beside), tmp_path).content_sha256
        for number, beside in enumerate([{}, {"notes": "x"}, {"notes": "y"}, {"other": "x"}, {"notes": "x"}])
    ]
    assert len({*contents}) == 4 and contents[1] == contents[4]
    # A check asks for no hash and still says what is found.
    (tmp_path / "w").mkdir()
    checked = open_source(tmp_path / "1" / "RW5_2025-04", tmp_path / "w", keep=False, is_hashed=False)
    assert rules(checked) == ["GATE-TABLE-UNKNOWN"]


def test_a_file_of_which_nothing_is_read_is_its_bytes_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"not a zip")
    its_bytes = hashlib.sha256(b"not a zip").hexdigest()
    monkeypatch.setattr(limits, "TOTAL_BYTES", 9)
    assert opened(path, tmp_path).content_sha256 == its_bytes
    monkeypatch.setattr(limits, "TOTAL_BYTES", 8)
    assert opened(path, tmp_path).content_sha256 != its_bytes


def test_a_submission_of_which_no_file_is_read_is_told_apart_by_names_and_sizes(tmp_path: Path) -> None:
    """The name of a single file is no part of it: it may be called otherwise when it comes again."""
    finding = file_finding(GATE["GATE-LIMIT-PROCESS"], None)

    def content(name: str, **files: str) -> str:
        path = tmp_path / name
        if files:
            path.mkdir()
        for file, text in files.items():
            (path / file).write_text(text)
        return unread_source(path, finding).content_sha256

    for name, text in (("a.zip", "xx"), ("b.zip", "yy"), ("c.zip", "x")):
        (tmp_path / name).write_text(text)
    assert content("a.zip") == content("b.zip") != content("c.zip")
    assert content("d", one="xx") == content("e", one="yy")
    assert len({content("f", one="x"), content("g", two="x"), content("h", one="xx"), content("a.zip")}) == 4


def test_under_a_path_that_is_no_text_files_are_copied_before_they_are_read(tmp_path: Path) -> None:
    """Polars knows UTF-8 paths only."""
    folder = submission(tmp_path).rename(tmp_path / os.fsdecode(b"RW5_\xff"))
    assert {path.parent for path in opened(folder, tmp_path).paths.values()} == {tmp_path / "workspace"}
    there = folder.rename(tmp_path / "RW5")
    assert {path.parent for path in opened(there, tmp_path).paths.values()} == {there}


@pytest.mark.parametrize("name", ["RW5_2025-04", "April extract"])
def test_a_kept_submission_is_read_again_as_it_was_opened(tmp_path: Path, name: str) -> None:
    source = opened(submission(tmp_path / "in").rename(tmp_path / name), tmp_path, keep=True)
    kept = json.loads(json.dumps(as_record(source)))
    assert from_record(kept, tmp_path / "workspace", source.findings) == source
    assert (source.named is None) == (name == "April extract")


def told(count: int, unpacked: int, packed: int) -> list[zipfile.ZipInfo]:
    """Members of a zip as its directory tells of them: the first has all the bytes."""
    members = [zipfile.ZipInfo(f"{number}.csv") for number in range(count)]
    for number, member in enumerate(members):
        member.header_offset = number and packed + 1000 * number
    members[0].file_size, members[0].compress_size = unpacked, packed
    return members


GB, MB = 1 << 30, 1 << 20


@pytest.mark.parametrize(
    ("count", "unpacked", "packed", "refused"),
    [
        (64, 1, 1, None),
        (65, 1, 1, "GATE-LIMIT-FILES 65"),
        (1, 8 * GB, GB, None),
        (1, 8 * GB + 1, GB, "GATE-LIMIT-BYTES a file of 8.0 GB"),
        (1, 200 * MB, MB, None),  # 200 times: our own extracts reach 30
        (1, 200 * MB + 1, MB, "GATE-LIMIT-RATIO 200"),
        (1, 64 * MB, 1, None),  # small: whatever it was packed to
        (1, 64 * MB + 1, 1, "GATE-LIMIT-RATIO 67,108,865"),
        (1, 0, 0, None),
    ],
)
def test_a_zip_is_unpacked_up_to_its_limits_and_not_beyond(
    count: int, unpacked: int, packed: int, refused: str | None
) -> None:
    why = _why_not_unpacked(told(count, unpacked, packed))
    assert (None if why is None else " ".join(why.select("rule_id", "found").row(0))) == refused


def test_tables_are_recognised_by_id_or_name_in_any_case(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", {"ids000": "a\n", "IDS101referral": "a\n", "Ids001Mpi": "a\n"})
    assert set(opened(folder, tmp_path).files) == {"IDS000", "IDS101", "IDS001"}


def test_other_files_and_doubles_are_refused_and_debris_of_file_managers_is_not(tmp_path: Path) -> None:
    folder = submission(tmp_path, notes="x", IDS101="again")
    (folder / ".DS_Store").write_text("x")
    assert sorted(rules(opened(folder, tmp_path))) == ["GATE-IGNORED", "GATE-TABLE-TWICE", "GATE-TABLE-UNKNOWN"]


def test_folders_and_debris_of_file_managers_in_a_zip_are_no_tables(tmp_path: Path) -> None:
    path = zipped(submission(tmp_path), inner="RW5_2025-04/")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("RW5_2025-04/", "")
        archive.writestr("RW5_2025-04/.DS_Store", "x")
        archive.writestr("__MACOSX/RW5_2025-04/._IDS101Referral.csv", "x")
    source = opened(path, tmp_path)
    assert (rules(source), set(source.files)) == (["GATE-IGNORED"], {"IDS000", "IDS001", "IDS002", "IDS101"})


@pytest.mark.parametrize("name", ["*.csv", "[I]DS101.csv", "org=RV5.csv", "IDS101 Lee.csv"])
def test_a_file_name_is_compared_and_never_used(tmp_path: Path, name: str) -> None:
    folder = submission(tmp_path)
    (folder / name).write_text("x")
    source = opened(folder, tmp_path, keep=True)
    assert rules(source) == ["GATE-TABLE-UNKNOWN"]
    assert {file.path.name for file in source.files.values()} == {
        "IDS000.csv",
        "IDS001.csv",
        "IDS002.csv",
        "IDS101.csv",
    }


def test_links_pipes_and_folders_in_place_of_a_file_are_refused(tmp_path: Path) -> None:
    folder = submission(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("x")
    (folder / "IDS007DisabilityType.csv").symlink_to(secret)
    os.mkfifo(folder / "IDS003AccommStatus.csv")
    (folder / "IDS004EmpStatus.csv").mkdir()
    source = opened(folder, tmp_path)
    assert rules(source) == ["GATE-FILE", "GATE-FILE", "GATE-FILE"]
    assert set(source.files) == {"IDS000", "IDS001", "IDS002", "IDS101"}


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IDS101.csv", b"0" * (80 << 20))


def climbing(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../IDS101.csv", "x")
        archive.writestr("IDS001.csv", "x")


def doubled(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("IDS101.csv", "x")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("IDS101.csv", "y")


def many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100):
            archive.writestr(f"{number}.csv", "x")


def damaged(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IDS101.csv", b"a,b\n" * 5000)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)


def overlapping(path: Path) -> None:
    """Two entries of the list share the bytes of the first file: Python 3.11.7 reads them twice."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("IDS101.csv", "x" * 1000)
        archive.writestr("IDS001.csv", "x" * 1000)
        archive.filelist[1].header_offset = 10


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (bomb, "GATE-LIMIT-RATIO"), (climbing, "GATE-ZIP"), (doubled, "GATE-ZIP"), (many, "GATE-LIMIT-FILES"),
        (damaged, "GATE-ZIP"), (overlapping, "GATE-ZIP"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)  # fmt: skip
def test_a_hostile_or_damaged_zip_is_refused(tmp_path: Path, make: object, rule: str) -> None:
    path = tmp_path / "x.zip"
    make(path)  # type: ignore[operator]
    assert rules(opened(path, tmp_path)) == [rule]
    assert not (tmp_path.parent / "IDS101.csv").exists()


@pytest.mark.parametrize(
    ("content", "rule"), [(b"", "GATE-ZIP"), (b"not a zip", "GATE-ZIP"), (b"PK\x03\x04 half", "GATE-CUT")]
)
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "RW5_2025-04.zip"
    path.write_bytes(content)
    assert rules(opened(path, tmp_path)) == [rule]


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    (folder / "sub").mkdir(parents=True)
    assert rules(opened(folder, tmp_path)) == ["GATE-EMPTY"]
    (folder / "other").mkdir()
    assert rules(opened(folder, tmp_path)) == ["GATE-FILE", "GATE-FILE"]
    empty = tmp_path / "RW5_2025-04"
    empty.mkdir()
    assert rules(opened(empty, tmp_path)) == ["GATE-EMPTY"]


def test_a_file_swapped_for_a_link_while_it_is_opened_is_never_followed(tmp_path: Path) -> None:
    """Somebody puts a link in its place and takes it back, again and again: what is kept is the file or nothing."""
    folder = submission(tmp_path)
    secret = tmp_path / "secret.csv"
    secret.write_text("SECRET\n")
    file, link, right = folder / "IDS002GP.csv", tmp_path / "link", RIGHT["IDS002GP"]
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            link.symlink_to(secret)
            link.replace(file)
            again = tmp_path / "again"
            again.write_text(right)
            again.replace(file)

    swapping = threading.Thread(target=swap)
    swapping.start()
    kept = set()
    try:
        for number in range(examples(50)):
            workspace = tmp_path / f"workspace{number}"
            workspace.mkdir()
            source = open_source(folder, workspace, keep=True)
            found = source.files.get("IDS002")
            kept.add(found.path.read_text() if found else f"refused {rules(source)}")
    finally:
        stop.set()
        swapping.join()
    assert kept <= {right, "refused ['GATE-FILE']"}
    assert len(kept) == 2, "the race was not met"
