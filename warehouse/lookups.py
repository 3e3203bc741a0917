"""Lookup tables that travel in the warehouse: therapies, codes, months.

Belongs here: loading what ``schemas`` declares into schema ``ref``. Does not belong here: pathways and instruments
(``warehouse.vocabulary``), anything that comes from a submission.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb

from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.month import last_day, months_between
from warehouse.clinical import load_clinical
from warehouse.organisations.places import load_organisations, load_periods
from warehouse.staging import StagedSubmission, insert_rows
from warehouse.vocabulary import load_vocabulary

_TABLES = """
CREATE TABLE ref.therapy (
    snomed VARCHAR, therapy_type VARCHAR, intensity VARCHAR, therapy VARCHAR, pathways VARCHAR,
    source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.code (
    code_list VARCHAR, code VARCHAR, meaning VARCHAR, valid_from DATE, valid_to DATE, source VARCHAR,
    confidence VARCHAR);
CREATE TABLE ref.code_group (
    concept VARCHAR, code VARCHAR, match VARCHAR, group_code VARCHAR, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.month (month DATE, last_day DATE, financial_year VARCHAR);
"""


def load_reference(
    con: duckdb.DuckDBPyConnection,
    current: Sequence[StagedSubmission],
    organisations: Mapping[str, str],
    reference: Path | None = None,
) -> None:
    """Create and fill schema ``ref``, but for the places of codes, which need core.

    ``reference`` is the folder of ``warehouse.organisations.take_reference``; ``organisations`` adds names by
    ODS code.

    Raises CatalogueError when the table of pathways or instruments cannot be used.
    """
    con.execute(_TABLES)
    load_vocabulary(con)
    with (files("schemas") / "codes" / "therapy_snomed.csv").open(encoding="utf-8") as file:
        insert_rows(con, "ref.therapy", [tuple(row.values()) for row in csv.DictReader(file)])
    used = sorted({field.codes for table in TABLES.values() for field in table.fields if field.codes})
    insert_rows(
        con,
        "ref.code",
        [
            (name, code.code, code.meaning, code.valid_from, code.valid_to, code.source, code.confidence)
            for name in used
            for code in code_list(name)
        ],
    )
    with (files("warehouse.measures") / "code_groups.csv").open(encoding="utf-8") as file:
        insert_rows(
            con,
            "ref.code_group",
            [
                (row["concept"], code, row["match"], row["group_code"], row["source"], row["confidence"])
                for row in csv.DictReader(file)
                for code in row["codes"].split()
            ],
        )
    load_organisations(con, reference, organisations)
    load_clinical(con)
    reported = [submission.month for submission in current]
    months = months_between(min(reported), max(reported)) if reported else []
    insert_rows(con, "ref.month", [_month_row(month) for month in months])
    load_periods(con)


def _month_row(month: date) -> tuple[date, date, str]:
    start = month.year if month.month >= 4 else month.year - 1
    return month, last_day(month), f"{start}-{(start + 1) % 100:02d}"
