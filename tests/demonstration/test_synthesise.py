"""Demonstration submissions: clean, seeded, consistent from month to month, close to the published figures."""

import zipfile
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from demonstration import outcomes
from demonstration import service_use as use
from demonstration.calibration import BATTERIES
from demonstration.draws import scores
from demonstration.faults import possible_faults
from demonstration.frequencies import CHOICE_QUESTIONS, PRESENTEEISM, SATISFACTION_QUESTION, TREATMENT_QUESTIONS
from demonstration.people import never_issued
from demonstration.sites import service
from demonstration.submissions import Part, parts
from demonstration.writing import write_single_submission, write_submissions
from pipelines.load import check_path
from schemas.dataset import TABLES, find_table
from schemas.generated import generated_rules
from schemas.table import Table
from schemas.versions import Version, tables_of
from tests.campaign import is_whole, one_of_each

START = date(2025, 4, 1)
PHQ9, GAD7 = "720433000", "445455005"
EXPERIENCE = {*CHOICE_QUESTIONS, SATISFACTION_QUESTION, *TREATMENT_QUESTIONS}
ATTENDED = pl.col("AttendOrDNACode").is_in(["5", "6"])
TREATMENT = pl.col("AppType").is_in(["02", "03", "05"]) & (ATTENDED | (pl.col("PlannedCareContIndicator") == "N"))


@cache
def submissions(folder: Path) -> list[tuple[str, date, dict[str, pl.DataFrame]]]:
    """Provider, month and tables (all text, by id) of every submission folder."""
    read = []
    for target in sorted(path for path in folder.iterdir() if path.is_dir()):
        provider, month = target.name.split("_")
        tables = {}
        for path in sorted(target.iterdir()):
            found = find_table(path.stem)
            assert found is not None, path
            tables[found.id] = pl.read_csv(path, infer_schema=False)
        read.append((provider, date.fromisoformat(f"{month}-01"), tables))
    return read


