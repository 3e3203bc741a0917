"""Asset checks of a submission, each of one partition: the file, its records, and that no row is lost.

Belongs here: their specifications, and their results from a verdict. Does not belong here: rules (``schemas``).

There are three, and not one per table or rule: an evaluation takes about 10 ms and 7 KB, and 53 of them would take
longer than the load (docs/decisions/0058). Findings per table are in the metadata.
"""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from pipelines.ledger import State
from pipelines.partitions import SUBMISSION
from pipelines.verdict import Verdict
from schemas.dataset import TABLES

CHECKED, PSEUDONYMISED = dg.AssetKey("checked"), dg.AssetKey("pseudonymised")
FILE, RECORDS, CONSERVATION = "file_is_accepted", "records_are_accepted", "rows_are_conserved"


def _spec(name: str, asset: dg.AssetKey, description: str, blocking: bool = False) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # New in 1.13, and Dagster warns of it. Without partitions the last run would speak for all.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name, asset=asset, description=description, blocking=blocking, partitions_def=SUBMISSION
        )


CHECK_SPECS = [
    _spec(FILE, CHECKED, "No rule rejects the file as a whole. If one does, nothing of it is pseudonymised."),
    _spec(RECORDS, CHECKED, "No record breaks a rule that rejects it. Such records are left out, the rest counts."),
    _spec(
        CONSERVATION,
        PSEUDONYMISED,
        "For every table: rows in = accepted + rejected, rows written = accepted. If not, nothing counts.",
        blocking=True,
    ),
]


def checked_results(
    verdict: Verdict, partition: str, of: dg.EventLogRecord | None
) -> Iterator[dg.AssetCheckEvaluation]:
    """Whether the file stands, and whether all of its records do. Counts only. ``of`` is the materialisation."""
    is_accepted = verdict.state is not State.FILE_REJECTED
    yield _evaluation(FILE, CHECKED, is_accepted, partition, of, {"outcome": verdict.state.value})
    found = {TABLES[id_].name: dict(of) for id_, of in verdict.found.items() if any(of.values()) and id_ in TABLES}
    rejections = sum(of.get("rejections", 0) for of in found.values())
    metadata = {
        "rows_in": sum(of["rows_in"] for of in verdict.counts.values()),
        "rejections": rejections,
        "warnings": sum(of.get("warnings", 0) for of in found.values()),
    } | ({"findings": dg.MetadataValue.json(found)} if found else {})
    yield _evaluation(RECORDS, CHECKED, not rejections, partition, of, metadata, dg.AssetCheckSeverity.WARN)


def conservation_result(
    is_conserved: bool, partition: str, of: dg.EventLogRecord | None = None
) -> dg.AssetCheckEvaluation:
    """The result of the check that blocks. ``of`` is the materialisation; none if rows were lost."""
    return _evaluation(CONSERVATION, PSEUDONYMISED, is_conserved, partition, of, {}, blocking=True)


def _evaluation(
    name: str,
    asset: dg.AssetKey,
    passed: bool,
    partition: str,
    of: dg.EventLogRecord | None,
    metadata: Mapping[str, Any],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    blocking: bool = False,
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=name,
        passed=passed,
        metadata=metadata,
        severity=severity,
        blocking=blocking or None,
        partition=partition,
        # Without it Dagster takes the result for that of an earlier one, and shows the partition as not checked.
        target_materialization_data=None
        if of is None
        else AssetCheckEvaluationTargetMaterializationData(
            storage_id=of.storage_id, run_id=of.run_id, timestamp=of.timestamp
        ),
    )
