"""The table of pathways: what each row says, and that what is wrong is said by row when it is read."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import schemas.pathway
from schemas.codes import code_list
from schemas.errors import CatalogueError
from schemas.instrument_checks import severity_problems
from schemas.pathway import (
    COLUMNS,
    SEVERE_MENTAL_ILLNESS,
    TALKING_THERAPIES,
    codes_of,
    default_pathway,
    pathways,
    read_pathways,
    unknown,
)

with (Path(schemas.pathway.__file__).parent / "codes" / "pathway.csv").open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file))
BY_CODE = {found.code: found for found in pathways()}
PERINATAL = ROWS[0] | {"code": "06", "meaning": "Perinatal", "icd10": "F53 O993", "primary_reasons": "13"}


def write(tmp_path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with (tmp_path / "pathway.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path / "pathway.csv"


def refused(tmp_path: Path, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """What is wrong with the rows, line by line. Fails when nothing is."""
    with pytest.raises(CatalogueError) as error:
        read_pathways(write(tmp_path, rows))
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_every_pathway_is_a_code_of_the_list_and_one_is_the_default() -> None:
    assert [found.code for found in pathways()] == [code.code for code in code_list("pathway")]
    assert [found.code for found in pathways() if found.is_default] == [default_pathway().code] == ["05"]
    assert codes_of([SEVERE_MENTAL_ILLNESS]) == ("01", "02", "03", "04")
    assert codes_of([TALKING_THERAPIES]) == ("05",)


def test_a_range_means_all_its_categories(tmp_path: Path) -> None:
    assert BY_CODE["02"].icd10 == ("F30", "F31")
    assert (len(BY_CODE["01"].icd10), BY_CODE["01"].icd10_pattern) == (10, "(F2[0-9])")
    assert BY_CODE["05"].icd10_pattern == "(F3[2-9]|F4[0-5])"
    (*_, perinatal) = read_pathways(write(tmp_path, [*ROWS, PERINATAL]))
    assert perinatal.icd10 == ("F53", "O993")
    assert perinatal.icd10_pattern == "(O99[.]?3|F53)"
    assert perinatal.icd10_says == "F53 or O993"


def test_pathways_are_named_by_code_or_measure_set_in_the_order_of_the_table() -> None:
    assert codes_of(["05", "01"]) == ("01", "05")
    assert codes_of([TALKING_THERAPIES, "02"]) == ("02", "05")
    assert codes_of([]) == ()
    assert unknown(["01", SEVERE_MENTAL_ILLNESS, "06", "all"]) == ["06", "all"]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"code": "6"}, "code '6' must be two digits"),
        ({"code": "05"}, "code: 05 is already used in row 6"),
        ({"meaning": ""}, "meaning '' must be what the pathway treats"),
        ({"source": ""}, "source '' must be where it was found"),
        ({"measure_set": "smi"}, "measure_set 'smi' must be talking_therapies or severe_mental_illness"),
        ({"is_default": "yes"}, "is_default 'yes' must be Y or blank"),
        (
            {"icd10": "F5.3"},
            "icd10 'F5.3' must be the start of an ICD-10 code without dot (F53) or a range (F20-F29)",
        ),
        ({"icd10": "F53-F52"}, "icd10 'F53-F52' must run from a lower to a higher code of one letter"),
        ({"icd10": "F53-G02"}, "icd10 'F53-G02' must run from a lower to a higher code of one letter"),
        ({"icd10": "F500"}, "icd10: F500 overlaps F50 in row 5"),
        ({"icd10": "F29"}, "icd10: F29 overlaps F29 in row 2"),
        ({"primary_reasons": "99"}, "primary_reasons: '99' is not in the list primary_reason_for_referral"),
        ({"primary_reasons": "03"}, "primary_reasons: 03 is already used in row 3"),
        ({"therapies": "XXX"}, "therapies: 'XXX' is not in the list therapy_type"),
        ({"severity_measure": ""}, "severity_measure '' must be an instrument of schemas/instruments.csv"),
    ],
)
def test_a_wrong_cell_is_refused_with_a_message(tmp_path: Path, cells: dict[str, str], says: str) -> None:
    assert f"row 7: {says}" in refused(tmp_path, [*ROWS, PERINATAL | cells])


def test_one_pathway_is_the_default(tmp_path: Path) -> None:
    assert refused(tmp_path, [*ROWS, PERINATAL | {"is_default": "Y"}]) == [
        "row 1: exactly one pathway must have Y in is_default; rows 6, 7 have it"
    ]
    assert refused(tmp_path, [row | {"is_default": ""} for row in ROWS]) == [
        "row 1: exactly one pathway must have Y in is_default; no row has it"
    ]


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    rows = [*ROWS, PERINATAL | {"code": "6", "icd10": "F50", "therapies": "XXX"}]
    assert len(refused(tmp_path, rows)) == 3


def test_columns_and_cells_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(",icd10,", ",diagnoses,"), encoding="utf-8")
    with pytest.raises(CatalogueError, match="row 1: the columns must be code, meaning"):
        read_pathways(path)
    path.write_text(text + "06,Perinatal\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="row 7: the row must have 12 cells"):
        read_pathways(path)


def test_a_severity_measure_is_an_instrument_with_bands() -> None:
    bands = {"PHQ9": ("PHQ-9 00-27",), "REQOL10": ()}
    assert list(severity_problems(pathways(), bands)) == [
        (row, "severity_measure REQOL10 has no severity_bands in the catalogue") for row in (2, 3, 4, 5)
    ]
    assert list(severity_problems(pathways(), {"REQOL10": ("ReQoL-10 00-40",)})) == [
        (6, "severity_measure 'PHQ9' is no instrument of the catalogue")
    ]
