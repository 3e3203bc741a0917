"""Access and staff towards a target: what came, what the present rate gives, and what cannot be said."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.month import months_after, months_between
from tests.fixtures.warehouse import Row, ask, build, write_submission
from tests.warehouse.test_organisations import TARGETS, folder
from warehouse.forecasting.forecast import Likely, forecast
from warehouse.organisations.importing import take_reference
from warehouse.trajectories.staff import Moves, Post, ahead, moves

APRIL = date(2025, 4, 1)
LAST = date(2026, 1, 1)
MONTHS = months_between(APRIL, LAST)
# People who started at RAA; in October it did not submit. RCC began in November.
STARTED = dict(zip(MONTHS, [9, 4, 5, 6, 5, 4, None, 5, 6, 5], strict=True))
OTHER = {date(2025, 11, 1): 3, date(2025, 12, 1): 2, LAST: 2}
OWN = TARGETS + "".join(
    f"{line},the plan of the service,F\n"
    for line in (
        "RAA,access,2026-12,80", "RAA,access,2026-06,60", "RAA,trained staff,2026-12,7", "RAA,staff in post,2028-03,9",
        "RAA,trainees,2025-12,3", "RCC,access,2026-12,30",
    )
)  # fmt: skip


def people(month: date, number: int) -> dict[str, list[Row]]:
    """Referrals that start in a month, each with one contact on its second day."""
    names = [f"{month:%y%m}-{n}" for n in range(number)]
    return {
        "IDS001": [{"LocalPatientId": name} for name in names],
        "IDS101": [
            {"ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": month} for name in names
        ],
        "IDS201": [
            {"CareContactId": name, "ServiceRequestId": name, "CareContDate": month + timedelta(days=1),
             "AppType": "02", "AttendOrDNACode": "5"}
            for name in names
        ],
    }  # fmt: skip


def staff(month: date) -> dict[str, list[Row]]:
    """Four who stay, one who left after July, one who joined in September, and two trainees."""
    there = ["S1", "S2", "S3", "S4", *(["S5"] if month <= date(2025, 7, 1) else [])]
    there += ["S6"] if month >= date(2025, 9, 1) else []
    learning: list[Row] = [
        {"CarePersLocalId": "T1", "QualAttainLevelIAPT": "10", "QualPlannedCompletionDate": date(2026, 6, 30)}
    ]
    if month >= date(2025, 11, 1):
        learning.append({"CarePersLocalId": "T2", "QualAttainLevelIAPT": "11"})
    return {
        "SMI901": [{"CarePersLocalId": name, "StaffGroup": "03"} for name in [*there, "T1"]],
        "IDS902": learning,
    }


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two services in ten months, with targets; one of them took the place of RBB in May."""
    tmp = tmp_path_factory.mktemp("trajectories")
    current = [
        write_submission(tmp, "RAA", month, {**people(month, number), **staff(month)})
        for month, number in STARTED.items()
        if number is not None
    ]
    merged = {"SMI901": [{"CarePersLocalId": "P1", "StaffGroup": "03"}]}
    current.append(write_submission(tmp, "RBB", APRIL, {**people(APRIL, 2), **merged}))
    current += [write_submission(tmp, "RCC", month, people(month, number)) for month, number in OTHER.items()]
    take_reference(folder(tmp / "in", target=OWN), tmp / "out")
    return build(tmp, current, measures=("ACCESS", "FINISHED"), reference=tmp / "out")


def rows(draft: Path, organisation: str, series: str) -> dict[date, dict[str, Any]]:
    names = ("month", "actual", "median", "lower_80", "upper_80", "lower_95", "upper_95", "target", "state")
    found = ask(
        draft,
        f"SELECT {', '.join(names)} FROM mart.trajectory WHERE organisation = ? AND series = ? ORDER BY month",
        [organisation, series],
    )
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found}


