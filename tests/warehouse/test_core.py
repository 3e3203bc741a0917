"""The core models: one row per pathway, contact, activity …, whatever order the rows came in."""

import random
from datetime import date
from pathlib import Path

import duckdb
import pytest

from schemas.month import ProviderMonth
from tests.campaign import is_whole
from tests.fixtures.tokens import named_rows
from tests.fixtures.warehouse import (
    APRIL,
    FEW,
    PHQ9,
    Case,
    Row,
    ask,
    build,
    each_alone,
    one,
    one_of_each,
    some,
    tables_of,
    write_submission,
)
from tests.references.pathways import random_tables
from warehouse.build import StagedSubmission, build_core, count_rows, open_draft
from warehouse.staging import StagingError, stage

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def test_a_treatment_contact_is_treatment_attended_or_unplanned_and_inside_the_episode(
    tmp_path: Path,
) -> None:
    tables: dict[str, str | list[Row]] = {
        "IDS101": """
            ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | ServDischDate
            r                | p              | 2025-04-05                  | 2025-04-20
        """,
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode | Planned
            assessment    | r                | 2025-04-06   | 01      | 5               | Y
            treated       | r                | 2025-04-07   | 02      | 5               | Y
            late          | r                | 2025-04-08   | 05      | 6               | Y
            both          | r                | 2025-04-05   | 03      | 5               |
            unplanned     | r                | 2025-04-09   | 02      |                 | N
            absent        | r                | 2025-04-10   | 02      | 3               | Y
            unknown       | r                | 2025-04-11   | 02      |                 |
            follow-up     | r                | 2025-04-12   | 06      | 5               | Y
            before        | r                | 2025-04-04   | 02      | 5               | Y
            after         | r                | 2025-04-21   | 02      | 5               | Y
            no type       | r                | 2025-04-13   |         | 5               | Y
            orphan        | nobody           | 2025-04-13   | 02      | 5               | Y
        """.replace("Planned", "PlannedCareContIndicator"),
    }
    found = one(tmp_path, tables, "care_contact_id", "core.contact WHERE is_treatment")
    assert found == [("both",), ("late",), ("treated",), ("unplanned",)]


def test_first_and_second_treatment_waits_and_the_assessment(tmp_path: Path) -> None:
    tables: dict[str, str | list[Row]] = {
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode
            a             | r                | 2025-04-03   | 01      | 5
            b             | r                | 2025-04-11   | 02      | 5
            c             | r                | 2025-04-29   | 02      | 5
        """
    }
    columns = (
        "first_assessment_on, wait_to_first_treatment_days, wait_first_to_second_days, treatment_contacts, "
        "care_contacts, is_completed_course"
    )
    assert one(tmp_path, tables, columns) == [(date(2025, 4, 3), 10, 18, 2, 3, False)]


def test_no_contact_at_all_counts_as_zero_and_waits_for_nothing(tmp_path: Path) -> None:
    assert one(tmp_path, {}, "care_contacts, treatment_contacts, wait_to_first_treatment_days") == [(0, 0, None)]


def test_the_pathway_is_as_submitted_else_by_diagnosis_else_by_reason_else_05(tmp_path: Path) -> None:
    """Pathway submitted, diagnosis and primary reason; then the pathway, and where it is from."""
    expected = [
        ("02", "F20", "14", "02", "submitted"),
        (None, "F20.0", "14", "01", "diagnosis"),
        (None, "F31", None, "02", "diagnosis"),
        (None, "F603", None, "03", "diagnosis"),
        (None, "F50", None, "04", "diagnosis"),
        (None, "F411", "14", "05", "diagnosis"),
        (None, None, "14", "03", "primary reason"),
        (None, "83482000", "12", "04", "primary reason"),
        ("77", None, None, "05", "default"),
        (None, None, None, "05", "default"),
    ]
    cases: list[dict[str, str | list[Row]]] = [
        {
            "IDS101": [
                {
                    "ServiceRequestId": "r",
                    "LocalPatientId": "p",
                    "ReferralRequestReceivedDate": APRIL,
                    "Pathway": submitted,
                    "PrimReasonReferralMH": reason,
                }
            ],
            "IDS603": [{"ServiceRequestId": "r", "PresComp": diagnosis, "PresCompCodSig": "1"}]
            if diagnosis
            else [],
        }
        for submitted, diagnosis, reason, *_ in expected
    ]
    found = each_alone(tmp_path, cases, "pathway, pathway_source")
    assert [(*case[:3], *row) for case, (row,) in zip(expected, found, strict=True)] == expected


