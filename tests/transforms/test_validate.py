"""What the rules find in the rows of a table, what is kept of them, and which rows are written."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.dataset import TABLES
from schemas.month import ProviderMonth
from schemas.rule import Effect, Owner, Rule
from schemas.staged import INVALID
from schemas.terms import HOLDS
from transforms.leaving import LOST, TOKEN, Leaving, Staging, leaving
from transforms.pseudonymise import Origin, TokenKey
from transforms.related import Related, as_known
from transforms.validate import Found, _is_asked, _shared, check_named, check_rows, counted_tables, rejected_rows

ROWS = st.lists(st.tuples(st.sampled_from([1, 2, 3, None]), st.booleans()), max_size=9)


@given(ROWS)
@example([(1, True), (1, True), (1, True), (2, True), (None, True)])
def test_the_records_asked_are_those_that_share_a_key_with_another_in_a_group_that_is_asked(
    rows: list[tuple[int | None, bool]],
) -> None:
    """A record without a key belongs to nobody."""
    keys = [key for key, _ in rows]
    of_interest = {key for key, is_asked in rows if is_asked}
    expected = [
        number
        for number, key in enumerate(keys, start=2)
        if key is not None and keys.count(key) > 1 and key in of_interest
    ]
    numbers = pl.Series(range(2, len(rows) + 2), dtype=pl.Int64)
    asked = pl.Series([is_asked for _, is_asked in rows], dtype=pl.Boolean)
    assert _shared(numbers, pl.Series(keys, dtype=pl.UInt64), asked).to_list() == expected


REFERRAL, CONTACT = ("ServiceRequestId",), ("CareContactId",)


def about(group: tuple[str, ...], when: str) -> Rule:
    return Rule("x", "IDS201", Effect.WARNING, (), "", "", "", group_by=group, when=when, owner=Owner.CLINICIAN)


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ([about(REFERRAL, "AppType = '06'")], [True, False, False]),
        ([about(REFERRAL, "AppType = '06'"), about(REFERRAL, "AppType = '02'")], [True, True, False]),
        ([about(REFERRAL, "AppType = '06'"), about(REFERRAL, "")], [True, True, True]),
        ([about(REFERRAL, "AppType = '06'"), about(CONTACT, "")], [True, False, False]),
        ([about(REFERRAL, ""), about(CONTACT, "AppType = '06'")], [True, True, True]),
    ],
    ids=["one rule says when", "two say when", "one does not say", "another group's rule does not", "only another's says"],
)  # fmt: skip
def test_a_record_makes_its_group_asked_if_a_rule_of_the_group_says_so_or_does_not_say_when(
    rules: list[Rule], asked: list[bool]
) -> None:
    """A blank makes no condition true."""
    records = pl.DataFrame({"AppType": ["06", "02", None]})
    assert records.with_columns(_is_asked(REFERRAL, rules).alias("is_asked"))["is_asked"].to_list() == asked


REFERRALS = TABLES["IDS101"]
HEADER = {"ReportingPeriodStartDate": date(2025, 4, 1)}
RECEIVED, DISCHARGED = "ReferralRequestReceivedDate", "ServDischDate"
# ServiceRequestId, LocalPatientId, ReferralRequestReceivedDate, ServDischDate, EndCode
ROWS_OF_REFERRALS = [
    ("R1", "P1", "2025-04-02", "2025-04-01", "10"),
    ("R2", "P1", "2025-04-02", None, None),
    ("R2", "P2", "02/04/2025", "2025-03-31", "XX"),
    (None, "P9", None, None, "10"),
]


def rule(name: str, fields: Sequence[str], fails: str, effect: Effect = Effect.WARNING, **more: Any) -> Rule:
    return Rule(name, "IDS101", effect, tuple(fields), fails, "", "", **{"owner": Owner.CLINICIAN} | more)


NO_DAY = rule("no day", [RECEIVED], f"{RECEIVED}_text IS NOT NULL AND {RECEIVED} IS NULL", Effect.REJECT_RECORD)
BACKWARDS = rule("backwards", [RECEIVED, DISCHARGED], f"{DISCHARGED} < {RECEIVED}")
NOBODY = rule("nobody", ["LocalPatientId"], "NOT IDS001_found", Effect.REJECT_RECORD)
CODE = rule("code", ["EndCode"], "EndCode NOT IN ('10', '11')", is_declared=True)
TWICE = rule("twice", ["ServiceRequestId"], "COUNT(*) OVER (PARTITION BY ServiceRequestId) > 1", Effect.REJECT_RECORD,
             group_by=("ServiceRequestId",))  # fmt: skip
SECOND = rule("second", ["EndCode"], "ROW_NUMBER() OVER (PARTITION BY LocalPatientId ORDER BY row_number) > 1",
              group_by=("LocalPatientId",))  # fmt: skip


def referrals(rows: Sequence[tuple[str | None, ...]] = ROWS_OF_REFERRALS) -> pl.LazyFrame:
    names = ["ServiceRequestId", "LocalPatientId", RECEIVED, DISCHARGED, "EndCode"]
    text = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").with_row_index(
        "row_number", offset=2
    )
    others = [pl.lit(None, dtype=pl.String).alias(name) for name in REFERRALS.by_name if name not in names]
    return text.lazy().with_columns(pl.col("row_number").cast(pl.Int64), *others)


def patients(**columns: Sequence[object]) -> Related:
    """P1 and P2 are known."""
    kept = pl.DataFrame(
        {"row_number": [2, 3], "LocalPatientId": ["P1", "P2"], "PersonBirthDate": [date(1980, 6, 15), date(1991, 2, 28)],
         "NHSNumber": [None, None], "NHSNumberStatus": ["07", "07"], **columns},
        schema_overrides={"NHSNumber": pl.String},
    )  # fmt: skip
    names = [name for name in kept.columns if name not in ("row_number", "LocalPatientId")]
    return Related(HEADER, known={"IDS001": as_known(kept, "LocalPatientId", names)})


def checked(rules: Sequence[Rule], left: Leaving | None = None, related: Related | None = None) -> Found:
    return check_rows(referrals(), REFERRALS, rules, related or patients(), ["ServiceRequestId"], left)


def said(found: pl.DataFrame) -> list[tuple[str, int, str | None, str | None]]:
    assert set(found["table"]) <= {"IDS101"}
    return found.select("rule_id", "row_number", "field", "found").rows()


def test_findings_are_in_the_order_of_the_rules_then_of_the_rows_with_the_values_found() -> None:
    """A comparison with a blank is neither true nor false, and no finding."""
    assert said(checked([CODE, BACKWARDS, NO_DAY, NOBODY]).findings) == [
        ("code", 4, "EndCode", "XX"),
        ("backwards", 2, f"{RECEIVED}, {DISCHARGED}", f"{RECEIVED} 2025-04-02 · {DISCHARGED} 2025-04-01"),
        ("no day", 4, RECEIVED, "02/04/2025"),
        ("nobody", 5, "LocalPatientId", None),
    ]
    assert said(checked([]).findings) == []
    assert said(checked([rule("never", ["EndCode"], "EndCode = '99'")]).findings) == []


@pytest.mark.parametrize(
    ("fields", "fails", "found"),
    [
        (["LocalPatientId", "EndCode"], "EndCode = 'XX'", "EndCode XX"),
        (["EndCode", DISCHARGED], f"{RECEIVED} = DATE '2025-04-02' AND {DISCHARGED} IS NULL",
         f"EndCode (blank) · {DISCHARGED} (blank)"),
        ([DISCHARGED], f"{DISCHARGED} < IDS000_ReportingPeriodStartDate",
         f"{DISCHARGED} 2025-03-31 · IDS000.ReportingPeriodStartDate 2025-04-01"),
        (["LocalPatientId"], "ServDischDate < IDS000_ReportingPeriodStartDate",
         "IDS000.ReportingPeriodStartDate 2025-04-01"),
        (["LocalPatientId"], "IDS001_PersonBirthDate = DATE '1991-02-28'", None),
        (["EndCode"], "IDS001_PersonBirthDate = DATE '1991-02-28' AND IDS001_found", "XX"),
        (["EndCode"], "IDS001_NHSNumberStatus = '07' AND EndCode = 'XX'", "EndCode XX · IDS001.NHSNumberStatus 07"),
    ],
    ids=["one of two identifies", "blanks", "of the header", "of the header alone", "identifies", "of another that identifies",
         "of another record"],
)  # fmt: skip
def test_every_value_that_a_rule_looks_at_is_shown_with_its_name_but_none_that_identifies(
    fields: Sequence[str], fails: str, found: str | None
) -> None:
    (finding,) = said(checked([rule("x", fields, fails)]).findings)
    assert finding[2:] == (", ".join(fields), found)


def test_a_figure_of_the_catalogue_of_measures_is_shown() -> None:
    scores = TABLES["IDS607"]
    text = {name: pl.lit(None, dtype=pl.String) for name in scores.by_name}
    text |= {"CodedAssToolType": pl.lit("720433000"), "PersScore": pl.lit("99")}
    above = Rule(
        "above",
        "IDS607",
        Effect.WARNING,
        ("PersScore",),
        "CAST(PersScore AS DOUBLE) > TOOL_high",
        "",
        "",
        owner=Owner.CLINICIAN,
    )
    found = check_rows(pl.LazyFrame({"row_number": [2]}).with_columns(**text), scores, [above]).findings
    assert found.select("field", "found").rows() == [("PersScore", "PersScore 99 · TOOL.high 27.0")]


def test_records_that_belong_together_are_asked_together_and_each_group_its_own_rules() -> None:
    """R2 stands twice; P1 has two referrals; a record without a number belongs to none."""
    assert said(checked([TWICE, SECOND]).findings) == [
        ("twice", 3, "ServiceRequestId", None), ("twice", 4, "ServiceRequestId", None), ("second", 3, "EndCode", None),
    ]  # fmt: skip
    assert said(checked([TWICE, rule("never", ["EndCode"], "EndCode = '99'", group_by=("EndCode",))]).findings) == [
        ("twice", 3, "ServiceRequestId", None), ("twice", 4, "ServiceRequestId", None),
    ]  # fmt: skip
    # Two records of one number are also two of one patient: neither rule is asked of the other's group.
    same = referrals([("R1", "P1", None, None, None)] * 2)
    assert said(check_rows(same, REFERRALS, [TWICE, SECOND], patients()).findings) == [
        ("twice", 2, "ServiceRequestId", None), ("twice", 3, "ServiceRequestId", None), ("second", 3, "EndCode", None),
    ]  # fmt: skip
    assert said(checked([SECOND, CODE]).findings) == [("code", 4, "EndCode", "XX"), ("second", 3, "EndCode", None)]


def test_of_every_row_is_kept_what_others_need_and_which_records_it_names() -> None:
    kept = checked([NO_DAY, TWICE]).kept
    assert dict(kept.schema) == {
        "row_number": pl.UInt32(), "ServiceRequestId": pl.String(), "IDS001_row": pl.UInt32(),
    }  # fmt: skip
    assert sorted(kept.rows()) == [(2, "R1", 2), (3, "R2", 2), (4, "R2", 3), (5, None, None)]


def out(written: list[pl.DataFrame], related: Related) -> Leaving:
    """Rows that leave are noted in ``written``."""

    def sink(_: str, rows: pl.LazyFrame) -> pl.LazyFrame:
        written.append(rows.collect())
        return rows

    staging = Staging("sub1", TokenKey("v1", "0123456789abcdef" * 4), sink)
    origin = Origin("sub1", ProviderMonth("RW5", date(2025, 4, 1)))
    return leaving(REFERRALS, "ServiceRequestId", related.known, origin, staging)


@pytest.mark.parametrize(
    ("rules", "is_lost", "rows"),
    [
        ([], None, [2, 3, 4, 5]),
        ([CODE, BACKWARDS], None, [2, 3, 4, 5]),
        ([NO_DAY], None, [2, 3, 5]),
        ([NO_DAY, NOBODY, TWICE], None, [2, 3]),
        ([], [True, False], [4, 5]),
        ([NO_DAY], [True, False], [5]),
        ([NO_DAY], [False, None], [2, 3, 5]),
    ],
)
def test_the_rows_written_are_those_that_no_rule_rejects_and_whose_parent_stands(
    rules: Sequence[Rule], is_lost: Sequence[bool | None] | None, rows: Sequence[int]
) -> None:
    """Rules about records that belong together reject later. A rule that does not apply rejects nothing."""
    related, written = patients(**({LOST: is_lost} if is_lost else {})), list[pl.DataFrame]()
    found = checked(rules, out(written, related), related)
    assert written[0]["row_number"].to_list() == rows
    assert found.refused.to_list() == ([4] if NO_DAY in rules else [])
    assert sorted(found.kept["row_number"]) == [2, 3, 4, 5]
    assert (TOKEN in found.kept.columns, f"IDS001_{LOST}" in found.kept.columns) == (True, is_lost is not None)


def test_a_value_that_its_declaration_does_not_allow_is_not_written() -> None:
    related, written = patients(), list[pl.DataFrame]()
    found = checked([CODE, NO_DAY], out(written, related), related)
    assert written[0].select("row_number", "EndCode", INVALID).rows() == [
        (2, "10", None), (3, None, None), (5, "10", None),
    ]  # fmt: skip
    checked([CODE], out(written, related), related)
    assert written[1].select("EndCode", INVALID).rows()[2] == (None, " EndCode ")
    assert rejected_rows(found.findings).to_list() == [4]


def test_a_row_that_the_contract_refuses_is_named_even_if_no_rule_finds_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transforms.validate.holds_all", lambda rules, fails: pl.col("EndCode").is_not_null())
    seen = Leaving(None, None, frozenset(), lambda rows, flags: rows.select("row_number", HOLDS))
    assert checked([CODE], seen).refused.to_list() == [3]
    assert checked([], seen).refused.to_list() == [3]
    assert checked([CODE]).refused.to_list() == []


UNNAMED = rule("unnamed", ["ServiceRequestId"], "IDS201_records = 0 AND EndCode IS NOT NULL", Effect.REJECT_RECORD)


def test_a_record_that_no_other_names_is_counted_as_named_by_none() -> None:
    """Only rules that count are asked, and only of counts; a table that no rule counts may be among the counts."""
    counts = pl.DataFrame(
        {"row_number": [2, 3, 4, 5], "IDS201_records": [2, 1, None, None], "IDS606_records": [1] * 4}
    )
    found = check_named(referrals(), REFERRALS, [UNNAMED, CODE, NOBODY], patients(), counts)
    assert said(found) == [("unnamed", 4, "ServiceRequestId", None), ("unnamed", 5, "ServiceRequestId", None)]
    assert counted_tables([UNNAMED, CODE, NOBODY]) == {"IDS201"}
    assert said(checked([UNNAMED, CODE]).findings) == [("code", 4, "EndCode", "XX")]


def test_the_rejected_rows_are_those_with_a_finding_that_rejects_each_once() -> None:
    found = checked([CODE, BACKWARDS, NOBODY, NO_DAY, TWICE]).findings
    assert rejected_rows(found).to_list() == [3, 4, 5]
    assert rejected_rows(found.clear()).to_list() == []
    assert rejected_rows(found.filter(found["rule_id"] == "code")).to_list() == []
