"""The dataset's documentation: complete, readable, never stale; its files work; one rule or element explained."""

import csv
import inspect
import io
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import reports.dataset.documents as documents_module
import schemas.codes
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.zones import PROJECT
from reports.dataset import code_lists, dictionary, rule_pages, templates
from reports.dataset.code_lists import codes_of, list_names
from reports.dataset.dictionary import IDENTITY, MANDATION, dictionary_page, entries, entries_named
from reports.dataset.documents import documents
from reports.dataset.explain import as_text, find
from reports.dataset.markdown import anchor, code, sql, table, text
from reports.dataset.rule_pages import END, START, VERSION, examples, in_force, looks_at, looks_beyond
from reports.dataset.templates import EXAMPLE
from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.field import Identity, Mandation
from schemas.instruments import instruments, questions
from schemas.rule import Effect, Owner, Rule
from schemas.ruleset import ruleset
from schemas.tools import tools
from schemas.versions import Version, tables_of
from warehouse.measures.catalogue import catalogue

WRITTEN = PROJECT / "docs" / "dataset"
FILES = documents()
PAGES = {name: content.decode() for name, content in FILES.items() if name.endswith(".md")}
MARKDOWN = MarkdownIt("commonmark").enable("table")
Captured = pytest.CaptureFixture[str]


def headings(page: str) -> list[str]:
    tokens = MARKDOWN.parse(page)
    return [after.content for before, after in pairwise(tokens) if before.type == "heading_open"]


def rows_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(FILES[name].decode())))


@cache
def anchors() -> dict[str, set[str]]:
    return {name: {anchor(heading) for heading in headings(page)} for name, page in PAGES.items()}


# ---- never stale ------------------------------------------------------------------------------------------


def test_the_files_in_the_repository_are_what_the_declarations_say(tmp_path: Path) -> None:
    assert _run(["dataset", str(tmp_path / "new")]) == CLEAN
    now, there = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "new", WRITTEN)
    )
    stale = sorted(name for name in now | there if now.get(name) != there.get(name))
    assert not stale, f"stale: {stale[:5]}; run make docs"


def test_the_same_declarations_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    probe = (
        "import hashlib; from reports.dataset.documents import documents; "
        "print(hashlib.sha256(repr(sorted(documents().items())).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", probe],
            check=True,
            capture_output=True,
            text=True,
            cwd=cwd,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT), "TZ": zone, "PYTHONDONTWRITEBYTECODE": "1"},
        ).stdout
        for seed, cwd, zone in (("1", PROJECT, "UTC"), ("2", tmp_path, "Pacific/Auckland"))
    }
    assert len(said) == 1


def test_no_file_names_this_machine_and_no_page_asks_the_clock() -> None:
    for name, content in FILES.items():
        assert str(PROJECT) not in content.decode(), name
    for module in (rule_pages, dictionary, documents_module, code_lists, templates):
        assert not re.search(r"\b(today|now|environ)\b", inspect.getsource(module)), module.__name__


def test_every_text_file_is_utf8_with_line_feeds_and_one_at_its_end() -> None:
    for name, content in FILES.items():
        if not name.startswith("example/"):
            assert b"\r" not in content, name
            assert content.decode().endswith("\n"), name
            assert not content.decode().endswith("\n\n"), name


