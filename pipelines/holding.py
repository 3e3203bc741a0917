"""Which accepted submissions are held: those that are thin or wrong beside what the service sent before.

Belongs here: what is compared with what, the thresholds (``holding.csv``), and what that says of a submission. Does
not belong here: when it is asked (``pipelines.load``), what a person decides about it (``pipelines.deciding``).

Only counts are compared, and all of them are in the ledger. So the same ledger gives the same answer at every later
check. A submission that has counted once is not held when it is checked again: a new rule is no thin file.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from statistics import median_low
from typing import Any

from pipelines.ledger import Ledger, Outcome, Receipt, State, concluded, counting_from, current, joined_on
from pipelines.verdict import Verdict
from schemas.dataset import TABLES
from schemas.month import ProviderMonth

Sizes = Mapping[str, int]
"""Accepted records by what they are: all records, people, contacts, scores, and each table by its id."""

REPLACED, MONTHS, ITSELF = "the submission it replaces", "its months before", "its own records"
# Of a service's own months, the last so many: half a year levels out a holiday and follows a service that grows.
MOST_MONTHS = 6
# Fewer than so many to none may be chance in a small service. From so many on, none is asked about.
_NONE_AFTER = 5
_IN_ALL: Mapping[str, tuple[str, ...]] = {
    "people": ("IDS001",),
    "contacts": ("IDS201",),
    "scores": ("IDS606", "IDS607", "SMI608"),
}
# Rules that reject a contact outside the month of the header.
_OF_ANOTHER_MONTH = ("IDS201-103", "IDS201-104")
_HEADER = "IDS000"
DECIDED = "decided.json"
"""The file beside a received submission with the last decision of a person: confirmed or withdrawn, and why."""


@dataclass(frozen=True)
class Doubt:
    """One reason to hold a submission: ``what`` has fallen from ``before`` to ``now``.

    ``months`` is how many months ``before`` is the median of; 0 where it is that of one submission.
    """

    what: str
    now: int
    before: int
    compared_with: str
    months: int = 0

    def as_row(self) -> dict[str, Any]:
        """The doubt for the ledger and a program."""
        return asdict(self)


@dataclass(frozen=True)
class Threshold:
    """A fall of more than ``share``, by at least ``fewer`` records, is asked about; from ``months`` months on."""

    share: float
    fewer: int
    months: int = 0

    def is_crossed(self, before: int, now: int) -> bool:
        """Whether the fall is one that is asked about."""
        return before - now > self.share * before and before - now >= self.fewer


@cache
def thresholds() -> Mapping[tuple[str, bool], Threshold]:
    """The thresholds by what is compared with, and whether it is about one table."""
    with (files("pipelines") / "holding.csv").open(encoding="utf-8") as file:
        return {
            (row["compared_with"], row["what"] == "a table"): Threshold(
                float(row["share"]), int(row["fewer"]), int(row["months"])
            )
            for row in csv.DictReader(file)
        }


def sizes(counts: Mapping[str, Mapping[str, int]]) -> Sizes:
    """The sizes of a submission from its counts per table (rows_in, accepted, rejected), the header left out."""
    tables = {name: of["accepted"] for name, of in counts.items() if name != _HEADER}
    in_all = {name: sum(tables.get(table, 0) for table in of) for name, of in _IN_ALL.items()}
    return {"records": sum(tables.values())} | in_all | tables


def doubts(
    counts: Mapping[str, Mapping[str, int]],
    rules: Mapping[str, int],
    replaced: Sizes | None = None,
    months: Sequence[Sizes] = (),
) -> list[Doubt]:
    """Every reason to hold a submission with these counts and findings per rule; empty for one that stands.

    ``replaced`` are the sizes of the submission that it would replace, ``months`` those of the service's months
    before. A submission without a record is held whatever was before.
    """
    now = sizes(counts)
    found = list(_of_itself(counts, rules))
    if replaced is not None:
        found += _falls(now, replaced, REPLACED, 0)
    if months:
        names = {name for each in months for name in each}
        # The lower of the two in the middle: with an even number of months the test is not the stricter one.
        before = {name: median_low(each.get(name, 0) for each in months) for name in names}
        found += _falls(now, before, MONTHS, len(months))
    return found


def _of_itself(counts: Mapping[str, Mapping[str, int]], rules: Mapping[str, int]) -> Iterator[Doubt]:
    if not any(counts[name]["rows_in"] for name in counts if name != _HEADER):
        yield Doubt("records", 0, 0, ITSELF)
    contacts = counts.get("IDS201", {}).get("rows_in", 0)
    outside = min(contacts, sum(rules.get(rule, 0) for rule in _OF_ANOTHER_MONTH))
    own_month = Threshold(0.5, thresholds()[MONTHS, False].fewer)
    if own_month.is_crossed(contacts, contacts - outside):
        yield Doubt("contacts dated in the month", contacts - outside, contacts, ITSELF)


def _falls(now: Sizes, before: Sizes, compared_with: str, months: int) -> Iterator[Doubt]:
    for name in ("records", *_IN_ALL, *TABLES):
        then, left, is_table = before.get(name, 0), now.get(name, 0), name in TABLES
        threshold = thresholds()[compared_with, is_table]
        is_none_now = not is_table and not left and then >= _NONE_AFTER
        if months >= threshold.months and (is_none_now or threshold.is_crossed(then, left)):
            what = f"rows of {TABLES[name].name}" if is_table else name
            yield Doubt(what, left, then, compared_with, months)


def compared(verdict: Verdict, receipt: Receipt, events: Sequence[Outcome]) -> list[Doubt]:
    """The reasons to hold an accepted submission, by what the ledger has of its provider (``events``).

    It is compared with submissions received before it, whatever was processed first. Empty if it has counted
    before.
    """
    of = verdict.header.provider_month
    if not verdict.state.is_accepted or of is None or _has_counted(receipt, events):
        return []
    return _doubts_of(verdict.counts, verdict.rules, of, receipt, events)


def settled(verdict: Verdict, receipt: Receipt, events: Sequence[Outcome]) -> tuple[State, dict[str, Any]]:
    """The state and the detail to record for an accepted submission.

    What a person has decided about it stays: one that was withdrawn is withdrawn, one that was confirmed counts.
    """
    detail, decided = verdict.detail(), _decided(receipt, events)
    if decided is not None and decided.state is State.WITHDRAWN:
        return State.WITHDRAWN, detail | {"outcome": verdict.state.value, "why": decided.detail.get("why")}
    if decided is not None:
        return verdict.state, detail | {"confirmed": decided.detail["confirmed"]}
    return _state(verdict.state, detail, compared(verdict, receipt, events))


def standing(verdict: Verdict, receipt: Receipt, events: Sequence[Outcome]) -> dict[str, Any]:
    """What a site's report says of a submission beyond its rules (``stands``); empty if the rules reject it."""
    of = verdict.header.provider_month
    if not verdict.state.is_accepted or of is None:
        return {}
    state, detail = settled(verdict, receipt, events)
    return stands(Outcome(receipt, state, of, detail), events)


