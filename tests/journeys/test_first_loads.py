"""Several loads at once on an empty data root: each makes what is missing, and none stands in the way of another.

Dagster makes its databases when they are first used. Two that made them at once left them unusable for ever.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.ledger import open_ledger
from pipelines.zones import PROJECT, zones
from tests.campaign import examples, is_whole
from tests.fixtures.submission import submission

# Each is a process that imports all libraries.
PROVIDERS = ("RW5", "RX1", "RV5") if is_whole() else ("RW5", "RX1")


def load_at_once(*folders: Path) -> list[tuple[int, str]]:
    """Exit status and standard error of one `parity load` for each folder, all started together."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pipelines", "load", str(folder)],
            cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for folder in folders
    ]  # fmt: skip
    return [(process.wait(), err) for process in running for _, err in [process.communicate()]]


@pytest.mark.parametrize("time", range(max(1, examples(1) // 2)))
def test_first_loads_at_once_on_an_empty_root(tmp_path: Path, home: Path, time: int) -> None:
    folders = [submission(tmp_path / "in", provider=provider) for provider in PROVIDERS]
    assert load_at_once(*folders) == [(0, "")] * len(PROVIDERS)
    found = zones()
    ledger = open_ledger(found.ledger)
    assert sorted(o.provider_month.provider for o in ledger.current_submissions() if o.provider_month) == sorted(
        PROVIDERS
    )
    assert ledger.verify({}, in_full=True).entries == 2 * len(PROVIDERS)
    assert len({o.detail["key"] for o in ledger.current_submissions()}) == 1
    if not is_whole():
        return
    following = [submission(tmp_path / "in", provider=provider, month="2025-05") for provider in PROVIDERS[:2]]
    assert load_at_once(*following) == [(0, "")] * 2
    assert len(ledger.current_submissions()) == 5
