"""The page on incentives: what a service gains under a tariff by each way of gaming, and what shows it.

Belongs here: the numbers as they are handed over, and how page and table look. Does not belong here: finding the
numbers (``pipelines.incentives``).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean

SHOWS = 2.0  # differences between services, in standard deviations
_OUTCOME = "outcome"


@dataclass(frozen=True)
class Paid:
    """What one line of the tariff, or all of them, paid: mean pence of a service before and after.

    The figure behind it is of all services together: a share of outcome, a count of activity; None where there is
    none.
    """

    part: str
    line: str
    before: float
    after: float
    figure_before: float | None = None
    figure_after: float | None = None


@dataclass(frozen=True)
class Shown:
    """How much a measure moves: its value before and after, and the difference in standard deviations between
    unchanged services.
    """

    measure: str
    title: str
    unit: str
    before: float
    after: float
    deviations: float


@dataclass(frozen=True)
class People:
    """What people get. ``referred`` are all with a referral in the months paid for, ``fewer`` those of them with
    fewer contacts than without the change.

    ``contacts_fewer`` are the contacts that they have less, ``contacts_more`` those that others have more.
    """

    referred: int
    fewer: int
    contacts_fewer: int
    contacts_more: int


@dataclass(frozen=True)
class Gain:
    """What one way of gaming is worth, and what it is in words (``demonstration.gaming.ways``).

    ``per_cent`` has the gain of each service, in per cent of what it was paid; ``per_hour`` the same of what it was
    paid for an hour of contacts. ``shown`` are the measures that the
    tariff does not pay for and that move most.
    """

    way: str
    title: str
    does: str
    harm: str
    stays: str
    guard: str
    knows_the_end: bool
    per_cent: tuple[float, ...]
    per_hour: tuple[float, ...]
    total: Paid
    lines: tuple[Paid, ...]
    people: People
    shown: tuple[Shown, ...]

    @property
    def is_seen(self) -> bool:
        """Whether a measure moves beyond what services differ by."""
        return any(abs(each.deviations) >= SHOWS for each in self.shown)


@dataclass(frozen=True)
class Incentives:
    """All ways under one tariff. ``services`` of the demonstration with ``referrals_a_month`` each; the months paid
    for are those from ``first_day`` to ``last_day``.
    """

    tariff: str
    set_by: str
    services: int
    referrals_a_month: float
    first_day: date
    last_day: date
    gains: tuple[Gain, ...]


SUMMARY = (
    "way", "gain", "for each service", "gain for an hour of care", "of 100 people, fewer contacts for",
    "seen in", "in short",
)  # fmt: skip


def summary(gain: Gain) -> list[str]:
    """The cells of one way in a table, under ``SUMMARY``."""
    return [
        gain.title,
        _range(gain.per_cent),
        pounds(gain.total.after - gain.total.before),
        _range(gain.per_hour),
        f"{100 * gain.people.fewer / gain.people.referred:.0f}" if gain.people.referred else "0",
        _seen(gain.shown[0]) if gain.shown else "–",
        verdict(gain),
    ]


def verdict(gain: Gain) -> str:
    """In words: whether it pays, and whether that is seen. It pays if every service gains, by 0.1 % at least."""
    per_cent, per_hour = ([round(each, 1) for each in gains] for gains in (gain.per_cent, gain.per_hour))
    if min(per_cent) > 0:
        found = "pays"
    elif min(per_hour) > 0 and gain.people.fewer:
        found = "pays if the hours are filled"
    elif max(per_cent) > 0:
        found = "pays some services"
    elif max(per_hour) > 0 and gain.people.fewer:
        found = "pays some services if the hours are filled"
    else:
        return "costs money" if max(per_cent) < 0 else "pays nothing"
    if not gain.shown:
        return found
    return f"{found}, and is seen" if gain.is_seen else f"{found}, and no measure shows it"


def pounds(pence: float) -> str:
    """Pence as whole pounds."""
    whole = round(pence / 100)
    return f"{'−' if whole < 0 else ''}£{abs(whole):,}"


def ordered(found: Incentives) -> list[Gain]:
    """The ways, those that pay most first."""
    return sorted(found.gains, key=lambda gain: (-mean(gain.per_cent), gain.way))


def rows(found: Incentives) -> Iterator[dict[str, object]]:
    """The table for programs: one row per way and quantity."""
    for gain in found.gains:
        key = {"tariff": found.tariff, "way": gain.way, "title": gain.title}
        for quantity, gains in (("gain", gain.per_cent), ("gain for an hour of care", gain.per_hour)):
            yield key | _row(quantity, "", "per cent", None, mean(gains), min(gains), max(gains))
        for paid in (gain.total, *gain.lines):
            yield key | _row("paid", paid.line, "pence", paid.before, paid.after)
            if paid.figure_before is not None and paid.figure_after is not None:
                yield key | _row("figure", paid.line, paid.part, paid.figure_before, paid.figure_after)
        people = gain.people
        yield key | _row("people with fewer contacts", "", "people", None, people.fewer, None, people.referred)
        yield key | _row("contacts fewer", "", "contacts", None, people.contacts_fewer)
        yield key | _row("contacts more", "", "contacts", None, people.contacts_more)
        for shown in gain.shown:
            moved = _row("measure", shown.measure, shown.unit, shown.before, shown.after)
            yield key | moved | {"deviations": round(shown.deviations, 2)}


def _row(
    quantity: str, of: str, unit: str, before: float | None, after: float,
    lowest: float | None = None, highest: float | None = None,
) -> dict[str, object]:  # fmt: skip
    found: dict[str, object] = {"quantity": quantity, "of": of, "unit": unit}
    for name, number in (("before", before), ("after", after), ("lowest", lowest), ("highest", highest)):
        found[name] = None if number is None else round(number, 4)
    return found | {"deviations": None}


def as_csv(found: Incentives) -> str:
    """The same as CSV."""
    text = io.StringIO()
    listed = list(rows(found))
    writer = csv.DictWriter(text, list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()


_INTRODUCTION = """# What a tariff invites

