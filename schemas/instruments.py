"""The instrument catalogue: every scored outcome measure, its range, direction, cut-offs and reliable change.

Belongs here: reading ``schemas/instruments.csv``, where one row is one instrument, and the questions that patients
answer about their care (``schemas/codes/experience_question.csv``), which have no score. Does not belong here: the
checks of a row (``schemas.instrument_checks``), which codes a submission may name (``schemas.tools``), first and
last scores, recovery and change (``warehouse``).

The file marks every value that is recalled and not found in a public source (``recalled``). Correct such values
there. The times at which measures are taken are this dataset's own choice, after the demonstration sites.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise

from schemas import pathway
from schemas.catalogue_file import read_rows
from schemas.errors import CatalogueError
from schemas.instrument_checks import band_bounds, problems, severity_problems

FILE = "schemas/instruments.csv"


@dataclass(frozen=True)
class Instrument:
    """One score, with the cut-offs that apply from ``valid_from`` to ``valid_to`` (inclusive, ``None`` is open).

    ``low`` and ``high`` are the bounds of a valid score (inclusive), ``decimals`` is the number of decimals
    allowed. ``direction`` says which direction is better. A score is at caseness if it satisfies ``caseness_test``
    (>=, <, >) with ``caseness``. A last score is in recovery if it no longer satisfies that test with
    ``recovery_cut_off``, usually the same number. ``reliable_change`` is in points. Round a change to ``decimals``
    before comparing (2.01 - 1.28 is less than 0.73 in binary). ``severity_bands`` name bands of the first score
    for case-mix. ``role``: depression, anxiety, adsm (anxiety disorder specific measure), prom, prem (rates
    treatment, not health) or other. ``domain`` is the subject of the score. ``complaint_prefixes`` are the first
    characters of presenting-complaint codes that an adsm applies to, without dots. If two instruments apply to one
    complaint, the earlier row is preferred (PCL-5 before IES-R since version 2.0). ``every_session`` and
    ``periodic`` (baseline, 3-monthly, end) are the codes of its pathways.

    ``snomed`` is None if no code was found in public sources: then the short name is the code. ``also`` are other
    accepted codes of the same score. ``recalled`` names the columns whose value is recalled. ``confidence`` is R
    if there are any. ``note`` says what else a reader of scores must know.
    """

    instrument: str
    name: str
    valid_from: date | None
    valid_to: date | None
    snomed: str | None
    also: tuple[str, ...]
    items: int
    low: float
    high: float
    decimals: int
    direction: str
    caseness: float | None
    caseness_test: str | None
    recovery_cut_off: float | None
    reliable_change: float | None
    severity_bands: tuple[str, ...]
    role: str
    domain: str
    complaint_prefixes: tuple[str, ...]
    every_session: tuple[str, ...]
    periodic: tuple[str, ...]
    recalled: tuple[str, ...]
    source: str
    confidence: str
    note: str

    @property
    def pathways(self) -> tuple[str, ...]:
        """The codes of the pathways it is used on, in the order of the table of pathways."""
        return pathway.codes_of((*self.every_session, *self.periodic))

    @property
    def accepted(self) -> tuple[str, ...]:
        """The codes under which a score may be submitted, the preferred one first."""
        return (self.snomed or self.instrument, *self.also)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code under which a score may have been submitted, the preferred one first.

        The short name is always one of them: scores submitted before a SNOMED CT code was confirmed still count.
        """
        return tuple(dict.fromkeys((*self.accepted, self.instrument)))

    @property
    def bands(self) -> tuple[tuple[int, str], ...]:
        """Lowest score and name of each severity band, from the lowest on."""
        return tuple((band_bounds(name)[0], name) for name in self.severity_bands)


@dataclass(frozen=True)
class Question:
    """One question about a patient's experience of care, answered in words or 0 to 4; higher is better.

    ``code`` is a SNOMED CT code, or a short name if the question has no code. ``answers`` are the allowed answers
    (``schemas/codes/experience_answer.csv``).
    """

    code: str
    name: str
    questionnaire: str
    answers: tuple[str, ...]
    source: str
    confidence: str

    @property
    def is_reason(self) -> bool:
        """Whether it is a reason for stopping: then a yes is not praise and a no is not blame."""
        return self.questionnaire == "reason for stopping"


@cache
def instruments() -> tuple[Instrument, ...]:
    """Every instrument once, in file order, with its latest cut-offs (``dated_instruments`` has all)."""
    return tuple({found.instrument: found for found in dated_instruments()}.values())


@cache
def dated_instruments() -> tuple[Instrument, ...]:
    """One entry per instrument and period of its cut-offs, in file order.

    Raises CatalogueError with every problem of the catalogue, or of the severity measures of the pathways.
    """
    found = read_instruments(files("schemas") / "instruments.csv")
    bands = {each.instrument: each.severity_bands for each in found}
    if wrong := list(severity_problems(pathway.pathways(), bands)):
        raise CatalogueError(pathway.FILE, wrong)
    return found


def read_instruments(file: Traversable) -> tuple[Instrument, ...]:
    """The instruments of a file with the columns of ``schemas/instruments.csv``, as ``dated_instruments``.

    A row without ``valid_to`` applies until the next row of the same instrument begins. Raises CatalogueError with
    every problem of every row.
    """
    by_name: dict[str, list[Instrument]] = {}
    for row in read_rows(file, FILE, problems):
        by_name.setdefault(row["instrument"], []).append(_instrument(row))
    return tuple(found for dated in by_name.values() for found in _closed(dated))


def _closed(rows: Sequence[Instrument]) -> list[Instrument]:
    """Rows of one instrument in order of time. Without an end of its own, each ends on the day before the next
    begins.
    """
    ordered = sorted(rows, key=lambda row: row.valid_from or date.min)
    for number, (row, following) in enumerate(pairwise(ordered)):
        if row.valid_to is None and following.valid_from is not None:
            ordered[number] = replace(row, valid_to=following.valid_from - timedelta(days=1))
    return ordered


@cache
def questions() -> tuple[Question, ...]:
    """Every question of the patient experience questionnaires, in file order."""
    with (files("schemas") / "codes" / "experience_question.csv").open(encoding="utf-8") as file:
        return tuple(
            Question(
                row["code"],
                row["meaning"],
                row["questionnaire"],
                tuple(row["answers"].split()),
                row["source"],
                row["confidence"],
            )
            for row in csv.DictReader(file)
        )


@cache
def by_code() -> dict[str, Instrument]:
    """Instruments by every code under which a score of theirs may have been submitted."""
    return {code: found for found in instruments() for code in found.codes}


def _instrument(row: dict[str, str]) -> Instrument:
    return Instrument(
        instrument=row["instrument"],
        name=row["name"],
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        snomed=row["snomed"] or None,
        also=tuple(row["also"].split()),
        items=int(row["items"]),
        low=float(row["low"]),
        high=float(row["high"]),
        decimals=int(row["decimals"]),
        direction=row["direction"],
        caseness=_number(row["caseness"]),
        caseness_test=row["caseness_test"] or None,
        recovery_cut_off=_number(row["recovery_cut_off"]),
        reliable_change=_number(row["reliable_change"]),
        severity_bands=tuple(row["severity_bands"].split("; ")) if row["severity_bands"] else (),
        role=row["role"],
        domain=row["domain"],
        complaint_prefixes=tuple(row["complaint_prefix"].split()),
        every_session=pathway.codes_of(row["every_session"].split()),
        periodic=pathway.codes_of(row["periodic"].split()),
        recalled=tuple(row["recalled"].split()),
        source=row["source"],
        confidence=row["confidence"],
        note=row["note"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
