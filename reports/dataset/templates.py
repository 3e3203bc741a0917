"""Files to start from: blank CSV templates per version, and the example submission.

Belongs here: their names and content. Does not belong here: writing them (``pipelines``).
"""

from importlib.resources import files

from schemas.dataset import TABLES
from schemas.versions import Version, tables_of

# Excel reads a CSV without this mark as cp1252 and saves it so. The gate rejects every byte that is not UTF-8. The
# gate removes the mark when it reads.
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
EXAMPLE = "RW5_2026-04"


def templates() -> dict[str, bytes]:
    """``templates/<version>/<table name>.csv``: the row of column names, nothing else.

    Lines end in a line feed alone: Excel, R, Python and the gate take both, and a checkout of this repository
    leaves it as it is.
    """
    return {
        f"templates/{version}/{table.name}.csv": f"{_MARK}{','.join(table.by_name)}\n".encode()
        for version in Version
        for table in tables_of(version).values()
    }


def example_files() -> dict[str, bytes]:
    """``example/RW5_2026-04/<table name>.csv``: the example submission, byte for byte."""
    folder = files("schemas") / "example"
    return {
        f"example/{EXAMPLE}/{table.name}.csv": path.read_bytes()
        for table in TABLES.values()
        if (path := folder / f"{table.name}.csv").is_file()
    }
