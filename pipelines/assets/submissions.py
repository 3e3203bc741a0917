"""The assets of one submission: received, checked, pseudonymised, partitioned by provider and month.

Belongs here: thin assets over ``pipelines.apart``, and what Dagster records of them: counts and rule ids, never
rows, values or the text of an exception. Does not belong here: batches (``pipelines.jobs``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines import apart
from pipelines.checks import CHECK_SPECS, CONSERVATION_SPEC, conservation_result, table_results
from pipelines.disk import trouble
from pipelines.inbox import find_submissions, named_in
from pipelines.ledger import Receipt, State
from pipelines.partitions import SUBMISSION, provider_month
from pipelines.resources import Parity
from pipelines.verdict import Verdict
from schemas.errors import ForThePerson
from transforms.findings import FINDINGS

OWNERS = ["team:national-informatics"]
_TOP_RULES = 10
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


class NoSubmission(ForThePerson):
    """The inbox has no submission for the partition."""


@dg.asset(
    partitions_def=SUBMISSION,
    group_name=_GROUP,
    owners=OWNERS,
    kinds={"csv", "sqlite"},
    description="A submission taken from the inbox, with a receipt.",
)
def received(context: dg.AssetExecutionContext, parity: Parity) -> dg.MaterializeResult[None]:
    """Load the partition's submission from the inbox."""
    zones, wanted = parity.zones(), provider_month(context.partition_key)
    found = [path for path in find_submissions(zones.inbox) if named_in(path) == wanted]
    if not found:
        raise NoSubmission(f"The inbox has no submission named {wanted}.")
    with _identifiable_zone():
        receipt = apart.receive(found[-1], zones, parity.ledger())
    return dg.MaterializeResult(metadata={"submission_id": receipt.submission_id, "is_new": receipt.is_new})


@dg.asset(
    partitions_def=SUBMISSION, group_name=_GROUP, owners=OWNERS, deps=[received], kinds={"polars", "parquet"},
    check_specs=CHECK_SPECS,
    description="Every record of one submission, with what is wrong with it.",
    metadata={"dagster/column_schema": _FINDINGS_SCHEMA},
)  # fmt: skip
def checked(context: dg.AssetExecutionContext, parity: Parity) -> Iterator[Any]:
    """Check the latest submission of the partition."""
    receipt = _latest(context, parity)
    with _identifiable_zone():
        verdict = apart.check_received(receipt, parity.zones(), parity.ledger(), parity.key())
    yield dg.MaterializeResult(metadata=checked_metadata(receipt.submission_id, verdict))
    yield from table_results(
        {name: {**counts, **verdict.found.get(name, {})} for name, counts in verdict.counts.items()}
    )


@dg.asset(
    partitions_def=SUBMISSION, group_name=_GROUP, owners=OWNERS, deps=[checked], kinds={"polars", "parquet"},
    check_specs=[CONSERVATION_SPEC],
    description="The accepted rows without identifiers. Identity ends here.",
)  # fmt: skip
def pseudonymised(context: dg.AssetExecutionContext, parity: Parity) -> Iterator[Any]:
    """Pseudonymise the latest submission of the partition, if it was accepted."""
    receipt = _latest(context, parity)
    with _identifiable_zone():
        verdict = apart.pseudonymise(receipt, parity.zones(), parity.ledger(), parity.key())
    state = parity.ledger().outcome(receipt.submission_id).state
    yield dg.MaterializeResult(metadata=rows_metadata(receipt.submission_id, verdict, state))
    yield conservation_result(verdict.counts)


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


def _latest(context: dg.AssetExecutionContext, parity: Parity) -> Receipt:
    """The submission received last for the partition."""
    wanted = provider_month(context.partition_key)
    outcomes = [o for o in parity.ledger().outcomes() if o.provider_month == wanted]
    found = [o.receipt for o in outcomes if not o.receipt.is_attempt]
    if not found:
        raise NoSubmission(f"No submission {wanted} has been received.")
    return found[-1]
