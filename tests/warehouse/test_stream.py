"""The whole stream: the same people from referral to outcome, and what those not measured leave open."""

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.campaign import examples
from tests.fixtures.comparison import COUNTS
from tests.fixtures.warehouse import APRIL, GAD7, PHQ9, REQOL10, Case, ask, build, tables_of, write_submission
from tests.references.stream import DENOMINATORS, MEASURES, Person, best, counted, share, simulate, worst
from warehouse.measures.catalogue import catalogue
from warehouse.models import read_sql
from warehouse.staging import insert_rows

STREAM = [measure.id for measure in catalogue() if measure.id.startswith("REFERRED_")]
OUTCOMES = ("RECOVERY", "RELIABLE_RECOVERY", "RELIABLE_IMPROVEMENT", "REQOL_RECOVERY", "SMI_IMPROVEMENT")


def outcomes_of(populations: dict[str, list[Person]]) -> duckdb.DuckDBPyConnection:
    """The two views over the counts of these populations, each an organisation; England is all of them."""
    con = duckdb.connect()
    con.execute(
        "CREATE SCHEMA mart; CREATE SCHEMA monthly_count; CREATE TABLE mart.measure (measure VARCHAR, pathways VARCHAR, standard DECIMAL(5, 4));"
        "INSERT INTO mart.measure VALUES ('RECOVERY', '05', 0.5), ('RELIABLE_RECOVERY', '05', 0.48), "
        "('RELIABLE_IMPROVEMENT', '05', 0.67);" + COUNTS
    )
    everybody = [p for people in populations.values() for p in people]
    rows: list[tuple[Any, ...]] = []
    for name, people in {"ENG": everybody, **populations}.items():
        level = "England" if name == "ENG" else "provider"
        rows += [
            ("submitted", level, name, "month", APRIL, pathway, measure, n, len(people), None, 1, "value")
            for measure, n in counted(people).items()
            for pathway in ("05", "all")
        ]
    insert_rows(con, "mart.service_measure", rows)
    for view in ("mart.stream", "mart.stream_outcome"):
        con.execute(read_sql(view))
    return con


def test_the_true_share_is_within_the_bounds_and_the_bounds_can_be_true() -> None:
    # 10,000 populations in a campaign. Whether a person is measured depends on how the person did.
    chance = random.Random(30)
    populations = {f"P{n}": simulate(chance, chance.randrange(40)) for n in range(examples(500))}
    found = {
        (name, measure, denominator): limits
        for name, measure, denominator, *limits in outcomes_of(populations)
        .execute("SELECT organisation, measure, denominator_is, all_badly, all_well FROM mart.stream_outcome "
                 "WHERE pathway = 'all'").fetchall()
    }  # fmt: skip
    strict = 0
    for name, people in populations.items():
        for outcome, denominators in DENOMINATORS.items():
            for denominator in denominators:
                low, high = found[name, outcome, denominator]
                lowest = share(worst(people, outcome, denominator), outcome, denominator)
                highest = share(best(people, outcome, denominator), outcome, denominator)
                assert (low, high) == (_float(lowest), _float(highest)), (name, outcome, denominator)
                true = share(people, outcome, denominator)
                if true is not None:
                    assert low <= float(true) <= high, (name, outcome, denominator)
                    strict += low < float(true) < high
    assert strict > len(populations)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def test_the_reference_finds_the_extremes_of_everything_that_can_be_true() -> None:
    chance = random.Random(7)
    for _ in range(examples(20)):
        people = simulate(chance, 3)
        for outcome, denominators in DENOMINATORS.items():
            for denominator in denominators:
                every = {
                    share(world, outcome, denominator) for world in product(*(p.possible() for p in people))
                } - {None}
                if every:
                    assert min(every) == share(worst(people, outcome, denominator), outcome, denominator)  # type: ignore[type-var]
                    assert max(every) == share(best(people, outcome, denominator), outcome, denominator)  # type: ignore[type-var]


