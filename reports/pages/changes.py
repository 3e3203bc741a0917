"""What changed for each service since the last release, in sentences that anybody may read.

Belongs here: sentences made of ``public.changes.json``. Does not belong here: finding what changed
(``warehouse.history``), and amounts: differences of protected figures have no parts (decision 0044).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from reports.pages.sentences import listed
from schemas.month import months_between, parse_month
from warehouse.disclosure.parts import PUBLIC_CHANGES

_NAMED = 3
# What became of months, by the word of the file: for one and for several.
_SAID: Mapping[str, tuple[str, str]] = {
    "new month": ("{months} is new.", "{months} are new."),
    "late data": (
        "{months} was missing from the last release and is in this one.",
        "{months} were missing from the last release and are in this one.",
    ),
    "resubmission": (
        "The service sent {months} again. Its figures may differ from those shown before.",
        "The service sent {months} again. Their figures may differ from those shown before.",
    ),
    "withdrawal": ("{months} was withdrawn and is missing now.", "{months} were withdrawn and are missing now."),
    "processed again": (
        "The records of {months} were checked again. Its figures may differ from those shown before.",
        "The records of {months} were checked again. Their figures may differ from those shown before.",
    ),
}
NOTHING = "No file of this service has changed since the last release."
FIRST = "There is no earlier release to compare with."


def of_release(folder: Path) -> Mapping[str, Sequence[str]] | None:
    """What changed for each provider since the last release, in sentences, by its code as submitted.

    ``None`` where the release in ``folder`` says nothing of one before it.
    """
    file = folder / PUBLIC_CHANGES
    said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if not said.get("predecessor"):
        return None
    months: dict[str, dict[str, list[date]]] = {}
    for each in said["submissions"]:
        kind = next(name for name in _SAID if name in each["change"].split(" and "))
        months.setdefault(each["provider"], {}).setdefault(kind, []).append(parse_month(each["month"]))
    return {
        provider: [_sentence(kind, of[kind]) for kind in _SAID if kind in of] for provider, of in months.items()
    }


def _sentence(kind: str, months: Sequence[date]) -> str:
    return _SAID[kind][len(months) > 1].format(months=_months(sorted(months)))


def _months(months: Sequence[date]) -> str:
    """Months in words; many as a span where they follow one another, else the first few."""
    if len(months) <= _NAMED:
        return listed([f"{month:%B %Y}" for month in months])
    if months_between(months[0], months[-1]) == list(months):
        return f"{months[0]:%B %Y} to {months[-1]:%B %Y}"
    return listed([*(f"{month:%B %Y}" for month in months[:_NAMED]), "other months"])
