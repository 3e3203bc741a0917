"""The clinical pathways, and everything that depends on the pathway of a referral.

Belongs here: reading ``schemas/codes/pathway.csv``. No other place defines a pathway: rules, warehouse and
documents ask here or in ``ref.pathway``. Does not belong here: assigning referrals (``warehouse``), the outcome
measures of a pathway (``schemas.instruments``), therapies that NICE recommends (``warehouse/clinical``).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from schemas.catalogue_file import Problem, Row, malformed, read_rows, wrong_columns, wrong_length
from schemas.codes import code_list

FILE = "schemas/codes/pathway.csv"
TALKING_THERAPIES, SEVERE_MENTAL_ILLNESS = "talking_therapies", "severe_mental_illness"
MEASURE_SETS = (TALKING_THERAPIES, SEVERE_MENTAL_ILLNESS)
COLUMNS = (
    "code", "meaning", "valid_from", "valid_to", "source", "confidence", "measure_set", "is_default", "icd10",
    "primary_reasons", "severity_measure", "therapies",
)  # fmt: skip
_FORMS = {
    "code": ("[0-9]{2}", "two digits"),
    "meaning": (".+", "what the pathway treats"),
    "source": (".+", "where it was found"),
    "measure_set": ("|".join(MEASURE_SETS), " or ".join(MEASURE_SETS)),
    "is_default": ("Y?", "Y or blank"),
    "severity_measure": (".+", "an instrument of schemas/instruments.csv"),
}
# Columns that name codes, and the list that has them.
_LISTS = {"primary_reasons": "primary_reason_for_referral", "therapies": "therapy_type"}
_RANGE = re.compile(r"^([A-Z])([0-9]{2})-([A-Z])([0-9]{2})$")
_CODE = re.compile(r"^[A-Z][0-9]{2}[0-9A-Z]{0,2}$")


@dataclass(frozen=True)
class Pathway:
    """One clinical pathway.

    ``measure_set`` says which measures and outcome measures apply: ``talking_therapies`` or
    ``severe_mental_illness``. A referral without a pathway gets the pathway whose ``icd10`` its presenting
    complaint begins with (first characters of ICD-10 codes, without dots; ``icd10_says`` names them in words).
    Else it gets the pathway whose ``primary_reasons`` include its primary reason, else the one that
    ``is_default``. The first score on ``severity_measure`` shows how ill patients are at the start. ``therapies``
    are the therapy types meant for this pathway.
    """

    code: str
    name: str
    measure_set: str
    is_default: bool
    icd10: tuple[str, ...]
    icd10_says: str
    primary_reasons: tuple[str, ...]
    severity_measure: str
    therapies: tuple[str, ...]

    @property
    def reasons_sql(self) -> str:
        """Its primary reasons as a SQL list."""
        return "(" + ", ".join(f"'{reason}'" for reason in self.primary_reasons) + ")"

    @property
    def icd10_pattern(self) -> str:
        """A regular expression for the start of its ICD-10 codes, with or without their dot."""
        return f"({'|'.join(_patterns(self.icd10))})"


@cache
def pathways() -> tuple[Pathway, ...]:
    """Every pathway, in file order. Raises CatalogueError with everything that is wrong in the file."""
    return read_pathways(files("schemas") / "codes" / "pathway.csv")


def read_pathways(file: Traversable) -> tuple[Pathway, ...]:
    """The pathways of a file with the columns of ``schemas/codes/pathway.csv``.

    Raises CatalogueError with every problem of every row. Whether a severity measure is an instrument is checked
    with the instruments, which name pathways.
    """
    return tuple(
        Pathway(
            code=row["code"],
            name=row["meaning"],
            measure_set=row["measure_set"],
            is_default=row["is_default"] == "Y",
            icd10=tuple(_prefixes(row["icd10"])),
            icd10_says=" or ".join(part.replace("-", " to ") for part in row["icd10"].split()),
            primary_reasons=tuple(row["primary_reasons"].split()),
            severity_measure=row["severity_measure"],
            therapies=tuple(row["therapies"].split()),
        )
        for row in read_rows(file, FILE, _problems)
    )


def default_pathway() -> Pathway:
    """The pathway of a referral without a usable pathway, diagnosis or primary reason."""
    return next(found for found in pathways() if found.is_default)


def codes_of(names: Iterable[str]) -> tuple[str, ...]:
    """The codes of pathways named by code or by measure set, in the order of the table.

    Other names are left out; ``unknown`` returns them.
    """
    asked = set(names)
    return tuple(found.code for found in pathways() if {found.code, found.measure_set} & asked)


def unknown(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are neither a pathway code nor a measure set."""
    known = {found.code for found in pathways()} | set(MEASURE_SETS)
    return [name for name in names if name not in known]


