"""What demand and capacity rest on: lengths of courses, estimates, what a service may set, reference values."""

import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import CatalogueError, NotAsked
from tests.campaign import examples
from tests.fixtures.assumptions import EIGHTEEN, HIGH, LOW, SIX, SMI, TODAY, VALUES, assumptions
from tests.references import capacity as reference
from warehouse.capacity import reference as reference_values
from warehouse.capacity.assumptions import Month, monthly, of_programme, of_work, quantile, share
from warehouse.capacity.changing import changed, changes
from warehouse.capacity.expected import Courses, Lengths
from warehouse.capacity.lengths import Mean, curve, drawn_to, spread_between
from warehouse.capacity.reference import nice_sessions, standards, why_no_standard
from warehouse.capacity.simulation import limits

# Lengths of courses ------------------------------------------------------------------------------------------------

courses = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def test_courses_that_ended_alone_have_their_plain_mean() -> None:
    made = curve([(2, True, 1), (4, True, 2), (10, True, 1)])
    assert made.left(0)[0] == pytest.approx(5.0) and (made.ended, made.courses) == (4, 4)


def test_a_course_that_runs_says_that_it_has_so_many_at_least() -> None:
    # Without the three that run the mean would be 2. One of four ended with 2, and nobody is known beyond 8.
    made = curve([(2, True, 1), (8, False, 3)])
    assert made.left(0)[0] == pytest.approx(2 + 0.75 * 6)
    assert made.left(8) == (0.0, 0.0) and made.left(20) == (0.0, 0.0)


@settings(max_examples=examples(150))
@given(courses, st.integers(0, 14))
def test_what_is_left_equals_chances_multiplied_on(found: list[tuple[int, bool]], had: int) -> None:
    made = curve([(sessions, ended, 1) for sessions, ended in found])
    # After sessions that nobody is known to have had nothing can be said.
    if had == 0 or made.beyond[min(had, len(made.beyond)) - 1] > 0:
        assert made.left(had)[0] == pytest.approx(reference.mean_sessions(found, had))


def test_the_error_is_that_of_a_mean_where_all_ended() -> None:
    """Greenwood's formula: the variance of a mean of n complete values is that of the values by n (not n - 1)."""
    values = [1, 3, 3, 4, 6, 7, 9, 12]
    error = curve([(value, True, 1) for value in values]).left(0)[1]
    assert error == pytest.approx(float(np.std(values)) / len(values) ** 0.5)


def test_services_that_do_not_differ_have_the_mean_of_england() -> None:
    alike = [Mean(6, 0.5, 50), Mean(6.1, 0.5, 50), Mean(5.9, 0.5, 50)]
    assert spread_between(alike) == 0.0
    mean, weight = drawn_to(alike[0], Mean(6.0, 0.3, 150), 0.0)
    assert (mean.value, weight) == (6.0, 0.0)
    # DerSimonian and Laird by hand: Q = 32, weights of 4, 4, 4, so (32 - 2) / (12 - 48 / 12).
    unlike = [Mean(4, 0.5, 50), Mean(6, 0.5, 50), Mean(8, 0.5, 50)]
    assert spread_between(unlike) == pytest.approx(3.75)
    mean, weight = drawn_to(unlike[0], Mean(6.0, 0.3, 150), 3.75)
    assert weight == pytest.approx(3.75 / 4) and mean.value == pytest.approx(6 - 2 * weight)


def lengths(*rows: tuple[str, str, str, int, str, int]) -> Lengths:
    """Courses as (provider, pathway, problem, sessions, how ended, number), of high intensity or SMI."""
    return Lengths(
        [
            Courses(who, path, problem, SMI if path < "05" else HIGH, True, sessions, ended, "none", n, n)
            for who, path, problem, sessions, ended, n in rows
        ],
        TODAY,
    )


def test_few_courses_are_those_of_england_and_few_of_england_those_of_nice() -> None:
    many = [("RA1", "05", "depression", k, "ended", 10) for k in (2, 4, 6)]
    found = lengths(*many, ("RB1", "05", "depression", 12, "ended", 9), ("RB1", "01", "all", 3, "ended", 4))
    (own,) = found.kinds("RA1", HIGH)
    (few,) = found.kinds("RB1", HIGH)
    (smi,) = found.kinds("RB1", SMI)
    # One service with ten courses: nothing says that services differ, so it is England's mean for both.
    assert own.source == few.source == "England"
    assert few.expected == pytest.approx((4 * 30 + 12 * 9) / 39) and few.own == 12
    assert (smi.source, smi.expected, smi.england) == ("NICE", 16, None)
    # No number of NICE's for personality disorder: the few of England, with hardly any certainty.
    (few,) = lengths(("RC1", "03", "all", 8, "ended", 2)).kinds("RC1", SMI)
    assert (few.source, few.expected, few.error) == ("England, fewer than 10 courses", 8, 4)
    (none,) = lengths(("RC1", "03", "all", 8, "goes on", 2)).kinds("RC1", SMI)
    assert (none.source, none.expected) == ("not known", None)


