"""A whole T-SQL script carried over: its statements in DuckDB's words, and what became of each.

Belongs here: the order of a script, IF and WHILE, the text that is written, the settings it needs. Does not belong
here: one statement (``rewrite``), and running (``run``).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from sqlglot.errors import SqlglotError

from schemas.errors import NotAsked
from warehouse.tsql.dates import DATE_MACRO
from warehouse.tsql.expressions import AVG_MACRO, SAME_MACRO
from warehouse.tsql.look_ahead import look_ahead
from warehouse.tsql.names import WORK
from warehouse.tsql.rewrite import condition, left_by_earlier_run, rewrite
from warehouse.tsql.scope import CannotCarryOver, Scope
from warehouse.tsql.statements import Statement, flat, statements_of

# IF OBJECT_ID('x') IS NOT NULL DROP TABLE x: the usual way of saying DROP TABLE IF EXISTS before 2016.
_IF_THERE = re.compile(r"^IF\s+OBJECT_ID\s*\([^)]*\)\s*IS\s+NOT\s+NULL$", re.IGNORECASE)
# A script that asks for it divides by zero without an error: the result is empty.
_NO_WARNINGS = re.compile(r"^SET\s+(ANSI_WARNINGS|ARITHABORT)\s+OFF$", re.IGNORECASE)
_CAN_DIVIDE = "SELECT count(*) FROM duckdb_settings() WHERE name = 'error_on_division_by_zero'"
_DIVIDES = "SET error_on_division_by_zero = false"
# Words that have no effect on what a script computes.
_SILENT = frozenset(("GO", "PRINT", "USE"))
# What every script carried over needs first: / of whole numbers is a whole number, and the functions it uses.
DIVISION = "SET integer_division = true;"
MACROS = (DATE_MACRO, AVG_MACRO, SAME_MACRO)


class Outcome(StrEnum):
    """What became of a statement."""

    CARRIED = "carried over"
    NOT_NEEDED = "not needed"
    RUN_ONLY = "only when run"
    NOT_CARRIED = "not carried over"


@dataclass(frozen=True)
class Carried:
    """One statement of the script, by the line it begins on, and what became of it.

    ``sql`` are DuckDB's statements. Of IF and WHILE it is the query for the condition; ``body`` and ``otherwise``
    are what it decides about.
    """

    line: int
    word: str
    outcome: Outcome
    sql: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    body: tuple["Carried", ...] = ()
    otherwise: tuple["Carried", ...] = ()

    @property
    def is_query(self) -> bool:
        """Whether it shows rows to the reader, and neither makes a table nor sets a variable."""
        return self.word in ("SELECT", "WITH") and not self.sql[-1].startswith(("CREATE ", "SET "))


def read_script(path: Path) -> str:
    """The text of a script, in an encoding that SQL Server's tools write. Raises NotAsked if it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise NotAsked(f"{path.name} cannot be read: {error.strerror}.") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def carry(script: str, month: date | None = None) -> tuple[Carried, ...]:
    """Every statement of the script, carried over as far as it can be.

    With ``month`` the script sees no later month: the latest month, which scripts report on, is this one. Raises
    NotAsked if the script is no T-SQL at all: a quote or comment without an end.
    """
    try:
        statements = statements_of(script)
    except SqlglotError as error:
        raise NotAsked(f"The script cannot be read: {str(error).splitlines()[0]}") from None
    scope = Scope(month.isoformat() if month else "")
    look_ahead(flat(statements), scope)
    return tuple(_carried(one, scope) for one in statements)


def every(carried: tuple[Carried, ...]) -> Iterator[Carried]:
    """Every statement, those inside IF, WHILE and BEGIN … END after the one that holds them."""
    for one in carried:
        yield one
        yield from every(one.body)
        yield from every(one.otherwise)


def as_sql(carried: tuple[Carried, ...]) -> str:
    """The script for DuckDB, to be read by a client that opened a release."""
    return "\n".join([*_head(carried), *(_text(one) for one in carried)]) + "\n"


