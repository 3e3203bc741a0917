"""The reference set of assessment tools: which codes a score may carry, under what range, and that they count."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

import schemas.tools
from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.errors import CatalogueError
from schemas.instruments import by_code, instruments, questions
from schemas.tools import Tool, read_tools, tools
from tests.fixtures.warehouse import APRIL, DIALOG, Case, ask, build, tables_of, write_submission

SET = Path(schemas.tools.__file__).parent / "codes" / "assessment_tool.csv"
REFERENCE = Path(__file__).parents[3] / "shared" / "domain" / "mh_assessment_reference.tsv"
KNOWN = {tool.code: tool for tool in tools()}
COLUMNS = "code,meaning,valid_from,valid_to,source,confidence,low,high,decimals\n"
# Short names sites were told to use. Once here, a name is accepted for good: take none away.
EVER_ACCEPTED = """
    SPIN PCL5 IESR MI_ALONE OCI PDSS HAI BIQ CFQ IBS PHQ15 PSWQ PHOBIA_SOCIAL PHOBIA_AGORAPHOBIA PHOBIA_SPECIFIC
    WSAS WSAS_WORK WSAS_HOME_MANAGEMENT WSAS_SOCIAL_LEISURE WSAS_PRIVATE_LEISURE WSAS_RELATIONSHIPS HONOS_TOTAL
    QPR22_INTRAPERSONAL QPR22_INTERPERSONAL CHOICE_SF CHOICE_SF_MEAN CHOICE_SEVERITY CHOICE_SATISFACTION PSYRATS_AH
    PSYRATS_AH_DISTRESS PSYRATS_AH_FREQUENCY PSYRATS_AH_ATTRIB PSYRATS_AH_LOUDNESS PSYRATS_D PSYRATS_D_DISTRESS
    PSYRATS_D_FREQUENCY BRQ ISS_ACTIVATION ISS_WELLBEING ISS_CONFLICT ISS_DEPRESSION ASRM EQ5D_INDEX EQ5D_VAS CIA