def test_one_presenting_complaint_per_pathway(tmp_path: Path) -> None:
    header = "ServiceRequestId | PresComp | PresCompCodSig | PresCompDate\n"
    chosen = {
        "r | F412 | 2 | 2025-04-09 \n r | F400 | 1 | 2025-04-01": "F400",  # primary before secondary
        "r | F400 | 1 | 2025-04-01 \n r | F410 | 1 | 2025-04-09": "F410",  # then latest
        "r | F400 | 1 |            \n r | F410 | 1 | 2025-04-09": "F410",  # a date before none
        "r | F400 | 1 | 2025-04-01 \n r | F410 | 1 | 2025-04-01": "F410",  # then highest row
        "r |      | 1 | 2025-04-09 \n r | F410 | 2 | 2025-04-01": "F410",  # populated first
        "r | F410 |   | 2025-04-09 \n r | F400 | 2 | 2025-04-01": "F400",  # unstated after secondary
    }
    found = each_alone(tmp_path, [{"IDS603": header + rows} for rows in chosen], "complaint")
    assert dict(zip(chosen, found, strict=True)) == {rows: [(code,)] for rows, code in chosen.items()}


def test_therapies_are_known_by_their_procedure_and_a_refusal_is_none(tmp_path: Path) -> None:
    tables: dict[str, str | list[Row]] = {
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode
            a             | r                | 2025-04-12   | 02      | 5
            d             | r                | 2025-04-14   | 02      | 3
        """,
        "IDS202": """
            CareActId | CareContactId | CodeProcAndProcStatus
            1         | a             | 748051000000105
            2         | a             | 304891004:408730004=443390004
            3         | a             | 123456789
            4         | d             | 304891004
            5         | a             |
        """,
    }
    found = one(tmp_path, tables, "care_activity_id, therapy_intensity, is_refused, is_therapy_session",
                "core.activity")  # fmt: skip
    assert found == [
        ("1", "low", False, True),
        ("2", "high", True, False),
        ("3", None, False, False),
        ("4", "high", False, False),
        ("5", None, False, False),
    ]


def test_a_referral_that_comes_back_every_month_is_one_pathway_with_the_latest_attributes(
    tmp_path: Path,
) -> None:
    header = "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | ServDischDate | OrgIDComm\n"
    patient = "LocalPatientId\n p"
    months = [
        (APRIL, "r | p | 2025-04-05 | | 15E"),
        (JUNE, "r | p | 2025-04-05 | 2025-06-30 | QHL"),
        (MAY, "r | p | 2025-04-05 | | 15E"),
    ]
    won = [
        write_submission(tmp_path, "RXX", month, {"IDS001": patient, "IDS101": header + line}, order)
        for order, (month, line) in enumerate(months)
    ]
    # The same id at another provider is another referral.
    won.append(write_submission(tmp_path, "RYY", APRIL, {"IDS001": patient, "IDS101": header + months[0][1]}))
    draft = build(tmp_path, won, marts=False)
    found = ask(
        draft,
        """SELECT provider, first_month, last_month, submitted_records, commissioner, is_discharged
           FROM core.pathway ORDER BY provider""",
    )
    assert found == [("RXX", APRIL, JUNE, 3, "QHL", True), ("RYY", APRIL, APRIL, 1, "15E", False)]


def test_a_contact_sent_twice_counts_once_as_last_sent(tmp_path: Path) -> None:
    header = "CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode\n"
    referral = "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate\n r | p | 2025-04-01"
    base = {"IDS001": "LocalPatientId\n p", "IDS101": referral}
    won = [
        write_submission(tmp_path, "RXX", APRIL, base | {"IDS201": header + "c | r | 2025-04-10 | 02 | 3"}),
        write_submission(tmp_path, "RXX", MAY, base | {"IDS201": header + "c | r | 2025-04-10 | 02 | 5"}),
    ]
    found = ask(build(tmp_path, won, marts=False), "SELECT attendance, submitted_records FROM core.contact")
    assert found == [("5", 2)]


def month_of_contacts(
    month: date, *contacts: tuple[str, date, str], score: str | None = None
) -> dict[str, list[Row]]:
    """A month's submission: contacts (id, day, attendance), each with an activity "a-<id>" of CBT for psychosis,
    and a PHQ-9 score taken in the last.
    """
    return {
        "IDS001": [{"LocalPatientId": "p"}],
        "IDS101": [{"ServiceRequestId": "r", "LocalPatientId": "p", "ReferralRequestReceivedDate": APRIL, "Pathway": "01"}],
        "IDS201": [
            {"CareContactId": name, "ServiceRequestId": "r", "CareContDate": day, "AppType": "02", "AttendOrDNACode": seen}
            for name, day, seen in contacts
        ],
        "IDS202": [
            {"CareActId": f"a-{name}", "CareContactId": name, "CodeProcAndProcStatus": "718026005"}
            for name, *_ in contacts
        ],
        "IDS607": [{"CareActId": f"a-{contacts[-1][0]}", "CodedAssToolType": PHQ9, "PersScore": score}] if score else [],
    }  # fmt: skip


def test_a_contact_id_used_again_in_a_later_month_is_another_contact_and_a_warning(tmp_path: Path) -> None:
    """The system of this provider numbers its contacts anew every month."""
    first, again = date(2025, 4, 10), date(2025, 5, 12)
    won = [
        write_submission(tmp_path, "RXX", APRIL, month_of_contacts(APRIL, ("1", first, "5"), ("2", APRIL, "5"), score="20")),
        write_submission(tmp_path, "RXX", MAY, month_of_contacts(MAY, ("2", again, "5"), ("3", MAY, "3"))),
        write_submission(tmp_path, "RXX", JUNE, month_of_contacts(JUNE, ("2", date(2025, 6, 2), "5"), score="10")),
    ]  # fmt: skip
    draft = build(tmp_path, won, measures=["DQ_CONTACT_ID_REUSED", *FEW])
    contacts = ask(draft, "SELECT care_contact_id, contact_on, is_id_reused FROM core.contact ORDER BY contact_on")
    assert contacts == [
        ("2", APRIL, True), ("1", first, False), ("3", MAY, False), ("2", again, True), ("2", date(2025, 6, 2), True),
    ]  # fmt: skip
    course = ask(
        draft,
        "SELECT p.treatment_contacts, p.first_treatment_on, p.last_treatment_on, p.phq9_first, p.phq9_last, t.sessions "
        "FROM core.pathway AS p INNER JOIN core.therapy_course AS t USING (provider, service_request_id)",
    )
    assert course == [
        (4, APRIL, date(2025, 6, 2), 20, 10, 4)
    ]  # the score of an activity has the day of its own month
    activities = ask(
        draft, "SELECT contact_on, is_id_reused, is_therapy_session FROM core.activity ORDER BY contact_on"
    )
    assert activities == [
        (APRIL, True, True), (first, False, True), (MAY, False, False), (again, True, True),
        (date(2025, 6, 2), True, True),
    ]  # fmt: skip
    warned = ask(
        draft,
        "SELECT period_start, numerator, denominator FROM mart.service_measure WHERE measure = 'DQ_CONTACT_ID_REUSED' "
        "AND organisation = 'RXX' AND level = 'provider' AND period_type = 'month' AND pathway = 'all' ORDER BY ALL",
    )
    assert warned == [(APRIL, 1, 2), (MAY, 1, 2), (JUNE, 1, 1)]


def test_a_month_sent_again_replaces_its_contacts_also_those_of_another_day(tmp_path: Path) -> None:
    """A correction in the month's own submission: one contact, on its new day, and no warning."""
    corrected = month_of_contacts(APRIL, ("1", date(2025, 4, 11), "5"))
    won = [write_submission(tmp_path, "RXX", APRIL, corrected, order=2)]
    write_submission(tmp_path, "RXX", APRIL, month_of_contacts(APRIL, ("1", date(2025, 4, 10), "3")))  # not current
    found = ask(build(tmp_path, won, marts=False), "SELECT contact_on, attendance, is_id_reused FROM core.contact")
    assert found == [(date(2025, 4, 11), "5", False)]


def test_an_activity_of_a_contact_sent_twice_is_one_activity(tmp_path: Path) -> None:
    same = ("1", date(2025, 4, 10), "5")
    won = [
        write_submission(tmp_path, "RXX", APRIL, month_of_contacts(APRIL, same)),
        write_submission(tmp_path, "RXX", MAY, month_of_contacts(MAY, same)),
    ]
    draft = build(tmp_path, won, marts=False)
    assert ask(draft, "SELECT month, submitted_records, is_id_reused FROM core.activity") == [(MAY, 2, False)]
    assert ask(draft, "SELECT sessions FROM core.therapy_course") == [(1,)]


def test_smi_tables_are_kept_as_last_submitted(tmp_path: Path) -> None:
    tables: dict[str, str | list[Row]] = {
        "SMI203": "ServiceRequestId | TherapyType | PlannedSessions | PlanStartDate\n"
        "r | CBP | 16 | 2025-04-02 \n r | CBP | 20 | 2025-04-09",
        "SMI501": "ServiceUseId | LocalPatientId | ServiceUseType | ServiceUseStartDate | ServiceUseCount\n"
        "u | p | 01 | 2025-01-01 | 3",
        "SMI608": "ServiceRequestId | QuestionCode | Answer | AnswerDate\nr | 747901000000107 | NA | 2025-04-09",
        "IDS004": "LocalPatientId | EmployStatus | EmployStatusRecDate\n p | 02 | 2025-04-01 \n p | 01 | ",
    }
    base = {"IDS001": "LocalPatientId\n p", "IDS101": "ServiceRequestId | LocalPatientId\n r | p"}
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, {**base, **tables})], marts=False)
    assert ask(draft, "SELECT planned_sessions FROM core.session_plan") == [(20,)]
    assert ask(draft, "SELECT person_id, occurrences FROM core.service_use") == [("RXX-p", 3)]
    assert ask(draft, "SELECT answer FROM core.experience") == [("NA",)]
    assert ask(draft, "SELECT employment_status FROM core.employment") == [("02",)]  # dated before undated


