"""A real Spark cluster on the loopback address: one master and two workers of one core, processes of their own.

What it makes is what one process makes, also when a worker is killed. What fails is named, and no key is anywhere.
Without PySpark or Java all of this skips: `make campaign` installs PySpark (decision 0079).
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from demonstration.writing import write_submissions
from pipelines.keys import KeyFile, disclosure_key, spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.zones import Zones, zones
from tests.campaign import is_whole
from tests.fixtures.drafts import everything
from tests.fixtures.object_store import missing as missing_store
from tests.fixtures.object_store import object_store
from tests.fixtures.spark_cluster import Cluster, cluster, missing
from tests.fixtures.warehouse import (
    APRIL,
    GAD7,
    PHQ9,
    REQOL10,
    Case,
    one_of_each,
    some,
    tables_of,
    write_submission,
)
from warehouse.build import StagedSubmission, build_core

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
in_campaign = pytest.mark.skipif(not is_whole(), reason="a minute each: make campaign")
PROVIDERS = ("RW5", "RXX", "RYY", "RZZ") if is_whole() else ("RW5", "RXX", "RYY")


@pytest.fixture(scope="module")
def workers_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file that the workers have in their own environment."""
    file = tmp_path_factory.mktemp("keys") / "worker.key"
    KeyFile(file).add("1")
    return file


@pytest.fixture(autouse=True)
def the_same_key(own_key: Path, workers_key: Path) -> None:
    """The command has the same key in another place."""
    own_key.write_bytes(workers_key.read_bytes())
    own_key.chmod(0o400)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory, workers_key: Path) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("spark"), key=workers_key) as running:
        yield running


@pytest.fixture
def staged(tmp_path: Path) -> list[StagedSubmission]:
    """Services of two months each, one of a pathway that the others do not have."""
    better, worse = [(PHQ9, "15", "5"), (GAD7, "14", "3")], [(PHQ9, "10", "20"), (GAD7, "9", "15")]
    found = []
    for number, provider in enumerate(PROVIDERS):
        cases = [Case("a", better), Case("b", worse)][: number + 1]
        cases += [Case("c", [(REQOL10, "20", "25")], 5, pathway="01")] if number == 1 else []
        found.append(write_submission(tmp_path, provider, APRIL, tables_of(cases)))
        found.append(write_submission(tmp_path, provider, date(2025, 5, 1), tables_of([Case("d", better)])))
    (tmp_path / "current.pickle").write_bytes(pickle.dumps(found))
    return found


def core_on(spark: Cluster, folder: Path) -> subprocess.CompletedProcess[str]:
    return spark.run("-m", "tests.fixtures.core_on", spark.address, str(folder), home=folder / "var")


def embedded(folder: Path, staged: list[StagedSubmission]) -> dict[str, list[tuple[object, ...]]]:
    build_core(folder / "whole.duckdb", staged, built_with="v1", measures=some(*one_of_each()))
    return everything(folder / "whole.duckdb")


def texts_of_keys() -> list[bytes]:
    """The root, the key of pseudonyms, that of marks and that of figures, in every form in which they could travel."""
    root = Path(os.environ["PARITY_KEY_FILE"]).read_bytes().strip()
    made = spine_key()
    secrets = [made.secret, made.marks, disclosure_key().secret]
    texts = [root.decode(), *secrets]
    return [*(each.encode() for each in texts), *(bytes.fromhex(each) for each in texts)]


def test_core_built_on_the_cluster_is_that_of_this_machine(
    spark: Cluster, staged: list[StagedSubmission], tmp_path: Path
) -> None:
    built = core_on(spark, tmp_path)
    assert built.stderr == ""
    assert everything(tmp_path / "draft.duckdb") == embedded(tmp_path, staged)
    assert spark.open_to_others() == []


@in_campaign
def test_a_load_on_the_cluster_is_that_of_this_machine_and_no_key_travels(spark: Cluster, tmp_path: Path) -> None:
    write_submissions(tmp_path / "in", providers=2, months=1, start=APRIL, seed=1, size=0.1)
    loaded = spark.run(
        "-m", "pipelines", "load", "--on", spark.address, str(tmp_path / "in"), home=tmp_path / "there"
    )
    assert loaded.stderr == ""
    here, there = zones(tmp_path / "here"), zones(tmp_path / "there")
    for path in sorted(path for path in (tmp_path / "in").iterdir() if path.is_dir()):
        load(path, here, open_ledger(here.ledger), spine_key())
    assert outcomes(there) == outcomes(here)
    assert rows(there) == rows(here)

    written = {path: path.read_bytes() for path in spark.everything_written()}
    written |= {Path("said"): (loaded.stdout + loaded.stderr).encode()}
    assert any(b"parity" in content for path, content in written.items() if "events" in path.parts)  # the control
    assert [path for path, content in written.items() if any(key in content for key in texts_of_keys())] == []


def outcomes(found: Zones) -> list[tuple[object, ...]]:
    return sorted(
        (one.receipt.submission_id, one.state, str(one.provider_month), repr(one.detail))
        for one in open_ledger(found.ledger).events()
    )