PERSON = Person(True, 2, False, True, True, True, True, True)
RECOVERED, NOT = PERSON, Person(True, 2, False, True, True, True, False, False)
LOST = Person(True, 2, False, True, False, True, False, False)
NO_CASE = Person(True, 2, False, True, True, False, True, False)
ONCE, UNTREATED = Person(True, 1, False, True, False, True, False, False), Person(False, 0, False, *[False] * 5)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        # 4 of 10 recovered, 2 not measured: 40 to 60 %. One of the two would have to recover.
        ([RECOVERED] * 4 + [NOT] * 4 + [LOST] * 2, (0.4, 0.6, "depends", 0.5)),
        ([RECOVERED] * 5 + [NOT] * 4 + [LOST], (0.5, 0.6, "met", None)),  # met if it recovers or not
        ([RECOVERED] * 3 + [NOT] * 6 + [LOST], (0.3, 0.4, "not met", None)),
        ([RECOVERED] * 4 + [NOT] * 5 + [LOST], (0.4, 0.5, "depends", 1.0)),  # the standard itself is met
        ([RECOVERED, NO_CASE], (1.0, 1.0, "met", None)),
        ([NO_CASE, ONCE, UNTREATED], (None, None, None, None)),
        ([], (None, None, None, None)),
    ],
)
def test_how_well_those_not_measured_would_have_to_do_for_the_standard(
    people: list[Person], expected: tuple[object, ...]
) -> None:
    query = (
        "SELECT all_badly, all_well, standard_met, tipping_standard FROM mart.stream_outcome WHERE pathway = '05' "
        "AND organisation = 'P' AND measure = 'RECOVERY' AND denominator_is = 'finished at caseness'"
    )
    assert outcomes_of({"P": people}).execute(query).fetchall() == [expected]


@pytest.mark.parametrize(
    ("people", "rest", "expected"),
    [
        # 2 of 10 with 2 not measured beside 3 of 10: one of the two would make it equal.
        ([RECOVERED] * 2 + [NOT] * 6 + [LOST] * 2, [RECOVERED] * 3 + [NOT] * 7, ("depends", 0.5)),
        ([RECOVERED] * 2 + [NOT] * 7 + [LOST], [RECOVERED] * 4 + [NOT] * 6, ("below", None)),
        ([RECOVERED] * 6 + [NOT] * 4, [RECOVERED] * 4 + [NOT] * 5 + [LOST], ("above", None)),
        # The organisation is ahead; all four lost by the rest would have to recover.
        ([RECOVERED] * 8 + [NOT] * 2, [RECOVERED] * 4 + [NOT] * 2 + [LOST] * 4, ("depends", 1.0)),
        ([RECOVERED, NOT], [RECOVERED, NOT], ("depends", None)),  # equal as shown
        ([RECOVERED], [], (None, None)),
        ([], [RECOVERED], (None, None)),
    ],
)
def test_how_well_those_not_measured_would_have_to_do_beside_the_rest_of_england(
    people: list[Person], rest: list[Person], expected: tuple[object, ...]
) -> None:
    query = (
        "SELECT beside_england, tipping_england FROM mart.stream_outcome WHERE pathway = 'all' "
        "AND organisation = 'P' AND measure = 'RECOVERY' AND denominator_is = 'finished at caseness'"
    )
    assert outcomes_of({"P": people, "Q": rest}).execute(query).fetchall() == [expected]


def test_every_denominator_and_where_people_left() -> None:
    waiting = Person(False, 0, True, *[False] * 5)
    started = Person(True, 1, True, True, False, True, False, False)
    assessed = Person(True, 0, False, True, False, True, False, False)
    people = [RECOVERED] * 4 + [NOT, LOST, NO_CASE, ONCE, UNTREATED, assessed, waiting, started]
    con = outcomes_of({"P": people})
    assert con.execute(
        "SELECT denominator_is, well, denominator, not_measured, standard FROM mart.stream_outcome "
        "WHERE pathway = '05' AND organisation = 'P' AND measure = 'RECOVERY' ORDER BY denominator"
    ).fetchall() == [
        ("paired", 4, 5, 0, None), ("finished at caseness", 4, 6, 1, Decimal("0.5")), ("finished", 4, 7, 1, None),
        ("started", 4, 9, 3, None), ("referred", 4, 12, 6, None),
    ]  # fmt: skip
    assert con.execute(
        "SELECT referred, assessed, started, finished, paired, recovered, left_before_assessment, "
        "left_before_treatment, left_after_one_contact, still_open, share_open, is_complete FROM mart.stream "
        "WHERE pathway = 'all' AND organisation = 'P'"
    ).fetchall() == [(12, 10, 9, 7, 6, 4, 1, 1, 1, 2, 2 / 12, False)]


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stream")
    talking = [
        Case("recovered", [(PHQ9, "15", "5"), (GAD7, "14", "3")], pathway="05"),
        Case("worse", [(PHQ9, "15", "22"), (GAD7, "14", "18")], pathway="05"),
        Case("lost", [(PHQ9, "15", None), (GAD7, "14", None)], pathway="05"),
        Case("never measured", pathway="05"),
        Case("no case", [(PHQ9, "4", "4"), (GAD7, "4", "4")], pathway="05"),
        Case("once", [(PHQ9, "15", None)], contacts=1, pathway="05"),
        Case("open", contacts=1, is_discharged=False, pathway="05"),
        Case("untreated", contacts=0, pathway="05"),
    ]
    psychosis = [
        Case("improved", [(REQOL10, "20", "30")], pathway="01"),
        Case("well already", [(REQOL10, "30", "31")], pathway="01"),
        Case("first only", [(REQOL10, "20", None)], pathway="01"),
    ]
    current = [
        write_submission(root, "RXX", APRIL, tables_of(talking)),
        write_submission(root, "RYY", APRIL, tables_of(psychosis)),
        write_submission(root, "RYY", date(2025, 5, 1), {}),
    ]
    return build(root, current, whole=True, measures=[*OUTCOMES, *STREAM])