Written by `parity incentives`. Do not edit this page: run `make incentives`.

A tariff pays for figures. A service can change a figure without helping anybody. This page shows what it gains by
that, under the tariff «{tariff}» (set by {set_by}).

**How it is found.** {services} of the demonstration, with {referrals:.0f} referrals a month each, send their
records. Then these records are changed in one way. Both are counted and paid by the same code, as any others are.
The months paid for are {first} to {last}. All people are made up, and no real service is meant.

- **Gain** is the difference in per cent of what the service was paid: the mean, and the lowest and highest service.
- **Gain for an hour of care** is the same of what is paid for an hour of contacts. A service that gives less has
  hours left. If it fills them with more people of the same kind, it is paid for these too.
- **Fewer contacts** is of the people with a referral in these months: those with fewer than without the change.
- **Seen in** names the measure that moves most and that this tariff does not pay for. The number in brackets says
  how far it moves, in standard deviations between unchanged services. From {shows:.0f} on a reader can see it.

No rule notices any of these ways. Tests send such records through all rules: each of them could be true.

A gain that is seen needs somebody who looks. A gain that is not seen needs another tariff. What happens to people
later is not in these figures.
"""


def page(found: Incentives) -> str:
    """The page in Markdown."""
    said = _INTRODUCTION.format(
        tariff=found.tariff, set_by=found.set_by, referrals=found.referrals_a_month, shows=SHOWS,
        services="1 service" if found.services == 1 else f"{found.services} services",
        first=_day(found.first_day), last=_day(found.last_day),
    )  # fmt: skip
    gains = ordered(found)
    table = [
        "## In one table\n", f"| {' | '.join(SUMMARY)} |", f"|{'---|' * len(SUMMARY)}",
        *(f"| {' | '.join(summary(gain))} |" for gain in gains), "",
    ]  # fmt: skip
    return "\n".join([said, *table, _found(gains), *(_section(gain) for gain in gains)])


def _found(gains: Sequence[Gain]) -> str:
    """What the table says, in three sentences."""
    told = [verdict(gain) for gain in gains]
    every = sum(each.startswith("pays, ") for each in told)
    filled = sum(each.startswith("pays if") for each in told)
    unseen = [gain.title for gain, each in zip(gains, told, strict=True) if each.endswith("no measure shows it")]
    seen = f"No other measure shows: {'; '.join(unseen)}." if unseen else "Another measure shows each of them."
    return (
        f"Of {len(gains)} ways, {every} pay every service, and {filled} more do if the hours are filled. {seen}\n"
    )


def _section(gain: Gain) -> str:
    foresight = " It must know how the course ends before it sends the scores." if gain.knows_the_end else ""
    ends = f"from {pounds(gain.total.before)} to {pounds(gain.total.after)} for each service"
    lines = [
        f"## {gain.title}\n",
        f"- **What a service does.** {gain.does}{foresight}",
        f"- **Who is harmed.** {gain.harm}",
        f"- **What stays the same.** {gain.stays}",
        f"- **What it is worth.** {_sign(mean(gain.per_cent))}: {ends}. It {verdict(gain)}.",
        f"- **What people get.** {_told(gain.people)}",
        f"- **A guard.** {gain.guard}",
        "",
    ]
    moved = [paid for paid in gain.lines if round(paid.before / 100) != round(paid.after / 100)]
    if moved:
        lines += ["| line of the tariff | before | after | figure before | figure after |", "|---|---|---|---|---|"]
        lines += [*map(_line, moved), ""]
    if gain.shown:
        lines += ["| seen in | before | after | standard deviations |", "|---|---|---|---|"]
        lines += [*map(_moved, gain.shown), ""]
    return "\n".join(lines)


def _line(paid: Paid) -> str:
    figures = [
        "–" if each is None else f"{100 * each:.1f} %" if paid.part == _OUTCOME else f"{each:,.0f}"
        for each in (paid.figure_before, paid.figure_after)
    ]
    return f"| {paid.line} | {pounds(paid.before)} | {pounds(paid.after)} | {' | '.join(figures)} |"


def _moved(shown: Shown) -> str:
    ends = f"{_value(shown, shown.before)} | {_value(shown, shown.after)}"
    return f"| {shown.title} (`{shown.measure}`) | {ends} | {_signed(shown.deviations)} |"


def _told(people: People) -> str:
    parts = []
    if people.fewer:
        parts.append(
            f"{people.fewer:,} of {people.referred:,} people have fewer contacts: {people.contacts_fewer:,} fewer, "
            f"{people.contacts_fewer / people.fewer:.1f} for each of them."
        )
    if people.contacts_more:
        parts.append(f"{people.contacts_more:,} contacts are added.")
    return " ".join(parts) or "The same contacts: only the records change."


def _seen(shown: Shown) -> str:
    moved = f"{_value(shown, shown.before)} → {_value(shown, shown.after)}"
    return f"{shown.title}: {moved} ({_signed(shown.deviations)})"


def _value(shown: Shown, number: float) -> str:
    """A value of a measure: a share in per cent, else with one decimal and its unit."""
    return f"{100 * number:.1f} %" if shown.unit == "share" else f"{number:.1f} {shown.unit}"


def _range(gains: Sequence[float]) -> str:
    if len(gains) == 1:
        return _sign(gains[0])
    return f"{_sign(mean(gains))} ({_sign(min(gains))} to {_sign(max(gains))})"


def _sign(gain: float) -> str:
    return f"{_signed(gain)} %"


def _signed(number: float) -> str:
    rounded = round(number, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
