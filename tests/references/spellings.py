"""What a value means, one value at a time, by splitting and calendar: an independent reference for normalising.

Belongs here: the same promise as ``transforms.normalise.reading``, without its patterns. Slow.
"""

import calendar
import unicodedata
from collections.abc import Sequence
from datetime import date, time

from schemas.field import Field, Identity

BLANK = ["NULL", "null", "Null", "(null)", "(NULL)", "<NULL>", "<null>", "\\N", "#NULL!", "NaN", "nan", "NaT", "None", "<NA>", "#N/A", "N/A", "n/a", "N/a", "-", "--", "–", "—"]  # fmt: skip
_MONTHS = [*calendar.month_name[1:], *calendar.month_abbr[1:], "Sept"]


def meaning(text: str, field: Field, codes: Sequence[str]) -> str | None:
    """What ``text`` means in the element; itself where it is declared or not plain, ``None`` where it is blank."""
    was = is_declared(text, field, codes)
    if was and field.codes:
        return text
    inner = bare(bare(text))
    if bare(inner) != inner:
        return text
    tried = [inner, *([] if was else _ways(plain_signs(inner), field, codes))]
    if _is_blank(tried[0], codes) or (len(tried) > 1 and _is_blank(tried[1], codes)):
        return None
    return next((each for each in tried if is_declared(each, field, codes)), text)


def is_declared(text: str, field: Field, codes: Sequence[str]) -> bool:
    """Whether a text is a code of the element, or has its form and is a day of the calendar."""
    if field.codes:
        return text in codes
    if not field.has_form(text):
        return False
    if field.format.startswith(("an10 CCYY", "an19")):
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            return False
    return True


def bare(text: str) -> str:
    """A text without invisible characters, the formula around it, and quotation marks of its own."""
    text = "".join(
        " " if c.isspace() else c for c in text if unicodedata.category(c) not in ("Cf", "Mn") or c == " "
    )
    formula = text[1:].lstrip(" ")
    if text.startswith("=") and formula.startswith('"') and text.endswith('"') and len(formula) > 1:
        text = formula[1:-1]
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        text = text.strip('"')
    if text.startswith("'"):
        text = text.strip("'")
    return text.strip()


def plain_signs(text: str) -> str:
    """A text with the signs of a keyboard in place of those of a word processor."""
    for sign in text:
        if unicodedata.category(sign) == "Pd" or sign == "\u2212":
            text = text.replace(sign, "-")
    for sign in "\u2018\u2019\u201a\u201b\u2032\u00b4`":
        text = text.replace(sign, "'")
    for sign in "\u201c\u201d\u201e\u201f\u2033":
        text = text.replace(sign, '"')
    return text.strip()


def _is_blank(text: str, codes: Sequence[str]) -> bool:
    letters = "".join(c for c in text.lower() if c.isalnum())
    taken = {*codes, *("".join(c for c in code.lower() if c.isalnum()) for code in codes)} - {""}
    return text == "" or (text in BLANK and text not in taken and letters not in taken)


def _ways(text: str, field: Field, codes: Sequence[str]) -> list[str]:
    whole, _, decimals = text.partition(".")
    ways = [text]
    if field.format == "an10 CCYY-MM-DD":
        return [*ways, *_days(text, is_midnight_kept=False)]
    if field.format.startswith("an19"):
        return [*ways, *_days(text, is_midnight_kept=True)]
    if field.format == "an8 HH:MM:SS":
        return [*ways, *_times(text)]
    if field.format == "an7 YYYY-MM":
        return [*ways, *(day[:7] for day in _days(text, is_midnight_kept=False)), *_months(text)]
    if field.identity is Identity.PERSON and sum(c.isdigit() for c in text) == 10 and _is_grouped(text):
        ways.append("".join(c for c in text if c.isdigit()))
    if decimals and not decimals.strip("0") and whole.removeprefix("-").isdigit() and len(whole.lstrip("-")) <= 15:
        ways.append(whole)
    ways += [way.upper() for way in ways if _takes_capitals(way.upper(), field, codes)]
    return ways


def _is_grouped(text: str) -> bool:
    parts = text.replace("-", " ").split()
    return (
        text[0].isdigit()
        and text[-1].isdigit()
        and "".join(parts).isdigit()
        and all(sum(map(len, parts[:n])) in (0, 3, 6, 10) for n in range(len(parts) + 1))
    )