def due(draft: Path, organisation: str, series: str, month: date) -> dict[str, Any]:
    names = (
        "target", "reached", "median", "lower_80", "upper_80", "lower_95", "upper_95", "monthly_so_far", "monthly_needed",
        "state", "target_source",
    )  # fmt: skip
    ((found),) = ask(
        draft,
        f"SELECT {', '.join(names)} FROM mart.trajectory_target WHERE organisation = ? AND series = ? AND due = ?",
        [organisation, series, month],
    )
    return dict(zip(names, found, strict=True))


def test_what_came_stands_beside_what_the_present_rate_gives(draft: Path) -> None:
    found = rows(draft, "RAA", "access")
    assert list(found) == months_between(APRIL, date(2027, 1, 1))
    came = {month: row["actual"] for month, row in found.items() if month <= LAST}
    assert came == STARTED | {APRIL: 11}  # with two of RBB
    coming = [row for month, row in found.items() if month > LAST]
    assert {row["state"] for row in coming} == {"forecast"}
    assert all(row["actual"] is None and row["lower_95"] <= row["median"] <= row["upper_95"] for row in coming)


def test_the_first_month_of_a_service_is_no_history_and_a_month_not_submitted_no_zero(draft: Path) -> None:
    found = rows(draft, "RAA", "access")
    assert found[APRIL]["state"] == "unsettled"
    assert found[APRIL]["actual"] == 11
    assert found[date(2025, 10, 1)] == dict.fromkeys(found[APRIL], None) | {"state": "not submitted"}
    history = {month: number for month, number in STARTED.items() if month != APRIL}
    expected = forecast(history, 12, season="access", key="access|provider|RAA")
    assert expected is not None
    june = date(2026, 6, 1)
    assert found[june] | vars(expected.month(june)) == found[june]


def test_a_service_with_too_few_months_says_so_and_has_no_number(draft: Path) -> None:
    found = rows(draft, "RCC", "access")
    assert {row["state"] for month, row in found.items() if month > LAST} == {"too few months"}
    assert all(row["median"] is None for row in found.values())
    assert due(draft, "RCC", "access", date(2026, 12, 1))["state"] == "too few months"


def test_a_month_that_one_of_several_providers_did_not_submit_is_incomplete(draft: Path) -> None:
    england = rows(draft, "ENG", "access")
    assert england[date(2025, 10, 1)]["state"] == "not submitted"
    assert england[date(2025, 11, 1)]["state"] == "unsettled"  # RCC began
    assert england[date(2025, 12, 1)]["state"] == "actual"
    assert england[date(2025, 12, 1)]["actual"] == 8


def test_a_target_of_access_is_for_the_year_that_ends_with_its_month(draft: Path) -> None:
    """Due in December 2026: January came (5), eleven months are left."""
    found = due(draft, "RAA", "access", date(2026, 12, 1))
    assert (found["target"], found["reached"], found["state"]) == (80, 5, "forecast")
    assert found["monthly_needed"] == 7  # 75 in 11 months
    assert found["monthly_so_far"] == 5  # 40 in 8 months
    history = {month: number for month, number in STARTED.items() if month != APRIL}
    made = forecast(history, 12, season="access", key="access|provider|RAA")
    assert made is not None
    total = made.total(date(2026, 2, 1), date(2026, 12, 1))
    assert found | {name: value + 5 for name, value in vars(total).items()} == found
    assert found["target_source"] == "the plan of the service"


def test_a_year_with_a_month_that_is_not_known_has_no_sum(draft: Path) -> None:
    found = due(draft, "RAA", "access", date(2026, 6, 1))
    assert found["state"] == "a month is missing"
    assert found["median"] is None
    assert found["monthly_needed"] is None


