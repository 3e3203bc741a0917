"""Reference files in the layout of the Organisation Data Service (ODS), read and checked.

Belongs here: which file holds what, what must hold of a line and of all of them together. Does not belong here:
files of our own layout (``own_layout``), the tidy copy (``importing``), the place a code counts at (``places``).

ODS publishes CSV files without a row of names, 27 columns in one order. Found in public code that reads them:
1 code, 2 name, 3 national grouping (the region), 4 high level health geography (the ICB), 11 opened, 12 closed
(yyyymmdd), 15 parent of a site; succ.csv and succarc.csv have 1 code, 2 successor, 3 reason, 4 effective date,
5 indicator. Addresses, postcodes and telephone numbers (5 to 10, 18) are not kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from warehouse.organisations.lines import CODE, a_date, check_code, each_line
from warehouse.organisations.own_layout import ENGLAND, OWN_FILES, OwnFiles

PROVIDER, SITE, SUB_ICB, ICB, REGION = "provider", "site", "sub-ICB", "ICB", "region"
# ODS file stem → what its rows are. eauth mixes regions, ICBs and bodies that do not submit.
ODS_FILES = {
    "etr": PROVIDER, "ect": PROVIDER, "ephp": PROVIDER, "enonnhs": PROVIDER,
    "ets": SITE, "ectsite": SITE, "ephpsite": SITE, "eccg": SUB_ICB, "eauth": "",
}  # fmt: skip
SUCCESSIONS = ("succ", "succarc")
_TIDY_PROVIDERS = (
    "org_code", "org_name", "start_date", "end_date", "icb_code", "icb_name", "region_code", "region_name",
)  # fmt: skip
# Fewest and most columns: trailing empty ones are sometimes left out; the parent is the 15th.
_ODS, _SUCCESSION = (15, 27), (4, 5)


@dataclass(frozen=True)
class Organisation:
    """One organisation. Parent, ICB and region are codes as the file gives them, None where it gives none."""

    code: str
    name: str
    kind: str
    opened_on: date | None = None
    closed_on: date | None = None
    parent: str | None = None
    icb: str | None = None
    region: str | None = None


@dataclass
class Reference:
    """What was read: organisations by code, successions, the files of our own layout, problems and notes."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    successions: set[tuple[str, str, date]] = field(default_factory=set)
    own: OwnFiles = field(default_factory=OwnFiles)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_reference(sources: Sequence[Path]) -> Reference:
    """Everything the files say, checked. Problems are collected, not raised: the person sees all in one go."""
    reference = Reference()
    others: list[Organisation] = []
    for source in sources:
        stem = source.stem.lower()
        if stem == "providers":
            _read_providers(source, reference)
        elif stem in OWN_FILES:
            OWN_FILES[stem](source, reference.own, reference.problems)
        elif stem in SUCCESSIONS:
            each_line(source, reference.problems, _SUCCESSION, lambda row: _add_succession(row, reference))
        elif stem == "eauth":
            each_line(
                source, reference.problems, _ODS, lambda row: others.append(_organisation(row, "", r"[A-Z0-9]+"))
            )
        else:
            _read_organisations(source, ODS_FILES[stem], reference)
    _add_authorities(others, reference)
    _check_successions(reference)
    _check_targets(reference)
    _note_tariff(reference)
    _note_unknown(reference)
    return reference


def _organisation(row: list[str], kind: str, pattern: str = CODE) -> Organisation:
    """One organisation of a line in ODS layout. Raises ValueError in words."""
    code, name, region, icb = row[:4]
    check_code(code, pattern)
    if not name:
        raise ValueError(f"{code} has no name")
    opened_on, closed_on = a_date(row[10], "column 11"), a_date(row[11], "column 12")
    if opened_on and closed_on and closed_on < opened_on:
        raise ValueError(f"{code} closed on {closed_on}, before it opened on {opened_on}")
    return Organisation(code, name, kind, opened_on, closed_on, row[14] or None, icb or None, region or None)


def _read_organisations(source: Path, kind: str, reference: Reference) -> None:
    seen: dict[str, Organisation] = {}

    def take(row: list[str]) -> None:
        found = _organisation(row, kind)
        if seen.setdefault(found.code, found) != found:
            raise ValueError(f"{found.code} is on an earlier line with other content; keep one of them")

    each_line(source, reference.problems, _ODS, take)
    for found in seen.values():
        _add(found, reference)


def _add(found: Organisation, reference: Reference) -> None:
    """Add an organisation; of one known from another file only what is missing. A provider stays a provider."""
    known = reference.organisations.get(found.code)
    if known is None:
        reference.organisations[found.code] = found
        return
    first, second = (found, known) if found.kind == PROVIDER and known.kind != PROVIDER else (known, found)
    reference.organisations[found.code] = Organisation(
        first.code, first.name, first.kind, first.opened_on or second.opened_on,
        first.closed_on or second.closed_on, first.parent or second.parent, first.icb or second.icb,
        first.region or second.region,
    )  # fmt: skip


