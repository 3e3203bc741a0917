"""Which sums are made again: those of the organisations and periods in which a monthly count has moved.

Belongs here: what the monthly counts were when they were last added up, what is another now, and where that
counts. Does not belong here: adding up (``rollup``), and rows made from the figures of one organisation
(``warehouse.kept``).

A provider is built again whole, but most of its months come out as they were. Of 36 tables of counts one more
month moved 20 in that month alone, among them all of referrals that ended. So counts are compared: before a
provider's rows are taken out, and after they were made again.
"""

from collections.abc import Collection, Sequence

import duckdb

from warehouse.measures.catalogue import Measure
from warehouse.measures.passes import passes

# What the counts of providers that are built again were when they were last added up.
_BEFORE = "meta.counted_before"
_KEYS = "(counts VARCHAR, provider VARCHAR, month DATE, digest VARCHAR)"
COLUMNS = """
Columns of monthly_count.reported: One row per level, organisation and period of the last build: how much of it was
    submitted. Where that has changed, all sums of the period are made again.
  level, key: Level of the organisation.
  organisation, key: Code of the organisation.
  period_type, key: Kind of period.
  period_start [date], key: First day of the period.
  months_submitted [months]: Months of the period for which a provider of the organisation submitted.
  has_last_month: Whether a provider of the organisation submitted the last month of the period.

Columns of monthly_count.organisation_pathway: One row per level, organisation and pathway of the last build.
    Where an organisation has others, all its sums are made again.
  level, key: Level of the organisation.
  organisation, key: Code of the organisation.
  pathway, key: Pathway code, or 'all'.
"""
# As the next build compares them.
_REPORTED = "SELECT level, organisation, period_type, period_start, months_submitted, has_last_month FROM"
NOTED = ("place", "reported", "organisation_pathway")


def note_counts(con: duckdb.DuckDBPyConnection, providers: Collection[str], catalogue: Sequence[Measure]) -> None:
    """Note in ``meta`` that these providers are built again, and what their monthly counts are.

    Of a provider that was noted since the counts were last added up, the first note stands.
    """
    con.execute("CREATE TABLE IF NOT EXISTS meta.changed_provider (provider VARCHAR)")
    con.execute(f"CREATE TABLE IF NOT EXISTS {_BEFORE} {_KEYS}")
    noted = {provider for (provider,) in con.execute("FROM meta.changed_provider").fetchall()}
    if new := sorted(set(providers) - noted):
        _digests(con, _BEFORE, new, catalogue)
        con.execute("INSERT INTO meta.changed_provider SELECT unnest(?)", [new])


def can_be_compared(known: Collection[tuple[str, str]]) -> bool:
    """Whether the last build left what ``choose`` compares with, among the tables ``known`` of the draft."""
    needed = {
        ("meta", "changed_provider"),
        ("meta", "counted_before"),
        *(("monthly_count", name) for name in NOTED),
    }
    return needed <= set(known)


