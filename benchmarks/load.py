"""`make bench`: generate → check → load → publish against the physical limit, on the same data in one run.

Belongs here: the order of the steps, the ratios and the table. Does not belong here: the steps
(``benchmarks.steps``). Every step runs in a process of its own, so that its peak memory is its own. Steps
that are compared alternate, and the median of their ratios counts: machines drift.
"""

import os
import shutil
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.process import step

SIZES = {"10k": 10_000, "1m": 1_000_000, "10m": 10_000_000}
_REPEATS = {"10k": 5, "1m": 3, "10m": 1}
_BATCH = 60
# This number of wrong contacts makes two million rejected rows: their activities and scores are rejected by
# cascade.
_SPOILT = 620_000


def measure(size: str, root: Path) -> list[str]:
    """Rows of the table for one size."""
    contacts, folder = SIZES[size], root / "in"
    made = step("steps", "generate", folder, contacts)
    (submission,) = [path for path in folder.iterdir() if path.is_dir()]
    megabytes = sum(file.stat().st_size for file in submission.iterdir()) / 1e6
    runs: dict[str, list[dict[str, float]]] = {"limit": [], "check": [], "load": [], "scan": [], "publish": []}
    for _ in range(_REPEATS[size]):
        shutil.rmtree(os.environ["PARITY_HOME"], ignore_errors=True)
        for name in runs:
            runs[name].append(step("steps", name, *([submission] if name in ("limit", "check", "load") else [])))
    lines = [
        f"| {size} | generate | {made['seconds']:.2f} | {contacts / made['seconds']:,.0f} contacts/s | "
        f"{made['peak_mb']:,.0f} | {made['rows']:,.0f} rows, {megabytes:,.0f} MB |"
    ]
    rows = runs["check"][0]["rows"]
    for name, against in (("limit", ""), ("check", "limit"), ("load", "limit"), ("scan", ""), ("publish", "scan")):
        seconds = statistics.median(run["seconds"] for run in runs[name])
        peak = max(run["peak_mb"] for run in runs[name])
        ratio = ""
        if against:
            pairs = zip(runs[name], runs[against], strict=True)
            ratio = f"{statistics.median(a['seconds'] / b['seconds'] for a, b in pairs):.2f} × {against}"
        lines.append(f"| {size} | {name} | {seconds:.2f} | {rows / seconds:,.0f} rows/s | {peak:,.0f} | {ratio} |")
    if size == "1m":
        lines += failing(submission, runs["check"])
    return lines


def failing(submission: Path, clean: list[dict[str, float]]) -> list[str]:
    """The row of the table for a submission of which two million rows fail, against the same one with none."""
    found = step("steps", "spoil", submission, _SPOILT)["rows"]
    runs = [step("steps", "check", submission.parent / "spoilt" / submission.name) for _ in clean]
    seconds = statistics.median(run["seconds"] / right["seconds"] for run, right in zip(runs, clean, strict=True))
    peak = max(run["peak_mb"] for run in runs)
    memory = peak / max(right["peak_mb"] for right in clean)
    took = statistics.median(run["seconds"] for run in runs)
    return [
        f"| 1m | check, {found:,.0f} findings | {took:.2f} | {runs[0]['rows'] / took:,.0f} rows/s | {peak:,.0f} | "
        f"{seconds:.2f} × check, memory {memory:.2f} × |"
    ]


def orchestration(root: Path) -> str:
    """What Dagster adds to one submission of a batch: the time of a run that is not spent in loading.

    The run of a batch less that of a batch of one, so that what a run costs once is left out.
    """
    from datetime import date

    from demonstration.writing import write_submissions
    from pipelines import apart
    from pipelines.run import load_paths
    from pipelines.zones import zones

    folder = root / "batch"
    write_submissions(folder, providers=_BATCH // 3, months=3, start=date(2025, 4, 1), seed=1, size=0.02)
    paths = sorted(path for path in folder.iterdir() if path.is_dir())
    loading = 0.0
    load = apart.load

    def timed(*arguments: Any) -> Any:
        nonlocal loading
        started = time.perf_counter()
        try:
            return load(*arguments)
        finally:
            loading += time.perf_counter() - started

    def outside(some: list[Path], home: Path) -> float:
        nonlocal loading
        loading, started = 0.0, time.perf_counter()
        load_paths(some, zones(home))
        return time.perf_counter() - started - loading

    apart.load = timed
    extra = []
    for repeat in range(5):
        home = root / f"home{repeat}"
        outside(paths[:1], home)  # the first run makes Dagster's storage
        once = outside(paths[1:2], home)
        extra.append((outside(paths[2:], home) - once) / (len(paths) - 3) * 1000)
    apart.load = load
    return (
        f"Orchestration: {statistics.median(extra):.1f} ms per extra submission "
        f"({min(extra):.1f} to {max(extra):.1f}) in a batch of {len(paths)}"
    )


def main() -> None:
    """Measure the sizes named (default 10k and 1m) and print a table."""
    sizes = [size for size in sys.argv[1:] if size in SIZES] or ["10k", "1m"]
    print("| contacts | step | seconds | rate | peak MB | ratio |")
    print("|---|---|---:|---:|---:|---|")
    with TemporaryDirectory() as root:
        os.environ["PARITY_HOME"] = str(Path(root) / "home")
        os.environ["PARITY_KEY_FILE"] = str(Path(root) / "key")
        for size in sizes:
            place = Path(root) / size
            place.mkdir()
            print("\n".join(measure(size, place)), flush=True)
            shutil.rmtree(place)
        print(f"\n{orchestration(Path(root))}")


if __name__ == "__main__":
    main()
