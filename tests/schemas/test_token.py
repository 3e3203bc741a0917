"""What a token is: its first byte says which key made it, and whether it is of an extract."""

import re
from uuid import UUID

import duckdb
import pytest

from schemas.token import BYTES, NONE, SQL_TYPE, TEXT, TEXT_OF_RELEASE, VERSIONS, first_byte


def text(first: int) -> str:
    return str(UUID(bytes=bytes([first]) + bytes(range(0xF0, 0xF0 + BYTES - 1))))


def test_the_first_byte_is_the_version_and_no_extract_has_one_of_a_release() -> None:
    assert (first_byte("s1"), first_byte("s12"), first_byte("e1")) == (1, 12, 129)
    of_releases, of_extracts = ({first_byte(f"{kind}{n}") for n in range(1, VERSIONS + 1)} for kind in ("s", "e"))
    assert len(of_releases | of_extracts) == 2 * VERSIONS
    assert 0 not in of_releases | of_extracts and UUID(NONE).bytes[0] == 0


@pytest.mark.parametrize("version", ["s0", f"s{VERSIONS + 1}", "s", "1", "", "s-1", "s1 "])
def test_a_version_that_no_token_can_name_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        first_byte(version)


def test_the_text_says_which_of_them_it_is() -> None:
    for first in range(256):
        assert re.fullmatch(TEXT, text(first))
        assert bool(re.search(TEXT_OF_RELEASE, text(first))) is (1 <= first <= VERSIONS)


def test_bytes_type_and_text_have_one_order() -> None:
    """Ties are broken by tokens: staged files, the warehouse and a view of texts must agree."""
    made = [
        bytes([first]) + bytes([other] * (BYTES - 1))
        for first in (1, 127, 128, 255)
        for other in (0, 127, 128, 255)
    ]
    with duckdb.connect() as con:
        rows = con.execute(
            f"SELECT b, CAST(b AS {SQL_TYPE}) AS u, CAST(u AS VARCHAR) FROM (SELECT unnest(?) AS b) ORDER BY u",
            [made],
        ).fetchall()
    assert [row[0] for row in rows] == sorted(made)
    assert rows == sorted(rows, key=lambda row: row[2])
    assert [str(UUID(bytes=row[0])) for row in rows] == [row[2] for row in rows]
