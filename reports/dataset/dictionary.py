"""The data dictionary: every table and element of the dataset, as people look them up.

Belongs here: an element's entry, put together from its declaration, the versions and the rules; the pages
``data-dictionary.md`` and ``versions.md``. Does not belong here: the declarations (``schemas.tables``), the rules'
own page (``reports.dataset.rule_pages``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from reports.dataset.markdown import code, facts_list, link, page, table, text
from reports.dataset.rule_pages import in_force, looks_at, rule_link
from schemas.codes import code_list
from schemas.dataset import TABLES
from schemas.field import Field, Identity, Mandation
from schemas.links import TOOL_FIELD
from schemas.rule import Rule
from schemas.table import Table
from schemas.versions import Version, What, tables_of

MANDATION = {
    Mandation.MANDATORY: "mandatory",
    Mandation.REQUIRED: "required",
    Mandation.OPTIONAL: "optional",
    Mandation.PILOT: "pilot",
}
IDENTITY = {
    Identity.KEEP: "kept as it is for analysts; published only in protected figures",
    Identity.DATE: "kept to the day or second for analysts; what is published has months",
    Identity.PERSON: "becomes a keyed token of the person, the same at every provider; never published",
    Identity.LOCAL: "becomes a keyed token with a meaning only at its provider; never published",
    Identity.BIRTH_DATE: "becomes age in whole years for analysts; what is published has age bands",
    Identity.POSTCODE: "becomes the postcode district, and for analysts only the decile of deprivation; what is "
    "published has deciles",
    Identity.DROP: "dropped: it never leaves the identifiable zone",
}
# Lists that a rule or a measure looks an element's value up in; its declaration names none.
_LOOKED_UP = {
    TOOL_FIELD: "assessment_tool",
    "QuestionCode": "experience_question",
    "CodeProcAndProcStatus": "therapy_snomed",
}
_WHAT = {
    What.ADDED: "added",
    What.MANDATED: "made mandatory",
    What.REPLACED: "no longer requested",
}


@dataclass(frozen=True)
class Entry:
    """One element of one table.

    ``mandation`` has its letter in every version that asks for it; ``replaced`` is the version since which it is
    no longer asked for, and why. ``rules`` are those that look at it, here or from another table.
    """

    table: Table
    field: Field
    mandation: dict[Version, Mandation]
    replaced: tuple[Version, str] | None
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        """Table and name, as rules' ids begin: "IDS101-ServDischDate"."""
        return f"{self.table.id}-{self.field.name}"

    @property
    def since(self) -> Version:
        """The version it came with."""
        return next(iter(self.mandation))

    @property
    def mandation_says(self) -> str:
        """Its mandation in words, with the versions in which it differs."""
        newest = list(self.mandation.values())[-1]
        says = [f"{newest} ({MANDATION[newest]})"]
        for version, letter in self.mandation.items():
            if letter is not newest:
                says.append(f"{letter} ({MANDATION[letter]}) in version {version}")
        if self.since is not next(iter(Version)):
            says.append(f"since version {self.since}")
        if self.replaced:
            says.append(f"no longer requested since version {self.replaced[0]}: {self.replaced[1]}")
        return "; ".join(says)

    @property
    def format_says(self) -> str:
        """Its format in words, bounds included."""
        if self.field.codes:
            return f"a code of the list {self.field.codes}"
        bounds = [f"from {self.field.low}"] if self.field.low is not None else []
        bounds += [f"to {self.field.high}"] if self.field.high is not None else []
        return ", ".join([self.field.expected, " ".join(bounds)]) if bounds else self.field.expected


@cache
def entries() -> tuple[Entry, ...]:
    """Every element of every table, in dataset order."""
    looking: dict[tuple[str, str], list[Rule]] = {}
    for rule in in_force().values():
        for element in looks_at(rule):
            looking.setdefault(element, []).append(rule)
    return tuple(
        Entry(
            found,
            field,
            {
                version: Mandation(there.by_name[field.name].mandation)
                for version in Version
                if (there := tables_of(version).get(found.id)) and field.name in there.by_name
            },
            _replacement(found.id, field.name),
            tuple(looking.get((found.id, field.name), ())),
        )
        for found in TABLES.values()
        for field in found.fields
    )


def entries_named(spelling: str) -> tuple[Entry, ...]:
    """The elements of this name, other spelling or "table-name", in any case; the same name in every table."""
    wanted = spelling.lower()
    return tuple(
        entry
        for entry in entries()
        if wanted in {entry.id.lower(), entry.field.name.lower(), *(alias.lower() for alias in entry.field.aliases)}
    )


def list_of(field: Field) -> str | None:
    """The code list to look its values up in."""
    return field.codes or _LOOKED_UP.get(field.name)


