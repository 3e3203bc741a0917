"""Search what the cases of rules need, and write ``demonstration/conformance/beside.csv`` anew.

``python -m tests.conformance [RULE …]``: all rules, or those named; what others have stays. Belongs here: which
rules are searched, and the file. Does not belong here: the search.
"""

import csv
import os
import sys
from collections.abc import Iterable
from multiprocessing import Pool
from pathlib import Path

import demonstration.conformance
from demonstration.conformance.cases import ALONE, UNCHANGED, Edit, Kind, edited, passing, with_example
from schemas.rule import Rule
from tests.conformance.limits import at_the_limit
from tests.conformance.search import come_to, cost, search, sparse
from tests.fixtures.rule import ASKED

FILE = Path(demonstration.conformance.__file__).with_name("beside.csv")
NAMES = ("rule", "case", "table", "records", "element", "value")
Row = dict[str, str]


def main(asked: list[str]) -> None:
    """Search, and write what was found for the rules asked for. What is not alone in the end is printed."""
    rules = [ASKED[rule_id] for rule_id in asked] or list(ASKED.values())
    rows = [row for row in _written() if row["rule"] not in {rule.id for rule in rules}]
    with Pool(os.cpu_count()) as pool:
        for number, (found, told) in enumerate(pool.imap_unordered(_rows, [rule.id for rule in rules])):
            rows += found
            print(number + 1, "of", len(rules), *told, flush=True)
            if number % 50 == 49:
                _write(rows)
    _write(rows)


def _write(rows: list[Row]) -> None:
    order = {rule_id: number for number, rule_id in enumerate(ASKED)}
    with FILE.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, NAMES, lineterminator="\n")
        table.writeheader()  # stable: within a rule as found
        table.writerows(sorted((row for row in rows if row["rule"] in order), key=lambda row: order[row["rule"]]))


def _written() -> list[Row]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rows(rule_id: str) -> tuple[list[Row], list[str]]:
    """What is needed for the cases of a rule, and what is not as it should be."""
    rule, rows, told = ASKED[rule_id], [], []
    beside, left = search(rule, rule.bad, True)
    if rule.id not in {each.rule for each in left}:
        told.append(f"{rule.id} does not fire;")
    elif others := sorted({each.rule for each in left if each.rule != rule.id}):
        is_alone_in_record = cost(rule.id, left)[:2] == (0, 0)
        told.append(
            f"{rule.id} {'alone in its record' if is_alone_in_record else 'not alone'}: {' '.join(others)};"
        )
    rows += _as_rows(rule, Kind.FIRES, beside)
    beside_passing, left = search(rule, passing(rule), False)
    if left:  # the example itself satisfies every rule
        beside_passing = (Edit(UNCHANGED, 0, "", None),)
    rows += _as_rows(rule, Kind.PASSES, beside_passing)
    try:
        limits = list(at_the_limit(rule, edited(with_example(rule, rule.bad), beside, rule.table)))
    except Exception as error:
        return rows, [*told, f"{rule.id} limit: {type(error).__name__} {error}"]
    for kind, edit in limits:
        records = edited(with_example(rule, rule.bad), (*beside, edit), rule.table)
        now = {each.rule for each in come_to(sparse(records))}
        if (rule.id in now) == kind.fires:
            rows += _as_rows(rule, kind, [edit])
        else:
            told.append(f"{rule.id} is not at its limit: {kind} {edit.element};")
    return rows, told


def _as_rows(rule: Rule, kind: Kind, beside: Iterable[Edit]) -> list[Row]:
    """Values as they are; the records of a table that are left out in one row."""
    values = [(each.table, str(each.record), each.element, each.value or "") for each in beside if each.element]
    gone: dict[str, list[int]] = {}
    for each in beside:
        if not each.element:
            gone.setdefault(each.table, []).append(each.record)
    values = [(mark, "", "", "") for mark in (ALONE, UNCHANGED) if gone.pop(mark, None)] + values
    values += [(table, " ".join(map(str, sorted(numbers))), "", "") for table, numbers in gone.items()]
    return [dict(zip(NAMES, (rule.id, kind.value, *each), strict=True)) for each in values]


if __name__ == "__main__":
    main(sys.argv[1:])
