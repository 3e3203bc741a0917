"""The search for a submission in which a rule fires alone, passes without any finding, or stands at its limit.

Belongs here: what a submission comes to in findings, and better submissions one change away. Does not belong here:
which rules are searched, and writing what was found (``__main__``).

Every other finding says where it is and of which rule. So the changes that are tried are: leaving out that record
with all that belong to it, the values of the other rule's good examples in it, and other values of the elements
that it looks at. The best submission of a round is the start of the next.
"""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from demonstration.conformance.cases import ALONE, Edit, Records, alone, example_submission, with_example
from pipelines.conformance import FOLLOWS
from pipelines.load import check_path
from schemas.codes import valid_codes
from schemas.dataset import TABLES
from schemas.links import HEADER, looks_up, named_by
from schemas.rule import Example, Rule
from tests.corpus.by_rule import write
from tests.fixtures.rule import APRIL, ASKED

NOTHING = (0, 0, 0)
"""The cost of a submission that is as it should be."""
_ROUNDS, _TRIED, _VALUES = 6, 250, 20


class Found(NamedTuple):
    """One finding: the rule, the table and the place of the record in it (from 0; ``None`` of a whole table)."""

    rule: str
    table: str
    place: int | None


Sparse = dict[str, list[dict[str, str | None] | None]]
"""The records of a submission by table id. One that was left out is ``None``, so that the others keep their
places."""


class State(NamedTuple):
    """A submission on the way, with the changes so far."""

    records: Sparse
    edits: tuple[Edit, ...]


def come_to(records: Sparse) -> list[Found]:
    """What a submission comes to, without what only follows from another finding."""
    there = {table: [n for n, row in enumerate(rows) if row is not None] for table, rows in records.items()}
    whole = {table: [row for row in rows if row is not None] for table, rows in records.items()}
    with TemporaryDirectory() as root:
        found = check_path(write(Path(root), whole)).findings
    rows = found.select("rule_id", "table", "row_number").rows()
    return [
        Found(str(rule), str(table or ""), None if row is None else there[table][int(row) - 2])
        for rule, table, row in rows
        if not str(rule).endswith(FOLLOWS)
    ]


def cost(rule: str | None, found: Sequence[Found]) -> tuple[int, int, int]:
    """How far a submission is from one in which ``rule`` fires alone (``None``: nothing fires). First whether it
    fires, then other findings of the records that break it, then all others.
    """
    own = {(each.table, each.place) for each in found if each.rule == rule}
    others = [each for each in found if each.rule != rule]
    least = min(
        (sum((each.table, each.place) == record for each in others) for record in own), default=0
    )  # one record that breaks it alone is enough
    return (int(rule is not None and not own), least, len(others))


def search(rule: Rule, examples: tuple[Example, ...], fires: bool) -> tuple[tuple[Edit, ...], list[Found]]:
    """The changes beside an example that come nearest, and what is left: in the whole example submission, or if
    others have findings there, in one without the records that have nothing to do with the example.
    """
    wanted = rule.id if fires else None
    whole = with_example(rule, examples)
    found = come_to(sparse(whole))
    if cost(wanted, found) == NOTHING:
        return (), found
    start = alone(whole, rule.table)
    beside, least = _better(wanted, State(sparse(start), ()), kept(start) | {(rule.table, 0, "")})
    if cost(wanted, found) < cost(wanted, least):
        return (), found
    return (Edit(ALONE, 0, "", None), *beside), least


def _better(
    wanted: str | None, start: State, keep: set[tuple[str, int, str]]
) -> tuple[tuple[Edit, ...], list[Found]]:
    """``keep`` are values (table, place, element) that make the case what it is. A change that makes nothing better
    may be needed for the next: a discharge date asks for a reason.
    """
    here, found = start, come_to(start.records)
    best, seen = (cost(wanted, found), here, found), {repr(start.records)}
    for _ in range(_ROUNDS):
        around: list[tuple[tuple[int, int, int], int, State, list[Found]]] = []
        for state in _next(here, [each for each in found if each.rule != wanted], keep):
            said = repr(state.records)
            if said in seen or len(seen) > _TRIED:
                continue
            seen.add(said)
            now = come_to(state.records)
            around.append((cost(wanted, now), len(state.edits), state, now))
            if around[-1][0] == NOTHING:
                return state.edits, now
        if not around:
            break
        its, _, here, found = min(around, key=lambda each: each[:2])
        if its < best[0]:
            best = (its, here, found)
    return best[1].edits, best[2]


def sparse(records: Records) -> Sparse:
    """All records of a submission, none left out."""
    return {table: list(rows) for table, rows in records.items()}


def _next(state: State, others: Sequence[Found], keep: set[tuple[str, int, str]]) -> Iterator[State]:
    """Submissions one change away from ``state``, for the first findings that should not be there."""
    for other in others[:3]:
        if not other.table:
            continue
        places = range(len(state.records[other.table])) if other.place is None else [other.place]
        for place in places:
            if state.records[other.table][place] is None:
                continue
            is_kept = any((table, number) == (other.table, place) for table, number, _ in keep)
            if not is_kept:
                yield _without(state, other.table, place, keep)
            asked = ASKED.get(other.rule)
            if asked is not None:
                yield from _changed(state, asked, place, keep)
    yield from _renamed(state, keep)


