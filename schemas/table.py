"""What a table is: an ordered list of fields, its key and its parent.

Belongs here: the shape of a table and the look-up of its columns. Does not belong here: the tables
themselves (``schemas/tables``).
"""

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from schemas.field import Field


def plain_name(name: str) -> str:
    """A name without what programs add to it, such as blanks, signs and invisible characters: only its letters and
    digits, of any script, in lower case.
    """
    return re.sub(r"[\W_]", "", name.lower())


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

    def named(self, name: str) -> Field | None:
        """The field that a column name means, however its words are set apart: "Service_Request_Id" is
        ServiceRequestId, and so is "IDS101Referral.ServiceRequestId" in that table. ``None`` where it means none,
        or might mean two.
        """
        plain = plain_name(name)
        return self.by_spelling.get(name.lower()) or self._by_plain_name.get(plain) or self._behind_its_own(plain)

    def _behind_its_own(self, plain: str) -> Field | None:
        """The field that a query calls after its table: [dbo].[IDS101Referral].[ServiceRequestId]."""
        for own in (self.name.lower(), self.id.lower()):
            before, found, rest = plain.partition(own)
            if found and before in ("", "dbo"):
                return self._by_plain_name.get(rest)
        return None

    @cached_property
    def _by_plain_name(self) -> dict[str, Field]:
        found: dict[str, Field | None] = {}
        for spelling, field in self.by_spelling.items():
            plain = plain_name(spelling)
            found[plain] = field if found.get(plain, field) is field else None
        return {plain: field for plain, field in found.items() if field is not None}

    @cached_property
    def schema(self) -> dict[str, pl.DataType]:
        """Typed columns in declared order."""
        return {field.name: field.dtype for field in self.fields}
