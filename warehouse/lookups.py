"""Lookup tables that travel in the warehouse: instruments, therapies, codes, pathways, months.

Belongs here: loading what ``schemas`` declares into schema ``ref``.
Does not belong here: anything that comes from a submission.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb

from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.instruments import instruments
from schemas.month import last_day, months_between
from warehouse.clinical import load_clinical
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.organisations.places import load_organisations, load_periods
from warehouse.staging import StagedSubmission, insert_rows

_TABLES = """
CREATE TABLE ref.instrument (
    position INTEGER, instrument VARCHAR, name VARCHAR, code VARCHAR, items INTEGER, low DECIMAL(9, 2),
    high DECIMAL(9, 2), decimals INTEGER, direction VARCHAR, caseness DECIMAL(9, 2), caseness_test VARCHAR,
    reliable_change DECIMAL(9, 2), role VARCHAR, pathways VARCHAR, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.instrument_code (code VARCHAR, instrument VARCHAR);
CREATE TABLE ref.adsm (instrument VARCHAR, position INTEGER, complaint_prefix VARCHAR);
CREATE TABLE ref.therapy (
    snomed VARCHAR, therapy_type VARCHAR, intensity VARCHAR, therapy VARCHAR, pathways VARCHAR,
    source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.code (
    code_list VARCHAR, code VARCHAR, meaning VARCHAR, valid_from DATE, valid_to DATE, source VARCHAR,
    confidence VARCHAR);
CREATE TABLE ref.code_group (
    concept VARCHAR, code VARCHAR, match VARCHAR, group_code VARCHAR, source VARCHAR, confidence VARCHAR);
CREATE TABLE ref.pathway (pathway VARCHAR, pathway_name VARCHAR);
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

    Raises ValueError when the instrument catalogue has a code twice, or not exactly one measure each of
    depression and anxiety: recovery would then count a pathway more than once.
    """
    con.execute(_TABLES)
    catalogue = instruments()
    codes = [each.snomed or each.instrument for each in catalogue]
    every = [(code, each.instrument) for each in catalogue for code in each.codes]
    if len({code for code, _ in every}) != len(every):
        raise ValueError("instruments.csv: a code is used by two instruments")
    for role in ("depression", "anxiety"):
        if sum(each.role == role for each in catalogue) != 1:
            raise ValueError(f"instruments.csv: exactly one instrument must have the role {role!r}")
    insert_rows(
        con,
        "ref.instrument",
        [
            (
                position, each.instrument, each.name, code, each.items, each.low, each.high, each.decimals,
                each.direction, each.caseness, each.caseness_test, each.reliable_change, each.role,
                " ".join(each.pathways), each.source, each.confidence,
            )
            for position, (each, code) in enumerate(zip(catalogue, codes, strict=True), start=1)
        ],
    )  # fmt: skip
    insert_rows(con, "ref.instrument_code", every)
    insert_rows(
        con,
        "ref.adsm",
        [
            (each.instrument, position, prefix)
            for position, each in enumerate(catalogue, start=1)
            for prefix in each.complaint_prefixes
        ],
    )
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
    pathways = [(code.code, code.meaning) for code in code_list("pathway")]
    insert_rows(con, "ref.pathway", [(ALL_PATHWAYS, "All pathways"), *pathways])
    load_organisations(con, reference, organisations)
    load_clinical(con)
    reported = [submission.month for submission in current]
    months = months_between(min(reported), max(reported)) if reported else []
    insert_rows(con, "ref.month", [_month_row(month) for month in months])
    load_periods(con)


def _month_row(month: date) -> tuple[date, date, str]:
    start = month.year if month.month >= 4 else month.year - 1
    return month, last_day(month), f"{start}-{(start + 1) % 100:02d}"
