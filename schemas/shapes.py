"""Shapes of text: what an identifier looks like, and how a text is described without being shown.

Belongs here: the shapes of an NHS number, a postcode and a date, the shape of any text, and which names of files
and columns may be shown. Does not belong here: which value of a record is shown (``transforms.shown``), the search
in a release (``warehouse.identifying``).
"""

import re
from pathlib import PurePath

from schemas.dataset import TABLES
from schemas.table import plain_name

NHS_NUMBER = r"^ *[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4} *$"
"""Ten digits, in one piece or in three; the last one must be the check digit too."""
POSTCODE = r"^ *[A-Za-z]{1,2}[0-9][A-Za-z0-9]? *[0-9][A-Za-z]{2} *$"
DATE = (
    r"^ *([0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}|[0-9]{1,2}[-.]([0-9]{1,2}|[A-Za-z]{3,9})[-.](19|20)[0-9]{2}"
    r"|[0-9]{1,2} [A-Za-z]{3,9} (19|20)[0-9]{2}|(19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2})([T ].*)?$"
)

# Order matters: what is no letter and no digit comes last.
REPLACED = ((r"[0-9]", "9"), (r"[A-Z]", "A"), (r"[a-z]", "a"), (r"[^9Aa -~]", "?"))
"""Pairs of a pattern and what stands for it in a shape. Punctuation stays: it shows what a value was meant as."""
SHAPE_CHARACTERS = 24
"""A longer shape is cut: no valid value but a procedure with its status is longer."""

# Endings that say what a file is. Any other ending may be part of a name.
_ENDINGS = tuple(
    f".{ending}"
    for ending in (
        *(
            "csv",
            "txt",
            "tsv",
            "dat",
            "xlsx",
            "xls",
            "xlsm",
            "xlsb",
            "ods",
            "mdb",
            "accdb",
            "parquet",
            "json",
            "xml",
            "html",
            "htm",
            "pdf",
        ),
        *("doc", "docx", "md", "zip", "gz", "7z", "rar", "log", "db", "ini", "lnk", "bak", "tmp", "sql"),
    )
)
_OWN_NAMES = re.compile("|".join(f"{table.name}|{table.id}" for table in TABLES.values()), re.IGNORECASE)


def file_shown(name: str) -> str:
    """A file's name as it may be shown: names of tables and a common ending as they are, the rest as a shape."""
    ending = PurePath(name).suffix
    kept = ending if ending.lower() in _ENDINGS else ""
    stem = name.removesuffix(kept) if kept else name
    if (own := _OWN_NAMES.match(stem)) is None:
        return f"{_shape(stem)}{kept} (shape of {len(name)} characters)"
    rest = stem[own.end() :]
    return f"{own[0]}{_shape(rest)}{kept}" + (f" (shape of {len(name)} characters)" if rest else "")


def column_shown(name: str, position: int) -> str:
    """A column's name as it may be shown: an element's name, however it is spelt, as it is; any other as a shape.

    ``position`` is 1 for the first column.
    """
    if not name:
        return f"Column {position} (no name)"
    return (
        name
        if plain_name(name) in _element_names()
        else f"Column {position} ({_shape(name)}, {len(name)} characters)"
    )


def _shape(text: str) -> str:
    found = text[: SHAPE_CHARACTERS + 1]
    for pattern, stands_for in REPLACED:
        found = re.sub(pattern, stands_for, found)
    return found if len(found) <= SHAPE_CHARACTERS else found[:SHAPE_CHARACTERS] + "…"


def _element_names() -> frozenset[str]:
    return frozenset(plain_name(spelling) for table in TABLES.values() for spelling in table.by_spelling)
