"""``python -m tests.contract``: write ``warehouse/v1/contract.csv`` anew, new columns in the next minor version."""

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.contract import dated, following, released, written
from tests.fixtures.warehouse import FEW, build
from warehouse import promised

if __name__ == "__main__":
    version, last = released()[-1] if released() else ("1.-1", None)
    before = promised.read_contract(last.read_text(encoding="utf-8")) if last else ()
    with (
        TemporaryDirectory() as folder,
        duckdb.connect(str(build(Path(folder), [], whole=True, measures=FEW))) as con,
    ):
        text = written(dated(promised.offered(con), before, following(version)))
    (Path(promised.__file__).parent / promised.SCHEMA / promised.CONTRACT).write_text(text, encoding="utf-8")
