"""Data quality as a measure: what is counted of every element, who submitted when, and how services compare.

Belongs here: core.field_count, mart.submission_punctuality, mart.quality_count and mart.field_quality. Does not
belong here: which records are rejected, and the statistics themselves (test_statistics, test_comparison).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.keys import fingerprint, spine_key
from pipelines.ledger import Outcome, Receipt, State, open_ledger
from pipelines.publish import current_submissions
from pipelines.zones import Zones
from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.field import Mandation
from schemas.month import ProviderMonth
from schemas.staged import INVALID, LINKS, staged_schema
from tests.campaign import examples
from tests.fixtures.warehouse import APRIL, FEW, PHQ9, WEMWBS, Row, ask, build, some, write_submission
from warehouse.build import build_marts, open_draft
from warehouse.field_quality import elements
from warehouse.staging import StagedSubmission

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
PATIENT: Row = {"LocalPatientId": "p"}
COUNTS = "records, expected, complete, filled, valid, not_known"


def counts(draft: Path, table_id: str, element: str, month: date = APRIL) -> Any:
    """The counts of one element of provider RXX; None where it has no row."""
    found = ask(
        draft,
        f"SELECT {COUNTS} FROM core.field_count "
        "WHERE provider = 'RXX' AND table_id = ? AND element = ? AND month = ?",
        [table_id, element, month],
    )
    return found[0] if found else None


def count(tmp: Path, table_id: str, element: str, rows: Iterable[Row], month: date = APRIL, **other: Any) -> Any:
    """The counts of one element of a submission with these rows of its table."""
    tables: dict[str, Any] = {"IDS001": [dict(PATIENT)], table_id: list(rows), **other}
    submission = write_submission(tmp, "RXX", month, tables)
    return counts(build(tmp, [submission], marts=False), table_id, element, month)


def people(*values: str | None, element: str = "Gender") -> list[Row]:
    """One patient per value."""
    return [{"LocalPatientId": f"p{i}", element: value} for i, value in enumerate(values)]


# --- what is counted of an element ---------------------------------------------------------------------------------


def test_a_value_may_be_there_be_wrong_or_say_nothing(tmp_path: Path) -> None:
    """1 and 2 are codes, X is the code for «not known», 7 is none, and one is blank."""
    rows = people("1", "2", "X", "7", None)
    assert count(tmp_path, "IDS001", "Gender", rows) == (5, 5, 4, 4, 3, 1)


def test_an_element_that_is_always_blank_counts_0_not_null(tmp_path: Path) -> None:
    assert count(tmp_path, "IDS001", "Gender", people(None, None)) == (2, 2, 0, 0, 0, 0)


def test_validity_of_an_element_without_a_list_is_unknown(tmp_path: Path) -> None:
    rows = people("QWO", None, element="OrgIDResidenceResp")
    assert count(tmp_path, "IDS001", "OrgIDResidenceResp", rows) == (2, 2, 1, 1, None, None)


def test_ethnicity_not_stated_and_not_known_are_values_that_say_nothing(tmp_path: Path) -> None:
    """The second character is local, so Z1 is not stated as well; I1 has no national code."""
    rows = people("A", "Z", "Z1", "99", "I1", None, element="EthnicCategory")
    assert count(tmp_path, "IDS001", "EthnicCategory", rows) == (6, 6, 5, 5, 4, 3)


@pytest.mark.parametrize(("value", "is_valid"), [("0", 1), ("1440", 1), ("1441", 0)])
def test_a_number_is_valid_within_its_bounds(tmp_path: Path, value: str, is_valid: int) -> None:
    row = {"CareContactId": "c", "AttendOrDNACode": "5", "ClinContDurOfCareCont": value}
    assert count(tmp_path, "IDS201", "ClinContDurOfCareCont", [row]) == (1, 1, 1, 1, is_valid, None)


def test_two_codes_in_one_are_not_a_code(tmp_path: Path) -> None:
    rows = people("12", "1,2", "1 2", "")
    records, _, _, _, valid, _ = count(tmp_path, "IDS001", "Gender", rows)
    assert (records, valid) == (4, 0)


def test_a_code_is_valid_in_the_months_it_was_valid_in(tmp_path: Path) -> None:
    """A retired code is valid to the month of its last day, the one that came after it not before its first."""
    dated = [code for code in code_list("end_code") if code.valid_to]
    retired = dated[0]
    assert retired.valid_to is not None
    last = retired.valid_to.replace(day=1)
    after = (last + timedelta(days=32)).replace(day=1)
    for number, (month, is_valid) in enumerate(((last, 1), (after, 0))):
        row = {"ServiceRequestId": "r", "ServDischDate": month, "EndCode": retired.code}
        folder = tmp_path / str(number)
        assert count(folder, "IDS101", "EndCode", [row], month) == (1, 1, 1, 1, is_valid, 0)


def test_a_reason_is_expected_of_ended_referrals_only(tmp_path: Path) -> None:
    """r1 ended with, r2 without a reason, r3 goes on, and r4 goes on with a reason, which is filled, not complete."""
    rows = [
        {"ServiceRequestId": "r1", "ServDischDate": "2025-04-20", "EndCode": "46"},
        {"ServiceRequestId": "r2", "ServDischDate": "2025-04-20"},
        {"ServiceRequestId": "r3"},
        {"ServiceRequestId": "r4", "EndCode": "46"},
    ]
    assert count(tmp_path, "IDS101", "EndCode", rows) == (4, 2, 1, 2, 2, 0)


def test_a_blank_that_says_it_has_not_happened_is_not_missing(tmp_path: Path) -> None:
    rows = [{"ServiceRequestId": "r1", "ServDischDate": "2025-04-20"}, {"ServiceRequestId": "r2"}]
    assert count(tmp_path, "IDS101", "ServDischDate", rows) == (2, 0, 0, 1, None, None)


@pytest.mark.parametrize(("version", "expected"), [("2.0", 0), ("1.0", 1), (None, 1), ("9.9", 1)])
def test_nothing_is_expected_that_the_version_does_not_have(
    tmp_path: Path, version: str | None, expected: int
) -> None:
    """Pathway came with version 1.0 of this dataset; of a version nobody knows everything is expected."""
    header = [{"OrgIDProv": "RXX", "DatSetVer": version}]
    row = {"ServiceRequestId": "r"}
    assert count(tmp_path, "IDS101", "Pathway", [row], IDS000=header) == (1, expected, 0, 0, 0, None)


def test_what_replaced_an_identifier_says_whether_it_was_usable(tmp_path: Path) -> None:
    rows = [
        {"LocalPatientId": "a", "is_nationally_linked": "true", "age_at_period_end": "40"},
        {"LocalPatientId": "b", "is_nationally_linked": "false"},
    ]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, {"IDS001": rows})], marts=False)
    assert counts(draft, "IDS001", "is_nationally_linked") == (2, 2, 1, 1, None, None)
    assert counts(draft, "IDS001", "age_at_period_end") == (2, 2, 1, 1, None, None)


def test_a_score_is_valid_for_its_instrument(tmp_path: Path) -> None:
    """PHQ-9 ends at 27. WEMWBS may be 27 and more. For a tool outside our catalogue it is unknown."""
    scores = ((PHQ9, "27"), (PHQ9, "28"), (PHQ9, "x"), (WEMWBS, "28"), ("999999999", "28"), (PHQ9, None))
    rows = [
        {"ServiceRequestId": "r", "CodedAssToolType": tool, "PersScore": score, "AssToolCompDate": APRIL}
        for tool, score in scores
    ]
    assert count(tmp_path, "IDS606", "PersScore", rows) == (6, 6, 5, 5, 3, None)


def test_a_table_that_was_not_sent_has_no_rows(tmp_path: Path) -> None:
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, {"IDS001": [PATIENT]})], marts=False)
    assert ask(draft, "SELECT DISTINCT table_id FROM core.field_count") == [("IDS001",)]


def test_a_resubmission_is_counted_instead_of_the_first(tmp_path: Path) -> None:
    write_submission(tmp_path, "RXX", APRIL, {"IDS001": people(None, None)}, order=1)
    second = write_submission(tmp_path, "RXX", APRIL, {"IDS001": people("1")}, order=2)
    assert counts(build(tmp_path, [second], marts=False), "IDS001", "Gender") == (1, 1, 1, 1, 1, 0)


def test_every_element_is_counted_but_the_keys_of_records() -> None:
    counted = {element.id for element in elements()}
    for table in TABLES.values():
        for name in list(staged_schema(table))[4:]:
            field = table.by_name.get(name)
            is_local = field and field.identity == "local" and field.mandation == Mandation.MANDATORY
            is_key = name in (INVALID, *LINKS) or (is_local and name != "IntEnabledTherProg")
            assert (f"{table.id}.{name}" in counted) is not bool(is_key)


@pytest.mark.parametrize("element", [e for e in elements() if e.code_list and e.not_known], ids=lambda e: e.id)
def test_not_known_is_not_an_answer(element: Any) -> None:
    """The words by which codes are found: nobody who declined treatment or was unsuitable is «not known»."""
    found = [code for code in code_list(element.code_list) if f"\x1f{code.code}\x1f" in element.not_known]
    assert 0 < len(found) < len(code_list(element.code_list))
    for code in found:
        assert any(
            words in code.meaning.lower() for words in ("not known", "not stated", "unknown", "not recorded")
        )
        assert not code.meaning.lower().startswith(("not applicable", "yes", "suitable"))


GENDERS, ETHNIC = ("1", "2", "9", "X", "7", "", None), ("A", "Z", "99", "ZZ", "I", None)
DISCHARGED, ENDED = (APRIL, None), ("46", "95", "00", None)
patients = st.lists(st.tuples(st.sampled_from(GENDERS), st.sampled_from(ETHNIC)), max_size=6)
referrals = st.lists(st.tuples(st.sampled_from(DISCHARGED), st.sampled_from(ENDED)), max_size=6)


@settings(max_examples=examples(5))
@given(drawn=st.lists(st.tuples(patients, referrals), min_size=1, max_size=3))
def test_counts_are_those_of_a_plain_count(tmp_path_factory: Any, drawn: list[Any]) -> None:
    """Three providers at most, each row looked at by itself."""
    tmp, current, plain = tmp_path_factory.mktemp("plain"), [], []
    for number, (persons, courses) in enumerate(drawn):
        provider = f"RX{number}"
        rows = {
            "IDS001": [
                {"LocalPatientId": f"p{i}", "Gender": a, "EthnicCategory": b} for i, (a, b) in enumerate(persons)
            ],
            "IDS101": [
                {"ServiceRequestId": f"r{i}", "ServDischDate": a, "EndCode": b} for i, (a, b) in enumerate(courses)
            ],
        }
        current.append(write_submission(tmp, provider, APRIL, rows))
        genders, ethnic = [a for a, _ in persons if a is not None], [b for _, b in persons if b is not None]
        ended = [b for a, b in courses if a]
        reasons = [b for _, b in courses if b is not None]
        valid_reasons = sum(b in ("46", "95") for b in reasons)
        if persons:
            n, known = len(persons), ("1", "2", "9", "X")
            plain += [
                (provider, "Gender", n, n, len(genders), len(genders), sum(g in known for g in genders),
                 genders.count("X")),
                (provider, "EthnicCategory", n, n, len(ethnic), len(ethnic), len(ethnic) - ethnic.count("I"),
                 sum(e in ("Z", "99", "ZZ") for e in ethnic)),
            ]  # fmt: skip
        if courses:
            given = [b for b in ended if b is not None]
            plain.append(
                (provider, "EndCode", len(courses), len(ended), len(given), len(reasons), valid_reasons,
                 given.count("95"))
            )  # fmt: skip
    draft = build(tmp, current, marts=False)
    listed = ask(
        draft,
        f"SELECT provider, element, {COUNTS} FROM core.field_count "
        "WHERE element IN ('Gender', 'EthnicCategory', 'EndCode') ORDER BY ALL",
    )
    assert listed == sorted(plain)


# --- who submitted, and when ---------------------------------------------------------------------------------------


def sent(tmp: Path, provider: str, month: date, received_on: date | None) -> StagedSubmission:
    """A submission of one patient, received on this day."""
    return replace(write_submission(tmp, provider, month, {"IDS001": [dict(PATIENT)]}), received_on=received_on)


def punctuality(draft: Path, provider: str, columns: str = "month, state") -> list[tuple[Any, ...]]:
    """Rows of one provider by month."""
    return ask(
        draft, f"SELECT {columns} FROM mart.submission_punctuality WHERE provider = ? ORDER BY month", [provider]
    )


@pytest.mark.parametrize(
    ("received_on", "is_late", "state"),
    [
        (date(2025, 5, 31), False, "in time"),  # April's window closes with the last day of May
        (date(2025, 6, 1), True, "late"),
        (None, None, "day not known"),
    ],
)
def test_the_last_day_of_the_window_is_in_time(
    tmp_path: Path, received_on: date | None, is_late: bool | None, state: str
) -> None:
    draft = build(tmp_path, [sent(tmp_path, "RXX", APRIL, received_on)], measures=FEW)
    assert ask(draft, "SELECT received_on, deadline, is_late FROM core.submission") == [
        (received_on, date(2025, 5, 31), is_late)
    ]
    assert punctuality(draft, "RXX") == [(APRIL, state)]


def test_a_month_that_never_came_is_missing_from_the_first_submission_on(tmp_path: Path) -> None:
    """RYY begins in May and misses June; nobody expected it in April. RXX sends all three months."""
    day = date(2025, 8, 1)
    current = [sent(tmp_path, "RXX", month, day) for month in (APRIL, MAY, JUNE)]
    draft = build(tmp_path, [*current, sent(tmp_path, "RYY", MAY, date(2025, 6, 30))], measures=FEW)
    assert punctuality(draft, "RYY") == [(MAY, "in time"), (JUNE, "missing")]


def test_a_month_is_not_missing_while_its_window_is_open(tmp_path: Path) -> None:
    """The first to send June does so on 3 July: until the last of July the others have time, and then no longer."""
    early = [sent(tmp_path / "a", "RXX", month, date(2025, 7, 3)) for month in (MAY, JUNE)]
    draft = build(tmp_path / "a", [*early, sent(tmp_path / "a", "RYY", MAY, date(2025, 6, 3))], measures=FEW)
    assert punctuality(draft, "RYY") == [(MAY, "in time"), (JUNE, "window open")]
    late = [sent(tmp_path / "b", "RXX", month, date(2025, 8, 1)) for month in (MAY, JUNE)]
    draft = build(tmp_path / "b", [*late, sent(tmp_path / "b", "RYY", MAY, date(2025, 6, 3))], measures=FEW)
    assert punctuality(draft, "RYY") == [(MAY, "in time"), (JUNE, "missing")]


def test_five_months_are_calendar_months_not_the_last_five_submitted(tmp_path: Path) -> None:
    """Sent: January, March, May, then six months nothing, then December (late)."""
    year = [date(2025, number, 1) for number in range(1, 13)]
    current = [sent(tmp_path, "RXX", month, month + timedelta(days=40)) for month in (year[0], year[2], year[4])]
    current.append(sent(tmp_path, "RXX", year[11], date(2026, 2, 1)))
    found = punctuality(
        build(tmp_path, current, measures=FEW), "RXX", "submitted_of_last_5, expected_of_last_5, in_time_of_last_5"
    )
    assert found[4] == (3, 5, 3)
    assert found[11] == (1, 5, 0)
    assert found[2] == (2, 3, 2)


def test_nothing_is_expected_of_a_provider_that_has_closed(tmp_path: Path) -> None:
    """RYY closed on 10 May: of June nothing is expected of it, as of RZZ, which was taken over on 1 June."""
    day = date(2025, 9, 1)
    current = [sent(tmp_path, "RXX", month, day) for month in (APRIL, MAY, JUNE)]
    current += [sent(tmp_path, provider, APRIL, day) for provider in ("RYY", "RZZ")]
    draft = build(tmp_path, current, marts=False, measures=FEW)
    with open_draft(draft) as con:
        con.execute(
            "INSERT INTO ref.organisation (organisation, kind, closed_on) VALUES ('RYY', 'provider', '2025-05-10')"
        )
        con.execute("INSERT INTO ref.succession VALUES ('RZZ', 'RXX', '2025-06-01')")
    build_marts(draft, measures=some(*FEW))
    assert punctuality(draft, "RYY") == [(APRIL, "late"), (MAY, "missing")]
    assert punctuality(draft, "RZZ") == [(APRIL, "late"), (MAY, "missing")]


def test_what_a_closed_provider_sends_all_the_same_counts(tmp_path: Path) -> None:
    draft = build(
        tmp_path, [sent(tmp_path, "RYY", month, MAY) for month in (APRIL, JUNE)], marts=False, measures=FEW
    )
    with open_draft(draft) as con:
        con.execute(
            "INSERT INTO ref.organisation (organisation, kind, closed_on) VALUES ('RYY', 'provider', '2025-04-10')"
        )
    build_marts(draft, measures=some(*FEW))
    found = punctuality(draft, "RYY", "month, state, submitted_of_last_5, expected_of_last_5")
    assert found == [(APRIL, "in time", 1, 1), (JUNE, "in time", 2, 2)]


@pytest.mark.parametrize(
    ("received_at", "day"),
    [
        ("2025-07-31T22:59:59+00:00", date(2025, 7, 31)),
        ("2025-07-31T23:00:00+00:00", date(2025, 8, 1)),  # midnight in England, in summer
        ("2025-11-30T23:59:59+00:00", date(2025, 11, 30)),
    ],
)
def test_a_submission_is_received_on_a_day_in_england(tmp_path: Path, received_at: str, day: date) -> None:
    """The resubmission of JUNE counts, with its own day, not the day of the first."""
    zones = Zones(tmp_path)
    ledger, june = open_ledger(zones.ledger), ProviderMonth("RXX", JUNE)
    ledger.restore(
        [
            Outcome(Receipt(seq, name, name, at), State.ACCEPTED, june, {"key": fingerprint(spine_key())})
            for seq, name, at in ((1, "first", "2025-07-01T09:00:00+00:00"), (2, "second", received_at))
        ]
    )
    assert [(w.submission_id, w.received_on) for w in current_submissions(zones, ledger)] == [("second", day)]


# --- services compared -------------------------------------------------------------------------------------------


def figures(
    draft: Path, measure: str, columns: str = "numerator, denominator, state"
) -> dict[Any, tuple[Any, ...]]:
    """England's and every provider's figures of a measure in months, by organisation and month."""
    rows = ask(
        draft,
        f"SELECT organisation, period_start, {columns} FROM mart.quality_count "
        "WHERE measure = ? AND period_type = 'month'",
        [measure],
    )
    return {(organisation, month): tuple(found) for organisation, month, *found in rows}


@pytest.fixture(scope="module")
def two_services(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RXX sends April and May with 3 of 4 and 1 of 1 genders recorded; RYY sends April, without patients."""
    tmp = tmp_path_factory.mktemp("two")
    received = {APRIL: date(2025, 5, 20), MAY: date(2025, 7, 1)}
    current = [
        write_submission(tmp, "RXX", APRIL, {"IDS001": people("1", "2", "X", None)}),
        write_submission(tmp, "RXX", MAY, {"IDS001": people("1")}),
        write_submission(tmp, "RYY", APRIL, {"IDS101": [{"ServiceRequestId": "r"}]}),
    ]
    current = [replace(submission, received_on=received[submission.month]) for submission in current]
    return build(tmp, current, measures=FEW)


