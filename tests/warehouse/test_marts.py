"""Measures and marts: what is counted, for whom, and what an absent number means."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.campaign import is_whole
from tests.fixtures.every_measure import BETTER, JUNE, SAME, every_measure
from tests.fixtures.warehouse import (
    APRIL,
    FEW,
    Case,
    Row,
    ask,
    build,
    one_of_each,
    some,
    tables_of,
    write_submission,
)
from warehouse.build import build_core, build_marts, open_draft
from warehouse.columns import COUNTS, ContractError, apply_contract, contract
from warehouse.comparison.statistics import wilson
from warehouse.described import Described
from warehouse.measures.catalogue import catalogue
from warehouse.measures.counting import described
from warehouse.measures.passes import passes
from warehouse.measures.rollup import GROUP_FIGURE, described_figures

MAY = date(2025, 5, 1)


@pytest.fixture
def draft() -> Path:
    """With every measure; the people are in ``tests.fixtures.every_measure``."""
    return every_measure()


def measured(
    draft: Path, organisation: str, measure: str, month: date = APRIL, pathway: str = "all"
) -> tuple[int | None, int | None, str]:
    rows = ask(
        draft,
        """SELECT numerator, denominator, state FROM mart.service_measure
           WHERE level IN ('England', 'provider') AND organisation = ? AND measure = ?
               AND period_type = 'month' AND period_start = ? AND pathway = ?""",
        [organisation, measure, month, pathway],
    )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    ("provider", "measure", "expected"),
    [
        ("RXX", "REFERRALS", (5, None, "value")),
        ("RXX", "ACCESS", (5, None, "value")),
        ("RXX", "FINISHED", (4, None, "value")),
        ("RXX", "NOT_AT_CASENESS", (1, 4, "value")),
        ("RXX", "RECOVERY", (1, 3, "value")),  # finished less not at caseness; unpaired stays in
        ("RXX", "RELIABLE_RECOVERY", (1, 3, "value")),
        ("RXX", "RELIABLE_IMPROVEMENT", (1, 4, "value")),
        ("RXX", "NO_RELIABLE_CHANGE", (2, 4, "value")),
        ("RXX", "RELIABLE_DETERIORATION", (0, 4, "value")),
        ("RXX", "PAIRED", (3, 4, "value")),
        ("RXX", "PAIRED_OWN_MEASURE", (0, 0, "no denominator")),
        ("RXX", "WAIT_42", (4, 4, "value")),
        ("RXX", "ENDED_UNTREATED", (0, 4, "value")),
        ("RXX", "ENGAGED_5", (None, None, "not applicable")),
        ("RXX", "ATTENDED", (10, 10, "value")),
        ("RXX", "DNA", (0, 10, "value")),
        ("RYY", "RECOVERY", (None, None, "not applicable")),
        ("RYY", "ENGAGED_5", (2, 3, "value")),
        ("RYY", "ENDED_TREATED_ONCE", (1, 3, "value")),
        ("RYY", "REQOL_RECOVERY", (1, 2, "value")),
        ("RYY", "SMI_IMPROVEMENT", (1, 2, "value")),
        ("RYY", "SMI_DETERIORATION", (1, 2, "value")),
        ("ENG", "REFERRALS", (8, None, "value")),
        ("ENG", "FINISHED", (6, None, "value")),
        (
            "ENG",
            "RECOVERY",
            (1, 3, "value"),
        ),  # Talking Therapies only, although psychosis finished courses too
        ("ENG", "ENGAGED_5", (2, 3, "value")),
    ],
)
def test_what_april_counts(
    draft: Path, provider: str, measure: str, expected: tuple[int | None, int | None, str]
) -> None:
    assert measured(draft, provider, measure) == expected


def test_no_patients_is_zero_and_not_submitted_is_null(draft: Path) -> None:
    assert measured(draft, "RYY", "REFERRALS", JUNE) == (0, None, "value")
    assert measured(draft, "RYY", "ENGAGED_5", JUNE) == (0, 0, "no denominator")
    assert measured(draft, "RXX", "REFERRALS", JUNE) == (None, None, "not submitted")
    assert measured(draft, "RXX", "RECOVERY", MAY) == (None, None, "not submitted")
    assert measured(draft, "ENG", "REFERRALS", MAY) == (None, None, "not submitted")
    assert measured(draft, "ENG", "REFERRALS", JUNE) == (0, None, "value")


def test_every_service_keeps_its_row_in_every_month_for_its_own_pathways(draft: Path) -> None:
    counted = ask(
        draft,
        """SELECT organisation, string_agg(DISTINCT pathway, ' ' ORDER BY pathway), count(DISTINCT period_start),
           count(*) FROM mart.service_measure WHERE period_type = 'month' AND level IN ('England', 'provider')
           GROUP BY organisation ORDER BY organisation""",
    )
    n = len(catalogue())
    assert counted == [
        ("ENG", "01 05 all", 3, 9 * n), ("RXX", "05 all", 3, 6 * n), ("RYY", "01 all", 3, 6 * n),
    ]  # fmt: skip


def test_events_of_a_month_a_provider_did_not_submit_are_not_half_counted(tmp_path: Path) -> None:
    # The referral of April only becomes known with May's submission: April stays "not submitted".
    won = [
        write_submission(tmp_path, "RXX", MAY, tables_of([Case("a")])),
        write_submission(tmp_path, "RYY", APRIL, tables_of([Case("a")])),
    ]
    found = build(tmp_path, won, measures=FEW)
    assert measured(found, "RXX", "REFERRALS") == (None, None, "not submitted")
    assert measured(found, "ENG", "REFERRALS") == (1, None, "value")
    # It is in no figure, and is listed. The day of its discharge is that of measures that count nothing else of it.
    assert ask(found, "FROM mart.uncounted_event ORDER BY date_column") == [
        ("RXX", "RXX", APRIL, "pathway", date_column, 1, "before the first submission")
        for date_column in ("discharged_on", "received_on")
    ]


def test_what_an_extract_knows_of_a_month_that_is_missing_is_listed_and_what_was_submitted_late_is_counted(
    tmp_path: Path,
) -> None:
    def referral(name: str, received: date) -> dict[str, list[Row]]:
        keys: Row = {"ServiceRequestId": name, "LocalPatientId": "p", "ReferralRequestReceivedDate": received}
        return {"IDS001": [{"LocalPatientId": "p"}], "IDS101": [keys]}

    won = [
        write_submission(tmp_path, "RXX", APRIL, referral("a", APRIL)),
        # June knows a referral of April, which April did not have, and one of May, which was not submitted.
        write_submission(
            tmp_path, "RXX", JUNE, {**referral("b", APRIL), "IDS101": [*referral("b", APRIL)["IDS101"],
                                    *referral("c", MAY)["IDS101"], *referral("d", JUNE)["IDS101"]]},
        ),
    ]  # fmt: skip
    found = build(tmp_path, won, measures=("REFERRALS",))
    assert measured(found, "RXX", "REFERRALS") == (2, None, "value")
    assert measured(found, "RXX", "REFERRALS", MAY) == (None, None, "not submitted")
    assert measured(found, "RXX", "REFERRALS", JUNE) == (1, None, "value")
    assert ask(found, "FROM mart.uncounted_event") == [
        ("RXX", "RXX", MAY, "pathway", "received_on", 1, "no submission for the month")
    ]
    assert ask(found, "FROM mart.missing_submission") == [("RXX", "RXX", MAY, "missing", APRIL, JUNE, True)]


def test_medians_are_counted_where_nothing_else_is(tmp_path: Path) -> None:
    referral: Row = {"ServiceRequestId": "a", "LocalPatientId": "p", "ReferralRequestReceivedDate": APRIL}
    tables = {"IDS001": [{"LocalPatientId": "p"}], "IDS101": [referral]}
    sent = [write_submission(tmp_path, "RXX", APRIL, tables)]
    found = build(tmp_path, sent, measures=("MEDIAN_AWAITING_TREATMENT",))
    assert ask(
        found,
        "SELECT DISTINCT quantile FROM mart.service_measure WHERE measure = 'MEDIAN_AWAITING_TREATMENT' "
        "AND organisation = 'RXX' AND state = 'value'",
    ) == [(29,)]


def test_england_says_which_submissions_it_lacks_and_a_period_that_lacks_one_is_not_compared(
    tmp_path: Path,
) -> None:
    case = [Case("a", BETTER), Case("b", SAME)]
    won = [write_submission(tmp_path, "RAA", month, tables_of(case)) for month in (APRIL, MAY, JUNE)]
    # RBB leaves out May; RCC begins in May; RDD ends in May, taken over by RAA from May on.
    won += [write_submission(tmp_path, "RBB", month, tables_of(case)) for month in (APRIL, JUNE)]
    won += [write_submission(tmp_path, "RCC", month, tables_of(case)) for month in (MAY, JUNE)]
    won += [write_submission(tmp_path, "RDD", APRIL, tables_of(case))]
    draft = build(tmp_path, won, marts=False, measures=FEW)
    with open_draft(draft) as con:
        con.execute("INSERT INTO ref.succession VALUES ('RDD', 'RAA', '2025-05-01')")
    build_marts(draft, measures=some(*FEW))
    covered = ask(
        draft,
        """SELECT organisation, over_time, months_submitted, provider_months_expected, provider_months_submitted,
               is_complete
           FROM mart.submission_coverage WHERE period_type = 'quarter' ORDER BY ALL""",
    )
    assert covered == [
        ("ENG", "flow", 3, 9, 8, False), ("ENG", "stock", 3, 3, 3, True),
        ("RAA", "flow", 3, 4, 4, True), ("RAA", "stock", 3, 1, 1, True),
        ("RBB", "flow", 2, 3, 2, False), ("RBB", "stock", 2, 1, 1, True),
        ("RCC", "flow", 2, 2, 2, False), ("RCC", "stock", 2, 1, 1, True),
    ]  # fmt: skip
    assert ask(draft, "SELECT current_provider, month FROM mart.missing_submission") == [("RBB", MAY)]
    national = ask(
        draft,
        """SELECT months, months_submitted, provider_months_expected, provider_months_submitted FROM mart.national
           WHERE measure = 'REFERRALS' AND pathway = 'all' AND period_type = 'quarter'""",
    )
    assert national == [(3, 3, 9, 8)]
    why = ask(
        draft,
        """SELECT provider, months_submitted, why_not FROM mart.service_comparison
           WHERE measure = 'RECOVERY' AND pathway = '05' AND period_type = 'quarter' ORDER BY provider""",
    )
    # All of RCC's courses are of April, before its first submission: it has none in this pathway.
    assert why == [("RAA", 3, "denominator under 20"), ("RBB", 2, "2 of 3 months submitted")]


def test_a_comparison_row_carries_everything_its_rate_is_made_of(draft: Path) -> None:
    rows = ask(
        draft,
        """SELECT provider_name, numerator, denominator, value, lower_95, upper_95, national_numerator,
           national_denominator, national_value, national_value_without FROM mart.service_comparison
           WHERE provider = 'RXX' AND measure = 'ENDED_UNTREATED' AND period_start = ?
               AND period_type = 'month' AND pathway = 'all'""",
        [APRIL],
    )
    low, high = wilson(0, 4) or (None, None)
    # A numerator of 0 is 0 %, not a missing value.
    assert rows == [("Alpha Trust", 0, 4, 0.0, pytest.approx(low), pytest.approx(high), 0, 7, 0.0, 0.0)]


def test_everything_that_is_measured_is_in_one_catalogue(draft: Path) -> None:
    """Items of data quality are in it as well; their counts are not those of a measure."""
    tables = ("service_measure", "service_comparison", "national", "breakdown_measure", "quality_count")
    used = " UNION ".join(f"SELECT measure FROM mart.{table}" for table in tables)
    assert ask(draft, f"({used}) EXCEPT SELECT measure FROM mart.measure") == []
    assert ask(draft, "SELECT count(*) FROM mart.service_comparison WHERE source = 'data quality'") != [(0,)]
    assert (
        ask(
            draft,
            "SELECT measure FROM mart.measure WHERE grain = 'record' EXCEPT SELECT measure FROM mart.quality_item",
        )
        == []
    )
    (counted,) = ask(
        draft, "SELECT count(DISTINCT measure), bool_or(contains(measure, '.')) FROM mart.service_measure"
    )
    assert counted == (len(catalogue()), False)


def test_england_without_the_only_service_is_no_comparison(draft: Path) -> None:
    rows = ask(
        draft,
        """SELECT national_value, national_value_without FROM mart.service_comparison
           WHERE provider = 'RXX' AND measure = 'RECOVERY' AND period_start = ?
               AND period_type = 'month' AND pathway = '05'""",
        [APRIL],
    )
    assert rows == [(pytest.approx(1 / 3), None)]


def test_england_without_a_service_is_the_rest(tmp_path: Path) -> None:
    won = [
        write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", BETTER), Case("b", SAME)])),
        write_submission(
            tmp_path, "RYY", APRIL, tables_of([Case("a", BETTER), Case("b", BETTER), Case("c", SAME)])
        ),
    ]
    rows = ask(
        build(tmp_path, won, measures=FEW),
        """SELECT provider, national_numerator, national_denominator, national_value_without
           FROM mart.service_comparison WHERE measure = 'RECOVERY' AND pathway = 'all' ORDER BY provider""",
    )
    assert rows == [("RXX", 3, 5, pytest.approx(2 / 3)), ("RYY", 3, 5, pytest.approx(1 / 2))]


# Days to the first and the second contact, and whether they are within 42 and 126 days and over 90 days apart.
WAITS = {
    "R01": (42, 132, 1, 1, 0), "R02": (43, 133, 0, 1, 0), "R03": (43, 134, 0, 1, 1), "R04": (126, 130, 0, 1, 0),
    "R05": (127, 130, 0, 0, 0),
}  # fmt: skip


def waited(first: int, second: int) -> tuple[date, dict[str, list[Row]]]:
    """A referral that ends with its second contact: the month of that, and the tables."""
    received = date(2025, 1, 1)
    last = received + timedelta(days=second)
    contacts: list[Row] = [
        {
            "CareContactId": str(days),
            "ServiceRequestId": "r",
            "CareContDate": received + timedelta(days=days),
            "AppType": "02",
            "AttendOrDNACode": "5",
        }
        for days in (first, second)
    ]
    referral: Row = {
        "ServiceRequestId": "r",
        "LocalPatientId": "p",
        "ReferralRequestReceivedDate": received,
        "ServDischDate": last,
    }
    return last.replace(day=1), {"IDS001": [{"LocalPatientId": "p"}], "IDS101": [referral], "IDS201": contacts}


@pytest.fixture(scope="module")
def waits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A draft in which each of the waits is that of the only person of a service: one build for all."""
    tmp = tmp_path_factory.mktemp("waits")
    sent = [write_submission(tmp, provider, *waited(*days[:2])) for provider, days in WAITS.items()]
    return build(tmp, sent, measures=("WAIT_42", "WAIT_126", "SECOND_TREATMENT_90"))


