"""Queries in the manner analysts write them today, on the national names: they must run, and say what the marts say."""

import csv
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Row, ask, build, write_submission
from tests.references.pathways import random_tables
from warehouse.build import build_core, open_draft
from warehouse.columns import contract
from warehouse.compat import MACROS, SCHEMAS, create_compat
from warehouse.models import models_of
from warehouse.organisations.places import load_places
from warehouse.staging import StagedSubmission

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
ASKED_FOR = Path(__file__).parents[3] / "shared" / "domain" / "input_columns.csv"
# Tables of the Talking Therapies scripts that cannot be there; docs/compatibility.md says why.
ABSENT = {
    "MHDInternal.REFERENCE_Lookup_LSOA21_MSOA21_ICB",
    "MHDInternal.PreProc_Referral", "UKHF_Census.Age_By_Single_Year_Of_Age_V21", "UKHF_Census.Ethnic_Group_V21",
    "UKHF_Census.Sex1",
}  # fmt: skip
TALKING_THERAPIES = {"KM", "PDT", "ProtChar", "SPC", "IET", "LTC", "UCP", "Employment", "see"}
# Population every national script starts from.
BASE = """
    FROM mesh_IAPT.IDS101referral r
    INNER JOIN mesh_IAPT.IDS001mpi mpi ON r.recordnumber = mpi.recordnumber
    INNER JOIN mesh_IAPT.IsLatest_SubmissionID l
        ON r.UniqueSubmissionID = l.UniqueSubmissionID AND r.AuditId = l.AuditId
"""
WHERE = "WHERE r.UsePathway_Flag = 'True' AND l.IsLatest = 1"
IN_MONTH = "BETWEEN l.ReportingPeriodStartDate AND l.ReportingPeriodEndDate"


# A referral of April first sent in May, and first treated in June, when only the contact is sent.
LATE: dict[date, dict[str, str | list[Row]]] = {
    APRIL: {"IDS001": "LocalPatientId\n q"},
    MAY: {
        "IDS001": "LocalPatientId\n p",
        "IDS101": "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate\n r | p | 2025-04-10",
    },
    JUNE: {
        "IDS201": "CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode\n c | r | 2025-06-05 | 02 | 5"
    },
}


# What the base query counts month by month, as the mart has it.
COUNTED = (
    "REFERRALS", "ACCESS", "FINISHED", "RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT",
    "RELIABLE_DETERIORATION", "NO_RELIABLE_CHANGE", "NOT_AT_CASENESS", "WAIT_42",
)  # fmt: skip


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random pathways, and ``LATE``; RYY misses May, RZZ comes in May only; later months send April's ids again."""
    tmp = tmp_path_factory.mktemp("population")
    sent = [("RXX", APRIL), ("RXX", MAY), ("RYY", APRIL), ("RYY", JUNE), ("RZZ", MAY)]
    won = [write_submission(tmp, p, m, random_tables(n, 150)[0]) for n, (p, m) in enumerate(sent)]
    won += [write_submission(tmp, "RWW", month, tables) for month, tables in LATE.items()]
    return build(tmp, won, whole=True, measures=COUNTED)


