"""Erasing a person: from what was received to the last release, and for every load to come.

Belongs here: which files hold the person, and the order of the steps. Does not belong here: who is meant
(``pipelines.custody.erasure_request``), whose a row is (``transforms.strike``), recognising the person later
(``pipelines.custody.tombstones``).

The tombstones come first: whatever breaks off then, nothing new comes in. A submission whose rows were struck is
marked until everything made of it has gone, so that the same command continues. Files are written anew and not
changed: DuckDB keeps what it deletes (101 of 101 texts were still in the file).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipelines import arrivals, attempts, custody, durable, store
from pipelines.custody import tombstones
from pipelines.custody.erasure_request import Known
from pipelines.custody.retention import Kind
from pipelines.inbox import Source, as_record, discard, open_source
from pipelines.kept import SOURCE, kept_source
from pipelines.keys import spine_key, tombstone_key
from pipelines.ledger import Ledger, Outcome, open_ledger
from pipelines.load import reprocess
from pipelines.locks import alone
from pipelines.publish import has_published
from pipelines.publishing import submissions_of
from pipelines.zones import Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from transforms.pseudonymise import TokenKey
from transforms.strike import find, is_of, strike
from transforms.strike import rows as rows_in
from warehouse.disclosure.parts import inside_files

PENDING = "erasing.json"


class NotErased(ForThePerson):
    """Something still holds the person. The message says what, and what to do."""


@dataclass
class Erased:
    """What an erasure did, in numbers. ``rows`` were struck from ``submissions``."""

    submissions: int = 0
    rows: int = 0
    inbox: int = 0
    deleted: int = 0
    touched: set[str] = field(default_factory=set)


def erase(known: Known, zones: Zones, ledger: Ledger, key: TokenKey, *, delete_encrypted: bool = False) -> Erased:
    """Strike the people from received files, reports, rows and drafts, and keep their tombstones.

    Releases are not touched: publish, then ``erase_releases``. ``delete_encrypted``: delete all received files that
    are encrypted, since nobody can open them any more. Otherwise raises custody.Encrypted, before anything is done,
    if there are such files and no identity was given.
    """
    done = Erased()
    outcomes = {each.receipt.submission_id: each for each in ledger.outcomes()}
    with alone(zones.received):  # nothing arrives meanwhile
        folders = {id_: zones.received / id_ for id_ in outcomes if (zones.received / id_).is_dir()}
        if delete_encrypted:
            done.deleted = _without_encrypted(folders, outcomes, ledger)
        custody.require_identity(folders.values())
        _learn(known, folders, outcomes)
        stones = {
            stone
            for provider in ("", *known.own)
            for stone in tombstones.tombstones_of(known.at(provider), provider, tombstone_key())
        }
        tombstones.add(zones, stones)
        for id_, folder in folders.items():
            with alone(folder):
                done.rows += _struck(folder, known, outcomes[id_], stones)
    pending = [id_ for id_, folder in folders.items() if (folder / PENDING).exists()]
    for id_ in pending:
        reprocess(outcomes[id_].receipt, zones, ledger, key)
    done.touched = set(pending)
    for id_ in (id_ for id_ in outcomes if id_ not in folders or not _has_files(folders[id_])):
        if struck := _struck_rows(ledger.outcome(id_), known, zones, ledger):
            done.rows += struck
            done.touched.add(id_)
            for report in zones.site_reports.glob(f"*/*/{id_}"):
                discard(report)
    for draft in zones.builds.glob("*draft*"):
        draft.unlink() if draft.is_file() else discard(draft)
    done.submissions = len(done.touched)
    done.inbox = _struck_inbox(known, zones, ledger, {each.receipt.content_sha256 for each in outcomes.values()})
    return done


def erase_and_publish(known: Known, zones: Zones, *, delete_encrypted: bool = False) -> dict[str, Any]:
    """Every step of an erasure. Returns rows, submissions, inbox (submissions removed there), deleted (submissions
    whose encrypted files were deleted), release (made since, if one was needed) and emptied (earlier releases).

    Raises NotErased if the release without the people could not be published. Then the same command continues.
    """
    from pipelines.run import publish_release

    ledger = open_ledger(zones.ledger)
    done = erase(known, zones, ledger, spine_key(), delete_encrypted=delete_encrypted)
    release = None
    if done.touched and (ledger.current_submissions() or has_published(zones)):
        try:
            release = publish_release(zones)["release"]
        except ForThePerson as error:
            raise NotErased(
                "What was received no longer holds them, but earlier releases do, because no release could be "
                f"published without them: {error} Then run the same command again."
            ) from None
    emptied = erase_releases(zones, release, done.touched)
    return {
        "rows": done.rows,
        "submissions": done.submissions,
        "inbox": done.inbox,
        "deleted": done.deleted,
        "release": release,
        "emptied": emptied,
    }


def erase_releases(zones: Zones, current: str | None, touched: set[str]) -> list[str]:
    """Remove from earlier releases everything but their protected figures, and end the erasure.

    ``touched`` are the submissions from which rows were struck. ``current`` is the release made since. Without one
    nothing is left to publish, and the current warehouse goes too.
    Returns the names of the releases from which files were removed.
    """
    emptied = []
    for release in sorted(zones.releases.iterdir()):
        if release.name == current or not release.is_dir() or not touched & _submissions(release, touched):
            continue
        for file in inside_files(release):
            file.unlink()
        emptied.append(release.name)
    if current is None and emptied:
        zones.warehouse.unlink(missing_ok=True)
    for marked in zones.received.glob(f"*/{PENDING}"):
        marked.unlink()
    return emptied


def _without_encrypted(folders: dict[str, Path], outcomes: dict[str, Outcome], ledger: Ledger) -> int:
    """Delete encrypted files that lie closed, and take their folders out of ``folders``. Returns of how many."""
    closed = [id_ for id_, folder in folders.items() if not custody.is_open(folder)]
    for id_ in closed:
        folder, outcome = folders.pop(id_), outcomes[id_]
        if outcome.state.is_concluded:
            before = outcome.detail.get("pruned", ())
            pruned = custody.note_pruned(folder, before, [Kind.RECEIVED_CURRENT.value])
            ledger.record(id_, outcome.state, outcome.provider_month, {**outcome.detail, "pruned": pruned})
        with alone(folder):
            custody.delete(folder)
    return len(closed)


def _learn(known: Known, folders: dict[str, Path], outcomes: dict[str, Outcome]) -> None:
    """Find what else the people are called, in every submission, until nothing new is found."""
    is_new = True
    while is_new:
        is_new = False
        for id_, folder in folders.items():
            with alone(folder), custody.reading(folder):
                if not (folder / SOURCE).exists():
                    continue
                source = _present(kept_source(folder))
                provider = _provider(source, outcomes[id_])
                if provider and (people := known.at(provider)):
                    files, _ = tombstones.readable(source.paths)
                    is_new |= known.learn(provider, find(files, people))


def _struck(folder: Path, known: Known, outcome: Outcome, stones: Iterable[tombstones.Tombstone]) -> int:
    """Strike the people from the kept files of one submission. Returns the number of rows."""
    if not (folder / SOURCE).exists():
        return 0
    with custody.reading(folder):
        source = _present(kept_source(folder))
        good, bad = tombstones.readable(source.paths)
        people = find(good, known.at(_provider(source, outcome)))
        rows = sum(is_of(row, people) for id_, path in good.items() for row in rows_in(path, TABLES[id_]))
        if not (rows or bad or (folder / PENDING).exists()):
            return 0
        durable.write(folder / PENDING, "{}")  # first: whatever was made of these rows has to go
        new = tombstones.without(source, folder, people, bad, stones)
        durable.write(folder / SOURCE, json.dumps(as_record(tombstones.surveyed(new))))
        custody.rewritten(folder, source.names)
    return rows


def _present(source: Source) -> Source:
    """The source with the files that are there. Where striking broke off, a Parquet file may be CSV by now."""
    files = {}
    for id_, file in source.files.items():
        path = file.path if file.path.exists() else file.path.with_suffix(".csv")
        if path.exists():
            files[id_] = replace(file, path=path)
    return replace(source, files=files)


def _struck_rows(outcome: Outcome, known: Known, zones: Zones, ledger: Ledger) -> int:
    """Strike the people from the pseudonymised rows of a submission whose files are gone."""
    of = outcome.provider_month
    if of is None or not outcome.detail.get("key"):
        return 0
    version = int(str(outcome.detail["key"]).split("-")[0].lstrip("s") or 1)
    place = store.rows_of(outcome.receipt.submission_id, outcome.detail, zones)
    struck = store.strike_rows(place, known.at(of.provider), of, spine_key(version)) if place.is_dir() else 0
    if struck:
        erased = {"rows": outcome.detail.get("erased", {}).get("rows", 0) + struck}
        ledger.record(outcome.receipt.submission_id, outcome.state, of, {**outcome.detail, "erased": erased})
    return struck


def _struck_inbox(known: Known, zones: Zones, ledger: Ledger, received: set[str]) -> int:
    """Remove submissions from the inbox that hold the people and have been received. Returns their number.

    What left the inbox is looked through as well. What is no submission cannot be, so what lies of it in
    ``refused/`` is removed. Raises NotErased if one that waits holds them and has not been received, or if anything
    that is no submission lies beside them.
    """
    away = [*arrivals.put_away_in(zones, arrivals.RECEIVED), *arrivals.put_away_in(zones, arrivals.REFUSED)]
    for place in filter(arrivals.is_stray, away):
        discard(place)
    removed = waiting = 0
    inside = (path for place in away if place.is_dir() for path in sorted(place.iterdir()))
    for path in [*arrivals.entries(zones), *inside]:
        with attempts.workspace(zones, ledger) as folder:
            source = open_source(path, folder, keep=True)
            provider = tombstones.provider_said(source.paths)
            people = known.at(provider)
            is_held = any(strike(f.path, TABLES[t], people)[1] for t, f in source.files.items())
            if not is_held:
                continue
        if source.content_sha256 not in received and path.parent == zones.inbox:
            waiting += 1
            continue
        discard(path) if path.is_dir() else path.unlink()
        removed += 1
    if waiting:
        raise NotErased(
            f"Submissions in the inbox that hold the person and have not been received: {waiting:,}. Load or "
            "remove them, then run the same command again."
        )
    if beside := len(arrivals.strays(zones)):
        raise NotErased(
            f"Files in the inbox that are no submission: {beside:,}. It is unknown whom they hold. Remove "
            "them, then run the same command again."
        )
    return removed


def _provider(source: Source, outcome: Outcome) -> str:
    if outcome.provider_month:
        return outcome.provider_month.provider
    return tombstones.provider_said(source.paths)


def _has_files(folder: Path) -> bool:
    return (folder / SOURCE).exists() and all(
        file.path.exists() or custody.is_closed(folder) for file in kept_source(folder).files.values()
    )


def _submissions(release: Path, unknown: set[str]) -> set[str]:
    """The submissions of a release; ``unknown`` if it does not say them."""
    try:
        return submissions_of(release)
    except (OSError, ValueError, KeyError):
        return unknown
