"""The plans of all services on one page, for the centre: what is asked and given, where it goes, what is paid.

Belongs here: one row for each service, England's row of what adds up, the sentences above them. Does not belong
here: one service's plans (``plans``), reckoning (``mart.capacity``, ``mart.trajectory_target``, ``mart.payment``).
It rests on exact figures and on staff, so the public edition has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from reports.charts import MOST_NAMED, Caterpillar, Fan, Scale, Service, Source, Value, caterpillar, fan
from reports.pages import addresses
from reports.pages.capacity import HEADS, LAST_BACKLOG, number_said
from reports.pages.page import Page, rendered
from reports.pages.payment import NEWEST, pounds
from reports.pages.release import Period, Release
from reports.pages.sentences import filled, listed
from reports.pages.trajectory import MISSED as FALLS_SHORT
from reports.pages.trajectory import REACHED as REACHES
from reports.pages.trajectory import point, titled, verdict
from schemas.month import months_after
from warehouse.capacity.assumptions import NO_STAFF, NOBODY_TRAINED
from warehouse.capacity.tables import ENGLAND

TOGETHER = "Together {demand} sessions a month are asked for, {rate} are given, and {backlog} are still to give."
SUMS = "A sum is that of the services that have the figure: {known} of {services}."
FEWER = "{services} of them gives fewer sessions than are asked for, beyond chance."
SEVERAL = "{services} of them give fewer sessions than are asked for, beyond chance."
NOBODY = "Nobody is in treatment, as far as records say: {names}."
STAFFLESS = "What could be given is unknown, since sessions name no trained staff: {names}."
PAID = "Tariff {tariff}, set by {set_by}, {period}: {amount} to {services} of {all} services."
OPEN_STILL = "The others submitted nothing for it."
PATTERNS = (TOGETHER, SUMS, FEWER, SEVERAL, NOBODY, STAFFLESS, PAID, OPEN_STILL)
"""Every sentence of the page that has figures."""

_SERVICES = (
    "SELECT DISTINCT current_provider AS provider, current_name AS name FROM ref.provider_place ORDER BY ALL"
)
_CAPACITY = """
SELECT provider, quantity, value, lower_95, upper_95, never_share, why_not, services
FROM mart.capacity
WHERE step = 'all'
"""
# Of each series the next target, or the last one where all are past.
_TARGETS = """
SELECT organisation AS provider, series, due, target, reached, median, lower_95, upper_95, state
FROM mart.trajectory_target
WHERE level = 'provider'
QUALIFY row_number() OVER (
    PARTITION BY organisation, series
    ORDER BY state = 'past', CASE WHEN state = 'past' THEN NULL ELSE due END, due DESC
) = 1
"""
_ACCESS = """
SELECT month, actual, median, lower_80, upper_80, lower_95, upper_95, state
FROM mart.trajectory
WHERE level = 'England' AND organisation = 'ENG' AND series = 'access'
ORDER BY month
"""
# Months of a service that submitted nothing have no amount.
_PAID = f"""
SELECT
    p.tariff, t.set_by, p.provider, p.period_type, p.period_start, max(p.months_so_far) AS months_so_far,
    CASE WHEN count(p.amount_pence) = count(*) THEN CAST(sum(p.amount_pence) AS BIGINT) END AS pence
{NEWEST}
GROUP BY p.tariff, t.set_by, p.provider, p.period_type, p.period_start
ORDER BY p.tariff, p.provider
"""
# Quantities of a row, with their heads; those that are one service's alone add up to nothing.
_QUANTITIES = (
    ("demand", HEADS["demand"]), ("rate", HEADS["rate"]), ("balance", "Given less asked for"),
    ("backlog", HEADS["backlog"]), ("months_to_clear", "Months to clear"),
    ("extra_sessions_6", "More a month for 6 weeks"), ("extra_sessions_18", "More a month for 18 weeks"),
)  # fmt: skip
_SERIES = ("access", "trained staff")
_WHY = {NO_STAFF: "no staff records", NOBODY_TRAINED: "staff in training only"}
# States that are no words a reader knows; the others are said as they are.
_NO_FORECAST = {"too far ahead": "more than two years ahead"}


@dataclass(frozen=True)
class Row:
    """A row of the table: the service, its name, whether it has plans of its own, and its cells."""

    code: str
    name: str
    has_plans: bool
    cells: Sequence[str]


Figures = Mapping[str, Mapping[str, Any]]
"""Rows of ``mart.capacity`` of one service, all steps together, by quantity."""


def pages(release: Release) -> Iterator[Page]:
    """The page of a release, for the centre; none where an earlier version published it."""
    if not (release.has("mart", "capacity_forecast") and release.has("mart", "trajectory_target")):
        return
    names = {row["provider"]: row["name"] for row in release.rows(_SERVICES)}
    capacity = _by_provider(release.rows(_CAPACITY), "quantity")
    targets = _by_provider(release.rows(_TARGETS), "series")
    later = {row["provider"]: row for row in release.rows(LAST_BACKLOG)}
    paid = list(release.rows(_PAID)) if release.has("mart", "payment") else []
    shown = {code: [row for row in paid if row["provider"] == code] for code in names}
    rows = [
        Row(
            code, name, any((code in capacity, code in targets, shown[code])),
            list(_cells(capacity.get(code, {}), later.get(code), targets.get(code, {}), shown[code])),
        )
        for code, name in names.items()
    ]  # fmt: skip
    england = capacity.get(ENGLAND, {})
    yield rendered(
        "all_plans.html",
        addresses.PLANS,
        release,
        {
            "said": list(_told(names, capacity)),
            "heads": _heads(later),
            "rows": rows,
            "england": list(_cells(england, None, {}, [], is_sum=True)) if england else [],
            "load": _load(names, capacity),
            "access": _access(list(release.rows(_ACCESS))),
            "paid": list(_paid(paid)),
        },
    )


def _by_provider(rows: Iterator[dict[str, Any]], key: str) -> dict[str, dict[str, dict[str, Any]]]:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["provider"], {})[row[key]] = row
    return found


def _heads(later: Mapping[str, Mapping[str, Any]]) -> list[str]:
    ends = {row["month"] for row in later.values()}
    until = f"at the end of {max(ends):%B %Y}" if len(ends) == 1 else "in six months"
    heads = [head for _, head in _QUANTITIES]
    heads.insert(heads.index(HEADS["backlog"]) + 1, f"Likely still to give {until}")
    return [*heads, *map(titled, _SERIES), "Paid"]


def _cells(
    figures: Figures, later: Mapping[str, Any] | None, targets: Mapping[str, Mapping[str, Any]],
    paid: Sequence[Mapping[str, Any]], is_sum: bool = False,
) -> Iterator[str]:  # fmt: skip
    """The cells of a row, in the order of its heads; empty where there is nothing to say."""
    for quantity, _ in _QUANTITIES:
        yield _cell(quantity, figures.get(quantity), bool(figures), is_sum)
        if quantity == "backlog":
            range_of = f"{later['lower_95']:,} to {later['upper_95']:,}" if later else ""
            yield range_of or ("" if is_sum or not figures else "too few months")
    for series in _SERIES:
        yield "" if is_sum else _target(targets.get(series))
    yield "; ".join(
        f"{'nothing submitted' if row['pence'] is None else pounds(row['pence'])} ({row['tariff']})" for row in paid
    )


def _cell(quantity: str, row: Mapping[str, Any] | None, is_known: bool, is_sum: bool) -> str:
    """A figure; a difference with its interval, since 0 may lie in it. Without a figure, why."""
    if row is None:
        return "" if is_sum else "nobody in treatment" if quantity == "demand" and not is_known else ""
    if row["value"] is None:
        return _why_not(quantity, str(row["why_not"]), row["lower_95"])
    value = float(row["value"])
    if quantity == "balance":
        low, high = (number_said(float(row[end])) for end in ("lower_95", "upper_95"))
        return f"{number_said(value)} ({low} to {high})".replace("-", "−")
    if quantity == "months_to_clear" and row["upper_95"] is None:
        return f"{number_said(float(row['lower_95']))} at least" if row["lower_95"] is not None else "never"
    return number_said(value)


def _why_not(quantity: str, why: str, at_least: Any) -> str:
    if why.startswith("never"):
        return "never" if at_least is None else f"{number_said(float(at_least))} at least"
    if quantity.startswith("extra_sessions") and "standard" in why:
        return "no standard" if why.startswith("no standard") else "not every step has this standard"
    return _WHY.get(why, why)


def _target(row: Mapping[str, Any] | None) -> str:
    """What the present rate gives of a target, and whether it reaches it."""
    if row is None:
        return "no target"
    due, target = f"{row['due']:%b %Y}", f"{row['target']:,}"
    if row["state"] == "past":
        return f"{row['reached']:,} of {target}, {due}"
    if row["state"] != "forecast":
        return f"{target} by {due}: {_NO_FORECAST.get(row['state'], row['state'])}"
    said = {REACHES: "reached", FALLS_SHORT: "missed"}.get(verdict(row), "open")
    return f"{row['median']:,} ({row['lower_95']:,} to {row['upper_95']:,}) of {target} by {due}: {said}"


def _told(names: Mapping[str, str], capacity: Mapping[str, Figures]) -> Iterator[Markup]:
    """What holds for all of them, then who is missing."""
    england = capacity.get(ENGLAND, {})
    if all(name in england for name in ("demand", "rate", "backlog")):
        sums = {name: number_said(float(england[name]["value"])) for name in ("demand", "rate", "backlog")}
        yield filled(TOGETHER, **sums)
        known = [england[name]["services"] for name in sums]
        yield filled(SUMS, known=listed([f"{n:,}" for n in dict.fromkeys(known)]), services=f"{len(names):,}")
    balances = [own["balance"] for who, own in capacity.items() if who != ENGLAND and "balance" in own]
    fewer = sum(row["value"] is not None and row["upper_95"] < 0 for row in balances)
    if balances:
        yield filled(FEWER if fewer < 2 else SEVERAL, services=f"{fewer:,}" if fewer else "None")
    nobody = [name for who, name in names.items() if who not in capacity]
    staffless = [
        names[who] for who, own in capacity.items() if who in names and own.get("rate", {}).get("why_not") in _WHY
    ]
    for pattern, missing in ((STAFFLESS, staffless), (NOBODY, nobody)):
        if missing:
            yield filled(pattern, names=listed(sorted(missing)))


def _load(names: Mapping[str, str], capacity: Mapping[str, Figures]) -> Markup:
    """Sessions asked for by sessions given, service by service: above 1 the list grows.

    Empty for more services than a chart can name: with its table each takes 0.6 KB, and 230 more than the page may.
    """
    services = [
        Service(f"{name} ({who})", _ratio(capacity[who]["load"]))
        for who, name in names.items()
        if "load" in capacity.get(who, {})
    ]
    if len(services) > MOST_NAMED or not any(each.figure.value is not None for each in services):
        return Markup("")
    source = Source("load", table="capacity", period_type="month", level="provider", group="all")
    chart = Caterpillar(
        "Sessions asked for, by sessions given", services, Value(1.0), "as many asked for as given",
        scale=Scale(decimals=2), source=source,
    )  # fmt: skip
    return Markup(caterpillar(chart, "load").html)  # noqa: S704  escapes its texts itself


def _ratio(row: Mapping[str, Any]) -> Value:
    where = Source(org=row["provider"])
    if row["value"] is None or row["upper_95"] is None:
        return Value(None, why_missing=_WHY.get(row["why_not"], "no ratio"), source=where)
    value, low, high = (float(row[name]) for name in ("value", "lower_95", "upper_95"))
    return Value(value, low, high, source=where)


def _access(months: Sequence[Mapping[str, Any]]) -> Markup:
    """England's own series of people who start treatment, and what the present rate gives."""
    if not any(row["median"] is not None for row in months):
        return Markup("")
    source = Source("access", ENGLAND, table="trajectory", period_type="month", level="England")
    chart = Fan(titled("access"), [point(row) for row in months], None, source=source)
    return Markup(fan(chart, "access").html)  # noqa: S704  escapes its texts itself


def _paid(rows: Sequence[Mapping[str, Any]]) -> Iterator[Markup]:
    """A sentence for each tariff: amounts of one tariff and period add up."""
    for tariff in dict.fromkeys(row["tariff"] for row in rows):
        own = [row for row in rows if row["tariff"] == tariff]
        first = own[0]
        until: date = months_after(first["period_start"], max(row["months_so_far"] for row in own) - 1)
        known = [row["pence"] for row in own if row["pence"] is not None]
        period = Period(first["period_type"], first["period_start"], until).words
        slots = {"tariff": tariff, "set_by": first["set_by"], "period": period, "amount": pounds(sum(known))}
        said = filled(PAID, services=f"{len(known):,}", all=f"{len(own):,}", **slots)
        yield said if len(known) == len(own) else said + " " + filled(OPEN_STILL)
