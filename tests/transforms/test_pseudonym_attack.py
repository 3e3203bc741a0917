"""An attacker who has all our code, every pseudonym and what we publish of keys, but no key."""

import secrets
from collections.abc import Iterator

import polars as pl
import polars_hash  # noqa: F401  (registers the ``chash`` namespace)
import pytest

from pipelines.keys import fingerprint
from pipelines.keys.store import expanded
from tests import campaign
from tests.pipelines.test_keys import ROOT
from transforms.pseudonymise import TokenKey, nhs_number, token

# 1,000 people of the range that is never issued. The attacker tries all of it: 909,091 valid numbers, and a sample
# a tenth of that.
PEOPLE = 1_000
SPACE = 10_000_000 if campaign.is_whole() else 1_000_000


@pytest.fixture(scope="module")
def candidates() -> pl.DataFrame:
    """Every valid number that begins with 999, or with 9990."""
    first_nine = pl.int_range(999_000_000, 999_000_000 + SPACE // 10, eager=True)
    return (
        pl.LazyFrame({"nine": first_nine})
        .join(pl.LazyFrame({"last": range(10)}), how="cross")
        .select(number=nhs_number(pl.concat_str(pl.col("nine"), pl.col("last"))))
        .drop_nulls()
        .collect()
    )


def guessed_keys(known: str) -> Iterator[TokenKey]:
    """Keys that somebody may try: public constants, the fingerprint that we print, and roots of our own pages."""
    guesses = [bytes(32), b"\xff" * 32, b"parity".ljust(32, b"\0"), known.encode().ljust(32, b"\0"), ROOT]
    for root in guesses:
        yield TokenKey("s1", root.hex())
        yield TokenKey("s1", expanded(root, b"parity\x1fspine\x1fv1").hex())


def salted(numbers: pl.Expr, salt: str) -> pl.Expr:
    """The way that others took: SHA-256 of a number and a salt that travels with the code."""
    digest: pl.Expr = (numbers + pl.lit(salt)).chash.sha2_256()  # type: ignore[attr-defined]
    return digest


def test_of_a_thousand_numbers_none_is_found_without_the_key(candidates: pl.DataFrame) -> None:
    key = TokenKey("s1", secrets.token_hex(32))
    targets = candidates.sample(PEOPLE, seed=1).select(t=token(pl.col("number"), key, "nhs"))
    assert targets["t"].n_unique() == PEOPLE
    found = 0
    for guess in guessed_keys(fingerprint(key)):
        tried = candidates.select(t=token(pl.col("number"), guess, "nhs"))
        found += tried.join(targets, on="t", how="semi").height
    for unkeyed in (salted(pl.col("number"), ""), salted(pl.col("number"), "nhs"), salted(pl.col("number"), "s1")):
        tried = candidates.select(t=pl.lit(b"\x01") + unkeyed.str.slice(0, 30).str.decode("hex"))
        found += tried.join(targets, on="t", how="semi").height
    assert found == 0
    # The same attack with the key finds everybody: it is the key that holds, nothing else.
    tried = candidates.select(t=token(pl.col("number"), key, "nhs"))
    assert tried.join(targets, on="t", how="semi").height == PEOPLE
    assert tried["t"].n_unique() == candidates.height  # and no two people share a pseudonym


def test_the_same_attack_breaks_a_salted_hash(candidates: pl.DataFrame) -> None:
    """The control: everybody is found, since a salt is no secret."""
    salt = secrets.token_hex(32)
    targets = candidates.sample(PEOPLE, seed=1).select("number", t=salted(pl.col("number"), salt))
    tried = candidates.select(guess="number", t=salted(pl.col("number"), salt))
    found = targets.join(tried, on="t")
    assert found.height == PEOPLE
    assert (found["number"] == found["guess"]).all()


def test_no_two_identifiers_share_a_pseudonym() -> None:
    """Of 10 million in a campaign. Of 60 million the odds of one pair are 1 in 10²¹."""
    many = campaign.examples(500_000)
    made = pl.LazyFrame({"id": pl.int_range(many, eager=True).cast(pl.String)}).select(
        t=token(pl.col("id"), TokenKey("s1", ROOT.hex()), "local", "RW5", "CareContactId")
    )
    assert made.select(pl.col("t").n_unique()).collect().item() == many