@pytest.mark.parametrize("provider", WAITS)
def test_waits_on_their_day(waits: Path, provider: str) -> None:
    first, second, within_42, within_126, over_90 = WAITS[provider]
    month, _ = waited(first, second)
    assert measured(waits, provider, "WAIT_42", month) == (within_42, 1, "value")
    assert measured(waits, provider, "WAIT_126", month) == (within_126, 1, "value")
    assert measured(waits, provider, "SECOND_TREATMENT_90", month) == (over_90, 1, "value")


def test_no_rate_without_a_denominator_and_none_beyond_0_and_1(draft: Path) -> None:
    wrong = ask(
        draft,
        """SELECT count(*) FROM mart.service_comparison
           WHERE (kind = 'share' AND (value IS NOT NULL) <> (coalesce(denominator, 0) > 0))
              OR NOT (lower_998 <= lower_95 AND lower_95 <= value)
              OR NOT (value <= upper_95 AND upper_95 <= upper_998)""",
    )
    assert wrong == [(0,)]


def test_england_says_how_many_services_it_includes(draft: Path) -> None:
    rows = ask(
        draft,
        """SELECT period_start, providers_counted FROM mart.national
           WHERE measure = 'REFERRALS' AND pathway = 'all' AND period_type = 'month' ORDER BY period_start""",
    )
    assert rows == [(APRIL, 2), (MAY, 0), (JUNE, 1)]