def test_people_under_way_in_one_step_will_need_courses_of_another() -> None:
    rows = [
        Courses("RA1", "05", "depression", LOW, True, 3, "stepped up", HIGH, 5, 5),
        Courses("RA1", "05", "depression", LOW, True, 4, "ended", "none", 15, 15),
        Courses("RA1", "05", "depression", LOW, True, 1, "goes on", "none", 8, 8),
        Courses("RA1", "05", "depression", HIGH, False, 6, "ended", "none", 5, 5),
    ]
    of = {a.name: a for a in Lengths(rows, TODAY).assumptions("RA1", HIGH)}
    # 5 of 20 low-intensity courses that ended moved up: 8 x 1/4 of those under way.
    assert of["courses_to_come"].value == pytest.approx(2)
    assert of["courses_per_start"].value == pytest.approx(5 / 28)
    assert (of["courses_under_way"].value, of["sessions_left"].value) == (0, 0)


def test_a_course_of_the_first_month_may_have_begun_before_and_says_nothing_of_lengths() -> None:
    whole = Courses("RA1", "05", "depression", HIGH, True, 6, "ended", "none", 20, 20)
    cut = replace(whole, sessions=1, courses=40, begun=0, is_whole=False)
    (kind,) = Lengths([whole, cut], TODAY).kinds("RA1", HIGH)
    assert (kind.expected, kind.ended, kind.begun) == (6, 20, 20)


# Estimates ---------------------------------------------------------------------------------------------------------


def month(n: int, **counts: float) -> Month:
    return Month(date(2025, n, 1), **counts)  # type: ignore[arg-type]


@settings(max_examples=examples(100))
@given(st.dictionaries(st.integers(0, 300), st.integers(1, 5), min_size=1), st.floats(0, 1))
def test_a_quantile_of_counts_is_that_of_the_values(counted: dict[int, int], p: float) -> None:
    values = [value for value, count in counted.items() for _ in range(count)]
    assert quantile(counted, p) == pytest.approx(float(np.quantile(values, p)), abs=1e-9)
    assert quantile(counted, p) == pytest.approx(reference.quantile(values, p), abs=1e-9)


def test_monthly_counts_vary_by_their_months_and_at_least_by_chance() -> None:
    assert monthly(HIGH, "referrals", [10, 10, 10]).error == pytest.approx((10 / 3) ** 0.5)
    assert monthly(HIGH, "referrals", [0, 20, 40]).error == pytest.approx((400 / 3) ** 0.5)
    assert monthly(HIGH, "referrals", [16]).error == 4
    assert share(HIGH, "share_missed", 0, 0).value is None
    low, high = limits(share(HIGH, "share_missed", 0, 40), "RA1")
    assert low == 0 and 0 < high < 0.1  # the value itself: every draw is above it


def test_the_programme_by_hand() -> None:
    months = [
        month(1, referred=500, started=400, waiting=9),
        month(2, referred=10, started=6, left=2, waiting=9),
        month(3, referred=14, started=8, left=2, waiting=11),
        month(4, referred=12, started=7, left=3, waiting=12),
    ]
    waits = {7: 10, 14: 10, 70: 5}
    of = {a.name: a for a in of_programme(months, waits, (SIX, EIGHTEEN), HIGH)}
    # The first month has people who were in treatment before the service sent anything.
    assert of["referrals"].value == 12 and of["referrals"].n == 3
    assert of["share_starting"].value == 21 / 28 and of["share_starting"].n == 28
    assert of["people_waiting"].value == 12
    assert of["referral_variation"].value == pytest.approx(reference.variation([10, 14, 12]))
    values = [7.0] * 10 + [14] * 10 + [70] * 5
    for weeks, p in ((6, 0.75), (18, 0.95)):
        wanted = reference.quantile(values, p) / (sum(values) / 25)
        assert of[f"wait_ratio_{weeks}"].value == pytest.approx(wanted)
    few = {a.name: a for a in of_programme(months, {7: 19}, (SIX,), HIGH)}
    assert few["wait_ratio_6"].value == pytest.approx(-log(0.25))
    assert few["wait_ratio_6"].source == "assumed: exponential waits"
    one = {a.name: a for a in of_programme(months[:1], {}, (), HIGH)}
    assert one["referral_variation"].source == "assumed: chance alone" and one["referrals"].value == 500


