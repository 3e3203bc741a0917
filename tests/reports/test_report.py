"""What a site gets back, as data, as CSV and as a workbook: every promise of the report is a test here."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.cli import _run
from pipelines.commands.app import CLEAN, RECORDS_REJECTED
from pipelines.ledger import State
from pipelines.verdict import Verdict, state_of
from reports.site import workbook
from reports.site.history import earlier_report
from reports.site.ranges import cell_ranges, row_ranges
from reports.site.report import as_json, write_report
from reports.site.wording import deadline, message, note_message, whose
from schemas.dataset import TABLES
from schemas.letters import letters_of_column
from schemas.rule import Effect, Owner, Rule
from schemas.versions import Version
from schemas.windows import closes, windows
from tests.fixtures.page import (
    APRIL,
    BAD_DATE,
    BAD_NUMBER,
    NO_ID,
    NOBODY,
    OLD_CODE,
    ROWS_IN,
    RULES,
    about_file,
    broken,
    cascaded,
    checked,
    clean,
    many_rejections,
    rejected_file,
)
from tests.fixtures.submission import RIGHT, submission
from transforms.submission import Header, SubmissionChecked

REJECTED = "accepted with rejections"


def rules(found: SubmissionChecked, previous: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    return {rule["rule_id"]: rule for rule in as_json(found, REJECTED, previous)["rules"]}


# Roots before what they reject by cascade


def test_what_fell_is_counted_at_its_root_and_is_no_rule_of_its_own() -> None:
    verdict = as_json(many_rejections(), REJECTED)
    assert {rule["rule_id"]: rule["cascade_rows"] for rule in verdict["rules"]} == {
        BAD_DATE: 48, BAD_NUMBER: 2, NO_ID: 0, OLD_CODE: 0, "GATE-COLUMN-ABSENT": 0,
    }  # fmt: skip
    assert verdict["rejected_by_cascade"] == [
        {"table": "IDS101Referral", "records": 1, "rows": "44", "because_of": {"IDS001MPI": 1}},
        {"table": "IDS201CareContact", "records": 33, "rows": "2-33, 50",
         "because_of": {"IDS101Referral": 32, "IDS001MPI": 1}},
        {"table": "IDS202CareActivity", "records": 16, "rows": "2-17", "because_of": {"IDS101Referral": 16}},
    ]  # fmt: skip


def test_these_records_corrected_every_rejection_disappears() -> None:
    totals = as_json(many_rejections(), REJECTED)["totals"]
    # rows 5, 6, 9, 31 of the referrals and 14 of the patients; row 9 breaks two rules
    assert (totals["roots"], totals["rejected"], totals["findings"]) == (5, 55, 99)
    assert totals["to_correct"] == 5


def test_the_records_to_correct_come_with_what_each_brings_back(tmp_path: Path) -> None:
    verdict = as_json(many_rejections(), REJECTED)
    assert [(each["table"], each["row"], each["returns_alone"], each["returns_so_far"]) for each in verdict["to_correct"]] == [
        ("IDS101Referral", 5, 49, 49), ("IDS001MPI", 14, 3, 52), ("IDS101Referral", 6, 1, 53),
        ("IDS101Referral", 9, 1, 54), ("IDS101Referral", 31, 1, 55),
    ]  # fmt: skip
    lines = lines_of(book(tmp_path, many_rejections())["Records to correct"])
    assert [(line["Row"], line["Rules"]) for line in lines[:4]] == [
        (5, BAD_DATE), (14, BAD_NUMBER), (6, BAD_DATE), (9, f"{BAD_DATE}, {NO_ID}")
    ]  # fmt: skip


def test_a_line_says_of_its_own_record_whether_the_finding_is_new(tmp_path: Path) -> None:
    before = as_json(checked(broken(BAD_DATE, [2], "x")), REJECTED)
    lines = lines_of(book(tmp_path, many_rejections(), before)["Record rejected"])
    said = {line["Row"]: line["Since last time"] for line in lines if line["Rule"] == BAD_DATE}
    assert said == {5: "still there", 6: "new", 9: "still there"}  # 9 was not followed: as the rule is
    (resolved,) = lines_of(load_workbook(tmp_path / "findings.xlsx")["Resolved"])
    assert (resolved["Row last time"], resolved["Row now"], resolved["What became of it"]) == (7, 8, "Corrected")


def test_two_rules_on_one_record_do_not_both_claim_what_comes_back() -> None:
    both = checked(broken(BAD_DATE, [5], "x"), broken(NO_ID, [5]), cascaded("IDS201", [2, 3], "IDS101", 5))
    found = rules(both)
    assert [(rule["returns_alone"], rule["returns_so_far"]) for rule in found.values()] == [(0, 0), (0, 3)]
    assert [rule["cascade_rows"] for rule in found.values()] == [0, 0]


def test_what_rejects_the_header_is_corrected_before_the_records() -> None:
    header = "IDS000-OrgIDSubmit-FORMAT"
    found = rules(
        checked(
            about_file("GATE-HEADER-UNUSABLE", "IDS000"),
            broken(BAD_DATE, [5, 6, 9], "x"),
            broken(header, [2], "?"),
            broken(OLD_CODE, range(2, 90), "~"),
        )
    )
    assert list(found) == ["GATE-HEADER-UNUSABLE", header, BAD_DATE, OLD_CODE]
    rows_in = sum(ROWS_IN.values())
    assert (found[header]["returns_alone"], found[header]["returns_so_far"]) == (rows_in - 3, rows_in - 3)
    assert (found[BAD_DATE]["returns_alone"], found[BAD_DATE]["returns_so_far"]) == (3, rows_in)


def test_of_two_findings_that_reject_the_file_neither_helps_alone() -> None:
    found = rules(rejected_file())
    rows_in = sum(ROWS_IN.values())
    assert [(rule["returns_alone"], rule["returns_so_far"]) for rule in found.values()] == [
        (0, 0), (0, rows_in - 5), (5, rows_in)
    ]  # fmt: skip


def test_a_record_that_breaks_two_rules_is_said_at_both() -> None:
    found = rules(many_rejections())
    assert {name: found[name]["also_rejected_by_others"] for name in (BAD_DATE, NO_ID, BAD_NUMBER)} == {
        BAD_DATE: 1, NO_ID: 1, BAD_NUMBER: 0,
    }  # fmt: skip


def test_a_warning_about_a_root_takes_nothing_with_it() -> None:
    found = rules(
        checked(broken(BAD_DATE, [5], "x"), broken(OLD_CODE, [5], "~"), cascaded("IDS201", [2, 3], "IDS101", 5))
    )
    assert (found[BAD_DATE]["cascade_rows"], found[OLD_CODE]["cascade_rows"]) == (2, 0)
    assert (found[BAD_DATE]["also_rejected_by_others"], found[OLD_CODE]["also_rejected_by_others"]) == (0, 0)


def test_heaviest_effect_first_then_what_takes_most_with_it() -> None:
    found = checked(
        broken(OLD_CODE, range(2, 90), "~"),
        broken(NO_ID, [2, 3, 4]),
        broken(BAD_DATE, [5], "x"),
        cascaded("IDS201", [2, 3, 4], "IDS101", 5),
        about_file("GATE-COLUMN-UNKNOWN", "IDS101", "Surname"),
    )
    assert list(rules(found)) == ["GATE-COLUMN-UNKNOWN", BAD_DATE, NO_ID, OLD_CODE]


def test_effects_are_counted_by_rules_records_and_findings() -> None:
    assert as_json(many_rejections(), REJECTED)["effects"] == {
        "record rejected": {"rules": 3, "findings": 6, "records": 5},
        "warning": {"rules": 2, "findings": 43, "records": 41},
    }


# Notes: what was read as what


SPELLED = "GATE-COLUMN-SPELLING"


def noted() -> SubmissionChecked:
    """A submission whose only findings are notes, one of them the same for two tables' files."""
    return checked(
        about_file(
            SPELLED,
            "IDS101",
            "«Service Request Id» as ServiceRequestId",
            "«Service Request Id» as ServiceRequestId",
        ),
        about_file(SPELLED, "IDS201", "2 columns"),
    )


