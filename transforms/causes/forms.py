"""Forms of values that one cause gives: dates of another form, numbers that a spreadsheet has changed.

Belongs here: for each form which values have it, and what they should be. Does not belong here: whether so many
have it that a cause is certain (``transforms.causes.found``).

Every value that has a form is wrong as it stands, so a finding speaks of it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

import polars as pl

from schemas.codes import code_list, valid_codes
from schemas.field import Field, Identity
from schemas.shapes import NHS_NUMBER, POSTCODE
from schemas.snomed import takes_snomed
from transforms.pseudonymise import nhs_number

Period = tuple[date, date]

_CLOCK = r"(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?:[.][0-9]+)?)?"
_YEAR_LAST = rf"^([0-9]{{1,2}})[/. -]([0-9]{{1,2}})[/. -]([0-9]{{4}}|[0-9]{{2}}){_CLOCK}$"
_MONTH_NAME = rf"^([0-9]{{1,2}})[/. -]?([A-Za-z]{{3}})[a-z]*[/. -]?([0-9]{{4}}|[0-9]{{2}}){_CLOCK}$"
_COMPACT = r"^(19|20)[0-9]{6}$"
_WITH_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
# The first days of SQL Server, Access, Java and Excel, and days without end.
_FILLER = r"^(0001-01-01|1753-01-01|1899-12-3[01]|1900-01-0[01]|2099-12-31|2999-12-31|9999-12-31)(T00:00:00)?$"
_CODE_AND_WORDS = r"^([A-Za-z0-9]{1,4}) *[-:=–] *[A-Za-z].{2,}$"
_UNTOLD = pl.lit(None, dtype=pl.String)
_SERIAL = r"^[1-9][0-9]{4}([.][0-9]+)?$"
_OF_MONTH = r"^(0?[1-9]|1[0-2])[/. -]((?:19|20)[0-9]{2})$"
_NAME_OF_MONTH = r"^([A-Za-z]{3})[a-z]*[/. -]([0-9]{4}|[0-9]{2})$"
_SHORTENED = r"^-?[0-9]([.,][0-9]+)?[Ee][+]?[0-9]{1,3}$"
_ROUNDED = r"^[1-9][0-9]{14}0{1,3}$"
_SHORT_TIME = r"^[0-9]:[0-9]{2}(:[0-9]{2})?$"
# Excel counts days from here, because it takes 1900 for a leap year.
_DAY_ZERO = date(1899, 12, 30)
# Day 10000 is in 1927, and day 36526 the first of 2000: no date of care is before.
_FIRST_CARE, _LAST_DAY = 36526, 73050


class Form(NamedTuple):
    """One wrong form of values in the column of one element.

    ``is_hit`` is true for a value that has it, never null. ``should_be`` is what it should be, null where that
    cannot be told.
    """

    cause: str
    is_hit: pl.Expr
    should_be: pl.Expr


# Once per process: a small submission is held up by making expressions more than by its rows.
@cache
def forms_of(field: Field, period: Period) -> tuple[Form, ...]:
    """The forms that values of ``field`` can have by a cause. Dates with the year last are ``year_last``'s."""
    found: list[Form] = []
    if field.is_date:
        found += _dates(field)
    if field.codes or field.format == "an8 HH:MM:SS":
        found.append(_zeros_lost(field, period))
    if field.codes:
        found.append(_words(field, period))
    if field.dtype == pl.String:
        found.append(_shortened(field))
    if field.identity is Identity.KEEP and field.dtype == pl.String:
        found.append(_identifier(field))
    return tuple(found)


class YearLast(NamedTuple):
    """Dates with the year last: which can be read with the day first alone, the month first alone, or both."""

    day_first: pl.Expr
    month_first: pl.Expr
    either: pl.Expr


@cache
def year_last(field: Field) -> YearLast:
    """Whether a value has the year last, and how it can be read."""
    a, b = _year_last(field, day=1, month=2), _year_last(field, day=2, month=1)
    can_day, can_month = a.is_not_null(), b.is_not_null()
    return YearLast(can_day & ~can_month, can_month & ~can_day, can_day & can_month)


