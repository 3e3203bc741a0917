"""``python -m tests.definitions``: write ``docs/dagster.md`` and ``pipelines/assets/types.csv`` anew."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.definitions import DEFINITIONS, TYPES, said, types
from tests.fixtures.warehouse import FEW, build

if __name__ == "__main__":
    if sys.argv[1:] != ["page"]:
        with (
            TemporaryDirectory() as folder,
            duckdb.connect(str(build(Path(folder), [], whole=True, measures=FEW))) as con,
        ):
            TYPES.write_text(types(con), encoding="utf-8")
        # The definitions read the types when they are made: in a process of their own.
        sys.exit(subprocess.run([sys.executable, "-m", "tests.definitions", "page"], check=False).returncode)
    from pipelines.definitions import defs

    DEFINITIONS.write_text(said(defs), encoding="utf-8")
