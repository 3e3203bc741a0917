"""Where identity ends: tokens, ages, districts, and nothing else of a person."""

import hmac
from collections.abc import Mapping
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dataset import TABLES
from schemas.month import ProviderMonth
from schemas.nhs_number import PLACEHOLDERS
from schemas.staged import INVALID, staged_schema
from transforms.cast import with_typed
from transforms.pseudonymise import (
    NO_TOKENS,
    Origin,
    TokenKey,
    age_in_years,
    nhs_number,
    pseudonymised,
    token,
)

KEY = TokenKey("s1", "0123456789abcdef" * 4)
RW5 = Origin("sub1", ProviderMonth("RW5", date(2025, 4, 1)))
NOTHING_BESIDE: Mapping[str, pl.Series] = {}
RV5 = Origin("sub2", ProviderMonth("RV5", date(2025, 4, 1)))


def rows(table: str, *records: Mapping[str, str | None]) -> pl.LazyFrame:
    names = [field.name for field in TABLES[table].fields]
    return pl.LazyFrame(
        [{"row_number": i, **{name: record.get(name) for name in names}} for i, record in enumerate(records, 2)],
        schema={"row_number": pl.Int64, **dict.fromkeys(names, pl.String)},
    )


def staged(
    table: str,
    *records: Mapping[str, str | None],
    origin: Origin = RW5,
    beside: Mapping[str, pl.Series] = NOTHING_BESIDE,
    tokens: Mapping[str, str] = NO_TOKENS,
) -> pl.DataFrame:
    typed = with_typed(rows(table, *records), TABLES[table])
    if table == "IDS101":
        typed = typed.with_columns(
            IDS001_PersonBirthDate=pl.lit(None, dtype=pl.Date),
            IDS001_NHSNumber=pl.lit(None, dtype=pl.String),
            IDS001_NHSNumberStatus=pl.lit(None, dtype=pl.String),
        )
    return pseudonymised(typed.with_columns(**beside), TABLES[table], origin, KEY, tokens).collect()


@given(st.text())
def test_a_token_is_the_standard_librarys_hmac(text: str) -> None:
    made = pl.select(token(pl.lit(text), KEY, "local", "RW5", "CareContactId")).item()
    domain = hmac.new(KEY.secret.encode(), b"local\x1fRW5\x1fCareContactId", "sha256").hexdigest()
    assert made == b"\x01" + hmac.new(domain.encode(), text.encode(), "sha256").digest()[:15]


def test_the_token_of_nothing_is_nothing() -> None:
    assert pl.select(token(pl.lit(None, dtype=pl.String), KEY, "nhs")).item() is None


NUMBER, OTHER = "9990000018", "9990000026"
SPELLINGS = (
    NUMBER, "999 000 0018", "999-000-0018", " 9990000018", "9990000018 ", "  999 000 0018  ", "999 0000018",
    "999000 0018", "999-000 0018", "9 9 9 0 0 0 0 0 1 8", "99-90-00-00-18", "999  000  0018",
)  # fmt: skip
NO_NUMBERS = (
    "9990000019", "999000001", "99900000188", "999000001X", "", None, "٩٩٩٠٠٠٠٠١٨", "９９９００００２６", "९९९००००018",
    "9990000018\u200b", "\ufeff9990000018", "999\u00a0000\u00a00018", "999\u2009000\u20090018", "999\u2011000\u20110018",
    "999.000.0018", "999/000/0018", "999_000_0018", "9990000018\n", "\t9990000018", "+9990000018", "9990000018.0", "９990000018",
    *PLACEHOLDERS, "000 000 0000", "999-999-9999",
)  # fmt: skip


def slow_nhs_number(text: str | None) -> str | None:
    """Written from the NHS Data Dictionary: character by character, without patterns and without Polars."""
    if text is None:
        return None
    digits = [ord(character) - ord("0") for character in text if character not in {" ", "-"}]
    if len(digits) != 10 or any(digit < 0 or digit > 9 for digit in digits):
        return None
    total = 0
    for place in range(9):
        total += digits[place] * (10 - place)
    check = 11 - total % 11
    if check == 11:
        check = 0
    written = "".join(str(digit) for digit in digits)
    is_never_issued = len(set(digits)) == 1 or written in ("0123456789", "9876543210")
    return None if check == 10 or check != digits[9] or is_never_issued else written


def read(text: str | None) -> str | None:
    found: str | None = pl.select(nhs_number(pl.lit(text, dtype=pl.String))).item()
    return found


@pytest.mark.parametrize("text", SPELLINGS)
def test_twelve_spellings_are_one_number(text: str) -> None:
    assert read(text) == NUMBER
    assert person(text, "01") == person(NUMBER, "01")
    assert person(text, "01")[1] is True


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_nothing_else_is_a_number(text: str | None) -> None:
    assert read(text) is None
    assert person(text, "01")[1] is False


def test_every_placeholder_would_pass_the_check_digit() -> None:
    """Otherwise the list would be longer than it need be, and a reader would not know why a number is in it."""
    for placeholder in PLACEHOLDERS:
        assert (
            sum(int(digit) * weight for digit, weight in zip(placeholder, range(10, 0, -1), strict=True)) % 11 == 0
        )


