"""The instrument catalogue: ranges, directions, cut-offs, reliable change, and traps found elsewhere."""

import csv
from pathlib import Path

import pytest

import schemas.instruments
from schemas.codes import code_list
from schemas.instruments import Instrument, by_snomed, instruments

CATALOGUE = {found.instrument: found for found in instruments()}
EVERY = pytest.mark.parametrize("measure", instruments(), ids=list(CATALOGUE))


def test_every_row_of_the_file_is_an_instrument_of_its_own() -> None:
    with (Path(schemas.instruments.__file__).parent / "instruments.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["instrument"] for row in rows] == [found.instrument for found in instruments()]
    assert len(CATALOGUE) == len(rows)


@EVERY
def test_a_range_has_a_width_and_holds_the_cut_off(measure: Instrument) -> None:
    assert measure.low < measure.high
    assert measure.items > 0
    assert measure.decimals in (0, 1, 2)
    assert (measure.caseness is None) == (measure.caseness_test is None)
    if measure.caseness is not None:
        assert measure.low <= measure.caseness <= measure.high
    if measure.reliable_change is not None:
        assert 0 < measure.reliable_change < measure.high - measure.low


@EVERY
def test_a_case_is_on_the_worse_side_of_the_cut_off(measure: Instrument) -> None:
    if measure.caseness_test is not None:
        assert measure.caseness_test in ({"<"} if measure.direction == "higher" else {">=", ">"})


@EVERY
def test_role_direction_pathways_and_confidence_are_of_their_lists(measure: Instrument) -> None:
    assert measure.role in ("depression", "anxiety", "adsm", "prom", "other")
    assert measure.direction in ("higher", "lower")
    assert measure.confidence in ("F", "R")
    assert measure.source
    assert set(measure.pathways) <= {code.code for code in code_list("pathway")}
    assert measure.pathways


@EVERY
def test_recalled_thresholds_are_marked_as_such(measure: Instrument) -> None:
    if "recalled" in measure.source:
        assert measure.confidence == "R"


def test_a_snomed_code_means_one_instrument() -> None:
    coded = [found for found in instruments() if found.snomed]
    assert len(by_snomed()) == len(coded) > 0
    assert "" not in by_snomed()


@pytest.mark.parametrize(
    ("snomed", "instrument", "cut_off", "reliable_change"),
    [("720433000", "PHQ9", 10, 6), ("445455005", "GAD7", 8, 4)],
)
def test_the_two_measures_of_every_session(
    snomed: str, instrument: str, cut_off: int, reliable_change: int
) -> None:
    measure = by_snomed()[snomed]
    assert measure.instrument == instrument
    assert (measure.caseness, measure.caseness_test) == (cut_off, ">=")
    assert measure.reliable_change == reliable_change
    assert measure.confidence == "F"


def test_reqol_10_is_a_case_below_25() -> None:
    measure = by_snomed()["1091071000000100"]
    assert (measure.caseness, measure.caseness_test, measure.reliable_change) == (25, "<", 5)


def test_dialog_has_11_items_from_1_to_7_and_8_is_no_rating() -> None:
    # The national reference table says 1 to 8; 8 stands for "no answer" there.
    items = [found for found in instruments() if found.instrument.startswith("DIALOG_")]
    assert len(items) == 11
    assert {(item.low, item.high, item.reliable_change) for item in items} == {(1, 7, 1)}
    assert len([item for item in items if item.role == "prom"]) == 8  # the other three rate treatment


@pytest.mark.parametrize(
    "prefix", ["DIALOG_", "REQOL", "QPR", "GBO_", "WEMWBS", "SWEMWBS", "CHOICE", "BRQ", "EQ5D"]
)
def test_well_being_recovery_and_goals_are_better_when_higher(prefix: str) -> None:
    found = [measure for measure in instruments() if measure.instrument.startswith(prefix)]
    assert found
    assert {measure.direction for measure in found} == {"higher"}


@pytest.mark.parametrize("instrument", ["PHQ9", "GAD7", "WSAS", "CORE10", "HONOS_TOTAL", "EDEQ_GLOBAL"])
def test_symptoms_and_impairment_are_better_when_lower(instrument: str) -> None:
    assert CATALOGUE[instrument].direction == "lower"


@pytest.mark.parametrize(
    ("instrument", "points"), [("WEMWBS", 9), ("SWEMWBS", 3), ("HONOS_TOTAL", 8), ("CORE10", 5), ("GBO_1", 3)]
)
def test_published_reliable_change(instrument: str, points: int) -> None:
    assert CATALOGUE[instrument].reliable_change == points


@pytest.mark.parametrize(
    ("complaint", "measure"),
    [
        ("F401", "SPIN"),
        ("F431", "PCL5"),
        ("F400", "MI_ALONE"),
        ("F429", "OCI"),
        ("F410", "PDSS"),
        ("F452", "HAI"),
    ],
)
def test_a_complaint_calls_for_its_own_anxiety_measure(complaint: str, measure: str) -> None:
    assert called_for(complaint)[0] == measure


@pytest.mark.parametrize("complaint", ["F411", "F412", "F320", "F500"])
def test_other_complaints_call_for_none_and_fall_back_on_gad_7(complaint: str) -> None:
    assert called_for(complaint) == []


def called_for(complaint: str) -> list[str]:
    """Anxiety measures that go with a complaint, the preferred one first."""
    return [
        found.instrument
        for found in instruments()
        if any(complaint.startswith(prefix) for prefix in found.complaint_prefixes)
    ]


def test_only_anxiety_measures_of_a_disorder_go_with_complaints() -> None:
    for measure in instruments():
        assert bool(measure.complaint_prefixes) == (measure.role == "adsm"), measure.instrument
        assert all("." not in prefix for prefix in measure.complaint_prefixes)


def test_the_mobility_inventory_is_a_mean_with_decimals() -> None:
    measure = CATALOGUE["MI_ALONE"]
    assert (measure.low, measure.high, measure.decimals) == (1, 5, 2)
    assert (measure.caseness, measure.caseness_test) == (2.3, ">")
    # Binary arithmetic would call this change of exactly 0.73 too small.
    assert measure.reliable_change is not None
    assert measure.reliable_change > 2.01 - 1.28
    assert round(2.01 - 1.28, measure.decimals) >= measure.reliable_change
