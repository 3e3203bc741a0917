"""The cases of a rule: the example submission with one thing changed, so that the rule fires, passes, or just so.

Belongs here: turning a rule's examples into the records of a whole submission, with what has to change beside them.
Does not belong here: the examples (``schemas``), finding what has to change (``tests.conformance.search``).

A rule's example is about one record. In a whole submission the other records must agree with it: a referral that is
received later needs its contacts later too. ``beside.csv`` has these changes, and the values at the limit of a
rule. A program found them, and a test holds every case to what it is for.
"""

import csv
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.field import Mandation
from schemas.links import FOUND, RECORDS, TOOL, TOOL_FIELD, looks_up, named_by
from schemas.rule import Example, Level, Rule
from schemas.table import Table

Records = dict[str, list[dict[str, str | None]]]
"""The records of a submission by table id, as submitted; blank as ``None``."""


_OF_A_PATIENT = ("IDS002", "IDS101")


class Kind(StrEnum):
    """What a case is for."""

    FIRES = "fires"
    PASSES = "passes"
    LAST = "last-passes"
    FIRST = "first-fires"

    @property
    def fires(self) -> bool:
        """Whether the rule must find something."""
        return self in (Kind.FIRES, Kind.FIRST)


ALONE = "*"
"""In place of a table: every record that has nothing to do with those of the example is left out."""


UNCHANGED = "="
"""In place of a table: the example submission as it is, where nothing of a rule's example can stand in it alone."""


class Edit(NamedTuple):
    """One change beside the example: a value of a record (its number in the table, from 1), or without an
    ``element`` a record that is left out. With ``ALONE`` for a table it comes before all others.
    """

    table: str
    record: int
    element: str
    value: str | None


