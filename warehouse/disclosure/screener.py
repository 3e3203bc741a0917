"""The screener: every public file of a release is read once more before it leaves.

Belongs here: which files may be there, and that each holds what the checked schema ``public`` holds and nothing
that points at a person. Does not belong here: that the schema itself is protected (``leaks``), the rules of one
kind of file (``screened_tables`` and its like), the forms of identifiers (``identifiers``).

``leaks`` proves the schema against the exact figures and the secret. The files are written from it later, by other
code, and a person can change them. So they are compared with it, whole.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from warehouse.disclosure.identifiers import identifiers
from warehouse.disclosure.parts import OPEN_DATA, PAGES, PUBLIC_DATABASE, public_files, unknown_files
from warehouse.disclosure.screened_open_data import screen_open_data
from warehouse.disclosure.screened_pages import screen_pages
from warehouse.disclosure.screened_tables import (
    LARGEST,
    last_day_of_figures,
    screen_database,
    screen_schema,
    screen_table,
)

_TABLES = (".csv", ".parquet")
# What would look like a day, but is said of a release, under these keys.
_OF_A_RELEASE = {
    "published_at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"),
    "version": re.compile(r"[0-9]+\.[0-9]+\.[0-9]+"),
}
# More would hide the first ones.
_MOST = 20


def screen(release: Path, con: duckdb.DuckDBPyConnection) -> list[str]:
    """What forbids handing out the public files below ``release``, each with its place; empty if nothing does.

    ``con`` reads the release's own database, whose schema ``public`` was checked before. No message has a value
    that could be an identifier.
    """
    problems = [*screen_schema(con), *_strange(release), *screen_open_data(release / OPEN_DATA, con)]
    files = {path.relative_to(release).as_posix(): path for path in public_files(release) if not path.is_symlink()}
    pages = {name: path for name, path in files.items() if name.startswith(PAGES) and name.endswith(".html")}
    problems += screen_pages(pages.items(), con)
    for name, path in files.items():
        if name not in pages and not name.startswith(OPEN_DATA):
            problems += (f"{name}{found}" for found in _screener_of(name)(path, con))
    if len(problems) > _MOST:
        problems = [*problems[:_MOST], f"and {len(problems) - _MOST} more"]
    return problems


def _strange(release: Path) -> Iterator[str]:
    for path in unknown_files(release):
        name = path.relative_to(release).as_posix()
        yield f"{name}: a release has no such file, so it is not known who may see it"
    for path in public_files(release):
        if path.is_symlink():
            yield f"{path.relative_to(release).as_posix()}: a link, not a file"


def _screener_of(name: str) -> Callable[[Path, duckdb.DuckDBPyConnection], Iterator[str]]:
    if name == PUBLIC_DATABASE:
        return screen_database
    if name.startswith("public.") and name.endswith(_TABLES):
        return screen_table
    return _screen_json if name.endswith(".json") else _refused


def _screen_json(path: Path, con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        yield ": it is no JSON"
        return
    yield from sorted(
        {f", at {place}: {found}" for place, found in _in_json(content, "the top", last_day_of_figures(con))}
    )


def _in_json(content: Any, place: str, last: date) -> Iterator[tuple[str, str]]:
    """Where in a JSON document something may point at a person. A place is named by keys of ours."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from ((place, found) for found in identifiers(key, last))
            yield from _in_json(value, key if key.isidentifier() else place, last)
    elif isinstance(content, list):
        for each in content:
            yield from _in_json(each, place, last)
    elif isinstance(content, str):
        form = _OF_A_RELEASE.get(place)
        if form is None or not form.fullmatch(content):
            yield from ((place, found) for found in identifiers(content, last))
    elif isinstance(content, int | float) and abs(content) > LARGEST:
        yield place, "a number is too large for a count"


def _refused(path: Path, _: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield f": nothing checks a file with the ending «{path.suffix}» before it leaves"
