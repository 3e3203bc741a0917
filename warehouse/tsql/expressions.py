"""Expressions of T-SQL as DuckDB says them: variables, text added with +, dates, averages, comparisons of codes.

Belongs here: what sqlglot leaves as it is, or says otherwise than SQL Server means it. Does not belong here: whole
statements (``rewrite``) and names of tables (``names``).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlglot import exp

from warehouse.tsql.dates import TSQL_DATE, read_date, read_in_style, written_date
from warehouse.tsql.names import national_dates, place
from warehouse.tsql.scope import CannotCarryOver, Scope

TSQL_AVG, TSQL_SAME = "tsql_avg", "tsql_same"
# AVG of whole numbers is a whole number in SQL Server: the fraction is cut off. min() has the type of its argument.
AVG_MACRO = (
    f"CREATE OR REPLACE TEMP MACRO {TSQL_AVG}(value) AS CASE WHEN typeof(min(value)) IN ('TINYINT', 'SMALLINT', "
    "'INTEGER', 'BIGINT', 'HUGEINT', 'BOOLEAN') THEN trunc(avg(value)) ELSE avg(value) END;"
)
# A date beside a label such as «March 2026» is compared as a date, a text as text.
SAME_MACRO = (
    f"CREATE OR REPLACE TEMP MACRO {TSQL_SAME}(one, other) AS CASE WHEN typeof(one) <> 'VARCHAR' OR "
    f"typeof(other) <> 'VARCHAR' THEN {TSQL_DATE}(one) = {TSQL_DATE}(other) "
    "ELSE CAST(one AS VARCHAR) = CAST(other AS VARCHAR) END;"
)
_T = exp.DataType.Type
_TEXT_TYPES = frozenset((_T.CHAR, _T.NCHAR, _T.VARCHAR, _T.NVARCHAR, _T.TEXT))
_DATE_TYPES = frozenset((_T.DATE,))
_INSTANTS = frozenset((_T.DATETIME, _T.DATETIME2, _T.SMALLDATETIME, _T.TIMESTAMP))
_FRACTIONS = frozenset((_T.FLOAT, _T.DOUBLE, _T.DECIMAL, _T.MONEY))
# Types, written without a length, that DuckDB means otherwise. FLOAT(24) is REAL, and rare.
_TYPES = {
    _T.FLOAT: "DOUBLE", _T.BIT: "BOOLEAN", _T.DECIMAL: "DECIMAL(18, 0)", _T.MONEY: "DECIMAL(19, 4)",
    _T.SMALLMONEY: "DECIMAL(19, 4)",
}  # fmt: skip
# Functions whose result is text.
_TEXT = (
    exp.TimeToStr, exp.Chr, exp.Concat, exp.Left, exp.Right, exp.Upper, exp.Lower, exp.Trim, exp.Substring,
    exp.Replace, exp.Stuff,
)  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)

Tree = TypeVar("Tree", bound=exp.Expr)


def in_duckdb(tree: Tree, scope: Scope) -> Tree:
    """The same tree in DuckDB's words, names of tables included. Raises CannotCarryOver."""
    place(tree, scope)
    return cast(Tree, _walked(tree, scope))


def converted(value: exp.Expr, kind: exp.DataType, scope: Scope) -> exp.Expr:
    """A value as another type, as SQL Server converts it: text is cut to its length, and read as a date."""
    if kind.this in _TEXT_TYPES:
        length = kind.expressions[0].name if kind.expressions else ""
        text = exp.cast(value, "text")
        return exp.func("left", text, exp.Literal.number(length)) if length.isdigit() else text
    if kind.this in _DATE_TYPES and isinstance(value, exp.Column) and not _is_day(value):
        return read_date(value)
    if kind.this in _DATE_TYPES | _INSTANTS and is_text(value, scope):
        day = read_date(value)
        return day if kind.this in _DATE_TYPES else exp.cast(day, kind)
    return exp.cast(value, kind)


def is_label(node: exp.Expr, scope: Scope) -> bool:
    """Whether an expression is made from the name of a month, such as «March 2026», or from a variable that is."""
    if any(name.args["format"].name in ("%B", "%b") for name in node.find_all(exp.TimeToStr)):
        return True
    return any(name.name.lower() in scope.labels for name in node.find_all(exp.Parameter))


def _is_day(column: exp.Column) -> bool:
    return column.name.lower() in national_dates()


