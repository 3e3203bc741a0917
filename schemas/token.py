"""What a token is: 16 bytes, which the warehouse calls UUID.

Belongs here: the bytes of a token, its types, and its text. Does not belong here: how one is made
(``transforms.pseudonymise``), keys (``pipelines.keys``).

The first byte is the version of the key that made the token. 128 is added to it in an extract, so that no extract
has a token of a release. The other 15 bytes are the first 120 bits of the HMAC. Files hold the bytes. Their text is
only for a person. It is that of a UUID in DuckDB: 01c9d2a4-…, where 01 says version 1.
"""

import re

import polars as pl

TYPE = pl.Binary()
SQL_TYPE = "UUID"
BYTES = 16
VERSIONS = 127
"""The newest version of a key that a token can name. One key a month lasts ten years."""

NONE = "00000000-0000-0000-0000-000000000000"
"""The token of nobody, for a column of a table's key, which may not be null. No key has version 0."""

_TEXT = r"%s[0-9a-f]{6}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TEXT = _TEXT % "[0-9a-f]{2}"
"""Pattern of the text of any token."""
TEXT_OF_RELEASE = _TEXT % "(?:0[1-9a-f]|[1-7][0-9a-f])"
"""Pattern of the text of a token that no extract has."""
_EXTRACT = 128
_VERSION = re.compile(r"([a-z])([1-9][0-9]*)")


def first_byte(version: str) -> int:
    """The first byte of the tokens of a key: ``s3`` is version 3, ``e3`` that of an extract.

    Raises ValueError for a version that no token can name.
    """
    found = _VERSION.fullmatch(version)
    if found is None or int(found[2]) > VERSIONS:
        raise ValueError(f"{version} is no version that a token can name")
    return int(found[2]) + (_EXTRACT if found[1] == "e" else 0)
