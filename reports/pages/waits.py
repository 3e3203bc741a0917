"""Who waits and who is in treatment, and how long people wait: the block of a service's or a place's page.

Belongs here: which figures of flow and of waiting a page shows, in which words. Does not belong here: counting them
(``mart.flow``, ``mart.waiting``), drawing (``reports.charts``).

The public edition has the measures of the list alone, each with its own small random error. They add up only
roughly, and the page says so. Steps of care, the lines of what does not close, and the curves are for the service
alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from markupsafe import Markup

from reports.charts import Waits, Week, waits
from reports.pages import sentences
from reports.pages.numbers import Source, data, days, missing
from reports.pages.release import PUBLIC, Release, values_in
from schemas.month import months_after
from schemas.pathway import Pathway
from schemas.periods import MONTH, QUARTER

# A curve of half a year, every second week: what lies beyond is of very few people, and a page has 400 KB at most.
# With its table a curve is 18 KB; conditions after the second have their sentences alone.
_LAST_DAY, _EVERY, _MOST_CURVES = 182, 14, 2
# Words of a line, whether it is of the month before, its measure.
_LIST = (
    ("Waiting at the start of the month", True, "AWAITING_TREATMENT"),
    ("Referred", False, "REFERRALS"),
    ("Started treatment", False, "ACCESS"),
    ("Left before treatment", False, "ENDED_UNTREATED"),
    ("Waiting at the end of the month", False, "AWAITING_TREATMENT"),
)
_CAUSES = {
    "late": ("Became known late", "Known only later"),
    "lost": ("Accounted for again", "No longer in the records, without a discharge"),
    "merger": ("Taken over in a merger", "Handed over in a merger"),
    "gap": ("There when records began or came again", "Month not submitted"),
}
# Words of a line → its columns for those waiting and for those in treatment, with their sign.
_LINES: tuple[tuple[str, str, str, str], ...] = (
    ("At the start of the month", "waiting_at_start", "treatment_at_start", ""),
    ("Referred, or started treatment", "referred", "treatment_started", "+"),
    ("Stepped up or down to here", "", "stepped_in", "+"),
    ("Step became known as this", "", "step_known_in", "+"),
    *((_CAUSES[cause][0], f"waiting_{cause}_in", f"treatment_{cause}_in", "+") for cause in _CAUSES),
    ("Started treatment, or finished it", "waiting_started", "treatment_ended", "−"),
    ("Left before treatment", "waiting_left", "", "−"),
    ("Stepped up or down from here", "", "stepped_out", "−"),
    ("Step became known", "", "step_known_out", "−"),
    *((_CAUSES[cause][1], f"waiting_{cause}_out", f"treatment_{cause}_out", "−") for cause in _CAUSES),
    ("At the end of the month", "waiting_at_end", "treatment_at_end", ""),
)
_STEPS = {
    "low intensity": "Low intensity",
    "high intensity": "High intensity",
    "SMI therapy": "Severe mental illness",
    "not known yet": "Step not known yet",
}
_COLUMNS = sorted({name for _, *names, _ in _LINES for name in names if name})
_WAITED = (
    "treated_median_days", "km_median_days", "ci_started_42", "ci_left_42", "still_waiting",
    "still_waiting_over_126",
)  # fmt: skip


# Waits are those of quarters and years, and curves those of years.
_TOO_EARLY = {MONTH: sentences.NO_WAITS, QUARTER: sentences.NO_CURVE}


@dataclass(frozen=True)
class Table:
    """A table of a month: the names of its columns, and its lines, each with a cell for every column."""

    month: str
    head: Sequence[str]
    lines: Sequence[tuple[str, Sequence[Markup | str]]]


@dataclass(frozen=True)
class Waited:
    """How long people with a condition wait, in sentences and drawn."""

    condition: str
    said: Sequence[Markup]
    chart: Markup


@dataclass
class Block:
    """What a page says of those who wait. ``is_public``: figures have their own random errors."""

    is_public: bool
    table: Table | None = None
    too_early: str = ""
    waited: list[Waited] = field(default_factory=list)


class Flows:
    """The figures of all organisations of a release, read once."""

    def __init__(self, release: Release) -> None:
        """Of an open release; of one that an earlier version published there may be less."""
        self._release = release
        self._is_public = release.edition == PUBLIC
        self._month = release.newest_month
        self._listed = self._read_list() if self._is_public else {}
        has = not self._is_public and release.has("mart", "waiting_curve")
        self._flow = self._by("flow", ("step",), _COLUMNS, "month", self._month) if has else {}
        year = (release.period.kind, release.period.start)
        self._waiting = self._by("waiting", ("pathway",), _WAITED, *year) if has else {}
        curve = ("ci_started", "ci_started_lower_95", "ci_started_upper_95", "ci_left", "km_started", "at_risk")
        self._curves = self._by("waiting_curve", ("pathway", "day"), curve, *year) if has else {}

    def _read_list(self) -> dict[tuple[str, str], dict[tuple[date, str], dict[str, Any]]]:
        found: dict[tuple[str, str], dict[tuple[date, str], dict[str, Any]]] = {}
        measures = values_in(sorted({measure for _, _, measure in _LIST}))
        rows = self._release.rows(
            "SELECT level, organisation, period_start, measure, numerator, state FROM public.service_measure "
            "WHERE source = 'submitted' AND period_type = 'month' AND pathway = 'all' AND period_start IN (?, ?) "
            f"AND level IN ('England', 'region', 'ICB', 'provider') AND measure IN ({measures}) ORDER BY ALL",
            self._month,
            months_after(self._month, -1),
        )
        for row in rows:
            of = found.setdefault((row["level"], row["organisation"]), {})
            of[row["period_start"], row["measure"]] = row
        return found

    def _by(
        self, table: str, keys: Sequence[str], columns: Sequence[str], kind: str, start: date
    ) -> dict[str, dict[tuple[object, ...], dict[str, Any]]]:
        """Rows of providers by provider and keys; of all pathways or steps together where that is no key."""
        together = "".join(f" AND {key} = 'all'" for key in ("pathway", "step") if key not in keys)
        found: dict[str, dict[tuple[object, ...], dict[str, Any]]] = {}
        for row in self._release.rows(
            f"SELECT organisation, {', '.join((*keys, *columns))} FROM mart.{table} WHERE level = 'provider' "
            f"AND period_type = ? AND period_start = ?{together} ORDER BY ALL",
            kind,
            start,
        ):
            found.setdefault(row["organisation"], {})[tuple(row[key] for key in keys)] = row
        return found

    def block(self, level: str, code: str, conditions: Sequence[Pathway] = ()) -> Block:
        """The block of an organisation, for the conditions that its page shows."""
        if self._is_public:
            return Block(True, self._list_table(level, code))
        found = (self._waited(code, each, n < _MOST_CURVES) for n, each in enumerate(conditions))
        too_early = _TOO_EARLY.get(self._release.period.kind, "")
        return Block(False, self._flow_table(code), too_early, [each for each in found if each])

    def _list_table(self, level: str, code: str) -> Table | None:
        known = self._listed.get((level, code), {})
        lines = []
        for words, is_before, measure in _LIST:
            month = months_after(self._month, -1) if is_before else self._month
            row = known.get((month, measure))
            if row is None and is_before:  # the first month of the release
                continue
            if row is None:
                return None
            source = Source("service_measure", "numerator", code, measure, "month", month, level=level)
            said = missing(row["state"], row["numerator"]) or f"{row['numerator']:,}"
            lines.append((words, [data(said, row["numerator"], source)]))
        return Table(sentences.month(self._month), ["People"], lines)

    def _flow_table(self, code: str) -> Table | None:
        rows = {step: row for (step,), row in self._flow.get(code, {}).items()}
        if not rows or rows["all"]["waiting_at_end"] is None:
            return None
        steps = [step for step in _STEPS if any(rows.get(step, {}).get(name) for _, _, name, _ in _LINES if name)]

        def cell(step: str, column: str, sign: str) -> Markup | str:
            if not column:
                return ""
            value = rows[step][column]
            source = Source("flow", column, code, "", "month", self._month, level="provider", group=step)
            return data(f"{sign if value else ''}{value:,}", value, source)

        lines = []
        for words, waiting, treated, sign in _LINES:
            counted = [rows["all"][waiting] if waiting else 0, *(rows[s][treated] if treated else 0 for s in steps)]
            if sign and not any(counted):
                continue
            cells = [cell("all", waiting, sign), *(cell(step, treated, sign) for step in steps)]
            lines.append((words, cells))
        return Table(sentences.month(self._month), ["Waiting", *(_STEPS[step] for step in steps)], lines)

    def _waited(self, code: str, condition: Pathway, is_drawn: bool) -> Waited | None:
        row = self._waiting.get(code, {}).get((condition.code,))
        if row is None:
            return None
        said = list(self._said(code, condition, row))
        weeks = [
            Week(
                each["day"], each["at_risk"], each["ci_started"], each["ci_started_lower_95"],
                each["ci_started_upper_95"], each["ci_left"], each["km_started"],
            )
            for each in self._curves.get(code, {}).values()
            if each["pathway"] == condition.code and each["day"] <= _LAST_DAY and each["day"] % _EVERY == 0
        ]  # fmt: skip
        if not is_drawn or not weeks:  # of a quarter there are no curves
            return Waited(condition.name, said, Markup(""))
        period = self._release.period
        source = Source("waiting_curve", "", code, "", period.kind, period.start, condition.code, "provider")
        title = f"How long people referred for {condition.name.lower()} wait"
        drawn = Waits(title, weeks, source=source.drawn)
        html = Markup(waits(drawn, f"waits-{condition.code}").html)  # noqa: S704  escapes its texts itself
        return Waited(condition.name, said, html)

    def _said(self, code: str, condition: Pathway, row: Mapping[str, Any]) -> Iterator[Markup]:
        period = self._release.period

        def number(column: str, text: str) -> Markup:
            value = row[column]
            source = Source(
                "waiting", column, code, "", period.kind, period.start, condition.code, "provider", group="all"
            )
            return data(text, value if isinstance(value, int) else float(value), source)

        def of_100(column: str) -> Markup:
            return number(column, f"{100 * row[column]:.0f}")

        if row["ci_started_42"] is not None:
            yield sentences.filled(sentences.WAITED, begun=of_100("ci_started_42"), left=of_100("ci_left_42"))
        treated, everybody = row["treated_median_days"], row["km_median_days"]
        if treated is not None:
            flatters = everybody is not None and days(everybody) != days(treated)
            yield sentences.filled(
                sentences.FLATTERS if flatters else sentences.MEDIAN,
                treated=number("treated_median_days", days(treated)),
                everybody=number("km_median_days", days(everybody)) if flatters else "",
            )
        yield sentences.filled(
            sentences.STILL_WAITING,
            month=sentences.month(self._month),
            waiting=number("still_waiting", f"{row['still_waiting']:,}"),
            long=number("still_waiting_over_126", f"{row['still_waiting_over_126']:,}"),
        )