def broken(table: Table, records: pl.DataFrame, month: date) -> list[tuple[int, str]]:
    """(row as submitted, rule) for every generated rule a record breaks."""
    texts = [pl.col(name).alias(f"{name}_text") for name in records.columns]
    values = [
        pl.col(field.name).str.to_date("%Y-%m-%d", strict=False)
        if field.dtype == pl.Date
        else pl.col(field.name).str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
        if field.dtype == pl.Datetime
        else pl.col(field.name).cast(field.dtype, strict=False)
        for field in table.fields
        if field.name in records.columns
    ]
    rows = records.select(*texts, *values).with_row_index("row", offset=2)
    end = month.replace(day=28)
    found = []
    for rule in generated_rules(table, month, end):
        if rule.fields[0] in records.columns:
            bad = rows.filter(pl.sql_expr(rule.fails).fill_null(value=False))
            found += [(row, rule.id) for row in bad["row"]]
    return sorted(found)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight providers (six sites, two Talking Therapies) over three months, no faults."""
    folder = tmp_path_factory.mktemp("clean")
    write_submissions(folder, providers=8, months=3, start=START, seed=1, size=0.5)
    return folder


def one_month_of_each(clean: Path) -> list[tuple[str, date]]:
    """Provider and month of its last submission, which has what earlier months left open; in a campaign of all."""
    last_first = [(provider, month) for provider, month, _ in reversed(submissions(clean))]
    return one_of_each("clean demonstration submissions", last_first, lambda each: each[0])


def test_a_clean_submission_is_accepted_without_a_warning(clean: Path) -> None:
    for provider, month in one_month_of_each(clean):
        folder = clean / f"{provider}_{month:%Y-%m}"
        assert check_path(folder).findings.is_empty(), folder.name


def test_every_code_date_and_number_passes_the_generated_rules(clean: Path) -> None:
    read = one_month_of_each(clean)
    for provider, month, tables in submissions(clean):
        for id_, records in tables.items() if (provider, month) in read else ():
            assert broken(TABLES[id_], records, month) == [], (provider, month, id_)


def test_a_submission_has_every_table_and_element_of_its_version(clean: Path) -> None:
    for _, _, tables in submissions(clean):
        version = tables["IDS000"]["DatSetVer"].item()
        smi_only = [id_ for id_, table in TABLES.items() if id_ not in tables_of(Version.IAPT_2_1)]
        assert set(tables) == set(TABLES) - (set() if version == "1.0" else set(smi_only))
        assert tables["IDS101"].columns[-1] == ("OfferAccepted" if version == "1.0" else "ServDischDate")


def test_keys_are_unique_and_every_record_has_its_parent(clean: Path) -> None:
    for provider, month, tables in submissions(clean):
        for id_, records in tables.items():
            table = TABLES[id_]
            if table.key:
                assert not records.select(table.key).is_duplicated().any(), (provider, month, id_)
            if table.parent:
                here, parent, there = table.parent
                orphans = records.join(tables[parent], left_on=here, right_on=there, how="anti")
                assert orphans.is_empty(), (provider, month, id_)


def test_nhs_numbers_are_from_the_range_never_issued_and_unique_in_a_submission(clean: Path) -> None:
    for _, _, tables in submissions(clean):
        numbers = tables["IDS001"]["NHSNumber"]
        assert numbers.null_count() == 0
        assert numbers.is_unique().all()
        for number in numbers.to_list():
            digits = [int(digit) for digit in number]
            check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
            assert number.startswith("999")
            assert digits[9] == (0 if check == 11 else check)


def test_the_list_of_never_issued_numbers_is_complete() -> None:
    numbers = never_issued()
    assert numbers[0] == 9990000018  # 999 000 000: weighted sum 243, remainder 1, check digit 10: no number
    assert len(numbers) == len(np.unique(numbers)) == 909_091  # a million stems, ten elevenths have a check digit


def test_some_nhs_numbers_are_not_verified(clean: Path) -> None:
    status = pl.concat([tables["IDS001"]["NHSNumberStatus"] for _, _, tables in submissions(clean)])
    assert 0.90 < (status == "01").mean() < 1.0  # type: ignore[operator]


def test_an_open_referral_recurs_every_month_until_it_closes(clean: Path) -> None:
    for provider in {name for name, _, _ in submissions(clean)}:
        months = [tables["IDS101"] for name, _, tables in submissions(clean) if name == provider]
        for earlier, later in pairwise(months):
            still_open = earlier.filter(pl.col("ServDischDate").is_null())["ServiceRequestId"]
            closed = earlier.filter(pl.col("ServDischDate").is_not_null())["ServiceRequestId"]
            assert still_open.is_in(later["ServiceRequestId"].to_list()).all()
            assert not closed.is_in(later["ServiceRequestId"].to_list()).any()


def test_a_submission_knows_nothing_of_later_months(clean: Path) -> None:
    for provider, month, tables in submissions(clean):
        after = (month.replace(day=28) + (date(2025, 5, 4) - date(2025, 4, 28))).replace(day=1)
        for id_, records in tables.items():
            for field in TABLES[id_].fields:
                planned = field.name in ("QualPlannedCompletionDate", "DateTimeDatSetCreate")
                if field.dtype == pl.Date and field.name in records.columns and not planned:
                    latest = records[field.name].max()
                    assert latest is None or str(latest) < str(after), (provider, month, id_, field.name)


def test_contacts_and_scores_are_in_the_month_they_happen(clean: Path) -> None:
    for _, month, tables in submissions(clean):
        for id_, name in (
            ("IDS201", "CareContDate"),
            ("IDS606", "AssToolCompDate"),
            ("IDS205", "EndDateIntEnabledTherLog"),
        ):
            dates = tables[id_][name]
            assert dates.str.starts_with(f"{month:%Y-%m}").all(), id_


def test_discharge_is_not_before_referral_nor_contacts_after_it(clean: Path) -> None:
    for _, _, tables in submissions(clean):
        contacts = tables["IDS201"].join(tables["IDS101"], on="ServiceRequestId")
        assert (contacts["CareContDate"] >= contacts["ReferralRequestReceivedDate"]).all()
        assert (contacts["CareContDate"] <= contacts["ServDischDate"]).fill_null(True).all()


def test_same_seed_same_bytes_another_seed_other_bytes(clean: Path, tmp_path: Path) -> None:
    write_submissions(tmp_path / "again", providers=7, months=1, start=START, seed=1, size=0.5)
    write_submissions(tmp_path / "other", providers=7, months=1, start=START, seed=2, size=0.5)
    for path in sorted((tmp_path / "again").rglob("*.csv")):
        relative = path.relative_to(tmp_path / "again")
        if len(relative.parts) > 1:  # fewer providers and months: each submission is the same all the same
            assert path.read_bytes() == (clean / relative).read_bytes(), relative
    contacts = "RW5_2025-04/IDS201CareContact.csv"
    assert (tmp_path / "again" / contacts).read_bytes() != (tmp_path / "other" / contacts).read_bytes()


def test_a_second_year_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    write_submissions(tmp_path / "year", providers=1, months=12, start=START, seed=3)
    write_submissions(tmp_path / "more", providers=1, months=13, start=START, seed=3)
    for path in sorted((tmp_path / "year").glob("*/*.csv")):
        assert path.read_bytes() == (tmp_path / "more" / path.relative_to(tmp_path / "year")).read_bytes(), path
    later = pl.read_csv(tmp_path / "more" / "RW5_2026-04" / "IDS101Referral.csv")
    assert later["ReferralRequestReceivedDate"].max() >= "2026-04-01"  # type: ignore[operator]
    assert later["ServiceRequestId"].is_unique().all()


@pytest.mark.parametrize("as_zip", [False, True])
def test_planted_faults_are_exactly_what_checking_finds(tmp_path: Path, *, as_zip: bool) -> None:
    summary = write_submissions(
        tmp_path,
        providers=7,
        months=2 if is_whole() else 1,
        start=START,
        seed=4,
        faults=0.02,
        size=0.5,
        as_zip=as_zip,
    )
    key = pl.read_csv(tmp_path / "answer_key.csv", schema_overrides={"planted": pl.String})
    assert key.height == summary.faults
    assert 0.01 * summary.rows < summary.faults < 0.025 * summary.rows
    if as_zip:
        for archive in sorted(tmp_path.glob("*.zip")):
            zipfile.ZipFile(archive).extractall(tmp_path / archive.stem)
    for provider, month, tables in submissions(tmp_path):
        for id_, records in tables.items():
            planted = key.filter(
                (pl.col("provider") == provider) & (pl.col("month") == f"{month:%Y-%m}") & (pl.col("table") == id_)
            )
            expected = sorted(zip(planted["row_number"], planted["rule_id"], strict=True))
            assert broken(TABLES[id_], records, month) == expected, (provider, month, id_)
    kinds = {rule_id.rsplit("-", 1)[1] for rule_id in key["rule_id"]}
    assert kinds == {"BLANK", "FORMAT", "CODE", "RANGE"}


def test_faults_spare_the_header_and_the_keys_that_join_tables() -> None:
    for table in TABLES.values():
        fields = {fault.field for fault in possible_faults(table, START, date(2025, 4, 30))}
        assert not fields & {*table.key, *(table.parent or ())[:1]}
    part = next(parts(service(0, 1), START, 1, 1))
    assert "IDS000" not in part.tables


def test_providers_have_distinct_codes_and_the_demonstration_sites_come_first() -> None:
    services = [service(index, 1) for index in range(260)]
    assert [found.code for found in services[:6]] == ["RW5", "RV5", "RXT", "RH5", "RRP", "RAT"]
    assert {found.version for found in services[:6]} == {"1.0"}
    assert {found.version for found in services[6:]} == {"2.1"}
    assert len({found.code for found in services}) == 260


@pytest.mark.parametrize("number", [-1, 6 + 1300])
def test_a_place_without_a_service_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no service"):
        service(number, 1)


def test_a_start_within_a_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="first of a month"):
        write_submissions(tmp_path, providers=1, months=1, start=date(2025, 4, 2), seed=1)


def test_a_single_submission_has_about_the_contacts_asked_for(tmp_path: Path) -> None:
    summary = write_single_submission(tmp_path, contacts=110_000, seed=1)  # two parts
    assert summary.contacts == pytest.approx(110_000, rel=0.03)
    ((_, month, tables),) = submissions(tmp_path)
    assert tables["IDS201"].height == summary.contacts
    assert sum(records.height for records in tables.values()) == summary.rows
    for id_ in ("IDS001", "IDS101", "IDS201"):
        assert not tables[id_].select(TABLES[id_].key).is_duplicated().any()
        assert broken(TABLES[id_], tables[id_], month) == []
    assert tables["IDS001"]["NHSNumber"].is_unique().all()


# ── Calibration: a large seeded sample against the published figures (``calibration`` names the sources) ──


@cache
def talking_therapies() -> pl.DataFrame:
    """Referrals of one year at 20 services, followed for two, with first and last scores as submitted."""
    found = []
    for index in range(6, 26):
        for part in parts(service(index, 11, 3.0), START, 24, 11):
            table = {id_: monthly.frame for id_, monthly in part.tables.items()}
            referrals = table["IDS101"].sort("ServDischDate").unique("ServiceRequestId", keep="last")
            contacts = table["IDS201"].select("CareContactId", "ServiceRequestId", "CareContDate", "AppType")
            in_contact = (
                table["IDS607"]
                .join(table["IDS202"], on="CareActId")
                .join(contacts.filter(pl.col("AppType") != "06"), on="CareContactId")
                .select("ServiceRequestId", "CodedAssToolType", "PersScore", day="CareContDate")
            )
            online = table["IDS606"].select(
                "ServiceRequestId", "CodedAssToolType", "PersScore", day="AssToolCompDate"
            )
            scored = pl.concat([in_contact, online]).sort("day")
            sessions = table["IDS201"].filter(TREATMENT).group_by("ServiceRequestId").agg(
                pl.len().alias("sessions"), pl.col("CareContDate").min().alias("first")
            )  # fmt: skip
            row = referrals.join(sessions, on="ServiceRequestId", how="left")
            for tool, code in (("phq", PHQ9), ("gad", GAD7)):
                value = pl.col("PersScore").cast(pl.Int64)
                of_tool = scored.filter(pl.col("CodedAssToolType") == code).group_by("ServiceRequestId").agg(
                    value.first().alias(f"{tool}_first"),
                    pl.when(pl.len() > 1).then(value.last()).alias(f"{tool}_last"),
                )  # fmt: skip
                row = row.join(of_tool, on="ServiceRequestId", how="left")
            found.append(row.filter(pl.col("ReferralRequestReceivedDate").is_between(START, date(2026, 3, 31))))
    return pl.concat(found)


def finished() -> pl.DataFrame:
    """Finished courses with caseness, recovery and reliable change (facts of NHS England's definitions)."""
    courses = talking_therapies().filter(pl.col("ServDischDate").is_not_null() & (pl.col("sessions") >= 2))
    fall_phq, fall_gad = pl.col("phq_first") - pl.col("phq_last"), pl.col("gad_first") - pl.col("gad_last")
    better, worse = (fall_phq >= 6) | (fall_gad >= 4), (fall_phq <= -6) | (fall_gad <= -4)
    case = (pl.col("phq_first") >= 10) | (pl.col("gad_first") >= 8)
    return courses.with_columns(
        case=case,
        improved=(better & ~worse).fill_null(value=False),
        deteriorated=(worse & ~better).fill_null(value=False),
        recovered=(case & (pl.col("phq_last") < 10) & (pl.col("gad_last") < 8)).fill_null(value=False),
        wait=(pl.col("first") - pl.col("ReferralRequestReceivedDate")).dt.total_days(),
    )


@pytest.mark.parametrize(
    ("column", "mean", "sd", "within"),
    [
        ("phq_first", 14.2, 6.1, 0.3),
        ("gad_first", 13.3, 5.1, 0.3),
        ("phq_last", 9.5, 6.6, 0.6),
        ("gad_last", 8.6, 5.7, 0.6),
    ],
)
def test_scores_have_the_published_means_and_spreads(column: str, mean: float, sd: float, within: float) -> None:
    values = finished()[column].drop_nulls().to_numpy()
    assert values.mean() == pytest.approx(mean, abs=within)
    assert values.std() == pytest.approx(sd, abs=0.3)


def test_outcomes_are_near_the_published_shares() -> None:
    courses = finished()
    not_case = courses.filter(~pl.col("case")).height
    of_cases = courses.height - not_case
    recovered = courses.filter("recovered")
    assert not_case / courses.height == pytest.approx(0.065, abs=0.012)
    assert courses["improved"].mean() == pytest.approx(0.67, abs=0.025)
    assert courses["deteriorated"].mean() == pytest.approx(0.058, abs=0.012)
    assert recovered.height / of_cases == pytest.approx(0.503, abs=0.025)
    assert recovered.filter("improved").height / of_cases == pytest.approx(0.475, abs=0.025)
    unpaired = courses["phq_last"].is_null().mean()
    assert unpaired == pytest.approx(0.0127 + 0.0014, abs=0.008)


def test_waits_and_shares_finished_are_near_the_published_ones() -> None:
    courses, referrals = finished(), talking_therapies()
    assert (courses["wait"] <= 42).mean() == pytest.approx(0.852, abs=0.06)
    assert (courses["wait"] <= 126).mean() == pytest.approx(0.977, abs=0.02)
    assert courses.height / referrals.height == pytest.approx(0.367, abs=0.03)


def test_services_differ() -> None:
    rates = finished().group_by("OrgIDComm").agg(pl.col("recovered").mean(), pl.len()).filter(pl.col("len") > 300)
    assert 0.02 < rates["recovered"].std() < 0.08  # type: ignore[operator]  # published: 5th to 95th percentile 33 to 58


@cache
def site(index: int) -> Part:
    """A demonstration site made forty times as large."""
    return next(parts(service(index, 12, 40.0), START, 1, 12))


def test_nine_in_ten_in_psychosis_engage_for_five_sessions() -> None:
    referrals = site(1).history.referrals
    sessions = referrals.sessions[(referrals.pathway == 0) & (referrals.sessions > 0)]
    assert (sessions >= 5).mean() == pytest.approx(0.90, abs=0.02)


def test_bipolar_courses_have_the_published_dose() -> None:
    referrals = site(2).history.referrals
    sessions = referrals.sessions[(referrals.pathway == 1) & (referrals.sessions > 0)]
    assert (sessions > 5).mean() == pytest.approx(0.81, abs=0.02)
    assert np.median(sessions) == pytest.approx(9, abs=1)
    assert list(np.percentile(sessions, [25, 75])) == [pytest.approx(6, abs=1), pytest.approx(11, abs=1)]


@pytest.mark.parametrize(
    ("kind", "shares"),
    [("02", (0.392, 0.191, 0.164)), ("01", (0.21, 0.083, None)), ("05", (0.61, 0.272, None)),
     ("06", (0.299, 0.069, None)), ("07", (0.23, 0.11, None))],
)  # fmt: skip
def test_personality_disorder_service_use_before_during_and_after(
    kind: str, shares: tuple[float | None, ...]
) -> None:
    history = site(3).history
    referrals = history.referrals
    events = use.service_use(history, np.random.default_rng(1))
    mine = referrals.pathway == 2
    treated = mine & (referrals.sessions > 0)
    until = np.where(referrals.sessions > 0, referrals.first_treatment, referrals.discharged)[events.referral]
    last = np.where(referrals.sessions > 0, referrals.last_treatment, referrals.discharged)[events.referral]
    windows = (events.start < until, (events.start >= until) & (events.start < last), events.start >= last)
    populations = (mine, treated, treated & (referrals.follow_ups > 0))
    for window, population, share in zip(windows, populations, shares, strict=True):
        if share is not None:
            used = np.unique(events.referral[window & (events.kind == use.KINDS.index(kind))])
            assert population[used].sum() / population.sum() == pytest.approx(share, abs=0.025)


@pytest.mark.parametrize(("index", "pathway"), [(1, "01"), (2, "02"), (3, "03")])
def test_smi_batteries_change_by_the_effect_set(index: int, pathway: str) -> None:
    part = site(index)
    rng = np.random.default_rng(2)
    _, found = outcomes.battery_scores(part.history, rng)
    mine = part.history.referrals.pathway == ("01", "02", "03").index(pathway)
    complete = part.history.referrals.is_complete
    for change in BATTERIES[pathway]:
        instrument = outcomes._instrument(change.instrument)
        of_tool = [scored for scored in found if scored.snomed == instrument.snomed]
        first, last = (
            {
                int(referral): float(score)
                for scored in of_tool
                for referral, score, point in zip(scored.referral, scored.score, scored.timepoint, strict=True)
                if point == timepoint and mine[referral] and complete[referral]
            }
            for timepoint in (outcomes.BASELINE, outcomes.END)
        )
        both = first.keys() & last.keys()
        gain = np.mean([last[referral] - first[referral] for referral in both])
        better = 1 if instrument.direction == "higher" else -1
        # Scores at the end of their range cannot change as far: up to a tenth of an SD less.
        assert better * gain / np.std(list(first.values())) == pytest.approx(change.effect, abs=0.12)


@pytest.mark.parametrize(("mean", "sd"), [(14.2, 6.1), (9.5, 6.6), (4.0, 3.0)])
def test_scores_are_drawn_with_the_mean_and_sd_asked_for(mean: float, sd: float) -> None:
    drawn = scores(np.random.default_rng(5).standard_normal(200_000), 0, 27, mean, sd)
    assert drawn.min() >= 0
    assert drawn.max() <= 27
    assert drawn.mean() == pytest.approx(mean, abs=0.05)
    assert drawn.std() == pytest.approx(sd, abs=0.05)


def test_employment_is_recorded_again_at_the_end_of_treatment_and_not_before(clean: Path) -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for provider, month, tables in submissions(clean):
        days = tables["IDS004"]["EmployStatusRecDate"].str.to_date()
        assert (days <= date(month.year + month.month // 12, month.month % 12 + 1, 1)).all()
        for person, day in tables["IDS004"].select("LocalPatientId", "EmployStatusRecDate").iter_rows():
            seen.setdefault((provider, person), set()).add(day)
    assert {len(days) for days in seen.values()} == {1, 2}


def test_employment_support_is_referred_to_before_it_begins_and_is_coded(clean: Path) -> None:
    contacts, referred = 0, 0
    for _, _, tables in submissions(clean):
        support = (
            tables["IDS202"]
            .filter(pl.col("CodeProcAndProcStatus") == "1098051000000103")
            .join(tables["IDS201"], on="CareContactId")
            .join(tables["IDS101"], on="ServiceRequestId")
            .join(tables["IDS004"].unique("LocalPatientId"), on="LocalPatientId")
        )
        assert (support["EmpSupportReferral"] < support["CareContDate"]).all()
        assert set(support["AppType"]) <= {"07"}
        contacts += support.height
        referred += tables["IDS004"]["EmpSupportReferral"].is_not_null().sum()
    assert contacts > 0 and referred > 0


def test_experience_answers_of_talking_therapies_are_scores_of_a_contact(clean: Path) -> None:
    found: set[str] = set()
    for _, _, tables in submissions(clean):
        if "SMI608" not in tables:
            found |= set(tables["IDS607"]["CodedAssToolType"]) & EXPERIENCE
            assert not set(tables["IDS606"]["CodedAssToolType"]) & EXPERIENCE
    assert found == EXPERIENCE


def test_people_in_work_are_asked_about_presenteeism_twice_with_a_time(clean: Path) -> None:
    asked = [
        tables["IDS606"].filter(pl.col("CodedAssToolType").is_in(list(PRESENTEEISM)))
        for _, _, tables in submissions(clean)
    ]
    rows = pl.concat([frame.select("ServiceRequestId", "CodedAssToolType", "AssToolCompTime") for frame in asked])
    assert rows["AssToolCompTime"].null_count() == 0
    assert rows.group_by("ServiceRequestId", "CodedAssToolType").len()["len"].max() == 2
