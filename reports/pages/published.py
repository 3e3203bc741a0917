"""The page of each service in NHS England's published annual figures, in the blocks of a service page.

Belongs here: telling the published figures of one service. Does not belong here: reading them for other pages
(``earlier``), the figures of submissions (``service``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from reports.charts import (
    Position,
    position,
)
from reports.pages import addresses, cells, sentences
from reports.pages.beside import Beside
from reports.pages.blocks import Answer, Block, Told
from reports.pages.earlier import COMPARED, HISTORY, Earlier, centre, over_years, source, year_words
from reports.pages.figures import Figure, Point
from reports.pages.numbers import Source, data, missing, value_said
from reports.pages.page import Page, rendered
from reports.pages.questions import QUESTIONS, Asked
from reports.pages.release import Measure, Release
from reports.pages.signals import Change, change, standing
from reports.site.wording import sentence
from schemas.pathway import TALKING_THERAPIES, Pathway, pathways

# NHS England rounds the counts of a service to 5 and leaves out those under 5.
ROUNDED = (
    "NHS England rounds these counts to the nearest 5. "
    "So the shares of a small service may be off by a point or two."
)


def talking_therapies() -> Pathway:
    """The condition of the published statistics."""
    return next(each for each in pathways() if each.measure_set == TALKING_THERAPIES)


@dataclass(frozen=True)
class YearLine:
    """A year of a service in one measure: its figure, England's, and where it stood."""

    year: str
    here: Markup
    there: Markup
    short: str


def pages(release: Release) -> Iterator[Page]:
    """The page of each service in NHS England's published statistics, from the template of service pages."""
    if not release.has("public", "control_chart"):
        return
    earlier = Earlier(release)
    if not earlier.years:
        return
    history = Beside(release.rows(HISTORY.format(where="c.provider <> 'ENG'")), "provider")
    compared = Beside(release.rows(COMPARED.format(where="true")), "provider")
    for code in sorted(release.published):
        values = _Telling(release, earlier.years, code, list(history.of(code)), list(compared.of(code))).values()
        yield rendered("published.html", addresses.published(code), release, values)


