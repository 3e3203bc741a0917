"""Text as SQL.

Belongs here: how a text stands in a statement where it cannot be bound. Does not belong here: the dialect of
predicates (``tests/references/dialect.py``).
"""


def quoted(text: str) -> str:
    """The text as an SQL string: in single quotation marks, those in it doubled."""
    return "'" + text.replace("'", "''") + "'"
