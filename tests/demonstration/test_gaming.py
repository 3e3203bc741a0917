"""Gaming: every change of a service's records does what it says, and nothing else."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from demonstration.frequencies import TREATMENT_QUESTIONS, WSAS_ITEMS
from demonstration.gaming import accepting, coding, discharging, scores, waiting
from demonstration.gaming.courses import courses, instrument, kept_contacts, scored_days
from demonstration.gaming.records import MONTH, Records
from demonstration.gaming.ways import WAYS, Way
from pipelines.gamed import accepted, records_of_service, sent, service_of
from tests.campaign import is_whole, one_of_each
from tests.fixtures.gaming import GAD7, HIGH, PHQ9, START, Course, records

# Way → the tables that it changes; all others stay as they are, row by row.
_REFERRAL = {"IDS101", "IDS105", "IDS108", "IDS602", "IDS603"}
_PERSON = {"IDS001", "IDS002", "IDS003", "IDS004", "IDS007", "IDS011", "IDS012", "IDS601", "IDS803"}
_CARE = {"IDS201", "IDS202", "IDS205", "IDS606", "IDS607"}
_SCORES = {"IDS606", "IDS607"}
_ENDED = _REFERRAL | _PERSON | _CARE
CHANGES = {
    "FIRST_SCORES_OF_ALL": _SCORES, "FIRST_SCORES_NOT_RECOVERED": _SCORES, "LAST_SCORES_OF_RECOVERED": _SCORES,
    "BEST_SCORE_LAST": _SCORES, "BETTER_MEASURE_ONLY": _SCORES, "FIRST_SCORES_RAISED": _SCORES,
    "HAPPY_ANSWERS": {"IDS607"},
    "AT_FIRST_RECOVERY": _ENDED, "AFTER_TWO": _ENDED, "BEFORE_BAD_END": _ENDED, "NO_STEP_UP": _ENDED,
    "SEVERE_NOT_TREATED": _ENDED, "SEVERE_NOT_ACCEPTED": _ENDED,
    "ONE_AS_TWO": _REFERRAL | _PERSON | {"IDS201", "IDS205", "IDS606"},
    "ALL_MIXED": {"IDS603"}, "DEPRESSION_AS_ANXIETY": {"IDS603"}, "LOW_AS_HIGH": {"IDS202"},
    "ALL_SELF_REFERRED": {"IDS101"}, "MISSED_AS_ASSESSED": {"IDS201"}, "EARLY_CALL": {"IDS201", "IDS202"},
    "LATE_REFERRAL_DATE": {"IDS101", "IDS108", "IDS201"} | _PERSON,
}  # fmt: skip
WSAS, ITEMS = instrument("WSAS").snomed, [instrument(name).snomed for name in WSAS_ITEMS]
by_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)


@cache
def service() -> Records:
    return records_of_service(service_of(3, "ZX000", 40), START, 8, 3)


@cache
def changed(way: Way) -> Records:
    return way.change(service())


def of(found: Records, table: str, *columns: str) -> list[tuple[object, ...]]:
    return found.tables[table].select(columns).rows()


def scored(found: Records) -> dict[str, list[tuple[object, object]]]:
    """PHQ-9 and GAD-7 of every day with a score, by referral."""
    days = scored_days(found)
    return {
        referral: days.filter(pl.col("referral") == referral).select("PHQ9", "GAD7").rows()
        for referral in days["referral"].unique(maintain_order=True)
    }


def discharged(found: Records) -> dict[str, date | None]:
    return dict(courses(found).select("referral", "discharged").rows())


def test_every_way_has_its_own_name_and_words() -> None:
    assert len({way.id for way in WAYS}) == len({way.title for way in WAYS}) == len(WAYS) == len(CHANGES)
    for way in WAYS:
        assert all(text.endswith(".") for text in (way.does, way.harm, way.stays, way.guard))


@by_way
def test_a_way_changes_the_tables_it_is_about_and_no_other(way: Way) -> None:
    found = {name for name, rows in service().tables.items() if not rows.equals(changed(way).tables[name])}
    assert found and found <= CHANGES[way.id]


@by_way
def test_the_records_of_a_way_fit_together(way: Way) -> None:
    """Every record is below one of its month; contacts lie between referral and discharge, in their own month."""
    tables = changed(way).tables
    contacts = tables["IDS201"].join(courses(changed(way)), left_on="ServiceRequestId", right_on="referral")
    assert contacts.height == tables["IDS201"].height
    day = pl.col("CareContDate")
    assert contacts.filter((day < pl.col("received")) | (day > pl.col("discharged"))).is_empty()
    assert contacts.filter(day.dt.truncate("1mo") != pl.col(MONTH)).is_empty()
    for child, parent, key in (
        ("IDS201", "IDS101", "ServiceRequestId"), ("IDS603", "IDS101", "ServiceRequestId"),
        ("IDS602", "IDS101", "ServiceRequestId"), ("IDS108", "IDS101", "ServiceRequestId"),
        ("IDS202", "IDS201", "CareContactId"), ("IDS607", "IDS202", "CareActId"),
        ("IDS004", "IDS001", "LocalPatientId"), ("IDS101", "IDS001", "LocalPatientId"),
    ):  # fmt: skip
        assert tables[child].join(tables[parent], on=[key, MONTH], how="anti").is_empty(), (child, parent)
    for table, key in (("IDS101", "ServiceRequestId"), ("IDS201", "CareContactId"), ("IDS202", "CareActId")):
        assert not tables[table].select(key, MONTH).is_duplicated().any(), table


@by_way
def test_nobody_is_added_and_only_what_treats_people_differently_takes_contacts_away(way: Way) -> None:
    before, after = (set(found.tables["IDS001"]["LocalPatientId"]) for found in (service(), changed(way)))
    assert after == before
    kept = [set(kept_contacts(found)["contact"]) for found in (service(), changed(way))]
    takes = {
        "AT_FIRST_RECOVERY",
        "AFTER_TWO",
        "BEFORE_BAD_END",
        "NO_STEP_UP",
        "SEVERE_NOT_TREATED",
        "SEVERE_NOT_ACCEPTED",
    }
    assert bool(kept[0] - kept[1]) == (way.id in takes)
    assert bool(kept[1] - kept[0]) == (way.id in {"MISSED_AS_ASSESSED", "EARLY_CALL"})


_SAMPLE = one_of_each("ways of gaming at the door", WAYS, lambda way: way.kind)


@pytest.mark.parametrize("way", _SAMPLE, ids=lambda way: way.id)
def test_no_rule_notices_a_way(way: Way, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The records are all in order: what is wrong with them is not what rules can see."""
    months = sorted(changed(way).tables["IDS101"][MONTH].unique())[-8 if is_whole() else -1 :]
    found = changed(way).each(lambda _, rows: rows.filter(pl.col(MONTH).is_in(months)))
    assert sent(found, service_of(3, "ZX000", 40), tmp_path_factory.mktemp("door"))[1] == 0


