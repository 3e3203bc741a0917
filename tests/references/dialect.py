"""The portable subset of SQL for predicates, and a check for anything outside it.

Belongs here: the SQL words that Polars and DuckDB (and a browser's DuckDB) read alike. Does not belong here:
running predicates, and whether the names in one exist (``tests/schemas/test_rule_dialect.py`` checks that).

Anything not on the lists below is not portable until it is measured. Measured to differ, among others: regexp_like
and regexp_matches (each known to one engine only), an unanchored ``~``, casts of text to a date, numbers with
spaces or a dot cast to an integer, IS TRUE, POSITION of a blank, EXTRACT(MONTH ...) * 100 (8 bits in Polars), a
timestamp as text.
"""

import re
from collections.abc import Iterator, Sequence

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

_SIGNS = frozenset({"<>", "<=", ">=", "-", "+", "*", "%", "=", "<", ">", "~", "(", ")", ","})
_KEYWORDS = frozenset(
    {"AND", "OR", "NOT", "IS", "NULL", "IN", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "AS", "FROM", "YEAR"}
    | {"OVER", "PARTITION", "BY", "ORDER", "INTERVAL", "VARCHAR", "INTEGER", "DOUBLE"}
)
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX"})
_NEIGHBOURS = frozenset({"LEAD", "LAG"})
_FUNCTIONS = frozenset(
    {"COALESCE", "LENGTH", "SUBSTR", "UPPER", "LOWER", "CAST", "TRY_CAST", "EXTRACT"} | _AGGREGATES | _NEIGHBOURS
)
_CASTS = {"CAST": {"VARCHAR"}, "TRY_CAST": {"INTEGER", "DOUBLE"}}
_FRAMES = frozenset({"ROWS", "RANGE", "GROUPS", "UNBOUNDED"})
_SPAN = re.compile(r"^'[0-9]+ (day|days|month|months|year|years)'$")
_DATE = re.compile(r"^'[0-9]{4}-[0-9]{2}(-[0-9]{2}.*)?'$")
_CLASS = re.compile(r"\\[A-Za-z]|\[\[:|\(\?")

Token = tuple[str, str]  # kind (text, quoted, number, word, sign), as written
_KINDS = {TokenType.STRING: "text", TokenType.IDENTIFIER: "quoted", TokenType.NUMBER: "number"}
_NUMBER, _WORDS = re.compile(r"[0-9]+(\.[0-9]+)?"), re.compile(r"[A-Za-z_]\w*(\s+[A-Za-z_]\w*)*")


def violations(predicate: str, group_by: Sequence[str] = ()) -> list[str]:
    """What is not portable in a predicate, in words. Empty if everything is. ``group_by`` is the rule's."""
    try:
        tokens = list(_tokens(predicate))
    except TokenError:
        return ["it is not SQL: a quotation mark or a comment is never closed"]
    found = [
        *_words(tokens),
        *_signs(tokens),
        *_matches(tokens),
        *_casts(tokens),
        *_windows(tokens, tuple(group_by)),
    ]
    return list(dict.fromkeys(found))


def names(predicate: str) -> set[str]:
    """The columns that a predicate names: every word that is not SQL."""
    words = {text for kind, text in _tokens(predicate) if kind == "word"}
    return words - _KEYWORDS - _FUNCTIONS


def _tokens(predicate: str) -> Iterator[Token]:
    """The tokens as sqlglot reads them for DuckDB, which takes PARTITION BY for one: here it is two words."""
    for token in DuckDB().tokenize(predicate):
        text = predicate[token.start : token.end + 1]
        kind = _KINDS.get(token.token_type, "word" if _WORDS.fullmatch(text) else "sign")
        if kind == "number" and not _NUMBER.fullmatch(text):
            kind = "sign"
        yield from (("word", word) for word in text.split()) if kind == "word" else [(kind, text)]
        yield from (("sign", f"-- {comment.strip()}") for comment in token.comments)


def _words(tokens: list[Token]) -> Iterator[str]:
    for number, (kind, text) in enumerate(tokens):
        after = _at(tokens, number + 1)
        if kind != "word" or text in _KEYWORDS:
            continue
        if text.upper() in _FRAMES:
            yield f"{text}: the frame of a window is not portable"
        elif after == "(" and text not in _FUNCTIONS:
            yield f"{text} is not a function on the list"
        elif after != "(" and (text in _FUNCTIONS or text.isupper()):
            yield f"{text} is not a word on the list"


