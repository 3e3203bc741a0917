"""Releases in their order, and what changed from one to another.

Belongs here: which releases there are, finding one by name, version or place, and the difference of any two. Does
not belong here: comparing (``warehouse.history``), what each release keeps of the one before it
(``warehouse.history.keeping``), showing it (``pipelines.show``).
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.ask import release_name
from pipelines.judged import findings
from pipelines.ledger import Ledger, Outcome, latest
from pipelines.ledger import current as ledger_current
from pipelines.publishing import submissions_of
from pipelines.zones import Zones, shown
from schemas.errors import NotAsked
from schemas.sql import quoted
from warehouse.disclosure.parts import CHANGES, DATABASE, PUBLIC_DATABASE
from warehouse.history.causes import Cause, InputChange, input_changes
from warehouse.history.comparing import BEFORE, compare, held, lacking, rows, side_by_side
from warehouse.history.predecessor import known
from warehouse.history.revisions import SHOWN_BEFORE, changes, changes_shown, compare_shown
from warehouse.rules import Findings, found_otherwise

_EVERYWHERE = "ENG"
ERASED = "Rows of people were erased in between: a difference of exact figures would show them."
# Figures of England that the board shows of those that moved.
_MOVED = 8


@dataclass(frozen=True)
class Listed:
    """A release as ``parity releases`` lists it. ``position`` and ``version`` are None for those that Parity 0.6 or
    earlier made. ``has_exact``: its exact figures are there; else only the public ones.
    """

    release: str
    position: int | None
    version: str | None
    published_at: str | None
    predecessor: str | None
    because: str
    is_current: bool
    has_exact: bool


def listed(zones: Zones) -> list[Listed]:
    """Every release, in the order of publication; first those that do not say their place, by name."""
    said = {each["release"]["release_id"]: each["release"] for each in known(zones.releases)}
    current = release_name(zones) if zones.warehouse.exists() else None
    older = [each.name for each in zones.release_folders if each.name not in said]
    found = []
    for name in [*older, *said]:
        own: Mapping[str, Any] = said.get(name, {})
        found.append(
            Listed(
                name,
                own.get("position"),
                own.get("version"),
                own.get("published_at"),
                own.get("predecessor"),
                own.get("version_because") or "",
                name == current,
                (zones.releases / name / DATABASE).is_file(),
            )
        )
    return found


def chosen(zones: Zones, before: str | None, after: str | None) -> tuple[Listed, Listed]:
    """The two releases that are meant, by name, version or place.

    Without ``after``: the current one. Without ``before``: the predecessor of the later one. Raises NotAsked if
    there is no such release.
    """
    every = listed(zones)
    later = _one(every, after) if after else next((each for each in every if each.is_current), None)
    if later is None:
        raise NotAsked(f"Nothing is published yet in {shown(zones.home)}: run `parity publish`.")
    if before is None and later.predecessor is None:
        raise NotAsked(f"Release {later.release} has no release before it. Name the two that you want to compare.")
    return _one(every, before or str(later.predecessor)), later


def _one(every: Sequence[Listed], text: str) -> Listed:
    for each in every:
        if text in (each.release, each.version, str(each.position)):
            return each
    names = ", ".join(each.release + (f" ({each.version})" if each.version else "") for each in every) or "none"
    raise NotAsked(f"There is no release {text[:64]!r}. Published: {names}.")


def diff(
    zones: Zones,
    ledger: Ledger,
    before: Listed,
    after: Listed,
    measure: str | None = None,
    place: str | None = None,
) -> dict[str, Any]:
    """What differs between two releases: their inputs, the rules that found otherwise, and figures with the parts
    of their differences. ``measure`` restricts it to one and gives every period, ``place`` to one provider.

    Where the exact figures of one are gone, only protected figures are compared (``is_public``), without parts.
    Raises NotAsked if nothing can be compared.
    """
    folders = [zones.releases / each.release for each in (before, after)]
    document: dict[str, Any] = {"before": before.release, "after": after.release, "is_public": False}
    if before.has_exact and after.has_exact:
        with side_by_side(*(folder / DATABASE for folder in folders)) as (con, catalog):
            for each, name in ((before, BEFORE), (after, catalog)):
                if missing := lacking(con, name):
                    raise NotAsked(f"{made_earlier(each, missing[0])} Compare releases of this version.")
            document |= _inputs(con, catalog, ledger)
            if not is_erasure(con, catalog):
                compare(con, catalog)
                return document | figures_of(con, measure, place)
            document["why_not"] = ERASED
    else:
        document["why_not"] = "Of one of them only the public figures are left."
    if not all((folder / PUBLIC_DATABASE).is_file() for folder in folders):
        raise NotAsked("One of these releases has no figures any more.")
    with duckdb.connect() as con:
        for name, folder in zip((SHOWN_BEFORE, "after"), folders, strict=True):
            con.execute(f"ATTACH {quoted(str(folder / PUBLIC_DATABASE))} AS {name} (READ_ONLY)")
        compare_shown(con, "after.")
        england = [each for each in changes_shown(con) if measure in (None, each["measure"])]
    return document | {"is_public": True, "england": england}


def made_earlier(release: Listed, missing: str) -> str:
    """What to say of a release that lacks what comparing reads."""
    return f"Release {release.release} was made by an earlier version of Parity: it has no {missing}."


def is_erasure(con: duckdb.DuckDBPyConnection, after: str) -> bool:
    """Whether people were erased between the catalogs ``before`` and ``after``."""
    return any(Cause.ERASURE in each.causes for each in input_changes(held(con, BEFORE), held(con, after)))


def _inputs(con: duckdb.DuckDBPyConnection, catalog: str, ledger: Ledger) -> dict[str, Any]:
    """What the two are made of: files, code, reference data; and of files judged otherwise, by which rules."""
    then, now = held(con, BEFORE), held(con, catalog)
    verdicts = findings(ledger.events())
    return {
        "submissions": [_submission(each, verdicts) for each in input_changes(then, now)],
        "code": {"before": then.code, "after": now.code},
        "reference_data": {"before": then.reference, "after": now.reference},
    }


def _submission(change: InputChange, verdicts: Findings) -> dict[str, Any]:
    sides = {"before": change.before, "after": change.after}
    return {
        "provider": change.provider,
        "month": change.month,
        "cause": change.cause,
        **{f"submission_{side}": one.submission_id if one else None for side, one in sides.items()},
        **{f"records_{side}": records for side, records in zip(sides, change.records, strict=True)},
        "rules": found_otherwise(change, verdicts),
    }


def figures_of(con: duckdb.DuckDBPyConnection, measure: str | None, place: str | None) -> dict[str, Any]:
    """What moved, after ``compare``: ``england`` and ``providers``, or ``figures`` of one provider (``place``)."""
    if place in (None, _EVERYWHERE):
        found = changes(con)
        return found | {"england": [each for each in found["england"] if measure in (None, each["measure"])]}
    own = rows(
        con,
        "SELECT * EXCLUDE (level, over_time) FROM moved WHERE level = 'provider' AND organisation = ? "
        "AND pathway = 'all' AND (measure = ? OR ? IS NULL) ORDER BY period_type, period_start, measure",
        [place, measure, measure],
    )
    return {"organisation": place, "figures": own}


def since_release(zones: Zones, events: Collection[Outcome], on: date) -> dict[str, Any] | None:
    """How the current release came about and what waits for the next one on a day; None where nothing is published.

    ``files`` counts the files that changed by cause, ``moved`` has England's monthly counts that moved most with
    their parts, ``waiting`` the provider-months whose file is another one by now.
    """
    current = next((each for each in listed(zones) if each.is_current), None)
    if current is None:
        return None
    folder = zones.releases / current.release
    said: dict[str, Any] = {"not_compared": "it does not say what changed"}
    if (folder / CHANGES).is_file():
        said = json.loads((folder / CHANGES).read_text(encoding="utf-8"))
    held_there = submissions_of(folder)
    counting = {one.receipt.submission_id: one.provider_month for one in ledger_current(events, on)}
    gone = {
        one.provider_month for one in latest(events) if one.receipt.submission_id in held_there - counting.keys()
    }
    waiting = gone | {of for id_, of in counting.items() if id_ not in held_there}
    monthly = [each for each in said.get("england", ()) if each["period_type"] == "month" and each["parts"]]
    return {
        "release": current.release,
        "version": current.version,
        "published_at": current.published_at,
        "not_compared": said["not_compared"],
        "files": dict(Counter(each["cause"] for each in said.get("submissions", ()))),
        "measures": len({each["measure"] for each in said.get("england", ())}),
        "moved": sorted(monthly, key=_most_moved)[:_MOVED],
        "waiting": [str(of) for of in sorted(of for of in waiting if of)],
    }


def _most_moved(each: Mapping[str, Any]) -> tuple[int, str, str]:
    change = (each["after"]["numerator"] or 0) - (each["before"]["numerator"] or 0)
    return -abs(change), each["measure"], each["period_start"]
