"""The groups a pathway counts in: what puts it where, and that it is always in exactly one group of each kind."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, Row, ask, build, rows_of, write_submission
from tests.references.measure_populations import random_submissions
from warehouse.measures.catalogue import breakdowns, groups

MAY = date(2025, 5, 1)
CBT, COMPUTER, MINDFULNESS, SUPPORT = "304891004", "748041000000107", "933221000000107", "1098051000000103"


def contacts(referral: str, text: str) -> list[Row]:
    """Contacts from lines of day, type, attendance and any further columns of the header."""
    return [
        {"CareContactId": f"{referral}-{n}", "ServiceRequestId": referral} | row
        for n, row in enumerate(rows_of(text))
    ]


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One provider, April and May, one pathway per rule; the name of a referral says which."""
    tmp = tmp_path_factory.mktemp("groups")
    april: dict[str, str | list[Row]] = {
        "IDS001": """
            LocalPatientId | EthnicCategory | LanguageCodePreferred | GenderIDCode | ExBAFIndicator
            plain          |                |                       |              |
            asian          | L              | fr                    | 3            | 02
            unstated       | Z              | en                    | Z            | ZZ
            unknown        | 99             | EN                    |              |
            wrong          | A7             |                       |              | 01
            worker         | A              |                       |              |
            repeater       | M              |                       |              |
        """,
        "IDS007": "LocalPatientId | DisabCode\n asian | 05\n asian | 09\n unstated | NN\n unknown | ZZ\n worker | 09",
        "IDS101": """
            ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | ServDischDate | age_at_referral | SourceOfReferralIAPT | EndCode
            plain            | plain          | 2025-04-01                  |               |                 |                      |
            asian            | asian          | 2025-04-01                  | 2025-04-30    | 17              | J2                   | 46
            unstated         | unstated       | 2025-04-01                  | 2025-04-30    | 18              | B1                   | 77
            unknown          | unknown        | 2025-04-01                  | 2025-04-30    | 25              | N4                   |
            wrong            | wrong          | 2025-04-01                  |               | 26              | ??                   |
            worker           | worker         | 2025-04-01                  | 2025-05-20    | 65              | A1                   | 95
            before           | repeater       | 2025-04-01                  | 2025-04-10    | 64              |                      |
            same day         | repeater       | 2025-04-10                  | 2025-04-20    | 64              |                      |
            untreated before | wrong          | 2025-04-29                  |               | 64              |                      |
        """,
        "IDS201": contacts("asian", """
            CareContDate | AppType | AttendOrDNACode | ConsMechanism | CareContPatientTherMode | LanguageCodeTreat | InterpreterPresentInd | SiteIDOfTreat | IAPTLTCServiceInd
            2025-04-02   | 02      | 5               | 02            | 3                       | fr                | 1                     | RXX02         | N
            2025-04-03   | 02      | 5               | 01            | 1                       | fr                | 2                     | RXX01         | Y
            2025-04-04   | 02      | 3               | 02            | 3                       | fr                | 1                     | RXX03         | N
            2025-04-05   | 02      | 5               | 11            |                         | en                | 4                     | RXX04         | N
        """)
        + contacts("unstated", """
            CareContDate | AppType | AttendOrDNACode | LanguageCodeTreat | IntEnabledTherProg | IAPTLTCServiceInd | ConsMechanism
            2025-04-02   | 02      | 5               | en                | iCT                | N                 | 02
            2025-04-03   | 02      | 5               | fr                | iCT                | N                 | 02
            2025-04-04   | 02      | 3               |                   |                    | Y                 | 01
        """)
        + contacts("unknown", """
            CareContDate | AppType | AttendOrDNACode | ClinContDurOfCareCont
            2025-04-02   | 02      | 5               | 30
            2025-04-03   | 02      | 5               | 20
            2025-05-02   | 06      | 5               | 60
        """)
        + contacts("worker", """
            CareContDate | AppType | AttendOrDNACode
            2025-04-02   | 02      | 5
        """)
        + contacts("before", """
            CareContDate | AppType | AttendOrDNACode
            2025-04-02   | 02      | 5
            2025-04-03   | 02      | 6
        """),
        "IDS202": [
            {"CareActId": "a1", "CareContactId": "asian-0", "CodeProcAndProcStatus": MINDFULNESS},
            {"CareActId": "a2", "CareContactId": "asian-1", "CodeProcAndProcStatus": COMPUTER},
            {"CareActId": "a3", "CareContactId": "asian-1", "CodeProcAndProcStatus": SUPPORT},
            {"CareActId": "u1", "CareContactId": "unstated-0", "CodeProcAndProcStatus": CBT + ":408730004=443390004"},
            {"CareActId": "k1", "CareContactId": "unknown-0", "CodeProcAndProcStatus": CBT},
            {"CareActId": "k2", "CareContactId": "unknown-1", "CodeProcAndProcStatus": "228557008"},
            {"CareActId": "k3", "CareContactId": "unknown-2", "CodeProcAndProcStatus": SUPPORT},
            {"CareActId": "w1", "CareContactId": "worker-0", "CodeProcAndProcStatus": SUPPORT},
        ],
        "IDS205": """
            ServiceRequestId | IntEnabledTherProg | StartDateIntEnabledTherLog | EndDateIntEnabledTherLog | DurationIntEnabledTher | IntegratedSoftwareInd
            unstated         | iCT                | 2025-04-01                 | 2025-04-07               | 0                      | N
            unknown          | iCT                | 2025-04-01                 | 2025-04-07               | 10                     | N
            unknown          | SilverCloud        | 2025-04-01                 | 2025-04-07               | 20                     | Y
            unknown          | SilverCloud        | 2025-04-01                 | 2025-04-07               | 25                     | N
        """,
        "IDS011": """
            LocalPatientId | SocPerCircumstance | SocPerCircumstanceRecDate
            asian          | 160933000          | 2025-04-05
            asian          | 15167005           | 2025-05-05
            unstated       | 160933000          | 2025-04-05
            unstated       | 18085000           | 2025-04-05
            unstated       | 20430005           | 2025-04-02
            unstated       | 42035005           | 2025-04-03
            unknown        | 224123999          |
            unknown        | 160539008          |
        """,
        "IDS602": """
            ServiceRequestId | FindSchemeInUse | LongTermCondition
            asian            | 01              | E11.9
            unstated         | 01              | E11.9
            unstated         | 04              | 195967001
            unknown          | 01              | Z999
        """,
        "IDS603": """
            ServiceRequestId | PresComp | PresCompCodSig
            asian            | F40.8    | 1
            unstated         | F401     | 1
            unknown          | F99      | 1
            wrong            | G933     | 1
            before           | F411     | 1
        """,
        "IDS606": [
            {"ServiceRequestId": "asian", "CodedAssToolType": tool, "PersScore": score, "AssToolCompDate": date(2025, 4, 2)}
            for tool, score in ((PHQ9, "20"), (GAD7, "9"))
        ],
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SickAbsenceInd | SSPInd | BenefitRecInd | ESAInd | EmpSupportInd | EmpSupportReferral
            worker         | 01           | 2025-03-31          | N              | N      |               |        |               |
            worker         | 01           | 2025-04-01          | Y              | Y      |               | N      |               | 2025-04-03
            asian          | 03           | 2025-04-09          |                |        | N             | U      | N             |
            unstated       | 03           |                     |                |        |               |        |               |
            unknown        | 03           | 2025-04-09          |                |        | N             |        |               |
            unknown        | ZZ           | 2025-04-12          |                |        |               | Y      |               |
        """,
    }  # fmt: skip
    may: dict[str, str | list[Row]] = {
        "IDS001": "LocalPatientId | EthnicCategory\n worker | A\n repeater | M",
        "IDS101": """
            ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | ServDischDate | SourceOfReferralIAPT | age_at_referral
            worker           | worker         | 2025-04-01                  | 2025-05-20    | A1                   | 65
            after a year     | repeater       | 2026-04-11                  |               |                      |
        """,
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SickAbsenceInd | SSPInd | BenefitRecInd | EmpSupportInd
            worker         | 01           | 2025-05-20          | N              | N      | N             | Y
            worker         | 02           | 2025-05-21          | N              | N      | N             | N
        """,
    }
    return build(
        tmp, [write_submission(tmp, "RXX", APRIL, april), write_submission(tmp, "RXX", MAY, may)], marts=False
    )


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("age_band", {"plain": "not known", "asian": "under 18", "unstated": "18-25", "unknown": "18-25",
                      "wrong": "26-64", "before": "26-64"}),
        # Codes Z and 99 are two groups of their own and never "other" (PC-10); L is a minority (KM-1).
        ("ethnic_group", {"asian": "asian", "unstated": "not stated", "unknown": "not known", "plain": "not known",
                          "wrong": "white", "before": "black"}),
        ("ethnic_minority", {"asian": "ethnic minority", "before": "ethnic minority", "wrong": "white british",
                             "unstated": "not stated", "plain": "not known"}),
        ("ethnicity", {"asian": "L", "unstated": "not stated", "unknown": "not known"}),
        ("gender_identity", {"asian": "non-binary", "unstated": "not stated", "plain": "not known"}),
        ("armed_forces", {"asian": "veteran", "unstated": "not stated", "wrong": "not known"}),
        ("disability", {"asian": "more than one", "unstated": "none", "unknown": "not stated", "plain": "not known"}),
        ("language_group", {"asian": "not english", "unknown": "english", "plain": "not known"}),
        ("deprivation_decile", {"plain": "not known"}),
        ("referral_source", {"asian": "I", "unstated": "B1", "unknown": "N", "wrong": "not known",
                             "worker": "A1", "plain": "not known"}),
        # The longest code that fits: F401 before F40.
        ("problem_descriptor", {"asian": "other anxiety", "unstated": "social phobia", "plain": "not known",
                                "unknown": "other mental health problem", "wrong": "other recorded problem"}),
        ("phq9_band", {"asian": "20-27", "plain": "not known"}),
        ("gad7_band", {"asian": "5-9"}),
        ("discharge_reason", {"asian": "46", "unstated": "invalid", "unknown": "not recorded", "plain": "open"}),
        # A circumstance learnt after discharge does not change the pathway (SPC-4); others are not unknown (SPC-3).
        ("social_circumstance", {"asian": "debt", "unstated": "more than one", "unknown": "other",
                                 "plain": "none recorded"}),
        ("sexual_orientation", {"unstated": "bisexual", "plain": "not recorded"}),
        ("religion", {"unknown": "recorded", "asian": "not recorded"}),
        ("ltc_status", {"asian": "one", "unstated": "more than one", "plain": "none recorded"}),
        ("ltc_condition", {"asian": "diabetes", "unstated": "more than one", "unknown": "other"}),
        # Of the whole pathway, and attended contacts only (LTC-2).
        ("ltc_integrated", {"asian": "integrated", "unstated": "core only", "plain": "nothing attended"}),
        # A log of 0 minutes is internet-enabled therapy (IET-1, IET-2).
        ("iet_group", {"unstated": "only", "unknown": "mixed", "asian": "none", "plain": "none"}),
        ("iet_time", {"unstated": "not recorded", "unknown": "recorded", "plain": "no log"}),
        # The same log again replaces it; a pathway with two programmes counts once (IET-3).
        ("iet_log_band", {"unstated": "one", "unknown": "two or more", "plain": "none"}),
        ("iet_programme", {"unknown": "SilverCloud", "plain": "no log"}),
        ("iet_software", {"unstated": "not integrated", "unknown": "not integrated", "plain": "no log"}),
        ("iet_minutes", {"unstated": 0, "unknown": 35, "plain": 0}),
        # Mindfulness is of high intensity (UCP-1); employment support is no therapy, a refused one neither.
        ("intensity", {"asian": "both", "unknown": "high", "unstated": "other", "worker": "employment support",
                       "plain": "none"}),
        # Two codes of one therapy are one therapy; with internet-enabled therapy there are two.
        ("unique_therapy", {"asian": "more than one", "unknown": "more than one", "unstated": "IET",
                            "worker": "none", "plain": "none"}),
        ("employment_support_contacts", {"asian": 1, "unknown": 1, "worker": 1, "unstated": 0}),
        # Follow-up after the end of the course is a contact of it, and not support during it (M306).
        ("employment_support", {"asian": "received", "worker": "received", "unknown": "not received",
                                "plain": "not received"}),
        # Missed contacts are not attended; an open referral has no length yet.
        ("attended_band", {"asian": "two or more", "worker": "one", "plain": "none"}),
        ("referral_length", {"asian": "28-182", "before": "7-13", "same day": "7-13", "plain": "open"}),
        # One of each: the first named wins, in every run (PDT-2).
        ("main_medium", {"asian": "face to face", "unstated": "telephone", "unknown": "not known"}),
        ("main_mode", {"asian": "individual", "plain": "not known"}),
        ("met_in_person", {"asian": "yes", "unstated": "no", "plain": "nothing attended"}),
        ("language_mode", {"asian": "preferred, professional interpreter", "unstated": "another language",
                           "unknown": "not known"}),
        ("site", {"asian": "RXX02", "plain": None}),
        ("contact_minutes", {"unknown": 110, "plain": 0}),
        ("dose", {"asian": "3", "plain": "0"}),
        # First and last of all submissions (EMP-3), from referral to discharge; no date, no rank (EMP-1).
        ("work_first", {"worker": "off sick", "unstated": "not known", "unknown": "not employed"}),
        ("work_change", {"worker": "off sick to in work", "asian": "not known", "unknown": "not known"}),
        ("sick_pay_change", {"worker": "Y to N", "plain": "not known"}),
        ("employment_at_end", {"worker": "01", "asian": "not known", "unknown": "ZZ"}),
        ("employment_records", {"worker": 2, "unknown": 1, "unstated": 0}),
        # One N with unknowns beside it is not "none" (EMP-5); the general question answered no is.
        ("benefit_first", {"worker": "not known", "asian": "not known", "unknown": "none", "plain": "not known"}),
        ("support_suitability", {"worker": "suitable", "asian": "not suitable", "plain": "not known"}),
        ("employment_support_referred_on", {"worker": date(2025, 4, 3), "plain": None}),
        # The latest record that is a status of the pathway; ages at referral (EMP-9).
        ("student_age", {"asian": "student, other or unknown age", "unknown": "not known", "worker": "not a student"}),
        # Day 0 counts, day 366 does not, and only a finished course before (PDT-6).
        ("repeat_gap", {"before": "none", "same day": "0-91", "after a year": "none", "untreated before": "none"}),
        ("previous_problem_descriptor", {"same day": "generalised anxiety", "before": "not known"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_puts_a_pathway_in_a_group(draft: Path, column: str, expected: dict[str, Any]) -> None:
    found = dict(ask(draft, f"SELECT service_request_id, {column} FROM core.pathway_group"))
    assert {name: found[name] for name in expected} == expected


def test_every_pathway_is_in_exactly_one_declared_group_of_every_breakdown(tmp_path: Path) -> None:
    submissions = random_submissions(random.Random(4))
    won = [write_submission(tmp_path, provider, month, rows) for (provider, month), rows in submissions.items()]
    draft = build(tmp_path, won, marts=False)
    declared: dict[str, set[str]] = {}
    for breakdown, _, code, _, _ in groups():
        declared.setdefault(breakdown, set()).add(code)
    with duckdb.connect(str(draft), read_only=True) as con:
        (pathways,) = con.execute("SELECT count(*) FROM core.pathway").fetchone() or (0,)
        assert con.execute(
            "SELECT count(*), count(DISTINCT (provider, service_request_id)) FROM core.pathway_group"
        ).fetchone() == (pathways, pathways)
        own = {name for (name,) in con.execute("SELECT column_name FROM (DESCRIBE core.pathway_group)").fetchall()}
        for each in breakdowns():
            if each.grain == "pathway" and each.column in own:
                counts = dict(
                    con.execute(f"SELECT {each.column}, count(*) FROM core.pathway_group GROUP BY 1").fetchall()
                )
                assert None not in counts, each.id
                assert sum(counts.values()) == pathways
                if each.id in declared:
                    assert set(counts) <= declared[each.id], each.id
