"""Records that name one which the gate or a cause refused: they are rejected with it, and are no finding of their own.

Drawn: a month of a service in which some records of a table that others name are broken in one way.
"""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import polars as pl
import pytest

from pipelines.load import check_path
from schemas.dataset import TABLES
from schemas.links import looks_up, named_by
from schemas.rules import orphans
from schemas.versions import Version
from tests.campaign import seeds
from tests.transforms.test_causes import Cells, month
from transforms.receive.csv_file import receive_csv
from transforms.submission import SubmissionChecked
from transforms.survey import survey

Row = list[str]
Fault = Callable[[Row, set[int], Random], str]
"""The values of a row and the places of its keys to its line."""
_ORPHANS = [rule.id for rule in orphans.RULES]
_PARENTS = [table_id for table_id in TABLES if any(named_by(table_id)) and table_id not in ("SMI901", "IDS902")]


def _line(row: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(row)
    return written.getvalue()


def _one_more(row: Row, _: set[int], draw: Random) -> str:
    at = draw.randrange(len(row) + 1)
    return _line([*row[:at], "came late", *row[at:]])


def _one_less(row: Row, keys: set[int], draw: Random) -> str:
    at = draw.choice([place for place in range(len(row)) if place not in keys])
    return _line([*row[:at], *row[at + 1 :]])


def _cut(row: Row, keys: set[int], draw: Random) -> str:
    return _line(row[: draw.randrange(max(keys) + 1, len(row))])


def _stray(row: Row, _: set[int], draw: Random) -> str:
    at = draw.randrange(len(row))
    return ",".join([*row[:at], f'"{row[at]}"x', *row[at + 1 :]]) + "\n"


def _small(row: Row, keys: set[int], _: Random) -> str:
    return _line([value.lower() if place in keys else value for place, value in enumerate(row)])


def _no_date(row: Row, keys: set[int], _: Random) -> str:
    return _line([value if place in keys else "" for place, value in enumerate(row)])


_FAULTS: tuple[Fault, ...] = (_one_more, _one_less, _cut, _stray, _small, _no_date)


def _keys(table_id: str, columns: Sequence[str]) -> set[int]:
    """Where the key of a table and what it names stand."""
    names = {here for here, _ in looks_up(TABLES[table_id]).values()}
    names |= {there for _, there in named_by(table_id).values()}
    return {columns.index(name) for name in names if name in columns}


def _written(cells: Cells, folder: Path, broken: str, fault: Fault, draw: Random) -> Path:
    """The cells as files. In the table ``broken`` some rows, from one to all, have the fault."""
    folder.mkdir()
    for table_id, frame in cells.items():
        rows = [[value or "" for value in row] for row in frame.rows()]
        lines = [_line(row) for row in rows]
        if table_id == broken:
            keys = _keys(table_id, frame.columns)
            of = range(len(rows)) if fault is _small else draw.sample(range(len(rows)), draw.randint(1, len(rows)))
            for number in of:
                lines[number] = fault(rows[number], keys, draw)
        text = _line(frame.columns) + "".join(lines)
        (folder / f"{TABLES[table_id].name}.csv").write_text(text, encoding="utf-8")
    return folder


def _on_their_own(checked: SubmissionChecked) -> pl.DataFrame:
    """The orphans that no cause explains."""
    is_orphan = pl.col("rule_id").cast(pl.String).is_in(_ORPHANS)
    return checked.findings.filter(is_orphan & pl.col("explained_by").is_null()).select(
        "table", "rule_id", "row_number"
    )


@pytest.mark.parametrize("seed", seeds(8))
def test_what_names_a_refused_record_is_no_finding_of_its_own(tmp_path: Path, seed: int) -> None:
    draw, cells = Random(seed), month()
    broken, fault = draw.choice(_PARENTS), _FAULTS[seed % len(_FAULTS)]
    checked = check_path(_written(cells, tmp_path / "extract", broken, fault, draw))
    assert _on_their_own(checked).rows() == [], (broken, fault.__name__)


@pytest.mark.parametrize("seed", seeds(8))
def test_what_is_read_of_a_table_with_broken_rows_is_what_was_meant(tmp_path: Path, seed: int) -> None:
    """No value stands under another name than its own, unless the record is rejected."""
    draw, cells = Random(seed), month()
    broken, fault = draw.choice(_PARENTS), (_one_more, _one_less, _stray)[seed % 3]
    path = _written(cells, tmp_path / "extract", broken, fault, draw) / f"{TABLES[broken].name}.csv"
    with path.open("rb") as file:
        seen = survey(file)
    received = receive_csv(path, TABLES[broken], seen, Version.SMI_1_0, tmp_path)
    assert received.rows is not None
    found = received.rows.select("row_number", *cells[broken].columns).collect()
    numbered = cells[broken].with_row_index("row_number", offset=2).cast({"row_number": pl.Int64})
    meant = numbered.filter(pl.col("row_number").is_in(found["row_number"].implode()))
    assert found.equals(meant), (broken, fault.__name__)
