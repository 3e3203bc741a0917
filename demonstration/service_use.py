"""Other services used: crisis contacts, admissions and risk events before, during and after therapy.

Belongs here: SMI501 as events with dates. Does not belong here: the month in which each is reported
(``submissions``).
"""

from dataclasses import dataclass

import numpy as np

from demonstration import calibration as c
from demonstration.draws import NO_DAY, Integers
from demonstration.pathways import History


@dataclass(frozen=True)
class Events:
    """One entry per event: referral, kind (index into ``KINDS``), first day, last day (``NO_DAY``: one day)."""

    referral: Integers
    kind: Integers
    start: Integers
    end: Integers


KINDS = ("01", "02", "03", "04", "05", "06", "07")


def service_use(history: History, rng: np.random.Generator) -> Events:
    """What people in the psychosis, bipolar and personality disorder pathways used in addition to therapy.

    Before: the year up to referral and the wait, told at intake. During: first to last treatment session.
    After: last session to discharge, for people who are followed up.
    """
    referrals = history.referrals
    treated, followed = referrals.sessions > 0, referrals.follow_ups > 0
    until = np.where(treated, referrals.first_treatment, referrals.discharged)
    windows = (
        (referrals.received - c.LOOK_BACK_DAYS, until, np.ones(len(treated), dtype=np.bool_)),
        (referrals.first_treatment, referrals.last_treatment, treated),
        (referrals.last_treatment, referrals.discharged, treated & followed),
    )
    found: list[tuple[Integers, Integers, Integers, Integers]] = []
    for pathway, uses in c.SERVICE_USE.items():
        mine = referrals.pathway == c.PATHWAYS.index(pathway)
        if not mine.any():
            continue
        for use in uses:
            proneness = rng.random(len(mine))  # one draw for the three windows: who had none rarely begins
            parts: list[tuple[Integers, Integers]] = []
            for (begin, finish, applies), share, mean in zip(windows, use.any, use.mean, strict=True):
                who = np.flatnonzero(mine & applies & (proneness < share))
                number = rng.geometric(1 / max(mean / share, 1.0), len(who))
                referral = np.repeat(who, number)
                length = np.maximum(finish[referral] - begin[referral], 1)
                parts.append((referral, begin[referral] + (rng.random(len(referral)) * length).astype(np.int64)))
            referral, start = (np.concatenate(columns) for columns in zip(*parts, strict=True))
            end = np.full(len(referral), NO_DAY)
            if use.nights:
                end = start + rng.geometric(1 / use.nights, len(referral))
                keep = _apart(referral, start, end)
                referral, start, end = referral[keep], start[keep], end[keep]
            found.append((referral, np.full(len(referral), KINDS.index(use.kind)), start, end))
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return Events(none, none, none, none)
    referral, kind, start, end = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((kind, start, referral))
    return Events(referral[order], kind[order], start[order], end[order])


def _apart(referral: Integers, start: Integers, end: Integers) -> Integers:
    """Which spells to keep so that no two of one person overlap."""
    order = np.lexsort((start, referral))
    apart = np.ones(len(order), dtype=np.bool_)
    if len(order) > 1:
        # A million days per referral keeps the running last day within each.
        key = referral[order] * 1_000_000
        latest = np.maximum.accumulate(key + end[order])
        apart[1:] = key[1:] + start[order][1:] > latest[:-1]
    return np.sort(order[apart])
