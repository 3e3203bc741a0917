"""Place and time: what level, organisation and period a figure counts in.

Belongs here: organisations, successions, places, deprivation and periods in schema ``ref``. Does not belong
here: reading the files they come from (``importing``), adding figures up (``warehouse.measures``).

Successors are followed as of the end of the last reported month, forward in time only: from A to B on the day A
ended, from B only by what happened to B on or after that day. Every code present has exactly one row, so a join
cannot change how many rows there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from warehouse.organisations.importing import SOURCE_FILE
from warehouse.organisations.ods import ICB, PROVIDER, REGION, SUB_ICB
from warehouse.staging import insert_rows

UNKNOWN = "unknown"
MONTH, QUARTER, ROLLING_YEAR, FINANCIAL_YEAR = "month", "quarter", "rolling 12 months", "financial year"
# Period type → how many months, and the calendar months it may start with.
_PERIODS = {
    MONTH: (1, range(1, 13)), QUARTER: (3, (1, 4, 7, 10)),
    ROLLING_YEAR: (12, range(1, 13)), FINANCIAL_YEAR: (12, (4,)),
}  # fmt: skip

_TABLES = """
CREATE TABLE ref.organisation (
    organisation VARCHAR, name VARCHAR, kind VARCHAR, opened_on DATE, closed_on DATE, parent VARCHAR,
    icb VARCHAR, region VARCHAR);
CREATE TABLE ref.succession (organisation VARCHAR, successor VARCHAR, effective_on DATE);
CREATE TABLE ref.deprivation (postcode_district VARCHAR, decile INTEGER);
"""
_PLACES = """
CREATE OR REPLACE TABLE ref.provider_place (
    provider VARCHAR, provider_name VARCHAR, current_provider VARCHAR, current_name VARCHAR, icb VARCHAR,
    region VARCHAR);
CREATE OR REPLACE TABLE ref.commissioner_place (
    commissioner VARCHAR, sub_icb VARCHAR, icb VARCHAR, region VARCHAR);
"""


def load_organisations(con: duckdb.DuckDBPyConnection, folder: Path | None, names: Mapping[str, str]) -> None:
    """Create ``ref.organisation``, ``ref.succession`` and ``ref.deprivation``: empty without reference data.

    ``folder`` is what ``take_reference`` wrote; ``names`` adds providers it does not have, by ODS code.
    """
    con.execute(_TABLES)
    if folder is not None and (folder / SOURCE_FILE).is_file():
        for table in ("organisation", "succession", "deprivation"):
            con.execute(
                f"INSERT INTO ref.{table} BY NAME SELECT * FROM read_parquet($path)",
                {"path": str(folder / f"{table}.parquet")},
            )
    known = {code for (code,) in con.execute("SELECT organisation FROM ref.organisation").fetchall()}
    added = [(code, name, PROVIDER, *[None] * 5) for code, name in sorted(names.items()) if code not in known]
    insert_rows(con, "ref.organisation", added)


def load_periods(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``ref.period`` and ``ref.period_month``: periods all of whose months are in ``ref.month``."""
    con.execute(
        "CREATE OR REPLACE TABLE ref.period (period_type VARCHAR, period_start DATE, last_month DATE, "
        "months INTEGER);"
        "CREATE OR REPLACE TABLE ref.period_month (period_type VARCHAR, period_start DATE, month DATE)"
    )
    months = [month for (month,) in con.execute("SELECT month FROM ref.month ORDER BY month").fetchall()]
    spans = list(_spans(months))
    insert_rows(con, "ref.period", [(kind, span[0], span[-1], len(span)) for kind, span in spans])
    insert_rows(con, "ref.period_month", [(kind, span[0], month) for kind, span in spans for month in span])


def load_places(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``ref.provider_place`` and ``ref.commissioner_place`` for the codes in core; replaces earlier ones.

    Needs ``load_organisations`` and all of core. What is in no reference file is 'unknown' above itself.
    """
    con.execute(_PLACES)
    places = _places(con)
    names = {code: place.name for code, place in places.organisations.items()}
    providers = con.execute("SELECT provider, provider_name FROM core.provider ORDER BY provider").fetchall()
    names = {code: name for code, name in providers if name} | names
    rows = []
    for code, name in providers:
        current = places.current(code)
        rows.append((code, name, current, names.get(current, current), *places.above(current)))
    insert_rows(con, "ref.provider_place", rows)
    commissioners = con.execute(
        "SELECT commissioner FROM core.pathway WHERE commissioner IS NOT NULL "
        "UNION SELECT commissioner FROM core.contact WHERE commissioner IS NOT NULL ORDER BY ALL"
    ).fetchall()
    insert_rows(con, "ref.commissioner_place", [(code, *places.commissioned(code)) for (code,) in commissioners])


@dataclass(frozen=True)
class Placed:
    """What is known of an organisation; None where the files say nothing."""

    name: str
    kind: str
    parent: str | None
    icb: str | None
    region: str | None


@dataclass(frozen=True)
class Places:
    """Organisations and dated successors (code → days with successors), as of a day."""

    organisations: Mapping[str, Placed]
    successors: Mapping[str, list[tuple[date, str]]]
    as_of: date

    def current(self, code: str) -> str:
        """The organisation that has taken this one's place, through any number of steps; itself if none has."""
        since = date.min
        while steps := [step for step in self.successors.get(code, ()) if since <= step[0] <= self.as_of]:
            since, code = max(steps)
        return code

    def above(self, code: str) -> tuple[str, str]:
        """ICB and region. An ICB's own region goes before that of the code, so that ICBs nest in regions."""
        found = self.organisations.get(code)
        if found is None:
            return UNKNOWN, UNKNOWN
        parent = self.organisations.get(self.current(found.parent)) if found.parent else None
        icb = code if found.kind == ICB else found.icb or (parent.icb if parent else None)
        icb = self.current(icb) if icb else None
        board = self.organisations.get(icb) if icb else None
        region = (board.region if board else None) or found.region or (parent.region if parent else None)
        if found.kind == REGION:
            region = code
        return icb or UNKNOWN, self.current(region) if region else UNKNOWN

    def commissioned(self, code: str) -> tuple[str, str, str]:
        """Sub-ICB, ICB and region of a commissioner: those with a code at a higher level have no sub-ICB."""
        now = self.current(code)
        found = self.organisations.get(now)
        kind = found.kind if found else ""
        if kind in (SUB_ICB, ICB, REGION):
            return now if kind == SUB_ICB else UNKNOWN, *self.above(now)
        return now, UNKNOWN, UNKNOWN


def _places(con: duckdb.DuckDBPyConnection) -> Places:
    organisations = con.execute("SELECT organisation, name, kind, parent, icb, region FROM ref.organisation")
    by_code = {code: Placed(*rest) for code, *rest in organisations.fetchall()}
    successors: dict[str, list[tuple[date, str]]] = {}
    for code, successor, day in con.execute("FROM ref.succession").fetchall():
        successors.setdefault(code, []).append((day, successor))
    (last,) = con.execute("SELECT max(last_day) FROM ref.month").fetchall()
    return Places(by_code, successors, last[0] or date.min)


def _spans(months: list[date]) -> Iterator[tuple[str, list[date]]]:
    """Every period type with its runs of months; ``months`` has no gaps."""
    for kind, (length, starts) in _PERIODS.items():
        for at in range(len(months) - length + 1):
            if months[at].month in starts:
                yield kind, months[at : at + length]