def stands(outcome: Outcome, events: Sequence[Outcome]) -> dict[str, Any]:
    """Whether a submission that the rules accept counts, and from which day.

    ``state``, ``held`` (the doubts as rows), ``why`` (the reason of a person who decided, else None), ``is_late``,
    and ``counts_from``: a day, or None where no window takes it any more.
    """
    since = counting_from(outcome, joined_on([*events, outcome]))
    return {
        "state": outcome.state.value,
        "held": outcome.detail.get("held", []),
        "why": outcome.detail.get("confirmed", outcome.detail.get("why")),
        "is_late": since != outcome.receipt.received_on,
        "counts_from": since.isoformat() if since else None,
    }


def overtaken(receipt: Receipt, events: Sequence[Outcome]) -> Iterator[Outcome]:
    """Submissions received after this one and judged before it was checked, that are judged otherwise beside it.

    Empty unless ``receipt`` has only just been accepted: in every other case they were compared with it. So the
    order of processing cannot matter.
    """
    mine = [event for event in events if event.receipt.seq == receipt.seq and event.state.is_concluded]
    if len(mine) != 1:
        return
    known = list(events)
    for outcome in (each for each in concluded(events) if each.receipt.seq > receipt.seq):
        if not outcome.state.has_rows or _decided(outcome.receipt, known) is not None:
            continue
        now = _judged(_as_accepted(outcome), known)
        if (now.state, now.detail.get("held")) != (outcome.state, outcome.detail.get("held")):
            known.append(now)
            yield now


