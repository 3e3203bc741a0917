"""The blocks of a service page: a question, the figures that answer it, their charts and sentences.

Belongs here: what stands in a block. Does not belong here: which measures answer a question (``questions``), the
page around the blocks (``service``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from markupsafe import Markup

from reports.charts import ControlChart, ControlPoint, Position, Value, control_chart, position
from reports.charts import Source as Drawn
from reports.pages import sentences
from reports.pages.cells import scale, share
from reports.pages.figures import Figure, Point, Service, history_table
from reports.pages.further import Further, before_and_after, own_scores
from reports.pages.numbers import Source, data, missing, value_said
from reports.pages.questions import Asked, Question
from reports.pages.release import PUBLIC, Measure, Release
from reports.pages.signals import MISSING, Case, Change, Standing, change, standing
from reports.site.wording import sentence
from schemas.pathway import Pathway

# From so many points on a chart over time is drawn.
_LEAST_POINTS = 2


@dataclass(frozen=True)
class Told:
    """One figure as a block shows it, and what was decided about it."""

    asked: Asked
    measure: Measure
    figure: Figure | None
    standing: Standing
    sentence: str
    short: str
    here: Markup
    there: Markup
    value: Markup = field(default_factory=Markup)
    chart: Markup = field(default_factory=Markup)
    over_time: Markup = field(default_factory=Markup)
    change: Change = field(default_factory=lambda: Change("early"))
    changed: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether there is no figure."""
        return self.standing.case in MISSING

    @property
    def subject(self) -> str:
        """What it is, as a sentence names it: "the share of people who recovered"."""
        before = {"share": "the share of ", "count": "the number of "}.get(self.measure.kind, "the ")
        return before + self.asked.label


@dataclass(frozen=True)
class Answer:
    """The figures of one condition: the first in full, the others in a table."""

    condition: Pathway
    first: Told
    others: Sequence[Told]


@dataclass(frozen=True)
class Block:
    """A question and its answers by condition; conditions with too few people for any are ``unanswered``.

    ``charts`` are of the question as a whole, after its answers.
    """

    question: Question
    answers: Sequence[Answer]
    unanswered: Sequence[str]
    why_not: str = ""
    charts: Sequence[Further] = ()