def test_writing_into_a_folder_leaves_what_else_is_in_it(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert _run(["dataset", str(tmp_path)]) == CLEAN
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert f"{len(FILES)} files" in capfd.readouterr().out


def test_a_file_is_no_folder_to_write_into(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "file").write_text("mine")
    assert _run(["dataset", str(tmp_path / "file")]) == USAGE
    assert (tmp_path / "file").read_text() == "mine"
    assert "name a folder" in capfd.readouterr().err


# ---- complete ---------------------------------------------------------------------------------------------


def test_every_table_and_element_has_an_entry_of_its_own() -> None:
    found = Counter(headings(PAGES["data-dictionary.md"])[1:])
    wanted = [table.name for table in TABLES.values()]
    wanted += [f"{table.id}-{field.name}" for table in TABLES.values() for field in table.fields]
    assert found == Counter(wanted)


def test_every_rule_in_force_has_an_entry_on_the_page_and_a_row_in_the_file() -> None:
    rules = list(in_force())
    on_page = [heading for heading in headings(PAGES["rules.md"]) if heading in in_force()]
    assert Counter(on_page) == Counter(rules)
    assert [row["id"] for row in rows_of("rules.csv")] == rules


def test_the_rules_shown_are_those_of_the_example_month_and_no_earlier_version_has_another() -> None:
    assert VERSION is Version.SMI_1_0
    assert [date(2026, 4, 1), date(2026, 4, 30)] == [START, END]
    for version in Version:
        assert set(ruleset(version, START, END)) <= set(in_force())
    assert "April 2026, version 1.0" in PAGES["rules.md"]
    assert "Codes have valid dates" in PAGES["rules.md"]


def test_a_row_of_the_rules_says_all_that_the_rule_says() -> None:
    for row, rule in zip(rows_of("rules.csv"), in_force().values(), strict=True):
        assert (row["fails"], row["message"], row["fix"], row["why"]) == (
            rule.fails,
            rule.message,
            rule.fix,
            rule.why,
        )
        assert (row["effect"], row["level"], row["dimension"]) == (rule.effect, rule.level, rule.dimension)
        assert row["fields"].split() == list(rule.fields)
        assert (json.loads(row["bad"]) if row["bad"] else []) == [dict(record) for record in rule.bad]
        assert row["origin"] in ("gate", "cause", "generated", "written")


def test_every_code_of_every_list_is_in_the_file() -> None:
    files = {path.stem for path in (Path(schemas.codes.__file__).parent / "codes").glob("*.csv")}
    assert set(list_names()) == files
    rows = rows_of("code-lists.csv")
    assert [(row["list"], row["code"]) for row in rows] == [
        (name, found.code) for name in list_names() for found in codes_of(name)
    ]
    retired = next(row for row in rows if (row["list"], row["code"]) == ("source_of_referral", "J1"))
    assert retired["valid_to"] == str(next(c for c in code_list("source_of_referral") if c.code == "J1").valid_to)


def test_a_long_list_is_cut_on_the_page_and_says_where_the_rest_is() -> None:
    page = PAGES["code-lists.md"]
    for name in list_names():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        shown = len(re.findall(r"^\| `", section, re.MULTILINE))
        assert shown == len(codes_of(name)) or (shown == 25 and "code-lists.csv" in section), name


def test_every_instrument_is_listed_with_its_source_and_a_recalled_one_is_marked() -> None:
    page = PAGES["instruments.md"]
    for found in instruments():
        entry = page.split(f"\n## {found.instrument}\n")[1].split("\n## ")[0]
        assert text(found.source) in entry
        assert f"**send as**: `{found.codes[0]}`" in entry
        assert ("**(recalled)**" in entry) == bool(found.recalled), found.instrument


def test_every_question_about_care_is_listed() -> None:
    for found in questions():
        assert f"| `{found.code}` | {text(found.name)} |" in PAGES["instruments.md"]


def test_an_assessment_tool_has_the_range_of_its_scores() -> None:
    rows = {row["code"]: row for row in rows_of("code-lists.csv") if row["list"] == "assessment_tool"}
    assert {code: row["low"] for code, row in rows.items()} == {
        tool.code: "" if tool.low is None else f"{tool.low:g}" for tool in tools()
    }
    assert (rows["720433000"]["low"], rows["720433000"]["high"], rows["720433000"]["decimals"]) == ("0", "27", "0")


def test_every_difference_between_versions_is_given_with_its_reason() -> None:
    for version in Version:
        section = PAGES["versions.md"].split(f"\n## Version {version}\n")[1].split("\n## ")[0]
        for each in version.differences:
            assert text(each.reason) in section
            assert all(f"[{name}]" in section for name in each.fields)
    assert "valid from 2022-04-01" in PAGES["versions.md"]


def test_the_index_names_every_file() -> None:
    linked = set(re.findall(r"\]\(([^)#]+)", PAGES["README.md"]))
    for name in FILES:
        assert name == "README.md" or any(name == link or name.startswith(link) for link in linked), name


def test_every_mandation_and_every_way_of_identity_has_its_words() -> None:
    assert set(MANDATION) == set(Mandation)
    assert set(IDENTITY) == set(Identity)


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("IDS101-ServDischDate", "R (required)"),
        ("IDS001-LocalPatientId", "M (mandatory)"),
        ("IDS001-EthnicCategory2021", "P (pilot); since version 2.1"),
        ("IDS001-PersonBirthDate", "M (mandatory); R (required) in version 2.0"),
        ("IDS101-Pathway", "R (required); since version 1.0"),
        (
            "IDS201-ConsMediumUsed",
            "R (required); no longer requested since version 2.1: Replaced by ConsMechanism.",
        ),
        ("SMI901-Band", "O (optional); since version 1.0"),
    ],
)
def test_mandation_says_in_which_version_it_differs(element: str, said: str) -> None:
    (entry,) = entries_named(element)
    assert entry.mandation_says == said


