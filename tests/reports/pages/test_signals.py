"""Where a figure stands and what changed: every verdict of the warehouse becomes one case."""

from dataclasses import replace
from datetime import date

import pytest

from reports.pages.figures import Figure, Point
from reports.pages.signals import Case, Change, Standing, change, standing
from schemas.month import months_after

APRIL = date(2025, 4, 1)
A_FIGURE = Figure(
    "RW5", "01", "RECOVERY", 38, 61, 0.62, "value", 12, 0.5, 0.73, "within", 40, None, None, 500, 1000, 0.5, "value"
)


@pytest.mark.parametrize(
    ("changed", "kind", "case"),
    [
        ({}, "share", Standing(Case.WITHIN)),
        ({"position": "above 95"}, "share", Standing(Case.SOMEWHAT, True)),
        ({"position": "below 95"}, "share", Standing(Case.SOMEWHAT)),
        ({"position": "above 99.8"}, "share", Standing(Case.BEYOND, True)),
        ({"position": "below 99.8"}, "share", Standing(Case.BEYOND)),
        ({"state": "suppressed", "value": None}, "share", Standing(Case.SUPPRESSED)),
        ({"state": "no rate", "value": None}, "share", Standing(Case.TOO_FEW)),
        ({"state": "not submitted", "value": None}, "share", Standing(Case.NOT_SUBMITTED)),
        ({"state": "not applicable", "value": None}, "share", Standing(Case.NOT_ASKED)),
        ({"state": "no denominator", "value": None}, "share", Standing(Case.NOBODY)),
        ({}, "count", Standing(Case.COUNT)),
        ({"numerator": 0, "value": 0.0}, "count", Standing(Case.COUNT)),
        ({}, "median", Standing(Case.UNTESTED)),
        ({"position": None, "months_submitted": 11}, "share", Standing(Case.MONTHS)),
        ({"position": None, "why_not": "denominator under 20"}, "share", Standing(Case.TOO_FEW)),
        ({"position": None, "why_not": "the measure does not count people"}, "share", Standing(Case.ROWS)),
        ({"position": None, "why_not": "too close to a limit to publish"}, "share", Standing(Case.NEAR)),
        ({"position": None, "why_not": "only 3 services …", "services": 3}, "share", Standing(Case.FEW_SERVICES)),
        ({"position": None, "services": 3, "p_against_rest": 0.002}, "share", Standing(Case.ALIKE)),
        ({"position": None, "services": 3, "p_against_rest": 0.0019}, "share", Standing(Case.APART, True)),
        (
            {"position": None, "services": 3, "p_against_rest": 0.0019, "national_value": 0.7},
            "share", Standing(Case.APART),
        ),
        ({"position": None, "services": 1, "p_against_rest": 0.0019}, "share", Standing(Case.FEW_SERVICES)),
        (
            {"position": None, "services": 3, "p_against_rest": 0.0019, "national_value": None},
            "share", Standing(Case.FEW_SERVICES),
        ),
    ],
)  # fmt: skip
def test_a_figure_stands_in_one_case(changed: dict[str, object], kind: str, case: Standing) -> None:
    assert standing(replace(A_FIGURE, **changed), kind, 12) == case  # type: ignore[arg-type]  # the table is checked


def test_a_measure_that_the_release_lacks_is_not_asked() -> None:
    assert standing(None, "share", 12) == Standing(Case.NOT_ASKED)


def points(*signals: int | None, rule: str = "shift", variation: str = "improvement") -> list[Point]:
    """A chart of months from April with these signals; ``None``: no limits."""
    return [
        Point(
            months_after(APRIL, place), 1, None, len(signals), 0.5, None, 0.5, "standing", 0.4, 0.6,
            "common cause" if not signal else rule, signal, "common cause" if not signal else variation,
        )
        for place, signal in enumerate(signals)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ([], Change("early")),
        (points(None, None), Change("early", points=2)),
        (points(0, 0, 0), Change("calm", points=3)),
        (points(0, 1, 1), Change("shift", True, date(2025, 5, 1), date(2025, 6, 1), True, True, 3, True)),
        (
            points(-1, 0, 0, 0, rule="outside", variation="concern"),
            Change("outside", False, APRIL, APRIL, False, False, 4),
        ),
        (
            points(-1, 0, 0, rule="outside", variation="neither"),
            Change("outside", False, APRIL, APRIL, True, None, 3),
        ),
        (points(1, 1, -1, 0), Change("shift", False, date(2025, 6, 1), date(2025, 6, 1), True, True, 4)),
    ],
)
def test_the_last_signal_of_a_chart_is_its_change(chart: list[Point], expected: Change) -> None:
    assert change(chart) == expected
