"""Received files are kept encrypted to a recipient: the pipeline cannot open them afterwards, the custodian can."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyrage import x25519

from pipelines import custody, modes, store
from pipelines.cli import _run
from pipelines.custody import Encrypted, RecipientUnusable
from pipelines.kept import ReceivedChanged
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, check, load, pseudonymise, receive, reprocess
from pipelines.zones import Zones, zones
from schemas.errors import ForThePerson
from tests.campaign import is_whole
from tests.crash import COMPILER, machine
from tests.fixtures.submission import RIGHT, submission, zipped
from tests.journeys.test_interrupted_load import UNEVEN, left_in

VALUES = (b"9990000018", b"LA1 4YW", b"1980-06-15", b"IDS", b"LocalPatientId")


@dataclass
class Custodian:
    """A pair of age, and the file with its identity."""

    recipient: str
    file: Path


def custodian(folder: Path) -> Custodian:
    identity, file = x25519.Identity.generate(), folder / "identity.txt"
    file.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    file.chmod(0o400)
    return Custodian(str(identity.to_public()), file)


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Custodian:
    """A custodian whose recipient is set."""
    found = custodian(tmp_path_factory.mktemp("custodian"))
    monkeypatch.setenv("PARITY_RECIPIENT", found.recipient)
    return found


def loaded(path: Path, found: Zones) -> Loaded:
    return load(path, found, open_ledger(found.ledger), spine_key())


def again(which: Loaded, found: Zones, identity: Path | None = None) -> Loaded:
    with custody.opening_with(identity):
        return reprocess(which.receipt, found, open_ledger(found.ledger), spine_key())


def in_clear(found: Zones) -> set[str]:
    """Names of files below ``received`` with a value of the submission in clear."""
    return {
        str(path.relative_to(found.received))
        for path in found.received.rglob("*")
        if path.is_file() and path.suffix != ".json" and any(value in path.read_bytes() for value in VALUES[:3])
    }


def kept_names(found: Zones, of: Loaded) -> set[str]:
    return {path.name for path in (found.received / of.receipt.submission_id).iterdir()}


def test_what_arrives_is_encrypted_and_only_the_identity_opens_it(
    tmp_path: Path, home: Path, own: Custodian
) -> None:
    found = zones()
    first = loaded(submission(tmp_path), found)
    assert first.verdict.state is State.ACCEPTED
    assert kept_names(found, first) == {
        "IDS000.csv.age", "IDS001.csv.age", "IDS002.csv.age", "IDS101.csv.age", "encrypted.json", "source.json",
        "findings.parquet", "checked.json", "receipt.json",
    }  # fmt: skip
    assert in_clear(found) == set()
    before = left_in(found)
    with pytest.raises(Encrypted, match="parity reprocess --identity FILE"):
        again(first, found)
    assert not again(first, found, own.file).is_repeat
    assert {**left_in(found), "events": None} == {**before, "events": None}
    assert in_clear(found) == set()


def test_without_a_recipient_files_are_in_clear_and_only_of_this_account(tmp_path: Path, home: Path) -> None:
    found = zones()
    first = loaded(submission(tmp_path), found)
    folder = found.received / first.receipt.submission_id
    assert (folder / "IDS001.csv").read_text() == RIGHT["IDS001MPI"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert not again(first, found).is_repeat


def test_rows_and_verdicts_are_those_of_files_kept_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: Custodian
) -> None:
    path = zipped(submission(tmp_path / "in", IDS001MPI=UNEVEN))
    left = {}
    for name, recipient in (("closed", own.recipient), ("clear", "")):
        monkeypatch.setenv("PARITY_HOME", str(tmp_path / name))
        monkeypatch.setenv("PARITY_RECIPIENT", recipient)
        found = zones()
        loaded(path, found)
        left[name] = {part: said for part, said in left_in(found).items() if part != "received"}
    assert left["closed"] == left["clear"]


def test_the_same_files_again_are_a_repeat_and_leave_the_encrypted_ones(
    tmp_path: Path, home: Path, own: Custodian
) -> None:
    found = zones()
    first = loaded(submission(tmp_path), found)
    closed = (found.received / first.receipt.submission_id / "IDS001.csv.age").read_bytes()
    assert loaded(submission(tmp_path), found).is_repeat
    assert (found.received / first.receipt.submission_id / "IDS001.csv.age").read_bytes() == closed
    assert in_clear(found) == set()


def test_after_a_change_of_code_the_same_files_are_checked_again_without_an_identity(
    tmp_path: Path, home: Path, own: Custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the recipient is no longer set: what came in is what is read."""
    found = zones()
    first = loaded(submission(tmp_path), found)
    for recipient in (own.recipient, ""):
        monkeypatch.setenv("PARITY_RECIPIENT", recipient)
        monkeypatch.setattr("pipelines.load.rows_version", lambda said=recipient, **_: f"another {bool(said)}")
        assert not loaded(submission(tmp_path), found).is_repeat
        assert in_clear(found) == set()
        assert "IDS001.csv.age" in kept_names(found, first)