def _head(carried: tuple[Carried, ...]) -> Iterator[str]:
    yield "-- Carried over from T-SQL by `parity tsql`. Open a release, with a file for the tables of this script:"
    beside = f"ATTACH 'results.duckdb' AS {WORK} (READ_WRITE);"
    yield f'--   duckdb -readonly parity.duckdb -c "{DIVISION} {beside}" -f this.sql'
    yield "-- DuckDB reads a whole text before it runs it, so the setting must be made before."
    yield from MACROS
    yield from (f'CREATE SCHEMA IF NOT EXISTS {WORK}."{schema}";' for schema in schemas_of(carried))


def schemas_of(carried: tuple[Carried, ...]) -> list[str]:
    """The schemas of the script's own tables, in the order of their names."""
    named = re.compile(rf'\b{WORK}\."([^"]+)"')
    return sorted({schema for one in every(carried) for sql in one.sql for schema in named.findall(sql)})


def _carried(statement: Statement, scope: Scope) -> Carried:
    scope.notes.clear()
    try:
        made = _outcome(statement, scope)
    except CannotCarryOver as reason:
        made = Carried(statement.line, statement.word, Outcome.NOT_CARRIED, notes=(str(reason),))
    return made


def _outcome(statement: Statement, scope: Scope) -> Carried:
    line, word = statement.line, statement.word
    if word.startswith("BEGIN "):
        raise CannotCarryOver("TRY and CATCH: an error is reported, and the script goes on")
    if word in ("BEGIN", "COMMIT", "ROLLBACK") and statement.text:
        raise CannotCarryOver("a transaction: every statement counts at once")
    if word == "BEGIN":
        body = tuple(_carried(one, scope) for one in statement.body)
        return Carried(line, word, Outcome.CARRIED, body=body)
    if word == "IF" and _IF_THERE.match(statement.text.strip()) and statement.body[0].word == "DROP":
        return replace(_carried(statement.body[0], scope), line=line, word=word)
    if word in ("IF", "WHILE"):
        return _decided(statement, scope)
    if word in _SILENT:
        return Carried(line, word, Outcome.NOT_NEEDED)
    if _NO_WARNINGS.match(statement.text.strip()):
        note = "division by zero gives NULL; DuckDB before 2.0 does so without a setting"
        inside = (Carried(line, word, Outcome.CARRIED, (_DIVIDES,)),)
        return Carried(line, word, Outcome.RUN_ONLY, (_CAN_DIVIDE,), (note,), inside)
    sql = tuple(rewrite(statement.text, scope))
    if word == "DELETE" and (query := left_by_earlier_run(statement.text, scope)):
        note = "done only if an earlier run left the table"
        return Carried(
            line, word, Outcome.RUN_ONLY, (query,), (note,), (Carried(line, word, Outcome.CARRIED, sql),)
        )
    return Carried(line, word, Outcome.CARRIED if sql else Outcome.NOT_NEEDED, sql, tuple(scope.notes))


def _decided(statement: Statement, scope: Scope) -> Carried:
    """IF and WHILE. DuckDB's SQL has neither, so only ``run`` can do what they say."""
    body = tuple(_carried(one, scope) for one in statement.body)
    otherwise = tuple(_carried(one, scope) for one in statement.otherwise)
    if all(one.outcome is Outcome.NOT_NEEDED for one in every((*body, *otherwise)) if one.word != "BEGIN"):
        return Carried(statement.line, statement.word, Outcome.NOT_NEEDED)
    query = condition(statement.text.strip()[len(statement.word) :], scope)
    note = f"DuckDB's SQL has no {statement.word}: it is obeyed when the script is run on a release"
    return Carried(statement.line, statement.word, Outcome.RUN_ONLY, (query,), (note,), body, otherwise)


def _text(one: Carried) -> str:
    lines = [f"\n-- line {one.line}: {one.outcome.value}"] + [f"-- {note}" for note in one.notes]
    inside = [_text(inner) for inner in (*one.body, *one.otherwise)]
    if one.outcome is Outcome.RUN_ONLY:
        hidden = "\n".join([*one.sql, *inside]).splitlines()
        return "\n".join(lines + [f"-- {line}" for line in hidden])
    return "\n".join(lines + [f"{sql};" for sql in one.sql] + inside)