@given(st.text(alphabet="0123456789 -٣９\u200b\u00a0.X", max_size=16) | st.from_regex(r"\A[0-9]{10}\Z") | st.none())
def test_a_number_is_read_as_the_slow_reference_reads_it(text: str | None) -> None:
    assert read(text) == slow_nhs_number(text)


@given(st.integers(0, 999_999_999), st.integers(0, 9))
def test_one_of_ten_last_digits_is_right(first_nine: int, last: int) -> None:
    number = f"{first_nine:09}{last}"
    assert read(number) == slow_nhs_number(number)


def person(number: str | None, status: str | None, local: str = "P1", origin: Origin = RW5) -> tuple[str, bool]:
    record = {"LocalPatientId": local, "NHSNumber": number, "NHSNumberStatus": status}
    row = staged("IDS001", record, origin=origin).row(0, named=True)
    return row["person_id"], row["is_nationally_linked"]


def test_a_verified_nhs_number_links_a_person_across_providers() -> None:
    assert person("9990000018", "01", "P1", RW5) == person("9990000018", "01", "X9", RV5)
    assert person("9990000018", "01")[1] is True


@pytest.mark.parametrize(
    ("number", "status"),
    [("9990000018", "04"), ("9990000018", None), (None, "01"), ("9990000019", "01"), ("0000000000", "01")],
    ids=["not traced", "no status", "no number", "wrong check digit", "the placeholder 0000000000"],
)
def test_anybody_else_is_known_at_their_provider_alone(number: str | None, status: str | None) -> None:
    assert person(number, status, "P1", RW5)[1] is False
    assert person(number, status, "P1", RW5) == person(None, "07", "P1", RW5)
    assert person(number, status, "P1", RW5) != person(number, status, "P1", RV5)
    assert person(number, status, "P1", RW5) != person(number, status, "P2", RW5)


def test_a_local_id_has_one_token_in_every_table_and_month_of_its_provider() -> None:
    referral = {"ServiceRequestId": "R1", "LocalPatientId": "P1"}
    here = staged("IDS101", referral).row(0, named=True)
    later = staged("IDS201", referral, origin=Origin("sub9", ProviderMonth("RW5", date(2025, 5, 1)))).row(
        0, named=True
    )
    there = staged("IDS101", referral, origin=RV5).row(0, named=True)
    assert here["ServiceRequestId"] == later["ServiceRequestId"] != there["ServiceRequestId"]
    assert here["ServiceRequestId"] != here["LocalPatientId"]


def test_equal_ids_of_different_elements_have_different_tokens() -> None:
    row = staged("IDS101", {"ServiceRequestId": "1", "LocalPatientId": "1"}).row(0, named=True)
    assert row["ServiceRequestId"] != row["LocalPatientId"]


def mark(number: str | None, status: str, local: str = "P1", origin: Origin = RW5, key: TokenKey = KEY) -> object:
    record = {"LocalPatientId": local, "NHSNumber": number, "NHSNumberStatus": status}
    typed = with_typed(rows("IDS001", record), TABLES["IDS001"])
    return pseudonymised(typed, TABLES["IDS001"], origin, key).collect()["person_mark"].item()


def test_a_mark_is_that_of_the_person_whatever_the_pseudonym() -> None:
    marks = "fedcba9876543210" * 4
    key, rotated = TokenKey("s1", KEY.secret, marks), TokenKey("s2", "ab" * 32, marks)

    def slow(text: str, *domain: str) -> int:
        of_domain = hmac.new(marks.encode(), "\x1f".join(domain).encode(), "sha256").hexdigest()
        return int(hmac.new(of_domain.encode(), text.encode(), "sha256").hexdigest(), 16) >> 248 & 63

    assert mark(NUMBER, "01", key=key) == slow(NUMBER, "nhs")
    assert mark("999 000 0018", "01", "X9", RV5, rotated) == slow(NUMBER, "nhs")
    for number, status in ((NUMBER, "02"), (None, "07"), ("9990000019", "01")):
        assert mark(number, status, key=key) == slow("P1", "local", "RW5", "LocalPatientId")
        assert mark(number, status, origin=RV5, key=rotated) == slow("P1", "local", "RV5", "LocalPatientId")
    assert mark(NUMBER, "01") is None  # a key without one for marks


def test_every_mark_is_drawn_as_often() -> None:
    people = [{"LocalPatientId": f"P{n}", "NHSNumberStatus": "07"} for n in range(6400)]
    typed = with_typed(rows("IDS001", *people), TABLES["IDS001"])
    made = pseudonymised(typed, TABLES["IDS001"], RW5, TokenKey("s1", KEY.secret, "ab" * 32)).collect()
    counts = made["person_mark"].value_counts()
    assert sorted(counts["person_mark"].to_list()) == list(range(64))
    assert counts["count"].min() > 60 and counts["count"].max() < 140  # type: ignore[operator]


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [("1980-06-15", "2025-06-14", 44), ("1980-06-15", "2025-06-15", 45), ("2004-02-29", "2025-02-28", 20),
     ("2004-02-29", "2025-03-01", 21), ("2025-04-01", "2025-04-01", 0), (None, "2025-04-01", None)],
)  # fmt: skip
def test_age_is_in_completed_years(born: str | None, on: str, age: int | None) -> None:
    days = [None if d is None else date.fromisoformat(d) for d in (born, on)]
    made = pl.select(age_in_years(pl.lit(days[0], dtype=pl.Date), pl.lit(days[1], dtype=pl.Date))).item()
    assert made == age


