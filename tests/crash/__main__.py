"""The process of ``tests.crash.Machine``: a child for every step that it is asked for, a line of JSON each.

Belongs here: the steps that can be broken off, as Dagster and the command line call them.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from pipelines import arrivals
from pipelines import publish as publishing
from pipelines.code_version import release_version, rows_version, rules_version
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import check_path, load
from pipelines.zones import PROJECT, zones
from reports.pages.page import _template
from reports.site.page import template
from schemas.dataset import TABLES
from schemas.versions import Version
from tests.fixtures.warehouse import FEW, some
from transforms.receive.parquet_file import as_submitted, receive_parquet
from warehouse import build, order
from warehouse.comparison.statistics import create_macros
from warehouse.measures.origins import create_lineage


def loaded(*paths: str) -> None:
    """Load submissions, one after the other."""
    found = zones()
    ledger = open_ledger(found.ledger)
    for path in paths:
        load(Path(path), found, ledger, spine_key())


def loaded_from_inbox() -> None:
    """Load what waits in the inbox."""
    loaded(*map(str, arrivals.entries(zones())))


def built() -> None:
    """Build the facts of the draft."""
    publishing.build_core(zones(), open_ledger(zones().ledger))


def completed() -> None:
    """Build the measures of the draft."""
    publishing.build_marts(zones())


def published() -> None:
    """Publish the draft."""
    publishing.publish(zones(), open_ledger(zones().ledger))


def read_of_parquet(path: str) -> None:
    """Read a file of disabilities as the gate does, and as erasure does; write what rejects it and whether it is read."""
    received = receive_parquet(Path(path), TABLES["IDS007"], Version.IAPT_2_0)
    rules = [rule for part in received.findings for rule in part["rule_id"]]
    is_read = as_submitted(Path(path), TABLES["IDS007"]) is not None
    os.write(1, f"{rules} {is_read}".encode())


def checked(path: str) -> None:
    """Check a submission; write which rules found something in it."""
    os.write(1, f"{sorted(set(check_path(Path(path)).findings['rule_id']))}".encode())


STEPS: dict[str, Callable[..., None]] = {
    "check": checked,
    "load": loaded,
    "load the inbox": loaded_from_inbox,
    "build core": built,
    "build marts": completed,
    "publish": published,
    "read Parquet": read_of_parquet,
}


def run(asked: dict[str, Any], answer: int) -> None:
    """Run a step in this process, which is a child of its own process group, and end it."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    printed = os.open(asked["printed"], os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(printed, 1), os.dup2(printed, 2)
    os.environ.update(asked["environment"], PARITY_BREAK=asked["plan"])
    # A catalogue of two measures: the same steps and files, and a tenth of the time.
    build.catalogue = lambda: some(*FEW)
    ctypes.CDLL(None).parity_break(asked["plan"].encode())
    ended = ""
    try:
        STEPS[asked["step"]](*asked["arguments"])
    except BaseException as error:
        ended = type(error).__name__
        traceback.print_exc()
    os.write(answer, ended.encode())
    os._exit(0)


def prepare() -> None:
    """Work out once what every child would: versions of the code, the templates of pages, tables of statistics, the
    lineage of measures. What is there already is no garbage for a child to look through.

    Nothing is left that has threads, which a child would not have: no open database, and no query of Polars.
    """
    rows_version(), rules_version(), release_version(), template("submission.html")
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA mart; CREATE SCHEMA meta")
        create_macros(con)
        create_lineage(con, some(*FEW))
    order._parser.cache_clear()
    for page in (PROJECT / "reports" / "pages" / "templates").glob("*.html"):
        _template(page.name)
    gc.freeze()


def main() -> None:
    """Answer until there is no more to ask."""
    prepare()
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            run(asked, writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as said:
            ended = said.read()
        if os.WIFSIGNALED(status):
            ended = signal.Signals(os.WTERMSIG(status)).name
        print(json.dumps({"ended": ended or None}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
