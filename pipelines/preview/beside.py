"""Figures that a preview sets beside its own: a service's earlier ones, and the last public national ones.

Belongs here: reading them from what a release gives away. Does not belong here: figures from records (``rows``).

All files are read in the other process, within its limits. They came by mail or from a web page.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from reports.pages.addresses import FIGURES as OWN_FILE
from reports.pages.own_file import COLUMNS as OWN_COLUMNS
from reports.preview.content import FIGURES, National
from schemas import limits
from schemas.errors import ForThePerson
from schemas.month import parse_month
from schemas.periods import MONTH
from warehouse.disclosure.parts import PUBLIC_DATABASE
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.open_data import LAYOUT, MEASURES_FILE, NOT_APPLICABLE, SUPPRESSED
from warehouse.own_figures import EVERYBODY
from warehouse.storage import SHUT_IN

_NATIONAL: dict[str, pl.DataType] = {
    name: FIGURES[name] for name in ("month", "pathway", "measure", "numerator", "denominator", "value", "state")
}
_TABLE = "public.national"
_MEMORY = "512MiB"
_ACCEPTED = (
    f"Accepted are {PUBLIC_DATABASE} of a release, {_TABLE}.csv or {_TABLE}.parquet, a file of its open_data with "
    f"{MEASURES_FILE} beside it, or a folder that has one of them."
)


class NotRead(ForThePerson):
    """A file of figures cannot be used. The message says which are accepted."""

    exit_status = 2


def answered(step: Callable[..., Any], *given: Any) -> tuple[Any, str]:
    """What ``step`` gives, or else what it says to the person. For files that are no records.

    Of other errors another process tells only the class.
    """
    try:
        return step(*given), ""
    except ForThePerson as error:
        return None, str(error)


def own_file(path: Path, provider: str) -> pl.DataFrame:
    """A service's figures from the file of a release, with the columns of ``FIGURES``.

    Raises NotRead if it is another file, too large, or of another service.
    """
    _hold_size(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        found = pl.DataFrame(
            {name: [_cell(row[name], name) for row in rows] for name in OWN_COLUMNS if name in FIGURES},
            schema={name: FIGURES[name] for name in OWN_COLUMNS if name in FIGURES},
        )
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, csv.Error, pl.exceptions.PolarsError):
        raise NotRead(
            f"{OWN_FILE} of the history is not the file of a release. It has the columns {', '.join(OWN_COLUMNS)}. "
            "Ask the centre for it again, and leave it as it is."
        ) from None
    if set(found["provider"]) - {provider}:
        raise NotRead(f"{OWN_FILE} of the history is of another service, not of {provider}.")
    everybody = (pl.lit(EVERYBODY).alias(name) for name in ("breakdown", "breakdown_group"))
    return found.with_columns(everybody).select(*FIGURES)


def national(path: Path) -> National:
    """National figures from ``path``. Raises NotRead if it is none of what is accepted."""
    found = _place(path)
    _hold_size(found)
    try:
        if found.suffix == ".duckdb":
            figures = _from_release(found)
        elif found.name.startswith(f"{_TABLE}."):
            figures = _from_table(found)
        else:
            figures = _from_open_data(found)
    except (OSError, ValueError, KeyError, TypeError, csv.Error, duckdb.Error, pl.exceptions.PolarsError):
        raise NotRead(f"The file of national figures cannot be read. {_ACCEPTED}") from None
    months = tuple(figures["month"].unique().sort())
    if not months:
        raise NotRead(f"The file of national figures has no month of England from submissions. {_ACCEPTED}")
    return National(figures, months)


def _place(path: Path) -> Path:
    """The file to read: of a folder the first of those that are accepted, of open data the newest month."""
    if path.is_file():
        return path
    if path.is_dir():
        names = (PUBLIC_DATABASE, f"{_TABLE}.parquet", f"{_TABLE}.csv", MEASURES_FILE)
        found = next((path / name for name in names if (path / name).is_file()), None)
        if found is not None:
            return found
    raise NotRead(f"There are no national figures at that path. {_ACCEPTED}")


def _hold_size(path: Path) -> None:
    if path.stat().st_size > limits.FILE_BYTES:
        raise NotRead(f"The file has more than {limits.FILE_BYTES:,} bytes. {_ACCEPTED}")


def _from_release(path: Path) -> pl.DataFrame:
    sql = f"SELECT period_start AS month, * FROM {_TABLE} WHERE source = 'submitted' AND period_type = '{MONTH}'"
    with duckdb.connect(str(path), read_only=True, config=SHUT_IN | {"memory_limit": _MEMORY}) as con:
        return _tidy(pl.DataFrame(con.sql(sql).to_arrow_table()))


def _from_table(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        rows = pl.read_parquet(path, glob=False)
    else:
        rows = pl.read_csv(path, infer_schema=False, glob=False).with_columns(
            pl.col("period_start").str.to_date("%Y-%m-%d")
        )
    wanted = rows.filter(pl.col("source") == "submitted", pl.col("period_type") == MONTH)
    return _tidy(wanted.with_columns(pl.col("period_start").alias("month")))


def _from_open_data(path: Path) -> pl.DataFrame:
    """The figures of England in files in the layout of NHS England's statistics, one file for each pathway.

    ``path`` is one of them, or the list of measures beside them.
    """
    folder = path.parent
    means: dict[str, tuple[str, str]] = {}
    for row in _rows(folder / MEASURES_FILE):
        if not row["BREAKDOWN"]:
            means[row["MEASURE_ID"]] = (row["PARITY_MEASURE"], row["FIGURE"])
    files = [path] if path.name != MEASURES_FILE else sorted(folder.glob("parity_month_*.csv"))
    found: dict[tuple[date, str, str], dict[str, float | None]] = {}
    for file in files:
        pathway = file.stem.partition("_pathway_")[2] or ALL_PATHWAYS
        for row in _rows(file):
            if row["GROUP_TYPE"] == "England" and row[LAYOUT[7]] in means:
                measure, figure = means[row[LAYOUT[7]]]
                month = date.fromisoformat(row["REPORTING_PERIOD_START"])
                shown = row["MEASURE_VALUE_SUPPRESSED"]
                number = None if shown in (SUPPRESSED, NOT_APPLICABLE) else float(shown)
                is_share = row[LAYOUT[8]].startswith("Percentage")
                found.setdefault((month, pathway, measure), {})[figure] = (
                    number / 100 if number is not None and is_share else number
                )
    rows = [
        {
            "month": month, "pathway": pathway, "measure": measure, "numerator": _whole(figures.get("numerator")),
            "denominator": _whole(figures.get("denominator")),
            "value": figures.get("value", figures.get("numerator")),
            "state": "value" if any(each is not None for each in figures.values()) else "suppressed",
        }
        for (month, pathway, measure), figures in found.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_NATIONAL)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _tidy(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col(name).cast(dtype) for name, dtype in _NATIONAL.items())


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _cell(text: str, name: str) -> object:
    if name == "month":
        return parse_month(text)
    if text == "":
        return None
    return int(text) if FIGURES[name] == pl.Int64 else float(text) if FIGURES[name] == pl.Float64 else text
