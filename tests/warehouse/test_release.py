"""Publishing: whole or not at all, never twice, and readable by the released DuckDB command line."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.campaign import is_whole, some_of
from tests.fixtures.every_measure import every_measure
from tests.fixtures.small_release import small_release
from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import (
    APRIL,
    FEW,
    GAD7,
    PHQ9,
    SECRET,
    Case,
    ask,
    build,
    one_of_each,
    tables_of,
    write_submission,
)
from warehouse import release
from warehouse.export import EXPORTED
from warehouse.inputs import recorded
from warehouse.release import check_draft, publish
from warehouse.release_folder import ReleaseError

CASES = [Case("a", [(PHQ9, "15", "5"), (GAD7, "14", "3")]), Case("b"), Case("c", is_discharged=False)]


@pytest.fixture(scope="module")
def built_small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp = tmp_path_factory.mktemp("small")
    return build(tmp, [write_submission(tmp, "RXX", APRIL, tables_of(CASES))], whole=True, measures=FEW)


@pytest.fixture(scope="module")
def first_release(built_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one release, published once for all the tests that read it or publish a second."""
    folder = tmp_path_factory.mktemp("first")
    publish(built_small, folder / "releases", "2025-04-aaaaaaaa", folder / "latest.duckdb", {"note": "1"}, SECRET)
    return folder


@pytest.fixture
def draft(built_small: Path, tmp_path: Path) -> Path:
    """A copy of the same draft with a few measures, free to be spoilt."""
    return Path(shutil.copyfile(built_small, tmp_path / "draft.duckdb"))


def spoil(draft: Path, sql: str) -> list[str]:
    with duckdb.connect(str(draft)) as con:
        con.execute(sql)
    return check_draft(draft, SECRET)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_good_draft_with_every_measure_has_no_problem() -> None:
    assert check_draft(every_measure(), SECRET) == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (f"DELETE FROM core.contact WHERE care_contact_id = '{text_of('a-c1')}'", "IDS201: 6 rows staged, 5 accounted for in core"),
        ("DELETE FROM core.score WHERE score = 15", "IDS606: 4 rows staged, 3 accounted for in core"),
        ("INSERT INTO core.person SELECT * FROM core.person LIMIT 1", "core.person: 1 keys"),
        (
            "UPDATE mart.service_measure SET numerator = numerator + 1 "
            "WHERE level = 'England' AND measure = 'REFERRALS' AND pathway = 'all' AND period_type = 'month'",
            "1 provider totals are not England's",
        ),
        (
            "UPDATE mart.service_measure SET numerator = 9 WHERE measure = 'RECOVERY' AND denominator > 0",
            "rows count more than their denominator",
        ),
        ("ALTER TABLE core.person ADD COLUMN postcode VARCHAR", "core.person.postcode identifies a person"),
        (f"UPDATE core.pathway SET commissioner = '9990000018' WHERE service_request_id = '{text_of('a')}'",
         "core.pathway.commissioner: 1 values look like NHS numbers"),
        ("UPDATE public.service_measure SET period_start = period_start + 3", "days are not the first of a month"),
        ("COMMENT ON COLUMN core.pathway.pathway IS NULL", "no comment on core.pathway.pathway"),
        ("DROP SCHEMA mart CASCADE", "has no marts"),
        ("DROP SCHEMA public CASCADE", "has no public tables"),
        ("UPDATE public.service_measure SET numerator = 3 WHERE measure = 'REFERRALS'",
         "rows show what the rule does not give"),
    ],
)  # fmt: skip
def test_what_forbids_publishing(draft: Path, sql: str, problem: str) -> None:
    assert any(problem in found for found in spoil(draft, sql))


def test_a_draft_with_a_problem_is_not_published(draft: Path, tmp_path: Path) -> None:
    spoil(draft, "DELETE FROM core.contact")
    with pytest.raises(ReleaseError, match="IDS201: 6 rows staged, 0 accounted for in core"):
        publish(draft, tmp_path / "releases", "2025-04-aaaaaaaa", tmp_path / "latest.duckdb", {}, SECRET)
    assert not (tmp_path / "releases").exists() and not (tmp_path / "latest.duckdb").exists()


@pytest.mark.parametrize("said", [{"submissions": ["another"]}, {"inputs_hash": "0" * 64}, {"code_version": "1.0"}])
def test_a_draft_that_is_not_what_its_manifest_names_is_not_published(
    draft: Path, tmp_path: Path, said: dict[str, object]
) -> None:
    with pytest.raises(ReleaseError, match=f"{next(iter(said))} differ"):
        publish(draft, tmp_path / "releases", "2025-04-aaaaaaaa", tmp_path / "latest.duckdb", said, SECRET)
    assert not (tmp_path / "releases" / "2025-04-aaaaaaaa").exists() and not (tmp_path / "latest.duckdb").exists()