def test_a_note_is_no_broken_rule_and_is_in_no_count() -> None:
    verdict = as_json(noted(), "accepted")
    assert (verdict["rules"], verdict["effects"], verdict["totals"]["findings"]) == ([], {}, 0)
    (note,) = verdict["notes"]
    assert (note["rule_id"], note["effect"], note["message"]) == (SPELLED, "note", RULES[SPELLED].message)
    assert note["found"] == [
        {"table": "IDS101Referral", "found": "«Service Request Id» as ServiceRequestId"},
        {"table": "IDS201CareContact", "found": "2 columns"},
    ]
    assert as_json(clean(), "accepted")["notes"] == []


def test_a_note_says_what_was_found_beside_its_message() -> None:
    for name, said in (
        ("GATE-EMPTY-ROWS", "There are rows without any value. They were left out."),
        ("GATE-READ-NAME", "Names of files are read as those of their tables."),
        ("GATE-READ-FORM", "Read as what it is."),
    ):
        (note,) = as_json(checked(about_file(name, "IDS101", "30 rows")), "accepted")["notes"]
        assert (note["message"], note["found"]) == (said, [{"table": "IDS101Referral", "found": "30 rows"}])


def test_no_note_of_the_catalogue_shows_where_its_words_go() -> None:
    notes = [rule for rule in RULES.values() if rule.effect is Effect.NOTE]
    assert len(notes) > 10
    assert [rule.id for rule in notes if "{" in note_message(rule) or len(note_message(rule)) < 5] == []


