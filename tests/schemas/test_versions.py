"""The dataset's versions: what each has, and what it makes of a file that follows another."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.load import check_path
from pipelines.zones import PROJECT
from schemas.dataset import TABLES
from schemas.versions import Version, What, as_checked, came_later, tables_of
from tests.fixtures.example import example
from tests.fixtures.submission import submission


def names(version: Version, table_id: str) -> set[str]:
    return {field.name for field in tables_of(version)[table_id].fields}


def test_each_version_builds_on_its_base() -> None:
    for version in Version:
        for base in version.line[1:2]:
            assert set(tables_of(base)) <= set(tables_of(version)), version
    assert Version.SMI_1_0.line == (Version.SMI_1_0, Version.IAPT_2_1, Version.IAPT_2_0)
    assert {table_id for version in Version for table_id in tables_of(version)} == set(TABLES)
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


CODE = """
import json
from schemas.versions import Version, came_later, tables_of
print(json.dumps({v: {t.id: {f.name: str(f.mandation) for f in t.fields} for t in tables_of(v).values()} for v in Version}))
print(json.dumps({v: sorted(came_later(v, "IDS004")) for v in Version}))
"""
ADDED = """    IAPT_2_2 = "2.2", "2.1", (
        Difference(What.ADDED, "IDS004", ("JobsHeld",), "Two jobs are not one."),
        Difference(What.MANDATED, "IDS101", ("SourceOfReferralIAPT",), "It is always known."),
    )
"""


@pytest.mark.parametrize("before", ["    SMI_1_0 = ", "    @property\n    def line"])
def test_a_version_2_2_expects_the_elements_of_2_1_and_its_own_at_any_position(before: str, tmp_path: Path) -> None:
    def said() -> tuple[Any, ...]:
        done = subprocess.run(
            [sys.executable, "-c", CODE], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return tuple(json.loads(line) for line in done.stdout.splitlines())

    def replaced(file: str, old: str, new: str) -> None:
        text = (tmp_path / "schemas" / file).read_text()
        assert text.count(old) == 1
        (tmp_path / "schemas" / file).write_text(text.replace(old, new))

    shutil.copytree(PROJECT / "schemas", tmp_path / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
    without, _ = said()
    replaced("versions.py", before, ADDED + before)
    replaced(
        "tables/circumstances.py",
        '        Field(\n            "SelfEmployInd",',
        '        Field("JobsHeld", "max n2", "O", "Jobs held.", identity=Identity.KEEP, title="JOBS HELD"),\n        Field(\n            "SelfEmployInd",',
    )
    tables, came_later = said()
    assert "JobsHeld" in tables["2.2"]["IDS004"]
    assert not any("JobsHeld" in tables[version]["IDS004"] for version in ("2.0", "2.1", "1.0"))
    assert set(tables["2.2"]) == set(tables["2.1"])  # and no table of SMI
    assert not {"Pathway", "OfferAccepted"} & set(tables["2.2"]["IDS101"])
    assert "JobsHeld" in came_later["2.1"] and "JobsHeld" in came_later["1.0"] and came_later["2.2"] == []
    # SMI 1.0, 2.1 and 2.0 are what they were; what 2.2 alone makes mandatory is required of them.
    asked = tables["2.2"]["IDS101"].pop("SourceOfReferralIAPT")
    for version, table in without.items():
        mandation = table["IDS101"].pop("SourceOfReferralIAPT", None)
        assert tables[version]["IDS101"].pop("SourceOfReferralIAPT", None) in (mandation, "R"), (version, asked)
        assert tables[version] == table, version


@pytest.mark.parametrize(
    "difference", [each for version in Version for each in version.differences], ids=lambda d: str(d.fields)
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


def test_a_patient_without_date_of_birth_is_accepted_in_version_2_0(tmp_path: Path) -> None:
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
