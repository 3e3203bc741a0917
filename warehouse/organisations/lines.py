"""Lines of reference files in CSV, read one by one, each problem with its place.

Belongs here: reading lines, codes and dates in them. Does not belong here: what a file says (``ods``,
``own_layout``).
"""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

CODE = "[A-Z0-9]{3,9}"


def each_line(
    source: Path, problems: list[str], columns: tuple[int, int], take: Callable[[list[str]], None]
) -> None:
    """Give every line of a CSV file to ``take``; what it refuses with ValueError becomes a problem with its place.

    ``columns`` are the fewest and the most that a line may have. Empty lines are left out.
    """
    try:
        text = source.read_bytes().decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        problems.append(f"{source.name}: this is not CSV in UTF-8; download it again.")
        return
    for number, line in enumerate(lines, start=1):
        row = [value.strip() for value in line]
        if not any(row):
            continue
        try:
            if not columns[0] <= len(row) <= columns[1]:
                raise ValueError(f"{len(row)} columns; the layout has {columns[1]}")
            take(row)
        except ValueError as error:
            problems.append(f"{source.name}, line {number}: {error}.")


def check_code(text: str, pattern: str = CODE) -> None:
    """Raises ValueError in words when a text is not an ODS code."""
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text[:20]!r} is not an ODS code (3 to 9 capital letters and digits, kept as text)")


def a_date(text: str, column: str) -> date | None:
    """The date that a text says, as yyyymmdd or yyyy-mm-dd; None when it is empty. Raises ValueError in words."""
    if not text:
        return None
    try:
        if not re.fullmatch(r"[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:20]!r} in {column} is not a date as yyyymmdd") from None
