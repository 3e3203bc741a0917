"""`make bench-nation`: core and marts of a nation against the bare scan, and one more month of one provider.

Belongs here: making the staged Parquet of a nation, the steps over it, the table. Twelve services are made and
loaded as always; their staged files are then copied under other provider codes with other pseudonyms, since
loading 12 M contacts would take longer than everything measured here. Beside every PHQ-9 score given in a session
the copies carry two more instruments, so that scores outnumber contacts as where every session is measured. Every
step runs in a process of its own, so that its peak memory is its own.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.process import step
from demonstration.writing import write_submissions
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.publish import current_submissions
from pipelines.zones import zones
from schemas.dataset import TABLES
from schemas.field import Identity
from schemas.month import ProviderMonth
from schemas.staged import staged_schema
from warehouse.build import build_core, build_marts, core_models
from warehouse.models import read_sql
from warehouse.staging import StagedSubmission, stage

SERVICES, MONTHS, SIZE, COPIES = 12, 12, 24.0, 16
MEMORY_LIMIT = "2GB"
_START = date(2025, 4, 1)
# PHQ-9, and what is scored beside it in the copies: CORE-10 and WEMWBS.
_PHQ9, _BESIDE = "720433000", ("718583008", "718426000")


def make(root: Path, services: int, size: float, copies: int) -> int:
    """Staged submissions of ``services`` × ``copies`` providers below ``root/staged``; returns their rows."""
    home = zones(root / "home")
    ledger, key = open_ledger(home.ledger), spine_key()
    write_submissions(root / "in", providers=services, months=MONTHS, start=_START, seed=1, size=size)
    for path in sorted(path for path in (root / "in").iterdir() if path.is_dir()):
        load(path, home, ledger, key)
    rows = 0
    with duckdb.connect() as con:
        con.execute("SET preserve_insertion_order = false")
        for number, submission in enumerate(current_submissions(home, ledger)):
            for copy in range(copies):
                rows += _copy(con, submission, root / "staged", f"Q{number // MONTHS:02d}{copy:02d}", copy)
    return rows


def _copy(con: duckdb.DuckDBPyConnection, sent: StagedSubmission, out: Path, provider: str, copy: int) -> int:
    submission = str(ProviderMonth(provider, sent.month))
    (out / submission).mkdir(parents=True)
    rows = 0
    for source in sorted(sent.folder.glob("*.parquet")):
        table = TABLES[source.stem]
        tokens = {field.name for field in table.fields if field.identity is Identity.LOCAL} | {"person_id"}
        columns = []
        for name in staged_schema(table):
            if name in ("submission_id", "provider"):
                columns.append(f"'{submission if name == 'submission_id' else provider}' AS {name}")
            elif name in tokens:
                digest = f"md5(hex(\"{name}\") || '{copy}')"
                columns.append(f'unhex(substr(hex("{name}"), 1, 2) || substr({digest}, 1, 30)) AS "{name}"')
            else:
                columns.append(f'"{name}"')
        select = f"SELECT {', '.join(columns)} FROM '{source}'"
        if source.stem == "IDS607":
            for number, code in enumerate(_BESIDE, start=1):
                select += (
                    f" UNION ALL SELECT * REPLACE ('{code}' AS CodedAssToolType, "
                    "CAST(14 + CAST(PersScore AS INTEGER) AS VARCHAR) AS PersScore, "
                    f"row_number + {number * 1_000_000} AS row_number) FROM ({select}) "
                    f"WHERE CodedAssToolType = '{_PHQ9}'"
                )
        target = out / submission / source.name
        row = con.execute(f"COPY ({select}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchone()
        rows += int(row[0]) if row else 0
    return rows


def staged(root: Path) -> list[StagedSubmission]:
    """Every staged submission below ``root``."""
    return [
        StagedSubmission(folder.name, named, folder)
        for folder in sorted((root / "staged").iterdir())
        if (named := ProviderMonth.parse(folder.name))
    ]


def scan(root: Path) -> int:
    """Every column that a core model names, of every table, read and no more."""
    models = " ".join(read_sql(name) for name in core_models())
    words = set(re.findall(r"\w+", models))
    read = 0
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS staged")
        con.execute("SET parquet_metadata_cache = true")
        stage(con, staged(root))
        start = time.perf_counter()
        for table in TABLES.values():
            wanted = [name for name in staged_schema(table) if name in words]
            if table.id in words:
                hashes = ", ".join(f'max(hash("{name}"))' for name in wanted)
                read += con.execute(f"SELECT count(*), {hashes} FROM staged.{table.id}").fetchall()[0][0]
        print(json.dumps({"scan": time.perf_counter() - start}), file=sys.stderr)
    return read


def build(root: Path, without: int = 0) -> int:
    """Core and marts of all submissions but the last ``without``, onto the draft if there is one."""
    draft = root / "draft.duckdb"
    chosen: Sequence[StagedSubmission] = staged(root)
    rows = build_core(draft, chosen[: len(chosen) - without], memory_limit=MEMORY_LIMIT, built_with="benchmark")
    build_marts(draft, memory_limit=MEMORY_LIMIT)
    return sum(rows.values())


def report(root: Path) -> None:
    """Make the nation if it is not there, run the steps and print a table."""
    if not (root / "staged").exists():
        made = step("nation", "make", root, SERVICES, SIZE, COPIES)
        print(f"made {made['rows']:,.0f} rows in {made['seconds']:.0f} s", flush=True)
    (root / "draft.duckdb").unlink(missing_ok=True)
    runs = {
        "scan": step("nation", "scan", root),
        "full": step("nation", "build", root, 1),
        "one month": step("nation", "build", root, 0),
    }
    # The first scan may find the disk cold, and a slow scan makes all ratios look better.
    runs["scan"] = min(runs["scan"], step("nation", "scan", root), key=lambda run: run["seconds"])
    print("| step | seconds | rows | peak MB | ratio |\n|---|---:|---:|---:|---|")
    for name, run in runs.items():
        against = {"full": "scan", "one month": "full"}.get(name)
        ratio = f"{run['seconds'] / runs[against]['seconds']:.2f} × {against}" if against else ""
        print(
            f"| {name} | {run['seconds']:.1f} | {run['rows']:,.0f} | {run['peak_mb']:,.0f} | {ratio} |", flush=True
        )


def main() -> None:
    """One step, or the whole table (below the folder given, else in a temporary one)."""
    if len(sys.argv) > 2:
        name, root, *arguments = sys.argv[1:]
        steps = {
            "make": lambda: make(Path(root), int(arguments[0]), float(arguments[1]), int(arguments[2])),
            "scan": lambda: scan(Path(root)),
            "build": lambda: build(Path(root), int(arguments[0])),
        }
        start = time.perf_counter()
        rows = steps[name]()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows": rows}))
    elif len(sys.argv) == 2:
        report(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as root:
            report(Path(root))


if __name__ == "__main__":
    main()
