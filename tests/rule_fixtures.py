"""Asking rules about a few records, of both engines at once.

Belongs here: making the frame that a predicate sees from records as submitted (``schemas.links`` says which columns),
and the records a rule fails. Does not belong here: how a submission is checked (``transforms.validate``), which has
tests of its own: what is said here of a rule holds by its text alone.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import duckdb
import polars as pl

from schemas.dataset import TABLES
from schemas.example import example_records
from schemas.links import FOUND, HEADER, RECEIVED_AT, RECORDS, TOOL, TOOL_FIELD, dtype_elsewhere, looks_up, named_by
from schemas.rule import Example, Rule
from schemas.ruleset import ruleset
from schemas.table import Table
from schemas.tools import tools
from schemas.versions import Version
from transforms.cast import typed, with_typed

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
IN_FORCE = ruleset(Version.SMI_1_0, *APRIL)
ASKED = {rule.id: rule for rule in IN_FORCE.values() if rule.fails}  # gate and cascade have no predicate
WRITTEN = {rule_id: rule for rule_id, rule in ASKED.items() if rule_id.rpartition("-")[2].isdigit()}
RECEIVED = "2026-05-20T10:00:00"

_ENGINE = duckdb.connect()  # one for all: opening a database takes 20 ms, a rule 2
_TOOLS = {tool.code: tool for tool in tools()}


def broken(rule: Rule, records: Sequence[Example]) -> list[int]:
    """Positions of the ``records`` that ``rule`` fails; each is the table's first example record with changes.

    Both engines have been asked, and agree.
    """
    table = TABLES[rule.table]
    return agreed(table, [rule], frame(table, [rule], [example_records(table)[0] | dict(own) for own in records]))[
        rule.id
    ]


def broken_rows(rule_id: str, text: str) -> list[int]:
    """The rows that a rule fails, by their number in the first column of a table written as text."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    head, *cells = rows
    records = [dict(zip(head[1:], [cell or None for cell in row[1:]], strict=True)) for row in cells]
    return [int(cells[place][0]) for place in broken(ASKED[rule_id], records)]


def agreed(table: Table, rules: Sequence[Rule], rows: pl.DataFrame) -> dict[str, list[int]]:
    """Positions of the rows that each rule fails, after making sure that both engines name the same ones."""
    found: dict[str, list[int]] = {}
    for among in dict.fromkeys(rule.among for rule in rules):
        asked = [rule for rule in rules if rule.among == among]
        some = _sharing(rows, among)
        in_polars = some.select("row_number", *(pl.sql_expr(rule.fails).alias(rule.id) for rule in asked))
        in_duckdb = _in_duckdb(some, asked)
        for number, rule in enumerate(asked):
            true = in_polars["row_number"].filter(in_polars[rule.id].fill_null(value=False)).to_list()
            assert true == [row[0] for row in in_duckdb if row[number + 1]], rule.id
            found[rule.id] = true
    return found


def frame(table: Table, rules: Iterable[Rule], records: Sequence[Example]) -> pl.DataFrame:
    """What predicates see of ``records``: ``x_text``, ``x``, and what stands elsewhere, given or as in the example."""
    pairs = sorted({pair for rule in rules for pair in rule.elsewhere})
    names = [field.name for field in table.fields]
    beside = {f"{other}_{name}": [_elsewhere(table, other, name, own) for own in records] for other, name in pairs}
    rows = pl.LazyFrame(
        {"row_number": range(len(records))}
        | {name: [own.get(name) for own in records] for name in names}
        | beside
        | {RECEIVED_AT: [own.get(RECEIVED_AT, RECEIVED) for own in records]},
        schema={"row_number": pl.Int64} | dict.fromkeys([*names, *beside, RECEIVED_AT], pl.String),
    )
    there = rows.select(
        "row_number",
        *(_typed_elsewhere(other, name) for other, name in pairs),
        pl.col(RECEIVED_AT).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us"),
    )
    return with_typed(rows, table).join(there, on="row_number", how="left", maintain_order="left").collect()


def as_linked(table: Table) -> list[Example]:
    """The example's records of a table, each with what really stands elsewhere in the example."""
    linked = []
    for own in example_records(table):
        values: dict[str, str | None] = dict(own)
        for rule in ASKED.values():
            if rule.table == table.id:
                for other, name in rule.elsewhere:
                    if other not in (TOOL, HEADER):
                        values[f"{other}_{name}"] = _linked(table, own, other, name)
        linked.append(values)
    return linked


def _linked(table: Table, own: Example, other: str, name: str) -> str | None:
    if name == RECORDS:
        there, here = named_by(table.id)[other]
        return str(sum(record[there] == own[here] for record in example_records(TABLES[other])))
    here, there = looks_up(table)[other]
    if own[here] is None:
        return None
    matches = [record for record in example_records(TABLES[other]) if record[there] == own[here]]
    if name == FOUND:
        return str(bool(matches)).lower()
    return matches[0][name] if len(matches) == 1 else None


def _elsewhere(table: Table, other: str, name: str, own: Example) -> str | None:
    """The value of ``<other>_<name>`` for a record: given, else that of the example's first record."""
    column = f"{other}_{name}"
    if column in own:
        return own[column]
    if other == TOOL:
        return _of_tool(own.get(TOOL_FIELD), name)
    if name == FOUND:
        return "true"
    if name == RECORDS:
        return _linked(table, example_records(table)[0], other, name)
    return example_records(TABLES[other])[0][name]


def _of_tool(code: str | None, name: str) -> str | None:
    tool = _TOOLS.get(code or "")
    if name == FOUND:
        return None if code is None else str(tool is not None).lower()
    bound = None if tool is None else {"low": tool.low, "high": tool.high}[name]
    return None if bound is None else str(bound)


def _typed_elsewhere(other: str, name: str) -> pl.Expr:
    column = pl.col(f"{other}_{name}")
    if name == FOUND:
        return column == "true"
    if other == TOOL or name == RECORDS:
        return column.cast(dtype_elsewhere(other, name))
    return typed(TABLES[other].by_name[name], column)


def _sharing(rows: pl.DataFrame, among: tuple[str, ...]) -> pl.DataFrame:
    """The rows that share all of ``among``, none blank, with another; all rows where a rule is not among any."""
    if not among:
        return rows
    complete = rows.drop_nulls(among)
    return complete.filter(complete.select(among).is_duplicated())


def _in_duckdb(rows: pl.DataFrame, rules: Sequence[Rule]) -> list[tuple[int, ...]]:
    _ENGINE.register("record", rows.to_arrow())
    flags = ", ".join(f'{rule.fails} AS "{rule.id}"' for rule in rules)
    return _ENGINE.execute(f"SELECT row_number, {flags} FROM record ORDER BY row_number").fetchall()
