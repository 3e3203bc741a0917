"""The dictionary of the warehouse: a page for each table, an index with search, the lineage of measures.

Belongs here: what an analyst looks up. Does not belong here: what a column means (the models say it), the
dictionary of the dataset that services submit (``reports.dataset``).

The public edition has what is in the public file; the inside edition has the whole warehouse.
"""

from collections.abc import Iterator
from typing import Any

from reports.pages import addresses, entities
from reports.pages.page import Page, rendered
from reports.pages.release import INSIDE, Release
from warehouse.models import model_names
from warehouse.order import reads, tables_in

_INDEX, _LINEAGE = addresses.dictionary("index"), addresses.dictionary("lineage")
# Schemas in the order in which a reader needs them, with what they are for.
_SCHEMAS = {
    "v1": "Promised: these views and columns stay as they are. Start here.",
    "public": "Protected figures that may be published.",
    "mart": "Exact figures, and how services compare.",
    "core": "One row per referral, contact, score and so on.",
    "ref": "Codes, instruments, months and organisations.",
    "published": "NHS England's statistics as published.",
    "meta": "What the file is made of, and what its columns mean.",
    "monthly_count": "Counts behind the figures by group.",
}
# Columns of tables that hold records of people, staff and providers; the others are about submissions.
_OF_PEOPLE = {"person_id", "service_request_id", "staff_id", "provider_name"}
_NATIONAL = "The same under national names, for SQL that exists."


def pages(release: Release) -> Iterator[Page]:
    """The index, a page per table and view, and inside the lineage of measures; none for a release of 0.6."""
    if not release.has("meta", "example"):  # published by an earlier version
        return
    tables = _tables(release)
    examples = list(release.rows("SELECT * FROM meta.example ORDER BY position"))
    asked = [tables_in(each["sql"]) for each in examples]  # once: parsing them for each table took 2 of 3 seconds
    since = {
        (row["view_name"], row["column_name"]): row["since"]
        for row in release.rows("SELECT view_name, column_name, since FROM meta.contract")
    }
    yield _index(release, tables, examples)
    for (schema, name), table in tables.items():
        full = f"{schema}.{name}"
        is_model = release.edition == INSIDE and full in model_names()
        yield rendered(
            "dictionary_table.html",
            _address(full),
            release,
            {
                "table": table,
                "since": {c["column_name"]: since.get((name, c["column_name"])) for c in table["columns"]}
                if schema == "v1"
                else {},
                "made_of": sorted(t for t in reads(full) if tuple(t.split(".")) in tables) if is_model else [],
                "examples": [each for each, named in zip(examples, asked, strict=True) if full in named],
                "address": _address,
                "index": _INDEX,
            },
        )
    if release.edition == INSIDE:
        yield _lineage(release)


def _address(table: str) -> str:
    return addresses.dictionary(table.replace(".", "-"))


def _tables(release: Release) -> dict[tuple[str, str], dict[str, Any]]:
    """Every table and view with its meaning and columns, schema by schema."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in release.rows(
        "SELECT schema_name, table_name, comment, false AS is_view FROM duckdb_tables() UNION ALL "
        "SELECT schema_name, view_name, comment, true FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ):
        found[row["schema_name"], row["table_name"]] = {**row, "columns": []}
    for row in release.rows("SELECT * FROM meta.columns ORDER BY schema_name, table_name, position"):
        if (row["schema_name"], row["table_name"]) in found:
            found[row["schema_name"], row["table_name"]]["columns"].append(row)
    order = {schema: place for place, schema in enumerate(_SCHEMAS)}
    return dict(sorted(found.items(), key=lambda each: (order.get(each[0][0], len(order)), each[0])))


def _index(release: Release, tables: dict[tuple[str, str], dict[str, Any]], examples: list[dict[str, Any]]) -> Page:
    schemas: dict[str, list[dict[str, Any]]] = {}
    for (schema, _), table in tables.items():
        schemas.setdefault(schema, []).append(table)
    records = {
        name: entities.Entity(
            name,
            frozenset(c["column_name"] for c in table["columns"] if c["is_key"]),
            frozenset(c["column_name"] for c in table["columns"]),
        )
        for (schema, name), table in tables.items()
        if schema == "core" and _OF_PEOPLE & {c["column_name"] for c in table["columns"]}
    }
    return rendered(
        "dictionary.html",
        _INDEX,
        release,
        {
            "schemas": schemas,
            "purpose": _SCHEMAS,
            "national": _NATIONAL,
            "examples": examples,
            "diagram": entities.drawn(records) if records else "",
            "address": _address,
            "lineage": _LINEAGE if release.edition == INSIDE else "",
        },
        script="search.js",
    )


def _lineage(release: Release) -> Page:
    """Each measure with the elements that it is made of; links between records are left out."""
    measures: dict[str, dict[str, Any]] = {}
    for row in release.rows(
        """
        SELECT DISTINCT m.position, m.measure, m.title, l.table_id, l.element
        FROM meta.lineage AS l
        INNER JOIN mart.measure AS m ON m.measure = l.measure AND m.grain <> 'record'
        WHERE NOT l.is_link
        ORDER BY ALL
        """
    ):
        each = measures.setdefault(row["measure"], {**row, "elements": {}})
        each["elements"].setdefault(row["table_id"], []).append(row["element"])
    return rendered(
        "dictionary_lineage.html",
        _LINEAGE,
        release,
        {"measures": list(measures.values()), "index": _INDEX},
        script="search.js",
    )
