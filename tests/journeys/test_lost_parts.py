"""What can be made again is made again: Dagster's storage, the draft and the current file, also in another place.

And a publication that has no room: nothing published changes, and the next one is right.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines import run
from pipelines.ledger import open_ledger
from pipelines.publish import current_release
from pipelines.zones import Zones, zones
from tests.campaign import is_whole
from tests.fixtures.release import loaded_and_published

pytestmark = pytest.mark.skipif(not is_whole(), reason="publishes four times: make campaign")


def name_of(found: Zones) -> str:
    return current_release(found, open_ledger(found.ledger))["release"]


def test_a_moved_root_without_dagster_builds_and_current_file_publishes_the_same_release(
    tmp_path: Path, home: Path, few_measures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded_and_published(tmp_path / "in")
    before = name_of(found)
    for folder in (found.dagster, found.builds):
        shutil.rmtree(folder)
    found.warehouse.unlink()
    moved = home.rename(home.with_name("moved"))
    monkeypatch.setenv("PARITY_HOME", str(moved))
    there = zones()
    released = run.publish_release(there)
    assert (released["release"], released["submissions"]) == (before, 1)
    assert there.warehouse.samefile(there.releases / before / "parity.duckdb")


def test_a_publication_without_room_changes_nothing_and_the_next_one_is_right(
    tmp_path: Path, home: Path, few_measures: None
) -> None:
    found = loaded_and_published(tmp_path / "in")
    before = name_of(found)
    found.warehouse.unlink()  # so that a publication has something to do
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(found.builds)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a file system, and not in every container")
    try:
        with pytest.raises(run.RunFailed, match=r"^The run failed at core: .* The disk is full: there is no room"):
            run.publish_release(found)
        assert [each.name for each in found.releases.iterdir()] == [before]
    finally:
        subprocess.run(["umount", "--lazy", str(found.builds)], check=True)
    assert run.publish_release(found)["release"] == before