def test_staff_by_hand() -> None:
    months = [
        month(n, sessions=60, missed=10, cancelled=10, staff_months=2, trained_sessions=50, trainee_sessions=8,
              unnamed_sessions=2, trainee_months=0.5)
        for n in range(1, 9)
    ]  # fmt: skip
    months[-1] = replace(months[-1], staff_months=3.5, trained_sessions=80, sessions=90, missed=15, cancelled=15)
    of = {a.name: a for a in of_work(HIGH, months, months)}
    assert of["staff_trained"].value == 2.5 and of["staff_in_training"].value == 0.5
    # 5 x 50 + 80 sessions in 5 x 2 + 3.5 months; of 10 appointments 7.5 are sessions.
    assert of["appointments_per_wte"].value == pytest.approx(330 / 13.5 / 0.75)
    assert of["share_missed"].value == pytest.approx(0.125) and of["share_missed"].n == 520
    assert of["trainee_sessions"].value == 8 and of["unnamed_sessions"].value == 2


def test_a_step_without_trained_staff_has_none_and_a_service_without_has_nothing_known() -> None:
    nobody = [month(n, sessions=4, unnamed_sessions=4) for n in range(1, 4)]
    somebody = [month(n, sessions=44, unnamed_sessions=4, trained_sessions=40, staff_months=1) for n in range(1, 4)]
    of = {a.name: a for a in of_work(LOW, nobody, somebody)}
    assert of["staff_trained"].value == 0 and of["appointments_per_wte"].value == 40
    of = {a.name: a for a in of_work(LOW, nobody, nobody)}
    assert of["staff_trained"].value is None and of["staff_trained"].source == "no staff records"
    assert of["unnamed_sessions"].value == 4


def test_of_staff_in_training_alone_it_is_known_who_they_are_and_not_what_trained_staff_would_give() -> None:
    learning = [month(n, sessions=9, trainee_sessions=9, trainee_months=2) for n in range(1, 4)]
    of = {a.name: a for a in of_work(LOW, learning, learning)}
    assert (of["staff_trained"].value, of["staff_in_training"].value) == (0, 2)
    assert of["appointments_per_wte"].value is None
    assert of["appointments_per_wte"].source == "no session names trained staff"
    # A step in which nobody gave a session is that of a service that has staff.
    of = {a.name: a for a in of_work(HIGH, [month(n) for n in range(1, 4)], learning)}
    assert (of["staff_trained"].value, of["staff_in_training"].value) == (0, 0)
    assert of["appointments_per_wte"].source == "no session names trained staff"


# What a service sets -----------------------------------------------------------------------------------------------


def test_hours_alone_do_not_change_what_the_same_people_give() -> None:
    def given(*texts: str) -> float:
        now = {each.name: each.value or 0 for each in changed(assumptions(), changes(texts))}
        return now["staff_trained"] * now["wte_per_person"] * now["appointments_per_wte"]

    before = given()
    assert before > 0 and given("wte_per_person=0.8") == pytest.approx(before)
    assert given("wte_per_person=0.8", "appointments_per_wte=40") == pytest.approx(before * 0.8)  # both are set


@settings(max_examples=examples(40))
@given(st.sets(st.sampled_from(sorted(VALUES)), min_size=1))
def test_what_is_set_to_what_it_is_changes_nothing(names: set[str]) -> None:
    own = [each.rounded() for each in assumptions()]
    same = changed(own, changes(f"{name}={next(a.value for a in own if a.name == name)}" for name in sorted(names)))
    assert same == own


