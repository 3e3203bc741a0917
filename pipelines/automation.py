"""When things run: a sensor on the inbox, a schedule for the monthly publication.

Belongs here: what starts a run, and its run key. Does not belong here: what a run does (``pipelines.jobs``).
"""

import hashlib
import json
from pathlib import Path

import dagster as dg

from pipelines import attempts
from pipelines.batch import write_batch
from pipelines.inbox import NotASubmission, find_submissions, named_in, open_source
from pipelines.jobs import load_submissions, publish_warehouse
from pipelines.ledger import Ledger
from pipelines.resources import Parity
from pipelines.zones import Zones
from schemas.month import month_text

# A tick has 60 s, and hashing runs at about 0.8 GB/s. This number of submissions of 100 MB is safe.
_PER_TICK = 20


@dg.sensor(
    job=load_submissions,
    minimum_interval_seconds=60,
    description="Loads each submission that has come to rest in the inbox, once per content.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, parity: Parity) -> dg.SensorResult:
    """Request one run per submission whose files have not changed since the last tick.

    The cursor keeps each entry's fingerprint (sizes and times) and whether a run was requested. The run key is the
    hash of the content: Dagster never runs the same key twice. A site that goes back to an earlier file gets a new
    key, numbered by how often that content was received.
    """
    zones = parity.zones()
    seen: dict[str, list[str]] = json.loads(context.cursor or "{}")
    now: dict[str, list[str]] = {}
    requests: list[dg.RunRequest] = []
    for path in _entries(zones):
        fingerprint = _fingerprint(path)
        name = hashlib.sha256(path.name.encode()).hexdigest()[:16]  # a file name may contain anything
        earlier = seen.get(name, ["", ""])
        is_at_rest, is_done = earlier[0] == fingerprint, earlier[1] == fingerprint
        if is_at_rest and not is_done and len(requests) < _PER_TICK:
            requests.append(_request(path, zones, parity.ledger()))
            is_done = True
        now[name] = [fingerprint, fingerprint if is_done else ""]
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(now))


publication = dg.ScheduleDefinition(
    name="monthly_publication",
    job=publish_warehouse,
    # The window for a month closes about the 10th working day after it; the 21st is safely past it.
    cron_schedule="0 6 21 * *",
    execution_timezone="Europe/London",
    description="Publishes after the monthly submission window has closed.",
)


def _entries(zones: Zones) -> list[Path]:
    try:
        found = find_submissions(zones.inbox)
    except NotASubmission:
        return []
    return [path for path in found if path != zones.inbox]


def _fingerprint(path: Path) -> str:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [[file.name, file.lstat().st_size, file.lstat().st_mtime_ns] for file in files]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def _request(path: Path, zones: Zones, ledger: Ledger) -> dg.RunRequest:
    with attempts.workspace(zones, ledger) as folder:
        content = open_source(path, folder, keep=False).content_sha256
    times = sum(outcome.receipt.content_sha256 == content for outcome in ledger.outcomes())
    named = named_in(path)
    tags = {"provider": named.provider, "month": month_text(named.month)} if named else {}
    return dg.RunRequest(
        run_key=content if times == 0 else f"{content}-{times + 1}",
        run_config={"ops": {"load_batch": {"config": {"batch": write_batch([path], zones)}}}},
        tags=tags,
    )
