"""Change during each type of therapy once more, course by course in plain Python.

Belongs here: made-up courses and what the definition of the annual report says of them. Does not belong here: SQL.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import stdev

from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, REQOL10, Row

CBT, BOOK, SUPPORT = "304891004", "748051000000105", "1098051000000103"
THERAPY = {CBT: "CBT", BOOK: "GSB"}  # employment support is no therapy
INSTRUMENT = {PHQ9: "PHQ9", GAD7: "GAD7", REQOL10: "REQOL10"}
PROBLEM = {"F32": "depression", "F411": "generalised anxiety", None: "not known"}
Group = tuple[str, str, str, str, str]  # level, organisation, problem, therapy, instrument


@dataclass(frozen=True)
class Referral:
    """``sessions``: day and procedure of attended treatment contacts; ``scores``: day, tool and score."""

    name: str
    commissioner: str
    complaint: str | None
    is_discharged: bool
    sessions: tuple[tuple[date, str], ...]
    scores: tuple[tuple[date, str, int], ...]


@dataclass(frozen=True)
class Change:
    """Courses, pairs, mean and SD of first and last scores, England's SD, effect size (positive is better)."""

    courses: int
    pairs: int
    mean_first: float
    sd_first: float | None
    mean_last: float
    sd_last: float | None
    national_sd_first: float | None
    effect_size: float | None


@dataclass
class Outcome:
    """Courses of therapy, those not at caseness, and what became of all."""

    courses: int = 0
    not_at_caseness: int = 0
    recovered: int = 0
    reliably_recovered: int = 0
    improved: int = 0
    unchanged: int = 0
    deteriorated: int = 0


def simulate(chance: random.Random, size: int) -> list[Referral]:
    """Referrals of April with up to six sessions, one a day, and scores on some days."""
    found = []
    for number in range(size):
        days = _days(chance, 7)
        sessions = tuple((day, chance.choice([CBT, CBT, BOOK, SUPPORT])) for day in days)
        scores = tuple((day, tool, chance.randrange(22)) for tool in INSTRUMENT for day in _days(chance, 9))
        commissioner, complaint = chance.choice(["01A", "02B"]), chance.choice([*PROBLEM])
        found.append(Referral(f"r{number}", commissioner, complaint, chance.random() < 0.9, sessions, scores))
    return found


def _days(chance: random.Random, below: int) -> list[date]:
    return [APRIL + timedelta(days=n) for n in sorted(chance.sample(range(1, 25), chance.randrange(below)))]


def tables(referrals: Iterable[Referral]) -> dict[str, list[Row]]:
    """Staged rows of these referrals."""
    found: dict[str, list[Row]] = {key: [] for key in ("IDS001", "IDS101", "IDS201", "IDS202", "IDS603", "IDS606")}
    for r in referrals:
        found["IDS001"].append({"LocalPatientId": f"p{r.name}"})
        found["IDS101"].append(
            {"ServiceRequestId": r.name, "LocalPatientId": f"p{r.name}", "ReferralRequestReceivedDate": APRIL,
             "ServDischDate": date(2025, 4, 30) if r.is_discharged else None, "OrgIDComm": r.commissioner}
        )  # fmt: skip
        if r.complaint:
            found["IDS603"].append({"ServiceRequestId": r.name, "PresComp": r.complaint, "PresCompCodSig": "1"})
        for number, (day, procedure) in enumerate(r.sessions):
            contact = f"{r.name}-{number}"
            found["IDS201"].append(
                {"CareContactId": contact, "ServiceRequestId": r.name, "CareContDate": day, "AppType": "02",
                 "AttendOrDNACode": "5"}
            )  # fmt: skip
            found["IDS202"].append(
                {"CareActId": f"a{contact}", "CareContactId": contact, "CodeProcAndProcStatus": procedure}
            )
        found["IDS606"] += [
            {"ServiceRequestId": r.name, "CodedAssToolType": tool, "PersScore": score, "AssToolCompDate": day}
            for day, tool, score in r.scores
        ]
    return found


