"""A value that its element's declaration does not allow stays, and a row says of which elements."""

from collections.abc import Sequence

import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.rule import Effect, Owner, Rule
from schemas.staged import INVALID, staged_schema
from schemas.token import TYPE
from tests.fixtures.tokens import token_of
from transforms.withheld import speaking, withholding

DISABILITY = TABLES["IDS007"]  # LocalPatientId, DisabCode
LOCAL = token_of("a")
FLAGS = {"DisabCode": ["is no code", "is too long"], "LocalPatientId": ["has a blank"]}
# DisabCode, and what three rules say of the row.
ROWS = [
    ("01", False, False, False),
    ("9990000018", True, False, False),
    ("LA1 4YW", True, True, True),
    (None, None, None, None),
    ("02", None, False, True),
]


def rule(name: str, effect: Effect, *, is_declared: bool) -> Rule:
    return Rule(name, "IDS007", effect, ("DisabCode",), "", "", "", is_declared=is_declared, owner=Owner.CLINICIAN)


def frame(rows: Sequence[tuple[str | None, bool | None, bool | None, bool | None]]) -> pl.LazyFrame:
    """Rows as ``pseudonymised`` makes them, with what the rules say."""
    names = [name for name in staged_schema(DISABILITY) if name not in (INVALID, "DisabCode", "row_number")]
    said = pl.DataFrame(
        rows, schema=["DisabCode", "is no code", "is too long", "has a blank"], orient="row",
        schema_overrides={"DisabCode": pl.String, **dict.fromkeys(["is no code", "is too long", "has a blank"], pl.Boolean)},
    )  # fmt: skip
    types = staged_schema(DISABILITY)
    filled = {pl.String(): pl.lit("x"), TYPE: pl.lit(LOCAL)}
    others = (filled.get(types[name], pl.lit(None, types[name])).alias(name) for name in names)
    numbered = said.lazy().with_columns(*others).with_row_index("row_number", offset=2)
    return numbered.with_columns(pl.col("row_number").cast(pl.Int64))


def test_only_a_rule_about_a_declaration_that_lets_the_record_pass_speaks_of_a_value_to_withhold() -> None:
    rules = [
        rule("declared, warns", Effect.WARNING, is_declared=True),
        rule("declared, warns of more", Effect.SEVERE_WARNING, is_declared=True),
        rule("declared, rejects", Effect.REJECT_RECORD, is_declared=True),
        rule("compares, warns", Effect.WARNING, is_declared=False),
        rule("compares, rejects", Effect.REJECT_RECORD, is_declared=False),
    ]
    assert speaking(rules) == {"DisabCode": ["declared, warns", "declared, warns of more"]}
    assert speaking(rules[2:]) == {}


def test_a_value_that_a_rule_speaks_of_is_blanked_and_its_element_named() -> None:
    """A rule that does not apply says nothing."""
    made = withholding(frame(ROWS), DISABILITY, FLAGS, also=["has a blank"]).collect()
    assert dict(made.schema) == staged_schema(DISABILITY) | {"has a blank": pl.Boolean()}
    assert made.select("row_number", "DisabCode", "LocalPatientId", INVALID).rows() == [
        (2, "01", LOCAL, None),
        (3, None, LOCAL, " DisabCode "),
        (4, None, None, " DisabCode LocalPatientId "),
        (5, None, LOCAL, None),
        (6, "02", None, " LocalPatientId "),
    ]
    assert made["has a blank"].to_list() == [False, False, True, None, True]


@pytest.mark.parametrize(
    "flags", [{}, FLAGS, {"NHSNumber": ["is no code"]}], ids=["no rules", "rules", "of no column"]
)
def test_where_nothing_is_wrong_all_stays_as_it_is(flags: dict[str, list[str]]) -> None:
    """A rule about an element that never leaves has nothing to blank."""
    made = withholding(frame([ROWS[0], ROWS[3]]), DISABILITY, flags).collect()
    assert dict(made.schema) == staged_schema(DISABILITY)
    assert made.select("DisabCode", "LocalPatientId", INVALID).rows() == [
        ("01", LOCAL, None),
        (None, LOCAL, None),
    ]


def test_an_element_that_never_leaves_is_not_named() -> None:
    made = withholding(frame(ROWS[1:3]), DISABILITY, {"NHSNumber": ["is no code"], "DisabCode": ["is too long"]})
    assert made.select("DisabCode", INVALID).collect().rows() == [("9990000018", None), (None, " DisabCode ")]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_what_is_asked_of_the_rows_afterwards_is_asked_of_what_was_left(engine: str) -> None:
    """No filter and no choice of columns moves before the value is blanked."""
    made = withholding(frame(ROWS), DISABILITY, FLAGS)
    assert made.filter(pl.col("DisabCode").is_not_null()).collect(engine=engine)["row_number"].to_list() == [2, 6]  # type: ignore[call-overload]
    assert made.select("row_number").collect(engine=engine)["row_number"].to_list() == [2, 3, 4, 5, 6]  # type: ignore[call-overload]
    assert made.select(INVALID).head(2).collect(engine=engine)[INVALID].to_list() == [None, " DisabCode "]  # type: ignore[call-overload]
