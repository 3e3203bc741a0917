"""Who is told what: each cause is made on a real data root, told once, mended as the message says, and over.

Belongs here: causes and the memory of them. Does not belong here: sending (``test_telling_channels``).
"""

import os
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from pipelines import arrivals
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, CRASHED
from pipelines.dagster_home import instance
from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger, today_in_england
from pipelines.load import load
from pipelines.resources import Parity
from pipelines.telling import look
from pipelines.telling.cause import Cause, Found
from pipelines.telling.memory import CHANGED, NEW, OVER, STILL, Memory, read
from pipelines.telling.months import LAGS_AFTER
from pipelines.telling.sensor import problems_sensor
from pipelines.zones import Zones
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import EMPTY, submission
from tests.fixtures.telling import newest, said, stray_comes

NOON = datetime.fromisoformat("2026-01-05T12:00")
WEEK = timedelta(days=7)


def cause(
    name: str = "held/RW5/2025-04", state: str = "1", is_ours: bool = True, over: str = "It is over."
) -> Cause:
    return Cause(name, f"title of {name}", "What it means.", ["parity status"], over, state, is_ours)


# What is told, and when


@pytest.mark.parametrize(
    ("before", "later", "now", "told"),
    [
        # passes: nothing is wrong, or it is known
        ([], WEEK, Found([]), []),
        ([cause()], timedelta(minutes=5), Found([cause()]), []),
        ([cause()], WEEK - timedelta(minutes=1), Found([cause()]), []),
        ([cause(is_ours=False)], WEEK, Found([cause(is_ours=False)]), []),
        # fails: told when it begins, changes, lasts, and ends
        ([], timedelta(0), Found([cause()]), [NEW]),
        ([cause()], timedelta(minutes=5), Found([cause(state="2")]), [CHANGED]),
        ([cause()], WEEK, Found([cause()]), [STILL]),
        ([cause()], timedelta(minutes=5), Found([]), [OVER]),
        # does not apply: nobody knows at the moment, or its end says nothing
        ([cause()], timedelta(minutes=5), Found([], ["held/"]), []),
        ([cause()], timedelta(minutes=5), Found([], ["run/"]), [OVER]),
        ([cause(over="")], timedelta(minutes=5), Found([]), []),
    ],
)  # fmt: skip
def test_a_cause_is_told_when_it_begins_changes_lasts_and_ends(
    before: list[Cause], later: timedelta, now: Found, told: list[str]
) -> None:
    memory = Memory()
    memory.decide(Found(before), NOON, WEEK)
    assert [status for status, _ in said(memory.decide(now, NOON + later, WEEK))] == told
    assert said(memory.decide(now, NOON + later, WEEK)) == [], "the next tick tells nothing"


def test_what_was_told_is_remembered_and_a_file_that_nobody_can_read_tells_again(tmp_path: Path) -> None:
    memory = Memory()
    memory.queue(memory.decide(Found([cause()]), NOON, WEEK), ["files"])
    memory.write(tmp_path / "memory.json")
    assert read(tmp_path / "memory.json") == memory
    for text in ("", "[]", "null", '{"told": {}}', '{"told": [], "channels": {}}'):
        (tmp_path / "memory.json").write_text(text)
        assert read(tmp_path / "memory.json") == Memory()
    assert read(tmp_path / "none.json") == Memory()


def test_a_channel_that_is_new_is_told_what_is_known_and_none_of_its_own_failure() -> None:
    memory = Memory()
    own = cause("channel/webhook")
    memory.queue(memory.decide(Found([cause(), own]), NOON, WEEK), ["files"])
    memory.queue(memory.decide(Found([cause(), own]), NOON, WEEK), ["files", "webhook"])
    assert {name: len(waits.messages) for name, waits in memory.channels.items()} == {"files": 2, "webhook": 1}
    memory.queue(memory.decide(Found([cause(), own]), NOON + WEEK, WEEK), ["files", "webhook"])
    assert len(memory.channels["webhook"].messages) == 1, "a reminder does not wait behind the message itself"


