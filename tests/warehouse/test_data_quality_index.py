"""Valid, other, default, invalid or missing; the Data Quality Maturity Index; and values that heap up at round ones."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.dataset.rule_pages import in_force
from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.field import Mandation
from schemas.rule import Effect
from tests.campaign import examples
from tests.fixtures.warehouse import APRIL, FEW, Row, ask, build, write_submission
from warehouse.field_quality import elements
from warehouse.quality_items import OF_ONE_MONTH, create_items, items

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
PARTS = "records, valid, other, defaults, invalid, missing"


def parts(draft: Path, element: str, organisation: str = "RXX", columns: str = PARTS) -> Any:
    """The groups of one element in April; None where it has no row."""
    found = ask(
        draft,
        f"SELECT {columns} FROM mart.item_quality WHERE organisation = ? AND element = ? AND period_type = 'month' "
        "AND period_start = DATE '2025-04-01'",
        [organisation, element],
    )
    return found[0] if found else None


def built(root: Path, tables: dict[str, list[Row]]) -> Path:
    return build(root, [write_submission(root, "RXX", APRIL, tables)], measures=FEW)


def work(*hours: str | None, status: str = "01") -> list[Row]:
    """An employment record each; weekly hours are expected of those in work."""
    return [
        {"LocalPatientId": f"p{n}", "EmployStatus": status, "WeekHoursWorked": each} for n, each in enumerate(hours)
    ]


def test_every_record_that_should_have_a_value_is_in_one_of_five_groups(tmp_path: Path) -> None:
    # 01 and 02 are hours, 98 does not apply, 97 and 99 are not known, 55 is no code; one is blank.
    draft = built(tmp_path, {"IDS004": work("01", "02", "98", "97", "99", "55", None)})
    assert parts(draft, "WeekHoursWorked") == (7, 2, 1, 2, 1, 1)
    assert parts(draft, "WeekHoursWorked", columns="score") == (Decimal("0.428571428571"),)  # 3 of 7
    assert parts(draft, "WeekHoursWorked", "ENG") == (7, 2, 1, 2, 1, 1)


def test_records_that_need_no_value_are_in_no_group(tmp_path: Path) -> None:
    draft = built(tmp_path, {"IDS004": work("01", None) + work("98", "55", None, status="02")})
    assert parts(draft, "WeekHoursWorked") == (2, 1, 0, 0, 0, 1)


def test_an_element_that_no_record_needs_has_no_row(tmp_path: Path) -> None:
    assert parts(built(tmp_path, {"IDS004": work("98", None, status="02")}), "WeekHoursWorked") is None


def test_a_score_out_of_range_is_invalid(tmp_path: Path) -> None:
    rows = [
        {"CareActId": f"a{n}", "CodedAssToolType": "720433000", "PersScore": s} for n, s in enumerate(["5", "28"])
    ]
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, {"IDS607": rows})], marts=False)
    assert ask(draft, "SELECT expected, valid, invalid FROM core.field_count WHERE element = 'PersScore'") == [
        (2, 1, 1)
    ]


CODES = ("1", "2", "9", "X", "7", "", None)


@settings(max_examples=examples(3))
@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=12), st.lists(st.sampled_from(CODES), max_size=5))
def test_groups_are_those_of_a_plain_reading(
    tmp_path_factory: pytest.TempPathFactory, april: list[str | None], other: list[str | None]
) -> None:
    root = tmp_path_factory.mktemp("vodim")
    by_provider = {"RXX": april, "RYY": other}
    current = [
        write_submission(root, provider, APRIL, {
            "IDS101": [{"ServiceRequestId": "r"}],
            "IDS001": [{"LocalPatientId": f"p{n}", "Gender": g} for n, g in enumerate(mine)],
        }) for provider, mine in by_provider.items()
    ]  # fmt: skip
    draft = build(root, current, measures=FEW)
    for organisation, mine in {**by_provider, "ENG": april + other}.items():
        groups = {"valid": 0, "default": 0, "invalid": 0, "missing": 0}
        for gender in mine:
            group = {None: "missing", "1": "valid", "2": "valid", "9": "valid", "X": "default"}.get(
                gender, "invalid"
            )
            groups[group] += 1
        expected = (len(mine), groups["valid"], 0, groups["default"], groups["invalid"], groups["missing"])
        assert parts(draft, "Gender", organisation) == (expected if mine else None)


# Data items of the worked example (DQMI methodology, appendix 1): records, valid and complete, defaults, threshold in
# per cent, coverage; datasets 4 and 5 expect no data.
EXAMPLE = (
    (2500, 2400, 100, "2", "1"), (2500, 2500, 100, "100", "1"), (2500, 2000, 100, "0", "1"),
    (1000, 900, 900, "0", "1/3"), (1000, 800, 800, "100", "1/3"), (1000, 900, 450, "0", "1/3"),
    (1000, 1000, 100, "3.5", "1/3"), (10000, 10000, 0, "0", "1/3"), (10000, 10000, 0, "0", "1/3"),
    (50000, 50000, 100, "2", "2/3"), (50000, 49000, 5000, "100", "2/3"), (50000, 45000, 5000, "3.5", "2/3"),
)  # fmt: skip
SCORES = (94.0, 100.0, 76.0, 0.0, 80.0, 45.0, 93.5, 100.0, 100.0, 100.0, 98.0, 83.5)


def test_the_worked_example_of_the_methodology_gives_47_2() -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mart")
    create_items(con)
    con.execute(
        "CREATE TABLE item (records BIGINT, valid BIGINT, defaults BIGINT, threshold DECIMAL(5, 4), c DOUBLE)"
    )
    for records, valid, defaults, threshold, coverage in EXAMPLE:
        values = (records, valid, defaults, Decimal(threshold) / 100)
        con.execute(f"INSERT INTO item VALUES (?, ?, ?, ?, {coverage}.0)", values)
    scored = con.execute("SELECT 100 * mart.item_score(records, valid, defaults, threshold) FROM item").fetchall()
    assert [score for (score,) in scored] == pytest.approx(SCORES)
    ((dqmi,),) = con.execute(
        "SELECT mart.dqmi(sum(mart.item_score(records, valid, defaults, threshold)), sum(c), count(*)) FROM item"
    ).fetchall()
    assert round(dqmi, 1) == 47.2


def test_the_score_of_no_records_is_none() -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mart")
    create_items(con)
    assert con.execute("SELECT mart.item_score(0, 0, 0, 0), mart.dqmi(NULL, 0, 0)").fetchall() == [(None, None)]


def test_a_month_that_was_not_sent_has_an_index_of_0(tmp_path: Path) -> None:
    """RXX sends April and June; RYY April alone. Of four genders two are right, one not known and one blank."""
    people = [{"LocalPatientId": f"p{n}", "Gender": g} for n, g in enumerate(["1", "2", "X", None])]
    day = date(2025, 9, 1)
    current = [
        replace(write_submission(tmp_path, provider, month, {"IDS001": people}), received_on=day)
        for provider, month in (("RXX", APRIL), ("RXX", JUNE), ("RYY", APRIL))
    ]
    draft = build(tmp_path, current, measures=FEW)
    rows = ask(
        draft,
        "SELECT organisation, month(period_start), months_submitted, months_expected, coverage, items, "
        "round(item_score, 6), round(dqmi, 4) FROM mart.data_quality_index WHERE period_type = 'month' ORDER BY ALL",
    )
    items, scores = ask(
        draft,
        "SELECT count(*), sum(score) FROM mart.item_quality WHERE organisation = 'RYY' AND period_type = 'month'",
    )[0]
    mean = float(scores) / items
    assert items > 5 and 0 < mean < 1
    full, half = (items, round(mean, 6), round(100 * mean, 4)), (items, round(mean, 6), round(50 * mean, 4))
    assert rows == [
        ("ENG", 4, 2, 2, 1.0, *full), ("ENG", 5, 0, 2, 0.0, 0, None, 0.0), ("ENG", 6, 1, 2, 0.5, *half),
        ("RXX", 4, 1, 1, 1.0, *full), ("RXX", 5, 0, 1, 0.0, 0, None, 0.0), ("RXX", 6, 1, 1, 1.0, *full),
        ("RYY", 4, 1, 1, 1.0, *full), ("RYY", 5, 0, 1, 0.0, 0, None, 0.0), ("RYY", 6, 0, 1, 0.0, 0, None, 0.0),
    ]  # fmt: skip
    assert parts(draft, "Gender") == (4, 2, 0, 1, 0, 1)


@pytest.mark.parametrize("month", ["2012-04-01", "2025-04-01"])
def test_a_code_for_not_known_or_not_applicable_is_valid(month: str) -> None:
    # Otherwise a record would be in two groups.
    con, asked = duckdb.connect(), 0
    for each in elements():
        for code in code_list(each.code_list) if each.code_list and each.valid else ():
            for says_nothing in filter(None, (each.not_known, each.not_applicable)):
                query = f"SELECT ({says_nothing}), ({each.valid}) FROM (SELECT ? AS \"{each.name}\", DATE '{month}' AS month)"
                ((is_such, is_valid),) = con.execute(query, [code.code]).fetchall()
                assert is_valid or not is_such, (each.id, code.code)
                asked += is_such
    assert asked > 20


def heaped(draft: Path, measure: str) -> Any:
    return ask(
        draft,
        "SELECT numerator, denominator, state FROM mart.quality_count WHERE organisation = 'RXX' AND measure = ? "
        "AND period_type = 'month'",
        [measure],
    )


def test_times_at_midnight_and_on_the_hour_and_dates_on_the_first_are_counted(tmp_path: Path) -> None:
    times = ("00:00:00", "09:00:00", "14:00:00", "09:30:00", "10:00:30", None)
    contacts = [
        {"CareContactId": f"c{n}", "CareContDate": APRIL + timedelta(days=n // 2), "CareContTime": time}
        for n, time in enumerate(times)
    ]
    draft = built(tmp_path, {"IDS201": contacts})
    assert heaped(draft, "IDS201.CareContTime.not_at_midnight") == [(4, 5, "value")]
    assert heaped(draft, "IDS201.CareContTime.not_on_the_hour") == [(2, 5, "value")]
    assert heaped(draft, "IDS201.CareContDate.not_first_of_month") == [(4, 6, "value")]


def test_heaping_is_asked_of_times_and_dates_only() -> None:
    kinds = {element.id: element.kind for element in elements()}
    assert kinds["IDS201.CareContTime"] == "time" and kinds["IDS101.ServDischDate"] == "date"
    assert {kinds[f"IDS000.{name}"] for name in ("ReportingPeriodStartDate", "ReportingPeriodEndDate")} == {"other"}
    assert {kinds["IDS101.OnsetDate"], kinds["IDS001.age_at_period_end"]} == {"other"}


def test_the_reason_for_discharge_is_of_one_month_and_the_rest_of_a_referral_is_not() -> None:
    over_time = {str(row[1]): row[5] for row in items()}
    assert over_time["IDS101.EndCode.complete"] == over_time["IDS101.ServDischDate.not_first_of_month"] == "flow"
    assert over_time["IDS101.OnsetDate.complete"] == over_time["IDS001.Gender.known"] == "stock"
    assert over_time["submission.month.complete"] == over_time["IDS607.PersScore.valid"] == "flow"
    # The rule behind it: an ended referral of an earlier month is rejected.
    assert any(rule.fails == "ServDischDate < IDS000_ReportingPeriodStartDate" for rule in in_force().values())


def test_a_table_is_of_one_month_if_a_rule_rejects_earlier_dates() -> None:
    dated = {
        rule.table
        for rule in in_force().values()
        if any(rule.fails == f"{field} < IDS000_ReportingPeriodStartDate" for field in rule.fields)
        and rule.effect is Effect.REJECT_RECORD
        # A date that every record has: a referral without a discharge is sent again.
        and {TABLES[rule.table].by_name[field].mandation for field in rule.fields} == {Mandation.MANDATORY}
    }
    found = set(dated)
    while more := {t.id for t in TABLES.values() if t.parent and t.parent[1] in found} - found:
        found |= more
    assert found == OF_ONE_MONTH
