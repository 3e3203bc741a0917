"""Numbers as people read them, each with the place in the release it comes from.

Belongs here: people before per cent, days as weeks, «likely between», and why a figure is missing. Does not belong
here: sentences (``sentences``), figures themselves (``warehouse``).
"""

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from reports.charts import SHARE
from reports.charts import Source as Drawn

_WEEKS_FROM = 14
# Units that the label of a figure names.
_SAID_ALREADY = ("contacts", "sessions")
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

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
    there; ``source`` only where it is ``published``. A number is written as a ``data`` element whose attributes are
    these, and a program reads them back.
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
    source: str = ""

    @property
    def drawn(self) -> Drawn:
        """The same for a chart, which names the column of each number itself."""
        return Drawn(
            self.measure, self.org, str(self.period), self.pathway, self.group, self.table, self.period_type,
            self.level, self.breakdown, self.source,
        )  # fmt: skip

    def attributes(self) -> dict[str, str]:
        """As attributes: ``data-table``, ``data-org``, ``data-period-type`` …; none for what is empty."""
        return {f"data-{name.replace('_', '-')}": str(value) for name, value in vars(self).items() if value}


def data(text: str, value: float | None, source: Source) -> Markup:
    """A number as a ``data`` element: its text, its value in the release (empty for none), its source."""
    raw = "" if value is None else repr(value) if isinstance(value, float) else str(value)
    attributes = "".join(f' {name}="{escape(of)}"' for name, of in source.attributes().items())
    return Markup(f'<data value="{raw}"{attributes}>{escape(text)}</data>')  # noqa: S704  every part is escaped


def value_said(kind: str, unit: str, value: float, of: int | None = None) -> str:
    """A value in words, by its kind and unit: "62 %", "6 weeks", "6.8" sessions."""
    if kind == "share":
        return SHARE.said(value, of)
    if kind == "count":
        return f"{value:,.0f}"
    if unit == "days":
        return days(value)
    number = f"{value:,.1f}".removesuffix(".0")
    return number if unit in _SAID_ALREADY else f"{number} {unit}".strip()


def days(number: float) -> str:
    """A time in words: "9 days", "6 weeks", from two weeks on in whole weeks."""
    if number < _WEEKS_FROM:
        whole = round(number)
        return f"{whole} day{'' if whole == 1 else 's'}"
    return f"{round(number / 7)} weeks"


def of_small(number: int) -> str:
    """A small count in words, another in figures: "two", "12"."""
    return _SMALL[number] if number < len(_SMALL) else f"{number:,}"


def missing(state: str, value: object = None) -> str:
    """In words why there is no figure; empty where there is one."""
    return "" if value is not None else MISSING.get(state, "not known")