def test_an_employment_status_whose_patient_was_rejected_keeps_its_row(tmp_path: Path) -> None:
    tables = {
        "IDS001": "LocalPatientId\n p",
        "IDS101": "ServiceRequestId | LocalPatientId\n r | p",
        "IDS004": "LocalPatientId | EmployStatus\n p | 01 \n gone | 02",
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], marts=False)
    found = ask(draft, "SELECT person_id, employment_status, submitted_records FROM core.employment ORDER BY ALL")
    assert found == [("RXX-p", "01", 1), ("gone", "02", 1)]


def test_nothing_submitted_still_builds_every_table(tmp_path: Path) -> None:
    assert set(build_core(tmp_path / "d.duckdb", [], measures=()).values()) == {0}


def test_current_submissions_must_be_one_per_provider_and_month(tmp_path: Path) -> None:
    patient: dict[str, str] = {"IDS001": "LocalPatientId\n p"}
    first = write_submission(tmp_path, "RXX", APRIL, patient, 1)
    second = write_submission(tmp_path, "RXX", APRIL, patient, 2)
    with pytest.raises(StagingError, match="RXX_2025-04 has two current submissions"):
        build_core(tmp_path / "d.duckdb", [first, second])
    stranger = StagedSubmission("other", ProviderMonth("RXX", APRIL), first.folder)
    with pytest.raises(StagingError, match="do not belong to a current submission"):
        build_core(tmp_path / "d.duckdb", [stranger])
    with pytest.raises(StagingError, match="files are missing"):
        build_core(tmp_path / "d.duckdb", [StagedSubmission("x", ProviderMonth("RXX", APRIL), tmp_path / "gone")])