STAGES = "referred, assessed, started, finished, paired, recoverable, paired_at_caseness, recovered, improved, still_open"


@pytest.mark.parametrize(
    ("organisation", "pathway", "month", "expected"),
    [
        ("RXX", "05", 4, (8, 7, 7, 5, 3, 4, 2, 1, 1, 1)),
        ("RYY", "01", 4, (3, 3, 3, 3, 2, 2, 1, 1, 1, 0)),
        ("ENG", "all", 4, (11, 10, 10, 8, 5, 6, 3, 2, 2, 1)),
        ("RYY", "01", 5, (0,) * 10),
        ("RXX", "05", 5, (None,) * 10),  # not submitted
    ],
)
def test_what_a_submission_says_of_everybody_referred(
    draft: Path, organisation: str, pathway: str, month: int, expected: tuple[int | None, ...]
) -> None:
    found = ask(
        draft,
        f"SELECT {STAGES} FROM mart.stream WHERE organisation = ? AND pathway = ? AND period_type = 'month' "
        "AND month(period_start) = ? AND level IN ('England', 'provider')",
        [organisation, pathway, month],
    )
    assert found == [expected]


def test_each_outcome_is_of_its_own_pathways(draft: Path) -> None:
    found = ask(
        draft,
        "SELECT measure, well, denominator, not_measured, all_badly, all_well FROM mart.stream_outcome "
        "WHERE organisation = 'ENG' AND pathway = 'all' AND denominator_is = 'referred' AND period_type = 'month' "
        "AND month(period_start) = 4 ORDER BY measure",
    )
    assert found == [
        ("RECOVERY", 1, 8, 5, 1 / 8, 6 / 8),
        ("RELIABLE_IMPROVEMENT", 1, 8, 5, 1 / 8, 6 / 8),
        ("RELIABLE_RECOVERY", 1, 8, 5, 1 / 8, 6 / 8),
        ("REQOL_RECOVERY", 1, 3, 1, 1 / 3, 2 / 3),
        ("SMI_IMPROVEMENT", 1, 3, 1, 1 / 3, 2 / 3),
    ]


def test_the_outcome_of_a_cohort_is_defined_as_that_of_a_month() -> None:
    by_id = {measure.id: measure for measure in catalogue()}
    for outcome, cohort in (
        ("RECOVERY", "RECOVERED"), ("RELIABLE_RECOVERY", "RELIABLY_RECOVERED"),
        ("RELIABLE_IMPROVEMENT", "RELIABLY_IMPROVED"), ("REQOL_RECOVERY", "REQOL_RECOVERED"),
        ("SMI_IMPROVEMENT", "SMI_IMPROVED"),
    ):  # fmt: skip
        assert by_id[f"REFERRED_{cohort}"].numerator == by_id[outcome].numerator
    assert by_id["REFERRED_RECOVERABLE"].numerator == by_id["RECOVERY"].denominator
    assert by_id["REFERRED_SMI_PAIRED"].numerator == by_id["SMI_IMPROVEMENT"].denominator


def test_a_cohort_is_no_control_chart(draft: Path) -> None:
    # Its last months are always lower.
    assert ask(draft, "SELECT count(*) FROM mart.control_chart WHERE starts_with(measure, 'REFERRED_')") == [(0,)]
    assert ask(draft, "SELECT count(*) > 0 FROM mart.control_chart") == [(True,)]


def test_the_reference_counts_every_measure_of_the_stream_of_talking_therapies() -> None:
    assert set(MEASURES) == {name for name in STREAM if "SMI" not in name and "REQOL" not in name}
