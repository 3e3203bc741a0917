"""NHS England's published annual statistics: read, normalised, and compared with our own figures.

Belongs here: the layout of the published files, the three meanings of their value column, and the counts that
enter the comparison. Does not belong here: downloading them, and the comparison itself
(``mart/service_comparison.sql``).

The files are Parquet of "NHS Talking Therapies, for anxiety and depression, annual reports" (Open Government
Licence v3.0). ``*`` is a suppressed count (below 5), NULL a value that does not apply. Neither is zero.
"""

import json
from pathlib import Path

import duckdb

from schemas.errors import NotAsked
from warehouse.models import read_sql
from warehouse.staging import insert_rows
from warehouse.storage import sha256_of, writing


class PublishedError(NotAsked):
    """The published statistics cannot be read; the message says what is wrong and what is expected."""


_SHARED = (
    "reporting_period", "start_date", "end_date", "org_type", "org_code", "org_name", "variable_type",
    "variable_a", "variable_b", "measure_name", "measure_statistic",
)  # fmt: skip
# File stem → the columns it must have; the first two files are required.
LAYOUT: dict[str, tuple[str, ...]] = {
    "measures_annual": (*_SHARED, "value"),
    "providers": ("org_code", "org_name", "status", "start_date", "end_date", "town", "icb_code", "icb_name",
                  "region_code", "region_name"),
    "proms_annual": (*_SHARED, "measure_time", "value"),
    "therapy_position_annual": (*_SHARED, "value"),
}  # fmt: skip
REQUIRED = ("measures_annual", "providers")
TABLES = {
    "measures_annual": "measure_annual",
    "providers": "provider",
    "proms_annual": "proms_annual",
    "therapy_position_annual": "therapy_position_annual",
}
SOURCE_FILE = "source.json"

# Our measure, the published count, the count it is a share of, and the count taken off that first.
_MEASURES = (
    ("REFERRALS", "referrals_received", None, None),
    ("FINISHED", "finished_course_treatment", None, None),
    ("AT_CASENESS", "at_caseness", "finished_course_treatment", None),
    ("NOT_AT_CASENESS", "not_at_caseness", "finished_course_treatment", None),
    ("RECOVERY", "recovery", "finished_course_treatment", "not_at_caseness"),
    ("RELIABLE_RECOVERY", "reliable_recovery", "finished_course_treatment", "not_at_caseness"),
    ("RELIABLE_IMPROVEMENT", "improvement", "finished_course_treatment", None),
    ("NO_RELIABLE_CHANGE", "no_reliable_change", "finished_course_treatment", None),
    ("RELIABLE_DETERIORATION", "deterioration", "finished_course_treatment", None),
)

_TIDY = """
    reporting_period AS financial_year, CAST(start_date AS DATE) AS period_start,
    CAST(end_date AS DATE) AS period_end, org_type, org_code, org_name, variable_type,
    CASE WHEN variable_a NOT IN ('NULL', 'NA') THEN variable_a END AS variable_a,
    CASE WHEN variable_b NOT IN ('NULL', 'NA') THEN variable_b END AS variable_b,
    measure_name, measure_statistic AS statistic"""
_IS_NUMBER = "regexp_matches(CAST(value AS VARCHAR), '^-?[0-9]{1,12}([.][0-9]{1,2})?$')"
_TEXT_VALUE = f"""
    CASE WHEN {_IS_NUMBER} THEN CAST(value AS DECIMAL(14, 2)) END AS value,
    CASE WHEN {_IS_NUMBER} THEN 'value' WHEN value = '*' THEN 'suppressed' ELSE 'not applicable' END
        AS state"""
# These two files come with numbers only: whether a missing one was suppressed is no longer known.
_NUMBER_VALUE = """
    CAST(value AS DECIMAL(14, 2)) AS value,
    CASE WHEN value IS NULL THEN 'suppressed or not applicable' ELSE 'value' END AS state"""
