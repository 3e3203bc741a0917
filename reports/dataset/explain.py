"""The explanation of one thing at a terminal: `parity explain`. Rules and elements here, all else in ``subjects``.

Belongs here: finding it by id or name, and describing it. Does not belong here: printing
(``pipelines.commands``), the same as pages (``reports.dataset.rule_pages``, ``reports.dataset.dictionary``).
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from reports.dataset.code_lists import codes_of
from reports.dataset.dictionary import IDENTITY, Entry, entries, entries_named, list_of
from reports.dataset.markdown import sql
from reports.dataset.rule_pages import (
    AS_OF,
    END,
    START,
    examples,
    facts,
    in_force,
    looks_at,
    looks_beyond,
    origin,
    without_values,
)
from reports.dataset.subjects import Subject, find_subject, subject_names
from schemas.dataset import TABLES
from schemas.errors import NotAsked
from schemas.field import Field
from schemas.links import RECEIVED_AT, TOOL
from schemas.national_rules import said_of
from schemas.rule import Rule
from schemas.ruleset import RETIRED

_NEAREST = 6
_CODES_SHOWN = 30
_INDENT = 12
_BEYOND = {TOOL: "the reference set of assessment tools", RECEIVED_AT: "when the submission was received"}
_PAGES = "docs/dataset/"


Explained = Rule | tuple[Entry, ...] | Subject


def find(asked: str) -> Explained:
    """The rule of this id, the elements of this name (one per table), or another subject, in any case.

    Raises NotAsked with the nearest ids and names where there is none.
    """
    wanted = asked.strip().lower()
    by_id = {rule_id.lower(): rule for rule_id, rule in in_force().items()}
    found = by_id.get(wanted) or entries_named(wanted) or find_subject(wanted)
    if found:
        return found
    if wanted in {rule_id.lower() for rule_id in RETIRED}:
        raise NotAsked(f"The rule {asked!r} is no longer in force. Its id is not used again.")
    names = {
        spelling.lower(): spelling for entry in entries() for spelling in (entry.field.name, *entry.field.aliases)
    }
    known = subject_names() | {rule_id: rule.id for rule_id, rule in by_id.items()} | names
    near = _nearest(wanted, known)
    hint = f" Nearest: {', '.join(near)}." if near else f" {_PAGES}rules.md lists all rules."
    raise NotAsked(f"There is no rule, element, table, code list, measure or instrument called {asked!r}.{hint}")


def as_json(found: Explained) -> dict[str, Any]:
    """The same for a program: a rule, an element with an entry per table, or another subject with its facts."""
    if isinstance(found, Rule):
        return {"rule": facts(found), "as_of": AS_OF}
    if isinstance(found, Subject):
        return {found.kind: found.id, "title": found.title, "facts": dict(found.facts), "as_of": AS_OF}
    return {"element": found[0].field.name, "entries": [entry_facts(entry) for entry in found], "as_of": AS_OF}


def as_text(found: Explained) -> str:
    """The same in words."""
    if isinstance(found, Subject):
        return "\n".join(_subject(found))
    parts = _rule(found) if isinstance(found, Rule) else _element(found)
    return "\n".join(parts)


def _subject(found: Subject) -> Iterator[str]:
    yield f"{found.id}: {found.title} ({found.kind})"
    yield ""
    width = max([_INDENT, *(len(name) for name in found.facts)])
    for name, said in found.facts.items():
        first, *others = [said] if isinstance(said, str) else said or [""]
        yield f"{name:<{width}} {first}"
        yield from (f"{'':<{width}} {line}" for line in others)
    yield ""
    yield f"As in force for {AS_OF}."


def _nearest(wanted: str, known: dict[str, str]) -> list[str]:
    """Names that contain the words asked for, shortest first, then names with a similar spelling."""
    holding = sorted((name for name in known if wanted and wanted in name), key=lambda name: (len(name), name))
    alike = get_close_matches(wanted, sorted(known), _NEAREST, 0.6)
    return [known[name] for name in dict.fromkeys([*holding, *alike])][:_NEAREST]


def _rule(rule: Rule) -> Iterator[str]:
    yield f"{rule.id}: {rule.effect.value}"
    yield ""
    yield without_values(rule.message)
    yield ""
    yield f"How to fix   {rule.fix}"
    if rule.why:
        yield f"Why          {rule.why}"
    looks = [f"{TABLES[table_id].name}.{name}" for table_id, name in looks_at(rule)]
    looks += [TABLES[name].name if name in TABLES else _BEYOND[name] for name in looks_beyond(rule)]
    if looks:
        yield f"Looks at     {', '.join(looks)}"
    if rule.group_by:
        yield f"Group by     records with the same {' and '.join(rule.group_by)}"
    yield f"To mend by   {rule.owner.value}"
    if said := said_of(rule.id):
        yield f"National     {said}"
    yield f"Kind         {rule.dimension.value}, {rule.level.value} level, {origin(rule)}"
    for word, records in examples(rule):
        yield f"{word.capitalize():<12} {records}"
    if rule.fails:
        yield ""
        yield "SQL, true for a record that fails (X is the typed value, X_text the submitted text):"
        yield from (f"    {line}" for line in sql(rule.fails).split("\n"))
    yield ""
    yield f"As in force for {AS_OF}. Valid codes depend on the month. All rules: {_PAGES}rules.md"


def _element(found: tuple[Entry, ...]) -> Iterator[str]:
    field = found[0].field
    yield f"{field.name}: {field.title}"
    yield ""
    yield field.meaning
    yield ""
    yield f"Format       {field.format}: {found[0].format_says}"
    yield f"Leaves as    {IDENTITY[field.identity]}"
    if field.aliases:
        yield f"Also as      {', '.join(field.aliases)}"
    for entry in found:
        yield ""
        yield f"{entry.table.name}"
        yield f"Mandation    {entry.mandation_says}"
        for word, rule in zip(["Rules"] + [""] * len(entry.rules), entry.rules, strict=False):
            yield f"{word:<12} {rule.id} ({rule.effect.value}): {without_values(rule.message)}"
    yield from _codes(field)
    yield ""
    yield f"As in force for {AS_OF}. All elements: {_PAGES}data-dictionary.md"


def _codes(field: Field) -> Iterator[str]:
    name = list_of(field)
    if not name:
        return
    valid = [known for known in codes_of(name) if known.holds_in(START, END)]
    yield ""
    yield f"Codes        {name}"
    width = max([_INDENT, *(len(known.code) for known in valid[:_CODES_SHOWN])])
    for known in valid[:_CODES_SHOWN]:
        yield f"{known.code:>{width}} {known.meaning}"
    if len(valid) > _CODES_SHOWN:
        yield f"             and {len(valid) - _CODES_SHOWN} more: {_PAGES}code-lists.csv"


def entry_facts(entry: Entry) -> dict[str, Any]:
    """All facts of an element of a table, for programs."""
    field = entry.field
    return {
        "id": entry.id,
        "table": entry.table.id,
        "table_name": entry.table.name,
        "title": field.title,
        "meaning": field.meaning,
        "format": field.format,
        "expected": entry.format_says,
        "mandation": {version.value: letter.value for version, letter in entry.mandation.items()},
        "codes": list_of(field),
        "identity": IDENTITY[field.identity],
        "aliases": list(field.aliases),
        "rules": [rule.id for rule in entry.rules],
    }
