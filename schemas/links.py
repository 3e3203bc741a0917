"""The related values of a rule: those of the parent record, the header and the assessment tool.

Belongs here: the names a predicate uses for related values, and their sources. Does not belong here: fetching them
(``transforms.related``).

``IDS101_ServDischDate`` is the discharge date of the referral that a contact names. It is null if there is no such
referral or more than one. ``IDS101_found`` says whether any record has that key. It is null if the field here is
blank. ``IDS000_…`` are values of the header. ``IDS201_records`` is the number of records of IDS201 that name this
record. ``TOOL_low``, ``TOOL_high``, ``TOOL_found`` come from the reference set of assessment tools.
``received_at`` is when the submission was received.
"""

from functools import cache

import polars as pl

from schemas.dataset import TABLES
from schemas.table import Table

FOUND, RECORDS, TOOL, RECEIVED_AT, HEADER = "found", "records", "TOOL", "received_at", "IDS000"
TOOL_FIELD, VERSION = "CodedAssToolType", "DatSetVer"
_TOOL_TYPES: dict[str, pl.DataType] = {"low": pl.Float64(), "high": pl.Float64(), FOUND: pl.Boolean()}


@cache
def looks_up(table: Table) -> dict[str, tuple[str, str]]:
    """Other tables whose record this table's record names: table id to (field here, field there)."""
    links = ((table.parent,) if table.parent else ()) + table.refers_to
    return {there: (here, field) for here, there, field in links}


@cache
def named_by(table_id: str) -> dict[str, tuple[str, str]]:
    """Other tables that name a record of this one: table id to (its field, the field here)."""
    return {other.id: looks_up(other)[table_id] for other in TABLES.values() if table_id in looks_up(other)}


def related_dtype(table_id: str, name: str) -> pl.DataType:
    """Type of ``<table_id>_<name>``. Raises KeyError for a name that no predicate may use."""
    if table_id == TOOL:
        return _TOOL_TYPES[name]
    if name == FOUND:
        return pl.Boolean()
    if name == RECORDS:
        return pl.Int64()
    return TABLES[table_id].by_name[name].dtype
