"""The findings as a workbook: a summary, one sheet per effect, how to fix each rule, and the receipt.

Belongs here: the sheets and how they look. Does not belong here: what is in a line (``lines``), the words
(``reports.site.wording``).

Every value is written as text and none is ever run: no formula, no link, no number made of an id.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from reports.site.lines import worded
from reports.site.wording import OWNERS, STATUS, counted, deadline, message, month_name, sentence
from schemas.dataset import TABLES
from schemas.rule import Effect, Owner
from transforms.changes import NEW, PERSISTING
from transforms.findings import IS_OWN, REJECTIONS
from transforms.repair import to_correct, without_causes
from transforms.submission import SubmissionChecked

# Excel itself takes 1,048,576 lines, but a file of that size takes a minute to write and is too long to read.
LINES_SHOWN = 50_000
FINDING_COLUMNS = (
    "Table", "Row", "Cell", "Rule", "Field", "Found", "What is wrong", "How to fix it", "Because of",
    "Since last time", "Who can mend it",
)  # fmt: skip
FIX_COLUMNS = (
    "Rule", "What it costs", "Table", "Field", "Records", "Records to correct", "Further rows that count again",
    "All rows that count again", "With all rules above it", "What is wrong", "How to fix it", "What is accepted",
    "Why it matters", "Rows", "Cells", "Since last time", "Records last time", "Who can mend it", "National rule",
)  # fmt: skip
RESOLVED_COLUMNS = (
    "Table", "Row last time", "Row now", "What became of it", "Rule", "Field", "What was wrong",
)  # fmt: skip
RECORD_COLUMNS = (
    "Table", "Row", "Rules", "Rows that count again when it alone is corrected",
    "Rows that count again with all records above it",
)  # fmt: skip
CAUSE_COLUMNS = (
    "Cause", "Table", "Field", "Values", "Of", "Found", "Should be", "Cells",
)  # fmt: skip
EXPLAINED = "Explained by a cause"
_WIDEST = 60
_FONT = {"font_name": "Arial", "font_size": 11, "valign": "top"}
_FORMATS = {
    "text": _FONT | {"num_format": "@", "text_wrap": True},
    "number": _FONT | {"num_format": "#,##0"},
    "heading": _FONT | {"bold": True, "font_color": "#ffffff", "bg_color": "#005eb8", "text_wrap": True},
    "title": _FONT | {"bold": True, "font_size": 16},
}

Cell = str | int | None
Row = Sequence[Cell]


def write(folder: Path, checked: SubmissionChecked, verdict: Mapping[str, Any]) -> None:
    """Write ``findings.xlsx``, the workbook of a verdict (``reports.site.report.as_json``), if it has findings."""
    if checked.findings.is_empty():
        (folder / "findings.xlsx").unlink(missing_ok=True)  # of an earlier check
        return
    _write(folder / "findings.xlsx", checked, verdict, checked.findings)


def write_by_owner(
    folder: Path, checked: SubmissionChecked, verdict: Mapping[str, Any], *, is_wanted: bool
) -> None:
    """Write ``findings-OWNER.xlsx`` for each who can mend something: their findings and rules alone.

    What is rejected by cascade is in none of them, since nothing in it must change. Those of an earlier check that
    are not written anew are removed.
    """
    rules = checked.rules
    own = checked.findings.filter(pl.col("cause_row").is_null())
    for owner in Owner:
        path = folder / f"findings-{owner.value}.xlsx"
        of_owner = [rule_id for rule_id in own["rule_id"].unique().to_list() if rules[rule_id].owner is owner]
        theirs = own.filter(pl.coalesce("explained_by", "rule_id").is_in(of_owner))
        if not is_wanted or theirs.is_empty():
            path.unlink(missing_ok=True)
            continue
        said = [rule for rule in verdict["rules"] if rule["owner"] == owner.value]
        _write(path, checked, {**verdict, "rules": said, "owner": owner}, theirs)


def _write(path: Path, checked: SubmissionChecked, verdict: Mapping[str, Any], findings: pl.DataFrame) -> None:
    is_explained = findings["explained_by"].is_not_null()
    by_effect = findings.filter(~is_explained).partition_by("effect", as_dict=True)
    present = [(e.value, by_effect[e.value,]) for e in Effect if (e.value,) in by_effect]
    shown = worded(pl.concat([findings.clear(), *(_roots_first(f) for _, f in present)]), checked, verdict)
    lines = shown.partition_by("effect", as_dict=True, include_key=False)
    explained = findings.filter(is_explained)
    # Beside the report, never in the machine's own temporary folder: findings quote records.
    with TemporaryDirectory(dir=path.parent, prefix=".workbook-") as workspace:
        book = _Book(path, workspace)
        heights = {sentence(effect): found.height for effect, found in present} | {EXPLAINED: explained.height}
        book.facts("Summary", _summary(verdict, heights))
        if causes := [row for rule in verdict["rules"] for row in _of_cause(rule)]:
            book.table("Causes", CAUSE_COLUMNS, causes, len(causes))
        for effect, found in present:
            book.table(sentence(effect), FINDING_COLUMNS, lines[effect,].rows(), found.height)
        rules = [_how_to_fix(rule) for rule in verdict["rules"]]
        book.table("How to fix", FIX_COLUMNS, rules, len(rules))
        if (few := verdict["totals"]["to_correct"]) and "owner" not in verdict:
            book.table("Records to correct", RECORD_COLUMNS, _records(checked), few)
        if explained.height:
            of_causes = worded(_roots_first(explained), checked, verdict).drop("effect")
            book.table(EXPLAINED, FINDING_COLUMNS, of_causes.rows(), explained.height)
        for each in checked.changes if "owner" not in verdict else ():
            if each.resolved is not None and each.resolved.height:
                book.table("Resolved", RESOLVED_COLUMNS, _resolved(each.resolved, checked), each.resolved.height)
        book.facts("Receipt", _receipt(verdict))
        book.close()


class _Book:
    """A workbook under way: xlsxwriter's, with the formats and the ways to write a sheet."""

    def __init__(self, path: Path, workspace: str) -> None:
        import xlsxwriter  # 20 ms, and most submissions of a good month have no findings

        options = {f"strings_to_{what}": False for what in ("formulas", "urls", "numbers")}
        self._book = xlsxwriter.Workbook(path, options | {"tmpdir": workspace})
        self._formats = {name: self._book.add_format(said) for name, said in _FORMATS.items()}

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Row], of: int) -> None:
        """A sheet with one line per row, its column names always in sight, ready to be filtered.

        Says at its end how many of the ``of`` lines there are it has not.
        """
        sheet = self._sheet(name, [columns, *rows])
        self._write(sheet, 0, columns, "heading")
        for index, row in enumerate(rows, 1):
            self._write(sheet, index, row)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        if of > len(rows):
            self._write(sheet, len(rows) + 1, [f"{of - len(rows):,} more are in findings.csv."])

    def facts(self, name: str, rows: Sequence[tuple[str, Row]]) -> None:
        """A sheet of facts; every row says how it looks: as title, heading or text."""
        sheet = self._sheet(name, [row for style, row in rows if style != "title"])
        for index, (style, row) in enumerate(rows):
            self._write(sheet, index, row, style)

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def _sheet(self, name: str, rows: Iterable[Row]) -> Any:
        """A new sheet whose columns are as wide as what is in them, within reason."""
        sheet = self._book.add_worksheet(name)
        widths: dict[int, int] = {}
        for row in rows:
            for column, cell in enumerate(row):
                if cell is not None and (width := len(str(cell))) > widths.get(column, 0):
                    widths[column] = width
        for column, width in widths.items():
            # 4 more than the text: the arrow of the filter, and Arial's capitals.
            sheet.set_column(column, column, min(width + 4, _WIDEST), self._formats["text"])
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def _write(self, sheet: Any, index: int, row: Row, style: str = "text") -> None:
        text, number = self._formats[style], self._formats["number"]
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(index, column, cell, number)
            elif cell:
                sheet.write_string(index, column, cell, text)


