"""The centre's board: how every expected month stands, whom to write to, and what moved since the last release."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.board import Word, overview
from pipelines.chasing import to_chase, touched
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, USAGE
from pipelines.expecting import Listed, expected
from pipelines.keys import spine_key
from pipelines.ledger import Outcome, Receipt, State, open_ledger, sent
from pipelines.load import load
from pipelines.overseeing import Overseen
from reports.dataset.rule_pages import in_force
from reports.pages.board import page_of
from reports.templating import MOST_BYTES
from schemas.errors import CatalogueError
from schemas.month import ProviderMonth, months_between
from tests.campaign import examples
from tests.fixtures import shared
from tests.fixtures.release import loaded_and_published
from tests.fixtures.submission import submission
from tests.references import board as slow

MONTHS = months_between(date(2025, 1, 1), date(2025, 10, 1))
days = st.dates(date(2025, 2, 1), date(2026, 6, 30))
arrivals = st.lists(
    st.builds(
        slow.Arrival,
        st.sampled_from(["RV5", "RW5"]),
        st.sampled_from(MONTHS),
        days,
        st.sampled_from([state.value for state in State]),
    ),
    max_size=6,
)


def events_of(found: list[slow.Arrival]) -> list[Outcome]:
    """What a ledger has of these arrivals, in the order of receipt."""
    events = []
    for number, each in enumerate(found, start=1):
        of = ProviderMonth(each.provider, each.month)
        receipt = Receipt(number, f"{number:016x}", f"{number:064x}", f"{each.day}T12:00:00+00:00", named=of)
        events.append(Outcome(receipt, State.RECEIVED, of, {}))
        if each.state != State.RECEIVED.value:
            if each.state in ("held", "withdrawn"):  # both were accepted by the rules
                events.append(Outcome(receipt, State(each.state), of, {"why": "a reason", "held": []}))
            else:
                events.append(Outcome(receipt, State(each.state), of, {}))
    return events


@settings(max_examples=examples(100))
@given(
    arrivals,
    days,
    st.dictionaries(
        st.sampled_from(["RV5", "RXX"]), st.tuples(st.sampled_from(MONTHS), st.none() | st.sampled_from(MONTHS))
    ),
    st.dictionaries(st.sampled_from(["RV5", "RW5", "RXX"]), days),
)
def test_the_board_is_that_of_the_slow_reference(
    found: list[slow.Arrival], on: date, by_list: dict[str, tuple[date, date | None]], ends: dict[str, date]
) -> None:
    found = sorted((each for each in found if each.day <= on), key=lambda each: each.day)
    events = events_of(found)
    listed = [Listed(provider, *span) for provider, span in by_list.items()]
    rows = overview(events, on, expected(sent(events), on, listed, ends), {})
    assert {
        (row.month.provider_month.provider, row.month.provider_month.month): row.word.value for row in rows
    } == slow.board(found, on, by_list, ends)
    for row in rows:
        assert row.closes == slow.closing(row.month.provider_month.month)
        assert row.days_left == (row.closes - on).days
        assert (row.word in (Word.ACCEPTED, Word.REFRESHED)) <= (row.month.counts == row.month.latest)
    assert {each.provider for each in to_chase(rows, on)} == {
        row.month.provider_month.provider
        for row in rows
        if row.word.value in ("not received", "rejected", "failed", "held", "withdrawn")
        or (row.word is Word.OPEN and row.days_left <= 7)
    }


@pytest.mark.parametrize(
    ("month", "stock"),
    [
        (date(2025, 4, 1), "April 2025"),
        (date(2025, 6, 1), "June 2025, the quarter April to June 2025"),
        (date(2026, 3, 1), "March 2026, the quarter January to March 2026, the financial year 2025-26"),
    ],
)
def test_a_missing_month_touches_its_quarter_and_year_and_stocks_where_it_is_the_last(
    month: date, stock: str
) -> None:
    found = touched(month)
    assert found[2] == "the financial year 2025-26" and found[-1].endswith(f": {stock}")
    assert f"{month:%B %Y}" in found[0] and found[0] in found[3]


@pytest.fixture
def june(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> date:
    """It is the 26th of June 2025: the window of May has four days left."""
    today = date(2025, 6, 26)
    monkeypatch.setenv(shared.FOLDER, str(tmp_path_factory.mktemp("june")))  # not the releases made today
    monkeypatch.setattr("pipelines.ledger.sql._now", lambda: "2025-06-26T12:00:00+00:00")
    # The ledger last: a module that is imported meanwhile would keep the day beyond the test.
    for module in ("overseeing", "deciding", "ledger"):
        monkeypatch.setattr(f"pipelines.{module}.today_in_england", lambda: today)
    return today


def test_a_real_ledger_on_a_plain_terminal_as_json_as_mails_and_as_a_page(
    tmp_path: Path, home: Path, few_measures: None, june: date, capfd: pytest.CaptureFixture[str]
) -> None:
    found = loaded_and_published(tmp_path)
    ledger = open_ledger(found.ledger)
    load(submission(tmp_path / "bad", "RV5", IDS000Header=None), found, ledger, spine_key())
    (home / "expected.csv").write_text("provider,first_month,last_month,why\nRXX,2025-05,,Commissioned in May\n")
    capfd.readouterr()

    assert _run(["status", "--page"]) == CLEAN
    shown = capfd.readouterr().out
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines()[:-2])) <= 80  # then come paths
    assert re.search(r"^        2025\n        Apr May\nRV5     x   o\nRW5     a   o\nRXX         o$", shown, re.M)
    assert "May 2025: 4 days left, until 30 June 2025. 0 of 3 providers have a file that" in shown
    assert re.search(r"RV5 Apr 2025: rejected: GATE-[A-Z-]+: ", shown)
    assert "To write to: RV5, RW5, RXX." in shown and "Not compared with one before: it is the first" in shown

    assert _run(["status", "--json"]) == CLEAN
    said = json.loads(capfd.readouterr().out)
    words = {(row["provider"], row["month"]): row["word"] for row in said["board"]}
    assert words == {
        ("RV5", "2025-04"): "rejected", ("RV5", "2025-05"): "window open", ("RW5", "2025-04"): "accepted",
        ("RW5", "2025-05"): "window open", ("RXX", "2025-05"): "window open",
    }  # fmt: skip
    assert all(("touches" in row) == (row["counts"] is None) for row in said["board"])
    assert (said["on"], said["release"]["waiting"], said["release"]["version"]) == ("2025-06-26", [], "1.0.0")

    assert _run(["mails", "rv5"]) == CLEAN
    mail = capfd.readouterr().out
    assert mail.startswith("Subject: RV5: April 2025 and 1 other month for Parity")
    assert "April 2025: your last file was rejected. GATE-" in mail
    assert "May 2025: we have nothing from you yet. Please send it by 30 June 2025: 4 days left." in mail
    assert "- the quarter April to June 2025" in mail
    assert _run(["mails", "RZZ"]) == CLEAN
    assert capfd.readouterr().out == "Nothing of RZZ is missing.\n"

    page = (home / "centre" / "board.html").read_text(encoding="utf-8")
    assert (home / "centre" / "board.html").stat().st_mode & 0o077 == 0
    assert "<strong>rejected</strong>" in page and "window open" in page and "Subject: RV5" in page

    # A file more waits for the next release.
    load(submission(tmp_path / "more", "RXX", "2025-05"), found, ledger, spine_key())
    assert _run(["status"]) == CLEAN
    assert "Not in it yet: RXX_2025-05. parity publish makes the next one." in capfd.readouterr().out

    (home / "expected.csv").write_text("provider,first_month,last_month,why\nrw5,May,,\n")
    assert _run(["status"]) == CatalogueError.exit_status != USAGE
    assert "row 2: provider 'rw5'" in capfd.readouterr().err


def test_the_page_of_200_providers_of_which_all_is_missing_is_small_enough() -> None:
    """And what a rule or a reason says is text in it, never markup."""
    on = date(2026, 6, 26)
    months = months_between(date(2025, 6, 1), date(2026, 5, 1))
    providers = [f"R{number:04}" for number in range(200)]
    rows = overview([], on, {ProviderMonth(p, month) for p in providers for month in months}, in_force())
    seen = Overseen(on, rows, [], to_chase(rows, on), None)
    page = page_of(months, seen.as_json())
    assert len(page.text.encode()) < MOST_BYTES
    assert page.text.count("not received") > 2_000 and "140 more" in page.text
    assert "plans.html" not in page.text
    assert 'href="plans.html"' in page_of(months, seen.as_json(), has_plans=True).text
    withdrawn = [
        Outcome(Receipt(1, "a", "b" * 64, "2026-06-01T12:00:00+00:00"), State.WITHDRAWN, ProviderMonth("RW5", months[-1]), {"why": "<b>x</b>"})
    ]  # fmt: skip
    rows = overview(withdrawn, on, set(), {})
    seen = Overseen(on, rows, [], to_chase(rows, on), None)
    assert "<b>x" not in page_of(months, seen.as_json()).text


def test_an_attempt_without_a_name_leaves_the_board_when_something_is_received_after_it(
    tmp_path: Path, home: Path, june: date, capfd: pytest.CaptureFixture[str]
) -> None:
    from pipelines.zones import zones

    found = zones(home)
    ledger = open_ledger(found.ledger)
    ledger.attempted("attempt-0000", None, "2025-06-01T12:00:00+00:00", {"error": "OSError"})
    assert _run(["status"]) == CLEAN
    assert "Not assigned to a provider and month: receipt attempt-0000, failed" in capfd.readouterr().out
    load(submission(tmp_path), found, ledger, spine_key())
    assert _run(["status"]) == CLEAN
    assert "attempt-0000" not in capfd.readouterr().out