# Ways that give a record another id: the token of that id is another than the id of the token.
_NEW_IDS = {"ONE_AS_TWO", "EARLY_CALL"}
_BEFORE_AND_AFTER = [way for way in WAYS if is_whole() or way.id == "ONE_AS_TWO"]


@cache
def few() -> Records:
    """All that a small service sends: of eight months in the campaign, else of two."""
    return records_of_service(service_of(2, "ZX000", 20), START, 8 if is_whole() else 2, 2)


@pytest.mark.parametrize("way", _BEFORE_AND_AFTER, ids=lambda way: way.id)
def test_rows_changed_after_the_rules_are_those_of_records_changed_before_them(way: Way, tmp_path: Path) -> None:
    """Except what is made of identifiers, where a way makes new ones."""
    service_ = service_of(2, "ZX000", 20)
    before = accepted(sent(way.change(few()), service_, tmp_path / "before")[0])
    after = way.change(accepted(sent(few(), service_, tmp_path / "after")[0]))
    for name, rows in before.tables.items():
        new = [column for column in rows.columns if way.id in _NEW_IDS and column in _IDS]
        made_of = [column for column in ("age_at_referral", "linked_referral_id") if column in rows.columns]
        one, other = (frame.drop(*new, *made_of).sort(pl.all()) for frame in (rows, after.tables[name]))
        assert one.equals(other), name
    assert all(rows.is_empty() for name, rows in after.tables.items() if name not in before.tables)


_IDS = {"ServiceRequestId", "CareContactId", "CareActId"}
WELL, ILL, WORSE = (5, 4), (16, 12), (20, 15)
RECOVERS = Course("r", [ILL, (12, 9), WELL])
STAYS_ILL = Course("s", [ILL, (14, 13), (15, 11)])
RELAPSES = Course("x", [ILL, WELL, (14, 10)])
UNSCORED = Course("u", [None, None])
OPEN = Course("o", [ILL, (15, 11)], is_open=True)


