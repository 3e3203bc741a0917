"""Extracts as real systems and people write them, each made from one clean month, with what it must come to.

Belongs here: the cases. Does not belong here: changing and writing tables (``tests.fixtures.extracts``), asking for
them (``tests.journeys.test_own_practice``).
"""

import csv
import gzip
import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.ledger import State
from tests.fixtures.extracts import (
    CONTACTS,
    HEADER,
    PATIENTS,
    REFERRALS,
    Extract,
    Rows,
    as_excel,
    cells,
    column,
    day,
    each,
    named,
    open_document,
    short,
    text_of,
    workbook,
    write,
    zipped,
)

OK, WARNED, RECORDS, REFUSED = (
    State.ACCEPTED, State.ACCEPTED_WITH_WARNINGS, State.ACCEPTED_WITH_REJECTIONS, State.FILE_REJECTED,
)  # fmt: skip
NAME = "RW5_2025-04"
ACTIVITIES, SCORES, MORE_SCORES = (
    "IDS202CareActivity",
    "IDS606CodedScoreAssessmentRefer",
    "IDS607CodedScoreAssessmentAct",
)


class Case(NamedTuple):
    """An extract, and what it must come to.

    ``make`` writes it into an empty folder from the clean one. ``rules`` are those that are said, the first one
    first, and then the notes. ``says`` is in the first of them. ``lost`` is how many records of the clean extract do
    not count: 0 also asks that every value is read as in the clean one, except for tables that ``differ``; ``None`` that
    nothing is counted.
    """

    name: str
    program: str
    what: str
    make: Callable[[Extract, Path], Path]
    state: State
    rules: Sequence[str] = ()
    says: str = ""
    lost: int | None = 0
    differs: Sequence[str] = ()


CASES: list[Case] = []


def _case(
    program: str,
    what: str,
    state: State,
    *rules: str,
    says: str = "",
    lost: int | None = 0,
    differs: Sequence[str] = (),
) -> Callable[[Callable[[Extract, Path], Path]], Callable[[Extract, Path], Path]]:
    """Add a case; its name is that of the function that makes it."""

    def add(make: Callable[[Extract, Path], Path]) -> Callable[[Extract, Path], Path]:
        kept = None if state is REFUSED and lost == 0 else lost
        CASES.append(Case(make.__name__, program, what, make, state, rules, says, kept, differs))
        return make

    return add


def _folder(at: Path) -> Path:
    return at / NAME


# Excel


@_case(
    "Excel",
    "a workbook of before 2007 by its name, and by its content a web page",
    REFUSED,
    "GATE-WORKBOOK",
    says="by its content it is a web page",
)
def web_page_called_xls(clean: Extract, at: Path) -> Path:
    table = "<html><body><table><tr><td>LocalPatientId</td></tr></table></body></html>"
    folder = write({t: r for t, r in clean.items() if t != PATIENTS}, _folder(at))
    (folder / f"{PATIENTS}.xls").write_text(table)
    return folder


@_case("Excel", "days, times and numbers are cells of their own kind, and codes are text", OK)
def workbook_of_typed_cells(clean: Extract, at: Path) -> Path:
    def cell(value: str, name: str) -> object:
        return (
            as_excel(value, name)
            if re.search("Date|Time|Score|Dur|^NHSNumber$", name)
            and name != "Timepoint"
            and not re.fullmatch(r"\d{4}-\d\d", value)
            else value
        )

    return workbook(at / f"{NAME}.xlsx", clean, cell)


@_case(
    "Excel",
    "every cell typed in: codes have become numbers, long codes are rounded",
    RECORDS,
    "CAUSE-ZEROS-LOST",
    "IDS606-102",
    "IDS202-CodeProcAndProcStatus-FORMAT",
    "GATE-SPELLING-POINT-ZERO",
    lost=520,
)
def workbook_typed_in(clean: Extract, at: Path) -> Path:
    return workbook(
        at / f"{NAME}.xlsx",
        clean,
        lambda value, name: value if re.fullmatch(r"\d{4}-\d\d", value) else as_excel(value, name),
    )


@_case(
    "Excel",
    "a title and an empty row above the names, in each sheet",
    REFUSED,
    "GATE-TITLE-ROW",
    says="The names are in row 3",
)
def workbook_with_titles(clean: Extract, at: Path) -> Path:
    titled = {
        table: [["April extract"] + [""] * (len(rows[0]) - 1), [""] * len(rows[0]), *rows]
        for table, rows in clean.items()
    }
    return workbook(at / f"{NAME}.xlsx", titled)


