"""The staff of a service: its posts, who holds each of them on a day, and what the tables of staff say of them.

Belongs here: who leaves, who follows, trainees and the end of their course, and IDS902, SMI901 and SMI902. Does not
belong here: which post gives a contact (``appointments``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from demonstration import frequencies as f
from demonstration.draws import NO_DAY, Flags, Integers, Numbers, choose, dates, gather, keyed, numbered
from demonstration.monthly import Calendar, Placed, recurring
from demonstration.records import Rows
from demonstration.sites import STAFF_STREAM, Service

_LONG_AGO = 20_000  # days: further back than any contact of the demonstration
_LEAVING, _VACANT, _TRAINEE, _AWARD, _TRAINED, _SINCE, _SUPERVISED, _BEGINS, _COURSE = range(9)


def staff_count(service: Service) -> int:
    """Posts of therapists: one for every eight referrals a month, four at least."""
    return max(4, min(900, round(service.referrals_per_month / 8)))


@dataclass(frozen=True)
class Therapies:
    """Days of training and supervision of every holder (row) in every therapy of the service (column)."""

    codes: tuple[str, ...]
    trained: Integers
    begins: Integers
    ends: Integers


@dataclass(frozen=True)
class Team:
    """Everybody who holds a post, in order of turn and then post: those of the first day come first.

    The nth holder of post p is entry ``n * posts + p``. Days are since 1970-01-01: ``since`` and ``until`` are the
    first and last in post, ``awarded`` the award of the curriculum. Who ``is_trainee`` joins before it.
    """

    posts: int
    ids: pl.Series
    since: Integers
    until: Integers
    awarded: Integers
    is_trainee: Flags
    curriculum: pl.Series
    group: pl.Series | None
    band: pl.Series | None
    therapies: Therapies | None

    def holder(self, post: Integers, day: Integers, turn: Integers) -> pl.Series:
        """Identifier of who gives each contact of ``post`` on ``day``: its holder.

        While a post is vacant it is the holder of another one, always the same for one ``turn`` (the referral).
        """
        found = self._at(post, day)
        step = 1 + turn % (self.posts - 1)
        while (vacant := np.flatnonzero(found < 0)).size:
            found[vacant] = self._at((post[vacant] + step[vacant]) % self.posts, day[vacant])
            step[vacant] += 1
        return self.ids.gather(found)

    def _at(self, post: Integers, day: Integers) -> Integers:
        """Entry of the holder of each post on each day, -1 while it is vacant."""
        found = np.full(len(post), -1)
        for entry in range(0, len(self.since), self.posts):
            own = entry + post
            found = np.where((self.since[own] <= day) & (day <= self.until[own]), own, found)
        return found


def team(service: Service, calendar: Calendar, seed: int) -> Team:
    """Everybody who holds a post of the service by the last day of the calendar.

    A longer calendar adds people, and changes nothing of those who were there. Staff have draws of their own: what
    changes here changes nothing of a patient.
    """
    size = staff_count(service)
    rng = np.random.Generator(np.random.PCG64([seed, service.index, STAFF_STREAM]))
    start, end = _day(calendar, 0), _day(calendar, calendar.months)
    awarded = start - 300 - (rng.random(size) * 4000).astype(np.int64)
    in_training = rng.random(size) < f.IN_TRAINING
    curriculum = choose(rng, f.QUALIFICATION, size)
    group = choose(rng, f.STAFF_GROUP, size) if service.is_smi else None
    band = choose(rng, f.BAND, size) if service.is_smi else None

    course = np.where(curriculum.is_in(f.SHORT_COURSES).to_numpy(), f.SHORT_COURSE, f.COURSE)
    part_done = (_draw(service, seed, size, 0, _COURSE) * course).astype(np.int64)
    turns = [(np.full(size, start - _LONG_AGO), np.where(in_training, start + part_done, awarded), in_training)]
    lasts = [start + _days_until_leaving(service, seed, curriculum, 0)]
    while (since := _follow(service, seed, lasts)).min() < end:
        n = len(turns)
        learns = _draw(service, seed, size, n, _TRAINEE) < f.JOINS_AS_TRAINEE
        before = since - 60 - (_draw(service, seed, size, n, _AWARD) * 4000).astype(np.int64)
        turns.append((since, np.where(learns, since + course, before), learns))
        lasts.append(since + _days_until_leaving(service, seed, curriculum, n))
    posts = np.tile(np.arange(size), len(turns))
    joined, award, trainee = (np.concatenate(column) for column in zip(*turns, strict=True))
    return Team(
        size,
        numbered("S", 100, len(posts)),
        joined,
        np.concatenate(lasts),
        award,
        trainee,
        curriculum.gather(posts),
        None if group is None else group.gather(posts),
        None if band is None else band.gather(posts),
        _therapies(service, seed, rng, start, joined, award, trainee) if service.is_smi else None,
    )


def _day(calendar: Calendar, month: int) -> int:
    return int(np.datetime64(calendar.first_day(month), "D").astype(np.int64))


def _draw(service: Service, seed: int, size: int, turn: int, what: int) -> Numbers:
    return keyed(np.arange(size), seed, service.index, STAFF_STREAM, turn, what)


def _days_until_leaving(service: Service, seed: int, curriculum: pl.Series, turn: int) -> Integers:
    """Days in post after the first one, at a rate that is the same on every day."""
    of_year = np.where((curriculum == f.PRACTITIONER).to_numpy(), f.PRACTITIONERS_LEAVE, f.THERAPISTS_LEAVE)
    stays = 1 - _draw(service, seed, len(curriculum), turn, _LEAVING)
    days: Integers = (365 * np.log(stays) / np.log(1 - of_year)).astype(np.int64)
    return days


def _follow(service: Service, seed: int, lasts: list[Integers]) -> Integers:
    """First day of the next holder of every post. The first post is filled at once: somebody is always there."""
    least, most = f.VACANT_DAYS
    drawn = _draw(service, seed, len(lasts[-1]), len(lasts), _VACANT)
    gap = least + (drawn * (most - least)).astype(np.int64)
    gap[0] = 0
    return lasts[-1] + 1 + gap


def _therapies(
    service: Service,
    seed: int,
    rng: np.random.Generator,
    start: int,
    since: Integers,
    awarded: Integers,
    is_trainee: Flags,
) -> Therapies:
    """Training and supervision. Trainees are supervised, and are trained in no therapy before their award."""
    codes = tuple(short for code in service.pathways for _, short, _ in f.THERAPY[code])
    size = staff_count(service) * len(codes)
    is_trained = [rng.random(size) < f.STAFF_TRAINED]
    trained = [start - 60 - (rng.random(size) * 3000).astype(np.int64)]
    # From a year before the first month to a quarter after its first day; some end in the second half of the year.
    begins = [start - 365 + (rng.random(size) * 455).astype(np.int64)]
    ends = [start + 183 + (rng.random(size) * 182).astype(np.int64)]
    is_supervised = [rng.random(size) < f.STAFF_SUPERVISED]
    ends[0] = np.where(rng.random(size) < f.SUPERVISION_ENDED, ends[0], NO_DAY)
    joined = np.repeat(since, len(codes))
    for turn in range(1, len(joined) // size):
        own = joined[turn * size : (turn + 1) * size]
        is_trained.append(_draw(service, seed, size, turn, _TRAINED) < f.STAFF_TRAINED)
        trained.append(own - 60 - (_draw(service, seed, size, turn, _SINCE) * 3000).astype(np.int64))
        is_supervised.append(_draw(service, seed, size, turn, _SUPERVISED) < f.STAFF_SUPERVISED)
        begins.append(own + (_draw(service, seed, size, turn, _BEGINS) * 30).astype(np.int64))
        ends.append(np.full(size, NO_DAY))
    learns = np.repeat(is_trainee, len(codes))
    day = np.where(learns, np.repeat(awarded, len(codes)), np.concatenate(trained))
    return Therapies(
        codes,
        np.where(np.concatenate(is_trained), day, NO_DAY).reshape(-1, len(codes)),
        np.where(np.concatenate(is_supervised) | learns, np.concatenate(begins), NO_DAY).reshape(-1, len(codes)),
        np.concatenate(ends).reshape(-1, len(codes)),
    )


def staff(of: Team, calendar: Calendar) -> Iterator[Rows]:
    """IDS902 and, for IAPT-SMI, SMI901 and SMI902: everybody in every month in which they hold a post."""
    rows = recurring(calendar.month_of(of.since), calendar.month_of(of.until), calendar.months)
    who = rows.record
    awarded = _known(of.awarded, who, rows, of, calendar)
    yield (
        "IDS902",
        rows.month,
        {
            "CarePersLocalId": of.ids.gather(who),
            "QualAttainLevelIAPT": of.curriculum.gather(who),
            "QualAwardedDate": dates(awarded),
            "QualPlannedCompletionDate": dates(np.where(awarded == NO_DAY, of.awarded[who], NO_DAY)),
        },
    )
    if of.group is not None and of.band is not None:
        yield (
            "SMI901",
            rows.month,
            {
                "CarePersLocalId": of.ids.gather(who),
                "StaffGroup": of.group.gather(who),
                "Band": of.band.gather(who),
            },
        )
    if of.therapies is not None:
        yield _staff_therapy(of, of.therapies, rows, calendar)


def _staff_therapy(of: Team, therapies: Therapies, rows: Placed, calendar: Calendar) -> Rows:
    """Members of staff with the therapies that they are trained in, or supervised in by the month."""
    count = len(therapies.codes)
    each = Placed(np.repeat(rows.record, count), np.repeat(rows.month, count))
    which = each.record * count + np.tile(np.arange(count), len(rows.record))
    trained, begins, ends = (
        _known(days.ravel(), which, each, of, calendar)
        for days in (therapies.trained, therapies.begins, therapies.ends)
    )
    said = np.flatnonzero((trained != NO_DAY) | (begins != NO_DAY))
    return (
        "SMI902",
        each.month[said],
        {
            "CarePersLocalId": of.ids.gather(each.record[said]),
            "TherapyType": gather(therapies.codes, which[said] % count),
            "TherapyTrainingDate": dates(trained[said]),
            "SupervisionStartDate": dates(begins[said]),
            "SupervisionEndDate": dates(np.where(begins == NO_DAY, NO_DAY, ends)[said]),
        },
    )


def _known(days: Integers, which: Integers, rows: Placed, of: Team, calendar: Calendar) -> Integers:
    """The day of each row, from its month on. What was to come after somebody left is never known."""
    day = days[which]
    month = calendar.month_of(np.where(day == NO_DAY, 0, day))
    return np.where((day <= of.until[rows.record]) & (month <= rows.month), day, NO_DAY)
