"""Sessions of low and high intensity and the stages they make: the rules of M347 to M367 and M112, one by one."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.warehouse import APRIL, Row, ask, build, write_submission
from tests.references.intensity import Session, Stages, stages
from warehouse.measures.catalogue import catalogue
from warehouse.measures.passes import passes

LOW, HIGH, OTHER_HIGH, COUNSELLING = "748051000000105", "304891004", "443730003", "286711000000107"
PSYCHOSIS = "718026005"
REFUSED = ":408730004=443390004"
# What is coded in a contact. Capital letters are attended treatment contacts; ``i`` is a log.
CODED = {
    "L": [LOW], "H": [HIGH], "B": [LOW, HIGH], "D": [HIGH, OTHER_HIGH], "T": [HIGH, HIGH], "C": [COUNSELLING],
    "P": [PSYCHOSIS], "R": [HIGH + REFUSED], "N": [], "x": [HIGH], "a": [HIGH],
}  # fmt: skip
TYPE, ATTENDANCE = {"a": "01"}, {"x": "3"}


def tables(name: str, course: str) -> dict[str, list[Row]]:
    """One referral: a letter a day from 1 April; letters in brackets fall on one day."""
    found: dict[str, list[Row]] = {"IDS201": [], "IDS202": [], "IDS205": []}
    day, is_one_day = APRIL, False
    for number, letter in enumerate(course):
        if letter in "()":
            is_one_day = letter == "("
        elif letter == "i":
            found["IDS205"].append({
                "ServiceRequestId": name, "IntEnabledTherProg": f"p{number}", "StartDateIntEnabledTherLog": day,
                "EndDateIntEnabledTherLog": day + timedelta(days=6), "DurationIntEnabledTher": 0,
            })  # fmt: skip
        else:
            contact = f"{name}-{number}"
            found["IDS201"].append({
                "CareContactId": contact, "ServiceRequestId": name, "CareContDate": day,
                "AppType": TYPE.get(letter, "02"), "AttendOrDNACode": ATTENDANCE.get(letter, "5"),
            })  # fmt: skip
            found["IDS202"] += [
                {"CareActId": f"{contact}-{act}", "CareContactId": contact, "CodeProcAndProcStatus": code}
                for act, code in enumerate(CODED[letter])
            ]
        day += timedelta(days=0 if is_one_day else 1)
    return found


def built(tmp_path: Path, courses: dict[str, str], measures: tuple[str, ...] = ()) -> Path:
    rows: dict[str, list[Row]] = {
        "IDS001": [{"LocalPatientId": name} for name in courses],
        "IDS101": [
            {
                "ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": APRIL,
                "ServDischDate": date(2025, 4, 30),
            }
            for name in courses
        ],
    }  # fmt: skip
    for name, course in courses.items():
        for table, more in tables(name, course).items():
            rows.setdefault(table, []).extend(more)
    return build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, rows)], marts=False, measures=measures)


# Course → first stage, days from 1 April to its first and last session and to the next stage.
STAGES = {
    "LL": ("low", 0, 1, None), "HH": ("high", 0, 1, None), "L": None, "H": None, "LH": None, "N": None, "": None,
    # One single session before is ignored, two are not; a second stage follows directly or not at all.
    "LHH": ("high", 1, 2, None), "HLL": ("low", 1, 2, None), "LHLL": None, "HLHLHH": None,
    "LLHH": ("low", 0, 1, 2), "HHLL": ("high", 0, 1, 2), "LLHLHH": ("low", 0, 1, None), "LLHLL": ("low", 0, 1, None),
    "LHHLL": ("high", 1, 2, 3),
    # A contact with two therapies of one intensity is one session; with both intensities, low comes first.
    "D": None, "T": None, "DD": ("high", 0, 1, None), "B": None, "BH": ("high", 0, 1, None), "LB": ("low", 0, 1, None),
    # Of one day low comes first, whatever the order of the contacts.
    "(HL)L": None, "(HL)H": ("high", 0, 1, None), "H(HL)": None, "(HH)": ("high", 0, 0, None),
    # Logs are of high intensity, on their first day.
    "ii": ("high", 0, 1, None), "LLii": ("low", 0, 1, 2), "iH": ("high", 0, 1, None), "i": None,
    # What is not listed, refused, missed or not treatment is passed over.
    "CC": None, "PP": None, "RR": None, "xx": None, "aa": None, "LNL": ("low", 0, 2, None), "LCL": ("low", 0, 2, None),
    "HxLH": None, "LRL": ("low", 0, 2, None),
}  # fmt: skip


def test_the_first_stage_and_the_one_that_follows(tmp_path: Path) -> None:
    found = ask(
        built(tmp_path, {name or "none": name for name in STAGES}),
        "SELECT service_request_id, first_stage, first_stage_from - DATE '2025-04-01', "
        "first_stage_to - DATE '2025-04-01', next_stage_from - DATE '2025-04-01' FROM core.therapy_intensity",
    )
    by_name = {name: tuple(stage) for name, *stage in found}
    for course, expected in STAGES.items():
        assert by_name.get(course or "none", (None,) * 4) == (expected or (None,) * 4), course
    assert not {"none", "N", "PP", "RR", "xx", "aa"} & set(by_name)


def test_random_courses_have_the_stages_of_the_plain_reading(tmp_path: Path) -> None:
    """Several sessions of one day among them: their order must not part a stage."""
    chance = random.Random(7)
    courses = {
        f"r{number}": "".join(
            chance.choice(["L", "H", "i", "(HH)", "(LL)", "(HL)", "(Hi)"]) for _ in range(chance.randrange(9))
        )
        for number in range(300)
    }
    found = ask(
        built(tmp_path, courses),
        "SELECT service_request_id, first_stage = 'high', first_stage_from, first_stage_to, next_stage_from "
        "FROM core.therapy_intensity WHERE first_stage IS NOT NULL",
    )
    expected = {name: stages(sessions) for name, sessions in ((n, list(dated(c))) for n, c in courses.items())}
    assert {name: Stages(*stage) for name, *stage in found} == {n: stage for n, stage in expected.items() if stage}
    assert len(found) > 150


def dated(course: str) -> Iterator[Session]:
    """The sessions of a course of low and high contacts and logs, as ``tables`` dates them."""
    day, is_one_day = APRIL, False
    for letter in course:
        if letter in "()":
            is_one_day = letter == "("
        else:
            yield day, letter != "L"
        day += timedelta(days=0 if is_one_day else 1)


@pytest.mark.parametrize("course", [name for name in STAGES if set(name) <= set("LHi")])
def test_the_plain_reading_of_the_rules_says_the_same(course: str) -> None:
    found = stages((APRIL + timedelta(days=day), letter != "L") for day, letter in enumerate(course))
    expected = STAGES[course]
    if expected is None:
        assert found is None
        return
    intensity, first, last, following = expected
    assert found is not None and found.is_high is (intensity == "high")
    assert [found.first_day, found.last_day, found.next_day] == [
        None if days is None else APRIL + timedelta(days=days) for days in (first, last, following)
    ]


@pytest.mark.parametrize(
    ("course", "low", "high"),
    [("LL", 2, 0), ("CC", 0, 2), ("D", 0, 2), ("T", 0, 1), ("B", 1, 1), ("Lii", 1, 2), ("RxaL", 1, 0)],
)
def test_a_contact_counts_once_for_each_of_its_therapies(tmp_path: Path, course: str, low: int, high: int) -> None:
    found = ask(
        built(tmp_path, {"r": course}),
        "SELECT low_intensity_sessions, high_intensity_sessions FROM core.therapy_intensity",
    )
    assert found == [(low, high)]


def test_the_measures_are_of_finished_courses_by_their_first_stage(tmp_path: Path) -> None:
    """``a`` is the assessment; who was treated before it, or once only, is in no figure of the family."""
    courses = {
        "high": "aHH", "later high": "aLHH", "stepped up": "aLLHH", "stepped down": "aHHLL", "none": "aLH",
        "treated first": "HHa", "once": "aL", "not assessed": "HH", "logs": "aNNii",
    }  # fmt: skip
    columns = ("first_stage", "_intensity_sessions")
    family = tuple(m.id for m in catalogue() if any(name in m.denominator for name in columns))
    draft = built(tmp_path, courses, family)
    with duckdb.connect(str(draft), read_only=True) as con:
        cursor = con.execute("SELECT * FROM monthly_count.pathway_discharged")
        names = [column[0] for column in cursor.description or ()]
        (counts,) = cursor.fetchall()
    found = dict(zip(names, counts, strict=True))
    (discharged,) = passes([measure for measure in catalogue() if measure.id in family])
    pairs = {name: (found[f"{name}_n"], found[discharged.denominators[name]]) for name in family}
    assert pairs == {
        # High: 1 day, 2 days after one of low intensity, 1 day, and 3 days for the logs.
        "MEAN_ASSESSMENT_TO_HIGH": (1 + 2 + 1 + 3, 4), "HIGH_INTENSITY_28": (4, 4), "HIGH_INTENSITY_90": (4, 4),
        "MEAN_ASSESSMENT_TO_LOW": (1, 1), "LOW_INTENSITY_28": (1, 1), "LOW_INTENSITY_90": (1, 1),
        "MEAN_STEP_UP_WAIT": (1, 1), "STEP_UP_28": (1, 1), "STEP_UP_90": (1, 1), "MEAN_STEP_DOWN_WAIT": (1, 1),
        "MEAN_HIGH_INTENSITY_SESSIONS": (2 + 2 + 2 + 2 + 1 + 2 + 2 + 2, 8),
        "MEAN_LOW_INTENSITY_SESSIONS": (1 + 2 + 2 + 1, 4),
    }  # fmt: skip
