"""A person who is erased is gone from every byte below the data root, and does not come back with the old files."""

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from pyrage import x25519

from pipelines import arrivals, custody
from pipelines.cli import _run
from pipelines.custody import tombstones
from pipelines.custody.erase import NotErased, erase, erase_and_publish
from pipelines.custody.erasure_request import people_in
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load, reprocess
from pipelines.zones import Zones, zones
from schemas.errors import NotAsked
from tests.fixtures.release import loaded_and_published
from tests.fixtures.sought import found_in
from tests.fixtures.submission import RIGHT, submission, zipped
from tests.fixtures.tokens import as_texts, written_as
from tests.journeys.test_identifiers_stay import forms, opened

NUMBER, PATIENT, REFERRAL, ELSEWHERE = "9990000018", "PATIENT-77-A", "REFERRAL-88-B", "PATIENT-99-C"
SPACED = "999 000 0018"


def with_person(root: Path, provider: str, month: str, patient: str = PATIENT, number: str = NUMBER) -> Path:
    """The right submission, in which the first patient has names that are nowhere else."""
    tables = {
        name: text.replace("P1,", f"{patient},").replace("\nR1,", f"\n{REFERRAL},").replace(NUMBER, number)
        for name, text in RIGHT.items()
        if name != "IDS000Header"
    }
    return submission(root, provider, month, **tables)


def rows(found: Zones) -> list[pl.DataFrame]:
    """Pseudonymised rows of patients and referrals."""
    return [pl.read_parquet(path) for path in sorted(found.pseudonymised.glob("*/IDS?01.parquet"))]


def tokens_of(found: Zones) -> set[bytes]:
    """Every token of the person: of the number, and of the ids that stand beside it."""
    named = ("ServiceRequestId", "LocalPatientId", "linked_referral_id", "person_id")
    return {
        token
        for path in found.pseudonymised.glob("*/*.parquet")
        for name, column in pl.read_parquet(path).filter(pl.col("row_number") == 2).to_dict().items()
        for token in column.drop_nulls()
        if name in named
    }


def sought_in(found: Zones, *texts: str) -> set[bytes]:
    """These texts and the tokens of the person, as they could stand in a file."""
    of_tokens = {form for token in tokens_of(found) for form in written_as(token)}
    return of_tokens | {form for text in texts for form in forms(text.encode())}


def everything(found: Zones) -> Iterator[tuple[str, bytes]]:
    """Every byte below the data root, and what is compressed or stored in columns."""
    for path in sorted(found.home.rglob("*")):
        name = str(path.relative_to(found.home))
        yield name, path.name.encode()
        if not path.is_file():
            continue
        if path.suffix != ".duckdb":
            yield from ((name, content) for _, content in opened(path, name))
            continue
        yield name, path.read_bytes()
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table in con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
                said = con.execute(f'SELECT t::VARCHAR FROM {schema}."{table}" AS t').fetchall()
                yield name, "\n".join(row for (row,) in said).encode()


def holding(found: Zones, sought: set[bytes]) -> set[str]:
    """Which files hold the person; encrypted ones are opened by the caller."""
    return {name for name, _ in found_in(everything(found), sought)}


