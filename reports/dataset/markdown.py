"""Markdown as GitHub reads it: what the pages of the dataset's documentation are put together from.

Belongs here: escaping, tables, code, links, folding. Does not belong here: what the pages say
(``reports.dataset.dictionary``, ``reports.dataset.rule_pages``, ``reports.dataset.code_lists``).
"""

import re
from collections.abc import Iterable, Sequence

_ACTIVE = re.compile(r"([\\`*<>|\[\]~])")
_OPEN_PIPE = re.compile(r"(?<!\\)\|")
# A string literal and the text that touches it are one piece: a line break inside would change the literal.
_SQL_PIECE = re.compile(r"(?:'[^']*'|[^'\s])+")
_SQL_WIDTH = 100


def text(plain: str) -> str:
    """Plain text that Markdown shows as it stands."""
    return _ACTIVE.sub(r"\\\1", " ".join(plain.split()))


def code(plain: str) -> str:
    """Inline code with any content."""
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence, gap = "`" * (longest + 1), " " if "`" in plain else ""
    return f"{fence}{gap}{plain}{gap}{fence}"


def link(words: str, target: str) -> str:
    """A link; ``words`` are Markdown already."""
    return f"[{words}]({target})"


def anchor(heading: str) -> str:
    """What GitHub makes of a heading, for links to it: lower case, blanks as hyphens, no other signs."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; a pipe in a cell is escaped, in code too."""
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def facts_list(facts: Iterable[tuple[str, str]]) -> str:
    """Known facts, one per line; empty ones are left out."""
    return "\n".join(f"- **{name}**: {fact}" for name, fact in facts if fact)


def folded(summary: str, body: str) -> str:
    """A part that opens on a click."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def sql(statement: str) -> str:
    """A predicate broken into lines between its words, never inside a string literal."""
    lines: list[str] = []
    for piece in _SQL_PIECE.findall(statement):
        if lines and len(lines[-1]) + 1 + len(piece) <= _SQL_WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return "\n".join(lines)


def page(*parts: str) -> str:
    """Parts with a blank line between them, and one line end at the end; empty parts are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _cell(content: str) -> str:
    return _OPEN_PIPE.sub(r"\\|", " ".join(content.split("\n")))
