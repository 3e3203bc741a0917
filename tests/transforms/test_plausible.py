"""Whether a submission is plausible: what is counted, when it is asked about, and what an answer covers."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demonstration.writing import write_submissions
from schemas.dataset import TABLES, find_table
from schemas.month import ProviderMonth, months_after
from tests import campaign
from tests.fixtures.service_years import FAULTS, service_year
from tests.plausible_years import SIZES, years
from transforms.cast import with_typed
from transforms.plausible import profile as counted
from transforms.plausible.answers import Answer, answered
from transforms.plausible.limits import QUESTIONS_A_YEAR, Prior, Seen, allowed, score_of_count, score_of_share
from transforms.plausible.profile import Counting, Profile, TableProfile
from transforms.plausible.questions import ALL, SAME_COUNTS, Question, questions

Tables = Mapping[str, pl.DataFrame]
OF = ProviderMonth("RW5", date(2025, 10, 1))
PRIOR = Prior(beyond=0.1, clustered=1.0, months=12)


def profile_of(tables: Tables, of: ProviderMonth) -> Profile:
    """The profile of frames of text, by table name, counted as a check counts it: the same of few rows and of many."""
    counting = Counting(of.month)
    for name, rows in tables.items():
        table = find_table(name)
        assert table is not None
        declared = rows.with_columns(
            *(
                pl.lit(None, pl.String).alias(field.name)
                for field in table.fields
                if field.name not in rows.columns
            ),
            row_number=pl.int_range(2, rows.height + 2, dtype=pl.Int64),
        )
        typed = with_typed(declared.lazy(), table, set(counted.columns_of(table)))
        counts = counted.NOTHING
        if counted.is_counted(table):
            counts, of_many = (counting.query(typed, table, is_small=small).collect() for small in (True, False))
            assert counts.schema == of_many.schema
            assert set(counts.iter_rows()) == set(of_many.iter_rows())
        counting.add(table, counts, rows.height)
    return counting.profile(of)


def contacts(**columns: list[str | None]) -> Tables:
    return {"IDS201CareContact": pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String))}


# What is counted.


def test_a_code_is_counted_as_it_is_and_anything_else_as_other_or_blank() -> None:
    found = profile_of(contacts(AttendOrDNACode=["5", "5", None, "9990000018", "LA1 4YW"]), OF)
    assert found.tables["IDS201"].values["AttendOrDNACode"] == {"5": 2, "": 1, "other": 2}
    assert found.rows("IDS201") == 5
    assert "9990000018" not in found.to_json()


def test_a_site_is_counted_unless_it_is_no_code_of_an_organisation() -> None:
    found = profile_of(contacts(SiteIDOfTreat=["RW501", "LA14YW", "9990000018", None]), OF)
    assert found.tables["IDS201"].values["SiteIDOfTreat"] == {"RW501": 1, "other": 2, "": 1}


def test_a_complaint_is_counted_by_its_icd_10_category_and_a_postcode_there_is_not() -> None:
    complaints = {
        "IDS603PresentingComplaints": pl.DataFrame({"PresComp": ["F32.1", "F329", "B12 9XY", "197480006"]})
    }
    found = profile_of(complaints, OF).tables["IDS603"].values["PresComp"]
    assert found == {"F32": 2, "other": 2}


def test_a_date_is_counted_by_how_long_before_the_month_it_lies() -> None:
    days = ["2025-10-31", "2025-09-01", "2025-07-31", "2024-10-01", "2024-09-30", "2025-11-01", "31/10/2025", None]
    referrals = {"IDS101Referral": pl.DataFrame({"ReferralRequestReceivedDate": days})}
    found = profile_of(referrals, OF).tables["IDS101"]
    assert found.values["ReferralRequestReceivedDate"] == {
        "in the month": 1, "1 month before": 1, "2 to 3 months before": 1, "4 to 12 months before": 1,
        "over a year before": 1, "after the month": 1, "": 2,
    }  # fmt: skip


def test_of_days_and_of_staff_only_the_largest_count_is_kept() -> None:
    found = profile_of(contacts(CareContDate=["2025-10-01", "2025-10-01", "2025-10-02", "2025-09-02", None]), OF)
    assert found.tables["IDS201"].most == {"day of CareContDate": (2, 3)}
    activity = {"IDS202CareActivity": pl.DataFrame({"CarePersLocalId": ["Jane Doe", "Jane Doe", "B", None]})}
    found = profile_of(activity, OF)
    assert found.tables["IDS202"].most == {"rows by CarePersLocalId": (2, 3)}
    assert "Doe" not in found.to_json()


@pytest.mark.parametrize(
    ("score", "said"), [("0", "0"), ("0.0", "0"), ("12", "more than 0"), ("x", "other"), (None, "")]
)
def test_a_score_is_counted_as_0_or_more(score: str | None, said: str) -> None:
    rows = {"IDS607CodedScoreAssessmentAct": pl.DataFrame({"PersScore": [score]}, schema={"PersScore": pl.String})}
    assert profile_of(rows, OF).tables["IDS607"].values["PersScore"] == {said: 1}


def test_no_field_that_identifies_is_counted_but_who_works_there() -> None:
    for table in TABLES.values():
        identifying = {field.name for field in table.fields if field.is_identifying}
        assert counted.columns_of(table) & identifying <= {"CarePersLocalId"}, table.id


def test_a_profile_is_read_as_it_was_written() -> None:
    found = next(service_year(1, 20))
    assert Profile.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"profile": 0}', '{"profile": 1, "provider": "RW5", "month": "2025-13", "tables": {}}',
     '{"profile": 1, "provider": "RW5", "month": "2025-10", "tables": {"IDS201": {"rows": -1, "values": {}, "most": {}}}}',
     '{"profile": 1, "provider": "RW5", "month": "2025-10", "tables": {"IDS201": {"rows": "1"}}}',
     '{"profile": 1, "provider": "RW5", "month": "2025-10", "tables": {"IDS201": {"rows": 1, "values": {}, "most": {"a": []}}}}',
     "[" * 100_000],
)  # fmt: skip
def test_what_is_no_profile_is_not_read_as_one(text: str) -> None:
    assert Profile.from_json(text) is None


# Limits.


def test_the_limit_follows_the_size() -> None:
    def halved(size: int) -> float:
        return score_of_count(Seen(size // 2), [Seen(size)] * 6, PRIOR)

    assert halved(10) > -2
    assert halved(100) > halved(1000) > halved(10_000)
    assert halved(1000) < -allowed(300)


def test_own_months_that_vary_widen_the_limit_and_calm_ones_do_not_narrow_it() -> None:
    calm = score_of_count(Seen(150), [Seen(100)] * 6, PRIOR)
    usual = score_of_count(Seen(150), [Seen(count) for count in (90, 110, 95, 105, 100, 100)], PRIOR)
    wild = score_of_count(Seen(150), [Seen(count) for count in (40, 160, 60, 140, 90, 110)], PRIOR)
    assert usual == pytest.approx(calm, abs=0.05)
    assert wild < usual - 0.3


def test_the_budget_is_shared_by_all_that_is_compared() -> None:
    assert QUESTIONS_A_YEAR == 1.0
    # A normal score beyond which 1 of 12 × 300 values lies, from a table of the normal distribution.
    assert allowed(300) == pytest.approx(3.635, abs=0.005)
    assert allowed(1) < allowed(10) < allowed(1000)


@settings(max_examples=campaign.examples(30))
@given(st.integers(0, 500), st.lists(st.integers(0, 500), min_size=1, max_size=6))
def test_more_is_above_0_and_the_same_is_0(now: int, before: list[int]) -> None:
    score = score_of_count(Seen(now), [Seen(each) for each in before], PRIOR)
    if now >= max(before):
        assert score >= 0
    if now <= min(before):
        assert score <= 0


def test_a_month_without_rows_says_nothing_of_a_share() -> None:
    assert score_of_share(Seen(5, 10), [Seen(0, 0)], PRIOR) == 0
    assert score_of_share(Seen(0, 0), [Seen(5, 10)], PRIOR) == 0
    assert score_of_share(Seen(5, 10), [Seen(0, 0), Seen(5, 10)], PRIOR) == 0


# Questions.


def profiles(*rows: int, table: str = "IDS201") -> list[Profile]:
    return [
        Profile(ProviderMonth("RW5", months_after(OF.month, at)), {table: TableProfile(count)})
        for at, count in enumerate(rows, start=-len(rows))
    ]


def ids(found: list[Question]) -> list[str]:
    return [each.id for each in found]


def test_a_first_submission_is_asked_nothing() -> None:
    (now,) = profiles(0)
    assert questions(now, []) == []


def test_one_month_before_is_enough_to_ask_about_a_table_that_is_empty_now() -> None:
    before, now = profiles(60, 0)
    (asked,) = questions(now, [before])
    assert (asked.id, asked.now, asked.before, asked.more, asked.records) == (
        "PAST-IDS201",
        0,
        ((60, 0),),
        False,
        60,
    )


def test_a_small_table_that_is_empty_now_is_chance() -> None:
    *before, now = profiles(3, 2, 4, 0)
    assert questions(now, before) == []


def test_tables_that_hang_on_another_are_said_with_it() -> None:
    months = list(service_year(3, 60, 1))
    asked = questions(FAULTS["a table is empty"](months[-1], months[-2]), months[:-1])
    assert ids(asked) == ["PAST-IDS201"]
    assert asked[0].also == ("IDS202CareActivity", "IDS607CodedScoreAssessmentAct")


def test_a_tenth_of_the_file_is_one_question_about_all() -> None:
    months = list(service_year(3, 60, 1))
    assert ids(questions(FAULTS["a tenth of the file"](months[-1], months[-2]), months[:-1]))[0] == ALL


def test_the_same_counts_as_an_earlier_month_are_asked_about() -> None:
    months = list(service_year(3, 60, 1))
    asked = questions(FAULTS["last month sent again"](months[-1], months[-2]), months[:-1])
    assert SAME_COUNTS in ids(asked)


def test_a_file_is_compared_with_the_one_that_it_would_replace() -> None:
    before = list(service_year(3, 60, 1))
    thin = FAULTS["a site missing"](before[-1], before[-2])
    (asked, *_) = questions(thin, [], before[-1])
    assert asked.compared_with == "the file it would replace"
    assert questions(before[-1], [], before[-1]) == []


def asked_of(records: int, month: int = 0, *, more: bool = True) -> tuple[Question, Profile]:
    now = Profile(ProviderMonth("RW5", months_after(OF.month, month)), {})
    return Question("PAST-IDS201", "IDS201CareContact", "", "rows", "", "", 0, 0, (), more, records, 4.0), now


@pytest.mark.parametrize(
    ("records", "month", "more", "holds"),
    [
        (100, 0, True, True),
        (100, 3, True, True),
        (130, 1, True, True),  # 100 + 3 × √100
        (131, 1, True, False),  # it has grown
        (100, 4, True, False),  # it held until then
        (100, -1, True, False),  # it was not said of the past
        (100, 1, False, False),  # the other direction
    ],
)
def test_an_answer_holds_until_its_month_and_until_the_count_grows(
    records: int, month: int, more: bool, holds: bool
) -> None:
    answer = Answer("PAST-IDS201", "a new team", "data manager", "2026-01", "2025-10", 100, more=True)
    question, now = asked_of(records, month, more=more)
    (row,) = answered([question], now, [answer])
    assert (row["answer"] is not None) is holds
    assert json.loads(json.dumps(row)) == row


# The budget and the power.


@pytest.mark.parametrize("size", SIZES if campaign.is_whole() else SIZES[2:3])
def test_a_stable_service_is_hardly_asked_and_planted_faults_are_found(size: int) -> None:
    found = years(campaign.seeds(1), size, planted_in=1)
    assert found.a_year <= QUESTIONS_A_YEAR
    # Of a service of 10 referrals a month, twice as much in a month is not rare enough.
    least = 0.8 if size < 60 else 0.95
    seen = [name for name, count in found.found.items() if count >= least * found.planted]
    assert len(seen) >= 11, set(FAULTS) - set(seen)


def test_the_published_services_are_hardly_asked_about_their_referrals() -> None:
    """Real counts of 9,337 months; what is asked about most are a tenth of the usual, and ten times as much."""
    published = pl.read_parquet(Path(__file__).parents[1] / "fixtures" / "monthly_statistics.parquet")
    asked, years_seen = 0, 0.0
    prior = Prior(beyond=0.12, clustered=1.0, months=12)
    for _, of in published.sort("month").group_by("organisation", maintain_order=True):
        counts = [Seen(count) for count in of["referrals"].to_list() if count is not None]
        if sum(each.count for each in counts) >= 20 * len(counts) > 0:
            scores = [
                score_of_count(counts[at], counts[max(0, at - 6) : at], prior) for at in range(1, len(counts))
            ]
            asked += sum(abs(each) > allowed(300) for each in scores)
            years_seen += len(scores) / 12
    assert years_seen > 600
    assert asked / years_seen < 0.1


# The same on submissions of the demonstration, whose records are counted.


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[ProviderMonth, dict[str, pl.DataFrame]]]:
    """Five months of one service of the demonstration, as frames of text."""
    folder = tmp_path_factory.mktemp("months")
    write_submissions(folder, providers=1, months=5, start=date(2025, 4, 1), seed=1, size=2.0)
    found = []
    for path in sorted(each for each in folder.iterdir() if each.is_dir()):
        of = ProviderMonth.parse(path.name)
        assert of is not None
        found.append(
            (of, {file.stem: pl.read_csv(file, infer_schema=False) for file in sorted(path.glob("*.csv"))})
        )
    return found


def cells(tables: Tables, table: str, **changed: pl.Expr) -> Tables:
    return {**tables, table: tables[table].with_columns(**changed)}


def tenth(tables: Tables) -> Tables:
    return {name: rows if name == "IDS000Header" else rows.gather_every(10) for name, rows in tables.items()}


def shifted(tables: Tables) -> Tables:
    codes = sorted(tables["IDS201CareContact"]["AppType"].drop_nulls().unique().to_list())
    following = dict(zip(codes, [*codes[1:], codes[0]], strict=True))
    return cells(tables, "IDS201CareContact", AppType=pl.col("AppType").replace(following))


def without_site(tables: Tables) -> Tables:
    rows = tables["IDS201CareContact"]
    sites = rows["SiteIDOfTreat"].drop_nulls().value_counts(sort=True)["SiteIDOfTreat"].to_list()
    return {**tables, "IDS201CareContact": rows.filter(pl.col("SiteIDOfTreat") != sites[min(1, len(sites) - 1)])}


PLANTED: Mapping[str, Callable[[Tables, Tables], Tables]] = {
    "a tenth of the file": lambda now, _: tenth(now),
    "last month sent again": lambda now, before: {**before, "IDS000Header": now["IDS000Header"]},
    "a table is empty": lambda now, _: {**now, "IDS201CareContact": now["IDS201CareContact"].clear()},
    "a column at its default": lambda now, _: cells(now, "IDS004EmpStatus", EmployStatus=pl.lit("ZZ")),
    "codes shifted": lambda now, _: shifted(now),
    "everything doubled": lambda now, _: {name: pl.concat([rows, rows]) for name, rows in now.items()},
    "dates heaped on one day": lambda now, _: cells(
        now, "IDS201CareContact", CareContDate=pl.col("CareContDate").str.slice(0, 8) + "01"
    ),
    "all scores 0": lambda now, _: cells(now, "IDS607CodedScoreAssessmentAct", PersScore=pl.lit("0")),
    "one therapist": lambda now, _: cells(now, "IDS202CareActivity", CarePersLocalId=pl.lit("T1")),
    "pathway mix changed": lambda now, _: cells(
        now, "IDS101Referral",
        Pathway=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("02")).otherwise(pl.col("Pathway")),
    ),
    "a site missing": lambda now, _: without_site(now),
    "history rewritten": lambda now, _: cells(
        now, "IDS101Referral", ReferralRequestReceivedDate=pl.col("ReferralRequestReceivedDate").max()
    ),
}  # fmt: skip


def test_planted_faults_are_found_in_records(
    submitted: list[tuple[ProviderMonth, dict[str, pl.DataFrame]]],
) -> None:
    assert set(PLANTED) == set(FAULTS)
    past = [profile_of(tables, of) for of, tables in submitted[:-1]]
    of, now = submitted[-1]
    assert questions(profile_of(now, of), past) == []
    found = {
        name for name, plant in PLANTED.items() if questions(profile_of(plant(now, submitted[-2][1]), of), past)
    }
    assert len(found) >= 11, set(PLANTED) - found