def test_an_entry_says_what_becomes_of_its_values() -> None:
    said = {
        name: IDENTITY[entries_named(name)[0].field.identity] for name in ("NHSNumber", "Postcode", "GMPCodeReg")
    }
    assert said["NHSNumber"].startswith("becomes a keyed token")
    assert said["Postcode"].startswith("becomes the postcode district")
    assert said["GMPCodeReg"].startswith("dropped")


def test_the_dictionary_says_of_every_element_what_leaves() -> None:
    entry_parts = dictionary_page().split("\n### ")[1:]
    assert len(entry_parts) == len(entries())
    for entry, part in zip(entries(), entry_parts, strict=True):
        assert f"- **leaves as**: {IDENTITY[entry.field.identity]}\n" in part, entry.id


def test_a_rule_is_listed_with_every_element_it_looks_at_here_and_elsewhere() -> None:
    rule = Rule(
        "X", "IDS201", Effect.WARNING, ("CareContDate",),
        "CareContDate > IDS101_ServDischDate AND AppType_text <> 'Cancellation' AND IDS101_found", "", "",
        group_by=("CareContactId",), owner=Owner.CLINICIAN,
    )  # fmt: skip
    assert looks_at(rule) == (
        ("IDS201", "CareContDate"), ("IDS201", "CareContactId"), ("IDS201", "AppType"), ("IDS101", "ServDischDate"),
    )  # fmt: skip
    for entry in entries():
        for found in entry.rules:
            assert (entry.table.id, entry.field.name) in looks_at(found)
    assert all(any(rule in entry.rules for entry in entries()) for rule in in_force().values() if rule.fields)


def test_what_a_rule_looks_at_beyond_elements_is_said() -> None:
    orphan, score = in_force()["IDS201-101"], next(r for r in in_force().values() if "TOOL_low" in r.fails)
    assert looks_beyond(orphan) == ("IDS101",)
    assert looks_beyond(score) == ("TOOL",)
    page = PAGES["rules.md"]
    section = page.split("\n### IDS201-101\n")[1].split("\n### ")[0]
    assert "[IDS101Referral](#ids101referral)" in section
    assert "the reference set of assessment tools" in page.split(f"\n### {score.id}\n")[1].split("\n### ")[0]


def test_records_of_a_group_are_shown_together_in_an_example() -> None:
    record = {"CareContactId": "X9", "AppType": None}
    alone = Rule(
        "X", "IDS201", Effect.WARNING, ("AppType",), "TRUE", "", "", bad=(record, {}), owner=Owner.CLINICIAN
    )
    among = replace(alone, group_by=("CareContactId",))
    assert dict(examples(alone)) == {"fails": "CareContactId = X9, AppType blank; or the first record, unchanged"}
    assert dict(examples(among)) == {
        "fails": "CareContactId = X9, AppType blank beside the first record, unchanged"
    }


# ---- readable ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_a_table_has_the_cells_of_its_header(name: str) -> None:
    width = 0
    outside_code = re.sub(r"```.*?```", "", PAGES[name], flags=re.DOTALL)
    for line in outside_code.split("\n"):
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1 if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


@pytest.mark.parametrize("name", PAGES)
def test_every_table_is_read_as_one(name: str) -> None:
    tokens = [token.type for token in MARKDOWN.parse(PAGES[name])]
    assert tokens.count("table_open") == PAGES[name].count("\n| --- |")


@pytest.mark.parametrize("name", PAGES)
def test_no_two_headings_answer_to_one_link_and_every_link_leads_to_one(name: str) -> None:
    found = [anchor(heading) for heading in headings(PAGES[name])]
    assert len(found) == len(set(found))
    links = [
        token.attrs["href"]
        for block in MARKDOWN.parse(PAGES[name])
        for token in block.children or ()
        if token.type == "link_open"
    ]
    for link in links:
        target, _, place = str(link).partition("#")
        assert not target or target in FILES or any(file.startswith(target) for file in FILES), link
        assert not place or place in anchors()[target or name], link


def test_a_report_can_link_to_a_rule_by_its_id_in_lower_case() -> None:
    assert {rule_id.lower() for rule_id in in_force()} <= anchors()["rules.md"]


def test_no_page_is_too_large_to_be_shown() -> None:
    assert max(len(page.encode()) for page in PAGES.values()) < 512 * 1024


