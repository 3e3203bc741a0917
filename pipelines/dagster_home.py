"""Dagster's home below the data root, and opening the UI on it.

Belongs here: preparing the folder and starting Dagster's own commands. Does not belong here: definitions.
Run as a module (``make dev``) it opens the UI, on this machine only.
"""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from pipelines import durable
from pipelines.store import alone
from pipelines.zones import PROJECT, Zones, zones


def instance(found: Zones) -> dg.DagsterInstance:
    """The data root's Dagster instance. DAGSTER_HOME points there from now on.

    Dagster makes its databases when they are first used. Three processes at once left them unusable, so they are
    made and opened by one at a time.
    """
    os.environ["DAGSTER_HOME"] = str(found.dagster)
    with alone(found.dagster):
        settings, wanted = (
            found.dagster / "dagster.yaml",
            Path(__file__).with_name("dagster.yaml").read_text("utf-8"),
        )
        if not settings.exists() or settings.read_text("utf-8") != wanted:
            durable.write(settings, wanted)
        opened = dg.DagsterInstance.from_config(str(found.dagster))
        # Asking for each makes its tables.
        opened.get_runs_count()
        opened.event_log_storage.get_maximum_record_id()
        opened.all_instigator_state()
    return opened


def open_ui() -> int:
    """Start the Dagster UI and daemon with ``workspace.yaml``; returns their exit status."""
    found = zones()
    instance(found).dispose()  # the UI and the daemon would make its databases at once
    os.environ["PARITY_HOME"] = str(found.home)
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(PROJECT / "workspace.yaml"),
        "-h",
        "127.0.0.1",
    ]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(open_ui())
