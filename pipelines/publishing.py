"""When there is something to publish: a window has closed, or somebody decided about a submission.

Belongs here: the reasons, from the windows, the ledger and the last release, and which submissions a release has.
Does not belong here: publishing (``pipelines.publish``), the schedule (``pipelines.automation``).
"""

import json
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from pipelines.ask import release_name
from pipelines.ledger import Ledger, Outcome, State
from pipelines.zones import Zones
from schemas.month import months_after
from schemas.windows import closes
from warehouse.disclosure.parts import MANIFEST

_MONTHS_AHEAD = 24
# A window closes at midnight and the schedule looks at 6 in the morning. One morning may be missed.
_GRACE = timedelta(days=2)


def why_publish(zones: Zones, ledger: Ledger, on: date) -> str | None:
    """Why to publish on a day, in a sentence; ``None`` if there is no reason.

    What counts now and is not in the release is a reason if the window of its month has closed, or if somebody
    confirmed it. So is what is in the release and was withdrawn. A morning that was missed does not matter: the
    reason stays until there is a release.
    """
    held = released_submissions(zones)
    counting = ledger.current_submissions(on)
    missing = [one for one in counting if one.receipt.submission_id not in held]
    due = [one for one in missing if one.provider_month and closes(one.provider_month.month).closes < on]
    confirmed = [one for one in missing if "confirmed" in one.detail]
    withdrawn = withdrawn_of(held, ledger.outcomes())
    parts = [
        f"{len(of)} {what}"
        for of, what in (
            (due, "of months whose window has closed"),
            (confirmed, "that were confirmed"),
            (withdrawn, "that were withdrawn"),
        )
        if of
    ]
    return f"Submissions that change the release: {', '.join(parts)}." if parts else None


def longest_wait(since: date = date(2025, 4, 1)) -> timedelta:
    """The longest time between two publications, by the windows: then the release is not fresh."""
    days = [closes(months_after(since, number)).closes for number in range(_MONTHS_AHEAD)]
    return max(later - earlier for earlier, later in pairwise(days)) + _GRACE


def released_submissions(zones: Zones) -> set[str]:
    """The ids of the submissions of the current release; none if nothing is published."""
    return submissions_of(zones.releases / release_name(zones)) if zones.warehouse.exists() else set()


def submissions_of(release: Path) -> set[str]:
    """The submissions of the release in this folder, by its manifest."""
    return set(json.loads((release / MANIFEST).read_text(encoding="utf-8"))["submissions"])


def withdrawn_of(held: Collection[str], outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The submissions of ``held`` that were withdrawn since, by the latest ``outcomes``."""
    return [one for one in outcomes if one.state is State.WITHDRAWN and one.receipt.submission_id in held]
