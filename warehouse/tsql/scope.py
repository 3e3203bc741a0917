"""What is known when a statement of a script is carried over.

Belongs here: variables, the default schema, the month, the tables made so far, and what is refused. Does not belong
here: the statements themselves.
"""

from dataclasses import dataclass, field

from sqlglot import exp


class CannotCarryOver(Exception):
    """DuckDB has no counterpart of a statement, or it could not be read. The message says why, for the analyst."""


@dataclass
class Scope:
    """State between the statements of a script.

    ``month``: last month to be seen, as YYYY-MM-DD, or empty. ``variables``: type of each declared variable, by its
    name in small letters. ``labels``: those of them that hold the label of a month. ``made``: tables that the
    script makes; ``later``: those that it makes further on. ``inserts``: what it inserts into each table.
    ``notes``: what an analyst must know of the present statement.
    """

    month: str = ""
    variables: dict[str, exp.DataType] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    inserts: dict[str, list[exp.Query]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember a note, once per statement."""
        if text not in self.notes:
            self.notes.append(text)
