"""A preview in words: which figures stand first, each as people read it, and what a preview cannot know.

Belongs here: choosing and wording for page and terminal alike. Does not belong here: what findings cost
(``costings``), layout (``page``, ``pipelines.show_preview``), all figures as data (``tables``).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import polars as pl

from reports.pages.numbers import missing, value_said
from reports.pages.questions import QUESTIONS, Asked
from reports.preview.content import Preview
from reports.site.wording import counted, first_of, sentence
from schemas.month import months_after
from schemas.pathway import MEASURE_SETS, Pathway, pathways

ALL = "all"
FIRST = (
    Asked("REFERRALS", "people referred"),
    Asked("ACCESS", "people who started treatment"),
    Asked("FINISHED", "people who finished a course of treatment"),
    Asked("RECOVERY", "people who recovered"),
    Asked("RELIABLE_IMPROVEMENT", "people who got clearly better"),
    Asked("CONTACTS_HELD", "appointments held"),
    Asked("SMI_TREATED", "people treated whose care ended"),
    Asked("SMI_IMPROVEMENT", "people whose quality of life got clearly better"),
)
"""What a month comes to in short. They stand first, and first among what a finding costs."""
_NOT_HERE = "not applicable"
_LEFT_OUT_SAID = 5


@dataclass(frozen=True)
class Line:
    """A figure in words: now, in the month before, the lowest and highest of the earlier months, and nationally."""

    label: str
    measure: str
    now: str
    before: str
    earlier: str
    national: str


@dataclass(frozen=True)
class Section:
    """The figures of one condition, or of all together (no name), by question."""

    name: str
    blocks: Sequence[tuple[str, Sequence[Line]]]


def sections(preview: Preview) -> list[Section]:
    """All conditions together, then each condition with figures where there are several."""
    own = [each for each in pathways() if each.code in set(preview.figures["pathway"])]
    several = own if len(own) > 1 else []
    return [
        each
        for each in (_section(preview, None, own), *(_section(preview, p, [p]) for p in several))
        if each.blocks
    ]


def cannot_know(preview: Preview) -> Iterator[str]:
    """What a preview cannot know, in sentences: first what may change these figures."""
    of = preview.of
    if of is None:
        return
    if preview.begun_before and not preview.earlier.extracts:
        yield (
            f"{preview.begun_before:,} of {counted(preview.referrals, 'referral')} came before {of.month:%B %Y}. "
            "Their earlier sessions and scores are in earlier extracts. Without them, figures such as finished "
            "courses, waits and recovery are too low or missing. Give the folder of your earlier extracts with "
            "--history."
        )
    elif missing_months := _gaps(of.month, preview.earlier.extracts):
        names = [f"{month:%B %Y}" for month in missing_months]
        yield (
            f"No extract was given of {first_of(names, _LEFT_OUT_SAID)}. What was sent in these months is not in "
            "these figures. It is in those of the centre."
        )
    if not preview.has_reference:
        yield (
            "Deprivation, region and successors are not known here: they come from reference files. Groups of "
            "deprivation are «not known». Give the same files as the centre with --reference."
        )
    yield (
        "Other services are not known here: no comparison with services like yours, no funnel, no control limits."
    )
    yield (
        "What comes later is not known: follow-ups, and what happens after therapy. Later extracts may change some "
        "figures of this month."
    )
    yield (
        "The centre may hold a file that is much smaller than the one before. It removes records of people who "
        "were erased. The public page shows these figures with small random errors."
    )
    yield from preview.earlier.left_out


def headline(preview: Preview) -> str:
    """What the figures are, in a sentence."""
    if preview.of is None or preview.figures.is_empty():
        return "There are no figures: the rows of this extract cannot be read. Correct what rejects the file first."
    if preview.is_rejected:
        return (
            "Nothing of this extract counts as it is, because the file is rejected. These are the figures it would "
            "have without what rejects the whole file."
        )
    return "If you send this extract and it counts, the next release will have exactly these figures of this month."


def beside(preview: Preview) -> tuple[str, str, str, str]:
    """What heads the columns of ``Line`` after the label: now, before, earlier and national."""
    assert preview.of is not None, "asked of a preview with figures"
    month, there = preview.of.month, preview.national_month
    return (
        f"{month:%B %Y}", f"{months_after(month, -1):%B %Y}", "Earlier months",
        f"England, {there:%B %Y}" if there else "England",
    )  # fmt: skip


def _gaps(month: date, extracts: Sequence[date]) -> list[date]:
    """Months without an extract between the first one given and the month that is previewed."""
    first, found = min(extracts, default=month), list[date]()
    while (first := months_after(first, 1)) < month:
        if first not in extracts:
            found.append(first)
    return found


def _section(preview: Preview, pathway: Pathway | None, own: Sequence[Pathway]) -> Section:
    code = pathway.code if pathway else ALL
    sets = {each.measure_set for each in own} or set(MEASURE_SETS)
    # England's conditions together are another mix than this service's: only the same condition is set beside.
    tell = _Telling(preview, code, code if pathway else own[0].code if len(own) == 1 else "")
    in_short = [line for asked in FIRST if (line := tell.line(asked)) is not None]
    blocks = [("In short", in_short)]
    said = {line.measure for line in in_short}
    for question in QUESTIONS:
        asked = [each for name in MEASURE_SETS if name in sets for each in question.asked(name)]
        lines = []
        for each in asked:
            if each.measure not in said and (line := tell.line(each)) is not None:
                lines.append(line)
                said.add(each.measure)
        blocks.append((question.text, lines))
    return Section(pathway.name if pathway else "", [(text, lines) for text, lines in blocks if lines])


class _Telling:
    """The figures of everybody of one pathway, by measure, with those of the pathway ``nationally`` beside them."""

    def __init__(self, preview: Preview, pathway: str, nationally: str) -> None:
        assert preview.of is not None, "asked of a preview with figures"
        month = preview.of.month
        everybody = (pl.col("pathway") == pathway) & (pl.col("breakdown") == "")
        self._known = by_id(preview.measures)
        self._now = by_id(preview.figures.filter(everybody))
        before = preview.earlier.figures.filter(everybody, pl.col("month") < month)
        self._before = by_id(before.filter(pl.col("month") == months_after(month, -1)))
        self._earlier = {
            name: list(rows["value"])
            for (name,), rows in before.filter(pl.col("value").is_not_null()).group_by("measure")
        }
        there = preview.national_month
        self._national: Mapping[str, dict[str, Any]] = {}
        if preview.national is not None and there is not None:
            self._national = by_id(
                preview.national.figures.filter(pl.col("pathway") == nationally, pl.col("month") == there)
            )

    def line(self, asked: Asked) -> Line | None:
        """A figure in words; ``None`` where the measure is not asked of the pathway."""
        now, measure = self._now.get(asked.measure), self._known.get(asked.measure)
        if now is None or measure is None or now["state"] == _NOT_HERE:
            return None
        kind, unit = measure["kind"], measure["unit"] or ""
        values, there = self._earlier.get(asked.measure, []), self._national.get(asked.measure)
        return Line(
            labels()[asked.measure], asked.measure, figure_said(measure, now),
            figure_said(measure, self._before.get(asked.measure)),
            _range(kind, unit, values), _nationally(kind, unit, there),
        )  # fmt: skip


def figure_said(measure: Mapping[str, Any], figure: Mapping[str, Any] | None, prefix: str = "") -> str:
    """A figure in words: people before per cent; without a value, why. Empty without a figure.

    ``prefix`` is that of the columns of ``figure``.
    """
    if figure is None or figure[f"{prefix}state"] is None:
        return ""
    value, kind = figure[f"{prefix}value"], measure["kind"]
    if value is None:
        return missing(figure[f"{prefix}state"])
    numerator, denominator = figure[f"{prefix}numerator"], figure[f"{prefix}denominator"]
    said = value_said(kind, measure["unit"] or "", value, denominator)
    return f"{numerator:,} of {denominator:,} ({said})" if kind == "share" and denominator else said


def _range(kind: str, unit: str, values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = (value_said(kind, unit, value) for value in (min(values), max(values)))
    span = low if low == high else f"{low} to {high}"
    return f"{span} ({counted(len(values), 'month')})"


def _nationally(kind: str, unit: str, figure: Mapping[str, Any] | None) -> str:
    """A national figure: of a count nothing, since a country is no measure of one service."""
    if figure is None or kind == "count":
        return ""
    value = figure["value"]
    return value_said(kind, unit, value) if value is not None else missing(figure["state"])


@cache
def labels() -> dict[str, str]:
    """How figures are called, by measure: those that stand first, then those that are asked.

    Two that a page of one condition calls the same stand in one table here: each says of whom it is.
    """
    asked = [each for question in QUESTIONS for name in MEASURE_SETS for each in question.asked(name)]
    every = {each.measure: each for each in (*asked, *FIRST)}
    often = Counter(each.label for each in every.values())
    return {
        measure: sentence(each.label if often[each.label] == 1 else f"{each.label} ({each.noun})")
        for measure, each in every.items()
    }


def by_id(rows: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows by their measure."""
    return {row["measure"]: row for row in rows.iter_rows(named=True)} if "measure" in rows.columns else {}
