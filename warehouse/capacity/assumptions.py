"""The assumptions that demand and capacity rest on: each a value with its source, its interval and what is behind
it.

Belongs here: one assumption, and estimates from monthly counts. Does not belong here: sessions of a course
(``expected``), values that a service sets (``changing``), what follows from assumptions (``reckoning``), drawing
from them (``simulation``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import log, sqrt

from warehouse.capacity.reference import (
    MONTHS_OF_REFERRALS,
    MONTHS_OF_STAFF,
    MONTHS_OF_WORK,
    Standard,
    named,
)
from warehouse.comparison.statistics import quantile

OBSERVED, CONVENTION, ASSUMED = "observed", "convention", "assumed"
# Why it is not known how many sessions trained staff can give.
NO_STAFF, NOBODY_TRAINED = "no staff records", "no session names trained staff"
# Fewer waits than that say little about the 95th centile, and fewer months than that nothing about variation.
FEWEST_WAITS, FEWEST_MONTHS = 20, 3


@dataclass(frozen=True)
class Assumption:
    """A value that demand or capacity rests on; ``None`` where nothing is known.

    ``spread`` says how it is drawn: share (Beta of ``n`` trials), mean (Gamma of ``error``), variance (Gamma of
    ``n`` - 1 degrees of freedom) or none (counted, a convention, or set).
    ``n`` is what it was counted from: months, people, appointments or courses.
    """

    step: str
    name: str
    value: float | None
    source: str
    n: int = 0
    spread: str = "none"
    error: float = 0.0

    def rounded(self) -> "Assumption":
        """As it is stored and shown: four decimals, six of the error. What is reckoned starts from these."""
        value = None if self.value is None else round(self.value, 4)
        return replace(self, value=value, error=round(self.error, 6))


@dataclass(frozen=True)
class Month:
    """A month of one step, or of all: who came and waits (of all steps alone), sessions, staff.

    ``missed`` and ``cancelled`` are appointments, with a part of those before the first session.
    """

    month: date
    referred: int = 0
    started: int = 0
    left: int = 0
    waiting: int = 0
    sessions: int = 0
    missed: float = 0.0
    cancelled: float = 0.0
    staff_months: float = 0.0
    trainee_months: float = 0.0
    trained_sessions: float = 0.0
    trainee_sessions: float = 0.0
    unnamed_sessions: float = 0.0


def in_order(assumptions: Iterable[Assumption]) -> list[Assumption]:
    """By step, and in the order in which they are shown."""
    place = {name: n for n, name in enumerate(named())}
    return sorted(assumptions, key=lambda each: (each.step, place[each.name]))


def of_programme(
    months: Sequence[Month], waits: Mapping[int, int], targets: Sequence[Standard], step: str
) -> list[Assumption]:
    """What is one value for all steps of a programme, as it stands in one of them.

    A service's first month is left out: people who were in treatment before it seem to start in it.
    ``waits`` are people who started in the last 12 months, by days waited.
    """
    recent = (months[1:] or months)[-MONTHS_OF_REFERRALS:]
    started = sum(m.started for m in recent)
    waiting = months[-1].waiting
    return [
        monthly(step, "referrals", [m.referred for m in recent]),
        share(step, "share_starting", started, started + sum(m.left for m in recent)),
        Assumption(step, "people_waiting", float(waiting), OBSERVED, waiting),
        _variation(step, "referral_variation", [m.referred for m in recent]),
        _variation(step, "start_variation", [m.started for m in recent]),
        *(_wait_ratio(step, standard, waits) for standard in targets),
        *_conventions(step, "programme"),
    ]


def of_work(step: str, months: Sequence[Month], all_steps: Sequence[Month]) -> list[Assumption]:
    """What monthly sessions, appointments and staff say of a step; ``all_steps`` are the same months of all.

    A step to which no trained member of staff came has nobody, and the appointments of the staff of all steps.
    """
    recent, every = months[-MONTHS_OF_WORK:], all_steps[-MONTHS_OF_WORK:]
    offering = recent if any(_offered(m) for m in recent) else every
    working = recent if any(m.staff_months for m in recent) else every
    offered = sum(map(_offered, offering))
    missed, cancelled = sum(m.missed for m in offering), sum(m.cancelled for m in offering)
    attended = 1 - (missed + cancelled) / offered if offered else 1.0
    return [
        share(step, "share_missed", missed, offered),
        share(step, "share_cancelled", cancelled, offered),
        *_staff(step, working, months[-MONTHS_OF_STAFF:], attended),
        monthly(step, "trainee_sessions", [m.trainee_sessions for m in recent]),
        monthly(step, "unnamed_sessions", [m.unnamed_sessions for m in recent]),
        *_conventions(step, "step"),
    ]


def _offered(month: Month) -> float:
    """Appointments of a month: sessions, and those that were missed or cancelled."""
    return month.sessions + month.missed + month.cancelled


def monthly(step: str, name: str, counts: Sequence[float]) -> Assumption:
    """The mean of monthly counts. Its error is that of the months, and at least that of chance (Poisson)."""
    n = len(counts)
    mean = sum(counts) / n
    variance = sum((x - mean) ** 2 for x in counts) / (n - 1) if n > 1 else mean
    return Assumption(step, name, mean, OBSERVED, n, "mean", sqrt(max(variance, mean) / n))


def share(step: str, name: str, part: float, whole: float) -> Assumption:
    """A share of ``whole``; nothing is known of a share of nobody."""
    return Assumption(step, name, part / whole if whole else None, OBSERVED, round(whole), "share")


def _staff(step: str, recent: Sequence[Month], latest: Sequence[Month], attended: float) -> list[Assumption]:
    """Trained staff, those in training, and appointments for each whole-time equivalent.

    Sessions by months worked is a ratio of sums; its error is that of the ratio over months. A session takes
    1 / ``attended`` appointments.
    """
    worked, sessions = sum(m.staff_months for m in recent), sum(m.trained_sessions for m in recent)
    staff = sum(m.staff_months for m in latest) / len(latest)
    trainees = sum(m.trainee_months for m in latest) / len(latest)
    if not worked and not any(m.trainee_months for m in recent):
        return [Assumption(step, name, None, NO_STAFF) for name in
                ("staff_trained", "staff_in_training", "appointments_per_wte")]  # fmt: skip
    members = [
        Assumption(step, "staff_trained", staff, OBSERVED, len(latest)),
        Assumption(step, "staff_in_training", trainees, OBSERVED, len(latest)),
    ]
    if not worked:
        return [*members, Assumption(step, "appointments_per_wte", None, NOBODY_TRAINED)]
    ratio, n = sessions / worked, len(recent)
    squares = sum((m.trained_sessions - ratio * m.staff_months) ** 2 for m in recent)
    variance = max(squares * n / (n - 1) if n > 1 else sessions, sessions)
    (wte,) = (each.convention or 1.0 for each in named().values() if each.name == "wte_per_person")
    return [
        *members,
        Assumption(
            step, "appointments_per_wte", ratio / attended / wte, OBSERVED, n, "mean",
            sqrt(variance) / worked / attended / wte,
        ),
    ]  # fmt: skip


def _variation(step: str, name: str, counts: Sequence[int]) -> Assumption:
    """Variance by mean of monthly counts; the variance from neighbouring months, so that a trend is none.

    Half the mean squared difference (von Neumann 1941). Of fewer than three months chance alone is assumed: 1.
    """
    mean = sum(counts) / len(counts)
    if len(counts) < FEWEST_MONTHS or not mean:
        return Assumption(step, name, 1.0, f"{ASSUMED}: chance alone", len(counts))
    squares = sum((b - a) ** 2 for a, b in pairwise(counts))
    return Assumption(step, name, squares / (2 * (len(counts) - 1)) / mean, OBSERVED, len(counts), "variance")


def _wait_ratio(step: str, standard: Standard, waits: Mapping[int, int]) -> Assumption:
    """The quantile of waits that the standard is about, by the mean wait.

    The error of a quantile: half of what lies between those one standard error of its share to each side. Few waits
    say nothing of a tail: then that of exponential waits, -log(1 - share), as in Fong and others (2022).
    """
    name, n = f"wait_ratio_{standard.weeks}", sum(waits.values())
    mean = sum(days * people for days, people in waits.items()) / n if n else 0.0
    if n < FEWEST_WAITS or not mean:
        return Assumption(step, name, -log(1 - standard.share), f"{ASSUMED}: exponential waits", n)
    reach = sqrt(standard.share * (1 - standard.share) / n)
    low, at, high = (
        quantile(waits, min(max(p, 0.0), 1.0))
        for p in (standard.share - reach, standard.share, standard.share + reach)
    )
    return Assumption(step, name, max(at, 0.1 * mean) / mean, OBSERVED, n, "mean", (high - low) / 2 / mean)


def _conventions(step: str, scope: str) -> list[Assumption]:
    return [
        Assumption(step, each.name, each.convention, CONVENTION)
        for each in named().values()
        if each.scope == scope and each.convention is not None
    ]