def test_how_courses_came_out() -> None:
    found = courses(records(RECOVERS, STAYS_ILL, RELAPSES, UNSCORED, OPEN, Course("n", [])))
    assert found.select("referral", "treatments", "PHQ9_first", "GAD7_last", "is_severe", "is_case", "is_finished",
                        "is_recovered").rows() == [
        ("n", 0, None, None, False, False, False, False),
        ("o", 2, 16, 11, True, True, False, False),
        ("r", 3, 16, 4, True, True, True, True),
        ("s", 3, 16, 11, True, True, True, False),
        ("u", 2, None, None, False, False, True, False),
        ("x", 3, 16, 10, True, True, True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (scores.first_scores_of_all, {"r": [(12, 9), WELL], "s": [(14, 13), (15, 11)], "o": [(15, 11)]}),
        (scores.first_scores_of_those_not_recovered,
         {"r": [ILL, (12, 9), WELL], "s": [(14, 13), (15, 11)], "o": [ILL, (15, 11)]}),
        (scores.last_scores_of_those_recovered_only, {"r": [ILL, (12, 9), WELL], "s": [ILL], "o": [ILL, (15, 11)]}),
        (scores.scores_to_the_best_day_only,
         {"r": [ILL, (12, 9), WELL], "s": [ILL, (14, 13), (15, 11)], "o": [ILL, (15, 11)]}),
        (scores.first_scores_raised,
         {"r": [(19, 15), (12, 9), WELL], "s": [(19, 15), (14, 13), (15, 11)], "o": [(19, 15), (15, 11)]}),
    ],
)  # fmt: skip
def test_which_scores_are_left(
    change: Callable[[Records], Records], left: dict[str, list[tuple[int, int]]]
) -> None:
    assert scored(change(records(RECOVERS, STAYS_ILL, OPEN, UNSCORED))) == left


def test_the_best_day_is_the_last_one_sent_and_the_second_at_least() -> None:
    found = scored(scores.scores_to_the_best_day_only(records(RELAPSES, Course("w", [WELL, ILL, WORSE]))))
    assert found == {"x": [ILL, WELL], "w": [WELL, ILL]}


def test_of_two_measures_only_the_one_that_got_better_keeps_its_later_scores() -> None:
    one = Course("a", [(16, 10), (9, 12), (5, 11)])
    other = Course("b", [(10, 16), (12, 9)])
    neither, both = Course("c", [(10, 10), (12, 12)]), Course("d", [(16, 12), (9, 9)])
    assert scored(scores.measure_that_got_better_only(records(one, other, neither, both))) == {
        "a": [(16, 10), (9, None), (5, None)],
        "b": [(10, 16), (None, 9)],
        "c": [(10, 10), (12, 12)],
        "d": [(16, 12), (9, 9)],
    }


def test_no_first_score_is_raised_beyond_the_highest() -> None:
    assert scored(scores.first_scores_raised(records(Course("a", [(26, 21), WELL])))) == {"a": [(27, 21), WELL]}


def test_discharge_at_the_first_scores_below_both_cut_offs_from_the_second_treatment_contact_on() -> None:
    at_once = Course("a", [WELL, ILL, WELL])  # the first contact is too early to finish
    found = discharging.at_first_recovery(records(RELAPSES, RECOVERS, STAYS_ILL, at_once, OPEN))
    assert discharged(found) == {
        "a": at_once.ends, "r": RECOVERS.ends, "s": STAYS_ILL.ends, "x": RELAPSES.day(2), "o": None
    }  # fmt: skip
    assert scored(found)["x"] == [ILL, WELL]
    assert ("x", "46") in of(found, "IDS101", "ServiceRequestId", "EndCode")


def test_discharge_after_two_treatment_contacts_ends_every_record_of_the_referral() -> None:
    long = Course("l", [ILL] * 6)
    found = discharging.after_two_contacts(records(long, UNSCORED))
    assert discharged(found) == {"l": long.day(2), "u": UNSCORED.ends}
    assert of(found, "IDS201", "CareContactId") == [("l1",), ("l2",), ("u1",), ("u2",)]
    for table in ("IDS001", "IDS101", "IDS603"):
        assert set(of(found, table, MONTH)) == {(START,)}


