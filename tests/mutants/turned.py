"""Source texts with one operator turned: what each mutant changes and the text it makes.

Belongs here: what counts as a turn, in Python and in SQL. Does not belong here: which files and which tests
(``__main__``).
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One turn: the line it is on, that line's text, what became what, the whole mutated source, and the lines of its
    statement.
    """

    line: int
    text: str
    turn: str
    source: str
    statement: range = range(0)

    @property
    def key(self) -> tuple[str, str]:
        """What names the mutant when lines move."""
        return self.text, self.turn


_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def python_mutants(source: str) -> Iterator[Mutant]:
    """Every turn of a Python module: comparisons, and/or, arithmetic, not, whole numbers, true and false, conditions.

    Annotations, assertions and texts stay as they are.
    """
    tree, lines = ast.parse(source), source.splitlines()
    left_alone = {id(inner) for node in ast.walk(tree) for part in _not_turned(node) for inner in ast.walk(part)}
    statements = _statements(tree)
    for node in ast.walk(tree):
        if id(node) in left_alone:
            continue
        for turn, undo in _turns(node):
            at = getattr(node, "lineno", statements[id(node)].start)  # a comprehension has none
            name = turn()
            yield Mutant(
                at, lines[at - 1].strip(), name, ast.unparse(tree), statements.get(id(node), range(at, at + 1))
            )
            undo()


def _statements(tree: ast.AST) -> dict[int, range]:
    """The lines of the innermost statement of every node; of one that holds others, the lines before them."""
    found: dict[int, range] = {}
    for statement in ast.walk(tree):  # outer ones come first
        if isinstance(statement, ast.stmt):
            inside = [
                each.lineno for each in ast.walk(statement) if isinstance(each, ast.stmt) and each is not statement
            ]
            lines = range(statement.lineno, min(inside, default=(statement.end_lineno or 0) + 1))
            found |= {id(node): lines for node in ast.walk(statement)}
    return found


def _not_turned(node: ast.AST) -> list[ast.AST]:
    found = [getattr(node, name, None) for name in ("annotation", "returns")]
    return [part for part in (*found, node if isinstance(node, ast.Assert | ast.JoinedStr) else None) if part]


Turn = tuple[Callable[[], str], Callable[[], None]]


def _turns(node: ast.AST) -> Iterator[Turn]:
    """Pairs of a turn, which changes the node and names itself, and what undoes it."""
    match node:
        case ast.Compare(ops=operators):
            for place, operator in enumerate(operators):
                other = _COMPARISONS[type(operator)]()
                yield _setting(node, "ops", [*operators[:place], other, *operators[place + 1 :]])
        case ast.BoolOp(op=operator):
            yield _setting(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.BinOp(op=operator) if type(operator) in _ARITHMETIC:
            yield _setting(node, "op", _ARITHMETIC[type(operator)]())
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            # Twice is not at all, and keeps the type: bool for not, an expression for ~.
            yield _setting(node, "operand", ast.UnaryOp(type(node.op)(), node.operand))
        case ast.Constant(value=bool(value)):
            yield _setting(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield _setting(node, "value", value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            yield _setting(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.comprehension(ifs=[_, *_]):
            yield _setting(node, "ifs", [])


def _setting(owner: ast.AST, name: str, value: object) -> Turn:
    before = getattr(owner, name)

    def turn() -> str:
        setattr(owner, name, value)
        return f"{_shown(before)} → {_shown(value)}"

    return turn, lambda: setattr(owner, name, before)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_shown, value)) or "no condition"
    if isinstance(value, ast.expr):
        return ast.unparse(value)
    return type(value).__name__ if isinstance(value, ast.AST) else repr(value)


_SQL = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|<>|<=|>=|!=|->|[<>=+-]|\b\w+\b")
_SQL_TURNS = {
    "AND": "OR", "OR": "AND", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+",
    "MIN": "MAX", "MAX": "MIN", "ARG_MIN": "ARG_MAX", "ARG_MAX": "ARG_MIN", "BOOL_OR": "BOOL_AND",
    "BOOL_AND": "BOOL_OR", "LEFT": "INNER", "DESC": "ASC",
}  # fmt: skip


def sql_mutants(source: str) -> Iterator[Mutant]:
    """Every turn of an SQL model, token by token: the rest of the text stays as written.

    The AND of a BETWEEN is no operator; LEFT joins become INNER, and not the other way, which mostly means the same.
    """
    between = 0
    for token in _SQL.finditer(source):
        word = token[0].upper()
        if word == "BETWEEN":
            between += 1
        elif word == "AND" and between:
            between -= 1
        elif word in _SQL_TURNS:
            start = source.rfind("\n", 0, token.start()) + 1
            text = source[start : source.find("\n", token.end())].strip()
            turned = source[: token.start()] + _SQL_TURNS[word] + source[token.end() :]
            line = source.count("\n", 0, token.start()) + 1
            before = source[start : token.start()].strip()[-30:]
            yield Mutant(line, text, f"{before} {word} → {_SQL_TURNS[word]}", turned)