def test_staff_in_post_are_those_on_the_lists_and_trainees_are_no_trained_staff(draft: Path) -> None:
    numbers = {name: rows(draft, "RAA", name) for name in ("staff in post", "trained staff", "trainees")}
    for month, row in numbers["staff in post"].items():
        if month <= LAST and month != date(2025, 10, 1):
            assert row["actual"] == numbers["trained staff"][month]["actual"] + numbers["trainees"][month]["actual"]
    assert [numbers["trainees"][month]["actual"] for month in MONTHS] == [1] * 6 + [None] + [2] * 3
    assert [numbers["trained staff"][month]["actual"] for month in MONTHS] == [6, 5, 5, 5, 4, 5, None, 5, 5, 5]


def test_a_trainee_becomes_trained_when_the_course_ends_and_not_before(draft: Path) -> None:
    """T1 in June 2026 as planned; T2 a year (the length of the course) after the first month on the list."""
    trainees = rows(draft, "RAA", "trainees")
    assert trainees[date(2026, 5, 1)]["median"] == 2
    assert trainees[date(2026, 6, 1)]["median"] == 1
    assert trainees[date(2026, 10, 1)]["lower_80"] == 1
    trained = rows(draft, "RAA", "trained staff")
    assert trained[date(2026, 6, 1)]["upper_95"] > trained[date(2026, 5, 1)]["upper_95"]


def test_targets_of_staff_are_for_the_end_of_the_month(draft: Path) -> None:
    assert due(draft, "RAA", "trained staff", date(2026, 12, 1))["reached"] == 5
    assert due(draft, "RAA", "trained staff", date(2026, 12, 1))["state"] == "forecast"
    assert due(draft, "RAA", "staff in post", date(2028, 3, 1))["state"] == "too far ahead"
    past = due(draft, "RAA", "trainees", date(2025, 12, 1))
    assert (past["reached"], past["state"], past["median"]) == (2, "past", None)


def test_a_national_target_says_nothing_of_a_part_of_the_nation(draft: Path) -> None:
    found = due(draft, "ENG", "finished courses", date(2027, 3, 1))
    assert (found["target"], found["state"], found["median"]) == (805_000, "part of the nation", None)


def test_a_merged_provider_counts_in_its_successor_and_its_staff_have_not_left(draft: Path) -> None:
    assert rows(draft, "RBB", "access") == {}
    assert rows(draft, "RBB", "staff in post") == {}
    # S5 left in ten months; with P1 the range of a year later would reach lower.
    found = rows(draft, "RAA", "staff in post")[date(2027, 1, 1)]
    alone = Moves(left=1, person_months=44, joined_trained=1, joined_trainees=1, joining_months=8, now=5,
                  trainees=[5, 10], courses=[12, 12])  # fmt: skip
    expected = ahead(alone, LAST, 12, "staff|provider|RAA")["staff in post"].month(date(2027, 1, 1))
    assert abs(found["median"] - expected.median) <= 1
    assert abs(found["lower_95"] - expected.lower_95) <= 1


def test_a_service_without_lists_of_staff_has_no_series_of_staff(draft: Path) -> None:
    assert rows(draft, "RCC", "staff in post") == {}
    assert rows(draft, "ENG", "staff in post")[LAST]["actual"] == 7


def posts(spans: dict[str, tuple[int, int, bool]]) -> Iterator[Post]:
    """Posts from ``name: (first, last, is trainee)``, months counted from April."""
    for name, (first, last, is_trainee) in spans.items():
        for n in range(first, last + 1):
            yield Post(name, months_after(APRIL, n), is_trainee)


def test_who_is_on_no_later_list_has_left_and_who_was_on_no_earlier_one_has_joined() -> None:
    spans = {"stays": (0, 9, False), "left": (0, 3, False), "joined": (5, 9, False), "begins": (6, 9, True)}
    found = moves(posts(spans), LAST, taken_over=frozenset(), is_there=True)
    assert (found.left, found.joined_trained, found.joined_trainees) == (1, 1, 1)
    assert found.person_months == 9 + 4 + 4 + 3  # months after which somebody could have left
    assert (found.now, len(found.trainees), found.joining_months) == (2, 1, 9)


