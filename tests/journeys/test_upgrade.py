"""A data root of 0.7.0, the version before the last: today's commands go on with it, and nothing has to be done by hand.

The root in ``tests/fixtures/root_0_7_0.tar.xz`` was written by the code of 0.7.0: two months of one service, received,
pseudonymised and published with few measures, its ledger, its Dagster with a file for each run, and its key. A ledger
of 0.5.0: ``tests/pipelines/test_ledger_chain.py``.
"""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.ask import release_name
from pipelines.cli import _run
from pipelines.dagster_home import instance
from pipelines.doctor import examine
from pipelines.ledger import open_ledger
from pipelines.zones import PROJECT, Zones, zones
from tests.campaign import is_whole
from tests.fixtures.submission import submission

OLD = PROJECT / "tests" / "fixtures" / "root_0_7_0.tar.xz"
COUNTING = "the submissions that count"
FIRST = "2025-05-448d58d5"


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zones:
    with tarfile.open(OLD) as packed:
        packed.extractall(tmp_path, filter="tar")
    monkeypatch.setenv("PARITY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PARITY_KEY_FILE", str(tmp_path / "pseudonym.key"))
    os.link(tmp_path / "home" / "releases" / FIRST / "parity.duckdb", tmp_path / "home" / "warehouse.duckdb")
    return zones()


Said = Callable[..., str]


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Said:
    """What a command says that ends with 0."""

    def run(*command: str) -> str:
        capfd.readouterr()
        assert _run(list(command)) == 0, capfd.readouterr()
        return capfd.readouterr().out

    return run


MONTHS = ("query", "SELECT count(*) AS n FROM core.submission", "--format", "csv")


def test_a_root_of_the_version_before_is_read_and_takes_a_new_month(old: Zones, tmp_path: Path, said: Said) -> None:
    assert [each.looked_at for each in examine()] == ["rules"]  # what 0.7.0 checked counts as it was
    assert release_name(old) == FIRST and "RW5     a   a   " in said("status")
    assert said(*MONTHS) == "n\n2\n"
    assert "1 accepted" in said("load", str(submission(tmp_path / "in", month="2025-06")))
    assert "The ledger holds" in said("ledger", "verify")
    assert len(open_ledger(old.ledger).current_submissions()) == 3
    with instance(old) as dagster:  # what 0.7.0 did is remembered beside what was loaded since
        assert len(dagster.get_runs()) == 3
        assert {run.job_name for run in dagster.get_runs()} == {"load_submissions", "publish_warehouse"}
    assert [each.what for each in examine()] == [f"Another version of Parity checked 2 of {COUNTING}."]


@pytest.mark.skipif(not is_whole(), reason="publishes once more: in the campaign")
def test_a_root_of_the_version_before_is_published_and_its_release_stays(
    old: Zones, tmp_path: Path, few_measures: None, said: Said
) -> None:
    said("load", str(submission(tmp_path / "in", month="2025-06")))
    assert "from 3 submissions" in said("publish")
    assert said("releases").count("2025-0") == 2
    changed = said("diff", FIRST, release_name(old))
    assert "RW5    June 2025       new month" in changed and "figures: another version" in changed
    assert [said(*MONTHS), said(*MONTHS, "--release", FIRST)] == ["n\n3\n", "n\n2\n"]
    assert f"Another version of Parity checked 2 of {COUNTING}" in said("publish")
    said("reprocess")
    assert examine() == [] and "Another version" not in said("publish")
