"""The warehouse's SQL files: short, with a stated grain, and within what travels to Spark."""

import re
from pathlib import Path

import pytest

from warehouse.columns import SCHEMAS
from warehouse.described import Described, described_in

# What changes its meaning, or fails, on the way from DuckDB to Spark through sqlglot (measured).
DOES_NOT_TRAVEL = {
    r"date_diff\(\s*'(month|year|week|quarter)'": "counts boundaries in one engine, whole units in the other",
    r"percentile_cont|quantile_cont|approx_": "becomes approximate",
    r"\blist\(|array_agg\(": "loses its order",
    r"\bdatesub\b|\bdate_sub\b|\bstrptime\b|\bstrftime\b": "is not translated",
    r"try_cast\([^)]*\bAS\s+\w*INT": "rounds in one engine and refuses in the other",
    r"substring\([^)]*,\s*0\s*,": "starts at 0",
    r"\bASOF\b": "is passed through",
    r"\bhash\(": "gives other values",
    r"\b(now|current_date|current_timestamp|today|random|uuid)\s*\(?": "is a clock or a die",
    r"\b(FLOAT|DOUBLE|REAL)\b": "sums in another order give other digits",
    r"\bfirst\(|\blast\(|\bany_value\(": "picks any row",
}
MODELS = sorted((Path(__file__).parents[2] / "warehouse").rglob("*.sql"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_sql_travels(path: Path) -> None:
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    code = re.sub(r"CAST\(NULL AS \w+\)", "NULL", code)  # the type of a column that is filled later
    found = [why for pattern, why in DOES_NOT_TRAVEL.items() if re.search(pattern, code, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_states_its_grain_is_short_and_names_its_columns(path: Path) -> None:
    text = path.read_text(encoding="utf-8").partition("\n\n-- Columns of ")[0]
    lines = text.splitlines()
    assert re.fullmatch(rf"-- ({'|'.join(SCHEMAS)}|work|monthly_count)\.\w+", lines[0])
    assert lines[1].startswith("-- Grain: ")
    assert len(lines) <= 80
    final = re.split(r"\n\)\nSELECT|\bAS\nSELECT", text)[-1].split("FROM")[0]
    assert not re.search(r"(^\s*|[,.]\s*)\*", final), "the final SELECT names its columns"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_that_stays_describes_itself_and_a_step_does_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name = text.splitlines()[0].removeprefix("-- ")
    described = {f"{line.schema}.{line.table}" for line in described_in(text)}
    assert described == (set() if name.startswith("work.") else {name})


DESCRIPTION = """SELECT 1

-- Columns of core.staff: One row per member of staff, as last
--     submitted.
--   staff_id, key: Pseudonym: never the id.
--   weekly_hours [hours]: Contracted hours.
--   joined_on [date], key: Day.
--   left_on [date], key or NULL: Day; NULL while there.

-- Not of it.
"""


def test_a_description_is_read_from_its_block() -> None:
    assert described_in(DESCRIPTION) == [
        Described("core", "staff", "", False, "", "One row per member of staff, as last submitted."),
        Described("core", "staff", "staff_id", True, "", "Pseudonym: never the id."),
        Described("core", "staff", "weekly_hours", False, "hours", "Contracted hours."),
        Described("core", "staff", "joined_on", True, "date", "Day."),
        Described("core", "staff", "left_on", True, "date", "Day; NULL while there.", may_be_null=True),
    ]
    assert described_in("Columns of ref.month: One row per month.\n") == [
        Described("ref", "month", "", False, "", "One row per month.")
    ]
    assert described_in("-- core.staff\n-- Grain: one row per member of staff.\nSELECT 1") == []


@pytest.mark.parametrize(
    "line", ["  weekly_hours", "  weekly_hours [hours] Contracted.", " weekly_hours: Contracted.", "Contracted."]
)
def test_a_line_that_is_no_column_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"core\.staff has a line that is no column"):
        described_in(f"Columns of core.staff: One row per member of staff.\n{line}\n")


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_recency_is_larger_for_later_rows_and_only_staging_makes_it(path: Path) -> None:
    """A place in an order is a rank, of which 1 is the first."""
    code = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    code = re.sub(r"CAST\(NULL AS \w+\)", "NULL", code)  # the type of a column that is filled later
    code = re.sub(r"max\((\w\.)?recency\) AS recency\b", "", code)  # the latest of some rows
    assert re.findall(r" AS recency\b|recency = 1\b|month DESC, row_number DESC", code) == []
