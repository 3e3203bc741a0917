"""Loading as tasks that carry a part of the ledger: every outcome is that of loading one after another.

Spark itself is in ``test_spark.py``. Here a task and what comes back are pickled, and run in this process.
"""

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

from pipelines.batch import Failed, Result, load_all
from pipelines.keys import KeyFile, spine_key
from pipelines.keys.store import KeyUnusable
from pipelines.ledger import Outcome, State, open_ledger
from pipelines.ledger.carried import CarriedLedger, NotCarried
from pipelines.load import Loaded
from pipelines.loads import load_all_on
from pipelines.spread import ENV_WORKERS, Done, attempted, code, for_loads, in_processes, processes
from pipelines.zones import Zones, zones
from tests.fixtures.submission import EMPTY, RIGHT, submission, write


def there(do: Callable[[Any], Any], of: Sequence[Any]) -> Iterator[Done]:
    """Every task after the other, as bytes."""
    for task in of:
        yield pickle.loads(pickle.dumps(attempted(*pickle.loads(pickle.dumps((do, task))), wanted=code())))


def arrivals(root: Path) -> list[Path]:
    """What may come in one batch: months of two services in any order, a file again, a rejected one, one without a
    record, one without a name, one whose name is not its header's, and one that is no zip.
    """
    found = [
        submission(root / "1", "RW5", "2025-05"),
        submission(root / "1", "RXX"),
        submission(root / "1", "RW5"),
        submission(root / "2", "RXX"),
        submission(root / "2", "RXX", "2025-05", IDS000Header="DatSetVer\n2.0\n"),
        submission(root / "2", "RW5", **EMPTY),
        write(root / "2" / "no name", {n: t.replace("RW5", "RYY") for n, t in RIGHT.items()}),
        submission(root / "3", "RXX").rename(root / "3" / "RZZ_2025-04"),
    ]
    broken = root / "3" / "RW5_2025-06.zip"
    broken.write_bytes(b"PK no zip")
    return [*found, broken]