def course_tables() -> dict[date, dict[str, str | list[Row]]]:
    """One Talking Therapies course from April to June with a bit of everything, and one of the psychosis pathway."""
    patients = "LocalPatientId | Gender | EthnicCategory | postcode_district\n p | 2 | L | LA1\n q | 1 | M | LA2"
    referrals = """
        ServiceRequestId | LocalPatientId | OrgIDComm | ReferralRequestReceivedDate | SourceOfReferralMH | Pathway | ServDischDate | EndCode
        r                | p              | 02M       | 2025-04-03                  | B1                 | 05      | {end}         | {code}
        s                | q              | 02M       | 2025-04-04                  | A1                 | 01      |               |
    """
    april: dict[str, str | list[Row]] = {
        "IDS001": patients,
        "IDS101": referrals.format(end="", code=""),
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SSPInd
            p              | 01           | 2025-04-10          | Y
        """,
        "IDS011": "LocalPatientId | SocPerCircumstance | SocPerCircumstanceRecDate\n p | 224362002 | 2025-04-10",
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode | ConsMechanism
            c1            | r                | 2025-04-10   | 01      | 5               | 01
            c2            | r                | 2025-04-20   | 02      | 5               | 01
        """,
        "IDS202": "CareActId | CareContactId | CodeProcAndProcStatus\n a2 | c2 | 304891004",
        "IDS602": "ServiceRequestId | FindSchemeInUse | LongTermCondition\n r | 02 | 73211009",
        "IDS603": "ServiceRequestId | PresComp | PresCompCodSig\n r | F40.1 | 1",
        "IDS606": f"""
            ServiceRequestId | CodedAssToolType | PersScore | AssToolCompDate
            r                | {PHQ9}           | 15        | 2025-04-20
            r                | {GAD7}           | 14        | 2025-04-20
            r                | WSAS_WORK        | 6         | 2025-04-20
        """,
    }
    may: dict[str, str | list[Row]] = {
        "IDS001": patients,
        "IDS101": referrals.format(end="", code=""),
        "IDS201": """
            CareContactId | ServiceRequestId | CareContDate | AppType | AttendOrDNACode | PlannedCareContIndicator
            c3            | r                | 2025-05-10   | 02      | 3               | Y
            c4            | r                | 2025-05-17   | 03      | 6               | Y
            c5            | r                | 2025-05-18   | 07      | 5               | Y
        """,
        "IDS202": """
            CareActId | CareContactId | CodeProcAndProcStatus
            a4        | c4            | 304891004
            b4        | c4            | 304891004
            a5        | c5            | 1098051000000103
        """,
        "IDS205": """
            ServiceRequestId | StartDateIntEnabledTherLog | EndDateIntEnabledTherLog | IntEnabledTherProg | DurationIntEnabledTher
            r                | 2025-05-01                 | 2025-05-20               | iCT                | 0
            r                | 2025-05-21                 | 2025-05-30               | iCT                | 25
        """,
        "IDS607": "CareActId | CodedAssToolType | PersScore\n a4 | 747891000000106 | 4",
    }
    june: dict[str, str | list[Row]] = {
        "IDS001": patients,
        "IDS101": referrals.format(end="2025-06-10", code="46"),
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SSPInd
            p              | 01           | 2025-04-10          | Y
            p              | 01           | 2025-06-09          | N
        """,
        "IDS606": f"""
            ServiceRequestId | CodedAssToolType | PersScore | AssToolCompDate
            r                | {PHQ9}           | 5         | 2025-06-09
            r                | {GAD7}           | 3         | 2025-06-09
            r                | WSAS_WORK        | 2         | 2025-06-09
        """,
    }
    return {APRIL: april, MAY: may, JUNE: june}


def with_national_views(tmp: Path, won: list[StagedSubmission]) -> Path:
    """These submissions, built without marts, with the national views."""
    draft = build(tmp, won, marts=False)
    with open_draft(draft) as con:
        load_places(con)
        create_compat(con)
    return draft


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``course_tables`` sends, built."""
    tmp = tmp_path_factory.mktemp("course")
    won = [write_submission(tmp, "RXX", month, tables) for month, tables in course_tables().items()]
    return with_national_views(tmp, won)


def test_the_base_query_month_by_month_gives_the_figures_of_the_mart(population: Path) -> None:
    def counted(test: str) -> str:
        return f"COUNT(DISTINCT CASE WHEN {test} THEN r.PathwayID ELSE NULL END)"

    finished = f"r.CompletedTreatment_Flag = 'True' AND r.ServDischDate {IN_MONTH}"
    figures = {
        "REFERRALS": counted(f"r.ReferralRequestReceivedDate {IN_MONTH}"),
        "ACCESS": counted(f"r.TherapySession_FirstDate {IN_MONTH}"),
        "FINISHED": counted(finished),
        "RECOVERY": counted(f"{finished} AND r.Recovery_Flag = 1"),
        "RELIABLE_RECOVERY": counted(
            f"{finished} AND Recovery_Flag = 'True' AND ReliableImprovement_Flag = 'True'"
        ),
        "RELIABLE_IMPROVEMENT": counted(f"{finished} AND r.ReliableImprovement_Flag = 'True'"),
        "RELIABLE_DETERIORATION": counted(f"{finished} AND r.ReliableDeterioration_Flag = 'True'"),
        "NO_RELIABLE_CHANGE": counted(f"{finished} AND r.NoChange_Flag = 'True'"),
        "NOT_AT_CASENESS": counted(f"{finished} AND r.NotCaseness_Flag = 'True'"),
        "WAIT_42": counted(
            f"{finished} AND DATEDIFF('day', r.ReferralRequestReceivedDate, r.TherapySession_FirstDate) <= 42"
        ),
    }
    theirs = ask(
        population,
        f"""SELECT r.OrgID_Provider, l.ReportingPeriodStartDate, {", ".join(figures.values())} {BASE} {WHERE}
            GROUP BY r.OrgID_Provider, l.ReportingPeriodStartDate""",
    )
    ours = ask(
        population,
        """SELECT organisation, period_start, measure, numerator FROM mart.service_measure
           WHERE level = 'provider' AND period_type = 'month' AND pathway = '05' AND numerator IS NOT NULL""",
    )
    found = {(p, m, name): n for p, m, *row in theirs for name, n in zip(figures, row, strict=True)}
    told = {(p, m, name): n for p, m, name, n in ours if name in figures}
    assert {key: found.get(key, 0) for key in told} == told
    assert set(found) <= set(told)
    assert told["RWW", APRIL, "REFERRALS"] == told["RWW", JUNE, "ACCESS"] == 1
    assert {name for (*_, name), n in told.items() if n > 0} == set(figures)


def test_every_view_has_its_grain_once(population: Path) -> None:
    keys: dict[str, list[str]] = {}
    for line in contract():
        if line.is_key:
            keys.setdefault(f'{line.schema}."{line.table}"', []).append(f'"{line.column}"')
    views = ask(
        population, "SELECT schema_name || '.\"' || view_name || '\"' FROM duckdb_views() WHERE NOT internal"
    )
    ours = [name for (name,) in views if not name.startswith(("core.", "mart.", "published.", "monthly_count."))]
    assert len(ours) == sum(len(models_of(schema)) for schema in (*SCHEMAS, "v1"))
    for view in ours:
        query = f"SELECT count(*), count(DISTINCT ({', '.join(keys[view])})) FROM {view}"
        ((rows, distinct),) = ask(population, query)
        assert rows == distinct, view


def test_after_its_discharge_a_pathway_is_there_no_more(population: Path) -> None:
    after = f"SELECT COUNT(*) {BASE} WHERE r.ServDischDate < l.ReportingPeriodStartDate"
    assert ask(population, after) == [(0,)]


def test_a_pathway_is_there_in_every_month_that_carries_it_and_as_it_stood_then(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT l.Unique_MonthID, r.TherapySession_FirstDate, r.TherapySession_SecondDate, r.ServDischDate,
                r.EndCode, r.CompletedTreatment_Flag, r.Recovery_Flag {BASE} {WHERE} ORDER BY 1""",
    )
    first, second, end = date(2025, 4, 20), date(2025, 5, 17), date(2025, 6, 10)
    assert rows == [
        (1501, first, None, None, None, False, False),  # (2025 - 1900) * 12 + 4 - 3
        (1502, first, second, None, None, False, False),
        (1503, first, second, end, "46", True, True),
    ]


def test_contacts_are_counted_up_to_the_month_and_the_last_is_the_last_of_then(course: Path) -> None:
    """May's row of a pathway that goes on must not know of June, nor April's of May."""
    rows = ask(
        course,
        f"""SELECT l.Unique_MonthID, r.CareContact_Count, r.TreatmentCareContact_Count, r.TherapySession_LastDate
            {BASE} {WHERE} ORDER BY 1""",
    )
    last = date(2025, 5, 17)
    assert rows == [(1501, 2, 1, date(2025, 4, 20)), (1502, 5, 2, last), (1503, 5, 2, last)]


def test_contacts_so_far_agree_with_a_slow_count(population: Path) -> None:
    contacts: dict[tuple[str, str], list[tuple[date, bool]]] = {}
    for provider, pathway, day, is_treatment in ask(
        population, "SELECT provider, service_request_id, contact_on, is_treatment FROM core.contact"
    ):
        contacts.setdefault((provider, f"{provider}-{pathway}"), []).append((day, is_treatment))
    rows = ask(
        population,
        """SELECT r.OrgID_Provider, r.PathwayID, l.ReportingPeriodEndDate, r.CareContact_Count,
               r.TreatmentCareContact_Count, r.TherapySession_LastDate
           FROM mesh_IAPT.IDS101referral r INNER JOIN mesh_IAPT.IsLatest_SubmissionID l ON l.AuditId = r.AuditId
           WHERE r.ServDischDate IS NULL""",
    )
    assert len(rows) > 50
    for provider, pathway, month_end, cared, treated, last in rows:
        until = [
            (day, is_treatment) for day, is_treatment in contacts.get((provider, pathway), []) if day <= month_end
        ]
        treatments = [day for day, is_treatment in until if is_treatment]
        assert (cared, treated, last) == (len(until), len(treatments), max(treatments, default=None))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people over three months: one has a birthday in May, and May does not send the other."""
    tmp = tmp_path_factory.mktemp("people")
    sent = {
        APRIL: "p | 30 | 1 | 3 | zh\n q | 44 | 2 | | q4\n n | | | | xx",
        MAY: "p | 31 | 1 | 3 | zh\n n | | | | xx",
        JUNE: "p | 31 | 1 | 3 | zh\n q | 45 | 2 | | q4\n n | | | | xx",
    }
    head = "LocalPatientId | age_at_period_end | Gender | GenderIDCode | LanguageCodePreferred\n"
    referrals = (
        "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate\n a | p | 2025-04-01\n b | q | 2025-04-01"
    )
    won = [
        write_submission(tmp, "RXX", month, {"IDS001": head + rows, "IDS101": referrals})
        for month, rows in sent.items()
    ]
    return with_national_views(tmp, won)


def test_the_age_is_that_of_the_month(people: Path) -> None:
    rows = ask(people, "SELECT Person_ID, Unique_MonthID, Age_RP_EndDate FROM mesh_IAPT.IDS001mpi ORDER BY ALL")
    assert [row for row in rows if row[0] != "RXX-n"] == [
        ("RXX-p", 1501, 30), ("RXX-p", 1502, 31), ("RXX-p", 1503, 31),
        ("RXX-q", 1501, 44), ("RXX-q", 1502, 44), ("RXX-q", 1503, 45),
    ]  # fmt: skip
    assert {age for person, _, age in rows if person == "RXX-n"} == {None}


def test_gender_as_stated_and_gender_identity_are_two_columns(people: Path) -> None:
    rows = ask(people, "SELECT DISTINCT Person_ID, Gender, GenderIdentity FROM mesh_IAPT.IDS001mpi ORDER BY 1")
    assert rows == [("RXX-n", None, None), ("RXX-p", "1", "3"), ("RXX-q", "2", None)]


def test_languages_have_names_and_an_unknown_code_has_none(people: Path) -> None:
    rows = ask(
        people,
        """SELECT DISTINCT mpi.LanguageCodePreferred, l.LanguageName FROM mesh_IAPT.IDS001mpi mpi
           LEFT JOIN MHDInternal.REFERENCE_ISO_LanguageCodes l ON mpi.LanguageCodePreferred = l.LanguageCode
           ORDER BY 1""",
    )
    assert rows == [("q4", "British Sign Language"), ("xx", None), ("zh", "Chinese")]


def test_a_concept_can_be_asked_for_though_other_codes_are_text(people: Path) -> None:
    names = ask(people, "SELECT Term FROM UKHD_SNOMED.Descriptions_SCD WHERE Concept_ID IN (304891004, 1)")
    assert len(names) == 1


def test_the_eleven_questions_about_experience_have_the_terms_that_scripts_compare(people: Path) -> None:
    terms = ask(
        people, "SELECT Term FROM UKHD_SNOMED.Descriptions_SCD WHERE Term LIKE '%Patient Experience Questionnaire%'"
    )
    start, end = "Improving Access to Psychological Therapies ", " score (observable entity)"
    questionnaire = "Patient Experience Questionnaire"
    assert {term for (term,) in terms} == {
        *(f"{start}assessment {questionnaire} choice question {number}{end}" for number in range(1, 5)),
        f"{start}assessment {questionnaire} satisfaction question 1{end}",
        *(f"{start}treatment {questionnaire} question {number}{end}" for number in range(1, 7)),
    }


def test_severe_mental_illness_is_there_but_no_row_of_talking_therapies(course: Path) -> None:
    rows = ask(
        course, "SELECT Pathway, UsePathway_Flag, count(*) FROM mesh_IAPT.IDS101referral GROUP BY ALL ORDER BY 1"
    )
    assert rows == [("01", False, 3), ("05", True, 3)]


def test_contacts_of_a_month_hang_on_the_referral_of_that_month(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT l.ReportingPeriodStartDate,
                COUNT(DISTINCT CASE WHEN c.AttendOrDNACode IN ('5', '05', '6', '06') THEN c.Unique_CareContactID END),
                COUNT(DISTINCT CASE WHEN c.AttendOrDNACode IN ('3', '03') THEN c.Unique_CareContactID END)
            {BASE}
            LEFT JOIN mesh_IAPT.IDS201carecontact c ON r.PathwayID = c.PathwayID AND c.AuditId = l.AuditId
                AND c.CareContDate {IN_MONTH}
            {WHERE} GROUP BY l.ReportingPeriodStartDate ORDER BY 1""",
    )
    assert rows == [(APRIL, 2, 0), (MAY, 2, 1), (JUNE, 0, 0)]


def test_therapies_are_counted_by_contact_and_joined_by_code(course: Path) -> None:
    counts = ask(
        course,
        f"""SELECT r.CognitiveBehaviourTherapy_Count, r.Mindfulness_Count, r.EmploymentSupport_Count,
                r.EmpSupport_FirstDate, r.TreatmentCareContact_Count, r.CareContact_Count
            {BASE} {WHERE} AND l.Unique_MonthID = (SELECT MAX(Unique_MonthID) FROM mesh_IAPT.IsLatest_SubmissionID)""",
    )
    assert counts == [(2, 0, 1, date(2025, 5, 18), 2, 5)]  # five appointments, one of them not attended
    joined = ask(
        course,
        """SELECT COUNT(DISTINCT a.CareContactId) FROM mesh_IAPT.IDS202careactivity a
           INNER JOIN mesh_IAPT.IDS201carecontact c ON c.PathwayID = a.PathwayID AND c.AuditId = a.AuditId
               AND c.UniqueSubmissionID = a.UniqueSubmissionID AND c.CareContactId = a.CareContactId
           WHERE a.CodeProcAndProcStatus IN ('304891004', '228557008') AND c.AppType IN ('02', '03', '05')""",
    )
    assert joined == [(2,)]


def test_scores_descriptors_and_items_of_a_finished_course(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT r.PHQ9_FirstScore, r.PHQ9_LastScore, r.GAD_FirstScore, r.GAD_LastScore, r.WASAS_Work_FirstScore,
                r.WASAS_Work_LastScore, r.BPI_FirstScore, r.ADSM, r.PresentingComplaintHigherCategory,
                r.SecondaryPresentingComplaint, d.Validated_PresentingComplaint
            {BASE}
            LEFT JOIN mesh_IAPT.IDS603presentingcomplaints d ON d.PathwayID = r.PathwayID AND d.AuditId = r.AuditId
                AND d.UniqueSubmissionID = r.UniqueSubmissionID
            {WHERE} AND r.CompletedTreatment_Flag = 1""",
    )
    anxiety = "Anxiety and stress related disorders (Total)"
    assert rows == [(15, 5, 14, 3, 6, 2, None, None, anxiety, "F401 - Social phobias", "F401")]


def test_employment_and_circumstances_join_on_record_number_and_audit_id(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT l.ReportingPeriodStartDate, MIN(e.SSPInd), MAX(e.SSPInd), COUNT(e.UniqueID_IDS004),
                COUNT(DISTINCT s.SocPerCircumstance)
            {BASE}
            LEFT JOIN mesh_IAPT.IDS004empstatus e ON e.RecordNumber = r.RecordNumber AND e.AuditId = r.AuditId
            LEFT JOIN mesh_IAPT.IDS011socpercircumstances s ON s.RecordNumber = r.RecordNumber
                AND s.AuditId = r.AuditId AND s.UniqueSubmissionID = r.UniqueSubmissionID
            {WHERE} GROUP BY l.ReportingPeriodStartDate ORDER BY 1""",
    )
    # April's record comes again in June, so it stood in May too; the circumstance was sent in April only.
    assert rows == [(APRIL, "Y", "Y", 1, 1), (MAY, "Y", "Y", 1, 0), (JUNE, "N", "Y", 2, 0)]


def test_conditions_and_their_names(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT l.ReportingPeriodStartDate, ltc.Validated_LongTermConditionCode, ISNULL(t.Term, 'No term')
            {BASE}
            INNER JOIN mesh_IAPT.IDS602longtermcondition ltc ON ltc.RecordNumber = r.RecordNumber
                AND ltc.AuditId = r.AuditId AND ltc.UniqueSubmissionID = r.UniqueSubmissionID
            LEFT JOIN UKHD_SNOMED.Descriptions_SCD_1 t ON CAST(t.Concept_ID AS VARCHAR) =
                ltc.Validated_LongTermConditionCode AND t.Type_ID = 900000000000003001 AND t.Is_Latest = 1 AND t.Active = 1
            {WHERE} ORDER BY 1""",
    )
    assert [(month, code) for month, code, _ in rows] == [
        (APRIL, "73211009"),
        (MAY, "73211009"),
        (JUNE, "73211009"),
    ]


def test_internet_therapy_without_minutes_is_still_internet_therapy(course: Path) -> None:
    rows = ask(
        course,
        f"""SELECT r.InternetEnabledTherapy_Count, SUM(i.DurationIntEnabledTher),
                COUNT(CASE WHEN i.DurationIntEnabledTher = 0 THEN 1 END)
            {BASE}
            INNER JOIN mesh_IAPT.IDS205internettherlog i ON i.PathwayID = r.PathwayID AND i.AuditId = l.AuditId
            {WHERE} GROUP BY r.InternetEnabledTherapy_Count""",
    )
    assert rows == [(2, 25, 1)]


def test_answers_and_scores_keep_what_was_submitted(course: Path) -> None:
    answers = ask(
        course, "SELECT PathwayID, PersScore, CodedAssToolType FROM mesh_IAPT.IDS607codedscoreassessmentact"
    )
    assert answers == [("RXX-r", "4", "747891000000106")]
    scores = ask(
        course,
        "SELECT CodedAssToolType, PersScore, AssToolCompDate FROM mesh_IAPT.IDS606codedscoreassessmentrefer"
        " WHERE Unique_ServiceRequestID = ? AND CodedAssToolType = ? ORDER BY AssToolCompDate",
        [f"RXX-{text_of('r')}", PHQ9],
    )
    assert scores == [(PHQ9, "15", date(2025, 4, 20)), (PHQ9, "5", date(2025, 6, 9))]


def test_no_join_to_an_organisation_loses_or_repeats_a_referral(population: Path) -> None:
    rows = ask(
        population,
        f"""SELECT COUNT(*), COUNT(DISTINCT r.UniqueID_IDS101), COUNT(ph.Organisation_Name) {BASE}
            LEFT JOIN Internal_Reference.ComCodeChanges cc ON r.OrgIDComm = cc.Org_Code
            LEFT JOIN Reporting.Ref_ODS_Commissioner_Hierarchies_ICB ch
                ON COALESCE(cc.New_Code, r.OrgIDComm) = ch.Organisation_Code AND ch.Effective_To IS NULL
            LEFT JOIN Internal_Reference.Provider_Successor ps ON r.OrgID_Provider = ps.Prov_original
            LEFT JOIN Reporting.Ref_ODS_Provider_Hierarchies_ICB ph
                ON COALESCE(ps.Prov_Successor, r.OrgID_Provider) = ph.Organisation_Code AND ph.Effective_To IS NULL
            {WHERE}""",
    )
    ((carried,),) = ask(population, "SELECT count(*) FROM mesh_IAPT.IDS101referral")
    assert rows == [(carried, carried, carried)]


def test_days_and_months_have_their_financial_quarter(course: Path) -> None:
    rows = ask(
        course,
        """SELECT Fin_Year_Quarter_QQ_YY_YY, COUNT(*) FROM Internal_Reference.Date_Full d
           INNER JOIN mesh_IAPT.IsLatest_SubmissionID l ON d.Full_Date = EOMONTH(l.ReportingPeriodStartDate)
           GROUP BY Fin_Year_Quarter_QQ_YY_YY""",
    )
    assert rows == [("Q1 25/26", 3)]


def test_the_query_of_the_page_runs(course: Path) -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert sorted(ask(course, query)) == [("RXX", APRIL, 0), ("RXX", MAY, 0), ("RXX", JUNE, 1)]


def test_every_column_the_scripts_read_is_there_by_name(course: Path) -> None:
    if not ASKED_FOR.exists():
        pytest.skip("the list of columns the public scripts read is not here")
    have = {
        name.lower()
        for (name,) in ask(
            course, "SELECT schema_name || '.' || table_name || '.' || column_name FROM duckdb_columns()"
        )
    }
    with ASKED_FOR.open(encoding="utf-8") as file:
        wanted = [
            (row["table"], row["column"])
            for row in csv.DictReader(file)
            if {word for word in row["used_by"].split() if ":" not in word} & TALKING_THERAPIES
        ]
    missing = [f"{table}.{column}" for table, column in wanted if f"{table}.{column}".lower() not in have]
    assert sorted({name.rpartition(".")[0] for name in missing}) == sorted(ABSENT)
    assert sum(table.startswith("mesh_IAPT.") for table, _ in wanted) == 181


def test_the_released_command_line_runs_the_views_and_the_macros(population: Path) -> None:
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    if not duckdb_cli.exists():
        pytest.skip("the DuckDB command line (PyPI duckdb-cli) is not installed")
    query = f"""
        SELECT COUNT(DISTINCT r.PathwayID) > 0, IIF(1 = 1, ISNULL(NULL, 'a'), 'b'), CHARINDEX('c', 'abc'), SQUARE(3)
        {BASE} {WHERE} AND r.ServDischDate {IN_MONTH};
        SELECT comment FROM duckdb_views() WHERE view_name = 'IDS201carecontact';
    """
    done = subprocess.run(
        [str(duckdb_cli), "-readonly", "-csv", "-noheader", str(population), query],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "true,a,3,9",
        '"One row per provider and care contact, in the month that last sent it."',
    ]


@pytest.mark.parametrize("signature", MACROS)
def test_a_macro_is_needed(signature: str) -> None:
    """Where DuckDB learns the name itself, ours must go."""
    name = signature.partition("(")[0]
    with duckdb.connect() as con:
        known = con.execute("SELECT count(*) FROM duckdb_functions() WHERE function_name = ?", [name]).fetchone()
    assert known == (0,)


def test_two_builds_of_the_same_submissions_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In other batches, threads and order of writing: record numbers too, by which national scripts join."""
    won = [
        write_submission(tmp_path, p, month, tables)
        for p in ("RXX", "RYY")
        for month, tables in course_tables().items()
    ]
    won += [write_submission(tmp_path, p, APRIL, random_tables(n, 60)[0]) for n, p in enumerate(("RWW", "RZZ"))]

    def rows(draft: Path) -> dict[str, list[tuple[object, ...]]]:
        with open_draft(draft) as con:
            load_places(con)
            create_compat(con)
            return {
                f"{schema}.{name}": con.execute(f'SELECT * FROM "{schema}"."{name}" ORDER BY ALL').fetchall()
                for schema, name in con.execute(
                    "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() "
                    "AND list_contains(?, schema_name) ORDER BY ALL",
                    [SCHEMAS],
                ).fetchall()
            }

    together, one_by_one = tmp_path / "together.duckdb", tmp_path / "one_by_one.duckdb"
    build_core(together, won, threads=1, built_with="v1", measures=())
    monkeypatch.setattr("warehouse.build.BATCH_BYTES", 0)
    build_core(one_by_one, won[2:], threads=2, built_with="v1", measures=())
    build_core(one_by_one, won, threads=2, built_with="v1", measures=())
    first, second = rows(together), rows(one_by_one)
    assert [name for name in first if name.startswith("mesh_IAPT.") and not first[name]] == []
    assert [name for name in first if first[name] != second[name]] == []
