"""Predicates keep to the SQL that both engines read alike, and name only what a rule can see."""

import pytest

from schemas.dataset import TABLES
from schemas.links import FOUND, HEADER, RECEIVED_AT, RECORDS, TOOL, TOOL_FIELD, looks_up, named_by, related_dtype
from schemas.rule import Rule
from tests.fixtures.rule import ASKED
from tests.references.dialect import names, violations


def test_every_rule_in_force_is_portable() -> None:
    found = {rule.id: violations(rule.fails, rule.group_by) for rule in ASKED.values()}
    assert {rule_id: said for rule_id, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "predicate",
    [
        "ServDischDate < ReferralRequestReceivedDate",
        "Postcode_text IS NOT NULL AND NOT (Postcode ~ '^[A-Z]{1,2}[0-9].*$')",
        "PersScore ~ '^[0-9]+$' AND TRY_CAST(PersScore AS DOUBLE) > TOOL_high",
        "NHSNumber ~ '^(1{10}|2{10})$' AND TRY_CAST(SUBSTR(NHSNumber, 1, 1) AS INTEGER) % 11 <> 0",
        "SUBSTR(CAST(PersonBirthDate AS VARCHAR), 1, 7) > OnsetDate",
        "CareContDate + INTERVAL '1 day' > IDS000_DateTimeDatSetCreate AND EXTRACT(YEAR FROM CareContDate) > 2020",
        "CASE WHEN Gender IN ('1', '2') THEN LENGTH(COALESCE(Gender, 'it''s')) BETWEEN 1 AND 2 END",
    ],
)
def test_what_is_portable_is_let_through(predicate: str) -> None:
    assert violations(predicate) == []


@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        # Known to one engine only.
        ("REGEXP_MATCHES(Gender, '^1$')", "REGEXP_MATCHES is not a function"),
        ("REGEXP_LIKE(Gender, '^1$')", "REGEXP_LIKE is not a function"),
        # DuckDB's full match and Polars' search differ where an anchor is missing.
        ("Gender ~ '1'", "not anchored"),
        ("Gender ~ '^1'", "not anchored"),
        ("Gender ~ '^1|2$'", "not anchored"),
        ("Gender ~ Postcode", "followed by a pattern"),
        # Any Unicode digit in Polars, 0 to 9 in DuckDB.
        (r"Gender ~ '^\d$'", r"not \d"),
        ("Gender ~ '^[[:digit:]]$'", "not portable"),
        ("Gender ~ '^(?i)a$'", "not portable"),
        # '02/01/2026' is a date to Polars, none to DuckDB; 'Y' is true to DuckDB, an error to Polars.
        ("TRY_CAST(OnsetDate AS DATE) > ServDischDate", "TRY_CAST is not to DATE"),
        ("TRY_CAST(Gender AS BOOLEAN)", "TRY_CAST is not to BOOLEAN"),
        ("CAST(Gender AS INTEGER) > 1", "CAST is not to INTEGER"),
        ("Gender::INTEGER > 1", "TRY_CAST(x AS …)"),
        # ' 3 ', '3.7', '1e2' and '1_000' are numbers to DuckDB and none to Polars.
        ("TRY_CAST(PersScore AS INTEGER) > 1", "needs PersScore ~"),
        ("ServDischDate > '2026-04-01'", "a date is not compared with text"),
        ("ServDischDate = NULL", "never true"),
        # The month is a number of 8 bits in Polars: 4 * 100 is -112.
        ("EXTRACT(MONTH FROM ServDischDate) * 100 > 300", "gives the year only"),
        ("ServDischDate > ServDischDate + INTERVAL 1 DAY", "INTERVAL is followed by"),
        ("(Gender = '1') IS TRUE", "TRUE is not a word"),
        ("POSITION('1' IN Gender) > 0", "POSITION is not a function"),
        ("Gender LIKE '1%'", "LIKE is not a word"),
        ("\"Gender\" = '1'", "without quotation marks"),
        ("Gender = '1' -- a comment", "-- a comment is not a sign"),
        ("Gender = '1", "never closed"),
        ("PersScore > 1e2", "1e2 is not a sign"),
        ("Gender || 'x' = '1x'", "|| is not a sign"),
        ("Gender = '1'; DROP TABLE x", "; is not a sign"),
        ("Gender = (SELECT 1)", "SELECT is not a word"),
        ("count(*) OVER (PARTITION BY Gender) > 1", "count is not a function"),
        # Windows.
        ("COUNT(*) > 1", "COUNT has no OVER"),
        ("COUNT(*) OVER (PARTITION BY Gender) > 1", "partitioned by what the rule groups by: Band"),
        ("COUNT(*) OVER () > 1", "partitioned by what the rule groups by: Band"),
        ("LEAD(Gender) OVER (PARTITION BY Band) = '1'", "LEAD needs an ORDER BY"),
        ("SUM(Gender) OVER (PARTITION BY Band ORDER BY Gender) > 1", "is a running one"),
        (
            "MAX(Gender) OVER (PARTITION BY Band ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) = '1'",
            "the frame of a window",
        ),
        ("FIRST_VALUE(Gender) OVER (PARTITION BY Band ORDER BY Gender) = '1'", "FIRST_VALUE is not a function"),
        ("COUNT(DISTINCT Gender) OVER (PARTITION BY Band) > 1", "DISTINCT is not a word"),
    ],
)
def test_what_is_not_portable_is_named(predicate: str, said: str) -> None:
    assert said in " · ".join(violations(predicate, group_by=("Band",)))


def _visible(rule: Rule) -> set[str]:
    """Every column that a predicate of the rule's table may name."""
    table = TABLES[rule.table]
    own = {name for field in table.fields for name in (field.name, f"{field.name}_text")}
    above = {f"{other}_{field.name}" for other in (*looks_up(table), HEADER) for field in TABLES[other].fields}
    found = {f"{other}_{FOUND}" for other in looks_up(table)}
    below = {f"{other}_{RECORDS}" for other in named_by(table.id)}
    tool = {f"{TOOL}_{name}" for name in ("low", "high", FOUND)} if TOOL_FIELD in table.by_name else set()
    return own | above | found | below | tool | {RECEIVED_AT}


def test_a_predicate_names_only_what_its_table_can_see() -> None:
    for rule in ASKED.values():
        assert names(rule.fails) <= _visible(rule), rule.id
        for other, name in rule.related:
            related_dtype(other, name)
        # Records of other tables are counted when all tables have been read, groups as each is: never in one rule.
        assert not (rule.group_by and any(name == RECORDS for _, name in rule.related)), rule.id
