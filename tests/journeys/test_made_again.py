"""An old release, made again from what it was made of: the same name, the same rows, and the same bytes of every file but
those that name a day or are a database.
"""

import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.ask import release_name
from pipelines.run import publish_release
from pipelines.zones import Zones, zones
from tests import campaign
from tests.fixtures.release import loaded_and_published

# The day of publication, and a database whose blocks lie as its threads end.
OTHERWISE = {"changes.json", "public.changes.json", "manifest.json", "parity.duckdb", "parity-public.duckdb"}


def contents(found: Zones, name: str) -> dict[str, bytes]:
    folder = found.releases / name
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def rows(database: Path) -> dict[str, tuple[int, object]]:
    """Of every table of figures: how many rows, and a hash of them in any order."""
    with duckdb.connect(str(database), read_only=True) as con:
        names = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'meta' ORDER BY ALL"
        ).fetchall()
        return {
            name: con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {name} AS t").fetchall()[0]
            for (name,) in names
        }


@pytest.mark.skipif(not campaign.is_whole(), reason="publishes twice: in the campaign")
def test_a_release_made_again_has_the_same_name_rows_and_bytes(
    tmp_path: Path, home: Path, few_measures: None
) -> None:
    found = loaded_and_published(tmp_path)
    name = release_name(found)
    first, figures = contents(found, name), rows(found.warehouse)
    shutil.rmtree(found.releases)
    shutil.rmtree(found.builds)
    found.warehouse.unlink()
    assert publish_release(zones(home))["release"] == name
    again = contents(found, name)
    assert again.keys() == first.keys() and len(again) > 100
    assert {path for path in first if again[path] != first[path]} <= OTHERWISE
    assert rows(found.warehouse) == figures
