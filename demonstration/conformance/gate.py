"""Files that the gate refuses or notes: one for each of its rules that can be handed over.

Belongs here: the example submission with its bytes, names or files changed, and why a rule has no case. Does not
belong here: the rules (``schemas.gate``), the many ways to break a file (``tests/corpus``).
"""

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from demonstration.conformance.cases import example_submission
from demonstration.conformance.files import Files, packed, table_files
from schemas import limits
from schemas.versions import Version, tables_of

HEADER, PATIENTS, REFERRALS = "IDS000Header.csv", "IDS001MPI.csv", "IDS101Referral.csv"
DISABILITIES, STAFF = "IDS007DisabilityType.csv", "SMI901Staff.csv"
CONTACTS, ACTIVITIES = "IDS201CareContact.csv", "IDS202CareActivity.csv"

_A_DAY = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
_TOO_LARGE = "The file would have to be larger than is sensible to hand over."
NO_CASE: Mapping[str, str] = {
    "CAUSE-DATES-COMPACT": "A date of eight digits is read with a note. What is left for the cause is no date.",
    "GATE-DATABASE": "Whether a database of Access is read depends on the programs that a machine has.",
    "GATE-FILE": "A link or a device lies on a disk. It cannot be handed over in a file.",
    "GATE-LIMIT-BYTES": _TOO_LARGE,
    "GATE-LIMIT-RATIO": "A zip that swells is what virus scanners look for.",
    "GATE-LIMIT-ROWS": _TOO_LARGE,
    "GATE-LIMIT-ROW-GROUP": _TOO_LARGE,
    "GATE-LIMIT-ROWS-PER-BYTE": _TOO_LARGE,
    "GATE-LIMIT-PROCESS": "It depends on the memory and the time that a machine gives.",
}
"""Rules without a case, each with the reason."""


class GateCase(NamedTuple):
    """One case: the bytes of the archive, and its name without ending where that is what the rule looks at."""

    content: bytes
    name: str = ""


@cache
def gate_cases() -> Mapping[str, GateCase]:
    """The cases by rule id."""
    made = {f"GATE-{name}": GateCase(packed(change(_files()))) for name, change in _CHANGES.items()}
    example = packed(_files())
    return made | {
        "CAUSE-ROWS-SHORT": GateCase(packed(_lines(CONTACTS, _without_blanks)(_files()))),
        "GATE-ZIP": GateCase(b"This is no archive."),
        "GATE-PROVIDER": GateCase(example, "RXT_2026-04"),
        "GATE-MONTH": GateCase(example, "RW5_2026-05"),
    }


def _files() -> Files:
    return table_files(example_submission())


def _lines(file: str, change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Files], Files]:
    """Change the lines of one file; the first has the column names."""
    return lambda files: files | {file: b"".join(change(files[file].splitlines(keepends=True)))}


def _header(**values: str) -> Callable[[Files], Files]:
    def changed(_: Files) -> Files:
        records = example_submission()
        records["IDS000"][0] |= values
        return table_files(records)

    return changed


