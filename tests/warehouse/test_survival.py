"""Waits of all who wait: published numbers, the reference library, a slow reading with fractions, and the mart."""

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from tests.campaign import seeds
from tests.fixtures.warehouse import APRIL, Row, ask, build, write_submission
from warehouse.comparison.survival import Day, Point, at, day_started, day_waited, estimate, median_limits
from warehouse.comparison.waiting import median

FOLLOWED, STARTED, LEFT, OTHER = 0, 1, 2, 3
SCRIPT = Path(__file__).parents[1] / "references" / "survival_reference.py"


def days_of(ends: Iterable[tuple[int, int]]) -> list[Day]:
    """Counts by day of (day, how it ended)."""
    counted = Counter(ends)
    days = sorted({day for day, _ in counted})
    return [Day(day, *(counted[day, how] for how in (STARTED, OTHER, LEFT, FOLLOWED))) for day in days]


# Freireich and others, Blood 1963; 6-mercaptopurine, weeks to relapse: + is still in remission.
LEUKAEMIA = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"


def test_kaplan_meier_of_the_leukaemia_trial_is_the_published_one() -> None:
    """The table of Cox and Oakes 1984 and of Kleinbaum and Klein: estimates, and Greenwood's standard errors."""
    ends = [(int(each.rstrip("+")), FOLLOWED if "+" in each else STARTED) for each in LEUKAEMIA.split()]
    points = {point.day: point for point in estimate(days_of(ends))}
    published = {6: "0.857", 7: "0.807", 10: "0.753", 13: "0.690", 16: "0.627", 22: "0.538", 23: "0.448"}
    assert {day: f"{points[day].still_waiting:.3f}" for day in published} == published
    assert {day: points[day].at_risk for day in published} == {6: 21, 7: 17, 10: 15, 13: 12, 16: 11, 22: 7, 23: 6}
    assert day_waited(list(points.values()), 0.5) == 23
    # The interval of a median whose upper limit never comes down to one half.
    assert median_limits(list(points.values())) == (13, None)


def test_cumulative_incidence_of_the_breast_cancer_patients_is_the_published_one() -> None:
    """Satagopan and others, British Journal of Cancer 2004; 91: 1229-1235, table 2: 305 patients, the first nine."""
    first = [(7, FOLLOWED), (10, STARTED), (14, FOLLOWED), (16, STARTED), (18, LEFT), (23, STARTED), (24, FOLLOWED)]
    ends = [*first, (26, LEFT), (27, STARTED), *[(100, FOLLOWED)] * 296]
    points = {point.day: point for point in estimate(days_of(ends))}
    published = {10: "0.3", 16: "0.7", 23: "1.0", 27: "1.3"}
    assert {day: points[day].at_risk for day in published} == {10: 304, 16: 302, 23: 300, 27: 297}
    # The table adds up rounded shares (0.3, 0.6, 0.9, 1.2); each of its parts is 0.3.
    parts = [
        points[10].started,
        *(points[b].started - points[a].started for a, b in ((10, 16), (16, 23), (23, 27))),
    ]
    assert [f"{100 * part:.1f}" for part in parts] == ["0.3"] * 4
    assert {day: f"{100 * points[day].started:.1f}" for day in published} == published
    free = {day: 100 * (1 - points[day].started - points[day].left) for day in (10, 16, 18, 23, 26, 27)}
    overall = {10: 99.7, 16: 99.3, 18: 99.0, 23: 98.7, 26: 98.3, 27: 98.0}
    assert all(abs(free[day] - share) < 0.051 for day, share in overall.items()), free


def test_estimates_and_intervals_are_those_of_the_reference_library() -> None:
    home = Path(sys.prefix) / "references"
    if not (home / ".installed").is_file():
        pytest.skip("needs the environment of tests/references.lock (make test builds it)")
    chance = random.Random(14)
    days = chance.sample(range(1, 400), 150)
    ends = [chance.choice((FOLLOWED, STARTED, STARTED, LEFT)) for _ in days]
    done = subprocess.run(
        [home / "bin" / "python", SCRIPT],
        input=json.dumps({"days": days, "ends": ends}),
        capture_output=True,
        text=True,
        check=True,
    )
    reference = {
        name: dict(each) if isinstance(each, list) else each for name, each in json.loads(done.stdout).items()
    }
    points = estimate(days_of(zip(days, ends, strict=True)))
    compared = 0
    for point in points:
        intervals = (*(point.still_waiting_interval or (None,) * 2), *(point.started_interval or (None,) * 2))
        found = dict(zip(("waiting_low", "waiting_high", "started_low", "started_high"), intervals, strict=True))
        for name, value in {"waiting": point.still_waiting, "started": point.started, **found}.items():
            if value is not None:
                assert value == pytest.approx(reference[name][point.day], abs=1e-9), (name, point.day)
                compared += 1
    assert compared > 800
    assert day_waited(points, 0.5) == reference["median"]


