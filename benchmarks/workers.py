"""`make bench-workers ROOT=folder`: parts of a build by one worker and by two, by the clock and in turns.

Belongs here: the clock of what is shared out of a build, as processes of this machine or on a Spark cluster that is
started for it, and the memory of all. Does not belong here: what more cores would do (``benchmarks.scale``).

On a busy machine two workers get more of it than one, so the clock alone would flatter. So the processor seconds of
each part are given too: the clock of a machine with nothing else to do follows from them.
"""

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.nation import make
from benchmarks.process import step
from benchmarks.scale import PART_MEMORY, first_of, memory_kb, on_cores, used
from pipelines.spread import Run, in_processes, on_cluster, spread_by
from tests.fixtures.spark_cluster import PYSPARK, cluster, missing
from warehouse import build
from warehouse.parts import Part

# Four parts of four providers: of one size, so that two workers can end at the same time. 20 s a part and more.
PROVIDERS, PARTS = 16, 4
TURNS = 2


class Span(NamedTuple):
    """When a part was begun and done, by the clock, and its processor seconds."""

    begun: float
    done: float
    processor: float


class _MeasuredError(Exception):
    """The parts are built; nothing else is wanted of this build."""


def timed(part: Part) -> Span:
    """Build a part where this runs."""
    begun, before = time.time(), used()
    build.build_part(part)
    return Span(begun, time.time(), used() - before)


def parts(root: Path, workers: int, *, is_on_spark: bool = False) -> dict[str, Any]:
    """Parts built by so many workers, and no more of a build than that."""
    with _running(workers) if is_on_spark else contextlib.nullcontext(in_processes(workers)) as run:
        return _parts(root, run)


def _parts(root: Path, run: Run) -> dict[str, Any]:
    current = first_of(root, PROVIDERS)
    size = sum(file.stat().st_size for one in current for file in one.folder.glob("*.parquet"))
    build.PART_BYTES = int(size / PARTS * 1.05)
    spans: list[Span] = []

    def measured(_: Any, of: Sequence[Part]) -> Iterator[Part]:
        done = list(run(timed, of))
        if failed := [each for each in done if each.error]:
            sys.exit(f"A part failed: {failed[0].error} {failed[0].why}")
        spans.extend(each.value for each in done)
        raise _MeasuredError
        yield

    load = os.getloadavg()[0]
    with _watched() as peak, contextlib.suppress(_MeasuredError):
        build.build_core(
            root / "scale" / "workers.duckdb", current, memory_limit=PART_MEMORY, part_memory=PART_MEMORY,
            spread=measured,
        )  # fmt: skip
    (root / "scale" / "workers.duckdb").unlink()
    return {
        "clock": max(each.done for each in spans) - min(each.begun for each in spans),
        "parts": [round(each.processor, 1) for each in spans],
        "peak_mb": peak[0] / 1024,
        "load": load,
    }


@contextlib.contextmanager
def _running(workers: int) -> Iterator[Run]:
    """A cluster of this machine with so many workers of one core."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder), workers=workers, memory="2g") as running,
    ):
        os.environ.update(running.environment())
        sys.path.append(str(PYSPARK))
        yield on_cluster(running.address)


def whole(root: Path, workers: int) -> dict[str, Any]:
    """All of core, parts put together while others are built: the memory of all processes."""
    draft = root / "scale" / "workers.duckdb"
    begun = time.perf_counter()
    with _watched() as peak:
        build.build_core(
            draft, first_of(root, PROVIDERS), memory_limit=PART_MEMORY, part_memory=PART_MEMORY,
            spread=spread_by(in_processes(workers)),
        )  # fmt: skip
    draft.unlink()
    return {"clock": time.perf_counter() - begun, "peak_mb": peak[0] / 1024}


@contextlib.contextmanager
def _watched() -> Iterator[list[int]]:
    """The most memory that this process and those it started had at one time, in kB."""
    peak, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            peak[0] = max(peak[0], memory_kb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()


def report(root: Path) -> None:
    """Make what is missing, run in turns, and print the tables of docs/scale.md."""
    if not (root / "staged").exists():
        make(root, 6, 24.0, 6)
    (root / "scale").mkdir(exist_ok=True)
    for where in ("processes", *([] if missing() else ["spark"])):
        heads = "by the clock, s | processor, s | of its cores | alone, s | load | memory, MB"
        print(f"\n| {where} | workers | {heads} |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        alone: dict[int, list[float]] = {1: [], 2: []}
        clock: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(TURNS):
            for workers in (1, 2):
                one = step("workers", where, root, workers)
                processor = sum(one["parts"])
                clock[workers].append(one["clock"])
                alone[workers].append(on_cores(workers, one["parts"], 0.0, 0.0))
                print(
                    f"| turn {turn + 1} | {workers} | {one['clock']:.1f} | {processor:.1f} | "
                    f"{processor / one['clock'] / workers:.0%} | {alone[workers][-1]:.1f} | {one['load']:.0f} | "
                    f"{one['peak_mb']:,.0f} |",
                    flush=True,
                )
        by = {name: sum(of[1]) / sum(of[2]) for name, of in (("clock", clock), ("alone", alone))}
        print(f"\nTwo workers: {by['clock']:.2f} x as fast by the clock, {by['alone']:.2f} x by processor seconds.")
    one = step("workers", "whole", root, 2)
    print(f"\nAll of core by two workers: {one['clock']:.0f} s by the clock, {one['peak_mb']:,.0f} MB in all.")


def main() -> None:
    """One step, or all tables."""
    if len(sys.argv) > 2:
        name, root, workers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
        found = whole(root, workers) if name == "whole" else parts(root, workers, is_on_spark=name == "spark")
        print(json.dumps(found))
    else:
        report(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