def _add_authorities(others: list[Organisation], reference: Reference) -> None:
    """Of eauth's rows the regions and ICBs: those other rows name as theirs, and those of the older code forms."""
    every = [*reference.organisations.values(), *others]
    regions, icbs = {each.region for each in every}, {each.icb for each in every}
    left_out = 0
    for other in others:
        if other.code in regions or re.fullmatch(r"Y[0-9]{2}", other.code):
            _add(Organisation(other.code, other.name, REGION, other.opened_on, other.closed_on), reference)
        elif other.code in icbs or re.fullmatch(r"Q[A-Z0-9]{2}", other.code):
            icb = Organisation(other.code, other.name, ICB, other.opened_on, other.closed_on, region=other.region)
            _add(icb, reference)
        else:
            left_out += 1
    if left_out:
        reference.notes.append(f"eauth.csv: {left_out} rows left out, neither region nor ICB.")


def _read_providers(source: Path, reference: Reference) -> None:
    """NHS England's tidy list of providers, with their ICB and region."""
    try:
        frame = pl.read_parquet(source)
    except (pl.exceptions.PolarsError, OSError):
        reference.problems.append(f"{source.name}: this cannot be read as Parquet.")
        return
    absent = [column for column in _TIDY_PROVIDERS if column not in frame.columns]
    if absent:
        reference.problems.append(f"{source.name}: there is no column {', '.join(absent)}.")
        return
    seen: dict[str, Organisation] = {}
    for number, row in enumerate(frame.select(pl.col(_TIDY_PROVIDERS).cast(pl.String)).iter_rows(), start=1):
        code, name, opened, closed, icb, icb_name, region, region_name = (value or "" for value in row)
        blank = [""] * 6
        try:
            lines = [([code, name, region, icb, *blank, opened, closed, "", "", ""], PROVIDER)]
            if icb:
                lines.append(([icb, icb_name, region, "", *blank, *[""] * 5], ICB))
            if region:
                lines.append(([region, region_name, "", "", *blank, *[""] * 5], REGION))
            for line, kind in lines:
                found = _organisation(line, kind)
                if seen.setdefault(found.code, found) != found:
                    raise ValueError(f"{found.code} is on an earlier row with another name, place or date")
        except ValueError as error:
            reference.problems.append(f"{source.name}, row {number}: {error}.")
    for found in seen.values():
        _add(found, reference)


def _add_succession(row: list[str], reference: Reference) -> None:
    old, new = row[:2]
    for code in (old, new):
        check_code(code, r"[A-Z0-9]+")
    effective_on = a_date(row[3], "column 4")
    if effective_on is None:
        raise ValueError(f"{old} became {new} on no date (column 4)")
    if old == new:
        raise ValueError(f"{old} is its own successor")
    reference.successions.add((old, new, effective_on))


def _check_successions(reference: Reference) -> None:
    """Drop successions among codes none of the files knows, set splits apart, find circles of one day.

    Chains go forward in time only, so a circle without end is one whose steps all fall on one day.
    """
    known = reference.organisations
    kept = {each for each in reference.successions if each[0] in known or each[1] in known}
    if len(kept) < len(reference.successions):
        count = len(reference.successions) - len(kept)
        reference.notes.append(f"{count} successions left out: neither organisation is in the files.")
    steps: dict[tuple[str, date], str] = {}
    for (old, day), group in groupby(
        sorted(kept, key=lambda one: (one[0], one[2], one[1])), lambda o: (o[0], o[2])
    ):
        successors = [new for _, new, _ in group]
        if len(successors) > 1:
            reference.notes.append(
                f"{old} was split between {' and '.join(successors)} on {day}: its figures stay under {old}. "
                "To have one of them followed, leave the others out of the file."
            )
        else:
            steps[old, day] = successors[0]
    reference.successions = {(old, new, day) for (old, day), new in steps.items()}
    circles: set[tuple[date, tuple[str, ...]]] = set()
    for start, day in steps:
        trail = [start]
        while (following := steps.get((trail[-1], day))) is not None and following not in trail:
            trail.append(following)
        if following == start and start == min(trail):
            circles.add((day, (*trail, start)))
    for day, codes in sorted(circles):
        reference.problems.append(f"successors go round in a circle on {day}: {' → '.join(codes)}.")


def _check_targets(reference: Reference) -> None:
    """A target of an organisation that none of the files has would be shown nowhere."""
    strange = sorted({code for code, *_ in reference.own.target} - {*reference.organisations, ENGLAND})
    reference.problems += [
        f"target.csv: {code} is in none of the files of organisations; correct it, or add the file that has it."
        for code in strange
    ]


def _note_tariff(reference: Reference) -> None:
    """A tariff for a provider that does not submit, or that was taken over, pays nobody. A provider may submit and
    be in no file, so it is said and not refused.
    """
    named = {code for row in reference.own.tariff for code in row["providers"].split()}
    reference.notes += [
        f"tariff.csv: {code} in providers is in none of the files of organisations. Is the code right? A code "
        "under which nobody submits is paid nothing."
        for code in sorted(named - {*reference.organisations})
    ]
    reference.notes += [
        f"tariff.csv: {old} in providers was taken over by {new} on {day} and counts in it. Name {new}."
        for old, new, day in sorted(reference.successions)
        if old in named
    ]


def _note_unknown(reference: Reference) -> None:
    """Say which codes the files name and do not explain: their figures count as 'unknown' above them."""
    known = reference.organisations
    named: dict[str, set[str | None]] = {
        "regions": {each.region for each in known.values()},
        "ICBs": {each.icb for each in known.values()},
        "successors": {new for _, new, _ in reference.successions},
    }
    for what, codes in named.items():
        strange = sorted(code for code in codes if code and code not in known)
        if strange:
            more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
            reference.notes.append(f"{what} named but in none of the files: {', '.join(strange[:5])}{more}.")
