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
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def numbered_lines(data: bytes) -> list[tuple[int, list[str]]] | None:
    """The lines of a CSV file with their numbers, without blanks around values and without empty lines.

    A value may have line breaks: its row has the number of the line on which it begins. None if it is not CSV in
    UTF-8.
    """
    rows, begins = [], 1
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        for line in reader:
            rows.append((begins, [value.strip() for value in line]))
            begins = reader.line_num + 1
    except (UnicodeDecodeError, csv.Error):
        return None
    return [(number, row) for number, row in rows if any(row)]


def separated_otherwise(first: list[str]) -> str | None:
    """What is wrong with a first line whose columns are not separated by commas, in words; else None."""
    found = next((said for mark, said in _SEPARATORS.items() if len(first) == 1 and mark in first[0]), None)
    return found and (
        f"the columns are separated by {found}, and must be separated by commas; save the file again as "
        "«CSV UTF-8», or set the list separator of Windows to a comma"
    )


def each_line(
    source: Path, problems: list[str], columns: tuple[int, int], take: Callable[[list[str]], None]
) -> None:
    """Give every line of a CSV file to ``take``; what it refuses with ValueError becomes a problem with its place.

    ``columns`` are the fewest and the most that a line may have. Empty lines are left out.
    """
    lines = numbered_lines(source.read_bytes())
    if lines is None:
        problems.append(f"{source.name}: this is not CSV in UTF-8; download it again.")
        return
    if not lines:
        problems.append(f"{source.name}: the file is empty. Fill it, or leave it out.")
        return
    if said := separated_otherwise(lines[0][1]):
        problems.append(f"{source.name}, line {lines[0][0]}: {said}.")
        return
    for number, row in lines:
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
