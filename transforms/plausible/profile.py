"""The profile of a submission: how many rows each table has, and how often each value of a code list occurs.

Belongs here: what is counted, the query that counts it in the pass that checks the rows, and writing and reading a
profile. Does not belong here: what is compared (``transforms.plausible.questions``), where profiles are kept.

A profile identifies nobody. It has counts, the codes of the dataset, and codes of sites. Whatever else was typed is
counted as «other». Of local identifiers and of days only the largest count is kept.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, Self

import polars as pl

from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.field import Field, Identity
from schemas.month import ProviderMonth, month_text, parse_month
from schemas.table import Table
from schemas.tables.shared import ICD_10, ODS_UNLIKE
from schemas.tools import tools

FILE = "profile.json"
"""The file in a report that has the profile."""
BLANK, OTHER = "", "other"
VERSION = 1
"""Of the form of a profile. One of another version is not compared with."""

# The site of a contact and the commissioner: few per service. Practices are hundreds, and each has few patients.
_ORGANISATIONS = ("SiteIDOfTreat", "OrgIDComm")
_TOOL = "CodedAssToolType"
_SCORE = "PersScore"
_WORKER = "CarePersLocalId"
_DAY, _WHO = "day of ", "rows by "
# Months before the month of the submission, at most, and what such a date is called.
_AGES = ((0, "in the month"), (1, "1 month before"), (3, "2 to 3 months before"), (12, "4 to 12 months before"))
EARLIER, LATER = "over a year before", "after the month"
_HEADER = "IDS000"
NOTHING = pl.DataFrame(schema={"what": pl.String, "value": pl.String, "count": pl.UInt32})
"""What a query gives of a table without a column that is counted."""


@dataclass(frozen=True)
class TableProfile:
    """One table: its rows, per column how often each value occurs, and per column the largest count of one value
    and of how many values (``most``: of days, and of people who work there).
    """

    rows: int
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    most: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """The profile of a submission of a provider and month, by table id; the header is left out."""

    of: ProviderMonth
    tables: Mapping[str, TableProfile]

    def rows(self, table: str) -> int:
        """The rows of a table, 0 where it was not submitted."""
        return self.tables[table].rows if table in self.tables else 0

    @property
    def records(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables.values())

    def to_json(self) -> str:
        """The profile as text, for ``from_json``: a line for each table."""
        who = {"profile": VERSION, "provider": self.of.provider, "month": month_text(self.of.month)}
        tables = ",\n".join(
            f"{json.dumps(name)}: "
            + json.dumps({"rows": of.rows, "values": of.values, "most": of.most}, sort_keys=True)
            for name, of in sorted(self.tables.items())
        )
        return f'{json.dumps(who)[:-1]}, "tables": {{\n{tables}\n}}}}\n'

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """The profile that ``to_json`` wrote; ``None`` for anything else."""
        try:
            said: dict[str, Any] = json.loads(text)
            if said["profile"] != VERSION:
                return None
            of = ProviderMonth(str(said["provider"]), parse_month(said["month"]))
            tables = {name: _table(found) for name, found in said["tables"].items() if name in TABLES}
            return cls(of, tables)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            return None


def _table(said: Mapping[str, Any]) -> TableProfile:
    values = {
        str(name): {str(value): _count(count) for value, count in of.items()} for name, of in said["values"].items()
    }
    most = {str(name): (_count(of[0]), _count(of[1])) for name, of in said["most"].items()}
    return TableProfile(_count(said["rows"]), values, most)


def _count(said: Any) -> int:
    if not isinstance(said, int) or said < 0:
        raise ValueError("no count")
    return said


@dataclass
class Counting:
    """The profile of a submission while it is checked. ``start`` is the first day of its month."""

    start: date
    found: dict[str, TableProfile] = field(default_factory=dict)

    def query(self, rows: pl.LazyFrame, table: Table, *, is_small: bool) -> pl.LazyFrame:
        """The query that counts ``rows`` (typed, with ``x_text``): what, value, and count.

        Of rows that are many (not ``is_small``) each different value is looked at once a batch: 1 M contacts have a
        few hundred. Their 18 columns as one took three times as long.
        """
        columns = _columns(table, self.start)
        if is_small:
            named = rows.select(columns).unpivot(variable_name="what", value_name="value")
            return named.group_by("what", "value").len(name="count")
        of = {column.meta.root_names()[0]: list[pl.Expr]() for column in columns}
        for column in columns:
            of[column.meta.root_names()[0]].append(column)
        counts = rows.select(*of).map_batches(
            lambda batch: _counts(batch, of),
            predicate_pushdown=False,
            projection_pushdown=False,
            slice_pushdown=False,
            schema=NOTHING.schema,
            streamable=True,
        )
        return counts.group_by("what", "value").agg(pl.col("count").sum())

    def add(self, table: Table, counts: pl.DataFrame, rows: int) -> None:
        """Keep what ``query`` gave of a table of so many rows."""
        values: dict[str, dict[str, int]] = {}
        most: dict[str, tuple[int, int]] = {}
        ordered = sorted(counts.select("what", "value", "count").iter_rows(), key=_by_count)
        for name, rows_of in groupby(ordered, itemgetter(0)):
            if name.startswith((_DAY, _WHO)):
                known = [count for _, value, count in rows_of if value is not None]
                if known:
                    most[name] = (known[0], sum(known))
            else:
                values[name] = {value or BLANK: count for _, value, count in rows_of}
        if table.id != _HEADER:
            self.found[table.id] = TableProfile(rows, values, most)

    def profile(self, of: ProviderMonth) -> Profile:
        """The profile so far."""
        return Profile(of, self.found)


def _counts(batch: pl.DataFrame, of: Mapping[str, Sequence[pl.Expr]]) -> pl.DataFrame:
    """How often each value of a batch is there. ``of`` has, per column of the batch, what is counted of it."""
    found = []
    for name, columns in of.items():
        different = batch[name].value_counts(name="count")
        for column in columns:
            what = pl.lit(column.meta.output_name()).alias("what")
            found.append(different.select(what, column.alias("value"), pl.col("count").cast(pl.UInt32)))
    return pl.concat(found)


def _by_count(row: tuple[str, str | None, int]) -> tuple[str, int, str]:
    """The commonest value of a column first, blank before another that is as common."""
    what, value, count = row
    return what, -count, value or ""


def is_counted(table: Table) -> bool:
    """Whether a table has columns that are counted."""
    return table.id != _HEADER and any(True for _ in _counted(table))


@cache
def columns_of(table: Table) -> frozenset[str]:
    """The fields of a table that its profile looks at."""
    return frozenset(name.name for name, _ in _counted(table))


def _counted(table: Table) -> Iterator[tuple[Field, str]]:
    """Each field that is counted, and how."""
    for each in table.fields:
        if each.name == _WORKER:
            yield each, "who"
        elif each.is_identifying:
            continue
        elif each.codes:
            yield each, "code"
        elif each.name == _TOOL:
            yield each, "tool"
        elif each.name == _SCORE or each.dtype == pl.Int32:
            yield each, "number"
        elif each.name in _ORGANISATIONS:
            yield each, "organisation"
        elif each.name == "PresComp":
            yield each, "complaint"
        elif each.identity is Identity.DATE and each.dtype == pl.Date:
            yield each, "date"


@cache
def _columns(table: Table, start: date) -> Sequence[pl.Expr]:
    """An expression per column that is counted, each of text with few values."""
    found = []
    for each, how in _counted(table):
        if how == "date":
            found += [_age(each, start).alias(each.name), _day(each, start).alias(_DAY + each.name)]
        elif how == "who":
            text = pl.col(f"{each.name}_text")
            found.append(pl.when(text.is_not_null()).then(text.hash().cast(pl.String)).alias(_WHO + each.name))
        else:
            found.append(_value(each, how).alias(each.name))
    return found


@cache
def _value(each: Field, how: str) -> pl.Expr:
    """What is counted of a field that is no date: the same in every month."""
    text = pl.col(f"{each.name}_text")
    known = pl.when(text.is_null()).then(None)
    if how == "code":
        codes = [code.code for code in code_list(each.codes or "")]
        return known.when(text.is_in(codes)).then(text).otherwise(pl.lit(OTHER))
    if how == "tool":
        return known.when(text.is_in([tool.code for tool in tools()])).then(text).otherwise(pl.lit(OTHER))
    if how == "number":
        return (
            known.when(text.str.contains("^0+([.]0+)?$"))
            .then(pl.lit("0"))
            .when(text.str.contains("^[0-9.]+$"))
            .then(pl.lit("more than 0"))
            .otherwise(pl.lit(OTHER))
        )
    if how == "complaint":
        return known.when(text.str.contains(ICD_10)).then(text.str.slice(0, 3)).otherwise(pl.lit(OTHER))
    is_code = text.str.contains(each.lexical) & ~text.str.contains(ODS_UNLIKE)
    return known.when(is_code).then(text).otherwise(pl.lit(OTHER))


def _age(each: Field, start: date) -> pl.Expr:
    """How long before the month of the submission a date is."""
    day = pl.col(each.name)
    months = (start.year - day.dt.year()) * 12 + (start.month - day.dt.month().cast(pl.Int32))
    said = pl.when(day.is_null()).then(None).when(months < 0).then(pl.lit(LATER))
    for most, name in _AGES:
        said = said.when(months <= most).then(pl.lit(name))
    return said.otherwise(pl.lit(EARLIER))


def _day(each: Field, start: date) -> pl.Expr:
    """The day of a date that lies in the month."""
    day = pl.col(each.name)
    is_in = (day.dt.year() == start.year) & (day.dt.month() == start.month)
    return pl.when(is_in).then(day.dt.day().cast(pl.String))


def field_of(column: str) -> str:
    """The field that a column of a profile is about."""
    return re.sub(f"^({_DAY}|{_WHO})", "", column)