def test_a_discharge_before_a_bad_end_is_dated_on_the_last_good_day() -> None:
    twice = Course("t", [ILL, WELL, ILL, WELL, ILL])
    found = discharging.before_a_bad_end(records(RELAPSES, RECOVERS, twice))
    assert discharged(found) == {"r": RECOVERS.ends, "x": RELAPSES.day(2), "t": twice.day(4)}
    assert courses(found)["is_recovered"].to_list() == [True, True, True]


def test_the_questions_of_the_end_are_asked_at_the_new_end() -> None:
    """None is lost, and what the scale on daily life says has come as far as the sessions."""
    found = [kept_answers(each) for each in (service(), discharging.after_two_contacts(service()))]
    assert found[1].select("referral", "tool").sort("referral", "tool").equals(
        found[0].select("referral", "tool").sort("referral", "tool")
    )  # fmt: skip
    late = found[1].join(courses(discharging.after_two_contacts(service())), on="referral").filter(
        pl.col("tool").is_in([WSAS, *ITEMS]) & (pl.col("day") > pl.col("first_contact"))
    )  # fmt: skip
    by_referral = late.group_by("referral").agg(
        total=pl.col("score").filter(pl.col("tool") == WSAS).sum(), items=pl.col("score").filter(pl.col("tool") != WSAS).sum()
    )  # fmt: skip
    assert by_referral.height > 20
    assert by_referral["total"].equals(by_referral["items"])
    work = [set(each.tables["IDS004"].select("LocalPatientId", "EmployStatus").rows())
            for each in (service(), discharging.after_two_contacts(service()))]  # fmt: skip
    assert work[1] == work[0]


def kept_answers(found: Records) -> pl.DataFrame:
    """``referral``, ``day``, ``tool`` and ``score`` of answers about treatment and daily life given in contacts."""
    days = kept_contacts(found).select("referral", "day", CareContactId="contact")
    acts = found.tables["IDS202"].select("CareActId", "CareContactId").join(days, on="CareContactId")
    rows = found.tables["IDS607"].filter(pl.col("CodedAssToolType").is_in([WSAS, *ITEMS, *TREATMENT_QUESTIONS]))
    return rows.join(acts, on="CareActId").select(
        "referral", "day", tool="CodedAssToolType", score=pl.col("PersScore").cast(pl.Int64, strict=False)
    )  # fmt: skip


def test_nobody_goes_on_to_high_intensity_after_low() -> None:
    stepped, low, high = Course("a", [ILL] * 4, low=2), Course("b", [ILL] * 4, low=4), Course("c", [ILL] * 4)
    found = discharging.no_step_up(records(stepped, low, high))
    assert discharged(found) == {"a": stepped.day(2), "b": low.ends, "c": high.ends}


def test_one_course_becomes_two_referrals_of_the_same_person() -> None:
    long, short = Course("a", [ILL, ILL, WELL, WELL]), Course("b", [ILL] * 3)
    found = discharging.one_course_as_two(records(long, short))
    assert courses(found).select("referral", "patient", "received", "discharged", "treatments").rows() == [
        ("a", "Pa", START, long.day(2), 2),
        ("a2", "Pa", long.day(2) + timedelta(days=1), long.ends, 2),
        ("b", "Pb", START, short.ends, 3),
    ]
    assert set(of(found, "IDS201", "CareContactId", "ServiceRequestId", "AppType")) == {
        ("a1", "a", "02"), ("a2", "a", "02"), ("a3", "a2", "03"), ("a4", "a2", "02"),
        ("b1", "b", "02"), ("b2", "b", "02"), ("b3", "b", "02"),
    }  # fmt: skip
    assert ("a2", "B1") in of(found, "IDS101", "ServiceRequestId", "SourceOfReferralIAPT")


def test_problems_are_coded_as_said() -> None:
    three = records(Course("a", []), Course("b", [], complaint="F401"), Course("c", [], complaint="F331"))
    problems = [set(of(change(three), "IDS603", "ServiceRequestId", "PresComp"))
                for change in (coding.everything_mixed, coding.depression_as_anxiety)]  # fmt: skip
    assert problems == [
        {("a", "F412"), ("b", "F412"), ("c", "F412")},
        {("a", "F411"), ("b", "F401"), ("c", "F411")},
    ]


