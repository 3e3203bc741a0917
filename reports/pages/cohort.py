"""The stream of a service: what became of the people who were referred, and what that says at least and at most.

Belongs here: the stages of a condition and the bounds, from the measures of the cohort of referrals. Does not
belong here: counting the cohort (``warehouse/measures/7_stream.csv``), drawing (``reports.charts``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from reports.charts import Part, Source, Stage, Stream
from reports.pages.figures import Service
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES

_PAIRED = {TALKING_THERAPIES: "REFERRED_PAIRED", SEVERE_MENTAL_ILLNESS: "REFERRED_SMI_PAIRED"}
_BETTER = {TALKING_THERAPIES: "REFERRED_RELIABLY_IMPROVED", SEVERE_MENTAL_ILLNESS: "REFERRED_SMI_IMPROVED"}
# Stage and measure; then what has not been reached by those who are still open.
_STAGES = (
    ("Assessed", "REFERRED_ASSESSED"),
    ("Started treatment", "REFERRED_STARTED"),
    ("Finished two sessions or more", "REFERRED_FINISHED"),
)
_OPEN = {"REFERRED_ASSESSED": "REFERRED_OPEN_NOT_ASSESSED", "REFERRED_STARTED": "REFERRED_OPEN_NOT_STARTED"}

MEASURES = (
    *(measure for _, measure in _STAGES), *_OPEN.values(), *_PAIRED.values(), *_BETTER.values()
)  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """Of 100 people referred, how many got clearly better at least, and at most if all unmeasured did."""

    low: int
    high: int


def stream(service: Service, pathway: str, measure_set: str, condition: str, period: str) -> Stream | None:
    """The stages of a condition; None where fewer than 5 people were referred."""
    counts = _counts(service, pathway)
    first = service.figure(pathway, "REFERRED_ASSESSED")
    referred = first.denominator if first else None
    if not referred:
        return None
    last = (("Have two scores", _PAIRED[measure_set]), ("Got clearly better", _BETTER[measure_set]))
    stages = [
        Stage(
            "Referred", referred, "denominator", _parts(referred, counts, "REFERRED_ASSESSED", "before assessment")
        )
    ]
    for place, (label, measure) in enumerate((*_STAGES, *last)):
        parts: tuple[Part, ...] = ()
        if place == 0:
            parts = _parts(counts.get(measure), counts, "REFERRED_STARTED", "before treatment", "REFERRED_ASSESSED")
        stages.append(Stage(label, counts.get(measure), "numerator", parts))
    source = Source("REFERRED_ASSESSED", service.provider, period, pathway)
    return Stream(f"What became of people referred for {condition.lower()}", stages, source)


def bounds(service: Service, pathway: str, measure_set: str) -> Bounds | None:
    """The bounds; None where one of the figures is missing."""
    paired, better = (service.figure(pathway, of[measure_set]) for of in (_PAIRED, _BETTER))
    if (
        paired is None
        or better is None
        or not paired.denominator
        or better.numerator is None
        or paired.numerator is None
    ):
        return None
    unwell = max(0, paired.numerator - better.numerator)
    referred = paired.denominator
    return Bounds(round(100 * better.numerator / referred), round(100 * (referred - unwell) / referred))


def _counts(service: Service, pathway: str) -> dict[str, int | None]:
    found = ((measure, service.figure(pathway, measure)) for measure in MEASURES)
    return {measure: figure.numerator if figure else None for measure, figure in found}


def _parts(
    people: int | None, counts: Mapping[str, int | None], following: str, where: str, reached: str = ""
) -> tuple[Part, ...]:
    """Who is still open before the next stage, and who left before it."""
    still = counts.get(_OPEN[following])
    gone = counts.get(following)
    if reached and still is not None and (before := counts.get(_OPEN[reached])) is not None:
        # Open and untreated includes open and not assessed.
        still = max(0, still - before)
    left = None if None in (people, gone, still) else max(0, (people or 0) - (gone or 0) - (still or 0))
    return (
        Part(f"Still in care {where}", still, "open", "numerator" if not reached else "derived"),
        Part(f"Left {where}", left, "left", "derived"),
    )