class Telling:
    """Tells the figures of one service in words and charts."""

    def __init__(self, release: Release, service: Service) -> None:
        """Of one service of a release."""
        self._release, self._service = release, service
        self._months = len(release.months)
        self._said: set[tuple[str, Case]] = set()

    def block(self, question: Question, conditions: Sequence[Pathway]) -> Block:
        """A question with the answers of the service's conditions, the largest first."""
        answers, unanswered = [], []
        for place, condition in enumerate(conditions):
            asked = question.known(condition.measure_set, self._release.measures)
            if not asked:
                continue
            told = [self.told(each, condition) for each in asked]
            if place and all(each.is_missing for each in told):
                unanswered.append(condition.name)
                continue
            # What has a figure stands first; of the main condition even «fewer than 5» says something.
            first = next((each for each in told if not each.is_missing), told[0])
            others = [each for each in told if each is not first and each.standing.case is not Case.NOT_ASKED]
            answers.append(Answer(condition, self._in_full(first, condition, question.id), others))
        why_not = "" if answers or unanswered else question.why_not_asked
        return Block(question, answers, unanswered, why_not, self._charts(question, conditions))

    def _charts(self, question: Question, conditions: Sequence[Pathway]) -> list[Further]:
        """Beside the figures: scores at both ends under «better», events before and after under «crisis»."""
        year = self._release.period
        if question.id == "better":
            return [chart for each in conditions for chart in own_scores(self._service, each, year)]
        if question.id == "crisis":
            return [
                chart for each in conditions for chart in before_and_after(self._service, each, year, self._table)
            ]
        return []

    def knows(self, asked: Asked) -> bool:
        """Whether the release has the measure: one of another version may lack it."""
        return asked.measure in self._release.measures

    def told(self, asked: Asked, condition: Pathway) -> Told:
        """A figure without its charts."""
        measure, figure = self._release.measures[asked.measure], self._service.figure(condition.code, asked.measure)
        stands = standing(figure, measure.kind, self._months)
        said = sentences.standing(
            stands, condition.name, (figure.services if figure else 0) or 0,
            **self.months(asked.measure, condition.code, (figure.months_submitted if figure else 0) or 0),
        )  # fmt: skip
        moved = change(self._service.history.get((condition.code, asked.measure), []))
        return Told(
            asked, measure, figure, stands, said, sentences.short(stands),
            here=self._here(asked, measure, figure), there=self._there(measure, figure),
            value=self._value(measure, figure), change=moved, changed=sentences.changed(moved),
        )  # fmt: skip

    def _in_full(self, told: Told, condition: Pathway, place: str) -> Told:
        """A figure with its charts."""
        name = f"{place}-{condition.code}"
        points = self._service.history.get((condition.code, told.asked.measure), [])
        return replace(
            told,
            sentence=self._once(told, condition),
            chart=self._position(told, condition, f"{name}-position"),
            over_time=self._over_time(told, condition, points, f"{name}-time"),
            changed=sentence(told.changed),
        )

    def _once(self, told: Told, condition: Pathway) -> str:
        """The sentence of a figure, or if it stood in a block before that it holds here too."""
        key = (condition.code, told.standing.case)
        if key in self._said:
            return sentences.SAID_BEFORE.get(told.standing.case, told.sentence)
        self._said.add(key)
        return told.sentence

    def source(self, measure: str, pathway: str, column: str, national: bool = False) -> Source:
        """Where a number of the year is from."""
        year = self._release.period
        org = "ENG" if national else self._service.provider
        return Source("national" if national else self._table, column, org, measure, year.kind, year.start, pathway)

    def _here(self, asked: Asked, measure: Measure, figure: Figure | None) -> Markup:
        """The figure as people, in per cent, and its interval; or why there is none."""
        if figure is None:
            return Markup(missing("not applicable"))  # noqa: S704  our own text
        if figure.state == "no denominator":
            return Markup(missing(figure.state))  # noqa: S704  our own text
        if measure.kind == "share" and figure.denominator is not None:
            low, high = figure.lower_95, figure.upper_95
            return share(
                vars(figure), None if low is None or high is None else (low, high),
                self.source(asked.measure, figure.pathway, ""), asked.noun,
            )  # fmt: skip
        if figure.value is None:
            return Markup(missing(figure.state))  # noqa: S704  our own text
        said = self._value(measure, figure)
        return Markup("{} {}").format(said, asked.noun) if measure.kind == "count" else said

    def months(self, measure: str, pathway: str, submitted: int) -> dict[str, Markup]:
        """The months of the year that are in, and all: the slots ``submitted`` and ``months`` of sentences."""
        return {
            "submitted": data(str(submitted), submitted, self.source(measure, pathway, "months_submitted")),
            "months": data(str(self._months), self._months, self.source(measure, pathway, "months")),
        }

    def _value(self, measure: Measure, figure: Figure | None) -> Markup:
        """The value alone; empty where there is none."""
        if figure is None or figure.value is None:
            return Markup("")
        said = value_said(measure.kind, measure.unit, figure.value, figure.denominator)
        return data(said, figure.value, self.source(measure.id, figure.pathway, "value"))

    def _there(self, measure: Measure, figure: Figure | None) -> Markup:
        """The national figure of services like it; or why there is none."""
        if figure is None or measure.kind == "count":
            return Markup("")
        if figure.national_value is None:
            return Markup(missing(figure.national_state or ""))  # noqa: S704  our own text
        said = value_said(measure.kind, measure.unit, figure.national_value, figure.national_denominator)
        return data(said, figure.national_value, self.source(measure.id, figure.pathway, "value", national=True))

    def _position(self, told: Told, condition: Pathway, name: str) -> Markup:
        figure = told.figure
        if figure is None or figure.value is None or told.measure.kind == "count":
            return Markup("")
        national = None
        if figure.national_value is not None:
            national = Value(
                figure.national_value, denominator=figure.national_denominator,
                source=self.source(told.measure.id, figure.pathway, "", national=True).drawn,
            )  # fmt: skip
        own = Value(
            figure.value, figure.lower_95, figure.upper_95, figure.numerator, figure.denominator,
            source=self.source(told.measure.id, figure.pathway, "").drawn,
        )  # fmt: skip
        drawn = position(
            Position(
                sentence(told.asked.label), self._name, own, national,
                f"All services for {condition.name.lower()}", told.measure.standard, scale(told.measure),
            ),
            name,
        )  # fmt: skip
        return Markup(drawn.html)  # noqa: S704  escapes its texts itself

    def _over_time(self, told: Told, condition: Pathway, points: Sequence[Point], name: str) -> Markup:
        if sum(point.value is not None and point.why_not_charted is None for point in points) < _LEAST_POINTS:
            return Markup("")
        by_month = {point.period_start: point for point in points}
        title = f"{sentence(told.asked.label)}, month by month"
        drawn_points = [_control_point(month, by_month.get(month)) for month in self._release.charted_months]
        drawn = control_chart(
            ControlChart(
                title, self._name, drawn_points, told.measure.standard, scale=scale(told.measure),
                source=Drawn(
                    told.measure.id, self._service.provider, pathway=condition.code, period_type="month",
                    table=".".join(history_table(self._release)).removeprefix("public."),
                ),
            ),
            name,
        )  # fmt: skip
        return Markup(drawn.html)  # noqa: S704  escapes its texts itself

    @property
    def _table(self) -> str:
        """The table of a service's own figures in this edition."""
        return "service_measure" if self._release.edition == PUBLIC else "mart.service_comparison"

    @property
    def _name(self) -> str:
        return self._release.name_of("provider", self._service.provider)


def _control_point(month: date, point: Point | None) -> ControlPoint:
    label = f"{month:%b %Y}"
    if point is None:
        return ControlPoint(label, None, why_missing="no figure")
    if point.why_not_charted is not None:
        return ControlPoint(label, None, why_missing=_why_not_charted(point.why_not_charted))
    return ControlPoint(
        label, point.value, point.mean, point.lower_limit, point.upper_limit, point.limits, point.variation,
        point.signal, point.segment, point.rebased_because or "",
        source=Drawn(period=str(month)),
    )  # fmt: skip


def _why_not_charted(why: str) -> str:
    return "not submitted" if why.startswith("incomplete month") else "too few people"