def test_signs_of_markdown_in_a_text_are_shown_unchanged() -> None:
    plain = "a|b *c* <d> [e](f) `g` ~h~ \\ i_j"
    (block,) = [token for token in MARKDOWN.parse(text(plain)) if token.type == "inline"]
    assert "".join(token.content for token in block.children or ()) == plain
    assert MARKDOWN.render(code("a `b` c")) == "<p><code>a `b` c</code></p>\n"
    assert "<code>a|b</code>" in MARKDOWN.render(table(("x", "y"), [(code("a|b"), text("c|d"))]))
    assert "<td>c|d</td>" in MARKDOWN.render(table(("x", "y"), [(code("a|b"), text("c|d"))]))


def test_a_predicate_is_broken_into_lines_but_never_inside_a_literal() -> None:
    long = "a_text NOT IN (" + ", ".join(f"'code  {n}'" for n in range(40)) + ") AND b = ', '"
    shown = sql(long)
    assert max(len(line) for line in shown.split("\n")) <= 100
    assert shown.replace("\n", " ") == long


# ---- the files work ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", Version)
def test_a_template_is_the_row_of_names_of_its_version_as_excel_takes_it(version: Version) -> None:
    expected = {f"templates/{version}/{found.name}.csv" for found in tables_of(version).values()}
    assert {name for name in FILES if name.startswith(f"templates/{version}/")} == expected
    for found in tables_of(version).values():
        content = FILES[f"templates/{version}/{found.name}.csv"]
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.decode("utf-8-sig") == ",".join(found.by_name) + "\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("version", Version)
def test_blank_templates_with_a_header_record_are_a_submission_without_a_finding(
    tmp_path: Path, home: Path, capfd: Captured, version: Version, line_end: str
) -> None:
    folder = tmp_path / EXAMPLE
    folder.mkdir()
    for found in tables_of(version).values():
        content = FILES[f"templates/{version}/{found.name}.csv"].decode().replace("\n", line_end)
        if found.id == "IDS000":
            record = {
                "DatSetVer": version.value, "OrgIDProv": "RW5", "OrgIDSubmit": "RW5", "PrimSystemInUse": "Système",
                "ReportingPeriodStartDate": "2026-04-01", "ReportingPeriodEndDate": "2026-04-30",
                "DateTimeDatSetCreate": "2026-05-06T09:30:00",
            }  # fmt: skip
            content += ",".join(record[name] for name in found.by_name) + line_end
        (folder / f"{found.name}.csv").write_bytes(content.encode())
    status = _run(["check", str(folder), "--strict", "--json"])
    (verdict,) = json.loads(capfd.readouterr().out)
    assert [rule["rule_id"] for rule in verdict["rules"] if "COLUMN" in rule["rule_id"]] == []
    assert (status, verdict["rules"]) == (CLEAN, [])


def test_the_example_has_every_table_with_a_record() -> None:
    names = {Path(name).stem for name in FILES if name.startswith("example/")}
    assert names == {found.name for found in TABLES.values()}
    assert [found.name for found in TABLES.values() if not example_records(found)] == []


def test_the_example_is_accepted_without_a_warning(tmp_path: Path, home: Path, capfd: Captured) -> None:
    _run(["dataset", str(tmp_path)])
    capfd.readouterr()
    status = _run(["check", str(tmp_path / "example" / EXAMPLE), "--strict", "--json"])
    (verdict,) = json.loads(capfd.readouterr().out)
    assert verdict["rules"] == []
    assert (status, verdict["outcome"]) == (CLEAN, "accepted")
    assert (verdict["provider"], verdict["month"], verdict["dataset_version"]) == ("RW5", "2026-04", "1.0")


# ---- one rule, one element --------------------------------------------------------------------------------


def explained(capfd: Captured, *arguments: str) -> str:
    assert _run(["explain", *arguments]) == CLEAN
    return capfd.readouterr().out


@pytest.mark.parametrize("spelling", ["IDS201-AppType-CODE", "ids201-apptype-code", " Ids201-APPTYPE-code "])
def test_a_rule_is_explained_in_any_case(capfd: Captured, spelling: str) -> None:
    rule = in_force()["IDS201-AppType-CODE"]
    said = explained(capfd, spelling)
    assert said.startswith("IDS201-AppType-CODE: record rejected\n")
    for words in (rule.fix, rule.why, rule.fails, "AppType «…» is not a valid code", "IDS201CareContact.AppType"):
        assert words in said
    assert re.search(r"^Fails +AppType = ~$", said, re.MULTILINE)
    assert re.search(r"^Passes +AppType = 0[1-7]$", said, re.MULTILINE)