@pytest.mark.parametrize("seed", seeds(20))
def test_estimates_with_ties_are_those_of_a_slow_reading(seed: int) -> None:
    chance = random.Random(seed)
    ends = [(chance.randrange(12), chance.randrange(4)) for _ in range(chance.randrange(1, 40))]
    for point in estimate(days_of(ends)):
        waiting, free = Fraction(1), Fraction(1)
        shares = {STARTED: Fraction(0), OTHER: Fraction(0), LEFT: Fraction(0)}
        for day in range(point.day + 1):
            n = sum(end >= day for end, _ in ends)
            of_day = Counter(how for end, how in ends if end == day)
            for how in shares:
                shares[how] += free * Fraction(of_day[how], n) if n else 0
            waiting *= 1 - Fraction(of_day[STARTED], n) if n else 1
            free *= 1 - Fraction(sum(of_day[how] for how in shares), n) if n else 1
        assert point.at_risk == sum(end >= point.day for end, _ in ends)
        found = (point.still_waiting, point.started, point.other, point.left)
        assert found == pytest.approx(tuple(float(each) for each in (waiting, *shares.values())), abs=1e-12)
        # Begun, left and waiting are all; nobody left in Kaplan-Meier, so that it has begun sooner.
        assert 1 - point.still_waiting >= point.started - 1e-12
        for share, interval in (
            (point.still_waiting, point.still_waiting_interval), (point.started, point.started_interval)
        ):  # fmt: skip
            assert (interval is None) == (share < 1e-9 or share > 1 - 1e-9)
            assert interval is None or 0 <= interval[0] <= share <= interval[1] <= 1


def test_a_share_is_not_known_beyond_the_last_day_that_anybody_was_followed() -> None:
    followed = estimate(days_of([(5, STARTED), (30, FOLLOWED)]))
    assert at(followed, 42) is None
    assert at(followed, 30) == followed[-1]
    everybody = estimate(days_of([(5, STARTED), (30, LEFT)]))
    assert [point and point.started for point in (at(everybody, 42), at([], 42))] == [0.5, None]
    assert (day_started(everybody, 0.5), day_started(everybody, 0.75)) == (5, None)
    # Nobody left in Kaplan-Meier; the only one known to wait longer waited 30 days.
    assert (day_waited(everybody, 0.5), day_waited(everybody, 0.25)) == (5, None)


