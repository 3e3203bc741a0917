"""The step of care: what a referral waits for, when its step is known, and when it moves to another."""

import random
from datetime import date, timedelta

import pytest

from tests.fixtures.warehouse import APRIL, Row, ask, build, write_submission
from tests.references.steps import Session, Spell, spells
from tests.warehouse.test_therapy_intensity import tables

END = date(2025, 4, 30)
# Pathway and course (a letter a day, of test_therapy_intensity) → step, days from 1 April, how it ended.
WAIT = ("not known yet", 0, 0, "started")
COURSES: dict[tuple[str, str], list[tuple[str, int, int | None, str | None]]] = {
    # Nothing delivered: nobody knows for what they wait, whatever comes later.
    ("05", ""): [("not known yet", 0, 29, "left")],
    ("05", "x"): [("not known yet", 0, 29, "left")],
    ("05", "aL"): [("not known yet", 0, 1, "started"), ("low intensity", 1, 29, "ended")],
    ("05", "H"): [WAIT, ("high intensity", 0, 29, "ended")],
    # A first contact without a therapy, a refused one, employment support: the step becomes known with the first.
    ("05", "NL"): [WAIT, ("not known yet", 0, 1, "step known"), ("low intensity", 1, 29, "ended")],
    ("05", "RNN"): [WAIT, ("not known yet", 0, 29, "ended")],
    # One single session of the other intensity moves nobody, the second in a row does, on its day.
    ("05", "LHL"): [WAIT, ("low intensity", 0, 29, "ended")],
    ("05", "LHLH"): [WAIT, ("low intensity", 0, 29, "ended")],
    ("05", "LLHNH"): [WAIT, ("low intensity", 0, 4, "stepped up"), ("high intensity", 4, 29, "ended")],
    ("05", "HHLL"): [WAIT, ("high intensity", 0, 3, "stepped down"), ("low intensity", 3, 29, "ended")],
    ("05", "LHHLL"): [
        WAIT, ("low intensity", 0, 2, "stepped up"), ("high intensity", 2, 4, "stepped down"),
        ("low intensity", 4, 29, "ended"),
    ],
    # A day with both is high; a log is high, and no treatment contact: the wait goes on.
    ("05", "(LH)L"): [WAIT, ("high intensity", 0, 29, "ended")],
    ("05", "iN"): [("not known yet", 0, 1, "started"), ("high intensity", 1, 29, "ended")],
    ("05", "iiLL"): [
        ("not known yet", 0, 2, "started"), ("high intensity", 2, 3, "stepped down"),
        ("low intensity", 3, 29, "ended"),
    ],
    ("05", "i"): [("not known yet", 0, 29, "left")],
    # Severe mental illness has one step, known from the pathway.
    ("01", "NLHH"): [("SMI therapy", 0, 0, "started"), ("SMI therapy", 0, 29, "ended")],
    ("02", ""): [("SMI therapy", 0, 29, "left")],
    ("03", "aaP"): [("SMI therapy", 0, 2, "started"), ("SMI therapy", 2, 29, "ended")],
}  # fmt: skip


PARTS = ("L", "H", "N", "i", "a", "x", "C", "P", "(HL)", "(LL)", "(Ni)")
_CHANCE = random.Random(14)
RANDOM = {
    f"r{number}": ("".join(_CHANCE.choice(PARTS) for _ in range(_CHANCE.randrange(12))), number % 2 == 0)
    for number in range(300)
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Spell]]:
    """The spells of all courses, by name; of random courses half are still open."""
    courses = {f"{pathway}{course}": (pathway, course, True) for pathway, course in COURSES}
    courses |= {f"open {pathway}{course}": (pathway, course, False) for pathway, course in COURSES}
    courses |= {name: ("05", course, is_open) for name, (course, is_open) in RANDOM.items()}
    rows: dict[str, list[Row]] = {"IDS001": [], "IDS101": []}
    for name, (pathway, course, is_ended) in courses.items():
        rows["IDS001"].append({"LocalPatientId": name})
        rows["IDS101"].append(
            {
                "ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": APRIL,
                "ServDischDate": END if is_ended else None, "Pathway": pathway,
            }
        )  # fmt: skip
        for table, more in tables(name, course).items():
            rows.setdefault(table, []).extend(more)
    root = tmp_path_factory.mktemp("steps")
    draft = build(root, [write_submission(root, "RXX", APRIL, rows)], marts=False, measures=())
    told: dict[str, list[Spell]] = {}
    next_step = None
    for name, spell, is_waiting, step, from_on, to_on, ended_by, next_told in ask(
        draft,
        "SELECT service_request_id, spell, is_waiting, step, from_on, to_on, ended_by, next_step "
        "FROM core.step_of_care ORDER BY ALL",
    ):
        own = told.setdefault(name, [])
        own.append((step, from_on, to_on, ended_by))
        assert (spell, is_waiting) == (len(own), len(own) == 1), name
        if spell > 1:  # it begins where the one before ends, and has the step that it said
            assert (from_on, step) == (own[-2][2], next_step), name
        next_step = next_told
    assert set(told) == set(courses)
    return told


def test_the_step_is_known_from_the_first_session_and_left_on_the_second_of_another(
    found: dict[str, list[Spell]],
) -> None:
    for (pathway, course), told in COURSES.items():
        expected = [
            (step, APRIL + timedelta(days=first), APRIL + timedelta(days=last or 0), how)
            for step, first, last, how in told
        ]
        assert found[f"{pathway}{course}"] == expected, course
        # While it is open, only the end of the last spell is not known.
        assert found[f"open {pathway}{course}"] == [*expected[:-1], (*expected[-1][:2], None, None)], course


def test_random_courses_have_the_spells_of_the_plain_reading(found: dict[str, list[Spell]]) -> None:
    for name, (course, is_ended) in RANDOM.items():
        treated, sessions = _read(course)
        assert found[name] == spells(APRIL, treated, sessions, END if is_ended else None), course
    assert sum(len(found[name]) > 2 for name in RANDOM) > 50


def _read(course: str) -> tuple[list[date], list[Session]]:
    """Days of treatment contacts, and sessions; of the letters, C and P are of high intensity too."""
    treated: list[date] = []
    sessions: list[Session] = []
    day, is_one_day = APRIL, False
    for letter in course:
        if letter in "()":
            is_one_day = letter == "("
        if letter in "LHNCP":
            treated.append(day)
        if letter in "LHCPi":
            sessions.append((day, letter != "L"))
        day += timedelta(days=0 if is_one_day else 1)
    return treated, sessions
