"""The documentation of the dataset as a set of files: what ``docs/dataset`` holds and ``parity dataset`` writes.

Belongs here: which files there are, and the index that says what each is. Does not belong here: the pages
(``dictionary``, ``rule_pages``, ``code_lists``), writing them (``pipelines``).
Nothing in a file depends on the day, the machine or the order of anything but the declarations.
"""

from reports.dataset.code_lists import code_lists_csv, code_lists_page, codes_of, list_names
from reports.dataset.dictionary import dictionary_page, entries, versions_page
from reports.dataset.instrument_page import instruments_page
from reports.dataset.markdown import link, page, table, text
from reports.dataset.rule_pages import AS_OF, in_force, rules_csv, rules_page
from reports.dataset.templates import EXAMPLE, example_files, templates
from schemas.dataset import TABLES
from schemas.instruments import instruments
from schemas.versions import Version, tables_of


def documents() -> dict[str, bytes]:
    """Every file by its path below the folder."""
    pages = {
        "README.md": _index(),
        "data-dictionary.md": dictionary_page(),
        "versions.md": versions_page(),
        "rules.md": rules_page(),
        "rules.csv": rules_csv(),
        "code-lists.md": code_lists_page(),
        "code-lists.csv": code_lists_csv(),
        "instruments.md": instruments_page(),
    }
    return {name: content.encode() for name, content in pages.items()} | templates() | example_files()


def _index() -> str:
    codes = sum(len(codes_of(name)) for name in list_names())
    return page(
        "# The dataset",
        "Written by `parity dataset` from the declarations in `schemas/`. Do not edit: change the declaration, "
        "then `make docs`.",
        table(
            ("file", "what"),
            (
                (
                    link("data-dictionary.md", "data-dictionary.md"),
                    f"{len(TABLES)} tables, {len(entries())} elements: format, mandation, codes, identity, "
                    "meaning, rules",
                ),
                (link("versions.md", "versions.md"), "what each version of the dataset added, and why"),
                (link("rules.md", "rules.md"), f"{len(in_force())} rules in force for {AS_OF}, by table"),
                (link("rules.csv", "rules.csv"), "the same for a program, one row per rule"),
                (
                    link("code-lists.md", "code-lists.md"),
                    f"{len(list_names())} code lists with validity and source; long ones are cut",
                ),
                (link("code-lists.csv", "code-lists.csv"), f"all {codes:,} codes for a program"),
                (
                    link("instruments.md", "instruments.md"),
                    f"{len(instruments())} outcome measures: range, caseness, reliable change",
                ),
                (
                    ", ".join(link(f"templates/{version}", f"templates/{version}/") for version in Version),
                    "blank CSV files, one per table of the version, with the row of column names",
                ),
                (
                    link(f"example/{EXAMPLE}", f"example/{EXAMPLE}/"),
                    f"a month as it should be ({AS_OF}); nobody in it is real",
                ),
            ),
        ),
        "Templates are UTF-8 with a byte order mark, so that Excel reads them as UTF-8 (save as «CSV UTF-8»). "
        "Before filling one in Excel format its columns as text: Excel turns `01` into 1 and rounds a SNOMED CT "
        "code of 18 digits.",
        "## Tables",
        table(
            ("table", "title", "grain", "elements", *(f"in {version}" for version in Version)),
            (
                (
                    link(found.name, f"data-dictionary.md#{found.name.lower()}"),
                    text(found.title),
                    text(found.grain),
                    str(len(found.fields)),
                    *(_asked(found.id, version) for version in Version),
                )
                for found in TABLES.values()
            ),
        ),
        "The last columns count the elements that a version asks for; a table with none came later.",
    )


def _asked(table_id: str, version: Version) -> str:
    found = tables_of(version).get(table_id)
    return str(len(found.fields)) if found else "–"
