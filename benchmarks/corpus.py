"""Every hostile file of the corpus in turn: how long the slowest takes, and how much memory its process has.

Belongs here: timing. Does not belong here: the cases and what they must come to (``tests/corpus``). Run as
``python -m benchmarks.corpus``; aims: each within 5 s and 512 MB. The process of a check reads one after another:
its memory is that of a case and what the ones before it left.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.worker import Worker
from tests.corpus import expected, hostile_cases
from tests.journeys.test_corpus import judged


def main() -> None:
    """Check every case once and print the slowest and the largest."""
    lines, took, peaks, wrong, worker = expected(), {}, {}, [], Worker()
    worker.run(abs, 1)  # started, with what it imports
    for case in hostile_cases():
        with TemporaryDirectory() as root:
            path = case.write(Path(root))
            start = time.perf_counter()
            line, *_ = worker.run(judged, case.name, path)
            took[case.name], peaks[case.name] = time.perf_counter() - start, worker.peak_mb
        if line != lines[case.name]:
            wrong.append(case.name)
    print(f"{len(took)} hostile files, {len(wrong)} not as expected {wrong}; {sum(took.values()):.0f} s in all")
    for name in sorted(took, key=lambda name: -took[name])[:5]:
        print(f"slow: {name}, {took[name]:.2f} s")
    for name in sorted(peaks, key=lambda name: -peaks[name])[:5]:
        print(f"large: {name}, {peaks[name]} MB")


if __name__ == "__main__":
    main()
