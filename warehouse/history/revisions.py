"""Figures as they were in each release: the tables of revisions, exact and protected.

Belongs here: what is added to them when a release is published, and what the files of changes say of figures. Does
not belong here: which figures differ and why (``comparing``).

A table of revisions has a row for the release in which a figure changed, and one for the release it began with. A
figure that was never revised has none: all figures of all releases would be as many rows again for each release.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from schemas.sql import quoted
from warehouse.disclosure.parts import PUBLIC_DATABASE
from warehouse.disclosure.suppression import NOT_LISTED, SUPPRESSION
from warehouse.history.comparing import BEFORE, compare, rows
from warehouse.history.predecessor import Predecessor, has_table

SHOWN_BEFORE = "shown_before"
"""The catalog of the earlier release's public file on a connection that compares."""
_KEYS = ("level", "organisation", "period_start", "pathway", "measure")
_EXACT, _SHOWN = ("numerator", "denominator", "quantile", "state"), ("numerator", "denominator", "value", "state")
_ORDER = ("period_type", "period_start", "pathway", "measure")
_NOW = "(SELECT max(position) FROM meta.release)"

# Figures of before that the screener of public files would not let pass: of organisations and measures that are
# gone, and of fewer people than are shown today.
_NOT_OURS = (
    "DELETE FROM public.revision WHERE (level, organisation) NOT IN (SELECT (level, organisation) FROM "
    "public.organisation) OR measure NOT IN (SELECT measure FROM public.measure) "
    f"OR least(coalesce(numerator, denominator), coalesce(denominator, numerator)) < {SUPPRESSION.smallest}"
)


def revise(con: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, Any]:
    """Fill ``meta.revision`` and ``meta.revision_part`` beside the catalog ``before``. Returns ``changes``."""
    compare(con, catalog)
    if has_table(con, BEFORE, "meta", "revision"):
        con.execute(f"INSERT INTO meta.revision BY NAME FROM {BEFORE}.meta.revision")
    con.execute("CREATE OR REPLACE TEMP VIEW revised AS FROM moved WHERE period_type = 'month'")
    since = f"(SELECT max(position) FROM meta.release WHERE begins_revisions AND position < {_NOW})"
    _add_points(con, "meta.revision", "release_id", _EXACT, since, "cause")
    con.execute("DROP VIEW revised; INSERT INTO meta.revision_part BY NAME FROM part")
    return changes(con)


