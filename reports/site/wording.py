"""What a report says: messages with the values found, what would be accepted, dates, numbers.

Belongs here: sentences made of a rule's own words. Does not belong here: the words of the rules (``schemas``), the
page (``reports.site.page``).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.codes import valid_codes
from schemas.dataset import TABLES
from schemas.generated import Kind
from schemas.links import FOUND, RECORDS
from schemas.month import parse_month
from schemas.nearest import meanings, nearest
from schemas.rule import Owner, Rule

STATUS = {"new": "new", "persisting": "still there", "resolved": "resolved", "not checked": "not checked"}

OWNERS = {
    Owner.SUPPLIER: "The supplier of your system",
    Owner.CLINICIAN: "Those who record care",
    Owner.INFORMATICS: "Your data managers (informatics)",
    Owner.CENTRE: "The centre that receives the data",
}

_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.]+)\}")
_AFTER_ITS_NAME = re.compile(r"\b([A-Za-z]+) \{\1\}")
# Where a rule of the gate says what it found, with the colon before it.
_FOUND = re.compile(r":? \{found\}")
_LENGTH = 300
# A code list that fits into a sentence is said; a longer one is named.
_CODES_SAID = 12
_DOUBTS_SAID = 5


def clean(text: str) -> str:
    """A submitted value, made fit to be shown: printing characters only, and limited in length."""
    printing = "".join(c if unicodedata.category(c)[0] != "C" else "·" for c in text[: _LENGTH + 1])
    return printing if len(printing) <= _LENGTH else printing[:_LENGTH] + "…"


def message(rule: Rule, values: Sequence[str] = (), distinct: int = 0) -> str:
    """The rule's message about several records, with the values found, or without if there are none to show.

    Of several fields the commonest combination is said, and how many others there are. «…» stands only for what may
    not be shown. A single value that follows the name of its field ("NHSNumber {NHSNumber} is …") is left out then.
    Several stand in brackets: "AppType («1», «2») is …".
    """
    labels = _labels(rule)
    said: dict[str, str] = {}
    text = rule.message
    if values and (not rule.fields or (len(labels) == 1 and len(rule.fields) == 1)):
        shown = [f"«{value}»" for value in values] if rule.fields else list(values)
        more = f" and {distinct - len(values):,} more" if distinct > len(values) else ""
        said = {next(iter(labels.values()), "found"): ", ".join(shown) + more}
        if distinct > 1:
            text = _AFTER_ITS_NAME.sub(r"\1 ({\1})", text)
    elif values:
        said = {name: f"«{value}»" for name, value in _named_values(labels, values[0]).items()}
        if distinct > 1:
            text += f" There {'is' if distinct == 2 else 'are'} {counted(distinct - 1, 'other combination')}."
    if not said and len(set(_PLACEHOLDER.findall(text))) == 1:
        text = _AFTER_ITS_NAME.sub(r"\1", text)
    return _PLACEHOLDER.sub(lambda match: said.get(match[1], "«…»"), text)


def note_message(rule: Rule) -> str:
    """The message of a note, without what it found: that is listed beside it, once for each table."""
    return _FOUND.sub("", rule.message)


def whose(verdict: Mapping[str, Any]) -> str:
    """Provider and month of a verdict, "RW5 2025-04", or which of the two the header does not say."""
    provider, month = verdict["provider"], verdict["month"]
    if not provider and not month:
        return "provider and month not known"
    if provider and month:
        return f"{provider} {month}"
    return f"{provider}, month not known" if provider else f"provider not known, {month}"


def expected(rule: Rule, start: date, end: date) -> str:
    """The accepted values in a period, if the field's declaration gives them: only for generated rules."""
    if rule.id.rpartition("-")[2] not in list(Kind):
        return ""
    field = TABLES[rule.table].by_name[rule.fields[0]]
    if field.codes:
        codes = valid_codes(field.codes, start, end)
        return f"one of {', '.join(codes)}" if len(codes) <= _CODES_SAID else f"a code of the list {field.codes}"
    bounds = (("at least", field.low), ("at most", field.high))
    return ", ".join([field.expected, *(f"{what} {bound}" for what, bound in bounds if bound is not None)])


