"""The dictionary of the dataset for programs, and the JSON Schemas of it and of the report.

Belongs here: ``dictionary.json`` from the declarations, and finding the schemas. Does not belong here: the same for
people (``reports.dataset``), the report itself (``reports.site.report``).

A schema has a version in its ``$id``, and what it describes names it (``schema``). What is added keeps the version.
A change that an old reader cannot read is a new version.
"""

from importlib.resources import files
from typing import Any

from reports.dataset.code_lists import codes_of, list_names
from reports.dataset.dictionary import entries
from reports.dataset.explain import entry_facts
from reports.dataset.rule_pages import AS_OF, facts, in_force
from reports.site.report import SCHEMA as REPORT
from schemas.codes import Code
from schemas.dataset import TABLES
from schemas.field import Field
from schemas.table import Table
from schemas.versions import Version, tables_of

DICTIONARY = "parity-dictionary-1"
_PLACES = {REPORT: ("reports.site", "report.schema.json"), DICTIONARY: (__package__, "dictionary.schema.json")}


def schemas() -> dict[str, bytes]:
    """The JSON Schemas by what they describe, such as parity-report-1."""
    return {name: (files(room) / file).read_bytes() for name, (room, file) in _PLACES.items()}


def dictionary() -> dict[str, Any]:
    """The dictionary as data: tables, elements, code lists and rules in force."""
    return {
        "schema": DICTIONARY,
        "as_of": AS_OF,
        "versions": [version.value for version in Version],
        "tables": [_table(table) for table in TABLES.values()],
        "code_lists": {name: [_code(code) for code in codes_of(name)] for name in list_names()},
        "rules": [facts(rule) for rule in in_force().values()],
    }


def _table(table: Table) -> dict[str, Any]:
    parent = dict(zip(("element", "table", "key"), table.parent, strict=True)) if table.parent else None
    return {
        "id": table.id,
        "name": table.name,
        "title": table.title,
        "grain": table.grain,
        "key": list(table.key),
        "parent": parent,
        "is_required": table.is_required,
        "versions": [version.value for version in Version if table.id in tables_of(version)],
        "elements": [
            {"name": entry.field.name} | entry_facts(entry) | _form(entry.field)
            for entry in entries()
            if entry.table is table
        ],
    }


def _form(field: Field) -> dict[str, Any]:
    """What a value must look like: a pattern (ECMA 262), and bounds of a number. Codes have their list instead."""
    return {"pattern": None if field.codes else field.lexical, "low": field.low, "high": field.high}


def _code(code: Code) -> dict[str, Any]:
    days = {name: day.isoformat() if day else None for name, day in vars(code).items() if name.startswith("valid")}
    return vars(code) | days