def test_the_last_contact_of_low_intensity_is_coded_high_in_courses_of_low_intensity_alone() -> None:
    low, both, one = Course("a", [ILL] * 3, low=3), Course("b", [ILL] * 3, low=2), Course("c", [ILL], low=1)
    found = coding.one_contact_of_high_intensity(records(low, both, one))
    high = [act for act, code in of(found, "IDS202", "CareActId", "CodeProcAndProcStatus") if code == HIGH]
    assert sorted(high) == ["Aa3", "Ab3"]


def test_a_missed_appointment_becomes_an_assessment_only_of_people_never_seen() -> None:
    found = coding.missed_as_assessed(records(Course("a", [], missed=True), Course("b", [ILL], missed=True)))
    assert of(found, "IDS201", "CareContactId", "AppType", "AttendOrDNACode", "ClinContDurOfCareCont") == [
        ("am", "01", "5", 10), ("bm", "02", "3", 0), ("b1", "02", "5", 50)
    ]  # fmt: skip


def test_severe_is_a_first_score_of_15_or_more_and_such_people_are_sent_away() -> None:
    mild, severe = Course("a", [(14, 14), WELL]), Course("b", [(15, 0), WELL])
    anxious, unknown = Course("c", [(3, 15), WELL]), Course("d", [None, None])
    all_four = records(mild, severe, anxious, unknown)
    assert discharged(accepting.severe_ended_after_assessment(all_four)) == {
        "a": mild.ends, "b": severe.day(1), "c": anxious.day(1), "d": unknown.ends
    }  # fmt: skip
    refused = accepting.severe_not_accepted(all_four)
    assert discharged(refused)["b"] == severe.day(1) - timedelta(days=1)
    assert {row[0] for row in of(refused, "IDS201", "ServiceRequestId")} == {"a", "d"}
    assert {row[0] for row in of(refused, "IDS603", "ServiceRequestId")} == {"a", "d"}


def test_a_call_after_two_weeks_only_for_those_who_would_wait_more_than_six() -> None:
    late, in_time = Course("a", [ILL, WELL], wait=43), Course("b", [ILL, WELL], wait=42)
    found = waiting.early_call(records(late, in_time))
    calls = [row for row in of(found, "IDS201", "CareContactId", "CareContDate", "AppType", "ClinContDurOfCareCont", MONTH)
             if row[0] not in ("a1", "a2", "b1", "b2")]  # fmt: skip
    assert calls == [("Xa1", date(2025, 4, 15), "03", 10, START)]
    assert courses(found)["first_treatment"].to_list() == [date(2025, 4, 15), in_time.day(1)]
    assert len(of(found, "IDS202", "CareActId")) == 5


def test_a_late_referral_is_dated_two_weeks_before_the_first_contact() -> None:
    late, in_time = Course("a", [ILL, WELL], wait=43), Course("b", [ILL, WELL], wait=42)
    found = waiting.late_date_of_referral(records(late, in_time))
    assert courses(found)["received"].to_list() == [late.day(1) - timedelta(days=14), START]
    assert [row for row in of(found, "IDS101", "ServiceRequestId", MONTH) if row == ("a", START)] == [("a", START)]


def test_what_was_recorded_at_a_late_referral_is_dated_with_it_and_not_what_was_known_before() -> None:
    late, before = Course("a", [ILL, WELL], received=5, wait=43), START - timedelta(days=60)
    days = [before, START + timedelta(days=5), late.day(1), None]
    recorded = pl.DataFrame(
        {"LocalPatientId": "Pa", "AccommodationTypeDate": days, MONTH: date(2025, 5, 1)},
        schema_overrides={"AccommodationTypeDate": pl.Date},
    )
    found = waiting.late_date_of_referral(records(late).changed(IDS003=recorded))
    new = late.day(1) - timedelta(days=14)
    assert found.tables["IDS003"]["AccommodationTypeDate"].to_list() == [before, new, late.day(1), None]


def test_happy_answers_are_those_of_content_people() -> None:
    some = records(Course("a", [None]))
    answers = pl.DataFrame(
        [("Aa1", tool, score, START) for tool, score in
         (("747891000000106", "4"), ("747891000000106", "2"), ("747861000000100", "N"), ("747861000000100", "NA"),
          (PHQ9, "1"), (GAD7, "2"))],
        schema=some.tables["IDS607"].schema, orient="row",
    )  # fmt: skip
    found = scores.happy_answers_only(some.changed(IDS607=answers))
    assert of(found, "IDS607", "PersScore") == [("4",), ("NA",), ("1",), ("2",)]
