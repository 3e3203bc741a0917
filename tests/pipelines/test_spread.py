"""Independent tasks in several processes: what they make, their order, and what is told of one that failed."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.spread import (
    Done,
    TaskFailed,
    attempted,
    chosen,
    code,
    in_processes,
    named,
    spread_by,
    work_on,
)
from schemas.errors import ForThePerson, NotAsked
from tests.fixtures import tasks
from tests.fixtures.drafts import everything
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Case, one_of_each, some, tables_of, write_submission
from warehouse import build, parts
from warehouse.build import StagedSubmission, build_core

COUNTED = some(*one_of_each())
MAY = date(2025, 5, 1)


@pytest.fixture
def three(tmp_path: Path) -> list[StagedSubmission]:
    """Three services, the first of two months."""
    better, worse = [(PHQ9, "15", "5"), (GAD7, "14", "3")], [(PHQ9, "10", "20"), (GAD7, "9", "15")]
    return [
        write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", better), Case("b", worse)])),
        write_submission(tmp_path, "RXX", MAY, tables_of([Case("c", worse)])),
        write_submission(tmp_path, "RYY", APRIL, tables_of([Case("a", worse)])),
        write_submission(tmp_path, "RZZ", MAY, tables_of([Case("a", better)])),
    ]


@pytest.fixture
def each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every provider is a part of its own."""
    monkeypatch.setattr(build, "PART_BYTES", 1)


def results(do: Any, of: Sequence[Any], workers: int = 2) -> list[Done]:
    return list(in_processes(workers)(do, of))


def test_parts_built_by_two_processes_are_the_same_rows_as_one_process_builds(
    three: list[StagedSubmission], each_alone: None, tmp_path: Path
) -> None:
    whole, spread = tmp_path / "whole.duckdb", tmp_path / "spread.duckdb"
    rows = build_core(whole, three, built_with="v1", measures=COUNTED)
    by = spread_by(in_processes(2))
    assert build_core(spread, three, built_with="v1", measures=COUNTED, spread=by, part_memory="500MB") == rows
    assert everything(spread) == everything(whole)
    assert rows["core.pathway"] == 5
    assert sorted(path.name for path in tmp_path.glob("*.duckdb*")) == ["spread.duckdb", "whole.duckdb"]


def test_providers_that_changed_are_built_again_in_parts(
    three: list[StagedSubmission], each_alone: None, tmp_path: Path
) -> None:
    """Two of three: their rows of before are gone, and those of the third stay."""
    whole, draft = tmp_path / "whole.duckdb", tmp_path / "draft.duckdb"
    build_core(draft, three, built_with="v1", measures=())
    changed = [three[0], *(replace(each, made_with="other rules") for each in three[1:3]), three[3]]
    build_core(whole, changed, built_with="v1", measures=())
    built: list[str] = []

    def watched(do: Any, of: Sequence[parts.Part]) -> Any:
        built.extend(provider for part in of for provider in part.providers)
        return spread_by(in_processes(2))(do, of)

    build_core(draft, changed, built_with="v1", measures=(), spread=watched, part_memory="500MB")
    assert built == ["RXX", "RYY"]
    seen, wanted = everything(draft), everything(whole)
    noted = {"meta.changed_provider", "meta.counted_before"}
    assert {name: rows for name, rows in seen.items() if name not in noted} == wanted


def test_a_part_that_fails_names_its_providers_and_leaves_no_draft_to_use(
    three: list[StagedSubmission], each_alone: None, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.duckdb"
    (three[2].folder / "IDS101.parquet").write_bytes(b"PAR1 PATIENT-SECRET 9990000042")
    with pytest.raises(TaskFailed) as failed:
        build_core(
            draft, three, built_with="v1", measures=(), spread=spread_by(in_processes(2)), part_memory="500MB"
        )
    assert str(failed.value).startswith("Core could not be built for provider RYY: ")
    assert "SECRET" not in str(failed.value)
    assert "9990000042" not in str(failed.value)
    assert build._stale_providers(draft, three, "v1", {}) is None
    assert not list(tmp_path.glob("draft.duckdb.parts"))


def test_results_come_in_the_order_of_the_tasks_and_no_more_processes_are_started_than_asked_for() -> None:
    found = results(partial(tasks.environment), ["PARITY_HOME"] * 5)
    assert len({process for _, process in (done.value for done in found)}) <= 2
    assert [done.value for done in results(tasks.fill_the_memory, [3, 1, 2])] == [3 << 20, 1 << 20, 2 << 20]


def test_a_process_that_dies_has_failed_its_task_alone() -> None:
    killed, *others = results(tasks.leave_if_asked, [7, 0, 0], workers=1)
    assert (killed.error, killed.why) == ("Died", "its process ended (status 7)")
    assert [done.value for done in others] == ["here", "here"]


def test_what_is_told_of_an_error_is_its_class_or_a_sentence_for_a_person() -> None:
    (broken,) = results(tasks.raise_with_a_value, [ValueError])
    assert broken == Done(None, "ValueError", "")
    (ours,) = results(tasks.raise_with_a_value, [ForThePerson])
    assert ours == Done(None, "ForThePerson", "row is PATIENT-SECRET, 9990000042")


def test_who_has_enough_of_the_results_ends_the_tasks_that_were_not_begun() -> None:
    with closing(in_processes(1)(tasks.fill_the_memory, [1] * 500)) as found:  # type: ignore[type-var]
        assert next(found).value == 1 << 20


def test_code_of_another_version_does_nothing() -> None:
    assert attempted(tasks.fill_the_memory, 1, wanted=code()).value == 1 << 20
    refused = attempted(tasks.fill_the_memory, 1, wanted="another")
    assert refused.error == "AnotherVersion"
    assert refused.value is None


def test_without_a_setting_everything_is_built_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARITY_WORKERS", raising=False)
    assert chosen() is None
    monkeypatch.setenv("PARITY_WORKERS", "1")
    assert chosen() is None
    monkeypatch.setenv("PARITY_WORKERS", "2")
    assert chosen() is not None
    monkeypatch.setenv("PARITY_WORKERS", "two")
    with pytest.raises(NotAsked, match="PARITY_WORKERS must be a whole number"):
        chosen()


@pytest.mark.parametrize(
    "address", ["centre:7077", "spark://", "spark://centre", "spark://centre:port", "local[2]"]
)
def test_an_address_of_no_cluster_is_refused(address: str) -> None:
    with pytest.raises(NotAsked, match="spark://host:port"):
        work_on(address)


def test_providers_are_named_up_to_five() -> None:
    assert named(["RXX"]) == "provider RXX"
    assert named(["RXX", "RYY"]) == "providers RXX, RYY"
    assert named([f"R0{n}" for n in range(7)]) == "providers R00, R01, R02, R03, R04 and 2 more"