def choose(con: duckdb.DuckDBPyConnection, catalogue: Sequence[Measure]) -> None:
    """Write ``work.touched``: the sums to be made again, by ``counts``, level, organisation and period; and
    ``work.gone``: organisations that are no more.

    ``counts`` is the name of a pass or of a table of groups, or a measure that does not add up (``counted_as``).
    Needs ``work.place``, ``work.reported``, ``work.organisation_pathway`` and ``work.period_month``.
    """
    con.execute(f"CREATE TABLE work.counted_now {_KEYS}")
    changed = [provider for (provider,) in con.execute("FROM meta.changed_provider ORDER BY ALL").fetchall()]
    _digests(con, "work.counted_now", changed, catalogue)
    names = ", ".join(f"('{name}')" for name in dict.fromkeys(name for name, _, _ in counted_as(catalogue)))
    con.execute(
        f"CREATE TABLE work.moved AS SELECT DISTINCT counts, provider, month FROM "
        f"((FROM work.counted_now EXCEPT FROM {_BEFORE}) UNION ALL (FROM {_BEFORE} EXCEPT FROM work.counted_now))"
    )
    con.execute(
        "CREATE TABLE work.gone AS SELECT level, organisation FROM monthly_count.organisation_pathway "
        "EXCEPT SELECT level, organisation FROM work.organisation_pathway"
    )
    con.execute(
        "CREATE TABLE work.touched AS WITH "
        # Where the counts of a provider are, or were.
        "behind AS (SELECT provider, level, organisation FROM monthly_count.place UNION "
        "SELECT provider, level, organisation FROM work.place), "
        "placed_otherwise AS (SELECT DISTINCT provider FROM work.place AS p INNER JOIN monthly_count.place AS w "
        "USING (provider, commissioner, site, level) WHERE p.organisation <> w.organisation), "
        "has_others AS ((FROM work.organisation_pathway EXCEPT FROM monthly_count.organisation_pathway) UNION ALL "
        "(FROM monthly_count.organisation_pathway EXCEPT FROM work.organisation_pathway)), "
        "whole AS (SELECT level, organisation FROM has_others UNION "
        "SELECT level, organisation FROM behind WHERE provider IN (FROM placed_otherwise)), "
        f"submitted_otherwise AS ({_REPORTED} work.reported EXCEPT FROM monthly_count.reported) "
        "SELECT counts, level, organisation, period FROM work.moved INNER JOIN behind USING (provider) "
        "INNER JOIN work.period_month USING (month) UNION "
        "SELECT c.counts, level, organisation, period FROM ("
        "SELECT level, organisation, period FROM work.reported INNER JOIN submitted_otherwise "
        "USING (level, organisation, period_type, period_start) UNION ALL "
        "SELECT level, organisation, period FROM work.reported INNER JOIN whole USING (level, organisation)) "
        f"CROSS JOIN (VALUES {names}) AS c(counts)"
    )
    con.execute("DELETE FROM work.touched WHERE (level, organisation) IN (FROM work.gone)")


def note_places(con: duckdb.DuckDBPyConnection) -> None:
    """Note what these sums are of, for the next build, in one step: before, they are made again."""
    con.execute(
        "BEGIN; CREATE OR REPLACE TABLE monthly_count.place AS FROM work.place; "
        f"CREATE OR REPLACE TABLE monthly_count.reported AS {_REPORTED} work.reported; "
        "CREATE OR REPLACE TABLE monthly_count.organisation_pathway AS FROM work.organisation_pathway; "
        f"DROP TABLE IF EXISTS meta.changed_provider; DROP TABLE IF EXISTS {_BEFORE}; COMMIT"
    )


def counted_as(catalogue: Sequence[Measure]) -> list[tuple[str, str, str | None]]:
    """From which counts every figure is made: their name, the measure, and the breakdown of a group's figure.

    Measures that do not add up are counted each by itself.
    """
    found: list[tuple[str, str, str | None]] = []
    for each in passes(catalogue):
        found += [(each.name if measure.is_additive else measure.id, measure.id, None) for measure in each.measures]
        for table in each.group_tables:
            found += [
                (table.name, measure.id, breakdown.id)
                for alike, measures in table.alike
                for breakdown in alike
                for measure in measures
            ]
    return found


def _digests(
    con: duckdb.DuckDBPyConnection, into: str, providers: Sequence[str], catalogue: Sequence[Measure]
) -> None:
    """Put into ``into`` a digest of the monthly counts of each of these providers, by ``counts`` and month."""
    tables = {name: f"'{name}'" for each in passes(catalogue) for name in each.tables}
    for table, counts in {**tables, "value": "measure"}.items():
        con.execute(
            f"INSERT INTO {into} SELECT {counts} AS counts, provider, month, "
            f"concat_ws(' ', count(*), sum(hash(*COLUMNS(*)))) FROM monthly_count.{table} "
            "WHERE provider IN (SELECT unnest(CAST(? AS VARCHAR[]))) GROUP BY ALL",
            [providers],
        )