def test_marts_are_the_same_when_built_again(draft: Path, tmp_path: Path) -> None:
    query = "SELECT * FROM mart.service_comparison ORDER BY ALL"
    again = tmp_path / "again.duckdb"
    shutil.copyfile(draft, again)
    build_marts(again)
    assert ask(again, query) == ask(draft, query)


def test_no_submission_at_all_gives_empty_marts(tmp_path: Path) -> None:
    measures = catalogue() if is_whole() else some(*one_of_each(dates=False))
    build_core(tmp_path / "d.duckdb", [], measures=measures)
    assert build_marts(tmp_path / "d.duckdb", measures=measures)["mart.service_measure"] == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"grain": "person"}, "grain 'person'"),
        ({"direction": "up"}, "direction 'up'"),
        ({"pathways": ("09",)}, "pathway '09'"),
        ({"title": ""}, "no title"),
        ({"denominator": ""}, "every kind but 'count' needs a denominator"),
        ({"over_time": ""}, "over_time ''"),
        ({"over_time": "stock"}, "a stock is counted in grain caseload, and only stocks are"),
        (
            {"grain": "caseload", "date_column": "month_end"},
            "a stock is counted in grain caseload, and only stocks are",
        ),
        ({"kind": "mean"}, "unit 'share' goes with kind 'share'"),
        ({"kind": "total"}, "kind 'total'"),
        ({"weight": "treatment_contacts"}, "a weight goes with kind 'mean' only"),
    ],
)
def test_a_measure_that_cannot_be_counted_is_refused(changed: dict[str, Any], message: str) -> None:
    recovery = next(measure for measure in catalogue() if measure.id == "RECOVERY")
    with pytest.raises(ValueError, match=message):
        replace(recovery, **changed)


