"""Jobs: load submissions, reprocess everything, publish.

Belongs here: what runs together. Does not belong here: when (``pipelines.automation``), what a step does
(``pipelines.assets``).
"""

import dagster as dg

from pipelines.assets.submissions import load
from pipelines.load_runs import JOB

# After a kill the whole run begins again. What is loaded is not loaded twice, and a step of another run may have
# changed the draft since.
_FROM_THE_START = {"dagster/retry_strategy": "ALL_STEPS"}

load_submissions = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.assets(load),
    executor_def=dg.in_process_executor,
    description="Load submissions: those of a batch, or of the chosen partitions from the inbox.",
    tags=_FROM_THE_START,
)
reprocess_everything = dg.define_asset_job(
    "reprocess_everything",
    selection=["checked", "pseudonymised"],
    executor_def=dg.in_process_executor,
    description="Check and pseudonymise again what was received for the chosen partitions.",
    tags=_FROM_THE_START,
)
publish_warehouse = dg.define_asset_job(
    "publish_warehouse",
    selection=dg.AssetSelection.groups("warehouse"),
    executor_def=dg.in_process_executor,
    description="Build core and marts from the current submissions and publish a release.",
    tags=_FROM_THE_START,
)
