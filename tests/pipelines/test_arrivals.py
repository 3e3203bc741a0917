"""The inbox: when an entry is taken, where it goes, and that nothing in it stops another."""

import json
import os
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines import arrivals, inbox_tick
from pipelines.arrivals import RECEIVED, REFUSED, WHY
from pipelines.automation import inbox_sensor
from pipelines.cli import _run
from pipelines.definitions import build_defs
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import Loaded, load
from pipelines.resources import Parity
from pipelines.run import QUIET
from pipelines.zones import Zones
from tests.fixtures.submission import RIGHT, submission, zipped

NOT_UTF_8 = os.fsdecode(b"\xff_2025-04")


def loaded(path: Path, found: Zones) -> Loaded:
    return load(path, found, open_ledger(found.ledger), spine_key())


def away(found: Zones, where: str) -> list[str]:
    """What lies in ``received`` or ``refused`` of the inbox, as «folder/name»."""
    return [f"{place.name}/{path.name}" for place in arrivals.put_away_in(found, where) for path in place.iterdir()]


def never_ran(_key: str) -> float:
    return 0.0


def runs(_key: str) -> None:
    return None


def looks(
    found: Zones, times: int = 2, ended: inbox_tick.Ended = never_ran, memory: str | None = None
) -> inbox_tick.Look:
    """The last of so many looks at the inbox, each with the memory of the one before."""
    for _ in range(times):
        one = inbox_tick.look(found, inbox_tick.remembered(memory), ended)
        memory = one.memory()
    return one


def test_an_entry_is_taken_when_it_lies_as_it_did_at_the_look_before(found: Zones) -> None:
    path = submission(found.inbox)
    first = looks(found, 1)
    assert (first.ready, first.arriving) == ([], 1)
    assert looks(found, 1, memory=first.memory()).ready == [path]
    (path / "IDS101Referral.csv").write_text(RIGHT["IDS101Referral"].replace("R3", "R4"))
    changed = looks(found, 1, memory=first.memory())
    assert (changed.ready, changed.arriving) == ([], 1)


@pytest.mark.parametrize("grow", ["more bytes", "one more file", "same bytes and time, written anew"])
def test_what_is_still_being_written_is_not_at_rest(found: Zones, grow: str) -> None:
    path = submission(found.inbox)
    memory = looks(found, 1).memory()
    for _ in range(3):
        table = path / "IDS101Referral.csv"
        before = table.stat()
        if grow == "more bytes":
            with table.open("a") as file:
                file.write("R4,P1,QE1,2025-04-05,A1,,,,\n")
        elif grow == "one more file":
            (path / f"{len(list(path.iterdir()))}.csv").touch()
        else:
            time.sleep(0.01)  # the clock of the disk goes on
            table.write_text(table.read_text())
            os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))
        now = looks(found, 1, memory=memory)
        assert (now.ready, now.arriving) == ([], 1)
        memory = now.memory()
    assert looks(found, 1, memory=memory).ready == [path]


def test_an_empty_folder_waits_for_its_files_and_a_file_that_is_copied_for_its_name(found: Zones) -> None:
    (found.inbox / "RW5_2025-04").mkdir()
    (found.inbox / "RV5_2025-04.zip.filepart").write_bytes(b"PK")
    (found.inbox / ".RRP_2025-04").mkdir()
    now = looks(found, 3)
    assert (now.ready, now.arriving, now.refused) == ([], 1, 0)
    assert len(list(found.inbox.iterdir())) == 3


def test_nothing_in_the_inbox_stops_another(found: Zones, tmp_path: Path) -> None:
    """A stray table, a note, a link, a pipe, a name that is no text: each beside a good one."""
    good = submission(found.inbox)
    (found.inbox / "IDS101Referral.csv").write_text(RIGHT["IDS101Referral"])
    (found.inbox / "notes.txt").write_text("by Jane Doe")
    (found.inbox / "way out").symlink_to(tmp_path)
    (found.inbox / NOT_UTF_8).mkdir()
    (found.inbox / NOT_UTF_8 / "IDS101Referral.csv").write_text("x")
    os.mkfifo(found.inbox / "pipe")
    first = looks(found, 1)
    assert first.refused == 0  # they may still be arriving
    now = looks(found, 1, memory=first.memory())
    assert set(now.ready) == {good, found.inbox / NOT_UTF_8}
    assert now.refused == 4
    assert "4 put into refused/: no submission" in now.said()
    assert sorted(path.name for path in found.inbox.iterdir()) == sorted([good.name, NOT_UTF_8, REFUSED])
    names = {name.partition("/")[2] for name in away(found, REFUSED)}
    assert names == {"IDS101Referral.csv", "notes.txt", "way out", "pipe", WHY}
    assert "Jane" not in now.memory() + now.said()


