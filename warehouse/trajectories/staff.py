"""Staff in post ahead: who leaves, who joins, and trainees who become trained when their course ends.

Belongs here: what months of staff lists say of joining and leaving, and simulated futures. Does not belong here:
reading the lists (``reading``), forecasts of counts (``warehouse.forecasting``).

A list of staff is no series of counts: the same people are in it month after month. So its future is simulated
person by person. Rates have Jeffreys' prior, as counts of Poisson events: of 4 members of staff none of whom left
in a year, a rate of 0 is no more than a guess. Trainees are no capacity before the end of their course.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from schemas.month import months_after, months_between
from warehouse.forecasting.forecast import PATHS, RECENT_MONTHS, Forecast
from warehouse.forecasting.keyed import random_of
from warehouse.trajectories.series import IN_POST, TRAINED, TRAINEES

Counts = NDArray[np.int64]

# Where no trainee says which course: that of most curricula.
USUAL_COURSE = 12
# Nobody has staff of whom half leave in a month: a prior without data would say so.
_MOST_LEAVE = 0.5


@dataclass(frozen=True)
class Post:
    """A member of staff in a month: whether in training on its last day, and when the course is to end, if known.

    ``course`` is its length in months, None where no course is submitted.
    """

    staff_id: str
    month: date
    is_trainee: bool
    ends: date | None = None
    course: int | None = None


@dataclass
class Moves:
    """What staff lists say: members by month, events with the months they could happen in, and who is there now.

    ``trainees`` are the months that each trainee of today still has to go, 1 at least.
    """

    trained: Counter[date] = field(default_factory=Counter)
    in_training: Counter[date] = field(default_factory=Counter)
    months: set[date] = field(default_factory=set)
    left: int = 0
    person_months: int = 0
    joined_trained: int = 0
    joined_trainees: int = 0
    joining_months: int = 0
    now: int = 0
    trainees: list[int] = field(default_factory=list)
    courses: list[int] = field(default_factory=list)

    def add(self, other: "Moves") -> None:
        """Add those of another provider: months are known where either is; the caller knows which are whole."""
        self.trained += other.trained
        self.in_training += other.in_training
        self.months |= other.months
        self.left += other.left
        self.person_months += other.person_months
        self.joined_trained += other.joined_trained
        self.joined_trainees += other.joined_trainees
        self.joining_months = max(self.joining_months, other.joining_months)
        self.now += other.now
        self.trainees += other.trainees
        self.courses += other.courses


def moves(posts: Iterable[Post], last: date, *, taken_over: frozenset[date], is_there: bool) -> Moves:
    """What the lists of one provider say, for forecasts from the end of month ``last``.

    Who is on a list and on none later has left; nobody has left by the newest list, and nobody joined on the first.
    Who joins in a month of ``taken_over`` came with a provider whose place this one took. ``is_there`` says whether
    its staff of the newest list are still in post.
    """
    by_staff: dict[str, list[Post]] = {}
    found = Moves()
    for post in sorted(posts, key=lambda each: (each.staff_id, each.month)):
        by_staff.setdefault(post.staff_id, []).append(post)
        (found.in_training if post.is_trainee else found.trained)[post.month] += 1
        found.months.add(post.month)
    if not found.months:
        return found
    first, newest = min(found.months), max(found.months)
    found.joining_months = len(found.months) - 1
    for own in by_staff.values():
        start, end = own[0], own[-1]
        stayed = sum(start.month <= month <= end.month for month in found.months)
        found.left += end.month < newest
        found.person_months += stayed - (end.month == newest)
        if start.month > first and start.month not in taken_over:
            found.joined_trainees += start.is_trainee
            found.joined_trained += not start.is_trainee
        found.courses += [post.course for post in own[-1:] if post.is_trainee and post.course]
        if is_there and end.month == newest:
            found.now += not end.is_trainee
            if end.is_trainee:
                found.trainees.append(_to_go(own, last))
    return found


def _to_go(own: Sequence[Post], last: date) -> int:
    """Months after ``last`` until a trainee is trained: the planned end, else the length of the course since the
    first month seen. A course that should have ended does so next month.
    """
    newest = own[-1]
    begun = next(post.month for post in own if post.is_trainee)
    ends = newest.ends or months_after(begun, newest.course or USUAL_COURSE)
    return max(1, (ends.year - last.year) * 12 + ends.month - last.month)


def ahead(of: Moves, last: date, months: int, key: str) -> dict[str, Forecast]:
    """Staff in post, trained staff and trainees in each of the ``months`` after ``last``, by series.

    The same moves with the same ``key`` give the same paths.
    """
    random = random_of(key)
    leaving = np.minimum(random.gamma(of.left + 0.5, size=PATHS) / max(of.person_months, 1), _MOST_LEAVE)
    joining = random.gamma(of.joined_trained + 0.5, size=PATHS) / max(of.joining_months, 1)
    beginning = random.gamma(of.joined_trainees + 0.5, size=PATHS) / max(of.joining_months, 1)
    course = Counter(of.courses).most_common(1)[0][0] if of.courses else USUAL_COURSE
    trained = np.full(PATHS, of.now, dtype=np.int64)
    cohorts: dict[int, Counts] = {
        ends: np.full(PATHS, number, dtype=np.int64) for ends, number in sorted(Counter(of.trainees).items())
    }
    rows: dict[str, list[Counts]] = {IN_POST: [], TRAINED: [], TRAINEES: []}
    for month in range(1, months + 1):
        trained = trained - random.binomial(trained, leaving)
        for ends in sorted(cohorts):
            cohorts[ends] = cohorts[ends] - random.binomial(cohorts[ends], leaving)
        trained = trained + cohorts.pop(month, np.zeros(PATHS, dtype=np.int64)) + random.poisson(joining)
        cohorts[month + course] = cohorts.get(month + course, 0) + random.poisson(beginning)
        learning = np.sum(list(cohorts.values()), axis=0)
        rows[TRAINED].append(trained)
        rows[TRAINEES].append(learning)
        rows[IN_POST].append(trained + learning)
    coming = tuple(months_between(months_after(last, 1), months_after(last, months)))
    return {name: Forecast(coming, np.stack(paths, axis=1)) for name, paths in rows.items()}


def enough_lists(months: Mapping[date, int] | set[date], last: date, fewest: int) -> bool:
    """Whether enough of the last months have a list of staff."""
    first = months_after(last, 1 - RECENT_MONTHS)
    return sum(month >= first for month in months) >= fewest
