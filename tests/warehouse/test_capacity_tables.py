"""Demand and capacity in a warehouse: sessions by step, staff and appointments, and the marts made of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.token import NONE
from tests.fixtures.warehouse import FEW, ask, build, write_submission
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import named

MARCH, APRIL, MAY, JUNE = (date(2025, month, 1) for month in (3, 4, 5, 6))
# Who was referred when, on which pathway, and discharged.
REFERRALS = """
id | pathway | received   | discharged
r0 | 05      | 2025-02-01 | 2025-04-20
r1 | 05      | 2025-04-01 |
r2 | 05      | 2025-05-01 |
r3 | 01      | 2025-05-02 |
r4 | 05      | 2025-05-03 | 2025-06-15
r5 | 05      | 2025-04-03 |
r6 | 05      | 2025-03-02 |
"""
# Appointments: type, attendance, staff, and the therapy given.
CONTACTS = """
id  | referral | day        | type | attended | staff | therapy
c00 | r0       | 2025-03-20 | 02   | 5        | s1    | low
c01 | r0       | 2025-04-10 | 02   | 5        | s1    | low
c10 | r1       | 2025-05-05 | 02   | 5        | s1    | low
c11 | r1       | 2025-05-12 | 02   | 5        | s1 s2 | low
c12 | r1       | 2025-05-20 | 02   | 3        |       |
c13 | r1       | 2025-06-02 | 02   | 5        | s2    | high
c14 | r1       | 2025-06-09 | 03   | 6        | s2    | high
c15 | r1       | 2025-06-16 | 02   | 4        |       |
c20 | r2       | 2025-05-10 | 02   | 7        |       |
c21 | r2       | 2025-05-17 | 03   | 2        |       |
c22 | r2       | 2025-06-25 | 02   | 0        |       |
c23 | r2       | 2025-06-26 | 01   | 3        |       |
c30 | r3       | 2025-06-03 | 02   | 5        | s3    | smi
c50 | r5       | 2025-04-20 | 02   | 5        |       |
c60 | r6       | 2025-03-25 | 02   | 5        |       |
"""
SNOMED = {"low": "748051000000105", "high": "304891004", "smi": "718026005"}


def lines(text: str) -> list[dict[str, str]]:
    header, *rest = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [dict(zip(header, line, strict=True)) for line in rest]


def tables(month: date) -> Mapping[str, Sequence[dict[str, Any]]]:
    """What the service sends for a month: every referral that is open or new, and the month's appointments."""
    last = month.replace(month=month.month + 1)
    referred = [r for r in lines(REFERRALS) if date.fromisoformat(r["received"]) < last]
    contacts = [c for c in lines(CONTACTS) if month <= date.fromisoformat(c["day"]) < last]
    given = [(c, n, who) for c in contacts for n, who in enumerate(c["staff"].split()) if c["therapy"]]
    return {
        "IDS001": [{"LocalPatientId": f"p-{r['id']}"} for r in referred],
        "IDS101": [
            {
                "ServiceRequestId": r["id"],
                "LocalPatientId": f"p-{r['id']}",
                "ReferralRequestReceivedDate": r["received"],
                "ServDischDate": r["discharged"] if r["discharged"] and r["discharged"] < str(last) else None,
                "Pathway": r["pathway"],
            }
            for r in referred
        ],
        "IDS201": [
            {
                "CareContactId": c["id"],
                "ServiceRequestId": c["referral"],
                "CareContDate": c["day"],
                "AppType": c["type"],
                "AttendOrDNACode": c["attended"],
            }
            for c in contacts
        ],
        "IDS202": [
            {
                "CareActId": f"{c['id']}-{n}",
                "CareContactId": c["id"],
                "CarePersLocalId": who,
                "CodeProcAndProcStatus": SNOMED[c["therapy"]],
            }
            for c, n, who in given
        ],
        "SMI901": [
            {"CarePersLocalId": who, "Band": band} for who, band in (("s1", "05"), ("s2", "07"), ("s4", "06"))
        ],
        "IDS902": [
            {"CarePersLocalId": "s1", "QualAttainLevelIAPT": "10", "QualAwardedDate": "2020-01-01"},
            # Trained from the middle of June on, so by its last day.
            {"CarePersLocalId": "s2", "QualAttainLevelIAPT": "11", "QualAwardedDate": "2025-06-15"},
            {"CarePersLocalId": "s3", "QualAttainLevelIAPT": "11"},
        ],
    }


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four months of RXX, and one referral without any staff of RYY in June."""
    tmp = tmp_path_factory.mktemp("capacity")
    sent = [write_submission(tmp, "RXX", month, tables(month)) for month in (MARCH, APRIL, MAY, JUNE)]
    sent += [
        write_submission(
            tmp,
            "RYY",
            month,
            {
                "IDS001": "LocalPatientId\np",
                "IDS101": "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate\nq | p | 2025-05-20",
                "IDS201": "CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode\n"
                f"k{month.month} | q | {month.replace(day=21)} | 02 | 5",
            },
        )
        for month in (MAY, JUNE)
    ]
    return build(tmp, sent, measures=FEW)


def test_staff_share_a_session_and_are_trained_by_the_end_of_a_month(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT staff_id, month, step, CAST(sessions AS DOUBLE), training FROM core.staff_month "
        "WHERE provider = 'RXX' AND month >= '2025-04-01' ORDER BY ALL",
    )
    assert found == [
        (UUID(NONE), APRIL, "not known yet", 1.0, "not recorded"),
        ("s1", APRIL, "low intensity", 1.0, "trained"),
        ("s1", MAY, "low intensity", 1.5, "trained"),
        ("s2", MAY, "low intensity", 0.5, "in training"),
        # The second session of high intensity in a row begins the step: the first is still of the one before.
        ("s2", JUNE, "high intensity", 1.0, "trained"),
        ("s2", JUNE, "low intensity", 1.0, "trained"),
        ("s3", JUNE, "SMI therapy", 1.0, "in training"),
    ]


def test_appointments_are_sessions_missed_cancelled_or_to_come(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT month, step, CAST(sessions AS INT), CAST(missed AS INT), CAST(cancelled AS INT) "
        "FROM monthly_count.appointment WHERE provider = 'RXX' AND month >= '2025-05-01' AND pathway = '05' ORDER BY ALL",
    )
    assert found == [
        (MAY, "low intensity", 2, 1, 0),
        # Too late to be seen is missed too; before the first session nobody is in a step.
        (MAY, "not started", 0, 1, 1),
        (JUNE, "high intensity", 1, 0, 1),
        (JUNE, "low intensity", 1, 0, 0),
        # One to come is nothing yet, and an assessment (01) is no treatment appointment.
        (JUNE, "not started", 0, 0, 0),
    ]


def test_courses_of_a_step_end_move_go_on_or_are_idle(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT step, month, is_first, CAST(sessions AS INT), ended_by, next_step, CAST(courses AS INT) "
        "FROM monthly_count.course_length WHERE provider = 'RXX' ORDER BY ALL",
    )
    assert found == [
        ("SMI therapy", JUNE, True, 1, "goes on", "none", 1),
        ("high intensity", JUNE, False, 1, "goes on", "none", 1),
        ("low intensity", MARCH, True, 2, "ended", "none", 1),
        ("low intensity", MAY, True, 3, "stepped up", "high intensity", 1),
        ("not known yet", MARCH, True, 1, "idle", "none", 1),
        ("not known yet", APRIL, True, 1, "goes on", "none", 1),
    ]


def test_courses_under_way_stand_at_the_end_of_each_month(draft: Path) -> None:
    """Those of r0 to r6: until they end or the next step begins, and no longer than 90 days after the last session."""
    under_way = "SELECT month, step, sessions, CAST(courses AS INT) FROM monthly_count.course_under_way"
    found = ask(draft, f"{under_way} WHERE provider = 'RXX' ORDER BY ALL")
    assert found == [
        (MARCH, "low intensity", 1, 1),  # r0, discharged in April
        (MARCH, "not known yet", 1, 1),  # r6, until 90 days have passed in June
        (APRIL, "not known yet", 1, 2),  # r5, r6
        (MAY, "low intensity", 2, 1),  # r1, two sessions in a month
        (MAY, "not known yet", 1, 2),
        (JUNE, "SMI therapy", 1, 1),
        (JUNE, "high intensity", 1, 1),  # r1 again, no longer in low intensity
        (JUNE, "not known yet", 1, 1),
    ]
    # In the last month they are the courses that go on.
    assert [row[1:] for row in found if row[0] == JUNE] == ask(
        draft,
        "SELECT step, CAST(sessions AS INT), CAST(sum(courses) AS INT) FROM monthly_count.course_length "
        "WHERE provider = 'RXX' AND ended_by = 'goes on' GROUP BY ALL ORDER BY ALL",
    )


def test_the_months_have_who_came_and_what_staff_gave(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT month, step, referred, started, left_waiting, waiting_at_end, sessions, missed, cancelled, "
        "CAST(staff_months AS DOUBLE), CAST(trainee_months AS DOUBLE), CAST(trained_sessions AS DOUBLE), "
        "CAST(trainee_sessions AS DOUBLE), CAST(unnamed_sessions AS DOUBLE) FROM mart.capacity_month "
        "WHERE provider = 'RXX' AND measure_set = 'talking_therapies' AND month >= '2025-05-01' ORDER BY ALL",
    )
    assert found == [
        (MAY, "all", 2, 1, 0, 2, 2, 2, 1, 1.0, 1.0, 1.5, 0.5, 0.0),
        (MAY, "low intensity", None, None, None, None, 2, 1, 0, 1.0, 1.0, 1.5, 0.5, 0.0),
        (MAY, "not started", None, None, None, None, 0, 1, 1, 0.0, 0.0, 0.0, 0.0, 0.0),
        (JUNE, "all", 0, 0, 1, 1, 2, 0, 1, 1.0, 0.0, 2.0, 0.0, 0.0),
        (JUNE, "high intensity", None, None, None, None, 1, 0, 1, 0.5, 0.0, 1.0, 0.0, 0.0),
        (JUNE, "low intensity", None, None, None, None, 1, 0, 0, 0.5, 0.0, 1.0, 0.0, 0.0),
        (JUNE, "not started", None, None, None, None, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ]


def test_staff_in_post_stand_by_therapy_band_and_training(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT therapy_type, pay_band, training, people, sessions FROM mart.capacity_staff "
        "WHERE provider = 'RXX' ORDER BY ALL",
    )
    assert found == [
        ("CBP", "not recorded", "in training", 1, 1),
        ("CBT", "07", "trained", 1, 2),
        ("GSB", "05", "trained", 1, 3),
        ("GSB", "07", "trained", 1, 1),
        # Listed, and without a session: nothing says that s4 is in training.
        ("none", "06", "trained", 1, 0),
    ]


def test_every_service_and_england_have_every_quantity_once(draft: Path) -> None:
    found = ask(draft, "SELECT provider, step, count(*), count(DISTINCT quantity) FROM mart.capacity GROUP BY ALL")
    assert {(who, step) for who, step, *_ in found} >= {("RXX", "all"), ("RYY", "all"), ("ENG", "low intensity")}
    assert all(rows == kinds == len(QUANTITIES) for who, _, rows, kinds in found if who != "ENG")
    names = ask(draft, "SELECT DISTINCT name FROM mart.capacity_assumption WHERE provider = 'RXX'")
    assert {name for (name,) in names} <= set(named())
    (bare,) = ask(draft, "SELECT count(*) FROM mart.capacity WHERE (value IS NULL) = (why_not IS NULL)")
    assert bare == (0,)
    (wide,) = ask(draft, "SELECT count(*) FROM mart.capacity WHERE lower_95 > value OR upper_95 < value")
    assert wide == (0,)


def test_a_service_without_staff_records_has_demand_and_no_capacity(draft: Path) -> None:
    found = dict(ask(draft, "SELECT quantity, why_not FROM mart.capacity WHERE provider = 'RYY' AND step = 'all'"))
    assert found["capacity"] == found["rate"] == found["extra_sessions_6"] == "no staff records"
    assert found["backlog"] is None or found["backlog"] == "too few courses to know"
