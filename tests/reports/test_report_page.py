"""The page a site gets: what stands where, how large it may be, that it is safe to open and that anybody can read it."""

import re
from html import unescape
from pathlib import Path

import pytest

from reports.site.page import page
from reports.site.report import as_json, write_report
from reports.templating import MOST_BYTES
from schemas.dataset import TABLES
from tests.fixtures.browser import Browser, axe
from tests.fixtures.page import (
    BAD_DATE,
    NO_ID,
    OLD_CODE,
    RULES,
    about_file,
    broken,
    cascaded,
    checked,
    clean,
    many_rejections,
    rejected_file,
)
from transforms.submission import SubmissionChecked

REJECTED = "accepted with rejections"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = {
    "rejected file": (rejected_file, "file rejected"),
    "many rejections": (many_rejections, REJECTED),
    "clean": (clean, "accepted"),
}


def shown(
    found: SubmissionChecked, state: str = REJECTED, before: SubmissionChecked | None = None, receipt: str = "r-1"
) -> str:
    previous = as_json(before, REJECTED) if before else None
    return page(as_json(found, state, previous) | {"submission_id": receipt, "content_sha256": ""})


def words(html: str) -> str:
    """What the page says, without marks."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


# What is said, in which order


def test_outcome_and_deadline_come_first_and_the_receipt_last() -> None:
    said = words(shown(many_rejections(), before=checked(broken(NO_ID, [7]))))
    order = [
        "Accepted with rejections.", "Submit corrections by 31 May 2026, 11:59 pm", "What counts",
        "What has changed since last time", "What to fix first", "Rejections, rule by rule", "Warnings, rule by rule",
        "Rows rejected only because of another record", "Rows in = accepted + rejected", "Receipt r-1",
    ]  # fmt: skip
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_what_counts_is_said_in_numbers() -> None:
    said = words(shown(many_rejections()))
    assert "2,916 of 2,971 records count; 55 do not." in said
    assert "Records that count 2,916" in said


def test_the_page_says_what_to_correct_so_that_everything_counts() -> None:
    said = words(shown(many_rejections()))
    assert "Correct these 5 records and all 55 rejections disappear." in said
    assert "50 rows have nothing wrong themselves" in said
    assert "48 further rows were rejected only because of these." in said
    assert "Correct these 3 records and 50 rejections disappear." in said
    assert "2 further rows were rejected only because of this one." in said
    assert "With all that is above in this list, 53 rejections disappear." in said
    assert "Records that bring back most" in said and "IDS101Referral row 5 49 49" in said
    both = words(shown(checked(broken(BAD_DATE, [5], "x"), broken(NO_ID, [5]))))
    assert "Corrected alone, nothing counts again: something else rejects this record too" in both


def test_one_is_not_many() -> None:
    said = words(shown(checked(broken(BAD_DATE, [5], "x"), cascaded("IDS201", [2], "IDS101", 5))))
    assert "Correct this record and all 2 rejections disappear." in said
    assert "1 row has nothing wrong itself: it belongs to this record." in said
    assert (
        "1 further row was rejected only because of this one. Correct this record and 2 rejections disappear."
        in said
    )
    assert "Correct this record and the rejection disappears." in words(shown(checked(broken(BAD_DATE, [5], "x"))))


def test_a_rejected_file_says_what_rejects_it_before_all_else() -> None:
    said = words(shown(rejected_file(), "file rejected"))
    assert "No record of this submission counts." in said
    assert "3 findings reject the whole file. Correct them first. 3 records break other rules" in said
    assert "The deadline is not known, because the header does not give the month." in said


def test_a_clean_submission_says_that_there_is_nothing_to_do() -> None:
    said = words(shown(clean(), "accepted"))
    assert "All 2,971 records count. There is nothing to correct." in said
    assert "You can replace this submission until 31 May 2026, 11:59 pm" in said
    assert "What to fix first" not in said


def test_a_check_is_not_a_submission_and_says_so() -> None:
    said = words(shown(many_rejections(), receipt=""))
    assert "This was a check. Nothing has been submitted." in said
    assert "2,916 of 2,971 records would count; 55 would not." in said
    assert "Receipt None: this was a check." in said
    assert "This was a check" not in words(shown(many_rejections()))


def test_what_is_new_still_there_resolved_and_not_checked_is_told_apart() -> None:
    before = checked(
        broken(BAD_DATE, range(2, 7), "x"),
        broken("IDS101-LocalPatientId-BLANK", [8]),
        broken("IDS202-CareActId-BLANK", [4]),
    )
    now = checked(broken(BAD_DATE, [5], "x"), broken(NO_ID, [9]), rows_in={"IDS000": 1, "IDS101": 20})
    said = words(shown(now, before=before)).partition("since last time")[2].partition("What to fix")[0]
    assert "New 1 rule ServiceRequestId is blank. IDS101Referral · 1 record" in said
    assert "Resolved 1 rule LocalPatientId is blank. IDS101Referral · 1 record last time, none now" in said
    assert "Not checked 1 rule" in said and "the table could not be read now" in said
    assert "Still there 1 rule 1 record, last time 5." in said
    assert "since last time" not in words(shown(now))


def test_rows_added_changed_and_gone_are_said_for_each_table() -> None:
    said = words(shown(many_rejections())).partition("since RW5_2026-03, the earlier extract")[2]
    assert "1 is new and 1 is still there. 1 is corrected, and 0 are gone with the record." in said
    assert "IDS101Referral 148 150 4 6 2 1 table is as it was." in said
    assert "the earlier extract" not in words(shown(clean(), "accepted"))


def test_a_report_of_an_earlier_version_can_be_written_anew() -> None:
    """The page is made again when the standing of a submission changes, of the report as it was written then."""
    old = as_json(many_rejections(), REJECTED) | {"submission_id": "r-1", "content_sha256": ""}
    for name in ("changes", "to_correct", "notes"):
        del old[name]
    del old["totals"]["to_correct"]
    for rule in old["rules"]:
        for name in ("owner", "national_rules", "records_to_correct", "returns_alone", "returns_so_far"):
            del rule[name]
    assert "Correct these 5 records and all 55 rejections disappear." in words(page(old))


def test_a_detail_has_message_fix_reason_places_values_and_id() -> None:
    detail = words("<body>" + shown(many_rejections()).partition('id="rule-1"')[2].partition("</section>")[0])
    rule = RULES[BAD_DATE]
    expected = TABLES["IDS101"].by_name["ReferralRequestReceivedDate"].expected
    for part in (
        f"How to fix it {rule.fix}", f"Why it matters {rule.why}", "Rows 5-6, 9", "Cells D5-D6, D9",
        "Found 02/04/2026 in 2 records tomorrow in 1 record", f"Accepted {expected}", f"Rule {BAD_DATE}",
    ):  # fmt: skip
        assert part in detail


def test_what_cannot_be_shown_is_said() -> None:
    said = words(shown(many_rejections()))
    assert "Found Not shown: the value could identify a person." in said
    assert "Found The value is blank." in said
    assert "and 17 other values" in said


# How much


def hostile() -> SubmissionChecked:
    """Every rule that there is, each at thousands of scattered places, with the longest values that can be."""
    values = ["<&\"'>" * 12 + str(n) for n in range(9)]
    told = [
        broken(rule.id, range(2, 200, 2), [values[n % 9] for n in range(99)])
        for rule in RULES.values()
        if rule.table and not rule.id.endswith("-CASCADE")
    ]
    files = [about_file("GATE-COLUMN-UNKNOWN", table, *(f"{'&' * 55}{n}" for n in range(100))) for table in TABLES]
    return checked(*files, *told, rows_in=dict.fromkeys(TABLES, 300))


def test_the_page_stays_small_with_any_findings_and_says_what_it_leaves_out() -> None:
    html = shown(hostile(), "file rejected", before=many_rejections())
    assert len(html.encode()) <= MOST_BYTES
    said = words(html)
    number = html.count('<section class="rule"')
    assert number >= 10
    assert re.search(rf"This page shows the {number} most serious of \d{{3,}} broken rules", said)
    assert "findings.xlsx , sheet «How to fix»" in said


def test_every_link_leads_somewhere() -> None:
    for html in (shown(many_rejections(), before=clean()), shown(hostile(), "file rejected", before=clean())):
        ids = re.findall(r' id="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    assert set(re.findall(r'href="([^#"]+)"', html)) == {"findings.xlsx", "findings.csv"}


# Safe to open


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_nothing_and_runs_nothing(name: str, tmp_path: Path) -> None:
    make, state = PAGES[name]
    write_report(tmp_path, make(), state)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "http:" not in html and "https:" not in html and "//" not in html.partition("<body>")[2]
    assert not re.search(r"<script|<img|<link|<iframe|<form|<object| on[a-z]+=| style=|url\(|@import", html)
    assert re.search(
        r"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-[\w+/=]{44}'", html
    )
    assert '<html lang="en-GB">' in html and 'name="viewport"' in html


def test_values_of_the_file_are_text_and_nothing_else() -> None:
    value = "</style><script>alert(1)</script>"
    html = shown(
        checked(about_file("GATE-TABLE-UNKNOWN", None, value), broken(OLD_CODE, [2], value)), "file rejected"
    )
    assert "<script" not in html
    assert html.count("</style>") == 1
    assert "&lt;script&gt;alert(1)" in html


def test_an_earlier_report_is_text_too() -> None:
    before = {"rules": [{"rule_id": "X", "table": "<i>", "message": "<script>", "records": 1}]}
    html = page(as_json(clean(), "accepted", before) | {"submission_id": "", "content_sha256": ""})
    assert "<script" not in html and "<i>" not in html


# For anybody


@pytest.fixture
def with_axe() -> None:
    if axe() is None:
        pytest.skip("axe-core is not installed")


def violations(html: str, chromium: Browser, workspace: Path) -> list[str]:
    """What axe-core finds on the page without its policy, every detail open."""
    page = workspace / "report.html"
    without_policy = (line for line in html.splitlines(keepends=True) if "Content-Security-Policy" not in line)
    page.write_text("".join(without_policy), encoding="utf-8")
    chromium.open(page, 1280)
    chromium.unfold()
    passes, found = chromium.violations(WCAG)
    assert passes > 10  # it did look
    return found


@pytest.mark.parametrize("name", PAGES)
def test_nothing_on_the_page_breaks_wcag_2_2_aa(
    name: str, tmp_path: Path, with_axe: None, chromium: Browser
) -> None:
    make, state = PAGES[name]
    assert violations(shown(make(), state, before=checked(broken(NO_ID, [7]))), chromium, tmp_path) == []


def test_axe_would_have_seen_it(tmp_path: Path, with_axe: None, chromium: Browser) -> None:
    broken_page = (
        shown(clean(), "accepted").replace(' lang="en-GB"', "").replace("--secondary: #4c6272", "--secondary: #bbb")
    )
    found = {line.partition(":")[0] for line in violations(broken_page, chromium, tmp_path)}
    assert found == {"html-has-lang", "color-contrast"}


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_a_screen(width: int, tmp_path: Path, chromium: Browser) -> None:
    wide = about_file("GATE-COLUMN-UNKNOWN", "IDS101", "x" * 60), broken(OLD_CODE, range(2, 300, 3), "y" * 60)
    report = tmp_path / "report.html"
    report.write_text(shown(checked(*wide), "file rejected"), encoding="utf-8")
    chromium.open(report, width)
    chromium.unfold()
    assert chromium.wider() == 0


def test_the_policy_lets_the_style_through(tmp_path: Path, chromium: Browser) -> None:
    """With its policy the page looks as it should: the hash is that of the style."""
    report = tmp_path / "report.html"
    report.write_text(shown(clean(), "accepted"), encoding="utf-8")
    chromium.open(report, 1280)
    assert chromium.run("getComputedStyle(document.querySelector('.band')).backgroundColor") == "rgb(0, 94, 184)"
