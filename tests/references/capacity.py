"""Demand, capacity and backlog once more: slowly, from single courses and plain numbers.

Belongs here: formulas written again from their definitions, with loops. Does not belong here: anything that looks at the
warehouse or its package ``capacity``.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from statistics import NormalDist, fmean


def mean_sessions(courses: Sequence[tuple[int, bool]], had: int = 0) -> float:
    """Mean sessions still to come after ``had``: the chance of one more, and one more, multiplied on.

    ``courses`` are (sessions so far, has ended). The longest seen is taken as the longest there is.
    """
    longest = max((sessions for sessions, _ in courses), default=-1)
    expected, chance = 0.0, 1.0
    for k in range(had, longest):
        # Known not to have ended with fewer: those that ended with k or more, and those that went beyond k.
        at_risk = [s for s, ended in courses if (ended and s >= k) or (not ended and s > k)]
        ends = [s for s, ended in courses if ended and s == k]
        if at_risk:
            chance *= 1 - len(ends) / len(at_risk)
        expected += chance
    return expected


def quantile(values: Sequence[float], p: float) -> float:
    """Type 7: between the two values around (n - 1) p."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * p
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def variation(counts: Sequence[int]) -> float:
    """Half the mean squared difference of neighbours, by the mean."""
    return fmean((b - a) ** 2 for a, b in pairwise(counts)) / 2 / fmean(counts)


def results(a: Mapping[str, float], standards: Mapping[int, float]) -> dict[str, float]:
    """Every result of one step from its assumptions; ``standards`` are shares by weeks."""
    held = 1 - a["share_missed"] - a["share_cancelled"]
    refilled = a["share_cancelled"] * (1 - a["cancelled_time_lost"])
    appointments_of_a_session = (1 - refilled) / held
    starts = a["referrals"] * a["share_starting"]
    courses = starts * a["courses_per_start"]
    demand = courses * a["sessions_per_course"]
    sessions_of_a_wte = a["appointments_per_wte"] / appointments_of_a_session
    capacity = a["staff_trained"] * a["wte_per_person"] * sessions_of_a_wte
    rate = capacity + a["trainee_sessions"] + a["unnamed_sessions"]
    waiting = a["people_waiting"] * a["share_starting"] * a["courses_per_start"] * a["sessions_per_course"]
    under_way = a["courses_under_way"] * a["sessions_left"] + a["courses_to_come"] * a["sessions_per_course"]
    backlog = waiting + under_way
    busy = (
        a["referrals"]
        + NormalDist().inv_cdf(a["planning_share"]) * (a["referral_variation"] * a["referrals"]) ** 0.5
    )
    found = {
        "demand": demand,
        "demand_appointments": demand * appointments_of_a_session,
        "planned_demand": demand * busy / a["referrals"] if a["referrals"] else 0.0,
        "capacity": capacity,
        "rate": rate,
        "balance": rate - demand,
        "load": demand / rate if rate else inf if demand else 0.0,
        "waiting_sessions": waiting,
        "under_way_sessions": under_way,
        "backlog": backlog,
        "clearance_months": backlog / rate if rate else inf if backlog else 0.0,
        "months_to_clear": 0.0 if not backlog else backlog / (rate - demand) if rate > demand else inf,
    }
    for weeks in standards:
        mean_wait = weeks * 7 / (365.25 / 12) / a[f"wait_ratio_{weeks}"]
        longest = a["referrals"] * mean_wait
        too_many = max(a["people_waiting"] - longest, 0)
        people_more = max(
            too_many / a["months_to_catch_up"], (a["referral_variation"] + a["start_variation"]) / 2 / mean_wait
        )
        sessions_more = people_more * a["share_starting"] * a["courses_per_start"] * a["sessions_per_course"]
        extra = max(demand + sessions_more - rate, 0)
        found |= {
            f"largest_list_{weeks}": longest,
            f"extra_sessions_{weeks}": extra,
            f"extra_wte_{weeks}": extra / sessions_of_a_wte if sessions_of_a_wte else inf if extra else 0.0,
        }
    return found