def test_missing_zero_and_no_denominator_stay_distinct(two_services: Path) -> None:
    assert figures(two_services, "IDS001.Gender.complete") == {
        ("ENG", APRIL): (3, 4, "value"),
        ("ENG", MAY): (1, 1, "value"),
        ("RXX", APRIL): (3, 4, "value"),
        ("RXX", MAY): (1, 1, "value"),
        ("RYY", APRIL): (0, 0, "no denominator"),
        ("RYY", MAY): (None, None, "not submitted"),
    }


def test_known_leaves_out_what_says_nothing_and_valid_does_not(two_services: Path) -> None:
    assert figures(two_services, "IDS001.Gender.known")["RXX", APRIL] == (2, 4, "value")
    assert figures(two_services, "IDS001.Gender.valid")["RXX", APRIL] == (3, 3, "value")


def test_a_month_not_sent_counts_against_the_service(two_services: Path) -> None:
    complete = figures(two_services, "submission.month.complete")
    assert complete["RYY", MAY] == (0, 1, "value")
    assert complete["ENG", MAY] == (1, 2, "value")
    in_time = figures(two_services, "submission.month.in_time")
    assert (in_time["RXX", APRIL], in_time["RXX", MAY]) == ((1, 1, "value"), (0, 1, "value"))
    assert in_time["RYY", MAY] == (None, None, "not submitted")