def _roots_first(findings: pl.DataFrame) -> pl.DataFrame:
    """The lines that fit on a sheet: what breaks a rule itself before what was rejected by cascade."""
    own = findings.filter(pl.col("cause_row").is_null()).head(LINES_SHOWN)
    return pl.concat([own, findings.filter(pl.col("cause_row").is_not_null()).head(LINES_SHOWN - own.height)])


def _summary(verdict: Mapping[str, Any], lines: Mapping[str, int]) -> list[tuple[str, Row]]:
    totals, who = verdict["totals"], verdict["provider"] or "an unknown provider"
    erased = verdict.get("erased_rows", 0)
    cut = [
        ("text", (f"Sheet «{sheet}»", f"{number - LINES_SHOWN:,} more lines are in findings.csv"))
        for sheet, number in lines.items()
        if number > LINES_SHOWN
    ]
    return [
        ("title", (f"Submission of {who} for {month_name(verdict['month'])}",)),
        *([("text", ("For", OWNERS[verdict["owner"]]))] if "owner" in verdict else []),
        ("text", ("Outcome", sentence(verdict["outcome"]))),
        (
            "text",
            ("Submit corrections by", deadline(verdict["deadline"]) or "unknown, because the month is unknown"),
        ),
        ("text", ("Where this date comes from", verdict["deadline_basis"])),
        ("text", ("Records received", totals["rows_in"])),
        ("text", ("Records that count", totals["accepted"])),
        ("text", ("Records that do not count", totals["rejected"])),
        ("text", ("Records that break a rule that rejects", totals["roots"])),
        ("text", ("Records to correct, so that all count", totals["to_correct"])),
        *([("text", ("Records of erased people, in no other number", erased))] if erased else []),
        *cut,
        *_changes(verdict),
        *(line for each in verdict["changes"] for line in _rows_changed(each)),
        ("text", ()),
        ("heading", ("What it costs", "Rules", "Records", "Findings")),
        *(("text", (sentence(e), n["rules"], n["records"], n["findings"])) for e, n in verdict["effects"].items()),
        *_notes(verdict),
        ("text", ()),
        ("heading", ("Table", "Rows in", "Accepted", "Rejected")),
        *_per_table(verdict),
    ]