def _prefixes(text: str) -> Iterator[str]:
    """The code prefixes in a cell such as ``F20-F29 F53``: a range means all its three-character categories."""
    for part in text.split():
        found = _RANGE.match(part)
        if found is None:
            yield part
        else:
            yield from (f"{found[1]}{number:02d}" for number in range(int(found[2]), int(found[4]) + 1))


def _patterns(prefixes: Sequence[str]) -> Iterator[str]:
    """Prefixes as regular expressions: categories with the same first digit together, with an optional dot."""
    tens: dict[str, list[str]] = {}
    for prefix in prefixes:
        if len(prefix) == 3:
            tens.setdefault(prefix[:2], []).append(prefix[2])
        else:
            yield f"{prefix[:3]}[.]?{prefix[3:]}"
    for ten, digits in tens.items():
        is_run = len(digits) > 2 and int(digits[-1]) - int(digits[0]) == len(digits) - 1
        several = f"[{digits[0]}-{digits[-1]}]" if is_run else f"[{''.join(digits)}]"
        yield ten + (several if len(digits) > 1 else digits[0])


def _problems(header: Sequence[str], rows: Sequence[Row]) -> Iterator[Problem]:
    numbered = list(enumerate(rows, start=2))
    unreadable = list(wrong_columns(header, COLUMNS)) or [
        problem for number, row in numbered for problem in wrong_length(number, row, COLUMNS)
    ]
    if unreadable:
        yield from unreadable
        return
    for number, row in numbered:
        found = (text for _, text in malformed(row, _FORMS))
        yield from ((number, text) for text in (*found, *_unlisted(row), *_icd10(row["icd10"])))
    yield from _twice(numbered)
    yield from _default(numbered)


def _unlisted(row: Row) -> Iterator[str]:
    """Codes that are not in the code list of their column."""
    for column, name in _LISTS.items():
        known = {code.code for code in code_list(name)}
        yield from (
            f"{column}: {code!r} is not in the list {name}" for code in row[column].split() if code not in known
        )


def _default(rows: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    defaults = [str(number) for number, row in rows if row["is_default"] == "Y"]
    if len(defaults) != 1:
        found = f"rows {', '.join(defaults)} have" if defaults else "no row has"
        yield 1, f"exactly one pathway must have Y in is_default; {found} it"


def _icd10(cell: str) -> Iterator[str]:
    for part in cell.split():
        found = _RANGE.match(part)
        if found is None and not _CODE.match(part):
            yield f"icd10 {part!r} must be the start of an ICD-10 code without dot (F53) or a range (F20-F29)"
        elif found and (found[1] != found[3] or found[2] > found[4]):
            yield f"icd10 {part!r} must run from a lower to a higher code of one letter"


def _twice(rows: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    """What would assign a referral to two pathways: a code, a primary reason or a diagnosis in two rows."""
    for column in ("code", "primary_reasons"):
        first: dict[str, int] = {}
        for number, row in rows:
            for value in row[column].split():
                if first.setdefault(value, number) != number:
                    yield number, f"{column}: {value} is already used in row {first[value]}"
    prefixes: list[tuple[str, int]] = []
    for number, row in rows:
        for prefix in _prefixes(row["icd10"]):
            for other, at in prefixes:
                if prefix.startswith(other) or other.startswith(prefix):
                    yield number, f"icd10: {prefix} overlaps {other} in row {at}"
            prefixes.append((prefix, number))
