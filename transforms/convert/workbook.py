"""Excel workbooks: one sheet per table, or one workbook per table.

Belongs here: reading a sheet as text, as a person sees it. Does not belong here: the limits of the package
(``transforms.convert.workbook_package``), which sheet is which table (``pipelines``).

A cell that Excel shows as a date is written as the dataset writes one. A number is written with the 15 digits that
Excel keeps. So a code that a spreadsheet has rounded is written as it shows it there, with zeros at the end.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from transforms.convert.converter import Converter, NotConverted, Note
from transforms.convert.workbook_package import Sheet, opened

# Excel keeps this many digits of a number.
_DIGITS = 15
_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$"
# A time without a day has the day that Excel counts from.
_TIME = r"^1899-12-3[01] ([0-9]{2}:[0-9]{2}:[0-9]{2})$"
_MOMENT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})$"
_LONG = rf"^-?[0-9]{{{_DIGITS + 1},20}}$"


def sheets(path: Path) -> list[str]:
    """The names of the sheets that have anything in them, in the workbook's order. Raises NotConverted."""
    with opened(path) as book:
        return [sheet.name for sheet in book.sheets if not book.is_empty(sheet)]


def write(path: Path, name: str | None, out: Path) -> list[Note]:
    """Write one sheet as CSV: row k is line k, column A the first. Raises NotConverted."""
    with opened(path) as book:
        sheet = next(each for each in book.sheets if each.name == name)
        facts = book.facts(sheet)
    rows = _read(path, sheet, facts.first_column).with_columns(_written(pl.col(pl.String)))
    long = [
        _as_kept(rows[:, place], pl.Series(numbers, dtype=pl.Int64))
        for place, numbers in facts.long_numbers.items()
        if place < rows.width
    ]
    rows.with_columns(long).write_csv(out, include_header=False)
    return [Note("GATE-CELL-ERROR", facts.errors_said)] if facts.errors_said else []


def _read(path: Path, sheet: Sheet, first_column: int) -> pl.DataFrame:
    """Every cell of a sheet as text, from A1 on."""
    import fastexcel  # here, since most submissions are CSV

    try:
        read: Any = fastexcel.read_excel(path).load_sheet(sheet.name, header_row=None, skip_rows=0, dtypes="string")
        rows: pl.DataFrame = read.to_polars()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # a panic in Rust is no Exception
        raise NotConverted("GATE-WORKBOOK", "the sheet is damaged") from None
    blank = [pl.lit(None, dtype=pl.String).alias(f"before {place}") for place in range(first_column)]
    return rows.select(*blank, pl.all().cast(pl.String))


def _written(text: pl.Expr) -> pl.Expr:
    """Days, times and moments as the dataset writes them. Most values have no blank within."""
    return (
        pl.when(text.str.contains(" ", literal=True))
        .then(text.str.replace(_DAY, "$1").str.replace(_TIME, "$1").str.replace(_MOMENT, "${1}T${2}"))
        .otherwise(text)
    )


def _as_kept(values: pl.Series, rows: pl.Series) -> pl.Series:
    """A column whose cells in ``rows`` have numbers of more digits than Excel keeps, with the digits it keeps. Text
    that is written as such a number stays: it is a code.
    """
    rows = rows.filter(rows < len(values)).unique()
    text = values.gather(rows)
    is_long = text.str.contains(_LONG).fill_null(value=False)
    kept = [_rounded(value) for value in text.filter(is_long)]
    return values.scatter(rows.filter(is_long), pl.Series(kept, dtype=pl.String))


def _rounded(value: str) -> str:
    return str(int(Decimal(f"{float(value):.{_DIGITS - 1}e}")))


CONVERTER = Converter((".xlsx", ".xlsm"), "an Excel workbook", sheets, write)