def test_a_release_is_complete_and_its_manifest_true(built_small: Path, first_release: Path) -> None:
    folder = first_release / "releases" / "2025-04-aaaaaaaa"
    written = json.loads((folder / "manifest.json").read_text())
    assert written["note"] == "1" and written["release_id"] == "2025-04-aaaaaaaa"
    assert written["rows"]["core.pathway"] == 3
    assert set(written["files"]) == {str(path.relative_to(folder)) for path in files(folder)} - {"manifest.json"}
    assert "open_data/measures.csv" in written["files"]
    for name, told in written["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == told["sha256"]
    held = recorded(built_small)
    assert (written["submissions"], written["inputs_hash"]) == (held.submission_ids, held.digest)
    assert len(held.submission_ids) == 1
    assert ask(first_release / "latest.duckdb", "SELECT release_id, inputs_hash FROM meta.build") == [
        ("2025-04-aaaaaaaa", held.digest)
    ]
    with duckdb.connect() as con:
        exported = con.execute(
            "SELECT count(*) FROM read_csv(?)", [str(folder / "public.service_measure.csv")]
        ).fetchone()
    assert exported == (written["rows"]["public.service_measure"],)


def test_the_public_file_holds_the_public_tables_and_nothing_else() -> None:
    folder = small_release().folder
    public = folder / "parity-public.duckdb"
    assert ask(public, "SELECT DISTINCT schema_name FROM duckdb_tables() ORDER BY ALL") == [("meta",), ("public",)]
    assert ask(
        public,
        """SELECT numerator, denominator, state FROM public.service_measure
        WHERE level = 'England' AND period_type = 'month' AND pathway = 'all' AND measure = 'RECOVERY'""",
    ) == [(None, None, "suppressed")]
    assert ask(public, "SELECT DISTINCT schema_name FROM meta.columns ORDER BY 1") == [
        ("meta",),
        ("public",),
        ("v1",),
    ]
    assert ask(public, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL "
               "AND schema_name = 'public'") == [(0,)]  # fmt: skip
    assert ask(public, "SELECT release_id FROM meta.build") == [(small_release().folder.name,)]
    assert not [path.name for path in files(folder) if SECRET.encode() in path.read_bytes()]
    exported = {path.name for path in folder.iterdir()}
    assert {f"public.{table}.csv" for (table,) in ask(public, "SELECT table_name FROM duckdb_tables() "
            "WHERE schema_name = 'public'")} <= exported  # fmt: skip
    assert "parity-public.duckdb" in json.loads((folder / "manifest.json").read_text())["files"]


def test_readers_meet_no_working_counts_and_every_column_of_a_release_has_a_comment(
    tmp_path: Path,
) -> None:
    draft = every_measure()
    folder = publish(draft, tmp_path / "releases", "2025-04-aaaaaaaa", tmp_path / "latest.duckdb", {}, SECRET)
    released = folder / "parity.duckdb"
    tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'monthly_count' ORDER BY ALL"
    assert ("pathway_discharged",) in ask(draft, tables)
    kept = [name for (name,) in ask(released, tables)]
    assert "pathway_discharged_group_total" in kept
    assert [name for name in kept if not name.endswith("_group_total")] == []
    assert ask(released, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL") == [(0,)]
    assert ask(
        released,
        "SELECT DISTINCT description FROM meta.columns WHERE column_name = 'RECOVERY_d' AND schema_name = 'monthly_count'",
    ) == [("Denominator of RECOVERY: Recovery; and of every measure with the same one.",)]
    assert ask(
        released,
        "SELECT count(*) FROM meta.columns LEFT JOIN (SELECT * FROM duckdb_columns() WHERE NOT internal) AS c "
        "USING (schema_name, table_name, column_name) WHERE c.column_name IS NULL",
    ) == [(0,)]
    # The draft keeps them: the next build adds them up again.
    assert ask(draft, "SELECT count(*) > 0 FROM monthly_count.pathway_discharged") == [(True,)]


@pytest.mark.skipif(not is_whole(), reason="publishes all tables twice: in the campaign")
def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    exports = []
    for attempt, threads in enumerate((1, 2)):
        tmp = tmp_path / str(attempt)
        built = build(
            tmp,
            [write_submission(tmp, "RXX", APRIL, tables_of(CASES))],
            threads=threads,
            whole=True,
            measures=one_of_each(),
        )
        folder = publish(built, tmp / "releases", "x", tmp / "latest.duckdb", {}, SECRET)
        exports.append({p.name: p.read_bytes() for p in files(folder) if p.suffix in (".csv", ".parquet")})
    assert {f"{name}{ending}" for name in EXPORTED for ending in (".csv", ".parquet")} < exports[0].keys()
    assert {"core.contact.parquet", "mart.breakdown_measure.parquet"} < exports[0].keys()
    assert exports[0] == exports[1]


def test_publishing_again_changes_nothing_and_old_readers_keep_their_file(
    draft: Path, first_release: Path, tmp_path: Path
) -> None:
    releases, latest = tmp_path / "releases", tmp_path / "latest.duckdb"
    shutil.copytree(first_release, tmp_path, dirs_exist_ok=True)
    first = releases / "2025-04-aaaaaaaa"
    before = {path.name: path.stat().st_mtime_ns for path in first.iterdir()}
    publish(draft, releases, "2025-04-aaaaaaaa", latest, {"note": "2"}, SECRET)
    assert {path.name: path.stat().st_mtime_ns for path in first.iterdir()} == before
    with duckdb.connect(str(latest), read_only=True) as reader:
        publish(draft, releases, "2025-05-bbbbbbbb", latest, {}, SECRET)
        assert reader.execute("SELECT release_id FROM meta.build").fetchone() == ("2025-04-aaaaaaaa",)
    assert ask(latest, "SELECT release_id FROM meta.build") == [("2025-05-bbbbbbbb",)]
    assert (first / "parity.duckdb").is_file()
    # What is the same is shared, and is what both manifests say. What names its release is not.
    own = {str(path.relative_to(releases / "2025-05-bbbbbbbb")) for path in files(releases / "2025-05-bbbbbbbb")}
    shared = {name for name in own if (releases / "2025-05-bbbbbbbb" / name).stat().st_nlink == 2} - {
        "parity.duckdb"
    }
    assert {"inside/core.pathway.parquet", "mart.national.parquet", "public.national.csv"} <= shared
    assert {f"{name}{end}" for name in EXPORTED for end in (".csv", ".parquet")} <= shared
    assert own - shared == {
        "manifest.json", "parity.duckdb", "parity-public.duckdb", "changes.json", "public.changes.json",
        "datapackage.json", "datapackage-inside.json",
    }  # fmt: skip
    shutil.rmtree(first)
    told = json.loads((releases / "2025-05-bbbbbbbb" / "manifest.json").read_text())["files"]
    assert own == told.keys() | {"manifest.json"}
    for name, said in told.items():
        content = (releases / "2025-05-bbbbbbbb" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == said["sha256"]


# In a sample: while the folder is written, and when it is there but not yet the current release.
STEPS = ["_write_open", "_point", "copyfile", "_finish", "write_manifest", "close", "sync", "replace"]


@pytest.mark.parametrize("step", some_of("steps of a publication", STEPS, 2))
def test_a_crash_at_any_step_leaves_the_previous_release_and_the_next_try_succeeds(
    draft: Path, first_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    releases, latest = tmp_path / "releases", tmp_path / "latest.duckdb"
    shutil.copytree(first_release, tmp_path, dirs_exist_ok=True)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    owner = {"copyfile": shutil, "replace": Path}.get(step, release)
    with monkeypatch.context() as broken:
        broken.setattr(owner, step, crash)
        with pytest.raises(KeyboardInterrupt):
            publish(draft, releases, "2025-05-bbbbbbbb", latest, {}, SECRET)
    assert ask(latest, "SELECT release_id FROM meta.build") == [("2025-04-aaaaaaaa",)]
    half_done = releases / "2025-05-bbbbbbbb"
    assert not half_done.exists() or (half_done / "manifest.json").is_file()
    publish(draft, releases, "2025-05-bbbbbbbb", latest, {}, SECRET)
    assert ask(latest, "SELECT release_id FROM meta.build") == [("2025-05-bbbbbbbb",)]
    assert sorted(path.name for path in releases.iterdir()) == ["2025-04-aaaaaaaa", "2025-05-bbbbbbbb"]


def test_the_released_command_line_reads_the_file(first_release: Path) -> None:
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    if not duckdb_cli.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    query = """
        SELECT numerator, denominator, round(mart.wilson_low(numerator, denominator, mart.z_95()), 6) AS low FROM mart.national
        WHERE measure = 'RECOVERY' AND pathway = 'all';
        SELECT comment FROM duckdb_columns() WHERE table_name = 'pathway' AND column_name = 'is_recovered';
        SELECT count(*) FROM core.score;
    """
    done = subprocess.run(
        [str(duckdb_cli), "-readonly", "-csv", "-noheader", str(first_release / "latest.duckdb"), query],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "1,2,0.094531",
        "Finished courses: at caseness first and below both cut-offs last. NULL while not finished.",
        "4",
    ]
