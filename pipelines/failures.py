"""Why a step of one of Dagster's runs failed, as its event says.

Belongs here: reading such an event. Does not belong here: what people are told of it (``pipelines.run``,
``pipelines.telling``). The text of an error may quote a record.
"""

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

# In the metadata of a load that fails at its end, when all else is loaded: how many submissions failed.
SUBMISSIONS = "failed"


def is_of_submissions(event: dg.DagsterEvent) -> bool:
    """Whether the step failed only because submissions failed: the ledger has these."""
    failure = event.step_failure_data.user_failure_data
    return failure is not None and SUBMISSIONS in failure.metadata


def error_of(event: dg.DagsterEvent) -> SerializableErrorInfo | None:
    """The error that was raised in the step, without the one that Dagster puts around it."""
    error = event.step_failure_data.error
    return error.cause if error and error.cause else error