def _as_accepted(outcome: Outcome) -> Outcome:
    """The outcome by the rules alone."""
    detail = {name: value for name, value in outcome.detail.items() if name not in ("held", "outcome")}
    return replace(outcome, state=State(outcome.detail.get("outcome", outcome.state.value)), detail=detail)


def _judged(accepted: Outcome, events: Sequence[Outcome]) -> Outcome:
    """An accepted outcome as what it is beside the others: accepted or held."""
    assert accepted.provider_month is not None, "an accepted submission has a provider and month"
    counts, rules = accepted.detail.get("counts", {}), accepted.detail.get("rules", {})
    found = _doubts_of(counts, rules, accepted.provider_month, accepted.receipt, events)
    state, detail = _state(accepted.state, accepted.detail, found)
    return replace(accepted, state=state, detail=detail)


def record(verdict: Verdict, receipt: Receipt, ledger: Ledger) -> State:
    """Record an accepted submission as what it is: accepted, held or withdrawn. Gives that state.

    To be called by one process at a time for a provider.
    """
    of = verdict.header.provider_month
    assert of is not None, "an accepted submission has a provider and month"
    events = ledger.events(of.provider)
    state, detail = settled(verdict, receipt, events)
    ledger.record(receipt.submission_id, state, of, detail)
    if any(event.receipt.seq > receipt.seq for event in events):
        for other in overtaken(receipt, ledger.events(of.provider)):
            ledger.record(other.receipt.submission_id, other.state, other.provider_month, other.detail)
    return state


def replayed(outcomes: Iterable[Outcome], decisions: Mapping[str, Mapping[str, str]]) -> list[Outcome]:
    """Outcomes of a lost ledger, in order of receipt, with those held that are thin beside the ones before.

    ``decisions`` has what persons decided, by submission id (``DECIDED``).
    """
    done: list[Outcome] = []
    of_provider: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        of = outcome.provider_month
        if outcome.state.is_accepted and of is not None:
            before = of_provider.setdefault(of.provider, [])
            outcome = _replayed(outcome, before, decisions.get(outcome.receipt.submission_id, {}))
            before.append(outcome)
        done.append(outcome)
    return done


def _replayed(outcome: Outcome, before: Sequence[Outcome], decided: Mapping[str, str]) -> Outcome:
    if "confirmed" in decided:
        return replace(outcome, detail={**outcome.detail, "confirmed": decided["confirmed"]})
    if "withdrawn" in decided:
        withdrawn = {"outcome": outcome.state.value, "why": decided["withdrawn"]}
        return replace(outcome, state=State.WITHDRAWN, detail={**outcome.detail, **withdrawn})
    return _judged(outcome, before)


def _state(accepted: State, detail: Mapping[str, Any], found: Iterable[Doubt]) -> tuple[State, dict[str, Any]]:
    rows = [doubt.as_row() for doubt in found]
    return (State.HELD, {**detail, "outcome": accepted.value, "held": rows}) if rows else (accepted, dict(detail))


def _doubts_of(
    counts: Mapping[str, Mapping[str, int]],
    rules: Mapping[str, int],
    of: ProviderMonth,
    receipt: Receipt,
    events: Sequence[Outcome],
) -> list[Doubt]:
    counting = counting_before(of, receipt, events)
    by_month = {month: sizes(one.detail.get("counts", {})) for month, one in counting.items()}
    before = sorted(month for month in by_month if month < of.month)[-MOST_MONTHS:]
    return doubts(counts, rules, by_month.get(of.month), [by_month[month] for month in before])


def counting_before(of: ProviderMonth, receipt: Receipt, events: Sequence[Outcome]) -> dict[date, Outcome]:
    """By month, the submissions of a provider that counted when this one was received."""
    earlier = current([event for event in events if event.receipt.seq < receipt.seq], receipt.received_on)
    return {
        one.provider_month.month: one
        for one in earlier
        if one.provider_month and one.provider_month.provider == of.provider
    }


def _decided(receipt: Receipt, events: Iterable[Outcome]) -> Outcome | None:
    """The last decision of a person about this receipt: withdrawn or confirmed."""
    mine = [event for event in events if event.receipt.seq == receipt.seq]
    return next((e for e in reversed(mine) if e.state is State.WITHDRAWN or "confirmed" in e.detail), None)


def _has_counted(receipt: Receipt, events: Iterable[Outcome]) -> bool:
    mine = [event for event in events if event.receipt.seq == receipt.seq and event.state.has_rows]
    return bool(mine) and mine[-1].state.is_accepted