_SELECTS = {
    "measures_annual": f"{_TIDY}, {_TEXT_VALUE}",
    "providers": """
    org_code AS provider, org_name AS provider_name, status, try_cast(start_date AS DATE) AS opened_on,
    try_cast(end_date AS DATE) AS closed_on, town, icb_code, icb_name, region_code, region_name""",
    "proms_annual": f"{_TIDY}, measure_time, {_NUMBER_VALUE}",
    "therapy_position_annual": f"{_TIDY}, {_NUMBER_VALUE}",
}

_ANNUAL = """financial_year VARCHAR, period_start DATE, period_end DATE, org_type VARCHAR, org_code VARCHAR,
    org_name VARCHAR, variable_type VARCHAR, variable_a VARCHAR, variable_b VARCHAR, measure_name VARCHAR,
    statistic VARCHAR"""
_DDL = f"""
CREATE SCHEMA IF NOT EXISTS published;
CREATE OR REPLACE TABLE published.measure_annual ({_ANNUAL}, value DECIMAL(14, 2), state VARCHAR);
CREATE OR REPLACE TABLE published.proms_annual (
    {_ANNUAL}, measure_time VARCHAR, value DECIMAL(14, 2), state VARCHAR);
CREATE OR REPLACE TABLE published.therapy_position_annual ({_ANNUAL}, value DECIMAL(14, 2), state VARCHAR);
CREATE OR REPLACE TABLE published.provider (
    provider VARCHAR, provider_name VARCHAR, status VARCHAR, opened_on DATE, closed_on DATE, town VARCHAR,
    icb_code VARCHAR, icb_name VARCHAR, region_code VARCHAR, region_name VARCHAR);
CREATE OR REPLACE TABLE published.service_count (
    provider VARCHAR, provider_name VARCHAR, period_type VARCHAR, period_start DATE, pathway VARCHAR,
    measure VARCHAR, numerator BIGINT, denominator BIGINT, state VARCHAR, published_rate DECIMAL(6, 4));
"""
COLUMNS = """
Columns of published.measure_annual: NHS England's annual Talking Therapies statistics, one row per published value.
  financial_year [YYYY-YY]: Financial year, April to March.
  period_start [date]: First day of the period.
  period_end [date]: Last day of the period.
  org_type: Kind of organisation: England, Commissioning Region, CCG, STP, ICB, SubICB, Provider.
  org_code: ODS code, or All.
  org_name: Name of the organisation in that year.
  variable_type: Characteristic the value is broken down by; Total is everybody.
  variable_a: Value of the characteristic.
  variable_b: Second value of the characteristic, NULL when it has one only.
  measure_name: Name of the measure as published.
  statistic: count, percentage, mean, sd or effect_size.
  value: Number as published; NULL unless state is value.
  state: value; suppressed (published as *); not applicable (published as NULL).

Columns of published.proms_annual: NHS England's annual outcome-measure statistics by therapy type, one row per
    published value.
  financial_year [YYYY-YY]: Financial year, April to March.
  period_start [date]: First day of the period.
  period_end [date]: Last day of the period.
  org_type: Kind of organisation: England, Commissioning Region, CCG, STP, ICB, SubICB, Provider.
  org_code: ODS code, or All.
  org_name: Name of the organisation in that year.
  variable_type: Characteristic the value is broken down by; Total is everybody.
  variable_a: Value of the characteristic.
  variable_b: Second value of the characteristic, NULL when it has one only.
  measure_name: Name of the measure as published.
  statistic: count, percentage, mean, sd or effect_size.
  measure_time: start or end of treatment, NULL when it is neither.
  value: Number as published; NULL unless state is value.
  state: value, or suppressed or not applicable: the source file does not tell the two apart.

Columns of published.provider: Providers named in the published statistics (Organisation Data Service).
  provider, key: ODS code of the provider.
  provider_name: Name of the provider.
  status: Active or inactive.
  opened_on [date]: Day the organisation opened.
  closed_on [date]: Day it closed.
  town: Town.
  icb_code: Code of the integrated care board.
  icb_name: Name of the integrated care board.
  region_code: Code of the region.
  region_name: Name of the region.

Columns of published.therapy_position_annual: NHS England's annual counts of the order in which therapy types were
    given.
  financial_year [YYYY-YY]: Financial year, April to March.
  period_start [date]: First day of the period.
  period_end [date]: Last day of the period.
  org_type: Kind of organisation: England, Commissioning Region, CCG, STP, ICB, SubICB, Provider.
  org_code: ODS code, or All.
  org_name: Name of the organisation in that year.
  variable_type: Characteristic the value is broken down by; Total is everybody.
  variable_a: Value of the characteristic.
  variable_b: Second value of the characteristic, NULL when it has one only.
  measure_name: Name of the measure as published.
  statistic: count, percentage, mean, sd or effect_size.
  value: Number as published; NULL unless state is value.
  state: value, or suppressed or not applicable: the source file does not tell the two apart.
"""