def _takes_capitals(text: str, field: Field, codes: Sequence[str]) -> bool:
    if field.codes:
        return text in codes
    if field.name in ("CodeFind", "PrevDiag", "LongTermCondition", "PresComp"):  # ICD-10
        bare_code = text.replace(".", "", 1)
        return (
            text[:1].isalpha()
            and text[1:3].isdigit()
            and bare_code[3:4] in (*"0123456789X", "")
            and text[3:4] != ""
        )
    is_organisation = field.name.startswith(("OrgID", "SiteID"))
    return is_organisation and any(c.isdigit() for c in text)


def _days(text: str, *, is_midnight_kept: bool) -> list[str]:
    found = []
    for cut in range(1, len(text) + 1):
        if cut < len(text) and text[cut] not in "T ":
            continue
        day, clock = _day(text[:cut]), text[cut:].lstrip("T ")
        if day is None:
            continue
        if is_midnight_kept:
            found += [f"{day}T{each}" for each in _times(clock, hours=2)]
        elif clock in ("", "12:00AM", "12:00:00AM", "12:00 AM", "12:00:00 AM") or _is_midnight(clock):
            found.append(day)
    return found


def _is_midnight(clock: str) -> bool:
    plain = clock.removesuffix("Z").removesuffix("+00:00").removesuffix("+0000")
    whole, _, rest = plain.partition(".")
    return whole in ("00:00", "00:00:00") and not rest.strip("0")


def _day(text: str) -> str | None:
    if text.isdigit() and text.isascii() and len(text) == 8:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts, between = _split(text)
    if len(parts) != 3:
        return None
    if not any(_month(part) for part in parts):
        return _iso(*parts) if between in (*_PAIRS,) else None
    if _month(parts[0]):
        month, day, year = parts
        is_right = between[0].strip(" ") == "" and between[1].strip(" ") in ("", ",")
    else:
        day, month, year = parts
        is_right = bool(_month(month)) and between[0].strip("-/. ") == "" and between[1].strip("-/. ,") == ""
        day = next((day[:-2] for end in ("st", "nd", "rd", "th") if day.lower().endswith(end)), day)
    return _iso(year, str(_month(month)), day) if is_right and len(day) <= 2 else None


_PAIRS = [[first, second] for first in "-/." for second in "-/."]


def _split(text: str) -> tuple[list[str], list[str]]:
    """The parts of letters and digits, and what stands between them."""
    parts = "".join(c if c.isalnum() else " " for c in text).split()
    between = []
    rest = text
    for part in parts:
        before, _, rest = rest.partition(part)
        between.append(before)
    return (parts, between[1:]) if parts and not between[0] and not rest else ([], [])


def _month(word: str) -> int:
    known = {name.lower(): number % 12 + 1 for number, name in enumerate(_MONTHS)} | {"sept": 9}
    return known.get(word.lower(), 0)


def _iso(year: str, month: str, day: str) -> str | None:
    if not all(each.isascii() for each in (year, month, day)):
        return None
    if not (year.isdigit() and month.isdigit() and day.isdigit() and len(year) == 4 and year[:2] in ("19", "20")):
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _months(text: str) -> list[str]:
    parts, between = _split(text)
    if len(parts) == 1 and len(text) == 6 and text.isdigit():
        parts, between = [text[:4], text[4:]], ["-"]
    if len(parts) != 2 or between[0] not in tuple("-/. "):
        return []
    first, second = parts
    if _month(first):
        return [day[:7]] if (day := _iso(second, str(_month(first)), "1")) else []
    pair = (first, second) if len(first) == 4 else (second, first)
    if between[0] == " " or len(pair[1]) != 2:
        return []
    return [day[:7]] if (day := _iso(*pair, "1")) else []


def _times(text: str, hours: int = 1) -> list[str]:
    for first_day in ("1899-12-30", "1899-12-31", "1900-01-00", "1900-01-01", "30/12/1899", "00/01/1900"):
        if hours == 1 and text.startswith(first_day):
            text = text[len(first_day) :].lstrip("T ")
    whole, point, fraction = text.partition(".")
    parts = whole.split(":")
    if point and not (len(parts) == 3 and fraction.isdigit()):
        return []
    if not (
        2 <= len(parts) <= 3
        and all(part.isdigit() and part.isascii() and len(part) <= 2 for part in parts)
        and hours <= len(parts[0]) <= 2
    ):
        return []
    try:
        return [time(*map(int, parts)).isoformat()]
    except ValueError:
        return []
