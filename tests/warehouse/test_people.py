"""The people behind counts: sketches through the whole build, and nobody shown who is alone behind many rows."""

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.fixtures.tokens import text_of
from tests.fixtures.warehouse import (
    APRIL,
    GAD7,
    PHQ9,
    REQOL10,
    SECRET,
    Case,
    Row,
    ask,
    build,
    tables_of,
    write_submission,
)
from tests.references.disclosure import Cell, Protector, sketch
from warehouse.measures.catalogue import GRAINS

LATER = [date(2025 + number // 12, number % 12 + 1, 1) for number in range(4, 15)]
HELPED, CBTP = "MCPIN_HELPED", "718026005"


def of_one_person(name: str, referrals: int) -> dict[str, list[Row]]:
    """One person with so many referrals, each with contacts, activities, answers and logs."""
    scores = [(PHQ9, "15", "5"), (GAD7, "14", "3"), (REQOL10, "20", "30")]
    cases = [Case(f"{name}{n}", scores, 9, pathway=("05", "01")[n % 2], person=name) for n in range(referrals)]
    tables = tables_of(cases)
    days = [APRIL + timedelta(days=day) for day in range(9)]
    tables["IDS202"] = [
        {
            "CareActId": f"{row['CareContactId']}a",
            "CareContactId": row["CareContactId"],
            "CodeProcAndProcStatus": CBTP,
        }
        for row in tables["IDS201"]
    ]
    tables["IDS205"] = [
        {
            "ServiceRequestId": case.name, "IntEnabledTherProg": f"{name} 9990000018", "DurationIntEnabledTher": 20,
            "StartDateIntEnabledTherLog": day, "EndDateIntEnabledTherLog": day,
        }
        for case in cases for day in days
    ]  # fmt: skip
    tables["SMI608"] = [
        {"ServiceRequestId": case.name, "QuestionCode": HELPED, "Answer": "4", "AnswerDate": day}
        for case in cases
        for day in days
    ]
    return tables


def together(*parts: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The tables of several people."""
    found: dict[str, list[Row]] = defaultdict(list)
    for part in parts:
        for table, rows in part.items():
            found[table] += rows
    return found


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RXX: one person with 12 referrals. RYY: twelve people with one referral each, and four with five each."""
    tmp = tmp_path_factory.mktemp("people")
    many = [of_one_person(f"p{number}", 1) for number in range(12)]
    four = [of_one_person(f"q{number}", 5) for number in range(4)]
    current = [
        write_submission(tmp, "RXX", APRIL, of_one_person("Jane Public", 12)),
        write_submission(tmp, "RYY", APRIL, together(*many, *four)),
        *(write_submission(tmp, "RYY", month, {"IDS001": "LocalPatientId\n z"}) for month in LATER),
    ]
    return build(tmp, current, whole=True)


def test_one_person_is_behind_many_rows_of_every_grain_and_none_is_shown(draft: Path) -> None:
    alone = "organisation = 'RXX' AND level = 'provider' AND pathway = 'all' AND state = 'value'"
    rows = ask(
        draft,
        "SELECT m.grain, count(*) FROM mart.service_measure AS s INNER JOIN mart.measure AS m USING (measure) "
        f"WHERE {alone} AND greatest(s.numerator, s.denominator) >= 10 GROUP BY m.grain ORDER BY ALL",
    )
    assert {grain for grain, _ in rows} == set(GRAINS) - {"caseload"}  # those who are still there: see below
    for table in ("service_measure", "breakdown_measure"):
        shown = ask(
            draft,
            f"SELECT measure FROM public.{table} WHERE organisation LIKE 'RXX%' "
            "AND coalesce(numerator, denominator, value) IS NOT NULL",
        )
        assert shown == []


def test_what_is_counted_of_many_is_shown_with_the_error_of_its_people(draft: Path) -> None:
    names = [f"RYY-p{number}" for number in range(12)]
    rows = tuple(names + [f"RYY-q{number}" for number in range(4) for _ in range(5)])
    cell = Cell("count", rows, origin=None)
    expected = Protector(SECRET).shown(cell, "REFERRALS")[0]
    where = "WHERE measure = 'REFERRALS' AND pathway = 'all' AND organisation = 'RYY' AND level = 'provider'"
    shown = ask(draft, f"SELECT period_type, numerator FROM public.service_measure {where} AND numerator > 0")
    assert {numerator for _, numerator in shown} == {expected}
    assert {period for period, _ in shown} == {"month", "quarter", "financial year", "rolling 12 months"}


def test_a_sketch_has_the_marks_of_exactly_the_people_counted(draft: Path) -> None:
    """Of every place and period, whatever was added up in between."""
    here = sketch([f"RYY-p{n}" for n in range(12)] + [f"RYY-q{n}" for n in range(4)])
    alone = sketch(["RXX-Jane Public"])
    assert here is not None and alone is not None
    for measure in ("REFERRALS", "ATTENDED", "IET_LOGS"):
        found = ask(
            draft,
            "SELECT DISTINCT organisation, people FROM monthly_count.people WHERE measure = ? AND pathway = 'all' AND breakdown IS NULL "
            "AND level IN ('England', 'provider') ORDER BY ALL",
            [measure],
        )
        assert found == [("ENG", here | alone), ("RXX", alone), ("RYY", here)]
        groups = ask(
            draft,
            "SELECT DISTINCT organisation, breakdown_group, people FROM monthly_count.people WHERE measure = ? "
            "AND breakdown = 'gender' AND level IN ('England', 'provider') ORDER BY ALL",
            [measure],
        )
        assert groups in ([("ENG", "female", here | alone), ("RXX", "female", alone), ("RYY", "female", here)], [])


def test_a_mark_that_the_gate_gave_counts_and_not_the_pseudonym(tmp_path: Path) -> None:
    """Pseudonyms change with the key. The marks stay, and so do the errors of what is published."""
    tables = {
        "IDS001": "LocalPatientId | person_id | person_mark\n a | s2_a | 5\n b | s2_b | 63\n c | s2_c | 0\n d | s2_d | 5\n e | s2_e |",
        "IDS101": "ServiceRequestId | LocalPatientId | ReferralRequestReceivedDate\n"
        + "".join(f" {each} | {each} | 2025-04-0{day}\n" for day, each in enumerate("abcde", 1)),
    }
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], measures=["REFERRALS"])
    found = ask(
        draft,
        "SELECT DISTINCT people FROM monthly_count.people WHERE measure = 'REFERRALS' AND pathway = 'all' AND breakdown IS NULL",
    )
    assert found == [(1 << 5 | 1 << 63 | 1 << 0 | (sketch([text_of("s2_e")]) or 0),)]


def test_a_share_keeps_apart_who_is_counted_and_who_is_not(draft: Path) -> None:
    rows = ask(
        draft,
        "SELECT m.measure, p.people, p.others, s.numerator, s.denominator FROM monthly_count.people AS p "
        "INNER JOIN mart.measure AS m USING (measure) INNER JOIN mart.service_measure AS s "
        "USING (level, organisation, period_type, period_start, pathway, measure) "
        "WHERE p.breakdown IS NULL AND m.kind = 'share' AND p.level = 'England'",
    )
    assert len(rows) > 100
    for measure, people, others, numerator, denominator in rows:
        assert (people is None) == (numerator == 0), measure
        assert (others is None) == (numerator == denominator), measure


def test_a_programme_as_typed_reaches_no_public_table(draft: Path) -> None:
    typed = ask(
        draft, "SELECT DISTINCT breakdown_group FROM mart.breakdown_measure WHERE breakdown = 'log_programme'"
    )
    assert any("9990000018" in group for (group,) in typed)
    shown = ask(
        draft,
        "SELECT DISTINCT breakdown, breakdown_group FROM public.breakdown_measure "
        "WHERE breakdown IN ('log_programme', 'iet_programme') ORDER BY ALL",
    )
    assert ("log_programme", "other") in shown
    assert all(group in ("other", "no log", "not known") for _, group in shown)


def test_a_person_has_a_class_of_districts_and_how_many_are_alike_is_said(draft: Path) -> None:
    """No district in core: beside age, gender and ethnicity it tells nearly everybody apart."""
    columns = ask(draft, "SELECT column_name FROM duckdb_columns() WHERE column_name = 'postcode_district' "
                  "AND schema_name IN ('core', 'mart', 'public')")  # fmt: skip
    assert columns == []
    bands = dict(ask(draft, "SELECT k, people FROM mart.person_likeness"))
    assert sum(bands.values()) == ask(draft, "SELECT count(*) FROM core.person")[0][0]
    assert bands["1"] == 2  # the one person of RXX, and the one without a gender of RYY
    assert bands["10 or more"] == 16
