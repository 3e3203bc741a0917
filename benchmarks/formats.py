"""What other formats cost: the check of the same rows as CSV, as CSV with semicolons, and as a workbook.

Belongs here: processor time of one check per format, side by side in one run, as ratios to CSV. Does not belong
here: the limit of CSV itself (``benchmarks.load``). Run as ``python -m benchmarks.formats [ROWS [FOLDER]]``.
Nothing here writes .xls, .xlsb or an Access database. FOLDER is where the rows are written as CSV, and where
workbooks and databases called RW5_2025-04 that another program made of them are measured too.
"""

import csv
import io
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter

from pipelines.load import check_path
from tests.fixtures.extracts import open_document
from tests.fixtures.submission import RIGHT

_ROUNDS = 3


def main(rows: int, beside: Path | None = None) -> None:
    """Print the processor time of a check per format, the least of some rounds, and its ratio to CSV."""
    names, *_ = RIGHT["IDS101Referral"].splitlines()
    referrals = [f"R{number},P{number % 3 + 1},QE1,2025-04-{number % 28 + 1:02},B1,,,," for number in range(rows)]
    tables = RIGHT | {"IDS101Referral": "\n".join([names, *referrals]) + "\n"}
    with TemporaryDirectory() as folder:
        paths = {
            "CSV": _folder(Path(folder) / "csv", tables),
            "semicolons": _folder(Path(folder) / "other", {n: t.replace(",", ";") for n, t in tables.items()}),
            "XLSX": _workbook(Path(folder) / "RW5_2025-04.xlsx", tables),
            "ODS": open_document(
                Path(folder) / "RW5_2025-04.ods",
                {name: list(csv.reader(io.StringIO(text))) for name, text in tables.items()},
            ),
        }
        if beside is not None:
            _folder(beside, tables)
            made = [path for path in beside.iterdir() if path.is_file() and path.stem == "RW5_2025-04"]
            paths |= {path.suffix: path for path in sorted(made)}
        check_path(paths["CSV"])
        least = dict.fromkeys(paths, float("inf"))
        for _ in range(_ROUNDS):
            for name, path in paths.items():
                begun = _seconds()
                check_path(path)
                least[name] = min(least[name], _seconds() - begun)
    for name, seconds in least.items():
        print(f"{name:12}{seconds:8.2f} s{seconds / least['CSV']:8.2f} x")


def _seconds() -> float:
    """Processor time of this process and of those that it ran: mdbtools is one of these."""
    return sum(os.times()[:4])


def _folder(folder: Path, tables: dict[str, str]) -> Path:
    place = folder / "RW5_2025-04"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def _workbook(path: Path, tables: dict[str, str]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, text in tables.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(csv.reader(io.StringIO(text))):
            for place, value in enumerate(row):
                sheet.write_string(number, place, value)
    book.close()
    return path


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
