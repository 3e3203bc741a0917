"""A course that crosses a merger is one course of the successor: what is joined, what is not, and nothing is lost."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.campaign import seeds, some_of
from tests.fixtures.drafts import everything
from tests.fixtures.merger import as_sent_by, cut, mergers
from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import APRIL, FEW, GAD7, PHQ9, Row, ask, build, some, write_submission
from tests.references.pathways import Sent, flags, one_course, random_sent, random_tables
from warehouse.build import StagedSubmission, build_core, build_marts
from warehouse.merging import groups_of

MAY, JUNE, JULY = date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)
MERGED = ("RBB", "RAA", MAY)
CBTP = "718026005"

Tables = dict[str, list[Row]]


def referral(received: date, discharged: date | None = None, name: str = "r", **values: object) -> Row:
    return {
        "ServiceRequestId": name, "LocalPatientId": "p", "ReferralRequestReceivedDate": received,
        "ServDischDate": discharged,
    } | values  # fmt: skip


def month(
    one: Row, *days: date, scores: tuple[tuple[str, str, date], ...] = (), name: str = "r", **more: list[Row]
) -> Tables:
    """A month: the referral, attended treatment on these days, scores (instrument, value, day)."""
    return {
        "IDS001": [{"LocalPatientId": "p", "EthnicCategory": "A"}],
        "IDS101": [one],
        "IDS201": [
            {"CareContactId": f"c{day}", "ServiceRequestId": name, "CareContDate": day, "AppType": "02",
             "AttendOrDNACode": "5"}
            for day in days
        ],
        "IDS606": [
            {"ServiceRequestId": name, "CodedAssToolType": tool, "PersScore": value, "AssToolCompDate": day}
            for tool, value, day in scores
        ],
        **more,
    }  # fmt: skip


ILL = ((PHQ9, "15", date(2025, 4, 18)), (GAD7, "14", date(2025, 4, 18)))
WELL = ((PHQ9, "4", date(2025, 6, 27)), (GAD7, "3", date(2025, 6, 27)))


def crossing(root: Path, by: str = "RAA") -> list[StagedSubmission]:
    """Referred on 1 April, treated at RBB from the 18th; RAA goes on in May, treats from 27 June and discharges."""
    return [
        write_submission(root, "RBB", APRIL, as_sent_by("RBB", month(referral(APRIL), date(2025, 4, 18), scores=ILL))),
        write_submission(root, by, MAY, as_sent_by(by, month(referral(APRIL)))),
        write_submission(
            root, by, JUNE,
            as_sent_by(by, month(referral(APRIL, date(2025, 6, 28)), date(2025, 6, 27), scores=WELL)),
        ),
    ]  # fmt: skip


COURSE = (
    "provider, wait_to_first_treatment_days, treatment_contacts, phq9_first, phq9_last, is_recovered, "
    "first_month, last_month, submitted_records"
)


def test_a_course_that_crosses_a_merger_keeps_its_wait_its_first_score_and_its_recovery(tmp_path: Path) -> None:
    draft = build(
        tmp_path,
        crossing(tmp_path),
        reference=mergers(tmp_path / "ods", MERGED),
        measures=["REFERRALS", "ACCESS", "FINISHED", "RECOVERY", "OPEN", "WAIT_42"],
    )
    assert ask(draft, f"SELECT {COURSE} FROM core.pathway") == [("RAA", 17, 2, 15, 4, True, APRIL, JUNE, 3)]
    figures = ask(
        draft,
        """SELECT measure, period_start, numerator FROM mart.service_measure WHERE level = 'provider'
           AND organisation = 'RAA' AND pathway = 'all' AND period_type = 'month' AND numerator > 0 ORDER BY ALL""",
    )
    # Every event in its own month, also in April, which only RBB has submitted.
    assert figures == [
        ("ACCESS", APRIL, 1), ("FINISHED", JUNE, 1), ("OPEN", APRIL, 1), ("OPEN", MAY, 1), ("RECOVERY", JUNE, 1),
        ("REFERRALS", APRIL, 1), ("WAIT_42", JUNE, 1),
    ]  # fmt: skip
    reported = ask(draft, "SELECT provider, month, submitted_by FROM core.reported_month ORDER BY ALL")
    assert reported == [("RAA", APRIL, "RBB"), ("RAA", MAY, "RAA"), ("RAA", JUNE, "RAA"), ("RBB", APRIL, "RBB")]
    assert ask(draft, "SELECT DISTINCT submitted_by FROM core.contact ORDER BY ALL") == [("RAA",), ("RBB",)]


def test_without_the_merger_they_are_two_courses(tmp_path: Path) -> None:
    found = ask(build(tmp_path, crossing(tmp_path), marts=False), f"SELECT {COURSE} FROM core.pathway ORDER BY ALL")
    assert found == [
        ("RAA", 87, 1, 4, None, None, MAY, JUNE, 2), ("RBB", 17, 1, 15, None, None, APRIL, APRIL, 1),
    ]  # fmt: skip


def test_a_referral_dated_anew_by_the_successor_keeps_its_first_day_and_age(tmp_path: Path) -> None:
    first, anew = referral(APRIL, age_at_referral=64), referral(date(2025, 5, 1), age_at_referral=65)
    won = [
        write_submission(tmp_path, "RBB", APRIL, as_sent_by("RBB", month(first, date(2025, 4, 18)))),
        write_submission(tmp_path, "RAA", MAY, as_sent_by("RAA", month(anew, date(2025, 5, 8)))),
    ]
    draft = build(tmp_path, won, reference=mergers(tmp_path / "ods", MERGED), marts=False)
    columns = "received_on, age_at_referral, wait_to_first_treatment_days, treatment_contacts"
    assert ask(draft, f"SELECT {columns} FROM core.pathway") == [(APRIL, 64, 17, 2)]


LATER = date(2025, 7, 1)  # after the last month
APART: list[tuple[str, dict[str, Any], tuple[str, str, date]]] = [
    ("another referral id", {"linked_referral_id": "other"}, MERGED),
    ("another person", {"person": "other"}, MERGED),
    ("the NHS number of one is not verified", {"linked_referral_id": None}, MERGED),
    ("both send it for one month", {"months": [APRIL, MAY]}, MERGED),
    ("the merger is after the data", {}, ("RBB", "RAA", LATER)),
    ("the other way round", {}, ("RAA", "RBB", MAY)),
    ("another provider was merged", {}, ("RCC", "RAA", MAY)),
]


@pytest.mark.parametrize(("changed", "step"), [row[1:] for row in APART], ids=[row[0] for row in APART])
def test_what_is_not_joined(tmp_path: Path, changed: dict[str, Any], step: tuple[str, str, date]) -> None:
    before = month(referral(APRIL, **{k: v for k, v in changed.items() if k == "linked_referral_id"}))
    if "person" in changed:
        before["IDS001"][0]["person_id"] = "person other"
    won = [
        write_submission(tmp_path, "RBB", each, as_sent_by("RBB", before))
        for each in changed.get("months", [APRIL])
    ]
    won.append(write_submission(tmp_path, "RAA", MAY, as_sent_by("RAA", month(referral(APRIL)))))
    draft = build(tmp_path, won, reference=mergers(tmp_path / "ods", step), marts=False)
    assert ask(draft, "SELECT provider, first_month FROM core.pathway ORDER BY ALL") == [
        ("RAA", MAY),
        ("RBB", APRIL),
    ]
    assert ask(draft, "SELECT DISTINCT provider FROM core.person ORDER BY ALL") == [("RAA",), ("RBB",)]


def test_all_records_of_the_person_go_along_and_those_of_others_stay(tmp_path: Path) -> None:
    """Employment, service use, activities with their staff and an earlier referral of the person, all sent by RBB."""
    own: dict[str, list[Row]] = {
        "IDS004": [{"LocalPatientId": "p", "EmployStatus": "02", "EmployStatusRecDate": date(2025, 4, 3)}],
        "SMI501": [{"ServiceUseId": "u", "LocalPatientId": "p", "ServiceUseType": "02",
                    "ServiceUseStartDate": date(2025, 4, 2)}],
        "IDS202": [{"CareActId": "a", "CareContactId": "c2025-04-18", "CodeProcAndProcStatus": CBTP,
                    "CarePersLocalId": "s"}],
        "IDS607": [{"CareActId": "a", "CodedAssToolType": PHQ9, "PersScore": "20"}],
        "IDS902": [{"CarePersLocalId": "s", "QualAttainLevelIAPT": "11", "QualAwardedDate": date(2020, 1, 1)}],
    }  # fmt: skip
    before = month(referral(APRIL, Pathway="01"), date(2025, 4, 18), **own)
    before["IDS101"].append(referral(date(2024, 9, 1), date(2025, 4, 1), "earlier"))
    before["IDS001"].append({"LocalPatientId": "q"})
    before["IDS101"].append(referral(APRIL, None, "another's", LocalPatientId="q"))
    then = month(referral(APRIL, date(2025, 5, 20), Pathway="01"), date(2025, 5, 8),
                 IDS004=[{"LocalPatientId": "p", "EmployStatus": "01", "EmployStatusRecDate": date(2025, 5, 19)}])  # fmt: skip
    won = [
        write_submission(tmp_path, "RBB", APRIL, as_sent_by("RBB", before)),
        write_submission(tmp_path, "RAA", MAY, as_sent_by("RAA", then)),
    ]
    draft = build(
        tmp_path, won, reference=mergers(tmp_path / "ods", MERGED), measures=["THERAPY_BY_TRAINED_STAFF", *FEW]
    )
    pathways = ask(draft, "SELECT provider, service_request_id FROM core.pathway ORDER BY ALL")
    assert pathways == [("RAA", "RAA:r"), ("RAA", "RBB:earlier"), ("RBB", "RBB:another's")]
    group = "SELECT employment_at_start, employment_at_end FROM core.pathway_group WHERE service_request_id = ?"
    assert ask(draft, group, [text_of("RAA:r")]) == [("02", "01")]
    assert ask(draft, "SELECT provider, person_id FROM core.service_use") == [("RAA", "person p")]
    assert ask(draft, "SELECT phq9_first FROM core.pathway WHERE service_request_id = ?", [text_of("RAA:r")]) == [
        (20,)
    ]
    trained = "SELECT numerator, denominator FROM mart.national WHERE measure = 'THERAPY_BY_TRAINED_STAFF' AND pathway = 'all'"
    assert ask(draft, f"{trained} AND period_start = '2025-04-01'") == [(1, 1)]
    # The quality of RBB's rows is RBB's, and every row is accounted for.
    sent = "SELECT records FROM core.field_count WHERE provider = 'RBB' AND table_id = 'IDS004' AND element = 'EmployStatus'"
    assert ask(draft, sent) == [(1,)]
    for table, rows in (("person", 3), ("pathway", 4), ("contact", 2), ("activity", 1), ("employment", 2)):
        assert ask(draft, f"SELECT sum(submitted_records) FROM core.{table}") == [(rows,)]


def test_a_course_may_cross_two_mergers(tmp_path: Path) -> None:
    steps = [("RCC", "RBB", MAY), ("RBB", "RAA", JUNE)]
    won = [
        write_submission(
            tmp_path, provider, each, as_sent_by(provider, month(referral(APRIL), each.replace(day=9)))
        )
        for provider, each in (("RCC", APRIL), ("RBB", MAY), ("RAA", JUNE))
    ]
    draft = build(tmp_path, won, reference=mergers(tmp_path / "ods", *steps), marts=False)
    assert ask(draft, f"SELECT {COURSE} FROM core.pathway") == [("RAA", 8, 3, None, None, None, APRIL, JUNE, 3)]


CHANGES = ["a stranger's month", "the month of the merger", "a correction by the predecessor"]


@pytest.mark.parametrize("change", some_of("changes of a merger", CHANGES, 1))
def test_a_build_after_a_change_is_the_same_as_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Also where the day of the merger comes with a month of another provider, and no two providers fit a batch."""
    reference = mergers(tmp_path / "ods", ("RBB", "RAA", date(2025, 6, 30)))
    sent = crossing(tmp_path)
    stranger = write_submission(tmp_path, "RCC", JUNE, {"IDS001": "LocalPatientId\n p"})
    counted = some(*FEW, "OPEN")
    before, after = {
        "the month of the merger": (sent[:2], sent),
        "a stranger's month": (sent[:2], [*sent[:2], stranger]),
        "a correction by the predecessor": (
            sent,
            [write_submission(tmp_path, "RBB", APRIL, as_sent_by("RBB", month(referral(APRIL), date(2025, 4, 11))), 2),
             *sent[1:]],
        ),
    }[change]  # fmt: skip
    monkeypatch.setattr("warehouse.build.BATCH_BYTES", 1)
    whole, grown = tmp_path / "whole.duckdb", tmp_path / "grown.duckdb"
    for current in (before, after):
        build_core(grown, current, built_with="v1", measures=counted, reference=reference)
        build_marts(grown, measures=counted)
    build_core(whole, after, built_with="v1", measures=counted, reference=reference)
    build_marts(whole, measures=counted)
    assert everything(grown) == everything(whole)
    assert ask(grown, "SELECT count(*) FROM core.pathway") == [(1,)]


