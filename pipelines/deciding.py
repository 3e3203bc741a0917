"""What a person decides about a month: that it counts after all, or no longer.

Belongs here: which submission a decision is about, and recording it with its reason. Does not belong here: why a
submission is held (``pipelines.holding``), the commands (``pipelines.commands.deciding``).

Who decides is the account that runs the command; the ledger writes it into every row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines import durable
from pipelines.holding import DECIDED, stands
from pipelines.ledger import Ledger, Outcome, State, concluded, current, joined_on, may_count, today_in_england
from pipelines.reasons import kept
from pipelines.zones import Zones
from reports.site.report import restate
from schemas.errors import NotAsked
from schemas.month import ProviderMonth, month_text


@dataclass(frozen=True)
class Decided:
    """A decision: about which month, what became of which submissions, and which counts now."""

    provider_month: ProviderMonth
    state: State
    submissions: tuple[str, ...]
    counts: str | None

    def as_row(self) -> dict[str, object]:
        """The decision for a program."""
        return {
            "provider": self.provider_month.provider,
            "month": month_text(self.provider_month.month),
            "state": self.state.value,
            "submissions": list(self.submissions),
            "counts": self.counts,
        }


def confirm(of: ProviderMonth, why: str, zones: Zones, ledger: Ledger) -> Decided:
    """Let the last submission of a month count that is held, was withdrawn, or came after its window.

    Raises NotAsked if nothing waits for a confirmation, or the reason cannot be kept.
    """
    reason = _reason(why)
    events = ledger.events(of.provider)
    last = max(_with_rows(of, events), key=lambda outcome: outcome.receipt.seq, default=None)
    if last is None or may_count(last, joined_on(events), today_in_england()):
        raise NotAsked(
            f"Nothing of {of} waits for a confirmation. No submission of that month is held, withdrawn or late, or "
            "a later one counts. See parity status."
        )
    accepted = State(last.detail.get("outcome", last.state.value))
    kept = {name: value for name, value in last.detail.items() if name not in ("outcome", "held", "why")}
    ledger.record(last.receipt.submission_id, accepted, of, {**kept, "confirmed": reason})
    return _decided(of, accepted, [last], {"confirmed": reason}, zones, ledger)


def withdraw(of: ProviderMonth, why: str, zones: Zones, ledger: Ledger) -> Decided:
    """Take a month out of what counts, with everything received for it so far, until another file comes.

    An earlier file of the month does not take its place: the month is without a submission. Raises NotAsked if
    there is nothing to withdraw, or the reason cannot be kept.
    """
    reason = _reason(why)
    found = [o for o in _with_rows(of, ledger.events(of.provider)) if o.state is not State.WITHDRAWN]
    if not found:
        raise NotAsked(f"Nothing of {of} can be withdrawn: no submission of that month was accepted or is held.")
    for outcome in found:
        accepted = outcome.detail.get("outcome", outcome.state.value)
        kept = {name: value for name, value in outcome.detail.items() if name not in ("held", "confirmed")}
        ledger.record(
            outcome.receipt.submission_id, State.WITHDRAWN, of, {**kept, "outcome": accepted, "why": reason}
        )
    return _decided(of, State.WITHDRAWN, found, {"withdrawn": reason}, zones, ledger)


def _with_rows(of: ProviderMonth, events: Sequence[Outcome]) -> list[Outcome]:
    """The last conclusion of every submission of a month that the rules accept, in order of receipt."""
    return [each for each in concluded(events) if each.provider_month == of and each.state.has_rows]


def _decided(
    of: ProviderMonth,
    state: State,
    outcomes: Sequence[Outcome],
    decision: Mapping[str, str],
    zones: Zones,
    ledger: Ledger,
) -> Decided:
    """Keep the decision beside the files too, from which a lost ledger is made again, and say what it comes to.

    The reports of the site say it too.
    """
    events = ledger.events(of.provider)
    now = {event.receipt.submission_id: event for event in events}
    for outcome in outcomes:
        report = zones.site_reports / of.provider / month_text(of.month) / outcome.receipt.submission_id
        if (report / "report.json").exists():
            restate(report, stands(now[outcome.receipt.submission_id], events))
        folder = zones.received / outcome.receipt.submission_id
        if folder.is_dir():  # it may have been pruned
            durable.write(folder / DECIDED, json.dumps(decision))
    counting = {o.provider_month: o.receipt.submission_id for o in current(events, today_in_england())}
    return Decided(of, state, tuple(o.receipt.submission_id for o in outcomes), counting.get(of))


def _reason(why: str) -> str:
    """The reason as it is kept. The ledger keeps no value of a person."""
    return kept(why, "--why", "checked with the service")