def test_a_verdict_says_whose_it_is_and_what_its_header_does_not_say() -> None:
    for provider, month, said in (
        ("RW5", "2025-04", "RW5 2025-04"),
        ("RW5", None, "RW5, month not known"),
        (None, "2025-04", "provider not known, 2025-04"),
        (None, None, "provider and month not known"),
    ):
        assert whose({"provider": provider, "month": month}) == said


def test_a_note_leaves_the_outcome_as_it_is() -> None:
    for others, state in (
        ([], State.ACCEPTED),
        ([broken(OLD_CODE, [5], "~")], State.ACCEPTED_WITH_WARNINGS),
        ([broken(NO_ID, [2])], State.ACCEPTED_WITH_REJECTIONS),
    ):
        found = checked(about_file(SPELLED, "IDS101", "2 columns"), *others)
        assert state_of(found) is state
        warnings = sum(each["warnings"] for each in Verdict.of(found).found.values())
        assert warnings == (1 if state is State.ACCEPTED_WITH_WARNINGS else 0)


def test_more_notes_than_can_be_read_are_counted() -> None:
    many = checked(about_file(SPELLED, "IDS101", *(f"{number} columns" for number in range(40))))
    (note,) = as_json(many, "accepted")["notes"]
    assert (len(note["found"]), note["found_more"]) == (30, 10)


def test_page_workbook_and_lines_say_what_was_read_as_what(tmp_path: Path) -> None:
    write_report(tmp_path, noted(), "accepted")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "There is nothing to correct." in page and "What was read as what" in page
    assert "IDS101Referral: «Service Request Id» as ServiceRequestId" in page and "What to fix first" not in page
    book = load_workbook(tmp_path / "findings.xlsx")
    assert [row[5].value for row in book["Note"].iter_rows(min_row=2)][-1] == "2 columns"
    summary = [[cell.value for cell in row] for row in book["Summary"].iter_rows()]
    assert [RULES[SPELLED].message, "IDS201CareContact: 2 columns"] in [row[:2] for row in summary]
    assert "2 columns" in (tmp_path / "findings.csv").read_text(encoding="utf-8")


# Where


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ""),
        ([7], "7"),
        ([4, 5, 6, 9], "4-6, 9"),
        ([2, 4, 6, 8, 9, 10], "2, 4, 6 and 3 more rows"),
        ([2, 4, 6, 8], "2, 4, 6 and 1 more row"),
    ],
)
def test_rows_are_ranges_and_what_is_left_out_is_counted(rows: list[int], said: str) -> None:
    assert row_ranges(pl.Series(rows, dtype=pl.Int64), at_most=3) == said


@pytest.mark.parametrize(
    ("rows", "letters", "said"),
    [
        ([214, 215, 216, 302], ["F"], "F214-F216, F302"),
        ([9], ["B", "AA"], "B9, AA9"),
        ([9], [], ""),
        ([], ["B"], ""),
        ([2, 4, 6, 8], ["B", "C"], "B2, B4, C2, C4 and 4 more cells"),
    ],
)
def test_cells_are_those_of_a_spreadsheet(rows: list[int], letters: list[str], said: str) -> None:
    assert cell_ranges(pl.Series(rows, dtype=pl.Int64), letters, at_most=4) == said