@cache
def edits() -> Mapping[tuple[str, Kind], tuple[Edit, ...]]:
    """The changes of ``beside.csv`` by rule id and kind of case."""
    found: dict[tuple[str, Kind], list[Edit]] = {}
    with (files("demonstration.conformance") / "beside.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for record in row["records"].split() or ["0"]:
                edit = Edit(row["table"], int(record), row["element"], row["value"] or None)
                found.setdefault((row["rule"], Kind(row["case"])), []).append(edit)
    return {key: tuple(each) for key, each in found.items()}


def cases(rule: Rule) -> Iterator[tuple[Kind, Records]]:
    """Every case of a rule that has examples: it fires, it passes, and where its limit is known the last value that
    passes and the first that fires.
    """
    if rule.level is Level.GROUP and not rule.fails and rule.table:
        yield Kind.FIRES, _under_a_rejected_parent(TABLES[rule.table])
        yield Kind.PASSES, example_submission()
    if not rule.bad:
        return
    yield Kind.FIRES, edited(with_example(rule, rule.bad), edits().get((rule.id, Kind.FIRES), ()), rule.table)
    passes = edits().get((rule.id, Kind.PASSES), ())
    yield Kind.PASSES, edited(with_example(rule, passing(rule)), passes, rule.table)
    for kind in (Kind.LAST, Kind.FIRST):
        if (limit := edits().get((rule.id, kind))) is not None:
            beside = (*edits().get((rule.id, Kind.FIRES), ()), *limit)
            yield kind, edited(with_example(rule, rule.bad), beside, rule.table)


def _under_a_rejected_parent(table: Table) -> Records:
    """The example submission with a fault in the record that the first record of a table belongs to."""
    assert table.parent is not None
    here, parent_id, there = table.parent
    parent, records = TABLES[parent_id], example_submission()
    key = records[table.id][0][here]
    record = next(row for row in records[parent_id] if row[there] == key)
    links = {name for name, _ in looks_up(parent).values()} | set(parent.key)
    free = [field for field in parent.fields if field.name not in links and not field.codes]
    mandatory = next((field for field in free if field.mandation == Mandation.MANDATORY), None)
    if mandatory is not None:
        record[mandatory.name] = None
    else:
        record[next(field.name for field in free if not field.warn_if_wrong)] = "?" * 60
    return records


def passing(rule: Rule) -> tuple[Example, ...]:
    """The example that passes: all records of a group together, or the first of several single ones."""
    return rule.good if rule.group_by else rule.good[:1]


def example_submission() -> Records:
    """The records of the example submission, each a copy."""
    return {id_: [dict(record) for record in records] for id_, records in _example().items()}


@cache
def _example() -> Mapping[str, tuple[dict[str, str | None], ...]]:
    """The example by table id: to find it by its table, all declarations of that are hashed each time."""
    return {id_: example_records(table) for id_, table in TABLES.items()}


def edited(records: Records, beside: tuple[Edit, ...], table_id: str) -> Records:
    """``records`` with changes: first those that are alone, then the values, then the records that are left out."""
    if any(edit.table == UNCHANGED for edit in beside):
        return example_submission()
    if any(edit.table == ALONE for edit in beside):
        records = alone(records, table_id)
    for edit in beside:
        if edit.element:
            records[edit.table][edit.record - 1][edit.element] = edit.value
    for edit in sorted(beside, key=lambda edit: -edit.record):
        if not edit.element and edit.table != ALONE:
            del records[edit.table][edit.record - 1]
    return records


def alone(records: Records, table_id: str) -> Records:
    """The records that differ from the example submission, the first of a table, those that they name, and the
    header.

    What the record of the example names stays too, where a wrong value names nothing. Of each patient the practice
    and the referrals stay: without them there is a finding of its own.
    """
    example = example_submission()
    stays = {(id_, n) for id_, rows in records.items() for n, row in enumerate(rows) if row not in example[id_]}
    waiting = [*stays, ("IDS000", 0), (table_id, 0)]
    while waiting:
        id_, number = waiting.pop()
        stays.add((id_, number))
        near = [records[id_][number], *example[id_][: records[id_][number] not in example[id_]]]
        waiting += [each for row in near for each in _belonging(records, id_, row) if each not in stays]
    return {id_: [row for n, row in enumerate(rows) if (id_, n) in stays] for id_, rows in records.items()}


def _belonging(records: Records, table_id: str, record: Mapping[str, str | None]) -> Iterator[tuple[str, int]]:
    """The records that a record names, and of a patient practice and referrals."""
    links = [(there, here, key) for there, (here, key) in looks_up(TABLES[table_id]).items()]
    if table_id == "IDS001":
        links += [(there, here, key) for there, (key, here) in named_by(table_id).items() if there in _OF_A_PATIENT]
    for there, here, key in links:
        for number, other in enumerate(records[there]):
            if record[here] is not None and other[key] == record[here]:
                yield there, number


def with_example(rule: Rule, examples: tuple[Example, ...]) -> Records:
    """The example submission's records, with those of an example of the rule in place of the table's first."""
    records = example_submission()
    table = TABLES[rule.table]
    for number, example in enumerate(examples):
        own = {name: value for name, value in example.items() if name in table.by_name}
        if number:
            # Another record beside the first: of its own key, unless the key is what the example repeats.
            key = {
                name: f"{records[table.id][0][name]}-{number}"[-20:]
                for name in table.key
                if name not in rule.fields
            }
            records[table.id].append(records[table.id][0] | key | own)
            if table.id == "IDS001":
                _give(records, records[table.id][-1]["LocalPatientId"], number)
        else:
            records[table.id][0] |= own
        for name, value in example.items():
            if name not in table.by_name:
                _change_related(records, rule, name, value, examples is rule.bad)
    return records


def _give(records: Records, patient: str | None, number: int) -> None:
    """Give another patient the practice and the referral that the first one has, each with a key of its own."""
    first = records["IDS001"][0]["LocalPatientId"]
    for table_id in _OF_A_PATIENT if patient != first else ():
        own = next(row for row in records[table_id] if row["LocalPatientId"] == first)
        key = {name: f"{own[name]}-{number}" for name in TABLES[table_id].key if name == "ServiceRequestId"}
        records[table_id].append(own | key | {"LocalPatientId": patient})


def _change_related(records: Records, rule: Rule, name: str, value: str | None, is_bad: bool) -> None:
    if name == "received_at":
        if is_bad:
            _date_after_receipt(records["IDS000"][0], rule)
        return
    if name == f"{TOOL}_{FOUND}":
        records[rule.table][0][TOOL_FIELD] = (
            "1234567890" if value == "false" else records[rule.table][0][TOOL_FIELD]
        )
        return
    other, field = name.split("_", 1)
    table, record = TABLES[rule.table], records[rule.table][0]
    if field == RECORDS:
        there, here = named_by(table.id)[other]
        records[other] = [row for row in records[other] if row[there] != record[here]][: int(value or 0)]
    elif field == FOUND and other != TOOL and value == "false":
        record[looks_up(table)[other][0]] = "NOBODY"
    elif other == "IDS000":
        records["IDS000"][0][field] = value
    elif other != TOOL and field != FOUND:
        here, there = looks_up(table)[other]
        next(row for row in records[other] if row[there] == record[here])[field] = value


def _date_after_receipt(header: dict[str, str | None], rule: Rule) -> None:
    """A submission is received on the day the test runs: its dates move instead, far ahead."""
    for name in rule.fields:
        value = header[name]
        header[name] = f"2099{value[4:]}" if value else value
