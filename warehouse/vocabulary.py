"""Pathways and instruments in schema ``ref``, for assigning referrals and judging scores.

Belongs here: loading the tables of pathways and instruments that ``schemas`` declares. Does not belong here: their
content (``schemas.pathway``, ``schemas.instruments``), judging (``core/*.sql``), code lists
(``warehouse.lookups``).
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
COLUMNS = """
Columns of ref.adsm: One row per anxiety-disorder measure and the start of a complaint code it goes with.
  instrument, key: Short id of the instrument.
  position: Place in the catalogue.
  complaint_prefix, key: Start of the complaint code, without dot.

Columns of ref.instrument_code: One row per code under which an instrument's scores are accepted, older ones and its
    short id included.
  code [SNOMED CT], key: Code as submitted.
  instrument: Short id of the instrument (ref.instrument).

Columns of ref.instrument: One row per scored outcome measure: range, direction, cut-offs that hold last, with
    source.
  position: Place in the catalogue.
  instrument, key: Short id of the instrument.
  name: Name.
  code [SNOMED CT]: Code under which scores are submitted; the short id where no SNOMED code is known.
  items: Number of items.
  low [points]: Lowest valid score.
  high [points]: Highest valid score.
  decimals: Decimals a score may have.
  direction: Which is better: higher or lower.
  caseness [points]: Cut-off; NULL when there is none.
  caseness_test: How a score relates to the cut-off when it is a case: >=, > or <.
  recovery_cut_off [points]: A last score on the better side of it is in recovery; NULL when there is none.
  reliable_change [points]: Smallest change that is reliable; NULL when none is known.
  role: depression, anxiety, adsm (anxiety-disorder measure), prom, prem (experience) or other.
  domain: What the score is about: symptoms, functioning, quality of life, wellbeing, personal recovery, goals,
      experience of care, or clinician's rating.
  pathways: Pathway codes it is used in, separated by blanks.
  recalled: Columns whose value is recalled, to be confirmed, separated by blanks.
  source: Where it was found.
  confidence: F: found in the source; R: recalled, to be confirmed.
  note: What else a reader of scores must know.

Columns of ref.pathway: One row per pathway code.
  pathway, key: Pathway code.
  pathway_name: What the pathway treats.
  measure_set: Which measures apply: talking_therapies or severe_mental_illness; NULL for 'all'.
  is_default: Whether a referral that says nothing else goes here; NULL for 'all'.
  severity_measure: Short id of the main measure: its first score says how ill people are, and its change is that of
      SMI_IMPROVEMENT; NULL for 'all'.

Columns of ref.pathway_complaint: One row per start of an ICD-10 code that leads to a pathway.
  complaint_prefix, key: Start of the complaint code, without dot.
  pathway: Pathway code.

Columns of ref.pathway_reason: One row per primary reason for referral that leads to a pathway.
  primary_reason, key: Primary reason for referral (ref.code primary_reason_for_referral).
  pathway: Pathway code.

Columns of ref.severity_band: One row per severity band of an instrument.
  instrument, key: Short id of the instrument.
  lowest [points], key: Lowest first score of the band.
  below [points]: Score at which the next band begins; NULL for the last.
  severity_band: Name of the band.

Columns of ref.instrument_cut_off: One row per instrument and period in which its cut-offs hold.
  instrument, key: Short id of the instrument.
  position: Place in the catalogue.
  valid_from [date], key or NULL: First day on which they hold; NULL is always.
  valid_to [date]: Last day on which they hold; NULL is for ever.
  caseness [points]: Cut-off; NULL when there is none.
  caseness_test: How a score relates to the cut-off when it is a case: >=, > or <.
  recovery_cut_off [points]: A last score on the better side of it is in recovery; NULL when there is none.
  reliable_change [points]: Smallest change that is reliable; NULL when none is known.
  source: Where the values were found.
  confidence: F: found in the source; R: in part recalled, to be confirmed.
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