def test_row_order_file_order_and_threads_change_nothing(tmp_path: Path) -> None:
    drafts = []
    for attempt, threads in enumerate((1, 2)):
        folder = tmp_path / str(attempt)
        won = []
        for number, (provider, month) in enumerate([("RXX", APRIL), ("RXX", MAY), ("RYY", APRIL)]):
            # May repeats April's ids with other values: the latest month must win whatever comes first.
            tables, _ = random_tables(number, 40)
            for rows in tables.values():
                for position, row in enumerate(rows, start=2):
                    row["row_number"] = position
                random.Random(attempt).shuffle(rows)
            won.append(write_submission(folder, provider, month, tables))
        random.Random(attempt).shuffle(won)
        drafts.append(build(folder, won, threads=threads, measures=one_of_each() if is_whole() else FEW))
    with duckdb.connect() as con:
        for number, draft in enumerate(drafts):
            con.execute(f"ATTACH '{draft}' AS d{number} (READ_ONLY)")
        names = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            "WHERE database_name = 'd0' AND schema_name IN ('core', 'mart') ORDER BY ALL"
        ).fetchall()
        assert len(names) > 15
        for (name,) in names:
            for left, right in (("d0", "d1"), ("d1", "d0")):
                query = f"SELECT * FROM {left}.{name} EXCEPT ALL SELECT * FROM {right}.{name}"
                assert con.execute(query).fetchall() == [], f"{name} differs"