def meant(rule: Rule, value: str) -> dict[str, str] | None:
    """The code that a value found probably meant, and its meaning; ``None`` where no code is near."""
    if len(rule.fields) != 1 or rule.table not in TABLES:
        return None
    field = TABLES[rule.table].by_name[rule.fields[0]]
    code = nearest(value, field)
    return None if code is None else {"code": code, "meaning": meanings(field)[code]}


def masked(rule: Rule) -> bool:
    """Whether a finding without a value has none because it may not be shown; else what was found is blank."""
    if not rule.fields or rule.id.endswith(f"-{Kind.BLANK}"):
        return False
    return any(_identifies(rule.table, name) for name in rule.fields)


def deadline(closes: str | None) -> str:
    """Until when, from a verdict's deadline: "31 May 2026, 11:59 pm"; empty where it is not known."""
    if not closes:
        return ""
    when = datetime.fromisoformat(closes)
    hour = f"{when:%I:%M} {'am' if when.hour < 12 else 'pm'}".lstrip("0")
    return f"{when.day} {when:%B %Y}, {hour}"


def month_name(month: str | None) -> str:
    """A verdict's month in words: "April 2026"."""
    return f"{parse_month(month):%B %Y}" if month else "an unknown month"


def sentence(text: str) -> str:
    """Text as it begins a sentence: "file rejected" is "File rejected"."""
    return text[:1].upper() + text[1:]


def counted(number: int, what: str) -> str:
    """A number with its noun, which takes an s: "1 record", "1,200 records"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def checked_before(number: int) -> str:
    """How many submissions count as another version of Parity checked them, as the beginning of a sentence."""
    return f"Another version of Parity checked {number:,} of the submissions that count"


def first_of(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are: "RV5, RW5 and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def doubts_said(doubts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The reasons to hold a submission, the first few: what is about all of it comes before single tables."""
    said = [doubt_said(doubt) for doubt in doubts[:_DOUBTS_SAID]]
    left = len(doubts) - len(said)
    return said + ([f"and {counted(left, 'more fall')}"] if left > 0 else [])


def doubt_said(doubt: Mapping[str, Any]) -> str:
    """One reason to hold a submission: "12 contacts, 120 in the submission it replaces"."""
    what, now, before = doubt["what"], doubt["now"], doubt["before"]
    if what == "records" and not before:
        return "no record at all"
    if what == "contacts dated in the month":
        return f"{now:,} of {before:,} contacts are dated in the month"
    where = "in the submission it replaces"
    if doubt["months"]:
        several = f"in a typical month (median of the {doubt['months']} before)"
        where = "in the month before" if doubt["months"] == 1 else several
    return f"{now:,} {what}, {before:,} {where}"


def day(iso: str) -> str:
    """A day in words: "1 July 2025"."""
    when = date.fromisoformat(iso)
    return f"{when.day} {when:%B %Y}"


def per_cent(share: Decimal) -> str:
    """A share as it was agreed, with no more decimals than it has, two at most: "7.5 %"."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def _labels(rule: Rule) -> dict[str, str]:
    """The values that a finding of the rule shows, as it labels them, by the names that a message calls them.

    One value of a rule about one field stands alone; several stand each with its label, as in
    "ServDischDate 2026-03-31 · IDS000.ReportingPeriodEndDate 2026-04-30".
    """
    own = {name: name for name in rule.fields if not _identifies(rule.table, name)}
    return own | {
        f"{table}.{name}": f"{table}_{name}"
        for table, name in rule.related
        if name not in (FOUND, RECORDS) and not _identifies(table, name)
    }


def _identifies(table: str, name: str) -> bool:
    declared = TABLES[table].by_name.get(name) if table in TABLES else None
    return declared is not None and declared.is_identifying


def _named_values(labels: Mapping[str, str], found: str) -> dict[str, str]:
    """Values that stand each with its label, by name."""
    known = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    parts = re.split(rf"(?:^| · )({known}) ", found)
    return {labels[label]: value for label, value in zip(parts[1::2], parts[2::2], strict=True)}
