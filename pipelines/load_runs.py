"""The runs that load given paths: which partitions each takes, and what it is told.

Belongs here: from paths to runs, for the command line and the sensor. Does not belong here: starting them
(``pipelines.run``, ``pipelines.automation``), what a run does (``pipelines.assets.submissions``).

A run takes neighbours in the order of partitions, as Dagster's own backfills do. Dagster has no run over any other
list of partitions (docs/decisions/0058).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.batch import write_batch
from pipelines.inbox import named_in
from pipelines.ledger import open_ledger
from pipelines.partitions import MOST, expected_so_far, partition_key, register
from pipelines.zones import Zones

JOB = "load_submissions"
# The tags by which Dagster knows what a run is about. It has no public names for them.
_ONE, _FIRST, _LAST = (
    "dagster/partition", "dagster/asset_partition_range_start", "dagster/asset_partition_range_end",
)  # fmt: skip


@dataclass(frozen=True)
class LoadRun:
    """One run that loads ``paths``. ``keys`` are its partitions, ``batch`` is the name of the list of paths."""

    paths: tuple[Path, ...]
    keys: tuple[str, ...]
    batch: str

    @property
    def tags(self) -> dict[str, str]:
        """The tags that name the partitions of the run."""
        return range_tags(self.keys)

    @property
    def run_config(self) -> dict[str, Any]:
        """The configuration: only the name of the batch, because a site's file name may hold anything."""
        return {"ops": {"load": {"config": {"batch": self.batch}}}}

    def request(self) -> dg.RunRequest:
        """The request of a sensor for this run. Dagster never runs the same key twice: it is the batch's name."""
        return dg.RunRequest(run_key=self.batch, job_name=JOB, run_config=self.run_config, tags=self.tags)


def is_load(tags: Mapping[str, str]) -> bool:
    """Whether the run with these tags is about partitions: it loads submissions, or processes them again."""
    return not {_ONE, _FIRST}.isdisjoint(tags)


def range_tags(keys: Sequence[str]) -> dict[str, str]:
    """The tags of a run over neighbouring partitions, given in their order."""
    return {_ONE: keys[0]} if len(keys) == 1 else {_FIRST: keys[0], _LAST: keys[-1]}


def load_runs(paths: Sequence[Path], zones: Zones, instance: dg.DagsterInstance) -> list[LoadRun]:
    """The runs that load these paths, in the order of the paths that come first in each.

    Adds the partitions of the paths, then those that are expected by now, and writes the list of each run. Paths of
    one partition stay in one run and in their order.
    """
    named = {path: named_in(path) for path in paths}
    register(named.values(), instance)
    there = register(expected_so_far(open_ledger(zones.ledger).sent(), zones), instance)
    wanted = {partition_key(of) for of in named.values()}
    runs = []
    for keys in neighbours(wanted, there):
        own = tuple(path for path in paths if partition_key(named[path]) in keys)
        runs.append(LoadRun(own, tuple(keys), write_batch(own, zones)))
    return sorted(runs, key=lambda run: paths.index(run.paths[0]))


def neighbours(wanted: Collection[str], there: Sequence[str], most: int = MOST) -> list[list[str]]:
    """The wanted keys in lists of neighbours in ``there``, all partitions in their order; ``most`` in a list."""
    place = {key: number for number, key in enumerate(there)}
    found: list[list[str]] = []
    for key in sorted(wanted, key=place.__getitem__):
        if found and len(found[-1]) < most and place[key] == place[found[-1][-1]] + 1:
            found[-1].append(key)
        else:
            found.append([key])
    return found
