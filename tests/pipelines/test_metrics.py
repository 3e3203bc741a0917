"""`parity metrics`: numbers in Prometheus's text format, and nothing of anybody."""

import re
import stat
from pathlib import Path

import pytest

from pipelines.cli import _run
from pipelines.commands.app import CLEAN
from pipelines.ledger import State
from tests.fixtures.release import loaded_and_published

LINE = re.compile(r'^(?P<name>[a-z_]+)(\{(?P<label>[a-z]+)="(?P<value>[a-z_ -]+)"\})? (?P<number>[0-9.e+]+)$')


def read(text: str) -> dict[tuple[str, str | None], float]:
    """The samples of a text, after each line was held to the format and to its HELP and TYPE."""
    found, declared = {}, set()
    for line in text.splitlines():
        if line.startswith("# "):
            kind, name, said = line[2:].split(" ", 2)
            assert kind in ("HELP", "TYPE") and said
            declared.add((kind, name))
            continue
        match = LINE.match(line)
        assert match, line
        assert {("HELP", match["name"]), ("TYPE", match["name"])} <= declared
        assert (match["name"], match["value"]) not in found
        found[match["name"], match["value"]] = float(match["number"])
    return found


def test_an_empty_installation_has_zeros(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["metrics"]) == CLEAN
    found = read(capfd.readouterr().out)
    assert [found["parity_submissions", state.value] for state in State] == [0] * len(State)
    assert ("parity_last_received_timestamp_seconds", None) not in found  # never is no time
    assert ("parity_release_timestamp_seconds", None) not in found and found["parity_free_bytes", None] > 0


def test_a_published_one_says_when_and_how_much(
    tmp_path: Path, home: Path, few_measures: None, capfd: pytest.CaptureFixture[str]
) -> None:
    zones = loaded_and_published(tmp_path)
    (zones.inbox / "stray.csv").write_text("x")
    assert _run(["metrics", "--out", str(tmp_path / "parity.prom")]) == CLEAN
    text = (tmp_path / "parity.prom").read_text()
    found = read(text)
    assert found["parity_submissions", "accepted"] == 1 and found["parity_inbox_strays", None] == 1
    assert found["parity_months_waiting_for_release", None] == 0
    assert (
        found["parity_release_timestamp_seconds", None] >= found["parity_last_received_timestamp_seconds", None] - 1
    )
    assert found["parity_zone_bytes", "releases"] > 10_000
    assert "RW5" not in text and stat.S_IMODE((tmp_path / "parity.prom").stat().st_mode) == 0o644
