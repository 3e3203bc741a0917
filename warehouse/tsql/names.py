"""The names of tables: those of the release under its own names, all others in the database of the script.

Belongs here: three-part names, temporary tables, the month to be seen. Does not belong here: columns.
"""

from functools import cache

from sqlglot import exp

from warehouse.columns import contract
from warehouse.compat import NATIONAL
from warehouse.models import model_names
from warehouse.tsql.scope import CannotCarryOver, Scope

# A release is read-only. What scripts make is in this database, attached beside it, under the schema they name.
WORK = "work"
# Where a name without a schema is looked for after USE: the platform's database of Talking Therapies.
_HOME = "mesh_IAPT"
_SUBMISSIONS = "mesh_IAPT.IsLatest_SubmissionID"


def place(tree: exp.Expr, scope: Scope) -> None:
    """Give every table in the tree the name it has in the release or in the script's database, in place."""
    common = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Parameter):
            raise CannotCarryOver("a variable that is a table: write a temporary table (#name) instead")
        if isinstance(table.this, exp.Identifier) and (table.db or table.name.lower() not in common):
            _place(table, scope)


def key_of(table: exp.Table) -> str:
    """A name to compare tables by, as SQL Server does: capitals do not matter."""
    return f"#{table.name}".lower() if is_temporary(table) else f"{table.db}.{table.name}".lower()


def tables_of(tree: exp.Expr) -> set[str]:
    """The tables that a statement reads or writes and the release does not have, as ``key_of``."""
    common = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    return {
        key_of(table)
        for table in tree.find_all(exp.Table)
        if (table.db or table.name.lower() not in common) and key_of(table) not in _views()
    }


def is_temporary(table: exp.Table) -> bool:
    """Whether the table is temporary: its name begins with #."""
    return bool(table.this.args.get("temporary"))


def _place(table: exp.Table, scope: Scope) -> None:
    table.set("hints", None)
    if is_temporary(table):
        _rename(table, "", "", f"#{table.name}")
        return
    schema = table.db or _HOME
    view = _views().get(f"{schema}.{table.name}".lower())
    if view is None:
        _rename(table, WORK, schema, table.name)
        return
    _rename(table, "", *view.split("."))
    if view == _SUBMISSIONS and scope.month:
        _see_until(table, scope.month)


def _rename(table: exp.Table, catalog: str, schema: str, name: str) -> None:
    table.set("catalog", exp.to_identifier(catalog) if catalog else None)
    table.set("db", exp.to_identifier(schema, quoted=True) if schema else None)
    table.set("this", exp.to_identifier(name, quoted=True))


def _see_until(table: exp.Table, month: str) -> None:
    """Show no later months: scripts take the latest month of this table as the month to report."""
    name, joins, here = table.alias_or_name, table.args.pop("joins", None), table.copy()
    here.set("alias", None)
    last = exp.func("make_date", *(exp.Literal.number(int(part)) for part in month.split("-")))
    shown = exp.select("*").from_(here).where(exp.column("ReportingPeriodStartDate") <= last)
    inner = shown.subquery(exp.to_identifier(name, quoted=True))
    inner.set("joins", joins)
    table.replace(inner)


@cache
def national_dates() -> frozenset[str]:
    """The columns of the national views that are dates, in small letters."""
    return frozenset(line.column.lower() for line in contract() if line.schema in NATIONAL and line.unit == "date")


@cache
def _views() -> dict[str, str]:
    """Every view under a national name, by its name in small letters."""
    return {name.lower(): name for name in model_names() if name.partition(".")[0] in NATIONAL}
