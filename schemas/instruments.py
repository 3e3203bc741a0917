"""The instrument catalogue: every scored outcome measure, its range, direction, cut-offs and reliable change.

Belongs here: reading ``schemas/instruments.csv``, one row per score that has (or will have) a SNOMED CT code, and
the questions patients answer about their care (``schemas/codes/experience_question.csv``), which have no score.
Does not belong here: which codes a submission may name (``schemas.tools``), first and last scores, recovery and
change (``warehouse``).

What is found in public sources and what is recalled stands in the file, value by value (``recalled``), and is
corrected there. The schedules are this dataset's own, after the batteries of the demonstration sites.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@dataclass(frozen=True)
class Instrument:
    """One score.

    ``low`` and ``high`` bound a valid score (inclusive), ``decimals`` is how many it may have; ``reversed_items``
    are those turned round before they are summed. ``direction`` says which is better. Caseness holds when the
    score stands in relation ``caseness_test`` (>=, <, >) to ``caseness``; who was a case has recovered when the
    relation no longer holds to ``recovery_cut_off``, mostly the same number. ``reliable_change`` is in points;
    round a change to ``decimals`` before comparing (2.01 - 1.28 is less than 0.73 in binary). ``role``:
    depression, anxiety, adsm (anxiety disorder specific measure), prom, prem (rates treatment, not health) or
    other. ``complaint_prefixes`` are the starts of presenting-complaint codes an adsm goes with, without dots;
    where two go with one complaint the earlier row is preferred (PCL-5 before IES-R since version 2.0).

    ``snomed`` is None where no code was found in public sources: the short name is the code then. ``also`` are
    other SNOMED CT codes of the same score. ``recalled`` names the columns whose value is recalled; ``confidence``
    is R where there are any. ``note`` says what a reader of scores must know besides.
    """

    instrument: str
    name: str
    snomed: str | None
    also: tuple[str, ...]
    items: int
    reversed_items: tuple[int, ...]
    low: float
    high: float
    decimals: int
    direction: str
    caseness: float | None
    caseness_test: str | None
    recovery_cut_off: float | None
    reliable_change: float | None
    role: str
    complaint_prefixes: tuple[str, ...]
    pathways: tuple[str, ...]
    schedule: str
    recalled: tuple[str, ...]
    source: str
    confidence: str
    note: str

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code a score of it may have been submitted under, the one to use first.

        The short name is always one: what was submitted before a SNOMED CT code was confirmed still counts.
        """
        return tuple(code for code in (self.snomed, self.instrument, *self.also) if code)


@dataclass(frozen=True)
class Question:
    """One question about a patient's experience of care: answered in words, or 0 to 4; higher is better.

    ``code`` is a SNOMED CT code, or a short name where the question has none. ``answers`` are those the question
    allows (``schemas/codes/experience_answer.csv``).
    """

    code: str
    name: str
    questionnaire: str
    answers: tuple[str, ...]
    schedule: str
    source: str
    confidence: str

    @property
    def is_reason(self) -> bool:
        """Whether it names a reason for not continuing: a yes is no praise and a no is no blame."""
        return self.questionnaire == "reason for stopping"


@cache
def instruments() -> tuple[Instrument, ...]:
    """Every instrument, in file order."""
    return read_instruments(files("schemas") / "instruments.csv")


def read_instruments(file: Traversable) -> tuple[Instrument, ...]:
    """The instruments of a file with the columns of ``schemas/instruments.csv``."""
    with file.open(encoding="utf-8") as opened:
        return tuple(_instrument(row) for row in csv.DictReader(opened))


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
                row["schedule"],
                row["source"],
                row["confidence"],
            )
            for row in csv.DictReader(file)
        )


@cache
def by_code() -> dict[str, Instrument]:
    """Instruments by every code a score of theirs may have been submitted under."""
    return {code: found for found in instruments() for code in found.codes}


def _instrument(row: dict[str, str]) -> Instrument:
    return Instrument(
        instrument=row["instrument"],
        name=row["name"],
        snomed=row["snomed"] or None,
        also=tuple(row["also"].split()),
        items=int(row["items"]),
        reversed_items=tuple(int(item) for item in row["reversed_items"].split()),
        low=float(row["low"]),
        high=float(row["high"]),
        decimals=int(row["decimals"]),
        direction=row["direction"],
        caseness=_number(row["caseness"]),
        caseness_test=row["caseness_test"] or None,
        recovery_cut_off=_number(row["recovery_cut_off"]),
        reliable_change=_number(row["reliable_change"]),
        role=row["role"],
        complaint_prefixes=tuple(row["complaint_prefix"].split()),
        pathways=tuple(row["pathways"].split()),
        schedule=row["schedule"],
        recalled=tuple(row["recalled"].split()),
        source=row["source"],
        confidence=row["confidence"],
        note=row["note"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
