"""Pathways and instruments in schema ``ref``: what core joins to assign referrals and to judge scores.

Belongs here: loading the tables of pathways and instruments that ``schemas`` declares. Does not belong here: what
they say (``schemas.pathway``, ``schemas.instruments``), judging (``core/*.sql``), code lists
(``warehouse.reference``).
"""

from itertools import pairwise

import duckdb

from schemas.instruments import Instrument, dated_instruments, instruments
from schemas.pathway import pathways
from warehouse.measures.catalogue import ALL_PATHWAYS
from warehouse.staging import insert_rows

_TABLES = """
CREATE TABLE ref.pathway (
    pathway VARCHAR, pathway_name VARCHAR, measure_set VARCHAR, is_default BOOLEAN, severity_measure VARCHAR);
CREATE TABLE ref.pathway_complaint (complaint_prefix VARCHAR, pathway VARCHAR);
CREATE TABLE ref.pathway_reason (primary_reason VARCHAR, pathway VARCHAR);
CREATE TABLE ref.instrument (
    position INTEGER, instrument VARCHAR, name VARCHAR, code VARCHAR, items INTEGER, low DECIMAL(9, 2),
    high DECIMAL(9, 2), decimals INTEGER, direction VARCHAR, caseness DECIMAL(9, 2), caseness_test VARCHAR,
    recovery_cut_off DECIMAL(9, 2), reliable_change DECIMAL(9, 2), role VARCHAR, domain VARCHAR, pathways VARCHAR,
    recalled VARCHAR, source VARCHAR, confidence VARCHAR, note VARCHAR);
CREATE TABLE ref.instrument_cut_off (
    instrument VARCHAR, position INTEGER, valid_from DATE, valid_to DATE, caseness DECIMAL(9, 2),
    caseness_test VARCHAR, recovery_cut_off DECIMAL(9, 2), reliable_change DECIMAL(9, 2), source VARCHAR,
    confidence VARCHAR);
CREATE TABLE ref.instrument_code (code VARCHAR, instrument VARCHAR);
CREATE TABLE ref.adsm (instrument VARCHAR, position INTEGER, complaint_prefix VARCHAR);
CREATE TABLE ref.severity_band (
    instrument VARCHAR, lowest DECIMAL(9, 2), below DECIMAL(9, 2), severity_band VARCHAR);
"""


def load_vocabulary(con: duckdb.DuckDBPyConnection) -> None:
    """Create and fill the tables of pathways and instruments. Raises CatalogueError when one cannot be used."""
    con.execute(_TABLES)
    known = pathways()
    insert_rows(
        con,
        "ref.pathway",
        [
            (ALL_PATHWAYS, "All pathways", None, None, None),
            *((each.code, each.name, each.measure_set, each.is_default, each.severity_measure) for each in known),
        ],
    )
    insert_rows(con, "ref.pathway_complaint", [(prefix, each.code) for each in known for prefix in each.icd10])
    insert_rows(
        con, "ref.pathway_reason", [(reason, each.code) for each in known for reason in each.primary_reasons]
    )
    numbered = list(enumerate(instruments(), start=1))
    positions = {each.instrument: position for position, each in numbered}
    insert_rows(con, "ref.instrument", [_instrument_row(position, each) for position, each in numbered])
    insert_rows(
        con,
        "ref.instrument_cut_off",
        [
            (
                each.instrument, positions[each.instrument], each.valid_from, each.valid_to, each.caseness,
                each.caseness_test, each.recovery_cut_off, each.reliable_change, each.source, each.confidence,
            )
            for each in dated_instruments()
        ],
    )  # fmt: skip
    insert_rows(
        con, "ref.instrument_code", [(code, each.instrument) for _, each in numbered for code in each.codes]
    )
    insert_rows(
        con,
        "ref.adsm",
        [(each.instrument, position, prefix) for position, each in numbered for prefix in each.complaint_prefixes],
    )
    insert_rows(con, "ref.severity_band", [row for _, each in numbered for row in _band_rows(each)])


def _instrument_row(position: int, each: Instrument) -> tuple[object, ...]:
    return (
        position, each.instrument, each.name, each.accepted[0], each.items, each.low, each.high, each.decimals,
        each.direction, each.caseness, each.caseness_test, each.recovery_cut_off, each.reliable_change, each.role,
        each.domain, " ".join(each.pathways), " ".join(each.recalled) or None, each.source, each.confidence,
        each.note or None,
    )  # fmt: skip


def _band_rows(each: Instrument) -> list[tuple[object, ...]]:
    """Instrument, lowest score, score at which the next band begins (NULL for the last) and name of each band."""
    if not each.bands:
        return []
    return [
        (each.instrument, lowest, below, name) for (lowest, name), (below, _) in pairwise([*each.bands, (None, "")])
    ]
