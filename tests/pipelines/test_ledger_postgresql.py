"""What a ledger on a server has of its own: how it is named, what is said when it is not there, and moving to it."""

from pathlib import Path

import pytest

from pipelines import publish
from pipelines.cli import _run
from pipelines.commands.app import CRASHED, USAGE
from pipelines.database import Unreachable
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.ledger.rebuild import rebuild
from pipelines.load import load
from pipelines.zones import zones
from schemas.errors import NotAsked
from tests.fixtures.postgresql import own_schema
from tests.fixtures.submission import RIGHT, submission

TWICE = RIGHT["IDS101Referral"] + RIGHT["IDS101Referral"].splitlines()[1] + "\n"
SECRET = "correct-horse"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://parity:{SECRET}@server/parity", "must not hold a password"),
        (f"postgresql://parity@server/parity?password={SECRET}", "must not hold a password"),
        (f"mysql://parity:{SECRET}@server/parity", "is not a URL such as postgresql://"),
        (f"postgresql://parity:{SECRET}@server:port:port/%zz", "is not a URL such as postgresql://"),
        (f"host=server password={SECRET}", "is not a URL such as postgresql://"),
    ],
)
def test_a_url_that_cannot_be_used_is_said_without_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    monkeypatch.setenv("PARITY_LEDGER", url)
    with pytest.raises(NotAsked, match=said) as refused:
        open_ledger(zones().ledger)
    assert SECRET not in str(refused.value)
    assert _run(["status"]) == USAGE
    out, err = capfd.readouterr()
    assert said in err and SECRET not in out + err


def test_a_server_that_does_not_answer_is_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_LEDGER", f"postgresql://parity@/parity?host={tmp_path}")
    with pytest.raises(Unreachable, match="does not answer, or refuses this user") as unreachable:
        open_ledger(zones().ledger)
    assert str(tmp_path) not in str(unreachable.value)
    assert _run(["status"]) == CRASHED
    assert "Start the server or correct the URL" in capfd.readouterr().err


def test_a_ledger_moves_to_a_server_by_rebuilding_and_loads_go_on_there(
    home: Path, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, key = zones(), spine_key()
    load(submission(tmp_path / "a"), found, open_ledger(found.ledger), key)
    staged = publish.current_submissions(found, open_ledger(found.ledger))
    monkeypatch.setenv("PARITY_LEDGER", own_schema(postgresql))
    ledger = open_ledger(found.ledger)
    rebuild(found, ledger)
    assert publish.current_submissions(found, ledger) == staged
    assert load(submission(tmp_path / "a"), found, ledger, key).is_repeat
    corrected = load(submission(tmp_path / "b", IDS101Referral=TWICE), found, ledger, key)
    (current,) = publish.current_submissions(found, open_ledger(found.ledger))
    assert current.submission_id == corrected.receipt.submission_id
    assert ledger.verify({}, in_full=True).entries == 4
