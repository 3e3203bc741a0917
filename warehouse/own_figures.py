"""The figures of one service from its own submissions alone, as the warehouse will have them.

Belongs here: the part of a build that a service's own figures need, and reading them. Does not belong here: how
they are counted (the same models and catalogue as in every build), where the submissions come from (``pipelines``).

Core and the figures of a provider read its own submissions only (decision 0012). So the same submissions give the
same figures, whatever other services send. What needs other services is not built: comparisons, control limits,
reference groups.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from schemas.periods import MONTH
from warehouse.build import StagedSubmission, add_up, build_core, open_draft
from warehouse.measures.catalogue import Measure, catalogue
from warehouse.models import models_of, read_sql
from warehouse.order import reads, run

EVERYBODY = ""
"""Breakdown and group of a figure that is of everybody."""

# A site's machine has other things to do. Without a limit ten services of 100,000 contacts took 4 GB. Beyond it
# DuckDB spills beside the draft.
_MEMORY_LIMIT = "2GB"
# Items of data quality about the day of arrival: they are known when a submission has arrived.
_OF_ARRIVAL = "submission"
_QUALITY = "mart.quality_count"
_COLUMNS = "pathway, measure, breakdown, breakdown_group, numerator, denominator, value, state"
_FIGURES = f"""
SELECT f.organisation AS provider, f.period_start AS month, {_COLUMNS}
FROM (
    SELECT level, organisation, period_type, period_start, pathway, measure, '{EVERYBODY}' AS breakdown,
        '{EVERYBODY}' AS breakdown_group, numerator, denominator, value, state
    FROM v1.figure
    UNION ALL
    SELECT level, organisation, period_type, period_start, pathway, measure, breakdown, breakdown_group, numerator,
        denominator, value, state
    FROM v1.figure_by_group
) AS f
WHERE f.level = 'provider' AND f.period_type = '{MONTH}'
UNION ALL
-- An item without a row is one that nobody of the service has a record for.
SELECT s.organisation, s.month, 'all', i.measure, '{EVERYBODY}', '{EVERYBODY}', coalesce(q.numerator, 0),
    coalesce(q.denominator, 0), q.numerator / nullif(q.denominator, 0), coalesce(q.state, 'no denominator')
FROM (
    SELECT DISTINCT p.current_provider AS organisation, b.month
    FROM core.submission AS b
    INNER JOIN ref.provider_place AS p ON p.provider = b.provider
) AS s
CROSS JOIN mart.quality_item AS i
LEFT JOIN {_QUALITY} AS q
    ON q.level = 'provider' AND q.organisation = s.organisation AND q.period_type = '{MONTH}'
    AND q.period_start = s.month AND q.measure = i.measure
WHERE i.table_id <> '{_OF_ARRIVAL}'
ORDER BY ALL
"""
_MEASURES = (
    "SELECT measure, title, meaning, kind, unit, direction, grain, pathways, is_experimental FROM mart.measure "
    f"WHERE measure NOT IN (SELECT measure FROM mart.quality_item WHERE table_id = '{_OF_ARRIVAL}') "
    "ORDER BY position"
)
_GROUPS = (
    "SELECT b.breakdown, b.title, g.breakdown_group, g.group_name FROM mart.breakdown AS b "
    "LEFT JOIN mart.breakdown_group AS g ON g.breakdown = b.breakdown ORDER BY b.breakdown, g.position"
)


def build_own(
    draft: Path,
    own: Sequence[StagedSubmission],
    *,
    reference: Path | None = None,
    measures: Sequence[Measure] | None = None,
) -> None:
    """Build what ``own_figures`` reads into the new file ``draft``, of these submissions.

    ``reference`` holds imported reference data: without it nothing is placed and no deprivation known. ``measures``
    are the catalogue's when not given. Raises StagingError as ``build_core`` does.
    """
    counted = catalogue() if measures is None else measures
    build_core(draft, own, reference=reference, memory_limit=_MEMORY_LIMIT, measures=counted)
    with open_draft(draft, memory_limit=_MEMORY_LIMIT) as con:
        add_up(con, counted)
        run(con, _with_what_it_reads(_QUALITY))
        con.execute("CREATE SCHEMA v1")
        for view in ("v1.figure", "v1.figure_by_group"):
            con.execute(read_sql(view))


def own_figures(draft: Path) -> pl.DataFrame:
    """Every monthly figure of the providers of a draft (``build_own``), as ``v1.figure`` has it, and by group.

    Columns: provider, month, pathway, measure, breakdown, breakdown_group (both ``EVERYBODY`` where it is of
    everybody), numerator, denominator, value, state. Items of data quality are of pathway 'all'.
    """
    return _asked(draft, _FIGURES)


def own_measures(draft: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the figures of a draft mean, in the order of the catalogue: measures, and breakdowns with their groups.

    Columns of the first: measure, title, meaning, kind, unit, direction, grain, pathways, is_experimental; of the
    second: breakdown, title, breakdown_group, group_name.
    """
    return _asked(draft, _MEASURES), _asked(draft, _GROUPS)


def without_groups(measures: Sequence[Measure]) -> list[Measure]:
    """The same measures, not broken down."""
    return [replace(measure, breakdowns=()) for measure in measures]


def _asked(draft: Path, sql: str) -> pl.DataFrame:
    with open_draft(draft) as con:
        return pl.DataFrame(con.sql(sql).to_arrow_table())


def _with_what_it_reads(model: str) -> set[str]:
    """A model of ``mart`` and those of ``mart`` that it reads, directly or not."""
    known, found, pending = set(models_of("mart")), set[str](), {model}
    while pending:
        found |= pending
        pending = {name for each in pending for name in reads(each)} & known - found
    return found
