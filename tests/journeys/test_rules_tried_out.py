"""A rule with a first month is reported in earlier months, and nothing comes of it; from that month on it applies."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.keys import spine_key
from pipelines.ledger import State, open_ledger
from pipelines.load import check_path, load
from pipelines.zones import zones
from schemas.rule import Effect
from tests.fixtures.added_rule import NEW, Put
from tests.fixtures.submission import submission

SOON = replace(NEW, applies_from=date(2025, 5, 1))


def test_a_rule_stands_as_experimental_before_its_first_month_and_applies_from_it() -> None:
    assert NEW.in_month(date(2025, 4, 1)) is NEW
    before, since = SOON.in_month(date(2025, 4, 1)), SOON.in_month(date(2025, 5, 1))
    assert (before.effect, since.effect) == (Effect.EXPERIMENTAL, Effect.REJECT_RECORD)
    assert before.message == "The referral was received on the second. From May 2025 on: record rejected."
    with pytest.raises(ValueError, match="not the first day of a month"):
        replace(NEW, applies_from=date(2025, 5, 2))


def test_it_is_reported_and_costs_nothing_until_then(tmp_path: Path, home: Path, put_rule: Put) -> None:
    put_rule(SOON)
    found = zones(home)
    loaded = load(submission(tmp_path), found, open_ledger(found.ledger), spine_key())
    assert loaded.state is State.ACCEPTED
    assert loaded.verdict.rules == {NEW.id: 1} and loaded.verdict.counts["IDS101"]["accepted"] == 3
    assert loaded.verdict.found.get("IDS101", {}).get("warnings", 0) == 0
    (page,) = found.site_reports.rglob("report.html")
    text = page.read_text(encoding="utf-8")
    assert "Rules that are tried out, rule by rule" in text and "From May 2025 on: record rejected." in text
    assert "Check the warnings" not in text and "nothing comes of it yet" in text


def test_a_month_that_it_applies_to_is_judged_by_it_on_any_day(tmp_path: Path, put_rule: Put) -> None:
    put_rule(replace(NEW, applies_from=date(2025, 4, 1)))
    checked = check_path(submission(tmp_path))
    assert checked.heaviest is Effect.REJECT_RECORD and checked.counts()["IDS101"]["rejected"] == 1
