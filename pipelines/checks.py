"""Asset checks: one per table and severity, and one that blocks.

Belongs here: their specifications, and their results from counts. Does not belong here: rules (``schemas``). One
check per rule would be 400 checks of about 20 ms each.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from schemas.dataset import TABLES

CHECKED, PSEUDONYMISED = dg.AssetKey("checked"), dg.AssetKey("pseudonymised")
_SEVERITIES = {"rejections": dg.AssetCheckSeverity.ERROR, "warnings": dg.AssetCheckSeverity.WARN}
CONSERVATION = "rows_are_conserved"

CHECK_SPECS = [
    dg.AssetCheckSpec(
        f"{table.name}_{kind}",
        asset=CHECKED,
        description=f"No record of {table.name} breaks a rule that "
        + ("rejects it." if kind == "rejections" else "warns about it."),
    )
    for table in TABLES.values()
    for kind in _SEVERITIES
]
CONSERVATION_SPEC = dg.AssetCheckSpec(
    CONSERVATION,
    asset=PSEUDONYMISED,
    blocking=True,
    description="For every table: rows in = accepted + rejected, and rows written = accepted.",
)


def table_results(tables: Mapping[str, Mapping[str, int]]) -> Iterator[dg.AssetCheckResult]:
    """One result per table and severity from counts per table (rows_in, rejections, warnings)."""
    for table_id, table in TABLES.items():
        counts = tables.get(table_id, {})
        for kind, severity in _SEVERITIES.items():
            yield dg.AssetCheckResult(
                asset_key=CHECKED,
                check_name=f"{table.name}_{kind}",
                passed=not counts.get(kind, 0),
                severity=severity,
                metadata={"findings": counts.get(kind, 0), "rows_in": counts.get("rows_in", 0)},
            )


def conservation_result(tables: Mapping[str, Mapping[str, int]]) -> dg.AssetCheckResult:
    """The result of the blocking check, from counts per table (rows_in, accepted, rejected)."""
    is_conserved = all(t.get("rows_in", 0) == t.get("accepted", 0) + t.get("rejected", 0) for t in tables.values())
    rows_in = sum(t.get("rows_in", 0) for t in tables.values())
    return dg.AssetCheckResult(
        asset_key=PSEUDONYMISED,
        check_name=CONSERVATION,
        passed=is_conserved,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"rows_in": rows_in},
    )


def evaluation(result: dg.AssetCheckResult, is_blocking: bool = False) -> dg.AssetCheckEvaluation:
    """The result as an event that an op may report on behalf of the asset."""
    assert result.asset_key is not None and result.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        blocking=is_blocking,
    )