def _with_column(name: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [lines[0].rstrip() + b"," + name + b"\n", *(line.rstrip() + b",\n" for line in lines[1:])]


def _without_column(name: bytes) -> Callable[[list[bytes]], list[bytes]]:
    def changed(lines: list[bytes]) -> list[bytes]:
        place = lines[0].rstrip().split(b",").index(name)
        cells = [line.rstrip(b"\n").split(b",") for line in lines]
        return [b",".join([*row[:place], *row[place + 1 :]]) + b"\n" for row in cells]

    return changed


def _renamed(file: str, name: str) -> Callable[[Files], Files]:
    return lambda files: {name if each == file else each: content for each, content in files.items()}


def _as_workbook(file: str, change: Callable[[Worksheet], object]) -> Callable[[Files], Files]:
    """The example with one table as a workbook, changed there."""

    def changed(files: Files) -> Files:
        content = io.BytesIO()
        with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
            workbook.set_properties({"created": _A_DAY})  # else each has the time of its making in it
            sheet = workbook.add_worksheet(file.removesuffix(".csv"))
            for number, row in enumerate(csv.reader(files[file].decode().splitlines())):
                for place, value in enumerate(row):
                    sheet.write_string(number, place, value)
            change(sheet)
        others = {name: data for name, data in files.items() if name != file}
        return others | {f"{file.removesuffix('.csv')}.xlsx": content.getvalue()}

    return changed


def _of_an_earlier_version(table: str = "", column: tuple[str, str] = ("", "")) -> Callable[[Files], Files]:
    """The example as version 2.1, with one table or one column of a later version."""

    def changed(_: Files) -> Files:
        version, records = Version.IAPT_2_1, example_submission()
        known = tables_of(version)
        earlier = {
            id_: [
                {
                    name: value if name in known[id_].by_name or (id_, name) == column else None
                    for name, value in row.items()
                }
                for row in rows
            ]
            for id_, rows in records.items()
            if id_ in known
        }
        earlier["IDS000"][0]["DatSetVer"] = version.value
        earlier["IDS606"] = []  # what has no value but a reason for it is of the later version too
        return table_files(earlier | {id_: rows for id_, rows in records.items() if id_ == table}, version)

    return changed


def _without_blanks(lines: list[bytes]) -> list[bytes]:
    """Rows as CONCAT_WS writes them: a blank value is left out with its comma, wherever it is."""
    return [lines[0], *(re.sub(b",(?=,|\n)", b"", line) for line in lines[1:])]


def _all_rejected(files: Files) -> Files:
    patient = {"IDS001": [example_submission()["IDS001"][0] | {"LocalPatientId": None}], "IDS101": []}
    return {HEADER: files[HEADER]} | table_files(patient)


_CHANGES: dict[str, Callable[[Files], Files]] = {
    "CUT": _lines(REFERRALS, lambda lines: [*lines[:-1], lines[-1][:20]]),
    "ROW-NUMBERS": _lines(
        REFERRALS,
        lambda lines: [b"," + lines[0], *(b"%d," % number + line for number, line in enumerate(lines[1:], 1))],
    ),
    "ROW-ENDS": _lines(ACTIVITIES, lambda lines: [lines[0], *(line.rstrip(b",\n") + b"\n" for line in lines[1:])]),
    "EMPTY": lambda _: {},
    "TABLE-UNKNOWN": lambda files: files | {"IDS999Other.csv": b"A,B\n"},
    "TABLE-TWICE": lambda files: files | {"IDS101.csv": files[REFERRALS]},
    "TABLE-MISSING": lambda files: {HEADER: files[HEADER], REFERRALS: files[REFERRALS].splitlines(True)[0]},
    "BYTES": _lines(REFERRALS, lambda lines: [lines[0], b"R\xe9" + lines[1], *lines[2:]]),
    "PARQUET": lambda files: (
        {n: c for n, c in files.items() if n != STAFF} | {"SMI901Staff.parquet": b"No Parquet."}
    ),
    "NO-COLUMNS": lambda files: files | {DISABILITIES: b""},
    "QUOTE": _lines(DISABILITIES, lambda lines: [*lines[:-1], b'"' + lines[-1]]),
    "LINE-BREAK": _lines(
        DISABILITIES, lambda lines: [lines[0], b'"P0\n01"' + lines[1][lines[1].index(b",") :], *lines[2:]]
    ),
    "SEPARATOR": _lines(
        DISABILITIES, lambda lines: [b'"P"x;01;\n' if n else b"LocalPatientId;DisabCode;\n" for n in range(2)]
    ),
    "READ-FORM": _lines(DISABILITIES, lambda lines: [line.replace(b",", b";") for line in lines]),
    "READ-NAME": _renamed(DISABILITIES, "IDS007DisabilityType (1).csv"),
    "IGNORED": lambda files: files | {"Thumbs.db": b"Windows made this."},
    "NOT-READ": lambda files: files | {"readme.txt": b"Made by the example.\n"},
    "TITLE-ROW": _lines(DISABILITIES, lambda lines: [b"Disabilities in April\n", *lines]),
    "NAMES-TWICE": _lines(DISABILITIES, lambda lines: [lines[0], *lines]),
    "FOOTER": _lines(DISABILITIES, lambda lines: [*lines, b"\n", b"(%d rows affected)\n" % (len(lines) - 1)]),
    "EMPTY-ROWS": _lines(DISABILITIES, lambda lines: [*lines, b"," * lines[0].count(b",") + b"\n"]),
    "EMPTY-COLUMNS": _lines(DISABILITIES, lambda lines: [line.rstrip(b"\n") + b",,\n" for line in lines]),
    "WORKBOOK": _renamed(DISABILITIES, "IDS007DisabilityType.xlsx"),
    "CELL-ERROR": _as_workbook(DISABILITIES, lambda sheet: sheet.write_formula(1, 1, "=NA()", None, "#N/A")),
    "LIMIT-CELLS": _as_workbook(DISABILITIES, lambda sheet: sheet.write_string((1 << 20) - 1, 200, "x")),
    "LIMIT-FILES": lambda files: files | {f"more{n}.csv": b"" for n in range(limits.FILES)},
    "LIMIT-COLUMNS": _lines(
        DISABILITIES, lambda lines: [b",".join(b"C%d" % n for n in range(limits.COLUMNS + 1)) + b"\n", *lines[1:]]
    ),
    "LIMIT-LENGTH": _lines(DISABILITIES, lambda lines: [*lines, b"P" * (limits.ROW_BYTES + 1) + b",04,\n"]),
    "COLUMN-UNKNOWN": _lines(REFERRALS, _with_column(b"Surname")),
    "COLUMN-TWICE": _lines(REFERRALS, _with_column(b"OnsetDate")),
    "COLUMN-MISSING": _lines(DISABILITIES, _without_column(b"DisabCode")),
    "COLUMN-ABSENT": _lines(REFERRALS, _without_column(b"OnsetDate")),
    "COLUMN-VERSION": _of_an_earlier_version(column=("IDS101", "Pathway")),
    "TABLE-VERSION": _of_an_earlier_version(table="SMI901"),
    "COLUMN-SPELLING": _lines(REFERRALS, lambda lines: [lines[0].replace(b"OnsetDate", b"Onset_Date"), *lines[1:]]),
    "HEADER-ROWS": _lines(HEADER, lambda lines: [*lines, lines[1]]),
    "HEADER-UNUSABLE": _header(OrgIDProv=""),
    "PERIOD": _header(ReportingPeriodEndDate="2026-04-29"),
    "FIELDS": _lines(DISABILITIES, lambda lines: [lines[0], lines[1].rstrip() + b",more\n", *lines[2:]]),
    "NOTHING-ACCEPTED": _all_rejected,
}
