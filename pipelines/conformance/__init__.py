"""The conformance pack: files that try each rule, with what they must come to, for suppliers of systems.

Belongs here: writing the pack, and checking every file of it. Does not belong here: the cases
(``demonstration.conformance``), what a supplier reads (``reports.conformance``).

What is expected is what Parity comes to. It is no proof that Parity is right: the tests hold every case to what it
is for. A case in which a rule must fire says so, whatever was found.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from demonstration.conformance.cases import Kind, Records, cases, example_submission
from demonstration.conformance.causes import NAMED, cause_cases
from demonstration.conformance.files import VERSION, packed, table_files
from demonstration.conformance.gate import NO_CASE, gate_cases
from pipelines.conformance.figures import expected_figures
from pipelines.load import check_path
from pipelines.verdict import state_of
from reports.conformance.dictionary import dictionary, schemas
from reports.conformance.page import page
from reports.dataset.documents import documents
from reports.dataset.rule_pages import END, START
from schemas.dataset import TABLES
from schemas.rule import Rule
from schemas.ruleset import ruleset
from transforms.submission import SubmissionChecked

CASES, EXAMPLE = "cases", "cases/example.zip"
FOLLOWS = ("-CASCADE", "GATE-HEADER-UNUSABLE", "GATE-NOTHING-ACCEPTED")
"""Ends of the ids of rules that only say what follows from another finding: they leave a rule alone."""

Table = tuple[tuple[str, ...], Sequence[tuple[object, ...]]]
"""The names of the columns, and the rows."""


class Try(NamedTuple):
    """One case of the pack: the rule that it tries, what it is for, its file, and what is in it: the records, or
    the bytes of an archive.
    """

    rule: Rule
    kind: Kind
    file: str
    holds: Records | bytes

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.holds if isinstance(self.holds, bytes) else packed(table_files(self.holds))


class Came(NamedTuple):
    """What a file came to: outcome, counts by table, and findings (rule, effect, table, row, element)."""

    outcome: str
    counts: Mapping[str, Mapping[str, int]]
    findings: Sequence[tuple[str, str, str, int | None, str]]

    @classmethod
    def of(cls, checked: SubmissionChecked) -> "Came":
        """The outcome of a check."""
        names = ("rule_id", "effect", "table", "row_number", "field")
        found = [tuple(row) for row in checked.findings.select(names).rows()]
        rows = [
            (str(rule), str(effect), table or "", row, element or "") for rule, effect, table, row, element in found
        ]
        return cls(state_of(checked).value, checked.counts(), sorted(rows, key=str))

    def others(self, rule_id: str) -> tuple[list[str], list[str]]:
        """Rules other than ``rule_id`` that found something, without those that only follow: in the whole
        submission, and in that record which breaks the rule and fewest others.
        """
        own = {(table, row) for rule, _, table, row, _ in self.findings if rule == rule_id}
        others = [each for each in self.findings if each[0] != rule_id and not each[0].endswith(FOLLOWS)]
        beside = [{rule for rule, _, table, row, _ in others if (table, row) == record} for record in own]
        return sorted({each[0] for each in others}), min(map(sorted, beside), key=len, default=[])


def pack() -> list[Try]:
    """Every case. Most of those that pass are the example itself, which is there once."""
    example = example_submission()
    return [each for rule in ruleset(VERSION, START, END).values() for each in _tries(rule, example)]


def _tries(rule: Rule, example: Records) -> Iterator[Try]:
    """The cases of one rule: of its examples, of a cause, or of the gate."""
    found: list[tuple[Kind, Records | bytes]] = [*cases(rule)]
    name = NAMED.get(rule.id, "")
    if rule.id in (by_cause := cause_cases()):
        found = [(Kind.FIRES, by_cause[rule.id]), (Kind.PASSES, example)]
    if rule.id in (by_rule := gate_cases()):
        found = [(Kind.FIRES, by_rule[rule.id].content), (Kind.PASSES, example)]
        name = by_rule[rule.id].name
    for kind, holds in found:
        own = f"{CASES}/{name or f'{rule.id}_{kind}'}.zip"
        yield Try(rule, kind, EXAMPLE if holds == example else own, holds)


def write_pack(tries: Sequence[Try], out: Path, step: Callable[[], None]) -> int:
    """Write the pack of these cases into ``out``, made if absent, and check every file. Gives the number of files.

    ``step`` is called after each case. Files with the same names are replaced.
    """
    came: dict[str, Came] = {}
    for each in tries:
        if each.file not in came:
            _put(out / each.file, each.content)
            came[each.file] = Came.of(check_path(out / each.file))
        step()
    tables: dict[str, Table] = {
        "cases.csv": _cases(tries, came),
        "changes.csv": _changes(tries),
        "expected/outcomes.csv": _outcomes(came),
        "expected/findings.csv": _findings(came),
        **expected_figures(out / EXAMPLE),
    }
    rules = len({each.rule.id for each in tries})
    counts = {"rules": rules, "files": len(came), "cases": len(tries), **_alone(tries, came)}
    columns = {name: names for name, (names, _) in tables.items()}
    for name, table in tables.items():
        _put(out / name, _as_csv(*table))
    _put(out / "README.md", page(counts, columns, NO_CASE).encode())
    for name, content in _descriptions().items():
        _put(out / name, content)
    return len(came)


def _descriptions() -> dict[str, bytes]:
    """The dataset for people and for programs, and the schemas."""
    found = {f"dataset/{name}": content for name, content in documents().items()}
    found |= {f"schemas/{name}.schema.json": content for name, content in schemas().items()}
    said = json.dumps(dictionary(), indent=1, ensure_ascii=False)
    return found | {"schemas/dictionary.json": f"{said}\n".encode()}


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _cases(found: Iterable[Try], came: Mapping[str, Came]) -> Table:
    """One row for each case: which rule it tries, whether it must fire, and how alone it is in it."""
    names = ("rule_id", "case", "file", "must_fire", "effect", "outcome", "alone", "other_rules")
    rows = []
    for each in found:
        in_all, in_record = came[each.file].others(each.rule.id)
        alone = "yes" if not in_all else "in its record" if not in_record else "no"
        rows.append(
            (
                each.rule.id, each.kind.value, each.file, "yes" if each.kind.fires else "no",
                each.rule.effect.value, came[each.file].outcome, alone if each.kind.fires else "", " ".join(in_all),
            )
        )  # fmt: skip
    return names, rows


def _alone(found: Iterable[Try], came: Mapping[str, Came]) -> dict[str, int]:
    """How many rules have a case in which they fire alone, alone in a record, and with others only."""
    firing = [came[each.file].others(each.rule.id) for each in found if each.kind is Kind.FIRES]
    return {
        "alone": sum(not in_all for in_all, _ in firing),
        "alone_in_record": sum(bool(in_all) and not in_record for in_all, in_record in firing),
        "never_alone": sum(bool(in_record) for _, in_record in firing),
    }


def _changes(found: Iterable[Try]) -> Table:
    """What is in each file and not in the example submission: a row for each value."""
    names = ("file", "table", "row", "element", "value")
    example, rows = example_submission(), []
    of_file = {each.file: each.holds for each in found if not isinstance(each.holds, bytes)}
    for file, records in of_file.items():
        for table_id, changed in records.items():
            for number, record in enumerate(changed, start=2):
                near = {} if record in example[table_id] else _nearest(record, example[table_id])
                rows += [
                    (file, TABLES[table_id].name, number, name, value or "")
                    for name, value in record.items()
                    if near and value != near[name]
                ]
    return names, rows


def _nearest(
    record: Mapping[str, str | None], known: Sequence[Mapping[str, str | None]]
) -> Mapping[str, str | None]:
    """The record of the example that has most values of this one."""
    return max(known, key=lambda each: sum(each[name] == value for name, value in record.items()), default={})


def _outcomes(came: Mapping[str, Came]) -> Table:
    names = ("file", "outcome", "table", "rows_in", "accepted", "rejected")
    rows = [
        (file, each.outcome, TABLES[table].name if table else "", *(counts[name] for name in names[3:]))
        for file, each in came.items()
        for table, counts in (each.counts or {"": dict.fromkeys(names[3:], 0)}).items()
    ]
    return names, rows


def _findings(came: Mapping[str, Came]) -> Table:
    names = ("file", "rule_id", "effect", "table", "row", "element")
    rows = [
        (file, rule, effect, TABLES[table].name if table else "", "" if row is None else row, element)
        for file, each in came.items()
        for rule, effect, table, row, element in each.findings
    ]
    return names, rows


def _as_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()
