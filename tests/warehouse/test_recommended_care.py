"""Recommended care: what the psychosis audit asks of routine data, and the step that NICE recommends for a problem."""

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from tests.fixtures.warehouse import APRIL, FEW, Row, ask, build, write_submission
from warehouse.measures.catalogue import catalogue, groups

CBTP, FAMILY, FAMILY_BIPOLAR = "718026005", "985451000000105", "1365951000000107"
REFUSED = ":408730004=443390004"
GUIDED_SELF_HELP, CBT = "748051000000105", "1129471000000105"
AUDIT = (
    "PSYCHOSIS_CBT_OFFERED", "PSYCHOSIS_CBT_TAKEN_UP", "PSYCHOSIS_FAMILY_OFFERED", "PSYCHOSIS_FAMILY_TAKEN_UP",
)  # fmt: skip
STEPS = ("HIGH_WHERE_RECOMMENDED", "LOW_FIRST_WHERE_RECOMMENDED")


def course(
    name: str,
    procedures: Sequence[str] = (),
    pathway: str = "01",
    plan: str | None = None,
    problem: str | None = None,
    attendance: str = "5",
    is_discharged: bool = True,
) -> dict[str, list[Row]]:
    """One referral with a treatment contact a day, each with one of the procedures, and one contact more."""
    tables: dict[str, list[Row]] = {
        "IDS001": [{"LocalPatientId": name}],
        "IDS101": [
            {"ServiceRequestId": name, "LocalPatientId": name, "ReferralRequestReceivedDate": APRIL,
             "Pathway": pathway, "ServDischDate": date(2025, 4, 30) if is_discharged else None}
        ],
        "IDS201": [
            {"CareContactId": f"{name}{day}", "ServiceRequestId": name, "CareContDate": APRIL + timedelta(days=day),
             "AppType": "02", "AttendOrDNACode": attendance}
            for day in range(len(procedures) + 1)
        ],
        "IDS202": [
            {"CareActId": f"{name}{day}", "CareContactId": f"{name}{day}", "CodeProcAndProcStatus": procedure}
            for day, procedure in enumerate(procedures)
        ],
    }  # fmt: skip
    if plan:
        tables["SMI203"] = [{"ServiceRequestId": name, "TherapyType": plan, "PlannedSessions": 16}]
    if problem:
        tables["IDS603"] = [{"ServiceRequestId": name, "FindSchemeInUse": "01", "PresComp": problem}]
    return tables


def counted(
    tmp: Path, courses: Sequence[dict[str, list[Row]]], measures: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of the measures in April, over all of these courses."""
    tables: dict[str, list[Row]] = {}
    for each in courses:
        for name, rows in each.items():
            tables.setdefault(name, []).extend(rows)
    draft = build(tmp, [write_submission(tmp, "RXX", APRIL, tables)], measures=[*measures, *FEW])
    found = ask(
        draft,
        "SELECT measure, numerator, denominator FROM mart.service_measure "
        "WHERE level = 'provider' AND period_type = 'month' AND pathway = 'all'",
    )
    return {measure: (x, n) for measure, x, n in found if measure in measures}


def test_an_offer_is_a_plan_a_session_or_a_refusal_and_taking_up_is_a_session(tmp_path: Path) -> None:
    found = counted(
        tmp_path,
        [
            course("given", [CBTP, FAMILY]),
            course("planned", plan="CBP"),
            course("refused", [CBTP + REFUSED, FAMILY_BIPOLAR + REFUSED]),
            course("bipolar family", [FAMILY_BIPOLAR]),
            course("other therapy", [CBT]),
            course("nothing"),
            course("not attended", [CBTP], attendance="3"),  # no attended contact: not in the denominator
            course("open", [CBTP], is_discharged=False),
            course("another pathway", [CBTP, FAMILY], pathway="02"),
        ],
        AUDIT,
    )
    assert found == {
        "PSYCHOSIS_CBT_OFFERED": (3, 6),
        "PSYCHOSIS_CBT_TAKEN_UP": (1, 6),
        "PSYCHOSIS_FAMILY_OFFERED": (3, 6),
        "PSYCHOSIS_FAMILY_TAKEN_UP": (2, 6),
    }


def test_what_was_offered_and_given_is_listed(tmp_path: Path) -> None:
    tables = course("p", [FAMILY, CBTP, CBTP + REFUSED], plan="FPB")
    draft = build(tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables)], marts=False)
    asked = "SELECT therapies_offered, therapies_given, recommended_step FROM core.pathway_care"
    assert ask(draft, asked) == [("CBP FIP FPB", "CBP FIP", None)]
    draft = build(tmp_path, [write_submission(tmp_path, "RYY", APRIL, course("q"))], marts=False)
    assert ask(draft, asked) == [(None, None, None)]


PTSD, SOCIAL, DEPRESSION, PHOBIA = "F431", "F401", "F320", "F402"


def test_the_step_that_nice_recommends_against_the_one_delivered(tmp_path: Path) -> None:
    low, high = [GUIDED_SELF_HELP] * 2, [CBT] * 2

    def with_problem(name: str, problem: str | None, procedures: Sequence[str]) -> dict[str, list[Row]]:
        return course(name, procedures, pathway="05", problem=problem)

    found = counted(
        tmp_path,
        [
            with_problem("a", PTSD, high),
            with_problem("b", PTSD, low),  # NICE recommends no low-intensity therapy for it
            with_problem("c", SOCIAL, [*low, *high]),
            with_problem("d", SOCIAL, []),  # no coded therapy: intensity not known
            with_problem("e", DEPRESSION, [*low, *high]),  # stepped up
            with_problem("f", DEPRESSION, high),
            with_problem("g", DEPRESSION, [*high, *low]),
            with_problem("h", PHOBIA, high),  # nothing stated
            with_problem("i", None, low),
        ],
        STEPS,
    )
    assert found == {"HIGH_WHERE_RECOMMENDED": (2, 3), "LOW_FIRST_WHERE_RECOMMENDED": (1, 3)}


def test_every_problem_with_a_recommended_step_is_a_group_of_the_breakdown() -> None:
    text = (files("warehouse") / "clinical" / "recommended_step.csv").read_text(encoding="utf-8")
    problems = [row["problem_descriptor"] for row in csv.DictReader(text.splitlines())]
    assert set(problems) < {code for breakdown, _, code, _, _ in groups() if breakdown == "problem_descriptor"}
    assert len(problems) == len(set(problems))


@pytest.mark.parametrize("measure", [*AUDIT, *STEPS])
def test_a_recalled_definition_says_so(measure: str) -> None:
    (found,) = [each for each in catalogue() if each.id == measure]
    assert found.confidence == "R" and found.caveats.startswith("Recalled")