def changes(by_provider: dict[str, list[Referral]]) -> dict[Group, Change]:
    """Every row of the table over all months."""
    pairs: dict[Group, list[tuple[int, int]]] = {}
    courses: dict[tuple[str, str, str, str], int] = {}
    for provider, referrals in by_provider.items():
        for r in referrals:
            places = (("England", "ENG"), ("sub-ICB", r.commissioner), ("provider", provider))
            for therapy, scores in _courses(r):
                for level, place in places:
                    for problem in (PROBLEM[r.complaint], "all"):
                        key = (level, place, problem, therapy)
                        courses[key] = courses.get(key, 0) + 1
                        for instrument, pair in scores.items():
                            pairs.setdefault((*key, instrument), []).append(pair)
    return {key: _change(key, pairs, courses[key[:4]]) for key in pairs}


def outcomes(by_provider: dict[str, list[Referral]]) -> dict[tuple[str, str, str, str], Outcome]:
    """Recovery and reliable change over all months: PHQ-9 from 10, GAD-7 from 8; change from 6 and from 4 points."""
    found: dict[tuple[str, str, str, str], Outcome] = {}
    for provider, referrals in by_provider.items():
        for r in referrals:
            places = (("England", "ENG"), ("sub-ICB", r.commissioner), ("provider", provider))
            for therapy, days in _therapies(r):
                mine = [sorted((day, s) for day, t, s in r.scores if t == tool and days[0] <= day <= days[-1])
                        for tool in (PHQ9, GAD7)]  # fmt: skip
                for level, place in places:
                    for problem in (PROBLEM[r.complaint], "all"):
                        _add(found.setdefault((level, place, problem, therapy), Outcome()), mine)
    return found


def _add(told: Outcome, scores: list[list[tuple[date, int]]]) -> None:
    told.courses += 1
    cases = [mine[0][1] >= cut for mine, cut in zip(scores, (10, 8), strict=True) if mine]
    told.not_at_caseness += len(cases) == 2 and not any(cases)
    if not all(len(mine) > 1 for mine in scores):
        return
    below = all(mine[-1][1] < cut for mine, cut in zip(scores, (10, 8), strict=True))
    gains = [(mine[0][1] - mine[-1][1]) / step for mine, step in zip(scores, (6, 4), strict=True)]
    better, worse = max(gains) >= 1 and min(gains) > -1, min(gains) <= -1 and max(gains) < 1
    told.recovered += any(cases) and below
    told.reliably_recovered += any(cases) and below and better
    told.improved += better
    told.deteriorated += worse
    told.unchanged += not better and not worse


def _courses(r: Referral) -> Iterable[tuple[str, dict[str, tuple[int, int]]]]:
    """Courses of therapy, each with first and last score by instrument."""
    for therapy, days in _therapies(r):
        scores: dict[str, tuple[int, int]] = {}
        for tool, instrument in INSTRUMENT.items():
            mine = sorted((day, s) for day, t, s in r.scores if t == tool and days[0] <= day <= days[-1])
            if len(mine) > 1:
                scores[instrument] = mine[0][1], mine[-1][1]
        yield therapy, scores


def _therapies(r: Referral) -> Iterable[tuple[str, list[date]]]:
    """Therapies given twice or more in a finished course, with the days of their sessions."""
    if not r.is_discharged or len(r.sessions) < 2:
        return
    for procedure, therapy in THERAPY.items():
        days = [day for day, given in r.sessions if given == procedure]
        if len(days) >= 2:
            yield therapy, days


def _change(key: Group, pairs: dict[Group, list[tuple[int, int]]], courses: int) -> Change:
    mine, national = pairs[key], [a for a, _ in pairs["England", "ENG", *key[2:]]]  # type: ignore[index]
    first, last = [a for a, _ in mine], [b for _, b in mine]
    gain = Fraction(sum(first) - sum(last), len(mine)) * (-1 if key[4] == "REQOL10" else 1)
    spread = _sd(national)
    return Change(
        courses, len(mine), sum(first) / len(mine), _sd(first), sum(last) / len(mine), _sd(last), spread,
        float(gain) / spread if spread else None,
    )  # fmt: skip


def _sd(values: list[int]) -> float | None:
    return float(stdev(map(Decimal, values))) if len(values) > 1 else None
