"""The channels by which people are told, each against a real server on this machine."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines import arrivals
from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.settings import secret
from pipelines.telling import look
from pipelines.telling.channels import folder
from pipelines.telling.memory import NEW, OVER, read
from pipelines.zones import Zones
from schemas.errors import NotAsked
from tests.fixtures.channels import certificate, mail_server, webhook
from tests.fixtures.telling import newest, said, stray_comes

PASSWORD = "correct-horse-SECRET"


@pytest.fixture
def password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the password of the mail server."""
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o600)
    monkeypatch.setenv("PARITY_TELL_PASSWORD_FILE", str(path))
    return path


def mails(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    for name, value in {"SMTP": server, "FROM": "parity@centre.nhs.uk", "TO": "a@nhs.uk, b@nhs.uk"}.items():
        monkeypatch.setenv(f"PARITY_TELL_{name}", value)


def hooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str) -> None:
    path = tmp_path / "webhook"
    path.write_text(address)
    path.chmod(0o600)
    monkeypatch.setenv("PARITY_TELL_WEBHOOK_FILE", str(path))


def test_a_mail_goes_to_all_who_are_named_and_says_what_to_do(
    found: Zones, no_runs: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server:
        mails(monkeypatch, f"smtp://127.0.0.1:{server.port}")
        assert look.tell(found, no_runs).sent == 0
        stray_comes(found)
        look.tell(found, no_runs)
        look.tell(found, no_runs)
    (mail,) = server.came
    assert (mail["From"], mail["To"]) == ("parity@centre.nhs.uk", "a@nhs.uk, b@nhs.uk")
    assert mail["Subject"] == "Parity: Something in the inbox was no submission"
    assert "  parity status" in mail.get_content().splitlines()


def test_a_password_is_sent_through_tls_alone_and_shown_nowhere(
    found: Zones, tmp_path: Path, password: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    context, trusted = certificate(tmp_path)
    answers = {}
    for case, tls, login, trusts in (
        ("right", context, PASSWORD, True),
        ("wrong password", context, "another", True),
        ("no certificate that we trust", context, PASSWORD, False),
        ("no tls", None, PASSWORD, True),
    ):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted if trusts else password))
        with mail_server(tls, ("centre", login)) as server:
            mails(monkeypatch, f"smtp://centre@127.0.0.1:{server.port}")
            answers[case] = look.tried(found)["e-mail"]
            assert len(server.came) == (case == "right")
            assert b"AUTH" not in b"".join(server.in_clear)
            _run(["tell", "--test"])
    assert answers == {
        "right": "",
        "wrong password": "The mail server refuses user or password.",
        "no certificate that we trust": "The mail server has a certificate that is not trusted here.",
        "no tls": "The mail server offers no encryption (STARTTLS), so the password was not sent.",
    }
    assert "SECRET" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("answer", [500, 404, 302, "gone"])
def test_a_channel_that_fails_loses_nothing_and_keeps_no_other_waiting(
    found: Zones, tmp_path: Path, no_runs: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, answer: int | str
) -> None:
    with webhook() as server:
        hooks(monkeypatch, tmp_path, "http://127.0.0.1:9/SECRET" if answer == "gone" else server.address)
        server.answer = int(answer) if answer != "gone" else 200
        stray_comes(found)
        told = look.tell(found, no_runs)
        assert (told.sent, list(told.failed)) == (1, ["webhook"])
        assert "SECRET" not in str(told)
        shutil.rmtree(found.inbox / arrivals.REFUSED)
        look.tell(found, no_runs)
        assert len(list((folder(found) / "messages").iterdir())) == 2
        assert server.came == []
        hooks(monkeypatch, tmp_path, server.address)
        server.answer = 200
        assert look.tell(found, no_runs).sent == 2
        assert look.tell(found, no_runs).sent == 0
    assert [sent["status"] for _, sent in server.came] == [NEW, OVER]
    assert {"id", "cause", "title", "text", "do", "since", "at"} < server.came[0][1].keys()


def test_a_channel_that_keeps_failing_is_a_cause_for_the_others(
    found: Zones, tmp_path: Path, no_runs: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server:
        hooks(monkeypatch, tmp_path, server.address)
        server.answer = 503
        stray_comes(found)
        assert said(look.tell(found, no_runs).messages) == [(NEW, "strays/inbox")]
        memory = read(folder(found) / "memory.json")
        memory.channels["webhook"].since = str(datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=16))
        memory.write(folder(found) / "memory.json")
        assert said(look.tell(found, no_runs).messages) == [(NEW, "channel/webhook")]
        assert "answers 503" in newest(found).read_text()
        server.answer = 200
        assert _run(["tell", "--test"]) == CLEAN
        look.tell(found, no_runs)
        assert said(look.tell(found, no_runs).messages) == [(OVER, "channel/webhook")]
        assert [sent["cause"] for _, sent in server.came] == ["test", "strays/inbox"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SMTP", "smtp://centre:SECRET@127.0.0.1", "PARITY_TELL_SMTP must be such as"),
        ("SMTP", "127.0.0.1:25", "PARITY_TELL_SMTP must be such as"),
        ("SMTP", "", "PARITY_TELL_SMTP must be such as"),
        ("FROM", "parity", "PARITY_TELL_FROM must be one mail address"),
        ("TO", "", "PARITY_TELL_TO one or more"),
        ("TO", "a@nhs.uk\r\nBcc: b@nhs.uk", "PARITY_TELL_TO one or more"),
    ],
)
def test_a_wrong_setting_fails_its_channel_alone_and_says_which(
    found: Zones, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    mails(monkeypatch, "smtp://127.0.0.1:9")
    monkeypatch.setenv(f"PARITY_TELL_{name}", value)
    tried = look.tried(found)
    assert tried["files"] == ""
    assert why in tried["e-mail"] and "SECRET" not in tried["e-mail"]


@pytest.mark.parametrize("address", ["http://example.nhs.uk/SECRET", "file:///etc/passwd", "SECRET"])
def test_a_webhook_has_to_be_encrypted_unless_it_is_on_this_machine(
    found: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    hooks(monkeypatch, tmp_path, address)
    assert look.tried(found)["webhook"].endswith("must hold an address that begins with https://.")


def test_a_secret_is_in_a_file_that_only_its_owner_reads(password: Path) -> None:
    assert secret("PARITY_TELL_PASSWORD_FILE") == PASSWORD
    password.chmod(0o640)
    with pytest.raises(NotAsked, match="chmod 600"):
        secret("PARITY_TELL_PASSWORD_FILE")
    password.chmod(0o600)
    password.write_text("\n")
    with pytest.raises(NotAsked, match="is empty"):
        secret("PARITY_TELL_PASSWORD_FILE")
    password.unlink()
    with pytest.raises(NotAsked, match="FileNotFoundError"):
        secret("PARITY_TELL_PASSWORD_FILE")