@pytest.mark.parametrize(
    ("index", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_columns_have_the_letters_of_a_spreadsheet(index: int, letter: str) -> None:
    assert letters_of_column(index) == letter


def test_a_finding_names_its_rows_and_cells_as_in_the_file() -> None:
    rule = rules(many_rejections())[BAD_DATE]
    assert (rule["table"], rule["records"], rule["rows"], rule["cells"]) == (
        "IDS101Referral",
        3,
        "5-6, 9",
        "D5-D6, D9",
    )


def test_a_column_missing_from_the_file_has_no_cells() -> None:
    found = many_rejections()
    found.received["IDS101"].columns.clear()  # type: ignore[attr-defined]
    assert rules(found)[BAD_DATE]["cells"] == ""


def test_a_finding_about_the_file_is_one_and_nowhere() -> None:
    rule = rules(rejected_file())["GATE-COLUMN-UNKNOWN"]
    assert (rule["records"], rule["findings"], rule["rows"], rule["cells"]) == (1, 2, "", "")
    assert rule["values"] == ["Address line 1", "Surname"]


# What was found, what is accepted


def test_the_five_commonest_values_are_shown_with_their_counts() -> None:
    rule = rules(many_rejections())[OLD_CODE]
    assert rule["values"] == ["~", "0", "1", "10", "11"]
    assert rule["value_records"] == [20, 1, 1, 1, 1]
    assert rule["distinct_values"] == 22
    assert "«~», «0», «1», «10», «11» and 17 more" in rule["message"]


def test_a_value_that_identifies_is_not_shown_and_that_is_said() -> None:
    rule = rules(many_rejections())[BAD_NUMBER]
    assert (rule["values"], rule["masked"], rule["message"]) == ([], True, message(RULES[BAD_NUMBER]))
    assert "{" not in rule["message"]
    assert rules(many_rejections())[NO_ID]["masked"] is False  # blank, and blank identifies nobody


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("A {A} is not a date.", ["x"], "A «x» is not a date."),
        ("A {A} is not a date.", [], "A is not a date."),
        ("A {A} is not a date.", ["x", "y"], "A («x», «y») is not a date."),
        (
            "End {A} is before start {B}.",
            ["A 2026-04-02 · B 2026-04-09"],
            "End «2026-04-02» is before start «2026-04-09».",
        ),
        (
            "End {A} is before start {B}.",
            ["A 1 · B 2", "A 3 · B 4"],
            "End «1» is before start «2». There is 1 other combination.",
        ),
        ("{A} is before {IDS101_B}.", ["A 1 · IDS101.B 2 · 3"], "«1» is before «2 · 3»."),
        ("{A} stands beside another.", ["A 1 · B 2"], "«1» stands beside another."),
        ("{A} is after {IDS001_PersonBirthDate}.", ["1", "2"], "«1», «2» is after «…»."),
        ("{A} is before {IDS101_B}.", [], "«…» is before «…»."),
        (
            "End {A} is before start {B}.",
            ["A 1 · B 2"] * 3,
            "End «1» is before start «2». There are 2 other combinations.",
        ),
        ("The reason is {A}.", [], "The reason is «…»."),
        ("Nothing to fill in.", ["x"], "Nothing to fill in."),
    ],
)
def test_a_message_says_what_was_found_where_it_can(text: str, values: list[str], said: str) -> None:
    fields = ("A", "B") if any(" · B " in value for value in values) else ("A",)
    fails = text.replace("{", "").replace("}", "")
    rule = Rule("T-1", "IDS101", Effect.WARNING, fields, fails, text, "", owner=Owner.CLINICIAN)
    assert message(rule, values, len(values)) == said


def test_what_is_accepted_is_said_where_the_declaration_says_it() -> None:
    found = rules(many_rejections())
    assert found[BAD_DATE]["expected"] == TABLES["IDS101"].by_name["ReferralRequestReceivedDate"].expected
    assert found[OLD_CODE]["expected"] == "a code of the list end_code"
    assert found["GATE-COLUMN-ABSENT"]["expected"] == ""


def test_a_rule_says_why_it_matters_its_level_and_its_dimension() -> None:
    rule, found = RULES[BAD_DATE], rules(many_rejections())[BAD_DATE]
    assert (found["fix"], found["why"], found["level"], found["dimension"]) == (
        rule.fix, rule.why, rule.level.value, rule.dimension.value,
    )  # fmt: skip


# Until when


@pytest.mark.parametrize(
    ("month", "last_day"),
    [
        (date(2026, 4, 1), date(2026, 5, 31)),
        (date(2026, 12, 1), date(2027, 1, 31)),
        (date(2027, 1, 1), date(2027, 2, 28)),
        (date(2023, 10, 1), date(2023, 11, 30)),
        (date(2023, 9, 1), date(2023, 11, 30)),  # two windows then: the second counted
        (date(2022, 11, 1), date(2023, 1, 31)),
    ],
)
def test_a_month_closes_at_the_end_of_its_window(month: date, last_day: date) -> None:
    window = closes(month)
    assert (window.closes, window.basis.split(":")[0]) == (last_day, "derived")


def test_a_published_date_is_marked_as_such() -> None:
    lines = [
        "month,closes,source,confidence",
        "2026-04,2026-05-21,Timetable 2026-27,F",
        "2026-05,2026-06-19,A mail,R",
    ]
    found = windows(lines)
    assert found[date(2026, 4, 1)].closes == date(2026, 5, 21)
    assert [window.basis for window in found.values()] == ["published: Timetable 2026-27", "recalled: A mail"]


def test_every_published_date_lies_after_its_month() -> None:
    with (Path(__file__).parents[2] / "schemas" / "windows.csv").open(encoding="utf-8") as file:
        assert all(month < window.closes for month, window in windows(file).items())


def test_the_verdict_says_until_when_and_how_that_is_known() -> None:
    verdict = as_json(clean(), "accepted")
    assert verdict["deadline"] == "2026-05-31T23:59:00"
    assert verdict["deadline_basis"] == "derived: last day of the month after the month reported"
    assert deadline(verdict["deadline"]) == "31 May 2026, 11:59 pm"
    unknown = as_json(rejected_file(), "file rejected")
    assert (unknown["deadline"], unknown["deadline_basis"], deadline(None)) == (None, None, "")


# New, still there, resolved