def version_of(table_id: str) -> Version:
    """The version a table came with."""
    return next(version for version in Version if table_id in tables_of(version))


def dictionary_page() -> str:
    """``data-dictionary.md``."""
    by_table: dict[str, list[Entry]] = {}
    for entry in entries():
        by_table.setdefault(entry.table.id, []).append(entry)
    return page(
        "# Data dictionary",
        "Every table and element of the dataset. M is mandatory (a record without it is rejected), R is required "
        "(your figures need it), O is optional, P is pilot. «Leaves as» says what becomes of the values when they "
        "leave the identifiable zone, and what is published. Upper and lower case in names make no difference. An "
        "element of several tables has an entry in each.",
        "\n".join(
            f"- {link(found.name, f'#{found.name.lower()}')}: {text(found.title)}" for found in TABLES.values()
        ),
        *(part for found in TABLES.values() for part in _table_parts(found, by_table[found.id])),
    )


def versions_page() -> str:
    """``versions.md``."""
    parts = [
        "# Versions",
        "The header's `DatSetVer` gives the version. Each version builds on an earlier one. A file may contain "
        "tables and elements of another version. They are checked and kept, with a warning if they were added "
        "later.",
    ]
    for version in Version:
        known = next(found for found in code_list("dataset_version") if found.code == version)
        asked = tables_of(version)
        counted = f"{len(asked)} tables, {sum(len(found.fields) for found in asked.values())} elements"
        dates = [f"valid from {known.valid_from}"] if known.valid_from else []
        dates += [f"valid to {known.valid_to}"] if known.valid_to else []
        about = "; ".join([f"{text(known.meaning)}: {counted}", *dates, f"source: {text(known.source)}"])
        parts += [f"## Version {version}", about + "."]
        if len(version.line) == 1:
            parts.append("The base version.")
            continue
        parts.append(f"Builds on version {version.line[1]}.")
        rows = [
            (
                link(TABLES[each.table].name, f"data-dictionary.md#{TABLES[each.table].name.lower()}"),
                ", ".join(
                    link(name, f"data-dictionary.md#{each.table.lower()}-{name.lower()}") for name in each.fields
                )
                or "the whole table",
                _WHAT[each.what],
                text(each.reason),
            )
            for each in version.differences
        ]
        parts.append(table(("table", "elements", "what", "why"), rows))
    return page(*parts)


def _table_parts(found: Table, elements: list[Entry]) -> Iterator[str]:
    yield f"## {found.name}"
    facts = [
        ("title", text(found.title)),
        ("id", code(found.id)),
        ("grain", text(found.grain)),
        ("key", ", ".join(code(name) for name in found.key) or "none"),
        ("belongs to", _target(found.parent) if found.parent else "nothing"),
        ("refers to", ", ".join(_target(each) for each in found.refers_to)),
        ("since", f"version {version_of(found.id)}"),
        ("file", "always needed, even without rows" if found.is_required else "may be left out"),
        ("rules", link("its rules", f"rules.md#{found.name.lower()}")),
    ]
    yield facts_list(facts)
    yield table(
        ("element", "mandation", "format", "code list"),
        (
            (
                link(entry.field.name, f"#{entry.id.lower()}"),
                list(entry.mandation.values())[-1]
                + (f" until {list(entry.mandation)[-1]}" if entry.replaced else ""),
                text(entry.field.format),
                _codes(entry.field),
            )
            for entry in elements
        ),
    )
    for entry in elements:
        yield from _element_parts(entry)


def _element_parts(entry: Entry) -> Iterator[str]:
    field = entry.field
    yield f"### {entry.id}"
    yield f"**{text(field.title)}.** {text(field.meaning)}"
    facts = [
        ("mandation", text(entry.mandation_says)),
        ("format", f"{code(field.format)}: {text(entry.format_says)}"),
        ("codes", _codes(field)),
        ("leaves as", IDENTITY[field.identity]),
        ("also accepted as", ", ".join(code(alias) for alias in field.aliases)),
        ("rules", ", ".join(rule_link(rule) for rule in entry.rules)),
    ]
    yield facts_list(facts)


def _codes(field: Field) -> str:
    found = list_of(field)
    return link(found, f"code-lists.md#{found}") if found else ""


def _target(named: tuple[str, str, str]) -> str:
    here, there, _ = named
    return f"{link(TABLES[there].name, f'#{TABLES[there].name.lower()}')} by {code(here)}"


def _replacement(table_id: str, name: str) -> tuple[Version, str] | None:
    for version in Version:
        for each in version.differences:
            if each.what is What.REPLACED and each.table == table_id and name in each.fields:
                return version, each.reason
    return None