def test_the_steps_of_dagster_close_at_the_last_one(tmp_path: Path, home: Path, own: Custodian) -> None:
    found, ledger, key = zones(), open_ledger(zones().ledger), spine_key()
    receipt = receive(submission(tmp_path), found, ledger)
    assert custody.kept(found) == custody.Kept(encrypted=1, in_clear=0, left_open=1)
    check(receipt, found, ledger, key)
    pseudonymise(receipt, found, ledger, key)
    assert in_clear(found) == set()
    assert custody.kept(found) == custody.Kept(encrypted=1, in_clear=0, left_open=0)


def test_a_load_that_fails_leaves_nothing_open(
    tmp_path: Path, home: Path, own: Custodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones()
    with monkeypatch.context() as patched:
        patched.setattr(store, "complete", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            loaded(submission(tmp_path), found)
    assert in_clear(found) == set()
    assert loaded(submission(tmp_path), found).verdict.state is State.ACCEPTED


@pytest.mark.parametrize("damage", ["changed", "shorter", "gone", "another's"])
def test_an_encrypted_file_that_was_changed_is_noticed_and_healed_by_loading_again(
    tmp_path: Path, home: Path, own: Custodian, damage: str
) -> None:
    found = zones()
    first = loaded(submission(tmp_path), found)
    folder = found.received / first.receipt.submission_id
    kept = folder / "IDS101.csv.age"
    whole = kept.read_bytes()
    kept.unlink()
    if damage != "gone":
        kept.write_bytes(
            {"changed": whole[:-1] + bytes([whole[-1] ^ 1]), "shorter": whole[: len(whole) // 2]}.get(
                damage, (folder / "IDS001.csv.age").read_bytes()
            )
        )
    with pytest.raises(ReceivedChanged):
        again(first, found, own.file)
    assert not loaded(submission(tmp_path), found).is_repeat
    assert not again(first, found, own.file).is_repeat
    assert in_clear(found) == set()


def test_several_custodians_can_open_each_and_a_stranger_cannot(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    one, other, stranger = (custodian(tmp_path / name) for name in "abc")
    said = tmp_path / "recipients.txt"
    said.write_text(f"# the two custodians\n{one.recipient}\n{other.recipient}  # deputy\n")
    monkeypatch.setenv("PARITY_RECIPIENT", str(said))
    found = zones()
    first = loaded(submission(tmp_path), found)
    for each in (one, other):
        again(first, found, each.file)
    with pytest.raises(Encrypted, match="another recipient"):
        again(first, found, stranger.file)
    assert in_clear(found) == set()


@pytest.mark.parametrize(
    ("said", "problem"),
    [("age1nonsense", "damaged"), ("/nowhere/at/all", "neither a recipient"), ("empty", "has no recipient"),
     ("AGE-SECRET-KEY-1X", "neither a recipient")],
)  # fmt: skip
def test_what_is_no_recipient_stops_before_anything_is_received(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, said: str, problem: str
) -> None:
    (tmp_path / "empty").write_text("# nobody yet\n")
    monkeypatch.setenv("PARITY_RECIPIENT", str(tmp_path / "empty") if said == "empty" else said)
    found = zones()
    with pytest.raises(RecipientUnusable, match=problem):
        loaded(submission(tmp_path), found)
    assert list(found.received.iterdir()) == [] and open_ledger(found.ledger).outcomes() == []


@pytest.mark.parametrize("wrong", ["open to others", "a link", "no identity", "missing"])
def test_an_identity_that_cannot_be_trusted_is_refused(
    tmp_path: Path, home: Path, own: Custodian, wrong: str
) -> None:
    found = zones()
    first = loaded(submission(tmp_path), found)
    file = own.file
    if wrong == "open to others":
        file.chmod(0o444)
    elif wrong == "a link":
        file = own.file.with_name("link")
        file.symlink_to(own.file)
    else:
        own.file.unlink()
        if wrong == "no identity":
            own.file.write_text("age1nothing\n")
            own.file.chmod(0o400)
    with pytest.raises(ForThePerson, match="identity"):
        again(first, found, file)


def test_one_month_is_processed_again_and_no_other(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = zones()
    first, other = loaded(submission(tmp_path), found), loaded(submission(tmp_path, "RV5"), found)
    ledger = open_ledger(found.ledger)

    def events() -> dict[str, int]:
        own = [event.receipt.submission_id for event in ledger.events()]
        return {each.receipt.submission_id: own.count(each.receipt.submission_id) for each in (first, other)}

    before = events()
    for asked in (["RW5", "2025-04"], [first.receipt.submission_id]):
        assert _run(["reprocess", *asked, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["submissions"] == 1
    after = events()
    assert after[first.receipt.submission_id] == before[first.receipt.submission_id] + 2
    assert after[other.receipt.submission_id] == before[other.receipt.submission_id]
    for asked, why in (
        (["RXX", "2025-04"], "Nothing is kept of RXX 2025-04"), (["nothing"], "'nothing' is none"),
        (["--month", "2025-04"], "A month needs its provider: parity reprocess RW5 2025-04. Without a month all that "
         "is kept is processed again: 2 months"),
    ):  # fmt: skip
        assert _run(["reprocess", *asked]) == 2
        assert why in capsys.readouterr().err


def test_the_custodian_s_command_opens_and_status_says_both_states(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = custodian(tmp_path)
    found = zones()
    loaded(submission(tmp_path), found)
    monkeypatch.setenv("PARITY_RECIPIENT", own.recipient)
    loaded(submission(tmp_path, month="2025-05"), found)
    assert _run(["status"]) == 0
    said = capsys.readouterr().out
    assert "Received files of 1 submission are kept in clear (mode 0600)" in said
    assert "Received files of 1 submission are encrypted" in said
    assert _run(["reprocess"]) == 1
    assert "parity reprocess --identity FILE" in capsys.readouterr().err
    assert _run(["reprocess", "--identity", str(own.file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["states"] == {"accepted": 2}
    assert custody.kept(found) == custody.Kept(encrypted=2, in_clear=0, left_open=0)
    assert in_clear(found) == set()
    assert modes.hold(found.home) == []  # whatever Dagster and the ledger wrote is this account's alone
    # Neither the identity nor its path is kept anywhere.
    secret = next(line for line in own.file.read_text().splitlines() if line.startswith("AGE-SECRET"))
    for path in found.home.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes() and str(own.file).encode() not in path.read_bytes(), (
                path
            )


@pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc) is installed")
def test_a_killed_load_of_encrypted_files_run_again_ends_as_one_left_alone(tmp_path: Path, own: Custodian) -> None:
    path, alone = submission(tmp_path / "in"), tmp_path / "alone"
    alone.mkdir()
    with machine() as started:
        points = started.run("load", alone, path, named=True).points
        expected = left_in(zones(alone))
        chosen = range(1, len(points) + 1) if is_whole() else (len(points) * 2 // 5, len(points) * 4 // 5)
        for at in chosen:
            root = tmp_path / str(at)
            root.mkdir()
            assert started.run("load", root, path, at=at).ended == "SIGKILL"
            assert started.run("load", root, path).ended is None
            assert left_in(zones(root)) == expected, points[at - 1]
            assert in_clear(zones(root)) == set()


def test_the_command_line_of_age_opens_what_is_kept(tmp_path: Path, home: Path, own: Custodian) -> None:
    age = next((folder for folder in os.get_exec_path() if (Path(folder) / "age").exists()), None)
    if age is None:
        pytest.skip("the command line of age is not installed")
    found = zones()
    first = loaded(submission(tmp_path), found)
    kept = found.received / first.receipt.submission_id / "IDS001.csv.age"
    opened = subprocess.run(["age", "-d", "-i", own.file, kept], capture_output=True, text=True, check=True)
    assert opened.stdout == RIGHT["IDS001MPI"]
