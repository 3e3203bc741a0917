"""A tariff file is used as it stands, or refused in words that say what would be accepted."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fixtures.tariff import (
    ASSESSMENT,
    COURSES,
    OLDER,
    RECOVERY,
    TERMS,
    TRIAL,
    Line,
    changed,
    tariff_text,
    trial,
)
from warehouse.payment.tariff import LOCAL, national_measures
from warehouse.payment.tariff_file import COLUMNS, TariffRefused, example_tariffs, read_tariffs


def refused(folder: Path, *lines: Line) -> str:
    with pytest.raises(TariffRefused) as caught:
        trial(folder, *lines)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_a_tariff_is_read_as_it_stands(tmp_path: Path) -> None:
    (tariff,) = trial(tmp_path)
    assert (tariff.name, tariff.valid_from, tariff.valid_until) == ("trial", date(2025, 4, 1), None)
    assert (tariff.outcome_share, tariff.least_paid, tariff.most_paid) == (Decimal("0.5"), 0, 1)
    assert [(each.line, each.price_pence) for each in tariff.priced][:3] == [
        ("Assessment", 10000), ("Course: low", 20000), ("Course: high; both", 60000)
    ]  # fmt: skip
    recovery, older = tariff.weighed
    assert (recovery.weight, recovery.floor, recovery.cap, recovery.fewest) == (
        Decimal("0.6"), Decimal("0.3"), Decimal("0.5"), 10
    )  # fmt: skip
    assert older.counted.groups == ("65+",) and older.counted.of_groups == ("18-25", "26-64", "65+")


def test_the_example_says_that_it_is_one_and_has_all_ten_national_measures() -> None:
    (tariff,) = example_tariffs()
    assert tariff.name == "example" and "example" in tariff.source and tariff.confidence == "R"
    assert {each.national_measure for each in tariff.weighed} == set(national_measures()) - {LOCAL}
    assert len(national_measures()) == 11


def test_columns_may_stand_in_any_order_and_lines_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text("\ufeff" + tariff_text(TRIAL, COLUMNS[::-1]) + "\n,,\n".replace(",,", "," * 21), "utf-8")
    assert read_tariffs(path) == trial(tmp_path)


def test_two_versions_follow_each_other(tmp_path: Path) -> None:
    later = [{**line, "valid_from": "2026-04-01"} for line in TRIAL]
    first, second = trial(tmp_path, *later, *changed(TERMS, valid_until="2026-03-31"))
    assert first.holds_in(date(2025, 4, 1)) and not first.holds_in(date(2026, 4, 1))
    assert second.holds_in(date(2026, 4, 1)) and not second.holds_in(date(2025, 4, 1))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (changed(RECOVERY, weight="0.5"),
         ["the weights add up to 0.9 and must add up to 1", "Recovery 0.5, Older people 0.4"]),
        ([line for line in TRIAL if line is not COURSES[1]],
         ["FINISHED has no price for intensity high; both", "0 where nothing is paid"]),
        (changed(RECOVERY, measure="RECOVERED"), ["'RECOVERED' is no measure; nearest are", "RECOVERY"]),
        (changed(RECOVERY, national_measure="recovery rates"), ["is no national_measure; accepted are waiting times"]),
        (changed(RECOVERY, floor="0.6"), ["the floor 0.6 is above the cap 0.5"]),
        (changed(TERMS, floor="0.8", cap="0.7"), ["the floor 0.8 of the outcome part is above its cap 0.7"]),
        ([*TRIAL, *({**line, "valid_from": "2026-04-01"} for line in TRIAL)],
         ["trial of 2026-04-01 begins while that of 2025-04-01 still holds"]),
        (changed(ASSESSMENT, price_pence="-100"), ["'-100' in price_pence is not a price in whole pence, such as 12500"]),
        (changed(ASSESSMENT, price_pence="95.50"), ["'95.50' in price_pence is not a price in whole pence"]),
        (changed(ASSESSMENT, price_pence="£95"), ["'£95' in price_pence"]),
        (changed(ASSESSMENT, price_pence="1e3"), ["'1e3' in price_pence"]),
        (changed(ASSESSMENT, price_pence="1234567890"), ["'1234567890' in price_pence"]),
        (changed(ASSESSMENT, price_pence=""), ["price_pence is empty"]),
        (changed(RECOVERY, weight="60%"), ["'60%' in weight is not a share from 0 to 1", "such as 0.75 for 75 %"]),
        (changed(RECOVERY, cap="1.01"), ["'1.01' in cap is not a share"]),
        (changed(RECOVERY, cap="nan"), ["'nan' in cap is not a share"]),
        (changed(RECOVERY, weight="0.33333"), ["at most four decimals"]),
        (changed(RECOVERY, weight="0"), ["weight is 0; leave out the line"]),
        (changed(RECOVERY, fewest="0"), ["'0' in fewest is not the smallest denominator, a whole number from 1"]),
        (changed(RECOVERY, if_fewer=""), ["if_fewer is empty; accepted are paid in full, not paid, as the others"]),
        (changed(RECOVERY, measure="OPEN"), ["OPEN is what there is at a month end"]),
        (changed(RECOVERY, measure="MEDIAN_SESSIONS"), ["MEDIAN_SESSIONS is a median; only counts and shares"]),
        (changed(RECOVERY, measure="FINISHED"), ["FINISHED is a count and has no share; name a share, or the groups"]),
        (changed(RECOVERY, measure="SECOND_TREATMENT_90"), ["SECOND_TREATMENT_90 is better when lower"]),
        (changed(OLDER, breakdown="age"), ["'age' is no breakdown of ACCESS with fixed groups; accepted are age_band, ethnic_group"]),
        (changed(OLDER, breakdown="preferred_language"), ["is no breakdown of ACCESS with fixed groups"]),
        (changed(OLDER, groups="66+"), ["'66+' is no group of age_band; accepted are under 18; 18-25; 26-64; 65+"]),
        (changed(OLDER, groups=""), ["groups is empty; accepted are groups of age_band"]),
        (changed(OLDER, of_groups="18-25; 26-64"), ["of_groups must contain the groups"]),
        (changed(RECOVERY, breakdown="age_band", groups="65+", of_groups="65+"), ["of_groups must be empty: RECOVERY is a share"]),
        (changed(ASSESSMENT, breakdown="", groups="low"), ["groups are given, but no breakdown"]),
        ([*TRIAL, {**ASSESSMENT, "line": "Again"}], ["FIRST_ASSESSMENT has two prices"]),
        ([*TRIAL, {**COURSES[0], "line": "Again"}], ["FINISHED has two prices for intensity 'low'"]),
        ([*TRIAL, {**ASSESSMENT, "line": "Course", "measure": "FINISHED"}],
         ["FINISHED is priced by no breakdown and intensity: everybody would be paid for twice"]),
        ([*TRIAL, {**RECOVERY}], ["the line 'Recovery' is there twice, in lines 8 and 10"]),
        ([line for line in TRIAL if line is not TERMS], ["one line of part terms, this one has 0"]),
        ([*TRIAL, TERMS], ["one line of part terms, this one has 2, in lines 2 and 10"]),
        ([TERMS, RECOVERY, OLDER], ["there is no line of part activity"]),
        ([TERMS, ASSESSMENT], ["the weights add up to 0 and must add up to 1: there is no line of part outcome"]),
        (changed(TERMS, outcome_share="0"), ["outcome_share is 0"]),
        (changed(TERMS, outcome_share=""), ["outcome_share is empty"]),
        (changed(TERMS, period="year"), ["'year' is no period; accepted are month, quarter, financial year"]),
        (changed(TERMS, valid_until="2026-03-30"), ["valid_until 2026-03-30 must be the last day of a financial year, such as 2026-03-31"]),
        (changed(TERMS, valid_until="2024-03-31"), ["valid_until 2024-03-31 is before valid_from 2025-04-01"]),
        (changed(TERMS, set_by=""), ["set_by is empty"]),
        (changed(TERMS, source=""), ["source is empty"]),
        (changed(TERMS, confidence="sure"), ["'sure' is no confidence; accepted are F, R"]),
        (changed(TERMS, providers="RW5 lancs"), ["'lancs' in providers is not an ODS code"]),
        (changed(TERMS, pathway="5"), ["pathway"]),
        (changed(TERMS, measure="RECOVERY"), ["measure must be empty in a line of terms"]),
        (changed(ASSESSMENT, weight="0.2"), ["weight must be empty in a line of activity"]),
        (changed(RECOVERY, part="bonus"), ["'bonus' is no part; accepted are terms, activity, outcome"]),
        ([{**line, "valid_from": "2025-05-01"} for line in TRIAL],
         ["valid_from 2025-05-01 must be the first day of a financial year, such as 2025-04-01"]),
        ([{**line, "valid_from": "01/04/2025"} for line in TRIAL],
         ["'01/04/2025' in valid_from is not a date as yyyy-mm-dd, such as 2026-04-01"]),
        ([{**line, "valid_from": "2025-02-30"} for line in TRIAL], ["'2025-02-30' in valid_from is not a date"]),
        ([{**line, "valid_from": "0001-01-01"} for line in TRIAL], ["0001-01-01 in valid_from is not in the years 1900"]),
        (changed(TERMS, valid_until="9999-12-31"),
         ["line 2: 9999-12-31 in valid_until is not in the years", "an empty valid_until means «until further notice»"]),
        ([{**line, "tariff": ""} for line in TRIAL], ["tariff is empty"]),
        (changed(RECOVERY, measure="recovery"), ["'recovery' is no measure; nearest are RECOVERY"]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path, lines: list[Line], said: list[str]) -> None:
    message = refused(tmp_path, *lines)
    assert message.startswith("tariff.csv cannot be used. Correct these problems:\n  line ")
    for words in said:
        assert words in message


def test_every_problem_is_named_with_its_line(tmp_path: Path) -> None:
    lines = [
        {**line, "price_pence": "x"} if line in COURSES else line for line in changed(RECOVERY, weight="x", cap="y")
    ]
    message = refused(tmp_path, *lines)
    assert [f"line {number}: " in message for number in (4, 5, 6, 7, 8)] == [True] * 5
    assert "'x' in weight" in message and "'y' in cap" in message


def test_of_many_problems_twenty_are_shown(tmp_path: Path) -> None:
    message = refused(tmp_path, TERMS, *({**ASSESSMENT, "price_pence": "x"} for _ in range(25)))
    assert message.count("\n  line ") == 20 and message.endswith("and 5 further problems")


def test_a_file_that_is_no_tariff_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    for text, said in (
        ("", "the file is empty; its first line names the columns: tariff,valid_from,part"),
        (tariff_text([]), "there is no tariff: the file has no line below"),
        (tariff_text(TRIAL, (*COLUMNS, "bonus")), "'bonus' is no column of a tariff; the columns are tariff"),
        (tariff_text(TRIAL, COLUMNS[:-1]), "the column confidence is missing"),
        (tariff_text(TRIAL, (*COLUMNS, "weight")), "the column weight is there twice"),
        (tariff_text(TRIAL, (*COLUMNS, "", "")), "1: a column has no name; name it, or delete"),
        (
            tariff_text(TRIAL).replace(",", ";"),
            "1: the columns are separated by semicolons, and must be separated by commas",
        ),
        (tariff_text(TRIAL).replace(",", "\t"), "1: the columns are separated by tabs"),
        (tariff_text(TRIAL) + "trial,2025-04-01\n", "line 10: 2 columns instead of 23"),
        (tariff_text(TRIAL) + '"trial', "not CSV in UTF-8"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TariffRefused, match=said.replace("(", r"\(")):
            read_tariffs(path)
    path.write_bytes(tariff_text(TRIAL).encode("utf-16"))
    with pytest.raises(TariffRefused, match="not CSV in UTF-8"):
        read_tariffs(path)
    with pytest.raises(TariffRefused, match=r"There is no file called .*absent\.csv"):
        read_tariffs(tmp_path / "absent.csv")