class _Telling:
    """Tells the published figures of one service in the blocks of a service page."""

    def __init__(
        self, release: Release, years: Sequence[date], code: str, history: Sequence[Any], compared: Sequence[Any]
    ) -> None:
        self._release, self._years, self._code = release, years, code
        self._name = release.name_of("provider", code)
        self._history = {name: list(rows) for name, rows in groupby(history, key=itemgetter("measure"))}
        self._compared = {name: list(rows) for name, rows in groupby(compared, key=itemgetter("measure"))}
        self._condition = talking_therapies()

    def values(self) -> dict[str, Any]:
        """What the template needs."""
        blocks = [each for each in (self._block(question) for question in QUESTIONS) if each.answers]
        seen = sorted({row["period_start"] for rows in self._history.values() for row in rows} |
                      {row["period_start"] for rows in self._compared.values() for row in rows})  # fmt: skip
        at = self._release.at("provider", self._code)
        return {
            "code": self._code, "name": self._name, "condition": self._condition, "blocks": blocks,
            "first": year_words(seen[0]), "last": year_words(seen[-1]), "years": len(seen), "at": at,
            "is_current": seen[-1] == self._years[-1], "rounded": ROUNDED,
            "region": self._release.name_of("region", at.region) if at.region else "",
            "icb": self._release.name_of("ICB", at.icb) if at.icb else "",
            "tables": self._tables(),
        }  # fmt: skip

    def _block(self, question: Any) -> Block:
        asked = [
            each for each in question.asked(TALKING_THERAPIES)
            if each.measure in self._history or each.measure in self._compared
        ]  # fmt: skip
        told = [self._told(each, f"{question.id}-{place}", place == 0) for place, each in enumerate(asked)]
        answers = [Answer(self._condition, told[0], told[1:])] if told else []
        return Block(question, answers, ())

    def _told(self, asked: Asked, figure_id: str, in_full: bool) -> Told:
        measure = self._release.measures[asked.measure]
        rows, points = self._compared.get(asked.measure, []), self._history.get(asked.measure, [])
        latest = rows[-1] if rows else None
        figure = None if latest is None else _figure(latest)
        stands = standing(figure, measure.kind, 12)
        services = (latest["services"] if latest else 0) or 0
        if latest is None and points:
            here = self._count(measure, asked, points[-1])
            said, short = "", ""
        else:
            here = cells.figure(measure, latest, self._at(measure, latest), asked.noun)
            said = sentences.standing(stands, self._condition.name, services, submitted=12, months=12)
            short = sentences.short(stands)
        moved = change([_point(row) for row in points])
        return Told(
            asked, measure, figure, stands, said, short, here=here, there=self._there(measure, latest),
            chart=self._position(asked, measure, latest, f"{figure_id}-position") if in_full else Markup(""),
            over_time=over_years(measure, self._name, self._code, points, self._years, f"{figure_id}-years")
            if in_full and points else Markup(""),
            change=moved, changed=_changed(moved),
        )  # fmt: skip

    def _at(self, measure: Measure, row: Mapping[str, Any] | None, org: str = "", table: str = "") -> Source:
        start = row["period_start"] if row else self._years[-1]
        return source(measure.id, org or self._code, start, table or "service_comparison")

    def _count(self, measure: Measure, asked: Asked, row: Mapping[str, Any]) -> Markup:
        said = value_said(measure.kind, measure.unit, float(row["value"]))
        at = source(measure.id, self._code, row["period_start"], "control_chart")
        return Markup("{} {} in {}").format(
            data(said, float(row["value"]), at), asked.noun, year_words(row["period_start"])
        )

    def _there(self, measure: Measure, row: Mapping[str, Any] | None) -> Markup:
        if row is None or row["national_value"] is None:
            return Markup("")
        said = value_said(measure.kind, measure.unit, float(row["national_value"]), row["national_denominator"])
        return data(said, float(row["national_value"]), self._at(measure, row, "ENG", "national"))

    def _position(self, asked: Asked, measure: Measure, row: Mapping[str, Any] | None, figure_id: str) -> Markup:
        if row is None or row["value"] is None:
            return Markup("")
        drawn = position(
            Position(
                f"{sentence(asked.label)}, {year_words(row['period_start'])}", self._name,
                cells.drawn(measure, row, self._at(measure, row)),
                centre(measure, row), "England", measure.standard, cells.scale(measure),
            ),
            figure_id,
        )  # fmt: skip
        return Markup(drawn.html)  # noqa: S704  escapes its texts itself

    def _tables(self) -> list[tuple[Measure, list[YearLine]]]:
        """Every share, year by year, with its position."""
        found = []
        for name, measure in self._release.measures.items():
            lines = []
            for row in self._compared.get(name, []):
                stands = standing(_figure(row), measure.kind, 12)
                here = cells.figure(measure, row, self._at(measure, row))
                if row["value"] is None and row["numerator"] is None:
                    here = Markup(missing(row["state"]))  # noqa: S704  our own text
                lines.append(
                    YearLine(
                        year_words(row["period_start"]), here, self._there(measure, row), sentences.short(stands)
                    )
                )
            if lines:
                found.append((measure, lines))
        return found


def _changed(of: Change) -> str:
    """What changed over the years: the words of a service page are of months."""
    if of.first is None or of.last is None:
        return ""
    side = "higher" if of.is_high else "lower"
    if of.rule == "outside":
        return f"In {year_words(of.last)} it was {side} than chance explains."
    first, last = year_words(of.first), year_words(of.last)
    return f"From {first} to {last} it was {side} than its own average, by more than chance explains."


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(
        row["provider"], row["pathway"], row["measure"], row["numerator"], row["denominator"],
        cells.number(row["value"]), row["state"], 12, cells.number(row["lower_95"]), cells.number(row["upper_95"]),
        row["position"], row["services"], row["why_no_position"], None, row["national_numerator"],
        row["national_denominator"], cells.number(row["national_value"]), "value",
    )  # fmt: skip


def _point(row: Mapping[str, Any]) -> Point:
    return Point(
        row["period_start"], row["segment"], row["rebased_because"], row["points"], cells.number(row["value"]),
        row["why_not_charted"], cells.number(row["mean"]), row["limits"], cells.number(row["lower_limit"]),
        cells.number(row["upper_limit"]), row["point_type"], row["signal"], row["variation"],
    )  # fmt: skip
