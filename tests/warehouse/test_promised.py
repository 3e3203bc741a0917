"""The promised views: what the contract says is there, and what was promised is kept."""

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.contract import dated, following, number, released, written
from tests.fixtures.small_release import small_release
from tests.fixtures.warehouse import SECRET, ask
from warehouse.columns import grain_keys
from warehouse.models import models_of
from warehouse.promised import Promise, differences, offered, promised, read_contract
from warehouse.release import check_draft

VALUE = Promise("figure", "value", "DOUBLE", False, "", "1.0", "The value.")


@pytest.fixture
def built() -> Path:
    return small_release().draft


def test_a_draft_offers_what_the_contract_promises(built: Path) -> None:
    with duckdb.connect(str(built), read_only=True) as con:
        found = offered(con)
    assert found == promised(), "run `python -m tests.contract` and read the difference"
    assert all(each.description and each.since for each in found)
    assert {f"v1.{each.view_name}" for each in found} == set(models_of("v1"))


def test_what_was_released_is_kept_and_what_is_new_has_a_version_of_its_own() -> None:
    version, last = released()[-1]
    found = differences(read_contract(last.read_text(encoding="utf-8")), promised())
    assert [each.words for each in found if each.breaks] == []
    new = {each.where for each in found if each.kind == "added"}
    assert {each.since for each in promised() if each.where in new} <= {following(version)}
    assert {each.since for each in promised() if each.where not in new} <= {name for name, _ in released()}


@pytest.mark.parametrize(
    ("after", "kind", "words"),
    [
        ([], "removed", "v1.figure.value is gone"),
        (
            [replace(VALUE, data_type="BIGINT")],
            "changed",
            "was DOUBLE [no unit], not part of the key and is BIGINT",
        ),
        ([replace(VALUE, is_key=True)], "changed", "and is DOUBLE [no unit], part of the key"),
        ([replace(VALUE, unit="days")], "changed", "and is DOUBLE [days]"),
        ([replace(VALUE, column_name="worth")], "removed", "v1.figure.value is gone"),
        ([VALUE, replace(VALUE, column_name="more")], "added", "v1.figure.more is new"),
        ([replace(VALUE, description="Another text.")], "reworded", "in other words"),
    ],
)
def test_every_difference_is_found(after: list[Promise], kind: str, words: str) -> None:
    found = {each.kind: each for each in differences([VALUE], after)}
    assert words in found[kind].words
    assert found[kind].breaks == (kind in ("removed", "changed"))


def test_equal_contracts_do_not_differ_and_a_version_alone_is_no_difference() -> None:
    assert differences([VALUE], [VALUE]) == differences([], []) == []
    assert differences([VALUE], [replace(VALUE, since="1.1")]) == []


def test_a_new_column_is_written_with_the_next_minor_version() -> None:
    more = replace(VALUE, column_name="more", since="")
    text = written(dated([more, replace(VALUE, since="")], [VALUE], following("1.9")))
    assert [each.since for each in read_contract(text)] == ["1.10", "1.0"]
    assert number("1.10") > number("1.9")


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        ("DROP VIEW v1.outcome", "contract: v1.outcome is gone"),
        ("ALTER TABLE core.contact RENAME duration_minutes TO minutes; CREATE OR REPLACE VIEW v1.contact AS "
         "SELECT provider FROM core.contact", "contract: v1.contact is described in other words"),
        ("UPDATE meta.columns SET data_type = 'DOUBLE' WHERE schema_name = 'v1' AND table_name = 'figure' "
         "AND column_name = 'numerator'", "contract: v1.figure.numerator was"),
    ],
)  # fmt: skip
def test_a_draft_that_breaks_a_promise_is_not_published(
    built: Path, tmp_path: Path, spoilt: str, problem: str
) -> None:
    draft = Path(shutil.copyfile(built, tmp_path / "draft.duckdb"))
    with duckdb.connect(str(draft)) as con:
        con.execute(spoilt)
    assert any(problem in found for found in check_draft(draft, SECRET))


def test_the_keys_of_every_view_tell_its_rows_apart(built: Path) -> None:
    keys = {name: columns for name, columns in grain_keys().items() if name.startswith("v1.")}
    assert keys.keys() == set(models_of("v1"))
    for name, columns in keys.items():
        rows, apart = ask(
            built,
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {', '.join(columns)} FROM {name})) FROM {name}",
        )[0]
        assert rows == apart, name
        # Of a single month there is no year, and only of years there are public groups.
        assert rows > 0 or name == "v1.public_figure_by_group", name


def test_a_figure_is_that_of_the_mart_with_its_names(built: Path) -> None:
    assert ask(
        built,
        "SELECT organisation_name, title, numerator, denominator, value, state FROM v1.figure "
        "WHERE measure = 'RECOVERY' AND pathway = 'all' AND period_type = 'month' AND level IN ('England', 'provider') "
        "ORDER BY level",
    ) == [("England", "Recovery", 11, 11, 1.0, "value"), ("RXX", "Recovery", 11, 11, 1.0, "value")]


def test_the_public_file_has_the_views_of_public_figures_and_a_comment_on_everything() -> None:
    _, folder, latest = small_release()
    public = folder / "parity-public.duckdb"
    views = [
        f"v1.{name}" for (name,) in ask(public, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1'")
    ]
    assert sorted(views) == [name for name in models_of("v1") if name.startswith("v1.public_")]
    for name in views:
        assert ask(public, f"FROM {name} ORDER BY ALL") == ask(latest, f"FROM {name} ORDER BY ALL")
    bare = "SELECT schema_name, {0}_name FROM duckdb_{0}s() WHERE NOT internal AND comment IS NULL"
    assert ask(public, bare.format("table")) == ask(public, bare.format("view")) == []
    assert ask(public, bare.format("column")) == []
    assert ask(public, "SELECT DISTINCT view_name FROM meta.contract ORDER BY 1") == [
        (each.removeprefix("v1."),) for each in sorted(views)
    ]
    with duckdb.connect(str(public), read_only=True) as con:
        own = [each for each in promised() if f"v1.{each.view_name}" in views]
        assert list(offered(con)) == own


def test_a_release_from_before_the_contract_promises_nothing() -> None:
    with duckdb.connect() as con:
        assert offered(con) == ()
