"""Errors written for the person who must act.

Belongs here: the base class whose message is shown without a traceback, and errors that several rooms raise. Does
not belong here: errors of a single room (each room names its own).
"""

from collections.abc import Sequence


class ForThePerson(Exception):
    """An error whose text says what happened, where, what is accepted and what to do.

    The text has no value that could identify a person. ``exit_status`` is the exit status of the command line: 1
    for an error on our side, 2 for a command that cannot be carried out as given.
    """

    exit_status = 1


class NotAsked(ForThePerson):
    """The command names something that does not exist or makes no sense."""

    exit_status = 2


class CatalogueError(ForThePerson):
    """A table that people edit (pathways, instruments …) has rows that cannot be used.

    The text names every problem at once, with row numbers as in a spreadsheet: row 1 has the column names.
    """

    def __init__(self, file: str, problems: Sequence[tuple[int, str]]) -> None:
        """``problems`` are pairs of row number and what is wrong, in words."""
        lines = "\n".join(f"  row {row}: {text}" for row, text in sorted(problems))
        super().__init__(f"{file} cannot be used; please correct it:\n{lines}")
