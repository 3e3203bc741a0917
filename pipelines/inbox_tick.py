"""One look at the inbox: what is still arriving, what is being loaded, and what is to be loaded now.

Belongs here: when an entry has come to rest, when one whose load broke off is taken again, and the memory from one
look to the next. Does not belong here: Dagster (``pipelines.automation``), moving files (``pipelines.arrivals``).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipelines import arrivals
from pipelines.arrivals import Seen
from pipelines.inbox import named_in
from pipelines.zones import Zones
from schemas.month import ProviderMonth

# Runs load one after another, about two small submissions a second. What arrives meanwhile gets a run of its own.
MOST = 100
# A load that broke off is tried again after 2, 4, 8 minutes and so on, and once a day in the end: a full disk or a
# key that is missing takes a person some time, and every attempt is written to the ledger.
_LONGEST_WAIT = 24 * 60

Ended = Callable[[str], float | None]
"""When the run of a key ended (seconds since 1970; 0 if nobody knows); ``None`` while it waits or runs."""


class Remembered(NamedTuple):
    """What is remembered of an entry: how it lay there, the key of its last run ("" if none), and how many there
    were.
    """

    lay: str
    key: str = ""
    runs: int = 0


@dataclass
class Look:
    """What was found. ``ready`` is to be loaded now, in the order of arrival."""

    now: dict[str, Remembered] = field(default_factory=dict)
    ready: list[Path] = field(default_factory=list)
    arriving: int = 0
    loading: int = 0
    again: int = 0
    refused: int = 0
    unreadable: int = 0

    def requested(self, path: Path, key: str) -> None:
        """Remember that ``path`` is loaded by the run of ``key``."""
        name = arrivals.name_of(path)
        lay, _, runs = self.now[name]
        self.now[name] = Remembered(lay, key, runs + 1)

    def said(self) -> str:
        """How many of each, in words that name no file."""
        counts = {
            "still arriving": self.arriving,
            "being loaded": self.loading,
            "to be tried again: their load broke off": self.again,
            "put into refused/: no submission": self.refused,
            "cannot be read or moved by this account": self.unreadable,
        }
        return "; ".join(f"{count} {what}" for what, count in counts.items() if count) or "The inbox is empty"

    def memory(self) -> str:
        """What the next look must know, as text. It has a line of 60 bytes for each entry that waits, no more."""
        return json.dumps({name: list(self.now[name]) for name in sorted(self.now)}, separators=(",", ":"))


def remembered(memory: str | None) -> Mapping[str, Remembered]:
    """What ``Look.memory`` kept. Nothing if another version wrote it: then each entry has to rest anew."""
    try:
        return {
            str(name): Remembered(str(lay), str(key), int(runs))
            for name, (lay, key, runs) in json.loads(memory or "{}").items()
        }
    except (ValueError, AttributeError, TypeError):
        return {}


def look(zones: Zones, before: Mapping[str, Remembered], ended: Ended) -> Look:
    """Look at the inbox. What is no submission and has come to rest is moved to ``refused/``."""
    found = Look()
    for path in arrivals.strays(zones):
        if _rests(path, arrivals.seen(path), before, found):
            is_away = arrivals.refuse_stray(path, zones)
            found.refused, found.unreadable = found.refused + is_away, found.unreadable + (not is_away)
    at_rest = []
    busy: set[ProviderMonth | None] = set()
    for path in arrivals.entries(zones):
        seen = arrivals.seen(path)
        if not _rests(path, seen, before, found):
            continue
        key, runs = before[arrivals.name_of(path)][1:]
        if key and (wait := _waits(ended(key), runs)):
            found.loading, found.again = found.loading + (wait == "runs"), found.again + (wait == "pauses")
            busy.add(named_in(path))
        else:
            assert seen is not None
            at_rest.append((seen.at, path))
    for _, path in sorted(at_rest):
        # One at a time for a provider and month: the one that came last must be received last.
        named = named_in(path)
        if len(found.ready) < MOST and (named is None or named not in busy):
            found.ready.append(path)
            busy.add(named)
        else:
            found.loading += 1
    return found


def _rests(path: Path, seen: Seen | None, before: Mapping[str, Remembered], found: Look) -> bool:
    """Whether an entry lies as it did at the last look. A folder without a file waits for one."""
    if seen is None:
        found.unreadable += path.is_symlink() or path.exists()
        return False
    name = arrivals.name_of(path)
    earlier = before.get(name, Remembered(""))
    found.now[name] = earlier._replace(lay=seen.all)
    is_at_rest = earlier.lay == seen.all and not seen.is_empty
    found.arriving += not is_at_rest
    return is_at_rest


def _waits(ended: float | None, runs: int) -> str:
    """«runs», «pauses» before the next attempt, or nothing."""
    if ended is None:
        return "runs"
    return "pauses" if time.time() < ended + 60 * min(2**runs, _LONGEST_WAIT) else ""
