"""Can we give what is asked? What a service's own page says in every state, and that the public page says nothing."""

import re
from datetime import date
from typing import Any

import duckdb
import pytest

from reports.pages.capacity import Capacities, told
from reports.pages.release import INSIDE, PUBLIC, Release
from tests.fixtures.capacity import trainees_alone, write
from warehouse.capacity.reckoning import QUANTITIES
from warehouse.capacity.reference import load_capacity

MARCH = date(2026, 3, 1)
STANDARDS = {6: 0.75, 18: 0.95}
# Value, and limits of 95 %.
FIGURES = {
    "demand": (700, 650, 750), "rate": (760, 730, 790), "balance": (60, 10, 110), "capacity": (760, 730, 790),
    "backlog": (2_000, 1_900, 2_100), "waiting_sessions": (700, 650, 750), "under_way_sessions": (1_300, 1_200, 1_400),
    "clearance_months": (2.63, 2.5, 2.8), "months_to_clear": (33.3, 18, 200), "extra_sessions_6": (0, 0, 12),
    "extra_wte_6": (0, 0, 0.4), "extra_sessions_18": (24, 3, 60), "extra_wte_18": (0.94, 0.1, 2.4),
}  # fmt: skip
NONE = (None, None, None)


LATER = {"month": date(2026, 9, 1), "lower_95": 1_500, "upper_95": 2_600}


def said(
    step: str = "high intensity", some: frozenset[str] = frozenset(), later: dict[str, Any] | None = LATER,
    **changed: tuple[Any, ...],
) -> str:  # fmt: skip
    rows = {
        (place, name): {
            "step": place, "quantity": name, "month": MARCH, "value": value, "lower_95": low, "upper_95": high,
            "never_share": 1 if name == "months_to_clear" and value is None else 0,
            "why_not": None if value is not None else "never: …" if name == "months_to_clear" else "no staff records",
        }
        for name, (value, low, high) in ({quantity.name: NONE for quantity in QUANTITIES} | FIGURES | changed).items()
        for place in (step, "all")
    }  # fmt: skip
    return re.sub("<[^>]+>", "", " ".join(told("RAA", rows, STANDARDS, some, later)))


def test_what_is_asked_and_given_is_said_with_its_range_and_what_follows() -> None:
    assert said() == (
        "People who come ask for 700 sessions a month, likely between 650 and 750. 760 sessions a month are given now, "
        "likely between 730 and 790. That is more than are asked for, beyond chance. So what is still to give shrinks. "
        "2,000 sessions are still to give, likely between 1,900 and 2,100: 700 to people who wait, 1,300 in courses under "
        "way. If nobody else came, these would take 2.6 months, likely between 2.5 and 2.8. While people come as now, they take 33 months, likely between 18 and 200. At the "
        "end of September 2026 likely between 1,500 and 2,600 sessions are still to give. What is given now keeps the standard that 75 of 100 start within 6 weeks. To keep the standard that 95 of 100 start "
        "within 18 weeks takes 24 more sessions a month, likely between 3 and 60. That is the work of 0.9 whole-time "
        "staff, likely between 0.1 and 2.4."
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"balance": (-60, -110, -10)}, "That is fewer than are asked for, beyond chance."),
        ({"balance": (10, -40, 60)}, "The difference lies within what chance explains."),
        ({"months_to_clear": (90, 20, None)}, "they take 20 months at least, and may never all be given."),
        ({"months_to_clear": (None, 20, None)}, "they take 20 months at least, and may never all be given."),
        ({"months_to_clear": NONE}, "they are never all given. No more sessions are given than are asked for."),
        (
            {"later": None},
            "Too few months are known to say what the next ones bring. Six after the first are enough.",
        ),
        ({"some": frozenset({"trainee_sessions"})}, "Staff in training give some of the sessions."),
        ({"some": frozenset({"unnamed_sessions"})}, "Some of the sessions name no staff. They count among"),
        ({"clearance_months": (2.6, 2.5, None)}, "If nobody else came, these would take 2.5 months at least."),
        ({"backlog": (0, 0, 0)}, "No session is still to give."),
        ({"demand": NONE, "balance": NONE, "backlog": NONE}, "Too few courses have ended to say"),
        (
            {"rate": NONE, "balance": NONE, "clearance_months": NONE, "months_to_clear": NONE},
            "The sessions name no staff.",
        ),
    ],
)
def test_every_other_state_is_said_in_words(changed: dict[str, Any], expected: str) -> None:
    found = said(**changed)
    assert expected in found and "None" not in found and "–" not in found
    some = changed.get("some", ())
    assert ("Staff in training" in found, "name no staff. They" in found) == (
        "trainee_sessions" in some, "unnamed_sessions" in some,
    )  # fmt: skip


def test_staff_in_training_alone_are_no_want_of_records() -> None:
    con = duckdb.connect()
    write(con)
    trainees_alone(con, "RC1")
    load_capacity(con)
    found = Capacities(Release(con, INSIDE)).of("RC1")
    assert found is not None and "No session names trained staff, only staff in training." in " ".join(
        found.sentences
    )
    assert "name no staff" not in " ".join(found.sentences)
    values = {line.name.partition(" (")[0]: line.cells for _, lines in found.rests_on for line in lines}
    assert values["Trained staff who give this step"][0] == "0"
    assert values["Staff in training who give this step"][0] == "2"


def test_staff_who_give_no_session_are_no_number_of_staff() -> None:
    found = said(extra_wte_18=NONE)
    assert "takes 24 more sessions a month, likely between 3 and 60." in found and "work of" not in found


def test_therapy_for_severe_mental_illness_has_no_standard() -> None:
    found = said("SMI therapy", **{name: NONE for name in FIGURES if name.endswith(("_6", "_18"))})
    assert found.endswith(
        "No national standard says how long people with severe mental illness may wait for therapy."
    )
    assert "To keep the standard" not in found and "keeps the standard" not in found


def test_each_service_has_its_block_inside_and_none_in_public() -> None:
    con = duckdb.connect()
    write(con)
    load_capacity(con)
    inside = Capacities(Release(con, INSIDE))
    found = {provider: inside.of(provider) for provider in ("RA1", "RB1", "RC1", "RZZ")}
    assert found["RZZ"] is None
    first, alone, without = found["RA1"], found["RB1"], found["RC1"]
    assert first is not None and alone is not None and without is not None
    assert [line.name for line in first.steps] == ["High intensity", "Low intensity", "All steps"]
    assert list(alone.steps) == []
    assert 'data-table="capacity_forecast"' in first.chart and "sessions asked for in a month" in first.chart
    assert "The sessions name no staff." in " ".join(without.sentences)
    assert '<data value="' in first.sentences[0] and 'data-group="all"' in first.sentences[0]
    assert [step for step, _ in first.rests_on] == ["high intensity", "low intensity"]
    assert any(line.cells[2] == "no staff records" for _, lines in without.rests_on for line in lines)
    assert Capacities(Release(con, PUBLIC)).of("RA1") is None
