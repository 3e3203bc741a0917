"""A data root with one small submission, published: what an analyst's test starts from."""

from pathlib import Path

from pipelines.keys import spine_key
from pipelines.ledger import Ledger
from pipelines.load import load
from pipelines.publish import build_core, build_marts, publish
from pipelines.zones import Zones, zones
from submission_fixtures import submission


def loaded_and_published(root: Path, **changed: str | None) -> Zones:
    """One submission under ``root`` loaded and published, by the functions that Dagster calls."""
    found = zones()
    ledger = Ledger(found.ledger)
    load(submission(root, **changed), found, ledger, spine_key())
    build_core(found, ledger)
    build_marts(found)
    publish(found, ledger)
    return found
