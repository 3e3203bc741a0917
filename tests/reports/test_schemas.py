"""The JSON Schemas: real reports and the dictionary are what they say, and they say every key.

Validated by jsonschema in an environment of its own (``tests/validators.lock``), which is no part of Parity.
"""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.apart import check
from pipelines.ledger import State
from reports.conformance.dictionary import DICTIONARY, dictionary, schemas
from reports.site.report import SCHEMA
from schemas.rule import Effect
from tests.fixtures.submission import RIGHT, submission, write

PYTHON = Path(sys.prefix) / "validators" / "bin" / "python"
_VALIDATE = """
import json, sys
from jsonschema import Draft202012Validator
schema, documents = json.load(open(sys.argv[1], encoding="utf-8")), json.load(open(sys.argv[2], encoding="utf-8"))
Draft202012Validator.check_schema(schema)
for number, document in enumerate(documents):
    for error in Draft202012Validator(schema).iter_errors(document):
        print(number, "/".join(map(str, error.absolute_path)), error.validator)
"""


def closed(schema: Any) -> Any:
    """The schema without room for keys that it does not name: to others it promises that there may be more."""
    if isinstance(schema, dict):
        inner = {name: closed(value) for name, value in schema.items()}
        return inner | ({"additionalProperties": False} if "properties" in inner and "type" in inner else {})
    return [closed(each) for each in schema] if isinstance(schema, list) else schema


def validated(name: str, documents: list[Any], folder: Path) -> list[str]:
    if not PYTHON.exists():
        pytest.skip("jsonschema is not installed beside the environment (make installs it)")
    (folder / "schema.json").write_text(json.dumps(closed(json.loads(schemas()[name]))), encoding="utf-8")
    (folder / "documents.json").write_text(json.dumps(documents), encoding="utf-8")
    command = [str(PYTHON), "-c", _VALIDATE, str(folder / "schema.json"), str(folder / "documents.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def reports(folder: Path) -> list[dict[str, Any]]:
    """Reports of all kinds: clean, warned, with rejections and cascades, compared with one before, refused."""
    wrong = {
        "IDS001MPI": RIGHT["IDS001MPI"].replace("1980-06-15", "15/06/1980").replace(",1,H,", ",7,H,"),
        "IDS002GP": RIGHT["IDS002GP"].replace("GMPCodeReg", "GMP Code Reg"),
        "IDS101Referral": RIGHT["IDS101Referral"] + "R4,P9,QE1,2025-04-04,A1,,,,\nR5,P3\n",
    }
    place = submission(folder, **wrong)
    found = [check(place, folder / "out")]
    found.append(
        check(write(place, RIGHT | {"IDS001MPI": RIGHT["IDS001MPI"].replace("9990000018", "")}), folder / "out")
    )
    found.append(check(write(place, RIGHT | {"IDS002GP": None}), None))
    found.append(
        check(
            write(
                place, RIGHT | {"IDS101Referral": re.sub(r"2025-04-(..)", r"\1/04/2025", RIGHT["IDS101Referral"])}
            ),
            None,
        )
    )
    (folder / "no.zip").write_bytes(b"PK")
    return [*found, check(folder / "no.zip", folder / "no")]


def test_reports_are_what_the_schema_says_and_it_says_every_key(tmp_path: Path) -> None:
    found = reports(tmp_path)
    assert len({each["outcome"] for each in found}) >= 3
    assert found[1]["compared"] and found[1]["resolved"] and found[0]["notes"] and found[0]["rejected_by_cascade"]
    spoilt = copy.deepcopy(found[0])
    spoilt["outcome"] = "fine"
    spoilt["rules"][0]["records"] = "two"
    spoilt["rules"][0]["unheard"] = 1
    told = validated(SCHEMA, [*found, spoilt], tmp_path)
    last = str(len(found))
    assert sorted(told) == [
        f"{last} outcome enum",
        f"{last} rules/0 additionalProperties",
        f"{last} rules/0/records type",
    ]


def test_the_dictionary_is_what_its_schema_says(tmp_path: Path) -> None:
    said = dictionary()
    assert len(said["tables"]) == 26 and len(said["rules"]) >= 500
    assert validated(DICTIONARY, [said], tmp_path) == []
    assert validated(DICTIONARY, [said | {"tables": None}], tmp_path) == ["0 tables type"]


def test_a_schema_names_its_version_and_so_does_what_it_describes() -> None:
    for name, content in schemas().items():
        schema = json.loads(content)
        assert schema["$id"].startswith(f"urn:parity:{name.split('-')[1]}:{name.split('-')[2]}.")
        assert schema["properties"]["schema"]["const"] == name


def test_what_is_listed_in_a_schema_is_all_there_is() -> None:
    report, said = (json.loads(schemas()[name]) for name in (SCHEMA, DICTIONARY))
    assert set(said["properties"]["rules"]["items"]["properties"]["effect"]["enum"]) == {
        each.value for each in Effect
    }
    of_rules = {each.value for each in Effect} - {Effect.NOTE.value}
    assert set(report["$defs"]["rule"]["properties"]["effect"]["enum"]) == of_rules
    outcomes = {each.value for each in State if each.is_accepted or each is State.FILE_REJECTED}
    assert set(report["properties"]["outcome"]["enum"]) == outcomes