def changes(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What moved, after ``compare``: England's figures over all pathways with their parts, and how many monthly
    figures of each provider differ, by cause.
    """
    order = ", ".join(_ORDER)
    parts: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for part in rows(con, f"FROM part WHERE pathway = 'all' ORDER BY {order}, cause"):
        key = tuple(part.pop(name) for name in _ORDER)
        part["organisations"] = part["organisations"].split(" ")
        parts.setdefault(key, []).append(part)
    england = [
        {**_key(each), "kind": each["kind"], **_beside(each), "parts": parts.get(tuple(_key(each).values()), [])}
        for each in rows(con, f"FROM moved WHERE level = 'England' AND pathway = 'all' ORDER BY {order}")
    ]
    providers = rows(
        con,
        "SELECT organisation, cause, count(*) AS figures FROM moved "
        "WHERE level = 'provider' GROUP BY ALL ORDER BY ALL",
    )
    return {"england": england, "providers": providers}


def revise_shown(con: duckdb.DuckDBPyConnection, before: Predecessor, releases: Path) -> list[dict[str, Any]]:
    """Fill ``public.revision`` from the public file of the release before.

    Returns England's protected figures over all pathways that are shown otherwise now. There are none beside a
    release of an earlier version of Parity, whose tables differ.
    """
    file = releases / (before.name or "") / PUBLIC_DATABASE
    if before.name is None or not file.is_file():
        return []
    con.execute(f"ATTACH {quoted(str(file))} AS {SHOWN_BEFORE} (READ_ONLY)")
    try:
        compare_shown(con)
        if has_table(con, SHOWN_BEFORE, "public", "revision"):
            con.execute(f"INSERT INTO public.revision BY NAME FROM {SHOWN_BEFORE}.public.revision")
        con.execute("CREATE OR REPLACE TEMP VIEW revised AS FROM shown WHERE period_type = 'month'")
        _add_points(con, "public.revision", "position", _SHOWN, "0")
        con.execute("DROP VIEW revised")
        con.execute(_NOT_OURS)
        return changes_shown(con)
    except duckdb.BinderException:
        return []
    finally:
        con.execute(f"DETACH {SHOWN_BEFORE}")


def changes_shown(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """England's protected figures over all pathways that differ, after ``compare_shown``."""
    order = ", ".join(_ORDER)
    moved = rows(con, f"FROM shown WHERE level = 'England' AND pathway = 'all' ORDER BY {order}")
    return [{**_key(each), **_beside(each)} for each in moved]


def compare_shown(con: duckdb.DuckDBPyConnection, after: str = "") -> None:
    """Write the temporary table ``shown``: protected figures that differ between the catalog ``shown_before`` and
    ``after`` (with a dot; the current one where empty), of the periods that both cover.
    """
    keys = "level, organisation, period_type, period_start, pathway, measure"
    both = ", ".join(f"a.{name} AS {name}_before, b.{name} AS {name}_after" for name in _SHOWN[:-1])
    differs = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in _SHOWN)

    def covered(catalog: str) -> str:
        return (
            f"SELECT DISTINCT period_type, period_start FROM {catalog}public.service_measure "
            "WHERE source = 'submitted' AND level = 'England'"
        )

    # Releases of before showed some averages of suppressed denominators (decision 0046). They are not shown again.
    shown = ", ".join(_SHOWN).replace("value", "CASE WHEN state = 'value' THEN value END AS value")

    def figures(catalog: str) -> str:
        return (
            f"SELECT {keys}, {shown} FROM {catalog}public.service_measure "
            "WHERE source = 'submitted' AND level IN ('England', 'provider')"
        )

    con.execute(
        "CREATE OR REPLACE TEMP TABLE shown AS "
        f"WITH a AS ({figures(f'{SHOWN_BEFORE}.')}), b AS ({figures(after)}), "
        f"covered AS ({covered(f'{SHOWN_BEFORE}.')} INTERSECT {covered(after)}) "
        f"SELECT {keys}, {both}, coalesce(a.state, {quoted(NOT_LISTED)}) AS state_before, "
        f"coalesce(b.state, {quoted(NOT_LISTED)}) AS state_after FROM a FULL JOIN b USING ({keys}) "
        f"INNER JOIN covered USING (period_type, period_start) WHERE {differs}"
    )


def _add_points(
    con: duckdb.DuckDBPyConnection, table: str, named: str, figures: tuple[str, ...], since: str, *more: str
) -> None:
    """Append to a table of revisions what ``revised`` says: the figure of now, and the one that it began with where
    the table has none yet. That one is of the first release that covers the month, from the position ``since`` on.
    ``named`` is the column of ``meta.release`` that says the release.
    """
    names, own = ", ".join(_KEYS), ", ".join([*figures, *more])
    before, after = (", ".join(f"{name}_{side}" for name in figures) for side in ("before", "after"))
    con.execute(
        f"INSERT INTO {table} ({names}, {named}, {', '.join(figures)}) "
        f"WITH line AS (SELECT * FROM meta.release WHERE position < {_NOW} AND position >= {since}), "
        f"began AS (SELECT m.period_start, coalesce(min_by(l.{named}, l.position), "
        f"(SELECT max_by({named}, position) FROM line)) AS {named} "
        "FROM (SELECT DISTINCT period_start FROM revised) AS m "
        "LEFT JOIN line AS l ON m.period_start BETWEEN l.first_month AND l.last_month GROUP BY m.period_start) "
        f"SELECT {names}, b.{named}, {before} FROM revised INNER JOIN began AS b USING (period_start) "
        f"WHERE ({names}) NOT IN (SELECT ({names}) FROM {table})"
    )
    con.execute(
        f"INSERT INTO {table} ({names}, {named}, {own}) SELECT {names}, "
        f"(SELECT max_by({named}, position) FROM meta.release), {', '.join([after, *more])} FROM revised"
    )


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _ORDER}


def _beside(row: Mapping[str, Any]) -> dict[str, Any]:
    """A figure before and after."""
    return {side: {name: row[f"{name}_{side}"] for name in _SHOWN} for side in ("before", "after")}
