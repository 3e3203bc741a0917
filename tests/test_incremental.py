"""Building again: only providers with new submissions, and the same rows as from nothing."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from warehouse.build import StagedSubmission, build_core, build_marts
from warehouse_fixtures import APRIL, GAD7, PHQ9, REQOL10, Case, ask, tables_of, write_submission

MAY = date(2025, 5, 1)
BETTER = [(PHQ9, "15", "5"), (GAD7, "14", "3")]
WORSE = [(PHQ9, "10", "20"), (GAD7, "9", "15")]


def everything(draft: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that a build makes, in total order."""
    with duckdb.connect(str(draft), read_only=True) as con:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return {
            f"{schema}.{table}": con.execute(f'SELECT * FROM {schema}."{table}" ORDER BY ALL').fetchall()
            for schema, table in tables
        }


@pytest.fixture
def won(tmp_path: Path) -> list[StagedSubmission]:
    """Two services of two months each, and a third with one."""
    return [
        write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", BETTER), Case("b", WORSE)])),
        write_submission(tmp_path, "RXX", MAY, {"IDS001": "LocalPatientId\n p"}),
        write_submission(tmp_path, "RYY", APRIL, tables_of([Case("a", [(REQOL10, "20", "25")], 5, pathway="01")])),
        write_submission(tmp_path, "RYY", MAY, {"IDS001": "LocalPatientId\n p"}),
        write_submission(tmp_path, "RZZ", MAY, {"IDS001": "LocalPatientId\n p"}),
    ]


@pytest.mark.parametrize("change", ["a month more", "a resubmission", "a provider more", "a provider less"])
def test_only_what_changed_is_built_and_the_rows_are_those_of_a_whole_build(
    tmp_path: Path, won: list[StagedSubmission], change: str
) -> None:
    corrected = write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", BETTER)]), order=2)
    before, after = {
        "a month more": ([*won[:1], *won[2:]], won),
        "a resubmission": (won, [corrected, *won[1:]]),
        "a provider more": (won[:4], won),
        "a provider less": (won, won[:4]),
    }[change]
    whole, grown = tmp_path / "whole.duckdb", tmp_path / "grown.duckdb"
    build_core(whole, after, built_with="v1")
    build_core(grown, before, built_with="v1")
    # What did not change is not read again: RYY's files are gone.
    for winner in won[2:4]:
        for file in winner.folder.glob("*.parquet"):
            file.unlink()
    build_core(grown, after, built_with="v1")
    build_marts(whole)
    build_marts(grown)
    assert everything(grown) == everything(whole)


@pytest.mark.parametrize("broken", ["other code", "cut off", "no name", "no file"])
def test_a_draft_that_cannot_be_trusted_is_built_from_nothing(
    tmp_path: Path, won: list[StagedSubmission], broken: str
) -> None:
    draft = tmp_path / "d.duckdb"
    build_core(draft, won, built_with="v1")
    with duckdb.connect(str(draft)) as con:
        con.execute("DELETE FROM core.pathway")  # nobody would notice, were it kept
        if broken == "cut off":
            con.execute("DROP TABLE meta.build")
    if broken == "no file":
        draft.write_bytes(b"not a database")
    build_core(draft, won, built_with={"other code": "v2", "no name": None}.get(broken, "v1"))
    assert ask(draft, "SELECT count(*) FROM core.pathway") == [(3,)]


def test_a_draft_that_is_whole_is_left_as_it_is(tmp_path: Path, won: list[StagedSubmission]) -> None:
    draft = tmp_path / "d.duckdb"
    build_core(draft, won, built_with="v1")
    with duckdb.connect(str(draft)) as con:
        con.execute("UPDATE core.pathway SET end_code = 'kept'")
    build_core(draft, won, built_with="v1")
    assert ask(draft, "SELECT DISTINCT end_code FROM core.pathway") == [("kept",)]


def test_no_row_depends_on_how_providers_are_put_together(
    tmp_path: Path, won: list[StagedSubmission], monkeypatch: pytest.MonkeyPatch
) -> None:
    together, alone = tmp_path / "together.duckdb", tmp_path / "alone.duckdb"
    build_core(together, won)
    monkeypatch.setattr("warehouse.build.BATCH_BYTES", 1)
    build_core(alone, [replace(winner) for winner in reversed(won)])
    build_marts(together)
    build_marts(alone)
    assert everything(alone) == everything(together)