@pytest.mark.usefixtures("few_measures")
def test_nothing_of_a_person_is_left_and_the_old_files_do_not_bring_them_back(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    identity, file = x25519.Identity.generate(), tmp_path / "identity"
    file.write_text(str(identity))
    file.chmod(0o400)
    # One month in clear and in two releases, at another provider in a zip under another name; the next encrypted.
    found = loaded_and_published(tmp_path / "first")
    ledger, key = open_ledger(found.ledger), spine_key()
    (first,) = (each.receipt for each in ledger.outcomes())
    (release,) = found.releases.iterdir()
    shutil.copytree(release, release.with_name("2025-04-00000000"))
    other = load(zipped(with_person(tmp_path, "RX1", "2025-04", ELSEWHERE, SPACED)), found, ledger, key)
    monkeypatch.setenv("PARITY_RECIPIENT", str(identity.to_public()))
    second = load(with_person(found.inbox, "RW5", "2025-05", "P1"), found, ledger, key)
    sought = sought_in(found, NUMBER, SPACED, REFERRAL, ELSEWHERE)
    before = holding(found, sought)
    releases = {path.name for path in found.releases.iterdir()}
    assert {name.split("/")[0] for name in before} == {
        "inbox", "received", "pseudonymised", "builds", "releases", "warehouse.duckdb",
    }  # fmt: skip
    assert len(releases) == 2 and all(f"releases/{name}/parity.duckdb" in before for name in releases)
    others = [frame.filter(pl.col("row_number") != 2).drop("submission_id") for frame in rows(found)]

    # Without the custodian nothing is done.
    said = tmp_path / "person"
    said.write_text(f"{SPACED}\n")
    assert _run(["erase", "--person", str(said)]) == 1
    assert holding(found, sought) == before

    # A patient, a registration with a practice and a referral in each of three submissions.
    assert _run(["erase", "--person", str(said), "--identity", str(file), "--json"]) == 0
    done = json.loads(capfd.readouterr().out)
    assert (done["rows"], done["submissions"], done["inbox"]) == (9, 3, 1)
    assert set(done["emptied"]) == releases and done["release"] not in releases
    with duckdb.connect(str(found.warehouse), read_only=True) as con:
        assert con.execute("SELECT count(DISTINCT person_id) FROM core.person").fetchall() == [
            (3,)
        ]  # one of them at both providers
    assert holding(found, sought) == set()
    printed = "".join(capfd.readouterr()).encode()
    assert not any(form in printed for form in sought)
    for each in (first, other.receipt, second.receipt):
        with custody.opening_with(file), custody.reading(found.received / each.submission_id):
            assert holding(found, sought) == set()
    assert custody.kept(found) == custody.Kept(encrypted=3, in_clear=0, left_open=0)
    assert sum(path.name.startswith("public.") for path in found.releases.rglob("*.csv")) >= 2 * len(releases)

    # Everybody else is as before, under the same row numbers, and the ledger says that somebody was erased.
    assert [frame.drop("submission_id").to_dict(as_series=False) for frame in rows(found)] == [
        frame.to_dict(as_series=False) for frame in others
    ]
    erased = ledger.outcome(first.submission_id).detail["erased"]
    assert erased["rows"] == 3 and {token[:3] for token in erased["tombstones"]} == {"t1_"}

    # The old file again, and a new one with the person, at a provider that never had the number.
    assert load(tmp_path / "first" / "RW5_2025-04", found, ledger, key).is_repeat
    late = load(with_person(tmp_path, "RZ9", "2025-04", "PATIENT-11-Z"), found, ledger, key)
    corrected = with_person(tmp_path, "RW5", "2025-05", "P1", number="")
    again = load(corrected, found, ledger, key)
    assert late.verdict.state.is_accepted and again.verdict.state.is_accepted
    assert (late.verdict.erased["rows"], again.verdict.erased["rows"]) == (
        3,
        3,
    )  # by the number, by the patient's id
    assert late.verdict.counts["IDS001"] == {"rows_in": 2, "accepted": 2, "rejected": 0}
    # The site's report says how many rows were struck, and nothing else of them.
    (folder,) = found.site_reports.glob(f"RZ9/*/{late.receipt.submission_id}")
    report = json.loads((folder / "report.json").read_text())
    assert (report["erased_rows"], report["totals"]["rejected"]) == (3, 0)
    page = (folder / "report.html").read_text()
    assert "<dt>Records of erased people</dt><dd>3</dd>" in page
    with custody.opening_with(file):
        reprocess(late.receipt, found, ledger, key)
    assert holding(found, sought) == set()


def test_an_erasure_that_broke_off_is_finished_by_the_same_command(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    ledger, key = open_ledger(found.ledger), spine_key()
    load(with_person(tmp_path, "RW5", "2025-04"), found, ledger, key)
    sought = sought_in(found, NUMBER, PATIENT, REFERRAL)
    broken = (
        "pipelines.custody.erase.reprocess",
        "pipelines.custody.tombstones.without",
        "pipelines.custody.erase.custody.rewritten",
    )
    for place in broken:
        with monkeypatch.context() as patched:
            patched.setattr(place, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                erase(people_in(NUMBER), found, ledger, key)
    release = found.releases / "2025-04-00000000"
    release.mkdir()
    (release / "core.person.csv").write_text(NUMBER)
    (release / "public.national.csv").write_text("figures")
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.run.publish_release", refused)
        with pytest.raises(NotErased, match="Then run the same command again"):
            erase_and_publish(people_in(NUMBER), found)
        assert holding(found, sought) == {"releases/2025-04-00000000/core.person.csv"}
        patched.setattr("pipelines.run.publish_release", lambda _: {"release": "another"})
        assert erase_and_publish(people_in(NUMBER), found)["emptied"] == ["2025-04-00000000"]
    assert holding(found, sought) == set()
    assert [path.name for path in release.iterdir()] == ["public.national.csv"]


def refused(_: Zones) -> None:
    raise NotAsked("The draft cannot be published.")


@pytest.mark.parametrize("are_of_earlier_version", [False, True])
def test_rows_whose_files_are_gone_are_struck_too(
    tmp_path: Path, home: Path, *, are_of_earlier_version: bool
) -> None:
    found = zones()
    ledger, key = open_ledger(found.ledger), spine_key()
    loaded = load(with_person(tmp_path, "RW5", "2025-04"), found, ledger, key)
    sought = sought_in(found)
    for kept in (found.received / loaded.receipt.submission_id).glob("IDS*.csv"):
        kept.unlink()
    if are_of_earlier_version:
        for folder in found.pseudonymised.iterdir():
            as_texts(folder)
    done = erase(people_in(f"RW5,{PATIENT}"), found, ledger, key)
    assert (done.rows, done.touched) == (3, {loaded.receipt.submission_id})  # a patient, a practice, a referral
    assert holding(found, sought) == set()
    assert ledger.outcome(loaded.receipt.submission_id).detail["erased"] == {"rows": 3}


def test_without_the_identity_all_encrypted_files_are_deleted_if_asked(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    ledger, key = open_ledger(found.ledger), spine_key()
    clear = load(with_person(tmp_path, "RW5", "2025-04"), found, ledger, key)
    monkeypatch.setenv("PARITY_RECIPIENT", str(x25519.Identity.generate().to_public()))
    closed = load(with_person(tmp_path, "RW5", "2025-05"), found, ledger, key)
    sought = sought_in(found, NUMBER, PATIENT, REFERRAL)
    with pytest.raises(custody.Encrypted):
        erase(people_in(NUMBER), found, ledger, key)
    done = erase(people_in(NUMBER), found, ledger, key, delete_encrypted=True)
    assert (done.deleted, done.touched) == (1, {clear.receipt.submission_id, closed.receipt.submission_id})
    assert holding(found, sought) == set()
    assert not list((found.received / closed.receipt.submission_id).glob("*.age"))
    # The others' rows still count, and the site may send the file again.
    assert {frame.height for frame in rows(found)} == {2}
    again = load(tmp_path / "RW5_2025-05", found, ledger, key)
    assert not again.is_repeat and again.verdict.erased["rows"] == 3
    assert holding(found, sought) == set()


def test_somebody_who_never_came_leaves_a_tombstone_that_holds(tmp_path: Path, home: Path) -> None:
    found = zones()
    ledger, key = open_ledger(found.ledger), spine_key()
    done = erase(people_in(f"{NUMBER}\n\nrx1, {ELSEWHERE}\n"), found, ledger, key)
    assert (done.rows, done.touched) == (0, set())
    assert {(stone.element, stone.provider) for stone in tombstones.read(found)} == {
        ("NHSNumber", ""), ("LocalPatientId", "RX1"),
    }  # fmt: skip
    for provider, patient, struck in (("RW5", PATIENT, 3), ("RX1", ELSEWHERE, 3), ("RW5", ELSEWHERE, 3)):
        number = NUMBER if provider == "RW5" else ""
        loaded = load(with_person(tmp_path / patient, provider, "2025-04", patient, number), found, ledger, key)
        assert loaded.verdict.erased["rows"] == struck
    kept = load(with_person(tmp_path / "x", "RW5", "2025-06", ELSEWHERE, ""), found, ledger, key)
    (report,) = found.site_reports.glob(f"*/*/{kept.receipt.submission_id}")
    assert json.loads((report / "report.json").read_text())["erased_rows"] == 0
    assert "erased" not in (report / "report.html").read_text()
    assert kept.verdict.erased == {}  # the id of a patient of another provider


def test_a_submission_in_the_inbox_that_was_not_loaded_is_said_and_left(tmp_path: Path, home: Path) -> None:
    found = zones()
    path = with_person(found.inbox, "RW5", "2025-04")
    with pytest.raises(
        NotErased, match="Submissions in the inbox that hold the person and have not been received: 1"
    ):
        erase(people_in(NUMBER), found, open_ledger(found.ledger), spine_key())
    assert path.exists()
    load(path, found, open_ledger(found.ledger), spine_key())
    assert not path.exists()  # it is in received/ there
    (found.inbox / "IDS001MPI.csv").write_text(NUMBER)
    with pytest.raises(
        NotErased, match=r"Files in the inbox that are no submission: 1\. It is unknown whom they hold"
    ):
        erase(people_in(NUMBER), found, open_ledger(found.ledger), spine_key())
    arrivals.refuse_stray(found.inbox / "IDS001MPI.csv", found)
    assert (
        erase(people_in(NUMBER), found, open_ledger(found.ledger), spine_key()).inbox == 0
    )  # done by the call before
    assert [file for file in found.inbox.rglob("*") if file.is_file()] == []


def test_the_people_are_read_from_standard_input_and_a_wrong_line_is_not_repeated(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("9990000019", "1111111111", "Ada Quennell", "RW5,", "RW5,P1,x", ""):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{NUMBER}\n{wrong}\n" if wrong else "\n"))
        assert _run(["erase"]) == 2
        said = capsys.readouterr().err
        assert ("Line 2 names nobody" if wrong else "Nobody is named") in said
        assert not wrong or f"{wrong}\n" not in said.replace("such as RW5,P123", "")
    assert not zones().erased.exists()