def is_text(node: exp.Expr | None, scope: Scope) -> bool:
    """Whether an expression is known to be text. Columns are not known."""
    if node is None or isinstance(node, (exp.Column, exp.Null)):
        return False
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    if isinstance(node, exp.Cast):
        return node.to.this in _TEXT_TYPES
    if isinstance(node, exp.Convert):
        return node.this.this in _TEXT_TYPES
    if isinstance(node, exp.Parameter):
        kind = scope.variables.get(node.name.lower())
        return kind is not None and kind.this in _TEXT_TYPES
    if isinstance(node, (*_TEXT, exp.DPipe)):
        return True
    return any(is_text(part, scope) for part in _results(node))


def _results(node: exp.Expr) -> list[exp.Expr]:
    """The parts of an expression whose type is that of the whole."""
    if isinstance(node, (exp.Paren, exp.Max, exp.Min, exp.Collate)):
        return [node.this]
    if isinstance(node, (exp.Add, exp.Coalesce)):
        return [node.this, *node.expressions, *([node.expression] if node.expression else [])]
    if isinstance(node, exp.Case):
        return [*(branch.args["true"] for branch in node.args["ifs"]), *filter(None, [node.args.get("default")])]
    if isinstance(node, exp.If):
        return [node.args["true"], *filter(None, [node.args.get("false")])]
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and len(node.this.selects) == 1:
        return [node.this.selects[0].unalias()]
    return []


# --- one node ----------------------------------------------------------------------------------------------------


def _walked(node: exp.Expr, scope: Scope) -> exp.Expr:
    """The node said anew, then what is inside it: whether a sum is text shows from what stands inside."""
    made = _said(node, scope)
    for key, value in list(made.args.items()):
        if isinstance(value, exp.Expr):
            made.set(key, _walked(value, scope))
        elif isinstance(value, list):
            made.set(key, [_walked(one, scope) if isinstance(one, exp.Expr) else one for one in value])
    return made


def _said(node: exp.Expr, scope: Scope) -> exp.Expr:
    say = _SAYS.get(type(node))
    return say(node, scope) if say else node


def _variable(node: exp.Expr, scope: Scope) -> exp.Expr:
    name = node.name.lower()
    if not name:
        raise CannotCarryOver("a variable of the system (@@…)")
    if name not in scope.variables:
        raise CannotCarryOver(f"the variable @{node.name} is not declared before")
    return exp.func("getvariable", exp.Literal.string(name))


def _collation(node: exp.Expr, scope: Scope) -> exp.Expr:
    scope.note("COLLATE is left out: DuckDB compares text by its characters, capitals included")
    return _said(node.this, scope)


def _sum(node: exp.Expr, scope: Scope) -> exp.Expr:
    if is_text(node, scope):
        return exp.DPipe(this=node.this, expression=node.expression, safe=False)
    return node


def _cast(node: exp.Cast, scope: Scope) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        return node
    made = converted(node.this, node.to, scope)
    return node if made == node else made


def _convert(node: exp.Expr, scope: Scope) -> exp.Expr:
    kind, value, style = node.this, node.expression, node.args.get("style")
    number = int(style.name) if style is not None and style.name.isdigit() else 0
    if kind.this in _TEXT_TYPES and number:
        length = kind.expressions[0].name if kind.expressions else ""
        return written_date(value, number, int(length) if length.isdigit() else None)
    if kind.this in _DATE_TYPES | _INSTANTS and number and is_text(value, scope):
        return read_in_style(value, number)
    if node.args.get("safe"):
        return exp.TryCast(this=value, to=kind)
    return converted(value, kind, scope)


def _average(node: exp.Expr, scope: Scope) -> exp.Expr:
    inside = node.this
    if isinstance(node.parent, exp.Window) or isinstance(inside, exp.Distinct):
        scope.note(
            "AVG over a window or of distinct values keeps its fraction; SQL Server cuts that of whole numbers"
        )
        return node
    known = isinstance(inside, exp.Cast) and inside.to.this in _FRACTIONS
    return node if known else exp.func(TSQL_AVG, inside)


def _quotient(node: exp.Expr, _: Scope) -> exp.Expr:
    """``SET integer_division`` of the script says what / is: sqlglot must not decide by the few types it knows."""
    node.set("typed", False)
    return node


