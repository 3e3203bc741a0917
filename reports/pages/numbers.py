"""Numbers as people read them, each with the place in the release it comes from.

Belongs here: people before per cent, days as weeks, «likely between», and why a figure is missing. Does not belong
here: sentences (``sentences``), figures themselves (``warehouse``).
"""

from dataclasses import asdict, dataclass
from datetime import date

from markupsafe import Markup, escape

# From this many people on a share is said to one decimal: below, the decimal says nothing.
DECIMAL_FROM = 1_000
_WEEKS_FROM = 14

MISSING = {
    "suppressed": "fewer than 5 people",
    "no rate": "too few people",
    "not submitted": "not submitted",
    "not applicable": "not asked here",
    "no denominator": "nobody to count",
}
"""Why a figure is missing, by the ``state`` of its row."""


@dataclass(frozen=True)
class Source:
    """The one value of a release that a number on a page shows.

    ``table`` is its table in schema ``public`` (``service_measure``), ``column`` its column; the rest is its key
    there. A number is written as a ``data`` element whose attributes are these, and a program reads them back.
    """

    table: str
    column: str
    org: str
    measure: str
    period_type: str
    period: date
    pathway: str = "all"
    level: str = ""
    breakdown: str = ""
    group: str = ""

    def attributes(self) -> dict[str, str]:
        """As attributes: ``data-table``, ``data-org``, ``data-period-type`` …; none for what is empty."""
        return {f"data-{name.replace('_', '-')}": str(value) for name, value in asdict(self).items() if value}


def data(text: str, value: float | None, source: Source) -> Markup:
    """A number as a ``data`` element: its text, its value in the release (empty for none), its source."""
    raw = "" if value is None else repr(value) if isinstance(value, float) else str(value)
    attributes = "".join(f' {name}="{escape(of)}"' for name, of in source.attributes().items())
    return Markup(f'<data value="{raw}"{attributes}>{escape(text)}</data>')  # noqa: S704  every part is escaped


def per_cent(share: float, of: int | None = None) -> str:
    """A share in per cent: "62 %"; of 1,000 people or more to one decimal: "62.3 %"."""
    if of is not None and of >= DECIMAL_FROM:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.0f} %"


def people(number: int, of: int | None = None, what: str = "people") -> str:
    """A count: "61 people"; of a denominator: "38 of 61 people"; ``what`` is the noun in the plural."""
    if of is None:
        return f"{number:,} {what if number != 1 else singular(what)}"
    return f"{number:,} of {of:,} {what}"


def singular(noun: str) -> str:
    """One of what a plural names: "person", "referral"."""
    return "person" if noun == "people" else noun.removesuffix("s")


def likely(lower: float, upper: float, of: int | None = None) -> str:
    """An interval of a share: "likely between 50 and 73 %"."""
    return f"likely between {per_cent(lower, of).removesuffix(' %')} and {per_cent(upper, of)}"


def days(number: float) -> str:
    """A time in words: "9 days", "6 weeks", from two weeks on in whole weeks."""
    if number < _WEEKS_FROM:
        whole = round(number)
        return f"{whole} day{'' if whole == 1 else 's'}"
    return f"{round(number / 7)} weeks"


def missing(state: str, value: object = None) -> str:
    """In words why there is no figure; empty where there is one."""
    return "" if value is not None else MISSING.get(state, "not known")
