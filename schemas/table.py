"""What a table is: an ordered list of fields, its key and its parent.

Belongs here: the shape of a table and the look-up of its columns. Does not belong here: the tables
themselves (``schemas/tables``).
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from schemas.field import Field


@dataclass(frozen=True)
class Table:
    """One table of a submission: one file.

    ``id`` is the short id ("IDS101"), ``name`` the published name ("IDS101Referral"). ``key`` names the fields
    that identify a record within a submission. ``parent`` is (field here, table id, field there): a record is
    rejected by cascade with its parent. ``refers_to`` names other records in the same way, without a cascade.
    ``is_required``: a submission without the file is rejected.
    """

    id: str
    name: str
    title: str
    grain: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    parent: tuple[str, str, str] | None = None
    refers_to: tuple[tuple[str, str, str], ...] = ()
    is_required: bool = False

    def __post_init__(self) -> None:
        """Refuse a table that names a key it does not have, or a field twice."""
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a field is declared twice")
        missing = [name for name in self.key if name not in names]
        if missing:
            raise ValueError(f"{self.name}: key names unknown fields {missing}")

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by canonical name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_spelling(self) -> dict[str, Field]:
        """Fields by every accepted spelling, in lower case."""
        return {spelling.lower(): field for field in self.fields for spelling in (field.name, *field.aliases)}

    @cached_property
    def schema(self) -> dict[str, pl.DataType]:
        """Typed columns in declared order."""
        return {field.name: field.dtype for field in self.fields}