def _notes(verdict: Mapping[str, Any]) -> list[tuple[str, Row]]:
    """What was read as what, with one line for each time it is said; nothing if all was as declared."""
    said = [
        ("text", (each["message"], ": ".join(filter(None, (one["table"], one["found"])))))
        for each in verdict["notes"]
        for one in each["found"]
    ]
    return [("text", ()), ("heading", ("What was read as what (it costs nothing)", "Where")), *said] if said else []


def _changes(verdict: Mapping[str, Any]) -> list[tuple[str, Row]]:
    """Changes since the previous report, in numbers of rules; nothing if there is no previous report."""
    if not verdict["compared"]:
        return []
    statuses = [rule["status"] for rule in verdict["rules"]]
    numbers = {status: statuses.count(status) for status in (NEW, PERSISTING)}
    numbers |= {"resolved": len(verdict["resolved"]), "not checked": len(verdict["not_checked"])}
    return [
        ("text", ()),
        ("heading", ("Since last time", "Rules")),
        *(("text", (sentence(STATUS[status]), number)) for status, number in numbers.items()),
    ]


def _rows_changed(since: Mapping[str, Any]) -> list[tuple[str, Row]]:
    """Rows per table since one earlier submission, and findings where they were followed."""
    words = {
        "new": "Findings that are new", "persisting": "Findings still there", "corrected": "Findings corrected",
        "record gone": "Findings gone with their record",
    }  # fmt: skip
    return [
        ("text", ()),
        ("text", (f"Since {since['since']}",)),
        *(("text", (words[status], number)) for status, number in since["findings"].items()),
        ("heading", ("Table", "Rows before", "Rows now", "Added", "Changed", "Gone")),
        *(("text", (name, *rows.values())) for name, rows in since["tables"].items()),
    ]


def _resolved(resolved: pl.DataFrame, checked: SubmissionChecked) -> list[Row]:
    """The findings of the earlier extract that this one has not. The row is where the record was."""
    rules = checked.rules
    return [
        (
            TABLES[table].name,
            row,
            now,
            sentence(became),
            rule_id,
            field,
            message(rules[rule_id]) if rule_id in rules else "",
        )
        for table, row, rule_id, became, field, now in resolved.head(LINES_SHOWN).rows()
    ]


def _receipt(verdict: Mapping[str, Any]) -> list[tuple[str, Row]]:
    ruleset = verdict["ruleset"]
    return [
        ("title", ("Receipt",)),
        ("text", ("Receipt", verdict["submission_id"] or "none: this was a check, not a submission")),
        ("text", ("SHA-256 of the content", verdict["content_sha256"] or "not stated")),
        ("text", ("Provider", verdict["provider"] or "not known")),
        ("text", ("Month", month_name(verdict["month"]))),
        ("text", ("Dataset version", verdict["dataset_version"] or "not known")),
        ("text", ("Rules in force", f"{counted(ruleset['rules'], 'rule')}, fingerprint {ruleset['fingerprint']}")),
        ("text", ("Outcome", sentence(verdict["outcome"]))),
        ("text", ()),
        ("heading", ("Table", "Rows in =", "accepted +", "rejected")),
        *_per_table(verdict),
    ]


def _per_table(verdict: Mapping[str, Any]) -> list[tuple[str, Row]]:
    every = {**verdict["tables"], "All tables": verdict["totals"]}
    return [("text", (name, n["rows_in"], n["accepted"], n["rejected"])) for name, n in every.items()]


def _of_cause(rule: Mapping[str, Any]) -> list[Row]:
    """A line per column that a cause reached; none for a rule."""
    return [
        (
            rule["message"], each["table"], each["field"], each["values"], each["filled"], each["found"],
            each["should_be"], each["cells"],
        )
        for each in rule["columns"]
    ]  # fmt: skip


def _how_to_fix(rule: Mapping[str, Any]) -> Row:
    return (
        rule["rule_id"], sentence(rule["effect"]), rule["table"], rule["field"], rule["records"],
        rule["records_to_correct"], rule["cascade_rows"], rule["returns_alone"], rule["returns_so_far"],
        rule["message"], rule["fix"], rule["expected"], rule["why"], rule["rows"], rule["cells"],
        STATUS.get(rule["status"], ""), rule["records_before"], rule["owner"],
        ", ".join(each["id"] for each in rule["national_rules"]),
    )  # fmt: skip


def _records(checked: SubmissionChecked) -> list[Row]:
    """The smallest set of records to correct, with the rules that each breaks."""
    records = to_correct(*without_causes(checked.findings, checked.links)).head(LINES_SHOWN)
    rejecting = checked.findings.filter(IS_OWN, pl.col("effect").is_in(REJECTIONS))
    rules = rejecting.group_by("table", "row_number").agg(pl.col("rule_id").cast(pl.String).unique().sort())
    beside = records.join(rules, on=["table", "row_number"], maintain_order="left")
    return [
        (TABLES[table].name, row, ", ".join(broken), alone, so_far)
        for table, row, alone, so_far, broken in beside.rows()
    ]
