"""What a file is by its name: a table, a file with several tables, a note for people, debris, or none of these.

Belongs here: every decision by a name of a file or sheet, as people and programs write them. Does not belong here:
what is in the file (``transforms.convert``, ``transforms.receive``).

A name is compared with the declared ones and then dropped. What stands around a table's name is read over only if
it is understood: a month or day, a copy's number, the provider. Anything else is another file.
"""

import re
from functools import cache
from typing import NamedTuple

from schemas.dataset import TABLES, find_table
from schemas.shapes import file_shown
from schemas.table import Table
from transforms.convert import converters
from transforms.receive import formats

# Made by file managers and Office beside the files that people make.
_DEBRIS = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx")
_LOCK = "~$"
_LOCKS_OF_ACCESS = (".laccdb", ".ldb")
# What Office calls the file that it writes before it replaces one.
_TEMPORARY = re.compile(r"^(~[a-z0-9]*|[0-9a-f]{8})\.tmp$", re.IGNORECASE)
# What a check writes with --report, if somebody names the folder of the extract (``reports.site.report``).
_REPORT = ("report.html", "report.json", "findings.csv", "findings.xlsx", "profile.json")
_REPORT_FOLDER = re.compile(r"_report$", re.IGNORECASE)
_TEXT = (".csv", ".txt", ".tsv", ".tab")
ARCHIVES = (".zip", ".7z", ".rar")
"""Endings of archives: one inside a submission is not unpacked."""
# Endings of a note for people. Any other document may be about a patient, and is refused.
_DOCUMENTS = ("", ".txt", ".md", ".rtf", ".doc", ".docx", ".odt", ".pdf", ".htm", ".html")
_README = re.compile(r"^(read[ _-]?me|about|instructions)\b", re.IGNORECASE)
# Sheets for people, by their names alone.
_SHEETS = re.compile(
    r"^(read ?me|about|cover( sheet)?|contents?|notes?|instructions|guidance|lists?|look ?ups?|version|changes)$",
    re.IGNORECASE,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
# What may stand around a table's name, each between separators.
_AROUND = re.compile(
    rf"^([0-9]{{1,2}}|20(1[2-9]|[2-9][0-9])((0[1-9]|1[0-2])([0-3][0-9])?)?|({'|'.join(_MONTHS)})[a-z]{{0,6}}([0-9]{{2}}|20[0-9]{{2}})?"
    r"|copy|of|dbo|extract|export|final|v[0-9]{1,2}|kopie)$"
)
_PROVIDER = re.compile(r"^[a-z]([a-z0-9]{2}|[a-z0-9]{4})$")
# A month and a copy have two numbers. Three may be a day of birth, five an NHS number.
_NUMBERS = 2
_BETWEEN = re.compile(r"[ _.()\-]+")
ANSWERS = "explanations.csv"
"""The file beside the tables of a submission with answers to questions about numbers."""
# The longest name that Excel gives a sheet.
SHEET_NAME = 31


class Known(NamedTuple):
    """A name that names a table. ``is_exact``: it is the id or name of the table, in any case, and no more.

    ``is_understood``: all that stands around it is a number, a month or a word of a few, so it can name nobody.
    """

    table: Table
    is_exact: bool
    is_understood: bool = True


def split(name: str) -> tuple[str, str]:
    """A file's name without its ending, and the ending in lower case, such as ``.csv.gz``."""
    lower = name.lower()
    ending = max((each for each in (*formats(), *converters()) if lower.endswith(each)), key=len, default="")
    if ending in _TEXT and (twice := next((each for each in _TEXT if lower.endswith(f"{each}{ending}")), "")):
        # Windows hides the ending that is there, and a person or Notepad adds another.
        return name[: len(name) - len(twice + ending)], ending
    if not ending:
        stem, dot, rest = lower.rpartition(".")
        ending = f".{rest}" if stem and dot else ""
    return name[: len(name) - len(ending)], ending


def table_of(stem: str) -> Known | None:
    """The table that a file or sheet is called after; ``None`` if it is called otherwise, or after two."""
    if (exact := find_table(stem)) is not None:
        return Known(exact, is_exact=True)
    lower = re.sub(r"(?<=[a-z])(?=[0-9]{6})", "_", stem.lower().strip())
    words = [word for word in _BETWEEN.split(lower) if word]
    found = {
        table.id: table
        for first in range(len(words))
        for last in range(first + 1, len(words) + 1)
        if (table := _by_plain().get("".join(words[first:last])))
        and all(_AROUND.match(word) for word in (*_without_provider(words[:first]), *words[last:]))
    }
    if len(found) == 1:
        has_provider = words != _without_provider(words)
        is_understood = not has_provider and sum(word.isdigit() for word in words) <= _NUMBERS
        return Known(next(iter(found.values())), is_exact=False, is_understood=is_understood)
    cut = [table for table in TABLES.values() if len(stem) == SHEET_NAME and table.name.startswith(stem)]
    return Known(cut[0], is_exact=False) if len(cut) == 1 else None


@cache
def _by_plain() -> dict[str, Table]:
    return {plain: table for table in TABLES.values() for plain in (table.id.lower(), table.name.lower())}


def _without_provider(before: list[str]) -> list[str]:
    """The words before a table's name without the code of a provider, which comes first."""
    return before[1:] if before and _PROVIDER.match(before[0]) and not _AROUND.match(before[0]) else before


def holds_tables(ending: str) -> bool:
    """Whether a file with this ending has several tables in it."""
    return ending in converters() and converters()[ending].holds_tables


def is_read(ending: str) -> bool:
    """Whether a file with this ending can be a table."""
    return ending in formats() or ending in converters()


def says_its_format(ending: str) -> bool:
    """Whether a file with this ending is read as what it says it is, without conversion."""
    return ending in formats()


def is_document(name: str) -> bool:
    """Whether a file is a note for people, which is not read."""
    stem, ending = split(name)
    return ending in _DOCUMENTS and _README.match(stem) is not None


def is_answers(name: str) -> bool:
    """Whether a file has answers to questions about numbers (``pipelines.answers_file``)."""
    return name.lower() == ANSWERS


def document_shown(name: str) -> str:
    """How a note for people is called where it is shown."""
    stem, _ = split(name)
    return name if _README.fullmatch(stem) else file_shown(name)


def is_report(name: str) -> bool:
    """Whether a file is of a report that Parity itself wrote."""
    return name.lower() in _REPORT


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith(ARCHIVES)


def is_document_sheet(name: str) -> bool:
    """Whether a sheet of a workbook is a note for people, which is not read."""
    return _SHEETS.match(name.strip()) is not None


def is_ignored(name: str) -> bool:
    """Whether a path inside a folder or zip names what file managers or Office create."""
    return is_hidden(name) or debris(name) is not None


def is_hidden(name: str) -> bool:
    """Whether a path has a name in it that begins with a dot."""
    return any(part.startswith(".") and part != ".." for part in name.split("/"))


def debris(name: str) -> str | None:
    """How debris of Windows, macOS or Office is called where it is shown; ``None`` if a name is none of it."""
    for part in name.split("/"):
        if part.lower() in _DEBRIS or part == ".DS_Store":
            return part
        if part.startswith(_LOCK):
            return f"a lock file ({_LOCK}…)"
        if part.lower().endswith(_LOCKS_OF_ACCESS):
            return "a lock file of Access"
        if _TEMPORARY.match(part):
            return "a temporary file of Office"
    return None