def test_what_is_set_has_no_interval_and_its_own_source() -> None:
    (found,) = [a for a in changed(assumptions(), changes(["referrals=120"])) if a.name == "referrals"]
    assert (found.value, found.source, found.spread) == (120, "set here", "none")
    both = [*assumptions(), *assumptions(LOW)]
    found_low = [a for a in changed(both, changes([f"{LOW}:staff_trained=3"])) if a.name == "staff_trained"]
    assert [a.value for a in found_low] == [9, 3]
    # What is one value of a programme is set in all of its steps, whichever is named.
    for text in ("referrals=7", f"{LOW}:referrals=7"):
        assert {a.value for a in changed(both, changes([text])) if a.name == "referrals"} == {7}
    mixed = changed([*both, *assumptions(SMI)], changes([f"{SMI}:referrals=7"]))
    assert [a.value for a in mixed if a.name == "referrals"] == [100, 100, 7]
    with pytest.raises(NotAsked, match="referrals differs by step"):
        changed([*assumptions(), *assumptions(SMI)], changes(["referrals=7"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("staf_trained=3", "There is no assumption 'staf_trained'. Did you mean staff_trained? Accepted: referrals, "),
        ("zzz=3", "There is no assumption 'zzz'. Accepted: referrals, "),
        ("referrals", "--set 'referrals' is not NAME=VALUE, such as staff_trained=12."),
        ("referrals=ten", "referrals 'ten' is not a number. Referrals a month: a number of 0 or more (people a month)."),
        ("referrals=-1", "referrals cannot be -1. Referrals a month: a number of 0 or more (people a month)."),
        ("referrals=nan", "referrals cannot be nan."),
        ("share_starting=1.5", "share_starting cannot be 1.5. Share of those referred who start treatment: a number "
         "from 0 to 1 (share)."),
        ("wte_per_person=0", "wte_per_person cannot be 0. Whole-time equivalents for each member of staff: a number "
         "from 0.05 to 1 (whole-time equivalents)."),
        ("far:referrals=3", "The service has no step 'far'. Its steps: high intensity, low intensity."),
        ("staff_trained=3", "staff_trained differs by step. Name one of high intensity, low intensity, such as --set "
         "'high intensity:staff_trained=3'."),
        ("high intensity:share_missed=0.9", "high intensity: share_missed and share_cancelled together cannot be 1.05. "
         "Nearly nobody would come. Accepted: 0.95 or less."),
    ],
)  # fmt: skip
def test_what_is_not_accepted_is_said_with_what_would_be(text: str, said: str) -> None:
    with pytest.raises(NotAsked) as raised:
        changed([*assumptions(), *assumptions(LOW)], changes([text]))
    assert str(raised.value).startswith(said)


# Reference values --------------------------------------------------------------------------------------------------


def test_standards_are_dated_and_have_a_source() -> None:
    assert standards("talking_therapies", TODAY) == (SIX, EIGHTEEN)
    assert standards("talking_therapies", date(2014, 1, 1)) == ()
    assert standards("severe_mental_illness", TODAY) == ()
    assert "england.nhs.uk" in why_no_standard("severe_mental_illness", TODAY)
    assert why_no_standard("talking_therapies", TODAY) == ""
    assert nice_sessions("01", SMI, TODAY) == (16, 10, 26, "NICE CG178: CBT of at least 16 planned sessions; family "
                                               "intervention of at least 10")  # fmt: skip
    assert nice_sessions("01", SMI, date(2014, 1, 1)) is None and nice_sessions("02", SMI, TODAY) is None


@pytest.mark.parametrize(
    ("file", "row", "problem"),
    [
        ("waiting_standard", "1,talking_therapies,6,75 %,2015-04-01,,NHS England,F,", "share '75 %' must be a share"),
        ("waiting_standard", "1,talking_therapies,6,0.75,2015-04-01,,,F,", "source is blank"),
        ("waiting_standard", "1,talking_therapies,6,0.75,May 2015,,NHS England,F,", "valid_from 'May 2015' must be a day"),
        ("waiting_standard", "1,talking_therapies,6,0.75", "the row must have 9 cells"),
        ("expected_sessions", "05,low intensity,six,5,8,2022-06-29,NICE,R,", "sessions 'six' must be a number"),
        ("expected_sessions", "05,low intensity,6,5,8,2022-06-29,NICE,yes,", "confidence 'yes' must be F (found"),
        ("assumption", "1,referrals,Referrals,people,service,0,9,,,,", "scope 'service' must be programme or step"),
        ("assumption", "1,wte_per_person,Whole-time,people,step,0,9,1,,R,", "source is blank"),
    ],
)  # fmt: skip
def test_a_row_of_a_reference_file_that_cannot_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, row: str, problem: str
) -> None:
    (tmp_path / "capacity").mkdir()
    header = (files("warehouse") / "capacity" / f"{file}.csv").read_text("utf-8").splitlines()[0]
    (tmp_path / "capacity" / f"{file}.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    monkeypatch.setattr(reference_values, "files", lambda _: tmp_path)
    with pytest.raises(CatalogueError, match=re.escape(problem)) as raised:
        reference_values._rows.__wrapped__(file)
    assert f"warehouse/capacity/{file}.csv" in str(raised.value) and "row 2" in str(raised.value)
