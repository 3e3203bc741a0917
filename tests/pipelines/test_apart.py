"""A submission is read in a process of its own: what that process does not survive is rejected, and the next follows."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import apart
from pipelines.cli import _run
from pipelines.commands.app import CRASHED, FILE_REJECTED, USAGE
from pipelines.inbox import unread_source
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.members import bytes_at
from pipelines.store import rows_of
from pipelines.worker import ENV_MEMORY, ENV_SECONDS, Died, StepFailed, Worker, seconds_for
from pipelines.zones import PROJECT, zones
from schemas.errors import NotAsked
from tests.corpus.sizes import copies
from tests.fixtures.example import example
from tests.fixtures.submission import RIGHT, submission
from tests.fixtures.tasks import (
    environment,
    fill_the_memory,
    keep_in_memory,
    kill_yourself,
    leave,
    limits_of_the_system,
    print_something,
    raise_with_a_value,
)
from transforms.findings import no_findings

# A small submission takes 70 MB, 100,000 copies of a contact 300.
BETWEEN_MB = "150"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(ready="tests.fixtures.tasks")
    yield made
    made.end()


def test_one_process_does_many_tasks_each_with_the_environment_of_its_time(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_SOMETHING", "one")
    first = worker.run(environment, "PARITY_SOMETHING")
    monkeypatch.delenv("PARITY_SOMETHING")
    second = worker.run(environment, "PARITY_SOMETHING")
    assert (first[0], second[0]) == ("one", None)
    assert first[1] == second[1] != os.getpid()


@pytest.mark.parametrize(
    ("task", "argument", "why"),
    [
        (kill_yourself, signal.SIGSEGV, "its process ended (signal 11)"),
        (kill_yourself, signal.SIGKILL, "its process ended (signal 9)"),
        (leave, 3, "its process ended (status 3)"),
    ],
)
def test_a_task_that_ends_the_process_is_an_answer_and_the_next_task_has_another_process(
    worker: Worker, task: object, argument: int, why: str
) -> None:
    _, before = worker.run(environment, "x")
    with pytest.raises(Died) as died:
        worker.run(task, argument)
    assert str(died.value) == why
    assert worker.run(environment, "x")[1] != before


def test_a_process_that_ended_between_two_tasks_is_started_again(worker: Worker) -> None:
    _, before = worker.run(environment, "x")
    os.kill(before, signal.SIGKILL)
    os.waitpid(before, 0)
    assert worker.run(environment, "x")[1] != before


def test_memory_is_limited(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_MEMORY, "300")
    assert worker.run(fill_the_memory, 10) == 10 << 20
    with pytest.raises(Died, match="it took more than 300 MB of memory"):
        worker.run(fill_the_memory, 2000)


def test_time_is_limited(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_SECONDS, "1")
    with pytest.raises(Died, match="it took more than 1 seconds"):
        worker.run(signal.pause)


def test_a_process_that_stands_still_is_ended_and_the_next_task_has_another(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = worker.run(environment, "x")
    monkeypatch.setenv(ENV_SECONDS, "1")
    with pytest.raises(Died, match=re.escape("it took more than 1 seconds (of processor time 0)")):
        worker.run(kill_yourself, signal.SIGSTOP)
    monkeypatch.delenv(ENV_SECONDS)
    assert not Path(f"/proc/{before}").exists()
    assert worker.run(environment, "x")[1] != before


@pytest.mark.parametrize(
    ("size", "seconds", "given"),
    [
        (0, 1800, 300), (3_000_000, 1800, 315), (60_000_000, 1800, 600), (300_000_000, 1800, 1800),
        (16 << 30, 1800, 1800), (None, 1800, 1800), (0, 7200, 1200), (0, 1, 1), (None, 1, 1),
    ],
)  # fmt: skip
def test_the_time_follows_what_there_is_to_read_and_the_setting(size: int | None, seconds: int, given: int) -> None:
    assert seconds_for(size, seconds) == given


def test_what_there_is_to_read_is_a_file_or_a_folder_and_its_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "one.csv").write_bytes(b"123")
    (tmp_path / "in" / "two.csv").write_bytes(b"45")
    assert (bytes_at(tmp_path / "one.csv"), bytes_at(tmp_path), bytes_at(tmp_path / "none")) == (3, 5, 0)


def test_a_submission_that_stands_still_is_rejected_in_words_and_the_next_is_read(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    still, following = submission(tmp_path, "RV5"), submission(tmp_path, "RXT")
    _, process = apart.worker.run(environment, "x")
    os.kill(process, signal.SIGSTOP)
    monkeypatch.setenv(ENV_SECONDS, "6")  # of which a small submission has 2
    assert _run(["check", str(still), "--json"]) == FILE_REJECTED
    (rule,) = json.loads(capfd.readouterr().out)[0]["rules"]
    assert (rule["rule_id"], rule["values"]) == (
        "GATE-LIMIT-PROCESS", ["it took more than 2 seconds (of processor time 0)"],
    )  # fmt: skip
    assert "once more" in rule["fix"]
    monkeypatch.delenv(ENV_SECONDS)
    assert not Path(f"/proc/{process}").exists()
    assert _run(["check", str(following), "--json"]) == 0
    assert _run(["check", str(still), "--json"]) == 0


def test_a_process_that_took_much_is_replaced_when_its_task_is_done(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = worker.run(environment, "x")
    monkeypatch.setattr("pipelines.worker._RETIRED_MB", 1)
    worker.run(fill_the_memory, 1)
    assert worker.run(environment, "x")[1] != before


def test_what_an_earlier_task_left_does_not_count_against_the_next(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENV_MEMORY, "150")
    _, before = worker.run(environment, "x")
    monkeypatch.setenv(ENV_MEMORY, "400")
    worker.run(keep_in_memory, 120)
    monkeypatch.setenv(ENV_MEMORY, "150")
    assert worker.run(fill_the_memory, 60) == 60 << 20
    assert worker.run(environment, "x")[1] != before


@pytest.mark.parametrize("value", ["0", "-1", "much", "1.5", "٣", str(1 << 40)])
def test_a_limit_that_is_no_number_is_a_sentence(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(ENV_MEMORY, value)
    with pytest.raises(NotAsked, match=f"{ENV_MEMORY} must be a whole number from 1, such as 8192"):
        worker.run(environment, "x")


@pytest.mark.parametrize("kind", [ValueError, KeyError, MemoryError, KeyboardInterrupt, BaseException])
def test_of_an_error_only_its_class_leaves_the_process(worker: Worker, kind: type[BaseException]) -> None:
    with pytest.raises(StepFailed) as failed:
        worker.run(raise_with_a_value, kind)
    assert failed.value.kind == kind.__name__
    assert "PATIENT" not in str(failed.value) and failed.value.__cause__ is failed.value.__context__ is None


def test_what_a_task_prints_is_no_answer(worker: Worker) -> None:
    assert worker.run(print_something) == "answer"


def test_the_process_leaves_no_core_and_has_limits_of_the_system_too(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENV_SECONDS, "100")
    core, size, seconds = worker.run(limits_of_the_system)
    assert (core, size) == (0, 16 << 30)
    assert 100 <= seconds <= 100 * (os.cpu_count() or 1) + 60


def test_the_process_ends_with_the_one_who_asks_in_the_middle_of_a_task(tmp_path: Path) -> None:
    """Killed without notice: the other process notices that nobody is there, and works no longer."""
    asks = (
        "import signal; from pipelines.worker import Worker; from tests.fixtures.tasks import environment\n"
        "w = Worker(ready='tests.fixtures.tasks'); print(w.run(environment, 'x')[1], flush=True); w.run(signal.pause)"
    )
    asking = subprocess.Popen([sys.executable, "-c", asks], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    other = int(asking.stdout.readline())
    asking.kill()
    asking.communicate()
    while Path(f"/proc/{other}").exists() and "Z" not in Path(f"/proc/{other}/stat").read_text().split()[2]:
        pass  # a test that hangs here has failed


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A submission, one that takes more memory than there is, and another one."""
    monkeypatch.setenv(ENV_MEMORY, BETWEEN_MB)
    large = example(tmp_path / "in")
    copies(100_000)(large)
    return [submission(tmp_path / "in", "RV5"), large, submission(tmp_path / "in", "RXT")]


