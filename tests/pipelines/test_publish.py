"""Publishing: a release is named from what is in it, whatever is loaded, rejected or renamed meanwhile."""

import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import publish
from pipelines.ask import ask
from pipelines.batch import BatchTotals, reprocess_all
from pipelines.code_version import rows_version
from pipelines.keys import fingerprint, key_store, rotate, spine_key
from pipelines.ledger import Head, State, open_ledger
from pipelines.load import load
from pipelines.zones import Zones, zones
from schemas.month import ProviderMonth
from tests.campaign import examples
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission
from tests.fixtures.tokens import as_texts
from warehouse.staging import StagingError

MONTHS = [ProviderMonth(provider, date(2025, 4, 1)) for provider in ("RW5", "RXX")]
# One file of four arrives for a provider and month, and comes to this outcome.
arrivals = st.lists(
    st.tuples(
        st.sampled_from("abcd"), st.sampled_from(MONTHS), st.sampled_from([State.ACCEPTED, State.FILE_REJECTED])
    ),
    max_size=5,
)


def held_by(found: Zones, release: publish.Release) -> tuple[list[str], list[str]]:
    """The submissions in the file that analysts open, and those that the manifest names."""
    manifest = json.loads((found.releases / release["release"] / "manifest.json").read_text())
    return [row[0] for row in ask("SELECT submission_id FROM core.submission", found)[1]], manifest["submissions"]


def test_a_release_is_named_from_what_it_holds(
    tmp_path: Path, home: Path, few_measures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One published draft, and everything that may happen between its building and its publishing."""
    found = loaded_and_published(tmp_path / "first")
    ledger = open_ledger(found.ledger)
    (mine,) = publish.current_submissions(found, ledger)
    assert mine.made_with == f"{rows_version()} {fingerprint(spine_key())}"
    assert publish.is_current(found, ledger)

    @settings(max_examples=examples(20), deadline=None)
    @given(arrivals)
    def is_current_exactly_while_the_same_submissions_count(
        drawn: list[tuple[str, ProviderMonth, State]],
    ) -> None:
        root = tmp_path / "drawn"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        shutil.copy(found.ledger, root / "ledger.sqlite")
        then = open_ledger(root / "ledger.sqlite")
        for content, of, state in drawn:
            receipt = then.receive(content * 64, 1, of)
            then.record(receipt.submission_id, state, of, ledger.outcome(mine.submission_id).detail)
        counting = [w.submission_id for w in publish.current_submissions(found, then)]
        assert publish.is_current(found, then) == (counting == [mine.submission_id])

    is_current_exactly_while_the_same_submissions_count()

    # Accepted after the draft was built: it is in the next release, and this one does not name it.
    load(submission(tmp_path / "second", "RXX"), found, ledger, spine_key())
    release = publish.publish(found, ledger)
    assert (release["submissions"], release["is_new"]) == (1, False)
    assert held_by(found, release) == ([mine.submission_id], [mine.submission_id])
    assert not publish.is_current(found, ledger)

    monkeypatch.setattr(publish, "release_version", lambda memory: "another")
    assert not publish.is_current(found, ledger)
    with pytest.raises(publish.NotPublishable, match="by another version of Parity"):
        publish.publish(found, ledger)


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_one_damaged_folder_after_a_new_key_does_not_keep_the_others_from_being_published(
    tmp_path: Path, home: Path, damage: str
) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    paths = [submission(tmp_path, provider) for provider in ("RW5", "RXX")]
    loaded = [load(path, found, ledger, spine_key()) for path in paths]
    folder = found.received / loaded[1].receipt.submission_id
    (folder / "IDS101.csv").write_text("another")
    if damage == "gone":
        shutil.rmtree(folder)
    assert len(publish.current_submissions(found, ledger)) == 2  # its rows are whole, whatever its files are
    rotate(key_store())
    with pytest.raises(publish.NotPublishable, match=r"2 of the submissions .* Run parity reprocess"):
        publish.current_submissions(found, ledger)
    key = spine_key()
    totals = BatchTotals()
    for result in reprocess_all(found, ledger, key):
        totals.add(result)
    assert (totals.states, totals.failed) == ({"accepted": 1}, 1)
    assert [one.provider for one in publish.current_submissions(found, ledger)] == ["RW5"]
    assert publish.left_out(found, ledger) == ["RXX 2025-04"]
    load(paths[1], found, ledger, key)  # the way out that its message names
    assert [one.provider for one in publish.current_submissions(found, ledger)] == ["RW5", "RXX"]
    assert publish.left_out(found, ledger) == []


def test_rows_with_tokens_as_texts_are_refused_until_they_are_made_again(tmp_path: Path, home: Path) -> None:
    """Rows of an earlier version beside rows of this one, whichever come first: no token is quoted."""
    found, ledger = zones(), open_ledger(zones().ledger)
    for provider in ("RW5", "RXX"):
        load(submission(tmp_path, provider), found, ledger, spine_key())
    whole = publish.build_core(found, ledger)
    for of_earlier in publish.current_submissions(found, ledger):
        as_texts(of_earlier.folder)
        found.draft.unlink()
        with pytest.raises(
            StagingError, match=r"^IDS[0-9]{3}: its rows were made by .* Run parity reprocess\."
        ) as error:
            publish.build_core(found, ledger)
        assert "s1_" not in str(error.value)
        list(reprocess_all(found, ledger, spine_key()))
        assert publish.build_core(found, ledger) == whole


def test_a_manifest_that_a_publication_has_half_written_notes_no_event_of_the_ledger(tmp_path: Path) -> None:
    found, head = zones(tmp_path), Head("a ledger", 7, "aa")
    for name, text in (
        ("2025-04-a", json.dumps({"release_id": "2025-04-a", "ledger": asdict(head)})),
        (".partial-2025-04-b", ""),
    ):
        (found.releases / name).mkdir(parents=True)
        (found.releases / name / "manifest.json").write_text(text)
    assert publish.noted_in_releases(found) == {"release 2025-04-a": head}


def test_months_whose_files_were_removed_are_named_after_a_new_key(tmp_path: Path, home: Path) -> None:
    found, ledger = zones(), open_ledger(zones().ledger)
    one = load(submission(tmp_path), found, ledger, spine_key())
    outcome = ledger.outcome(one.receipt.submission_id)
    ledger.record(
        one.receipt.submission_id, State.ACCEPTED, MONTHS[0], {**outcome.detail, "pruned": ["received files"]}
    )
    rotate(key_store())
    with pytest.raises(publish.NotPublishable, match=r"The files of RW5 2025-04 were removed \(parity prune\)"):
        publish.current_submissions(found, ledger)
