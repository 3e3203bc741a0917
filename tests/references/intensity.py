"""Sessions of low and high intensity and the stages they make, once more, slowly and in plain Python.

Belongs here: the definitions of M347 to M367, read again. Does not belong here: which contacts are sessions
(``measures``), anything that looks at core or its SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

# A session: its day, and whether it is of high intensity.
Session = tuple[date, bool]


@dataclass(frozen=True)
class Stages:
    """The first stage, and the first day of the one that follows it directly, if one does."""

    is_high: bool
    first_day: date
    last_day: date
    next_day: date | None


def stages(sessions: Iterable[Session]) -> Stages | None:
    """The stages of a pathway: two or more sessions of one intensity in a row, low before high on one day.

    One single session may come before the first stage; with more of them, which then differ, there is no stage.
    """
    runs = [list(run) for _, run in groupby(sorted(sessions), key=lambda session: session[1])]
    for number, run in enumerate(runs):
        if len(run) >= 2:
            following = runs[number + 1] if number + 1 < len(runs) else []
            return Stages(run[0][1], run[0][0], run[-1][0], following[0][0] if len(following) >= 2 else None)
        if number == 1:
            break
    return None
