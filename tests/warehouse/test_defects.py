"""The defects of the public SQL, held against our own figures: docs/defects.md says which test answers which.

Belongs here: what no other test shows yet. Each test names the defects it answers.
"""

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas.codes import code_list
from tests.campaign import is_whole
from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import (
    APRIL,
    DIALOG,
    GAD7,
    PHQ9,
    Row,
    ask,
    build,
    one_of_each,
    rows_of,
    write_submission,
)
from tests.schemas.test_codes import passes_verhoeff

ROOT = Path(__file__).parents[2]
MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
TEXT = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
# A line of the page: | KM-1 | A | what | answer |
LINE = re.compile(r"^\| ([A-Z]+)-(\d+) \| ([ABCD]) \| (.+?) \| (.+) \|$", re.MULTILINE)
COUNTS = {
    "KM": 10, "PDT": 28, "PC": 16, "SPC": 5, "IET": 5, "LTC": 6, "UCP": 3, "EMP": 10, "PT": 9, "PR": 6, "CMH": 6,
    "ED": 6, "EIP": 8, "DQ": 4, "PP": 1,
}  # fmt: skip

PEOPLE = """
    LocalPatientId | Gender | GenderIDCode | EthnicCategory | age | source | comm | medium | end_code | discharged
    l              | 1      |              | L              | 17  | B1     | 02M  | 01     | 46       | 2025-04-28
    m              | 2      | 3            | M              | 18  | A1     | 02M  | 11     | 95       | 2025-04-28
    z              | X      | Z            | Z              | 25  |        | 02M  | 12     | 46       | 2025-04-28
    n              | 9      |              | 99             | 26  | N4     | 02M  | 04     | 46       | 2025-04-28
    moved          | 1      |              | A              | 64  | B1     | 02M  | 01     |          |
    item           | 1      |              | A              | 65  | B1     | 02M  | 01     |          |
    work           | 1      |              | A              |     | B1     | 02M  | 01     |          |
    log            | 1      |              | A              | 40  | B1     | 02M  | 01     |          |
    body           | 1      |              | A              | 40  | B1     | 02M  | 01     |          |
"""


def contact(name: str, day: str, **more: str) -> Row:
    who = name.split(".")[0]
    row = {
        "CareContactId": name,
        "ServiceRequestId": who,
        "CareContDate": day,
        "AppType": "02",
        "AttendOrDNACode": "5",
    }
    return row | more


def score(who: str, tool: str, value: str, day: str) -> Row:
    return {"ServiceRequestId": who, "CodedAssToolType": tool, "PersScore": value, "AssToolCompDate": day}