@_case(
    "Excel",
    "a look-up that finds nothing shows #N/A in a column that may be blank",
    WARNED,
    "GATE-CELL-ERROR",
    differs=["IDS101"],
)
def workbook_with_errors(clean: Extract, at: Path) -> Path:
    return workbook(
        at / f"{NAME}.xlsx",
        column(clean, REFERRALS, "OnsetDate", lambda n, v: "=VLOOKUP(1,A:B,2)" if n < 4 else v),
    )


@_case("Excel", "a sheet of notes and an empty one beside the tables", WARNED, "GATE-NOT-READ")
def workbook_with_notes(clean: Extract, at: Path) -> Path:
    return workbook(at / f"{NAME}.xlsx", clean, Notes="Checked by the data team", Sheet3="")


@_case("Excel", "a workbook for each table, its sheet called Sheet1, its file after the month", OK)
def workbook_for_each_table(clean: Extract, at: Path) -> Path:
    for table, rows in clean.items():
        workbook(_folder(at) / f"{table} April 2025.xlsx", {"Sheet1": rows})
    return _folder(at)


@_case("Excel", "one table is a workbook, all others are CSV", OK)
def workbook_among_csv(clean: Extract, at: Path) -> Path:
    folder = write({t: r for t, r in clean.items() if t != CONTACTS}, _folder(at))
    workbook(folder / f"{CONTACTS}.xlsx", {CONTACTS: clean[CONTACTS]})
    return folder


@_case("Excel", "a total below the contacts", OK, "GATE-FOOTER")
def total_below(clean: Extract, at: Path) -> Path:
    def totalled(rows: Rows) -> Rows:
        return [*rows, ["Total", str(len(rows) - 1), *[""] * (len(rows[0]) - 2)]]

    return workbook(at / f"{NAME}.xlsx", each(clean, totalled, CONTACTS))


@_case("Excel", "saved as OpenDocument", OK)
def open_document_of_all(clean: Extract, at: Path) -> Path:
    return open_document(at / f"{NAME}.ods", clean)


@_case("Excel", "«Unicode Text», a month in each name", OK, "GATE-READ-FORM", "GATE-READ-NAME")
def unicode_text(clean: Extract, at: Path) -> Path:
    return write(
        clean, _folder(at), lambda t: f"{t}_Apr25.txt", lambda t, rows: text_of(rows, "\t", "\r\n").encode("utf-16")
    )


@_case("Excel", "«CSV (Macintosh)»: lines end with a return alone", OK)
def csv_of_a_macintosh(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), content=lambda t, rows: text_of(rows, end="\r").encode())


@_case("Excel", "«CSV UTF-8» with semicolons, as Windows set to another country writes it", OK, "GATE-READ-FORM")
def semicolons_with_a_mark(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), content=lambda t, rows: text_of(rows, ";", "\r\n").encode("utf-8-sig"))


@_case("Excel", "days as Excel's numbers", REFUSED, "CAUSE-DATES-SERIAL", says="45748 should be 2025-04-01")
def day_numbers(clean: Extract, at: Path) -> Path:
    return write(cells(clean, day("{s}"), *clean), _folder(at))


@_case("Excel", "days as 07-Apr-25", REFUSED, "CAUSE-DATES-MONTH-NAME", says="01-Apr-25 should be 2025-04-01")
def short_years(clean: Extract, at: Path) -> Path:
    return write(cells(clean, day("%d-%b-%y"), *clean), _folder(at))


@_case(
    "Excel",
    "a computer set to the United States",
    REFUSED,
    "CAUSE-DATES-MONTH-FIRST",
    says="mm/dd/yyyy: 04/01/2025 should be 2025-04-01",
)
def month_first(clean: Extract, at: Path) -> Path:
    return write(cells(clean, day("%m/%d/%Y"), *clean), _folder(at))


@_case(
    "Excel",
    "days without their zeros: 1/4/2025",
    REFUSED,
    "CAUSE-DATES-DAY-FIRST",
    says="1/4/2025 should be 2025-04-01",
)
def days_without_zeros(clean: Extract, at: Path) -> Path:
    return write(cells(clean, day("{d}/{m}/%Y"), *clean), _folder(at))


@_case(
    "Excel",
    "the contacts alone were opened and saved: days, zeros and times have changed",
    RECORDS,
    "CAUSE-DATES-DAY-FIRST",
    "CAUSE-ZEROS-LOST",
    "GATE-SPELLING-TIME",
    lost=321,
    says="02/04/2025 should be 2025-04-02",
)
def one_table_opened(clean: Extract, at: Path) -> Path:
    opened = cells(cells(clean, day("%d/%m/%Y"), CONTACTS), short, CONTACTS)
    return write(opened, _folder(at))


