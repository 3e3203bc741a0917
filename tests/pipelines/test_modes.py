"""Modes and owners below the data root are checked at every start: closed again, or refused in words."""

import os
from pathlib import Path
from tempfile import gettempdir

import pytest

from pipelines import modes
from pipelines.cli import _run
from pipelines.modes import NotOurs
from pipelines.zones import Zones, zones
from tests.fixtures.submission import submission

PRIVATE = ("inbox", "received", "site_reports", "pseudonymised", "published", "reference", "builds", "dagster")


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o777


@pytest.mark.parametrize("zone", PRIVATE)
def test_what_is_open_to_others_is_closed_and_said(found: Zones, zone: str) -> None:
    folder = found.home / zone / "a" / "b"
    folder.mkdir(parents=True)
    file = folder / "file.csv"
    file.write_text("x")
    file.chmod(0o644)
    folder.chmod(0o755)
    assert modes.hold(found.home) == [
        f"Files or folders in {zone} that were open to other users, and are closed now: 2."
    ]
    assert (mode(folder), mode(file)) == (0o700, 0o600)
    assert modes.hold(found.home) == []


def test_no_test_meets_the_data_root_of_who_runs_it() -> None:
    assert zones().home.is_relative_to(gettempdir()) and not (zones().home / "releases" / "current").exists()


def test_analysts_may_read_releases_and_nobody_else_may_write_there(found: Zones) -> None:
    release = found.releases / "2025-04-1a2b3c4d"
    release.mkdir()
    file = release / "parity.duckdb"
    file.write_text("x")
    os.link(file, found.warehouse)
    file.chmod(0o444)
    found.releases.chmod(0o750)
    release.chmod(0o770)
    assert modes.hold(found.home) == [
        "Files or folders in releases that were open to other users, and are closed now: 1."
    ]
    assert (mode(found.releases), mode(release), mode(file)) == (0o750, 0o750, 0o444)


@pytest.mark.parametrize(
    "where", ["received/a.csv", "pseudonymised/x", "site_reports/RW5", "releases/y", "builds/z"]
)
def test_a_link_is_refused(found: Zones, tmp_path: Path, where: str) -> None:
    (tmp_path / "elsewhere").write_text("x")
    (found.home / where).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotOurs, match=f"{where.split('/')[0]}: a link leads elsewhere"):
        modes.hold(found.home)


@pytest.mark.parametrize("zone", [*PRIVATE, "releases"])
def test_a_zone_that_is_a_link_is_refused(found: Zones, tmp_path: Path, zone: str) -> None:
    for inside in (found.home / zone).iterdir():
        inside.unlink()
    (found.home / zone).rmdir()
    (tmp_path / "disk").mkdir()
    (found.home / zone).symlink_to(tmp_path / "disk")
    with pytest.raises(NotOurs, match=f"{zone}: a link"):
        modes.hold(found.home)


def test_a_second_name_and_a_pipe_are_refused(found: Zones, tmp_path: Path) -> None:
    (found.received / "a.csv").write_text("x")
    os.link(found.received / "a.csv", tmp_path / "copy")
    os.mkfifo(found.builds / "pipe")
    with pytest.raises(NotOurs) as refused:
        modes.hold(found.home)
    assert "builds: something is neither a file nor a folder (1); received: a file has a second name" in str(
        refused.value
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_what_belongs_to_another_account_is_refused_outside_the_inbox(found: Zones) -> None:
    (found.inbox / "RW5_2025-04").mkdir()
    os.chown(found.inbox / "RW5_2025-04", 12345, 12345)
    assert modes.hold(found.home) == []
    (found.received / "a.csv").write_text("x")
    os.chown(found.received / "a.csv", 12345, 12345)
    with pytest.raises(NotOurs, match="received: something belongs to another account"):
        modes.hold(found.home)


def test_a_link_in_the_inbox_is_for_the_gate_and_stops_nobody_else(found: Zones, tmp_path: Path) -> None:
    (found.inbox / "evil").symlink_to("/etc/passwd")
    assert modes.hold(found.home) == []
    assert (found.inbox / "evil").is_symlink()


def test_a_command_says_what_it_closed_and_refuses_in_words(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    (home / "received").mkdir()
    (home / "received").chmod(0o755)
    assert _run(["status"]) == 0
    said = capsys.readouterr().err
    assert "Files or folders in received that were" in said and "Files or folders in the data root that" in said
    assert (mode(home) & 0o022, mode(home / "received")) == (0, 0o700)
    other = tmp_path / "other"
    (other / "builds").mkdir(parents=True)
    (other / "builds" / "x").symlink_to(tmp_path)
    monkeypatch.setenv("PARITY_HOME", str(other))
    assert _run(["load", str(submission(tmp_path))]) == 1
    said = capsys.readouterr().err
    assert "is not safe, and nothing was done. builds: a link leads elsewhere (1)" in said
    assert not any((other / "received").iterdir())
