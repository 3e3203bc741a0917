"""Whether a service can give what is asked of it: sessions asked for, given and still to give, and the next months.

Belongs here: the block of a service's own page, its sentences, table and chart. Does not belong here: reckoning
(``mart.capacity``), drawing (``reports.charts.fan``). It rests on exact figures and on staff, so the public edition
has none.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from reports.charts import Aim, Fan, FanPoint, Scale, Source, fan
from reports.pages import numbers
from reports.pages.beside import Beside
from reports.pages.release import INSIDE, Release
from reports.pages.sentences import filled, month
from warehouse.capacity.assumptions import NOBODY_TRAINED

ASKED = "People who come ask for {demand} sessions a month, likely between {low} and {high}."
GIVEN = "{rate} sessions a month are given now, likely between {low} and {high}."
MORE = "That is more than are asked for, beyond chance. So what is still to give shrinks."
FEWER = "That is fewer than are asked for, beyond chance. So what is still to give grows."
OPEN = "The difference lies within what chance explains."
BACKLOG = (
    "{backlog} sessions are still to give, likely between {low} and {high}: {waiting} to people who wait, "
    "{under_way} in courses under way."
)
CLEARANCE = "If nobody else came, these would take {months} months, likely between {low} and {high}."
CLEARANCE_AT_LEAST = "If nobody else came, these would take {low} months at least."
CLEARED = "While people come as now, they take {months} months, likely between {low} and {high}."
AT_BEST = "While people come as now, they take {low} months at least, and may never all be given."
NEVER = "While people come as now, they are never all given. No more sessions are given than are asked for."
LATER = "At the end of {month} likely between {low} and {high} sessions are still to give."
TOO_EARLY = "Too few months are known to say what the next ones bring. Six after the first are enough."
NOTHING_LEFT = "No session is still to give."
KEPT = "What is given now keeps the standard that {share} of 100 start within {weeks} weeks."
EXTRA = (
    "To keep the standard that {share} of 100 start within {weeks} weeks takes {extra} more sessions a month, "
    "likely between {low} and {high}."
)
WORK = "That is the work of {wte} whole-time staff, likely between {low} and {high}."
TRAINEES = "Staff in training give some of the sessions. They count as capacity when they are trained."
UNNAMED = "Some of the sessions name no staff. They count among those given now."
NO_STANDARD = "No national standard says how long people with severe mental illness may wait for therapy."
NO_STAFF = "The sessions name no staff. So it is not known what could be given. Send the staff of each session."
NO_TRAINED = "No session names trained staff, only staff in training. So it is not known what could be given."
UNKNOWN = "Too few courses have ended to say how many sessions people will need."
PATTERNS = (
    ASKED, GIVEN, MORE, FEWER, OPEN, BACKLOG, CLEARANCE, CLEARANCE_AT_LEAST, CLEARED, AT_BEST, NEVER, LATER,
    TOO_EARLY, NOTHING_LEFT, KEPT, EXTRA, WORK, TRAINEES, UNNAMED, NO_STANDARD, NO_STAFF, NO_TRAINED, UNKNOWN,
)  # fmt: skip
"""Every sentence of the block."""
# Assumptions that add sessions to those of trained staff, with what is said of them.
_NOT_TRAINED = {"trainee_sessions": TRAINEES, "unnamed_sessions": UNNAMED}

_RESULTS = """
SELECT provider, step, quantity, month, value, unit, lower_95, upper_95, never_share, why_not
FROM mart.capacity
WHERE provider <> 'ENG'
ORDER BY provider, step, quantity
"""
_RESTS_ON = """
SELECT a.provider, a.step, a.name, n.title, a.value, a.unit, a.source, a.lower_95, a.upper_95, a.spread
FROM mart.capacity_assumption AS a
INNER JOIN ref.capacity_assumption AS n ON n.name = a.name
ORDER BY a.provider, a.step, n.position
"""
_MONTHS = """
SELECT provider, month, CAST(sum(sessions) AS BIGINT) AS actual, NULL AS median, NULL AS lower_80, NULL AS upper_80,
    NULL AS lower_95, NULL AS upper_95
FROM mart.capacity_month
WHERE step = 'all'
GROUP BY provider, month
UNION ALL
SELECT provider, month, NULL, median, lower_80, upper_80, lower_95, upper_95
FROM mart.capacity_forecast
WHERE quantity = 'sessions'
ORDER BY provider, month
"""
LAST_BACKLOG = """
SELECT provider, month, lower_95, upper_95
FROM mart.capacity_forecast
WHERE quantity = 'backlog'
QUALIFY row_number() OVER (PARTITION BY provider ORDER BY month DESC) = 1
ORDER BY provider
"""
"""What is likely still to give at the end of each service's last forecast month."""
_STANDARDS = "SELECT DISTINCT weeks, share FROM ref.waiting_standard WHERE weeks IS NOT NULL ORDER BY weeks"
HEADS = {"demand": "Asked for a month", "rate": "Given a month", "backlog": "Still to give"}
"""What is shown of each step, and the head of its column."""
ALL, SEVERE = "all", "SMI therapy"
# More months than a year would make the boxes of the chart too narrow to read on a phone.
_MONTHS_SHOWN = 12
_TEN = 10


