"""NHS England's own measures: every one has an answer here, and the answers can be followed."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from reports.published.official_measures import page
from schemas.codes import code_list
from warehouse.measures.catalogue import Measure, breakdowns, catalogue, groups
from warehouse.measures.official import Official, official, published_ids, rows
from warehouse.quality_items import items

ROOT = Path(__file__).parents[2]
SOURCE = ROOT.parent / "shared" / "domain" / "tt_monthly_measures_metadata.tsv"
# What the notes of these rows name, and that it is not in the dataset.
MISSING = {"EA280": "Appointment type 10"}

MEASURES: dict[str, Measure] = {measure.id: measure for measure in catalogue()}
ITEMS = {str(item[1]) for item in items()}


def example(**changed: Any) -> Official:
    given = {
        "official_id": "M191", "official_name": "Count_Recovery", "answer": "same", "measure": "RECOVERY",
        "figure": "numerator", "breakdown": "", "groups": (), "note": "",
    }  # fmt: skip
    return Official(**given | changed)


def in_the_source() -> list[tuple[str, str]]:
    """Id and name of every row of the official file; a variable is named by itself and its group."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file, delimiter="\t"))
    found = []
    for row in listed:
        name = row["measure_name"].replace("\n", " ")
        variable = re.match(r"Variable Type: (.*?) Variable A: (.*?)(?: Variable B: (.*))?$", name)
        parts = [part.strip() for part in variable.groups() if part] if variable else [name.replace(" ", "")]
        found.append((row["measure_id"], ": ".join(parts)))
    return found


def test_every_official_measure_has_one_row() -> None:
    if not SOURCE.is_file():
        pytest.skip("../shared is not here")
    assert [(each.official_id, each.official_name) for each in official()] == in_the_source()
    assert len(official()) == 481


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"answer": "nearly"}, "answer 'nearly'"),
        ({"measure": "", "figure": ""}, "nothing named"),
        ({"answer": "left out", "note": "Why."}, "something named"),
        ({"figure": "rate"}, "figure 'rate'"),
        ({"groups": ("white",)}, "groups and breakdown"),
        ({"answer": "differs"}, "no note"),
        ({"answer": "not computed", "measure": "", "figure": ""}, "no note"),
    ],
)
def test_a_row_that_says_nothing_or_two_things_is_refused(changed: dict[str, Any], problem: str) -> None:
    assert example().note == ""
    with pytest.raises(ValueError, match=problem):
        example(**changed)


def test_what_a_row_names_exists_and_has_that_figure() -> None:
    declared: dict[str, set[str]] = {each.id: set() for each in breakdowns()}
    for breakdown, _, code, _, _ in groups():
        declared[breakdown].add(code)
    for each in official():
        measure = MEASURES.get(each.measure)
        assert measure or each.measure in ITEMS | {""}, each
        if each.answer == "same" and not each.official_id.startswith("V"):
            assert measure, each
        if measure:
            allowed = {"count": {"numerator"}, "median": {"value"}, "p90": {"value"}}
            assert each.figure in allowed.get(measure.kind, {"numerator", "denominator", "value"}), each
            assert not each.breakdown or each.breakdown in measure.breakdowns, each
        assert not each.breakdown or each.breakdown in declared, each
        assert set(each.groups) <= (declared.get(each.breakdown) or set(each.groups)), each


def test_a_figure_of_ours_answers_one_official_figure_only() -> None:
    """Two ids of one figure would be two constructions; ours has one."""
    answered: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for each in official():
        if each.answer == "same" and each.measure and not each.note:
            answered.setdefault((each.measure, each.figure, each.breakdown, each.groups), []).append(
                each.official_id
            )
    assert {key: ids for key, ids in answered.items() if len(ids) > 1} == {}


def test_a_percentage_is_a_share_and_a_mean_a_mean() -> None:
    kinds = {"Percentage": {"share"}, "Mean": {"mean"}, "Median": {"median"}, "Count": {"count", "share", "mean"}}
    for each in official():
        kind, _, rest = each.official_name.partition("_")
        if each.answer == "same" and each.measure and rest:
            measure = MEASURES[each.measure]
            assert measure.kind in kinds[kind], each
            assert (each.figure == "value") is (kind != "Count"), each


def test_what_is_not_computed_needs_what_the_dataset_does_not_have() -> None:
    notes = {each.official_id: each.note for each in official() if each.answer == "not computed"}
    assert notes.keys() == MISSING.keys()
    assert all(notes[name].startswith(element) for name, element in MISSING.items())
    assert "10" not in {code.code for code in code_list("appointment_type")}


def test_a_measure_cites_the_ids_it_answers_by_the_official_construction() -> None:
    cited = {measure.id: measure.published_id for measure in catalogue() if measure.published_id}
    assert cited == published_ids()
    assert cited["RECOVERY"].startswith("M191 M192") and cited["MEAN_ASSESSMENT_TO_HIGH"] == "M347 M352"
    assert MEASURES["TREATMENT_CONTACTS"].published_id == ""


def test_no_file_of_the_catalogue_cites_ids_by_hand() -> None:
    for path in (ROOT / "warehouse" / "measures").glob("[0-9]_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert [row["id"] for row in csv.DictReader(file) if row.get("published_id")] == [], path.name


def test_the_mart_has_a_row_for_each() -> None:
    assert len(rows()) == len(official())
    assert (
        "M009",
        "Count_JusticeSystemReferrals",
        "same",
        "REFERRALS",
        "numerator",
        "referral_source",
        "E",
        None,
    ) in rows()


def test_the_page_of_official_measures_says_what_the_table_says() -> None:
    assert (ROOT / "docs" / "official-measures.md").read_text(encoding="utf-8") == page(), "run `make docs`"
    assert "| M002 | Count_SelfReferrals | `SELF_REFERRALS` numerator |  |" in page()