def _signs(tokens: list[Token]) -> Iterator[str]:
    for number, (kind, text) in enumerate(tokens):
        if kind == "quoted":
            yield f"{text}: names stand without quotation marks"
        elif text == "::":
            yield "::: a cast is written TRY_CAST(x AS …)"
        elif kind == "sign" and text not in _SIGNS:
            yield f"{text} is not a sign on the list"
        elif text in ("=", "<>") and _at(tokens, number + 1) == "NULL":
            yield f"{text} NULL is never true; write IS NULL"
        elif kind == "text" and _DATE.match(text):
            yield f"{text}: a date is not compared with text"
        elif text == "INTERVAL" and not _SPAN.match(_at(tokens, number + 1)):
            yield "INTERVAL is followed by a number of days, months or years in quotation marks"
        elif text == "EXTRACT" and [each for _, each in tokens[number + 1 : number + 4]] != ["(", "YEAR", "FROM"]:
            yield "EXTRACT gives the year only; other parts have 8 bits in Polars"


def _matches(tokens: list[Token]) -> Iterator[str]:
    for number, (_, text) in enumerate(tokens):
        if text != "~":
            continue
        kind, pattern = tokens[number + 1] if number + 1 < len(tokens) else ("", "")
        pattern = pattern[1:-1]
        if kind != "text":
            yield "~ is followed by a pattern in quotation marks"
        elif not (pattern.startswith("^") and pattern.endswith("$")) or _has_loose_choice(pattern):
            yield f"'{pattern}' is not anchored by ^ and $ as a whole"
        elif _CLASS.search(pattern):
            yield f"'{pattern}' has a class or group that is not portable; write [0-9], not \\d"


def _has_loose_choice(pattern: str) -> bool:
    """Whether | is outside brackets. Then each alternative needs its own anchors."""
    depth = 0
    for sign in pattern:
        depth += (sign in "([") - (sign in ")]")
        if sign == "|" and depth == 0:
            return True
    return False


def _casts(tokens: list[Token]) -> Iterator[str]:
    for number, (_, text) in enumerate(tokens):
        if text not in _CASTS or _at(tokens, number + 1) != "(":
            continue
        inside = _inside(tokens, number + 1)
        target = inside[-1][1] if len(inside) > 1 and inside[-2][1] == "AS" else ""
        if target not in _CASTS[text]:
            yield f"{text} is not to {target or 'that'}: CAST to VARCHAR, TRY_CAST to INTEGER or DOUBLE"
        elif text == "TRY_CAST":
            cast = next((name for kind, name in inside if kind == "word" and name not in _FUNCTIONS), "")
            if not any(each == cast and _at(tokens, place + 1) == "~" for place, (_, each) in enumerate(tokens)):
                yield f"TRY_CAST of {cast} needs {cast} ~ '^…$' before it: ' 3 ' and '3.7' are read differently"


def _windows(tokens: list[Token], group_by: tuple[str, ...]) -> Iterator[str]:
    for number, (_, text) in enumerate(tokens):
        if text in _AGGREGATES | _NEIGHBOURS and _at(tokens, number + 1) == "(":
            after = number + 2 + len(_inside(tokens, number + 1)) + 1
            if _at(tokens, after) != "OVER":
                yield f"{text} has no OVER"
                continue
            window = [each for _, each in _inside(tokens, after + 1)]
            is_ordered = "ORDER" in window
            if is_ordered != (text in _NEIGHBOURS):
                yield f"{text} needs an ORDER BY" if not is_ordered else f"{text} with an ORDER BY is a running one"
        elif text == "OVER":
            window = [each for _, each in _inside(tokens, number + 1)]
            keys = window[2 : window.index("ORDER")] if "ORDER" in window else window[2:]
            if window[:2] != ["PARTITION", "BY"] or tuple(key for key in keys if key != ",") != group_by:
                yield f"a window is partitioned by what the rule groups by: {', '.join(group_by) or 'nothing'}"


def _inside(tokens: list[Token], opening: int) -> list[Token]:
    """The tokens within the bracket that opens at ``opening``; empty where none does."""
    if _at(tokens, opening) != "(":
        return []
    depth = 0
    for number in range(opening, len(tokens)):
        depth += (tokens[number][1] == "(") - (tokens[number][1] == ")")
        if depth == 0:
            return tokens[opening + 1 : number]
    return tokens[opening + 1 :]


def _at(tokens: list[Token], number: int) -> str:
    return tokens[number][1] if number < len(tokens) else ""
