"""Dagster's home below the data root, and opening the UI on it.

Belongs here: preparing the folder and starting Dagster's own commands. Does not belong here: definitions.
Run as a module (``make dev``) it opens the UI, on this machine only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg

from pipelines.zones import PROJECT, Zones, zones


def prepare(found: Zones) -> Path:
    """Copy ``dagster.yaml`` into the data root's Dagster home and point DAGSTER_HOME there."""
    shutil.copyfile(Path(__file__).with_name("dagster.yaml"), found.dagster / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(found.dagster)
    return found.dagster


def instance(found: Zones) -> dg.DagsterInstance:
    """The data root's Dagster instance."""
    return dg.DagsterInstance.from_config(str(prepare(found)))


def open_ui() -> int:
    """Start the Dagster UI and daemon with ``workspace.yaml``; returns their exit status."""
    found = zones()
    prepare(found)
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
