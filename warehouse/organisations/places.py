"""Place and time: the level, organisation and period in which a figure counts.

Belongs here: organisations, successions, places, periods and what else reference files say, in schema ``ref``. Does
not belong here: reading their files (``importing``), adding figures up (``warehouse.measures``).

Successors are followed as of the end of the last reported month, and only forward in time. From A the next step is
B on the day A ended. From B only events on or after that day count. Every code in the data has exactly one row, so
a join cannot change the number of rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from schemas.periods import PERIODS
from warehouse.organisations.importing import SOURCE_FILE, TIDY
from warehouse.organisations.ods import ICB, PROVIDER, REGION, SUB_ICB
from warehouse.payment.tables import TARIFF_TABLE
from warehouse.staging import insert_rows

UNKNOWN = "unknown"

_TABLES = """
CREATE TABLE ref.organisation (
    organisation VARCHAR, name VARCHAR, kind VARCHAR, opened_on DATE, closed_on DATE, parent VARCHAR,
    icb VARCHAR, region VARCHAR);
CREATE TABLE ref.succession (organisation VARCHAR, successor VARCHAR, effective_on DATE);
CREATE TABLE ref.deprivation (postcode_district VARCHAR, decile INTEGER);
CREATE TABLE ref.population (
    organisation VARCHAR, current_organisation VARCHAR, breakdown VARCHAR, breakdown_group VARCHAR, as_of DATE,
    persons BIGINT, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.process_change (
    provider VARCHAR, month DATE, pathway VARCHAR, measure VARCHAR, reason VARCHAR);
CREATE TABLE ref.earlier_deprivation (
    postcode_district VARCHAR, as_of DATE, decile INTEGER, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.target (
    organisation VARCHAR, series VARCHAR, due DATE, target BIGINT, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.site_location (
    organisation VARCHAR, postcode VARCHAR, latitude DECIMAL(9, 6), longitude DECIMAL(9, 6), valid_from DATE,
    source VARCHAR, confidence VARCHAR);
"""
_PLACES = """
CREATE OR REPLACE TABLE ref.provider_place (
    provider VARCHAR, provider_name VARCHAR, current_provider VARCHAR, current_name VARCHAR, icb VARCHAR,
    region VARCHAR);
CREATE OR REPLACE TABLE ref.commissioner_place (
    commissioner VARCHAR, sub_icb VARCHAR, icb VARCHAR, region VARCHAR);
"""
COLUMNS = """
Columns of ref.commissioner_place: One row per commissioner code in core: where its figures count, as of the end of
    the last month. Successors are followed.
  commissioner, key: ODS code as submitted.
  sub_icb: ODS code of the sub-ICB location, successors followed; a code in no reference file stays itself;
      'unknown' for a code of an ICB or region.
  icb: ODS code of the integrated care board (ICB), else 'unknown'.
  region: ODS code of the NHS England region, else 'unknown'.

Columns of ref.deprivation: One row per postcode district of the reference file deprivation.csv; empty when none was
    taken in.
  postcode_district, key: Postcode district.
  decile [decile]: Decile of the index of multiple deprivation, 1 being the most deprived.

Columns of ref.earlier_deprivation: One row per postcode district and earlier index of the reference file
    earlier_deprivation.csv; empty when none was taken in. No figure uses it.
  postcode_district, key: Postcode district.
  as_of [date], key: Day by which the index is known, such as 2015-12-31.
  decile [decile]: Decile of that index, 1 being the most deprived.
  source: Where the number is from.
  confidence: F: found in the source; R: recalled or estimated, to be confirmed.

Columns of ref.site_location: One row per organisation or site and postcode of the reference file site_location.csv;
    empty when none was taken in.
  organisation, key: ODS code.
  postcode, key: Postcode of the building.
  latitude [degrees]: Latitude.
  longitude [degrees]: Longitude.
  valid_from [date]: First day on which it is there; NULL when the file does not say.
  source: Where it is from.
  confidence: F: found in the source; R: recalled or estimated, to be confirmed.

Columns of ref.organisation: One row per organisation of the imported reference files, and per provider name given
    to the build.
  organisation, key: ODS code.
  name: Name.
  kind: provider, site, sub-ICB, ICB or region.
  opened_on [date]: Day it opened; NULL when the files do not say.
  closed_on [date]: Day it closed; NULL while it is open or when the files do not say.
  parent: ODS code of the organisation a site belongs to; NULL when it belongs to none or the files do not say.
  icb: ODS code of its ICB as the file gives it, successors not followed; NULL when it gives none.
  region: ODS code of its region as the file gives it, successors not followed; NULL when it gives none.

Columns of ref.period: One row per month, quarter, rolling 12 months and financial year all of whose months lie in
    the data's span (ref.month).
  period_type, key: month, quarter (of the financial year), rolling 12 months or financial year.
  period_start [date], key: First day of its first month.
  last_month [month]: First day of its last month.
  months [months]: How many months it has.

Columns of ref.period_month: One row per period and month in it.
  period_type, key: Type of the period.
  period_start [date], key: First day of the period's first month.
  month [month], key: First day of the month.

Columns of ref.population: One row per area, group of people and day of the reference file population.csv; empty
    when none was taken in.
  organisation, key: ODS code of the sub-ICB, ICB or region, as in the file; ENG is England.
  current_organisation: ODS code of the organisation that has taken its place, as of the end of the last month;
      itself where none has.
  breakdown, key: Breakdown (mart.breakdown).
  breakdown_group, key: Group of the breakdown (mart.breakdown_group).
  as_of [date], key: Day for which the number holds, such as that of a census.
  persons: People who live there.
  source: Where the number is from.
  confidence: F: found in the source; R: recalled or estimated, to be confirmed.

Columns of ref.process_change: One row per known change of process of the reference file process_change.csv: from
    that month control charts start anew. Empty when none was taken in.
  provider: ODS code of the provider, ENG for the chart of England, or all.
  month [month]: First day of the first month after the change.
  pathway: Pathway of the charts; NULL for every pathway.
  measure: Measure of the charts; NULL for every measure.
  reason: What changed.

Columns of ref.provider_place: One row per provider that has submitted: where its figures count, as of the end of
    the last month. Figures of a provider that has been merged count under its successor (current_provider) in level
    'provider' and in all above; under its own code only in core.
  provider, key: ODS code as submitted.
  provider_name: Name; the code where no name is known.
  current_provider: ODS code of the provider that has taken its place, through any number of successors; itself
      where none has.
  current_name: Name of current_provider.
  icb: ODS code of the ICB current_provider lies in, else 'unknown'.
  region: ODS code of the region current_provider lies in, else 'unknown'.

Columns of ref.succession: One row per succession of the reference files; an organisation that was split on one day
    is not here, because its figures cannot be placed.
  organisation, key: ODS code of the organisation that ended.
  successor: ODS code of the organisation that took its place.
  effective_on [date], key: First day on which the successor replaces it.
"""


def load_organisations(con: duckdb.DuckDBPyConnection, folder: Path | None, names: Mapping[str, str]) -> None:
    """Create ``ref.organisation`` and the other tables of the reference files: empty without reference data.

    ``folder`` is what ``take_reference`` wrote; ``names`` adds providers it does not have, by ODS code.
    """
    con.execute(_TABLES + TARIFF_TABLE)
    if folder is not None and (folder / SOURCE_FILE).is_file():
        for table in TIDY:
            if not (folder / f"{table}.parquet").is_file():
                continue  # taken in before this table was known
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
    for (code,) in con.execute("SELECT DISTINCT organisation FROM ref.population ORDER BY ALL").fetchall():
        con.execute(
            "UPDATE ref.population SET current_organisation = $now WHERE organisation = $code",
            {"now": places.current(code), "code": code},
        )


@dataclass(frozen=True)
class Placed:
    """The known facts of an organisation; None if the files have none."""

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
        return [code, *self.succeeded_by(code)][-1]

    def succeeded_by(self, code: str) -> list[str]:
        """Those that have taken this one's place, in order; after a return to one, only what followed."""
        found, since = [code], date.min
        while steps := [step for step in self.successors.get(found[-1], ()) if since <= step[0] <= self.as_of]:
            since, successor = max(steps)
            found = [*(found[: found.index(successor)] if successor in found else found), successor]
        return found[1:]

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


def successors_among(providers: Iterable[str], folder: Path | None, as_of: date) -> dict[str, tuple[str, ...]]:
    """Provider → those of the others that have taken its place by ``as_of``, in order. Nobody else is in it.

    ``folder`` is what ``take_reference`` wrote.
    """
    if folder is None or not (folder / SOURCE_FILE).is_file():
        return {}
    known = set(providers)
    with duckdb.connect() as con:
        steps = con.execute(
            "SELECT organisation, successor, effective_on FROM read_parquet($path)",
            {"path": str(folder / "succession.parquet")},
        ).fetchall()
    places = Places({}, _by_code(steps), as_of)
    found = {code: tuple(each for each in places.succeeded_by(code) if each in known) for code in sorted(known)}
    return {code: chain for code, chain in found.items() if chain}


def _by_code(steps: Iterable[tuple[str, str, date]]) -> dict[str, list[tuple[date, str]]]:
    successors: dict[str, list[tuple[date, str]]] = {}
    for code, successor, day in steps:
        successors.setdefault(code, []).append((day, successor))
    return successors


def _places(con: duckdb.DuckDBPyConnection) -> Places:
    organisations = con.execute("SELECT organisation, name, kind, parent, icb, region FROM ref.organisation")
    by_code = {code: Placed(*rest) for code, *rest in organisations.fetchall()}
    successors = _by_code(
        con.execute("SELECT organisation, successor, effective_on FROM ref.succession").fetchall()
    )
    (last,) = con.execute("SELECT max(last_day) FROM ref.month").fetchall()
    return Places(by_code, successors, last[0] or date.min)


def _spans(months: list[date]) -> Iterator[tuple[str, list[date]]]:
    """Every period type with its runs of months; ``months`` has no gaps."""
    for kind, (length, starts) in PERIODS.items():
        for at in range(len(months) - length + 1):
            if months[at].month in starts:
                yield kind, months[at : at + length]
