"""Finding causes of one form of values: counting the values that have it, column by column.

Belongs here: which columns are looked at, how many values have a form, and which rows. Does not belong here: the
forms (``transforms.causes.forms``), headings (``transforms.causes.headings``), what a cause explains
(``transforms.causes.explained``).

Only columns with findings are looked at, and of a large table only those in which one row in 400 has one: a file
with scattered errors is read no second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from schemas.causes import CAUSES, EXAMPLES
from schemas.field import Field
from schemas.rule import Rule
from schemas.snomed import before_rounding
from schemas.versions import Version, as_checked
from transforms.causes.cause import FEWEST, SHARE, SHARE_OF, Affected, Cause, is_founded
from transforms.causes.forms import (
    Form,
    Period,
    forms_of,
    is_rounded_form,
    year_last,
    year_last_form,
)
from transforms.findings import IS_OWN
from transforms.receive.table import Received
from transforms.shown import shown

Column = tuple[str, str]
"""Table id and element."""

_ONE_IN = 400
_TRIED = 1000  # rows in which an example is looked for
_ROUNDED = "CAUSE-CODES-ROUNDED"
_DATES, _ANY_YEAR_LAST = "CAUSE-DATES", "CAUSE-DATES-YEAR-LAST"
_YEAR_LAST = ("CAUSE-DATES-DAY-FIRST", "CAUSE-DATES-MONTH-FIRST", "CAUSE-DATES-UNCLEAR")
# Of dates that can be read in one way only, so many at least say the same.
_AGREE = 0.98


@dataclass(frozen=True)
class Looked:
    """A column with findings: its rows, its element as the version declares it, and how many rows have one.
    ``malformed``: the most rows in which one rule says that its declaration does not allow the value.
    """

    rows: pl.LazyFrame
    field: Field
    broken: int
    of: int
    malformed: int

    @cached_property
    def values(self) -> pl.DataFrame:
        """Each different value of the column that is not blank, and how often it is there (``len``).

        What is asked of a value alone is asked of these: a million dates are a few hundred different ones.
        """
        name = self.field.name
        return self.rows.select(name).drop_nulls().group_by(name).len().collect(engine="streaming")

    @property
    def is_worth_it(self) -> bool:
        """Whether there can be enough values for a cause."""
        return self.broken * _ONE_IN >= self.of


Columns = Mapping[Column, Looked]


def columns_with_findings(
    read: Mapping[str, Received], findings: pl.DataFrame, rules: Mapping[str, Rule], version: Version
) -> dict[Column, Looked]:
    """Every column that a finding is about, in the order of the dataset."""
    counts: dict[Column, int] = {}
    malformed: dict[Column, int] = {}
    for table_id, rule_id, rows in _broken(findings).iter_rows():
        rule = rules[rule_id]
        for name in rule.fields:
            counts[table_id, name] = max(counts.get((table_id, name), 0), rows)
            if rule.is_declared:
                malformed[table_id, name] = max(malformed.get((table_id, name), 0), rows)
    found = {}
    for table_id, received in read.items():
        if received.rows is None:
            continue
        for field in as_checked(table_id, version).fields:
            if (broken := counts.get((table_id, field.name))) and field.name in received.columns:
                wrong = malformed.get((table_id, field.name), 0)
                found[table_id, field.name] = Looked(received.rows, field, broken, received.rows_in, wrong)
    return found


def _broken(findings: pl.DataFrame) -> pl.DataFrame:
    counts = findings.filter(IS_OWN).group_by("table", "rule_id").agg(pl.col("row_number").n_unique())
    return counts.select(pl.col("table", "rule_id").cast(pl.String), "row_number")


def causes_of_form(columns: Columns, period: Period) -> list[Cause]:
    """The causes that change the form of values, each with every value in ``columns`` that it reached."""
    looked = {column: each for column, each in columns.items() if each.is_worth_it}
    counts = {column: _counted(each, period) for column, each in looked.items()}
    founded = [name for name in CAUSES if _is_founded(name, counts)]
    founded += _year_last_cause(counts)
    wanted = {column: _forms(each, founded, period) for column, each in columns.items()}
    reached = _reached(columns, {column: forms for column, forms in wanted.items() if forms})
    return [
        cause_of(CAUSES[name], columns_reached)
        for name in CAUSES
        if (columns_reached := tuple(each for cause, each in reached if cause == name))
    ]


def cause_of(rule: Rule, columns: Sequence[Affected], found: str = "") -> Cause:
    """A cause that reached ``columns``; without ``found`` it says an example and how many values."""
    values = sum(len(each.rows) for each in columns)
    tables = len({each.table for each in columns})
    where = f"{values:,} value{'s' if values != 1 else ''} in "
    where += f"{len(columns)} columns of {tables} tables" if len(columns) > 1 else f"{columns[0].field}"
    if tables == 1 < len(columns):
        where = where.replace(" of 1 tables", "")
    said = found or ", ".join(filter(None, [_example(rule, columns), where]))
    return Cause(rule, said, tuple(columns))


def _example(rule: Rule, columns: Sequence[Affected]) -> str:
    pairs = [(each.found, each.should_be) for each in columns if each.found and each.should_be]
    if pairs:
        return f"{pairs[0][0]} should be {pairs[0][1]}"
    shown_alone = next((each.found for each in columns if each.found), None)
    if shown_alone:
        return shown_alone
    example = EXAMPLES.get(rule.id)
    return f"such as {example.found} for {example.should_be}" if example else ""


def _is_founded(name: str, counts: Mapping[Column, Mapping[str, Any]]) -> bool:
    """Whether so many values have the form of a cause that one program wrote them.

    Dates differ from record to record: the same day again and again was filled in by somebody.
    """
    of = [each for each in counts.values() if name in each]
    if not name.startswith(_DATES):
        return is_founded([(each[name], each["filled"]) for each in of], SHARE_OF.get(name, SHARE))
    different = {each[f"{name} {end}"] for each in of for end in ("first", "last")} - {None}
    is_whole = len(different) > 1
    return is_founded(
        [
            (each[name], each["filled"])
            for each in of
            if each[f"{name} different"] >= FEWEST or (is_whole and each[name] == each["filled"] < FEWEST)
        ]
    )


def _counted(looked: Looked, period: Period) -> dict[str, Any]:
    """How many values of a column are not blank, and how many have each form; of dates how many are different, and
    the first and the last as text.
    """
    name = looked.field.name
    flags = {form.cause: form.is_hit for form in forms_of(looked.field, period)}
    flags[_ROUNDED] = pl.col(name).is_in(list(_before_rounding(looked)))
    if looked.field.is_date:
        reading = year_last(looked.field)
        flags |= reading._asdict() | {_ANY_YEAR_LAST: pl.any_horizontal(reading)}
    values = looked.values.select(name, "len", **flags)
    found: dict[str, Any] = {"filled": values["len"].sum()}
    for cause in flags:
        hits = values.filter(cause)
        found[cause] = hits["len"].sum()
        if cause.startswith(_DATES):
            ends = hits[name].min(), hits[name].max()
            found |= {f"{cause} different": hits.height, f"{cause} first": ends[0], f"{cause} last": ends[1]}
    return found


def _before_rounding(looked: Looked) -> dict[str, str]:
    """Values that a spreadsheet has rounded, and what they were."""
    values = looked.values.filter(is_rounded_form(looked.field))[looked.field.name]
    return {value: code for value in values if (code := before_rounding(value)) is not None}


def _year_last_cause(counts: Mapping[Column, Mapping[str, Any]]) -> list[str]:
    """What dates with the year last mean, by those that can be read in one way only."""
    if not _is_founded(_ANY_YEAR_LAST, counts):
        return []
    of_time = [each for each in counts.values() if "either" in each]
    day, month = (sum(each[kind] for each in of_time) for kind in ("day_first", "month_first"))
    if day and day >= _AGREE * (day + month):
        return [_YEAR_LAST[0]]
    return [_YEAR_LAST[1] if month and month >= _AGREE * (day + month) else _YEAR_LAST[2]]


def _forms(looked: Looked, founded: Iterable[str], period: Period) -> list[Form]:
    """The forms of ``founded`` causes that values of a column can have."""
    found = [form for form in forms_of(looked.field, period) if form.cause in founded]
    if looked.field.is_date:
        found += [year_last_form(looked.field, name) for name in founded if name in _YEAR_LAST]
    if _ROUNDED in founded and (meant := _before_rounding(looked)):
        code = pl.col(looked.field.name).replace_strict(meant, default=None, return_dtype=pl.String)
        found.append(Form(_ROUNDED, code.is_not_null(), code))
    return found


def _reached(columns: Columns, forms: Mapping[Column, Sequence[Form]]) -> list[tuple[str, Affected]]:
    """Cause and values reached, for every column and form with any."""
    found = []
    for table_id, of_table in _by_table({column: columns[column] for column in forms}).items():
        pairs = [(name, form) for name in of_table for form in forms[table_id, name]]
        flags = [form.is_hit.alias(str(index)) for index, (_, form) in enumerate(pairs)]
        filled = [pl.col(name).count().alias(name) for name in of_table]
        hits, counts = pl.collect_all(
            [
                _rows(of_table).select("row_number", *flags).filter(pl.any_horizontal(pl.exclude("row_number"))),
                _rows(of_table).select(filled),
            ],
            engine="streaming",
        )
        for index, (name, form) in enumerate(pairs):
            rows = hits.filter(pl.col(str(index)))["row_number"].sort()
            if len(rows):
                example = _shown_example(of_table[name], form, rows)
                found.append((form.cause, Affected(table_id, name, rows, counts[name].item(), *example)))
    return found


def _shown_example(looked: Looked, form: Form, rows: pl.Series) -> tuple[str | None, str | None]:
    """A value of the form and what it should be: the first of the column that may be shown. If what it should be
    may be shown, so may the value: it says the same.
    """
    if looked.field.is_identifying:
        return None, None
    meant, found = pl.col("should_be"), pl.col("found")
    # The few rows are collected before they are filtered by value: in one query the streaming engine of Polars
    # ended in a panic («i < self.len()») on the extract of tests/journeys/test_identifiers_stay.py.
    tried = (
        looked.rows.filter(pl.col("row_number").is_in(rows.head(_TRIED).implode()))
        .select(pl.col(looked.field.name).alias("found"), form.should_be.alias("should_be"))
        .collect(engine="streaming")
    )
    texts = tried.filter(
        pl.when(meant.is_not_null())
        .then(shown(meant, looked.field) == meant)
        .otherwise(shown(found, looked.field) == found)
    )
    return texts.row(0) if texts.height else (None, None)


def _by_table(columns: Columns) -> dict[str, dict[str, Looked]]:
    found: dict[str, dict[str, Looked]] = {}
    for (table_id, name), looked in columns.items():
        found.setdefault(table_id, {})[name] = looked
    return found


def _rows(of_table: Mapping[str, Looked]) -> pl.LazyFrame:
    return next(iter(of_table.values())).rows