def rows(found: Zones) -> dict[str, bytes]:
    return {
        str(path.relative_to(found.pseudonymised)): path.read_bytes()
        for path in sorted(found.pseudonymised.rglob("*.parquet"))
    }


def begun(folder: Path) -> set[str]:
    """The parts that are being built: each in a file with a longer name than its own, until it is complete."""
    return {path.name.partition(".")[0] for path in (folder / "draft.duckdb.parts").glob("0*.duckdb.*")}


@in_campaign
def test_a_worker_that_is_killed_half_way_changes_nothing(
    tmp_path: Path, staged: list[StagedSubmission], workers_key: Path
) -> None:
    with cluster(tmp_path / "spark", key=workers_key) as own:
        building = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.core_on", own.address, str(tmp_path)],
            env=own.environment() | {"PARITY_HOME": str(tmp_path / "var")},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            # Each of the two workers has begun a part, which nobody has yet.
            while building.poll() is None and len(begun(tmp_path)) < 2:
                time.sleep(0.02)
            assert building.poll() is None
            own.kill_worker(0)
            assert (building.wait(), building.stderr.read() if building.stderr else "") == (0, "")
        finally:
            building.kill()
            building.wait()
    assert everything(tmp_path / "draft.duckdb") == embedded(tmp_path, staged)
    assert not list(tmp_path.glob("draft.duckdb.*"))


@in_campaign
def test_a_task_that_fails_names_its_provider_and_no_value(
    spark: Cluster, staged: list[StagedSubmission], tmp_path: Path
) -> None:
    (staged[2].folder / "IDS101.parquet").write_bytes(b"PAR1 PATIENT-SECRET 9990000042")
    failed = core_on(spark, tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"Core could not be built for provider {staged[2].provider}: ")
    shown = [failed.stderr.encode(), failed.stdout.encode(), *(f.read_bytes() for f in spark.everything_written())]
    assert not any(b"SECRET" in content or b"9990000042" in content for content in shown)


@in_campaign
@pytest.mark.skipif(bool(missing_store()), reason=missing_store())
def test_workers_that_share_only_object_storage_build_the_same_core(
    staged: list[StagedSubmission], tmp_path: Path, workers_key: Path
) -> None:
    """Through a real S3 server. The workers have its key by themselves: it is in no task, log or event."""
    with (
        object_store(tmp_path / "objects") as store,
        cluster(tmp_path / "spark", key=workers_key, more=store.environment) as own,
    ):
        built = own.run(
            "-m", "tests.fixtures.core_on", own.address, str(tmp_path), home=tmp_path / "var",
            more=store.environment | {"PARITY_OBJECTS": store.address},
        )  # fmt: skip
        assert built.stderr == ""
        secret = store.environment["AWS_SECRET_ACCESS_KEY"].encode()
        assert [path for path in own.everything_written() if secret in path.read_bytes()] == []
    assert everything(tmp_path / "draft.duckdb") == embedded(tmp_path, staged)


# The command, with every provider a part of its own: services this small would all be in one, which is built here.
EACH_ALONE = "from warehouse import build; build.PART_BYTES = 1; from pipelines.cli import main; main()"


@in_campaign
def test_a_release_made_on_the_cluster_is_the_release_of_this_machine(spark: Cluster, tmp_path: Path) -> None:
    """Four services of two months through both commands, in every table of the release and by its name."""
    write_submissions(tmp_path / "in", providers=4, months=2, start=APRIL, seed=1, size=0.2)
    releases, before = {}, len([*(spark.folder / "events").iterdir()])
    for name, more in (("here", []), ("there", ["--on", spark.address])):
        for command in (["load", str(tmp_path / "in")], ["publish"]):
            ended = spark.run("-c", EACH_ALONE, *command, *more, home=tmp_path / name)
            assert ended.stderr == ""
        found = everything(tmp_path / name / "warehouse.duckdb")
        releases[name] = {
            table: of for table, of in found.items() if table.split(".")[0] not in ("meta", "history")
        }
    assert len([*(spark.folder / "events").iterdir()]) == before + 2  # both commands joined the cluster
    assert releases["there"] == releases["here"]
    names = [{path.name for path in (tmp_path / name / "releases").iterdir()} for name in ("here", "there")]
    assert names[0] == names[1]


@in_campaign
def test_what_keeps_a_load_from_the_cluster_is_said_in_words(tmp_path: Path) -> None:
    write_submissions(tmp_path / "in", providers=1, months=1, start=APRIL, seed=1, size=0.1)
    with cluster(tmp_path / "spark", workers=1) as without_key:
        for address, words in (
            (without_key.address, "has another pseudonym key than the one that gives the command, or none"),
            ("spark://127.0.0.1:1", "No Spark master answers at spark://127.0.0.1:1"),
        ):
            ended = without_key.run(
                "-m", "pipelines", "load", "--on", address, str(tmp_path / "in"), home=tmp_path / "var"
            )
            assert ended.returncode == 1
            assert words in " ".join(ended.stderr.split())
        assert not list((tmp_path / "var" / "pseudonymised").rglob("*.parquet"))