@pytest.mark.parametrize("seed", seeds(2))
def test_a_population_cut_by_a_merger_has_the_flags_of_one_that_was_not(tmp_path: Path, seed: int) -> None:
    tables, known = random_tables(seed)
    before, after = cut(tables, date(2025, 4, 18))
    won = [
        write_submission(tmp_path, "RBB", APRIL, as_sent_by("RBB", before)),
        write_submission(tmp_path, "RAA", MAY, as_sent_by("RAA", after)),
    ]
    draft = build(tmp_path, won, reference=mergers(tmp_path / "ods", MERGED), marts=False)
    expected = {name: flags(each) for name, each in known.items()}
    columns = list(next(iter(expected.values())))
    rows = ask(draft, f"SELECT service_request_id, {', '.join(columns)} FROM core.pathway")
    assert len(rows) == len(known)
    assert {row[0].split(":")[1]: dict(zip(columns, row[1:], strict=True)) for row in rows} == expected
    crossed = ask(draft, "SELECT count(*) FROM core.pathway WHERE provider = 'RAA' AND first_month < last_month")
    assert crossed[0][0] > 50


@pytest.mark.parametrize("seed", seeds(2))
def test_which_referrals_are_one_course_agrees_with_a_slow_reading(tmp_path: Path, seed: int) -> None:
    steps = [("RDD", "RBB", APRIL), ("RBB", "RAA", MAY), ("RCC", "RAA", MAY)]
    sent: list[Sent] = random_sent(seed, ("RAA", "RBB", "RCC", "RDD", "REE"), (APRIL, MAY, JUNE, JULY))
    won = []
    for provider, each in sorted({(one.provider, one.month) for one in sent}):
        own = [one for one in sent if (one.provider, one.month) == (provider, each)]
        tables = {
            "IDS001": [{"LocalPatientId": person} for person in sorted({one.person for one in own})],
            "IDS101": [{"ServiceRequestId": one.referral, "LocalPatientId": one.person} for one in own],
        }
        won.append(write_submission(tmp_path, provider, each, as_sent_by(provider, tables)))
    draft = build(tmp_path, won, reference=mergers(tmp_path / "ods", *steps), marts=False)
    found = ask(draft, "SELECT provider, service_request_id, submitted_records FROM core.pathway ORDER BY ALL")
    assert found == sorted(one_course(sent, {"RDD": ("RBB", "RAA"), "RBB": ("RAA",), "RCC": ("RAA",)}))


def test_providers_that_a_merger_connects_are_one_group_and_others_need_not_be_there() -> None:
    """Where only RCC is built again, the merger of RBB and RAA is still known."""
    merged = {"RBB": ("RAA",), "RDD": ("RBB", "RAA")}
    assert groups_of(["RAA", "RBB", "RCC", "RDD"], merged) == dict.fromkeys(("RAA", "RBB", "RDD"), "RAA") | {
        "RCC": "RCC"
    }
    assert groups_of(["RCC"], merged) == {"RCC": "RCC"}
