"""Reference files in our own layout: deprivation, populations, changes of process, sites, tariffs, targets.

Belongs here: their columns and what must hold of a line. Does not belong here: the files of ODS (``ods``), what a
figure makes of them (``warehouse/mart``), the lines of a tariff (``warehouse.payment``).

The first line names the columns. Only deprivation.csv may come without it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from schemas.pathway import pathways
from warehouse.measures.catalogue import ALL_PATHWAYS, breakdowns, catalogue, groups
from warehouse.organisations.lines import a_date, check_code, each_line
from warehouse.payment.tariff_file import Row, rows_of, tariffs_of
from warehouse.trajectories.series import NAMES

ENGLAND, EVERYBODY = "ENG", "all"
DEPRIVATION = ("postcode_district", "decile")
POPULATION = ("organisation", "breakdown", "breakdown_group", "as_of", "persons", "source", "confidence")
PROCESS_CHANGE = ("provider", "month", "reason", "pathway", "measure")
EARLIER_DEPRIVATION = ("postcode_district", "as_of", "decile", "source", "confidence")
TARGET = ("organisation", "series", "due", "target", "source", "confidence")
SITE_LOCATION = ("organisation", "postcode", "latitude", "longitude", "valid_from", "source", "confidence")
_DISTRICT = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}")
_DEGREES = re.compile(r"-?[0-9]{1,2}(\.[0-9]{1,6})?")
_MONTH = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")

# Organisation, breakdown, group and day → persons, source, confidence.
Populations = dict[tuple[str, str, str, date], tuple[int, str, str]]
# District and day of an earlier index → decile, source, confidence.
Earlier = dict[tuple[str, date], tuple[int, str, str]]
# Organisation and postcode → latitude, longitude, first day, source, confidence.
Locations = dict[tuple[str, str], tuple[str, str, date | None, str, str]]
# Organisation, series and month → target, source, confidence.
Targets = dict[tuple[str, str, date], tuple[int, str, str]]
# Provider, month, pathway and measure → reason.
Changes = dict[tuple[str, date, str, str], str]


@dataclass
class OwnFiles:
    """What the files say: deciles of districts, populations, changes of process, sites, tariffs, targets."""

    deprivation: dict[str, int] = field(default_factory=dict)
    population: Populations = field(default_factory=dict)
    process_change: Changes = field(default_factory=dict)
    earlier_deprivation: Earlier = field(default_factory=dict)
    site_location: Locations = field(default_factory=dict)
    tariff: list[Row] = field(default_factory=list)
    target: Targets = field(default_factory=dict)


def _read_deprivation(source: Path, found: OwnFiles, problems: list[str]) -> None:
    def take(row: list[str]) -> None:
        district, decile = row
        if tuple(row) == DEPRIVATION:
            return
        _check_decile(district, decile)
        if found.deprivation.setdefault(district, int(decile)) != int(decile):
            raise ValueError(f"{district} is on an earlier line with another decile; keep one of them")

    each_line(source, problems, (len(DEPRIVATION), len(DEPRIVATION)), take)


def _check_decile(district: str, decile: str) -> None:
    if not _DISTRICT.fullmatch(district):
        raise ValueError(f"{district[:20]!r} is not a postcode district such as LA1")
    if decile not in {str(number) for number in range(1, 11)}:
        raise ValueError(f"{decile[:20]!r} is not a decile from 1 (most deprived) to 10")


def _read_earlier_deprivation(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """Deciles of an index before the one that figures use, for SQL that asks for it by its date."""

    def take(row: dict[str, str]) -> None:
        _check_decile(row["postcode_district"], row["decile"])
        as_of = a_date(row["as_of"], "as_of")
        if as_of is None:
            raise ValueError("as_of has no date")
        _check_source(row)
        key, value = (row["postcode_district"], as_of), (int(row["decile"]), row["source"], row["confidence"])
        if found.earlier_deprivation.setdefault(key, value) != value:
            raise ValueError(
                f"{row['postcode_district']} is on an earlier line with another decile; keep one of them"
            )

    _each_named(source, problems, EARLIER_DEPRIVATION, take)


def _read_site_location(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """Where organisations and their sites are: buildings, never the homes of people."""

    def take(row: dict[str, str]) -> None:
        check_code(row["organisation"])
        if not _POSTCODE.fullmatch(row["postcode"]):
            raise ValueError(f"{row['postcode'][:20]!r} is not a postcode with one blank, such as LA1 4RP")
        for name in ("latitude", "longitude"):
            if not _DEGREES.fullmatch(row[name]):
                raise ValueError(f"{row[name][:20]!r} in {name} is not a number of degrees such as 54.04")
        _check_source(row)
        valid_from = a_date(row["valid_from"], "valid_from")
        value = (row["latitude"], row["longitude"], valid_from, row["source"], row["confidence"])
        if found.site_location.setdefault((row["organisation"], row["postcode"]), value) != value:
            raise ValueError(f"{row['organisation']} with this postcode is on an earlier line; keep one of them")

    _each_named(source, problems, SITE_LOCATION, take)


def _check_source(row: Mapping[str, str]) -> None:
    if not row["source"]:
        raise ValueError("source is empty: say where the number is from")
    if row["confidence"] not in ("F", "R"):
        raise ValueError("confidence is F (found in the source) or R (recalled or estimated)")


def _read_population(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """People who live in an area, by group of a breakdown, on a day (a census, a mid-year estimate)."""
    known = {each.id for each in breakdowns() if each.parts_people}
    codes = {(name, code) for name, _, code, _, _ in groups()}

    def take(row: dict[str, str]) -> None:
        organisation, breakdown, group = (row[name] for name in POPULATION[:3])
        check_code(organisation)
        if breakdown not in known:
            raise ValueError(f"{breakdown[:20]!r} is not a breakdown into groups of people")
        if (breakdown, group) not in codes:
            raise ValueError(f"{group[:20]!r} is not a group of {breakdown}")
        as_of = a_date(row["as_of"], "as_of")
        if as_of is None:
            raise ValueError("as_of has no date")
        if not re.fullmatch(r"[0-9]{1,9}", row["persons"]):
            raise ValueError(f"{row['persons'][:20]!r} in persons is not a whole number")
        _check_source(row)
        value = (int(row["persons"]), row["source"], row["confidence"])
        if found.population.setdefault((organisation, breakdown, group, as_of), value) != value:
            raise ValueError(f"{organisation}, {breakdown} {group} is on an earlier line; keep one of them")

    _each_named(source, problems, POPULATION, take)


def _read_process_change(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """Months from which control charts start anew, and why. A blank pathway or measure stands for every one."""
    codes = {ALL_PATHWAYS, *(each.code for each in pathways())}
    measures = {each.id for each in catalogue()}

    def take(row: dict[str, str]) -> None:
        provider, month, reason = (row[name] for name in PROCESS_CHANGE[:3])
        if provider != EVERYBODY:
            check_code(provider)
        if not _MONTH.fullmatch(month):
            raise ValueError(f"{month[:20]!r} is not a month such as 2025-10")
        if not reason:
            raise ValueError("reason is empty: say what changed")
        if row["pathway"] and row["pathway"] not in codes:
            raise ValueError(f"{row['pathway'][:20]!r} is not a pathway")
        if row["measure"] and row["measure"] not in measures:
            raise ValueError(f"{row['measure'][:40]!r} is not a measure")
        key = (provider, date.fromisoformat(f"{month}-01"), row["pathway"], row["measure"])
        if found.process_change.setdefault(key, reason) != reason:
            raise ValueError(f"{provider} in {month} is on an earlier line with another reason; keep one of them")

    _each_named(source, problems, PROCESS_CHANGE, take)


def _read_tariff(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """What is agreed to be paid, for ``mart.payment``."""
    rows, wrong = rows_of(source.read_bytes())
    wrong = wrong or tariffs_of(rows)[1]
    problems += [f"{source.name}, line {line}: {text}." for line, text in wrong]
    found.tariff = [row for _, row in rows]


def target_of(row: Mapping[str, str]) -> tuple[tuple[str, str, date], tuple[int, str, str]]:
    """A line of target.csv: its organisation, series and month, and its number, source and confidence.

    Raises ValueError in words.
    """
    organisation, series, due, target = (row[name] for name in TARGET[:4])
    check_code(organisation)
    if series not in NAMES:
        raise ValueError(f"{series[:20]!r} is not a series with targets: {', '.join(NAMES)}")
    if not _MONTH.fullmatch(due):
        raise ValueError(f"{due[:20]!r} in due is not a month such as 2027-03")
    if not re.fullmatch(r"[0-9]{1,9}", target):
        raise ValueError(f"{target[:20]!r} in target is not a whole number")
    _check_source(row)
    return (organisation, series, date.fromisoformat(f"{due}-01")), (int(target), row["source"], row["confidence"])


def _read_target(source: Path, found: OwnFiles, problems: list[str]) -> None:
    """Targets of services and places, each with the month by which it is to be reached."""

    def take(row: dict[str, str]) -> None:
        key, value = target_of(row)
        if key in found.target:
            said = f"{key[0]} has a target of {key[1]} for {row['due']}"
            raise ValueError(f"{said} on an earlier line; keep one of them")
        found.target[key] = value

    _each_named(source, problems, TARGET, take)


def _each_named(
    source: Path, problems: list[str], columns: tuple[str, ...], take: Callable[[dict[str, str]], None]
) -> None:
    """Give every line after the first to ``take`` by the names in the first; columns may be in any order."""
    names: list[str] = []
    taken = 0

    def line(row: list[str]) -> None:
        nonlocal taken
        if not names:
            names.extend(row)
            if set(names) != set(columns):
                raise ValueError(f"the first line names the columns: {','.join(columns)}")
        elif set(names) == set(columns):
            taken += 1
            take(dict(zip(names, row, strict=True)))

    known = len(problems)
    each_line(source, problems, (len(columns), len(columns)), line)
    if len(problems) == known and not taken:
        said = "no line follows the names of the columns. Add one, or leave the file out"
        problems.append(f"{source.name}: {said}.")


# File stem → how it is read.
OWN_FILES: dict[str, Callable[[Path, OwnFiles, list[str]], None]] = {
    "deprivation": _read_deprivation,
    "population": _read_population,
    "process_change": _read_process_change,
    "earlier_deprivation": _read_earlier_deprivation,
    "site_location": _read_site_location,
    "tariff": _read_tariff,
    "target": _read_target,
}
