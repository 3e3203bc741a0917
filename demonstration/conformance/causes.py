"""Files whose values are written in another way: read with a note, or with one cause for many findings.

Belongs here: the example submission with one column, or two, of a table written wrongly. Does not belong here: the
causes (``schemas.causes``), finding them (``transforms.causes``).
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

from demonstration.conformance.cases import Records, example_submission
from schemas.tools import tools

_DAY_ZERO = date(1899, 12, 30)  # of Excel's day numbers
_KEPT = 15  # digits that a spreadsheet keeps of a number

Change = Callable[[str], str]

NAMED = {"CAUSE-PROVIDER": "RW5_2026-04"}
"""The name without ending of a case whose cause looks at it."""


@cache
def cause_cases() -> Mapping[str, Records]:
    """The records of a case by the id of its cause, or of its note."""
    made = {f"CAUSE-{name}": _column(*change) for name, change in _COLUMNS.items()}
    made |= {f"GATE-SPELLING-{name}": _column(*change) for name, change in _SPELLINGS.items()}
    return made | {
        "CAUSE-MONTH": _under_a_header(ReportingPeriodStartDate="2026-03-01", ReportingPeriodEndDate="2026-03-31"),
        "CAUSE-PROVIDER": _under_a_header(OrgIDProv="RXT"),
        "CAUSE-HEADINGS-SWAPPED": _exchanged("IDS001", ("Postcode", "Gender")),
        "CAUSE-COLUMNS-SHIFTED": _exchanged(
            "IDS001", ("NHSNumber", "NHSNumberStatus", "PersonBirthDate", "Postcode")
        ),
    }


def _column(table: str, element: str, change: Change) -> Records:
    """The example with every value of one element changed."""
    records = example_submission()
    for record in records[table]:
        if (value := record[element]) is not None:
            record[element] = change(value)
    return records


def _exchanged(table: str, elements: tuple[str, ...]) -> Records:
    """The example with the values of some elements of a table under the heading that follows, the last first."""
    records = example_submission()
    for record in records[table]:
        values = [record[name] for name in elements]
        record |= dict(zip(elements, [values[-1], *values[:-1]], strict=True))
    return records


def _under_a_header(**values: str) -> Records:
    """The example with other values in its header."""
    records = example_submission()
    records["IDS000"][0] |= values
    return records


def _day(form: str) -> Change:
    return lambda value: date.fromisoformat(value).strftime(form)


def _serial(value: str) -> str:
    return str((date.fromisoformat(value) - _DAY_ZERO).days)


def _rounded(_: str) -> str:
    long = next(tool.code for tool in tools() if len(tool.code) > _KEPT and tool.code[_KEPT:].strip("0"))
    return long[:_KEPT] + "0" * (len(long) - _KEPT)


_COLUMNS: dict[str, tuple[str, str, Change]] = {
    "DATES-DAY-FIRST": ("IDS201", "CareContDate", _day("%d/%m/%Y")),
    "DATES-MONTH-FIRST": ("IDS201", "CareContDate", _day("%m/%d/%Y")),
    "DATES-UNCLEAR": ("IDS201", "CareContDate", lambda value: f"{int(value[-2:]) % 12 + 1:02}/04/2026"),
    "DATES-SERIAL": ("IDS201", "CareContDate", _serial),
    "DATES-MONTH-NAME": ("IDS201", "CareContDate", _day("%d-%b-%y")),
    "DATES-TIME": ("IDS201", "CareContDate", lambda value: f"{value}T23:00:00Z"),
    "FILLER-DATES": ("IDS101", "ServDischDate", lambda _: "1900-01-01"),
    "NUMBERS-SHORTENED": ("IDS001", "NHSNumber", lambda _: "9.99E+09"),
    "CODES-ROUNDED": ("IDS606", "CodedAssToolType", _rounded),
    "ZEROS-LOST": ("IDS201", "AppType", lambda value: value.lstrip("0")),
    "WORDS": ("IDS201", "AppType", lambda value: f"{value} - words of a system"),
    "KEYS-UNLIKE": ("IDS201", "ServiceRequestId", str.lower),
    "VALUES-CUT": ("IDS201", "CareContDate", lambda value: value[:8]),
    "ONE-VALUE": ("IDS201", "ConsMechanism", lambda _: "?"),
    "IDENTIFIER": ("IDS001", "LanguageCodePreferred", lambda _: "9990000018"),
}
"""By name: the table, the element, and what becomes of each of its values."""

_SPELLINGS: dict[str, tuple[str, str, Change]] = {
    "FORMULA": ("IDS201", "AppType", lambda value: f'="{value}"'),
    "QUOTED": ("IDS201", "AppType", lambda value: f"'{value}"),
    "INVISIBLE": ("IDS201", "AppType", lambda value: f"\u200b{value}"),
    "TYPOGRAPHIC": ("IDS201", "CareContDate", lambda value: value.replace("-", "\u2013")),
    "BLANK": ("IDS001", "LanguageCodePreferred", lambda _: "NULL"),
    "MIDNIGHT": ("IDS201", "CareContDate", lambda value: f"{value} 00:00:00"),
    "DATE": ("IDS201", "CareContDate", _day("%Y/%m/%d")),
    "TIME": ("IDS201", "CareContTime", lambda value: value[:5]),
    "DECIMAL": ("IDS201", "ClinContDurOfCareCont", lambda value: f"{value}.0"),
    "POINT-ZERO": ("IDS000", "DatSetVer", lambda value: value.removesuffix(".0")),
    "NHS-NUMBER": ("IDS001", "NHSNumber", lambda value: f"{value[:3]} {value[3:6]} {value[6:]}"),
    "CAPITALS": ("IDS101", "SourceOfReferralIAPT", str.lower),
}
"""The same for what is read with a note."""
