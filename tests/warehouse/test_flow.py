"""Flow: what there was, what came and what went is what there is, in every row; what does not close is a line."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.campaign import examples
from tests.fixtures.merger import as_sent_by, mergers
from tests.fixtures.warehouse import APRIL, Row, ask, build, write_submission
from tests.references.flow import MONTHS, Service, lines, random_service
from warehouse.build import StagedSubmission

CAUSES = ("late", "lost", "merger", "gap")
IN = [f"{{part}}_{cause}_in" for cause in CAUSES]
OUT = [f"{{part}}_{cause}_out" for cause in CAUSES]
# Part → what comes in, what goes out.
IDENTITY = {
    "waiting": (["referred", *IN], ["waiting_started", "waiting_left", *OUT]),
    "treatment": (
        ["treatment_started", "stepped_in", "step_known_in", *IN],
        ["stepped_out", "step_known_out", "treatment_ended", *OUT],
    ),
}
COLUMNS = [
    column.format(part=part)
    for part, (came, went) in IDENTITY.items()
    for column in ("{part}_at_start", *came, *went, "{part}_at_end")
]
# Measure of the catalogue → the same from mart.flow, of all steps.
MEASURES = {
    "REFERRALS": "referred", "ACCESS": "waiting_started", "ENDED": "waiting_left + treatment_ended",
    "ENDED_UNTREATED": "waiting_left", "ENDED_TREATED": "treatment_ended", "AWAITING_TREATMENT": "waiting_at_end",
    "OPEN_TREATED": "treatment_at_end", "OPEN": "waiting_at_end + treatment_at_end",
}  # fmt: skip
# Merged, and their successors: the plain reading knows of no mergers.
MERGED = ("RM1", "RM2", "RN1", "RN2")
MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def sent(root: Path, provider: str, service: Service) -> list[StagedSubmission]:
    """One submission a month of the service; its names are the provider's own."""
    return [
        write_submission(root, provider, month, as_sent_by(provider, tables)) for month, tables in service.items()
    ]


def of_month(*referrals: Row, **more: list[Row]) -> dict[str, list[Row]]:
    return {
        "IDS001": [{"LocalPatientId": "p"}] if referrals else [],
        "IDS101": list(referrals),
        "IDS201": [],
        "IDS202": [],
        **more,
    }


def referred(received: str, discharged: str | None = None, name: str = "r") -> Row:
    """A referral of Talking Therapies; all are of one person."""
    return {
        "ServiceRequestId": name, "LocalPatientId": "p", "ReferralRequestReceivedDate": date.fromisoformat(received),
        "ServDischDate": date.fromisoformat(discharged) if discharged else None, "Pathway": "05",
    }  # fmt: skip


@dataclass
class Built:
    """Random services by provider, and the draft of all; RM1 was merged into RM2 after June."""

    services: dict[str, Service]
    draft: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    root = tmp_path_factory.mktemp("flow")
    chance = random.Random(51)
    services = {f"R{number:03}": random_service(chance) for number in range(examples(8))}
    # A provider that never comes again, one that reports nobody, and two that were merged: half of the referrals
    # that are open in June are sent by the successor under their id, the others under another one.
    services["RX0"] = {MONTHS[0]: services["R000"].get(MONTHS[0], of_month())}
    services["RX1"] = {month: of_month() for month in MONTHS}
    merged = random_service(random.Random(3), people=40)
    whole = dict.fromkeys(MONTHS) | merged
    services["RM1"] = {month: tables for month, tables in whole.items() if tables and month <= JUNE}
    services["RM2"] = {
        month: _renamed(tables) for month, tables in whole.items() if tables and month > JUNE
    }  # fmt: skip
    services |= {name: service for name, (service, _) in of_one_referral().items()}
    # Another two: the successor submits before and after, and sends what it took over under another id.
    left, taken = referred("2025-04-10"), referred("2025-04-10", name="r1")
    services["RN1"] = {month: of_month(left) for month in (APRIL, JUNE)}
    services["RN2"] = {month: of_month(taken) if month > JUNE else of_month() for month in MONTHS}
    merger = date(2025, 7, 1)
    reference = mergers(root / "ods", ("RM1", "RM2", merger), ("RN1", "RN2", merger))
    current = [each for name, service in services.items() for each in sent(root, name, service)]
    return Built(services, build(root, current, reference=reference, measures=list(MEASURES)))


