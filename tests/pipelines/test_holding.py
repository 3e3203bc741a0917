"""What is held: a thin or wrong file beside what the service sent before, and nothing that is as usual."""

import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demonstration.writing import write_submissions
from pipelines.holding import ITSELF, MONTHS, REPLACED, Doubt, Sizes, doubts, record, sizes, thresholds
from pipelines.ledger import State
from pipelines.verdict import Verdict
from schemas.month import last_day
from schemas.versions import Version
from tests.campaign import examples, is_whole
from tests.fixtures.list_ledger import ListLedger
from transforms.submission import Header

Counts = Mapping[str, Mapping[str, int]]


def counts(rejected: int = 0, **accepted: int) -> Counts:
    """Counts of a submission by table, all accepted; ``rejected`` contacts more were not."""
    found = {"IDS000": 1, **accepted}
    return {
        table: {"rows_in": n + (rejected if table == "IDS201" else 0), "accepted": n, "rejected": 0}
        for table, n in found.items()
    }


USUAL = counts(IDS001=100, IDS101=100, IDS201=200, IDS606=150, IDS607=50, SMI501=40)


def said(now: Counts, replaced: Counts | None = None, *months: Counts) -> list[tuple[str, int, int, str]]:
    found = doubts(now, {}, sizes(replaced) if replaced else None, [sizes(month) for month in months])
    return [(doubt.what, doubt.now, doubt.before, doubt.compared_with) for doubt in found]


def test_the_sizes_leave_out_the_header_and_what_was_rejected() -> None:
    found: Sizes = sizes(counts(rejected=7, IDS001=3, IDS201=2, IDS606=5, IDS607=1))
    assert found == {
        "records": 11, "people": 3, "contacts": 2, "scores": 6, "IDS001": 3, "IDS201": 2, "IDS606": 5, "IDS607": 1
    }  # fmt: skip


def test_the_first_month_of_a_service_has_nothing_to_be_compared_with() -> None:
    assert said(counts(IDS001=1, IDS101=1)) == []


def test_what_is_as_usual_or_more_stands() -> None:
    assert said(USUAL, USUAL, USUAL, USUAL) == []
    assert said(counts(IDS001=900, IDS201=2000, IDS606=1000), counts(IDS001=90, IDS201=200, IDS606=100)) == []


@pytest.mark.parametrize(("people", "is_held"), [(100, False), (70, False), (69, True), (10, True), (0, True)])
def test_beside_the_submission_it_replaces_a_third_less_is_asked_about(people: int, is_held: bool) -> None:
    found = said(counts(IDS001=people, IDS201=200), counts(IDS001=100, IDS201=200))
    assert (("people", people, 100, REPLACED) in found) is is_held


@pytest.mark.parametrize(("people", "is_held"), [(69, False), (50, False), (49, True)])
def test_beside_its_own_months_half_is_asked_about(people: int, is_held: bool) -> None:
    found = said(counts(IDS001=people, IDS201=200), None, counts(IDS001=100, IDS201=200))
    assert (("people", people, 100, MONTHS) in found) is is_held


@pytest.mark.parametrize(
    ("now", "before", "is_held"), [(3, 5, False), (1, 10, False), (0, 4, False), (0, 5, True), (2, 12, True)]
)
def test_a_small_service_is_not_asked_about_chance(now: int, before: int, is_held: bool) -> None:
    """Fewer than ten less is chance, but none where there were five is not."""
    found = said(counts(IDS001=1, IDS201=now), counts(IDS001=1, IDS201=before))
    assert ("contacts" in [what for what, *_ in found]) is is_held


def test_the_median_of_the_months_levels_out_a_single_one() -> None:
    few, many = counts(IDS001=10, IDS201=20), counts(IDS001=100, IDS201=200)
    assert said(few, None, many, many, few) != []
    assert said(many, None, few, many, many) == said(few, None, few, few, many) == []