def test_an_item_without_records_has_no_rows(two_services: Path) -> None:
    assert figures(two_services, "IDS201.AttendOrDNACode.complete") == {}


def test_a_rolling_year_of_people_is_its_last_month(tmp_path: Path) -> None:
    """RXX sends the same people 12 times, one gender more recorded each time; RYY only the last month, RZZ the first."""
    months = [date(2024 + (number + 3) // 12, (number + 3) % 12 + 1, 1) for number in range(12)]
    current = [
        write_submission(tmp_path, "RXX", month, {"IDS001": people(None, *["1"] * number)})
        for number, month in enumerate(months)
    ]
    current.append(write_submission(tmp_path, "RYY", months[11], {"IDS001": people(None, None)}))
    current.append(write_submission(tmp_path, "RZZ", months[0], {"IDS001": people("1")}))
    found = ask(
        build(tmp_path, current, measures=FEW),
        "SELECT organisation, period_start, numerator, denominator, months_submitted FROM mart.quality_count "
        "WHERE measure = 'IDS001.Gender.complete' AND period_type = 'rolling 12 months' ORDER BY ALL",
    )
    assert found == [
        ("ENG", months[0], 11, 14, 12), ("RXX", months[0], 11, 12, 12), ("RYY", months[0], 0, 2, 1),
        ("RZZ", months[0], None, None, 1),
    ]  # fmt: skip


def test_a_rolling_year_of_contacts_is_all_its_months(tmp_path: Path) -> None:
    """One contact a month, in every second of them with a duration; of a provider that stopped, those it sent."""
    months = [date(2024 + (number + 3) // 12, (number + 3) % 12 + 1, 1) for number in range(12)]
    current = [
        write_submission(tmp_path, provider, month, {"IDS201": [
            {"CareContactId": f"c{number}", "AttendOrDNACode": "5", "CareContDate": month,
             "ClinContDurOfCareCont": 50 if number % 2 else None}
        ]})
        for provider, last in (("RXX", 12), ("RZZ", 3)) for number, month in enumerate(months[:last])
    ]  # fmt: skip
    found = ask(
        build(tmp_path, current, measures=FEW),
        "SELECT organisation, numerator, denominator, months_submitted FROM mart.quality_count "
        "WHERE measure = 'IDS201.ClinContDurOfCareCont.complete' AND period_type = 'rolling 12 months' ORDER BY ALL",
    )
    assert found == [("ENG", 7, 15, 12), ("RXX", 6, 12, 12), ("RZZ", 1, 3, 3)]


def test_services_are_compared_as_by_any_measure(tmp_path: Path) -> None:
    """Eleven services record 90 of 100 genders, one 40: it alone lies below the funnel, and the rest have 90 %."""
    shares = [40, *[90] * 11]
    current = [
        write_submission(tmp_path, f"R{number:02d}", APRIL, {"IDS001": people(*["1"] * n, *[None] * (100 - n))})
        for number, n in enumerate(shares)
    ]
    found = ask(
        build(tmp_path, current, measures=FEW),
        "SELECT provider, numerator, denominator, funnel_position, round(national_value_without, 4), lower_quartile, "
        "round(lower_95, 4), round(upper_95, 4) FROM mart.field_quality "
        "WHERE table_id = 'IDS001' AND element = 'Gender' AND aspect = 'complete' ORDER BY ALL",
    )
    # Wilson limits of 40 of 100, worked out by hand.
    assert found[0] == ("R00", 40, 100, "below 99.8", 0.9, 0.9, 0.3094, 0.498)
    assert len(found) == 12
    assert "below 99.8" not in {row[3] for row in found[1:]}


def test_england_is_the_sum_of_its_providers(two_services: Path) -> None:
    both = ask(
        two_services,
        "SELECT sum(numerator) FILTER (WHERE level = 'England'), sum(numerator) FILTER (WHERE level = 'provider'), "
        "sum(denominator) FILTER (WHERE level = 'England'), sum(denominator) FILTER (WHERE level = 'provider') "
        "FROM mart.quality_count GROUP BY measure, period_type, period_start",
    )
    assert len(both) > 50
    assert [row for row in both if row[0] != row[1] or row[2] != row[3]] == []
