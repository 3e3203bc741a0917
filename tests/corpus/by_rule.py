"""A broken submission per rule: the example submission, with the rule's own bad example in it.

Belongs here: turning an example of a rule into records. Does not belong here: the examples (``schemas``).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.links import FOUND, RECORDS, TOOL, TOOL_FIELD, looks_up, named_by
from schemas.rule import Rule
from schemas.ruleset import ruleset
from schemas.versions import Version, tables_of
from tests.corpus import Case
from tests.fixtures.example import write_records

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
Records = dict[str, list[dict[str, str | None]]]


def rule_cases() -> Iterator[Case]:
    """One case per rule that has an example."""
    for rule in ruleset(Version.SMI_1_0, *APRIL).values():
        if rule.bad:
            yield Case(f"rule {rule.id}", lambda root, rule=rule: write(root, broken(rule)))


def broken(rule: Rule) -> Records:
    """The example submission's records, with those of the rule's bad example in place of the table's first."""
    records: Records = {id_: [dict(r) for r in example_records(TABLES[id_])] for id_ in TABLES}
    table = TABLES[rule.table]
    for number, example in enumerate(rule.bad):
        own = {name: value for name, value in example.items() if name in table.by_name}
        if number:
            # Another record beside the first: of its own key, unless the key is what the example repeats.
            key = {
                name: f"{records[table.id][0][name]}-{number}"[-20:]
                for name in table.key
                if name not in rule.fields
            }
            records[table.id].append(records[table.id][0] | key | own)
        else:
            records[table.id][0] |= own
        for name, value in example.items():
            if name not in table.by_name:
                _change_related(records, rule, name, value)
    return records


def _change_related(records: Records, rule: Rule, name: str, value: str | None) -> None:
    if name == "received_at":
        _date_after_receipt(records["IDS000"][0], rule)
        return
    if name == f"{TOOL}_{FOUND}":
        records[rule.table][0][TOOL_FIELD] = "1234567890"
        return
    other, field = name.split("_", 1)
    table, record = TABLES[rule.table], records[rule.table][0]
    if field == RECORDS:
        there, here = named_by(table.id)[other]
        records[other] = [row for row in records[other] if row[there] != record[here]][: int(value or 0)]
    elif field == FOUND and other != TOOL:
        record[looks_up(table)[other][0]] = "NOBODY"
    elif other == "IDS000":
        records["IDS000"][0][field] = value
    elif other != TOOL:
        here, there = looks_up(table)[other]
        next(row for row in records[other] if row[there] == record[here])[field] = value


def _date_after_receipt(header: dict[str, str | None], rule: Rule) -> None:
    """A submission is received on the day the test runs: its dates move instead, far ahead."""
    for name in rule.fields:
        value = header[name]
        header[name] = f"2099{value[4:]}" if value else value


def write(root: Path, records: Records) -> Path:
    """The records as a submission of version 1.0, with the columns besides that hold something."""
    folder = root / "RW5_2026-04"
    folder.mkdir()
    asked = tables_of(Version.SMI_1_0)
    for table_id, rows in records.items():
        names = [field.name for field in asked[table_id].fields]
        names += [name for name in TABLES[table_id].by_name if name not in names and any(row[name] for row in rows)]
        write_records(folder, table_id, rows, names)
    return folder
