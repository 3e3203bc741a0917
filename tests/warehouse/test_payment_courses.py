"""What payment needs to know of each course: its care cluster, its step of care, and change of daily life."""

from datetime import date
from pathlib import Path

from tests.fixtures.warehouse import APRIL, PHQ9, Case, Row, ask, build, each_alone, tables_of, write_submission
from tests.warehouse.test_therapy_intensity import tables as session_tables

WSAS = "2775651000000109"

TREATED: list[Row] = [
    {"CareContactId": f"c{day}", "ServiceRequestId": "r", "CareContDate": date(2025, 4, day), "AppType": "02",
     "AttendOrDNACode": "5"}
    for day in (10, 17)
]  # fmt: skip
REFERRED: list[Row] = [
    {"ServiceRequestId": "r", "LocalPatientId": "p", "ReferralRequestReceivedDate": APRIL,
     "ServDischDate": date(2025, 4, 28)}
]  # fmt: skip


def cluster(code: str, start: date, end: date | None = None) -> Row:
    return {
        "LocalPatientId": "p",
        "AMHCareClustCodeFin": code,
        "StartDateCareClust": start,
        "EndDateCareClust": end,
    }


def test_the_cluster_of_a_course_is_that_of_its_beginning(tmp_path: Path) -> None:
    before, early, late, after = date(2024, 1, 1), date(2025, 4, 9), date(2025, 4, 11), date(2025, 4, 29)
    cases: dict[str, tuple[str, list[Row]]] = {
        "assigned at assessment": ("03", [cluster("03", early)]),
        "still in an earlier one": ("04", [cluster("04", before)]),
        "the last by the first treatment": ("03", [cluster("04", before, early), cluster("03", early), cluster("02", late)]),
        "the first after it where none was before": ("02", [cluster("02", late), cluster("01", date(2025, 4, 20))]),
        "ended before the referral": ("not known", [cluster("08", before, date(2024, 6, 1))]),
        "ended on the day of referral": ("08", [cluster("08", before, APRIL)]),
        "begun after discharge": ("not known", [cluster("01", after)]),
        "begun on the day of discharge": ("01", [cluster("01", date(2025, 4, 28))]),
        "not known when it began": ("not known", [{"LocalPatientId": "p", "AMHCareClustCodeFin": "01"}]),
        "no cluster": ("not known", []),
    }  # fmt: skip
    found = each_alone(
        tmp_path,
        [{"IDS101": REFERRED, "IDS201": TREATED, "IDS803": rows} for _, rows in cases.values()],
        "care_cluster",
        "core.pathway_group",
    )
    assert dict(zip(cases, found, strict=True)) == {name: [(code,)] for name, (code, _) in cases.items()}


def test_the_step_of_a_course_is_the_most_intensive_that_it_reached(tmp_path: Path) -> None:
    cases = {
        ("05", "LL"): "low intensity", ("05", "LLHH"): "high intensity", ("05", "HHLL"): "high intensity",
        ("05", "NN"): "not known yet", ("05", ""): "not known yet", ("01", "HH"): "SMI therapy", ("01", ""): "SMI therapy",
    }  # fmt: skip
    found = each_alone(
        tmp_path,
        [
            {**session_tables("r", course), "IDS101": [{**REFERRED[0], "Pathway": pathway}]}
            for pathway, course in cases
        ],
        "step",
        "core.pathway_group",
    )
    assert dict(zip(cases, found, strict=True)) == {case: [(step,)] for case, step in cases.items()}


def test_improvement_of_daily_life_is_8_points_of_the_wsas_total_of_finished_courses(tmp_path: Path) -> None:
    cases = [
        Case("improved", [(WSAS, "20", "12")]),
        Case("by less than 8", [(WSAS, "20", "13")]),
        Case("worse", [(WSAS, "12", "20")]),
        Case("scored once", [(WSAS, "20", None)]),
        Case("never scored", [(PHQ9, "20", "2")]),
        Case("not finished", [(WSAS, "20", "2")], contacts=1),
        Case("open", [(WSAS, "20", "2")], is_discharged=False),
    ]
    draft = build(
        tmp_path, [write_submission(tmp_path, "RXX", APRIL, tables_of(cases))], measures=["WSAS_IMPROVED"]
    )
    assert ask(
        draft,
        "SELECT numerator, denominator FROM mart.service_measure "
        "WHERE level = 'provider' AND period_type = 'month' AND pathway = 'all' AND measure = 'WSAS_IMPROVED'",
    ) == [(1, 3)]
