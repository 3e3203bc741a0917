"""Looking through a script before it is carried over: how a statement is read, and what it makes.

Belongs here: sqlglot's reading of a statement, the tables that a script makes and what it inserts into them. Does
not belong here: what DuckDB makes of a statement (``rewrite``).
"""

import logging
from collections.abc import Iterable

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from warehouse.tsql.names import key_of
from warehouse.tsql.scope import CannotCarryOver, Scope
from warehouse.tsql.statements import Statement

# What sqlglot warns of, the report says with its line.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def look_ahead(statements: Iterable[Statement], scope: Scope) -> None:
    """Look through the script first: which tables it makes, and what it inserts into which."""
    for statement in statements:
        if made := _made_by(statement):
            scope.later.add(made)
        if statement.word in ("INSERT", "WITH"):
            try:
                tree = parsed(statement.text)
            except CannotCarryOver:
                continue  # told when it is carried over
            if isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Query):
                query = tree.expression.copy()
                if tree.args.get("with_") is not None:
                    query.set("with_", tree.args["with_"].copy())
                scope.inserts.setdefault(key_of(inserted(tree)), []).append(query)
    scope.made = set(scope.later)


def _made_by(statement: Statement) -> str:
    """The table that a statement makes anew (SELECT … INTO, CREATE TABLE), as ``names.key_of``; empty if none."""
    text = statement.text
    if statement.word not in ("SELECT", "WITH", "CREATE"):
        return ""
    try:
        tree = parsed(text)
    except CannotCarryOver:
        return ""
    into = tree.find(exp.Into)
    if into is not None:
        return key_of(into.this)
    if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema):
        return key_of(tree.this.this)
    return ""


def parsed(text: str) -> exp.Expr:
    """The statement as a tree. Raises CannotCarryOver when it cannot be read."""
    try:
        tree = parse_one(text, read="tsql")
    except SqlglotError as error:
        raise CannotCarryOver(
            f"{text.split()[0].upper()} could not be read: {str(error).splitlines()[0]}"
        ) from None
    if isinstance(tree, exp.Command):
        raise CannotCarryOver(f"{text.split()[0].upper()} is not understood")
    return tree


def inserted(tree: exp.Insert) -> exp.Table:
    """The table that an INSERT writes into."""
    target: exp.Table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return target
