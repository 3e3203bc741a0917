"""Workbooks of Excel and LibreOffice: one sheet per table, or one workbook per table.

Belongs here: reading a sheet as text, as a person sees it. Does not belong here: the limits of the package
(``transforms.convert.workbook_package``), which sheet is which table (``pipelines``).

A cell that Excel shows as a date is written as the dataset writes one. A number is written with the 15 digits that
Excel keeps. So a code that a spreadsheet has rounded is written as it shows it there, with zeros at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import polars as pl

from schemas import limits
from schemas.letters import letters_of_column
from schemas.snomed import is_right
from transforms.convert.converter import Converter, NotConverted, Note
from transforms.convert.workbook_others import Errors, Kind, errors_in, kind_of
from transforms.convert.workbook_package import opened, others_said
from transforms.disk_fault import pass_on

# Excel keeps this many digits of a number.
_DIGITS = 15
_DAY = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) 00:00:00$"
# A time without a day has the day that Excel counts from.
_TIME = r"^1899-12-3[01] ([0-9]{2}:[0-9]{2}:[0-9]{2})$"
_MOMENT = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})$"
_LONG = rf"^-?[0-9]{{{_DIGITS + 1},20}}$"


def sheets(path: Path) -> list[str]:
    """The names of the sheets that have anything in them, in the workbook's order. Raises NotConverted."""
    if (kind := kind_of(path)) is Kind.XLSX:
        with opened(path) as book:
            return [sheet.name for sheet in book.sheets if not book.is_empty(sheet)]
    with _other(path, kind) as other:
        names = list(other.reader.sheet_names)
        if len(names) > limits.FILES:
            raise NotConverted("GATE-LIMIT-FILES", f"{len(names):,}")
        return [name for name in names if other.reader.load_sheet(name, header_row=None, skip_rows=0).total_height]


def write(path: Path, name: str | None, out: Path) -> list[Note]:
    """Write one sheet as CSV: row k is line k, column A the first. Raises NotConverted."""
    assert name is not None, "a workbook has several sheets"
    if (kind := kind_of(path)) is not Kind.XLSX:
        with _other(path, kind) as other:
            rows = _read(sheet := _sheet(other.reader, name))
            rows = rows.with_columns(
                pl.all().map_batches(_as_a_number_has_it, return_dtype=pl.String, is_elementwise=True)
            )
            rows.with_columns(_written(pl.col(pl.String))).write_csv(out, include_header=False)
            if not other.errors.cells:
                return []
            said = other.errors.of_sheets.get(name, "") if kind is Kind.ODS else _errors(sheet)
            return [Note("GATE-CELL-ERROR", said)] if said else []
    with opened(path) as book:
        facts = book.facts(next(each for each in book.sheets if each.name == name))
    with _damaged_if_it_fails():
        rows = _read(_sheet(_opened(path), name)).with_columns(_written(pl.col(pl.String)))
    long = [
        _as_kept(rows[:, place], pl.Series(numbers, dtype=pl.Int64))
        for place, numbers in facts.long_numbers.items()
        if place < rows.width
    ]
    rows.with_columns(long).write_csv(out, include_header=False)
    return [Note("GATE-CELL-ERROR", facts.errors_said)] if facts.errors_said else []


class _Other(NamedTuple):
    """A workbook of another kind, within the limits: its reader, and its cells that show an error."""

    reader: Any
    errors: Errors


_LAST: dict[tuple[str, int, int], _Other] = {}
_ONE_AT_A_TIME = Lock()


@contextmanager
def _other(path: Path, kind: Kind) -> Iterator[_Other]:
    """A workbook that is no package of XML, for one thread at a time. The last one is kept until ``free``: opening
    an .ods reads all of its sheets, and there are up to 26 tables in it.
    """
    state = path.stat()
    key = str(path), state.st_mtime_ns, state.st_size
    with _ONE_AT_A_TIME, _damaged_if_it_fails():
        if key not in _LAST:
            _LAST.clear()
            errors = errors_in(path, kind)  # the limits first
            _LAST[key] = _Other(_opened(path), errors)
        yield _LAST[key]


def free() -> None:
    """Let go of the workbook that was read last: it has the records of people in memory."""
    with _ONE_AT_A_TIME:
        _LAST.clear()


@contextmanager
def _damaged_if_it_fails() -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, NotConverted):
        raise
    except BaseException as error:  # a panic in Rust is no Exception
        pass_on(error)
        raise NotConverted("GATE-WORKBOOK", "it is damaged, or it has a password") from None


def _opened(path: Path) -> Any:
    """The reader of a workbook. It is given the bytes: by a path it goes by the ending, which some programs give
    wrongly, and it takes a disk that cannot be read for the end of the file.
    """
    import fastexcel  # here, since most submissions are CSV

    return fastexcel.read_excel(path.read_bytes())


def _sheet(reader: Any, name: str) -> Any:
    """A sheet of a workbook, every cell as text."""
    return reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")


def _columns_before(sheet: Any) -> int:
    """The columns before the first that has a cell. The reader begins with that one, and says which it is."""
    return min((column.absolute_index for column in sheet.available_columns()), default=0)


def _read(sheet: Any) -> pl.DataFrame:
    """Every cell of a sheet, from A1 on. A blank cell is null."""
    rows: pl.DataFrame = sheet.to_polars()
    blank = [pl.lit(None, dtype=pl.String).alias(f"before {place}") for place in range(_columns_before(sheet))]
    # Written as CSV, text without a character would be a pair of quotation marks, which takes longer to read.
    text = pl.all().cast(pl.String)
    return rows.select(*blank, pl.when(text != "").then(text))


def _errors(sheet: Any) -> str:
    """The cells of a sheet that show an error, in words; empty if there are none."""
    _, found = sheet.to_arrow_with_errors()
    if not found:
        return ""
    row, column = min(error.position for error in found.errors)
    return others_said(f"cell {letters_of_column(_columns_before(sheet) + column)}{row + 1}", len(found.errors))


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


def _as_a_number_has_it(values: pl.Series) -> pl.Series:
    """Text as it is, and numbers of more digits than Excel keeps with the digits it keeps.

    Where a cell does not say which of the two it has: a number is written exactly as a computer keeps it, and has
    no right check digit, which a code has.
    """
    long = [each for each in values.filter(values.str.contains(_LONG)).unique() if _is_a_number(each)]
    return values.replace(long, [_rounded(each) for each in long]) if long else values


def _is_a_number(value: str) -> bool:
    return int(float(value)) == int(value) and not is_right(value.lstrip("-"))


def _rounded(value: str) -> str:
    return str(int(Decimal(f"{float(value):.{_DIGITS - 1}e}")))


CONVERTER = Converter((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "a workbook", sheets, write, free)
