"""When there is something to publish, and what Dagster calls out of date."""

import json
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from pipelines.batch import load_all
from pipelines.code_version import rows_version
from pipelines.definitions import defs
from pipelines.keys import fingerprint, spine_key
from pipelines.ledger import State, open_ledger
from pipelines.publishing import longest_wait, why_publish
from pipelines.zones import Zones, zones
from schemas.month import ProviderMonth
from tests.fixtures.dagster_runs import run_batch
from tests.fixtures.submission import submission


def released(found: Zones, *ids: str) -> None:
    """A current release that says it holds these submissions."""
    folder = found.releases / "2025-04-00000000"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"submissions": list(ids)}), "utf-8")
    with duckdb.connect(str(found.warehouse)) as con:
        con.execute("CREATE SCHEMA meta; CREATE TABLE meta.build AS SELECT '2025-04-00000000' AS release_id")


def loaded(found: Zones, path: Path) -> str:
    (result,) = load_all([path], found, open_ledger(found.ledger), spine_key())
    return result.receipt.submission_id  # type: ignore[union-attr]  # none failed


def test_a_closed_window_and_a_decision_are_reasons_and_an_open_window_is_none(tmp_path: Path, home: Path) -> None:
    found = zones()
    ledger = open_ledger(found.ledger)
    assert why_publish(found, ledger, date(2030, 1, 1)) is None  # nothing was received
    first = loaded(found, submission(tmp_path))
    today = ledger.outcomes()[0].receipt.received_on
    said = why_publish(found, ledger, today)
    assert said == "Submissions that change the release: 1 of months whose window has closed."
    released(found, first)
    assert why_publish(found, ledger, today) is None
    ledger.record(first, State.WITHDRAWN, ProviderMonth.parse("RW5_2025-04"), {"why": "wrong"})
    assert why_publish(found, ledger, today) == "Submissions that change the release: 1 that were withdrawn."


def test_the_release_is_fresh_as_long_as_the_windows_say() -> None:
    """From the last day of a month to the last day of the next: 31 days at most, and two mornings."""
    assert longest_wait() == timedelta(days=33)


def test_dagster_says_what_is_out_of_date_and_why(tmp_path: Path, home: Path) -> None:
    found, key = zones(), "RW5_2025-04"
    with dg.DagsterInstance.ephemeral() as instance:
        assert run_batch(instance, found, [submission(tmp_path)]).success

        def status(asset: str) -> tuple[StaleStatus, list[str]]:
            graph = defs.resolve_asset_graph()
            asked = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
            causes = asked.get_stale_causes(dg.AssetKey(asset), key)
            of = [(each.dependency_asset_key or each.asset_key).to_user_string() for each in causes]
            return asked.get_status(dg.AssetKey(asset), key), of

        assert [status(name) for name in ("checked", "pseudonymised")] == [(StaleStatus.FRESH, [])] * 2
        made = instance.get_latest_materialization_event(dg.AssetKey("checked"))
        assert made is not None
        assert made.tags["dagster/code_version"] == rows_version()
        observed = instance.fetch_observations(dg.AssetKey("pseudonym_key"), limit=1).records[0].asset_observation
        assert observed is not None
        assert observed.data_version == fingerprint(spine_key())
        # Another key: whose pseudonyms are to be made again is seen.
        instance.report_runless_asset_event(
            dg.AssetObservation("pseudonym_key", tags={"dagster/data_version": "s2-00000000"})
        )
        assert status("checked") == (StaleStatus.FRESH, [])
        assert status("pseudonymised") == (StaleStatus.STALE, ["pseudonym_key"])
