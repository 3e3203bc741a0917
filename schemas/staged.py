"""The columns of the pseudonymised store.

Belongs here: the staged columns that follow from a table's declaration, declared once for the room that writes
them (``transforms.pseudonymise``) and the room that reads them (``warehouse``). Does not belong here: how tokens
and ages are made.
"""

import polars as pl

from schemas.field import Identity
from schemas.table import Table
from schemas.token import TYPE

PROVENANCE: dict[str, pl.DataType] = {
    "submission_id": pl.String(),
    "provider": pl.String(),
    "month": pl.Date(),
    "row_number": pl.Int64(),
}

# What replaces the identifiers.
DERIVED: dict[str, dict[str, pl.DataType]] = {
    "IDS001": {
        "person_id": TYPE,
        "is_nationally_linked": pl.Boolean(),
        "age_at_period_end": pl.Int32(),
        "postcode_district": pl.String(),
        "person_mark": pl.Int32(),
    },
    "IDS101": {"age_at_referral": pl.Int32(), "linked_referral_id": TYPE},
}

# What they are made of: the elements of an identity, or an element of their own table.
MADE_OF: dict[str, Identity | str] = {
    "person_id": Identity.PERSON,
    "is_nationally_linked": Identity.PERSON,
    "age_at_period_end": Identity.BIRTH_DATE,
    "postcode_district": Identity.POSTCODE,
    "person_mark": Identity.PERSON,
    "age_at_referral": Identity.BIRTH_DATE,
    "linked_referral_id": "ServiceRequestId",
}

# Serve only to find the same record at two providers, or to protect figures: no element of the dataset, so their
# quality is not judged.
LINKS = frozenset({"linked_referral_id", "person_mark"})

MARKS = 64
"""Every person bears one of 64 marks, from 0. The marks behind a figure decide its random error (decision 0022)."""

INVALID = "invalid_elements"
"""The elements of a row whose value did not leave: names in the order of the table, with a blank before, between
and after them; null if there are none. Data quality needs to know that there was a value, and not the value."""

_KEPT = (Identity.KEEP, Identity.DATE, Identity.LOCAL)


def staged_schema(table: Table) -> dict[str, pl.DataType]:
    """Columns and types of ``<table id>.parquet`` in the pseudonymised store, in order.

    First come the source (submission, provider, month, row as submitted), then what replaces identifiers, then
    every field that is kept or tokenised, under its own name, then ``INVALID``.
    """
    kept = {
        field.name: TYPE if field.identity is Identity.LOCAL else field.dtype
        for field in table.fields
        if field.identity in _KEPT
    }
    return PROVENANCE | DERIVED.get(table.id, {}) | kept | {INVALID: pl.String()}
