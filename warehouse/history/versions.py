"""Versions of releases: what readers were promised, and whether it still holds.

Belongs here: what a release offers as a value, and the next version. Does not belong here: the promised views and
how two contracts differ (``warehouse.promised``).

A version is major.minor.patch, as programs have it. Readers of a release rely on the promised views and on the
measures in them. So a major version breaks one of them, a minor one adds to them or says or defines something anew,
and a patch has other figures only.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import duckdb

from warehouse.promised import Promise, differences, offered

FIRST = "1.0.0"
_SHOWN = 5


@dataclass(frozen=True)
class Offer:
    """What readers of a release may rely on. ``measures``: by id, a hash of the definition."""

    promises: tuple[Promise, ...]
    measures: Mapping[str, str]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection) -> Self:
        """What the open file offers."""
        measures = con.execute(
            # In letters: twelve digits in a row could be taken for an identifier by who screens public files.
            "SELECT measure, translate(sha256(concat_ws(chr(0), grain, date_column, kind, over_time, numerator, "
            "denominator, weight, pathways))[:12], '0123456789', 'ghijklmnop') FROM mart.measure ORDER BY measure"
        ).fetchall()
        return cls(offered(con), dict(measures))

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """What ``as_json`` wrote."""
        return cls(tuple(Promise(**each) for each in said["promises"]), said["measures"])

    def as_json(self) -> dict[str, Any]:
        """The offer for a file."""
        return {"promises": [asdict(each) for each in self.promises], "measures": dict(self.measures)}


@dataclass(frozen=True)
class Changes:
    """How one offer differs from another, in words: what was ``broken``, and what was ``added`` or said anew."""

    broken: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def changed(before: Offer, after: Offer) -> Changes:
    """What a later offer broke and added."""
    views = differences(before.promises, after.promises)
    gone = [f"measure {name} is gone" for name in before.measures if name not in after.measures]
    new = [f"measure {name} is new" for name in after.measures if name not in before.measures]
    anew = [
        f"measure {name} is defined anew"
        for name, definition in before.measures.items()
        if after.measures.get(name, definition) != definition
    ]
    return Changes(
        (*(each.words for each in views if each.breaks), *gone),
        (*(each.words for each in views if not each.breaks), *new, *anew),
    )


def next_version(latest: str | None, since: Changes) -> tuple[str, str]:
    """The version after ``latest``, and in words what made it this one."""
    if latest is None:
        return FIRST, "the first release with a version"
    major, minor, patch = (int(number) for number in latest.split("."))
    if since.broken:
        return f"{major + 1}.0.0", _said(since.broken)
    if since.added:
        return f"{major}.{minor + 1}.0", _said(since.added)
    return f"{major}.{minor}.{patch + 1}", "only figures changed"


def _said(reasons: tuple[str, ...]) -> str:
    more = f"; and {len(reasons) - _SHOWN:,} more" if len(reasons) > _SHOWN else ""
    return "; ".join(reasons[:_SHOWN]) + more
