"""What a load writes is on the disk in the order in which it depends on each other.

The order is: receipt, files, verdict, rows, ledger. The calls are those of the kernel, of a real load. A loss of power
is not tried: what could be lost is worked out from the calls.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyrage import x25519

from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.zones import Zones, zones
from tests.campaign import is_whole
from tests.fixtures.submission import RIGHT, submission
from tests.fixtures.traced import Call, Disk, traced, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

LOAD = """
import sys
from pathlib import Path
from pipelines import durable, load, zones
from pipelines.ledger import sqlite as ledger_sqlite
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
exec(sys.argv[2])
found = zones.zones()
load.load(Path(sys.argv[1]), found, open_ledger(found.ledger), spine_key())
"""
REJECTED: dict[str, str | None] = {"IDS000Header": None}


def violations(calls: list[Call], found: Zones) -> list[str]:
    """What was done before that on which it depends was on the disk, in words. A load without one has none."""
    disk, log = Disk(), f"{found.ledger}-wal"
    verdict = max(n for n, call in enumerate(calls) if "checked.json" in f"{call.path} {call.target}")
    problems: set[str] = set()
    needed, is_recorded = {found.received, found.site_reports}, False
    for number, call in enumerate(calls):
        if call.kind == "move":
            problems |= {f"{zone}: {what}" for zone, what in _moved_early(call, disk, found, log)}
            needed |= {found.pseudonymised} if call.target.startswith(f"{found.pseudonymised}/") else set()
        if call.kind == "write" and call.path == log and number > verdict and not is_recorded:
            is_recorded = True
            problems |= {
                f"{zone.name}: not on the disk when the ledger was written"
                for zone in needed
                if any(Path(path).exists() for path in disk.lost(str(zone)))
            }
        disk.take(call)
    assert is_recorded and not disk.lost(log)
    return sorted(problems)


def _moved_early(call: Call, disk: Disk, found: Zones, log: str) -> Iterator[tuple[str, str]]:
    """What a move into a zone did not wait for. In these zones a name means that the content is complete."""
    for zone in (found.received, found.pseudonymised):
        if call.target.startswith(f"{zone}/") and disk.lost(call.path):
            yield zone.name, "a name was given before its content was on the disk"
    if Path(call.target).parent == found.received and disk.lost(log):
        yield "received", "a folder was put into place before its receipt was on the disk"
    if Path(call.target).parent == found.pseudonymised and disk.lost(str(found.received)):
        yield "pseudonymised", "rows were put into place before the verdict was on the disk"


def traced_load(tmp_path: Path, before: str, **changed: str | None) -> list[str]:
    found = zones()
    open_ledger(found.ledger)
    return violations(traced(LOAD, str(submission(tmp_path / "in", **changed)), before), found)


@pytest.mark.parametrize("changed", [{}, REJECTED])
def test_everything_is_on_the_disk_before_what_depends_on_it(
    tmp_path: Path, home: Path, changed: dict[str, str | None]
) -> None:
    assert traced_load(tmp_path, "", **changed) == []


CLOSE = """
import sys
from pathlib import Path
from pipelines import custody, load, zones
from pipelines.ledger import sqlite as ledger_sqlite
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
exec(sys.argv[2])
found = zones.zones()
ledger = open_ledger(found.ledger)
load.reprocess(ledger.outcomes()[0].receipt, found, ledger, spine_key())
"""


@pytest.mark.parametrize(("without", "is_safe"), [("", True), ("custody.sync = lambda path: None", False)])
def test_plain_text_is_deleted_only_when_the_encrypted_file_is_on_the_disk(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, without: str, is_safe: bool
) -> None:
    """Kept in clear first; then there is a recipient, and everything is processed again."""
    found = zones()
    loaded = load(submission(tmp_path / "in"), found, open_ledger(found.ledger), spine_key())
    monkeypatch.setenv("PARITY_RECIPIENT", str(x25519.Identity.generate().to_public()))
    folder, disk, deleted = found.received / loaded.receipt.submission_id, Disk(), []
    for call in traced(CLOSE, str(tmp_path / "in" / "RW5_2025-04"), without):
        if call.kind == "gone" and call.path.startswith(f"{folder}/.open/"):
            encrypted = folder / f"{Path(call.path).name}.age"
            deleted.append(not disk.lost(str(encrypted)) and str(folder) not in disk.names_in)
        disk.take(call)
    assert len(deleted) == len(RIGHT)
    assert all(deleted) is is_safe


# A load that leaves out one kind of waiting, and what is then said.
CARELESS = {
    "durable.sync = lambda path: None": "pseudonymised: not on the disk when the ledger was written",
    "durable.sync_all = lambda folder: None": "received: a name was given before its content was on the disk",
    "durable.sync_up = lambda folder, top: None": "site_reports: not on the disk when the ledger was written",
    "load.sync = lambda path: None": "pseudonymised: rows were put into place before the verdict was on the disk",
    "durable.write = lambda path, text: path.write_text(text)": "received: a name was given before its content",
}


@pytest.mark.parametrize("without", CARELESS if is_whole() else [*CARELESS][:1])
def test_a_step_that_does_not_wait_is_noticed(tmp_path: Path, home: Path, without: str) -> None:
    assert any(CARELESS[without] in problem for problem in traced_load(tmp_path, without))
