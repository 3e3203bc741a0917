"""Longer periods and larger places: flows are added over months, stocks are those of the last month end.

Random histories of providers, with months missing, a merger, nobody, one person and ties, against the plain reading in
``tests/references/periods.py``.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

import duckdb
import pytest

from tests.campaign import seeds
from tests.fixtures.warehouse import some
from tests.references.periods import Figure, figure, quantile
from warehouse.measures.counting import create_monthly_counts
from warehouse.measures.listing import create_measures
from warehouse.measures.passes import Pass, passes
from warehouse.measures.rollup import roll_up
from warehouse.organisations.places import load_organisations, load_periods, load_places
from warehouse.staging import insert_rows

# Every kind, as a flow and, where the catalogue has one, as a stock; the first five are parted into groups.
MEASURES = some(
    "REFERRALS", "MEAN_WAIT_TREATMENT", "OPEN", "OPEN_TREATED", "AWAITING_TREATMENT", "TREATED_28",
    "AWAITING_TREATMENT_42", "MEDIAN_WAIT_TREATMENT", "SMI_WAIT_THERAPY_P90", "MEDIAN_AWAITING_TREATMENT",
)  # fmt: skip
PATHWAYS = ("01", "02")
# A quarter that begins before the data, one that ends after it, a whole financial year and three rolling ones.
MONTHS = [date(2025 + number // 12, number % 12 + 1, 1) for number in range(2, 16)]
PROVIDERS = {"RAA": ["RAA"], "RBB": ["RBB"], "RCC": ["RCC"]}
MERGED = {"RAA": ["RAA", "RBB"], "RCC": ["RCC"]}
COMMISSIONERS = ("02M", "00Q")
GENDERS = ("1", "2")

Key = tuple[str, str, date, str, str, str | None]  # measure, provider, month, pathway, commissioner, gender


@dataclass
class History:
    """Who submitted when, and of every measure the rows counted: 1 or 0, or the value of a row."""

    submitted: set[tuple[str, date]]
    rows: dict[Key, list[int]]
    is_merged: bool

    @property
    def providers(self) -> dict[str, list[str]]:
        """Organisation → the providers behind it that ever submitted."""
        known = {provider for provider, _ in self.submitted}
        places = MERGED if self.is_merged else PROVIDERS
        kept = {place: [each for each in behind if each in known] for place, behind in places.items()}
        return {place: behind for place, behind in kept.items() if behind}

    def of(self, measure: str, pathway: str, gender: str | None) -> dict[tuple[str, date], list[int]]:
        """Rows by provider and month."""
        found: dict[tuple[str, date], list[int]] = {}
        for (each, provider, month, own, _, sex), rows in self.rows.items():
            if each == measure and pathway in ("all", own) and gender in (None, sex):
                found.setdefault((provider, month), []).extend(rows)
        return found


def history(chance: random.Random) -> History:
    """Each provider leaves out months; a cell holds nobody, one, a few or ties."""
    submitted = {slot for slot in product(PROVIDERS, MONTHS) if chance.random() < 0.7}
    submitted |= {("RCC", MONTHS[0]), ("RCC", MONTHS[-1])}  # the data span all months
    rows: dict[Key, list[int]] = {}
    for measure in MEASURES:
        for (provider, month), pathway, place, sex in product(submitted, PATHWAYS, COMMISSIONERS, GENDERS):
            most = {"count": 1, "share": 1}.get(measure.kind, chance.choice([1, 9, 400]))
            drawn = [chance.randrange(most + 1) for _ in range(chance.choice([0, 0, 1, 2, 7]))]
            rows[measure.id, provider, month, pathway, place, sex] = drawn
    return History(submitted, rows, chance.random() < 0.5)


def added(known: History) -> duckdb.DuckDBPyConnection:
    """The monthly counts of a history, added up by the warehouse."""
    con = duckdb.connect(config={"threads": 1})
    con.execute(
        "ATTACH ':memory:' AS work; CREATE SCHEMA mart; CREATE SCHEMA ref; CREATE SCHEMA core; CREATE SCHEMA meta;"
        "CREATE SCHEMA monthly_count; CREATE TABLE ref.month (month DATE, last_day DATE);"
        "CREATE TABLE core.provider (provider VARCHAR, provider_name VARCHAR);"
        "CREATE TABLE core.submission (provider VARCHAR, month DATE);"
        "CREATE TABLE core.pathway (commissioner VARCHAR); CREATE TABLE core.contact (commissioner VARCHAR)"
    )
    insert_rows(con, "core.submission", sorted(known.submitted))
    insert_rows(con, "core.provider", [(each, each) for each in sorted({each for each, _ in known.submitted})])
    insert_rows(con, "core.pathway", [(each,) for each in COMMISSIONERS])
    con.execute(
        "INSERT INTO ref.month SELECT m, last_day(m) FROM (SELECT unnest(CAST(? AS DATE[])) AS m)", [MONTHS]
    )
    load_organisations(con, None, {})
    if known.is_merged:
        con.execute("INSERT INTO ref.succession VALUES ('RBB', 'RAA', '2025-09-01')")
    load_periods(con)
    load_places(con)
    create_measures(con, MEASURES)
    create_monthly_counts(con, MEASURES)
    for each in passes(MEASURES):
        for keys in sorted({key[1:] for key in known.rows}, key=repr):
            _count(con, known, each, keys)
    roll_up(con, MEASURES)
    return con


def _count(
    con: duckdb.DuckDBPyConnection, known: History, each: Pass,
    keys: tuple[str, date, str, str, str | None],
) -> None:  # fmt: skip
    provider, month, pathway, place, sex = keys
    row: dict[str, int] = {}
    for measure in each.measures:
        values = known.rows[measure.id, *keys]
        if not measure.is_additive:
            con.execute(
                "INSERT INTO monthly_count.value SELECT $1, $2, 'unknown', $3, $4, $5, v, count(*), 1 "
                "FROM (SELECT unnest(CAST($6 AS BIGINT[])) AS v) GROUP BY v",
                [provider, place, month, pathway, measure.id, values],
            )
            continue
        row[f"{measure.id}_n"] = sum(values)
        if measure.kind != "count":
            row[each.denominators[measure.id]] = len(values)
    names = ", ".join(f'"{name}"' for name in row)
    con.execute(
        f"INSERT INTO monthly_count.{each.name} (provider, commissioner, site, month, pathway, {names}) "
        f"VALUES (?, ?, 'unknown', ?, ?, {', '.join('?' * len(row))})",
        [provider, place, month, pathway, *row.values()],
    )
    grouped = {n: v for n, v in row.items() if n in each.columns(each.grouped)}
    if grouped:
        names = ", ".join(f'"{name}"' for name in grouped)
        con.execute(
            f"INSERT INTO monthly_count.{each.name}_group (provider, commissioner, month, pathway, breakdown, "
            f"breakdown_group, {names}) VALUES (?, ?, ?, ?, 'gender', ?, {', '.join('?' * len(grouped))})",
            [provider, place, month, pathway, sex, *grouped.values()],
        )


def periods(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, date, list[date]]]:
    """Type, start and months of every period."""
    yield from con.execute(
        "SELECT period_type, period_start, list(month ORDER BY month) FROM ref.period_month GROUP BY ALL ORDER BY ALL"
    ).fetchall()


@pytest.mark.parametrize("seed", seeds(1))
def test_every_period_and_place_is_what_the_plain_reading_says(seed: int) -> None:
    known = history(random.Random(seed))
    con = added(known)
    rows = con.execute(
        """SELECT organisation, period_type, period_start, pathway, measure, state, numerator, denominator, quantile,
           months_submitted FROM mart.service_measure WHERE level IN ('England', 'provider')"""
    ).fetchall()
    found = {tuple(row[:5]): (Figure(*row[5:9]), row[9]) for row in rows}
    everyone = [each for behind in known.providers.values() for each in behind]
    compared = 0
    for (kind, start, months), measure in product(periods(con), MEASURES):
        for place, behind in [("ENG", everyone), *known.providers.items()]:
            sent = {month for provider, month in known.submitted if provider in behind and month in months}
            for pathway in ("all", *PATHWAYS):
                expected = figure(
                    measure.kind,
                    measure.over_time,
                    known.of(measure.id, pathway, None),
                    months,
                    behind,
                    known.submitted,
                )
                assert found[place, kind, start, pathway, measure.id] == (expected, len(sent))
                compared += 1
    assert compared == len(found)


@pytest.mark.parametrize("seed", seeds(2))
def test_groups_are_added_over_time_as_their_measure_is(seed: int) -> None:
    known = history(random.Random(seed))
    con = added(known)
    rows = con.execute(
        """SELECT organisation, period_type, period_start, pathway, measure, breakdown_group, state, numerator,
           denominator FROM mart.breakdown_measure WHERE level IN ('England', 'provider') AND breakdown = 'gender'
           AND breakdown_group IN ('1', '2')"""
    ).fetchall()
    everyone = [each for behind in known.providers.values() for each in behind]
    places = {"ENG": everyone, **known.providers}
    months = {(kind, start): span for kind, start, span in periods(con)}
    measures = {measure.id: measure for measure in MEASURES}
    for place, kind, start, pathway, name, gender, *said in rows:
        measure = measures[name]
        own = known.of(name, pathway, gender)
        expected = figure(measure.kind, measure.over_time, own, months[kind, start], places[place], known.submitted)
        assert Figure(*said) == expected, (place, kind, start, pathway, name, gender)
    assert {row[4] for row in rows} == {measure.id for measure in MEASURES if measure.breakdowns}
    # A group that an organisation had in some month has a row in every month, also where it had nobody.
    by_month: dict[tuple[object, ...], set[date]] = {}
    for place, kind, start, *group in (row[:6] for row in rows):
        if kind == "month":
            by_month.setdefault((place, *group), set()).add(start)
    assert by_month and all(found == set(MONTHS) for found in by_month.values())
    assert con.execute(
        "SELECT DISTINCT period_type FROM mart.breakdown_measure WHERE level = 'sub-ICB' ORDER BY ALL"
    ).fetchall() == [("financial year",), ("quarter",), ("rolling 12 months",)]


@pytest.mark.parametrize(
    ("values", "median", "ninth"),
    [
        ([7], "7", "7"),
        ([4, 4, 4], "4", "4"),
        ([49, 126], "87.5", "118.3"),  # the lower of two middle values was 49
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "5.5", "9.1"),
        ([0, 0, 1, 100], "0.5", "70.3"),
        ([], None, None),
    ],
)
def test_medians_and_90th_centiles(values: list[int], median: str | None, ninth: str | None) -> None:
    slot = "RCC", MONTHS[0]
    rows: dict[Key, list[int]] = {
        (measure.id, *slot, "01", "02M", sex): [] for measure in MEASURES for sex in GENDERS
    }
    for name in ("MEDIAN_WAIT_TREATMENT", "SMI_WAIT_THERAPY_P90"):
        rows[name, *slot, "01", "02M", "1"] = values
    con = added(History({slot, ("RCC", MONTHS[-1])}, rows, is_merged=False))
    found = con.execute(
        """SELECT measure, quantile, denominator, numerator FROM mart.service_measure WHERE level = 'England'
           AND pathway = 'all' AND period_type = 'month' AND period_start = ? AND quantile IS NOT NULL ORDER BY measure""",
        [MONTHS[0]],
    ).fetchall()
    assert found == [
        (name, Decimal(value), len(values), None)
        for name, value in (("MEDIAN_WAIT_TREATMENT", median), ("SMI_WAIT_THERAPY_P90", ninth))
        if value is not None
    ]
    if values:
        assert [quantile(sorted(values), each) for each in (5, 9)] == [Decimal(median or 0), Decimal(ninth or 0)]


def test_a_stock_without_its_last_month_is_not_submitted_though_earlier_months_were() -> None:
    quarter = MONTHS[1:4]
    slots = {("RAA", quarter[0]), ("RAA", quarter[1]), ("RCC", MONTHS[0]), ("RCC", quarter[2]), ("RCC", MONTHS[-1])}
    rows: dict[Key, list[int]] = {
        (measure.id, *slot, "01", "02M", "1"): [1, 1, 0] for measure in MEASURES for slot in slots
    }
    con = added(History(slots, rows, is_merged=False))
    found = con.execute(
        """SELECT organisation, measure, state, numerator, denominator, months_submitted FROM mart.service_measure
           WHERE period_type = 'quarter' AND period_start = ? AND pathway = 'all' AND level IN ('England', 'provider')
           AND measure IN ('OPEN', 'AWAITING_TREATMENT_42', 'REFERRALS') ORDER BY ALL""",
        [quarter[0]],
    ).fetchall()
    assert found == [
        ("ENG", "AWAITING_TREATMENT_42", "value", 2, 3, 3), ("ENG", "OPEN", "value", 2, None, 3),
        ("ENG", "REFERRALS", "value", 6, None, 3),
        ("RAA", "AWAITING_TREATMENT_42", "not submitted", None, None, 2),
        ("RAA", "OPEN", "not submitted", None, None, 2), ("RAA", "REFERRALS", "value", 4, None, 2),
        ("RCC", "AWAITING_TREATMENT_42", "value", 2, 3, 1), ("RCC", "OPEN", "value", 2, None, 1),
        ("RCC", "REFERRALS", "value", 2, None, 1),
    ]  # fmt: skip
