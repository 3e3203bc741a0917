"""Public pages: each number in them is the one of schema ``public``, and they say nothing of a person.

Belongs here: reading a page back, comparing its numbers with the checked schema. Does not belong here: making pages
(``reports.pages``), whether a number is said well.

A number has a ``data`` element (in a drawing any element with ``data-value``). Its attributes say what it is of:
``data-table``, ``data-column``, ``data-org`` …; what an element does not say, the next one around it does. A number
that follows from others of its table has the column of a rule in ``followed``, and is worked out anew.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import duckdb

from schemas.periods import MONTH
from warehouse.disclosure.followed import follows
from warehouse.disclosure.identifiers import identifiers
from warehouse.disclosure.screened_tables import last_day_of_figures

MARKS = ("axis", "list")
"""Columns of texts without a value that are no figures: a round number beside an axis, how long a list is."""
_TAG = re.compile(
    r"<!--.*?-->|<!\w[^>]*>|<(?P<closing>/?)(?P<name>[A-Za-z][\w-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w:.-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
# What a reader does not see, and a person could still have written something into.
_UNSEEN = frozenset(("script", "style"))
# Attributes that are lengths and places of a drawing.
_DRAWN = frozenset(
    (
        "d", "points", "transform", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx",
        "dy", "width", "height", "offset", "stroke-width", "stroke-dasharray", "font-size", "class", "id", "style",
    )
)  # fmt: skip
_LOADS = re.compile(
    r"(?:src|href|action|data|poster)\s*=\s*[\"']?\s*(?:https?:|//|ftp:)|url\(\s*[\"']?(?:https?:|//)",
    re.IGNORECASE,
)
# Attribute → the columns of a public table that it is the key of.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "measure": ("measure",), "org": ("organisation", "provider"), "level": ("level",), "period": ("period_start",),
    "period-type": ("period_type",), "pathway": ("pathway",), "breakdown": ("breakdown",),
    "group": ("breakdown_group",), "source": ("source",), "therapy": ("therapy_type",),
}  # fmt: skip
# To twelve digits: a limit that a page calculates itself may differ in the last ones.
_EQUAL = "round(CAST({} AS DOUBLE), 12) IS NOT DISTINCT FROM round(TRY_CAST(nullif(n.g2, '') AS DOUBLE), 12)"
_ABSENT = {"table": "service_measure", "period-type": MONTH}


@dataclass(frozen=True)
class Shown:
    """A number of a page: what it is of, by attribute without ``data-``, its raw value and its text."""

    of: Mapping[str, str]
    raw: str
    text: str


@dataclass
class ReadPage:
    """What a page says: its numbers, every text that stands outside them (``MARKS`` apart), and what is in it
    beside (attributes, scripts, comments).
    """

    numbers: list[Shown] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


@dataclass
class _Open:
    """An element that is open: what is inside it is of ``of``, and its text is that of the number ``raw``."""

    name: str
    of: dict[str, str]
    raw: str | None = None
    texts: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.page = ReadPage()
        self._around = [_Open("", {})]

    def text(self, text: str) -> None:
        if said := unescape(text).strip():
            number = next((each for each in reversed(self._around) if each.raw is not None), None)
            outside = self.page.marks if self._around[-1].of.get("column") in MARKS else self.page.texts
            (number.texts if number else outside).append(said)

    def opened(self, name: str, attributes: str) -> None:
        own: dict[str, str] = {}
        raw = None
        for key, double, single, bare in _ATTRIBUTE.findall(attributes) if "=" in attributes else ():
            value = unescape(double or single or bare)
            if key.startswith("data-"):
                own[key.removeprefix("data-")] = value
            if key == "value" and name == "data":
                raw = value
            elif value and key != "data-value" and key.lower() not in _DRAWN:
                self.page.beside.append(value)
        raw = own.pop("value", raw)
        self._around.append(_Open(name, {**self._around[-1].of, **own}, raw))
        if name in _VOID or attributes.rstrip().endswith("/"):
            self.closed(name)

    def closed(self, name: str) -> None:
        """End the innermost element of this name, and all that were left open inside it."""
        while len(self._around) > 1:
            closed = self._around.pop()
            if closed.raw is not None:
                self.page.numbers.append(Shown(closed.of, closed.raw, " ".join(closed.texts)))
            if closed.name == name:
                return


def read_page(html: str) -> ReadPage:
    """The numbers of a page with what they are of, and its other texts in order."""
    reader, unseen, at = _Reader(), "", 0
    for found in _TAG.finditer(html):
        name, is_end = (found["name"] or "").lower(), bool(found["closing"])
        if unseen:
            if not (is_end and name == unseen):
                continue
            reader.page.beside.append(html[at : found.start()])
            unseen = ""
        else:
            reader.text(html[at : found.start()])
        at = found.end()
        if not name:
            reader.page.beside.append(found[0])
        elif is_end:
            reader.closed(name)
        else:
            reader.opened(name, found["rest"])
            unseen = name if name in _UNSEEN else ""
    reader.text(html[at:])
    reader.closed("")
    return reader.page


def screen_pages(pages: Iterable[tuple[str, Path]], con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What is wrong with these pages, given with their names: numbers that the schema ``public`` does not have,
    forms of identifiers, anything loaded from elsewhere.
    """
    rows: dict[str, list[tuple[str, dict[str, str], str]]] = {}
    last = last_day_of_figures(con)
    asked: dict[str, tuple[str, ...]] = {}  # most texts are on many pages
    for name, path in pages:
        html = path.read_text(encoding="utf-8")
        page = read_page(html)
        texts = (*page.texts, *page.marks, *page.beside, *(number.text for number in page.numbers))
        for text in texts:
            if text not in asked:
                asked[text] = tuple(identifiers(text, last))
        kinds = {found for text in texts for found in asked[text]}
        yield from (f"{name}: a text has {found}" for found in sorted(kinds))
        if _LOADS.search(re.sub(r"<a [^>]*>", "", html)):
            yield f"{name}: it loads something from elsewhere"
        for number in page.numbers:
            of = {**_ABSENT, **number.of}
            rows.setdefault(of["table"], []).append((name, of, number.raw))
    for table, numbers in sorted(rows.items()):
        yield from _unlike(table, numbers, con)