def year_last_form(field: Field, cause: str) -> Form:
    """Dates with the year last as the form of a cause: the day first, the month first, or unclear."""
    a, b = _year_last(field, day=1, month=2), _year_last(field, day=2, month=1)
    if cause == "CAUSE-DATES-UNCLEAR":
        return Form(cause, a.is_not_null() | b.is_not_null(), pl.lit(None, dtype=pl.String))
    read = a if cause == "CAUSE-DATES-DAY-FIRST" else b
    return Form(cause, read.is_not_null(), _as_declared(read, field))


def is_rounded_form(field: Field) -> pl.Expr:
    """Whether a value may be a SNOMED CT code that was rounded; its check digit says (``schemas.snomed``)."""
    return _is(_column(field).str.contains(_ROUNDED)) if takes_snomed(field) else pl.lit(False)


def _column(field: Field) -> pl.Expr:
    return pl.col(field.name)


def _is(flag: pl.Expr) -> pl.Expr:
    return flag.fill_null(False)


def _part(groups: pl.Expr, place: int) -> pl.Expr:
    return groups.struct.field(str(place))


def _year(text: pl.Expr, field: Field) -> pl.Expr:
    """A year of four digits. Of two digits the century is known of care, and not of births."""
    whole = pl.when(text.str.len_chars() == 4).then(text)
    return whole if field.identity is Identity.BIRTH_DATE else pl.coalesce(whole, pl.lit("20") + text)


def _moment(year: pl.Expr, month: pl.Expr, day: pl.Expr, groups: pl.Expr) -> pl.Expr:
    """A moment from its parts as text, null where there is no such day."""
    of_day = [_part(groups, place).fill_null("0").str.zfill(2) for place in (4, 5, 6)]
    parts = [year, month.str.zfill(2), day.str.zfill(2), *of_day]
    return pl.concat_str(parts, separator="-").str.to_datetime("%Y-%m-%d-%H-%M-%S", time_unit="us", strict=False)


def _year_last(field: Field, *, day: int, month: int) -> pl.Expr:
    groups = _column(field).str.extract_groups(_YEAR_LAST)
    text = _part(groups, 3)
    # A birth with a short year has the form too, although its century is not known.
    year = pl.when(text.str.len_chars() == 4).then(text).otherwise(pl.lit("20") + text)
    return _moment(year, _part(groups, month), _part(groups, day), groups)


def _as_declared(moment: pl.Expr, field: Field) -> pl.Expr:
    """A moment as the element writes it; of a birth only where the year was written with four digits."""
    form = "%Y-%m" if field.format == "an7 YYYY-MM" else "%Y-%m-%d"
    if field.dtype == pl.Datetime("us"):
        form = "%Y-%m-%dT%H:%M:%S"
    written = moment.dt.strftime(form)
    if field.identity is not Identity.BIRTH_DATE:
        return written
    return pl.when(_column(field).str.contains("[0-9]{4}")).then(written)


def _dates(field: Field) -> list[Form]:
    others = []
    if field.dtype == pl.Date():
        others.append(Form("CAUSE-DATES-TIME", _is(_column(field).str.contains(_WITH_TIME)), _UNTOLD))
    return [
        *others,
        Form("CAUSE-FILLER-DATES", _is(_column(field).str.contains(_FILLER)), _UNTOLD),
        _named_months(field),
        _read("CAUSE-DATES-COMPACT", field, _COMPACT, _compact(field)),
        _read("CAUSE-DATES-SERIAL", field, _SERIAL, _serial(field)),
    ]


def _words(field: Field, period: Period) -> Form:
    """Words in the place of codes: what a code means, yes or no, or a code with its words behind it."""
    assert field.codes is not None, field.name
    codes = set(valid_codes(field.codes, *period))
    words = {each.meaning.lower(): each.code for each in code_list(field.codes) if each.code in codes}
    if {"Y", "N"} <= codes:
        words |= {"true": "Y", "yes": "Y", "false": "N", "no": "N"}
    text = _column(field)
    alone = text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String)
    before = text.str.extract(_CODE_AND_WORDS, 1)
    is_code = before.is_in(sorted(codes)) & ~text.is_in(sorted(codes))
    # Words behind a code may be anybody's, and no example is shown of them.
    return Form("CAUSE-WORDS", _is(alone.is_not_null() | is_code), alone)