def test_a_batch_goes_on_after_a_submission_that_cannot_be_read(
    tmp_path: Path, home: Path, three: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run(["load", str(tmp_path / "in"), "--json"]) == FILE_REJECTED
    assert json.loads(capfd.readouterr().out)["states"] == {"accepted": 2, "file rejected": 1}
    found = zones()
    outcomes = {o.provider_month.provider: o for o in open_ledger(found.ledger).outcomes() if o.provider_month}
    assert {provider: o.state for provider, o in outcomes.items()} == {
        "RV5": State.ACCEPTED, "RW5": State.FILE_REJECTED, "RXT": State.ACCEPTED,
    }  # fmt: skip
    report = json.loads(next(found.site_reports.glob("RW5/2026-04/*/report.json")).read_text())
    (rule,) = report["rules"]
    assert (rule["rule_id"], rule["values"]) == (
        "GATE-LIMIT-PROCESS",
        [f"it took more than {BETWEEN_MB} MB of memory"],
    )
    # A check says the same.
    (tmp_path / "in" / "RV5_2025-04").rename(tmp_path / "RV5_2025-04")
    assert _run(["check", str(three[1]), "--json"]) == FILE_REJECTED
    (checked,) = json.loads(capfd.readouterr().out)
    assert [r["rule_id"] for r in checked["rules"]] == ["GATE-LIMIT-PROCESS"]


def test_what_could_not_be_read_is_read_again_under_other_limits(
    home: Path, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, ledger, key = zones(), open_ledger(zones().ledger), spine_key()
    small = three[0]
    monkeypatch.setenv(ENV_MEMORY, "1")
    first = apart.load(small, found, ledger, key)
    assert (first.verdict.state, first.verdict.rules) == (State.FILE_REJECTED, {"GATE-LIMIT-PROCESS": 1})
    monkeypatch.delenv(ENV_MEMORY)
    second = apart.load(small, found, ledger, key)
    assert (second.verdict.state, second.is_repeat) == (State.ACCEPTED, False)
    assert apart.load(small, found, ledger, key).is_repeat
    # Accepted once, it counts for as long as nothing better is known of it.
    monkeypatch.setenv(ENV_MEMORY, "1")
    with pytest.raises(StepFailed, match="Died"):
        apart.reprocess(second.receipt, found, ledger, key)
    assert ledger.outcome(second.receipt.submission_id).state is State.FAILED
    (counting,) = ledger.current_submissions()
    assert rows_of(second.receipt.submission_id, counting.detail, found).exists()
    monkeypatch.delenv(ENV_MEMORY)
    assert apart.reprocess(second.receipt, found, ledger, key).verdict.state is State.ACCEPTED


def test_a_submission_that_ends_the_process_before_its_receipt_has_one_too(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENV_MEMORY, "1")
    found, ledger = zones(), open_ledger(zones().ledger)
    path = submission(tmp_path)
    one = apart.load(path, found, ledger, spine_key())
    (outcome,) = ledger.outcomes()
    assert (outcome.state, str(outcome.provider_month)) == (State.FILE_REJECTED, "RW5_2025-04")
    # Names and sizes tell one from another.
    other = submission(tmp_path / "other", IDS002GP=RIGHT["IDS002GP"] + "\n")
    hashes = [unread_source(each, no_findings()).content_sha256 for each in (path, path, other)]
    assert hashes[0] == hashes[1] == one.receipt.content_sha256 != hashes[2]


def test_an_error_is_one_sentence_and_the_command_ends_with_1(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PARITY_DEBUG", raising=False)
    (tmp_path / "out").write_text("a file where the folder of the report must be")
    assert _run(["check", str(submission(tmp_path)), "--report", str(tmp_path / "out")]) in (CRASHED, USAGE)
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err and err.count("parity:") == 1
