"""Erasing a person: from what was received to the last release, and for every load to come.

Belongs here: which files hold the person, the order of the steps, and what was done in words. Does not belong here:
whose a row is (``transforms.strike``), recognising the person later (``pipelines.tombstones``).

The tombstones come first: whatever breaks off then, nothing new comes in. A submission whose rows were struck is
marked until everything made of it has gone, so that the same command continues. Files are written anew and not
changed: DuckDB keeps what it deletes (101 of 101 texts were still in the file).
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import custody, durable, store, tombstones
from pipelines.inbox import Source, as_record, discard, find_submissions, open_source
from pipelines.keys import spine_key, tombstone_key
from pipelines.ledger import Ledger, Outcome, open_ledger
from pipelines.load import SOURCE, kept_source, reprocess
from pipelines.publish import has_published
from pipelines.zones import Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson, NotAsked
from transforms.pseudonymise import TokenKey, nhs_number
from transforms.strike import PATIENT, Identifiers, find, is_of, strike
from transforms.strike import rows as rows_in

PENDING = "erasing.json"
_PUBLIC = ("public.", "parity-public.duckdb")


class NotErased(ForThePerson):
    """Something still holds the person. The message says what, and what to do."""


@dataclass
class Known:
    """What is known of the people to erase: their numbers, and by provider what that provider calls them."""

    numbers: set[str] = field(default_factory=set)
    own: dict[str, Identifiers] = field(default_factory=dict)

    def at(self, provider: str) -> Identifiers:
        """As one provider knows them."""
        own = self.own.get(provider, Identifiers()).own if provider else Identifiers().own
        return Identifiers(set(self.numbers), {name: set(values) for name, values in own.items()})

    def learn(self, provider: str, found: Identifiers) -> bool:
        """Add what was found at a provider. Says whether a number or a patient was new."""
        here = self.own.setdefault(provider, Identifiers())
        is_new = bool(found.numbers - self.numbers or found.own[PATIENT] - here.own[PATIENT])
        self.numbers |= found.numbers
        for name, values in found.own.items():
            here.own[name] |= values
        return is_new


@dataclass
class Erased:
    """What an erasure did, in numbers. ``rows`` were struck from ``submissions``."""

    submissions: int = 0
    rows: int = 0
    inbox: int = 0
    touched: set[str] = field(default_factory=set)


def people_in(text: str) -> Known:
    """The people that a text names, one a line: an NHS number, or a provider's code, a comma, and its patient id.

    Raises NotAsked, without the line's text, if a line is neither.
    """
    known = Known()
    for place, cells in enumerate(csv.reader(text.splitlines()), start=1):
        said = [cell.strip() for cell in cells]
        if not any(said):
            continue
        number = pl.select(nhs_number(pl.lit(said[0]))).item() if len(said) == 1 else None
        if number:
            known.numbers.add(number)
        elif len(said) == 2 and all(said):
            known.own.setdefault(said[0].upper(), Identifiers()).own[PATIENT].add(said[1])
        else:
            raise NotAsked(
                f"Line {place} names nobody. It must have an NHS number, or the provider's code, a comma and the "
                "patient's id there, such as RW5,P123."
            )
    if not known.numbers and not known.own:
        raise NotAsked("Nobody is named. Give one person a line, on standard input or in a file.")
    return known


def erase(known: Known, zones: Zones, ledger: Ledger, key: TokenKey) -> Erased:
    """Strike the people from received files, reports, rows and drafts, and keep their tombstones.

    Releases are not touched: publish, then ``erase_releases``. Raises custody.Encrypted, before anything is done,
    if files are encrypted and no identity was given.
    """
    done = Erased()
    outcomes = {each.receipt.submission_id: each for each in ledger.outcomes()}
    with store.alone(zones.received):  # nothing arrives meanwhile
        folders = {id_: zones.received / id_ for id_ in outcomes if (zones.received / id_).is_dir()}
        custody.require_identity(folders.values())
        _learn(known, folders, outcomes)
        stones = {
            stone
            for provider in ("", *known.own)
            for stone in tombstones.tombstones_of(known.at(provider), provider, tombstone_key())
        }
        tombstones.add(zones, stones)
        for id_, folder in folders.items():
            with store.alone(folder):
                done.rows += _struck(folder, known, outcomes[id_], stones)
    pending = [id_ for id_, folder in folders.items() if (folder / PENDING).exists()]
    for id_ in pending:
        reprocess(outcomes[id_].receipt, zones, ledger, key)
    done.touched = set(pending)
    for id_ in (id_ for id_ in outcomes if id_ not in folders or not _has_files(folders[id_])):
        if struck := _struck_rows(outcomes[id_], known, zones, ledger):
            done.rows += struck
            done.touched.add(id_)
    for draft in zones.builds.glob("*draft*"):
        draft.unlink() if draft.is_file() else discard(draft)
    done.submissions = len(done.touched)
    done.inbox = _struck_inbox(known, zones, {each.receipt.content_sha256 for each in outcomes.values()})
    return done


def erase_and_publish(known: Known, zones: Zones) -> dict[str, Any]:
    """Every step of an erasure. Returns rows, submissions, inbox (submissions removed there), release (made since,
    if one was needed) and emptied (earlier releases).

    Raises NotErased if the release without the people could not be published. Then the same command continues.
    """
    from pipelines.run import publish_release

    ledger = open_ledger(zones.ledger)
    done = erase(known, zones, ledger, spine_key())
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
        for file in release.iterdir():
            if not file.name.startswith(_PUBLIC):
                file.unlink()
        emptied.append(release.name)
    if current is None and emptied:
        zones.warehouse.unlink(missing_ok=True)
    for marked in zones.received.glob(f"*/{PENDING}"):
        marked.unlink()
    return emptied


def _learn(known: Known, folders: dict[str, Path], outcomes: dict[str, Outcome]) -> None:
    """Find what else the people are called, in every submission, until nothing new is found."""
    is_new = True
    while is_new:
        is_new = False
        for id_, folder in folders.items():
            with store.alone(folder), custody.reading(folder):
                if not (folder / SOURCE).exists():
                    continue
                source = _present(kept_source(folder))
                provider = _provider(source, outcomes[id_])
                if people := known.at(provider):
                    is_new |= known.learn(provider, find(_readable(source), people)) if provider else False


def _struck(folder: Path, known: Known, outcome: Outcome, stones: Iterable[tombstones.Tombstone]) -> int:
    """Strike the people from the kept files of one submission. Returns the number of rows."""
    if not (folder / SOURCE).exists():
        return 0
    with custody.reading(folder):
        source = _present(kept_source(folder))
        files = {id_: file.path for id_, file in source.files.items()}
        bad = tombstones.unreadable_in(files)
        good = {id_: path for id_, path in files.items() if id_ not in bad}
        people = find(good, known.at(_provider(source, outcome)))
        rows = sum(is_of(row, people) for id_, path in good.items() for row in rows_in(path, TABLES[id_]))
        if not (rows or bad or (folder / PENDING).exists()):
            return 0
        durable.write(folder / PENDING, "{}")  # first: whatever was made of these rows has to go
        new = tombstones.without(source, folder, people, bad, stones)
        durable.write(folder / SOURCE, json.dumps(as_record(tombstones.surveyed(new))))
        custody.rewritten(folder, [path.name for path in files.values()])
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


def _struck_inbox(known: Known, zones: Zones, received: set[str]) -> int:
    """Remove submissions from the inbox that hold the people and have been received. Returns their number.

    Raises NotErased if one holds them and has not been received.
    """
    removed = waiting = 0
    entries = find_submissions(zones.inbox) if any(zones.inbox.iterdir()) else []
    for path in entries:
        with store.workspace(zones.received) as folder:
            source = open_source(path, folder, keep=True)
            provider = tombstones.provider_said({id_: file.path for id_, file in source.files.items()})
            people = known.at(provider)
            is_held = any(strike(f.path, TABLES[t], people)[1] for t, f in source.files.items())
            if not is_held:
                continue
        if source.content_sha256 not in received or path == zones.inbox:
            waiting += 1
            continue
        discard(path) if path.is_dir() else path.unlink()
        removed += 1
    if waiting:
        raise NotErased(
            f"{waiting} submissions in the inbox hold the person and have not been received. Load or remove them, "
            "then run the same command again."
        )
    return removed


def _readable(source: Source) -> dict[str, Path]:
    files = {id_: file.path for id_, file in source.files.items()}
    bad = tombstones.unreadable_in(files)
    return {id_: path for id_, path in files.items() if id_ not in bad}


def _provider(source: Source, outcome: Outcome) -> str:
    if outcome.provider_month:
        return outcome.provider_month.provider
    return tombstones.provider_said({id_: file.path for id_, file in source.files.items()})


def _has_files(folder: Path) -> bool:
    return (folder / SOURCE).exists() and all(
        file.path.exists() or custody.is_closed(folder) for file in kept_source(folder).files.values()
    )


def _submissions(release: Path, unknown: set[str]) -> set[str]:
    """The submissions of a release; ``unknown`` if it does not say them."""
    try:
        return set(json.loads((release / "manifest.json").read_text(encoding="utf-8"))["submissions"])
    except (OSError, ValueError, KeyError):
        return unknown
