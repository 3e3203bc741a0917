"""Staff of the demonstration: who leaves, who follows and who is trained, read from the submitted tables."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demonstration import frequencies as f
from demonstration.draws import dates
from demonstration.monthly import Calendar
from demonstration.sites import service
from demonstration.staff import Team, team
from demonstration.submissions import parts
from demonstration.writing import write_submissions
from pipelines.load import check_path

START, MONTHS, SEED = date(2025, 4, 1), 12, 26
YEAR = Calendar(START, MONTHS)
# Somerset, and a service of Talking Therapies, both made large enough for about 20 posts. By this seed people leave,
# join as trainees and complete their course at both.
SERVICES = {"IAPT-SMI": service(3, SEED, 12.0), "Talking Therapies": service(6, SEED, 4.0)}
both = pytest.mark.parametrize("dataset", SERVICES)


@cache
def tables(dataset: str) -> dict[str, pl.DataFrame]:
    """A year of submissions: every table with the number of its month in ``month``."""
    (part,) = parts(SERVICES[dataset], START, MONTHS, SEED)
    return {
        id_: table.frame.with_columns(month=pl.Series(np.repeat(np.arange(MONTHS), np.diff(table.starts))))
        for id_, table in part.tables.items()
    }


@cache
def members(dataset: str) -> pl.DataFrame:
    """Everybody who held a post: identifier, post, turn, first and last day."""
    of = team(SERVICES[dataset], YEAR, SEED)
    entry = np.arange(len(of.ids))
    return pl.DataFrame(
        {"CarePersLocalId": of.ids, "post": entry % of.posts, "turn": entry // of.posts,
         "since": dates(of.since), "until": dates(of.until)}
    )  # fmt: skip


def sessions(dataset: str) -> pl.DataFrame:
    """Every activity with its day, referral and member of staff."""
    return tables(dataset)["IDS202"].join(tables(dataset)["IDS201"].drop("month"), on="CareContactId")


def listed(dataset: str) -> pl.DataFrame:
    """First and last month in which each member of staff is on the list."""
    months = pl.col("month")
    return tables(dataset)["IDS902"].group_by("CarePersLocalId").agg(
        first=months.min(), last=months.max(), number=months.n_unique()
    )  # fmt: skip


@both
def test_nobody_gives_a_session_before_the_first_or_after_the_last_day_in_post(dataset: str) -> None:
    given = sessions(dataset).join(members(dataset), on="CarePersLocalId", how="left")
    assert given["since"].null_count() == 0
    assert (given["CareContDate"].is_between(given["since"], given["until"])).all()
    assert given.filter(
        (pl.col("until") < date(2026, 3, 1)) & (pl.col("CareContDate").dt.month() == pl.col("until").dt.month())
    ).height


@both
def test_a_leaver_is_listed_to_the_month_of_leaving_and_a_successor_from_the_month_of_joining(dataset: str) -> None:
    found = members(dataset).join(listed(dataset), on="CarePersLocalId", how="left")
    here = found.filter(pl.col("since") <= date(2026, 3, 31))
    month = {day: YEAR.month_of(here[day].to_physical().to_numpy().astype(np.int64)) for day in ("since", "until")}
    assert here["first"].to_list() == np.maximum(month["since"], 0).tolist()
    assert here["last"].to_list() == np.minimum(month["until"], MONTHS - 1).tolist()
    assert (here["number"] == here["last"] - here["first"] + 1).all()  # on no list before, between or after
    assert (here["first"] > 0).any()
    assert (here["last"] < MONTHS - 1).any()
    assert found.filter(pl.col("since") > date(2026, 3, 31))["first"].null_count() == found.height - here.height


@both
def test_a_successor_takes_over_the_courses_after_a_gap_in_which_colleagues_give_them(dataset: str) -> None:
    given = sessions(dataset).join(members(dataset), on="CarePersLocalId")
    left = members(dataset).filter((pl.col("turn") == 0) & (pl.col("until") < date(2025, 12, 1)))
    before = given.join(left.select("CarePersLocalId"), on="CarePersLocalId").select(
        "ServiceRequestId", left="post"
    )
    later = given.join(before.unique(), on="ServiceRequestId")
    taken_over = later.filter((pl.col("post") == pl.col("left")) & (pl.col("turn") > 0))
    covered = later.filter(pl.col("post") != pl.col("left"))
    assert taken_over.height > 0
    assert covered.height > 0
    follows = members(dataset).sort("post", "turn").with_columns(gone=pl.col("until").shift(1).over("post"))
    gap = (pl.col("since") - pl.col("gone")).dt.total_days() - 1
    gaps = follows.filter(pl.col("gone").is_not_null() & (pl.col("post") > 0)).select(gap).to_series()
    assert gaps.is_between(f.VACANT_DAYS[0], f.VACANT_DAYS[1] - 1).all()


@both
def test_a_trainee_is_trained_from_the_month_in_which_the_course_ends_and_not_before(dataset: str) -> None:
    rows = tables(dataset)["IDS902"].with_columns(last=pl.col("month").map_elements(_last_day, pl.Date))
    awarded, planned = pl.col("QualAwardedDate"), pl.col("QualPlannedCompletionDate")
    assert rows.filter(awarded.is_null() == planned.is_null()).is_empty()
    assert (
        rows.filter(awarded.is_not_null())["QualAwardedDate"] <= rows.filter(awarded.is_not_null())["last"]
    ).all()
    of_each = rows.group_by("CarePersLocalId").agg(
        ends=pl.coalesce(awarded, planned).n_unique(), learned=planned.count(), trained=awarded.count()
    )
    assert of_each["ends"].to_list() == [1] * of_each.height  # the award is on the day planned, and stays
    assert of_each.filter((pl.col("learned") > 0) & (pl.col("trained") > 0)).height > 0
    begun = rows.filter(planned.is_not_null()).join(members(dataset), on="CarePersLocalId")
    assert begun.filter(pl.col("turn") > 0).height > 0  # new trainees


def test_a_trainee_is_trained_in_no_therapy_before_the_award_and_is_supervised() -> None:
    rows = tables("IAPT-SMI")["SMI902"].join(tables("IAPT-SMI")["IDS902"], on=["CarePersLocalId", "month"])
    learning = rows.filter(pl.col("QualAwardedDate").is_null())
    assert learning.height > 0
    assert learning["TherapyTrainingDate"].null_count() == learning.height
    assert learning["SupervisionStartDate"].null_count() == 0


def test_the_lists_of_a_month_name_the_same_people() -> None:
    of = tables("IAPT-SMI")
    people = ["month", "CarePersLocalId"]
    assert of["SMI901"].select(people).equals(of["IDS902"].select(people))
    assert of["SMI902"].join(of["SMI901"], on=people, how="anti").is_empty()


def test_about_a_quarter_of_practitioners_and_an_eighth_of_therapists_leave_in_a_year() -> None:
    teams = [team(service(index, SEED, 20.0), YEAR, SEED) for index in range(6, 26)]
    first = pl.concat([
        pl.DataFrame({"curriculum": of.curriculum, "until": dates(of.until)}).head(of.posts) for of in teams
    ])  # fmt: skip
    left = pl.col("until") < date(2026, 4, 1)
    shares = dict(first.group_by(pl.col("curriculum") == f.PRACTITIONER).agg(left.mean()).iter_rows())
    assert shares[True] == pytest.approx(f.PRACTITIONERS_LEAVE, abs=0.03)
    assert shares[False] == pytest.approx(f.THERAPISTS_LEAVE, abs=0.03)


def test_a_longer_year_adds_people_and_changes_nobody() -> None:
    year, more = (team(SERVICES["IAPT-SMI"], Calendar(START, months), SEED) for months in (MONTHS, 36))
    size = len(year.ids)
    assert len(more.ids) > size
    for own in ("ids", "since", "until", "awarded", "is_trainee", "curriculum", "group", "band"):
        assert list(getattr(more, own))[:size] == list(getattr(year, own)), own
    assert year.therapies is not None and more.therapies is not None
    assert np.array_equal(more.therapies.trained[:size], year.therapies.trained)
    assert np.array_equal(more.therapies.begins[:size], year.therapies.begins)


@both
def test_staff_who_move_change_nothing_of_a_patient(dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    moving = tables(dataset)
    monkeypatch.setattr(f, "PRACTITIONERS_LEAVE", 1e-9)
    monkeypatch.setattr(f, "THERAPISTS_LEAVE", 1e-9)
    (part,) = parts(SERVICES[dataset], START, MONTHS, SEED)
    assert part.tables["IDS902"].frame["CarePersLocalId"].n_unique() == team(SERVICES[dataset], YEAR, SEED).posts
    for id_, still in part.tables.items():
        if id_ not in ("IDS902", "SMI901", "SMI902"):
            kept = [name for name in still.frame.columns if name != "CarePersLocalId"]
            assert still.frame.select(kept).equals(moving[id_].select(kept)), id_


def test_with_every_other_post_vacant_the_first_one_gives_all() -> None:
    long_ago, ever = np.array([-9999, 0, 0, 0]), np.array([9999, 10, 10, 10])
    ids = pl.Series(["a", "b", "c", "d"])
    of = Team(4, ids, long_ago, ever, long_ago, np.zeros(4, dtype=bool), ids, None, None, None)
    posts, turns = np.arange(4), np.array([7, 8, 9, 10])
    assert of.holder(posts, np.full(4, 10), turns).to_list() == ["a", "b", "c", "d"]
    assert of.holder(posts, np.full(4, 11), turns).to_list() == ["a"] * 4
    assert of.holder(posts[:0], posts[:0], posts[:0]).to_list() == []


def test_submissions_of_months_in_which_staff_moved_are_accepted_without_a_warning(tmp_path: Path) -> None:
    write_submissions(tmp_path, providers=4, months=11, start=START, seed=1, size=0.3)
    # An award at Lancashire; a leaver at Somerset, and a successor in the month after.
    for name in ("RW5_2025-12", "RH5_2026-01", "RH5_2026-02"):
        assert check_path(tmp_path / name).findings.is_empty(), name
    before, after = (_staff(tmp_path / f"RH5_2026-0{month}") for month in (1, 2))
    assert before - after
    assert after - before
    assert _trainees(tmp_path / "RW5_2025-12") < _trainees(tmp_path / "RW5_2025-11")


def _staff(submission: Path) -> set[str]:
    return set(_qualifications(submission)["CarePersLocalId"])


def _trainees(submission: Path) -> set[str]:
    return set(_qualifications(submission).filter(pl.col("QualAwardedDate").is_null())["CarePersLocalId"])


def _qualifications(submission: Path) -> pl.DataFrame:
    return pl.read_csv(submission / "IDS902CarePersQual.csv", infer_schema=False)


def _last_day(month: int) -> date:
    return date.fromordinal(YEAR.first_day(month + 1).toordinal() - 1)
