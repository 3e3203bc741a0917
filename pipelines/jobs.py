"""Jobs: load a batch, reprocess everything, publish.

Belongs here: what runs together. Does not belong here: when (``pipelines.automation``).

A batch is one op with a loop, in one process and one run. It reports one materialisation per submission on behalf
of the partitioned assets. A run per submission costs 0.2 to 0.4 s of event writing, a spawned step 1 to 2 s. For
200 providers × 12 months × 3 steps that would be hours of start-up (docs/decisions/0004).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from pipelines.assets.submissions import checked_metadata, rows_metadata
from pipelines.batch import BatchTotals, Failed, ahead, drop_batch, load_all, read_batch, reprocess_all
from pipelines.checks import conservation_result, evaluation, table_results
from pipelines.load import Loaded
from pipelines.partitions import PROVIDERS, partition_key
from pipelines.resources import Parity


class Batch(dg.Config):
    """Which batch: the name under which its list of paths is kept."""

    batch: str


@dg.op(description="Receive, check and pseudonymise every submission of a batch.", out=dg.Out(dict))
def load_batch(context: dg.OpExecutionContext, config: Batch, parity: Parity) -> Iterator[Any]:
    """Load a batch."""
    zones = parity.zones()
    yield from _report(context, load_all(read_batch(config.batch, zones), zones, parity.ledger(), parity.key()))
    drop_batch(config.batch, zones)  # only now: a run that failed can be run again from the UI


@dg.op(description="Check and pseudonymise every received submission again.", out=dg.Out(dict))
def reprocess_received(context: dg.OpExecutionContext, parity: Parity) -> Iterator[Any]:
    """Reprocess everything under the current rules and key."""
    yield from _report(context, reprocess_all(parity.zones(), parity.ledger(), parity.key()))


def _report(context: dg.OpExecutionContext, results: Iterable[Loaded | Failed]) -> Iterator[Any]:
    """Report every submission to Dagster, then the checks over the batch, then the totals.

    Fails the run at the end if a submission failed. By then all others are loaded.
    """
    totals = BatchTotals()
    known = set(context.instance.get_dynamic_partitions(str(PROVIDERS.name)))
    for result in ahead(iter(results)):
        totals.add(result)
        if isinstance(result, Failed) or (of := result.verdict.header.provider_month) is None or result.is_repeat:
            continue
        if (provider := of.provider) not in known:
            context.instance.add_dynamic_partitions(str(PROVIDERS.name), [provider])
            known.add(provider)
        yield from _materialisations(result, partition_key(of))
    for check in table_results(totals.tables):
        yield evaluation(check)
    yield evaluation(conservation_result(totals.tables), is_blocking=True)
    if totals.failed:
        raise dg.Failure(
            description=f"{totals.failed} submissions failed (see `parity status`). All others are loaded.",
            metadata={"totals": dg.MetadataValue.json(totals.as_counts())},
            allow_retries=False,
        )
    yield dg.Output(totals.as_counts())


def _materialisations(result: Loaded, partition: dg.MultiPartitionKey) -> Iterator[dg.AssetMaterialization]:
    submission_id, verdict = result.receipt.submission_id, result.verdict
    yield dg.AssetMaterialization("received", partition=partition, metadata={"submission_id": submission_id})
    yield dg.AssetMaterialization("checked", partition=partition, metadata=checked_metadata(submission_id, verdict))
    if verdict.state.is_accepted:
        yield dg.AssetMaterialization(
            "pseudonymised", partition=partition, metadata=rows_metadata(submission_id, verdict, result.state)
        )


@dg.job(executor_def=dg.in_process_executor, description="Load a batch of submissions in one run.")
def load_submissions() -> None:
    """Load a batch."""
    load_batch()


@dg.job(executor_def=dg.in_process_executor, description="Check and pseudonymise everything again in one run.")
def reprocess_everything() -> None:
    """Reprocess everything."""
    reprocess_received()


take_submission = dg.define_asset_job(
    "take_submission",
    selection=["received", "checked", "pseudonymised"],
    executor_def=dg.in_process_executor,
    description="Take one provider's month from the inbox.",
)
publish_warehouse = dg.define_asset_job(
    "publish_warehouse",
    selection=dg.AssetSelection.groups("warehouse"),
    executor_def=dg.in_process_executor,
    description="Build core and marts from the current submissions and publish a release.",
)