@_case(
    "Excel",
    "the patients alone were opened: NHS numbers shortened and births as dd/mm/yyyy",
    RECORDS,
    "CAUSE-DATES-DAY-FIRST",
    "CAUSE-NUMBERS-SHORTENED",
    lost=1269,
    says="such as 25/12/2025",
)
def patients_opened(clean: Extract, at: Path) -> Path:
    opened = cells(clean, lambda v, _: f"{float(v):.2E}" if v else v, PATIENTS, columns=["NHSNumber"])
    return write(cells(opened, day("%d/%m/%Y"), PATIENTS), _folder(at))


@_case("Excel", "the version 1.0 of the header became 1", OK, "GATE-SPELLING-POINT-ZERO")
def version_without_its_zero(clean: Extract, at: Path) -> Path:
    return write(column(clean, HEADER, "DatSetVer", lambda n, v: "1"), _folder(at))


# SSMS and other programs for databases


@_case("SSMS", "sqlcmd: a row of dashes below the names, padded values, a footer", OK, "GATE-FOOTER")
def sqlcmd(clean: Extract, at: Path) -> Path:
    def content(_: str, rows: Sequence[Sequence[str]]) -> bytes:
        dashes = ["-" * max(len(name), 5) for name in rows[0]]
        padded = [[value.ljust(len(name)) for value, name in zip(row, rows[0], strict=True)] for row in rows[1:]]
        return (
            text_of([rows[0], dashes, *padded], end="\r\n") + f"\r\n({len(rows) - 1} rows affected)\r\n"
        ).encode()

    return write(clean, _folder(at), content=content)


@_case(
    "SSMS",
    "NULL, days with .000 and a footer, saved with tabs as «Results to file»",
    OK,
    "GATE-FOOTER",
    "GATE-READ-FORM",
    "GATE-SPELLING-BLANK",
    "GATE-SPELLING-MIDNIGHT",
)
def results_to_file(clean: Extract, at: Path) -> Path:
    def content(_: str, rows: Sequence[Sequence[str]]) -> bytes:
        return ("\ufeff" + text_of(rows, "\t", "\r\n") + "\r\n(7 rows affected)\r\n\r\n").encode()

    made = cells(cells(clean, lambda v, _: v or "NULL"), day("%Y-%m-%d 00:00:00.000"))
    return write(made, _folder(at), lambda t: f"{t}.txt", content)


@_case("SSMS", "datetime2(7) for days and time(7) for times", OK, "GATE-SPELLING-MIDNIGHT", "GATE-SPELLING-TIME")
def many_decimals(clean: Extract, at: Path) -> Path:
    made = cells(clean, day("%Y-%m-%d 00:00:00.0000000"))
    return write(cells(made, lambda v, _: f"{v}.0000000" if re.fullmatch(r"\d\d:\d\d:\d\d", v) else v), _folder(at))


@_case("SSMS", "the schema before the name of each file: dbo.IDS101Referral.csv", OK, "GATE-READ-NAME")
def names_with_schema(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), lambda t: f"dbo.{t}.csv")


@_case("SSMS", "columns called after their table: [IDS101Referral].[ServiceRequestId]", OK, "GATE-COLUMN-SPELLING")
def columns_with_tables(clean: Extract, at: Path) -> Path:
    return write(named(clean, lambda name, table: f"[{table}].[{name}]"), _folder(at))


@_case("psql", "vertical bars, and «(76 rows)» below", OK, "GATE-FOOTER", "GATE-READ-FORM")
def unaligned(clean: Extract, at: Path) -> Path:
    return write(
        clean, _folder(at), content=lambda t, rows: (text_of(rows, "|") + f"({len(rows) - 1} rows)\n").encode()
    )


@_case("psql", "COPY: \\N for missing, tabs, and no names", REFUSED, "GATE-NO-COLUMNS")
def copy_without_names(clean: Extract, at: Path) -> Path:
    made = cells(clean, lambda v, _: v or "\\N", *clean)
    return write(
        {t: rows[1:] for t, rows in made.items()}, _folder(at), content=lambda t, rows: text_of(rows, "\t").encode()
    )


@_case(
    "SQL*Plus",
    "days as 07-APR-25 and «42 rows selected.» below",
    REFUSED,
    "CAUSE-DATES-MONTH-NAME",
    "GATE-FOOTER",
    says="01-APR-25 should be 2025-04-01",
)
def sql_plus(clean: Extract, at: Path) -> Path:
    made = cells(
        clean, lambda v, n: day("%d-%b-%y")(v, n).upper() if re.fullmatch(r"\d{4}-\d\d-\d\d", v) else v, *clean
    )
    return write(made, _folder(at), content=lambda t, rows: (text_of(rows) + "\n42 rows selected.\n").encode())


