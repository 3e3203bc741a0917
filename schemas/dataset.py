"""The minimum dataset as a whole: every table, in the order in which a rejection cascades.

Belongs here: the order of the tables and how one is found by id or name. Does not belong here: the tables: each
module of ``schemas/tables`` with ``TABLES`` is part of the dataset, and adding one changes nothing here.
"""

from collections.abc import Iterator, Sequence

from schemas.modules import declared
from schemas.table import Table


def in_order(subjects: Sequence[Sequence[Table]]) -> Iterator[Table]:
    """The tables of all subjects, each subject after those whose records its own name; otherwise by id.

    Raises ValueError where two subjects name each other, or a table that none has.
    """
    home = {table.id: number for number, tables in enumerate(subjects) for table in tables}
    done: set[int] = set()

    def placed(number: int, named_by: tuple[int, ...]) -> Iterator[Table]:
        if number in named_by:
            raise ValueError(f"{subjects[number][0].id}: its records and those that they name wait for each other")
        if number in done:
            return
        for table in subjects[number]:
            for _, named, _ in (*([table.parent] if table.parent else ()), *table.refers_to):
                if named not in home:
                    raise ValueError(f"{table.id} names records of {named}, which is no table")
                if home[named] != number:
                    yield from placed(home[named], (*named_by, number))
        done.add(number)
        yield from subjects[number]

    for number in sorted(range(len(subjects)), key=lambda each: min(table.id for table in subjects[each])):
        yield from placed(number, ())


TABLES: dict[str, Table] = {table.id: table for table in in_order(declared("schemas.tables", "TABLES"))}

_BY_SPELLING = {spelling.lower(): table for table in TABLES.values() for spelling in (table.id, table.name)}


def find_table(spelling: str) -> Table | None:
    """The table with this id ("IDS101") or name ("IDS101Referral"), ignoring case; ``None`` if unknown."""
    return _BY_SPELLING.get(spelling.lower())