def _renamed(state: State, keep: set[tuple[str, int, str]]) -> Iterator[State]:
    """With the wrong number of a parent record in that record too: a malformed number is found there."""
    example = example_submission()
    for table, place, name in keep:
        for there, (here, key) in looks_up(TABLES[table]).items():
            if here == name:
                was, now = example[table][0][here], state.records[table][place]
                for number, row in enumerate(state.records[there]):
                    if now and row and row[key] == was:
                        yield _set(state, [(there, number, key, now[here])])


def _changed(state: State, other: Rule, place: int, keep: set[tuple[str, int, str]]) -> Iterator[State]:
    record, table = state.records[other.table][place], TABLES[other.table]
    assert record is not None
    for good in other.good:
        own = {name: value for name, value in good.items() if name in table.by_name}
        free = {n: v for n, v in own.items() if (other.table, place, n) not in keep and record[n] != v}
        if free:
            yield _set(state, [(other.table, place, name, value) for name, value in free.items()])
    parents = _linked(state.records, other.table, place)
    for table_id, number, name in [
        *((other.table, place, name) for name in other.fields if name in table.by_name),
        *((there, parents[there], name) for there, name in other.related if there in parents and there != HEADER),
    ]:
        if (table_id, number, name) in keep or name not in TABLES[table_id].by_name:
            continue
        row = state.records[table_id][number]
        assert row is not None
        now = row[name]
        for value in _values(state.records, table_id, name):
            if value != now:
                yield _set(state, [(table_id, number, name, value)])
    # What a kept value contradicts may stand in two elements of the other rule.
    free_names = [
        name for name in _beside(other) if name not in other.fields and (other.table, place, name) not in keep
    ]
    for name in free_names:
        values = [value for value in _values(state.records, other.table, name) if value != record[name]]
        yield from (_set(state, [(other.table, place, name, value)]) for value in values)


def _beside(rule: Rule) -> list[str]:
    """Elements of its table that a rule's predicate names."""
    named = set(re.findall(r"[A-Za-z0-9]+", rule.fails.replace("_text", "")))
    return [name for name in TABLES[rule.table].by_name if name in named]


def _values(records: Sparse, table_id: str, name: str) -> list[str | None]:
    """Values to try in an element: blank, those of the example and of all rules' examples, and codes of its
    list."""
    of_rules = (
        own[name]
        for rule in ASKED.values()
        if rule.table == table_id
        for own in (*rule.good, *rule.bad)
        if name in own
    )
    codes = TABLES[table_id].by_name[name].codes
    of_list = valid_codes(codes, *APRIL) if codes else ()
    seen = dict.fromkeys([None, *(record[name] for record in records[table_id] if record), *of_rules, *of_list])
    return [value for value in seen if value != "~"][:_VALUES]


def _linked(records: Sparse, table_id: str, place: int) -> dict[str, int]:
    """The places of the records that a record names, by table; the header is there for every record."""
    found = {"IDS000": 0}
    record = records[table_id][place]
    assert record is not None
    for there, (here, key) in looks_up(TABLES[table_id]).items():
        for number, other in enumerate(records[there]):
            if other and other[key] is not None and other[key] == record[here]:
                found[there] = number
                break
    return found


def _set(state: State, values: Sequence[tuple[str, int, str, str | None]]) -> State:
    records = deepcopy(state.records)
    edits = list(state.edits)
    for table, place, name, value in values:
        row = records[table][place]
        assert row is not None
        row[name] = value
        edits = [e for e in edits if (e.table, e.record, e.element) != (table, place + 1, name)]
        edits.append(Edit(table, place + 1, name, value))
    return State(records, tuple(edits))


def _without(state: State, table: str, place: int, keep: set[tuple[str, int, str]]) -> State:
    """Without a record and all that belong to it. Its place stays, so that the others keep theirs."""
    gone = {(table, place)}
    waiting = [(table, place)]
    while waiting:
        id_, at = waiting.pop()
        record = state.records[id_][at]
        if record is None:
            continue
        for other, (there, here) in named_by(id_).items():
            for number, child in enumerate(state.records[other]):
                is_of_it = child is not None and child[there] is not None and child[there] == record[here]
                if is_of_it and (other, number) not in gone and not any(k[:2] == (other, number) for k in keep):
                    gone.add((other, number))
                    waiting.append((other, number))
    return _left_out(state, gone)


def _left_out(state: State, gone: set[tuple[str, int]]) -> State:
    edits = [e for e in state.edits if (e.table, e.record - 1) not in gone]
    edits += [Edit(table, place + 1, "", None) for table, place in sorted(gone)]
    records: Sparse = {
        table: [None if (table, n) in gone else row for n, row in enumerate(rows)]
        for table, rows in state.records.items()
    }
    return State(records, tuple(edits))


def kept(start: Records) -> set[tuple[str, int, str]]:
    """Values (table, place, element) of a submission that are not those of the example submission's first record,
    in the records that it has not.
    """
    example = example_submission()
    found = set()
    for table, rows in start.items():
        for place, row in enumerate(rows):
            if row not in example[table]:
                near = example[table][0] if example[table] else {}
                found |= {(table, place, name) for name, value in row.items() if near.get(name, "") != value}
                found |= {(table, place, "")}
    return found
