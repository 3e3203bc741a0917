"""The four rules a declaration implies, each with a record that passes, one that fails, and a blank."""

from datetime import date

import duckdb
import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.field import Field
from schemas.rule import Effect, Kind, Rule, generated_rules

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
RULES = {rule.id: rule for table in TABLES.values() for rule in generated_rules(table, *APRIL)}
ENGINE = duckdb.connect()  # one for all: opening a database takes 20 ms, a rule 2
FIELDS = {f"{table.id}-{f.name}": f for table in TABLES.values() for f in table.fields}


def typed(field: Field, values: list[str | None]) -> pl.DataFrame:
    """The values of one field as a rule sees them: as text and, where they can be read, typed."""
    text = pl.Series(f"{field.name}_text", values, pl.String).to_frame()
    column = pl.col(f"{field.name}_text")
    if field.dtype == pl.Date:
        column = column.str.to_date("%Y-%m-%d", strict=False)
    elif field.dtype == pl.Datetime:
        column = column.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
    else:
        column = column.cast(field.dtype, strict=False)
    return text.with_columns(column.alias(field.name))


def broken(rule: Rule, values: list[str | None]) -> list[str | None]:
    """The values the rule fails, after making sure that both engines name the same ones."""
    field = FIELDS[f"{rule.table}-{rule.fields[0]}"]
    frame = typed(field, values).with_row_index("place")
    in_polars = frame.filter(pl.sql_expr(rule.fails))["place"].to_list()
    ENGINE.register("record", frame.to_arrow())
    found = ENGINE.execute(f"SELECT place FROM record WHERE {rule.fails} ORDER BY place").fetchall()
    assert in_polars == [place for (place,) in found], rule.id
    return [values[place] for place in in_polars]


@pytest.mark.parametrize(
    ("rule", "effect", "passing", "failing"),
    [
        ("IDS001-LocalPatientId-BLANK", Effect.REJECT_RECORD, "P1", None),
        ("IDS001-NHSNumber-BLANK", Effect.SEVERE_WARNING, "9990000018", None),
        ("IDS201-AttendOrDNACode-BLANK", Effect.SEVERE_WARNING, "5", None),
    ],
)
def test_a_blank_is_what_fails(rule: str, effect: Effect, passing: str, failing: None) -> None:
    assert RULES[rule].effect is effect
    assert broken(RULES[rule], [passing, failing]) == [failing]


@pytest.mark.parametrize(
    ("rule", "effect", "passing", "failing"),
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
    rule: str, effect: Effect, passing: str, failing: str
) -> None:
    assert RULES[rule].effect is effect
    assert broken(RULES[rule], [passing, failing, None]) == [failing]


def test_a_code_is_judged_by_the_period_reported() -> None:
    in_2019 = generated_rules(TABLES["IDS101"], date(2019, 4, 1), date(2019, 4, 30))
    rule = next(rule for rule in in_2019 if rule.id == "IDS101-SourceOfReferralMH-CODE")
    assert broken(rule, ["J1", "B1", None]) == []


def test_both_engines_agree_on_every_generated_rule() -> None:
    values: list[str | None] = [
        None,
        "5",
        "01",
        "A1",
        "é",
        "2026-04-01",
        "2026-02-30",
        "1441",
        "9990000018",
        "x" * 60,
    ]
    kinds = set()
    for rule in RULES.values():
        broken(rule, values)
        kinds.add(rule.id.rsplit("-", 1)[1])
    assert kinds == set(Kind)


def test_every_field_has_a_rule_on_its_value_and_a_mandatory_one_on_its_blank() -> None:
    for name, field in FIELDS.items():
        assert (f"{name}-CODE" in RULES) != (f"{name}-FORMAT" in RULES), name
        assert (f"{name}-BLANK" in RULES) == (field.mandation == "M" or field.warn_if_blank), name
        assert (f"{name}-RANGE" in RULES) == (field.low is not None or field.high is not None), name


def test_only_numbers_have_a_range() -> None:
    # Text would be compared as text: '9' above '1440'.
    assert {f.name for f in FIELDS.values() if f.low is not None and f.dtype != pl.Int32} == set()