def test_without_an_earlier_report_nothing_is_new() -> None:
    verdict = as_json(many_rejections(), REJECTED)
    assert verdict["compared"] is False
    assert {(rule["status"], rule["records_before"]) for rule in verdict["rules"]} == {(None, None)}


def test_rules_are_new_still_there_or_resolved() -> None:
    before = as_json(checked(broken(BAD_DATE, [2, 3, 4, 5], "x"), broken(NO_ID, [7, 8])), REJECTED)
    verdict = as_json(checked(broken(BAD_DATE, [2], "x"), broken(BAD_NUMBER, [9])), REJECTED, before)
    found = {rule["rule_id"]: (rule["status"], rule["records_before"]) for rule in verdict["rules"]}
    assert found == {BAD_DATE: ("persisting", 4), BAD_NUMBER: ("new", 0)}
    assert [(rule["rule_id"], rule["records_before"]) for rule in verdict["resolved"]] == [(NO_ID, 2)]
    assert verdict["resolved"][0]["message"] == message(RULES[NO_ID])


def test_a_rule_of_a_table_that_could_not_be_read_is_not_resolved() -> None:
    before = as_json(checked(broken(BAD_DATE, [2], "x"), broken(BAD_NUMBER, [9])), REJECTED)
    verdict = as_json(
        checked(about_file("GATE-BYTES", "IDS101", "row 7"), unread="IDS101"), "file rejected", before
    )
    assert [rule["rule_id"] for rule in verdict["resolved"]] == [BAD_NUMBER]
    assert [rule["rule_id"] for rule in verdict["not_checked"]] == [BAD_DATE]
    gone = as_json(checked(rows_in={"IDS000": 1, "IDS001": 5}), "accepted", before)
    assert [rule["rule_id"] for rule in gone["not_checked"]] == [BAD_DATE]  # the table did not come at all


@pytest.mark.parametrize(
    "header",
    [Header("RV5", APRIL.start, APRIL.end, APRIL.version), Header("RW5", date(2026, 5, 1), date(2026, 5, 31))],
    ids=["another provider", "another month"],
)
def test_only_reports_of_one_provider_and_month_are_compared(header: Header) -> None:
    before = as_json(checked(broken(NO_ID, [7]), header=header), REJECTED)
    assert as_json(clean(), "accepted", before)["compared"] is False


def test_a_report_whose_header_could_not_be_read_is_compared() -> None:
    before = as_json(checked(broken(NO_ID, [7]), header=NOBODY), "file rejected")
    assert [rule["rule_id"] for rule in as_json(clean(), "accepted", before)["resolved"]] == [NO_ID]


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"rules": 7}',
        '{"rules": [1, {}]}',
        '{"rules": [{"rule_id": 5, "records": "x"}]}',
        "\x00",
    ],
)
def test_a_damaged_earlier_report_stops_nothing(tmp_path: Path, kept: str) -> None:
    (tmp_path / "report.json").write_text(kept, encoding="utf-8")
    write_report(tmp_path, many_rejections(), REJECTED)
    assert json.loads((tmp_path / "report.json").read_text())["outcome"] == REJECTED


def test_an_earlier_report_that_the_disk_does_not_give_is_not_taken_for_none(tmp_path: Path) -> None:
    assert earlier_report(tmp_path / "report.json", "a-receipt") is None
    (tmp_path / "report.json").write_text("{}")
    assert earlier_report(tmp_path / "report.json" / "report.json", "a-receipt") is None
    (tmp_path / "folder" / "report.json").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        earlier_report(tmp_path / "folder" / "report.json", "a-receipt")


def test_the_report_before_in_the_same_folder_is_compared_with(tmp_path: Path) -> None:
    write_report(tmp_path, checked(broken(BAD_DATE, [2, 3], "x"), broken(NO_ID, [7])), REJECTED)
    write_report(tmp_path, checked(broken(BAD_DATE, [2], "x")), REJECTED)
    verdict = json.loads((tmp_path / "report.json").read_text())
    assert [(rule["status"], rule["records_before"]) for rule in verdict["rules"]] == [("persisting", 2)]
    assert [rule["rule_id"] for rule in verdict["resolved"]] == [NO_ID]


def test_a_submission_checked_again_is_not_its_own_predecessor(tmp_path: Path) -> None:
    for _ in range(2):
        write_report(tmp_path, many_rejections(), REJECTED, "a-receipt")
    assert json.loads((tmp_path / "report.json").read_text())["compared"] is False


def test_the_report_before_that_is_given_goes_before_the_one_that_lies_there(tmp_path: Path) -> None:
    write_report(tmp_path, many_rejections(), REJECTED)
    write_report(tmp_path, checked(broken(NO_ID, [7])), REJECTED, previous=as_json(clean(), "accepted"))
    verdict = json.loads((tmp_path / "report.json").read_text())
    assert [rule["status"] for rule in verdict["rules"]] == ["new"]
    assert verdict["resolved"] == []


