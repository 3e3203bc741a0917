"""Whether a service is the same for everyone: its figure by age, ethnicity, gender and deprivation.

Belongs here: groups beside the whole service. Does not belong here: which groups there are
(``warehouse/measures``), comparing services.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from reports.pages import cells, sentences
from reports.pages.figures import ALL, Figure, Group, Service
from reports.pages.numbers import Source, data, missing
from reports.pages.questions import CLEARLY_BETTER, STARTED_IN_TIME
from reports.pages.release import PUBLIC, Release
from reports.site.wording import sentence
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES
from warehouse.comparison.statistics import Z_998, wilson

BREAKDOWNS = {
    "age_band": "Age", "gender": "Gender", "ethnic_group": "Ethnicity",
    "deprivation_quintile": "Deprivation of the area, in fifths",
}  # fmt: skip
CAME = "ACCESS"
# By measure set: what is compared between groups, as large in number as can be.
COMPARED = {TALKING_THERAPIES: CLEARLY_BETTER, SEVERE_MENTAL_ILLNESS: STARTED_IN_TIME}
# Groups that are nobody's: no sentence is about them.
_NOT_GROUPS = ("not known", "not stated", "other", "more than one", "indeterminate")
_ORDER = {"under 18": "0"}


@dataclass(frozen=True)
class Line:
    """A group: its name, how many started treatment, and its figure."""

    name: str
    came: Markup
    figure: Markup
    is_different: bool


@dataclass(frozen=True)
class Equity:
    """The groups of each breakdown, what is compared between them, and the sentence about all."""

    tables: Sequence[tuple[str, Sequence[Line]]]
    compared: str
    sentence: str


def equity(release: Release, service: Service, measure_set: str) -> Equity:
    """The groups of a service, all conditions together; one differs if its 99.8 % interval leaves the whole out.

    99.8 and not 95: of some 20 groups on a page one would differ by chance alone.
    """
    asked = COMPARED[measure_set]
    measure, whole = asked.measure, service.figure(ALL, asked.measure)
    names = release.groups
    by = {(each.measure, each.breakdown, each.group): each for each in service.groups}
    tables, different, tested = [], [], 0
    listed = sorted(
        {(each.breakdown, each.group) for each in service.groups if each.breakdown in BREAKDOWNS}, key=_order
    )
    for breakdown, groups in groupby(listed, key=lambda at: at[0]):
        lines = []
        for _, group in groups:
            came, own = by.get((CAME, breakdown, group)), by.get((measure, breakdown, group))
            if not (came and came.numerator) and not (own and own.denominator):
                continue
            name = names.get((breakdown, group), group)
            is_different = group not in _NOT_GROUPS and _differs(own, whole)
            tested += own is not None and own.value is not None and group not in _NOT_GROUPS
            if is_different:
                different.append(f"{BREAKDOWNS[breakdown].split()[0].lower()} {name.lower()}")
            lines.append(Line(name, _said(release, service, came), _said(release, service, own), is_different))
        if lines:
            tables.append((BREAKDOWNS[breakdown], lines))
    return Equity(tables, sentence(asked.label), _sentence(f"the share of {asked.label}", different, tested))


def answers(release: Release, service: Service, measure: str) -> list[Line]:
    """Answers to each question of the surveys: the words of the question, and how many were positive."""
    found = []
    for group in service.groups:
        if (group.measure, group.breakdown) == (measure, "question") and group.denominator is not None:
            words = release.groups.get(("question", group.group), group.group)
            found.append(Line(words, Markup(""), _said(release, service, group), is_different=False))
    return sorted(found, key=lambda line: line.name)


def _order(at: tuple[str, str]) -> tuple[int, str, str]:
    breakdown, group = at
    return list(BREAKDOWNS).index(breakdown), _ORDER.get(group, "2" if group in _NOT_GROUPS else "1"), group


def _differs(own: Group | None, whole: Figure | None) -> bool:
    if own is None or whole is None or None in (own.value, own.numerator, own.denominator, whole.value):
        return False
    limits = wilson(own.numerator or 0, own.denominator or 0, Z_998)
    return limits is not None and whole.value is not None and not limits[0] <= whole.value <= limits[1]


def _sentence(subject: str, different: Sequence[str], tested: int) -> str:
    if different:
        return sentences.NOT_SAME.format(groups=sentences.listed(different), subject=subject)
    return (sentences.SAME if tested > 1 else sentences.NO_GROUPS).format(subject=subject)


def _said(release: Release, service: Service, group: Group | None) -> Markup:
    if group is None:
        return Markup("")
    if group.numerator is None and group.value is None:
        return Markup(missing(group.state))  # noqa: S704  our own text
    year = release.period
    source = Source(
        "breakdown_measure" if release.edition == PUBLIC else "mart.breakdown_measure", "numerator",
        service.provider, group.measure, year.kind, year.start, breakdown=group.breakdown, group=group.group,
    )  # fmt: skip
    if group.denominator is None:
        return data(f"{group.numerator:,}", group.numerator, source)
    return cells.share(vars(group), cells.interval(vars(group)), source, likely=", likely {} to {}")
