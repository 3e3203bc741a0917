"""Dagster's entry point. It only assembles the definitions.

Belongs here: the list of definitions. Does not belong here: the definitions.
"""

import warnings
from collections.abc import Mapping

import dagster as dg

from pipelines.assets import submissions, warehouse
from pipelines.automation import inbox_sensor, publication
from pipelines.housekeeping import daily_pruning, prune_everything
from pipelines.jobs import load_submissions, publish_warehouse, reprocess_everything
from pipelines.resources import Draft, Parity
from pipelines.telling.sensor import problems_sensor


def build_defs(resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions, with resources replaced where given."""
    return dg.Definitions(
        assets=[
            submissions.pseudonym_key, submissions.load,
            warehouse.STATISTICS, warehouse.core, warehouse.marts, warehouse.release, warehouse.pages,
        ],
        jobs=[load_submissions, reprocess_everything, publish_warehouse, prune_everything],
        sensors=[inbox_sensor, problems_sensor],
        schedules=[publication, daily_pruning],
        resources={"parity": Parity(), "draft": Draft(), **(resources or {})},
        executor=dg.in_process_executor,
    )  # fmt: skip


# Dagster's own default sensor passes a parameter that Dagster warns about.
warnings.filterwarnings(
    "ignore", message="Parameter `owners` of initializer `SensorDefinition", category=dg.BetaWarning
)

defs = build_defs()