def test_a_single_table_is_compared_with_three_months_or_more() -> None:
    """One month may have the answers of a year to a questionnaire that is asked once."""
    less = counts(IDS001=100, IDS101=100, IDS201=200, IDS606=150, IDS607=50, SMI501=9)
    assert said(less, None, USUAL, USUAL) == []
    assert said(less, None, USUAL, USUAL, USUAL) == [("rows of SMI501ServiceUse", 9, 40, MONTHS)]
    assert said(less, USUAL) == [("rows of SMI501ServiceUse", 9, 40, REPLACED)]


def test_a_table_that_is_missing_is_one_without_rows() -> None:
    without = {table: n for table, n in USUAL.items() if table != "SMI501"}
    assert said(without, USUAL) == [("rows of SMI501ServiceUse", 0, 40, REPLACED)]


def test_a_submission_without_a_record_is_held_even_if_it_is_the_first() -> None:
    assert doubts(counts(), {}) == [Doubt("records", 0, 0, ITSELF)]
    assert doubts(counts(IDS001=0, IDS101=0), {}) == [Doubt("records", 0, 0, ITSELF)]


@pytest.mark.parametrize(("outside", "is_held"), [(0, False), (20, False), (21, True), (40, True)])
def test_the_contacts_of_another_month_are_asked_about(outside: int, is_held: bool) -> None:
    """They are rejected one by one, so that only the rules say it; here of the first month of a service."""
    found = doubts(counts(outside, IDS001=20, IDS201=40 - outside), {"IDS201-103": outside})
    assert found == ([Doubt("contacts dated in the month", 40 - outside, 40, ITSELF)] if is_held else [])


def verdict(month: date, people: int) -> Verdict:
    header = Header("RW5", month, last_day(month), Version.IAPT_2_0)
    return Verdict(State.ACCEPTED, header, counts(IDS001=people, IDS201=2 * people), {}, {})


arrivals = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4]), st.sampled_from([5, 8, 40, 45, 100])), min_size=2, max_size=6
)


@settings(max_examples=examples(50))
@given(arrivals, st.randoms(use_true_random=False))
def test_in_any_order_of_processing_the_same_are_held(arrived: list[tuple[int, int]], draw: random.Random) -> None:
    """Months of 2025 and their people, received in this order and processed in another one."""
    outcomes = []
    for order in (range(len(arrived)), draw.sample(range(len(arrived)), len(arrived))):
        ledger = ListLedger()
        verdicts = [verdict(date(2025, month, 1), people) for month, people in arrived]
        receipts = [ledger.receive(f"{n:016d}" * 4, 1, v.header.provider_month) for n, v in enumerate(verdicts)]
        for place in order:
            record(verdicts[place], receipts[place], ledger)
        outcomes.append([(outcome.state, outcome.detail.get("held")) for outcome in ledger.outcomes()])
    assert outcomes[0] == outcomes[1]


def test_every_threshold_has_its_source() -> None:
    assert set(thresholds()) == {(kind, of) for kind in (REPLACED, MONTHS) for of in (True, False)}
    lines = (Path(__file__).parents[2] / "pipelines" / "holding.csv").read_text().splitlines()[1:]
    assert all(line.endswith('(decision 0039)"') for line in lines)


def test_no_month_of_the_demonstration_is_held(tmp_path: Path) -> None:
    """An honest month is not asked about: made-up services of all sizes, each month beside the six before."""
    providers, months = (60, 12) if is_whole() else (12, 5)
    write_submissions(tmp_path, providers=providers, months=months, start=date(2025, 4, 1), seed=1)
    held, by_provider = [], {}
    for folder in sorted(path for path in tmp_path.iterdir() if path.is_dir()):
        rows = {file.stem[:6]: file.read_bytes().count(b"\n") - 1 for file in folder.glob("*.csv")}
        now, before = (
            counts(**{t: n for t, n in rows.items() if t != "IDS000"}),
            by_provider.setdefault(folder.name[:-8], []),
        )
        held += [(folder.name, doubt) for doubt in doubts(now, {}, None, before[-6:])]
        before.append(sizes(now))
    assert len(by_provider) == providers
    assert held == []
