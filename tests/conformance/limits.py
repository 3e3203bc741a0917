"""The limit of a rule: two values next to each other, of which one passes and the other fires.

Belongs here: finding them. Of a generated rule the declaration says them. Of a written rule its predicate is asked
of values next to the one that fires: a day or a whole number more or less, until it changes its answer. A rule that
compares codes has no limit. Does not belong here: writing them (``__main__``).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import polars as pl

from demonstration.conformance.cases import Edit, Kind, Records
from schemas.codes import valid_codes
from schemas.dataset import TABLES
from schemas.field import Field
from schemas.generated import Kind as Generated
from schemas.links import FOUND, HEADER, RECEIVED_AT, RECORDS, TOOL, looks_up, named_by
from schemas.rule import Rule
from tests.fixtures.rule import APRIL, WRITTEN, agreed, frame

_STEPS = 800  # two years of days
Limit = tuple[Kind, Edit]


def at_the_limit(rule: Rule, records: Records) -> Iterator[Limit]:
    """The last value that passes and the first that fires, in the submission in which ``rule`` fires."""
    if rule.id in WRITTEN:
        if RECEIVED_AT not in rule.fails:  # its limit moves with the clock
            yield from _of_predicate(rule, records)
        return
    table, name = TABLES[rule.table], rule.fields[0]
    field, good = table.by_name[name], rule.good[0][name]
    for kind, value in _of_declaration(rule, field, good or ""):
        yield kind, Edit(rule.table, 1, name, value)


def _of_declaration(rule: Rule, field: Field, good: str) -> Iterator[tuple[Kind, str]]:
    kind = rule.id.rpartition("-")[2]
    if kind == Generated.BLANK:
        yield Kind.FIRST, "   "
    elif kind == Generated.RANGE:
        within = (field.high, 1) if field.high is not None else (field.low, -1)
        assert within[0] is not None
        yield Kind.LAST, str(within[0])
        yield Kind.FIRST, str(within[0] + within[1])
    elif kind == Generated.CODE:
        codes = valid_codes(field.codes, *APRIL)
        yield Kind.LAST, codes[-1]
        yield Kind.FIRST, _next_code(codes)
    elif field.lengths is not None:
        yield Kind.LAST, "X" * field.lengths[1]
        yield Kind.FIRST, "X" * (field.lengths[1] + 1)
    elif field.dtype in (pl.Date, pl.Datetime):
        yield Kind.LAST, good[:5] + "02-28" + good[10:]
        yield Kind.FIRST, good[:5] + "02-30" + good[10:]
    else:
        near = (good + good[-1:], good[:-1], good + "?")
        yield Kind.FIRST, next(value for value in near if value and not field.has_form(value))


def _next_code(codes: Sequence[str]) -> str:
    """The code after a valid one, which is not valid itself."""
    for code in reversed(codes):
        if code[-1] not in "9Zz" and (after := code[:-1] + chr(ord(code[-1]) + 1)) not in codes:
            return after
    return codes[-1] + codes[-1][-1]


def _of_predicate(rule: Rule, records: Records) -> Iterator[Limit]:
    for table_id, name, place in _movable(rule, records):
        field, now = TABLES[table_id].by_name[name], records[table_id][place][name]
        if now is None or not field.has_form(now):
            continue
        for direction in (1, -1):
            before = now
            for step in range(1, _STEPS if not rule.group_by else 90):
                value = _moved(now, field, direction * step)
                if value is None or not field.has_form(value):
                    break
                if not _fires(rule, records, (table_id, place, name, value)):
                    yield Kind.LAST, Edit(table_id, place + 1, name, value)
                    yield Kind.FIRST, Edit(table_id, place + 1, name, before)
                    return
                before = value


def _movable(rule: Rule, records: Records) -> Iterator[tuple[str, str, int]]:
    """Elements with an order that the predicate compares: of the record that breaks the rule, then of others."""
    place = _broken(rule, records)[0]
    named = set(re.findall(r"[A-Za-z0-9_]+", rule.fails))
    table = TABLES[rule.table]
    for name in dict.fromkeys([*rule.fields, *(name for name in table.by_name if name in named)]):
        if _is_ordered(table.by_name[name]):
            yield rule.table, name, place
    for other, name in rule.related:
        is_there = other in TABLES and name in TABLES[other].by_name
        if is_there and _is_ordered(TABLES[other].by_name[name]):
            at = _parent(records, rule.table, place, other)
            yield from [] if at is None else [(other, name, at)]


def _is_ordered(field: Field) -> bool:
    return field.codes is None and field.dtype in (pl.Date, pl.Datetime, pl.Int32, pl.Int64, pl.Float64)


def _moved(text: str, field: Field, by: int) -> str | None:
    try:
        if field.dtype == pl.Date:
            return (date.fromisoformat(text) + timedelta(days=by)).isoformat()
        if field.dtype == pl.Datetime:
            return (datetime.fromisoformat(text) + timedelta(days=by)).isoformat()
        return str(int(text) + by)
    except ValueError:
        return None


def _fires(rule: Rule, records: Records, changed: tuple[str, int, str, str]) -> bool:
    table, place, name, value = changed
    before = records[table][place][name]
    records[table][place][name] = value
    try:
        return bool(_broken(rule, records))
    finally:
        records[table][place][name] = before


def _broken(rule: Rule, records: Records) -> list[int]:
    """The places of the records that break a rule, each with what really stands elsewhere in the submission."""
    table = TABLES[rule.table]
    own = [dict(record) | _beside(rule, records, place) for place, record in enumerate(records[rule.table])]
    return agreed(table, [rule], frame(table, [rule], own))[rule.id]


def _beside(rule: Rule, records: Records, place: int) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for other, name in rule.related:
        if other == TOOL:
            continue
        if name == RECORDS:
            there, here = named_by(rule.table)[other]
            key = records[rule.table][place][here]
            values[f"{other}_{name}"] = str(sum(record[there] == key for record in records[other]))
            continue
        at = _parent(records, rule.table, place, other)
        if name == FOUND:
            here = looks_up(TABLES[rule.table])[other][0]
            is_asked = records[rule.table][place][here] is not None
            values[f"{other}_{name}"] = str(at is not None).lower() if is_asked else None
        else:
            values[f"{other}_{name}"] = None if at is None else records[other][at][name]
    return values


def _parent(records: Records, table_id: str, place: int, other: str) -> int | None:
    if other == HEADER:
        return 0
    here, there = looks_up(TABLES[table_id])[other]
    key = records[table_id][place][here]
    found = [number for number, record in enumerate(records[other]) if key is not None and record[there] == key]
    return found[0] if len(found) == 1 else None
