"""A measure that is tried out is counted and shown inside. Nobody is compared by it, and it is not published."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, SECRET, Case, ask, some, tables_of, write_submission
from warehouse import build
from warehouse.payment import payable
from warehouse.payment.fields import Refusal

BETTER = [Case(f"R{n}", [(PHQ9, "20", "5"), (GAD7, "15", "3")], 3) for n in range(12)]
INSIDE = ("mart.service_measure",)
APPLIED = (
    "mart.provider_figure", "mart.service_comparison", "mart.control_chart", "public.measure",
    "public.service_measure", "public.national", "public.service_comparison",
)  # fmt: skip


def found_in(draft: Path, measure: str, tables: tuple[str, ...]) -> list[str]:
    return [table for table in tables if ask(draft, f"SELECT 1 FROM {table} WHERE measure = ? LIMIT 1", [measure])]


def released(folder: Path, until: str) -> Path:
    """April of one service, with recovery tried out until a month."""
    recovery, referrals = some("RECOVERY", "REFERRALS")
    measures = [referrals, replace(recovery, experimental_until=until)]
    draft = folder / "draft.duckdb"
    build.build_core(draft, [write_submission(folder, "RXX", APRIL, tables_of(BETTER))], measures=measures)
    build.build_marts(draft, measures=measures)
    return draft


def test_until_its_month_it_is_counted_and_not_applied(tmp_path: Path) -> None:
    draft = released(tmp_path, "2025-05")
    build.complete(draft, secret=SECRET, measures=some("RECOVERY", "REFERRALS"))
    assert ask(
        draft, "SELECT is_experimental, experimental_until FROM mart.measure WHERE measure = 'RECOVERY'"
    ) == [(True, "2025-05")]
    assert found_in(draft, "RECOVERY", INSIDE) == list(INSIDE) and found_in(draft, "RECOVERY", APPLIED) == []
    assert found_in(draft, "REFERRALS", APPLIED)  # the others are as they were


def test_from_its_month_on_it_is_applied(tmp_path: Path) -> None:
    draft = released(tmp_path, "2025-04")
    assert ask(draft, "SELECT is_experimental FROM mart.measure WHERE measure = 'RECOVERY'") == [(False,)]
    assert found_in(draft, "RECOVERY", (*INSIDE, "mart.provider_figure", "mart.service_comparison"))


def test_nobody_is_paid_by_it_before_its_month(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = replace(some("FIRST_ASSESSMENT")[0], experimental_until="2025-05")
    monkeypatch.setattr(payable, "_catalogue", lambda: {tried.id: tried})
    row = {"measure": tried.id, "breakdown": "", "groups": "", "of_groups": "", "valid_from": "2025-04-01"}
    with pytest.raises(Refusal, match="is tried out until 2025-05: nobody is paid by it before"):
        payable.counted_of(row, is_priced=True)
    assert payable.counted_of(row | {"valid_from": "2025-05-01"}, is_priced=True).measure == tried.id


def test_a_month_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"measure RECOVERY: .*'2025-13' is not a month as YYYY-MM"):
        replace(some("RECOVERY")[0], experimental_until="2025-13")
