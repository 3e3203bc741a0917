"""What Dagster is told of versions: of the code, and of what was made with it.

Belongs here: the tags from which Dagster says what is out of date, and why. Does not belong here: the versions
themselves (``pipelines.code_version``), the events (``pipelines.assets``).

They are the same fingerprints that decide whether rows and drafts are kept. So the UI shows as out of date what the
next `parity reprocess` or `parity publish` makes anew.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

_CODE, _DATA = "dagster/code_version", "dagster/data_version"
_INPUT, _POINTER = "dagster/input_data_version/", "dagster/input_event_pointer/"


def digest(*of: Any) -> str:
    """12 hex digits over values that JSON can hold."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:12]


def tags(data: str, code: str = "", inputs: Mapping[str, tuple[str, int | None]] | None = None) -> dict[str, str]:
    """The tags of a materialisation: its version, that of the code, and of each input its version and event."""
    found = {_DATA: data} | ({_CODE: code} if code else {})
    for asset, (version, event) in (inputs or {}).items():
        found |= {f"{_INPUT}{asset}": version, f"{_POINTER}{asset}": str(event) if event else "NULL"}
    return found


def last_made(asset: str, partition: str, instance: dg.DagsterInstance) -> dg.EventLogRecord | None:
    """The last materialisation of a partition."""
    asked = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[partition])
    return next(iter(instance.fetch_materializations(asked, limit=1).records), None)


def last_event(asset: str, partition: str, instance: dg.DagsterInstance) -> int | None:
    """The number of the last materialisation of a partition."""
    record = last_made(asset, partition, instance)
    return record.storage_id if record else None


def is_observed(asset: str, version: str, instance: dg.DagsterInstance) -> bool:
    """Whether the last observation of something from outside says this version."""
    records = instance.fetch_observations(dg.AssetKey(asset), limit=1).records
    made = records[0].asset_observation if records else None
    return made is not None and made.data_version == version