@_case("SAS", "days as 07APR2025, and a point for missing", OK, "GATE-SPELLING-BLANK", "GATE-SPELLING-DATE")
def sas(clean: Extract, at: Path) -> Path:
    made = cells(
        clean, lambda v, n: day("%d%b%Y")(v, n).upper() if re.fullmatch(r"\d{4}-\d\d-\d\d", v) else v or "."
    )
    return write(made, _folder(at))


def _lengths(*tables: str) -> Callable[[str, Sequence[Sequence[str]]], bytes]:
    """CSV without the last commas: in these tables of each 16 rows together, as Excel saves."""

    def content(table: str, rows: Sequence[Sequence[str]]) -> bytes:
        ends = [max((n for n, value in enumerate(row, 1) if value), default=1) for row in rows]
        if not tables or table in tables:
            rows = [row[: max(ends[number // 16 * 16 : number // 16 * 16 + 16])] for number, row in enumerate(rows)]
        return text_of(rows, end="\r\n").encode()

    return content


@_case("Excel", "rows without their last commas, as Excel saves them", OK, "GATE-ROW-ENDS")
def without_last_commas(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), content=_lengths())


@_case(
    "SSMS",
    "blank values left out with their commas, as CONCAT_WS does",
    RECORDS,
    "CAUSE-ROWS-SHORT",
    "GATE-ROW-ENDS",
    says="Rows have fewer values than there are column names: in IDS",
    lost=1293,
)
def blanks_left_out(clean: Extract, at: Path) -> Path:
    made = {table: [rows[0], *([v for v in row if v] for row in rows[1:])] for table, rows in clean.items()}
    return write(made, _folder(at))


@_case(
    "R",
    "row numbers in a first column without a name, and NA for missing days and numbers",
    OK,
    "GATE-EMPTY-COLUMNS",
    "GATE-ROW-NUMBERS",
    "GATE-SPELLING-BLANK",
)
def r_table(clean: Extract, at: Path) -> Path:
    def numbered(rows: Rows) -> Rows:
        return [
            ["", *rows[0]],
            *(
                [
                    str(number),
                    *(
                        value or ("NA" if re.search("Date|Score|Num", name) else "")
                        for value, name in zip(row, rows[0], strict=True)
                    ),
                ]
                for number, row in enumerate(rows[1:], 1)
            ),
        ]

    return write(
        each(clean, numbered),
        _folder(at),
        content=lambda t, rows: text_of(rows, quoting=csv.QUOTE_NONNUMERIC).encode(),
    )


@_case("pandas", "the index in a first column without a name", OK, "GATE-EMPTY-COLUMNS", "GATE-ROW-NUMBERS")
def pandas_index(clean: Extract, at: Path) -> Path:
    return write(
        each(clean, lambda rows: [["", *rows[0]], *([str(n), *row] for n, row in enumerate(rows[1:]))]), _folder(at)
    )


@_case(
    "pandas",
    "keys of contacts became numbers with .0 after a merge",
    RECORDS,
    "CAUSE-KEYS-UNLIKE",
    lost=321,
    says="a key that is written otherwise",
)
def keys_with_decimals(clean: Extract, at: Path) -> Path:
    plain = cells(clean, lambda v, n: v[1:] if n == "ServiceRequestId" else v)
    return write(cells(plain, lambda v, n: f"{v}.0", CONTACTS, columns=["ServiceRequestId"]), _folder(at))


@_case("pandas", "Parquet with types, and the index as a column", OK, "GATE-ROW-NUMBERS", "GATE-SPELLING-MIDNIGHT")
def parquet_with_types(clean: Extract, at: Path) -> Path:
    folder = _folder(at)
    folder.mkdir(parents=True)
    for table, rows in clean.items():
        frame = pl.DataFrame(rows[1:], schema=dict.fromkeys(rows[0], pl.String), orient="row").with_columns(
            pl.when(pl.all() != "").then(pl.all())
        )
        days = [
            n
            for n in frame.columns
            if n.endswith("Date") and frame[n].drop_nulls().str.contains(r"^\d{4}-\d\d-\d\d$").all()
        ]
        whole = [n for n in frame.columns if n in ("PersScore", "ClinContDurOfCareCont")]
        typed = frame.with_columns(pl.col(days).str.to_datetime("%Y-%m-%d"), pl.col(whole).cast(pl.Int64))
        typed.with_columns(pl.int_range(pl.len()).alias("__index_level_0__")).write_parquet(
            folder / f"{table}.parquet"
        )
    return folder


@_case(
    "Power BI",
    "days in UTC: the evening before, with Z",
    RECORDS,
    "CAUSE-DATES-TIME",
    lost=1293,
    says="2025-04-06T23:00:00Z for 2025-04-07",
)
def moments_in_utc(clean: Extract, at: Path) -> Path:
    return write(
        cells(clean, lambda v, n: f"{v}T23:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", v) else v), _folder(at)
    )


@_case("Power BI", "true and false for Y and N", RECORDS, "CAUSE-WORDS", lost=321, says="TRUE should be Y")
def truth_values(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: {"Y": "TRUE", "N": "FALSE"}.get(v, v), CONTACTS), _folder(at))


# Systems for patients


@_case("PCMIS", "words of codes instead of codes", WARNED, "CAUSE-WORDS", differs=["IDS201"])
def words_of_codes(clean: Extract, at: Path) -> Path:
    words = {
        "5": "Attended on time or, if late, before the relevant care professional was ready to see the patient",
        "3": "Did not attend - no advance warning given",
        "6": "Arrived late, after the relevant care professional was ready to see the patient, but was seen",
    }
    return write(cells(clean, lambda v, n: words.get(v, v), CONTACTS, columns=["AttendOrDNACode"]), _folder(at))


@_case(
    "iaptus",
    "codes with their words: 5 - Attended",
    WARNED,
    "CAUSE-WORDS",
    says="2 - Female for 2",
    differs=["IDS001", "IDS201"],
)
def codes_with_words(clean: Extract, at: Path) -> Path:
    made = cells(clean, lambda v, n: f"{v} - Attended", CONTACTS, columns=["AttendOrDNACode"])
    return write(cells(made, lambda v, n: f"{v} - Gender", PATIENTS, columns=["Gender"]), _folder(at))


@_case("iaptus", "the short names of measures instead of SNOMED CT codes", RECORDS, "IDS607-102", lost=80)
def measures_by_name(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: "PHQ9", MORE_SCORES, columns=["CodedAssToolType"]), _folder(at))


