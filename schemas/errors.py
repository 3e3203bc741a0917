"""Errors written for the person who must act.

Belongs here: the one base class whose message is shown without a traceback. Does not belong here: what can
go wrong where (each room names its own).
"""


class ForThePerson(Exception):
    """An error whose text says what happened, where, what would be accepted and what to do.

    The text holds no value that could identify a person. ``exit_status`` is what the command line ends
    with: 1 for something to mend on this side, 2 for a command that cannot be carried out as given.
    """

    exit_status = 1


class NotAsked(ForThePerson):
    """The command names something that is not there or cannot be meant."""

    exit_status = 2