def _renamed(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Every second referral under another id."""

    def name(row: Row) -> Row:
        old = row.get("ServiceRequestId")
        return row | {"ServiceRequestId": f"new {old}"} if old and int(str(old)[1:]) % 2 else row

    return {table: [name(row) for row in rows] for table, rows in tables.items()}


def of_one_referral() -> dict[str, tuple[Service, dict[date, str | None]]]:
    """Services of one referral each, with the lines of each month that are 1; None: not submitted."""

    treated = {"IDS201": [{
        "CareContactId": "c", "ServiceRequestId": "r", "CareContDate": date(2025, 5, 20), "AppType": "02",
        "AttendOrDNACode": "5",
    }]}  # fmt: skip
    nobody = of_month()
    in_april, since_march = referred("2025-04-10"), referred("2025-03-10")
    return {
        "REE": ({APRIL: of_month(in_april), MAY: of_month(in_april, **treated), JUNE: of_month(in_april)}, {
            APRIL: "referred waiting_at_end", MAY: "waiting_at_start waiting_started treatment_started treatment_at_end",
            JUNE: "treatment_at_start treatment_at_end",
        }),
        "RLA": ({APRIL: nobody, MAY: of_month(in_april), JUNE: of_month(in_april)}, {
            APRIL: "referred waiting_late_out", MAY: "waiting_late_in waiting_at_end",
            JUNE: "waiting_at_start waiting_at_end",
        }),
        # Known late, and ended before it was ever on a list.
        "RLE": ({APRIL: nobody, MAY: of_month(referred("2025-04-10", "2025-05-02"))}, {
            APRIL: "referred waiting_late_out", MAY: "waiting_late_in waiting_left",
        }),
        "RLO": ({APRIL: of_month(in_april), MAY: of_month(in_april, **treated), JUNE: nobody}, {
            APRIL: "referred waiting_at_end", MAY: "waiting_at_start waiting_started treatment_started treatment_at_end",
            JUNE: "treatment_at_start treatment_lost_out",
        }),
        "RGA": ({APRIL: of_month(in_april), JUNE: of_month(in_april)}, {
            APRIL: "referred waiting_at_end", MAY: None, JUNE: "waiting_gap_in waiting_at_end",
        }),
        "RFI": ({MAY: of_month(since_march), JUNE: of_month(referred("2025-03-10", "2025-06-30"))}, {
            APRIL: None, MAY: "waiting_gap_in waiting_at_end", JUNE: "waiting_at_start waiting_left",
        }),
    }  # fmt: skip


def flow(draft: Path, columns: str, where: str = "true") -> list[tuple[object, ...]]:
    return ask(draft, f"SELECT {columns} FROM mart.flow WHERE {where} ORDER BY ALL")


def test_the_identity_holds_in_every_row(built: Built) -> None:
    for part, (came, went) in IDENTITY.items():
        sums = " + ".join(["{part}_at_start", *came]) + " - " + " - ".join(went)
        wrong = f"({sums}) <> {{part}}_at_end"
        assert flow(built.draft, "*", wrong.format(part=part)) == []
    # Counts are there, and are not negative, or are all missing.
    known = " AND ".join(f"{name} >= 0" for name in COLUMNS)
    missing = " AND ".join(f"{name} IS NULL" for name in COLUMNS)
    assert (
        flow(built.draft, "*", f"NOT coalesce(CASE state WHEN 'value' THEN {known} ELSE {missing} END, false)")
        == []
    )
    ((rows, not_submitted),) = flow(built.draft, "count(*), count(*) FILTER (WHERE state = 'not submitted')")
    assert rows > not_submitted > 0


def test_the_next_month_starts_with_what_this_one_ends_with(built: Built) -> None:
    keys = "level, organisation, pathway, step"
    for part in IDENTITY:
        differing = f"""
            SELECT {keys}, this.period_start FROM mart.flow AS this INNER JOIN mart.flow AS next USING ({keys})
            WHERE this.period_type = 'month' AND next.period_type = 'month'
                AND next.period_start = this.period_start + INTERVAL 1 MONTH
                AND this.{part}_at_end <> next.{part}_at_start"""
        assert ask(built.draft, differing) == []
        # A quarter starts with its first month and ends with its last; what happened is that of its months.
        quarter = f"""
            SELECT q.level, q.organisation FROM mart.flow AS q INNER JOIN mart.flow AS m USING ({keys})
            WHERE q.period_type = 'quarter' AND m.period_type = 'month' AND q.state = 'value' AND m.state = 'value'
                AND (m.period_start = q.period_start AND m.{part}_at_start <> q.{part}_at_start
                OR m.period_start = q.period_start + INTERVAL 2 MONTH AND m.{part}_at_end <> q.{part}_at_end)"""
        assert ask(built.draft, quarter) == []


def test_all_is_the_sum_of_its_pathways_steps_and_providers(built: Built) -> None:
    month = "period_type = 'month' AND state = 'value'"
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in COLUMNS)
    for all_of, keys in {
        "step": "level, organisation, period_start, pathway", "pathway": "level, organisation, period_start, step"
    }.items():  # fmt: skip
        whole = flow(built.draft, f"{keys}, {', '.join(COLUMNS)}", f"{month} AND {all_of} = 'all'")
        parts = ask(
            built.draft, f"SELECT {keys}, {sums} FROM mart.flow WHERE {month} AND {all_of} <> 'all' GROUP BY {keys}"
        )
        empty = [row for row in whole if not any(row[4:])]
        assert set(whole) - set(parts) <= set(empty)
        assert set(parts) <= set(whole)
    england = flow(
        built.draft, f"period_start, pathway, step, {', '.join(COLUMNS)}", f"{month} AND level = 'England'"
    )
    # A provider that did not submit the month has no counts; in England's they went out by a line.
    closed = [name for name in COLUMNS if name.endswith("_at_end") or "_" not in name]
    places = [COLUMNS.index(name) + 3 for name in closed]
    providers = ask(
        built.draft,
        f"SELECT period_start, pathway, step, {', '.join(f'CAST(sum({name}) AS BIGINT)' for name in closed)} "
        f"FROM mart.flow WHERE {month} AND level = 'provider' GROUP BY ALL",
    )
    assert {(*row[:3], *(row[place] for place in places)) for row in england} == set(providers)


def test_it_says_the_same_as_the_measures(built: Built) -> None:
    for measure, same in MEASURES.items():
        differing = f"""
            SELECT level, organisation, period_type, period_start, pathway, s.numerator, {same}
            FROM mart.service_measure AS s
            INNER JOIN mart.flow AS f USING (source, level, organisation, period_type, period_start, pathway)
            WHERE f.step = 'all' AND s.measure = '{measure}' AND f.state = 'value' AND s.numerator <> {same}"""
        assert ask(built.draft, differing) == [], measure
    # A period is not submitted where its last month is not, as for every stock.
    stock = """
        SELECT f.level, f.organisation, f.period_type, f.period_start FROM mart.service_measure AS s
        INNER JOIN mart.flow AS f USING (source, level, organisation, period_type, period_start, pathway)
        WHERE s.measure = 'OPEN' AND s.state <> 'not applicable' AND (s.state = 'value') <> (f.state = 'value')"""
    assert ask(built.draft, stock) == []


def test_every_line_is_that_of_the_plain_reading(built: Built) -> None:
    with duckdb.connect(str(built.draft), read_only=True) as con:
        read = con.execute(
            f"SELECT organisation, period_start, pathway, step, {', '.join(COLUMNS)} FROM mart.flow "
            "WHERE level = 'provider' AND period_type = 'month' AND pathway <> 'all' AND step <> 'all' "
            "AND state = 'value'"
        ).fetchall()
    found: dict[str, Counter[tuple[object, ...]]] = {}
    for provider, month, pathway, step, *counts in read:
        own = found.setdefault(provider, Counter())
        own += Counter({(month, pathway, step, name): n for name, n in zip(COLUMNS, counts, strict=True)})
    seen: set[str] = set()
    for provider, service in built.services.items():
        if provider in MERGED:  # courses that cross a merger are not the plain reading's
            continue
        expected = {key: n for key, n in lines(service).items() if key[0] in service}
        assert dict(found.get(provider, {})) == expected, provider
        seen |= {key[3] for key in expected}
    # Those who are lost stay so: no later month says more. Those of a month that was not submitted are England's.
    assert seen == {name for name in COLUMNS if not any(part in name for part in ("merger", "gap_out", "lost_in"))}


def test_a_merged_provider_hands_over_by_a_line_and_joined_courses_do_not_notice(built: Built) -> None:
    rows = flow(
        built.draft,
        "period_start, waiting_merger_in, waiting_merger_out, treatment_merger_in, treatment_merger_out",
        "organisation = 'RM2' AND level = 'provider' AND period_type = 'month' AND pathway = 'all' AND step = 'all'",
    )
    of = {month: counts for month, *counts in rows}
    waiting_in, waiting_out, treated_in, treated_out = of[date(2025, 7, 1)]
    assert waiting_in and waiting_out and treated_out
    # What is not joined begins anew: nothing at the successor says that most of them were treated.
    assert treated_in < treated_out
    assert flow(built.draft, "organisation", "organisation = 'RM1' AND level = 'provider'") == []


def test_what_a_successor_takes_over_under_another_id_is_no_late_record(built: Built) -> None:
    """Both send the referral of April: it was received twice, and is on one list at a time."""
    where = (
        "organisation = 'RN2' AND level = 'provider' AND period_type = 'month' AND pathway = 'all' AND step = 'all'"
    )
    found = {}
    for start, *counts in flow(built.draft, f"period_start, {', '.join(COLUMNS)}", where):
        found[start] = {name: n for name, n in zip(COLUMNS, counts, strict=True) if n}
    both = {"waiting_at_start": 1, "waiting_at_end": 1}
    assert found == {
        APRIL: {"referred": 2, "waiting_merger_out": 1, "waiting_at_end": 1},
        # A month that the predecessor did not submit is no merger.
        MAY: {"waiting_at_start": 1, "waiting_gap_out": 1}, JUNE: {"waiting_gap_in": 1, "waiting_at_end": 1},
        date(2025, 7, 1): {**both, "waiting_merger_out": 1, "waiting_merger_in": 1},
        date(2025, 8, 1): both, date(2025, 9, 1): both,
    }  # fmt: skip


def test_a_provider_that_reports_nobody_keeps_its_rows(built: Built) -> None:
    rows = flow(built.draft, f"state, {', '.join(COLUMNS)}", "organisation = 'RX1' AND period_type = 'month'")
    assert rows == [("value", *[0] * len(COLUMNS))] * len(MONTHS)


def test_each_cause_in_a_service_of_one_referral_each(built: Built) -> None:
    """The lines, one by one: what is expected stands there, not in a second reading."""
    for provider, (_, expected) in of_one_referral().items():
        for start, said in expected.items():
            where = (
                f"organisation = '{provider}' AND period_type = 'month' AND period_start = DATE '{start}' "
                "AND level = 'provider' AND pathway = 'all' AND step = 'all'"
            )
            ((state, *counts),) = flow(built.draft, f"state, {', '.join(COLUMNS)}", where)
            told = {name: n for name, n in zip(COLUMNS, counts, strict=True) if n}
            assert (state == "not submitted") == (said is None), (provider, start)
            assert told == dict.fromkeys((said or "").split(), 1), (provider, start)


def test_england_says_who_went_out_because_a_service_did_not_submit(built: Built) -> None:
    england = "level = 'England' AND period_type = 'month' AND pathway = 'all' AND step = 'all'"
    for start, waiting, treated in flow(built.draft, "period_start, waiting_gap_out, treatment_gap_out", england):
        expected = [
            n
            for provider, service in built.services.items()
            if provider not in MERGED
            for (month, _, _, line), n in lines(service).items()
            if month == start and line in ("waiting_gap_out", "treatment_gap_out")
        ]
        assert waiting + treated >= sum(expected)
        assert (waiting + treated > 0) == (sum(expected) > 0)
