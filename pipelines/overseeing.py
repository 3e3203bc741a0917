"""All that the centre's board shows, for the command line and the page.

Belongs here: bringing the ledger, what is expected and the current release together, and writing the page. Does
not belong here: the rules of each (``pipelines.board``, ``pipelines.expecting``, ``pipelines.differing``), and
laying it out (``pipelines.show_board``, ``reports.pages.board``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import durable, expecting
from pipelines.board import Standing, overview
from pipelines.chasing import Chase, to_chase, touched
from pipelines.differing import since_release
from pipelines.ledger import Ledger, Outcome, State, current, latest, sent, today_in_england
from pipelines.outdated import outdated
from pipelines.zones import Zones
from reports.dataset.rule_pages import in_force
from reports.pages import addresses
from reports.pages.board import page_of
from schemas.month import month_text

MONTHS = 12
"""Months of the table, if nobody says otherwise."""


@dataclass(frozen=True)
class Overseen:
    """The board on a day: how each month stands, what could not be placed, whom to write to, and the release.

    ``outdated`` is how many submissions that count another version of Parity checked.
    """

    on: date
    standings: Sequence[Standing]
    unplaced: Sequence[Outcome]
    chase: Sequence[Chase]
    release: Mapping[str, Any] | None
    outdated: int = 0

    def as_json(self) -> dict[str, Any]:
        """All of it for a program. Each month that has no submission says which figures lack it."""
        return {
            "on": self.on,
            "board": [
                each.as_row() | ({} if each.month.counts else {"touches": touched(each.month.provider_month.month)})
                for each in self.standings
            ],
            "unplaced": [
                {"submission": each.receipt.submission_id, "state": each.state.value} for each in self.unplaced
            ],
            "chase": [
                asdict(each) | {"months": [month_text(month) for month in each.months]} for each in self.chase
            ],
            "release": self.release,
            "outdated": self.outdated,
        }

    def last_months(self, count: int) -> list[date]:
        """The last so many months of the board, in order."""
        return sorted({each.month.provider_month.month for each in self.standings})[-count:]


def oversee(zones: Zones, ledger: Ledger) -> Overseen:
    """The board as it is today. Raises CatalogueError if the centre's list cannot be read."""
    events, on = ledger.events(), today_in_england()
    expected = expecting.expected(sent(events), on, expecting.listed(zones), expecting.ended(zones))
    standings = overview(events, on, expected, in_force())
    unplaced = [one for one in latest(events) if one.provider_month is None and not one.was_sent_again]
    return Overseen(
        on,
        standings,
        _not_mended(unplaced, events),
        to_chase(standings, on),
        since_release(zones, events, on),
        len(outdated(zones, current(events, on))),
    )


def _not_mended(unplaced: Sequence[Outcome], events: Sequence[Outcome]) -> list[Outcome]:
    """Without attempts that nobody need act on: something was received after them.

    An attempt without a provider and month in its name is no submission of anybody's that could be sent again. What
    arrives next shows that receiving works.
    """
    received = max(
        (event.receipt.seq for event in events if event.state is not State.FAILED and not event.receipt.is_attempt),
        default=0,
    )
    return [one for one in unplaced if not (one.receipt.is_attempt and one.receipt.seq < received)]


def write_board(seen: Overseen, zones: Zones, months: int = MONTHS) -> Path:
    """Write the board as a page into the folder of the centre. Returns its path."""
    page = page_of(seen.last_months(months), seen.as_json(), (zones.centre / addresses.PLANS).is_file())
    durable.write(zones.centre / page.address, page.text)
    return zones.centre / page.address
