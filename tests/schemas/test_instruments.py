"""The instrument catalogue: ranges, directions, cut-offs, reliable change, and traps found elsewhere."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

import schemas.instruments
from schemas.codes import code_list
from schemas.errors import CatalogueError
from schemas.instrument_checks import COLUMNS
from schemas.instruments import Instrument, by_code, instruments, questions, read_instruments
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES, codes_of, pathways

FILE = Path(schemas.instruments.__file__).parent / "instruments.csv"
DOMAIN = Path(__file__).parents[3] / "shared" / "domain"
CATALOGUE = {found.instrument: found for found in instruments()}


def rows_of(path: Path, delimiter: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


ROWS = rows_of(FILE, ",")


def write(tmp_path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with (tmp_path / "instruments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "instruments.csv"


def changed(instrument: str, **cells: str) -> list[dict[str, str]]:
    """The rows of the catalogue, some cells of one instrument changed."""
    return [row | cells if row["instrument"] == instrument else row for row in ROWS]


def added(instrument: str, **cells: str) -> list[dict[str, str]]:
    """The rows of the catalogue and one more: that of the instrument, some cells changed."""
    return [*ROWS, next(row for row in ROWS if row["instrument"] == instrument) | cells]


def read(tmp_path: Path, instrument: str, **cells: str) -> Instrument:
    """The instrument as read from a file in which some of its cells were changed."""
    found = read_instruments(write(tmp_path, changed(instrument, **cells)))
    return next(each for each in found if each.instrument == instrument)


def refused(tmp_path: Path, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """What is wrong with the rows, line by line. Fails when nothing is."""
    with pytest.raises(CatalogueError) as error:
        read_instruments(write(tmp_path, rows))
    return str(error.value).splitlines()[1:]


def test_every_row_of_the_file_is_an_instrument_of_its_own() -> None:
    assert [row["instrument"] for row in ROWS] == [found.instrument for found in instruments()]
    assert len(CATALOGUE) == len(ROWS)


# ---- what is wrong is said when the catalogue is read -----------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "cells", "says"),
    [
        ("PHQ9", {"domain": ""}, "domain '' must be one of symptoms, functioning"),
        ("PHQ9", {"domain": "mood"}, "domain 'mood' must be one of symptoms, functioning"),
        ("PHQ9", {"role": "main"}, "role 'main' must be one of depression, anxiety"),
        ("PHQ9", {"direction": "up"}, "direction 'up' must be higher or lower"),
        ("PHQ9", {"items": "nine"}, "items 'nine' must be a whole number above 0"),
        ("PHQ9", {"low": ""}, "low '' must be a number"),
        ("PHQ9", {"decimals": "3"}, "decimals '3' must be 0, 1 or 2"),
        ("PHQ9", {"snomed": "72"}, "snomed '72' must be a SNOMED CT code of 6 to 18 digits, or blank"),
        ("PHQ9", {"also": "phq"}, "also: 'phq' must be a SNOMED CT code or a short name"),
        ("PHQ9", {"valid_from": "2026-02-30"}, "valid_from '2026-02-30' is no day of the calendar"),
        ("PHQ9", {"valid_from": "April"}, "valid_from 'April' must be a date such as 2026-04-01"),
        (
            "PHQ9",
            {"valid_from": "2026-04-01", "valid_to": "2026-03-31"},
            "valid_to 2026-03-31 is before valid_from 2026-04-01",
        ),
        ("PHQ9", {"name": ""}, "name '' must be what the measure is called"),
        ("PHQ9", {"source": ""}, "source '' must be where the values were found"),
        ("PHQ9", {"note": "No full stop"}, "must be a sentence that ends with a full stop"),
        ("PHQ9", {"low": "27"}, "low 27 must be below high 27"),
        (
            "PHQ9",
            {"caseness": "28", "recovery_cut_off": "28"},
            "caseness 28 is outside the range of the score, 0 to 27",
        ),
        ("PHQ9", {"recovery_cut_off": "-1"}, "recovery_cut_off -1 is outside the range of the score, 0 to 27"),
        (
            "PHQ9",
            {"recovery_cut_off": ""},
            "caseness, caseness_test and recovery_cut_off must be filled in together",
        ),
        ("PHQ9", {"recovery_cut_off": "11"}, "recovery_cut_off 11 is worse than caseness 10"),
        ("REQOL10", {"recovery_cut_off": "24"}, "recovery_cut_off 24 is worse than caseness 25"),
        ("PHQ9", {"caseness_test": "<"}, "caseness_test < would make the better scores cases"),
        ("PHQ9", {"reliable_change": "27"}, "reliable_change 27 must be above 0 and below the width of the range"),
        ("PHQ9", {"caseness": "9.5"}, "caseness 9.5 has more decimals than a score may have (0)"),
        ("PHQ9", {"severity_bands": "mild; severe"}, "severity_bands must be names that end in a range"),
        ("PHQ9", {"severity_bands": "PHQ-9 00-04; PHQ-9 06-27"}, "severity_bands must cover 0 to 27 without a gap"),
        ("PHQ9", {"every_session": "99"}, "every_session: '99' is neither the code of a pathway nor a measure set"),
        ("PHQ9", {"periodic": "perinatal"}, "periodic: 'perinatal' is neither the code of a pathway nor"),
        ("PHQ9", {"every_session": "", "periodic": ""}, "it is used on no pathway"),
        (
            "PHQ9",
            {"complaint_prefix": "F32"},
            "complaint_prefix must be filled in for the role adsm, and only there",
        ),
        ("SPIN", {"complaint_prefix": ""}, "complaint_prefix must be filled in for the role adsm, and only there"),
        ("SPIN", {"complaint_prefix": "F40.1"}, "complaint_prefix must be written without dots"),
        ("SPIN", {"confidence": "F"}, "confidence must be R where a value is recalled, and only there"),
        ("SPIN", {"recalled": "reliable_change name"}, "recalled names 'name', which is not a value of this row"),
        ("GAD7", {"snomed": "720433000"}, "code 720433000 is already used by PHQ9 in row 2"),
        ("GAD7", {"also": "506701000000100"}, "code 506701000000100 is already used by PHQ9 in row 2"),
    ],
)
def test_a_wrong_cell_is_refused_with_a_message(
    tmp_path: Path, instrument: str, cells: dict[str, str], says: str
) -> None:
    row = 2 + [each["instrument"] for each in ROWS].index(instrument)
    found = refused(tmp_path, changed(instrument, **cells))
    assert any(line.startswith(f"  row {row}: {instrument}: ") and says in line for line in found), found


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    rows = changed("PHQ9", domain="", caseness="28")
    rows[3] = rows[3] | {"snomed": "445455005"}
    rows[6] = rows[6] | {"periodic": "perinatal"}
    assert [line.split(":")[0] for line in refused(tmp_path, rows)] == ["  row 2", "  row 2", "  row 5", "  row 8"]


def test_recovery_needs_one_measure_of_depression_and_one_of_anxiety(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, changed("PSWQ", role="anxiety"))
    assert "exactly one instrument must have the role anxiety; GAD7, PSWQ have it" in line
    (line,) = refused(tmp_path, changed("PHQ9", role="other"))
    assert "exactly one instrument must have the role depression; none has it" in line


def test_a_missing_column_and_a_surplus_cell_are_reported(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",domain,", ",about,", 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match="row 1: the columns must be instrument, name"):
        read_instruments(path)
    path.write_text(text.replace(",F,\n", ",F,,x\n", 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match="the row must have 25 cells"):
        read_instruments(path)


# ---- cut-offs that change on a date -----------------------------------------------------------------------


def test_a_row_holds_until_the_next_row_of_the_instrument_begins(tmp_path: Path) -> None:
    rows = added("GAD7", valid_from="2026-05-01", caseness="10", recovery_cut_off="10", reliable_change="5")
    found = [each for each in read_instruments(write(tmp_path, rows)) if each.instrument == "GAD7"]
    assert [(each.valid_from, each.valid_to, each.caseness, each.reliable_change) for each in found] == [
        (None, date(2026, 4, 30), 8, 4),
        (date(2026, 5, 1), None, 10, 5),
    ]


def test_an_instrument_has_the_place_of_its_first_row_and_its_rows_go_by_date(tmp_path: Path) -> None:
    rows = added("GAD7", valid_from="2026-05-01", caseness="10", recovery_cut_off="10")
    found = read_instruments(write(tmp_path, [rows[-1], *rows[:-1]]))
    assert [(each.instrument, each.caseness) for each in found[:3]] == [("GAD7", 8), ("GAD7", 10), ("PHQ9", 10)]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({}, {}, "it overlaps row 3; say from which day on it holds"),
        ({}, {"valid_to": "2026-04-30"}, "it overlaps row 3"),
        ({"valid_to": "2026-05-01"}, {"valid_from": "2026-05-01"}, "it overlaps row 3"),
        ({"valid_to": "2026-04-29"}, {"valid_from": "2026-05-01"}, "no row holds between 2026-04-29 (row 3) and"),
        (
            {},
            {"valid_from": "2026-05-01", "high": "22"},
            "high differs from row 3: only cut-offs may change on a date",
        ),
        ({}, {"valid_from": "2026-05-01", "name": "GAD"}, "name differs from row 3"),
    ],
)
def test_rows_of_one_instrument_hold_one_after_the_other(
    tmp_path: Path, before: dict[str, str], after: dict[str, str], says: str
) -> None:
    rows = added("GAD7", **after)
    rows[1] = rows[1] | before
    found = refused(tmp_path, rows)
    assert any(line.startswith(f"  row {len(rows) + 1}: GAD7: ") and says in line for line in found), found


@pytest.mark.parametrize("last", ["", "2026-04-30"])
def test_the_end_of_the_row_before_may_be_said_or_not(tmp_path: Path, last: str) -> None:
    rows = added("GAD7", valid_from="2026-05-01")
    rows[1] = rows[1] | {"valid_to": last}
    assert read_instruments(write(tmp_path, rows))[1].valid_to == date(2026, 4, 30)


# ---- the catalogue ----------------------------------------------------------------------------------------


def test_a_code_a_score_was_ever_submitted_under_means_one_instrument() -> None:
    codes = [code for measure in instruments() for code in measure.codes]
    assert len(set(codes)) == len(codes) == len(by_code())
    assert CATALOGUE["PHQ9"].codes == ("720433000", "506701000000100", "PHQ9")
    assert all(name in CATALOGUE[name].codes for name in CATALOGUE)


def test_a_short_name_stays_a_code_when_a_snomed_code_is_entered(tmp_path: Path) -> None:
    entered = read(tmp_path, "BRQ", snomed="999000002", also="BRQ")
    assert entered.accepted == entered.codes == ("999000002", "BRQ")
    assert read(tmp_path, "BRQ", snomed="999000002").codes == ("999000002", "BRQ")  # what came before still counts


def test_pathways_are_named_by_code_or_by_measure_set() -> None:
    assert CATALOGUE["PHQ9"].every_session == codes_of([TALKING_THERAPIES])
    assert CATALOGUE["REQOL10"].periodic == codes_of([SEVERE_MENTAL_ILLNESS])
    assert CATALOGUE["WSAS"].pathways == tuple(each.code for each in pathways())
    assert (CATALOGUE["PHQ9"].periodic, CATALOGUE["PHQ9"].pathways) == (("02", "03"), ("02", "03", "05"))


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
def test_other_complaints_have_no_measure_of_their_own_and_use_gad_7(complaint: str) -> None:
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


def test_the_bipolar_recovery_questionnaire_has_36_items_of_0_to_100_some_of_them_reversed() -> None:
    measure = CATALOGUE["BRQ"]
    assert "Items 1, 4, 5, 12, 13, 16, 21, 23, 25, 29, 32 and 36 are reversed" in measure.note
    assert (measure.items, measure.low, measure.high) == (36, 0, 3600)


def test_delusions_are_never_to_be_read_as_a_total_alone() -> None:
    assert CATALOGUE["PSYRATS_D"].note.startswith("Never alone")
    subscales = [CATALOGUE[name] for name in ("PSYRATS_D_DISTRESS", "PSYRATS_D_FREQUENCY")]
    assert sum(scale.items for scale in subscales) == CATALOGUE["PSYRATS_D"].items
    assert sum(scale.high for scale in subscales) == CATALOGUE["PSYRATS_D"].high


def test_remission_on_honos_is_further_than_clinical_improvement() -> None:
    measure = CATALOGUE["HONOS_TOTAL"]
    assert (measure.caseness, measure.recovery_cut_off) == (11, 5)


def test_the_experience_questions_say_which_answers_they_allow() -> None:
    answers = {code.code for code in code_list("experience_answer")}
    assert [question.code for question in questions()] == [code.code for code in code_list("experience_question")]
    told = [question for question in questions() if not question.code.isdigit()]
    coded = [question for question in questions() if question.code.isdigit()]
    assert [question.questionnaire for question in coded] == ["assessment"] * 5 + ["treatment"] * 6
    assert [question.questionnaire for question in told] == ["evaluation"] * 12 + ["reason for stopping"] * 8
    assert all(set(question.answers) <= answers for question in questions())
    # No public source has the evaluation's form: a reader must see that its wording is ours.
    assert all(question.confidence == "R" for question in told)
    assert [question.is_reason for question in told] == [False] * 12 + [True] * 8
    assert {question.answers for question in questions()[:4]} == {("Y", "N", "NA")}


def test_a_threshold_corrected_in_the_file_is_corrected(tmp_path: Path) -> None:
    wsas = read(
        tmp_path, "WSAS", caseness="11", recovery_cut_off="9", reliable_change="7", recalled="", confidence="F"
    )
    assert (wsas.caseness, wsas.recovery_cut_off, wsas.reliable_change) == (11, 9, 7)
    assert (wsas.recalled, wsas.confidence) == ((), "F")
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


def test_a_complaint_has_a_measure_of_its_own_where_the_official_measures_say_so() -> None:
    """M203 and M204 list the complaints; other somatoform disorders and neurasthenia are judged by GAD-7."""
    found = {prefix for each in instruments() for prefix in each.complaint_prefixes}
    assert found == {"F400", "F401", "F410", "F42", "F431", "F452", "83482000", "G933", "K58", "723916001"}
