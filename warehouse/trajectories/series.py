"""The series that have a trajectory: what they count, and what a target of theirs means.

Belongs here: their names and kinds. Does not belong here: their figures (``reading``), targets (``targets``).
"""

from dataclasses import dataclass

from schemas.calendar.seasons import NONE

ACCESS, FINISHED = "access", "finished courses"
IN_POST, TRAINED, TRAINEES = "staff in post", "trained staff", "trainees"


@dataclass(frozen=True)
class Series:
    """A series. Of a flow (with a ``measure``) a target is for the 12 months that end with its month; of staff it
    is for the last day of the month.

    A provider's first ``settles_after`` months are no history. Contacts before them were never submitted: in the
    first month everybody in treatment looks new, and for half a year long courses lack their second contact.
    """

    name: str
    measure: str = ""
    season: str = NONE
    settles_after: int = 0

    @property
    def is_flow(self) -> bool:
        """Whether months add up."""
        return bool(self.measure)


SERIES: tuple[Series, ...] = (
    Series(ACCESS, "ACCESS", "access", 1),
    Series(FINISHED, "FINISHED", "finished", 6),
    Series(IN_POST),
    Series(TRAINED),
    Series(TRAINEES),
)
NAMES = tuple(each.name for each in SERIES)
FLOWS = tuple(each for each in SERIES if each.is_flow)
# A year to a target's month.
YEAR = 12
