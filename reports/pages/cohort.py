"""The stream of a service: what became of the people who were referred, and what that says at least and at most.

Belongs here: the stages of a condition and the bounds, from the measures of the cohort of referrals. Does not
belong here: counting the cohort (``warehouse/measures/7_stream.csv``), drawing (``reports.charts``).
"""

from collections.abc import Callable
from dataclasses import dataclass

from reports.charts import Part, Source, Stage, Stream
from reports.pages.figures import Service
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES, Pathway

_PAIRED = {TALKING_THERAPIES: "REFERRED_PAIRED", SEVERE_MENTAL_ILLNESS: "REFERRED_SMI_PAIRED"}
_BETTER = {TALKING_THERAPIES: "REFERRED_RELIABLY_IMPROVED", SEVERE_MENTAL_ILLNESS: "REFERRED_SMI_IMPROVED"}
_ASSESSED, _STARTED, _FINISHED = "REFERRED_ASSESSED", "REFERRED_STARTED", "REFERRED_FINISHED"
# Those who are still in care and have not reached a stage; of the second, those not assessed are a part.
_OPEN = {_ASSESSED: "REFERRED_OPEN_NOT_ASSESSED", _STARTED: "REFERRED_OPEN_NOT_STARTED"}

MEASURES = (_ASSESSED, _STARTED, _FINISHED, *_OPEN.values(), *_PAIRED.values(), *_BETTER.values())

_Place = Callable[[str], Source]


@dataclass(frozen=True)
class Bounds:
    """Of 100 people referred, how many got clearly better at least, and at most if all unmeasured did.

    ``measure`` is that of the people with two scores, on whom both rest.
    """

    low: float
    high: float
    measure: str


def stream(service: Service, condition: Pathway, place: _Place) -> Stream | None:
    """The stages of a condition; None where fewer than 5 people were referred. ``place``: that of a measure."""
    first = service.figure(condition.code, _ASSESSED)
    referred = first.denominator if first else None
    if not referred:
        return None

    def count(measure: str) -> int | None:
        figure = service.figure(condition.code, measure)
        return figure.numerator if figure else None

    def stage(label: str, measure: str, *parts: Part) -> Stage:
        return Stage(label, count(measure), "numerator", parts, source=place(measure))

    before = "Still in care before assessment"
    waiting, unstarted = count(_OPEN[_ASSESSED]), count(_OPEN[_STARTED])
    assessed = None if waiting is None or unstarted is None else max(0, unstarted - waiting)
    return Stream(
        f"What became of people referred for {condition.name.lower()}",
        [
            Stage(
                "Referred", referred, "denominator", (
                    Part(before, waiting, "open", "numerator", source=place(_OPEN[_ASSESSED])),
                    _left("before assessment", referred, count(_ASSESSED), waiting),
                ), source=place(_ASSESSED),
            ),
            stage(
                "Assessed", _ASSESSED,
                Part("Still in care before treatment", assessed, "open", "open_before_treatment"),
                _left("before treatment", count(_ASSESSED), count(_STARTED), assessed),
            ),
            stage("Started treatment", _STARTED),
            stage("Finished two sessions or more", _FINISHED),
            stage("Have two scores", _PAIRED[condition.measure_set]),
            stage("Got clearly better", _BETTER[condition.measure_set]),
        ],
        place(_ASSESSED),
    )  # fmt: skip


def _left(where: str, reached: int | None, went_on: int | None, still: int | None) -> Part:
    """Who is neither at the next stage nor still in care: what the three counts leave."""
    column = f"left_{where.replace(' ', '_')}"
    if reached is None or went_on is None or still is None:
        return Part(f"Left {where}", None, "left", column)
    return Part(f"Left {where}", max(0, reached - went_on - still), "left", column)


def bounds(service: Service, condition: Pathway) -> Bounds | None:
    """The bounds; None where one of the figures is missing."""
    paired, better = (service.figure(condition.code, of[condition.measure_set]) for of in (_PAIRED, _BETTER))
    if paired is None or better is None or paired.numerator is None or better.numerator is None:
        return None
    referred, unwell = paired.denominator, max(0, paired.numerator - better.numerator)
    if not referred:
        return None
    return Bounds(100 * better.numerator / referred, 100 * (referred - unwell) / referred, paired.measure)
