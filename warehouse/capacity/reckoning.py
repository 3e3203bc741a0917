"""What follows from assumptions: demand, capacity, backlog, time to clear it, what would keep the standards.

Belongs here: the formulas, for numbers and for many draws of them at once. Does not belong here: where values come
from (``assumptions``, ``expected``), intervals (``simulation``).

Everything is a month's. A session is a treatment contact that takes place. A course is treatment in one step. A
rate that is no higher than demand never clears what is waiting: then the months are infinite, and a reader gets
words.

Sources. Little's law: list = rate x mean wait. Kingman's bound for the mean wait of a queue in heavy traffic: F /
(rate - demand), with F the mean of both variations (variance by mean of counts). Largest list and relief capacity
as in Fong and others 2022 (doi:10.1101/2022.08.23.22279117) and NHSRwaitinglist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from warehouse.capacity.reference import Standard

WEEKS_OF_A_MONTH = 365.25 / 12 / 7

Values = Mapping[str, Any]
"""Assumptions by name: numbers, or arrays of draws; a name that is missing is not known."""


@dataclass(frozen=True)
class Quantity:
    """A result: its name, what it is, its unit, and whether results of steps add up to that of all."""

    name: str
    title: str
    unit: str
    adds: bool = True


QUANTITIES = (
    Quantity("demand", "Sessions asked for", "sessions a month"),
    Quantity("demand_appointments", "Appointments that these take", "appointments a month"),
    Quantity("planned_demand", "Sessions asked for in a busy month", "sessions a month"),
    Quantity("capacity", "Sessions that trained staff can give", "sessions a month"),
    Quantity("rate", "Sessions given at the present rate", "sessions a month"),
    Quantity("balance", "Sessions given less sessions asked for", "sessions a month"),
    Quantity("load", "Sessions asked for by sessions given", "ratio", adds=False),
    Quantity("waiting_sessions", "Sessions that people who wait will need", "sessions"),
    Quantity("under_way_sessions", "Sessions still to come in courses under way", "sessions"),
    Quantity("backlog", "Sessions still to give", "sessions"),
    Quantity("clearance_months", "Months to give them if nobody else came", "months", adds=False),
    Quantity("months_to_clear", "Months to give them while people come as now", "months", adds=False),
    Quantity("largest_list_6", "Longest list that keeps the 6-week standard", "people", adds=False),
    Quantity("extra_sessions_6", "Extra sessions to keep the 6-week standard", "sessions a month"),
    Quantity("extra_wte_6", "Extra staff to keep the 6-week standard", "whole-time equivalents"),
    Quantity("largest_list_18", "Longest list that keeps the 18-week standard", "people", adds=False),
    Quantity("extra_sessions_18", "Extra sessions to keep the 18-week standard", "sessions a month"),
    Quantity("extra_wte_18", "Extra staff to keep the 18-week standard", "whole-time equivalents"),
)
"""Every result, in the order in which they are shown."""


def of_step(values: Values, targets: Sequence[Standard]) -> dict[str, Any]:
    """The results of one step; those whose assumptions are not known are missing.

    Infinite months mean that it is never cleared.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found: dict[str, Any] = {}
        _demand(values, found)
        _given(values, found)
        _backlog(values, found)
        found |= compared(found)
        for standard in targets:
            _kept(values, found, standard)
    return found


