"""Open data in files: the layout is NHS England's, and each value is the one of schema ``public``.

Belongs here: the check of the files that ``warehouse.open_data`` wrote. Does not belong here: writing them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse.disclosure.screened_tables import as_csv, different
from warehouse.disclosure.suppression import SUPPRESSION
from warehouse.open_data import (
    GROUP_TYPES,
    LAYOUT,
    MEASURES,
    MEASURES_FILE,
    NOT_APPLICABLE,
    SUPPRESSED,
    UNKNOWN,
    Period,
    list_measures,
    periods,
    rows_of,
)

_TEXTS = dict.fromkeys(LAYOUT, "VARCHAR")
_KEY = ", ".join(
    column for column in LAYOUT if column not in ("ORG_NAME1", "ORG_NAME2", "MEASURE_NAME", LAYOUT[-1])
)
_NUMBER = "-?[0-9]+(\\.[0-9])?"
_IS_NUMBER = f"regexp_full_match(MEASURE_VALUE_SUPPRESSED, '{_NUMBER}')"
_AS_NUMBER = "TRY_CAST(MEASURE_VALUE_SUPPRESSED AS DOUBLE)"
_PLACES = "SELECT organisation, name FROM public.organisation WHERE level"
# What is wrong, and the predicate of a row in which it is.
_RULES = {
    "an unknown GROUP_TYPE": f"GROUP_TYPE NOT IN {tuple(GROUP_TYPES.values())}",
    "an unknown place": f"ORG_CODE1 NOT IN ('all', '{UNKNOWN}') "
    f"AND (ORG_CODE1, ORG_NAME1) NOT IN ({_PLACES} <> 'provider')",
    "an unknown provider": f"ORG_CODE2 <> 'all' AND (ORG_CODE2, ORG_NAME2) NOT IN ({_PLACES} = 'provider')",
    "a place where all are meant": "(GROUP_TYPE IN ('England', 'Provider')) <> (ORG_CODE1 = 'all')",
    "a provider where all are meant": "(GROUP_TYPE IN ('Provider', 'SubICB-Provider')) = (ORG_CODE2 = 'all')",
    "an unknown measure": "(MEASURE_ID, MEASURE_NAME) NOT IN (SELECT (measure_id, measure_name) FROM open_measure)",
    "a value that is no number and no mark": f"NOT {_IS_NUMBER} AND MEASURE_VALUE_SUPPRESSED NOT IN "
    f"('{SUPPRESSED}', '{NOT_APPLICABLE}')",
    "no value": "MEASURE_VALUE_SUPPRESSED IS NULL",
    f"a count under {SUPPRESSION.smallest}": "MEASURE_NAME LIKE 'Count%' "
    f"AND {_AS_NUMBER} < {SUPPRESSION.smallest}",
    "a count that is not whole": f"MEASURE_NAME LIKE 'Count%' AND {_AS_NUMBER} <> floor({_AS_NUMBER})",
    "a percentage above 100": f"MEASURE_NAME LIKE 'Percentage%' AND {_AS_NUMBER} NOT BETWEEN 0 AND 100",
}  # fmt: skip


def screen_open_data(folder: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What is wrong with the files of ``folder``, each with its place. ``con`` reads the release's database."""
    expected = {period.file: period for period in periods(con)}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    place = folder.name
    yield from (f"{place}/{name}: the file is missing" for name in sorted({*expected, MEASURES_FILE} - present))
    for name in sorted(present - {*expected, MEASURES_FILE}):
        yield f"{place}/{name}: the release has no such period and pathway"
    list_measures(con)
    for name in sorted(present):
        path = folder / name
        if path.is_symlink():
            continue  # said by the screener
        if name in expected:
            yield from (f"{place}/{name}{found}" for found in _screen_period(path, expected[name], con))
        elif name == MEASURES_FILE:
            yield from (f"{place}/{name}{found}" for found in _screen_measures(path, con))
    con.execute("DROP TABLE open_measure")


def _screen_period(path: Path, period: Period, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    if _head(path) != list(LAYOUT):
        yield ": its columns are not those of NHS England's layout"
        return
    relation = as_csv(path, _TEXTS)
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE handed_out AS FROM {relation}")
    except duckdb.Error:  # its text may quote a value
        yield ": it cannot be read in NHS England's layout"
        return
    start = f"REPORTING_PERIOD_START IS DISTINCT FROM '{period.start}'"
    rules = {
        **_RULES,
        "another period than the file's name": f"{start} OR REPORTING_PERIOD_END IS DISTINCT FROM '{period.end}'",
    }
    counts = con.execute(
        f"SELECT {', '.join(f'count_if({rule})' for rule in rules.values())} FROM handed_out"
    ).fetchone()
    assert counts is not None
    yield from (f": {count} rows have {words}" for words, count in zip(rules, counts, strict=True) if count)
    twice = con.execute(
        f"SELECT count(*) FROM (FROM handed_out SELECT 1 GROUP BY {_KEY} HAVING count(*) > 1)"
    ).fetchone()
    if twice and twice[0]:
        yield f": {twice[0]} figures are there twice"
    yield from different(con, "handed_out", f"({rows_of(period)})", _TEXTS)
    con.execute("DROP TABLE handed_out")


def _screen_measures(path: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    columns = {row[0].upper(): "VARCHAR" for row in con.execute(f"DESCRIBE {MEASURES}").fetchall()}
    if _head(path) != list(columns):
        yield ": its columns are not those that describe a measure"
        return
    yield from different(con, as_csv(path, columns), f"({MEASURES})", columns)


def _head(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])
