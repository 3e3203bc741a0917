"""A release as pages read it: one read-only connection, and what every page needs to know of it.

Belongs here: opening a release in one of two editions, its name, periods, measures and organisations. Does not
belong here: the questions of one kind of page, which it asks in SQL itself, once for all its pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from schemas.errors import NotAsked
from schemas.month import months_after, months_between
from schemas.periods import FINANCIAL_YEAR, MONTH, PERIODS, QUARTER, ROLLING_YEAR
from warehouse.disclosure.parts import DATABASE, PUBLIC_DATABASE
from warehouse.storage import SHUT_IN

PUBLIC, INSIDE = "public", "inside"
# A year that ends with the newest month. Where the data are of fewer months, the longest period there is: of four
# months from April the quarter to June, which the newest month is not in.
PERIOD_TYPES = (ROLLING_YEAR, FINANCIAL_YEAR, QUARTER, MONTH)
_AT_ONCE = 5_000
# What DuckDB keeps of the file grows with it else. A sorted answer for 200 services takes 128 MB.
_MEMORY = "512MiB"


@dataclass(frozen=True)
class Period:
    """What pages are about, a year if there is one: its kind as in the tables, its first day and last month."""

    kind: str
    start: date
    last_month: date

    @property
    def words(self) -> str:
        """As a heading says it: "April 2025 to March 2026"."""
        if self.start == self.last_month:
            return f"{self.start:%B %Y}"
        return f"{self.start:%B %Y} to {self.last_month:%B %Y}"


@dataclass(frozen=True)
class Measure:
    """A measure as ``public.measure`` describes it: ``kind`` is count, share, mean, median, p90, rate, day_rate.

    ``official`` has ids, ``pathways`` codes, each separated by blanks. Releases of versions before 0.7 say neither
    ``grain`` nor ``pathways``.
    """

    id: str
    title: str
    meaning: str
    kind: str
    unit: str
    direction: str
    standard: float | None
    official: str
    caveats: str
    grain: str = "pathway"
    pathways: str = ""
    over_time: str = "flow"
    over_places: str = "sum"
    found_in: str = ""
    is_recalled: bool = False
    since: str = ""


@dataclass(frozen=True)
class Organisation:
    """A provider or place of the public tables. ``is_submitted``: the release has figures of submissions for it.

    ``icb`` and ``region`` are codes, None where they are not known.
    """

    level: str
    code: str
    name: str
    icb: str | None
    region: str | None
    is_submitted: bool


class Release:
    """A published release, open for pages.

    The public edition opens ``parity-public.duckdb``: it has the schema ``public`` and nothing exact. The inside
    edition opens ``parity.duckdb``.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        edition: str,
        folder: Path | None = None,
        asked: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    ) -> None:
        """Of an open file of a release. ``edition``: PUBLIC or INSIDE. ``folder`` is the release's own. ``asked``
        are questions about numbers and their answers by provider (``reports.pages.asked_about``), for those inside.
        """
        self._connection = connection
        self.edition = edition
        self.folder = folder
        self.asked = asked or {}

    def rows(self, sql: str, *values: object) -> Iterator[dict[str, Any]]:
        """The rows of a question, one after the other, by the names of their columns."""
        cursor = self._connection.cursor()
        cursor.execute(sql, list(values))
        names = [column[0] for column in cursor.description or []]
        while some := cursor.fetchmany(_AT_ONCE):
            for row in some:
                yield dict(zip(names, row, strict=True))

    def has(self, schema: str, table: str) -> bool:
        """Whether the release has a table or view: one that was published by an earlier version may lack it."""
        return (schema, table) in self._tables

    @cached_property
    def _tables(self) -> frozenset[tuple[str, str]]:
        rows = self.rows(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        )
        return frozenset((row["schema_name"], row["table_name"]) for row in rows)

    @cached_property
    def name(self) -> str:
        """The name of the release; "draft" before it has one."""
        return next(self.rows("SELECT release_id FROM meta.build"))["release_id"] or "draft"

    @cached_property
    def period(self) -> Period:
        """The newest year of the submitted figures. Raises NotAsked where there are none (``is_empty``)."""
        kind = next(each for each in PERIOD_TYPES if each in self._starts)
        (_, start), (months, _) = self._starts[kind], PERIODS[kind]
        return Period(kind, start, months_after(start, months - 1))

    @property
    def newest_month(self) -> date:
        """The newest month with figures, which ``period`` may end before. Raises NotAsked as ``period`` does."""
        return self._starts[MONTH][1]

    @cached_property
    def _starts(self) -> dict[str, tuple[date, date]]:
        """Where the first and the newest period of each type start."""
        rows = self.rows(
            "SELECT period_type, min(period_start) AS first, max(period_start) AS newest "
            "FROM public.service_measure WHERE source = 'submitted' GROUP BY period_type"
        )
        found = {row["period_type"]: (row["first"], row["newest"]) for row in rows}
        if not found:
            raise NotAsked(
                "The release has no figures from submissions: there is nothing to show. Load submissions."
            )
        return found

    @cached_property
    def is_empty(self) -> bool:
        """Whether no figure is from submissions."""
        return not any(
            True for _ in self.rows("SELECT 1 FROM public.service_measure WHERE source = 'submitted' LIMIT 1")
        )

    @property
    def months(self) -> list[date]:
        """The months of ``period``, in order."""
        return months_between(self.period.start, self.period.last_month)

    @property
    def charted_months(self) -> list[date]:
        """The months of charts over time, in order: the newest twelve, or as many as there are."""
        first, newest = self._starts[MONTH]
        return months_between(max(first, months_after(newest, -11)), newest)

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """Every measure by its id, in the order of the catalogue."""
        return {
            row["measure"]: Measure(
                row["measure"], row["title"], row["meaning"], row["kind"], row["unit"] or "",
                row["direction"] or "none", None if row["standard"] is None else float(row["standard"]),
                row["published_id"] or "", row["caveats"] or "", row.get("grain", "pathway"),
                row.get("pathways") or "", row["over_time"], row["over_places"], row["source"] or "",
                row.get("confidence") == "R", row["since"] or "",
            )
            for row in self.rows("SELECT * FROM public.measure ORDER BY position")
        }  # fmt: skip

    @cached_property
    def organisations(self) -> tuple[Organisation, ...]:
        """Every organisation of the public tables, by name and code.

        Those that only NHS England's published statistics name are among them. Releases of versions before 0.7 have
        neither those nor places.
        """
        found = (
            Organisation(
                row["level"], row["organisation"], row["name"], row.get("icb"), row.get("region"),
                row.get("is_submitted", True),
            )
            for row in self.rows("FROM public.organisation")
        )  # fmt: skip
        return tuple(sorted(found, key=lambda each: (each.name, each.level, each.code)))

    @cached_property
    def published(self) -> frozenset[str]:
        """The providers in NHS England's published statistics, of any year."""
        sql = "SELECT DISTINCT provider FROM public.service_comparison WHERE source = 'published'"
        return frozenset(row["provider"] for row in self.rows(sql))

    def at(self, level: str, code: str) -> Organisation:
        """An organisation; one that the release lacks has its code for a name."""
        return self._by_code.get((level, code)) or Organisation(level, code, code, None, None, is_submitted=False)

    def name_of(self, level: str, code: str) -> str:
        """The name of an organisation; its code where none is known."""
        return self.at(level, code).name

    @cached_property
    def _by_code(self) -> dict[tuple[str, str], Organisation]:
        return {(each.level, each.code): each for each in self.organisations}

    @cached_property
    def groups(self) -> dict[tuple[str, str], str]:
        """Names of groups of people by breakdown and code."""
        return {
            (row["breakdown"], row["breakdown_group"]): row["group_name"]
            for row in self.rows("SELECT * FROM public.breakdown_group ORDER BY ALL")
        }

    def codes(self, level: str) -> list[str]:
        """The organisations of a level with figures of submissions, by name and code."""
        return [each.code for each in self.organisations if each.level == level and each.is_submitted]


@contextmanager
def opened(
    folder: Path, edition: str, asked: Mapping[str, Sequence[Mapping[str, str]]] | None = None
) -> Iterator[Release]:
    """A release of ``folder``, read-only. Raises NotAsked where it has no file for the edition."""
    file = folder / (PUBLIC_DATABASE if edition == PUBLIC else DATABASE)
    if not file.is_file():
        raise NotAsked(f"The release {folder.name} has no {file.name}. Publish it again with `parity publish`.")
    with duckdb.connect(str(file), read_only=True, config=SHUT_IN | {"memory_limit": _MEMORY}) as connection:
        yield Release(connection, edition, folder, asked)


def values_in(sequence: Sequence[str]) -> str:
    """Texts of our own as a list in SQL: "'A', 'B'"."""
    return ", ".join(f"'{each}'" for each in sequence)