def create_published(con: duckdb.DuckDBPyConnection) -> None:
    """Create schema ``published`` with empty tables and its view: a release has the same shape with and without."""
    con.execute(_DDL)
    con.execute(read_sql("published.therapy_change"))


def normalise_published(path: Path, out: Path, *, with_proms: bool = True) -> dict[str, int]:
    """Turn the published files in folder ``path`` into tidy Parquet in ``out``.

    ``value`` becomes a number or NULL, with ``state`` beside it: 'value', 'suppressed' or 'not applicable'
    (in the two files that come without marks: 'suppressed or not applicable'). Returns rows per file. What
    was in ``out`` changes only once every file was readable; ``source.json`` (sha256 of inputs) goes last.

    Raises PublishedError when the folder, a required file or a column is missing, or a value is none of the
    three.
    """
    if not path.is_dir():
        raise PublishedError(f"{path} is not a folder. Give the folder with measures_annual.parquet.")
    wanted = [stem for stem in LAYOUT if with_proms or stem != "proms_annual"]
    present = [stem for stem in wanted if (path / f"{stem}.parquet").is_file()]
    missing = [f"{stem}.parquet" for stem in REQUIRED if stem not in present]
    if missing:
        raise PublishedError(f"{path} has no {' and no '.join(missing)}.")
    out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with duckdb.connect() as con:
        for stem in present:
            counts[stem] = _normalise_file(con, stem, path / f"{stem}.parquet", out / f"{stem}.partial")
    # Everything was readable: only now does anything already there change.
    (out / SOURCE_FILE).unlink(missing_ok=True)
    for stem in LAYOUT:
        if stem in present:
            (out / f"{stem}.partial").replace(out / f"{stem}.parquet")
        else:
            (out / f"{stem}.parquet").unlink(missing_ok=True)
    digests = {f"{stem}.parquet": sha256_of(path / f"{stem}.parquet") for stem in present}
    partial = out / f"{SOURCE_FILE}.partial"
    partial.write_text(json.dumps(digests, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(out / SOURCE_FILE)
    return counts


def _normalise_file(con: duckdb.DuckDBPyConnection, stem: str, source: Path, target: Path) -> int:
    try:
        described = con.execute("DESCRIBE SELECT * FROM read_parquet($source)", {"source": str(source)}).fetchall()
    except duckdb.Error as error:
        raise PublishedError(f"{source.name} cannot be read as Parquet.") from error
    found = {row[0] for row in described}
    absent = [column for column in LAYOUT[stem] if column not in found]
    if absent:
        raise PublishedError(f"{source.name} has no column {', '.join(absent)}.")
    if stem == "measures_annual":
        _refuse_unknown_values(con, source)
    con.execute(
        f"COPY (SELECT {_SELECTS[stem]} FROM read_parquet($source)) TO $target (FORMAT parquet, COMPRESSION zstd)",
        {"source": str(source), "target": str(target)},
    )
    row = con.execute("SELECT count(*) FROM read_parquet($target)", {"target": str(target)}).fetchone()
    assert row is not None
    return int(row[0])


def _refuse_unknown_values(con: duckdb.DuckDBPyConnection, source: Path) -> None:
    strange = con.execute(
        f"SELECT value, count(*) FROM read_parquet($source) "
        f"WHERE value IS NOT NULL AND value NOT IN ('*', 'NULL') AND NOT {_IS_NUMBER} "
        "GROUP BY value ORDER BY count(*) DESC, value LIMIT 3",
        {"source": str(source)},
    ).fetchall()
    if strange:
        listed = ", ".join(f"{value!r} ({count} times)" for value, count in strange)
        raise PublishedError(f"{source.name}: a value must be a number, '*' or 'NULL', but found {listed}.")


def statistics_digest(folder: Path | None) -> str:
    """SHA-256 over the list of the files imported into ``folder``; empty where nothing was imported."""
    source = folder / SOURCE_FILE if folder is not None else None
    return sha256_of(source) if source is not None and source.is_file() else ""


def load_published(draft: Path, folder: Path, *, with_proms: bool = True) -> dict[str, int]:
    """Put what ``normalise_published`` wrote into schema ``published`` of the draft, before ``build_marts``.

    Returns rows per table, ``published.service_count`` (what enters the comparison) among them. Providers
    without a name take the published one; ``with_proms`` False leaves out the 8 M rows of outcome-measure
    statistics (two thirds of the time). Raises PublishedError when the folder is not one of ours, or one
    provider has two different totals for the same year and measure.
    """
    if not (folder / SOURCE_FILE).is_file():
        raise PublishedError(f"{folder} has no normalised published statistics (no {SOURCE_FILE}).")
    counts: dict[str, int] = {}
    digest = statistics_digest(folder)
    with duckdb.connect(str(draft), config=writing(preserve_insertion_order="false")) as con:
        con.execute("ATTACH ':memory:' AS work")
        # 12.3 M rows of few distinct texts: 11 s and 107 MB without FSST, 14 s and 109 MB with it.
        con.execute("SET disabled_compression_methods = 'fsst'")
        create_published(con)
        for stem, table in TABLES.items():
            source = folder / f"{stem}.parquet"
            if source.is_file() and (with_proms or stem != "proms_annual"):
                con.execute(
                    f"INSERT INTO published.{table} BY NAME SELECT * FROM read_parquet($source)",
                    {"source": str(source)},
                )
        _refuse_contradictions(con)
        con.execute(
            "CREATE TABLE work.published_measure "
            "(measure VARCHAR, counted VARCHAR, base VARCHAR, less VARCHAR, is_share BOOLEAN)"
        )
        insert_rows(con, "work.published_measure", [(*row, row[2] is not None) for row in _MEASURES])
        con.execute(read_sql("published.service_count"))
        con.execute(
            "UPDATE core.provider SET provider_name = p.provider_name FROM published.provider AS p "
            "WHERE p.provider = core.provider.provider "
            "AND core.provider.provider_name = core.provider.provider"
        )
        con.execute("UPDATE meta.build SET published_statistics = ?", [digest])
        for table in (*TABLES.values(), "service_count"):
            row = con.execute(f"SELECT count(*) FROM published.{table}").fetchone()
            assert row is not None
            counts[f"published.{table}"] = int(row[0])
    return counts


def _refuse_contradictions(con: duckdb.DuckDBPyConnection) -> None:
    # TAF90 in 2023-24 occurs twice, under two names with the same figures: that is not a contradiction.
    found = con.execute(
        """
        SELECT org_code, financial_year, measure_name
        FROM published.measure_annual
        WHERE variable_type = 'Total' AND org_type IN ('Provider', 'England')
        GROUP BY org_type, org_code, financial_year, measure_name, statistic
        HAVING count(DISTINCT coalesce(CAST(value AS VARCHAR), state)) > 1
        ORDER BY ALL LIMIT 3
        """
    ).fetchall()
    if found:
        listed = ", ".join(f"{code} {year} {measure}" for code, year, measure in found)
        raise PublishedError(f"One provider, year and measure has two different totals: {listed}.")
