"""What bends the figures of a service: what is missing in its records, and which figures that touches.

Belongs here: the measures of data quality that a service page shows beside outcomes. Does not belong here: the
report on a submission (``reports.site``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pages.blocks import Telling, Told
from reports.pages.questions import Asked
from reports.pages.signals import MISSING
from schemas.pathway import SEVERE_MENTAL_ILLNESS, TALKING_THERAPIES, Pathway

_WHO = "whether it is the same for everyone"
_ITEMS = {
    TALKING_THERAPIES: (
        (Asked("PAIRED", "finished courses with scores at both ends", "people who finished"), "who got better"),
        (Asked("DQ_PROBLEM_FINISHED", "finished courses with a problem described", "people who finished"),
         "who got better, problem by problem"),
    ),
    SEVERE_MENTAL_ILLNESS: (
        (Asked("REQOL_PAIRED", "finished courses with quality of life scored twice", "people who finished"),
         "who got better"),
        (Asked("SMI_THERAPY_CODED", "courses whose therapy is recorded", "people treated"),
         "what was offered, and the dose"),
        (Asked("SMI_ENDING_KNOWN", "courses whose end is recorded", "people treated"), "who stopped early"),
        (Asked("SERVICE_USE_REPORTED", "courses with crisis and hospital care reported", "people treated"),
         "crisis care and hospital"),
    ),
}  # fmt: skip
_FOR_ALL = (
    (Asked("DQ_ETHNICITY", "referrals with ethnicity known", "referrals"), _WHO),
    (Asked("DQ_DEPRIVATION", "referrals with the area known", "referrals"), _WHO),
    (Asked("DQ_AGE", "referrals with age known", "referrals"), _WHO),
)
PAIRED = {measure_set: items[0][0].measure for measure_set, items in _ITEMS.items()}
MEASURES = tuple(asked.measure for items in (*_ITEMS.values(), _FOR_ALL) for asked, _ in items)


@dataclass(frozen=True)
class Item:
    """One thing that records should have, how many have it, and the figures it touches."""

    told: Told
    touches: str


def items(telling: Telling, condition: Pathway) -> Sequence[Item]:
    """What bends the figures of a condition, as far as there are figures."""
    asked = (each for each in _ITEMS[condition.measure_set] + _FOR_ALL if telling.knows(each[0]))
    found = (Item(telling.told(of, condition), touches) for of, touches in asked)
    return [item for item in found if item.told.standing.case not in MISSING]
