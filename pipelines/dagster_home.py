"""Dagster's home below the data root: its settings, and its databases opened by one process at a time.

Belongs here: the folder, what its ``dagster.yaml`` must say, opening the instance. Does not belong here: where the
databases are (``pipelines.dagster_storage``), processes that serve (``pipelines.serving``).
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from pipelines import durable
from pipelines.database import ENV_DATABASE, named_by
from pipelines.locks import alone
from pipelines.running import end_dead_runs
from pipelines.zones import Zones
from schemas.errors import ForThePerson

SETTINGS = "dagster.yaml"
# Runs that write the draft wait for one another in this pool.
POOL = "warehouse"
# What Parity wrote last. As long as both are the same, nobody has changed the settings.
_WRITTEN = "dagster.yaml.written"
# The settings of 0.1 to 0.8, which were copied over whatever was there.
_EARLIER = "5f8210fb3ba3c588eeede41c58d6cb3833c45a78f1252fccb267d6cb573b4877"
# Without these, values of records could be kept or sent, or two writers meet in one file.
_NEEDED = (
    "telemetry.enabled",
    "compute_logs.class",
    "concurrency.pools.default_limit",
    "concurrency.pools.granularity",
)


class SettingsLack(ForThePerson):
    """The centre's own ``dagster.yaml`` lacks something that Parity cannot do without. Nothing was started."""


def instance(found: Zones) -> dg.DagsterInstance:
    """The data root's Dagster instance. DAGSTER_HOME points there from now on.

    Dagster makes its databases when they are first used. Three processes at once left them unusable, so they are
    made and opened by one at a time. Runs whose process is gone are ended. Raises SettingsLack, and
    database.Unreachable.
    """
    return opened(found.dagster)


def opened(home: Path) -> dg.DagsterInstance:
    """The instance whose home is this folder. Raises as ``instance`` does."""
    os.environ["DAGSTER_HOME"] = str(home)
    with alone(home):
        _settle(home)
        _hold(home)
        made = dg.DagsterInstance.from_config(str(home))
        # Asking for each makes its tables.
        made.get_runs_count()
        made.event_log_storage.get_maximum_record_id()
        made.all_instigator_state()
        _limit(made)
        end_dead_runs(made)
    return made


def _limit(made: dg.DagsterInstance) -> None:
    """Make the pool's limit known before its first run.

    Dagster makes it when it first looks at a queue with such a run in it, and starts all of that queue at once.
    """
    kept = made.event_log_storage
    if POOL not in kept.get_concurrency_keys():
        kept.initialize_concurrency_limit_to_default(POOL)


def differs(home: Path) -> list[str]:
    """What the centre's own ``dagster.yaml`` lacks of Parity's or says otherwise, a sentence each."""
    theirs = dict(_leaves(_read(home)))
    return [
        f"{home / SETTINGS} says {theirs[name]} for {name}; Parity's says {value}."
        if name in theirs
        else f"{home / SETTINGS} has no {name}; Parity's says {value}."
        for name, value in _leaves(_ours())
        if theirs.get(name) != value
    ]


def _settle(home: Path) -> None:
    """Write the settings, unless somebody changed them."""
    settings, written, wanted = home / SETTINGS, home / _WRITTEN, _text()
    there = settings.read_bytes() if settings.exists() else b""
    last = written.read_bytes() if written.exists() else b""
    is_ours = there in (b"", last) or hashlib.sha256(there).hexdigest() == _EARLIER
    if is_ours and there != wanted.encode():
        durable.write(settings, wanted)
    if last != wanted.encode():
        durable.write(written, wanted)


def _hold(home: Path) -> None:
    """Raise SettingsLack unless the settings have what Parity needs."""
    theirs, ours = dict(_leaves(_read(home))), dict(_leaves(_ours()))
    lacking = [f"{name}: {ours[name]}" for name in _NEEDED if theirs.get(name) != ours[name]]
    if named_by(ENV_DATABASE) and not _is_on_a_server(theirs):
        lacking.append(f"storage, as in {home / _WRITTEN}, since {ENV_DATABASE} is set")
    if lacking:
        raise SettingsLack(
            f"{home / SETTINGS} was changed, and lacks: {'; '.join(lacking)}. Nothing was started. Write this into "
            f"the file, or delete it: then Parity writes its own. {home / _WRITTEN} shows it."
        )


def _is_on_a_server(theirs: Mapping[str, Any]) -> bool:
    """Whether the storage is ours, which follows the setting, or one of the centre's own on a server."""
    return theirs.get("storage.custom.class") == "Storage" or any(
        name.startswith(("storage.postgres", "run_storage.", "event_log_storage.")) for name in theirs
    )


def _text() -> str:
    return Path(__file__).with_name(SETTINGS).read_text("utf-8")


def _ours() -> Any:
    return yaml.safe_load(_text())


def _read(home: Path) -> Any:
    try:
        return yaml.safe_load((home / SETTINGS).read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SettingsLack(
            f"{home / SETTINGS} is not YAML. Nothing was started. Correct it, or delete it: then Parity writes "
            "its own."
        ) from None


def _leaves(settings: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value with its name, parts joined by dots."""
    if not isinstance(settings, dict):
        yield name, settings
        return
    for key, value in settings.items():
        yield from _leaves(value, f"{name}.{key}" if name else str(key))