def test_a_loaded_entry_leaves_the_inbox_by_its_outcome(found: Zones) -> None:
    good = loaded(submission(found.inbox), found)
    bad = loaded(submission(found.inbox, "RV5", IDS000Header=None), found)
    bad_zip = found.inbox / "RRP_2025-04.zip"
    bad_zip.write_bytes(b"no zip")
    worse = loaded(bad_zip, found)
    assert [one.state for one in (good, bad, worse)] == [State.ACCEPTED, State.FILE_REJECTED, State.FILE_REJECTED]
    assert away(found, RECEIVED) == [f"{good.receipt.submission_id}/RW5_2025-04"]
    assert sorted(away(found, REFUSED)) == sorted(
        [f"{bad.receipt.submission_id}/RV5_2025-04", f"{worse.receipt.submission_id}/RRP_2025-04.zip"]
    )
    assert arrivals.entries(found) == []
    for where in (RECEIVED, REFUSED):
        assert (found.inbox / where).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_a_killed_process_left_empty_takes_the_entry(found: Zones, tmp_path: Path) -> None:
    name = loaded(submission(tmp_path), found).receipt.submission_id
    for _ in range(2):  # one that another entry lies in stays as it is
        submission(found.inbox)
        (found.inbox / RECEIVED / name).mkdir(parents=True, exist_ok=True)
        (found.inbox / RECEIVED / f"{name}.2").mkdir(exist_ok=True)
        loaded(found.inbox / "RW5_2025-04", found)
    assert sorted(away(found, RECEIVED)) == [f"{name}.2/RW5_2025-04", f"{name}/RW5_2025-04"]


def test_the_same_files_again_are_a_new_arrival_and_change_nothing(found: Zones) -> None:
    first = loaded(submission(found.inbox), found)
    again = loaded(zipped(submission(found.inbox)), found)
    assert again.is_repeat and again.receipt.submission_id == (id_ := first.receipt.submission_id)
    assert sorted(away(found, RECEIVED)) == [f"{id_}.2/RW5_2025-04.zip", f"{id_}/RW5_2025-04"]
    assert [arrivals.submission_of(place) for place in arrivals.put_away_in(found, RECEIVED)] == [id_, id_]
    # The folder from which the zip was made still waits.
    assert loaded(found.inbox / "RW5_2025-04", found).is_repeat
    assert arrivals.entries(found) == []


def test_a_site_may_go_back_to_an_earlier_file_through_the_inbox(found: Zones) -> None:
    first = loaded(submission(found.inbox), found)
    second = loaded(submission(found.inbox, IDS002GP=None), found)
    third = loaded(submission(found.inbox), found)
    assert not third.is_repeat and third.receipt.submission_id == f"{first.receipt.submission_id}-2"
    (counts,) = open_ledger(found.ledger).current_submissions()
    assert counts.receipt.submission_id == third.receipt.submission_id
    ids = {arrivals.submission_of(place) for place in arrivals.put_away_in(found, RECEIVED)}
    assert ids == {one.receipt.submission_id for one in (first, second, third)}


def test_what_lies_elsewhere_stays_where_it_is(found: Zones, tmp_path: Path) -> None:
    path = submission(tmp_path)
    loaded(path, found)
    assert path.exists() and not (found.inbox / RECEIVED).exists()


def test_a_file_that_changed_while_it_was_read_stays_as_a_new_arrival(found: Zones) -> None:
    path = submission(found.inbox)
    with arrivals.taking(path, found) as taken:
        (path / "IDS101Referral.csv").write_text(RIGHT["IDS101Referral"].replace("R3", "R4"))
        taken.outcome = "0123456789abcdef", State.ACCEPTED
    assert arrivals.entries(found) == [path]
    with arrivals.taking(path, found) as taken:
        taken.outcome = "0123456789abcdef", State.ACCEPTED
    assert arrivals.entries(found) == []


def test_a_load_that_broke_off_leaves_its_entry(found: Zones) -> None:
    path = submission(found.inbox)
    (found.site_reports / "RW5").write_text("a file where a folder must be")
    with pytest.raises(NotADirectoryError):
        loaded(path, found)
    assert arrivals.entries(found) == [path]
    (found.site_reports / "RW5").unlink()
    assert loaded(path, found).state is State.ACCEPTED
    assert arrivals.entries(found) == []


def test_an_entry_that_may_not_be_moved_is_loaded_and_stays(found: Zones) -> None:
    path = submission(found.inbox)
    (found.inbox / RECEIVED).write_text("a file where the folder must be")
    assert loaded(path, found).state is State.ACCEPTED
    assert arrivals.entries(found) == [path]