def test_a_draft_is_replaced_and_leaves_no_staging_behind(tmp_path: Path) -> None:
    won = write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a")]))
    few = some(*FEW)
    first = build_core(tmp_path / "draft.duckdb", [won], measures=few)
    assert build_core(tmp_path / "draft.duckdb", [won], measures=few) == first
    with open_draft(tmp_path / "draft.duckdb") as con:
        assert count_rows(con, "main") == {}
        assert count_rows(con, "core") == first


def test_the_latest_row_of_a_record_is_found_by_the_declared_key(tmp_path: Path) -> None:
    """Within a provider; the later month first, then the later row; a person's row by person, not by local id."""
    people = [{"LocalPatientId": "a", "person_id": "p"}, {"LocalPatientId": "b", "person_id": "p"}]
    current = [
        write_submission(tmp_path, "RXX", APRIL, {"IDS001": people, "IDS101": [{"ServiceRequestId": "r"}]}),
        write_submission(tmp_path, "RXX", MAY, {"IDS101": [{"ServiceRequestId": "r"}, {"ServiceRequestId": "s"}]}),
        write_submission(tmp_path, "RYY", APRIL, {"IDS101": [{"ServiceRequestId": "r"}]}),
    ]
    query = """
        SELECT {}, x.month, x.row_number, l.first_month, l.submitted_records
        FROM staged.{}_latest AS l
        INNER JOIN staged.{} AS x ON x.provider = l.provider AND x.recency = l.recency ORDER BY ALL
    """
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS staged")
        stage(con, current)
        asked = con.execute(query.format("l.provider, l.ServiceRequestId", "IDS101", "IDS101")).fetchall()
        referrals = named_rows(asked)
        persons = named_rows(con.execute(query.format("l.person_id", "IDS001", "IDS001")).fetchall())
        keyless = con.execute("SELECT view_name FROM duckdb_views() WHERE view_name = 'IDS205_latest'").fetchall()
        assert con.execute("SELECT count(*) FROM staged.IDS201_latest").fetchall() == [(0,)]  # nobody sent one
    assert referrals == [
        ("RXX", "r", MAY, 2, APRIL, 2), ("RXX", "s", MAY, 3, MAY, 1), ("RYY", "r", APRIL, 2, APRIL, 1)
    ]  # fmt: skip
    assert persons == [("p", APRIL, 3, APRIL, 2)]
    assert keyless == []
