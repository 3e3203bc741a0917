"""Lookup tables of the warehouse: therapies, codes, languages, months.

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
from warehouse.capacity.reference import load_capacity
from warehouse.clinical import load_clinical
from warehouse.organisations.places import load_organisations, load_periods
from warehouse.staging import StagedSubmission, insert_rows
from warehouse.trajectories.targets import load_targets
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
CREATE TABLE ref.language (language VARCHAR, name VARCHAR, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.month (month DATE, last_day DATE, financial_year VARCHAR);
"""
COLUMNS = """
Columns of ref.code: One row per code of every code list of the dataset, retired codes included.
  code_list: Name of the code list.
  code: Code.
  meaning: What the code means.
  valid_from [date]: First day it may be used; NULL is always.
  valid_to [date]: Last day it may be used; NULL is for ever.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.

Columns of ref.language: One row per language code (languages.csv).
  language, key: Two letters of ISO 639-1, or a code of the NHS Data Dictionary beside it.
  name: Name in English.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.

Columns of ref.month: One row per month from the first to the last current submission.
  month [month], key: First day of the month.
  last_day [date]: Last day of the month.
  financial_year [YYYY-YY]: Financial year, April to March.

Columns of ref.therapy: One row per SNOMED procedure that is a therapy.
  snomed [SNOMED CT], key: Procedure code.
  therapy_type: Type of therapy (ref.code therapy_type); NULL when the procedure is not a therapy.
  intensity: Intensity of the therapy as the national statistics group it: low or high.
  therapy: Name of the therapy.
  pathways: Pathway codes it is used in, separated by blanks.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.

Columns of ref.code_group: One row per code that a group of a breakdown is made of (measures/code_groups.csv).
  concept, key: What is grouped: problem_descriptor, long_term_condition, social_circumstance, sexual_orientation or
      religion.
  code, key: ICD-10 code without its dot, or SNOMED CT code.
  match: exact, or prefix: every code that starts with it.
  group_code: Group the code counts in.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.
"""


def load_reference(
    con: duckdb.DuckDBPyConnection,
    current: Sequence[StagedSubmission],
    organisations: Mapping[str, str],
    reference: Path | None = None,
) -> None:
    """Create and fill schema ``ref``, except the places of codes, which need core.

    ``reference`` is the folder written by ``organisations.importing.take_reference``; ``organisations`` adds names
    by ODS code.

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
    with (files("warehouse") / "languages.csv").open(encoding="utf-8") as file:
        insert_rows(con, "ref.language", [tuple(row.values()) for row in csv.DictReader(file)])
    load_organisations(con, reference, organisations)
    load_clinical(con)
    load_targets(con)
    load_capacity(con)
    reported = [submission.month for submission in current]
    months = months_between(min(reported), max(reported)) if reported else []
    insert_rows(con, "ref.month", [_month_row(month) for month in months])
    load_periods(con)


def _month_row(month: date) -> tuple[date, date, str]:
    start = month.year if month.month >= 4 else month.year - 1
    return month, last_day(month), f"{start}-{(start + 1) % 100:02d}"
