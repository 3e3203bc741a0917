"""The dataset's versions: what each has, and what it makes of a file that follows another."""

from pathlib import Path

import pytest

from pipelines.load import check_path
from schemas.dataset import TABLES
from schemas.versions import DELTAS, Version, What, as_checked, came_later, tables_of
from tests.fixtures.example import example
from tests.fixtures.submission import submission


def names(version: Version, table_id: str) -> set[str]:
    return {field.name for field in tables_of(version)[table_id].fields}


def test_each_version_builds_on_the_one_before() -> None:
    older: set[str] = set()
    for version in Version:
        assert older <= set(tables_of(version)), version
        older = set(tables_of(version))
    assert older == set(TABLES)
    assert "IDS003" not in tables_of(Version.IAPT_2_0)
    assert "SMI501" not in tables_of(Version.IAPT_2_1)


def test_an_element_comes_with_its_version_and_goes_when_it_is_replaced() -> None:
    assert "GenderIDCode" not in names(Version.IAPT_2_0, "IDS001")
    assert "GenderIDCode" in names(Version.IAPT_2_1, "IDS001")
    assert "ConsMediumUsed" in names(Version.IAPT_2_0, "IDS201")
    assert "ConsMediumUsed" not in names(Version.IAPT_2_1, "IDS201") | names(Version.SMI_1_0, "IDS201")


def test_the_date_of_birth_became_mandatory_with_2_1() -> None:
    mandation = {v: tables_of(v)["IDS001"].by_name["PersonBirthDate"].mandation for v in Version}
    assert mandation == {Version.IAPT_2_0: "R", Version.IAPT_2_1: "M", Version.SMI_1_0: "M"}


@pytest.mark.parametrize(
    "difference", [each for deltas in DELTAS.values() for each in deltas], ids=lambda d: str(d.fields)
)
def test_a_difference_names_what_is_declared_and_has_a_reason(difference: object) -> None:
    table = TABLES[difference.table]  # type: ignore[attr-defined]
    assert set(difference.fields) <= set(table.by_name)  # type: ignore[attr-defined]
    assert difference.fields or difference.what is What.ADDED  # type: ignore[attr-defined]
    assert difference.reason.endswith(".")  # type: ignore[attr-defined]


def test_every_element_is_read_in_every_version() -> None:
    for version in Version:
        for table in TABLES.values():
            assert list(as_checked(table.id, version).by_name) == list(table.by_name)


def test_a_patient_without_date_of_birth_is_taken_in_version_2_0(tmp_path: Path) -> None:
    text = (submission(tmp_path) / "IDS001MPI.csv").read_text().replace("1980-06-15", "")
    checked = check_path(submission(tmp_path, IDS001MPI=text))
    assert "IDS001-PersonBirthDate-BLANK" not in checked.findings["rule_id"]
    assert checked.counts()["IDS001"]["rejected"] == 0


def test_an_element_of_a_later_version_is_kept_and_mentioned(tmp_path: Path) -> None:
    lines = (submission(tmp_path) / "IDS101Referral.csv").read_text().splitlines()
    later = "\n".join([lines[0] + ",Pathway", *(line + ",05" for line in lines[1:])]) + "\n"
    checked = check_path(submission(tmp_path, IDS101Referral=later))
    found = checked.findings.filter(checked.findings["rule_id"] == "GATE-COLUMN-VERSION")
    assert found.select("table", "effect", "found").rows() == [("IDS101", "warning", "Pathway")]
    assert "Pathway" in checked.received["IDS101"].columns


def test_a_table_of_a_later_version_is_kept_and_mentioned(tmp_path: Path) -> None:
    checked = check_path(example(tmp_path, ("IDS000", 0, {"DatSetVer": "2.1"})))
    assert "GATE-TABLE-VERSION" in checked.findings["rule_id"]
    assert checked.counts()["SMI501"]["accepted"] > 0


def test_what_came_later_is_what_later_versions_added() -> None:
    assert came_later(Version.IAPT_2_0, "IDS201") == {"ConsMechanism"}
    assert came_later(Version.IAPT_2_1, "IDS201") == frozenset()
    assert "Pathway" in came_later(Version.IAPT_2_1, "IDS101")