# The receipt


def test_the_verdict_says_which_rules_were_in_force() -> None:
    ruleset = as_json(clean(), "accepted")["ruleset"]
    assert ruleset["rules"] == len(clean().rules)
    earlier = checked(header=Header("RW5", date(2025, 4, 1), date(2025, 4, 30), Version.IAPT_2_0))
    assert as_json(many_rejections(), REJECTED)["ruleset"] == ruleset != as_json(earlier, "accepted")["ruleset"]


def test_rows_in_are_accepted_and_rejected_for_every_table() -> None:
    for found in (clean(), many_rejections(), rejected_file()):
        verdict = as_json(found, "any")
        for counts in (*verdict["tables"].values(), verdict["totals"]):
            assert counts["rows_in"] == counts["accepted"] + counts["rejected"]


# CSV


def test_every_finding_is_a_line_of_the_csv_with_its_cell(tmp_path: Path) -> None:
    write_report(tmp_path, many_rejections(), REJECTED)
    lines = list(csv.DictReader((tmp_path / "findings.csv").open(encoding="utf-8", newline="")))
    assert len(lines) == 99
    assert {line["cell"] for line in lines if line["rule_id"] == BAD_DATE} == {"D5", "D6", "D9"}
    line = next(line for line in lines if line["rule_id"] == "IDS202-CASCADE")
    assert (line["cause_table"], line["cause_row"], line["cell"]) == ("IDS101", "5", "")


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "=cmd|' /C calc'!A0"]


def test_nothing_in_the_csv_is_run_by_a_spreadsheet(tmp_path: Path) -> None:
    write_report(
        tmp_path, checked(broken(OLD_CODE, range(2, 2 + len(FORMULAS)), FORMULAS)), "accepted with warnings"
    )
    lines = csv.DictReader((tmp_path / "findings.csv").open(encoding="utf-8", newline=""))
    assert [line["found"] for line in lines] == [f"'{value}" for value in FORMULAS]


# The workbook


def book(folder: Path, found: SubmissionChecked, previous: dict[str, Any] | None = None) -> Workbook:
    write_report(folder, found, REJECTED, previous=previous)
    return load_workbook(folder / "findings.xlsx")


def lines_of(sheet: Worksheet) -> list[dict[str, Any]]:
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_there_is_a_sheet_per_effect_and_what_to_do_and_the_receipt(tmp_path: Path) -> None:
    assert book(tmp_path, many_rejections()).sheetnames == [
        "Summary", "Record rejected", "Warning", "How to fix", "Records to correct", "Resolved", "Receipt",
    ]  # fmt: skip
    assert book(tmp_path, rejected_file()).sheetnames[1:3] == ["File rejected", "Record rejected"]


def test_without_findings_there_is_no_workbook_and_the_page_names_none(tmp_path: Path) -> None:
    """Nor one of an earlier check that had findings."""
    for found, is_there in ((clean(), False), (many_rejections(), True), (clean(), False)):
        write_report(tmp_path, found, "accepted")
        assert (tmp_path / "findings.xlsx").exists() is is_there
        assert ("findings.xlsx" in (tmp_path / "report.html").read_text(encoding="utf-8")) is is_there


def test_a_line_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    before = as_json(checked(broken(BAD_DATE, [2], "x")), REJECTED)
    lines = lines_of(book(tmp_path, many_rejections(), before)["Record rejected"])
    assert next(line for line in lines if line["Row"] == 9 and line["Rule"] == BAD_DATE) == {
        "Table": "IDS101Referral", "Row": 9, "Cell": "D9", "Rule": BAD_DATE, "Field": "ReferralRequestReceivedDate",
        "Found": "tomorrow", "What is wrong": message(RULES[BAD_DATE], ["tomorrow"], 1), "How to fix it": RULES[BAD_DATE].fix,
        "Because of": None, "Since last time": "still there", "Who can mend it": "supplier",
    }  # fmt: skip
    assert {line["Found"] for line in lines if line["Rule"] == BAD_NUMBER} == {"(not shown)"}
    assert {line["Found"] for line in lines if line["Rule"] == NO_ID} == {"(blank)"}


def test_what_fell_comes_after_its_roots_and_names_them(tmp_path: Path) -> None:
    lines = lines_of(book(tmp_path, many_rejections())["Record rejected"])
    assert [line["Because of"] is None for line in lines] == [True] * 6 + [False] * 50
    assert lines[-1]["Because of"] == "IDS001MPI row 14"
    assert lines[7]["Because of"] == "IDS101Referral row 5"
    assert {line["Found"] for line in lines[6:]} == {None}