def test_every_rule_and_every_element_can_be_explained() -> None:
    for rule_id, rule in in_force().items():
        said = as_text(find(rule_id.lower()))
        assert said.startswith(f"{rule_id}: {rule.effect}\n")
        assert rule.fix in said
    for entry in entries():
        assert entry.field.meaning in as_text(find(entry.id))


def test_an_element_is_explained_with_its_rules_in_every_table(capfd: Captured) -> None:
    said = explained(capfd, "servdischdate")
    assert said.startswith("ServDischDate: SERVICE DISCHARGE DATE\n")
    assert "IDS101-ServDischDate-FORMAT (record rejected): ServDischDate «…» is not in the right form" in said
    assert "R (required)" in said
    said = explained(capfd, "CareContactId")
    assert [name in said for name in ("\nIDS201CareContact\n", "\nIDS202CareActivity\n")] == [True, True]
    assert "becomes a keyed token" in said


def test_an_element_of_one_table_and_another_spelling_of_it_are_found(capfd: Captured) -> None:
    assert "\nIDS201CareContact\n" not in explained(capfd, "IDS202-CareContactId")
    assert explained(capfd, "SuspensionID").startswith("PauseID: ")


def test_a_coded_element_lists_the_codes_of_the_month(capfd: Captured) -> None:
    assert re.search(r"^ +02 Treatment$", explained(capfd, "AppType"), re.MULTILINE)
    assert " J1 " not in explained(capfd, "SourceOfReferralMH")  # retired on 1 April 2020


@pytest.mark.parametrize(
    ("asked", "first", "also"),
    [
        ("ids101", "IDS101Referral: ", "ServDischDate: "),
        ("IDS101Referral", "IDS101Referral: ", "Belongs to   IDS001MPI, by LocalPatientId"),
        ("End_Code", "end_code: ", "EndCode"),
        ("smi_offered", "SMI_OFFERED: Offered therapy (measure)", "offered_on IS NOT NULL"),
        ("phq9", "PHQ9: Patient Health Questionnaire-9 (instrument)", "0 to 27, lower is better"),
        ("720433000", "PHQ9: ", "720433000"),
        ("cause-zeros-lost", "CAUSE-ZEROS-LOST: ", "How to fix"),
    ],
)
def test_tables_code_lists_measures_and_instruments_are_explained(
    capfd: Captured, asked: str, first: str, also: str
) -> None:
    said = explained(capfd, asked)
    assert said.startswith(first)
    assert also in said
    assert json.loads(explained(capfd, asked, "--json"))["as_of"]


def test_every_table_code_list_measure_and_instrument_is_explained_by_its_name() -> None:
    names = [
        *(table.name for table in TABLES.values()),
        *list_names(),
        *(known.instrument for known in instruments()),
    ]
    for name in [*names, *(measure.id for measure in catalogue())]:
        said = as_text(find(name))
        assert said.lower().startswith(f"{name.lower()}: "), name


def test_json_has_the_same_for_a_program(capfd: Captured) -> None:
    rule = json.loads(explained(capfd, "ids201-apptype-code", "--json"))["rule"]
    assert (rule["id"], rule["effect"], rule["fields"]) == ("IDS201-AppType-CODE", "record rejected", ["AppType"])
    element = json.loads(explained(capfd, "personbirthdate", "--json"))
    assert element["element"] == "PersonBirthDate"
    assert element["entries"][0]["mandation"] == {"2.0": "R", "2.1": "M", "1.0": "M"}
    assert "IDS001-PersonBirthDate-BLANK" in element["entries"][0]["rules"]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("IDS201-AppTyp-CODE", "IDS201-AppType-CODE"),
        ("ServDisch", "ServDischDate"),
        ("servdichdate", "ServDischDate"),
        ("gate-field", "GATE-FIELDS"),
        ("????", "docs/dataset/rules.md"),
        ("", "docs/dataset/rules.md"),
    ],
)
def test_an_unknown_name_is_answered_with_similar_names(capfd: Captured, asked: str, nearest: str) -> None:
    assert _run(["explain", asked]) == USAGE
    said = capfd.readouterr()
    assert said.out == ""
    assert "There is no rule, element, table, code list, measure or instrument called" in said.err
    assert nearest in said.err


def test_explaining_meets_neither_dagster_nor_duckdb() -> None:
    probe = (
        "import sys; from pipelines.cli import _run; _run(['explain', 'AppType']); "
        "sys.exit(bool({'duckdb', 'dagster', 'pandera'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=PROJECT, check=False, capture_output=True)
    assert done.returncode == 0
