"""Tasks on an Apache Spark cluster. The one module that imports PySpark, which is an optional extra.

Belongs here: joining a cluster and giving it tasks. Does not belong here: what a task is (``pipelines.spread``).

Spark does no work of its own here: it starts our functions on its workers, and starts a task again whose worker was
lost. A task is a job by itself, so that its result is there when it has finished, and what failed is known by name.
The code is not sent: every worker has Parity installed, and the folders of the data root under the same path.
"""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from pipelines.settings import whole_number
from pipelines.spread import SPARK, Done, Run, attempted, code
from reports.site.wording import counted
from schemas.errors import ForThePerson, NotAsked

try:
    from pyspark import SparkConf, SparkContext
except ImportError:
    raise NotAsked("--on needs PySpark, which is not installed. Install parity[spark].") from None

# Tasks that Spark knows of at a time. Each has a thread here, which only waits.
_AT_A_TIME = 256
# Until the first worker takes up work. One that is free takes a second, on a machine with twenty times as much
# other work as cores six minutes.
ENV_WAIT, _WAIT_MINUTES = "PARITY_CLUSTER_WAIT_MINUTES", 5
_ANSWER_SECONDS = 10
_LOST = "its worker was lost, and so were those that tried again. See the logs of the cluster."
_SETTINGS = {
    "spark.ui.enabled": "false",  # one port less; what a run did is in the ledger
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",  # what a person must know is said by Parity
}


class ClusterUnreachable(ForThePerson):
    """No master answers, or no worker is free."""


def on_spark(address: str) -> Run:
    """Tasks run on the workers of the cluster at ``address``, which is joined for each list of tasks."""

    def run(do: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        if not tasks:
            return
        with _joined(address) as context, ThreadPoolExecutor(min(len(tasks), _AT_A_TIME)) as pool:
            there = partial(attempted, do, wanted=code())
            try:
                yield from pool.map(partial(_one, context, there), tasks)
            finally:
                context.cancelAllJobs()
                pool.shutdown(wait=False, cancel_futures=True)

    return run


def _one(context: Any, there: Callable[[Any], Done], task: Any) -> Done:
    try:
        (done,) = context.parallelize([task], 1).map(there).collect()
    except Exception as error:  # of Spark: ours are in what comes back
        return Done(error=type(error).__name__, why=_LOST)
    found: Done = done
    return found


@contextmanager
def _joined(address: str) -> Iterator[Any]:
    """The cluster, as long as the context lasts. Raises ClusterUnreachable."""
    hosts = [host.rpartition(":")[::2] for host in address.removeprefix(SPARK).split(",")]
    if not any(_answers(host, int(port)) for host, port in hosts):
        raise ClusterUnreachable(f"No Spark master answers at {address}. Start it, and run the same command again.")
    # The path of this Python, unless said otherwise: Parity is installed in the same place on every machine.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setAll([*_SETTINGS.items()]).setMaster(address).setAppName("parity")
    if all(socket.gethostbyname(host).startswith("127.") for host, _ in hosts):  # a cluster of this machine alone
        conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    with _quiet():
        context = SparkContext(conf=conf)
    try:
        _wait_for_workers(context, address)
        yield context
    finally:
        context.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """What Java prints goes nowhere, from its start to its end: nobody here can know what is in it."""
    if os.environ.get("PARITY_DEBUG"):
        yield
        return
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_SECONDS):
            return True
    except OSError:
        return False


def _wait_for_workers(context: Any, address: str) -> None:
    """Wait for the first worker: without one, Spark would wait for ever and say nothing."""
    minutes = whole_number(ENV_WAIT, _WAIT_MINUTES)
    until = time.monotonic() + 60 * minutes
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver is one of them
        if time.monotonic() > until:
            raise ClusterUnreachable(
                f"No worker of {address} took up work within {counted(minutes, 'minute')}. Start one, or wait "
                f"until one is free ({ENV_WAIT} says how long), and run the same command again."
            )
        time.sleep(0.2)