def test_what_the_gate_found_is_named_in_its_message(tmp_path: Path) -> None:
    lines = lines_of(book(tmp_path, rejected_file())["File rejected"])
    assert [(line["Table"], line["Row"], line["Found"], line["What is wrong"]) for line in lines][:2] == [
        ("The submission", None, "holiday photos", "holiday photos is not the name of a table of the dataset."),
        ("IDS101Referral", None, "Surname", "Surname is not a column of this table."),
    ]


def test_ids_and_values_are_text_and_nothing_is_run(tmp_path: Path) -> None:
    values = [*FORMULAS, "0123456789012345678", "1e5", "http://example.com", "02/04/2026"]
    sheet = book(tmp_path, checked(broken(OLD_CODE, range(2, 2 + len(values)), values)))["Warning"]
    found = [row[5] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in found] == ["s"] * len(values)
    assert [cell.number_format for cell in found] == ["@"] * len(values)
    assert [cell.value for cell in found][:4] == ["=1+1", "+1", "-1", "@SUM(A1)"]
    assert found[8].value == "0123456789012345678"
    assert not sheet._hyperlinks


def test_the_names_of_the_columns_stay_in_sight_and_lines_can_be_filtered(tmp_path: Path) -> None:
    found = book(tmp_path, many_rejections())
    for name, last in (("Record rejected", "K57"), ("Warning", "K44"), ("How to fix", "S6")):
        assert (found[name].freeze_panes, found[name].auto_filter.ref) == ("A2", f"A1:{last}")


def test_columns_are_as_wide_as_what_is_in_them_within_reason(tmp_path: Path) -> None:
    widths = book(tmp_path, many_rejections())["Record rejected"].column_dimensions
    assert widths["D"].width >= len(BAD_DATE)
    assert widths["H"].width <= 61
    assert book(tmp_path, many_rejections())["Record rejected"]["H2"].alignment.wrap_text


def test_a_full_sheet_says_how_many_lines_are_in_the_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LINES_SHOWN", 10)
    found = book(tmp_path, many_rejections())
    rows = list(found["Record rejected"].iter_rows(values_only=True))
    assert len(rows) == 1 + 10 + 1
    assert rows[-1][0] == "46 more are in findings.csv."
    assert [row[8] is None for row in rows[1:11]] == [True] * 6 + [False] * 4  # roots first
    assert found["Record rejected"].auto_filter.ref == "A1:K11"
    assert ("Sheet «Warning»", "33 more lines are in findings.csv") in [
        row[:2] for row in found["Summary"].iter_rows(values_only=True)
    ]


def test_how_to_fix_has_a_line_per_rule(tmp_path: Path) -> None:
    lines = lines_of(book(tmp_path, many_rejections())["How to fix"])
    assert [line["Rule"] for line in lines] == [BAD_DATE, BAD_NUMBER, NO_ID, OLD_CODE, "GATE-COLUMN-ABSENT"]
    assert (lines[0]["Records"], lines[0]["Further rows that count again"], lines[0]["Rows"]) == (3, 48, "5-6, 9")
    assert [line["All rows that count again"] for line in lines] == [50, 3, 1, 0, 0]
    assert [line["With all rules above it"] for line in lines] == [50, 53, 55, 0, 0]
    assert (lines[0]["How to fix it"], lines[0]["Why it matters"]) == (RULES[BAD_DATE].fix, RULES[BAD_DATE].why)


def test_each_who_can_mend_something_has_a_workbook_of_their_own(tmp_path: Path) -> None:
    found = checked(
        broken(BAD_DATE, [5, 6], "x"), broken("IDS101-106", [7]), broken("IDS001-104", [3]),
        cascaded("IDS201", [2, 3], "IDS101", 5),
    )  # fmt: skip
    write_report(tmp_path, found, REJECTED, is_split=True)
    books = {path.name: load_workbook(path) for path in tmp_path.glob("findings-*.xlsx")}
    assert set(books) == {"findings-supplier.xlsx", "findings-clinician.xlsx"}
    supplier, clinician = books["findings-supplier.xlsx"], books["findings-clinician.xlsx"]
    assert [line["Rule"] for line in lines_of(supplier["Record rejected"])] == [BAD_DATE, BAD_DATE, "IDS001-104"]
    assert [line["Rule"] for line in lines_of(clinician["Record rejected"])] == ["IDS101-106"]
    assert {line["Rule"] for line in lines_of(supplier["How to fix"])} == {"IDS001-104", BAD_DATE}
    assert ("For", "The supplier of your system") in [
        row[:2] for row in supplier["Summary"].iter_rows(values_only=True)
    ]
    whole = lines_of(load_workbook(tmp_path / "findings.xlsx")["Record rejected"])
    assert {line["Who can mend it"] for line in whole} == {"supplier", "clinician", None}  # None: by cascade
    write_report(tmp_path, found, REJECTED)
    assert not list(tmp_path.glob("findings-*.xlsx")), "of an earlier check"