def told(events: Sequence[Outcome]) -> dict[str, list[tuple[Any, ...]]]:
    """The events of each submission, in their order."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for event in events:
        found.setdefault(event.receipt.submission_id, []).append((event.state, event.provider_month, event.detail))
    return found


def files(of: Zones) -> list[str]:
    """Every file of rows and reports."""
    return sorted(
        str(path.relative_to(of.home))
        for zone in (of.pseudonymised, of.site_reports, of.received)
        for path in zone.rglob("*")
        if path.is_file() and path.name[0] != "."
    )


def outcome(result: Result) -> tuple[Any, ...]:
    if isinstance(result, Failed):
        return (result.of, result.error)
    return (result.receipt.submission_id, result.state, result.is_repeat, dict(result.verdict.rules))


def test_outcomes_events_and_files_are_those_of_loading_one_after_another(tmp_path: Path, home: Path) -> None:
    paths, key = arrivals(tmp_path / "in"), spine_key()
    alone, spread = zones(tmp_path / "alone"), zones(tmp_path / "spread")
    one, other = open_ledger(alone.ledger), open_ledger(spread.ledger)
    wanted = list(load_all(paths, alone, one, key))
    seen = list(load_all_on(there, paths, spread, other, key))
    assert sorted(map(repr, map(outcome, seen))) == sorted(map(repr, map(outcome, wanted)))
    assert told(other.events()) == told(one.events())
    assert files(spread) == files(alone)
    states = {event.state for event in other.events()}
    assert states == {State.RECEIVED, State.ACCEPTED, State.FILE_REJECTED, State.HELD}
    assert sum(isinstance(result, Loaded) and result.is_repeat for result in seen) == 1
    other.verify({}, in_full=True)


def test_two_processes_of_this_machine_load_as_one_does(tmp_path: Path, home: Path) -> None:
    paths, key = [submission(tmp_path, "RW5"), submission(tmp_path, "RXX")], spine_key()
    alone, spread = zones(tmp_path / "alone"), zones(tmp_path / "spread")
    one, other = open_ledger(alone.ledger), open_ledger(spread.ledger)
    wanted = list(load_all(paths, alone, one, key))
    seen = list(load_all_on(in_processes(2), paths, spread, other, key))
    assert list(map(outcome, seen)) == list(map(outcome, wanted))
    assert told(other.events()) == told(one.events())
    assert files(spread) == files(alone)


def test_submissions_of_several_providers_are_loaded_in_as_many_processes_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert for_loads(3) is None
    monkeypatch.setenv(ENV_WORKERS, "2")
    assert for_loads(1) is None and for_loads(3) is not None
    monkeypatch.setenv(ENV_WORKERS, "1")
    wanted = copy_context()
    wanted.run(processes.set, 2)  # the demonstration asks for it
    assert wanted.run(for_loads, 3) is not None and wanted.run(for_loads, 1) is None


def test_loading_the_same_again_changes_nothing(tmp_path: Path, home: Path) -> None:
    paths, key, found = [submission(tmp_path, "RXX"), submission(tmp_path, "RW5")], spine_key(), zones()
    ledger = open_ledger(found.ledger)
    list(load_all_on(there, paths, found, ledger, key))
    before = ledger.events()
    again = list(load_all_on(there, paths, found, ledger, key))
    assert [isinstance(result, Loaded) and result.is_repeat for result in again] == [True, True]
    assert ledger.events() == before


def test_a_submission_of_the_inbox_leaves_it_when_its_outcome_is_recorded(home: Path) -> None:
    found = zones()
    paths = [submission(found.inbox, "RXX"), submission(found.inbox, "RW5", IDS000Header="DatSetVer\n2.0\n")]
    list(load_all_on(there, paths, found, open_ledger(found.ledger), spine_key()))
    assert not any(path.exists() for path in paths)
    assert [len(list((found.inbox / where).iterdir())) for where in ("received", "refused")] == [1, 1]


def test_a_task_that_is_lost_fails_its_submissions_and_no_others(tmp_path: Path, home: Path) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    paths = [submission(tmp_path, "RW5"), submission(tmp_path, "RW5", "2025-05"), submission(tmp_path, "RXX")]

    def losing(do: Any, of: Sequence[Any]) -> Iterator[Done]:
        for task, done in zip(of, there(do, of), strict=True):
            yield Done(error="Lost") if task.provider == "RW5" else done

    lost, too, loaded = load_all_on(losing, paths, found, ledger, spine_key())
    assert [(one.of.provider, one.error) for one in (lost, too) if isinstance(one, Failed) and one.of] == [
        ("RW5", "Lost"), ("RW5", "Lost")
    ]  # fmt: skip
    assert isinstance(loaded, Loaded)
    assert [one.state for one in ledger.outcomes()].count(State.FAILED) == 2
    # The machine had done its work, and only the word of it was lost: loading again ends as if nothing was.
    assert all(isinstance(one, Loaded) for one in load_all_on(there, paths, found, ledger, spine_key()))
    assert len(ledger.current_submissions()) == 3


@pytest.mark.parametrize("has", ["another key", "no key"])
def test_a_machine_with_another_key_or_none_ends_the_load_and_makes_none(
    has: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, ledger, key = zones(), open_ledger(zones().ledger), spine_key()
    own = tmp_path / "own" / "worker.key"

    def elsewhere(do: Any, of: Sequence[Any]) -> Iterator[Done]:
        with monkeypatch.context() as environment:
            environment.setenv("PARITY_KEY_FILE", str(own))
            yield from there(do, of)

    if has == "another key":
        KeyFile(own).add("1")
    with pytest.raises(KeyUnusable, match=r"another pseudonym key .* or none"):
        list(load_all_on(elsewhere, [submission(tmp_path)], found, ledger, key))
    assert own.exists() == (has == "another key")
    assert [one.state for one in ledger.outcomes()] == [State.RECEIVED]
    assert not list(found.pseudonymised.glob("[!.]*"))


def test_what_a_task_carries_and_brings_back_has_no_key(tmp_path: Path, home: Path) -> None:
    found, secret = zones(), spine_key()
    sent: list[bytes] = []

    def watched(do: Any, of: Sequence[Any]) -> Iterator[Done]:
        for task, done in zip(of, there(do, of), strict=True):
            sent.extend((pickle.dumps((do, task)), pickle.dumps(done)))
            yield done

    list(load_all_on(watched, [submission(tmp_path)], found, open_ledger(found.ledger), secret))
    root = Path(os.environ["PARITY_KEY_FILE"]).read_bytes().strip() if "PARITY_KEY_FILE" in os.environ else b""
    for key in filter(None, (secret.secret.encode(), secret.marks.encode(), bytes.fromhex(secret.secret), root)):
        assert not any(key in each for each in sent)
    assert any(b"RW5" in each for each in sent)  # the control: a text that a task does have is found


def test_a_carried_ledger_has_one_provider_alone() -> None:
    ledger = CarriedLedger("RW5", (), ())
    assert ledger.events("RW5") == []
    with pytest.raises(NotCarried):
        ledger.events("RXX")
    with pytest.raises(NotCarried):
        ledger.events()
    with pytest.raises(KeyError):
        ledger.outcome("unknown")
