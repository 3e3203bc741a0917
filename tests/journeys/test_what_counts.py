"""Thin, wrong and late files: they are held or wait, and a person decides; good months stay."""

import itertools
import json
from datetime import date
from pathlib import Path

import pytest

from pipelines import load as loading
from pipelines import publish
from pipelines.cli import _run
from pipelines.commands.app import CLEAN, HELD, USAGE
from pipelines.keys import spine_key
from pipelines.ledger import Outcome, Receipt, State, current, joined_on, open_ledger
from pipelines.ledger.rebuild import rebuild
from pipelines.load import load, receive, reprocess
from pipelines.zones import Zones, zones
from schemas.month import ProviderMonth
from tests.fixtures.submission import RIGHT, submission

APRIL, MAY = ProviderMonth("RW5", date(2025, 4, 1)), ProviderMonth("RW5", date(2025, 5, 1))
WHY = "checked with the service"


def of_size(root: Path, people: int, month: str = "2025-04", provider: str = "RW5") -> Path:
    """A right submission of so many patients, each with a practice and a referral."""
    heads = {name: text.splitlines()[0] for name, text in RIGHT.items()}
    patients = [f"P{n},{provider},QE1,{nhs_number(n)},01,1980-06-15,LA1 4YW,2,A,,en," for n in range(people)]
    practices = [f"P{n},A81001,2020-01-01,,QE1" for n in range(people)]
    referrals = [f"R{n},P{n},QE1,{month}-02,B1,,,," for n in range(people)]
    rows = {"IDS001MPI": patients, "IDS002GP": practices, "IDS101Referral": referrals}
    changed: dict[str, str | None] = {name: "\n".join([heads[name], *lines]) + "\n" for name, lines in rows.items()}
    return submission(root / str(people), provider, month, **changed)


def nhs_number(number: int) -> str:
    """The one of this number in the range that is never issued, some numbers left out that have no check digit."""
    for digits in (f"999{place:06d}" for place in range(11 * number, 11 * number + 11)):
        check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return digits + str(check % 11)
    raise AssertionError(number)


def loaded(path: Path, found: Zones) -> State:
    return load(path, found, open_ledger(found.ledger), spine_key()).state


def counting(found: Zones) -> dict[str, int]:
    """People of the submission that counts, by month."""
    return {
        f"{one.provider_month.month:%Y-%m}": one.detail["counts"]["IDS001"]["accepted"]
        for one in open_ledger(found.ledger).current_submissions()
        if one.provider_month
    }