def test_a_referral_knows_the_age_at_which_it_came() -> None:
    referrals = [
        {"ServiceRequestId": "R1", "LocalPatientId": "P1", "ReferralRequestReceivedDate": "2025-04-02"},
        {"ServiceRequestId": "R2", "LocalPatientId": "P2", "ReferralRequestReceivedDate": "2025-04-02"},
        {"ServiceRequestId": "R3", "LocalPatientId": "P1", "ReferralRequestReceivedDate": None},
    ]
    births = pl.Series([date(1980, 6, 15), None, date(1980, 6, 15)])
    made = staged("IDS101", *referrals, beside={"IDS001_PersonBirthDate": births})
    assert made["age_at_referral"].to_list() == [44, None, None]
    assert made["row_number"].to_list() == [2, 3, 4]


@pytest.mark.parametrize(
    ("first", "second", "is_equal"),
    [
        ((NUMBER, "01", "R1"), (NUMBER, "01", "R1"), True),
        ((NUMBER, "01", "R1"), (NUMBER, "01", "R2"), False),  # the same person, another referral
        ((NUMBER, "01", "R1"), (OTHER, "01", "R1"), False),  # another person, the same local id
        ((NUMBER, "01", "1"), (NUMBER + "1", "01", ""), False),
        ((NUMBER, "01", "R1"), ("999 000 0018", "01", "R1"), True),
        ((NUMBER, "02", "R1"), (NUMBER, "02", "R1"), False),  # not verified: no link, as of the person
        (("9990000019", "01", "R1"), ("9990000019", "01", "R1"), False),
        ((None, "01", "R1"), (None, "01", "R1"), False),
        ((NUMBER, None, "R1"), (NUMBER, None, "R1"), False),
        ((NUMBER, "01", None), (NUMBER, "01", None), False),
    ],
)
def test_a_referral_is_found_at_another_provider_by_person_and_id_together(
    first: tuple[str | None, ...], second: tuple[str | None, ...], is_equal: bool
) -> None:
    made = []
    for (number, status, referral), origin in ((first, RW5), (second, RV5)):
        beside = {"IDS001_NHSNumber": number, "IDS001_NHSNumberStatus": status}
        row = staged(
            "IDS101",
            {"ServiceRequestId": referral, "LocalPatientId": "P1"},
            origin=origin,
            beside={name: pl.Series([value], dtype=pl.String) for name, value in beside.items()},
        ).row(0, named=True)
        made.append(row)
    tokens = [row["linked_referral_id"] for row in made]
    assert (tokens[0] is not None and tokens[0] == tokens[1]) is is_equal
    # The provider's own tokens still never match.
    assert made[0]["ServiceRequestId"] is None or made[0]["ServiceRequestId"] != made[1]["ServiceRequestId"]
    assert not {row["ServiceRequestId"] for row in made} & {token for token in tokens if token}


def test_a_token_that_is_there_is_taken_and_one_that_is_not_is_made() -> None:
    """A record named has its token already; one that is not there, such as another submission's, has none."""
    records = [{"CareContactId": "C1"}, {"CareContactId": "C2"}, {"CareContactId": None}]
    plain = staged("IDS202", *records)["CareContactId"]
    ready = pl.Series([plain[0], None, None], dtype=pl.Binary)
    made = staged("IDS202", *records, beside={"IDS201_token": ready}, tokens={"CareContactId": "IDS201_token"})
    assert made["CareContactId"].to_list() == plain.to_list()
    assert plain[2] is None


@pytest.mark.parametrize(
    ("postcode", "district"),
    [
        ("LA1 4YW", "LA1"),
        ("la14yw", "LA1"),
        ("SW1A 2AA", "SW1A"),
        ("ZZ99 3WZ", "ZZ99"),
        ("nonsense", None),
        (None, None),
    ],
)
def test_a_postcode_becomes_its_district(postcode: str | None, district: str | None) -> None:
    record = {"LocalPatientId": "P1", "Postcode": postcode}
    assert staged("IDS001", record)["postcode_district"].to_list() == [district]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.id)
def test_the_columns_are_those_declared_and_no_identifying_value_is_left(table: object) -> None:
    planted = {field.name: f"zq{i}" for i, field in enumerate(table.fields) if field.is_identifying}  # type: ignore[attr-defined]
    made = staged(table.id, planted, {})  # type: ignore[attr-defined]
    without_flag = {name: dtype for name, dtype in staged_schema(table).items() if name != INVALID}  # type: ignore[arg-type]
    assert dict(made.schema) == without_flag
    text = str(made.rows())
    assert not [name for name, value in planted.items() if value in text]