def test_before_the_first_end_of_a_wait_all_still_wait() -> None:
    """A share of 0 is known, and no gap: all were followed so far (decision 0051)."""
    people = [(50, STARTED), (60, LEFT), (70, FOLLOWED)]
    early = at(estimate(days_of(people)), 42)
    assert early == Point(42, 3, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert early.still_waiting_interval is None and early.started_interval is None
    # As if a fourth person had left on day 42: then it is a day of the curve, with the same shares of those who began.
    with_one = at(estimate(days_of([*people, (42, LEFT)])), 42)
    assert with_one is not None and (with_one.still_waiting, with_one.started, with_one.left) == (1.0, 0.0, 0.25)
    # The last of them was followed to day 30 only: what all had done by day 42 is not known.
    assert at(estimate(days_of([(30, FOLLOWED)])), 42) is None
    assert at(estimate(days_of([(30, FOLLOWED)])), 29) == Point(29, 1, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_the_median_of_the_treated_is_the_continuous_one() -> None:
    assert [median(counts) for counts in ({}, {3: 0}, {4: 1}, {4: 1, 7: 1}, {4: 2, 7: 1})] == [
        None,
        None,
        4,
        5.5,
        4,
    ]


def test_estimates_stay_the_same_whatever_the_order_of_days() -> None:
    chance = random.Random(2)
    days = days_of((chance.randrange(60), chance.randrange(4)) for _ in range(500))
    points: list[Point] = estimate(days)
    assert estimate([*days, Day(70, 0, 0, 0, 0)]) == points  # a day of nobody says nothing
    chance.shuffle(days)
    assert estimate(days) == points


LOW, HIGH = "748051000000105", "304891004"
# Name → pathway, day of referral from 1 April, days to treatment, procedure, days to discharge, last month sent.
PEOPLE: dict[str, tuple[str, int, int | None, str | None, int | None]] = {
    "seen soon": ("05", 0, 10, LOW, None), "seen late": ("05", 5, 40, HIGH, 60), "seen, no code": ("05", 0, 20, None, None),
    "left": ("05", 3, None, None, 30), "waits": ("05", 0, None, None, None), "waits less": ("05", 40, None, None, None),
    "smi": ("01", 0, 50, None, None), "smi waits": ("01", 20, None, None, None), "seen at once": ("03", 0, 0, None, None),
}  # fmt: skip


def test_the_mart_has_all_who_were_referred(tmp_path: Path) -> None:
    """One service and one quarter: what is expected stands here, in days from 1 April to 30 June."""
    months = [APRIL, date(2025, 5, 1), date(2025, 6, 1)]
    won = []
    for number, month in enumerate(months):
        until = date(2025, number + 5, 1)
        tables: dict[str, list[Row]] = {"IDS001": [], "IDS101": [], "IDS201": [], "IDS202": []}
        for name, (pathway, day, wait, code, left) in PEOPLE.items():
            received = APRIL + timedelta(days=day)
            ended = received + timedelta(days=left) if left else None
            if received >= until or (ended and ended < month):
                continue
            tables["IDS001"].append({"LocalPatientId": name})
            tables["IDS101"].append(
                {
                    "ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": received,
                    "ServDischDate": ended if ended and ended < until else None, "Pathway": pathway,
                }
            )  # fmt: skip
            seen = received + timedelta(days=wait) if wait is not None else None
            if seen and month <= seen < until:
                tables["IDS201"].append(
                    {
                        "CareContactId": name, "ServiceRequestId": name, "CareContDate": seen, "AppType": "02",
                        "AttendOrDNACode": "5",
                    }
                )  # fmt: skip
                if code:
                    tables["IDS202"].append(
                        {"CareActId": name, "CareContactId": name, "CodeProcAndProcStatus": code}
                    )
        won.append(write_submission(tmp_path, "RXX", month, tables))
    draft = build(tmp_path, won, measures=["REFERRALS"])
    rows = ask(
        draft,
        """SELECT pathway, step, referrals, started, started_elsewhere, left_waiting, still_waiting, lost,
               treated_median_days, km_median_days, ci_median_days, still_waiting_median_days,
               still_waiting_over_42, still_waiting_over_126
           FROM mart.waiting WHERE level = 'provider' AND period_type = 'quarter' ORDER BY ALL""",
    )
    found = {(pathway, step): counts for pathway, step, *counts in rows}
    # Those who wait still: 90 and 50 days of Talking Therapies, 70 of severe mental illness.
    expected = {
        ("05", "all"): [6, 3, 0, 1, 2, 0, 20, 40, 40, 70, 2, 0],
        ("05", "low intensity"): [6, 1, 2, 1, 2, 0, 10, None, None, 70, 2, 0],
        ("05", "high intensity"): [6, 1, 2, 1, 2, 0, 40, None, None, 70, 2, 0],
        ("01", "all"): [2, 1, 0, 0, 1, 0, 50, 50, 50, 70, 1, 0],
        ("01", "SMI therapy"): [2, 1, 0, 0, 1, 0, 50, 50, 50, 70, 1, 0],
        ("03", "all"): [1, 1, 0, 0, 0, 0, 0, 0, 0, None, 0, 0],
        ("03", "SMI therapy"): [1, 1, 0, 0, 0, 0, 0, 0, 0, None, 0, 0],
        ("all", "all"): [9, 5, 0, 1, 3, 0, 20, 50, 50, 70, 3, 0],
    }
    assert {key: found[key] for key in expected} == expected
    assert found["05", "not known yet"] == found["05", "all"] == found["all", "not known yet"]
    assert set(found) == {
        *expected, ("05", "not known yet"), ("all", "not known yet"), ("all", "low intensity"),
        ("all", "high intensity"), ("all", "SMI therapy"),
    }  # fmt: skip
    # The first person of pathway 01 begins on day 50: by day 42 nobody had, which is known (decision 0051).
    assert ask(
        draft,
        """SELECT DISTINCT ci_started_42, ci_started_42_lower_95, ci_left_42, km_started_42, km_started_42_upper_95
           FROM mart.waiting WHERE level = 'provider' AND period_type = 'quarter' AND pathway = '01'""",
    ) == [(0.0, None, 0.0, 0.0, None)]
    # Of quarters there is no curve.
    assert ask(draft, "SELECT count(*) FROM mart.waiting_curve") == [(0,)]
