"""Dagster's entry point. It only assembles the definitions.

Belongs here: the list of definitions. Does not belong here: the definitions.
"""

import warnings
from collections.abc import Mapping

import dagster as dg

from pipelines.assets import submissions, warehouse
from pipelines.automation import inbox_sensor, publication
from pipelines.jobs import load_submissions, publish_warehouse, reprocess_everything, take_submission
from pipelines.resources import Parity


def build_defs(resources: Mapping[str, object] | None = None) -> dg.Definitions:
    """All definitions, with resources replaced where given."""
    return dg.Definitions(
        assets=[
            submissions.received, submissions.checked, submissions.pseudonymised,
            warehouse.core, warehouse.marts, warehouse.release, warehouse.pages,
        ],
        jobs=[load_submissions, reprocess_everything, take_submission, publish_warehouse],
        sensors=[inbox_sensor],
        schedules=[publication],
        resources={"parity": Parity(), **(resources or {})},
        executor=dg.in_process_executor,
    )  # fmt: skip


# Dagster's own default sensor passes a parameter that Dagster warns about.
warnings.filterwarnings(
    "ignore", message="Parameter `owners` of initializer `SensorDefinition", category=dg.BetaWarning
)

defs = build_defs()
