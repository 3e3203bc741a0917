"""The four rules a declaration implies, each with a record that passes, one that fails, and a blank."""

import re
from datetime import date

import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.field import Field
from schemas.generated import Kind, generated_rules
from schemas.rule import Effect, Owner, Rule
from tests.fixtures.rule import APRIL, broken

# Every element as declared, whatever the version.
RULES = {rule.id: rule for table in TABLES.values() for rule in generated_rules(table, *APRIL)}
FIELDS = {f"{table.id}-{field.name}": field for table in TABLES.values() for field in table.fields}


def failing(rule: Rule, values: list[str | None]) -> list[str | None]:
    """The values the rule fails, on both engines."""
    return [values[place] for place in broken(rule, [{rule.fields[0]: value} for value in values])]


@pytest.mark.parametrize(
    ("rule", "effect", "passing", "blank"),
    [
        ("IDS001-LocalPatientId-BLANK", Effect.REJECT_RECORD, "P1", None),
        ("IDS001-NHSNumber-BLANK", Effect.SEVERE_WARNING, "9990000018", None),
        ("IDS201-AttendOrDNACode-BLANK", Effect.SEVERE_WARNING, "5", None),
    ],
)
def test_a_blank_is_what_fails(rule: str, effect: Effect, passing: str, blank: None) -> None:
    assert RULES[rule].effect is effect
    assert failing(RULES[rule], [passing, blank]) == [blank]


@pytest.mark.parametrize(
    ("rule", "effect", "passing", "wrong"),
    [
        ("IDS001-LocalPatientId-FORMAT", Effect.REJECT_RECORD, "x" * 20, "x" * 21),
        ("IDS001-NHSNumber-FORMAT", Effect.REJECT_RECORD, "9990000018", "99900O0018"),
        ("IDS101-ServDischDate-FORMAT", Effect.REJECT_RECORD, "2026-04-09", "09/04/2026"),
        ("IDS101-ServDischDate-FORMAT", Effect.REJECT_RECORD, "2024-02-29", "2026-02-30"),
        ("IDS201-ClinContDurOfCareCont-FORMAT", Effect.REJECT_RECORD, "50", "50m"),
        ("IDS606-CodedAssToolType-FORMAT", Effect.REJECT_RECORD, "720433000", "PHQ-9"),
        ("IDS201-AppType-CODE", Effect.REJECT_RECORD, "02", "2"),
        ("IDS101-EndCode-CODE", Effect.WARNING, "46", "42"),
        ("IDS101-SourceOfReferralMH-CODE", Effect.WARNING, "B1", "J1"),
        ("IDS101-Pathway-CODE", Effect.WARNING, "01", "06"),
        ("IDS201-ClinContDurOfCareCont-RANGE", Effect.WARNING, "1440", "1441"),
        ("SMI203-PlannedSessions-RANGE", Effect.WARNING, "16", "0"),
    ],
)
def test_a_wrong_value_fails_and_a_blank_claims_nothing(
    rule: str, effect: Effect, passing: str, wrong: str
) -> None:
    assert RULES[rule].effect is effect
    assert failing(RULES[rule], [passing, wrong, None]) == [wrong]


def test_a_code_is_judged_by_the_period_reported() -> None:
    in_2019 = generated_rules(TABLES["IDS101"], date(2019, 4, 1), date(2019, 4, 30))
    rule = next(rule for rule in in_2019 if rule.id == "IDS101-SourceOfReferralMH-CODE")
    assert failing(rule, ["J1", "B1", None]) == []


def test_both_engines_read_odd_values_alike() -> None:
    values: list[str | None] = [
        *(None, "5", "01", "A1", "é", "2026-04-01", "2026-02-30", "1441", "9990000018", "x" * 60),
        *(" 3 ", "3.7", "1e2", "1_000", "٣", "2026/04/01", "2026-04-01 00:00:00", "A\nB", "𝟚", "\u00a0"),
    ]
    for rule in RULES.values():
        failing(rule, values)
    assert {rule_id.rsplit("-", 1)[1] for rule_id in RULES} == set(Kind)


def test_every_field_has_a_rule_on_its_value_and_a_mandatory_one_on_its_blank() -> None:
    for name, field in FIELDS.items():
        assert (f"{name}-CODE" in RULES) != (f"{name}-FORMAT" in RULES), name
        assert (f"{name}-BLANK" in RULES) == (field.mandation == "M" or field.warn_if_blank), name
        # Nobody can write -1 where digits alone have the form: the format holds the lower bound of most counts.
        bounds = [bound for bound in (field.low, field.high) if bound is not None]
        outside = [
            number for bound in bounds for number in (bound - 1, bound + 1) if number not in range(*_span(field))
        ]
        assert (f"{name}-RANGE" in RULES) == any(re.match(field.lexical, str(number)) for number in outside), name


def _span(field: Field) -> tuple[int, int]:
    """The bounds of a number as a range, wide open where there is none."""
    return (-(10**9) if field.low is None else field.low, 10**9 if field.high is None else field.high + 1)


def test_only_numbers_have_a_range() -> None:
    # Text would be compared as text: '9' above '1440'.
    assert {field.name for field in FIELDS.values() if field.low is not None and field.dtype != pl.Int32} == set()


@pytest.mark.parametrize(
    ("rule", "owner"),
    [
        ("IDS101-ServDischDate-FORMAT", Owner.SUPPLIER),  # how the program writes a date
        ("IDS201-AppType-CODE", Owner.SUPPLIER),  # local codes are mapped by the program
        ("IDS201-CareContactId-BLANK", Owner.SUPPLIER),  # nobody types the number of a record
        ("IDS101-OrgIDComm-BLANK", Owner.SUPPLIER),
        ("IDS201-AttendOrDNACode-BLANK", Owner.CLINICIAN),  # somebody has to record it
        ("IDS201-ClinContDurOfCareCont-RANGE", Owner.CLINICIAN),  # a typing error
        ("IDS000-ReportingPeriodStartDate-FORMAT", Owner.INFORMATICS),  # the header is made with the extract
        ("SMI902-TherapyType-CODE", Owner.INFORMATICS),  # who may give which therapy is on the managers' list
    ],
)
def test_who_can_mend_it_follows_from_the_kind(rule: str, owner: Owner) -> None:
    assert RULES[rule].owner is owner
