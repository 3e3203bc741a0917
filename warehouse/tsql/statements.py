"""The statements of a T-SQL script: T-SQL needs no semicolon between them, so they are found by their first word.

Belongs here: where a statement begins and ends, its line, and what stands inside IF, WHILE and BEGIN … END. Does
not belong here: what a statement says (``rewrite``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sqlglot.dialects.tsql import TSQL
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer

# Words that begin a statement wherever they stand outside brackets and CASE. SELECT, SET, WITH and the words after
# them need a look at what comes before (``_State``).
_BEGINNERS = frozenset(
    (
        "ALTER", "BEGIN", "BREAK", "CLOSE", "COMMIT", "CONTINUE", "CREATE", "DEALLOCATE", "DECLARE", "DELETE",
        "DENY", "DROP", "END", "EXEC", "EXECUTE", "FETCH", "GO", "GOTO", "GRANT", "IF", "INSERT", "MERGE", "OPEN",
        "PRINT", "RAISERROR", "RETURN", "REVOKE", "ROLLBACK", "SELECT", "SET", "THROW", "TRUNCATE", "UPDATE", "USE",
        "WAITFOR", "WHILE", "WITH",
    )
)  # fmt: skip
# What a SELECT belongs to if it stands right after: the statement goes on.
_JOINED = frozenset(("UNION", "ALL", "EXCEPT", "INTERSECT", "AS"))
# Words that belong to the statement after certain others: DROP TABLE IF EXISTS, OFFSET 1 ROWS FETCH NEXT 2 ROWS.
_GOES_ON = {"IF": ("TABLE", "VIEW", "SCHEMA", "PROCEDURE"), "FETCH": ("ROW", "ROWS")}
_QUOTED = frozenset((TokenType.IDENTIFIER, TokenType.STRING, TokenType.NATIONAL_STRING))
_GUARDS = ("TRY", "CATCH")
# A statement that still waits for its main part: WITH … SELECT, INSERT … SELECT.
_MAIN = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"))


@dataclass(frozen=True)
class Statement:
    """One statement: its first word in capitals, its text, and the line it begins on (from 1).

    IF and WHILE have their condition as text, and the statements inside as ``body`` (and ``otherwise`` for ELSE).
    BEGIN … END on its own has a body and no text; BEGIN TRY and BEGIN CATCH have neither.
    """

    line: int
    word: str
    text: str
    body: tuple["Statement", ...] = ()
    otherwise: tuple["Statement", ...] = ()


def statements_of(script: str) -> tuple[Statement, ...]:
    """The statements of a script in their order. Raises sqlglot.errors.TokenError when a quote has no end."""
    return tuple(_Reader(script).statements())


def flat(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement, those inside IF, WHILE and BEGIN … END after the one that holds them."""
    for statement in statements:
        yield statement
        yield from flat(statement.body)
        yield from flat(statement.otherwise)


class _Reader:
    """Walks through the tokens of a script once."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._tokens = _tokenizer().tokenize(script)
        self._words = list(_words(self._tokens))
        self._at = 0

    def statements(self, *, inside: bool = False) -> Iterator[Statement]:
        while self._at < len(self._tokens):
            word = self._words[self._at]
            if word == ";":
                self._at += 1
            elif word in ("END", "ELSE") and inside:
                return
            else:
                yield self._statement()

    def _statement(self) -> Statement:
        line, word, following = self._tokens[self._at].line, self._word(), self._word(1)
        if word == "BEGIN" and following in _GUARDS:
            return self._guarded(line)
        if word == "BEGIN" and following not in ("TRAN", "TRANSACTION"):
            return Statement(line, word, "", self._block())
        if word not in ("IF", "WHILE"):
            return Statement(line, word, self._text())
        text = self._text()
        body = (self._statement(),) if self._at < len(self._tokens) else ()
        otherwise: tuple[Statement, ...] = ()
        if word == "IF" and self._word() == "ELSE":
            self._at += 1
            otherwise = (self._statement(),)
        return Statement(line, word, text, body, otherwise)

    def _guarded(self, line: int) -> Statement:
        """BEGIN TRY … END TRY or BEGIN CATCH … END CATCH, as one statement without a body."""
        word = f"BEGIN {self._word(1)}"
        self._at += 1
        self._block()
        self._at += self._word() in _GUARDS
        return Statement(line, word, "")

    def _block(self) -> tuple[Statement, ...]:
        self._at += 1
        inside = tuple(self.statements(inside=True))
        self._at += 1
        return inside

    def _text(self) -> str:
        """The text from here to the next statement, and the place after it."""
        begin, state = self._at, _State(self._word())
        self._at += 1
        while self._at < len(self._tokens) and not state.ends_before(self._tokens, self._words, self._at):
            self._at += 1
        return self._script[self._tokens[begin].start : self._tokens[self._at - 1].end + 1]

    def _word(self, ahead: int = 0) -> str:
        return self._words[self._at + ahead] if self._at + ahead < len(self._words) else ""


class _State:
    """What is known of a statement so far: its first word, open brackets and CASEs, whether its main part came."""

    def __init__(self, word: str) -> None:
        self._word, self._depth, self._cases = word, 0, 0
        self._waits = word in ("WITH", "INSERT")
        self._set = False

    def ends_before(self, tokens: list[Token], words: list[str], at: int) -> bool:
        """Whether the statement ends before this token. If not, the token is taken into account."""
        kind, word = tokens[at].token_type, words[at]
        if self._depth == self._cases == 0 and self._is_end(words, at):
            return True
        self._depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if word == "CASE":
            self._cases += 1
        elif word == "END" and self._cases:
            self._cases -= 1
        elif self._depth == 0:
            self._set = self._set or word == "SET"
            self._waits = (self._waits and word not in (*_MAIN, "VALUES")) or word == "INSERT"
        return False

    def _is_end(self, words: list[str], at: int) -> bool:
        word, before, after = words[at], words[at - 1], words[at + 1] if at + 1 < len(words) else ""
        if word in _MAIN and (self._waits or before in _JOINED):
            return False
        if word == "SET":
            return self._word not in ("UPDATE", "MERGE") or self._set
        if word in ("ALTER", "DROP") and self._word == "ALTER":  # ALTER TABLE t DROP COLUMN c
            return after not in ("COLUMN", "CONSTRAINT")
        return word in (";", "ELSE") or (word in _BEGINNERS and before not in _GOES_ON.get(word, ()) and (
            word != "WITH" or after not in ("(", "TIES")
        ))  # fmt: skip


def _words(tokens: list[Token]) -> Iterator[str]:
    """The word of each token in capitals; nothing for a quoted name, a text, and the name of a variable."""
    before: TokenType | None = None
    for token in tokens:
        is_name = token.token_type in _QUOTED or before is TokenType.PARAMETER
        yield "" if is_name else token.text.upper()
        before = token.token_type


@cache
def _tokenizer() -> Tokenizer:
    """The tokens of T-SQL. As statements have no end yet, no word may swallow what follows it."""
    kind: type[Tokenizer] = type("_Tokenizer", (TSQL.Tokenizer,), {"COMMANDS": set()})
    return kind(dialect="tsql")
