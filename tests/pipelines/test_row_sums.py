"""Sums of pseudonymised rows: what is damaged is said by provider, month and file, and reprocessing mends it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.batch import reprocess_all
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.publish import build_core, current_submissions
from pipelines.row_sums import SUMS, RowsDamaged, changing, damaged, damaged_in, write_sums
from pipelines.zones import zones
from tests.fixtures.submission import submission


@pytest.fixture
def rows(home: Path, tmp_path: Path) -> Path:
    """Where the rows of a submission that counts lie, beside another's."""
    found = zones()
    for provider in ("RW5", "RV5"):
        load(submission(tmp_path, provider), found, open_ledger(found.ledger), spine_key())
    return next(
        one.folder for one in current_submissions(found, open_ledger(found.ledger)) if one.provider == "RW5"
    )


def flipped(path: Path) -> None:
    """One bit in the middle of a file is another."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a bit": flipped, "its end": cut, "all of it": lambda path: path.write_bytes(b""),
    "gone": Path.unlink, "a link that leads nowhere": lambda path: (path.unlink(), path.symlink_to("nowhere")),
}  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_in_the_one_table(rows: Path, how: str) -> None:
    assert damaged_in(rows) == []
    DAMAGE[how](rows / "IDS101.parquet")
    assert damaged_in(rows) == ["IDS101"]


def test_a_table_that_was_added_is_damage_and_so_are_sums_that_cannot_be_read(rows: Path) -> None:
    (rows / "IDS105.parquet").write_bytes((rows / "IDS101.parquet").read_bytes())
    assert damaged_in(rows) == ["IDS105"]
    (rows / "IDS105.parquet").unlink()
    for text in ("", "[]", "{"):
        (rows / SUMS).write_text(text)
        assert damaged_in(rows) == sorted(path.stem for path in rows.glob("*.parquet"))


def test_rows_of_an_earlier_release_have_no_sums_and_are_looked_at_by_their_ends(rows: Path) -> None:
    (rows / SUMS).unlink()
    assert damaged_in(rows) == []
    cut(rows / "IDS002.parquet")
    (rows / "IDS001.parquet").write_bytes(b"")
    assert damaged_in(rows) == ["IDS001", "IDS002"]


def test_a_build_says_whose_rows_are_damaged_and_reprocessing_mends_them(rows: Path) -> None:
    found = zones()
    ledger = open_ledger(found.ledger)
    before = {path.name: path.read_bytes() for path in rows.iterdir()}
    flipped(rows / "IDS101.parquet")
    (rows / "IDS002.parquet").unlink()
    with pytest.raises(RowsDamaged) as raised:
        build_core(found, ledger)
    said = str(raised.value)
    id_ = rows.name.split(".")[0]
    assert f"RW5 2025-04, IDS002.parquet (GP) (submission {id_})" in said.replace("_", " ").replace(
        "IDS002GP", "GP"
    )
    assert "IDS101.parquet (Referral)" in said.replace("IDS101Referral", "Referral")
    assert "Run parity reprocess" in said
    assert not found.draft.exists()
    assert len(list(reprocess_all(found, ledger, spine_key()))) == 2
    assert {path.name: path.read_bytes() for path in rows.iterdir()} == before
    assert damaged(current_submissions(found, ledger)) == []


def test_rows_that_are_changed_on_purpose_have_the_sum_of_afterwards(rows: Path) -> None:
    """And a kill in between is no damage: the file is the one before or the one after, and whole."""
    path = rows / "IDS101.parquet"
    with changing(path):
        assert json.loads((rows / SUMS).read_text())[path.name] is None
        assert damaged_in(rows) == []
        path.write_bytes((rows / "IDS002.parquet").read_bytes())
        assert damaged_in(rows) == []
    assert damaged_in(rows) == []
    flipped(path)
    assert damaged_in(rows) == ["IDS101"]
    (rows / SUMS).unlink()
    with changing(path):
        pass
    assert not (rows / SUMS).exists()
    write_sums(rows)
    assert damaged_in(rows) == []
