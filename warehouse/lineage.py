"""What each column of a model is made of, as its SQL says: down to the columns of ``staged``.

Belongs here: reading the SQL of models and the columns it names. Does not belong here: what a measure reads of them
(``measures.origins``), and the order of models (``order``).

A column comes from the columns that its expression names, and from those that choose its row. An aggregate or
window also comes from what groups its rows. What a join brings also comes from what it is joined by: a decile of
deprivation from the postcode. sqlglot resolves names, aliases and stars. The 50 models that measures need take 1 s
of processor time, once per process.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from warehouse import clinical, lookups, vocabulary
from warehouse.capacity import reference as capacity_reference
from warehouse.described import described_in
from warehouse.merging import join_courses
from warehouse.models import model_names, read_sql
from warehouse.order import ordered, reads, tables_in
from warehouse.organisations import places
from warehouse.staging import stage

Column = tuple[str, str]
"""A table and a column of it, such as ("core.pathway", "received_on"), in small letters."""
Columns = frozenset[Column]

ROWS = "*"
"""Stands for the rows of a table: ("core.contact", "*") is made of what decides which rows there are."""

_NOTHING: Columns = frozenset()
_OVER_ROWS = (exp.AggFunc, exp.Window)
_CHOOSES = ("where", "having", "qualify")


class Lineage:
    """The columns of tables that were added, and what they are made of.

    ``made_of`` is what is known of columns already (``edges``). ``staged`` tables are where everything begins.
    Tables without a model (``ref``) have columns and come from nothing: what is looked up there comes from what it
    is looked up by. ``of_values``: only what a value is reckoned from, without what chooses and joins its row.
    """

    def __init__(
        self, made_of: Mapping[Column, Columns] = MappingProxyType({}), *, of_values: bool = False
    ) -> None:
        self._of_values = of_values
        self._schema = MappingSchema(dialect="duckdb", normalize=False)
        self._made_of: dict[Column, Columns] = dict(made_of)
        self._closed: dict[Column, Columns] = {}

    def add_table(self, name: str, columns: Iterable[str]) -> None:
        """A table that no query makes."""
        typed = {column.lower(): "text" for column in columns}
        self._schema.add_table(exp.to_table(name.lower()), typed, normalize=False)

    def add_query(self, name: str, query: exp.Expression) -> None:
        """A table that a query makes of tables added before. Raises sqlglot.errors.OptimizeError for others."""
        made, rows = _Query(query, self._schema, of_values=self._of_values).outputs
        name = name.lower()
        self.add_table(name, made)
        self._made_of |= {(name, column): origins for column, origins in made.items()} | {(name, ROWS): rows}

    def edges(self) -> Mapping[Column, Columns]:
        """Of every column of a query, and of its rows (``ROWS``), what it is made of directly."""
        return self._made_of

    def origins(self, table: str, column: str) -> Columns:
        """The columns of ``staged`` that a column, or the rows of a table (``ROWS``), are made of in the end.

        Raises KeyError for a column that the query of this name does not have.
        """
        self._made_of[table.lower(), column.lower()]
        return self._origins((table.lower(), column.lower()))

    def made_of(self, table: str, column: str, schemas: Collection[str]) -> Columns:
        """The columns of these schemas that a column is made of directly: tables of others are followed to theirs.

        Rows (``ROWS``) are no columns, and are left out. Nothing for a column that no query makes.
        """
        found, seen = set[Column](), set[Column]()
        pending = self._made_of.get((table.lower(), column.lower()), _NOTHING)
        while pending := pending - seen:
            seen |= pending
            inside = {each for each in pending if each[0].partition(".")[0] in schemas}
            found |= {each for each in inside if each[1] != ROWS}
            pending = _NOTHING.union(*(self._made_of.get(each, _NOTHING) for each in pending - inside))
        return frozenset(found)

    def _origins(self, column: Column) -> Columns:
        if column not in self._closed:
            self._closed[column] = _NOTHING  # a model never reads itself
            if column[0].startswith("staged."):
                self._closed[column] = frozenset({column})
            else:
                made_of = self._made_of.get(column, _NOTHING)
                self._closed[column] = _NOTHING.union(*map(self._origins, made_of))
        return self._closed[column]


def lineage_of(queries: Mapping[str, str]) -> Lineage:
    """The lineage of these queries, by the names given, and of all models they need, directly or not."""
    lineage = Lineage()
    for table, columns in (*_staged().items(), *looked_up().items()):
        lineage.add_table(table, columns)
    for name in _needed({table for query in queries.values() for table in tables_in(query)}):
        lineage.add_query(name, _made_by(name))
    for name, query in queries.items():
        lineage.add_query(name, sqlglot.parse_one(query, read="duckdb", into=exp.Select))
    return lineage


def lineage_of_tables(tables: Iterable[str], described: Mapping[str, Iterable[str]]) -> Lineage:
    """What the values of tables are reckoned from, and of all models they need.

    Of a table that Python makes, or whose SQL does not say its columns by itself, only the columns are known, as
    ``described``. It is made of nothing here.
    """
    lineage = Lineage(of_values=True)
    models = set(model_names())
    without = {name: columns for name, columns in described.items() if name not in models}
    for table, columns in (without | dict(_staged()) | dict(looked_up())).items():
        lineage.add_table(table, columns)
    for name in _needed(tables):
        try:
            lineage.add_query(name, _made_by(name))
        except (OptimizeError, ValueError):
            lineage.add_table(name, described.get(name, ()))
    return lineage


def _needed(tables: Iterable[str]) -> list[str]:
    """The models among these tables and those that they need, directly or not, in their order."""
    wanted, pending, models = set[str](), set(tables), set(model_names())
    while pending := pending & models - wanted:
        wanted |= pending
        pending = {table for name in pending for table in reads(name)}
    return ordered({name: reads(name) for name in wanted if not name.startswith("ref.")})


def _made_by(model: str) -> exp.Expression:
    """The query of a model: what its one CREATE TABLE or VIEW selects."""
    (made,) = (
        each.expression
        for each in sqlglot.parse(read_sql(model), read="duckdb")
        if isinstance(each, exp.Create) and each.kind in ("TABLE", "VIEW")
    )
    return made  # type: ignore[no-any-return]


def _staged() -> Mapping[str, list[str]]:
    """The tables of ``staged`` with their columns, as staging makes them for no submission."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS staged")
        stage(con, [])
        join_courses(con, {})
        found = con.execute(
            "SELECT 'staged.' || table_name, list(column_name) FROM duckdb_columns() "
            "WHERE database_name = 'staged' GROUP BY table_name ORDER BY table_name"
        ).fetchall()
    return dict(found)