def test_one_pass_per_grain_and_date() -> None:
    pairs = {(measure.grain, measure.date_column) for measure in catalogue()}
    assert len(passes(catalogue())) == len(pairs)


def test_every_table_and_column_is_described_and_nothing_else_is(draft: Path, tmp_path: Path) -> None:
    bare = ask(
        draft,
        f"""SELECT schema_name, table_name, column_name FROM duckdb_columns()
           WHERE database_name = current_database() AND NOT internal AND comment IS NULL AND NOT {COUNTS}
           UNION ALL SELECT schema_name, table_name, NULL FROM duckdb_tables() WHERE comment IS NULL""",
    )
    assert bare == []
    found = ask(draft, "SELECT count(*) FROM meta.columns WHERE description <> ''")
    assert found == [(sum(1 for line in (*contract(), *generated()) if line.column),)]
    build_core(tmp_path / "d.duckdb", [], measures=())
    with open_draft(tmp_path / "d.duckdb") as con:
        con.execute("CREATE TABLE core.stray (nameless INTEGER)")
        with pytest.raises(ContractError, match=r"no description of core.stray; .* core.stray.nameless"):
            apply_contract(con)


def test_a_key_is_declared_tells_rows_apart_and_has_a_value(draft: Path, tmp_path: Path) -> None:
    """Every key but those of which NULL is a value is NOT NULL; a row without one is refused, by insert and build."""
    lines = [line for line in (*contract(), *generated()) if line.is_key]
    stored = dict(
        ask(
            draft,
            "SELECT schema_name || '.' || table_name || '.' || column_name, is_nullable FROM duckdb_columns() "
            "INNER JOIN duckdb_tables() USING (database_name, schema_name, table_name)",
        )
    )
    kept = [line for line in lines if f"{line.schema}.{line.table}.{line.column}" in stored]
    assert len({(line.schema, line.table) for line in kept}) > 70
    for line in kept:
        assert stored[f"{line.schema}.{line.table}.{line.column}"] == line.may_be_null, line
    # Sketches of people are of totals, too: those have no breakdown. The terms of a tariff are no line of it.
    assert {line.table for line in kept if line.may_be_null} == {"instrument_cut_off", "people", "tariff"}
    with duckdb.connect(str(draft), read_only=True) as con:
        for name, group in groupby(lines, key=lambda line: f'{line.schema}."{line.table}"'):
            columns = ", ".join(f'"{line.column}"' for line in group)
            repeated = con.execute(f"SELECT count(*) FROM {name} GROUP BY {columns} HAVING count(*) > 1").fetchall()
            assert repeated == [], name
    copy = tmp_path / "copy.duckdb"
    shutil.copyfile(draft, copy)
    with open_draft(copy) as con:
        with pytest.raises(duckdb.ConstraintException):
            con.execute("INSERT INTO ref.month (last_day) VALUES (NULL)")
        con.execute(
            "ALTER TABLE ref.month ALTER month DROP NOT NULL; INSERT INTO ref.month (last_day) VALUES (NULL)"
        )
        with pytest.raises(ContractError, match=r"ref\.month: the key month has no value in some rows"):
            apply_contract(con, generated())


