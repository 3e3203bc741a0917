"""The command ``parity tsql``: a T-SQL script carried over, and run on a release if asked for.

Belongs here: files, the release, and the report of statements. Does not belong here: the words of DuckDB
(``warehouse.tsql``), printing (``pipelines.show``).
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from schemas.errors import NotAsked
from warehouse.tsql.carry import Carried, Outcome, as_sql, carry, every, read_script
from warehouse.tsql.run import Done, open_release, run


@dataclass(frozen=True)
class Report:
    """What became of a script: one entry per statement, and what each did if it was run."""

    script: str
    statements: tuple[Carried, ...]
    done: tuple[Done, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every statement was carried over and, if it was run, did what it says."""
        left = any(one.outcome is Outcome.NOT_CARRIED for one in every(self.statements))
        return not left and not any(one.error for one in self.done)

    def as_rows(self) -> list[dict[str, Any]]:
        """A row per statement: line, first word, outcome, notes, and rows and error of its last run."""
        last = {id(one.carried): one for one in self.done}
        return [
            {
                "line": one.line,
                "statement": one.word,
                "outcome": one.outcome.value,
                "notes": "; ".join(one.notes),
                "rows": last[id(one)].rows if id(one) in last else None,
                "error": last[id(one)].error if id(one) in last else "",
            }
            for one in every(self.statements)
        ]


def carry_over(
    script: Path, month: date | None, out: Path | None, release: Path | None, keep: Path | None
) -> Report:
    """Carry the script over, write it to ``out``, and run it on ``release`` with its tables in ``keep``.

    Raises NotAsked if the script or the release cannot be read, or ``keep`` is no DuckDB file.
    """
    statements = carry(read_script(script), month)
    if out is not None:
        out.write_text(as_sql(statements), encoding="utf-8")
    if release is None:
        return Report(script.name, statements, ())
    try:
        con = open_release(release, keep)
    except duckdb.Error as error:
        raise NotAsked(f"The release or the file to keep cannot be opened: {str(error).splitlines()[0]}") from None
    with con:
        return Report(script.name, statements, tuple(run(con, statements)))
