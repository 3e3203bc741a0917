"""The instrument catalogue: every scored outcome measure, its range, direction, cut-off and reliable change.

Belongs here: reading ``schemas/instruments.csv``, one row per score that has (or will have) a SNOMED CT
code. Does not belong here: first and last scores, recovery and change (``warehouse``), and the experience
questions, which are answered Y, N or NA (``schemas/codes/experience_question.csv``).

Sources stand in the file. ``confidence`` R marks a row with a threshold or range that is recalled;
``snomed`` is None where no code was found in public sources, so no submitted score can match it yet.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Instrument:
    """One score.

    ``low`` and ``high`` bound a valid score (inclusive). ``direction`` says which is better. Caseness holds
    when the score stands in relation ``caseness_test`` (>=, <, >) to ``caseness``. ``reliable_change`` is in
    points; round a change to ``decimals`` before comparing (2.01 - 1.28 is less than 0.73 in binary).
    ``role``: depression, anxiety, adsm (anxiety disorder specific measure), prom or other.
    ``complaint_prefixes`` are the starts of presenting-complaint codes an adsm goes with, without dots; where
    two go with one complaint the earlier row is preferred (PCL-5 before IES-R since version 2.0).
    """

    instrument: str
    name: str
    snomed: str | None
    items: int
    low: float
    high: float
    decimals: int
    direction: str
    caseness: float | None
    caseness_test: str | None
    reliable_change: float | None
    role: str
    complaint_prefixes: tuple[str, ...]
    pathways: tuple[str, ...]
    source: str
    confidence: str


@cache
def instruments() -> tuple[Instrument, ...]:
    """Every instrument, in file order."""
    with (files("schemas") / "instruments.csv").open(encoding="utf-8") as file:
        return tuple(_instrument(row) for row in csv.DictReader(file))


@cache
def by_snomed() -> dict[str, Instrument]:
    """Instruments that have a SNOMED CT code, by that code."""
    return {found.snomed: found for found in instruments() if found.snomed}


def _instrument(row: dict[str, str]) -> Instrument:
    return Instrument(
        instrument=row["instrument"],
        name=row["name"],
        snomed=row["snomed"] or None,
        items=int(row["items"]),
        low=float(row["low"]),
        high=float(row["high"]),
        decimals=int(row["decimals"]),
        direction=row["direction"],
        caseness=_number(row["caseness"]),
        caseness_test=row["caseness_test"] or None,
        reliable_change=_number(row["reliable_change"]),
        role=row["role"],
        complaint_prefixes=tuple(row["complaint_prefix"].split()),
        pathways=tuple(row["pathways"].split()),
        source=row["source"],
        confidence=row["confidence"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