# Each cause, made and mended


class Case(NamedTuple):
    """What is done, the causes that are told, and what mends them: commands of the message, or else by hand."""

    breaks: Callable[[Zones, Path], object]
    told: list[str]
    mends: Callable[[Zones, Path], object]


def loads(path: Path) -> int:
    """As a person does it: in a run of Dagster."""
    return _run(["load", str(path)])


def comes(path: Path, found: Zones) -> State:
    """As a run of Dagster does it, without one."""
    return load(path, found, open_ledger(found.ledger), spine_key()).state


def advised(found: Zones, start: str, **filled: str) -> list[str]:
    """The command of the newest message that begins so, as a person types it."""
    text = newest(found).read_text()
    (command,) = (line.strip() for line in text.splitlines() if line.startswith(f"  parity {start}"))
    return [filled.get(word, word).strip('"') for word in command.split()[1:]]


def load_breaks_off(found: Zones, tmp: Path) -> None:
    (found.site_reports / "RW5").write_text("in the way")
    assert loads(submission(tmp)) == CRASHED
    (found.site_reports / "RW5").unlink()


def key_is_unreadable(found: Zones, tmp: Path) -> None:
    Path(os.environ["PARITY_KEY_FILE"]).write_text("no key")
    submission(found.inbox)
    assert _run(["load"]) == CRASHED


def key_is_back(found: Zones, tmp: Path) -> None:
    Path(os.environ["PARITY_KEY_FILE"]).unlink()
    assert _run(advised(found, "load")) == CLEAN


