"""One measured step per process: its seconds and its peak memory as JSON on standard output.

Belongs here: the steps. Does not belong here: which are run and how they are compared (``benchmarks.load``).
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import duckdb
import polars as pl

from demonstration.writing import write_single_submission
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import check_path, load
from pipelines.publish import build_core, build_marts, publish
from pipelines.zones import zones


def generate(out: Path, contacts: int) -> int:
    """Write one submission of about ``contacts`` contacts."""
    return write_single_submission(out, contacts=contacts, seed=1).rows


def limit(folder: Path) -> int:
    """The physical limit: the same files from CSV to zstd Parquet, all text, by Polars."""
    out = folder.parent / "limit"
    out.mkdir(exist_ok=True)
    for file in sorted(folder.glob("*.csv")):
        pl.scan_csv(file, infer_schema=False).sink_parquet(out / f"{file.stem}.parquet", compression="zstd")
    return 0


def spoil(folder: Path, contacts: int) -> int:
    """A copy of the submission in which that many contacts are wrong; the records below them are rejected by
    cascade.
    """
    out = folder.parent / "spoilt" / folder.name
    out.mkdir(parents=True)
    for file in folder.glob("*.csv"):
        if not file.name.startswith("IDS201"):
            (out / file.name).hardlink_to(file)
            continue
        rows = pl.scan_csv(file, infer_schema=False).with_row_index()
        wrong = pl.when(pl.col("index") < contacts).then(pl.lit("~")).otherwise("AppType").alias("AppType")
        rows.with_columns(wrong).drop("index").sink_csv(out / file.name)
    return check_path(out).findings.height


def check(folder: Path) -> int:
    """Every rule over every row, without submitting."""
    return sum(table["rows_in"] for table in check_path(folder).counts().values())


def load_one(folder: Path) -> int:
    """Receive, check and pseudonymise."""
    found = zones()
    result = load(folder, found, open_ledger(found.ledger), spine_key())
    return sum(table["accepted"] for table in result.verdict.counts.values())


def bare_scan() -> int:
    """The columns that core needs of the four largest tables, read and no more, by DuckDB."""
    columns = {
        "IDS101": "ServiceRequestId, LocalPatientId, ReferralRequestReceivedDate, ServDischDate, Pathway",
        "IDS201": "CareContactId, ServiceRequestId, CareContDate, CareContTime, AppType, AttendOrDNACode, "
        "PlannedCareContIndicator",
        "IDS202": "CareActId, CareContactId, CodeProcAndProcStatus",
        "IDS607": "CareActId, CodedAssToolType, PersScore",
    }
    read = 0
    with duckdb.connect() as con:
        for table, wanted in columns.items():
            counts = ", ".join(f"max(hash({name.strip()}))" for name in wanted.split(","))
            files = str(zones().pseudonymised / "*" / f"{table}.parquet")
            read += con.execute(f"SELECT count(*), {counts} FROM read_parquet(?)", [files]).fetchall()[0][0]
    return read


def publish_one() -> int:
    """Core, marts, release."""
    found = zones()
    ledger = open_ledger(found.ledger)
    rows = build_core(found, ledger)
    build_marts(found)
    publish(found, ledger)
    return sum(rows.values())


def main() -> None:
    """Run the step named, with its arguments, and print what it took."""
    name, *arguments = sys.argv[1:]
    start = time.perf_counter()
    rows = {
        "generate": lambda: generate(Path(arguments[0]), int(arguments[1])),
        "spoil": lambda: spoil(Path(arguments[0]), int(arguments[1])),
        "limit": lambda: limit(Path(arguments[0])),
        "check": lambda: check(Path(arguments[0])),
        "load": lambda: load_one(Path(arguments[0])),
        "scan": bare_scan,
        "publish": publish_one,
    }[name]()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows": rows, "threads": os.cpu_count()}))


if __name__ == "__main__":
    main()