@_case(
    "Rio",
    "1900-01-01 for a missing day",
    RECORDS,
    "CAUSE-FILLER-DATES",
    lost=661,
    says="such as 1900-01-01 for a blank",
)
def filler_days(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: v or "1900-01-01", REFERRALS, columns=["ServDischDate"]), _folder(at))


@_case("Rio", "9999999999 for an unknown NHS number", RECORDS, "IDS001-102", "IDS001-104", lost=86)
def filler_numbers(clean: Extract, at: Path) -> Path:
    return write(column(clean, PATIENTS, "NHSNumber", lambda n, v: "9999999999" if n < 6 else v), _folder(at))


@_case(
    "Rio",
    "keys of patients lost their zeros in the referrals alone",
    RECORDS,
    "CAUSE-KEYS-UNLIKE",
    lost=739,
    says="a key that is written otherwise",
)
def keys_without_zeros(clean: Extract, at: Path) -> Path:
    made = cells(clean, lambda v, n: f"00{v[1:]}" if n == "LocalPatientId" else v)
    return write(cells(made, lambda v, n: v.lstrip("0"), REFERRALS, columns=["LocalPatientId"]), _folder(at))


@_case("Rio", "keys of referrals in small letters in the contacts alone", RECORDS, "CAUSE-KEYS-UNLIKE", lost=321)
def keys_in_small_letters(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: v.lower(), CONTACTS, columns=["ServiceRequestId"]), _folder(at))


@_case("Rio", "a join has doubled every row of the contacts", RECORDS, "IDS201-102", "IDS201-114", lost=321)
def rows_twice(clean: Extract, at: Path) -> Path:
    return write(
        each(clean, lambda rows: [rows[0], *(row for row in rows[1:] for _ in (1, 2))], CONTACTS), _folder(at)
    )


@_case("Rio", "contacts of a whole year", RECORDS, "IDS201-103", "IDS201-105", lost=247)
def a_year_of_contacts(clean: Extract, at: Path) -> Path:
    return write(
        column(clean, CONTACTS, "CareContDate", lambda n, v: f"2025-{n % 4 + 1:02}-{min(v[8:], '28')}"), _folder(at)
    )


@_case(
    "Rio",
    "referrals filtered to those that are open, contacts not",
    RECORDS,
    "IDS201-101",
    "IDS606-101",
    "SMI608-101",
    "IDS603-101",
    "SMI203-101",
    "IDS602-101",
    "IDS108-101",
    "IDS001-116",
    lost=377,
)
def half_of_the_referrals(clean: Extract, at: Path) -> Path:
    return write(each(clean, lambda rows: [rows[0], *rows[1::2]], REFERRALS), _folder(at))