def test_a_run_that_ended_without_its_entry_is_followed_by_another_later_each_time(
    found: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = submission(found.inbox)
    one = looks(found)
    one.requested(path, "run 1")
    assert looks(found, 1, runs, one.memory()).loading == 1
    clock = [1000.0]
    monkeypatch.setattr(inbox_tick.time, "time", lambda: clock[0])
    waited, memory = [], one.memory()
    for _ in range(13):
        ended = clock[0]
        while not (now := looks(found, 1, lambda _key, at=ended: at, memory)).ready:
            assert now.again == 1
            clock[0] += 60
        waited.append(round(clock[0] - ended) // 60)
        now.requested(path, "next run")
        memory = now.memory()
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440, 1440]


def test_of_one_provider_and_month_the_one_that_came_last_is_loaded_last(found: Zones, tmp_path: Path) -> None:
    later = zipped(submission(tmp_path, IDS002GP=None))
    first = submission(found.inbox)
    time.sleep(0.01)  # the clock of the disk goes on
    second = later.rename(found.inbox / "RW5_2025-04.zip")
    other = submission(found.inbox, "RV5")
    now = looks(found)
    assert now.ready == [first, other]
    for path in now.ready:
        now.requested(path, "run")
    assert looks(found, 1, runs, now.memory()).ready == []
    loaded(first, found)
    assert looks(found, 1, runs, now.memory()).ready == [second]


def test_the_memory_has_only_what_waits(found: Zones) -> None:
    for number in range(120):
        (found.inbox / f"R{number:03}_2025-04").mkdir()
        (found.inbox / f"R{number:03}_2025-04" / "x.csv").touch()
    now = looks(found)
    assert len(now.ready) == inbox_tick.MOST
    for path in now.ready:
        now.requested(path, "0123456789abcdef")
    assert len(now.memory()) < 120 * 62
    for path in now.ready:
        arrivals.refuse_stray(path, found)
    assert set(json.loads(looks(found, 1, memory=now.memory()).memory())) == {
        arrivals.name_of(found.inbox / f"R{number:03}_2025-04") for number in range(100, 120)
    }


@pytest.mark.parametrize("text", [None, "", "no json", "[]", '{"a": ["b"]}', '{"0123": ["a", ["b"], 1]}', "7"])
def test_a_memory_of_another_version_is_left_aside(text: str | None) -> None:
    assert set(map(type, inbox_tick.remembered(text).values())) <= {inbox_tick.Remembered}


def test_the_sensor_loads_the_inbox_end_to_end(
    found: Zones, dagster_instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    """Good ones, a bad zip, a broken table and junk, in few runs. Then the inbox is empty, and Dagster has no name."""
    for provider in ("RW5", "RV5"):
        submission(found.inbox, provider)
    submission(found.inbox, "RXT", IDS101Referral="Surname\nx\n")
    (found.inbox / "RRP_2025-04.zip").write_bytes(b"no zip")
    (found.inbox / "Jane Doe.csv").write_text("x")
    cursor: str | None = None
    requests: list[dg.RunRequest] = []
    for _ in range(2):
        with dg.build_sensor_context(instance=dagster_instance, cursor=cursor) as context:
            ticked = inbox_sensor(context, parity=Parity(home=str(found.home)))
        assert isinstance(ticked, dg.SensorResult)
        cursor, requests = ticked.cursor, list(ticked.run_requests or [])
    assert len(requests) == 1
    job = build_defs({"parity": Parity(home=str(found.home))}).resolve_job_def("load_submissions")
    for request in requests:
        result = job.execute_in_process(
            run_config={**QUIET, **request.run_config},
            instance=dagster_instance,
            tags={**request.tags, "dagster/run_key": str(request.run_key)},
            raise_on_error=False,
        )
        assert result.success
    states = {o.provider_month.provider: o.state for o in open_ledger(found.ledger).outcomes() if o.provider_month}
    assert states == {
        "RW5": State.ACCEPTED, "RV5": State.ACCEPTED, "RXT": State.FILE_REJECTED, "RRP": State.FILE_REJECTED,
    }  # fmt: skip
    assert {path.name for path in found.inbox.iterdir()} == {RECEIVED, REFUSED}
    assert "RW5" not in (cursor or "") and "Jane" not in (cursor or "")
    with dg.build_sensor_context(instance=dagster_instance, cursor=cursor) as context:
        ticked = inbox_sensor(context, parity=Parity(home=str(found.home)))
    assert isinstance(ticked, dg.SensorResult) and ticked.cursor == "{}"
    capsys.readouterr()
    assert _run(["status"]) == 0
    assert "Inbox: 1 file in refused/ that can be no submission" in capsys.readouterr().out


def test_the_command_loads_what_waits_in_the_inbox_whatever_lies_beside_it(
    found: Zones, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["load"]) == 2
    assert "The inbox is empty" in capsys.readouterr().err
    (found.inbox / "IDS101Referral.csv").write_text(RIGHT["IDS101Referral"])
    assert _run(["load"]) == 2
    assert "The inbox has no submission, and 1 other file." in capsys.readouterr().err
    path = submission(found.inbox)
    assert arrivals.submissions(found.inbox, found) == [path]
    assert [each.name for each in arrivals.strays(found)] == ["IDS101Referral.csv"]