def test_who_is_missing_on_one_list_has_not_left() -> None:
    of = [
        post
        for post in posts({"a": (0, 9, False), "b": (0, 9, False)})
        if (post.staff_id, post.month.month) != ("a", 8)
    ]
    found = moves(of, LAST, taken_over=frozenset(), is_there=True)
    assert (found.left, found.joined_trained, found.now) == (0, 0, 2)


def test_a_merger_is_no_leaving_and_no_joining() -> None:
    before = moves(posts({"a": (0, 4, False)}), LAST, taken_over=frozenset(), is_there=False)
    spans = {"own": (0, 9, False), "a again": (5, 9, False)}
    after = moves(posts(spans), LAST, taken_over=frozenset({months_after(APRIL, 5)}), is_there=True)
    after.add(before)
    assert (after.left, after.joined_trained, after.now) == (0, 0, 2)


def test_without_moves_the_staff_of_today_are_the_median_and_the_range_grows() -> None:
    found = moves(posts({str(n): (0, 9, False) for n in range(40)}), LAST, taken_over=frozenset(), is_there=True)
    made = ahead(found, LAST, 24, "k")["trained staff"]
    near, far = made.month(made.months[0]), made.month(made.months[-1])
    assert near.median == 40
    assert 38 <= far.median <= 42
    assert far.upper_95 - far.lower_95 > near.upper_95 - near.lower_95
    assert ahead(found, LAST, 24, "k")["trained staff"].paths.tobytes() == made.paths.tobytes()


def test_staff_ahead_are_on_average_what_the_rates_say() -> None:
    """Expected from a recursion by hand, of means: leavers, joiners, and trainees at the end of their course."""
    of = Moves(left=12, person_months=1_200, joined_trained=9, joined_trainees=6, joining_months=30, now=40,
               trainees=[2, 2, 5], courses=[12])  # fmt: skip
    made = ahead(of, LAST, 14, "k")
    leave, join, begin = 12.5 / 1_200, 9.5 / 30, 6.5 / 30
    trained, cohorts = 40.0, {2: 2.0, 5: 1.0}
    for month in range(1, 15):
        trained *= 1 - leave
        cohorts = {ends: number * (1 - leave) for ends, number in cohorts.items()}
        trained += cohorts.pop(month, 0.0) + join
        cohorts[month + 12] = begin
        column = made["trained staff"].paths[:, month - 1]
        assert column.mean() == pytest.approx(trained, abs=0.5)
        assert made["trainees"].paths[:, month - 1].mean() == pytest.approx(sum(cohorts.values()), abs=0.3)
    total = made["staff in post"].paths
    assert (total == made["trained staff"].paths + made["trainees"].paths).all()


def test_a_range_of_staff_holds_as_often_as_it_says() -> None:
    """Services of 30 whose staff leave at 2 % a month and are replaced: seen for a year, and a year later."""
    import numpy as np

    lot, held = np.random.default_rng(53), []
    for n in range(60):
        there, spans, number = {}, {}, 0
        for month in range(24):
            gone = [name for name in there if lot.random() < 0.02]
            for name in gone:
                spans[name] = (there.pop(name), month - 1, False)
            for _ in range(30 if month == 0 else lot.poisson(0.6)):
                there[f"{n}-{number}"], number = month, number + 1
        spans |= {name: (start, 23, False) for name, start in there.items()}
        seen = {name: (a, min(b, 11), c) for name, (a, b, c) in spans.items() if a <= 11}
        found = moves(posts(seen), months_after(APRIL, 11), taken_over=frozenset(), is_there=True)
        made = ahead(found, months_after(APRIL, 11), 12, f"service {n}")["staff in post"]
        likely: Likely = made.month(made.months[-1])
        held.append(likely.lower_80 <= len(there) <= likely.upper_80)
    assert 0.66 <= sum(held) / len(held) <= 0.94  # binomial, 99 of 100
