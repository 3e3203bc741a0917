"""What else `parity explain` knows: tables, code lists, measures of the warehouse and instruments.

Belongs here: finding one of them by id or name, and what is said of it. Does not belong here: rules and elements
(``reports.dataset.explain``), printing (``pipelines.commands``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from reports.dataset.code_lists import CONFIDENCE, codes_of, list_names
from reports.dataset.dictionary import entries, list_of
from reports.dataset.rule_pages import in_force
from schemas.dataset import TABLES
from schemas.instruments import Instrument, instruments
from schemas.pathway import pathways
from schemas.table import Table
from schemas.versions import Version, tables_of

_CODES_SHOWN = 60
_PAGES = "docs/dataset/"


@dataclass(frozen=True)
class Subject:
    """One thing explained: its kind, id and title, and facts by name; a fact of several lines has a list."""

    kind: str
    id: str
    title: str
    facts: Mapping[str, str | list[str]]


def find_subject(asked: str) -> Subject | None:
    """The table, code list, measure or instrument of this id or name, in any case; ``None`` if there is none."""
    return _subjects().get(asked.strip().lower())


def subject_names() -> dict[str, str]:
    """Every id and name that ``find_subject`` knows, in lower case, and as it is written."""
    return {name: subject.id for name, subject in _subjects().items()}


@cache
def _subjects() -> dict[str, Subject]:
    """By every name in lower case. The first that has a name keeps it: tables, lists, instruments, measures."""
    found: dict[str, Subject] = {}
    for names, subject in (*_tables(), *_lists(), *_instruments(), *_measures()):
        for name in names:
            found.setdefault(name.lower(), subject)
    return found


Named = Iterator[tuple[tuple[str, ...], Subject]]


def _tables() -> Named:
    for table in TABLES.values():
        yield (table.id, table.name), Subject("table", table.name, table.title, _of_table(table))


def _of_table(table: Table) -> dict[str, str | list[str]]:
    versions = [version.value for version in Version if table.id in tables_of(version)]
    rules = [rule_id for rule_id, rule in in_force().items() if rule.table == table.id]
    parent = TABLES[table.parent[1]].name if table.parent else ""
    return {
        "Grain": table.grain,
        "Key": ", ".join(table.key),
        "Belongs to": f"{parent}, by {table.parent[0]}" if table.parent else "no other record",
        "Versions": ", ".join(versions),
        "Elements": [f"{field.name}: {field.title}" for field in table.fields],
        "Rules": f"{len(rules)}: {_PAGES}rules.md",
    }


def _lists() -> Named:
    for name in list_names():
        codes = codes_of(name)
        shown = [f"{code.code} {code.meaning}{_until(code.valid_to)}" for code in codes[:_CODES_SHOWN]]
        more = [f"and {len(codes) - _CODES_SHOWN} more: {_PAGES}code-lists.csv"] if len(codes) > len(shown) else []
        used = sorted({entry.field.name for entry in entries() if list_of(entry.field) == name})
        yield (
            (name, f"{name}.csv"),
            Subject(
                "code list",
                name,
                f"{len(codes)} codes",
                {"Used by": ", ".join(used) or "rules", "Codes": shown + more},
            ),
        )


def _until(last: object) -> str:
    return f" (until {last})" if last else ""


def _instruments() -> Named:
    for known in instruments():
        names = (known.instrument, known.name, *(code for code in known.codes if code.isdigit()))
        yield names, Subject("instrument", known.instrument, known.name, _of_instrument(known))


def _of_instrument(known: Instrument) -> dict[str, str | list[str]]:
    titles = {pathway.code: pathway.name for pathway in pathways()}
    at = "no cut-off" if known.caseness is None else f"{known.caseness_test} {known.caseness:g}"
    change = "not known" if known.reliable_change is None else f"{known.reliable_change:g} points"
    return {
        "Code": ", ".join(known.accepted),
        "Scores": f"{known.low:g} to {known.high:g}, {known.direction} is better",
        "Caseness": at,
        "Reliable change": change,
        "Pathways": ", ".join(titles[code] for code in known.pathways) or "none",
        "Source": f"{known.source} ({CONFIDENCE[known.confidence]})",
        "All": f"{_PAGES}instruments.md",
    }


def _measures() -> Named:
    from warehouse.measures.catalogue import catalogue  # 352 rows, checked: not for a rule's sake

    for measure in catalogue():
        facts: dict[str, str | list[str]] = {
            "Kind": f"{measure.kind} in {measure.unit}" if measure.unit != measure.kind else measure.kind,
            "Month of": measure.date_column,
            "Numerator": measure.numerator,
            "Denominator": measure.denominator or "none: it is a count",
            "Better is": measure.direction,
            "Standard": "none" if measure.standard is None else f"{100 * measure.standard:g} %",
            "Broken down by": ", ".join(measure.breakdowns) or "provider only",
            "Mind": measure.caveats or "nothing beyond this",
            "Source": f"{measure.source} ({CONFIDENCE[measure.confidence]})",
        }
        yield (measure.id,), Subject("measure", measure.id, measure.title, {"Meaning": measure.meaning, **facts})
