"""Open data: NHS England's layout, its ids and names, and the figures of schema ``public`` and no others."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.zones import PROJECT
from tests.fixtures.public_release import made_release
from tests.fixtures.warehouse import ask
from warehouse.measures.official import SAME, official
from warehouse.open_data import write_open_data

SHARED = PROJECT.parent / "shared" / "domain"
# Lines of NHS England's files for May 2023 and September 2025 (Open Government Licence v3.0): days were written in
# two ways, and marks are what the files have elsewhere.
PUBLISHED = """\
REPORTING_PERIOD_START,REPORTING_PERIOD_END,GROUP_TYPE,ORG_CODE1,ORG_NAME1,ORG_CODE2,ORG_NAME2,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE_SUPPRESSED
01/05/2023,31/05/2023,England,all,all SubICBs,all,all Providers,M001,Count_ReferralsReceived,146659
01/05/2023,31/05/2023,England,all,all SubICBs,all,all Providers,M004,Count_HealthVisitorReferrals,606
2025-09-01,2025-09-30,England,all,all SubICBs,all,all Providers,M001,Count_ReferralsReceived,154572
2025-09-01,2025-09-30,England,all,all SubICBs,all,all Providers,M005,Count_OtherPrimaryCareReferrals,*
"""


def read(text: str) -> Iterator[dict[str, Any]]:
    """NHS England's layout as programs of its users read it: names in small letters, the statistic before the
    first underscore, days either way, what is no number is none.
    """
    for row in csv.DictReader(io.StringIO(text)):
        start = row["REPORTING_PERIOD_START"]
        statistic, _, name = row["MEASURE_NAME"].partition("_")
        value = row["MEASURE_VALUE_SUPPRESSED"]
        yield {
            "month": start[:7] if start[4] == "-" else f"{start[6:]}-{start[3:5]}",
            "level": row["GROUP_TYPE"],
            "place": row["ORG_CODE1"],
            "provider": row["ORG_CODE2"],
            "measure": row["MEASURE_ID"],
            "statistic": statistic.lower(),
            "name": snake(name),
            "value": None if value in ("*", "-", "", "NULL") else float(value),
        }


def snake(name: str) -> str:
    return re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z])([A-Z])", r"\1\3_\2\4", name).lower()


@pytest.fixture(scope="module")
def month() -> str:
    """Our file of April 2025, all pathways."""
    return (made_release() / "open_data" / "parity_month_apr_2025_activity_performance.csv").read_text("utf-8")


def test_one_reader_reads_their_file_and_ours(month: str) -> None:
    theirs, ours = list(read(PUBLISHED)), list(read(month))
    assert [(row["month"], row["measure"], row["value"]) for row in theirs] == [
        ("2023-05", "M001", 146_659), ("2023-05", "M004", 606), ("2025-09", "M001", 154_572), ("2025-09", "M005", None)
    ]  # fmt: skip
    assert month.splitlines()[0] == PUBLISHED.splitlines()[0]
    england = next(row for row in ours if row["measure"] == "M001")
    assert england.items() >= {k: v for k, v in theirs[0].items() if k not in ("month", "value")}.items()
    assert england["month"] == "2025-04" and 80 <= england["value"] <= 96  # 88 people, and the error
    assert {row["level"] for row in ours} == {
        "England", "CommissioningRegion", "ICB", "SubICB", "Provider", "SubICB-Provider"
    }  # fmt: skip


def test_every_row_has_the_figure_of_the_public_schema_and_none_is_missing(month: str) -> None:
    """A slow reference of our own: row by row, in Python."""
    levels = {"CommissioningRegion": "region", "SubICB": "sub-ICB", "Provider": "provider"}
    levels |= {"SubICB-Provider": "provider in sub-ICB"}
    release = made_release() / "parity.duckdb"
    shown = {
        tuple(row[:3]): row[3:]
        for row in ask(
            release,
            "SELECT level, organisation, s.measure, numerator, denominator, value, state, kind "
            "FROM public.service_measure AS s INNER JOIN public.measure USING (measure) "
            "WHERE period_type = 'month' AND pathway = 'all'",
        )
    }
    names = {(each.official_id, each.official_name): each for each in official() if each.answer == SAME}
    checked, figures = set(), 0
    for row in csv.DictReader(io.StringIO(month)):
        level = levels.get(row["GROUP_TYPE"], row["GROUP_TYPE"])
        place, provider = (code.replace("InvalidCode", "unknown") for code in (row["ORG_CODE1"], row["ORG_CODE2"]))
        organisation = "|".join(code for code in (provider, place) if code != "all") or "ENG"
        found = names.get((row["MEASURE_ID"], row["MEASURE_NAME"]))
        own = re.fullmatch(r"(.*?)(_N|_D)?", row["MEASURE_ID"])
        assert own
        measure = found.measure if found else own[1]
        numerator, denominator, value, state, kind = shown[level, organisation, measure]
        main = "numerator" if kind == "count" else "value"
        which = found.figure if found else {"_N": "numerator", "_D": "denominator"}.get(own[2] or "", main)
        figure = {"numerator": numerator, "denominator": denominator, "value": value}[which]
        if figure is not None and which == "value" and kind == "share":
            figure = round(100 * figure, 1)
        expected = "NULL" if state == "not applicable" else "*" if figure is None else f"{figure:g}"
        assert row["MEASURE_VALUE_SUPPRESSED"] == expected
        checked.add((level, organisation, measure))
        figures += figure is not None
    assert figures > 50
    # Of place and provider together there is what NHS England defines, and no figure that does not apply.
    left = {key for key, row in shown.items() if row[3] not in ("not submitted", "not applicable")} - checked
    assert {level for level, _, _ in left} <= {"provider in sub-ICB"}
    assert "*" in month and re.search("^[^*]*,[0-9]+\\.[0-9]$", month, re.MULTILINE)


def test_figures_of_groups_are_added_only_where_all_of_them_are_shown(tmp_path: Path) -> None:
    """M283 is of two groups together: 20 and 30 are 50; 20 and a hidden one are hidden. M286 is their rate."""
    with duckdb.connect() as con:
        con.execute(
            """
            CREATE SCHEMA public; CREATE SCHEMA mart;
            CREATE MACRO public.rate(n, d) AS CASE WHEN d >= 50 THEN n / d END;
            CREATE TABLE public.measure AS FROM (VALUES
                (1, 'AT_CASENESS', 'share', 't', 'm', NULL), (2, 'RECOVERY', 'share', 't', 'm', NULL)
            ) AS v (position, measure, kind, title, meaning, caveats);
            CREATE TABLE mart.official_measure AS FROM (VALUES
                ('M283', 'Count_A', 'same', 'AT_CASENESS', 'numerator', 'ltc_integrated', 'core only; nothing attended'),
                ('M286', 'Percentage_B', 'same', 'RECOVERY', 'value', 'ltc_integrated', 'core only; nothing attended'),
                ('M290', 'Count_C', 'differs', 'AT_CASENESS', 'numerator', 'ltc_integrated', 'core only')
            ) AS v (official_id, official_name, answer, measure, figure, breakdown, groups);
            CREATE TABLE public.organisation AS FROM (VALUES
                ('England', 'ENG', 'England'), ('provider', 'RXX', 'X'), ('provider', 'RYY', 'Y')
            ) AS v (level, organisation, name);
            CREATE TABLE public.service_measure AS
                SELECT 'submitted' AS source, level, organisation, 'financial year' AS period_type,
                    DATE '2025-04-01' AS period_start, 'all' AS pathway, measure, 60 AS numerator, 100 AS denominator,
                    0.6 AS value, 'value' AS state
                FROM public.organisation, public.measure;
            CREATE TABLE public.breakdown_measure AS
                SELECT source, level, organisation, period_type, period_start, pathway, 'ltc_integrated' AS breakdown,
                    g AS breakdown_group, measure,
                    CASE WHEN level = 'England' THEN if(g = 'core only', 20, 30) WHEN g = 'core only' THEN 20 END AS numerator,
                    if(g = 'core only', 50, 75) AS denominator, 0.4 AS value, 'value' AS state
                FROM public.service_measure, (SELECT unnest(['core only', 'nothing attended', 'integrated']) AS g)
                WHERE NOT (organisation = 'RYY' AND g = 'nothing attended')
            """
        )
        write_open_data(con, tmp_path / "open_data")
    written = (tmp_path / "open_data" / "parity_year_2025_26_activity_performance.csv").read_text()
    figures = {
        (row["ORG_CODE2"], row["MEASURE_ID"]): (row["REPORTING_PERIOD_END"], row["MEASURE_VALUE_SUPPRESSED"])
        for row in csv.DictReader(io.StringIO(written))
    }
    end = "2026-03-31"
    assert {key: value for key, value in figures.items() if key[1].startswith("M")} == {
        ("all", "M283"): (end, "50"), ("all", "M286"): (end, "40"),
        ("RXX", "M283"): (end, "*"), ("RXX", "M286"): (end, "*"),
        ("RYY", "M283"): (end, "*"), ("RYY", "M286"): (end, "*"),
    }  # fmt: skip
    assert figures["RXX", "RECOVERY"] == (end, "60") and figures["RXX", "RECOVERY_D"] == (end, "100")


def test_ids_and_names_are_those_that_nhs_england_defines(month: str) -> None:
    defined = SHARED / "tt_monthly_measures_metadata.tsv"
    if not defined.is_file():
        pytest.skip("NHS England's metadata is not here")
    with defined.open(encoding="utf-8") as file:
        names = {row["measure_id"]: row["measure_name"] for row in csv.DictReader(file, delimiter="\t")}
    used = {(row["MEASURE_ID"], row["MEASURE_NAME"]) for row in csv.DictReader(io.StringIO(month))}
    theirs = {id_: name for id_, name in used if id_ in names}
    assert len(theirs) >= 5 and theirs == {id_: names[id_] for id_ in theirs}
    assert not {id_ for id_, _ in used if re.fullmatch(r"(M|EA|V)[0-9]+", id_)} - names.keys()


def test_the_reader_finds_what_it_knows_from_the_published_year(month: str) -> None:
    """The annual file of the same statistics, as published: the same names mean the same here."""
    published = SHARED / "published" / "measures_annual.parquet"
    if not published.is_file():
        pytest.skip("NHS England's published statistics are not here")
    known = {
        tuple(row)
        for row in duckdb.sql(f"SELECT DISTINCT measure_statistic, measure_name FROM '{published}'").fetchall()
    }
    ours = {(row["statistic"], row["name"]) for row in read(month)}
    assert {("count", "referrals_received"), ("count", "recovery"), ("percentage", "recovery")} <= known & ours
