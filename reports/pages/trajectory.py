"""Where a service is going: access and staff by month, what the present rate gives, and the service's targets.

Belongs here: the block of a service's own page, its sentences and fan charts. Does not belong here: forecasts
(``mart.trajectory``), drawing (``reports.charts.fan``). Forecasts rest on exact figures, so the public edition has
none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from reports.charts import Aim, Fan, FanPoint, Source, fan
from reports.pages import numbers
from reports.pages.beside import Beside
from reports.pages.release import INSIDE, Release
from reports.pages.sentences import filled, month
from reports.site.wording import sentence

# Series → whom it counts, and whether months add up to a year.
_SERIES: Mapping[str, tuple[str, bool]] = {
    "access": ("people who start treatment", True),
    "finished courses": ("courses that finish", True),
    "staff in post": ("staff in post", False),
    "trained staff": ("trained staff", False),
    "trainees": ("trainees", False),
}
YEAR = "At the present rate the number of {noun} is {median} in the year to {due}, likely between {low} and {high}."
END = "At the present rate the number of {noun} is {median} at the end of {due}, likely between {low} and {high}."
TARGET = "The target is {target}."
REACHED = "The present rate reaches it."
MISSED = "The present rate falls short of it."
OPEN = "The target lies within what chance explains, so it is open whether the present rate reaches it."
NEEDED = "Each month to come needs {needed}. In the last months the mean was {so_far}."
UNAIMED = "At the present rate it is {median} in {due}, likely between {low} and {high}. It has no target."
TOO_FEW = "Too few months are in to say what the present rate gives. Six of the last twelve are needed."
PAST = "In {due} it was {reached}. The target was {target}."
PAST_YEAR = "In the year to {due} it was {reached}. The target was {target}."
TOO_FAR = "The target is {target}, for {due}. More than two years ahead nothing useful can be said."
MISSING = "The target is {target}, for the year to {due}. A month of that year is missing, so it has no sum."
MISSING_END = "The target is {target}, for {due}. That month was not submitted, so the number is unknown."
TRAINEES = "A trainee counts as trained when the course ends, and before that as a trainee."
PATTERNS = (
    YEAR, END, TARGET, REACHED, MISSED, OPEN, NEEDED, UNAIMED, TOO_FEW, PAST, PAST_YEAR, TOO_FAR, MISSING,
    MISSING_END, TRAINEES,
)  # fmt: skip
"""Every sentence of the block."""
_STATES = {"too far ahead": TOO_FAR, "a month is missing": MISSING, "too few months": TOO_FEW}
# Of these months the chart has no number. What came in them is in the table of the release.
_WHY = {
    "not submitted": "not submitted", "incomplete": "a provider did not submit", "too few months": "too few months",
    "unsettled": "the first months of a service count others too",
}  # fmt: skip

_MONTHS = """
SELECT organisation, series, month, actual, median, lower_80, upper_80, lower_95, upper_95, state
FROM mart.trajectory
WHERE level = 'provider'
ORDER BY organisation, series, month
"""
_TARGETS = """
SELECT organisation, series, due, target, reached, median, lower_95, upper_95, monthly_so_far, monthly_needed, state
FROM mart.trajectory_target
WHERE level = 'provider'
ORDER BY organisation, series, due
"""


# Drawn without a target too. A chart with its table is 27 KB, and five of them more than half of the page.
_ALWAYS_DRAWN = "access"


@dataclass(frozen=True)
class Going:
    """A series as the page shows it: its heading, sentences, and the fan chart of access or with a target."""

    title: str
    sentences: Sequence[Markup]
    chart: Markup


class Trajectories:
    """The series of all services, read once and handed out service by service."""

    def __init__(self, release: Release) -> None:
        """Of a release; of the public edition, and of one without the tables, there are none."""
        has = release.edition == INSIDE and release.has("mart", "trajectory_target")
        self._months = Beside(release.rows(_MONTHS) if has else iter(()), "organisation")
        self._targets = Beside(release.rows(_TARGETS) if has else iter(()), "organisation")

    def of(self, provider: str) -> list[Going]:
        """The series of a service, asked for in the order of their codes."""
        months: dict[str, list[dict[str, Any]]] = {}
        for row in self._months.of(provider):
            months.setdefault(row["series"], []).append(row)
        targets: dict[str, list[dict[str, Any]]] = {}
        for row in self._targets.of(provider):
            targets.setdefault(row["series"], []).append(row)
        return [
            _going(provider, series, months[series], targets.get(series, []))
            for series in _SERIES
            if series in months
        ]


def titled(series: str) -> str:
    """The heading of a series: whom it counts."""
    return sentence(_SERIES[series][0])


def _going(
    provider: str, series: str, months: Sequence[dict[str, Any]], targets: Sequence[dict[str, Any]]
) -> Going:
    title = titled(series)
    said = [each for row in targets for each in told(provider, series, row)]
    if not targets:
        said = [_without_target(provider, series, months[-1])]
    if series == "trainees":
        said.append(filled(TRAINEES))
    aim = _aim(series, months, targets)
    if series != _ALWAYS_DRAWN and aim is None:
        return Going(title, said, Markup(""))
    source = Source(series, provider, table="trajectory", period_type="month", level="provider")
    points = [point(row) for row in months]
    chart = Fan(title, points, aim, source=source)
    drawn = fan(chart, f"trajectory-{series.replace(' ', '-')}")
    return Going(title, said, Markup(drawn.html))  # noqa: S704  escapes its texts itself


def told(provider: str, series: str, row: Mapping[str, Any]) -> Iterator[Markup]:
    """The sentences of a target: what the present rate gives, the target, whether the one reaches the other."""
    noun, is_year = _SERIES[series]
    slots = {"noun": noun, "due": month(row["due"])} | {
        slot: _number(provider, series, row, column)
        for slot, column in (
            ("median", "median"), ("low", "lower_95"), ("high", "upper_95"), ("target", "target"),
            ("reached", "reached"), ("needed", "monthly_needed"), ("so_far", "monthly_so_far"),
        )
    }  # fmt: skip
    if row["state"] == "past":
        yield filled(PAST_YEAR if is_year else PAST, **slots)
    elif row["state"] == "a month is missing" and not is_year:
        yield filled(MISSING_END, **slots)
    elif row["state"] != "forecast":
        yield filled(_STATES[row["state"]], **slots)
    else:
        yield filled(YEAR if is_year else END, **slots)
        yield filled(f"{TARGET} {verdict(row)}", **slots)
        if is_year and row["monthly_needed"] is not None:
            yield filled(NEEDED, **slots)


def verdict(row: Mapping[str, Any]) -> str:
    """Whether the present rate reaches a target that is forecast: ``REACHED``, ``MISSED`` or ``OPEN``."""
    return REACHED if row["target"] < row["lower_95"] else MISSED if row["target"] > row["upper_95"] else OPEN


def _without_target(provider: str, series: str, last: Mapping[str, Any]) -> Markup:
    if last["median"] is None:
        return filled(TOO_FEW)
    slots = {
        slot: _number(provider, series, {**last, "due": last["month"]}, column, "trajectory")
        for slot, column in (("median", "median"), ("low", "lower_95"), ("high", "upper_95"))
    }
    return filled(UNAIMED, due=month(last["month"]), **slots)


def _number(
    provider: str, series: str, row: Mapping[str, Any], column: str, table: str = "trajectory_target"
) -> Markup:
    place = numbers.Source(table, column, provider, series, "month", row["due"], "", "provider")
    value = row[column]
    return numbers.data("" if value is None else f"{value:,}", value, place)


def point(row: Mapping[str, Any]) -> FanPoint:
    """A row of ``mart.trajectory`` as the chart draws it."""
    why = _WHY.get(row["state"], "")
    return FanPoint(
        f"{row['month']:%b %Y}", None if why else row["actual"], row["median"], row["lower_80"], row["upper_80"],
        row["lower_95"], row["upper_95"], why, Source(period=str(row["month"])),
    )  # fmt: skip


def _aim(series: str, months: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]) -> Aim | None:
    """The line of the next target: what each month needs, of staff the target itself."""
    places: dict[date, int] = {row["month"]: place for place, row in enumerate(months)}
    column = "monthly_needed" if _SERIES[series][1] else "target"
    due = next((row for row in targets if row["state"] == "forecast" and row["due"] in places), None)
    if due is None or due[column] is None:
        return None
    words = "needed in each month to come" if column == "monthly_needed" else f"the target for {month(due['due'])}"
    source = Source(period=str(due["due"]), table="trajectory_target")
    return Aim(words, due[column], column, places[due["due"]], source)