def _unlike(
    table: str, numbers: list[tuple[str, dict[str, str], str]], con: duckdb.DuckDBPyConnection
) -> Iterator[str]:
    """Numbers that this public table does not have at their place, counted by page."""
    columns = [
        row[0]
        for row in con.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = 'public' AND table_name = ? ORDER BY column_index",
            [table],
        ).fetchall()
    ]
    wrong: dict[str, list[str]] = {}
    by_form: dict[tuple[str, tuple[str, ...]], list[tuple[str, dict[str, str], str]]] = {}
    for name, of, raw in numbers:
        keys = tuple(sorted(key for key in _KEYS if of.get(key) and set(_KEYS[key]) & set(columns)))
        if not (of.get("column") in columns or follows(table, of.get("column", ""))) or not {
            "measure",
            "therapy",
        } & set(keys):
            wrong.setdefault(name, []).append(_place(of))
        else:
            by_form.setdefault((of["column"], keys), []).append((name, of, raw))
    for (column, keys), found in by_form.items():
        figure = f"t.{column}" if column in columns else follows(table, column)
        names = {key: next(each for each in _KEYS[key] if each in columns) for key in keys}
        given = ", ".join(f"unnest(${position}) AS g{position}" for position in range(1, len(keys) + 3))
        matches = " AND ".join(
            f"CAST(t.{name} AS VARCHAR) = n.g{position}" for position, name in enumerate(names.values(), start=3)
        )
        missing = con.execute(
            f"SELECT n.g1 FROM (SELECT {given}) AS n WHERE NOT EXISTS (SELECT 1 FROM public.{table} AS t "
            f"WHERE {matches} AND {_EQUAL.format(figure)})",
            [
                [str(n) for n in range(len(found))],
                [raw for _, _, raw in found],
                *([of[key] for _, of, _ in found] for key in keys),
            ],
        ).fetchall()
        for (number,) in missing:
            name, of, _ = found[int(number)]
            wrong.setdefault(name, []).append(_place(of))
    for name, places in sorted(wrong.items()):
        yield f"{name}: {len(places)} numbers are not those of the public schema (first: {places[0]})"


def _place(of: Mapping[str, str]) -> str:
    """Where a number is said to be from, without what a page could smuggle in: codes and columns only."""
    parts = (of.get(key, "") for key in ("table", "column", "measure", "org", "period", "pathway"))
    return ", ".join(part if re.fullmatch(r"[\w|-]{1,40}", part) else "?" for part in parts if part)