def of_all(steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The results of all steps together: sums, and what follows from sums. What one step lacks, all lack."""
    if not steps:
        return {}
    added = {
        quantity.name: sum(step[quantity.name] for step in steps)
        for quantity in QUANTITIES
        if quantity.adds and all(quantity.name in step for step in steps)
    }
    # Steps of one programme share its list; where steps are of two, they have not all the same standards.
    added |= {
        name: steps[0][name] for name in ("largest_list_6", "largest_list_18") if all(name in s for s in steps)
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        return added | compared(added)


def compared(found: Mapping[str, Any]) -> dict[str, Any]:
    """What compares sessions given with those asked for and still to give."""
    result: dict[str, Any] = {}
    if "rate" in found and "demand" in found:
        result["load"] = _ratio(found["demand"], found["rate"])
    if "rate" in found and "backlog" in found:
        result["clearance_months"] = _ratio(found["backlog"], found["rate"])
        if "demand" in found:
            surplus = np.maximum(found["rate"] - found["demand"], 0.0)
            result["months_to_clear"] = _ratio(found["backlog"], surplus)
    return result


def _ratio(above: Any, below: Any) -> Any:
    """``above`` / ``below``: 0 of nothing, infinite where there is something and nothing to divide it by."""
    return np.where(np.asarray(above) <= 0, 0.0, np.asarray(above) / np.maximum(np.asarray(below), 0.0))


def _demand(a: Values, found: dict[str, Any]) -> None:
    if not _known(a, "referrals", "share_starting", "courses_per_start", "sessions_per_course"):
        return
    found["demand"] = a["referrals"] * each_takes(a)
    found["demand_appointments"] = found["demand"] / attended(a)
    if _known(a, "referral_variation", "planning_share"):
        # Of a normal distribution around the mean, with the variance of monthly referrals.
        z = NormalDist().inv_cdf(float(a["planning_share"]))
        reach = np.sqrt(a["referral_variation"] / np.maximum(a["referrals"], 1e-9))
        found["planned_demand"] = found["demand"] * (1 + z * reach)


def each_takes(a: Values) -> Any:
    """Sessions of a step that somebody who is referred will take, on average over those who start and those who do
    not.
    """
    return a["share_starting"] * a["courses_per_start"] * a["sessions_per_course"]


def attended(a: Values) -> Any:
    """The share of appointments that are sessions, when ``cancelled_time_lost`` of the cancelled ones are lost."""
    missed, cancelled = a.get("share_missed", 0.0), a.get("share_cancelled", 0.0)
    held = np.maximum(1 - missed - cancelled, 0.01)
    return held / (1 - cancelled * (1 - a.get("cancelled_time_lost", 1.0)))


def _given(a: Values, found: dict[str, Any]) -> None:
    if not _known(a, "staff_trained", "appointments_per_wte", "trainee_sessions", "unnamed_sessions"):
        return
    found["capacity"] = a["staff_trained"] * a.get("wte_per_person", 1.0) * a["appointments_per_wte"] * attended(a)
    found["rate"] = found["capacity"] + a["trainee_sessions"] + a["unnamed_sessions"]
    if "demand" in found:
        found["balance"] = found["rate"] - found["demand"]


def backlog(values: Values) -> Any:
    """Sessions still to give in a step, to people who wait and in courses; ``None`` where it is not known."""
    found: dict[str, Any] = {}
    _backlog(values, found)
    return found.get("backlog")


def _backlog(a: Values, found: dict[str, Any]) -> None:
    if _known(a, "people_waiting", "share_starting", "courses_per_start", "sessions_per_course"):
        found["waiting_sessions"] = a["people_waiting"] * each_takes(a)
    if _known(a, "courses_under_way", "sessions_left", "courses_to_come", "sessions_per_course"):
        found["under_way_sessions"] = (
            a["courses_under_way"] * a["sessions_left"] + a["courses_to_come"] * a["sessions_per_course"]
        )
    if "waiting_sessions" in found and "under_way_sessions" in found:
        found["backlog"] = found["waiting_sessions"] + found["under_way_sessions"]


def _kept(a: Values, found: dict[str, Any], standard: Standard) -> None:
    """The longest list that keeps a standard, and what the present rate lacks to get there and to stay there.

    Bringing down a list that is too long gives people their start earlier than chance would, so the larger of both
    needs is taken, not their sum.
    """
    weeks = standard.weeks
    if "demand" not in found or not _known(
        a, f"wait_ratio_{weeks}", "people_waiting", "referral_variation", "start_variation", "months_to_catch_up"
    ):
        return
    mean_wait = weeks / WEEKS_OF_A_MONTH / a[f"wait_ratio_{weeks}"]
    longest = a["referrals"] * mean_wait
    found[f"largest_list_{weeks}"] = longest
    if "rate" not in found:
        return
    relief = np.maximum(a["people_waiting"] - longest, 0.0) / a["months_to_catch_up"]
    steady = (a["referral_variation"] + a["start_variation"]) / 2 / mean_wait
    needed = found["demand"] + np.maximum(relief, steady) * each_takes(a)
    extra = np.maximum(needed - found["rate"], 0.0)
    found[f"extra_sessions_{weeks}"] = extra
    found[f"extra_wte_{weeks}"] = _ratio(extra, a["appointments_per_wte"] * attended(a))


def _known(a: Values, *names: str) -> bool:
    return all(a.get(name) is not None for name in names)