def board(capfd: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capfd.readouterr()
    assert _run(["status", "--json"]) == CLEAN
    return {row["month"]: row for row in json.loads(capfd.readouterr().out)["board"]}


def test_a_thin_file_is_held_and_the_full_one_counts_until_a_person_decides(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    assert loaded(of_size(tmp_path, 40), found) is State.ACCEPTED
    thin = of_size(tmp_path, 4)
    assert _run(["load", str(thin)]) == HELD
    assert "1 held" in (said := capfd.readouterr().out) and "until it is confirmed" in said
    assert loaded(thin, found) is State.HELD  # the same bytes again: still held, and no new receipt
    assert counting(found) == {"2025-04": 40}
    assert [len(open_ledger(found.ledger).outcomes()), len(publish.current_submissions(found, open_ledger(found.ledger)))] == [2, 1]  # fmt: skip
    held = board(capfd)["2025-04"]
    assert (held["state"], held["counts"] != held["latest"]) == ("held", True)
    assert "4 people, 40 in the submission it replaces" in str(held["waits"])
    (report,) = found.site_reports.glob(f"RW5/2025-04/{held['latest']}/report.json")
    verdict, page = json.loads(report.read_text()), report.with_name("report.html").read_text()
    assert (verdict["outcome"], verdict["standing"]["state"]) == ("accepted", "held")
    assert "Held: it does not count yet." in page and "4 people, 40 in the submission it replaces" in page

    assert _run(["confirm", "rw5", "2025-04", "--why", WHY, "--json"]) == CLEAN
    assert json.loads(capfd.readouterr().out)["counts"] == held["latest"]
    assert counting(found) == {"2025-04": 4}
    assert open_ledger(found.ledger).outcome(str(held["latest"])).detail["confirmed"] == WHY
    assert f"The centre has confirmed it: {WHY}." in report.with_name("report.html").read_text()
    assert json.loads(report.read_text())["standing"]["state"] == "accepted"
    assert _run(["confirm", "RW5", "2025-04", "--why", WHY]) == USAGE  # nothing waits any more
    assert board(capfd)["2025-04"]["waits"] == ""


def test_a_fuller_file_stands_beside_one_that_is_held(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    states = [loaded(of_size(tmp_path, people), found) for people in (40, 4, 39)]
    assert states == [State.ACCEPTED, State.HELD, State.ACCEPTED]
    assert counting(found) == {"2025-04": 39}


def test_a_month_far_below_the_months_before_is_held_without_an_earlier_file(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    assert loaded(of_size(tmp_path, 40), found) is State.ACCEPTED
    assert loaded(of_size(tmp_path, 5, "2025-05"), found) is State.HELD
    assert loaded(of_size(tmp_path, 30, "2025-06"), found) is State.ACCEPTED
    assert counting(found) == {"2025-04": 40, "2025-06": 30}


def test_an_empty_return_is_held_until_confirmed(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    nothing = {name: text.splitlines()[0] + "\n" for name, text in RIGHT.items() if name != "IDS000Header"}
    path = submission(tmp_path, **nothing)
    assert loaded(path, found) is State.HELD
    assert counting(found) == {}
    assert _run(["confirm", "RW5", "2025-04", "--why", "the service was closed"]) == CLEAN
    assert counting(found) == {"2025-04": 0}


def test_a_withdrawn_month_has_no_submission_until_another_file_comes(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    first, second = of_size(tmp_path, 40), of_size(tmp_path, 41)
    for path in (first, second):
        assert loaded(path, found) is State.ACCEPTED
    assert _run(["withdraw", "RW5", "2025-04", "--why", WHY]) == CLEAN
    assert counting(found) == {}  # the first does not take its place
    assert "has no submission that counts" in capfd.readouterr().out
    pages = [path.read_text() for path in found.site_reports.glob("RW5/2025-04/*/report.html")]
    assert len(pages) == 2 and all(f"The centre has withdrawn this month: {WHY}." in page for page in pages)
    assert loaded(second, found) is State.WITHDRAWN  # the same bytes again change nothing
    assert board(capfd)["2025-04"]["waits"] == f"withdrawn: {WHY}"
    assert _run(["withdraw", "RW5", "2025-04", "--why", WHY]) == USAGE
    assert _run(["withdraw", "RW5", "2025-05", "--why", WHY]) == USAGE
    # Checked again it stays withdrawn, and its reason stays.
    ledger = open_ledger(found.ledger)
    for outcome in ledger.outcomes():
        assert reprocess(outcome.receipt, found, ledger, spine_key()).state is State.WITHDRAWN
    assert board(capfd)["2025-04"]["waits"] == f"withdrawn: {WHY}"
    assert loaded(of_size(tmp_path, 38), found) is State.ACCEPTED
    assert counting(found) == {"2025-04": 38}


def test_a_decision_can_name_the_submission_and_take_the_withdrawal_back(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = zones(home)
    loaded(of_size(tmp_path, 40), found)
    (one,) = open_ledger(found.ledger).outcomes()
    assert _run(["withdraw", one.receipt.submission_id, "--why", WHY]) == CLEAN
    assert _run(["confirm", one.receipt.submission_id, "--why", "it was right after all"]) == CLEAN
    assert counting(found) == {"2025-04": 40}
    assert _run(["confirm", "0123456789abcdef", "--why", WHY]) == USAGE
    assert "is none" in capfd.readouterr().err


@pytest.mark.parametrize(
    "why", ["", "x", "a" * 201, "see 999 000 0018", "9990000018 is wrong", "of LA1 4YW, he says"]
)
def test_a_reason_is_asked_for_and_names_nobody(tmp_path: Path, home: Path, why: str) -> None:
    found = zones(home)
    loaded(of_size(tmp_path, 12), found)
    assert _run(["withdraw", "RW5", "2025-04", "--why", why]) == USAGE
    assert counting(found) == {"2025-04": 12}


def test_checked_again_everything_stands_as_it_did(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A held one is held, a confirmed one counts, and one that counted is not held although others came since."""
    found, ledger = zones(home), open_ledger(zones(home).ledger)
    for people, month in ((45, "2025-05"), (30, "2025-05"), (90, "2025-04")):
        loaded(of_size(tmp_path, people, month), found)
    assert _run(["confirm", "RW5", "2025-05", "--why", WHY]) == CLEAN
    loaded(of_size(tmp_path, 3, "2025-06"), found)
    before = [(o.receipt.submission_id, o.state) for o in ledger.outcomes()]
    monkeypatch.setattr(loading, "rows_version", lambda memory: "0123456789ab")
    for outcome in ledger.outcomes():
        reprocess(outcome.receipt, found, ledger, spine_key())
    assert [(o.receipt.submission_id, o.state) for o in ledger.outcomes()] == before
    assert [state for _, state in before] == [State.ACCEPTED, State.ACCEPTED, State.ACCEPTED, State.HELD]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_processing_cannot_matter(tmp_path: Path, home: Path, order: tuple[int, ...]) -> None:
    """Received full, thin, of another month; processed in any order: the thin one is held."""
    found, ledger = zones(home), open_ledger(zones(home).ledger)
    paths = [of_size(tmp_path, 40), of_size(tmp_path, 4), of_size(tmp_path, 6, "2025-05")]
    receipts = [receive(path, found, ledger) for path in paths]
    for place in order:
        reprocess(receipts[place], found, ledger, spine_key())
    states = [outcome.state for outcome in ledger.outcomes()]
    assert states == [State.ACCEPTED, State.HELD, State.HELD]
    assert counting(found) == {"2025-04": 40}


def test_a_lost_ledger_made_again_holds_what_was_held_and_keeps_decisions(tmp_path: Path, home: Path) -> None:
    found = zones(home)
    for people, month in ((40, "2025-04"), (4, "2025-04"), (5, "2025-05"), (45, "2025-06")):
        loaded(of_size(tmp_path, people, month), found)
    assert _run(["confirm", "RW5", "2025-05", "--why", WHY]) == CLEAN
    assert _run(["withdraw", "RW5", "2025-06", "--why", WHY]) == CLEAN
    before = [(o.receipt.submission_id, o.state) for o in open_ledger(found.ledger).outcomes()]
    for path in home.glob("ledger*"):
        path.unlink()
    ledger = open_ledger(found.ledger)
    rebuild(found, ledger)
    assert [(o.receipt.submission_id, o.state) for o in ledger.outcomes()] == before
    assert counting(found) == {"2025-04": 40, "2025-05": 5}


# Windows


def received(*arrivals: tuple[str, ProviderMonth, str, dict[str, str]]) -> list[Outcome]:
    """Accepted submissions: id, month, day of receipt, detail."""
    return [
        Outcome(Receipt(seq, name, name, f"{day}T12:00:00+00:00"), State.ACCEPTED, of, detail)
        for seq, (name, of, day, detail) in enumerate(arrivals, start=1)
    ]


def ids(events: list[Outcome], on: str) -> list[str]:
    return [outcome.receipt.submission_id for outcome in current(events, date.fromisoformat(on))]


def test_the_last_accepted_file_within_the_window_wins_and_a_late_one_waits_for_the_next() -> None:
    """April closes at the end of May. What comes in June is in the window of May, which closes at the end of June."""
    events = received(
        ("first", APRIL, "2025-05-02", {}), ("second", APRIL, "2025-05-31", {}), ("late", APRIL, "2025-06-01", {})
    )
    assert [ids(events, day) for day in ("2025-05-01", "2025-05-30", "2025-05-31", "2025-06-30", "2025-07-01")] == [
        [], ["first"], ["second"], ["second"], ["late"]
    ]  # fmt: skip


def test_a_late_first_file_waits_too_and_counts_at_once_when_confirmed() -> None:
    other = ("other", MAY, "2025-05-20", {})  # the service has been here since May
    assert ids(received(other, ("late", APRIL, "2025-06-10", {})), "2025-06-30") == ["other"]
    assert ids(received(other, ("late", APRIL, "2025-06-10", {})), "2025-07-01") == ["late", "other"]
    assert ids(received(other, ("late", APRIL, "2025-06-10", {"confirmed": WHY})), "2025-06-10") == [
        "late",
        "other",
    ]


def test_after_the_financial_year_only_a_confirmation_lets_it_count() -> None:
    first = ("first", APRIL, "2025-05-02", {})
    assert ids(received(first, ("late", APRIL, "2026-06-01", {})), "2030-01-01") == ["first"]
    assert ids(received(first, ("late", APRIL, "2026-06-01", {"confirmed": WHY})), "2026-06-01") == ["late"]


def test_history_loaded_at_the_start_counts_at_once() -> None:
    """A window binds only if it was open on the day of the service's first submission, or later."""
    events = received(
        ("april", APRIL, "2026-11-20", {}), ("may", MAY, "2026-11-21", {}), ("again", APRIL, "2026-11-27", {})
    )
    assert joined_on(events) == {"RW5": date(2026, 11, 20)}
    assert ids(events, "2026-11-21") == ["april", "may"]
    assert ids(events, "2026-11-27") == ["again", "may"]
    # April closes on the last day of May: who first sent on that day had the window.
    late = received(("april", APRIL, "2025-05-31", {}), ("again", APRIL, "2025-06-01", {}))
    assert ids(late, "2025-06-01") == ["april"]


def test_the_board_and_the_report_say_from_when_a_late_file_counts(
    tmp_path: Path, home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = zones(home)
    at(monkeypatch, "2025-05-12T12:00:00+00:00")
    loaded(of_size(tmp_path, 40), found)
    at(monkeypatch, "2025-06-02T12:00:00+00:00")
    loaded(of_size(tmp_path, 41), found)
    for module in ("deciding", "overseeing", "ledger"):  # the last one is where the others take it from
        monkeypatch.setattr(f"pipelines.{module}.today_in_england", lambda: date(2025, 6, 3))
    assert counting(found) == {"2025-04": 40}
    late = board(capfd)["2025-04"]
    assert late["waits"] == "late: counts from 2025-07-01"
    page = next(found.site_reports.glob(f"RW5/2025-04/{late['latest']}/report.html")).read_text()
    assert "It counts from <strong>1 July 2025</strong>" in page
    assert _run(["confirm", "RW5", "2025-04", "--why", WHY]) == CLEAN
    assert counting(found) == {"2025-04": 41}


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Receipts are written at this moment."""
    monkeypatch.setattr("pipelines.ledger.sql._now", lambda: moment)