@_case(
    "PCMIS",
    "times without seconds, NHS numbers with hyphens, N/A",
    OK,
    "GATE-SPELLING-BLANK",
    "GATE-SPELLING-NHS-NUMBER",
    "GATE-SPELLING-TIME",
)
def three_spellings(clean: Extract, at: Path) -> Path:
    made = cells(clean, lambda v, n: v[:5] if re.fullmatch(r"\d\d:\d\d:\d\d", v) else v)
    made = cells(made, lambda v, n: f"{v[:3]}-{v[3:6]}-{v[6:]}" if v else v, PATIENTS, columns=["NHSNumber"])
    return write(cells(made, lambda v, n: v or "N/A"), _folder(at))


@_case("PCMIS", "a no-break space after each value that was copied from a page", OK)
def no_break_spaces(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: f"{v}\xa0" if v else v), _folder(at))


@_case("iaptus", "quotation marks around every value", OK)
def everything_quoted(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), content=lambda t, rows: text_of(rows, quoting=csv.QUOTE_ALL).encode())


@_case("iaptus", "the provider's code in small letters everywhere", OK, "GATE-SPELLING-CAPITALS")
def provider_in_small_letters(clean: Extract, at: Path) -> Path:
    return write(cells(clean, lambda v, n: v.lower() if v == "RW5" else v, *clean), _folder(at))


@_case("iaptus", "a column of the team, and names of patients", REFUSED, "GATE-COLUMN-UNKNOWN")
def columns_of_their_own(clean: Extract, at: Path) -> Path:
    return write(
        each(clean, lambda rows: [["Forename", *rows[0]], *(["Ann", *row] for row in rows[1:])], PATIENTS),
        _folder(at),
    )


@_case("iaptus", "a mistyped name of a column", REFUSED, "GATE-COLUMN-MISSING", "GATE-COLUMN-UNKNOWN")
def mistyped_column(clean: Extract, at: Path) -> Path:
    return write(named(clean, lambda name, _: name.replace("PersScore", "PersScor"), SCORES), _folder(at))


@_case("Access", "query: names with blanks and the table before them", OK, "GATE-COLUMN-SPELLING")
def names_of_a_query(clean: Extract, at: Path) -> Path:
    def spaced(name: str, table: str) -> str:
        return f"{table}_{re.sub('(?<=[a-z])(?=[A-Z])', ' ', name)}"

    return write(named(clean, spaced), _folder(at))


# Files and folders of Windows


@_case("Windows", "endings hidden: IDS101Referral.csv.csv", OK, "GATE-READ-NAME")
def endings_twice(clean: Extract, at: Path) -> Path:
    return write(clean, _folder(at), lambda t: f"{t}.csv.csv")


@_case("Windows", "saved in Notepad: IDS101Referral.csv.txt, with a mark of UTF-8", OK, "GATE-READ-NAME")
def saved_in_notepad(clean: Extract, at: Path) -> Path:
    return write(
        clean, _folder(at), lambda t: f"{t}.csv.txt", lambda t, rows: text_of(rows, end="\r\n").encode("utf-8-sig")
    )


@_case(
    "Windows",
    "«copy a+b»: two sites' files after one another, with names in the middle and a mark of DOS at the end",
    OK,
    "GATE-NAMES-TWICE",
    "GATE-READ-FORM",
)
def two_sites_copied(clean: Extract, at: Path) -> Path:
    def content(_: str, rows: Sequence[Sequence[str]]) -> bytes:
        half = len(rows) // 2
        again = [rows[0], *rows[half + 1 :]] if len(rows) > 4 else []
        return (text_of(rows[: half + 1] if again else rows) + text_of(again)).encode() + b"\x1a"

    return write(clean, _folder(at), content=content)


@_case("Windows", "each table a zip of its own", REFUSED, "GATE-ZIP", says="an archive in it is not unpacked")
def a_zip_for_each_table(clean: Extract, at: Path) -> Path:
    for table, rows in clean.items():
        zipped(_folder(at) / f"{table}.zip", {table: rows})
    return _folder(at)


@_case("Windows", "a zip in a zip", REFUSED, "GATE-ZIP")
def a_zip_in_a_zip(clean: Extract, at: Path) -> Path:
    inner = zipped(at / "inner.zip", clean)
    return zipped(at / "outer" / f"{NAME}.zip", {}, **{f"{NAME}.zip": inner.read_bytes()})


@_case("Windows", "a zip with folders in folders", REFUSED, "GATE-ZIP")
def folders_in_folders(clean: Extract, at: Path) -> Path:
    return zipped(at / f"{NAME}.zip", clean, "Extracts/2025/April/")


@_case("Windows", "a zip with a password", REFUSED, "GATE-ZIP")
def a_password(clean: Extract, at: Path) -> Path:
    path = zipped(at / f"{NAME}.zip", clean)
    content = bytearray(path.read_bytes())
    for begins, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(begins)
        while place >= 0:
            content[place + flag] |= 1
            place = content.find(begins, place + 4)
    path.write_bytes(bytes(content))
    return path