def test_the_national_rule_stands_beside_ours(tmp_path: Path) -> None:
    found = checked(broken("IDS101-106", [7]), broken(OLD_CODE, [3], "~"))
    line = lines_of(book(tmp_path, found)["How to fix"])[0]
    assert (line["National rule"], line["Who can mend it"]) == ("MHS10128", "clinician")
    said = rules(found)["IDS101-106"]["national_rules"]
    assert [(each["id"], each["dataset"], each["version"]) for each in said] == [("MHS10128", "MHSDS", "6.0")]
    assert rules(found)["IDS101-106"]["owner"] == "clinician"


def test_the_summary_and_the_receipt_give_the_outcome(tmp_path: Path) -> None:
    write_report(tmp_path, many_rejections(), REJECTED, "2026-05-06-abc", content_sha256="f" * 64)
    found = load_workbook(tmp_path / "findings.xlsx")
    summary = [row[:4] for row in found["Summary"].iter_rows(values_only=True)]
    assert summary[0][0] == "Submission of RW5 for April 2026"
    assert ("Outcome", "Accepted with rejections", None, None) in summary
    assert ("Submit corrections by", "31 May 2026, 11:59 pm", None, None) in summary
    assert ("IDS101Referral", 150, 145, 5) in summary
    receipt = dict(row[:2] for row in found["Receipt"].iter_rows(values_only=True))
    assert (receipt["Receipt"], receipt["SHA-256 of the content"]) == ("2026-05-06-abc", "f" * 64)
    assert (receipt["Provider"], receipt["Month"], receipt["Dataset version"]) == ("RW5", "April 2026", "1.0")
    assert ("All tables", 2971, 2916, 55) in list(found["Receipt"].iter_rows(values_only=True))


def test_the_summary_says_what_has_changed(tmp_path: Path) -> None:
    before = as_json(checked(broken(BAD_DATE, [2], "x"), broken("IDS101-LocalPatientId-BLANK", [3])), REJECTED)
    rows = [row[:2] for row in book(tmp_path, many_rejections(), before)["Summary"].iter_rows(values_only=True)]
    assert rows[(place := rows.index(("Since last time", "Rules"))) + 1 : place + 5] == [
        ("New", 4), ("Still there", 1), ("Resolved", 1), ("Not checked", 0),
    ]  # fmt: skip
    assert "Since last time" not in [
        row[0] for row in book(tmp_path / "new", many_rejections())["Summary"].iter_rows(values_only=True)
    ]


def test_characters_that_do_not_print_do_not_damage_the_workbook(tmp_path: Path) -> None:
    values = ["a\x00b", "\x1b[31m", "a\u202eb", "￾", "x" * 40_000]
    sheet = book(tmp_path, checked(broken(OLD_CODE, range(2, 7), values)))["Warning"]
    assert [row[5].value for row in sheet.iter_rows(min_row=2)][:3] == ["a·b", "·[31m", "a·b"]


def test_there_are_four_files_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    verdict = write_report(tmp_path / "new" / "folder", many_rejections(), REJECTED, "r-1")
    assert verdict == json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    assert verdict | as_json(many_rejections(), REJECTED) == verdict
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "findings.csv", "findings.xlsx", "report.html", "report.json",
    ]  # fmt: skip


# From the command line


def test_a_site_sees_its_progress_from_check_to_check(tmp_path: Path, home: Path) -> None:
    wrong = (
        RIGHT["IDS101Referral"]
        + "R4,P1,QE1,02/04/2025,B1,,,,\nR5,PATIENT-FIVE-HAS-A-LONG-ID,QE1,2025-04-02,B1,,,,\n"
    )
    out, place = tmp_path / "out", tmp_path / "out" / "RW5_2025-04"
    folder = submission(tmp_path / "in", IDS101Referral=wrong)
    assert _run(["check", str(folder), "--report", str(out)]) == RECORDS_REJECTED
    first = json.loads((place / "report.json").read_text())
    assert not first["compared"]
    long_id = "IDS101-LocalPatientId-FORMAT"
    assert {rule["rule_id"]: rule["cells"] for rule in first["rules"]}[long_id] == "B6"
    submission(tmp_path / "in", IDS101Referral=wrong.replace("PATIENT-FIVE-HAS-A-LONG-ID", "P1"))
    assert _run(["check", str(folder), "--report", str(out)]) == RECORDS_REJECTED
    second = json.loads((place / "report.json").read_text())
    assert {rule["rule_id"]: rule["status"] for rule in second["rules"]}[BAD_DATE] == "persisting"
    assert long_id in [rule["rule_id"] for rule in second["resolved"]]
    submission(tmp_path / "in")
    assert _run(["check", str(folder), "--report", str(out)]) == CLEAN
    assert "PATIENT-FIVE" not in "".join(path.read_text(errors="replace") for path in place.glob("*.[hjc]*"))
