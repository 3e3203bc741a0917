"""The assets of a submission: received, checked, pseudonymised, one partition per provider and month.

Belongs here: the one step that makes them, for one partition or many in one run, and what Dagster records of them:
counts and rule ids, never rows, values or the text of an exception. Does not belong here: the submissions of a
batch (``pipelines.batch``), which runs there are (``pipelines.load_runs``).

The three are made in one pass over a submission, so they are one step. A run takes many partitions: a run for each
would cost 0.3 s and 170 KB beside the work itself (docs/decisions/0058). The step says what became of each
partition as soon as it is known. One that is rejected or fails has no event of what it did not become, and the
others have theirs.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines import versions
from pipelines.batch import (
    BatchTotals,
    Failed,
    Result,
    ahead,
    drop_batch,
    load_all,
    loaded_before,
    on_result,
    read_batch,
    reprocess_all,
    take_all,
)
from pipelines.checks import CHECK_SPECS, checked_results, conservation_result
from pipelines.code_version import memory_of_this_root, rows_version
from pipelines.disk import trouble
from pipelines.event_store import kept_open
from pipelines.failures import SUBMISSIONS
from pipelines.inbox import named_in
from pipelines.keys import fingerprint
from pipelines.ledger import State
from pipelines.load import Loaded
from pipelines.loads import load_all_on
from pipelines.partitions import MOST, SUBMISSION, partition_key, provider_month, register, registered
from pipelines.resources import Parity
from pipelines.spread import for_loads
from pipelines.store import NotConserved
from pipelines.verdict import Verdict
from reports.site.wording import counted
from schemas.errors import ForThePerson
from schemas.month import ProviderMonth
from transforms.findings import FINDINGS

OWNERS = ["team:national-informatics"]
_TOP_RULES = 10
_MOST_NAMED = 20
_GROUP = "submissions"
_FINDINGS_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("table", "string", description="Table id"),
        dg.TableColumn("row_number", "int", description="Row as submitted; the row of names is row 1"),
        dg.TableColumn("rule_id", "string", description="Rule that is broken"),
        dg.TableColumn("effect", "string", description="What it costs"),
        dg.TableColumn("field", "string", description="Element"),
        dg.TableColumn("found", "string", description="Value as submitted; empty where it identifies"),
        dg.TableColumn("cause_table", "string", description="Table of the record whose rejection rejects this one"),
        dg.TableColumn("cause_row", "int", description="Row of that record"),
        dg.TableColumn("explained_by", "string", description="Cause that explains it, with others at once"),
    ]
)
assert [column.name for column in _FINDINGS_SCHEMA.columns] == list(FINDINGS)


class BrokeOff(ForThePerson):
    """A step failed. Carries only the class of the error, because its text may quote a record."""


@contextmanager
def _identifiable_zone() -> Iterator[None]:
    """Hide the text of every exception except our own sentences: Dagster stores and prints every word."""
    try:
        yield
    except ForThePerson:
        raise
    except Exception as error:
        found = trouble(error)
        wrong = f" {found.said()}" if found else ""
        raise BrokeOff(f"The step stopped with an error: {type(error).__name__}.{wrong}") from None


def _spec(key: str, description: str, kinds: set[str], **more: Any) -> dg.AssetSpec:
    return dg.AssetSpec(
        key, description=description, kinds=kinds, group_name=_GROUP, owners=OWNERS, partitions_def=SUBMISSION,
        skippable=True,  # each partition has an event of its own, or none
        **more,
    )  # fmt: skip


# Dagster calls it beta, and would say so in every process.
warnings.filterwarnings("ignore", message="Function `observable_source_asset`", category=dg.BetaWarning)


@dg.observable_source_asset(
    name="pseudonym_key",
    group_name="inputs",
    description="The key of pseudonyms. Dagster knows its fingerprint alone.",
)
def pseudonym_key(parity: Parity) -> dg.DataVersion:
    """Look which key is in use."""
    return dg.DataVersion(fingerprint(parity.key()))


SPECS = [
    _spec("received", "A submission taken from the inbox, with a receipt.", {"csv", "sqlite"}),
    _spec(
        "checked",
        "Every record of one submission, with what is wrong with it.",
        {"polars", "parquet"},
        deps=["received"],
        code_version=rows_version(memory=memory_of_this_root()),
        metadata={"dagster/column_schema": _FINDINGS_SCHEMA},
    ),
    _spec(
        "pseudonymised",
        "The accepted rows without identifiers. Identity ends here.",
        {"polars", "parquet"},
        deps=["checked", "pseudonym_key"],
        code_version=rows_version(memory=memory_of_this_root()),
    ),
]


class Batch(dg.Config):
    """Which batch: the name under which its list of paths is kept. Empty: what the inbox has for the partitions of
    the run, else what was received for them.
    """

    batch: str = ""


@dg.multi_asset(
    name="load",
    specs=SPECS,
    check_specs=CHECK_SPECS,
    can_subset=True,
    backfill_policy=dg.BackfillPolicy.multi_run(MOST),
)
def load(context: dg.AssetExecutionContext, config: Batch, parity: Parity) -> Iterator[Any]:
    """Receive, check and pseudonymise the submissions of a batch, or of the partitions of the run.

    Whatever is selected of the three, the whole pass is made. Without ``received`` nothing is taken from the inbox:
    what was received is checked again. Fails the run at the end if a submission failed. By then all others are
    loaded.
    """
    totals, tell, failed = BatchTotals(), on_result.get(), list[tuple[str, str]]()
    with _identifiable_zone(), kept_open(context.instance):
        known, told = set(registered(context.instance)), set[str]()
        if not versions.is_observed("pseudonym_key", now := fingerprint(parity.key()), context.instance):
            yield dg.AssetObservation("pseudonym_key", tags=versions.tags(now))
        for result in ahead(_results(context, config, parity)):
            totals.add(result)
            if tell is not None:
                tell(result)
            key = partition_key(_of(result))
            if key not in known:  # it had no name; its header says provider and month
                known |= set(register([_of(result)], context.instance))
            if isinstance(result, Failed):
                failed.append((key, result.error))
            told.add(key)
            yield from _untold(result, key, context.instance)
        for result in _left_over(context, parity, told):
            yield from _untold(result, partition_key(_of(result)), context.instance)
    if totals.failed:
        why = "; ".join(f"{key}: {error}" for key, error in failed[:_MOST_NAMED])
        raise dg.Failure(
            description=f"{counted(totals.failed, 'submission')} failed ({why}). All others are loaded. See "
            "`parity status`.",
            metadata={SUBMISSIONS: totals.failed},
            allow_retries=False,
        )
    if config.batch:  # only now: a run that failed can be run again from the UI
        drop_batch(config.batch, parity.zones())


def _results(context: dg.AssetExecutionContext, config: Batch, parity: Parity) -> Iterator[Result]:
    zones, ledger, key = parity.zones(), parity.ledger(), parity.key()
    if config.batch:
        paths = read_batch(config.batch, zones)
        providers = {of.provider for of in map(named_in, paths) if of is not None}
        if run := for_loads(len(providers)):
            return load_all_on(run, paths, zones, ledger, key)
        return load_all(paths, zones, ledger, key)
    wanted = [provider_month(each) for each in context.partition_keys]
    if dg.AssetKey("received") in context.selected_asset_keys:
        return take_all(wanted, zones, ledger, key)
    return reprocess_all(zones, ledger, key, wanted)


def _of(result: Result) -> ProviderMonth | None:
    """Whose a submission is: as its name says, else its header."""
    if isinstance(result, Failed):
        return result.of
    return result.receipt.named or result.verdict.header.provider_month


def _left_over(context: dg.AssetExecutionContext, parity: Parity, told: set[str]) -> Iterator[Loaded]:
    """What an earlier try of this run loaded before it was killed: it has left the inbox since."""
    keys = context.partition_keys if context.has_partition_key or context.has_partition_key_range else []
    if left := [provider_month(key) for key in keys if key not in told]:
        yield from loaded_before(left, parity.zones(), parity.ledger())


def _untold(result: Result, partition: str, instance: dg.DagsterInstance) -> Iterator[Any]:
    """What became of one submission, unless Dagster knows it. It does not know of one that was loaded before where
    that run was killed between the load and its events, or where Dagster's storage was deleted.
    """
    if isinstance(result, Loaded) and result.is_repeat:
        last = versions.last_made("checked", partition, instance)
        made = last.asset_materialization if last else None
        if made is not None and made.metadata["submission_id"].value == result.receipt.submission_id:
            return
    yield from _events(result, partition, instance)


def _events(result: Result, partition: str, instance: dg.DagsterInstance) -> Iterator[Any]:
    """What became of one submission. Of one that failed only whether its rows were conserved, if that was why."""
    if isinstance(result, Loaded):
        yield from _loaded(result, partition, instance)
    elif result.error == NotConserved.__name__:
        yield conservation_result(False, partition)


def _loaded(result: Loaded, partition: str, instance: dg.DagsterInstance) -> Iterator[Any]:
    receipt, verdict = result.receipt, result.verdict
    submission_id, of_files = receipt.submission_id, receipt.content_sha256[:12]
    of_verdict = versions.digest(of_files, verdict.detail())
    yield dg.AssetMaterialization(
        "received", partition=partition, metadata={"submission_id": submission_id}, tags=versions.tags(of_files)
    )
    inputs = {"received": (of_files, versions.last_event("received", partition, instance))}
    yield dg.AssetMaterialization(
        "checked",
        partition=partition,
        metadata=checked_metadata(submission_id, verdict),
        tags=versions.tags(of_verdict, verdict.made_with, inputs),
    )
    made = versions.last_made("checked", partition, instance)
    yield from checked_results(verdict, partition, made)
    if verdict.state.is_accepted:
        inputs = {
            "checked": (of_verdict, made.storage_id if made else None),
            "pseudonym_key": (verdict.key, None),
        }
        yield dg.AssetMaterialization(
            "pseudonymised",
            partition=partition,
            metadata=rows_metadata(submission_id, verdict, result.state),
            tags=versions.tags(versions.digest(of_verdict, verdict.key), verdict.made_with, inputs),
        )
        yield conservation_result(True, partition, versions.last_made("pseudonymised", partition, instance))


def checked_metadata(submission_id: str, verdict: Verdict) -> dict[str, Any]:
    """Outcome, findings, and the rules most often broken, as a small table of ids and counts."""
    top = sorted(verdict.rules.items(), key=lambda item: (-item[1], item[0]))[:_TOP_RULES]
    table = "\n".join(["| rule | records |", "|---|---:|", *(f"| {rule} | {n:,} |" for rule, n in top)])
    return {
        "submission_id": submission_id,
        "outcome": verdict.state.value,
        "dagster/row_count": sum(verdict.rules.values()),
        "top_findings": dg.MetadataValue.md(table if top else "Nothing found."),
    }


def rows_metadata(submission_id: str, verdict: Verdict, state: State) -> dict[str, Any]:
    """Rows accepted and rejected over all tables, and the state in the ledger: what is held does not count."""
    return {
        "submission_id": submission_id,
        "state": state.value,
        "dagster/row_count": sum(table["accepted"] for table in verdict.counts.values()),
        "rejected": sum(table["rejected"] for table in verdict.counts.values()),
    }
