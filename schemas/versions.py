"""The versions of the dataset: each is a short list of differences from its base, with reasons.

Belongs here: which version added a table or an element, made it mandatory, or replaced it. Does not belong here:
the elements themselves (``schemas.tables`` declares them all, in their newest form).

The header's DatSetVer gives the version. ``schemas/codes/dataset_version.csv`` says in which months it may be
used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Self

from schemas.dataset import TABLES
from schemas.field import Field, Mandation
from schemas.table import Table


class What(StrEnum):
    """The kinds of difference."""

    ADDED = "added"
    MANDATED = "mandatory"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Difference:
    """One difference: a table added (no ``fields``), elements added, made mandatory, or replaced by others."""

    what: What
    table: str
    fields: tuple[str, ...]
    reason: str


_MHSDS = "Aligned with the Mental Health Services Data Set."
_SMI = "IAPT for Severe Mental Illness compares pathways; the IAPT Data Set has one."


class Version(StrEnum):
    """Dataset versions by the header's DatSetVer: each with the version it builds on and what is different from it.

    Their order says nothing: a version has what its own line of versions has, wherever it stands.
    """

    base_code: str | None
    differences: tuple[Difference, ...]

    def __new__(cls, code: str, base: str | None = None, differences: tuple[Difference, ...] = ()) -> Self:
        """A version that is the text of its code."""
        version = str.__new__(cls, code)
        version._value_ = code
        version.base_code, version.differences = base, differences
        return version

    IAPT_2_0 = "2.0", None, ()  # the base: first collected September 2020
    IAPT_2_1 = (
        "2.1",
        "2.0",
        (  # April 2022 activity; UK LLC Guidebook, NHS Data Dictionary v3 page of the data set
            Difference(What.ADDED, "IDS003", (), "Accommodation was added to describe patients' circumstances."),
            Difference(What.ADDED, "IDS601", (), "Medical history was added: the previous diagnosis."),
            Difference(What.ADDED, "IDS001", ("GenderIDCode", "GenderSameAtBirth"), _MHSDS),
            Difference(What.ADDED, "IDS001", ("EthnicCategory2021",), "Pilot of the 2021 census classification."),
            Difference(What.MANDATED, "IDS001", ("PersonBirthDate",), "Age decides pathway and comparison."),
            Difference(
                What.ADDED, "IDS004", ("EmpSupportDischargeDate",), "Employment advisers' work is measured."
            ),
            Difference(What.ADDED, "IDS101", ("SourceOfReferralIAPT",), "A list of its own for talking therapies."),
            Difference(What.REPLACED, "IDS101", ("SourceOfReferralMH",), "Replaced by SourceOfReferralIAPT."),
            Difference(What.ADDED, "IDS201", ("ConsMechanism",), _MHSDS),
            Difference(What.REPLACED, "IDS201", ("ConsMediumUsed",), "Replaced by ConsMechanism."),
        ),
    )
    SMI_1_0 = (
        "1.0",
        "2.1",
        (  # this dataset's own additions to version 2.1
            Difference(
                What.ADDED,
                "IDS101",
                ("Pathway", "PrimReasonReferralMH", "ServTeamTypeRefToMH", "OfferOfTherapyDate", "OfferAccepted"),
                _SMI,
            ),
            Difference(
                What.ADDED, "IDS001", ("PersDeathDate",), "Deaths end pathways and must not count as drop-out."
            ),
            Difference(
                What.ADDED,
                "IDS606",
                ("Timepoint", "MissingReason"),
                "Batteries are taken at baseline, periodically and at the end, and what is missing has a reason.",
            ),
            Difference(What.ADDED, "SMI203", (), "The dose given is compared with the dose planned (NICE CG178)."),
            Difference(What.ADDED, "SMI501", (), "Service use before, during and after therapy is an outcome."),
            Difference(What.ADDED, "SMI608", (), "Patients' experience is an outcome."),
            Difference(
                What.ADDED,
                "SMI901",
                (),
                "Therapies are compared by the staff who give them and their qualifications.",
            ),
            Difference(
                What.ADDED,
                "SMI902",
                (),
                "Therapy is given by staff who are trained and supervised in it. No other dataset says so.",
            ),
        ),
    )

    @property
    def line(self) -> tuple["Version", ...]:
        """The version and those it builds on, itself first."""
        base = next((each for each in Version if each.value == self.base_code), None)
        return (self, *(base.line if base else ()))


@cache
def tables_of(version: Version) -> dict[str, Table]:
    """The tables and elements of one version, by table id, in dataset order.

    What only versions outside of its line added is not in it, nor what its line replaced. What only others made
    mandatory is required.
    """
    own, others = _differences(version)
    absent = (set(_named(others, What.ADDED)) - set(_named(own, What.ADDED))) | set(_named(own, What.REPLACED))
    relaxed = set(_named(others, What.MANDATED)) - set(_named(own, What.MANDATED))
    elsewhere = _tables_added(others) - _tables_added(own)
    return {table.id: _narrowed(table, absent, relaxed) for table in TABLES.values() if table.id not in elsewhere}


@cache
def asked_for(table_id: str, version: Version | None) -> tuple[Field, ...]:
    """The elements expected in a file of a table. Without a version: those that every version expects."""
    if version is not None:
        return tables_of(version).get(table_id, TABLES[table_id]).fields
    always = [tables_of(each)[table_id].by_name for each in Version if table_id in tables_of(each)]
    return tuple(field for field in always[0].values() if all(field.name in names for names in always))


@cache
def came_later(version: Version, table_id: str) -> frozenset[str]:
    """The elements of a table of ``version`` that only versions outside of its line added."""
    own, others = _differences(version)
    added = set(_named(others, What.ADDED)) - set(_named(own, What.ADDED))
    return frozenset(name for table, name in added if table == table_id)


@cache
def as_checked(table_id: str, version: Version) -> Table:
    """A table with every element that can be read, with the mandation of ``version``.

    A file may contain elements of another version: they are kept and checked, and may be blank.
    """
    known = tables_of(version).get(table_id)
    if known is None:
        return TABLES[table_id]
    elsewhere = (
        replace(field, mandation=Mandation.OPTIONAL, warn_if_blank=False) for field in TABLES[table_id].fields
    )
    return replace(known, fields=tuple(known.by_name.get(field.name, field) for field in elsewhere))


def _differences(version: Version) -> tuple[list[Difference], list[Difference]]:
    """What the line of a version changed, and what all others did."""
    own = [each for known in version.line for each in known.differences]
    return own, [each for known in Version if known not in version.line for each in known.differences]


def _tables_added(differences: list[Difference]) -> set[str]:
    return {each.table for each in differences if each.what is What.ADDED and not each.fields}


def _named(differences: list[Difference], what: What) -> Iterator[tuple[str, str]]:
    return ((each.table, name) for each in differences if each.what is what for name in each.fields)


def _narrowed(table: Table, absent: set[tuple[str, str]], relaxed: set[tuple[str, str]]) -> Table:
    fields = tuple(
        replace(field, mandation=Mandation.REQUIRED) if (table.id, field.name) in relaxed else field
        for field in table.fields
        if (table.id, field.name) not in absent
    )
    return replace(table, fields=fields)