def _length(node: exp.Expr, _: Scope) -> exp.Expr:
    """LEN does not count blanks at the end."""
    inside = node.this.this if isinstance(node.this, exp.Cast) else node.this
    return exp.Length(this=exp.func("rtrim", exp.cast(inside, "text")))


def _with_dates(node: exp.Expr, scope: Scope) -> exp.Expr:
    """A function of dates whose arguments may be written as text, such as DATEADD(MONTH, -1, 'March 2026')."""
    for key in ("this", "expression"):
        value = node.args.get(key)
        if isinstance(value, exp.Expr) and is_text(value, scope):
            node.set(key, read_date(value))
    return node


def _days_between(node: exp.Expr, _: Scope) -> exp.Expr:
    if node.text("unit").upper() == "WEEK":
        raise CannotCarryOver("DATEDIFF in weeks: SQL Server's weeks begin on Sunday, DuckDB's on Monday")
    return node


def _part(node: exp.Expr, scope: Scope) -> exp.Expr:
    if node.this.name.upper() in ("DAYOFWEEK", "WEEK"):
        raise CannotCarryOver(f"DATEPART({node.this.name.lower()}) depends on SET DATEFIRST")
    return _with_dates(node, scope)


def _applied(node: exp.Expr, _: Scope) -> exp.Expr:
    """CROSS APPLY and OUTER APPLY: a join whose right side reads the left. DuckDB asks for a condition."""
    if isinstance(node.this, exp.Lateral) and node.this.args.get("cross_apply") is not None:
        node.set("side", None if node.this.args["cross_apply"] else "LEFT")
        node.this.set("cross_apply", None)
        node.set("on", exp.true())
    return node


def _type(node: exp.Expr, _: Scope) -> exp.Expr:
    """Types of another meaning: FLOAT has 8 bytes, DECIMAL no decimals, BIT is a truth value."""
    bare = not node.expressions
    written = _TYPES.get(node.this) if bare else None
    return exp.DataType.build(written, dialect="duckdb") if written else node


def _limit(node: exp.Expr, _: Scope) -> exp.Expr:
    if node.args.get("limit_options") is not None and node.args["limit_options"].args.get("with_ties"):
        raise CannotCarryOver("TOP … WITH TIES: write RANK() in a QUALIFY")
    return node


def _like(node: exp.Expr, _: Scope) -> exp.Expr:
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and "[" in pattern.name:
        raise CannotCarryOver("LIKE with a set of characters in brackets: write regexp_matches")
    return node


def _compared(node: exp.Expr, scope: Scope) -> exp.Expr:
    """A column beside whole numbers: text that is no number equals none of them, instead of ending the query.

    And a column beside the label of a month, which the script may keep as text or as a date.
    """
    for column, other in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(node, exp.EQ) and isinstance(column, exp.Column) and is_label(other, scope):
            return exp.func(TSQL_SAME, column, other)
    if isinstance(node.this, exp.Column) and _is_whole(node.expression):
        node.set("this", _number(node.this))
    elif isinstance(node.expression, exp.Column) and _is_whole(node.this):
        node.set("expression", _number(node.expression))
    return node


def _listed(node: exp.Expr, _: Scope) -> exp.Expr:
    if isinstance(node.this, exp.Column) and node.expressions and all(map(_is_whole, node.expressions)):
        node.set("this", _number(node.this))
    return node


def _is_whole(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()


def _number(column: exp.Expr) -> exp.Expr:
    return exp.TryCast(this=column.copy(), to=exp.DataType.build("double"))


_SAYS: dict[type[exp.Expr], Callable[[Any, Scope], exp.Expr]] = {
    exp.Parameter: _variable,
    exp.Collate: _collation,
    exp.Add: _sum,
    exp.Cast: _cast,
    exp.Convert: _convert,
    exp.Avg: _average,
    exp.Div: _quotient,
    exp.Length: _length,
    exp.DateDiff: _days_between,
    exp.DateAdd: _with_dates,
    exp.TsOrDsToDate: _with_dates,
    exp.TimeStrToTime: _with_dates,
    exp.Extract: _part,
    exp.Like: _like,
    exp.Join: _applied,
    exp.DataType: _type,
    exp.Limit: _limit,
    exp.Fetch: _limit,
    exp.In: _listed,
    **dict.fromkeys(_COMPARISONS, _compared),
}