@_case("Windows", "a zip of which the end is missing", REFUSED, "GATE-CUT", says="no list of its files")
def half_a_zip(clean: Extract, at: Path) -> Path:
    path = zipped(at / f"{NAME}.zip", clean)
    path.write_bytes(path.read_bytes()[:-2000])
    return path


@_case("Windows", "a 7-Zip archive", REFUSED, "GATE-ZIP", says="7-Zip")
def seven_zip(clean: Extract, at: Path) -> Path:
    path = at / f"{NAME}.7z"
    at.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(200))
    return path


@_case("Windows", "a workbook called CSV", REFUSED, "GATE-BYTES", says="an Excel workbook or a zip")
def workbook_called_csv(clean: Extract, at: Path) -> Path:
    folder = write({t: r for t, r in clean.items() if t != REFERRALS}, _folder(at))
    book = workbook(at / "x.xlsx", {REFERRALS: clean[REFERRALS]})
    book.rename(folder / f"{REFERRALS}.csv")
    return folder


@_case("Windows", "a CSV file called a workbook", REFUSED, "GATE-WORKBOOK", says="by its content it is text")
def csv_called_workbook(clean: Extract, at: Path) -> Path:
    folder = write({t: r for t, r in clean.items() if t != REFERRALS}, _folder(at))
    (folder / f"{REFERRALS}.xlsx").write_text(text_of(clean[REFERRALS]))
    return folder


@_case("Windows", "packed by gzip, and called CSV", REFUSED, "GATE-BYTES", says="packed by gzip")
def gzip_called_csv(clean: Extract, at: Path) -> Path:
    folder = write({t: r for t, r in clean.items() if t != REFERRALS}, _folder(at))
    (folder / f"{REFERRALS}.csv").write_bytes(gzip.compress(text_of(clean[REFERRALS]).encode()))
    return folder


