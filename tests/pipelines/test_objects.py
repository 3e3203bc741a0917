"""Parts built on machines that share nothing but object storage: a folder here, a real S3 server in the campaign."""

import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.objects import Storage, StorageFailed, build_there, chosen_storage, through
from pipelines.spread import Done, TaskFailed, attempted, spread_by
from schemas.errors import NotAsked
from tests.campaign import is_whole
from tests.fixtures.drafts import everything
from tests.fixtures.object_store import ObjectStore, missing, object_store
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Case, one_of_each, some, tables_of, write_submission
from warehouse import build
from warehouse.build import StagedSubmission, build_core

KINDS = ("folder", "server")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    if not is_whole() or missing():
        pytest.skip(missing() or "starting it takes most of a minute: make campaign")
    with object_store(tmp_path_factory.mktemp("objects")) as running:
        yield running


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param == "folder":
        (tmp_path / "objects").mkdir()
        return Storage(f"file://{tmp_path}/objects")
    store = request.getfixturevalue("server")
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    found = Storage(store.address)
    found.clear("")
    return found


@pytest.fixture
def staged(tmp_path: Path) -> list[StagedSubmission]:
    cases = [Case("a", [(PHQ9, "15", "5"), (GAD7, "14", "3")]), Case("b", [(PHQ9, "10", "20"), (GAD7, "9", "15")])]
    return [
        write_submission(tmp_path, provider, APRIL, tables_of(cases[:number]))
        for number, provider in enumerate(("RXX", "RYY"), 1)
    ]


@pytest.fixture(autouse=True)
def each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every provider is a part of its own."""
    monkeypatch.setattr(build, "PART_BYTES", 1)


def elsewhere(staged: Sequence[StagedSubmission], draft: Path) -> Any:
    """Does tasks as on a machine that has none of the folders of this one."""
    own = [*(each.folder for each in staged), draft.with_name(f"{draft.name}.parts")]

    def run(do: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        for task in tasks:
            for folder in own:
                folder.rename(folder.with_name(f"hidden.{folder.name}"))
            # As it travels, so that nothing of this process goes along.
            done = attempted(do, pickle.loads(pickle.dumps(task)))
            for folder in own:
                folder.with_name(f"hidden.{folder.name}").rename(folder)
            yield done

    return run


def test_a_file_comes_back_as_it_went_and_is_gone_when_its_folder_is_cleared(
    storage: Storage, tmp_path: Path
) -> None:
    large, empty = tmp_path / "large", tmp_path / "empty"
    large.write_bytes(os.urandom(12_000_001))  # more than S3 takes in one piece
    empty.write_bytes(b"")
    for file in (large, empty):
        storage.put(file, f"publication/a/{file.name}")
        storage.put(file, f"publication/a/{file.name}")
        storage.get(f"publication/a/{file.name}", tmp_path / "back" / file.name)
        assert (tmp_path / "back" / file.name).read_bytes() == file.read_bytes()
    storage.put(empty, "other/kept")
    assert storage.names("publication") == ["a/empty", "a/large"]
    storage.clear("publication")
    storage.clear("never/there")
    assert (storage.names("publication"), storage.names("other")) == ([], ["kept"])


def test_core_built_through_storage_is_that_of_this_machine_and_leaves_nothing_there(
    storage: Storage, staged: list[StagedSubmission], tmp_path: Path
) -> None:
    storage.put(tmp_path / next(iter(tmp_path.rglob("*.parquet"))), "publication/killed/parts/00000.duckdb")
    whole, draft = tmp_path / "whole.duckdb", tmp_path / "draft.duckdb"
    build_core(whole, staged, built_with="v1", measures=some(*one_of_each()))
    build_core(
        draft, staged, built_with="v1", measures=some(*one_of_each()), part_memory="400MB",
        spread=through(storage, spread_by(elsewhere(staged, draft))),
    )  # fmt: skip
    assert everything(draft) == everything(whole)
    assert storage.names("publication") == []


def test_a_part_that_fails_elsewhere_names_its_provider_and_leaves_nothing_there(
    storage: Storage, staged: list[StagedSubmission], tmp_path: Path
) -> None:
    (staged[1].folder / "IDS101.parquet").write_bytes(b"PAR1 PATIENT-SECRET 9990000042")
    draft = tmp_path / "draft.duckdb"
    with pytest.raises(TaskFailed, match="Core could not be built for provider RYY: ") as failed:
        build_core(
            draft, staged, built_with="v1", measures=(), part_memory="400MB",
            spread=through(storage, spread_by(elsewhere(staged, draft))),
        )  # fmt: skip
    assert "SECRET" not in str(failed.value)
    assert storage.names("publication") == []


def test_storage_that_is_lost_half_way_is_said_in_words(staged: list[StagedSubmission], tmp_path: Path) -> None:
    storage, draft = Storage(f"file://{tmp_path}/objects"), tmp_path / "draft.duckdb"
    run = elsewhere(staged, draft)

    def lost(do: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        assert do is build_there
        shutil.rmtree(tmp_path / "objects")
        return run(do, tasks)

    with pytest.raises(TaskFailed, match=r"provider RXX: The object storage at file:///.*/objects failed"):
        build_core(
            draft,
            staged,
            built_with="v1",
            measures=(),
            part_memory="400MB",
            spread=through(storage, spread_by(lost)),
        )


def test_a_wrong_key_is_said_in_words_without_it(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (server.environment | {"AWS_SECRET_ACCESS_KEY": "SECRET-OF-ANOTHER"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageFailed, match="The object storage at s3://parity/national failed") as failed:
        Storage(server.address).names("publication")
    assert "SECRET" not in str(failed.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", None),
        ("bucket/parity", "must be the address of object storage"),
        ("gs://bucket", "must be the address of object storage"),
        ("s3://", "must be the address of object storage"),
        ("file:///", "must be the address of object storage"),
        ("s3://access:THE-VALUE@bucket/parity", "must not have a key in it"),
    ],
)
def test_the_address_is_checked_and_has_no_key(
    address: str, words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARITY_OBJECTS", address)
    if words is None:
        assert chosen_storage() is None
        return
    with pytest.raises(NotAsked, match=words) as refused:
        chosen_storage()
    assert "THE-VALUE" not in str(refused.value)
