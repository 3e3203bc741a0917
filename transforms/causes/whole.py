"""Causes that only a column as a whole shows: values cut off, one value throughout, another month or provider.

Belongs here: what a column's values have in common. Does not belong here: forms of single values
(``transforms.causes.forms``), headings (``transforms.causes.headings``).
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from schemas.causes import CAUSES
from schemas.codes import valid_codes
from schemas.dataset import TABLES
from schemas.field import Field, Identity
from schemas.links import HEADER, TOOL_FIELD
from schemas.month import month_of
from schemas.nearest import meanings
from schemas.snomed import is_checked
from transforms.cast import typed
from transforms.causes.cause import FEWEST, SHARE, Affected, Cause
from transforms.causes.forms import Period
from transforms.causes.found import Column, Columns, Looked, cause_of
from transforms.causes.headings import takes
from transforms.receive.table import Received

_NEARLY_ALL = 0.9
# Shorter codes are the beginning of too many others.
_SHORTEST_CUT = 3
_FEWEST_OF_ONE = 5
_PERIOD = ("ReportingPeriodStartDate", "ReportingPeriodEndDate")


def causes_of_columns(columns: Columns, period: Period) -> list[Cause]:
    """Values cut off at one length, and columns that hold one wrong value throughout."""
    cut = [found for column, looked in columns.items() if (found := _cut(column, looked, period))]
    reached = {(each.table, each.field) for each in cut}
    rest = {column: looked for column, looked in columns.items() if column not in reached}
    one = [found for column, looked in rest.items() if (found := _one_value(column, looked, period))]
    pairs = (("CAUSE-VALUES-CUT", cut), ("CAUSE-ONE-VALUE", one))
    return [cause_of(CAUSES[name], found) for name, found in pairs if found]


def causes_of_header(
    read: Mapping[str, Received], findings: pl.DataFrame, start: date | None, provider: str | None
) -> Iterator[Cause]:
    """A header of another month than the contacts, or of another provider than patients and name say."""
    header = read.get(HEADER)
    if header is None or start is None:
        return
    # A file is read again only where something is said of it.
    is_said = "IDS201" in set(findings.filter(pl.col("field") == "CareContDate")["table"].drop_nulls())
    month = _month_of_contacts(read.get("IDS201")) if is_said else None
    if month and month != month_of(start):
        said = f"contacts are dated in {month:%B %Y}, and the header says {start:%B %Y}"
        yield Cause(CAUSES["CAUSE-MONTH"], said, _of_header(header, _PERIOD))
    named = findings.filter(pl.col("rule_id") == "GATE-PROVIDER")["found"].to_list()
    other = _provider_of_patients(read.get("IDS001")) if named else None
    if other and named == [other] and provider != other:
        said = f"patients and the name of the submission say {other}, and the header says {provider}"
        yield Cause(CAUSES["CAUSE-PROVIDER"], said, _of_header(header, ("OrgIDProv",)))


def _of_header(header: Received, names: tuple[str, ...]) -> tuple[Affected, ...]:
    row = pl.Series("row_number", [2], dtype=pl.Int64)
    return tuple(Affected(HEADER, name, row, 1) for name in names if name in header.columns)


def _month_of_contacts(contacts: Received | None) -> date | None:
    """The month of nearly all contacts; ``None`` if there is none, or too few contacts to say."""
    if contacts is None or contacts.rows is None or contacts.rows_in < FEWEST:
        return None
    field = TABLES["IDS201"].by_name["CareContDate"]
    month = typed(field, pl.col(field.name)).dt.truncate("1mo").alias("value")
    # Each different date is read once.
    found: date | None = _commonest(
        contacts.rows.group_by(field.name).len().select(month, "len").drop_nulls("value")
    )
    return found


def _provider_of_patients(patients: Received | None) -> str | None:
    if patients is None or patients.rows is None or patients.rows_in < FEWEST:
        return None
    field = TABLES["IDS001"].by_name["OrgIDLocalPatientId"]
    value = _commonest(patients.rows.group_by(value=field.name).len())
    return str(value) if value is not None and field.has_form(str(value)) else None


def _commonest(values: pl.LazyFrame) -> Any:
    """The ``value`` that nearly all have, of values and how often each is there (``len``); ``None`` if none has."""
    summed = values.group_by("value").agg(pl.col("len").sum())
    counts = summed.sort("len", descending=True).collect(engine="streaming")
    if counts.is_empty() or counts["len"][0] < max(_NEARLY_ALL * int(counts["len"].sum()), FEWEST):
        return None
    return counts["value"][0]


def _cut(column: Column, looked: Looked, period: Period) -> Affected | None:
    """The values of a column that were cut off at the length of its longest one."""
    # The beginning of a date is no date, and that of a code no code: a rule of the declaration finds each.
    is_said = looked.field.dtype == pl.Date() or looked.field.codes
    if (looked.malformed if is_said else looked.broken) < FEWEST:
        return None
    if (beginning := _is_beginning(looked.field, period)) is None:
        return None
    length = pl.col(looked.field.name).str.len_chars()
    values = looked.values.filter(length == length.max())
    if values.is_empty() or values.select(length).item(0, 0) < _SHORTEST_CUT:
        return None
    cut = values.filter(beginning)
    hits, filled = (int(of["len"].sum()) for of in (cut, looked.values))
    if hits < FEWEST or hits * SHARE < filled:
        return None
    return Affected(*column, _rows_of(looked, cut), filled)


def _is_beginning(field: Field, period: Period) -> pl.Expr | None:
    """Whether a value is the beginning of one that the element would take, and is none itself."""
    text = pl.col(field.name)
    if field.dtype == pl.Date():
        return text.str.contains(r"^(19|20)[0-9]{2}(-[0-9]{0,2}(-[0-9]?)?)?$") & (text.str.len_chars() < 10)
    if field.identity is Identity.PERSON:
        return text.str.contains("^[0-9]{5,9}$")
    if field.codes or field.name == TOOL_FIELD:
        codes = valid_codes(field.codes, *period) if field.codes else tuple(meanings(field))
        parts = {code[:end] for code in codes for end in range(_SHORTEST_CUT, len(code))} - set(codes)
        return text.is_in(sorted(parts))
    return text.str.contains("^[1-9][0-9]{5,17}$") & ~takes(field, text, period) if is_checked(field) else None


def _one_value(column: Column, looked: Looked, period: Period) -> Affected | None:
    """A column that holds one wrong value throughout, or one key for every record."""
    if looked.broken < _FEWEST_OF_ONE or looked.broken * 2 < looked.of:
        return None
    table, name = column
    values = looked.values
    if values.height != 1 or (filled := values["len"].item()) < _FEWEST_OF_ONE:
        return None
    is_key = TABLES[table].key == (name,)
    is_right = values.select(takes(looked.field, pl.col(name), period)).item()
    if is_right and not is_key:
        return None
    return Affected(table, name, _rows_of(looked, values), filled)


def _rows_of(looked: Looked, values: pl.DataFrame) -> pl.Series:
    """The numbers of the rows that have one of ``values``, sorted."""
    name = looked.field.name
    has_one = looked.rows.filter(pl.col(name).is_in(values[name].implode())).select("row_number")
    return has_one.collect(engine="streaming")["row_number"].sort()