@dataclass(frozen=True)
class Line:
    """A row of a table: its name and its cells."""

    name: str
    cells: Sequence[Markup | str]


@dataclass(frozen=True)
class Capacity:
    """The block: sentences, a table by step where there are several, the chart, and what all of it rests on."""

    sentences: Sequence[Markup]
    head: Sequence[str]
    steps: Sequence[Line]
    chart: Markup
    rests_on: Sequence[tuple[str, Sequence[Line]]]


class Capacities:
    """The blocks of all services, read once and handed out service by service."""

    def __init__(self, release: Release) -> None:
        """Of a release; of the public edition, and of one without the tables, there are none."""
        has = release.edition == INSIDE and release.has("mart", "capacity_forecast")
        self._results, self._rests_on, self._months, self._later = (
            Beside(release.rows(sql) if has else iter(()), "provider")
            for sql in (_RESULTS, _RESTS_ON, _MONTHS, LAST_BACKLOG)
        )
        self._standards = {row["weeks"]: float(row["share"]) for row in release.rows(_STANDARDS)} if has else {}

    def of(self, provider: str) -> Capacity | None:
        """The block of a service, asked for in the order of their codes; ``None`` where it has no course."""
        rows = {(row["step"], row["quantity"]): row for row in self._results.of(provider)}
        rests_on, months = list(self._rests_on.of(provider)), list(self._months.of(provider))
        later = next(iter(self._later.of(provider)), None)
        if not rows:
            return None
        steps = [step for step in dict.fromkeys(step for step, _ in rows) if step != ALL]
        several = [*steps, ALL] if len(steps) > 1 else []
        return Capacity(
            list(told(provider, rows, self._standards, {row["name"] for row in rests_on if row["value"]}, later)),
            list(HEADS.values()),
            [_line(provider, step, rows) for step in several],
            _chart(provider, months, rows[ALL, "demand"]),
            [(step, [_assumption(row) for row in rests_on if row["step"] == step]) for step in steps],
        )


Rows = Mapping[tuple[str, str], Mapping[str, Any]]


def told(
    provider: str, rows: Rows, standards: Mapping[int, float], some: Collection[str],
    later: Mapping[str, Any] | None,
) -> Iterator[Markup]:  # fmt: skip
    """The sentences of a service, from its rows of ``mart.capacity`` by step and quantity.

    ``some`` are the names of assumptions that are above 0 in a step; ``later`` is the row of the backlog of the
    last month in ``mart.capacity_forecast``, if it has one.
    """
    if _missing(rows, "demand") or _missing(rows, "backlog"):
        yield filled(UNKNOWN)
    else:
        yield _likely(ASKED, provider, rows[ALL, "demand"], "demand")
    if _missing(rows, "rate"):
        yield filled(NO_TRAINED if rows[ALL, "rate"]["why_not"] == NOBODY_TRAINED else NO_STAFF)
    else:
        yield _likely(GIVEN, provider, rows[ALL, "rate"], "rate")
        if not _missing(rows, "balance"):
            balance = rows[ALL, "balance"]
            yield filled(MORE if balance["lower_95"] > 0 else FEWER if balance["upper_95"] < 0 else OPEN)
        yield from (filled(said) for name, said in _NOT_TRAINED.items() if name in some)
    if not _missing(rows, "backlog"):
        yield from _left(provider, rows)
        yield _in_months(provider, later)
    if any(step not in (ALL, SEVERE) for step, _ in rows):
        yield from _standards(provider, rows, standards)
    if (SEVERE, "demand") in rows:
        yield filled(NO_STANDARD)


def _left(provider: str, rows: Rows) -> Iterator[Markup]:
    """What is still to give, and how long it takes."""
    if not rows[ALL, "backlog"]["value"]:
        yield filled(NOTHING_LEFT)
        return
    slots = {"waiting": "waiting_sessions", "under_way": "under_way_sessions"}
    parts = {slot: _number(provider, rows[ALL, name]) for slot, name in slots.items()}
    yield _likely(BACKLOG, provider, rows[ALL, "backlog"], "backlog", **parts)
    if not _missing(rows, "clearance_months"):
        clearance = rows[ALL, "clearance_months"]
        if clearance["upper_95"] is None:
            yield filled(CLEARANCE_AT_LEAST, low=_number(provider, clearance, "lower_95"))
        else:
            yield _likely(CLEARANCE, provider, clearance, "months")
    months = rows[ALL, "months_to_clear"]
    if months["upper_95"] is not None:
        yield _likely(CLEARED, provider, months, "months")
    elif months["lower_95"] is not None:
        yield filled(AT_BEST, low=_number(provider, months, "lower_95"))
    elif months["never_share"]:
        yield filled(NEVER)


