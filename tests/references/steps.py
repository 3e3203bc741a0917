"""Steps of care once more, day by day and in plain Python.

Belongs here: the rules of the step of care, read again. Does not belong here: which contacts are sessions, anything
that looks at core or its SQL.
"""

from collections.abc import Iterable
from datetime import date

# Day, and whether therapy of high intensity was given.
Session = tuple[date, bool]
# Step, first day, last day (None while it goes on), how it ended.
Spell = tuple[str, date, date | None, str | None]


def spells(
    received: date, treated: Iterable[date], sessions: Iterable[Session], discharged: date | None
) -> list[Spell]:
    """The wait, and treatment in one step after another, of a referral of Talking Therapies.

    ``treated`` are the days of treatment contacts. Sessions before the first of them say the step of its day.
    """
    treated = sorted(treated)
    if not treated:
        return [("not known yet", received, discharged, "left" if discharged else None)]
    started = treated[0]
    found: list[Spell] = [("not known yet", received, started, "started")]
    of_day: dict[date, bool] = {}
    for day, is_high in sessions:
        if discharged is None or day <= discharged:
            of_day[day] = of_day.get(day, False) or is_high
    step, before, since = "not known yet", None, started
    for day, is_high in sorted(of_day.items()):
        name = "high intensity" if is_high else "low intensity"
        is_left = step == "not known yet" or (name != step and name == before)
        before = name
        if not is_left:
            continue
        on = max(day, started)
        if on > since:
            how = {"not known yet": "step known", "low intensity": "stepped up"}.get(step, "stepped down")
            found.append((step, since, on, how))
            since = on
        step = name
    found.append((step, since, discharged, "ended" if discharged else None))
    return found