CASES = {
    "a file is held": Case(
        lambda found, tmp: comes(submission(tmp, **EMPTY), found),
        ["held/RW5/2025-04"],
        lambda found, tmp: _run(advised(found, "confirm", **{'"REASON"': "closed in April"})),
    ),
    "a file is rejected": Case(
        lambda found, tmp: comes(submission(tmp, IDS101Referral="Surname\nSmith\n"), found),
        ["rejected/RW5/2025-04"],
        lambda found, tmp: (_run(advised(found, "mails")), loads(submission(tmp))),
    ),
    "a load breaks off": Case(
        load_breaks_off, ["failed/RW5/2025-04"], lambda found, tmp: _run(advised(found, "reprocess"))
    ),
    "a run fails": Case(key_is_unreadable, ["run/load_submissions"], key_is_back),
    "a stray comes": Case(
        lambda found, tmp: stray_comes(found),
        ["strays/inbox"],
        lambda found, tmp: shutil.rmtree(found.inbox / arrivals.REFUSED),
    ),
    "the centre's list cannot be read": Case(
        lambda found, tmp: (found.home / "expected.csv").write_text("nonsense\nSmith\n"),
        ["look/months"],
        lambda found, tmp: (found.home / "expected.csv").unlink(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_cause_is_told_once_and_its_advice_mends_it(found: Zones, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    with instance(found) as own:
        assert look.tell(found, own).messages == [], "quiet when nothing is wrong"
        case.breaks(found, tmp_path)
        first = look.tell(found, own)
        assert said(first.messages) == [(NEW, each) for each in case.told]
        assert look.tell(found, own).messages == [], "nothing is repeated"
        text = newest(found).read_text()
        assert "Smith" not in text and "9990000018" not in text
        case.mends(found, tmp_path)
        assert said(look.tell(found, own).messages) == [(OVER, each) for each in case.told]
        assert look.tell(found, own).messages == [], "quiet afterwards"


def test_a_file_that_no_window_takes_waits_for_a_person_who_is_told(
    found: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:  # so the windows since bind the service
        then.setattr("pipelines.ledger.sql._now", lambda: "2025-05-20T12:00:00+00:00")
        comes(submission(tmp_path), found)
    with instance(found) as own:
        look.tell(found, own)
        comes(submission(tmp_path, month="2025-05"), found)
        assert said(look.tell(found, own).messages) == [(NEW, "late/RW5/2025-05")]
        assert "no later window takes the month" in newest(found).read_text()
        assert _run(advised(found, "confirm", **{'"REASON"': "their system was down for a year"})) == CLEAN
        assert said(look.tell(found, own).messages) == [(OVER, "late/RW5/2025-05")]


def test_a_window_that_closes_without_a_file_is_one_cause_for_all_who_sent_nothing(
    found: Zones, tmp_path: Path, no_runs: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {"on": date(2025, 6, 30)}
    monkeypatch.setattr("pipelines.overseeing.today_in_england", lambda: days["on"])
    (found.home / "expected.csv").write_text(
        "provider,first_month,last_month,why\nRXX,2025-05,2025-05,a\nRXY,2025-05,2025-05,b\n"
    )
    assert look.tell(found, no_runs).messages == [], "the last day of the window"
    days["on"] = date(2025, 7, 1)
    (message,) = look.tell(found, no_runs).messages
    assert (message.cause, message.do) == ("window/2025-05", ["parity mails"])
    assert "RXX, RXY" in message.text
    comes(submission(tmp_path, "RXX", "2025-05"), found)
    assert look.tell(found, no_runs).messages == [], "one of them is news for nobody"
    comes(submission(tmp_path, "RXY", "2025-05"), found)
    assert said(look.tell(found, no_runs).messages) == [(OVER, "window/2025-05")]


def test_the_sensor_tells_and_starts_no_run(found: Zones, no_runs: dg.DagsterInstance) -> None:
    stray_comes(found)
    reasons = []
    for _ in range(2):
        with dg.build_sensor_context(instance=no_runs) as context:
            ticked = problems_sensor(context, parity=Parity(home=str(found.home)))
        assert isinstance(ticked, dg.SkipReason)
        reasons.append(ticked.skip_message)
    assert reasons == ["Wrong: 1 cause. Sent: 1 message.", "Wrong: 1 cause. Sent: 0 messages."]


def test_the_command_shows_what_is_wrong_and_what_doctor_finds(
    found: Zones, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["tell"]) == CLEAN
    assert capsys.readouterr().out == "Nothing is wrong.\n"
    assert loads(submission(tmp_path)) == CLEAN
    (received,) = found.received_folders()
    shutil.rmtree(received)
    capsys.readouterr()
    assert _run(["tell"]) == CLEAN
    shown = capsys.readouterr().out
    assert "received files" in shown and "  parity doctor\n" in shown
    assert str(tmp_path) not in newest(found).read_text()
    with instance(found) as own:
        assert look.tell(found, own).messages == [], "the sensor does not know, so it is not over"
    assert open_ledger(found.ledger).current_submissions()


def test_a_release_that_lags_or_has_what_was_withdrawn_is_told_until_they_agree(
    found: Zones, tmp_path: Path, no_runs: dg.DagsterInstance, few_measures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded_and_published(tmp_path)
    comes(submission(tmp_path, "RV5"), found)
    assert look.tell(found, no_runs).messages == [], "the next publication will have it"
    assert _run(["withdraw", "RW5", "2025-04", "--why", "the data of another service"]) == CLEAN
    assert said(look.tell(found, no_runs).messages) == [(NEW, "release/withdrawn")]
    on = today_in_england()
    monkeypatch.setattr("pipelines.telling.look.today_in_england", lambda: on + timedelta(days=LAGS_AFTER))
    assert look.tell(found, no_runs).messages == []
    monkeypatch.setattr("pipelines.telling.look.today_in_england", lambda: on + timedelta(days=LAGS_AFTER + 1))
    assert said(look.tell(found, no_runs).messages) == [(NEW, "release/lags")]
    assert _run(["withdraw", "RV5", "2025-04", "--why", "the data of another service"]) == CLEAN
    assert _run(["confirm", "RW5", "2025-04", "--why", "it was right after all"]) == CLEAN
    assert said(look.tell(found, no_runs).messages) == [(OVER, "release/lags"), (OVER, "release/withdrawn")]