def _in_months(provider: str, later: Mapping[str, Any] | None) -> Markup:
    """What will be still to give some months ahead, or that too little is known to say it."""
    if later is None:
        return filled(TOO_EARLY)

    def limit(column: str) -> Markup:
        place = numbers.Source(
            "capacity_forecast", column, provider, "backlog", "month", later["month"], "", "provider"
        )
        return numbers.data(f"{later[column]:,}", later[column], place)

    return filled(LATER, month=month(later["month"]), low=limit("lower_95"), high=limit("upper_95"))


def _standards(provider: str, rows: Rows, standards: Mapping[int, float]) -> Iterator[Markup]:
    """What would keep each standard: summed over steps, where all have it."""
    for weeks, share in standards.items():
        row = rows.get((ALL, f"extra_sessions_{weeks}"))
        if row is None or row["value"] is None:
            continue
        slots = {"share": f"{100 * share:.0f}", "weeks": weeks}
        if row["value"] == 0:
            yield filled(KEPT, **slots)
            continue
        yield _likely(EXTRA, provider, row, "extra", **slots)
        # Of staff who give no session no number is enough.
        if (wte := rows[ALL, f"extra_wte_{weeks}"])["upper_95"] is not None:
            yield _likely(WORK, provider, wte, "wte")


def _missing(rows: Rows, quantity: str) -> bool:
    return rows[ALL, quantity]["value"] is None


def _likely(pattern: str, provider: str, row: Mapping[str, Any], slot: str, **slots: object) -> Markup:
    """A sentence with a value and its limits."""
    found = {"low": _number(provider, row, "lower_95"), "high": _number(provider, row, "upper_95"), **slots}
    return filled(pattern, **{slot: _number(provider, row)}, **found)


def _number(provider: str, row: Mapping[str, Any], column: str = "value") -> Markup:
    """A number of ``mart.capacity`` with its place."""
    value = None if row[column] is None else float(row[column])
    if value is None:
        return Markup("–")
    place = numbers.Source(
        "capacity", column, provider, row["quantity"], "month", row["month"], "", "provider", "step", row["step"]
    )
    return numbers.data(number_said(value), value, place)


def number_said(value: float) -> str:
    """A number of ``mart.capacity`` in words; one decimal below ten, which is months and staff."""
    return f"{value:.1f}".removesuffix(".0") if abs(value) < _TEN else f"{value:,.0f}"


def _line(provider: str, step: str, rows: Rows) -> Line:
    name = "All steps" if step == ALL else step[:1].upper() + step[1:]
    return Line(name, [_number(provider, rows[step, quantity]) for quantity in HEADS])


def _assumption(row: Mapping[str, Any]) -> Line:
    """An assumption with what it is likely to be between, where it is not counted or a convention."""
    if row["value"] is None:
        return Line(f"{row['title']} ({row['name']})", ["–", "", row["source"]])
    between = "" if row["spread"] == "none" else f"{_near(row['lower_95'])} and {_near(row['upper_95'])}"
    return Line(f"{row['title']} ({row['name']})", [_near(row["value"]), between, row["source"]])


def _near(value: Any) -> str:
    """A value as ``--set`` takes it: no thousands, no more digits than matter."""
    return f"{float(value):.3g}" if abs(value) < _TEN**3 else f"{float(value):.0f}"


def _chart(provider: str, months: Sequence[Mapping[str, Any]], demand: Mapping[str, Any]) -> Markup:
    """Sessions given month by month, what the present rate gives, and a line of those asked for."""
    coming = sum(row["median"] is not None for row in months)
    shown = months[-_MONTHS_SHOWN - coming :]
    source = Source(
        "sessions", provider, table="capacity_forecast", period_type="month", level="provider", pathway=""
    )
    points = [
        FanPoint(
            f"{row['month']:%b %Y}", row["actual"], row["median"], row["lower_80"], row["upper_80"],
            row["lower_95"], row["upper_95"], source=Source(period=str(row["month"])),
        )
        for row in shown
    ]  # fmt: skip
    aim = None
    if coming and demand["value"] is not None:
        where = Source("demand", table="capacity", period=str(demand["month"]))
        aim = Aim("sessions asked for in a month", round(demand["value"]), "value", len(shown) - 1, where)
    if not points:
        return Markup("")
    drawn = fan(Fan("Sessions given a month", points, aim, Scale(), source), "capacity-sessions")
    return Markup(drawn.html)  # noqa: S704  escapes its texts itself