@_case("Windows", "the lock of Access and temporary files of Office beside the tables", OK, "GATE-IGNORED")
def locks_of_office(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    for name in ("IAPT.laccdb", "IAPT.ldb", "~WRL0001.tmp", "A1B2C3D4.tmp", "~$IDS101Referral.xlsx"):
        (folder / name).write_bytes(b"x")
    return folder


@_case("Windows", "the report of an earlier check in the folder of the extract", WARNED, "GATE-NOT-READ")
def report_in_the_folder(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    for name in ("report.html", "report.json", "findings.csv", "findings.xlsx", "profile.json"):
        (folder / name).write_bytes(b"x")
    return folder


@_case("Windows", "a Word document about a patient beside the tables", REFUSED, "GATE-TABLE-UNKNOWN")
def a_document(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    (folder / "Ann Lee.docx").write_bytes(b"PK")
    return folder


@_case("Windows", "the old file kept beside the new one", REFUSED, "GATE-TABLE-UNKNOWN")
def the_old_file_too(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    shutil.copy(folder / f"{REFERRALS}.csv", folder / f"{REFERRALS}_old.csv")
    return folder


@_case("Windows", "lines that end in two ways, and none at the end", OK)
def mixed_line_ends(clean: Extract, at: Path) -> Path:
    def content(_: str, rows: Sequence[Sequence[str]]) -> bytes:
        lines = text_of(rows).splitlines()
        return (
            "".join(f"{line}{chr(13) if n % 2 else ''}\n" for n, line in enumerate(lines)).rstrip("\r\n").encode()
        )

    return write(clean, _folder(at), content=content)


# The deadline


@_case("deadline", "the last line is cut in the middle", REFUSED, "GATE-CUT", says="no line end")
def last_line_cut(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    path = folder / f"{CONTACTS}.csv"
    path.write_bytes(path.read_bytes()[:-60])
    return folder


@_case("deadline", "the file ends within a quoted value", REFUSED, "GATE-CUT")
def cut_within_quotes(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at), content=lambda t, rows: text_of(rows, quoting=csv.QUOTE_ALL).encode())
    path = folder / f"{CONTACTS}.csv"
    path.write_bytes(path.read_bytes()[:-61])
    return folder


@_case(
    "deadline",
    "the end of a file is zeros: the computer stopped while it was written",
    REFUSED,
    "GATE-CUT",
    says="last 400 bytes are zeros",
)
def zeros_at_the_end(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    path = folder / f"{CONTACTS}.csv"
    content = path.read_bytes()
    path.write_bytes(content[:-400] + bytes(400))
    return folder


@_case("deadline", "a table is there and has no byte", REFUSED, "GATE-NO-COLUMNS")
def an_empty_file(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    (folder / f"{SCORES}.csv").write_bytes(b"")
    return folder


@_case("deadline", "a member of a zip ends in the middle", REFUSED, "GATE-ZIP")
def member_cut(clean: Extract, at: Path) -> Path:
    path = zipped(at / f"{NAME}.zip", clean, packing=zipfile.ZIP_STORED)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo(f"{CONTACTS}.csv").header_offset
    path.write_bytes(content[: place + 200] + bytes(100) + content[place + 300 :])
    return path


@_case("deadline", "last month's header", REFUSED, "CAUSE-MONTH", says="contacts are dated in April 2025")
def header_of_last_month(clean: Extract, at: Path) -> Path:
    made = column(clean, HEADER, "ReportingPeriodStartDate", lambda n, v: "2025-03-01")
    return write(column(made, HEADER, "ReportingPeriodEndDate", lambda n, v: "2025-03-31"), _folder(at))


@_case("deadline", "last month's header, and days as dd/mm/yyyy", REFUSED, "CAUSE-DATES-DAY-FIRST")
def header_of_last_month_and_dates(clean: Extract, at: Path) -> Path:
    made = column(clean, HEADER, "ReportingPeriodStartDate", lambda n, v: "2025-03-01")
    made = column(made, HEADER, "ReportingPeriodEndDate", lambda n, v: "2025-03-31")
    return write(cells(made, day("%d/%m/%Y"), *made), _folder(at))


@_case("deadline", "the folder is called after another month", REFUSED, "GATE-MONTH")
def folder_of_another_month(clean: Extract, at: Path) -> Path:
    return write(clean, at / "RW5_2025-05")


@_case(
    "deadline", "the header of another provider", REFUSED, "CAUSE-PROVIDER", says="say RW5, and the header says RXT"
)
def header_of_another_provider(clean: Extract, at: Path) -> Path:
    return write(column(clean, HEADER, "OrgIDProv", lambda n, v: "RXT"), _folder(at))


@_case(
    "deadline",
    "the name of the provider instead of its code",
    REFUSED,
    "GATE-HEADER-UNUSABLE",
    "IDS000-OrgIDProv-FORMAT",
    "IDS001-114",
    "IDS000-105",
)
def name_of_the_provider(clean: Extract, at: Path) -> Path:
    return write(
        column(clean, HEADER, "OrgIDProv", lambda n, v: "Lancashire and South Cumbria NHS FT"), _folder(at)
    )


@_case("deadline", "a header for each of two sites", REFUSED, "GATE-HEADER-ROWS")
def two_headers(clean: Extract, at: Path) -> Path:
    return write(each(clean, lambda rows: [*rows, rows[1]], HEADER), _folder(at))


@_case("deadline", "the period of a quarter", REFUSED, "IDS000-101", "GATE-PERIOD")
def a_quarter(clean: Extract, at: Path) -> Path:
    return write(column(clean, HEADER, "ReportingPeriodEndDate", lambda n, v: "2025-06-30"), _folder(at))


@_case(
    "deadline", "a template: every table has its names and no record, the header too", REFUSED, "GATE-HEADER-ROWS"
)
def an_empty_template(clean: Extract, at: Path) -> Path:
    return write({table: rows[:1] for table, rows in clean.items()}, _folder(at))


@_case(
    "deadline",
    "semicolons, dd/mm/yyyy and zeros lost at once",
    REFUSED,
    "CAUSE-DATES-DAY-FIRST",
    "CAUSE-ZEROS-LOST",
    "GATE-READ-FORM",
    "GATE-SPELLING-TIME",
    says="01/04/2025 should be 2025-04-01",
)
def three_faults(clean: Extract, at: Path) -> Path:
    made = cells(cells(clean, day("%d/%m/%Y"), *clean), short)
    return write(made, _folder(at), content=lambda t, rows: text_of(rows, ";", "\r\n").encode())


@_case(
    "deadline",
    "a comma of a note in one row, without quotation marks",
    RECORDS,
    "GATE-FIELDS",
    lost=3,
)
def a_comma_too_many(clean: Extract, at: Path) -> Path:
    folder = write(clean, _folder(at))
    path = folder / f"{CONTACTS}.csv"
    lines = path.read_text().splitlines()
    lines[5] = lines[5].replace(",Y,", ",Y,came late,", 1)
    path.write_text("\n".join(lines) + "\n")
    return folder


@_case(
    "deadline", "decimal commas and percent signs in scores", WARNED, "IDS606-PersScore-FORMAT", differs=["IDS606"]
)
def scores_with_signs(clean: Extract, at: Path) -> Path:
    return write(
        column(clean, SCORES, "PersScore", lambda n, v: "12,5" if n < 3 else "45%" if n < 6 else v), _folder(at)
    )
