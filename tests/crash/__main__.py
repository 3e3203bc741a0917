"""The process of ``tests.crash.Machine``: a child for every step that it is asked for, a line of JSON each.

Belongs here: the steps that can be broken off, as Dagster and the command line call them.
"""

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines import publish as publishing
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.zones import zones
from tests.fixtures.warehouse import FEW, some
from warehouse import build


def loaded(*paths: str) -> None:
    """Load submissions, one after the other."""
    found = zones()
    ledger = open_ledger(found.ledger)
    for path in paths:
        load(Path(path), found, ledger, spine_key())


def published() -> None:
    """Build and publish."""
    found = zones()
    ledger = open_ledger(found.ledger)
    publishing.build_core(found, ledger)
    publishing.build_marts(found)
    publishing.publish(found, ledger)


STEPS: dict[str, Callable[..., None]] = {"load": loaded, "publish": published}


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


def main() -> None:
    """Answer until there is no more to ask."""
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
