"""What a release keeps of those before it: its place, what changed, and the figures as they were.

Belongs here: filling the tables of history in a file about to be released, and the two files beside it. Does not
belong here: what differs and why (``comparing``, ``causes``), which release is current (``pipelines``).

``changes.json`` has exact figures and stays inside. ``public.changes.json`` has only what two releases show in
schema ``public``: both were published, so nothing new can be read off. It stays when the exact figures of a release
are removed, so the order of releases is kept there.

After an erasure the exact figures of before are not kept: two figures that differ by one person show that person.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from schemas.month import month_text
from warehouse.disclosure.parts import CHANGES, PUBLIC_CHANGES
from warehouse.history.causes import MEANING, Cause, Held, InputChange, input_changes
from warehouse.history.comparing import BEFORE, held, rows
from warehouse.history.predecessor import Predecessor, Said, has_table
from warehouse.history.revisions import revise, revise_shown
from warehouse.history.versions import Changes, Offer, changed, next_version
from warehouse.rules import found_otherwise
from warehouse.staging import insert_rows

TABLES = ("meta.release", "meta.submission_change", "meta.revision", "meta.revision_part")
"""What ``keep`` fills, with ``public.revision``; a draft has them empty."""
# That rows were struck or judged again is no business of those who read public figures.
_TOLD = {Cause.RULES: "processed again", Cause.ERASURE: "processed again"}


def keep(con: duckdb.DuckDBPyConnection, folder: Path, release_id: str, said: Said) -> None:
    """Fill the tables of history (``TABLES``, ``public.revision``) of the open file, and write both files of
    changes into ``folder``.

    A predecessor whose exact figures are gone, or that an earlier version of Parity made, is not compared: the
    files say so.
    """
    ((catalog,),) = con.execute("SELECT current_database()").fetchall()
    before = Predecessor.of(con, said)
    offer = Offer.of(con)
    since = changed(before.offer, offer) if before.offer else Changes()
    then, now = None if before.why_not else held(con, BEFORE), held(con, catalog)
    inputs = input_changes(then, now) if then else []
    if any(Cause.ERASURE in each.causes for each in inputs):
        before.why_not = "rows of people were erased in between, and a difference would show them"
    _note_inputs(con, inputs)
    own = _note_release(con, before, release_id, *next_version(before.latest_version, since), said.published_at)
    figures = {"england": [], "providers": []} if before.why_not else revise(con, catalog)
    shown = revise_shown(con, before, said.releases)
    if before.is_attached:
        con.execute(f"DETACH {BEFORE}")
    head = {
        "release": own,
        "predecessor": before.name,
        "broken": since.broken,
        "added": since.added,
        "reference_files_changed": _other_files(before.reference_files(said.releases), said.reference_files),
    }
    rules = {(each.provider, each.month): found_otherwise(each, said.judged.findings) for each in inputs}
    submissions = [
        {**each, "rules": rules[each["provider"], each["month"]]}
        for each in rows(con, "FROM meta.submission_change ORDER BY provider, month")
    ]
    inside = {
        "not_compared": before.why_not or None,
        "reference_files": dict(sorted(said.reference_files.items())),
        **_told(then, now),
        "submissions": submissions,
        **figures,
    }
    public = {
        "submissions": _public_inputs(inputs),
        "england": shown,
        "line": rows(con, "FROM meta.release ORDER BY position"),
        "offers": offer.as_json(),
    }
    _write(folder / CHANGES, {**head, **inside})
    _write(folder / PUBLIC_CHANGES, {**head, **public})


def _note_release(
    con: duckdb.DuckDBPyConnection,
    before: Predecessor,
    release_id: str,
    version: str,
    because: str,
    at: datetime | None,
) -> dict[str, Any]:
    """Fill ``meta.release``: the line up to the predecessor, and this release. Returns its own row."""
    if before.is_attached and has_table(con, BEFORE, "meta", "release"):
        con.execute(f"INSERT INTO meta.release BY NAME FROM {BEFORE}.meta.release")
    for each in [] if before.is_attached else before.document.get("line", []):
        values = ", ".join("?" * len(each))
        con.execute(f"INSERT INTO meta.release ({', '.join(each)}) VALUES ({values})", list(each.values()))
    if before.name and not before.document:
        con.execute(
            "INSERT INTO meta.release (release_id, position, begins_revisions) VALUES (?, 1, true)", [before.name]
        )
    con.execute(
        "INSERT INTO meta.release SELECT ?, ?, ?, ?, ?, ?, ?, first_month, last_month, submissions FROM meta.build",
        [release_id, before.next_position, version, because, at, before.name, bool(before.why_not)],
    )
    return rows(con, "FROM meta.release WHERE release_id = ?", [release_id])[0]


def _note_inputs(con: duckdb.DuckDBPyConnection, inputs: list[InputChange]) -> None:
    """Fill ``meta.submission_change``."""
    noted = []
    for each in inputs:
        then, now = each.before, each.after
        noted.append(
            (
                each.provider, each.month, each.cause, then and then.submission_id, now and now.submission_id,
                *each.records, then and then.rules, now and now.rules,
            )
        )  # fmt: skip
    insert_rows(con, "meta.submission_change", noted)


def _told(then: Held | None, now: Held) -> dict[str, Any]:
    """What ``changes.json`` says of code and reference data, and what the causes mean."""
    return {
        "code": {"before": then.code if then else None, "after": now.code},
        "reference_data_changed": then is not None and then.reference != now.reference,
        "causes": {cause.value: meaning for cause, meaning in MEANING.items()},
    }


def _public_inputs(inputs: list[InputChange]) -> list[dict[str, str]]:
    """Which provider-months have another file, without ids, numbers of rows or erasures."""
    return [
        {
            "provider": each.provider,
            "month": month_text(each.month),
            "change": " and ".join(dict.fromkeys(_TOLD.get(cause, cause.value) for cause in each.causes)),
        }
        for each in inputs
    ]


def _other_files(before: Mapping[str, str] | None, after: Mapping[str, str]) -> list[str] | None:
    """The reference files that differ; None where the release before did not say them."""
    if before is None:
        return None
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _write(path: Path, document: Mapping[str, Any]) -> None:
    text = json.dumps(document, indent=1, ensure_ascii=False, default=_plain)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """A value that JSON does not know: days and times as ISO 8601, decimals as numbers."""
    return value.isoformat() if isinstance(value, date | datetime) else float(value)
