"""Errors written for the person who must act.

Belongs here: the base class whose message is shown without a traceback, and the errors that several rooms raise.
Does not belong here: what can go wrong in one room (each room names its own).
"""

from collections.abc import Sequence


class ForThePerson(Exception):
    """An error whose text says what happened, where, what would be accepted and what to do.

    The text holds no value that could identify a person. ``exit_status`` is what the command line ends
    with: 1 for something to mend on this side, 2 for a command that cannot be carried out as given.
    """

    exit_status = 1


class NotAsked(ForThePerson):
    """The command names something that is not there or cannot be meant."""

    exit_status = 2


class CatalogueError(ForThePerson):
    """A table that people edit (pathways, instruments …) has rows that cannot be used.

    The text names every problem at once, by row as a spreadsheet counts them: row 1 holds the column names.
    """

    def __init__(self, file: str, problems: Sequence[tuple[int, str]]) -> None:
        """``problems`` are pairs of row number and what is wrong, in words."""
        lines = "\n".join(f"  row {row}: {text}" for row, text in sorted(problems))
        super().__init__(f"{file} cannot be used; please correct it:\n{lines}")