def looked_up() -> Mapping[str, list[str]]:
    """The tables that Python makes before core: reference data, described where they are made."""
    found: dict[str, list[str]] = {}
    for module in (clinical, capacity_reference, lookups, places, vocabulary):
        for line in described_in(module.COLUMNS):
            found.setdefault(f"{line.schema}.{line.table}", []).extend(filter(None, [line.column]))
    return found


class _Query:
    """One query, names resolved: its output columns, and what they and its rows are made of."""

    def __init__(self, query: exp.Expression, schema: MappingSchema, *, of_values: bool) -> None:
        self._of_values = of_values
        query = query.copy()
        for select in query.find_all(exp.Select):
            _take_joins_out_of_brackets(select)
        query = qualify(query, dialect="duckdb", schema=schema, quote_identifiers=False, identify=False)
        root = build_scope(query)
        assert root is not None  # a query
        self._known: dict[int, tuple[list[tuple[str, Columns]], Columns]] = {}
        self._columns: dict[tuple[int, str, str], Columns] = {}
        made, rows = self._of(root)
        self.outputs = dict(made), rows

    def _of(self, scope: Scope) -> tuple[list[tuple[str, Columns]], Columns]:
        """The output columns of a scope in their order, and what its rows are made of."""
        if id(scope) not in self._known:
            if scope.set_operation_scopes:
                self._known[id(scope)] = self._of_union(scope)
            elif isinstance(scope.expression, exp.Select):
                self._known[id(scope)] = self._of_select(scope)
            else:  # VALUES, unnest: made of nothing that was submitted
                self._known[id(scope)] = [], _NOTHING
        return self._known[id(scope)]

    def _of_union(self, scope: Scope) -> tuple[list[tuple[str, Columns]], Columns]:
        parts = [self._of(each) for each in scope.set_operation_scopes]
        names = [name for name, _ in parts[0][0]]
        # A part may say fewer columns: values, and tables of which no columns are known, are made of nothing.
        each = [[made for columns, _ in parts for _, made in columns[at : at + 1]] for at in range(len(names))]
        made = [(name, _NOTHING.union(*of)) for name, of in zip(names, each, strict=True)]
        return made, _NOTHING.union(*(rows for _, rows in parts))

    def _of_select(self, scope: Scope) -> tuple[list[tuple[str, Columns]], Columns]:
        select = scope.expression
        assert isinstance(select, exp.Select)
        chosen = self._chosen(scope, only_inner=True)
        counted = self._chosen(scope, only_inner=False) | self._named(scope, select.args.get("group"))
        made = []
        for each in select.selects:
            is_over_rows = each.find(*_OVER_ROWS) is not None
            of_rows = _NOTHING if self._of_values else counted if is_over_rows else chosen
            made.append((each.alias_or_name, self._named(scope, each) | of_rows))
        return made, chosen

    def _chosen(self, scope: Scope, *, only_inner: bool) -> Columns:
        """What decides which rows a scope has. With ``only_inner`` without outer joins: they take none away."""
        select = scope.expression
        found = [self._named(scope, select.args.get(each)) for each in _CHOOSES]
        outer = set()
        for join in select.args.get("joins") or ():
            if only_inner and join.side:
                outer.add(join.alias_or_name)
            else:
                found.append(self._named(scope, join.args.get("on")))
        found += [
            self._rows_of(source) for name, (_, source) in scope.selected_sources.items() if name not in outer
        ]
        return _NOTHING.union(*found)

    def _rows_of(self, source: exp.Expr | Scope) -> Columns:
        return self._of(source)[1] if isinstance(source, Scope) else _column(source, ROWS)

    def _named(self, scope: Scope, node: exp.Expr | None) -> Columns:
        """What the columns named anywhere in ``node`` are made of."""
        if node is None:
            return _NOTHING
        return _NOTHING.union(*(self._of_column(scope, each) for each in node.find_all(exp.Column)))

    def _of_column(self, scope: Scope, column: exp.Column) -> Columns:
        """What a column named in a scope is made of. A column is named in many places: it is followed once."""
        key = id(scope), column.table, column.name
        if key not in self._columns:
            self._columns[key] = self._followed(scope, column)
        return self._columns[key]

    def _followed(self, scope: Scope, column: exp.Column) -> Columns:
        within: Scope | None = scope
        while within is not None and column.table not in within.sources:
            within = within.parent  # of the query around a subquery
        if within is None:
            return self._of_subquery(scope, column)
        source = within.sources[column.table]
        own = dict(self._of(source)[0]).get(column.name, _NOTHING) if isinstance(source, Scope) else _column(
            source, column.name
        )  # fmt: skip
        return own if self._of_values else own | self._joined_by(within, column.table)

    def _of_subquery(self, scope: Scope, column: exp.Column) -> Columns:
        """A column of a subquery within the expression, whose sources are not those of the scope."""
        for inner in scope.subquery_scopes:
            if column.table in inner.sources:
                return self._of_column(inner, column) | (_NOTHING if self._of_values else self._of(inner)[1])
        return _NOTHING

    def _joined_by(self, scope: Scope, name: str) -> Columns:
        """What decides whether a joined source has a row here: its rows, and the other side of the join."""
        found = []
        for join in scope.expression.args.get("joins") or ():
            if join.alias_or_name == name:
                found.append(self._rows_of(scope.sources[name]))
                on = join.args.get("on")
                sides = on.find_all(exp.Column) if on is not None else ()
                found += [self._of_column(scope, each) for each in sides if each.table != name]
        return _NOTHING.union(*found)


def _column(source: exp.Expr, name: str) -> Columns:
    assert isinstance(source, exp.Table)
    return frozenset({(f"{source.db}.{source.name}".lower(), name.lower())}) if source.db else _NOTHING


def _take_joins_out_of_brackets(select: exp.Select) -> None:
    """``a JOIN (b JOIN c USING (x)) USING (x)`` becomes ``a JOIN b USING (x) JOIN c USING (x)``.

    sqlglot resolves no brackets without an alias.
    """
    joins = []
    for join in select.args.get("joins") or ():
        joins.append(join)
        if isinstance(join.this, exp.Subquery) and isinstance(join.this.this, exp.Table):
            table = join.this.this
            joins += table.args.pop("joins", None) or ()
            join.set("this", table)
    if joins:
        select.set("joins", joins)
