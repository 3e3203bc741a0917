"""Checks of the instrument catalogue: every problem at once, by row, in words.

Belongs here: the checks on the cells of ``schemas/instruments.csv``, within a row and between rows. Does not
belong here: what an instrument is (``schemas.instruments``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from schemas.catalogue_file import Problem, Row, malformed, wrong_columns, wrong_length
from schemas.pathway import Pathway, unknown

ROLES = ("depression", "anxiety", "adsm", "prom", "prem", "other")
DOMAINS = (
    "symptoms", "functioning", "quality of life", "wellbeing", "personal recovery", "goals", "experience of care",
    "clinician's rating",
)  # fmt: skip
# Recovery is measured on one scale of each; with two a course would count twice.
ONE_EACH = ("depression", "anxiety")
# The columns that may change on a date. All others define the score: if one changes, it is another instrument.
CUT_OFFS = (
    "caseness", "caseness_test", "recovery_cut_off", "reliable_change", "recalled", "source", "confidence", "note",
)  # fmt: skip
_NUMBERS = ("low", "high", "caseness", "recovery_cut_off", "reliable_change")
COLUMNS = (
    "instrument", "name", "valid_from", "valid_to", "snomed", "also", "items", "low", "high", "decimals",
    "direction", "caseness", "caseness_test", "recovery_cut_off", "reliable_change", "severity_bands", "role",
    "domain", "complaint_prefix", "every_session", "periodic", "recalled", "source", "confidence", "note",
)  # fmt: skip
RECALLABLE = ("items", "low", "high", "decimals", "caseness", "recovery_cut_off", "reliable_change")
_FORMS = {
    "instrument": ("[A-Z][A-Z0-9_]{2,29}", "3 to 30 capital letters, digits and underscores, such as PHQ9"),
    "valid_from": ("|[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-04-01, or blank"),
    "valid_to": ("|[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-03-31, or blank"),
    "snomed": ("|[0-9]{6,18}", "a SNOMED CT code of 6 to 18 digits, or blank"),
    "items": ("[1-9][0-9]*", "a whole number above 0"),
    "low": ("-?[0-9]+([.][0-9]+)?", "a number"),
    "high": ("-?[0-9]+([.][0-9]+)?", "a number"),
    "decimals": ("[012]", "0, 1 or 2"),
    "direction": ("higher|lower", "higher or lower: which score is better"),
    "caseness": ("|-?[0-9]+([.][0-9]+)?", "a number, or blank"),
    "caseness_test": ("|>=|>|<", ">=, > or <, or blank"),
    "recovery_cut_off": ("|-?[0-9]+([.][0-9]+)?", "a number, or blank"),
    "reliable_change": ("|[0-9]+([.][0-9]+)?", "a number, or blank"),
    "role": ("|".join(ROLES), f"one of {', '.join(ROLES)}"),
    "domain": ("|".join(DOMAINS), f"one of {', '.join(DOMAINS)}"),
    "confidence": ("F|R", "F (found in the source) or R (in part recalled)"),
    "name": (".+", "what the measure is called"),
    "source": (".+", "where the values were found"),
    "note": (r"|.*\.", "a sentence that ends with a full stop, or blank"),
}
_BAND = re.compile(r"^.*[^0-9]([0-9]+)-([0-9]+)$")


def problems(header: Sequence[str], rows: Sequence[Row]) -> Iterator[Problem]:
    """Row number and text of everything that is wrong in the file; nothing where the catalogue can be used."""
    if wrong := list(wrong_columns(header, COLUMNS)):
        yield from wrong
        return
    whole: list[tuple[int, Row]] = []
    for number, row in enumerate(rows, start=2):
        if wrong := list(wrong_length(number, row, COLUMNS)):
            yield from wrong
            continue
        misshapen = dict(_malformed(row))
        yield from ((number, f"{row['instrument']}: {text}") for text in _of_row(row, misshapen))
        if not misshapen:
            whole.append((number, row))
    yield from _codes_used_twice(whole)
    yield from _periods(whole)
    if len(whole) == len(rows):
        yield from _one_each(whole)


def _of_row(row: Row, misshapen: Mapping[str, str]) -> Iterator[str]:
    """What is wrong within a row. Values are compared only if their cells have the required form."""
    yield from misshapen.values()
    yield from _lists(row)
    if not misshapen.keys() & {*_NUMBERS, "decimals", "direction", "caseness_test"}:
        yield from _values(row)


def _one_each(rows: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    for role in ONE_EACH:
        names = {row["instrument"]: number for number, row in rows if row["role"] == role}
        if len(names) != 1:
            found = f"{', '.join(names)} have" if names else "none has"
            yield max(names.values(), default=1), f"exactly one instrument must have the role {role}; {found} it"


def severity_problems(pathways: Iterable[Pathway], bands: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """Row number and text of every pathway whose severity measure is no instrument with severity bands.

    ``bands`` are the severity bands by instrument.
    """
    for number, pathway in enumerate(pathways, start=2):
        if pathway.severity_measure not in bands:
            yield number, f"severity_measure {pathway.severity_measure!r} is no instrument of the catalogue"
        elif not bands[pathway.severity_measure]:
            yield number, f"severity_measure {pathway.severity_measure} has no severity_bands in the catalogue"


def band_bounds(name: str) -> tuple[int, int]:
    """Lowest and highest score of a severity band such as ``PHQ-9 05-09``."""
    found = _BAND.match(name)
    assert found is not None, name
    return int(found[1]), int(found[2])


def _malformed(row: Row) -> Iterator[tuple[str, str]]:
    """Columns whose cell does not have the required form, and the problem."""
    yield from malformed(row, _FORMS)
    for column in ("valid_from", "valid_to"):
        try:
            if re.fullmatch(_FORMS[column][0], row[column]):
                _ = date.fromisoformat(row[column] or "2000-01-01")
        except ValueError:
            yield column, f"{column} {row[column]!r} is no day of the calendar"


def _lists(row: Row) -> Iterator[str]:
    if not row["snomed"] and len(row["instrument"]) > 20:
        yield "without a SNOMED CT code the short name is sent as the code: it must have at most 20 characters"
    for code in row["also"].split():
        if not re.fullmatch("[0-9]{6,18}|[A-Z][A-Z0-9_]{2,19}", code):
            yield f"also: {code!r} must be a SNOMED CT code or a short name"
    yield from _used_on(row)
    for column in row["recalled"].split():
        if column not in RECALLABLE or not row[column]:
            yield f"recalled names {column!r}, which is not a value of this row"
    if bool(row["recalled"]) != (row["confidence"] == "R"):
        yield "confidence must be R where a value is recalled, and only there"


def _used_on(row: Row) -> Iterator[str]:
    for column in ("every_session", "periodic"):
        for name in unknown(row[column].split()):
            yield f"{column}: {name!r} is neither the code of a pathway nor a measure set"
    if not row["every_session"] and not row["periodic"]:
        yield "it is used on no pathway: fill in every_session or periodic"
    if bool(row["complaint_prefix"]) != (row["role"] == "adsm"):
        yield "complaint_prefix must be filled in for the role adsm, and only there"
    if "." in row["complaint_prefix"]:
        yield "complaint_prefix must be written without dots"


def _values(row: Row) -> Iterator[str]:
    low, high, caseness, recovery, change = (float(row[name]) if row[name] else None for name in _NUMBERS)
    assert low is not None and high is not None
    if low >= high:
        yield f"low {row['low']} must be below high {row['high']}"
    for name in _NUMBERS:
        if "." in row[name] and len(row[name].split(".")[1]) > int(row["decimals"]):
            yield f"{name} {row[name]} has more decimals than a score may have ({row['decimals']})"
    for name, value in (("caseness", caseness), ("recovery_cut_off", recovery)):
        if value is not None and not low <= value <= high:
            yield f"{name} {row[name]} is outside the range of the score, {row['low']} to {row['high']}"
    if change is not None and not 0 < change < high - low:
        yield f"reliable_change {row['reliable_change']} must be above 0 and below the width of the range"
    yield from _cut_offs(row)
    yield from _bands(row, low, high)


def _cut_offs(row: Row) -> Iterator[str]:
    filled = {bool(row[name]) for name in ("caseness", "caseness_test", "recovery_cut_off")}
    if len(filled) > 1:
        yield "caseness, caseness_test and recovery_cut_off must be filled in together"
    elif row["caseness"]:
        caseness, recovery = float(row["caseness"]), float(row["recovery_cut_off"])
        is_lower = row["direction"] == "lower"
        if (row["caseness_test"] == "<") == is_lower:
            yield f"caseness_test {row['caseness_test']} would make the better scores cases"
        elif recovery > caseness if is_lower else recovery < caseness:
            yield f"recovery_cut_off {row['recovery_cut_off']} is worse than caseness {row['caseness']}"


def _bands(row: Row, low: float, high: float) -> Iterator[str]:
    names = row["severity_bands"].split("; ") if row["severity_bands"] else []
    if not names:
        return
    if not all(_BAND.match(name) for name in names):
        yield "severity_bands must be names that end in a range, such as PHQ-9 00-04; PHQ-9 05-27"
        return
    bounds = [band_bounds(name) for name in names]
    has_gap = any(second[0] != first[1] + 1 for first, second in pairwise(bounds))
    if has_gap or (bounds[0][0], bounds[-1][1]) != (low, high) or any(first > last for first, last in bounds):
        yield f"severity_bands must cover {row['low']} to {row['high']} without a gap, from the lowest on"


def _codes_used_twice(rows: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    owner: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        for code in dict.fromkeys((row["snomed"], row["instrument"], *row["also"].split())):
            at, name = owner.setdefault(code, (number, row["instrument"]))
            if code and name != row["instrument"]:
                yield number, f"{row['instrument']}: code {code} is already used by {name} in row {at}"


def _periods(rows: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    """Rows of one instrument: no overlap and no gap in time, and equal in everything except the cut-offs."""
    by_name: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        by_name.setdefault(row["instrument"], []).append((number, row))
        if row["valid_from"] and row["valid_to"] and row["valid_from"] > row["valid_to"]:
            yield (
                number,
                f"{row['instrument']}: valid_to {row['valid_to']} is before valid_from {row['valid_from']}",
            )
    for name, own in by_name.items():
        own.sort(key=lambda found: found[1]["valid_from"])
        for (first, before), (second, after) in pairwise(own):
            yield from ((second, f"{name}: {text}") for text in _succession(first, before, after))


def _succession(first: int, before: Row, after: Row) -> Iterator[str]:
    """What is wrong between two successive rows of one instrument; ``first`` is the row number of ``before``."""
    last, start = before["valid_to"], after["valid_from"]
    if not start or start == before["valid_from"] or (last and last >= start):
        yield f"it overlaps row {first}; say from which day on it holds (valid_from)"
    elif last and (date.fromisoformat(start) - date.fromisoformat(last)).days > 1:
        yield f"no row holds between {last} (row {first}) and {start}"
    for column in COLUMNS:
        if column not in (*CUT_OFFS, "valid_from", "valid_to") and before[column] != after[column]:
            yield f"{column} differs from row {first}: only cut-offs may change on a date"