def submissions() -> dict[date, dict[str, str | list[Row]]]:
    """A quarter of one provider: who is in ``PEOPLE``, with two treatment contacts each and what comes on top."""
    people = rows_of(PEOPLE)
    referrals: list[Row] = [
        {"ServiceRequestId": p["LocalPatientId"], "LocalPatientId": p["LocalPatientId"], "OrgIDComm": p["comm"],
         "ReferralRequestReceivedDate": "2025-04-02", "age_at_referral": p["age"], "SourceOfReferralMH": p["source"],
         "EndCode": p["end_code"], "ServDischDate": p["discharged"]}
        for p in people
    ]  # fmt: skip
    patients: list[Row] = [
        {key: p[key] for key in ("LocalPatientId", "Gender", "GenderIDCode", "EthnicCategory")} for p in people
    ]
    contacts = [
        contact(f"{p['LocalPatientId']}.{n}", f"2025-04-{10 + n}", ConsMechanism=str(p["medium"]))
        for p in people for n in (1, 2)
    ]  # fmt: skip
    again: Row = {"ServiceRequestId": "again", "LocalPatientId": "l", "ReferralRequestReceivedDate": "2025-05-20"}
    both: Row = {"ServiceRequestId": "other", "LocalPatientId": "m", "ReferralRequestReceivedDate": "2025-04-02"}
    april: dict[str, str | list[Row]] = {
        "IDS001": patients,
        "IDS101": [*referrals, both],
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SSPInd | BenefitRecInd | ESAInd | UCInd | PIPInd
            work           | 08           |                     |        |               |        |       |
            work           | 01           | 2025-04-10          | Y      |               | N      | U     | U
        """,
        "IDS011": """
            LocalPatientId | SocPerCircumstance | SocPerCircumstanceRecDate
            body           | 105421008          | 2025-04-10
        """,
        "IDS201": [
            *contacts,
            contact("body.3", "2025-04-20", AttendOrDNACode="3", IAPTLTCServiceInd="Y"),
            contact("work.3", "2025-04-21", CareContPatientTherMode="3"),
            contact("work.4", "2025-04-22", CareContPatientTherMode="1"),
        ],
        "IDS202": """
            CareActId | CareContactId | CodeProcAndProcStatus
            m1        | m.1           | 304891004
            m2        | m.2           | 286711000000107
            l1        | l.1           | 304891004
        """,
        "IDS205": """
            ServiceRequestId | StartDateIntEnabledTherLog | EndDateIntEnabledTherLog | IntEnabledTherProg | DurationIntEnabledTher
            log              | 2025-04-12                 | 2025-04-20               | iCT                | 0
            body             | 2025-04-12                 | 2025-04-20               | iCT                | 10
            body             | 2025-04-12                 | 2025-04-20               | Mnddstrct          | 5
        """,
        "IDS602": """
            ServiceRequestId | FindSchemeInUse | LongTermCondition
            body             | 01              | J45
            body             | 01              | E11
            body             | 01              | I10
        """,
        "IDS606": [
            score("item", DIALOG, "8", "2025-04-05"), score("item", DIALOG, "3", "2025-04-12"),
            score("item", DIALOG, "5", "2025-04-26"), score("log", PHQ9, "20", "2025-04-11"),
            score("log", GAD7, "15", "2025-04-11"), score("log", PHQ9, "5", "2025-04-30"),
            score("log", GAD7, "3", "2025-04-30"),
        ],
    }  # fmt: skip
    may: dict[str, str | list[Row]] = {
        "IDS001": patients,
        "IDS101": [*({**r, "OrgIDComm": "01A"} for r in referrals if r["ServiceRequestId"] == "moved"),
                   *(r for r in referrals if r["ServiceRequestId"] in ("l", "work", "body")), again],
        "IDS004": """
            LocalPatientId | EmployStatus | EmployStatusRecDate | SSPInd | BenefitRecInd
            work           | 01           | 2025-05-10          | N      | N
        """,
        "IDS011": """
            LocalPatientId | SocPerCircumstance | SocPerCircumstanceRecDate
            l              | 18085000           | 2025-05-10
        """,
        "IDS201": [contact("moved.3", "2025-05-06", ConsMechanism="02"), contact("moved.4", "2025-05-07", ConsMechanism="02"),
                   contact("moved.5", "2025-05-08", ConsMechanism="02")],
    }  # fmt: skip
    return {APRIL: april, MAY: may, JUNE: {"IDS001": patients}}


BANDS = ("60", "61_90", "91_120", "OVER_120")


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp = tmp_path_factory.mktemp("defects")
    won = [write_submission(tmp, "RXX", month, tables) for month, tables in submissions().items()]
    bands = [f"OPEN_INACTIVE_{band}" for band in BANDS]
    asked = [*one_of_each(dates=is_whole()), "ENDED", "OPEN_TREATED", *bands, "MEAN_SESSIONS"]
    return build(tmp, won, whole=True, measures=None if is_whole() else set(asked))


def groups(draft: Path, columns: str) -> dict[str, Any]:
    """The named group of every pathway, by service request."""
    return dict(ask(draft, f"SELECT service_request_id, {columns} FROM core.pathway_group"))


def test_a_pathway_has_one_row_however_many_conditions_logs_and_records_hang_on_it(draft: Path) -> None:
    """LTC-1, IET-3, PDT-4, PDT-11, EMP-4, PC-2, PC-3, PC-13."""
    rows = "SELECT count(*), count(DISTINCT service_request_id) FROM core."
    pathways = ask(draft, rows + "pathway")
    assert pathways == [(11, 11)]
    assert ask(draft, rows + "pathway_group") == pathways
    assert ask(draft, rows + "pathway_care") == pathways


def test_every_ethnic_group_counts_and_unknown_is_not_other(draft: Path) -> None:
    """KM-1, PC-10."""
    found = groups(draft, "(ethnic_minority, ethnic_group)")
    assert [found[who] for who in "lmzn"] == [
        ("ethnic minority", "asian"), ("ethnic minority", "black"), ("not stated", "not stated"), ("not known", "not known"),
    ]  # fmt: skip


def test_gender_and_gender_identity_are_read_from_their_own_lists(draft: Path) -> None:
    """CMH-4, PR-6."""
    found = groups(draft, "(gender, gender_identity)")
    assert found["m"] == ("non-binary", "non-binary") and found["l"] == ("male", "not known")
    assert found["z"][1] == "not stated"
    assert {"3", "4", "Z"} <= {code.code for code in code_list("gender_identity")}


def test_age_is_age_at_referral_in_bands_that_hold_their_ends(draft: Path) -> None:
    """ED-3, EMP-9."""
    found = groups(draft, "age_band")
    assert [found[who] for who in ("l", "m", "z", "n", "moved", "item", "work")] == [
        "under 18", "18-25", "18-25", "26-64", "26-64", "65+", "not known",
    ]  # fmt: skip


def test_sources_add_up_to_referrals_missing_ones_included(draft: Path) -> None:
    """PDT-26."""
    found = groups(draft, "referral_source")
    assert (found["l"], found["m"], found["z"], found["n"]) == ("B1", "A1", "not known", "N")
    assert len(found) == 11


@pytest.mark.parametrize("element", ["SourceOfReferralMH", "SourceOfReferralIAPT"])
def test_an_element_is_read_under_the_name_of_either_version(tmp_path: Path, element: str) -> None:
    """PDT-13, PDT-26."""
    tables = {
        "IDS001": "LocalPatientId\n p",
        "IDS101": f"ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate | {element}\n r | p | 2025-04-01 | B1",
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], marts=False)
    assert ask(draft, "SELECT source_of_referral FROM core.pathway") == [("B1",)]


def test_contacts_of_earlier_submissions_and_another_commissioner_count_once(draft: Path) -> None:
    """PDT-2, PDT-9, PT-3, PR-1, CMH-6: two contacts face to face in April, three by telephone in May."""
    assert groups(draft, "(main_medium, met_in_person)")["moved"] == ("telephone", "yes")
    rows = ask(
        draft,
        "SELECT commissioner, treatment_contacts FROM core.pathway WHERE service_request_id = ?",
        [text_of("moved")],
    )
    assert rows == [("01A", 5)]


def test_a_tie_of_therapy_modes_is_decided_and_not_drawn(draft: Path) -> None:
    """PDT-2: one contact in a group, one alone; the other two do not say."""
    assert groups(draft, "main_mode")["work"] == "individual"


def test_video_and_the_newer_media_are_known(draft: Path) -> None:
    """EIP-2, CMH-3."""
    found = groups(draft, "main_medium")
    assert (found["m"], found["z"], found["n"]) == ("video", "written", "other")
    media = {c.code for name in ("consultation_mechanism", "consultation_medium") for c in code_list(name)}
    assert {"04", "11", "12", "98"} <= media


def test_a_log_without_minutes_is_internet_therapy_without_recorded_time(draft: Path) -> None:
    """IET-1, IET-2, IET-3, IET-4: whether there is one and how many there are come from the same rows."""
    found = groups(draft, "(iet_group <> 'none', iet_log_band, iet_time)")
    assert found["log"] == (True, "one", "not recorded")
    assert found["body"] == (True, "two or more", "recorded")
    assert found["l"] == (False, "none", "no log")


def test_integrated_care_is_attended_care_and_parts_the_pathways(draft: Path) -> None:
    """LTC-2: the only contact in an integrated service was missed."""
    assert groups(draft, "(ltc_integrated, ltc_status, ltc_condition)")["body"] == (
        "core only",
        "more than one",
        "more than one",
    )


def test_a_circumstance_is_not_unknown_and_a_later_one_changes_no_ended_pathway(draft: Path) -> None:
    """SPC-3, SPC-4."""
    found = groups(draft, "social_circumstance")
    assert found["body"] == "other"
    assert found["l"] == "none recorded" and found["again"] == "gambling"


def test_employment_is_first_and_last_of_all_submissions_and_no_answer_is_no_no(draft: Path) -> None:
    """EMP-1, EMP-2, EMP-3, EMP-5: the undated record takes no rank; one no beside two unknowns is not «none»."""
    found = groups(draft, "(employment_records, employment_at_start, sick_pay_change, benefit_first)")
    assert found["work"] == (2, "01", "Y to N", "not known")
    assert found["l"][0] == 0


def test_one_therapy_is_one_therapy_though_the_others_are_not_there(draft: Path) -> None:
    """UCP-2, PT-4: counselling and CBT are two, CBT alone is CBT."""
    found = groups(draft, "unique_therapy")
    assert (found["l"], found["m"], found["z"]) == ("CBT", "more than one", "none")
    sessions = ask(
        draft, "SELECT treatment_contacts FROM core.pathway WHERE service_request_id = ?", [text_of("m")]
    )
    assert sessions == [(2,)]


def test_care_under_another_referral_of_the_person_stays_there(draft: Path) -> None:
    """EIP-6, PT-9."""
    rows = ask(
        draft,
        "SELECT service_request_id, count(*) FROM core.activity WHERE is_therapy_session GROUP BY ALL ORDER BY 1",
    )
    assert rows == [("l", 1), ("m", 2)]


def test_seen_and_not_taken_on_for_a_reason_not_known_is_a_reason(draft: Path) -> None:
    """PC-6."""
    assert groups(draft, "discharge_reason")["m"] == "95"


def test_improvement_is_said_of_finished_courses_only(draft: Path) -> None:
    """PC-7: paired scores far apart, and still open."""
    columns = "reliable_change, is_reliably_improved, is_recovered"
    assert ask(draft, f"SELECT {columns} FROM core.pathway WHERE service_request_id = ?", [text_of("log")]) == [
        ("improved", None, None)
    ]


def test_a_score_without_a_time_on_the_last_day_of_the_latest_month_counts(draft: Path) -> None:
    """EMP-6, EMP-7."""
    assert ask(draft, "SELECT phq9_last FROM core.pathway WHERE service_request_id = ?", [text_of("log")]) == [(5,)]


def test_a_rating_that_is_none_does_not_take_the_place_of_the_first(draft: Path) -> None:
    """PR-3: 8 is no rating of DIALOG."""
    rows = ask(
        draft, "SELECT first_score, last_score FROM core.outcome WHERE service_request_id = ?", [text_of("item")]
    )
    assert rows == [(3, 5)]


def test_a_repeat_referral_need_not_be_finished_itself(draft: Path) -> None:
    """PDT-6, PDT-8."""
    found = groups(draft, "(is_repeat_referral, repeat_gap, discharge_reason)")
    assert found["again"] == (True, "0-91", "open")
    assert found["l"][0] is False


def counted(draft: Path, measure: str, month: date) -> tuple[int | None, int | None]:
    ((numerator, denominator),) = ask(
        draft,
        """SELECT numerator, denominator FROM mart.service_measure WHERE level = 'England' AND period_type = 'month'
           AND period_start = ? AND pathway = 'all' AND measure = ?""",
        [month, measure],
    )
    return numerator, denominator


def test_a_referral_closed_before_is_not_open_and_the_bands_add_up(draft: Path) -> None:
    """PR-5, PDT-20, EIP-4: four ended in April, one of which May still sends."""
    assert counted(draft, "ENDED", APRIL)[0] == 4 and counted(draft, "ENDED", MAY)[0] == 0
    for month in (APRIL, MAY):
        bands = [counted(draft, f"OPEN_INACTIVE_{band}", month)[0] or 0 for band in BANDS]
        assert sum(bands) == counted(draft, "OPEN_TREATED", month)[0]
    open_in_may = ask(
        draft,
        "SELECT count(*) FROM core.pathway WHERE discharged_on IS NULL AND last_month >= DATE '2025-05-01'",
    )
    assert [(counted(draft, "OPEN", MAY)[0],)] == open_in_may


def test_means_are_not_cut_to_whole_numbers_and_stay_within_their_own_people(draft: Path) -> None:
    """PDT-1, PDT-15, PT-2: sums and counts of whole numbers over the rows of the denominator."""
    wanted = ask(
        draft,
        "SELECT sum(treatment_contacts), count(*) FROM core.pathway"
        " WHERE is_completed_course AND date_trunc('month', discharged_on) = DATE '2025-04-01'",
    )
    ((measure,),) = ask(
        draft,
        "SELECT measure FROM mart.measure WHERE kind = 'mean' AND numerator = 'treatment_contacts'"
        " AND denominator = 'is_completed_course' AND date_column = 'discharged_on'",
    )
    assert [counted(draft, measure, APRIL)] == wanted


def test_the_groups_of_every_breakdown_add_up_to_the_total(draft: Path) -> None:
    """PDT-19, PDT-22, PDT-26, IET-4, LTC-2: one definition of a measure for every group, and each row in one group."""
    rows = ask(
        draft,
        """WITH parted AS (
               SELECT level, organisation, period_type, period_start, pathway, measure, breakdown,
                   sum(numerator) AS n, sum(denominator) AS d
               FROM mart.breakdown_measure WHERE state <> 'not submitted' GROUP BY ALL
           )
           SELECT count(*), count(*) FILTER (WHERE p.n IS DISTINCT FROM t.numerator OR p.d IS DISTINCT FROM t.denominator)
           FROM parted AS p INNER JOIN mart.service_measure AS t
               USING (level, organisation, period_type, period_start, pathway, measure)
           WHERE t.numerator IS NOT NULL""",
    )
    ((compared, differing),) = rows
    assert compared > 100 and differing == 0


def test_no_figure_has_a_persons_row(draft: Path) -> None:
    """UCP-3, EMP-8: marts and public tables hold counts, never who they were."""
    rows = ask(
        draft,
        "SELECT table_name FROM duckdb_columns() WHERE schema_name IN ('mart', 'public') AND"
        " column_name IN ('person_id', 'service_request_id', 'care_contact_id', 'postcode_district')",
    )
    assert rows == []
    assert ask(draft, "SELECT count(*) > 0 FROM duckdb_tables() WHERE schema_name = 'public'") == [(True,)]


@pytest.mark.parametrize("path", sorted((ROOT / "warehouse" / "measures").glob("*.csv")), ids=lambda p: p.stem)
def test_no_label_has_a_blank_too_many_and_no_code_is_there_twice_or_cut_short(path: Path) -> None:
    """SPC-1, SPC-2, PDT-5, PT-6, LTC-4."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [value for row in rows for value in row.values() if value != value.strip()] == []
    codes = Counter((row["concept"], code) for row in rows if "codes" in row for code in row["codes"].split())
    assert [code for code, times in codes.items() if times > 1] == []
    assert [code for _, code in codes if re.fullmatch(r"\d{6,18}", code) and not passes_verhoeff(code)] == []


def test_no_model_has_a_date_written_into_it() -> None:
    """PDT-28, DQ-3, KM-8: periods are data. The far ends of the calendar are no dates of anything."""
    models = [p for p in sorted((ROOT / "warehouse").rglob("*.sql")) if "compat" not in p.parts]
    found = {
        f"{path.parent.name}.{path.stem}": re.findall(
            r"'(?:19[1-9]\d|20\d\d)-\d\d|\b1[45]\d\d\b", re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        )
        for path in models
    }
    assert len(models) > 30
    assert {name: dates for name, dates in found.items() if dates} == {}


def test_all_defects_are_on_the_page() -> None:
    found = Counter(prefix for prefix, *_ in LINE.findall(TEXT))
    assert found == COUNTS and sum(COUNTS.values()) == 123
    ids = [f"{prefix}-{number}" for prefix, number, *_ in LINE.findall(TEXT)]
    assert len(set(ids)) == 123


def test_every_test_the_page_names_exists_and_every_defect_that_concerns_us_names_one() -> None:
    for prefix, number, _, _, answer in LINE.findall(TEXT):
        named = re.findall(r"`(test_\w+)::(test_\w+)`", answer)
        assert named or answer.startswith("Does not concern us:"), f"{prefix}-{number}"
        for module, test in named:
            (path,) = (ROOT / "tests").rglob(f"{module}.py")
            source = path.read_text(encoding="utf-8")
            assert f"def {test}(" in source, f"{prefix}-{number}: {module}::{test}"


def test_every_defect_a_test_here_names_is_answered_by_it_on_the_page() -> None:
    answers = {f"{prefix}-{number}": answer for prefix, number, _, _, answer in LINE.findall(TEXT)}
    source = Path(__file__).read_text(encoding="utf-8")
    for test, doc in re.findall(r'def (test_\w+)\([^\n]*\n    """(.*?)[.:]', source):
        for defect in re.findall(r"[A-Z]+-\d+", doc):
            assert f"`test_defects::{test}`" in answers[defect], f"{defect}: {test}"