"""
SHORT_NAMES = EVER_ACCEPTED.split()


def tools_of(tmp_path: Path, rows: str) -> list[Tool]:
    """The tools of a file with these rows, those of the catalogue left out."""
    path = tmp_path / "assessment_tool.csv"
    path.write_text(COLUMNS + rows, encoding="utf-8")
    return [tool for tool in read_tools(path, instruments()) if tool.code not in by_code()]


def test_the_set_has_every_code_once() -> None:
    assert tools() is tools()
    assert len(KNOWN) == len(tools())
    own = [code.code for code in code_list("assessment_tool")]
    assert list(KNOWN) == [*(code for found in instruments() for code in found.accepted), *own]


def test_every_code_of_the_catalogue_may_be_submitted_with_its_range() -> None:
    for measure in instruments():
        for code in measure.accepted:
            tool = KNOWN[code]
            assert (tool.name, tool.low, tool.high, tool.decimals) == (
                measure.name,
                measure.low,
                measure.high,
                measure.decimals,
            )


def test_every_coded_question_may_be_submitted_as_a_score_and_its_answers_are_no_numbers_to_compare() -> None:
    asked = [KNOWN[question.code] for question in questions() if question.code.isdigit()]
    assert len(asked) == 11
    assert {(tool.low, tool.high, tool.decimals) for tool in asked} == {(None, None, None)}


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_a_short_name_once_accepted_stays_accepted_and_means_its_measure(name: str) -> None:
    assert name in KNOWN
    assert by_code()[name].instrument == name


def test_a_short_name_is_accepted_for_want_of_a_code_only() -> None:
    names = [code for code in KNOWN if not code.isdigit()]
    assert sorted(names) == sorted(SHORT_NAMES)
    assert {found.instrument for found in instruments() if not found.snomed} <= set(names)
    for name in names:
        assert KNOWN[name].source == "this dataset's own, until a SNOMED CT code is confirmed"
        assert KNOWN[name].confidence == "R"


@pytest.mark.parametrize("table", ["IDS606", "IDS607"])
def test_the_field_has_room_for_every_code_of_the_set(table: str) -> None:
    lexical = re.compile(TABLES[table].by_name["CodedAssToolType"].lexical)
    assert [code for code in KNOWN if not lexical.search(code)] == []


def test_a_range_has_a_width_and_its_bounds_are_scores() -> None:
    for tool in tools():
        assert (tool.low is None) == (tool.high is None) == (tool.decimals is None)
        if tool.low is not None and tool.high is not None and tool.decimals is not None:
            assert tool.low < tool.high, tool
            assert {round(tool.low, tool.decimals), round(tool.high, tool.decimals)} == {tool.low, tool.high}
            assert tool.decimals in (0, 1, 2)


def test_8_is_no_rating_of_a_dialog_item() -> None:
    # The national reference says 1 to 8: there 8 stands for "no answer".
    items = [tool for tool in tools() if tool.name.startswith("DIALOG")]
    assert len(items) == 13  # two items have a second code since MHSDS v6
    assert {(tool.low, tool.high) for tool in items} == {(1, 7)}


def test_means_and_visual_scales_may_have_decimals() -> None:
    assert KNOWN["MI_ALONE"].decimals == 2
    assert (KNOWN["MI_ALONE"].low, KNOWN["MI_ALONE"].high) == (1.0, 5.0)
    averages = [tool for tool in tools() if "average" in tool.name]
    assert len(averages) == 8
    assert {tool.decimals for tool in averages} == {2}
    assert KNOWN["720433000"].decimals == 0


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the national reference of assessments is not here")
def test_the_set_holds_the_368_coded_scores_of_the_national_reference() -> None:
    with REFERENCE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 368
    other = {
        row["snomed_concept"]
        for row in rows
        if (KNOWN[row["snomed_concept"]].low, KNOWN[row["snomed_concept"]].high)
        != (float(row["lower"]), float(row["upper"]))
    }
    assert {KNOWN[code].name.split(",")[0] for code in other} == {"DIALOG"}
    others = [row for row in rows if row["snomed_concept"] not in by_code()]
    names = Counter(row["preferred_term"].removesuffix(" (observable entity)") for row in others)
    assert names == Counter(KNOWN[row["snomed_concept"]].name for row in others)


# ---- the file is the place to change ----------------------------------------------------------------------


def test_a_code_entered_in_the_file_is_a_tool(tmp_path: Path) -> None:
    (tool,) = tools_of(tmp_path, "999000001,A new score,,,here,F,0,12.5,1\n")
    assert (tool.code, tool.name, tool.low, tool.high, tool.decimals) == ("999000001", "A new score", 0, 12.5, 1)


def test_a_code_is_once_in_the_file_or_in_the_catalogue(tmp_path: Path) -> None:
    rows = (
        "720433000,PHQ-9,,,here,F,,,\n999000001,A,,,here,F,0,1,0\n999000001,A,,,here,F,0,1,0\nBRQ,B,,,here,R,,,\n"
    )
    with pytest.raises(CatalogueError) as error:
        tools_of(tmp_path, rows)
    assert str(error.value).splitlines()[1:] == [
        "  row 2: code 720433000 already belongs to instrument PHQ9",
        "  row 4: code 999000001 already belongs to row 3",
        "  row 5: code BRQ already belongs to instrument BRQ",
    ]


# ---- what is accepted counts ------------------------------------------------------------------------------


def test_every_measure_counts_under_its_code_or_short_name(tmp_path: Path) -> None:
    """From the worst valid score to the best, under the code a site submits."""
    scored = [
        (found.snomed or found.instrument, f"{worst:g}", f"{best:g}")
        for found in instruments()
        for worst, best in [(found.high, found.low) if found.direction == "lower" else (found.low, found.high)]
    ]
    won = [write_submission(tmp_path, "RXX", APRIL, tables_of([Case("r", scored, pathway="02")]))]
    draft = build(tmp_path, won, marts=False)
    found = ask(draft, "SELECT instrument, is_paired, gain > 0 FROM core.outcome")
    assert sorted(found) == sorted((measure.instrument, True, True) for measure in instruments())
    assert ask(draft, "SELECT count(*) FILTER (WHERE NOT is_counted) FROM core.score") == [(0,)]


def test_a_primary_outcome_without_a_code_is_an_outcome(tmp_path: Path) -> None:
    cases = [Case("r", [("BRQ", "1200", "1800"), ("brq", "0", "0"), (DIALOG, "8", "5")], pathway="02")]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], marts=False)
    outcome = (
        "SELECT instrument, first_score, last_score, gain, is_in_battery FROM core.outcome ORDER BY instrument"
    )
    # 8 is no rating, so the 5 that follows is the first and only score.
    assert ask(draft, outcome) == [("BRQ", 1200, 1800, 600, True), ("DIALOG_MENTAL_HEALTH", 5, None, None, True)]
