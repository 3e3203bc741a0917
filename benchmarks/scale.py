"""`make bench-scale ROOT=folder`: what more machines would do, from processor seconds measured on this one.

Belongs here: how much of a build can be shared out and how much one process must do, and a model of cost that is
fitted on several sizes and held to one that was kept back. Does not belong here: making a nation
(``benchmarks.nation``).

Everything is measured in processor seconds, with one thread for each part, so that other work on the machine
matters little. Seconds on many cores are reckoned: no machine here has them.
"""

import json
import os
import resource
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.nation import make, staged
from benchmarks.process import step
from pipelines.keys import spine_key
from pipelines.ledger import open_ledger
from pipelines.load import load
from pipelines.zones import zones
from warehouse.build import build_core, build_marts, build_part
from warehouse.parts import Part

# Providers of each size, and the one held back: the largest, since the model is carried upwards.
FITTED, HELD_BACK = (6, 9, 12), 24
MEMORY, PART_MEMORY = "2GB", "1024MB"
CORES = (1, 2, 4, 8, 16, 32, 64, 256, 1024)
# The nation measured elsewhere: 192 providers, 12 months.
NATION = 12.0


def used() -> float:
    """Processor seconds of this process and of those it started and that have ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in both)


def parts(root: Path, providers: int) -> dict[str, Any]:
    """Core in parts, one after another in this process with one thread, then put together, then the marts."""
    current, draft = first_of(root, providers), root / "scale" / "parts.duckdb"
    seconds: list[float] = []
    written: list[int] = []

    def one_by_one(do: Any, of: Sequence[Part]) -> Iterator[Part]:
        assert do is build_part
        for part in of:
            before = used()
            do(part)
            seconds.append(used() - before)
            written.append(part.file.stat().st_size)
        nonlocal began
        began = used()
        yield from of

    began, start = 0.0, used()
    build_core(draft, current, memory_limit=MEMORY, spread=one_by_one, part_memory=PART_MEMORY)
    together, core = used() - began, used() - start
    build_marts(draft, memory_limit=MEMORY)
    found = {
        "providers": providers,
        "contacts": _contacts(draft) / 1e6,
        "read_mb": sum(file.stat().st_size for one in current for file in one.folder.glob("*.parquet")) / 1e6,
        "written_mb": sum(written) / 1e6,
        "draft_mb": draft.stat().st_size / 1e6,
        "parts": [round(each, 2) for each in seconds],
        "together": together,
        "before": core - together - sum(seconds),
        "marts": used() - start - core,
    }
    draft.unlink()
    return found


def loads(root: Path, submissions: int) -> dict[str, Any]:
    """Submissions loaded one after another: processor seconds per million contacts."""
    place = root / "scale" / "home"
    shutil.rmtree(place, ignore_errors=True)
    home, key = zones(place), spine_key()
    ledger = open_ledger(home.ledger)
    start = used()
    for path in sorted(path for path in (root / "in").iterdir() if path.is_dir())[:submissions]:
        load(path, home, ledger, key)
    seconds = used() - start
    with duckdb.connect() as con:
        ((contacts,),) = con.execute(
            f"SELECT count(*) FROM '{home.pseudonymised}/*/*/IDS201.parquet'"
            if list(home.pseudonymised.glob("*/*/IDS201.parquet"))
            else f"SELECT count(*) FROM '{home.pseudonymised}/*/IDS201.parquet'"
        ).fetchall()
    shutil.rmtree(place)
    return {"contacts": contacts / 1e6, "load": seconds}


def first_of(root: Path, providers: int) -> list[Any]:
    """The submissions of the first providers."""
    current = staged(root)
    chosen = sorted({each.provider for each in current})[:providers]
    return [each for each in current if each.provider in chosen]


def _contacts(draft: Path) -> int:
    with duckdb.connect(str(draft), read_only=True) as con:
        ((found,),) = con.execute("SELECT count(*) FROM core.contact").fetchall()
    return int(found)


def memory_kb() -> int:
    """Memory of its own that this process has, with all that it started."""
    found = 0
    own = os.getpid()
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if own in (int(status.parent.name), int(lines["PPid"])):
                found += sum(int(lines[name].split()[0]) for name in ("RssAnon", "RssShmem") if name in lines)
    return found


def on_cores(cores: int, tasks: Sequence[float], together: float, before: float) -> float:
    """Seconds on the clock: each task to the one that is free first, and one process that puts together each part
    that is there, in the order of the tasks.
    """
    free = [0.0] * cores
    ready: list[float] = []
    for seconds in tasks:
        place = free.index(min(free))
        free[place] += seconds
        ready.append(free[place])
    end, each = 0.0, together / len(tasks)
    for at in ready:
        end = max(end, at) + each
    return before + end


def report(root: Path) -> None:
    """Make what is missing, run the steps and print the tables of docs/scale.md."""
    if not (root / "staged").exists():
        make(root, 6, 24.0, 6)
    (root / "scale").mkdir(exist_ok=True)
    measured = {size: step("scale", "parts", root, size) for size in (*FITTED, HELD_BACK)}
    names = ("parts", "together", "before", "marts")
    heads = "parts | parts, s | put together, s | before, s | marts, s | read, MB | written, MB"
    print(f"| providers | contacts, M | {heads} |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    totals = {
        size: {name: sum(one[name]) if name == "parts" else one[name] for name in names}
        for size, one in measured.items()
    }
    for size, one in measured.items():
        of = totals[size]
        print(
            f"| {size} | {one['contacts']:.2f} | {len(one['parts'])} | {of['parts']:.1f} | {of['together']:.1f} | "
            f"{of['before']:.1f} | {of['marts']:.1f} | {one['read_mb']:,.0f} | {one['written_mb']:,.0f} |"
        )
    print("\n| step | fixed, s | s per M contacts | said of the size held back | measured | off by |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in names:
        x = np.array([measured[size]["contacts"] for size in FITTED])
        y = np.array([totals[size][name] for size in FITTED])
        slope, fixed = np.polyfit(x, y, 1)
        said, was = fixed + slope * measured[HELD_BACK]["contacts"], totals[HELD_BACK][name]
        print(f"| {name} | {fixed:.1f} | {slope:.1f} | {said:.1f} | {was:.1f} | {100 * (said / was - 1):+.0f} % |")
    one = measured[HELD_BACK]
    alone = on_cores(1, one["parts"], one["together"], one["before"])
    print("\n| cores | seconds | times as fast |\n|---:|---:|---:|")
    for cores in CORES:
        seconds = on_cores(cores, one["parts"], one["together"], one["before"])
        print(f"| {cores} | {seconds:.1f} | {alone / seconds:.1f} |")


def main() -> None:
    """One step, or all tables."""
    if len(sys.argv) > 2:
        name, root, *arguments = sys.argv[1:]
        steps: dict[str, Any] = {"parts": parts, "load": loads}
        (Path(root) / "scale").mkdir(exist_ok=True)
        print(json.dumps(steps[name](Path(root), *map(int, arguments))))
    else:
        report(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
