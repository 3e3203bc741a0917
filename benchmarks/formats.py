"""What other formats cost: the check of the same rows as CSV, as CSV with semicolons, and as a workbook.

Belongs here: processor time of one check per format, side by side in one run, as ratios to CSV. Does not belong
here: the limit of CSV itself (``benchmarks.load``). Run as ``python -m benchmarks.formats [ROWS]``. Access is not
measured: nothing here can write a database.
"""

import csv
import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter

from pipelines.load import check_path
from tests.fixtures.submission import RIGHT

_ROUNDS = 3


def main(rows: int) -> None:
    """Print the processor time of a check per format, the least of some rounds, and its ratio to CSV."""
    names, *_ = RIGHT["IDS101Referral"].splitlines()
    referrals = [f"R{number},P{number % 3 + 1},QE1,2025-04-{number % 28 + 1:02},B1,,,," for number in range(rows)]
    tables = RIGHT | {"IDS101Referral": "\n".join([names, *referrals]) + "\n"}
    with TemporaryDirectory() as folder:
        paths = {
            "CSV": _folder(Path(folder) / "csv", tables),
            "semicolons": _folder(Path(folder) / "other", {n: t.replace(",", ";") for n, t in tables.items()}),
            "XLSX": _workbook(Path(folder) / "RW5_2025-04.xlsx", tables),
        }
        check_path(paths["CSV"])
        least = dict.fromkeys(paths, float("inf"))
        for _ in range(_ROUNDS):
            for name, path in paths.items():
                begun = time.process_time()
                check_path(path)
                least[name] = min(least[name], time.process_time() - begun)
    for name, seconds in least.items():
        print(f"{name:12}{seconds:8.2f} s{seconds / least['CSV']:8.2f} x")


def _folder(folder: Path, tables: dict[str, str]) -> Path:
    place = folder / "RW5_2025-04"
    place.mkdir(parents=True)
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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
