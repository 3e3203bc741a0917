"""How the rows of a table leave: what they need of the tables before, and that the contract sees all of them."""

from datetime import date

import polars as pl
import pytest

from schemas.dataset import TABLES
from schemas.month import ProviderMonth
from schemas.staged import INVALID, PROVENANCE, staged_schema
from schemas.terms import HOLDS
from tests.fixtures.tokens import token_of
from transforms.cast import with_typed
from transforms.leaving import LOST, TOKEN, ContractBroken, Held, Leaving, Staging, held_to_contract, leaving
from transforms.pseudonymise import Origin, TokenKey, local_token

CONTACT, DISABILITY = TABLES["IDS201"], TABLES["IDS007"]
KEY, RW5 = TokenKey("v1", "0123456789abcdef" * 4), Origin("sub1", ProviderMonth("RW5", date(2025, 4, 1)))
STAGING = Staging("sub1", KEY, lambda _, rows: rows)


def known(*columns: str) -> pl.DataFrame:
    return pl.DataFrame({name: ["x"] for name in ("key", "row", *columns)})


def contacts(referrals: pl.DataFrame | None, named_key: str | None = "CareContactId") -> Leaving:
    return leaving(CONTACT, named_key, {"IDS101": referrals}, RW5, STAGING)


def test_a_record_takes_the_token_of_the_record_that_it_names_if_there_is_one() -> None:
    assert contacts(known(TOKEN)).beside == {("IDS101", TOKEN)}
    assert contacts(known()).beside == set()
    assert contacts(None).beside == set()  # a table that cannot be read


def test_a_record_is_lost_with_its_parent_where_a_parent_is() -> None:
    left = contacts(known(TOKEN, LOST))
    assert (left.lost, left.beside) == ("IDS101_lost", {("IDS101", TOKEN), ("IDS101", LOST)})
    assert [contacts(referrals).lost for referrals in (known(TOKEN), None)] == [None, None]
    # An activity is not lost with the member of staff that it names; patients have no parent.
    activity = leaving(TABLES["IDS202"], None, {"SMI901": known(TOKEN, LOST)}, RW5, STAGING)
    assert (activity.lost, activity.beside) == (None, {("SMI901", TOKEN)})
    assert leaving(TABLES["IDS001"], None, {"IDS101": known(LOST)}, RW5, STAGING).lost is None


def test_only_a_record_that_others_name_gets_a_token_of_its_own() -> None:
    assert contacts(known(), named_key=None).token is None
    made = contacts(known()).token
    assert made is not None
    records = pl.DataFrame({"CareContactId": ["C1", None]})
    of_contact = local_token(pl.col("CareContactId"), CONTACT.by_name["CareContactId"], RW5, KEY)
    assert records.select(made).equals(records.select(of_contact.alias(TOKEN)))
    assert records.select(made).null_count().item() == 1


def test_what_is_written_of_a_row_is_what_may_leave() -> None:
    text = pl.LazyFrame(
        {"row_number": [2, 3], "LocalPatientId": ["P1", "P2"], "DisabCode": ["01", "LA1 4YW"]},
        schema_overrides={"row_number": pl.Int64},
    )
    token = pl.Series("IDS001_token", [token_of("ready"), None], dtype=pl.Binary)
    rows = with_typed(text, DISABILITY).with_columns(
        token, pl.lit(True).alias(HOLDS), pl.Series("is no code", [False, True])
    )
    left = leaving(DISABILITY, None, {"IDS001": known(TOKEN)}, RW5, STAGING)
    made = left.write(rows, {"DisabCode": ["is no code"]}).collect()
    assert dict(made.schema) == staged_schema(DISABILITY)
    made_now = pl.select(local_token(pl.lit("P2"), DISABILITY.by_name["LocalPatientId"], RW5, KEY)).item()
    assert made.select("row_number", "LocalPatientId", "DisabCode", INVALID).rows() == [
        (2, token_of("ready"), "01", None),
        (3, made_now, None, " DisabCode "),
    ]


def written(*holds: bool | None) -> pl.LazyFrame:
    """Rows of a disability each, as they are held against the contract."""
    count = len(holds)
    columns = {"submission_id": "sub1", "provider": "RW5", "month": date(2025, 4, 1)} | {
        "LocalPatientId": token_of("x"), "DisabCode": "01", INVALID: None,
    }  # fmt: skip
    assert {*columns, "row_number"} == {*staged_schema(DISABILITY)} >= {*PROVENANCE}
    rows = {name: [value] * count for name, value in columns.items()} | {"row_number": list(range(2, count + 2))}
    types = staged_schema(DISABILITY)
    return pl.LazyFrame(rows, schema_overrides=types).select(*types, pl.Series(HOLDS, holds, dtype=pl.Boolean))


ASKED = {
    "all": lambda rows: rows,
    "some rows": lambda rows: rows.filter(pl.col("row_number") < 4),
    "some columns": lambda rows: rows.select("LocalPatientId"),
    "the first row": lambda rows: rows.head(1),
}


@pytest.mark.parametrize("asked", ASKED)
def test_the_contract_sees_every_row_and_column_whatever_is_asked_of_them_afterwards(asked: str) -> None:
    held = Held()
    right = ASKED[asked](held_to_contract(written(True, True, True), "IDS007", held)).collect()
    assert right.equals(ASKED[asked](written(True, True, True).drop(HOLDS)).collect())
    held.hold()
    nameless = written(True, True).with_columns(provider=pl.when(pl.col("row_number") < 3).then("provider"))
    for wrong in (written(True, True, False), written(True, True, None), nameless):
        also = Held(list(held.batches))
        ASKED[asked](held_to_contract(wrong, "IDS007", also)).collect()
        with pytest.raises(ContractBroken, match=r"^IDS007: rows were accepted that the contract refuses$"):
            also.hold()
    for other in (
        written(True).with_columns(pl.lit("9990000018").alias("NHSNumber")),
        written(True).with_columns(pl.col("DisabCode").cast(pl.Categorical)),
        written(True).drop("DisabCode"),
    ):
        with pytest.raises(ContractBroken):
            ASKED[asked](held_to_contract(other, "IDS007", Held())).collect()


def test_the_contract_names_the_table_that_breaks_it_and_asks_nothing_of_no_rows() -> None:
    held = Held()
    held.hold()
    held.add("IDS004", written(True).collect())
    held.add("IDS007", written(True, False).collect())
    held.add("IDS011", written().collect())
    with pytest.raises(ContractBroken, match=r"^IDS007: "):
        held.hold()
