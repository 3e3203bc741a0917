"""Changes since the previous report: new, still there, resolved, not checked.

Belongs here: reading an earlier report and comparing with it. Does not belong here: findings (``groups``).

Rules are compared, not rows: a new extract has new row numbers, and the ids that identify a row also identify
people.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transforms.changes import NEW, PERSISTING

Verdict = Mapping[str, Any]


def earlier_report(path: Path, submission_id: str) -> dict[str, Any] | None:
    """The report at ``path`` if it is one that a new one can be compared with.

    ``None`` where there is none, where what is there is no report, and where it is of the same receipt: a
    submission that is checked again is not its own predecessor. Raises OSError if the disk does not give it: else
    the new report would say for ever that there was nothing to compare with.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    is_same = isinstance(found, dict) and submission_id and found.get("submission_id") == submission_id
    return found if isinstance(found, dict) and not is_same else None


def compared(
    rules: Sequence[dict[str, Any]], previous: Verdict | None, now: Verdict, read: set[str]
) -> dict[str, Any]:
    """``rules`` with their status, and what the report before had and this one has not. What a cause explained is
    gone with the cause, and not listed.

    ``now`` is the provider and month of this report; one of another provider or month is not compared with.
    ``read`` names the tables whose rows could be read: of another table no rule can be said to be resolved.
    """
    if previous is None or not _is_of_the_same(previous, now):
        unknown: dict[str, Any] = {"status": None, "records_before": None}
        return {"rules": [rule | unknown for rule in rules], "resolved": [], "not_checked": [], "compared": False}
    before: dict[tuple[str, str], dict[str, Any]] = {}
    for rule in _rules(previous):  # one part of a rule's findings may be explained and another not
        records = _records(rule) + _records(before.get(_key(rule)))
        before[_key(rule)] = rule | {"records": records}
    present = {_key(rule) for rule in rules}
    gone = [_as_gone(rule) for key, rule in before.items() if key not in present and not rule.get("explained_by")]
    return {
        "rules": [rule | _since(before.get(_key(rule))) for rule in rules],
        "resolved": [rule for rule in gone if not rule["table"] or rule["table"] in read],
        "not_checked": [rule for rule in gone if rule["table"] and rule["table"] not in read],
        "compared": True,
    }


def _is_of_the_same(previous: Verdict, now: Verdict) -> bool:
    """Whether it is a report, and provider and month are the same as far as both reports know them."""
    if not isinstance(previous.get("rules"), list):
        return False
    pairs = ((previous.get(name), now.get(name)) for name in ("provider", "month"))
    return all(before is None or after is None or before == after for before, after in pairs)


def _rules(previous: Verdict) -> list[dict[str, Any]]:
    explained = previous.get("explained")  # reports up to 0.9.0 have none
    every = [*previous["rules"], *(explained if isinstance(explained, list) else [])]
    return [rule for rule in every if isinstance(rule, dict)]


def _key(rule: Verdict) -> tuple[str, str]:
    return str(rule.get("rule_id")), str(rule.get("table") or "")


def _records(rule: Verdict | None) -> int:
    records = rule.get("records") if rule else None
    return records if isinstance(records, int) else 0


def _since(before: Verdict | None) -> dict[str, Any]:
    """Status of a rule and its records then; ``before`` is that rule in the previous report, if it was there."""
    return {"status": NEW if before is None else PERSISTING, "records_before": _records(before)}


def _as_gone(rule: Verdict) -> dict[str, Any]:
    kept = {name: str(rule.get(name) or "") for name in ("rule_id", "effect", "table", "field", "message")}
    return kept | {"records_before": _records(rule)}
