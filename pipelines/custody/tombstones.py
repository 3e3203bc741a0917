"""Tombstones: how a person who was erased is recognised when the same data comes again.

Belongs here: what is kept of an erasure, its tokens, and striking rows as they arrive. Does not belong here:
erasing what is there already (``pipelines.custody.erase``), whose a row is (``transforms.strike``).

A tombstone is a keyed token of an NHS number, or of a provider's own identifier of a patient or a referral. Without
the key nobody can be found by it. It is kept in a file of its own, with every submission from which rows were
struck, and in the ledger.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.inbox import Source
from pipelines.keys import tombstone_key
from pipelines.table_files import TableFile
from pipelines.zones import Zones
from schemas.dataset import TABLES
from schemas.errors import ForThePerson
from transforms.pseudonymise import TokenKey, domain_key
from transforms.receive import format_of
from transforms.strike import NUMBER, PATIENT, Identifiers, find, is_readable, rows, strike
from transforms.survey import survey

STRUCK = "erased.json"
"""In the folder of a submission: how many rows were struck, and by which tombstones."""
_NAMED = (PATIENT, "ServiceRequestId")


class ErasedMeanwhile(ForThePerson):
    """A submission arrived before a tombstone that it was not held to. Nothing of it was kept."""


@dataclass(frozen=True, order=True)
class Tombstone:
    """One token. ``provider`` is empty for an NHS number, which is the same everywhere."""

    element: str
    provider: str
    token: str


def tombstones_of(people: Identifiers, provider: str, key: TokenKey) -> set[Tombstone]:
    """The tombstones of people as one provider knows them."""
    own = [(name, provider, value) for name in _NAMED for value in people.own[name] if provider]
    every = [*((NUMBER, "", number) for number in people.numbers), *own]
    return {Tombstone(name, at, _token(key, name, at, value)) for name, at, value in every}


def read(zones: Zones) -> frozenset[Tombstone]:
    """Every tombstone there is."""
    if not zones.erased.exists():
        return frozenset()
    lines = zones.erased.read_text(encoding="utf-8").splitlines()
    return frozenset(Tombstone(*each) for line in lines for each in json.loads(line)["tombstones"])


def hold(stones: frozenset[Tombstone], zones: Zones) -> None:
    """Raise ErasedMeanwhile if there are other tombstones by now."""
    if read(zones) != stones:
        raise ErasedMeanwhile("Somebody was erased while this submission arrived. Load it again.")


def add(zones: Zones, new: Iterable[Tombstone]) -> None:
    """Append tombstones, and wait until they are on the disk."""
    known = read(zones)
    added = sorted(set(new) - known)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "tombstones": [[each.element, each.provider, each.token] for each in added],
    }
    durable.append(zones.erased, json.dumps(line))


def at_the_door(source: Source, folder: Path, stones: frozenset[Tombstone]) -> Source:
    """The submission without the rows of people who were erased. ``folder`` has its files, and gets the count.

    The receipt and its hash are those of what arrived: the same files again are known as such.
    """
    if not stones:
        return source
    providers = {provider_said(source.paths), source.named.provider if source.named else ""}
    is_erased = _recognising(stones, providers, tombstone_key())
    files, unreadable = readable(source.paths)
    if not any(stone.provider in providers for stone in stones if stone.provider):
        patients = {id_: path for id_, path in files.items() if id_ == "IDS001"}
        if not find(patients, Identifiers(), is_erased) and not unreadable:
            return source  # nobody here: the other tables need not be read
    found = find(files, Identifiers(), is_erased)
    used = {stone for at in providers for stone in tombstones_of(found, at, tombstone_key())}
    return without(source, folder, found, unreadable, stones & used)


def without(
    source: Source, folder: Path, people: Identifiers, unreadable: Iterable[str], by: Iterable[Tombstone]
) -> Source:
    """The submission without rows of ``people`` and without ``unreadable`` tables, its files rewritten.

    What was struck, and ``by`` which tombstones, is written to ``folder``.
    """
    counts = dict.fromkeys(unreadable, 1)  # nobody knows how many
    files: dict[str, TableFile] = {}
    for id_, file in source.files.items():
        if id_ in counts:
            file.path.unlink()
            continue
        path, struck = strike(file.path, TABLES[id_], people) if people else (file.path, 0)
        files[id_] = _surveyed(id_, path) if struck else file
        if struck:
            counts[id_] = struck
    if counts:
        earlier = struck_in(folder)
        rows = earlier.get("rows", 0) + sum(counts.values())
        tokens = {*(stone.token for stone in by), *earlier.get("tombstones", ())}
        durable.write(folder / STRUCK, json.dumps({"rows": rows, "tombstones": sorted(tokens)}))
    return replace(source, files=files)


def struck_in(folder: Path) -> dict[str, Any]:
    """What was struck from the submission kept in ``folder``: ``rows`` and ``tombstones``; empty for nothing."""
    if not (folder / STRUCK).exists():
        return {}
    said: dict[str, Any] = json.loads((folder / STRUCK).read_text(encoding="utf-8"))
    return said


def readable(files: Mapping[str, Path]) -> tuple[dict[str, Path], set[str]]:
    """The files whose rows can be told apart, and the tables whose rows cannot."""
    good = {id_: path for id_, path in files.items() if is_readable(path, TABLES[id_])}
    return good, set(files) - set(good)


def surveyed(source: Source) -> Source:
    """The submission with hash and survey of its files as they are now."""
    return replace(source, files={id_: _surveyed(id_, file.path) for id_, file in source.files.items()})


def _surveyed(table_id: str, path: Path) -> TableFile:
    with path.open("rb") as opened:
        seen = survey(opened)
    return TableFile(table_id, path, seen if format_of(path).is_text else None, seen.sha256, seen.size)


def _recognising(
    stones: frozenset[Tombstone], providers: Iterable[str], key: TokenKey
) -> Callable[[str, str], bool]:
    """Whether the value of an element is that of somebody who was erased. Values come again in every row."""
    tokens = {stone.token for stone in stones}
    own = sorted({stone.provider for stone in stones if stone.provider} & set(providers))

    @cache
    def is_erased(element: str, value: str) -> bool:
        return any(_token(key, element, at, value) in tokens for at in ([""] if element == NUMBER else own))

    return is_erased


def _token(key: TokenKey, element: str, provider: str, value: str) -> str:
    digest = hmac.digest(domain_key(key, element, provider).encode(), value.encode(), "sha256")
    return f"{key.version}_{digest.hex()[:32]}"


def provider_said(files: Mapping[str, Path]) -> str:
    """The provider in the header of a submission; empty if it cannot be read."""
    path = files.get("IDS000")
    if path is None or not is_readable(path, TABLES["IDS000"]):
        return ""
    said = [row.elements.get("OrgIDProv", "") for row in islice(rows(path, TABLES["IDS000"]), 2)]
    return said[1] if len(said) > 1 else ""
