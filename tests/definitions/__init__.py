"""Dagster's definitions as one text, and the types of the warehouse's columns as DuckDB has them.

Belongs here: ``python -m tests.definitions``, which writes both anew (``docs/dagster.md`` and
``pipelines/assets/types.csv``), and the texts themselves. Does not belong here: what the definitions do
(``tests/pipelines/test_dagster.py``).
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb

from pipelines import assets

ROOT = Path(__file__).parents[2]
DEFINITIONS, TYPES = ROOT / "docs" / "dagster.md", Path(assets.__path__[0]) / "types.csv"


def types(con: duckdb.DuckDBPyConnection) -> str:
    """The type of every column of core and marts, as a CSV file."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("schema", "table", "column", "type"))
    table.writerows(
        con.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND schema_name IN ('core', 'mart') "
            "ORDER BY schema_name, table_name, column_index"
        ).fetchall()
    )
    return text.getvalue()


def said(defs: dg.Definitions) -> str:
    """The definitions as a page: what there is, what it needs, what starts it."""
    return "\n".join(_lines(defs))


def _lines(defs: dg.Definitions) -> Iterator[str]:
    graph, repository = defs.resolve_asset_graph(), defs.get_repository_def()
    yield "# What Dagster knows of Parity"
    yield ""
    yield "Written by `python -m tests.definitions` from the definitions themselves. A test compares it with them."
    yield ""
    yield "## Assets"
    yield ""
    yield "| asset | made of | more |"
    yield "|---|---|---|"
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        more = [
            f"partitions {node.partitions_def.name}"
            if isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
            else "",
            f"{node.backfill_policy.max_partitions_per_run} partitions a run" if node.backfill_policy else "",
            "from outside" if node.is_external else "",
            "has a code version" if node.code_version else "",
            f"fresh: {node.freshness_policy}" if node.freshness_policy else "",
            f"pool {', '.join(sorted(node.pools))}" if node.pools else "",
        ]
        parents = ", ".join(parent.to_user_string() for parent in sorted(node.parent_keys))
        yield f"| {key.to_user_string()} | {parents} | {'; '.join(filter(None, more))} |"
    yield from ("", "## Checks", "", "| check | of | blocks | partitions |", "|---|---|---|---|")
    for check in sorted(graph.asset_check_keys):
        spec = graph.get_check_spec(check)
        of = check.asset_key.to_user_string()
        yield f"| {check.name} | {of} | {'yes' if spec.blocking else 'no'} | {'yes' if spec.partitions_def else 'no'} |"
    yield from ("", "## Jobs", "", "| job | assets | tags |", "|---|---|---|")
    for job in sorted(repository.get_all_jobs(), key=lambda each: each.name):
        if not job.name.startswith("__"):
            keys = sorted(job.asset_layer.executable_asset_keys)
            shown = ", ".join(key.to_user_string() for key in keys) if len(keys) < 9 else f"{len(keys)} assets"
            yield f"| {job.name} | {shown} | {', '.join(f'{k}={v}' for k, v in sorted(job.tags.items()))} |"
    yield from ("", "## What starts them", "", "| name | starts | when |", "|---|---|---|")
    for schedule in sorted(repository.schedule_defs, key=lambda each: each.name):
        yield f"| {schedule.name} | {schedule.job_name} | {schedule.cron_schedule}, {schedule.execution_timezone} |"
    for sensor in sorted(repository.sensor_defs, key=lambda each: each.name):
        names = ", ".join(sorted({target.job_name for target in sensor.targets}))
        yield f"| {sensor.name} | {names} | every {sensor.minimum_interval_seconds} s |"
    yield ""
