"""Why figures differ between two releases, told slowly: one provider-month after the other, in plain Python.

Belongs here: the causes of decision 0044 as nested questions, and sums of figures over providers and months. Does not
belong here: anything of ``warehouse.history``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Counts = tuple[int, int | None]  # numerator, denominator
Key = tuple[str, date, str]  # organisation, month, measure


@dataclass
class SlowRelease:
    """A release in plain dictionaries. ``files``: (provider, month) → (submission, rules, rows erased)."""

    files: dict[tuple[str, date], tuple[str, str, str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    reference: str = ""
    code: str = ""
    figures: dict[Key, Counts] = field(default_factory=dict)

    def last_month(self) -> date:
        return max(month for _, month in self.files)

    def england(self, measure: str, months: list[date]) -> Counts | None:
        """The sum of all organisations over some months; None where nobody has submitted one."""
        found = [counts for (_, month, name), counts in self.figures.items() if name == measure and month in months]
        if not found:
            return None
        return sum(n for n, _ in found), None if found[0][1] is None else sum(d or 0 for _, d in found)


def file_says(before: SlowRelease, after: SlowRelease, provider: str, month: date) -> list[str]:
    """What became of the file of a provider and month."""
    then, now = before.files.get((provider, month)), after.files.get((provider, month))
    if then == now:
        return []
    if then is None:
        return ["new month"] if month > before.last_month() else ["late data"]
    if now is None:
        return ["withdrawal"]
    said = []
    if then[0] != now[0]:
        said.append("resubmission")
    if then[1] != now[1]:
        said.append("rule version")
    if then[2] != now[2]:
        said.append("erasure")
    return said


def cause(before: SlowRelease, after: SlowRelease, organisation: str, month: date) -> str:
    """Why the figures of an organisation and month differ."""
    everyone = sorted({*before.places, *after.places})
    behind = [p for p in everyone if organisation in (before.places.get(p), after.places.get(p))]
    own = {word for provider in behind for word in file_says(before, after, provider, month)}
    months = {m for _, m in [*before.files, *after.files]}
    elsewhere = {word for provider in behind for m in months for word in file_says(before, after, provider, m)}
    beside = set()
    was_there = any((provider, month) in before.files for provider in behind)
    is_there = any((provider, month) in after.files for provider in behind)
    if was_there == is_there:
        if before.reference != after.reference:
            beside.add("reference data")
        if before.code != after.code:
            beside.add("code")
        moved = [
            p for p in behind if p in before.places and p in after.places and before.places[p] != after.places[p]
        ]
        if moved:
            beside.add("merger")
    if own:
        return listed(own | beside)
    said = [f"another month: {listed(elsewhere)}"] if elsewhere else []
    return " and ".join(said + ([listed(beside)] if beside else [])) or "unexplained"


def listed(causes: set[str]) -> str:
    order = (
        "new month", "late data", "resubmission", "withdrawal", "rule version", "erasure", "merger", "reference data",
        "code",
    )  # fmt: skip
    return " and ".join(name for name in order if name in causes)


def parts(
    before: SlowRelease, after: SlowRelease, measure: str, months: list[date]
) -> Mapping[str, tuple[int, int]]:
    """England's difference of a measure over some months, by cause, without what is nothing."""
    found: dict[str, tuple[int, int]] = {}
    cells = {(org, month) for org, month, name in [*before.figures, *after.figures] if name == measure}
    for organisation, month in cells:
        if month not in months:
            continue
        a = before.figures.get((organisation, month, measure), (0, None))
        b = after.figures.get((organisation, month, measure), (0, None))
        change = (b[0] - a[0], (b[1] or 0) - (a[1] or 0))
        if a != b:
            why = cause(before, after, organisation, month)
            n, d = found.get(why, (0, 0))
            found[why] = (n + change[0], d + change[1])
    return {why: change for why, change in found.items() if change != (0, 0)}