def _read(cause: str, field: Field, pattern: str, moment: pl.Expr) -> Form:
    is_hit = _is(_column(field).str.contains(pattern)) & moment.is_not_null()
    return Form(cause, is_hit, _as_declared(moment, field))


def _compact(field: Field) -> pl.Expr:
    return _column(field).str.to_datetime("%Y%m%d", time_unit="us", strict=False)


def _serial(field: Field) -> pl.Expr:
    number = _column(field).cast(pl.Float64, strict=False)
    first = _FIRST_CARE if field.identity is not Identity.BIRTH_DATE else 0
    days = pl.when(number.is_between(first, _LAST_DAY)).then(number)
    seconds = (days * 86_400).round().cast(pl.Int64)
    return pl.lit(_DAY_ZERO).cast(pl.Datetime("us")) + pl.duration(seconds=seconds)


def _named_months(field: Field) -> Form:
    groups = _column(field).str.extract_groups(_MONTH_NAME)
    named = pl.concat_str(
        [_part(groups, 1).str.zfill(2), _part(groups, 2).str.to_lowercase(), _year(_part(groups, 3), field)],
        separator="-",
    ).str.to_datetime("%d-%b-%Y", time_unit="us", strict=False)
    is_hit = named.is_not_null()
    if field.format == "an7 YYYY-MM":
        months = _column(field).str.extract_groups(_NAME_OF_MONTH)
        of_month = pl.concat_str(
            [pl.lit("01"), _part(months, 1).str.to_lowercase(), _year(_part(months, 2), field)], separator="-"
        ).str.to_datetime("%d-%b-%Y", time_unit="us", strict=False)
        digits = _column(field).str.extract_groups(_OF_MONTH)
        of_digits = pl.concat_str(
            [_part(digits, 2), _part(digits, 1).str.zfill(2), pl.lit("01")], separator="-"
        ).str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
        named = pl.coalesce(named, of_month, of_digits)
        is_hit = named.is_not_null()
    elif field.identity is Identity.BIRTH_DATE:
        is_hit = _is(_column(field).str.contains(_MONTH_NAME))
    return Form("CAUSE-DATES-MONTH-NAME", is_hit, _as_declared(named, field))


def _zeros_lost(field: Field, period: Period) -> Form:
    if not field.codes:  # a time of day
        is_hit = _is(_column(field).str.contains(_SHORT_TIME))
        whole = pl.lit("0") + _column(field)
        return Form("CAUSE-ZEROS-LOST", is_hit, pl.when(whole.str.len_chars() == 8).then(whole))
    meant = without_zeros(valid_codes(field.codes, *period))
    as_meant = _column(field).replace_strict(dict(meant), default=None, return_dtype=pl.String)
    return Form("CAUSE-ZEROS-LOST", as_meant.is_not_null(), as_meant)


def without_zeros(codes: Sequence[str]) -> Mapping[str, str]:
    """What codes become without their leading zeros, and the code: not what is a code itself or could be two."""
    found: dict[str, list[str]] = {}
    for code in codes:
        bare = code.lstrip("0") or "0"
        for zeros in range(1, len(code) - len(bare) + 1):
            found.setdefault(code[zeros:], []).append(code)
    return {bare: whole[0] for bare, whole in found.items() if len(whole) == 1 and bare not in codes}


def _shortened(field: Field) -> Form:
    is_hit = _is(_column(field).str.contains(_SHORTENED))
    return Form("CAUSE-NUMBERS-SHORTENED", is_hit, pl.lit(None, dtype=pl.String))


def _identifier(field: Field) -> Form:
    text = _column(field)
    looks = _is(text.str.contains(NHS_NUMBER)) & nhs_number(text).is_not_null() | _is(text.str.contains(POSTCODE))
    return Form("CAUSE-IDENTIFIER", looks, pl.lit(None, dtype=pl.String))
