"""The last search: what looks like an identifier is found in any text column, and what is ours is not."""

import duckdb
import pytest

from tests.fixtures.tokens import text_of
from warehouse.identifying import identifying


def found(value: str | None, schema: str = "mart") -> list[str]:
    with duckdb.connect() as con:
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(f"CREATE TABLE {schema}.a (b VARCHAR, c INTEGER)")
        con.execute(f"INSERT INTO {schema}.a VALUES (?, 1), (NULL, 2)", [value])
        return identifying(con)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("9990000018", "NHS numbers"),
        (" 9990000018 ", "NHS numbers"),
        ("999 000 0018", "NHS numbers"),
        ("999-000-0018", "NHS numbers"),
        ("LA1 4YW", "postcodes"),
        ("la14yw", "postcodes"),
        ("M601NW", "postcodes"),
        ("M11AE", "postcodes"),
        ("1961-03-04", "dates"),
        ("04/03/1961", "dates"),
        ("4 March 1961", "dates"),
        ("1961-03-04T00:00:00", "dates"),
    ],
)
@pytest.mark.parametrize("schema", ["core", "mart", "public", "ref"])
def test_an_identifier_is_found_in_any_table(value: str, what: str, schema: str) -> None:
    assert found(value, schema) == [f"{schema}.a.b: 1 values look like {what}"]


@pytest.mark.parametrize(
    "value",
    [
        "9990000017", "1217123003", "720433000", "1091071000000100", "F29XD", "F400", "E11yz", "RW5", "RDYLK", "2026-03",
        "2.10.12", "01 02 05", text_of("9990000018"), "19-25", "45 minutes", None,
    ],
)  # fmt: skip
def test_what_is_ours_is_not_taken_for_one(value: str | None) -> None:
    """A wrong check digit, SNOMED CT codes, ICD-10 with its dagger, Read codes, organisations, months, tokens."""
    assert found(value) == []


def test_postcodes_of_buildings_stand_in_the_reference_files_only() -> None:
    with duckdb.connect() as con:
        con.execute(
            "CREATE SCHEMA ref; CREATE TABLE ref.site_location AS SELECT 'LA1 4YW' AS postcode, 'RRE01' AS site"
        )
        assert identifying(con) == []
        con.execute("CREATE SCHEMA core; CREATE TABLE core.contact AS FROM ref.site_location")
        con.execute("ALTER TABLE core.contact RENAME COLUMN postcode TO place")
        assert identifying(con) == ["core.contact.place: 1 values look like postcodes"]
