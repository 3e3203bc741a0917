"""The minimum dataset as a whole: every table, in the order in which a rejection cascades.

Belongs here: the list of tables and how one is found by id or name. Does not belong here: the tables
(``schemas/tables``).
"""

from schemas.table import Table
from schemas.tables import assessment, contact, header, patient, referral, service_use, staff

TABLES: dict[str, Table] = {
    table.id: table
    for module in (header, patient, referral, staff, contact, assessment, service_use)
    for table in module.TABLES
}

_BY_SPELLING = {spelling.lower(): table for table in TABLES.values() for spelling in (table.id, table.name)}


def find_table(spelling: str) -> Table | None:
    """The table with this id ("IDS101") or name ("IDS101Referral"), ignoring case; ``None`` if unknown."""
    return _BY_SPELLING.get(spelling.lower())