def generated() -> list[Described]:
    return [*described(catalogue()), *described_figures()]


def test_the_view_that_reads_all_figures_by_group_at_once_has_the_same_rows(draft: Path) -> None:
    by_measure, at_once = "mart.breakdown_measure", GROUP_FIGURE
    assert ask(draft, f"DESCRIBE {by_measure}") == ask(draft, f"DESCRIBE {at_once}")
    for a, b in ((by_measure, at_once), (at_once, by_measure)):
        assert ask(draft, f"FROM {a} EXCEPT ALL FROM {b}") == []
    states = [state for (state,) in ask(draft, f"SELECT DISTINCT state FROM {at_once} ORDER BY ALL")]
    assert states == ["no denominator", "not applicable", "not submitted", "value"]


def test_where_no_measure_has_a_breakdown_there_are_no_groups(draft: Path, tmp_path: Path) -> None:
    alone = [replace(each, breakdowns=()) for each in some(*FEW)]
    won = [write_submission(tmp_path, "RXX", APRIL, tables_of([Case("a", BETTER)]))]
    build_core(tmp_path / "draft.duckdb", won, measures=alone)
    build_marts(tmp_path / "draft.duckdb", measures=alone)
    for view in ("mart.breakdown_measure", GROUP_FIGURE):
        assert ask(tmp_path / "draft.duckdb", f"FROM {view}") == []
        assert ask(tmp_path / "draft.duckdb", f"DESCRIBE {view}") == ask(draft, f"DESCRIBE {view}")


def test_a_provider_that_sends_nothing_for_six_months_counts_as_stopped(tmp_path: Path) -> None:
    """Six months are missing, later ones are not expected: England is complete again. A gap stays a gap."""
    months = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(3, 14)]
    sent = {"RXX": months[:1], "RYY": months, "RZZ": [months[0], months[10]]}
    row: dict[str, list[Row]] = {"IDS001": [{"LocalPatientId": "p"}]}
    won = [write_submission(tmp_path, who, month, row) for who, found in sent.items() for month in found]
    draft = build(tmp_path, won, measures=FEW)
    missing = ask(draft, "SELECT provider, month FROM mart.missing_submission ORDER BY ALL")
    assert missing == [("RXX", month) for month in months[1:7]] + [("RZZ", month) for month in months[1:10]]
    rows = ask(
        draft,
        "SELECT provider_months_expected, provider_months_submitted FROM mart.submission_coverage "
        "WHERE level = 'England' AND period_type = 'month' AND over_time = 'flow' ORDER BY period_start",
    )
    assert rows == [(3, 3), *[(3, 1)] * 6, *[(2, 1)] * 3, (2, 2)]
