"""One T-SQL statement as the DuckDB statements that do the same.

Belongs here: the kinds of statement that DuckDB writes in another way. Does not belong here: where a statement
begins (``statements``), expressions, and what a whole script needs (``carry``).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from warehouse.tsql.expressions import converted, in_duckdb, is_label
from warehouse.tsql.look_ahead import inserted, parsed
from warehouse.tsql.names import WORK, is_temporary, key_of, tables_of
from warehouse.tsql.scope import CannotCarryOver, Scope

# SET @x += 1, which sqlglot does not read.
_ADDED = re.compile(r"^SET\s+@(\w+)\s*([-+*/%])=\s*(.*)$", re.IGNORECASE | re.DOTALL)


def rewrite(text: str, scope: Scope) -> list[str]:
    """The statement in DuckDB's words: no, one or several statements in order. Raises CannotCarryOver.

    Adds to ``scope`` what later statements need to know.
    """
    tree = parsed(_ADDED.sub(r"SET @\1 = @\1 \2 (\3)", text))
    for kind, say in _KINDS.items():
        if isinstance(tree, kind):
            return list(say(tree, scope))
    raise CannotCarryOver(f"{text.split()[0].upper()} is not understood")


def condition(text: str, scope: Scope) -> str:
    """A query with one row for the condition of an IF or WHILE: 1 if it holds. Raises CannotCarryOver."""
    tree = parsed(f"SELECT CASE WHEN {text} THEN 1 ELSE 0 END")
    if any(name.name.upper() == "OBJECT_ID" for name in tree.find_all(exp.Anonymous)):
        raise CannotCarryOver("OBJECT_ID is understood only in IF OBJECT_ID(…) IS NOT NULL DROP TABLE …")
    return _written(in_duckdb(tree, scope))


def _written(tree: exp.Expr) -> str:
    try:
        return tree.sql("duckdb", pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise CannotCarryOver(f"DuckDB has no counterpart: {str(error).splitlines()[0]}") from None


# --- kinds of statement ------------------------------------------------------------------------------------------


def _query(tree: Any, scope: Scope) -> Iterator[str]:
    first = tree.selects[0] if isinstance(tree, exp.Select) and tree.selects else None
    if isinstance(first, exp.EQ) and isinstance(first.this, exp.Parameter):
        yield from _assigned_by_query(tree, scope)
        return
    into = tree.find(exp.Into)
    if into is None:
        yield _written(in_duckdb(tree, scope))
        return
    target = into.this
    into.pop()
    scope.later.discard(key_of(target))
    kind = "TEMP TABLE" if is_temporary(target) else "TABLE"
    yield f"CREATE OR REPLACE {kind} {_name(target, scope)} AS\n{_written(in_duckdb(tree, scope))}"


def _assigned_by_query(tree: Any, scope: Scope) -> Iterator[str]:
    """SELECT @one = …, @two = …: one assignment for each."""
    for equal in tree.selects:
        if not isinstance(equal, exp.EQ) or not isinstance(equal.this, exp.Parameter):
            raise CannotCarryOver("variables and columns in one SELECT")
        query = tree.copy()
        query.set("expressions", [equal.expression.copy()])
        yield _assigned(equal.this.name, query.subquery(), scope)


def _declare(tree: Any, scope: Scope) -> Iterator[str]:
    for item in tree.expressions:
        if isinstance(item.args["kind"], exp.Schema):
            raise CannotCarryOver("a variable that is a table: write a temporary table (#name) instead")
        names = item.this if isinstance(item.this, list) else [item.this]
        for name in names:
            scope.variables[name.name.lower()] = item.args["kind"]
            yield _assigned(name.name, item.args.get("default") or exp.null(), scope)


def _set(tree: Any, scope: Scope) -> Iterator[str]:
    for item in tree.expressions:
        equal = item.this
        if not isinstance(equal, exp.EQ) or not isinstance(equal.this, exp.Parameter):
            return  # an option of the session, such as NOCOUNT
        yield _assigned(equal.this.name, equal.expression, scope)


def _assigned(name: str, value: exp.Expr, scope: Scope) -> str:
    if name.lower() not in scope.variables:
        raise CannotCarryOver(f"the variable @{name} is not declared before")
    kind = scope.variables[name.lower()].copy()
    if is_label(value, scope):
        scope.labels.add(name.lower())
    made = in_duckdb(converted(value, kind, scope), scope)
    return f'SET VARIABLE "{name.lower()}" = ({_written(made)})'


def _insert(tree: Any, scope: Scope) -> Iterator[str]:
    target = inserted(tree)
    if tree.expression is None:
        raise CannotCarryOver("INSERT of what a procedure returns")
    if key_of(target) not in scope.made and isinstance(tree.expression, exp.Query):
        scope.made.add(key_of(target))
        name = _name(target, scope)
        shape = _shape(key_of(target), scope)
        yield f"CREATE TABLE IF NOT EXISTS {name} AS\nSELECT * FROM (\n{shape}\n) AS shape LIMIT 0"
        scope.note(f"{name} is made here if no earlier run left it")
    yield _written(in_duckdb(tree, scope))


def _shape(key: str, scope: Scope) -> str:
    """A query with the columns of a table, whose types hold everything that the script inserts into it.

    A query over tables that are not there yet cannot be asked for its types, and is left out.
    """
    shapes = list[str]()
    for query in scope.inserts[key]:
        if not tables_of(query) & scope.later:
            try:
                shapes.append(_written(in_duckdb(query.copy(), scope)))
            except CannotCarryOver:
                continue  # told where the INSERT itself stands
    return "\nUNION ALL\n".join(f"SELECT * FROM (\n{shape}\n)" for shape in shapes)


def _update(tree: Any, scope: Scope) -> Iterator[str]:
    source = tree.args.get("from_")
    if source is None:
        yield _written(in_duckdb(tree, scope))
        return
    target, names = _target(tree.this, source)
    values = [
        exp.alias_(equal.expression.copy(), f"value_{number}") for number, equal in enumerate(tree.expressions)
    ]
    rows = _rows(names, source, tree.args.get("where"), values)
    changes = ", ".join(
        f"{exp.to_identifier(equal.this.name, quoted=True).sql('duckdb')} = found.value_{number}"
        for number, equal in enumerate(tree.expressions)
    )
    query = _written(in_duckdb(rows, scope))
    yield (
        f"UPDATE {_name(target, scope)} AS changed SET {changes}\n"
        f"FROM (\n{query}\n) AS found\nWHERE changed.rowid = found.row_id"
    )


def left_by_earlier_run(text: str, scope: Scope) -> str:
    """For a DELETE of a table that the script does not make: a query whether the table is there, or nothing.

    Scripts begin with the deletion of the month they write anew. The first run has nothing to delete from.
    """
    tree = parsed(text)
    if not isinstance(tree, exp.Delete) or tree.args.get("tables") or key_of(tree.this) in scope.made:
        return ""
    table = in_duckdb(exp.From(this=tree.this.copy()), scope).this
    if table.catalog != WORK:
        return ""
    schema, name = (part.lower().replace("'", "''") for part in (table.db, table.name))
    return (
        f"SELECT count(*) FROM duckdb_tables() WHERE database_name = '{WORK}' AND lower(schema_name) = '{schema}' "
        f"AND lower(table_name) = '{name}'"
    )


def _delete(tree: Any, scope: Scope) -> Iterator[str]:
    sources = tree.args.get("tables")
    if not sources:
        yield _written(in_duckdb(tree, scope))
        return
    source = exp.From(this=tree.this)
    target, names = _target(sources[0], source)
    query = _written(in_duckdb(_rows(names, source, tree.args.get("where"), []), scope))
    yield f"DELETE FROM {_name(target, scope)} WHERE rowid IN (\n{query}\n)"


def _target(named: exp.Table, source: exp.From) -> tuple[exp.Table, str]:
    """The table that an UPDATE or DELETE over a join changes, and the name it has in the join."""
    tables = [table for table in source.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    for table in tables:
        if table.alias and table.alias.lower() == named.name.lower() and not named.db:
            return table, table.alias
    for table in tables:
        if key_of(table) == key_of(named):
            return table, table.alias_or_name
    joined = source.this
    joined.append("joins", exp.Join(this=named.copy(), kind="CROSS"))
    return named, named.alias_or_name


def _rows(name: str, source: exp.From, where: exp.Expr | None, values: list[exp.Expr]) -> exp.Select:
    """The rows of the target that the join finds. DuckDB takes one of several for a row, as SQL Server does."""
    rows = exp.select(
        exp.alias_(exp.column("rowid", table=exp.to_identifier(name, quoted=True)), "row_id"), *values
    )
    rows.set("from_", source.copy())
    if where is not None:
        rows.set("where", where.copy())
    return rows


def _create(tree: Any, scope: Scope) -> Iterator[str]:
    if tree.kind.upper() != "TABLE" or not isinstance(tree.this, exp.Schema):
        raise CannotCarryOver(f"CREATE {tree.kind.upper()}")
    scope.later.discard(key_of(tree.this.this))
    yield _written(in_duckdb(tree, scope))


def _drop(tree: Any, scope: Scope) -> Iterator[str]:
    yield from (f"DROP TABLE IF EXISTS {_name(table, scope)}" for table in tree.find_all(exp.Table))


def _alter(tree: Any, scope: Scope) -> Iterator[str]:
    for action in tree.args["actions"]:
        if not isinstance(action, exp.AlterColumn) or action.args.get("dtype") is None:
            raise CannotCarryOver("ALTER TABLE other than the type of a column")
        kind = action.args["dtype"].copy()
        kind.set("expressions", [])
        column = exp.to_identifier(action.name, quoted=True).sql("duckdb")
        yield f"ALTER TABLE {_name(tree.this, scope)} ALTER COLUMN {column} SET DATA TYPE {kind.sql('duckdb')}"


def _truncate(tree: Any, scope: Scope) -> Iterator[str]:
    yield from (f"DELETE FROM {_name(table, scope)}" for table in tree.expressions)


def _use(_: Any, __: Scope) -> Iterator[str]:
    """One database is open: USE says nothing more. Names without a schema are sought under the national ones."""
    yield from ()


def _name(table: exp.Table, scope: Scope) -> str:
    """A table's full name in DuckDB."""
    bare = exp.Table(this=table.this.copy(), db=table.args.get("db") and table.args["db"].copy())
    return _written(in_duckdb(exp.From(this=bare), scope).this)


_KINDS: dict[Any, Callable[[Any, Scope], Iterator[str]]] = {
    exp.Insert: _insert,
    exp.Update: _update,
    exp.Delete: _delete,
    exp.Declare: _declare,
    exp.Set: _set,
    exp.Create: _create,
    exp.Drop: _drop,
    exp.Alter: _alter,
    exp.TruncateTable: _truncate,
    exp.Use: _use,
    exp.Query: _query,
}
