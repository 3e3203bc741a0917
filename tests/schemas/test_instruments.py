"""The instrument catalogue: ranges, directions, cut-offs, reliable change, and traps found elsewhere."""

import csv
from pathlib import Path

import pytest

import schemas.instruments
from schemas.codes import code_list
from schemas.instruments import Instrument, by_code, instruments, questions, read_instruments

FILE = Path(schemas.instruments.__file__).parent / "instruments.csv"
DOMAIN = Path(__file__).parents[3] / "shared" / "domain"
CATALOGUE = {found.instrument: found for found in instruments()}
VALUES = ("items", "reversed_items", "low", "high", "decimals", "caseness", "recovery_cut_off", "reliable_change")
EVERY = pytest.mark.parametrize("measure", instruments(), ids=list(CATALOGUE))


def rows_of(path: Path, delimiter: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def read(tmp_path: Path, instrument: str, **changed: str) -> tuple[Instrument, ...]:
    """The instrument alone, as read from a file in which some values were changed."""
    row = next(row for row in rows_of(FILE, ",") if row["instrument"] == instrument)
    with (tmp_path / "instruments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row | changed)
    return read_instruments(tmp_path / "instruments.csv")


def test_every_row_of_the_file_is_an_instrument_of_its_own() -> None:
    rows = rows_of(FILE, ",")
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
def test_who_was_a_case_recovers_at_or_beyond_the_cut_off(measure: Instrument) -> None:
    assert (measure.recovery_cut_off is None) == (measure.caseness is None)
    if measure.recovery_cut_off is not None and measure.caseness is not None:
        assert measure.low <= measure.recovery_cut_off <= measure.high
        better = 1 if measure.direction == "higher" else -1
        assert better * measure.recovery_cut_off >= better * measure.caseness


@EVERY
def test_role_direction_pathways_and_confidence_are_of_their_lists(measure: Instrument) -> None:
    assert measure.role in ("depression", "anxiety", "adsm", "prom", "prem", "other")
    assert measure.direction in ("higher", "lower")
    assert measure.confidence in ("F", "R")
    assert measure.source
    assert set(measure.pathways) <= {code.code for code in code_list("pathway")}
    assert measure.pathways


@EVERY
def test_what_is_recalled_is_marked_value_by_value(measure: Instrument) -> None:
    assert (measure.confidence == "R") == bool(measure.recalled) == ("recalled" in measure.source)
    for column in measure.recalled:
        assert column in VALUES
        assert getattr(measure, column) is not None


@EVERY
def test_reversed_items_are_items_of_the_measure(measure: Instrument) -> None:
    assert set(measure.reversed_items) <= set(range(1, measure.items + 1))
    assert sorted(set(measure.reversed_items)) == list(measure.reversed_items)


@EVERY
def test_the_schedule_says_when_on_every_pathway_of_the_measure(measure: Instrument) -> None:
    said: list[str] = []
    for part in measure.schedule.split("; "):
        when, _, only = part.partition(" (")
        assert when in ("every session", "baseline, 3-monthly, end")
        said += only.removesuffix(")").split() if only else measure.pathways
    assert sorted(said) == sorted(measure.pathways)


@EVERY
def test_a_note_is_a_sentence(measure: Instrument) -> None:
    assert not measure.note or measure.note.endswith(".")


def test_a_snomed_code_means_one_instrument() -> None:
    coded = [found.snomed for found in instruments() if found.snomed]
    assert len(set(coded)) == len(coded) > 0


def test_a_code_a_score_was_ever_submitted_under_means_one_instrument() -> None:
    codes = [code for measure in instruments() for code in measure.codes]
    assert len(set(codes)) == len(codes) == len(by_code())
    assert CATALOGUE["PHQ9"].codes == ("720433000", "PHQ9", "506701000000100")
    assert all(name in CATALOGUE[name].codes for name in CATALOGUE)


def test_a_short_name_stays_a_code_when_a_snomed_code_is_entered(tmp_path: Path) -> None:
    (changed,) = read(tmp_path, "BRQ", snomed="999000002")
    assert changed.codes == ("999000002", "BRQ")


@pytest.mark.parametrize(
    ("snomed", "instrument", "cut_off", "reliable_change"),
    [("720433000", "PHQ9", 10, 6), ("445455005", "GAD7", 8, 4)],
)
def test_the_two_measures_of_every_session(
    snomed: str, instrument: str, cut_off: int, reliable_change: int
) -> None:
    measure = by_code()[snomed]
    assert measure.instrument == instrument
    assert (measure.caseness, measure.caseness_test) == (cut_off, ">=")
    assert measure.reliable_change == reliable_change
    assert measure.confidence == "F"


def test_reqol_10_is_a_case_below_25() -> None:
    measure = by_code()["1091071000000100"]
    assert (measure.caseness, measure.caseness_test, measure.reliable_change) == (25, "<", 5)
    assert measure.recovery_cut_off == 25


def test_dialog_has_11_items_from_1_to_7_and_8_is_no_rating() -> None:
    # The national reference table says 1 to 8; 8 stands for "no answer" there.
    items = [found for found in instruments() if found.instrument.startswith("DIALOG_")]
    assert len(items) == 11
    assert {(item.low, item.high, item.reliable_change) for item in items} == {(1, 7, 1)}
    assert [item.role for item in items] == ["prom"] * 8 + ["prem"] * 3  # the last three rate treatment


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
        ("83482000", "BIQ"),  # SNOMED CT in the same column
        ("G933", "CFQ"),
        ("K580", "IBS"),
        ("723916001", "PHQ15"),
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


# ---- complete, and corrected without touching code --------------------------------------------------------

# facts §3.4, measure by measure: number of scores.
MEASURES = {
    "PHQ9": 1, "GAD7": 1, "WSAS": 6, "SPIN": 1, "OCI": 1, "PDSS": 1, "IESR": 1, "PCL5": 1, "HAI": 1, "MI_ALONE": 1,
    "PSWQ": 1, "PHOBIA": 3, "BIQ": 1, "CFQ": 1, "IBS": 1, "PHQ15": 1, "CORE10": 1, "WEMWBS": 1, "SWEMWBS": 1,
    "REQOL10": 1, "REQOL20": 1, "DIALOG": 11, "GBO": 3, "HONOS": 13, "QPR15": 1, "QPR22": 2, "CHOICE": 4,
    "PSYRATS": 8, "BRQ": 1, "ISS": 4, "ASRM": 1, "EQ5D": 2, "EDEQ": 5, "CIA": 1,
}  # fmt: skip


def test_the_catalogue_has_every_measure_named_and_no_other() -> None:
    found = {stem: [n for n in CATALOGUE if n == stem or n.startswith(f"{stem}_")] for stem in MEASURES}
    assert {stem: len(names) for stem, names in found.items()} == MEASURES
    assert sorted(name for names in found.values() for name in names) == sorted(CATALOGUE)


def test_the_bipolar_recovery_questionnaire_has_its_twelve_reversed_items() -> None:
    measure = CATALOGUE["BRQ"]
    assert measure.reversed_items == (1, 4, 5, 12, 13, 16, 21, 23, 25, 29, 32, 36)
    assert (measure.items, measure.low, measure.high) == (36, 0, 3600)


def test_delusions_are_never_to_be_read_as_a_total_alone() -> None:
    assert CATALOGUE["PSYRATS_D"].note.startswith("Never alone")
    subscales = [CATALOGUE[name] for name in ("PSYRATS_D_DISTRESS", "PSYRATS_D_FREQUENCY")]
    assert sum(scale.items for scale in subscales) == CATALOGUE["PSYRATS_D"].items
    assert sum(scale.high for scale in subscales) == CATALOGUE["PSYRATS_D"].high


def test_remission_on_honos_is_further_than_clinical_improvement() -> None:
    measure = CATALOGUE["HONOS_TOTAL"]
    assert (measure.caseness, measure.recovery_cut_off) == (11, 5)


def test_the_experience_questions_say_who_may_answer_what_and_when() -> None:
    answers = {code.code for code in code_list("experience_answer")}
    assert [question.code for question in questions()] == [code.code for code in code_list("experience_question")]
    told = [question for question in questions() if not question.code.isdigit()]
    coded = [question for question in questions() if question.code.isdigit()]
    assert [question.questionnaire for question in coded] == ["assessment"] * 5 + ["treatment"] * 6
    assert [question.questionnaire for question in told] == ["evaluation"] * 12 + ["reason for stopping"] * 8
    assert all(set(question.answers) <= answers for question in questions())
    assert all(question.schedule == f"end of {question.questionnaire}" for question in coded)
    # No public source has the evaluation's form: a reader must see that its wording is ours.
    assert all(question.confidence == "R" for question in told)
    assert [question.is_reason for question in told] == [False] * 12 + [True] * 8
    assert {question.answers for question in questions()[:4]} == {("Y", "N", "NA")}


def test_a_threshold_corrected_in_the_file_is_corrected(tmp_path: Path) -> None:
    (changed,) = read(
        tmp_path, "WSAS", caseness="11", recovery_cut_off="9", reliable_change="7.5", recalled="", confidence="F"
    )
    assert (changed.caseness, changed.recovery_cut_off, changed.reliable_change) == (11, 9, 7.5)
    assert (changed.recalled, changed.confidence) == ((), "F")
    assert CATALOGUE["WSAS"].recalled == ("caseness", "recovery_cut_off", "reliable_change")


# ---- against the national files ---------------------------------------------------------------------------


def national(name: str) -> list[dict[str, str]]:
    if not (DOMAIN / name).is_file():
        pytest.skip(f"the national file {name} is not here")
    return rows_of(DOMAIN / name, "\t")


def test_ranges_are_the_national_ones_but_for_the_8_that_is_no_rating_of_dialog() -> None:
    ranges = {
        r["snomed_concept"]: (float(r["lower"]), float(r["upper"])) for r in national("mh_assessment_reference.tsv")
    }
    other = {found.instrument for found in instruments() for code in found.codes
             if code in ranges and ranges[code] != (found.low, found.high)}  # fmt: skip
    assert other == {name for name in CATALOGUE if name.startswith("DIALOG_")}


def test_every_published_change_threshold_is_the_catalogues() -> None:
    published = {row["assessment"]: float(row["threshold"]) for row in national("reliable_change_thresholds.tsv")}
    terms = {row["snomed_concept"]: row["preferred_term"] for row in national("mh_assessment_reference.tsv")}
    both = {
        found.instrument: (found.reliable_change, published[terms[found.snomed]])
        for found in instruments()
        if found.snomed and terms.get(found.snomed) in published
    }
    assert set(both) == {"PHQ9", "GAD7", "CORE10", "WEMWBS", "SWEMWBS", "GBO_1", "GBO_2", "GBO_3"}
    assert all(ours == theirs for ours, theirs in both.values()), both


def test_directions_are_the_national_ones_but_for_those_known_to_be_wrong_there() -> None:
    # The table was made for children's measures; what it does not know it calls negative (lower is better).
    said = {row["tool"]: row["direction"] for row in national("scale_direction_cyp.tsv")}
    tool = {row["snomed_concept"]: row["tool"] for row in national("mh_assessment_reference.tsv")}
    other = {
        found.instrument.split("_")[0]
        for found in instruments()
        if found.snomed in tool and (said[tool[found.snomed]] == "Positive") != (found.direction == "higher")
    }
    assert other == {"DIALOG", "REQOL10", "REQOL20", "QPR15"}
