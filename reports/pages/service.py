"""The page of a service, in two editions of one template: the public one, and the service's own.

Belongs here: what stands on the page, in which order. Does not belong here: the blocks (``blocks``), the three
sentences (``opening``), reading figures (``figures``).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from reports.charts import Source, stream
from reports.pages import addresses, asked_about, changes, cohort, equity, further, quality, sentences
from reports.pages.blocks import Telling
from reports.pages.digest import digest
from reports.pages.figures import Service, history_table, services
from reports.pages.numbers import data
from reports.pages.opening import opening
from reports.pages.page import Page, rendered
from reports.pages.plans import Plans
from reports.pages.questions import QUESTIONS
from reports.pages.release import Release
from reports.pages.waits import Flows
from schemas.pathway import Pathway, pathways

# A condition with fewer referrals than that is named, and has no blocks: nothing of it could be compared.
_SMALLEST = 20
_BY_QUESTION = "EXPERIENCE_POSITIVE"
ASKED = tuple(sorted({a.measure for q in QUESTIONS for a in (*q.talking_therapies, *q.severe_mental_illness)}))
_COMPARED = tuple(asked.measure for asked in equity.COMPARED.values())
MEASURES = tuple(sorted({*ASKED, *cohort.MEASURES, *quality.MEASURES, *_COMPARED, *further.MEASURES}))
_BY_GROUP: Mapping[str, Sequence[str]] = {
    **{measure: tuple(equity.BREAKDOWNS) for measure in (equity.CAME, *_COMPARED)},
    _BY_QUESTION: ("question",),
}


def pages(release: Release) -> Iterator[Page]:
    """The public page of every service."""
    for service, values in _told(release):
        yield rendered("service.html", addresses.service(service.provider), release, values)


def inside_pages(release: Release) -> Iterator[Page]:
    """The pages of every service for itself, with its exact figures, and its digest."""
    plans = Plans(release)
    for service, values in _told(release):
        planned = plans.page(service.provider, values["name"]) if values["blocks"] else None
        asked = asked_about.beside(release.asked.get(service.provider, ()))
        own = values | {"has_plans": planned is not None, "asked": asked}
        yield rendered("service.html", addresses.OWN, release, own, provider=service.provider)
        if planned is not None:
            yield planned
        text = digest(release, values["name"], values["blocks"])
        yield Page(addresses.DIGEST, text, service.provider)


def _told(release: Release) -> Iterator[tuple[Service, dict[str, Any]]]:
    """Every service, and what the template knows of it. What is of the release as a whole is read once."""
    if release.is_empty:
        return
    every = changes.of_release(release.folder) if release.folder else None
    flows = Flows(release)
    for service in services(release, MEASURES, ASKED, _BY_GROUP):
        values = _values(release, service)
        yield (
            service,
            values
            | {
                "changes": _changes(every, service.provider),
                "waits": flows.block("provider", service.provider, values.get("shown", ())),
            },
        )


def _values(release: Release, service: Service) -> dict[str, Any]:
    """What the template knows of a service; of one with fewer than 5 people for each condition hardly anything."""
    known = {each.code: each for each in pathways()}
    conditions = [known[code] for code in service.pathways if code in known]
    shared = {
        "code": service.provider,
        "name": release.name_of("provider", service.provider),
        "conditions": conditions,
    }
    if not conditions:
        is_in = any(figure.months_submitted for figure in service.figures.values())
        said = (
            sentences.HARDLY_ANYBODY if is_in else sentences.filled(sentences.NO_MONTH, period=release.period.words)
        )
        return shared | {"opening": [said], "trust": "", "small": "", "blocks": []}
    telling = Telling(release, service)
    main, *others = conditions
    small = [each for each in others if service.size(each.code) < _SMALLEST]
    shown = [each for each in conditions if each not in small]
    blocks = [telling.block(question, shown) for question in QUESTIONS if question.id != "same"]
    months = len(release.months)
    most = max(service.figures.values(), key=lambda figure: figure.months_submitted or 0)
    submitted = most.months_submitted or 0
    charted = len(release.charted_months) if release.has(*history_table(release)) else 0
    in_ = telling.months(most.measure, most.pathway, submitted)
    return shared | {
        "shown": shown,
        "several": len(shown) > 1,
        "small": _small(small),
        "trust": sentences.trust(
            submitted >= months, **in_, paired=_paired(telling, service, main), is_one=months == 1
        ),
        "opening": opening(blocks, main, in_ if submitted < months else {}, charted),
        "blocks": blocks,
        "streams": _streams(telling, service, shown),
        "equity": equity.equity(release, service, main.measure_set),
        "quality": quality.items(telling, main),
        "months": in_,
        "is_whole": submitted >= months,
        "is_one": months == 1,
        "answers": equity.answers(release, service, _BY_QUESTION),
    }


def _small(conditions: Sequence[Pathway]) -> str:
    names = [each.name.lower() for each in conditions]
    return sentences.SMALL.format(conditions=sentences.listed(names)) if names else ""


def _changes(every: Mapping[str, Sequence[str]] | None, provider: str) -> list[str]:
    """What changed for a provider since the last release, in sentences. ``every``: as ``changes.of_release``."""
    if every is None:
        return [changes.FIRST]
    return [*every.get(provider, ())] or [changes.NOTHING]


def _paired(telling: Telling, service: Service, condition: Pathway) -> Markup | None:
    measure = quality.PAIRED[condition.measure_set]
    figure = service.figure(condition.code, measure)
    if figure is None or figure.value is None:
        return None
    return data(f"{100 * figure.value:.0f}", figure.value, telling.source(measure, condition.code, "value"))


def _bounds(telling: Telling, condition: Pathway, of: cohort.Bounds) -> Markup:
    """The sentence of a stream: what is known at least and at most."""

    def said(value: float, column: str) -> Markup:
        return data(f"{value:.0f}", value, telling.source(of.measure, condition.code, column))

    low, high = said(of.low, "at_least_of_100"), said(of.high, "at_most_of_100")
    return sentences.filled(sentences.BOUNDS, low=low, high=high)


def _streams(
    telling: Telling, service: Service, conditions: Sequence[Pathway]
) -> list[tuple[Pathway, Markup, Markup]]:
    found = []
    for condition in conditions:
        drawn = cohort.stream(service, condition, partial(_place, telling, condition))
        if drawn is not None:
            bounds = cohort.bounds(service, condition)
            said = _bounds(telling, condition, bounds) if bounds else Markup("")
            html = Markup(stream(drawn, f"stream-{condition.code}").html)  # noqa: S704  escapes its texts itself
            found.append((condition, html, said))
    return found


def _place(telling: Telling, condition: Pathway, measure: str) -> Source:
    return telling.source(measure, condition.code, "").drawn
