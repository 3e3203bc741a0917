"""Whatever order things are written in, the ledger agrees with a slow one in plain lists on what counts."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import permutations

import pytest

from pipelines.board import overview
from pipelines.ledger import STEPS, Ledger, State, StepRefused, today_in_england
from schemas.month import ProviderMonth, month_text
from tests.campaign import examples, is_whole
from tests.fixtures.ledger import KeptLedger
from tests.references.ledger import Place, SlowLedger

PLACES = [(provider, month) for provider in ("RV5", "RW5") for month in ("2025-04", "2025-05")]
OUTCOMES = [state for state in State if state is not State.RECEIVED]


def of(place: Place | None) -> ProviderMonth | None:
    return ProviderMonth(place[0], date.fromisoformat(f"{place[1]}-01")) if place else None


class Both:
    """The ledger and the slow one, told the same."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.slow = ledger, SlowLedger()

    def receive(self, content: str, claim: Place | None) -> str:
        receipt = self.ledger.receive(content * 64, 1, of(claim))
        assert self.slow.receive(content * 64, claim) == receipt.submission_id
        return receipt.submission_id

    def attempted(self, name: str, claim: Place | None) -> None:
        """An arrival that could not be copied."""
        self.ledger.attempted(name, of(claim), "2026-05-06T09:30:00+00:00", {"error": "OSError"})
        self.slow.attempted(name, claim)

    def record(self, name: str, state: State, place: Place | None) -> None:
        """Record a state, unless it does not follow: then nothing changes."""
        if state not in STEPS[self.ledger.outcome(name).state]:
            with pytest.raises(StepRefused):
                self.ledger.record(name, state, of(place), {})
            return
        self.ledger.record(name, state, of(place), {})
        self.slow.record(name, state.value, place)

    def said(self) -> tuple[object, ...]:
        """What the ledger says counts, its board, and what counts on the board but not in the slow ledger."""
        current = self.ledger.current_submissions()
        cells = [each.month for each in overview(self.ledger.events(), today_in_england(), (), {})]
        counting = {_place(cell.provider_month): cell.counts for cell in cells if cell.counts}.items()
        return (
            {_place(o.provider_month): o.receipt.submission_id for o in current},
            {_place(cell.provider_month): (cell.state, cell.submissions, cell.latest) for cell in cells},
            counting - self.slow.counting().items(),
        )

    def expected(self) -> tuple[object, ...]:
        """The same of the slow ledger. On the board nothing counts that does not count."""
        return self.slow.counting(), self.slow.board(), set()


def _place(provider_month: ProviderMonth | None) -> Place:
    assert provider_month is not None
    return provider_month.provider, month_text(provider_month.month)


def process(both: Both, draw: random.Random) -> list[Callable[[], None]]:
    """What one process does, in its order: a file arrives, is checked, perhaps fails, is checked again, withdrawn …"""
    content, claim = draw.choice("abcde"), draw.choice([*PLACES, None])
    header = claim or draw.choice(PLACES)
    names: list[str] = []
    steps: list[Callable[[], None]] = [lambda: names.append(both.receive(content, claim))]
    if draw.random() < 0.4:  # the first time it cannot be copied; or another of that name cannot
        attempt = f"attempt-{draw.getrandbits(32):08x}"
        steps.insert(draw.randint(0, 1), lambda: both.attempted(attempt, claim))
    for state in draw.choices(OUTCOMES, k=draw.randint(0, 3)):
        place = None if state is State.FAILED else draw.choice([header, header, claim])
        steps.append(lambda state=state, place=place: both.record(names[0], state, place))  # type: ignore[misc]
    return steps


@pytest.mark.parametrize("seed", range(examples(2)))
def test_interleaved_processes_leave_what_the_slow_ledger_says(
    new_ledger: Callable[[], KeptLedger], seed: int
) -> None:
    """25 interleavings of three to five processes for each seed: 1,000 in a campaign, for each database."""
    draw = random.Random(seed)
    for _ in range(25 if is_whole() else 6):
        both = Both(new_ledger().open())
        processes = [process(both, draw) for _ in range(draw.randint(3, 5))]
        while processes:
            one = draw.choice(processes)
            one.pop(0)()
            processes = [each for each in processes if each]
        assert both.said() == both.expected()
        both.ledger.verify({})  # raises LedgerBroken if a row does not follow from the one before it


FIVE = [
    ("a", State.ACCEPTED), ("b", State.FILE_REJECTED), ("c", State.ACCEPTED_WITH_WARNINGS),
    ("d", State.FAILED), ("e", State.ACCEPTED_WITH_REJECTIONS),
]  # fmt: skip


def test_five_outcomes_in_any_order_give_one_answer(new_ledger: Callable[[], KeptLedger]) -> None:
    """Received in one order, checked in all 120: the last received that is accepted counts."""
    orders = list(permutations(range(5)))
    for order in orders if is_whole() else orders[::20]:
        both = Both(new_ledger().open())
        names = [both.receive(content, PLACES[0] if content != "e" else PLACES[1]) for content, _ in FIVE]
        for number in order:
            state = FIVE[number][1]
            both.record(names[number], state, None if state is State.FAILED else PLACES[number == 4])
        assert both.said() == both.expected()
        assert both.slow.counting() == {PLACES[0]: names[2], PLACES[1]: names[4]}


def test_many_writers_at_once_lose_nothing(kept: KeptLedger) -> None:
    """Each opens the ledger anew, as processes do; the first ones make it at once."""

    def work(number: int) -> str:
        name = kept.open().receive(f"{number:064x}"[::-1], 1, of(PLACES[0])).submission_id
        kept.open().record(name, State.ACCEPTED, of(PLACES[0]), {})
        return name

    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(work, range(examples(16))))
    ledger = kept.open()
    assert sorted(o.receipt.submission_id for o in ledger.outcomes()) == sorted(names)
    assert {o.state for o in ledger.outcomes()} == {State.ACCEPTED}
    assert ledger.verify({}, in_full=True).entries == 2 * len(names)
    assert [o.receipt.seq for o in ledger.current_submissions()] == [len(names)]
